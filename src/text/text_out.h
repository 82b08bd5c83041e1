/*
 * Text output. It keeps the error of the first failed write, so that long loops can end early and the program can
 * report the reason. And it escapes untrusted text: control characters, which could command a terminal, and characters
 * that hide or reorder others.
 */
#ifndef PECS_TEXT_TEXT_OUT_H
#define PECS_TEXT_TEXT_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct text_out {
    FILE *file;
    int os_error; /* errno of the first write that failed, or 0 */
    uint64_t written_bytes;
    uint64_t max_bytes; /* output beyond is dropped; 0: no bound */
};

/* Whether further output is dropped, since a write failed or the bound is reached. Long loops should end then. */
bool out_is_over(const struct text_out *out);

/* Writes trusted text. The piece is not cut, even if it exceeds the bound, so it should be short. */
void out_format(struct text_out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes UTF-8 that needs no escape. */
void out_bytes(struct text_out *out, const char *bytes, size_t size_bytes);

/* Styles for untrusted text. In all of them, nothing in the text can end it or command a terminal. */
enum escape_style {
    ESCAPE_NAME,   /* no quotes; \xNN for bytes that are not UTF-8, \xNN or \uNNNN for characters that do not print */
    ESCAPE_QUOTED, /* for use between quotation marks, which are escaped too */
    ESCAPE_JSON    /* for use in a JSON string; bytes that are not UTF-8 become U+FFFD */
};
void out_escaped(struct text_out *out, const char *text, size_t size_bytes, enum escape_style style);

/* Writes a text between quotation marks, in the style ESCAPE_QUOTED. */
void out_quoted(struct text_out *out, const char *text, size_t size_bytes);

/* Writes a zero-terminated name in the style ESCAPE_NAME. */
void out_name(struct text_out *out, const char *name);

/* Flushes the output. False: some write has failed. */
bool out_finish(struct text_out *out);

bool text_is_utf8(const char *text, size_t size_bytes);

#endif
