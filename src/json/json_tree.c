/* The place of a node is found when it is needed: nodes come in the order of their text. */
#include "json_tree.h"

#include "json_fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TREE_PART = cJSON_StringIsConst }; /* in the type of a leaf's member; no key that cJSON parsed is constant */

pecs_status tree_cut(struct tree *tree, unsigned leaf_depth)
{
    tree_free(tree);
    const pecs_status status = scan_cut(tree->scan, leaf_depth);
    if (status)
        return status;
    tree->root = cJSON_ParseWithLength(tree->scan->text, tree->scan->size_bytes);
    return tree->root ? PECS_OK : json_fail_memory(tree->scan->error);
}

void tree_free(struct tree *tree)
{
    cJSON_Delete(tree->root);
    tree->root = NULL;
}

bool tree_is_string(const cJSON *node)
{
    return cJSON_IsString(node) && node->valuestring[0] == SCAN_STRING;
}

bool tree_is_number(const cJSON *node)
{
    return cJSON_IsNumber(node) || (cJSON_IsString(node) && node->valuestring[0] == SCAN_NUMBER);
}

static bool tree_is_leaf(const cJSON *node, char bracket)
{
    return cJSON_IsString(node) && node->valuestring[0] == SCAN_LEAF && node->valuestring[1] == bracket;
}

bool tree_is_object(const cJSON *node)
{
    return cJSON_IsObject(node) || tree_is_leaf(node, '{');
}

bool tree_is_array(const cJSON *node)
{
    return cJSON_IsArray(node) || tree_is_leaf(node, '[');
}

static char *tree_find(char *at, char character)
{
    while (*at != character)
        at++;
    return at;
}

static char *tree_skip_space(char *at)
{
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')
        at++;
    return at;
}

/* Takes a scalar, and gives what is behind it. */
static char *tree_take_scalar(cJSON *node, char *at)
{
    const bool is_string = *at == SCAN_QUOTE;
    node->valuestring = at;
    node->type = TREE_PART | (is_string    ? cJSON_String
                              : *at == 't' ? cJSON_True
                              : *at == 'f' ? cJSON_False
                              : *at == 'n' ? cJSON_NULL
                                           : cJSON_Number);
    if (is_string) {
        *at = SCAN_STRING;
        at = tree_find(at, SCAN_QUOTE);
        *at = 0;
        return at + 1;
    }
    while (*at > ' ' && *at != ',' && *at != ']' && *at != '}')
        at++;
    return at;
}

/* The text is right, as the scan saw. Each member ends in a zero, in place of what is behind it. */
pecs_status tree_open(const struct tree *tree, struct arena *arena, const cJSON *node, const cJSON **ret_child)
{
    *ret_child = node->child;
    if (!cJSON_IsString(node))
        return PECS_OK;
    char *at = node->valuestring + 1, after = *at;
    const bool is_object = after == '{';
    for (const cJSON **ref = ret_child; after != '}' && after != ']';) {
        cJSON *member = arena_take(arena, sizeof(*member));
        if (!member)
            return json_fail_memory(tree->scan->error);
        at = tree_skip_space(at + 1);
        if (is_object) {
            member->string = at + 1;
            at = tree_find(at + 1, SCAN_QUOTE);
            *at = 0;
            at = tree_skip_space(tree_find(at + 1, ':') + 1);
        }
        at = tree_take_scalar(member, at);
        char *const end = at;
        at = tree_skip_space(at);
        after = *at;
        *end = 0;
        member->prev = (cJSON *)node;
        *ref = member;
        ref = (const cJSON **)&member->next;
    }
    return PECS_OK;
}

bool tree_read_unsigned(const cJSON *node, uint64_t max, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (!tree_is_number(node))
        return false;
    for (const char *at = tree_text(node); *at; at++) {
        const unsigned digit = (unsigned)(unsigned char)*at - '0';
        if (digit > 9 || number > (max - digit) / 10 || digit > max)
            return false;
        number = 10 * number + digit;
    }
    *ret_number = number;
    return true;
}

/* Counts the nodes before `node`, in the order of the text. Returns whether it was found. */
static bool tree_count(const cJSON *at, const cJSON *node, uint64_t *ordinal)
{
    for (; at; at = at->next) {
        if (at == node)
            return true;
        ++*ordinal;
        if (tree_count(at->child, node, ordinal))
            return true;
    }
    return false;
}

struct tree_message {
    char text[512];
    size_t size;
};

static void tree_say(struct tree_message *message, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void tree_say(struct tree_message *message, const char *format, ...)
{
    va_list arguments;
    const size_t room = sizeof(message->text) - message->size;
    va_start(arguments, format);
    const int count = vsnprintf(message->text + message->size, room, format, arguments);
    va_end(arguments);
    if (count > 0)
        message->size += (size_t)count < room ? (size_t)count : room - 1;
}

static void tree_say_step(struct tree_message *message, const struct tree_step *step)
{
    if (step->before)
        tree_say_step(message, step->before);
    if (step->name)
        tree_say(message, "%s%.80s", step->before ? "." : "", step->name);
    else
        tree_say(message, "[%llu]", (unsigned long long)step->index);
}

/* "entity 12:3, component Position, field slots[2].owner: " */
static void tree_say_where(struct tree_message *message, const struct tree *tree, const struct tree_step *step)
{
    if (tree->what)
        tree_say(message, "%s%s%s", tree->what, tree->label[0] ? " " : "", tree->label);
    if (tree->component)
        tree_say(message, ", component %.80s", tree->component);
    if (step) {
        tree_say(message, ", field ");
        tree_say_step(message, step);
    }
    if (tree->what)
        tree_say(message, ": ");
}

static void tree_say_found(struct tree_message *message, const cJSON *node)
{
    if (tree_is_string(node))
        tree_say(message, ", found the string \"%.60s\"", tree_text(node));
    else if (tree_is_number(node))
        tree_say(message, ", found the number %.40s", tree_text(node));
    else if (node)
        tree_say(message, ", found %s",
                 tree_is_object(node)  ? "an object"
                 : tree_is_array(node) ? "an array"
                 : cJSON_IsTrue(node)  ? "true"
                 : cJSON_IsFalse(node) ? "false"
                                       : "null");
}

static pecs_status tree_fail_message(const struct tree *tree, const cJSON *node, bool at_key, pecs_status status,
                                     const struct tree_message *message)
{
    const cJSON *leaf = node && node->type & TREE_PART ? node->prev : NULL;
    uint64_t ordinal = 0;
    if (!node || !tree_count(tree->root, leaf ? leaf : node, &ordinal))
        ordinal = 0;
    const char *const place = !leaf ? NULL : at_key ? node->string - 1 : node->valuestring;
    const size_t skip = leaf ? (size_t)(place - leaf->valuestring - 1) : 0;
    return scan_fail_at_value(tree->scan, status, ordinal, at_key, skip, message->text);
}

pecs_status tree_fail_expected(const struct tree *tree, const struct tree_step *step, const cJSON *node,
                               const char *format, ...)
{
    struct tree_message message = { .size = 0 };
    va_list arguments;
    tree_say_where(&message, tree, step);
    tree_say(&message, "expected ");
    va_start(arguments, format);
    const int count = vsnprintf(message.text + message.size, sizeof(message.text) - message.size, format, arguments);
    va_end(arguments);
    const size_t room = sizeof(message.text) - message.size;
    message.size += count < 0 ? 0 : (size_t)count < room ? (size_t)count : room - 1;
    tree_say_found(&message, node);
    return tree_fail_message(tree, node, false, PECS_E_CORRUPT, &message);
}

pecs_status tree_fail(const struct tree *tree, const struct tree_step *step, const cJSON *node, bool at_key,
                      pecs_status status, const char *format, ...)
{
    struct tree_message message = { .size = 0 };
    va_list arguments;
    tree_say_where(&message, tree, step);
    va_start(arguments, format);
    vsnprintf(message.text + message.size, sizeof(message.text) - message.size, format, arguments);
    va_end(arguments);
    return tree_fail_message(tree, node, at_key, status, &message);
}

pecs_status tree_read_members(const struct tree *tree, const cJSON *object, const char *const *names, size_t count,
                              bool allow_unknown, const cJSON **nodes)
{
    memset(nodes, 0, count * sizeof(*nodes));
    if (!cJSON_IsObject(object))
        return tree_fail_expected(tree, NULL, object, "an object");
    for (const cJSON *member = object->child; member; member = member->next) {
        size_t at = 0;
        while (at < count && strcmp(names[at], member->string) != 0)
            at++;
        if (at < count && nodes[at])
            return tree_fail(tree, NULL, member, true, PECS_E_CORRUPT, "\"%s\" stands here twice", names[at]);
        if (at < count)
            nodes[at] = member;
        else if (!allow_unknown)
            return tree_fail(tree, NULL, member, true, PECS_E_CORRUPT, "unknown member \"%.80s\"", member->string);
    }
    return PECS_OK;
}
