/*
 * Components through the macros of schema.h, for C and C++ alike: test_macros.c holds their tables against values
 * written out, macros_cpp.cpp the tables that C++ makes against those of C.
 */
#ifndef MACRO_TYPES_H
#define MACRO_TYPES_H

#include <pecs/schema.h>

typedef struct {
    float x, y, z;
} Position;
PECS_COMPONENT(Position, 1, x, y, z);

typedef struct {
    uint8_t team;
} Unit;
PECS_COMPONENT(Unit, 7, team);

PECS_TAG(Frozen, 2);

/* Every type whose kind is deduced, the widest first: without gaps. */
typedef struct {
    double f64;
    long long longest;
    unsigned long long unsigned_longest;
    long length;
    unsigned long unsigned_length;
    pecs_entity entity;
    int number;
    unsigned int unsigned_number;
    float f32;
    short small;
    unsigned short unsigned_small;
    char letter;
    signed char tiny;
    unsigned char unsigned_tiny;
    bool yes;
    bool others[4];
} Scalars;
PECS_COMPONENT(Scalars, 1, f64, longest, unsigned_longest, length, unsigned_length, entity, number, unsigned_number,
               f32, small, unsigned_small, letter, tiny, unsigned_tiny, yes, others);

typedef struct {
    int64_t i64;
    uint64_t u64;
    int32_t i32;
    uint32_t u32;
    int16_t i16;
    uint16_t u16;
    int8_t i8;
    uint8_t u8;
    uint16_t last;
} Exact;
PECS_COMPONENT(Exact, 1, i64, u64, i32, u32, i16, u16, i8, u8, last);

typedef struct {
    float direction[3];
    char name[16];
    uint16_t items[24];
    pecs_entity friends[2];
    bool flags[4];
} Arrays;
PECS_COMPONENT(Arrays, 1, direction, name, items, friends, flags);

typedef struct {
    pecs_string title, lines[3];
    pecs_blob image, layers[2];
} Contents;
PECS_COMPONENT(Contents, 1, title, lines, image, layers);

typedef struct {
    float matrix[3][4];
    char lines[2][8];
} Grids;
PECS_COMPONENT_OF(Grids, "game.Grids", 3, PECS_FIELD_GRID(Grids, matrix), PECS_FIELD_GRID(Grids, lines));

enum Mode { IDLE, WALK, RUN };
static const char *const mode_names[] = { "idle", "walk", "run" };
static const char *const side_names[] = { "left", "right" };
typedef struct {
    enum Mode mode;
    enum Mode history[5];
    uint8_t side, sides[3];
    uint16_t wide;
    uint8_t tail[2];
} Modes;
PECS_COMPONENT_OF(Modes, "Modes", 1, PECS_FIELD_ENUM(Modes, mode, mode_names),
                  PECS_FIELD_ENUM_ARRAY(Modes, history, mode_names), PECS_FIELD_ENUM(Modes, side, side_names),
                  PECS_FIELD_ENUM_ARRAY(Modes, sides, side_names), PECS_FIELD_ENUM(Modes, wide, mode_names),
                  PECS_FIELD(Modes, tail));

/* One nameless gap in the middle, one at the end, and a member that is padding. */
typedef struct {
    uint8_t kind;
    uint32_t mass;
    uint8_t spare[2];
    uint8_t level;
} Part;
PECS_COMPONENT_OF(Part, "Part", 1, PECS_FIELD(Part, kind), PECS_GAP_AFTER(Part, kind, 3), PECS_FIELD(Part, mass),
                  PECS_FIELD_PADDING(Part, spare), PECS_FIELD(Part, level), PECS_GAP_AFTER(Part, level, 1));

typedef struct {
    Position at;
    Part parts[3];
} Machine;
PECS_COMPONENT_OF(Machine, "Machine", 1, PECS_FIELD_STRUCT(Machine, at, Position),
                  PECS_FIELD_STRUCT(Machine, parts, Part));

typedef struct {
    pecs_list numbers, weights[2], friends, flags, parts, modes, sides;
    pecs_string name;
} Lists;
PECS_COMPONENT_OF(Lists, "Lists", 1, PECS_FIELD_LIST(Lists, numbers, uint32_t), PECS_FIELD_LIST(Lists, weights, double),
                  PECS_FIELD_LIST(Lists, friends, pecs_entity), PECS_FIELD_LIST(Lists, flags, bool),
                  PECS_FIELD_LIST_STRUCT(Lists, parts, Part), PECS_FIELD_LIST_ENUM(Lists, modes, enum Mode, mode_names),
                  PECS_FIELD_LIST_ENUM(Lists, sides, uint8_t, side_names), PECS_FIELD(Lists, name));

/* As many members as PECS_COMPONENT takes. */
typedef struct {
    uint8_t a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20;
    uint8_t a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39, a40;
} Forty;
PECS_COMPONENT(Forty, 1, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21,
               a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39, a40);

enum {
    POSITION,
    UNIT,
    FROZEN,
    SCALARS,
    EXACT,
    ARRAYS,
    GRIDS,
    MODES,
    PART,
    MACHINE,
    FORTY,
    CONTENTS,
    LISTS,
    MACRO_TYPE_COUNT
};
static const pecs_type *const macro_types[MACRO_TYPE_COUNT] = {
    &Position_type, &Unit_type, &Frozen_type,  &Scalars_type, &Exact_type,    &Arrays_type, &Grids_type,
    &Modes_type,    &Part_type, &Machine_type, &Forty_type,   &Contents_type, &Lists_type,
};

#endif
