/*
 * All that can be wrong with a history is found when the registry is made, not when an old file turns up: types that
 * break the rules, conversions without code that are none, ways that end nowhere or turn back.
 */
#include "history.h"

#include "bytes.h"
#include "error.h"
#include "kind.h"
#include "memory.h"
#include "registry.h"
#include "utf8.h"

#include <string.h>

enum { HISTORY_MIGRATIONS_MAX = 4096 };

struct history_making {
    const pecs_registry *registry;
    struct history *history;
    pecs_error *error;
};

static int history_compare(const struct history_node *node, pecs_id id, uint32_t version)
{
    const int order = memcmp(&node->component.id, &id, sizeof(id));
    const uint32_t own = node->component.type->version;
    return order ? order : (own > version) - (own < version);
}

/* The place of a node, or where it would be. */
static size_t history_search(const struct history *history, pecs_id id, uint32_t version, bool *ret_found)
{
    size_t begin = 0, end = history->node_count;
    *ret_found = false;
    while (begin < end) {
        const size_t middle = begin + (end - begin) / 2;
        const int order = history_compare(&history->nodes[middle], id, version);
        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order > 0)
            end = middle;
        else
            begin = middle + 1;
    }
    return begin;
}

uint32_t history_find(const struct history *history, pecs_id id, uint32_t version)
{
    bool is_found;
    const size_t place = history_search(history, id, version, &is_found);
    return is_found ? (uint32_t)place : HISTORY_NO_NODE;
}

bool history_find_type(const pecs_registry *registry, const struct history *history, pecs_id id,
                       pecs_component *ret_component)
{
    if (!registry_find(registry, id, ret_component))
        return true;
    for (size_t i = 0; history && i < history->given->type_count; i++) {
        const pecs_type_history *type = &history->given->types[i];
        for (size_t j = 0; j < type->old_name_count; j++) {
            const pecs_id old = component_name_id(type->old_names[j]);
            if (memcmp(&old, &id, sizeof(id)) == 0)
                return !registry_find(registry, component_type_id(type->type), ret_component);
        }
    }
    return false;
}

/* Whether a type is one of the registry's; *ret_component is then its number. */
static bool history_is_present(const pecs_registry *registry, const pecs_type *type, pecs_component *ret_component)
{
    return !registry_find(registry, component_type_id(type), ret_component) &&
           registry_component(registry, *ret_component)->type->version == type->version;
}

/* Whether two types are one version of one type. */
static bool history_is_one(const pecs_type *a, const pecs_type *b)
{
    const pecs_id x = component_type_id(a), y = component_type_id(b);
    return a->version == b->version && memcmp(&x, &y, sizeof(x)) == 0;
}

uint32_t history_find_target(const pecs_registry *registry, const struct history *history, const pecs_type *type,
                             pecs_component *ret_final)
{
    return history_is_present(registry, type, ret_final)
               ? HISTORY_NO_NODE
               : history_find(history, component_type_id(type), type->version);
}

static pecs_status history_add_node(const struct history_making *making, const pecs_type *type)
{
    struct history *history = making->history;
    struct pool *pool = making->registry->pool;
    struct component component;
    bool is_found;
    pecs_status status = component_init(&component, type, pool, making->error);
    if (status)
        return status;
    const size_t place = history_search(history, component.id, type->version, &is_found);
    if (is_found) {
        component_deinit(&component, pool);
        return component_layout_is_same(history->nodes[place].component.type, type)
                   ? PECS_OK
                   : fail(making->error, PECS_E_CONFLICT,
                          "version %u of type '%.200s' has two layouts in the migrations", type->version, type->name);
    }
    if (!pool_reserve(pool, (void **)&history->nodes, &history->node_capacity, history->node_count + 1,
                      sizeof(*history->nodes))) {
        component_deinit(&component, pool);
        return fail_memory(making->error);
    }
    memmove(&history->nodes[place + 1], &history->nodes[place],
            (history->node_count - place) * sizeof(*history->nodes));
    history->nodes[place] =
        (struct history_node){ .component = component, .final = NO_COMPONENT, .distance = UINT32_MAX };
    history->node_count++;
    return PECS_OK;
}

static pecs_status history_check_type(const struct history_making *making, const pecs_type *type, size_t migration)
{
    if (!type || !type->name)
        return fail(making->error, PECS_E_MISUSE, "a type of migration %zu %s", migration,
                    type ? "has no name" : "is NULL");
    if (type->flags & PECS_TYPE_TRANSIENT)
        return fail(making->error, PECS_E_MISUSE, "type '%.200s' of migration %zu is transient: no file has it",
                    type->name, migration);
    if (name_is_reserved(type->name, strlen(type->name)))
        return fail(making->error, PECS_E_MISUSE,
                    "type '%.200s' of migration %zu: names that begin with \"%s\" are "
                    "reserved for the library",
                    type->name, migration, RESERVED_PREFIX);
    return PECS_OK;
}

/* A type that a migration leads to: a node, or the registry's, as it is there. */
static pecs_status history_add_target(const struct history_making *making, const pecs_type *type, size_t migration)
{
    pecs_component number;
    const pecs_status status = history_check_type(making, type, migration);
    if (status)
        return status;
    if (!history_is_present(making->registry, type, &number))
        return history_add_node(making, type);
    return component_layout_is_same(registry_component(making->registry, number)->type, type)
               ? PECS_OK
               : fail(making->error, PECS_E_CONFLICT, "version %u of type '%.200s' has another layout in the registry",
                      type->version, type->name);
}

static pecs_status history_add_migration(const struct history_making *making, size_t number)
{
    const pecs_migration *migration = &making->history->given->migrations[number];
    pecs_component component;
    pecs_status status = history_check_type(making, migration->from, number);
    if (status)
        return status;
    if (migration->to_count && !migration->to)
        return fail(making->error, PECS_E_MISUSE, "migration %zu has no list of types", number);
    if (!migration->migrate && migration->to_count > 1)
        return fail(making->error, PECS_E_MISUSE, "migration %zu to several types has no function", number);
    if (history_is_present(making->registry, migration->from, &component))
        return fail(making->error, PECS_E_MISUSE,
                    "migration %zu begins with version %u of type '%.200s', which is the "
                    "present one",
                    number, migration->from->version, migration->from->name);
    status = history_add_node(making, migration->from);
    for (size_t i = 0; !status && i < migration->to_count; i++) {
        status = history_add_target(making, migration->to[i], number);
        for (size_t j = 0; !status && j < i; j++)
            if (history_is_one(migration->to[i], migration->to[j]))
                status = fail(making->error, PECS_E_MISUSE, "migration %zu leads to version %u of type '%.200s' twice",
                              number, migration->to[i]->version, migration->to[i]->name);
    }
    return status;
}

/* Without code: the map of two types, only to see whether there is one. */
static pecs_status history_check_map(const struct history_making *making, const pecs_type *from, const pecs_type *to)
{
    struct value_map map;
    pecs_error why = { .message = "" };
    pecs_status status = value_map_init(&map, making->registry->pool, from, to, making->history->given, &why);
    value_map_deinit(&map);
    if (status == PECS_E_LAYOUT)
        status = fail(making->error, status, "version %u of type '%.100s': %s", from->version, from->name, why.message);
    return status == PECS_E_MEMORY ? fail_memory(making->error) : status;
}

static pecs_status history_visit(const struct history_making *making, uint32_t index);

/* *ret_distance: of the farthest type that the migration leads to. */
static pecs_status history_follow(const struct history_making *making, const pecs_migration *migration,
                                  uint32_t *ret_distance)
{
    pecs_component number;
    pecs_status status = PECS_OK;
    *ret_distance = 0;
    for (size_t i = 0; !status && i < migration->to_count; i++) {
        const uint32_t next = history_find_target(making->registry, making->history, migration->to[i], &number);
        if (next == HISTORY_NO_NODE)
            continue;
        status = history_visit(making, next);
        if (!status && *ret_distance < making->history->nodes[next].distance)
            *ret_distance = making->history->nodes[next].distance;
    }
    if (!status && !migration->migrate && migration->to_count)
        status = history_check_map(making, migration->from, migration->to[0]);
    return status;
}

/* A node without a migration converts without code, or is a gap. */
static pecs_status history_end(const struct history_making *making, struct history_node *node)
{
    const pecs_type *type = node->component.type;
    if (!history_find_type(making->registry, making->history, node->component.id, &node->final))
        return fail(making->error, PECS_E_MISUSE,
                    "the migrations lead to version %u of type '%.200s', which is not registered, and no migration "
                    "leads on from there",
                    type->version, type->name);
    node->distance = 1;
    return history_check_map(making, type, registry_component(making->registry, node->final)->type);
}

/* Finds the shortest way from a node, after those of all nodes that it leads to. */
static pecs_status history_visit(const struct history_making *making, uint32_t index)
{
    struct history *history = making->history;
    struct history_node *node = &history->nodes[index];
    const pecs_type *type = node->component.type;
    if (node->is_done)
        return PECS_OK;
    if (node->is_entered)
        return fail(making->error, PECS_E_MISUSE, "the migrations from version %u of type '%.200s' lead back to it",
                    type->version, type->name);
    node->is_entered = true;
    pecs_status status = PECS_OK;
    bool has_rival = false;
    for (size_t i = 0; !status && i < history->given->migration_count; i++) {
        const pecs_migration *migration = &history->given->migrations[i];
        uint32_t distance;
        if (!history_is_one(migration->from, type))
            continue;
        status = history_follow(making, migration, &distance);
        if (status || (node->step && node->distance < distance + 1))
            continue;
        has_rival = node->step && node->distance == distance + 1;
        node->step = migration;
        node->distance = distance + 1;
    }
    if (!status && has_rival)
        return fail(making->error, PECS_E_CONFLICT,
                    "two ways of the same length lead on from version %u of type '%.200s'", type->version, type->name);
    if (!status && !node->step)
        status = history_end(making, node);
    node->is_done = true;
    history->order[history->node_count - ++history->order_count] = index;
    return status;
}

static const pecs_field *history_find_field(const pecs_type *type, const char *name)
{
    for (uint32_t i = 0; name && i < type->field_count; i++)
        if (type->fields[i].name && strcmp(type->fields[i].name, name) == 0)
            return &type->fields[i];
    return NULL;
}

static pecs_status history_check_renames(const struct history_making *making, const pecs_type_history *type)
{
    for (size_t i = 0; i < type->rename_count; i++) {
        const pecs_rename *rename = &type->renames[i];
        if (!rename->old_name || !history_find_field(type->type, rename->field))
            return fail(making->error, PECS_E_MISUSE, "rename %zu of type '%.200s' names no field of it", i,
                        type->type->name);
        for (size_t j = 0; j < i; j++)
            if (strcmp(type->renames[j].old_name, rename->old_name) == 0)
                return fail(making->error, PECS_E_CONFLICT,
                            "the fields '%.100s' and '%.100s' of type '%.100s' have the old name '%.100s'",
                            type->renames[j].field, rename->field, type->type->name, rename->old_name);
        if (history_find_field(type->type, rename->old_name))
            return fail(making->error, PECS_E_CONFLICT,
                        "the old name '%.100s' of field '%.100s' of type '%.100s' is "
                        "that of a field",
                        rename->old_name, rename->field, type->type->name);
    }
    return PECS_OK;
}

/* The type before `end` that has an old name, too. */
static const pecs_type_history *history_find_old_name(const pecs_history *given, const char *name,
                                                      const pecs_type_history *end)
{
    for (const pecs_type_history *type = given->types; type < end; type++)
        for (size_t i = 0; i < type->old_name_count; i++)
            if (strcmp(type->old_names[i], name) == 0)
                return type;
    return NULL;
}

static pecs_status history_check_old_names(const struct history_making *making, const pecs_type_history *type)
{
    pecs_component component;
    if (type->old_name_count &&
        (!type->old_names || registry_find(making->registry, component_type_id(type->type), &component)))
        return fail(making->error, PECS_E_MISUSE, "type '%.200s' has old names, but is not of the registry",
                    type->type->name);
    for (size_t i = 0; i < type->old_name_count; i++) {
        if (!type->old_names[i])
            return fail(making->error, PECS_E_MISUSE, "old name %zu of type '%.200s' is NULL", i, type->type->name);
        if (!registry_find(making->registry, component_name_id(type->old_names[i]), &component))
            return fail(making->error, PECS_E_CONFLICT, "the old name '%.200s' of type '%.200s' is that of a type",
                        type->old_names[i], type->type->name);
        const pecs_type_history *other = history_find_old_name(making->history->given, type->old_names[i], type);
        if (other)
            return fail(making->error, PECS_E_CONFLICT, "the types '%.100s' and '%.100s' have the old name '%.100s'",
                        other->type->name, type->type->name, type->old_names[i]);
    }
    return PECS_OK;
}

static bool history_is_text(const uint8_t *text, uint32_t width)
{
    const uint8_t *end = memchr(text, 0, width);
    const uint32_t size = end ? (uint32_t)(end - text) : width;
    return utf8_is_text((const char *)text, size) && bytes_are_zero(text + size, width - size);
}

/* Why one element of a default cannot be a value of any world, or NULL. */
static const char *history_check_element(const struct value_span *span, const uint8_t *value)
{
    uint32_t number = 0;
    switch (span->kind) {
    case PECS_BOOL:
        return *value > 1 ? "is no bool" : NULL;
    case PECS_ENUM:
        memcpy(&number, value, span->width); /* the host is little-endian */
        return number >= span->limit ? "is no value of the enum" : NULL;
    case PECS_TEXT:
        return history_is_text(value, span->width) ? NULL : "is not UTF-8 and then only zeros";
    case PECS_ENTITY:
        return bytes_are_zero(value, span->width) ? NULL : "names an entity";
    default:
        return bytes_are_zero(value, span->width) ? NULL : "has contents";
    }
}

/* The default value of a type: valid in every world, and without contents. */
static pecs_status history_check_defaults(const struct history_making *making, const pecs_type_history *type)
{
    struct component component;
    pecs_status status = component_init(&component, type->type, making->registry->pool, making->error);
    if (status)
        return status;
    struct span_iter iter;
    struct value_span span;
    for (span_iter_begin(&iter, component.special); !status && type->defaults && span_iter_next(&iter, &span);)
        for (uint32_t at = 0; !status && at < span.size; at += span.width) {
            const char *wrong = history_check_element(&span, (const uint8_t *)type->defaults + span.offset + at);
            if (wrong)
                status = fail(making->error, PECS_E_MISUSE, "the default of type '%.200s': the %s at byte %u %s",
                              type->type->name, kind_name(span.kind), span.offset + at, wrong);
        }
    component_deinit(&component, making->registry->pool);
    return status;
}

static pecs_status history_check_types(const struct history_making *making)
{
    const pecs_history *given = making->history->given;
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < given->type_count; i++) {
        const pecs_type_history *type = &given->types[i];
        if (!type->type || !type->type->name || (type->rename_count && !type->renames))
            return fail(making->error, PECS_E_MISUSE, "type %zu of the history, its name or its renames are NULL", i);
        if (type->losses & ~(uint32_t)PECS_LOSS_ALL)
            return fail(making->error, PECS_E_MISUSE, "type '%.200s' of the history has losses that are none",
                        type->type->name);
        if (history_of_type(given, type->type) != type)
            return fail(making->error, PECS_E_CONFLICT, "type '%.200s' is twice in the history", type->type->name);
        status = history_check_renames(making, type);
        status = status ? status : history_check_old_names(making, type);
        status = status ? status : history_check_defaults(making, type);
    }
    return status;
}

static pecs_status history_check_worlds(const struct history_making *making)
{
    const pecs_history *given = making->history->given;
    if (given->oldest_reader > given->schema_version)
        return fail(making->error, PECS_E_MISUSE, "the oldest reader %u is above the schema version %u",
                    given->oldest_reader, given->schema_version);
    uint32_t last = 0;
    for (size_t i = 0; i < given->world_migration_count; i++) {
        const pecs_world_migration *migration = &given->world_migrations[i];
        if (!migration->migrate || migration->from_version >= migration->to_version ||
            migration->to_version > given->schema_version || migration->from_version < last)
            return fail(making->error, PECS_E_MISUSE,
                        "world migration %zu needs a function and versions that ascend, up to the schema version %u", i,
                        given->schema_version);
        last = migration->to_version;
    }
    for (size_t i = 0; i < given->hook_count; i++)
        if (!given->hooks[i].run)
            return fail(making->error, PECS_E_MISUSE, "load hook %zu has no function", i);
    return PECS_OK;
}

static pecs_status history_check_lists(const struct history_making *making)
{
    const pecs_history *given = making->history->given;
    if ((given->type_count && !given->types) || (given->migration_count && !given->migrations) ||
        (given->world_migration_count && !given->world_migrations) || (given->hook_count && !given->hooks))
        return fail(making->error, PECS_E_MISUSE, "a list of the history is NULL");
    if (given->migration_count > HISTORY_MIGRATIONS_MAX)
        return fail(making->error, PECS_E_LIMIT, "%zu migrations are more than %d", given->migration_count,
                    HISTORY_MIGRATIONS_MAX);
    return PECS_OK;
}

static pecs_status history_make(const struct history_making *making)
{
    struct history *history = making->history;
    pecs_status status = history_check_lists(making);
    status = status ? status : history_check_types(making);
    status = status ? status : history_check_worlds(making);
    for (size_t i = 0; !status && i < history->given->migration_count; i++)
        status = history_add_migration(making, i);
    if (status || !history->node_count)
        return status;
    history->order = pool_allocate(making->registry->pool, history->node_count * sizeof(*history->order));
    if (!history->order)
        return fail_memory(making->error);
    for (uint32_t i = 0; !status && i < history->node_count; i++)
        status = history_visit(making, i);
    return status;
}

pecs_status history_create(const pecs_registry *registry, const pecs_history *given, struct history **ret_history,
                           pecs_error *error)
{
    struct history *history = pool_allocate_zeroed(registry->pool, sizeof(*history));
    if (!history)
        return fail_memory(error);
    history->given = given;
    const struct history_making making = { registry, history, error };
    const pecs_status status = history_make(&making);
    if (status)
        history_destroy(history, registry->pool);
    else
        *ret_history = history;
    return status;
}

void history_destroy(struct history *history, struct pool *pool)
{
    for (size_t i = 0; i < history->node_count; i++)
        component_deinit(&history->nodes[i].component, pool);
    pool_release(pool, history->order, history->node_count * sizeof(*history->order));
    pool_release(pool, history->nodes, history->node_capacity * sizeof(*history->nodes));
    pool_release(pool, history, sizeof(*history));
}
