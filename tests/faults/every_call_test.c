/*
 * Every system call of a save, a load, a resume, pecs_file_info and pecs_compact fails: the n-th once, all later ones
 * of its kind too, or all later calls too, with each errno that the call may return; or it transfers fewer bytes than
 * requested. After each, it is checked that
 *
 *   - the status is OK only if the result is complete, and durable if required;
 *   - the error carries an errno that was given, and words;
 *   - memory, address space and descriptors are as before, and no temporary stays (but one that could not be unlinked);
 *   - the old file is there byte for byte, unless the new one is wholly there and the error says that it is published;
 *   - the world is the same, and the next save works and leaves one file;
 *   - a sync that failed was not tried again.
 */
#define _GNU_SOURCE
#include "counting_allocator.h"
#include "fault_calls.h"
#include "sample_world.h"

#include <pecs/compact.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum verb { SAVE, LOAD, RESUME, INFO, COMPACT };

struct scenario {
    const char *name;
    enum verb verb;
    uint32_t entity_count;
    bool replaces, skip_sync, through_link;
    int stale_count;    /* temporaries of killed saves, at numbers 0, 3, ... */
    bool beside_live;   /* a temporary of another save, at number 0 */
    bool system_memory; /* else counted */
    bool is_brief; /* only the first error of each call, and no access(): large saves make the same calls as small ones
                    */
    enum fault_lack lack;
    pecs_profile profile;
    uint64_t call_limit; /* maximum number of calls, those for memory included; 0: not checked */
};

static const struct scenario scenarios[] = {
    { "save, new", SAVE, 3, .replaces = false },
    { "save, new, no sync", SAVE, 3, .skip_sync = true, .call_limit = 9 },
    { "save, replacing", SAVE, 3, .replaces = true },
    { "save, replacing, no sync", SAVE, 3, .replaces = true, .skip_sync = true, .call_limit = 12 },
    { "save, small, system memory", SAVE, 1000, .replaces = true, .skip_sync = true, .system_memory = true,
      .is_brief = true, .call_limit = 12 },
    { "save, through a link", SAVE, 3, .replaces = true, .through_link = true },
    { "save, new through a link", SAVE, 3, .through_link = true },
    { "save, new, stale file", SAVE, 3, .stale_count = 1 },
    { "save, replacing, stale file", SAVE, 3, .replaces = true, .stale_count = 1 },
    { "save, replacing, another save", SAVE, 3, .replaces = true, .beside_live = true, .is_brief = true },
    { "save, large, no sync", SAVE, 60000, .replaces = true, .skip_sync = true, .is_brief = true },
    { "save, large", SAVE, 120000, .replaces = true, .is_brief = true },
    { "save, large, system memory", SAVE, 60000, .replaces = true, .system_memory = true, .is_brief = true },
    { "save, named, new", SAVE, 3, .lack = FAULT_LACKS_UNNAMED },
    { "save, named, new, no sync", SAVE, 3, .skip_sync = true, .lack = FAULT_LACKS_UNNAMED },
    { "save, named, replacing", SAVE, 3, .replaces = true, .lack = FAULT_LACKS_UNNAMED },
    { "save, named, replacing, no sync", SAVE, 3, .replaces = true, .skip_sync = true, .lack = FAULT_LACKS_UNNAMED },
    { "save, named, stale files", SAVE, 3, .replaces = true, .stale_count = 2, .lack = FAULT_LACKS_UNNAMED },
    { "save, named, another save", SAVE, 3, .beside_live = true, .is_brief = true, .lack = FAULT_LACKS_UNNAMED },
    { "save, named, large", SAVE, 120000, .replaces = true, .is_brief = true, .lack = FAULT_LACKS_UNNAMED },
    { "save, no /proc, new", SAVE, 3, .is_brief = true, .lack = FAULT_LACKS_PROC },
    { "save, no /proc, replacing", SAVE, 3, .replaces = true, .is_brief = true, .lack = FAULT_LACKS_PROC },
    { "save, fast, new", SAVE, 3, .profile = PECS_PROFILE_FAST },
    { "save, fast, replacing", SAVE, 3, .replaces = true, .profile = PECS_PROFILE_FAST },
    { "save, small, large", SAVE, 120000, .replaces = true, .is_brief = true, .profile = PECS_PROFILE_SMALL },
    { "save, fast, large, named", SAVE, 60000, .replaces = true, .is_brief = true, .system_memory = true,
      .profile = PECS_PROFILE_FAST, .lack = FAULT_LACKS_UNNAMED },
    { "load", LOAD, 3, .replaces = true },
    { "load, through a link", LOAD, 3, .replaces = true, .through_link = true },
    { "load, large", LOAD, 120000, .replaces = true, .is_brief = true },
    { "load, large, system memory", LOAD, 60000, .replaces = true, .system_memory = true },
    { "resume", RESUME, 3, .replaces = true },
    { "resume, large", RESUME, 60000, .replaces = true },
    { "load, fast", LOAD, 3, .replaces = true, .profile = PECS_PROFILE_FAST },
    { "load, fast, large", LOAD, 120000, .replaces = true, .is_brief = true, .profile = PECS_PROFILE_FAST },
    { "resume, fast", RESUME, 3, .replaces = true, .profile = PECS_PROFILE_FAST },
    { "resume, small, large", RESUME, 60000, .replaces = true, .profile = PECS_PROFILE_SMALL },
    { "information, fast", INFO, 3, .replaces = true, .profile = PECS_PROFILE_FAST },
    { "information", INFO, 3, .replaces = true },
    { "information, large", INFO, 60000, .replaces = true, .system_memory = true },
    { "compact", COMPACT, 3, .replaces = true, .is_brief = true },
    { "compact, large", COMPACT, 60000, .replaces = true },
    { "compact, fast, large", COMPACT, 60000, .replaces = true, .is_brief = true, .profile = PECS_PROFILE_FAST },
    { "compact, large, named", COMPACT, 60000, .replaces = true, .is_brief = true, .lack = FAULT_LACKS_UNNAMED },
};

enum { ERROR_MAX = 8, EVENT_MAX = 4096, STORM = 100 };
static const int call_errors[FAULT_CALL_COUNT][ERROR_MAX] = {
    [FAULT_access] = { EIO, EACCES },
    [FAULT_chmod] = { EIO, EPERM, EROFS },
    [FAULT_clock_gettime] = { EINVAL },
    [FAULT_close] = { EIO, EINTR, ENOSPC, EDQUOT },
    [FAULT_faccessat] = { EIO, EACCES, EROFS },
    [FAULT_fallocate] = { ENOSPC, EIO, EINTR, EOPNOTSUPP, ENOSYS, EFBIG, EDQUOT },
    [FAULT_fchmod] = { EIO, EPERM, EROFS },
    [FAULT_fcntl] = { EMFILE },
    [FAULT_flock] = { EIO, ENOLCK, EINTR, EOPNOTSUPP, EWOULDBLOCK },
    [FAULT_fstat] = { EIO, ENOMEM },
    [FAULT_fsync] = { EIO, ENOSPC, EINTR, EDQUOT, EROFS },
    [FAULT_getcwd] = { ENOENT, EACCES, ENOMEM },
    [FAULT_getrandom] = { ENOSYS, EINTR },
    [FAULT_linkat] = { EIO, ENOSPC, EEXIST, EACCES, EROFS, EXDEV },
    [FAULT_lstat] = { EIO, ENOMEM, EACCES },
    [FAULT_madvise] = { EINVAL, ENOMEM },
    [FAULT_mmap] = { ENOMEM, EAGAIN, ENODEV },
    [FAULT_mprotect] = { ENOMEM },
    [FAULT_munmap] = { ENOMEM },
    [FAULT_nanosleep] = { EINTR },
    [FAULT_open] = { EIO, EINTR, EMFILE, ENFILE, ENOMEM, EACCES, ENOSPC, EROFS },
    [FAULT_openat] = { EIO, EMFILE },
    [FAULT_pread] = { EIO, EINTR },
    [FAULT_readlink] = { EIO, EACCES, ENOMEM },
    [FAULT_rename] = { EIO, ENOSPC, EACCES, EXDEV, EROFS, EBUSY },
    [FAULT_stat] = { EIO, EACCES, ENOMEM },
    [FAULT_sync_file_range] = { EIO, ENOSPC, ENOSYS },
    [FAULT_unlink] = { EIO, EACCES, EROFS, EBUSY },
    [FAULT_writev] = { ENOSPC, EIO, EINTR, EFBIG, EDQUOT },
};

enum persistence { ONCE, ITS_KIND_ON, ALL_ON, PERSISTENCE_COUNT };
enum effect { FAILS, MOVES_ONE_BYTE, MOVES_SOME, MOVES_NOTHING };

struct fault {
    uint64_t nth;
    enum fault_call call;
    enum persistence persistence;
    enum effect effect;
    int os_error;
};

/* What happened to the calls of one run. */
struct story {
    struct fault fault;
    enum fault_lack lack;
    bool disarmed;
    enum fault_call calls[EVENT_MAX];
    uint64_t call_count, hit_count;
    uint64_t armed_count; /* the calls before `disarmed` */
    uint64_t hits[FAULT_CALL_COUNT];
    bool given[256]; /* errnos */
    int synced[8];   /* descriptors whose sync failed */
    size_t failed_sync_count;
    int copy;       /* of the temporary's descriptor, made to be closed; 0: none */
    bool hid_close; /* closing it failed */
    bool synced_again, published, file_synced, directory_synced;
    bool linked; /* an unnamed file got a name */
};

static void before_call(void *user, struct fault_event *event)
{
    struct story *story = user;
    const struct fault *fault = &story->fault;
    fault_lack(story->lack, event);
    if (story->call_count < EVENT_MAX)
        story->calls[story->call_count++] = event->call;
    story->armed_count += !story->disarmed;
    if (event->call == FAULT_fsync)
        for (size_t i = 0; i < story->failed_sync_count; i++)
            story->synced_again = story->synced_again || story->synced[i] == event->descriptor;
    if (story->disarmed || fault->nth == 0 || event->number < fault->nth ||
        (fault->persistence == ONCE && event->number > fault->nth) ||
        (fault->persistence == ITS_KIND_ON && event->call != fault->call) ||
        (fault->os_error == EINTR && story->hit_count == STORM))
        return;
    story->hit_count++;
    story->hits[event->call]++;
    if (fault->effect == MOVES_NOTHING)
        event->moves_nothing = true;
    else if (fault->effect != FAILS)
        event->limit_bytes = fault->effect == MOVES_ONE_BYTE ? 1 : 4093;
    else
        event->os_error = event->call == fault->call ? fault->os_error : EIO;
    event->has_effect = event->call == FAULT_close || event->call == FAULT_munmap;
    story->given[event->os_error & 255] = true;
}

static void after_call(void *user, const struct fault_event *event, long result)
{
    struct story *story = user;
    if (event->call == FAULT_fcntl && result > 0)
        story->copy = (int)result;
    if (event->call == FAULT_close && result && story->copy && event->descriptor == story->copy && !story->published)
        story->hid_close = true;
    story->linked = story->linked || (event->call == FAULT_linkat && result == 0);
    if ((event->call == FAULT_rename || (event->call == FAULT_linkat && !strstr(event->path_to, ".pecs-tmp"))) &&
        result == 0)
        story->published = true;
    if (event->call != FAULT_fsync)
        return;
    if (result && story->failed_sync_count < 8)
        story->synced[story->failed_sync_count++] = event->descriptor;
    else if (story->published)
        story->directory_synced = true;
    else
        story->file_synced = true;
}

enum { OLD_MODE = 0664, NEW_MODE = 0644 };

/* The folder of a scenario: its content before, and the expected content after a save. */
struct scene {
    const struct scenario *scenario;
    struct sample sample;
    char folder[256], path[300], target[300];
    uint8_t *old_bytes, *new_bytes;
    uint64_t old_size, new_size, world_hash;
    uint32_t entry_count; /* after a save */
    int live;             /* the descriptor of the other save's temporary, or -1 */
    uint64_t run_count, failed_count, published_count, call_count;
};

static void lay_out(struct scene *scene)
{
    const struct scenario *scenario = scene->scenario;
    sample_folder_clear(scene->folder);
    if (scenario->replaces) {
        sample_file_write(scene->target, scene->old_bytes, scene->old_size);
        sample_require(chmod(scene->target, OLD_MODE) == 0, "chmod: %s", strerror(errno));
    }
    if (scenario->through_link)
        sample_require(symlink("real.pecs", scene->path) == 0, "symlink: %s", strerror(errno));
    for (int i = 0; i < scenario->stale_count || (i == 0 && scenario->beside_live); i++) {
        char path[320];
        snprintf(path, sizeof(path), "%s/.world.pecs.%d.pecs-tmp", scene->folder, i * 3);
        sample_file_write(path, "temporary", 9);
        if (!scenario->beside_live)
            continue;
        close(scene->live);
        scene->live = open(path, O_RDWR | O_CLOEXEC);
        sample_require(scene->live >= 0 && flock(scene->live, LOCK_EX) == 0, "flock: %s", strerror(errno));
    }
}

static pecs_status compact_in_place(const struct scene *scene, pecs_error *error)
{
    const pecs_compact_options options = { .allocator = &counting_hooks, .skip_sync = scene->scenario->skip_sync };
    return pecs_compact(scene->path, scene->path, &options, error);
}

/* What a compaction makes of the old file. */
static void find_compacted(struct scene *scene)
{
    pecs_error error;
    sample_file_write(scene->target, scene->old_bytes, scene->old_size);
    sample_require(!compact_in_place(scene, &error), "%s", error.message);
    free(scene->new_bytes);
    scene->new_bytes = sample_file_read(scene->target, &scene->new_size);
}

static void scene_init(struct scene *scene, const struct scenario *scenario)
{
    pecs_error error;
    memset(scene, 0, sizeof(*scene));
    scene->scenario = scenario;
    sample_folder_make(scene->folder, NULL);
    snprintf(scene->path, sizeof(scene->path), "%s/world.pecs", scene->folder);
    snprintf(scene->target, sizeof(scene->target), "%s/%s.pecs", scene->folder,
             scenario->through_link ? "real" : "world");
    sample_init(&scene->sample, scenario->system_memory ? NULL : &counting_hooks, 7, scenario->entity_count);
    const pecs_save_options options = { .profile = scenario->profile };
    for (uint64_t number = 1; number <= 2; number++) {
        sample_set_number(&scene->sample, number);
        const pecs_status status = pecs_world_save(scene->sample.world, scene->target, &options, &error);
        sample_require(!status, "%s", error.message);
        if (number == 1)
            scene->old_bytes = sample_file_read(scene->target, &scene->old_size);
        else
            scene->new_bytes = sample_file_read(scene->target, &scene->new_size);
    }
    if (scenario->verb == COMPACT)
        find_compacted(scene);
    scene->world_hash = pecs_view_hash(pecs_world_view(scene->sample.world));
    scene->entry_count = 1 + scenario->through_link + scenario->beside_live;
    scene->live = -1;
}

static void scene_deinit(struct scene *scene)
{
    close(scene->live);
    sample_deinit(&scene->sample);
    sample_require(counting.live_count == 0 && counting.wrong_count == 0, "%s: memory leaks", scene->scenario->name);
    sample_folder_remove(scene->folder);
    free(scene->old_bytes);
    free(scene->new_bytes);
}

static bool has_content(const char *path, const uint8_t *bytes, uint64_t size)
{
    uint64_t found_size;
    uint8_t *found = sample_file_read(path, &found_size);
    const bool same = found ? found_size == size && memcmp(found, bytes, size) == 0 : bytes == NULL;
    free(found);
    return same;
}

/* --- one run --- */

struct outcome {
    pecs_status status;
    pecs_error error;
};

static void run_read(struct scene *scene, struct story *story, struct outcome *outcome)
{
    pecs_snapshot *const untouched = (pecs_snapshot *)(uintptr_t)0x5a5a, *snapshot = untouched;
    uint64_t family, number;
    outcome->status = scene->scenario->verb == LOAD
                          ? pecs_snapshot_load(scene->sample.registry, scene->path, NULL, &snapshot, &outcome->error)
                          : pecs_snapshot_resume(scene->sample.registry, scene->path, NULL, &snapshot, &outcome->error);
    story->disarmed = true;
    if (outcome->status) {
        sample_require(snapshot == untouched, "a snapshot was given together with an error");
        return;
    }
    sample_require(sample_is_whole(&scene->sample, pecs_snapshot_view(snapshot), &family, &number) && number == 1,
                   "the status is OK, but the snapshot is not what the file has");
    pecs_snapshot_release(snapshot);
}

static void run_information(struct scene *scene, struct story *story, struct outcome *outcome)
{
    const pecs_allocator *allocator = scene->scenario->system_memory ? NULL : &counting_hooks;
    pecs_info *const untouched = (pecs_info *)(uintptr_t)0x5a5a, *info = untouched;
    outcome->status = pecs_file_info(scene->path, allocator, NULL, &info, &outcome->error);
    story->disarmed = true;
    if (outcome->status) {
        sample_require(info == untouched, "information was given together with an error");
        return;
    }
    sample_require(info->size_bytes == scene->old_size && info->entity_count > 0, "wrong information");
    pecs_info_destroy(info);
}

static void run_call(struct scene *scene, struct story *story, struct outcome *outcome)
{
    const pecs_save_options options = { .skip_sync = scene->scenario->skip_sync, .profile = scene->scenario->profile };
    if (scene->scenario->verb == SAVE)
        outcome->status = pecs_world_save(scene->sample.world, scene->path, &options, &outcome->error);
    else if (scene->scenario->verb == COMPACT)
        outcome->status = compact_in_place(scene, &outcome->error);
    else if (scene->scenario->verb == INFO)
        run_information(scene, story, outcome);
    else
        run_read(scene, story, outcome);
}

static void run_verb(struct scene *scene, struct story *story, struct outcome *outcome)
{
    const struct fault_hooks hooks = { before_call, after_call, story };
    const uint64_t live_count = counting.live_count;
    const uint32_t descriptor_count = sample_entry_count("/proc/self/fd");
    memset(&outcome->error, 0, sizeof(outcome->error));
    story->lack = scene->scenario->lack;
    fault_watch(&hooks);
    run_call(scene, story, outcome);
    fault_unwatch();
    sample_require(counting.live_count == live_count && counting.wrong_count == 0, "memory leaks");
    sample_require(fault_mapped_bytes() == 0, "%" PRId64 " bytes of address space leak", fault_mapped_bytes());
    sample_require(sample_entry_count("/proc/self/fd") == descriptor_count, "a descriptor leaks");
}

/* --- what must hold after it --- */

static void check_error(const struct story *story, const struct outcome *outcome)
{
    const pecs_error *error = &outcome->error;
    const int os_error = error->os_error;
    sample_require(error->status == outcome->status && strlen(error->message) > 10, "the error has no message");
    switch (outcome->status) {
    case PECS_E_IO:
        /* all 64 temporaries in use, or a write of 0 bytes: the library itself makes these errnos */
        sample_require((os_error > 0 && os_error < 256 && story->given[os_error]) ||
                           (os_error == EBUSY && (story->given[EWOULDBLOCK] || story->given[EEXIST])) ||
                           (os_error == EIO && story->fault.effect == MOVES_NOTHING),
                       "errno %d, which no call gave: %s", os_error, error->message);
        break;
    case PECS_E_MEMORY:
        sample_require(story->hits[FAULT_mmap] || story->hits[FAULT_mprotect], "out of memory: %s", error->message);
        break;
    case PECS_E_CORRUPT:
        sample_require(story->fault.effect == MOVES_NOTHING && strcmp(error->rule, "FILE-1") == 0, "corrupt: %s",
                       error->message);
        break;
    default:
        sample_fail("status %s: %s", pecs_status_name(outcome->status), error->message);
    }
}

/* Faults after which a temporary may stay: it could not be removed, or seemed to belong to another process. */
static bool may_leave_temporary(const struct scene *scene, const struct story *story)
{
    if (story->hits[FAULT_unlink] || story->given[EWOULDBLOCK])
        return true;
    return scene->scenario->stale_count &&
           (story->hits[FAULT_open] || story->hits[FAULT_access] || story->hits[FAULT_flock] ||
            story->hits[FAULT_fstat] || story->hits[FAULT_lstat] || !story->published);
}

static bool has_mode(const char *path, mode_t mode)
{
    struct stat info;
    return stat(path, &info) == 0 && (info.st_mode & 07777) == mode;
}

static void check_save(struct scene *scene, const struct story *story, const struct outcome *outcome)
{
    const bool published = outcome->status && strncmp(outcome->error.message, "published", 9) == 0;
    if (!outcome->status || published) {
        sample_require(has_content(scene->target, scene->new_bytes, scene->new_size), "the new file is not whole");
        sample_require(has_mode(scene->target, scene->scenario->replaces ? OLD_MODE : NEW_MODE), "the mode changed");
        sample_require(!published || (story->published && (story->hits[FAULT_fsync] || story->hits[FAULT_openat])),
                       "published without a failed sync");
    } else {
        const uint8_t *old_bytes = scene->scenario->replaces ? scene->old_bytes : NULL;
        sample_require(has_content(scene->target, old_bytes, scene->old_size), "the old file is not whole");
    }
    if (!outcome->status && !scene->scenario->skip_sync)
        sample_require(story->file_synced && story->directory_synced && !story->failed_sync_count,
                       "the status is OK, but the save is not durable");
    sample_require(outcome->status || !story->hid_close, "an error at closing the written file is not reported");
    sample_require(!story->synced_again, "a sync that failed was tried again");
    const uint32_t expected = scene->entry_count - (!outcome->status || published || scene->scenario->replaces ? 0 : 1);
    if (!may_leave_temporary(scene, story))
        sample_require(sample_entry_count(scene->folder) == expected, "a temporary stays: %u entries",
                       (unsigned)sample_entry_count(scene->folder));
    scene->published_count += published;
}

static void lack_and_hurry(void *user, struct fault_event *event)
{
    fault_lack(((const struct scenario *)user)->lack, event);
    if (event->call == FAULT_nanosleep)
        event->os_error = EINTR;
}

static void check_next_save(struct scene *scene)
{
    pecs_error error;
    sample_require(pecs_view_hash(pecs_world_view(scene->sample.world)) == scene->world_hash, "the world changed");
    const pecs_save_options options = { .skip_sync = true, .profile = scene->scenario->profile };
    fault_watch(&(struct fault_hooks){ .before = lack_and_hurry, .user = (void *)(uintptr_t)scene->scenario });
    const pecs_status status = scene->scenario->verb == COMPACT
                                   ? compact_in_place(scene, &error)
                                   : pecs_world_save(scene->sample.world, scene->path, &options, &error);
    fault_unwatch();
    sample_require(!status, "the next save: %s", error.message);
    sample_require(has_content(scene->target, scene->new_bytes, scene->new_size), "the next save is not whole");
    sample_require(sample_entry_count(scene->folder) == scene->entry_count, "the next save leaves a temporary");
}

static void run_with(struct scene *scene, const struct fault *fault)
{
    static struct story story;
    struct outcome outcome;
    memset(&story, 0, sizeof(story));
    story.fault = *fault;
    lay_out(scene);
    run_verb(scene, &story, &outcome);
    if (outcome.status)
        check_error(&story, &outcome);
    if (scene->scenario->verb == SAVE || scene->scenario->verb == COMPACT) {
        check_save(scene, &story, &outcome);
        check_next_save(scene);
    } else {
        sample_require(has_content(scene->target, scene->old_bytes, scene->old_size), "reading changed the file");
    }
    scene->run_count++;
    scene->failed_count += outcome.status != PECS_OK;
    sample_require(story.hit_count > 0, "the fault did not happen");
    sample_require(fault->persistence != ONCE || fault->os_error != EINTR || !outcome.status ||
                       fault->call == FAULT_fsync || fault->call == FAULT_close,
                   "one interruption is an error");
}

static const char *effect_names[] = { "fails", "moves one byte", "moves some bytes", "moves nothing" };
static const char *persistence_names[] = { "once", "its kind from then on", "all from then on" };
static const struct scenario *now_running;
static struct fault now_fault;

/* Prints what was tried when a check fails, before sample_fail ends the program. */
static void print_place(void)
{
    if (now_running)
        fprintf(stderr, "in: %s; call %" PRIu64 ", %s, %s, errno %d (%s), %s\n", now_running->name, now_fault.nth,
                fault_call_names[now_fault.call], effect_names[now_fault.effect], now_fault.os_error,
                strerror(now_fault.os_error), persistence_names[now_fault.persistence]);
}

static void try_call(struct scene *scene, uint64_t nth, enum fault_call call)
{
    now_fault = (struct fault){ .nth = nth, .call = call };
    for (int i = 0; i < ERROR_MAX && call_errors[call][i]; i++)
        for (int how = 0; how < PERSISTENCE_COUNT && (i == 0 || !scene->scenario->is_brief); how++) {
            now_fault.os_error = call_errors[call][i];
            now_fault.persistence = (enum persistence)how;
            run_with(scene, &now_fault);
        }
    now_fault.os_error = 0;
    if (call != FAULT_pread && call != FAULT_writev)
        return;
    for (int effect = MOVES_ONE_BYTE; effect <= MOVES_NOTHING; effect++)
        for (int how = 0; how < ALL_ON; how++) {
            now_fault.effect = (enum effect)effect;
            now_fault.persistence = (enum persistence)how;
            if (effect != MOVES_ONE_BYTE || how == ONCE || scene->scenario->entity_count < 100)
                run_with(scene, &now_fault);
        }
}

static uint64_t play(const struct scenario *scenario)
{
    static struct scene scene;
    static struct story calls;
    struct outcome outcome;
    scene_init(&scene, scenario);
    lay_out(&scene);
    if (scenario->profile) /* once without being watched: the pool keeps a block that it needs for it */
        run_call(&scene, &calls, &outcome);
    lay_out(&scene);
    memset(&calls, 0, sizeof(calls));
    run_verb(&scene, &calls, &outcome);
    sample_require(!outcome.status, "%s: %s", scenario->name, outcome.error.message);
    sample_require(calls.call_count > 3 && calls.call_count < EVENT_MAX, "%" PRIu64 " calls", calls.call_count);
    const bool is_unnamed =
        (scenario->verb == SAVE || scenario->verb == COMPACT) && scenario->lack == FAULT_LACKS_NOTHING;
    sample_require(calls.linked == is_unnamed, "%s: %s", scenario->name,
                   is_unnamed ? "the folder's file system has no unnamed files" : "an unnamed file was linked");
    sample_require(!scenario->call_limit || calls.armed_count <= scenario->call_limit, "%s: %" PRIu64 " calls",
                   scenario->name, calls.armed_count);
    now_running = scenario;
    for (uint64_t nth = 1; nth <= calls.armed_count; nth++)
        if (!scenario->is_brief || calls.calls[nth - 1] != FAULT_access)
            try_call(&scene, nth, calls.calls[nth - 1]);
    now_running = NULL;
    printf("%-31s %3" PRIu64 " calls, %5" PRIu64 " runs with a fault: %5" PRIu64 " errors (%" PRIu64
           " after publication), %" PRIu64 " right all the same\n",
           scenario->name, calls.armed_count, scene.run_count, scene.failed_count, scene.published_count,
           scene.run_count - scene.failed_count);
    sample_require(scene.failed_count > 5 && scene.failed_count < scene.run_count, "the faults do not show");
    const uint64_t run_count = scene.run_count;
    scene_deinit(&scene);
    return run_count;
}

int main(void)
{
    uint64_t run_count = 0;
    atexit(print_place);
    umask(022);
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
        run_count += play(&scenarios[i]);
    printf("%" PRIu64 " runs, no promise broken\n", run_count);
    return 0;
}
