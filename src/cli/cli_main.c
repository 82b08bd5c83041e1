/*
 * pecs: inspects PECS files, through the public interface of the library. Only compact, convert and salvage write
 * files. Signals keep their default actions, but for SIGXFSZ: an interrupt ends the program, and so does SIGPIPE.
 */
#include "cli.h"
#include "terminal.h"

#include <string.h>

static const struct command *const cli_commands[] = { &command_info,         &command_verify,      &command_dump,
                                                      &command_diff,         &command_compact,     &command_convert,
                                                      &command_salvage,      &command_schema_show, &command_schema_lock,
                                                      &command_schema_check, &command_schema_json };
enum { COMMAND_COUNT = sizeof(cli_commands) / sizeof(cli_commands[0]) };

/* Those whose names begin so. */
static void cli_print_commands(struct text_out *out, const char *prefix)
{
    out_format(out, "commands\n");
    for (unsigned i = 0; i < COMMAND_COUNT; i++)
        if (strncmp(cli_commands[i]->name, prefix, strlen(prefix)) == 0)
            out_format(out, "  %-12s  %s\n", cli_commands[i]->name, cli_commands[i]->summary);
}

static void cli_print_help(struct text_out *out)
{
    out_format(out, "usage: pecs COMMAND [options] FILE...\n"
                    "       pecs --help | --version\n\n"
                    "Inspects PECS files, which hold worlds of entities and their components.\n"
                    "A FILE of - is standard input, which all commands but compact and salvage can read.\n\n");
    cli_print_commands(out, "");
    out_format(out, "\noptions\n"
                    "  --help     Print this text, or that of a command: pecs COMMAND --help.\n"
                    "  --version  Print the version of the program.\n\n"
                    "exit status\n"
                    "  0  Success.\n"
                    "  1  The file is invalid, the files differ, a check fails, or a name was not found.\n"
                    "  2  Wrong usage, an error of reading or writing, or out of memory.\n");
}

static int cli_run_command(const struct command *command, int count, char *const *words, struct text_out *out)
{
    struct arguments arguments;
    if (arguments_read(command, count, words, &arguments))
        return CLI_TROUBLE;
    if (arguments.options[OPTION_HELP]) {
        command_help(command, out);
        return CLI_FINE;
    }
    return command->run(&arguments, out);
}

/* How many words, of those given, name a command; 0: they name another one. */
static int cli_match(const struct command *command, int count, char *const *words)
{
    const char *second = strchr(command->name, ' ');
    const size_t size = second ? (size_t)(second - command->name) : strlen(command->name);
    if (strlen(words[0]) != size || memcmp(words[0], command->name, size) != 0)
        return 0;
    if (!second)
        return 1;
    return count > 1 && strcmp(words[1], second + 1) == 0 ? 2 : 0;
}

static bool cli_asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

static int cli_run(int count, char *const *words, struct text_out *out)
{
    if (count == 0)
        return complain("missing command; see 'pecs --help'");
    if (cli_asks_for_help(words[0])) {
        cli_print_help(out);
        return CLI_FINE;
    }
    if (strcmp(words[0], "--version") == 0) {
        out_format(out, "pecs %d.%d.%d\n", PECS_VERSION_MAJOR, PECS_VERSION_MINOR, PECS_VERSION_PATCH);
        return CLI_FINE;
    }
    for (unsigned i = 0; i < COMMAND_COUNT; i++) {
        const int used = cli_match(cli_commands[i], count, words);
        if (used)
            return cli_run_command(cli_commands[i], count - used, words + used, out);
    }
    if (strcmp(words[0], "schema") == 0 && count == 2 && cli_asks_for_help(words[1])) {
        out_format(out, "usage: pecs schema COMMAND [options] FILE...\n\n");
        cli_print_commands(out, "schema ");
        return CLI_FINE;
    }
    if (strcmp(words[0], "schema") == 0)
        return complain("schema: expected show, lock, check or json; see 'pecs --help'");
    return complain("unknown command %s; see 'pecs --help'", words[0]);
}

int main(int count, char **words)
{
    struct text_out out;
    terminal_ignore_file_limit();
    out_begin_file(&out, stdout);
    const int code = cli_run(count ? count - 1 : 0, words + 1, &out);
    if (out_finish(&out))
        return code;
    return complain("cannot write the output: %s", strerror(out.os_error));
}
