/*
 * csv-plugin: a format of one's own. A table of functions makes CSV files of one component, "index,generation,x,y", a
 * line for each entity that has it; the program converts between these and PECS files: csv-plugin units.pecs units.csv
 */
#include <pecs/pecs.h>

#include <stdio.h>
#include <string.h>

typedef struct {
    float x, y;
} Position;
PECS_COMPONENT(Position, 1, x, y);
PECS_TYPES(game, Position);
static const char csv_head[] = "index,generation,x,y\n";

static uint32_t csv_bid(void *user, const void *bytes, size_t size_bytes)
{
    (void)user;
    return size_bytes >= strlen(csv_head) && memcmp(bytes, csv_head, strlen(csv_head)) == 0 ? 8 * strlen(csv_head) : 0;
}

static pecs_status csv_save(const pecs_plugin_context *context, const pecs_snapshot *snapshot, const pecs_sink *sink,
                            pecs_error *error)
{
    const pecs_view view = pecs_snapshot_view(snapshot);
    (void)context;
    pecs_status status = sink->write(sink->user, PECS_BYTES(csv_head, strlen(csv_head)), 1, error);
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    for (uint32_t slot = 0; !status && slot < summary.slot_count; slot++) {
        const pecs_entity entity = pecs_view_slot(view, slot);
        const Position *position = pecs_get(view, entity, Position);
        char line[100] = "";
        if (position)
            snprintf(line, sizeof(line), "%u,%u,%.9g,%.9g\n", entity.index, entity.generation, position->x,
                     position->y);
        status = sink->write(sink->user, PECS_BYTES(line, strlen(line)), 1, error);
    }
    return status;
}

static pecs_status csv_add_line(pecs_builder *builder, const char *line, size_t number, pecs_error *error)
{
    pecs_entity entity;
    Position position;
    char more;
    const pecs_value value = PECS_ROWS(Position, &position);
    const pecs_rows rows = { .values = &value, .value_count = 1, .row_count = 1, .entities = &entity };
    if (sscanf(line, "%u,%u,%f,%f%c", &entity.index, &entity.generation, &position.x, &position.y, &more) == 4)
        return pecs_builder_add(builder, &rows, NULL, error);
    *error = (pecs_error){ .status = PECS_E_CORRUPT };
    snprintf(error->message, sizeof(error->message), "line %zu is not index,generation,x,y", number);
    return PECS_E_CORRUPT;
}

/* A line that is too long is cut, and then refused, as is what stands behind the last end of a line. */
static pecs_status csv_load(const pecs_plugin_context *context, const pecs_source *source, pecs_builder *builder,
                            pecs_error *error)
{
    char line[200], bytes[4096];
    size_t size, used = 0, number = 1; /* of the line: the head is the first */
    pecs_status status;
    (void)context;
    while (!(status = source->read(source->user, bytes, sizeof(bytes), &size, error)) && size)
        for (size_t i = 0; i < size; i++) {
            line[used] = bytes[i] == '\n' ? 0 : bytes[i] ? bytes[i] : '?';
            used += line[used] && used < sizeof(line) - 1;
            if (bytes[i] != '\n')
                continue;
            used = 0;
            if (number++ > 1 && (status = csv_add_line(builder, line, number - 1, error)) != PECS_OK)
                return status;
        }
    return status || !used ? status : csv_add_line(builder, "", number, error);
}

static const pecs_plugin csv_plugin = {
    .name = "csv", .version = 1, .extensions = "csv", .bid = csv_bid, .save = csv_save, .load = csv_load
};

int main(int count, char **paths)
{
    const pecs_registry_desc desc = { .types = game_types, .type_count = game_type_count };
    pecs_registry *registry = NULL;
    pecs_manager *manager = NULL;
    pecs_snapshot *snapshot = NULL;
    pecs_error error = { .message = "two paths are needed" };
    pecs_status status = count == 3 ? pecs_registry_create(&desc, &registry, &error) : PECS_E_MISUSE;
    if (status || (status = pecs_manager_create(NULL, &manager, &error)) ||
        (status = pecs_manager_register(manager, pecs_binary_plugin(), &error)) ||
        (status = pecs_manager_register(manager, &csv_plugin, &error)) ||
        (status = pecs_manager_load(manager, registry, paths[1], NULL, &snapshot, &error)) ||
        (status = pecs_manager_save(manager, snapshot, paths[2], NULL, &error)))
        fprintf(stderr, "%s\n", error.message);
    pecs_snapshot_release(snapshot);
    pecs_manager_destroy(manager);
    pecs_registry_release(registry);
    return status != PECS_OK;
}
