/*
 * Plugins that fail, lie or are cancelled, and memory that runs out: a clear status, nothing is published, nothing
 * leaks.
 */
#define _GNU_SOURCE
#include "fault_calls.h"
#include "manager_fixture.h"

TestSuite(manager_faults, .init = manager_set_up, .fini = manager_tear_down);

/* What the next function of the toy returns, after it did its work. */
static pecs_status returned;
static pecs_error explained;

static pecs_status save_returns(const pecs_plugin_context *context, const pecs_snapshot *from, const pecs_sink *sink,
                                pecs_error *why)
{
    must(toy_save_all(context, from, sink, why) == PECS_OK);
    *why = explained;
    return returned;
}

static pecs_status load_returns(const pecs_plugin_context *context, const pecs_source *source, pecs_builder *builder,
                                pecs_error *why)
{
    must(toy_load_all(context, source, builder, why) == PECS_OK);
    *why = explained;
    return returned;
}

static void refuse_both(pecs_status status, const char *of_save, const char *of_load)
{
    toy.save = save_returns;
    toy.load = load_returns;
    refuse_save(status, of_save);
    refuse_load("good.toy", status, of_load);
}

Test(manager_faults, errors_have_the_plugin_in_front)
{
    save_as("good.toy");
    returned = PECS_E_CORRUPT;
    explained = (pecs_error){ .status = PECS_E_CORRUPT, .offset = 9, .rule = "TOY-3", .message = "line 3 is bad" };
    refuse_both(PECS_E_CORRUPT, "toy: line 3 is bad", "toy: line 3 is bad");
    cr_assert_str_eq(error.rule, "TOY-3");
    cr_assert_eq(error.offset, 9);
    memset(explained.message, 'x', sizeof(explained.message)); /* without an end */
    cr_assert_eq(pecs_manager_save(manager, snapshot, "b.toy", &quickly, &error), PECS_E_CORRUPT);
    cr_assert_eq(strlen(error.message), sizeof(error.message) - 1);
}

Test(manager_faults, a_status_without_its_error_names_the_function)
{
    save_as("good.toy");
    returned = PECS_E_LIMIT;
    explained = (pecs_error){ .status = PECS_OK, .message = "nothing" };
    refuse_both(PECS_E_LIMIT, "toy: save returned LIMIT", "toy: load returned LIMIT");
    explained.status = PECS_E_IO;
    refuse_both(PECS_E_LIMIT, "toy: save returned LIMIT", "toy: load returned LIMIT");
}

Test(manager_faults, a_number_that_is_no_status)
{
    save_as("good.toy");
    returned = (pecs_status)99;
    explained = (pecs_error){ .status = (pecs_status)99, .message = "nothing" };
    refuse_both(PECS_E_MISUSE, "toy: save returned 99, which is no status",
                "toy: load returned 99, which is no status");
    returned = (pecs_status)-1;
    refuse_both(PECS_E_MISUSE, "toy: save returned 4294967295, which is no status",
                "toy: load returned 4294967295, which is no status");
}

/* Plugins that break the rules of save. */

static pecs_status save_nothing(const pecs_plugin_context *context, const pecs_snapshot *from, const pecs_sink *sink,
                                pecs_error *why)
{
    (void)context, (void)from;
    return sink->write(sink->user, NULL, 0, why);
}

static pecs_status save_null(const pecs_plugin_context *context, const pecs_snapshot *from, const pecs_sink *sink,
                             pecs_error *why)
{
    const pecs_bytes hole = { NULL, 5 };
    (void)context, (void)from;
    cr_assert_eq(sink->write(sink->user, &hole, 1, why), PECS_E_MISUSE);
    cr_assert_eq(toy_write(sink, "TOY1", 4, why), PECS_E_MISUSE, "it goes on");
    return PECS_OK;
}

static uint64_t begun_bytes;
static pecs_status save_begun(const pecs_plugin_context *context, const pecs_snapshot *from, const pecs_sink *sink,
                              pecs_error *why)
{
    (void)context, (void)from;
    (void)!sink->begin(sink->user, begun_bytes, why);
    (void)!toy_write(sink, "TOY1", 4, why);
    return PECS_OK;
}

static pecs_status save_begins_late(const pecs_plugin_context *context, const pecs_snapshot *from,
                                    const pecs_sink *sink, pecs_error *why)
{
    (void)context, (void)from;
    must(toy_write(sink, "TOY1", 4, why) == PECS_OK);
    cr_assert_eq(sink->begin(sink->user, 4, why), PECS_E_MISUSE);
    return why->status;
}

static pecs_status save_begins_twice(const pecs_plugin_context *context, const pecs_snapshot *from,
                                     const pecs_sink *sink, pecs_error *why)
{
    (void)context, (void)from;
    must(sink->begin(sink->user, 0, why) == PECS_OK);
    cr_assert_eq(sink->begin(sink->user, 4, why), PECS_E_MISUSE);
    return PECS_OK;
}

Test(manager_faults, saves_that_break_the_contract)
{
    toy.save = save_nothing;
    refuse_save(PECS_E_MISUSE, "toy: save returned OK and wrote nothing");
    toy.save = save_null;
    refuse_save(PECS_E_MISUSE, "toy: save wrote a span that is NULL, or more than the 0 bytes it began with");
    toy.save = save_begins_late;
    refuse_save(PECS_E_MISUSE, "toy: save began its sink twice, or after a write");
    toy.save = save_begins_twice;
    refuse_save(PECS_E_MISUSE, "toy: save began its sink twice, or after a write");
    toy.save = save_begun;
    save_as("good.toy"); /* of a size that is not known */
    begun_bytes = 3;
    refuse_save(PECS_E_MISUSE, "toy: save wrote a span that is NULL, or more than the 3 bytes it began with");
    begun_bytes = 5;
    refuse_save(PECS_E_MISUSE, "toy: save wrote 4 of the 5 bytes it began with");
    begun_bytes = 4;
    save_as("good.toy");
}

/* The sink's failure ends the save, though the plugin writes on and returns PECS_OK. */
static pecs_status save_stubbornly(const pecs_plugin_context *context, const pecs_snapshot *from, const pecs_sink *sink,
                                   pecs_error *why)
{
    static const char many[100000];
    (void)context, (void)from;
    for (int i = 0; i < 10; i++) {
        const pecs_status status = toy_write(sink, many, sizeof(many), why);
        must(i < 4 ? !status : status == PECS_E_IO && why->os_error == ENOSPC);
    }
    return PECS_OK;
}

Test(manager_faults, a_sink_that_fails)
{
    struct gather gather = { .fail_after = 400000, .fail_status = PECS_E_IO, .explains = true };
    pecs_sink sink = gather_sink(&gather);
    sink.begin = NULL;
    gather.begin_count = 1;
    gather.bytes = malloc(gather.capacity = 1000000);
    toy.save = save_stubbornly;
    cr_assert_eq(pecs_manager_save_to(manager, snapshot, &sink, NULL, &error), PECS_E_IO);
    cr_assert_str_eq(error.message, "toy: the bucket is full");
    must(gather.abort_count == 1 && gather.commit_count == 0);
    free(gather.bytes);
    gather = (struct gather){ .begin_status = PECS_E_BUSY };
    sink.begin = gather_begin;
    toy.save = NULL;
    cr_assert_eq(pecs_manager_save_to(manager, snapshot, &sink, NULL, &error), PECS_E_BUSY);
    cr_assert_str_eq(error.message, "toy: begin of the sink returned BUSY");
    must(gather.abort_count == 0 && gather.write_count == 0);
    free(gather.bytes);
    gather = (struct gather){ .begin_count = 1, .commit_status = PECS_E_IO };
    gather.capacity = 4 + 499 * sizeof(struct toy_row);
    gather.bytes = malloc(gather.capacity);
    sink.begin = NULL;
    cr_assert_eq(pecs_manager_save_to(manager, snapshot, &sink, NULL, &error), PECS_E_IO);
    cr_assert_str_eq(error.message, "toy: commit of the sink returned IO");
    must(gather.abort_count == 1 && gather.commit_count == 1);
    free(gather.bytes);
}

/* Plugins that break the rules of load. */

static pecs_status load_finishes(const pecs_plugin_context *context, const pecs_source *source, pecs_builder *builder,
                                 pecs_error *why)
{
    pecs_snapshot *own;
    must(toy_load_all(context, source, builder, why) == PECS_OK);
    must(pecs_builder_finish(builder, &own, why) == PECS_OK);
    pecs_snapshot_release(own);
    return PECS_OK;
}

static pecs_status load_read_null(const pecs_plugin_context *context, const pecs_source *source, pecs_builder *builder,
                                  pecs_error *why)
{
    size_t count = 7;
    (void)context, (void)builder;
    must(source->size && source->read_at && !source->map);
    cr_assert_eq(source->read_at(source->user, 9984, &count, 1, &count, why), PECS_E_MISUSE);
    cr_assert_eq(source->read(source->user, &count, 1, &count, why), PECS_E_MISUSE, "it goes on");
    return PECS_OK;
}

static pecs_status load_invalid(const pecs_plugin_context *context, const pecs_source *source, pecs_builder *builder,
                                pecs_error *why)
{
    const Link link = { 1, { 5, 5 }, { none, none } };
    const pecs_value value = { LINK, sizeof(link), &link };
    (void)context, (void)source;
    return pecs_builder_add(builder, &(pecs_rows){ &value, 1, 1, NULL, NULL }, NULL, why);
}

Test(manager_faults, loads_that_break_the_contract)
{
    save_as("good.toy");
    toy.load = load_finishes;
    refuse_load("good.toy", PECS_E_MISUSE, "toy: the builder is finished");
    toy.load = load_read_null;
    refuse_load("good.toy", PECS_E_MISUSE, "toy: load called read_at with NULL, or beyond the end");
    toy.load = load_invalid;
    pecs_snapshot *loaded = NULL;
    cr_assert_eq(pecs_manager_load(manager, registry, "good.toy", NULL, &loaded, &error), PECS_E_INVALID);
    cr_assert_eq(strncmp(error.message, "toy: {Link}, row 0", 18), 0, "%s", error.message);
    cr_assert_null(loaded);
}

/* Plugins that call the manager. */

static const pecs_plugin guest = { .name = "guest", .version = 1, .save = toy_save };
static pecs_status from_inside[3];

static void use_manager(void)
{
    from_inside[0] = pecs_manager_register(manager, &guest, NULL);
    from_inside[1] = pecs_manager_unregister(manager, "toy", NULL);
    from_inside[2] = pecs_manager_unregister(manager, "guest", NULL);
}

static pecs_status save_uses_manager(const pecs_plugin_context *context, const pecs_snapshot *from,
                                     const pecs_sink *sink, pecs_error *why)
{
    use_manager();
    toy.save = NULL;
    must(pecs_manager_save(manager, from, "inner.toy", &quickly, why) == PECS_OK);
    return toy_save_all(context, from, sink, why);
}

static uint32_t bid_uses_manager(void *user, const void *bytes, size_t size)
{
    (void)user, (void)bytes, (void)size;
    use_manager();
    return 1;
}

static pecs_status create_uses_manager(void *user, void **ret_instance, pecs_error *why)
{
    (void)ret_instance, (void)why;
    use_manager();
    must(!pecs_manager_find(manager, "host") && pecs_manager_count(manager) == 1);
    *(pecs_status *)user = pecs_manager_unregister(manager, "host", NULL);
    return PECS_OK;
}

static void expect_from_inside(pecs_status of_toy)
{
    cr_assert_eq(from_inside[0], PECS_OK);
    cr_assert_eq(from_inside[1], of_toy);
    cr_assert_eq(from_inside[2], PECS_OK);
}

Test(manager_faults, plugins_that_register_others)
{
    toy.save = save_uses_manager;
    save_as("outer.toy");
    must(same_bytes("outer.toy", "inner.toy"));
    expect_from_inside(PECS_E_BUSY);
    static pecs_status of_host;
    static const pecs_plugin host = { .name = "host",
                                      .version = 1,
                                      .load = toy_load,
                                      .bid = bid_uses_manager,
                                      .create = create_uses_manager,
                                      .user = &of_host };
    cr_assert_eq(pecs_manager_register(manager, &host, &error), PECS_OK, "%s", error.message);
    expect_from_inside(PECS_OK); /* no operation was under way */
    cr_assert_eq(of_host, PECS_E_BUSY);
    cr_assert_eq(pecs_manager_choose(manager, "x", 1, NULL), &host);
    expect_from_inside(PECS_E_ABSENT);
}

/* Progress. */

struct watch {
    unsigned calls[PECS_PHASE_WRITE + 1];
    uint64_t last[PECS_PHASE_WRITE + 1], total[PECS_PHASE_WRITE + 1];
    unsigned cancel_at; /* this call, counted from 1, returns false */
    unsigned count;
};

static bool watch(void *user, pecs_phase phase, uint64_t done, uint64_t total)
{
    struct watch *seen = user;
    must(!seen->cancel_at || seen->count < seen->cancel_at); /* not called again after a cancel */
    seen->calls[phase]++;
    must(done >= seen->last[phase]);
    seen->last[phase] = done;
    seen->total[phase] = total;
    return ++seen->count != seen->cancel_at;
}

static pecs_status save_large(const pecs_plugin_context *context, const pecs_snapshot *from, const pecs_sink *sink,
                              pecs_error *why)
{
    static const char many[1000];
    pecs_status status = toy_write(sink, "TOY1", 4, why);
    (void)context, (void)from;
    for (int i = 0; i < 4000; i++) {
        const pecs_status next = toy_write(sink, many, sizeof(many), why);
        must(!status || (next == status && why->status == status));
        status = next;
    }
    return PECS_OK; /* in any case */
}

static pecs_status load_stubbornly(const pecs_plugin_context *context, const pecs_source *source, pecs_builder *builder,
                                   pecs_error *why)
{
    size_t size;
    (void)context, (void)builder;
    free(toy_read_all(source, &size, why));
    return PECS_OK; /* in any case */
}

/* The manager reports for a plugin that does not, and cancels one that goes on. */
Test(manager_faults, progress_of_a_silent_plugin)
{
    struct watch seen = { .count = 0 };
    pecs_manager_options options = { .save = &unsynced, .progress = watch, .user = &seen };
    toy.save = save_large;
    toy.load = load_stubbornly;
    must(pecs_manager_save(manager, snapshot, "large.toy", &options, &error) == PECS_OK);
    cr_assert_eq(seen.calls[PECS_PHASE_WRITE], 3);
    cr_assert_eq(seen.count, 3);
    cr_assert_eq(seen.total[PECS_PHASE_WRITE], 0);
    pecs_snapshot_release(load_as("large.toy", &options));
    cr_assert_eq(seen.calls[PECS_PHASE_READ], 3);
    cr_assert_eq(seen.total[PECS_PHASE_READ], 4000004);
    for (unsigned nth = 1; nth <= 3; nth++) {
        seen = (struct watch){ .cancel_at = nth };
        refuse_save_by(&options, PECS_E_CANCELLED, "toy: cancelled");
        seen = (struct watch){ .cancel_at = nth };
        refuse_load_by("large.toy", &options, PECS_E_CANCELLED, "toy: cancelled");
        cr_assert_eq(seen.count, nth);
    }
}

static pecs_status save_reports(const pecs_plugin_context *context, const pecs_snapshot *from, const pecs_sink *sink,
                                pecs_error *why)
{
    cr_assert_eq(pecs_plugin_progress(context, (pecs_phase)0, 1, 2), PECS_E_MISUSE);
    cr_assert_eq(pecs_plugin_progress(context, (pecs_phase)4, 1, 2), PECS_E_MISUSE);
    for (uint64_t i = 0; i < 5; i++)
        (void)!pecs_plugin_progress(context, PECS_PHASE_WRITE, i, 4); /* and does not look */
    return save_large(context, from, sink, why);
}

static pecs_status load_reports(const pecs_plugin_context *context, const pecs_source *source, pecs_builder *builder,
                                pecs_error *why)
{
    const pecs_status status = toy_load_all(context, source, builder, why);
    (void)!pecs_plugin_progress(context, PECS_PHASE_READ, 2, 2);
    (void)!pecs_plugin_progress(context, PECS_PHASE_BUILD, 1, 3);
    return status;
}

Test(manager_faults, progress_that_a_plugin_reports)
{
    struct watch seen = { .count = 0 };
    const pecs_manager_options options = { .save = &unsynced, .progress = watch, .user = &seen };
    save_as("good.toy");
    toy.save = save_reports;
    toy.load = load_reports;
    must(pecs_manager_save(manager, snapshot, "a.toy", &options, &error) == PECS_OK);
    cr_assert_eq(seen.count, 5);
    pecs_snapshot_release(load_as("good.toy", &options));
    cr_assert_eq(seen.calls[PECS_PHASE_READ], 1);
    cr_assert_eq(seen.calls[PECS_PHASE_BUILD], 1);
    cr_assert_eq(seen.total[PECS_PHASE_BUILD], 3);
    for (unsigned nth = 1; nth <= 5; nth++) {
        seen = (struct watch){ .cancel_at = nth };
        refuse_save_by(&options, PECS_E_CANCELLED, "toy: cancelled");
        seen = (struct watch){ .cancel_at = nth < 3 ? nth : 2 };
        refuse_load_by("good.toy", &options, PECS_E_CANCELLED, "toy: cancelled");
    }
    const pecs_plugin_context alone = { .user = NULL }; /* of a program that calls a plugin itself */
    cr_assert_eq(pecs_plugin_progress(&alone, PECS_PHASE_WRITE, 1, 2), PECS_OK);
}

Test(manager_faults, progress_of_pecs_files)
{
    struct watch seen = { .count = 0 };
    pecs_manager_options options = { .plugin = "pecs", .save = &unsynced, .progress = watch, .user = &seen };
    must(pecs_manager_save(manager, snapshot, "a.pecs", &options, &error) == PECS_OK);
    cr_assert_gt(seen.calls[PECS_PHASE_WRITE], 0);
    cr_assert_eq(seen.last[PECS_PHASE_WRITE], saved.size);
    cr_assert_eq(seen.total[PECS_PHASE_WRITE], saved.size);
    pecs_snapshot_release(load_as("a.pecs", &options));
    cr_assert_gt(seen.calls[PECS_PHASE_READ], 0);
    seen = (struct watch){ .cancel_at = 1 };
    refuse_save_by(&options, PECS_E_CANCELLED, "pecs: cancelled");
    seen = (struct watch){ .cancel_at = 1 };
    refuse_load_by("a.pecs", &options, PECS_E_CANCELLED, "pecs: cancelled");
}

/* Memory. */

Test(manager_faults, memory_runs_out)
{
    static const char *const paths[] = { "a.toy", "a.pecs" };
    uint64_t failures = 0;
    for (int i = 0; i < 2; i++) {
        write_bytes("before", "old", 3);
        for (int verb = 0; verb < 2; verb++) {
            pecs_status status = PECS_E_MEMORY;
            for (uint64_t nth = 1; status; nth++, failures++) {
                const uint64_t live_count = counting.live_count;
                pecs_snapshot *loaded = NULL;
                counting.fail_at = counting.call_count + nth;
                status = verb ? pecs_manager_load(manager, registry, paths[i], NULL, &loaded, &error)
                              : pecs_manager_save(manager, snapshot, paths[i], &quickly, &error);
                counting.fail_at = 0;
                must(status == PECS_OK || (status == PECS_E_MEMORY && error.status == status));
                must(status == PECS_OK || verb || access(paths[i], F_OK) != 0);
                pecs_snapshot_release(loaded);
                must(verb || counting.live_count == live_count);
            }
        }
    }
    cr_assert_geq(failures, 30);
    cr_assert_eq(file_count(), 4);
}

static pecs_status take_bytes(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *why)
{
    struct bytes_taken {
        char bytes[1 << 16];
        size_t size;
    } *taken = user;
    (void)why;
    for (size_t i = 0; i < span_count; i++) {
        must(taken->size + spans[i].size_bytes <= sizeof(taken->bytes));
        memcpy(taken->bytes + taken->size, spans[i].data, spans[i].size_bytes);
        taken->size += spans[i].size_bytes;
    }
    return PECS_OK;
}

Test(manager_faults, memory_runs_out_for_streams)
{
    static struct {
        char bytes[1 << 16];
        size_t size;
    } taken;
    const pecs_sink sink = { .write = take_bytes, .user = &taken };
    const pecs_manager_options toys = { .plugin = "toy" };
    for (int verb = 0; verb < 2; verb++) {
        pecs_status status = PECS_E_MEMORY;
        for (uint64_t nth = 1; status; nth++) {
            pecs_snapshot *loaded = NULL;
            const pecs_bytes bytes = { taken.bytes, taken.size };
            const pecs_source source = pecs_source_for_memory(&bytes);
            taken.size = verb ? taken.size : 0;
            counting.fail_at = counting.call_count + nth;
            status = verb ? pecs_manager_load_from(manager, registry, &source, &toys, &loaded, &error)
                          : pecs_manager_save_to(manager, snapshot, &sink, &toys, &error);
            counting.fail_at = 0;
            must(status == PECS_OK || (status == PECS_E_MEMORY && error.status == status));
            pecs_snapshot_release(loaded);
        }
    }
}

Test(manager_faults, memory_runs_out_for_a_manager)
{
    pecs_manager *other = NULL;
    pecs_status status = PECS_E_MEMORY;
    for (uint64_t nth = 1; status; nth++) {
        counting.fail_at = counting.call_count + nth;
        status = pecs_manager_create(&counting_hooks, &other, &error);
        counting.fail_at = 0;
        must(status == PECS_OK || (status == PECS_E_MEMORY && !other));
    }
    counting.fail_at = counting.call_count + 1;
    cr_assert_eq(pecs_manager_register(other, &toy_plugin, &error), PECS_E_MEMORY);
    counting.fail_at = 0;
    cr_assert_eq(pecs_manager_count(other), 0);
    cr_assert_eq(pecs_manager_register(other, &toy_plugin, &error), PECS_OK);
    pecs_manager_destroy(other);
}

/* The system. */

struct failing {
    uint64_t number; /* this call fails; 0: none */
    unsigned sync_count;
};

static void fail_one(void *user, struct fault_event *event)
{
    struct failing *failing = user;
    failing->sync_count += event->call == FAULT_fsync;
    if (event->number == failing->number)
        event->os_error = EIO;
}

/* A save by any plugin with each of its system calls failing: the old file or the new one, whole. */
Test(manager_faults, each_system_call_of_a_save_fails_once)
{
    save_as("new.toy");
    uint64_t call_count = 1, refused = 0;
    for (uint64_t number = 1; number <= call_count; number++) {
        struct failing failing = { .number = number };
        write_bytes("a.toy", "old", 3);
        fault_watch(&(struct fault_hooks){ .before = fail_one, .user = &failing });
        const pecs_status status = pecs_manager_save(manager, snapshot, "a.toy", NULL, &error);
        call_count = fault_unwatch();
        must(status == PECS_OK || (status == PECS_E_IO && error.os_error == EIO));
        must(status == PECS_OK || strncmp(error.message, "toy: ", 5) == 0);
        const bool is_new = same_bytes("a.toy", "new.toy");
        const struct file_bytes file = read_bytes("a.toy");
        must(is_new || (status && file.size == 3 && memcmp(file.bytes, "old", 3) == 0));
        must(!(is_new && status) || strstr(error.message, "published, but perhaps not durable"));
        free(file.bytes);
        refused += status != PECS_OK;
    }
    cr_assert_geq(refused, 5);
}

Test(manager_faults, skip_sync_is_honoured)
{
    for (int synced = 0; synced < 2; synced++) {
        struct failing failing = { .number = 0 };
        fault_watch(&(struct fault_hooks){ .before = fail_one, .user = &failing });
        const pecs_status status = pecs_manager_save(manager, snapshot, "a.toy", synced ? NULL : &quickly, &error);
        fault_unwatch();
        must(status == PECS_OK);
        cr_assert_eq(failing.sync_count, synced ? 2 : 0, "of the file and of its folder");
    }
}
