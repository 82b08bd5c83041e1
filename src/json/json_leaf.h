/*
 * Leaves: the objects and arrays of a cut value (json_scan.h) that have members, none of which is an object or array,
 * and whose strings are ASCII without escapes. Most of what a component is. They are read here, once, and not by cJSON.
 *
 * Their texts lie one behind the other. Each is the document's own, with a zero for each quotation mark; so keys and
 * strings end in a zero, and numbers in what follows them.
 */
#ifndef PECS_JSON_LEAF_H
#define PECS_JSON_LEAF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEAF_NUMBER_MAX = 1024 };

struct leaf {
    uint64_t ordinal; /* of the leaf among the values of the cut text, in their order; members do not count */
    size_t offset, size_bytes, member_count;
};

/* Where they begin in the texts: the key behind its quotation mark, 0 in an array; a string at its quotation mark. */
struct leaf_member {
    size_t key, value;
};

/* All zero: none. */
struct leaves {
    char *text;
    struct leaf *list;
    struct leaf_member *members; /* of all leaves, in their order */
    size_t size_bytes, count, member_count;
    size_t room, list_room, member_room;
};

/*
 * Finds the leaf that begins at `bytes`, of at most so many members; its size is 0 if there is none, or if it does not
 * end before `end`. What is not a leaf may be right nevertheless. False: out of memory.
 */
bool leaves_find(struct leaves *leaves, const uint8_t *bytes, const uint8_t *end, uint64_t member_max,
                 struct leaf *ret_leaf);

/* Adds the leaf that was found last. False: out of memory. */
bool leaves_add(struct leaves *leaves, const uint8_t *bytes, const struct leaf *leaf);

/* Drops all, but keeps the memory. */
void leaves_reset(struct leaves *leaves);
void leaves_free(struct leaves *leaves);

#endif
