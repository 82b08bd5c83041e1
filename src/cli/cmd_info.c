/*
 * pecs info: prints what header, commit and prologues contain. It does not read the data, so it may not notice an
 * invalid file; but for advice, which needs the world.
 */
#include "cli.h"
#include "info_form.h"
#include "input.h"
#include "loaded.h"

#include <time.h>

bool info_time(const pecs_info *info, char *ret_text, size_t size_bytes)
{
    const time_t seconds = (time_t)(info->wall_clock_ns / 1000000000u);
    const struct tm *parts =
        info->wall_clock_ns ? gmtime(&seconds) : NULL; /* NOLINT(concurrency-mt-unsafe): one thread */
    return parts && strftime(ret_text, size_bytes, "%Y-%m-%d %H:%M:%S", parts);
}

static int info_print(const struct arguments *arguments, const pecs_info *info, const struct advice *advice,
                      struct text_out *out)
{
    const bool as_json = arguments->options[OPTION_JSON];
    struct info_form form = { .path = arguments->names[0], .info = info, .advice = advice };
    if (!type_list_of_info(info, &form.types))
        return complain("out of memory");
    const bool is_whole = space_of(info, &form.types, &form.space);
    if (is_whole && as_json)
        info_json(&form, out);
    else if (is_whole)
        info_text(&form, out);
    if (is_whole)
        space_free(&form.space);
    type_list_free(&form.types);
    return is_whole ? CLI_FINE : complain("out of memory");
}

static int info_advise(const struct arguments *arguments, struct text_out *out)
{
    struct loaded loaded;
    struct advice advice;
    pecs_error error;
    if (loaded_open_with_info(arguments, 0, &loaded, &error))
        return complain_of_file(arguments->names[0], &error);
    int code = advice_make(loaded.snapshot, &advice);
    if (!code) {
        code = info_print(arguments, loaded.info, &advice, out);
        advice_free(&advice);
    }
    loaded_close(&loaded);
    return code;
}

static int info_run(const struct arguments *arguments, struct text_out *out)
{
    const char *name = arguments->names[0];
    struct input input;
    pecs_info *info;
    pecs_error error;
    if (arguments->options[OPTION_ADVISE])
        return info_advise(arguments, out);
    if (input_open(arguments, 0, false, &input, &error))
        return complain_of_file(name, &error);
    const pecs_status status = input_info(&input, 0, &info, &error);
    input_close(&input);
    if (status)
        return complain_of_file(name, &error);
    const int code = info_print(arguments, info, NULL, out);
    pecs_info_destroy(info);
    return code;
}

static const struct command_option info_options[] = {
    { OPTION_ADVISE, "Load the file, compress it in memory, and print what that would save." },
    { OPTION_MAX_BYTES, MAX_BYTES_HELP },
    { OPTION_JSON, "Print one JSON document." },
    { OPTION_HELP, "Print this text." },
};

const struct command command_info = {
    "info",
    "FILE",
    1,
    "Print what a file contains and what takes its space, from a few of its pages.",
    info_options,
    sizeof(info_options) / sizeof(info_options[0]),
    info_run,
    true,
    false,
};
