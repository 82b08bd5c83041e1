/* Conversion without code: values of an old type become those of the registry's by the names of their fields. */
#include "migration_fixture.h"

#include <math.h>

static void set_up(void)
{
    enter_folder();
}

static void tear_down(void)
{
    assert_no_leak();
    leave_folder();
}

TestSuite(migration, .init = set_up, .fini = tear_down);

enum { ROWS = 10000 };
static pecs_entity entities[ROWS];

static const char *const old_ranks[] = { "Cadet", "Pilot", "Captain" };
static const char *const new_ranks[] = { "Captain", "Cadet", "Officer", "Pilot" };

/* The ship of version 1, and of version 3, which has every sort of change that loses nothing. */
typedef struct {
    int16_t hull;
    uint8_t rank, is_open;
    float x, y;
    char name[8];
    uint16_t cargo[2];
    pecs_entity target;
} Ship1;
PECS_COMPONENT_OF(Ship1, "Ship", 1, PECS_FIELD(Ship1, hull), PECS_FIELD_ENUM(Ship1, rank, old_ranks),
                  PECS_FIELD(Ship1, is_open), PECS_FIELD(Ship1, x), PECS_FIELD(Ship1, y), PECS_FIELD(Ship1, name),
                  PECS_FIELD(Ship1, cargo), PECS_FIELD(Ship1, target));

typedef struct {
    double y, x;
    int64_t armour;
    pecs_entity target;
    pecs_string name;
    uint32_t cargo[3];
    uint16_t rank;
    uint8_t shield, is_open;
} Ship3;
PECS_COMPONENT_OF(Ship3, "Ship", 3, PECS_FIELD(Ship3, y), PECS_FIELD(Ship3, x), PECS_FIELD(Ship3, armour),
                  PECS_FIELD(Ship3, target), PECS_FIELD(Ship3, name), PECS_FIELD(Ship3, cargo),
                  PECS_FIELD_ENUM(Ship3, rank, new_ranks), PECS_FIELD(Ship3, shield), PECS_FIELD(Ship3, is_open));

static const pecs_type *const old_ships[] = { &Ship1_type, &Position_type, &Frozen_type };
static const pecs_type *const new_ships[] = { &Position_type, &Ship3_type, &Frozen_type };
enum { OLD_SHIP, OLD_POSITION, OLD_FROZEN };
enum { NEW_POSITION, NEW_SHIP, NEW_FROZEN };

static const pecs_rename ship_renames[] = { { "armour", "hull" } };
static const Ship3 ship_default = { .shield = 50, .cargo = { 0, 0, 77 } };
static const pecs_type_history ship_history[] = {
    { .type = &Ship3_type, .renames = ship_renames, .rename_count = 1, .defaults = &ship_default },
};
static const pecs_history ships = { .types = ship_history, .type_count = 1 };

static Ship1 ship_of(int i)
{
    Ship1 ship = { .hull = (int16_t)(i - 5000), .rank = (uint8_t)(i % 3), .is_open = (uint8_t)(i & 1) };
    ship.x = (float)i / 3;
    ship.y = -(float)i;
    snprintf(ship.name, sizeof(ship.name), "n%d", i);
    ship.cargo[0] = (uint16_t)(i * 7);
    ship.cargo[1] = (uint16_t)(i * 3);
    ship.target = i ? entities[i / 2] : none;
    return ship;
}

/* Ships, half of them with the tag; the rest of the entities has a position only. */
static pecs_world *make_ships(void)
{
    pecs_world *world = world_of(old_registry, NULL, 1);
    for (int i = 0; i < ROWS; i++) {
        const Ship1 ship = ship_of(i);
        const Position position = { (float)i, 0, 1 };
        const pecs_value values[] = { { OLD_SHIP, sizeof(ship), &ship },
                                      { OLD_POSITION, sizeof(position), &position },
                                      { OLD_FROZEN, 0, NULL } };
        must(pecs_world_spawn(world, i % 5 ? values : values + 1, i % 5 ? 2 + (size_t)(i & 1) : 1, 1, &entities[i]) ==
             PECS_OK);
    }
    const Ship1 flagship = ship_of(1);
    must(pecs_world_set_singleton(world, OLD_SHIP, sizeof(flagship), &flagship) == PECS_OK);
    return world;
}

static void assert_ship(pecs_view view, const Ship3 *ship, int i)
{
    static const uint16_t ranks[] = { 1, 3, 0 };
    const Ship1 old = ship_of(i);
    size_t size;
    cr_assert_eq(ship->armour, old.hull);
    cr_assert_eq(ship->x, (double)old.x);
    cr_assert_eq(ship->y, (double)old.y);
    cr_assert_str_eq(pecs_view_string(view, ship->name, &size), old.name);
    cr_assert_eq(size, strlen(old.name));
    cr_assert_eq(ship->cargo[0], old.cargo[0]);
    cr_assert_eq(ship->cargo[1], old.cargo[1]);
    cr_assert_eq(ship->cargo[2], 77);
    cr_assert_eq(ship->rank, ranks[i % 3]);
    cr_assert_eq(ship->shield, 50);
    cr_assert_eq(ship->is_open, old.is_open);
    cr_assert(same(ship->target, old.target));
}

Test(migration, fields_are_matched_by_name)
{
    for (int way = 0; way < WAY_COUNT; way++) {
        old_registry = registry_with(old_ships, 3, NULL);
        new_registry = registry_with(new_ships, 3, &ships);
        pecs_world *world = make_ships();
        pecs_snapshot *snapshot = migrate(world, way, NULL);
        const pecs_view view = pecs_snapshot_view(snapshot);
        check_state(snapshot);
        for (int i = 0; i < ROWS; i++) {
            const Ship3 *ship = pecs_get_as(view, entities[i], NEW_SHIP, Ship3);
            cr_assert_eq(ship != NULL, i % 5 != 0);
            cr_assert_eq(pecs_view_has(view, entities[i], NEW_FROZEN), i % 5 && (i & 1));
            cr_assert_eq(pecs_get_as(view, entities[i], NEW_POSITION, Position)->x, (float)i);
            if (ship)
                assert_ship(view, ship, i);
        }
        assert_ship(view, pecs_get_singleton_as(view, NEW_SHIP, Ship3), 1);
        cr_assert_eq(pecs_view_type_count(view), 4, "the old type is gone");
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}

Test(migration, keeps_handles_and_what_comes_after)
{
    for (int way = 0; way < WAY_COUNT; way++) {
        old_registry = registry_with(old_ships, 3, NULL);
        new_registry = registry_with(new_ships, 3, &ships);
        pecs_world *world = make_ships();
        must(pecs_world_despawn(world, &entities[7], 1) == PECS_OK);
        pecs_snapshot *snapshot = migrate(world, way, NULL);
        pecs_world *next = world_of(new_registry, snapshot, 2);
        pecs_entity there, here;
        cr_assert_not(pecs_view_alive(pecs_world_view(next), entities[7]));
        must(pecs_world_spawn(world, NULL, 0, 1, &there) == PECS_OK);
        must(pecs_world_spawn(next, NULL, 0, 1, &here) == PECS_OK);
        cr_assert(same(there, here));
        const Ship3 ship = { .armour = 4, .name = pecs_string_of("new") };
        must(pecs_world_set(next, entities[1], &(pecs_value){ NEW_SHIP, sizeof(ship), &ship }, 1) == PECS_OK);
        must(pecs_world_set(next, entities[5], &(pecs_value){ NEW_SHIP, sizeof(ship), &ship }, 1) == PECS_OK);
        check_state(next->state);
        pecs_world_destroy(next);
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}

/* One type with one field of any kind, in two versions. */
static pecs_field any_field(pecs_kind kind, uint32_t size, uint32_t count)
{
    return (pecs_field){ .name = "v", .kind = kind, .size = size, .count = count };
}

static pecs_type any_type(const pecs_field *field, uint32_t version, uint32_t align)
{
    return (pecs_type){
        .name = "Any", .version = version, .size = field->size, .align = align, .field_count = 1, .fields = field
    };
}

/* Converts one value; PECS_OK, or the status of the load. `losses` are allowed. */
static pecs_status convert_one(const pecs_type *from, const pecs_type *to, const void *value, uint32_t losses,
                               void *ret_value, pecs_error *error)
{
    old_registry = registry_with(&from, 1, NULL);
    new_registry = registry_with(&to, 1, NULL);
    pecs_world *world = world_of(old_registry, NULL, 1);
    pecs_entity entity;
    pecs_snapshot *snapshot = NULL;
    const pecs_migration_options options = { .losses = losses };
    must(pecs_world_spawn(world, &(pecs_value){ 0, from->size, value }, 1, 1, &entity) == PECS_OK);
    const pecs_status status = try_migrate(world, BY_LOAD, &options, &snapshot, error);
    if (!status)
        memcpy(ret_value, pecs_view_get(pecs_snapshot_view(snapshot), entity, 0, to->size), to->size);
    pecs_snapshot_release(snapshot);
    end_migration(world);
    return status;
}

struct number_case {
    pecs_kind from, to;
    union {
        int64_t i;
        uint64_t u;
        double d;
        float f;
    } value, expected;
    bool is_loss;
};

/* Little-endian: the low bytes of a number are the number of a smaller kind. */
static const struct number_case number_cases[] = {
    { PECS_I8, PECS_I64, { .i = -5 }, { .i = -5 }, false },
    { PECS_U8, PECS_I16, { .i = 255 }, { .i = 255 }, false },
    { PECS_I64, PECS_I8, { .i = -128 }, { .i = -128 }, false },
    { PECS_I64, PECS_I8, { .i = -129 }, { .i = -128 }, true },
    { PECS_I64, PECS_I8, { .i = 300 }, { .i = 127 }, true },
    { PECS_I32, PECS_U32, { .i = -1 }, { .i = 0 }, true },
    { PECS_I32, PECS_U32, { .i = 7 }, { .i = 7 }, false },
    { PECS_U64, PECS_I64, { .u = UINT64_MAX }, { .i = INT64_MAX }, true },
    { PECS_U64, PECS_U32, { .u = 1ull << 32 }, { .u = UINT32_MAX }, true },
    { PECS_U16, PECS_BOOL, { .u = 1 }, { .u = 1 }, false },
    { PECS_U16, PECS_BOOL, { .u = 2 }, { .u = 1 }, true },
    { PECS_BOOL, PECS_F32, { .u = 1 }, { .f = 1 }, false },
    { PECS_I32, PECS_F64, { .i = -123456789 }, { .d = -123456789 }, false },
    { PECS_I32, PECS_F32, { .i = 16777217 }, { .f = 16777216 }, true },
    { PECS_I64, PECS_F64, { .i = INT64_MAX }, { .d = 0x1p63 }, true },
    { PECS_U64, PECS_F64, { .u = UINT64_MAX }, { .d = 0x1p64 }, true },
    { PECS_U64, PECS_F64, { .u = 1ull << 63 }, { .d = 0x1p63 }, false },
    { PECS_F32, PECS_F64, { .f = 0.1f }, { .d = (double)0.1f }, false },
    { PECS_F64, PECS_F32, { .d = 0.5 }, { .f = 0.5f }, false },
    { PECS_F64, PECS_F32, { .d = 0.1 }, { .f = 0.1f }, true },
    { PECS_F64, PECS_I32, { .d = -3 }, { .i = -3 }, false },
    { PECS_F64, PECS_I32, { .d = 2.75 }, { .i = 2 }, true },
    { PECS_F64, PECS_I32, { .d = 1e300 }, { .i = INT32_MAX }, true },
    { PECS_F64, PECS_I32, { .d = -1e300 }, { .i = INT32_MIN }, true },
    { PECS_F64, PECS_U64, { .d = 0x1p64 }, { .u = UINT64_MAX }, true },
    { PECS_F64, PECS_U64, { .d = 0x1p63 }, { .u = 1ull << 63 }, false },
    { PECS_F64, PECS_U8, { .d = -0.5 }, { .u = 0 }, true },
    { PECS_F64, PECS_I64, { .d = 0x1p63 }, { .i = INT64_MAX }, true },
    { PECS_F64, PECS_I64, { .d = -0x1p63 }, { .i = INT64_MIN }, false },
    { PECS_F64, PECS_I16, { .d = NAN }, { .i = 0 }, true },
};

static uint32_t kind_bytes(pecs_kind kind)
{
    static const uint32_t sizes[] = {
        [PECS_BOOL] = 1, [PECS_I8] = 1,  [PECS_I16] = 2, [PECS_I32] = 4, [PECS_I64] = 8, [PECS_U8] = 1,
        [PECS_U16] = 2,  [PECS_U32] = 4, [PECS_U64] = 8, [PECS_F32] = 4, [PECS_F64] = 8
    };
    return sizes[kind];
}

Test(migration, numbers_become_the_same_or_the_nearest)
{
    for (size_t i = 0; i < sizeof(number_cases) / sizeof(number_cases[0]); i++) {
        const struct number_case *c = &number_cases[i];
        const pecs_field a = any_field(c->from, kind_bytes(c->from), 1), b = any_field(c->to, kind_bytes(c->to), 1);
        const pecs_type from = any_type(&a, 1, a.size), to = any_type(&b, 2, b.size);
        pecs_error error;
        uint64_t value = 0;
        cr_assert_eq(convert_one(&from, &to, &c->value, PECS_LOSS_NUMBER, &value, &error), PECS_OK, "%zu", i);
        cr_assert_eq(memcmp(&value, &c->expected, b.size), 0, "case %zu", i);
        const pecs_status status = convert_one(&from, &to, &c->value, 0, &value, &error);
        cr_assert_eq(status, c->is_loss ? PECS_E_LAYOUT : PECS_OK, "case %zu", i);
        if (c->is_loss)
            cr_assert_str_eq(error.message,
                             "migration of 'Any' from version 1: entity 0:1: field 'v' has a number that the new kind "
                             "cannot hold, which needs the consent PECS_LOSS_NUMBER");
    }
}

Test(migration, each_pair_of_number_kinds_converts)
{
    for (pecs_kind from_kind = PECS_BOOL; from_kind <= PECS_F64; from_kind++)
        for (pecs_kind to_kind = PECS_BOOL; to_kind <= PECS_F64; to_kind++) {
            const pecs_field a = any_field(from_kind, kind_bytes(from_kind), 1);
            const pecs_field b = any_field(to_kind, kind_bytes(to_kind), 1);
            const pecs_type from = any_type(&a, 1, a.size), to = any_type(&b, 2, b.size);
            pecs_error error;
            uint64_t one = 1, made = 0, expected = 1;
            const float f = 1;
            const double d = 1;
            memcpy(&one,
                   from_kind == PECS_F32   ? (const void *)&f
                   : from_kind == PECS_F64 ? (const void *)&d
                                           : &one,
                   a.size);
            memcpy(&expected,
                   to_kind == PECS_F32   ? (const void *)&f
                   : to_kind == PECS_F64 ? (const void *)&d
                                         : &expected,
                   b.size);
            cr_assert_eq(convert_one(&from, &to, &one, 0, &made, &error), PECS_OK, "%d to %d", from_kind, to_kind);
            cr_assert_eq(memcmp(&made, &expected, b.size), 0, "%d to %d", from_kind, to_kind);
        }
}

Test(migration, an_enum_loses_values_only_with_consent)
{
    pecs_field a = any_field(PECS_ENUM, 1, 1), b = any_field(PECS_ENUM, 2, 1);
    static const char *const few[] = { "Pilot", "Cadet" };
    a.enum_names = old_ranks;
    a.enum_count = 3;
    b.enum_names = few;
    b.enum_count = 2;
    const pecs_type from = any_type(&a, 1, 1), to = any_type(&b, 2, 2);
    pecs_error error;
    uint8_t captain = 2, pilot = 1, cadet = 0;
    uint16_t made = 9;
    cr_assert_eq(convert_one(&from, &to, &cadet, 0, &made, &error), PECS_OK);
    cr_assert_eq(made, 1);
    cr_assert_eq(convert_one(&from, &to, &pilot, 0, &made, &error), PECS_OK);
    cr_assert_eq(made, 0);
    cr_assert_eq(convert_one(&from, &to, &captain, PECS_LOSS_ALL & ~PECS_LOSS_ENUM, &made, &error), PECS_E_LAYOUT);
    cr_assert_not_null(strstr(error.message, "PECS_LOSS_ENUM"), "%s", error.message);
    cr_assert_eq(convert_one(&from, &to, &captain, PECS_LOSS_ENUM, &made, &error), PECS_OK);
    cr_assert_eq(made, 0);
}

Test(migration, an_enum_becomes_a_number_and_a_number_an_enum)
{
    pecs_field a = any_field(PECS_ENUM, 1, 1);
    const pecs_field b = any_field(PECS_I32, 4, 1);
    a.enum_names = old_ranks;
    a.enum_count = 3;
    const pecs_type an_enum = any_type(&a, 1, 1), number = any_type(&b, 2, 4);
    pecs_error error;
    uint8_t rank = 2;
    int32_t made = 0, wrong = 3;
    cr_assert_eq(convert_one(&an_enum, &number, &rank, 0, &made, &error), PECS_OK);
    cr_assert_eq(made, 2);
    rank = 0;
    cr_assert_eq(convert_one(&number, &an_enum, &made, 0, &rank, &error), PECS_OK);
    cr_assert_eq(rank, 2);
    cr_assert_eq(convert_one(&number, &an_enum, &wrong, 0, &rank, &error), PECS_E_LAYOUT);
    cr_assert_eq(convert_one(&number, &an_enum, &wrong, PECS_LOSS_ENUM, &rank, &error), PECS_OK);
    cr_assert_eq(rank, 0);
}

Test(migration, texts_are_cut_between_characters)
{
    const pecs_field a = any_field(PECS_TEXT, 8, 8), b = any_field(PECS_TEXT, 4, 4), c = any_field(PECS_TEXT, 16, 16);
    const pecs_type wide = any_type(&a, 1, 1), narrow = any_type(&b, 2, 1), wider = any_type(&c, 2, 1);
    pecs_error error;
    char made[16];
    cr_assert_eq(convert_one(&wide, &narrow, "abcd\0\0\0\0", 0, made, &error), PECS_OK);
    cr_assert_eq(memcmp(made, "abcd", 4), 0);
    cr_assert_eq(convert_one(&wide, &narrow, "abc\xc3\xa4\0\0\0", 0, made, &error), PECS_E_LAYOUT);
    cr_assert_not_null(strstr(error.message, "PECS_LOSS_LENGTH"), "%s", error.message);
    cr_assert_eq(convert_one(&wide, &narrow, "abc\xc3\xa4\0\0\0", PECS_LOSS_LENGTH, made, &error), PECS_OK);
    cr_assert_eq(memcmp(made, "abc\0", 4), 0);
    cr_assert_eq(convert_one(&wide, &wider, "abcdefgh", 0, made, &error), PECS_OK);
    cr_assert_eq(memcmp(made, "abcdefgh\0\0\0\0\0\0\0\0", 16), 0);
}

Test(migration, arrays_grow_with_zeros_and_lose_only_what_is_not_zero)
{
    const pecs_field a = any_field(PECS_I16, 8, 4), b = any_field(PECS_I32, 8, 2), c = any_field(PECS_I16, 12, 6);
    const pecs_type four = any_type(&a, 1, 2), two = any_type(&b, 2, 4), six = any_type(&c, 2, 2);
    const int16_t full[] = { 1, -2, 3, 4 }, half[] = { 1, -2, 0, 0 };
    int16_t longer[6];
    int32_t shorter[2];
    pecs_error error;
    cr_assert_eq(convert_one(&four, &six, full, 0, longer, &error), PECS_OK);
    cr_assert_eq(memcmp(longer, (const int16_t[]){ 1, -2, 3, 4, 0, 0 }, sizeof(longer)), 0);
    cr_assert_eq(convert_one(&four, &two, half, 0, shorter, &error), PECS_OK);
    cr_assert(shorter[0] == 1 && shorter[1] == -2);
    cr_assert_eq(convert_one(&four, &two, full, 0, shorter, &error), PECS_E_LAYOUT);
    cr_assert_eq(convert_one(&four, &two, full, PECS_LOSS_LENGTH, shorter, &error), PECS_OK);
    cr_assert(shorter[0] == 1 && shorter[1] == -2);
}

Test(migration, grids_keep_rows_and_columns)
{
    pecs_field a = any_field(PECS_U8, 6, 6), b = any_field(PECS_U16, 24, 12), c = any_field(PECS_U8, 2, 2);
    a.columns = 3; /* 2 by 3 */
    b.columns = 4; /* 3 by 4 */
    c.columns = 2; /* 1 by 2 */
    const pecs_type small = any_type(&a, 1, 1), large = any_type(&b, 2, 2), smaller = any_type(&c, 2, 1);
    const uint8_t cells[] = { 1, 2, 3, 4, 5, 6 }, sparse[] = { 1, 2, 0, 0, 0, 0 }, wide[] = { 1, 2, 3, 0, 0, 0 };
    uint16_t grown[12];
    uint8_t cut[2];
    pecs_error error;
    cr_assert_eq(convert_one(&small, &large, cells, 0, grown, &error), PECS_OK);
    cr_assert_eq(memcmp(grown, (const uint16_t[]){ 1, 2, 3, 0, 4, 5, 6, 0, 0, 0, 0, 0 }, sizeof(grown)), 0);
    cr_assert_eq(convert_one(&small, &smaller, sparse, 0, cut, &error), PECS_OK);
    cr_assert(cut[0] == 1 && cut[1] == 2);
    cr_assert_eq(convert_one(&small, &smaller, wide, 0, cut, &error), PECS_E_LAYOUT);
    cr_assert_eq(convert_one(&small, &smaller, cells, PECS_LOSS_LENGTH, cut, &error), PECS_OK);
    cr_assert(cut[0] == 1 && cut[1] == 2);
}

Test(migration, kinds_that_have_nothing_in_common_are_refused)
{
    const pecs_field number = any_field(PECS_F32, 4, 1), text = any_field(PECS_TEXT, 4, 4);
    const pecs_field entity = any_field(PECS_ENTITY, 8, 1), string = any_field(PECS_STRING, 8, 1);
    const pecs_field *const fields[][2] = { { &number, &text }, { &number, &entity }, { &entity, &string } };
    for (size_t i = 0; i < 3; i++) {
        const pecs_type from = any_type(fields[i][0], 1, 4), to = any_type(fields[i][1], 2, i == 2 ? 8 : 4);
        pecs_error error;
        uint8_t value[8] = { 0 };
        cr_assert_eq(convert_one(&from, &to, value, PECS_LOSS_ALL, value, &error), PECS_E_LAYOUT);
        cr_assert_str_eq(error.rule, "TYPE-4");
        cr_assert_not_null(strstr(error.message, "field 'v' is not converted from"), "%s", error.message);
    }
}

/* Pages of a range that are in the process's page table, without those near its ends, which faults of others bring in.
 */
static size_t count_pages(const void *bytes, size_t size_bytes)
{
    enum { PAGE = 4096, NEAR = 2 << 20 };
    const uint64_t first = ((uint64_t)(uintptr_t)bytes + NEAR) / PAGE + 1, count = (size_bytes - 2 * NEAR) / PAGE - 1;
    FILE *pagemap = fopen("/proc/self/pagemap", "r");
    size_t present = 0;
    cr_assert_not_null(pagemap);
    cr_assert_eq(fseek(pagemap, (long)(first * sizeof(uint64_t)), SEEK_SET), 0);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t entry;
        cr_assert_eq(fread(&entry, sizeof(entry), 1, pagemap), 1);
        present += entry >> 63;
    }
    fclose(pagemap);
    return present;
}

Test(migration, a_resume_reads_no_page_of_other_columns)
{
    enum { MANY = 600000 };
    typedef struct {
        int64_t number;
    } Wide;
    static const pecs_field short_field = { "v", PECS_I32, 0, 4, 1, 0, NULL, NULL, 0, (pecs_kind)0, 0 };
    static const pecs_field long_field = { "v", PECS_I64, 0, 8, 1, 0, NULL, NULL, 0, (pecs_kind)0, 0 };
    static const pecs_type short_type = { "Number", { { 0 } }, 1, 4, 4, 1, &short_field, 0 };
    static const pecs_type long_type = { "Number", { { 0 } }, 2, 8, 8, 1, &long_field, 0 };
    static const pecs_type *const before[] = { &short_type, &Position_type }, *const after[] = { &long_type,
                                                                                                 &Position_type };
    old_registry = registry_with(before, 2, NULL);
    new_registry = registry_with(after, 2, NULL);
    pecs_world *world = world_of(old_registry, NULL, 1);
    pecs_entity *all = malloc(MANY * sizeof(*all));
    const pecs_value values[] = { { 0, 4, NULL }, { 1, sizeof(Position), NULL } };
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    must(all && pecs_world_spawn(world, values, 2, MANY, all) == PECS_OK);
    cr_assert_eq(try_migrate(world, BY_RESUME, NULL, &snapshot, &error), PECS_OK, "%s", error.message);
    const pecs_view view = pecs_snapshot_view(snapshot);
    const Position *positions = pecs_get_as(view, all[0], 1, Position);
    const Wide *numbers = pecs_get_as(view, all[0], 0, Wide);
    cr_assert_eq(numbers->number, 0);
    cr_assert_eq(count_pages(positions, MANY * sizeof(Position)), 0);
    free(all);
    pecs_snapshot_release(snapshot);
    end_migration(world);
}
