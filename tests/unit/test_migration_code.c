/* Migrations by functions of the program: components that are renamed, split, joined and removed, and their chains. */
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

TestSuite(migration_code, .init = set_up, .fini = tear_down);

enum { ROWS = 9000 };
static pecs_entity entities[ROWS];

/* Version 1: a body of all sorts. Version 2 has the place in another unit; then it is split. */
typedef struct {
    float x, y;
    int32_t health;
} Body1;
PECS_COMPONENT_OF(Body1, "Body", 1, PECS_FIELD(Body1, x), PECS_FIELD(Body1, y), PECS_FIELD(Body1, health));
typedef struct {
    float x, y;
    int32_t health;
} Body2;
PECS_COMPONENT_OF(Body2, "Body", 2, PECS_FIELD(Body2, x), PECS_FIELD(Body2, y), PECS_FIELD(Body2, health));
typedef struct {
    float x, y;
} Place;
PECS_COMPONENT(Place, 1, x, y);
typedef struct {
    int32_t now, most;
} Life;
PECS_COMPONENT(Life, 1, now, most);
PECS_TAG(Wounded, 1);

static const pecs_type *const old_bodies[] = { &Body1_type, &Position_type };
static const pecs_type *const new_bodies[] = { &Place_type, &Life_type, &Wounded_type, &Position_type };
enum { PLACE, LIFE, WOUNDED, NEW_POSITION };

static int calls; /* of functions; checked by the same thread */

static pecs_status scale(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const Body1 *from = rows->from;
    Body2 *to = rows->to[0];
    (void)error;
    for (size_t i = 0; i < rows->count; i++)
        to[i] = (Body2){ from[i].x * *(const float *)user, from[i].y * *(const float *)user, from[i].health };
    calls++;
    return PECS_OK;
}

static pecs_status split(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const Body2 *from = rows->from;
    Place *place = rows->to[0];
    Life *life = rows->to[1];
    (void)user, (void)error;
    for (size_t i = 0; i < rows->count; i++) {
        cr_assert_eq(life[i].most, 100, "the default");
        place[i] = (Place){ from[i].x, from[i].y };
        life[i].now = from[i].health;
    }
    calls++;
    return PECS_OK;
}

static float factor = 100;
static const pecs_type *const to_body2[] = { &Body2_type };
static const pecs_type *const to_parts[] = { &Place_type, &Life_type };
static const pecs_migration body_migrations[] = {
    { &Body2_type, to_parts, 2, split, NULL, false },
    { &Body1_type, to_body2, 1, scale, &factor, true },
};
static const Life life_default = { 0, 100 };
static const pecs_type_history life_history = { .type = &Life_type, .defaults = &life_default };
static const pecs_history bodies = {
    .types = &life_history, .type_count = 1, .migrations = body_migrations, .migration_count = 2
};

static pecs_world *make_bodies(void)
{
    pecs_world *world = world_of(old_registry, NULL, 1);
    for (int i = 0; i < ROWS; i++) {
        const Body1 body = { (float)i, 1, i % 90 };
        const Position position = { (float)i, 0, 0 };
        const pecs_value values[] = { { 1, sizeof(position), &position }, { 0, sizeof(body), &body } };
        must(pecs_world_spawn(world, values, i % 3 ? 2 : 1, 1, &entities[i]) == PECS_OK);
    }
    return world;
}

Test(migration_code, a_chain_of_functions_splits_a_component)
{
    for (int way = 0; way < WAY_COUNT; way++) {
        old_registry = registry_with(old_bodies, 2, NULL);
        new_registry = registry_with(new_bodies, 4, &bodies);
        pecs_world *world = make_bodies();
        pecs_snapshot *snapshot = migrate(world, way, NULL);
        const pecs_view view = pecs_snapshot_view(snapshot);
        check_state(snapshot);
        for (int i = 0; i < ROWS; i++) {
            const Place *place = pecs_get_as(view, entities[i], PLACE, Place);
            cr_assert_eq(place != NULL, i % 3 != 0);
            cr_assert_eq(pecs_get_as(view, entities[i], NEW_POSITION, Position)->x, (float)i);
            if (!place)
                continue;
            cr_assert_eq(place->x, (float)i * 100);
            cr_assert_eq(place->y, 100);
            cr_assert_eq(pecs_get_as(view, entities[i], LIFE, Life)->now, i % 90);
            cr_assert_eq(pecs_get_as(view, entities[i], LIFE, Life)->most, 100);
        }
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}

Test(migration_code, threads_make_the_same)
{
    old_registry = registry_with(old_bodies, 2, NULL);
    new_registry = registry_with(new_bodies, 4, &bodies);
    pecs_world *world = make_bodies();
    uint64_t hash = 0;
    for (uint32_t threads = 1; threads < 5; threads++) {
        pecs_snapshot *snapshot = migrate(world, BY_LOAD, &(pecs_migration_options){ .thread_count = threads });
        const uint64_t now = pecs_view_hash(pecs_snapshot_view(snapshot));
        cr_assert(threads == 1 || now == hash);
        hash = now;
        pecs_snapshot_release(snapshot);
    }
    end_migration(world);
}

/* The shortest way is taken: with a migration from version 1 at once, version 2 is left out. */
static pecs_status split_at_once(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const Body1 *from = rows->from;
    Place *place = rows->to[0];
    (void)user, (void)error;
    for (size_t i = 0; i < rows->count; i++)
        place[i] = (Place){ from[i].x, -1 };
    return PECS_OK;
}

Test(migration_code, the_shortest_chain_is_taken)
{
    const pecs_migration migrations[] = { body_migrations[0],
                                          body_migrations[1],
                                          { &Body1_type, to_parts, 2, split_at_once, NULL, false } };
    const pecs_history history = { .migrations = migrations, .migration_count = 3 };
    old_registry = registry_with(old_bodies, 2, NULL);
    new_registry = registry_with(new_bodies, 4, &history);
    pecs_world *world = make_bodies();
    pecs_snapshot *snapshot = migrate(world, BY_LOAD, NULL);
    cr_assert_eq(pecs_get_as(pecs_snapshot_view(snapshot), entities[1], PLACE, Place)->y, -1);
    pecs_snapshot_release(snapshot);
    end_migration(world);
}

/* Place and Life become one body again; entities with one of them only have the default of the rest. */
static pecs_status join_place(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const Place *from = rows->from;
    Body2 *to = rows->to[0];
    (void)user, (void)error;
    for (size_t i = 0; i < rows->count; i++) {
        to[i].x = from[i].x;
        to[i].y = from[i].y;
    }
    return PECS_OK;
}
static pecs_status join_life(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const Life *from = rows->from;
    Body2 *to = rows->to[0];
    (void)user, (void)error;
    for (size_t i = 0; i < rows->count; i++)
        to[i].health = from[i].now;
    return PECS_OK;
}

Test(migration_code, components_are_joined)
{
    static const pecs_type *const parts[] = { &Place_type, &Life_type }, *const wholes[] = { &Body2_type };
    static const pecs_migration migrations[] = { { &Place_type, to_body2, 1, join_place, NULL, false },
                                                 { &Life_type, to_body2, 1, join_life, NULL, false } };
    static const Body2 body_default = { 1, 2, 3 };
    static const pecs_type_history type = { .type = &Body2_type, .defaults = &body_default };
    static const pecs_history history = {
        .types = &type, .type_count = 1, .migrations = migrations, .migration_count = 2
    };
    for (int way = 0; way < WAY_COUNT; way++) {
        old_registry = registry_with(parts, 2, NULL);
        new_registry = registry_with(wholes, 1, &history);
        pecs_world *world = world_of(old_registry, NULL, 1);
        const Place place = { 7, 8 };
        const Life life = { 9, 10 };
        const pecs_value values[] = { { 0, sizeof(place), &place }, { 1, sizeof(life), &life } };
        must(pecs_world_spawn(world, values, 2, 1, &entities[0]) == PECS_OK);
        must(pecs_world_spawn(world, values, 1, 1, &entities[1]) == PECS_OK);
        must(pecs_world_spawn(world, values + 1, 1, 1, &entities[2]) == PECS_OK);
        pecs_snapshot *snapshot = migrate(world, way, NULL);
        static const Body2 expected[] = { { 7, 8, 9 }, { 7, 8, 3 }, { 1, 2, 9 } };
        for (int i = 0; i < 3; i++)
            cr_assert_eq(
                memcmp(pecs_get_as(pecs_snapshot_view(snapshot), entities[i], 0, Body2), &expected[i], sizeof(Body2)),
                0, "%d", i);
        check_state(snapshot);
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}

Test(migration_code, a_removed_component_leaves_nothing)
{
    static const pecs_migration removal = { .from = &Body1_type };
    static const pecs_history history = { .migrations = &removal, .migration_count = 1 };
    static const pecs_type *const types[] = { &Position_type };
    for (int way = 0; way < WAY_COUNT; way++) {
        old_registry = registry_with(old_bodies, 2, NULL);
        new_registry = registry_with(types, 1, &history);
        pecs_world *world = make_bodies();
        pecs_snapshot *snapshot = migrate(world, way, NULL);
        pecs_summary summary;
        pecs_view_summary(pecs_snapshot_view(snapshot), &summary);
        cr_assert_eq(summary.table_count, 1, "the tables with and without it are one");
        cr_assert_eq(summary.entity_count, ROWS);
        cr_assert_eq(pecs_view_type_count(pecs_snapshot_view(snapshot)), 2);
        for (int i = 0; i < ROWS; i++)
            cr_assert_eq(pecs_get_as(pecs_snapshot_view(snapshot), entities[i], 0, Position)->x, (float)i);
        check_state(snapshot);
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}

Test(migration_code, a_component_and_a_tag_are_renamed_without_code)
{
    static const char *const old_place[] = { "Spot", "Place" }, *const old_wounded[] = { "Hurt" };
    typedef struct {
        float x, y;
    } Where;
    static const pecs_field fields[] = { PECS_FIELD(Where, x), PECS_FIELD(Where, y) };
    static const pecs_type where = { "Where", { { 0 } }, 5, sizeof(Where), 4, 2, fields, 0 };
    static const pecs_type hurt = { "Hurt", { { 0 } }, 1, 0, 1, 0, NULL, 0 };
    static const pecs_type *const before[] = { &Place_type, &hurt }, *const after[] = { &where, &Wounded_type };
    static const pecs_type_history types[] = {
        { .type = &where, .old_names = old_place, .old_name_count = 2 },
        { .type = &Wounded_type, .old_names = old_wounded, .old_name_count = 1 },
    };
    static const pecs_history history = { .types = types, .type_count = 2 };
    for (int way = 0; way < WAY_COUNT; way++) {
        old_registry = registry_with(before, 2, NULL);
        new_registry = registry_with(after, 2, &history);
        pecs_world *world = world_of(old_registry, NULL, 1);
        const Place place = { 7, 8 };
        const pecs_value values[] = { { 0, sizeof(place), &place }, { 1, 0, NULL } };
        must(pecs_world_spawn(world, values, 2, 1, &entities[0]) == PECS_OK);
        pecs_snapshot *snapshot = migrate(world, way, NULL);
        cr_assert_eq(pecs_get_as(pecs_snapshot_view(snapshot), entities[0], 0, Where)->y, 8);
        cr_assert(pecs_view_has(pecs_snapshot_view(snapshot), entities[0], 1));
        cr_assert_eq(pecs_view_type_count(pecs_snapshot_view(snapshot)), 3);
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}

static pecs_status fail_at(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const pecs_entity *wanted = user;
    for (size_t i = 0; i < rows->count; i++)
        if (same(rows->entities[i], *wanted)) {
            rows->failed_row = i;
            snprintf(error->message, sizeof(error->message), "there is no place for it");
            return PECS_E_ABSENT;
        }
    return PECS_OK;
}

Test(migration_code, a_failing_function_names_entity_and_version)
{
    static const pecs_type *const to[] = { &Place_type };
    const pecs_migration migration = { &Body1_type, to, 1, fail_at, &entities[5000], false };
    const pecs_history history = { .migrations = &migration, .migration_count = 1 };
    for (int way = 0; way < WAY_COUNT; way++) {
        old_registry = registry_with(old_bodies, 2, NULL);
        new_registry = registry_with(new_bodies, 4, &history);
        pecs_world *world = make_bodies();
        pecs_snapshot *snapshot = NULL;
        pecs_error error;
        char expected[128];
        cr_assert_eq(try_migrate(world, way, NULL, &snapshot, &error), PECS_E_ABSENT);
        snprintf(expected, sizeof(expected),
                 "migration of 'Body' from version 1: entity %u:%u: there is no place for it", entities[5000].index,
                 entities[5000].generation);
        cr_assert_str_eq(error.message, expected);
        cr_assert_null(snapshot);
        end_migration(world);
    }
}

/* Contents: a function reads those of the old values, gives new ones, or copies a member. */
typedef struct {
    pecs_string name;
    pecs_list path;
} Tale1;
PECS_COMPONENT_OF(Tale1, "Tale", 1, PECS_FIELD(Tale1, name), PECS_FIELD_LIST(Tale1, path, int32_t));
typedef struct {
    pecs_string name, shout;
    pecs_list path;
    pecs_blob raw;
} Tale2;
PECS_COMPONENT_OF(Tale2, "Tale", 2, PECS_FIELD(Tale2, name), PECS_FIELD(Tale2, shout),
                  PECS_FIELD_LIST(Tale2, path, int32_t), PECS_FIELD(Tale2, raw));

static pecs_status retell(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    const Tale1 *from = rows->from;
    Tale2 *to = rows->to[0];
    (void)user, (void)error;
    for (size_t i = 0; i < rows->count; i++) {
        char *shout = pecs_migration_allocate(rows, 16);
        pecs_bytes *raw = pecs_migration_allocate(rows, sizeof(*raw));
        uint8_t *bytes = pecs_migration_allocate(rows, 3);
        must(shout && raw && bytes && (uintptr_t)shout % 16 == 0 && (uintptr_t)bytes % 16 == 0);
        snprintf(shout, 16, "%s!", pecs_heap_string(rows->heap, from[i].name, NULL));
        memcpy(bytes, "\0\1\2", 3);
        *raw = (pecs_bytes){ bytes, 3 };
        to[i] = (Tale2){ from[i].name, pecs_string_of(shout), from[i].path, pecs_blob_of(raw) };
    }
    must(!pecs_migration_allocate(rows, 0) && !pecs_migration_allocate(rows, SIZE_MAX));
    return PECS_OK;
}

static pecs_world *make_tales(void)
{
    pecs_world *world = world_of(old_registry, NULL, 1);
    for (int i = 0; i < ROWS; i++) {
        char name[16];
        const int32_t path[] = { i, -i, 5 };
        snprintf(name, sizeof(name), "tale %d", i);
        const Tale1 tale = { pecs_string_of(name), pecs_list_of(PECS_ELEMENTS(path, (size_t)(i % 4))) };
        must(pecs_world_spawn(world, &(pecs_value){ 0, sizeof(tale), &tale }, 1, 1, &entities[i]) == PECS_OK);
    }
    return world;
}

Test(migration_code, contents_are_given_or_copied)
{
    static const pecs_type *const before[] = { &Tale1_type }, *const after[] = { &Tale2_type };
    static const pecs_migration migration = { &Tale1_type, after, 1, retell, NULL, false };
    static const pecs_history history = { .migrations = &migration, .migration_count = 1 };
    for (int way = 0; way < WAY_COUNT; way++) {
        old_registry = registry_with(before, 1, NULL);
        new_registry = registry_with(after, 1, &history);
        pecs_world *world = make_tales();
        pecs_snapshot *snapshot = migrate(world, way, NULL);
        const pecs_view view = pecs_snapshot_view(snapshot);
        check_state(snapshot);
        for (int i = 0; i < ROWS; i++) {
            const Tale2 *tale = pecs_get_as(view, entities[i], 0, Tale2);
            char name[16], shout[16];
            size_t count, size;
            snprintf(name, sizeof(name), "tale %d", i);
            snprintf(shout, sizeof(shout), "tale %d!", i);
            cr_assert_str_eq(pecs_view_string(view, tale->name, NULL), name);
            cr_assert_str_eq(pecs_view_string(view, tale->shout, NULL), shout);
            const int32_t *path = pecs_view_list(view, tale->path, int32_t, &count);
            cr_assert_eq(count, (size_t)(i % 4));
            cr_assert(!count || path[0] == i);
            cr_assert_eq(memcmp(pecs_view_blob(view, tale->raw, &size), "\0\1\2", 3), 0);
            cr_assert_eq(size, 3);
        }
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}

/* Lists of structs and of numbers, texts and strings, without code. */
typedef struct {
    uint16_t kind;
    int16_t count;
} Item1;
PECS_COMPONENT(Item1, 1, kind, count);
typedef struct {
    int32_t count;
    uint8_t kind, quality;
    uint16_t spare;
} Item2;
PECS_COMPONENT(Item2, 1, count, kind, quality, spare);
typedef struct {
    pecs_list items, marks;
    pecs_string label, kept;
} Bag1;
PECS_COMPONENT_OF(Bag1, "Bag", 1, PECS_FIELD_LIST_STRUCT(Bag1, items, Item1), PECS_FIELD_LIST(Bag1, marks, uint8_t),
                  PECS_FIELD(Bag1, label), PECS_FIELD(Bag1, kept));
typedef struct {
    pecs_string kept;
    pecs_list marks, items;
    char label[8];
} Bag2;
PECS_COMPONENT_OF(Bag2, "Bag", 2, PECS_FIELD(Bag2, kept), PECS_FIELD_LIST(Bag2, marks, double),
                  PECS_FIELD_LIST_STRUCT(Bag2, items, Item2), PECS_FIELD(Bag2, label));

Test(migration_code, lists_and_strings_convert_without_code)
{
    static const pecs_type *const before[] = { &Bag1_type }, *const after[] = { &Bag2_type };
    static const Item2 item_default = { .quality = 3 };
    static const pecs_type_history item_history = { .type = &Item2_type, .defaults = &item_default };
    static const pecs_history history = { .types = &item_history, .type_count = 1 };
    for (int way = 0; way < WAY_COUNT; way++) {
        old_registry = registry_with(before, 1, NULL);
        new_registry = registry_with(after, 1, &history);
        pecs_world *world = world_of(old_registry, NULL, 1);
        const Item1 items[] = { { 1, -2 }, { 3, 4 } };
        const uint8_t marks[] = { 9, 8, 7 };
        const Bag1 bag = { pecs_list_of(PECS_ARRAY(items)), pecs_list_of(PECS_ARRAY(marks)), pecs_string_of("eight ch"),
                           pecs_string_of("kept") };
        must(pecs_world_spawn(world, &(pecs_value){ 0, sizeof(bag), &bag }, 1, 1, &entities[0]) == PECS_OK);
        must(pecs_world_spawn(world, &(pecs_value){ 0, sizeof(bag), NULL }, 1, 1, &entities[1]) == PECS_OK);
        pecs_snapshot *snapshot = migrate(world, way, NULL);
        const pecs_view view = pecs_snapshot_view(snapshot);
        const Bag2 *made = pecs_get_as(view, entities[0], 0, Bag2), *empty = pecs_get_as(view, entities[1], 0, Bag2);
        size_t count;
        const Item2 *list = pecs_view_list(view, made->items, Item2, &count);
        cr_assert_eq(count, 2);
        cr_assert(list[0].count == -2 && list[0].kind == 1 && list[0].quality == 3);
        cr_assert(list[1].count == 4 && list[1].kind == 3 && list[1].quality == 3);
        const double *numbers = pecs_view_list(view, made->marks, double, &count);
        cr_assert(count == 3 && numbers[0] == 9 && numbers[2] == 7);
        cr_assert_eq(memcmp(made->label, "eight ch", 8), 0);
        cr_assert_str_eq(pecs_view_string(view, made->kept, NULL), "kept");
        (void)pecs_view_list(view, empty->items, Item2, &count);
        cr_assert_eq(count, 0);
        check_state(snapshot);
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}

static pecs_status write_invalid(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    uint8_t *to = rows->to[0];
    (void)user, (void)error;
    to[rows->count - 1] = 2; /* no bool */
    return PECS_OK;
}

Test(migration_code, an_invalid_value_of_a_function_is_refused)
{
    static const pecs_field flag = { "on", PECS_BOOL, 0, 1, 1, 0, NULL, NULL, 0, (pecs_kind)0, 0 };
    static const pecs_type flags = { "Flags", { { 0 } }, 1, 1, 1, 1, &flag, 0 };
    static const pecs_type *const after[] = { &flags };
    static const pecs_migration migration = { &Body1_type, after, 1, write_invalid, NULL, false };
    static const pecs_history history = { .migrations = &migration, .migration_count = 1 };
    old_registry = registry_with(old_bodies, 2, NULL);
    new_registry = registry_with(after, 1, &history);
    pecs_world *world = make_bodies();
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    cr_assert_eq(try_migrate(world, BY_LOAD, NULL, &snapshot, &error), PECS_E_INVALID);
    cr_assert_not_null(strstr(error.message, "migration of 'Body' from version 1: entity"), "%s", error.message);
    cr_assert_not_null(strstr(error.message, "the function wrote an invalid value to 'on' of 'Flags'"), "%s",
                       error.message);
    end_migration(world);
}

static void keep_loss(void *user, const pecs_migration_note *note)
{
    if (note->event == PECS_EVENT_LOST)
        *(pecs_migration_note *)user = *note;
}

Test(migration_code, a_component_in_two_versions_needs_consent)
{
    static const char *const old_names[] = { "Body" };
    static const pecs_field fields[] = { PECS_FIELD(Body1, x), PECS_FIELD(Body1, y), PECS_FIELD(Body1, health) };
    static const pecs_type torso = { "Torso", { { 0 } }, 1, sizeof(Body1), 4, 3, fields, 0 };
    static const pecs_type *const before[] = { &Body1_type, &torso }, *const after[] = { &torso };
    static const pecs_type_history type = { .type = &torso, .old_names = old_names, .old_name_count = 1 };
    static const pecs_history history = { .types = &type, .type_count = 1 };
    old_registry = registry_with(before, 2, NULL);
    new_registry = registry_with(after, 1, &history);
    pecs_world *world = world_of(old_registry, NULL, 1);
    pecs_entity entity;
    const Body1 older = { .health = 6 }, later = { .health = 7 };
    const pecs_value values[] = { { 0, sizeof(Body1), &older }, { 1, sizeof(Body1), &later } };
    must(pecs_world_spawn(world, values, 2, 1, &entity) == PECS_OK);
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    cr_assert_eq(try_migrate(world, BY_LOAD, NULL, &snapshot, &error), PECS_E_CONFLICT);
    cr_assert_str_eq(
        error.message,
        "migration of 'Body' from version 1: entity 0:1: it has the component in a later version, too; to lose this one "
        "needs the consent PECS_LOSS_VERSION");
    pecs_migration_note lost = { .count = 0 };
    const pecs_migration_options options = { .losses = PECS_LOSS_VERSION, .note = keep_loss, .user = &lost };
    for (int way = BY_RESUME; way <= BY_LOAD; way++) {
        cr_assert_eq(try_migrate(world, way, &options, &snapshot, &error), PECS_OK, "%s", error.message);
        const Body1 *kept = pecs_view_get(pecs_snapshot_view(snapshot), entity, 0, sizeof(Body1));
        cr_assert(kept && kept->health == 7, "the later version");
        cr_assert(lost.count == 1 && lost.first.generation == 1 && lost.loss == PECS_LOSS_VERSION && !*lost.field);
        cr_assert_eq(summary_of(pecs_snapshot_view(snapshot)).table_count, 1);
        pecs_snapshot_release(snapshot);
        lost.count = 0;
    }
    end_migration(world);
}
