/*
 * Value: reads the value of a component from a tree, in the form in which value_json.h writes it.
 */
#ifndef PECS_JSON_VALUE_H
#define PECS_JSON_VALUE_H

#include "json_arena.h"
#include "json_names.h"
#include "json_plan.h"
#include "json_tree.h"

struct value_reader {
    struct tree *tree;
    struct arena arena; /* of values and their contents */
    struct entity_names names;
    bool allow_unknown;
    uint64_t made_bytes; /* by all values of the document */
    uint64_t max_bytes;  /* of them; 0: no limit */
};

/*
 * Reads a component into the arena. Contents are given (contents.h); they lie in the arena and in the tree. *ret_value
 * is NULL for a tag.
 */
pecs_status value_read(struct value_reader *reader, struct plan *plan, const cJSON *node, void **ret_value);

/* Parses a handle, "12:3". False: the text is none. */
bool value_parse_handle(const char *text, pecs_entity *ret_entity);

/* The bytes of {"base64": ...} or {"hex": ...}, in the arena. */
pecs_status value_read_bytes(struct value_reader *reader, const struct tree_step *step, const cJSON *node,
                             pecs_bytes *ret_bytes);

#endif
