/* pecs verify: runs the checks of pecs_snapshot_load. */
#include "cli.h"
#include "json_out.h"
#include "loaded.h"
#include "type_list.h"

#include <inttypes.h>
#include <string.h>

/* The types of the file: every registry has "pecs.id", which counts only if a table has it. */
static uint64_t verify_count_types(pecs_view view)
{
    pecs_component ids;
    const bool is_extra = !pecs_view_component(view, "pecs.id", &ids) && !view_has_explicit_ids(view);
    return pecs_view_type_count(view) - is_extra;
}

static void verify_print_counts(struct text_out *out, const char *path, pecs_view view)
{
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    out_name(out, path);
    out_format(out,
               ": ok, %" PRIu64 " entities, %" PRIu64 " types, %" PRIu64 " tables, %" PRIu64 " slots, %" PRIu64
               " bytes of components\n",
               summary.entity_count, verify_count_types(view), summary.table_count, summary.slot_count,
               summary.component_bytes);
}

static void verify_write_counts(struct text_out *out, const char *path, pecs_view view)
{
    struct json_out json = { .out = out, .line_depth = 1 };
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    json_begin_object(&json, NULL);
    json_string(&json, "file", path);
    json_bool(&json, "ok", true);
    json_number(&json, "entity_count", summary.entity_count);
    json_number(&json, "type_count", verify_count_types(view));
    json_number(&json, "table_count", summary.table_count);
    json_number(&json, "slot_count", summary.slot_count);
    json_number(&json, "free_count", summary.free_count);
    json_number(&json, "retired_count", summary.retired_count);
    json_number(&json, "component_bytes", summary.component_bytes);
    json_number(&json, "tick", summary.tick);
    json_end_object(&json);
    json_finish(&json);
}

static void verify_write_verdict(struct text_out *out, const char *path, const pecs_error *error)
{
    struct json_out json = { .out = out, .line_depth = 1 };
    json_begin_object(&json, NULL);
    json_string(&json, "file", path);
    json_bool(&json, "ok", false);
    json_string(&json, "status", pecs_status_name(error->status));
    if (error->rule) {
        json_string(&json, "rule", error->rule);
        json_number(&json, "offset", error->offset);
    } else {
        json_word(&json, "rule", "null");
        json_word(&json, "offset", "null");
    }
    json_string(&json, "message", error->message);
    json_end_object(&json);
    json_finish(&json);
}

static int verify_run(const struct arguments *arguments, struct text_out *out)
{
    const bool as_json = arguments->options[OPTION_JSON];
    struct loaded loaded;
    pecs_error error;
    const char *name = arguments->names[0];
    const pecs_status status = loaded_open(arguments, 0, &loaded, &error);
    if (!status) {
        if (as_json)
            verify_write_counts(out, name, loaded.view);
        else
            verify_print_counts(out, name, loaded.view);
        loaded_close(&loaded);
        return CLI_FINE;
    }
    if (!as_json || exit_code_of(status) != CLI_NO)
        return complain_of_file(name, &error);
    verify_write_verdict(out, name, &error);
    return CLI_NO;
}

static const struct command_option verify_options[] = {
    { OPTION_MAX_BYTES, MAX_BYTES_HELP },
    { OPTION_JSON, "Print one JSON document, also for an invalid file." },
    { OPTION_HELP, "Print this text." },
};

const struct command command_verify = {
    "verify",
    "FILE",
    1,
    "Check all of a file: structure, hashes, index, rows, ids and values.",
    verify_options,
    sizeof(verify_options) / sizeof(verify_options[0]),
    verify_run,
    true,
    false,
};
