/*
 * Conversion of a snapshot to another registry: types are matched as those of a file are, by id and then byte for byte,
 * and the arrays are borrowed. Then old types are migrated, as after a load. Transient types that the other registry
 * lacks cannot be kept without their program, so they are left out first.
 */
#include "builder_adopt.h"
#include "error.h"
#include "filtered.h"
#include "id_hash.h"
#include "loan.h"
#include "program_meta.h"
#include "state_types.h"
#include "type_match.h"
#include "typecode.h"
#include "upgrade.h"

#include <pecs/filter.h>

struct conversion {
    const struct pecs_snapshot *from;
    struct pecs_snapshot *to;
    pecs_registry *registry;
    struct pool *pool; /* of the registry */
    struct loan *loan;
    struct unknown_types *unknown; /* NULL: the registry has all types */
    pecs_component *list;          /* scratch: components of `from`, of one table */
    pecs_component *numbers;       /* of each component of `from`, by place: its number in the registry */
    uint32_t *ranks;
    const pecs_migration_options *migration; /* or NULL */
    pecs_error *error;
};

static pecs_status convert_fail_transient(const struct conversion *conversion, const struct component *component)
{
    return fail(conversion->error, PECS_E_LAYOUT,
                "type '%.*s' is transient in one registry and not in the other, or of another size", NAME_SHOWN,
                component->type->name);
}

static bool convert_is_same_transient(const struct component *a, const struct component *b)
{
    return a->flags == b->flags && a->size == b->size && a->align == b->align;
}

/* Whether the type is the registry's; if not, it is kept as it is, and migrated later. */
static pecs_status convert_compare(const struct conversion *conversion, const struct component *from,
                                   const struct component *to, bool *ret_is_same)
{
    struct buffer a = { .pool = conversion->pool }, b = a;
    *ret_is_same = true;
    if (component_is_transient(from) || component_is_transient(to))
        return convert_is_same_transient(from, to) ? PECS_OK : convert_fail_transient(conversion, from);
    typecode_write(&a, from, 0);
    typecode_write(&b, to, 0);
    const bool failed = a.failed || b.failed;
    *ret_is_same = !failed && a.size_bytes == b.size_bytes && memcmp(a.bytes, b.bytes, a.size_bytes) == 0;
    buffer_deinit(&a);
    buffer_deinit(&b);
    return failed ? fail_memory(conversion->error) : PECS_OK;
}

/* Adds a type that the registry lacks. Its description stays that of the lender. */
static pecs_status convert_keep(struct conversion *conversion, const struct component *component,
                                pecs_component *ret_number)
{
    struct unknown_types *unknown = conversion->unknown;
    struct unknown_type *kept = &unknown->types[unknown->count];
    struct buffer record = { .pool = conversion->pool };
    if (conversion->registry->id_component + unknown->count == TYPES_MAX)
        return fail(conversion->error, PECS_E_LIMIT, "with those that are not registered there are more than %d types",
                    TYPES_MAX);
    *kept = (struct unknown_type){ .description = NULL };
    pecs_status status = component_init(&kept->component, component->type, conversion->pool, conversion->error);
    if (status)
        return status;
    unknown->count++; /* from here on it goes with the list */
    typecode_write(&record, component, 0);
    status = record.failed ? fail_memory(conversion->error)
                           : match_number(conversion->registry, &record, &kept->number, conversion->error);
    buffer_deinit(&record);
    *ret_number = kept->number;
    return status;
}

/* Types are listed in the order of their ids, as the list of unknown ones needs it. */
static pecs_status convert_types(struct conversion *conversion)
{
    const uint32_t count = state_list_components(conversion->from, conversion->list, conversion->ranks);
    conversion->unknown = unknown_types_create(conversion->pool, (uint32_t)min_u64(count, TYPES_MAX));
    pecs_status status = PECS_OK;
    if (!conversion->unknown)
        return fail_memory(conversion->error);
    conversion->unknown->lenders[0] = node_retain(&conversion->loan->node);
    for (uint32_t i = 0; !status && i < count; i++) {
        const struct component *component = state_component(conversion->from, conversion->list[i]);
        pecs_component *number = &conversion->numbers[state_place(conversion->from, conversion->list[i])];
        bool is_same = false;
        if (!registry_find(conversion->registry, component->id, number))
            status =
                convert_compare(conversion, component, registry_component(conversion->registry, *number), &is_same);
        if (!status && !is_same)
            status = convert_keep(conversion, component, number);
    }
    if (status)
        return status;
    unknown_types_sort(conversion->unknown);
    if (!conversion->unknown->count) {
        node_release(conversion->pool, &conversion->unknown->node);
        conversion->unknown = NULL;
    }
    return PECS_OK;
}

static struct archetype *convert_archetype(struct conversion *conversion, const struct archetype *from)
{
    for (uint32_t i = 0; i < from->component_count; i++)
        conversion->list[i] = conversion->numbers[state_place(conversion->from, from->components[i])];
    archetype_sort(conversion->list, from->component_count);
    return archetype_create(conversion->registry, conversion->unknown, conversion->list, from->component_count,
                            from->is_singleton);
}

static pecs_status convert_columns(struct conversion *conversion, const struct table *from, struct table *table)
{
    pecs_status status =
        loan_take_column(conversion->loan, conversion->pool, table, HANDLE_COLUMN, from, HANDLE_COLUMN);
    for (uint32_t i = HANDLE_COLUMN + 1; !status && i < from->archetype->column_count; i++) {
        const uint32_t place = state_place(conversion->from, from->archetype->column_components[i]);
        const uint32_t column = archetype_column(table->archetype, conversion->numbers[place]);
        status = loan_take_column(conversion->loan, conversion->pool, table, column, from, i);
    }
    return status;
}

static pecs_status convert_table(struct conversion *conversion, struct gate *gate, uint32_t number)
{
    const struct table *from = state_table(conversion->from, number);
    struct archetype *archetype = convert_archetype(conversion, from->archetype);
    struct table *table = archetype ? table_create(conversion->pool, archetype) : NULL;
    if (archetype)
        node_release(conversion->pool, &archetype->node);
    if (!table)
        return PECS_E_MEMORY;
    uint32_t same_number;
    pecs_status status = convert_columns(conversion, from, table);
    table->row_count = from->row_count;
    if (status)
        node_release(conversion->pool, &table->node);
    else
        status = state_take_table(gate, conversion->to, table, &same_number);
    return status;
}

/* The hash index of explicit ids is keyed with the pool's secret, so it is made again; of births, too. */
static pecs_status convert_ids(struct conversion *conversion, struct gate *gate)
{
    struct pecs_snapshot *to = conversion->to;
    pecs_status status = PECS_OK;
    const bool is_needed = id_hash_of(conversion->from) || conversion->from->births;
    for (uint32_t i = 0; is_needed && !status && i < to->table_count; i++)
        status = id_hash_note_rows(gate, to, i, 0, state_table(to, i)->row_count);
    return status;
}

static pecs_status convert_state(struct conversion *conversion)
{
    struct gate gate;
    pecs_status status = loan_make_state(conversion->loan, conversion->registry, conversion->unknown, &conversion->to);
    if (status)
        return status;
    gate_init(&gate, conversion->pool);
    gate.state_epoch = gate.epoch;
    gate.tick = conversion->to->tick;
    for (uint32_t i = 0; !status && i < conversion->from->table_count; i++)
        status = convert_table(conversion, &gate, i);
    conversion->to->singleton_table = conversion->from->singleton_table;
    if (!status)
        status = convert_ids(conversion, &gate);
    gate_deinit(&gate);
    if (status)
        state_release(conversion->to);
    return status;
}

/* The schema version of a state: that of its program, or what its file had. */
static uint32_t convert_version(const struct pecs_snapshot *state)
{
    const struct history *history = state->registry->history;
    const uint32_t version = history ? history->given->schema_version : 0;
    return version ? version : program_meta_number(state->metadata, PECS_META_SCHEMA_VERSION);
}

static pecs_status convert_run(struct conversion *conversion)
{
    const size_t count = (size_t)state_component_count(conversion->from) + 1;
    conversion->list = pool_allocate(conversion->pool, count * sizeof(*conversion->list));
    conversion->numbers = pool_allocate(conversion->pool, count * sizeof(*conversion->numbers));
    conversion->ranks = pool_allocate(conversion->pool, count * sizeof(*conversion->ranks));
    conversion->loan = loan_create(conversion->pool, conversion->from);
    const bool has_room = conversion->list && conversion->numbers && conversion->ranks && conversion->loan;
    struct upgrade upgrade = { .registry = NULL };
    uint32_t culprit;
    pecs_status status = has_room ? convert_types(conversion) : fail_memory(conversion->error);
    if (!status && !conversion->from->registry->history)
        status = upgrade_check_reader(conversion->registry, conversion->from->metadata, conversion->error);
    if (!status && conversion->from->is_partial)
        status = upgrade_check_part(conversion->registry, convert_version(conversion->from), conversion->error);
    upgrade.is_partial = conversion->from->is_partial;
    if (!status)
        status = upgrade_init(&upgrade, conversion->registry, conversion->unknown, conversion->migration, &culprit,
                              conversion->error);
    if (!status && convert_state(conversion))
        status = fail_memory(conversion->error);
    if (!status)
        status = upgrade_run(&upgrade, convert_version(conversion->from), false, &conversion->to, conversion->error);
    if (status == PECS_E_CORRUPT && conversion->error && conversion->error->offset >= IMAGE_GATHERED)
        conversion->error->offset = 0; /* where its block was, no state keeps */
    upgrade_deinit(&upgrade);
    if (conversion->unknown)
        node_release(conversion->pool, &conversion->unknown->node);
    if (conversion->loan)
        node_release(conversion->pool, &conversion->loan->node);
    pool_release(conversion->pool, conversion->ranks, count * sizeof(*conversion->ranks));
    pool_release(conversion->pool, conversion->numbers, count * sizeof(*conversion->numbers));
    pool_release(conversion->pool, conversion->list, count * sizeof(*conversion->list));
    return status;
}

static bool convert_is_foreign(const struct component *component, const pecs_registry *registry)
{
    pecs_component number;
    return component_is_transient(component) && registry_find(registry, component->id, &number);
}

/* Selects the entities that are transient because of a type that the other registry lacks. */
static pecs_status convert_select(const pecs_snapshot *snapshot, const pecs_registry *registry,
                                  struct selection *selection)
{
    pecs_status status = selection_init(selection, snapshot);
    for (uint32_t i = 0; !status && i < snapshot->table_count; i++) {
        const struct archetype *archetype = state_table(snapshot, i)->archetype;
        bool is_gone = false;
        for (uint32_t j = 0; !archetype_is_saved(archetype) && j < archetype->component_count; j++) {
            const struct component *component = state_component(snapshot, archetype->components[j]);
            is_gone |= component->flags & PECS_TYPE_TRANSIENT_ENTITY && convert_is_foreign(component, registry);
        }
        if (is_gone)
            status = selection_add_table(selection, i);
    }
    return status;
}

/* Leaves out what is transient and foreign to the other registry. */
static pecs_status convert_prepare(const pecs_snapshot *snapshot, const pecs_registry *registry,
                                   pecs_snapshot **ret_snapshot, pecs_error *error)
{
    uint64_t components[TYPES_MAX / 64 + 1] = { 0 };
    struct selection selection;
    pecs_left_out left_out;
    bool is_needed = false;
    for (uint32_t place = 0; place < state_component_count(snapshot); place++) {
        if (!convert_is_foreign(state_component_at(snapshot, place), registry))
            continue;
        bits_set(components, place);
        is_needed = true;
    }
    if (!is_needed) {
        *ret_snapshot = pecs_snapshot_retain((pecs_snapshot *)(uintptr_t)snapshot);
        return PECS_OK;
    }
    const struct projection_less less = { components, &selection, NULL };
    pecs_status status = convert_select(snapshot, registry, &selection);
    status = status ? filtered_fail(error, status)
                    : filtered_make(snapshot, &less, PECS_REFERENCES_KEEP, ret_snapshot, &left_out, error);
    selection_deinit(&selection);
    return status;
}

static pecs_status convert_snapshot(const pecs_snapshot *snapshot, pecs_registry *registry,
                                    const pecs_migration_options *migration, pecs_snapshot **ret_snapshot,
                                    pecs_error *error)
{
    if (snapshot->registry == registry) {
        *ret_snapshot = pecs_snapshot_retain((pecs_snapshot *)(uintptr_t)snapshot);
        return PECS_OK;
    }
    pecs_snapshot *from = NULL;
    pecs_status status = convert_prepare(snapshot, registry, &from, error);
    if (!from)
        return status;
    struct conversion conversion = {
        .from = from, .registry = registry, .pool = registry->pool, .migration = migration, .error = error
    };
    status = convert_run(&conversion);
    if (!status)
        *ret_snapshot = conversion.to;
    state_release(from);
    return status;
}

pecs_status pecs_snapshot_convert(const pecs_snapshot *snapshot, pecs_registry *registry, pecs_snapshot **ret_snapshot,
                                  pecs_error *error)
{
    if (!snapshot || !registry || !ret_snapshot)
        return fail(error, PECS_E_MISUSE, "snapshot, registry and ret_snapshot must not be NULL");
    return convert_snapshot(snapshot, registry, NULL, ret_snapshot, error);
}

pecs_status pecs_builder_adopt(pecs_builder *builder, const pecs_snapshot *snapshot, pecs_error *error)
{
    pecs_snapshot *adopted = NULL;
    if (!builder || !snapshot)
        return fail(error, PECS_E_MISUSE, "builder and snapshot must not be NULL");
    pecs_status status = builder_check_empty(builder, error);
    if (!status)
        status =
            convert_snapshot(snapshot, pecs_builder_registry(builder), builder_migration(builder), &adopted, error);
    if (!status)
        builder_take(builder, adopted);
    return status;
}
