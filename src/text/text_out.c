/* Collects what is written in a room of its own. Keeps the first errno, which later writes would overwrite. */
#include "text_out.h"

#include "utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int out_write_file(void *user, const char *bytes, size_t size_bytes)
{
    errno = 0;
    const bool is_written = fwrite(bytes, 1, size_bytes, user) == size_bytes && fflush(user) == 0;
    return is_written ? 0 : errno ? errno : EIO;
}

void out_begin(struct text_out *out, text_write_function write, void *user)
{
    out->write = write;
    out->user = user;
    out->os_error = 0;
    out->written_bytes = out->max_bytes = 0;
    out->pending = 0;
}

void out_begin_file(struct text_out *out, FILE *file)
{
    out_begin(out, out_write_file, file);
}

bool out_is_over(const struct text_out *out)
{
    return out->os_error || (out->max_bytes && out->written_bytes >= out->max_bytes);
}

static void out_flush(struct text_out *out)
{
    if (out->pending && !out->os_error)
        out->os_error = out->write(out->user, out->room, out->pending);
    out->pending = 0;
}

static void out_append(struct text_out *out, const char *bytes, size_t size_bytes)
{
    out->written_bytes += size_bytes;
    while (size_bytes > sizeof(out->room) - out->pending) {
        const size_t part = sizeof(out->room) - out->pending;
        memcpy(out->room + out->pending, bytes, part);
        out->pending += part;
        bytes += part;
        size_bytes -= part;
        out_flush(out);
    }
    if (size_bytes)
        memcpy(out->room + out->pending, bytes, size_bytes);
    out->pending += size_bytes;
}

void out_text_beyond(struct text_out *out, const char *text, size_t size_bytes)
{
    if (!out_is_over(out))
        out_append(out, text, size_bytes);
}

void out_format(struct text_out *out, const char *format, ...)
{
    char piece[1024];
    va_list arguments;
    if (out_is_over(out))
        return;
    va_start(arguments, format);
    const int count = vsnprintf(piece, sizeof(piece), format, arguments);
    va_end(arguments);
    if (count > 0 && (size_t)count < sizeof(piece)) {
        out_append(out, piece, (size_t)count);
        return;
    }
    char *longer = count < 0 ? NULL : malloc((size_t)count + 1);
    if (!longer) {
        out->os_error = count ? ENOMEM : 0;
        return;
    }
    va_start(arguments, format);
    vsnprintf(longer, (size_t)count + 1, format, arguments);
    va_end(arguments);
    out_append(out, longer, (size_t)count);
    free(longer);
}

/* Writes UTF-8, up to the last whole character within the bound. */
static void out_write(struct text_out *out, const char *bytes, size_t size_bytes)
{
    if (!out->max_bytes) {
        out_text(out, bytes, size_bytes);
        return;
    }
    if (out_is_over(out))
        return;
    size_t size = size_bytes;
    if (out->max_bytes && size > out->max_bytes - out->written_bytes)
        for (size = out->max_bytes - out->written_bytes; size && ((uint8_t)bytes[size] & 0xc0) == 0x80;)
            size--;
    out_append(out, bytes, size);
    out->written_bytes = size < size_bytes ? out->max_bytes : out->written_bytes;
}

bool text_is_utf8(const char *text, size_t size_bytes)
{
    uint32_t code = 0;
    for (size_t at = 0; at < size_bytes;) {
        const unsigned step = utf8_step((const uint8_t *)text + at, size_bytes - at, &code);
        if (!step)
            return false;
        at += step;
    }
    return true;
}

/* Whether a character is written without an escape. Step 0: an invalid byte. */
static bool out_is_plain(unsigned step, unsigned code, enum escape_style style)
{
    return step && !utf8_is_hidden(code) && code != '\\' && (code != '"' || style == ESCAPE_NAME);
}

static void out_write_json_escape(struct text_out *out, unsigned step, unsigned code)
{
    if (!step)
        out_format(out, "\\ufffd");
    else if (code > 0xffff)
        out_format(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff));
    else
        out_format(out, "\\u%04x", code);
}

static void out_write_escape(struct text_out *out, unsigned step, unsigned code, enum escape_style style)
{
    if (step && (code == '\\' || code == '"'))
        out_format(out, "\\%c", (int)code);
    else if (style == ESCAPE_JSON)
        out_write_json_escape(out, step, code);
    else if (!step || code < 0x80)
        out_format(out, "\\x%02x", code);
    else
        out_format(out, code > 0xffff ? "\\U%08x" : "\\u%04x", code);
}

void out_escaped(struct text_out *out, const char *text, size_t size_bytes, enum escape_style style)
{
    size_t plain = 0; /* start of the pending bytes that need no escape */
    for (size_t at = 0; at < size_bytes && !out_is_over(out);) {
        uint32_t code = 0;
        while (at < size_bytes && text[at] >= ' ' && text[at] <= '~' && text[at] != '"' && text[at] != '\\')
            at++;
        if (at == size_bytes)
            break;
        const unsigned step = utf8_step((const uint8_t *)text + at, size_bytes - at, &code);
        if (out_is_plain(step, code, style)) {
            at += step;
            continue;
        }
        out_write(out, text + plain, at - plain);
        out_write_escape(out, step, step ? code : (uint8_t)text[at], style);
        at += step ? step : 1;
        plain = at;
    }
    out_write(out, text + plain, size_bytes - plain);
}

void out_quoted(struct text_out *out, const char *text, size_t size_bytes)
{
    out_format(out, "\"");
    out_escaped(out, text, size_bytes, ESCAPE_QUOTED);
    out_format(out, "\"");
}

void out_name(struct text_out *out, const char *name)
{
    out_escaped(out, name, strlen(name), ESCAPE_NAME);
}

bool out_finish(struct text_out *out)
{
    out_flush(out);
    return !out->os_error;
}
