/* The component types of the golden worlds. None of them ever changes. */
#ifndef GOLDEN_TYPES_H
#define GOLDEN_TYPES_H

#include <pecs/pecs.h>

typedef struct {
    float x, y;
} Vec;
PECS_COMPONENT(Vec, 1, x, y);

typedef struct {
    Vec offset;
    uint16_t mass;
    uint8_t spare[2];
} Part;
PECS_COMPONENT_OF(Part, "Part", 1, PECS_FIELD_STRUCT(Part, offset, Vec), PECS_FIELD(Part, mass),
                  PECS_FIELD_PADDING(Part, spare));

typedef struct {
    Vec at;
    Part parts[2];
    int8_t grid[2][3];
    uint8_t spare[2];
} Body;
PECS_COMPONENT_OF(Body, "Body", 3, PECS_FIELD_STRUCT(Body, at, Vec), PECS_FIELD_STRUCT(Body, parts, Part),
                  PECS_FIELD_GRID(Body, grid), PECS_FIELD_PADDING(Body, spare));

typedef struct {
    uint64_t frame;
    double seconds;
} Clock;
PECS_COMPONENT(Clock, 1, frame, seconds);

PECS_TAG(Frozen, 1);

typedef struct {
    char text[8];
} Label;
PECS_COMPONENT(Label, 1, text);

typedef struct {
    pecs_entity target;
    pecs_entity others[3];
} Links;
PECS_COMPONENT(Links, 1, target, others);

PECS_TAG(Marked, 2);

typedef struct {
    uint8_t now;
    uint16_t was[2];
} Mood;
static const char *const moods[] = { "Calm", "Angry", "Afraid" };
PECS_COMPONENT_OF(Mood, "Mood", 1, PECS_FIELD_ENUM(Mood, now, moods), PECS_GAP_AFTER(Mood, now, 1),
                  PECS_FIELD_ENUM_ARRAY(Mood, was, moods));

typedef struct {
    bool flag;
    int8_t a;
    uint8_t b;
    int16_t c;
    uint16_t d;
    int32_t e;
    uint32_t f;
    int64_t g;
    uint64_t h;
    float i;
    double j;
} Scalars;
PECS_COMPONENT_OF(Scalars, "Scalars", 1, PECS_FIELD(Scalars, flag), PECS_FIELD(Scalars, a), PECS_FIELD(Scalars, b),
                  PECS_GAP_AFTER(Scalars, b, 1), PECS_FIELD(Scalars, c), PECS_FIELD(Scalars, d), PECS_FIELD(Scalars, e),
                  PECS_FIELD(Scalars, f), PECS_FIELD(Scalars, g), PECS_FIELD(Scalars, h), PECS_FIELD(Scalars, i),
                  PECS_GAP_AFTER(Scalars, i, 4), PECS_FIELD(Scalars, j));

/* Ten of them take more room than one segment of blocks has. */
enum { SCROLL_TEXT_BYTES = 1024 * 1024 };
typedef struct {
    char text[SCROLL_TEXT_BYTES];
    pecs_string title;
} Scroll;
PECS_COMPONENT(Scroll, 1, text, title);

typedef struct {
    uint64_t state[2];
} Seed;
PECS_COMPONENT(Seed, 1, state);

typedef struct {
    char lines[3][5];
    char title[4];
    char only[1][3];
} Sheet;
PECS_COMPONENT_OF(Sheet, "Sheet", 1, PECS_FIELD_GRID(Sheet, lines), PECS_FIELD(Sheet, title),
                  PECS_FIELD_GRID(Sheet, only));

typedef struct {
    uint32_t number;
    pecs_string name;
} Chapter;
PECS_COMPONENT_OF(Chapter, "Chapter", 1, PECS_FIELD(Chapter, number), PECS_GAP_AFTER(Chapter, number, 4),
                  PECS_FIELD(Chapter, name));

typedef struct {
    pecs_string title;
    uint8_t pages;
    Chapter chapters[2];
    pecs_string lines[3];
    pecs_blob picture;
} Story;
PECS_COMPONENT_OF(Story, "Story", 1, PECS_FIELD(Story, title), PECS_FIELD(Story, pages),
                  PECS_GAP_AFTER(Story, pages, 7), PECS_FIELD_STRUCT(Story, chapters, Chapter),
                  PECS_FIELD(Story, lines), PECS_FIELD(Story, picture));

typedef struct {
    uint8_t kind;
    bool wet;
    float height;
    pecs_entity by;
} Step;
PECS_COMPONENT_OF(Step, "Step", 1, PECS_FIELD_ENUM(Step, kind, moods), PECS_FIELD(Step, wet),
                  PECS_GAP_AFTER(Step, wet, 2), PECS_FIELD(Step, height), PECS_FIELD(Step, by));

typedef struct {
    pecs_list steps, moods, friends, numbers;
    uint16_t length;
} Trail;
PECS_COMPONENT_OF(Trail, "Trail", 2, PECS_FIELD_LIST_STRUCT(Trail, steps, Step),
                  PECS_FIELD_LIST_ENUM(Trail, moods, uint16_t, moods), PECS_FIELD_LIST(Trail, friends, pecs_entity),
                  PECS_FIELD_LIST(Trail, numbers, int16_t), PECS_FIELD(Trail, length),
                  PECS_GAP_AFTER(Trail, length, 6));

typedef struct {
    pecs_blob bytes;
} Vault;
PECS_COMPONENT(Vault, 1, bytes);

#endif
