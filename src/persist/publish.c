/*
 * The publish protocol, of which each step leaves the old file whole:
 *   open      an unnamed file in the target's folder: when the process dies, it is gone
 *   write     into space that was allocated before, if the file is synced afterwards. Without sync ext4 would not write
 *             such space before the name is on the disk, and a power cut would leave a file of zeros
 *   fsync     a failure is final: the kernel may have dropped the pages it could not write. Without sync, a close
 *             of a copy of the descriptor asks for errors instead
 *   link      to the target's name; if that is taken, to .NAME.0.pecs-tmp, with a lock,
 *   rename    and then over the target
 *   fsync     the directory; a failure here means published, maybe not durable
 * Where files cannot be unnamed or be linked, the file is made and written under its temporary name, with a lock.
 *
 * A temporary without a lock is what a killed process left, and is removed. An unnamed file is locked before it is
 * linked, so a cleaner never takes it for a stale one; a named one is locked after it was made, and its maker then
 * checks whether a cleaner was faster. A save that finds a number taken uses the next. Named saves last, so any number
 * may be left: each clears those behind its own. Unnamed ones hold theirs between link and rename alone: only a save
 * that found number 0 taken checks the others.
 */
#include "publish.h"

#include "error.h"
#include "memory.h"
#include "os.h"

#include <stdio.h>

enum {
    TEMPORARY_MAX = 64,          /* saves to one name at one time */
    NAME_TRIES = 8,              /* to take a number that others come and go at */
    PAUSE_US = 50,               /* the first pause for one that is about to rename; each further is twice as long */
    WRITEBACK_MIN = 1024 * 1024, /* of a new file */
};

struct publication {
    struct pool *pool;
    struct os_target target;
    char temporary[OS_PATH_BYTES]; /* of the number that is tried, or was taken */
    struct os_draft file;
    struct os_folder folder;
    bool is_open, has_folder;
    bool sync;
    bool is_unnamed;                 /* or was, before it was linked */
    bool has_temporary;              /* that name is this file's */
    int number;                      /* of the temporary */
    bool found_taken;                /* a number was another's */
    bool is_reserved;                /* space for the whole file */
    uint64_t size_bytes, sent_bytes; /* written; and of those, the disk was asked to begin with */
};

/* The path of the temporary with a number. */
static int publish_temporary_path(const struct publication *publication, int number, char ret_path[OS_PATH_BYTES])
{
    char name[OS_NAME_BYTES];
    /* a name near the limit of 255 bytes is cut: the suffix must fit */
    snprintf(name, sizeof(name), ".%.230s.%d.pecs-tmp", os_path_name(publication->target.path), number);
    return os_path_beside(publication->target.path, name, ret_path);
}

/* Removes a temporary that no process has locked. Returns true if the name is free now. */
static bool publish_remove_stale(const char *path)
{
    struct os_draft left;
    const int os_error = os_draft_open(path, &left);
    if (os_error)
        return os_error_kind(os_error) == OS_ERROR_MISSING;
    const bool removed = !os_draft_lock(&left) && !os_draft_check_named(&left, path) && !os_unlink(path);
    os_draft_close(&left);
    return removed;
}

/* Removes the stale temporaries from a number on. */
static void publish_clear_stale(const struct publication *publication, int number)
{
    char path[OS_PATH_BYTES];
    for (; number < TEMPORARY_MAX && !publish_temporary_path(publication, number, path); number++)
        if (os_is_there(path))
            (void)publish_remove_stale(path);
}

enum taken {
    TAKEN,
    NAME_IN_USE,
    TAKE_AGAIN, /* a cleaner removed the file as stale before it was locked */
    TAKE_FAILED
};

/* Makes the file under its temporary name and locks it. On failure no file stays behind. */
static enum taken publish_create_named(struct publication *publication, int *ret_os_error)
{
    const char *path = publication->temporary;
    struct os_draft file;
    int os_error = os_draft_create(&publication->target, path, &file);
    *ret_os_error = os_error;
    if (os_error)
        return os_error_kind(os_error) == OS_ERROR_EXISTS ? NAME_IN_USE : TAKE_FAILED;
    os_error = os_draft_lock(&file);
    if (!os_error)
        os_error = os_draft_check_named(&file, path);
    *ret_os_error = os_error;
    if (!os_error) {
        publication->file = file;
        publication->is_open = true;
        return TAKEN;
    }
    const enum os_error_kind kind = os_error_kind(os_error);
    const bool cleaned = kind == OS_ERROR_BUSY || kind == OS_ERROR_MISSING;
    if (!cleaned)
        (void)os_unlink(path);
    os_draft_close(&file);
    return cleaned ? TAKE_AGAIN : TAKE_FAILED;
}

static enum taken publish_link_unnamed(const struct publication *publication, int *ret_os_error)
{
    const int os_error = os_draft_link(&publication->file, publication->temporary);
    *ret_os_error = os_error;
    if (!os_error)
        return TAKEN;
    return os_error_kind(os_error) == OS_ERROR_EXISTS ? NAME_IN_USE : TAKE_FAILED;
}

/* Another save has the temporary's name. Returns true to retry this number, false to try the next one. */
static bool publish_make_way(struct publication *publication, int attempt)
{
    publication->found_taken = true;
    if (publish_remove_stale(publication->temporary))
        return true;
    if (publication->is_unnamed) /* its owner may be about to rename it, or it may be writing it for a long time */
        os_pause((uint32_t)PAUSE_US << attempt);
    return publication->is_unnamed;
}

/* Gives the file the temporary name of the first number that is free or can be freed. */
static int publish_take_temporary(struct publication *publication)
{
    for (int number = 0; number < TEMPORARY_MAX; number++) {
        publication->number = number;
        int os_error = publish_temporary_path(publication, number, publication->temporary);
        if (os_error)
            return os_error;
        bool tries = true;
        for (int attempt = 0; attempt < NAME_TRIES && tries; attempt++) {
            const enum taken taken = publication->is_unnamed ? publish_link_unnamed(publication, &os_error)
                                                             : publish_create_named(publication, &os_error);
            publication->has_temporary = taken == TAKEN;
            if (taken == TAKEN || taken == TAKE_FAILED)
                return os_error;
            tries = taken == TAKE_AGAIN || publish_make_way(publication, attempt);
        }
    }
    return os_error_number(OS_ERROR_BUSY);
}

static int publish_open_file(struct publication *publication)
{
    int os_error = os_draft_create_unnamed(&publication->target, &publication->file);
    publication->is_open = publication->is_unnamed = !os_error;
    if (os_error_kind(os_error) != OS_ERROR_UNSUPPORTED)
        return os_error;
    os_error = publish_take_temporary(publication);
    if (os_error)
        return os_error;
    publish_clear_stale(publication, publication->number + 1);
    return os_draft_take_mode(&publication->file, &publication->target);
}

static int publish_begin(struct publication *publication, const char *path, uint64_t size_bytes)
{
    int os_error = os_target_find(path, &publication->target);
    if (!os_error) /* a path that is too long is found now, not when all is written */
        os_error = publish_temporary_path(publication, 0, publication->temporary);
    if (!os_error && publication->sync) {
        os_error = os_folder_open(publication->target.path, &publication->folder);
        publication->has_folder = !os_error;
    }
    if (!os_error)
        os_error = publish_open_file(publication);
    publication->is_reserved = publication->sync && size_bytes;
    if (!os_error && publication->is_reserved)
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
    const int os_error = publish_begin(publication, path, size_bytes);
    if (os_error) {
        publication_abort(publication);
        return fail_os(error, os_error, os_is_special(path) ? "cannot save, not a regular file:" : "cannot save", path);
    }
    *ret_publication = publication;
    return PECS_OK;
}

/*
 * A file whose space was not reserved gets its blocks now, in pieces, which is faster than all at once at the rename.
 * And it is whole sooner: after a power cut, XFS would have an empty file in the place of the old one. A new file takes
 * the place of none, so a small one is not worth a call.
 */
static void publish_begin_writeback(struct publication *publication)
{
    if (publication->is_reserved || (!publication->target.is_there && publication->size_bytes < WRITEBACK_MIN))
        return;
    os_draft_begin_writeback(&publication->file, publication->sent_bytes,
                             publication->size_bytes - publication->sent_bytes);
    publication->sent_bytes = publication->size_bytes;
}

pecs_status publication_write(struct publication *publication, const pecs_bytes *spans, size_t span_count,
                              pecs_error *error)
{
    const int os_error = os_draft_write(&publication->file, spans, span_count);
    if (os_error)
        return fail_os(error, os_error, "cannot write", publication->target.path);
    for (size_t i = 0; i < span_count; i++)
        publication->size_bytes += spans[i].size_bytes;
    publish_begin_writeback(publication);
    return PECS_OK;
}

/* OS_ERROR_EXISTS when the name was taken meanwhile. */
static int publish_new(const struct publication *publication)
{
    const int os_error = os_draft_link(&publication->file, publication->target.path);
    if (!os_error && os_is_there(publication->temporary)) /* number 0, where no link has been */
        publish_clear_stale(publication, 0);
    return os_error;
}

/* Replaces the file that has the target's name. */
static int publish_over(struct publication *publication)
{
    int os_error = 0;
    if (publication->is_unnamed) {
        os_error = os_draft_lock(&publication->file);
        if (!os_error)
            os_error = publish_take_temporary(publication);
        if (os_error)
            return os_error;
    }
    os_error = os_rename(publication->temporary, publication->target.path);
    publication->has_temporary = os_error != 0;
    if (!os_error && publication->is_unnamed && publication->found_taken)
        publish_clear_stale(publication, publication->number + 1);
    return os_error;
}

static int publish_draft(struct publication *publication)
{
    if (publication->is_unnamed && !publication->target.is_there) {
        const int os_error = publish_new(publication);
        if (os_error_kind(os_error) != OS_ERROR_EXISTS)
            return os_error;
    }
    return publish_over(publication);
}

pecs_status publication_commit(struct publication *publication, pecs_error *error)
{
    const bool sync = publication->sync;
    const char *path = publication->target.path;
    pecs_status status = PECS_OK;
    int os_error = sync ? os_draft_sync(&publication->file) : os_draft_flush(&publication->file);
    if (os_error)
        status = fail_os(error, os_error, sync ? "cannot sync" : "cannot write", path);
    else if ((os_error = publish_draft(publication)) != 0)
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
