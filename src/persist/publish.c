/*
 * The publish protocol, of which each step leaves the old file whole:
 *   open      .NAME.N.pecs-tmp beside the target, exclusively, and lock it
 *   write     into space that was allocated before, if the file is synced afterwards. Without sync ext4 would not write
 *             such space before the rename is on the disk, and a power cut would leave a file of zeros
 *   fsync     a failure is final: the kernel may have dropped the pages it could not write. Without sync, a close
 *             of a copy of the descriptor asks for errors instead
 *   rename    over the target
 *   fsync     the directory; a failure here means published, maybe not durable
 *
 * Temporaries of that name without a lock are what a killed process left, and are removed.
 */
#include "publish.h"

#include "error.h"
#include "memory.h"

#include <stdio.h>

enum {
    TEMPORARY_MAX = 64, /* saves to one name at one time */
    NAME_TRIES = 8,     /* to take a number that others come and go at */
};

struct publication {
    struct pool *pool;
    struct os_target target;
    char temporary[OS_PATH_BYTES];
    struct os_draft file;
    struct os_folder folder;
    bool is_open, has_folder;
    bool sync;
    bool has_temporary; /* the name is this file's */
    uint64_t size_bytes;
};

/* The path of the temporary with a number. */
static int temporary_path(const struct publication *publication, int number, char ret_path[OS_PATH_BYTES])
{
    char name[OS_NAME_BYTES];
    /* a name near the limit of 255 bytes is cut: the suffix must fit */
    snprintf(name, sizeof(name), ".%.230s.%d.pecs-tmp", os_path_name(publication->target.path), number);
    return os_path_beside(publication->target.path, name, ret_path);
}

/* Removes a temporary that no process holds. True when the name is free now. */
static bool remove_stale(const char *path)
{
    struct os_draft left;
    const int os_error = os_draft_open(path, &left);
    if (os_error)
        return os_error_kind(os_error) == OS_ERROR_MISSING;
    const bool removed = !os_draft_lock(&left) && !os_draft_check_named(&left, path) && !os_unlink(path);
    os_draft_close(&left);
    return removed;
}

enum taken {
    TAKEN,
    NAME_IN_USE,
    TAKE_AGAIN, /* a cleaner saw it before it was locked, and took it for a stale one */
    TAKE_FAILED
};

/* Makes the temporary and locks it. Of failures no file stays behind. */
static enum taken create_named(struct publication *publication, uint32_t mode, int *ret_os_error)
{
    const char *path = publication->temporary;
    struct os_draft file;
    int os_error = os_draft_create(path, mode, &file);
    if (os_error) {
        *ret_os_error = os_error;
        return os_error_kind(os_error) == OS_ERROR_EXISTS ? NAME_IN_USE : TAKE_FAILED;
    }
    os_error = os_draft_lock(&file);
    if (!os_error)
        os_error = os_draft_check_named(&file, path);
    if (!os_error) {
        publication->file = file;
        publication->is_open = publication->has_temporary = true;
        return TAKEN;
    }
    const enum os_error_kind kind = os_error_kind(os_error);
    const bool cleaned = kind == OS_ERROR_BUSY || kind == OS_ERROR_MISSING;
    if (!cleaned)
        (void)os_unlink(path);
    os_draft_close(&file);
    *ret_os_error = os_error;
    return cleaned ? TAKE_AGAIN : TAKE_FAILED;
}

/* Removes the stale temporaries from a number on. */
static void clear_stale(const struct publication *publication, int number)
{
    char path[OS_PATH_BYTES];
    for (; number < TEMPORARY_MAX && !temporary_path(publication, number, path); number++)
        if (os_is_there(path))
            (void)remove_stale(path);
}

/* Opens and locks a temporary of the first number that is free or can be freed, and clears the numbers behind it. */
static int open_temporary(struct publication *publication, uint32_t mode)
{
    for (int number = 0; number < TEMPORARY_MAX; number++) {
        int os_error = temporary_path(publication, number, publication->temporary);
        if (os_error)
            return os_error;
        for (int attempt = 0; attempt < NAME_TRIES; attempt++) {
            switch (create_named(publication, mode, &os_error)) {
            case TAKEN:
                clear_stale(publication, number + 1);
                return 0;
            case TAKE_FAILED:
                return os_error;
            case NAME_IN_USE:
                if (!remove_stale(publication->temporary))
                    attempt = NAME_TRIES; /* somebody is writing it */
                break;
            case TAKE_AGAIN:
                break;
            }
        }
    }
    return os_error_number(OS_ERROR_BUSY);
}

static int begin(struct publication *publication, const char *path, uint64_t size_bytes)
{
    struct os_target *target = &publication->target;
    int os_error = os_target_find(path, target);
    if (os_error)
        return os_error;
    if (publication->sync) {
        os_error = os_folder_open(target->path, &publication->folder);
        if (os_error)
            return os_error;
        publication->has_folder = true;
    }
    /* never more open than the file replaced, also while it is written; a new one is left to the umask */
    os_error = open_temporary(publication, target->is_there ? target->mode & 0666 : 0666);
    if (!os_error && target->is_there)
        os_error = os_draft_set_mode(&publication->file, target->mode);
    if (!os_error && publication->sync)
        os_error = os_draft_reserve(&publication->file, size_bytes);
    return os_error;
}

pecs_status publication_begin(struct pool *pool, const char *path, uint64_t size_bytes, bool sync,
                              struct publication **ret_publication, pecs_error *error)
{
    struct publication *publication = pool_allocate_zeroed(pool, sizeof(*publication));
    if (!publication)
        return fail_memory(error);
    publication->pool = pool;
    publication->sync = sync;
    const int os_error = begin(publication, path, size_bytes);
    if (os_error) {
        publication_abort(publication);
        return fail_os(error, os_error, "cannot save", path);
    }
    *ret_publication = publication;
    return PECS_OK;
}

/*
 * Asks the disk to begin with what was written since `offset`. A file whose space was not reserved gets its blocks now,
 * in pieces, which is faster than all at once at the rename, and is whole sooner.
 */
static void begin_writeback(const struct publication *publication, uint64_t offset)
{
    if (!publication->sync)
        os_draft_begin_writeback(&publication->file, offset, publication->size_bytes - offset);
}

pecs_status publication_write(struct publication *publication, const struct os_span *spans, size_t span_count,
                              pecs_error *error)
{
    const uint64_t offset = publication->size_bytes;
    const int os_error = os_draft_write(&publication->file, spans, span_count);
    if (os_error)
        return fail_os(error, os_error, "cannot write", publication->temporary);
    for (size_t i = 0; i < span_count; i++)
        publication->size_bytes += spans[i].size_bytes;
    begin_writeback(publication, offset);
    return PECS_OK;
}

static int publish(struct publication *publication)
{
    const int os_error = os_rename(publication->temporary, publication->target.path);
    publication->has_temporary = os_error != 0;
    return os_error;
}

pecs_status publication_commit(struct publication *publication, pecs_error *error)
{
    const bool sync = publication->sync;
    const char *path = publication->target.path;
    pecs_status status = PECS_OK;
    int os_error = sync ? os_draft_sync(&publication->file) : os_draft_flush(&publication->file);
    if (os_error)
        status = fail_os(error, os_error, sync ? "cannot sync" : "cannot write", path);
    else if ((os_error = publish(publication)) != 0)
        status = fail_os(error, os_error, "cannot publish", path);
    else if (sync && (os_error = os_folder_sync(&publication->folder)) != 0)
        status = fail_os(error, os_error, "published, but perhaps not durable: cannot sync the directory of", path);
    publication_abort(publication);
    return status;
}

void publication_abort(struct publication *publication)
{
    if (publication->has_temporary)
        (void)os_unlink(publication->temporary); /* before the lock goes */
    if (publication->is_open)
        os_draft_close(&publication->file);
    if (publication->has_folder)
        os_folder_close(&publication->folder);
    pool_release(publication->pool, publication, sizeof(*publication));
}
