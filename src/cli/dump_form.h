/* Dump form: selects what a dump shows; dump_text and dump_json print it. */
#ifndef PECS_CLI_DUMP_FORM_H
#define PECS_CLI_DUMP_FORM_H

#include "json_out.h"
#include "loaded.h"
#include "type_list.h"

enum { DUMP_BOUND_KIB = 64 };

struct dump {
    const char *path;
    pecs_view view;
    const pecs_info *info; /* for the metadata of the file alone */
    uint64_t limit;        /* maximum number of entities */
    bool is_bounded;       /* the text stops after DUMP_BOUND_KIB, with a line that says so */
    bool one_entity, one_component;
    pecs_entity entity;
    pecs_component component;

    /* set by dump_begin and later */
    struct type_list types;
    bool is_cut; /* the bound was reached */
};

/* False: out of memory. */
bool dump_begin(struct dump *dump);
void dump_end(struct dump *dump);

void dump_text(struct dump *dump, struct text_out *out);
void dump_json(struct dump *dump, struct text_out *out);

/* Iterates over the selected entities in the order of their indices, up to the limit. */
struct dump_iter {
    pecs_id_iter ids; /* has the current entity and id */
    uint64_t shown;
    bool cut; /* at the end: there are more entities than the limit */
};
struct dump_iter dump_entities(const struct dump *dump);
bool dump_next(const struct dump *dump, struct dump_iter *iter);

/* Explicit ids are values of the component "pecs.id", which is hidden unless selected, since the id is shown anyway. */
bool dump_has_explicit_id(const struct dump *dump, pecs_entity entity);
bool dump_is_hidden(const struct dump *dump, pecs_component component);

/* Whether the dump shows the world itself: metadata and singletons, which the selected component may be one of. */
bool dump_has_world(const struct dump *dump);

/* The components to show for an entity or for the world, in the order of their names. */
const pecs_component *dump_components_of(struct dump *dump, pecs_entity entity, size_t *ret_count);
const pecs_component *dump_singletons(struct dump *dump, size_t *ret_count);

/* The value of a component; NULL for tags. */
const void *dump_value(const struct dump *dump, pecs_entity entity, pecs_component component);
const void *dump_singleton(const struct dump *dump, pecs_component component);

#endif
