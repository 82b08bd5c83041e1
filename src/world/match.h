/* Matching: which tables a query visits. */
#ifndef PECS_WORLD_MATCH_H
#define PECS_WORLD_MATCH_H

#include "state.h"

#include <pecs/query.h>

bool query_matches(const pecs_query *query, const struct archetype *archetype);
/* True when the query and the state have the same registry. */
bool query_fits(const pecs_query *query, const struct pecs_snapshot *state);

#endif
