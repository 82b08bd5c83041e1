/* Locks that go to sinks and files, those of saves, and allocations that fail. */
#include "lock_fixture.h"

#include <errno.h>
#include <sys/stat.h>

static void set_up(void)
{
    enter_folder();
}

static void tear_down(void)
{
    assert_no_leak();
    leave_folder();
}

TestSuite(lock_files, .init = set_up, .fini = tear_down);

typedef struct {
    float x, y;
} Place1;
PECS_COMPONENT_OF(Place1, "Place", 1, PECS_FIELD(Place1, x), PECS_FIELD(Place1, y));
typedef struct {
    double x, z;
} Place2;
PECS_COMPONENT_OF(Place2, "Place", 2, PECS_FIELD(Place2, x), PECS_FIELD(Place2, z));
typedef struct {
    pecs_entity x;
} Place3;
PECS_COMPONENT_OF(Place3, "Place", 3, PECS_FIELD(Place3, x));
typedef struct {
    double x;
} PlaceSame;
PECS_COMPONENT_OF(PlaceSame, "Place", 1, PECS_FIELD(PlaceSame, x));
PECS_TAG(Lit, 1);
PECS_TRANSIENT_TAG(Glow);

static const pecs_type *const types1[] = { &Place1_type, &Lit_type, &Glow_type };
static const pecs_type *const types2[] = { &Place2_type };
static const pecs_history first_history = { .schema_version = 2, .oldest_reader = 1 };

static const char text1[] = "pecs lock 1\n"
                            "schema version 2, oldest reader 1\n"
                            "\n"
                            "type \"Glow\" transient\n"
                            "\n"
                            "type \"Lit\" version 1\n"
                            "\n"
                            "type \"Place\" version 1\n"
                            "    f32 \"x\"\n"
                            "    f32 \"y\"\n";

Test(lock_files, a_sink_gets_the_whole_text_or_an_end)
{
    new_registry = registry_with(types1, 3, &first_history);
    struct gathered lock = lock_of(new_registry);
    cr_assert_str_eq(lock.text, text1);
    free(lock.text);
    pecs_registry_release(new_registry);
}

static pecs_status refuse(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    (void)user, (void)spans, (void)span_count;
    error->status = PECS_E_CANCELLED;
    snprintf(error->message, sizeof(error->message), "enough");
    return PECS_E_CANCELLED;
}

static void count_abort(void *user)
{
    ++*(int *)user;
}

Test(lock_files, a_sink_that_fails_is_aborted)
{
    int aborts = 0;
    pecs_error error = { .message = "" };
    const pecs_sink sink = { .write = refuse, .abort = count_abort, .user = &aborts };
    new_registry = registry_with(types1, 3, NULL);
    cr_assert_eq(pecs_lock_write(new_registry, &sink, &error), PECS_E_CANCELLED);
    cr_assert_str_eq(error.message, "enough");
    cr_assert_eq(aborts, 1);
    pecs_registry_release(new_registry);
}

static const char *const rank_names[] = { "a" };

/* A sink gets less than a MiB at once, however long the text is. */
static size_t largest;
static pecs_status measure(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    size_t size = 0;
    for (size_t i = 0; i < span_count; i++)
        size += spans[i].size_bytes;
    largest = size > largest ? size : largest;
    return gather_write(user, spans, span_count, error);
}

/* 4096 fields, each with so many structs of so many fields within. */
static const pecs_type *wide_type(uint32_t depth)
{
    static pecs_field fields[3][4096];
    static pecs_type types[3];
    static char names[4096][8];
    for (uint32_t level = 0; level <= depth; level++) {
        const uint32_t size = level == 0 ? 1 : types[level - 1].size, count = level == 2 ? 16 : level ? 64 : 4096;
        for (uint32_t i = 0; i < count; i++) {
            snprintf(names[i], sizeof(names[i]), "f%u", i);
            fields[level][i] = (pecs_field){ .name = names[i],
                                             .kind = level ? PECS_STRUCT : PECS_ENUM,
                                             .offset = i * size,
                                             .size = size,
                                             .count = 1,
                                             .nested = level ? &types[level - 1] : NULL,
                                             .enum_names = rank_names,
                                             .enum_count = level ? 0 : 1 };
        }
        types[level] = (pecs_type){ "Wide", { { 0 } }, 1, count * size, 1, count, fields[level], 0 };
    }
    return &types[depth];
}

Test(lock_files, a_long_text_comes_in_parts)
{
    struct gathered lock = { NULL, 0 };
    const pecs_sink sink = { .write = measure, .user = &lock };
    pecs_error error = { .message = "" };
    const pecs_type *wide = wide_type(1);
    new_registry = registry_with(&wide, 1, NULL);
    cr_assert_eq(pecs_lock_write(new_registry, &sink, &error), PECS_OK, "%s", error.message);
    cr_assert_gt(lock.size_bytes, 8u << 20);
    cr_assert_eq(lock.size_bytes, strlen(lock.text));
    cr_assert_lt(largest, 1u << 20);
    cr_assert_eq(check_text(new_registry, lock.text, &noting, &error), PECS_OK, "%s", error.message);
    cr_assert_str_eq(differences, "");
    pecs_registry_release(new_registry);
    wide = wide_type(2);
    new_registry = registry_with(&wide, 1, NULL);
    cr_assert_eq(pecs_lock_write(new_registry, &sink, &error), PECS_E_LIMIT);
    cr_assert_str_eq(error.message, "the text of the types is longer than 16 MiB");
    cr_assert_eq(pecs_lock_write_file(new_registry, "wide.lock", &error), PECS_E_LIMIT);
    cr_assert_eq(file_count(), 0);
    pecs_registry_release(new_registry);
    free(lock.text);
}

Test(lock_files, a_file_is_written_and_checked)
{
    pecs_error error = { .message = "" };
    new_registry = registry_with(types1, 3, &first_history);
    cr_assert_eq(pecs_lock_write_file(new_registry, "a.lock", &error), PECS_OK, "%s", error.message);
    struct file_bytes bytes = read_bytes("a.lock");
    cr_assert_eq(bytes.size, strlen(text1));
    cr_assert_eq(memcmp(bytes.bytes, text1, bytes.size), 0);
    free(bytes.bytes);
    cr_assert_eq(pecs_lock_check_file(new_registry, "a.lock", &noting, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(pecs_lock_check_file(new_registry, "b.lock", &noting, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, ENOENT);
    cr_assert_eq(pecs_lock_write_file(new_registry, "no/such.lock", &error), PECS_E_IO);
    pecs_registry_release(new_registry);
    new_registry = registry_with(types2, 1, &first_history);
    cr_assert_eq(pecs_lock_check_file(new_registry, "a.lock", NULL, &error), PECS_E_LAYOUT);
    cr_assert_str_eq(error.message, "type 'Place': field 'y': is removed: old saves do not open without the consent "
                                    "PECS_LOSS_FIELD");
    cr_assert_eq(truncate("a.lock", 17 << 20), 0);
    cr_assert_eq(pecs_lock_check_file(new_registry, "a.lock", NULL, &error), PECS_E_LIMIT);
    cr_assert_eq(truncate("a.lock", 0), 0);
    cr_assert_eq(pecs_lock_check_file(new_registry, "a.lock", NULL, &error), PECS_E_CORRUPT);
    pecs_registry_release(new_registry);
}

/* A save of a world of the types, opened by a registry without types, as a tool does. */
static pecs_snapshot *save_of(const pecs_type *const *types, size_t type_count, const pecs_history *history)
{
    pecs_snapshot *snapshot = NULL;
    pecs_error error = { .message = "" };
    old_registry = registry_with(types, type_count, history);
    pecs_world *world = world_of(old_registry, NULL, 1);
    for (uint32_t i = 0; i < type_count; i++) {
        const pecs_value value = { i, types[i]->size, NULL };
        must(pecs_world_spawn(world, &value, 1, 1, NULL) == PECS_OK);
    }
    save_world(world, "save.pecs");
    pecs_world_destroy(world);
    pecs_registry_release(old_registry);
    new_registry = registry_with(NULL, 0, NULL);
    cr_assert_eq(pecs_snapshot_load(new_registry, "save.pecs", NULL, &snapshot, &error), PECS_OK, "%s", error.message);
    return snapshot;
}

static void drop(pecs_snapshot *snapshot)
{
    pecs_snapshot_release(snapshot);
    pecs_registry_release(new_registry);
}

Test(lock_files, a_save_has_the_lock_of_what_it_saves)
{
    static const char text[] = "pecs lock 1\n"
                               "schema version 2, oldest reader 1\n"
                               "\n"
                               "type \"Lit\" version 1\n"
                               "\n"
                               "type \"Place\" version 1\n"
                               "    f32 \"x\"\n"
                               "    f32 \"y\"\n";
    pecs_snapshot *snapshot = save_of(types1, 3, &first_history);
    struct gathered lock = lock_of_view(pecs_snapshot_view(snapshot));
    cr_assert_str_eq(lock.text, text);
    free(lock.text);
    drop(snapshot);
    new_registry = registry_with(types1, 3, &first_history);
    pecs_world *world = world_of(new_registry, NULL, 1);
    lock = lock_of_view(pecs_world_view(world));
    cr_assert_str_eq(lock.text, text1, "a view of the registry has all its types");
    free(lock.text);
    pecs_world_destroy(world);
    pecs_registry_release(new_registry);
}

static void expect_of_save(const pecs_type *type, const pecs_history *history, const char *words, const char *failure)
{
    pecs_snapshot *snapshot = save_of(&type, 1, history);
    pecs_error error = { .message = "" };
    differences[0] = 0;
    const pecs_status status =
        pecs_lock_check_view(pecs_snapshot_view(snapshot), text1, strlen(text1), &noting, &error);
    cr_assert_str_eq(differences, words);
    cr_assert_eq(status, failure ? PECS_E_LAYOUT : PECS_OK);
    cr_assert_str_eq(error.message, failure ? failure : "");
    drop(snapshot);
}

#define GLOW_GONE "N Glow: is removed: it was in no save\n"

Test(lock_files, the_types_of_a_save_are_checked)
{
    static const pecs_type place_by_id = { "Place", { { 7 } }, 1, 0, 1, 0, NULL, 0 };
    expect_of_save(&Place1_type, &first_history, GLOW_GONE "N Lit: is not in the save\n", NULL);
    expect_of_save(&Place2_type, &first_history,
                   GLOW_GONE "N Lit: is not in the save\n"
                             "N Place: version 1 becomes version 2 by its fields\n"
                             "N Place.x: f32 becomes f64\n"
                             "N Place.z: is new: zeros\n"
                             "W Place.y: is removed: lost, if the program consents\n",
                   NULL);
    expect_of_save(&Place3_type, &first_history,
                   GLOW_GONE "N Lit: is not in the save\n"
                             "W Place: version 1 needs a migration, which a save does not show: field 'x' is not "
                             "converted from f32 to entity without a migration\n",
                   NULL);
    expect_of_save(&PlaceSame_type, NULL,
                   "F : the schema version is 0, lower than 2 in the lock\n"
                   "N : the oldest reader is 0, and 1 in the lock\n" GLOW_GONE "N Lit: is not in the save\n"
                   "F Place: changed, but its version is still 1\n"
                   "N Place: version 1 becomes version 1 by its fields\n"
                   "N Place.x: f32 becomes f64\n"
                   "W Place.y: is removed: lost, if the program consents\n",
                   "the schema version is 0, lower than 2 in the lock (and 1 more)");
    expect_of_save(&place_by_id, &first_history,
                   GLOW_GONE "N Lit: is not in the save\n"
                             "F Place: has another id: its old values are kept, but the program does not use them\n",
                   "type 'Place': has another id: its old values are kept, but the program does not use them");
    expect_of_save(&Frozen_type, &first_history,
                   "N Frozen: is new\n" GLOW_GONE "N Lit: is not in the save\nN Place: is not in the save\n", NULL);
}

/* Allocations: each fails once, and all fail from each one on. */

static pecs_registry *stage_registry(void)
{
    return registry_with(types2, 1, &first_history);
}

static const pecs_lock_options consenting = { .losses = PECS_LOSS_ALL, .function = note_difference };

static void prepare(struct stage *stage)
{
    (void)stage;
    (void)unlink("a.lock");
}

static void prepare_lock(struct stage *stage)
{
    FILE *file = fopen("a.lock", "w");
    (void)stage;
    must(file && fputs(text1, file) >= 0 && fclose(file) == 0);
}

static pecs_status write_text(struct stage *stage)
{
    struct gathered lock = { NULL, 0 };
    const pecs_sink sink = { .write = gather_write, .user = &lock };
    const pecs_status status = pecs_lock_write(stage->registry, &sink, NULL);
    free(lock.text);
    return status;
}

static pecs_status write_view(struct stage *stage)
{
    struct gathered lock = { NULL, 0 };
    const pecs_sink sink = { .write = gather_write, .user = &lock };
    const pecs_status status = pecs_lock_write_view(pecs_world_view(stage->world), &sink, NULL);
    free(lock.text);
    return status;
}

static pecs_status write_file(struct stage *stage)
{
    const pecs_status status = pecs_lock_write_file(stage->registry, "a.lock", NULL);
    must(!status == (access("a.lock", F_OK) == 0));
    return status;
}

static pecs_status check(struct stage *stage)
{
    differences[0] = 0;
    return pecs_lock_check(stage->registry, text1, strlen(text1), &consenting, NULL);
}

static pecs_status check_file(struct stage *stage)
{
    differences[0] = 0;
    return pecs_lock_check_file(stage->registry, "a.lock", &consenting, NULL);
}

static pecs_status check_view(struct stage *stage)
{
    differences[0] = 0;
    return pecs_lock_check_view(pecs_world_view(stage->world), text1, strlen(text1), &consenting, NULL);
}

Test(lock_files, every_allocation_may_fail)
{
    make_stage_registry = stage_registry;
    try_every_failure(&(struct trial){ prepare, write_text }, 5);
    try_every_failure(&(struct trial){ prepare, write_view }, 5);
    try_every_failure(&(struct trial){ prepare, write_file }, 4);
    try_every_failure(&(struct trial){ prepare, check }, 15);
    try_every_failure(&(struct trial){ prepare, check_view }, 10);
    try_every_failure(&(struct trial){ prepare_lock, check_file }, 5);
}
