/* Terminal and signals: the program's only use of the platform. Only terminal_posix.c includes its headers. */
#ifndef PECS_CLI_TERMINAL_H
#define PECS_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

bool terminal_is(FILE *file);

/* Width of a terminal in columns; 80 if it is unknown. */
unsigned terminal_columns(FILE *file);

/* A write beyond the limit of the file size is an error with a message then, instead of the end of the process. */
void terminal_ignore_file_limit(void);

/* A monotonic clock. */
uint64_t terminal_now_ns(void);

#endif
