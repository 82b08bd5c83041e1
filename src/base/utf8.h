/* UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef PECS_BASE_UTF8_H
#define PECS_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The size in bytes of the first character of a text of at least 1 byte; 0: it is not valid UTF-8. */
static inline unsigned utf8_step(const uint8_t *text, size_t size_bytes, uint32_t *ret_code)
{
    if (text[0] < 0x80) {
        *ret_code = text[0];
        return 1;
    }
    if (text[0] < 0xc2 || text[0] > 0xf4)
        return 0;
    const unsigned size = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    uint32_t code = text[0] & (0x7fu >> size);
    if (size > size_bytes)
        return 0;
    for (unsigned i = 1; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3fu);
    }
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    *ret_code = code;
    return code >= smallest[size] && code <= 0x10ffff && !surrogate ? size : 0;
}

/* Whether a character commands a terminal, or hides or reorders others: text for people has an escape for it. */
static inline bool utf8_is_hidden(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        { 0x00, 0x1f },     { 0x7f, 0x9f },     { 0xad, 0xad },     { 0x61c, 0x61c },   { 0x200b, 0x200f },
        { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

/* Whether a word of eight bytes is ASCII without zeros. */
static inline bool utf8_is_plain_word(uint64_t word)
{
    return ((word | (word - 0x0101010101010101u)) & 0x8080808080808080u) == 0;
}

/* Whether the text is valid UTF-8 without U+0000; most texts are ASCII. */
static inline bool utf8_is_text(const char *text, size_t size_bytes)
{
    uint32_t code = 1;
    uint64_t word;
    size_t at = 0;
    for (; at + sizeof(word) <= size_bytes; at += sizeof(word)) {
        memcpy(&word, text + at, sizeof(word));
        if (!utf8_is_plain_word(word))
            break;
    }
    if (at + sizeof(word) > size_bytes && size_bytes >= sizeof(word)) { /* the rest with what is before it */
        memcpy(&word, text + size_bytes - sizeof(word), sizeof(word));
        at = utf8_is_plain_word(word) ? size_bytes : at;
    }
    while (at < size_bytes) {
        const unsigned step = utf8_step((const uint8_t *)text + at, size_bytes - at, &code);
        if (!step || !code)
            return false;
        at += step;
    }
    return true;
}

/*
 * Makes a zero-terminated text valid UTF-8, in place. Messages truncate names and paths at a byte: the rest of a split
 * character is removed. Other invalid bytes, which paths may have, become question marks.
 */
void utf8_mend(char *text);

#endif
