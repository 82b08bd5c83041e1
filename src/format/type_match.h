/*
 * Match: maps the types of a file to components of a registry, and describes the types that the registry lacks.
 */
#ifndef PECS_FORMAT_TYPE_MATCH_H
#define PECS_FORMAT_TYPE_MATCH_H

#include "buffer.h"
#include "file_model.h"
#include "unknown.h"

struct match {
    struct pool *pool;
    uint32_t type_count;
    pecs_component *components;    /* of each type of the model */
    struct unknown_types *unknown; /* NULL: the registry has all of them */
};

/*
 * A type is the registry's if not a byte of its record differs. Others, old versions of the registry's types too, are
 * described, checked as a program's types are, and get the registry's numbers. PECS_E_LAYOUT (a type is transient in
 * the registry), PECS_E_UNSUPPORTED, PECS_E_CORRUPT, PECS_E_LIMIT, PECS_E_MEMORY. Call match_deinit also on failure.
 */
pecs_status match_types(struct match *match, const struct model *model, pecs_registry *registry, bool refuse_unknown,
                        pecs_error *error);
void match_deinit(struct match *match);

/*
 * Returns the registry's number for a type that it lacks, by the type's record with the number 0. Types are the same if
 * their records are equal. PECS_E_LIMIT, PECS_E_MEMORY.
 */
pecs_status match_number(pecs_registry *registry, const struct buffer *record, pecs_component *ret_number,
                         pecs_error *error);

/*
 * Fails with PECS_E_LAYOUT: an old type cannot be converted, which is the unknown type of an index in the match, and
 * `why` says why.
 */
pecs_status match_fail_old(const struct match *match, const struct model *model, uint32_t unknown,
                           const pecs_registry *registry, const char *why, pecs_error *error);

/* Describes one type of a model, whatever a registry has. What it is made of is released by the list that keeps it. */
pecs_status match_describe(struct pool *pool, const struct model_type *type, uint32_t number,
                           struct unknown_type *ret_type, pecs_error *error);
/* PECS_E_LAYOUT: the type is not the component, though it has its id. */
pecs_status match_compare(struct pool *pool, const struct model_type *type, uint32_t number,
                          const struct component *component, pecs_error *error);

#endif
