/* Checks of a program's types against a lock: each sort of difference, in its words, and what a load then does. */
#include "lock_fixture.h"

static void set_up(void)
{
    enter_folder();
}

static void tear_down(void)
{
    assert_no_leak();
    leave_folder();
}

TestSuite(lock, .init = set_up, .fini = tear_down);

/* The check of new types against the lock of old ones: its words, its status, and that a load agrees. */
static void expect(const pecs_type *const *old_types, size_t old_count, const pecs_type *const *new_types,
                   size_t new_count, const pecs_history *history, const char *words, const char *failure)
{
    pecs_error error = { .message = "" };
    old_registry = registry_with(old_types, old_count, NULL);
    new_registry = registry_with(new_types, new_count, history);
    struct gathered lock = lock_of(old_registry);
    const pecs_status status = check_text(new_registry, lock.text, &noting, &error);
    cr_assert_str_eq(differences, words);
    cr_assert_eq(status, failure ? PECS_E_LAYOUT : PECS_OK, "%s", error.message);
    cr_assert_str_eq(error.message, failure ? failure : "");
    cr_assert_eq(pecs_lock_check(new_registry, lock.text, lock.size_bytes, NULL, NULL), status);
    free(lock.text);
    pecs_registry_release(old_registry);
    pecs_registry_release(new_registry);
}

#define LIST(...)                                                                                                      \
    ((const pecs_type *const[]){ __VA_ARGS__ }), sizeof((const pecs_type *const[]){ __VA_ARGS__ }) / sizeof(pecs_type *)

/* Whether a save with zeros of the old types opens. */
static pecs_status load_of(const pecs_type *const *old_types, size_t old_count, const pecs_type *const *new_types,
                           size_t new_count, const pecs_history *history)
{
    pecs_snapshot *loaded = NULL;
    pecs_error error = { .message = "" };
    old_registry = registry_with(old_types, old_count, NULL);
    new_registry = registry_with(new_types, new_count, history);
    pecs_world *world = world_of(old_registry, NULL, 1);
    for (uint32_t i = 0; i < old_count; i++) {
        pecs_value value = { i, old_types[i]->size, NULL };
        must(pecs_world_spawn(world, &value, 1, 1, NULL) == PECS_OK);
    }
    const pecs_status status = try_migrate(world, BY_LOAD, NULL, &loaded, &error);
    pecs_snapshot_release(loaded);
    end_migration(world);
    return status;
}

static const char *const old_ranks[] = { "Cadet", "Captain" }, *const new_ranks[] = { "Cadet", "Officer", "Captain" };
static const char *const other_ranks[] = { "Captain", "Cadet" };

typedef struct {
    float x, y;
    int16_t hull;
    uint8_t rank, flag;
} Ship1;
PECS_COMPONENT_OF(Ship1, "Ship", 1, PECS_FIELD(Ship1, x), PECS_FIELD(Ship1, y), PECS_FIELD(Ship1, hull),
                  PECS_FIELD_ENUM(Ship1, rank, old_ranks), PECS_FIELD(Ship1, flag));
typedef struct {
    double x, y;
    int32_t health, shield;
    uint8_t rank, spare[7];
} Ship2;
PECS_COMPONENT_OF(Ship2, "Ship", 2, PECS_FIELD(Ship2, x), PECS_FIELD(Ship2, y), PECS_FIELD(Ship2, health),
                  PECS_FIELD(Ship2, shield), PECS_FIELD_ENUM(Ship2, rank, new_ranks), PECS_FIELD_PADDING(Ship2, spare));
static const pecs_rename ship_renames[] = { { "health", "hull" } };
static const Ship2 ship_default = { .shield = 50 };
static const pecs_type_history ship_past = { .type = &Ship2_type, .renames = ship_renames, .rename_count = 1 };
static const pecs_type_history ship_past_whole = { .type = &Ship2_type,
                                                   .renames = ship_renames,
                                                   .rename_count = 1,
                                                   .defaults = &ship_default,
                                                   .losses = PECS_LOSS_FIELD };

Test(lock, the_same_types_have_no_differences)
{
    expect(LIST(&Ship1_type, &Frozen_type), LIST(&Frozen_type, &Ship1_type), NULL, "", NULL);
}

Test(lock, fields_are_new_renamed_converted_and_lost)
{
    const pecs_history history = { .types = &ship_past, .type_count = 1 };
    expect(LIST(&Ship1_type), LIST(&Ship2_type), &history,
           "N Ship: version 1 becomes version 2 by its fields\n"
           "N Ship.x: f32 becomes f64\n"
           "N Ship.y: f32 becomes f64\n"
           "N Ship.health: was 'hull'\n"
           "N Ship.health: i16 becomes i32\n"
           "N Ship.shield: is new: zeros\n"
           "N Ship.rank: has 3 values, and had 2\n"
           "F Ship.flag: is removed: old saves do not open without the consent PECS_LOSS_FIELD\n",
           "type 'Ship': field 'flag': is removed: old saves do not open without the consent PECS_LOSS_FIELD");
    cr_assert_eq(load_of(LIST(&Ship1_type), LIST(&Ship2_type), &history), PECS_E_LAYOUT);
}

Test(lock, a_loss_with_consent_is_a_note)
{
    const pecs_history history = { .types = &ship_past_whole, .type_count = 1 };
    expect(LIST(&Ship1_type), LIST(&Ship2_type), &history,
           "N Ship: version 1 becomes version 2 by its fields\n"
           "N Ship.x: f32 becomes f64\n"
           "N Ship.y: f32 becomes f64\n"
           "N Ship.health: was 'hull'\n"
           "N Ship.health: i16 becomes i32\n"
           "N Ship.shield: is new: it has the default\n"
           "N Ship.rank: has 3 values, and had 2\n"
           "N Ship.flag: is removed: lost, with consent\n",
           NULL);
    cr_assert_eq(load_of(LIST(&Ship1_type), LIST(&Ship2_type), &history), PECS_OK);
}

Test(lock, the_consent_of_loads_counts)
{
    const pecs_history history = { .types = &ship_past, .type_count = 1 };
    pecs_lock_options options = { .losses = PECS_LOSS_FIELD };
    old_registry = registry_with(LIST(&Ship1_type), NULL);
    new_registry = registry_with(LIST(&Ship2_type), &history);
    struct gathered lock = lock_of(old_registry);
    cr_assert_eq(check_text(new_registry, lock.text, &options, NULL), PECS_OK);
    options.losses = PECS_LOSS_NUMBER;
    cr_assert_eq(check_text(new_registry, lock.text, &options, NULL), PECS_E_LAYOUT);
    free(lock.text);
    pecs_registry_release(old_registry);
    pecs_registry_release(new_registry);
}

typedef struct {
    float x, y;
    int16_t hull;
    uint8_t rank, other;
} ShipSame;
PECS_COMPONENT_OF(ShipSame, "Ship", 1, PECS_FIELD(ShipSame, x), PECS_FIELD(ShipSame, y), PECS_FIELD(ShipSame, hull),
                  PECS_FIELD_ENUM(ShipSame, rank, other_ranks), PECS_FIELD(ShipSame, other));
static const pecs_type_history same_past = { .type = &ShipSame_type,
                                             .renames = (const pecs_rename[]){ { "other", "flag" } },
                                             .rename_count = 1 };

Test(lock, a_change_needs_a_higher_version)
{
    const pecs_history history = { .types = &same_past, .type_count = 1 };
    expect(LIST(&Ship1_type), LIST(&ShipSame_type), &history,
           "F Ship: changed, but its version is still 1\n"
           "N Ship: version 1 becomes version 1 by its fields\n"
           "N Ship.rank: has other values, or in another order\n"
           "N Ship.other: was 'flag'\n",
           "type 'Ship': changed, but its version is still 1");
}

Test(lock, a_version_does_not_become_lower)
{
    expect(LIST(&Ship2_type), LIST(&Ship1_type), NULL,
           "F Ship: has version 1, lower than 2 in the lock\n"
           "N Ship: version 2 becomes version 1 by its fields\n"
           "N Ship.x: f64 becomes f32\n"
           "N Ship.y: f64 becomes f32\n"
           "N Ship.hull: is new: zeros\n"
           "N Ship.rank: has 2 values, and had 3\n"
           "N Ship.flag: is new: zeros\n"
           "W Ship.x: may have numbers that the new kind cannot hold: such a save does not open without the consent "
           "PECS_LOSS_NUMBER\n"
           "W Ship.y: may have numbers that the new kind cannot hold: such a save does not open without the consent "
           "PECS_LOSS_NUMBER\n"
           "W Ship.rank: may have values that the new enum lacks: such a save does not open without the consent "
           "PECS_LOSS_ENUM\n"
           "F Ship.health: is removed: old saves do not open without the consent PECS_LOSS_FIELD\n"
           "F Ship.shield: is removed: old saves do not open without the consent PECS_LOSS_FIELD\n",
           "type 'Ship': has version 1, lower than 2 in the lock (and 2 more)");
}

typedef struct {
    float x, y;
    int16_t hull;
    uint8_t rank, flag;
} ShipNext;
PECS_COMPONENT_OF(ShipNext, "Ship", 2, PECS_FIELD(ShipNext, x), PECS_FIELD(ShipNext, y), PECS_FIELD(ShipNext, hull),
                  PECS_FIELD_ENUM(ShipNext, rank, old_ranks), PECS_FIELD(ShipNext, flag));

Test(lock, a_version_may_be_higher_without_a_change)
{
    expect(LIST(&Ship1_type), LIST(&ShipNext_type), NULL, "N Ship: version 1 becomes version 2, with the same layout\n",
           NULL);
}

typedef struct {
    float x, y;
    pecs_entity hull;
} ShipOdd;
PECS_COMPONENT_OF(ShipOdd, "Ship", 2, PECS_FIELD(ShipOdd, x), PECS_FIELD(ShipOdd, y), PECS_FIELD(ShipOdd, hull));

Test(lock, a_field_that_is_not_converted_fails)
{
    static const char failure[] = "old saves do not open: version 1 of type 'Ship': field 'hull' is not converted "
                                  "from i16 to entity without a migration";
    char words[256], message[256];
    snprintf(words, sizeof(words), "F Ship: %s\n", failure);
    snprintf(message, sizeof(message), "type 'Ship': %s", failure);
    expect(LIST(&Ship1_type), LIST(&ShipOdd_type), NULL, words, message);
    cr_assert_eq(load_of(LIST(&Ship1_type), LIST(&ShipOdd_type), NULL), PECS_E_LAYOUT);
}

/* Structs within structs and lists, and texts. */
typedef struct {
    uint16_t count;
    uint8_t kind, old;
} Slot1;
PECS_COMPONENT(Slot1, 1, count, kind, old);
typedef struct {
    Slot1 slots[3];
    char name[16];
    uint32_t cargo[4];
    pecs_list parts;
} Hold1;
PECS_COMPONENT_OF(Hold1, "Hold", 1, PECS_FIELD_STRUCT(Hold1, slots, Slot1), PECS_FIELD(Hold1, name),
                  PECS_FIELD(Hold1, cargo), PECS_GAP_AFTER(Hold1, cargo, 4),
                  PECS_FIELD_LIST_STRUCT(Hold1, parts, Slot1));
typedef struct {
    uint16_t count, heat;
    uint8_t kind, spare;
} Slot2;
PECS_COMPONENT(Slot2, 1, count, heat, kind, spare);
typedef struct {
    Slot2 slots[3];
    char name[6];
    uint32_t cargo[2];
    pecs_list parts;
} Hold2;
PECS_COMPONENT_OF(Hold2, "Hold", 2, PECS_FIELD_STRUCT(Hold2, slots, Slot2), PECS_FIELD(Hold2, name),
                  PECS_FIELD(Hold2, cargo), PECS_FIELD_LIST_STRUCT(Hold2, parts, Slot2));

Test(lock, what_is_nested_has_a_path)
{
    const pecs_type_history past[] = {
        { .type = &Slot2_type, .renames = (const pecs_rename[]){ { "spare", "old" } }, .rename_count = 1 },
        { .type = &Hold2_type, .defaults = &(const Hold2){ .cargo = { 1 } }, .losses = PECS_LOSS_LENGTH },
    };
    const pecs_history history = { .types = past, .type_count = 2 };
    expect(LIST(&Hold1_type), LIST(&Hold2_type), &history,
           "N Hold: version 1 becomes version 2 by its fields\n"
           "N Hold.slots.heat: is new: it has the default\n"
           "N Hold.slots.spare: was 'old'\n"
           "N Hold.name: text[16] becomes text[6]\n"
           "N Hold.cargo: u32[4] becomes u32[2]\n"
           "N Hold.parts.heat: is new: zeros\n"
           "N Hold.parts.spare: was 'old'\n"
           "N Hold.name: may be longer than there is room for: lost, with consent\n"
           "N Hold.cargo: may be longer than there is room for: lost, with consent\n",
           NULL);
    cr_assert_eq(load_of(LIST(&Hold1_type), LIST(&Hold2_type), &history), PECS_OK);
}

/* Migrations with code. */
typedef struct {
    float x, y;
} Place;
PECS_COMPONENT(Place, 1, x, y);
typedef struct {
    int32_t now;
} Life;
PECS_COMPONENT(Life, 1, now);

static pecs_status keep_zeros(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    (void)user, (void)rows, (void)error;
    return PECS_OK;
}

static const pecs_type *const to_ship2[] = { &Ship2_type }, *const to_parts[] = { &Place_type, &Life_type };

Test(lock, migrations_are_named_step_by_step)
{
    const pecs_migration steps[] = {
        { &Ship2_type, to_parts, 2, keep_zeros, NULL, false },
        { &Ship1_type, to_ship2, 1, NULL, NULL, false },
    };
    const pecs_history history = {
        .types = &ship_past_whole, .type_count = 1, .migrations = steps, .migration_count = 2
    };
    expect(LIST(&Ship1_type), LIST(&Place_type, &Life_type), &history,
           "N Life: is new\n"
           "N Place: is new\n"
           "N Ship: version 1 becomes version 2 by its fields\n"
           "N Ship.x: f32 becomes f64\n"
           "N Ship.y: f32 becomes f64\n"
           "N Ship.health: was 'hull'\n"
           "N Ship.health: i16 becomes i32\n"
           "N Ship.shield: is new: it has the default\n"
           "N Ship.rank: has 3 values, and had 2\n"
           "N Ship.flag: is removed: lost, with consent\n"
           "N Ship: version 2 becomes 'Place' version 1 and 'Life' version 1 by a migration\n",
           NULL);
    cr_assert_eq(load_of(LIST(&Ship1_type), LIST(&Place_type, &Life_type), &history), PECS_OK);
    expect(LIST(&Ship2_type), LIST(&Place_type, &Life_type), &history,
           "N Life: is new\n"
           "N Place: is new\n"
           "N Ship: version 2 becomes 'Place' version 1 and 'Life' version 1 by a migration\n",
           NULL);
}

Test(lock, a_migration_from_the_locked_version_is_as_good_as_a_higher_one)
{
    const pecs_type *const to_odd[] = { &Ship1_type };
    const pecs_migration step = { &Ship2_type, to_odd, 1, keep_zeros, NULL, false };
    const pecs_history history = { .migrations = &step, .migration_count = 1 };
    expect(LIST(&Ship2_type), LIST(&Ship1_type), &history, "N Ship: version 2 becomes version 1 by a migration\n",
           NULL);
}

Test(lock, a_migration_from_another_layout_of_the_locked_version_fails)
{
    const pecs_migration step = { &ShipOdd_type, NULL, 0, NULL, NULL, false };
    const pecs_history history = { .migrations = &step, .migration_count = 1 };
    expect(LIST(&Ship2_type), LIST(&Place_type), &history,
           "N Place: is new\n"
           "F Ship: old saves do not open: version 2 of type 'Ship' has another layout in the file than the migration "
           "from it\n",
           "type 'Ship': old saves do not open: version 2 of type 'Ship' has another layout in the file than the "
           "migration from it");
    cr_assert_eq(load_of(LIST(&Ship2_type), LIST(&Place_type), &history), PECS_E_LAYOUT);
}

/* Types that come and go. */

Test(lock, a_removed_type_is_a_warning_unless_a_migration_removes_it)
{
    const pecs_migration step = { &Ship1_type, NULL, 0, NULL, NULL, false };
    const pecs_history history = { .migrations = &step, .migration_count = 1 };
    expect(LIST(&Ship1_type, &Place_type), LIST(&Place_type), NULL,
           "W Ship: is removed: its old values are kept, but the program does not use them\n", NULL);
    expect(LIST(&Ship1_type, &Place_type), LIST(&Place_type), &history, "N Ship: version 1 is removed by a migration\n",
           NULL);
    cr_assert_eq(load_of(LIST(&Ship1_type, &Place_type), LIST(&Place_type), NULL), PECS_OK);
}

static const pecs_field place_fields[] = { { "x", PECS_F32, 0, 4, 1, 0, NULL, NULL, 0, 0, 0 },
                                           { "y", PECS_F32, 4, 4, 1, 0, NULL, NULL, 0, 0, 0 } };
static const pecs_type spot = { "Spot", { { 0 } }, 1, 8, 4, 2, place_fields, 0 };
static const pecs_type place_by_id = { "Place", { { 7 } }, 1, 8, 4, 2, place_fields, 0 };
static const pecs_type spot_by_id = { "Spot", { { 7 } }, 1, 8, 4, 2, place_fields, 0 };

Test(lock, a_type_may_have_another_name)
{
    const pecs_type_history past = { .type = &spot,
                                     .old_names = (const char *const[]){ "Place" },
                                     .old_name_count = 1 };
    const pecs_history history = { .types = &past, .type_count = 1 };
    expect(LIST(&Place_type), LIST(&spot), &history,
           "N Place: version 1 becomes 'Spot' version 1, with the same layout\n", NULL);
    cr_assert_eq(load_of(LIST(&Place_type), LIST(&spot), &history), PECS_OK);
    expect(LIST(&place_by_id), LIST(&spot_by_id), NULL,
           "N Place: version 1 becomes 'Spot' version 1, with the same layout\n", NULL);
    cr_assert_eq(load_of(LIST(&place_by_id), LIST(&spot_by_id), NULL), PECS_OK);
}

Test(lock, another_id_fails)
{
    expect(LIST(&Place_type), LIST(&place_by_id), NULL,
           "F Place: has another id: its old values are kept, but the program does not use them\n",
           "type 'Place': has another id: its old values are kept, but the program does not use them");
}

typedef struct {
    void *pointer;
} Cache;
PECS_TRANSIENT(Cache);
static const pecs_type saved_cache = { "Cache", { { 0 } }, 1, 8, 4, 2, place_fields, 0 };
PECS_TRANSIENT_TAG(Spark);
static const pecs_type spark_entity = { "Spark", { { 0 } }, 1,    0,
                                        1,       0,         NULL, PECS_TYPE_TRANSIENT | PECS_TYPE_TRANSIENT_ENTITY };
static const pecs_type cache_left_out = { "Cache", { { 0 } }, 1,    8,
                                          8,       0,         NULL, PECS_TYPE_TRANSIENT | PECS_TYPE_NO_SNAPSHOT };

Test(lock, what_is_not_saved_does_not_count)
{
    const pecs_type grown = { "Cache", { { 0 } }, 9, 64, 8, 0, NULL, PECS_TYPE_TRANSIENT };
    expect(LIST(&Cache_type), LIST(&grown), NULL, "", NULL);
    expect(LIST(&Cache_type), LIST(&Spark_type), NULL,
           "N Cache: is removed: it was in no save\n"
           "N Spark: is new, and not saved\n",
           NULL);
    expect(LIST(&Spark_type), LIST(&spark_entity), NULL, "N Spark: entities that have it are not saved now\n", NULL);
    expect(LIST(&spark_entity), LIST(&Spark_type), NULL, "N Spark: entities that have it are saved now\n", NULL);
    expect(LIST(&Cache_type), LIST(&cache_left_out), NULL, "N Cache: is left out of snapshots now\n", NULL);
    expect(LIST(&cache_left_out), LIST(&Cache_type), NULL, "N Cache: is in snapshots now\n", NULL);
    expect(LIST(&Cache_type), LIST(&saved_cache), NULL, "N Cache: was transient, and is saved now\n", NULL);
    expect(LIST(&saved_cache), LIST(&Cache_type), NULL, "F Cache: is transient now: saves that have it do not open\n",
           "type 'Cache': is transient now: saves that have it do not open");
    cr_assert_eq(load_of(LIST(&saved_cache), LIST(&Cache_type), NULL), PECS_E_LAYOUT);
}

/* Versions of the schema. */

static pecs_status keep_world(void *user, pecs_world *world, pecs_error *error)
{
    (void)user, (void)world, (void)error;
    return PECS_OK;
}

Test(lock, the_schema_version_does_not_become_lower)
{
    static const char text[] = "pecs lock 1\nschema version 3, oldest reader 2\n";
    const pecs_world_migration worlds[] = { { 0, 2, keep_world, NULL }, { 2, 4, keep_world, NULL } };
    pecs_history history = { .schema_version = 3, .oldest_reader = 2 };
    pecs_error error = { .message = "" };
    new_registry = registry_with(NULL, 0, &history);
    cr_assert_eq(check_text(new_registry, text, &noting, NULL), PECS_OK);
    cr_assert_str_eq(differences, "");
    struct gathered lock = lock_of(new_registry);
    cr_assert_str_eq(lock.text, text);
    free(lock.text);
    history.schema_version = 2;
    cr_assert_eq(check_text(new_registry, text, &noting, &error), PECS_E_LAYOUT);
    cr_assert_str_eq(differences, "F : the schema version is 2, lower than 3 in the lock\n");
    cr_assert_str_eq(error.message, "the schema version is 2, lower than 3 in the lock");
    pecs_registry_release(new_registry);
    history = (pecs_history){
        .schema_version = 5, .oldest_reader = 4, .world_migrations = worlds, .world_migration_count = 2
    };
    new_registry = registry_with(NULL, 0, &history);
    cr_assert_eq(check_text(new_registry, text, &noting, &error), PECS_E_LAYOUT);
    cr_assert_str_eq(differences, "N : the schema version is 5, and 3 in the lock\n"
                                  "N : the oldest reader is 4, and 2 in the lock\n"
                                  "F : old saves do not open: no world migration begins at schema version 3\n");
    static const char second[] = "pecs lock 1\nschema version 2, oldest reader 4\n";
    cr_assert_eq(check_text(new_registry, second, &noting, &error), PECS_OK);
    cr_assert_str_eq(differences, "N : the schema version is 5, and 2 in the lock\n"
                                  "N : the world migration from version 2 to 4 runs\n");
    pecs_registry_release(new_registry);
}

Test(lock, a_text_that_is_none_is_an_error)
{
    pecs_error error = { .message = "" };
    new_registry = registry_with(NULL, 0, NULL);
    cr_assert_eq(check_text(new_registry, "pecs lock 1\nschema\n", &noting, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.message, "line 2, column 1: expected 'schema version '");
    cr_assert_eq(error.offset, 12);
    cr_assert_eq(pecs_lock_check(new_registry, "", 0, NULL, NULL), PECS_E_CORRUPT);
    cr_assert_eq(check_text(new_registry, "pecs lock 3\n", NULL, NULL), PECS_E_UNSUPPORTED);
    cr_assert_str_eq(differences, "");
    pecs_registry_release(new_registry);
}
