/*
 * Loading from sources: of every kind, in steps of any size, and of sources that fail, end early, give too much or lie
 * about their size. Nothing leaks (load_feed), and limits hold before memory is taken.
 */
#include "stream_fixture.h"

TestSuite(stream, .init = stream_set_up, .fini = stream_tear_down);

static void expect_fault(struct feed *feed, enum feed_kind kind, const pecs_load_options *options, pecs_status status,
                         const char *rule, uint64_t offset)
{
    pecs_error error = { .message = "" };
    cr_assert_eq(load_feed(feed, kind, options, &error), status, "%s: %s", kind_names[kind], error.message);
    cr_assert_eq(error.status, status);
    if (!rule)
        return;
    cr_assert_str_eq(error.rule, rule, "%s: %s", kind_names[kind], error.message);
    cr_assert_eq(error.offset, offset, "%s: %s at %lu", kind_names[kind], error.message, (unsigned long)error.offset);
}

Test(stream, every_kind_in_steps_of_any_size)
{
    const size_t steps[] = { 1, 7, 4096, 0 };
    for (int kind = 0; kind < KIND_COUNT; kind++)
        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
            struct feed feed = feed_of(saved.bytes, saved.size);
            pecs_error error;
            feed.step = steps[i];
            cr_assert_eq(load_feed(&feed, (enum feed_kind)kind, NULL, &error), PECS_OK, "%s", error.message);
            cr_assert_leq(feed.size_count, 1);
        }
}

/* So large that a stream takes many pieces, and a load has several. */
Test(stream, a_large_file)
{
    pecs_snapshot_release(snapshot);
    free(saved.bytes);
    pecs_world *world = make_mixed_world(1000000);
    snapshot = take(world);
    save_world(world, "world.pecs");
    pecs_world_destroy(world);
    saved = read_bytes("world.pecs");
    saved_hash = pecs_view_hash(pecs_snapshot_view(snapshot));
    const pecs_load_options options = { .thread_count = 3 };
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        struct feed feed = feed_of(saved.bytes, saved.size);
        feed.step = 1000003;
        const uint64_t live_bytes = counting.live_bytes;
        counting.peak_bytes = counting.live_bytes;
        cr_assert_eq(load_feed(&feed, (enum feed_kind)kind, &options, NULL), PECS_OK, "%s", kind_names[kind]);
        const uint64_t bound = kind == ONE_WAY ? 2 * saved.size + saved.size / 2 : saved.size + saved.size / 8;
        cr_assert_lt(counting.peak_bytes - live_bytes, bound, "%s takes %lu bytes", kind_names[kind],
                     (unsigned long)(counting.peak_bytes - live_bytes));
    }
}

/* Memory of the system grows where it is, from some size on, and shrinks in the end. */
Test(stream, a_large_file_into_memory_of_the_system)
{
    const size_t row_counts[] = { 40000, 100000, 200000, 600000 }, steps[] = { 997, 65536, 2097152, 0 };
    pecs_registry *mixed = registry;
    registry = make_registry(fixture_types, FIXTURE_TYPE_COUNT, (pecs_allocator){ 0 });
    for (size_t i = 0; i < 4; i++) {
        pecs_world *world = make_mixed_world(row_counts[i]);
        void *bytes;
        size_t size;
        pecs_snapshot *taken = take(world), *loaded;
        must(pecs_snapshot_save_memory(taken, NULL, &bytes, &size, NULL) == PECS_OK);
        for (size_t k = 0; k < 4; k++) {
            struct feed feed = feed_of(bytes, size);
            const pecs_source source = { .read = feed_read, .user = &feed };
            pecs_error error = { .message = "" };
            feed.step = steps[k];
            const pecs_load_options bounded = { .limits.max_bytes = size };
            cr_assert_eq(pecs_snapshot_load_from(registry, &source, k % 2 ? &bounded : NULL, &loaded, &error), PECS_OK,
                         "%s", error.message);
            cr_assert_eq(pecs_view_hash(pecs_snapshot_view(loaded)), pecs_view_hash(pecs_snapshot_view(taken)));
            pecs_snapshot_release(loaded);
            const pecs_load_options short_by_one = { .limits.max_bytes = size - 1 };
            feed = feed_of(bytes, size);
            cr_assert_eq(pecs_snapshot_load_from(registry, &source, &short_by_one, &loaded, NULL), PECS_E_LIMIT);
        }
        pecs_memory_release(bytes);
        pecs_snapshot_release(taken);
        pecs_world_destroy(world);
    }
    pecs_registry_release(registry);
    registry = mixed;
}

Test(stream, the_first_that_is_there_is_used)
{
    struct feed feed = feed_of(saved.bytes, saved.size);
    pecs_source source = { feed_read, feed_size, feed_read_at, feed_map, &feed };
    pecs_snapshot *loaded = NULL;
    cr_assert_eq(pecs_snapshot_load_from(registry, &source, NULL, &loaded, NULL), PECS_OK);
    pecs_snapshot_release(loaded);
    cr_assert(feed.map_count == 1 && !feed.read_at_count && !feed.read_count);
    source.map = NULL;
    cr_assert_eq(pecs_snapshot_load_from(registry, &source, NULL, &loaded, NULL), PECS_OK);
    pecs_snapshot_release(loaded);
    cr_assert(feed.read_at_count > 0 && !feed.read_count);
    source.read_at = NULL;
    cr_assert_eq(pecs_snapshot_load_from(registry, &source, NULL, &loaded, NULL), PECS_OK);
    pecs_snapshot_release(loaded);
    cr_assert_gt(feed.read_count, 0);
}

Test(stream, a_source_that_cannot_be_read_is_misuse)
{
    struct feed feed = feed_of(saved.bytes, saved.size);
    const pecs_source sources[] = { { .size = feed_size, .user = &feed },
                                    { .read_at = feed_read_at, .user = &feed },
                                    { .read = feed_read, .map = feed_map, .user = &feed } };
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        pecs_snapshot *loaded = NULL;
        pecs_info *info = NULL;
        cr_assert_eq(pecs_snapshot_load_from(registry, &sources[i], NULL, &loaded, NULL), PECS_E_MISUSE);
        cr_assert_eq(pecs_file_info_from(&sources[i], NULL, NULL, &info, NULL), PECS_E_MISUSE);
        cr_assert(!loaded && !info);
    }
    cr_assert(!feed.read_count && !feed.read_at_count && !feed.map_count);
    const pecs_load_options is_private = { .limits.private_only = true };
    expect_fault(&feed, ONE_WAY, &is_private, PECS_E_MISUSE, NULL, 0);
}

/* With a size, the bytes behind the file are another's. */
Test(stream, no_byte_behind_the_size_is_read)
{
    const size_t size = 2 * saved.size + 100;
    uint8_t *bytes = calloc(1, size);
    memcpy(bytes, saved.bytes, saved.size);
    memcpy(bytes + saved.size, saved.bytes, saved.size);
    struct feed feed = feed_of(bytes, size);
    feed.stated_size = saved.size;
    cr_assert_eq(load_feed(&feed, SIZED, NULL, NULL), PECS_OK);
    cr_assert_eq(feed.at, saved.size);
    cr_assert_eq(load_feed(&feed, SIZED, NULL, NULL), PECS_OK);
    cr_assert_eq(feed.at, 2 * saved.size);
    expect_fault(&feed, SIZED, NULL, PECS_E_CORRUPT, "FILE-1", 100);
    free(bytes);
}

/* Wherever a stream is cut, it is no file; and that is found by the rule that a cut file breaks. */
Test(stream, a_stream_that_is_cut_is_refused)
{
    for (size_t size = 0; size < saved.size; size += size < 300 || size > saved.size - 100 ? 1 : 331) {
        for (int kind = 0; kind < KIND_COUNT; kind++) {
            struct feed feed = feed_of(saved.bytes, size);
            feed.step = 1000;
            expect_fault(&feed, (enum feed_kind)kind, NULL, PECS_E_CORRUPT, size < 128 ? "FILE-2" : "FOOTER-1",
                         size < 128 ? size : size - 64);
        }
    }
}

/* It ends before its size. A map cannot. */
Test(stream, a_source_shorter_than_its_size)
{
    for (size_t size = 0; size < saved.size; size += 997) {
        struct feed feed = feed_of(saved.bytes, size);
        pecs_error error = { .message = "" };
        feed.stated_size = saved.size;
        expect_fault(&feed, SIZED, NULL, PECS_E_CORRUPT, "FILE-1", size);
        cr_assert_eq(load_feed(&feed, POSITIONED, NULL, &error), PECS_E_CORRUPT);
        cr_assert_str_eq(error.rule, "FILE-1");
        cr_assert_geq(error.offset, size);
    }
    struct feed feed = feed_of(saved.bytes, saved.size);
    feed.stated_size = UINT64_MAX / 4; /* no memory of that size */
    cr_assert_eq(load_feed(&feed, SIZED, NULL, NULL), PECS_E_MEMORY);
    feed.stated_size = UINT64_MAX;
    cr_assert_eq(load_feed(&feed, SIZED, NULL, NULL), PECS_E_MEMORY);
    cr_assert_eq(load_feed(&feed, POSITIONED, NULL, NULL), PECS_E_MEMORY);
}

Test(stream, more_bytes_than_asked_for_are_misuse)
{
    for (int kind = 0; kind < MAPPED; kind++) {
        struct feed feed = feed_of(saved.bytes, saved.size);
        feed.exceeds = true;
        expect_fault(&feed, (enum feed_kind)kind, NULL, PECS_E_MISUSE, NULL, 0);
    }
    struct feed nothing = feed_of(NULL, 0);
    nothing.stated_size = saved.size;
    expect_fault(&nothing, MAPPED, NULL, PECS_E_MISUSE, NULL, 0);
}

Test(stream, a_source_that_fails)
{
    static const char *const expected[] = { "read of the source returned CANCELLED",
                                            "read of the source returned CANCELLED",
                                            "read_at of the source returned CANCELLED",
                                            "map of the source returned CANCELLED" };
    for (size_t at = 0; at < saved.size; at += at < 200 ? 13 : 499)
        for (int kind = 0; kind < KIND_COUNT; kind++) {
            struct feed feed = feed_of(saved.bytes, saved.size);
            pecs_error error = { .message = "" };
            feed.step = 64;
            feed.fail_at = at;
            feed.fail_status = PECS_E_IO;
            feed.explains = true;
            cr_assert_eq(load_feed(&feed, (enum feed_kind)kind, NULL, &error), PECS_E_IO);
            cr_assert_eq(error.os_error, ECONNRESET);
            cr_assert_str_eq(error.message, "the line is dead");
            feed.at = 0;
            feed.fail_status = PECS_E_CANCELLED;
            feed.explains = false;
            cr_assert_eq(load_feed(&feed, (enum feed_kind)kind, NULL, &error), PECS_E_CANCELLED);
            cr_assert_str_eq(error.message, expected[kind]);
            feed.at = 0;
            cr_assert_eq(load_feed(&feed, (enum feed_kind)kind, NULL, NULL), PECS_E_CANCELLED);
        }
    struct feed feed = feed_of(saved.bytes, saved.size);
    pecs_error error;
    feed.size_status = PECS_E_IO;
    cr_assert_eq(load_feed(&feed, SIZED, NULL, &error), PECS_E_IO);
    cr_assert_str_eq(error.message, "size of the source returned IO");
}

/* Several threads read; each may be the one that fails. */
Test(stream, a_positioned_source_that_fails_on_threads)
{
    const pecs_load_options options = { .thread_count = 4 };
    for (size_t at = 0; at < saved.size; at += 1009) {
        struct feed feed = feed_of(saved.bytes, saved.size);
        feed.fail_at = at;
        feed.fail_status = PECS_E_IO;
        feed.explains = true;
        expect_fault(&feed, POSITIONED, &options, PECS_E_IO, NULL, 0);
    }
}

Test(stream, an_empty_source)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        struct feed feed = feed_of(saved.bytes, 0);
        expect_fault(&feed, (enum feed_kind)kind, NULL, PECS_E_CORRUPT, "FILE-2", 0);
    }
}

/* The limit itself is allowed. Beyond it neither is memory taken nor is more than one byte read. */
Test(stream, max_bytes)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        struct feed feed = feed_of(saved.bytes, saved.size);
        pecs_load_options options = { .limits.max_bytes = saved.size };
        cr_assert_eq(load_feed(&feed, (enum feed_kind)kind, &options, NULL), PECS_OK, "%s", kind_names[kind]);
        feed = feed_of(saved.bytes, saved.size);
        options.limits.max_bytes = saved.size - 1;
        const uint64_t call_count = counting.call_count;
        expect_fault(&feed, (enum feed_kind)kind, &options, PECS_E_LIMIT, NULL, 0);
        cr_assert(kind == ONE_WAY || counting.call_count == call_count, "%s", kind_names[kind]);
        cr_assert(kind == ONE_WAY || (!feed.read_count && !feed.read_at_count && !feed.map_count));
        cr_assert_leq(feed.at, saved.size);
    }
}

Test(stream, a_stream_that_never_ends)
{
    const uint64_t limits[] = { 1, 100, 65536, 65537, 1000000, 40000000 };
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct feed feed = feed_of(saved.bytes, saved.size);
        const pecs_load_options options = { .limits.max_bytes = limits[i] };
        const uint64_t live_bytes = counting.live_bytes;
        feed.is_endless = true;
        counting.peak_bytes = counting.live_bytes;
        expect_fault(&feed, ONE_WAY, &options, PECS_E_LIMIT, NULL, 0);
        cr_assert_leq(counting.peak_bytes - live_bytes, limits[i] + 4096, "%lu", (unsigned long)limits[i]);
    }
}

/* A file that is refused is refused from anywhere by one rule at one place. */
Test(stream, damage_is_found_as_in_a_file)
{
    for (size_t at = 0; at < saved.size; at += 61) {
        pecs_error expected, found;
        pecs_snapshot *loaded = NULL;
        saved.bytes[at] ^= 1;
        write_bytes("bad.pecs", saved.bytes, saved.size);
        cr_assert_neq(pecs_snapshot_load(registry, "bad.pecs", NULL, &loaded, &expected), PECS_OK);
        for (int kind = 0; kind < KIND_COUNT; kind++) {
            struct feed feed = feed_of(saved.bytes, saved.size);
            cr_assert_eq(load_feed(&feed, (enum feed_kind)kind, NULL, &found), expected.status);
            cr_assert_str_eq(found.rule, expected.rule);
            cr_assert_eq(found.offset, expected.offset);
            cr_assert_str_eq(found.message, expected.message);
        }
        saved.bytes[at] ^= 1;
    }
}

/* Memory. */

Test(stream, memory_may_lie_and_change_as_it_likes)
{
    uint8_t *bytes = malloc(saved.size + 1);
    pecs_snapshot *loaded = NULL;
    memcpy(bytes + 1, saved.bytes, saved.size);
    cr_assert_eq(pecs_snapshot_load_memory(registry, bytes + 1, saved.size, NULL, &loaded, NULL), PECS_OK);
    memset(bytes, 0xee, saved.size + 1);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(loaded)), saved_hash);
    free(bytes);
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(loaded)), saved_hash);
    cr_assert_eq(pecs_snapshot_verify(loaded, NULL, NULL, NULL), PECS_OK);
    pecs_snapshot_release(loaded);
}

Test(stream, memory_that_is_not_there)
{
    pecs_snapshot *loaded = NULL;
    pecs_error error;
    cr_assert_eq(pecs_snapshot_load_memory(registry, NULL, 0, NULL, &loaded, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.rule, "FILE-2");
    cr_assert_eq(pecs_snapshot_load_memory(registry, NULL, 5, NULL, &loaded, &error), PECS_E_MISUSE);
    const pecs_source source = pecs_source_for_memory(NULL);
    cr_assert_eq(pecs_snapshot_load_from(registry, &source, NULL, &loaded, &error), PECS_E_MISUSE);
    cr_assert_null(loaded);
}

/* Information. */

static void expect_same_info(const pecs_info *a, const pecs_info *b)
{
    cr_assert(a->size_bytes == b->size_bytes && a->entity_count == b->entity_count && a->tick == b->tick);
    cr_assert(a->type_count == b->type_count && a->table_count == b->table_count && a->slot_count == b->slot_count);
    cr_assert_eq(memcmp(&a->snapshot_id, &b->snapshot_id, sizeof(a->snapshot_id)), 0);
    for (size_t i = 0; i < a->type_count; i++)
        cr_assert_str_eq(a->types[i]->name, b->types[i]->name);
    cr_assert_eq(a->metadata_count, b->metadata_count);
    for (size_t i = 0; i < a->metadata_count; i++) {
        cr_assert_str_eq(a->metadata[i].key, b->metadata[i].key);
        cr_assert_eq(memcmp(a->metadata[i].value, b->metadata[i].value, a->metadata[i].size_bytes), 0);
    }
}

Test(stream, information_of_every_kind)
{
    pecs_info *expected = NULL;
    cr_assert_eq(pecs_file_info("world.pecs", NULL, NULL, &expected, NULL), PECS_OK);
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        uint8_t *bytes = malloc(saved.size);
        memcpy(bytes, saved.bytes, saved.size);
        struct feed feed = feed_of(bytes, saved.size);
        feed.step = 300;
        const pecs_source source = feed_source(&feed, (enum feed_kind)kind);
        const uint64_t live_bytes = counting.live_bytes;
        pecs_info *info = NULL;
        cr_assert_eq(pecs_file_info_from(&source, &counting_hooks, NULL, &info, NULL), PECS_OK);
        memset(bytes, 0xee, saved.size); /* it has what it needs */
        free(bytes);
        expect_same_info(info, expected);
        cr_assert_lt(counting.live_bytes - live_bytes, saved.size, "%s: the file is kept", kind_names[kind]);
        pecs_info_destroy(info);
    }
    pecs_info_destroy(expected);
}

Test(stream, information_reads_few_bytes_where_it_can)
{
    struct feed feed = feed_of(saved.bytes, saved.size);
    const pecs_source source = feed_source(&feed, POSITIONED);
    pecs_info *info = NULL;
    cr_assert_eq(pecs_file_info_from(&source, NULL, NULL, &info, NULL), PECS_OK);
    cr_assert_lt(feed.byte_count, 4096);
    pecs_info_destroy(info);
}

Test(stream, information_of_sources_that_fail)
{
    for (size_t at = 0; at < saved.size; at += 173)
        for (int kind = 0; kind < KIND_COUNT; kind++) {
            struct feed feed = feed_of(saved.bytes, at);
            const pecs_source source = feed_source(&feed, (enum feed_kind)kind);
            const uint64_t live_count = counting.live_count;
            pecs_info *info = NULL;
            cr_assert_eq(pecs_file_info_from(&source, &counting_hooks, NULL, &info, NULL), PECS_E_CORRUPT);
            feed = feed_of(saved.bytes, saved.size);
            feed.fail_at = at;
            feed.fail_status = PECS_E_IO;
            cr_assert_eq(pecs_file_info_from(&source, &counting_hooks, NULL, &info, NULL), PECS_E_IO);
            cr_assert_null(info);
            cr_assert_eq(counting.live_count, live_count);
        }
    struct feed feed = feed_of(saved.bytes, saved.size);
    const pecs_source source = feed_source(&feed, ONE_WAY);
    const pecs_info_options small = { .limits.max_bytes = saved.size - 1 };
    pecs_info *info = NULL;
    cr_assert_eq(pecs_file_info_from(&source, NULL, &small, &info, NULL), PECS_E_LIMIT);
}
