/*
 * The rule for NULL (pecs/status.h), of every exported function: check_exports.py looks whether it is here or in
 * test_nulls_files.c.
 */
#include "nulls_fixture.h"

TestSuite(nulls, .init = set_up, .fini = strike);

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
    cr_assert_null(pecs_migration_allocate(NULL, 1));
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
