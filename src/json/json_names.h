/*
 * Entity names: short names that a document gives to its entities and refers to them by. A handle is made for a name
 * where it is first read, so a reference may stand before its entity. The names are a crit-bit tree: a lookup takes
 * time by the length of the name, whatever names a document chooses. Keys that may stand once are such names, too.
 */
#ifndef PECS_JSON_NAMES_H
#define PECS_JSON_NAMES_H

#include <pecs/schema.h>

struct entity_name {
    pecs_entity entity;
    bool has_handle, is_taken; /* is_taken: an entity with this name was read, or the key */
    uint64_t line;             /* where it was first read */
    struct entity_name *next;  /* the one that was read before it */
    char text[];
};

/* All zero: none. */
struct entity_names {
    void *root;
    struct entity_name *last;
    uint64_t next_index; /* of the handles that are made: above all that the document gave so far */
};

/* Finds a name, or adds it. NULL: out of memory. */
struct entity_name *entity_names_get(struct entity_names *names, const char *text, uint64_t line);

/* Makes a handle, or gives the one that the name has. False: all slots are used. */
bool entity_names_make_handle(struct entity_names *names, pecs_entity *ret_entity);
bool entity_names_handle(struct entity_names *names, struct entity_name *name, pecs_entity *ret_entity);

void entity_names_free(struct entity_names *names);

#endif
