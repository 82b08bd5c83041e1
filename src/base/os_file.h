/*
 * The platform's files: inspecting, reading, mapping, and the small steps of a save. Only os_file_linux.c implements
 * it. persist/publish.c combines the steps to a save, on every platform.
 */
#ifndef PECS_BASE_OS_FILE_H
#define PECS_BASE_OS_FILE_H

#include <pecs/stream.h>

/* The identity of a file, whatever its path; and what changes when it is written to. */
struct os_file_name {
    uint64_t device, inode;
};
struct os_file_state {
    uint64_t size_bytes;
    uint64_t time_ns; /* of the last write */
};
/* Reads both for the file at a path. False: there is none. */
bool os_file_look(const char *path, struct os_file_name *ret_name, struct os_file_state *ret_state);

/*
 * The absolute path, which stays valid when the working directory changes. Allocated from the pool. NULL: out of
 * memory.
 */
struct pool;
char *os_absolute_path(struct pool *pool, const char *path, size_t *ret_bytes);

/* --- reading. Errors: PECS_E_IO with errno, PECS_E_MEMORY. `path` is used to open the file and in messages --- */

/* A regular file open for reading. */
struct os_file {
    int descriptor;
    struct os_file_name name;
    uint64_t time_ns;      /* of the last write, when it was opened */
    uint64_t size_bytes;   /* when it was opened */
    bool others_may_write; /* its owner is neither this user nor root, or group or others may write */
};
pecs_status os_file_open(const char *path, struct os_file *ret_file, pecs_error *error);
void os_file_close(struct os_file *file);

/* Reads exactly size_bytes at offset. PECS_E_CORRUPT: the file ends before that. */
pecs_status os_file_read(const struct os_file *file, const char *path, void *bytes, size_t size_bytes, uint64_t offset,
                         pecs_error *error);

/* Maps the whole file read-only; files of 2 MiB and more at a multiple of 2 MiB. The file may be closed afterwards. */
pecs_status os_file_map(const struct os_file *file, const char *path, const uint8_t **ret_bytes, pecs_error *error);
void os_file_unmap(const uint8_t *bytes, uint64_t size_bytes);

/*
 * Allocates zeroed memory in a file without a name, in the folder of `path`: the system writes to the disk what it has
 * no room for, and removes the file when the memory is released. Space on the disk is taken now. At a multiple of
 * OS_HUGE_BYTES. Where the file system has no such files, it is common memory. NULL: *ret_os_error is the platform's
 * error number, or 0: out of address space or memory.
 */
void *os_file_memory_allocate(const char *path, size_t size_bytes, int *ret_os_error);
void os_file_memory_release(void *memory, size_t size_bytes);

/* --- writing. Functions return 0 or the platform's error number --- */

/* The errors that callers distinguish. */
enum os_error_kind {
    OS_ERROR_OTHER,
    OS_ERROR_EXISTS,  /* the name is taken */
    OS_ERROR_MISSING, /* no file has the name */
    OS_ERROR_BUSY,    /* another process holds the lock */
    OS_ERROR_UNSUPPORTED,
};
enum os_error_kind os_error_kind(int os_error);
int os_error_number(enum os_error_kind kind); /* any kind but OS_ERROR_OTHER */

enum { OS_PATH_BYTES = 4096, OS_NAME_BYTES = 256 }; /* maxima, with the terminating zero */

/* The last part of a path; and the path of another name in the same folder (ENAMETOOLONG). */
const char *os_path_name(const char *path);
int os_path_beside(const char *path, const char *name, char ret_path[OS_PATH_BYTES]);

/* The name of the regular file that a save makes or replaces. */
struct os_target {
    char path[OS_PATH_BYTES]; /* with final links followed; a dangling link leads to the file to make */
    bool is_there;
    uint32_t mode; /* permissions, if is_there */
};
/*
 * Finds the target that a path leads to. EACCES: the process may not write to the file, even if the folder would allow
 * replacing it. EOPNOTSUPP: the file has no name; only a link in /proc leads to it.
 */
int os_target_find(const char *path, struct os_target *ret_target);

/* Whether a file exists at the path. */
bool os_is_there(const char *path);
/* Whether the path leads to a file that is neither regular nor a folder: a FIFO, a device. */
bool os_is_special(const char *path);
int os_rename(const char *from, const char *to); /* replaces a file at `to` */
int os_unlink(const char *path);

/* A file that is being written, or that another save left behind. */
struct os_draft {
    int descriptor;
};

/*
 * Creates a file for the target, under another name. Its mode grants no more than that of the file that it will
 * replace; if it replaces none, the umask decides. OS_ERROR_EXISTS.
 */
int os_draft_create(const struct os_target *target, const char *path, struct os_draft *ret_draft);
/* Gives the draft the mode of the file that it will replace, if there is one. */
int os_draft_take_mode(const struct os_draft *draft, const struct os_target *target);
/*
 * Creates a file without a name in the target's folder, with the target's mode. The system removes it unless it is
 * linked. OS_ERROR_UNSUPPORTED: the system cannot make or cannot link such files.
 */
int os_draft_create_unnamed(const struct os_target *target, struct os_draft *ret_draft);
/* Links an unnamed file to a name. OS_ERROR_EXISTS. */
int os_draft_link(const struct os_draft *draft, const char *path);
/* Opens an existing file in order to lock it. OS_ERROR_MISSING; a symbolic link is an error. */
int os_draft_open(const char *path, struct os_draft *ret_draft);
void os_draft_close(struct os_draft *draft);
/* Locks the file until it is closed or the process ends. OS_ERROR_BUSY. */
int os_draft_lock(const struct os_draft *draft);
/* Checks that the path still names this file. OS_ERROR_MISSING: it does not. */
int os_draft_check_named(const struct os_draft *draft, const char *path);
/* Allocates disk space, where the file system supports that. A full disk is an error. */
int os_draft_reserve(const struct os_draft *draft, uint64_t size_bytes);
/* Appends the spans, at most PECS_SPAN_MAX of them. */
int os_draft_write(const struct os_draft *draft, const pecs_bytes *spans, size_t span_count);
/* Starts writing a range to the disk. os_draft_flush reports failures. */
void os_draft_begin_writeback(const struct os_draft *draft, uint64_t offset, uint64_t size_bytes);
/* Returns errors that some file systems report only when a file is closed. The file stays open and locked. Syncs the
 * file when no descriptor is left. */
int os_draft_flush(const struct os_draft *draft);
int os_draft_sync(const struct os_draft *draft);

/* The folder that contains a file. */
struct os_folder {
    int descriptor;
};
int os_folder_open(const char *path, struct os_folder *ret_folder);
int os_folder_sync(const struct os_folder *folder);
void os_folder_close(struct os_folder *folder);

#endif
