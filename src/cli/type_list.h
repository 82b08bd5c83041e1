/*
 * Type list: the component types of a file in the order of their names, each with a unique label. A label is the type's
 * name; or NAME#ID if another type has the same name or the name itself has this form. Labels are unique since types
 * with the same name differ in the id, and no plain name ends like a label with an id.
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
    size_t rank;     /* index in the order of the names */
};

struct type_list {
    size_t count;
    struct type_entry *entries;  /* ascending by component */
    size_t *order;               /* indices of entries in the order of their names */
    pecs_component id_component; /* "pecs.id" of a view, whose values are printed as ids; else UINT32_MAX */
    pecs_component *sorted;      /* result of type_list_by_name */
    uint64_t *present;           /* a bit for each rank, zero between the calls of type_list_by_name */
};

/* False: out of memory. */
bool type_list_of_view(pecs_view view, struct type_list *ret_list);
bool type_list_of_info(const pecs_info *info, struct type_list *ret_list);

/* Makes the lists of two views with common labels: one label names one type in both. False: out of memory. */
bool type_lists_of_views(pecs_view a, pecs_view b, struct type_list *ret_a, struct type_list *ret_b);

void type_list_free(struct type_list *list);

/* The entry of a component of the view, or of a type by its index in pecs_info.types, that the list was made of. */
const struct type_entry *type_list_entry(const struct type_list *list, pecs_component component);

/* Whether a label is the type's in some list, whatever other types that has. */
bool type_may_have_label(const pecs_type *type, const char *label);

/* Finds a component by its label. False: there is none, or it is "pecs.id" and no entity has an explicit id. */
bool type_list_find(const struct type_list *list, pecs_view view, const char *label, pecs_component *ret_component);

/* Whether some table has the component "pecs.id". Every registry knows that type, but files need not use it. */
bool view_has_explicit_ids(pecs_view view);

/*
 * Sorts a set of components by name; the result is valid until the next call. Sets a bit for each rank and scans the
 * bits, which takes linear time in `count` plus one step for each 64 types of the list.
 */
const pecs_component *type_list_by_name(struct type_list *list, const pecs_component *components, size_t count);

#endif
