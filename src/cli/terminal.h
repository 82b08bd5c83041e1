/* Terminal: what the program asks the platform. Only terminal_posix.c includes the platform's headers. */
#ifndef PECS_CLI_TERMINAL_H
#define PECS_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

bool terminal_is(FILE *file);

/* Columns of the terminal that a file is; 80 when it does not tell. */
unsigned terminal_columns(FILE *file);

/* A clock that never goes back. */
uint64_t terminal_now_ns(void);

#endif
