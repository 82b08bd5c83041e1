/*
 * Resumes a file with valid structure and damaged data, as bit rot leaves it. Values are trusted, so reads may return
 * anything; but no read, edit, save or comparison accesses memory out of bounds, which a sanitizer checks. An edit that
 * finds the damage returns PECS_E_CORRUPT and changes nothing.
 */
#include "file_mutate.h"
#include "fuzz_part.h"
#include "fuzz_worlds.h"

#include <stdlib.h>
#include <string.h>

enum { EDIT_COUNT = 24, ENTITY_MAX = 24 };

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return file_mutate(data, size, max_size, seed, seed % 8 ? MUTATE_DATA : MUTATE_WORLD);
}

static volatile uint64_t touched;

static bool read_change(void *user, const pecs_change *change)
{
    (void)user;
    touched +=
        change->id.bytes[0] + change->before.index + (change->old_value ? *(const uint8_t *)change->old_value : 0);
    return true;
}

static void read_entity(pecs_view view, pecs_entity entity)
{
    size_t count;
    pecs_id id;
    const pecs_component *components = pecs_view_components(view, entity, &count);
    for (size_t i = 0; i < count; i++) {
        const pecs_type *type = pecs_view_type(view, components[i]);
        const uint8_t *value = pecs_view_get(view, entity, components[i], type->size);
        for (uint32_t at = 0; value && at < type->size; at++)
            touched += value[at];
        if (value)
            fuzz_read_contents(view, type, value);
    }
    if (pecs_view_id(view, entity, &id) == PECS_OK)
        (void)!pecs_view_find(view, id, &entity);
}

/* Handles from records, handles from rows, and handles that were never assigned. */
static size_t find_entities(pecs_view view, struct random *random, pecs_entity entities[ENTITY_MAX])
{
    size_t count = 0;
    pecs_query *all;
    pecs_id_iter ids = pecs_view_ids(view);
    while (count < ENTITY_MAX / 2 && pecs_id_iter_next(&ids))
        entities[count++] = ids.entity;
    if (pecs_query_create_in(view, NULL, 0, &all, NULL))
        return count;
    pecs_iter iter = pecs_query_iter(all, view, NULL);
    while (pecs_iter_next(&iter))
        for (size_t i = 0; i < iter.row_count; i++)
            if (count < ENTITY_MAX && random_once_in(random, 2))
                entities[count++] = iter.entities[i];
    (void)!pecs_iter_end(&iter);
    pecs_query_destroy(all);
    return count;
}

static bool read_invalid(void *user, const pecs_invalid *invalid)
{
    (void)user;
    touched += strlen(invalid->field) + ((const uint8_t *)invalid->value)[invalid->offset + invalid->size - 1];
    return true;
}

static void read_all(pecs_view view, struct random *random)
{
    pecs_entity entities[ENTITY_MAX];
    pecs_id ids[ENTITY_MAX];
    const size_t count = find_entities(view, random, entities);
    for (size_t i = 0; i < count; i++)
        read_entity(view, entities[i]);
    (void)!pecs_view_id_many(view, entities, count, ids);
    (void)!pecs_view_find_many(view, ids, count, entities);
    touched += pecs_view_hash(view);
    (void)!pecs_view_check(view, read_invalid, NULL, NULL);
}

/* Edits of several entities at once, which take other paths than edits of one. */
static pecs_status edit_many(pecs_world *world, pecs_registry *registry, struct random *random)
{
    pecs_entity entities[ENTITY_MAX];
    const pecs_view view = pecs_world_view(world);
    const size_t count = find_entities(view, random, entities);
    pecs_value zero = { 0, pecs_registry_type(registry, 0)->size, NULL };
    pecs_commands *commands;
    pecs_query *query;
    pecs_status status;
    if (!count)
        return PECS_OK;
    switch (random_below(random, 5)) {
    case 0:
        return pecs_world_despawn(world, entities, 1 + random_below(random, count));
    case 1:
        status = pecs_query_create_in(view, NULL, 0, &query, NULL);
        if (status)
            return status;
        status = random_once_in(random, 4) ? pecs_world_despawn_matching(world, query, NULL) : PECS_OK;
        pecs_query_destroy(query);
        return status;
    case 2:
        return pecs_world_spawn(world, NULL, 0, 1 + random_below(random, 9000), NULL);
    case 3:
        zero.component = (pecs_component)random_below(random, pecs_registry_type_count(registry));
        zero.size_bytes = pecs_registry_type(registry, zero.component)->size;
        return pecs_world_set_many(world, entities, count, &zero, 1);
    default:
        status = pecs_commands_create(registry, &commands);
        for (size_t i = 0; !status && i < count; i++) {
            if (random_once_in(random, 4))
                (void)!pecs_commands_spawn(commands, &zero, 1, NULL);
            else if (random_once_in(random, 2))
                (void)!pecs_commands_despawn(commands, entities[i]);
            else if (random_once_in(random, 2))
                (void)!pecs_commands_set(commands, entities[i], &zero, 1);
            else
                (void)!pecs_commands_remove(commands, entities[i], &zero.component, 1);
        }
        if (status)
            return status;
        status = pecs_commands_apply(commands, world, NULL);
        pecs_commands_destroy(commands);
        return status;
    }
}

static void expect_allowed(pecs_status status)
{
    FUZZ_CHECK(status == PECS_OK || status == PECS_E_CORRUPT || status == PECS_E_DEAD || status == PECS_E_ABSENT ||
                   status == PECS_E_CONFLICT || status == PECS_E_LIMIT || fuzz_memory_outgrown(),
               pecs_status_name(status));
}

static void edit_world(pecs_world *world, pecs_registry *registry, struct random *random)
{
    for (unsigned i = 0; i < EDIT_COUNT; i++)
        expect_allowed(random_once_in(random, 3) ? edit_many(world, registry, random) : fuzz_edit_once(world, random));
}

static void use(pecs_registry *registry, const pecs_snapshot *snapshot, struct random *random)
{
    const pecs_view view = pecs_snapshot_view(snapshot);
    const uint64_t hash = pecs_view_hash(view);
    pecs_world *world;
    read_all(view, random);
    if (pecs_world_create(registry, snapshot, &(pecs_world_options){ .session_nonce = 5 }, &world, NULL))
        return; /* memory */
    edit_world(world, registry, random);
    read_all(pecs_world_view(world), random);
    (void)!pecs_view_diff(view, pecs_world_view(world), read_change, NULL);
    (void)!pecs_view_diff(pecs_world_view(world), view, read_change, NULL);
    (void)!pecs_world_save(world, fuzz_path("saved"), &(pecs_save_options){ .skip_sync = true }, NULL);
    expect_allowed(pecs_world_restore(world, snapshot));
    edit_world(world, registry, random);
    pecs_world_destroy(world);
    FUZZ_CHECK(hash == pecs_view_hash(view), "a snapshot never changes");
}

/* The same for a part of the file. */
static void use_part(pecs_registry *registry, const char *path, size_t size, struct random *random)
{
    struct fuzz_part part;
    fuzz_part_init(&part, path, true, random);
    const pecs_load_options options = { .part = &part.part };
    pecs_snapshot *snapshot = part.info ? fuzz_open(FUZZ_RESUME, registry, path, size, &options) : NULL;
    if (snapshot)
        use(registry, snapshot, random);
    pecs_snapshot_release(snapshot);
    fuzz_part_deinit(&part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("input", data, size);
    struct random random = fuzz_random(data, size);
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    pecs_registry *registry = fuzz_registry(FUZZ_KNOWN_TYPES);
    pecs_snapshot *snapshot = fuzz_open(FUZZ_RESUME, registry, path, size, NULL);
    if (snapshot)
        use(registry, snapshot, &random);
    pecs_snapshot_release(snapshot);
    use_part(registry, path, size, &random);
    pecs_registry_release(registry);
    fuzz_memory_end();
    return 0;
}
