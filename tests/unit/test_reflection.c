/* Reflection: what a view says of its types, those of the program and those that only the file has. */
#include "unknown_fixture.h"

TestSuite(reflection, .init = enter_folder, .fini = leave_folder);

/* What a field must be; names of enum values are compared by hand. */
struct expected_field {
    const char *name;
    pecs_kind kind;
    uint32_t offset, size, count, columns, enum_count;
};

static const struct expected_field secret_fields[] = {
    { "i64", PECS_I64, 0, 8, 1, 0, 0 },          { "u64", PECS_U64, 8, 8, 1, 0, 0 },
    { "f64", PECS_F64, 16, 8, 1, 0, 0 },         { "owner", PECS_ENTITY, 24, 8, 1, 0, 0 },
    { "friends", PECS_ENTITY, 32, 16, 2, 0, 0 }, { "i32", PECS_I32, 48, 4, 1, 0, 0 },
    { "u32", PECS_U32, 52, 4, 1, 0, 0 },         { "f32", PECS_F32, 56, 4, 1, 0, 0 },
    { "grid", PECS_F32, 60, 24, 6, 3, 0 },       { "inners", PECS_STRUCT, 84, 16, 2, 0, 0 },
    { "i16", PECS_I16, 100, 2, 1, 0, 0 },        { "u16", PECS_U16, 102, 2, 1, 0, 0 },
    { "moods", PECS_ENUM, 104, 4, 2, 0, 2 },     { "i8", PECS_I8, 108, 1, 1, 0, 0 },
    { "u8", PECS_U8, 109, 1, 1, 0, 0 },          { "flag", PECS_BOOL, 110, 1, 1, 0, 0 },
    { "name", PECS_TEXT, 111, 5, 5, 0, 0 },      { "color", PECS_ENUM, 116, 1, 1, 0, 3 },
    { NULL, PECS_PADDING, 117, 3, 3, 0, 0 },
};
static const struct expected_field inner_fields[] = {
    { "x", PECS_F32, 0, 4, 1, 0, 0 },
    { "tint", PECS_U8, 4, 1, 1, 0, 0 },
    { NULL, PECS_PADDING, 5, 3, 3, 0, 0 },
};

static void check_fields(const pecs_type *type, const struct expected_field *expected, uint32_t count)
{
    cr_assert_eq(type->field_count, count);
    for (uint32_t i = 0; i < count; i++) {
        const pecs_field *field = &type->fields[i];
        cr_assert_eq(!field->name, !expected[i].name);
        if (field->name)
            cr_assert_str_eq(field->name, expected[i].name);
        cr_assert_eq(field->kind, expected[i].kind, "%s", field->name);
        cr_assert_eq(field->offset, expected[i].offset, "%s", field->name);
        cr_assert_eq(field->size, expected[i].size, "%s", field->name);
        cr_assert_eq(field->count, expected[i].count, "%s", field->name);
        cr_assert_eq(field->columns, expected[i].columns, "%s", field->name);
        cr_assert_eq(field->enum_count, expected[i].enum_count, "%s", field->name);
        cr_assert_eq(field->nested != NULL, field->kind == PECS_STRUCT);
        cr_assert_eq(field->enum_names != NULL, field->kind == PECS_ENUM);
    }
}

static void check_secret(const pecs_type *type)
{
    cr_assert_str_eq(type->name, "Secret");
    cr_assert_eq(type->version, 3);
    cr_assert_eq(type->size, 120);
    cr_assert_eq(type->align, 8);
    check_fields(type, secret_fields, sizeof(secret_fields) / sizeof(secret_fields[0]));
    const pecs_type *inner = type->fields[9].nested;
    cr_assert_str_eq(inner->name, "inners", "a nested struct has the name of its field");
    cr_assert_eq(inner->size, 8);
    cr_assert_eq(inner->align, 4);
    check_fields(inner, inner_fields, 3);
    for (int i = 0; i < 2; i++)
        cr_assert_str_eq(type->fields[12].enum_names[i], i ? "angry" : "calm");
    cr_assert_str_eq(type->fields[17].enum_names[0], "red");
    cr_assert_str_eq(type->fields[17].enum_names[1], "green");
    cr_assert_str_eq(type->fields[17].enum_names[2], "blue");
}

Test(reflection, an_unknown_type_is_described)
{
    each_verb(visit)
    {
        check_secret(pecs_view_type(visit.view, visit.secret));
        const pecs_type *tag = pecs_view_type(visit.view, visit.hidden);
        cr_assert_str_eq(tag->name, "Hidden");
        cr_assert_eq(tag->size, 0);
        cr_assert_eq(tag->align, 1);
        cr_assert_eq(tag->field_count, 0);
        const pecs_type *health = pecs_view_type(visit.view, visit.health);
        cr_assert_eq(health->size, sizeof(Health));
        cr_assert_eq(health->fields[1].offset, 4);
    }
}

/* Types live as long as a world or snapshot that comes from the file: here one that was made from another. */
Test(reflection, types_live_as_long_as_what_comes_from_the_file)
{
    struct visit visit = begin_visit(RESUME);
    const pecs_type *type = pecs_view_type(visit.view, visit.secret);
    pecs_snapshot *snapshot = take(visit.world);
    pecs_world *plain = world_of(visit.b, NULL, 0);
    cr_assert_eq(pecs_world_restore(plain, snapshot), PECS_OK);
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(visit.world);
    visit.world = plain;
    visit.view = pecs_world_view(plain);
    cr_assert_eq(pecs_view_type(visit.view, visit.secret), type);
    check_secret(type);
    end_visit(&visit);
}

Test(reflection, numbers_names_and_ids)
{
    each_verb(visit)
    {
        /* B's two, pecs.id, and what A's tables have: Secret, Hidden, Ticks, Health */
        cr_assert_eq(pecs_view_type_count(visit.view), B_TYPE_COUNT + 1 + 4);
        cr_assert_eq(pecs_view_type(visit.view, B_TEAM), &Team_type, "the program's own");
        cr_assert_str_eq(pecs_view_type(visit.view, B_TYPE_COUNT)->name, "pecs.id");
        cr_assert_eq(number_of(visit.view, "Position"), B_POSITION);
        pecs_id previous = { { 0 } };
        for (pecs_component i = 0; i < pecs_view_type_count(visit.view); i++) {
            pecs_component number = 999;
            cr_assert(pecs_view_component_at(visit.view, i, &number));
            cr_assert_eq(number, i, "those of a registry's first file follow one another");
            const pecs_id id = pecs_view_type_id(visit.view, i);
            pecs_component found = 999;
            cr_assert_eq(pecs_view_component_by_id(visit.view, id, &found), PECS_OK);
            cr_assert_eq(found, i);
            cr_assert_eq(number_of(visit.view, pecs_view_type(visit.view, i)->name), i);
            if (i > B_TYPE_COUNT) {
                cr_assert_lt(memcmp(&previous, &id, sizeof(id)), 0, "unknown ones ascend");
                previous = id;
            }
        }
        const pecs_component beyond = (pecs_component)pecs_view_type_count(visit.view);
        const pecs_id zero = { { 0 } }, nothing = pecs_view_type_id(visit.view, beyond);
        cr_assert_null(pecs_view_type(visit.view, beyond));
        cr_assert_not(pecs_view_component_at(visit.view, beyond, &(pecs_component){ 0 }));
        cr_assert_null(pecs_view_type(visit.view, UINT32_MAX));
        cr_assert_eq(memcmp(&nothing, &zero, sizeof(zero)), 0);
        pecs_component component = 999;
        cr_assert_eq(pecs_view_component(visit.view, "Frozen", &component), PECS_E_ABSENT, "no table of A's has it");
        cr_assert_eq(pecs_view_component(visit.view, "", &component), PECS_E_ABSENT);
        cr_assert_eq(pecs_view_component_by_id(visit.view, zero, &component), PECS_E_ABSENT);
        const pecs_id highest = { { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 } };
        cr_assert_eq(pecs_view_component_by_id(visit.view, highest, &component), PECS_E_ABSENT);
        cr_assert_eq(component, 999);
        cr_assert_eq(pecs_view_component(visit.view, NULL, &component), PECS_E_MISUSE);
        cr_assert_eq(pecs_view_component(visit.view, "Secret", NULL), PECS_E_MISUSE);
        cr_assert_eq(pecs_view_component_by_id(visit.view, zero, NULL), PECS_E_MISUSE);
        cr_assert_eq(pecs_registry_type_count(visit.b), B_TYPE_COUNT, "the registry is as it was");
    }
}

static bool has_exactly(const pecs_component *components, size_t count, const pecs_component *expected,
                        size_t expected_count)
{
    bool same_set = count == expected_count;
    for (size_t i = 0; same_set && i < count; i++) {
        bool found = false;
        for (size_t j = 0; j < expected_count; j++)
            found = found || components[i] == expected[j];
        same_set = found && (i == 0 || components[i - 1] < components[i]);
    }
    return same_set;
}

Test(reflection, components_tables_and_singletons)
{
    each_verb(visit)
    {
        const pecs_component sets[3][3] = { { B_POSITION, visit.secret },
                                            { B_POSITION, visit.hidden, visit.health },
                                            { B_POSITION } };
        const size_t set_counts[] = { 2, 3, 1 }, row_counts[] = { SECRET_COUNT, TAGGED_COUNT, PLAIN_COUNT };
        const pecs_entity entities[] = { first_secret, first_tagged, first_plain };
        size_t count;
        for (int i = 0; i < 3; i++) {
            const pecs_component *list = pecs_view_components(visit.view, entities[i], &count);
            cr_assert(has_exactly(list, count, sets[i], set_counts[i]), "%d", i);
            pecs_table table;
            cr_assert(pecs_view_table(visit.view, (uint64_t)i, &table));
            cr_assert(has_exactly(table.components, table.component_count, sets[i], set_counts[i]));
            cr_assert_eq(table.row_count, row_counts[i]);
            cr_assert_not(table.is_singletons);
        }
        const pecs_component *singletons = pecs_view_singletons(visit.view, &count);
        cr_assert(has_exactly(singletons, count, &visit.ticks, 1));
        pecs_table table;
        cr_assert(pecs_view_table(visit.view, 3, &table));
        cr_assert(table.is_singletons);
        cr_assert_eq(table.row_count, 1);
        cr_assert_not(pecs_view_table(visit.view, 4, &table));
        cr_assert_not(pecs_view_table(visit.view, UINT64_MAX, &table));
        cr_assert_null(pecs_view_components(visit.view, none, &count));
        cr_assert_eq(count, 0);
        cr_assert_eq(pecs_world_remove_singleton(visit.world, visit.ticks), PECS_OK);
        count = 99;
        cr_assert_null(pecs_view_singletons(visit.view, &count));
        cr_assert_eq(count, 0);
    }
}

/* A file's type with the name of one of the program's, but another id: both are there, the program's is found first. */
Test(reflection, a_name_that_the_program_has_too)
{
    pecs_type other_team = Health_type;
    other_team.name = "Team";
    other_team.id = (pecs_id){ { 9, 9, 9 } };
    const pecs_type *const other_types[] = { &other_team };
    pecs_registry *other = make_registry(other_types, 1, counting_hooks), *b = program_b();
    pecs_world *world = world_of(other, NULL, 6);
    const pecs_entity entity = spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(0, Health, 4, 5) }, 1);
    save_world(world, "world.pecs");
    pecs_world_destroy(world);
    pecs_registry_release(other);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        world = open_world(b, verb, "world.pecs");
        const pecs_view view = pecs_world_view(world);
        pecs_component component;
        cr_assert_eq(number_of(view, "Team"), B_TEAM);
        cr_assert_eq(pecs_view_component_by_id(view, other_team.id, &component), PECS_OK);
        cr_assert_eq(component, B_TYPE_COUNT + 1);
        cr_assert_str_eq(pecs_view_type(view, component)->name, "Team");
        cr_assert_eq(pecs_get_as(view, entity, component, Health)->max, 5);
        cr_assert_not(pecs_view_has(view, entity, B_TEAM));
        pecs_world_destroy(world);
    }
    pecs_registry_release(b);
    assert_no_leak();
}

Test(reflection, kinds_have_names)
{
    static const char *const names[] = {
        "bool", "i8",  "i16",  "i32",    "i64",    "u8",   "u16",  "u32",    "u64",
        "f32",  "f64", "text", "entity", "string", "blob", "enum", "struct", "padding"
    };
    for (int i = 0; i < 18; i++)
        cr_assert_str_eq(pecs_kind_name((pecs_kind)(PECS_BOOL + i)), names[i]);
    cr_assert_eq(PECS_BOOL, 1);
    cr_assert_eq(PECS_PADDING, 18);
    cr_assert(pecs_kind_size(PECS_ENTITY) == 8 && pecs_kind_align(PECS_ENTITY) == 4);
    cr_assert(pecs_kind_size(PECS_U16) == 2 && pecs_kind_align(PECS_U16) == 2);
    cr_assert(pecs_kind_size(PECS_ENUM) == 0 && pecs_kind_align(PECS_STRUCT) == 0);
    cr_assert(pecs_kind_size((pecs_kind)0) == 0 && pecs_kind_align((pecs_kind)20) == 0);
    cr_assert_null(pecs_kind_name((pecs_kind)0));
    cr_assert_null(pecs_kind_name((pecs_kind)20));
    cr_assert_null(pecs_kind_name((pecs_kind)-1));
}
