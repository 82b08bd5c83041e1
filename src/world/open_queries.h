/*
 * Open queries: the queries with open iterations over a world, so that the error of a busy edit can name one. Any
 * thread may begin and end iterations that read. Only a few are recorded; the error does not name the others.
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

/* Writes the terms of one open query: "Position WRITE, Velocity READ". False: none is recorded. */
bool open_queries_describe(struct open_queries *open, char *text, size_t size_bytes);

/* Writes the terms of a query, truncated to size_bytes. */
void query_describe(const pecs_query *query, char *text, size_t size_bytes);

#endif
