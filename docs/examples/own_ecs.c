/*
 * own-ecs: a program whose ECS is its own saves and loads PECS files, without a PECS world. Its entities are numbers
 * with a generation, its components arrays by that number, and a mask says which an entity has.
 */
#include <pecs/pecs.h>

#include <stdio.h>
#include <string.h>

typedef struct {
    float x, y;
} Position;
typedef struct {
    pecs_entity entity;
} Parent;
typedef struct {
    pecs_string text;
} Label; /* in the file; in memory it is an array */

/* The ECS. A dead entity has no components, and what an entity lacks is zero. */
enum { HAS_POSITION = 1, HAS_PARENT = 2, HAS_LABEL = 4, CAPACITY = 10000 };
struct own_ecs {
    uint8_t masks[CAPACITY];
    uint32_t generations[CAPACITY];
    Position positions[CAPACITY];
    Parent parents[CAPACITY];
    char labels[CAPACITY][24];
};

PECS_COMPONENT(Position, 1, x, y);
PECS_COMPONENT(Parent, 1, entity);
PECS_COMPONENT(Label, 1, text);
PECS_TYPES(own, Position, Parent, Label);

static void fill(struct own_ecs *ecs)
{
    for (uint32_t i = 0; i < CAPACITY; i++) {
        ecs->generations[i] = 1 + i % 3;
        ecs->masks[i] = (uint8_t)(i % 10 ? HAS_POSITION | (i % 2 ? HAS_LABEL : 0) | (i % 3 ? HAS_PARENT : 0) : 0);
        ecs->positions[i] = i % 10 ? (Position){ (float)i, 1 } : (Position){ 0, 0 };
        if (ecs->masks[i] & HAS_PARENT)
            ecs->parents[i] = (Parent){ { i / 2, ecs->generations[i / 2] } };
        if (ecs->masks[i] & HAS_LABEL)
            snprintf(ecs->labels[i], sizeof(ecs->labels[i]), "number %u", i);
    }
}

static pecs_status add(const struct own_ecs *ecs, uint32_t i, pecs_builder *builder, pecs_error *error)
{
    const pecs_entity entity = { i, ecs->generations[i] };
    const Label label = { pecs_string_of(ecs->labels[i]) };
    pecs_value values[3];
    size_t count = 0;
    if (!ecs->masks[i])
        return pecs_builder_add_dead(builder, &entity, 1, error);
    if (ecs->masks[i] & HAS_POSITION)
        values[count++] = (pecs_value)PECS_ROWS(Position, &ecs->positions[i]);
    if (ecs->masks[i] & HAS_PARENT)
        values[count++] = (pecs_value)PECS_ROWS(Parent, &ecs->parents[i]);
    if (ecs->masks[i] & HAS_LABEL)
        values[count++] = (pecs_value)PECS_ROWS(Label, &label);
    return pecs_builder_add(builder, &(pecs_rows){ values, count, 1, &entity, NULL }, NULL, error);
}

static pecs_status save(const struct own_ecs *ecs, pecs_registry *registry, const char *path, pecs_error *error)
{
    pecs_builder *builder = NULL;
    pecs_snapshot *snapshot = NULL;
    pecs_status status = pecs_builder_create(registry, NULL, &builder, error);
    for (uint32_t i = 0; !status && i < CAPACITY; i++)
        status = add(ecs, i, builder, error);
    status = status ? status : pecs_builder_finish(builder, &snapshot, error);
    status = status ? status : pecs_snapshot_save(snapshot, path, NULL, error);
    pecs_builder_destroy(builder);
    pecs_snapshot_release(snapshot);
    return status;
}

static pecs_status load(struct own_ecs *ecs, pecs_registry *registry, const char *path, pecs_error *error)
{
    pecs_snapshot *snapshot = NULL;
    const pecs_status status = pecs_snapshot_load(registry, path, NULL, &snapshot, error);
    const pecs_view view = pecs_snapshot_view(snapshot);
    for (uint32_t i = 0; !status && i < CAPACITY; i++) {
        const pecs_entity entity = pecs_view_slot(view, i);
        const Position *position = pecs_get(view, entity, Position);
        const Parent *parent = pecs_get(view, entity, Parent);
        const Label *label = pecs_get(view, entity, Label);
        ecs->generations[i] = entity.generation;
        ecs->masks[i] = (uint8_t)((position ? HAS_POSITION : 0) | (parent ? HAS_PARENT : 0) | (label ? HAS_LABEL : 0));
        if (position)
            ecs->positions[i] = *position;
        if (parent)
            ecs->parents[i] = *parent;
        snprintf(ecs->labels[i], sizeof(ecs->labels[i]), "%s", label ? pecs_view_string(view, label->text, NULL) : "");
    }
    pecs_snapshot_release(snapshot);
    return status;
}

int main(int argc, char **argv)
{
    static struct own_ecs saved, loaded;
    const char *path = argc > 1 ? argv[1] : "own.pecs";
    const pecs_registry_desc desc = { .types = own_types, .type_count = own_type_count };
    pecs_registry *registry = NULL;
    pecs_error error;
    fill(&saved);
    pecs_status status = pecs_registry_create(&desc, &registry, &error);
    status = status ? status : save(&saved, registry, path, &error);
    status = status ? status : load(&loaded, registry, path, &error);
    pecs_registry_release(registry);
    if (status) {
        fprintf(stderr, "own-ecs: %s: %s\n", pecs_status_name(status), error.message);
        return 1;
    }
    const bool is_changed = memcmp(&saved, &loaded, sizeof(saved)) != 0;
    printf("%d slots came back %s\n", CAPACITY, is_changed ? "changed" : "as they were");
    return is_changed;
}
