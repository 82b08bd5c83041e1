/*
 * Applies a command buffer: sorts the log into groups, one for each entity, and makes each group one structural change.
 *
 *     gather     groups in the order of their first commands; the table that each comes from and goes to
 *     ready      rows, slots and records of all groups: the last step that can fail
 *     structure  group by group: spawn, despawn or move the row
 *     values     group by group: write the recorded values of components that the entity now has, with provisional
 *                handles replaced
 */
#include "bits.h"
#include "command_log.h"
#include "place.h"

/* Commands and items are copied out of the log, which has no alignment. */
static struct command apply_command_at(const pecs_commands *commands, uint64_t place)
{
    struct command command;
    memcpy(&command, commands->log + place, sizeof(command));
    return command;
}

/* Returns the item at *place of a command and advances *place to the next item. */
static struct item apply_next_item(const pecs_commands *commands, uint64_t *place, const uint8_t **ret_bytes)
{
    struct item item;
    memcpy(&item, commands->log + *place, sizeof(item));
    *ret_bytes = commands->log + *place + sizeof(item);
    *place += sizeof(item) + item.size_bytes;
    return item;
}

static void apply_set_next(pecs_commands *commands, uint64_t place, uint64_t next)
{
    memcpy(commands->log + place + offsetof(struct command, next), &next, sizeof(next));
}

/* Gather. */

static pecs_status apply_ready_buckets(pecs_commands *commands)
{
    size_t wanted = 16;
    while (wanted < 2 * commands->command_count)
        wanted *= 2;
    struct pool *pool = commands->registry->pool;
    if (wanted > commands->bucket_capacity) {
        uint32_t *buckets = pool_allocate(pool, wanted * sizeof(*buckets));
        if (!buckets)
            return PECS_E_MEMORY;
        pool_release(pool, commands->buckets, commands->bucket_capacity * sizeof(*buckets));
        commands->buckets = buckets;
        commands->bucket_capacity = wanted;
    }
    commands->bucket_count = wanted;
    memset(commands->buckets, 0, commands->bucket_count * sizeof(*commands->buckets));
    return PECS_OK;
}

static pecs_status apply_add_to_group(pecs_commands *commands, pecs_entity entity, uint64_t place)
{
    apply_set_next(commands, place, NO_COMMAND);
    const size_t mask = commands->bucket_count - 1;
    size_t bucket = (size_t)mix_u64((uint64_t)entity.generation << 32 | entity.index) & mask;
    for (; commands->buckets[bucket]; bucket = (bucket + 1) & mask) {
        struct group *group = &commands->groups[commands->buckets[bucket] - 1];
        if (group->entity.index == entity.index && group->entity.generation == entity.generation) {
            apply_set_next(commands, group->last, place);
            group->last = place;
            return PECS_OK;
        }
    }
    if (!pool_reserve(commands->registry->pool, (void **)&commands->groups, &commands->group_capacity,
                      commands->group_count + 1, sizeof(*commands->groups)))
        return PECS_E_MEMORY;
    commands->groups[commands->group_count++] = (struct group){ entity, place, place, NO_TABLE, NO_TABLE };
    commands->buckets[bucket] = (uint32_t)commands->group_count;
    return PECS_OK;
}

static pecs_status apply_ready_wanted(pecs_commands *commands, const struct pecs_world *world)
{
    const size_t words = bits_words(state_component_count(world->state));
    if (words <= commands->wanted_words)
        return PECS_OK;
    struct pool *pool = commands->registry->pool;
    uint64_t *wanted = pool_allocate(pool, words * sizeof(*wanted));
    if (!wanted)
        return PECS_E_MEMORY;
    pool_release(pool, commands->wanted, commands->wanted_words * sizeof(*wanted));
    commands->wanted = wanted;
    commands->wanted_words = words;
    return PECS_OK;
}

static pecs_status apply_gather_groups(pecs_commands *commands, const struct pecs_world *world)
{
    commands->group_count = 0;
    pecs_status status = apply_ready_buckets(commands);
    if (!status)
        status = apply_ready_wanted(commands, world);
    for (uint64_t place = 0; !status && place < commands->log_bytes;) {
        const struct command command = apply_command_at(commands, place);
        status = apply_add_to_group(commands, command.entity, place);
        place += command.size_bytes;
    }
    return status;
}

/* Whether a command sets contents of a component that the entity lacks at that point. */
static bool apply_lacks_component(const pecs_commands *commands, const struct command *command, uint64_t place)
{
    const uint8_t *bytes;
    place += sizeof(*command);
    return command->operation == SET_CONTENTS &&
           !bits_has(commands->wanted, apply_next_item(commands, &place, &bytes).component);
}

static void apply_want(pecs_commands *commands, const struct command *command, uint64_t place)
{
    place += sizeof(*command);
    for (uint32_t i = 0; i < command->item_count; i++) {
        const uint8_t *bytes;
        const struct item item = apply_next_item(commands, &place, &bytes);
        if (command->operation == REMOVE)
            bits_clear(commands->wanted, item.component);
        else if (command->operation != SET_CONTENTS)
            bits_set(commands->wanted, item.component);
    }
}

/* Sets `wanted` to the components that the entity of a group has before its commands. */
static void apply_want_present(pecs_commands *commands, const struct pecs_world *world, const struct group *group)
{
    memset(commands->wanted, 0, commands->wanted_words * sizeof(*commands->wanted));
    const struct archetype *had = group->from == NO_TABLE ? NULL : state_table(world->state, group->from)->archetype;
    for (uint32_t i = 0; had && i < had->component_count; i++)
        bits_set(commands->wanted, state_place(world->state, had->components[i]));
}

/*
 * Puts the components that an entity has after its commands into the world's scratch set. False: the commands despawn
 * it.
 */
static bool apply_find_set(pecs_commands *commands, struct pecs_world *world, const struct group *group,
                           uint32_t *ret_count, uint64_t *skipped_count)
{
    apply_want_present(commands, world, group);
    bool lives = true;
    for (uint64_t place = group->first; place != NO_COMMAND;) {
        const struct command command = apply_command_at(commands, place);
        if (!lives || apply_lacks_component(commands, &command, place))
            ++*skipped_count;
        else if (command.operation == DESPAWN)
            lives = false;
        else
            apply_want(commands, &command, place);
        place = command.next;
    }
    *ret_count = state_list_places(world->state, commands->wanted, commands->wanted_words, world->set);
    return lives;
}

/*
 * Finds the tables that each group comes from and goes to. Groups of dead entities are emptied and their commands
 * counted.
 */
static pecs_status apply_find_tables(pecs_commands *commands, struct pecs_world *world, uint64_t *skipped_count)
{
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < commands->group_count; i++) {
        struct group *group = &commands->groups[i];
        const bool is_new = command_is_provisional(group->entity);
        const struct record *record = is_new ? NULL : state_find(world->state, group->entity);
        group->from = record ? record->table : NO_TABLE;
        if (!is_new && !record) {
            for (uint64_t place = group->first; place != NO_COMMAND; place = apply_command_at(commands, place).next)
                ++*skipped_count;
            group->first = NO_COMMAND;
            continue;
        }
        uint32_t set_count;
        status = edit_begin_values(world);
        if (status)
            return status;
        if (apply_find_set(commands, world, group, &set_count, skipped_count))
            status = edit_find_table(world, world->set, set_count, false, &group->to);
        else
            group->to = NO_TABLE;
    }
    return status;
}

/* Ready. */

/*
 * Prepares a row that stays: only the columns of set values pass the gate. An added component gets a value only when
 * the entity lacks it at that point, which in a row that stays means that a command removed it before.
 */
static pecs_status apply_ready_values(pecs_commands *commands, struct pecs_world *world, const struct group *group)
{
    const struct record record = *state_find(world->state, group->entity);
    struct table *table;
    pecs_status status = edit_prove_row(world, group->entity, record);
    if (!status)
        status = edit_own_table(world, record.table, &table);
    if (status)
        return status;
    const uint64_t chunk = record.row >> table->archetype->chunk_shift, rows = table_live_rows(table, chunk);
    bool has_removed = false;
    for (uint64_t place = group->first; !status && place != NO_COMMAND;) {
        const struct command command = apply_command_at(commands, place);
        uint64_t at = place + sizeof(command);
        has_removed |= command.operation == REMOVE;
        const uint32_t count = command.operation != ADD || has_removed ? command.item_count : 0;
        for (uint32_t i = 0; !status && i < count; i++) {
            const uint8_t *bytes;
            uint8_t *owned;
            const uint32_t column =
                archetype_column(table->archetype, apply_next_item(commands, &at, &bytes).component);
            if (column != NO_COLUMN)
                status = table_own_chunk(&world->gate, table, column, chunk, rows, &owned);
        }
        place = command.next;
    }
    return status;
}

/* True for a group of a living entity of the world. */
static bool apply_is_present(const struct group *group)
{
    return group->first != NO_COMMAND && group->from != NO_TABLE;
}

static bool apply_is_spawned(const struct group *group)
{
    return command_is_provisional(group->entity) && group->to != NO_TABLE;
}

static pecs_status apply_ready_slots(pecs_commands *commands, struct pecs_world *world, uint64_t spawn_count)
{
    struct pool *pool = world->registry->pool;
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < commands->group_count; i++)
        if (apply_is_present(&commands->groups[i]) && commands->groups[i].to == NO_TABLE)
            status = free_map_reserve_give(&world->free_map, pool, world->state, commands->groups[i].entity.index);
    return status ? status : edit_ready_slots(world, spawn_count);
}

static pecs_status apply_ready(pecs_commands *commands, struct pecs_world *world)
{
    uint64_t spawn_count = 0;
    pecs_status status = PECS_OK;
    for (size_t i = 0; !status && i < commands->group_count; i++) {
        const struct group *group = &commands->groups[i];
        const bool moves = group->from != group->to;
        if (apply_is_spawned(group))
            spawn_count++;
        if (apply_is_present(group))
            status = moves ? edit_ready_departure(world, group->entity) : apply_ready_values(commands, world, group);
        if (!status && group->to != NO_TABLE && moves)
            status = edit_plan_note(world, group->to, 0, 1);
    }
    if (!status)
        status = edit_check_slots(world, spawn_count);
    if (!status)
        status = edit_plan_ready(world);
    if (!status && !pool_reserve(world->registry->pool, (void **)&commands->spawned, &commands->spawned_capacity,
                                 commands->spawn_count, sizeof(*commands->spawned)))
        status = PECS_E_MEMORY;
    return status || !spawn_count ? status : apply_ready_slots(commands, world, spawn_count);
}

/* Place: contents of recorded values go into the heap of the world. */

static bool apply_item_has_contents(const struct pecs_world *world, const struct item *item)
{
    return item->size_bytes && component_has_contents(state_component(world->state, item->component));
}

/* Places what a member is given: the copy is that of the struct content, with the reference. */
static pecs_status apply_place_member(struct pecs_world *world, pecs_component number, uint8_t *copy,
                                      const uint8_t *bytes, uint64_t *units)
{
    struct content content;
    uint64_t reference = 0;
    memcpy(&content, copy, sizeof(content));
    const struct place_owner owner = { .component = number, .row_count = 1 };
    const pecs_status status = place_given(world, &owner, &content, bytes, units, &reference);
    content.reference = reference;
    memcpy(copy, &content, sizeof(content));
    return status;
}

/* Copies the value of an item and places its contents. The item notes where the copy is. */
static pecs_status apply_place_item(pecs_commands *commands, struct pecs_world *world, enum operation operation,
                                    uint64_t place, uint64_t *units)
{
    const uint8_t *bytes;
    uint64_t next = place;
    struct item item = apply_next_item(commands, &next, &bytes);
    if (!apply_item_has_contents(world, &item))
        return PECS_OK;
    const bool is_member = operation == SET_CONTENTS;
    const size_t size = is_member ? sizeof(struct content) : state_component(world->state, item.component)->size;
    if (!pool_reserve(world->registry->pool, (void **)&commands->placed, &commands->placed_capacity,
                      commands->placed_bytes + size, 1))
        return PECS_E_MEMORY;
    uint8_t *copy = commands->placed + commands->placed_bytes;
    memcpy(copy, bytes, size);
    item.placed = commands->placed_bytes;
    memcpy(commands->log + place, &item, sizeof(item));
    commands->placed_bytes += size;
    return is_member ? apply_place_member(world, item.component, copy, bytes, units)
                     : place_in_copies(world, item.component, copy, 1, bytes, units);
}

static pecs_status apply_place_values(pecs_commands *commands, struct pecs_world *world, uint64_t *units)
{
    commands->placed_bytes = 0;
    if (!place_may_be_needed(world))
        return PECS_OK;
    pecs_status status = edit_begin_values(world);
    if (!status)
        status = place_begin(world);
    for (size_t i = 0; !status && i < commands->group_count; i++) {
        uint64_t place = commands->groups[i].to == NO_TABLE ? NO_COMMAND : commands->groups[i].first;
        while (!status && place != NO_COMMAND) {
            const struct command command = apply_command_at(commands, place);
            uint64_t at = place + sizeof(command);
            for (uint32_t j = 0; !status && j < command.item_count; j++) {
                const uint8_t *bytes;
                status = apply_place_item(commands, world, command.operation, at, units);
                (void)apply_next_item(commands, &at, &bytes);
            }
            place = command.next;
        }
    }
    return status;
}

/* Change. */

static void apply_change_structure(pecs_commands *commands, struct pecs_world *world)
{
    if (commands->spawn_count)
        memset(commands->spawned, 0, commands->spawn_count * sizeof(*commands->spawned));
    for (size_t i = 0; i < commands->group_count; i++) {
        struct group *group = &commands->groups[i];
        if (apply_is_spawned(group)) {
            const pecs_entity entity = edit_take_slot(world);
            commands->spawned[group->entity.index] = entity;
            group->entity = entity;
            place_clear_row(world, group->to, edit_append_row(world, group->to, entity), NULL);
        } else if (apply_is_present(group) && group->from != group->to) {
            const struct record record = *state_find(world->state, group->entity);
            const struct archetype *had = state_table(world->state, record.table)->archetype;
            edit_find_row(world, record.table, record.row);
            if (group->to == NO_TABLE) {
                place_forget_row(world, had, NULL);
                edit_remove_row(world, record.table, record.row);
                edit_give_slot(world, group->entity.index);
            } else {
                edit_move_row(world, group->entity, record.table, record.row, group->to);
                place_clear_row(world, group->to, state_find(world->state, group->entity)->row, had);
            }
        }
    }
}

static void apply_replace_provisional(const pecs_commands *commands, const struct component *component, uint8_t *value)
{
    struct span_iter iter;
    struct value_span span;
    for (span_iter_begin(&iter, component->special); span_iter_next(&iter, &span);) {
        for (uint32_t at = 0; span.kind == PECS_ENTITY && at < span.size; at += sizeof(pecs_entity)) {
            pecs_entity entity;
            memcpy(&entity, value + span.offset + at, sizeof(entity));
            if (command_is_provisional(entity))
                memcpy(value + span.offset + at, &commands->spawned[entity.index], sizeof(entity));
        }
    }
}

/* The list was placed by this apply, so it is private. */
static void apply_replace_in_list(const pecs_commands *commands, const struct pecs_world *world,
                                  const struct component *component, const struct content *content)
{
    const struct component *element = content->list ? component_element(component, content->list) : NULL;
    uint64_t size;
    if (!element || !element->has_references)
        return;
    uint8_t *bytes = (uint8_t *)(uintptr_t)heap_find(state_heap(world->state), content->reference, &size);
    for (uint64_t at = 0; at < size; at += element->size)
        apply_replace_provisional(commands, element, bytes + at);
}

static void apply_replace_in_lists(const pecs_commands *commands, const struct pecs_world *world,
                                   const struct component *component, const uint8_t *value)
{
    struct content_walk walk;
    struct content content;
    for (content_walk_begin(&walk, component, value, 1); content_walk_next(&walk, &content);)
        apply_replace_in_list(commands, world, component, &content);
}

/*
 * Updates `wanted` as a command does. True when the command adds a component that the entity does not have at that
 * point.
 */
static bool apply_follow_set(pecs_commands *commands, enum operation operation, pecs_component component)
{
    const bool is_there = bits_has(commands->wanted, component);
    if (operation == REMOVE)
        bits_clear(commands->wanted, component);
    else if (operation != SET_CONTENTS)
        bits_set(commands->wanted, component);
    return operation == ADD && !is_there;
}

/* Writes the recorded value of an item, or zeros, to a row. */
static void apply_write_value(const pecs_commands *commands, struct pecs_world *world, const struct item *item,
                              const uint8_t *bytes, uint8_t *value)
{
    const struct component *component = state_component(world->state, item->component);
    const bool has_contents = component_has_contents(component);
    if (has_contents)
        place_forget(world, item->component, value, 1);
    if (!item->size_bytes) {
        memset(value, 0, component->size);
        return;
    }
    memcpy(value, has_contents ? commands->placed + item->placed : bytes, component->size);
    apply_replace_provisional(commands, component, value);
    if (has_contents)
        apply_replace_in_lists(commands, world, component, value);
}

/*
 * Writes contents that were recorded for a member; value NULL: the entity does not have the component any more. If it
 * lacked the component at that point and has it again, a later command writes the whole value.
 */
static void apply_write_member(const pecs_commands *commands, struct pecs_world *world, const struct item *item,
                               uint8_t *value)
{
    struct content content, had;
    memcpy(&content, commands->placed + item->placed, sizeof(content));
    had = content;
    if (value)
        memcpy(&had.reference, value + content.offset, sizeof(had.reference));
    place_forget_content(world, &had);
    if (!value)
        return;
    memcpy(value + content.offset, &content.reference, sizeof(content.reference));
    apply_replace_in_list(commands, world, state_component(world->state, item->component), &content);
}

static void apply_write_values(pecs_commands *commands, struct pecs_world *world, const struct group *group)
{
    if (commands->add_count)
        apply_want_present(commands, world, group);
    const struct record record = *state_find(world->state, group->entity);
    struct table *table = edit_table(world, record.table);
    for (uint64_t place = group->first; place != NO_COMMAND;) {
        const struct command command = apply_command_at(commands, place);
        uint64_t at = place + sizeof(command);
        for (uint32_t i = 0; i < command.item_count; i++) {
            const uint8_t *bytes;
            const struct item item = apply_next_item(commands, &at, &bytes);
            const uint32_t column = archetype_column(table->archetype, item.component);
            const bool is_added = commands->add_count && apply_follow_set(commands, command.operation, item.component);
            uint8_t *value = column == NO_COLUMN ? NULL : table_owned_value(table, column, record.row);
            if (command.operation == SET_CONTENTS)
                apply_write_member(commands, world, &item, value);
            else if (value && (item.has_value || is_added))
                apply_write_value(commands, world, &item, bytes, value);
            else if (!value && apply_item_has_contents(world, &item)) /* a later command removes it */
                place_forget(world, item.component, commands->placed + item.placed, 1);
        }
        place = command.next;
    }
}

static pecs_status apply_commands(pecs_commands *commands, struct pecs_world *world, uint64_t *ret_skipped_count)
{
    pecs_status status = edit_check_busy(world);
    if (status)
        return status;
    const uint32_t table_count = world->state->table_count;
    const struct place_mark mark = place_mark_of(world);
    uint64_t units = 0;
    status = apply_gather_groups(commands, world);
    if (!status)
        status = apply_find_tables(commands, world, ret_skipped_count);
    if (!status)
        status = apply_place_values(commands, world, &units);
    if (!status)
        status = apply_ready(commands, world);
    if (status) {
        edit_plan_forget(world);
        edit_drop_tables(world, table_count);
        place_take_back(world, mark);
        return status;
    }
    place_count(world, units); /* first: of several sets of a component, the next one forgets the one before */
    apply_change_structure(commands, world);
    for (size_t i = 0; i < commands->group_count; i++)
        if (commands->groups[i].first != NO_COMMAND && commands->groups[i].to != NO_TABLE)
            apply_write_values(commands, world, &commands->groups[i]);
    edit_plan_finish(world);
    edit_give_back_slots(world, commands->spawn_count);
    place_tend(world, 0);
    return PECS_OK;
}

pecs_status pecs_commands_apply(pecs_commands *commands, pecs_world *world, uint64_t *ret_skipped_count)
{
    uint64_t skipped_count = 0;
    if (!commands)
        return PECS_E_MISUSE;
    if (!world || commands->registry != world->registry)
        return failure_end(&commands->failure,
                           commands_fail(commands, NO_COMPONENT, "the world is NULL or of another registry"));
    const pecs_status status = failure_end(&world->failure, apply_commands(commands, world, &skipped_count));
    if (status) {
        failure_copy(&commands->failure, &world->failure, commands->registry->pool);
        return status;
    }
    const size_t spawned_count = commands->spawn_count;
    pecs_commands_clear(commands);
    commands->spawned_count = spawned_count;
    commands->spawned_batch = commands->batch;
    if (ret_skipped_count)
        *ret_skipped_count = skipped_count;
    return PECS_OK;
}
