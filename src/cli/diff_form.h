/* Diff form: counts the differences of two files and, with --detail, prints each one as text or JSON. */
#ifndef PECS_CLI_DIFF_FORM_H
#define PECS_CLI_DIFF_FORM_H

#include "json_out.h"
#include "loaded.h"
#include "type_list.h"
#include "value_diff.h"

#include <pecs/attachments.h>
#include <pecs/diff.h>

/* Changes of one component: in entities that both files have, or in the world itself. */
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
    bool by_handle;     /* match entities by handle, not by id */
    bool has_other_ids; /* all handles and values are the same, only ids differ: do not list entities */
    struct change_counts entities;
    struct diff_type *types; /* types of `from`, then types that only `to` has */
    size_t type_count;
    size_t *to_places;                            /* for each type of `to`: its index in `types` */
    uint8_t *changed;                             /* a bit for each slot of `from` whose entity has changed */
    struct change_counts metadata, file_metadata; /* entries of the world and of the file */
    struct change_counts attachments;
    struct text_out *out;
    struct json_out json; /* for output as JSON */
};

/* Reports a differing metadata entry; `old` or `new_entry` is NULL if that side lacks it. */
typedef void (*diff_meta_function)(struct diff_form *form, bool is_of_file, const pecs_meta *old,
                                   const pecs_meta *new_entry);

/* Does so for an attachment; what both sides have is the same up to `same_bytes`. */
typedef void (*diff_attachment_function)(struct diff_form *form, const pecs_attachment *old,
                                         const pecs_attachment *new_entry, size_t same_bytes);

/* The caller sets path, view and info of both sides, by_handle and out before. False: out of memory. */
bool diff_begin(struct diff_form *form);
void diff_end(struct diff_form *form);

void diff_count(struct diff_form *form, const pecs_change *change);
void diff_metadata(struct diff_form *form, diff_meta_function each);
void diff_attachments(struct diff_form *form, diff_attachment_function each);

/* Sorts the types by label, after all differences are counted. diff_label must not be called afterwards. */
void diff_sort_types(struct diff_form *form);

/* Whether any difference was counted. */
bool diff_found(const struct diff_form *form);

/* Whether any count is not zero. */
bool counts_any(const struct change_counts *counts);

/* The label of a change's type. */
const char *diff_label(const struct diff_form *form, const pecs_change *change);

/* Whether both values of a change can be compared field by field. */
bool diff_is_by_field(const struct diff_form *form, const pecs_change *change);
bool diff_is_of_world(const pecs_change *change);
struct value_sides diff_value_sides(const struct diff_form *form);
/* The id of the entity that an element refers to, if ids are compared. False if it refers to no living entity. */
bool diff_names_id(const struct diff_form *form, const struct diff_side *side, const pecs_field *field,
                   const void *element, pecs_id *ret_id);

/* The two output formats: each prints single differences and, at the end, the counts. */
bool diff_text_change(void *form, const pecs_change *change);
void diff_text_meta(struct diff_form *form, bool is_of_file, const pecs_meta *old, const pecs_meta *new_entry);
void diff_text_attachment(struct diff_form *form, const pecs_attachment *old, const pecs_attachment *new_entry,
                          size_t same_bytes);
void diff_text_end(struct diff_form *form);
void diff_json_begin(struct diff_form *form, bool with_detail);
bool diff_json_change(void *form, const pecs_change *change);
void diff_json_meta(struct diff_form *form, bool is_of_file, const pecs_meta *old, const pecs_meta *new_entry);
void diff_json_attachment(struct diff_form *form, const pecs_attachment *old, const pecs_attachment *new_entry,
                          size_t same_bytes);
void diff_json_end(struct diff_form *form, bool with_detail);

#endif
