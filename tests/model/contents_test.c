/*
 * A model of strings, blobs and lists: random edits of a world, and a plain copy of what each entity must hold beside
 * it. After each batch all contents are compared; snapshots, forks, saved and resumed files are compared with the
 * copies of their time.
 *
 * usage: contents_test [operations] [seed]
 */
#include "model_random.h"

#include <pecs/pecs.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
PECS_TYPES(model, Name, Bag, Position, Frozen);

/* What one entity must hold. */
struct bytes {
    uint8_t *data;
    size_t size;
};
struct shadow {
    pecs_entity entity; /* {0, 0}: free */
    bool has_name, has_bag, has_position, is_frozen;
    uint32_t number;
    struct bytes name, blob, points, friends, labels[2];
};
/* What the world's attachments must hold; data NULL: there is none. */
struct attached {
    struct bytes bytes[ATTACHMENT_COUNT];
};
struct moment {
    struct shadow *shadows;
    struct attached attached;
    pecs_snapshot *snapshot;
};
struct model {
    struct random random;
    pecs_registry *registry;
    pecs_world *world;
    pecs_query *named;
    struct shadow shadows[ENTITY_COUNT];
    struct attached attached;
    struct moment history[HISTORY];
    char path[64];
    uint64_t operation;
};

#define CHECK(model, condition)                                                                                        \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "operation %llu: line %d: %s (%s)\n", (unsigned long long)(model)->operation, __LINE__,    \
                    #condition, pecs_world_error((model)->world)->message);                                            \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static uint64_t pick(struct model *model, uint64_t count)
{
    return random_below(&model->random, count);
}

static void bytes_set(struct bytes *bytes, const void *data, size_t size)
{
    free(bytes->data);
    bytes->data = malloc(size + 1);
    bytes->size = size;
    if (!bytes->data)
        abort();
    if (size)
        memcpy(bytes->data, data, size);
    bytes->data[size] = 0;
}

static void shadow_clear(struct shadow *shadow)
{
    free(shadow->name.data);
    free(shadow->blob.data);
    free(shadow->points.data);
    free(shadow->friends.data);
    free(shadow->labels[0].data);
    free(shadow->labels[1].data);
    *shadow = (struct shadow){ .number = 0 };
}

static struct shadow shadow_copy(const struct shadow *from)
{
    struct shadow to = *from;
    to.name = to.blob = to.points = to.friends = to.labels[0] = to.labels[1] = (struct bytes){ NULL, 0 };
    bytes_set(&to.name, from->name.data, from->name.size);
    bytes_set(&to.blob, from->blob.data, from->blob.size);
    bytes_set(&to.points, from->points.data, from->points.size);
    bytes_set(&to.friends, from->friends.data, from->friends.size);
    bytes_set(&to.labels[0], from->labels[0].data, from->labels[0].size);
    bytes_set(&to.labels[1], from->labels[1].data, from->labels[1].size);
    return to;
}

static void attached_clear(struct attached *attached)
{
    for (int i = 0; i < ATTACHMENT_COUNT; i++)
        free(attached->bytes[i].data);
    *attached = (struct attached){ { { NULL, 0 } } };
}

static struct attached attached_copy(const struct attached *from)
{
    struct attached to = { { { NULL, 0 } } };
    for (int i = 0; i < ATTACHMENT_COUNT; i++)
        if (from->bytes[i].data)
            bytes_set(&to.bytes[i], from->bytes[i].data, from->bytes[i].size);
    return to;
}

/* Contents that the model makes up. */

static void make_text(struct model *model, struct bytes *bytes)
{
    static const char *const parts[] = {
        "a", "Zo\xc3\xab", " ", "\xf0\x9f\x90\x89", "sword", "-", "x", "of the north"
    };
    char text[16 * NAME_BYTES] = "";
    for (uint64_t count = pick(model, 12) ? pick(model, 8) : pick(model, 60); count; count--)
        strcat(text, parts[pick(model, sizeof(parts) / sizeof(parts[0]))]);
    bytes_set(bytes, text, strlen(text));
}

static void make_blob(struct model *model, struct bytes *bytes)
{
    static uint8_t noise[300000];
    const uint64_t form = pick(model, 40);
    const size_t size = form == 0 ? 60000 + pick(model, 240000) : form < 8 ? 0 : pick(model, 300);
    for (size_t i = 0; i < size; i++)
        noise[i] = (uint8_t)(i * 7 + size);
    bytes_set(bytes, noise, size);
}

static void make_points(struct model *model, struct bytes *bytes)
{
    Point points[64];
    const size_t count = pick(model, 5) ? pick(model, 6) : pick(model, 64);
    memset(points, 0, sizeof(points));
    for (size_t i = 0; i < count; i++) {
        points[i].x = (int16_t)pick(model, 1000);
        points[i].y = (int32_t)pick(model, 1000000);
    }
    bytes_set(bytes, points, count * sizeof(Point));
}

static void make_friends(struct model *model, struct bytes *bytes)
{
    pecs_entity friends[8];
    size_t count = 0;
    for (uint64_t i = pick(model, 8); i; i--)
        friends[count++] = model->shadows[pick(model, ENTITY_COUNT)].entity;
    bytes_set(bytes, friends, count * sizeof(pecs_entity));
}

static void make_bag(struct model *model, struct shadow *shadow)
{
    make_blob(model, &shadow->blob);
    make_points(model, &shadow->points);
    make_friends(model, &shadow->friends);
    make_text(model, &shadow->labels[0]);
    make_text(model, &shadow->labels[1]);
}

/* The value that gives what the shadow has; `given` must live as long as it. */
struct given {
    pecs_bytes bytes[5];
};

static Name name_of(const struct shadow *shadow)
{
    return (Name){ shadow->number, shadow->number % 3, pecs_string_of((const char *)shadow->name.data) };
}

static Bag bag_of(const struct shadow *shadow, struct given *given)
{
    given->bytes[0] = (pecs_bytes){ shadow->blob.data, shadow->blob.size };
    given->bytes[1] = (pecs_bytes){ shadow->points.data, shadow->points.size };
    given->bytes[2] = (pecs_bytes){ shadow->friends.data, shadow->friends.size };
    given->bytes[3] = (pecs_bytes){ shadow->labels[0].data, shadow->labels[0].size };
    given->bytes[4] = (pecs_bytes){ shadow->labels[1].data, shadow->labels[1].size };
    return (Bag){ pecs_blob_of(&given->bytes[0]),
                  pecs_list_of(&given->bytes[1]),
                  pecs_list_of(&given->bytes[2]),
                  { pecs_string_from(&given->bytes[3]), pecs_string_from(&given->bytes[4]) } };
}

/* Comparing. */

static bool is_same(const void *data, size_t size, const struct bytes *bytes)
{
    return size == bytes->size && (!size || memcmp(data, bytes->data, size) == 0);
}

static void compare_one(struct model *model, pecs_view view, const struct shadow *shadow)
{
    const pecs_entity entity = shadow->entity;
    size_t size, count;
    CHECK(model, pecs_view_alive(view, entity));
    CHECK(model, pecs_has(view, entity, Name) == shadow->has_name);
    CHECK(model, pecs_has(view, entity, Bag) == shadow->has_bag);
    CHECK(model, pecs_has(view, entity, Frozen) == shadow->is_frozen);
    if (shadow->has_name) {
        const Name *name = pecs_get(view, entity, Name);
        const char *text = pecs_view_string(view, name->text, &size);
        CHECK(model, name->number == shadow->number && is_same(text, size, &shadow->name) && !text[size]);
    }
    if (!shadow->has_bag)
        return;
    const pecs_heap *heap = pecs_view_heap(view);
    const Bag *bag = pecs_get(view, entity, Bag);
    const void *blob = pecs_heap_blob(heap, bag->bytes, &size);
    CHECK(model, is_same(blob, size, &shadow->blob));
    const Point *points = pecs_heap_list(heap, bag->points, Point, &count);
    CHECK(model, count * sizeof(Point) == shadow->points.size);
    for (size_t i = 0; i < count; i++) {
        const Point *other = (const Point *)(const void *)shadow->points.data + i;
        CHECK(model, points[i].x == other->x && points[i].y == other->y);
    }
    const pecs_entity *friends = pecs_heap_list(heap, bag->friends, pecs_entity, &count);
    CHECK(model, is_same(friends, count * sizeof(*friends), &shadow->friends));
    for (int i = 0; i < 2; i++) {
        const char *label = pecs_heap_string(heap, bag->labels[i], &size);
        CHECK(model, is_same(label, size, &shadow->labels[i]));
    }
}

static void compare_all(struct model *model, pecs_view view, const struct shadow *shadows)
{
    for (size_t i = 0; i < ENTITY_COUNT; i++)
        if (shadows[i].entity.generation)
            compare_one(model, view, &shadows[i]);
}

static const char *const attachment_names[ATTACHMENT_COUNT] = { "empty", "map", "random", "script", "\xc3\xa9" };

static void compare_attachments(struct model *model, pecs_view view, const struct attached *attached)
{
    size_t count = 0;
    for (int i = 0; i < ATTACHMENT_COUNT; i++) {
        pecs_attachment found, at;
        const bool is_there = attached->bytes[i].data != NULL;
        const pecs_status status = pecs_view_attachment(view, attachment_names[i], &found);
        CHECK(model, status == (is_there ? PECS_OK : PECS_E_ABSENT));
        if (!is_there)
            continue;
        CHECK(model, is_same(found.data, found.size_bytes, &attached->bytes[i]));
        CHECK(model, pecs_view_attachment_at(view, count, &at) && strcmp(at.name, attachment_names[i]) == 0);
        count++;
    }
    CHECK(model, pecs_view_attachment_count(view) == count);
}

/* Edits. */

static void attach(struct model *model)
{
    const uint64_t place = pick(model, ATTACHMENT_COUNT);
    struct bytes *bytes = &model->attached.bytes[place];
    if (pick(model, 4) == 0) {
        CHECK(model, !pecs_world_detach(model->world, attachment_names[place]));
        free(bytes->data);
        *bytes = (struct bytes){ NULL, 0 };
        return;
    }
    make_blob(model, bytes);
    CHECK(model, !pecs_world_attach(model->world, attachment_names[place], PECS_BYTES(bytes->data, bytes->size)));
}

static struct shadow *pick_living(struct model *model)
{
    for (int tries = 0; tries < 50; tries++) {
        struct shadow *shadow = &model->shadows[pick(model, ENTITY_COUNT)];
        if (shadow->entity.generation)
            return shadow;
    }
    return NULL;
}

static void spawn_one(struct model *model, struct shadow *shadow)
{
    struct given given;
    shadow->number = (uint32_t)pick(model, 1000);
    shadow->has_name = pick(model, 4) > 0;
    shadow->has_bag = pick(model, 3) == 0;
    shadow->is_frozen = pick(model, 2);
    make_text(model, &shadow->name);
    make_bag(model, shadow);
    const Name name = name_of(shadow);
    const Bag bag = bag_of(shadow, &given);
    pecs_value values[3];
    size_t count = 0;
    if (shadow->has_name)
        values[count++] = (pecs_value)PECS_ROWS(Name, &name);
    if (shadow->has_bag)
        values[count++] = (pecs_value)PECS_ROWS(Bag, &bag);
    if (shadow->is_frozen)
        values[count++] = (pecs_value)PECS_HAS(Frozen);
    CHECK(model, !pecs_world_spawn(model->world, values, count, 1, &shadow->entity));
}

static void spawn_many(struct model *model)
{
    enum { MANY = 40 };
    struct shadow *shadows[MANY];
    Name names[MANY];
    pecs_entity entities[MANY];
    size_t count = 0;
    for (size_t i = 0; i < ENTITY_COUNT && count < MANY; i++) {
        struct shadow *shadow = &model->shadows[i];
        if (shadow->entity.generation || pick(model, 2))
            continue;
        shadow_clear(shadow);
        shadow->has_name = true;
        shadow->number = (uint32_t)i;
        make_text(model, &shadow->name);
        names[count] = name_of(shadow);
        shadows[count++] = shadow;
    }
    const pecs_value value = PECS_ROWS(Name, names);
    CHECK(model, !pecs_world_spawn(model->world, &value, 1, count, entities));
    for (size_t i = 0; i < count; i++)
        shadows[i]->entity = entities[i];
}

static void despawn(struct model *model, uint64_t most)
{
    pecs_entity entities[64];
    size_t count = 0;
    for (uint64_t i = 0; i < most; i++) {
        struct shadow *shadow = pick_living(model);
        if (!shadow)
            continue;
        entities[count++] = shadow->entity;
        shadow_clear(shadow);
    }
    CHECK(model, !pecs_world_despawn(model->world, entities, count));
}

static void set_name(struct model *model, struct shadow *shadow)
{
    shadow->has_name = true;
    shadow->number = (uint32_t)pick(model, 1000);
    make_text(model, &shadow->name);
    const Name name = name_of(shadow);
    CHECK(model, !pecs_set_ptr(model->world, shadow->entity, Name, &name));
}

static void set_bag(struct model *model, struct shadow *shadow)
{
    struct given given;
    shadow->has_bag = true;
    make_bag(model, shadow);
    const Bag bag = bag_of(shadow, &given);
    CHECK(model, !pecs_set_ptr(model->world, shadow->entity, Bag, &bag));
}

/* A name of one entity, as it lies in the world, becomes that of another; its reference alone is refused. */
static void copy_name(struct model *model, struct shadow *to, const struct shadow *from)
{
    if (!from || !from->has_name || to == from)
        return;
    const pecs_view view = pecs_world_view(model->world);
    Name name = *pecs_get(view, from->entity, Name);
    if (name.text.reference)
        CHECK(model, pecs_set_ptr(model->world, to->entity, Name, &name) == PECS_E_MISUSE);
    name.text = pecs_string_of(pecs_view_string(view, name.text, NULL));
    CHECK(model, !pecs_set_ptr(model->world, to->entity, Name, &name));
    to->has_name = true;
    to->number = from->number;
    bytes_set(&to->name, from->name.data, from->name.size);
}

static void edit_contents(struct model *model, struct shadow *shadow)
{
    size_t size;
    void *bytes;
    if (!shadow->has_bag)
        return;
    if (pick(model, 2)) {
        make_blob(model, &shadow->blob);
        CHECK(model, !pecs_set_contents(model->world, shadow->entity, Bag, bytes,
                                        PECS_BYTES(shadow->blob.data, shadow->blob.size)));
    }
    const size_t new_size = pick(model, 3) ? PECS_KEEP_SIZE : pick(model, 20) * sizeof(Point);
    CHECK(model, !pecs_world_edit_contents(model->world, shadow->entity, Bag_component, offsetof(Bag, points), new_size,
                                           &bytes, &size));
    const size_t had = shadow->points.size;
    uint8_t copy[64 * sizeof(Point)];
    memset(copy, 0, sizeof(copy));
    if (had)
        memcpy(copy, shadow->points.data, had < size ? had : size);
    Point *points = bytes;
    for (size_t i = 0; i < size / sizeof(Point); i++) {
        const Point *old = (const Point *)(const void *)copy + i;
        CHECK(model, points[i].x == old->x && points[i].y == old->y);
    }
    if (size) {
        const Point point = { (int16_t)pick(model, 100), (int32_t)pick(model, 100) };
        memset(&points[0], 0xff, sizeof(points[0])); /* the padding too */
        points[0].x = point.x;
        points[0].y = point.y;
        memset(copy, 0, sizeof(point));
        memcpy(copy, &point.x, sizeof(point.x));
        memcpy(copy + offsetof(Point, y), &point.y, sizeof(point.y));
    }
    bytes_set(&shadow->points, copy, size);
}

static void change_set(struct model *model, struct shadow *shadow)
{
    switch (pick(model, 5)) {
    case 0:
        CHECK(model, !pecs_add(model->world, shadow->entity, Frozen));
        shadow->is_frozen = true;
        break;
    case 1:
        CHECK(model, !pecs_remove(model->world, shadow->entity, Frozen));
        shadow->is_frozen = false;
        break;
    case 2:
        CHECK(model, !pecs_remove(model->world, shadow->entity, Name));
        shadow->has_name = false;
        break;
    case 3:
        CHECK(model, !pecs_remove(model->world, shadow->entity, Bag));
        shadow->has_bag = false;
        break;
    default:
        if (!shadow->has_name) {
            CHECK(model, !pecs_add(model->world, shadow->entity, Name));
            shadow->has_name = true;
            shadow->number = 0;
            bytes_set(&shadow->name, "", 0);
        }
    }
}

/* Records contents of one member; those of a component that the entity lacks are skipped. */
static void record_contents(struct model *model, pecs_commands *commands, struct shadow *shadow)
{
    struct bytes text = { NULL, 0 };
    if (pick(model, 2)) {
        make_text(model, shadow->has_name ? &shadow->name : &text);
        const struct bytes *name = shadow->has_name ? &shadow->name : &text;
        CHECK(model, !pecs_set_contents(commands, shadow->entity, Name, text, PECS_BYTES(name->data, name->size)));
    } else {
        make_text(model, shadow->has_bag ? &shadow->labels[1] : &text);
        const struct bytes *label = shadow->has_bag ? &shadow->labels[1] : &text;
        CHECK(model,
              !pecs_set_contents(commands, shadow->entity, Bag, labels[1], PECS_BYTES(label->data, label->size)));
    }
    free(text.data);
}

static void run_commands(struct model *model)
{
    enum { MANY = 12 };
    pecs_commands *commands;
    struct shadow *spawned[MANY] = { NULL };
    pecs_entity provisional[MANY];
    CHECK(model, !pecs_commands_create(model->registry, &commands));
    for (int i = 0; i < MANY; i++) {
        struct shadow *shadow = &model->shadows[pick(model, ENTITY_COUNT)];
        struct given given;
        bool is_new = !shadow->entity.generation;
        for (int j = 0; j < i; j++)
            is_new = is_new && spawned[j] != shadow;
        if (is_new) {
            shadow_clear(shadow);
            shadow->has_name = shadow->has_bag = true;
            shadow->number = (uint32_t)i;
            make_text(model, &shadow->name);
            make_bag(model, shadow);
            const Name name = name_of(shadow);
            Bag bag = bag_of(shadow, &given);
            const pecs_value values[] = { PECS_ROWS(Name, &name), PECS_ROWS(Bag, &bag) };
            CHECK(model, !pecs_commands_spawn(commands, values, 2, &provisional[i]));
            const pecs_entity friends[] = { provisional[i], { 0, 0 } };
            bag.friends = pecs_list_of(PECS_ARRAY(friends));
            CHECK(model, !pecs_set_ptr(commands, provisional[i], Bag, &bag));
            spawned[i] = shadow;
        } else if (shadow->entity.generation && pick(model, 3) == 0) {
            record_contents(model, commands, shadow);
        } else if (shadow->entity.generation && pick(model, 3)) {
            const bool is_twice = pick(model, 3) == 0;
            for (int k = 0; k <= is_twice; k++) {
                shadow->has_name = true;
                shadow->number = (uint32_t)pick(model, 1000);
                make_text(model, &shadow->name);
                const Name name = name_of(shadow);
                CHECK(model, !pecs_set_ptr(commands, shadow->entity, Name, &name));
            }
        } else if (shadow->entity.generation && pick(model, 2)) {
            CHECK(model, !pecs_despawn(commands, shadow->entity));
            shadow_clear(shadow);
        } else if (shadow->entity.generation) {
            CHECK(model, !pecs_remove(commands, shadow->entity, Bag));
            shadow->has_bag = false;
        }
    }
    CHECK(model, !pecs_commands_apply(commands, model->world, NULL));
    for (int i = 0; i < MANY; i++) {
        if (!spawned[i])
            continue;
        spawned[i]->entity = pecs_commands_resolve(commands, provisional[i]);
        const pecs_entity friends[] = { spawned[i]->entity, { 0, 0 } };
        bytes_set(&spawned[i]->friends, friends, sizeof(friends));
    }
    pecs_commands_destroy(commands);
}

static void despawn_named(struct model *model)
{
    uint64_t count;
    CHECK(model, !pecs_world_despawn_matching(model->world, model->named, &count));
    for (size_t i = 0; i < ENTITY_COUNT; i++)
        if (model->shadows[i].entity.generation && model->shadows[i].has_name && model->shadows[i].is_frozen)
            shadow_clear(&model->shadows[i]);
}

/* History and files. */

static void moment_clear(struct moment *moment)
{
    for (size_t i = 0; moment->shadows && i < ENTITY_COUNT; i++)
        shadow_clear(&moment->shadows[i]);
    free(moment->shadows);
    attached_clear(&moment->attached);
    pecs_snapshot_release(moment->snapshot);
    *moment = (struct moment){ .shadows = NULL };
}

static struct shadow *shadows_copy(const struct shadow *shadows)
{
    struct shadow *copy = calloc(ENTITY_COUNT, sizeof(*copy));
    if (!copy)
        abort();
    for (size_t i = 0; i < ENTITY_COUNT; i++)
        copy[i] = shadow_copy(&shadows[i]);
    return copy;
}

static void take(struct model *model)
{
    struct moment *moment = &model->history[pick(model, HISTORY)];
    moment_clear(moment);
    CHECK(model, !pecs_snapshot_take(model->world, &moment->snapshot));
    moment->shadows = shadows_copy(model->shadows);
    moment->attached = attached_copy(&model->attached);
}

static void restore(struct model *model)
{
    const struct moment *moment = &model->history[pick(model, HISTORY)];
    if (!moment->snapshot)
        return;
    CHECK(model, !pecs_world_restore(model->world, moment->snapshot));
    attached_clear(&model->attached);
    model->attached = attached_copy(&moment->attached);
    for (size_t i = 0; i < ENTITY_COUNT; i++) {
        shadow_clear(&model->shadows[i]);
        model->shadows[i] = shadow_copy(&moment->shadows[i]);
    }
}

static bool count_change(void *user, const pecs_change *change)
{
    (void)change;
    ++*(uint64_t *)user;
    return true;
}

static void save_and_open(struct model *model)
{
    pecs_error error = { .message = "" };
    pecs_snapshot *snapshot, *now;
    pecs_status status = pecs_world_save(model->world, model->path, &(pecs_save_options){ .skip_sync = true }, &error);
    if (status)
        fprintf(stderr, "save: %s\n", error.message);
    CHECK(model, !status);
    const bool is_loaded = pick(model, 2);
    status = is_loaded ? pecs_snapshot_load(model->registry, model->path, NULL, &snapshot, &error)
                       : pecs_snapshot_resume(model->registry, model->path, NULL, &snapshot, &error);
    if (status)
        fprintf(stderr, "open: %s\n", error.message);
    CHECK(model, !status);
    CHECK(model, is_loaded || !pecs_snapshot_verify(snapshot, NULL, NULL, &error));
    compare_all(model, pecs_snapshot_view(snapshot), model->shadows);
    compare_attachments(model, pecs_snapshot_view(snapshot), &model->attached);
    CHECK(model, !pecs_view_check(pecs_snapshot_view(snapshot), NULL, NULL, &error));
    CHECK(model, !pecs_snapshot_take(model->world, &now));
    CHECK(model, pecs_view_hash(pecs_snapshot_view(now)) == pecs_view_hash(pecs_snapshot_view(snapshot)));
    uint64_t change_count = 0;
    CHECK(model, !pecs_view_diff(pecs_snapshot_view(now), pecs_snapshot_view(snapshot), count_change, &change_count));
    CHECK(model, change_count == 0);
    if (pick(model, 2)) { /* go on in the file's world */
        pecs_world *world;
        CHECK(model, !pecs_world_create(model->registry, snapshot, NULL, &world, &error));
        pecs_world_destroy(model->world);
        model->world = world;
    }
    pecs_snapshot_release(now);
    pecs_snapshot_release(snapshot);
}

static void compare_history(struct model *model)
{
    for (int i = 0; i < HISTORY; i++)
        if (model->history[i].snapshot) {
            compare_all(model, pecs_snapshot_view(model->history[i].snapshot), model->history[i].shadows);
            compare_attachments(model, pecs_snapshot_view(model->history[i].snapshot), &model->history[i].attached);
        }
}

static void run_one(struct model *model)
{
    struct shadow *shadow = pick_living(model), *other = pick_living(model);
    const uint64_t choice = pick(model, 100);
    if (choice < 25 || !shadow) {
        for (size_t i = 0; i < ENTITY_COUNT; i++) {
            if (model->shadows[i].entity.generation)
                continue;
            shadow_clear(&model->shadows[i]);
            spawn_one(model, &model->shadows[i]);
            break;
        }
    } else if (choice < 40) {
        set_name(model, shadow);
    } else if (choice < 50) {
        set_bag(model, shadow);
    } else if (choice < 60) {
        edit_contents(model, shadow);
    } else if (choice < 65) {
        copy_name(model, shadow, other);
    } else if (choice < 80) {
        change_set(model, shadow);
    } else if (choice < 84) {
        despawn(model, 1 + pick(model, 20));
    } else if (choice < 88) {
        run_commands(model);
    } else if (choice < 90) {
        spawn_many(model);
    } else if (choice < 91) {
        attach(model);
    } else if (choice < 94) {
        take(model);
    } else if (choice < 95) {
        restore(model);
    } else if (choice < 96) {
        CHECK(model, !pecs_world_compact(model->world, NULL));
    } else if (choice < 98) {
        CHECK(model, !pecs_world_advance(model->world, NULL));
    } else if (choice < 99) {
        save_and_open(model);
    } else if (pick(model, 10) == 0) {
        despawn_named(model);
    }
}

int main(int argc, char **argv)
{
    static struct model model;
    const uint64_t operations = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000;
    const pecs_registry_desc desc = { .types = model_types, .type_count = model_type_count };
    const pecs_term terms[] = { { Name_component, PECS_WITH }, { Frozen_component, PECS_WITH } };
    pecs_error error = { .message = "" };
    model.random.state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    snprintf(model.path, sizeof(model.path), "contents_test_%ld.pecs", (long)getpid());
    if (pecs_registry_create(&desc, &model.registry, &error) ||
        pecs_world_create(model.registry, NULL, NULL, &model.world, &error) ||
        pecs_query_create(model.registry, terms, 2, &model.named, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    for (model.operation = 0; model.operation < operations; model.operation++) {
        run_one(&model);
        if (model.operation % 64 == 0) {
            compare_all(&model, pecs_world_view(model.world), model.shadows);
            compare_attachments(&model, pecs_world_view(model.world), &model.attached);
            compare_history(&model);
        }
    }
    compare_all(&model, pecs_world_view(model.world), model.shadows);
    compare_history(&model);
    for (int i = 0; i < HISTORY; i++)
        moment_clear(&model.history[i]);
    for (size_t i = 0; i < ENTITY_COUNT; i++)
        shadow_clear(&model.shadows[i]);
    attached_clear(&model.attached);
    pecs_query_destroy(model.named);
    pecs_world_destroy(model.world);
    pecs_registry_release(model.registry);
    unlink(model.path);
    printf("%llu operations\n", (unsigned long long)operations);
    return 0;
}
