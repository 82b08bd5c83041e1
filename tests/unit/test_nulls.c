/* The rule for NULL (pecs/status.h), of every exported function: check_exports.py looks whether it is here. */
#include "world_fixture.h"

static pecs_registry *registry;
static pecs_world *world;
static pecs_commands *commands;
static pecs_snapshot *snapshot;
static pecs_query *query;
static pecs_entity entity;
static struct photograph before;
static const pecs_view no_view = { NULL };
static const char *const path = "/nowhere/never.pecs"; /* nothing gets as far as to open it */

static void set_up(void)
{
    registry = counting_registry();
    world = make_world(registry, NULL);
    entity = spawn_position(world, 1);
    snapshot = take(world);
    query = make_query(registry, &(pecs_term){ POSITION, PECS_READ }, 1);
    cr_assert_eq(pecs_commands_create(registry, &commands), PECS_OK);
    before = photograph_of(pecs_world_view(world));
}

/* Nothing has changed, but for the tick, which an edit that fails may have opened. */
static void strike(void)
{
    struct photograph after = photograph_of(pecs_world_view(world));
    after.summary.tick = before.summary.tick;
    must(same_photograph(&before, &after));
    check_world(world);
    pecs_commands_destroy(commands);
    pecs_query_destroy(query);
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

TestSuite(nulls, .init = set_up, .fini = strike);

#define MISUSE(call) cr_assert_eq(call, PECS_E_MISUSE, "%s", #call)

static pecs_view view(void)
{
    return pecs_world_view(world);
}

Test(nulls, registry)
{
    pecs_registry *made = NULL;
    const pecs_registry_desc desc = { .types = NULL, .type_count = 1 };
    MISUSE(pecs_registry_create(NULL, &made, NULL));
    MISUSE(pecs_registry_create(&desc, &made, NULL));
    MISUSE(pecs_registry_create(&(pecs_registry_desc){ .types = NULL }, NULL, NULL));
    cr_assert_null(made);
    cr_assert_eq(pecs_registry_type_count(NULL), 0);
    cr_assert_null(pecs_registry_type(NULL, 0));
    cr_assert_null(pecs_registry_history(NULL));
    pecs_registry_release(NULL);
    cr_assert_null(pecs_registry_retain(NULL));
    cr_assert_str_eq(pecs_status_name(PECS_E_MISUSE), "MISUSE");
    cr_assert_str_eq(pecs_kind_name(PECS_F32), "f32");
    cr_assert(pecs_kind_size((pecs_kind)0) == 0 && pecs_kind_align((pecs_kind)0) == 0);
}

Test(nulls, world)
{
    pecs_world *made = NULL;
    MISUSE(pecs_world_create(NULL, NULL, NULL, &made, NULL));
    MISUSE(pecs_world_create(registry, NULL, NULL, NULL, NULL));
    cr_assert_null(made);
    pecs_world_destroy(NULL);
    cr_assert_null(pecs_world_view(NULL).source);
    cr_assert_eq(pecs_world_copied_bytes(NULL), 0);
    cr_assert_null(pecs_world_error(NULL));
    MISUSE(pecs_world_open(NULL, path, NULL, &made, NULL));
    MISUSE(pecs_world_open(registry, NULL, NULL, &made, NULL));
    MISUSE(pecs_world_open(registry, path, NULL, NULL, NULL));
    cr_assert_null(made);
    MISUSE(pecs_world_advance(NULL, NULL));
    MISUSE(pecs_world_compact(NULL, NULL));
}

Test(nulls, edits)
{
    const pecs_value value = PECS_VALUE_AS(HEALTH, Health, 1, 2);
    const pecs_component component = POSITION;
    const pecs_id id = { { 1 } };
    void *place;
    MISUSE(pecs_world_spawn(NULL, NULL, 0, 1, NULL));
    MISUSE(pecs_world_spawn(world, NULL, 1, 1, NULL));
    MISUSE(pecs_world_spawn_with_ids(NULL, NULL, 0, &id, 1, NULL));
    MISUSE(pecs_world_spawn_with_ids(world, NULL, 0, NULL, 1, NULL));
    MISUSE(pecs_world_spawn_with_ids(world, NULL, 1, &id, 1, NULL));
    MISUSE(pecs_world_despawn(NULL, &entity, 1));
    MISUSE(pecs_world_despawn(world, NULL, 1));
    MISUSE(pecs_world_despawn_matching(NULL, query, NULL));
    MISUSE(pecs_world_despawn_matching(world, NULL, NULL));
    MISUSE(pecs_world_set(NULL, entity, &value, 1));
    MISUSE(pecs_world_set(world, entity, NULL, 1));
    MISUSE(pecs_world_set_many(NULL, &entity, 1, &value, 1));
    MISUSE(pecs_world_add(NULL, entity, &component, 1));
    MISUSE(pecs_world_add(world, entity, NULL, 1));
    MISUSE(pecs_world_remove(NULL, entity, &component, 1));
    MISUSE(pecs_world_remove(world, entity, NULL, 1));
    MISUSE(pecs_world_get_mut(NULL, entity, POSITION, sizeof(Position), &place));
    MISUSE(pecs_world_get_mut(world, entity, POSITION, sizeof(Position), NULL));
    MISUSE(pecs_world_set_contents(NULL, entity, POSITION, 0, NULL));
    MISUSE(pecs_world_edit_contents(NULL, entity, POSITION, 0, 0, &place, NULL));
    MISUSE(pecs_world_edit_contents(world, entity, POSITION, 0, 0, NULL, NULL));
    MISUSE(pecs_world_set_id(NULL, entity, id));
    MISUSE(pecs_world_remap_id(NULL, id, id));
}

Test(nulls, singletons_and_metadata)
{
    const Health health = { 1, 2 };
    void *place;
    MISUSE(pecs_world_set_singleton(NULL, HEALTH, sizeof(health), &health));
    MISUSE(pecs_world_remove_singleton(NULL, HEALTH));
    MISUSE(pecs_world_get_singleton_mut(NULL, HEALTH, sizeof(health), &place));
    MISUSE(pecs_world_get_singleton_mut(world, HEALTH, sizeof(health), NULL));
    MISUSE(pecs_world_set_meta_text(NULL, "key", "text"));
    MISUSE(pecs_world_set_meta_text(world, NULL, "text"));
    MISUSE(pecs_world_set_meta_text(world, "key", NULL));
    MISUSE(pecs_world_set_meta_bytes(NULL, "key", "", 1));
    MISUSE(pecs_world_set_meta_bytes(world, NULL, "", 1));
    MISUSE(pecs_world_set_meta_bytes(world, "key", NULL, 1));
    MISUSE(pecs_world_remove_meta(NULL, "key"));
    MISUSE(pecs_world_remove_meta(world, NULL));
}

Test(nulls, commands)
{
    pecs_commands *made = NULL;
    const pecs_value value = PECS_VALUE_AS(HEALTH, Health, 1, 2);
    const pecs_component component = POSITION;
    MISUSE(pecs_commands_create(NULL, &made));
    MISUSE(pecs_commands_create(registry, NULL));
    cr_assert_null(made);
    MISUSE(pecs_commands_spawn(NULL, &value, 1, NULL));
    MISUSE(pecs_commands_spawn(commands, NULL, 1, NULL));
    MISUSE(pecs_commands_despawn(NULL, entity));
    MISUSE(pecs_commands_set(NULL, entity, &value, 1));
    MISUSE(pecs_commands_set(commands, entity, NULL, 1));
    MISUSE(pecs_commands_add(NULL, entity, &component, 1));
    MISUSE(pecs_commands_add(commands, entity, NULL, 1));
    cr_assert_null(pecs_commands_error(NULL));
    MISUSE(pecs_commands_remove(NULL, entity, &component, 1));
    MISUSE(pecs_commands_remove(commands, entity, NULL, 1));
    MISUSE(pecs_commands_set_contents(NULL, entity, POSITION, 0, NULL));
    MISUSE(pecs_commands_apply(NULL, world, NULL));
    MISUSE(pecs_commands_apply(commands, NULL, NULL));
    cr_assert(same(pecs_commands_resolve(NULL, entity), none));
    pecs_commands_clear(NULL);
    pecs_commands_destroy(NULL);
}

static pecs_status never_write(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    (void)user, (void)spans, (void)span_count, (void)error;
    return PECS_OK;
}

Test(nulls, row_streams)
{
    const pecs_value value = PECS_VALUE_AS(TEAM, Team, 1);
    const pecs_rows rows = { .values = &value, .value_count = 1, .row_count = 1 };
    const pecs_sink sink = { .write = never_write };
    pecs_stream *stream = NULL;
    MISUSE(pecs_stream_create(NULL, path, NULL, &stream, NULL));
    MISUSE(pecs_stream_create(registry, NULL, NULL, &stream, NULL));
    MISUSE(pecs_stream_create(registry, path, NULL, NULL, NULL));
    MISUSE(pecs_stream_create_to(NULL, &sink, NULL, &stream, NULL));
    MISUSE(pecs_stream_create_to(registry, NULL, NULL, &stream, NULL));
    MISUSE(pecs_stream_create_to(registry, &sink, NULL, NULL, NULL));
    MISUSE(pecs_stream_add(NULL, &rows, NULL, NULL));
    MISUSE(pecs_stream_set_singleton(NULL, &value, NULL));
    MISUSE(pecs_stream_set_meta_text(NULL, "a", "b", NULL));
    MISUSE(pecs_stream_set_meta_bytes(NULL, "a", "b", 1, NULL));
    MISUSE(pecs_stream_finish(NULL, NULL, NULL));
    cr_assert(pecs_stream_create_to(registry, &sink, NULL, &stream, NULL) == PECS_OK);
    MISUSE(pecs_stream_add(stream, NULL, NULL, NULL));
    MISUSE(pecs_stream_set_singleton(stream, NULL, NULL));
    pecs_stream_destroy(stream);
    pecs_stream_destroy(NULL);
}

Test(nulls, stream_readers)
{
    void *bytes = NULL;
    size_t size = 0;
    pecs_stream_reader *reader = NULL;
    pecs_stream_end end;
    pecs_rows rows;
    cr_assert(pecs_snapshot_save_memory(snapshot, NULL, &bytes, &size, NULL) == PECS_OK);
    const pecs_bytes memory = { bytes, size };
    const pecs_source source = pecs_source_for_memory(&memory);
    MISUSE(pecs_stream_reader_open(NULL, path, NULL, &reader, NULL));
    MISUSE(pecs_stream_reader_open(registry, NULL, NULL, &reader, NULL));
    MISUSE(pecs_stream_reader_open(registry, path, NULL, NULL, NULL));
    MISUSE(pecs_stream_reader_open_from(NULL, &source, NULL, &reader, NULL));
    MISUSE(pecs_stream_reader_open_from(registry, NULL, NULL, &reader, NULL));
    MISUSE(pecs_stream_reader_open_from(registry, &source, NULL, NULL, NULL));
    MISUSE(pecs_stream_reader_next(NULL, &rows, NULL));
    MISUSE(pecs_stream_reader_end(NULL, &end, NULL));
    cr_assert(pecs_stream_reader_open_from(registry, &source, NULL, &reader, NULL) == PECS_OK);
    MISUSE(pecs_stream_reader_next(reader, NULL, NULL));
    MISUSE(pecs_stream_reader_end(reader, NULL, NULL));
    pecs_stream_reader_close(reader);
    pecs_stream_reader_close(NULL);
    pecs_memory_release(bytes);
}

Test(nulls, builders)
{
    const pecs_rows rows = { .row_count = 1 };
    const pecs_value value = { 0, 0, NULL };
    pecs_builder *builder = NULL;
    pecs_snapshot *made = NULL;
    MISUSE(pecs_builder_create(NULL, NULL, &builder, NULL));
    MISUSE(pecs_builder_create(registry, NULL, NULL, NULL));
    MISUSE(pecs_builder_add(NULL, &rows, NULL, NULL));
    MISUSE(pecs_builder_set_session(NULL, 1, NULL));
    MISUSE(pecs_builder_add_dead(NULL, NULL, 0, NULL));
    MISUSE(pecs_builder_set_singleton(NULL, &value, NULL));
    MISUSE(pecs_builder_set_meta_text(NULL, "a", "b", NULL));
    MISUSE(pecs_builder_set_meta_bytes(NULL, "a", "b", 1, NULL));
    MISUSE(pecs_builder_attach(NULL, "a", NULL, NULL));
    MISUSE(pecs_builder_finish(NULL, &made, NULL));
    cr_assert(pecs_builder_create(registry, NULL, &builder, NULL) == PECS_OK);
    MISUSE(pecs_builder_add(builder, NULL, NULL, NULL));
    MISUSE(pecs_builder_add_dead(builder, NULL, 1, NULL));
    MISUSE(pecs_builder_set_singleton(builder, NULL, NULL));
    MISUSE(pecs_builder_set_meta_text(builder, NULL, "b", NULL));
    MISUSE(pecs_builder_set_meta_text(builder, "a", NULL, NULL));
    MISUSE(pecs_builder_set_meta_bytes(builder, "a", NULL, 1, NULL));
    MISUSE(pecs_builder_attach(builder, NULL, NULL, NULL));
    MISUSE(pecs_builder_adopt(NULL, snapshot, NULL));
    MISUSE(pecs_builder_adopt(builder, NULL, NULL));
    MISUSE(pecs_builder_finish(builder, NULL, NULL));
    cr_assert_null(pecs_builder_registry(NULL));
    cr_assert_null(made);
    pecs_builder_destroy(builder);
    pecs_builder_destroy(NULL);
}

Test(nulls, plugins)
{
    const pecs_plugin plugin = { .name = "a", .version = 1 };
    const pecs_sink sink = { .begin = NULL };
    const pecs_source source = { .read = NULL };
    pecs_operation last = { .size_bytes = 7 };
    pecs_manager *manager = NULL;
    pecs_snapshot *made = NULL;
    MISUSE(pecs_plugin_progress(NULL, PECS_PHASE_READ, 1, 2));
    cr_assert_not_null(pecs_binary_plugin());
    MISUSE(pecs_manager_create(NULL, NULL, NULL));
    cr_assert(pecs_manager_create(NULL, &manager, NULL) == PECS_OK);
    MISUSE(pecs_manager_register(NULL, &plugin, NULL));
    MISUSE(pecs_manager_register(manager, NULL, NULL));
    MISUSE(pecs_manager_unregister(NULL, "a", NULL));
    MISUSE(pecs_manager_unregister(manager, NULL, NULL));
    MISUSE(pecs_manager_set_default(NULL, "a", NULL));
    MISUSE(pecs_manager_set_default(manager, NULL, NULL));
    MISUSE(pecs_manager_save(NULL, snapshot, path, NULL, NULL));
    MISUSE(pecs_manager_save(manager, NULL, path, NULL, NULL));
    MISUSE(pecs_manager_save(manager, snapshot, NULL, NULL, NULL));
    MISUSE(pecs_manager_update(NULL, snapshot, snapshot, path, NULL, NULL));
    MISUSE(pecs_manager_update(manager, NULL, snapshot, path, NULL, NULL));
    MISUSE(pecs_manager_update(manager, snapshot, NULL, path, NULL, NULL));
    MISUSE(pecs_manager_update(manager, snapshot, snapshot, NULL, NULL, NULL));
    MISUSE(pecs_manager_save_to(NULL, snapshot, &sink, NULL, NULL));
    MISUSE(pecs_manager_save_to(manager, NULL, &sink, NULL, NULL));
    MISUSE(pecs_manager_save_to(manager, snapshot, NULL, NULL, NULL));
    MISUSE(pecs_manager_save_to(manager, snapshot, &sink, NULL, NULL));
    MISUSE(pecs_manager_load(NULL, registry, path, NULL, &made, NULL));
    MISUSE(pecs_manager_load(manager, NULL, path, NULL, &made, NULL));
    MISUSE(pecs_manager_load(manager, registry, NULL, NULL, &made, NULL));
    MISUSE(pecs_manager_load(manager, registry, path, NULL, NULL, NULL));
    MISUSE(pecs_manager_load_from(NULL, registry, &source, NULL, &made, NULL));
    MISUSE(pecs_manager_load_from(manager, NULL, &source, NULL, &made, NULL));
    MISUSE(pecs_manager_load_from(manager, registry, NULL, NULL, &made, NULL));
    MISUSE(pecs_manager_load_from(manager, registry, &source, NULL, NULL, NULL));
    MISUSE(pecs_manager_load_from(manager, registry, &source, NULL, &made, NULL));
    cr_assert_null(made);
    cr_assert_null(pecs_manager_find(NULL, "a"));
    cr_assert_null(pecs_manager_find(manager, NULL));
    cr_assert_null(pecs_manager_at(NULL, 0));
    cr_assert_null(pecs_manager_default(NULL));
    cr_assert_null(pecs_manager_choose(NULL, "a", 1, path));
    cr_assert_null(pecs_manager_choose(manager, NULL, 1, path));
    cr_assert_eq(pecs_manager_count(NULL), 0);
    pecs_manager_last(NULL, &last);
    pecs_manager_last(manager, NULL);
    cr_assert_eq(last.size_bytes, 7);
    pecs_manager_destroy(manager);
    pecs_manager_destroy(NULL);
}

Test(nulls, snapshots)
{
    pecs_snapshot *made = NULL;
    MISUSE(pecs_snapshot_take(NULL, &made));
    MISUSE(pecs_snapshot_take(world, NULL));
    MISUSE(pecs_world_restore(NULL, snapshot));
    MISUSE(pecs_world_restore(world, NULL));
    MISUSE(pecs_world_rewind(NULL, snapshot));
    MISUSE(pecs_world_rewind(world, NULL));
    MISUSE(pecs_snapshot_filter(NULL, &(pecs_filter){ .component_count = 0 }, &made, NULL));
    MISUSE(pecs_snapshot_filter(snapshot, NULL, &made, NULL));
    MISUSE(pecs_snapshot_filter(snapshot, &(pecs_filter){ .component_count = 0 }, NULL, NULL));
    MISUSE(pecs_snapshot_convert(NULL, registry, &made, NULL));
    MISUSE(pecs_snapshot_convert(snapshot, NULL, &made, NULL));
    MISUSE(pecs_snapshot_convert(snapshot, registry, NULL, NULL));
    MISUSE(pecs_world_clone(NULL, snapshot, &entity, 1, 1, NULL));
    MISUSE(pecs_world_clone(world, snapshot, NULL, 1, 1, NULL));
    MISUSE(pecs_world_merge(NULL, snapshot, PECS_CONFLICTS_KEEP, NULL, NULL));
    MISUSE(pecs_world_merge(world, NULL, PECS_CONFLICTS_KEEP, NULL, NULL));
    cr_assert_null(pecs_snapshot_retain(NULL));
    cr_assert_null(pecs_snapshot_view(NULL).source);
    pecs_snapshot_release(NULL);
    cr_assert_null(made);
}

Test(nulls, files)
{
    pecs_snapshot *made = NULL;
    pecs_info *info = NULL;
    MISUSE(pecs_snapshot_save(NULL, path, NULL, NULL));
    MISUSE(pecs_snapshot_save(snapshot, NULL, NULL, NULL));
    MISUSE(pecs_world_save(NULL, path, NULL, NULL));
    MISUSE(pecs_world_save(world, NULL, NULL, NULL));
    MISUSE(pecs_snapshot_load(NULL, path, NULL, &made, NULL));
    MISUSE(pecs_snapshot_load(registry, NULL, NULL, &made, NULL));
    MISUSE(pecs_snapshot_load(registry, path, NULL, NULL, NULL));
    MISUSE(pecs_snapshot_resume(NULL, path, NULL, &made, NULL));
    MISUSE(pecs_snapshot_resume(registry, NULL, NULL, &made, NULL));
    MISUSE(pecs_snapshot_resume(registry, path, NULL, NULL, NULL));
    const pecs_type *const no_type = NULL;
    const pecs_part missing = { .type_count = 1 }, with_null = { .types = &no_type, .type_count = 1 };
    MISUSE(pecs_snapshot_load(registry, path, &(pecs_load_options){ .part = &missing }, &made, NULL));
    MISUSE(pecs_snapshot_load(registry, path, &(pecs_load_options){ .part = &with_null }, &made, NULL));
    MISUSE(pecs_snapshot_resume(registry, path, &(pecs_resume_options){ .part = &missing }, &made, NULL));
    MISUSE(pecs_snapshot_resume(registry, path, &(pecs_resume_options){ .part = &with_null }, &made, NULL));
    MISUSE(pecs_file_info(NULL, NULL, NULL, &info, NULL));
    MISUSE(pecs_file_info(path, NULL, NULL, NULL, NULL));
    pecs_info_destroy(NULL);
    cr_assert(!made && !info);
}

Test(nulls, queries)
{
    pecs_query *made = NULL;
    const pecs_term term = { POSITION, PECS_READ };
    MISUSE(pecs_query_create(NULL, &term, 1, &made, NULL));
    MISUSE(pecs_query_create(registry, NULL, 1, &made, NULL));
    MISUSE(pecs_query_create(registry, &term, 1, NULL, NULL));
    MISUSE(pecs_query_create_in(no_view, &term, 1, &made, NULL));
    MISUSE(pecs_query_create_in(view(), NULL, 1, &made, NULL));
    MISUSE(pecs_query_create_in(view(), &term, 1, NULL, NULL));
    cr_assert_null(made);
    pecs_query_destroy(NULL);
    cr_assert_eq(pecs_query_count(NULL, view()), 0);
    cr_assert_eq(pecs_query_count(query, no_view), 0);
    pecs_entity found[2] = { { 7, 7 }, { 7, 7 } };
    cr_assert_eq(pecs_query_collect(NULL, view(), found, 2), 0);
    cr_assert_eq(pecs_query_collect(query, no_view, found, 2), 0);
    cr_assert_eq(pecs_query_collect(query, view(), NULL, 2), 0);
    cr_assert_eq(found[0].index, 7);
    cr_assert(same(pecs_query_first(NULL, view()), none));
    cr_assert(same(pecs_query_first(query, no_view), none));
}

static void assert_ends(pecs_iter iter)
{
    cr_assert_not(pecs_iter_next(&iter));
    cr_assert_null(pecs_iter_column(&iter, POSITION, sizeof(Position)));
    MISUSE(pecs_iter_end(&iter));
}

Test(nulls, iterations)
{
    assert_ends(pecs_query_iter(NULL, view(), NULL));
    assert_ends(pecs_query_iter(query, no_view, NULL));
    assert_ends(pecs_query_iter_mut(NULL, world, NULL));
    assert_ends(pecs_query_iter_mut(query, NULL, NULL));
    cr_assert_not(pecs_iter_next(NULL));
    cr_assert_null(pecs_iter_column(NULL, POSITION, sizeof(Position)));
    cr_assert_null(pecs_iter_column_mut(NULL, POSITION, sizeof(Position)));
    MISUSE(pecs_iter_end(NULL));
    pecs_iter zero;
    memset(&zero, 0, sizeof(zero));
    cr_assert_not(pecs_iter_next(&zero));
    cr_assert_null(pecs_iter_column(&zero, POSITION, sizeof(Position)));
    cr_assert_eq(pecs_iter_end(&zero), PECS_OK);
}

Test(nulls, a_view_of_nothing)
{
    size_t count = 7;
    pecs_component component;
    pecs_summary summary;
    pecs_table table;
    memset(&summary, 0x55, sizeof(summary));
    cr_assert_not(pecs_view_alive(no_view, entity));
    cr_assert(same(pecs_view_slot(no_view, 3), (pecs_entity){ 3, 0 }));
    cr_assert_not(pecs_view_has(no_view, entity, POSITION));
    cr_assert_null(pecs_view_get(no_view, entity, POSITION, sizeof(Position)));
    cr_assert_null(pecs_view_get_singleton(no_view, POSITION, sizeof(Position)));
    cr_assert_not(pecs_view_has_singleton(no_view, POSITION));
    cr_assert_eq(pecs_view_tick(no_view), 0);
    cr_assert_eq(pecs_view_hash(no_view), pecs_view_hash(no_view));
    pecs_view_summary(no_view, &summary);
    cr_assert(same_summary(&summary, &(pecs_summary){ .entity_count = 0 }));
    pecs_view_summary(view(), NULL);
    cr_assert_eq(pecs_view_type_count(no_view), 0);
    cr_assert_not(pecs_view_component_at(no_view, 0, &component));
    cr_assert_not(pecs_view_component_at(view(), 0, NULL));
    cr_assert_null(pecs_view_type(no_view, 0));
    const pecs_id zero = { { 0 } }, found = pecs_view_type_id(no_view, 0);
    cr_assert_eq(memcmp(&found, &zero, sizeof(zero)), 0);
    cr_assert_null(pecs_view_components(no_view, entity, &count));
    cr_assert_eq(count, 0);
    cr_assert_null(pecs_view_components(view(), entity, NULL));
    cr_assert_null(pecs_view_singletons(no_view, &count));
    cr_assert_null(pecs_view_singletons(view(), NULL));
    cr_assert_not(pecs_view_table(no_view, 0, &table));
    size_t size = 7;
    cr_assert_str_eq(pecs_view_string(no_view, (pecs_string){ (uint64_t)1 << 40 }, &size), "");
    cr_assert_eq(size, 0);
    cr_assert_eq(pecs_view_heap(no_view)->spaces[0].page_count, 0);
    cr_assert_eq(pecs_view_contents_count(no_view, 0), 0);
    MISUSE(pecs_view_give_contents(no_view, 0, &size, sizeof(size), 1, NULL, 0));
    MISUSE(pecs_view_give_contents(view(), POSITION, NULL, sizeof(Position), 1, NULL, 0));
    cr_assert_not(pecs_view_table(view(), 0, NULL));
}

Test(nulls, what_is_looked_up)
{
    pecs_component component;
    const pecs_id id = { { 1 } };
    MISUSE(pecs_view_component(no_view, "Position", &component));
    MISUSE(pecs_view_component(view(), NULL, &component));
    MISUSE(pecs_view_component(view(), "Position", NULL));
    MISUSE(pecs_view_component_by_id(no_view, id, &component));
    MISUSE(pecs_view_component_by_id(view(), id, NULL));
}

Test(nulls, ids)
{
    pecs_id id = { { 1 } };
    pecs_entity found;
    MISUSE(pecs_view_id(no_view, entity, &id));
    MISUSE(pecs_view_id(view(), entity, NULL));
    MISUSE(pecs_view_find(no_view, id, &found));
    MISUSE(pecs_view_find(view(), id, NULL));
    MISUSE(pecs_view_id_many(no_view, &entity, 1, &id));
    MISUSE(pecs_view_id_many(view(), NULL, 1, &id));
    MISUSE(pecs_view_id_many(view(), &entity, 1, NULL));
    MISUSE(pecs_view_find_many(no_view, &id, 1, &found));
    MISUSE(pecs_view_find_many(view(), NULL, 1, &found));
    MISUSE(pecs_view_find_many(view(), &id, 1, NULL));
    cr_assert_eq(pecs_view_id_many(view(), NULL, 0, NULL), PECS_OK);
    pecs_id_iter all = pecs_view_ids(no_view);
    cr_assert_not(pecs_id_iter_next(&all));
    cr_assert_not(pecs_id_iter_next(NULL));
    pecs_id_format(id, NULL);
    MISUSE(pecs_id_parse(NULL, &id));
    MISUSE(pecs_id_parse("01000000-0000-0000-0000-000000000000", NULL));
}

Test(nulls, attachments)
{
    pecs_attachment attachment;
    MISUSE(pecs_world_attach(NULL, "map", NULL));
    MISUSE(pecs_world_attach(world, NULL, NULL));
    MISUSE(pecs_world_detach(NULL, "map"));
    MISUSE(pecs_world_detach(world, NULL));
    cr_assert_eq(pecs_view_attachment_count(no_view), 0);
    cr_assert_not(pecs_view_attachment_at(no_view, 0, &attachment));
    cr_assert_not(pecs_view_attachment_at(view(), 0, NULL));
    MISUSE(pecs_view_attachment(no_view, "map", &attachment));
    MISUSE(pecs_view_attachment(view(), NULL, &attachment));
    MISUSE(pecs_view_attachment(view(), "map", NULL));
}

Test(nulls, metadata)
{
    pecs_meta meta;
    cr_assert_eq(pecs_view_meta_count(no_view), 0);
    cr_assert_not(pecs_view_meta_at(no_view, 0, &meta));
    cr_assert_not(pecs_view_meta_at(view(), 0, NULL));
    MISUSE(pecs_view_meta(no_view, "key", &meta));
    MISUSE(pecs_view_meta(view(), NULL, &meta));
    MISUSE(pecs_view_meta(view(), "key", NULL));
}

Test(nulls, values)
{
    pecs_error error;
    char text[4] = "abc";
    const pecs_invalid invalid = { .kind = PECS_TEXT, .size = sizeof(text) };
    MISUSE(pecs_view_check(no_view, NULL, NULL, &error));
    cr_assert_eq(error.status, PECS_E_MISUSE);
    cr_assert_eq(pecs_view_check(view(), NULL, NULL, NULL), PECS_OK);
    cr_assert_not(pecs_repair_invalid(NULL, NULL, text));
    cr_assert_not(pecs_repair_invalid(NULL, &invalid, NULL));
    cr_assert_not(pecs_text_copy(NULL, sizeof(text), "x"));
    cr_assert_not(pecs_text_copy(text, 0, "x"));
    cr_assert_not(pecs_text_copy(text, sizeof(text), NULL));
    cr_assert_str_eq(text, "abc");
}

static pecs_status swallow(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    (void)user, (void)spans, (void)span_count, (void)error;
    return PECS_OK;
}

Test(nulls, streams)
{
    const pecs_sink sink = { .write = swallow }, no_write = { .user = NULL };
    const pecs_source no_memory = pecs_source_for_memory(NULL);
    const pecs_source no_file = pecs_source_for_fd(-1);
    pecs_snapshot *loaded = NULL;
    pecs_info *info = NULL;
    void *bytes = NULL;
    size_t size = 0;
    MISUSE(pecs_snapshot_save_to(NULL, &sink, NULL, NULL));
    MISUSE(pecs_snapshot_save_to(snapshot, NULL, NULL, NULL));
    MISUSE(pecs_snapshot_save_to(snapshot, &no_write, NULL, NULL));
    MISUSE(pecs_snapshot_save_memory(NULL, NULL, &bytes, &size, NULL));
    MISUSE(pecs_snapshot_save_memory(snapshot, NULL, NULL, &size, NULL));
    MISUSE(pecs_snapshot_save_memory(snapshot, NULL, &bytes, NULL, NULL));
    MISUSE(pecs_snapshot_load_from(NULL, &no_file, NULL, &loaded, NULL));
    MISUSE(pecs_snapshot_load_from(registry, NULL, NULL, &loaded, NULL));
    MISUSE(pecs_snapshot_load_from(registry, &no_file, NULL, NULL, NULL));
    MISUSE(pecs_snapshot_load_from(registry, &no_memory, NULL, &loaded, NULL));
    MISUSE(pecs_snapshot_load_memory(NULL, "", 1, NULL, &loaded, NULL));
    MISUSE(pecs_snapshot_load_memory(registry, NULL, 1, NULL, &loaded, NULL));
    MISUSE(pecs_snapshot_load_memory(registry, "", 1, NULL, NULL, NULL));
    MISUSE(pecs_file_info_from(NULL, NULL, NULL, &info, NULL));
    MISUSE(pecs_file_info_from(&no_file, NULL, NULL, NULL, NULL));
    MISUSE(pecs_file_info_from(&no_memory, NULL, NULL, &info, NULL));
    cr_assert_eq(pecs_snapshot_save_to(snapshot, &(pecs_sink){ .write = swallow }, NULL, NULL), PECS_OK);
    const pecs_sink nowhere = pecs_sink_for_fd(-1);
    cr_assert_eq(pecs_snapshot_save_to(snapshot, &nowhere, NULL, NULL), PECS_E_IO);
    pecs_memory_release(NULL);
    cr_assert(!loaded && !info && !bytes && !size);
}

Test(nulls, locks)
{
    const pecs_sink sink = { .write = swallow }, no_write = { .user = NULL };
    MISUSE(pecs_lock_write(NULL, &sink, NULL));
    MISUSE(pecs_lock_write(registry, NULL, NULL));
    MISUSE(pecs_lock_write(registry, &no_write, NULL));
    MISUSE(pecs_lock_write_view(no_view, &sink, NULL));
    MISUSE(pecs_lock_write_view(view(), NULL, NULL));
    MISUSE(pecs_lock_write_view(view(), &no_write, NULL));
    MISUSE(pecs_lock_write_file(NULL, path, NULL));
    MISUSE(pecs_lock_write_file(registry, NULL, NULL));
    MISUSE(pecs_lock_check(NULL, "", 0, NULL, NULL));
    MISUSE(pecs_lock_check(registry, NULL, 0, NULL, NULL));
    MISUSE(pecs_lock_check_file(NULL, path, NULL, NULL));
    MISUSE(pecs_lock_check_file(registry, NULL, NULL, NULL));
    MISUSE(pecs_lock_check_view(no_view, "", 0, NULL, NULL));
    MISUSE(pecs_lock_check_view(view(), NULL, 0, NULL, NULL));
    cr_assert_eq(pecs_lock_write(registry, &sink, NULL), PECS_OK);
}

Test(nulls, files_of_nothing)
{
    MISUSE(pecs_salvage(NULL, "to", NULL, NULL, NULL));
    MISUSE(pecs_salvage("from", NULL, NULL, NULL, NULL));
    MISUSE(pecs_compact(NULL, "to", NULL, NULL));
    MISUSE(pecs_compact("from", NULL, NULL, NULL));
    MISUSE(pecs_snapshot_verify(NULL, NULL, NULL, NULL));
    cr_assert_null(pecs_info_meta(NULL, "title"));
}

static bool each(void *user, const pecs_change *change)
{
    (void)user, (void)change;
    return true;
}

Test(nulls, diff)
{
    MISUSE(pecs_view_diff(no_view, view(), each, NULL));
    MISUSE(pecs_view_diff(view(), no_view, each, NULL));
    MISUSE(pecs_view_diff(view(), view(), NULL, NULL));
    MISUSE(pecs_view_diff_by_handle(no_view, view(), each, NULL));
    MISUSE(pecs_view_diff_by_handle(view(), no_view, each, NULL));
    MISUSE(pecs_view_diff_by_handle(view(), view(), NULL, NULL));
    cr_assert(pecs_diff_same_target(no_view, entity, no_view, entity));
    cr_assert(pecs_diff_same_target(no_view, entity, view(), entity));
}
