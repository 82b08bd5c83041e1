#include "loaded.h"

#include "progress_bar.h"
#include "terminal.h"

#include <string.h>

static bool loaded_show_progress(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    progress_bar_step(user, terminal_now_ns(), done_bytes, total_bytes);
    return true;
}

static pecs_status loaded_load(pecs_registry *registry, const char *path, pecs_snapshot **ret_snapshot,
                               pecs_error *error)
{
    struct progress_bar bar = { NULL, 0, 0, 0 };
    pecs_load_options options = { .user = &bar };
    if (terminal_is(stderr)) {
        bar = (struct progress_bar){ stderr, terminal_columns(stderr), terminal_now_ns(), 0 };
        options.progress = loaded_show_progress;
    }
    const pecs_status status = pecs_snapshot_load(registry, path, &options, ret_snapshot, error);
    progress_bar_end(&bar);
    return status;
}

pecs_status loaded_open(const char *path, bool is_trusted, struct loaded *ret_loaded, pecs_error *error)
{
    const pecs_registry_desc no_types = { .type_count = 0 };
    pecs_registry *registry;
    pecs_snapshot *snapshot;
    pecs_status status = pecs_registry_create(&no_types, &registry, error);
    if (status)
        return status;
    status = is_trusted ? pecs_snapshot_resume(registry, path, NULL, &snapshot, error)
                        : loaded_load(registry, path, &snapshot, error);
    if (status) {
        pecs_registry_release(registry);
        return status;
    }
    *ret_loaded = (struct loaded){ registry, snapshot, pecs_snapshot_view(snapshot), NULL };
    return PECS_OK;
}

pecs_status loaded_add_info(struct loaded *loaded, const char *path, pecs_error *error)
{
    const pecs_info_options no_limit = { .max_info_bytes = UINT64_MAX }; /* loaded_open has no limit either */
    return pecs_file_info(path, NULL, &no_limit, &loaded->info, error);
}

void loaded_close(struct loaded *loaded)
{
    pecs_info_destroy(loaded->info);
    pecs_snapshot_release(loaded->snapshot);
    pecs_registry_release(loaded->registry);
}
