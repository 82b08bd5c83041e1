/*
 * use: the tour. A world is made, stepped, rolled back and saved, and a friend's save is loaded.
 *
 *   - components from C structs, a registry, queries, a command buffer
 *   - spawning a million entities in one call, and one by itself
 *   - the last eight frames kept as snapshots, and a rollback by eight frames
 *   - a save of the world every 600 frames (auto.pecs)
 *   - a file that is not trusted, read with limits: friend.pecs, if there is one in the working directory
 *
 * Every call that can fail is checked; what the library says goes to standard error.
 */
#include <pecs/pecs.h>

#include <errno.h>
#include <stdio.h>

typedef struct {
    float x, y, z;
} Position;
typedef struct {
    float x, y, z;
} Velocity;
typedef struct {
    int32_t current, max;
} Health;

PECS_COMPONENT(Position, 1, x, y, z);
PECS_COMPONENT(Velocity, 1, x, y, z);
PECS_COMPONENT(Health, 1, current, max);

enum { POSITION, VELOCITY, HEALTH, TYPE_COUNT };

static const pecs_type *const types[TYPE_COUNT] = {
    [POSITION] = &Position_type,
    [VELOCITY] = &Velocity_type,
    [HEALTH] = &Health_type,
};

#define CROWD 1000000
#define FRAMES_KEPT 8
#define FRAME_SECONDS (1.0f / 60.0f)

struct game {
    pecs_registry *registry;
    pecs_world *world;
    pecs_query *move, *dying;
    pecs_commands *later;
    pecs_snapshot *kept[FRAMES_KEPT]; /* of the last frames, by frame number modulo FRAMES_KEPT */
};

/* Prints an error for calls that return only a status. Returns whether the call failed. */
static bool failed(const char *doing, pecs_status status)
{
    if (status)
        fprintf(stderr, "%s: %s\n", doing, pecs_status_name(status));
    return status != PECS_OK;
}

/* The same for calls that fill a pecs_error. */
static bool failed_because(const char *doing, pecs_status status, const pecs_error *error)
{
    if (!status)
        return false;
    fprintf(stderr, "%s: %s", doing, error->message);
    if (error->rule)
        fprintf(stderr, " (%s at byte %llu)", error->rule, (unsigned long long)error->offset);
    fputc('\n', stderr);
    return true;
}

static bool open_game(struct game *game)
{
    pecs_error error;
    const pecs_registry_desc desc = { .types = types, .type_count = TYPE_COUNT };
    const pecs_term move[] = { { POSITION, PECS_WRITE }, { VELOCITY, PECS_READ } };
    const pecs_term dying[] = { { HEALTH, PECS_READ } };
    return !failed_because("types", pecs_registry_create(&desc, &game->registry, &error), &error) &&
           !failed_because("world", pecs_world_create(game->registry, NULL, NULL, &game->world, &error), &error) &&
           !failed_because("query", pecs_query_create(game->registry, move, 2, &game->move, &error), &error) &&
           !failed_because("query", pecs_query_create(game->registry, dying, 1, &game->dying, &error), &error) &&
           !failed("commands", pecs_commands_create(game->registry, &game->later));
}

static void close_game(struct game *game)
{
    for (int i = 0; i < FRAMES_KEPT; i++)
        pecs_snapshot_release(game->kept[i]);
    if (game->later)
        pecs_commands_destroy(game->later);
    pecs_query_destroy(game->dying);
    pecs_query_destroy(game->move);
    pecs_world_destroy(game->world);
    pecs_registry_release(game->registry);
}

/* The crowd and one hero. */
static bool populate(struct game *game, pecs_entity *ret_hero)
{
    static Position position[CROWD];
    static Velocity velocity[CROWD];
    for (int i = 0; i < CROWD; i++)
        velocity[i] = (Velocity){ (float)(i % 100), (float)(i % 10), 1.0f };
    const pecs_value crowd[] = { PECS_ROWS_AS(POSITION, position), PECS_ROWS_AS(VELOCITY, velocity) };
    const pecs_value hero[] = { PECS_VALUE_AS(POSITION, Position, .x = 1.0f), PECS_VALUE_AS(HEALTH, Health, 10, 10) };
    return !failed("crowd", pecs_world_spawn(game->world, crowd, 2, CROWD, NULL)) &&
           !failed("hero", pecs_world_spawn(game->world, hero, 2, 1, ret_hero));
}

static pecs_status move(struct game *game)
{
    pecs_iter it = pecs_query_iter_mut(game->move, game->world, NULL);
    while (pecs_iter_next(&it)) {
        Position *position = pecs_column_mut_as(&it, POSITION, Position);
        const Velocity *velocity = pecs_column_as(&it, VELOCITY, Velocity);
        for (size_t i = 0; i < it.row_count; i++) {
            position[i].x += velocity[i].x * FRAME_SECONDS;
            position[i].y += velocity[i].y * FRAME_SECONDS;
            position[i].z += velocity[i].z * FRAME_SECONDS;
        }
    }
    return pecs_iter_end(&it);
}

/* Despawning is structural, so it has to wait for the end of the iteration that finds dead units. */
static pecs_status bury(struct game *game)
{
    pecs_status status = PECS_OK;
    pecs_iter it = pecs_query_iter(game->dying, pecs_world_view(game->world), NULL);
    while (!status && pecs_iter_next(&it)) {
        const Health *health = pecs_column_as(&it, HEALTH, Health);
        for (size_t i = 0; i < it.row_count && !status; i++) {
            if (health[i].current <= 0)
                status = pecs_commands_despawn(game->later, it.entities[i]);
        }
    }
    const pecs_status end = pecs_iter_end(&it); /* always, also after a failure */
    return status ? status : end;
}

static bool step(struct game *game)
{
    return !failed("move", move(game)) && !failed("bury", bury(game)) &&
           !failed("commands", pecs_commands_apply(game->later, game->world, NULL)) &&
           !failed("advance", pecs_world_advance(game->world, NULL));
}

/* Keeps a snapshot of this frame in place of the one of eight frames ago. Costs the same whatever the world's size. */
static bool keep(struct game *game, unsigned frame)
{
    pecs_snapshot **kept = &game->kept[frame % FRAMES_KEPT];
    pecs_snapshot_release(*kept);
    *kept = NULL;
    return !failed("snapshot", pecs_snapshot_take(game->world, kept));
}

/*
 * A late packet: back to the oldest frame that is kept, and forward again. A rewind, not a restore, because the same
 * frames are played again. The snapshots of the frames that were wrong are replaced.
 */
static bool replay(struct game *game, unsigned last)
{
    const unsigned first = last - (FRAMES_KEPT - 1);
    if (failed("rollback", pecs_world_rewind(game->world, game->kept[first % FRAMES_KEPT])))
        return false;
    for (unsigned frame = first; frame <= last; frame++) {
        if (!keep(game, frame) || !step(game))
            return false;
    }
    return true;
}

static bool play(struct game *game)
{
    pecs_error error;
    for (unsigned frame = 0; frame < 1000; frame++) {
        if (!keep(game, frame))
            return false;
        if (frame % 600 == 0 &&
            failed_because("autosave", pecs_world_save(game->world, "auto.pecs", NULL, &error), &error))
            return false;
        if (!step(game) || (frame == 500 && !replay(game, frame)))
            return false;
    }
    return true;
}

/*
 * Continues in the friend's world, if its file exists. An invalid file does not end the game. Handles of our world are
 * not valid there: the friend's may assign the same ones to other entities.
 */
static bool visit_friend(struct game *game)
{
    const pecs_load_options limits = { .limits.max_bytes = 1u << 30, .limits.max_entities = 5000000 };
    pecs_snapshot *visited;
    pecs_summary summary;
    pecs_error error;
    const pecs_status status = pecs_snapshot_load(game->registry, "friend.pecs", &limits, &visited, &error);
    if (status == PECS_E_IO && error.os_error == ENOENT)
        return true;
    if (failed_because("friend's save", status, &error))
        return true;
    pecs_view_summary(pecs_snapshot_view(visited), &summary);
    printf("%llu entities\n", (unsigned long long)summary.entity_count);
    const bool good = !failed("switch", pecs_world_restore(game->world, visited));
    pecs_snapshot_release(visited);
    return good;
}

int main(void)
{
    struct game game = { 0 };
    pecs_entity hero;
    int32_t points = -1;
    bool good = open_game(&game) && populate(&game, &hero) && play(&game);
    if (good) {
        const Health *health = pecs_get_as(pecs_world_view(game.world), hero, HEALTH, Health);
        points = health ? health->current
                        : -1; /* before the visit: in the friend's world, `hero` is another entity or none */
        good = visit_friend(&game);
    }
    if (good)
        printf("%d\n", points);
    close_game(&game);
    return good ? 0 : 1;
}
