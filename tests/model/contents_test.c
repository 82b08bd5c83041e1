/*
 * A model of strings, blobs and lists, and of what is transient: random edits of a world, and a plain copy of what each
 * entity must hold beside it. After each batch all contents are compared; snapshots, forks, saved and resumed files are
 * compared with the copies of their time.
 *
 * usage: contents_test [operations] [seed]
 */
#include "contents_model.h"

#include <unistd.h>

/* Edits. */

static void attach(struct model *model)
{
    const uint64_t place = pick(model, ATTACHMENT_COUNT);
    struct bytes *bytes = &model->now.attachments[place];
    if (pick(model, 4) == 0) {
        CHECK(model, !pecs_world_detach(model->world, attachment_names[place]));
        free(bytes->data);
        *bytes = (struct bytes){ NULL, 0 };
        return;
    }
    make_blob(model, bytes);
    CHECK(model, !pecs_world_attach(model->world, attachment_names[place], PECS_BYTES(bytes->data, bytes->size)));
}

static void set_own(struct model *model)
{
    struct shadow *own = &model->now.own;
    struct given given;
    own->has_bag = pick(model, 4) > 0;
    if (!own->has_bag) {
        CHECK(model, !pecs_world_remove_singleton(model->world, Bag_component));
        return;
    }
    make_bag(model, own);
    const Bag bag = bag_of(own, &given);
    CHECK(model, !pecs_world_set_singleton(model->world, Bag_component, sizeof(bag), &bag));
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
    pecs_value values[6];
    make_transient(model, shadow);
    size_t count = transient_values(shadow, values);
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
    Body bodies[MANY];
    pecs_entity entities[MANY];
    size_t count = 0;
    const bool has_body = pick(model, 3) == 0;
    for (size_t i = 0; i < ENTITY_COUNT && count < MANY; i++) {
        struct shadow *shadow = &model->now.shadows[i];
        if (shadow->entity.generation || pick(model, 2))
            continue;
        shadow_clear(shadow);
        shadow->has_name = true;
        shadow->number = (uint32_t)i;
        make_text(model, &shadow->name);
        shadow->has_body = has_body;
        shadow->body.number = has_body ? i : 0;
        names[count] = name_of(shadow);
        bodies[count] = shadow->body;
        shadows[count++] = shadow;
    }
    const pecs_value values[] = { PECS_ROWS(Name, names), PECS_ROWS(Body, bodies) };
    CHECK(model, !pecs_world_spawn(model->world, values, has_body ? 2 : 1, count, entities));
    for (size_t i = 0; i < count; i++)
        shadows[i]->entity = entities[i];
}

static void despawn(struct model *model, uint64_t most)
{
    pecs_entity entities[64];
    size_t count = 0;
    for (uint64_t i = 0; i < most; i++) {
        struct shadow *shadow = pick_living(model, &model->now);
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

/* Of several entities; one that is picked again keeps the last name. A dead one among them: nothing changes. */
static void set_names(struct model *model)
{
    enum { MANY = 24 };
    struct shadow *shadows[MANY];
    struct bytes texts[MANY] = { { NULL, 0 } };
    pecs_entity entities[MANY];
    Name names[MANY];
    Body bodies[MANY];
    size_t count = 0;
    for (size_t i = 0; i < MANY; i++) {
        struct shadow *shadow = pick_living(model, &model->now);
        if (!shadow)
            continue;
        make_text(model, &texts[count]);
        names[count] = name_of(&(struct shadow){ .number = (uint32_t)i, .name = texts[count] });
        bodies[count] = (Body){ shadow, i };
        entities[count] = shadow->entity;
        shadows[count++] = shadow;
    }
    const pecs_value values[] = { PECS_ROWS(Name, names), PECS_ROWS(Body, bodies) };
    const size_t value_count = 1 + pick(model, 2);
    const bool is_refused = count && pick(model, 5) == 0;
    if (is_refused) {
        entities[pick(model, count)].generation += 1000;
        CHECK(model, pecs_world_set_many(model->world, entities, count, values, value_count) == PECS_E_DEAD);
    } else {
        CHECK(model, !pecs_world_set_many(model->world, entities, count, values, value_count));
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_refused) {
            shadows[i]->has_body |= value_count > 1;
            shadows[i]->body = value_count > 1 ? bodies[i] : shadows[i]->body;
            shadows[i]->has_name = true;
            shadows[i]->number = names[i].number;
            bytes_set(&shadows[i]->name, texts[i].data, texts[i].size);
        }
        free(texts[i].data);
    }
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
    switch (pick(model, 7)) {
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
    case 4:
    case 5:
        change_transient(model, shadow);
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

static void record_name(struct model *model, pecs_commands *commands, struct shadow *shadow)
{
    shadow->has_name = true;
    shadow->number = (uint32_t)pick(model, 1000);
    make_text(model, &shadow->name);
    const Name name = name_of(shadow);
    CHECK(model, !pecs_set_ptr(commands, shadow->entity, Name, &name));
}

static void record_transient(struct model *model, pecs_commands *commands, struct shadow *shadow)
{
    shadow->has_cache = shadow->has_body = true;
    shadow->cache.pointer = shadow;
    shadow->body = (Body){ model, pick(model, 1000) };
    CHECK(model, !pecs_set_ptr(commands, shadow->entity, Cache, &shadow->cache));
    CHECK(model, !pecs_set_ptr(commands, shadow->entity, Body, &shadow->body));
    if (shadow->is_ghost)
        CHECK(model, !pecs_remove(commands, shadow->entity, Ghost));
    shadow->is_ghost = false;
}

static void record_spawn(struct model *model, pecs_commands *commands, struct shadow *shadow, pecs_entity *ret_entity)
{
    struct given given;
    pecs_value values[5];
    shadow_clear(shadow);
    make_transient(model, shadow);
    shadow->has_name = shadow->has_bag = true;
    shadow->number = (uint32_t)pick(model, 100);
    make_text(model, &shadow->name);
    make_bag(model, shadow);
    const Name name = name_of(shadow);
    Bag bag = bag_of(shadow, &given);
    size_t count = transient_values(shadow, values);
    values[count++] = (pecs_value)PECS_ROWS(Name, &name);
    values[count++] = (pecs_value)PECS_ROWS(Bag, &bag);
    CHECK(model, !pecs_commands_spawn(commands, values, count, ret_entity));
    const pecs_entity friends[] = { *ret_entity, { 0, 0 } };
    bag.friends = pecs_list_of(PECS_ARRAY(friends));
    CHECK(model, !pecs_set_ptr(commands, *ret_entity, Bag, &bag));
}

static void record_edit(struct model *model, pecs_commands *commands, struct shadow *shadow)
{
    if (pick(model, 3) == 0) {
        record_contents(model, commands, shadow);
    } else if (pick(model, 3)) {
        for (uint64_t times = pick(model, 3) ? 1 : 2; times; times--)
            record_name(model, commands, shadow);
    } else if (pick(model, 2)) {
        CHECK(model, !pecs_despawn(commands, shadow->entity));
        shadow_clear(shadow);
    } else if (pick(model, 2)) {
        record_transient(model, commands, shadow);
    } else {
        CHECK(model, !pecs_remove(commands, shadow->entity, Bag));
        shadow->has_bag = false;
    }
}

static void run_commands(struct model *model)
{
    enum { MANY = 12 };
    pecs_commands *commands;
    struct shadow *spawned[MANY] = { NULL };
    pecs_entity provisional[MANY];
    CHECK(model, !pecs_commands_create(model->registry, &commands));
    for (int i = 0; i < MANY; i++) {
        struct shadow *shadow = &model->now.shadows[pick(model, ENTITY_COUNT)];
        bool is_new = !shadow->entity.generation;
        for (int j = 0; j < i; j++)
            is_new = is_new && spawned[j] != shadow;
        if (is_new) {
            record_spawn(model, commands, shadow, &provisional[i]);
            spawned[i] = shadow;
        } else if (shadow->entity.generation) {
            record_edit(model, commands, shadow);
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
        if (model->now.shadows[i].entity.generation && model->now.shadows[i].has_name &&
            model->now.shadows[i].is_frozen)
            shadow_clear(&model->now.shadows[i]);
}

/* Those that concern many entities. */
static void run_large(struct model *model, uint64_t choice)
{
    if (choice < 103)
        clone_some(model);
    else if (choice < 105)
        merge_some(model);
    else if (pick(model, 20) == 0)
        build_all(model);
    else if (pick(model, 20) == 0)
        despawn_named(model);
#ifdef MODEL_HAS_JSON
    else if (pick(model, 3) == 0)
        json_all(model);
#endif
}

static void run_one(struct model *model)
{
    struct shadow *shadow = pick_living(model, &model->now), *other = pick_living(model, &model->now);
    const uint64_t choice = pick(model, 106);
    if (choice < 25 || !shadow) {
        for (size_t i = 0; i < ENTITY_COUNT; i++) {
            if (model->now.shadows[i].entity.generation)
                continue;
            shadow_clear(&model->now.shadows[i]);
            spawn_one(model, &model->now.shadows[i]);
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
    } else if (choice < 89) {
        spawn_many(model);
    } else if (choice < 90) {
        set_names(model);
    } else if (choice < 91) {
        attach(model);
        set_own(model);
        change_own_transient(model);
    } else if (choice < 94) {
        take(model);
    } else if (choice < 95) {
        go_back(model);
    } else if (choice < 96) {
        CHECK(model, !pecs_world_compact(model->world, NULL));
    } else if (choice < 98) {
        CHECK(model, !pecs_world_advance(model->world, NULL));
    } else if (choice < 99) {
        save_and_open(model);
    } else {
        run_large(model, choice);
    }
}

static void model_begin(struct model *model, uint64_t seed)
{
    const pecs_registry_desc desc = { .types = model_types, .type_count = model_type_count };
    const pecs_term named[] = { { Name_component, PECS_WITH }, { Frozen_component, PECS_WITH } };
    const pecs_term ghosts[] = { { Ghost_component, PECS_WITH } };
    pecs_error error = { .message = "" };
    model->random.state = seed;
    snprintf(model->path, sizeof(model->path), "contents_test_%ld.pecs", (long)getpid());
    if (pecs_registry_create(&desc, &model->registry, &error) ||
        pecs_world_create(model->registry, NULL, NULL, &model->world, &error) ||
        pecs_query_create(model->registry, named, 2, &model->named, &error) ||
        pecs_query_create(model->registry, ghosts, 1, &model->ghosts, &error)) {
        fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
}

static void model_end(struct model *model)
{
    for (int i = 0; i < HISTORY; i++)
        moment_clear(&model->history[i]);
    contents_clear(&model->now);
    pecs_query_destroy(model->named);
    pecs_query_destroy(model->ghosts);
    pecs_world_destroy(model->world);
    pecs_registry_release(model->registry);
    unlink(model->path);
}

int main(int argc, char **argv)
{
    static struct model model;
    const uint64_t operations = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000;
    model_begin(&model, argc > 2 ? strtoull(argv[2], NULL, 10) : 1);
    for (model.operation = 0; model.operation < operations; model.operation++) {
        run_one(&model);
        if (model.operation % 64 == 0) {
            compare_all(&model, pecs_world_view(model.world), &model.now);
            compare_history(&model);
        }
    }
    compare_all(&model, pecs_world_view(model.world), &model.now);
    compare_history(&model);
    model_end(&model);
    printf("%llu operations, %llu documents, %llu rewinds\n", (unsigned long long)operations,
           (unsigned long long)model.counts.documents, (unsigned long long)model.counts.rewinds);
    printf("references cleared: %llu to ghosts, %llu to the undone; merged from the future: %llu entities\n",
           (unsigned long long)model.counts.cleared, (unsigned long long)model.counts.undone,
           (unsigned long long)model.counts.future);
    return 0;
}
