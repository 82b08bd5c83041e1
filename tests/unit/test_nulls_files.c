/* The rule for NULL (pecs/status.h), of the functions that save, load and stream, and of managers of plugins. */
#include "nulls_fixture.h"

TestSuite(nulls, .init = set_up, .fini = strike);

static pecs_status swallow(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    (void)user, (void)spans, (void)span_count, (void)error;
    return PECS_OK;
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

Test(nulls, files_of_nothing)
{
    MISUSE(pecs_salvage(NULL, "to", NULL, NULL, NULL));
    MISUSE(pecs_salvage("from", NULL, NULL, NULL, NULL));
    MISUSE(pecs_compact(NULL, "to", NULL, NULL));
    MISUSE(pecs_compact("from", NULL, NULL, NULL));
    MISUSE(pecs_snapshot_verify(NULL, NULL, NULL, NULL));
    cr_assert_null(pecs_info_meta(NULL, "title"));
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

Test(nulls, row_streams)
{
    const pecs_value value = PECS_VALUE_AS(TEAM, Team, 1);
    const pecs_rows rows = { .values = &value, .value_count = 1, .row_count = 1 };
    const pecs_sink sink = { .write = swallow };
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

Test(nulls, plugins)
{
    const pecs_plugin plugin = { .name = "a", .version = 1 };
    pecs_operation last = { .size_bytes = 7 };
    pecs_manager *manager = NULL;
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

Test(nulls, plugins_save_and_load)
{
    const pecs_sink sink = { .begin = NULL };
    const pecs_source source = { .read = NULL };
    pecs_manager *manager = NULL;
    pecs_snapshot *made = NULL;
    cr_assert(pecs_manager_create(NULL, &manager, NULL) == PECS_OK);
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
    pecs_manager_destroy(manager);
}
