#include "diff_oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

PECS_COMPONENT_OF(Bond, "Bond", 1, PECS_FIELD(Bond, who), PECS_FIELD(Bond, mood), PECS_GAP_AFTER(Bond, mood, 3));
PECS_COMPONENT(Link, 1, target);
PECS_COMPONENT_OF(Nest, "Nest", 1, PECS_FIELD(Nest, number), PECS_FIELD_STRUCT(Nest, bonds, Bond),
                  PECS_FIELD(Nest, list), PECS_FIELD_GRID(Nest, grid), PECS_FIELD(Nest, flags),
                  PECS_GAP_AFTER(Nest, flags, 2));
PECS_COMPONENT(Plain, 1, number);
PECS_TAG(Marked, 1);
const pecs_type *const diff_types[TYPE_COUNT] = { &Link_type, &Nest_type, &Plain_type, &Marked_type };

enum { ID = TYPE_COUNT, SHOWN_MAX = 8 }; /* the type "pecs.id" follows the registry's */
static const pecs_entity no_entity;
static const pecs_id no_id;

/* Without padding, so that memcmp can compare it. */
struct difference {
    uint64_t kind;
    pecs_id id;
    pecs_entity before, after;
    pecs_component from_component, to_component;
    const void *old_value, *new_value;
};

struct list {
    struct difference *items;
    size_t count, capacity;
};

struct sides {
    pecs_view from, to;
    bool by_handle;
};

static void list_add(struct list *list, struct difference difference)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 256;
        list->items = realloc(list->items, list->capacity * sizeof(*list->items));
        if (!list->items)
            abort();
    }
    list->items[list->count++] = difference;
}

static int difference_compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct difference));
}

static void list_sort(struct list *list)
{
    if (list->count)
        qsort(list->items, list->count, sizeof(*list->items), difference_compare);
}

static void difference_print(const char *who, const struct difference *item)
{
    char id[PECS_ID_TEXT_BYTES];
    pecs_id_format(item->id, id);
    fprintf(stderr, "only %s: kind %d of %s, %u/%u -> %u/%u, component %d -> %d, values %p -> %p\n", who,
            (int)item->kind, id, item->before.index, item->before.generation, item->after.index, item->after.generation,
            (int)item->from_component, (int)item->to_component, item->old_value, item->new_value);
}

/* Both are sorted. */
static bool lists_agree(const struct list *oracle, const struct list *diff)
{
    unsigned shown = 0;
    for (size_t i = 0, j = 0; shown < SHOWN_MAX && (i < oracle->count || j < diff->count);) {
        int order = i == oracle->count ? 1 : -1;
        if (i < oracle->count && j < diff->count)
            order = difference_compare(&oracle->items[i], &diff->items[j]);
        if (order != 0) {
            difference_print(order < 0 ? "the oracle" : "the diff", order < 0 ? &oracle->items[i] : &diff->items[j]);
            shown++;
        }
        i += order <= 0;
        j += order >= 0;
    }
    return shown == 0;
}

static bool handle_is_same(pecs_entity a, pecs_entity b)
{
    return a.index == b.index && a.generation == b.generation;
}

static bool references_agree(const struct sides *sides, const pecs_entity *a, const pecs_entity *b, size_t count)
{
    bool agree = true;
    for (size_t i = 0; agree && i < count; i++)
        agree =
            sides->by_handle ? handle_is_same(a[i], b[i]) : pecs_diff_same_target(sides->from, a[i], sides->to, b[i]);
    return agree;
}

static bool nests_agree(const struct sides *sides, const Nest *a, const Nest *b)
{
    for (size_t i = 0; i < 2; i++)
        if (a->bonds[i].mood != b->bonds[i].mood || !references_agree(sides, &a->bonds[i].who, &b->bonds[i].who, 1))
            return false;
    return a->number == b->number && a->flags == b->flags && references_agree(sides, a->list, b->list, 3) &&
           references_agree(sides, a->grid[0], b->grid[0], 2) && references_agree(sides, a->grid[1], b->grid[1], 2);
}

/* Compares one component that both sides have; a tag has no values. */
static bool values_agree(const struct sides *sides, pecs_component component, const void *a, const void *b)
{
    switch (component) {
    case LINK:
        return references_agree(sides, &((const Link *)a)->target, &((const Link *)b)->target, 1);
    case NEST:
        return nests_agree(sides, a, b);
    case PLAIN:
        return memcmp(a, b, sizeof(Plain)) == 0;
    case ID:
        return memcmp(a, b, sizeof(pecs_id)) == 0;
    default:
        return true;
    }
}

static bool has(pecs_view view, pecs_entity entity, pecs_component component)
{
    return handle_is_same(entity, no_entity) ? pecs_view_has_singleton(view, component)
                                             : pecs_view_has(view, entity, component);
}

static const void *value_of(pecs_view view, pecs_entity entity, pecs_component component)
{
    const size_t size = component == ID ? sizeof(pecs_id) : diff_types[component]->size;
    return handle_is_same(entity, no_entity) ? pecs_view_get_singleton(view, component, size)
                                             : pecs_view_get(view, entity, component, size);
}

/* Compares the components of an entity that both sides have or, for no_entity, of the world itself. */
static void oracle_pair(struct list *list, const struct sides *sides, pecs_id id, pecs_entity before, pecs_entity after)
{
    for (pecs_component component = 0; component < (sides->by_handle ? ID + 1 : TYPE_COUNT); component++) {
        const bool had = has(sides->from, before, component), has_now = has(sides->to, after, component);
        const void *a = value_of(sides->from, before, component), *b = value_of(sides->to, after, component);
        if (had == has_now && (!had || values_agree(sides, component, a, b)))
            continue;
        const pecs_change_kind kind = !had       ? PECS_COMPONENT_ADDED
                                      : !has_now ? PECS_COMPONENT_REMOVED
                                                 : PECS_COMPONENT_CHANGED;
        list_add(list, (struct difference){ kind, id, before, after, had ? component : UINT32_MAX,
                                            has_now ? component : UINT32_MAX, a, b });
    }
}

static bool oracle_find(const struct sides *sides, pecs_view view, const pecs_id_iter *iter, pecs_entity *ret_entity)
{
    *ret_entity = iter->entity;
    return sides->by_handle ? pecs_view_alive(view, iter->entity) : !pecs_view_find(view, iter->id, ret_entity);
}

static void oracle_compare(struct list *list, const struct sides *sides)
{
    pecs_entity other;
    oracle_pair(list, sides, no_id, no_entity, no_entity);
    for (pecs_id_iter iter = pecs_view_ids(sides->from); pecs_id_iter_next(&iter);)
        if (oracle_find(sides, sides->to, &iter, &other))
            oracle_pair(list, sides, iter.id, iter.entity, other);
        else
            list_add(list, (struct difference){ PECS_ENTITY_REMOVED, iter.id, iter.entity, no_entity, UINT32_MAX,
                                                UINT32_MAX, NULL, NULL });
    for (pecs_id_iter iter = pecs_view_ids(sides->to); pecs_id_iter_next(&iter);)
        if (!oracle_find(sides, sides->from, &iter, &other))
            list_add(list, (struct difference){ PECS_ENTITY_ADDED, iter.id, no_entity, iter.entity, UINT32_MAX,
                                                UINT32_MAX, NULL, NULL });
}

static bool list_take(void *user, const pecs_change *change)
{
    list_add(user, (struct difference){ change->kind, change->id, change->before, change->after, change->from_component,
                                        change->to_component, change->old_value, change->new_value });
    return true;
}

bool diff_agrees(pecs_view from, pecs_view to, bool by_handle, uint64_t *ret_count)
{
    const struct sides sides = { from, to, by_handle };
    struct list oracle = { .items = NULL }, diff = { .items = NULL };
    oracle_compare(&oracle, &sides);
    const pecs_status status = (by_handle ? pecs_view_diff_by_handle : pecs_view_diff)(from, to, list_take, &diff);
    list_sort(&oracle);
    list_sort(&diff);
    const bool agree = !status && lists_agree(&oracle, &diff);
    *ret_count = oracle.count;
    free(oracle.items);
    free(diff.items);
    return agree;
}
