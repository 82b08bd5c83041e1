/* Conversion of what lies within values: arrays of texts and structs, defaults in them, contents, and their counts. */
#include "migration_fixture.h"

static void set_up(void)
{
    enter_folder();
}

static void tear_down(void)
{
    assert_no_leak();
    leave_folder();
}

TestSuite(migration_parts, .init = set_up, .fini = tear_down);

typedef struct {
    char names[2][8];
} Crew1;
PECS_COMPONENT_OF(Crew1, "Crew", 1, PECS_FIELD_GRID(Crew1, names));
typedef struct {
    pecs_string names[3];
} Crew2;
PECS_COMPONENT_OF(Crew2, "Crew", 2, PECS_FIELD(Crew2, names));
typedef struct {
    char names[3][6];
    uint8_t spare[6];
} Crew3;
PECS_COMPONENT_OF(Crew3, "Crew", 3, PECS_FIELD_GRID(Crew3, names), PECS_FIELD_PADDING(Crew3, spare));

static const pecs_type *const crews[] = { &Crew1_type, &Crew2_type, &Crew3_type };

/* A world of one entity, at index 0, with a value of its one type. */
static pecs_world *world_of_one(const pecs_type *const *type, const void *value)
{
    pecs_entity entity;
    old_registry = registry_with(type, 1, NULL);
    pecs_world *world = world_of(old_registry, NULL, 1);
    must(pecs_world_spawn(world, (pecs_value[]){ { 0, type[0]->size, value } }, 1, 1, &entity) == PECS_OK);
    return world;
}

Test(migration_parts, an_array_of_texts_becomes_one_of_strings)
{
    const Crew1 crew = { { "Ann", "Benjamin" } };
    for (int way = 0; way < WAY_COUNT; way++) {
        size_t size;
        pecs_world *world = world_of_one(crews, &crew);
        new_registry = registry_with(crews + 1, 1, NULL);
        pecs_snapshot *snapshot = migrate(world, way, NULL);
        const pecs_view view = pecs_snapshot_view(snapshot);
        const Crew2 *found = pecs_get_as(view, ((pecs_entity){ 0, 1 }), 0, Crew2);
        check_state(snapshot);
        cr_assert_str_eq(pecs_view_string(view, found->names[0], &size), "Ann");
        cr_assert_str_eq(pecs_view_string(view, found->names[1], &size), "Benjamin");
        cr_assert_eq(found->names[2].reference, 0);
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}

static void hear_loss(void *user, const pecs_migration_note *note)
{
    uint64_t *counts = user;
    if (note->event == PECS_EVENT_LOST)
        counts[0]++, counts[1] += note->count;
}

Test(migration_parts, an_array_of_strings_becomes_one_of_texts)
{
    uint64_t notes[2] = { 0 };
    const pecs_migration_options cut = { .losses = PECS_LOSS_LENGTH, .note = hear_loss, .user = notes };
    const Crew2 crew = { { pecs_string_of("Ann"), pecs_string_of("Benjamin"), pecs_string_of("Christopher") } };
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    pecs_world *world = world_of_one(crews + 1, &crew);
    new_registry = registry_with(crews + 2, 1, NULL);
    cr_assert_eq(try_migrate(world, BY_LOAD, NULL, &snapshot, &error), PECS_E_LAYOUT);
    snapshot = migrate(world, BY_LOAD, &cut);
    const Crew3 *found = pecs_get_as(pecs_snapshot_view(snapshot), ((pecs_entity){ 0, 1 }), 0, Crew3);
    cr_assert_eq(memcmp(found->names[0], "Ann\0\0", 6), 0);
    cr_assert_eq(memcmp(found->names[1], "Benjam", 6), 0);
    cr_assert_eq(memcmp(found->names[2], "Christ", 6), 0);
    cr_assert(notes[0] == 1 && notes[1] == 2, "one note for the field, of two texts");
    pecs_snapshot_release(snapshot);
    end_migration(world);
}
