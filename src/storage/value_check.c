/*
 * Verifies values. One span of a component is verified in a whole block of values before the next span: short loops
 * over one kind, which accept most values without unpredictable branches. A block stays in the cache from span to span.
 */
#include "value_check.h"

#include "content.h"
#include "error.h"
#include "state_types.h"
#include "utf8.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    BLOCK_BYTES = 128 * 1024,
    STRING_RUN_BYTES = 16 * 1024, /* of strings, verified together: they are still in the cache */
    STRINGS_AT_ONCE = 256,
};

/* The places of one span in many values, `stride` bytes apart; `bytes` is the first. */
struct places {
    const struct component *component;
    const struct value_span *span;
    const uint8_t *bytes;
    size_t stride;
    uint64_t count;
};

/* Returns the offset, from `bytes`, of the first invalid element, or NONE_WRONG. */
typedef uint64_t find_function(const struct places *places, const struct value_check *check);
#define NONE_WRONG UINT64_MAX

static uint64_t value_check_bool(const struct places *places, const struct value_check *check)
{
    (void)check;
    for (uint64_t i = 0; i < places->count; i++)
        for (uint32_t at = 0; at < places->span->size; at++)
            if (places->bytes[i * places->stride + at] > 1)
                return i * places->stride + at;
    return NONE_WRONG;
}

static uint32_t value_check_load(const uint8_t *bytes, uint32_t width)
{
    uint32_t number = bytes[0];
    for (uint32_t i = 1; i < width; i++)
        number |= (uint32_t)bytes[i] << 8 * i;
    return number;
}

static uint64_t value_check_enum(const struct places *places, const struct value_check *check)
{
    (void)check;
    const struct value_span *span = places->span;
    for (uint64_t i = 0; i < places->count; i++)
        for (uint32_t at = 0; at < span->size; at += span->width)
            if (value_check_load(places->bytes + i * places->stride + at, span->width) >= span->limit)
                return i * places->stride + at;
    return NONE_WRONG;
}

#define HIGH_BITS UINT64_C(0x8080808080808080)

/*
 * Returns 0 for ASCII followed by zeros, which most texts are, eight bytes at a time. In `present` the highest bit of
 * each byte is set when the byte is not zero; such a byte needs another one before it, in its word or at the end of the
 * previous.
 */
static inline uint64_t value_check_text_doubts(const uint8_t *text, uint32_t size)
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
    return wrong;
}

/* Accepts UTF-8 followed by zeros. */
static bool value_check_text_is_valid(const uint8_t *text, uint32_t size)
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

enum { ROWS_AT_ONCE = 16, ENTITIES_AT_ONCE = 64 }; /* that are looked at without a branch for each */

/* Inlined for common widths, so that the inner loop disappears. */
static inline __attribute__((always_inline)) uint64_t value_check_texts(const struct places *places, uint32_t size,
                                                                        uint32_t width)
{
    for (uint64_t i = 0, rows; i < places->count; i += rows) {
        const uint8_t *bytes = places->bytes + i * places->stride;
        uint64_t doubts = 0;
        rows = min_u64(ROWS_AT_ONCE, places->count - i);
        for (uint64_t row = 0; row < rows; row++)
            for (uint32_t at = 0; at < size; at += width)
                doubts |= value_check_text_doubts(bytes + row * places->stride + at, width);
        for (uint64_t row = 0; doubts && row < rows; row++)
            for (uint32_t at = 0; at < size; at += width)
                if (!value_check_text_is_valid(bytes + row * places->stride + at, width))
                    return (i + row) * places->stride + at;
    }
    return NONE_WRONG;
}

static uint64_t value_check_text(const struct places *places, const struct value_check *check)
{
    (void)check;
    const uint32_t size = places->span->size, width = places->span->width;
    if (size == 16 && width == 16)
        return value_check_texts(places, 16, 16);
    if (size == 32 && width == 32)
        return value_check_texts(places, 32, 32);
    return value_check_texts(places, size, width);
}

/* The lowest generation in a chunk of the index, computed when first needed. */
static uint32_t value_check_lowest_generation(const struct value_check *check, uint64_t chunk)
{
    uint32_t lowest = check->lowest_generations[chunk];
    if (lowest)
        return lowest;
    lowest = GENERATION_MAX;
    const struct entity_index *index = state_index(check->state);
    const struct record *records = index_chunk(index, chunk);
    const uint64_t slots = index_chunk_slots(index, chunk);
    for (uint64_t i = 0; i < slots; i++)
        lowest = records[i].generation < lowest ? records[i].generation : lowest;
    check->lowest_generations[chunk] =
        lowest ? lowest : 1; /* a generation of 0 is damage, which is not reported here */
    return check->lowest_generations[chunk];
}

/* Whether an entity of this or a later generation has lived in the slot. */
static __attribute__((noinline)) bool value_check_generation_has_been(const struct value_check *check,
                                                                      pecs_entity entity)
{
    if (!check->lowest_generations)
        return entity.generation <= check->highest_generation;
    return entity.generation <= value_check_lowest_generation(check, entity.index >> INDEX_SHIFT) ||
           entity.generation <= state_record(check->state, entity.index)->generation;
}

/* Whether the entity of the handle lived in a slot that a compaction dropped. */
static __attribute__((noinline)) bool value_check_is_retired(const struct value_check *check, pecs_entity entity)
{
    const uint32_t last = retired_generation(check->state->retired, entity.index);
    return entity.index >= state_slot_count(check->state) && last && entity.generation <= last;
}

static bool value_check_entity_is_valid(const struct value_check *check, pecs_entity entity)
{
    if (entity.index < check->slot_count && (entity.generation <= 1 || value_check_generation_has_been(check, entity)))
        return true;
    return (!entity.index && !entity.generation) || value_check_is_retired(check, entity);
}

/*
 * The common case first: generations begin at 1, and most entities are the first of their slot. Inlined for columns of
 * one reference a row, which compilers make vectors of: the sign of `over` is set where an index is too high.
 */
static inline __attribute__((always_inline)) uint64_t
value_check_entities(const struct places *places, const struct value_check *check, uint32_t size, size_t stride)
{
    const uint64_t last = check->slot_count - 1; /* no slot: every index is too high */
    pecs_entity entity;
    for (uint64_t i = 0, rows; i < places->count; i += rows) {
        const uint8_t *bytes = places->bytes + i * stride;
        uint64_t over = check->slot_count ? 0 : UINT64_MAX, all = 0;
        rows = min_u64(ENTITIES_AT_ONCE, places->count - i);
        for (uint64_t row = 0; row < rows; row++) {
            for (uint32_t at = 0; at < size; at += (uint32_t)sizeof(le64)) {
                le64 bits; /* the index, then the generation */
                memcpy(&bits, bytes + row * stride + at, sizeof(bits));
                over |= last - (le64_load(bits) & UINT32_MAX);
                all |= le64_load(bits);
            }
        }
        const bool is_common = !(over >> 63) && all >> 33 == 0;
        for (uint64_t row = 0; !is_common && row < rows; row++) {
            for (uint32_t at = 0; at < size; at += (uint32_t)sizeof(entity)) {
                memcpy(&entity, bytes + row * stride + at, sizeof(entity));
                if (!value_check_entity_is_valid(check, entity))
                    return (i + row) * stride + at;
            }
        }
    }
    return NONE_WRONG;
}

static uint64_t value_check_entity(const struct places *places, const struct value_check *check)
{
    const uint32_t size = places->span->size, one = sizeof(pecs_entity);
    if (size == one && places->stride == one)
        return value_check_entities(places, check, one, one);
    return size == one ? value_check_entities(places, check, one, places->stride)
                       : value_check_entities(places, check, size, places->stride);
}

/* The contents of a member; false: it refers to none. Empty: NULL. */
static inline bool value_check_find(struct heap_cursor *cursor, const uint8_t *reference, bool is_string,
                                    const uint8_t **ret_bytes, uint64_t *ret_size)
{
    uint64_t number;
    bool is_whole;
    memcpy(&number, reference, sizeof(number));
    *ret_bytes = heap_cursor_find(cursor, number, is_string, ret_size, &is_whole);
    if (!*ret_bytes || !*ret_size)
        return number == 0;
    return is_whole && contents_end_in_zeros(*ret_bytes, *ret_size, is_string);
}

typedef bool content_function(const struct value_check *check, const struct places *places, const uint8_t *bytes,
                              uint64_t size);

static inline uint64_t value_check_contents(const struct places *places, const struct value_check *check,
                                            bool is_string, content_function *is_valid)
{
    struct heap_cursor cursor = heap_cursor_of(state_heap(check->state));
    for (uint64_t i = 0; i < places->count; i++) {
        for (uint32_t at = 0; at < places->span->size; at += sizeof(uint64_t)) {
            const uint8_t *bytes;
            uint64_t size;
            if (!value_check_find(&cursor, places->bytes + i * places->stride + at, is_string, &bytes, &size) ||
                (is_valid && size && !is_valid(check, places, bytes, size)))
                return i * places->stride + at;
        }
    }
    return NONE_WRONG;
}

/* Strings that lie one after another in the heap, from a member on, with the zeros behind each. */
struct string_run {
    const uint8_t *bytes, *end;
    uint64_t zero_count;   /* of these zeros */
    uint64_t first_member; /* counting all members of all values */
};

/*
 * Whether all bytes are ASCII and this many of them zeros, as of strings that have none: most strings are accepted so,
 * without a branch for each.
 */
static bool value_check_is_ascii(const uint8_t *bytes, uint64_t size, uint64_t zero_count)
{
    uint64_t present = 0, high = 0;
    for (uint64_t at = 0, end; at < size; at = end) {
        uint64_t sums = 0, word; /* of eight bytes each, which count words */
        end = min_u64(size, at + UINT64_C(255) * sizeof(word));
        for (; at < end; at += sizeof(word)) {
            memcpy(&word, bytes + at, sizeof(word));
            high |= word;
            sums += (((word & ~HIGH_BITS) + ~HIGH_BITS) & HIGH_BITS) >> 7;
        }
        for (unsigned i = 0; i < sizeof(word); i++)
            present += sums >> 8 * i & 0xff;
    }
    return !(high & HIGH_BITS) && present + zero_count == size;
}

static uint64_t value_check_member_offset(const struct places *places, uint64_t member)
{
    const uint64_t in_value = places->span->size / sizeof(uint64_t);
    return in_value == 1 ? member * places->stride
                         : member / in_value * places->stride + member % in_value * sizeof(uint64_t);
}

/* The first member from that of the run to before `end` whose string is wrong, or NONE_WRONG. */
static uint64_t value_check_string_run(const struct places *places, const struct value_check *check,
                                       const struct string_run *run, uint64_t end)
{
    struct heap_cursor cursor = heap_cursor_of(state_heap(check->state));
    if (value_check_is_ascii(run->bytes, (uint64_t)(run->end - run->bytes), run->zero_count))
        return NONE_WRONG;
    for (uint64_t member = run->first_member; member < end; member++) {
        const uint64_t offset = value_check_member_offset(places, member);
        const uint8_t *bytes;
        uint64_t size;
        if (!value_check_find(&cursor, places->bytes + offset, true, &bytes, &size) ||
            !utf8_is_text((const char *)bytes, (size_t)size))
            return offset;
    }
    return NONE_WRONG;
}

/* Members of strings, `stride` bytes apart; `first` is the number of the first one. */
static uint64_t value_check_strings(const struct places *places, const struct value_check *check,
                                    struct heap_cursor *cursor, struct string_run *run, uint64_t first, size_t stride,
                                    uint64_t count)
{
    for (uint64_t i = 0; i < count;) {
        const uint64_t offset = value_check_member_offset(places, first + i);
        const struct content_stretch stretch =
            content_stretch_at(cursor, places->bytes + offset, stride, min_u64(count - i, STRINGS_AT_ONCE), true, true);
        const bool is_empty = stretch.reference == 0;
        if (!is_empty &&
            (!stretch.is_whole || stretch.bytes != run->end || run->end - run->bytes >= STRING_RUN_BYTES)) {
            const uint64_t wrong = value_check_string_run(places, check, run, first + i);
            if (wrong != NONE_WRONG || !stretch.is_whole)
                return wrong != NONE_WRONG ? wrong : offset;
            *run = (struct string_run){ stretch.bytes, stretch.bytes, 0, first + i };
        }
        if (!is_empty) {
            const uint64_t with_zeros = stretch.first_size < HEAP_LONG ? stretch.units * HEAP_UNIT
                                                                       : align_up(stretch.first_size + 1, HEAP_UNIT);
            run->end += with_zeros;
            run->zero_count += with_zeros - stretch.size_bytes;
        }
        i += stretch.count;
    }
    return NONE_WRONG;
}

static uint64_t value_check_string(const struct places *places, const struct value_check *check)
{
    struct heap_cursor cursor = heap_cursor_of(state_heap(check->state));
    struct string_run run = { NULL, NULL, 0, 0 };
    const uint64_t in_value = places->span->size / sizeof(uint64_t);
    uint64_t wrong = NONE_WRONG;
    if (in_value == 1)
        wrong = value_check_strings(places, check, &cursor, &run, 0, places->stride, places->count);
    for (uint64_t i = 0; in_value > 1 && i < places->count && wrong == NONE_WRONG; i++)
        wrong = value_check_strings(places, check, &cursor, &run, i * in_value, sizeof(uint64_t), in_value);
    return wrong != NONE_WRONG ? wrong : value_check_string_run(places, check, &run, places->count * in_value);
}

static uint64_t value_check_blob(const struct places *places, const struct value_check *check)
{
    return value_check_contents(places, check, false, NULL);
}

static bool value_check_elements_are_valid(const struct value_check *check, const struct places *places,
                                           const uint8_t *bytes, uint64_t size)
{
    const struct component *element = component_element(places->component, places->span->list);
    const uint64_t count = size / element->size;
    return size % element->size == 0 &&
           (!values_can_be_invalid(element) || values_find_invalid(check, element, bytes, count) == count);
}

static uint64_t value_check_list(const struct places *places, const struct value_check *check)
{
    return value_check_contents(places, check, false, value_check_elements_are_valid);
}

static const struct {
    const char *rule;
    find_function *find;
    const char *what;
} value_check_kinds[] = {
    [PECS_BOOL] = { "VALUE-1", value_check_bool, "is neither 0 nor 1" },
    [PECS_ENUM] = { "VALUE-2", value_check_enum, "is not a value of its enum" },
    [PECS_TEXT] = { "VALUE-3", value_check_text, "is not UTF-8 and then only zeros" },
    [PECS_ENTITY] = { "VALUE-4", value_check_entity, "is the handle of an entity that never existed" },
    [PECS_STRING] = { "VALUE-5", value_check_string, "is not a string of UTF-8 without U+0000" },
    [PECS_BLOB] = { "HEAP-2", value_check_blob, "is a reference to no contents" },
    [PECS_LIST] = { "VALUE-6", value_check_list, "is not a list of valid elements" },
};

/* Runs are not ordered by row, so all runs of the block are verified. */
static uint64_t value_check_block(const struct value_check *check, const struct component *component,
                                  const uint8_t *values, uint64_t count)
{
    uint64_t first = count;
    struct span_run_iter iter;
    struct span_run run;
    for (span_run_begin(&iter, component->special, count); span_run_next(&iter, &run);) {
        const struct places places = { component, &run.span, values + run.offset, run.stride, run.count };
        const uint64_t found = value_check_kinds[run.span.kind].find(&places, check);
        if (BREAKS(value_check_kinds[run.span.kind].rule, found != NONE_WRONG))
            first = min_u64(first, (run.offset + found) / component->size);
    }
    return first;
}

uint64_t values_find_invalid(const struct value_check *check, const struct component *component, const uint8_t *values,
                             uint64_t count)
{
    const uint64_t block_values = component->size < BLOCK_BYTES ? BLOCK_BYTES / component->size : 1;
    for (uint64_t first = 0; first < count; first += block_values) {
        const uint64_t in_block = min_u64(block_values, count - first);
        const uint64_t found = value_check_block(check, component, values + first * component->size, in_block);
        if (found < in_block)
            return first + found;
    }
    return count;
}

void invalid_iter_begin(struct invalid_iter *iter, const struct value_check *check, const struct component *component,
                        const uint8_t *value)
{
    iter->check = check;
    iter->component = component;
    iter->value = value;
    span_iter_begin(&iter->spans, component->special);
    iter->span = (struct value_span){ .size = 0 };
    iter->next = 0;
}

/* Finds the first invalid element of an invalid list. */
static void invalid_place_find_listed(struct invalid_place *place, const struct value_check *check,
                                      const uint8_t *value)
{
    const struct component *element = component_element(place->component, place->span.list);
    const uint8_t *bytes;
    uint64_t size;
    struct invalid_iter iter;
    struct invalid_place found;
    struct heap_cursor cursor = heap_cursor_of(state_heap(check->state));
    if (!value_check_find(&cursor, value + place->span.offset, false, &bytes, &size) || size % element->size)
        return;
    const uint64_t count = size / element->size, index = values_find_invalid(check, element, bytes, count);
    if (index == count)
        return;
    invalid_iter_begin(&iter, check, element, bytes + index * element->size);
    if (!invalid_iter_next(&iter, &found))
        return;
    place->listed = element;
    place->index = index;
    place->in_listed = found.span;
}

bool invalid_iter_next(struct invalid_iter *iter, struct invalid_place *ret_place)
{
    for (;;) {
        if (iter->next == iter->span.size) {
            if (!span_iter_next(&iter->spans, &iter->span))
                return false;
            iter->next = 0;
        }
        struct value_span rest = iter->span;
        rest.offset += iter->next;
        rest.size -= iter->next;
        const struct places places = { iter->component, &rest, iter->value + rest.offset, rest.size, 1 };
        const uint64_t found = value_check_kinds[rest.kind].find(&places, iter->check);
        iter->next = iter->span.size;
        if (BREAKS(value_check_kinds[rest.kind].rule, found != NONE_WRONG)) {
            const uint32_t offset = rest.offset + (uint32_t)found;
            iter->next = offset - iter->span.offset + rest.width;
            rest.offset = offset;
            rest.size = rest.width;
            *ret_place = (struct invalid_place){ .rule = value_check_kinds[rest.kind].rule,
                                                 .component = iter->component,
                                                 .span = rest };
            if (rest.kind == PECS_LIST)
                invalid_place_find_listed(ret_place, iter->check, iter->value);
            return true;
        }
    }
}

bool invalid_place_remains(const struct value_check *check, const struct invalid_place *place, const uint8_t *value)
{
    const struct places places = { place->component, &place->span, value + place->span.offset, place->span.size, 1 };
    return value_check_kinds[place->span.kind].find(&places, check) != NONE_WRONG;
}

void value_write_field(const pecs_type *type, uint32_t offset, char *text, size_t capacity)
{
    size_t used = 0;
    for (bool is_struct = true; is_struct && used < capacity;) {
        const pecs_field *field = type->fields;
        while (offset >= field->offset + field->size)
            field++;
        const bool is_text = field->kind == PECS_TEXT;
        const uint32_t columns = is_text ? 0 : field->columns, size = field->size / field->count;
        const uint32_t element_bytes = is_text ? (field->columns ? field->columns : field->size) : size;
        const uint32_t count = field->size / element_bytes, element = (offset - field->offset) / element_bytes;
        int added = snprintf(text + used, capacity - used, "%s%.*s", used ? "." : "", NAME_SHOWN, field->name);
        used += added > 0 ? (size_t)added : 0;
        if (count > 1 && used < capacity) {
            added = columns ? snprintf(text + used, capacity - used, "[%" PRIu32 "][%" PRIu32 "]", element / columns,
                                       element % columns)
                            : snprintf(text + used, capacity - used, "[%" PRIu32 "]", element);
            used += added > 0 ? (size_t)added : 0;
        }
        is_struct = field->kind == PECS_STRUCT;
        if (is_struct) {
            type = field->nested;
            offset = (offset - field->offset) % type->size;
        }
    }
    utf8_mend(text);
}

/* The same, on to a member of a list: "ties[3].kind". */
static void value_write_place(const pecs_type *type, const struct invalid_place *place, char *text, size_t capacity)
{
    value_write_field(type, place->span.offset, text, capacity);
    const size_t used = strlen(text);
    if (!place->listed)
        return;
    const bool is_struct = place->span.list->element == PECS_STRUCT;
    const int added = snprintf(text + used, capacity - used, "[%" PRIu64 "]%s", place->index, is_struct ? "." : "");
    if (is_struct && (size_t)added < capacity - used)
        value_write_field(place->listed->type, place->in_listed.offset, text + used + added,
                          capacity - used - (size_t)added);
}

void invalid_value_init(struct invalid_value *wrong, const struct pecs_snapshot *state, const struct table *table,
                        uint64_t row, pecs_component component, const struct invalid_place *place)
{
    const pecs_type *type = state_component(state, component)->type;
    wrong->invalid = (pecs_invalid){
        .component = component,
        .type = type->name,
        .field = wrong->field,
        .rule = place->rule,
        .kind = place->span.kind,
        .offset = place->span.offset,
        .size = place->span.size,
        .value = table_value(table, archetype_column(table->archetype, component), row),
    };
    if (!table->archetype->is_singleton)
        memcpy(&wrong->invalid.entity, table_value(table, HANDLE_COLUMN, row), sizeof(wrong->invalid.entity));
    wrong->what = value_check_kinds[place->listed ? place->in_listed.kind : place->span.kind].what;
    value_write_place(type, place, wrong->field, sizeof(wrong->field));
}

pecs_status fail_value(pecs_error *error, pecs_status status, uint64_t offset, const struct invalid_value *wrong)
{
    const pecs_invalid *invalid = &wrong->invalid;
    char whose[32] = "singleton";
    if (invalid->entity.index || invalid->entity.generation)
        snprintf(whose, sizeof(whose), "entity %u:%u", invalid->entity.index, invalid->entity.generation);
    return fail_rule(error, status, offset, invalid->rule, "%s: %s of '%.*s' %s", whose, invalid->field, NAME_SHOWN,
                     invalid->type, wrong->what);
}

pecs_status values_check(const struct value_check *check, const struct table *table, pecs_component component,
                         uint64_t row, const uint8_t *values, uint64_t count, uint64_t offset, pecs_error *error)
{
    const struct component *type = state_component(check->state, component);
    const uint64_t found = values_find_invalid(check, type, values, count);
    if (found == count)
        return PECS_OK;
    struct invalid_iter iter;
    struct invalid_place place;
    struct invalid_value wrong;
    invalid_iter_begin(&iter, check, type, values + found * type->size);
    if (!invalid_iter_next(&iter, &place))
        return PECS_OK;
    invalid_value_init(&wrong, check->state, table, row + found, component, &place);
    return fail_value(error, PECS_E_INVALID, offset ? offset + found * type->size + place.span.offset : 0, &wrong);
}

pecs_status value_check_init(struct value_check *check, const struct pecs_snapshot *state)
{
    const uint64_t chunks = index_chunk_count(state_index(state));
    check->state = state;
    check->slot_count = state_slot_count(state);
    check->lowest_generations =
        pool_allocate_zeroed(state->registry->pool, ((size_t)chunks + 1) * sizeof(*check->lowest_generations));
    return check->lowest_generations ? PECS_OK : PECS_E_MEMORY;
}

void value_check_init_ahead(struct value_check *check, const struct pecs_snapshot *state, uint32_t highest_generation)
{
    *check =
        (struct value_check){ .state = state, .slot_count = SLOT_COUNT_MAX, .highest_generation = highest_generation };
}

void value_check_deinit(struct value_check *check)
{
    const uint64_t chunks = index_chunk_count(state_index(check->state));
    pool_release(check->state->registry->pool, check->lowest_generations,
                 ((size_t)chunks + 1) * sizeof(*check->lowest_generations));
}
