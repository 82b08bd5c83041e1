/*
 * Functions that take no memory at all, so that none of theirs can fail. Each is called while every allocation would
 * fail, and none is asked for. The functions that take some are on trial in the other test_failures*.c;
 * check_allocations.py proves that every public function is on one of the two lists.
 */
#include "failures_files_fixture.h"

TestSuite(failures_none);

static void read_view(const struct stage *stage, pecs_view view)
{
    const pecs_entity entity = stage->entities[4];
    pecs_entity found = none;
    pecs_component component;
    pecs_table table;
    pecs_meta meta;
    pecs_attachment attachment;
    pecs_id id;
    pecs_summary summary;
    size_t count;
    pecs_view_summary(view, &summary);
    must(pecs_view_alive(view, entity) && pecs_view_has(view, entity, TEAM));
    must(same(pecs_view_slot(view, entity.index), entity));
    must(pecs_view_get(view, entity, TEAM, sizeof(Team)) != NULL && pecs_view_heap(view) != NULL);
    must(pecs_view_has_singleton(view, TEAM) && pecs_view_get_singleton(view, TEAM, sizeof(Team)) != NULL);
    must(pecs_view_id(view, entity, &id) == PECS_OK && pecs_view_find(view, id, &found) == PECS_OK);
    must(pecs_view_id_many(view, &entity, 1, &id) == PECS_OK && pecs_view_find_many(view, &id, 1, &found) == PECS_OK);
    must(same(found, entity) && pecs_view_hash(view) != 0 && summary.entity_count == 19);
    must(pecs_view_meta_count(view) == 1 && pecs_view_meta_at(view, 0, &meta));
    must(pecs_view_meta(view, "level", &meta) == PECS_OK);
    must(pecs_view_attachment_count(view) == 0 && !pecs_view_attachment_at(view, 0, &attachment));
    must(pecs_view_attachment(view, "map", &attachment) == PECS_E_ABSENT);
    must(pecs_view_type_count(view) >= FIXTURE_TYPE_COUNT && pecs_view_type(view, TEAM) == &Team_type);
    must(pecs_view_component_at(view, TEAM, &component) && component == TEAM);
    must(pecs_view_component(view, Team_type.name, &component) == PECS_OK && component == TEAM);
    must(pecs_view_component_by_id(view, pecs_view_type_id(view, TEAM), &component) == PECS_OK);
    must(pecs_view_components(view, entity, &count) != NULL && pecs_view_singletons(view, &count) != NULL);
    must(pecs_view_table(view, 0, &table) && pecs_view_tick(view) > 0);
    pecs_id_iter ids = pecs_view_ids(view);
    must(pecs_id_iter_next(&ids));
}

static void read_rows(const struct stage *stage, pecs_view view)
{
    uint64_t row_count = 0;
    pecs_iter iter = pecs_query_iter(stage->query, view, NULL);
    for (; pecs_iter_next(&iter); row_count += iter.row_count)
        must(pecs_iter_column(&iter, POSITION, sizeof(Position)) != NULL);
    must(pecs_iter_end(&iter) == PECS_OK && row_count == pecs_query_count(stage->query, view));
    pecs_entity found = none;
    must(pecs_query_collect(stage->query, view, &found, 1) == row_count);
    must(same(found, pecs_query_first(stage->query, view)));
}

static void destroy_all(struct stage *stage)
{
    pecs_commands_clear(stage->commands);
    pecs_commands_destroy(stage->commands);
    pecs_query_destroy(stage->query);
    pecs_world_destroy(stage->world);
    pecs_snapshot_release(pecs_snapshot_retain(stage->snapshot));
    pecs_snapshot_release(stage->snapshot);
    pecs_snapshot_release(stage->taken);
    pecs_registry_release(pecs_registry_retain(stage->registry));
    pecs_registry_release(stage->registry);
}

/* A plugin that a manager never calls. */
static void read_manager(pecs_manager *manager)
{
    pecs_operation operation;
    pecs_error error;
    const pecs_plugin *plugin = pecs_binary_plugin();
    must(pecs_manager_find(manager, "pecs") == plugin && pecs_manager_at(manager, 0) == plugin);
    must(pecs_manager_count(manager) == 1 && pecs_manager_default(manager) == plugin);
    must(pecs_manager_choose(manager, "", 0, "a.pecs") == plugin);
    must(pecs_manager_set_default(manager, "pecs", &error) == PECS_OK);
    must(pecs_plugin_progress(NULL, PECS_PHASE_READ, 0, 0) == PECS_E_MISUSE);
    pecs_manager_last(manager, &operation);
    must(!operation.plugin && pecs_manager_unregister(manager, "pecs", &error) == PECS_OK);
}

Test(failures_none, take_no_memory)
{
    struct stage stage;
    pecs_manager *manager = NULL;
    pecs_builder *builder = NULL;
    char text[PECS_ID_TEXT_BYTES];
    pecs_id id;
    pecs_info *info = NULL;
    pecs_entity provisional;
    stage_set(&stage, &(struct trial){ save_before, NULL });
    stage.query = make_query(stage.registry, (pecs_term[]){ { POSITION, PECS_READ } }, 1);
    must(pecs_commands_create(stage.registry, &stage.commands) == PECS_OK);
    must(pecs_commands_spawn(stage.commands, (pecs_value[]){ PECS_HAS_AS(FROZEN) }, 1, &provisional) == PECS_OK);
    must(pecs_file_info(path, &counting_hooks, NULL, &info, NULL) == PECS_OK);
    unlink(path);
    must(pecs_manager_create(&counting_hooks, &manager, NULL) == PECS_OK);
    must(pecs_manager_register(manager, pecs_binary_plugin(), NULL) == PECS_OK);
    must(pecs_builder_create(stage.registry, NULL, &builder, NULL) == PECS_OK);
    const uint64_t call_count = counting.call_count;
    counting.fail_at = 1;
    counting.fail_after = true;
    read_view(&stage, pecs_world_view(stage.world));
    read_view(&stage, pecs_snapshot_view(stage.snapshot));
    read_rows(&stage, pecs_world_view(stage.world));
    (void)pecs_commands_resolve(stage.commands, provisional);
    must(pecs_diff_same_target(pecs_world_view(stage.world), none, pecs_snapshot_view(stage.snapshot), none));
    must(pecs_snapshot_verify(stage.snapshot, NULL, NULL, NULL) == PECS_OK && !pecs_info_meta(info, "nowhere"));
    (void)pecs_world_copied_bytes(stage.world);
    must(pecs_registry_type(stage.registry, TEAM) == &Team_type);
    must(pecs_registry_type_count(stage.registry) == FIXTURE_TYPE_COUNT && !pecs_registry_history(stage.registry));
    must(pecs_builder_registry(builder) == stage.registry);
    read_manager(manager);
    pecs_builder_destroy(builder);
    pecs_manager_destroy(manager);
    must(pecs_sink_for_fd(1).write && pecs_source_for_fd(0).read && pecs_source_for_memory(NULL).map);
    pecs_id_format(id_a, text);
    must(pecs_text_copy(text, sizeof(text), "short"));
    must(pecs_repair_invalid(NULL, &(pecs_invalid){ .kind = PECS_TEXT, .size = sizeof(text) }, text));
    pecs_id_format(id_a, text);
    must(pecs_id_parse(text, &id) == PECS_OK && pecs_kind_name(PECS_F32) && pecs_kind_size(PECS_F32) &&
         pecs_kind_align(PECS_F32) && pecs_status_name(PECS_OK));
    must(pecs_snapshot_take(stage.world, &stage.taken) == PECS_OK);
    pecs_info_destroy(info);
    destroy_all(&stage);
    cr_assert_eq(counting.call_count, call_count);
    assert_no_leak();
}
