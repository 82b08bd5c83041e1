/* JSON through a manager: by the extension of a path, and by the first bytes of a file. */
#define _GNU_SOURCE
#include "json_world_fixture.h"

#include <stdlib.h>
#include <unistd.h>

static bool count_calls(void *user, pecs_phase phase, uint64_t done, uint64_t total)
{
    (void)phase;
    cr_assert(!total || done <= total);
    ++*(int *)user;
    return true;
}

Test(json_manager, a_path_is_saved_by_its_extension_and_loaded_by_its_bytes)
{
    char folder[] = "/tmp/json_manager_XXXXXX", path[64], other[64];
    cr_assert(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/world.json", folder);
    snprintf(other, sizeof(other), "%s/world.txt", folder);
    pecs_registry *registry = json_registry();
    pecs_snapshot *snapshot = json_world(registry), *loaded;
    pecs_manager *manager;
    pecs_error error = { 0 };
    pecs_operation operation;
    int calls = 0;
    cr_assert(pecs_manager_create(NULL, &manager, &error) == PECS_OK);
    cr_assert(pecs_manager_register(manager, pecs_binary_plugin(), &error) == PECS_OK);
    cr_assert(pecs_manager_register(manager, pecs_json_plugin(), &error) == PECS_OK);
    cr_assert(pecs_manager_save(manager, snapshot, path, NULL, &error) == PECS_OK, "%s", error.message);
    cr_assert(rename(path, other) == 0);
    const pecs_manager_options options = { .progress = count_calls, .user = &calls, .ret_operation = &operation };
    cr_assert(pecs_manager_load(manager, registry, other, &options, &loaded, &error) == PECS_OK, "%s", error.message);
    cr_assert(operation.plugin == pecs_json_plugin() && operation.entity_count == 4 && calls >= 2);
    cr_assert(pecs_view_hash(pecs_snapshot_view(snapshot)) == pecs_view_hash(pecs_snapshot_view(loaded)));
    pecs_snapshot_release(loaded);
    pecs_snapshot_release(snapshot);
    pecs_manager_destroy(manager);
    pecs_registry_release(registry);
    unlink(other);
    rmdir(folder);
}

static bool stop(void *user, pecs_phase phase, uint64_t done, uint64_t total)
{
    (void)done;
    (void)total;
    return phase != *(pecs_phase *)user;
}

static pecs_status keep(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    return json_gather(user, spans, span_count, error);
}

Test(json_manager, an_operation_that_is_stopped_is_cancelled)
{
    static const pecs_phase phases[] = { PECS_PHASE_READ, PECS_PHASE_BUILD };
    pecs_registry *registry = json_registry();
    pecs_snapshot *snapshot = json_world(registry), *loaded;
    struct json_text text = { NULL, 0 };
    const pecs_sink sink = { .write = keep, .user = &text };
    pecs_manager *manager;
    pecs_error error = { 0 };
    cr_assert(pecs_manager_create(NULL, &manager, &error) == PECS_OK);
    cr_assert(pecs_manager_register(manager, pecs_json_plugin(), &error) == PECS_OK);
    cr_assert(pecs_manager_save_to(manager, snapshot, &sink, NULL, &error) == PECS_OK, "%s", error.message);
    for (int i = 0; i < 2; i++) {
        const pecs_bytes bytes = { text.bytes, text.size };
        const pecs_source source = pecs_source_for_memory(&bytes);
        const pecs_manager_options options = { .progress = stop, .user = (void *)(uintptr_t)&phases[i] };
        cr_assert(pecs_manager_load_from(manager, registry, &source, &options, &loaded, &error) == PECS_E_CANCELLED);
    }
    free(text.bytes);
    pecs_snapshot_release(snapshot);
    pecs_manager_destroy(manager);
    pecs_registry_release(registry);
}
