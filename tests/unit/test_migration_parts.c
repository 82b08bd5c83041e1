/* Conversion of what lies within values: arrays of texts and structs, defaults in them, contents, and their counts. */
#define _GNU_SOURCE
#include "content.h"
#include "format_patches.h"
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

/* A function that writes to a component which the entity has already, with contents of its own. */
typedef struct {
    int32_t number, spare;
} Nick;
PECS_COMPONENT_OF(Nick, "Nick", 1, PECS_FIELD(Nick, number), PECS_FIELD_PADDING(Nick, spare));
typedef struct {
    pecs_string full, nick;
} Name;
PECS_COMPONENT(Name, 1, full, nick);

static pecs_status add_nick(void *user, pecs_migration_rows *rows, pecs_error *error)
{
    Name *name = rows->to[0];
    (void)user, (void)error;
    for (size_t i = 0; i < rows->count; i++)
        name[i].nick = pecs_string_of("the nickname that was added");
    return PECS_OK;
}

static uint64_t units_of_state(const struct pecs_snapshot *state)
{
    uint64_t units = 0;
    for (uint32_t i = 0; i < state->table_count; i++) {
        const struct table *table = state_table(state, i);
        for (uint32_t column = HANDLE_COLUMN + 1; column < table->archetype->column_count; column++) {
            const struct component *type = state_component(state, table->archetype->column_components[column]);
            for (uint64_t row = 0; component_has_contents(type) && row < table->row_count; row++)
                units += contents_count_units(state_heap(state), type, table_value(table, column, row), 1);
        }
    }
    return units;
}

static const pecs_type *const names_before[] = { &Name_type, &Nick_type }, *const to_name[] = { &Name_type };
static const pecs_migration name_migrations[] = { { &Nick_type, to_name, 1, add_nick, NULL, false } };
static const pecs_history name_history = { .migrations = name_migrations, .migration_count = 1 };

Test(migration_parts, a_function_changes_contents_that_the_entity_has)
{
    for (int way = 0; way < WAY_COUNT; way++) {
        pecs_entity entity[2];
        size_t size;
        old_registry = registry_with(names_before, 2, NULL);
        new_registry = registry_with(names_before, 1, &name_history);
        pecs_world *world = world_of(old_registry, NULL, 1);
        const Name name = { pecs_string_of("a full name of some length"), pecs_string_of("an old nickname") };
        const Nick nick = { 4, 0 };
        const pecs_value values[] = { { 0, sizeof(name), &name }, { 1, sizeof(nick), &nick } };
        for (int i = 0; i < 2; i++) /* one of a table that merges with the other's */
            must(pecs_world_spawn(world, values, i ? 1 : 2, 1, &entity[i]) == PECS_OK);
        must(pecs_world_set_singleton(world, 0, sizeof(name), &name) == PECS_OK);
        must(pecs_world_set_singleton(world, 1, sizeof(nick), &nick) == PECS_OK);
        pecs_snapshot *snapshot = migrate(world, way, NULL);
        const pecs_view view = pecs_snapshot_view(snapshot);
        check_state(snapshot);
        const Name *changed = pecs_get_as(view, entity[0], 0, Name), *kept = pecs_get_as(view, entity[1], 0, Name);
        cr_assert_str_eq(pecs_view_string(view, changed->full, &size), "a full name of some length");
        cr_assert_str_eq(pecs_view_string(view, changed->nick, &size), "the nickname that was added");
        cr_assert_str_eq(pecs_view_string(view, kept->nick, &size), "an old nickname");
        cr_assert_eq(state_heap(snapshot)->live_units, units_of_state(snapshot));
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}

/* A type between, which the file has too, of entities of its own: what its history says counts for it all the same. */
typedef struct {
    int32_t a;
} Old1;
PECS_COMPONENT(Old1, 1, a);
typedef struct {
    int32_t b, c;
} Old2;
PECS_COMPONENT(Old2, 1, b, c);
typedef struct {
    int32_t b, c, d;
} Final;
PECS_COMPONENT(Final, 1, b, c, d);
static const pecs_type *const olds[] = { &Old1_type, &Old2_type }, *const finals[] = { &Final_type },
                              *const to_old2[] = { &Old2_type };
static const pecs_rename old2_renames[] = { { "b", "a" } };
static const Old2 old2_default = { .c = 7 };
static const Final final_default = { .d = 8 };
static const pecs_type_history old2_types[] = { { &Old2_type, NULL, 0, old2_renames, 1, &old2_default, 0 },
                                                { &Final_type, NULL, 0, NULL, 0, &final_default, 0 } };
static const pecs_migration old2_migrations[] = { { &Old1_type, to_old2, 1, NULL, NULL, false },
                                                  { &Old2_type, finals, 1, NULL, NULL, false } };
static const pecs_history old2_history = {
    .types = old2_types, .type_count = 2, .migrations = old2_migrations, .migration_count = 2
};

Test(migration_parts, the_history_of_a_type_between_counts_if_the_file_has_it)
{
    for (int way = 0; way < WAY_COUNT; way++) {
        pecs_entity one, two;
        old_registry = registry_with(olds, 2, NULL);
        new_registry = registry_with(finals, 1, &old2_history);
        pecs_world *world = world_of(old_registry, NULL, 1);
        must(pecs_world_spawn(world, (pecs_value[]){ { 0, 4, &(Old1){ 5 } } }, 1, 1, &one) == PECS_OK);
        must(pecs_world_spawn(world, (pecs_value[]){ { 1, 8, &(Old2){ 1, 2 } } }, 1, 1, &two) == PECS_OK);
        pecs_snapshot *snapshot = migrate(world, way, NULL);
        const Final *first = pecs_get_as(pecs_snapshot_view(snapshot), one, 0, Final);
        const Final *second = pecs_get_as(pecs_snapshot_view(snapshot), two, 0, Final);
        cr_assert(first->b == 5 && first->c == 7 && first->d == 8, "%d %d %d", first->b, first->c, first->d);
        cr_assert(second->b == 1 && second->c == 2 && second->d == 8);
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}

/* Defaults. */

typedef struct {
    uint8_t team;
} Side1;
PECS_COMPONENT_OF(Side1, "Side", 1, PECS_FIELD(Side1, team));
typedef struct {
    uint8_t team, mood;
    bool is_open;
    char text[5];
    pecs_entity leader;
} Side2;
static const char *const side_moods[] = { "Calm", "Angry" };
PECS_COMPONENT_OF(Side2, "Side", 2, PECS_FIELD(Side2, team), PECS_FIELD_ENUM(Side2, mood, side_moods),
                  PECS_FIELD(Side2, is_open), PECS_FIELD(Side2, text), PECS_FIELD(Side2, leader));
static const pecs_type *const sides[] = { &Side1_type, &Side2_type };

Test(migration_parts, defaults_are_valid_values)
{
    Side2 wrong[5] = { { .text = { 0 } } };
    static const char *const fields[] = { "enum at byte 1", "bool at byte 2", "text at byte 3", "text at byte 3",
                                          "entity at byte 8" };
    wrong[0].mood = 2;
    memcpy(&wrong[1].is_open, &(uint8_t){ 2 }, 1);
    wrong[2].text[0] = (char)0xff;
    wrong[3].text[1] = 'a';
    wrong[4].leader = (pecs_entity){ 3, 1 };
    for (size_t i = 0; i < 5; i++) {
        pecs_error error = { .message = "" };
        const pecs_type_history type = { .type = &Side2_type, .defaults = &wrong[i] };
        const pecs_history history = { .types = &type, .type_count = 1 };
        cr_assert_eq(refuse_history(sides + 1, 1, &history, &error), PECS_E_MISUSE, "default %zu", i);
        cr_assert_not_null(strstr(error.message, fields[i]), "%s", error.message);
    }
}

typedef struct {
    int16_t x;
} Spot1;
PECS_COMPONENT(Spot1, 1, x);
typedef struct {
    int16_t x, y;
} Spot2;
PECS_COMPONENT(Spot2, 1, x, y);
typedef struct {
    Spot1 spots[2];
} Way1;
PECS_COMPONENT_OF(Way1, "Way", 1, PECS_FIELD_STRUCT(Way1, spots, Spot1));
typedef struct {
    Spot2 spots[3];
} Way2;
PECS_COMPONENT_OF(Way2, "Way", 2, PECS_FIELD_STRUCT(Way2, spots, Spot2));
static const pecs_type *const ways[] = { &Way1_type, &Way2_type };

/* A default of the struct holds one for each element; the nested type's own, if there is one, comes before it. */
Test(migration_parts, elements_have_defaults_of_their_own)
{
    static const Way2 defaults = { { { 10, 11 }, { 20, 21 }, { 30, 31 } } };
    static const Spot2 spot = { 40, 41 };
    static const pecs_type_history types[] = { { .type = &Way2_type, .defaults = &defaults },
                                               { .type = &Spot2_type, .defaults = &spot } };
    static const int16_t expected[2][3] = { { 11, 21, 31 }, { 41, 41, 31 } };
    for (size_t i = 0; i < 2; i++) {
        const pecs_history history = { .types = types, .type_count = 1 + i };
        pecs_world *world = world_of_one(ways, &(Way1){ { { 1 }, { 2 } } });
        new_registry = registry_with(ways + 1, 1, &history);
        pecs_snapshot *snapshot = migrate(world, BY_LOAD, NULL);
        const Way2 *way = pecs_get_as(pecs_snapshot_view(snapshot), ((pecs_entity){ 0, 1 }), 0, Way2);
        cr_assert(way->spots[0].x == 1 && way->spots[1].x == 2 && way->spots[2].x == 30);
        for (int j = 0; j < 3; j++)
            cr_assert_eq(way->spots[j].y, expected[i][j], "%zu: element %d has %d", i, j, way->spots[j].y);
        pecs_snapshot_release(snapshot);
        end_migration(world);
    }
}

/* A resumed file whose values all refer to one list: to convert each would take its size times their number. */
typedef struct {
    uint32_t number;
    bool is_set;
    uint8_t spare[3];
} Flag1;
PECS_COMPONENT_OF(Flag1, "Flag", 1, PECS_FIELD(Flag1, number), PECS_FIELD(Flag1, is_set),
                  PECS_FIELD_PADDING(Flag1, spare));
typedef struct {
    uint64_t number;
    bool is_set;
    uint8_t spare[7];
} Flag2;
PECS_COMPONENT_OF(Flag2, "Flag", 2, PECS_FIELD(Flag2, number), PECS_FIELD(Flag2, is_set),
                  PECS_FIELD_PADDING(Flag2, spare));

/* By a resume, which reads no other values. */
Test(migration_parts, an_invalid_value_is_named_with_its_place)
{
    enum { FLAGS = 5000, WRONG = 4321 };
    static const pecs_type *const before[] = { &Flag1_type }, *const after[] = { &Flag2_type };
    pecs_snapshot *snapshot = NULL;
    pecs_error error = { .message = "" };
    old_registry = registry_with(before, 1, NULL);
    new_registry = registry_with(after, 1, NULL);
    pecs_world *world = world_of(old_registry, NULL, 1);
    const pecs_value value = { 0, sizeof(Flag1), NULL };
    must(pecs_world_spawn(world, &value, 1, FLAGS, NULL) == PECS_OK);
    save_world(world, "old.pecs");
    struct file_image file = read_image("old.pecs");
    const uint64_t values = get64(&file, file.runs + sizeof(struct run_record) + offsetof(struct run_record, offset));
    const uint64_t wrong = values + WRONG * sizeof(Flag1) + offsetof(Flag1, is_set);
    file.bytes[wrong] = 2;
    write_image(&file, "wrong.pecs");
    free_image(&file);
    cr_assert_eq(pecs_snapshot_resume(new_registry, "wrong.pecs", NULL, &snapshot, &error), PECS_E_CORRUPT);
    cr_assert_eq(error.status, PECS_E_CORRUPT);
    cr_assert_eq(error.offset, wrong);
    cr_assert_str_eq(error.rule, "VALUE-1");
    end_migration(world);
}

/* The place in a compressed file is the block: here in the second segment. A converted snapshot has no file to name. */
Test(migration_parts, an_invalid_value_in_a_block_is_named_with_its_block)
{
    enum { FLAGS = 5000, WRONG = 4321 };
    static const pecs_type *const before[] = { &Flag1_type }, *const after[] = { &Flag2_type };
    const pecs_save_options packed = { .skip_sync = true, .skip_check = true, .profile = PECS_PROFILE_SMALL };
    pecs_snapshot *snapshot = NULL, *converted = NULL;
    pecs_error error = { .message = "" };
    old_registry = registry_with(before, 1, NULL);
    new_registry = registry_with(after, 1, NULL);
    pecs_world *world = world_of(old_registry, NULL, 1);
    Flag1 *flags = calloc(FLAGS, sizeof(*flags));
    memset(&flags[WRONG].is_set, 2, 1);
    must(pecs_world_spawn(world, &(pecs_value){ 0, sizeof(Flag1), flags }, 1, FLAGS, NULL) == PECS_OK);
    free(flags);
    cr_assert_eq(pecs_world_save(world, "old.pecs", &packed, &error), PECS_OK, "%s", error.message);
    struct file_bytes file = read_bytes("old.pecs");
    cr_assert_eq(pecs_snapshot_resume(new_registry, "old.pecs", NULL, &snapshot, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.rule, "VALUE-1");
    cr_assert(error.offset > 0 && error.offset < file.size, "%lu", (unsigned long)error.offset);
    cr_assert_eq(memcmp(file.bytes + error.offset, "\x28\xb5\x2f\xfd", 4), 0); /* where a frame of zstd begins */
    cr_assert_eq(pecs_snapshot_resume(old_registry, "old.pecs", NULL, &snapshot, &error), PECS_OK);
    cr_assert_eq(pecs_snapshot_convert(snapshot, new_registry, &converted, &error), PECS_E_CORRUPT);
    cr_assert_eq(error.offset, 0);
    pecs_snapshot_release(snapshot);
    free(file.bytes);
    end_migration(world);
}

typedef struct {
    pecs_list marks;
} Path1;
PECS_COMPONENT_OF(Path1, "Path", 1, PECS_FIELD_LIST(Path1, marks, uint8_t));
typedef struct {
    pecs_list marks;
} Path2;
PECS_COMPONENT_OF(Path2, "Path", 2, PECS_FIELD_LIST(Path2, marks, uint64_t));

Test(migration_parts, contents_that_values_share_are_not_multiplied)
{
    enum { PATHS = 1000, MARKS = 20000 };
    static const pecs_type *const before[] = { &Path1_type }, *const after[] = { &Path2_type };
    static const uint8_t marks[MARKS] = { 1 };
    pecs_snapshot *snapshot = NULL;
    pecs_error error = { .message = "" };
    old_registry = registry_with(before, 1, NULL);
    new_registry = registry_with(after, 1, NULL);
    pecs_world *world = world_of(old_registry, NULL, 1);
    for (int i = 0; i < PATHS; i++) {
        const Path1 path = { pecs_list_of(PECS_BYTES(marks, i ? 1 : MARKS)) };
        must(pecs_world_spawn(world, (pecs_value[]){ { 0, sizeof(path), &path } }, 1, 1, NULL) == PECS_OK);
    }
    save_world(world, "old.pecs");
    struct file_image file = read_image("old.pecs");
    const uint64_t values = get64(&file, file.runs + sizeof(struct run_record) + offsetof(struct run_record, offset));
    cr_assert_eq(get64(&file, values) >> 40, MARKS, "the first value");
    for (uint64_t i = 1; i < PATHS; i++)
        put64(&file, values + i * 8, get64(&file, values));
    write_image(&file, "shared.pecs");
    free_image(&file);
    const uint64_t before_bytes = counting.live_bytes;
    counting.peak_bytes = before_bytes;
    cr_assert_eq(pecs_snapshot_load(new_registry, "shared.pecs", NULL, &snapshot, &error), PECS_E_CORRUPT);
    cr_assert_eq(pecs_snapshot_resume(new_registry, "shared.pecs", NULL, &snapshot, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.message, "values of 'Path' share their contents with others");
    cr_assert(error.offset >= values && error.offset < values + PATHS * sizeof(Path1));
    cr_assert_leq(counting.peak_bytes - before_bytes, 8 << 20);
    pecs_snapshot *good = migrate(world, BY_RESUME, NULL);
    pecs_snapshot_release(good);
    end_migration(world);
}
