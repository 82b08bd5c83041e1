/*
 * Edits of a world from any source, and the round trip. Written values are all zero, which is valid for every kind, or
 * copies of values in the world.
 */
#include "fuzz_common.h"

#include <stdlib.h>
#include <string.h>

enum { LIVING_MAX = 64, VALUE_MAX = 8 };

struct living {
    pecs_entity entities[LIVING_MAX];
    size_t count;
};

static void find_living(pecs_view view, struct living *living)
{
    pecs_id_iter iter = pecs_view_ids(view);
    living->count = 0;
    while (living->count < LIVING_MAX && pecs_id_iter_next(&iter))
        living->entities[living->count++] = iter.entity;
}

/* Zero values of some components of a random table; other functions set "pecs.id". */
static size_t pick_values(pecs_view view, struct random *random, pecs_value values[VALUE_MAX])
{
    pecs_summary summary;
    pecs_table table;
    pecs_component id_component = 0;
    size_t count = 0;
    pecs_view_summary(view, &summary);
    if (pecs_view_component(view, "pecs.id", &id_component) ||
        !pecs_view_table(view, random_below(random, summary.table_count), &table))
        return 0;
    for (size_t i = 0; i < table.component_count && count < VALUE_MAX; i++) {
        const pecs_type *type = pecs_view_type(view, table.components[i]);
        if (table.components[i] != id_component && type->size < 65536 && !random_once_in(random, 4))
            values[count++] = (pecs_value){ table.components[i], type->size, NULL };
    }
    return count;
}

static pecs_id random_id(struct random *random)
{
    pecs_id id;
    for (size_t i = 0; i < sizeof(id.bytes); i++)
        id.bytes[i] = (uint8_t)(1 + random_below(random, 255));
    return id;
}

static pecs_status edit_structure(pecs_world *world, struct random *random, const struct living *living)
{
    const pecs_view view = pecs_world_view(world);
    pecs_value values[VALUE_MAX];
    const size_t count = pick_values(view, random, values);
    const pecs_entity entity = living->entities[random_below(random, living->count)];
    pecs_component components[VALUE_MAX];
    for (size_t i = 0; i < count; i++)
        components[i] = values[i].component;
    switch (random_below(random, living->count ? 6 : 2)) {
    case 0:
        return pecs_world_spawn(world, values, count, 1 + random_below(random, 5), NULL);
    case 1:
        return pecs_world_spawn_with_ids(world, values, count, (pecs_id[]){ random_id(random) }, 1, NULL);
    case 2:
        return pecs_world_despawn(world, &entity, 1);
    case 3:
        return pecs_world_set(world, entity, values, count);
    case 4:
        return pecs_world_remove(world, entity, components, count);
    default:
        return pecs_world_set_id(world, entity, random_id(random));
    }
}

/* Sets what a string, blob or list holds: letters, or zeros for lists, which are valid elements of every kind. */
static pecs_status edit_contents(pecs_world *world, struct random *random, pecs_entity entity, pecs_component component,
                                 const pecs_field *field)
{
    static uint8_t bytes[70000];
    void *to;
    size_t size = (size_t)random_below(random, random_once_in(random, 16) ? sizeof(bytes) : 100);
    memset(bytes, field->kind == PECS_LIST ? 0 : 'a', sizeof(bytes));
    if (field->kind == PECS_LIST)
        size -= size % field->element_size;
    if (field->kind != PECS_STRING && random_once_in(random, 3))
        return pecs_world_edit_contents(world, entity, component, field->offset,
                                        random_once_in(random, 2) ? PECS_KEEP_SIZE : size, &to, NULL);
    return pecs_world_set_contents(world, entity, component, field->offset, PECS_BYTES(bytes, size));
}

/* Writes a value's own bytes through the pointer for editing. */
static pecs_status edit_value(pecs_world *world, struct random *random, const struct living *living)
{
    const pecs_view view = pecs_world_view(world);
    size_t count = 0;
    const pecs_entity entity = living->entities[random_below(random, living->count)];
    const pecs_component *components = living->count ? pecs_view_components(view, entity, &count) : NULL;
    if (!count)
        return PECS_OK;
    const pecs_component component = components[random_below(random, count)];
    const pecs_type *type = pecs_view_type(view, component);
    void *value;
    if (!type->size || strcmp(type->name, "pecs.id") == 0)
        return PECS_OK;
    const pecs_field *field = &type->fields[random_below(random, type->field_count)];
    if (field->kind == PECS_STRING || field->kind == PECS_BLOB || field->kind == PECS_LIST)
        return edit_contents(world, random, entity, component, field);
    const pecs_status status = pecs_world_get_mut(world, entity, component, type->size, &value);
    if (!status)
        memset(value, 0, type->size);
    return status;
}

static pecs_status edit_world(pecs_world *world, struct random *random)
{
    pecs_value values[VALUE_MAX];
    pecs_snapshot *snapshot;
    const size_t count = pick_values(pecs_world_view(world), random, values);
    static const char zeros[65536];
    pecs_status status;
    switch (random_below(random, 9)) {
    case 8:
        return pecs_world_attach(world, "map", PECS_BYTES(zeros, random_below(random, sizeof(zeros))));
    case 7:
        return pecs_world_detach(world, "map");
    case 6:
        return pecs_world_compact(world, NULL);
    case 0:
        return count ? pecs_world_set_singleton(world, values[0].component, values[0].size_bytes, zeros) : PECS_OK;
    case 1:
        return count ? pecs_world_remove_singleton(world, values[0].component) : PECS_OK;
    case 2:
        return pecs_world_set_meta_text(world, "title", "Zo\xc3\xab");
    case 3:
        return pecs_world_set_meta_bytes(world, "bytes", zeros, random_below(random, 40));
    case 4:
        return pecs_world_advance(world, NULL);
    default:
        status = pecs_snapshot_take(world, &snapshot);
        if (status)
            return status;
        status = random_once_in(random, 2) ? pecs_world_restore(world, snapshot) : pecs_world_rewind(world, snapshot);
        pecs_snapshot_release(snapshot);
        return status;
    }
}

pecs_status fuzz_edit_once(pecs_world *world, struct random *random)
{
    struct living living;
    find_living(pecs_world_view(world), &living);
    const uint64_t which = random_below(random, 8);
    return which < 4   ? edit_structure(world, random, &living)
           : which < 6 ? edit_value(world, random, &living)
                       : edit_world(world, random);
}

void fuzz_edit(pecs_world *world, struct random *random, unsigned edit_count)
{
    for (unsigned i = 0; i < edit_count; i++) {
        const pecs_status status = fuzz_edit_once(world, random);
        FUZZ_CHECK(status == PECS_OK || status == PECS_E_LIMIT || fuzz_memory_outgrown(),
                   pecs_world_error(world)->message);
    }
}

static void save(const pecs_snapshot *snapshot, const char *path)
{
    pecs_error error = { .message = "" };
    const pecs_status status = pecs_snapshot_save(snapshot, path, &(pecs_save_options){ .skip_sync = true }, &error);
    FUZZ_CHECK(status == PECS_OK, error.message);
}

static void expect_same_files(const char *a, const char *b)
{
    size_t a_size, b_size;
    uint8_t *a_bytes = fuzz_read(a, &a_size), *b_bytes = fuzz_read(b, &b_size);
    FUZZ_CHECK(a_size == b_size && memcmp(a_bytes, b_bytes, a_size) == 0, "the same state gives the same bytes");
    free(a_bytes);
    free(b_bytes);
}

/* Saves, loads and resumes a snapshot; the one opened by `again_verb` is saved again. */
static void save_and_open(pecs_registry *registry, const pecs_snapshot *snapshot, enum fuzz_verb again_verb)
{
    const char *path = fuzz_path("saved"), *again = fuzz_path("again");
    save(snapshot, path);
    for (enum fuzz_verb verb = FUZZ_LOAD; verb <= FUZZ_RESUME; verb++) {
        pecs_error error = { .message = "" };
        pecs_snapshot *copy;
        const pecs_status status = verb == FUZZ_LOAD ? pecs_snapshot_load(registry, path, NULL, &copy, &error)
                                                     : pecs_snapshot_resume(registry, path, NULL, &copy, &error);
        FUZZ_CHECK(status == PECS_OK, error.message);
        fuzz_walk(pecs_snapshot_view(copy));
        fuzz_expect_same(pecs_snapshot_view(snapshot), pecs_snapshot_view(copy));
        if (verb == again_verb)
            save(copy, again);
        pecs_snapshot_release(copy);
        if (verb == again_verb)
            expect_same_files(path, again);
    }
}

/* Compressed, opened and saved plain again: the bytes of a plain save. */
static void save_packed(pecs_registry *registry, const pecs_snapshot *snapshot, struct random *random)
{
    const char *path = fuzz_path("saved"), *packed = fuzz_path("packed"), *again = fuzz_path("again");
    const bool is_loaded = random_once_in(random, 2);
    pecs_save_options options = { .skip_sync = true, .profile = PECS_PROFILE_FAST, .thread_count = 1 };
    pecs_error error = { .message = "" };
    pecs_snapshot *copy;
    const pecs_component_profile mapped = { (pecs_component)random_below(random, 4), PECS_PROFILE_OFF };
    if (random_once_in(random, 2)) {
        options.component_profiles = &mapped;
        options.component_profile_count = 1;
    }
    pecs_status status = pecs_snapshot_save(snapshot, packed, &options, &error);
    FUZZ_CHECK(status == PECS_OK || fuzz_memory_outgrown(), error.message);
    if (status)
        return;
    status = is_loaded ? pecs_snapshot_load(registry, packed, NULL, &copy, &error)
                       : pecs_snapshot_resume(registry, packed, NULL, &copy, &error);
    FUZZ_CHECK(status == PECS_OK || fuzz_memory_outgrown(), error.message);
    if (status)
        return;
    save(copy, again);
    pecs_snapshot_release(copy);
    expect_same_files(path, again);
}

void fuzz_round_trip(pecs_registry *registry, const pecs_snapshot *snapshot, struct random *random)
{
    const uint64_t hash = pecs_view_hash(pecs_snapshot_view(snapshot));
    pecs_world *world;
    pecs_snapshot *edited;
    save_and_open(registry, snapshot, FUZZ_LOAD);
    if (pecs_world_create(registry, snapshot, &(pecs_world_options){ .session_nonce = 77 }, &world, NULL))
        return; /* memory */
    fuzz_edit(world, random, 8);
    fuzz_walk(pecs_world_view(world));
    if (!pecs_snapshot_take(world, &edited)) {
        save_and_open(registry, edited, FUZZ_RESUME);
        save_packed(registry, edited, random);
        pecs_snapshot_release(edited);
    }
    pecs_world_destroy(world);
    FUZZ_CHECK(hash == pecs_view_hash(pecs_snapshot_view(snapshot)), "a snapshot never changes");
}
