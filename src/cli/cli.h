/*
 * The program pecs: its commands, what they are given, and how they end. Each command is a file cmd_NAME.c with a
 * `struct command`, from which its help is made and its arguments are read.
 */
#ifndef PECS_CLI_H
#define PECS_CLI_H

#include "text_out.h"

#include <pecs/file.h>

/* How the program ends. */
enum {
    CLI_FINE = 0,
    CLI_NO = 1,     /* the file is bad, two files differ, or what was asked for is not in the file */
    CLI_TROUBLE = 2 /* wrong usage, a file that cannot be read, output that cannot be written, no memory */
};

enum cli_option {
    OPTION_ENTITY,
    OPTION_COMPONENT,
    OPTION_LIMIT,
    OPTION_DETAIL,
    OPTION_BY_HANDLE,
    OPTION_TRUST,
    OPTION_JSON,
    OPTION_HELP,
    OPTION_COUNT
};

struct arguments {
    const char *paths[2];
    const char *options[OPTION_COUNT]; /* the argument, "" for options that take none; NULL: not given */
};

/* What an option means to one command. */
struct command_option {
    enum cli_option option;
    const char *help; /* a sentence */
};

struct command {
    const char *name;
    const char *operands; /* "FILE" */
    unsigned path_count;
    const char *summary; /* a sentence */
    const struct command_option *options;
    unsigned option_count;
    int (*run)(const struct arguments *arguments, struct text_out *out);
};

extern const struct command command_info, command_verify, command_dump, command_diff, command_compact;

/* Reads the arguments behind the command's name. CLI_FINE, or CLI_TROUBLE after a message. */
int arguments_read(const struct command *command, int count, char *const *words, struct arguments *ret_arguments);
void command_help(const struct command *command, struct text_out *out);

/* A message on stderr, after "pecs: "; what the arguments bring in is escaped. Gives CLI_TROUBLE. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Tells on stderr why a file was refused; gives CLI_NO or CLI_TROUBLE. */
int complain_of_file(const char *path, const pecs_error *error);

/* CLI_NO when the file is bad, CLI_TROUBLE when it could not be looked at. */
int exit_code_of(pecs_status status);

#endif
