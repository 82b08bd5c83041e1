/*
 * Shared by fuzz targets: bytes as a file, counted memory, and the properties of everything that the library accepts. A
 * violated property, or memory that is not bounded by the file's length, aborts the process.
 */
#ifndef PECS_FUZZ_COMMON_H
#define PECS_FUZZ_COMMON_H

#include "model_random.h"

#include <pecs/pecs.h>

/* The entry points of libFuzzer: fuzz_replay.c calls the first; the second uses the mutators of file_mutate.h. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Prints the position and the failed check, then aborts. */
void fuzz_fail(const char *file, int line, const char *what, const char *detail) __attribute__((noreturn));
#define FUZZ_CHECK(condition, detail) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition, detail))

/* The folder of this process's files, made at first use and removed at exit; in memory if /dev/shm exists. */
const char *fuzz_path(const char *name);

/* Writes the bytes to the file of that name, which no snapshot may still use; returns its path. */
const char *fuzz_write(const char *name, const uint8_t *data, size_t size);
/* Reads a whole file; the caller frees it. */
uint8_t *fuzz_read(const char *path, size_t *ret_size);

/* Bytes as a stream, in steps of any size: the user and the read function of a pecs_source. */
struct fuzz_trickle {
    const uint8_t *data;
    size_t size, at;
    struct random random;
};
pecs_status fuzz_trickle_read(void *user, void *bytes, size_t size_bytes, size_t *ret_size, pecs_error *error);

/* Memory. Above the limit allocations fail; fuzz_memory_end checks that everything was released. */
extern const pecs_allocator fuzz_allocator;
void fuzz_memory_begin(size_t limit_bytes);
void fuzz_memory_limit(size_t limit_bytes);
bool fuzz_memory_outgrown(void); /* an allocation failed since the limit was set */
void fuzz_memory_end(void);

/*
 * The memory budget for loading, resuming or inspecting a file, in proportion to its length; and if it has blocks, to
 * what these may hold: that, the same for a filter or a conversion, and for rows that are built of it.
 */
enum {
    FUZZ_MEMORY_FACTOR = 16,
    FUZZ_MEMORY_FIXED = 4 << 20,
    FUZZ_HELD_BYTES = 8 << 20, /* pecs_file_limits.max_bytes of what has blocks */
    FUZZ_HELD_FACTOR = 3,
    FUZZ_EDIT_BYTES = 256 << 20
};

/* With no limit but that; fuzz_open gives it to options without one, if the file has blocks. */
extern const pecs_load_options fuzz_loading;
extern const pecs_resume_options fuzz_resuming;

/* All rules that errors have named so far; for the replay program. */
void fuzz_note_rule(const pecs_error *error);
size_t fuzz_rule_count(void);
const char *fuzz_rule(size_t number);

enum fuzz_verb { FUZZ_LOAD, FUZZ_RESUME };

/* Opens a file of `size` bytes within its budget; NULL: refused, with an error that is checked. */
pecs_snapshot *fuzz_open(enum fuzz_verb verb, pecs_registry *registry, const char *path, size_t size,
                         const pecs_load_options *options);

/* How often a file was opened, and not refused. */
uint64_t fuzz_open_count(void);

/* The most bytes that the last fuzz_open held at one time. */
size_t fuzz_open_peak(void);

/* Reads everything in a view, in every way, and checks that the results agree. */
void fuzz_walk(pecs_view view);
/* Reads all that the strings, blobs and lists of a value hold. */
void fuzz_read_contents(pecs_view view, const pecs_type *type, const void *value);

/* Both views have the same content: entities, ids, values and metadata; and also the same slots, tables and tick. */
void fuzz_expect_same_content(pecs_view a, pecs_view b);
void fuzz_expect_same(pecs_view a, pecs_view b);

/* One random edit that keeps every value valid. */
pecs_status fuzz_edit_once(pecs_world *world, struct random *random);

/* Several edits, which may fail only for a limit. */
void fuzz_edit(pecs_world *world, struct random *random, unsigned edit_count);

/* A world from the snapshot is edited, walked, saved, loaded and resumed: equal; saved again: the same bytes. */
void fuzz_round_trip(pecs_registry *registry, const pecs_snapshot *snapshot, struct random *random);

/* A seed for edits that depends on the bytes only, so that an input always gives the same run. */
struct random fuzz_random(const uint8_t *data, size_t size);

#endif
