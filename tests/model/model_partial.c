/*
 * Programs that do not know all types: a registry that lacks some or all types reads a file; the same operations edit
 * its world through reflection; a full registry reads the saved file.
 */
#include "model.h"
#include "model_memory.h"

#include <string.h>

/* A table with all types exists, so the file has them all, and each can be used. */
static bool name_all_types(struct model *model, struct test_world *world)
{
    struct batch batch;
    pecs_entity handle;
    batch_fill(&batch, model, world, (1u << MODEL_TYPE_COUNT) - 1, 1);
    const pecs_status status = pecs_world_spawn(world->world, batch.values, batch.count, 1, &handle);
    const bool refused = model_refused(model, status);
    if (!refused) {
        model_expect(model, status, PECS_OK, "pecs_world_spawn");
        const pecs_entity entity = naive_spawn(world->naive);
        for (size_t i = 0; i < batch.count; i++)
            naive_set(world->naive, entity, batch.types[i], batch_value(&batch, i, 0));
        ids_learn(model, world);
        model_touch(model, entity);
    }
    batch_free(&batch);
    return !refused;
}

/* The query of everything, and with it the numbers of the types. */
static void number_types(struct model *model, pecs_view view, uint32_t mask)
{
    struct test_query *query = &model->everything[MODEL_PARTIAL];
    pecs_term terms[MODEL_SIZED_COUNT];
    model_expect(model, model_partial_number(view), PECS_OK, "pecs_view_component");
    *query = (struct test_query){ .registry = MODEL_PARTIAL };
    for (unsigned type = 0; type < MODEL_SIZED_COUNT; type++) {
        const pecs_component component = model_component(MODEL_PARTIAL, type);
        const pecs_access access = random_once_in(&model->random, 3) ? PECS_OPTIONAL_WRITE : PECS_OPTIONAL_READ;
        query->terms[query->term_count] = (struct test_term){ type, access };
        terms[query->term_count++] = (pecs_term){ component, access };
        const pecs_type *seen = pecs_view_type(view, component);
        const bool is_own = seen == model_types[type];
        if (is_own != (mask >> type & 1) || seen->size != model_types[type]->size ||
            seen->align != model_types[type]->align || seen->version != model_types[type]->version)
            model_fail(model, "the type %s is not described as it was", model_types[type]->name);
    }
    model_expect(model, pecs_query_create_in(view, terms, query->term_count, &query->query, NULL), PECS_OK,
                 "pecs_query_create_in");
}

static void edit_partial(struct model *model, struct test_world *world)
{
    static operation_function *const edits[] = {
        op_spawn,          op_spawn,         op_spawn_many,       op_spawn_misuse, op_despawn,
        op_set_many,       op_set,           op_remove,           op_edit,         op_edit,
        op_edit_refused,   op_singleton_set, op_singleton_edit,   op_advance,      op_singleton_remove,
        op_misuse_handles, op_query_edit,    op_query_read,       op_query_parts,  op_hash,
        op_id_give,        op_id_spawn,      op_id_give_refused,  op_meta_set,     op_attach,
        op_clone,          op_merge,         op_despawn_matching,
#ifdef MODEL_HAS_JSON
        op_json,
#endif
    };
    const size_t count = random_below(&model->random, 40);
    for (size_t i = 0; i < count; i++) {
        operation_function *edit = edits[random_below(&model->random, sizeof(edits) / sizeof(edits[0]))];
        if (edit != op_hash && edit != op_edit_refused && model->size < 1000 && random_once_in(&model->random, 10))
            model_memory_arm(random_below(&model->random, 20));
        edit(model, world);
        model_memory_disarm();
    }
    naive_follow_tick(world->naive, pecs_view_tick(pecs_world_view(world->world)));
    compare_all(model, pecs_world_view(world->world), MODEL_PARTIAL, world->naive);
}

/* The file's state, edited and saved to `path`. Takes the model. */
static void use_partial(struct model *model, struct naive *naive, uint32_t mask, const char *from, const char *path)
{
    pecs_snapshot *snapshot = open_state(model, MODEL_PARTIAL, from, random_once_in(&model->random, 2));
    const pecs_world_options options = { .session_nonce = random_next(&model->random) | 1 };
    struct test_world world = { .naive = naive, .registry = MODEL_PARTIAL };
    world_shared(&world);
    number_types(model, pecs_snapshot_view(snapshot), mask);
    compare_all(model, pecs_snapshot_view(snapshot), MODEL_PARTIAL, naive);
    model_expect(model, pecs_world_create(model->registries[MODEL_PARTIAL], snapshot, &options, &world.world, NULL),
                 PECS_OK, "pecs_world_create");
    pecs_snapshot_release(snapshot);
    naive->nonce = 0;
    edit_partial(model, &world);
    if (!save_state(model, &world, path))
        model_fail(model, "pecs_world_save: out of memory"); /* nothing is armed */
    pecs_query_destroy(model->everything[MODEL_PARTIAL].query);
    pecs_world_destroy(world.world);
}

void op_partial(struct model *model, struct test_world *world)
{
    char from[PATH_BYTES], path[PATH_BYTES];
    path_make(model, from, 5);
    path_make(model, path, 0);
    if (!name_all_types(model, world) || !save_state(model, world, from))
        return;
    model_memory_disarm();
    const uint32_t all = (1u << MODEL_TYPE_COUNT) - 1;
    const uint32_t mask = random_once_in(&model->random, 4) ? 0 : (uint32_t)random_next(&model->random) & all;
    struct naive *naive = naive_copy(world->naive);
    model_expect(model, model_partial_create(mask, model->allocator, &model->registries[MODEL_PARTIAL]), PECS_OK,
                 "pecs_registry_create");
    pecs_snapshot *snapshot = NULL;
    const pecs_load_options refuse = { .refuse_unknown = true };
    model_expect(model,
                 pecs_snapshot_resume(model->registries[MODEL_PARTIAL], from,
                                      &(pecs_resume_options){ .refuse_unknown = refuse.refuse_unknown }, &snapshot,
                                      NULL),
                 mask == all ? PECS_OK : PECS_E_UNSUPPORTED, "resume that refuses unknown types");
    pecs_snapshot_release(snapshot);
    use_partial(model, naive, mask, from, path);
    pecs_registry_release(model->registries[MODEL_PARTIAL]);
    const unsigned registry = (unsigned)random_below(&model->random, MODEL_REGISTRY_COUNT);
    use_state(model, open_state(model, registry, path, random_once_in(&model->random, 2)), naive, registry);
    model_count(model, "types unknown: done");
}
