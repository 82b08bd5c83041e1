/* Shared by the files of hostile_work. */
#ifndef PECS_FUZZ_HOSTILE_WORK_H
#define PECS_FUZZ_HOSTILE_WORK_H

#include <stddef.h>
#include <stdint.h>

double cpu_seconds(void);

/* Loads the file and makes a world of it; returns the best of three times. */
double time_load_bytes(const uint8_t *bytes, size_t size, uint64_t table_count);

/* Prints both times; the hostile one must not be many times the usual one. */
void report_times(const char *what, uint64_t count, size_t size, double usual, double hostile);

/* Files in blocks: hostile_blocks.c. */
void try_blocks(void);

#endif
