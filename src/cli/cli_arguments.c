/*
 * Arguments and help. Options may stand anywhere after the command's name, as --name VALUE or --name=VALUE, until "--".
 * The file "-" is standard input, also after "--": a file of that name is "./-".
 */
#include "cli.h"
#include "input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct option_name {
    const char *name, *argument; /* argument is NULL for options without a value */
};

static const struct option_name arguments_option_names[OPTION_COUNT] = {
    [OPTION_ENTITY] = { "--entity", "ENTITY" },
    [OPTION_COMPONENT] = { "--component", "NAME" },
    [OPTION_LIMIT] = { "--limit", "N" },
    [OPTION_DETAIL] = { "--detail", NULL },
    [OPTION_BY_HANDLE] = { "--by-handle", NULL },
    [OPTION_TRUST] = { "--trust", NULL },
    [OPTION_FROM] = { "--from", "FORMAT" },
    [OPTION_TO] = { "--to", "FORMAT" },
    [OPTION_PROFILE] = { "--profile", "PROFILE" },
    [OPTION_THREADS] = { "--threads", "N" },
    [OPTION_ADVISE] = { "--advise", NULL },
    [OPTION_MAX_BYTES] = { "--max-bytes", "N" },
    [OPTION_JSON] = { "--json", NULL },
    [OPTION_HELP] = { "--help", NULL },
};

static int arguments_complain_of_usage(const struct command *command, const char *what, const char *word)
{
    return complain("%s: %s%s; see 'pecs %s --help'", command->name, what, word, command->name);
}

/* Finds the command's option that the word names, up to "=". */
static const struct option_name *arguments_find_option(const struct command *command, const char *word,
                                                       enum cli_option *ret_option)
{
    const size_t size = strcspn(word, "=");
    for (unsigned i = 0; i < command->option_count; i++) {
        const struct option_name *name = &arguments_option_names[command->options[i].option];
        if (strlen(name->name) == size && memcmp(name->name, word, size) == 0) {
            *ret_option = command->options[i].option;
            return name;
        }
    }
    return NULL;
}

/* Reads the option at words[*place] and advances *place. */
static int arguments_read_option(const struct command *command, int count, char *const *words, int *place,
                                 struct arguments *arguments)
{
    const char *word = words[*place], *value = strchr(word, '=');
    enum cli_option option;
    const struct option_name *name = arguments_find_option(command, word, &option);
    if (!name)
        return arguments_complain_of_usage(command, "unknown option ", word);
    *place += 1;
    if (arguments->options[option])
        return arguments_complain_of_usage(command, "option given twice: ", name->name);
    if (!name->argument && value)
        return arguments_complain_of_usage(command, "no value allowed after ", name->name);
    if (name->argument && !value && *place == count)
        return arguments_complain_of_usage(command, "missing value after ", name->name);
    if (value)
        arguments->options[option] = value + 1;
    else
        arguments->options[option] = name->argument ? words[(*place)++] : "";
    return CLI_FINE;
}

/* Names the last option's value, too: a user who forgot it meant that word as the file. */
static int arguments_complain_of_missing(const struct command *command, int count, char *const *words,
                                         bool ends_in_value)
{
    if (!ends_in_value)
        return arguments_complain_of_usage(command, "expected ", command->operands);
    return complain("%s: expected %s (%s is the value of %s); see 'pecs %s --help'", command->name, command->operands,
                    words[count - 1], words[count - 2], command->name);
}

/* Standard input is one stream, which cannot be mapped, and not written over by a command that reads it again. Sets the
 * names of the files. */
static int arguments_check_stdin(const struct command *command, struct arguments *arguments)
{
    const bool has_output = strstr(command->operands, "OUTPUT") != NULL; /* it is the second path */
    unsigned count = 0;
    for (unsigned i = 0; i < command->path_count && arguments->paths[i]; i++) {
        const bool is_stream = input_is_stdin(arguments->paths[i]);
        if (is_stream && i == 1 && has_output && !command->writes_stdout)
            return arguments_complain_of_usage(command, "standard output is not allowed, and a file of that name is ./",
                                               "-");
        const bool is_stdin = is_stream && !(i == 1 && command->writes_stdout);
        arguments->names[i] = is_stdin ? "standard input" : is_stream ? "standard output" : arguments->paths[i];
        count += is_stdin;
    }
    if (count && !command->reads_stdin)
        return arguments_complain_of_usage(command, "standard input is not allowed, and a file of that name is ./",
                                           "-");
    if (count > 1)
        return arguments_complain_of_usage(command, "only one file can be standard input", "");
    if (count && arguments->options[OPTION_TRUST])
        return arguments_complain_of_usage(command, "standard input cannot be opened with ", "--trust");
    return CLI_FINE;
}

static int arguments_read_max_bytes(const struct command *command, struct arguments *arguments)
{
    const char *word = arguments->options[OPTION_MAX_BYTES];
    if (!word || (arguments_parse_number(word, UINT64_MAX, &arguments->max_bytes) && arguments->max_bytes))
        return CLI_FINE;
    return complain("%s: --max-bytes takes a number from 1 on, not %s", command->name, word);
}

int arguments_read(const struct command *command, int count, char *const *words, struct arguments *ret_arguments)
{
    struct arguments arguments = { { NULL }, { NULL }, { NULL }, 0 };
    unsigned path_count = 0;
    bool options_ended = false, ends_in_value = false;
    for (int place = 0; place < count;) {
        const char *word = words[place];
        if (!options_ended && strcmp(word, "--") == 0) {
            options_ended = true;
            place++;
        } else if (!options_ended && word[0] == '-' && word[1]) {
            const int first = place;
            if (arguments_read_option(command, count, words, &place, &arguments))
                return CLI_TROUBLE;
            ends_in_value = place == count && place == first + 2;
        } else if (path_count == command->path_count) {
            return arguments_complain_of_usage(command, "unexpected argument: ", word);
        } else {
            arguments.paths[path_count++] = word;
            place++;
        }
    }
    if (path_count < command->path_count && !arguments.options[OPTION_HELP])
        return arguments_complain_of_missing(command, count, words, ends_in_value);
    if (arguments_read_max_bytes(command, &arguments))
        return CLI_TROUBLE;
    *ret_arguments = arguments;
    return arguments_check_stdin(command, ret_arguments);
}

bool arguments_parse_number(const char *word, uint64_t max, uint64_t *ret_number)
{
    char *end;
    if (word[0] < '0' || word[0] > '9')
        return false;
    errno = 0;
    *ret_number = strtoull(word, &end, 10);
    return !errno && !*end && *ret_number <= max;
}

void command_help(const struct command *command, struct text_out *out)
{
    out_format(out, "usage: pecs %s [options] %s\n\n%s\n\noptions\n", command->name, command->operands,
               command->summary);
    for (unsigned i = 0; i < command->option_count; i++) {
        const struct option_name *name = &arguments_option_names[command->options[i].option];
        char usage[32];
        snprintf(usage, sizeof(usage), "%s %s", name->name, name->argument ? name->argument : "");
        out_format(out, "  %-18s  %s\n", usage, command->options[i].help);
    }
}
