/*
 * Values. A span of a component is looked at in all rows before the next span is: short loops, each over one kind. Most
 * values are right, so a row's span is first only found to be right or not.
 */
#include "values.h"

#include "utf8.h"

/* Each gives the offset in the span of the first element that is wrong; the span's size: none is. */
typedef uint32_t find_function(const struct value_span *span, const uint8_t *bytes, const struct values_index *index);

static uint32_t find_wrong_bool(const struct value_span *span, const uint8_t *bytes, const struct values_index *index)
{
    (void)index;
    uint32_t at = 0;
    while (at < span->size && bytes[at] <= 1)
        at++;
    return at;
}

static uint32_t find_wrong_enum(const struct value_span *span, const uint8_t *bytes, const struct values_index *index)
{
    (void)index;
    for (uint32_t at = 0; at < span->size; at += span->width) {
        uint32_t number = bytes[at];
        for (uint32_t i = 1; i < span->width; i++)
            number |= (uint32_t)bytes[at + i] << 8 * i;
        if (number >= span->limit)
            return at;
    }
    return span->size;
}

#define HIGH_BITS UINT64_C(0x8080808080808080)
#define LOW_BITS UINT64_C(0x0101010101010101)

/* ASCII, then zeros: most texts, eight bytes at a time. */
static bool text_is_ascii(const uint8_t *text, uint32_t size)
{
    bool has_ended = false;
    for (uint32_t at = 0; at < size; at += 8) {
        uint64_t word = 0;
        if (size - at >= 8)
            memcpy(&word, text + at, 8);
        else
            memcpy(&word, text + at, size - at);
        if (word & HIGH_BITS || (has_ended && word))
            return false;
        const uint64_t zeros = (word - LOW_BITS) & ~word & HIGH_BITS;
        if (!zeros)
            continue;
        if (word >> (__builtin_ctzll(zeros) & ~7))
            return false; /* something follows the first zero byte */
        has_ended = true;
    }
    return true;
}

/* UTF-8, then zeros. */
static bool text_is_right(const uint8_t *text, uint32_t size)
{
    if (text_is_ascii(text, size))
        return true;
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

static uint32_t find_wrong_text(const struct value_span *span, const uint8_t *bytes, const struct values_index *index)
{
    (void)index;
    uint32_t at = 0;
    while (at < span->size && text_is_right(bytes + at, span->width))
        at += span->width;
    return at;
}

static uint32_t find_wrong_entity(const struct value_span *span, const uint8_t *bytes, const struct values_index *index)
{
    for (uint32_t at = 0; at < span->size; at += (uint32_t)sizeof(pecs_entity)) {
        pecs_entity entity;
        memcpy(&entity, bytes + at, sizeof(entity));
        if (entity.index < index->slot_count &&
            (entity.generation <= index->lowest_generations[entity.index >> CHUNK_SHIFT] ||
             entity.generation <= index->records[entity.index].generation))
            continue;
        if (entity.index || entity.generation)
            return at;
    }
    return span->size;
}

static const struct {
    const char *rule;
    find_function *find;
} kinds[] = {
    [PECS_BOOL] = { "VALUE-1", find_wrong_bool },
    [PECS_ENUM] = { "VALUE-2", find_wrong_enum },
    [PECS_TEXT] = { "VALUE-3", find_wrong_text },
    [PECS_ENTITY] = { "VALUE-4", find_wrong_entity },
};

const char *values_find_wrong(const struct component *component, const uint8_t *values, uint64_t row_count,
                              const struct values_index *index, uint64_t *ret_offset)
{
    const char *rule = NULL;
    for (size_t i = 0; i < component->special.count; i++) {
        const struct value_span *span = &component->special.spans[i];
        find_function *const find = kinds[span->kind].find;
        for (uint64_t row = 0; row < row_count; row++) {
            const uint64_t start = row * component->size + span->offset;
            const uint32_t at = find(span, values + start, index);
            if (at == span->size)
                continue;
            if (!rule || start + at < *ret_offset)
                *ret_offset = start + at;
            rule = *ret_offset == start + at ? kinds[span->kind].rule : rule;
            row_count = row + 1; /* later spans only matter up to here */
        }
    }
    return rule;
}
