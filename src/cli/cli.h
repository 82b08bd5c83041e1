/*
 * The program pecs: commands, their arguments and exit codes. Each command is a file cmd_NAME.c with a `struct
 * command`, which defines its help and its arguments.
 */
#ifndef PECS_CLI_H
#define PECS_CLI_H

#include "text_out.h"

#include <pecs/file.h>

/* Exit codes. */
enum {
    CLI_FINE = 0,
    CLI_NO = 1,     /* the file is invalid, two files differ, a check fails, or an entity or component was not found */
    CLI_TROUBLE = 2 /* wrong usage, an error of reading or writing, out of memory */
};

enum cli_option {
    OPTION_ENTITY,
    OPTION_COMPONENT,
    OPTION_LIMIT,
    OPTION_DETAIL,
    OPTION_BY_HANDLE,
    OPTION_TRUST,
    OPTION_FROM,
    OPTION_TO,
    OPTION_PROFILE,
    OPTION_THREADS,
    OPTION_ADVISE,
    OPTION_MAX_BYTES,
    OPTION_JSON,
    OPTION_HELP,
    OPTION_COUNT
};

struct arguments {
    const char *paths[2];              /* "-": standard input, or output */
    const char *names[2];              /* of the files, for output and messages */
    const char *options[OPTION_COUNT]; /* value, or "" for options without one; NULL: not given */
    uint64_t max_bytes;                /* of OPTION_MAX_BYTES; 0: no limit */
};

/* What an option means to one command. */
struct command_option {
    enum cli_option option;
    const char *help; /* a sentence */
};

/* Of OPTION_MAX_BYTES, for all commands that read a whole file. */
#define MAX_BYTES_HELP "Refuse a file of more than N bytes, or that takes more memory when it is inflated."

struct command {
    const char *name;     /* one word, or two: "schema show" */
    const char *operands; /* "FILE" */
    unsigned path_count;
    const char *summary; /* a sentence */
    const struct command_option *options;
    unsigned option_count;
    int (*run)(const struct arguments *arguments, struct text_out *out);
    bool reads_stdin;   /* for a FILE of "-" */
    bool writes_stdout; /* for an OUTPUT of "-", the second path */
};

extern const struct command command_info, command_verify, command_dump, command_diff, command_compact, command_convert,
    command_salvage, command_schema_show, command_schema_lock, command_schema_check, command_schema_json;

/* Reads the arguments after the command's name. CLI_FINE, or CLI_TROUBLE after a message. */
int arguments_read(const struct command *command, int count, char *const *words, struct arguments *ret_arguments);
/* Parses a word of digits only. *ret_number may change on failure. */
bool arguments_parse_number(const char *word, uint64_t max, uint64_t *ret_number);
void command_help(const struct command *command, struct text_out *out);

/* Prints "pecs: " and a message, escaped, on stderr. Returns CLI_TROUBLE. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints on stderr why a file was refused. Returns exit_code_of the error. */
int complain_of_file(const char *path, const pecs_error *error);

/* CLI_NO: the file is invalid. CLI_TROUBLE: it could not be read. */
int exit_code_of(pecs_status status);

#endif
