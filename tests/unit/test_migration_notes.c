/* Notes: what a load converted, lost and kept, or why it was refused. */
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

TestSuite(migration_notes, .init = set_up, .fini = tear_down);

static pecs_entity entities[3];

/* Three entities with health, by a program of a schema version (0: none). */
static pecs_world *make_old(uint32_t version)
{
    static pecs_history history;
    history = (pecs_history){ .schema_version = version };
    old_registry = registry_with(fixture_types, FIXTURE_TYPE_COUNT, version ? &history : NULL);
    pecs_world *world = world_of(old_registry, NULL, 1);
    for (int i = 0; i < 3; i++) {
        const Health health = { i, 10 };
        must(pecs_world_spawn(world, &(pecs_value){ HEALTH, sizeof(health), &health }, 1, 1, &entities[i]) == PECS_OK);
    }
    return world;
}

typedef struct {
    int16_t current;
} Health2;
PECS_COMPONENT_OF(Health2, "Health", 2, PECS_FIELD(Health2, current));

struct noted {
    int count;
    char text[8][96];
};

static void take_note(void *user, const pecs_migration_note *note)
{
    struct noted *noted = user;
    must(noted->count < 8);
    char *text = noted->text[noted->count++];
    const size_t room = sizeof(noted->text[0]);
    int used = snprintf(text, room, "%d %s %u %u %d %s %d %u:%u", note->event, note->type, note->from_version,
                        note->to_version, note->loss, note->field, (int)note->count, note->first.index,
                        note->first.generation);
    for (size_t i = 0; i < note->to_count; i++)
        used += snprintf(text + used, room - (size_t)used, " %s.%u", note->to[i]->name, note->to[i]->version);
}

static bool has_note(const struct noted *noted, const char *text)
{
    bool is_there = false;
    for (int i = 0; i < noted->count; i++)
        is_there |= strcmp(noted->text[i], text) == 0;
    return is_there;
}

static pecs_status do_nothing(void *user, pecs_world *world, pecs_error *error)
{
    (void)user, (void)world, (void)error;
    return PECS_OK;
}

static void count_note(void *user, const pecs_migration_note *note)
{
    struct noted *noted = user;
    noted->count += note->event == PECS_EVENT_REFUSED && note->loss == PECS_LOSS_FIELD && note->count == 1;
}

/* A type that had fields a to n, and has a. */
#define MANY_FIELD(name, place)                                                                                        \
    {                                                                                                                  \
        name, PECS_I32, (place)*4, 4, 1, 0, NULL, NULL, 0, (pecs_kind)0, 0                                             \
    }
static const pecs_field many_fields[] = {
    MANY_FIELD("a", 0),  MANY_FIELD("b", 1),  MANY_FIELD("c", 2),  MANY_FIELD("d", 3),  MANY_FIELD("e", 4),
    MANY_FIELD("f", 5),  MANY_FIELD("g", 6),  MANY_FIELD("h", 7),  MANY_FIELD("i", 8),  MANY_FIELD("j", 9),
    MANY_FIELD("k", 10), MANY_FIELD("l", 11), MANY_FIELD("m", 12), MANY_FIELD("n", 13),
};
static const pecs_type many_old_type = { "Many", { { 0 } }, 1, 56, 4, 14, many_fields, 0 };
static const pecs_type many_new_type = { "Many", { { 0 } }, 2, 4, 4, 1, many_fields, 0 };

Test(migration_notes, say_what_was_done)
{
    static const pecs_type *const types[] = { &Position_type, &Health2_type };
    static const pecs_world_migration nothing = { 2, 3, do_nothing, NULL };
    static const pecs_history history = { .schema_version = 3,
                                          .world_migrations = &nothing,
                                          .world_migration_count = 1 };
    static const char *const expected[] = {
        "1 Health 1 2 0  4 0:1 Health.2",
        "2 Health 1 2 2 current 2 2:1 Health.2",
        "2 Health 1 2 1 max 4 0:1 Health.2",
        "3 Team 1 0 0  1 1:1",
    };
    for (int way = BY_RESUME; way <= BY_LOAD; way++) {
        struct noted noted = { .count = 0 };
        pecs_world *world = make_old(3);
        pecs_snapshot *snapshot = NULL;
        pecs_error error;
        const Health large = { 40000, 1 };
        const Team team = { 5 };
        must(pecs_world_set(world, entities[2], &(pecs_value){ HEALTH, sizeof(large), &large }, 1) == PECS_OK);
        must(pecs_world_set(world, entities[1], &(pecs_value){ TEAM, sizeof(team), &team }, 1) == PECS_OK);
        must(pecs_world_set_singleton(world, HEALTH, sizeof(large), &large) == PECS_OK);
        new_registry = registry_with(types, 2, &history);
        const pecs_migration_options options = { .losses = PECS_LOSS_FIELD | PECS_LOSS_NUMBER,
                                                 .note = take_note,
                                                 .user = &noted };
        cr_assert_eq(try_migrate(world, way, &options, &snapshot, &error), PECS_OK, "%s", error.message);
        cr_assert_eq(noted.count, 4);
        for (int i = 0; i < 4; i++)
            cr_assert_str_eq(noted.text[i], expected[i]);
        cr_assert_eq(pecs_get_as(pecs_snapshot_view(snapshot), entities[2], 1, Health2)->current, INT16_MAX);
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}

/* What was accepted, or had no values, is not among them. */
Test(migration_notes, a_refused_load_says_all_that_needs_consent)
{
    static const pecs_type *const types[] = { &Position_type, &Health2_type };
    static const struct {
        uint32_t losses;
        int count;
        const char *notes[2], *message;
    } cases[] = {
        { 0,
          2,
          { "5 Health 1 2 2 current 2 2:1 Health.2", "5 Health 1 2 1 max 4 0:1 Health.2" },
          "entity 0:1: field 'max' has no place in the new type, which needs the consent PECS_LOSS_FIELD; 1 more loss "
          "needs PECS_LOSS_NUMBER" },
        { PECS_LOSS_FIELD,
          1,
          { "5 Health 1 2 2 current 2 2:1 Health.2" },
          "entity 2:1: field 'current' has a number that the new kind cannot hold, which needs the consent "
          "PECS_LOSS_NUMBER" },
        { PECS_LOSS_NUMBER,
          1,
          { "5 Health 1 2 1 max 4 0:1 Health.2" },
          "entity 0:1: field 'max' has no place in the new type, which needs the consent PECS_LOSS_FIELD" },
    };
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        for (int way = BY_RESUME; way <= BY_LOAD; way++) {
            struct noted noted = { .count = 0 };
            pecs_world *world = make_old(0);
            pecs_snapshot *snapshot = NULL;
            pecs_error error;
            const Health large = { 40000, 1 };
            must(pecs_world_set(world, entities[2], &(pecs_value){ HEALTH, sizeof(large), &large }, 1) == PECS_OK);
            must(pecs_world_set_singleton(world, HEALTH, sizeof(large), &large) == PECS_OK);
            new_registry = registry_with(types, 2, NULL);
            const pecs_migration_options options = { .losses = cases[c].losses, .note = take_note, .user = &noted };
            cr_assert_eq(try_migrate(world, way, &options, &snapshot, &error), PECS_E_LAYOUT);
            cr_assert_null(snapshot);
            cr_assert_str_eq(strstr(error.message, "entity"), cases[c].message);
            cr_assert_eq(noted.count, cases[c].count);
            for (int i = 0; i < noted.count; i++)
                cr_assert_str_eq(noted.text[i], cases[c].notes[i]);
            end_migration(world);
        }
    }
}

/* Thirteen removed fields of one type: one run, not thirteen. */
Test(migration_notes, one_message_counts_the_losses_that_need_consent)
{
    static const pecs_type *const types[] = { &Position_type, &many_old_type }, *const now[] = { &many_new_type };
    struct noted noted = { .count = 0 };
    old_registry = registry_with(types, 2, NULL);
    new_registry = registry_with(now, 1, NULL);
    pecs_world *world = world_of(old_registry, NULL, 1);
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    const int32_t values[14] = { 0 };
    must(pecs_world_spawn(world, &(pecs_value){ 1, sizeof(values), values }, 1, 1, entities) == PECS_OK);
    const pecs_migration_options options = { .note = count_note, .user = &noted };
    cr_assert_eq(try_migrate(world, BY_LOAD, &options, &snapshot, &error), PECS_E_LAYOUT);
    cr_assert_str_eq(error.message,
                     "migration of 'Many' from version 1: entity 0:1: field 'b' has no place in the new type, which "
                     "needs the consent PECS_LOSS_FIELD; 12 more losses need PECS_LOSS_FIELD");
    cr_assert_eq(noted.count, 13);
    end_migration(world);
}

Test(migration_notes, losses_are_allowed_by_the_type_too)
{
    static const pecs_type *const types[] = { &Position_type, &Health2_type };
    static const pecs_type_history type = { .type = &Health2_type, .losses = PECS_LOSS_FIELD };
    static const pecs_history history = { .types = &type, .type_count = 1 };
    for (int way = 0; way < WAY_COUNT; way++) {
        pecs_world *world = make_old(0);
        new_registry = registry_with(types, 2, &history);
        pecs_snapshot *snapshot = migrate(world, way, NULL);
        cr_assert_eq(pecs_get_as(pecs_snapshot_view(snapshot), entities[2], 1, Health2)->current, 2);
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}

/* Four old types: one is split by a chain, one is renamed, one loses a part on the way and one is removed. */
#define ONE_INT(name_, version_)                                                                                       \
    {                                                                                                                  \
        name_, { { 0 } }, version_, 4, 4, 1, many_fields, 0                                                            \
    }
static const pecs_type body1 = ONE_INT("Body", 1), body2 = ONE_INT("Body", 2), limb = ONE_INT("Limb", 1),
                       head = ONE_INT("Head", 3), arm = ONE_INT("Arm", 1), hat1 = ONE_INT("Hat", 1),
                       cap = ONE_INT("Cap", 1), dust = ONE_INT("Dust", 1), glove = ONE_INT("Glove", 1);
static const pecs_type *const to_body2[] = { &body2 }, *const to_parts[] = { &head, &limb }, *const to_arm[] = { &arm },
                              *const to_cap[] = { &cap }, *const to_cap_and_dust[] = { &cap, &dust };

static pecs_status write_nothing(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    (void)user, (void)rows, (void)error;
    return PECS_OK;
}

Test(migration_notes, name_what_a_component_became)
{
    static const pecs_migration migrations[] = {
        { &body1, to_body2, 1, NULL, NULL, false },
        { &body2, to_parts, 2, write_nothing, NULL, false },
        { &limb, to_arm, 1, write_nothing, NULL, false },
        { &hat1, to_cap, 1, NULL, NULL, false },
        { &glove, to_cap_and_dust, 2, write_nothing, NULL, false },
        { &dust, NULL, 0, NULL, NULL, false },
    };
    static const pecs_history history = { .migrations = migrations, .migration_count = 6 };
    static const pecs_type *const before[] = { &body1, &hat1, &dust, &glove };
    static const pecs_type *const after[] = { &arm, &cap, &head };
    static const char *const expected[] = {
        "1 Body 1 0 0  1 0:1 Head.3 Arm.1",
        "1 Hat 1 0 0  1 1:1 Cap.1",
        "6 Dust 1 0 0  2 2:1", /* and what a glove became on the way */
        "1 Glove 1 0 0  1 3:1 Cap.1",
    };
    for (int way = BY_RESUME; way <= BY_LOAD; way++) {
        struct noted noted = { .count = 0 };
        old_registry = registry_with(before, 4, NULL);
        new_registry = registry_with(after, 3, &history);
        pecs_world *world = world_of(old_registry, NULL, 1);
        pecs_snapshot *snapshot = NULL;
        pecs_error error;
        for (pecs_component i = 0; i < 4; i++) {
            const int32_t value = 7;
            must(pecs_world_spawn(world, &(pecs_value){ i, sizeof(value), &value }, 1, 1, entities) == PECS_OK);
        }
        const pecs_migration_options options = { .note = take_note, .user = &noted };
        cr_assert_eq(try_migrate(world, way, &options, &snapshot, &error), PECS_OK, "%s", error.message);
        cr_assert_eq(noted.count, 4);
        for (int i = 0; i < 4; i++)
            cr_assert(has_note(&noted, expected[i]), "%s in %s, %s, %s, %s", expected[i], noted.text[0], noted.text[1],
                      noted.text[2], noted.text[3]);
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}
