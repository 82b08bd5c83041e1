/*
 * pecs schema: the types of a file as a text (pecs/lock.h), and a check of the types of a save against such a text. The
 * commands load the file as verify does.
 */
#include "cli.h"
#include "input.h"
#include "loaded.h"

#include <pecs/lock.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LOCK_BYTES_MAX = 16 * 1024 * 1024 + 1 }; /* one more than a lock may have */

struct lock_text {
    char *bytes;
    size_t size_bytes;
};

static pecs_status schema_begin(void *user, uint64_t size_bytes, pecs_error *error)
{
    struct lock_text *text = user;
    (void)error;
    text->bytes = malloc((size_t)size_bytes + 1);
    return text->bytes ? PECS_OK : PECS_E_MEMORY;
}

static pecs_status schema_gather(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    struct lock_text *text = user;
    (void)error;
    for (size_t i = 0; i < span_count; i++) {
        memcpy(text->bytes + text->size_bytes, spans[i].data, spans[i].size_bytes);
        text->size_bytes += spans[i].size_bytes;
    }
    return PECS_OK;
}

/* The text of a file's types; the caller frees it also on failure. */
static int schema_text_of(const struct arguments *arguments, struct lock_text *text)
{
    struct loaded loaded;
    pecs_error error;
    const pecs_sink sink = { .begin = schema_begin, .write = schema_gather, .user = text };
    if (loaded_open(arguments->paths[0], &loaded, &error))
        return complain_of_file(arguments->names[0], &error);
    const pecs_status status = pecs_lock_write_view(loaded.view, &sink, &error);
    loaded_close(&loaded);
    return status ? complain_of_file(arguments->names[0], &error) : CLI_FINE;
}

static int schema_write(const char *path, const struct lock_text *text)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return complain("cannot write %s: %s", path, strerror(errno));
    const bool is_written = fwrite(text->bytes, 1, text->size_bytes, file) == text->size_bytes;
    return fclose(file) == 0 && is_written ? CLI_FINE : complain("cannot write %s: %s", path, strerror(errno));
}

static int schema_show_run(const struct arguments *arguments, struct text_out *out)
{
    struct lock_text text = { NULL, 0 };
    const char *path = arguments->options[OPTION_OUTPUT];
    int code = schema_text_of(arguments, &text);
    if (!code && path)
        code = schema_write(path, &text);
    else if (!code)
        out_bytes(out, text.bytes, text.size_bytes);
    free(text.bytes);
    return code;
}

/* Reads a lock's text, and no more than a lock may have; the caller frees it also on failure. */
static int schema_read(const char *path, const char *name, struct lock_text *text)
{
    const bool is_stdin = input_is_stdin(path);
    FILE *file = is_stdin ? stdin : fopen(path, "rb");
    if (!file)
        return complain("cannot read %s: %s", name, strerror(errno));
    text->bytes = malloc(LOCK_BYTES_MAX);
    errno = 0;
    text->size_bytes = text->bytes ? fread(text->bytes, 1, LOCK_BYTES_MAX, file) : 0;
    const int os_error = ferror(file) ? errno : 0;
    if (!is_stdin)
        (void)fclose(file);
    if (!text->bytes)
        return complain("out of memory");
    return os_error ? complain("cannot read %s: %s", name, strerror(os_error)) : CLI_FINE;
}

static const char *const schema_severities[] = { "", "note", "warning", "failure" };

struct verdict {
    struct text_out *out;
    unsigned long counts[PECS_LOCK_FAILURE + 1];
};

static void schema_print(void *user, const pecs_lock_difference *difference)
{
    struct verdict *verdict = user;
    verdict->counts[difference->severity]++;
    out_format(verdict->out, "%s: ", schema_severities[difference->severity]);
    if (*difference->type) {
        out_name(verdict->out, difference->type);
        out_format(verdict->out, "%s", *difference->field ? "." : "");
        out_name(verdict->out, difference->field);
        out_format(verdict->out, ": ");
    }
    out_name(verdict->out, difference->message);
    out_format(verdict->out, "\n");
}

static int schema_compare(const struct arguments *arguments, pecs_view view, const struct lock_text *text,
                          struct text_out *out)
{
    struct verdict verdict = { .out = out };
    pecs_error error;
    const pecs_lock_options options = { .function = schema_print, .user = &verdict };
    const pecs_status status = pecs_lock_check_view(view, text->bytes, text->size_bytes, &options, &error);
    if (status && !verdict.counts[PECS_LOCK_FAILURE])
        return complain_of_file(arguments->names[0], &error);
    out_name(out, arguments->names[1]);
    out_format(out, status ? ": " : ": ok, ");
    for (int i = PECS_LOCK_FAILURE; i >= PECS_LOCK_NOTE; i--)
        if (status || i != PECS_LOCK_FAILURE)
            out_format(out, "%lu %s%s%s", verdict.counts[i], schema_severities[i], verdict.counts[i] == 1 ? "" : "s",
                       i == PECS_LOCK_NOTE ? "\n" : ", ");
    return status ? CLI_NO : CLI_FINE;
}

static int schema_check_run(const struct arguments *arguments, struct text_out *out)
{
    struct loaded loaded;
    struct lock_text text = { NULL, 0 };
    pecs_error error;
    if (loaded_open(arguments->paths[1], &loaded, &error))
        return complain_of_file(arguments->names[1], &error);
    int code = schema_read(arguments->paths[0], arguments->names[0], &text);
    if (!code)
        code = schema_compare(arguments, loaded.view, &text, out);
    free(text.bytes);
    loaded_close(&loaded);
    return code;
}

static const struct command_option schema_show_options[] = {
    { OPTION_HELP, "Print this text." },
};

const struct command command_schema_show = {
    "schema show",
    "FILE",
    1,
    "Print the types of a file as a text: a line for each field.",
    schema_show_options,
    sizeof(schema_show_options) / sizeof(schema_show_options[0]),
    schema_show_run,
    true,
};

static const struct command_option schema_lock_options[] = {
    { OPTION_OUTPUT, "Write to this file, not to standard output; also -o." },
    { OPTION_HELP, "Print this text." },
};

const struct command command_schema_lock = {
    "schema lock",
    "FILE",
    1,
    "Write the types of a file as a lock, which later saves are checked against.",
    schema_lock_options,
    sizeof(schema_lock_options) / sizeof(schema_lock_options[0]),
    schema_show_run,
    true,
};

static const struct command_option schema_check_options[] = {
    { OPTION_HELP, "Print this text." },
};

const struct command command_schema_check = {
    "schema check",
    "LOCK FILE",
    2,
    "Check the types of a file against a lock.",
    schema_check_options,
    sizeof(schema_check_options) / sizeof(schema_check_options[0]),
    schema_check_run,
    true,
};
