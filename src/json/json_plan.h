/*
 * Plan: what reading values of a type needs beside its description: its names in order, so that a key is found by a
 * binary search whatever a document chooses. A struct gets its plan when a document first has a value of it.
 */
#ifndef PECS_JSON_PLAN_H
#define PECS_JSON_PLAN_H

#include "scalar.h"

#include <pecs/migration.h>

#include <stddef.h>

/* As strcmp, for names, which are short: a call costs more than the comparison. */
static inline int plan_compare_names(const char *a, const char *b)
{
    for (; *a && *a == *b; a++, b++)
        ;
    return (unsigned char)*a - (unsigned char)*b;
}

struct plan_name {
    const char *name;
    uint32_t number;
};
struct plan_names {
    struct plan_name *names; /* by strcmp */
    uint32_t count;
};
#define PLAN_NO_NAME UINT32_MAX
uint32_t plan_find(const struct plan_names *names, const char *name);
/*
 * For a message about a name that is none: the one that it is nearest to, if at most half of its letters differ. Of
 * names longer than PLAN_NEAR_BYTES none is near. NULL: none. Takes time by the number of names.
 */
enum { PLAN_NEAR_BYTES = 60 };
const char *plan_find_near(const struct plan_names *names, const char *name);
/* Names that lie `stride` bytes apart; NULLs are skipped. False: out of memory. */
bool plan_make_names(struct plan_names *ret_names, const void *names, size_t stride, uint32_t count);

struct plan;
struct plan_field {
    const pecs_field *field;
    struct elements elements;
    pecs_field element;          /* of a list: one of its elements */
    const pecs_history *history; /* of the program; or NULL */
    struct plan *nested;         /* of a struct, and of a list of structs; NULL until plan_nested */
    struct plan_names values;    /* of an enum, and of a list of enums */
};
struct plan {
    const pecs_type *type;
    const void *defaults;      /* a value of the type: what missing fields get; NULL: zeros */
    struct plan_field *fields; /* as many as the type has */
    struct plan_names names;   /* of the fields */
};

/* NULL: out of memory. */
struct plan *plan_create(const pecs_type *type, const pecs_history *history);
void plan_destroy(struct plan *plan);
struct plan *plan_nested(struct plan_field *field);

#endif
