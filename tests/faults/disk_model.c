/* See disk_model.h. Tries all subsets if they are few, else a seeded random choice. */
#define _GNU_SOURCE
#include "disk_model.h"

#include "model_random.h"
#include "sample_world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the log --- */

enum { DESCRIPTOR_MAX = 64, NO_FILE = INT32_MAX, FOLDER = INT32_MAX - 1 };

static struct {
    uint64_t write_limit;
    enum fault_lack lack;
    uint32_t files[DESCRIPTOR_MAX]; /* of each descriptor */
    uint64_t positions[DESCRIPTOR_MAX];
} recorder;

static struct disk_operation *add(struct disk_log *log, enum disk_kind kind)
{
    sample_require(log->count < DISK_OPERATION_MAX, "the log is full");
    struct disk_operation *operation = &log->operations[log->count++];
    *operation = (struct disk_operation){ .kind = kind };
    return operation;
}

static void set_name(char name[DISK_NAME_BYTES], const char *path)
{
    const char *slash = strrchr(path, '/');
    path = slash ? slash + 1 : path;
    sample_require(strlen(path) < DISK_NAME_BYTES, "the name %s is too long", path);
    strcpy(name, path);
}

/* The file that has a name at the log's end. */
static uint32_t named_file(const struct disk_log *log, const char *name)
{
    uint32_t file = NO_FILE;
    for (size_t i = 0; i < log->count; i++) {
        const struct disk_operation *operation = &log->operations[i];
        if ((operation->kind == DISK_CREATE || operation->kind == DISK_LINK) && strcmp(operation->name, name) == 0)
            file = operation->file;
        else if (operation->kind == DISK_RENAME && strcmp(operation->name_to, name) == 0)
            file = operation->file;
        else if ((operation->kind == DISK_RENAME || operation->kind == DISK_UNLINK) &&
                 strcmp(operation->name, name) == 0)
            file = NO_FILE;
    }
    return file;
}

static void record_open(struct disk_log *log, const struct fault_event *event, long descriptor)
{
    sample_require(descriptor < DESCRIPTOR_MAX, "descriptor %ld", descriptor);
    recorder.positions[descriptor] = 0;
    const bool is_unnamed = fault_opens_unnamed(event);
    recorder.files[descriptor] = event->flags & O_DIRECTORY && !is_unnamed ? FOLDER : NO_FILE;
    if (event->flags & O_CREAT || is_unnamed) {
        sample_require(log->file_count < DISK_FILE_MAX, "too many files");
        struct disk_operation *operation = add(log, DISK_CREATE);
        if (!is_unnamed)
            set_name(operation->name, event->path);
        operation->file = recorder.files[descriptor] = log->file_count++;
    }
}

static void record_write(struct disk_log *log, const struct fault_event *event, long written)
{
    struct disk_operation *operation = add(log, DISK_WRITE);
    uint8_t *bytes = malloc((size_t)written + 1);
    uint64_t size = 0;
    for (int i = 0; i < event->vector_count && size < (uint64_t)written; i++) {
        const uint64_t left = (uint64_t)written - size;
        const uint64_t part = event->vectors[i].iov_len < left ? event->vectors[i].iov_len : left;
        memcpy(bytes + size, event->vectors[i].iov_base, part);
        size += part;
    }
    operation->file = recorder.files[event->descriptor];
    operation->offset = recorder.positions[event->descriptor];
    operation->size = size;
    operation->bytes = bytes;
    recorder.positions[event->descriptor] += size;
    sample_require(operation->file < DISK_FILE_MAX && operation->offset + size <= DISK_FILE_BYTES, "a write elsewhere");
}

static void record_link(struct disk_log *log, const struct fault_event *event)
{
    int descriptor = -1;
    sample_require(sscanf(event->path, "/proc/self/fd/%d", &descriptor) == 1 && descriptor < DESCRIPTOR_MAX,
                   "a link of %s", event->path);
    struct disk_operation *operation = add(log, DISK_LINK);
    set_name(operation->name, event->path_to);
    operation->file = recorder.files[descriptor];
}

static void record(void *user, const struct fault_event *event, long result)
{
    struct disk_log *log = user;
    struct disk_operation *operation;
    if (result < 0)
        return;
    switch (event->call) {
    case FAULT_open:
        record_open(log, event, result);
        break;
    case FAULT_writev:
        record_write(log, event, result);
        break;
    case FAULT_fallocate:
        operation = add(log, DISK_EXTEND);
        operation->file = recorder.files[event->descriptor];
        operation->size = event->offset + event->size_bytes;
        break;
    case FAULT_fsync:
        operation = add(log, recorder.files[event->descriptor] == FOLDER ? DISK_SYNC_FOLDER : DISK_SYNC);
        operation->file = recorder.files[event->descriptor];
        break;
    case FAULT_linkat:
        record_link(log, event);
        break;
    case FAULT_rename:
        operation = add(log, DISK_RENAME);
        set_name(operation->name, event->path);
        set_name(operation->name_to, event->path_to);
        log->count--;
        operation->file = named_file(log, operation->name);
        log->count++;
        break;
    case FAULT_unlink:
        set_name(add(log, DISK_UNLINK)->name, event->path);
        break;
    default:
        break;
    }
}

static void shorten(void *user, struct fault_event *event)
{
    (void)user;
    event->limit_bytes = recorder.write_limit;
    fault_lack(recorder.lack, event);
}

void disk_record(struct disk_log *log, uint64_t write_limit, enum fault_lack lack)
{
    recorder.write_limit = write_limit;
    recorder.lack = lack;
    fault_watch(&(struct fault_hooks){ shorten, record, log });
}

void disk_note(struct disk_log *log, enum disk_kind kind, uint64_t number)
{
    add(log, kind)->number = number;
}

void disk_log_free(struct disk_log *log)
{
    for (size_t i = 0; i < log->count; i++)
        free((void *)(uintptr_t)log->operations[i].bytes);
    *log = (struct disk_log){ .count = 0 };
}

/* --- what certainly survives, and what may --- */

struct file {
    uint8_t *synced; /* DISK_FILE_BYTES, zero behind the size; NULL: empty */
    uint64_t synced_size, full_size;
    const struct disk_operation *pending[DISK_PENDING_MAX];
    size_t pending_count;
};

struct disk {
    struct file files[DISK_FILE_MAX];
    struct disk_state folder; /* synced; names and files alone */
    const struct disk_operation *pending[DISK_OPERATION_MAX];
    size_t pending_count;
};

static uint64_t end_of(const struct disk_operation *operation)
{
    return operation->offset + operation->size;
}

static void set_entry(struct disk_state *state, const char *name, uint32_t file)
{
    size_t at = 0;
    while (at < state->entry_count && strcmp(state->entries[at].name, name) != 0)
        at++;
    if (file == NO_FILE && at < state->entry_count) {
        state->entries[at] = state->entries[--state->entry_count];
    } else if (file != NO_FILE) {
        sample_require(at < DISK_ENTRY_MAX, "too many entries");
        state->entry_count += at == state->entry_count;
        strcpy(state->entries[at].name, name);
        state->entries[at].file = file;
    }
}

static void change_folder(struct disk_state *state, const struct disk_operation *operation, bool half)
{
    const bool makes = operation->kind == DISK_CREATE || operation->kind == DISK_LINK;
    if (makes)
        set_entry(state, operation->name, operation->file);
    if (operation->kind == DISK_RENAME)
        set_entry(state, operation->name_to, operation->file);
    if (!makes && !half)
        set_entry(state, operation->name, NO_FILE);
}

static void sync_file(struct file *file)
{
    if (!file->synced)
        file->synced = calloc(1, DISK_FILE_BYTES);
    for (size_t i = 0; i < file->pending_count; i++)
        if (file->pending[i]->kind == DISK_WRITE)
            memcpy(file->synced + file->pending[i]->offset, file->pending[i]->bytes, file->pending[i]->size);
    file->synced_size = file->full_size;
    file->pending_count = 0;
}

static void sync_folder(struct disk *disk)
{
    for (size_t i = 0; i < disk->pending_count; i++)
        change_folder(&disk->folder, disk->pending[i], false);
    disk->pending_count = 0;
}

static void replay(struct disk *disk, const struct disk_operation *operation)
{
    struct file *file = &disk->files[operation->file % DISK_FILE_MAX];
    switch (operation->kind) {
    case DISK_WRITE:
    case DISK_EXTEND:
        sample_require(file->pending_count < DISK_PENDING_MAX, "too many writes without a sync");
        file->pending[file->pending_count++] = operation;
        file->full_size = end_of(operation) > file->full_size ? end_of(operation) : file->full_size;
        break;
    case DISK_SYNC:
        sync_file(file);
        break;
    case DISK_SYNC_FOLDER:
        sync_folder(disk);
        break;
    case DISK_CREATE:
    case DISK_LINK:
    case DISK_RENAME:
    case DISK_UNLINK:
        if (operation->name[0])
            disk->pending[disk->pending_count++] = operation;
        break;
    case DISK_BEGUN:
    case DISK_SAVED:
        break;
    }
}

/* --- data --- */

enum length { FULL_LENGTH, SYNCED_LENGTH, REACHED_LENGTH, LENGTH_COUNT };
enum { FEW_WRITES = 6, CUT_MAX = 128, RANDOM_COUNT = 1000 };

struct blend {
    const struct file *file;
    uint64_t present; /* a set bit: this pending operation has survived */
    bool garbage;     /* in ranges that were never written; else zeros */
    enum length length;
    size_t torn; /* of this pending write only sectors from..to are there; SIZE_MAX: none is torn */
    uint64_t from, to;
    uint64_t sector_seed; /* not 0: each sector of every write survives at random */
};

/* The file's bytes into `bytes`; returns the size. */
static uint64_t blend_bytes(const struct blend *blend, uint8_t *bytes)
{
    const struct file *file = blend->file;
    struct random random = { blend->sector_seed };
    uint64_t reached = file->synced_size;
    memset(bytes, blend->garbage ? 0xa7 : 0, file->full_size);
    if (file->synced)
        memcpy(bytes, file->synced, file->synced_size);
    for (size_t i = 0; i < file->pending_count; i++) {
        const struct disk_operation *operation = file->pending[i];
        if (operation->kind != DISK_WRITE || !(blend->present >> i & 1))
            continue;
        for (uint64_t at = operation->offset; at < end_of(operation);) {
            const uint64_t sector = at / DISK_SECTOR;
            const uint64_t end =
                (sector + 1) * DISK_SECTOR < end_of(operation) ? (sector + 1) * DISK_SECTOR : end_of(operation);
            const bool there = (blend->torn != i || (sector >= blend->from && sector < blend->to)) &&
                               (!blend->sector_seed || random_once_in(&random, 2));
            if (there) {
                memcpy(bytes + at, operation->bytes + (at - operation->offset), end - at);
                reached = end > reached ? end : reached;
            }
            at = end;
        }
    }
    return blend->length == FULL_LENGTH     ? file->full_size
           : blend->length == SYNCED_LENGTH ? file->synced_size
                                            : reached;
}

typedef void blend_visitor(void *user, const struct blend *blend);

static void tear_write(struct blend *blend, size_t torn, blend_visitor *each, void *user)
{
    const struct disk_operation *operation = blend->file->pending[torn];
    const uint64_t first = operation->offset / DISK_SECTOR, last = (end_of(operation) - 1) / DISK_SECTOR + 1;
    const uint64_t step = (last - first) / CUT_MAX + 1;
    const uint64_t all = (UINT64_C(1) << blend->file->pending_count) - 1;
    blend->torn = torn;
    for (uint64_t cut = first; cut <= last; cut += step)
        for (int how = 0; how < 8; how++) {
            blend->garbage = how & 1;
            blend->from = how & 2 ? cut : first;
            blend->to = how & 2 ? last : cut;
            blend->present = how & 4 ? all : UINT64_C(1) << torn;
            each(user, blend);
        }
    blend->torn = SIZE_MAX;
}

/* All possible contents of one file. */
static void for_blends(const struct file *file, struct random *random, blend_visitor *each, void *user)
{
    struct blend blend = { .file = file, .torn = SIZE_MAX };
    const uint64_t all = (UINT64_C(1) << file->pending_count) - 1;
    if (file->pending_count == 0) {
        each(user, &blend);
        return;
    }
    const uint64_t subset_count = file->pending_count <= FEW_WRITES ? all + 1 : RANDOM_COUNT;
    for (uint64_t i = 0; i < subset_count; i++)
        for (int how = 0; how < 2 * LENGTH_COUNT; how++) {
            blend.present = file->pending_count <= FEW_WRITES ? i : random_next(random) & all;
            blend.garbage = how & 1;
            blend.length = (enum length)(how / 2);
            each(user, &blend);
        }
    blend.length = FULL_LENGTH;
    for (size_t i = 0; i < file->pending_count; i++)
        if (file->pending[i]->kind == DISK_WRITE && file->pending[i]->size)
            tear_write(&blend, i, each, user);
    for (int i = 0; i < RANDOM_COUNT; i++) {
        blend.present = all;
        blend.sector_seed = random_next(random) | 1;
        blend.garbage = i & 1;
        blend.length = (enum length)random_below(random, LENGTH_COUNT);
        each(user, &blend);
    }
}

/* --- states --- */

struct maker {
    struct disk *disk;
    struct random random;
    disk_visitor *each;
    void *user;
    uint64_t count;
    bool stopped;
    struct disk_state state; /* with the present folder */
    size_t varied;           /* the entry whose data vary now */
    uint8_t *bytes[DISK_ENTRY_MAX];
};

static uint64_t hash_bytes(uint64_t hash, const void *bytes, uint64_t size)
{
    const uint8_t *next = bytes;
    for (; size >= 8; next += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    for (; size; next++, size--)
        hash = (hash ^ *next) * UINT64_C(0x100000001b3);
    return hash;
}

static void emit(struct maker *maker)
{
    struct disk_state *state = &maker->state;
    if (maker->stopped)
        return;
    state->hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < state->entry_count; i++) {
        state->hash = hash_bytes(state->hash, state->entries[i].name, strlen(state->entries[i].name) + 1);
        state->hash = hash_bytes(state->hash, &state->entries[i].size, sizeof(uint64_t));
        state->hash = hash_bytes(state->hash, state->entries[i].bytes, state->entries[i].size);
    }
    maker->count++;
    maker->stopped = !maker->each(maker->user, state);
}

static void blend_entry(struct maker *maker, size_t number, const struct blend *blend)
{
    maker->state.entries[number].size = blend_bytes(blend, maker->bytes[number]);
    maker->state.entries[number].bytes = maker->bytes[number];
}

static void with_blend(void *user, const struct blend *blend)
{
    struct maker *maker = user;
    if (maker->stopped)
        return;
    blend_entry(maker, maker->varied, blend);
    emit(maker);
}

/* Each file's data vary, while those of the others are one of their states. */
static void with_folder(struct maker *maker)
{
    struct disk_state *state = &maker->state;
    if (state->entry_count == 0)
        emit(maker);
    for (size_t varied = 0; varied < state->entry_count && !maker->stopped; varied++) {
        for (size_t i = 0; i < state->entry_count; i++) {
            const struct file *file = &maker->disk->files[state->entries[i].file];
            const struct blend any = { .file = file,
                                       .torn = SIZE_MAX,
                                       .present = random_next(&maker->random),
                                       .sector_seed = random_once_in(&maker->random, 2) };
            blend_entry(maker, i, &any);
        }
        maker->varied = varied;
        for_blends(&maker->disk->files[state->entries[varied].file], &maker->random, with_blend, maker);
    }
}

static void with_changes(struct maker *maker, uint64_t present, bool half)
{
    const struct disk *disk = maker->disk;
    maker->state = disk->folder;
    for (size_t i = 0; i < disk->pending_count; i++)
        if (present >> i & 1)
            change_folder(&maker->state, disk->pending[i], half && disk->pending[i]->kind == DISK_RENAME);
    with_folder(maker);
}

static void make_states(struct maker *maker)
{
    const size_t count = maker->disk->pending_count;
    sample_require(count < 60, "too many changes of the folder without a sync");
    for (int half = 0; half < 2; half++) {
        for (size_t i = 0; i <= count && count > 4; i++) /* in order */
            with_changes(maker, (UINT64_C(1) << i) - 1, half);
        const uint64_t subset_count = count <= 4 ? UINT64_C(1) << count : 8;
        for (uint64_t i = 0; i < subset_count; i++)
            with_changes(maker, count <= 4 ? i : random_next(&maker->random), half);
    }
}

uint64_t disk_states(const struct disk_log *log, size_t prefix, uint64_t seed, disk_visitor *each, void *user)
{
    struct disk *disk = calloc(1, sizeof(*disk));
    struct maker maker = { .disk = disk, .random = { seed + prefix }, .each = each, .user = user };
    uint8_t *bytes = malloc((size_t)DISK_ENTRY_MAX * DISK_FILE_BYTES);
    sample_require(disk && bytes, "out of memory");
    for (size_t i = 0; i < DISK_ENTRY_MAX; i++)
        maker.bytes[i] = bytes + i * DISK_FILE_BYTES;
    for (size_t i = 0; i < prefix; i++)
        replay(disk, &log->operations[i]);
    make_states(&maker);
    for (size_t i = 0; i < DISK_FILE_MAX; i++)
        free(disk->files[i].synced);
    free(bytes);
    free(disk);
    return maker.count;
}
