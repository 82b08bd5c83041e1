/*
 * Most numbers have few digits. They are one exact integer, multiplied or divided once by an exact power of ten, and so
 * the nearest double (William Clinger, "How to read floating point numbers accurately", 1990). The rest is strtod's, in
 * the locale "C", which the C library has ready.
 */
#include "json_number.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool number_digit(char byte, unsigned *ret_digit)
{
    *ret_digit = (unsigned)(unsigned char)byte - '0';
    return *ret_digit <= 9;
}

bool number_parse_unsigned(const char *text, uint64_t max, uint64_t *ret_number)
{
    const char *const begin = text;
    uint64_t number = 0;
    for (unsigned digit; number_digit(*text, &digit); text++) {
        if (digit > max || number > (max - digit) / 10)
            return false;
        number = 10 * number + digit;
    }
    *ret_number = number;
    return text > begin && *text != '.' && *text != 'e' && *text != 'E';
}

bool number_parse_signed(const char *text, int64_t min, int64_t max, int64_t *ret_number)
{
    const bool is_negative = *text == '-';
    uint64_t number;
    if (!number_parse_unsigned(text + is_negative, is_negative ? 0 - (uint64_t)min : (uint64_t)max, &number))
        return false;
    *ret_number = (int64_t)(is_negative ? 0 - number : number);
    return true;
}

/* A decimal: digits * 10^exponent. */
struct number_parts {
    uint64_t digits; /* at most NUMBER_DIGITS_MAX */
    int exponent;
    bool is_negative;
};
#define NUMBER_DIGITS_MAX ((uint64_t)1 << 53)

/* Behind the digits; NULL: they are more than parts->digits can have. */
static const char *number_take_digits(const char *text, struct number_parts *parts)
{
    for (unsigned digit; number_digit(*text, &digit); text++)
        if ((parts->digits = 10 * parts->digits + digit) > NUMBER_DIGITS_MAX)
            return NULL;
    return text;
}

/* False: it has too many digits, or an exponent of more than 4. */
static bool number_split(const char *text, struct number_parts *parts)
{
    *parts = (struct number_parts){ .is_negative = *text == '-' };
    text = number_take_digits(text + parts->is_negative, parts);
    if (text && *text == '.') {
        const char *const fraction = text + 1;
        text = number_take_digits(fraction, parts);
        parts->exponent = text ? (int)(fraction - text) : 0;
    }
    if (!text || (*text != 'e' && *text != 'E'))
        return text != NULL;
    int exponent = 0;
    const bool is_negative = *++text == '-';
    text += *text == '-' || *text == '+';
    for (unsigned digit; number_digit(*text, &digit); text++)
        if ((exponent = 10 * exponent + (int)digit) > 9999)
            return false;
    parts->exponent += is_negative ? -exponent : exponent;
    return true;
}

static bool number_parse_short(const char *text, double *ret_number)
{
    static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                     1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    struct number_parts parts;
    if (!number_split(text, &parts) || parts.exponent < -22 || parts.exponent > 22)
        return false;
    const double whole = (double)parts.digits;
    const double number = parts.exponent < 0 ? whole / powers[-parts.exponent] : whole * powers[parts.exponent];
    *ret_number = parts.is_negative ? -number : number;
    return true;
}

bool number_parse_f64(const char *text, double *ret_number)
{
    if (!number_parse_short(text, ret_number)) {
        const locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        *ret_number = locale ? strtod_l(text, NULL, locale) : HUGE_VAL;
        if (locale)
            freelocale(locale);
    }
    return isfinite(*ret_number);
}

/* A double is the nearest one; so the float nearest to it is right, if it does not lie half-way between two floats. */
static bool number_is_half_way(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof(bits));
    return (bits & 0x1fffffff) == 0x10000000;
}

bool number_parse_f32(const char *text, float *ret_number)
{
    double number;
    if (number_parse_short(text, &number) && !number_is_half_way(number) &&
        (number == 0 || (fabs(number) >= 0x1p-126 && fabs(number) < 0x1p127))) {
        *ret_number = (float)number;
        return true;
    }
    const locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    *ret_number = locale ? strtof_l(text, NULL, locale) : HUGE_VALF;
    if (locale)
        freelocale(locale);
    return isfinite(*ret_number);
}
