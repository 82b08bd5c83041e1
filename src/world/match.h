/* Which tables a query is about. */
#ifndef PECS_WORLD_MATCH_H
#define PECS_WORLD_MATCH_H

#include "table.h"

#include <pecs/query.h>

bool query_matches(const pecs_query *query, const struct archetype *archetype);
const pecs_registry *query_registry(const pecs_query *query);

#endif
