/* Writes through stdio, without a buffer of its own. Keeps the first errno, which later writes would overwrite. */
#include "text_out.h"

#include "utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static void out_note(struct text_out *out, bool failed)
{
    if (failed && !out->os_error)
        out->os_error = errno ? errno : EIO;
}

bool out_is_over(const struct text_out *out)
{
    return out->os_error || (out->max_bytes && out->written_bytes >= out->max_bytes);
}

void out_format(struct text_out *out, const char *format, ...)
{
    if (out_is_over(out))
        return;
    va_list arguments;
    va_start(arguments, format);
    const int count = vfprintf(out->file, format, arguments);
    va_end(arguments);
    out_note(out, count < 0);
    out->written_bytes += count < 0 ? 0 : (uint64_t)count;
}

/* Up to the last whole character within the bound. */
void out_bytes(struct text_out *out, const char *bytes, size_t size_bytes)
{
    if (out_is_over(out))
        return;
    size_t size = size_bytes;
    if (out->max_bytes && size > out->max_bytes - out->written_bytes)
        for (size = out->max_bytes - out->written_bytes; size && ((uint8_t)bytes[size] & 0xc0) == 0x80;)
            size--;
    out_note(out, fwrite(bytes, 1, size, out->file) != size);
    out->written_bytes = size < size_bytes ? out->max_bytes : out->written_bytes + size;
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
        const unsigned step = utf8_step((const uint8_t *)text + at, size_bytes - at, &code);
        if (out_is_plain(step, code, style)) {
            at += step;
            continue;
        }
        out_bytes(out, text + plain, at - plain);
        out_write_escape(out, step, step ? code : (uint8_t)text[at], style);
        at += step ? step : 1;
        plain = at;
    }
    out_bytes(out, text + plain, size_bytes - plain);
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
    errno = 0;
    out_note(out, fflush(out->file) != 0);
    return !out->os_error;
}
