/* pecs diff: what is different between the worlds in two files. Rows, tables, ticks and times do not count. */
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
    const pecs_status status = diff_compare_entities(form, with_detail ? diff_text_change : diff_only_count);
    if (!status)
        diff_text_end(form);
    return status;
}

static pecs_status diff_compare_as_json(struct diff_form *form, bool with_detail)
{
    diff_json_begin(form, with_detail);
    diff_metadata(form, with_detail ? diff_json_meta : NULL);
    const pecs_status status = diff_compare_entities(form, with_detail ? diff_json_change : diff_only_count);
    if (!status)
        diff_json_end(form, with_detail);
    return status;
}

/* False, and so the end, at the first entity that only one side has. */
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
 * Two runs that did the same made the same handles and values, and no id twice: by ids, all of the one was removed and
 * all of the other added, which is true and says nothing.
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
        .from = { .path = arguments->paths[0], .view = from->view, .info = from->info },
        .to = { .path = arguments->paths[1], .view = to->view, .info = to->info },
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
    if (status == PECS_E_CANCELLED) /* the output failed, which the end of the program tells */
        return CLI_TROUBLE;
    if (status)
        return complain("cannot compare: %s", pecs_status_name(status));
    return found ? CLI_NO : CLI_FINE;
}

/* The world and what the file tells of itself; 0, or what was said of it. On failure nothing is to be closed. */
static int diff_open_side(const char *path, bool is_trusted, struct loaded *ret_loaded)
{
    pecs_error error;
    if (loaded_open(path, is_trusted, ret_loaded, &error))
        return complain_of_file(path, &error);
    if (!loaded_add_info(ret_loaded, path, &error))
        return CLI_FINE;
    loaded_close(ret_loaded);
    return complain_of_file(path, &error);
}

static int diff_run(const struct arguments *arguments, struct text_out *out)
{
    struct loaded from, to;
    const bool is_trusted = arguments->options[OPTION_TRUST];
    int code = diff_open_side(arguments->paths[0], is_trusted, &from);
    if (code)
        return code;
    code = diff_open_side(arguments->paths[1], is_trusted, &to);
    if (!code) {
        code = diff_compare(arguments, &from, &to, out);
        loaded_close(&to);
    }
    loaded_close(&from);
    return code;
}

static const struct command_option diff_options[] = {
    { OPTION_DETAIL, "Tell each difference, with old and new values." },
    { OPTION_BY_HANDLE, "Match entities and references by handle, not by id: for two runs that did the same." },
    { OPTION_TRUST, "Read what resume reads: no hash and no value is checked." },
    { OPTION_JSON, "Print one JSON document." },
    { OPTION_HELP, "Print this text." },
};

const struct command command_diff = {
    "diff",
    "FILE FILE",
    2,
    "Compare two files: entities by their ids, components, values and all metadata.",
    diff_options,
    sizeof(diff_options) / sizeof(diff_options[0]),
    diff_run,
};
