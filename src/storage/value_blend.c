/*
 * A blend of 2 to 32 bytes is written in one or two parts of a power of two, the second at its end: so they may
 * overlap. A part is read as a whole, with bytes around the copied ones; so the first and the last values, for which
 * these bytes may lie outside of what there is, are done byte by byte.
 */
#include "value_blend.h"

#include "bytes.h"

#include <assert.h>

static bool blend_add(struct blend *blend, const struct map_step *step)
{
    const bool is_copy = step->kind == MAP_COPY;
    const uint32_t at = blend->size_bytes;
    if ((!is_copy && step->kind != MAP_CONSTANT) || step->to_bytes > BLEND_BYTES - at ||
        (at && step->to != blend->to + at) ||
        (is_copy && blend->kept_end && step->from != blend->from + (at - blend->kept)))
        return false;
    if (!at)
        blend->to = step->to;
    if (is_copy && !blend->kept_end) {
        blend->from = step->from;
        blend->kept = at;
    }
    memset(blend->mask + at, is_copy ? 255 : 0, step->to_bytes);
    if (!is_copy && step->of.bytes)
        memcpy(blend->constants + at, step->of.bytes, step->to_bytes);
    else
        memset(blend->constants + at, 0, step->to_bytes);
    blend->size_bytes += step->to_bytes;
    if (is_copy)
        blend->kept_end = blend->size_bytes;
    return true;
}

size_t blend_join(struct blend *blend, const struct map_steps *steps, size_t first)
{
    size_t count = 0;
    blend->size_bytes = blend->from = blend->kept = blend->kept_end = 0;
    while (first + count < steps->count && blend_add(blend, &steps->steps[first + count]))
        count++;
    return count;
}

static void blend_by_bytes(const struct blend *blend, const struct convert_values *values, uint64_t first, uint64_t end)
{
    for (uint64_t i = first; i < end; i++) {
        const uint8_t *from = values->from + i * values->from_stride + blend->from;
        uint8_t *to = values->to + i * values->to_stride + blend->to;
        memcpy(to, blend->constants, blend->size_bytes);
        for (uint32_t at = blend->kept; at < blend->kept_end; at++)
            if (blend->mask[at])
                to[at] = from[at - blend->kept];
    }
}

/* Inlined with constants for the parts, so each is a register. */
static inline void blend_loop(const struct blend *blend, const struct convert_values *values, uint64_t first,
                              uint64_t end, uint32_t part_bytes, uint32_t part_count)
{
    const uint32_t places[] = { 0, blend->size_bytes - part_bytes };
    const size_t from_stride = values->from_stride, to_stride = values->to_stride;
    uint8_t masks[2][16], constants[2][16], part[16];
    assert(part_count <= sizeof(places) / sizeof(places[0]));
    if (first >= end)
        return;
    for (uint32_t p = 0; p < part_count; p++) {
        memcpy(masks[p], blend->mask + places[p], part_bytes);
        memcpy(constants[p], blend->constants + places[p], part_bytes);
    }
    const uint8_t *from = values->from + first * from_stride + blend->from - blend->kept;
    uint8_t *to = values->to + first * to_stride + blend->to;
    for (uint64_t i = first; i < end; i++, from += from_stride, to += to_stride)
        for (uint32_t p = 0; p < part_count; p++) {
            memcpy(part, from + places[p], part_bytes);
            for (uint32_t b = 0; b < part_bytes; b++)
                part[b] = (uint8_t)((part[b] & masks[p][b]) | constants[p][b]);
            memcpy(to + places[p], part, part_bytes);
        }
}

void blend_values(const struct blend *blend, const struct convert_values *values)
{
    const uint32_t size = blend->size_bytes;
    uint64_t first = 0, end = values->count; /* of the values whose neighbours have all bytes that are read */
    struct convert_values constants = *values;
    if (!blend->kept_end) { /* nothing is kept of what is read */
        constants.from = blend->constants;
        constants.from_stride = 0;
        values = &constants;
    } else {
        const uint64_t before = (blend->kept + values->from_stride - 1) / values->from_stride;
        const uint64_t behind = (size - blend->kept_end + values->from_stride - 1) / values->from_stride;
        first = min_u64(before, values->count);
        end = max_u64(first, values->count - min_u64(behind, values->count));
    }
    blend_by_bytes(blend, values, 0, first);
    if (size > 16)
        blend_loop(blend, values, first, end, 16, 2);
    else if (size == 16)
        blend_loop(blend, values, first, end, 16, 1);
    else if (size > 8)
        blend_loop(blend, values, first, end, 8, 2);
    else if (size == 8)
        blend_loop(blend, values, first, end, 8, 1);
    else if (size > 4)
        blend_loop(blend, values, first, end, 4, 2);
    else if (size == 4)
        blend_loop(blend, values, first, end, 4, 1);
    else
        blend_loop(blend, values, first, end, 2, size - 1);
    blend_by_bytes(blend, values, end, values->count);
}
