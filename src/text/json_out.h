/*
 * JSON output: writes one document from front to back. Keys and texts may be any bytes: a text that is not UTF-8 is
 * written as an object, {"hex": "..."} or {"base64": "..."}. Members of the outer containers begin new lines, those of
 * inner ones do not.
 */
#ifndef PECS_TEXT_JSON_OUT_H
#define PECS_TEXT_JSON_OUT_H

#include "text_out.h"

#include <pecs/schema.h>

#include <stdint.h>

struct json_out {
    struct text_out *out;
    unsigned depth;      /* open containers, at most 64 */
    unsigned line_depth; /* containers up to this depth begin a line for each member */
    bool has_base64;     /* bytes are written so, and texts with zeros as bytes; else in hexadecimal digits */
    uint64_t has_member; /* bit d: the container at depth d is not empty */
};

/* `key` is NULL in arrays and for the document itself. */
void json_begin_object(struct json_out *json, const char *key);
void json_end_object(struct json_out *json);
void json_begin_array(struct json_out *json, const char *key);
void json_end_array(struct json_out *json);

/* A literal: a number, true, false, null. */
void json_word(struct json_out *json, const char *key, const char *word);
/* A number that is given as its text. */
void json_number_text(struct json_out *json, const char *key, const char *text, size_t size_bytes);
void json_number(struct json_out *json, const char *key, uint64_t number);
void json_bool(struct json_out *json, const char *key, bool value);

/* A string, or an object with the bytes if the text is not UTF-8. */
void json_text(struct json_out *json, const char *key, const char *text, size_t size_bytes);
void json_string(struct json_out *json, const char *key, const char *text);
void json_bytes(struct json_out *json, const char *key, const void *bytes, size_t size_bytes);

/* The id in its text form; null if it is zero. */
void json_id(struct json_out *json, const char *key, pecs_id id);

/* Ends the document with a newline. */
void json_finish(struct json_out *json);

#endif
