/* As test_failures.c, for clones and merges: each allocation fails once, and all fail from each one on. */
#include "transplant_fixture.h"

TestSuite(failures_transplant);

enum { ENTITIES = 30 };

static size_t list_living(const struct stage *stage, pecs_view view, pecs_entity *ret_entities)
{
    size_t count = 0;
    for (size_t i = 0; i < ENTITIES; i++)
        if (pecs_view_alive(view, stage->entities[i]))
            ret_entities[count++] = stage->entities[i];
    return count;
}

/* Clones. */

static void prepare_clone(struct stage *stage)
{
    struct filling filling = { .random = 3, .entities = stage->entities };
    fill_world(stage->world, &filling, ENTITIES);
    stage->snapshot = take(stage->world);
    must(pecs_despawn(stage->world, stage->entities[0]) == PECS_OK);
}

static pecs_status clone_own(struct stage *stage)
{
    pecs_entity entities[ENTITIES];
    const size_t count = list_living(stage, pecs_world_view(stage->world), entities);
    return pecs_world_clone(stage->world, NULL, entities, count, 3, NULL);
}

static pecs_status clone_taken(struct stage *stage)
{
    pecs_entity entities[ENTITIES];
    const size_t count = list_living(stage, pecs_snapshot_view(stage->snapshot), entities);
    return pecs_world_clone(stage->world, stage->snapshot, entities, count, 3, NULL);
}

Test(failures_transplant, clones)
{
    make_stage_registry = moved_registry;
    try_every_failure(&(struct trial){ prepare_clone, clone_own }, 20);
    try_every_failure(&(struct trial){ prepare_clone, clone_taken }, 20);
}

/* Merges. */

static void set_own(pecs_world *in, pecs_entity leader)
{
    const Tie tie = { 1, leader };
    const Squad squad = { .leader = leader, .ties = pecs_list_of(PECS_BYTES(&tie, sizeof(tie))) };
    must(pecs_set_singleton(in, Name, { 1, pecs_string_of("theirs") }) == PECS_OK);
    must(pecs_world_set_singleton(in, Squad_component, sizeof(squad), &squad) == PECS_OK);
    must(pecs_world_attach(in, "script", PECS_BYTES("script", 6)) == PECS_OK);
}

static void prepare_merge(struct stage *stage)
{
    struct filling filling = { .random = 3, .entities = stage->entities };
    fill_world(stage->world, &filling, ENTITIES);
    pecs_snapshot *base = take(stage->world);
    stage->made = world_of(stage->registry, base, 99);
    pecs_snapshot_release(base);
    fill_world(stage->made, &filling, ENTITIES);
    for (int i = 0; i < ENTITIES; i += 4)
        if (pecs_view_alive(pecs_world_view(stage->made), stage->entities[i]))
            must(pecs_set(stage->made, stage->entities[i], Name, { 3, pecs_string_of("edited") }) == PECS_OK);
    set_own(stage->made, stage->entities[40]);
    must(pecs_set_singleton(stage->world, Name, { 1, pecs_string_of("mine") }) == PECS_OK);
    must(pecs_despawn(stage->world, stage->entities[1]) == PECS_OK);
    stage->snapshot = take(stage->made);
}

static pecs_status merge_keep(struct stage *stage)
{
    return pecs_world_merge(stage->world, stage->snapshot, PECS_CONFLICTS_KEEP, NULL, NULL);
}

static pecs_status merge_replace(struct stage *stage)
{
    return pecs_world_merge(stage->world, stage->snapshot, PECS_CONFLICTS_REPLACE, NULL, NULL);
}

Test(failures_transplant, merges)
{
    make_stage_registry = moved_registry;
    try_every_failure(&(struct trial){ prepare_merge, merge_keep }, 50);
    try_every_failure(&(struct trial){ prepare_merge, merge_replace }, 50);
}

/* Without memory for its message, a conflict still is one. */
static pecs_status refuse(struct stage *stage)
{
    const pecs_status status = pecs_world_merge(stage->world, stage->snapshot, PECS_CONFLICTS_REFUSE, NULL, NULL);
    must(status == PECS_E_CONFLICT || status == PECS_E_MEMORY);
    return status == PECS_E_CONFLICT ? PECS_OK : status;
}

Test(failures_transplant, a_merge_refused)
{
    make_stage_registry = moved_registry;
    try_every_failure(&(struct trial){ prepare_merge, refuse }, 1);
}

/* Types that the registry lacks: some in the world, others in the snapshot. */

static char paths[2][64];

static void save_both(void)
{
    pecs_registry *registry = make_registry(moved_types, MOVED_TYPES, system_memory);
    for (int i = 0; i < 2; i++) {
        pecs_world *world = world_of(registry, NULL, 50 + (uint64_t)i);
        const pecs_entity entity = spawn_name(world, "name");
        if (i)
            must(pecs_remove(world, entity, Name) == PECS_OK);
        must(pecs_world_set(world, entity,
                            &(pecs_value){ i ? Squad_component : Bag_component, i ? sizeof(Squad) : sizeof(Bag), NULL },
                            1) == PECS_OK);
        snprintf(paths[i], sizeof(paths[i]), "/tmp/pecs-failures-transplant-%d-%ld", i, (long)getpid());
        save_world(world, paths[i]);
        pecs_world_destroy(world);
    }
    pecs_registry_release(registry);
}

static pecs_registry *poor_registry(void)
{
    static const pecs_type *const few[] = { &Position_type };
    return make_registry(few, 1, counting_hooks);
}

static void prepare_unknown(struct stage *stage)
{
    pecs_world_destroy(stage->world);
    stage->world = open_world(stage->registry, RESUME, paths[0]);
    stage->snapshot = open_snapshot(stage->registry, LOAD, paths[1]);
}

static pecs_status clone_unknown(struct stage *stage)
{
    return pecs_world_clone(stage->world, stage->snapshot, &(pecs_entity){ 0, 1 }, 1, 2, NULL);
}

Test(failures_transplant, unknown_types)
{
    save_both();
    make_stage_registry = poor_registry;
    try_every_failure(&(struct trial){ prepare_unknown, clone_unknown }, 20);
    try_every_failure(&(struct trial){ prepare_unknown, merge_keep }, 20);
    unlink(paths[0]);
    unlink(paths[1]);
}
