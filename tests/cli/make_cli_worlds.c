/*
 * Makes files for the tests of the program pecs, with content that no golden file has.
 *
 * usage: make_cli_worlds FOLDER
 *
 *     strange.pecs         names, texts and metadata that a careless program would hand to the terminal, floats that
 *                          need all digits, explicit ids
 *     twins.pecs           two types of one name
 *     namesakes.pecs       three types of one name, and types whose names are those types' labels, or nearly so
 *     left.pecs, right.pecs     one entity whose type is another of the same name
 *     rough-NAME.pecs      each an invalid value, which load refuses
 *     forwards.pecs, backwards.pecs    entities with many tags, whose names are in the order of their ids or against it
 *     many.pecs, notes.pecs, numbers.pecs, letters.pecs    more than a terminal gets: of entities, of metadata, in one
 *                          array, in one text
 *     before.pecs, after.pecs   one world and what became of it
 *     title.pecs, retitled.pecs     before.pecs, with metadata of the file alone
 *     drawn.pecs, redrawn.pecs      before.pecs, with attachments
 *     things.pecs, edited-things.pecs, dead-things.pecs     strings, blobs and lists, after edits, and without entities
 *     relaid.pecs          before.pecs, by a program in which a type has another layout
 */
#include <pecs/pecs.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HIDING "\xe2\x80\xae" /* U+202E reverses the text after it */

typedef struct {
    char text[12];
} Note;
PECS_COMPONENT_OF(Note, "No\"te\\ " HIDING "=", 1, { "te xt" HIDING, PECS_TEXT, 0, 12, 12, 0, NULL, NULL, 0, 0, 0 });

typedef struct {
    float f[4];
    double d[4];
} Floats;
PECS_COMPONENT(Floats, 1, f, d);

typedef struct {
    uint8_t mood;
} Mood;
static const char *const moods[] = { "Calm", "A\"ngry " HIDING };
PECS_COMPONENT_OF(Mood, "Mood", 1, PECS_FIELD_ENUM(Mood, mood, moods));

typedef struct {
    int32_t x, y;
} Point;
PECS_COMPONENT(Point, 1, x, y);

typedef struct {
    Point corners[2];
    uint8_t grid[2][3];
    char name[6];
    pecs_entity owner;
} Shape;
PECS_COMPONENT_OF(Shape, "Shape", 1, PECS_FIELD_STRUCT(Shape, corners, Point), PECS_FIELD_GRID(Shape, grid),
                  PECS_FIELD(Shape, name), PECS_FIELD(Shape, owner));

typedef struct {
    bool up;
} Flag;
PECS_COMPONENT(Flag, 1, up);

/* Names of 255 bytes with two-byte characters: a message that quotes both is truncated within a character of one. */
#define E8 "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
#define E120 E8 E8 E8 E8 E8 E8 E8 E8 E8 E8 E8 E8 E8 E8 E8
#define E127 E120 "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
typedef struct {
    bool bad;
} Long;
static const pecs_field long_fields[] = { { E127 "b", PECS_BOOL, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 },
                                          { "c" E127, PECS_BOOL, 0, 1, 1, 0, NULL, NULL, 0, 0, 0 } };
static const pecs_type Longer_type = { "a" E127, { { 0 } }, 1, 1, 1, 1, &long_fields[0], 0 };
static const pecs_type Longest_type = { E127 "a", { { 0 } }, 1, 1, 1, 1, &long_fields[1], 0 };

PECS_TAG(Frozen, 1);

typedef struct {
    uint64_t frame;
} Clock;
PECS_COMPONENT(Clock, 1, frame);

/* Point in a later version of the program. */
typedef struct {
    double x, y;
} Point2;
PECS_COMPONENT_OF(Point2, "Point", 2, PECS_FIELD(Point2, x), PECS_FIELD(Point2, y));

enum { NOTE, FLOATS, MOOD, POINT, SHAPE, FROZEN, CLOCK, FLAG, LONGER, LONGEST, TYPE_COUNT };
static const pecs_type *const types[TYPE_COUNT] = {
    &Note_type,   &Floats_type, &Mood_type, &Point_type,  &Shape_type,
    &Frozen_type, &Clock_type,  &Flag_type, &Longer_type, &Longest_type
};
static const pecs_type *const later_types[TYPE_COUNT] = { &Note_type,   &Floats_type, &Mood_type,  &Point2_type,
                                                          &Shape_type,  &Frozen_type, &Clock_type, &Flag_type,
                                                          &Longer_type, &Longest_type };

static void check(pecs_status status, const pecs_error *error)
{
    if (!status)
        return;
    fprintf(stderr, "make_cli_worlds: %s %s\n", pecs_status_name(status), error ? error->message : "");
    exit(1);
}

static pecs_registry *make_registry(const pecs_type *const *list, const char *application)
{
    pecs_registry *registry;
    pecs_error error;
    const pecs_registry_desc desc = {
        .types = list,
        .type_count = TYPE_COUNT,
        .application = application,
        .application_version = application ? "1.2" : NULL,
    };
    check(pecs_registry_create(&desc, &registry, &error), &error);
    return registry;
}

static pecs_world *make_world_of(pecs_registry *registry, uint64_t session_nonce)
{
    const pecs_world_options options = { .session_nonce = session_nonce };
    pecs_world *world;
    pecs_error error;
    check(pecs_world_create(registry, NULL, &options, &world, &error), &error);
    return world;
}

static pecs_world *make_world(pecs_registry *registry)
{
    return make_world_of(registry, 0xabcdef);
}

static void save(pecs_world *world, const char *folder, const char *name, uint64_t wall_clock_ns)
{
    char path[4096];
    pecs_error error;
    const pecs_save_options options = { .skip_sync = true, .wall_clock_ns = wall_clock_ns, .skip_check = true };
    snprintf(path, sizeof(path), "%s/%s.pecs", folder, name);
    check(pecs_world_save(world, path, &options, &error), &error);
}

/* The world with file metadata. */
static void save_with(pecs_world *world, const char *folder, const char *name, const pecs_meta *metadata, size_t count)
{
    char path[4096];
    pecs_error error;
    const pecs_save_options options = { .skip_sync = true, .metadata = metadata, .metadata_count = count };
    snprintf(path, sizeof(path), "%s/%s.pecs", folder, name);
    check(pecs_world_save(world, path, &options, &error), &error);
}

static pecs_entity spawn(pecs_world *world, pecs_component component, size_t size_bytes, const void *value)
{
    pecs_entity entity;
    check(pecs_world_spawn(world, &(pecs_value){ component, size_bytes, value }, 1, 1, &entity), NULL);
    return entity;
}

/*
 * Adds an entity with a type to a file, which keeps the types of earlier programs. This is the way to get two types
 * with one name, which no registry accepts.
 */
static void add_namesake(const char *folder, const char *file, bool is_first, const pecs_type *type, int32_t cell)
{
    const pecs_registry_desc desc = { .types = &type, .type_count = 1 };
    pecs_registry *registry;
    pecs_snapshot *snapshot = NULL;
    pecs_world *world;
    pecs_error error;
    char path[4096];
    check(pecs_registry_create(&desc, &registry, &error), &error);
    snprintf(path, sizeof(path), "%s/%s.pecs", folder, file);
    if (!is_first)
        check(pecs_snapshot_load(registry, path, NULL, &snapshot, &error), &error);
    const pecs_world_options options = { .session_nonce = 0xabcdef };
    check(pecs_world_create(registry, snapshot, is_first ? &options : NULL, &world, &error), &error);
    spawn(world, 0, sizeof(cell), &cell);
    save(world, folder, file, 0);
    pecs_world_destroy(world);
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
}

static void make_namesakes(const char *folder)
{
    static const pecs_field field = { "cells", PECS_I32, 0, 4, 1, 1, NULL, NULL, 0, 0, 0 };
    static const pecs_type twins[] = {
        { "Twin", { { 1 } }, 1, 4, 4, 1, &field, 0 },
        { "Twin", { { 2 } }, 1, 4, 4, 1, &field, 0 },
        { "Twin", { { 3 } }, 1, 4, 4, 1, &field, 0 },
        { "Twin#01000000-0000-0000-0000-000000000000", { { 4 } }, 1, 4, 4, 1, &field, 0 },
        { "Twin#01000000-0000-0000-0000-000000000000#04000000-0000-0000-0000-000000000000",
          { { 5 } },
          1,
          4,
          4,
          1,
          &field,
          0 },
        { "Twin#01000000", { { 6 } }, 1, 4, 4, 1, &field, 0 },
    };
    for (int32_t i = 0; i < 2; i++)
        add_namesake(folder, "twins", i == 0, &twins[i], i);
    for (int32_t i = 0; i < 6; i++)
        add_namesake(folder, "namesakes", i == 0, &twins[i], i);
    add_namesake(folder, "left", true, &twins[0], 0);
    add_namesake(folder, "right", true, &twins[1], 0);
}

static void make_strange(const char *folder)
{
    static const uint8_t bytes[17] = { 0, 1, 0xfe, 0xff };
    static const char *const texts[] = { "\x1b[31mred", "a\nb\tc\x7f", "\xc2\x9b[31m" };
    pecs_registry *registry = make_registry(types, "strange " HIDING);
    pecs_world *world = make_world(registry);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        Note note = { { 0 } };
        memcpy(note.text, texts[i], strlen(texts[i]));
        spawn(world, NOTE, sizeof(note), &note);
    }
    const Floats floats = {
        { 0.1f, FLT_MAX, 1e-45f, 16777216.0f },
        { 0.1, DBL_MAX, 5e-324, 123456789012345678.0 },
    };
    const pecs_entity entity = spawn(world, FLOATS, sizeof(floats), &floats);
    check(pecs_world_set(world, entity, &(pecs_value){ MOOD, sizeof(Mood), &(Mood){ 1 } }, 1), NULL);
    pecs_id id;
    check(pecs_id_parse("00112233-4455-6677-8899-AABBCCDDEEFF", &id), NULL);
    check(pecs_world_set_id(world, entity, id), NULL);
    check(pecs_world_set_meta_text(world, "ti\"tle " HIDING, "\x1b[2J \"quoted\" \xf0\x9f\x8e\xb2\n\xf3\xa0\x81\x81"),
          NULL);
    check(pecs_world_set_meta_bytes(world, "thumbnail", bytes, sizeof(bytes)), NULL);
    save(world, folder, "strange", UINT64_C(1764077462000000000));
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* Invalid values that a program can save. */
static void make_rough(const char *folder)
{
    const struct {
        const char *name;
        pecs_component component;
        size_t size_bytes;
        const void *value;
    } all[] = {
        { "rough-bool", FLAG, sizeof(Flag), &(uint8_t){ 2 } },
        { "rough-enum", MOOD, sizeof(Mood), &(Mood){ 7 } },
        { "rough-text", NOTE, sizeof(Note), &(Note){ { '\xff', '\xfe', 'b', 'a', 'd' } } },
        { "rough-zero", NOTE, sizeof(Note), &(Note){ { 'a', 0, 'b' } } },
        { "rough-longer", LONGER, sizeof(Long), &(uint8_t){ 3 } },
        { "rough-longest", LONGEST, sizeof(Long), &(uint8_t){ 3 } },
        { "rough-entity", SHAPE, sizeof(Shape), &(Shape){ .owner = { 5, 1 } } },
    };
    pecs_registry *registry = make_registry(types, NULL);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        pecs_world *world = make_world(registry);
        spawn(world, all[i].component, all[i].size_bytes, all[i].value);
        save(world, folder, all[i].name, 0);
        pecs_world_destroy(world);
    }
    pecs_registry_release(registry);
}

/* Five entities: 0 and 1 points, 2 a shape, 3 frozen and calm, 4 with nothing. */
static pecs_world *fill_before(pecs_world *world, bool is_later)
{
    for (int i = 0; i < 2; i++) {
        const Point point = { i, 10 };
        const Point2 later_point = { i, 10 };
        spawn(world, POINT, is_later ? sizeof(later_point) : sizeof(point),
              is_later ? (const void *)&later_point : &point);
    }
    const Shape shape = { { { 1, 2 }, { 3, 4 } }, { { 1, 2, 3 }, { 4, 5, 6 } }, "round", { 0, 1 } };
    spawn(world, SHAPE, sizeof(shape), &shape);
    const pecs_entity frozen = spawn(world, FROZEN, 0, NULL);
    check(pecs_world_set(world, frozen, &(pecs_value){ MOOD, sizeof(Mood), &(Mood){ 0 } }, 1), NULL);
    check(pecs_world_spawn(world, NULL, 0, 1, NULL), NULL);
    check(pecs_world_set_singleton(world, CLOCK, sizeof(Clock), &(Clock){ 7 }), NULL);
    check(pecs_world_set_meta_text(world, "title", "one"), NULL);
    check(pecs_world_set_meta_text(world, "gone", "soon"), NULL);
    return world;
}

static pecs_world *make_before(pecs_registry *registry, bool is_later)
{
    return fill_before(make_world(registry), is_later);
}

static void edit(pecs_world *world)
{
    const pecs_entity entities[] = { { 0, 1 }, { 1, 1 }, { 2, 1 }, { 3, 1 }, { 4, 1 } };
    const Shape shape = { { { 1, 2 }, { 3, -4 } }, { { 1, 2, 3 }, { 4, 50, 6 } }, "square", { 1, 1 } };
    check(pecs_world_set(world, entities[0], &(pecs_value){ POINT, sizeof(Point), &(Point){ 0, 11 } }, 1), NULL);
    check(pecs_world_set(world, entities[0], &(pecs_value){ FROZEN, 0, NULL }, 1), NULL);
    check(pecs_world_despawn(world, &entities[1], 1), NULL);
    check(pecs_world_set(world, entities[2], &(pecs_value){ SHAPE, sizeof(shape), &shape }, 1), NULL);
    check(pecs_world_set(world, entities[3], &(pecs_value){ MOOD, sizeof(Mood), &(Mood){ 1 } }, 1), NULL);
    check(pecs_world_remove(world, entities[3], &(pecs_component){ FROZEN }, 1), NULL);
    spawn(world, POINT, sizeof(Point), &(Point){ 5, 5 });
    check(pecs_world_set_singleton(world, CLOCK, sizeof(Clock), &(Clock){ 8 }), NULL);
    check(pecs_world_set_meta_text(world, "title", "two"), NULL);
    check(pecs_world_remove_meta(world, "gone"), NULL);
    check(pecs_world_set_meta_text(world, "new", "here"), NULL);
}

/*
 * Entities with a thousand tags, in two tables by turns; the ids of the types ascend, their names or do the contrary.
 */
static void make_tags(const char *folder, const char *file, bool is_forwards)
{
    enum { TAG_COUNT = 1000, ENTITY_COUNT = 200 };
    static char names[TAG_COUNT][8];
    static pecs_type tags[TAG_COUNT];
    static const pecs_type *list[TAG_COUNT];
    static pecs_value values[TAG_COUNT];
    const pecs_registry_desc desc = { .types = list, .type_count = TAG_COUNT };
    pecs_registry *registry;
    pecs_error error;
    for (pecs_component i = 0; i < TAG_COUNT; i++) {
        snprintf(names[i], sizeof(names[i]), "t%03u", (is_forwards ? i : TAG_COUNT - 1 - i) % TAG_COUNT);
        tags[i] = (pecs_type){ names[i], { { 1, (uint8_t)(i >> 8), (uint8_t)i } }, 1, 0, 1, 0, NULL, 0 };
        list[i] = &tags[i];
        values[i] = (pecs_value){ i, 0, NULL };
    }
    check(pecs_registry_create(&desc, &registry, &error), &error);
    pecs_world *world = make_world(registry);
    for (size_t i = 0; i < ENTITY_COUNT; i++)
        check(pecs_world_spawn(world, values + i % 2, TAG_COUNT - i % 2, 1, NULL), NULL);
    save(world, folder, file, 0);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* Each is longer than a dump on a terminal. */
static void make_many(const char *folder)
{
    enum { ENTITY_COUNT = 5000, NOTE_COUNT = 2000 };
    pecs_registry *registry = make_registry(types, NULL);
    pecs_world *world = make_world(registry);
    check(pecs_world_spawn(world, &(pecs_value){ POINT, sizeof(Point), NULL }, 1, ENTITY_COUNT, NULL), NULL);
    save(world, folder, "many", 0);
    pecs_world_destroy(world);
    world = make_world(registry);
    for (int i = 0; i < NOTE_COUNT; i++) {
        char key[16];
        snprintf(key, sizeof(key), "key %d", i);
        check(pecs_world_set_meta_text(world, key, E120), NULL);
    }
    save(world, folder, "notes", 0);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* The same in one line: an array, and a text of two-byte characters. */
static void make_wide(const char *folder)
{
    enum { NUMBER_COUNT = 80000, LETTER_BYTES = 240000 };
    static const pecs_field fields[] = {
        { "n", PECS_I32, 0, 4 * NUMBER_COUNT, NUMBER_COUNT, 0, NULL, NULL, 0, 0, 0 },
        { "t", PECS_TEXT, 0, LETTER_BYTES, LETTER_BYTES, 0, NULL, NULL, 0, 0, 0 },
    };
    static const pecs_type numbers = { "Numbers", { { 0 } }, 1, 4 * NUMBER_COUNT, 4, 1, &fields[0], 0 };
    static const pecs_type letters = { "L", { { 0 } }, 1, LETTER_BYTES, 1, 1, &fields[1], 0 };
    static const pecs_type *const list[] = { &numbers, &letters };
    static char text[LETTER_BYTES];
    const pecs_registry_desc desc = { .types = list, .type_count = 2 };
    pecs_registry *registry;
    pecs_error error;
    for (size_t i = 0; i < LETTER_BYTES; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    check(pecs_registry_create(&desc, &registry, &error), &error);
    for (pecs_component i = 0; i < 2; i++) {
        pecs_world *world = make_world(registry);
        spawn(world, i, list[i]->size, i ? text : NULL);
        save(world, folder, i ? "letters" : "numbers", 0);
        pecs_world_destroy(world);
    }
    pecs_registry_release(registry);
}

static void make_changes(const char *folder)
{
    pecs_registry *registry = make_registry(types, NULL), *later = make_registry(later_types, NULL);
    static const pecs_meta first[] = { { "playtime", PECS_META_TEXT, "3", 1 },
                                       { "title", PECS_META_TEXT, "a cave", 6 },
                                       { "x", PECS_META_BYTES, "1", 1 } };
    static const pecs_meta second[] = { { "picture", PECS_META_BYTES, "\1\2", 2 },
                                        { "playtime", PECS_META_TEXT, "4", 1 },
                                        { "title", PECS_META_TEXT, "a cave", 6 } };
    pecs_world *world = make_before(registry, false);
    save_with(world, folder, "title", first, 3);
    save_with(world, folder, "retitled", second, 3);
    save(world, folder, "before", 0);
    edit(world);
    save(world, folder, "after", 0);
    pecs_world_destroy(world);
    world = make_before(later, true);
    save(world, folder, "relaid", 0);
    pecs_world_destroy(world);
    pecs_registry_release(later);
    pecs_registry_release(registry);
}

static void attach(pecs_world *world, const char *name, const char *bytes, size_t size)
{
    check(pecs_world_attach(world, name, PECS_BYTES(bytes, size)), NULL);
}

static void make_drawings(const char *folder)
{
    static char map[9001];
    pecs_registry *registry = make_registry(types, NULL);
    pecs_world *world = make_before(registry, false);
    attach(world, "blank", NULL, 0);
    attach(world, "gone", "old", 3);
    attach(world, "map", map, sizeof(map) - 1);
    save(world, folder, "drawn", 0);
    map[5000] = 1;
    attach(world, "map", map, sizeof(map));
    attach(world, "new", "fresh", 5);
    check(pecs_world_detach(world, "gone"), NULL);
    save(world, folder, "redrawn", 0);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* The same edits in another run. */
static void make_rerun(const char *folder)
{
    pecs_registry *registry = make_registry(types, NULL);
    pecs_world *world = fill_before(make_world_of(registry, 0x123456), false);
    save(world, folder, "rerun", 0);
    edit(world);
    save(world, folder, "rerun-after", 0);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* A copy made by ids, as a client would: entities and references have other handles. */
static void make_client(const char *folder)
{
    enum { COUNT = 5 };
    pecs_registry *registry = make_registry(types, NULL);
    pecs_world *before = make_before(registry, false), *world = make_world_of(registry, 0x123456);
    const pecs_view view = pecs_world_view(before);
    const pecs_entity filler = spawn(world, FROZEN, 0, NULL);
    pecs_entity made[COUNT];
    for (uint32_t i = COUNT; i--;) {
        const pecs_entity entity = { i, 1 };
        pecs_id id;
        check(pecs_view_id(view, entity, &id), NULL);
        check(pecs_world_spawn_with_ids(world, NULL, 0, &id, 1, &made[i]), NULL);
        for (pecs_component component = 0; component < TYPE_COUNT; component++)
            if (pecs_view_has(view, entity, component)) {
                const size_t size = types[component]->size;
                const pecs_value value = { component, size, pecs_view_get(view, entity, component, size) };
                check(pecs_world_set(world, made[i], &value, 1), NULL);
            }
    }
    check(pecs_world_despawn(world, &filler, 1), NULL);
    Shape shape = *pecs_get_as(view, ((pecs_entity){ 2, 1 }), SHAPE, Shape);
    for (unsigned owner = 0; owner < 2; owner++) {
        shape.owner = made[owner];
        check(pecs_world_set(world, made[2], &(pecs_value){ SHAPE, sizeof(shape), &shape }, 1), NULL);
        check(pecs_world_set_singleton(world, CLOCK, sizeof(Clock), &(Clock){ 7 }), NULL);
        check(pecs_world_set_meta_text(world, "title", "one"), NULL);
        check(pecs_world_set_meta_text(world, "gone", "soon"), NULL);
        save(world, folder, owner ? "client-moved" : "client", 0);
    }
    pecs_world_destroy(world);
    pecs_world_destroy(before);
    pecs_registry_release(registry);
}

typedef struct {
    pecs_string name, labels[2];
    pecs_blob picture;
    pecs_list corners, counts[2], owners, moods;
} Thing;
PECS_COMPONENT_OF(Thing, "Thing", 1, PECS_FIELD(Thing, name), PECS_FIELD(Thing, labels), PECS_FIELD(Thing, picture),
                  PECS_FIELD_LIST_STRUCT(Thing, corners, Point), PECS_FIELD_LIST(Thing, counts, uint32_t),
                  PECS_FIELD_LIST(Thing, owners, pecs_entity), PECS_FIELD_LIST_ENUM(Thing, moods, uint8_t, moods));
PECS_TYPES(things, Thing);

/* Two entities, of which the second has empty contents, and a singleton. */
static void make_things(const char *folder)
{
    static const uint8_t picture[17] = { 0, 1, 0xfe, 0xff };
    static const Point corners[] = { { 1, -2 }, { 3, 4 } };
    static const uint32_t counts[] = { 7, 8, 9 };
    static const uint8_t modes[] = { 1, 0 };
    const pecs_entity owners[] = { { 0, 1 }, { 0, 0 }, { 2, 1 } };
    const Thing thing = { pecs_string_of("a\n\"b\" " HIDING),
                          { pecs_string_of("one"), pecs_string_of(NULL) },
                          pecs_blob_of(PECS_ARRAY(picture)),
                          pecs_list_of(PECS_ARRAY(corners)),
                          { pecs_list_of(PECS_ARRAY(counts)), pecs_list_of(NULL) },
                          pecs_list_of(PECS_ARRAY(owners)),
                          pecs_list_of(PECS_ARRAY(modes)) };
    static const pecs_value nothing = PECS_ROWS(Thing, (const Thing *)NULL);
    const pecs_registry_desc desc = { .types = things_types, .type_count = things_type_count };
    pecs_registry *registry;
    pecs_error error;
    pecs_entity entities[3];
    check(pecs_registry_create(&desc, &registry, &error), &error);
    pecs_world *world = make_world(registry);
    check(pecs_spawn(world, &entities[0], PECS_ROWS(Thing, &thing)), pecs_world_error(world));
    check(pecs_spawn(world, &entities[1], nothing), pecs_world_error(world));
    check(pecs_spawn(world, &entities[2], nothing), pecs_world_error(world));
    check(pecs_despawn(world, entities[2]), pecs_world_error(world));
    check(pecs_set_singleton(world, Thing, { .name = pecs_string_of("world") }), pecs_world_error(world));
    save(world, folder, "things", 0);
    void *bytes;
    check(pecs_world_edit_contents(world, entities[0], Thing_component, offsetof(Thing, corners), PECS_KEEP_SIZE,
                                   &bytes, NULL),
          pecs_world_error(world));
    ((Point *)bytes)[1].y = 5;
    check(pecs_set_contents(world, entities[0], Thing, counts[0], PECS_BYTES(counts, sizeof(counts[0]))),
          pecs_world_error(world));
    check(pecs_set_contents(world, entities[0], Thing, labels[0], PECS_BYTES("two", 3)), pecs_world_error(world));
    check(pecs_set_contents(world, entities[0], Thing, picture, PECS_BYTES(picture, 2)), pecs_world_error(world));
    /* the same contents again, elsewhere: no change */
    check(pecs_set_contents(world, entities[0], Thing, moods, PECS_ARRAY(modes)), pecs_world_error(world));
    check(pecs_set_contents(world, entities[1], Thing, owners, PECS_BYTES(&entities[1], sizeof(entities[1]))),
          pecs_world_error(world));
    check(pecs_set_singleton(world, Thing, { .name = pecs_string_of("universe") }), pecs_world_error(world));
    save(world, folder, "edited-things", 0);
    check(pecs_world_despawn(world, entities, 2), pecs_world_error(world));
    save(world, folder, "dead-things", 0);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

int main(int count, char **words)
{
    if (count != 2) {
        fprintf(stderr, "usage: make_cli_worlds FOLDER\n");
        return 2;
    }
    make_namesakes(words[1]);
    make_strange(words[1]);
    make_rough(words[1]);
    make_changes(words[1]);
    make_drawings(words[1]);
    make_rerun(words[1]);
    make_client(words[1]);
    make_things(words[1]);
    make_tags(words[1], "forwards", true);
    make_tags(words[1], "backwards", false);
    make_many(words[1]);
    make_wide(words[1]);
    return 0;
}
