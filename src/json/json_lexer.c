#include "json_lexer.h"

#include "json_scan.h"
#include "text_out.h"

#include <string.h>

int lexer_hex_digit(int byte)
{
    return byte >= '0' && byte <= '9'   ? byte - '0'
           : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
           : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                        : -1;
}

bool lexer_is_utf8(const char *text, size_t size_bytes)
{
    return text_is_utf8(text, size_bytes);
}

/* clang-format off */
const uint8_t lexer_plain[256] = {
    [0x20] = 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    [0x30] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    [0x40] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    [0x50] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1,
    [0x60] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    [0x70] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
};
/* clang-format on */

/* The states of a number: behind nothing, the sign, a zero at the beginning, other digits ... */
enum number_state {
    NUMBER_BEGIN,
    NUMBER_MINUS,
    NUMBER_ZERO,
    NUMBER_WHOLE,
    NUMBER_POINT,
    NUMBER_FRACTION,
    NUMBER_E,
    NUMBER_SIGN,
    NUMBER_EXPONENT,
    NUMBER_STATES
};

enum { CLASS_OTHER, CLASS_ZERO, CLASS_DIGIT, CLASS_MINUS, CLASS_PLUS, CLASS_POINT, CLASS_E, NUMBER_CLASSES };

static const uint8_t number_classes[256] = {
    ['0'] = CLASS_ZERO,  ['1'] = CLASS_DIGIT, ['2'] = CLASS_DIGIT, ['3'] = CLASS_DIGIT, ['4'] = CLASS_DIGIT,
    ['5'] = CLASS_DIGIT, ['6'] = CLASS_DIGIT, ['7'] = CLASS_DIGIT, ['8'] = CLASS_DIGIT, ['9'] = CLASS_DIGIT,
    ['-'] = CLASS_MINUS, ['+'] = CLASS_PLUS,  ['.'] = CLASS_POINT, ['e'] = CLASS_E,     ['E'] = CLASS_E,
};

size_t lexer_number_length(const uint8_t *bytes, const uint8_t *end, unsigned *state)
{
    /* by state and class: the next state; 0: the byte is not of the number */
    static const uint8_t next[NUMBER_STATES][NUMBER_CLASSES] = {
        [NUMBER_BEGIN] = { 0, NUMBER_ZERO, NUMBER_WHOLE, NUMBER_MINUS, 0, 0, 0 },
        [NUMBER_MINUS] = { 0, NUMBER_ZERO, NUMBER_WHOLE, 0, 0, 0, 0 },
        [NUMBER_ZERO] = { 0, 0, 0, 0, 0, NUMBER_POINT, NUMBER_E },
        [NUMBER_WHOLE] = { 0, NUMBER_WHOLE, NUMBER_WHOLE, 0, 0, NUMBER_POINT, NUMBER_E },
        [NUMBER_POINT] = { 0, NUMBER_FRACTION, NUMBER_FRACTION, 0, 0, 0, 0 },
        [NUMBER_FRACTION] = { 0, NUMBER_FRACTION, NUMBER_FRACTION, 0, 0, 0, NUMBER_E },
        [NUMBER_E] = { 0, NUMBER_EXPONENT, NUMBER_EXPONENT, NUMBER_SIGN, NUMBER_SIGN, 0, 0 },
        [NUMBER_SIGN] = { 0, NUMBER_EXPONENT, NUMBER_EXPONENT, 0, 0, 0, 0 },
        [NUMBER_EXPONENT] = { 0, NUMBER_EXPONENT, NUMBER_EXPONENT, 0, 0, 0, 0 },
    };
    const uint8_t *at = bytes;
    for (; at < end; at++) {
        const unsigned then = next[*state][number_classes[*at]];
        if (!then)
            break;
        *state = then;
        if (then == NUMBER_WHOLE || then == NUMBER_FRACTION || then == NUMBER_EXPONENT)
            while (at + 1 < end && at[1] >= '0' && at[1] <= '9')
                at++;
    }
    return (size_t)(at - bytes);
}

bool lexer_number_is_whole(unsigned state)
{
    return state == NUMBER_ZERO || state == NUMBER_WHOLE || state == NUMBER_FRACTION || state == NUMBER_EXPONENT;
}

static int lexer_base64_digit(int byte)
{
    return byte >= 'A' && byte <= 'Z'   ? byte - 'A'
           : byte >= 'a' && byte <= 'z' ? byte - 'a' + 26
           : byte >= '0' && byte <= '9' ? byte - '0' + 52
           : byte == '+'                ? 62
           : byte == '/'                ? 63
                                        : -1;
}

bool lexer_base64_take(struct lexer_base64 *decoder, int byte)
{
    const int digit = byte == '=' && decoder->count >= 2 ? 0 : lexer_base64_digit(byte);
    if (digit < 0 || decoder->is_over || (decoder->padding && byte != '='))
        return false;
    decoder->group = decoder->group << 6 | (uint32_t)digit;
    decoder->count++;
    decoder->padding += byte == '=';
    /* bits that no byte has are zero, so that one text stands for the bytes */
    return decoder->count < 4 || (decoder->group & ((1u << (8 * decoder->padding)) - 1)) == 0;
}

size_t lexer_base64_give(struct lexer_base64 *decoder, uint8_t ret_bytes[3])
{
    const size_t size = 3 - decoder->padding;
    for (size_t i = 0; i < size; i++)
        ret_bytes[i] = (uint8_t)(decoder->group >> (16 - 8 * i));
    *decoder = (struct lexer_base64){ .is_over = decoder->padding != 0 };
    return size;
}

/* Behind the string that begins here. */
static const char *lexer_skip_string(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        at += *at == '\\' && at[1];
    return *at ? at + 1 : at;
}

static bool lexer_is_key(const char *behind)
{
    while (*behind == ' ' || *behind == '\n' || *behind == '\r' || *behind == '\t')
        behind++;
    return *behind == ':';
}

static void lexer_skip_in_leaf(struct lexer_place *place, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        place->offset++;
        if (text[i] == '\n') {
            place->line_count++;
            place->line_offset = place->offset;
        }
    }
}

struct lexer_place lexer_find_value(const char *text, const struct leaves *leaves, uint64_t ordinal, bool at_key,
                                    size_t skip)
{
    const struct leaf *leaf = leaves->list, *const leaves_end = leaf ? leaf + leaves->count : leaf;
    struct lexer_place place = { 0 }, key = { 0 };
    uint64_t found = 0;
    for (const char *at = text; *at;) {
        const bool is_string = *at == '"';
        const char *behind = is_string ? lexer_skip_string(at) : at + 1;
        size_t marks = 0;
        if (*at == '\n') {
            place.line_count++;
            place.line_offset = place.offset + 1;
        } else if (is_string && lexer_is_key(behind)) {
            key = place;
        } else if (is_string || *at == '{' || *at == '[' || (*at >= 'a' && *at <= 'z')) {
            const bool is_leaf = leaf < leaves_end && leaf->ordinal == found;
            if (found == ordinal && skip && is_leaf)
                lexer_skip_in_leaf(&place, leaves->text + leaf->offset, skip);
            if (found++ == ordinal)
                return at_key && !skip ? key : place;
            marks = !is_string ? 0 : at[1] == SCAN_STRING ? 1 : 3;
            while (!is_string && *at >= 'a' && *at <= 'z' && *behind >= 'a' && *behind <= 'z')
                behind++;
            if (is_leaf) {
                lexer_skip_in_leaf(&place, leaves->text + leaf->offset, leaf->size_bytes);
                leaf++;
                at = behind = at + 2;
            }
        }
        place.offset += (uint64_t)(behind - at) - marks;
        at = behind;
    }
    return place;
}
