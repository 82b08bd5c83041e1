/*
 * Row stream: writes a PECS file row by row, in constant memory, whatever the number of rows: an export of a database,
 * a world that is made once and is larger than memory, a server's state into a pipe. It is the builder (builder.h)
 * whose result is a file. The file is like any other: it is resumed, loaded, verified and shown; a save of what was
 * resumed of it, or pecs_compact, makes the file of fewer and longer parts that a save makes.
 *
 *     pecs_stream *stream;
 *     status = pecs_stream_create(registry, "world.pecs", NULL, &stream, &error);
 *     for (...) {
 *         const pecs_value values[] = { PECS_ROWS(Position, positions), PECS_ROWS(Velocity, velocities) };
 *         const pecs_rows rows = { .values = values, .value_count = 2, .row_count = n };
 *         status = status ? status : pecs_stream_add(stream, &rows, NULL, &error);
 *     }
 *     status = status ? status : pecs_stream_finish(stream, NULL, &error);
 *     pecs_stream_destroy(stream);
 *
 * The handle of row n of all rows, from 0, is {n, 1}: a reference may lead to a row that comes later.
 *
 * A call that fails with PECS_E_MISUSE, PECS_E_INVALID or PECS_E_CONFLICT changes nothing: go on with other data. After
 * any other failure the stream can only be destroyed. Until it is finished there is no file at the path; what a sink
 * has been given is aborted. One thread uses a stream at a time; streams are independent.
 */
#ifndef PECS_ROW_STREAM_H
#define PECS_ROW_STREAM_H

#include <pecs/builder.h>
#include <pecs/file.h>
#include <pecs/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pecs_stream pecs_stream;

typedef struct pecs_stream_options {
    uint64_t session_nonce; /* of the entities' birth ids (id.h); 0: random */
    uint64_t tick;          /* of the world, and of all its values; 0: 1, that of a new world */
    uint64_t wall_clock_ns; /* as in pecs_save_options, like all that follow; read before create returns */
    const pecs_meta *metadata;
    size_t metadata_count;
    bool skip_sync;
    pecs_profile profile;
    const pecs_component_profile *component_profiles;
    size_t component_profile_count;
    uint32_t thread_count;
    const pecs_attachment *attachments; /* of the world (attachments.h), in any order; written before create returns */
    size_t attachment_count;
} pecs_stream_options;

/*
 * Creates a stream, which holds the registry. All types of the registry that are saved are described in the file.
 * `options` may be NULL. PECS_E_MISUSE (options; a tick from 2^63 on; two attachments of one name), PECS_E_LIMIT (too
 * much metadata), PECS_E_MEMORY, PECS_E_IO. A relative path is of the working directory at this call.
 */
PECS_API PECS_MUST_USE pecs_status pecs_stream_create(pecs_registry *registry, const char *path,
                                                      const pecs_stream_options *options, pecs_stream **ret_stream,
                                                      pecs_error *error);
/* The same into a sink, which is copied; what its `user` leads to stays until the stream is destroyed. */
PECS_API PECS_MUST_USE pecs_status pecs_stream_create_to(pecs_registry *registry, const pecs_sink *sink,
                                                         const pecs_stream_options *options, pecs_stream **ret_stream,
                                                         pecs_error *error);

/*
 * Adds rows of one table, in any order of tables: as pecs_builder_add, but their handles are made in order
 * (rows->entities is NULL), and values are checked at once. ret_entities (or NULL) has room for the handles. Everything
 * is copied. Any number of rows is allowed, but a call needs memory for all of its rows beside the 32 MiB of the
 * stream, so give some thousands at a time; of rows with large contents, a few MiB, since a segment may have all that
 * one call gives of them, a reader holds a segment, and a stream that compresses holds them three times. PECS_E_MISUSE
 * (a component twice, unknown or transient, a size, an id that is zero, contents that are no text), PECS_E_INVALID (a
 * value that load would refuse), PECS_E_LIMIT, PECS_E_MEMORY, PECS_E_IO, and statuses of the sink.
 */
PECS_API PECS_MUST_USE pecs_status pecs_stream_add(pecs_stream *stream, const pecs_rows *rows,
                                                   pecs_entity *ret_entities, pecs_error *error);

/* The parts that belong to no entity: as pecs_world_set_singleton, _set_meta_text and _set_meta_bytes. */
PECS_API PECS_MUST_USE pecs_status pecs_stream_set_singleton(pecs_stream *stream, const pecs_value *value,
                                                             pecs_error *error);
PECS_API PECS_MUST_USE pecs_status pecs_stream_set_meta_text(pecs_stream *stream, const char *key, const char *text,
                                                             pecs_error *error);
PECS_API PECS_MUST_USE pecs_status pecs_stream_set_meta_bytes(pecs_stream *stream, const char *key, const void *bytes,
                                                              size_t size_bytes, pecs_error *error);

/*
 * Writes what is left and publishes the file, or commits the sink; then the stream can only be destroyed. `report` (or
 * NULL) is filled on success. PECS_E_INVALID (a reference to a row that was never given), PECS_E_CONFLICT (two entities
 * with one id), PECS_E_MISUSE (it is finished or has failed), and as pecs_stream_add.
 *
 * A stream needs 32 MiB of memory, and 5 MiB a thread when it compresses; from a thousand tables on, beside that about
 * a kilobyte for each table and 128 bytes for each of its columns; and some for each 15 MiB of the file, 20 bytes for
 * each explicit id, and what one row with larger contents has. With thousands of tables, each part of the file has only
 * a few rows of each: such a file is larger than a save's (`pecs compact`).
 */
PECS_API PECS_MUST_USE pecs_status pecs_stream_finish(pecs_stream *stream, pecs_save_report *report, pecs_error *error);

/* NULL is allowed. A stream that is not finished leaves no file. */
PECS_API void pecs_stream_destroy(pecs_stream *stream);

/*
 * Stream reader: gives the rows of a PECS file, some thousands at a time, in one pass from front to back: from a pipe
 * or a socket, or of a world that no memory holds. It holds one segment of the file. Rows are as pecs_builder_add takes
 * them. A stream numbers rows itself: for pecs_stream_add set their entities to NULL, and give references the numbers
 * that the rows get there, which are others unless the file's handles are 0:1, 1:1, and so on in the order of its rows.
 *
 *     status = pecs_stream_reader_open_from(registry, &source, NULL, &reader, &error);
 *     while (!status && !(status = pecs_stream_reader_next(reader, &rows, &error)) && rows.row_count)
 *         ...
 *     pecs_stream_reader_close(reader);
 *
 * A segment is checked before its rows are given: hashes, structure, and every value; but not what shows only in the
 * whole, which a load checks: that handles and entity index agree, that references lead to entities, that ids are of
 * one entity each. The file is known to be complete at its end: when the call returns no rows.
 *
 * The files of row streams have whole rows in each segment, and so has a plain save, which is one segment of any size:
 * a long one needs max_held_bytes. A save with a profile has not, unless it is small, and a file may bring types in
 * more than eight segments, which no writer of the library does: load these. Types must be those of the registry: a
 * load converts old ones (migration.h). One thread uses a reader at a time.
 *
 * A reader needs memory for the largest segment as it is stored, an eighth more, for what its blocks hold, and some 50
 * bytes for each column of a table that has rows in it. A segment of a row stream has up to 15 MiB, and beside that the
 * rows of one call, of which large contents count in full: 20 MiB where calls give some thousands of rows without
 * these. From a thousand tables on, add about a kilobyte for each table; and some bytes for each 15 MiB of the file.
 */
typedef struct pecs_stream_reader pecs_stream_reader;

typedef struct pecs_stream_reader_options {
    uint64_t max_held_bytes; /* of a segment: as it is stored, as its blocks are inflated, and of what describes its
                                columns; and of the commit. Beyond it PECS_E_LIMIT; 0: 64 MiB */
    bool skip_unknown;       /* leave out components that the registry lacks; else PECS_E_UNSUPPORTED */
} pecs_stream_reader_options;

/*
 * Opens a file, or begins to read a source, which is copied and whose `user` stays until the reader is closed; one that
 * reads on is read on. `options` may be NULL. Errors as of a load (file.h).
 */
PECS_API PECS_MUST_USE pecs_status pecs_stream_reader_open(pecs_registry *registry, const char *path,
                                                           const pecs_stream_reader_options *options,
                                                           pecs_stream_reader **ret_reader, pecs_error *error);
PECS_API PECS_MUST_USE pecs_status pecs_stream_reader_open_from(pecs_registry *registry, const pecs_source *source,
                                                                const pecs_stream_reader_options *options,
                                                                pecs_stream_reader **ret_reader, pecs_error *error);

/*
 * The next rows of one table, with their handles, and their explicit ids if they have any; everything is valid until
 * the next call. row_count 0: the file has been read to its end. After a failure, every further call fails.
 * PECS_E_CORRUPT, PECS_E_UNSUPPORTED, PECS_E_LAYOUT, PECS_E_LIMIT, PECS_E_MEMORY, PECS_E_IO, and statuses of the
 * source.
 */
PECS_API PECS_MUST_USE pecs_status pecs_stream_reader_next(pecs_stream_reader *reader, pecs_rows *ret_rows,
                                                           pecs_error *error);

static inline pecs_bytes pecs_row_contents_(uint64_t reference)
{
    const pecs_bytes empty = { "", 0 }, *bytes = (const pecs_bytes *)(uintptr_t)(reference >> 2);
    return bytes && bytes->size_bytes ? *bytes : empty;
}
/*
 * What a string of a reader's row holds, or of a singleton of pecs_stream_end: valid as long as these are. Behind it is
 * a zero, which size_bytes does not count. For values of a stream reader only, like the next two.
 */
static inline pecs_bytes pecs_row_string(pecs_string string)
{
    return pecs_row_contents_(string.reference);
}
/* The bytes of a blob. */
static inline pecs_bytes pecs_row_blob(pecs_blob blob)
{
    return pecs_row_contents_(blob.reference);
}
/* The elements of a list. */
static inline pecs_bytes pecs_row_list(pecs_list list)
{
    return pecs_row_contents_(list.reference);
}

/* What belongs to no entity. Its pointers are valid until the reader is closed. */
typedef struct pecs_stream_end {
    uint64_t entity_count, tick;
    pecs_id snapshot_id;
    const pecs_value *singletons; /* one value each */
    size_t singleton_count;
    const pecs_meta *metadata; /* the world's, ascending by key */
    size_t metadata_count;
    const pecs_meta *file_metadata; /* the file's own */
    size_t file_metadata_count;
    size_t attachment_count; /* whose bytes a reader skips */
} pecs_stream_end;

/* Gives what stands at the file's end. PECS_E_MISUSE: the reader is not there yet. */
PECS_API PECS_MUST_USE pecs_status pecs_stream_reader_end(const pecs_stream_reader *reader, pecs_stream_end *ret_end,
                                                          pecs_error *error);

/* NULL is allowed. */
PECS_API void pecs_stream_reader_close(pecs_stream_reader *reader);

#ifdef __cplusplus
}
#endif
#endif
