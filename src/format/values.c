/*
 * Values. A span of a component is looked at in many rows before the next span is: short loops, each over one kind,
 * that find most values right without a branch that is not foreseen. As many rows as stay in the cache from span to
 * span.
 */
#include "values.h"

#include "error.h"
#include "utf8.h"

#include <stdio.h>

enum { BLOCK_BYTES = 128 * 1024 };

/* A span in rows of values, `stride` bytes apart; `bytes` is where that of the first row is. */
struct rows {
    const struct value_span *span;
    const uint8_t *bytes;
    size_t stride;
    uint64_t count;
};

/* The offset, from `bytes`, of the first element that is wrong; NONE_WRONG. */
typedef uint64_t find_function(const struct rows *rows, const struct values_index *index);
#define NONE_WRONG UINT64_MAX

static uint64_t find_wrong_bool(const struct rows *rows, const struct values_index *index)
{
    (void)index;
    for (uint64_t row = 0; row < rows->count; row++)
        for (uint32_t at = 0; at < rows->span->size; at++)
            if (rows->bytes[row * rows->stride + at] > 1)
                return row * rows->stride + at;
    return NONE_WRONG;
}

static uint32_t load_number(const uint8_t *bytes, uint32_t width)
{
    uint32_t number = bytes[0];
    for (uint32_t i = 1; i < width; i++)
        number |= (uint32_t)bytes[i] << 8 * i;
    return number;
}

static uint64_t find_wrong_enum(const struct rows *rows, const struct values_index *index)
{
    (void)index;
    const struct value_span *span = rows->span;
    for (uint64_t row = 0; row < rows->count; row++)
        for (uint32_t at = 0; at < span->size; at += span->width)
            if (load_number(rows->bytes + row * rows->stride + at, span->width) >= span->limit)
                return row * rows->stride + at;
    return NONE_WRONG;
}

#define HIGH_BITS UINT64_C(0x8080808080808080)

/*
 * ASCII, then zeros: most texts, eight bytes at a time. In `present` the highest bit of each byte tells that the byte
 * is not zero; one that is must have one before it, in its word or at the end of the last.
 */
static inline bool text_is_ascii(const uint8_t *text, uint32_t size)
{
    uint64_t wrong = 0, before = 0x80;
    uint32_t at = 0;
    for (; at + 8 <= size; at += 8) {
        uint64_t word;
        memcpy(&word, text + at, 8);
        const uint64_t present = ((word & ~HIGH_BITS) + ~HIGH_BITS) & HIGH_BITS;
        wrong |= (word & HIGH_BITS) | (present & ~(present << 8 | before));
        before = present >> 56;
    }
    if (at < size) {
        uint64_t word = 0;
        memcpy(&word, text + at, size - at);
        const uint64_t present = ((word & ~HIGH_BITS) + ~HIGH_BITS) & HIGH_BITS;
        wrong |= (word & HIGH_BITS) | (present & ~(present << 8 | before));
    }
    return wrong == 0;
}

/* UTF-8, then zeros. */
static bool text_is_right(const uint8_t *text, uint32_t size)
{
    uint32_t at = 0, code;
    while (at < size && text[at]) {
        const unsigned step = utf8_step(text + at, size - at, &code);
        if (!step)
            return false;
        at += step;
    }
    uint8_t rest = 0;
    for (; at < size; at++)
        rest |= text[at];
    return rest == 0;
}

/* Inlined for the widths that are common, whose loops then go. */
static inline __attribute__((always_inline)) uint64_t find_wrong_wide(const struct rows *rows, uint32_t size,
                                                                      uint32_t width)
{
    for (uint64_t row = 0; row < rows->count; row++) {
        const uint8_t *bytes = rows->bytes + row * rows->stride;
        for (uint32_t at = 0; at < size; at += width)
            if (!text_is_ascii(bytes + at, width) && !text_is_right(bytes + at, width))
                return row * rows->stride + at;
    }
    return NONE_WRONG;
}

static uint64_t find_wrong_text(const struct rows *rows, const struct values_index *index)
{
    (void)index;
    const uint32_t size = rows->span->size, width = rows->span->width;
    if (size == 16 && width == 16)
        return find_wrong_wide(rows, 16, 16);
    if (size == 32 && width == 32)
        return find_wrong_wide(rows, 32, 32);
    return find_wrong_wide(rows, size, width);
}

static uint64_t find_wrong_entity(const struct rows *rows, const struct values_index *index)
{
    const uint32_t size = rows->span->size;
    const uint64_t slot_count = index->slot_count;
    const uint32_t *lowest = index->lowest_generations;
    for (uint64_t row = 0; row < rows->count; row++) {
        const uint8_t *bytes = rows->bytes + row * rows->stride;
        for (uint32_t at = 0; at < size; at += (uint32_t)sizeof(pecs_entity)) {
            pecs_entity entity;
            memcpy(&entity, bytes + at, sizeof(entity));
            if (entity.index < slot_count && (entity.generation <= lowest[entity.index >> CHUNK_SHIFT] ||
                                              entity.generation <= index->records[entity.index].generation))
                continue;
            if (entity.index || entity.generation)
                return row * rows->stride + at;
        }
    }
    return NONE_WRONG;
}

static const struct {
    const char *rule;
    find_function *find;
    const char *what;
} kinds[] = {
    [PECS_BOOL] = { "VALUE-1", find_wrong_bool, "is neither 0 nor 1" },
    [PECS_ENUM] = { "VALUE-2", find_wrong_enum, "is no value of its enum" },
    [PECS_TEXT] = { "VALUE-3", find_wrong_text, "is not UTF-8 and then only zeros" },
    [PECS_ENTITY] = { "VALUE-4", find_wrong_entity, "is the handle of an entity that never was" },
};

/* Value by value, for what is not listed. */
static const char *find_wrong_by_walk(const struct component *component, const uint8_t *values, uint64_t row_count,
                                      const struct values_index *index, uint64_t *ret_offset)
{
    for (uint64_t row = 0; row < row_count; row++) {
        struct span_iter iter;
        struct value_span span;
        for (span_iter_begin(&iter, component, &component->special); span_iter_next(&iter, &span);) {
            const struct rows one = { &span, values + row * component->size + span.offset, component->size, 1 };
            const uint64_t found = kinds[span.kind].find(&one, index);
            if (BREAKS(kinds[span.kind].rule, found != NONE_WRONG)) {
                *ret_offset = row * component->size + span.offset + found;
                return kinds[span.kind].rule;
            }
        }
    }
    return NULL;
}

static const char *find_wrong_in_block(const struct component *component, const uint8_t *values, uint64_t cell_count,
                                       const struct values_index *index, uint64_t *ret_offset)
{
    const char *rule = NULL;
    for (size_t i = 0; i < component->special.count; i++) {
        const struct value_span *span = &component->special.spans[i];
        const struct rows rows = { span, values + span->offset, component->cell_size, cell_count };
        const uint64_t found = kinds[span->kind].find(&rows, index);
        if (!BREAKS(kinds[span->kind].rule, found != NONE_WRONG) || (rule && span->offset + found > *ret_offset))
            continue;
        rule = kinds[span->kind].rule;
        *ret_offset = span->offset + found;
        cell_count = found / component->cell_size + 1; /* later spans only matter up to here */
    }
    return rule;
}

const char *values_find_wrong(const struct component *component, const uint8_t *values, uint64_t row_count,
                              const struct values_index *index, uint64_t *ret_offset)
{
    const char *rule = NULL;
    if (component->special.is_walked)
        return find_wrong_by_walk(component, values, row_count, index, ret_offset);
    const uint64_t cell_count = row_count * component->cell_count;
    const uint64_t block_cells = component->cell_size < BLOCK_BYTES ? BLOCK_BYTES / component->cell_size : 1;
    for (uint64_t first = 0; !rule && first < cell_count; first += block_cells) {
        const uint64_t offset = first * component->cell_size;
        rule = find_wrong_in_block(component, values + offset, min_u64(block_cells, cell_count - first), index,
                                   ret_offset);
        if (rule)
            *ret_offset += offset;
    }
    return rule;
}

void values_tell_wrong(const struct component *component, const char *rule, uint64_t offset, char *text,
                       size_t capacity)
{
    const pecs_type *type = component->type;
    size_t used = 0;
    bool is_struct = true;
    while (is_struct && used < capacity) {
        const pecs_field *field = type->fields;
        while (offset >= field->offset + field->size)
            field++;
        const int size = snprintf(text + used, capacity - used, "%s%.40s", used ? "." : "", field->name);
        used += size > 0 ? (size_t)size : 0;
        is_struct = field->kind == PECS_STRUCT;
        if (is_struct) {
            type = field->nested;
            offset = (offset - field->offset) % type->size;
        }
    }
    for (size_t kind = 0; used < capacity && kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
        if (kinds[kind].rule && strcmp(kinds[kind].rule, rule) == 0)
            snprintf(text + used, capacity - used, " of '%.60s' %s", component->type->name, kinds[kind].what);
}
