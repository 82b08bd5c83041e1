/* pecs salvage: saves what is left of a damaged file to another one, and says what is lost. */
#include "cli.h"
#include "json_out.h"

#include <pecs/salvage.h>

#include <inttypes.h>

static void salvage_print(struct text_out *out, const char *path, const pecs_salvage_report *report)
{
    out_name(out, path);
    out_format(out, ": %" PRIu64 " entities saved, %" PRIu64 " lost%s\n", report->entity_count,
               report->lost_entity_count, report->has_commit ? "" : ", as far as the file still says");
    out_format(out, "  segments found       %12" PRIu64 "\n", report->segment_count);
    out_format(out, "  bytes lost           %12" PRIu64 "\n", report->lost_bytes);
    out_format(out, "  references cleared   %12" PRIu64 "\n", report->cleared_reference_count);
    out_format(out, "  singletons lost      %12" PRIu64 "\n", report->lost_singleton_count);
    out_format(out, "  attachments lost     %12" PRIu64 "\n", report->lost_attachment_count);
    if (!report->has_header)
        out_format(out, "  the header is lost\n");
    if (!report->has_commit)
        out_format(out, "  the commit is lost, and with it metadata and birth ids\n");
}

static void salvage_write(struct text_out *out, const struct arguments *arguments, const pecs_salvage_report *report)
{
    struct json_out json = { .out = out, .line_depth = 1 };
    json_begin_object(&json, NULL);
    json_string(&json, "file", arguments->paths[0]);
    json_string(&json, "output", arguments->paths[1]);
    json_number(&json, "entity_count", report->entity_count);
    json_number(&json, "lost_entity_count", report->lost_entity_count);
    json_number(&json, "cleared_reference_count", report->cleared_reference_count);
    json_number(&json, "lost_singleton_count", report->lost_singleton_count);
    json_number(&json, "lost_attachment_count", report->lost_attachment_count);
    json_number(&json, "segment_count", report->segment_count);
    json_number(&json, "lost_bytes", report->lost_bytes);
    json_bool(&json, "has_header", report->has_header);
    json_bool(&json, "has_commit", report->has_commit);
    json_end_object(&json);
    json_finish(&json);
}

/* Whether anything is lost but the header, which the new file has again. */
static bool salvage_is_whole(const pecs_salvage_report *report)
{
    return report->has_commit && !report->lost_bytes && !report->lost_entity_count && !report->lost_singleton_count &&
           !report->lost_attachment_count;
}

static int salvage_run(const struct arguments *arguments, struct text_out *out)
{
    const pecs_salvage_options options = { .max_bytes = arguments->max_bytes };
    pecs_salvage_report report;
    pecs_error error;
    if (pecs_salvage(arguments->paths[0], arguments->paths[1], &options, &report, &error))
        return complain_of_file(arguments->paths[0], &error);
    if (arguments->options[OPTION_JSON])
        salvage_write(out, arguments, &report);
    else
        salvage_print(out, arguments->paths[1], &report);
    return salvage_is_whole(&report) ? CLI_FINE : CLI_NO;
}

static const struct command_option salvage_options[] = {
    { OPTION_MAX_BYTES, "Refuse a file whose blocks and entity index hold more than N bytes." },
    { OPTION_JSON, "Print one JSON document." },
    { OPTION_HELP, "Print this text." },
};

const struct command command_salvage = {
    "salvage",
    "FILE OUTPUT",
    2,
    "Save what is left of a file that is cut or damaged, and say what is lost.",
    salvage_options,
    sizeof(salvage_options) / sizeof(salvage_options[0]),
    salvage_run,
    false,
    false,
};
