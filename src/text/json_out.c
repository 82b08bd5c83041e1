/* JSON as RFC 8259 defines it. */
#include "json_out.h"

#include <pecs/id.h>

#include <assert.h>
#include <inttypes.h>
#include <string.h>

static void json_write_string(struct text_out *out, const char *text, size_t size_bytes)
{
    out_format(out, "\"");
    out_escaped(out, text, size_bytes, ESCAPE_JSON);
    out_format(out, "\"");
}

static void json_break_line(struct json_out *json)
{
    if (json->depth <= json->line_depth)
        out_format(json->out, "\n%*s", (int)json->depth, "");
}

/* Writes what comes before a value: a comma, a line break, the key. */
static void json_begin_member(struct json_out *json, const char *key)
{
    const uint64_t bit = UINT64_C(1) << json->depth;
    if (json->has_member & bit)
        out_format(json->out, json->depth <= json->line_depth ? "," : ", ");
    json->has_member |= bit;
    if (json->depth)
        json_break_line(json);
    if (key) {
        json_write_string(json->out, key, strlen(key));
        out_format(json->out, ": ");
    }
}

static void json_begin(struct json_out *json, const char *key, char bracket)
{
    json_begin_member(json, key);
    out_format(json->out, "%c", bracket);
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
        out_format(json->out, "\n%*s", (int)json->depth, "");
    out_format(json->out, "%c", bracket);
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

void json_word(struct json_out *json, const char *key, const char *word)
{
    json_begin_member(json, key);
    out_format(json->out, "%s", word);
}

void json_number(struct json_out *json, const char *key, uint64_t number)
{
    json_begin_member(json, key);
    out_format(json->out, "%" PRIu64, number);
}

void json_bool(struct json_out *json, const char *key, bool value)
{
    json_word(json, key, value ? "true" : "false");
}

void json_text(struct json_out *json, const char *key, const char *text, size_t size_bytes)
{
    if (!text_is_utf8(text, size_bytes)) {
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

void json_bytes(struct json_out *json, const char *key, const void *bytes, size_t size_bytes)
{
    json_begin_member(json, key);
    out_format(json->out, "{\"hex\": \"");
    for (size_t i = 0; i < size_bytes; i++)
        out_format(json->out, "%02x", ((const uint8_t *)bytes)[i]);
    out_format(json->out, "\"}");
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
