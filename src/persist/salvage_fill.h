/* What is left of a wreck, in a builder. */
#ifndef PECS_PERSIST_SALVAGE_FILL_H
#define PECS_PERSIST_SALVAGE_FILL_H

#include "salvage_rows.h"
#include "type_match.h"

#include <pecs/salvage.h>

struct salvage {
    struct pool *pool;
    struct wreck wreck;
    pecs_registry *registry;
    struct match match; /* to a registry without types */
    bool has_match;
    const struct component **components; /* of each type; NULL: a tag */
    struct wreck_column index;           /* records that are whole */
    pecs_entity *alive;                  /* handles that are left, ascending by index */
    size_t alive_count, alive_capacity;
    pecs_builder *builder;
    struct salvage_table table; /* the present one */
    bool has_table;
    pecs_salvage_report *report;
    pecs_error *error;
};

/* A registry for the wreck's types, and the match of these. */
pecs_status salvage_make_registry(struct salvage *salvage, const pecs_salvage_options *options);
/* Makes the builder, and gives it all that is whole; fills the report in, but for what was lost of entities and bytes.
 */
pecs_status salvage_fill(struct salvage *salvage);

#endif
