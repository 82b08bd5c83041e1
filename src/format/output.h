/*
 * Output: bytes on their way to a sink, front to back, in pieces that end at multiples of FORMAT_PIECE in the file.
 * Parts that stay where they are go out from there; small ones, padding and values with holes pass through a buffer.
 */
#ifndef PECS_FORMAT_OUTPUT_H
#define PECS_FORMAT_OUTPUT_H

#include "component.h"
#include "piece_hash.h"

#include <pecs/stream.h>

struct output {
    struct pool *pool;
    const pecs_sink *sink;
    bool has_begun;                  /* the sink: it has to be committed or aborted */
    pecs_progress_function progress; /* or NULL */
    void *progress_user;
    pecs_error *error;
    pecs_status status; /* the first failure; everything after it does nothing */

    size_t unit_bytes;    /* the sink gets parts that end at multiples of it in the file; it divides FORMAT_PIECE */
    uint64_t total_bytes; /* for progress: of the file, or 0 */
    uint64_t offset;      /* in the file, of the next byte */
    uint8_t *buffer;
    size_t buffer_bytes; /* a unit, or a file that is smaller */
    size_t buffered;     /* bytes of it in use by spans */
    pecs_bytes *spans;
    size_t span_count;
    struct piece_hash pieces; /* of the data that is put */
    uint32_t buffer_source;
};

/* Returns PECS_E_MEMORY on failure. Call output_deinit also then. */
pecs_status output_init(struct output *output, struct pool *pool, const pecs_sink *sink, size_t unit_bytes,
                        pecs_error *error);
void output_deinit(struct output *output);
/*
 * Begins a file of that size, or 0: it is not known yet. The sink first, then what is put. Memory for a small file is
 * small.
 */
void output_begin(struct output *output, uint64_t total_bytes);
/* Ends the sink, if it has begun: commits when nothing has failed, else aborts. Returns output.status. */
pecs_status output_end(struct output *output);

/* Bytes that stay where they are until the next flush. */
void output_put(struct output *output, const void *bytes, uint64_t size);
void output_put_zeros_to(struct output *output, uint64_t offset);
/* Values with padding: zeros in its place. */
void output_put_masked(struct output *output, const struct component *component, const uint8_t *values, uint64_t count);
/* Values that `copy` changes on the way: it is called for each of them once, in order. */
typedef void output_copy(void *user, const struct component *component, uint8_t *to, const uint8_t *from,
                         uint64_t count);
void output_put_changed(struct output *output, const struct component *component, const uint8_t *values, uint64_t count,
                        output_copy *copy, void *user);
void output_flush(struct output *output);

/* From here to the end, each piece's hash is appended to `hashes`; the last may be short. */
void output_begin_hashing(struct output *output, struct buffer *hashes);
void output_end_hashing(struct output *output);

#endif
