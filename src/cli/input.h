/* Input: the file that a command reads, by its path or from standard input. */
#ifndef PECS_CLI_INPUT_H
#define PECS_CLI_INPUT_H

#include "cli.h"

#include <pecs/stream.h>

struct input {
    const char *path; /* NULL: standard input */
    pecs_source source;
    pecs_bytes memory;  /* all of a pipe that is read more than once; else NULL */
    uint64_t max_bytes; /* a limit of all calls; 0: none */
};

/* Whether the path means standard input. */
bool input_is_stdin(const char *path);

/*
 * Opens a file of the arguments, by its place. Standard input that is a pipe or terminal is read into memory if it is
 * read more than once. On failure there is nothing to close.
 */
pecs_status input_open(const struct arguments *arguments, unsigned place, bool is_read_again, struct input *ret_input,
                       pecs_error *error);
void input_close(struct input *input);

/* Of standard input. Valid as long as the input, at this place. */
pecs_source input_source(const struct input *input);

/* As pecs_snapshot_load and pecs_file_info, with the limit of the arguments. max_info_bytes may be 0. */
pecs_status input_load(const struct input *input, pecs_registry *registry, const pecs_load_options *options,
                       pecs_snapshot **ret_snapshot, pecs_error *error);
pecs_status input_info(const struct input *input, uint64_t max_info_bytes, pecs_info **ret_info, pecs_error *error);

#endif
