/* Collects spans from a type description, and iterates over them: by groups, or by walking the description. */
#include "spans.h"

#include "bytes.h"
#include "kind.h"
#include "memory.h"

enum {
    SPANS_MAX = 1024, /* in a list; a type with more is walked */
    SPANS_PER_FIELD_MAX = 4,
    COLLECT_FIELDS_MAX = 16384 /* visited to make a list; a type with more is walked */
};

struct collect {
    struct span_list *list;
    struct pool *pool;
    size_t capacity, group_capacity; /* of the list, while it grows */
    uint32_t field_count;            /* visited so far */
    size_t joins_from;               /* new spans are not joined with spans before this one */
    bool is_in_array;
};

static pecs_status span_collect_group(struct collect *collect, struct span_group group)
{
    struct span_list *list = collect->list;
    if (!pool_reserve(collect->pool, (void **)&list->groups, &collect->group_capacity, list->group_count + 1,
                      sizeof(*list->groups)))
        return PECS_E_MEMORY;
    group.first = group.end = list->count;
    list->groups[list->group_count++] = group;
    collect->joins_from = list->count;
    return PECS_OK;
}

/* Spans outside of arrays are in groups of one element. */
static pecs_status span_collect_loose_group(struct collect *collect)
{
    const struct span_list *list = collect->list;
    if (collect->is_in_array || (list->group_count && list->groups[list->group_count - 1].count == 1))
        return PECS_OK;
    return span_collect_group(collect, (struct span_group){ .count = 1 });
}

/* Appends a span that lies behind all others; joins it to the last one if both are adjacent and alike. */
static pecs_status span_collect_span(struct collect *collect, struct value_span span)
{
    struct span_list *list = collect->list;
    pecs_status status = span_collect_loose_group(collect);
    if (status)
        return status;
    struct value_span *last = list->count > collect->joins_from ? &list->spans[list->count - 1] : NULL;
    if (last && last->offset + last->size == span.offset && last->kind == span.kind && last->width == span.width &&
        last->limit == span.limit && last->list == span.list) {
        last->size += span.size;
        return PECS_OK;
    }
    if (list->count == SPANS_MAX)
        return PECS_E_LIMIT;
    if (!pool_reserve(collect->pool, (void **)&list->spans, &collect->capacity, list->count + 1, sizeof(*list->spans)))
        return PECS_E_MEMORY;
    list->spans[list->count++] = span;
    list->groups[list->group_count - 1].end = list->count;
    return PECS_OK;
}

static struct value_span span_of_field(const pecs_field *field, uint32_t offset)
{
    struct value_span span = { offset, field->size, field->kind, kind_size(field->kind), 0, NULL };
    if (field->kind == PECS_ENUM) {
        span.width = field->size / field->count;
        span.limit = field->enum_count;
    } else if (field->kind == PECS_TEXT) {
        span.width = field->columns ? field->columns : field->size; /* a row of a grid is a text */
    } else if (field->kind == PECS_LIST) {
        span.list = field;
    }
    return span;
}

static pecs_status span_collect_array(struct collect *collect, const pecs_field *field, uint32_t offset);

static pecs_status span_collect_fields(struct collect *collect, const pecs_type *type, uint32_t base)
{
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < type->field_count; i++) {
        const pecs_field *field = &type->fields[i];
        const struct value_span span = span_of_field(field, base + field->offset);
        if (collect->field_count++ == COLLECT_FIELDS_MAX)
            return PECS_E_LIMIT;
        if (collect->list->belongs(&span))
            status = span_collect_span(collect, span);
        if (!status && field->kind == PECS_STRUCT)
            status = span_collect_array(collect, field, base + field->offset);
    }
    return status;
}

/* Repeats the spans from `first` on, which are those of the first of `count` elements, for the other elements. */
static pecs_status span_collect_repeats(struct collect *collect, size_t first, uint32_t stride, uint32_t count)
{
    pecs_status status = PECS_OK;
    const size_t end = collect->list->count;
    for (uint32_t k = 1; k < count; k++) {
        collect->joins_from = collect->list->count;
        for (size_t i = first; !status && i < end; i++) {
            struct value_span span = collect->list->spans[i];
            span.offset += k * stride;
            status = span_collect_span(collect, span);
        }
        if (status)
            return status;
    }
    return PECS_OK;
}

/* Collects the spans of an array's first element: in a group of its own, unless the array lies in another array. */
static pecs_status span_collect_element(struct collect *collect, const pecs_type *element, uint32_t offset,
                                        uint32_t count)
{
    if (collect->is_in_array) {
        collect->joins_from = collect->list->count;
        return span_collect_fields(collect, element, offset);
    }
    pecs_status status =
        span_collect_group(collect, (struct span_group){ .offset = offset, .stride = element->size, .count = count });
    collect->is_in_array = true;
    if (!status)
        status = span_collect_fields(collect, element, 0);
    collect->is_in_array = false;
    return status;
}

static void span_list_drop(struct span_list *list, size_t first, size_t first_group)
{
    list->count = (uint32_t)first;
    list->group_count = (uint32_t)first_group;
    if (first_group)
        list->groups[first_group - 1].end = (uint32_t)first;
}

/*
 * Collects the spans of an array of structs from those of its first element. No span: the array has none. One span that
 * covers the element: the array is one span. Else the array is a group, or, within another array, its spans are
 * repeated for each element. Structs whose only field is an array of structs are flattened first.
 */
static pecs_status span_collect_array(struct collect *collect, const pecs_field *field, uint32_t offset)
{
    struct span_list *list = collect->list;
    const pecs_type *element = field->nested;
    uint32_t count = field->count;
    while (element->field_count == 1 && element->fields[0].kind == PECS_STRUCT) {
        count *= element->fields[0].count;
        element = element->fields[0].nested;
    }
    if (count == 1)
        return span_collect_fields(collect, element, offset);
    const size_t first = list->count, first_group = list->group_count, joins_from = collect->joins_from;
    pecs_status status = span_collect_element(collect, element, offset, count);
    if (status)
        return status;
    const bool is_one = list->count == first + 1 && list->spans[first].size == element->size;
    if (list->count > first && !is_one)
        return collect->is_in_array ? span_collect_repeats(collect, first, element->size, count) : PECS_OK;
    span_list_drop(list, first, first_group);
    collect->joins_from = joins_from;
    if (!is_one)
        return PECS_OK;
    struct value_span span = list->spans[first];
    span.offset = offset;
    span.size = element->size * count;
    return span_collect_span(collect, span);
}

const struct span_list span_list_none;

void span_list_destroy(struct pool *pool, const struct span_list *list)
{
    if (!list || list == &span_list_none)
        return;
    pool_release(pool, list->spans, list->count * sizeof(*list->spans));
    pool_release(pool, list->groups, list->group_count * sizeof(*list->groups));
    pool_release(pool, (struct span_list *)(uintptr_t)list, sizeof(*list));
}

/* A copy of the collected list, in memory of its size. NULL: out of memory. */
static const struct span_list *span_list_copy(struct pool *pool, const struct span_list *list)
{
    struct span_list *copy = pool_allocate(pool, sizeof(*copy));
    if (!copy)
        return NULL;
    *copy = *list;
    copy->spans = list->count ? pool_allocate(pool, list->count * sizeof(*list->spans)) : NULL;
    copy->groups = list->count ? pool_allocate(pool, list->group_count * sizeof(*list->groups)) : NULL;
    if (list->count && (!copy->spans || !copy->groups)) {
        span_list_destroy(pool, copy);
        return NULL;
    }
    if (list->count) {
        memcpy(copy->spans, list->spans, list->count * sizeof(*list->spans));
        memcpy(copy->groups, list->groups, list->group_count * sizeof(*list->groups));
    }
    return copy;
}

pecs_status span_list_create(struct pool *pool, const pecs_type *type, bool (*belongs)(const struct value_span *span),
                             const struct span_list **ret_list)
{
    struct span_list list = { .type = type, .belongs = belongs };
    struct collect collect = { .list = &list, .pool = pool };
    pecs_status status = span_collect_fields(&collect, type, 0);
    list.is_walked =
        status == PECS_E_LIMIT || (!status && list.count > (uint64_t)SPANS_PER_FIELD_MAX * collect.field_count);
    if (list.is_walked) {
        list.count = list.group_count = 0;
        status = PECS_OK;
    }
    const struct span_list *created = &span_list_none;
    if (!status && !span_list_is_empty(&list))
        created = span_list_copy(pool, &list);
    pool_release(pool, list.spans, collect.capacity * sizeof(*list.spans));
    pool_release(pool, list.groups, collect.group_capacity * sizeof(*list.groups));
    *ret_list = created ? created : &span_list_none;
    return created ? status : PECS_E_MEMORY;
}

/* Walks depth first; `levels` is the stack of a recursion. */
bool span_iter_walk(struct span_iter *iter, struct value_span *ret_span)
{
    while (iter->depth) {
        const uint32_t level = iter->depth - 1;
        const pecs_type *type = iter->levels[level].type;
        if (iter->levels[level].field == type->field_count) {
            iter->depth--;
            continue;
        }
        const pecs_field *field = &type->fields[iter->levels[level].field];
        const uint32_t offset = iter->levels[level].base + field->offset;
        if (field->kind == PECS_STRUCT && iter->levels[level].element < field->count) {
            const uint32_t element = iter->levels[level].element++;
            iter->levels[iter->depth].type = field->nested;
            iter->levels[iter->depth].base = offset + element * field->nested->size;
            iter->levels[iter->depth].field = iter->levels[iter->depth].element = 0;
            iter->depth++;
            continue;
        }
        iter->levels[level].field++;
        iter->levels[level].element = 0;
        *ret_span = span_of_field(field, offset);
        if (iter->list->belongs(ret_span))
            return true;
    }
    return false;
}

void span_run_begin(struct span_run_iter *iter, const struct span_list *list, uint64_t value_count)
{
    iter->list = list;
    iter->value_count = value_count;
    iter->group = 0;
    iter->span = 0;
    iter->part = 0;
    if (list->is_walked)
        span_iter_begin(&iter->walk, list);
}

/* Walks the description for each value; each run is one span. */
static bool span_run_walk(struct span_run_iter *iter, struct span_run *ret_run)
{
    for (; iter->part < iter->value_count; iter->part++) {
        if (span_iter_walk(&iter->walk, &ret_run->span)) {
            ret_run->offset = iter->part * iter->list->type->size + ret_run->span.offset;
            ret_run->stride = iter->list->type->size;
            ret_run->count = 1;
            return true;
        }
        span_iter_begin(&iter->walk, iter->list);
    }
    return false;
}

/*
 * The positions of one span of a group are a matrix of elements and values. They are one run if all are equally far
 * apart, else one run for each element or for each value, whichever makes fewer runs.
 */
bool span_run_next(struct span_run_iter *iter, struct span_run *ret_run)
{
    const struct span_list *list = iter->list;
    if (list->is_walked)
        return span_run_walk(iter, ret_run);
    while (iter->group < list->group_count && iter->value_count) {
        const struct span_group *group = &list->groups[iter->group];
        const uint64_t value_bytes = list->type->size;
        const bool is_even = (uint64_t)group->stride * group->count == value_bytes;
        const bool by_element = group->count <= iter->value_count;
        const uint64_t part = iter->part++;
        if (part == (is_even ? 1 : min_u64(group->count, iter->value_count))) {
            iter->part = 0;
            if (++iter->span == group->end)
                iter->group++;
            continue;
        }
        ret_run->span = list->spans[iter->span];
        ret_run->offset = group->offset + ret_run->span.offset + part * (by_element ? group->stride : value_bytes);
        ret_run->stride = by_element && !is_even ? value_bytes : group->stride;
        ret_run->count = is_even ? group->count * iter->value_count : by_element ? iter->value_count : group->count;
        return true;
    }
    return false;
}
