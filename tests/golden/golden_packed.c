/*
 * The golden worlds that are saved compressed: one whose rows are those of several segments but compress to a few KB,
 * one for a file of which some columns are compressed, and one of small numbers and small differences, which compress
 * as planes of bits. Handles, counters and text compress by other filters; noise does not.
 */
#include "golden_packed.h"

#include "golden_types.h"
#include "golden_worlds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void packed_check(pecs_status status)
{
    golden_check(status, NULL, "making a golden world");
}

static pecs_world *packed_world(pecs_registry *registry, uint64_t session_nonce)
{
    pecs_world *world;
    pecs_error error;
    const pecs_world_options options = { .session_nonce = session_nonce };
    golden_check(pecs_world_create(registry, NULL, &options, &world, &error), &error, "a golden world");
    return world;
}

static pecs_snapshot *packed_finish(pecs_world *world)
{
    pecs_snapshot *snapshot;
    packed_check(pecs_snapshot_take(world, &snapshot));
    pecs_world_destroy(world);
    return snapshot;
}

static uint64_t packed_noise(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state;
}

enum { SCROLL_COUNT = 10, LONG_TITLE_BYTES = 300 };

/* 0:1 to 9:1: each a block of its own, with its title. */
static void packed_spawn_scrolls(pecs_world *world)
{
    static char title[LONG_TITLE_BYTES];
    memset(title, '=', sizeof(title));
    for (uint32_t i = 0; i < SCROLL_COUNT; i++) {
        Scroll *scroll = calloc(1, sizeof(*scroll));
        golden_check(scroll ? PECS_OK : PECS_E_MEMORY, NULL, "a scroll");
        snprintf(scroll->text, sizeof(scroll->text), "scroll %u", i);
        if (i != 4) /* which has no title */
            scroll->title = i == 7 ? pecs_string_of("seven") : (pecs_string){ 0 };
        const pecs_bytes bytes = { title, 30 * i + 1 };
        packed_check(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(SCROLL, scroll) }, 1, 1, NULL));
        if (i != 4 && i != 7)
            packed_check(
                pecs_world_set_contents(world, (pecs_entity){ i, 1 }, SCROLL, offsetof(Scroll, title), &bytes));
        free(scroll);
    }
}

enum { LINKED_COUNT = 40 };

/* 10:1 to 49:1: a ring. */
static void packed_spawn_links(pecs_world *world)
{
    Label labels[LINKED_COUNT];
    Links links[LINKED_COUNT];
    Clock clocks[LINKED_COUNT];
    memset(labels, 0, sizeof(labels));
    memset(links, 0, sizeof(links));
    for (uint32_t i = 0; i < LINKED_COUNT; i++) {
        snprintf(labels[i].text, sizeof(labels[i].text), "ring %u", i);
        links[i].target = (pecs_entity){ 10 + (i + 1) % LINKED_COUNT, 1 };
        links[i].others[0] = (pecs_entity){ i % SCROLL_COUNT, 1 };
        clocks[i] = (Clock){ i * UINT64_C(1000000007), 0.5 * i };
    }
    packed_check(pecs_world_spawn(
        world, (pecs_value[]){ PECS_ROWS_AS(LABEL, labels), PECS_ROWS_AS(LINKS, links), PECS_ROWS_AS(CLOCK, clocks) },
        3, LINKED_COUNT, NULL));
}

enum { SEED_COUNT = 12 };

/* 50:1 to 61:1: noise, with explicit ids. */
static void packed_spawn_seeds(pecs_world *world)
{
    Seed seeds[SEED_COUNT];
    pecs_id ids[SEED_COUNT];
    uint64_t noise = 1;
    memset(ids, 0, sizeof(ids));
    for (uint8_t i = 0; i < SEED_COUNT; i++) {
        seeds[i].state[0] = packed_noise(&noise);
        seeds[i].state[1] = packed_noise(&noise);
        ids[i].bytes[0] = (uint8_t)(0xc0 - i);
        ids[i].bytes[15] = i;
    }
    packed_check(
        pecs_world_spawn_with_ids(world, (pecs_value[]){ PECS_ROWS_AS(SEED, seeds) }, 1, ids, SEED_COUNT, NULL));
}

/* 62:1 and 63:1: what is left of the kinds of fields. */
static void packed_spawn_kinds(pecs_world *world)
{
    Scalars scalars[2];
    Body bodies[2];
    memset(scalars, 0xaa, sizeof(scalars));
    memset(bodies, 0xaa, sizeof(bodies));
    for (int i = 0; i < 2; i++) {
        scalars[i].flag = i, scalars[i].a = (int8_t)(i - 1), scalars[i].b = 200, scalars[i].c = -300;
        scalars[i].d = 60000, scalars[i].e = -70000, scalars[i].f = 4000000000, scalars[i].g = -5000000000;
        scalars[i].h = 18000000000000000000u, scalars[i].i = 0.25f, scalars[i].j = -1024.125;
        bodies[i].at = (Vec){ 1, -1 };
        for (int j = 0; j < 2; j++)
            bodies[i].parts[j].offset = (Vec){ 0, (float)j }, bodies[i].parts[j].mass = (uint16_t)(7 + i);
        for (int j = 0; j < 6; j++)
            bodies[i].grid[j / 3][j % 3] = (int8_t)-j;
    }
    const Mood mood[2] = { { .now = 1, .was = { 2, 0 } }, { .now = 0, .was = { 1, 1 } } };
    const Sheet sheets[2] = { { { "one", "", "three" }, "full", { "a" } }, { { "\xc3\xa4\xc3\xb6" }, "", { "" } } };
    packed_check(
        pecs_world_spawn(world,
                         (pecs_value[]){ PECS_ROWS_AS(SCALARS, scalars), PECS_ROWS_AS(BODY, bodies),
                                         PECS_ROWS_AS(MOOD, mood), PECS_ROWS_AS(SHEET, sheets), PECS_HAS_AS(MARKED) },
                         5, 2, NULL));
}

enum { TRAIL_COUNT = 20, TRAIL_STEPS = 6 };

/* 64:1 to 83:1: lists of each kind, and stories; every fourth is empty. */
static void packed_spawn_trails(pecs_world *world)
{
    for (uint32_t i = 0; i < TRAIL_COUNT; i++) {
        Step steps[TRAIL_STEPS];
        uint16_t feelings[TRAIL_STEPS];
        pecs_entity friends[TRAIL_STEPS];
        int16_t numbers[TRAIL_STEPS];
        memset(steps, 0, sizeof(steps));
        for (uint32_t j = 0; j < TRAIL_STEPS; j++) {
            steps[j].kind = (uint8_t)(j % 3), steps[j].wet = j % 2 != 0, steps[j].height = 0.5f * (float)j;
            steps[j].by = friends[j] = (pecs_entity){ 10 + j, 1 };
            feelings[j] = (uint16_t)((i + j) % 3), numbers[j] = (int16_t)((int)j - 3);
        }
        const Trail full = { pecs_list_of(PECS_ARRAY(steps)), pecs_list_of(PECS_ARRAY(feelings)),
                             pecs_list_of(PECS_ARRAY(friends)), pecs_list_of(PECS_ARRAY(numbers)), (uint16_t)i };
        const Trail trail = i % 4 == 3 ? (Trail){ .length = 99 } : full;
        const Story story = { .title = pecs_string_of(i % 4 == 3 ? "" : "the story of a trail"),
                              .pages = 3,
                              .chapters = { { i, pecs_string_of("its first chapter") }, { 0 } },
                              .lines = { pecs_string_of("a"), pecs_string_of("eight by"), pecs_string_of("") },
                              .picture = pecs_blob_of(PECS_BYTES("\x00\xff\x01", 3)) };
        packed_check(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(TRAIL, &trail), PECS_ROWS_AS(STORY, &story) },
                                      2, 1, NULL));
    }
}

/* Of both: the world's own, and something that was there. */
static void packed_set_rest(pecs_world *world, const pecs_entity *dead, size_t dead_count)
{
    const Vault vault = { pecs_blob_of(PECS_BYTES("sixteen bytes...", 16)) };
    packed_check(pecs_world_set_singleton(world, CLOCK, sizeof(Clock), &(Clock){ 41, 0.5 }));
    packed_check(pecs_world_set_singleton(world, VAULT, sizeof(vault), &vault));
    packed_check(pecs_world_set_meta_text(world, "title", "the world"));
    packed_check(pecs_world_attach(world, "map", PECS_BYTES("\x01\x02\x00\xff\x80", 5)));
    packed_check(pecs_world_attach(world, "nothing", NULL));
    packed_check(pecs_world_advance(world, NULL)); /* tick 2 */
    packed_check(pecs_world_despawn(world, dead, dead_count));
}

/* Every kind of field, with rows of 10 MiB. */
pecs_snapshot *golden_make_packed(pecs_registry *registry)
{
    pecs_world *world = packed_world(registry, 0x9ac4ed);
    packed_spawn_scrolls(world);
    packed_spawn_links(world);
    packed_spawn_seeds(world);
    packed_spawn_kinds(world);
    packed_spawn_trails(world);
    packed_set_rest(world, (pecs_entity[]){ { 12, 1 }, { 51, 1 }, { 70, 1 } }, 3);
    packed_check(pecs_world_spawn(world, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1, 1, NULL)); /* 12:2 */
    return packed_finish(world);
}

/* 0:1 to 19:1 are stories, and 20:1 to 43:1 links; for a file in which the stories stay as they are. */
pecs_snapshot *golden_make_mixed(pecs_registry *registry)
{
    enum { STORIES = 20, LINKED = 24 };
    pecs_world *world = packed_world(registry, 0x313ed);
    Links links[LINKED];
    memset(links, 0, sizeof(links));
    for (uint32_t i = 0; i < STORIES; i++) {
        const Story story = { .title = pecs_string_of(i % 4 == 3 ? "" : "a story that stays"), .pages = (uint8_t)i };
        const Trail trail = { .friends = pecs_list_of(PECS_ARRAY(links[0].others)), .length = (uint16_t)i };
        packed_check(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(STORY, &story), PECS_ROWS_AS(TRAIL, &trail) },
                                      2, 1, NULL));
    }
    for (uint32_t i = 0; i < LINKED; i++)
        links[i].target = (pecs_entity){ i % STORIES, 1 };
    packed_check(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(LINKS, links) }, 1, LINKED, NULL));
    packed_set_rest(world, (pecs_entity[]){ { 3, 1 }, { 22, 1 } }, 2);
    return packed_finish(world);
}

enum { BIT_ROWS = 517 };

/* 0:1 to 516:1: noise of three, references that wander by a few, and times that are some microseconds more or less
 * than five seconds apart. */
pecs_snapshot *golden_make_bits(pecs_registry *registry)
{
    pecs_world *world = packed_world(registry, 0xb17);
    Mood moods_of[BIT_ROWS];
    Links links[BIT_ROWS];
    Seed seeds[BIT_ROWS];
    uint64_t noise = 1, time = UINT64_C(1700000000000000000);
    memset(moods_of, 0, sizeof(moods_of));
    for (uint32_t i = 0; i < BIT_ROWS; i++) {
        moods_of[i].now = (uint8_t)(packed_noise(&noise) >> 40) % 3;
        moods_of[i].was[0] = (uint16_t)(packed_noise(&noise) >> 40) % 3;
        moods_of[i].was[1] = (uint16_t)(packed_noise(&noise) >> 40) % 3;
        links[i].target = (pecs_entity){ (i + (uint32_t)(packed_noise(&noise) >> 40) % 8) % BIT_ROWS, 1 };
        for (int k = 0; k < 3; k++)
            links[i].others[k] = (pecs_entity){ (i + (uint32_t)(packed_noise(&noise) >> 40) % 8) % BIT_ROWS, 1 };
        time += 5000000000 + (packed_noise(&noise) >> 40) % 4096;
        seeds[i].state[0] = time;
        seeds[i].state[1] = UINT64_MAX - time;
    }
    packed_check(pecs_world_spawn(
        world, (pecs_value[]){ PECS_ROWS_AS(MOOD, moods_of), PECS_ROWS_AS(LINKS, links), PECS_ROWS_AS(SEED, seeds) }, 3,
        BIT_ROWS, NULL));
    return packed_finish(world);
}
