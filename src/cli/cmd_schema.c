/*
 * pecs schema: the types of a file as a text (pecs/lock.h) or as a JSON Schema, and a check of the types of a save
 * against such a text. The commands load the file as verify does.
 */
#include "cli.h"
#include "input.h"
#include "loaded.h"

#include <pecs/lock.h>
#include <pecs/plugin.h>
#include <pecs/reflect.h>
#ifdef PECS_HAS_JSON
#include <pecs/json.h>
#endif

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    STDOUT_DESCRIPTOR = 1,
    LOCK_BYTES_MAX = 16 * 1024 * 1024 + 1, /* one more than a lock may have */
};

struct lock_text {
    char *bytes;
    size_t size_bytes;
};

typedef pecs_status schema_writer(const struct loaded *loaded, const char *output, pecs_error *error);

/* Loads the first operand and writes what a writer makes of it to the output, or to standard output for NULL. */
static int schema_write(const struct arguments *arguments, schema_writer *writer, const char *output)
{
    struct loaded loaded;
    pecs_error error;
    if (loaded_open(arguments, 0, &loaded, &error))
        return complain_of_file(arguments->names[0], &error);
    const pecs_status status = writer(&loaded, output, &error);
    loaded_close(&loaded);
    if (!status)
        return CLI_FINE;
    (void)complain_of_file(output ? output : "standard output", &error);
    return CLI_TROUBLE;
}

static pecs_status schema_save_lock(const pecs_plugin_context *context, const pecs_snapshot *snapshot,
                                    const pecs_sink *sink, pecs_error *error)
{
    (void)context;
    return pecs_lock_write_view(pecs_snapshot_view(snapshot), sink, error);
}

/* As a format that is only saved, a lock replaces its file as a whole or not at all. */
static pecs_status schema_write_lock(const struct loaded *loaded, const char *output, pecs_error *error)
{
    const pecs_plugin plugin = { .name = "lock", .version = 1, .save = schema_save_lock };
    const pecs_sink sink = pecs_sink_for_fd(STDOUT_DESCRIPTOR);
    pecs_manager *manager;
    if (!output)
        return pecs_lock_write_view(loaded->view, &sink, error);
    pecs_status status = pecs_manager_create(NULL, &manager, error);
    if (status)
        return status;
    status = pecs_manager_register(manager, &plugin, error);
    status = status ? status : pecs_manager_save(manager, loaded->snapshot, output, NULL, error);
    pecs_manager_destroy(manager);
    return status;
}

static int schema_show_run(const struct arguments *arguments, struct text_out *out)
{
    (void)out;
    return schema_write(arguments, schema_write_lock, NULL);
}

static int schema_lock_run(const struct arguments *arguments, struct text_out *out)
{
    const char *output = arguments->paths[1];
    (void)out;
    return schema_write(arguments, schema_write_lock, input_is_stdin(output) ? NULL : output);
}

#ifdef PECS_HAS_JSON
/* The file's types become those of a registry; types of the library's own are none of them. */
static pecs_status schema_registry(pecs_view view, pecs_registry **ret_registry, pecs_error *error)
{
    const size_t count = pecs_view_type_count(view);
    const pecs_type **types = calloc(count, sizeof(*types));
    pecs_registry_desc desc = { .types = types };
    if (!types) {
        *error = (pecs_error){ .status = PECS_E_MEMORY, .message = "out of memory" };
        return PECS_E_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        pecs_component component;
        const pecs_type *type = pecs_view_component_at(view, i, &component) ? pecs_view_type(view, component) : NULL;
        if (type && strncmp(type->name, "pecs.", strlen("pecs.")) != 0)
            types[desc.type_count++] = type;
    }
    const pecs_status status = pecs_registry_create(&desc, ret_registry, error);
    free(types);
    return status;
}

static pecs_status schema_write_json(const struct loaded *loaded, const char *output, pecs_error *error)
{
    const pecs_sink sink = pecs_sink_for_fd(STDOUT_DESCRIPTOR);
    pecs_registry *registry;
    (void)output;
    pecs_status status = schema_registry(loaded->view, &registry, error);
    if (status)
        return status;
    status = pecs_json_schema(registry, &sink, error);
    pecs_registry_release(registry);
    return status;
}
#endif

static int schema_json_run(const struct arguments *arguments, struct text_out *out)
{
    (void)out;
#ifdef PECS_HAS_JSON
    return schema_write(arguments, schema_write_json, NULL);
#else
    (void)arguments;
    return complain("schema json: this program was built without JSON");
#endif
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
    if (loaded_open(arguments, 1, &loaded, &error))
        return complain_of_file(arguments->names[1], &error);
    int code = schema_read(arguments->paths[0], arguments->names[0], &text);
    if (!code)
        code = schema_compare(arguments, loaded.view, &text, out);
    free(text.bytes);
    loaded_close(&loaded);
    return code;
}

static const struct command_option schema_options[] = {
    { OPTION_MAX_BYTES, MAX_BYTES_HELP },
    { OPTION_HELP, "Print this text." },
};

const struct command command_schema_show = {
    .name = "schema show",
    .operands = "FILE",
    .path_count = 1,
    .summary = "Print the types of a file as a text: a line for each field.",
    .options = schema_options,
    .option_count = sizeof(schema_options) / sizeof(schema_options[0]),
    .run = schema_show_run,
    .reads_stdin = true,
};

const struct command command_schema_lock = {
    .name = "schema lock",
    .operands = "FILE OUTPUT",
    .path_count = 2,
    .summary = "Write that text as a lock, which later saves are checked against.",
    .options = schema_options,
    .option_count = sizeof(schema_options) / sizeof(schema_options[0]),
    .run = schema_lock_run,
    .reads_stdin = true,
    .writes_stdout = true,
};

const struct command command_schema_check = {
    .name = "schema check",
    .operands = "LOCK FILE",
    .path_count = 2,
    .summary = "Check the types of a file against a lock.",
    .options = schema_options,
    .option_count = sizeof(schema_options) / sizeof(schema_options[0]),
    .run = schema_check_run,
    .reads_stdin = true,
};

const struct command command_schema_json = {
    .name = "schema json",
    .operands = "FILE",
    .path_count = 1,
    .summary = "Print a JSON Schema of the JSON documents that have a file's types.",
    .options = schema_options,
    .option_count = sizeof(schema_options) / sizeof(schema_options[0]),
    .run = schema_json_run,
    .reads_stdin = true,
};
