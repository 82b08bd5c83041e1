/*
 * Part: what of a file is read: types and tables by their numbers in the model. The whole file is a part too. A state
 * that was built of a part has all tables of the file, but for columns that are not read, and without rows where the
 * entities are left out; then its tables have other sets than in the file, and some have the same. part_reduce makes a
 * state of it that is like any other.
 */
#ifndef PECS_FORMAT_PART_H
#define PECS_FORMAT_PART_H

#include "bits.h"
#include "migrate_plan.h"
#include "state.h"
#include "type_match.h"

#include <pecs/file.h>

struct part {
    struct pool *pool;
    bool is_whole; /* all is read, and nothing of the following counts */
    bool has_attachments;
    const pecs_part *given;
    pecs_id *ids;             /* of the types that were given */
    uint64_t *types, *tables; /* a bit for each type that is read, and for each table whose rows are read */
    size_t type_words, table_words;
};

extern const struct part part_whole;

/* PECS_E_MISUSE: the user's description is invalid. `given` may be NULL: the whole file. */
pecs_status part_check(const pecs_part *given, pecs_error *error);

/*
 * Chooses types and tables, and calls the user's function for these. A type that is migrated is read if one that it
 * becomes is wanted. `given` may be NULL. PECS_E_MEMORY; call deinit also on failure.
 */
pecs_status part_init(struct part *part, const pecs_part *given, const struct model *model, const struct match *match,
                      const pecs_registry *registry, const struct migrate_plan *plan);
void part_deinit(struct part *part);

static inline bool part_has_type(const struct part *part, uint32_t type)
{
    return part->is_whole || bits_has(part->types, type);
}
static inline bool part_has_table(const struct part *part, uint32_t table)
{
    return part->is_whole || bits_has(part->tables, table);
}
/* Whether the values, and contents, of a type in a table are read. */
static inline bool part_has_column(const struct part *part, uint32_t table, uint32_t type)
{
    return part_has_table(part, table) && part_has_type(part, type);
}

/* The entities of all tables that are read. */
uint64_t part_entity_count(const struct part *part, const struct model *model);

/*
 * Replaces a state that was built of the part by one whose tables are merged, and where the slots of entities that are
 * left out are free; on failure releases it. PECS_E_MEMORY; PECS_E_CORRUPT: rows and index of a resumed file disagree,
 * in what had to be read; the offset may be among the gathered bytes.
 */
pecs_status part_reduce(const struct part *part, const struct model *model, struct pecs_snapshot **state,
                        pecs_error *error);
/* Likewise leaves out the components that migrations have made beside those that are wanted. */
pecs_status part_trim(const struct part *part, struct pecs_snapshot **state, pecs_error *error);

#endif
