/*
 * Tree: a value that was cut from a document (json_scan.h), as cJSON parsed it, and errors at its nodes. Strings begin
 * with the mark of json_scan.h, so a node's text is behind its first character.
 *
 * A leaf (json_leaf.h) is an object or array of cJSON's, with a reference to members that it did not make: those lie in
 * the tree, their texts in that of the leaves. cJSON deletes no member of a reference.
 */
#ifndef PECS_JSON_TREE_H
#define PECS_JSON_TREE_H

#include "json_scan.h"

#include <pecs/schema.h>

#include <cJSON.h>

/* A step to a field from what has it: a name, or the index of an element. The steps lie on the stack of who reads. */
struct tree_step {
    const struct tree_step *before; /* NULL: the component itself */
    const char *name;               /* NULL: `index` */
    uint64_t index;
};

struct tree {
    struct scan *scan;
    cJSON *root;
    cJSON *members; /* of leaves */
    size_t member_room;
    const char *what;      /* "entity", "singleton", "type": whose value it is */
    char label[64];        /* of the entity: its handle or name; empty: not known yet */
    const char *component; /* the component that is read; or NULL */
};

/* Cuts the next value and parses it; what was there before is freed. leaf_depth: of scan_cut. */
pecs_status tree_cut(struct tree *tree, unsigned leaf_depth);
void tree_free(struct tree *tree);

static inline bool tree_is(const cJSON *node, int type)
{
    return node && (node->type & 0xff) == type;
}
static inline bool tree_is_string(const cJSON *node)
{
    return tree_is(node, cJSON_String) && node->valuestring[0] == SCAN_STRING;
}
static inline bool tree_is_number(const cJSON *node)
{
    return tree_is(node, cJSON_Number) || (tree_is(node, cJSON_String) && node->valuestring[0] == SCAN_NUMBER);
}

/* The text of a string or number. That of a number ends in a byte that cannot be in one. */
static inline const char *tree_text(const cJSON *node)
{
    return node->valuestring + !tree_is(node, cJSON_Number);
}

/* Reads an integer from 0 to `max`. False: it is none. */
bool tree_read_unsigned(const cJSON *node, uint64_t max, uint64_t *ret_number);

/*
 * Fail at a node: what was expected there, and what is; or a message about the node's key. The message says where the
 * node is. `step` is NULL outside of fields.
 */
pecs_status tree_fail_expected(const struct tree *tree, const struct tree_step *step, const cJSON *node,
                               const char *format, ...) __attribute__((format(printf, 4, 5)));
pecs_status tree_fail(const struct tree *tree, const struct tree_step *step, const cJSON *node, bool at_key,
                      pecs_status status, const char *format, ...) __attribute__((format(printf, 6, 7)));

/*
 * Reads the members of an object by a table of their names. `nodes` gets one for each name, or NULL. PECS_E_CORRUPT: no
 * object, a key twice; or one that the table lacks, unless that is allowed.
 */
pecs_status tree_read_members(const struct tree *tree, const cJSON *object, const char *const *names, size_t count,
                              bool allow_unknown, const cJSON **nodes);

#endif
