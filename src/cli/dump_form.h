/* Dump form: what a dump shows, and how it looks as text and as JSON. */
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
    uint64_t limit;        /* of entities */
    bool is_bounded;       /* the text ends after DUMP_BOUND_KIB, with a line that says so */
    bool one_entity, one_component;
    pecs_entity entity;
    pecs_component component;

    /* what follows is made by dump_begin */
    struct type_list types;
    bool is_cut; /* by its bound */
};

/* False: no memory. */
bool dump_begin(struct dump *dump);
void dump_end(struct dump *dump);

void dump_text(struct dump *dump, struct text_out *out);
void dump_json(struct dump *dump, struct text_out *out);

/* The entities that are to be shown, in the order of their indices, up to the limit. */
struct dump_iter {
    pecs_id_iter ids; /* its entity and id are the present ones */
    uint64_t shown;
    bool cut; /* at the end: the limit left some out */
};
struct dump_iter dump_entities(const struct dump *dump);
bool dump_next(const struct dump *dump, struct dump_iter *iter);

/* Explicit ids are kept as a component, which is not shown beside the ids unless it is asked for. */
bool dump_has_explicit_id(const struct dump *dump, pecs_entity entity);
bool dump_is_hidden(const struct dump *dump, pecs_component component);

/* Whether what is the world's is shown: metadata, and singletons, of which the chosen component may be one. */
bool dump_has_world(const struct dump *dump);

/* The components to show of an entity, or of the world itself, in the order of their names. */
const pecs_component *dump_components_of(struct dump *dump, pecs_entity entity, size_t *ret_count);
const pecs_component *dump_singletons(struct dump *dump, size_t *ret_count);

/* The value of an entity's component; NULL for tags. */
const void *dump_value(const struct dump *dump, pecs_entity entity, pecs_component component);
const void *dump_singleton(const struct dump *dump, pecs_component component);

#endif
