/*
 * Strange worlds: very many types, very many tables, very wide components, and worlds that are emptied and refilled.
 *
 *     shapes_test types|tables|wide|refill FOLDER
 */
#define _GNU_SOURCE
#include "large_support.h"

#include <stdatomic.h>

static const pecs_allocator system_memory = { NULL, NULL, NULL };

/* --- types: as many as a program and a file may have --- */

enum { TYPE_MAX = 1024, NAME_BYTES = 16 };

/* Types P0, P1, ... or U0, U1, ...: every third is a tag, the others hold a number. */
struct type_list {
    char names[TYPE_MAX][NAME_BYTES];
    pecs_type types[TYPE_MAX];
    const pecs_type *pointers[TYPE_MAX];
};
static struct type_list own_types, other_types;

static const pecs_field number_field = { "number", PECS_U32, 0, 4, 1, 0, NULL, NULL, 0, 0, 0 };

static bool is_tag(unsigned type)
{
    return type % 3 == 2;
}

static void list_types(struct type_list *list, char letter)
{
    for (unsigned i = 0; i < TYPE_MAX; i++) {
        snprintf(list->names[i], NAME_BYTES, "%c%u", letter, i);
        list->types[i] = (pecs_type){ .name = list->names[i], .version = 1, .align = 1 };
        if (!is_tag(i)) {
            list->types[i].size = list->types[i].align = 4;
            list->types[i].field_count = 1;
            list->types[i].fields = &number_field;
        }
        list->pointers[i] = &list->types[i];
    }
}

/* The numbers of a list's types in a view. */
static void find_types(pecs_view view, const struct type_list *list, pecs_component *ret_components)
{
    for (unsigned i = 0; i < TYPE_MAX; i++)
        require_ok(pecs_view_component(view, list->names[i], &ret_components[i]));
}

static pecs_value value_of(pecs_component component, unsigned type, const uint32_t *number)
{
    return (pecs_value){ component, is_tag(type) ? 0 : 4, is_tag(type) ? NULL : number };
}

/* One entity with each type alone, and a last one with all of the list. */
static void spawn_each(pecs_world *world, const pecs_component *components, uint32_t first_number)
{
    static uint32_t numbers[TYPE_MAX];
    static pecs_value values[TYPE_MAX];
    for (unsigned i = 0; i < TYPE_MAX; i++) {
        numbers[i] = first_number + i;
        values[i] = value_of(components[i], i, &numbers[i]);
        require_ok(pecs_world_spawn(world, &values[i], 1, 1, NULL));
    }
    require_ok(pecs_world_spawn(world, values, TYPE_MAX, 1, NULL));
}

static void check_value(pecs_view view, pecs_entity entity, pecs_component component, unsigned type, uint32_t number)
{
    const uint32_t *value = pecs_view_get(view, entity, component, 4);
    require(pecs_view_has(view, entity, component));
    require(is_tag(type) ? value == NULL : value && *value == number);
}

/* What spawn_each made in slots from `first` on. */
static void check_each(pecs_view view, const pecs_component *components, uint32_t first, uint32_t first_number)
{
    for (unsigned i = 0; i < TYPE_MAX; i++) {
        const pecs_entity alone = { first + i, 1 }, all = { first + TYPE_MAX, 1 };
        size_t count;
        check_value(view, alone, components[i], i, first_number + i);
        check_value(view, all, components[i], i, first_number + i);
        require(pecs_view_components(view, alone, &count) && count == 1);
    }
}

/* Every type of both lists on one entity, set one at a time: a table for each step. */
static void pile_up(pecs_world *world, const pecs_component *own, const pecs_component *other)
{
    const pecs_entity entity = { 2 * (TYPE_MAX + 1), 1 };
    pecs_entity spawned;
    size_t count;
    require_ok(pecs_world_spawn(world, NULL, 0, 1, &spawned));
    require(spawned.index == entity.index);
    for (unsigned i = 0; i < 2 * TYPE_MAX; i++) {
        const uint32_t number = 7000 + i;
        const pecs_value value = value_of(i % 2 ? own[i / 2] : other[i / 2], i / 2, &number);
        require_ok(pecs_world_set(world, entity, &value, 1));
    }
    require(pecs_view_components(pecs_world_view(world), entity, &count) && count == 2 * TYPE_MAX);
}

static void check_all(pecs_view view, const pecs_component *own, const pecs_component *other)
{
    check_each(view, other, 0, 1000);
    check_each(view, own, TYPE_MAX + 1, 5000);
    for (unsigned i = 0; i < 2 * TYPE_MAX; i++)
        check_value(view, (pecs_entity){ 2 * (TYPE_MAX + 1), 1 }, i % 2 ? own[i / 2] : other[i / 2], i / 2, 7000 + i);
}

static void make_other_file(const char *path)
{
    pecs_component components[TYPE_MAX];
    pecs_registry *registry = registry_of(other_types.pointers, TYPE_MAX, system_memory);
    pecs_world *world = world_of(registry, NULL);
    find_types(pecs_world_view(world), &other_types, components);
    spawn_each(world, components, 1000);
    save_quick(world, path);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* Reads a file of both lists by a program that has one of them, and saves it: the same bytes. */
static void check_file(const struct type_list *known, const char *path, const char *again, bool load)
{
    pecs_component own[TYPE_MAX], other[TYPE_MAX];
    pecs_registry *registry = registry_of(known->pointers, TYPE_MAX, system_memory);
    double start = seconds_now();
    pecs_snapshot *snapshot = open_path(registry, path, load);
    const pecs_view view = pecs_snapshot_view(snapshot);
    start = tell_time(load ? "load" : "resume", start);
    require(pecs_view_type_count(view) == 2 * TYPE_MAX + 1);
    find_types(view, &own_types, own);
    find_types(view, &other_types, other);
    check_all(view, own, other);
    start = tell_time("find and check all", start);
    require_ok(pecs_snapshot_save(snapshot, again, &(pecs_save_options){ .skip_sync = true }, NULL));
    tell_time("save", start);
    require(same_files(path, again));
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
}

static void check_types(void)
{
    char path[300], again[300];
    pecs_component own[TYPE_MAX], other[TYPE_MAX];
    path_of("types", path);
    path_of("again", again);
    list_types(&own_types, 'P');
    list_types(&other_types, 'U');
    make_other_file(path);
    pecs_registry *registry = registry_of(own_types.pointers, TYPE_MAX, system_memory);
    pecs_snapshot *snapshot = open_path(registry, path, false);
    pecs_world *world = world_of(registry, snapshot);
    pecs_snapshot_release(snapshot);
    require(pecs_view_type_count(pecs_world_view(world)) == 2 * TYPE_MAX + 1);
    find_types(pecs_world_view(world), &own_types, own);
    find_types(pecs_world_view(world), &other_types, other);
    double start = seconds_now();
    spawn_each(world, own, 5000);
    start = tell_time("1025 spawns", start);
    pile_up(world, own, other);
    start = tell_time("2048 types set on one entity", start);
    check_all(pecs_world_view(world), own, other);
    start = seconds_now();
    save_quick(world, path);
    tell_time("save", start);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    for (unsigned i = 0; i < 4; i++)
        check_file(i < 2 ? &own_types : &other_types, path, again, i % 2);
    registry = registry_of(NULL, 0, system_memory); /* a tool, to which all 2048 are unknown */
    snapshot = open_path(registry, path, true);
    require(pecs_view_type_count(pecs_snapshot_view(snapshot)) == 2 * TYPE_MAX + 1);
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
}

/* --- tables: 100,000 of them --- */

enum { TABLE_COUNT = 100000, FEW_COUNT = TABLE_COUNT / 4, SET_BITS = 17 };

/* Bits of a table's number: its components. The lower ones are tags. */
static pecs_registry *make_bits(pecs_allocator allocator)
{
    const pecs_type *pointers[SET_BITS];
    list_types(&own_types, 'P');
    for (unsigned i = 0; i < SET_BITS; i++)
        pointers[i] = &own_types.types[i];
    return registry_of(pointers, SET_BITS, allocator);
}

static void spawn_tables(pecs_world *world, uint32_t from, uint32_t to)
{
    for (uint32_t number = from; number < to; number++) {
        pecs_value values[SET_BITS];
        size_t count = 0;
        for (unsigned i = 0; i < SET_BITS; i++)
            if (number >> i & 1)
                values[count++] = value_of(i, i, &number);
        require_ok(pecs_world_spawn(world, values, count, 1, NULL));
    }
}

static void check_tables(pecs_view view, uint32_t table_count)
{
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    require(summary.table_count == table_count && summary.entity_count == table_count);
    for (uint32_t number = 0; number < table_count; number++)
        for (unsigned i = 0; i < SET_BITS; i++) {
            const pecs_entity entity = { number, 1 };
            if (number >> i & 1)
                check_value(view, entity, i, i, number);
            else
                require(!pecs_view_has(view, entity, i));
        }
}

/* How many of the numbers have the bits of `with` and none of `without`. */
static uint64_t count_numbers(uint32_t table_count, uint32_t with, uint32_t without)
{
    uint64_t count = 0;
    for (uint32_t number = 0; number < table_count; number++)
        count += (number & with) == with && (number & without) == 0;
    return count;
}

static void query_tables(pecs_registry *registry, pecs_world *world, uint32_t table_count)
{
    const pecs_term terms[] = { { 3, PECS_WRITE }, { 2, PECS_WITHOUT } };
    pecs_query *one = NULL, *both = NULL;
    require_ok(pecs_query_create(registry, terms, 1, &one, NULL));
    require_ok(pecs_query_create(registry, terms, 2, &both, NULL));
    double start = seconds_now();
    require(pecs_query_count(one, pecs_world_view(world)) == count_numbers(table_count, 8, 0));
    uint64_t rows = 0;
    pecs_iter iter = pecs_query_iter_mut(both, world, NULL);
    while (pecs_iter_next(&iter)) {
        rows += iter.row_count;
        require(*(uint32_t *)pecs_iter_column_mut(&iter, 3, 4) >> 3 & 1);
    }
    require_ok(pecs_iter_end(&iter));
    require(rows == count_numbers(table_count, 8, 4));
    tell_time("two queries", start);
    pecs_query_destroy(one);
    pecs_query_destroy(both);
}

/* What a snapshot and a restore cost when there are many tables; one of them is edited in between. */
static void return_tables(pecs_world *world)
{
    const uint32_t number = 5;
    const pecs_value value = value_of(0, 0, &number);
    pecs_snapshot *snapshot = NULL;
    double start = seconds_now();
    for (unsigned i = 0; i < 100; i++) {
        require_ok(pecs_snapshot_take(world, &snapshot));
        require_ok(pecs_world_set(world, (pecs_entity){ 1, 1 }, &value, 1));
        require_ok(pecs_world_rewind(world, snapshot));
        pecs_snapshot_release(snapshot);
    }
    tell_time("100 times take, set, rewind", start);
}

static void measure_tables(uint32_t table_count)
{
    char path[300], again[300];
    path_of("tables", path);
    path_of("again", again);
    printf("%" PRIu32 " tables\n", table_count);
    pecs_registry *registry = make_bits(system_memory);
    pecs_world *world = world_of(registry, NULL);
    double start = seconds_now();
    spawn_tables(world, 0, table_count);
    start = tell_time("spawns", start);
    save_quick(world, path);
    tell_time("save", start);
    check_tables(pecs_world_view(world), table_count);
    start = seconds_now();
    pecs_world_destroy(world);
    start = tell_time("destroy", start);
    pecs_snapshot *snapshot = open_path(registry, path, false);
    start = tell_time("resume", start);
    world = world_of(registry, snapshot);
    tell_time("a world from it", start);
    pecs_snapshot_release(snapshot);
    check_tables(pecs_world_view(world), table_count);
    query_tables(registry, world, table_count);
    return_tables(world);
    save_quick(world, again);
    pecs_world_destroy(world);
    start = seconds_now();
    snapshot = open_path(registry, again, true);
    start = tell_time("load", start);
    check_tables(pecs_snapshot_view(snapshot), table_count);
    printf("  a file of %" PRIu64 " bytes\n", file_bytes(again));
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
}

static void check_table_counts(void)
{
    measure_tables(FEW_COUNT);
    measure_tables(TABLE_COUNT);
}

/* --- wide: components of 1 MiB and of 16 MiB, a table of one row, tags only --- */

enum { WIDE_BYTES = 1 << 20, WIDEST_BYTES = 16 << 20, WIDE_ROWS = 24 };

static const pecs_field wide_fields[] = { { "bytes", PECS_U8, 0, WIDE_BYTES, WIDE_BYTES, 0, NULL, NULL, 0, 0, 0 } };
static const pecs_field widest_fields[] = { { "bytes", PECS_U8, 0, WIDEST_BYTES, WIDEST_BYTES, 0, NULL, NULL, 0, 0,
                                              0 } };
static const pecs_type wide_type = { "Wide", { { 0 } }, 1, WIDE_BYTES, 1, 1, wide_fields, 0 };
static const pecs_type widest_type = { "Widest", { { 0 } }, 1, WIDEST_BYTES, 1, 1, widest_fields, 0 };
PECS_TAG(Lonely, 1);
PECS_TAG(Crowded, 1);
enum { WIDE, WIDEST, LONELY, CROWDED, WIDE_TYPE_COUNT };
static const pecs_type *const wide_types[WIDE_TYPE_COUNT] = { &wide_type, &widest_type, &Lonely_type, &Crowded_type };

static void fill(uint8_t *bytes, size_t size, uint32_t seed)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(seed * 31 + (i >> 8) + i);
}

static bool is_filled(const uint8_t *bytes, size_t size, uint32_t seed)
{
    for (size_t i = 0; bytes && i < size; i++)
        if (bytes[i] != (uint8_t)(seed * 31 + (i >> 8) + i))
            return false;
    return bytes != NULL;
}

/* Row r has the pattern r, but row `changed` the pattern 99. */
static void check_wide(pecs_view view, uint32_t changed)
{
    for (uint32_t row = 0; row < WIDE_ROWS; row++)
        require(is_filled(pecs_view_get(view, (pecs_entity){ row, 1 }, WIDE, WIDE_BYTES), WIDE_BYTES,
                          row == changed ? 99 : row));
    const pecs_entity widest = { WIDE_ROWS, 1 }, lonely = { WIDE_ROWS + 1, 1 };
    size_t count;
    require(is_filled(pecs_view_get(view, widest, WIDEST, WIDEST_BYTES), WIDEST_BYTES, 5));
    require(pecs_view_has(view, lonely, LONELY) && pecs_view_components(view, lonely, &count) && count == 1);
    for (uint32_t i = 0; i < 10000; i++)
        require(pecs_view_has(view, (pecs_entity){ WIDE_ROWS + 2 + i, 1 }, CROWDED));
}

static void spawn_wide(pecs_world *world)
{
    uint8_t *bytes = malloc(WIDEST_BYTES);
    require(bytes);
    for (uint32_t row = 0; row < WIDE_ROWS; row++) {
        fill(bytes, WIDE_BYTES, row);
        require_ok(pecs_world_spawn(world, &(pecs_value){ WIDE, WIDE_BYTES, bytes }, 1, 1, NULL));
    }
    fill(bytes, WIDEST_BYTES, 5);
    require_ok(pecs_world_spawn(world, &(pecs_value){ WIDEST, WIDEST_BYTES, bytes }, 1, 1, NULL));
    require_ok(pecs_world_spawn(world, &(pecs_value)PECS_HAS_AS(LONELY), 1, 1, NULL));
    require_ok(pecs_world_spawn(world, &(pecs_value)PECS_HAS_AS(CROWDED), 1, 10000, NULL));
    free(bytes);
}

static void change_wide(pecs_world *world, uint32_t row, uint32_t seed)
{
    void *bytes;
    require_ok(pecs_world_get_mut(world, (pecs_entity){ row, 1 }, WIDE, WIDE_BYTES, &bytes));
    fill(bytes, WIDE_BYTES, seed);
}

static void check_wide_components(void)
{
    char path[300];
    path_of("wide", path);
    pecs_registry *registry = registry_of(wide_types, WIDE_TYPE_COUNT, system_memory);
    pecs_world *world = world_of(registry, NULL);
    spawn_wide(world);
    pecs_snapshot *before = NULL;
    require_ok(pecs_snapshot_take(world, &before));
    change_wide(world, 20, 99);
    printf("  one value of 1 MiB edited below a snapshot copies %" PRIu64 " KiB\n",
           pecs_world_copied_bytes(world) >> 10);
    check_wide(pecs_snapshot_view(before), UINT32_MAX);
    check_wide(pecs_world_view(world), 20);
    pecs_snapshot_release(before);
    double start = seconds_now();
    save_quick(world, path);
    tell_time("save", start);
    pecs_world_destroy(world);
    for (unsigned load = 0; load < 2; load++) {
        start = seconds_now();
        pecs_snapshot *snapshot = open_path(registry, path, load);
        tell_time(load ? "load" : "resume", start);
        check_wide(pecs_snapshot_view(snapshot), 20);
        world = world_of(registry, snapshot);
        change_wide(world, 20, 20);
        change_wide(world, 3, 99);
        check_wide(pecs_world_view(world), 3);
        check_wide(pecs_snapshot_view(snapshot), 20);
        printf("  two values edited copy %" PRIu64 " KiB\n", pecs_world_copied_bytes(world) >> 10);
        pecs_world_destroy(world);
        pecs_snapshot_release(snapshot);
    }
    pecs_registry_release(registry);
}

/* --- refill: worlds that are emptied and filled again do not grow --- */

enum { ROUNDS = 1000, SETTLED = 20, FILL_ROWS = 3000, FILL_IDS = 500 };

static _Atomic uint64_t live_bytes, live_blocks;

static void *count_allocate(void *user, size_t size_bytes, size_t align_bytes)
{
    (void)user;
    void *memory = NULL;
    if (posix_memalign(&memory, align_bytes < sizeof(void *) ? sizeof(void *) : align_bytes, size_bytes) != 0)
        return NULL;
    live_bytes += size_bytes;
    live_blocks++;
    return memory;
}

static void count_release(void *user, void *memory, size_t size_bytes, size_t align_bytes)
{
    (void)user, (void)align_bytes;
    live_bytes -= size_bytes;
    live_blocks--;
    free(memory);
}

static const pecs_allocator counting_memory = { count_allocate, count_release, NULL };

/* The most that was seen in the rounds until things have settled, and what must not be exceeded from then on. */
struct mark {
    const char *name;
    uint64_t settled;
};

static void watch(struct mark *mark, unsigned round, uint64_t value)
{
    if (round < SETTLED) {
        mark->settled = mark->settled < value ? value : mark->settled;
        return;
    }
    if (value <= mark->settled)
        return;
    fprintf(stderr, "round %u: %s is %" PRIu64 ", was at most %" PRIu64 " in the first %d\n", round, mark->name, value,
            mark->settled, SETTLED);
    exit(1);
}

static pecs_id id_number(uint64_t number)
{
    pecs_id id = { { 1 } };
    memcpy(id.bytes + 8, &number, sizeof(number));
    return id;
}

/* Entities of several tables, some with ids that were never given before, or else the same in each round. */
static void refill(pecs_world *world, uint64_t first_id)
{
    static uint32_t numbers[FILL_ROWS];
    pecs_entity entities[FILL_IDS];
    pecs_id ids[FILL_IDS];
    const pecs_value values[] = { { 0, 4, numbers }, { 1, 4, numbers }, { 2, 0, NULL } };
    for (size_t i = 0; i < FILL_IDS; i++)
        ids[i] = id_number(first_id + i);
    require_ok(pecs_world_spawn(world, values, 3, FILL_ROWS, NULL));
    require_ok(pecs_world_spawn_with_ids(world, values, 1, ids, FILL_IDS, entities));
    for (size_t i = 0; i < 20; i++) /* given one at a time */
        require_ok(pecs_world_set_id(world, entities[i], id_number(first_id + FILL_IDS + i)));
    require_ok(pecs_world_spawn(world, values + 1, 1, 10, NULL));
}

static void empty(pecs_world *world, const pecs_query *everything)
{
    require_ok(pecs_world_despawn_matching(world, everything, NULL));
    pecs_summary summary;
    pecs_view_summary(pecs_world_view(world), &summary);
    require(summary.entity_count == 0);
}

static pecs_query *query_everything(pecs_registry *registry)
{
    pecs_query *everything = NULL;
    require_ok(pecs_query_create(registry, NULL, 0, &everything, NULL));
    return everything;
}

/* One world, with a snapshot held in each round, and rewound or restored to it now and then. */
static void refill_one(bool new_ids)
{
    struct mark empty_bytes = { "memory of the empty world", 0 }, full_bytes = { "memory of the full world", 0 };
    struct mark blocks = { "blocks of the empty world", 0 };
    pecs_registry *registry = make_bits(counting_memory);
    pecs_query *everything = query_everything(registry);
    pecs_world *world = world_of(registry, NULL);
    for (unsigned round = 0; round < ROUNDS; round++) {
        pecs_snapshot *snapshot = NULL;
        refill(world, new_ids ? (uint64_t)round * 1000 : 0);
        require_ok(pecs_snapshot_take(world, &snapshot));
        empty(world, everything);
        watch(&full_bytes, round, live_bytes);
        if (round % 3)
            require_ok(round % 3 == 1 ? pecs_world_rewind(world, snapshot) : pecs_world_restore(world, snapshot));
        pecs_snapshot_release(snapshot);
        empty(world, everything);
        require_ok(pecs_world_advance(world, NULL));
        watch(&empty_bytes, round, live_bytes);
        watch(&blocks, round, live_blocks);
    }
    printf("  %s: %" PRIu64 " KiB full, %" PRIu64 " KiB empty\n", new_ids ? "new ids" : "the same ids",
           full_bytes.settled >> 10, empty_bytes.settled >> 10);
    pecs_query_destroy(everything);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    require(live_bytes == 0 && live_blocks == 0);
}

/* What a file says of its sessions. */
static uint64_t session_count(const char *path)
{
    pecs_info *info = NULL;
    require_ok(pecs_file_info(path, NULL, NULL, &info, NULL));
    const uint64_t count = info->session_count;
    pecs_info_destroy(info);
    return count;
}

/* A world that is saved full, read, emptied, saved, read and refilled, round by round. */
static void refill_files(bool load)
{
    struct mark full = { "size of the full world's file", 0 }, emptied = { "size of the empty world's file", 0 };
    struct mark sessions = { "number of sessions", 0 }, bytes = { "memory", 0 };
    char path[300];
    path_of("refill", path);
    pecs_registry *registry = make_bits(counting_memory);
    pecs_query *everything = query_everything(registry);
    pecs_world *world = world_of(registry, NULL);
    for (unsigned round = 0; round < ROUNDS; round++) {
        refill(world, (uint64_t)round * 1000);
        for (unsigned step = 0; step < 2; step++) {
            save_quick(world, path);
            watch(step ? &emptied : &full, round, file_bytes(path));
            watch(&sessions, round, session_count(path));
            pecs_world_destroy(world);
            pecs_snapshot *snapshot = open_path(registry, path, load);
            world = world_of(registry, snapshot);
            pecs_snapshot_release(snapshot);
            if (step == 0)
                empty(world, everything);
        }
        watch(&bytes, round, live_bytes);
    }
    printf("  %s: files of %" PRIu64 " KiB full, %" PRIu64 " KiB empty; %" PRIu64 " sessions\n",
           load ? "loads" : "resumes", full.settled >> 10, emptied.settled >> 10, sessions.settled);
    pecs_query_destroy(everything);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    require(live_bytes == 0 && live_blocks == 0);
}

static void check_refill(void)
{
    double start = seconds_now();
    refill_one(false);
    refill_one(true);
    start = tell_time("2,000 rounds in memory", start);
    refill_files(false);
    refill_files(true);
    tell_time("2,000 rounds through files", start);
}

int main(int count, char **words)
{
    static const struct {
        const char *name;
        void (*check)(void);
    } shapes[] = { { "types", check_types },
                   { "tables", check_table_counts },
                   { "wide", check_wide_components },
                   { "refill", check_refill } };
    for (size_t i = 0; count == 3 && i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (strcmp(shapes[i].name, words[1]) != 0)
            continue;
        /* Thousands of small files: kept off the disk where there is a file system in memory. */
        const bool in_memory = shapes[i].check == check_refill && access("/dev/shm", W_OK) == 0;
        make_own_folder(in_memory ? "/dev/shm" : words[2]);
        shapes[i].check();
        return 0;
    }
    fprintf(stderr, "usage: %s types|tables|wide|refill FOLDER\n", words[0]);
    return 2;
}
