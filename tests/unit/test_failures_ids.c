/*
 * As test_failures.c, for ids, metadata, unknown types and files: with each allocation failing once, and with all from
 * each one on, nothing has changed; made again, it gives what it gives without failures; and all memory comes back.
 * What a photograph does not show (ids, metadata) the trials look at themselves.
 */
#include "file_fixture.h"
#include "id_hash.h"

TestSuite(failures_ids, .init = enter_folder, .fini = leave_folder);

enum { ROWS = CHUNK_ROWS + 100 };

static pecs_id number_id(uint64_t number)
{
    pecs_id id = { { 1 } };
    memcpy(id.bytes + 8, &number, sizeof(number));
    return id;
}

static pecs_id id_of(const struct stage *stage, pecs_entity entity)
{
    pecs_id id = { { 0 } };
    must(pecs_view_id(pecs_world_view(stage->world), entity, &id) == PECS_OK);
    return id;
}

static bool has_id(const struct stage *stage, pecs_entity entity, pecs_id id)
{
    const pecs_id has = id_of(stage, entity);
    pecs_entity found = none;
    return memcmp(&has, &id, sizeof(id)) == 0 && pecs_view_find(pecs_world_view(stage->world), id, &found) == PECS_OK &&
           same(found, entity);
}

static bool is_unused(const struct stage *stage, pecs_id id)
{
    pecs_entity found;
    return pecs_view_find(pecs_world_view(stage->world), id, &found) == PECS_E_ABSENT;
}

/* Two tables, some free slots, and explicit ids 1 to 40 among them. */
static void populate(struct stage *stage)
{
    static pecs_entity all[ROWS];
    must(pecs_world_spawn(stage->world, (pecs_value[]){ { POSITION, sizeof(Position), NULL } }, 1, ROWS, all) == 0);
    for (int i = 0; i < 64; i++)
        stage->entities[i] = all[i * 60];
    for (uint64_t i = 0; i < 40; i++)
        must(pecs_world_set_id(stage->world, stage->entities[i], number_id(1 + i)) == PECS_OK);
    must(pecs_world_despawn(stage->world, (pecs_entity[]){ all[5], all[4100], all[77] }, 3) == PECS_OK);
    must(pecs_world_set_meta_text(stage->world, "title", "old") == PECS_OK);
}

static void populate_and_share(struct stage *stage)
{
    populate(stage);
    stage->snapshot = take(stage->world);
}

static uint64_t room_of_hints(const struct stage *stage)
{
    return id_hash_of(stage->world->state)->buckets.count;
}

/*
 * No room for one more hint: the next id replaces the hash index. Entities that had no id, whose buckets none can
 * share.
 */
static void fill_places(struct stage *stage)
{
    populate(stage);
    must(room_of_hints(stage) == 128);
    for (uint32_t i = 0; 2 * (id_hash_of(stage->world->state)->used_count + 1) <= 128; i++)
        must(pecs_world_set_id(stage->world, (pecs_entity){ 1021 + i, 1 }, number_id(500 + i)) == PECS_OK);
    stage->snapshot = take(stage->world);
}

static void one_plain_entity(struct stage *stage)
{
    stage->entities[50] = spawn_position(stage->world, 1);
}

/* So many sessions that the next one looks for those without an entity. */
static void fill_sessions(struct stage *stage)
{
    stage->entities[50] = spawn_position(stage->world, 1);
    for (int i = 1; i <= 4096; i++) {
        pecs_snapshot *snapshot = take(stage->world);
        must(pecs_world_restore(stage->world, snapshot) == PECS_OK);
        pecs_snapshot_release(snapshot);
        if (i < 4096) {
            const pecs_entity entity = spawn_position(stage->world, 1);
            must(pecs_world_despawn(stage->world, &entity, 1) == PECS_OK);
        }
    }
}

static pecs_status open_session(struct stage *stage)
{
    pecs_entity entity;
    const pecs_status status =
        pecs_world_spawn(stage->world, (pecs_value[]){ { POSITION, sizeof(Position), NULL } }, 1, 1, &entity);
    must(stage->world->state->sessions->count == 4096);
    return status;
}

Test(failures_ids, a_session_in_the_place_of_another)
{
    try_every_failure(&(struct trial){ fill_sessions, open_session }, 2);
}

/* Ids. */

static pecs_status set_first_id(struct stage *stage)
{
    const pecs_id birth = id_of(stage, stage->entities[50]);
    const pecs_status status = pecs_world_set_id(stage->world, stage->entities[50], number_id(1000));
    must(has_id(stage, stage->entities[50], status ? birth : number_id(1000)));
    must(is_unused(stage, status ? number_id(1000) : birth));
    return status;
}

Test(failures_ids, a_worlds_first_explicit_id)
{
    try_every_failure(&(struct trial){ one_plain_entity, set_first_id }, 6);
}

Test(failures_ids, one_more_explicit_id)
{
    try_every_failure(&(struct trial){ populate_and_share, set_first_id }, 10);
}

/* A try that failed may have rebuilt them already. */
static pecs_status set_id_beyond_room(struct stage *stage)
{
    const pecs_status status = set_first_id(stage);
    must(room_of_hints(stage) == 256 || (status && room_of_hints(stage) == 128));
    return status;
}

Test(failures_ids, an_explicit_id_for_which_the_hints_are_made_anew)
{
    try_every_failure(&(struct trial){ fill_places, set_id_beyond_room }, 10);
}

static pecs_status set_other_id(struct stage *stage)
{
    const pecs_status status = pecs_world_remap_id(stage->world, number_id(4), number_id(1000));
    must(has_id(stage, stage->entities[3], status ? number_id(4) : number_id(1000)));
    must(is_unused(stage, status ? number_id(1000) : number_id(4)));
    return status;
}

Test(failures_ids, another_explicit_id)
{
    try_every_failure(&(struct trial){ populate_and_share, set_other_id }, 6);
}

static pecs_status give_birth_id_back(struct stage *stage)
{
    const pecs_entity entity = stage->entities[3];
    const struct record *record = state_record(stage->world->state, entity.index);
    pecs_id birth = id_of(stage, stage->entities[50]); /* of the same session and generation */
    for (int i = 0; i < 4; i++)
        birth.bytes[15 - i] = (uint8_t)(entity.index >> 8 * i);
    must(record->session == 0 && entity.generation == 1);
    const pecs_status status = pecs_world_set_id(stage->world, entity, birth);
    must(has_id(stage, entity, status ? number_id(4) : birth));
    return status;
}

Test(failures_ids, the_birth_id_given_back)
{
    try_every_failure(&(struct trial){ populate_and_share, give_birth_id_back }, 8);
}

static pecs_status spawn_with_ids(struct stage *stage, size_t count)
{
    static pecs_id ids[300];
    static pecs_entity entities[300];
    for (size_t i = 0; i < count; i++) {
        ids[i] = number_id(2000 + i);
        entities[i] = (pecs_entity){ 8, 8 };
    }
    const pecs_value values[] = { { POSITION, sizeof(Position), NULL }, PECS_HAS_AS(FROZEN) };
    const pecs_status status = pecs_world_spawn_with_ids(stage->world, values, 2, ids, count, entities);
    for (size_t i = 0; i < count; i++)
        if (status)
            must(is_unused(stage, ids[i]) && same(entities[i], (pecs_entity){ 8, 8 }));
        else
            must(has_id(stage, entities[i], ids[i]));
    must(has_id(stage, stage->entities[0], number_id(1)));
    return status;
}

static pecs_status spawn_few_with_ids(struct stage *stage)
{
    return spawn_with_ids(stage, 5);
}

static pecs_status spawn_many_with_ids(struct stage *stage)
{
    return spawn_with_ids(stage, 300);
}

Test(failures_ids, a_few_spawned_with_ids)
{
    try_every_failure(&(struct trial){ populate_and_share, spawn_few_with_ids }, 15);
}

Test(failures_ids, many_spawned_with_ids)
{
    try_every_failure(&(struct trial){ populate_and_share, spawn_many_with_ids }, 15);
    try_every_failure(&(struct trial){ fill_places, spawn_many_with_ids }, 15);
}

static pecs_status despawn_some(struct stage *stage)
{
    const pecs_status status = pecs_world_despawn(stage->world, stage->entities, 10);
    for (uint64_t i = 0; i < 10; i++)
        must(is_unused(stage, number_id(1 + i)) == !status);
    return status;
}

Test(failures_ids, a_despawn_of_entities_with_ids)
{
    try_every_failure(&(struct trial){ populate_and_share, despawn_some }, 8);
}

static void go_on(struct stage *stage)
{
    populate_and_share(stage);
    must(spawn_many_with_ids(stage) == PECS_OK);
    must(pecs_world_set_meta_text(stage->world, "title", "new") == PECS_OK);
}

static pecs_status rewind_world(struct stage *stage)
{
    const pecs_status status = pecs_world_rewind(stage->world, stage->snapshot);
    must(is_unused(stage, number_id(2000)) == !status);
    must(has_id(stage, stage->entities[0], number_id(1)));
    return status;
}

Test(failures_ids, a_rewind)
{
    try_every_failure(&(struct trial){ go_on, rewind_world }, 1);
}

/* Metadata. */

static bool title_is(const struct stage *stage, const char *text)
{
    pecs_meta meta;
    const pecs_status status = pecs_view_meta(pecs_world_view(stage->world), "title", &meta);
    return text ? !status && strcmp(meta.value, text) == 0 : status == PECS_E_ABSENT;
}

static pecs_status set_title(struct stage *stage)
{
    const bool was_old = title_is(stage, "old");
    const pecs_status status = pecs_world_set_meta_text(stage->world, "title", "new");
    must(title_is(stage, status ? (was_old ? "old" : NULL) : "new"));
    return status;
}

static pecs_status set_picture(struct stage *stage)
{
    pecs_meta meta;
    const pecs_status status = pecs_world_set_meta_bytes(stage->world, "picture", "\0\1", 2);
    must(pecs_view_meta(pecs_world_view(stage->world), "picture", &meta) == (status ? PECS_E_ABSENT : PECS_OK));
    must(title_is(stage, "old"));
    return status;
}

static pecs_status remove_title(struct stage *stage)
{
    const pecs_status status = pecs_world_remove_meta(stage->world, "title");
    must(title_is(stage, status ? "old" : NULL));
    return status;
}

Test(failures_ids, metadata)
{
    try_every_failure(&(struct trial){ one_plain_entity, set_title }, 2);
    try_every_failure(&(struct trial){ populate_and_share, set_title }, 3);
    try_every_failure(&(struct trial){ populate_and_share, set_picture }, 3);
    try_every_failure(&(struct trial){ populate_and_share, remove_title }, 3);
}

/* Files of a program that has two types more. */

typedef struct {
    uint8_t low;
    uint32_t high;
    pecs_entity other;
} Foreign;
static const char *const kinds[] = { "first", "second" };
typedef struct {
    Foreign inner[2];
    uint8_t kind;
} Strange;
PECS_COMPONENT_OF(Foreign, "Foreign", 1, PECS_FIELD(Foreign, low), PECS_GAP_AFTER(Foreign, low, 3),
                  PECS_FIELD(Foreign, high), PECS_FIELD(Foreign, other));
PECS_COMPONENT_OF(Strange, "Strange", 2, PECS_FIELD_STRUCT(Strange, inner, Foreign),
                  PECS_FIELD_ENUM(Strange, kind, kinds), PECS_GAP_AFTER(Strange, kind, 3));
enum { FOREIGN = FIXTURE_TYPE_COUNT, STRANGE, FOREIGN_TYPE_COUNT };

static void save_foreign_file(void)
{
    const pecs_type *types[FOREIGN_TYPE_COUNT] = { [FOREIGN] = &Foreign_type, [STRANGE] = &Strange_type };
    memcpy(types, fixture_types, sizeof(fixture_types));
    pecs_registry *registry = make_registry(types, FOREIGN_TYPE_COUNT, system_memory);
    pecs_world *world = make_world(registry, NULL);
    const pecs_value values[] = { { FOREIGN, sizeof(Foreign), NULL },
                                  { STRANGE, sizeof(Strange), NULL },
                                  { POSITION, sizeof(Position), NULL } };
    must(pecs_world_spawn(world, values, 3, ROWS, NULL) == PECS_OK);
    must(pecs_world_spawn(world, &values[2], 1, 10, NULL) == PECS_OK);
    for (uint32_t i = 0; i < 100; i++)
        must(pecs_world_set_id(world, (pecs_entity){ i, 1 }, number_id(1 + i)) == PECS_OK);
    must(pecs_world_set_meta_text(world, "title", "old") == PECS_OK);
    save_world(world, "foreign.pecs");
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

static pecs_component foreign_number(const struct stage *stage)
{
    pecs_component component;
    must(pecs_view_component(pecs_world_view(stage->world), "Foreign", &component) == PECS_OK);
    return component;
}

static void open_foreign(struct stage *stage)
{
    save_foreign_file();
    stage->snapshot = open_snapshot(stage->registry, LOAD, "foreign.pecs");
    spawn_position(stage->world, 1);
}

static void go_to_foreign(struct stage *stage)
{
    open_foreign(stage);
    must(pecs_world_restore(stage->world, stage->snapshot) == PECS_OK);
}

static pecs_status restore_foreign(struct stage *stage)
{
    return pecs_world_restore(stage->world, stage->snapshot);
}

Test(failures_ids, a_restore_to_unknown_types)
{
    try_every_failure(&(struct trial){ open_foreign, restore_foreign }, 5);
}

static pecs_status fork_foreign(struct stage *stage)
{
    pecs_error error = { .status = PECS_OK };
    const pecs_status status = pecs_world_create(stage->registry, stage->snapshot, NULL, &stage->made, &error);
    must(error.status == status);
    if (!status)
        check_world(stage->made);
    return status;
}

Test(failures_ids, a_fork_with_unknown_types)
{
    try_every_failure(&(struct trial){ open_foreign, fork_foreign }, 8);
}

static pecs_status edit_foreign(struct stage *stage)
{
    const Foreign value = { .high = 77 };
    const pecs_value values[] = { { foreign_number(stage), sizeof(Foreign), &value }, PECS_VALUE_AS(TEAM, Team, 3) };
    return pecs_world_set(stage->world, (pecs_entity){ 1500, 1 }, values, 2);
}

static pecs_status remove_foreign(struct stage *stage)
{
    const pecs_component component = foreign_number(stage);
    return pecs_world_remove(stage->world, (pecs_entity){ 3, 1 }, &component, 1);
}

static pecs_status spawn_foreign(struct stage *stage)
{
    const pecs_value values[] = { { foreign_number(stage), sizeof(Foreign), NULL }, PECS_HAS_AS(FROZEN) };
    return pecs_world_spawn(stage->world, values, 2, 3, NULL);
}

static pecs_status set_id_of_saved(struct stage *stage)
{
    const pecs_status status = pecs_world_remap_id(stage->world, number_id(8), number_id(1000));
    must(has_id(stage, (pecs_entity){ 7, 1 }, status ? number_id(8) : number_id(1000)));
    must(is_unused(stage, status ? number_id(1000) : number_id(8)));
    return status;
}

Test(failures_ids, edits_of_unknown_types)
{
    try_every_failure(&(struct trial){ go_to_foreign, edit_foreign }, 8);
    try_every_failure(&(struct trial){ go_to_foreign, remove_foreign }, 8);
    try_every_failure(&(struct trial){ go_to_foreign, spawn_foreign }, 8);
    try_every_failure(&(struct trial){ go_to_foreign, set_id_of_saved }, 5);
}

static void record_on_foreign(struct stage *stage)
{
    go_to_foreign(stage);
    must(pecs_commands_create(stage->registry, &stage->commands) == PECS_OK);
    for (uint32_t i = 0; i < 20; i++) {
        const pecs_entity entity = { i * 200, 1 };
        must(pecs_commands_set(stage->commands, entity, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 9) }, 1) == PECS_OK);
        must(pecs_commands_remove(stage->commands, entity, (pecs_component[]){ POSITION }, 1) == PECS_OK);
    }
    must(pecs_commands_despawn(stage->commands, (pecs_entity){ 17, 1 }) == PECS_OK);
}

static pecs_status apply(struct stage *stage)
{
    return pecs_commands_apply(stage->commands, stage->world, NULL);
}

Test(failures_ids, commands_on_entities_with_unknown_types)
{
    try_every_failure(&(struct trial){ record_on_foreign, apply }, 15);
}

static pecs_status create_query(struct stage *stage)
{
    pecs_error error = { .status = PECS_OK };
    const pecs_term terms[] = { { foreign_number(stage), PECS_WITH } };
    const pecs_status status = pecs_query_create_in(pecs_world_view(stage->world), terms, 1, &stage->query, &error);
    must(error.status == status);
    must(status || pecs_query_count(stage->query, pecs_world_view(stage->world)) == ROWS);
    return status;
}

Test(failures_ids, a_query_of_unknown_types)
{
    try_every_failure(&(struct trial){ go_to_foreign, create_query }, 1);
}

static pecs_status open_again(struct stage *stage, int verb)
{
    pecs_error error = { .status = PECS_OK };
    const pecs_status status = verbs[verb](stage->registry, "foreign.pecs", NULL, &stage->taken, &error);
    must(error.status == status && (stage->taken == NULL) == (status != PECS_OK));
    if (!status)
        must(pecs_view_hash(pecs_snapshot_view(stage->taken)) == pecs_view_hash(pecs_snapshot_view(stage->snapshot)));
    return status;
}

static pecs_status resume_again(struct stage *stage)
{
    return open_again(stage, RESUME);
}

static pecs_status load_again(struct stage *stage)
{
    return open_again(stage, LOAD);
}

Test(failures_ids, a_file_with_ids_metadata_and_unknown_types_opened)
{
    try_every_failure(&(struct trial){ open_foreign, resume_again }, 30);
    try_every_failure(&(struct trial){ open_foreign, load_again }, 30);
}

static pecs_status open_info(struct stage *stage)
{
    pecs_info *info = NULL;
    pecs_error error = { .status = PECS_OK };
    const uint64_t live_count = counting.live_count;
    const pecs_status status = pecs_file_info("foreign.pecs", &counting_hooks, NULL, &info, &error);
    must(error.status == status && (info == NULL) == (status != PECS_OK));
    must(status || info->entity_count == summary_of(pecs_snapshot_view(stage->snapshot)).entity_count);
    pecs_info_destroy(info);
    must(counting.live_count == live_count);
    return status;
}

Test(failures_ids, the_information_of_a_file)
{
    try_every_failure(&(struct trial){ open_foreign, open_info }, 30);
}

/* The registry names an application, so the writer changes the metadata too. */
static void prepare_save(struct stage *stage)
{
    go_to_foreign(stage);
    stage->registry->application = "Editor";
    stage->registry->application_version = "1";
}

static pecs_status save(struct stage *stage)
{
    pecs_error error = { .status = PECS_OK };
    const pecs_status status =
        pecs_world_save(stage->world, "saved.pecs", &(pecs_save_options){ .skip_sync = true }, &error);
    must(error.status == status);
    must(file_count() == (status ? 1 : 2));
    unlink("saved.pecs");
    return status;
}

Test(failures_ids, a_save)
{
    try_every_failure(&(struct trial){ prepare_save, save }, 20);
}
