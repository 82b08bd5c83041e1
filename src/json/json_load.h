/* Load: reads a document into a builder. */
#ifndef PECS_JSON_LOAD_H
#define PECS_JSON_LOAD_H

#include "json_types.h"
#include "json_value.h"

#include <pecs/json.h>

struct load {
    const pecs_plugin_context *context;
    pecs_builder *target; /* the caller's */
    pecs_error *error;
    struct scan scan;
    struct tree tree;
    struct types types;
    struct value_reader reader;
    uint64_t progress_done; /* bytes that were reported last */

    unsigned seen; /* bit k: part k of the document was read */
    bool has_types, has_schema_version;
    struct entity_names keys; /* of metadata or attachments that were read */
    uint64_t tick, nonce;

    /* from here on: of the parts that need the types */
    pecs_builder *builder;
    struct plan **plans;   /* by component; NULL until it is read */
    uint64_t *last_number; /* by component: the entity that had it last */
    pecs_value *values;    /* of the present entity */
    size_t value_count, component_count;
    uint64_t born;                    /* nonce of the session of the last entity; 0: the document's */
    uint64_t entity_count;            /* read so far */
    uint64_t slot_count, named_count; /* of the index, and of handles that the document has */
};

pecs_status json_load(const pecs_plugin_context *context, const pecs_source *source, pecs_builder *builder,
                      pecs_error *error);

/* Make the builder, once, when all is read that it and its registry need; and read one value in tree.root. */
pecs_status load_open(struct load *load);
pecs_status load_read_component(struct load *load, const cJSON *member);

/* Parses 15 hexadecimal digits: the 60 bits of a session's nonce (id.h). False: they are none. */
bool load_parse_nonce(const cJSON *node, uint64_t *ret_nonce);

/* Read the next element of "entities" and of "dead". */
pecs_status load_read_entity(struct load *load);
pecs_status load_read_dead(struct load *load);

/* Checks what only all entities can show. */
pecs_status load_check_entities(struct load *load);

/* The builder's error, with the place of the present value in front. */
pecs_status load_fail_builder(struct load *load, pecs_status status);

#endif
