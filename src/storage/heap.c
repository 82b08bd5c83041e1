/* Heaps: appending contents page by page. */
#include "heap.h"

#include "chunk.h"

#include <assert.h>

enum { HEAP_ARRAY_BYTES_MIN = 4096 }; /* of a page's first array; it grows to the page's size */

static uint64_t heap_page_of(uint64_t unit)
{
    return unit >> HEAP_PAGE_SHIFT;
}

static pecs_heap_page *heap_pages(const struct heap_space *space)
{
    return (pecs_heap_page *)(void *)space->pages.data;
}

static void heap_clear_space(struct pool *pool, struct heap_space *space)
{
    tree_clear(pool, &space->arrays);
    node_release(pool, space->pages.node);
    if (space->image)
        node_release(pool, &space->image->node);
    *space = (struct heap_space){ .unit_count = 0 };
}

static void heap_destroy(struct pool *pool, struct node *node)
{
    struct heap *heap = (struct heap *)node;
    heap_clear_space(pool, &heap->spaces[0]);
    heap_clear_space(pool, &heap->spaces[1]);
    node_free(pool, &heap->node, sizeof(*heap));
}

static struct node *heap_copy(struct pool *pool, const struct node *node);

static const struct node_class heap_class = { heap_destroy, heap_copy };

static struct node *heap_copy(struct pool *pool, const struct node *node)
{
    const struct heap *heap = (const struct heap *)node;
    struct heap *copy = node_allocate(pool, sizeof(*copy), &heap_class);
    if (!copy)
        return NULL;
    memcpy((uint8_t *)copy + sizeof(copy->node), (const uint8_t *)heap + sizeof(heap->node),
           sizeof(*copy) - sizeof(copy->node));
    copy->tail_epoch = 0;
    for (uint32_t i = 0; i < 2; i++) {
        tree_retain(&copy->spaces[i].arrays);
        node_retain(copy->spaces[i].pages.node);
        if (copy->spaces[i].image)
            node_retain(&copy->spaces[i].image->node);
    }
    return &copy->node;
}

struct heap *heap_create(struct pool *pool)
{
    struct heap *heap = node_allocate(pool, sizeof(*heap), &heap_class);
    if (heap)
        memset((uint8_t *)heap + sizeof(heap->node), 0, sizeof(*heap) - sizeof(heap->node));
    return heap;
}

/* Makes the list of pages private, with room for `count`; new ones are empty. */
static pecs_status heap_own_pages(struct gate *gate, struct heap *heap, uint32_t number, uint64_t count)
{
    struct heap_space *space = &heap->spaces[number];
    const uint64_t had = heap->view.spaces[number].page_count, bytes = max_u64(count, had) * sizeof(pecs_heap_page);
    if (!space->pages.node) {
        struct array *array = array_create(gate->pool, max_u64(bytes, ARRAY_ALIGN));
        if (!array)
            return PECS_E_MEMORY;
        space->pages = (struct ref){ &array->node, array->data, gate->epoch };
    } else {
        const uint64_t live = had * sizeof(pecs_heap_page);
        const uint64_t wanted =
            bytes > ((struct array *)space->pages.node)->size_bytes ? max_u64(bytes, 2 * live) : bytes;
        const pecs_status status = gate_own_array(gate, &space->pages, bytes, wanted, live);
        if (status)
            return status;
    }
    if (count > had)
        memset(heap_pages(space) + had, 0, (size_t)(count - had) * sizeof(pecs_heap_page));
    heap->view.spaces[number].pages = heap_pages(space);
    heap->view.spaces[number].page_count = max_u64(had, count);
    return PECS_OK;
}

/* `size_bytes` from a page's start on can be read; they may cross into the next pages. */
static void heap_set_pages(struct heap *heap, uint32_t number, uint64_t page, const uint8_t *bytes, uint64_t size_bytes)
{
    const uint64_t page_bytes = (uint64_t)HEAP_PAGE_UNITS * HEAP_UNIT;
    pecs_heap_page *to = heap_pages(&heap->spaces[number]) + page;
    for (uint64_t done = 0; done < size_bytes; done += page_bytes)
        *to++ = (pecs_heap_page){ bytes + done, size_bytes - done };
}

pecs_status heap_set_image(struct gate *gate, struct heap *heap, struct image *image, uint64_t unit_count)
{
    const uint64_t end = heap_page_of(unit_count + HEAP_PAGE_UNITS - 1);
    const pecs_status status = heap_own_pages(gate, heap, 0, end);
    assert(!heap->spaces[0].unit_count);
    if (status)
        return status;
    heap->spaces[0].unit_count = end << HEAP_PAGE_SHIFT; /* edits begin with a page of their own */
    heap->spaces[0].image = (struct image *)node_retain(&image->node);
    return PECS_OK;
}

void heap_set_run(struct heap *heap, const uint8_t *bytes, uint64_t first, uint64_t unit_count)
{
    assert(first % HEAP_PAGE_UNITS == 0 && first + unit_count <= heap->spaces[0].unit_count);
    heap_set_pages(heap, 0, heap_page_of(first), bytes, unit_count * HEAP_UNIT);
    heap->live_units += unit_count;
}

/* The pages are as they are in an image: edits begin behind them. A move goes on from its beginning. */
struct heap *heap_borrow(struct pool *pool, const struct heap *from)
{
    struct heap *heap = heap_create(pool);
    if (!heap)
        return NULL;
    heap->active = from->active;
    heap->is_moving = from->is_moving;
    heap->move_row = UINT64_MAX;
    heap->live_units = from->live_units;
    for (uint32_t i = 0; i < 2; i++) {
        const uint64_t count = from->view.spaces[i].page_count, bytes = count * sizeof(pecs_heap_page);
        struct array *array = count ? array_create(pool, max_u64(bytes, ARRAY_ALIGN)) : NULL;
        if (count && !array) {
            node_release(pool, &heap->node);
            return NULL;
        }
        if (!array)
            continue;
        memcpy(array->data, from->view.spaces[i].pages, bytes);
        heap->spaces[i].pages = (struct ref){ &array->node, array->data, 0 };
        heap->spaces[i].unit_count = count << HEAP_PAGE_SHIFT;
        heap->view.spaces[i].pages = heap_pages(&heap->spaces[i]);
        heap->view.spaces[i].page_count = count;
    }
    return heap;
}

/* Passes the gate for the array of a page, with room for `units`; the first `live_units` are kept. */
static pecs_status heap_own_array(struct gate *gate, struct heap *heap, uint32_t number, uint64_t page, uint64_t units,
                                  uint64_t live_units, struct ref **ret_ref)
{
    struct ref *ref;
    const uint64_t bytes = units * HEAP_UNIT, page_bytes = (uint64_t)HEAP_PAGE_UNITS * HEAP_UNIT;
    pecs_status status = tree_own_ref(gate->pool, gate->epoch, &heap->spaces[number].arrays, page, &ref);
    if (status)
        return status;
    if (ref->node) {
        const uint64_t had = ((struct array *)ref->node)->size_bytes;
        status = gate_own_array(gate, ref, bytes, bytes > had ? min_u64(max_u64(bytes, 2 * had), page_bytes) : had,
                                live_units * HEAP_UNIT);
    } else {
        struct array *array =
            array_create(gate->pool, bytes < HEAP_LARGE_BYTES ? max_u64(bytes, HEAP_ARRAY_BYTES_MIN) : bytes);
        if (!array)
            return PECS_E_MEMORY;
        array->tick = gate->tick;
        *ref = (struct ref){ &array->node, array->data, gate->epoch };
    }
    *ret_ref = status ? NULL : ref;
    return status;
}

/* Finds room for contents: *ret_bytes is where they begin, at *ret_unit. */
static pecs_status heap_make_room(struct gate *gate, struct heap *heap, uint64_t units, uint8_t **ret_bytes,
                                  uint64_t *ret_unit)
{
    const uint32_t number = heap->active;
    struct heap_space *space = &heap->spaces[number];
    const bool is_large = units * HEAP_UNIT >= HEAP_LARGE_BYTES;
    uint64_t unit = space->unit_count, in_page = unit & (HEAP_PAGE_UNITS - 1);
    if (in_page && (is_large || in_page + units > HEAP_PAGE_UNITS)) {
        unit += HEAP_PAGE_UNITS - in_page;
        in_page = 0;
    }
    if (units > HEAP_UNITS_MAX || unit > HEAP_UNITS_MAX - units)
        return PECS_E_LIMIT;
    const uint64_t page = heap_page_of(unit), end = heap_page_of(unit + units - 1) + 1;
    struct ref *ref;
    pecs_status status = heap_own_pages(gate, heap, number, end);
    if (!status)
        status = heap_own_array(gate, heap, number, page, in_page + units, in_page, &ref);
    if (status)
        return status;
    const struct array *array = (const struct array *)ref->node;
    heap_set_pages(heap, number, page, array->data, (in_page + units) * HEAP_UNIT);
    space->unit_count = is_large ? end << HEAP_PAGE_SHIFT : unit + units;
    heap->tail_epoch = is_large ? 0 : gate->epoch;
    heap->tail_page = page;
    heap->tail_room = min_u64(array->size_bytes / HEAP_UNIT, HEAP_PAGE_UNITS);
    heap->tail = array->data;
    *ret_bytes = array->data + in_page * HEAP_UNIT;
    *ret_unit = unit;
    return PECS_OK;
}

/* The same in the page that was appended to last, whose array has room. False: it has none. */
static bool heap_take_tail(struct gate *gate, struct heap *heap, uint64_t units, uint8_t **ret_bytes,
                           uint64_t *ret_unit)
{
    struct heap_space *space = &heap->spaces[heap->active];
    const uint64_t unit = space->unit_count, in_page = unit & (HEAP_PAGE_UNITS - 1);
    if (heap->tail_epoch != gate->epoch || heap_page_of(unit) != heap->tail_page || in_page + units > heap->tail_room ||
        units * HEAP_UNIT >= HEAP_LARGE_BYTES)
        return false;
    heap_pages(space)[heap->tail_page].size_bytes = (in_page + units) * HEAP_UNIT;
    space->unit_count = unit + units;
    *ret_bytes = heap->tail + in_page * HEAP_UNIT;
    *ret_unit = unit;
    return true;
}

pecs_status heap_append(struct gate *gate, struct heap *heap, const void *bytes, uint64_t size_bytes, bool is_string,
                        uint8_t **ret_bytes, uint64_t *ret_reference)
{
    if (size_bytes / HEAP_UNIT > HEAP_UNITS_MAX) /* so no sum below overflows */
        return PECS_E_LIMIT;
    const uint64_t units = contents_units(size_bytes, is_string);
    uint8_t *to;
    uint64_t unit;
    if (!size_bytes) {
        *ret_bytes = NULL;
        *ret_reference = 0;
        return PECS_OK;
    }
    if (!heap_take_tail(gate, heap, units, &to, &unit)) {
        const pecs_status status = heap_make_room(gate, heap, units, &to, &unit);
        if (status)
            return status;
    }
    uint8_t *const end = to + units * HEAP_UNIT;
    memset(end - HEAP_UNIT, 0, HEAP_UNIT);
    if (size_bytes >= HEAP_LONG) {
        memcpy(to, &size_bytes, HEAP_UNIT);
        to += HEAP_UNIT;
    }
    if (bytes)
        memcpy(to, bytes, (size_t)size_bytes);
    else
        memset(to, 0, (size_t)size_bytes);
    *ret_bytes = to;
    *ret_reference = reference_make(heap->active, unit, size_bytes);
    return PECS_OK;
}

void heap_take_back(struct gate *gate, struct heap *heap, uint64_t unit_count)
{
    struct heap_space *space = &heap->spaces[heap->active];
    const uint64_t in_page = unit_count & (HEAP_PAGE_UNITS - 1), page = heap_page_of(unit_count);
    const uint64_t first = page + (in_page > 0), end = heap_page_of(space->unit_count + HEAP_PAGE_UNITS - 1);
    if (space->unit_count <= unit_count || heap->is_moving)
        return;
    if (in_page)
        heap_pages(space)[page].size_bytes = in_page * HEAP_UNIT;
    for (uint64_t i = first; i < end; i++)
        heap_pages(space)[i] = (pecs_heap_page){ NULL, 0 };
    (void)chunk_drop(gate, &space->arrays, first, end);
    space->unit_count = unit_count;
    heap->tail_epoch = 0;
}

/* Where large contents lie: `start`, in an array or in an image. */
struct heap_bytes {
    const uint8_t *start;
    struct node *array; /* or NULL */
    struct image *image;
};

/* Gives the bytes an address in the active space. Takes over the array, also on failure. */
static pecs_status heap_share(struct gate *gate, struct heap *heap, struct heap_bytes from, uint64_t reference,
                              uint64_t units, uint64_t *ret_reference)
{
    const uint32_t to = heap->active;
    struct heap_space *space = &heap->spaces[to];
    const uint64_t first = heap_page_of(space->unit_count + HEAP_PAGE_UNITS - 1);
    const uint64_t end = first + heap_page_of(units + HEAP_PAGE_UNITS - 1);
    struct ref *ref = NULL;
    pecs_status status = end << HEAP_PAGE_SHIFT > HEAP_UNITS_MAX ? PECS_E_LIMIT : heap_own_pages(gate, heap, to, end);
    if (!status && from.array)
        status = tree_own_ref(gate->pool, gate->epoch, &space->arrays, first, &ref);
    if (status) {
        node_release(gate->pool, from.array);
        return status;
    }
    if (ref)
        *ref = (struct ref){ from.array, (uint8_t *)(uintptr_t)from.start, 0 };
    else if (!space->image && from.image)
        space->image = (struct image *)node_retain(&from.image->node);
    heap_set_pages(heap, to, first, from.start, units * HEAP_UNIT);
    space->unit_count = end << HEAP_PAGE_SHIFT;
    heap->tail_epoch = 0;
    *ret_reference = reference_make(to, first << HEAP_PAGE_SHIFT, reference >> 40);
    return PECS_OK;
}

/* Those of contents. The caller retains the array before it shares them. */
static struct heap_bytes heap_bytes_of(const struct heap *heap, uint64_t reference)
{
    const uint32_t number = reference_space(reference);
    const uint64_t unit = reference_unit(reference), page = heap_page_of(unit);
    return (struct heap_bytes){
        .start = heap->view.spaces[number].pages[page].bytes + (unit & (HEAP_PAGE_UNITS - 1)) * HEAP_UNIT,
        .array = tree_get(&heap->spaces[number].arrays, page),
        .image = heap->spaces[number].image,
    };
}

/* In this heap, the array of large contents is about to have a second address: none may be written in place. */
static pecs_status heap_close_array(struct gate *gate, struct heap *heap, uint64_t reference)
{
    struct ref *ref;
    const pecs_status status = tree_own_ref(gate->pool, gate->epoch, &heap->spaces[reference_space(reference)].arrays,
                                            heap_page_of(reference_unit(reference)), &ref);
    if (!status)
        ref->epoch = 0;
    return status;
}

pecs_status heap_copy_contents(struct gate *gate, struct heap *heap, const struct heap *from, uint64_t reference,
                               bool is_string, uint64_t *ret_reference)
{
    uint64_t size;
    uint8_t *to;
    const uint8_t *bytes = heap_find(from, reference, &size);
    const uint64_t units = contents_units(size, is_string);
    if (units * HEAP_UNIT < HEAP_LARGE_BYTES || !heap_has_units(from, reference, units) ||
        !contents_end_in_zeros(bytes, size, is_string))
        return heap_append(gate, heap, bytes, size, is_string, &to, ret_reference);
    struct heap_bytes lent = heap_bytes_of(from, reference);
    const struct array *array = (const struct array *)lent.array;
    if (array ? !array_owner(array) : !lent.image || lent.image->kind != IMAGE_PRIVATE) /* they may not last */
        return heap_append(gate, heap, bytes, size, is_string, &to, ret_reference);
    const pecs_status status = array && from == heap ? heap_close_array(gate, heap, reference) : PECS_OK;
    if (status)
        return status;
    if (array)
        node_retain(lent.array);
    else if (!(lent.array =
                   (struct node *)array_create_borrowed(gate->pool, lent.start, units * HEAP_UNIT, &lent.image->node)))
        return PECS_E_MEMORY;
    return heap_share(gate, heap, lent, reference, units, ret_reference);
}

pecs_status heap_take_over(struct gate *gate, struct heap *heap, uint64_t reference, bool is_string,
                           uint64_t *ret_reference)
{
    uint64_t size;
    uint8_t *to;
    const uint8_t *bytes = heap_find(heap, reference, &size);
    const uint64_t units = contents_units(size, is_string);
    if (units * HEAP_UNIT < HEAP_LARGE_BYTES)
        return heap_append(gate, heap, bytes, size, is_string, &to, ret_reference);
    const struct heap_bytes moved = heap_bytes_of(heap, reference);
    if (moved.array)
        node_retain(moved.array);
    return heap_share(gate, heap, moved, reference, units, ret_reference);
}

pecs_status heap_own_contents(struct gate *gate, struct heap *heap, uint64_t reference, uint8_t **ret_bytes)
{
    const uint32_t number = reference_space(reference);
    const uint64_t page = heap_page_of(reference_unit(reference));
    uint64_t size;
    *ret_bytes = NULL;
    const uint8_t *bytes = heap_find(heap, reference, &size);
    if (!bytes || number != heap->active || !tree_get(&heap->spaces[number].arrays, page))
        return PECS_OK;
    struct ref *ref;
    const uint8_t *const before = heap_pages(&heap->spaces[number])[page].bytes;
    const uint64_t used = heap_pages(&heap->spaces[number])[page].size_bytes;
    pecs_status status = heap_own_pages(gate, heap, number, 0);
    if (!status)
        status = heap_own_array(gate, heap, number, page, align_up(used, HEAP_UNIT) / HEAP_UNIT,
                                align_up(used, HEAP_UNIT) / HEAP_UNIT, &ref);
    if (status)
        return status;
    heap_set_pages(heap, number, page, ref->data, used);
    if (heap->tail_page == page)
        heap->tail_epoch = 0;
    *ret_bytes = ref->data + (bytes - before);
    return PECS_OK;
}

bool heap_has_units(const struct heap *heap, uint64_t reference, uint64_t units)
{
    const uint64_t unit = reference_unit(reference), offset = (unit & (HEAP_PAGE_UNITS - 1)) * HEAP_UNIT;
    const pecs_heap_page *page = &heap->view.spaces[reference_space(reference)].pages[heap_page_of(unit)];
    return offset <= page->size_bytes && units <= (page->size_bytes - offset) / HEAP_UNIT;
}

const uint8_t *heap_cursor_seek(struct heap_cursor *cursor, uint64_t reference, bool is_string, uint64_t *ret_size,
                                bool *ret_is_whole)
{
    const struct heap *heap = cursor->heap;
    const uint8_t *bytes = heap_find(heap, reference, ret_size);
    const uint64_t units = contents_units(*ret_size, is_string);
    *ret_is_whole = bytes && *ret_size && heap_has_units(heap, reference, units);
    if (!*ret_is_whole || *ret_size >= HEAP_LONG)
        return bytes;
    const uint64_t unit = reference_unit(reference) + units;
    const pecs_heap_page *page = &heap->view.spaces[reference_space(reference)].pages[heap_page_of(unit - units)];
    const uint64_t in_page = (reference_unit(reference) & (HEAP_PAGE_UNITS - 1)) + units;
    cursor->next = reference_make(reference_space(reference), unit, 0);
    cursor->left = page->size_bytes / HEAP_UNIT - in_page;
    cursor->bytes = page->bytes + in_page * HEAP_UNIT;
    return bytes;
}

void heap_begin_move(struct heap *heap)
{
    assert(!heap->is_moving && !heap->spaces[1 - heap->active].unit_count);
    heap->active = 1 - heap->active;
    heap->is_moving = true;
    heap->tail_epoch = 0;
    heap->move_table = 0;
    heap->move_row = UINT64_MAX;
    heap->move_debt = 0;
}

void heap_end_move(struct pool *pool, struct heap *heap)
{
    heap_clear_space(pool, &heap->spaces[1 - heap->active]);
    heap->view.spaces[1 - heap->active].pages = NULL;
    heap->view.spaces[1 - heap->active].page_count = 0;
    heap->is_moving = false;
}

bool heap_may_follow_moves(const struct heap *heap)
{
    for (uint32_t i = 0; i < 2; i++)
        if (heap->spaces[i].pages.node && node_is_shared(heap->spaces[i].pages.node))
            return false;
    return true;
}

void heap_follow_moves(struct heap *heap)
{
    heap->tail_epoch = 0;
    for (uint32_t i = 0; i < 2; i++) {
        heap->view.spaces[i].pages = heap_pages(&heap->spaces[i]);
        for (uint64_t page = 0; page < heap->view.spaces[i].page_count; page++) {
            const struct ref *ref = tree_ref(&heap->spaces[i].arrays, page);
            if (ref && ref->node)
                heap_set_pages(heap, i, page, ref->data, heap_pages(&heap->spaces[i])[page].size_bytes);
        }
    }
}
