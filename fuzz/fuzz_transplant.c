/*
 * Clones, merges and the builder with files that a stranger made. The file is resumed or loaded, and is the source of
 * clones and merges, with every policy, into a world that has content of its own; both may have types that the registry
 * lacks. A builder makes a snapshot of the rows that the file's view shows.
 *
 * What load has checked gives no PECS_E_CORRUPT, and a world that is valid and makes the round trip; the rows give a
 * snapshot that has the same hash. What resume trusts may be refused at any step. What save accepts load accepts,
 * except of a world that began with a resumed file: save looks at values, not at whether rows and index agree.
 */
#include "file_mutate.h"
#include "fuzz_worlds.h"

#include <stdlib.h>
#include <string.h>

enum { STEP_COUNT = 10, CHOSEN_MAX = 12, COPY_MAX = 3, GIVEN_MAX = 256, SLOT_MAX = 1 << 20, WORLD_MAX = 40000 };

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return file_mutate(data, size, max_size, seed, seed % 4 ? MUTATE_WORLD : MUTATE_DATA);
}

struct run {
    struct random random;
    pecs_registry *registry;
    const pecs_snapshot *source;
    pecs_world *world;
    bool is_proven; /* the source was loaded */
    bool is_own;    /* the world began with the source */
};

static pecs_summary summary_of(pecs_view view)
{
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    return summary;
}

/* `others`: what the call may return of a valid source. */
static void expect_allowed(const struct run *run, pecs_status status, pecs_status other)
{
    const bool is_of_damage = status == PECS_E_CORRUPT || status == PECS_E_DEAD || status == PECS_E_ABSENT ||
                              status == PECS_E_CONFLICT || status == PECS_E_INVALID;
    FUZZ_CHECK(status == PECS_OK || status == other || status == PECS_E_LIMIT || fuzz_memory_outgrown() ||
                   (is_of_damage && !run->is_proven),
               pecs_status_name(status));
}

/* --- clones and merges --- */

static void clone_some(struct run *run, const pecs_snapshot *snapshot)
{
    const pecs_view view = snapshot ? pecs_snapshot_view(snapshot) : pecs_world_view(run->world);
    const uint64_t slot_count = summary_of(view).slot_count;
    pecs_entity entities[CHOSEN_MAX], made[CHOSEN_MAX * COPY_MAX];
    size_t count = 0;
    for (unsigned i = 0; i < CHOSEN_MAX; i++) {
        const pecs_entity entity = pecs_view_slot(view, (uint32_t)random_below(&run->random, slot_count));
        bool is_new = pecs_view_alive(view, entity) || random_once_in(&run->random, 200);
        for (size_t k = 0; k < count; k++)
            is_new = is_new && entities[k].index != entity.index;
        if (is_new)
            entities[count++] = entity;
    }
    const size_t copy_count = random_below(&run->random, COPY_MAX + 1);
    const pecs_status status = pecs_world_clone(run->world, snapshot, entities, count, copy_count, made);
    expect_allowed(run, status, status == PECS_E_LAYOUT ? PECS_E_LAYOUT : PECS_E_DEAD);
    for (size_t i = 0; !status && i < count * copy_count; i++)
        FUZZ_CHECK(pecs_view_alive(pecs_world_view(run->world), made[i]), "a clone lives");
}

static void merge_with(struct run *run, pecs_conflicts conflicts)
{
    const pecs_summary summary = summary_of(pecs_snapshot_view(run->source));
    pecs_merge_report report;
    if (summary.slot_count > SLOT_MAX || summary_of(pecs_world_view(run->world)).entity_count > WORLD_MAX)
        return;
    pecs_entity *became = malloc(((size_t)summary.slot_count + 1) * sizeof(*became));
    FUZZ_CHECK(became != NULL, "memory");
    const uint64_t hash = pecs_view_hash(pecs_world_view(run->world));
    const pecs_status status = pecs_world_merge(run->world, run->source, conflicts, became, &report);
    expect_allowed(run, status, status == PECS_E_LAYOUT ? PECS_E_LAYOUT : PECS_E_CONFLICT);
    FUZZ_CHECK(!status || hash == pecs_view_hash(pecs_world_view(run->world)), "a merge that fails changes nothing");
    const uint64_t sum = report.added_count + report.kept_count + report.replaced_count + report.new_id_count;
    FUZZ_CHECK(status || sum == summary.entity_count || !run->is_proven, "each entity is counted once");
    for (uint64_t i = 0; !status && run->is_proven && i < summary.slot_count; i++)
        FUZZ_CHECK(!became[i].generation || pecs_view_alive(pecs_world_view(run->world), became[i]),
                   "what came in lives");
    free(became);
}

static void edit_once(struct run *run)
{
    const pecs_status status = fuzz_edit_once(run->world, &run->random);
    expect_allowed(run, status, PECS_E_LIMIT);
}

static void step(struct run *run)
{
    const uint64_t which = random_below(&run->random, 8);
    if (which < 2)
        clone_some(run, which ? run->source : NULL);
    else if (which < 5)
        merge_with(run, (pecs_conflicts)random_below(&run->random, PECS_CONFLICTS_NEW_ID + 1));
    else
        edit_once(run);
}

/* --- the world --- */

/* The file's own world, or one of the corpora, whose types the registry may lack. */
static pecs_world *world_create(struct run *run)
{
    const pecs_world_options options = { .session_nonce = 7 };
    pecs_world *own = NULL;
    run->is_own = random_once_in(&run->random, 3);
    if (run->is_own)
        return pecs_world_create(run->registry, run->source, &options, &own, NULL) ? NULL : own;
    pecs_registry *all = fuzz_registry(FUZZ_ALL_TYPES);
    pecs_world *made = fuzz_world(all, (size_t)random_below(&run->random, fuzz_world_count)), *world = NULL;
    pecs_snapshot *taken = NULL, *converted = NULL;
    pecs_status status = pecs_snapshot_take(made, &taken);
    status = status ? status : pecs_snapshot_convert(taken, run->registry, &converted, NULL);
    status = status ? status : pecs_world_create(run->registry, converted, &options, &world, NULL);
    FUZZ_CHECK(status == PECS_OK || fuzz_memory_outgrown(), pecs_status_name(status));
    pecs_snapshot_release(converted);
    pecs_snapshot_release(taken);
    pecs_world_destroy(made);
    pecs_registry_release(all);
    return world;
}

/* What save accepts load accepts, as the same content. */
static void save_and_load(struct run *run)
{
    const char *path = fuzz_path("saved");
    pecs_error error = { .message = "" };
    pecs_snapshot *taken, *loaded;
    if (pecs_snapshot_take(run->world, &taken))
        return; /* memory */
    const pecs_status saved = pecs_snapshot_save(taken, path, &(pecs_save_options){ .skip_sync = true }, &error);
    expect_allowed(run, saved, PECS_OK);
    if (!saved) {
        const pecs_status status = pecs_snapshot_load(run->registry, path, NULL, &loaded, &error);
        FUZZ_CHECK(status == PECS_OK || (run->is_own && !run->is_proven) || fuzz_memory_outgrown(), error.message);
        if (!status) {
            fuzz_walk(pecs_snapshot_view(loaded));
            if (run->is_proven)
                fuzz_expect_same(pecs_snapshot_view(taken), pecs_snapshot_view(loaded));
            pecs_snapshot_release(loaded);
        }
    }
    pecs_snapshot_release(taken);
}

static void use_world(struct run *run)
{
    pecs_error error = { .message = "" };
    const uint64_t hash = pecs_view_hash(pecs_snapshot_view(run->source));
    run->world = world_create(run);
    for (unsigned i = 0; run->world && i < STEP_COUNT; i++)
        step(run);
    if (run->world) {
        const pecs_status status = pecs_view_check(pecs_world_view(run->world), NULL, NULL, &error);
        FUZZ_CHECK(!status || !run->is_proven || fuzz_memory_outgrown(), error.message);
        if (run->is_proven)
            fuzz_walk(pecs_world_view(run->world));
        save_and_load(run);
    }
    pecs_world_destroy(run->world);
    FUZZ_CHECK(hash == pecs_view_hash(pecs_snapshot_view(run->source)), "a source never changes");
}

/* --- the builder --- */

struct building {
    struct run *run;
    pecs_view view;
    pecs_builder *builder;
    pecs_component id_component;
    pecs_bytes given[GIVEN_MAX];
    size_t given_count;
};

/* Contents are given again: a reference is one of its own view. False: there are too many. */
static bool give_contents(struct building *building, const pecs_type *type, uint8_t *value)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const pecs_field *field = &type->fields[i];
        const bool has_contents = field->kind == PECS_STRING || field->kind == PECS_BLOB || field->kind == PECS_LIST;
        for (uint32_t k = 0; (has_contents || field->kind == PECS_STRUCT) && k < field->count; k++) {
            if (!has_contents) {
                if (!give_contents(building, field->nested, value + field->offset + k * field->nested->size))
                    return false;
                continue;
            }
            uint64_t reference, size;
            uint8_t *member = value + field->offset + k * sizeof(reference);
            if (building->given_count == GIVEN_MAX)
                return false;
            memcpy(&reference, member, sizeof(reference));
            pecs_bytes *given = &building->given[building->given_count++];
            const unsigned behind = field->kind == PECS_STRING;
            given->data = pecs_heap_find_(pecs_view_heap(building->view), reference, behind, &size);
            given->size_bytes = (size_t)size;
            reference = pecs_give_(size ? given : NULL);
            memcpy(member, &reference, sizeof(reference));
        }
    }
    return true;
}

/* Adds one entity as it is. False: this builder cannot have it. */
static bool build_row(struct building *building, pecs_entity entity)
{
    size_t count;
    const pecs_component *components = pecs_view_components(building->view, entity, &count);
    pecs_value *values = calloc(count + 1, sizeof(*values));
    pecs_rows rows = { .values = values, .row_count = 1, .entities = &entity };
    pecs_id id;
    bool is_possible = true;
    FUZZ_CHECK(values != NULL, "memory");
    building->given_count = 0;
    for (size_t i = 0; is_possible && i < count; i++) {
        const pecs_type *type = pecs_view_type(building->view, components[i]);
        const void *from = pecs_view_get(building->view, entity, components[i], type->size);
        if (components[i] == building->id_component) {
            is_possible = pecs_view_id(building->view, entity, &id) == PECS_OK;
            rows.ids = &id;
            continue;
        }
        uint8_t *value = from ? malloc(type->size) : NULL;
        if (value)
            memcpy(value, from, type->size);
        is_possible = !value || give_contents(building, type, value);
        values[rows.value_count++] = (pecs_value){ components[i], type->size, value };
    }
    /* the registry may lack a type, and damage may show any handle, id or contents */
    is_possible = is_possible && pecs_builder_add(building->builder, &rows, NULL, NULL) == PECS_OK;
    for (size_t i = 0; i < rows.value_count; i++)
        free((void *)(uintptr_t)values[i].data);
    free(values);
    return is_possible;
}

static bool build_rows(struct building *building, uint64_t slot_count)
{
    for (uint64_t i = 0; i < slot_count; i++) {
        const pecs_entity entity = pecs_view_slot(building->view, (uint32_t)i);
        const bool is_alive = pecs_view_alive(building->view, entity);
        if (is_alive ? !build_row(building, entity) : pecs_builder_add_dead(building->builder, &entity, 1, NULL))
            return false;
    }
    return true;
}

static bool build_own(struct building *building)
{
    pecs_attachment attachment;
    for (pecs_component i = 0; i < pecs_registry_type_count(building->run->registry); i++) {
        const pecs_type *type = pecs_registry_type(building->run->registry, i);
        uint8_t *value = malloc(type->size + 1);
        const void *from = pecs_view_get_singleton(building->view, i, type->size);
        bool is_possible = value && pecs_view_has_singleton(building->view, i);
        const pecs_value set = { i, type->size, from ? value : NULL };
        building->given_count = 0;
        if (is_possible && from)
            memcpy(value, from, type->size);
        is_possible = is_possible && (!from || give_contents(building, type, value)) &&
                      pecs_builder_set_singleton(building->builder, &set, NULL) == PECS_OK;
        free(value);
        if (!is_possible && pecs_view_has_singleton(building->view, i))
            return false;
    }
    for (size_t i = 0; pecs_view_attachment_at(building->view, i, &attachment); i++)
        if (pecs_builder_attach(building->builder, attachment.name,
                                PECS_BYTES(attachment.data, attachment.data ? attachment.size_bytes : 0), NULL))
            return false;
    return true;
}

/* Whether all types of the view are those of the registry, and explicit ids, so that a builder can make the whole. */
static bool is_all_known(const struct run *run, pecs_view view)
{
    return pecs_view_type_count(view) <= pecs_registry_type_count(run->registry) + 1;
}

static void build_from_rows(struct run *run)
{
    const pecs_view view = pecs_snapshot_view(run->source);
    const pecs_summary summary = summary_of(view);
    struct building building = { .run = run, .view = view };
    const pecs_builder_options options = { .session_nonce = 11, .tick = 5 };
    const uint64_t slot_count = summary.slot_count + summary.retired_count;
    pecs_snapshot *snapshot;
    pecs_error error = { .message = "" };
    if (slot_count > 1 << 14 || pecs_view_component(view, "pecs.id", &building.id_component) ||
        pecs_builder_create(run->registry, &options, &building.builder, NULL))
        return;
    const bool is_whole = build_rows(&building, slot_count) && build_own(&building) && is_all_known(run, view);
    const pecs_status status = pecs_builder_finish(building.builder, &snapshot, &error);
    FUZZ_CHECK(!status || !is_whole || !run->is_proven || fuzz_memory_outgrown(), error.message);
    pecs_builder_destroy(building.builder);
    if (status)
        return;
    FUZZ_CHECK(!is_whole || !run->is_proven || pecs_view_hash(view) == pecs_view_hash(pecs_snapshot_view(snapshot)),
               "what is built of all rows is the same");
    fuzz_walk(pecs_snapshot_view(snapshot));
    fuzz_round_trip(run->registry, snapshot, &run->random);
    pecs_snapshot_release(snapshot);
}

/* --- the target --- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("input", data, size);
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    for (enum fuzz_verb verb = FUZZ_LOAD; verb <= FUZZ_RESUME; verb++) {
        struct run run = { .random = fuzz_random(data, size), .is_proven = verb == FUZZ_LOAD };
        run.registry = fuzz_registry(random_once_in(&run.random, 3) ? FUZZ_NO_TYPES : FUZZ_KNOWN_TYPES);
        pecs_snapshot *snapshot = fuzz_open(verb, run.registry, path, size, NULL);
        run.source = snapshot;
        if (snapshot) {
            use_world(&run);
            build_from_rows(&run);
        }
        pecs_snapshot_release(snapshot);
        pecs_registry_release(run.registry);
    }
    fuzz_memory_end();
    return 0;
}
