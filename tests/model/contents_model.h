/*
 * What the world of contents_test must hold: a plain copy of the strings, blobs and lists of each entity, of the
 * singletons and of the attachments, and of what is transient; and how it is made up and compared.
 */
#ifndef PECS_TESTS_CONTENTS_MODEL_H
#define PECS_TESTS_CONTENTS_MODEL_H

#include "model_random.h"

#include <pecs/pecs.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTITY_COUNT = 600, HISTORY = 6, NAME_BYTES = 48, ATTACHMENT_COUNT = 5 };

typedef struct Point {
    int16_t x;
    int32_t y;
} Point;
PECS_COMPONENT_OF(Point, "Point", 1, PECS_FIELD(Point, x), PECS_GAP_AFTER(Point, x, 2), PECS_FIELD(Point, y));
typedef struct Name {
    uint32_t number;
    uint32_t kind;
    pecs_string text;
} Name;
PECS_COMPONENT(Name, 1, number, kind, text);
typedef struct Bag {
    pecs_blob bytes;
    pecs_list points, friends;
    pecs_string labels[2];
} Bag;
PECS_COMPONENT_OF(Bag, "Bag", 1, PECS_FIELD(Bag, bytes), PECS_FIELD_LIST_STRUCT(Bag, points, Point),
                  PECS_FIELD_LIST(Bag, friends, pecs_entity), PECS_FIELD(Bag, labels));
typedef struct Position {
    float x, y;
} Position;
PECS_COMPONENT(Position, 1, x, y);
PECS_TAG(Frozen, 1);
/* Not saved (contents_transient.c). */
typedef struct Cache {
    const void *pointer;
} Cache;
PECS_TRANSIENT(Cache);
typedef struct Body {
    const void *pointer;
    uint64_t number;
} Body;
PECS_TRANSIENT_NO_SNAPSHOT(Body);
PECS_TRANSIENT_ENTITY(Ghost);
PECS_TYPES(model, Name, Bag, Position, Frozen, Cache, Body, Ghost);

/* What one entity, or the singletons, must hold. */
struct bytes {
    uint8_t *data;
    size_t size;
};
struct shadow {
    pecs_entity entity; /* {0, 0}: free */
    bool has_name, has_bag, is_frozen;
    bool has_cache, has_body, is_ghost;
    uint32_t number;
    struct bytes name, blob, points, friends, labels[2];
    Cache cache; /* zeros without has_cache, as the next without has_body */
    Body body;
};
/* What a world must hold. */
struct contents {
    struct shadow shadows[ENTITY_COUNT];
    struct shadow own;                          /* the singletons Bag, Cache and Body, if it has_... */
    struct bytes attachments[ATTACHMENT_COUNT]; /* data NULL: there is none */
};
struct moment {
    struct contents *contents;
    pecs_snapshot *snapshot;
    uint64_t timeline; /* of the world that it was taken from */
};
struct model {
    struct random random;
    pecs_registry *registry;
    pecs_world *world;
    pecs_query *named;
    pecs_query *ghosts;
    struct contents now;
    struct moment history[HISTORY];
    char path[64];
    uint64_t operation;
    uint64_t timeline; /* another one after each restore */
    struct {           /* what has happened how often */
        uint64_t documents, rewinds;
        uint64_t cleared; /* references to ghosts, by saves */
        uint64_t undone;  /* references to what a rewind undid, cleared by clones */
        uint64_t future;  /* entities in merges whose ids the world is still to give */
    } counts;
};

#define CHECK(model, condition)                                                                                        \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "operation %llu: line %d: %s (%s)\n", (unsigned long long)(model)->operation, __LINE__,    \
                    #condition, pecs_world_error((model)->world)->message);                                            \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

uint64_t pick(struct model *model, uint64_t count);

void bytes_set(struct bytes *bytes, const void *data, size_t size);
void shadow_clear(struct shadow *shadow);
struct shadow shadow_copy(const struct shadow *from);
void contents_clear(struct contents *contents);
void contents_copy(struct contents *to, const struct contents *from);

/* Contents that the model makes up. */
void make_text(struct model *model, struct bytes *bytes);
void make_blob(struct model *model, struct bytes *bytes);
void make_bag(struct model *model, struct shadow *shadow);

/* The value that gives what the shadow has; `given` must live as long as it. */
struct given {
    pecs_bytes bytes[5];
};
Name name_of(const struct shadow *shadow);
Bag bag_of(const struct shadow *shadow, struct given *given);

extern const char *const attachment_names[ATTACHMENT_COUNT];

void compare_all(struct model *model, pecs_view view, const struct contents *contents);

/* A shadow of a living entity; NULL: it found none. */
struct shadow *pick_living(struct model *model, struct contents *contents);

/* Snapshots, restores, rewinds, forks and files (contents_history.c). */
void moment_clear(struct moment *moment);
void take(struct model *model);
void go_back(struct model *model);
void save_and_open(struct model *model);
void compare_history(struct model *model);

/* Edits of what is transient (contents_transient.c); the value needs `shadow` to live as long. */
void change_transient(struct model *model, struct shadow *shadow);
void change_own_transient(struct model *model);
void make_transient(struct model *model, struct shadow *shadow);
size_t transient_values(const struct shadow *shadow, pecs_value values[3]);
/* What a snapshot of the contents has. */
void contents_forget_bodies(struct contents *contents);
/* What a file of the contents has. Returns the count of its references to ghosts; `clears`: of those that were. */
uint64_t contents_leave_out(struct contents *contents, bool clears);

/* Clones, merges and the builder (contents_transplant.c). */
void clone_some(struct model *model);
void merge_some(struct model *model);
void build_all(struct model *model);

/* The same through JSON (contents_json.c); only where pecs-json is built. */
void json_all(struct model *model);

#endif
