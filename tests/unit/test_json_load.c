/* Documents that people write: what may be left out, names, numbers, what is refused and with which words. */
#include "json_world_fixture.h"

#include <float.h>
#include <locale.h>
#include <math.h>

static pecs_registry *registry;
static pecs_snapshot *loaded;

static void set_up(void)
{
    registry = json_registry();
}

static void tear_down(void)
{
    pecs_snapshot_release(loaded);
    pecs_registry_release(registry);
}

static void load(const char *text)
{
    pecs_error error;
    cr_assert(json_read(registry, text, strlen(text), NULL, NULL, &loaded, &error) == PECS_OK, "%s", error.message);
}

static void check_refused_with(const char *text, const pecs_json_options *options,
                               const pecs_load_options *load_options, pecs_status status, const char *message)
{
    pecs_error error = { 0 };
    const pecs_status found = json_read(registry, text, strlen(text), options, load_options, &loaded, &error);
    cr_assert(found == status && error.status == status, "%s, not %s, of %s: %s", pecs_status_name(found),
              pecs_status_name(status), text, error.message);
    cr_assert_str_eq(error.message, message);
}

static void check_refused(const char *text, const char *message)
{
    check_refused_with(text, NULL, NULL, PECS_E_CORRUPT, message);
}

/* A document of one entity. */
#define ENTITY(components) "{\"version\": 1, \"entities\": [\n{\"components\": {" components "}}]}"

/* As a file that has components of a transient type. */
static void check_refused_transient(const char *text, const char *message)
{
    check_refused_with(text, NULL, NULL, PECS_E_LAYOUT, message);
}

TestSuite(json_load, .init = set_up, .fini = tear_down);

Test(json_load, a_short_document_is_enough)
{
    load("{\"version\": 1}");
    pecs_summary summary;
    pecs_view_summary(pecs_snapshot_view(loaded), &summary);
    cr_assert(summary.entity_count == 0);
}

Test(json_load, transient_components_are_refused)
{
    check_refused_transient(ENTITY("\"Selected\": {}"),
                            "line 2, column 17: entity number 1, component Selected: the type "
                            "is transient in the program: no save has it");
    check_refused_transient(
        "{\"version\": 1, \"singletons\": {\n\"Selected\": {}}}",
        "line 2, column 13: singleton, component Selected: the type is transient in the program: no save has it");
}

Test(json_load, fields_that_are_left_out_are_zero)
{
    load(ENTITY("\"Shapes\": {\"slots\": [4, 5, 6]}, \"Story\": {}, \"Frozen\": {}"));
    const pecs_view view = pecs_snapshot_view(loaded);
    const pecs_entity entity = { 0, 1 };
    const Shapes expected = { .slots = { 4, 5, 6 } };
    const Shapes *shapes = pecs_get(view, entity, Shapes);
    cr_assert(shapes && memcmp(shapes, &expected, sizeof(expected)) == 0);
    cr_assert(pecs_get(view, entity, Story)->name.reference == 0 && pecs_has(view, entity, Frozen));
}

Test(json_load, names_stand_for_entities_before_and_after)
{
    load("{\"version\": 1, \"entities\": [\n"
         "{\"id\": \"a\", \"components\": {\"Shapes\": {\"target\": \"b\"}}},\n"
         "{\"components\": {\"Shapes\": {\"target\": \"a\"}}},\n"
         "{\"id\": \"b\", \"components\": {\"Story\": {\"ties\": [{\"who\": \"ab\"}]}}},\n"
         "{\"id\": \"ab\", \"components\": {}}]}");
    const pecs_view view = pecs_snapshot_view(loaded);
    const pecs_entity a = { 0, 1 }, b = { 1, 1 }, between = { 2, 1 }, ab = { 3, 1 };
    cr_assert(memcmp(&pecs_get(view, a, Shapes)->target, &b, sizeof(b)) == 0);
    cr_assert(memcmp(&pecs_get(view, between, Shapes)->target, &a, sizeof(a)) == 0);
    size_t count;
    const Tie *ties = pecs_view_list(view, pecs_get(view, b, Story)->ties, Tie, &count);
    cr_assert(count == 1 && memcmp(&ties->who, &ab, sizeof(ab)) == 0 && pecs_view_alive(view, ab));
}

Test(json_load, an_entity_added_by_hand_gets_the_next_slot)
{
    load("{\"version\": 1, \"dead\": [\"9:3\"], \"entities\": [{\"entity\": \"5:7\"}, {}]}");
    const pecs_view view = pecs_snapshot_view(loaded);
    cr_assert(pecs_view_alive(view, (pecs_entity){ 5, 7 }) && pecs_view_alive(view, (pecs_entity){ 10, 1 }));
    cr_assert(pecs_view_slot(view, 9).generation == 3 && !pecs_view_alive(view, (pecs_entity){ 9, 3 }));
}

/* The entity that was born with it is dead, or lives in another world. */
Test(json_load, an_id_may_be_of_a_birth_in_the_session)
{
    load("{\"version\": 1, \"session\": \"000000000000007\", \"entities\": [\n"
         "{\"entity\": \"0:1\", \"id\": \"00000000-0000-8007-8000-000100000004\"},\n"
         "{\"entity\": \"1:1\"}]}");
    const pecs_view view = pecs_snapshot_view(loaded);
    pecs_id ids[2];
    pecs_entity found;
    const char *const texts[] = { "00000000-0000-8007-8000-000100000004", "00000000-0000-8007-8000-000100000001" };
    for (uint32_t i = 0; i < 2; i++) {
        cr_assert(pecs_id_parse(texts[i], &ids[i]) == PECS_OK);
        cr_assert(pecs_view_find(view, ids[i], &found) == PECS_OK && found.index == i && found.generation == 1);
    }
}

Test(json_load, a_type_of_the_document_needs_no_padding_and_no_sizes)
{
    load("{\"version\": 1, \"types\": [{\"id\": \"New\", \"fields\": [{\"name\": \"a\", \"kind\": \"u8\"}, "
         "{\"name\": \"b\", \"kind\": \"f64\"}, {\"name\": \"c\", \"kind\": \"enum\", \"names\": [\"x\", \"y\"]}, "
         "{\"name\": \"l\", \"kind\": \"list\", \"element\": {\"kind\": \"struct\", \"fields\": [{\"name\": \"n\", "
         "\"kind\": \"i16\"}]}}]}], \"entities\": [{\"components\": {\"New\": {\"b\": 0.5, \"c\": \"y\", \"l\": "
         "[{\"n\": -1}]}, \"Frozen\": {}}}]}");
    const pecs_view view = pecs_snapshot_view(loaded);
    pecs_component component;
    cr_assert(pecs_view_component(view, "New", &component) == PECS_OK);
    const pecs_type *type = pecs_view_type(view, component);
    cr_assert(type->size == 32 && type->align == 8 && type->version == 1);
    const uint8_t *value = pecs_view_get(view, (pecs_entity){ 0, 1 }, component, 32);
    cr_assert(value && value[16] == 1 && pecs_has(view, ((pecs_entity){ 0, 1 }), Frozen));
}

Test(json_load, unknown_members_are_skipped_where_allowed)
{
    static const char text[] = "{\"version\": 1, \"new\": [1, {}], \"entities\": [{\"color\": 3, \"components\": "
                               "{\"Position\": {\"x\": 1, \"z\": {}}, \"Other\": {\"a\": 1}}}]}";
    const pecs_json_options options = { .allow_unknown = true };
    pecs_error error;
    cr_assert(json_read(registry, text, strlen(text), &options, NULL, &loaded, &error) == PECS_OK, "%s", error.message);
    cr_assert(pecs_get(pecs_snapshot_view(loaded), ((pecs_entity){ 0, 1 }), Position)->x == 1);
}

static void check_f32(const char *text, uint32_t bits)
{
    char document[512];
    uint32_t found;
    snprintf(document, sizeof(document), ENTITY("\"Position\": {\"x\": %s}"), text);
    load(document);
    memcpy(&found, &pecs_get(pecs_snapshot_view(loaded), ((pecs_entity){ 0, 1 }), Position)->x, sizeof(found));
    cr_assert(found == bits, "%s is read as %08x", text, found);
    pecs_snapshot_release(loaded);
    loaded = NULL;
}

static void check_all_floats(void)
{
    check_f32("0", 0);
    check_f32("-0", 0x80000000);
    check_f32("-0.0", 0x80000000);
    check_f32("0.1", 0x3dcccccd);
    check_f32("1e-45", 1);
    check_f32("0.7e-45", 0);
    check_f32("3.4028235e38", 0x7f7fffff);
    check_f32("16777217", 0x4b800000); /* half-way: to even */
    check_f32("16777217.0000000000000000000000000000000000001", 0x4b800001);
    check_f32("\"inf\"", 0x7f800000);
    check_f32("\"-inf\"", 0xff800000);
    check_f32("\"nan\"", 0x7fc00000);
    check_f32("\"nan:ff800001\"", 0xff800001);
}

Test(json_load, floats_are_exact)
{
    check_all_floats();
}

/* Where the system has such a locale. There, strtod reads 0.1 as 0, and printf writes 0,1. */
Test(json_load, floats_are_exact_in_a_locale_with_commas)
{
    static const char *const names[] = { "de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "fr_FR", "pt_BR.UTF-8", "ru_RU.UTF-8" };
    bool has_commas = false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !has_commas; i++)
        has_commas = setlocale(LC_ALL, names[i]) && strcmp(localeconv()->decimal_point, ",") == 0;
    if (!has_commas) {
        setlocale(LC_ALL, "C");
        cr_skip_test("there is no locale with commas");
    }
    check_all_floats();
    struct json_text text;
    pecs_error error;
    pecs_snapshot *snapshot = json_world(registry);
    cr_assert(json_write(snapshot, NULL, NULL, &text, &error) == PECS_OK);
    cr_assert(strstr(text.bytes, "\"x\": 0.1, "));
    setlocale(LC_ALL, "C");
    free(text.bytes);
    pecs_snapshot_release(snapshot);
}

static void check_u64(const char *text, uint64_t expected)
{
    char document[512];
    snprintf(document, sizeof(document), ENTITY("\"Scalars\": {\"u64\": %s}"), text);
    load(document);
    cr_assert(pecs_get(pecs_snapshot_view(loaded), ((pecs_entity){ 0, 1 }), Scalars)->u64 == expected);
    pecs_snapshot_release(loaded);
    loaded = NULL;
}

Test(json_load, integers_are_exact)
{
    check_u64("0", 0);
    check_u64("9007199254740993", 9007199254740993);
    check_u64("18446744073709551615", UINT64_MAX);
}

Test(json_load, scalars_that_do_not_fit_are_named)
{
    check_refused(ENTITY("\"Scalars\": {\"u8\": 256}"),
                  "line 2, column 35: entity number 1, component Scalars, field u8: expected an integer from 0 to 255, "
                  "found the number 256");
    check_refused(ENTITY("\"Scalars\": {\"i64\": 9223372036854775808}"),
                  "line 2, column 36: entity number 1, component Scalars, field i64: expected an integer from "
                  "-9223372036854775808 to 9223372036854775807, found the number 9223372036854775808");
    check_refused(ENTITY("\"Scalars\": {\"i8\": 1.0}"),
                  "line 2, column 35: entity number 1, component Scalars, field i8: expected an integer from -128 to "
                  "127, found the number 1.0");
    check_refused(ENTITY("\"Scalars\": {\"f32\": 1e39}"),
                  "line 2, column 36: entity number 1, component Scalars, field f32: expected a number that f32 can "
                  "hold, found the number 1e39");
    check_refused(ENTITY("\"Scalars\": {\"f64\": \"nan:1\"}"),
                  "line 2, column 36: entity number 1, component Scalars, field f64: expected a number, \"inf\", "
                  "\"-inf\", \"nan\" or \"nan:\" and 16 hexadecimal digits, found the string \"nan:1\"");
    check_refused(
        ENTITY("\"Scalars\": {\"flag\": 1}"),
        "line 2, column 37: entity number 1, component Scalars, field flag: expected true or false, found the "
        "number 1");
    check_refused(
        ENTITY("\"Scalars\": {\"mood\": \"calm\"}"),
        "line 2, column 37: entity number 1, component Scalars, field mood: expected one of \"Calm\", \"Angry\", "
        "\"\xe2\x82\xac\", found the string \"calm\"");
}

Test(json_load, lists_and_contents_that_do_not_fit_are_named)
{
    check_refused(
        ENTITY("\"Shapes\": {\"text\": \"ninechars\"}"),
        "line 2, column 36: entity number 1, component Shapes, field text: expected at most 8 bytes of UTF-8, "
        "found 9");
    check_refused(ENTITY("\"Shapes\": {\"slots\": [1, 2]}"),
                  "line 2, column 37: entity number 1, component Shapes, field slots: expected an array of 3 elements, "
                  "found less");
    check_refused(ENTITY("\"Shapes\": {\"grid\": [[1, 2, 3], [4, 5, null]]}"),
                  "line 2, column 55: entity number 1, component Shapes, field grid[1][2]: expected an integer from "
                  "-2147483648 to 2147483647, found null");
    check_refused(ENTITY("\"Nested\": {\"path\": [{}, {\"x\": []}]}"),
                  "line 2, column 47: entity number 1, component Nested, field path[1].x: expected a number, \"inf\", "
                  "\"-inf\", \"nan\" or \"nan:\" and 8 hexadecimal digits, found an array");
    check_refused(ENTITY("\"Story\": {\"blob\": \"AAAA\"}"),
                  "line 2, column 35: entity number 1, component Story, field blob: expected {\"base64\": \"...\"} or "
                  "{\"hex\": \"...\"}, found the string \"AAAA\"");
    check_refused(ENTITY("\"Story\": {\"blob\": {\"base64\": \"AAB=\"}}"),
                  "line 2, column 46: entity number 1, component Story, field blob: expected base64, found the string "
                  "\"AAB=\"");
    check_refused(
        ENTITY("\"Shapes\": {\"target\": 7}"),
        "line 2, column 38: entity number 1, component Shapes, field target: expected a handle like \"12:3\", "
        "the name of an entity, or null, found the number 7");
}

/* A component of plain scalars is not parsed by cJSON; one with an escape is. */
Test(json_load, a_component_is_the_same_however_it_is_written)
{
    static const char *const texts[] = {
        ENTITY("\"Shapes\":{\"slots\":[4,5,6],\"text\":\"abc\"},\"Position\":{\"x\":1.5,\"y\":-2e0}"),
        ENTITY("\"Shapes\" :\n{ \"text\" : \"\\u0061bc\",\r\n\"slots\" :\t[ 4 , 5\n, 6 ] }, "
               "\"Position\": { \"\\u0078\" : 1.5 , \"y\": -2.0 }"),
        ENTITY("\"Position\" : {\n\"y\" : -2.0\n,\n\"x\"\n:\n15e-1\n}, "
               "\"Shapes\": { \"slots\" : [\n4\n,\n5\n,\n6\n]\n, \"text\": \"abc\"\n}"),
    };
    uint64_t hashes[3];
    for (int i = 0; i < 3; i++) {
        load(texts[i]);
        hashes[i] = pecs_view_hash(pecs_snapshot_view(loaded));
        pecs_snapshot_release(loaded);
        loaded = NULL;
    }
    cr_assert(hashes[0] == hashes[1] && hashes[0] == hashes[2]);
}

Test(json_load, places_count_the_lines_within_components)
{
    check_refused(
        ENTITY("\"Scalars\": {\"u8\": 1,\n\"flag\": true\n}, \"Position\": {\n\"x\":\n1\n,\n\"y\":\n 2, \"y\": 3}"),
        "line 9, column 5: entity number 1, component Position, field y: the field stands here twice");
    check_refused(ENTITY("\"Scalars\": {\"u8\": 1,\n\"flag\"\n:\n true, \"i8\":\n 300}"),
                  "line 6, column 2: entity number 1, component Scalars, field i8: expected an integer from -128 to "
                  "127, found the number 300");
    check_refused(ENTITY("\"Position\": {\n\"x\": 1\n},\n\"Scalars\": {\"u8\": true}"),
                  "line 5, column 19: entity number 1, component Scalars, field u8: expected an integer from 0 to 255, "
                  "found true");
}

/* Values that cJSON parses stand between those that it does not. */
Test(json_load, places_count_the_components_before)
{
    check_refused(ENTITY("\"Frozen\": {}, \"Position\": {\n\"x\": 1\n},\n\"Nested\": {\"main\": {\"who\": null},\n"
                         " \"path\": [{\"x\": 1}, {\"y\": true}]}"),
                  "line 6, column 27: entity number 1, component Nested, field path[1].y: expected a number, \"inf\", "
                  "\"-inf\", \"nan\" or \"nan:\" and 8 hexadecimal digits, found true");
    check_refused(
        ENTITY("\"Position\": {\n\"x\": 1\n}, \"Shapes\": {\"grid\": [[1, 2,\n 3], 4]}"),
        "line 5, column 6: entity number 1, component Shapes, field grid[1]: expected an array of 3 elements, "
        "found the number 4");
}

Test(json_load, a_string_may_have_brackets_and_commas)
{
    load(ENTITY("\"Shapes\": {\"text\": \"}],: {[\", \"slots\": [1, 2, 3]}, \"Story\": {\"name\": \"]}\"}"));
    const pecs_view view = pecs_snapshot_view(loaded);
    const Shapes *shapes = pecs_get(view, ((pecs_entity){ 0, 1 }), Shapes);
    cr_assert(memcmp(shapes->text, "}],: {[", 8) == 0 && shapes->slots[2] == 3);
}

Test(json_load, members_that_are_not_there_are_named)
{
    check_refused(ENTITY("\"Position\": {\"x\": 1, \"z\": 2}"),
                  "line 2, column 38: entity number 1, component Position, field z: the type has no such field");
    check_refused(ENTITY("\"Position\": {\"x\": 1, \"x\": 2}"),
                  "line 2, column 38: entity number 1, component Position, field x: the field stands here twice");
    check_refused(ENTITY("\"Posiiton\": {}"),
                  "line 2, column 17: entity number 1, component Posiiton: neither the document nor the program has a "
                  "type of that name");
    check_refused(ENTITY("\"Frozen\": {}, \"Frozen\": {}"),
                  "line 2, column 31: entity number 1, component Frozen: the component stands here twice");
    check_refused("{\"version\": 1, \"entities\": [{\"entity\": \"4:2\", \"colour\": 1}]}",
                  "line 1, column 47: entity number 1: unknown member \"colour\"");
    check_refused("{\"version\": 1, \"entities\": [{\"entity\": \"4:2\", \"components\": 1}]}",
                  "line 1, column 61: entity 4:2: expected an object of components, found the number 1");
    check_refused("{\"version\": 1, \"entities\": [{\"components\": {\"Shapes\": {\"target\": \"hero\"}}}]}",
                  "line 1: no entity has the name \"hero\"");
    check_refused("{\"version\": 1, \"entities\": [{\"id\": \"a\"},\n{\"id\": \"a\"}]}",
                  "line 2, column 8: entity \"a\": two entities have the name; the other one stands before");
    check_refused("{\"version\": 1, \"x\": 2}", "line 1, column 16: \"x\": the document has no such member");
    check_refused("{\"version\": 1, \"tick\": 2, \"tick\": 2}", "line 1, column 27: \"tick\": it stands here twice");
    check_refused("{\"entities\": []}", "line 1, column 2: \"entities\": \"version\" must stand before it");
    check_refused("{\"version\": 1, \"entities\": [], \"types\": []}",
                  "line 1, column 32: \"types\": it must stand before entities, singletons and other contents");
    check_refused("{}", "line 1, column 3: the document has no \"version\"");
    check_refused_with("{\"version\": 2}", NULL, NULL, PECS_E_UNSUPPORTED,
                       "line 1, column 13: the document has version 2, this library reads version 1");
}

/* An enum of too many names for a message. */
Test(json_load, an_unknown_name_of_a_large_enum_gets_the_nearest)
{
    static const char *const names[] = {
        "Broadsword", "Longsword",    "Shortsword", "Shield",  "Crossbow", "Longbow",    "Shortbow",    "Spear",
        "Helmet",     "Breastplate",  "Gauntlet",   "Boots",   "Leggings", "Battle Axe", "Hand Axe",    "Halberd",
        "Dagger",     "Quarterstaff", "Sling",      "Javelin", "Trident",  "War Hammer", "Morningstar", "Whip",
    };
    static const pecs_field item = { "item", PECS_ENUM, 0, 1, 1, 0, NULL, names, 24, (pecs_kind)0, 0 };
    static const pecs_type bag = { "Bag", { { 0 } }, 1, 1, 1, 1, &item, 0 };
    static const pecs_type *const types[] = { &bag };
    static const struct {
        const char *text, *words;
    } cases[] = {
        { "\"Longsward\"", ", such as \"Longsword\", found the string \"Longsward\"" },
        { "\"SHIELD\"", ", such as \"Shield\", found the string \"SHIELD\"" },
        { "\"Warhamer\"", ", such as \"War Hammer\", found the string \"Warhamer\"" },
        { "\"Umbrella\"", ", found the string \"Umbrella\"" },
        { "\"\"", ", found the string \"\"" },
        { "24", ", found the number 24" },
        { "\"a name of more than sixty bytes, of which none that the enum has is near\"",
          ", found the string \"a name of more than sixty bytes, of which none that the enum\"" },
    };
    pecs_registry_release(registry);
    const pecs_registry_desc desc = { .types = types, .type_count = 1 };
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[300], message[400];
        snprintf(text, sizeof(text), ENTITY("\"Bag\": {\"item\": %s}"), cases[i].text);
        snprintf(message, sizeof(message),
                 "line 2, column 33: entity number 1, component Bag, field item: expected one of 24 names, from "
                 "\"Broadsword\" to \"Whip\"%s",
                 cases[i].words);
        check_refused(text, message);
    }
}
