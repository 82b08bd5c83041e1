/*
 * A map is compiled once for each pair of types. A file's type is as hostile as its file: its fields are found by a
 * sorted list, what is nested is entered only where the program's type nests too, and arrays become loops, so a map has
 * at most as many steps as the program's type has fields at all depths, and losses for the file's.
 */
#include "value_map.h"

#include "bytes.h"
#include "error.h"
#include "memory.h"
#include "utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mapping {
    struct value_map *map;
    const pecs_history *history;
    char path[MAP_PATH_BYTES];
    size_t path_bytes;
    pecs_error *error;
};

/* One field as an array of elements: rows of columns, or one row. A text is one element, also in a grid of char. */
struct map_shape {
    uint32_t rows, columns, element_bytes;
    bool is_grid;
};

/* Where the elements of a field begin, relative to what the steps belong to. */
struct map_place {
    const pecs_field *from, *to;
    uint32_t from_at, to_at;
    const uint8_t *defaults; /* of the type that has the field `to`; or NULL */
};

const pecs_type_history *history_of_type(const pecs_history *history, const pecs_type *type)
{
    for (size_t i = 0; history && i < history->type_count; i++)
        if (history->types[i].type == type)
            return &history->types[i];
    return NULL;
}

static const struct {
    pecs_loss loss;
    const char *name, *words;
} map_losses[] = {
    { PECS_LOSS_FIELD, "FIELD", "has no place in the new type" },
    { PECS_LOSS_NUMBER, "NUMBER", "has a number that the new kind cannot hold" },
    { PECS_LOSS_ENUM, "ENUM", "has a value that the new enum lacks" },
    { PECS_LOSS_LENGTH, "LENGTH", "is longer than there is room for" },
    { PECS_LOSS_VERSION, "VERSION", "in a later version, too" },
};

void map_loss_describe(pecs_loss loss, const char **ret_name, const char **ret_words)
{
    size_t i = 0;
    while (map_losses[i].loss != loss)
        i++;
    *ret_name = map_losses[i].name;
    *ret_words = map_losses[i].words;
}

static struct map_shape map_shape_of(const pecs_field *field)
{
    if (field->kind == PECS_TEXT)
        return (struct map_shape){ 1, field->columns ? field->count / field->columns : 1,
                                   field->columns ? field->columns : field->count, false };
    return (struct map_shape){ field->columns ? field->count / field->columns : 1,
                               field->columns ? field->columns : field->count, field->size / field->count,
                               field->columns != 0 };
}

static size_t mapping_enter(struct mapping *mapping, const char *name)
{
    const size_t before = mapping->path_bytes;
    char *const end = mapping->path + before;
    const int added = snprintf(end, sizeof(mapping->path) - before, "%s%s", before ? "." : "", name);
    mapping->path_bytes = min_u64(before + (added > 0 ? (size_t)added : 0), sizeof(mapping->path) - 1);
    utf8_mend(mapping->path);
    mapping->path_bytes = strlen(mapping->path);
    return before;
}

static void mapping_leave(struct mapping *mapping, size_t before)
{
    mapping->path_bytes = before;
    mapping->path[before] = 0;
}

static pecs_status mapping_fail_kinds(struct mapping *mapping, const char *from, const char *to)
{
    return fail(mapping->error, PECS_E_LAYOUT, "field '%s' is not converted from %s to %s without a migration",
                mapping->path, from, to);
}

/* Appends a step, joined with the one before where both are one. */
static pecs_status mapping_add(struct mapping *mapping, struct map_steps *steps, struct map_step step)
{
    struct map_step *last = steps->count ? &steps->steps[steps->count - 1] : NULL;
    if (last && last->kind == step.kind && last->to + last->to_bytes == step.to) {
        const bool is_copy = step.kind == MAP_COPY && last->from + last->from_bytes == step.from;
        const bool is_zeros = step.kind == MAP_CONSTANT && !step.of.bytes && !last->of.bytes;
        if (is_copy || is_zeros) {
            last->from_bytes += step.from_bytes;
            last->to_bytes += step.to_bytes;
            return PECS_OK;
        }
    }
    if (!pool_reserve(mapping->map->pool, (void **)&steps->steps, &steps->capacity, steps->count + 1,
                      sizeof(*steps->steps)))
        return fail_memory(mapping->error);
    steps->steps[steps->count++] = step;
    return PECS_OK;
}

static pecs_status mapping_add_loss(struct mapping *mapping, pecs_loss kind, uint32_t *ret_loss)
{
    struct value_map *map = mapping->map;
    const size_t bytes = mapping->path_bytes + 1;
    const struct map_loss *last = map->loss_count ? &map->losses[map->loss_count - 1] : NULL;
    if (last && last->kind == kind && strcmp(last->field, mapping->path) == 0) { /* of each row of a grid */
        *ret_loss = (uint32_t)(map->loss_count - 1);
        return PECS_OK;
    }
    if (!pool_reserve(map->pool, (void **)&map->losses, &map->loss_capacity, map->loss_count + 1, sizeof(*map->losses)))
        return fail_memory(mapping->error);
    char *field = pool_allocate(map->pool, bytes);
    if (!field)
        return fail_memory(mapping->error);
    memcpy(field, mapping->path, bytes);
    map->losses[map->loss_count] = (struct map_loss){ kind, field };
    *ret_loss = (uint32_t)map->loss_count++;
    return PECS_OK;
}

/* A step that may lose something; the steps and losses of lists within it come behind. */
static pecs_status mapping_add_losing(struct mapping *mapping, struct map_steps *steps, struct map_step step,
                                      pecs_loss kind)
{
    const pecs_status status = mapping_add_loss(mapping, kind, &step.loss);
    return status ? status : mapping_add(mapping, steps, step);
}

static pecs_status mapping_add_constant(struct mapping *mapping, struct map_steps *steps, uint32_t at,
                                        uint32_t size_bytes, const uint8_t *bytes)
{
    const bool is_zero = !bytes || bytes_are_zero(bytes, size_bytes);
    return mapping_add(mapping, steps,
                       (struct map_step){ .kind = MAP_CONSTANT,
                                          .to = at,
                                          .to_bytes = size_bytes,
                                          .loss = MAP_NO_LOSS,
                                          .of.bytes = is_zero ? NULL : bytes });
}

static bool map_is_number(pecs_kind kind)
{
    return (kind >= PECS_BOOL && kind <= PECS_F64) || kind == PECS_ENUM;
}

/* Bits of an integer kind, and whether it is signed; an enum is an unsigned number of its size. */
static uint32_t map_integer_bits(pecs_kind kind, uint32_t size_bytes, bool *ret_signed)
{
    *ret_signed = kind >= PECS_I8 && kind <= PECS_I64;
    return kind == PECS_BOOL ? 1 : size_bytes * 8;
}

/* Whether every value of one kind is one of the other. */
static bool map_always_fits(const struct map_step *step)
{
    const pecs_kind from = step->of.number.from, to = step->of.number.to;
    bool from_signed, to_signed;
    if (step->of.number.limit)
        return from == PECS_BOOL && step->of.number.limit >= 2;
    if (from == PECS_F32 || from == PECS_F64)
        return to == PECS_F64;
    const uint32_t bits = map_integer_bits(from, step->from_bytes, &from_signed);
    if (to == PECS_F32 || to == PECS_F64)
        return bits - (from_signed ? 1 : 0) <= (to == PECS_F32 ? 24u : 53u);
    const uint32_t room = map_integer_bits(to, step->to_bytes, &to_signed);
    return from_signed ? to_signed && bits <= room : bits <= room - (to_signed ? 1 : 0);
}

static pecs_status mapping_add_number(struct mapping *mapping, struct map_steps *steps, const struct map_place *place,
                                      struct map_step step)
{
    step.kind = MAP_NUMBER;
    step.of.number.from = place->from->kind;
    step.of.number.to = place->to->kind;
    step.of.number.limit = place->to->kind == PECS_ENUM ? place->to->enum_count : 0;
    const pecs_loss loss = place->to->kind == PECS_ENUM ? PECS_LOSS_ENUM : PECS_LOSS_NUMBER;
    return map_always_fits(&step) ? mapping_add(mapping, steps, step) : mapping_add_losing(mapping, steps, step, loss);
}

/* Compares names in the order of qsort and of a search among sorted ones. */
struct map_name {
    const char *name;
    uint32_t index;
};
static int map_compare_names(const void *a, const void *b)
{
    return strcmp(((const struct map_name *)a)->name, ((const struct map_name *)b)->name);
}

static uint32_t map_find_name(const struct map_name *names, uint32_t count, const char *name)
{
    const struct map_name key = { name, 0 };
    const struct map_name *found = count ? bsearch(&key, names, count, sizeof(*names), map_compare_names) : NULL;
    return found ? found->index : MAP_NO_VALUE;
}

/* Fills the list of values; *ret_is_same: each becomes itself, *ret_is_whole: each has a name in the new enum. */
static pecs_status mapping_match_enum(struct mapping *mapping, const struct map_place *place, uint32_t *values,
                                      bool *ret_is_same, bool *ret_is_whole)
{
    const uint32_t to_count = place->to->enum_count;
    const size_t bytes = to_count * sizeof(struct map_name);
    struct map_name *names = pool_allocate(mapping->map->pool, bytes);
    if (!names)
        return fail_memory(mapping->error);
    for (uint32_t i = 0; i < to_count; i++)
        names[i] = (struct map_name){ place->to->enum_names[i], i };
    qsort(names, to_count, sizeof(*names), map_compare_names);
    *ret_is_same = *ret_is_whole = true;
    for (uint32_t i = 0; i < place->from->enum_count; i++) {
        values[i] = map_find_name(names, to_count, place->from->enum_names[i]);
        *ret_is_same &= values[i] == i;
        *ret_is_whole &= values[i] != MAP_NO_VALUE;
    }
    pool_release(mapping->map->pool, names, bytes);
    return PECS_OK;
}

static pecs_status mapping_add_enum(struct mapping *mapping, struct map_steps *steps, const struct map_place *place,
                                    struct map_step step)
{
    struct pool *pool = mapping->map->pool;
    const uint32_t count = place->from->enum_count;
    uint32_t *values = pool_allocate(pool, count * sizeof(*values));
    bool is_same = false, is_whole = false;
    pecs_status status =
        values ? mapping_match_enum(mapping, place, values, &is_same, &is_whole) : fail_memory(mapping->error);
    if (!status && !(is_same && step.from_bytes == step.to_bytes)) {
        step.kind = MAP_ENUM;
        step.of.names.values = values;
        step.of.names.count = count;
        status =
            is_whole ? mapping_add(mapping, steps, step) : mapping_add_losing(mapping, steps, step, PECS_LOSS_ENUM);
        if (!status)
            return PECS_OK;
    } else if (!status) {
        step.kind = MAP_COPY;
        status = mapping_add(mapping, steps, step);
    }
    pool_release(pool, values, count * sizeof(*values));
    return status;
}

static pecs_status mapping_add_struct(struct mapping *mapping, struct map_steps *steps, const pecs_type *from,
                                      const pecs_type *to, uint32_t from_at, uint32_t to_at, const uint8_t *defaults);
static pecs_status mapping_add_element(struct mapping *mapping, struct map_steps *steps, const struct map_place *place);
static void map_steps_deinit(struct map_steps *steps, struct pool *pool);

/* Steps within a loop or list, which belong to the step from the moment when it is added. */
static pecs_status mapping_add_inner(struct mapping *mapping, struct map_steps *steps, struct map_step step,
                                     const struct map_place *inner)
{
    struct pool *pool = mapping->map->pool;
    struct map_steps *made = pool_allocate_zeroed(pool, sizeof(*made));
    if (!made)
        return fail_memory(mapping->error);
    step.of.elements.inner = made;
    pecs_status status = mapping_add_element(mapping, made, inner);
    if (!status)
        status = mapping_add(mapping, steps, step);
    if (status) {
        map_steps_deinit(made, pool);
        pool_release(pool, made, sizeof(*made));
    }
    return status;
}

/* The element of a list as a field. */
static pecs_field map_list_element(const pecs_field *list)
{
    return (pecs_field){ .name = list->name,
                         .kind = list->element,
                         .size = list->element_size,
                         .count = 1,
                         .nested = list->nested,
                         .enum_names = list->enum_names,
                         .enum_count = list->enum_count };
}

bool map_names_are_same(const pecs_field *a, const pecs_field *b)
{
    bool is_same = a->enum_count == b->enum_count;
    for (uint32_t i = 0; is_same && i < a->enum_count; i++)
        is_same = strcmp(a->enum_names[i], b->enum_names[i]) == 0;
    return is_same;
}

/* Whether an element of one field is one of the other, byte for byte. */
static bool map_elements_are_same(const pecs_field *a, const pecs_field *b)
{
    if (a->kind == PECS_LIST && b->kind == PECS_LIST) {
        const pecs_field x = map_list_element(a), y = map_list_element(b);
        return map_elements_are_same(&x, &y);
    }
    if (a->kind != b->kind || map_shape_of(a).element_bytes != map_shape_of(b).element_bytes)
        return false;
    if (a->kind == PECS_STRUCT)
        return component_layout_is_same(a->nested, b->nested);
    return a->kind != PECS_ENUM || map_names_are_same(a, b);
}

static pecs_status mapping_add_list(struct mapping *mapping, struct map_steps *steps, const struct map_place *place,
                                    struct map_step step)
{
    const pecs_field from = map_list_element(place->from), to = map_list_element(place->to);
    const struct map_place inner = { &from, &to, 0, 0, NULL };
    step.kind = MAP_LIST;
    step.of.elements.from_stride = from.size;
    step.of.elements.to_stride = to.size;
    mapping->map->has_contents = true;
    return mapping_add_inner(mapping, steps, step, &inner);
}

static pecs_status mapping_add_text(struct mapping *mapping, struct map_steps *steps, const struct map_place *place,
                                    struct map_step step)
{
    const pecs_kind from = place->from->kind, to = place->to->kind;
    step.kind = from == PECS_STRING ? MAP_STRING_TO_TEXT : to == PECS_STRING ? MAP_TEXT_TO_STRING : MAP_TEXT;
    mapping->map->has_contents |= step.kind != MAP_TEXT;
    return step.kind == MAP_TEXT_TO_STRING || (step.kind == MAP_TEXT && step.to_bytes >= step.from_bytes)
               ? mapping_add(mapping, steps, step)
               : mapping_add_losing(mapping, steps, step, PECS_LOSS_LENGTH);
}

static bool map_is_text(pecs_kind kind)
{
    return kind == PECS_TEXT || kind == PECS_STRING;
}

/* Adds the steps for one element of each field. */
static pecs_status mapping_add_element(struct mapping *mapping, struct map_steps *steps, const struct map_place *place)
{
    const pecs_field *from = place->from, *to = place->to;
    struct map_step step = { .kind = MAP_COPY,
                             .from = place->from_at,
                             .to = place->to_at,
                             .from_bytes = map_shape_of(from).element_bytes,
                             .to_bytes = map_shape_of(to).element_bytes,
                             .loss = MAP_NO_LOSS };
    if (map_elements_are_same(from, to))
        return mapping_add(mapping, steps, step);
    if (from->kind == PECS_STRUCT && to->kind == PECS_STRUCT)
        return mapping_add_struct(mapping, steps, from->nested, to->nested, place->from_at, place->to_at,
                                  place->defaults);
    if (from->kind == PECS_ENUM && to->kind == PECS_ENUM)
        return mapping_add_enum(mapping, steps, place, step);
    if (map_is_number(from->kind) && map_is_number(to->kind))
        return mapping_add_number(mapping, steps, place, step);
    if (from->kind == PECS_LIST && to->kind == PECS_LIST)
        return mapping_add_list(mapping, steps, place, step);
    if (map_is_text(from->kind) && map_is_text(to->kind))
        return mapping_add_text(mapping, steps, place, step);
    return mapping_fail_kinds(mapping, kind_name(from->kind), kind_name(to->kind));
}

/* Whether one default is that of all elements: of structs that are in an array of which a default has other values. */
static bool map_default_is_same(const struct mapping *mapping, const struct map_place *place, uint32_t count,
                                uint32_t stride)
{
    const pecs_type_history *own =
        place->to->kind == PECS_STRUCT ? history_of_type(mapping->history, place->to->nested) : NULL;
    const bool is_used = place->to->kind == PECS_STRUCT && place->defaults && !(own && own->defaults);
    return !is_used || memcmp(place->defaults, place->defaults + stride, (size_t)(count - 1) * stride) == 0;
}

static pecs_status mapping_add_each(struct mapping *mapping, struct map_steps *steps, const struct map_place *place,
                                    uint32_t count, uint32_t from_stride, uint32_t to_stride)
{
    struct map_place element = *place;
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < count; i++) {
        status = mapping_add_element(mapping, steps, &element);
        element.from_at += from_stride;
        element.to_at += to_stride;
        element.defaults += to_stride;
    }
    return status;
}

static pecs_status mapping_add_loop(struct mapping *mapping, struct map_steps *steps, const struct map_place *place,
                                    uint32_t count, uint32_t from_stride, uint32_t to_stride)
{
    const struct map_place inner = { place->from, place->to, 0, 0, place->defaults };
    const struct map_step step = { .kind = MAP_LOOP,
                                   .from = place->from_at,
                                   .to = place->to_at,
                                   .from_bytes = from_stride,
                                   .to_bytes = to_stride,
                                   .loss = MAP_NO_LOSS,
                                   .of.elements = { NULL, count, from_stride, to_stride } };
    if (count == 1)
        return mapping_add_element(mapping, steps, place);
    return map_default_is_same(mapping, place, count, to_stride)
               ? mapping_add_inner(mapping, steps, step, &inner)
               : mapping_add_each(mapping, steps, place, count, from_stride, to_stride);
}

/* What of a longer array has no place: whole rows at the end, and the ends of rows. */
static pecs_status mapping_add_cuts(struct mapping *mapping, struct map_steps *steps, const struct map_place *place,
                                    struct map_shape from, struct map_shape to)
{
    const uint32_t row_bytes = from.columns * from.element_bytes, rows = from.rows < to.rows ? from.rows : to.rows;
    struct map_step step = { .kind = MAP_CUT, .from = place->from_at + rows * row_bytes };
    step.from_bytes = (from.rows - rows) * row_bytes;
    step.to = place->to_at;
    pecs_status status = step.from_bytes ? mapping_add_losing(mapping, steps, step, PECS_LOSS_LENGTH) : PECS_OK;
    if (from.columns <= to.columns)
        return status;
    step.from_bytes = (from.columns - to.columns) * from.element_bytes;
    for (uint32_t row = 0; !status && row < rows; row++) {
        step.from = place->from_at + row * row_bytes + to.columns * from.element_bytes;
        status = mapping_add_losing(mapping, steps, step, PECS_LOSS_LENGTH);
    }
    return status;
}

/* Adds the steps for all elements that both arrays have. */
static pecs_status mapping_add_field(struct mapping *mapping, struct map_steps *steps, const struct map_place *place)
{
    const struct map_shape from = map_shape_of(place->from), to = map_shape_of(place->to);
    const uint32_t rows = from.rows < to.rows ? from.rows : to.rows;
    const uint32_t columns = from.columns < to.columns ? from.columns : to.columns;
    const uint8_t *defaults = place->defaults ? place->defaults + place->to->offset : NULL;
    pecs_status status = PECS_OK;
    if (from.is_grid != to.is_grid && place->from->count > 1 && place->to->count > 1)
        return mapping_fail_kinds(mapping, from.is_grid ? "two dimensions" : "one dimension",
                                  to.is_grid ? "an array of two dimensions" : "an array of one dimension");
    if (map_elements_are_same(place->from, place->to) && from.rows == to.rows && from.columns == to.columns)
        return mapping_add(mapping, steps,
                           (struct map_step){ .kind = MAP_COPY,
                                              .from = place->from_at,
                                              .to = place->to_at,
                                              .from_bytes = place->from->size,
                                              .to_bytes = place->to->size,
                                              .loss = MAP_NO_LOSS });
    if (rows < to.rows || columns < to.columns)
        status = mapping_add_constant(mapping, steps, place->to_at, place->to->size, defaults);
    struct map_place element = *place;
    element.defaults = defaults;
    if (!status && !to.is_grid)
        status = mapping_add_loop(mapping, steps, &element, rows * columns, from.element_bytes, to.element_bytes);
    for (uint32_t row = 0; !status && to.is_grid && row < rows; row++) {
        element.from_at = place->from_at + row * from.columns * from.element_bytes;
        element.to_at = place->to_at + row * to.columns * to.element_bytes;
        element.defaults = defaults ? defaults + (size_t)row * to.columns * to.element_bytes : NULL;
        status = mapping_add_loop(mapping, steps, &element, columns, from.element_bytes, to.element_bytes);
    }
    return status ? status : mapping_add_cuts(mapping, steps, place, from, to);
}

pecs_status map_names_init(struct map_names *names, struct pool *pool, const pecs_type *type)
{
    *names = (struct map_names){ .pool = pool, .size_bytes = ((size_t)type->field_count + 1) * sizeof(*names->names) };
    names->names = pool_allocate(pool, names->size_bytes);
    if (!names->names)
        return PECS_E_MEMORY;
    for (uint32_t i = 0; i < type->field_count; i++)
        if (type->fields[i].name)
            names->names[names->count++] = (struct map_name){ type->fields[i].name, i };
    qsort(names->names, names->count, sizeof(*names->names), map_compare_names);
    return PECS_OK;
}

void map_names_deinit(struct map_names *names)
{
    pool_release(names->pool, names->names, names->size_bytes);
}

uint32_t map_names_find(const struct map_names *names, const pecs_history *history, const pecs_type *to,
                        const char *name)
{
    const pecs_type_history *past = history_of_type(history, to);
    uint32_t found = map_find_name(names->names, names->count, name);
    for (size_t i = 0; past && found == MAP_NO_VALUE && i < past->rename_count; i++)
        if (strcmp(past->renames[i].field, name) == 0)
            found = map_find_name(names->names, names->count, past->renames[i].old_name);
    return found;
}

static pecs_status mapping_add_fields(struct mapping *mapping, struct map_steps *steps, const pecs_type *from,
                                      const pecs_type *to, uint32_t from_at, uint32_t to_at, const uint8_t *defaults,
                                      const struct map_names *names, bool *used)
{
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < to->field_count; i++) {
        const pecs_field *field = &to->fields[i];
        const uint32_t found = field->name ? map_names_find(names, mapping->history, to, field->name) : MAP_NO_VALUE;
        if (found == MAP_NO_VALUE) {
            status = mapping_add_constant(mapping, steps, to_at + field->offset, field->size,
                                          defaults ? defaults + field->offset : NULL);
            continue;
        }
        const size_t before = mapping_enter(mapping, field->name);
        const struct map_place place = { &from->fields[found], field, from_at + from->fields[found].offset,
                                         to_at + field->offset, defaults };
        used[found] = true;
        status = mapping_add_field(mapping, steps, &place);
        mapping_leave(mapping, before);
    }
    return status;
}

/* A field without a place is lost, also where all its values are zero. */
static pecs_status mapping_add_lost_fields(struct mapping *mapping, struct map_steps *steps, const pecs_type *from,
                                           uint32_t from_at, uint32_t to_at, const bool *used)
{
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < from->field_count; i++) {
        if (used[i] || !from->fields[i].name)
            continue;
        const size_t before = mapping_enter(mapping, from->fields[i].name);
        status = mapping_add_losing(mapping, steps, (struct map_step){ .kind = MAP_CUT, .from = from_at, .to = to_at },
                                    PECS_LOSS_FIELD);
        mapping_leave(mapping, before);
    }
    return status;
}

static pecs_status mapping_add_struct(struct mapping *mapping, struct map_steps *steps, const pecs_type *from,
                                      const pecs_type *to, uint32_t from_at, uint32_t to_at, const uint8_t *defaults)
{
    struct pool *pool = mapping->map->pool;
    const pecs_type_history *history = history_of_type(mapping->history, to);
    struct map_names names;
    pecs_status status = map_names_init(&names, pool, from);
    bool *used = pool_allocate_zeroed(pool, (size_t)from->field_count + 1);
    if (!status && !used)
        status = PECS_E_MEMORY;
    if (status)
        (void)fail_memory(mapping->error);
    if (!status)
        status = mapping_add_fields(mapping, steps, from, to, from_at, to_at,
                                    history && history->defaults ? history->defaults : defaults, &names, used);
    if (!status)
        status = mapping_add_lost_fields(mapping, steps, from, from_at, to_at, used);
    pool_release(pool, used, (size_t)from->field_count + 1);
    map_names_deinit(&names);
    return status;
}

pecs_status value_map_init(struct value_map *map, struct pool *pool, const pecs_type *from, const pecs_type *to,
                           const pecs_history *history, pecs_error *error)
{
    struct mapping mapping = { .map = map, .history = history, .error = error };
    *map = (struct value_map){ .pool = pool };
    return mapping_add_struct(&mapping, &map->steps, from, to, 0, 0, NULL);
}

static void map_steps_deinit(struct map_steps *steps, struct pool *pool)
{
    for (size_t i = 0; i < steps->count; i++) {
        struct map_step *step = &steps->steps[i];
        if (step->kind == MAP_ENUM)
            pool_release(pool, step->of.names.values, step->of.names.count * sizeof(*step->of.names.values));
        if (step->kind != MAP_LOOP && step->kind != MAP_LIST)
            continue;
        map_steps_deinit(step->of.elements.inner, pool);
        pool_release(pool, step->of.elements.inner, sizeof(*step->of.elements.inner));
    }
    pool_release(pool, steps->steps, steps->capacity * sizeof(*steps->steps));
}

void value_map_deinit(struct value_map *map)
{
    map_steps_deinit(&map->steps, map->pool);
    for (size_t i = 0; i < map->loss_count; i++)
        pool_release(map->pool, map->losses[i].field, strlen(map->losses[i].field) + 1);
    pool_release(map->pool, map->losses, map->loss_capacity * sizeof(*map->losses));
}
