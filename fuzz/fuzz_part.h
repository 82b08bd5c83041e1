/* Parts of a file (pecs_part), as numbers choose them, and what must hold of them. */
#ifndef PECS_FUZZ_PART_H
#define PECS_FUZZ_PART_H

#include "fuzz_common.h"

enum { FUZZ_PART_TYPES = 64 };

/* Some of a file's types, and of its tables those that a function of their types wants. It must not move. */
struct fuzz_part {
    pecs_part part;
    pecs_info *info; /* NULL: no information can be had of the file */
    const pecs_type *types[FUZZ_PART_TYPES];
    uint64_t seed;
};

/* `by_tables`: tables are chosen, too. Call deinit in any case. */
void fuzz_part_init(struct fuzz_part *part, const char *path, bool by_tables, struct random *random);
void fuzz_part_deinit(struct fuzz_part *part);

/*
 * Opens a part of a file whose types the registry does not migrate if they are in tables. `whole` is a load of the
 * whole, or NULL: it was refused; then a part may be accepted, and is a completely readable world. Else it is what a
 * filter makes of the whole, by both verbs.
 */
void fuzz_try_part(pecs_registry *registry, const char *path, size_t size, const pecs_snapshot *whole, bool by_tables,
                   struct random *random);

#endif
