/*
 * What a load would do is not guessed: each locked type that differs is planned as if a file had it (migrate_plan.h),
 * and the plan is what is reported. Beside that stands one rule of the lock's own: a change has a higher version, or a
 * migration from the locked one.
 */
#include "lock_check.h"

#include "error.h"
#include "lock_fields.h"
#include "migrate_plan.h"
#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TARGETS_SHOWN = 3 };

struct lock_checking {
    const struct lock *locked, *now;
    const pecs_registry *registry;
    enum lock_reader_kind kind;
    const pecs_lock_options *options;
    const char *type; /* that is checked: its name */
    uint64_t failure_count;
    char first_failure[sizeof(((pecs_error *)NULL)->message)];
};

/* One version of a type becomes others. */
struct lock_step {
    const pecs_type *from;
    const struct value_map *map; /* by fields; or NULL */
    uint32_t losses;             /* pecs_loss that are accepted */
    const pecs_type *to;         /* of a map */
};

static void check_report(struct lock_checking *checking, pecs_lock_severity severity, const char *field,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));
static void check_report(struct lock_checking *checking, pecs_lock_severity severity, const char *field,
                         const char *format, ...)
{
    char message[sizeof(checking->first_failure)];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    utf8_mend(message);
    const pecs_lock_difference difference = { severity, checking->type, field, message };
    if (checking->options->function)
        checking->options->function(checking->options->user, &difference);
    if (severity != PECS_LOCK_FAILURE || checking->failure_count++)
        return;
    const char *const type = checking->type;
    (void)snprintf(checking->first_failure, sizeof(checking->first_failure), "%s%.*s%s%s%.*s%s%.200s",
                   *type ? "type '" : "", NAME_SHOWN, type, *type ? "': " : "", *field ? "field '" : "", NAME_SHOWN,
                   field, *field ? "': " : "", message);
}

static const struct {
    pecs_loss loss;
    const char *name, *words, *without;
} check_losses[] = {
    { PECS_LOSS_FIELD, "FIELD", "is removed", "old saves do" },
    { PECS_LOSS_NUMBER, "NUMBER", "may have numbers that the new kind cannot hold", "such a save does" },
    { PECS_LOSS_ENUM, "ENUM", "may have values that the new enum lacks", "such a save does" },
    { PECS_LOSS_LENGTH, "LENGTH", "may be longer than there is room for", "such a save does" },
};

static void check_report_loss(struct lock_checking *checking, const struct map_loss *loss, uint32_t accepted)
{
    size_t i = 0;
    while (check_losses[i].loss != loss->kind)
        i++;
    if (checking->kind == LOCK_SAVE)
        check_report(checking, PECS_LOCK_WARNING, loss->field, "%s: lost, if the program consents",
                     check_losses[i].words);
    else if (accepted & (uint32_t)loss->kind)
        check_report(checking, PECS_LOCK_NOTE, loss->field, "%s: lost, with consent", check_losses[i].words);
    else
        check_report(checking, loss->kind == PECS_LOSS_FIELD ? PECS_LOCK_FAILURE : PECS_LOCK_WARNING, loss->field,
                     "%s: %s not open without the consent PECS_LOSS_%s", check_losses[i].words, check_losses[i].without,
                     check_losses[i].name);
}

static void check_hear_field(void *user, const char *field, const char *message)
{
    check_report(user, PECS_LOCK_NOTE, field, "%s", message);
}

/* "version 2", or with its name where that is another one. */
struct version_label {
    char text[NAME_SHOWN + 32];
};
static struct version_label check_label(const struct lock_checking *checking, const pecs_type *type)
{
    struct version_label label;
    if (strcmp(type->name, checking->type) == 0)
        (void)snprintf(label.text, sizeof(label.text), "version %u", type->version);
    else
        (void)snprintf(label.text, sizeof(label.text), "'%.*s' version %u", NAME_SHOWN, type->name, type->version);
    return label;
}

static pecs_status check_report_fields(struct lock_checking *checking, const struct lock_step *step)
{
    const struct history *history = checking->kind == LOCK_PROGRAM ? checking->registry->history : NULL;
    const struct version_label from = check_label(checking, step->from), to = check_label(checking, step->to);
    const bool is_same = component_layout_is_same(step->from, step->to);
    check_report(checking, PECS_LOCK_NOTE, "", "%s becomes %s%s", from.text, to.text,
                 is_same ? ", with the same layout" : " by its fields");
    const pecs_status status = lock_fields_compare(checking->registry->pool, step->from, step->to,
                                                   history ? history->given : NULL, check_hear_field, checking);
    for (size_t i = 0; !status && i < step->map->loss_count; i++)
        check_report_loss(checking, &step->map->losses[i], step->losses);
    return status;
}

/* A step of code, to any number of types. */
static void check_report_code(struct lock_checking *checking, const struct migrate_plan *plan,
                              const struct migrate_version *version)
{
    char text[TARGETS_SHOWN * sizeof(struct version_label)] = "";
    const struct version_label from = check_label(checking, version->component->type);
    const uint32_t count = version->target_count, shown = count < TARGETS_SHOWN ? count : TARGETS_SHOWN;
    for (uint32_t i = 0; i < shown; i++) {
        const size_t used = strlen(text);
        (void)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " and " : "",
                       check_label(checking, plan->versions[version->targets[i]].component->type).text);
    }
    if (count == 0)
        check_report(checking, PECS_LOCK_NOTE, "", "%s is removed by a migration", from.text);
    else if (count > shown)
        check_report(checking, PECS_LOCK_NOTE, "", "%s becomes %s and %u more by a migration", from.text, text,
                     count - shown);
    else
        check_report(checking, PECS_LOCK_NOTE, "", "%s becomes %s by a migration", from.text, text);
}

static pecs_status check_report_plan(struct lock_checking *checking, const struct migrate_plan *plan)
{
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < plan->version_count; i++) {
        const struct migrate_version *version = &plan->versions[i];
        if (version->is_final)
            continue;
        if (!version->has_map) {
            check_report_code(checking, plan, version);
            continue;
        }
        const struct lock_step step = { version->component->type, &version->map, version->losses,
                                        plan->versions[version->targets[0]].component->type };
        status = check_report_fields(checking, &step);
    }
    return status;
}

/* Of a program: plans the type as one that a file has. */
static pecs_status check_plan(struct lock_checking *checking, const struct component *component)
{
    struct pool *pool = checking->registry->pool;
    struct unknown_types *file = unknown_types_create(pool, 1);
    struct migrate_plan plan;
    pecs_error why = { .message = "" };
    uint32_t culprit;
    if (!file)
        return PECS_E_MEMORY;
    file->types[0] = (struct unknown_type){ .component = *component, .number = checking->registry->type_count };
    file->count = 1;
    pecs_status status = migrate_plan_init(&plan, checking->registry, file, checking->options->losses, &culprit, &why);
    if (!status) {
        status = check_report_plan(checking, &plan);
    } else if (status == PECS_E_LAYOUT) {
        check_report(checking, PECS_LOCK_FAILURE, "", "old saves do not open: %s", why.message);
        status = PECS_OK;
    }
    migrate_plan_deinit(&plan);
    node_release(pool, &file->node);
    return status;
}

/* Of a save: its program may have migrations that the save does not show. */
static pecs_status check_map(struct lock_checking *checking, const pecs_type *from, const pecs_type *to)
{
    struct value_map map;
    pecs_error why = { .message = "" };
    pecs_status status = value_map_init(&map, checking->registry->pool, from, to, NULL, &why);
    const struct lock_step step = { from, &map, 0, to };
    if (!status) {
        status = check_report_fields(checking, &step);
    } else if (status == PECS_E_LAYOUT) {
        check_report(checking, PECS_LOCK_WARNING, "", "version %u needs a migration, which a save does not show: %s",
                     from->version, why.message);
        status = PECS_OK;
    }
    value_map_deinit(&map);
    return status;
}

static void check_removed(struct lock_checking *checking)
{
    if (lock_find_name(checking->now, checking->type))
        check_report(checking, PECS_LOCK_FAILURE, "",
                     "has another id: its old values are kept, but the program does not use them");
    else if (checking->kind == LOCK_PROGRAM)
        check_report(checking, PECS_LOCK_WARNING, "",
                     "is removed: its old values are kept, but the program does not use them");
    else
        check_report(checking, PECS_LOCK_NOTE, "", "is not in the save");
}

/* The rule of versions, for a type that is there in another version or layout. */
static void check_version(struct lock_checking *checking, const pecs_type *locked, const pecs_type *now)
{
    if (now->version < locked->version)
        check_report(checking, PECS_LOCK_FAILURE, "", "has version %u, lower than %u in the lock", now->version,
                     locked->version);
    else if (now->version == locked->version && !component_layout_is_same(locked, now))
        check_report(checking, PECS_LOCK_FAILURE, "", "changed, but its version is still %u", now->version);
}

/* A type that was in no file. */
static void check_transient(struct lock_checking *checking, const pecs_type *locked, const pecs_type *now)
{
    if (!now)
        check_report(checking, PECS_LOCK_NOTE, "", "is removed: it was in no save");
    else if (!type_is_transient(now))
        check_report(checking, PECS_LOCK_NOTE, "", "was transient, and is saved now");
    else if ((locked->flags ^ now->flags) & PECS_TYPE_TRANSIENT_ENTITY)
        check_report(checking, PECS_LOCK_NOTE, "", "entities that have it are %s now",
                     now->flags & PECS_TYPE_TRANSIENT_ENTITY ? "not saved" : "saved");
    else if (locked->flags != now->flags)
        check_report(checking, PECS_LOCK_NOTE, "", "is %s snapshots now",
                     now->flags & PECS_TYPE_NO_SNAPSHOT ? "left out of" : "in");
}

static bool check_is_same(const pecs_type *locked, const pecs_type *now)
{
    return locked->version == now->version && strcmp(locked->name, now->name) == 0 &&
           component_layout_is_same(locked, now);
}

static pecs_status check_type(struct lock_checking *checking, const struct lock_type *locked)
{
    const pecs_registry *registry = checking->registry;
    const struct lock_type *found = lock_find(checking->now, locked->id);
    const pecs_type *type = locked->type, *now = found ? found->type : NULL;
    const struct component component = { .type = type, .id = locked->id, .size = type->size, .align = type->align };
    const bool is_program = checking->kind == LOCK_PROGRAM;
    const bool has_migration =
        is_program && registry->history && history_find(registry->history, locked->id, type->version) != UINT32_MAX;
    checking->type = type->name;
    if (type_is_transient(type)) {
        check_transient(checking, type, now);
        return PECS_OK;
    }
    if (now && type_is_transient(now)) {
        check_report(checking, PECS_LOCK_FAILURE, "", "is transient now: saves that have it do not open");
        return PECS_OK;
    }
    if (now && check_is_same(type, now))
        return PECS_OK;
    if (now && !has_migration)
        check_version(checking, type, now);
    if (is_program ? !migrate_is_old(registry, &component) : !now) {
        check_removed(checking);
        return PECS_OK;
    }
    return is_program ? check_plan(checking, &component) : check_map(checking, type, now);
}

/* Whether the lock has the type under its id, its name, or an old name. */
static bool check_is_locked(const struct lock_checking *checking, const struct lock_type *now)
{
    const struct history *history = checking->kind == LOCK_PROGRAM ? checking->registry->history : NULL;
    const pecs_type_history *past = history ? history_of_type(history->given, now->type) : NULL;
    bool is_locked = lock_find(checking->locked, now->id) || lock_find_name(checking->locked, now->type->name);
    for (size_t i = 0; past && !is_locked && i < past->old_name_count; i++)
        is_locked = lock_find(checking->locked, component_name_id(past->old_names[i])) != NULL;
    return is_locked;
}

static void check_new(struct lock_checking *checking, const struct lock_type *now)
{
    checking->type = now->type->name;
    if (!check_is_locked(checking, now))
        check_report(checking, PECS_LOCK_NOTE, "", "is new%s", type_is_transient(now->type) ? ", and not saved" : "");
}

static pecs_status check_types(struct lock_checking *checking)
{
    const struct lock *locked = checking->locked, *now = checking->now;
    pecs_status status = PECS_OK;
    size_t i = 0, j = 0;
    while (!status && (i < locked->type_count || j < now->type_count)) {
        const bool is_now = i == locked->type_count ||
                            (j < now->type_count && lock_compare_types(&now->types[j], &locked->types[i]) < 0);
        if (is_now)
            check_new(checking, &now->types[j++]);
        else
            status = check_type(checking, &locked->types[i++]);
    }
    return status;
}

/* The versions of the schema, and the world migrations that an old save needs. */
static void check_schema(struct lock_checking *checking)
{
    const struct history *history = checking->kind == LOCK_PROGRAM ? checking->registry->history : NULL;
    const uint32_t locked = checking->locked->schema_version, now = checking->now->schema_version;
    checking->type = "";
    if (now < locked)
        check_report(checking, PECS_LOCK_FAILURE, "", "the schema version is %u, lower than %u in the lock", now,
                     locked);
    if (now > locked)
        check_report(checking, PECS_LOCK_NOTE, "", "the schema version is %u, and %u in the lock", now, locked);
    if (checking->now->oldest_reader != checking->locked->oldest_reader)
        check_report(checking, PECS_LOCK_NOTE, "", "the oldest reader is %u, and %u in the lock",
                     checking->now->oldest_reader, checking->locked->oldest_reader);
    for (size_t i = 0; history && i < history->given->world_migration_count; i++) {
        const pecs_world_migration *migration = &history->given->world_migrations[i];
        if (migration->from_version < locked && migration->to_version > locked)
            check_report(checking, PECS_LOCK_FAILURE, "",
                         "old saves do not open: no world migration begins at schema version %u", locked);
        else if (migration->to_version > locked)
            check_report(checking, PECS_LOCK_NOTE, "", "the world migration from version %u to %u runs",
                         migration->from_version, migration->to_version);
    }
}

pecs_status lock_check(const struct lock *locked, const struct lock *now, const pecs_registry *registry,
                       enum lock_reader_kind kind, const pecs_lock_options *options, pecs_error *error)
{
    static const pecs_lock_options defaults;
    struct lock_checking checking = { locked, now, registry, kind, options ? options : &defaults, "", 0, "" };
    check_schema(&checking);
    if (check_types(&checking))
        return fail_memory(error);
    if (!checking.failure_count)
        return PECS_OK;
    return checking.failure_count == 1 ? fail(error, PECS_E_LAYOUT, "%s", checking.first_failure)
                                       : fail(error, PECS_E_LAYOUT, "%.460s (and %llu more)", checking.first_failure,
                                              (unsigned long long)checking.failure_count - 1);
}
