/* Saving into sinks: the bytes of a file, in order; one commit, or one abort whatever fails; and saving into memory. */
#include "stream_fixture.h"

TestSuite(sink, .init = stream_set_up, .fini = stream_tear_down);

static pecs_status save(struct gather *gather, const pecs_save_options *options, pecs_error *error)
{
    const pecs_sink sink = gather_sink(gather);
    const pecs_status status = pecs_snapshot_save_to(snapshot, &sink, options, error);
    must(gather->commit_count + gather->abort_count <= 2);
    must(status || (gather->commit_count == 1 && gather->abort_count == 0));
    return status;
}

static void expect_saved(const struct gather *gather)
{
    cr_assert_eq(gather->size, saved.size);
    cr_assert_eq(memcmp(gather->bytes, saved.bytes, saved.size), 0);
}

Test(sink, gets_the_bytes_of_a_file)
{
    struct gather gather = { .bytes = NULL };
    pecs_error error;
    cr_assert_eq(save(&gather, NULL, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(gather.capacity, saved.size);
    cr_assert_eq(gather.begin_count, 1);
    expect_saved(&gather);
    free(gather.bytes);
}

Test(sink, all_but_write_are_optional)
{
    struct gather gather = { .bytes = malloc(saved.size), .capacity = saved.size, .begin_count = 1 };
    const pecs_sink sink = { .write = gather_write, .user = &gather };
    cr_assert_eq(pecs_snapshot_save_to(snapshot, &sink, NULL, NULL), PECS_OK);
    expect_saved(&gather);
    gather.size = 0;
    gather.fail_status = PECS_E_CANCELLED;
    cr_assert_eq(pecs_snapshot_save_to(snapshot, &sink, NULL, NULL), PECS_E_CANCELLED);
    free(gather.bytes);
}

Test(sink, options_are_those_of_a_path)
{
    const pecs_meta title = { "title", PECS_META_TEXT, "One", 3 };
    const pecs_save_options options = {
        .skip_sync = true, .wall_clock_ns = 5, .metadata = &title, .metadata_count = 1
    };
    struct gather gather = { .bytes = NULL };
    cr_assert_eq(save(&gather, &options, NULL), PECS_OK);
    cr_assert_eq(pecs_snapshot_save(snapshot, "titled.pecs", &options, NULL), PECS_OK);
    const struct file_bytes titled = read_bytes("titled.pecs");
    cr_assert(titled.size == gather.size && memcmp(titled.bytes, gather.bytes, titled.size) == 0);
    free(titled.bytes);
    free(gather.bytes);
}

/* Wherever a write fails. */
Test(sink, a_write_that_fails_aborts_once)
{
    for (size_t at = 0; at < saved.size; at += at < 300 ? 1 : 97) {
        struct gather gather = { .fail_after = at, .fail_status = PECS_E_IO, .explains = at % 2 };
        pecs_error error = { .status = PECS_OK };
        cr_assert_eq(save(&gather, NULL, at % 3 ? &error : NULL), PECS_E_IO);
        cr_assert(gather.abort_count == 1 && gather.commit_count == 0, "at byte %zu", at);
        cr_assert_eq(memcmp(gather.bytes, saved.bytes, gather.size), 0);
        if (at % 3)
            cr_assert_str_eq(error.message, at % 2 ? "the bucket is full" : "write of the sink returned IO");
        free(gather.bytes);
    }
}

Test(sink, a_begin_that_fails_is_all_that_is_called)
{
    struct gather gather = { .begin_status = PECS_E_LIMIT };
    pecs_error error;
    cr_assert_eq(save(&gather, NULL, &error), PECS_E_LIMIT);
    cr_assert_str_eq(error.message, "begin of the sink returned LIMIT");
    cr_assert(gather.write_count == 0 && gather.commit_count == 0 && gather.abort_count == 0);
    free(gather.bytes);
}

Test(sink, a_commit_that_fails_aborts_too)
{
    struct gather gather = { .commit_status = PECS_E_IO, .explains = true };
    pecs_error error;
    cr_assert_eq(save(&gather, NULL, &error), PECS_E_IO);
    cr_assert(gather.commit_count == 1 && gather.abort_count == 1);
    cr_assert_eq(error.status, PECS_E_IO);
    cr_assert_eq(error.os_error, ENOSPC);
    cr_assert_eq(error.offset, 7);
    cr_assert_null(error.rule);
    cr_assert_str_eq(error.message, "the bucket is full");
    free(gather.bytes);
}

static bool stop_at_once(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    (void)user, (void)done_bytes, (void)total_bytes;
    return false;
}

Test(sink, a_save_that_is_cancelled_aborts)
{
    const pecs_save_options options = { .progress = stop_at_once };
    struct gather gather = { .bytes = NULL };
    cr_assert_eq(save(&gather, &options, NULL), PECS_E_CANCELLED);
    cr_assert(gather.abort_count == 1 && gather.commit_count == 0);
    free(gather.bytes);
}

/* Before begin nothing is called: neither for what is wrong with the call, nor for memory. */
Test(sink, what_fails_before_begin_calls_nothing)
{
    const pecs_meta twice[2] = { { "title", PECS_META_TEXT, "One", 3 }, { "title", PECS_META_TEXT, "One", 3 } };
    const pecs_save_options options = { .metadata = twice, .metadata_count = 2 };
    struct gather gather = { .bytes = NULL };
    cr_assert_eq(save(&gather, &options, NULL), PECS_E_MISUSE);
    cr_assert_eq(gather.begin_count, 0);
    counting.fail_at = counting.call_count + 1;
    cr_assert_eq(save(&gather, NULL, NULL), PECS_E_MEMORY);
    cr_assert(gather.begin_count == 0 && gather.abort_count == 0);
}

static pecs_snapshot *snapshot_with_an_invalid_value(void)
{
    pecs_world *world = world_of(registry, snapshot, 0);
    spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(LINK, Link, 1, { 5000, 1 }, { { 0, 0 }, { 0, 0 } }) }, 1);
    pecs_snapshot *invalid = take(world);
    pecs_world_destroy(world);
    return invalid;
}

Test(sink, an_invalid_value_aborts)
{
    pecs_snapshot *invalid = snapshot_with_an_invalid_value();
    struct gather gather = { .bytes = NULL };
    const pecs_sink sink = gather_sink(&gather);
    void *const untouched = &gather;
    void *bytes = untouched;
    size_t size = 77;
    cr_assert_eq(pecs_snapshot_save_to(invalid, &sink, NULL, NULL), PECS_E_INVALID);
    cr_assert(gather.abort_count == 1 && gather.commit_count == 0);
    cr_assert_eq(pecs_snapshot_save_memory(invalid, NULL, &bytes, &size, NULL), PECS_E_INVALID);
    cr_assert(bytes == untouched && size == 77);
    pecs_snapshot_release(invalid);
    free(gather.bytes);
}

/* Many spans in one write: tables whose columns are large enough to go out from where they lie, and some that are not.
 */
Test(sink, spans_of_many_tables)
{
    pecs_world *world = world_of(registry, NULL, 7);
    for (unsigned i = 0; i < 16; i++) {
        pecs_value values[4];
        size_t count = 0;
        for (unsigned bit = 0; bit < 4; bit++)
            if (i >> bit & 1)
                values[count++] = (pecs_value){ bit, fixture_types[bit]->size, NULL };
        must(pecs_world_spawn(world, values, count, i % 3 ? 10 : 30000, NULL) == PECS_OK);
    }
    pecs_snapshot_release(snapshot);
    snapshot = take(world);
    save_world(world, "world.pecs");
    pecs_world_destroy(world);
    free(saved.bytes);
    saved = read_bytes("world.pecs");
    struct gather gather = { .bytes = NULL };
    cr_assert_eq(save(&gather, NULL, NULL), PECS_OK);
    expect_saved(&gather);
    cr_assert_geq(gather.write_count, saved.size / (4 * 1024 * 1024));
    free(gather.bytes);
}

static pecs_status write_and_look(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    pecs_snapshot *loaded = NULL;
    (void)spans, (void)span_count;
    must(pecs_view_hash(pecs_snapshot_view(snapshot)) == saved_hash);
    must(pecs_snapshot_load_memory(registry, saved.bytes, saved.size, NULL, &loaded, error) == PECS_OK);
    pecs_snapshot_release(loaded);
    ++*(int *)user;
    return PECS_OK;
}

Test(sink, may_call_the_library)
{
    int count = 0;
    const pecs_sink sink = { .write = write_and_look, .user = &count };
    cr_assert_eq(pecs_snapshot_save_to(snapshot, &sink, NULL, NULL), PECS_OK);
    cr_assert_gt(count, 0);
}

/* Memory. */

static void expect_memory(size_t expected_size)
{
    void *bytes = NULL;
    size_t size = 0;
    pecs_error error;
    cr_assert_eq(pecs_snapshot_save_memory(snapshot, NULL, &bytes, &size, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(size, expected_size);
    cr_assert_eq((uintptr_t)bytes % 64, 0);
    cr_assert_eq(memcmp(bytes, saved.bytes, size), 0);
    memset(bytes, 0x55, size); /* it is the caller's */
    pecs_memory_release(bytes);
}

Test(sink, memory_has_the_bytes_of_a_file)
{
    const uint64_t live_count = counting.live_count;
    expect_memory(saved.size);
    cr_assert_eq(counting.live_count, live_count);
}

Test(sink, large_memory)
{
    pecs_snapshot_release(snapshot);
    free(saved.bytes);
    pecs_world *world = make_mixed_world(600000);
    snapshot = take(world);
    save_world(world, "world.pecs");
    pecs_world_destroy(world);
    saved = read_bytes("world.pecs");
    cr_assert_gt(saved.size, 8 * 1024 * 1024);
    expect_memory(saved.size);
}

/* What is left when all else is gone is the memory, and what it needs to be released. */
Test(sink, memory_outlives_its_registry)
{
    void *bytes = NULL;
    size_t size = 0;
    cr_assert_eq(pecs_snapshot_save_memory(snapshot, NULL, &bytes, &size, NULL), PECS_OK);
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
    snapshot = NULL;
    registry = NULL;
    cr_assert_gt(counting.live_count, 0);
    cr_assert_eq(memcmp(bytes, saved.bytes, size), 0);
    pecs_memory_release(bytes);
    cr_assert_eq(counting.live_count, 0);
    pecs_memory_release(NULL);
}

/* Undo: states as files in memory, of which any can be loaded after the others are gone. */
Test(sink, memory_loads_again)
{
    void *bytes = NULL;
    size_t size = 0;
    pecs_snapshot *loaded = NULL;
    cr_assert_eq(pecs_snapshot_save_memory(snapshot, NULL, &bytes, &size, NULL), PECS_OK);
    cr_assert_eq(pecs_snapshot_load_memory(registry, bytes, size, NULL, &loaded, NULL), PECS_OK);
    pecs_memory_release(bytes);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(loaded)), saved_hash);
    pecs_snapshot_release(loaded);
}
