/*
 * As test_failures.c, for compressed saves and what is read from them: each allocation fails once, and all from each
 * one on. The old file stays, and nothing leaks.
 */
#include "contents_fixture.h"

#include <pecs/stream.h>

TestSuite(failures_profiles, .timeout = 280);

enum { LONG_BYTES = 4 * 1024 * 1024 + 100, POSITION_COUNT = 20000, OLD_COUNT = 3 };
static const pecs_component_profile of_positions = { Position_component, PECS_PROFILE_OFF };
static pecs_save_options options; /* of the trials that follow */
static uint32_t thread_count;

/* Positions that hardly get smaller, so that the file is mapped, and names. */
static void populate(struct stage *stage)
{
    static Position positions[POSITION_COUNT];
    for (uint32_t i = 0; i < POSITION_COUNT; i++)
        positions[i] = (Position){ (float)mix_u64(i), (float)mix_u64(i + 77777), (float)i };
    must(pecs_world_spawn(stage->world, (pecs_value[]){ PECS_ROWS(Position, positions) }, 1, POSITION_COUNT, NULL) ==
         PECS_OK);
    for (int i = 0; i < 32; i++)
        stage->entities[i] = spawn_name(stage->world, i % 3 ? "a name" : "");
    must(pecs_world_set_id(stage->world, stage->entities[4], (pecs_id){ { 1, 2, 3 } }) == PECS_OK);
    must(pecs_world_set_meta_text(stage->world, "level", "seven") == PECS_OK);
}

static void populate_and_share(struct stage *stage)
{
    populate(stage);
    stage->snapshot = take(stage->world);
}

/* Contents of one entity that are too many for a block, and nothing else. */
static void populate_long(struct stage *stage)
{
    char *text = malloc(LONG_BYTES);
    memset(text, 'l', LONG_BYTES);
    const pecs_bytes bytes = { text, LONG_BYTES };
    const Name name = { 1, pecs_string_from(&bytes) };
    spawn_one(stage->world, (pecs_value[]){ PECS_ROWS(Name, &name) }, 1);
    free(text);
    stage->snapshot = take(stage->world);
}

static void populate_attachments(struct stage *stage)
{
    static char bytes[300000];
    populate(stage);
    must(pecs_world_attach(stage->world, "map", PECS_ARRAY(bytes)) == PECS_OK);
    stage->snapshot = take(stage->world);
}

static void save_populated(struct stage *stage)
{
    pecs_error error;
    populate_attachments(stage);
    cr_assert_eq(pecs_snapshot_save(stage->snapshot, "world.pecs", &options, &error), PECS_OK, "%s", error.message);
}

static void save_long(struct stage *stage)
{
    populate_long(stage);
    must(pecs_snapshot_save(stage->snapshot, "world.pecs", &options, NULL) == PECS_OK);
}

/* What was saved before is there, or what is saved now. */
static pecs_status save(struct stage *stage)
{
    pecs_error error = { .status = PECS_OK };
    pecs_info *info = NULL;
    write_bytes("world.pecs", "old", OLD_COUNT);
    const pecs_status status = pecs_snapshot_save(stage->snapshot, "world.pecs", &options, &error);
    counting.fail_at = 0;
    must(error.status == status && file_count() == 1);
    const pecs_status found = pecs_file_info("world.pecs", NULL, NULL, &info, NULL);
    must(found == (status ? PECS_E_CORRUPT : PECS_OK));
    must(status || info->entity_count == summary_of(pecs_snapshot_view(stage->snapshot)).entity_count);
    const struct file_bytes file = read_bytes("world.pecs");
    must(!status || (file.size == OLD_COUNT && memcmp(file.bytes, "old", OLD_COUNT) == 0));
    free(file.bytes);
    pecs_info_destroy(info);
    return status;
}

static pecs_status save_from_world(struct stage *stage)
{
    pecs_error error = { .status = PECS_OK };
    const pecs_status status = pecs_world_save(stage->world, "world.pecs", &options, &error);
    must(error.status == status && file_count() == !status);
    unlink("world.pecs");
    return status;
}

static pecs_status drop_write(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    (void)spans, (void)span_count, (void)error;
    ++*(uint64_t *)user;
    return PECS_OK;
}

static pecs_status save_stream(struct stage *stage)
{
    uint64_t write_count = 0;
    const pecs_sink sink = { .write = drop_write, .user = &write_count };
    const pecs_status status = pecs_snapshot_save_to(stage->snapshot, &sink, &options, NULL);
    must(status || write_count > 0);
    return status;
}

static pecs_status save_memory(struct stage *stage)
{
    void *bytes = NULL;
    size_t size = 0;
    const pecs_status status = pecs_snapshot_save_memory(stage->snapshot, &options, &bytes, &size, NULL);
    must(!status == (bytes != NULL) && !status == (size != 0));
    pecs_memory_release(bytes);
    return status;
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
    const pecs_load_options how = { .thread_count = thread_count };
    pecs_snapshot *snapshot = NULL;
    const pecs_status status = pecs_snapshot_load(stage->registry, "world.pecs", &how, &snapshot, NULL);
    keep(stage, status, snapshot);
    return status;
}

static pecs_status resume(struct stage *stage)
{
    const pecs_resume_options how = { .thread_count = thread_count };
    pecs_snapshot *snapshot = NULL;
    const pecs_status status = pecs_snapshot_resume(stage->registry, "world.pecs", &how, &snapshot, NULL);
    keep(stage, status, snapshot);
    return status;
}

static pecs_status load_memory(struct stage *stage)
{
    pecs_snapshot *snapshot = NULL;
    const struct file_bytes file = read_bytes("world.pecs");
    const pecs_status status = pecs_snapshot_load_memory(stage->registry, file.bytes, file.size, NULL, &snapshot, NULL);
    keep(stage, status, snapshot);
    free(file.bytes);
    return status;
}

static pecs_status information(struct stage *stage)
{
    pecs_info *info = NULL;
    (void)stage;
    const pecs_status status = pecs_file_info("world.pecs", &counting_hooks, NULL, &info, NULL);
    must(!status == (info != NULL));
    pecs_info_destroy(info);
    return status;
}

/* Without the entities that have names, and without the positions of all others. */
static bool wants_positions(void *user, const pecs_type *const *types, size_t type_count, uint64_t entity_count)
{
    (void)user, (void)type_count;
    must(entity_count > 0);
    return types[0] == &Position_type;
}

static const pecs_type *const of_names[] = { &Name_type };
static const pecs_part parts[] = { { .types = of_names, .type_count = 1, .wants_table = wants_positions },
                                   { .types = of_names, .type_count = 1 },
                                   { .wants_table = wants_positions, .attachments = true } };
static const pecs_part *part; /* of the trials that follow */

static void keep_part(struct stage *stage, pecs_status status, pecs_snapshot *snapshot)
{
    must(!status == (snapshot != NULL));
    if (status)
        return;
    pecs_snapshot_release(stage->taken);
    stage->taken = snapshot;
    check_state(snapshot);
    must(summary_of(pecs_snapshot_view(snapshot)).entity_count == POSITION_COUNT + (part->wants_table ? 0 : 32));
}

static pecs_status load_part(struct stage *stage)
{
    const pecs_load_options how = { .thread_count = thread_count, .part = part };
    pecs_snapshot *snapshot = NULL;
    const pecs_status status = pecs_snapshot_load(stage->registry, "world.pecs", &how, &snapshot, NULL);
    keep_part(stage, status, snapshot);
    return status;
}

static pecs_status resume_part(struct stage *stage)
{
    const pecs_resume_options how = { .thread_count = thread_count, .part = part };
    pecs_snapshot *snapshot = NULL;
    const pecs_status status = pecs_snapshot_resume(stage->registry, "world.pecs", &how, &snapshot, NULL);
    keep_part(stage, status, snapshot);
    return status;
}

/* A snapshot over the file, some of which is mapped, is verified and saved again. */
static pecs_status verify(struct stage *stage)
{
    must(stage->taken != NULL);
    return pecs_snapshot_verify(stage->taken, NULL, NULL, NULL);
}

static void save_and_resume(struct stage *stage)
{
    save_populated(stage);
    must(resume(stage) == PECS_OK);
}

/* `way`: all compressed, or Positions as they are. */
static void set_options(pecs_profile profile, int way, uint32_t threads)
{
    make_stage_registry = contents_registry;
    thread_count = threads;
    options = (pecs_save_options){ .skip_sync = true, .profile = profile, .thread_count = threads };
    options.component_profiles = &of_positions;
    options.component_profile_count = (size_t)way;
}

/* All compressed on one thread, and on three with Positions as they are. */
static void try_in_ways(void (*prepare)(struct stage *stage), pecs_status (*edit)(struct stage *stage), uint64_t least)
{
    for (int way = 0; way < 2; way++) {
        set_options(PECS_PROFILE_FAST, way, 1 + 2 * (uint32_t)way);
        try_every_failure(&(struct trial){ prepare, edit }, least);
    }
}

static void set_up(void)
{
    enter_folder();
}

static void strike(void)
{
    leave_folder();
}

Test(failures_profiles, a_save_over_another, .init = set_up, .fini = strike)
{
    try_in_ways(populate_and_share, save, 20);
}

Test(failures_profiles, a_world_saved, .init = set_up, .fini = strike)
{
    set_options(PECS_PROFILE_SMALL, 1, 1);
    try_every_failure(&(struct trial){ populate, save_from_world }, 20);
}

Test(failures_profiles, a_save_with_attachments, .init = set_up, .fini = strike)
{
    set_options(PECS_PROFILE_FAST, 0, 2);
    try_every_failure(&(struct trial){ populate_attachments, save }, 20);
}

Test(failures_profiles, saves_to_streams, .init = set_up, .fini = strike)
{
    try_in_ways(populate_and_share, save_stream, 20);
    try_in_ways(populate_and_share, save_memory, 20);
}

Test(failures_profiles, large_contents, .init = set_up, .fini = strike)
{
    set_options(PECS_PROFILE_FAST, 0, 1);
    try_every_failure(&(struct trial){ populate_long, save }, 15);
    try_every_failure(&(struct trial){ save_long, resume }, 15);
    try_every_failure(&(struct trial){ save_long, load }, 15);
}

Test(failures_profiles, a_resume, .init = set_up, .fini = strike)
{
    try_in_ways(save_populated, resume, 20);
}

Test(failures_profiles, a_load, .init = set_up, .fini = strike)
{
    try_in_ways(save_populated, load, 20);
    try_in_ways(save_populated, load_memory, 20);
}

Test(failures_profiles, a_part, .init = set_up, .fini = strike)
{
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        part = &parts[i];
        try_in_ways(save_populated, load_part, 20);
        try_in_ways(save_populated, resume_part, 20);
        set_options(PECS_PROFILE_OFF, 0, 1);
        try_every_failure(&(struct trial){ save_populated, load_part }, 20);
        try_every_failure(&(struct trial){ save_populated, resume_part }, 20);
    }
}

Test(failures_profiles, information_and_verify, .init = set_up, .fini = strike)
{
    try_in_ways(save_populated, information, 15);
    set_options(PECS_PROFILE_FAST, 1, 1);
    try_every_failure(&(struct trial){ save_and_resume, verify }, 1);
}
