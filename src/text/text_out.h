/*
 * Text out: where all output goes. It remembers the first failure, so that long work can end early and the reason be
 * told; and it writes text of unknown origin so that a terminal never sees what could command it: controls, and
 * characters that hide or reorder others.
 */
#ifndef PECS_TEXT_TEXT_OUT_H
#define PECS_TEXT_TEXT_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct text_out {
    FILE *file;
    int os_error;           /* errno of the first write that failed, or 0 */
    uint64_t written_bytes; /* so far */
    uint64_t max_bytes;     /* what goes beyond is left out; 0: no bound */
};

/* Whether what is still written is left out: a write failed, or the bound is reached. Long loops end then. */
bool out_is_over(const struct text_out *out);

/* Text of the program's own: a short piece, which is not cut but may go beyond the bound. */
void out_format(struct text_out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* How text of unknown origin is written: in all styles so that nothing in it can end the text or command a terminal. */
enum escape_style {
    ESCAPE_NAME,   /* bare; bytes that are not UTF-8 as \xNN, characters that do not print as \xNN or \uNNNN */
    ESCAPE_QUOTED, /* between quotation marks, which get a backslash */
    ESCAPE_JSON    /* as JSON has it, between quotation marks; bytes that are not UTF-8 become U+FFFD */
};
void out_escaped(struct text_out *out, const char *text, size_t size_bytes, enum escape_style style);

/* out_escaped of a zero-terminated name, bare. */
void out_name(struct text_out *out, const char *name);

/* Hands over what is buffered; false: something was not written. */
bool out_finish(struct text_out *out);

bool text_is_utf8(const char *text, size_t size_bytes);

#endif
