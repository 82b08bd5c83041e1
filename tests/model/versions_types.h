/*
 * The types of versions_test: families, each of three forms, which are versions of one type.
 */
#ifndef PECS_TESTS_VERSIONS_TYPES_H
#define PECS_TESTS_VERSIONS_TYPES_H

#include <pecs/pecs.h>

enum { NUMBER, WIDE, TEXT, LIST, FLAG, CODED, NAMED, FAMILY_COUNT, FORM_COUNT = 3, UNKNOWN = FORM_COUNT };
enum { ENTITY_MAX = 700, WIDE_MAX = 150, EDIT_COUNT = 250, LOST = 77, VALUE_MAX = 65536, WORLD = ENTITY_MAX };

#define FORM(T, name, version, ...) PECS_COMPONENT_OF(T, name, version, __VA_ARGS__)

typedef struct Number1 {
    uint32_t x;
} Number1;
FORM(Number1, "Number", 1, PECS_FIELD(Number1, x));
typedef struct Number2 {
    uint32_t y;
    uint16_t more[2];
    uint64_t x;
} Number2;
FORM(Number2, "Number", 2, PECS_FIELD(Number2, y), PECS_FIELD(Number2, more), PECS_FIELD(Number2, x));
typedef struct Number3 {
    double x;
} Number3;
FORM(Number3, "Number", 3, PECS_FIELD(Number3, x));

typedef struct Wide1 {
    uint32_t x;
} Wide1;
FORM(Wide1, "Wide", 1, PECS_FIELD(Wide1, x));
typedef struct Wide2 {
    uint32_t x, rest[1023];
} Wide2;
FORM(Wide2, "Wide", 2, PECS_FIELD(Wide2, x), PECS_FIELD(Wide2, rest));
typedef struct Wide3 {
    uint8_t rest[VALUE_MAX - 4];
    uint32_t x;
} Wide3;
FORM(Wide3, "Wide", 3, PECS_FIELD(Wide3, rest), PECS_FIELD(Wide3, x));

typedef struct Text1 {
    char x[16];
} Text1;
FORM(Text1, "Text", 1, PECS_FIELD(Text1, x));
typedef struct Text2 {
    pecs_string x;
} Text2;
FORM(Text2, "Text", 2, PECS_FIELD(Text2, x));
typedef struct Text3 {
    char x[24];
} Text3;
FORM(Text3, "Text", 3, PECS_FIELD(Text3, x));

typedef struct List1 {
    pecs_list x;
} List1;
FORM(List1, "List", 1, PECS_FIELD_LIST(List1, x, uint32_t));
typedef struct List2 {
    pecs_list x;
} List2;
FORM(List2, "List", 2, PECS_FIELD_LIST(List2, x, uint64_t));
typedef struct List3 {
    uint64_t spare;
    pecs_list x;
} List3;
FORM(List3, "List", 3, PECS_FIELD(List3, spare), PECS_FIELD_LIST(List3, x, double));

static const pecs_type Flag1_type = { "Flag", { { 0 } }, 1, 0, 1, 0, NULL, 0 }; /* a tag */
typedef struct Flag2 {
    uint32_t x;
} Flag2;
FORM(Flag2, "Flag", 2, PECS_FIELD(Flag2, x));
typedef struct Flag3 {
    uint64_t x;
} Flag3;
FORM(Flag3, "Flag", 3, PECS_FIELD(Flag3, x));

typedef struct Coded1 {
    uint32_t x;
} Coded1;
FORM(Coded1, "Coded", 1, PECS_FIELD(Coded1, x));
typedef struct Coded2 {
    uint64_t inverse;
} Coded2;
FORM(Coded2, "Coded", 2, PECS_FIELD(Coded2, inverse));
typedef struct Coded3 {
    uint16_t low, high;
} Coded3;
FORM(Coded3, "Coded", 3, PECS_FIELD(Coded3, low), PECS_FIELD(Coded3, high));

typedef struct Named1 {
    uint32_t first;
} Named1;
FORM(Named1, "Named", 1, PECS_FIELD(Named1, first));
typedef struct Named2 {
    uint64_t second;
} Named2;
FORM(Named2, "Renamed", 1, PECS_FIELD(Named2, second));
typedef struct Named3 {
    uint32_t third;
} Named3;
FORM(Named3, "NamedAgain", 1, PECS_FIELD(Named3, third));

static const pecs_type *const forms[FAMILY_COUNT][FORM_COUNT] = {
    { &Number1_type, &Number2_type, &Number3_type }, { &Wide1_type, &Wide2_type, &Wide3_type },
    { &Text1_type, &Text2_type, &Text3_type },       { &List1_type, &List2_type, &List3_type },
    { &Flag1_type, &Flag2_type, &Flag3_type },       { &Coded1_type, &Coded2_type, &Coded3_type },
    { &Named1_type, &Named2_type, &Named3_type },
};

#endif
