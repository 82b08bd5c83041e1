/*
 * The tree of D. J. Bernstein's crit-bit trees: an inner node has the place of the first bit in which the names below
 * it differ; the lowest bit of a pointer is set if it leads to an inner node.
 */
#include "json_names.h"

#include <stdlib.h>
#include <string.h>

struct names_node {
    void *child[2];
    size_t byte;
    uint8_t bit; /* a mask */
};

static bool names_is_node(const void *at)
{
    return (uintptr_t)at & 1;
}

static struct names_node *names_node(void *at)
{
    return (struct names_node *)(void *)((char *)at - 1);
}

static unsigned names_side(const struct names_node *node, const char *text, size_t size)
{
    return node->byte < size && ((uint8_t)text[node->byte] & node->bit) != 0;
}

static struct entity_name *names_add(struct entity_names *names, const char *text, size_t size, uint64_t line)
{
    struct entity_name *name = calloc(1, sizeof(*name) + size + 1);
    if (!name)
        return NULL;
    memcpy(name->text, text, size + 1);
    name->line = line;
    name->next = names->last;
    names->last = name;
    return name;
}

struct entity_name *entity_names_get(struct entity_names *names, const char *text, uint64_t line)
{
    const size_t size = strlen(text);
    if (!names->root)
        return names->root = names_add(names, text, size, line);
    void *at = names->root;
    while (names_is_node(at))
        at = names_node(at)->child[names_side(names_node(at), text, size)];
    struct entity_name *nearest = at;
    size_t byte = 0;
    while (text[byte] == nearest->text[byte]) {
        if (!text[byte])
            return nearest;
        byte++;
    }
    uint8_t bit = (uint8_t)(text[byte] ^ nearest->text[byte]);
    while (bit & (bit - 1))
        bit &= (uint8_t)(bit - 1);
    struct names_node *node = malloc(sizeof(*node));
    struct entity_name *name = node ? names_add(names, text, size, line) : NULL;
    if (!name) {
        free(node);
        return NULL;
    }
    void **ref = &names->root;
    while (names_is_node(*ref)) {
        struct names_node *there = names_node(*ref);
        if (there->byte > byte || (there->byte == byte && there->bit < bit))
            break;
        ref = &there->child[names_side(there, text, size)];
    }
    const unsigned side = ((uint8_t)text[byte] & bit) != 0;
    *node = (struct names_node){ { NULL, NULL }, byte, bit };
    node->child[side] = name;
    node->child[1 - side] = *ref;
    *ref = (char *)node + 1;
    return name;
}

bool entity_names_make_handle(struct entity_names *names, pecs_entity *ret_entity)
{
    if (names->next_index >= UINT32_MAX - 1)
        return false;
    *ret_entity = (pecs_entity){ (uint32_t)names->next_index++, 1 };
    return true;
}

bool entity_names_handle(struct entity_names *names, struct entity_name *name, pecs_entity *ret_entity)
{
    if (!name->has_handle && !entity_names_make_handle(names, &name->entity))
        return false;
    name->has_handle = true;
    *ret_entity = name->entity;
    return true;
}

/* Without recursion: an inner node whose first child is one, too, gives its place to that. */
void entity_names_free(struct entity_names *names)
{
    void *at = names->root;
    while (at && names_is_node(at)) {
        struct names_node *node = names_node(at);
        if (names_is_node(node->child[0])) {
            struct names_node *below = names_node(node->child[0]);
            node->child[0] = below->child[1];
            below->child[1] = at;
            at = (char *)below + 1;
        } else {
            at = node->child[1];
            free(node);
        }
    }
    while (names->last) {
        struct entity_name *name = names->last;
        names->last = name->next;
        free(name);
    }
    names->root = NULL;
}
