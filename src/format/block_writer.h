/*
 * Block writer: a state as the bytes of a file of several segments, whose columns may be compressed in blocks: at once,
 * or as a stream, part by part.
 */
#ifndef PECS_FORMAT_BLOCK_WRITER_H
#define PECS_FORMAT_BLOCK_WRITER_H

#include "segment_writer.h"
#include "value_check.h"
#include "writer.h"

/* As writer_write, when the options ask for compression. */
pecs_status block_writer_write(const struct pecs_snapshot *state, const pecs_sink *sink,
                               const struct writer_options *options, uint64_t *ret_size_bytes, pecs_error *error);

/* A stream: init, then put for each part, then end; deinit in any case. */
struct block_writer {
    const struct writer_options *options;
    struct save_plan plan; /* of the part that was put last */
    struct output output;
    struct value_check values;
    struct segment_writer segments;
    struct buffer commit, file_metadata;
    struct output stage; /* writes to the present stage */
    pecs_sink stage_sink;
    uint8_t *stage_memory, *present; /* of all stages; the one that is filled */
    size_t stage_bytes, staged;      /* of a stage, and those in use */
    uint32_t stage_count, stage_source;
    uint64_t heap_units; /* of the contents so far */
    /* For progress, bytes of the state: in all, so far, in the stage; put as they are at present, from this offset on.
     */
    uint64_t data_bytes, done_bytes, staged_data, plain_bytes, plain_from;
};
/* The sink and the options stay as long as the writer, which must stay where it is. */
pecs_status block_writer_init(struct block_writer *writer, struct pool *pool, const pecs_sink *sink,
                              const struct writer_options *options, pecs_error *error);
/* The state is as large as the stream's part; `stream` stays until the end. The first part begins the file. */
pecs_status block_writer_put(struct block_writer *writer, const struct pecs_snapshot *state,
                             const struct plan_stream *stream, pecs_error *error);
/* Puts the commit, as the last part has it, and commits the sink; or aborts it if anything has failed. */
pecs_status block_writer_end(struct block_writer *writer, pecs_error *error);
/* Aborts the sink if it has not ended. */
void block_writer_deinit(struct block_writer *writer);

#endif
