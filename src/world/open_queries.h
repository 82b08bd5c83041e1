/*
 * Open queries: the queries of which iterations over a world are open, so that an edit which has to wait can name one.
 * Any thread begins and ends iterations that read. Only a few are noted; of others, the edit names none.
 */
#ifndef PECS_WORLD_OPEN_QUERIES_H
#define PECS_WORLD_OPEN_QUERIES_H

#include "os.h"

#include <pecs/query.h>

enum { OPEN_QUERIES_NOTED = 4 };

struct open_queries {
    struct os_mutex mutex;
    struct open_query {
        const pecs_query *query; /* NULL: unused */
        uint32_t iteration_count;
    } noted[OPEN_QUERIES_NOTED];
};

void open_queries_init(struct open_queries *open);
void open_queries_deinit(struct open_queries *open);
void open_queries_begin(struct open_queries *open, const pecs_query *query);
void open_queries_end(struct open_queries *open, const pecs_query *query);

/* Writes the terms of one of them: "Position WRITE, Velocity READ". False: none is noted. */
bool open_queries_describe(struct open_queries *open, char *text, size_t size_bytes);

/* Writes the terms of a query, as many as there is room for. */
void query_describe(const pecs_query *query, char *text, size_t size_bytes);

#endif
