#include "loaded.h"

#include "input.h"
#include "progress_bar.h"
#include "terminal.h"
#include "type_list.h"

#include <stdlib.h>

static bool loaded_show_progress(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    progress_bar_step(user, terminal_now_ns(), done_bytes, total_bytes);
    return true;
}

static pecs_status loaded_load(const struct input *input, pecs_registry *registry, const pecs_part *part,
                               pecs_snapshot **ret_snapshot, pecs_error *error)
{
    struct progress_bar bar = { NULL, 0, 0, 0 };
    pecs_load_options options = { .user = &bar, .part = part };
    if (terminal_is(stderr)) {
        bar = (struct progress_bar){ stderr, terminal_columns(stderr), terminal_now_ns(), 0 };
        options.progress = loaded_show_progress;
    }
    const pecs_status status = input_load(input, registry, &options, ret_snapshot, error);
    progress_bar_end(&bar);
    return status;
}

/* Loads the input, or resumes it if it is trusted, with a registry of its own. `part` may be NULL. */
static pecs_status loaded_make(const struct input *input, bool is_trusted, const pecs_part *part,
                               struct loaded *ret_loaded, pecs_error *error)
{
    const pecs_resume_options resume = { .limits = { .max_bytes = input->max_bytes }, .part = part };
    const pecs_registry_desc no_types = { .type_count = 0 };
    pecs_registry *registry;
    pecs_snapshot *snapshot;
    pecs_status status = pecs_registry_create(&no_types, &registry, error);
    if (status)
        return status;
    status = is_trusted ? pecs_snapshot_resume(registry, input->path, &resume, &snapshot, error)
                        : loaded_load(input, registry, part, &snapshot, error);
    if (status) {
        pecs_registry_release(registry);
        return status;
    }
    *ret_loaded = (struct loaded){ registry, snapshot, pecs_snapshot_view(snapshot), NULL };
    return PECS_OK;
}

pecs_status loaded_open(const struct arguments *arguments, unsigned place, struct loaded *ret_loaded, pecs_error *error)
{
    struct input input;
    pecs_status status = input_open(arguments, place, false, &input, error);
    if (status)
        return status;
    status = loaded_make(&input, false, NULL, ret_loaded, error);
    input_close(&input);
    return status;
}

static pecs_status loaded_get_info(const struct input *input, pecs_info **ret_info, pecs_error *error)
{
    return input_info(input, UINT64_MAX, ret_info, error); /* the load has no limit of that kind either */
}

pecs_status loaded_open_with_info(const struct arguments *arguments, unsigned place, struct loaded *ret_loaded,
                                  pecs_error *error)
{
    struct input input;
    pecs_status status = input_open(arguments, place, true, &input, error);
    if (status)
        return status;
    status = loaded_make(&input, arguments->options[OPTION_TRUST], NULL, ret_loaded, error);
    if (!status) {
        status = loaded_get_info(&input, &ret_loaded->info, error);
        if (status)
            loaded_close(ret_loaded);
    }
    input_close(&input);
    return status;
}

static pecs_status loaded_make_component(const struct input *input, bool is_trusted, const char *label,
                                         struct loaded *ret_loaded, pecs_error *error)
{
    pecs_info *info;
    pecs_status status = loaded_get_info(input, &info, error);
    if (status)
        return status;
    const pecs_type **types = calloc(info->type_count + 1, sizeof(const pecs_type *));
    if (types) {
        pecs_part part = { .types = types };
        for (size_t i = 0; i < info->type_count; i++)
            if (type_may_have_label(info->types[i], label))
                types[part.type_count++] = info->types[i];
        status = loaded_make(input, is_trusted, &part, ret_loaded, error);
    } else {
        *error = (pecs_error){ .status = PECS_E_MEMORY, .message = "out of memory" };
        status = PECS_E_MEMORY;
    }
    free(types);
    if (status)
        pecs_info_destroy(info);
    else
        ret_loaded->info = info;
    return status;
}

pecs_status loaded_open_component(const struct arguments *arguments, unsigned place, const char *label,
                                  struct loaded *ret_loaded, pecs_error *error)
{
    struct input input;
    pecs_status status = input_open(arguments, place, true, &input, error);
    if (status)
        return status;
    status = loaded_make_component(&input, arguments->options[OPTION_TRUST], label, ret_loaded, error);
    input_close(&input);
    return status;
}

void loaded_close(struct loaded *loaded)
{
    pecs_info_destroy(loaded->info);
    pecs_snapshot_release(loaded->snapshot);
    pecs_registry_release(loaded->registry);
}
