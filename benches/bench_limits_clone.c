/*
 * Limits of clones and merges: what must be written is written once. A merge leaves the columns without references
 * where they are.
 */
#include "bench_limits.h"

/* Fills a column with copies of one value, by doubling. */
static void clone_fill(uint8_t *to, const uint8_t *value, uint64_t size, uint64_t count)
{
    memcpy(to, value, (size_t)size);
    for (uint64_t done = 1; done < count;) {
        const uint64_t more = done < count - done ? done : count - done;
        memcpy(to + done * size, to, (size_t)(more * size));
        done += more;
    }
}

static w1_entity clone_first(const struct w1_layout *layout, const uint8_t *block, uint32_t table)
{
    w1_entity entity;
    memcpy(&entity, block + layout->entities[table], sizeof(entity));
    return entity;
}

void limit_clone(const struct w1_layout *layout, const uint8_t *block, uint8_t *out)
{
    struct w1_record *records = (struct w1_record *)(void *)(out + layout->index);
    const uint64_t copies = layout->entity_count / W1_TABLE_COUNT;
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++) {
        w1_entity *handles = (w1_entity *)(void *)(out + layout->entities[t]);
        for (int c = 0; c < W1_COMPONENT_COUNT; c++)
            if (w1_table_has(t, (enum w1_component)c))
                clone_fill(out + layout->columns[t][c], block + layout->columns[t][c], w1_sizes[c], copies);
        for (uint64_t i = 0; i < copies; i++) {
            const uint64_t slot = i * W1_TABLE_COUNT + t;
            handles[i] = (w1_entity){ (uint32_t)slot, W1_FIRST_GENERATION };
            records[slot] = (struct w1_record){ W1_FIRST_GENERATION, t, (uint32_t)i, 0 };
        }
        if (!w1_table_has(t, W1_PARENT))
            continue;
        w1_entity *parents = (w1_entity *)(void *)(out + layout->columns[t][W1_PARENT]);
        uint32_t place = 0;
        while (place < W1_TABLE_COUNT && clone_first(layout, block, place).index != parents[0].index)
            place++;
        for (uint64_t i = 0; i < copies; i++)
            parents[i] = place < W1_TABLE_COUNT
                             ? (w1_entity){ (uint32_t)(i * W1_TABLE_COUNT + place), W1_FIRST_GENERATION }
                             : (w1_entity){ 0, 0 };
    }
}

void limit_merge(const struct w1_layout *layout, const uint8_t *block, uint64_t nonce, uint8_t *out,
                 struct limit_id *ids, w1_entity *map)
{
    struct w1_record *records = (struct w1_record *)(void *)(out + layout->index);
    uint32_t slot = 0;
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++) {
        const w1_entity *from = (const w1_entity *)(const void *)(block + layout->entities[t]);
        w1_entity *handles = (w1_entity *)(void *)(out + layout->entities[t]);
        for (uint64_t row = 0; row < layout->row_counts[t]; row++, slot++) {
            handles[row] = map[from[row].index] = (w1_entity){ slot, W1_FIRST_GENERATION };
            records[slot] = (struct w1_record){ W1_FIRST_GENERATION, t, (uint32_t)row, 0 };
            memcpy(ids[slot].bytes, &nonce, sizeof(nonce));
            memcpy(ids[slot].bytes + sizeof(nonce), &from[row], sizeof(from[row]));
        }
    }
    for (uint32_t t = 0; t < W1_TABLE_COUNT; t++) {
        const uint64_t column = layout->columns[t][W1_PARENT];
        const w1_entity *from = (const w1_entity *)(const void *)(block + column);
        w1_entity *parents = (w1_entity *)(void *)(out + column);
        for (uint64_t row = 0; w1_table_has(t, W1_PARENT) && row < layout->row_counts[t]; row++)
            parents[row] = from[row].generation ? map[from[row].index] : from[row];
    }
}
