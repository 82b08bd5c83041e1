/* The manager: its list, how it chooses, and what a save and a load by a plugin are. */
#define _GNU_SOURCE
#include "manager_fixture.h"

#include <sys/stat.h>

TestSuite(manager, .init = manager_set_up, .fini = manager_tear_down);

static const pecs_plugin reader = { .name = "reader", .version = 1, .extensions = "in", .load = toy_load };
static const pecs_plugin printer = { .name = "printer", .version = 1, .extensions = "in out", .save = toy_save };

static void must_register(const pecs_plugin *plugin)
{
    cr_assert_eq(pecs_manager_register(manager, plugin, &error), PECS_OK, "%s", error.message);
}

/* The list. */

Test(manager, lists_plugins_in_order)
{
    must_register(&reader);
    cr_assert_eq(pecs_manager_count(manager), 3);
    cr_assert_eq(pecs_manager_at(manager, 0), &toy_plugin);
    cr_assert_eq(pecs_manager_at(manager, 1), pecs_binary_plugin());
    cr_assert_eq(pecs_manager_at(manager, 2), &reader);
    cr_assert_null(pecs_manager_at(manager, 3));
    cr_assert_eq(pecs_manager_find(manager, "reader"), &reader);
    cr_assert_null(pecs_manager_find(manager, "read"));
    cr_assert_eq(pecs_manager_unregister(manager, "toy", &error), PECS_OK);
    cr_assert_eq(toy.destroy_count, 1);
    cr_assert_null(pecs_manager_find(manager, "toy"));
    cr_assert_eq(pecs_manager_at(manager, 0), pecs_binary_plugin());
    cr_assert_eq(pecs_manager_count(manager), 2);
    cr_assert_eq(pecs_manager_unregister(manager, "toy", &error), PECS_E_ABSENT);
    cr_assert_str_eq(error.message, "no plugin named 'toy' is registered");
    must_register(&toy_plugin); /* again, with another instance */
    cr_assert_eq(toy.create_count, 2);
}

Test(manager, refuses_what_is_no_plugin)
{
    const pecs_plugin bad[] = {
        { .version = 1, .save = toy_save },
        { .name = "", .version = 1, .save = toy_save },
        { .name = "\xff", .version = 1, .save = toy_save },
        { .name = "new", .save = toy_save },
        { .name = "new", .version = 1 },
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_eq(pecs_manager_register(manager, &bad[i], &error), PECS_E_MISUSE, "%zu", i);
    cr_assert_eq(pecs_manager_register(manager, &toy_plugin, &error), PECS_E_CONFLICT);
    cr_assert_str_eq(error.message, "a plugin named 'toy' is registered");
    cr_assert_eq(pecs_manager_count(manager), 2);
    const pecs_allocator half = { counting_allocate, NULL, &counting };
    pecs_manager *other = NULL;
    cr_assert_eq(pecs_manager_create(&half, &other, &error), PECS_E_MISUSE);
    cr_assert_null(other);
}

static pecs_status create_nothing(void *user, void **ret_instance, pecs_error *why)
{
    const bool *explains = user;
    (void)ret_instance;
    *why = (pecs_error){ .status = *explains ? PECS_E_IO : PECS_OK, .os_error = ENOENT, .message = "no driver" };
    return PECS_E_IO;
}

Test(manager, a_plugin_that_cannot_be_created_is_not_registered)
{
    for (int i = 0; i < 2; i++) {
        static bool explains;
        explains = i;
        const pecs_plugin plugin = {
            .name = "new", .version = 1, .save = toy_save, .create = create_nothing, .user = &explains
        };
        cr_assert_eq(pecs_manager_register(manager, &plugin, &error), PECS_E_IO);
        cr_assert_str_eq(error.message, explains ? "new: no driver" : "new: create returned IO");
        cr_assert_eq(error.os_error, explains ? ENOENT : 0);
        cr_assert_null(pecs_manager_find(manager, "new"));
    }
    cr_assert_eq(pecs_manager_count(manager), 2);
}

Test(manager, has_a_default)
{
    pecs_manager *other = NULL;
    must(pecs_manager_create(NULL, &other, NULL) == PECS_OK);
    cr_assert_null(pecs_manager_default(other));
    cr_assert_eq(pecs_manager_save(other, snapshot, "a", NULL, &error), PECS_E_ABSENT);
    must(pecs_manager_register(other, &reader, NULL) == PECS_OK);
    cr_assert_null(pecs_manager_default(other), "it does not save");
    must(pecs_manager_register(other, &printer, NULL) == PECS_OK);
    must(pecs_manager_register(other, pecs_binary_plugin(), NULL) == PECS_OK);
    cr_assert_eq(pecs_manager_default(other), &printer);
    cr_assert_eq(pecs_manager_set_default(other, "pecs", NULL), PECS_OK);
    cr_assert_eq(pecs_manager_default(other), pecs_binary_plugin());
    cr_assert_eq(pecs_manager_set_default(other, "reader", &error), PECS_E_UNSUPPORTED);
    cr_assert_eq(pecs_manager_set_default(other, "toy", &error), PECS_E_ABSENT);
    cr_assert_eq(pecs_manager_default(other), pecs_binary_plugin());
    must(pecs_manager_unregister(other, "pecs", NULL) == PECS_OK);
    cr_assert_eq(pecs_manager_default(other), &printer);
    pecs_manager_destroy(other);
}

/* Choosing. */

static uint32_t bid_of_user(void *user, const void *bytes, size_t size)
{
    (void)bytes, (void)size;
    return *(const uint32_t *)user;
}

Test(manager, chooses_by_bids_then_extensions)
{
    static uint32_t high = 25, low = 23;
    static const pecs_plugin eager = {
        .name = "eager", .version = 1, .load = toy_load, .bid = bid_of_user, .user = &high
    };
    static const pecs_plugin modest = {
        .name = "modest", .version = 1, .load = toy_load, .bid = bid_of_user, .user = &low
    };
    static const pecs_plugin writer = {
        .name = "writer", .version = 1, .save = toy_save, .bid = bid_of_user, .user = &high
    };
    cr_assert_eq(pecs_manager_choose(manager, "TOY1", 4, "a.pecs"), &toy_plugin);
    cr_assert_null(pecs_manager_choose(manager, "none", 4, NULL));
    must_register(&writer);
    must_register(&modest);
    cr_assert_eq(pecs_manager_choose(manager, "TOY1", 4, NULL), &toy_plugin, "a higher bid, or one that only saves");
    high = 24;
    must_register(&eager);
    cr_assert_eq(pecs_manager_choose(manager, "TOY1", 4, NULL), &toy_plugin, "the first of equal bids");
    high = 25;
    cr_assert_eq(pecs_manager_choose(manager, "TOY1", 4, NULL), &eager);
    low = high = 0;
    cr_assert_eq(pecs_manager_choose(manager, "none", 4, "a.pecs"), pecs_binary_plugin());
    cr_assert_eq(pecs_manager_choose(manager, NULL, 0, "dir.x/a.PlayThings"), &toy_plugin);
    static const char *const others[] = { ".pecs", "a.toys", "atoy", "toy/a", "a.toy/b", "", "a.", "a. ", "a.toy " };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        cr_assert_null(pecs_manager_choose(manager, NULL, 0, others[i]), "%s", others[i]);
}

Test(manager, the_longest_extension_counts)
{
    static const pecs_plugin packed = { .name = "packed", .version = 1, .extensions = "gz tar.gz", .load = toy_load };
    static const pecs_plugin tar = { .name = "tar", .version = 1, .extensions = " r.gz  toy.gz ", .load = toy_load };
    must_register(&packed);
    must_register(&tar);
    cr_assert_eq(pecs_manager_choose(manager, NULL, 0, "a.tar.gz"), &packed);
    cr_assert_eq(pecs_manager_choose(manager, NULL, 0, "a.toy.gz"), &tar);
}

/* A save goes by a name, the extension, the default; a load by a name, the bytes, the extension. */
Test(manager, saves_and_loads_by_name_or_extension)
{
    must_register(&reader);
    must_register(&printer);
    save_as("a.toy");
    save_as("b.pecs");
    save_as("c"); /* the default */
    save_as("d.in");
    must(same_bytes("a.toy", "c") && same_bytes("b.pecs", "world.pecs") && same_bytes("a.toy", "d.in"));
    const pecs_manager_options by_name = { .plugin = "pecs", .save = &unsynced };
    cr_assert_eq(pecs_manager_save(manager, snapshot, "e.toy", &by_name, &error), PECS_OK);
    must(same_bytes("e.toy", "world.pecs"));
    pecs_snapshot *loaded = load_as("e.toy", NULL); /* its bytes are not the toy's */
    cr_assert_eq(pecs_view_hash(pecs_snapshot_view(loaded)), saved_hash);
    pecs_snapshot_release(loaded);
    write_bytes("f.in", "some", 4);
    pecs_operation done;
    loaded = load_as("f.in", &(pecs_manager_options){ .ret_operation = &done });
    cr_assert_eq(done.plugin, &reader);
    pecs_snapshot_release(loaded);
    refuse_load_by("a.toy", &(pecs_manager_options){ .plugin = "printer" }, PECS_E_UNSUPPORTED,
                   "printer: the plugin cannot load");
    refuse_load_by("a.toy", &(pecs_manager_options){ .plugin = "absent" }, PECS_E_ABSENT,
                   "no plugin named 'absent' is registered");
    write_bytes("g.txt", "some", 4);
    refuse_load("g.txt", PECS_E_ABSENT, "no plugin is registered that could load this");
    refuse_save_by(&(pecs_manager_options){ .plugin = "reader" }, PECS_E_UNSUPPORTED, "reader: the plugin cannot save");
}

static bool loads_odd_versions(void *user, uint32_t version)
{
    (void)user;
    return version % 2;
}

Test(manager, versions_are_checked_before_a_load)
{
    write_bytes("two.toy", "TOY2", 4);
    refuse_load("two.toy", PECS_E_UNSUPPORTED,
                "toy: the file has version 2 of the format, which the plugin does not load");
    write_bytes("zero.toy", "TOY0", 4); /* which says nothing */
    pecs_snapshot_release(load_as("zero.toy", NULL));
    static pecs_plugin odd;
    odd = toy_plugin;
    odd.name = "odd";
    odd.can_load_version = loads_odd_versions;
    must_register(&odd);
    const pecs_manager_options by_odd = { .plugin = "odd" };
    write_bytes("three.toy", "TOY3", 4);
    pecs_snapshot_release(load_as("three.toy", &by_odd));
    refuse_load_by("two.toy", &by_odd, PECS_E_UNSUPPORTED,
                   "odd: the file has version 2 of the format, which the plugin does not load");
    cr_assert_eq(toy.load_count, 2);
}

/* What a plugin is given. */

static const pecs_save_options *given_save;
static const pecs_load_options *given_load;

static pecs_status save_checks_context(const pecs_plugin_context *context, const pecs_snapshot *from,
                                       const pecs_sink *sink, pecs_error *why)
{
    must(context->instance == &toy && context->user == &toy && !context->load);
    must(context->save->wall_clock_ns == given_save->wall_clock_ns && !context->save->progress &&
         context->save->skip_sync && !context->save->report);
    return toy_save_all(context, from, sink, why);
}

static pecs_status load_checks_context(const pecs_plugin_context *context, const pecs_source *source,
                                       pecs_builder *builder, pecs_error *why)
{
    must(context->instance == &toy && context->user == &toy && !context->save);
    must(context->load->refuse_unknown && !context->load->progress && context->load->thread_count == 3);
    must(context->load->limits.max_types == given_load->limits.max_types);
    must(pecs_builder_registry(builder) == registry);
    return toy_load_all(context, source, builder, why);
}

static bool never_called(void *user, uint64_t done, uint64_t total)
{
    (void)user, (void)done, (void)total;
    abort();
}

Test(manager, a_plugin_gets_its_context)
{
    const pecs_save_options save = { .skip_sync = true, .wall_clock_ns = 7, .progress = never_called };
    const pecs_load_options load = {
        .refuse_unknown = true, .thread_count = 3, .limits.max_types = 9, .progress = never_called
    };
    given_save = &save;
    given_load = &load;
    toy.save = save_checks_context;
    toy.load = load_checks_context;
    const pecs_manager_options options = { .save = &save, .load = &load };
    cr_assert_eq(pecs_manager_save(manager, snapshot, "a.toy", &options, &error), PECS_OK, "%s", error.message);
    pecs_snapshot_release(load_as("a.toy", &options));
    cr_assert_eq(toy.save_count + toy.load_count, 2);
}

/* Files. */

Test(manager, a_load_makes_what_was_saved)
{
    save_as("a.toy");
    pecs_snapshot *loaded = load_as("a.toy", NULL);
    check_state(loaded);
    const pecs_view view = pecs_snapshot_view(loaded);
    cr_assert_eq(summary_of(view).entity_count, 499);
    cr_assert(pecs_view_alive(view, (pecs_entity){ 499, 1 }));
    cr_assert_not(pecs_view_alive(view, (pecs_entity){ 3, 1 }));
    pecs_snapshot_release(loaded);
}

Test(manager, paths_are_opened_as_load_does)
{
    save_as("a.toy");
    refuse_load("absent", PECS_E_IO, "cannot open absent: No such file or directory");
    write_bytes("empty.toy", "", 0);
    refuse_load("empty.toy", PECS_E_CORRUPT, "the file is empty");
    const pecs_load_options small = { .limits.max_bytes = 100 }, few = { .limits.max_entities = 498 };
    refuse_load_by("a.toy", &(pecs_manager_options){ .load = &small }, PECS_E_LIMIT,
                   "the file has 9984 bytes; the limit is 100");
    refuse_load_by("a.toy", &(pecs_manager_options){ .load = &few }, PECS_E_LIMIT,
                   "toy: the file has 499 entities; the limit is 498");
    const pecs_load_options own = { .limits.private_only = true };
    pecs_snapshot_release(load_as("a.toy", &(pecs_manager_options){ .load = &own }));
    must(chmod("a.toy", 0666) == 0);
    refuse_load_by("a.toy", &(pecs_manager_options){ .load = &own }, PECS_E_IO,
                   "others may write to a.toy: Permission denied");
}

Test(manager, a_save_replaces_the_target_of_a_link_and_keeps_its_mode)
{
    struct stat status;
    write_bytes("target.toy", "old", 3);
    must(chmod("target.toy", 0600) == 0 && symlink("target.toy", "link.toy") == 0);
    save_as("link.toy");
    must(lstat("link.toy", &status) == 0 && S_ISLNK(status.st_mode));
    must(stat("target.toy", &status) == 0 && (status.st_mode & 0777) == 0600);
    cr_assert_eq(status.st_size, 9984);
    const pecs_manager_options synced = { .plugin = NULL };
    cr_assert_eq(pecs_manager_save(manager, snapshot, "synced.toy", &synced, &error), PECS_OK, "%s", error.message);
    must(same_bytes("synced.toy", "target.toy"));
    cr_assert_eq(pecs_manager_save(manager, snapshot, "no/where.toy", &quickly, &error), PECS_E_IO);
    cr_assert_str_eq(error.message, "toy: cannot save no/where.toy: No such file or directory");
    cr_assert_eq(error.os_error, ENOENT);
}

/* Nothing was saved, so nothing is new. */
Test(manager, statistics_are_those_of_the_last_operation)
{
    pecs_operation last, done = { .size_bytes = 1 };
    pecs_manager_last(manager, &last);
    cr_assert(!last.plugin && !last.size_bytes && !last.elapsed_ns);
    const pecs_manager_options options = { .save = &unsynced, .ret_operation = &done };
    must(pecs_manager_save(manager, snapshot, "a.toy", &options, &error) == PECS_OK);
    cr_assert_eq(done.plugin, &toy_plugin);
    cr_assert_eq(done.status, PECS_OK);
    cr_assert_eq(done.size_bytes, 4 + 499 * sizeof(struct toy_row));
    cr_assert_eq(done.entity_count, 501);
    cr_assert_gt(done.elapsed_ns, 0);
    pecs_manager_last(manager, &last);
    must(memcmp(&last, &done, sizeof(last)) == 0);
    pecs_snapshot_release(load_as("a.toy", &options));
    cr_assert_eq(done.size_bytes, 4 + 499 * sizeof(struct toy_row));
    cr_assert_eq(done.entity_count, 499);
    cr_assert_eq(pecs_manager_load(manager, registry, "b.toy", &options, &(pecs_snapshot *){ NULL }, NULL), PECS_E_IO);
    cr_assert(!done.plugin && done.status == PECS_E_IO && !done.entity_count);
}

/* Streams: each kind of source gives a plugin its file from the start. */

static pecs_status gather_any(void *user, const pecs_bytes *spans, size_t count, pecs_error *why)
{
    struct gather *gather = user;
    (void)why;
    for (size_t i = 0; i < count; i++) {
        gather->bytes = realloc(gather->bytes, gather->size + spans[i].size_bytes);
        must(spans[i].size_bytes < 1024 * 1024 && gather->bytes);
        memcpy(gather->bytes + gather->size, spans[i].data, spans[i].size_bytes);
        gather->size += spans[i].size_bytes;
    }
    return PECS_OK;
}

Test(manager, streams_of_each_kind)
{
    struct gather gather = { .size = 0 };
    const pecs_sink sink = { .write = gather_any, .user = &gather };
    save_as("a.toy");
    const struct file_bytes file = read_bytes("a.toy");
    cr_assert_eq(pecs_manager_save_to(manager, snapshot, &sink, NULL, &error), PECS_OK, "%s", error.message);
    must(gather.size == file.size && memcmp(gather.bytes, file.bytes, file.size) == 0);
    for (enum feed_kind kind = 0; kind < KIND_COUNT; kind++)
        for (size_t step = 0; step < 5000; step += 777) {
            struct feed feed = feed_of(file.bytes, file.size);
            const pecs_source source = feed_source(&feed, kind);
            pecs_operation done;
            pecs_snapshot *loaded = NULL;
            feed.step = step;
            feed.is_endless = kind == SIZED; /* what follows is not read */
            const pecs_manager_options options = { .ret_operation = &done };
            cr_assert_eq(pecs_manager_load_from(manager, registry, &source, &options, &loaded, &error), PECS_OK,
                         "%s: %s", kind_names[kind], error.message);
            cr_assert_eq(summary_of(pecs_snapshot_view(loaded)).entity_count, 499, "%s", kind_names[kind]);
            cr_assert_eq(done.size_bytes, file.size);
            must(kind != SIZED || feed.at == file.size);
            pecs_snapshot_release(loaded);
        }
    free(file.bytes);
    free(gather.bytes);
}

struct refusal {
    enum feed_kind kind;
    struct feed feed; /* its bytes are those of the file */
    const pecs_load_options *load;
    pecs_status status;
    const char *message;
};

static void refuse_sources(const struct file_bytes *file, const struct refusal *refusals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct feed feed = refusals[i].feed;
        const pecs_source source = feed_source(&feed, refusals[i].kind);
        pecs_snapshot *loaded = NULL;
        feed.bytes = file->bytes;
        const pecs_manager_options options = { .load = refusals[i].load };
        cr_assert_eq(pecs_manager_load_from(manager, registry, &source, &options, &loaded, &error), refusals[i].status,
                     "%zu: %s", i, error.message);
        cr_assert_str_eq(error.message, refusals[i].message);
        cr_assert_null(loaded);
    }
}

Test(manager, sources_that_lie_are_refused)
{
    static const struct refusal refusals[] = {
        { ONE_WAY, { .size = 0 }, NULL, PECS_E_CORRUPT, "the file is empty" },
        { SIZED,
          { .size = 5000, .stated_size = 6000 },
          NULL,
          PECS_E_CORRUPT,
          "toy: the stream ended after 5000 of 6000 bytes" },
        { POSITIONED,
          { .size = 5000, .stated_size = 6000 },
          NULL,
          PECS_E_CORRUPT,
          "toy: the file ended after 5000 of 6000 bytes" },
        { POSITIONED,
          { .size = 5000, .stated_size = 5000, .exceeds = true },
          NULL,
          PECS_E_MISUSE,
          "read_at of the source gave 4097 bytes where 4096 were asked for" },
    };
    save_as("a.toy");
    const struct file_bytes file = read_bytes("a.toy");
    refuse_sources(&file, refusals, sizeof(refusals) / sizeof(refusals[0]));
    free(file.bytes);
}

Test(manager, sources_that_fail_are_refused)
{
    save_as("a.toy");
    const struct file_bytes file = read_bytes("a.toy");
    const struct refusal refusals[] = {
        { SIZED, { .size = 1, .size_status = PECS_E_IO }, NULL, PECS_E_IO, "size of the source returned IO" },
        { SIZED,
          { .size = file.size, .stated_size = file.size, .fail_at = 8000, .fail_status = PECS_E_IO },
          NULL,
          PECS_E_IO,
          "toy: read of the source returned IO" },
        { MAPPED,
          { .size = 5000, .stated_size = 5000, .fail_status = PECS_E_IO, .explains = true },
          NULL,
          PECS_E_IO,
          "the line is dead" },
    };
    refuse_sources(&file, refusals, sizeof(refusals) / sizeof(refusals[0]));
    free(file.bytes);
}

Test(manager, streams_keep_the_limits)
{
    save_as("a.toy");
    const struct file_bytes file = read_bytes("a.toy");
    const pecs_load_options own = { .limits.private_only = true }, small = { .limits.max_bytes = 9000 };
    const struct refusal refusals[] = {
        { ONE_WAY,
          { .size = file.size },
          &own,
          PECS_E_MISUSE,
          "limits.private_only is for files that are opened by a path" },
        { ONE_WAY,
          { .size = file.size },
          &small,
          PECS_E_LIMIT,
          "toy: the stream has more than 9000 bytes, which is the limit" },
    };
    refuse_sources(&file, refusals, sizeof(refusals) / sizeof(refusals[0]));
    free(file.bytes);
}
