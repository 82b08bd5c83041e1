/*
 * Saves, updates and loads by a plugin: choose and pin it, give it bytes and a snapshot or builder, and decide what the
 * operation has come to. What a PECS save leaves out and checks, a save by any plugin does: transient content is not
 * saved, and a resumed file that was damaged is refused. An update is a save that gives the plugin more to begin with.
 */
#include "builder_adopt.h"
#include "destination.h"
#include "error.h"
#include "filtered.h"
#include "manager.h"
#include "origin.h"
#include "plugin_sink.h"
#include "plugin_source.h"
#include "program_meta.h"
#include "reading.h"
#include "upgrade.h"

#include <errno.h>
#include <inttypes.h>

/* What all functions have. */
struct manager_run {
    pecs_manager *manager;
    struct manager_entry *entry; /* pinned; NULL: not chosen yet */
    const pecs_manager_options *options;
    struct operation operation;
    pecs_operation done;
    uint64_t begin_ns;
    pecs_error *error;
};

static void manager_run_begin(struct manager_run *run, pecs_manager *manager, const pecs_manager_options *options,
                              pecs_error *error)
{
    static const pecs_manager_options defaults;
    *run = (struct manager_run){
        .manager = manager, .options = options ? options : &defaults, .begin_ns = os_clock_ns(), .error = error
    };
    operation_init(&run->operation, run->options->progress, run->options->user);
}

static pecs_status manager_run_end(struct manager_run *run, pecs_status status)
{
    run->done.plugin = run->entry ? run->entry->plugin : NULL;
    run->done.status = status;
    run->done.elapsed_ns = os_clock_ns() - run->begin_ns;
    manager_unpin(run->manager, run->entry);
    operation_deinit(&run->operation);
    manager_note(run->manager, &run->done);
    if (run->options->ret_operation)
        *run->options->ret_operation = run->done;
    return status;
}

/* The name given, or NULL: `found`, which is pinned, or none. */
static pecs_status manager_run_choose(struct manager_run *run, struct manager_entry *found, enum manager_use use)
{
    const char *doing = use == MANAGER_SAVES ? "save" : "load";
    run->entry = found;
    run->operation.function = doing;
    if (!found && run->options->plugin)
        return fail(run->error, PECS_E_ABSENT, "no plugin named '%s' is registered", run->options->plugin);
    if (!found)
        return fail(run->error, PECS_E_ABSENT, "no plugin is registered that could %s this", doing);
    if (!manager_is_able(found->plugin, use))
        return fail(run->error, PECS_E_UNSUPPORTED, "%s: the plugin cannot %s", found->plugin->name, doing);
    return PECS_OK;
}

/* An error of the manager's own steps, once the plugin is chosen. */
static pecs_status manager_run_fail(struct manager_run *run, pecs_status status, const pecs_error *why)
{
    return plugin_fail(run->error, run->entry->plugin, status, why, "the manager");
}

/* The status of a plugin's function, unless the manager saw a failure before. */
static pecs_status manager_run_returned(struct manager_run *run, pecs_status status, const pecs_error *why,
                                        const char *function)
{
    pecs_error failure = { .status = PECS_OK };
    if (operation_failure(&run->operation, &failure))
        return manager_run_fail(run, failure.status, &failure);
    return plugin_fail(run->error, run->entry->plugin, status, why, function);
}

/* Saving. */

static bool manager_report_source(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    return operation_report(user, PECS_PHASE_READ, done_bytes, total_bytes) == PECS_OK;
}

/* Any format gets what a PECS file has of the program. Replaces the snapshot. */
static pecs_status manager_save_note_program(pecs_snapshot **saved, pecs_error *error)
{
    const pecs_registry *registry = (*saved)->registry;
    pecs_snapshot *noted;
    const char *key;
    pecs_status status = PECS_OK;
    if (!registry->application && !registry->history)
        return PECS_OK;
    status = state_create_copy(*saved, &noted);
    pecs_snapshot_release(*saved);
    if (status)
        return fail_memory(error);
    status = program_meta_set(registry, UINT64_MAX, &noted->metadata, &key);
    if (status) {
        pecs_snapshot_release(noted);
        return fail_memory(error);
    }
    *saved = noted;
    return PECS_OK;
}

static pecs_status manager_save_prepare(struct manager_run *run, const pecs_snapshot *snapshot,
                                        const pecs_save_options *options, pecs_snapshot **ret_saved,
                                        pecs_left_out *ret_left_out, pecs_error *error)
{
    pecs_save_options check = *options;
    check.progress = manager_report_source;
    check.user = &run->operation;
    pecs_status status = origin_check(snapshot, &check, error);
    if (!status)
        status = filtered_make_saved(snapshot, options->references, ret_saved, ret_left_out, error);
    return status ? status : manager_save_note_program(ret_saved, error);
}

static void manager_save_report(const struct manager_run *run, const pecs_snapshot *saved,
                                const pecs_left_out *left_out, pecs_save_report *ret_report)
{
    *ret_report = (pecs_save_report){ .size_bytes = run->done.size_bytes, .entity_count = saved->entity_count };
    ret_report->type_count = state_used_type_count(saved, &ret_report->component_bytes);
    ret_report->left_out = *left_out;
}

/* What a plugin writes: a snapshot, or what became of the one that is in a file. */
struct manager_writing {
    const pecs_snapshot *snapshot;
    const pecs_snapshot *before; /* NULL of a save */
    const pecs_source *old_file; /* the same */
};

/* Calls the plugin and commits. */
static pecs_status manager_save_write(struct manager_run *run, const struct manager_writing *writing,
                                      const pecs_sink *to, const pecs_save_options *options)
{
    const pecs_plugin *plugin = run->entry->plugin;
    pecs_save_options given = *options;
    pecs_error why = { .status = PECS_OK };
    struct plugin_sink sink;
    given.progress = NULL;
    given.user = NULL;
    given.report = NULL;
    given.verify_source = false;
    const pecs_plugin_context context = {
        .instance = run->entry->instance, .user = plugin->user, .save = &given, .manager = &run->operation
    };
    run->operation.function = writing->old_file ? "apply" : "save";
    pecs_status status = plugin_sink_init(&sink, &run->operation, writing->snapshot->registry->pool, to, &why);
    if (status) {
        status = manager_run_fail(run, status, &why);
    } else {
        status = writing->old_file
                     ? plugin->apply(&context, writing->before, writing->snapshot, writing->old_file, &sink.sink, &why)
                     : plugin->save(&context, writing->snapshot, &sink.sink, &why);
        status = manager_run_returned(run, status, &why, run->operation.function);
    }
    if (!status && plugin_sink_commit(&sink, &why))
        status = manager_run_fail(run, why.status, &why);
    run->done.size_bytes = sink.size_bytes;
    plugin_sink_deinit(&sink);
    return status;
}

static pecs_status manager_save_into(struct manager_run *run, const struct manager_writing *writing,
                                     const pecs_sink *to, const pecs_save_options *options)
{
    pecs_error why = { .status = PECS_OK };
    pecs_snapshot *saved = NULL, *before = NULL;
    pecs_left_out left_out, ignored;
    pecs_status status = manager_save_prepare(run, writing->snapshot, options, &saved, &left_out, &why);
    if (!status && writing->before)
        status = manager_save_prepare(run, writing->before, options, &before, &ignored, &why);
    if (status) {
        status = manager_run_fail(run, status, &why);
    } else {
        run->done.entity_count = saved->entity_count;
        status = manager_save_write(run, &(struct manager_writing){ saved, before, writing->old_file }, to, options);
        if (!status && options->report)
            manager_save_report(run, saved, &left_out, options->report);
    }
    pecs_snapshot_release(before);
    pecs_snapshot_release(saved);
    return status;
}

static const pecs_save_options *manager_save_options(const struct manager_run *run)
{
    static const pecs_save_options defaults;
    return run->options->save ? run->options->save : &defaults;
}

static pecs_status manager_save_choose(struct manager_run *run, const char *path)
{
    const char *name = run->options->plugin;
    struct manager_entry *found =
        name ? manager_pin_named(run->manager, name) : manager_pin_extension(run->manager, path, MANAGER_SAVES);
    if (!found && !name)
        found = manager_pin_default(run->manager);
    const pecs_status status = manager_run_choose(run, found, MANAGER_SAVES);
    if (status)
        return status;
    if ((unsigned)manager_save_options(run)->references > PECS_REFERENCES_REFUSE)
        return fail(run->error, PECS_E_MISUSE, "the value of references is invalid");
    return PECS_OK;
}

static pecs_status manager_save_to_path(struct manager_run *run, const struct manager_writing *writing,
                                        const char *path)
{
    const pecs_save_options *options = manager_save_options(run);
    struct destination destination = { writing->snapshot->registry->pool, path, !options->skip_sync, NULL };
    const pecs_sink published = destination_sink(&destination);
    return manager_save_into(run, writing, &published, options);
}

pecs_status pecs_manager_save(pecs_manager *manager, const pecs_snapshot *snapshot, const char *path,
                              const pecs_manager_options *options, pecs_error *error)
{
    struct manager_run run;
    if (!manager || !snapshot || !path)
        return fail(error, PECS_E_MISUSE, "manager, snapshot and path must not be NULL");
    const struct manager_writing writing = { .snapshot = snapshot };
    manager_run_begin(&run, manager, options, error);
    const pecs_status status = manager_save_choose(&run, path);
    return manager_run_end(&run, status ? status : manager_save_to_path(&run, &writing, path));
}

pecs_status pecs_manager_save_to(pecs_manager *manager, const pecs_snapshot *snapshot, const pecs_sink *sink,
                                 const pecs_manager_options *options, pecs_error *error)
{
    struct manager_run run;
    if (!manager || !snapshot || !sink || !sink->write)
        return fail(error, PECS_E_MISUSE, "manager, snapshot, sink and its write must not be NULL");
    const struct manager_writing writing = { .snapshot = snapshot };
    manager_run_begin(&run, manager, options, error);
    const pecs_status status = manager_save_choose(&run, NULL);
    return manager_run_end(&run, status ? status : manager_save_into(&run, &writing, sink, manager_save_options(&run)));
}

/* Loading. */

static const pecs_load_options load_defaults;

static const pecs_load_options *manager_load_options(const struct manager_run *run)
{
    return run->options->load ? run->options->load : &load_defaults;
}

static pecs_status manager_load_choose(struct manager_run *run, const struct plugin_source *source, const char *path)
{
    const char *name = run->options->plugin;
    struct manager_entry *found =
        name ? manager_pin_named(run->manager, name) : manager_pin_bid(run->manager, source->head, source->head_bytes);
    if (!found && !name)
        found = manager_pin_extension(run->manager, path, MANAGER_LOADS);
    return manager_run_choose(run, found, MANAGER_LOADS);
}

static pecs_status manager_load_check_version(const struct manager_run *run, const struct plugin_source *source)
{
    const pecs_plugin *plugin = run->entry->plugin;
    const uint32_t version =
        plugin->version_of ? plugin->version_of(plugin->user, source->head, source->head_bytes) : 0;
    const bool can = !version || (plugin->can_load_version ? plugin->can_load_version(plugin->user, version)
                                                           : version <= plugin->version);
    return can ? PECS_OK
               : fail(run->error, PECS_E_UNSUPPORTED,
                      "%s: the file has version %" PRIu32 " of the format, which the plugin does not load",
                      plugin->name, version);
}

/* World migrations and load hooks, for a snapshot that comes from no load. Releases it on failure. */
static pecs_status manager_load_upgrade(const struct manager_run *run, pecs_snapshot **made, pecs_error *error)
{
    struct upgrade upgrade = { .registry = NULL };
    uint32_t culprit;
    pecs_registry *registry = (*made)->registry;
    pecs_status status = upgrade_check_reader(registry, (*made)->metadata, error);
    if (!status)
        status = upgrade_init(&upgrade, registry, NULL, manager_load_options(run)->migration, &culprit, error);
    if (status)
        pecs_snapshot_release(*made);
    else
        status =
            upgrade_run(&upgrade, program_meta_number((*made)->metadata, PECS_META_SCHEMA_VERSION), true, made, error);
    upgrade_deinit(&upgrade);
    return status;
}

/* The builder is finished whatever the plugin did to it. */
static pecs_status manager_load_finish(struct manager_run *run, pecs_builder *builder, pecs_snapshot **ret_snapshot)
{
    const uint64_t most = manager_load_options(run)->limits.max_entities;
    pecs_error why = { .status = PECS_OK };
    pecs_snapshot *made;
    pecs_status status = pecs_builder_finish(builder, &made, &why);
    if (!status && manager_load_options(run)->part && !made->is_partial) {
        pecs_snapshot_release(made);
        status = fail(&why, PECS_E_UNSUPPORTED, "the plugin loads no parts of files");
    }
    if (!status && made->is_built)
        status = manager_load_upgrade(run, &made, &why);
    if (status)
        return manager_run_fail(run, status, &why);
    run->done.entity_count = made->entity_count;
    if (most && made->entity_count > most) {
        pecs_snapshot_release(made);
        return fail(run->error, PECS_E_LIMIT, "%s: the file has %" PRIu64 " entities; the limit is %" PRIu64,
                    run->entry->plugin->name, run->done.entity_count, most);
    }
    *ret_snapshot = made;
    return PECS_OK;
}

/* Calls the plugin and finishes. */
static pecs_status manager_load_build(struct manager_run *run, pecs_registry *registry,
                                      const struct plugin_source *source, pecs_snapshot **ret_snapshot)
{
    const pecs_plugin *plugin = run->entry->plugin;
    pecs_load_options given = *manager_load_options(run);
    pecs_error why = { .status = PECS_OK };
    pecs_builder *builder;
    given.progress = NULL;
    given.limits.private_only = false;
    const pecs_plugin_context context = {
        .instance = run->entry->instance, .user = plugin->user, .load = &given, .manager = &run->operation
    };
    pecs_status status = pecs_builder_create(registry, NULL, &builder, &why);
    if (status)
        return manager_run_fail(run, status, &why);
    builder_set_migration(builder, given.migration);
    status = manager_run_returned(run, plugin->load(&context, &source->source, builder, &why), &why, "load");
    if (!status)
        status = manager_load_finish(run, builder, ret_snapshot);
    pecs_builder_destroy(builder);
    return status;
}

/* `path` may be NULL. */
static pecs_status manager_load_by(struct manager_run *run, pecs_registry *registry, const pecs_source *from,
                                   const pecs_file_limits *limits, const char *path, pecs_snapshot **ret_snapshot)
{
    struct plugin_source source;
    pecs_error why = { .status = PECS_OK };
    const pecs_status opened = plugin_source_open(&source, &run->operation, from, limits, &why);
    run->done.size_bytes = plugin_source_bytes(&source);
    if (opened) {
        if (run->error)
            *run->error = why;
        return opened;
    }
    pecs_status status = manager_load_choose(run, &source, path);
    if (!status)
        status = manager_load_check_version(run, &source);
    if (!status)
        status = manager_load_build(run, registry, &source, ret_snapshot);
    run->done.size_bytes = plugin_source_bytes(&source);
    return status;
}

pecs_status pecs_manager_load(pecs_manager *manager, pecs_registry *registry, const char *path,
                              const pecs_manager_options *options, pecs_snapshot **ret_snapshot, pecs_error *error)
{
    struct manager_run run;
    struct reading reading;
    if (!manager || !registry || !path || !ret_snapshot)
        return fail(error, PECS_E_MISUSE, "manager, registry, path and ret_snapshot must not be NULL");
    manager_run_begin(&run, manager, options, error);
    pecs_file_limits limits = manager_load_options(&run)->limits;
    pecs_status status = reading_open_path(&reading, registry->pool, path, &limits, error);
    limits.private_only = false; /* it was checked */
    if (!status)
        status = manager_load_by(&run, registry, &reading.by_path, &limits, path, ret_snapshot);
    reading_close(&reading);
    return manager_run_end(&run, status);
}

pecs_status pecs_manager_load_from(pecs_manager *manager, pecs_registry *registry, const pecs_source *source,
                                   const pecs_manager_options *options, pecs_snapshot **ret_snapshot, pecs_error *error)
{
    struct manager_run run;
    if (!manager || !registry || !source || !ret_snapshot)
        return fail(error, PECS_E_MISUSE, "manager, registry, source and ret_snapshot must not be NULL");
    manager_run_begin(&run, manager, options, error);
    return manager_run_end(
        &run, manager_load_by(&run, registry, source, &manager_load_options(&run)->limits, NULL, ret_snapshot));
}

/* Updating. */

/* Whether a file is of the plugin's format, in the version that it writes, as far as the plugin can say. */
static bool manager_update_fits(const pecs_plugin *plugin, const struct plugin_source *source)
{
    const uint32_t version =
        plugin->version_of ? plugin->version_of(plugin->user, source->head, source->head_bytes) : 0;
    return (!plugin->bid || plugin->bid(plugin->user, source->head, source->head_bytes)) &&
           (!version || version == plugin->version);
}

/* With an old file that is open. */
static pecs_status manager_update_by(struct manager_run *run, const struct manager_writing *update,
                                     const pecs_source *from, const char *path)
{
    pecs_file_limits limits = manager_load_options(run)->limits;
    struct plugin_source source;
    pecs_error why = { .status = PECS_OK };
    limits.private_only = false; /* it was checked */
    const pecs_status status = plugin_source_open(&source, &run->operation, from, &limits, &why);
    if (status)
        return manager_run_fail(run, status, &why);
    struct manager_writing writing = { .snapshot = update->snapshot };
    if (manager_update_fits(run->entry->plugin, &source)) {
        writing.before = update->before;
        writing.old_file = &source.source;
    }
    return manager_save_to_path(run, &writing, path);
}

pecs_status pecs_manager_update(pecs_manager *manager, const pecs_snapshot *before, const pecs_snapshot *after,
                                const char *path, const pecs_manager_options *options, pecs_error *error)
{
    struct manager_run run;
    struct reading reading;
    pecs_error why = { .status = PECS_OK };
    if (!manager || !before || !after || !path)
        return fail(error, PECS_E_MISUSE, "manager, before, after and path must not be NULL");
    const struct manager_writing update = { .snapshot = after, .before = before }, save = { .snapshot = after };
    manager_run_begin(&run, manager, options, error);
    pecs_status status = manager_save_choose(&run, path);
    if (status)
        return manager_run_end(&run, status);
    if (!run.entry->plugin->apply)
        return manager_run_end(&run, manager_save_to_path(&run, &save, path));
    const pecs_file_limits limits = manager_load_options(&run)->limits;
    status = reading_open_path(&reading, after->registry->pool, path, &limits, &why);
    const bool is_absent = status == PECS_E_IO && why.os_error == ENOENT, is_empty = status == PECS_E_CORRUPT;
    if (is_absent || is_empty)
        status = manager_save_to_path(&run, &save, path);
    else if (status)
        status = manager_run_fail(&run, status, &why);
    else
        status = manager_update_by(&run, &update, &reading.by_path, path);
    reading_close(&reading);
    return manager_run_end(&run, status);
}
