/* Lexer: the parts of JSON that need no source: numbers, digits, base64, and places in a value that was cut. */
#ifndef PECS_JSON_LEXER_H
#define PECS_JSON_LEXER_H

#include "json_leaf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The value of a hexadecimal digit; -1 if it is none. */
int lexer_hex_digit(int byte);

bool lexer_is_utf8(const char *text, size_t size_bytes);

/* 1 for a byte of ASCII that a string can have as it is. */
extern const uint8_t lexer_plain[256];

/* Behind a string of such bytes alone; NULL: there is none, or none that ends before `end`. */
static inline const uint8_t *lexer_skip_plain(const uint8_t *at, const uint8_t *end)
{
    if (at == end || *at++ != '"')
        return NULL;
    while (at < end && lexer_plain[*at])
        at++;
    return at < end && *at == '"' ? at + 1 : NULL;
}

/*
 * A number as RFC 8259 has it: the length of what `bytes` has of it, and in *state where in a number that ends; 0 is
 * before its first byte. Whether a number may end in a state.
 */
size_t lexer_number_length(const uint8_t *bytes, const uint8_t *end, unsigned *state);
bool lexer_number_is_whole(unsigned state);

/* Base64, four characters at a time. All zero: at the beginning. */
struct lexer_base64 {
    uint32_t group;
    unsigned count, padding; /* characters of the group */
    bool is_over;            /* padding was given */
};
/* Takes a character; false: it may not be here. When count is 4, the group must be given: its bytes, 1 to 3 of them. */
bool lexer_base64_take(struct lexer_base64 *decoder, int byte);
size_t lexer_base64_give(struct lexer_base64 *decoder, uint8_t ret_bytes[3]);

/* A place in a cut text, as it was before it got marks and lost its leaves. */
struct lexer_place {
    uint64_t offset, line_count, line_offset; /* line breaks before it, and where the last line begins */
};
/* At the beginning of the value or of its key, or `skip` bytes within a leaf. */
struct lexer_place lexer_find_value(const char *text, const struct leaves *leaves, uint64_t ordinal, bool at_key,
                                    size_t skip);

#endif
