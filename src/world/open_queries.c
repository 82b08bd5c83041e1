/* Records which iterations are open. */
#include "open_queries.h"

void open_queries_init(struct open_queries *open)
{
    os_mutex_init(&open->mutex);
}

void open_queries_deinit(struct open_queries *open)
{
    os_mutex_deinit(&open->mutex);
}

static struct open_query *open_queries_find(struct open_queries *open, const pecs_query *query)
{
    for (int i = 0; i < OPEN_QUERIES_NOTED; i++)
        if (open->noted[i].query == query)
            return &open->noted[i];
    return NULL;
}

void open_queries_begin(struct open_queries *open, const pecs_query *query)
{
    os_mutex_lock(&open->mutex);
    struct open_query *noted = open_queries_find(open, query);
    if (!noted)
        noted = open_queries_find(open, NULL);
    if (noted) {
        noted->query = query;
        noted->iteration_count++;
    }
    os_mutex_unlock(&open->mutex);
}

void open_queries_end(struct open_queries *open, const pecs_query *query)
{
    os_mutex_lock(&open->mutex);
    struct open_query *noted = open_queries_find(open, query);
    if (noted && --noted->iteration_count == 0)
        noted->query = NULL;
    os_mutex_unlock(&open->mutex);
}

bool open_queries_describe(struct open_queries *open, char *text, size_t size_bytes)
{
    bool is_noted = false;
    os_mutex_lock(&open->mutex);
    for (int i = 0; !is_noted && i < OPEN_QUERIES_NOTED; i++) {
        is_noted = open->noted[i].query != NULL;
        if (is_noted)
            query_describe(open->noted[i].query, text, size_bytes);
    }
    os_mutex_unlock(&open->mutex);
    return is_noted;
}
