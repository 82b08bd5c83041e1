/*
 * The platform's files: looking, reading, maps, and the small steps that a save is made of. What a save makes of the
 * steps is in persist/publish.c; a port has none of it. The only code that knows the platform is os_file_linux.c.
 */
#ifndef PECS_BASE_OS_FILE_H
#define PECS_BASE_OS_FILE_H

#include <pecs/status.h>

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

/* --- reading: PECS_E_IO with errno, or PECS_E_MEMORY. `path` is for opening and for messages --- */

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

/* --- writing: 0 or the platform's error number --- */

/* The errors that callers distinguish. */
enum os_error_kind {
    OS_ERROR_OTHER,
    OS_ERROR_EXISTS,  /* the name is taken */
    OS_ERROR_MISSING, /* there is none of that name */
    OS_ERROR_BUSY,    /* another process has it */
    OS_ERROR_UNSUPPORTED,
};
enum os_error_kind os_error_kind(int os_error);
int os_error_number(enum os_error_kind kind); /* not of OS_ERROR_OTHER */

enum { OS_PATH_BYTES = 4096, OS_NAME_BYTES = 256 }; /* the longest, with its end */

/* A path's last part; and the path of another name in the same folder. */
const char *os_path_name(const char *path);
int os_path_beside(const char *path, const char *name, char ret_path[OS_PATH_BYTES]);

/* What a save is to make or replace: a name for a regular file. */
struct os_target {
    char path[OS_PATH_BYTES]; /* final links followed; a dangling one names the file to make */
    bool is_there;
    uint32_t mode; /* when it is there: its permissions */
};
/*
 * The target that a path leads to. A file that the process may not write to is none, though the folder would allow it
 * to be replaced (EACCES), nor is one without a name, which only a link of /proc leads to (EOPNOTSUPP).
 */
int os_target_find(const char *path, struct os_target *ret_target);

/* Whether the path leads to something. */
bool os_is_there(const char *path);
/* It leads to what is neither a regular file nor a folder: a FIFO, a device. */
bool os_is_special(const char *path);
int os_rename(const char *from, const char *to); /* replaces what has the name */
int os_unlink(const char *path);

/* A file that is written, or that another save left. */
struct os_draft {
    int descriptor;
};
struct os_span {
    const void *bytes;
    size_t size_bytes;
};
enum { OS_SPAN_MAX = 1024 };

/*
 * A new file for the target, under another name. It is never more open than the one it will replace; if it replaces
 * none, its mode is what the umask leaves. OS_ERROR_EXISTS.
 */
int os_draft_create(const struct os_target *target, const char *path, struct os_draft *ret_draft);
/* Gives it the mode of the file that it will replace, if there is one. */
int os_draft_take_mode(const struct os_draft *draft, const struct os_target *target);
/*
 * A new file without a name in the target's folder, with its mode; the system removes it if it gets no name.
 * OS_ERROR_UNSUPPORTED: such a file cannot be made, or could not be linked.
 */
int os_draft_create_unnamed(const struct os_target *target, struct os_draft *ret_draft);
/* Gives an unnamed file its name. OS_ERROR_EXISTS. */
int os_draft_link(const struct os_draft *draft, const char *path);
/* A file that is there, to lock it. OS_ERROR_MISSING; a link at the name is an error. */
int os_draft_open(const char *path, struct os_draft *ret_draft);
void os_draft_close(struct os_draft *draft);
/* Locks the file until it is closed, by this process's end at the latest. OS_ERROR_BUSY. */
int os_draft_lock(const struct os_draft *draft);
/* Whether the path still names this file. OS_ERROR_MISSING: not. */
int os_draft_check_named(const struct os_draft *draft, const char *path);
/* Allocates space, where the file system can; a full disk is an error. */
int os_draft_reserve(const struct os_draft *draft, uint64_t size_bytes);
/* Appends the spans, at most OS_SPAN_MAX of them. */
int os_draft_write(const struct os_draft *draft, const struct os_span *spans, size_t span_count);
/* Asks the disk to begin with a range. A failure shows later, in os_draft_flush. */
void os_draft_begin_writeback(const struct os_draft *draft, uint64_t offset, uint64_t size_bytes);
/* Errors that the file system reports at a close only; the file stays open and locked. */
int os_draft_flush(const struct os_draft *draft);
int os_draft_sync(const struct os_draft *draft);

/* The folder that a path's last part is in. */
struct os_folder {
    int descriptor;
};
int os_folder_open(const char *path, struct os_folder *ret_folder);
int os_folder_sync(const struct os_folder *folder);
void os_folder_close(struct os_folder *folder);

#endif
