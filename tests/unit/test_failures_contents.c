/* As test_failures.c, for strings, blobs and lists: each allocation of an edit fails once, and all from each one on. */
#include "contents_fixture.h"

TestSuite(failures_contents);

static char path[64];
static const pecs_save_options quick = { .skip_sync = true };
static char long_text[100 * 1024], long_name[5000];

/* Named entities, bags, and a singleton; the contents of 40 KiB make several pages. */
static void populate(struct stage *stage)
{
    char text[32];
    memset(long_text, 'l', sizeof(long_text) - 1);
    memset(long_name, 'n', sizeof(long_name));
    snprintf(path, sizeof(path), "/tmp/pecs-failures-contents-%ld", (long)getpid());
    for (int i = 0; i < 32; i++) {
        snprintf(text, sizeof(text), "name %d", i);
        stage->entities[i] = spawn_name(stage->world, text);
    }
    for (int i = 32; i < 48; i++) {
        const Point points[] = { { (int16_t)i, 1 }, { 2, i } };
        const pecs_bytes given = { long_text, 40 * 1024 };
        stage->entities[i] = spawn_bag(stage->world, &(Bag){ .bytes = pecs_blob_of(&given),
                                                             .points = pecs_list_of(PECS_ARRAY(points)),
                                                             .labels = { pecs_string_of("label") } });
    }
    must(!pecs_set_singleton(stage->world, Name, { 1, pecs_string_of("the world") }));
    must(!pecs_world_attach(stage->world, "map", PECS_ARRAY(long_text)));
}

static void populate_and_share(struct stage *stage)
{
    populate(stage);
    stage->snapshot = take(stage->world);
}

static void try_contents(void (*prepare)(struct stage *stage), pecs_status (*edit)(struct stage *stage), uint64_t least)
{
    make_stage_registry = contents_registry;
    try_every_failure(&(struct trial){ prepare, edit }, least);
}

static void nothing(struct stage *stage)
{
    (void)stage;
}

static pecs_status spawn_names(struct stage *stage)
{
    const Name names[] = { { 1, pecs_string_of("one") }, { 2, pecs_string_of(long_text) }, { 3, pecs_string_of("") } };
    return pecs_world_spawn(stage->world, (pecs_value[]){ PECS_ROWS(Name, names) }, 1, 3, NULL);
}

Test(failures_contents, spawn)
{
    try_contents(nothing, spawn_names, 10);
    try_contents(populate, spawn_names, 3);
    try_contents(populate_and_share, spawn_names, 8);
}

static pecs_status set_in_place(struct stage *stage)
{
    return pecs_set(stage->world, stage->entities[3], Name, { 9, pecs_string_of("another name") });
}

static pecs_status set_and_add(struct stage *stage)
{
    const Name name = { 9, pecs_string_of("a bag's name") };
    const Bag bag = { .bytes = pecs_blob_of(PECS_BYTES("1", 1)), .labels = { pecs_string_of(long_text) } };
    return pecs_world_set(stage->world, stage->entities[40],
                          (pecs_value[]){ PECS_ROWS(Name, &name), PECS_ROWS(Bag, &bag), PECS_HAS(Frozen) }, 3);
}

static pecs_status set_singleton(struct stage *stage)
{
    return pecs_set_singleton(stage->world, Bag, { .labels = { pecs_string_of("of the world") } });
}

Test(failures_contents, set)
{
    try_contents(populate_and_share, set_in_place, 6);
    try_contents(populate, set_and_add, 4);
    try_contents(populate_and_share, set_and_add, 10);
    try_contents(populate_and_share, set_singleton, 8);
}

/* Some have a name, some are listed twice, and those with bags move. */
static pecs_status set_many(struct stage *stage)
{
    enum { COUNT = 50 };
    pecs_entity entities[COUNT];
    Name names[COUNT];
    for (int i = 0; i < COUNT; i++) {
        entities[i] = stage->entities[i < 45 ? i : i - 40];
        names[i] = (Name){ (uint64_t)i, pecs_string_of(i == 44 ? long_text : "one of many") };
    }
    return pecs_world_set_many(stage->world, entities, COUNT,
                               (pecs_value[]){ PECS_ROWS(Name, names), PECS_HAS(Frozen) }, 2);
}

static pecs_status set_many_in_place(struct stage *stage)
{
    const Name names[] = { { 1, pecs_string_of("one") }, { 2, pecs_string_of(long_text) }, { 3, pecs_string_of("") } };
    return pecs_world_set_many(stage->world, stage->entities, 3, (pecs_value[]){ PECS_ROWS(Name, names) }, 1);
}

Test(failures_contents, set_many)
{
    try_contents(populate, set_many, 10);
    try_contents(populate_and_share, set_many, 20);
    try_contents(populate, set_many_in_place, 4);
    try_contents(populate_and_share, set_many_in_place, 8);
}

static pecs_status set_one_member(struct stage *stage)
{
    return pecs_set_contents(stage->world, stage->entities[33], Bag, labels[1], PECS_BYTES("set", 3));
}

static pecs_status set_large_member(struct stage *stage)
{
    return pecs_world_set_contents(stage->world, stage->entities[33], Bag_component, offsetof(Bag, bytes),
                                   PECS_ARRAY(long_text));
}

Test(failures_contents, set_contents)
{
    try_contents(populate_and_share, set_one_member, 6);
    try_contents(populate, set_large_member, 1);
    try_contents(populate_and_share, set_large_member, 7);
}

/* In place, and resized. */
static pecs_status edit_points(struct stage *stage, size_t size_bytes)
{
    void *bytes;
    const pecs_status status = pecs_world_edit_contents(stage->world, stage->entities[34], Bag_component,
                                                        offsetof(Bag, points), size_bytes, &bytes, NULL);
    if (!status)
        ((Point *)bytes)[0].y = 1234;
    return status;
}

static pecs_status edit_kept(struct stage *stage)
{
    return edit_points(stage, PECS_KEEP_SIZE);
}

static pecs_status edit_grown(struct stage *stage)
{
    return edit_points(stage, 5 * sizeof(Point));
}

static pecs_status edit_shrunk(struct stage *stage)
{
    return edit_points(stage, sizeof(Point));
}

Test(failures_contents, edit_contents)
{
    try_contents(populate_and_share, edit_kept, 6);
    try_contents(populate_and_share, edit_grown, 6);
    try_contents(populate_and_share, edit_shrunk, 6);
}

static pecs_status attach_new(struct stage *stage)
{
    return pecs_world_attach(stage->world, "script", PECS_BYTES("x = 1", 5));
}

static pecs_status attach_again(struct stage *stage)
{
    return pecs_world_attach(stage->world, "map", PECS_BYTES(long_text, 70 * 1024));
}

static pecs_status detach(struct stage *stage)
{
    return pecs_world_detach(stage->world, "map");
}

Test(failures_contents, attach)
{
    try_contents(nothing, attach_new, 4);
    try_contents(populate_and_share, attach_new, 5);
    try_contents(populate_and_share, attach_again, 5);
    try_contents(populate_and_share, detach, 3);
}

static pecs_status despawn(struct stage *stage)
{
    return pecs_world_despawn(stage->world, &stage->entities[20], 24);
}

static pecs_status remove_one(struct stage *stage)
{
    return pecs_remove(stage->world, stage->entities[2], Name);
}

static pecs_status add_one(struct stage *stage)
{
    return pecs_add(stage->world, stage->entities[2], Bag);
}

Test(failures_contents, rows_that_go_and_move)
{
    try_contents(populate_and_share, despawn, 8);
    try_contents(populate_and_share, remove_one, 8);
    try_contents(populate_and_share, add_one, 8);
}

/* Commands: recording, and applying what was recorded before. */

static pecs_status record(struct stage *stage)
{
    const pecs_status status = pecs_set(stage->commands, stage->entities[1], Name, { 5, pecs_string_of(long_text) });
    if (!status) {
        counting.fail_at = 0;
        must(!pecs_commands_apply(stage->commands, stage->world, NULL));
    }
    return status;
}

static pecs_status record_member(struct stage *stage)
{
    const pecs_status status = pecs_commands_set_contents(stage->commands, stage->entities[1], Name_component,
                                                          offsetof(Name, text), PECS_ARRAY(long_name));
    if (!status) {
        counting.fail_at = 0;
        must(!pecs_commands_apply(stage->commands, stage->world, NULL));
    }
    return status;
}

static void make_commands(struct stage *stage)
{
    populate_and_share(stage);
    must(!pecs_commands_create(stage->registry, &stage->commands));
}

static void record_all(struct stage *stage)
{
    pecs_entity spawned;
    make_commands(stage);
    pecs_commands *commands = stage->commands;
    must(!pecs_spawn(commands, &spawned, PECS_VALUE(Name, 1, pecs_string_of("spawned"))));
    must(!pecs_set(commands, stage->entities[4], Name, { 2, pecs_string_of("first") }));
    must(!pecs_set(commands, stage->entities[4], Name, { 3, pecs_string_of(long_text) }));
    must(!pecs_set(commands, stage->entities[40], Bag, { .friends = pecs_list_of(PECS_BYTES(&spawned, 8)) }));
    must(!pecs_set(commands, stage->entities[41], Name, { 4, pecs_string_of("added") }));
    must(!pecs_set_contents(commands, stage->entities[6], Name, text, PECS_ARRAY(long_name)));
    must(!pecs_set_contents(commands, stage->entities[40], Bag, bytes, PECS_ARRAY(long_text)));
    must(!pecs_set_contents(commands, stage->entities[44], Bag, friends, PECS_BYTES(&spawned, 8)));
    must(!pecs_set_contents(commands, stage->entities[7], Bag, bytes, PECS_BYTES("skipped", 7)));
    must(!pecs_remove(commands, stage->entities[42], Bag));
    must(!pecs_set(commands, stage->entities[43], Bag, { .labels = { pecs_string_of("lost") } }));
    must(!pecs_despawn(commands, stage->entities[43]));
}

/* After a failure the commands are still there: the trial applies them again. */
static pecs_status apply(struct stage *stage)
{
    return pecs_commands_apply(stage->commands, stage->world, NULL);
}

Test(failures_contents, commands)
{
    try_contents(make_commands, record, 1);
    try_contents(make_commands, record_member, 1);
    try_contents(record_all, apply, 20);
}

/* Snapshots and files. */

static void diverge(struct stage *stage)
{
    populate_and_share(stage);
    must(!set_and_add(stage) && !set_large_member(stage) && !despawn(stage));
}

static pecs_status restore(struct stage *stage)
{
    return pecs_world_restore(stage->world, stage->snapshot);
}

static pecs_status rewind_world(struct stage *stage)
{
    return pecs_world_rewind(stage->world, stage->snapshot);
}

Test(failures_contents, snapshots)
{
    try_contents(diverge, restore, 1);
    try_contents(diverge, rewind_world, 1);
}

static pecs_status save(struct stage *stage)
{
    const pecs_status status = pecs_world_save(stage->world, path, &quick, NULL);
    unlink(path);
    return status;
}

static void save_before(struct stage *stage)
{
    populate_and_share(stage);
    must(!pecs_world_save(stage->world, path, &quick, NULL));
}

static pecs_status keep(struct stage *stage, pecs_status status, pecs_snapshot *snapshot)
{
    must(!status == (snapshot != NULL));
    if (!status) {
        must(pecs_view_hash(pecs_snapshot_view(snapshot)) == pecs_view_hash(pecs_world_view(stage->world)));
        pecs_snapshot_release(stage->taken);
        stage->taken = snapshot;
    }
    return status;
}

static pecs_status load(struct stage *stage)
{
    pecs_snapshot *snapshot = NULL;
    const pecs_status status = pecs_snapshot_load(stage->registry, path, NULL, &snapshot, NULL);
    return keep(stage, status, snapshot);
}

static pecs_status resume(struct stage *stage)
{
    pecs_snapshot *snapshot = NULL;
    const pecs_status status = pecs_snapshot_resume(stage->registry, path, NULL, &snapshot, NULL);
    return keep(stage, status, snapshot);
}

/* An edit of contents that lie in an image. */
static void load_world(struct stage *stage)
{
    save_before(stage);
    pecs_snapshot_release(stage->snapshot);
    stage->snapshot = NULL;
    must(!resume(stage) && !pecs_world_restore(stage->world, stage->taken));
}

Test(failures_contents, files)
{
    try_contents(populate, save, 8);
    try_contents(save_before, load, 10);
    try_contents(save_before, resume, 10);
    try_contents(load_world, edit_kept, 5);
    try_contents(load_world, set_one_member, 5);
    unlink(path);
}

static pecs_status read_info(struct stage *stage)
{
    pecs_info *info = NULL;
    const pecs_status status = pecs_file_info(path, &counting_hooks, NULL, &info, NULL);
    (void)stage;
    must(!status == (info != NULL));
    must(status || info->contents_bytes[0] + info->contents_bytes[1] > 16 * 40 * 1024);
    pecs_info_destroy(info);
    return status;
}

Test(failures_contents, info)
{
    try_contents(save_before, read_info, 10);
    unlink(path);
}

/* A moving heap. */

/* All contents lie in the space that is left. */
static void begin_move(struct stage *stage)
{
    struct heap *heap;
    populate(stage);
    must(!edit_own_state(stage->world) && !state_own_heap(&stage->world->gate, stage->world->state, &heap));
    heap_begin_move(heap);
    stage->snapshot = take(stage->world);
}

static pecs_status advance(struct stage *stage)
{
    return pecs_world_advance(stage->world, NULL);
}

static pecs_status compact(struct stage *stage)
{
    return pecs_world_compact(stage->world, NULL);
}

Test(failures_contents, a_moving_heap)
{
    try_contents(begin_move, advance, 1);
    try_contents(begin_move, compact, 5);
    try_contents(begin_move, set_in_place, 5);
    try_contents(begin_move, remove_one, 5);
    try_contents(begin_move, despawn, 5);
}

/* What takes no memory, also while every allocation would fail. */
Test(failures_none, contents_of_a_view)
{
    struct stage stage;
    make_stage_registry = contents_registry;
    stage_set(&stage, &(struct trial){ populate_and_share, NULL });
    const pecs_view view = pecs_snapshot_view(stage.snapshot);
    Bag bag = *pecs_get(view, stage.entities[33], Bag);
    pecs_bytes bytes[8];
    const uint64_t call_count = counting.call_count;
    counting.fail_at = 1;
    counting.fail_after = true;
    must(pecs_view_contents_count(view, Bag_component) <= 8);
    must(pecs_view_give_contents(view, Bag_component, &bag, sizeof(bag), 1, bytes, 8) == PECS_OK);
    counting.fail_at = 0;
    cr_assert_eq(counting.call_count, call_count);
    must(pecs_set_ptr(stage.world, stage.entities[34], Bag, &bag) == PECS_OK);
    stage_strike(&stage);
}
