/* Codecs of a job: each thread takes one, and gives it back for the next block. */
#ifndef PECS_FORMAT_CODECS_H
#define PECS_FORMAT_CODECS_H

#include "codec.h"

#include <stdatomic.h>

enum { CODECS_MAX = 64 }; /* as many as threads */

struct codecs {
    struct pool *pool;
    _Atomic(struct codec *) idle[CODECS_MAX];
};

static inline void codecs_init(struct codecs *codecs, struct pool *pool)
{
    codecs->pool = pool;
    for (size_t i = 0; i < CODECS_MAX; i++)
        atomic_init(&codecs->idle[i], NULL);
}

static inline void codecs_deinit(struct codecs *codecs)
{
    for (size_t i = 0; i < CODECS_MAX; i++)
        codec_destroy(atomic_load(&codecs->idle[i]));
}

/* NULL: out of memory. */
static inline struct codec *codecs_take(struct codecs *codecs)
{
    for (size_t i = 0; i < CODECS_MAX; i++) {
        struct codec *codec = atomic_exchange(&codecs->idle[i], NULL);
        if (codec)
            return codec;
    }
    return codec_create(codecs->pool);
}

/* NULL is allowed. */
static inline void codecs_give(struct codecs *codecs, struct codec *codec)
{
    struct codec *none = NULL;
    for (size_t i = 0; codec && i < CODECS_MAX; i++, none = NULL)
        if (atomic_compare_exchange_strong(&codecs->idle[i], &none, codec))
            return;
    codec_destroy(codec);
}

#endif
