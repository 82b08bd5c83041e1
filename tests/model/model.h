/*
 * Model test: its state, and what its files share. A run is a sequence of episodes; an episode has registries, a few
 * worlds with a naive model each, live snapshots with a copy of the model each, and queries.
 *
 * An operation is a function that does one thing to a world and its model, and checks the answer. A mismatch ends the
 * program through model_fail. What an operation changed it names with model_touch; the runner compares that.
 */
#ifndef PECS_TESTS_MODEL_H
#define PECS_TESTS_MODEL_H

#include "model_random.h"
#include "model_types.h"
#include "naive.h"

#include <inttypes.h>

enum {
    WORLD_MAX = 3,
    SNAPSHOT_MAX = 6,
    QUERY_MAX = 12,
    MASK_MAX = 8,
    TOUCHED_MAX = 48,
    COMMAND_MAX = 256,
    OUTCOME_MAX = 128,
    PATH_BYTES = 512,
    NONCE_MAX = 4096,
};

struct test_term {
    unsigned type;
    pecs_access access;
};

struct test_query {
    pecs_query *query;
    unsigned registry;
    struct test_term terms[MODEL_TYPE_COUNT];
    unsigned term_count;
    uint32_t with, without; /* what an entity must have and must lack to match */
};

/* One recorded command, as the model sees it. */
enum command_kind { COMMAND_SPAWN, COMMAND_DESPAWN, COMMAND_SET, COMMAND_REMOVE };
struct test_command {
    enum command_kind kind;
    pecs_entity entity; /* of a spawn: its provisional handle */
    uint32_t mask;      /* the components that it sets or removes */
    uint8_t values[MODEL_VALUE_BYTES];
};

struct test_commands {
    pecs_commands *buffer;
    struct test_command *list;
    size_t count;
    pecs_entity old; /* a provisional handle of an earlier batch, or none */
};

struct test_world {
    pecs_world *world;
    struct naive *naive;
    unsigned registry;
    bool shared;       /* took a snapshot or came from one: edits may copy */
    uint64_t timeline; /* unique; a new one at each restore */
    struct test_commands commands;
};

struct test_snapshot {
    pecs_snapshot *snapshot;
    struct naive *naive;
    unsigned registry;
    unsigned references;
    uint64_t timeline; /* of the world it was taken from; 0: it came from a file */
    uint64_t hash;
    pecs_summary summary;
};

struct outcome {
    const char *name;
    uint64_t count;
};

struct model {
    struct random random;
    uint64_t seed, operation;
    const char *doing;
    size_t size;                                         /* number of entities that the present episode aims at */
    pecs_registry *registries[MODEL_REGISTRY_COUNT + 1]; /* the last: the partial one, while there is one */
    const pecs_allocator *allocator;
    uint64_t timeline_count;
    uint64_t nonces[NONCE_MAX]; /* that sessions had */
    uint64_t nonce_count;
    struct test_world worlds[WORLD_MAX];
    size_t world_count;
    struct test_snapshot snapshots[SNAPSHOT_MAX];
    size_t snapshot_count, snapshot_max;
    struct test_query queries[QUERY_MAX];
    struct test_query everything[MODEL_REGISTRY_COUNT + 1]; /* MAYBE_READ of all that have a size */
    uint32_t masks[MASK_MAX];
    uint32_t touched[TOUCHED_MAX];
    size_t touched_count;
    bool in_doubt; /* compare everything after this operation */
    char directory[PATH_BYTES / 2];
    struct outcome outcomes[OUTCOME_MAX];
    size_t outcome_count;
    uint32_t *seen; /* by entity index: the walk that saw it last */
    size_t seen_capacity;
    uint32_t walk, walk_count;
};

/* Prints seed, operation and difference, and exits with 1. */
_Noreturn void model_fail(const struct model *model, const char *format, ...) __attribute__((format(printf, 2, 3)));
void model_count(struct model *model, const char *outcome);
void model_touch(struct model *model, pecs_entity entity);

/* Ends the program unless the status is the one expected. */
void model_expect(const struct model *model, pecs_status status, pecs_status expected, const char *call);

/* Whether the call failed because the test made an allocation fail: then nothing may have changed. */
bool model_refused(struct model *model, pecs_status status);

/* --- what the model chooses (model_choose.c) --- */

/* One kind of values for each bit of a mask, `rows` values of each, in random order. */
struct batch {
    size_t rows, count;
    unsigned types[MODEL_TYPE_COUNT];
    pecs_value values[MODEL_TYPE_COUNT];
    uint8_t *storage;
};
void batch_fill(struct batch *batch, struct model *model, const struct test_world *world, uint32_t mask, size_t rows);
void batch_free(struct batch *batch);
const void *batch_value(const struct batch *batch, size_t place, size_t row); /* NULL: zeros */

struct test_world *choose_world(struct model *model);
uint32_t choose_mask(struct model *model);
bool choose_alive(struct model *model, const struct naive *naive, pecs_entity *ret_entity);
pecs_entity choose_dead(struct model *model, const struct naive *naive);
pecs_entity choose_handle(void *naive, struct random *random); /* a model_handle_source */
void model_query_random(struct model *model, struct test_query *ret_query);
const struct test_query *choose_query(struct model *model, unsigned registry);
struct test_snapshot *choose_snapshot(struct model *model); /* or NULL */
/* One of the world's timeline if there is one, which may be of what a rewind undid. */
struct test_snapshot *choose_snapshot_of(struct model *model, const struct test_world *world);
bool model_matches(const struct test_query *query, const struct naive_slot *slot);
size_t model_match_count(const struct test_query *query, const struct naive *naive);

/* --- comparison (model_compare.c) --- */
void compare_entity(const struct model *model, pecs_view view, unsigned registry, const struct naive *naive,
                    size_t index);
void compare_by_get(const struct model *model, pecs_view view, unsigned registry, const struct naive *naive);
void compare_by_query(struct model *model, pecs_view view, unsigned registry, const struct naive *naive);
void compare_all(struct model *model, pecs_view view, unsigned registry, const struct naive *naive);
void compare_snapshot(struct model *model, const struct test_snapshot *snapshot);

/* --- ids (model_ids.c) --- */
/* After spawns: reads the nonce of a new session, which must never have occurred before. */
void ids_learn(struct model *model, struct test_world *world);
/* The nonce of the new session that a new entity without an explicit id shows. */
uint64_t ids_nonce(struct model *model, pecs_view view, pecs_entity entity);
/* The same after spawns with explicit ids alone, which do not show the nonce: spawns one more entity if it is new. */
void ids_learn_by_spawn(struct model *model, struct test_world *world);
pecs_id ids_random(struct model *model);

/* --- iteration (model_queries.c) --- */
void walk_begin(struct model *model, const struct naive *naive);
/*
 * Checks the rows of the current chunk; with `writable` also writes some values and marks all write terms as changed.
 */
void walk_chunk(struct model *model, const struct test_query *query, pecs_iter *iter, struct naive *naive,
                bool writable);
bool walk_seen(const struct model *model, size_t index);
/* Runs a random query while another iteration of the world is open. */
void walk_inside(struct model *model, struct test_world *world, bool writing);

/* --- parts of an episode (model_history.c, model_commands.c) --- */
/* A snapshot of the world was taken, or it came from one. */
void world_shared(struct test_world *world);
void world_adopt(struct model *model, pecs_world *world, struct naive *naive, unsigned registry, bool shared);
void world_drop(struct model *model, struct test_world *world);
void snapshot_adopt(struct model *model, pecs_snapshot *snapshot, struct naive *naive, unsigned registry);
void snapshot_drop(struct model *model, size_t place);
void commands_init(struct model *model, struct test_world *world);
void commands_deinit(struct test_world *world);
void commands_forget(struct test_world *world);

/* --- operations --- */
typedef void operation_function(struct model *model, struct test_world *world);
operation_function op_spawn, op_spawn_many, op_spawn_misuse, op_despawn, op_despawn_refused, op_despawn_matching,
    op_set, op_set_many, op_set_refused, op_remove, op_remove_refused, op_edit, op_edit_refused, op_singleton_set,
    op_singleton_edit, op_singleton_remove, op_advance, op_misuse_handles, op_compact;
operation_function op_query_read, op_query_edit, op_query_changed, op_query_quiet, op_query_parts, op_query_count,
    op_query_snapshot, op_query_replace, op_query_misuse, op_busy; /* model_queries.c, model_busy.c */
operation_function op_commands_record, op_commands_apply, op_commands_clear, op_commands_misuse;
operation_function op_id_give, op_id_give_refused, op_id_remap, op_id_spawn, op_id_spawn_refused,
    op_id_find;                                                                    /* model_ids.c */
operation_function op_meta_set, op_meta_refused, op_attach, op_partial, op_rewind; /* model_meta.c, model_partial.c */
operation_function op_take, op_retain, op_release, op_recheck, op_restore, op_fork, op_destroy, op_replay, op_hash,
    op_save_resume, op_save_load, op_damaged, op_load_limits;
/* model_filter.c, model_clone.c, model_merge.c, model_build.c; model_json.c, only where pecs-json is built */
operation_function op_filter, op_clone, op_merge, op_build, op_json;

/* A snapshot with a random part of another one, at most about so many entities. NULL: out of memory (model_filter.c).
 */
pecs_snapshot *filter_part(struct model *model, const pecs_snapshot *base, const struct naive *naive, unsigned registry,
                           size_t most, struct naive **ret_naive);

/* --- files, for others (model_history.c) --- */
void path_make(const struct model *model, char path[PATH_BYTES], unsigned number);
bool save_state(struct model *model, struct test_world *world, const char *path);
pecs_snapshot *open_state(struct model *model, unsigned registry, const char *path, bool load);
void use_state(struct model *model, pecs_snapshot *snapshot, struct naive *naive, unsigned registry);

#endif
