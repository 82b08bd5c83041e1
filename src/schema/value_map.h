/*
 * Value map: how values of one type become values of another, as a list of steps that are each done for many values.
 * Fields are matched by name; pecs/migration.h says what becomes what.
 */
#ifndef PECS_SCHEMA_VALUE_MAP_H
#define PECS_SCHEMA_VALUE_MAP_H

#include "component.h"

#include <pecs/migration.h>

enum map_step_kind {
    MAP_COPY,     /* bytes */
    MAP_CONSTANT, /* bytes of a default, or zeros */
    MAP_NUMBER,   /* a number, bool or enum to another kind of them */
    MAP_ENUM,     /* an enum to an enum, by a list of values */
    MAP_TEXT,     /* a text to one of another length */
    MAP_TEXT_TO_STRING,
    MAP_STRING_TO_TEXT,
    MAP_LIST, /* the elements of a list */
    MAP_CUT,  /* bytes of `from` that have no place: a loss unless they are zero */
    MAP_LOOP, /* the steps of `inner` for each element of an array */
};

enum { MAP_PATH_BYTES = 256 }; /* of a field's path, with the zero */

#define MAP_NO_LOSS UINT32_MAX
#define MAP_NO_VALUE UINT32_MAX

/* Offsets are relative to the value or, in a loop or list, to the element. */
struct map_step {
    enum map_step_kind kind;
    uint32_t from, to;
    uint32_t from_bytes, to_bytes; /* of what is read and written; of a cut, to_bytes is 0 */
    uint32_t loss;                 /* the index of what may be lost here, or MAP_NO_LOSS */
    union {
        const uint8_t *bytes; /* MAP_CONSTANT; NULL: zeros */
        struct {
            pecs_kind from, to;
            uint32_t limit; /* the number of an enum's values; 0: it becomes no enum */
        } number;
        struct {
            uint32_t *values; /* by value: the new one, or MAP_NO_VALUE */
            uint32_t count;
        } names;
        struct {
            struct map_steps *inner;
            uint32_t count;                  /* MAP_LOOP */
            uint32_t from_stride, to_stride; /* bytes of an element */
        } elements;
    } of;
};
struct map_steps {
    struct map_step *steps;
    size_t count, capacity;
};

/* What a map may lose. */
struct map_loss {
    pecs_loss kind;
    char *field; /* its path */
};

struct value_map {
    struct map_steps steps;
    struct map_loss *losses;
    size_t loss_count, loss_capacity;
    bool has_contents; /* some step reads or writes contents, beside moving references */
    struct pool *pool;
};

/* Whether two enums have the same values. */
bool map_names_are_same(const pecs_field *a, const pecs_field *b);

/* Finds the history of a type, by its address. NULL: it has none. */
const pecs_type_history *history_of_type(const pecs_history *history, const pecs_type *type);

/*
 * Makes the map of two checked types. `history` (or NULL) is that of the program that `to` comes from. PECS_E_LAYOUT:
 * a field of one cannot become that of the other, and the error's message says why. PECS_E_MEMORY. Call deinit also on
 * failure.
 */
pecs_status value_map_init(struct value_map *map, struct pool *pool, const pecs_type *from, const pecs_type *to,
                           const pecs_history *history, pecs_error *error);
void value_map_deinit(struct value_map *map);

/* The named fields of a type, for searches. */
struct map_names {
    struct pool *pool;
    struct map_name *names;
    uint32_t count;
    size_t size_bytes;
};
/* PECS_E_MEMORY. Call deinit also then. */
pecs_status map_names_init(struct map_names *names, struct pool *pool, const pecs_type *type);
void map_names_deinit(struct map_names *names);
/*
 * The index of the field that becomes field `name` of `to`: the one of that name, else of one of its old names; or
 * MAP_NO_VALUE.
 */
uint32_t map_names_find(const struct map_names *names, const pecs_history *history, const pecs_type *to,
                        const char *name);

/*
 * Of one loss: its name without PECS_LOSS_, and what it means for a field, in words: "has no place in the new type"; of
 * PECS_LOSS_VERSION for a component.
 */
void map_loss_describe(pecs_loss loss, const char **ret_name, const char **ret_words);

#endif
