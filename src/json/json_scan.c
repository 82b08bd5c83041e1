/*
 * Bytes come through a window. Line and column are kept by the offset at which the present line begins, so that only
 * line breaks cost anything. Space within a cut value is copied too, so that places in it can be found again.
 */
#include "json_scan.h"

#include "json_fail.h"
#include "json_lexer.h"

#include <stdlib.h>
#include <string.h>

enum { SCAN_MAP_WINDOW = 1 << 20 };
#define SCAN_TOO_LONG "this value is larger than max_text_bytes allows"

static uint64_t scan_offset(const struct scan *scan)
{
    return scan->end_offset - (uint64_t)(scan->end - scan->at);
}

static pecs_status scan_fail_at(struct scan *scan, pecs_status status, uint64_t offset, uint64_t line, uint64_t column,
                                const char *message)
{
    json_fail(scan->error, status, "line %llu, column %llu: %s", (unsigned long long)line, (unsigned long long)column,
              message);
    scan->error->offset = offset;
    return status;
}

pecs_status scan_fail(struct scan *scan, const char *what)
{
    const uint64_t offset = scan_offset(scan);
    return scan_fail_at(scan, PECS_E_CORRUPT, offset, scan->line, offset - scan->line_offset + 1, what);
}

static pecs_status scan_fail_limit(struct scan *scan, const char *what)
{
    const uint64_t offset = scan_offset(scan);
    return scan_fail_at(scan, PECS_E_LIMIT, offset, scan->line, offset - scan->line_offset + 1, what);
}

/* Window. */

pecs_status scan_begin(struct scan *scan)
{
    const pecs_source *source = scan->source;
    pecs_error *error = scan->error;
    pecs_status status = PECS_OK;
    *error = (pecs_error){ .status = PECS_OK };
    if (source->size) {
        status = source->size(source->user, &scan->size, error);
        scan->has_size = true;
    }
    if (!status && scan->has_size && source->map)
        status = source->map(source->user, &scan->map, error);
    if (status)
        return error->status ? status : json_fail(error, status, "the source failed");
    if (scan->max_bytes && scan->size > scan->max_bytes)
        return json_fail(error, PECS_E_LIMIT, "the document has %llu bytes, more than the limit of %llu",
                         (unsigned long long)scan->size, (unsigned long long)scan->max_bytes);
    scan->line = 1;
    scan->window = malloc(SCAN_WINDOW);
    return scan->window ? PECS_OK : json_fail_memory(error);
}

void scan_end(struct scan *scan)
{
    free(scan->window);
    free(scan->text);
    leaves_free(&scan->leaves);
    scan->window = NULL;
    scan->text = NULL;
}

/* Reads into the window; 0 bytes at the end. */
static pecs_status scan_read(struct scan *scan, size_t *ret_size)
{
    const pecs_source *source = scan->source;
    size_t room = SCAN_WINDOW;
    if (scan->has_size && scan->size - scan->end_offset < room)
        room = (size_t)(scan->size - scan->end_offset);
    *ret_size = 0;
    if (!room)
        return PECS_OK;
    const pecs_status status =
        scan->has_size && source->read_at
            ? source->read_at(source->user, scan->end_offset, scan->window, room, ret_size, scan->error)
            : source->read(source->user, scan->window, room, ret_size, scan->error);
    if (!status && *ret_size > room)
        return json_fail(scan->error, PECS_E_MISUSE, "the source gave more bytes than it was asked for");
    if (!status && !*ret_size && scan->has_size)
        return json_fail(scan->error, PECS_E_CORRUPT, "the document ends after %llu bytes of %llu",
                         (unsigned long long)scan->end_offset, (unsigned long long)scan->size);
    return status;
}

static pecs_status scan_fill(struct scan *scan)
{
    size_t size = 0;
    *scan->error = (pecs_error){ .status = PECS_OK };
    if (scan->map) {
        const uint64_t rest = scan->size - scan->end_offset;
        size = rest < SCAN_MAP_WINDOW ? (size_t)rest : SCAN_MAP_WINDOW;
        scan->at = (const uint8_t *)scan->map + scan->end_offset;
    } else {
        scan->status = scan_read(scan, &size);
        scan->at = scan->window;
    }
    if (!scan->status && scan->progress)
        scan->status = scan->progress(scan->user, scan->end_offset + size, scan->size);
    if (scan->status) {
        size = 0;
        if (!scan->error->status)
            json_fail(scan->error, scan->status, scan->status == PECS_E_CANCELLED ? "cancelled" : "the source failed");
    }
    scan->end = scan->at + size;
    scan->end_offset += size;
    scan->is_end = size == 0;
    if (!scan->status && scan->max_bytes && scan->end_offset > scan->max_bytes)
        scan->status = json_fail(scan->error, PECS_E_LIMIT, "the document has more than the limit of %llu bytes",
                                 (unsigned long long)scan->max_bytes);
    return scan->status;
}

/* The next byte, which stays; -1 at the end and after a failure. */
static inline int scan_look(struct scan *scan)
{
    if (scan->at == scan->end && (scan->is_end || scan->status || scan_fill(scan) || scan->is_end))
        return -1;
    return *scan->at;
}

/* Of an end that came too early, or of the failure before it. */
static pecs_status scan_fail_early(struct scan *scan, const char *expected)
{
    char message[128];
    if (scan->status)
        return scan->status;
    strcpy(message, "the document ends, expected ");
    strncat(message, expected, sizeof(message) - strlen(message) - 1);
    return scan_fail(scan, message);
}

static pecs_status scan_fail_expected(struct scan *scan, const char *expected)
{
    char message[128];
    const int found = scan_look(scan);
    if (found < 0)
        return scan_fail_early(scan, expected);
    strcpy(message, "expected ");
    strncat(message, expected, 64);
    if (found > ' ' && found < 0x7f) {
        const char character[] = { ',', ' ', 'f', 'o', 'u', 'n', 'd', ' ', '\'', (char)found, '\'', 0 };
        strcat(message, character);
    }
    return scan_fail(scan, message);
}

static inline void scan_step(struct scan *scan, int byte)
{
    scan->at++;
    if (byte == '\n') {
        scan->line++;
        scan->line_offset = scan_offset(scan);
    }
}

static inline bool scan_is_space(int byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

pecs_status scan_peek(struct scan *scan, int *ret_next)
{
    int byte;
    while (scan_is_space(byte = scan_look(scan)))
        scan_step(scan, byte);
    *ret_next = byte;
    return scan->status;
}

pecs_status scan_take(struct scan *scan, char character, const char *what)
{
    int byte;
    const pecs_status status = scan_peek(scan, &byte);
    if (status)
        return status;
    if (byte == 0xef && !scan_offset(scan))
        return scan_fail(scan, "the document begins with a byte order mark; save it without one");
    if (byte != character)
        return scan_fail_expected(scan, what);
    scan_step(scan, byte);
    return PECS_OK;
}

pecs_status scan_more(struct scan *scan, char closing, bool is_first, bool *ret_more)
{
    int byte;
    const pecs_status status = scan_peek(scan, &byte);
    if (status)
        return status;
    *ret_more = byte != closing;
    if (byte == closing) {
        scan_step(scan, byte);
        return PECS_OK;
    }
    if (is_first)
        return PECS_OK;
    if (byte != ',')
        return scan_fail_expected(scan, closing == '}' ? "',' or '}'" : "',' or ']'");
    scan_step(scan, byte);
    return PECS_OK;
}

/* Cutting. */

static pecs_status scan_grow(struct scan *scan, size_t more)
{
    if (more > scan->max_text_bytes || scan->size_bytes > scan->max_text_bytes - more)
        return scan_fail_limit(scan, SCAN_TOO_LONG);
    const size_t wanted = 2 * (scan->size_bytes + more) + 4096;
    const size_t room = wanted < scan->max_text_bytes ? wanted : (size_t)scan->max_text_bytes;
    char *text = realloc(scan->text, room + 1);
    if (!text)
        return json_fail_memory(scan->error);
    scan->text = text;
    scan->room = room;
    return PECS_OK;
}

static inline pecs_status scan_reserve(struct scan *scan, size_t size)
{
    return size > scan->room - scan->size_bytes ? scan_grow(scan, size) : PECS_OK;
}

static inline pecs_status scan_put(struct scan *scan, const void *bytes, size_t size)
{
    const pecs_status status = scan_reserve(scan, size);
    if (status)
        return status;
    memcpy(scan->text + scan->size_bytes, bytes, size);
    scan->size_bytes += size;
    return PECS_OK;
}

/* Puts the byte that scan_look gave. */
static inline pecs_status scan_put_step(struct scan *scan, int byte)
{
    const pecs_status status = scan_reserve(scan, 1);
    if (status)
        return status;
    scan->text[scan->size_bytes++] = (char)byte;
    scan_step(scan, byte);
    return PECS_OK;
}

static pecs_status scan_put_space(struct scan *scan, int *ret_next)
{
    int byte = scan_look(scan);
    while (byte <= ' ' && scan_is_space(byte)) {
        const pecs_status status = scan_put_step(scan, byte);
        if (status)
            return status;
        byte = scan_look(scan);
    }
    *ret_next = byte;
    return scan->status;
}

/* Four digits behind \u. */
static pecs_status scan_put_hex(struct scan *scan, unsigned *ret_code)
{
    *ret_code = 0;
    for (unsigned i = 0; i < 4; i++) {
        const int byte = scan_look(scan), digit = lexer_hex_digit(byte);
        if (digit < 0)
            return scan_fail_expected(scan, "four hexadecimal digits behind \\u");
        *ret_code = *ret_code << 4 | (unsigned)digit;
        const pecs_status status = scan_put_step(scan, byte);
        if (status)
            return status;
    }
    return PECS_OK;
}

static pecs_status scan_put_unicode(struct scan *scan)
{
    unsigned code, low;
    pecs_status status = scan_put_hex(scan, &code);
    if (status)
        return status;
    if (code == 0)
        return scan_fail(scan, "a string cannot have U+0000; a blob can");
    if (code >= 0xdc00 && code <= 0xdfff)
        return scan_fail(scan, "a low surrogate without a high one");
    if (code < 0xd800 || code > 0xdbff)
        return PECS_OK;
    for (const char *expected = "\\u"; *expected; expected++) {
        const int byte = scan_look(scan);
        if (byte != *expected)
            return scan_fail(scan, "a high surrogate without a low one");
        if ((status = scan_put_step(scan, byte)))
            return status;
    }
    if ((status = scan_put_hex(scan, &low)))
        return status;
    return low >= 0xdc00 && low <= 0xdfff ? PECS_OK : scan_fail(scan, "a high surrogate without a low one");
}

static pecs_status scan_put_escape(struct scan *scan)
{
    pecs_status status = scan_put_step(scan, '\\');
    const int byte = status ? -1 : scan_look(scan);
    if (status)
        return status;
    if (byte <= 0 || !strchr("\"\\/bfnrtu", byte))
        return scan_fail_expected(scan, "one of \" \\ / b f n r t u behind \\");
    status = scan_put_step(scan, byte);
    return status || byte != 'u' ? status : scan_put_unicode(scan);
}

/* Puts a string that ends at `end` as it is. */
static pecs_status scan_put_whole(struct scan *scan, bool is_key, const uint8_t *end)
{
    const size_t behind_quote = (size_t)(end - scan->at) - 1;
    const pecs_status status = scan_reserve(scan, behind_quote + 1 + !is_key);
    if (status)
        return status;
    char *at = scan->text + scan->size_bytes;
    *at++ = '"';
    if (!is_key)
        *at++ = SCAN_STRING;
    memcpy(at, scan->at + 1, behind_quote);
    scan->size_bytes = (size_t)(at - scan->text) + behind_quote;
    scan->at = end;
    return PECS_OK;
}

/* Puts what needs no second look; *seen gets the bits of its bytes. */
static pecs_status scan_put_plain(struct scan *scan, unsigned *seen)
{
    const uint8_t *at = scan->at;
    while (at < scan->end && *at >= ' ' && *at != '"' && *at != '\\')
        *seen |= *at++;
    const pecs_status status = scan_put(scan, scan->at, (size_t)(at - scan->at));
    scan->at = at;
    return status;
}

static pecs_status scan_put_string(struct scan *scan, bool is_key)
{
    static const char mark[] = { '"', SCAN_STRING };
    const uint8_t *const end = lexer_skip_plain(scan->at, scan->end);
    unsigned seen = 0;
    if (end)
        return scan_put_whole(scan, is_key, end);
    pecs_status status = scan_put(scan, mark, is_key ? 1 : 2);
    const size_t begin = scan->size_bytes;
    scan->at++; /* the quotation mark, which the caller saw */
    for (int byte; !status && (byte = scan_look(scan)) != '"';) {
        if (byte < 0)
            return scan_fail_early(scan, "the end of a string");
        if (byte < ' ')
            return scan_fail(scan, "a string cannot have control characters; escape them");
        status = byte == '\\' ? scan_put_escape(scan) : scan_put_plain(scan, &seen);
    }
    if (status)
        return status;
    if ((seen & 0x80) && !lexer_is_utf8(scan->text + begin, scan->size_bytes - begin))
        return scan_fail(scan, "the string before is not UTF-8; write other bytes as {\"base64\": ...}");
    return scan_put_step(scan, '"');
}

static pecs_status scan_put_number(struct scan *scan)
{
    static const char mark[] = { '"', SCAN_NUMBER };
    unsigned state = 0;
    pecs_status status = scan_put(scan, mark, sizeof(mark));
    const size_t begin = scan->size_bytes;
    while (!status && scan_look(scan) >= 0) {
        const size_t length = lexer_number_length(scan->at, scan->end, &state);
        if (!length)
            break;
        status = scan_put(scan, scan->at, length);
        scan->at += length;
        if (!status && scan->size_bytes - begin > LEAF_NUMBER_MAX)
            return scan_fail_limit(scan, "a number has more than 1,024 characters");
    }
    if (status || scan->status)
        return status ? status : scan->status;
    if (!lexer_number_is_whole(state))
        return scan_fail_expected(scan, "a digit");
    return scan_put(scan, "\"", 1);
}

static pecs_status scan_put_word(struct scan *scan, int first)
{
    const char *word = first == 't' ? "true" : first == 'f' ? "false" : "null";
    for (; *word; word++) {
        if (scan_look(scan) != *word)
            return scan_fail_expected(scan, "true, false or null");
        const pecs_status status = scan_put_step(scan, *word);
        if (status)
            return status;
    }
    return PECS_OK;
}

static pecs_status scan_put_scalar(struct scan *scan, int byte)
{
    if (byte == '"')
        return scan_put_string(scan, false);
    if (byte == '-' || (byte >= '0' && byte <= '9'))
        return scan_put_number(scan);
    if (byte == 't' || byte == 'f' || byte == 'n')
        return scan_put_word(scan, byte);
    return scan_fail_expected(scan, "a value");
}

static pecs_status scan_put_key(struct scan *scan, int byte)
{
    if (byte != '"')
        return scan_fail_expected(scan, "a key in quotation marks");
    pecs_status status = scan_put_string(scan, true);
    if (!status)
        status = scan_put_space(scan, &byte);
    if (status)
        return status;
    return byte == ':' ? scan_put_step(scan, byte) : scan_fail_expected(scan, "':'");
}

/* What may come next in a value. */
enum scan_want { WANT_VALUE, WANT_FIRST_VALUE, WANT_KEY, WANT_FIRST_KEY, WANT_NEXT };

struct scan_cutter {
    unsigned depth;
    uint64_t is_object;  /* bit d: the container at depth d */
    enum scan_want want; /* not beside depth: compilers test both at once, which waits for both stores */
    unsigned leaf_depth;
};

static pecs_status scan_put_open(struct scan *scan, struct scan_cutter *cutter, int byte)
{
    if (cutter->depth + 1 == SCAN_DEPTH_MAX)
        return scan_fail_limit(scan, "values are nested more than 63 deep");
    cutter->depth++;
    const uint64_t bit = UINT64_C(1) << cutter->depth;
    cutter->is_object = byte == '{' ? cutter->is_object | bit : cutter->is_object & ~bit;
    cutter->want = byte == '{' ? WANT_FIRST_KEY : WANT_FIRST_VALUE;
    return scan_put_step(scan, byte);
}

/* What the value that is cut takes of max_text_bytes. */
static uint64_t scan_used_bytes(const struct scan *scan)
{
    const uint64_t value_count = scan->value_count + scan->leaves.member_count;
    return scan->size_bytes + scan->leaves.size_bytes + value_count * SCAN_VALUE_BYTES;
}

/* Puts the leaf that begins here. *ret_is_leaf: false if there is none, or none that the limit allows. */
static pecs_status scan_put_leaf(struct scan *scan, int byte, bool *ret_is_leaf)
{
    const uint64_t rest = scan->max_text_bytes - scan_used_bytes(scan);
    struct leaf leaf;
    if (!leaves_find(&scan->leaves, scan->at, scan->end, rest / SCAN_VALUE_BYTES, &leaf))
        return json_fail_memory(scan->error);
    *ret_is_leaf = leaf.size_bytes && leaf.size_bytes + leaf.member_count * SCAN_VALUE_BYTES < rest;
    if (!*ret_is_leaf)
        return PECS_OK;
    leaf.ordinal = scan->value_count - 1;
    if (!leaves_add(&scan->leaves, scan->at, &leaf))
        return json_fail_memory(scan->error);
    const uint8_t *const end = scan->at + leaf.size_bytes;
    for (const uint8_t *line; (line = memchr(scan->at, '\n', (size_t)(end - scan->at)));) {
        scan->at = line;
        scan_step(scan, '\n');
    }
    scan->at = end;
    return scan_put(scan, byte == '{' ? "{}" : "[]", 2);
}

static pecs_status scan_put_container(struct scan *scan, struct scan_cutter *cutter, int byte)
{
    bool is_leaf = false;
    pecs_status status = PECS_OK;
    if (cutter->leaf_depth && cutter->depth >= cutter->leaf_depth)
        status = scan_put_leaf(scan, byte, &is_leaf);
    if (status || is_leaf) {
        cutter->want = WANT_NEXT;
        return status;
    }
    return scan_put_open(scan, cutter, byte);
}

static pecs_status scan_put_next(struct scan *scan, struct scan_cutter *cutter, int byte)
{
    const bool is_object = cutter->is_object >> cutter->depth & 1;
    const int closing = is_object ? '}' : ']';
    if (cutter->want != WANT_NEXT || byte == closing) {
        cutter->depth--;
        cutter->want = WANT_NEXT;
    } else if (byte == ',') {
        cutter->want = is_object ? WANT_KEY : WANT_VALUE;
    } else {
        return scan_fail_expected(scan, is_object ? "',' or '}'" : "',' or ']'");
    }
    return scan_put_step(scan, byte);
}

static pecs_status scan_put_part(struct scan *scan, struct scan_cutter *cutter, int byte)
{
    const bool ends = (cutter->want == WANT_FIRST_VALUE && byte == ']') ||
                      (cutter->want == WANT_FIRST_KEY && byte == '}') || cutter->want == WANT_NEXT;
    if (ends)
        return scan_put_next(scan, cutter, byte);
    if (cutter->want == WANT_KEY || cutter->want == WANT_FIRST_KEY) {
        cutter->want = WANT_VALUE;
        return scan_put_key(scan, byte);
    }
    scan->value_count++;
    if (scan_used_bytes(scan) > scan->max_text_bytes)
        return scan_fail_limit(scan, SCAN_TOO_LONG);
    if (byte == '{' || byte == '[')
        return scan_put_container(scan, cutter, byte);
    cutter->want = WANT_NEXT;
    return scan_put_scalar(scan, byte);
}

pecs_status scan_cut(struct scan *scan, unsigned leaf_depth)
{
    struct scan_cutter cutter = { .want = WANT_VALUE, .leaf_depth = leaf_depth };
    int byte;
    pecs_status status = scan_peek(scan, &byte);
    scan->size_bytes = 0;
    scan->value_count = 0;
    leaves_reset(&scan->leaves);
    scan->text_offset = scan_offset(scan);
    scan->text_line = scan->line;
    scan->text_line_offset = scan->line_offset;
    do {
        if (!status)
            status = scan_put_space(scan, &byte);
        if (!status)
            status = scan_put_part(scan, &cutter, byte);
    } while (!status && (cutter.depth || cutter.want != WANT_NEXT));
    if (status)
        return status;
    scan->text[scan->size_bytes] = 0;
    return scan->size_bytes + scan->leaves.size_bytes > scan->max_text_bytes ? scan_fail_limit(scan, SCAN_TOO_LONG)
                                                                             : PECS_OK;
}

pecs_status scan_base64(struct scan *scan, uint64_t max_bytes, uint8_t **ret_bytes, size_t *ret_size)
{
    struct lexer_base64 decoder = { 0 };
    pecs_status status = scan_take(scan, '"', "a string of base64");
    uint8_t *bytes = NULL;
    size_t size = 0, capacity = 0;
    for (int byte; !status && (byte = scan_look(scan)) != '"'; scan->at++) {
        if (byte < 0 || !lexer_base64_take(&decoder, byte)) {
            status = scan_fail_expected(scan, "base64");
            break;
        }
        if (decoder.count == 4 && capacity - size < 3) {
            capacity = 2 * capacity + 4096;
            uint8_t *more = realloc(bytes, capacity);
            bytes = more ? more : bytes;
            status = more ? PECS_OK : json_fail_memory(scan->error);
        }
        if (!status && decoder.count == 4)
            size += lexer_base64_give(&decoder, bytes + size);
        if (!status && max_bytes && size > max_bytes)
            status = scan_fail_limit(scan, "the attachments have more bytes than max_bytes allows");
        if (status)
            break;
    }
    if (!status && decoder.count)
        status = scan_fail_expected(scan, "base64 in groups of four characters");
    if (status) {
        free(bytes);
        return status;
    }
    scan_step(scan, '"');
    *ret_bytes = bytes;
    *ret_size = size;
    return PECS_OK;
}

pecs_status scan_fail_at_value(struct scan *scan, pecs_status status, uint64_t ordinal, bool at_key, size_t skip,
                               const char *message)
{
    const struct lexer_place place = lexer_find_value(scan->text, &scan->leaves, ordinal, at_key, skip);
    const uint64_t offset = scan->text_offset + place.offset;
    const uint64_t line_offset = place.line_count ? scan->text_offset + place.line_offset : scan->text_line_offset;
    return scan_fail_at(scan, status, offset, scan->text_line + place.line_count, offset - line_offset + 1, message);
}
