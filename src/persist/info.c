/*
 * What a file tells of itself: the hollow state of an inspection, laid out for the user. To a registry without types,
 * all types of a file are unknown, so the state keeps them all; those that a table has are told.
 */
#include "error.h"
#include "load.h"
#include "reader.h"

#include <stddef.h>

enum { INFO_BYTES_DEFAULT = 64 * 1024 * 1024 }; /* of a commit, where the caller sets no limit */

struct info {
    pecs_info told; /* first: the user's pointer */
    pecs_registry *registry;
    struct pecs_snapshot *state;
    struct metadata *file_metadata; /* or NULL */
    pecs_type id_type;              /* the registry's own type, which tells no id; here it does, like the others */
    const pecs_type **types;
    pecs_table *tables;
    pecs_component *list; /* indices of `types`, of all tables */
    uint32_t *scratch;    /* the components in the order of `types`, then the index of each component, by place */
    size_t type_count, table_count, list_count;
};

static size_t component_total(const struct pecs_snapshot *state)
{
    size_t count = 0;
    for (uint32_t i = 0; i < state->table_count; i++)
        count += state_table(state, i)->archetype->component_count;
    return count;
}

static bool allocate(struct info *info)
{
    struct pool *pool = info->registry->pool;
    info->type_count = state_component_count(info->state);
    info->table_count = info->state->table_count;
    info->list_count = component_total(info->state);
    info->types = pool_allocate(pool, (info->type_count + 1) * sizeof(*info->types));
    info->tables = pool_allocate(pool, (info->table_count + 1) * sizeof(*info->tables));
    info->list = pool_allocate(pool, (info->list_count + 1) * sizeof(*info->list));
    info->scratch = pool_allocate(pool, (info->type_count + 1) * 2 * sizeof(*info->scratch));
    return info->types && info->tables && info->list && info->scratch;
}

static void fill_tables(struct info *info, const uint32_t *ranks)
{
    pecs_component *next = info->list;
    for (uint32_t i = 0; i < info->table_count; i++) {
        const struct table *table = state_table(info->state, i);
        const struct archetype *archetype = table->archetype;
        info->tables[i] = (pecs_table){ next, archetype->component_count, table->row_count, archetype->is_singleton };
        /* ascending by component is ascending by id, but for the registry's own type: sorted in by insertion */
        for (uint32_t j = 0; j < archetype->component_count; j++) {
            const uint32_t rank = ranks[state_place(info->state, archetype->components[j])];
            uint32_t at = j;
            for (; at && next[at - 1] > rank; at--)
                next[at] = next[at - 1];
            next[at] = rank;
        }
        next += archetype->component_count;
    }
}

static void fill(struct info *info, const struct reader_facts *facts, uint64_t size_bytes)
{
    const struct pecs_snapshot *state = info->state;
    uint32_t *ranks = info->scratch + info->type_count;
    const uint32_t count = state_list_components(state, info->scratch, ranks);
    const struct component *id_component = state_component(state, info->registry->id_component);
    info->id_type = *id_component->type;
    info->id_type.id = id_component->id;
    for (uint32_t i = 0; i < count; i++)
        info->types[i] = info->scratch[i] == info->registry->id_component
                             ? &info->id_type
                             : state_component(state, info->scratch[i])->type;
    fill_tables(info, ranks);
    info->told = (pecs_info){
        .size_bytes = size_bytes,
        .format_version = facts->version,
        .optional_features = facts->optional_features,
        .entity_count = state->entity_count,
        .slot_count = state_slot_count(state),
        .free_count = state->free_count,
        .retired_count = state_retired_count(state),
        .tick = state->tick,
        .wall_clock_ns = facts->wall_clock_ns,
        .session_count = state->sessions ? state->sessions->count : 0,
        .snapshot_id = facts->snapshot_id,
        .parent_id = facts->parent_id,
        .types = info->types,
        .type_count = count,
        .tables = info->tables,
        .table_count = info->table_count,
        .metadata = state->metadata ? state->metadata->entries : NULL,
        .metadata_count = state->metadata ? state->metadata->count : 0,
        .file_metadata = info->file_metadata ? info->file_metadata->entries : NULL,
        .file_metadata_count = info->file_metadata ? info->file_metadata->count : 0,
    };
}

static void info_free(struct info *info)
{
    pecs_registry *registry = info->registry;
    struct pool *pool = registry->pool;
    pool_release(pool, info->scratch, (info->type_count + 1) * 2 * sizeof(*info->scratch));
    pool_release(pool, info->list, (info->list_count + 1) * sizeof(*info->list));
    pool_release(pool, info->tables, (info->table_count + 1) * sizeof(*info->tables));
    pool_release(pool, info->types, (info->type_count + 1) * sizeof(*info->types));
    if (info->file_metadata)
        node_release(pool, &info->file_metadata->node);
    state_release(info->state);
    pool_release(pool, info, sizeof(*info));
    pecs_registry_destroy(registry);
}

/* The registry's reference becomes the information's, also on failure. */
static pecs_status inspect(pecs_registry *registry, const struct os_file *file, const char *path,
                           const pecs_load_options *options, struct info **ret_info, pecs_error *error)
{
    struct info *info = pool_allocate_zeroed(registry->pool, sizeof(*info));
    if (!info) {
        pecs_registry_destroy(registry);
        return fail_memory(error);
    }
    info->registry = registry;
    struct reader_facts facts;
    const pecs_load_options limits = {
        .max_entities = options ? options->max_entities : 0,
        .max_types = options ? options->max_types : 0,
        .max_info_bytes = options && options->max_info_bytes ? options->max_info_bytes : INFO_BYTES_DEFAULT,
    };
    pecs_status status = reader_inspect(registry, file, path, &limits, &facts, &info->state, error);
    if (!status)
        info->file_metadata = facts.file_metadata;
    if (status || !allocate(info)) {
        info_free(info);
        return status ? status : fail_memory(error);
    }
    fill(info, &facts, file->size_bytes);
    *ret_info = info;
    return PECS_OK;
}

pecs_status pecs_file_info(const char *path, const pecs_allocator *allocator, const pecs_load_options *options,
                           pecs_info **ret_info, pecs_error *error)
{
    struct os_file file = { .descriptor = -1 };
    if (!path || !ret_info)
        return fail(error, PECS_E_MISUSE, "the information needs a path and a place to go to");
    pecs_status status = load_open(path, options, &file, error);
    if (status)
        return status;
    const pecs_registry_desc none = { .allocator = allocator ? *allocator : (pecs_allocator){ NULL, NULL, NULL } };
    pecs_registry *registry;
    struct info *info = NULL;
    status = pecs_registry_create(&none, &registry, error);
    if (!status)
        status = inspect(registry, &file, path, options, &info, error);
    os_file_close(&file);
    if (!status)
        *ret_info = &info->told;
    return status;
}

const pecs_meta *pecs_info_meta(const pecs_info *info, const char *key)
{
    if (!info || !key)
        return NULL;
    const struct info *of = (const struct info *)info;
    bool is_there;
    uint32_t place = metadata_find(of->file_metadata, key, &is_there);
    if (is_there)
        return &of->file_metadata->entries[place];
    place = metadata_find(of->state->metadata, key, &is_there);
    return is_there ? &of->state->metadata->entries[place] : NULL;
}

void pecs_info_destroy(pecs_info *info)
{
    if (info)
        info_free((struct info *)info);
}
