/* pecs dump: prints the world in a file, entities in the order of their indices. */
#include "cli.h"
#include "dump_form.h"
#include "terminal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Parses INDEX:GENERATION. On failure *entity may have changed. */
static bool dump_parse_handle(const char *word, pecs_entity *entity)
{
    char index[16];
    uint64_t first, second;
    const size_t size = strcspn(word, ":");
    if (size >= sizeof(index) || !word[size])
        return false;
    memcpy(index, word, size);
    index[size] = 0;
    if (!arguments_parse_number(index, UINT32_MAX, &first) ||
        !arguments_parse_number(word + size + 1, UINT32_MAX, &second))
        return false;
    *entity = (pecs_entity){ (uint32_t)first, (uint32_t)second };
    return true;
}

static int dump_find_entity(pecs_view view, const char *word, struct dump *dump)
{
    pecs_id id;
    dump->one_entity = true;
    if (dump_parse_handle(word, &dump->entity)) {
        if (pecs_view_alive(view, dump->entity))
            return CLI_FINE;
    } else if (pecs_id_parse(word, &id)) {
        return complain("dump: --entity takes an id or INDEX:GENERATION, not %s", word);
    } else if (!pecs_view_find(view, id, &dump->entity)) {
        return CLI_FINE;
    }
    complain("%s: no living entity %s", dump->path, word);
    return CLI_NO;
}

/* Suggests the label if the name exists but is ambiguous: several types have it, or it has the form of a label. */
static int dump_complain_of_component(const struct dump *dump, const char *component)
{
    for (size_t i = 0; i < dump->types.count; i++)
        if (strcmp(dump->types.entries[i].type->name, component) == 0 && dump->types.entries[i].own_label) {
            complain("%s: the name %s is ambiguous: use %s", dump->path, component, dump->types.entries[i].label);
            return CLI_NO;
        }
    complain("%s: no component %s", dump->path, component);
    return CLI_NO;
}

static int dump_choose(const struct arguments *arguments, struct dump *dump)
{
    const char *entity = arguments->options[OPTION_ENTITY], *component = arguments->options[OPTION_COMPONENT];
    if (component && !type_list_find(&dump->types, dump->view, component, &dump->component))
        return dump_complain_of_component(dump, component);
    dump->one_component = component;
    if (!entity)
        return CLI_FINE;
    const int code = dump_find_entity(dump->view, entity, dump);
    if (code || !component || pecs_view_has(dump->view, dump->entity, dump->component))
        return code;
    complain("%s: entity %s has no component %s", dump->path, entity, component);
    return CLI_NO;
}

static int dump_run_loaded(const struct arguments *arguments, uint64_t limit, const struct loaded *loaded,
                           struct text_out *out)
{
    struct dump dump = {
        .path = arguments->names[0],
        .view = loaded->view,
        .info = loaded->info,
        .limit = limit,
        .is_bounded = !arguments->options[OPTION_LIMIT] && terminal_is(stdout),
    };
    if (!dump_begin(&dump))
        return complain("out of memory");
    const int code = dump_choose(arguments, &dump);
    if (!code && arguments->options[OPTION_JSON])
        dump_json(&dump, out);
    else if (!code)
        dump_text(&dump, out);
    dump_end(&dump);
    return code;
}

static int dump_run(const struct arguments *arguments, struct text_out *out)
{
    uint64_t limit = UINT64_MAX;
    const char *word = arguments->options[OPTION_LIMIT];
    if (word && strcmp(word, "all") != 0 && !arguments_parse_number(word, UINT64_MAX, &limit))
        return complain("dump: --limit takes a number below 2^64 or all, not %s", word);
    struct loaded loaded;
    pecs_error error;
    const char *component = arguments->options[OPTION_COMPONENT];
    if (component ? loaded_open_component(arguments, 0, component, &loaded, &error)
                  : loaded_open_with_info(arguments, 0, &loaded, &error))
        return complain_of_file(arguments->names[0], &error);
    const int code = dump_run_loaded(arguments, limit, &loaded, out);
    loaded_close(&loaded);
    return code;
}

static const struct command_option dump_options[] = {
    { OPTION_ENTITY, "Only this entity, named by its id or as INDEX:GENERATION." },
    { OPTION_COMPONENT, "Only this component, of the entities that have it; no other is read and checked." },
    { OPTION_LIMIT, "At most N entities; the word all also lifts the default bound on a terminal." },
    { OPTION_TRUST, "Open the file as resume does: check no hashes and no values." },
    { OPTION_MAX_BYTES, MAX_BYTES_HELP },
    { OPTION_JSON, "Print one JSON document." },
    { OPTION_HELP, "Print this text." },
};

const struct command command_dump = {
    "dump",
    "FILE",
    1,
    "Print the entities of a file with their components and all values.",
    dump_options,
    sizeof(dump_options) / sizeof(dump_options[0]),
    dump_run,
    true,
    false,
};
