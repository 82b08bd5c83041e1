#include "destination.h"

static pecs_status destination_begin(void *user, uint64_t size_bytes, pecs_error *error)
{
    struct destination *destination = user;
    return publication_begin(destination->pool, destination->path, size_bytes, destination->sync,
                             &destination->publication, error);
}

static pecs_status destination_write(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    struct destination *destination = user;
    return publication_write(destination->publication, spans, span_count, error);
}

/* A commit frees the publication in any case. */
static pecs_status destination_commit(void *user, pecs_error *error)
{
    struct destination *destination = user;
    struct publication *publication = destination->publication;
    destination->publication = NULL;
    return publication_commit(publication, error);
}

static void destination_abort(void *user)
{
    struct destination *destination = user;
    if (destination->publication)
        publication_abort(destination->publication);
}

pecs_sink destination_sink(struct destination *destination)
{
    return (pecs_sink){ destination_begin, destination_write, destination_commit, destination_abort, destination };
}
