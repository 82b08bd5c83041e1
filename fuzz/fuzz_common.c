/*
 * Common code of the targets. Files are in a private folder of the process, in memory if possible; each target
 * overwrites one file, because creating a new one takes longer than a load.
 */
#define _GNU_SOURCE
#include "fuzz_common.h"

#include "bytes.h"
#include "layout.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void fuzz_fail(const char *file, int line, const char *what, const char *detail)
{
    fprintf(stderr, "%s:%d: not so: %s (%s)\n", file, line, what, detail);
    abort();
}

/* Files. */

static char folder[256];

static void remove_folder(void)
{
    static const char *const names[] = { "input", "saved", "again", "packed", "mutated" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(fuzz_path(names[i]));
    rmdir(folder);
}

const char *fuzz_path(const char *name)
{
    static char paths[8][320];
    static const char *names[8]; /* of these: a path stays what it is */
    unsigned number = 0;
    if (!folder[0]) {
        const char *base = getenv("PECS_FUZZ_FOLDER");
        if (!base)
            base = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
        snprintf(folder, sizeof(folder), "%.200s/pecs-fuzz-XXXXXX", base);
        FUZZ_CHECK(mkdtemp(folder) != NULL, folder);
        atexit(remove_folder);
    }
    for (; names[number] && strcmp(names[number], name) != 0; number++)
        FUZZ_CHECK(number + 1 < sizeof(names) / sizeof(names[0]), "too many names");
    names[number] = name;
    snprintf(paths[number], sizeof(paths[0]), "%s/%s", folder, name);
    return paths[number];
}

const char *fuzz_write(const char *name, const uint8_t *data, size_t size)
{
    const char *path = fuzz_path(name);
    const int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    FUZZ_CHECK(descriptor >= 0, path);
    FUZZ_CHECK(size == 0 || pwrite(descriptor, data, size, 0) == (ssize_t)size, path);
    FUZZ_CHECK(ftruncate(descriptor, (off_t)size) == 0, path);
    close(descriptor);
    return path;
}

uint8_t *fuzz_read(const char *path, size_t *ret_size)
{
    struct stat info;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    FUZZ_CHECK(descriptor >= 0 && fstat(descriptor, &info) == 0, path);
    uint8_t *bytes = malloc((size_t)info.st_size + 1);
    FUZZ_CHECK(bytes && read(descriptor, bytes, (size_t)info.st_size) == (ssize_t)info.st_size, path);
    close(descriptor);
    *ret_size = (size_t)info.st_size;
    return bytes;
}

/* Random numbers of the library (linker option --wrap): the same ones again for each input, so a finding comes again.
 */

uint64_t __wrap_os_random_u64(void);

static _Atomic uint64_t random_count;

uint64_t __wrap_os_random_u64(void)
{
    return mix_u64(++random_count);
}

/* Memory. */

static size_t live_bytes, peak_bytes, limit_bytes, open_peak;
static uint64_t open_count;
static bool outgrown;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* Counts the bytes, if they are below the limit. */
static bool count_bytes(size_t size_bytes)
{
    pthread_mutex_lock(&mutex);
    const bool fits = size_bytes <= limit_bytes && live_bytes <= limit_bytes - size_bytes;
    outgrown |= !fits;
    live_bytes += fits ? size_bytes : 0;
    peak_bytes = live_bytes > peak_bytes ? live_bytes : peak_bytes;
    pthread_mutex_unlock(&mutex);
    return fits;
}

static void give_bytes_back(size_t size_bytes)
{
    pthread_mutex_lock(&mutex);
    FUZZ_CHECK(size_bytes <= live_bytes, "released with another size");
    live_bytes -= size_bytes;
    pthread_mutex_unlock(&mutex);
}

static void *fuzz_allocate(void *user, size_t size_bytes, size_t align_bytes)
{
    (void)user;
    if (!count_bytes(size_bytes))
        return NULL;
    void *memory = NULL;
    const size_t align = align_bytes < sizeof(void *) ? sizeof(void *) : align_bytes;
    if (posix_memalign(&memory, align, size_bytes ? size_bytes : 1)) {
        give_bytes_back(size_bytes);
        return NULL;
    }
    memset(memory, 0xaa, size_bytes < 256 ? size_bytes : 256);
    return memory;
}

static void fuzz_release(void *user, void *memory, size_t size_bytes, size_t align_bytes)
{
    (void)user, (void)align_bytes;
    give_bytes_back(size_bytes);
    free(memory);
}

const pecs_allocator fuzz_allocator = { fuzz_allocate, fuzz_release, NULL };

void fuzz_memory_begin(size_t limit)
{
    FUZZ_CHECK(live_bytes == 0, "memory was allocated before");
    random_count = 0;
    fuzz_memory_limit(limit);
}

void fuzz_memory_limit(size_t limit)
{
    limit_bytes = limit;
    peak_bytes = live_bytes;
    outgrown = false;
}

bool fuzz_memory_outgrown(void)
{
    return outgrown;
}

void fuzz_memory_end(void)
{
    FUZZ_CHECK(live_bytes == 0, "memory was not released");
}

const pecs_load_options fuzz_loading = { .limits.max_bytes = FUZZ_HELD_BYTES };
const pecs_resume_options fuzz_resuming = { .limits.max_bytes = FUZZ_HELD_BYTES };

/* Whether the file says that it has blocks. */
static bool has_blocks(const char *path)
{
    struct file_header header;
    memset(&header, 0, sizeof(header));
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    FUZZ_CHECK(descriptor >= 0, path);
    const ssize_t size = pread(descriptor, &header, sizeof(header), 0);
    close(descriptor);
    return size == (ssize_t)sizeof(header) && le64_load(header.required_features) & FEATURE_SEGMENTS;
}

/* Rules. */

enum { RULE_MAX = 256 };
static const char *rules[RULE_MAX];
static size_t rule_count;

void fuzz_note_rule(const pecs_error *error)
{
    if (!error->rule)
        return;
    for (size_t i = 0; i < rule_count; i++)
        if (rules[i] == error->rule || strcmp(rules[i], error->rule) == 0)
            return;
    FUZZ_CHECK(rule_count < RULE_MAX, error->rule);
    rules[rule_count++] = error->rule;
}

size_t fuzz_rule_count(void)
{
    return rule_count;
}

const char *fuzz_rule(size_t number)
{
    return rules[number];
}

/* Checks an error: it has a status, a message and, for a broken rule, an offset in the file. */
static void check_error(pecs_status status, const pecs_error *error, size_t size)
{
    FUZZ_CHECK(error->status == status, pecs_status_name(status));
    FUZZ_CHECK(memchr(error->message, 0, sizeof(error->message)) && error->message[0], "the message");
    FUZZ_CHECK(status == PECS_E_CORRUPT || status == PECS_E_UNSUPPORTED || status == PECS_E_LAYOUT ||
                   status == PECS_E_LIMIT || status == PECS_E_MEMORY || status == PECS_E_CANCELLED,
               error->message);
    FUZZ_CHECK(status != PECS_E_CORRUPT || error->rule, error->message);
    FUZZ_CHECK(!error->rule || error->offset <= size, error->rule);
    FUZZ_CHECK(status != PECS_E_MEMORY || outgrown, "out of memory without a reason");
}

static pecs_snapshot *open_once(enum fuzz_verb verb, pecs_registry *registry, const char *path, size_t size,
                                const pecs_load_options *options)
{
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    memset(&error, 0x55, sizeof(error));
    const size_t held = has_blocks(path) ? FUZZ_HELD_FACTOR * (size_t)FUZZ_HELD_BYTES : 0;
    pecs_load_options load = options ? *options : (pecs_load_options){ .thread_count = 0 };
    if (held && !load.limits.max_bytes)
        load.limits.max_bytes = FUZZ_HELD_BYTES;
    const pecs_resume_options resume = { .limits = load.limits,
                                         .refuse_unknown = load.refuse_unknown,
                                         .migration = load.migration,
                                         .thread_count = load.thread_count,
                                         .part = load.part };
    fuzz_memory_limit(live_bytes + FUZZ_MEMORY_FACTOR * size + FUZZ_MEMORY_FIXED + held);
    const pecs_status status = verb == FUZZ_LOAD ? pecs_snapshot_load(registry, path, &load, &snapshot, &error)
                                                 : pecs_snapshot_resume(registry, path, &resume, &snapshot, &error);
    FUZZ_CHECK(!outgrown, "the file takes memory beyond its length");
    FUZZ_CHECK((status == PECS_OK) == (snapshot != NULL), pecs_status_name(status));
    if (status)
        check_error(status, &error, size);
    if (status && !load.part) /* a part may break another one: it reads less */
        fuzz_note_rule(&error);
    return snapshot;
}

pecs_snapshot *fuzz_open(enum fuzz_verb verb, pecs_registry *registry, const char *path, size_t size,
                         const pecs_load_options *options)
{
    const size_t before = live_bytes;
    pecs_snapshot *snapshot = open_once(verb, registry, path, size, options);
    open_peak = peak_bytes - before;
    /* the registry remembers a file's types, even if it is refused: open it a second time */
    const size_t after = live_bytes;
    if (!snapshot && after != before)
        FUZZ_CHECK(!open_once(verb, registry, path, size, options) && live_bytes == after,
                   "a refused file leaks memory");
    open_count += snapshot != NULL;
    fuzz_memory_limit(FUZZ_EDIT_BYTES);
    return snapshot;
}

uint64_t fuzz_open_count(void)
{
    return open_count;
}

size_t fuzz_open_peak(void)
{
    return open_peak;
}

struct random fuzz_random(const uint8_t *data, size_t size)
{
    struct random random = { size };
    for (size_t i = 0; i < size; i++)
        random.state = (random.state ^ data[i]) * 0x100000001b3u;
    return random;
}

pecs_status fuzz_trickle_read(void *user, void *bytes, size_t size_bytes, size_t *ret_size, pecs_error *error)
{
    struct fuzz_trickle *trickle = user;
    const size_t step = (size_t)random_below(&trickle->random, 5000) + 1, left = trickle->size - trickle->at;
    size_t count = step < size_bytes ? step : size_bytes;
    (void)error;
    count = count < left ? count : left;
    if (count)
        memcpy(bytes, trickle->data + trickle->at, count);
    trickle->at += count;
    *ret_size = count;
    return PECS_OK;
}
