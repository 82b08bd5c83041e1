/*
 * Stream: whole files to and from memory, descriptors (pipes, sockets), and functions of your own. For a path see
 * file.h: a save to a path is the only one that replaces a file as a whole and syncs it.
 *
 * A sink takes the bytes of a save, front to back. A source gives those of a file, front to back, or at any place if it
 * can. Each is a table of functions with their `user`, which the library copies nowhere and calls only before its own
 * function returns. An optional function is NULL where there is none. Functions that return a status:
 *   - PECS_OK, or the status with which save or load then fails: PECS_E_IO with os_error, PECS_E_CANCELLED to stop, ...
 *   - may write *error, which is never NULL and becomes the caller's error; if they do not, a message names the
 * function
 *   - run on the thread that called the library, unless it says otherwise, and may call the library, too.
 *
 * A PECS file is found from its end, so one that was cut anywhere is refused by every function that reads it: a stream
 * that ends early is never taken for a file.
 */
#ifndef PECS_STREAM_H
#define PECS_STREAM_H

#include <pecs/file.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PECS_SPAN_MAX = 1024 }; /* spans of one write: as many as writev(2) takes on Linux */

/*
 * Where a save goes. If begin returned PECS_OK (or there is none), exactly one of two things ends it: commit returns
 * PECS_OK, after every byte was written; or abort is called once, whatever failed, commit included. Nothing is called
 * after that, and nothing at all when the save fails before begin.
 */
typedef struct pecs_sink {
    /*
     * Optional. Gets the size of the whole file: exactly so many bytes are written unless the save fails. 0: it is not
     * known before it is written, as that of a compressed file.
     */
    pecs_status (*begin)(void *user, uint64_t size_bytes, pecs_error *error);
    /*
     * Takes all of the next bytes, less than a MiB in 1 to PECS_SPAN_MAX spans, or fails. Their memory is the library's
     * and valid during the call only.
     */
    pecs_status (*write)(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error);
    /* Optional. All was written: publish, flush, close. */
    pecs_status (*commit)(void *user, pecs_error *error);
    /* Optional. The save failed: drop what was written. */
    void (*abort)(void *user);
    void *user;
} pecs_sink;

/*
 * Where a file comes from. Of map, read_at and read the first that is there is used. With `size` alone beside it, read
 * is called until it gave so many bytes and not once more, so the file may be followed by others on one connection;
 * without `size`, until it gives 0.
 */
typedef struct pecs_source {
    /* The next bytes, 1 to size_bytes of them; *ret_size is how many, and 0 at the end of the stream. */
    pecs_status (*read)(void *user, void *bytes, size_t size_bytes, size_t *ret_size, pecs_error *error);
    /* Optional. The size of the whole file. */
    pecs_status (*size)(void *user, uint64_t *ret_size_bytes, pecs_error *error);
    /*
     * Optional, with size. The same as read, at an offset below the size. A load with a thread_count above 1 calls it
     * on several threads at the same time.
     */
    pecs_status (*read_at)(void *user, uint64_t offset, void *bytes, size_t size_bytes, size_t *ret_size,
                           pecs_error *error);
    /* Optional, with size. The whole file in memory, which stays readable until the library's function returns. */
    pecs_status (*map)(void *user, const void **ret_bytes, pecs_error *error);
    void *user;
} pecs_source;

/*
 * Saves a snapshot into a sink. Any thread. As pecs_snapshot_save, but skip_sync has no meaning: what is durable after
 * commit is up to the sink. Errors as there, those of the sink, and PECS_E_MISUSE for a sink without write.
 */
PECS_API PECS_MUST_USE pecs_status pecs_snapshot_save_to(const pecs_snapshot *snapshot, const pecs_sink *sink,
                                                         const pecs_save_options *options, pecs_error *error);

/*
 * Saves a snapshot into memory from the registry's allocator: *ret_size bytes at a multiple of 64. The caller may
 * change them and releases them by pecs_memory_release; they keep the registry alive. Any thread. Errors as of
 * pecs_snapshot_save_to.
 */
PECS_API PECS_MUST_USE pecs_status pecs_snapshot_save_memory(const pecs_snapshot *snapshot,
                                                             const pecs_save_options *options, void **ret_bytes,
                                                             size_t *ret_size, pecs_error *error);

/* Releases memory of pecs_snapshot_save_memory. NULL is allowed. Any thread. */
PECS_API void pecs_memory_release(void *bytes);

/*
 * Loads a snapshot from a source: all checks and errors of pecs_snapshot_load, and those of the source; the caller owns
 * one reference. The bytes are copied before they are checked, so the source may change or end when the load returns,
 * and what changes meanwhile is refused or not seen. A source that only reads is read into memory first, of its `size`;
 * without one, of up to 2 MiB more than it gave, where it grows without a copy (and with up to a quarter and 2 MiB more
 * addresses, for a moment twice), unless the registry has an allocator: then it is copied once more. Progress begins
 * after that. limits.max_bytes is checked before memory is taken. PECS_E_CORRUPT with FILE-1: fewer bytes than `size`.
 * PECS_E_MISUSE: a source without a function that reads, map or read_at without size, more bytes than it was asked for;
 * or limits.private_only, which is about paths.
 */
PECS_API PECS_MUST_USE pecs_status pecs_snapshot_load_from(pecs_registry *registry, const pecs_source *source,
                                                           const pecs_load_options *options,
                                                           pecs_snapshot **ret_snapshot, pecs_error *error);

/* The same for a file in memory, which is copied: it may be changed and freed afterwards. */
PECS_API PECS_MUST_USE pecs_status pecs_snapshot_load_memory(pecs_registry *registry, const void *bytes,
                                                             size_t size_bytes, const pecs_load_options *options,
                                                             pecs_snapshot **ret_snapshot, pecs_error *error);

/*
 * pecs_file_info of a source. One that only reads is read to its end and held in memory meanwhile, which max_bytes
 * bounds and max_info_bytes does not; of others a few ranges are read. Errors as of pecs_snapshot_load_from.
 */
PECS_API PECS_MUST_USE pecs_status pecs_file_info_from(const pecs_source *source, const pecs_allocator *allocator,
                                                       const pecs_info_options *options, pecs_info **ret_info,
                                                       pecs_error *error);

/*
 * A sink that writes to a descriptor: a pipe, a socket, a file where it stands. The descriptor stays the caller's: it
 * is not synced and not closed, and when the save fails it keeps what was written. Short writes are continued, and one
 * that does not block is waited for. A reader that has gone is PECS_E_IO with EPIPE: SIGPIPE, which the system sends to
 * the thread, is held back and removed, and masks and actions of signals are as before. Asks for a larger buffer of a
 * pipe.
 */
PECS_API pecs_sink pecs_sink_for_fd(int descriptor);

/*
 * A source that reads a descriptor to its end. A pipe, socket or terminal is read on; of a regular file, what lies
 * behind its position is read at its places, and the position stays. The descriptor stays the caller's. PECS_E_IO with
 * errno. Asks for a larger buffer of a pipe.
 */
PECS_API pecs_source pecs_source_for_fd(int descriptor);

/* A source of a file in memory. The span and its bytes must stay until the source was read. */
PECS_API pecs_source pecs_source_for_memory(const pecs_bytes *memory);

#ifdef __cplusplus
}
#endif
#endif
