/*
 * pecs convert: loads a file of any format, with all checks, and saves it in another, or in the same with another
 * compression. The registry has no types: those of the file are kept, if its format describes them.
 */
#include "cli.h"
#include "formats.h"
#include "input.h"
#include "kept_metadata.h"
#include "progress_bar.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

enum { STDOUT_DESCRIPTOR = 1 };

struct conversion {
    const struct arguments *arguments;
    pecs_manager *manager;
    pecs_registry *registry;
    pecs_profile profile;
    uint32_t thread_count;
};

/* The names of the formats, for messages: "pecs, json". */
static void convert_list_formats(const pecs_manager *manager, char *text, size_t size_bytes)
{
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < pecs_manager_count(manager) && used < size_bytes; i++)
        used +=
            (size_t)snprintf(text + used, size_bytes - used, "%s%s", i ? ", " : "", pecs_manager_at(manager, i)->name);
}

static int convert_check_name(const pecs_manager *manager, const char *name)
{
    char names[256];
    if (!name || pecs_manager_find(manager, name))
        return CLI_FINE;
    convert_list_formats(manager, names, sizeof(names));
    return complain("convert: %s is not a format; there are: %s", name, names);
}

/* The format of the output is known before the input is read. */
static int convert_check_formats(const pecs_manager *manager, const struct arguments *arguments,
                                 const pecs_plugin **ret_output)
{
    const char *output = arguments->paths[1], *to = arguments->options[OPTION_TO];
    const bool is_stdout = input_is_stdin(output);
    if (convert_check_name(manager, arguments->options[OPTION_FROM]) || convert_check_name(manager, to))
        return CLI_TROUBLE;
    if (!to && is_stdout)
        return complain("convert: standard output needs --to");
    *ret_output = to ? pecs_manager_find(manager, to) : pecs_manager_choose(manager, NULL, 0, output);
    return *ret_output ? CLI_FINE : complain("convert: no format has the extension of %s; use --to", output);
}

static int convert_check_profile(struct conversion *conversion, const pecs_plugin *output)
{
    static const char *const names[] = { "off", "fast", "small" }; /* in the order of pecs_profile */
    const char *profile = conversion->arguments->options[OPTION_PROFILE];
    const char *threads = conversion->arguments->options[OPTION_THREADS];
    uint64_t number = 0;
    size_t place = 0;
    if ((profile || threads) && output && output != pecs_binary_plugin())
        return complain("convert: %s is for PECS files, and the output's format is %s",
                        profile ? "--profile" : "--threads", output->name);
    while (profile && place < sizeof(names) / sizeof(names[0]) && strcmp(profile, names[place]) != 0)
        place++;
    if (place == sizeof(names) / sizeof(names[0]))
        return complain("convert: --profile takes off, fast or small, not %s", profile);
    if (threads && (!arguments_parse_number(threads, UINT32_MAX, &number) || !number))
        return complain("convert: --threads takes a number from 1 on, not %s", threads);
    conversion->profile = (pecs_profile)place;
    conversion->thread_count = (uint32_t)number;
    return CLI_FINE;
}

static bool convert_show_progress(void *user, pecs_phase phase, uint64_t done, uint64_t total)
{
    if (phase == PECS_PHASE_READ && total)
        progress_bar_step(user, terminal_now_ns(), done, total);
    return true;
}

static int convert_complain_of_format(const pecs_manager *manager, const char *name)
{
    char names[256];
    convert_list_formats(manager, names, sizeof(names));
    complain("%s: neither bytes nor name are of a format that the program knows (%s); --from names one", name, names);
    return CLI_NO;
}

static int convert_load(const struct conversion *conversion, const struct input *input, pecs_snapshot **ret_snapshot)
{
    const struct arguments *arguments = conversion->arguments;
    pecs_manager *manager = conversion->manager;
    pecs_registry *registry = conversion->registry;
    struct progress_bar bar = { NULL, 0, 0, 0 };
    const pecs_load_options load = { .limits = { .max_bytes = arguments->max_bytes } };
    pecs_manager_options options = { .plugin = arguments->options[OPTION_FROM], .load = &load, .user = &bar };
    pecs_error error;
    if (terminal_is(stderr)) {
        bar = (struct progress_bar){ stderr, terminal_columns(stderr), terminal_now_ns(), 0 };
        options.progress = convert_show_progress;
    }
    const pecs_source source = input_source(input);
    const pecs_status status = input->path
                                   ? pecs_manager_load(manager, registry, input->path, &options, ret_snapshot, &error)
                                   : pecs_manager_load_from(manager, registry, &source, &options, ret_snapshot, &error);
    progress_bar_end(&bar);
    if (status == PECS_E_ABSENT)
        return convert_complain_of_format(manager, arguments->names[0]);
    return status ? complain_of_file(arguments->names[0], &error) : CLI_FINE;
}

/* `info` is NULL if the input is no PECS file, whose time and metadata are kept. */
static int convert_save(const struct conversion *conversion, const pecs_snapshot *snapshot, const pecs_info *info)
{
    const struct arguments *arguments = conversion->arguments;
    const pecs_sink sink = pecs_sink_for_fd(STDOUT_DESCRIPTOR);
    pecs_save_options save = { .wall_clock_ns = info ? info->wall_clock_ns : 0,
                               .profile = conversion->profile,
                               .thread_count = conversion->thread_count };
    const pecs_manager_options options = { .plugin = arguments->options[OPTION_TO], .save = &save };
    pecs_meta *metadata = info ? kept_metadata(info, &save.metadata_count) : NULL;
    pecs_error error;
    if (info && !metadata)
        return complain("out of memory");
    save.metadata = metadata;
    const pecs_status status =
        input_is_stdin(arguments->paths[1])
            ? pecs_manager_save_to(conversion->manager, snapshot, &sink, &options, &error)
            : pecs_manager_save(conversion->manager, snapshot, arguments->paths[1], &options, &error);
    free(metadata);
    if (status)
        (void)complain_of_file(arguments->names[1], &error);
    return status ? CLI_TROUBLE : CLI_FINE;
}

static int convert_input(const struct conversion *conversion, const struct input *input)
{
    pecs_snapshot *snapshot = NULL;
    pecs_info *info = NULL;
    pecs_error not_pecs;
    int code = convert_load(conversion, input, &snapshot);
    if (!code && input_info(input, UINT64_MAX, &info, &not_pecs))
        info = NULL;
    if (!code)
        code = convert_save(conversion, snapshot, info);
    pecs_info_destroy(info);
    pecs_snapshot_release(snapshot);
    return code;
}

static int convert_with(struct conversion *conversion)
{
    const pecs_registry_desc no_types = { .type_count = 0 };
    const struct arguments *arguments = conversion->arguments;
    const pecs_plugin *output = NULL;
    struct input input;
    pecs_error error;
    int code = convert_check_formats(conversion->manager, arguments, &output);
    if (!code)
        code = convert_check_profile(conversion, output);
    if (code)
        return code;
    if (pecs_registry_create(&no_types, &conversion->registry, &error))
        return complain("%s", error.message);
    if (input_open(arguments, 0, true, &input, &error)) {
        code = complain_of_file(arguments->names[0], &error);
    } else {
        code = convert_input(conversion, &input);
        input_close(&input);
    }
    pecs_registry_release(conversion->registry);
    return code;
}

static int convert_run(const struct arguments *arguments, struct text_out *out)
{
    struct conversion conversion = { .arguments = arguments };
    pecs_error error;
    (void)out;
    if (formats_create(&conversion.manager, &error))
        return complain("%s", error.message);
    const int code = convert_with(&conversion);
    pecs_manager_destroy(conversion.manager);
    return code;
}

static const struct command_option convert_options[] = {
    { OPTION_FROM, "The format of the file; else its bytes decide, then its name." },
    { OPTION_TO, "The format of the output; else its name decides." },
    { OPTION_PROFILE, "How a PECS file is compressed: off (as without it), fast or small." },
    { OPTION_THREADS, "Compress with N threads instead of one." },
    { OPTION_MAX_BYTES, MAX_BYTES_HELP },
    { OPTION_HELP, "Print this text." },
};

const struct command command_convert = {
    .name = "convert",
    .operands = "FILE OUTPUT",
    .path_count = 2,
    .summary = "Save a file's world in another format, or compressed.",
    .options = convert_options,
    .option_count = sizeof(convert_options) / sizeof(convert_options[0]),
    .run = convert_run,
    .reads_stdin = true,
    .writes_stdout = true,
};
