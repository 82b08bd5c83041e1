/*
 * Progress bar: a line on a terminal that shows the progress of a load. It appears after one second and is erased at
 * the end. Its output depends on the arguments only, so tests need no clock.
 */
#ifndef PECS_CLI_PROGRESS_BAR_H
#define PECS_CLI_PROGRESS_BAR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { PROGRESS_LINE_BYTES = 128 };

struct progress_bar {
    FILE *terminal;    /* NULL: draw nothing */
    unsigned columns;  /* width of the terminal */
    uint64_t start_ns; /* when the work began */
    uint64_t drawn_ns; /* when the bar was last drawn, or 0 */
};

/* Makes the line, without control characters and shorter than `columns`. */
void progress_bar_line(char ret_line[PROGRESS_LINE_BYTES], unsigned columns, uint64_t done_bytes, uint64_t total_bytes);

/* Draws if a second has passed since the start, at most ten times a second. */
void progress_bar_step(struct progress_bar *bar, uint64_t now_ns, uint64_t done_bytes, uint64_t total_bytes);

/* Erases the line if it was drawn. */
void progress_bar_end(struct progress_bar *bar);

#endif
