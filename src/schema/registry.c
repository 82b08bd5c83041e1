/*
 * Registry: the program's component types, checked and sealed.
 *
 * A registry and everything that is made for it is allocated from its pool, which is destroyed with the last reference.
 * Worlds, snapshots, queries and command buffers hold references, so that may happen on any thread: the release that
 * reaches zero synchronises with all others.
 *
 * Files list types in the order of by_id: types are matched by id, whatever their positions in the lists of two
 * programs. What it says about the past of its types is in history.h.
 */
#include "registry.h"

#include "error.h"
#include "history.h"
#include "memory.h"

#include <assert.h>
#include <string.h>

typedef int compare_function(const struct component *a, const struct component *b);

static int registry_compare_ids(const struct component *a, const struct component *b)
{
    return memcmp(&a->id, &b->id, sizeof(a->id));
}

static int registry_compare_names(const struct component *a, const struct component *b)
{
    return strcmp(a->type->name, b->type->name);
}

/* Inserts component number `count` into a sorted list of the components before it. False: the list has an equal one. */
static bool registry_insert_sorted(const pecs_registry *registry, pecs_component *list, uint32_t count,
                                   compare_function *compare, pecs_component *ret_equal)
{
    uint32_t begin = 0, end = count;
    while (begin < end) {
        const uint32_t middle = begin + (end - begin) / 2;
        const int order = compare(&registry->components[count], &registry->components[list[middle]]);
        if (order == 0) {
            *ret_equal = list[middle];
            return false;
        }
        if (order < 0)
            end = middle;
        else
            begin = middle + 1;
    }
    memmove(&list[begin + 1], &list[begin], (count - begin) * sizeof(*list));
    list[begin] = count;
    return true;
}

/* Checks the type and makes it the next component. */
static pecs_status registry_add_component(pecs_registry *registry, const pecs_type *type, pecs_component *by_name,
                                          pecs_error *error)
{
    const uint32_t count = registry->type_count;
    if (!type || !type->name)
        return fail(error, PECS_E_MISUSE, "type %u of the list %s", count, type ? "has no name" : "is NULL");
    const pecs_status status = component_init(&registry->components[count], type, registry->pool, error);
    if (status)
        return status;
    registry->type_count++;
    registry->has_contents |= component_has_contents(&registry->components[count]);
    registry->flags |= type->flags;
    if (component_description_bytes(type, DESCRIPTION_MAX_BYTES) > DESCRIPTION_MAX_BYTES)
        return fail(error, PECS_E_LIMIT,
                    "type '%.200s': its description, which repeats nested types at each use, would take more than "
                    "%d GiB in a file",
                    type->name, DESCRIPTION_MAX_BYTES >> 30);
    pecs_component equal;
    if (!registry_insert_sorted(registry, by_name, count, registry_compare_names, &equal))
        return fail(error, PECS_E_CONFLICT, "types %u and %u of the list are both named '%s'", equal, count,
                    type->name);
    if (!registry_insert_sorted(registry, registry->by_id, count, registry_compare_ids, &equal))
        return fail(error, PECS_E_CONFLICT, "types '%.200s' and '%.200s' have the same id",
                    registry->components[equal].type->name, type->name);
    return PECS_OK;
}

/* The fields of "pecs.id". */
static const pecs_field registry_id_fields[] = {
    { .name = "bytes", .kind = PECS_U8, .size = sizeof(pecs_id), .count = sizeof(pecs_id) },
};
const pecs_type id_component_type = { ID_TYPE_NAME, { { 0 } }, 1, sizeof(pecs_id), 1, 1, registry_id_fields, 0 };

bool name_is_reserved(const char *name, size_t size_bytes)
{
    return size_bytes >= strlen(RESERVED_PREFIX) && memcmp(name, RESERVED_PREFIX, strlen(RESERVED_PREFIX)) == 0;
}

static pecs_status registry_add_components(pecs_registry *registry, const pecs_registry_desc *desc, pecs_error *error)
{
    const size_t count = desc->type_count + 1;
    const size_t list_bytes = count * sizeof(pecs_component);
    registry->components = pool_allocate(registry->pool, count * sizeof(struct component));
    registry->by_id = pool_allocate(registry->pool, list_bytes);
    pecs_component *by_name = pool_allocate(registry->pool, list_bytes);
    if (!registry->components || !registry->by_id || !by_name) {
        pool_release(registry->pool, by_name, list_bytes);
        return fail_memory(error);
    }
    pecs_status status = PECS_OK;
    for (size_t i = 0; i < desc->type_count && !status; i++) {
        const pecs_type *type = desc->types[i];
        status = type && type->name && name_is_reserved(type->name, strlen(type->name))
                     ? fail(error, PECS_E_MISUSE,
                            "type '%.200s': names that begin with \"" RESERVED_PREFIX "\" are reserved for the library",
                            type->name)
                     : registry_add_component(registry, type, by_name, error);
    }
    registry->id_component = registry->type_count;
    if (!status)
        status = registry_add_component(registry, &id_component_type, by_name, error);
    pool_release(registry->pool, by_name, list_bytes);
    return status;
}

/* `capacity` is the number of types that the lists were allocated for. */
static void registry_free(pecs_registry *registry, size_t capacity)
{
    struct pool *pool = registry->pool;
    if (registry->history)
        history_destroy(registry->history, pool);
    for (uint32_t i = 0; i < registry->type_count; i++)
        component_deinit(&registry->components[i], pool);
    number_table_deinit(&registry->numbers, pool);
    pool_release(pool, registry->components, capacity * sizeof(struct component));
    pool_release(pool, registry->by_id, capacity * sizeof(pecs_component));
    pool_release(pool, registry, sizeof(*registry));
    pool_destroy(pool);
}

/* The rule is that of type names. NULL is allowed. */
static bool registry_application_is_valid(const char *text)
{
    return !text || component_name_is_valid(text, strlen(text));
}

pecs_status pecs_registry_create(const pecs_registry_desc *desc, pecs_registry **ret_registry, pecs_error *error)
{
    if (!desc || !ret_registry || (desc->type_count && !desc->types))
        return fail(error, PECS_E_MISUSE, "desc, desc->types and ret_registry must not be NULL");
    if (!desc->allocator.allocate != !desc->allocator.release)
        return fail(error, PECS_E_MISUSE, "an allocator needs both allocate and release, or neither");
    if (desc->type_count > PROGRAM_TYPES_MAX)
        return fail(error, PECS_E_LIMIT, "%zu types are more than %u", desc->type_count, PROGRAM_TYPES_MAX);
    if (!registry_application_is_valid(desc->application) ||
        !registry_application_is_valid(desc->application_version) || (desc->application_version && !desc->application))
        return fail(error, PECS_E_MISUSE,
                    "application and application_version must be printable UTF-8, and a version "
                    "needs an application");
    struct pool *pool = pool_create(&desc->allocator);
    if (!pool)
        return fail_memory(error);
    pecs_registry *registry = pool_allocate_zeroed(pool, sizeof(*registry));
    if (!registry) {
        pool_destroy(pool);
        return fail_memory(error);
    }
    registry->pool = pool;
    registry->application = desc->application;
    registry->application_version = desc->application_version;
    atomic_init(&registry->reference_count, 1);
    atomic_init(&registry->batch_count, (uint32_t)pool_secret(pool));
    number_table_init(&registry->numbers, (pecs_component)desc->type_count + 1);
    pecs_status status = registry_add_components(registry, desc, error);
    if (!status && desc->history)
        status = history_create(registry, desc->history, &registry->history, error);
    if (status) {
        registry_free(registry, desc->type_count + 1);
        return status;
    }
    *ret_registry = registry;
    return PECS_OK;
}

pecs_registry *pecs_registry_retain(pecs_registry *registry)
{
    if (registry)
        atomic_fetch_add_explicit(&registry->reference_count, 1, memory_order_relaxed);
    return registry;
}

void pecs_registry_release(pecs_registry *registry)
{
    if (!registry)
        return;
    const uint32_t before = atomic_fetch_sub_explicit(&registry->reference_count, 1, memory_order_acq_rel);
    assert(before > 0);
    if (before == 1)
        registry_free(registry, registry->type_count);
}

pecs_status registry_find(const pecs_registry *registry, pecs_id id, pecs_component *ret_component)
{
    uint32_t begin = 0, end = registry->type_count;
    while (begin < end) {
        const uint32_t middle = begin + (end - begin) / 2;
        const int order = memcmp(&id, &registry->components[registry->by_id[middle]].id, sizeof(id));
        if (order == 0) {
            *ret_component = registry->by_id[middle];
            return PECS_OK;
        }
        if (order < 0)
            end = middle;
        else
            begin = middle + 1;
    }
    return PECS_E_ABSENT;
}

const pecs_history *pecs_registry_history(const pecs_registry *registry)
{
    return registry && registry->history ? registry->history->given : NULL;
}

size_t pecs_registry_type_count(const pecs_registry *registry)
{
    return registry ? registry->id_component : 0;
}

const pecs_type *pecs_registry_type(const pecs_registry *registry, pecs_component component)
{
    return component < pecs_registry_type_count(registry) ? registry->components[component].type : NULL;
}
