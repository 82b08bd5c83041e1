/*
 * Every allocation of a save and a load fails once: the library's, PECS's and cJSON's. The status is PECS_E_MEMORY, and
 * nothing leaks. The linker gives all calls of malloc and its kin to this program.
 */
#include "json_world_fixture.h"

#include <cJSON.h>

static size_t live_count, call_count, failing_call; /* failing_call 0: none */

static bool takes(void)
{
    return ++call_count != failing_call;
}

static void *note(void *memory)
{
    live_count += memory != NULL;
    return memory;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
int __real_posix_memalign(void **ret_memory, size_t align, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void __real_free(void *memory);

void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return takes() ? note(__real_malloc(size)) : NULL;
}

void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    return takes() ? note(__real_calloc(count, size)) : NULL;
}

void *__wrap_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size)
{
    if (!takes())
        return NULL;
    void *moved = __real_realloc(memory, size);
    live_count += moved && !memory;
    return moved;
}

int __wrap_posix_memalign(void **ret_memory, size_t align, size_t size);
int __wrap_posix_memalign(void **ret_memory, size_t align, size_t size)
{
    const int code = takes() ? __real_posix_memalign(ret_memory, align, size) : 12;
    live_count += code == 0;
    return code;
}

void *__wrap_aligned_alloc(size_t align, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size)
{
    return takes() ? note(__real_aligned_alloc(align, size)) : NULL;
}

void __wrap_free(void *memory);
void __wrap_free(void *memory)
{
    live_count -= memory != NULL;
    __real_free(memory);
}

static pecs_status discard(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    (void)user;
    (void)spans;
    (void)span_count;
    (void)error;
    return PECS_OK;
}

static pecs_status save(const pecs_snapshot *snapshot, pecs_error *error)
{
    static const pecs_save_options options;
    const pecs_plugin_context context = { .save = &options };
    const pecs_sink sink = { .write = discard };
    return pecs_json_plugin()->save(&context, snapshot, &sink, error);
}

Test(json_failures, of_a_save)
{
    pecs_registry *registry = json_registry();
    pecs_snapshot *snapshot = json_world(registry);
    pecs_status status = PECS_E_MEMORY;
    size_t failures = 0;
    for (size_t n = 1; status; n++) {
        pecs_error error = { 0 };
        const size_t before = live_count;
        call_count = 0;
        failing_call = n;
        status = save(snapshot, &error);
        failing_call = 0;
        cr_assert(live_count == before, "call %zu", n);
        cr_assert(!status || (status == PECS_E_MEMORY && error.status == status), "call %zu: %s", n, error.message);
        failures += status != PECS_OK;
    }
    cr_assert(failures >= 3);
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
}

/* Loads by a registry that has the types, or none of them. */
static void check_load(pecs_registry *registry, const struct json_text *text)
{
    pecs_status status = PECS_E_MEMORY;
    size_t failures = 0;
    for (size_t n = 1; status; n++) {
        pecs_snapshot *snapshot = NULL;
        pecs_error error = { 0 };
        const size_t before = live_count;
        call_count = 0;
        failing_call = n;
        status = json_read(registry, text->bytes, text->size, NULL, NULL, &snapshot, &error);
        failing_call = 0;
        pecs_snapshot_release(snapshot);
        cr_assert(live_count == before, "call %zu: %zu of %zu, %s", n, live_count, before, error.message);
        cr_assert(!status || (status == PECS_E_MEMORY && error.status == status), "call %zu: %s", n, error.message);
        failures += status != PECS_OK;
    }
    cr_assert(failures > 100);
}

Test(json_failures, of_a_load)
{
    static const pecs_registry_desc none;
    cJSON_Hooks hooks = { __wrap_malloc, __wrap_free };
    pecs_registry *registry = json_registry(), *empty;
    pecs_snapshot *snapshot = json_world(registry), *loaded;
    struct json_text text;
    pecs_error error;
    cr_assert(pecs_registry_create(&none, &empty, NULL) == PECS_OK);
    cr_assert(json_write(snapshot, NULL, NULL, &text, &error) == PECS_OK);
    cJSON_InitHooks(&hooks);
    /* what a registry keeps of a first load is no leak */
    cr_assert(json_read(empty, text.bytes, text.size, NULL, NULL, &loaded, &error) == PECS_OK, "%s", error.message);
    pecs_snapshot_release(loaded);
    check_load(registry, &text);
    check_load(empty, &text);
    free(text.bytes);
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
    pecs_registry_release(empty);
}
