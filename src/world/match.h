/* Which tables a query is about. */
#ifndef PECS_WORLD_MATCH_H
#define PECS_WORLD_MATCH_H

#include "state.h"

#include <pecs/query.h>

bool query_matches(const pecs_query *query, const struct archetype *archetype);
/* The query's components are those of the state: they are of one registry. */
bool query_fits(const pecs_query *query, const struct pecs_snapshot *state);

#endif
