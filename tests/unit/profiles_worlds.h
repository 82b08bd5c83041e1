/* Worlds of every kind for tests of compressed saves: each fills one that is empty. */
#ifndef PROFILES_WORLDS_H
#define PROFILES_WORLDS_H

#include "profiles_fixture.h"

static inline uint64_t number_for(uint64_t seed)
{
    return mix_u64(seed * 0x9e3779b97f4a7c15u + 1);
}

/* Memory that is neither all the same nor random: like numbers of a game. */
static inline void *rows_of(size_t size_bytes)
{
    uint8_t *bytes = malloc(size_bytes + 8);
    must(bytes != NULL);
    for (size_t i = 0; i < size_bytes; i += 8) {
        const uint64_t number = i % 96 ? i / 8 % 1000 : number_for(i);
        memcpy(bytes + i, &number, sizeof(number));
    }
    return bytes;
}

static inline void spawn_rows(pecs_world *world, const pecs_value *values, size_t value_count, size_t row_count)
{
    must(pecs_world_spawn(world, values, value_count, row_count, NULL) == PECS_OK);
}

static inline void spawn_positions(pecs_world *world, size_t row_count)
{
    void *rows = rows_of(row_count * sizeof(Position));
    spawn_rows(world, (pecs_value[]){ { Position_component, sizeof(Position), rows } }, 1, row_count);
    free(rows);
}

static inline void fill_nothing(pecs_world *world)
{
    (void)world;
}

static inline void fill_no_types(pecs_world *world)
{
    spawn_rows(world, NULL, 0, 10000);
}

static inline void fill_tags(pecs_world *world)
{
    spawn_rows(world, (pecs_value[]){ { Frozen_component, 0, NULL } }, 1, 5000);
}

/* A table for each set of seven types, with 1 to 200 rows. All values are zero. */
static inline void fill_tables(pecs_world *world)
{
    const pecs_value all[] = {
        { Position_component, sizeof(Position), NULL }, { Health_component, sizeof(Health), NULL },
        { Team_component, sizeof(Team), NULL },         { Frozen_component, 0, NULL },
        { Link_component, sizeof(Link), NULL },         { Name_component, sizeof(Name), NULL },
        { Padded_component, sizeof(Padded), NULL }
    };
    for (unsigned set = 0; set < 128; set++) {
        pecs_value values[7];
        size_t count = 0;
        for (unsigned i = 0; i < 7; i++)
            if (set >> i & 1)
                values[count++] = all[i];
        spawn_rows(world, values, count, 1 + number_for(set) % 200);
    }
}

static inline void fill_singletons(pecs_world *world)
{
    const Name name = { 4, pecs_string_of("the one and only") };
    must(pecs_world_set_singleton(world, Health_component, sizeof(Health), &(Health){ 3, 4 }) == PECS_OK);
    must(pecs_world_set_singleton(world, Name_component, sizeof(Name), &name) == PECS_OK);
    spawn_positions(world, 3);
}

static inline void spawn_with_ids(pecs_world *world, size_t row_count)
{
    pecs_id *ids = malloc(row_count * sizeof(*ids));
    for (size_t i = 0; i < row_count; i++) {
        const uint64_t halves[2] = { number_for(i), number_for(~i) };
        memcpy(&ids[i], halves, sizeof(ids[i]));
    }
    must(pecs_world_spawn_with_ids(world, (pecs_value[]){ { Health_component, sizeof(Health), NULL } }, 1, ids,
                                   row_count, NULL) == PECS_OK);
    free(ids);
}

static inline void fill_ids(pecs_world *world)
{
    spawn_with_ids(world, 5000);
    spawn_positions(world, 100);
}

static inline void fill_many_ids(pecs_world *world)
{
    spawn_with_ids(world, 31000);
}

/* Slots that compactions dropped, and free ones. */
static inline void fill_retired(pecs_world *world)
{
    enum { COUNT = 9000 };
    static pecs_entity entities[COUNT];
    for (size_t kept = 1; kept < 4; kept++) {
        must(pecs_world_spawn(world, NULL, 0, COUNT, entities) == PECS_OK);
        must(pecs_world_despawn(world, entities + kept, COUNT - kept) == PECS_OK);
        must(pecs_world_compact(world, NULL) == PECS_OK);
    }
    must(pecs_world_spawn(world, NULL, 0, 100, entities) == PECS_OK);
    for (size_t i = 0; i < 100; i += 3)
        must(pecs_world_despawn(world, &entities[i], 1) == PECS_OK);
}

/* Strings, blobs and lists, none to some KiB of each. */
static inline void fill_contents(pecs_world *world)
{
    enum { COUNT = 6000, LONGEST = 9000 };
    char *text = malloc(LONGEST + 1);
    pecs_entity friends[20] = { { 0, 0 } };
    for (size_t i = 0; i < LONGEST; i++)
        text[i] = (char)('a' + i * i / 7 % 26);
    text[LONGEST] = 0;
    for (size_t i = 0; i < COUNT; i++) {
        const size_t size = number_for(i) % 5 ? number_for(i) % 60 : number_for(i) % LONGEST;
        const pecs_bytes bytes = { text, size };
        const Name name = { i, pecs_string_from(&bytes) };
        friends[i % 20] = spawn_one(world, (pecs_value[]){ PECS_ROWS(Name, &name) }, 1);
        const Point points[3] = { { 1, (int32_t)i }, { 2, 4 }, { 3, 5 } };
        const Bag bag = { .bytes = pecs_blob_of(i % 4 ? &bytes : NULL),
                          .points = pecs_list_of(PECS_ELEMENTS(points, i % 4)),
                          .friends = pecs_list_of(PECS_ELEMENTS(friends, i % 20)),
                          .labels = { pecs_string_of(i % 3 ? "label" : "") } };
        if (i % 4 == 1)
            spawn_bag(world, &bag);
    }
    free(text);
}

static inline void spawn_long_name(pecs_world *world, size_t size)
{
    char *text = malloc(size);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + number_for(i / 3) % 26);
    const pecs_bytes bytes = { text, size };
    const Name name = { size, pecs_string_from(&bytes) };
    spawn_one(world, (pecs_value[]){ PECS_ROWS(Name, &name) }, 1);
    free(text);
}

/* As large as a block, a bit more, more than a block may have, more than a segment. */
static inline void fill_long_strings(pecs_world *world)
{
    const size_t sizes[] = { 512 * 1024 - 8, 512 * 1024, 4 * 1024 * 1024, 5 * 1024 * 1024, 20 * 1024 * 1024 };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        spawn_name(world, "before");
        spawn_name(world, "");
        spawn_long_name(world, sizes[i]);
    }
    spawn_name(world, "behind");
}

static inline void fill_wide(pecs_world *world)
{
    Wide *rows = rows_of(5 * sizeof(Wide));
    for (int i = 0; i < 5; i++) {
        memset(&rows[i], 0xa5, offsetof(Wide, numbers)); /* the padding too */
        rows[i].flag = i % 2;
    }
    spawn_rows(world, (pecs_value[]){ { Wide_component, sizeof(Wide), rows } }, 1, 5);
    free(rows);
    spawn_positions(world, 10);
}

static inline void fill_vast(pecs_world *world)
{
    void *rows = rows_of(2 * (size_t)VAST_BYTES);
    spawn_rows(world, (pecs_value[]){ { Vast_component, VAST_BYTES, rows } }, 1, 2);
    free(rows);
    spawn_positions(world, 10);
}

static inline void fill_padded(pecs_world *world)
{
    enum { COUNT = 40000 };
    Padded *rows = malloc(COUNT * sizeof(*rows));
    for (size_t i = 0; i < COUNT; i++) {
        memset(&rows[i], (int)(number_for(i) & 0xff), sizeof(rows[i]));
        rows[i].flag = i % 3 == 0;
        rows[i].number = (double)i;
        rows[i].rest = (uint16_t)i;
    }
    spawn_rows(world, (pecs_value[]){ { Padded_component, sizeof(Padded), rows } }, 1, COUNT);
    free(rows);
}

/* Several segments: 300,000 rows of 48 bytes, with handle, beside the index of 4.8 MB; 30,000 are free. */
static inline void fill_many_rows(pecs_world *world)
{
    enum { COUNT = 300000 };
    pecs_entity *entities = malloc(COUNT * sizeof(*entities));
    void *rows = rows_of(COUNT * sizeof(Position));
    Link *links = calloc(COUNT, sizeof(*links));
    for (uint32_t i = 0; i < COUNT; i++)
        links[i] = (Link){ i, { i / 2, 1 }, { { i % 100, 1 }, { 0, 0 } } };
    const pecs_value values[] = { { Position_component, sizeof(Position), rows },
                                  { Link_component, sizeof(Link), links } };
    must(pecs_world_spawn(world, values, 2, COUNT, entities) == PECS_OK);
    for (size_t i = 0; i < COUNT; i += 10)
        must(pecs_world_despawn(world, &entities[i], 1) == PECS_OK);
    free(links);
    free(rows);
    free(entities);
}

static inline void fill_attachments(pecs_world *world)
{
    uint8_t *bytes = rows_of(3000000);
    must(pecs_world_attach(world, "terrain", PECS_BYTES(bytes, 3000000)) == PECS_OK);
    must(pecs_world_attach(world, "none", NULL) == PECS_OK);
    must(pecs_world_attach(world, "few", PECS_BYTES("bytes", 5)) == PECS_OK);
    free(bytes);
}

static inline void fill_attachments_and_names(pecs_world *world)
{
    fill_attachments(world);
    spawn_name(world, "beside them");
    must(pecs_world_set_meta_text(world, "level", "seven") == PECS_OK);
}

#endif
