/*
 * Heap: where the contents of strings, blobs and lists lie, one for each state. Contents are appended and never move
 * while anything refers to them; what replaces them is appended too.
 *
 *     unit       8 bytes; contents begin at a multiple of it
 *     page       HEAP_PAGE_UNITS of the heap's addresses. Contents lie in one page, large ones at the start of one and
 *                of as many as they need
 *     space      addresses from 0 on, with an array for each page that edits wrote, and before them the pages that lie
 *                in an image. Of the two, edits append to the active one; heap_move.h empties the other
 *     reference  what a field holds: bit 0: it is the address of given contents, not a reference; bit 1: the space;
 *                bits 2 to 39: the unit; bits 40 to 63: the size in bytes, or HEAP_LONG when the size stands in the
 *                unit before the bytes. 0: empty
 *
 * Arrays are shared and copied on write like those of tables: through the gate, page by page. A row that moves takes
 * its references with it. The public part, pecs_heap, leads from a page to its bytes.
 */
#ifndef PECS_STORAGE_HEAP_H
#define PECS_STORAGE_HEAP_H

#include "array.h"
#include "bytes.h"
#include "image.h"

#include <pecs/contents.h>

enum {
    HEAP_UNIT = 8,
    HEAP_PAGE_SHIFT = 15, /* 256 KiB */
    HEAP_PAGE_UNITS = 1 << HEAP_PAGE_SHIFT,
    HEAP_LARGE_BYTES = 64 * 1024, /* contents from this size on have arrays of their own */
    HEAP_LONG = 0xffffff,
};
#define HEAP_UNITS_MAX ((uint64_t)1 << 38) /* of a space: 2 TiB */

struct heap_space {
    struct tree arrays;  /* by page; of large contents at their first page */
    struct ref pages;    /* an array of pecs_heap_page, which heap.view leads to */
    uint64_t unit_count; /* where the next contents go */
    struct image *image; /* that the first pages lie in, or NULL */
};

struct heap {
    struct node node;
    pecs_heap view;
    struct heap_space spaces[2];
    uint32_t active;
    uint64_t live_units; /* of contents that rows refer to, as edits count them */
    /* of the space that is being emptied (heap_move.h) */
    bool is_moving;
    uint32_t move_table;
    uint64_t move_row;  /* the rows from here on of the table, and all of those before it, are done */
    uint64_t move_debt; /* work that edits owe to it */
    /* The page that was appended to last, while tail_epoch is the gate's. */
    uint64_t tail_epoch, tail_page, tail_room; /* units of its array */
    uint8_t *tail;
};

/* NULL: out of memory. */
struct heap *heap_create(struct pool *pool);

/* Contents as values hold them. */
static inline bool reference_is_given(uint64_t reference)
{
    return reference & 1;
}
static inline uint32_t reference_space(uint64_t reference)
{
    return reference >> 1 & 1;
}
static inline uint64_t reference_unit(uint64_t reference)
{
    return reference >> 2 & (HEAP_UNITS_MAX - 1);
}
static inline uint64_t reference_make(uint32_t space, uint64_t unit, uint64_t size_bytes)
{
    return min_u64(size_bytes, HEAP_LONG) << 40 | unit << 2 | (uint64_t)space << 1;
}
/* Units that contents of a size take; `is_string`: with the zero behind them. */
static inline uint64_t contents_units(uint64_t size_bytes, bool is_string)
{
    const uint64_t bytes = size_bytes + (is_string && size_bytes) + (size_bytes >= HEAP_LONG ? HEAP_UNIT : 0);
    return align_up(bytes, HEAP_UNIT) / HEAP_UNIT;
}

/* Whether the last unit of contents, which can be read, ends in zeros. */
static inline bool contents_end_in_zeros(const uint8_t *bytes, uint64_t size_bytes, bool is_string)
{
    const uint64_t last = (size_bytes + is_string + HEAP_UNIT - 1) / HEAP_UNIT * HEAP_UNIT - HEAP_UNIT;
    uint64_t word, used = size_bytes - last;
    memcpy(&word, bytes + last, sizeof(word));
    return used == HEAP_UNIT || word >> 8 * used == 0;
}

/* The heap of a state; NULL: it has none, and no value has contents. */
static inline const uint8_t *heap_find(const struct heap *heap, uint64_t reference, uint64_t *ret_size)
{
    static const pecs_heap none;
    return pecs_heap_find_(heap ? &heap->view : &none, reference, 0, ret_size);
}

/* Whether so many units lie at a reference to contents. */
bool heap_has_units(const struct heap *heap, uint64_t reference, uint64_t units);

/*
 * Finds contents one after another. Those of rows mostly lie so, too, and then the list of pages is not needed: what
 * comes next is known, and how many units can be read from there on.
 */
struct heap_cursor {
    const struct heap *heap; /* or NULL */
    uint64_t next;           /* a reference without its size */
    uint64_t left;           /* units */
    const uint8_t *bytes;
};
#define HEAP_PLACE_MASK (((uint64_t)1 << 40) - 1) /* of a reference: all but the size */
static inline struct heap_cursor heap_cursor_of(const struct heap *heap)
{
    return (struct heap_cursor){ .heap = heap };
}
/*
 * As heap_find; *ret_is_whole: all units of the contents can be read. So the same contents are found in the same way,
 * whatever the cursor found before.
 */
const uint8_t *heap_cursor_seek(struct heap_cursor *cursor, uint64_t reference, bool is_string, uint64_t *ret_size,
                                bool *ret_is_whole);
static inline const uint8_t *heap_cursor_find(struct heap_cursor *cursor, uint64_t reference, bool is_string,
                                              uint64_t *ret_size, bool *ret_is_whole)
{
    const uint64_t size = reference >> 40, units = (size + is_string + HEAP_UNIT - 1) / HEAP_UNIT;
    const uint8_t *bytes = cursor->bytes;
    if ((reference & HEAP_PLACE_MASK) != cursor->next || !size || size == HEAP_LONG || units > cursor->left)
        return heap_cursor_seek(cursor, reference, is_string, ret_size, ret_is_whole);
    cursor->next += units << 2;
    cursor->left -= units;
    cursor->bytes += units * HEAP_UNIT;
    *ret_size = size;
    *ret_is_whole = true;
    return bytes;
}
/* Contents that lie one after another from a cursor on. */
struct heap_stretch {
    uint64_t count, units, size_bytes; /* the size without the zeros behind each */
};
/*
 * How many of `count` references, `stride` bytes apart, lead to such contents, which are whole and, if `in_zeros`, end
 * in zeros; the cursor goes behind them. 0: the next one must be found.
 */
static inline __attribute__((always_inline)) struct heap_stretch heap_cursor_skip(struct heap_cursor *cursor,
                                                                                  const uint8_t *references,
                                                                                  size_t stride, uint64_t count,
                                                                                  bool is_string, bool in_zeros)
{
    const uint64_t first = cursor->next, most = cursor->left;
    const uint8_t *const bytes = cursor->bytes;
    struct heap_stretch stretch = { 0, 0, 0 };
    for (; stretch.count < count; stretch.count++) {
        uint64_t reference;
        memcpy(&reference, references + stretch.count * stride, sizeof(reference));
        const uint64_t size = reference >> 40, units = (size + is_string + HEAP_UNIT - 1) / HEAP_UNIT;
        if ((reference & HEAP_PLACE_MASK) != first + (stretch.units << 2) || !size || size == HEAP_LONG ||
            stretch.units + units > most)
            break;
        if (in_zeros && !contents_end_in_zeros(bytes + stretch.units * HEAP_UNIT, size, is_string))
            break;
        stretch.units += units;
        stretch.size_bytes += size;
    }
    cursor->next = first + (stretch.units << 2);
    cursor->left = most - stretch.units;
    cursor->bytes = bytes + stretch.units * HEAP_UNIT;
    return stretch;
}

/* Gives a new heap room for contents of an image, of so many units. PECS_E_MEMORY. */
pecs_status heap_set_image(struct gate *gate, struct heap *heap, struct image *image, uint64_t unit_count);
/* Then says where contents lie: `unit_count` units at `bytes`; the first one, `first`, is the start of a page. */
void heap_set_run(struct heap *heap, const uint8_t *bytes, uint64_t first, uint64_t unit_count);

/* A heap over the bytes of another one, which does not change them while the new one lives. NULL: out of memory. */
struct heap *heap_borrow(struct pool *pool, const struct heap *from);

/* The editing functions need a private heap (state_own_heap). */

/*
 * Appends contents of a size: a copy of `bytes`, or zeros. Returns where they are, for the caller to write in the same
 * epoch, and the reference. PECS_E_MEMORY, PECS_E_LIMIT (the space is full): nothing changed.
 */
pecs_status heap_append(struct gate *gate, struct heap *heap, const void *bytes, uint64_t size_bytes, bool is_string,
                        uint8_t **ret_bytes, uint64_t *ret_reference);
/*
 * Takes back what has been appended since the active space had so many units, which nothing may refer to; but not while
 * the heap moves, since rows may have been moved behind it: then it is dead, and goes with the next move. The heap must
 * be private, if it has more. Where memory lacks, arrays stay until something else is appended there.
 */
void heap_take_back(struct gate *gate, struct heap *heap, uint64_t unit_count);
/*
 * Contents that lie in the other space: gives them an address in the active one. Large ones are shared, others copied.
 * PECS_E_MEMORY.
 */
pecs_status heap_take_over(struct gate *gate, struct heap *heap, uint64_t reference, bool is_string,
                           uint64_t *ret_reference);
/*
 * Appends a copy of contents of a heap of the same pool, which may be this one. Large ones are shared: as the original,
 * the copy is private no more. PECS_E_MEMORY, PECS_E_LIMIT: nothing changed.
 */
pecs_status heap_copy_contents(struct gate *gate, struct heap *heap, const struct heap *from, uint64_t reference,
                               bool is_string, uint64_t *ret_reference);
/*
 * The bytes of contents for writing in place. *ret_bytes is NULL when they cannot be: they lie in an image, or in the
 * space that is being emptied. PECS_E_MEMORY.
 */
pecs_status heap_own_contents(struct gate *gate, struct heap *heap, uint64_t reference, uint8_t **ret_bytes);

/* Makes the other space the active one; it is empty. Everything that lives must move there. */
void heap_begin_move(struct heap *heap);
/* Drops the space that was left, which nothing refers to. */
void heap_end_move(struct pool *pool, struct heap *heap);

/* Updates the addresses after arrays were moved. False: pages cannot be updated, since another state has them too. */
bool heap_may_follow_moves(const struct heap *heap);
void heap_follow_moves(struct heap *heap);

#endif
