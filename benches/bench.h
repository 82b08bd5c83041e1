/*
 * What the benchmarks of PECS share: the state of one run of the program, measuring, checking and reporting.
 *
 * A function that returns false has printed the reason on stderr; the program then fails.
 */
#ifndef PECS_BENCH_H
#define PECS_BENCH_H

#include "bench_limits.h"
#include "w1_types.h"

enum {
    BENCH_RUNS_MAX = 1000,
    BENCH_PATH_MAX = 4096,
    BENCH_SET_COUNT = 1000, /* of the random set calls */
};

/*
 * The block holds W1 as plain arrays, and `world` the same in PECS; benches that change one change the other in
 * the same way. The files hold the state at the time they were written.
 */
struct bench {
    uint64_t entity_count;
    uint32_t run_count;
    uint32_t world_count; /* of W3 */
    bool json, shuffled;
    const char *only;
    const char *file;                   /* of the user's, for file_fast and file_small; or NULL */
    char directory[BENCH_PATH_MAX / 2]; /* of the files; removed in the end */
    char programs[BENCH_PATH_MAX / 2];  /* where the answer programs are */

    struct w1_layout layout;
    uint8_t *block;
    pecs_registry *registry;
    pecs_world *world; /* NULL until bench_world_need */
    pecs_query *positions, *moving;
    bool has_files;
    uint64_t raw_hash, file_bytes;
};

/* Measuring */

/* One timed sample; what belongs to it but not to the time is done before and after. */
typedef bool (*bench_side)(struct bench *bench, void *context, double *ret_seconds);

/* A sync before each run that reads files, and before each sample that writes some: the disk has nothing to do then. */
enum bench_disk { BENCH_NO_DISK, BENCH_READS, BENCH_WRITES };

struct bench_sides {
    bench_side pecs, limit;                                                  /* limit may be NULL */
    bool (*both)(struct bench *bench, void *context, double ret_seconds[2]); /* instead of the two: PECS's come first */
    void *context;
    uint32_t sample_count; /* for each run; 0: one */
    enum bench_disk disk;
    uint64_t fresh_bytes; /* memory that a sample takes from the system, page cache included */
};

enum bench_mark_kind { BENCH_REPORT, BENCH_RATIO, BENCH_SECONDS, BENCH_BYTES };

struct bench_figure {
    const char *name; /* NULL ends the list */
    uint64_t value;
};

struct bench_result {
    const char *name;
    uint64_t bytes; /* that the discipline reads and writes; of the file for w2; what is measured for memory */
    double seconds;
    const char *limit; /* its name, or NULL */
    double limit_seconds;
    enum bench_mark_kind mark_kind;
    double mark;           /* the number to reach: a ratio, seconds, or bytes */
    uint64_t entity_count; /* 0: the run's */
    struct bench_figure figures[5];
};

double bench_now(void);

/* Runs both sides in turn, once unmeasured and then run_count times, and puts the medians into the result. */
bool bench_measure(struct bench *bench, const struct bench_sides *sides, struct bench_result *result);

void bench_report_begin(const struct bench *bench);
void bench_report(const struct bench *bench, const struct bench_result *result);

/* Failing: both give false. */
bool bench_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool bench_failed(const char *doing, pecs_status status, const pecs_error *error);

/* The world */

/* A registry of W1's types; allocator may be NULL. */
bool bench_registry_create(const pecs_allocator *allocator, pecs_registry **ret_registry);

/* The values of an entity of a table, taken from the block's row (and, for spawning many, the rows after it). */
size_t bench_row_values(const struct bench *bench, uint32_t table, uint64_t row, pecs_value *values);

/* Spawns W1 into an empty world and checks the handles. */
bool bench_spawn_all(const struct bench *bench, pecs_world *world);

/* The limit of what goes through a pipe: the block is written and drained. */
bool bench_pipe_limit(struct bench *bench, void *context, double *ret_seconds);

/* Gives W1 to a stream, in its order, so many rows at a time. */
struct pecs_stream;
bool bench_stream_rows(const struct bench *bench, struct pecs_stream *stream, uint64_t batch_rows);

/* Makes bench->world when there is none; drops it. */
bool bench_world_need(struct bench *bench);
void bench_world_drop(struct bench *bench);

/* The first query and the update. */
double bench_sum(const pecs_query *positions, pecs_view view);
bool bench_update(const pecs_query *moving, pecs_world *world);
uint64_t bench_moving_bytes(const struct bench *bench); /* that the update reads and writes */

/* True when two sums differ by rounding only: a position that is missed weighs hundreds. */
bool bench_same_sum(const char *what, double sum, double expected);

/* A component of every entity in the view equals the block; every component does. */
bool bench_check_component(const struct bench *bench, pecs_registry *registry, pecs_view view, uint32_t component);
bool bench_check_view(const struct bench *bench, pecs_registry *registry, pecs_view view);

/* Random set calls that write what the block has. */
void bench_sets(const struct bench *bench, struct limit_set *ret_sets);
bool bench_set_all(pecs_world *world, const struct limit_set *sets);

/* Files */

void bench_path(const struct bench *bench, const char *name, char ret_path[BENCH_PATH_MAX]);
uint64_t bench_file_size(const char *path);

/* Writes W1 as "w1.pecs" and "w1.raw" and reads both once, so that they are in the page cache. */
bool bench_files_need(struct bench *bench);
bool bench_read_once(const char *path);

/* A world from a file by resume, and everything given back. */
bool bench_resume(pecs_registry *registry, const char *path, pecs_snapshot **ret_snapshot, pecs_world **ret_world);
void bench_close(pecs_snapshot *snapshot, pecs_world *world);

/* Counts the bytes of an allocator. */
struct bench_counter {
    _Atomic uint64_t live_bytes, peak_bytes;
};
pecs_allocator bench_counting_allocator(struct bench_counter *counter);
/* Memory of the process that is in no file, as the kernel counts it; 0: unknown. */
uint64_t bench_rss_anon_bytes(void);

/* The disciplines */
bool bench_run_resume(struct bench *bench);
bool bench_run_resume_query(struct bench *bench);
bool bench_run_answer(struct bench *bench);
bool bench_run_resume_update(struct bench *bench);
bool bench_run_resume_set(struct bench *bench);
bool bench_run_migrate(struct bench *bench);
bool bench_run_migrate_chain(struct bench *bench);
bool bench_run_migrate_touch(struct bench *bench);
bool bench_run_save(struct bench *bench);
bool bench_run_save_durable(struct bench *bench);
bool bench_run_load(struct bench *bench);
bool bench_run_load_part(struct bench *bench);
bool bench_run_load_parallel(struct bench *bench);
bool bench_run_update(struct bench *bench);
bool bench_run_update_cpp(struct bench *bench); /* where there is a C++ compiler */
bool bench_run_strings(struct bench *bench);
bool bench_run_update_small(struct bench *bench);
bool bench_run_spawn_many(struct bench *bench);
bool bench_run_spawn(struct bench *bench);
bool bench_run_despawn(struct bench *bench);
bool bench_run_add_remove(struct bench *bench);
bool bench_run_snapshot(struct bench *bench);
bool bench_run_snapshot_update(struct bench *bench);
bool bench_run_snapshot_set(struct bench *bench);
bool bench_run_transient_save(struct bench *bench);
bool bench_run_filter_columns(struct bench *bench);
bool bench_run_filter_rows(struct bench *bench);
bool bench_run_clone(struct bench *bench);
bool bench_run_merge(struct bench *bench);
bool bench_run_id_of(struct bench *bench);
bool bench_run_find(struct bench *bench);
bool bench_run_id_many(struct bench *bench);
bool bench_run_find_many(struct bench *bench);
bool bench_run_ids_spawn(struct bench *bench);
bool bench_run_ids_save(struct bench *bench);
bool bench_run_ids_load(struct bench *bench);
bool bench_run_diff(struct bench *bench);
bool bench_run_info(struct bench *bench);
bool bench_run_save_padded(struct bench *bench);
bool bench_run_w2_save(struct bench *bench);
bool bench_run_w2_resume(struct bench *bench);
bool bench_run_w2_load(struct bench *bench);
bool bench_run_w3(struct bench *bench);
bool bench_run_json_save(struct bench *bench);
bool bench_run_json_load(struct bench *bench);
bool bench_run_json_memory(struct bench *bench);
bool bench_run_ring(struct bench *bench);
bool bench_run_save_memory(struct bench *bench);
bool bench_run_save_pipe(struct bench *bench);
bool bench_run_load_pipe(struct bench *bench);
bool bench_run_stream_write(struct bench *bench);
bool bench_run_stream_write_each(struct bench *bench);
bool bench_run_stream_resume(struct bench *bench);
bool bench_run_stream_memory(struct bench *bench);
bool bench_run_stream_read(struct bench *bench);
bool bench_run_stream_pipe(struct bench *bench);
bool bench_run_save_fast(struct bench *bench);
bool bench_run_save_small(struct bench *bench);
bool bench_run_load_fast(struct bench *bench);
bool bench_run_file_fast(struct bench *bench);
bool bench_run_file_small(struct bench *bench);
bool bench_run_resume_fast(struct bench *bench);
bool bench_run_codec_filter(struct bench *bench);
bool bench_run_codec_inflate(struct bench *bench);
bool bench_run_codec_columns(struct bench *bench); /* only when it is named */
bool bench_run_memory(struct bench *bench);

#endif
