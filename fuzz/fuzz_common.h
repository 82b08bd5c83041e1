/*
 * What fuzz targets share: bytes as a file, memory that is counted, and the properties that must hold of whatever the
 * library accepts. A property that fails, or memory that is not bounded by the file's length, ends the process.
 */
#ifndef PECS_FUZZ_COMMON_H
#define PECS_FUZZ_COMMON_H

#include "model_random.h"

#include <pecs/pecs.h>

/*
 * The entry points of libFuzzer; fuzz_replay.c calls the first, and the mutators of file_mutate.h stand behind the
 * other.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Prints where and what, then aborts. */
void fuzz_fail(const char *file, int line, const char *what, const char *detail) __attribute__((noreturn));
#define FUZZ_CHECK(condition, detail) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition, detail))

/* The folder of this process's files, made at first use and removed at exit; in memory where there is /dev/shm. */
const char *fuzz_path(const char *name);

/* Writes the bytes to the file of that name, which no snapshot may still use; gives its path. */
const char *fuzz_write(const char *name, const uint8_t *data, size_t size);
/* Reads a whole file; to be freed. */
uint8_t *fuzz_read(const char *path, size_t *ret_size);

/* Memory. Above the limit allocations fail; fuzz_memory_end checks that all was given back. */
extern const pecs_allocator fuzz_allocator;
void fuzz_memory_begin(size_t limit_bytes);
void fuzz_memory_limit(size_t limit_bytes);
bool fuzz_memory_outgrown(void); /* an allocation failed since the limit was set */
void fuzz_memory_end(void);

/* What a file may cost to load, open or ask: beyond it a hostile file sizes memory by more than its own length. */
enum { FUZZ_MEMORY_FACTOR = 16, FUZZ_MEMORY_FIXED = 4 << 20, FUZZ_EDIT_BYTES = 256 << 20 };

/* Every rule that an error named since the process began; for the replay program. */
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

/* Reads everything that a view tells, in every way there is, and checks that the ways agree. */
void fuzz_walk(pecs_view view);

/* Both views have the same content. */
void fuzz_expect_same(pecs_view a, pecs_view b);

/* One random edit that keeps every value valid. */
pecs_status fuzz_edit_once(pecs_world *world, struct random *random);

/* Several, none of which may fail but for a limit. */
void fuzz_edit(pecs_world *world, struct random *random, unsigned edit_count);

/* A world from the snapshot is edited, walked, saved, loaded and resumed: equal; saved again: the same bytes. */
void fuzz_round_trip(pecs_registry *registry, const pecs_snapshot *snapshot, struct random *random);

/* Edits numbered by the bytes themselves, so that an input always does the same. */
struct random fuzz_random(const uint8_t *data, size_t size);

#endif
