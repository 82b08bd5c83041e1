/* Command buffers: creates, destroys and records them. apply.c applies them. */
#include "command_log.h"
#include "content.h"

enum { COMMANDS_MAX = INT32_MAX };

pecs_status pecs_commands_create(pecs_registry *registry, pecs_commands **ret_commands)
{
    if (!registry || !ret_commands)
        return PECS_E_MISUSE;
    struct pecs_commands *commands = pool_allocate_zeroed(registry->pool, sizeof(*commands));
    if (!commands)
        return PECS_E_MEMORY;
    commands->registry = pecs_registry_retain(registry);
    *ret_commands = commands;
    return PECS_OK;
}

void pecs_commands_destroy(pecs_commands *commands)
{
    if (!commands)
        return;
    pecs_registry *registry = commands->registry;
    struct pool *pool = registry->pool;
    pool_release(pool, commands->log, commands->log_capacity);
    pool_release(pool, commands->groups, commands->group_capacity * sizeof(*commands->groups));
    pool_release(pool, commands->buckets, commands->bucket_capacity * sizeof(*commands->buckets));
    pool_release(pool, commands->wanted, commands->wanted_words * sizeof(*commands->wanted));
    pool_release(pool, commands->placed, commands->placed_capacity);
    pool_release(pool, commands->spawned, commands->spawned_capacity * sizeof(*commands->spawned));
    failure_deinit(&commands->failure, pool);
    pool_release(pool, commands, sizeof(*commands));
    pecs_registry_release(registry);
}

void pecs_commands_clear(pecs_commands *commands)
{
    if (!commands)
        return;
    commands->log_bytes = 0;
    commands->command_count = commands->spawn_count = commands->add_count = commands->spawned_count = 0;
}

/* True for a real handle, or a provisional one of this batch. */
static bool commands_is_usable(const pecs_commands *commands, pecs_entity entity)
{
    return !command_is_provisional(entity) ||
           (entity.generation == (commands->batch | PROVISIONAL) && entity.index < commands->spawn_count);
}

/* True unless a value has a provisional handle of another batch in an entity field. */
static bool commands_fields_are_usable(const pecs_commands *commands, const struct component *component,
                                       const uint8_t *value)
{
    if (span_list_is_empty(component->special))
        return true;
    struct span_iter iter;
    struct value_span span;
    for (span_iter_begin(&iter, component->special); span_iter_next(&iter, &span);) {
        for (uint32_t at = 0; span.kind == PECS_ENTITY && at < span.size; at += sizeof(pecs_entity)) {
            pecs_entity entity;
            memcpy(&entity, value + span.offset + at, sizeof(entity));
            if (!commands_is_usable(commands, entity))
                return false;
        }
    }
    return true;
}

#define UNUSABLE_HANDLE "its value has a provisional handle of another buffer or of an earlier batch"

static pecs_status commands_find_given(pecs_commands *commands, pecs_component number, const struct content *content,
                                       struct given *ret_given)
{
    const struct component *component = registry_component(commands->registry, number);
    const struct component *element = content->list ? component_element(component, content->list) : NULL;
    const char *fault = content_find_given(component, content, NULL, ret_given);
    for (uint64_t at = 0; !fault && element && element->has_references && at < ret_given->size_bytes;
         at += element->size)
        fault = commands_fields_are_usable(commands, element, ret_given->bytes + at) ? NULL : UNUSABLE_HANDLE;
    return fault ? failure_explain_member(&commands->failure, (pecs_entity){ 0, 0 }, number, content->offset, fault)
                 : PECS_OK;
}

/* Checks the contents of a value, whose sizes are added to *bytes as the log holds them. */
static pecs_status commands_check_contents(pecs_commands *commands, const pecs_value *value, uint64_t *bytes)
{
    struct content_walk walk;
    struct content content;
    content_walk_begin(&walk, registry_component(commands->registry, value->component), value->data, 1);
    while (content_walk_next(&walk, &content)) {
        struct given given;
        const pecs_status status = commands_find_given(commands, value->component, &content, &given);
        if (status)
            return status;
        if (content.reference)
            *bytes += sizeof(given.size_bytes) + given.size_bytes;
    }
    return PECS_OK;
}

/* Writes given contents to the log: their size, then they. Returns what follows them. */
static uint8_t *commands_write_given(uint8_t *to, const struct given *given)
{
    memcpy(to, &given->size_bytes, sizeof(given->size_bytes));
    if (given->size_bytes)
        memcpy(to + sizeof(given->size_bytes), given->bytes, (size_t)given->size_bytes);
    return to + sizeof(given->size_bytes) + given->size_bytes;
}

/* Writes the contents of the value that lies at `value` in the log behind it, and where they are into the value. */
static void commands_write_contents(const pecs_commands *commands, pecs_component number, uint8_t *value)
{
    const struct component *component = registry_component(commands->registry, number);
    struct content_walk walk;
    struct content content;
    uint8_t *end = value + component->size;
    for (content_walk_begin(&walk, component, value, 1); content_walk_next(&walk, &content);) {
        struct given given;
        (void)content_find_given(component, &content, NULL, &given); /* it is checked */
        if (!content.reference)
            continue;
        const uint64_t reference = (uint64_t)(end - value) << 2 | 3;
        memcpy(value + content.offset, &reference, sizeof(reference));
        end = commands_write_given(end, &given);
    }
}

/* A buffer belongs to no world, so it accepts the program's types only. */
static bool commands_may_name(const pecs_commands *commands, pecs_component component)
{
    return component < commands->registry->id_component;
}

static pecs_status commands_check_items(pecs_commands *commands, const pecs_value *values, size_t count)
{
    if (count && !values)
        return commands_fail(commands, NO_COMPONENT, "values is NULL, but value_count is not 0");
    for (size_t i = 0; i < count; i++) {
        const pecs_component component = values[i].component;
        if (!commands_may_name(commands, component))
            return commands_fail(commands, component, "the registry has no type of this number");
        if (values[i].size_bytes != registry_component(commands->registry, component)->size)
            return commands_fail(commands, component, "size_bytes is not the size of the type");
        if (values[i].data &&
            !commands_fields_are_usable(commands, registry_component(commands->registry, component), values[i].data))
            return commands_fail(commands, component, UNUSABLE_HANDLE);
        for (size_t j = 0; j < i; j++)
            if (values[j].component == component)
                return commands_fail(commands, component, "it is given twice");
    }
    return PECS_OK;
}

/* Checks a value's contents, and how many bytes of the log they and the value take. */
static pecs_status commands_value_bytes(pecs_commands *commands, const pecs_value *value, uint64_t *ret_bytes)
{
    *ret_bytes = value->data ? value->size_bytes : 0;
    return value->data && component_has_contents(registry_component(commands->registry, value->component))
               ? commands_check_contents(commands, value, ret_bytes)
               : PECS_OK;
}

static pecs_status commands_check_target(pecs_commands *commands, pecs_entity entity)
{
    if (!commands_is_usable(commands, entity))
        return commands_fail(commands, NO_COMPONENT,
                             "the provisional handle is of another buffer or of an earlier batch");
    return commands->command_count < COMMANDS_MAX
               ? PECS_OK
               : failure_explain(&commands->failure, PECS_E_LIMIT, entity, NO_COMPONENT, "the buffer is full");
}

/* Reserves memory for a whole command, whose head it writes. Returns where its items go. */
static pecs_status commands_append(pecs_commands *commands, const struct command *command, uint8_t **ret_to)
{
    const uint64_t bytes = command->size_bytes;
    if (bytes > SIZE_MAX / 2 || !pool_reserve(commands->registry->pool, (void **)&commands->log,
                                              &commands->log_capacity, commands->log_bytes + (size_t)bytes, 1))
        return PECS_E_MEMORY;
    memcpy(commands->log + commands->log_bytes, command, sizeof(*command));
    *ret_to = commands->log + commands->log_bytes + sizeof(*command);
    commands->log_bytes += bytes;
    commands->command_count++;
    commands->add_count += command->operation == ADD;
    return PECS_OK;
}

static pecs_status commands_record(pecs_commands *commands, enum operation operation, pecs_entity entity,
                                   const pecs_value *values, size_t count)
{
    pecs_status status = commands_check_items(commands, values, count);
    if (!status)
        status = commands_check_target(commands, entity);
    struct command command = { operation, (uint32_t)count, entity, NO_COMMAND, sizeof(command) };
    for (size_t i = 0; !status && i < count; i++) {
        uint64_t size;
        status = commands_value_bytes(commands, &values[i], &size);
        command.size_bytes += sizeof(struct item) + size;
    }
    uint8_t *to;
    if (!status)
        status = commands_append(commands, &command, &to);
    for (size_t i = 0; !status && i < count; i++) {
        uint64_t size = 0;
        (void)commands_value_bytes(commands, &values[i], &size);
        const struct item item = { values[i].component, operation == SPAWN || operation == SET, size, 0 };
        memcpy(to, &item, sizeof(item));
        to += sizeof(item);
        if (size)
            memcpy(to, values[i].data, values[i].size_bytes);
        if (size > values[i].size_bytes)
            commands_write_contents(commands, values[i].component, to);
        to += size;
    }
    return status;
}

static pecs_status commands_record_contents(pecs_commands *commands, pecs_entity entity, pecs_component number,
                                            size_t offset_bytes, const pecs_bytes *bytes)
{
    struct content content;
    struct given given;
    if (!commands_may_name(commands, number))
        return commands_fail(commands, number, "the registry has no type of this number");
    if (!content_find_member(registry_component(commands->registry, number), offset_bytes, &content))
        return commands_fail(commands, number, CONTENT_NO_MEMBER);
    content.reference = pecs_give_(bytes);
    pecs_status status = commands_find_given(commands, number, &content, &given);
    if (!status)
        status = commands_check_target(commands, entity);
    if (status)
        return status;
    const struct item item = { number, false, sizeof(content) + sizeof(given.size_bytes) + given.size_bytes, 0 };
    const struct command command = { SET_CONTENTS, 1, entity, NO_COMMAND,
                                     sizeof(command) + sizeof(item) + item.size_bytes };
    uint8_t *to;
    status = commands_append(commands, &command, &to);
    if (status)
        return status;
    content.reference = sizeof(content) << 2 | 3;
    memcpy(to, &item, sizeof(item));
    memcpy(to + sizeof(item), &content, sizeof(content));
    (void)commands_write_given(to + sizeof(item) + sizeof(content), &given);
    return PECS_OK;
}

pecs_status pecs_commands_spawn(pecs_commands *commands, const pecs_value *values, size_t value_count,
                                pecs_entity *ret_provisional)
{
    if (!commands)
        return PECS_E_MISUSE;
    if (!commands->spawn_count)
        commands->batch = registry_next_batch(commands->registry) & ~PROVISIONAL;
    const pecs_entity entity = { (uint32_t)commands->spawn_count, commands->batch | PROVISIONAL };
    commands->spawn_count++; /* before recording, so that a field may name the entity itself */
    const pecs_status status = commands_record(commands, SPAWN, entity, values, value_count);
    if (status)
        commands->spawn_count--;
    else if (ret_provisional)
        *ret_provisional = entity;
    return failure_end(&commands->failure, status);
}

pecs_status pecs_commands_despawn(pecs_commands *commands, pecs_entity entity)
{
    return commands ? failure_end(&commands->failure, commands_record(commands, DESPAWN, entity, NULL, 0))
                    : PECS_E_MISUSE;
}

pecs_status pecs_commands_set(pecs_commands *commands, pecs_entity entity, const pecs_value *values, size_t value_count)
{
    return commands ? failure_end(&commands->failure, commands_record(commands, SET, entity, values, value_count))
                    : PECS_E_MISUSE;
}

pecs_status pecs_commands_set_contents(pecs_commands *commands, pecs_entity entity, pecs_component component,
                                       size_t offset_bytes, const pecs_bytes *bytes)
{
    return commands ? failure_end(&commands->failure,
                                  commands_record_contents(commands, entity, component, offset_bytes, bytes))
                    : PECS_E_MISUSE;
}

/* Records a command without values; a component that is listed twice counts once. */
static pecs_status commands_record_components(pecs_commands *commands, enum operation operation, pecs_entity entity,
                                              const pecs_component *components, size_t component_count)
{
    if (component_count && !components)
        return commands_fail(commands, NO_COMPONENT, "components is NULL, but component_count is not 0");
    if (component_count > commands->registry->id_component)
        return commands_fail(commands, NO_COMPONENT, "component_count exceeds the number of types");
    struct pool *pool = commands->registry->pool;
    pecs_value *values = pool_allocate(pool, (component_count + 1) * sizeof(*values));
    if (!values)
        return PECS_E_MEMORY;
    pecs_status status = PECS_OK;
    size_t count = 0;
    for (size_t i = 0; !status && i < component_count; i++) {
        if (!commands_may_name(commands, components[i])) {
            status = commands_fail(commands, components[i], "the registry has no type of this number");
            break;
        }
        bool is_new = true;
        for (size_t j = 0; is_new && j < count; j++)
            is_new = values[j].component != components[i];
        if (is_new)
            values[count++] =
                (pecs_value){ components[i], registry_component(commands->registry, components[i])->size, NULL };
    }
    if (!status)
        status = commands_record(commands, operation, entity, values, count);
    pool_release(pool, values, (component_count + 1) * sizeof(*values));
    return status;
}

pecs_status pecs_commands_add(pecs_commands *commands, pecs_entity entity, const pecs_component *components,
                              size_t component_count)
{
    return commands ? failure_end(&commands->failure,
                                  commands_record_components(commands, ADD, entity, components, component_count))
                    : PECS_E_MISUSE;
}

pecs_status pecs_commands_remove(pecs_commands *commands, pecs_entity entity, const pecs_component *components,
                                 size_t component_count)
{
    return commands ? failure_end(&commands->failure,
                                  commands_record_components(commands, REMOVE, entity, components, component_count))
                    : PECS_E_MISUSE;
}

const pecs_error *pecs_commands_error(pecs_commands *commands)
{
    return commands ? failure_error(&commands->failure, commands->registry, NULL) : NULL;
}

pecs_entity pecs_commands_resolve(const pecs_commands *commands, pecs_entity provisional)
{
    if (!commands || provisional.index >= commands->spawned_count ||
        provisional.generation != (commands->spawned_batch | PROVISIONAL))
        return (pecs_entity){ 0, 0 };
    return commands->spawned[provisional.index];
}
