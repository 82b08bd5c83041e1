/*
 * Copies of contents, and their comparison with a view. An attachment has its data even when it is empty; in a shadow,
 * what belongs to a component that the entity lacks may be anything.
 */
#include "contents_model.h"

uint64_t pick(struct model *model, uint64_t count)
{
    return random_below(&model->random, count);
}

void bytes_set(struct bytes *bytes, const void *data, size_t size)
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

void shadow_clear(struct shadow *shadow)
{
    free(shadow->name.data);
    free(shadow->blob.data);
    free(shadow->points.data);
    free(shadow->friends.data);
    free(shadow->labels[0].data);
    free(shadow->labels[1].data);
    *shadow = (struct shadow){ .number = 0 };
}

struct shadow shadow_copy(const struct shadow *from)
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

void contents_clear(struct contents *contents)
{
    for (int i = 0; i < ENTITY_COUNT; i++)
        shadow_clear(&contents->shadows[i]);
    shadow_clear(&contents->own);
    for (int i = 0; i < ATTACHMENT_COUNT; i++) {
        free(contents->attachments[i].data);
        contents->attachments[i] = (struct bytes){ NULL, 0 };
    }
}

void contents_copy(struct contents *to, const struct contents *from)
{
    for (int i = 0; i < ENTITY_COUNT; i++)
        to->shadows[i] = shadow_copy(&from->shadows[i]);
    to->own = shadow_copy(&from->own);
    for (int i = 0; i < ATTACHMENT_COUNT; i++) {
        to->attachments[i] = (struct bytes){ NULL, 0 };
        if (from->attachments[i].data)
            bytes_set(&to->attachments[i], from->attachments[i].data, from->attachments[i].size);
    }
}

/* Contents that the model makes up. */

void make_text(struct model *model, struct bytes *bytes)
{
    static const char *const parts[] = {
        "a", "Zo\xc3\xab", " ", "\xf0\x9f\x90\x89", "sword", "-", "x", "of the north"
    };
    char text[16 * NAME_BYTES] = "";
    for (uint64_t count = pick(model, 12) ? pick(model, 8) : pick(model, 60); count; count--)
        strcat(text, parts[pick(model, sizeof(parts) / sizeof(parts[0]))]);
    bytes_set(bytes, text, strlen(text));
}

void make_blob(struct model *model, struct bytes *bytes)
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
        friends[count++] = model->now.shadows[pick(model, ENTITY_COUNT)].entity;
    bytes_set(bytes, friends, count * sizeof(pecs_entity));
}

void make_bag(struct model *model, struct shadow *shadow)
{
    make_blob(model, &shadow->blob);
    make_points(model, &shadow->points);
    make_friends(model, &shadow->friends);
    make_text(model, &shadow->labels[0]);
    make_text(model, &shadow->labels[1]);
}

Name name_of(const struct shadow *shadow)
{
    return (Name){ shadow->number, shadow->number % 3, pecs_string_of((const char *)shadow->name.data) };
}

Bag bag_of(const struct shadow *shadow, struct given *given)
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

static void compare_bag(struct model *model, pecs_view view, const Bag *bag, const struct shadow *shadow)
{
    size_t size, count;
    const pecs_heap *heap = pecs_view_heap(view);
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

static void compare_transient(struct model *model, const Cache *cache, const Body *body, const struct shadow *shadow)
{
    CHECK(model, (cache != NULL) == shadow->has_cache);
    CHECK(model, (body != NULL) == shadow->has_body);
    CHECK(model, !cache || cache->pointer == shadow->cache.pointer);
    CHECK(model, !body || (body->pointer == shadow->body.pointer && body->number == shadow->body.number));
}

static void compare_one(struct model *model, pecs_view view, const struct shadow *shadow)
{
    const pecs_entity entity = shadow->entity;
    size_t size;
    CHECK(model, pecs_view_alive(view, entity));
    CHECK(model, pecs_has(view, entity, Name) == shadow->has_name);
    CHECK(model, pecs_has(view, entity, Bag) == shadow->has_bag);
    CHECK(model, pecs_has(view, entity, Frozen) == shadow->is_frozen);
    if (shadow->has_name) {
        const Name *name = pecs_get(view, entity, Name);
        const char *text = pecs_view_string(view, name->text, &size);
        CHECK(model, name->number == shadow->number && is_same(text, size, &shadow->name) && !text[size]);
    }
    if (shadow->has_bag)
        compare_bag(model, view, pecs_get(view, entity, Bag), shadow);
    CHECK(model, pecs_has(view, entity, Ghost) == shadow->is_ghost);
    compare_transient(model, pecs_get(view, entity, Cache), pecs_get(view, entity, Body), shadow);
}

static void compare_own(struct model *model, pecs_view view, const struct shadow *own)
{
    const Bag *bag = pecs_get_singleton(view, Bag);
    CHECK(model, (bag != NULL) == own->has_bag);
    if (bag)
        compare_bag(model, view, bag, own);
    compare_transient(model, pecs_get_singleton(view, Cache), pecs_get_singleton(view, Body), own);
}

const char *const attachment_names[ATTACHMENT_COUNT] = { "empty", "map", "random", "script", "\xc3\xa9" };

static void compare_attachments(struct model *model, pecs_view view, const struct contents *contents)
{
    size_t count = 0;
    for (int i = 0; i < ATTACHMENT_COUNT; i++) {
        pecs_attachment found, at;
        const bool is_there = contents->attachments[i].data != NULL;
        const pecs_status status = pecs_view_attachment(view, attachment_names[i], &found);
        CHECK(model, status == (is_there ? PECS_OK : PECS_E_ABSENT));
        if (!is_there)
            continue;
        CHECK(model, is_same(found.data, found.size_bytes, &contents->attachments[i]));
        CHECK(model, pecs_view_attachment_at(view, count, &at) && strcmp(at.name, attachment_names[i]) == 0);
        count++;
    }
    CHECK(model, pecs_view_attachment_count(view) == count);
}

/* Bytes that contents take in the heap: whole units of 8, a string with the zero behind it. */
static uint64_t heap_bytes(const struct bytes *bytes, bool is_string)
{
    return (bytes->size + (is_string && bytes->size) + 7) / 8 * 8;
}

static uint64_t heap_bytes_of(const struct shadow *shadow)
{
    uint64_t bytes = shadow->has_name ? heap_bytes(&shadow->name, true) : 0;
    if (shadow->has_bag)
        bytes += heap_bytes(&shadow->blob, false) + heap_bytes(&shadow->points, false) +
                 heap_bytes(&shadow->friends, false) + heap_bytes(&shadow->labels[0], true) +
                 heap_bytes(&shadow->labels[1], true);
    return bytes;
}

static void compare_heap(struct model *model, pecs_view view, const struct contents *contents)
{
    uint64_t bytes = heap_bytes_of(&contents->own);
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    for (int i = 0; i < ENTITY_COUNT; i++)
        bytes += heap_bytes_of(&contents->shadows[i]);
    for (int i = 0; i < ATTACHMENT_COUNT; i++)
        bytes += heap_bytes(&contents->attachments[i], false);
    CHECK(model, summary.content_bytes == bytes);
}

void compare_all(struct model *model, pecs_view view, const struct contents *contents)
{
    uint64_t count = 0;
    pecs_summary summary;
    for (size_t i = 0; i < ENTITY_COUNT; i++) {
        if (!contents->shadows[i].entity.generation)
            continue;
        compare_one(model, view, &contents->shadows[i]);
        count++;
    }
    pecs_view_summary(view, &summary);
    CHECK(model, summary.entity_count == count);
    compare_own(model, view, &contents->own);
    compare_attachments(model, view, contents);
    compare_heap(model, view, contents);
}

struct shadow *pick_living(struct model *model, struct contents *contents)
{
    for (int tries = 0; tries < 50; tries++) {
        struct shadow *shadow = &contents->shadows[pick(model, ENTITY_COUNT)];
        if (shadow->entity.generation)
            return shadow;
    }
    return NULL;
}
