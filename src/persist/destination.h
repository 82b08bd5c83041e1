/* Destination: the path of a save as a sink, whose commit publishes the file. */
#ifndef PECS_PERSIST_DESTINATION_H
#define PECS_PERSIST_DESTINATION_H

#include "publish.h"

#include <pecs/stream.h>

struct destination {
    struct pool *pool;
    const char *path;
    bool sync;
    struct publication *publication; /* from begin on; else NULL */
};

/* The destination must stay where it is until the sink has ended. */
pecs_sink destination_sink(struct destination *destination);

#endif
