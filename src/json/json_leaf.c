/* Each byte of a leaf is looked at once, and copied once. Members become nodes in json_tree.c. */
#include "json_leaf.h"

#include "json_lexer.h"

#include <stdlib.h>
#include <string.h>

/* Room for `wanted` items: the memory, moved or not, which the caller keeps; NULL: there is none, and the old stays. */
static void *leaves_grow(void *memory, size_t *room, size_t wanted, size_t item_size)
{
    const size_t more = 2 * wanted + 64;
    void *moved = more <= SIZE_MAX / 4 / item_size ? realloc(memory, more * item_size) : NULL;
    *room = moved ? more : *room;
    return moved;
}

static bool leaves_reserve_member(struct leaves *leaves, size_t wanted)
{
    if (wanted <= leaves->member_room)
        return true;
    struct leaf_member *more = leaves_grow(leaves->members, &leaves->member_room, wanted, sizeof(*leaves->members));
    leaves->members = more ? more : leaves->members;
    return more != NULL;
}

static const uint8_t *leaf_skip_space(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at <= ' ' && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

static const uint8_t *leaf_skip_digits(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

/* Those below return NULL if what they skip is not there, or does not end before `end`. */

static const uint8_t *leaf_skip_number(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *const begin = at;
    at += at < end && *at == '-';
    const uint8_t *digits = at;
    at = at < end && *at == '0' ? at + 1 : leaf_skip_digits(at, end);
    if (at == digits)
        return NULL;
    if (at < end && *at == '.') {
        digits = at + 1;
        if ((at = leaf_skip_digits(digits, end)) == digits)
            return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        digits = at + 1;
        digits += digits < end && (*digits == '+' || *digits == '-');
        if ((at = leaf_skip_digits(digits, end)) == digits)
            return NULL;
    }
    return at - begin <= LEAF_NUMBER_MAX ? at : NULL;
}

/* A key and its colon. */
static const uint8_t *leaf_skip_key(const uint8_t *at, const uint8_t *end)
{
    at = lexer_skip_plain(at, end);
    at = at ? leaf_skip_space(at, end) : end;
    return at < end && *at == ':' ? leaf_skip_space(at + 1, end) : NULL;
}

static const uint8_t *leaf_skip_scalar(const uint8_t *at, const uint8_t *end)
{
    if (at < end && *at == '"')
        return lexer_skip_plain(at, end);
    if (at < end && *at <= '9')
        return leaf_skip_number(at, end);
    if (end - at >= 4 && (memcmp(at, "true", 4) == 0 || memcmp(at, "null", 4) == 0))
        return at + 4;
    return end - at >= 5 && memcmp(at, "false", 5) == 0 ? at + 5 : NULL;
}

bool leaves_find(struct leaves *leaves, const uint8_t *bytes, const uint8_t *end, uint64_t member_max,
                 struct leaf *ret_leaf)
{
    const bool is_object = *bytes == '{';
    const uint8_t *at = bytes;
    size_t count = 0;
    *ret_leaf = (struct leaf){ .offset = leaves->size_bytes };
    do {
        struct leaf_member member = { 0, 0 };
        at = leaf_skip_space(at + 1, end); /* behind the bracket or comma */
        if (is_object) {
            member.key = leaves->size_bytes + (size_t)(at - bytes) + 1;
            at = leaf_skip_key(at, end);
        }
        if (!at || count >= member_max)
            return true;
        if (!leaves_reserve_member(leaves, leaves->member_count + count + 1))
            return false;
        member.value = leaves->size_bytes + (size_t)(at - bytes);
        leaves->members[leaves->member_count + count++] = member;
        at = leaf_skip_scalar(at, end);
        at = at ? leaf_skip_space(at, end) : end;
    } while (at < end && *at == ',');
    if (at == end || *at != (is_object ? '}' : ']'))
        return true;
    ret_leaf->size_bytes = (size_t)(at + 1 - bytes);
    ret_leaf->member_count = count;
    return true;
}

bool leaves_add(struct leaves *leaves, const uint8_t *bytes, const struct leaf *leaf)
{
    const size_t size = leaf->size_bytes, wanted = leaves->size_bytes + size;
    if (wanted > leaves->room) {
        char *more = leaves_grow(leaves->text, &leaves->room, wanted, 1);
        if (!more)
            return false;
        leaves->text = more;
    }
    if (leaves->count == leaves->list_room) {
        struct leaf *more = leaves_grow(leaves->list, &leaves->list_room, leaves->count + 1, sizeof(*leaf));
        if (!more)
            return false;
        leaves->list = more;
    }
    char *text = leaves->text + leaves->size_bytes;
    for (size_t i = 0; i < size; i++)
        text[i] = bytes[i] == '"' ? 0 : (char)bytes[i];
    leaves->list[leaves->count++] = *leaf;
    leaves->size_bytes = wanted;
    leaves->member_count += leaf->member_count;
    return true;
}

void leaves_reset(struct leaves *leaves)
{
    leaves->size_bytes = leaves->count = leaves->member_count = 0;
}

void leaves_free(struct leaves *leaves)
{
    free(leaves->text);
    free(leaves->list);
    free(leaves->members);
    *leaves = (struct leaves){ 0 };
}
