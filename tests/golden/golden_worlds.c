/*
 * The golden worlds. Once a file of a world is checked in, neither the world nor the file changes: a new thing to show
 * is a new world. Values are chosen to be written by hand: fractions are exact, bytes of padding are not zero in
 * memory.
 */
#include "golden_worlds.h"

#include "golden_packed.h"
#include "golden_stream.h"
#include "golden_types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const pecs_type *const types[TYPE_COUNT] = {
    [BODY] = &Body_type,     [CLOCK] = &Clock_type,   [FROZEN] = &Frozen_type, [LABEL] = &Label_type,
    [LINKS] = &Links_type,   [MARKED] = &Marked_type, [MOOD] = &Mood_type,     [SCALARS] = &Scalars_type,
    [SCROLL] = &Scroll_type, [SEED] = &Seed_type,     [SHEET] = &Sheet_type,   [STORY] = &Story_type,
    [TRAIL] = &Trail_type,   [VAULT] = &Vault_type,
};

/* What the program of the world "kept" knows. */
static const pecs_type *const some_types[] = { &Clock_type, &Label_type, &Links_type, &Marked_type, &Story_type };

void golden_check(pecs_status status, const pecs_error *error, const char *doing)
{
    if (!status)
        return;
    fprintf(stderr, "%s: %s %s\n", doing, pecs_status_name(status), error ? error->message : "");
    exit(1);
}

static void check(pecs_status status)
{
    golden_check(status, NULL, "making a golden world");
}

pecs_registry *golden_registry(const char *which, const char *application)
{
    pecs_registry *registry;
    pecs_error error;
    pecs_registry_desc desc = { .application = application, .application_version = application ? "7" : NULL };
    if (strcmp(which, "all") == 0)
        desc.types = types, desc.type_count = TYPE_COUNT;
    else if (strcmp(which, "some") == 0)
        desc.types = some_types, desc.type_count = sizeof(some_types) / sizeof(some_types[0]);
    golden_check(pecs_registry_create(&desc, &registry, &error), &error, "the golden types");
    return registry;
}

static pecs_world *make_world(pecs_registry *registry, const pecs_snapshot *base, uint64_t session_nonce)
{
    pecs_world *world;
    pecs_error error;
    const pecs_world_options options = { .session_nonce = session_nonce };
    golden_check(pecs_world_create(registry, base, &options, &world, &error), &error, "a golden world");
    return world;
}

static pecs_snapshot *finish(pecs_world *world)
{
    pecs_snapshot *snapshot;
    check(pecs_snapshot_take(world, &snapshot));
    pecs_world_destroy(world);
    return snapshot;
}

static void advance(pecs_world *world)
{
    check(pecs_world_advance(world, NULL));
}

static pecs_snapshot *make_empty(pecs_registry *registry)
{
    return finish(make_world(registry, NULL, 1));
}

static float float_of(uint32_t bits)
{
    float number;
    memcpy(&number, &bits, sizeof(number));
    return number;
}

static double double_of(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof(number));
    return number;
}

/* 0:1, 1:1 with other components, 2:1 to 5:1. */
static void spawn_scalars(pecs_world *world)
{
    Scalars low, high, odd[4];
    memset(&low, 0xaa, sizeof(low));
    low.flag = false, low.a = INT8_MIN, low.b = 0, low.c = INT16_MIN, low.d = 0, low.e = INT32_MIN, low.f = 0;
    low.g = INT64_MIN, low.h = 0, low.i = -1.5f, low.j = -0.0009765625;
    memset(&high, 0xaa, sizeof(high));
    high.flag = true, high.a = INT8_MAX, high.b = UINT8_MAX, high.c = INT16_MAX, high.d = UINT16_MAX;
    high.e = INT32_MAX, high.f = UINT32_MAX, high.g = INT64_MAX, high.h = UINT64_MAX, high.i = 16777216, high.j = 0.25;
    memset(odd, 0, sizeof(odd));
    odd[0].i = float_of(0x80000000), odd[0].j = double_of(0x8000000000000000);
    odd[2].i = float_of(0x7f800000), odd[2].j = double_of(0xfff0000000000000);
    odd[3].i = float_of(0x7fc00001), odd[3].j = double_of(0xfff8000000000002);
    const Label full = { "abcdefgh" }, some = { "Zo\xc3\xab \"" };
    check(
        pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(SCALARS, &low), PECS_ROWS_AS(LABEL, &full) }, 2, 1, NULL));
    check(pecs_world_spawn(
        world, (pecs_value[]){ PECS_ROWS_AS(LABEL, &some), PECS_HAS_AS(FROZEN), PECS_ROWS_AS(SCALARS, &high) }, 3, 1,
        NULL));
    check(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(SCALARS, odd) }, 1, 4, NULL));
}

static void fill_body(Body *body)
{
    memset(body, 0xaa, sizeof(*body));
    body->at = (Vec){ 0.5f, -2 };
    for (int i = 0; i < 2; i++) {
        body->parts[i].offset = (Vec){ (float)i, (float)i / 4 };
        body->parts[i].mass = (uint16_t)(100 + i);
    }
    for (int i = 0; i < 6; i++)
        body->grid[i / 3][i % 3] = (int8_t)(i - 3);
}

/* Every kind of field, tags, singletons, dead slots, four ticks. */
static pecs_snapshot *make_kinds(pecs_registry *registry)
{
    pecs_world *world = make_world(registry, NULL, 0x123456789abcdef);
    spawn_scalars(world);
    Body body;
    fill_body(&body);
    Mood mood = { .now = 1, .was = { 2, 0 } };
    check(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(BODY, &body), PECS_ROWS_AS(MOOD, &mood) }, 2, 1,
                           NULL));                                                              /* 6:1 */
    check(pecs_world_spawn(world, (pecs_value[]){ { MOOD, sizeof(Mood), NULL } }, 1, 2, NULL)); /* 7:1, 8:1 */
    advance(world);                                                                             /* tick 2 */
    check(pecs_world_despawn(world, (pecs_entity[]){ { 7, 1 }, { 3, 1 } }, 2));
    const Links links = { { 0, 1 }, { { 7, 1 }, { 0, 0 }, { 3, 2 } } };
    check(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(LINKS, &links) }, 1, 1, NULL)); /* 3:2 */
    check(pecs_world_set_singleton(world, CLOCK, sizeof(Clock), &(Clock){ 41, 0.5 }));
    check(pecs_world_set_singleton(world, SEED, sizeof(Seed), &(Seed){ { 1, UINT64_MAX } }));
    advance(world); /* tick 3 */
    check(pecs_world_set(world, (pecs_entity){ 0, 1 }, (pecs_value[]){ PECS_HAS_AS(MARKED) }, 1));
    void *value;
    check(pecs_world_get_singleton_mut(world, CLOCK, sizeof(Clock), &value));
    ((Clock *)value)->frame = 42;
    check(pecs_world_get_mut(world, (pecs_entity){ 8, 1 }, MOOD, sizeof(Mood), &value));
    ((Mood *)value)->now = 2;
    advance(world); /* tick 4 */
    return finish(world);
}

/* Entities and singletons without components, emptied tables, two sessions: a fork goes on where a world was left. */
static pecs_snapshot *make_tables(pecs_registry *registry)
{
    pecs_world *world = make_world(registry, NULL, 0xb0b);
    const Clock clock = { 3, 0.125 };
    const Seed seed = { { 7, 8 } };
    check(pecs_world_spawn(world, NULL, 0, 1, NULL));                                  /* 0:1 */
    check(pecs_world_spawn(world, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1, 2, NULL)); /* 1:1, 2:1 */
    check(pecs_world_spawn(world, (pecs_value[]){ PECS_HAS_AS(MARKED), PECS_HAS_AS(FROZEN) }, 2, 1, NULL)); /* 3:1 */
    check(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(CLOCK, &clock) }, 1, 1, NULL));              /* 4:1 */
    check(pecs_world_set_singleton(world, SEED, sizeof(seed), &seed));
    check(pecs_world_despawn(world, (pecs_entity[]){ { 1, 1 }, { 2, 1 } }, 2));
    pecs_snapshot *base = finish(world);
    world = make_world(registry, base, 0xca11);
    pecs_snapshot_release(base);
    check(pecs_world_remove_singleton(world, SEED));  /* at tick 2 */
    check(pecs_world_spawn(world, NULL, 0, 1, NULL)); /* 1:2 */
    check(pecs_world_despawn(world, &(pecs_entity){ 4, 1 }, 1));
    return finish(world);
}

static pecs_id id_of(const char *text)
{
    pecs_id id;
    check(pecs_id_parse(text, &id));
    return id;
}

static pecs_id birth_id(pecs_world *world, uint32_t index)
{
    pecs_id id;
    check(pecs_view_id(pecs_world_view(world), (pecs_entity){ index, 1 }, &id));
    return id;
}

/* Explicit ids: given at birth and later, changed, taken away, of the dead, and the birth id of another; metadata. */
static pecs_snapshot *make_ids(pecs_registry *registry)
{
    pecs_world *world = make_world(registry, NULL, 0xabcdef012345678);
    const Label labels[5] = { { "zero" }, { "one" }, { "two" }, { "three" }, { "four" } };
    const pecs_id ids[2] = { id_of("ffffffff-ffff-ffff-ffff-ffffffffffff"),
                             id_of("11111111-2222-3333-4444-555555555555") };
    check(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(LABEL, labels) }, 1, 5, NULL));       /* 0:1 to 4:1 */
    check(pecs_world_spawn_with_ids(world, (pecs_value[]){ PECS_HAS_AS(MARKED) }, 1, ids, 2, NULL)); /* 5:1, 6:1 */
    check(pecs_world_spawn_with_ids(world, NULL, 0, &(pecs_id){ .bytes = { [15] = 2 } }, 1, NULL));  /* 7:1 */
    check(pecs_world_set_id(world, (pecs_entity){ 1, 1 }, id_of("00000000-0000-0000-0000-000000000001")));
    const pecs_id birth_1 = id_of("abcdef01-2345-8678-8000-000100000001"), birth_2 = birth_id(world, 2);
    check(pecs_world_set_id(world, (pecs_entity){ 2, 1 }, id_of("22222222-0000-0000-0000-000000000000")));
    check(pecs_world_set_id(world, (pecs_entity){ 2, 1 }, birth_2));
    check(pecs_world_set_id(world, (pecs_entity){ 3, 1 }, id_of("33333333-0000-0000-0000-000000000000")));
    check(pecs_world_set_id(world, (pecs_entity){ 4, 1 }, birth_1));
    check(pecs_world_remap_id(world, ids[1], id_of("66666666-7777-8888-9999-aaaaaaaaaaaa")));
    advance(world); /* tick 2 */
    check(pecs_world_despawn(world, (pecs_entity[]){ { 3, 1 }, { 7, 1 } }, 2));
    check(pecs_world_spawn(world, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1, 1, NULL)); /* 3:2 */
    check(pecs_world_set_meta_text(world, "title", "Zo\xc3\xab's \"world\"\n"));
    check(pecs_world_set_meta_text(world, "note", ""));
    check(pecs_world_set_meta_bytes(world, "thumb", "\0\x01\xff", 3));
    check(pecs_world_set_meta_bytes(world, "nothing", NULL, 0));
    check(pecs_world_set_meta_text(world, "a longer key \xe2\x82\xac", "eight by"));
    check(pecs_world_set_meta_text(world, "gone", "soon"));
    check(pecs_world_remove_meta(world, "gone"));
    return finish(world);
}

/* What another program goes on with. */
static pecs_snapshot *make_base_of_kept(pecs_registry *registry)
{
    pecs_world *world = make_world(registry, NULL, 0x5eed);
    Body body;
    fill_body(&body);
    Scalars scalars[3];
    memset(scalars, 0, sizeof(scalars));
    for (int i = 0; i < 3; i++)
        scalars[i].a = (int8_t)(i + 1), scalars[i].g = -i, scalars[i].j = i * 0.5;
    const Label labels[3] = { { "a" }, { "b" }, { "c" } };
    const Links links = { { 1, 1 }, { { 0, 1 } } };
    const Mood mood = { .now = 2, .was = { 1, 1 } };
    check(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(LABEL, labels), PECS_ROWS_AS(SCALARS, scalars) }, 2, 3,
                           NULL)); /* 0:1 to 2:1 */
    check(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(BODY, &body), PECS_ROWS_AS(LINKS, &links) }, 2, 1,
                           NULL)); /* 3:1 */
    check(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(MOOD, &mood), PECS_HAS_AS(FROZEN) }, 2, 1,
                           NULL)); /* 4:1 */
    check(pecs_world_set_singleton(world, CLOCK, sizeof(Clock), &(Clock){ 1, 0.25 }));
    check(pecs_world_set_singleton(world, SEED, sizeof(Seed), &(Seed){ { 5, 6 } }));
    return finish(world);
}

static pecs_component component_of(pecs_world *world, const char *name)
{
    pecs_component component;
    golden_check(pecs_view_component(pecs_world_view(world), name, &component), NULL, name);
    return component;
}

/* The other program's edits. It names components as it finds them, since it registers all types or some. */
static void edit_kept(pecs_world *world)
{
    const pecs_component label = component_of(world, "Label"), marked = component_of(world, "Marked"),
                         clock = component_of(world, "Clock"), frozen = component_of(world, "Frozen");
    const Label fresh = { "fresh" };
    /* the first edit opens tick 2 */
    check(pecs_world_despawn(world, (pecs_entity[]){ { 1, 1 } }, 1)); /* 2:1 takes its row */
    check(pecs_world_set(world, (pecs_entity){ 0, 1 }, (pecs_value[]){ PECS_HAS_AS(marked) }, 1));
    check(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(label, &fresh) }, 1, 1, NULL)); /* 1:2 */
    check(pecs_world_remove(world, (pecs_entity){ 4, 1 }, &frozen, 1));
    check(pecs_world_set_singleton(world, clock, sizeof(Clock), &(Clock){ 2, 0.75 }));
    check(pecs_world_set_id(world, (pecs_entity){ 3, 1 }, id_of("0123abcd-0123-4567-89ab-cdef01234567")));
    check(pecs_world_set_meta_text(world, "title", "kept"));
    advance(world); /* tick 3 */
}

/* Of the file "own" alone; its order is the file's business. */
static const pecs_meta own_metadata[] = {
    { "title", PECS_META_TEXT, "Zo\xc3\xab before the dragon", 22 },
    { "played", PECS_META_TEXT, "12:34", 5 },
    { "picture", PECS_META_BYTES, "\0\x89\xff", 3 },
    { "nothing", PECS_META_BYTES, NULL, 0 },
};

/* A world with metadata of its own. */
static pecs_snapshot *make_own(pecs_registry *registry)
{
    pecs_world *world = make_world(registry, NULL, 0x0411);
    const Label label = { "own" };
    check(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(LABEL, &label) }, 1, 1, NULL));
    check(pecs_world_set_meta_text(world, "title", "the world"));
    return finish(world);
}

/* Grids of text: each row is one. */
static pecs_snapshot *make_texts(pecs_registry *registry)
{
    pecs_world *world = make_world(registry, NULL, 0x7e87);
    static const Sheet sheets[] = {
        { { "one", "", "three" }, "full", { "a" } },
        { { "\xc3\xa4\xc3\xb6", "x", "" }, "", { "" } },
    };
    check(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(SHEET, sheets) }, 1, 2, NULL));
    return finish(world);
}

/* Slots at the end that a compaction dropped, with other last generations, and of which one is used again; no empty
 * table. */
static pecs_snapshot *make_retired(pecs_registry *registry)
{
    pecs_world *world = make_world(registry, NULL, 0x7e71);
    pecs_entity entities[14];
    check(pecs_world_spawn(world, (pecs_value[]){ { LABEL, sizeof(Label), NULL } }, 1, 14, entities)); /* 0:1 to 13:1 */
    static const uint32_t again[] = { 9, 9, 10, 12, 12, 12, 12 };
    for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++) {
        check(pecs_world_despawn(world, &entities[again[i]], 1));
        check(pecs_world_spawn(world, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1, 1, &entities[again[i]]));
    }
    const Links links = { { 12, 5 }, { { 13, 1 } } };
    check(pecs_world_set(world, entities[1], (pecs_value[]){ PECS_ROWS_AS(LINKS, &links) }, 1));
    advance(world); /* tick 2 */
    check(pecs_world_despawn(world, &entities[3], 1));
    check(pecs_world_despawn(world, &entities[8], 6)); /* 8:1, 9:3, 10:2, 11:1, 12:5, 13:1 */
    check(pecs_world_compact(world, NULL));
    check(pecs_world_spawn(world, (pecs_value[]){ PECS_HAS_AS(MARKED) }, 1, 2, NULL)); /* 3:2, 8:2 */
    return finish(world);
}

/* 0:1 and 1:1, of which the second is empty, then 2:1. */
static void spawn_stories(pecs_world *world)
{
    uint8_t picture[300];
    Story stories[3];
    memset(stories, 0xaa, sizeof(stories));
    for (size_t i = 0; i < sizeof(picture); i++)
        picture[i] = (uint8_t)(7 * i);
    stories[0] = (Story){ .title = pecs_string_of("Zo\xc3\xab's \"story\""),
                          .pages = 2,
                          .chapters = { { 1, pecs_string_of("seven b") }, { 2, pecs_string_of("eight by") } },
                          .lines = { pecs_string_of(""), pecs_string_of("\t"), pecs_string_of("\xf0\x9f\x90\x89") },
                          .picture = pecs_blob_of(PECS_ARRAY(picture)) };
    stories[1] = (Story){ .pages = 1 };
    stories[2] = (Story){ .chapters = { { 0 }, { 9, pecs_string_of("the last") } },
                          .picture = pecs_blob_of(PECS_BYTES("\0\x01\xff", 3)) };
    check(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(STORY, stories) }, 1, 3, NULL));
}

static Step step_of(uint8_t kind, bool wet, float height, pecs_entity by)
{
    Step step;
    memset(&step, 0xaa, sizeof(step));
    step.kind = kind, step.wet = wet, step.height = height, step.by = by;
    return step;
}

/* 3:1 has all lists, 4:1 is empty, and 5:1 has a story too. */
static void spawn_trails(pecs_world *world)
{
    const Step steps[3] = { step_of(2, true, 0.5f, (pecs_entity){ 3, 1 }), step_of(0, false, -2, (pecs_entity){ 0, 0 }),
                            step_of(1, true, 0, (pecs_entity){ 7, 1 }) };
    const uint16_t some_moods[] = { 1, 0, 2 };
    const pecs_entity friends[] = { { 0, 1 }, { 0, 0 }, { 7, 1 }, { 4, 1 }, { 2, 0 } };
    const int16_t numbers[] = { -1, 32767, 0, 5 };
    const Trail trails[2] = { { pecs_list_of(PECS_ARRAY(steps)), pecs_list_of(PECS_ARRAY(some_moods)),
                                pecs_list_of(PECS_ARRAY(friends)), pecs_list_of(PECS_ARRAY(numbers)), 3 },
                              { .length = 0 } };
    const Trail one = { .friends = pecs_list_of(PECS_BYTES(friends, sizeof(friends[0]))), .length = 1 };
    const Story story = { .title = pecs_string_of("of a trail") };
    check(pecs_world_spawn(world, NULL, 0, 1, NULL)); /* 3:1 */
    check(pecs_world_spawn(world, NULL, 0, 1, NULL)); /* 4:1 */
    check(pecs_world_spawn(world, NULL, 0, 1, NULL)); /* 5:1 */
    check(pecs_world_spawn(world, NULL, 0, 2, NULL)); /* 6:1, 7:1 */
    check(pecs_world_despawn(world, &(pecs_entity){ 7, 1 }, 1));
    check(pecs_world_set(world, (pecs_entity){ 3, 1 }, (pecs_value[]){ PECS_ROWS_AS(TRAIL, &trails[0]) }, 1));
    check(pecs_world_set(world, (pecs_entity){ 4, 1 }, (pecs_value[]){ PECS_ROWS_AS(TRAIL, &trails[1]) }, 1));
    check(pecs_world_set(world, (pecs_entity){ 5, 1 },
                         (pecs_value[]){ PECS_ROWS_AS(TRAIL, &one), PECS_ROWS_AS(STORY, &story) }, 2));
}

/* Strings, blobs and lists, empty and not, of entities and singletons; some that died, and some that were replaced. */
static pecs_snapshot *make_heap(pecs_registry *registry)
{
    pecs_world *world = make_world(registry, NULL, 0x4ea9);
    spawn_stories(world);
    spawn_trails(world);
    const Vault vault = { pecs_blob_of(PECS_BYTES("sixteen bytes...", 16)) };
    const int16_t number = 77;
    const Trail trail = { .numbers = pecs_list_of(PECS_BYTES(&number, sizeof(number))), .length = 9 };
    check(pecs_world_set_singleton(world, VAULT, sizeof(vault), &vault));
    check(pecs_world_set_singleton(world, TRAIL, sizeof(trail), &trail));
    advance(world); /* tick 2 */
    check(pecs_world_set_contents(world, (pecs_entity){ 0, 1 }, STORY, offsetof(Story, lines[0]),
                                  PECS_BYTES("line 0", 6)));
    check(pecs_world_set_contents(world, (pecs_entity){ 5, 1 }, STORY, offsetof(Story, title), NULL));
    void *bytes;
    check(pecs_world_edit_contents(world, (pecs_entity){ 3, 1 }, TRAIL, offsetof(Trail, steps), 4 * sizeof(Step),
                                   &bytes, NULL));
    ((uint8_t *)bytes)[3 * sizeof(Step) + 2] = 0xaa;             /* padding */
    check(pecs_world_despawn(world, &(pecs_entity){ 1, 1 }, 1)); /* 2:1 takes its row */
    check(pecs_world_set(world, (pecs_entity){ 6, 1 },
                         (pecs_value[]){ PECS_ROWS_AS(STORY, (&(Story){ .title = pecs_string_of("6") })) }, 1));
    return finish(world);
}

/* Attachments, one without bytes and one replaced, beside metadata and a string. */
static pecs_snapshot *make_attached(pecs_registry *registry)
{
    pecs_world *world = make_world(registry, NULL, 0xa77ac);
    const Story story = { .title = pecs_string_of("beside attachments") };
    check(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(STORY, &story) }, 1, 1, NULL));
    check(pecs_world_set_meta_text(world, "title", "the world"));
    check(pecs_world_attach(world, "script", PECS_BYTES("old", 3)));
    check(pecs_world_attach(world, "map", PECS_BYTES("\x01\x02\x00\xff\x80", 5)));
    advance(world); /* tick 2 */
    check(pecs_world_attach(world, "script", PECS_BYTES("x = x + 1; -- 16", 16)));
    check(pecs_world_attach(world, "nothing", NULL));
    check(pecs_world_attach(world, "title", PECS_BYTES("a name may be a key", 19)));
    return finish(world);
}

struct golden_world {
    const char *name;
    pecs_snapshot *(*make)(pecs_registry *registry);
    const char *application;
    uint64_t wall_clock_ns;
    size_t own_count; /* entries of the file's metadata */
    pecs_profile profile;
    pecs_component plain; /* stays as it is, whatever the profile says; MARKED, a tag: all are of the profile */
};

static const struct golden_world worlds[] = {
    { "empty", make_empty, NULL, 0, 0, PECS_PROFILE_OFF, MARKED },
    { "kinds", make_kinds, NULL, 0, 0, PECS_PROFILE_OFF, MARKED },
    { "tables", make_tables, NULL, 0, 0, PECS_PROFILE_OFF, MARKED },
    { "ids", make_ids, "golden", 1700000000123456789, 0, PECS_PROFILE_OFF, MARKED },
    { "kept", NULL, NULL, 0, 0, PECS_PROFILE_OFF, MARKED },
    { "texts", make_texts, NULL, 0, 0, PECS_PROFILE_OFF, MARKED },
    { "own", make_own, "golden", 1700000000000000000, sizeof(own_metadata) / sizeof(own_metadata[0]), PECS_PROFILE_OFF,
      0 },
    { "retired", make_retired, NULL, 0, 0, PECS_PROFILE_OFF, MARKED },
    { "heap", make_heap, NULL, 0, 0, PECS_PROFILE_OFF, MARKED },
    { "attached", make_attached, NULL, 0, 0, PECS_PROFILE_OFF, MARKED },
    { "packed", golden_make_packed, NULL, 0, 0, PECS_PROFILE_FAST, MARKED },
    { "packed_plain", golden_make_packed, NULL, 0, 0, PECS_PROFILE_OFF, MARKED },
    { "mixed", golden_make_mixed, NULL, 0, 0, PECS_PROFILE_FAST, STORY },
    { "mixed_plain", golden_make_mixed, NULL, 0, 0, PECS_PROFILE_OFF, STORY },
    { "bits", golden_make_bits, NULL, 0, 0, PECS_PROFILE_FAST, MARKED },
    { "bits_plain", golden_make_bits, NULL, 0, 0, PECS_PROFILE_OFF, MARKED },
};

static void save(const pecs_snapshot *snapshot, const struct golden_world *world, const char *path)
{
    pecs_error error;
    const pecs_component_profile plain = { world->plain, PECS_PROFILE_OFF };
    const pecs_save_options options = {
        .skip_sync = true,
        .wall_clock_ns = world->wall_clock_ns,
        .metadata = own_metadata,
        .metadata_count = world->own_count,
        .profile = world->profile,
        .component_profiles = &plain,
        .component_profile_count = world->profile != PECS_PROFILE_OFF,
    };
    golden_check(pecs_snapshot_save(snapshot, path, &options, &error), &error, path);
}

/* One program saves; another, which may know fewer types, goes on and saves again. */
static void save_kept(pecs_registry *registry, const struct golden_world *kept, const char *which, const char *path)
{
    pecs_error error;
    pecs_snapshot *snapshot = make_base_of_kept(registry);
    save(snapshot, kept, path);
    pecs_snapshot_release(snapshot);
    pecs_registry *other = golden_registry(which, NULL);
    golden_check(pecs_snapshot_load(other, path, NULL, &snapshot, &error), &error, path);
    pecs_world *world = make_world(other, snapshot, 0xfeed);
    pecs_snapshot_release(snapshot);
    edit_kept(world);
    snapshot = finish(world);
    save(snapshot, kept, path);
    pecs_snapshot_release(snapshot);
    pecs_registry_release(other);
}

static bool save_stream(const char *name, const char *path)
{
    const bool is_plain = strcmp(name, "stream_plain") == 0;
    if (!is_plain && strcmp(name, "stream") != 0)
        return false;
    pecs_registry *registry = golden_registry("all", NULL);
    golden_save_stream(registry, is_plain, path);
    pecs_registry_release(registry);
    return true;
}

bool golden_save(const char *name, const char *which, const char *path)
{
    size_t i = 0;
    if (save_stream(name, path))
        return true;
    while (i < sizeof(worlds) / sizeof(worlds[0]) && strcmp(worlds[i].name, name) != 0)
        i++;
    if (i == sizeof(worlds) / sizeof(worlds[0]))
        return false;
    pecs_registry *registry = golden_registry("all", worlds[i].application);
    if (worlds[i].make) {
        pecs_snapshot *snapshot = worlds[i].make(registry);
        save(snapshot, &worlds[i], path);
        pecs_snapshot_release(snapshot);
    } else {
        save_kept(registry, &worlds[i], which, path);
    }
    pecs_registry_release(registry);
    return true;
}
