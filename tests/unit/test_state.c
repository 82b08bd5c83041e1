/*
 * States: the root that worlds edit and snapshots are. Made empty, copied when shared, tables added and dropped,
 * records found, and all of it given back by the last reference.
 */
#include "world_fixture.h"

static pecs_registry *registry;
static struct pool *pool;
static struct gate gate;
static struct pecs_snapshot *state;

static void set_up(void)
{
    registry = counting_registry();
    pool = registry->pool;
    gate_init(&gate, pool);
    gate.tick = 1;
    cr_assert_eq(state_create(registry, &state), PECS_OK);
}

static void strike(void)
{
    state_release(state);
    gate_deinit(&gate);
    pecs_registry_release(registry);
    assert_no_leak();
}

TestSuite(state, .init = set_up, .fini = strike);

static struct archetype *make_archetype(pecs_component component)
{
    struct archetype *archetype = archetype_create(registry, NULL, &component, 1, false);
    cr_assert_not_null(archetype);
    return archetype;
}

/* Adds a table of one component; returns its number. */
static uint32_t add_table(pecs_component component)
{
    struct archetype *archetype = make_archetype(component);
    uint32_t table = 99;
    cr_assert_eq(state_add_table(&gate, state, archetype, &table), PECS_OK);
    node_release(pool, &archetype->node);
    return table;
}

Test(state, an_empty_state_has_nothing_at_tick_1)
{
    cr_assert_eq(state->tick, 1);
    cr_assert_eq(state->floor_tick, 0);
    cr_assert_eq(state->entity_count, 0);
    cr_assert_eq(state->free_count, 0);
    cr_assert_eq(state->table_count, 0);
    cr_assert_eq(state->singleton_table, NO_TABLE);
    cr_assert_eq(state_slot_count(state), 0);
    cr_assert_null(state->sessions);
    cr_assert(state->is_proven);
    cr_assert_eq(state->source.state, state);
    cr_assert_null(state->source.world);
    cr_assert_null(state_find(state, none));
    cr_assert_null(state_find(state, (pecs_entity){ 0, 1 }));
    check_state(state);
}

Test(state, a_state_holds_its_registry)
{
    cr_assert_eq(registry->reference_count, 2);
    struct pecs_snapshot *other;
    cr_assert_eq(state_create(registry, &other), PECS_OK);
    cr_assert_eq(registry->reference_count, 3);
    state_release(other);
    cr_assert_eq(registry->reference_count, 2);
    state_release(NULL);
}

Test(state, a_failing_create_leaves_nothing)
{
    const uint64_t live = counting.live_bytes;
    for (uint64_t nth = 1; nth <= 2; nth++) {
        struct pecs_snapshot *other = NULL;
        counting.fail_at = counting.call_count + nth;
        cr_assert_eq(state_create(registry, &other), PECS_E_MEMORY, "allocation %llu", (unsigned long long)nth);
        counting.fail_at = 0;
        cr_assert_null(other);
        cr_assert_eq(counting.live_bytes, live);
        cr_assert_eq(registry->reference_count, 2);
    }
}

Test(state, a_private_state_is_owned_in_place)
{
    struct pecs_snapshot *const before = state;
    cr_assert_eq(state_own(&gate, &state), PECS_OK);
    cr_assert_eq(state, before);
    cr_assert_eq(gate.state_epoch, gate.epoch);
}

Test(state, a_shared_state_is_copied_and_its_children_shared)
{
    cr_assert_eq(state_own(&gate, &state), PECS_OK);
    add_table(POSITION);
    add_table(HEALTH);
    struct pecs_snapshot *const theirs = pecs_snapshot_retain(state);
    gate_close(&gate);
    cr_assert_eq(state_own(&gate, &state), PECS_OK);
    cr_assert_neq(state, theirs);
    cr_assert_eq(state->source.state, state);
    cr_assert_eq(theirs->source.state, theirs);
    cr_assert_eq(state->table_count, 2);
    cr_assert_eq(state_table(state, 0), state_table(theirs, 0));
    cr_assert_eq(state_table(state, 1), state_table(theirs, 1));
    cr_assert_eq(state_index(state), state_index(theirs));
    cr_assert_eq(theirs->node.reference_count, 1);
    struct table *table;
    cr_assert_eq(state_own_table(&gate, state, 1, &table), PECS_OK);
    cr_assert_eq(table, state_table(state, 1));
    cr_assert_neq(table, state_table(theirs, 1));
    cr_assert_eq(state_table(state, 0), state_table(theirs, 0));
    struct entity_index *index;
    cr_assert_eq(state_own_index(&gate, state, &index), PECS_OK);
    cr_assert_eq(index, state_index(state));
    cr_assert_neq(index, state_index(theirs));
    state_release(theirs);
}

Test(state, a_copy_that_fails_leaves_the_state)
{
    struct pecs_snapshot *const theirs = pecs_snapshot_retain(state);
    gate_close(&gate);
    counting.fail_at = counting.call_count + 1;
    cr_assert_eq(state_own(&gate, &state), PECS_E_MEMORY);
    cr_assert_eq(state, theirs);
    cr_assert_neq(gate.state_epoch, gate.epoch);
    cr_assert_eq(registry->reference_count, 2);
    state_release(theirs);
}

Test(state, tables_are_numbered_in_order_and_dropped_from_the_end)
{
    cr_assert_eq(state_own(&gate, &state), PECS_OK);
    for (uint32_t i = 0; i < 100; i++)
        cr_assert_eq(add_table(i % FIXTURE_TYPE_COUNT), i);
    cr_assert_eq(state->table_count, 100);
    for (uint32_t i = 0; i < 100; i++)
        cr_assert_eq(state_table(state, i)->archetype->components[0], i % FIXTURE_TYPE_COUNT);
    const uint64_t live = counting.live_bytes;
    add_table(LINK);
    state_drop_table(&gate, state);
    cr_assert_eq(state->table_count, 100);
    cr_assert_eq(counting.live_bytes, live);
    cr_assert_null(state_table(state, 100));
    cr_assert_eq(add_table(TEAM), 100);
}

Test(state, dropping_leaves_the_tables_of_another_holder)
{
    cr_assert_eq(state_own(&gate, &state), PECS_OK);
    add_table(POSITION);
    struct pecs_snapshot *const theirs = pecs_snapshot_retain(state);
    gate_close(&gate);
    cr_assert_eq(state_own(&gate, &state), PECS_OK);
    add_table(HEALTH);
    state_drop_table(&gate, state);
    cr_assert_eq(theirs->table_count, 1);
    cr_assert_not_null(state_table(theirs, 0));
    cr_assert_eq(state_table(state, 0), state_table(theirs, 0));
    state_release(theirs);
}

Test(state, a_failing_add_adds_nothing)
{
    cr_assert_eq(state_own(&gate, &state), PECS_OK);
    for (uint32_t i = 0; i < 64; i++)
        add_table(POSITION); /* the next needs a page on top, a page beside, and itself */
    struct archetype *archetype = make_archetype(HEALTH);
    uint64_t nth = 0;
    uint32_t table = 99;
    pecs_status status;
    do {
        counting.fail_at = counting.call_count + ++nth;
        status = state_add_table(&gate, state, archetype, &table);
        counting.fail_at = 0;
        if (!status)
            break;
        cr_assert_eq(status, PECS_E_MEMORY);
        cr_assert_eq(table, 99);
        cr_assert_eq(state->table_count, 64);
        cr_assert_null(state_table(state, 64));
        cr_assert_eq(archetype->node.reference_count, 1);
        for (uint32_t i = 0; i < 64; i++)
            cr_assert_eq(state_table(state, i)->archetype->components[0], POSITION);
    } while (status);
    cr_assert_geq(nth, 3);
    cr_assert_eq(table, 64);
    node_release(pool, &archetype->node);
}

Test(state, more_tables_than_there_are_numbers_is_a_limit)
{
    cr_assert_eq(state_own(&gate, &state), PECS_OK);
    struct archetype *archetype = make_archetype(POSITION);
    uint32_t table = 99;
    state->table_count = UINT32_MAX - 1;
    cr_assert_eq(state_add_table(&gate, state, archetype, &table), PECS_E_LIMIT);
    cr_assert_eq(table, 99);
    state->table_count = 0;
    node_release(pool, &archetype->node);
}

/* Fills the index by hand: slot i has generation i + 1, and is alive when i is even; there is one table. */
static void fill_index(uint32_t count)
{
    struct entity_index *index;
    cr_assert_eq(state_own(&gate, &state), PECS_OK);
    cr_assert_eq(state_own_index(&gate, state, &index), PECS_OK);
    cr_assert_eq(index_reserve(&gate, index, count), PECS_OK);
    index->records.count = count;
    for (uint32_t i = 0; i < count; i++)
        *index_owned_record(index, i) = (struct record){ i + 1, i % 2 ? NO_TABLE : 0, i * 3, 0 };
    add_table(POSITION);
}

Test(state, only_the_living_generation_is_found)
{
    fill_index(5000);
    cr_assert_eq(state_slot_count(state), 5000);
    for (uint32_t i = 0; i < 5000; i++) {
        const struct record *record = state_find(state, (pecs_entity){ i, i + 1 });
        if (i % 2 ? record != NULL : !record || record->row != i * 3 || record->table != 0)
            cr_assert_fail("slot %u", i);
        must(!state_find(state, (pecs_entity){ i, i }));
        must(!state_find(state, (pecs_entity){ i, i + 2 }));
        must(!state_find(state, (pecs_entity){ i, 0 }));
    }
    cr_assert_null(state_find(state, (pecs_entity){ 5000, 5001 }));
    cr_assert_null(state_find(state, (pecs_entity){ UINT32_MAX, 1 }));
    cr_assert_null(state_find(state, (pecs_entity){ UINT32_MAX, UINT32_MAX }));
}

/* As a damaged file has it, which is resumed: no number of a record leads beyond what is there. */
Test(state, a_record_of_no_table_is_not_living)
{
    fill_index(3);
    struct record *record = index_owned_record((struct entity_index *)state->index.node, 0);
    cr_assert_not_null(state_find(state, (pecs_entity){ 0, 1 }));
    cr_assert_not(state_has_row(state, record), "the table has no rows");
    record->table = 1;
    cr_assert_null(state_find(state, (pecs_entity){ 0, 1 }));
    record->table = NO_TABLE - 1;
    cr_assert_null(state_find(state, (pecs_entity){ 0, 1 }));
}

Test(state, a_columns_tick_is_at_least_the_floor)
{
    cr_assert_eq(state_own(&gate, &state), PECS_OK);
    add_table(POSITION);
    struct table *table;
    cr_assert_eq(state_own_table(&gate, state, 0, &table), PECS_OK);
    table->columns[1].tick = 12;
    cr_assert_eq(state_write_tick(state, table->columns[1].tick), 12);
    state->floor_tick = 40;
    cr_assert_eq(state_write_tick(state, table->columns[1].tick), 40);
    table->columns[1].tick = 41;
    cr_assert_eq(state_write_tick(state, table->columns[1].tick), 41);
}

Test(state, a_private_image_is_memory_of_the_pool)
{
    const uint64_t live = counting.live_bytes;
    struct image *image = image_create_private(pool, 10000);
    cr_assert_not_null(image);
    cr_assert_eq(image->size_bytes, 10000);
    cr_assert_eq(image->kind, IMAGE_PRIVATE);
    cr_assert_eq((uintptr_t)image->bytes % 64, 0);
    memset(image->bytes, 1, 10000);
    cr_assert_geq(counting.live_bytes - live, 10000);
    node_release(pool, &image->node);
    cr_assert_eq(counting.live_bytes, live);
}

Test(state, an_image_that_cannot_be_made_is_null)
{
    const uint64_t live = counting.live_bytes;
    for (uint64_t nth = 1; nth <= 2; nth++) {
        counting.fail_at = counting.call_count + nth;
        cr_assert_null(image_create_private(pool, 10000));
        cr_assert_eq(counting.live_bytes, live);
    }
    for (uint64_t nth = 1; nth <= 2; nth++) {
        counting.fail_at = counting.call_count + nth;
        cr_assert_null(image_create_mapped(pool, NULL, &(struct os_file){ .descriptor = -1 }, "path"));
        cr_assert_eq(counting.live_bytes, live);
    }
    for (uint64_t nth = 1; nth <= 3; nth++) {
        counting.fail_at = counting.call_count + nth;
        cr_assert_null(image_create_read(pool, &(struct os_file){ .size_bytes = 10000 }, "path"));
        cr_assert_eq(counting.live_bytes, live);
    }
    counting.fail_at = counting.call_count + 1;
    cr_assert_null(sessions_create(pool, 3, 1));
}

/* The image goes with the last state that may point into it. */
Test(state, copies_share_image_and_sessions)
{
    struct image *image = state->ids_image = image_create_private(pool, 100);
    state->sessions = sessions_create(pool, 2, 0);
    struct pecs_snapshot *const theirs = pecs_snapshot_retain(state);
    gate_close(&gate);
    cr_assert_eq(state_own(&gate, &state), PECS_OK);
    cr_assert_eq(state->ids_image, image);
    cr_assert_eq(state->sessions, theirs->sessions);
    cr_assert_eq(image->node.reference_count, 2);
    state_release(theirs);
    cr_assert_eq(image->node.reference_count, 1);
    cr_assert_eq(state->sessions->count, 2);
}
