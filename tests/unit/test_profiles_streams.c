/*
 * Compressed saves through sinks and sources that fail at any place, end early, or give steps of any size; each write
 * of a sink is what stream.h says of it.
 */
#include "stream_fixture.h"

static const pecs_save_options fast = { .skip_sync = true, .profile = PECS_PROFILE_FAST };

/* The file of the fixture, compressed. */
static void set_up(void)
{
    stream_set_up_rows(30000);
    free(saved.bytes);
    cr_assert_eq(pecs_snapshot_save(snapshot, "world.pecs", &fast, NULL), PECS_OK);
    saved = read_bytes("world.pecs");
}

TestSuite(profiles_streams, .init = set_up, .fini = stream_tear_down, .timeout = 280);

static pecs_status save(struct gather *gather, pecs_error *error)
{
    const pecs_sink sink = gather_sink(gather);
    const pecs_status status = pecs_snapshot_save_to(snapshot, &sink, &fast, error);
    must(status || (gather->commit_count == 1 && gather->abort_count == 0));
    return status;
}

Test(profiles_streams, a_sink_gets_the_bytes_of_a_file)
{
    struct gather gather = { .bytes = NULL };
    pecs_error error;
    cr_assert_eq(save(&gather, &error), PECS_OK, "%s", error.message);
    cr_assert(gather.begin_count == 1 && gather.is_unbounded);
    cr_assert_eq(gather.size, saved.size);
    cr_assert_eq(memcmp(gather.bytes, saved.bytes, saved.size), 0);
    free(gather.bytes);
}

/* Each write in turn. */
Test(profiles_streams, a_write_that_fails_aborts_once)
{
    size_t failed_count = 0;
    for (size_t at = 0; at < saved.size; at += at < 300 ? 1 : 97) {
        struct gather gather = { .fail_after = at, .fail_status = PECS_E_IO, .explains = at % 2 };
        pecs_error error = { .status = PECS_OK };
        cr_assert_eq(save(&gather, at % 3 ? &error : NULL), PECS_E_IO);
        cr_assert(gather.abort_count == 1 && gather.commit_count == 0, "at byte %zu", at);
        cr_assert_eq(memcmp(gather.bytes, saved.bytes, gather.size), 0);
        if (at % 3)
            cr_assert_str_eq(error.message, at % 2 ? "the bucket is full" : "write of the sink returned IO");
        free(gather.bytes);
        failed_count++;
    }
    cr_assert_gt(failed_count, 350);
}

Test(profiles_streams, begin_and_commit_that_fail)
{
    struct gather begun = { .begin_status = PECS_E_LIMIT }, written = { .commit_status = PECS_E_IO, .explains = true };
    pecs_error error;
    cr_assert_eq(save(&begun, &error), PECS_E_LIMIT);
    cr_assert(begun.write_count == 0 && begun.commit_count == 0 && begun.abort_count == 0);
    cr_assert_eq(save(&written, &error), PECS_E_IO);
    cr_assert(written.commit_count == 1 && written.abort_count == 1 && error.os_error == ENOSPC);
    free(begun.bytes);
    free(written.bytes);
}

Test(profiles_streams, every_kind_of_source_in_steps_of_any_size)
{
    const size_t steps[] = { 1, 4093, 0 };
    for (int kind = 0; kind < KIND_COUNT; kind++)
        for (size_t i = 0; i < 3; i++)
            for (uint32_t threads = 1; threads <= 4; threads += 3) {
                const pecs_load_options options = { .thread_count = threads };
                struct feed feed = feed_of(saved.bytes, saved.size);
                pecs_error error;
                feed.step = steps[i];
                cr_assert_eq(load_feed(&feed, (enum feed_kind)kind, &options, &error), PECS_OK, "%s", error.message);
            }
}

Test(profiles_streams, a_source_that_fails)
{
    for (size_t at = 0; at < saved.size; at += at < 200 ? 13 : 997)
        for (int kind = 0; kind < KIND_COUNT; kind++) {
            const pecs_load_options options = { .thread_count = 1 + at % 3 };
            struct feed feed = feed_of(saved.bytes, saved.size);
            pecs_error error = { .message = "" };
            feed.step = 6400;
            feed.fail_at = at;
            feed.fail_status = PECS_E_IO;
            feed.explains = true;
            cr_assert_eq(load_feed(&feed, (enum feed_kind)kind, &options, &error), PECS_E_IO);
            cr_assert(error.os_error == ECONNRESET && strcmp(error.message, "the line is dead") == 0);
        }
}

Test(profiles_streams, a_stream_that_is_cut_is_refused)
{
    for (size_t size = 0; size < saved.size; size += size < 300 || size > saved.size - 100 ? 1 : 1009)
        for (int kind = 0; kind < KIND_COUNT; kind++) {
            struct feed feed = feed_of(saved.bytes, size);
            pecs_error error;
            cr_assert_eq(load_feed(&feed, (enum feed_kind)kind, NULL, &error), PECS_E_CORRUPT);
            cr_assert_str_eq(error.rule, size < 128 ? "FILE-2" : "FOOTER-1");
        }
}

/* A changed byte anywhere is found, in a file and from every kind of source. */
Test(profiles_streams, damage_is_found_as_in_a_file)
{
    for (size_t at = 0; at < saved.size; at += 487) {
        pecs_error expected, found;
        pecs_snapshot *loaded = NULL;
        saved.bytes[at] ^= 1;
        write_bytes("bad.pecs", saved.bytes, saved.size);
        cr_assert_neq(pecs_snapshot_load(registry, "bad.pecs", NULL, &loaded, &expected), PECS_OK, "byte %zu", at);
        for (int kind = 0; kind < KIND_COUNT; kind++) {
            struct feed feed = feed_of(saved.bytes, saved.size);
            cr_assert_eq(load_feed(&feed, (enum feed_kind)kind, NULL, &found), expected.status);
            cr_assert_str_eq(found.rule, expected.rule);
            cr_assert_eq(found.offset, expected.offset);
        }
        saved.bytes[at] ^= 1;
    }
}

/* The limit is on the file and on what it holds: 30,000 rows of handle, index and Position, and what the fixture adds.
 */
Test(profiles_streams, max_bytes)
{
    const uint64_t held = 30000 * (8 + 16 + 12);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        struct feed feed = feed_of(saved.bytes, saved.size);
        pecs_load_options options = { .limits.max_bytes = held + 4096 };
        cr_assert_eq(load_feed(&feed, (enum feed_kind)kind, &options, NULL), PECS_OK, "%s", kind_names[kind]);
        options.limits.max_bytes = held - 4096;
        feed = feed_of(saved.bytes, saved.size);
        cr_assert_eq(load_feed(&feed, (enum feed_kind)kind, &options, NULL), PECS_E_LIMIT, "%s", kind_names[kind]);
        options.limits.max_bytes = saved.size - 1;
        feed = feed_of(saved.bytes, saved.size);
        cr_assert_eq(load_feed(&feed, (enum feed_kind)kind, &options, NULL), PECS_E_LIMIT, "%s", kind_names[kind]);
    }
}
