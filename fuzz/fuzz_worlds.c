/*
 * The worlds are made through the public interface and are the same in every run. They have few rows: mutations of a
 * large file mostly repeat each other.
 */
#include "fuzz_worlds.h"

#include <string.h>

typedef struct {
    float x, y;
} Spot;
PECS_COMPONENT(Spot, 1, x, y);

static const char *const moods[] = { "calm", "angry", "afraid" };
typedef struct {
    bool flag;
    uint8_t mood;
    char name[6];
    pecs_entity friend;
    uint16_t small;
} Mixed;
PECS_COMPONENT_OF(Mixed, "Mixed", 2, PECS_FIELD(Mixed, flag), PECS_FIELD_ENUM(Mixed, mood, moods),
                  PECS_FIELD(Mixed, name), PECS_FIELD(Mixed, friend), PECS_FIELD(Mixed, small),
                  PECS_GAP_AFTER(Mixed, small, 2));

PECS_TAG(Frozen, 1);

typedef struct {
    uint64_t frame;
} Clock;
PECS_COMPONENT(Clock, 1, frame);

/* Texts of all lengths that checks treat differently, and enums of all sizes. */
typedef struct {
    char title[16], line[32], word[12], letter[1];
    uint8_t little;
    uint16_t middle[3];
    uint32_t large;
    bool flags[9];
} Note;
PECS_COMPONENT_OF(Note, "Note", 1, PECS_FIELD(Note, title), PECS_FIELD(Note, line), PECS_FIELD(Note, word),
                  PECS_FIELD(Note, letter), PECS_FIELD_ENUM(Note, little, moods),
                  PECS_FIELD_ENUM_ARRAY(Note, middle, moods), PECS_FIELD_ENUM(Note, large, moods),
                  PECS_FIELD(Note, flags), PECS_GAP_AFTER(Note, flags, 3));

/* Strings, blobs and lists. */
typedef struct {
    pecs_string title;
    pecs_blob data;
    pecs_list friends, sizes;
    uint32_t number;
} Scroll;
PECS_COMPONENT_OF(Scroll, "Scroll", 1, PECS_FIELD(Scroll, title), PECS_FIELD(Scroll, data),
                  PECS_FIELD_LIST(Scroll, friends, pecs_entity), PECS_FIELD_LIST(Scroll, sizes, uint16_t),
                  PECS_FIELD(Scroll, number), PECS_GAP_AFTER(Scroll, number, 4));

/* So small that some chunks of rows fit into a file of the length that is fuzzed. */
typedef struct {
    uint8_t mood;
} Mood;
PECS_COMPONENT_OF(Mood, "Mood", 1, PECS_FIELD_ENUM(Mood, mood, moods));

/* Unknown to all targets: only files describe it. */
typedef struct {
    uint8_t low;
    uint16_t high;
} Inner;
PECS_COMPONENT_OF(Inner, "Inner", 1, PECS_FIELD(Inner, low), PECS_GAP_AFTER(Inner, low, 1), PECS_FIELD(Inner, high));
typedef struct {
    pecs_entity links[2];
    Inner inner[2];
    int8_t grid[2][3];
    uint16_t mood;
    bool flags[4];
    char text[4];
    double value;
} Strange;
PECS_COMPONENT_OF(Strange, "Strange", 7, PECS_FIELD(Strange, links), PECS_FIELD_STRUCT(Strange, inner, Inner),
                  PECS_FIELD_GRID(Strange, grid), PECS_FIELD_ENUM(Strange, mood, moods), PECS_FIELD(Strange, flags),
                  PECS_FIELD(Strange, text), PECS_FIELD(Strange, value));
PECS_TAG(StrangeTag, 1);
typedef struct {
    pecs_string name;
    uint8_t mood;
} Chapter;
PECS_COMPONENT_OF(Chapter, "Chapter", 1, PECS_FIELD(Chapter, name), PECS_FIELD_ENUM(Chapter, mood, moods),
                  PECS_GAP_AFTER(Chapter, mood, 7));
typedef struct {
    Chapter chapters[2];
    pecs_list inner[2], moods;
} Tale;
PECS_COMPONENT_OF(Tale, "Tale", 1, PECS_FIELD_STRUCT(Tale, chapters, Chapter),
                  PECS_FIELD_LIST_STRUCT(Tale, inner, Inner), PECS_FIELD_LIST_ENUM(Tale, moods, uint8_t, moods));

enum { SPOT, MIXED, FROZEN, CLOCK, NOTE, SCROLL, MOOD, STRANGE, STRANGE_TAG, TALE, TYPE_COUNT, KNOWN_COUNT = STRANGE };
static const pecs_type *const types[TYPE_COUNT] = { &Spot_type,       &Mixed_type,  &Frozen_type, &Clock_type,
                                                    &Note_type,       &Scroll_type, &Mood_type,   &Strange_type,
                                                    &StrangeTag_type, &Tale_type };

static void must(pecs_status status)
{
    FUZZ_CHECK(status == PECS_OK, pecs_status_name(status));
}

pecs_registry *fuzz_registry(enum fuzz_types which)
{
    static const size_t counts[] = { TYPE_COUNT, KNOWN_COUNT, 0 };
    const pecs_registry_desc desc = { .types = types,
                                      .type_count = counts[which],
                                      .allocator = fuzz_allocator,
                                      .application = which == FUZZ_ALL_TYPES ? "fuzz" : NULL };
    pecs_registry *registry;
    pecs_error error = { .message = "" };
    const pecs_status status = pecs_registry_create(&desc, &registry, &error);
    FUZZ_CHECK(status == PECS_OK, error.message);
    return registry;
}

static pecs_world *make(pecs_registry *registry, const pecs_snapshot *base, uint64_t nonce)
{
    pecs_world *world;
    must(pecs_world_create(registry, base, &(pecs_world_options){ .session_nonce = nonce }, &world, NULL));
    return world;
}

static void fill_empty(pecs_world *world)
{
    (void)world;
}

static void fill_one(pecs_world *world)
{
    must(pecs_world_spawn(world, (pecs_value[]){ PECS_VALUE_AS(SPOT, Spot, 1, -2) }, 1, 1, NULL));
}

static void fill_bare(pecs_world *world)
{
    must(pecs_world_spawn(world, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1, 3, NULL));
    must(pecs_world_spawn(world, NULL, 0, 2, NULL));
}

static void spawn_mixed(pecs_world *world)
{
    const Spot spots[2] = { { 1, 2 }, { 3, 4 } };
    const Mixed mixed[2] = { { true, 2, "Zo\xc3\xab", { 1, 1 }, 5 }, { false, 0, "abcdef", { 0, 0 }, 6 } };
    must(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(SPOT, spots), PECS_ROWS_AS(MIXED, mixed) }, 2, 2, NULL));
}

static void spawn_strange(pecs_world *world)
{
    const Strange strange = {
        { { 0, 1 }, { 1, 1 } },
        { { 1, 2 }, { 3, 4 } },
        { { 1, -1, 2 }, { 0, 0, 9 } },
        1,
        { true, false, true, true },
        "ok",
        0.25,
    };
    must(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(STRANGE, &strange), PECS_HAS_AS(STRANGE_TAG) }, 2, 1,
                          NULL));
}

static void fill_kinds(pecs_world *world)
{
    const Note notes[2] = {
        { "sixteen letters.", "Zo\xc3\xab and thirty", "a word", "x", 1, { 0, 1, 2 }, 2, { true, [8] = true } },
        { "", "thirty-two letters, all of them.", "Zo\xc3\xab Zo\xc3\xab", "", 0, { 0 }, 0, { false } },
    };
    spawn_mixed(world);
    spawn_strange(world);
    must(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(NOTE, notes) }, 1, 2, NULL));
}

static void fill_dead(pecs_world *world)
{
    pecs_entity entities[4];
    must(pecs_world_spawn(world, (pecs_value[]){ { MIXED, sizeof(Mixed), NULL } }, 1, 4, entities));
    must(pecs_world_despawn(world, entities + 1, 2));
    must(pecs_world_advance(world, NULL));
    const Mixed stale = { .friend = entities[1] };
    must(pecs_world_set(world, entities[0], (pecs_value[]){ PECS_ROWS_AS(MIXED, &stale) }, 1));
    must(pecs_world_spawn(world, NULL, 0, 1, NULL));
}

static void fill_singletons(pecs_world *world)
{
    must(pecs_world_set_singleton(world, CLOCK, sizeof(Clock), &(Clock){ 41 }));
    must(pecs_world_set_singleton(world, FROZEN, 0, NULL));
    must(pecs_world_advance(world, NULL));
    must(pecs_world_remove_singleton(world, FROZEN));
}

static pecs_id id_of(uint8_t byte)
{
    pecs_id id;
    memset(id.bytes, byte, sizeof(id.bytes));
    return id;
}

static void fill_ids(pecs_world *world)
{
    const pecs_id ids[3] = { id_of(9), id_of(3), id_of(5) };
    fill_one(world);
    must(pecs_world_spawn_with_ids(world, (pecs_value[]){ { SPOT, sizeof(Spot), NULL } }, 1, ids, 3, NULL));
}

static void fill_metadata(pecs_world *world)
{
    must(pecs_world_set_meta_text(world, "title", "A title, Zo\xc3\xab"));
    must(pecs_world_set_meta_text(world, "a", ""));
    must(pecs_world_set_meta_bytes(world, "bytes", "\0\xff\1", 3));
    must(pecs_world_attach(world, "map", PECS_BYTES("\1\2\3\0\5", 5)));
    must(pecs_world_attach(world, "seed", PECS_BYTES("12345678", 8)));
}

static const pecs_entity first_two[] = { { 0, 1 }, { 1, 1 } };
static const uint16_t some_sizes[] = { 1, 2, 3, 4, 5 };
static const Inner two_inner[] = { { .low = 1, .high = 2 }, { .low = 3, .high = 4 } };
static const uint8_t some_moods[] = { 2, 0, 1 };

static void fill_heap(pecs_world *world)
{
    const Scroll scrolls[3] = {
        { pecs_string_of("Zo\xc3\xab"), pecs_blob_of(PECS_BYTES("\0\1\2", 3)), pecs_list_of(PECS_ARRAY(first_two)),
          pecs_list_of(PECS_ARRAY(some_sizes)), 7 },
        { .number = 8 },
        { .title = pecs_string_of("eight by"), .sizes = pecs_list_of(PECS_ARRAY(some_sizes)) },
    };
    const Tale tale = { { { pecs_string_of("one"), 1 }, { pecs_string_of("seven b"), 2 } },
                        { pecs_list_of(PECS_ARRAY(two_inner)), { 0 } },
                        pecs_list_of(PECS_ARRAY(some_moods)) };
    must(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(SCROLL, scrolls) }, 1, 3, NULL));
    must(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(TALE, &tale), PECS_ROWS_AS(SCROLL, &scrolls[0]) }, 2, 1,
                          NULL));
    must(pecs_world_set_contents(world, (pecs_entity){ 0, 1 }, SCROLL, offsetof(Scroll, title),
                                 PECS_BYTES("a longer title", 14)));
}

/* The contents of Scroll: 0 title of 3 bytes, 8 data of 2, 16 friends of 1. Those of Tale: 0 name, 8 moods of 3. */
static void set_singletons_with_contents(pecs_world *world)
{
    const Scroll scroll = { .title = pecs_string_of("Zoe"),
                            .data = pecs_blob_of(PECS_BYTES("\1\2", 2)),
                            .friends = pecs_list_of(PECS_BYTES(first_two, sizeof(first_two[0]))) };
    const Tale tale = { .chapters = { { .name = pecs_string_of("one") } },
                        .moods = pecs_list_of(PECS_ARRAY(some_moods)) };
    must(pecs_world_set_singleton(world, SCROLL, sizeof(scroll), &scroll));
    must(pecs_world_set_singleton(world, TALE, sizeof(tale), &tale));
}

/* All features in one world. One explicit id is the birth id of entity 0:1 in a session with nonce 6. */
static void fill_sample(pecs_world *world)
{
    const pecs_id of_birth = { { [6] = 0x80, [7] = 6, [8] = 0x80, [11] = 1 } };
    spawn_mixed(world);
    must(pecs_world_spawn_with_ids(world, (pecs_value[]){ { SPOT, sizeof(Spot), NULL }, PECS_HAS_AS(FROZEN) }, 2,
                                   (pecs_id[]){ id_of(7), of_birth }, 2, NULL));
    spawn_strange(world);
    must(pecs_world_spawn(world, NULL, 0, 2, NULL));
    must(pecs_world_spawn(world, NULL, 0, 2, NULL)); /* 7:1, 8:1 */
    must(pecs_world_despawn(world, &(pecs_entity){ 8, 1 }, 1));
    must(pecs_world_spawn(world, NULL, 0, 1, NULL)); /* 8:2 */
    must(pecs_world_despawn(world, (pecs_entity[]){ { 7, 1 }, { 8, 2 } }, 2));
    must(pecs_world_compact(world, NULL));
    must(pecs_world_despawn(world, &(pecs_entity){ 5, 1 }, 1));
    must(pecs_world_set_singleton(world, CLOCK, sizeof(Clock), &(Clock){ 42 }));
    set_singletons_with_contents(world);
    fill_metadata(world);
    must(pecs_world_advance(world, NULL));
}

/* Small steps through several chunks of the entity index. */
static void fill_chunks(pecs_world *world)
{
    must(pecs_world_spawn(world, NULL, 0, 4100, NULL));
    must(pecs_world_despawn(world, (pecs_entity[]){ { 5, 1 }, { 4098, 1 } }, 2));
}

/* Columns of several chunks. */
static void fill_long(pecs_world *world)
{
    static Mood rows[4200];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        rows[i].mood = (uint8_t)(i / 7 % 3);
    must(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(MOOD, rows) }, 1, sizeof(rows) / sizeof(rows[0]), NULL));
}

/* Slots with several last generations, in two chunks, of which one is used again; a handle of another. */
static void fill_retired(pecs_world *world)
{
    pecs_entity entities[4100];
    const Mixed stale = { .friend = { 7, 2 } };
    must(pecs_world_spawn(world, NULL, 0, 4100, entities));
    for (size_t i = 1; i < 4100; i += i < 9 ? 3 : 4091 - 10) {
        must(pecs_world_despawn(world, &entities[i], 1));
        must(pecs_world_spawn(world, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1, 1, &entities[i]));
    }
    must(pecs_world_set(world, entities[0], (pecs_value[]){ PECS_ROWS_AS(MIXED, &stale) }, 1));
    must(pecs_world_despawn(world, entities + 1, 4099));
    must(pecs_world_compact(world, NULL));
    must(pecs_world_spawn(world, NULL, 0, 1, NULL));
}

static const struct {
    const char *name;
    void (*fill)(pecs_world *world);
} worlds[] = {
    { "sample", fill_sample },
    { "empty", fill_empty },
    { "one", fill_one },
    { "bare", fill_bare },
    { "kinds", fill_kinds },
    { "dead", fill_dead },
    { "singletons", fill_singletons },
    { "ids", fill_ids },
    { "metadata", fill_metadata },
    { "fork", fill_sample },
    { "chunks", fill_chunks },
    { "retired", fill_retired },
    { "heap", fill_heap },
    { "long", fill_long },
};
const size_t fuzz_world_count = sizeof(worlds) / sizeof(worlds[0]);
const size_t fuzz_sample_world = 0;

const char *fuzz_world_name(size_t number)
{
    return worlds[number].name;
}

static const pecs_meta file_entries[] = {
    { "image", PECS_META_BYTES, "\0\1\2", 3 },
    { "title", PECS_META_TEXT, "one", 3 },
};
const pecs_save_options fuzz_saving = {
    .skip_sync = true,
    .metadata = file_entries,
    .metadata_count = sizeof(file_entries) / sizeof(file_entries[0]),
};

pecs_world *fuzz_world(pecs_registry *registry, size_t number)
{
    pecs_world *world = make(registry, NULL, 5);
    worlds[number].fill(world);
    if (strcmp(worlds[number].name, "fork") != 0)
        return world;
    pecs_snapshot *snapshot; /* a second session, and rows that moved */
    must(pecs_snapshot_take(world, &snapshot));
    pecs_world_destroy(world);
    world = make(registry, snapshot, 8);
    pecs_snapshot_release(snapshot);
    fill_one(world);
    must(pecs_world_despawn(world, &(pecs_entity){ 0, 1 }, 1));
    return world;
}

bool fuzz_load_round_trip(enum fuzz_types which, const uint8_t *data, size_t size, struct random *random)
{
    const char *path = fuzz_write("input", data, size);
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    pecs_registry *registry = fuzz_registry(which);
    pecs_snapshot *snapshot = fuzz_open(FUZZ_LOAD, registry, path, size, NULL);
    const bool is_accepted = snapshot != NULL;
    if (is_accepted) {
        fuzz_walk(pecs_snapshot_view(snapshot));
        fuzz_round_trip(registry, snapshot, random);
    }
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
    fuzz_memory_end();
    return is_accepted;
}
