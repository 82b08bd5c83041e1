/*
 * A model of a disk that loses its power. It logs what a process does to one folder, and makes from any prefix of the
 * log the states that a disk may show afterwards.
 *
 *   data        What was synced is there. Of a later write any of its sectors of 512 bytes may be there, in any order;
 *               the others are as before, zero or garbage. The file has its old length, its new one, or ends where the
 *               last sector that is there ends.
 *   folder      What was synced is there. Of later creations, links, renames and removals any may be there, with no
 * regard to whether the data of those files are; a rename may have made the new name and not yet removed the old one.
 */
#ifndef DISK_MODEL_H
#define DISK_MODEL_H

#include "fault_calls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DISK_SECTOR = 512,
    DISK_OPERATION_MAX = 512,
    DISK_FILE_MAX = 128,
    DISK_FILE_BYTES = 256 * 1024,
    DISK_ENTRY_MAX = 16,
    DISK_NAME_BYTES = 64,
    DISK_PENDING_MAX = 64,
};

enum disk_kind {
    DISK_CREATE, /* name, file; without a name: nothing in the folder yet */
    DISK_LINK,   /* name, file */
    DISK_EXTEND, /* file, size */
    DISK_WRITE,  /* file, offset, size, bytes */
    DISK_SYNC,   /* file */
    DISK_RENAME, /* name, name_to, file */
    DISK_UNLINK, /* name */
    DISK_SYNC_FOLDER,
    DISK_BEGUN, /* number: the process began to save this world, */
    DISK_SAVED, /* or its save returned: the world is durable */
};

struct disk_operation {
    enum disk_kind kind;
    uint32_t file;
    uint64_t offset, size, number;
    const uint8_t *bytes; /* the log's */
    char name[DISK_NAME_BYTES], name_to[DISK_NAME_BYTES];
};

struct disk_log {
    struct disk_operation operations[DISK_OPERATION_MAX];
    size_t count;
    uint32_t file_count;
};

/*
 * Appends this thread's system calls to the log, until fault_unwatch. If write_limit is not 0, no writev writes more
 * than that many bytes, so that there are more writes. The system lacks `lack`.
 */
void disk_record(struct disk_log *log, uint64_t write_limit, enum fault_lack lack);
void disk_note(struct disk_log *log, enum disk_kind kind, uint64_t number);
void disk_log_free(struct disk_log *log);

/* One state: the folder's entries and each one's bytes. */
struct disk_state {
    struct disk_entry {
        char name[DISK_NAME_BYTES];
        uint32_t file;
        uint64_t size;
        const uint8_t *bytes;
    } entries[DISK_ENTRY_MAX];
    size_t entry_count;
    uint64_t hash; /* of names and bytes */
};

/*
 * Makes the states after the first `prefix` operations and calls `each` for every one, for some more than once, until
 * it returns false. Returns their number.
 */
typedef bool disk_visitor(void *user, const struct disk_state *state);
uint64_t disk_states(const struct disk_log *log, size_t prefix, uint64_t seed, disk_visitor *each, void *user);

#endif
