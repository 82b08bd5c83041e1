/*
 * The shortest decimal is found as Schubfach finds it (Raffaello Giulietti, "The Schubfach way to render doubles",
 * 2020): the interval of all decimals that read back as the number, and the number itself, are scaled by one power of
 * ten, so that the interval has a width of 2 to 20; one of at most four integers in it is then the answer. Products
 * keep their lowest bit set if bits below it were lost (round to odd), so that comparing them is exact.
 */
#include "number_text.h"

#include "powers.h"

#include <float.h>
#include <string.h>

char *number_write_unsigned(char *room, uint64_t number)
{
    char reversed[20];
    unsigned count = 0;
    do
        reversed[count++] = (char)('0' + number % 10);
    while (number /= 10);
    while (count)
        *room++ = reversed[--count];
    return room;
}

char *number_write_signed(char *room, int64_t number)
{
    if (number < 0)
        *room++ = '-';
    return number_write_unsigned(room, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

char *number_write_hex(char *room, uint64_t number, unsigned digits)
{
    while (digits--)
        *room++ = "0123456789abcdef"[number >> (4 * digits) & 15];
    return room;
}

/* significand * 2^exponent. */
struct binary {
    uint64_t significand;
    int exponent;
    bool is_lower_closer; /* the next smaller number has half the distance of the next greater one */
};

/* digits * 10^exponent. */
struct decimal {
    uint64_t digits;
    int exponent;
};

static uint64_t number_multiply_to_odd(struct power power, uint64_t factor)
{
    __extension__ typedef unsigned __int128 wide;
    const wide low = (wide)power.low * factor;
    const wide high = (wide)power.high * factor + (uint64_t)(low >> 64);
    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

static int number_floor_shift(int number, unsigned shift)
{
    return number >= 0 ? number >> shift : -((-number + (1 << shift) - 1) >> shift);
}

static struct decimal number_shortest(struct binary number)
{
    /* k is floor(log10(width of the interval)), h what is left of a power of two: log10(2) and log10(3/4) in 22 bits */
    const bool is_odd = number.significand & 1;
    const int k = number_floor_shift(number.exponent * 1262611 - (number.is_lower_closer ? 524031 : 0), 22);
    const int h = number.exponent + number_floor_shift(-k * 1741647, 19) + 1;
    const struct power power = powers[-k - POWERS_FIRST];
    const uint64_t four = 4 * number.significand;
    const uint64_t lower = number_multiply_to_odd(power, (four - 2 + number.is_lower_closer) << h) + is_odd;
    const uint64_t middle = number_multiply_to_odd(power, four << h);
    const uint64_t upper = number_multiply_to_odd(power, (four + 2) << h) - is_odd;
    const uint64_t floor = middle / 4, tenth = floor / 10;
    if (floor >= 10) {
        const bool is_below_inside = lower <= 40 * tenth, is_above_inside = 40 * tenth + 40 <= upper;
        if (is_below_inside != is_above_inside)
            return (struct decimal){ tenth + is_above_inside, k + 1 };
    }
    const bool is_below_inside = lower <= 4 * floor, is_above_inside = 4 * floor + 4 <= upper;
    if (is_below_inside != is_above_inside)
        return (struct decimal){ floor + is_above_inside, k };
    const uint64_t half = 4 * floor + 2;
    return (struct decimal){ floor + (middle > half || (middle == half && (floor & 1))), k };
}

/* As %g writes it with `precision` digits, or as many as there are, without trailing zeros. */
static char *number_write_decimal(char *room, struct decimal decimal, int precision)
{
    char digits[20];
    for (; decimal.digits % 10 == 0; decimal.digits /= 10)
        decimal.exponent++;
    const int count = (int)(number_write_unsigned(digits, decimal.digits) - digits);
    const int magnitude = decimal.exponent + count - 1; /* the exponent of the first digit */
    if (magnitude < -4 || magnitude >= (count > precision ? count : precision)) {
        *room++ = digits[0];
        if (count > 1)
            *room++ = '.';
        for (int i = 1; i < count; i++)
            *room++ = digits[i];
        *room++ = 'e';
        *room++ = magnitude < 0 ? '-' : '+';
        if (magnitude > -10 && magnitude < 10)
            *room++ = '0';
        return number_write_unsigned(room, (uint64_t)(magnitude < 0 ? -magnitude : magnitude));
    }
    for (int place = magnitude < 0 ? 0 : magnitude; place >= 0 || place > magnitude - count; place--) {
        if (place == -1)
            *room++ = '.';
        const int at = magnitude - place;
        *room++ = at >= 0 && at < count ? digits[at] : '0';
    }
    return room;
}

char *number_write_f32(char *room, float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof(bits));
    const uint32_t exponent = bits >> 23 & 0xff, fraction = bits & 0x7fffff;
    if (bits >> 31)
        *room++ = '-';
    if (!exponent && !fraction) {
        *room++ = '0';
        return room;
    }
    const struct binary binary = { fraction | (exponent ? 0x800000u : 0), exponent ? (int)exponent - 150 : -149,
                                   !fraction && exponent > 1 };
    return number_write_decimal(room, number_shortest(binary), exponent ? FLT_DIG : 1);
}

char *number_write_f64(char *room, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof(bits));
    const uint64_t exponent = bits >> 52 & 0x7ff, fraction = bits & (((uint64_t)1 << 52) - 1);
    if (bits >> 63)
        *room++ = '-';
    if (!exponent && !fraction) {
        *room++ = '0';
        return room;
    }
    const struct binary binary = { fraction | (exponent ? (uint64_t)1 << 52 : 0),
                                   exponent ? (int)exponent - 1075 : -1074, !fraction && exponent > 1 };
    return number_write_decimal(room, number_shortest(binary), exponent ? DBL_DIG : 1);
}
