/* Locks for users: where schemas come from, and where their texts go. */
#include "error.h"
#include "history.h"
#include "lock_check.h"
#include "output.h"
#include "program_meta.h"
#include "publish.h"
#include "state_types.h"
#include "upgrade.h"

#include <string.h>

enum { LOCK_UNIT_BYTES = 256 * 1024 }; /* a sink gets at most so much in one call */

/* Types of the library's own are none of the program's. */
static pecs_status locks_add(struct lock *lock, const struct component *component)
{
    const char *name = component->type->name;
    return name_is_reserved(name, strlen(name)) ? PECS_OK : lock_add(lock, component->type, component->id);
}

/* Makes the schema of a registry. Call deinit also on failure: PECS_E_MEMORY. */
static pecs_status locks_of_registry(struct lock *lock, const pecs_registry *registry, pecs_error *error)
{
    const pecs_history *given = registry->history ? registry->history->given : NULL;
    pecs_status status = PECS_OK;
    lock_init(lock, registry->pool);
    lock->schema_version = given ? given->schema_version : 0;
    lock->oldest_reader = given ? given->oldest_reader : 0;
    for (uint32_t i = 0; !status && i < registry->type_count; i++)
        status = locks_add(lock, registry_component(registry, i));
    status = status ? status : lock_sort(lock);
    return status ? fail_memory(error) : PECS_OK;
}

static pecs_status locks_of_state(struct lock *lock, const struct pecs_snapshot *state, pecs_error *error)
{
    const pecs_history *given = state->registry->history ? state->registry->history->given : NULL;
    pecs_status status = PECS_OK;
    lock_init(lock, state->registry->pool);
    lock->schema_version =
        given ? given->schema_version : program_meta_number(state->metadata, PECS_META_SCHEMA_VERSION);
    lock->oldest_reader = given ? given->oldest_reader : program_meta_number(state->metadata, PECS_META_OLDEST_READER);
    for (uint32_t i = 0; !status && i < state_component_count(state); i++)
        status = locks_add(lock, state_component_at(state, i));
    status = status ? status : lock_sort(lock);
    return status ? fail_memory(error) : PECS_OK;
}

/* The text of a lock, as an array of the pool. */
struct lock_image {
    struct pool *pool;
    char *text;
    size_t size_bytes;
    uint32_t source;
};

/* Call drop also on failure. */
static pecs_status locks_print(const struct lock *lock, struct lock_image *image, pecs_error *error)
{
    *image = (struct lock_image){ .pool = lock->pool, .size_bytes = lock_print(lock, NULL, 0) };
    if (image->size_bytes > LOCK_MAX_BYTES)
        return fail(error, PECS_E_LIMIT, "the text of the types is longer than %d MiB", LOCK_MAX_BYTES >> 20);
    image->text = pool_array_allocate(image->pool, image->size_bytes, &image->source);
    if (!image->text)
        return fail_memory(error);
    (void)lock_print(lock, image->text, image->size_bytes);
    return PECS_OK;
}

static void locks_drop(struct lock_image *image)
{
    if (image->text)
        pool_array_release(image->pool, image->text, image->size_bytes, image->source);
}

static pecs_status locks_write(const struct lock *lock, const pecs_sink *sink, pecs_error *error)
{
    struct output output;
    struct lock_image image;
    pecs_status status = locks_print(lock, &image, error);
    if (!status) {
        status = output_init(&output, lock->pool, sink, LOCK_UNIT_BYTES, error);
        if (!status) {
            output_begin(&output, image.size_bytes);
            output_put(&output, image.text, image.size_bytes);
            output_flush(&output);
            status = output_end(&output);
        }
        output_deinit(&output);
    }
    locks_drop(&image);
    return status;
}

pecs_status pecs_lock_write(const pecs_registry *registry, const pecs_sink *sink, pecs_error *error)
{
    struct lock lock;
    if (!registry || !sink || !sink->write)
        return fail(error, PECS_E_MISUSE, "registry, sink and its write must not be NULL");
    pecs_status status = locks_of_registry(&lock, registry, error);
    status = status ? status : locks_write(&lock, sink, error);
    lock_deinit(&lock);
    return status;
}

pecs_status pecs_lock_write_view(pecs_view view, const pecs_sink *sink, pecs_error *error)
{
    struct lock lock;
    if (!view.source || !sink || !sink->write)
        return fail(error, PECS_E_MISUSE, "the view, sink and its write must not be NULL");
    pecs_status status = locks_of_state(&lock, view_source(view)->state, error);
    status = status ? status : locks_write(&lock, sink, error);
    lock_deinit(&lock);
    return status;
}

static pecs_status locks_publish(const struct lock *lock, const char *path, pecs_error *error)
{
    struct lock_image image;
    struct publication *publication;
    pecs_status status = locks_print(lock, &image, error);
    status = status ? status : publication_begin(lock->pool, path, image.size_bytes, true, &publication, error);
    if (!status) {
        const pecs_bytes span = { image.text, image.size_bytes };
        status = publication_write(publication, &span, 1, error);
        if (status)
            publication_abort(publication);
        else
            status = publication_commit(publication, error);
    }
    locks_drop(&image);
    return status;
}

pecs_status pecs_lock_write_file(const pecs_registry *registry, const char *path, pecs_error *error)
{
    struct lock lock;
    if (!registry || !path)
        return fail(error, PECS_E_MISUSE, "registry and path must not be NULL");
    pecs_status status = locks_of_registry(&lock, registry, error);
    status = status ? status : locks_publish(&lock, path, error);
    lock_deinit(&lock);
    return status;
}

/* Parses the text, which may be NULL if it is empty, and checks a schema against it. */
static pecs_status locks_check(const struct lock *now, const pecs_registry *registry, enum lock_reader_kind kind,
                               const char *text, size_t size_bytes, const pecs_lock_options *options, pecs_error *error)
{
    struct lock locked;
    lock_init(&locked, registry->pool);
    pecs_status status = lock_parse(&locked, text, size_bytes, error);
    status = status ? status : lock_check(&locked, now, registry, kind, options, error);
    lock_deinit(&locked);
    return status;
}

pecs_status pecs_lock_check(const pecs_registry *registry, const char *text, size_t size_bytes,
                            const pecs_lock_options *options, pecs_error *error)
{
    struct lock now;
    if (!registry || !text)
        return fail(error, PECS_E_MISUSE, "registry and text must not be NULL");
    pecs_status status = locks_of_registry(&now, registry, error);
    status = status ? status : locks_check(&now, registry, LOCK_PROGRAM, text, size_bytes, options, error);
    lock_deinit(&now);
    return status;
}

pecs_status pecs_lock_check_view(pecs_view view, const char *text, size_t size_bytes, const pecs_lock_options *options,
                                 pecs_error *error)
{
    struct lock now;
    if (!view.source || !text)
        return fail(error, PECS_E_MISUSE, "the view and text must not be NULL");
    const struct pecs_snapshot *state = view_source(view)->state;
    pecs_status status = locks_of_state(&now, state, error);
    status = status ? status : locks_check(&now, state->registry, LOCK_SAVE, text, size_bytes, options, error);
    lock_deinit(&now);
    return status;
}

pecs_status pecs_lock_check_file(const pecs_registry *registry, const char *path, const pecs_lock_options *options,
                                 pecs_error *error)
{
    struct os_file file;
    uint32_t source;
    if (!registry || !path)
        return fail(error, PECS_E_MISUSE, "registry and path must not be NULL");
    pecs_status status = os_file_open(path, &file, error);
    if (status)
        return status;
    const size_t size = (size_t)file.size_bytes;
    if (file.size_bytes > LOCK_MAX_BYTES)
        status = fail(error, PECS_E_LIMIT, "the lock has more than %d MiB", LOCK_MAX_BYTES >> 20);
    char *const text = status ? NULL : pool_array_allocate(registry->pool, size + 1, &source);
    if (!status && !text)
        status = fail_memory(error);
    status = status ? status : os_file_read(&file, path, text, size, 0, error);
    status = status ? status : pecs_lock_check(registry, text, size, options, error);
    if (text)
        pool_array_release(registry->pool, text, size + 1, source);
    os_file_close(&file);
    return status;
}
