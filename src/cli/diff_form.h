/* Diff form: what differs between two files is counted as it is told, and told one by one when details are wanted. */
#ifndef PECS_CLI_DIFF_FORM_H
#define PECS_CLI_DIFF_FORM_H

#include "json_out.h"
#include "loaded.h"
#include "type_list.h"
#include "value_diff.h"

#include <pecs/diff.h>

/* Of one component, in entities that are in both files, or in the world itself. */
struct change_counts {
    uint64_t added, removed, changed;
};

struct diff_side {
    const char *path;
    pecs_view view;
    const pecs_info *info;
    struct type_list types;
};

/* A type of either file. */
struct diff_type {
    const char *label;
    pecs_id id;
    struct change_counts of_entities, of_world;
};

struct diff_form {
    struct diff_side from, to;
    bool by_handle;     /* handles say what is the same, not ids */
    bool has_other_ids; /* all handles and values are the same, and only ids differ: they are not told one by one */
    struct change_counts entities;
    struct diff_type *types; /* those of `from`, then those that only `to` has */
    size_t type_count;
    size_t *to_places;                            /* in `types`, of each entry of `to` */
    uint8_t *changed;                             /* a bit for each slot of `from`: its entity has changed */
    struct change_counts metadata, file_metadata; /* entries of the world's, and of what is the file's alone */
    struct text_out *out;
    struct json_out json; /* used when out is wanted as JSON */
};

/* An entry of the metadata that differs; `old` or `new` is NULL where it is not. */
typedef void (*diff_meta_function)(struct diff_form *form, bool is_of_file, const pecs_meta *old,
                                   const pecs_meta *new_entry);

/* path, view and info of both sides, by_handle and out are set before. False: no memory. */
bool diff_begin(struct diff_form *form);
void diff_end(struct diff_form *form);

/* Counts a difference. */
void diff_count(struct diff_form *form, const pecs_change *change);
void diff_metadata(struct diff_form *form, diff_meta_function each);

/*
 * When all is counted: puts the types in the order of their labels. Labels of changes are not to be asked for any more.
 */
void diff_sort_types(struct diff_form *form);

/* False: nothing was counted. */
bool diff_found(const struct diff_form *form);

/* True when there is something to tell of the counts. */
bool counts_any(const struct change_counts *counts);

/* The label of the type that a change speaks of. */
const char *diff_label(const struct diff_form *form, const pecs_change *change);

/* Whether both values of a change can be compared field by field. */
bool diff_is_by_field(const struct diff_form *form, const pecs_change *change);
bool diff_is_of_world(const pecs_change *change);
struct value_sides diff_value_sides(const struct diff_form *form);
/* The id of what an element refers to, when ids are compared; false: it is no reference, or to nothing that lives. */
bool diff_names_id(const struct diff_form *form, const struct diff_side *side, const pecs_field *field,
                   const void *element, pecs_id *ret_id);

/* The two looks: each tells a difference and, at the end, the counts. */
bool diff_text_change(void *form, const pecs_change *change);
void diff_text_meta(struct diff_form *form, bool is_of_file, const pecs_meta *old, const pecs_meta *new_entry);
void diff_text_end(struct diff_form *form);
void diff_json_begin(struct diff_form *form, bool with_detail);
bool diff_json_change(void *form, const pecs_change *change);
void diff_json_meta(struct diff_form *form, bool is_of_file, const pecs_meta *old, const pecs_meta *new_entry);
void diff_json_end(struct diff_form *form, bool with_detail);

#endif
