/*
 * Scan: reads a JSON text from a source, front to back, and cuts one value at a time out of it for cJSON. All that
 * JSON's grammar asks is checked here, with lines and columns, so cJSON can fail for lack of memory only.
 *
 * cJSON reads numbers as doubles and ends strings at a zero. So the text of a cut value is the document's own, but for
 * a mark: the string "x" becomes "sx" and the number 1 becomes "n1"; keys have no mark. Numbers are thus strings for
 * cJSON, exact whatever they are. Leaves (json_leaf.h) are {} or [] in the text. Escapes of U+0000 and of lone
 * surrogates are refused.
 */
#ifndef PECS_JSON_SCAN_H
#define PECS_JSON_SCAN_H

#include "json_leaf.h"

#include <pecs/stream.h>

enum {
    SCAN_STRING = 's',
    SCAN_NUMBER = 'n',
    SCAN_DEPTH_MAX = 64,
    SCAN_WINDOW = 64 << 10,
    SCAN_VALUE_BYTES = 100 /* what a value needs, beside its text */
};

/* Called for every window that is read. */
typedef pecs_status (*scan_progress_function)(void *user, uint64_t done, uint64_t total);

struct scan {
    const pecs_source *source;
    uint64_t max_bytes;      /* of the whole text; 0: no limit */
    uint64_t max_text_bytes; /* of a cut value, with SCAN_VALUE_BYTES for each value in it */
    scan_progress_function progress;
    void *user;
    pecs_error *error;

    uint8_t *window; /* of SCAN_WINDOW bytes */
    const uint8_t *at, *end;
    const void *map; /* of the whole source, or NULL */
    uint64_t size;   /* of the whole source, if it is known */
    bool has_size, is_end;
    uint64_t end_offset;        /* of `end` in the source */
    uint64_t line, line_offset; /* where the line of `at` begins */
    pecs_status status;         /* of the first failed read */

    char *text;                                        /* the value that was cut last, zero-terminated */
    size_t size_bytes, room;                           /* bytes that fit, beside a zero */
    struct leaves leaves;                              /* of it */
    uint64_t value_count;                              /* in it, without the members of leaves */
    uint64_t text_offset, text_line, text_line_offset; /* where it begins */
};

/* Begins with the members above the gap set. PECS_E_MEMORY, PECS_E_LIMIT, the source's own. */
pecs_status scan_begin(struct scan *scan);
void scan_end(struct scan *scan);

/* Skips space. *ret_next is the next character, which stays; -1 at the end. */
pecs_status scan_peek(struct scan *scan, int *ret_next);

/* Skips space and one character, which must be there. `what` is what is expected, for the message. */
pecs_status scan_take(struct scan *scan, char character, const char *what);

/*
 * Steps through an object or array: false in *ret_more if it ends here, which is then taken; else a member follows.
 * is_first: right behind the opening bracket.
 */
pecs_status scan_more(struct scan *scan, char closing, bool is_first, bool *ret_more);

/* Cuts the next value into scan->text. Objects and arrays within so many others, or more, may be leaves; 0: none is. */
pecs_status scan_cut(struct scan *scan, unsigned leaf_depth);

/* Decodes a string of base64 (RFC 4648, section 4) into memory that the caller frees; at most max_bytes, if not 0. */
pecs_status scan_base64(struct scan *scan, uint64_t max_bytes, uint8_t **ret_bytes, size_t *ret_size);

/* Fails at the next character. */
pecs_status scan_fail(struct scan *scan, const char *what);

/*
 * Fails at value number `ordinal` of scan->text, in the order of the text, the whole value being 0; or at its key; or
 * `skip` bytes within a leaf. An error that has a message already gets the place in front of it.
 */
pecs_status scan_fail_at_value(struct scan *scan, pecs_status status, uint64_t ordinal, bool at_key, size_t skip,
                               const char *message);

#endif
