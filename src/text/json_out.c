/* JSON as RFC 8259 defines it. */
#include "json_out.h"

#include "number_text.h"

#include <pecs/id.h>

#include <assert.h>
#include <string.h>

static void json_write_string(struct text_out *out, const char *text, size_t size_bytes)
{
    out_text(out, "\"", 1);
    out_escaped(out, text, size_bytes, ESCAPE_JSON);
    out_text(out, "\"", 1);
}

static void json_indent(struct json_out *json)
{
    static const char spaces[65] = "\n                                                               ";
    out_text(json->out, spaces, json->depth + 1);
}

static void json_break_line(struct json_out *json)
{
    if (json->depth <= json->line_depth)
        json_indent(json);
}

/* Writes what comes before a value: a comma, a line break, the key. */
static void json_begin_member(struct json_out *json, const char *key)
{
    const uint64_t bit = UINT64_C(1) << json->depth;
    if (json->has_member & bit)
        out_text(json->out, ", ", json->depth <= json->line_depth ? 1 : 2);
    json->has_member |= bit;
    if (json->depth)
        json_break_line(json);
    if (key) {
        json_write_string(json->out, key, strlen(key));
        out_text(json->out, ": ", 2);
    }
}

static void json_begin(struct json_out *json, const char *key, char bracket)
{
    json_begin_member(json, key);
    out_text(json->out, &bracket, 1);
    json->depth++;
    assert(json->depth < 64);
    json->has_member &= ~(UINT64_C(1) << json->depth);
}

static void json_end(struct json_out *json, char bracket)
{
    const bool was_empty = !(json->has_member >> json->depth & 1);
    const bool on_lines = json->depth <= json->line_depth;
    json->depth--;
    if (on_lines && !was_empty)
        json_indent(json);
    out_text(json->out, &bracket, 1);
}

void json_begin_object(struct json_out *json, const char *key)
{
    json_begin(json, key, '{');
}

void json_end_object(struct json_out *json)
{
    json_end(json, '}');
}

void json_begin_array(struct json_out *json, const char *key)
{
    json_begin(json, key, '[');
}

void json_end_array(struct json_out *json)
{
    json_end(json, ']');
}

void json_number_text(struct json_out *json, const char *key, const char *text, size_t size_bytes)
{
    json_begin_member(json, key);
    out_text(json->out, text, size_bytes);
}

void json_word(struct json_out *json, const char *key, const char *word)
{
    json_number_text(json, key, word, strlen(word));
}

void json_number(struct json_out *json, const char *key, uint64_t number)
{
    json_begin_member(json, key);
    char text[NUMBER_TEXT_ROOM];
    out_text(json->out, text, (size_t)(number_write_unsigned(text, number) - text));
}

void json_bool(struct json_out *json, const char *key, bool value)
{
    json_word(json, key, value ? "true" : "false");
}

void json_text(struct json_out *json, const char *key, const char *text, size_t size_bytes)
{
    const bool is_readable = text_is_utf8(text, size_bytes) && !(json->has_base64 && memchr(text, 0, size_bytes));
    if (size_bytes && !is_readable) {
        json_bytes(json, key, text, size_bytes);
        return;
    }
    json_begin_member(json, key);
    json_write_string(json->out, text, size_bytes);
}

void json_string(struct json_out *json, const char *key, const char *text)
{
    json_text(json, key, text, strlen(text));
}

static void json_write_hex(struct text_out *out, const uint8_t *bytes, size_t size_bytes)
{
    char digits[2];
    for (size_t i = 0; i < size_bytes && !out_is_over(out); i++)
        out_text(out, digits, (size_t)(number_write_hex(digits, bytes[i], 2) - digits));
}

/* RFC 4648, section 4. */
static void json_write_base64(struct text_out *out, const uint8_t *bytes, size_t size_bytes)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t at = 0; at < size_bytes && !out_is_over(out); at += 3) {
        const size_t count = size_bytes - at < 3 ? size_bytes - at : 3;
        uint32_t group = 0;
        for (size_t i = 0; i < 3; i++)
            group = group << 8 | (i < count ? bytes[at + i] : 0);
        char text[4] = "====";
        for (size_t i = 0; i <= count; i++)
            text[i] = alphabet[group >> (18 - 6 * i) & 63];
        out_text(out, text, sizeof(text));
    }
}

void json_bytes(struct json_out *json, const char *key, const void *bytes, size_t size_bytes)
{
    static const char hex[] = "{\"hex\": \"", base64[] = "{\"base64\": \"";
    json_begin_member(json, key);
    out_text(json->out, json->has_base64 ? base64 : hex, (json->has_base64 ? sizeof(base64) : sizeof(hex)) - 1);
    if (json->has_base64)
        json_write_base64(json->out, bytes, size_bytes);
    else
        json_write_hex(json->out, bytes, size_bytes);
    out_text(json->out, "\"}", 2);
}

void json_id(struct json_out *json, const char *key, pecs_id id)
{
    static const pecs_id none;
    char text[PECS_ID_TEXT_BYTES];
    if (memcmp(&id, &none, sizeof(id)) == 0) {
        json_word(json, key, "null");
        return;
    }
    pecs_id_format(id, text);
    json_string(json, key, text);
}

void json_finish(struct json_out *json)
{
    out_format(json->out, "\n");
}
