/*
 * Types: reads descriptions of types (json_describe.h), and makes the registry that a document needs: the program's own
 * if it has all types, else another one with those of the document, which conversion then compares.
 */
#ifndef PECS_JSON_TYPES_H
#define PECS_JSON_TYPES_H

#include "json_plan.h"
#include "json_tree.h"

/* Memory of types. It lives until the registry of these types, and all that was made of it, has released its own. */
struct type_store;

struct types {
    pecs_registry *program;  /* the builder's; borrowed */
    pecs_registry *registry; /* the document's: a reference */
    struct type_store *store;
    const pecs_type **described; /* by the document, in its order */
    uint32_t described_count, described_capacity;
    struct plan_names names; /* of all types that entities may have, with their components */
    uint32_t max_types;      /* 0: no limit */
    bool allow_unknown, refuse_unknown;
};

/* Reads one description, which the tree has. */
pecs_status types_read(struct types *types, const struct tree *tree);

/* Makes registry and names of what was read. */
pecs_status types_resolve(struct types *types, pecs_error *error);
void types_free(struct types *types);

#endif
