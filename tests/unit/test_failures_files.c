/*
 * As test_failures.c, for files that are replaced and read, and differences: each allocation fails once, and all fail
 * from each one on.
 */
#include "failures_files_fixture.h"

TestSuite(failures_files);

/* Files. */

static pecs_status save_world(struct stage *stage)
{
    pecs_error error = { .status = PECS_OK };
    const pecs_status status = pecs_world_save(stage->world, path, &quick, &error);
    must(error.status == status);
    must(!status == (access(path, F_OK) == 0));
    unlink(path);
    return status;
}

Test(failures_files, a_world_saved)
{
    try_every_failure(&(struct trial){ populate, save_world }, 10);
}

/* What was saved before is there, or what is saved now. */
static pecs_status save_snapshot(struct stage *stage)
{
    pecs_info *info = NULL;
    const pecs_status status = pecs_snapshot_save(stage->snapshot, path, &quick, NULL);
    counting.fail_at = 0;
    must(pecs_file_info(path, NULL, NULL, &info, NULL) == PECS_OK);
    must(info->entity_count == 19);
    pecs_info_destroy(info);
    return status;
}

Test(failures_files, a_snapshot_saved_over_another)
{
    try_every_failure(&(struct trial){ save_before, save_snapshot }, 10);
    unlink(path);
}

static void keep(struct stage *stage, pecs_status status, pecs_snapshot *snapshot)
{
    must(!status == (snapshot != NULL));
    if (status)
        return;
    pecs_snapshot_release(stage->taken);
    stage->taken = snapshot;
    must(pecs_view_hash(pecs_snapshot_view(snapshot)) == pecs_view_hash(pecs_snapshot_view(stage->snapshot)));
}

static pecs_status load(struct stage *stage)
{
    pecs_snapshot *snapshot = NULL;
    const pecs_status status = pecs_snapshot_load(stage->registry, path, NULL, &snapshot, NULL);
    keep(stage, status, snapshot);
    return status;
}

static pecs_status resume(struct stage *stage)
{
    pecs_snapshot *snapshot = NULL;
    const pecs_status status = pecs_snapshot_resume(stage->registry, path, NULL, &snapshot, NULL);
    keep(stage, status, snapshot);
    return status;
}

/* Filtered and converted snapshots. */

static pecs_status filter(struct stage *stage)
{
    pecs_snapshot *made = NULL;
    pecs_error error = { .status = PECS_OK };
    const pecs_filter less = { .components = (pecs_component[]){ HEALTH },
                               .component_count = 1,
                               .query = stage->query };
    const pecs_status status = pecs_snapshot_filter(stage->snapshot, &less, &made, &error);
    must(error.status == status && !status == (made != NULL));
    must(status || summary_of(pecs_snapshot_view(made)).entity_count == 10);
    pecs_snapshot_release(stage->taken);
    stage->taken = made;
    return status;
}

static void prepare_filter(struct stage *stage)
{
    populate_and_share(stage);
    stage->query = make_query(stage->registry, (pecs_term[]){ { POSITION, PECS_WITH } }, 1);
}

Test(failures_files, a_snapshot_filtered)
{
    try_every_failure(&(struct trial){ prepare_filter, filter }, 10);
}

/* A builder. */

static pecs_status build_parts(struct stage *stage, pecs_builder *builder, pecs_error *error)
{
    const pecs_id ids[] = { { { 3 } }, { { 4 } } };
    const Team teams[] = { { 1 }, { 2 } };
    const pecs_value value = PECS_ROWS_AS(TEAM, teams);
    pecs_status status = pecs_builder_add(builder, &(pecs_rows){ &value, 1, 2, stage->entities, ids }, NULL, error);
    if (!status)
        status = pecs_builder_set_session(builder, 7, error);
    if (!status)
        status = pecs_builder_add(builder, &(pecs_rows){ &value, 1, 1, stage->entities + 2, NULL }, NULL, error);
    if (!status)
        status = pecs_builder_add_dead(builder, stage->entities + 19, 1, error);
    if (!status)
        status = pecs_builder_set_singleton(builder, &value, error);
    if (!status)
        status = pecs_builder_set_meta_text(builder, "level", "seven", error);
    if (!status)
        status = pecs_builder_set_meta_bytes(builder, "seed", "\1\2", 2, error);
    return status ? status : pecs_builder_attach(builder, "terrain", PECS_BYTES("hills", 5), error);
}

static pecs_status build(struct stage *stage)
{
    pecs_builder *builder = NULL;
    pecs_snapshot *made = NULL;
    pecs_error error = { .status = PECS_OK };
    pecs_status status = pecs_builder_create(stage->registry, NULL, &builder, &error);
    must(!status == (builder != NULL));
    if (!status)
        status = build_parts(stage, builder, &error);
    if (!status)
        status = pecs_builder_finish(builder, &made, &error);
    must(error.status == status && !status == (made != NULL));
    pecs_builder_destroy(builder);
    pecs_snapshot_release(stage->taken);
    stage->taken = made;
    return status;
}

Test(failures_files, a_snapshot_built)
{
    try_every_failure(&(struct trial){ populate, build }, 20);
}

/* The other registry is made before the failures, and released with the snapshot. */
static pecs_registry *other;

static void prepare_convert(struct stage *stage)
{
    static const pecs_type *const types[] = { &Health_type };
    populate_and_share(stage);
    other = make_registry(types, 1, counting_hooks);
}

static pecs_status convert(struct stage *stage)
{
    pecs_snapshot *made = NULL;
    const pecs_status status = pecs_snapshot_convert(stage->snapshot, other, &made, NULL);
    keep(stage, status, made);
    if (!status)
        pecs_registry_release(other); /* the snapshot holds it */
    return status;
}

Test(failures_files, a_snapshot_converted)
{
    try_every_failure(&(struct trial){ prepare_convert, convert }, 10);
}

static pecs_status populate_new(void *user, pecs_world *world)
{
    const Health rows[3] = { { 1, 2 }, { 3, 4 }, { 5, 6 } };
    (void)user;
    return pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(HEALTH, rows) }, 1, 3, NULL);
}

static pecs_status open_as(struct stage *stage, bool load, uint64_t entity_count)
{
    const pecs_open_options options = { .load = load, .populate = populate_new };
    pecs_world *world = NULL;
    const pecs_status status = pecs_world_open(stage->registry, path, &options, &world, NULL);
    must(!status == (world != NULL));
    must(status || summary_of(pecs_world_view(world)).entity_count == entity_count);
    pecs_world_destroy(world);
    return status;
}

static pecs_status open_resumed(struct stage *stage)
{
    return open_as(stage, false, summary_of(pecs_snapshot_view(stage->snapshot)).entity_count);
}

static pecs_status open_loaded(struct stage *stage)
{
    return open_as(stage, true, summary_of(pecs_snapshot_view(stage->snapshot)).entity_count);
}

static pecs_status open_new(struct stage *stage)
{
    return open_as(stage, false, 3);
}

Test(failures_files, the_world_of_a_file_opened)
{
    try_every_failure(&(struct trial){ save_before, open_resumed }, 15);
    try_every_failure(&(struct trial){ save_before, open_loaded }, 15);
    unlink(path);
    try_every_failure(&(struct trial){ populate, open_new }, 5);
}

static pecs_status information(struct stage *stage)
{
    pecs_info *info = NULL;
    (void)stage;
    const pecs_status status = pecs_file_info(path, &counting_hooks, NULL, &info, NULL);
    must(!status == (info != NULL));
    pecs_info_destroy(info);
    return status;
}

static void save_compressed(struct stage *stage)
{
    const pecs_save_options small = { .skip_sync = true, .profile = PECS_PROFILE_SMALL };
    save_before(stage);
    must(pecs_snapshot_save(stage->snapshot, path, &small, NULL) == PECS_OK);
}

Test(failures_files, information_of_a_compressed_file)
{
    try_every_failure(&(struct trial){ save_compressed, information }, 20);
    unlink(path);
}

Test(failures_files, a_file_read)
{
    try_every_failure(&(struct trial){ save_before, load }, 15);
    try_every_failure(&(struct trial){ save_before, resume }, 15);
    try_every_failure(&(struct trial){ save_before, information }, 15);
    unlink(path);
}

/* Slots were dropped, and the first of them is used again: a save packs the generations of the rest again. */
static void retire(struct stage *stage)
{
    pecs_entity entities[100];
    populate(stage);
    for (int i = 0; i < 3; i++) {
        must(pecs_world_spawn(stage->world, NULL, 0, 100, entities) == PECS_OK);
        must(pecs_world_despawn(stage->world, entities + i, 100 - (size_t)i) == PECS_OK);
        must(pecs_world_compact(stage->world, NULL) == PECS_OK);
    }
    must(pecs_world_spawn(stage->world, NULL, 0, 1, NULL) == PECS_OK);
}

static void retire_and_save(struct stage *stage)
{
    retire(stage);
    stage->snapshot = take(stage->world);
    must(pecs_world_save(stage->world, path, &quick, NULL) == PECS_OK);
}

Test(failures_files, retired_slots)
{
    try_every_failure(&(struct trial){ retire, save_world }, 12);
    try_every_failure(&(struct trial){ retire_and_save, load }, 17);
    try_every_failure(&(struct trial){ retire_and_save, resume }, 17);
    try_every_failure(&(struct trial){ retire_and_save, information }, 17);
    unlink(path);
}

/* All of the file's types are unknown to the registry. */
static pecs_status load_unknown(struct stage *stage)
{
    pecs_snapshot *snapshot = NULL;
    pecs_registry *registry = NULL;
    const pecs_registry_desc desc = { .allocator = counting_hooks };
    (void)stage;
    pecs_status status = pecs_registry_create(&desc, &registry, NULL);
    if (!status)
        status = pecs_snapshot_load(registry, path, NULL, &snapshot, NULL);
    must(!status == (snapshot != NULL));
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
    return status;
}

Test(failures_files, a_file_of_unknown_types_read)
{
    try_every_failure(&(struct trial){ save_before, load_unknown }, 25);
    unlink(path);
}

/* Streams. */

struct bucket {
    uint8_t bytes[65536];
    size_t size;
    unsigned abort_count, commit_count;
};

static pecs_status bucket_write(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    struct bucket *bucket = user;
    (void)error;
    for (size_t i = 0; i < span_count; i++) {
        must(spans[i].size_bytes <= sizeof(bucket->bytes) - bucket->size);
        memcpy(bucket->bytes + bucket->size, spans[i].data, spans[i].size_bytes);
        bucket->size += spans[i].size_bytes;
    }
    return PECS_OK;
}

static pecs_status bucket_commit(void *user, pecs_error *error)
{
    (void)error;
    ((struct bucket *)user)->commit_count++;
    return PECS_OK;
}

static void bucket_abort(void *user)
{
    ((struct bucket *)user)->abort_count++;
}

/* A few bytes at a time. */
static pecs_status bucket_read(void *user, void *bytes, size_t size_bytes, size_t *ret_size, pecs_error *error)
{
    struct bucket *bucket = user;
    (void)error;
    *ret_size = size_bytes < bucket->size ? size_bytes : bucket->size;
    memcpy(bytes, bucket->bytes, *ret_size);
    bucket->size -= *ret_size;
    memmove(bucket->bytes, bucket->bytes + *ret_size, bucket->size);
    return PECS_OK;
}

static pecs_status save_stream(struct stage *stage)
{
    static struct bucket bucket;
    const pecs_sink sink = { .write = bucket_write, .commit = bucket_commit, .abort = bucket_abort, .user = &bucket };
    pecs_error error = { .status = PECS_OK };
    bucket = (struct bucket){ .size = 0 };
    const pecs_status status = pecs_snapshot_save_to(stage->snapshot, &sink, NULL, &error);
    must(error.status == status && bucket.commit_count == !status && bucket.abort_count <= !!status);
    return status;
}

static pecs_status save_memory(struct stage *stage)
{
    void *bytes = NULL;
    size_t size = 0;
    const pecs_status status = pecs_snapshot_save_memory(stage->snapshot, NULL, &bytes, &size, NULL);
    must(!status == (bytes != NULL) && !status == (size != 0));
    pecs_memory_release(bytes);
    return status;
}

Test(failures_files, a_snapshot_saved_to_streams)
{
    try_every_failure(&(struct trial){ save_before, save_stream }, 8);
    try_every_failure(&(struct trial){ save_before, save_memory }, 8);
    unlink(path);
}

static struct bucket filled;

/* The file in a stream of unknown size. */
static pecs_source fill_bucket(void)
{
    FILE *file = fopen(path, "rb");
    must(file != NULL);
    filled.size = fread(filled.bytes, 1, sizeof(filled.bytes), file);
    fclose(file);
    must(filled.size > 0 && filled.size < sizeof(filled.bytes));
    return (pecs_source){ .read = bucket_read, .user = &filled };
}

static pecs_status load_stream(struct stage *stage)
{
    pecs_snapshot *snapshot = NULL;
    const pecs_source source = fill_bucket();
    const pecs_status status = pecs_snapshot_load_from(stage->registry, &source, NULL, &snapshot, NULL);
    keep(stage, status, snapshot);
    return status;
}

static pecs_status load_memory(struct stage *stage)
{
    pecs_snapshot *snapshot = NULL;
    (void)fill_bucket();
    const pecs_status status =
        pecs_snapshot_load_memory(stage->registry, filled.bytes, filled.size, NULL, &snapshot, NULL);
    keep(stage, status, snapshot);
    return status;
}

static pecs_status information_of_stream(struct stage *stage)
{
    pecs_info *info = NULL;
    (void)stage;
    const pecs_source source = fill_bucket();
    const pecs_status status = pecs_file_info_from(&source, &counting_hooks, NULL, &info, NULL);
    must(!status == (info != NULL));
    pecs_info_destroy(info);
    return status;
}

Test(failures_files, a_stream_read)
{
    try_every_failure(&(struct trial){ save_before, load_stream }, 16);
    try_every_failure(&(struct trial){ save_before, load_memory }, 15);
    try_every_failure(&(struct trial){ save_before, information_of_stream }, 16);
    unlink(path);
}

/* Values that mean nothing. */

static void save_rough(struct stage *stage)
{
    const pecs_save_options rough = { .skip_sync = true, .skip_check = true };
    populate_and_share(stage);
    spawn_one(stage->world, (pecs_value[]){ PECS_VALUE_AS(LINK, Link, 1, { 1000, 1 }, { { 0, 0 } }) }, 1);
    must(pecs_world_save(stage->world, path, &rough, NULL) == PECS_OK);
}

static pecs_status check_values(struct stage *stage)
{
    pecs_error error = { .status = PECS_OK };
    const pecs_status status = pecs_view_check(pecs_world_view(stage->world), NULL, NULL, &error);
    must(status && error.status == status);
    return status == PECS_E_INVALID ? PECS_OK : status;
}

static pecs_status load_and_mend(struct stage *stage)
{
    pecs_snapshot *snapshot = NULL;
    const pecs_load_options options = { .repair = pecs_repair_invalid };
    const pecs_status status = pecs_snapshot_load(stage->registry, path, &options, &snapshot, NULL);
    must(!status == (snapshot != NULL));
    pecs_snapshot_release(snapshot);
    return status;
}

Test(failures_files, values_checked_and_mended)
{
    try_every_failure(&(struct trial){ save_rough, check_values }, 1);
    try_every_failure(&(struct trial){ save_rough, load_and_mend }, 15);
    unlink(path);
}

/* Differences. */

static void go_on(struct stage *stage)
{
    populate_and_share(stage);
    for (int i = 0; i < 5; i++)
        spawn_position(stage->world, 100);
    spawn_one(stage->world, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1);
    must(pecs_world_set_meta_text(stage->world, "level", "ten") == PECS_OK);
}

static bool count_change(void *user, const pecs_change *change)
{
    (void)change;
    ++*(uint64_t *)user;
    return true;
}

static pecs_status compare(struct stage *stage)
{
    uint64_t count = 0;
    const pecs_status status =
        pecs_view_diff(pecs_snapshot_view(stage->snapshot), pecs_world_view(stage->world), count_change, &count);
    must(status || count == 6);
    return status;
}

static pecs_status compare_by_handle(struct stage *stage)
{
    uint64_t count = 0;
    const pecs_status status = pecs_view_diff_by_handle(pecs_snapshot_view(stage->snapshot),
                                                        pecs_world_view(stage->world), count_change, &count);
    must(status || count == 6);
    return status;
}

Test(failures_files, two_views_compared)
{
    try_every_failure(&(struct trial){ go_on, compare_by_handle }, 2);
    try_every_failure(&(struct trial){ go_on, compare }, 2);
}
