/*
 * Types of the model tests. Values are compared, filled and searched for handles by walking the fields that the type
 * declares, so a type added here is covered everywhere.
 *
 * Registry 1 lists the same types backwards, with two types of its own before and among them: every component number
 * differs from that of registry 0, and a file crosses from one to the other by type id alone.
 */
#include "model_types.h"

#include "model_random.h"

#include <string.h>

typedef struct {
    uint8_t v;
} Byte;
PECS_COMPONENT(Byte, 1, v);
typedef struct {
    uint16_t v;
} Pair;
PECS_COMPONENT(Pair, 1, v);
typedef struct {
    uint32_t v;
} Word;
PECS_COMPONENT(Word, 1, v);
typedef struct {
    uint64_t v;
} Long;
PECS_COMPONENT(Long, 1, v);
typedef struct {
    float x, y, z;
} Vector;
PECS_COMPONENT(Vector, 2, x, y, z);
typedef struct {
    double v[2];
} Quad;
PECS_COMPONENT(Quad, 1, v);
typedef struct {
    uint16_t items[24];
} Slots;
PECS_COMPONENT(Slots, 1, items);
typedef struct {
    int64_t v[25];
} Big;
PECS_COMPONENT(Big, 3, v);
typedef struct {
    uint8_t a;
    uint32_t b;
    uint16_t c;
    uint64_t d;
} Padded;
PECS_COMPONENT_OF(Padded, "Padded", 1, PECS_FIELD(Padded, a), PECS_GAP_AFTER(Padded, a, 3), PECS_FIELD(Padded, b),
                  PECS_FIELD(Padded, c), PECS_GAP_AFTER(Padded, c, 6), PECS_FIELD(Padded, d));
typedef struct {
    pecs_entity to;
} Link;
PECS_COMPONENT(Link, 1, to);
typedef struct {
    uint32_t count;
    pecs_entity to[3];
} Links;
PECS_COMPONENT(Links, 1, count, to);
typedef struct {
    uint16_t a;
    uint8_t b;
} Inner;
PECS_COMPONENT_OF(Inner, "Inner", 1, PECS_FIELD(Inner, a), PECS_FIELD(Inner, b), PECS_GAP_AFTER(Inner, b, 1));
static const char *const moods[] = { "calm", "angry", "afraid" };
typedef struct {
    bool flag;
    uint8_t mood;
    char name[14];
    int16_t grid[2][4];
    Inner inner[2];
} Mixed;
PECS_COMPONENT_OF(Mixed, "Mixed", 1, PECS_FIELD(Mixed, flag), PECS_FIELD_ENUM(Mixed, mood, moods),
                  PECS_FIELD(Mixed, name), PECS_FIELD_GRID(Mixed, grid), PECS_FIELD_STRUCT(Mixed, inner, Inner));
typedef struct {
    _Alignas(64) uint64_t v[8];
} Aligned;
PECS_COMPONENT(Aligned, 1, v);
typedef struct {
    uint32_t v[130];
} Wide;
PECS_COMPONENT(Wide, 1, v);
PECS_TAG(TagA, 1);
PECS_TAG(TagB, 1);
PECS_TAG(TagC, 1);
PECS_TAG(TagD, 1);

/* Only registry 1 knows these. */
typedef struct {
    uint32_t v;
} Stranger;
PECS_COMPONENT(Stranger, 1, v);
PECS_TAG(StrangeTag, 1);

const pecs_type *const model_types[MODEL_TYPE_COUNT] = {
    [TYPE_BYTE] = &Byte_type,       [TYPE_PAIR] = &Pair_type,  [TYPE_WORD] = &Word_type,   [TYPE_LONG] = &Long_type,
    [TYPE_VECTOR] = &Vector_type,   [TYPE_QUAD] = &Quad_type,  [TYPE_SLOTS] = &Slots_type, [TYPE_BIG] = &Big_type,
    [TYPE_PADDED] = &Padded_type,   [TYPE_LINK] = &Link_type,  [TYPE_LINKS] = &Links_type, [TYPE_MIXED] = &Mixed_type,
    [TYPE_TAG_A] = &TagA_type,      [TYPE_TAG_B] = &TagB_type, [TYPE_TAG_C] = &TagC_type,  [TYPE_TAG_D] = &TagD_type,
    [TYPE_ALIGNED] = &Aligned_type, [TYPE_WIDE] = &Wide_type,
};

const uint16_t model_offsets[MODEL_TYPE_COUNT] = {
    [TYPE_BYTE] = 0,    [TYPE_PAIR] = 1,    [TYPE_WORD] = 3,      [TYPE_LONG] = 7,     [TYPE_VECTOR] = 15,
    [TYPE_QUAD] = 27,   [TYPE_SLOTS] = 43,  [TYPE_BIG] = 91,      [TYPE_PADDED] = 291, [TYPE_LINK] = 315,
    [TYPE_LINKS] = 323, [TYPE_MIXED] = 351, [TYPE_ALIGNED] = 391, [TYPE_WIDE] = 455,
};

uint32_t model_size(unsigned type)
{
    return model_types[type]->size;
}

static pecs_component partial_components[MODEL_TYPE_COUNT];

pecs_component model_component(unsigned registry, unsigned type)
{
    if (registry == MODEL_PARTIAL)
        return partial_components[type];
    if (registry == 0)
        return type;
    const unsigned backwards = MODEL_TYPE_COUNT - 1 - type;
    return backwards < 5 ? backwards + 1 : backwards + 2; /* the additional types are at 0 and 6 */
}

pecs_status model_registry_create(unsigned registry, const pecs_allocator *allocator, pecs_registry **ret_registry,
                                  pecs_error *error)
{
    const pecs_type *types[MODEL_TYPE_COUNT + 2] = { &Stranger_type };
    if (registry == 1)
        types[6] = &StrangeTag_type;
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++)
        types[model_component(registry, type)] = model_types[type];
    pecs_registry_desc desc = { .types = types, .type_count = MODEL_TYPE_COUNT + (registry == 1 ? 2 : 0) };
    if (allocator)
        desc.allocator = *allocator;
    return pecs_registry_create(&desc, ret_registry, error);
}

pecs_status model_partial_create(uint32_t mask, const pecs_allocator *allocator, pecs_registry **ret_registry)
{
    const pecs_type *types[MODEL_TYPE_COUNT];
    pecs_registry_desc desc = { .types = types };
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++) {
        if (mask >> type & 1)
            types[desc.type_count++] = model_types[type];
    }
    if (allocator)
        desc.allocator = *allocator;
    return pecs_registry_create(&desc, ret_registry, NULL);
}

pecs_status model_partial_number(pecs_view view)
{
    pecs_status status = PECS_OK;
    for (unsigned type = 0; !status && type < MODEL_TYPE_COUNT; type++)
        status = pecs_view_component(view, model_types[type]->name, &partial_components[type]);
    return status;
}

static bool fields_equal(const pecs_type *type, const uint8_t *left, const uint8_t *right)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const pecs_field *field = &type->fields[i];
        if (field->kind == PECS_PADDING)
            continue;
        if (field->kind != PECS_STRUCT) {
            if (memcmp(left + field->offset, right + field->offset, field->size) != 0)
                return false;
            continue;
        }
        for (uint32_t k = 0; k < field->count; k++) {
            const uint32_t offset = field->offset + k * field->nested->size;
            if (!fields_equal(field->nested, left + offset, right + offset))
                return false;
        }
    }
    return true;
}

bool model_value_equal(unsigned type, const void *left, const void *right)
{
    /* The same bytes are the common case, and far cheaper to compare. */
    return memcmp(left, right, model_size(type)) == 0 || fields_equal(model_types[type], left, right);
}

struct filler {
    struct random *random;
    model_handle_source *handle;
    void *user;
};

static void text_random(uint8_t *text, size_t size_bytes, struct random *random)
{
    const size_t length = random_below(random, size_bytes + 1);
    for (size_t i = 0; i < size_bytes; i++)
        text[i] = i < length ? (uint8_t)('a' + random_below(random, 26)) : 0;
}

static void fields_random(const pecs_type *type, uint8_t *value, const struct filler *filler)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const pecs_field *field = &type->fields[i];
        uint8_t *bytes = value + field->offset;
        const uint32_t element_bytes = field->size / field->count;
        if (field->kind == PECS_TEXT) {
            text_random(bytes, field->size, filler->random);
            continue;
        }
        for (uint32_t k = 0; k < field->count; k++, bytes += element_bytes) {
            if (field->kind == PECS_STRUCT) {
                fields_random(field->nested, bytes, filler);
            } else if (field->kind == PECS_ENTITY) {
                const pecs_entity entity = filler->handle(filler->user, filler->random);
                memcpy(bytes, &entity, sizeof(entity));
            } else if (field->kind == PECS_BOOL) {
                bytes[0] = (uint8_t)random_below(filler->random, 2);
            } else if (field->kind == PECS_ENUM) { /* of one byte, the only size used here */
                bytes[0] = (uint8_t)random_below(filler->random, field->enum_count);
            } else {
                const uint64_t bits = random_next(filler->random);
                memcpy(bytes, &bits, element_bytes);
            }
        }
    }
}

void model_value_random(unsigned type, void *value, struct random *random, model_handle_source *handle, void *user)
{
    fields_random(model_types[type], value, &(struct filler){ random, handle, user });
}

void model_value_entities(unsigned type, void *value, void (*each)(void *user, pecs_entity *entity), void *user)
{
    for (uint32_t i = 0; i < model_types[type]->field_count; i++) {
        const pecs_field *field = &model_types[type]->fields[i];
        if (field->kind != PECS_ENTITY)
            continue;
        for (uint32_t k = 0; k < field->count; k++) {
            pecs_entity entity;
            uint8_t *at = (uint8_t *)value + field->offset + k * sizeof(entity);
            memcpy(&entity, at, sizeof(entity));
            each(user, &entity);
            memcpy(at, &entity, sizeof(entity));
        }
    }
}
