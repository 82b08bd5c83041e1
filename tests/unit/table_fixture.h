/*
 * For tests of archetypes and tables: types as wide as a test wants, and tables whose chunks have four rows, so that
 * borders are near: one column of handles, one of u32 (Number), one of u8 (Letter), and a tag. A row's number says what
 * its values are.
 */
#ifndef TABLE_FIXTURE_H
#define TABLE_FIXTURE_H

#include "counting_allocator.h"
#include "state.h"
#include "table.h"

#include <pecs/pecs.h>

#include <criterion/criterion.h>

typedef struct {
    uint32_t value;
} Number;
PECS_COMPONENT(Number, 1, value);
typedef struct {
    uint8_t value;
} Letter;
PECS_COMPONENT(Letter, 1, value);
PECS_TAG(Mark, 1);

/* Types as wide as a test wants, up to the widest. */
static const uint32_t wide_bytes[] = { 4, 256, 257, 512, 4096, 524288, 524289, 1048576, 1048577, 16777216 };
enum { NUMBER, LETTER, MARK, WIDE, WIDE_COUNT = 10, TYPE_COUNT = WIDE + WIDE_COUNT };

static pecs_field wide_fields[WIDE_COUNT];
static pecs_type wide_types[WIDE_COUNT];
static char wide_names[WIDE_COUNT][8];
static const pecs_type *types[TYPE_COUNT] = { &Number_type, &Letter_type, &Mark_type };

static pecs_registry *registry;
static struct pool *pool;
static struct gate gate;

static inline void set_up(void)
{
    for (int i = 0; i < WIDE_COUNT; i++) {
        wide_names[i][0] = 'w';
        wide_names[i][1] = (char)('a' + i);
        wide_fields[i] = (pecs_field){ "bytes", PECS_U8, 0, wide_bytes[i], wide_bytes[i], 0, NULL, NULL, 0, 0, 0 };
        wide_types[i] = (pecs_type){ wide_names[i], { { 0 } }, 1, wide_bytes[i], 1, 1, &wide_fields[i], 0 };
        types[WIDE + i] = &wide_types[i];
    }
    const pecs_registry_desc desc = { .types = types, .type_count = TYPE_COUNT, .allocator = counting_hooks };
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
    pool = registry->pool;
    gate_init(&gate, pool);
    gate.tick = 20;
}

static inline void strike(void)
{
    gate_deinit(&gate);
    pecs_registry_release(registry);
    assert_no_leak();
}

static inline struct archetype *make_archetype(const pecs_component *components, uint32_t count)
{
    struct archetype *archetype = archetype_create(registry, NULL, components, count, false);
    cr_assert_not_null(archetype);
    return archetype;
}

enum { HANDLES, NUMBERS, LETTERS, COLUMN_COUNT };

static inline struct table *make_table(void)
{
    struct archetype *archetype = make_archetype((pecs_component[]){ NUMBER, LETTER, MARK }, 3);
    archetype->chunk_shift = 2;
    struct table *table = table_create(pool, archetype);
    cr_assert_not_null(table);
    node_release(pool, &archetype->node);
    return table;
}

/* A world would hold the table in a ref: this is what it does when its gate is closed. */
static inline struct table *own(struct table *table)
{
    struct ref ref = { &table->node, NULL, 0 };
    cr_assert_eq(node_own(pool, gate.epoch, &ref), PECS_OK);
    return (struct table *)ref.node;
}

static inline void write_row(uint8_t *const *values, uint32_t id)
{
    memcpy(values[HANDLES], &(pecs_entity){ id, id + 1 }, sizeof(pecs_entity));
    memcpy(values[NUMBERS], &id, sizeof(id));
    *values[LETTERS] = (uint8_t)id;
}

static inline void append(struct table *table, uint32_t id)
{
    cr_assert_eq(table_reserve_append(&gate, table), PECS_OK);
    const uint64_t row = table->row_count++;
    uint8_t *values[COLUMN_COUNT];
    for (uint32_t i = 0; i < COLUMN_COUNT; i++)
        values[i] = (uint8_t *)(uintptr_t)table_tail_value(&gate, table, i, row);
    write_row(values, id);
}

static inline struct table *make_filled(uint32_t row_count)
{
    struct table *table = make_table();
    for (uint32_t id = 0; id < row_count; id++)
        append(table, id);
    return table;
}

static inline bool row_is(const struct table *table, uint64_t row, uint32_t id)
{
    pecs_entity entity;
    uint32_t number;
    memcpy(&entity, table_value(table, HANDLES, row), sizeof(entity));
    memcpy(&number, table_value(table, NUMBERS, row), sizeof(number));
    return entity.index == id && entity.generation == id + 1 && number == id &&
           *table_value(table, LETTERS, row) == (uint8_t)id;
}

/* The rows are these, in this order. */
static inline void assert_rows(const struct table *table, const uint32_t *ids, uint64_t count)
{
    cr_assert_eq(table->row_count, count);
    for (uint64_t row = 0; row < count; row++)
        if (!row_is(table, row, ids[row]))
            cr_assert_fail("row %llu is not %u", (unsigned long long)row, ids[row]);
}

static inline void remove_row(struct table *table, uint64_t row)
{
    uint8_t *values[COLUMN_COUNT];
    const uint64_t before = table->row_count;
    cr_assert_eq(table_reserve_removal(&gate, table), PECS_OK);
    cr_assert_eq(table_own_row(&gate, table, row, values), PECS_OK);
    table_remove_row(&gate, table, row, values);
    table_trim(&gate, table, before);
}

static inline uint64_t array_count(const struct table *table, uint32_t column)
{
    uint64_t count = 0;
    for (uint64_t chunk = 0; chunk < 64; chunk++)
        count += tree_get(&table->columns[column].chunks, chunk) != NULL;
    return count;
}

#endif
