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

bool number_parse_unsigned(const char *text, uint64_t max, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        const unsigned digit = (unsigned)(unsigned char)*text - '0';
        if (digit > 9 || digit > max || number > (max - digit) / 10)
            return false;
        number = 10 * number + digit;
    }
    *ret_number = number;
    return true;
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

/* A decimal of at most 19 digits: digits * 10^exponent. False: it has more, or an exponent of more than 4 digits. */
struct number_parts {
    uint64_t digits;
    int exponent;
    bool is_negative;
};

static bool number_split(const char *text, struct number_parts *parts)
{
    unsigned count = 0, exponent_count = 0;
    int point = 0, exponent = 0;
    *parts = (struct number_parts){ .is_negative = *text == '-' };
    for (text += parts->is_negative; *text && *text != 'e' && *text != 'E'; text++) {
        if (*text == '.') {
            point = 1;
            continue;
        }
        parts->digits = 10 * parts->digits + (uint64_t)(*text - '0');
        parts->exponent -= point;
        count += parts->digits != 0;
        if (count > 19)
            return false;
    }
    if (!*text)
        return true;
    const bool is_negative = *++text == '-';
    for (text += *text == '-' || *text == '+'; *text; text++) {
        exponent = 10 * exponent + (*text - '0');
        if (++exponent_count > 4)
            return false;
    }
    parts->exponent += is_negative ? -exponent : exponent;
    return true;
}

static bool number_parse_short(const char *text, double *ret_number)
{
    static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                     1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    struct number_parts parts;
    if (!number_split(text, &parts) || parts.digits > (uint64_t)1 << 53 || parts.exponent < -22 || parts.exponent > 22)
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
