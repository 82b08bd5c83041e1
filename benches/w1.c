/*
 * The generator of W1. Float arithmetic is done in f32 step by step: build it with -ffp-contract=off, or a fused
 * multiply-add gives other bits on other machines.
 */
#include "w1.h"

#include <math.h>

static const char magic[8] = "W1 raw\n";

const uint32_t w1_sizes[W1_COMPONENT_COUNT] = { 12, 12, 16, 8, 1, 16, 8, 48 };
const char *const w1_names[W1_COMPONENT_COUNT] = { "Position", "Velocity", "Rotation", "Health",
                                                   "Team",     "Name",     "Parent",   "Inventory" };

static const char *const words[32] = { "orc",      "goblin",   "knight",   "archer", "mage",  "wolf",   "dragon",
                                       "skeleton", "villager", "merchant", "guard",  "thief", "priest", "golem",
                                       "spider",   "bandit",   "troll",    "elf",    "dwarf", "rat",    "slime",
                                       "witch",    "ghost",    "vampire",  "bear",   "boar",  "deer",   "horse",
                                       "captain",  "soldier",  "peasant",  "wizard" };

uint64_t w1_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

uint64_t w1_random(uint64_t i, uint32_t k)
{
    return w1_mix(64 * i + k);
}

bool w1_table_has(uint32_t table, enum w1_component component)
{
    static const uint8_t masks[W1_COMPONENT_COUNT] = { 0, 1, 1, 2, 2, 2, 4, 4 };
    return (table & masks[component]) == masks[component];
}

static uint64_t place(struct w1_layout *layout, uint64_t size_bytes)
{
    const uint64_t offset = (layout->size_bytes + 63) & ~(uint64_t)63;
    layout->size_bytes = offset + size_bytes;
    layout->content_bytes += size_bytes;
    return offset;
}

struct w1_layout w1_layout_of(uint64_t entity_count, bool shuffled)
{
    struct w1_layout layout = { .entity_count = entity_count, .shuffled = shuffled, .size_bytes = 64 };
    for (uint32_t table = 0; table < W1_TABLE_COUNT; table++) {
        const uint64_t rows = entity_count > table ? (entity_count - table + 7) / 8 : 0;
        layout.row_counts[table] = rows;
        for (int c = 0; c < W1_COMPONENT_COUNT; c++)
            if (w1_table_has(table, c))
                layout.columns[table][c] = place(&layout, rows * w1_sizes[c]);
        layout.entities[table] = place(&layout, rows * sizeof(w1_entity));
    }
    layout.index = place(&layout, entity_count * sizeof(struct w1_record));
    return layout;
}

bool w1_layout_read(const void *bytes, struct w1_layout *ret_layout)
{
    struct w1_header header;
    memcpy(&header, bytes, sizeof(header));
    if (memcmp(header.magic, magic, sizeof(magic)) != 0)
        return false;
    *ret_layout = w1_layout_of(header.entity_count, header.shuffled != 0);
    return true;
}

w1_entity w1_entity_of(const struct w1_layout *layout, uint64_t i)
{
    uint64_t index = i;
    if (!layout->shuffled) {
        index = i / 8;
        for (uint32_t table = 0; table < i % 8; table++)
            index += layout->row_counts[table];
    }
    return (w1_entity){ (uint32_t)index, W1_FIRST_GENERATION };
}

/* A float in [-amplitude, amplitude) from the upper 24 bits of 32. */
static float spread(uint64_t bits, float amplitude)
{
    return ((float)((uint32_t)bits >> 8) / 8388608.0f - 1.0f) * amplitude;
}

static void fill_vector(float *xyz, uint64_t i, uint32_t k, float amplitude)
{
    const uint64_t first = w1_random(i, k), second = w1_random(i, k + 1);
    xyz[0] = spread(first, amplitude);
    xyz[1] = spread(first >> 32, amplitude);
    xyz[2] = spread(second, amplitude);
}

static void fill_rotation(float *xyzw, uint64_t i)
{
    const uint64_t first = w1_random(i, 4), second = w1_random(i, 5);
    const float x = spread(first, 1), y = spread(first >> 32, 1), z = spread(second, 1), w = spread(second >> 32, 1);
    const float length = sqrtf(x * x + y * y + z * z + w * w);
    xyzw[0] = x / length;
    xyzw[1] = y / length;
    xyzw[2] = z / length;
    xyzw[3] = w / length;
}

static void fill_health(int32_t *current_max, uint64_t i)
{
    current_max[0] = (int32_t)(w1_random(i, 6) % 101);
    current_max[1] = 100;
}

static void fill_name(char *name, uint64_t i)
{
    const char *word = words[w1_random(i, 8) & 31];
    memcpy(name, word, strlen(word));
}

static void fill_parent(w1_entity *parent, const struct w1_layout *layout, uint64_t i)
{
    if (i > 0)
        *parent = w1_entity_of(layout, i - 1 - w1_random(i, 9) % (i < 256 ? i : 256));
}

static void fill_inventory(uint16_t *slots, uint64_t i)
{
    const uint32_t slot_count = (uint32_t)(w1_random(i, 10) % 25);
    for (uint32_t slot = 0; slot < slot_count; slot++)
        slots[slot] = (uint16_t)(1 + w1_random(i, 16 + slot) % 500);
}

void w1_value(const struct w1_layout *layout, enum w1_component component, uint64_t i, void *value)
{
    switch (component) {
    case W1_POSITION:
        fill_vector(value, i, 0, 1000);
        break;
    case W1_VELOCITY:
        fill_vector(value, i, 2, 10);
        break;
    case W1_ROTATION:
        fill_rotation(value, i);
        break;
    case W1_HEALTH:
        fill_health(value, i);
        break;
    case W1_TEAM:
        *(uint8_t *)value = (uint8_t)(w1_random(i, 7) & 7);
        break;
    case W1_NAME:
        fill_name(value, i);
        break;
    case W1_PARENT:
        fill_parent(value, layout, i);
        break;
    case W1_INVENTORY:
        fill_inventory(value, i);
        break;
    case W1_COMPONENT_COUNT:
        break;
    }
}

static void fill_column(const struct w1_layout *layout, uint8_t *column, uint32_t table, enum w1_component component)
{
    for (uint64_t row = 0; row < layout->row_counts[table]; row++)
        w1_value(layout, component, 8 * row + table, column + row * w1_sizes[component]);
}

void w1_fill(const struct w1_layout *layout, uint8_t *block)
{
    struct w1_header header = { .entity_count = layout->entity_count, .shuffled = layout->shuffled };
    memcpy(header.magic, magic, sizeof(magic));
    memcpy(block, &header, sizeof(header));
    struct w1_record *index = (struct w1_record *)(block + layout->index);
    for (uint32_t table = 0; table < W1_TABLE_COUNT; table++) {
        for (int c = 0; c < W1_COMPONENT_COUNT; c++)
            if (layout->columns[table][c])
                fill_column(layout, block + layout->columns[table][c], table, c);
        w1_entity *entities = (w1_entity *)(block + layout->entities[table]);
        for (uint64_t row = 0; row < layout->row_counts[table]; row++) {
            entities[row] = w1_entity_of(layout, 8 * row + table);
            index[entities[row].index] = (struct w1_record){ entities[row].generation, table, (uint32_t)row, 0 };
        }
    }
}

void w1_move(float *restrict position, const float *restrict velocity, size_t row_count)
{
    for (size_t i = 0; i < 3 * row_count; i++)
        position[i] += velocity[i] * (1.0f / 60.0f);
}
