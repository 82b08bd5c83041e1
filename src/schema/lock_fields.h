/* Lock fields: what differs between the fields of two versions of a type, in words for people. */
#ifndef PECS_SCHEMA_LOCK_FIELDS_H
#define PECS_SCHEMA_LOCK_FIELDS_H

#include "value_map.h"

/* `field` is a path: "slots.owner". */
typedef void lock_field_function(void *user, const char *field, const char *message);

/*
 * Calls the function for each field that is new, renamed or converted, in the order of `to`. Fields that are lost are
 * those of the value map. PECS_E_MEMORY. `history` (or NULL) is that of the program that `to` comes from.
 */
pecs_status lock_fields_compare(struct pool *pool, const pecs_type *from, const pecs_type *to,
                                const pecs_history *history, lock_field_function *function, void *user);

#endif
