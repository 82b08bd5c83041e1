/* The state of a migration, and the work on the rows of one table: migrate.c calls migrate_chunk for each chunk. */
#ifndef PECS_STORAGE_MIGRATE_ROWS_H
#define PECS_STORAGE_MIGRATE_ROWS_H

#include "migrate.h"
#include "state_types.h"
#include "value_check.h"

struct migrating {
    const struct pecs_snapshot *from;
    struct pecs_snapshot *to;
    struct migrate_plan *plan;
    const struct migrate_options *options;
    struct gate gate;
    struct value_check check;
    struct os_mutex mutex; /* of the tallies, and of the table's columns */
    pecs_component *list;  /* scratch: of one table */
    bool *has, *is_made;   /* of a table, by version: it has values, some are written */
    pecs_error *error;
    /* the table that is being migrated */
    uint32_t number;
    const struct table *source;
    struct table *table;
    bool is_shared;         /* with the source; else its rows were copied */
    uint64_t checked_units; /* of the heap: of contents that old values refer to */
};

/* A job (jobs.h) of a struct migrating: gives the chunk of the widened table its new values. */
pecs_status migrate_chunk(void *migrating, uint64_t chunk, pecs_error *error);

#endif
