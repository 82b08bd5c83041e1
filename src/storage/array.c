/*
 * Arrays and the gate. An array that an edit replaces because a snapshot shares it lives as long as that snapshot. One
 * that an edit replaces by a larger array would be freed at once, although an open iteration of this world may hold a
 * pointer to it, and the values passed to an edit may lie in it. The gate therefore keeps one more reference in limbo
 * until neither can read the array.
 *
 * Debug builds seal an array (hash its bytes) when a snapshot of it is taken or when the gate finds it shared. They
 * verify the seal before the array is copied, edited again or freed, which catches writes through a pointer from before
 * the take.
 */
#include "array.h"

#include "bytes.h"
#include "hash.h"

#include <assert.h>

static_assert(sizeof(struct array) <= ARRAY_ALIGN, "an array's header is one line");

#ifdef NDEBUG
static void array_break_seal(struct array *array)
{
    (void)array;
}
#else
static uint64_t array_seal_of(const struct array *array)
{
    return hash64(array->data, (size_t)array->size_bytes) | 1;
}
void array_seal(struct array *array)
{
    /* several holders may seal at once: they compute the same hash */
    uint64_t none = 0;
    if (!__atomic_load_n(&array->seal, __ATOMIC_RELAXED))
        __atomic_compare_exchange_n(&array->seal, &none, array_seal_of(array), false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED);
}
void array_check_seal(const struct array *array)
{
    const uint64_t sealed = __atomic_load_n(&array->seal, __ATOMIC_RELAXED);
    assert((!sealed || sealed == array_seal_of(array)) &&
           "a pointer from before the take was used to write to a snapshot");
}
static void array_break_seal(struct array *array)
{
    array_check_seal(array);
    __atomic_store_n(&array->seal, 0, __ATOMIC_RELAXED);
}
#endif

static void array_destroy(struct pool *pool, struct node *node)
{
    struct array *array = (struct array *)node;
    array_break_seal(array);
    node_release(pool, array->lender);
    if (array->is_lent)
        pool_release(pool, array, sizeof(*array));
    else
        node_free(pool, &array->node, (size_t)(ARRAY_ALIGN + array->size_bytes));
}

static struct node *array_copy(struct pool *pool, const struct node *node)
{
    const struct array *array = (const struct array *)node;
    struct array *copy = array_create(pool, array->size_bytes);
    if (!copy)
        return NULL;
    memcpy(copy->data, array->data, (size_t)array->size_bytes);
    copy->tick = array->tick;
    return &copy->node;
}

static const struct node_class array_class = { array_destroy, array_copy };

/* Of a node that may be NULL. */
static struct array *array_init(struct array *array, uint64_t size_bytes)
{
    if (!array)
        return NULL;
    array->data = (uint8_t *)array + ARRAY_ALIGN;
    array->size_bytes = size_bytes;
    array->tick = array->seal = 0;
    array->is_lent = false;
    array->lender = NULL;
    return array;
}

struct array *array_create(struct pool *pool, uint64_t size_bytes)
{
    size_bytes = align_up(size_bytes, ARRAY_ALIGN);
    return array_init(node_allocate(pool, (size_t)(ARRAY_ALIGN + size_bytes), &array_class), size_bytes);
}

struct array *array_create_behind(struct pool *pool, uint64_t size_bytes, const struct array *before)
{
    const bool is_owned = before && !before->is_lent;
    size_bytes = align_up(size_bytes, ARRAY_ALIGN);
    return array_init(node_allocate_behind(pool, (size_t)(ARRAY_ALIGN + size_bytes), &array_class,
                                           is_owned ? &before->node : NULL,
                                           is_owned ? (size_t)(ARRAY_ALIGN + before->size_bytes) : 0),
                      size_bytes);
}

struct array *array_create_lent(struct pool *pool, uint8_t *bytes, uint64_t size_bytes)
{
    struct array *array = pool_allocate(pool, sizeof(*array));
    if (!array)
        return NULL;
    *array = (struct array){ .data = bytes, .size_bytes = size_bytes, .is_lent = true };
    node_init(&array->node, &array_class);
    return array;
}

struct array *array_create_borrowed(struct pool *pool, const uint8_t *bytes, uint64_t size_bytes, struct node *lender)
{
    struct array *array = array_create_lent(pool, (uint8_t *)(uintptr_t)bytes, size_bytes);
    if (array)
        array->lender = node_retain(lender);
    return array;
}

struct node *array_owner(const struct array *array)
{
    const struct node *owner = array->is_lent ? array->lender : &array->node;
    const bool is_array = owner && owner->class == &array_class;
    return is_array && !((const struct array *)owner)->is_lent ? (struct node *)(uintptr_t)owner : NULL;
}

void gate_init(struct gate *gate, struct pool *pool)
{
    memset(gate, 0, sizeof(*gate));
    gate->pool = pool;
    pool_frame_init(pool, &gate->frame);
    os_mutex_init(&gate->limbo_mutex);
    gate_close(gate);
}

void gate_deinit(struct gate *gate)
{
    gate_drain(gate);
    pool_release(gate->pool, gate->limbo, gate->limbo_capacity * sizeof(*gate->limbo));
    os_mutex_deinit(&gate->limbo_mutex);
}

/* Acquire: reads by iterations on other threads happen before this returns false. */
bool gate_is_read(const struct gate *gate)
{
    return gate->hold_count || atomic_load_explicit(&gate->open_reads, memory_order_acquire) ||
           atomic_load_explicit(&gate->open_writes, memory_order_acquire);
}

void gate_drain_slow(struct gate *gate)
{
    if (gate_is_read(gate))
        return;
    for (size_t i = 0; i < gate->limbo_count; i++)
        node_release(gate->pool, &gate->limbo[i]->node);
    gate->limbo_count = 0;
}

/* Keeps one more reference while the array may be read. The workers of an iteration call this concurrently. */
static pecs_status gate_keep_for_readers(struct gate *gate, struct array *array)
{
    if (!gate_is_read(gate))
        return PECS_OK;
    os_mutex_lock(&gate->limbo_mutex);
    const bool room = pool_reserve(gate->pool, (void **)&gate->limbo, &gate->limbo_capacity, gate->limbo_count + 1,
                                   sizeof(*gate->limbo));
    if (room)
        gate->limbo[atomic_fetch_add(&gate->limbo_count, 1)] = (struct array *)node_retain(&array->node);
    os_mutex_unlock(&gate->limbo_mutex);
    return room ? PECS_OK : PECS_E_MEMORY;
}

pecs_status gate_own_array(struct gate *gate, struct ref *ref, uint64_t size_bytes, uint64_t wanted_bytes,
                           uint64_t live_bytes)
{
    struct array *array = (struct array *)ref->node;
    const bool shared = ref->epoch != gate->epoch && (array->lender || node_is_shared(&array->node));
    if (shared || array->size_bytes < size_bytes) {
        struct array *copy = array_create(gate->pool, max_u64(wanted_bytes, size_bytes));
        if (!copy)
            return PECS_E_MEMORY;
        if (gate_keep_for_readers(gate, array)) {
            node_release(gate->pool, &copy->node);
            return PECS_E_MEMORY;
        }
        if (shared) {
            array_check_seal(array);
            array_seal(array); /* the array of a base or a file, which no take has sealed */
            atomic_fetch_add_explicit(&gate->copied_bytes, live_bytes, memory_order_relaxed);
        }
        memcpy(copy->data, array->data, (size_t)live_bytes);
        node_release(gate->pool, &array->node);
        array = copy;
    } else {
        array_break_seal(array);
    }
    *ref = (struct ref){ &array->node, array->data, gate->epoch };
    array->tick = gate->tick;
    return PECS_OK;
}
