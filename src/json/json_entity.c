/* Entities of a document. What their handles may be, all together, the builder checks. */
#include "json_fail.h"
#include "json_lexer.h"
#include "json_load.h"
#include "number_text.h"

#include <pecs/id.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Slots that no handle names are free; a document may have a mebi of them more than it has handles. */
enum { SLOTS_UNNAMED_MAX = 1 << 20, NAME_BYTES_MAX = 255 };

/* A component is in the object of components, which is in that of the entity. */
enum { COMPONENT_DEPTH = 2 };

pecs_status load_fail_builder(struct load *load, pecs_status status)
{
    const pecs_error from_builder = *load->error;
    if (status == PECS_E_MISUSE) /* it was the document's, not the program's */
        status = PECS_E_CORRUPT;
    tree_fail(&load->tree, NULL, NULL, false, status, "%s", from_builder.message);
    load->error->os_error = from_builder.os_error;
    load->error->rule = from_builder.rule;
    return status;
}

pecs_status load_open(struct load *load)
{
    if (load->builder)
        return PECS_OK;
    pecs_status status = types_resolve(&load->types, load->error);
    const pecs_builder_options options = { .session_nonce = load->nonce, .tick = load->tick };
    if (!status)
        status = pecs_builder_create(load->types.registry, &options, &load->builder, load->error);
    if (status)
        return status;
    load->component_count = pecs_registry_type_count(load->types.registry);
    load->plans = calloc(load->component_count + 1, sizeof(*load->plans));
    load->last_number = calloc(load->component_count + 1, sizeof(*load->last_number));
    load->values = calloc(load->component_count + 1, sizeof(*load->values));
    return load->plans && load->last_number && load->values ? PECS_OK : json_fail_memory(load->error);
}

pecs_status load_read_component(struct load *load, const cJSON *member)
{
    const uint32_t component = plan_find(&load->types.names, member->string);
    load->tree.component = member->string;
    if (component == PLAN_NO_NAME && load->reader.allow_unknown)
        return PECS_OK;
    if (component == PLAN_NO_NAME)
        return tree_fail(&load->tree, NULL, member, true, PECS_E_CORRUPT,
                         "neither the document nor the program has a type of that name");
    if (load->last_number[component] == load->entity_count)
        return tree_fail(&load->tree, NULL, member, true, PECS_E_CORRUPT, "the component stands here twice");
    load->last_number[component] = load->entity_count;
    const pecs_type *type = pecs_registry_type(load->types.registry, component);
    if (type->flags & PECS_TYPE_TRANSIENT)
        return tree_fail(&load->tree, NULL, member, true, PECS_E_LAYOUT,
                         "the type is transient in the program: no save has it");
    if (!load->plans[component] &&
        !(load->plans[component] = plan_create(type, pecs_registry_history(load->types.program))))
        return json_fail_memory(load->error);
    void *value;
    const pecs_status status = value_read(&load->reader, load->plans[component], member, &value);
    load->values[load->value_count++] = (pecs_value){ component, type->size, value };
    return status;
}

bool load_parse_nonce(const cJSON *node, uint64_t *ret_nonce)
{
    uint64_t nonce = 0;
    if (!tree_is_string(node) || strlen(tree_text(node)) != 15)
        return false;
    for (const char *at = tree_text(node); *at; at++) {
        const int digit = lexer_hex_digit(*at);
        if (digit < 0)
            return false;
        nonce = nonce << 4 | (unsigned)digit;
    }
    *ret_nonce = nonce;
    return true;
}

/* An entity, as the document has it. */
struct load_entity {
    pecs_entity entity;
    pecs_id id;
    bool has_entity, has_id;
    struct entity_name *name;
};

static pecs_status load_read_handle(struct load *load, const cJSON *node, pecs_entity *ret_entity)
{
    pecs_entity entity;
    if (!tree_is_string(node) || !value_parse_handle(tree_text(node), &entity) || !entity.generation)
        return tree_fail_expected(&load->tree, NULL, node, "a handle like \"12:3\"");
    *scalar_write_handle(load->tree.label, entity) = 0;
    if (load->reader.names.next_index <= entity.index)
        load->reader.names.next_index = (uint64_t)entity.index + 1;
    *ret_entity = entity;
    return PECS_OK;
}

/* An id is one for good, or a name of this document. */
static pecs_status load_read_id(struct load *load, const cJSON *node, struct load_entity *entity)
{
    pecs_entity handle;
    if (!tree_is_string(node) || !*tree_text(node) || strlen(tree_text(node)) > NAME_BYTES_MAX)
        return tree_fail_expected(&load->tree, NULL, node, "an id or a name of 1 to 255 bytes");
    const char *text = tree_text(node);
    if (pecs_id_parse(text, &entity->id) == PECS_OK) {
        entity->has_id = true;
        return PECS_OK;
    }
    if (value_parse_handle(text, &handle))
        return tree_fail(&load->tree, NULL, node, false, PECS_E_CORRUPT, "a name cannot look like a handle");
    if (!entity->has_entity)
        snprintf(load->tree.label, sizeof(load->tree.label), "\"%.50s\"", text);
    entity->name = entity_names_get(&load->reader.names, text, load->scan.text_line);
    if (!entity->name)
        return json_fail_memory(load->error);
    if (entity->name->is_taken)
        return tree_fail(&load->tree, NULL, node, false, PECS_E_CORRUPT,
                         "two entities have the name; the other one stands before");
    if (entity->has_entity && entity->name->has_handle)
        return tree_fail(&load->tree, NULL, node, false, PECS_E_CORRUPT,
                         "an entity with a handle must stand before those that refer to it by name (line %" PRIu64 ")",
                         entity->name->line);
    entity->name->is_taken = true;
    return PECS_OK;
}

/* The handle that is given, or one that is made. */
static pecs_status load_choose_handle(struct load *load, struct load_entity *entity)
{
    bool is_chosen = true;
    if (entity->has_entity && entity->name) {
        entity->name->entity = entity->entity;
        entity->name->has_handle = true;
    } else if (entity->name) {
        is_chosen = entity_names_handle(&load->reader.names, entity->name, &entity->entity);
    } else if (!entity->has_entity) {
        is_chosen = entity_names_make_handle(&load->reader.names, &entity->entity);
    }
    if (!is_chosen)
        return tree_fail(&load->tree, NULL, NULL, false, PECS_E_LIMIT, "no slots are left for entities");
    if (load->slot_count <= entity->entity.index)
        load->slot_count = (uint64_t)entity->entity.index + 1;
    load->named_count++;
    return PECS_OK;
}

static pecs_status load_add_entity(struct load *load, const struct load_entity *entity)
{
    const pecs_rows rows = {
        .values = load->values,
        .value_count = load->value_count,
        .row_count = 1,
        .entities = &entity->entity,
        .ids = entity->has_id ? &entity->id : NULL,
    };
    load->tree.component = NULL;
    const pecs_status status = pecs_builder_add(load->builder, &rows, NULL, load->error);
    return status ? load_fail_builder(load, status) : PECS_OK;
}

/* The session of the entity; absent: that of the document. */
static pecs_status load_read_born(struct load *load, const cJSON *node)
{
    uint64_t nonce = 0;
    if (node && !load_parse_nonce(node, &nonce))
        return tree_fail_expected(&load->tree, NULL, node, "15 hexadecimal digits");
    if (nonce == load->born)
        return PECS_OK;
    load->born = nonce;
    const pecs_status status = pecs_builder_set_session(load->builder, nonce, load->error);
    return status ? load_fail_builder(load, status) : PECS_OK;
}

static pecs_status load_read_entity_tree(struct load *load)
{
    enum { MEMBER_ENTITY, MEMBER_ID, MEMBER_BORN, MEMBER_COMPONENTS, MEMBER_ALL };
    static const char *const members[MEMBER_ALL] = { "entity", "id", "born", "components" };
    const cJSON *nodes[MEMBER_ALL];
    struct load_entity entity = { 0 };
    pecs_status status =
        tree_read_members(&load->tree, load->tree.root, members, MEMBER_ALL, load->reader.allow_unknown, nodes);
    if (!status && nodes[MEMBER_ENTITY]) {
        status = load_read_handle(load, nodes[MEMBER_ENTITY], &entity.entity);
        entity.has_entity = true;
    }
    if (!status)
        status = load_read_born(load, nodes[MEMBER_BORN]);
    if (!status && nodes[MEMBER_ID] && !cJSON_IsNull(nodes[MEMBER_ID]))
        status = load_read_id(load, nodes[MEMBER_ID], &entity);
    if (!status)
        status = load_choose_handle(load, &entity);
    if (!status && nodes[MEMBER_COMPONENTS] && !cJSON_IsObject(nodes[MEMBER_COMPONENTS]))
        status = tree_fail_expected(&load->tree, NULL, nodes[MEMBER_COMPONENTS], "an object of components");
    const cJSON *member = status || !nodes[MEMBER_COMPONENTS] ? NULL : nodes[MEMBER_COMPONENTS]->child;
    for (; member && !status; member = member->next)
        status = load_read_component(load, member);
    return status ? status : load_add_entity(load, &entity);
}

pecs_status load_read_entity(struct load *load)
{
    const uint64_t max = load->context->load->limits.max_entities;
    arena_reset(&load->reader.arena);
    load->value_count = 0;
    load->entity_count++;
    load->tree.what = "entity";
    load->tree.component = NULL;
    memcpy(load->tree.label, "number ", 7);
    *number_write_unsigned(load->tree.label + 7, load->entity_count) = 0;
    pecs_status status = tree_cut(&load->tree, COMPONENT_DEPTH);
    if (!status && max && load->entity_count > max)
        status = tree_fail(&load->tree, NULL, NULL, false, PECS_E_LIMIT,
                           "the document has more than the limit of %" PRIu64 " entities", max);
    if (!status)
        status = load_read_entity_tree(load);
    load->tree.what = load->tree.component = NULL;
    load->tree.label[0] = 0;
    return status;
}

pecs_status load_read_dead(struct load *load)
{
    pecs_entity entity = { 0, 0 };
    pecs_status status = tree_cut(&load->tree, 0);
    if (!status)
        status = load_read_handle(load, load->tree.root, &entity);
    load->tree.label[0] = 0;
    if (status)
        return status;
    if (load->slot_count <= entity.index)
        load->slot_count = (uint64_t)entity.index + 1;
    load->named_count++;
    status = pecs_builder_add_dead(load->builder, &entity, 1, load->error);
    return status ? load_fail_builder(load, status) : PECS_OK;
}

pecs_status load_check_entities(struct load *load)
{
    const struct entity_name *missing = NULL;
    for (const struct entity_name *name = load->reader.names.last; name; name = name->next)
        missing = name->is_taken ? missing : name;
    if (missing) {
        json_fail(load->error, PECS_E_CORRUPT, "line %" PRIu64 ": no entity has the name \"%.100s\"", missing->line,
                  missing->text);
        return PECS_E_CORRUPT;
    }
    if (load->slot_count > load->named_count + SLOTS_UNNAMED_MAX)
        return json_fail(load->error, PECS_E_LIMIT,
                         "the highest index is %" PRIu64 ", but the document names only %" PRIu64 " slots",
                         load->slot_count - 1, load->named_count);
    return PECS_OK;
}
