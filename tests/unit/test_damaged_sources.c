/*
 * Clones and merges from and into resumed files that are damaged: an error that changes nothing, or a world that can be
 * used; never more.
 */
#include "transplant_fixture.h"

static pecs_registry *registry;

static void set_up(void)
{
    enter_folder();
    registry = moved_registry();
}

static void strike(void)
{
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

TestSuite(damaged_sources, .init = set_up, .fini = strike);

enum { ENTITIES = 20 };
static pecs_entity entities[ENTITIES];

static void save_base(const char *path)
{
    pecs_world *world = world_of(registry, NULL, 5);
    struct filling filling = { .random = 3, .entities = entities };
    fill_world(world, &filling, ENTITIES);
    for (uint8_t i = 0; i < 8; i++)
        must(pecs_world_set_id(world, entities[i], (pecs_id){ { 1, i } }) == PECS_OK);
    save_world(world, path);
    pecs_world_destroy(world);
}

/* Tries all merges and a clone of a snapshot. Returns how many said that it is corrupt. */
static int use_source(pecs_world *target, const pecs_snapshot *source)
{
    int corrupt = 0;
    for (int i = 0; i < 5; i++) {
        const struct photograph before = photograph_of(pecs_world_view(target));
        const bool tick_was_seen = target->tick_is_seen;
        const pecs_status status = i < 4 ? pecs_world_merge(target, source, (pecs_conflicts)(3 - i), NULL, NULL)
                                         : pecs_world_clone(target, source, entities, 3, 2, NULL);
        const struct photograph after = photograph_of(pecs_world_view(target));
        must(!status || is_unchanged(&before, after, tick_was_seen));
        must(status == PECS_OK || status == PECS_E_CORRUPT || status == PECS_E_CONFLICT || status == PECS_E_DEAD);
        corrupt += status == PECS_E_CORRUPT;
    }
    return corrupt;
}

/* Uses a damaged file as a source for a sound world, and as a world for a sound source. */
static int use_damaged(const pecs_snapshot *sound)
{
    pecs_snapshot *damaged;
    if (pecs_snapshot_resume(registry, "damaged.pecs", NULL, &damaged, NULL))
        return 0;
    pecs_world *target = world_of(registry, sound, 6);
    int corrupt = use_source(target, damaged);
    check_world(target);
    pecs_world_destroy(target);
    target = world_of(registry, damaged, 6);
    corrupt += use_source(target, sound);
    corrupt += pecs_world_clone(target, NULL, entities, 3, 2, NULL) == PECS_E_CORRUPT;
    pecs_world_destroy(target);
    pecs_snapshot_release(damaged);
    return corrupt;
}

Test(damaged_sources, every_byte_of_the_data)
{
    save_base("base.pecs");
    const struct file_bytes file = read_bytes("base.pecs");
    pecs_snapshot *sound = open_snapshot(registry, LOAD, "base.pecs");
    int corrupt = 0;
    for (uint64_t at = 4096; at < file.size; at += 3) { /* each place in a field, since these have 4 or 8 bytes */
        const uint8_t flip = at % 2 ? 1 : 0x80;
        file.bytes[at] ^= flip;
        write_bytes("damaged.pecs", file.bytes, file.size);
        file.bytes[at] ^= flip;
        corrupt += use_damaged(sound);
    }
    cr_assert_gt(corrupt, 300, "%d", corrupt);
    pecs_snapshot_release(sound);
    free(file.bytes);
}

/* Two entities of a file have one id, which only a load would find. */
Test(damaged_sources, one_id_twice)
{
    save_base("base.pecs");
    const struct file_bytes file = read_bytes("base.pecs");
    const pecs_id second = { { 1, 1 } };
    int changed = 0;
    for (uint64_t at = 0; at + sizeof(second) <= file.size; at++) {
        if (memcmp(file.bytes + at, &second, sizeof(second)) != 0)
            continue;
        file.bytes[at + 1] = 0; /* the id of the first */
        changed++;
    }
    cr_assert_geq(changed, 2, "the component and the list");
    write_bytes("damaged.pecs", file.bytes, file.size);
    pecs_snapshot *damaged = open_snapshot(registry, RESUME, "damaged.pecs");
    pecs_snapshot *sound = open_snapshot(registry, LOAD, "base.pecs");
    pecs_world *worlds[] = { world_of(registry, NULL, 6), world_of(registry, sound, 6) };
    for (int i = 0; i < 2; i++) {
        const struct photograph before = photograph_of(pecs_world_view(worlds[i]));
        cr_assert_eq(pecs_world_merge(worlds[i], damaged, PECS_CONFLICTS_REPLACE, NULL, NULL), PECS_E_CORRUPT);
        cr_assert_str_eq(pecs_world_error(worlds[i])->message,
                         "two entities of the resumed file have one id: it is damaged; loading it reports where");
        const struct photograph after = photograph_of(pecs_world_view(worlds[i]));
        cr_assert(same_photograph(&before, &after));
        check_contents(worlds[i]);
        pecs_world_destroy(worlds[i]);
    }
    pecs_snapshot_release(damaged);
    pecs_snapshot_release(sound);
    free(file.bytes);
}
