/*
 * Progress bar: a line on a terminal that tells how far a load is, drawn over itself. It appears when the work has
 * taken a second, and is wiped off when the work ends. What to draw and when depends on the arguments alone.
 */
#ifndef PECS_CLI_PROGRESS_BAR_H
#define PECS_CLI_PROGRESS_BAR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { PROGRESS_LINE_BYTES = 128 };

struct progress_bar {
    FILE *terminal;    /* NULL: nothing is ever drawn */
    unsigned columns;  /* of the terminal */
    uint64_t start_ns; /* when the work began */
    uint64_t drawn_ns; /* when the bar was last drawn, or 0 */
};

/* The line for a terminal of so many columns, which it does not fill; without control characters. */
void progress_bar_line(char ret_line[PROGRESS_LINE_BYTES], unsigned columns, uint64_t done_bytes, uint64_t total_bytes);

/* Draws when a second has passed since the start, then ten times a second at most. */
void progress_bar_step(struct progress_bar *bar, uint64_t now_ns, uint64_t done_bytes, uint64_t total_bytes);

/* Wipes the line off if it was drawn. */
void progress_bar_end(struct progress_bar *bar);

#endif
