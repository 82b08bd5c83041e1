/* pecs compact: pecs_compact of a file, with what it had and has. */
#include "cli.h"
#include "json_out.h"
#include "kept_metadata.h"
#include "progress_bar.h"
#include "terminal.h"

#include <pecs/compact.h>

#include <inttypes.h>
#include <stdlib.h>

/* The world is loaded as a whole, so a limit on the file's information would save nothing. */
static const pecs_info_options compact_no_limit = { .max_info_bytes = UINT64_MAX };

static bool compact_show_progress(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    progress_bar_step(user, terminal_now_ns(), done_bytes, total_bytes);
    return true;
}

static int compact_file(const struct arguments *arguments, const pecs_info *info)
{
    struct progress_bar bar = { NULL, 0, 0, 0 };
    pecs_compact_options options = { .trust = arguments->options[OPTION_TRUST] != NULL,
                                     .user = &bar,
                                     .limits = { .max_bytes = arguments->max_bytes } };
    pecs_error error;
    size_t kept_count;
    free(kept_metadata(info, &kept_count)); /* says what the call will leave out */
    if (terminal_is(stderr)) {
        bar = (struct progress_bar){ stderr, terminal_columns(stderr), terminal_now_ns(), 0 };
        options.progress = compact_show_progress;
    }
    const pecs_status status = pecs_compact(arguments->paths[0], arguments->paths[1], &options, &error);
    progress_bar_end(&bar);
    return status ? complain_of_file(arguments->paths[0], &error) : CLI_FINE;
}

static void compact_print_counts(struct text_out *out, const char *path, const pecs_info *before,
                                 const pecs_info *after)
{
    const struct {
        const char *what;
        uint64_t before, after;
    } lines[] = {
        { "bytes", before->size_bytes, after->size_bytes },          { "types", before->type_count, after->type_count },
        { "tables", before->table_count, after->table_count },       { "slots", before->slot_count, after->slot_count },
        { "sessions", before->session_count, after->session_count },
    };
    out_name(out, path);
    out_format(out, ": %" PRIu64 " entities\n", after->entity_count);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        out_format(out, "  %-8s %12" PRIu64 ", were %" PRIu64 "\n", lines[i].what, lines[i].after, lines[i].before);
}

static void compact_write_side(struct json_out *json, const char *key, const pecs_info *info)
{
    json_begin_object(json, key);
    json_number(json, "size_bytes", info->size_bytes);
    json_number(json, "entity_count", info->entity_count);
    json_number(json, "type_count", info->type_count);
    json_number(json, "table_count", info->table_count);
    json_number(json, "slot_count", info->slot_count);
    json_number(json, "free_count", info->free_count);
    json_number(json, "retired_count", info->retired_count);
    json_number(json, "session_count", info->session_count);
    json_end_object(json);
}

static void compact_write_counts(struct text_out *out, const struct arguments *arguments, const pecs_info *before,
                                 const pecs_info *after)
{
    struct json_out json = { .out = out, .line_depth = 1 };
    json_begin_object(&json, NULL);
    json_string(&json, "file", arguments->paths[0]);
    json_string(&json, "output", arguments->paths[1]);
    compact_write_side(&json, "before", before);
    compact_write_side(&json, "after", after);
    json_end_object(&json);
    json_finish(&json);
}

static int compact_and_report(const struct arguments *arguments, const pecs_info *before, struct text_out *out)
{
    pecs_info *after;
    pecs_error error;
    const int code = compact_file(arguments, before);
    if (code)
        return code;
    if (pecs_file_info(arguments->paths[1], NULL, &compact_no_limit, &after, &error))
        return complain_of_file(arguments->paths[1], &error);
    if (arguments->options[OPTION_JSON])
        compact_write_counts(out, arguments, before, after);
    else
        compact_print_counts(out, arguments->paths[1], before, after);
    pecs_info_destroy(after);
    return CLI_FINE;
}

static int compact_run(const struct arguments *arguments, struct text_out *out)
{
    pecs_info *before; /* read first: the output may replace the file */
    pecs_error error;
    if (pecs_file_info(arguments->paths[0], NULL, &compact_no_limit, &before, &error))
        return complain_of_file(arguments->paths[0], &error);
    const int code = compact_and_report(arguments, before, out);
    pecs_info_destroy(before);
    return code;
}

static const struct command_option compact_options[] = {
    { OPTION_TRUST,
      "Map the file, which needs no room for its world: check hashes and values, but not that index and rows agree, nor "
      "which value has which strings, blobs and lists." },
    { OPTION_MAX_BYTES, MAX_BYTES_HELP },
    { OPTION_JSON, "Print one JSON document." },
    { OPTION_HELP, "Print this text." },
};

const struct command command_compact = {
    "compact",
    "FILE OUTPUT",
    2,
    "Save a file's world uncompressed, without empty tables and free slots at its end.",
    compact_options,
    sizeof(compact_options) / sizeof(compact_options[0]),
    compact_run,
    false,
    false,
};
