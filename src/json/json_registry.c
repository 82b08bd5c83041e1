/* The registry of a document: its types are matched with the program's by id, as those of a PECS file are. */
#include "json_fail.h"
#include "json_type_store.h"
#include "json_types.h"

#include <pecs/reflect.h>
#include <pecs/world.h>

#include <stdlib.h>
#include <string.h>

static bool registry_type_is(const pecs_type *a, const pecs_type *b);

static bool registry_field_is(const pecs_field *a, const pecs_field *b)
{
    const bool has_nested = a->kind == PECS_STRUCT || (a->kind == PECS_LIST && a->element == PECS_STRUCT);
    const bool has_names = a->kind == PECS_ENUM || (a->kind == PECS_LIST && a->element == PECS_ENUM);
    if (a->kind != b->kind || a->offset != b->offset || a->size != b->size || a->count != b->count ||
        a->columns != b->columns || (a->kind == PECS_LIST && a->element != b->element) ||
        (a->kind != PECS_PADDING && strcmp(a->name, b->name) != 0))
        return false;
    if (has_nested && !registry_type_is(a->nested, b->nested))
        return false;
    if (!has_names)
        return true;
    if (a->enum_count != b->enum_count || (a->kind == PECS_LIST && a->element_size != b->element_size))
        return false;
    for (uint32_t i = 0; i < a->enum_count; i++)
        if (strcmp(a->enum_names[i], b->enum_names[i]) != 0)
            return false;
    return true;
}

/* Whether two layouts are one. `a` is a checked type. */
static bool registry_type_is(const pecs_type *a, const pecs_type *b)
{
    bool is_one = a->size == b->size && a->align == b->align && a->field_count == b->field_count;
    for (uint32_t i = 0; is_one && i < a->field_count; i++)
        is_one =
            (a->fields[i].kind == PECS_PADDING || b->fields[i].name) && registry_field_is(&a->fields[i], &b->fields[i]);
    return is_one;
}

/* The types of the registry that is made: the program's first, in its order. */
struct registry_plan {
    const pecs_type **types;
    struct plan_name *names;
    size_t program_count, count, name_count;
    bool is_program; /* the program's registry has all */
};

static bool registry_find(const pecs_view view, size_t program_count, const pecs_type *type, pecs_component *ret)
{
    static const pecs_id none;
    const bool has_id = memcmp(&type->id, &none, sizeof(none)) != 0;
    const pecs_status status =
        has_id ? pecs_view_component_by_id(view, type->id, ret) : pecs_view_component(view, type->name, ret);
    return !status && *ret < program_count;
}

static pecs_status registry_add(const struct types *types, pecs_view view, const pecs_type *type,
                                struct registry_plan *plan, pecs_error *error)
{
    pecs_component found = 0;
    const bool is_known = registry_find(view, plan->program_count, type, &found);
    const bool is_same =
        is_known && plan->types[found]->version == type->version && registry_type_is(plan->types[found], type);
    if (!is_known && types->refuse_unknown)
        return json_fail(error, PECS_E_UNSUPPORTED, "the registry lacks the type %.100s", type->name);
    const bool has_name = !is_known && !pecs_view_component(view, type->name, &found) &&
                          found < plan->program_count; /* of another type */
    if (!is_known && !has_name)
        found = (pecs_component)plan->count++;
    if (!is_same)
        plan->types[found] = type;
    plan->is_program &= is_same;
    plan->names[plan->name_count++] = (struct plan_name){ type->name, found };
    return PECS_OK;
}

static int registry_compare(const void *a, const void *b)
{
    return strcmp(((const struct plan_name *)a)->name, ((const struct plan_name *)b)->name);
}

/* The names of the program's types that the document does not describe. */
static pecs_status registry_name(const struct types *types, struct registry_plan *plan, pecs_error *error)
{
    const size_t described = plan->name_count;
    qsort(plan->names, described, sizeof(*plan->names), registry_compare);
    for (size_t i = 1; i < described; i++)
        if (strcmp(plan->names[i - 1].name, plan->names[i].name) == 0)
            return json_fail(error, PECS_E_CONFLICT, "the document describes the type %.100s twice",
                             plan->names[i].name);
    const struct plan_names before = { plan->names, (uint32_t)described };
    for (size_t i = 0; i < plan->program_count; i++) {
        const char *name = pecs_registry_type(types->program, (pecs_component)i)->name;
        if (plan_find(&before, name) == PLAN_NO_NAME)
            plan->names[plan->name_count++] = (struct plan_name){ name, (uint32_t)i };
    }
    qsort(plan->names, plan->name_count, sizeof(*plan->names), registry_compare);
    return PECS_OK;
}

static pecs_status registry_plan(const struct types *types, struct registry_plan *plan, pecs_error *error)
{
    pecs_world *world = NULL;
    pecs_status status = PECS_OK;
    for (size_t i = 0; i < plan->program_count; i++)
        plan->types[i] = pecs_registry_type(types->program, (pecs_component)i);
    if (types->described_count)
        status = pecs_world_create(types->program, NULL, NULL, &world, error);
    for (uint32_t i = 0; !status && i < types->described_count; i++)
        status = registry_add(types, pecs_world_view(world), types->described[i], plan, error);
    pecs_world_destroy(world);
    return status ? status : registry_name(types, plan, error);
}

pecs_status types_resolve(struct types *types, pecs_error *error)
{
    struct registry_plan plan = { .is_program = true };
    plan.program_count = plan.count = pecs_registry_type_count(types->program);
    const size_t most = plan.count + types->described_count + 1;
    plan.types = malloc(most * sizeof(*plan.types));
    plan.names = malloc(most * sizeof(*plan.names));
    pecs_status status = plan.types && plan.names ? registry_plan(types, &plan, error) : json_fail_memory(error);
    if (!status && plan.is_program) {
        types->registry = pecs_registry_retain(types->program);
    } else if (!status) {
        const pecs_registry_desc desc = { .types = plan.types,
                                          .type_count = plan.count,
                                          .allocator = type_store_allocator(types->store) };
        status = pecs_registry_create(&desc, &types->registry, error);
        if (status == PECS_E_MISUSE) /* of a type that the document describes */
            status = error->status = PECS_E_CORRUPT;
    }
    if (!status) {
        types->names = (struct plan_names){ plan.names, (uint32_t)plan.name_count };
        plan.names = NULL;
    }
    free(plan.types);
    free(plan.names);
    return status;
}

void types_free(struct types *types)
{
    pecs_registry_release(types->registry);
    type_store_leave(types->store);
    free(types->described);
    free(types->names.names);
}
