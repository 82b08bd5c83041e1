/* Messages about contents name the place: the row and the field of what is refused, the element of what is invalid. */
#include "contents_fixture.h"

static const char *const kinds[] = { "friend", "rival" };
typedef struct {
    uint8_t kind;
    bool is_known;
    char note[6];
    pecs_entity who;
} Tie;
PECS_COMPONENT_OF(Tie, "Tie", 1, PECS_FIELD_ENUM(Tie, kind, kinds), PECS_FIELD(Tie, is_known), PECS_FIELD(Tie, note),
                  PECS_FIELD(Tie, who));
typedef struct {
    pecs_list answers, ties[2];
} Part;
PECS_COMPONENT_OF(Part, "Part", 1, PECS_FIELD_LIST(Part, answers, bool), PECS_FIELD_LIST_STRUCT(Part, ties, Tie));
typedef struct {
    pecs_string title;
    Part parts[3];
} Story;
PECS_COMPONENT_OF(Story, "Story", 1, PECS_FIELD(Story, title), PECS_FIELD_STRUCT(Story, parts, Part));
static const pecs_type *const types[] = { &Story_type };
enum { STORY };

static pecs_registry *registry;
static pecs_world *world;
static pecs_error error;

static void set_up(void)
{
    enter_folder();
    registry = make_registry(types, 1, counting_hooks);
    world = make_world(registry, NULL);
}

static void strike(void)
{
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

TestSuite(contents_errors, .init = set_up, .fini = strike);

static pecs_value story(const Story *stories)
{
    return (pecs_value){ STORY, sizeof(Story), stories };
}

static const char *refusal(pecs_status status)
{
    cr_assert_eq(status, PECS_E_MISUSE, "%s", pecs_status_name(status));
    return pecs_world_error(world)->message;
}

/* What is refused, by each edit that gives. */

static const char half[] = "parts[2].ties[1] of 'Story': the size is no multiple of that of the list's elements";

Test(contents_errors, spawns_name_row_and_field)
{
    Story stories[4] = { { .title = pecs_string_of("fine") } };
    char expected[160];
    stories[2].title = pecs_string_of("\xff");
    const pecs_value value = story(stories);
    cr_assert_str_eq(refusal(pecs_world_spawn(world, &value, 1, 4, NULL)),
                     "row 2: title of 'Story': the string is not UTF-8, or has a zero byte");
    stories[2] = (Story){ .title = { 0 } };
    stories[0].parts[1].answers.reference = (uint64_t)1 << 40;
    cr_assert_str_eq(refusal(pecs_world_spawn(world, &value, 1, 4, NULL)),
                     "row 0: parts[1].answers of 'Story': it is a reference, copied from a view: give the contents "
                     "themselves (contents.h)");
    cr_assert_str_eq(refusal(pecs_world_spawn(world, &value, 1, 1, NULL)),
                     "parts[1].answers of 'Story': it is a reference, copied from a view: give the contents "
                     "themselves (contents.h)",
                     "one row has no number");
    const pecs_id ids[] = { { { 1 } }, { { 2 } } };
    stories[0] = (Story){ .title = { 0 } };
    stories[1].parts[2].ties[1] = pecs_list_of(PECS_BYTES("1", 1));
    snprintf(expected, sizeof(expected), "row 1: %s", half);
    cr_assert_str_eq(refusal(pecs_world_spawn_with_ids(world, &value, 1, ids, 2, NULL)), expected);
    cr_assert_eq(summary_of(pecs_world_view(world)).entity_count, 0);
}

Test(contents_errors, other_edits_name_the_field)
{
    Story wrong = { .title = { 0 } };
    wrong.parts[2].ties[1] = pecs_list_of(PECS_BYTES("1", 1));
    const pecs_value value = story(&wrong);
    const pecs_entity entity = spawn_one(world, &(pecs_value){ STORY, sizeof(Story), NULL }, 1);
    const size_t offset = offsetof(Story, parts) + 2 * sizeof(Part) + offsetof(Part, ties) + sizeof(pecs_list);
    void *bytes;
    char expected[160];
    cr_assert_str_eq(refusal(pecs_world_set(world, entity, &value, 1)), half);
    cr_assert_str_eq(refusal(pecs_world_set_singleton(world, STORY, sizeof(wrong), &wrong)), half);
    snprintf(expected, sizeof(expected), "entity {0, 1}: %s", half);
    cr_assert_str_eq(refusal(pecs_world_set_contents(world, entity, STORY, offset, PECS_BYTES("1", 1))), expected);
    cr_assert_str_eq(refusal(pecs_world_edit_contents(world, entity, STORY, offset, 1, &bytes, NULL)), expected);
    /* a failure that is not about a member does not name the last one */
    cr_assert_str_eq(refusal(pecs_world_set(world, entity, &(pecs_value){ STORY, 1, &wrong }, 1)),
                     "component Story: size_bytes is not the size of the type");
}

Test(contents_errors, commands_name_the_field)
{
    pecs_commands *commands = NULL;
    Story wrong = { .title = { 0 } };
    wrong.parts[2].ties[1] = pecs_list_of(PECS_BYTES("1", 1));
    const pecs_value value = story(&wrong);
    cr_assert_eq(pecs_commands_create(registry, &commands), PECS_OK);
    cr_assert_eq(pecs_commands_spawn(commands, &value, 1, NULL), PECS_E_MISUSE);
    cr_assert_str_eq(pecs_commands_error(commands)->message, half);
    cr_assert_eq(pecs_commands_set(commands, (pecs_entity){ 0, 1 }, &value, 1), PECS_E_MISUSE);
    cr_assert_str_eq(pecs_commands_error(commands)->message, half);
    cr_assert_eq(pecs_commands_set_contents(commands, (pecs_entity){ 0, 1 }, STORY, 0, PECS_BYTES("\xc3", 1)),
                 PECS_E_MISUSE);
    cr_assert_str_eq(pecs_commands_error(commands)->message,
                     "title of 'Story': the string is not UTF-8, or has a zero byte");
    pecs_commands_destroy(commands);
}

Test(contents_errors, builders_name_table_row_and_field)
{
    pecs_builder *builder = NULL;
    Story stories[2] = { { .title = { 0 } } };
    stories[1].parts[2].ties[1] = pecs_list_of(PECS_BYTES("1", 1));
    const pecs_value value = story(stories), one = story(&stories[1]);
    char expected[160];
    cr_assert_eq(pecs_builder_create(registry, NULL, &builder, NULL), PECS_OK);
    cr_assert_eq(pecs_builder_add(builder, &(pecs_rows){ &value, 1, 2, NULL, NULL }, NULL, &error), PECS_E_MISUSE);
    snprintf(expected, sizeof(expected), "{Story}, row 1: %s", half);
    cr_assert_str_eq(error.message, expected);
    cr_assert_eq(pecs_builder_add(builder, &(pecs_rows){ &one, 1, 1, NULL, NULL }, NULL, &error), PECS_E_MISUSE);
    snprintf(expected, sizeof(expected), "{Story}: %s", half);
    cr_assert_str_eq(error.message, expected);
    cr_assert_eq(pecs_builder_set_singleton(builder, &one, &error), PECS_E_MISUSE);
    snprintf(expected, sizeof(expected), "singleton: %s", half);
    cr_assert_str_eq(error.message, expected);
    pecs_builder_destroy(builder);
}

/* Messages are written on demand. Without memory for one, the error has a general message, not that of an earlier
 * failure. */
Test(contents_errors, without_memory_for_the_message)
{
    Story wrong = { .title = pecs_string_of("\xff") };
    const pecs_value value = story(&wrong);
    cr_assert_eq(pecs_world_spawn(world, &value, 1, 1, NULL), PECS_E_MISUSE);
    counting.fail_at = counting.call_count + 1;
    const pecs_error *poor = pecs_world_error(world);
    counting.fail_at = 0;
    cr_assert_eq(poor->status, PECS_E_MISUSE);
    cr_assert_str_eq(pecs_world_error(world)->message, "title of 'Story': the string is not UTF-8, or has a zero byte");
}

/* What is invalid. */

struct noted {
    char field[64];
    pecs_kind kind;
    uint32_t offset, size;
    int count;
};

static bool note(void *user, const pecs_invalid *invalid)
{
    struct noted *noted = user;
    snprintf(noted->field, sizeof(noted->field), "%s", invalid->field);
    noted->kind = invalid->kind;
    noted->offset = invalid->offset;
    noted->size = invalid->size;
    noted->count++;
    return true;
}

/* Spawns a story with this list, in parts[1].ties[1] or else parts[1].answers, and checks what a check says of it. */
static void expect_invalid(const pecs_bytes *list, bool is_ties, const char *field, const char *what)
{
    Story wrong = { .title = pecs_string_of("title") };
    *(is_ties ? &wrong.parts[1].ties[1] : &wrong.parts[1].answers) = pecs_list_of(list);
    const pecs_value value = story(&wrong);
    const pecs_entity entity = spawn_one(world, &value, 1);
    const uint32_t at = (uint32_t)(offsetof(Story, parts) + sizeof(Part) + (is_ties ? 2 : 0) * sizeof(pecs_list));
    struct noted noted = { .count = 0 };
    char expected[160];
    cr_assert_eq(pecs_view_check(pecs_world_view(world), note, &noted, &error), PECS_E_INVALID);
    snprintf(expected, sizeof(expected), "entity %u:%u: %s of 'Story' %s", entity.index, entity.generation, field,
             what);
    cr_assert_str_eq(error.message, expected);
    cr_assert_str_eq(error.rule, "VALUE-6");
    cr_assert_str_eq(noted.field, field);
    cr_assert(noted.count == 1 && noted.kind == PECS_LIST && noted.offset == at && noted.size == 8,
              "the place is that of the list");
    cr_assert_eq(pecs_world_save(world, "a", &(pecs_save_options){ .skip_sync = true }, &error), PECS_E_INVALID);
    cr_assert_str_eq(error.message, expected);
    cr_assert_eq(pecs_world_save(world, "a", &(pecs_save_options){ .skip_sync = true, .skip_check = true }, &error),
                 PECS_OK);
    pecs_snapshot *snapshot = NULL;
    cr_assert_eq(pecs_snapshot_load(registry, "a", NULL, &snapshot, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.message, expected);
    const pecs_load_options repairing = { .repair = pecs_repair_invalid };
    cr_assert_eq(pecs_snapshot_load(registry, "a", &repairing, &snapshot, &error), PECS_OK, "%s", error.message);
    pecs_snapshot_release(snapshot);
    cr_assert_eq(pecs_world_despawn(world, &entity, 1), PECS_OK);
}

Test(contents_errors, the_element_of_a_list_is_named)
{
    Tie ties[5] = { { 0, true, "", { 0, 0 } } };
    const pecs_bytes given = PECS_ARRAY(ties)[0];
    const bool answers[] = { true, false, true };
    uint8_t bytes[3];
    memcpy(bytes, answers, sizeof(bytes));
    bytes[2] = 2;
    expect_invalid(PECS_ARRAY(bytes), false, "parts[1].answers[2]", "is neither 0 nor 1");
    ties[3].kind = 2;
    expect_invalid(&given, true, "parts[1].ties[1][3].kind", "is not a value of its enum");
    ties[3].kind = 1;
    ties[4].note[0] = '\xff';
    expect_invalid(&given, true, "parts[1].ties[1][4].note", "is not UTF-8 and then only zeros");
    ties[0].who = (pecs_entity){ 77, 1 };
    expect_invalid(&given, true, "parts[1].ties[1][0].who", "is the handle of an entity that never existed");
}

/* A list that is invalid as a whole has no element to name. */
Test(contents_errors, a_list_that_leads_nowhere)
{
    const pecs_entity entity = spawn_one(world, &(pecs_value){ STORY, sizeof(Story), NULL }, 1);
    void *value = NULL;
    cr_assert_eq(pecs_world_get_mut(world, entity, STORY, sizeof(Story), &value), PECS_OK);
    ((Story *)value)->parts[0].ties[0].reference = UINT64_MAX - 1;
    cr_assert_eq(pecs_view_check(pecs_world_view(world), NULL, NULL, &error), PECS_E_INVALID);
    cr_assert_str_eq(error.message, "entity 0:1: parts[0].ties[0] of 'Story' is not a list of valid elements");
}
