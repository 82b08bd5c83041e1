/*
 * Values. A span of a component is looked at in many values before the next span is: short loops, each over one kind,
 * that find most values right without a branch that is not foreseen. As many values as stay in the cache from span to
 * span.
 */
#include "values.h"

#include "error.h"
#include "utf8.h"

#include <stdio.h>

enum { BLOCK_BYTES = 128 * 1024 };

/* Places of a span, `stride` bytes apart; `bytes` is the first. */
struct places {
    const struct value_span *span;
    const uint8_t *bytes;
    size_t stride;
    uint64_t count;
};

/* The offset, from `bytes`, of the first element that is wrong; NONE_WRONG. */
typedef uint64_t find_function(const struct places *places, const struct values_index *index);
#define NONE_WRONG UINT64_MAX

static uint64_t find_wrong_bool(const struct places *places, const struct values_index *index)
{
    (void)index;
    for (uint64_t i = 0; i < places->count; i++)
        for (uint32_t at = 0; at < places->span->size; at++)
            if (places->bytes[i * places->stride + at] > 1)
                return i * places->stride + at;
    return NONE_WRONG;
}

static uint32_t load_number(const uint8_t *bytes, uint32_t width)
{
    uint32_t number = bytes[0];
    for (uint32_t i = 1; i < width; i++)
        number |= (uint32_t)bytes[i] << 8 * i;
    return number;
}

static uint64_t find_wrong_enum(const struct places *places, const struct values_index *index)
{
    (void)index;
    const struct value_span *span = places->span;
    for (uint64_t i = 0; i < places->count; i++)
        for (uint32_t at = 0; at < span->size; at += span->width)
            if (load_number(places->bytes + i * places->stride + at, span->width) >= span->limit)
                return i * places->stride + at;
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
static inline __attribute__((always_inline)) uint64_t find_wrong_wide(const struct places *places, uint32_t size,
                                                                      uint32_t width)
{
    for (uint64_t i = 0; i < places->count; i++) {
        const uint8_t *bytes = places->bytes + i * places->stride;
        for (uint32_t at = 0; at < size; at += width)
            if (!text_is_ascii(bytes + at, width) && !text_is_right(bytes + at, width))
                return i * places->stride + at;
    }
    return NONE_WRONG;
}

static uint64_t find_wrong_text(const struct places *places, const struct values_index *index)
{
    (void)index;
    const uint32_t size = places->span->size, width = places->span->width;
    if (size == 16 && width == 16)
        return find_wrong_wide(places, 16, 16);
    if (size == 32 && width == 32)
        return find_wrong_wide(places, 32, 32);
    return find_wrong_wide(places, size, width);
}

static uint64_t find_wrong_entity(const struct places *places, const struct values_index *index)
{
    const uint32_t size = places->span->size;
    const uint64_t slot_count = index->slot_count;
    const uint32_t *lowest = index->lowest_generations;
    for (uint64_t i = 0; i < places->count; i++) {
        const uint8_t *bytes = places->bytes + i * places->stride;
        for (uint32_t at = 0; at < size; at += (uint32_t)sizeof(pecs_entity)) {
            pecs_entity entity;
            memcpy(&entity, bytes + at, sizeof(entity));
            if (entity.index < slot_count && (entity.generation <= lowest[entity.index >> CHUNK_SHIFT] ||
                                              entity.generation <= index->records[entity.index].generation))
                continue;
            if (entity.index || entity.generation)
                return i * places->stride + at;
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

/* Runs come in no order: all of a block are looked at. */
static const char *find_wrong_in_block(const struct component *component, const uint8_t *values, uint64_t row_count,
                                       const struct values_index *index, uint64_t *ret_offset)
{
    const char *rule = NULL;
    struct span_run_iter iter;
    struct span_run run;
    for (span_run_begin(&iter, &component->special, row_count); span_run_next(&iter, &run);) {
        const struct places places = { &run.span, values + run.offset, run.stride, run.count };
        const uint64_t found = kinds[run.span.kind].find(&places, index);
        if (!BREAKS(kinds[run.span.kind].rule, found != NONE_WRONG) || (rule && run.offset + found > *ret_offset))
            continue;
        rule = kinds[run.span.kind].rule;
        *ret_offset = run.offset + found;
    }
    return rule;
}

const char *values_find_wrong(const struct component *component, const uint8_t *values, uint64_t row_count,
                              const struct values_index *index, uint64_t *ret_offset)
{
    const char *rule = NULL;
    const uint64_t block_rows = component->size < BLOCK_BYTES ? BLOCK_BYTES / component->size : 1;
    for (uint64_t first = 0; !rule && first < row_count; first += block_rows) {
        const uint64_t offset = first * component->size;
        rule =
            find_wrong_in_block(component, values + offset, min_u64(block_rows, row_count - first), index, ret_offset);
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
