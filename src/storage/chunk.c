/* Chunks: brings arrays into the tree of a column or vector and removes them. */
#include "chunk.h"

#include <assert.h>

static void runs_destroy(struct pool *pool, struct node *node)
{
    struct runs *runs = (struct runs *)node;
    node_release(pool, &runs->image->node);
    if (runs->lender)
        node_release(pool, &runs->lender->node);
    pool_release(pool, runs, sizeof(*runs) + runs->column_count * sizeof(struct run));
}

static const struct node_class runs_class = { runs_destroy, NULL };

struct runs *runs_create(struct pool *pool, uint32_t column_count, struct image *image)
{
    struct runs *runs = pool_allocate_zeroed(pool, sizeof(*runs) + column_count * sizeof(struct run));
    if (!runs)
        return NULL;
    node_init(&runs->node, &runs_class);
    runs->image = (struct image *)node_retain(&image->node);
    runs->column_count = column_count;
    return runs;
}

uint64_t chunk_tick(const struct tree *chunks, const struct runs *runs, uint32_t column, uint64_t chunk)
{
    const struct array *array = (const struct array *)tree_get(chunks, chunk);
    return array ? array->tick : runs->columns[column].tick;
}

/* Values to allocate room for: the wanted count or twice the old one, at most the values of a chunk. */
static uint64_t chunk_room(const struct extent *extent, uint64_t had, uint64_t count)
{
    return count <= had ? had : min_u64(max_u64(count, 2 * had), (uint64_t)1 << extent->shift);
}

/* Creates the first array of a chunk whose live values, if any, lie in the runs. */
static pecs_status chunk_make_array(struct gate *gate, const struct tree *chunks, const struct extent *extent,
                                    uint64_t chunk, uint64_t count, struct ref *ref)
{
    const uint64_t width = extent->width, live = chunk_live(extent->count, extent->shift, chunk);
    const struct runs *runs = extent->runs;
    uint8_t *bytes = live ? runs->columns[extent->column].base + (chunk << extent->shift) * width : NULL;
    struct array *array;
    if (live == 0) {
        const uint64_t room = chunk_first_room(chunk << extent->shift, extent->shift, count);
        array = chunk && room >> extent->shift
                    ? array_create_behind(gate->pool, room * width, (const struct array *)tree_get(chunks, chunk - 1))
                    : array_create(gate->pool, room * width);
    } else if (runs->image->kind == IMAGE_PRIVATE && !runs->lender && count <= live && !node_is_shared(&runs->node)) {
        array = array_create_lent(gate->pool, bytes, live * width);
    } else {
        array = array_create(gate->pool, chunk_room(extent, live, count) * width);
        if (array) {
            memcpy(array->data, bytes, (size_t)(live * width));
            atomic_fetch_add_explicit(&gate->copied_bytes, live * width, memory_order_relaxed);
        }
    }
    if (!array)
        return PECS_E_MEMORY;
    array->tick = gate->tick;
    *ref = (struct ref){ &array->node, array->data, gate->epoch };
    return PECS_OK;
}

pecs_status chunk_own(struct gate *gate, struct tree *chunks, const struct extent *extent, uint64_t chunk,
                      uint64_t count, struct ref **ret_ref)
{
    struct ref *ref;
    pecs_status status = tree_own_ref(gate->pool, gate->epoch, chunks, chunk, &ref);
    if (status)
        return status;
    if (ref->node) {
        const uint64_t width = extent->width, had = ((struct array *)ref->node)->size_bytes / width;
        status = gate_own_array(gate, ref, count * width, chunk_room(extent, had, count) * width,
                                chunk_live(extent->count, extent->shift, chunk) * width);
    } else {
        status = chunk_make_array(gate, chunks, extent, chunk, count, ref);
    }
    if (!status)
        *ret_ref = ref;
    return status;
}

pecs_status chunk_lend(struct gate *gate, struct tree *chunks, const struct extent *extent, uint64_t first,
                       uint64_t count, struct run run, struct image *image)
{
    assert(!(first & (((uint64_t)1 << extent->shift) - 1)));
    for (uint64_t done = 0, values; done < count; done += values) {
        struct ref *ref;
        values = min_u64(count - done, (uint64_t)1 << extent->shift);
        struct array *array =
            array_create_borrowed(gate->pool, run.base + done * extent->width, values * extent->width, &image->node);
        if (!array)
            return PECS_E_MEMORY;
        if (tree_own_ref(gate->pool, gate->epoch, chunks, (first + done) >> extent->shift, &ref)) {
            node_release(gate->pool, &array->node);
            return PECS_E_MEMORY;
        }
        array->tick = run.tick;
        *ref = (struct ref){ &array->node, array->data, 0 };
    }
    return PECS_OK;
}

pecs_status chunk_own_paths(const struct gate *gate, struct tree *chunks, uint64_t first, uint64_t end)
{
    pecs_status status = PECS_OK;
    struct ref *ref;
    for (uint64_t chunk = first; !status && chunk < end; chunk++)
        if (tree_get(chunks, chunk))
            status = tree_own_ref(gate->pool, gate->epoch, chunks, chunk, &ref);
    return status;
}

bool chunk_drop(const struct gate *gate, struct tree *chunks, uint64_t first, uint64_t end)
{
    bool is_done = true;
    if (first == 0 && end) {
        tree_clear(gate->pool, chunks);
        return true;
    }
    for (uint64_t chunk = first; chunk < end; chunk++) {
        struct ref *ref;
        if (!tree_get(chunks, chunk))
            continue;
        if (tree_own_ref(gate->pool, gate->epoch, chunks, chunk, &ref)) {
            is_done = false;
            continue;
        }
        node_release(gate->pool, ref->node);
        *ref = (struct ref){ 0 };
    }
    return is_done;
}
