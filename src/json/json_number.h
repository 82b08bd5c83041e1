/* Number: exact numbers from text, whatever the locale of the program is. */
#ifndef PECS_JSON_NUMBER_H
#define PECS_JSON_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * All parse a text that begins with a number as JSON's grammar has it, up to the first byte that cannot be in a number.
 * False: it is not an integer, or beyond the bounds.
 */
bool number_parse_signed(const char *text, int64_t min, int64_t max, int64_t *ret_number);
bool number_parse_unsigned(const char *text, uint64_t max, uint64_t *ret_number);

/* The nearest float. False: it is beyond the greatest. */
bool number_parse_f32(const char *text, float *ret_number);
bool number_parse_f64(const char *text, double *ret_number);

#endif
