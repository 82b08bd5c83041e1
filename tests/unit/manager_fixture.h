/*
 * For tests of plugins: a manager with a small format, whose functions a test replaces one by one. A toy file is "TOY",
 * a digit for its version, and for each entity with a Position, handle and value.
 */
#ifndef MANAGER_FIXTURE_H
#define MANAGER_FIXTURE_H

#include "stream_fixture.h"

#include <pecs/plugin.h>

struct toy_row {
    pecs_entity entity;
    Position position;
};
typedef pecs_status toy_save_function(const pecs_plugin_context *context, const pecs_snapshot *snapshot,
                                      const pecs_sink *sink, pecs_error *error);
typedef pecs_status toy_load_function(const pecs_plugin_context *context, const pecs_source *source,
                                      pecs_builder *builder, pecs_error *error);

static struct {
    toy_save_function *save; /* instead of toy_save_all */
    toy_load_function *load; /* instead of toy_load_all */
    unsigned save_count, load_count, create_count, destroy_count;
} toy;

static pecs_manager *manager;
static pecs_error error;

static inline pecs_status toy_write(const pecs_sink *sink, const void *bytes, size_t size, pecs_error *why)
{
    return sink->write(sink->user, &(pecs_bytes){ bytes, size }, 1, why);
}

static inline pecs_status toy_save_all(const pecs_plugin_context *context, const pecs_snapshot *from,
                                       const pecs_sink *sink, pecs_error *why)
{
    const pecs_view view = pecs_snapshot_view(from);
    const pecs_term term = { POSITION, PECS_READ };
    pecs_query *query;
    (void)context;
    pecs_status status = pecs_query_create(registry, &term, 1, &query, why);
    if (status)
        return status;
    status = toy_write(sink, "TOY1", 4, why);
    pecs_iter it = pecs_query_iter(query, view, NULL);
    while (pecs_iter_next(&it))
        for (size_t i = 0; !status && i < it.row_count; i++) {
            const Position *positions = pecs_column_as(&it, 0, Position);
            const struct toy_row row = { it.entities[i], positions[i] };
            status = toy_write(sink, &row, sizeof(row), why);
        }
    must(pecs_iter_end(&it) == PECS_OK);
    pecs_query_destroy(query);
    return status;
}

/* All of the source from where it stands; free it. NULL: it failed. */
static inline uint8_t *toy_read_all(const pecs_source *source, size_t *ret_size, pecs_error *why)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    for (size_t count = 1; count; size += count) {
        bytes = realloc(bytes, size + 1000);
        must(bytes != NULL);
        if (source->read(source->user, bytes + size, 1000, &count, why)) {
            free(bytes);
            return NULL;
        }
    }
    *ret_size = size;
    return bytes;
}

static inline pecs_status toy_load_all(const pecs_plugin_context *context, const pecs_source *source,
                                       pecs_builder *builder, pecs_error *why)
{
    size_t size = 0;
    uint8_t *bytes = toy_read_all(source, &size, why);
    pecs_status status = bytes ? PECS_OK : why->status;
    (void)context;
    for (size_t at = 4; !status && at + sizeof(struct toy_row) <= size; at += sizeof(struct toy_row)) {
        struct toy_row row;
        memcpy(&row, bytes + at, sizeof(row));
        const pecs_value value = { POSITION, sizeof(row.position), &row.position };
        status = pecs_builder_add(builder, &(pecs_rows){ &value, 1, 1, &row.entity, NULL }, NULL, why);
    }
    free(bytes);
    return status;
}

static inline pecs_status toy_save(const pecs_plugin_context *context, const pecs_snapshot *from, const pecs_sink *sink,
                                   pecs_error *why)
{
    must(why != NULL && context->save && sink->write && !sink->commit && !sink->abort);
    toy.save_count++;
    return (toy.save ? toy.save : toy_save_all)(context, from, sink, why);
}

static inline pecs_status toy_load(const pecs_plugin_context *context, const pecs_source *source, pecs_builder *builder,
                                   pecs_error *why)
{
    must(why != NULL && context->load && source->read);
    toy.load_count++;
    return (toy.load ? toy.load : toy_load_all)(context, source, builder, why);
}

static inline uint32_t toy_bid(void *user, const void *bytes, size_t size)
{
    (void)user;
    must(size <= PECS_BID_BYTES);
    return size >= 3 && memcmp(bytes, "TOY", 3) == 0 ? 24 : 0;
}

static inline uint32_t toy_version_of(void *user, const void *bytes, size_t size)
{
    (void)user;
    return size >= 4 ? (uint32_t)((const char *)bytes)[3] - '0' : 0;
}

static inline pecs_status toy_create(void *user, void **ret_instance, pecs_error *why)
{
    must(why != NULL);
    toy.create_count++;
    *ret_instance = user;
    return PECS_OK;
}

static inline void toy_destroy(void *user, void *instance)
{
    must(instance == user);
    toy.destroy_count++;
}

static const pecs_plugin toy_plugin = {
    .name = "toy",
    .version = 1,
    .extensions = "toy playthings",
    .user = &toy,
    .bid = toy_bid,
    .save = toy_save,
    .load = toy_load,
    .version_of = toy_version_of,
    .create = toy_create,
    .destroy = toy_destroy,
};

static const pecs_save_options unsynced = { .skip_sync = true };
static const pecs_manager_options quickly = { .save = &unsynced };

/* The toy is the default. */
static inline void manager_set_up_rows(size_t row_count)
{
    stream_set_up_rows(row_count);
    memset(&toy, 0, sizeof(toy));
    must(pecs_manager_create(&counting_hooks, &manager, &error) == PECS_OK);
    must(pecs_manager_register(manager, &toy_plugin, &error) == PECS_OK);
    must(pecs_manager_register(manager, pecs_binary_plugin(), &error) == PECS_OK);
}

static inline void manager_set_up(void)
{
    manager_set_up_rows(500);
}

static inline void manager_tear_down(void)
{
    pecs_manager_destroy(manager);
    must(toy.create_count == toy.destroy_count);
    stream_tear_down();
}

static inline void save_as(const char *path)
{
    cr_assert_eq(pecs_manager_save(manager, snapshot, path, &quickly, &error), PECS_OK, "%s", error.message);
}

static inline pecs_snapshot *load_as(const char *path, const pecs_manager_options *options)
{
    pecs_snapshot *loaded = NULL;
    cr_assert_eq(pecs_manager_load(manager, registry, path, options, &loaded, &error), PECS_OK, "%s", error.message);
    return loaded;
}

/* A save to "old.toy", which is there, fails with this error and leaves it; nothing else is left. */
static inline void refuse_save_by(const pecs_manager_options *options, pecs_status status, const char *message)
{
    const uint64_t live_count = counting.live_count;
    pecs_operation last;
    write_bytes("old.toy", "old", 3);
    const size_t count = file_count();
    cr_assert_eq(pecs_manager_save(manager, snapshot, "old.toy", options, &error), status, "%s", error.message);
    cr_assert_eq(error.status, status);
    cr_assert_str_eq(error.message, message);
    pecs_manager_last(manager, &last);
    cr_assert_eq(last.status, status);
    const struct file_bytes old = read_bytes("old.toy");
    must(old.size == 3 && memcmp(old.bytes, "old", 3) == 0 && file_count() == count);
    free(old.bytes);
    cr_assert_eq(counting.live_count, live_count);
}

static inline void refuse_save(pecs_status status, const char *message)
{
    refuse_save_by(&quickly, status, message);
}

static inline void refuse_load_by(const char *path, const pecs_manager_options *options, pecs_status status,
                                  const char *message)
{
    const uint64_t live_count = counting.live_count;
    pecs_snapshot *loaded = NULL;
    cr_assert_eq(pecs_manager_load(manager, registry, path, options, &loaded, &error), status, "%s", error.message);
    cr_assert_eq(error.status, status);
    cr_assert_str_eq(error.message, message);
    cr_assert_null(loaded);
    cr_assert_eq(counting.live_count, live_count);
}

static inline void refuse_load(const char *path, pecs_status status, const char *message)
{
    refuse_load_by(path, NULL, status, message);
}

#endif
