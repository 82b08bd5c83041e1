/*
 * A plan lists its versions in three parts: old types that convert without code; types of the history that some old
 * type leads to, in the history's order; types of the registry. Each leads to later ones only, so one pass over the
 * list migrates a table.
 */
#include "migrate_plan.h"

#include "error.h"

#include <assert.h>

struct planning {
    struct migrate_plan *plan;
    const pecs_registry *registry;
    const struct history *history; /* or NULL */
    const struct unknown_types *unknown;
    uint32_t *of_node;  /* of each node of the history: its version, or NO_COMPONENT */
    uint32_t *of_final; /* of each type of the registry */
    pecs_error *error;
};

bool migrate_is_old(const pecs_registry *registry, const struct component *component)
{
    const struct history *history = registry->history;
    pecs_component number;
    return (history && history_find(history, component->id, component->type->version) != HISTORY_NO_NODE) ||
           history_find_type(registry, history, component->id, &number);
}

static pecs_status planning_add(struct planning *planning, const struct component *component, uint32_t *ret_version)
{
    struct migrate_plan *plan = planning->plan;
    if (plan->version_count == plan->capacity)
        return fail_memory(planning->error); /* never: there is room for all that there can be */
    *ret_version = plan->version_count++;
    plan->versions[*ret_version] = (struct migrate_version){
        .component = component, .described = component->type, .number = NO_COMPONENT, .map = { .pool = plan->pool }
    };
    plan->has_contents |= component_has_contents(component);
    plan->needs_one_thread |= component->has_references || component_has_contents(component);
    return PECS_OK;
}

static uint32_t planning_node(const struct planning *planning, const struct component *component)
{
    return planning->history ? history_find(planning->history, component->id, component->type->version)
                             : HISTORY_NO_NODE;
}

/* Old types without a node of the history. */
static pecs_status planning_add_plain(struct planning *planning, uint32_t *ret_culprit)
{
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && planning->unknown && i < planning->unknown->count; i++) {
        const struct unknown_type *type = &planning->unknown->types[i];
        uint32_t version = 0;
        const uint32_t node = planning_node(planning, &type->component);
        *ret_culprit = i;
        if (node == HISTORY_NO_NODE && migrate_is_old(planning->registry, &type->component)) {
            status = planning_add(planning, &type->component, &version);
            if (!status)
                planning->plan->versions[version].number = type->number;
        } else if (node != HISTORY_NO_NODE) {
            planning->of_node[node] = 0; /* marked: its version is counted later */
            if (!component_layout_is_same(planning->history->nodes[node].component.type, type->component.type))
                status = fail(planning->error, PECS_E_LAYOUT,
                              "version %u of type '%.200s' has another layout in the file than the migration from it",
                              type->component.type->version, type->component.type->name);
        }
    }
    return status;
}

/* Nodes that are reached, in the order of the history. */
static pecs_status planning_add_nodes(struct planning *planning)
{
    const struct history *history = planning->history;
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && history && i < history->order_count; i++) {
        const uint32_t node = history->order[i];
        const struct history_node *from = &history->nodes[node];
        pecs_component final;
        if (planning->of_node[node] == NO_COMPONENT)
            continue;
        status = planning_add(planning, &from->component, &planning->of_node[node]);
        for (size_t j = 0; !status && from->step && j < from->step->to_count; j++) {
            const uint32_t next = history_find_target(planning->registry, planning->history, from->step->to[j], &final);
            if (next != HISTORY_NO_NODE)
                planning->of_node[next] = 0; /* marked */
        }
    }
    for (uint32_t i = 0; !status && planning->unknown && i < planning->unknown->count; i++) {
        const uint32_t node = planning_node(planning, &planning->unknown->types[i].component);
        if (node != HISTORY_NO_NODE) {
            struct migrate_version *version = &planning->plan->versions[planning->of_node[node]];
            version->component = &planning->unknown->types[i].component;
            version->number = planning->unknown->types[i].number;
        }
    }
    return status;
}

static pecs_status planning_final(struct planning *planning, pecs_component number, uint32_t *ret_version)
{
    const struct component *component = registry_component(planning->registry, number);
    pecs_status status = PECS_OK;
    if (component_is_transient(component))
        return fail(planning->error, PECS_E_LAYOUT, "type '%.*s' is transient in the registry", NAME_SHOWN,
                    component->type->name);
    if (planning->of_final[number] == NO_COMPONENT) {
        status = planning_add(planning, component, &planning->of_final[number]);
        if (!status) {
            planning->plan->versions[planning->of_final[number]].number = number;
            planning->plan->versions[planning->of_final[number]].is_final = true;
        }
    }
    *ret_version = planning->of_final[number];
    return status;
}

static pecs_status planning_add_map(struct planning *planning, struct migrate_version *version, const pecs_type *to)
{
    struct pool *pool = planning->plan->pool;
    const pecs_type *from = version->component->type;
    const pecs_history *given = planning->history ? planning->history->given : NULL;
    const pecs_type_history *history = history_of_type(given, to);
    pecs_error why = { .message = "" };
    pecs_status status = value_map_init(&version->map, pool, from, to, given, &why);
    if (status == PECS_E_LAYOUT)
        return fail(planning->error, status, "version %u of type '%.*s': %s", from->version, NAME_SHOWN, from->name,
                    why.message);
    version->has_map = true;
    version->losses |= history ? history->losses : 0;
    version->tallies = pool_allocate_zeroed(pool, (version->map.loss_count + 1) * sizeof(*version->tallies));
    return status || !version->tallies ? fail_memory(planning->error) : PECS_OK;
}

/* Finds where the values of a version go. */
static pecs_status planning_connect(struct planning *planning, uint32_t index, uint32_t losses)
{
    struct migrate_version *version = &planning->plan->versions[index];
    const struct component *component = version->component;
    const uint32_t node = planning_node(planning, component);
    const struct history_node *from = node != HISTORY_NO_NODE ? &planning->history->nodes[node] : NULL;
    pecs_component final = from ? from->final : NO_COMPONENT;
    version->step = from ? from->step : NULL;
    version->losses = losses;
    version->target_count = version->step ? (uint32_t)version->step->to_count : 1;
    version->targets =
        pool_allocate(planning->plan->pool, ((size_t)version->target_count + 1) * sizeof(*version->targets));
    if (!version->targets)
        return fail_memory(planning->error);
    if (!from && !history_find_type(planning->registry, planning->history, component->id, &final))
        return fail(planning->error, PECS_E_LAYOUT, "type '%.*s' is not registered", NAME_SHOWN, component->type->name);
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < version->target_count; i++) {
        const uint32_t next =
            version->step ? history_find_target(planning->registry, planning->history, version->step->to[i], &final)
                          : HISTORY_NO_NODE;
        if (next == HISTORY_NO_NODE)
            status = planning_final(planning, final, &version->targets[i]);
        else
            version->targets[i] = planning->of_node[next];
    }
    if (!status && version->target_count && (!version->step || !version->step->migrate))
        status = planning_add_map(planning, version, planning->plan->versions[version->targets[0]].described);
    return status;
}

static pecs_status planning_run(struct planning *planning, uint32_t losses, uint32_t *ret_culprit)
{
    struct migrate_plan *plan = planning->plan;
    const pecs_history *given = planning->history ? planning->history->given : NULL;
    pecs_status status = planning_add_plain(planning, ret_culprit);
    if (!status)
        status = planning_add_nodes(planning);
    const uint32_t begin_count = plan->version_count;
    for (uint32_t i = 0; !status && i < begin_count; i++) {
        for (uint32_t j = 0; planning->unknown && j < planning->unknown->count; j++)
            if (planning->unknown->types[j].number == plan->versions[i].number)
                *ret_culprit = j;
        status = planning_connect(planning, i, losses);
    }
    for (uint32_t i = 0; !status && i < plan->version_count; i++) {
        const pecs_type_history *history = history_of_type(given, plan->versions[i].described);
        plan->versions[i].defaults = history ? history->defaults : NULL;
    }
    return status;
}

pecs_status migrate_plan_init(struct migrate_plan *plan, const pecs_registry *registry,
                              const struct unknown_types *unknown, uint32_t losses, uint32_t *ret_culprit,
                              pecs_error *error)
{
    struct pool *pool = registry->pool;
    struct planning planning = { plan, registry, registry->history, unknown, NULL, NULL, error };
    const size_t nodes = registry->history ? registry->history->node_count : 0;
    bool is_needed = false;
    *plan = (struct migrate_plan){ .pool = pool };
    for (uint32_t i = 0; !is_needed && unknown && i < unknown->count; i++)
        is_needed = migrate_is_old(registry, &unknown->types[i].component);
    if (!is_needed)
        return PECS_OK;
    plan->capacity = (uint32_t)nodes + unknown->count + registry->type_count;
    plan->versions = pool_allocate(pool, plan->capacity * sizeof(*plan->versions));
    plan->is_reached = pool_allocate(pool, plan->capacity);
    plan->became = pool_allocate(pool, plan->capacity * sizeof(*plan->became));
    planning.of_node = pool_allocate(pool, (nodes + 1) * sizeof(*planning.of_node));
    planning.of_final = pool_allocate(pool, registry->type_count * sizeof(*planning.of_final));
    const bool has_plan = plan->versions && plan->is_reached && plan->became;
    pecs_status status = has_plan && planning.of_node && planning.of_final ? PECS_OK : PECS_E_MEMORY;
    if (status)
        (void)fail_memory(error);
    for (size_t i = 0; !status && i < nodes; i++)
        planning.of_node[i] = NO_COMPONENT;
    for (uint32_t i = 0; !status && i < registry->type_count; i++)
        planning.of_final[i] = NO_COMPONENT;
    if (!status)
        status = planning_run(&planning, losses, ret_culprit);
    pool_release(pool, planning.of_final, registry->type_count * sizeof(*planning.of_final));
    pool_release(pool, planning.of_node, (nodes + 1) * sizeof(*planning.of_node));
    return status;
}

void migrate_plan_deinit(struct migrate_plan *plan)
{
    for (uint32_t i = 0; i < plan->version_count; i++) {
        struct migrate_version *version = &plan->versions[i];
        pool_release(plan->pool, version->tallies, (version->map.loss_count + 1) * sizeof(*version->tallies));
        value_map_deinit(&version->map);
        pool_release(plan->pool, version->targets, ((size_t)version->target_count + 1) * sizeof(*version->targets));
    }
    pool_release(plan->pool, plan->became, plan->capacity * sizeof(*plan->became));
    pool_release(plan->pool, plan->is_reached, plan->capacity);
    pool_release(plan->pool, plan->versions, plan->capacity * sizeof(*plan->versions));
}

size_t migrate_plan_became(const struct migrate_plan *plan, uint32_t version, const pecs_type *const **ret_types)
{
    size_t count = 0;
    memset(plan->is_reached, 0, plan->version_count);
    plan->is_reached[version] = true;
    for (uint32_t i = version; i < plan->version_count; i++) {
        if (!plan->is_reached[i])
            continue;
        if (plan->versions[i].is_final)
            plan->became[count++] = plan->versions[i].described;
        for (uint32_t k = 0; k < plan->versions[i].target_count; k++)
            plan->is_reached[plan->versions[i].targets[k]] = true;
    }
    *ret_types = plan->became;
    return count;
}
