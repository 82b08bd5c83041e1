/* Numbers as text: the shortest decimals that read back, in the form of %g, whatever the locale is. */
#include "number_text.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_f32(uint32_t bits, const char *expected)
{
    char text[NUMBER_TEXT_ROOM];
    float number;
    memcpy(&number, &bits, sizeof(number));
    *number_write_f32(text, number) = 0;
    cr_assert_str_eq(text, expected);
}

static void check_f64(double number, const char *expected)
{
    char text[NUMBER_TEXT_ROOM];
    *number_write_f64(text, number) = 0;
    cr_assert_str_eq(text, expected);
}

Test(number_text, floats_have_the_form_of_g)
{
    check_f32(0x00000000, "0");
    check_f32(0x80000000, "-0");
    check_f32(0x3dcccccd, "0.1");
    check_f32(0x3f800000, "1");
    check_f32(0x49742400, "1e+06");
    check_f32(0x49742401, "1000000.06");
    check_f32(0x38d1b717, "0.0001");
    check_f32(0x3727c5ac, "1e-05");
    check_f32(0x7f7fffff, "3.4028235e+38");
    check_f32(0x00000001, "1e-45");
    check_f64(0.1, "0.1");
    check_f64(-123456.75, "-123456.75");
    check_f64(1e15, "1e+15");
    check_f64(123456789012345678.0, "1.2345678901234568e+17");
    check_f64(5e-324, "5e-324");
    check_f64(1.7976931348623157e308, "1.7976931348623157e+308");
    check_f64(9007199254740993.0, "9007199254740992");
    check_f64(0x1p-44, "5.684341886080802e-14"); /* shorter than the nearest decimal of 17 digits */
}

/* The number of significant digits of a decimal. */
static int digits_of(const char *text)
{
    char digits[NUMBER_TEXT_ROOM];
    int count = 0;
    for (; *text && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && (count || *text != '0'))
            digits[count++] = *text;
    while (count && digits[count - 1] == '0')
        count--;
    return count;
}

static void check_reads_back(double number)
{
    char text[NUMBER_TEXT_ROOM], other[64];
    if (!isfinite(number))
        return;
    *number_write_f64(text, number) = 0;
    const double again = strtod(text, NULL);
    cr_assert(memcmp(&again, &number, sizeof(number)) == 0, "%a is written as %s", number, text);
    if (number == 0)
        return;
    snprintf(other, sizeof(other), "%.*e", digits_of(text) > 1 ? digits_of(text) - 2 : 0, number);
    cr_assert(digits_of(text) == 1 || strtod(other, NULL) != number, "%s is longer than %s", text, other);
}

static void check_reads_back_f32(uint32_t bits)
{
    char text[NUMBER_TEXT_ROOM];
    float number;
    memcpy(&number, &bits, sizeof(number));
    if (!isfinite(number))
        return;
    *number_write_f32(text, number) = 0;
    const float again = strtof(text, NULL);
    cr_assert(memcmp(&again, &number, sizeof(number)) == 0, "%a is written as %s", (double)number, text);
}

/* Every exponent, so every entry of powers.h that can be used; both ends of it and what is beside them. */
Test(number_text, floats_of_all_exponents_read_back)
{
    for (uint64_t exponent = 0; exponent < 2047; exponent++)
        for (int64_t beside = -40; beside <= 40; beside++) {
            const uint64_t bits = (exponent << 52) + (uint64_t)beside;
            double number;
            memcpy(&number, &bits, sizeof(number));
            check_reads_back(number);
        }
    for (uint32_t exponent = 0; exponent < 255; exponent++)
        for (int32_t beside = -400; beside <= 400; beside++)
            check_reads_back_f32((exponent << 23) + (uint32_t)beside);
}

Test(number_text, random_floats_read_back)
{
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 300000; i++) {
        double number;
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&number, &bits, sizeof(number));
        check_reads_back(number);
        check_reads_back_f32((uint32_t)(bits >> 16));
    }
}

Test(number_text, integers_are_exact)
{
    char text[NUMBER_TEXT_ROOM];
    *number_write_unsigned(text, 0) = 0;
    cr_assert_str_eq(text, "0");
    *number_write_unsigned(text, UINT64_MAX) = 0;
    cr_assert_str_eq(text, "18446744073709551615");
    *number_write_signed(text, INT64_MIN) = 0;
    cr_assert_str_eq(text, "-9223372036854775808");
    *number_write_hex(text, 0x7fc00001, 8) = 0;
    cr_assert_str_eq(text, "7fc00001");
}
