/*
 * Makes, continues and saves a world, so that check_canonical.py can compare the bytes of files.
 *
 *     canonical_world [OPTION]... FILE
 *
 *     --types ORDER     how the program lists its types: forward, backward, shuffled (and one that no entity has), half
 *                       (every second one), none; those that it lacks are used through reflection, so only with --from
 *     --garbage N       seed of what memory has where the types have padding
 *     --from FILE       begin with that file, else with a new world
 *     --load            load it; else it is resumed
 *     --phases LIST     edits to make, a seed each: "1", "12"
 *     --snapshots       take snapshots in between, and hold some
 *     --detour BACK     after all: more edits, then back by rewind or restore to the state before them
 *     --fork            save a fork of the world, else the world itself
 *     --change WHAT     one more edit: value, touch, padding, tag, id, meta, singleton, tick, slot
 *     --nonce N         of the session
 *     --again FILE      save a second time, there
 *
 * A phase begins with the entities as the view lists them, so that it does the same in a world that goes on and in one
 * that was read from a file. Any failure ends the program with 1.
 */
#include "model_random.h"
#include "model_types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEP_COUNT = 2500, BULK_ROWS = 190000, HELD_MAX = 5, ROWS_MAX = 300 };

struct arguments {
    const char *types, *from, *phases, *detour, *change, *again, *path;
    uint64_t garbage, nonce;
    bool load, snapshots, fork;
};

struct maker {
    const struct arguments *arguments;
    struct random random;  /* decides what is done: the same in every run */
    struct random garbage; /* decides what may not matter */
    pecs_registry *registry;
    pecs_world *world;
    pecs_component components[MODEL_TYPE_COUNT];
    pecs_entity *alive;
    size_t alive_count, alive_capacity;
    pecs_snapshot *held[HELD_MAX];
};

static void must(pecs_status status, const char *call)
{
    if (status == PECS_OK)
        return;
    fprintf(stderr, "%s gives %s\n", call, pecs_status_name(status));
    exit(1);
}

static void *must_have(void *memory)
{
    if (memory)
        return memory;
    fprintf(stderr, "out of memory\n");
    exit(1);
}

/* --- values and entities --- */

static pecs_entity some_handle(void *user, struct random *random)
{
    const struct maker *maker = user;
    return maker->alive_count ? maker->alive[random_below(random, maker->alive_count)] : (pecs_entity){ 0, 0 };
}

static void spoil_padding(struct maker *maker, const pecs_type *type, uint8_t *value)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const pecs_field *field = &type->fields[i];
        for (uint32_t k = 0; field->kind == PECS_PADDING && k < field->size; k++)
            value[field->offset + k] = (uint8_t)random_next(&maker->garbage);
        for (uint32_t k = 0; field->kind == PECS_STRUCT && k < field->count; k++)
            spoil_padding(maker, field->nested, value + field->offset + k * field->nested->size);
    }
}

/* The fields are the same in every run; what lies between them is not. */
static void fill_value(struct maker *maker, unsigned type, uint8_t *value)
{
    model_value_random(type, value, &maker->random, some_handle, maker);
    spoil_padding(maker, model_types[type], value);
}

static void remember(struct maker *maker, pecs_entity entity)
{
    if (maker->alive_count == maker->alive_capacity) {
        maker->alive_capacity = maker->alive_capacity * 2 + 64;
        maker->alive = must_have(realloc(maker->alive, maker->alive_capacity * sizeof(*maker->alive)));
    }
    maker->alive[maker->alive_count++] = entity;
}

static void list_alive(struct maker *maker)
{
    maker->alive_count = 0;
    for (pecs_id_iter iter = pecs_view_ids(pecs_world_view(maker->world)); pecs_id_iter_next(&iter);)
        remember(maker, iter.entity);
}

static pecs_id random_id(struct maker *maker)
{
    pecs_id id;
    for (size_t i = 0; i < sizeof(id.bytes); i++)
        id.bytes[i] = (uint8_t)random_next(&maker->random);
    if (random_once_in(&maker->random, 4)) { /* in the form of an id of birth */
        id.bytes[6] = (uint8_t)(0x80 | (id.bytes[6] & 15));
        id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 63));
    }
    return id;
}

/* --- edits --- */

static void spawn(struct maker *maker, uint32_t mask, size_t rows, const pecs_id *ids)
{
    pecs_value values[MODEL_TYPE_COUNT];
    uint8_t *data[MODEL_TYPE_COUNT] = { NULL };
    size_t count = 0;
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++) {
        if (!(mask >> type & 1))
            continue;
        const size_t size = model_size(type);
        data[type] = size ? must_have(malloc(size * rows)) : NULL;
        for (size_t row = 0; size && row < rows; row++)
            fill_value(maker, type, data[type] + row * size);
        values[count++] = (pecs_value){ maker->components[type], size, data[type] };
    }
    pecs_entity *entities = must_have(malloc(rows * sizeof(*entities)));
    if (ids)
        must(pecs_world_spawn_with_ids(maker->world, values, count, ids, rows, entities), "spawn_with_ids");
    else
        must(pecs_world_spawn(maker->world, values, count, rows, entities), "spawn");
    for (size_t row = 0; row < rows; row++)
        remember(maker, entities[row]);
    free(entities);
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++)
        free(data[type]);
}

static uint32_t random_mask(struct maker *maker)
{
    static const uint32_t usual[] = { 1u << TYPE_PADDED, 1u << TYPE_MIXED | 1u << TYPE_TAG_A,
                                      1u << TYPE_VECTOR | 1u << TYPE_PADDED | 1u << TYPE_LINK, 0 };
    if (!random_once_in(&maker->random, 3))
        return usual[random_below(&maker->random, sizeof(usual) / sizeof(usual[0]))];
    return (uint32_t)random_next(&maker->random) & (uint32_t)random_next(&maker->random) &
           ((1u << MODEL_TYPE_COUNT) - 1);
}

static void spawn_some(struct maker *maker)
{
    pecs_id ids[ROWS_MAX];
    const size_t rows = 1 + random_below(&maker->random, random_once_in(&maker->random, 4) ? ROWS_MAX : 3);
    const bool with_ids = random_once_in(&maker->random, 3);
    for (size_t row = 0; with_ids && row < rows; row++)
        ids[row] = random_id(maker);
    spawn(maker, random_mask(maker), rows, with_ids ? ids : NULL);
}

static void despawn_some(struct maker *maker)
{
    pecs_entity entities[ROWS_MAX];
    size_t count = random_below(&maker->random, random_once_in(&maker->random, 4) ? ROWS_MAX : 3);
    count = count < maker->alive_count ? count : maker->alive_count;
    for (size_t i = 0; i < count; i++) {
        const size_t at = random_below(&maker->random, maker->alive_count);
        entities[i] = maker->alive[at];
        maker->alive[at] = maker->alive[--maker->alive_count];
    }
    must(pecs_world_despawn(maker->world, entities, count), "despawn");
}

static void set_some(struct maker *maker, pecs_entity entity)
{
    uint8_t data[MODEL_TYPE_COUNT][600];
    pecs_value values[MODEL_TYPE_COUNT];
    const uint32_t mask = random_mask(maker);
    size_t count = 0;
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++) {
        if (!(mask >> type & 1))
            continue;
        const size_t size = model_size(type);
        fill_value(maker, type, data[type]);
        values[count++] = (pecs_value){ maker->components[type], size, size ? data[type] : NULL };
    }
    must(pecs_world_set(maker->world, entity, values, count), "set");
}

static void edit_one(struct maker *maker, pecs_entity entity, unsigned type)
{
    void *value;
    if (!model_size(type) || !pecs_view_has(pecs_world_view(maker->world), entity, maker->components[type]))
        return;
    must(pecs_world_get_mut(maker->world, entity, maker->components[type], model_size(type), &value), "edit");
    fill_value(maker, type, value);
}

static void change_singleton(struct maker *maker, unsigned type)
{
    uint8_t value[600];
    if (random_once_in(&maker->random, 4)) {
        must(pecs_world_remove_singleton(maker->world, maker->components[type]), "remove_singleton");
        return;
    }
    fill_value(maker, type, value);
    must(pecs_world_set_singleton(maker->world, maker->components[type], model_size(type), value), "set_singleton");
}

static void change_meta(struct maker *maker)
{
    static const char *const keys[] = { "title", "a.b", "thumbnail", "z", "title.de" };
    const char *key = keys[random_below(&maker->random, sizeof(keys) / sizeof(keys[0]))];
    uint8_t bytes[64];
    const size_t size = random_below(&maker->random, sizeof(bytes));
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)random_next(&maker->random);
    switch (random_below(&maker->random, 4)) {
    case 0:
        must(pecs_world_remove_meta(maker->world, key), "remove_meta");
        break;
    case 1:
        must(pecs_world_set_meta_text(maker->world, key, size % 2 ? "Grün" : ""), "set_meta_text");
        break;
    default:
        must(pecs_world_set_meta_bytes(maker->world, key, bytes, size), "set_meta_bytes");
        break;
    }
}

static void change_entity(struct maker *maker)
{
    const pecs_entity entity = some_handle(maker, &maker->random);
    const unsigned type = (unsigned)random_below(&maker->random, MODEL_TYPE_COUNT);
    switch (random_below(&maker->random, 4)) {
    case 0:
        set_some(maker, entity);
        break;
    case 1:
        must(pecs_world_remove(maker->world, entity, &maker->components[type], 1), "remove");
        break;
    case 2:
        edit_one(maker, entity, type);
        break;
    default:
        must(pecs_world_set_id(maker->world, entity, random_id(maker)), "set_id");
        break;
    }
}

static void hold_snapshot(struct maker *maker)
{
    pecs_snapshot **place = &maker->held[random_below(&maker->garbage, HELD_MAX)];
    pecs_snapshot_release(*place);
    *place = NULL;
    if (!random_once_in(&maker->garbage, 3))
        must(pecs_snapshot_take(maker->world, place), "take");
}

/* A snapshot that is taken just before the tick ends opens no tick of its own, as one in the middle would. */
static void advance(struct maker *maker)
{
    if (maker->arguments->snapshots && random_once_in(&maker->garbage, 2))
        hold_snapshot(maker);
    must(pecs_world_advance(maker->world, NULL), "advance");
}

static void step(struct maker *maker)
{
    const uint64_t what = random_below(&maker->random, 20);
    if (what < 4)
        spawn_some(maker);
    else if (what < 6)
        despawn_some(maker);
    else if (what < 7)
        change_singleton(maker, (unsigned)random_below(&maker->random, MODEL_TYPE_COUNT));
    else if (what < 8)
        change_meta(maker);
    else if (what < 9)
        advance(maker);
    else
        change_entity(maker);
}

static void run_phase(struct maker *maker, char phase)
{
    maker->random.state = (uint64_t)phase * 0x2545f4914f6cdd1du;
    advance(maker); /* the first edit of a world that comes from a file opens a tick; so does this */
    list_alive(maker);
    if (phase == '1') /* values with padding in more than one piece of the file */
        spawn(maker, 1u << TYPE_PADDED, BULK_ROWS, NULL);
    for (size_t i = 0; i < STEP_COUNT; i++)
        step(maker);
}

/* --- the world --- */

/* False: the program does not list this type. */
static bool lists_type(const char *order, unsigned type)
{
    return strcmp(order, "none") != 0 && (strcmp(order, "half") != 0 || type % 2 == 0);
}

static pecs_registry *make_registry(const char *order)
{
    static const pecs_type unused_type = { "Unused", { { 0 } }, 1, 0, 1, 0, NULL, 0 };
    const pecs_type *types[MODEL_TYPE_COUNT + 1];
    size_t count = 0;
    if (strcmp(order, "shuffled") == 0)
        types[count++] = &unused_type;
    for (unsigned i = 0; i < MODEL_TYPE_COUNT; i++) {
        unsigned type = i;
        if (strcmp(order, "backward") == 0)
            type = MODEL_TYPE_COUNT - 1 - i;
        else if (strcmp(order, "shuffled") == 0)
            type = i * 7 % MODEL_TYPE_COUNT; /* 7 and 18 have no common factor */
        if (lists_type(order, type))
            types[count++] = model_types[type];
    }
    const pecs_registry_desc desc = {
        .types = types, .type_count = count, .application = "canonical", .application_version = "1.2"
    };
    pecs_registry *registry = NULL;
    must(pecs_registry_create(&desc, &registry, NULL), "pecs_registry_create");
    return registry;
}

/* Types of the program have the same numbers in every view; the others those of the file. */
static void find_components(struct maker *maker)
{
    const pecs_view view = pecs_world_view(maker->world);
    for (unsigned type = 0; type < MODEL_TYPE_COUNT; type++)
        must(pecs_view_component(view, model_types[type]->name, &maker->components[type]), "pecs_view_component");
}

static void open_world(struct maker *maker)
{
    const struct arguments *arguments = maker->arguments;
    const pecs_world_options options = { .session_nonce = arguments->nonce };
    pecs_snapshot *base = NULL;
    pecs_error error = { .message = "" };
    pecs_status status = PECS_OK;
    if (arguments->from)
        status = arguments->load ? pecs_snapshot_load(maker->registry, arguments->from, NULL, &base, &error)
                                 : pecs_snapshot_resume(maker->registry, arguments->from, NULL, &base, &error);
    if (status)
        fprintf(stderr, "%s\n", error.message);
    must(status, "load or resume");
    must(pecs_world_create(maker->registry, base, &options, &maker->world, NULL), "pecs_world_create");
    pecs_snapshot_release(base);
    find_components(maker);
}

/* Other edits, which are then undone. The state before is one of this world's timeline. */
static void make_detour(struct maker *maker)
{
    pecs_snapshot *before = NULL;
    must(pecs_snapshot_take(maker->world, &before), "take");
    run_phase(maker, '9');
    if (strcmp(maker->arguments->detour, "rewind") == 0)
        must(pecs_world_rewind(maker->world, before), "rewind");
    else
        must(pecs_world_restore(maker->world, before), "restore");
    pecs_snapshot_release(before);
}

/* One bit of one value, of the bytes between its fields, or none of them; all three count as a write. */
static void change_value(struct maker *maker, const char *what)
{
    uint8_t *value;
    const pecs_component padded = maker->components[TYPE_PADDED];
    size_t at = maker->alive_count / 2;
    while (!pecs_view_has(pecs_world_view(maker->world), maker->alive[at], padded))
        at++;
    must(pecs_world_get_mut(maker->world, maker->alive[at], padded, model_size(TYPE_PADDED), (void **)&value), "edit");
    if (strcmp(what, "value") == 0)
        value[4] ^= 1;
    if (strcmp(what, "padding") == 0)
        value[1] ^= 1, value[11] ^= 0x80;
}

static void make_change(struct maker *maker, const char *what)
{
    list_alive(maker);
    pecs_entity entity = maker->alive[maker->alive_count / 2];
    const pecs_component tag = maker->components[TYPE_TAG_B];
    const pecs_id id = { { 1, 2, 3, 4 } };
    if (strcmp(what, "id") == 0) {
        must(pecs_world_set_id(maker->world, entity, id), "set_id");
    } else if (strcmp(what, "tag") == 0) {
        if (pecs_view_has(pecs_world_view(maker->world), entity, tag))
            must(pecs_world_remove(maker->world, entity, &tag, 1), "remove");
        else
            must(pecs_world_set(maker->world, entity, &(pecs_value){ tag, 0, NULL }, 1), "set");
    } else if (strcmp(what, "meta") == 0) {
        must(pecs_world_set_meta_text(maker->world, "one more", ""), "set_meta_text");
    } else if (strcmp(what, "singleton") == 0) {
        must(pecs_world_set_singleton(maker->world, maker->components[TYPE_WORD], 4, "abc"), "set_singleton");
    } else if (strcmp(what, "tick") == 0) {
        must(pecs_world_advance(maker->world, NULL), "advance");
    } else if (strcmp(what, "slot") == 0) { /* the content is as before, but a handle is used up */
        must(pecs_world_spawn(maker->world, NULL, 0, 1, &entity), "spawn");
        must(pecs_world_despawn(maker->world, &entity, 1), "despawn");
    } else {
        change_value(maker, what);
    }
}

static void save(struct maker *maker)
{
    const struct arguments *arguments = maker->arguments;
    const pecs_save_options options = { .skip_sync = true };
    pecs_world *saved = maker->world, *fork = NULL;
    if (arguments->fork) {
        pecs_snapshot *base = NULL;
        must(pecs_snapshot_take(maker->world, &base), "take");
        must(pecs_world_create(maker->registry, base, NULL, &fork, NULL), "pecs_world_create");
        pecs_snapshot_release(base);
        saved = fork;
    }
    must(pecs_world_save(saved, arguments->path, &options, NULL), "save");
    if (arguments->again)
        must(pecs_world_save(saved, arguments->again, &options, NULL), "save");
    pecs_world_destroy(fork);
}

static bool read_option(struct arguments *arguments, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **text;
        uint64_t *number;
        bool *flag;
    } options[] = {
        { "--types", &arguments->types, NULL, NULL },         { "--from", &arguments->from, NULL, NULL },
        { "--phases", &arguments->phases, NULL, NULL },       { "--detour", &arguments->detour, NULL, NULL },
        { "--change", &arguments->change, NULL, NULL },       { "--again", &arguments->again, NULL, NULL },
        { "--garbage", NULL, &arguments->garbage, NULL },     { "--nonce", NULL, &arguments->nonce, NULL },
        { "--load", NULL, NULL, &arguments->load },           { "--fork", NULL, NULL, &arguments->fork },
        { "--snapshots", NULL, NULL, &arguments->snapshots },
    };
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (strcmp(options[i].name, name) != 0)
            continue;
        if (options[i].flag)
            return *options[i].flag = true;
        if (!value)
            break;
        if (options[i].text)
            *options[i].text = value;
        else
            *options[i].number = strtoull(value, NULL, 10);
        return false;
    }
    if (name[0] == '-') {
        fprintf(stderr, "unknown or unfinished option %s\n", name);
        exit(2);
    }
    arguments->path = name;
    return true; /* it stands alone */
}

int main(int count, char **words)
{
    struct arguments arguments = { .types = "forward", .phases = "", .nonce = 77 };
    for (int i = 1; i < count; i++)
        i += !read_option(&arguments, words[i], i + 1 < count ? words[i + 1] : NULL);
    if (!arguments.path) {
        fprintf(stderr, "usage: %s [OPTION]... FILE\n", words[0]);
        return 2;
    }
    struct maker maker = { .arguments = &arguments, .garbage = { arguments.garbage } };
    maker.registry = make_registry(arguments.types);
    open_world(&maker);
    for (const char *phase = arguments.phases; *phase; phase++)
        run_phase(&maker, *phase);
    if (arguments.detour)
        make_detour(&maker);
    if (arguments.change)
        make_change(&maker, arguments.change);
    save(&maker);
    for (size_t i = 0; i < HELD_MAX; i++)
        pecs_snapshot_release(maker.held[i]);
    free(maker.alive);
    pecs_world_destroy(maker.world);
    pecs_registry_release(maker.registry);
    return 0;
}
