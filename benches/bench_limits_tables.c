/*
 * Limits of tables: small ones, those of a small world, W1's with swap-remove and an index, and copies of W1 that leave
 * something out.
 */
#define _GNU_SOURCE
#include "bench_limits.h"
#include "bench_limits_pages.h"

#include <stdlib.h>

static void room_number(struct limit_room *room)
{
    for (uint32_t i = 0; i < W3_ENTITIES; i++) {
        const uint32_t table = i / W3_ROWS, row = i % W3_ROWS;
        const w1_entity entity = { i, W1_FIRST_GENERATION };
        (table ? room->odd_entities : room->even_entities)[row] = entity;
        room->index[i] = (struct w1_record){ entity.generation, table, row, 0 };
    }
}

void limit_room_fill(struct limit_room *room)
{
    memset(room, 0, sizeof(*room));
    for (uint64_t i = 0, row = 0; i < W3_ENTITIES; row = ++i / 2) {
        w1_value(NULL, W1_POSITION, i, i % 2 ? room->odd_positions[row] : room->even_positions[row]);
        if (i % 2) {
            w1_value(NULL, W1_HEALTH, i, room->healths[row]);
            w1_value(NULL, W1_NAME, i, room->names[row]);
        } else {
            w1_value(NULL, W1_VELOCITY, i, room->velocities[row]);
        }
    }
    room_number(room);
}

struct limit_room *limit_room_create(const struct limit_room *from)
{
    struct limit_room *room = malloc(sizeof(*room));
    if (!room)
        return NULL;
    memcpy(room->even_positions, from->even_positions, sizeof(room->even_positions));
    memcpy(room->velocities, from->velocities, sizeof(room->velocities));
    memcpy(room->odd_positions, from->odd_positions, sizeof(room->odd_positions));
    memcpy(room->healths, from->healths, sizeof(room->healths));
    memcpy(room->names, from->names, sizeof(room->names));
    room_number(room);
    return room;
}

void limit_room_update(struct limit_room *room)
{
    w1_move(&room->even_positions[0][0], &room->velocities[0][0], W3_ROWS);
}

/* Small tables */

struct limit_small {
    uint32_t table_count, row_count;
    float **positions, **velocities;
};

struct limit_small *limit_small_create(uint32_t table_count, uint32_t row_count)
{
    struct limit_small *small = calloc(1, sizeof(*small));
    if (!small)
        return NULL;
    *small = (struct limit_small){ .table_count = table_count, .row_count = row_count };
    small->positions = calloc(table_count, sizeof(float *));
    small->velocities = calloc(table_count, sizeof(float *));
    const size_t array_bytes = (size_t)round_up((uint64_t)row_count * 12, 64);
    bool ok = small->positions && small->velocities;
    for (uint32_t t = 0; ok && t < table_count; t++) {
        small->positions[t] = aligned_alloc(64, array_bytes);
        small->velocities[t] = aligned_alloc(64, array_bytes);
        ok = small->positions[t] && small->velocities[t];
    }
    if (ok)
        return small;
    limit_small_destroy(small);
    return NULL;
}

void limit_small_destroy(struct limit_small *small)
{
    if (!small)
        return;
    for (uint32_t t = 0; small->positions && small->velocities && t < small->table_count; t++) {
        free(small->positions[t]);
        free(small->velocities[t]);
    }
    free(small->positions);
    free(small->velocities);
    free(small);
}

float *limit_small_positions(struct limit_small *small, uint32_t table)
{
    return small->positions[table];
}

float *limit_small_velocities(struct limit_small *small, uint32_t table)
{
    return small->velocities[table];
}

void limit_small_update(struct limit_small *small)
{
    for (uint32_t t = 0; t < small->table_count; t++)
        w1_move(small->positions[t], small->velocities[t], small->row_count);
}

/* Hand-written tables */

struct hand_table {
    uint64_t row_count;
    uint8_t *columns[W1_COMPONENT_COUNT]; /* NULL when the table lacks it */
    w1_entity *entities;
};

struct limit_tables {
    struct hand_table tables[W1_TABLE_COUNT];
    struct w1_record *index;
    uint64_t slot_count;
    uint32_t first_free;   /* slot + 1, or 0; a free slot's `row` is the next one */
    struct w1_layout room; /* offsets in memory, with the spare rows */
    uint8_t *memory;
};

static struct w1_layout room_for(const struct w1_layout *layout, uint64_t spare_rows)
{
    struct w1_layout room = { .size_bytes = 0 };
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++) {
        room.row_counts[t] = layout->row_counts[t] + spare_rows;
        for (int c = 0; c < W1_COMPONENT_COUNT; c++)
            if (w1_table_has(t, c)) {
                room.columns[t][c] = room.size_bytes;
                room.size_bytes += round_up(room.row_counts[t] * w1_sizes[c], 64);
            }
        room.entities[t] = room.size_bytes;
        room.size_bytes += round_up(room.row_counts[t] * sizeof(w1_entity), 64);
    }
    room.index = room.size_bytes;
    room.size_bytes += (layout->entity_count + spare_rows) * sizeof(struct w1_record);
    return room;
}

struct limit_tables *limit_tables_create(const struct w1_layout *layout, const uint8_t *block, uint64_t spare_rows)
{
    struct limit_tables *tables = calloc(1, sizeof(*tables));
    if (!tables)
        return NULL;
    tables->room = room_for(layout, spare_rows);
    tables->memory = limit_pages_allocate(tables->room.size_bytes);
    if (!tables->memory) {
        free(tables);
        return NULL;
    }
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++) {
        struct hand_table *table = &tables->tables[t];
        table->row_count = layout->row_counts[t];
        for (int c = 0; c < W1_COMPONENT_COUNT; c++)
            if (w1_table_has(t, c)) {
                table->columns[c] = tables->memory + tables->room.columns[t][c];
                memcpy(table->columns[c], block + layout->columns[t][c], table->row_count * w1_sizes[c]);
            }
        table->entities = (w1_entity *)(tables->memory + tables->room.entities[t]);
        memcpy(table->entities, block + layout->entities[t], table->row_count * sizeof(w1_entity));
    }
    tables->index = (struct w1_record *)(tables->memory + tables->room.index);
    tables->slot_count = layout->entity_count;
    memcpy(tables->index, block + layout->index, layout->entity_count * sizeof(struct w1_record));
    return tables;
}

void limit_tables_destroy(struct limit_tables *tables)
{
    if (!tables)
        return;
    limit_pages_release(tables->memory, tables->room.size_bytes);
    free(tables);
}

/* The sizes are known here, so that each copy is a few instructions. */
static inline void copy_value(struct hand_table *to, uint64_t to_row, int c, const void *value)
{
    uint8_t *place = to->columns[c] + to_row * w1_sizes[c];
    switch (c) {
    case W1_POSITION:
    case W1_VELOCITY:
        memcpy(place, value, 12);
        break;
    case W1_ROTATION:
    case W1_NAME:
        memcpy(place, value, 16);
        break;
    case W1_HEALTH:
    case W1_PARENT:
        memcpy(place, value, 8);
        break;
    case W1_TEAM:
        memcpy(place, value, 1);
        break;
    case W1_INVENTORY:
        memcpy(place, value, 48);
        break;
    default:
        break;
    }
}

static inline const void *value_of(const struct hand_table *table, uint64_t row, int c)
{
    return table->columns[c] + row * w1_sizes[c];
}

static void swap_remove(struct limit_tables *tables, struct hand_table *table, uint64_t row)
{
    const uint64_t last = --table->row_count;
    if (row == last)
        return;
    for (int c = 0; c < W1_COMPONENT_COUNT; c++)
        if (table->columns[c])
            copy_value(table, row, c, value_of(table, last, c));
    table->entities[row] = table->entities[last];
    tables->index[table->entities[row].index].row = (uint32_t)row;
}

w1_entity limit_tables_spawn(struct limit_tables *tables, uint32_t table, const void *const *values)
{
    uint32_t slot = (uint32_t)tables->slot_count;
    if (tables->first_free) {
        slot = tables->first_free - 1;
        tables->first_free = tables->index[slot].row;
    } else {
        tables->index[slot].generation = W1_FIRST_GENERATION;
        tables->slot_count++;
    }
    struct hand_table *to = &tables->tables[table];
    const uint64_t row = to->row_count++;
    for (int c = 0; c < W1_COMPONENT_COUNT; c++)
        if (to->columns[c])
            copy_value(to, row, c, values[c]);
    struct w1_record *record = &tables->index[slot];
    record->table = table;
    record->row = (uint32_t)row;
    to->entities[row] = (w1_entity){ slot, record->generation };
    return to->entities[row];
}

bool limit_tables_despawn(struct limit_tables *tables, w1_entity entity)
{
    struct w1_record *record = &tables->index[entity.index];
    if (record->generation != entity.generation)
        return false;
    swap_remove(tables, &tables->tables[record->table], record->row);
    record->generation++;
    record->row = tables->first_free;
    tables->first_free = entity.index + 1;
    return true;
}

bool limit_tables_move(struct limit_tables *tables, w1_entity entity, uint32_t table, const void *const *values)
{
    struct w1_record *record = &tables->index[entity.index];
    if (record->generation != entity.generation)
        return false;
    struct hand_table *from = &tables->tables[record->table], *to = &tables->tables[table];
    const uint64_t from_row = record->row, row = to->row_count++;
    for (int c = 0; c < W1_COMPONENT_COUNT; c++)
        if (to->columns[c])
            copy_value(to, row, c, from->columns[c] ? value_of(from, from_row, c) : values[c]);
    to->entities[row] = entity;
    swap_remove(tables, from, from_row);
    record->table = table;
    record->row = (uint32_t)row;
    return true;
}

uint64_t limit_tables_rows(const struct limit_tables *tables, uint32_t table)
{
    return tables->tables[table].row_count;
}

double limit_tables_sum(const struct limit_tables *tables)
{
    double sum = 0;
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++)
        sum += w1_sum((const float *)tables->tables[t].columns[W1_POSITION], tables->tables[t].row_count);
    return sum;
}

uint64_t limit_filter_columns(const struct w1_layout *layout, const uint8_t *block, uint8_t *out)
{
    enum { PARENTED = 4 }; /* table t + 4 has what table t has, and Parent and Inventory */
    struct w1_record *records = (struct w1_record *)(void *)(out + layout->index);
    uint8_t *handles = out;
    uint64_t count = 0;
    memcpy(records, block + layout->index, (size_t)layout->entity_count * sizeof(*records));
    for (uint32_t t = 0; t < W1_TABLE_COUNT - PARENTED; t++) {
        const w1_entity *moved = (const w1_entity *)(const void *)(block + layout->entities[t + PARENTED]);
        const uint64_t first = layout->row_counts[t], rows = layout->row_counts[t + PARENTED];
        memcpy(handles, block + layout->entities[t], (size_t)first * sizeof(*moved));
        memcpy(handles + first * sizeof(*moved), moved, (size_t)rows * sizeof(*moved));
        for (uint64_t row = 0; row < rows; row++) {
            records[moved[row].index].table = t;
            records[moved[row].index].row = (uint32_t)(first + row);
        }
        handles += (first + rows) * sizeof(*moved);
        count += first + rows;
    }
    return count;
}

uint64_t limit_filter_rows(const struct w1_layout *layout, const uint8_t *block, uint8_t *out)
{
    struct w1_record *records = (struct w1_record *)(void *)(out + layout->index);
    uint64_t cleared = 0;
    memcpy(records, block + layout->index, (size_t)layout->entity_count * sizeof(*records));
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++) {
        const w1_entity *gone = (const w1_entity *)(const void *)(block + layout->entities[t]);
        for (uint64_t row = 0; w1_table_has(t, W1_HEALTH) && row < layout->row_counts[t]; row++)
            records[gone[row].index].table = UINT32_MAX;
    }
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++) {
        if (w1_table_has(t, W1_HEALTH) || !w1_table_has(t, W1_PARENT))
            continue;
        w1_entity *parents = (w1_entity *)(void *)(out + layout->columns[t][W1_PARENT]);
        memcpy(parents, block + layout->columns[t][W1_PARENT], (size_t)layout->row_counts[t] * sizeof(*parents));
        for (uint64_t row = 0; row < layout->row_counts[t]; row++) {
            const w1_entity parent = parents[row];
            if (parent.generation && records[parent.index].table == UINT32_MAX) {
                parents[row] = (w1_entity){ 0, 0 };
                cleared++;
            }
        }
    }
    return cleared;
}
