/*
 * Type list: the component types of a file in the order of their names, each with a label. A label is the type's name;
 * or NAME#ID, if another type has the same name, or if the name has this form itself. So a label names one type: types
 * with the same name differ in the id, and no name that stands alone ends like a label with an id.
 */
#ifndef PECS_CLI_TYPE_LIST_H
#define PECS_CLI_TYPE_LIST_H

#include <pecs/file.h>
#include <pecs/id.h>

struct type_entry {
    const pecs_type *type;
    pecs_component component;
    pecs_id id;
    const char *label;
    char *own_label; /* NULL: the name is the label */
    size_t rank;     /* place in the order of the names */
};

struct type_list {
    size_t count;
    struct type_entry *entries;  /* ascending by component */
    size_t *order;               /* indices of entries, in the order of their names */
    pecs_component id_component; /* "pecs.id" of a view, whose values are told as ids; else UINT32_MAX */
    pecs_component *sorted;      /* by type_list_by_name */
    uint64_t *present;           /* a bit for each rank, zero between the calls of type_list_by_name */
};

/* False: no memory. */
bool type_list_of_view(pecs_view view, struct type_list *ret_list);
bool type_list_of_info(const pecs_info *info, struct type_list *ret_list);

/* The lists of two views, whose labels name one type in both. False: no memory. */
bool type_lists_of_views(pecs_view a, pecs_view b, struct type_list *ret_a, struct type_list *ret_b);

void type_list_free(struct type_list *list);

/* The entry of a component of the view or, by its index there, of the information that the list was made of. */
const struct type_entry *type_list_entry(const struct type_list *list, pecs_component component);

/* The component of a view that has this label; false: none has, or it is "pecs.id" and no entity has an explicit id. */
bool type_list_find(const struct type_list *list, pecs_view view, const char *label, pecs_component *ret_component);

/* Whether any entity, living or not, has had an explicit id: every registry knows the type, files need not have it. */
bool view_has_explicit_ids(pecs_view view);

/*
 * A set of components in the order of their names, valid until the next call. Instead of a sort there is a walk over
 * the bits of the ranks: linear in `count`, and a word for each 64 types of the list.
 */
const pecs_component *type_list_by_name(struct type_list *list, const pecs_component *components, size_t count);

#endif
