/*
 * Updates by a plugin with `apply`: a journal, which copies its old file and appends what changed. What they promise is
 * what saves do.
 */
#define _GNU_SOURCE
#include "fault_calls.h"
#include "manager_fixture.h"

#include <pecs/diff.h>

#include <sys/stat.h>

enum { ENTITY_MAX = 1000 };

/* A file is "JNL1" and such lines; a later one of an entity counts more. */
struct journal_line {
    uint32_t is_set; /* else the entity lost its Position */
    pecs_entity entity;
    Position position;
};

typedef pecs_status apply_function(const pecs_plugin_context *context, const pecs_snapshot *before,
                                   const pecs_snapshot *after, const pecs_source *old_file, const pecs_sink *sink,
                                   pecs_error *why);
static struct {
    apply_function *apply; /* instead of journal_append */
    unsigned save_count, apply_count;
} journal;

struct journal_writer {
    const pecs_sink *sink;
    pecs_error *error;
    pecs_status status;
    pecs_view to;
};

static void journal_put(struct journal_writer *writer, pecs_entity entity, const Position *position)
{
    struct journal_line line = { .is_set = position != NULL, .entity = entity };
    if (position)
        line.position = *position;
    if (!writer->status)
        writer->status = toy_write(writer->sink, &line, sizeof(line), writer->error);
}

static pecs_status journal_save(const pecs_plugin_context *context, const pecs_snapshot *from, const pecs_sink *sink,
                                pecs_error *why)
{
    struct journal_writer writer = { sink, why, toy_write(sink, "JNL1", 4, why), pecs_snapshot_view(from) };
    const pecs_summary summary = summary_of(writer.to);
    must(context->save && context->manager && !sink->commit);
    journal.save_count++;
    for (uint32_t slot = 0; slot < summary.slot_count; slot++) {
        const pecs_entity entity = pecs_view_slot(writer.to, slot);
        const Position *position = pecs_get_as(writer.to, entity, POSITION, Position);
        if (position)
            journal_put(&writer, entity, position);
    }
    return writer.status;
}

static bool journal_note(void *user, const pecs_change *change)
{
    struct journal_writer *writer = user;
    const bool is_entity = change->kind == PECS_ENTITY_ADDED || change->kind == PECS_ENTITY_REMOVED;
    const bool is_gone = change->kind == PECS_ENTITY_REMOVED || change->kind == PECS_COMPONENT_REMOVED;
    if (!is_entity && (is_gone ? change->from_component : change->to_component) != POSITION)
        return true;
    const Position *position = is_gone ? NULL : pecs_get_as(writer->to, change->after, POSITION, Position);
    if (is_gone || position)
        journal_put(writer, is_gone ? change->before : change->after, position);
    return !writer->status;
}

static pecs_status journal_append(const pecs_plugin_context *context, const pecs_snapshot *before,
                                  const pecs_snapshot *after, const pecs_source *old_file, const pecs_sink *sink,
                                  pecs_error *why)
{
    struct journal_writer writer = { sink, why, PECS_OK, pecs_snapshot_view(after) };
    char part[1000];
    size_t count = 1;
    (void)context;
    while (!writer.status && count) {
        writer.status = old_file->read(old_file->user, part, sizeof(part), &count, why);
        if (!writer.status && count)
            writer.status = toy_write(sink, part, count, why);
    }
    if (writer.status)
        return writer.status;
    const pecs_status status = pecs_view_diff_by_handle(pecs_snapshot_view(before), writer.to, journal_note, &writer);
    return writer.status ? writer.status : status;
}

static pecs_status journal_apply(const pecs_plugin_context *context, const pecs_snapshot *before,
                                 const pecs_snapshot *after, const pecs_source *old_file, const pecs_sink *sink,
                                 pecs_error *why)
{
    must(why && context->save && !context->load && context->manager && old_file->read && old_file->read_at);
    must(sink->write && !sink->commit && !sink->abort);
    journal.apply_count++;
    return (journal.apply ? journal.apply : journal_append)(context, before, after, old_file, sink, why);
}

static pecs_status journal_load(const pecs_plugin_context *context, const pecs_source *source, pecs_builder *builder,
                                pecs_error *why)
{
    static struct journal_line last[ENTITY_MAX];
    size_t size = 0;
    uint8_t *bytes = toy_read_all(source, &size, why);
    pecs_status status = bytes ? PECS_OK : why->status;
    (void)context;
    memset(last, 0, sizeof(last));
    for (size_t at = 4; !status && at + sizeof(last[0]) <= size; at += sizeof(last[0])) {
        struct journal_line line;
        memcpy(&line, bytes + at, sizeof(line));
        must(line.entity.index < ENTITY_MAX);
        last[line.entity.index] = line;
    }
    for (uint32_t i = 0; !status && i < ENTITY_MAX; i++) {
        const pecs_value value = { POSITION, sizeof(Position), &last[i].position };
        if (last[i].is_set)
            status = pecs_builder_add(builder, &(pecs_rows){ &value, 1, 1, &last[i].entity, NULL }, NULL, why);
    }
    free(bytes);
    return status;
}

static uint32_t journal_bid(void *user, const void *bytes, size_t size)
{
    (void)user;
    return size >= 3 && memcmp(bytes, "JNL", 3) == 0 ? 24 : 0;
}

static const pecs_plugin journal_plugin = {
    .name = "journal",
    .version = 1,
    .extensions = "jnl",
    .bid = journal_bid,
    .save = journal_save,
    .load = journal_load,
    .version_of = toy_version_of,
    .apply = journal_apply,
};

static pecs_snapshot *later; /* another state of the world of `snapshot` */

static pecs_world *world_now(void)
{
    pecs_world *world = NULL;
    must(pecs_world_create(registry, snapshot, NULL, &world, &error) == PECS_OK);
    return world;
}

/* Entities die, others are born in their slots, values and components change. */
static void edit(pecs_world *world, uint32_t step)
{
    const pecs_view view = pecs_world_view(world);
    pecs_entity dead[7], moved;
    for (uint32_t i = 0; i < 7; i++)
        dead[i] = pecs_view_slot(view, 11 * step + i);
    must(pecs_world_despawn(world, dead, 7) == PECS_OK);
    for (uint32_t i = 0; i < 5; i++)
        spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, (float)step, (float)i, 0) }, 1);
    moved = pecs_view_slot(view, 300 + step);
    must(pecs_world_set(world, moved, (pecs_value[]){ PECS_VALUE_AS(POSITION, Position, 1, 2, (float)step) }, 1) ==
         PECS_OK);
    must(pecs_world_remove(world, pecs_view_slot(view, 400 + step), (pecs_component[]){ POSITION }, 1) == PECS_OK);
    must(pecs_world_set(world, moved, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 4) }, 1) == PECS_OK);
}

static void update_set_up(void)
{
    manager_set_up();
    memset(&journal, 0, sizeof(journal));
    must(pecs_manager_register(manager, &journal_plugin, &error) == PECS_OK);
    pecs_world *world = world_now();
    edit(world, 1);
    later = take(world);
    pecs_world_destroy(world);
    save_as("a.jnl");
}

static void update_tear_down(void)
{
    pecs_snapshot_release(later);
    manager_tear_down();
}

TestSuite(manager_update, .init = update_set_up, .fini = update_tear_down);

static pecs_status update(const pecs_manager_options *options)
{
    return pecs_manager_update(manager, snapshot, later, "a.jnl", options, &error);
}

static uint64_t hash_of_file(const char *path)
{
    pecs_snapshot *loaded = load_as(path, NULL);
    const uint64_t hash = pecs_view_hash(pecs_snapshot_view(loaded));
    pecs_snapshot_release(loaded);
    return hash;
}

/* An update fails with this error; the old file and nothing else is left. */
static void refuse_update_by(const pecs_manager_options *options, pecs_status status, const char *message)
{
    const uint64_t live_count = counting.live_count;
    const struct file_bytes before = read_bytes("a.jnl");
    const size_t count = file_count();
    pecs_operation last;
    cr_assert_eq(update(options), status, "%s", error.message);
    cr_assert_eq(error.status, status);
    cr_assert_str_eq(error.message, message);
    pecs_manager_last(manager, &last);
    cr_assert(last.status == status && last.plugin == &journal_plugin);
    const struct file_bytes old = read_bytes("a.jnl");
    must(old.size == before.size && memcmp(old.bytes, before.bytes, old.size) == 0 && file_count() == count);
    free(old.bytes);
    free(before.bytes);
    cr_assert_eq(counting.live_count, live_count);
}

static void refuse_update(pecs_status status, const char *message)
{
    refuse_update_by(&quickly, status, message);
}

Test(manager_update, many_updates_make_the_file_of_a_save)
{
    enum { STEPS = 20 };
    pecs_world *world = world_now();
    pecs_snapshot *before = pecs_snapshot_retain(snapshot);
    size_t size = 0;
    for (uint32_t step = 1; step <= STEPS; step++) {
        edit(world, step);
        pecs_snapshot *after = take(world);
        pecs_operation last;
        const struct file_bytes old = read_bytes("a.jnl");
        cr_assert_eq(pecs_manager_update(manager, before, after, "a.jnl", &quickly, &error), PECS_OK, "%s",
                     error.message);
        pecs_manager_last(manager, &last);
        const struct file_bytes now = read_bytes("a.jnl");
        must(now.size > old.size && now.size < old.size + 1000 && memcmp(now.bytes, old.bytes, old.size) == 0);
        cr_assert(last.plugin == &journal_plugin && last.size_bytes == now.size && last.elapsed_ns > 0);
        cr_assert_eq(last.entity_count, summary_of(pecs_snapshot_view(after)).entity_count);
        cr_assert_eq(pecs_manager_save(manager, after, "full.jnl", &quickly, &error), PECS_OK);
        cr_assert_eq(hash_of_file("a.jnl"), hash_of_file("full.jnl"));
        size = now.size;
        free(now.bytes);
        free(old.bytes);
        pecs_snapshot_release(before);
        before = after;
    }
    const struct file_bytes full = read_bytes("full.jnl");
    cr_assert(full.size < size && journal.apply_count == STEPS && journal.save_count == STEPS + 1);
    free(full.bytes);
    pecs_snapshot_release(before);
    pecs_world_destroy(world);
}

/* What is there is no file that the plugin could keep up to date, or it keeps none. */
Test(manager_update, a_plain_save_is_made_where_there_is_nothing_to_update)
{
    static const struct {
        const char *path, *bytes; /* NULL: no file */
    } cases[] = { { "b.jnl", NULL }, { "b.jnl", "" }, { "b.jnl", "TOY1" }, { "b.jnl", "JNL2" }, { "b.toy", "TOY1" } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        pecs_save_report report = { .size_bytes = 0 };
        const pecs_save_options reporting = { .skip_sync = true, .report = &report };
        const pecs_manager_options options = { .save = &reporting };
        must(pecs_manager_save(manager, later, i == 4 ? "full.toy" : "full.jnl", &quickly, &error) == PECS_OK);
        unlink(cases[i].path);
        if (cases[i].bytes)
            write_bytes(cases[i].path, cases[i].bytes, strlen(cases[i].bytes));
        cr_assert_eq(pecs_manager_update(manager, snapshot, later, cases[i].path, &options, &error), PECS_OK, "%s",
                     error.message);
        cr_assert(same_bytes(cases[i].path, i == 4 ? "full.toy" : "full.jnl"), "case %zu", i);
        cr_assert_eq(report.entity_count, summary_of(pecs_snapshot_view(later)).entity_count);
    }
    cr_assert_eq(journal.apply_count, 0);
    cr_assert_eq(pecs_manager_update(manager, snapshot, later, "a.pecs", &quickly, &error), PECS_OK);
    pecs_snapshot_release(load_as("a.pecs", NULL));
}

Test(manager_update, a_plugin_is_chosen_as_for_a_save)
{
    static const pecs_plugin no_save = { .name = "odd", .version = 1, .load = toy_load, .apply = journal_apply };
    static const pecs_plugin reader = { .name = "reader", .version = 1, .load = toy_load };
    pecs_manager_options options = { .plugin = "journal", .save = &unsynced };
    must(pecs_manager_save(manager, snapshot, "x", &options, &error) == PECS_OK);
    cr_assert_eq(pecs_manager_update(manager, snapshot, later, "x", &options, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(journal.apply_count, 1);
    cr_assert_eq(pecs_manager_update(manager, snapshot, later, "x", &quickly, &error), PECS_OK);
    must(pecs_manager_save(manager, later, "full.toy", &quickly, &error) == PECS_OK);
    cr_assert(same_bytes("x", "full.toy"), "the default, which has no `apply`");
    cr_assert_eq(pecs_manager_register(manager, &no_save, &error), PECS_E_MISUSE);
    cr_assert_str_eq(error.message, "odd: a plugin with `apply` has `save`, too");
    must(pecs_manager_register(manager, &reader, &error) == PECS_OK);
    options.plugin = "reader";
    cr_assert_eq(pecs_manager_update(manager, snapshot, later, "x", &options, &error), PECS_E_UNSUPPORTED);
    cr_assert_str_eq(error.message, "reader: the plugin cannot save");
    options.plugin = "none";
    cr_assert_eq(pecs_manager_update(manager, snapshot, later, "x", &options, &error), PECS_E_ABSENT);
}

/* Plugins that fail or lie. */

static pecs_status returned;

static pecs_status apply_half(const pecs_plugin_context *context, const pecs_snapshot *before,
                              const pecs_snapshot *after, const pecs_source *old_file, const pecs_sink *sink,
                              pecs_error *why)
{
    static const char many[300000];
    (void)context, (void)before, (void)after, (void)old_file;
    const pecs_status status = toy_write(sink, many, sizeof(many), why);
    return status ? status : returned;
}

static pecs_status apply_nothing(const pecs_plugin_context *context, const pecs_snapshot *before,
                                 const pecs_snapshot *after, const pecs_source *old_file, const pecs_sink *sink,
                                 pecs_error *why)
{
    (void)context, (void)before, (void)after, (void)old_file, (void)sink, (void)why;
    return PECS_OK;
}

static pecs_status apply_null(const pecs_plugin_context *context, const pecs_snapshot *before,
                              const pecs_snapshot *after, const pecs_source *old_file, const pecs_sink *sink,
                              pecs_error *why)
{
    must(old_file->read(old_file->user, NULL, 10, NULL, why) == PECS_E_MISUSE);
    (void)!journal_append(context, before, after, old_file, sink, why);
    return PECS_OK; /* in any case */
}

static pecs_status apply_less(const pecs_plugin_context *context, const pecs_snapshot *before,
                              const pecs_snapshot *after, const pecs_source *old_file, const pecs_sink *sink,
                              pecs_error *why)
{
    must(sink->begin(sink->user, 1000000, why) == PECS_OK);
    return journal_append(context, before, after, old_file, sink, why);
}

Test(manager_update, a_failing_plugin_leaves_the_old_file)
{
    journal.apply = apply_half;
    returned = PECS_E_CORRUPT;
    refuse_update(PECS_E_CORRUPT, "journal: apply returned CORRUPT");
    returned = (pecs_status)99;
    refuse_update(PECS_E_MISUSE, "journal: apply returned 99, which is no status");
    journal.apply = apply_nothing;
    refuse_update(PECS_E_MISUSE, "journal: apply returned OK and wrote nothing");
    journal.apply = apply_null;
    refuse_update(PECS_E_MISUSE, "journal: apply called read with NULL");
    journal.apply = apply_less;
    const struct file_bytes old = read_bytes("a.jnl");
    pecs_operation last;
    cr_assert_eq(update(&quickly), PECS_E_MISUSE);
    cr_assert_not_null(strstr(error.message, " of the 1000000 bytes it began with"));
    pecs_manager_last(manager, &last);
    cr_assert(last.size_bytes > old.size);
    free(old.bytes);
}

Test(manager_update, the_old_file_is_within_the_limits_of_a_load)
{
    const pecs_load_options load = { .limits = { .max_bytes = 100 } };
    const pecs_manager_options options = { .save = &unsynced, .load = &load };
    const struct file_bytes old = read_bytes("a.jnl");
    char message[100];
    snprintf(message, sizeof(message), "journal: the file has %zu bytes; the limit is 100", old.size);
    refuse_update_by(&options, PECS_E_LIMIT, message);
    must(mkdir("folder.jnl", 0700) == 0);
    cr_assert_eq(pecs_manager_update(manager, snapshot, later, "folder.jnl", &quickly, &error), PECS_E_IO);
    cr_assert_eq(journal.apply_count, 0);
    must(rmdir("folder.jnl") == 0);
    free(old.bytes);
}

/* Progress of both phases, and a cancel in each. */

struct watch {
    unsigned calls[PECS_PHASE_WRITE + 1], count, cancel_at;
    uint64_t last[PECS_PHASE_WRITE + 1];
};

static bool watch(void *user, pecs_phase phase, uint64_t done, uint64_t total)
{
    struct watch *seen = user;
    must(done >= seen->last[phase] && (total == 0) == (phase == PECS_PHASE_WRITE));
    must(!seen->cancel_at || seen->count < seen->cancel_at); /* not called again after a cancel */
    seen->calls[phase]++;
    seen->last[phase] = done;
    return ++seen->count != seen->cancel_at;
}

static pecs_status apply_stubbornly(const pecs_plugin_context *context, const pecs_snapshot *before,
                                    const pecs_snapshot *after, const pecs_source *old_file, const pecs_sink *sink,
                                    pecs_error *why)
{
    static const char many[100000];
    size_t size;
    (void)context, (void)before, (void)after;
    free(toy_read_all(old_file, &size, why));
    for (int i = 0; i < 40; i++)
        (void)toy_write(sink, many, sizeof(many), why);
    return PECS_OK; /* in any case */
}

Test(manager_update, may_be_cancelled_at_any_time)
{
    enum { LINES = 4000000 / sizeof(struct journal_line) };
    struct watch seen = { .count = 0 };
    const pecs_manager_options options = { .save = &unsynced, .progress = watch, .user = &seen };
    char *large = calloc(1, 4 + LINES * sizeof(struct journal_line));
    must(large);
    memcpy(large, "JNL1", 4);
    write_bytes("large.jnl", large, 4 + LINES * sizeof(struct journal_line));
    free(large);
    must(rename("large.jnl", "a.jnl") == 0);
    for (int i = 0; i < 2; i++) {
        journal.apply = i ? apply_stubbornly : journal_append;
        for (unsigned nth = 1; nth <= 6; nth++) {
            seen = (struct watch){ .cancel_at = nth };
            refuse_update_by(&options, PECS_E_CANCELLED, "journal: cancelled");
            cr_assert_eq(seen.count, nth);
        }
    }
    journal.apply = journal_append;
    seen = (struct watch){ .cancel_at = 0 };
    cr_assert_eq(update(&options), PECS_OK, "%s", error.message);
    cr_assert(seen.calls[PECS_PHASE_READ] == 3 && seen.calls[PECS_PHASE_WRITE] == 3);
}

/* What both snapshots leave out. */

typedef struct {
    void *buffer;
} Mesh;
PECS_TRANSIENT(Mesh);
PECS_TRANSIENT_ENTITY(Ghost);

static unsigned change_count;

static bool count_change(void *user, const pecs_change *change)
{
    (void)user, (void)change;
    change_count++;
    return true;
}

static pecs_status apply_sees_no_mesh(const pecs_plugin_context *context, const pecs_snapshot *before,
                                      const pecs_snapshot *after, const pecs_source *old_file, const pecs_sink *sink,
                                      pecs_error *why)
{
    const pecs_view from = pecs_snapshot_view(before), to = pecs_snapshot_view(after);
    (void)context, (void)old_file;
    must(summary_of(from).entity_count == 1 && summary_of(to).entity_count == 2);
    must(!pecs_view_get(from, (pecs_entity){ 0, 1 }, 1, sizeof(Mesh)));
    must(!pecs_view_get(to, (pecs_entity){ 0, 1 }, 1, sizeof(Mesh)));
    must(pecs_view_diff(from, to, count_change, NULL) == PECS_OK);
    return toy_write(sink, "JNL1", 4, why);
}

Test(manager_update, transient_content_is_in_neither)
{
    static const pecs_type *const types[] = { &Position_type, &Mesh_type, &Ghost_type };
    pecs_registry *other = make_registry(types, 3, counting_hooks);
    pecs_world *world = make_world(other, NULL);
    const pecs_value position = { 0, sizeof(Position), NULL }, mesh = { 1, sizeof(Mesh), NULL }, ghost = { 2, 0, NULL };
    pecs_save_report report;
    const pecs_save_options save = { .skip_sync = true, .report = &report };
    spawn_one(world, (pecs_value[]){ position, mesh }, 2);
    spawn_one(world, (pecs_value[]){ position, ghost }, 2);
    pecs_snapshot *before = take(world);
    spawn_one(world, (pecs_value[]){ position, mesh }, 2);
    must(pecs_world_set(world, (pecs_entity){ 0, 1 }, (pecs_value[]){ { 1, sizeof(Mesh), &(Mesh){ &report } } }, 1) ==
         PECS_OK);
    pecs_snapshot *after = take(world);
    journal.apply = apply_sees_no_mesh;
    cr_assert_eq(pecs_manager_update(manager, before, after, "a.jnl", &(pecs_manager_options){ .save = &save }, &error),
                 PECS_OK, "%s", error.message);
    cr_assert(journal.apply_count == 1 && change_count == 1 && report.left_out.entity_count == 1);
    pecs_snapshot_release(after);
    pecs_snapshot_release(before);
    pecs_world_destroy(world);
    pecs_registry_release(other);
}

/* A snapshot that lies in a file which was written to since: as for a save, whichever of the two it is. */
Test(manager_update, damaged_origins_are_refused)
{
    pecs_world *world = make_mixed_world(50000); /* small files are read, not mapped */
    save_world(world, "origin.pecs");
    pecs_world_destroy(world);
    pecs_snapshot *resumed = open_snapshot(registry, RESUME, "origin.pecs");
    struct file_bytes file = read_bytes("origin.pecs");
    file.bytes[file.size / 2] ^= 1;
    FILE *stream = fopen("origin.pecs", "r+b");
    must(stream && fwrite(file.bytes, 1, file.size, stream) == file.size && !fclose(stream));
    free(file.bytes);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(pecs_manager_update(manager, i ? later : resumed, i ? resumed : later, "a.jnl", &quickly, &error),
                     PECS_E_CORRUPT);
        cr_assert_not_null(strstr(error.message, "origin.pecs"), "%s", error.message);
    }
    cr_assert_eq(journal.apply_count, 0);
    pecs_snapshot_release(resumed);
}

/* Memory and the system. */

Test(manager_update, memory_runs_out)
{
    pecs_status status = PECS_E_MEMORY;
    uint64_t failures = 0;
    const struct file_bytes old = read_bytes("a.jnl");
    for (; status; failures++) {
        const uint64_t live_count = counting.live_count;
        counting.fail_at = counting.call_count + failures + 1;
        status = pecs_manager_update(manager, snapshot, later, "a.jnl", &quickly, &error);
        counting.fail_at = 0;
        must(status == PECS_OK || (status == PECS_E_MEMORY && error.status == status));
        cr_assert_eq(counting.live_count, live_count);
        const struct file_bytes now = read_bytes("a.jnl");
        must(status == PECS_OK || (now.size == old.size && memcmp(now.bytes, old.bytes, old.size) == 0));
        free(now.bytes);
    }
    cr_assert_geq(failures, 5);
    free(old.bytes);
}

static void fail_one(void *user, struct fault_event *event)
{
    if (event->number == *(const uint64_t *)user)
        event->os_error = EIO;
}

/* The old file or the new one, whole. */
Test(manager_update, each_system_call_fails_once)
{
    uint64_t call_count = 1, refused = 0;
    const struct file_bytes old = read_bytes("a.jnl");
    must(update(NULL) == PECS_OK && rename("a.jnl", "new.jnl") == 0);
    for (uint64_t number = 1; number <= call_count; number++) {
        write_bytes("a.jnl", old.bytes, old.size);
        fault_watch(&(struct fault_hooks){ .before = fail_one, .user = &number });
        const pecs_status status = update(NULL);
        call_count = fault_unwatch();
        must(status == PECS_OK || (status == PECS_E_IO && error.os_error == EIO));
        must(status == PECS_OK || strncmp(error.message, "journal: ", 9) == 0);
        const bool is_new = same_bytes("a.jnl", "new.jnl");
        const struct file_bytes now = read_bytes("a.jnl");
        must(is_new || (status && now.size == old.size && memcmp(now.bytes, old.bytes, old.size) == 0));
        must(!(is_new && status) || strstr(error.message, "published, but perhaps not durable"));
        free(now.bytes);
        refused += status != PECS_OK;
    }
    cr_assert_geq(refused, 7);
    free(old.bytes);
}
