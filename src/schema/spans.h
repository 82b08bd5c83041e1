/*
 * Spans: the byte ranges of a value that are of one kind, for example padding, derived once from the type's
 * description.
 *
 * A short type description can expand to millions of spans: an array of structs with padding. So spans are listed in
 * groups, one for each array of structs, with the spans of one element; arrays within arrays are listed element by
 * element. If that still gives many more spans than the description has fields, nothing is listed, and the spans are
 * found by walking the description for each value.
 */
#ifndef PECS_SCHEMA_SPANS_H
#define PECS_SCHEMA_SPANS_H

#include <pecs/schema.h>

struct pool;

enum { NESTING_MAX = 8 /* depth of structs within structs */ };

/* Consecutive elements of `width` bytes. */
struct value_span {
    uint32_t offset, size;
    pecs_kind kind;
    uint32_t width;         /* of a text: including the zeros after it */
    uint32_t limit;         /* number of an enum's values; else 0 */
    const pecs_field *list; /* the field, of a list; else NULL */
};

/*
 * `count` elements, `stride` bytes apart, the first at `offset`. Offsets of the group's spans are relative to an
 * element.
 */
struct span_group {
    uint32_t offset, stride, count;
    uint32_t first, end; /* range of spans in the list */
};

/* Groups, and spans within an element, ascend by offset and do not overlap. All lists without spans are one. */
struct span_list {
    const pecs_type *type;
    bool (*belongs)(const struct value_span *span);
    struct value_span *spans; /* allocated from the pool, like the groups, with no room for more */
    struct span_group *groups;
    uint32_t count, group_count;
    bool is_walked;
};

extern const struct span_list span_list_none;
/* Lists the spans of a valid type for which `belongs` returns true. PECS_E_MEMORY: it is the list without spans. */
pecs_status span_list_create(struct pool *pool, const pecs_type *type, bool (*belongs)(const struct value_span *span),
                             const struct span_list **ret_list);
/* NULL is allowed. */
void span_list_destroy(struct pool *pool, const struct span_list *list);

static inline bool span_list_is_empty(const struct span_list *list)
{
    return !list->count && !list->is_walked;
}

/* Iterates over the spans of one value in ascending order. */
struct span_iter {
    const struct span_list *list;
    size_t group, next;
    uint32_t element, base;
    uint32_t depth; /* of the walk; 0: it has ended */
    struct {
        const pecs_type *type;
        uint32_t base;           /* offset of this struct in the value */
        uint32_t field, element; /* the next ones to visit */
    } levels[NESTING_MAX + 1];
};
bool span_iter_walk(struct span_iter *iter, struct value_span *ret_span);

static inline void span_iter_enter_group(struct span_iter *iter, size_t group)
{
    iter->group = group;
    iter->element = 0;
    if (group < iter->list->group_count) {
        iter->base = iter->list->groups[group].offset;
        iter->next = iter->list->groups[group].first;
    }
}

static inline void span_iter_begin(struct span_iter *iter, const struct span_list *list)
{
    iter->list = list;
    iter->depth = 1;
    iter->levels[0].type = list->type;
    iter->levels[0].base = iter->levels[0].field = iter->levels[0].element = 0;
    iter->base = 0;
    iter->next = 0;
    span_iter_enter_group(iter, 0);
}

static inline bool span_iter_next(struct span_iter *iter, struct value_span *ret_span)
{
    const struct span_list *list = iter->list;
    if (list->is_walked)
        return span_iter_walk(iter, ret_span);
    while (iter->group < list->group_count) {
        const struct span_group *group = &list->groups[iter->group];
        if (iter->next < group->end) {
            *ret_span = list->spans[iter->next++];
            ret_span->offset += iter->base;
            return true;
        }
        iter->base += group->stride;
        iter->next = group->first;
        if (++iter->element == group->count)
            span_iter_enter_group(iter, iter->group + 1);
    }
    return false;
}

/*
 * `count` spans that differ in their offset only: `stride` bytes apart, the first `offset` bytes from the first value.
 */
struct span_run {
    struct value_span span;
    uint64_t offset, stride, count;
};

/* Iterates over the spans of consecutive values, in runs as long as possible, in no particular order. */
struct span_run_iter {
    const struct span_list *list;
    uint64_t value_count;
    size_t group, span;
    uint64_t part;
    struct span_iter walk;
};
void span_run_begin(struct span_run_iter *iter, const struct span_list *list, uint64_t value_count);
bool span_run_next(struct span_run_iter *iter, struct span_run *ret_run);

#endif
