/*
 * Number text: integers in full, and floats in the shortest decimal that reads back as the same bits. No locale plays
 * a part, and no call of stdio.
 */
#ifndef PECS_TEXT_NUMBER_TEXT_H
#define PECS_TEXT_NUMBER_TEXT_H

#include <stdbool.h>
#include <stdint.h>

enum { NUMBER_TEXT_ROOM = 32 };

/* Both return the end of what they wrote, which has no zero behind it. */
char *number_write_unsigned(char *room, uint64_t number);
char *number_write_signed(char *room, int64_t number);
char *number_write_hex(char *room, uint64_t number, unsigned digits);

/*
 * Writes a finite float or double, in the form of printf's %g: "0.1", "1e+20", "-0". Of several shortest decimals, the
 * closest.
 */
char *number_write_f32(char *room, float number);
char *number_write_f64(char *room, double number);

#endif
