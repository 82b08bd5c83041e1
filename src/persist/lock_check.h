/* Lock check: what becomes of the saves of a locked schema, as pecs/lock.h describes. */
#ifndef PECS_PERSIST_LOCK_CHECK_H
#define PECS_PERSIST_LOCK_CHECK_H

#include "lock_text.h"
#include "registry.h"

#include <pecs/lock.h>

/* Who opens the saves. */
enum lock_reader_kind {
    LOCK_PROGRAM, /* the registry, with its history */
    LOCK_SAVE     /* the types of a file: no one knows what its program's history says */
};

/*
 * Checks the schema `now` against the locked one and reports what differs. The registry is the one that the types of
 * `now` are of; a save's has the pool only. PECS_E_LAYOUT: something fails. PECS_E_MEMORY.
 */
pecs_status lock_check(const struct lock *locked, const struct lock *now, const pecs_registry *registry,
                       enum lock_reader_kind kind, const pecs_lock_options *options, pecs_error *error);

#endif
