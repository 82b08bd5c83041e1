/* The place of a node is found when it is needed: nodes come in the order of their text. */
#include "json_tree.h"

#include "json_fail.h"
#include "json_number.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TREE_PART = cJSON_StringIsConst }; /* in the type of a leaf's member; no key that cJSON parsed is constant */

/* Takes the members of all leaves. */
static pecs_status tree_take_members(struct tree *tree, const struct leaves *leaves)
{
    if (leaves->member_count > tree->member_room) {
        free(tree->members);
        tree->member_room = 0;
        tree->members = malloc(leaves->member_count * sizeof(*tree->members));
        if (!tree->members)
            return json_fail_memory(tree->scan->error);
        tree->member_room = leaves->member_count;
    }
    for (size_t i = 0; i < leaves->member_count; i++) {
        const struct leaf_member *member = &leaves->members[i];
        char *const value = leaves->text + member->value;
        const int type = *value == 0     ? cJSON_String
                         : *value == 't' ? cJSON_True
                         : *value == 'f' ? cJSON_False
                         : *value == 'n' ? cJSON_NULL
                                         : cJSON_Number;
        if (type == cJSON_String)
            *value = SCAN_STRING;
        tree->members[i] = (cJSON){ .next = &tree->members[i + 1],
                                    .type = TREE_PART | type,
                                    .valuestring = value,
                                    .string = member->key ? leaves->text + member->key : NULL };
    }
    return PECS_OK;
}

/* Where a walk over the tree is. */
struct tree_walk {
    uint64_t ordinal;
    const struct leaf *leaf, *leaves_end; /* the next one */
    cJSON *members;                       /* of the next one */
};

/* Gives the leaves among the nodes from `node` on, and below them, their members. */
static void tree_give_members(struct tree_walk *walk, cJSON *node)
{
    for (; node && walk->leaf < walk->leaves_end; node = node->next) {
        if (walk->ordinal++ < walk->leaf->ordinal) {
            tree_give_members(walk, node->child);
            continue;
        }
        node->type |= cJSON_IsReference;
        node->child = walk->members;
        walk->members += walk->leaf->member_count;
        walk->members[-1].next = NULL;
        walk->leaf++;
    }
}

pecs_status tree_cut(struct tree *tree, unsigned leaf_depth)
{
    struct scan *scan = tree->scan;
    cJSON_Delete(tree->root);
    tree->root = NULL;
    pecs_status status = scan_cut(scan, leaf_depth);
    if (!status)
        status = tree_take_members(tree, &scan->leaves);
    if (status)
        return status;
    tree->root = cJSON_ParseWithLength(scan->text, scan->size_bytes);
    if (!tree->root)
        return json_fail_memory(scan->error);
    if (scan->leaves.count) {
        const struct leaf *list = scan->leaves.list;
        struct tree_walk walk = { .leaf = list, .leaves_end = list + scan->leaves.count, .members = tree->members };
        tree_give_members(&walk, tree->root);
    }
    return PECS_OK;
}

void tree_free(struct tree *tree)
{
    cJSON_Delete(tree->root);
    free(tree->members);
    tree->root = tree->members = NULL;
    tree->member_room = 0;
}

bool tree_read_unsigned(const cJSON *node, uint64_t max, uint64_t *ret_number)
{
    return tree_is_number(node) && number_parse_unsigned(tree_text(node), max, ret_number);
}

/* Counts the values before `node`, in the order of the cut text. Returns whether it was found. */
static bool tree_count(const cJSON *at, const cJSON *node, uint64_t *ordinal)
{
    for (; at; at = at->next) {
        if (at == node)
            return true;
        ++*ordinal;
        if (!(at->type & cJSON_IsReference) && tree_count(at->child, node, ordinal))
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

static int tree_number_length(const cJSON *node, int max)
{
    const size_t length = strspn(tree_text(node), "+-.0123456789Ee");
    return length < (size_t)max ? (int)length : max;
}

static void tree_say_found(struct tree_message *message, const cJSON *node)
{
    if (tree_is_string(node))
        tree_say(message, ", found the string \"%.60s\"", tree_text(node));
    else if (tree_is_number(node))
        tree_say(message, ", found the number %.*s", tree_number_length(node, 40), tree_text(node));
    else if (node)
        tree_say(message, ", found %s",
                 cJSON_IsObject(node)  ? "an object"
                 : cJSON_IsArray(node) ? "an array"
                 : cJSON_IsTrue(node)  ? "true"
                 : cJSON_IsFalse(node) ? "false"
                                       : "null");
}

static pecs_status tree_fail_message(const struct tree *tree, const cJSON *node, bool at_key, pecs_status status,
                                     const struct tree_message *message)
{
    const struct leaves *leaves = &tree->scan->leaves;
    uint64_t ordinal = 0;
    size_t skip = 0;
    if (node && node->type & TREE_PART) {
        const size_t place = (size_t)((at_key ? node->string - 1 : node->valuestring) - leaves->text);
        const struct leaf *leaf = leaves->list;
        while (place >= leaf->offset + leaf->size_bytes)
            leaf++;
        ordinal = leaf->ordinal;
        skip = place - leaf->offset;
    } else if (!node || !tree_count(tree->root, node, &ordinal)) {
        ordinal = 0;
    }
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
