/*
 * The platform: files, maps, pages, threads' locks, random numbers. The only code that knows it is os_linux.c.
 *
 * Functions with an error return PECS_E_IO with errno, or PECS_E_MEMORY. `path` is for opening and for messages.
 */
#ifndef PECS_BASE_OS_H
#define PECS_BASE_OS_H

#include <pecs/status.h>

#include <pthread.h>

struct os_mutex {
    pthread_mutex_t native;
};
void os_mutex_init(struct os_mutex *mutex);
void os_mutex_deinit(struct os_mutex *mutex);
void os_mutex_lock(struct os_mutex *mutex);
void os_mutex_unlock(struct os_mutex *mutex);

/*
 * Calls function(user, true) on this thread and function(user, false) on up to thread_count - 1 others at the same
 * time, and returns when all have returned. When the system has no more threads to give, there are fewer. Signals are
 * blocked in the others.
 */
void os_threads_run(uint32_t thread_count, void (*function)(void *user, bool is_caller), void *user);
enum { OS_THREAD_MAX = 64 };

enum { OS_HUGE_BYTES = 2 * 1024 * 1024 }; /* of a huge page */

/* Whole pages, zero and about to be written; from OS_HUGE_BYTES on aligned to that, in huge pages where they fit. NULL
 * when out of memory. */
void *os_pages_allocate(size_t size_bytes);
void os_pages_release(void *pages, size_t size_bytes);
void os_advise_huge(void *memory, size_t size_bytes);

uint64_t os_random_u64(void);

/* Which file of the machine, whatever path leads to it; and what changes when it is written to. */
struct os_file_name {
    uint64_t device, inode;
};
struct os_file_state {
    uint64_t size_bytes;
    uint64_t time_ns; /* of the last write */
};
/* Of the file that a path leads to; false: to none. */
bool os_file_look(const char *path, struct os_file_name *ret_name, struct os_file_state *ret_state);

/* The path from the root, so that it means the same in another working directory; of the pool. NULL: out of memory. */
struct pool;
char *os_absolute_path(struct pool *pool, const char *path, size_t *ret_bytes);

/* A regular file open for reading. */
struct os_file {
    int descriptor;
    struct os_file_name name;
    uint64_t time_ns;      /* of the last write, when it was opened */
    uint64_t size_bytes;   /* when it was opened */
    bool others_may_write; /* its owner is neither this user nor root, or its mode lets group or others write */
};
pecs_status os_file_open(const char *path, struct os_file *ret_file, pecs_error *error);
void os_file_close(struct os_file *file);

/* Reads exactly size_bytes at offset; a file that ends before that is PECS_E_CORRUPT. */
pecs_status os_file_read(const struct os_file *file, const char *path, void *bytes, size_t size_bytes, uint64_t offset,
                         pecs_error *error);

/*
 * The whole file, read-only; files of 2 MiB and more at an address that is a multiple of 2 MiB. The file may be closed
 * afterwards.
 */
pecs_status os_file_map(const struct os_file *file, const char *path, const uint8_t **ret_bytes, pecs_error *error);
void os_file_unmap(const uint8_t *bytes, uint64_t size_bytes);

/*
 * A publication: a temporary file beside `path` that takes its name when it is whole. It is locked while it is written;
 * temporaries of that name without a lock are what a killed process left, and are removed.
 */
struct os_publication;
struct os_span {
    const void *bytes;
    size_t size_bytes;
};
/*
 * What it takes comes from the pool. A file at `path` that the process may not write to is not replaced (EACCES), and
 * one that has no name cannot be (EOPNOTSUPP). reserve_bytes of the disk are allocated; give 0 when the file will not
 * be synced.
 */
pecs_status os_publication_begin(struct pool *pool, const char *path, uint64_t reserve_bytes,
                                 struct os_publication **ret_publication, pecs_error *error);
/* Appends the spans, at most OS_SPAN_MAX of them. */
enum { OS_SPAN_MAX = 1024 };
pecs_status os_publication_write(struct os_publication *publication, struct os_span *spans, size_t span_count,
                                 pecs_error *error);
/* Publishes, and frees the publication in any case. Without sync, nothing is synced. */
pecs_status os_publication_commit(struct os_publication *publication, bool sync, pecs_error *error);
void os_publication_abort(struct os_publication *publication);

#endif
