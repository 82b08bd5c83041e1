/* pecs diff: compares the worlds of two files. Order of rows, tables, ticks and times are not compared. */
#include "cli.h"
#include "diff_form.h"

static bool diff_only_count(void *form, const pecs_change *change)
{
    diff_count(form, change);
    return true;
}

static pecs_status diff_compare_entities(struct diff_form *form, pecs_change_function each)
{
    if (form->has_other_ids)
        return PECS_OK;
    return (form->by_handle ? pecs_view_diff_by_handle : pecs_view_diff)(form->from.view, form->to.view, each, form);
}

static pecs_status diff_compare_as_text(struct diff_form *form, bool with_detail)
{
    diff_metadata(form, with_detail ? diff_text_meta : NULL);
    diff_attachments(form, with_detail ? diff_text_attachment : NULL);
    const pecs_status status = diff_compare_entities(form, with_detail ? diff_text_change : diff_only_count);
    if (!status)
        diff_text_end(form);
    return status;
}

static pecs_status diff_compare_as_json(struct diff_form *form, bool with_detail)
{
    diff_json_begin(form, with_detail);
    diff_metadata(form, with_detail ? diff_json_meta : NULL);
    diff_attachments(form, with_detail ? diff_json_attachment : NULL);
    const pecs_status status = diff_compare_entities(form, with_detail ? diff_json_change : diff_only_count);
    if (!status)
        diff_json_end(form, with_detail);
    return status;
}

/* Ends the comparison at the first entity that only one side has. */
static bool diff_is_in_both(void *user, const pecs_change *change)
{
    (void)user;
    return change->kind != PECS_ENTITY_ADDED && change->kind != PECS_ENTITY_REMOVED;
}

static bool diff_stop(void *user, const pecs_change *change)
{
    (void)user, (void)change;
    return false;
}

/*
 * Two runs of the same edits have the same handles and values, but no id in common. A comparison by id would list all
 * entities of one side as removed and all of the other as added. Detects this case, which is reported in one line.
 */
static pecs_status diff_find_other_ids(struct diff_form *form)
{
    pecs_summary from, to;
    pecs_view_summary(form->from.view, &from);
    pecs_view_summary(form->to.view, &to);
    if (form->by_handle || from.entity_count != to.entity_count)
        return PECS_OK;
    pecs_status status = pecs_view_diff(form->from.view, form->to.view, diff_is_in_both, NULL);
    if (status != PECS_E_CANCELLED)
        return status;
    status = pecs_view_diff_by_handle(form->from.view, form->to.view, diff_stop, NULL);
    form->has_other_ids = !status;
    return status == PECS_E_CANCELLED ? PECS_OK : status;
}

static int diff_compare(const struct arguments *arguments, const struct loaded *from, const struct loaded *to,
                        struct text_out *out)
{
    struct diff_form form = {
        .from = { .path = arguments->names[0], .view = from->view, .info = from->info },
        .to = { .path = arguments->names[1], .view = to->view, .info = to->info },
        .by_handle = arguments->options[OPTION_BY_HANDLE],
        .out = out,
    };
    if (!diff_begin(&form))
        return complain("out of memory");
    const bool with_detail = arguments->options[OPTION_DETAIL];
    pecs_status status = diff_find_other_ids(&form);
    if (!status)
        status = arguments->options[OPTION_JSON] ? diff_compare_as_json(&form, with_detail)
                                                 : diff_compare_as_text(&form, with_detail);
    const bool found = diff_found(&form);
    diff_end(&form);
    if (status == PECS_E_CANCELLED) /* the output failed; main reports it */
        return CLI_TROUBLE;
    if (status)
        return complain("cannot compare: %s", pecs_status_name(status));
    return found ? CLI_NO : CLI_FINE;
}

/* Opens one of the files. Returns CLI_FINE, or an exit code after a message: nothing is open then. */
static int diff_open_side(const struct arguments *arguments, unsigned side, struct loaded *ret_loaded)
{
    pecs_error error;
    if (loaded_open_with_info(arguments, side, ret_loaded, &error))
        return complain_of_file(arguments->names[side], &error);
    return CLI_FINE;
}

static int diff_run(const struct arguments *arguments, struct text_out *out)
{
    struct loaded from, to;
    int code = diff_open_side(arguments, 0, &from);
    if (code)
        return code;
    code = diff_open_side(arguments, 1, &to);
    if (!code) {
        code = diff_compare(arguments, &from, &to, out);
        loaded_close(&to);
    }
    loaded_close(&from);
    return code;
}

static const struct command_option diff_options[] = {
    { OPTION_DETAIL, "Print each difference, with old and new values." },
    { OPTION_BY_HANDLE, "Match entities and references by handle, not by id: for two runs of the same edits." },
    { OPTION_TRUST, "Open the file as resume does: check no hashes and no values." },
    { OPTION_MAX_BYTES, MAX_BYTES_HELP },
    { OPTION_JSON, "Print one JSON document." },
    { OPTION_HELP, "Print this text." },
};

const struct command command_diff = {
    "diff",
    "FILE FILE",
    2,
    "Compare two files: entities by their ids, components, values, attachments and all metadata.",
    diff_options,
    sizeof(diff_options) / sizeof(diff_options[0]),
    diff_run,
    true,
    false,
};
