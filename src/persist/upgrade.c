/*
 * Components are migrated on the state itself (migrate.h). World migrations and hooks get a world that begins with that
 * state and ends with the call; what they did is taken as a snapshot. Notes are given at the very end, when nothing can
 * fail any more, or when losses are refused.
 */
#include "upgrade.h"

#include "error.h"
#include "migrate_refuse.h"
#include "program_meta.h"
#include "state_types.h"

#include <stdio.h>

pecs_status upgrade_init(struct upgrade *upgrade, pecs_registry *registry, const struct unknown_types *unknown,
                         const pecs_migration_options *options, uint32_t *ret_culprit, pecs_error *error)
{
    static const pecs_migration_options defaults;
    upgrade->registry = registry;
    upgrade->options = options ? options : &defaults;
    return migrate_plan_init(&upgrade->plan, registry, unknown, upgrade->options->losses, ret_culprit, error);
}

void upgrade_deinit(struct upgrade *upgrade)
{
    if (upgrade->registry)
        migrate_plan_deinit(&upgrade->plan);
}

static const char *upgrade_text_of(const struct metadata *metadata, const char *key)
{
    bool is_found = false;
    const uint32_t place = metadata ? metadata_find(metadata, key, &is_found) : 0;
    return is_found ? metadata->entries[place].value : "";
}

pecs_status upgrade_check_reader(const pecs_registry *registry, const struct metadata *metadata, pecs_error *error)
{
    const uint32_t needed = program_meta_number(metadata, PECS_META_OLDEST_READER);
    const char *const name = upgrade_text_of(metadata, PECS_META_APPLICATION);
    const char *const release = upgrade_text_of(metadata, PECS_META_APPLICATION_VERSION);
    const uint32_t own = registry->history ? registry->history->given->schema_version : 0;
    if (needed <= own || !registry->id_component) /* a registry without types is that of a tool */
        return PECS_OK;
    return fail(error, PECS_E_UNSUPPORTED,
                "the file was saved by %.60s%s%.60s (schema version %u) and needs schema version %u or later; this "
                "program has %u",
                *name ? name : "a newer program", *release ? " " : "", release,
                program_meta_number(metadata, PECS_META_SCHEMA_VERSION), needed, own);
}

/* The state has the registry's schema from here on. */
static pecs_status upgrade_note_version(const struct upgrade *upgrade, struct pecs_snapshot *state)
{
    const char *key;
    return program_meta_set_schema(upgrade->registry, UINT64_MAX, &state->metadata, &key);
}

static pecs_status upgrade_fail_step(struct pecs_world *world, pecs_status status, const pecs_error *why,
                                     const char *what, pecs_error *error)
{
    const pecs_error *edit = pecs_world_error(world);
    const char *words = why->message[0]          ? why->message
                        : edit->status == status ? edit->message
                                                 : pecs_status_name(status);
    return fail(error, status > PECS_E_INVALID ? PECS_E_MISUSE : status, "%s: %s", what, words);
}

static pecs_status upgrade_call(pecs_status (*function)(void *user, pecs_world *world, pecs_error *error), void *user,
                                pecs_world *world, const char *what, pecs_error *error)
{
    pecs_error why = { .message = "" };
    const pecs_status status = function(user, world, &why);
    return status ? upgrade_fail_step(world, status, &why, what, error) : PECS_OK;
}

static pecs_status upgrade_step_world(const pecs_history *given, uint32_t version, pecs_world *world, pecs_error *error)
{
    char what[64];
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < given->world_migration_count; i++) {
        const pecs_world_migration *migration = &given->world_migrations[i];
        if (migration->to_version <= version)
            continue;
        (void)snprintf(what, sizeof(what), "world migration from version %u to %u", migration->from_version,
                       migration->to_version);
        status = migration->from_version < version
                     ? fail(error, PECS_E_UNSUPPORTED, "no world migration begins at schema version %u", version)
                     : upgrade_call(migration->migrate, migration->user, world, what, error);
    }
    for (size_t i = 0; !status && i < given->hook_count; i++) {
        (void)snprintf(what, sizeof(what), "load hook %zu", i);
        status = upgrade_call(given->hooks[i].run, given->hooks[i].user, world, what, error);
    }
    return status;
}

static bool upgrade_needs_migration(const pecs_history *given, uint32_t version)
{
    return given->world_migration_count &&
           given->world_migrations[given->world_migration_count - 1].to_version > version;
}

pecs_status upgrade_check_part(const pecs_registry *registry, uint32_t version, pecs_error *error)
{
    if (!registry->history || !upgrade_needs_migration(registry->history->given, version))
        return PECS_OK;
    return fail(error, PECS_E_UNSUPPORTED,
                "a part of a file with schema version %u cannot be migrated by world migrations: load all of it",
                version);
}

/* Replaces the state by one that world migrations and hooks have changed. */
static pecs_status upgrade_world(const struct upgrade *upgrade, uint32_t version, struct pecs_snapshot **state,
                                 pecs_error *error)
{
    const pecs_history *given = upgrade->registry->history ? upgrade->registry->history->given : NULL;
    struct pecs_snapshot *changed;
    pecs_world *world;
    if (!given || upgrade->is_partial || (!given->hook_count && !upgrade_needs_migration(given, version)))
        return PECS_OK;
    pecs_status status = pecs_world_create(upgrade->registry, *state, NULL, &world, error);
    if (status)
        return status;
    status = upgrade_step_world(given, version, world, error);
    if (!status) {
        status = pecs_snapshot_take(world, &changed);
        if (status)
            status = upgrade_fail_step(world, status, pecs_world_error(world), "after the migration", error);
    }
    pecs_world_destroy(world);
    if (status)
        return status;
    state_release(*state);
    *state = changed;
    return PECS_OK;
}

static void upgrade_note(const struct upgrade *upgrade, pecs_migration_note note)
{
    upgrade->options->note(upgrade->options->user, &note);
}

/* A note with the type's part. */
static pecs_migration_note upgrade_begin_note(const struct upgrade *upgrade, const struct migrate_version *version)
{
    const pecs_type *type = version->component->type;
    pecs_component number;
    pecs_migration_note note = { .type = type->name, .from_version = type->version, .field = "" };
    if (!registry_find(upgrade->registry, version->component->id, &number))
        note.to_version = registry_component(upgrade->registry, number)->type->version;
    note.to_count = migrate_plan_became(&upgrade->plan, (uint32_t)(version - upgrade->plan.versions), &note.to);
    return note;
}

/* Notes what was lost by a version, or, of a migration that was refused, what has no consent. */
static void upgrade_note_loss(const struct upgrade *upgrade, const struct migrate_version *version,
                              const struct map_loss *loss, const struct loss_tally *tally,
                              const struct pecs_snapshot *before)
{
    pecs_migration_note note = upgrade_begin_note(upgrade, version);
    note.event = upgrade->plan.refused_count ? PECS_EVENT_REFUSED : PECS_EVENT_LOST;
    note.loss = loss ? loss->kind : PECS_LOSS_VERSION;
    if (!tally->count || (note.event == PECS_EVENT_REFUSED && !migrate_is_refused(version, note.loss, tally)))
        return;
    note.field = loss ? loss->field : "";
    note.count = tally->count;
    note.first = migrate_entity(before, tally->first_row);
    upgrade_note(upgrade, note);
}

static void upgrade_note_losses(const struct upgrade *upgrade, const struct migrate_version *version,
                                const struct pecs_snapshot *before)
{
    for (size_t i = 0; i < version->map.loss_count; i++)
        upgrade_note_loss(upgrade, version, &version->map.losses[i], &version->tallies[i], before);
    upgrade_note_loss(upgrade, version, NULL, &version->superseded, before);
}

static void upgrade_note_refused(const struct upgrade *upgrade, const struct pecs_snapshot *before)
{
    for (uint32_t i = 0; upgrade->options->note && i < upgrade->plan.version_count; i++)
        upgrade_note_losses(upgrade, &upgrade->plan.versions[i], before);
}

static void upgrade_note_version_of(const struct upgrade *upgrade, const struct migrate_version *version,
                                    const struct pecs_snapshot *before)
{
    pecs_migration_note note = upgrade_begin_note(upgrade, version);
    note.event = note.to_count ? PECS_EVENT_CONVERTED : PECS_EVENT_REMOVED;
    note.count = version->count;
    note.first = version->first;
    if (version->number != NO_COMPONENT)
        upgrade_note(upgrade, note);
    upgrade_note_losses(upgrade, version, before);
}

/* The rows that have a component, and the first of their entities. */
static void upgrade_count_kept(const struct pecs_snapshot *state, pecs_component number, pecs_migration_note *note)
{
    for (uint32_t i = 0; i < state->table_count; i++) {
        const struct table *table = state_table(state, i);
        if (!table->row_count || archetype_find(table->archetype, number) == NO_COLUMN)
            continue;
        if (!note->count)
            note->first = migrate_entity(state, migrate_place_of(i, 0));
        note->count += table->row_count;
    }
}

static void upgrade_note_all(const struct upgrade *upgrade, uint32_t version, const struct pecs_snapshot *before,
                             const struct pecs_snapshot *state)
{
    const pecs_history *given = upgrade->registry->history ? upgrade->registry->history->given : NULL;
    if (!upgrade->options->note)
        return;
    for (uint32_t i = 0; i < upgrade->plan.version_count; i++)
        if (!upgrade->plan.versions[i].is_final && upgrade->plan.versions[i].count)
            upgrade_note_version_of(upgrade, &upgrade->plan.versions[i], before);
    for (uint32_t i = 0; state->unknown && i < state->unknown->count; i++) {
        const struct unknown_type *type = &state->unknown->types[i];
        pecs_migration_note note = { .event = PECS_EVENT_KEPT,
                                     .type = type->component.type->name,
                                     .from_version = type->component.type->version,
                                     .field = "" };
        upgrade_count_kept(state, type->number, &note);
        if (note.count || !upgrade->is_partial) /* others are in the part of the file that was left */
            upgrade_note(upgrade, note);
    }
    for (size_t i = 0; given && i < given->world_migration_count; i++)
        if (given->world_migrations[i].to_version > version)
            upgrade_note(upgrade, (pecs_migration_note){ .event = PECS_EVENT_WORLD,
                                                         .type = "",
                                                         .from_version = given->world_migrations[i].from_version,
                                                         .to_version = given->world_migrations[i].to_version,
                                                         .field = "" });
}

pecs_status upgrade_run(struct upgrade *upgrade, uint32_t version, bool is_checked, struct pecs_snapshot **state,
                        pecs_error *error)
{
    const struct migrate_options how = { upgrade->options->thread_count, is_checked };
    struct pecs_snapshot *const before = *state, *now = pecs_snapshot_retain(before);
    pecs_status status = PECS_OK;
    if (upgrade->plan.version_count) {
        struct pecs_snapshot *migrated;
        status = migrate_make(now, &upgrade->plan, &how, &migrated, error);
        if (!status) {
            state_release(now);
            now = migrated;
        } else if (upgrade->plan.refused_count)
            upgrade_note_refused(upgrade, before);
    }
    if (!status)
        status = upgrade_world(upgrade, version, &now, error);
    if (!status && now != before && upgrade_note_version(upgrade, now))
        status = fail_memory(error);
    if (!status)
        upgrade_note_all(upgrade, version, before, now);
    state_release(before);
    if (status)
        state_release(now);
    else
        *state = now;
    return status;
}
