/*
 * The types of a small game in its ten versions, as its sources had them. Once a file of a version is checked in, its
 * types do not change.
 *
 *     2   Ship: a field added, one renamed, one widened, all reordered; its enum grown and reordered
 *     3   Ship: a field removed; Label longer; Legacy removed, of entities and as a singleton; the weather
 *     4   Item, which a list holds: grown and widened; the tag Frozen becomes the component Cold
 *     5   Label: text to string; the singleton Score narrowed
 *     6   Cargo: an array added; Map larger in both dimensions; Debug is not registered any more
 *     7   Ship split; Label renamed, with its field; a value of Mood's enum renamed; Cold renamed to Chill
 *     8   Fuel and Engine joined; Chill becomes a tag; Drive's unit changed for the whole world
 *     9   the singleton Score split; Crew: texts to strings, one more
 *     10  Hull: widened, an array with defaults, its enum reordered; Drive narrowed; Item is widened, Mood is longer
 */
#ifndef GOLDEN_GROWTH_TYPES_H
#define GOLDEN_GROWTH_TYPES_H

#include <pecs/pecs.h>

static const char *const ranks1[] = { "Cadet", "Captain" };
static const char *const ranks2[] = { "Captain", "Officer", "Cadet" };
static const char *const ranks10[] = { "Cadet", "Officer", "Captain", "Admiral" };

typedef struct {
    float x, y;
    int16_t hull;
    uint8_t rank;
    bool is_old;
} Ship1;
PECS_COMPONENT_OF(Ship1, "Ship", 1, PECS_FIELD(Ship1, x), PECS_FIELD(Ship1, y), PECS_FIELD(Ship1, hull),
                  PECS_FIELD_ENUM(Ship1, rank, ranks1), PECS_FIELD(Ship1, is_old));
typedef struct {
    int32_t health, shield;
    float y, x;
    uint16_t rank;
    bool is_old;
    uint8_t spare;
} Ship2;
PECS_COMPONENT_OF(Ship2, "Ship", 2, PECS_FIELD(Ship2, health), PECS_FIELD(Ship2, shield), PECS_FIELD(Ship2, y),
                  PECS_FIELD(Ship2, x), PECS_FIELD_ENUM(Ship2, rank, ranks2), PECS_FIELD(Ship2, is_old),
                  PECS_FIELD_PADDING(Ship2, spare));
typedef struct {
    double x, y;
    int32_t health, shield;
    uint8_t rank, spare[7];
} Ship3;
PECS_COMPONENT_OF(Ship3, "Ship", 3, PECS_FIELD(Ship3, x), PECS_FIELD(Ship3, y), PECS_FIELD(Ship3, health),
                  PECS_FIELD(Ship3, shield), PECS_FIELD_ENUM(Ship3, rank, ranks2), PECS_FIELD_PADDING(Ship3, spare));
typedef struct {
    double x, y;
} Position;
PECS_COMPONENT(Position, 1, x, y);
typedef struct {
    int32_t health, shield;
    uint8_t rank, spare[3];
} Hull1;
PECS_COMPONENT_OF(Hull1, "Hull", 1, PECS_FIELD(Hull1, health), PECS_FIELD(Hull1, shield),
                  PECS_FIELD_ENUM(Hull1, rank, ranks2), PECS_FIELD_PADDING(Hull1, spare));
typedef struct {
    int64_t health;
    int32_t shield;
    uint16_t plates[4];
    uint8_t rank, spare[3];
} Hull10;
PECS_COMPONENT_OF(Hull10, "Hull", 2, PECS_FIELD(Hull10, health), PECS_FIELD(Hull10, shield), PECS_FIELD(Hull10, plates),
                  PECS_FIELD_ENUM(Hull10, rank, ranks10), PECS_FIELD_PADDING(Hull10, spare));

typedef struct {
    char text[8];
} Label1;
PECS_COMPONENT_OF(Label1, "Label", 1, PECS_FIELD(Label1, text));
typedef struct {
    char text[20];
} Label3;
PECS_COMPONENT_OF(Label3, "Label", 2, PECS_FIELD(Label3, text));
typedef struct {
    pecs_string text;
} Label5;
PECS_COMPONENT_OF(Label5, "Label", 3, PECS_FIELD(Label5, text));
typedef struct {
    pecs_string nick, full;
} Name;
PECS_COMPONENT(Name, 1, nick, full);

typedef struct {
    uint16_t kind, count;
} Item1;
PECS_COMPONENT_OF(Item1, "Item", 1, PECS_FIELD(Item1, kind), PECS_FIELD(Item1, count));
typedef struct {
    uint32_t count;
    uint16_t kind, quality;
} Item4;
PECS_COMPONENT_OF(Item4, "Item", 2, PECS_FIELD(Item4, count), PECS_FIELD(Item4, kind), PECS_FIELD(Item4, quality));
typedef struct {
    uint64_t count;
    uint32_t quality, kind;
} Item10;
PECS_COMPONENT_OF(Item10, "Item", 3, PECS_FIELD(Item10, count), PECS_FIELD(Item10, quality), PECS_FIELD(Item10, kind));
typedef struct {
    pecs_list items;
} Cargo1;
PECS_COMPONENT_OF(Cargo1, "Cargo", 1, PECS_FIELD_LIST_STRUCT(Cargo1, items, Item1));
typedef struct {
    pecs_list items;
} Cargo4;
PECS_COMPONENT_OF(Cargo4, "Cargo", 2, PECS_FIELD_LIST_STRUCT(Cargo4, items, Item4));
typedef struct {
    pecs_list items;
    uint32_t limits[2];
    pecs_entity owner;
} Cargo6;
PECS_COMPONENT_OF(Cargo6, "Cargo", 3, PECS_FIELD_LIST_STRUCT(Cargo6, items, Item4), PECS_FIELD(Cargo6, limits),
                  PECS_FIELD(Cargo6, owner));
typedef struct {
    pecs_list items;
    uint32_t limits[2];
    pecs_entity owner;
} Cargo10;
PECS_COMPONENT_OF(Cargo10, "Cargo", 4, PECS_FIELD_LIST_STRUCT(Cargo10, items, Item10), PECS_FIELD(Cargo10, limits),
                  PECS_FIELD(Cargo10, owner));

typedef struct {
    uint64_t points;
    float seconds;
    uint8_t spare[4];
} Score1;
PECS_COMPONENT_OF(Score1, "Score", 1, PECS_FIELD(Score1, points), PECS_FIELD(Score1, seconds),
                  PECS_FIELD_PADDING(Score1, spare));
typedef struct {
    double seconds;
    uint32_t points;
    uint8_t spare[4];
} Score5;
PECS_COMPONENT_OF(Score5, "Score", 2, PECS_FIELD(Score5, seconds), PECS_FIELD(Score5, points),
                  PECS_FIELD_PADDING(Score5, spare));
typedef struct {
    uint32_t now, best;
} Points;
PECS_COMPONENT(Points, 1, now, best);
typedef struct {
    double seconds;
} Clock;
PECS_COMPONENT(Clock, 1, seconds);

typedef struct {
    uint8_t now, was[2];
} Mood1;
static const char *const moods1[] = { "Calm", "Angry", "Afraid" };
PECS_COMPONENT_OF(Mood1, "Mood", 1, PECS_FIELD_ENUM(Mood1, now, moods1), PECS_FIELD_ENUM_ARRAY(Mood1, was, moods1));
typedef struct {
    uint8_t now, was[2];
} Mood7;
static const char *const moods7[] = { "Calm", "Angry", "Scared" };
PECS_COMPONENT_OF(Mood7, "Mood", 2, PECS_FIELD_ENUM(Mood7, now, moods7), PECS_FIELD_ENUM_ARRAY(Mood7, was, moods7));
typedef struct {
    uint8_t now, was[3];
} Mood10;
static const char *const moods10[] = { "Happy", "Calm", "Angry", "Scared" };
PECS_COMPONENT_OF(Mood10, "Mood", 3, PECS_FIELD_ENUM(Mood10, now, moods10),
                  PECS_FIELD_ENUM_ARRAY(Mood10, was, moods10));

PECS_TAG(Frozen, 1);
typedef struct {
    int32_t degrees;
} Cold;
PECS_COMPONENT(Cold, 1, degrees);
typedef struct {
    int32_t degrees;
} Chill7;
PECS_COMPONENT_OF(Chill7, "Chill", 1, PECS_FIELD(Chill7, degrees));
PECS_TAG(Chilled, 1);

typedef struct {
    uint64_t secret;
} Legacy;
PECS_COMPONENT(Legacy, 1, secret);
typedef struct {
    uint16_t line;
} Debug;
PECS_COMPONENT(Debug, 1, line);

typedef struct {
    uint8_t tiles[2][3];
} Map1;
PECS_COMPONENT_OF(Map1, "Map", 1, PECS_FIELD_GRID(Map1, tiles));
typedef struct {
    uint16_t tiles[3][4];
} Map6;
PECS_COMPONENT_OF(Map6, "Map", 2, PECS_FIELD_GRID(Map6, tiles));

typedef struct {
    float level;
} Fuel;
PECS_COMPONENT(Fuel, 1, level);
typedef struct {
    float power;
} Engine;
PECS_COMPONENT(Engine, 1, power);
typedef struct {
    double level, power;
} Drive8;
PECS_COMPONENT_OF(Drive8, "Drive", 1, PECS_FIELD(Drive8, level), PECS_FIELD(Drive8, power));
typedef struct {
    float power, level;
} Drive10;
PECS_COMPONENT_OF(Drive10, "Drive", 2, PECS_FIELD(Drive10, power), PECS_FIELD(Drive10, level));

typedef struct {
    char names[2][8];
} Crew1;
PECS_COMPONENT_OF(Crew1, "Crew", 1, PECS_FIELD_GRID(Crew1, names));
typedef struct {
    pecs_string names[3];
} Crew9;
PECS_COMPONENT_OF(Crew9, "Crew", 2, PECS_FIELD(Crew9, names));

#endif
