/*
 * Array: the bytes of one column in one chunk, the unit of sharing and copying. The gate is the only way to change
 * them.
 */
#ifndef PECS_STORAGE_ARRAY_H
#define PECS_STORAGE_ARRAY_H

#include "node.h"
#include "os.h"

/* An array that owns its memory has the bytes of `data` directly after this header. */
struct array {
    struct node node;
    uint8_t *data;
    uint64_t size_bytes; /* capacity; a multiple of ARRAY_ALIGN unless an image lends the bytes */
    uint64_t tick;       /* of the last write */
    bool is_lent;        /* the bytes have memory of their own */
    struct node *lender; /* what they belong to, for reading; NULL: to the image of the table's runs, or to no other */
    uint64_t seal;       /* debug builds: hash of the bytes when they were last found shared, or 0 */
};

/* The bytes are uninitialized and the tick is 0. NULL: out of memory. */
struct array *array_create(struct pool *pool, uint64_t size_bytes);
/* The same for one that follows another of its column, or NULL, and that more will follow: close to each other. */
struct array *array_create_behind(struct pool *pool, uint64_t size_bytes, const struct array *before);
/* An array over bytes that outlive it. NULL: out of memory. */
struct array *array_create_lent(struct pool *pool, uint8_t *bytes, uint64_t size_bytes);
/* An array over bytes that the lender holds, which the array retains. Every edit copies it. NULL: out of memory. */
struct array *array_create_borrowed(struct pool *pool, const uint8_t *bytes, uint64_t size_bytes, struct node *lender);

/*
 * The node to hold so that the bytes of an array last in memory: the array itself, or the one that lends them. NULL:
 * they lie in an image, or belong to another pool.
 */
struct node *array_owner(const struct array *array);

/* Debug builds seal the bytes and verify later that they have not changed. Any thread. */
#ifdef NDEBUG
static inline void array_seal(struct array *array)
{
    (void)array;
}
static inline void array_check_seal(const struct array *array)
{
    (void)array;
}
#else
void array_seal(struct array *array);
void array_check_seal(const struct array *array);
#endif

/*
 * The gate of one world. Raising the epoch closes it: every array must then pass again, which copies the array if it is
 * shared by then and stamps it with the tick.
 */
struct gate {
    struct pool *pool;
    uint64_t epoch;
    uint64_t state_epoch; /* when the state itself was last made private */
    uint64_t tick;
    struct pool_frame frame;
    _Atomic uint64_t copied_bytes;
    _Atomic uint32_t open_reads, open_writes; /* iterations */
    uint32_t hold_count;                      /* edits that may still read from arrays that they replace */
    struct os_mutex limbo_mutex;
    struct array **limbo; /* replaced arrays that an iteration or an edit may still read */
    _Atomic size_t limbo_count;
    size_t limbo_capacity;
};

void gate_init(struct gate *gate, struct pool *pool);
void gate_deinit(struct gate *gate);

/* Starts an epoch in which nothing is private. */
static inline void gate_close(struct gate *gate)
{
    gate->epoch = pool_next_epoch(gate->pool);
}

/* Whether an iteration or an edit may read arrays that are replaced. */
bool gate_is_read(const struct gate *gate);

/* Releases the arrays that no iteration and no edit can read any more. Only the writer calls this. */
void gate_drain_slow(struct gate *gate);
static inline void gate_drain(struct gate *gate)
{
    if (atomic_load_explicit(&gate->limbo_count, memory_order_relaxed))
        gate_drain_slow(gate);
}

/* Between hold and let_go, replaced arrays stay alive: the values passed to an edit may lie in the world. */
static inline void gate_hold(struct gate *gate)
{
    gate->hold_count++;
}
static inline void gate_let_go(struct gate *gate)
{
    gate->hold_count--;
    gate_drain(gate);
}

/*
 * Makes the array in the ref private with room for size_bytes, keeps the first live_bytes and stamps the array. The ref
 * must hold an array, and the holder of the ref must be private. An array that is too small is replaced by one of
 * wanted_bytes.
 */
pecs_status gate_own_array(struct gate *gate, struct ref *ref, uint64_t size_bytes, uint64_t wanted_bytes,
                           uint64_t live_bytes);

#endif
