/*
 * History: the migrations of a registry (pecs/migration.h), checked and ordered. Each version of a type that a
 * migration begins with or leads to, and that is not the registry's own, is a node; a migration leads from one to
 * others.
 */
#ifndef PECS_SCHEMA_HISTORY_H
#define PECS_SCHEMA_HISTORY_H

#include "value_map.h"

struct history_node {
    struct component component;
    const pecs_migration *step; /* the first of the shortest way to the registry's types; NULL: converts without code */
    pecs_component final;       /* that it becomes then */
    uint32_t distance;          /* steps to the registry's types */
    bool is_entered, is_done;   /* of the search for cycles */
};

struct history {
    const pecs_history *given;
    size_t node_count, node_capacity;
    struct history_node *nodes; /* ascending by id and version */
    uint32_t *order;            /* indices of all nodes: a migration leads to later ones only */
    size_t order_count;
};

/* Checks the history of a registry whose types are set. PECS_E_MISUSE, PECS_E_CONFLICT, PECS_E_LAYOUT, PECS_E_MEMORY.
 */
pecs_status history_create(const pecs_registry *registry, const pecs_history *given, struct history **ret_history,
                           pecs_error *error);
void history_destroy(struct history *history, struct pool *pool);

#define HISTORY_NO_NODE UINT32_MAX

/* The index of a node, or HISTORY_NO_NODE. */
uint32_t history_find(const struct history *history, pecs_id id, uint32_t version);

/* The node that a migration leads to; HISTORY_NO_NODE: it is the registry's type, *ret_final. */
uint32_t history_find_target(const pecs_registry *registry, const struct history *history, const pecs_type *type,
                             pecs_component *ret_final);

/* The registry's type that has a name, now or in earlier versions; false: none. `history` may be NULL. */
bool history_find_type(const pecs_registry *registry, const struct history *history, pecs_id id,
                       pecs_component *ret_component);

#endif
