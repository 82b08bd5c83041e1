/*
 * use: the tour. Creates a world, steps it, rolls it back and saves it, and loads a friend's save.
 *
 *   - components from C structs, a registry, queries, a command buffer
 *   - a million entities spawned in one call, and one entity by itself
 *   - the last eight frames kept as snapshots, and a rollback by eight frames
 *   - a save of the world every 600 frames (auto.pecs)
 *   - an untrusted file, loaded with limits: friend.pecs, if there is one in the working directory
 *
 * Checks every call that can fail, and prints the library's messages to standard error.
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

PECS_TYPES(game, Position, Velocity, Health);

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

/* Prints why a call failed. True when it did. */
static bool failed(const char *doing, pecs_status status, const pecs_error *error)
{
    if (!status)
        return false;
    fprintf(stderr, "%s: %s", doing, error->message);
    if (error->rule)
        fprintf(stderr, " (%s at byte %llu)", error->rule, (unsigned long long)error->offset);
    fputc('\n', stderr);
    return true;
}

/* The same for a call on the world, which keeps the reason. */
static bool edit_failed(struct game *game, const char *doing, pecs_status status)
{
    return failed(doing, status, pecs_world_error(game->world));
}

/* Ends an iteration. True when it failed. */
static bool iter_failed(const char *doing, pecs_iter *it)
{
    if (!pecs_iter_end(it))
        return false;
    fprintf(stderr, "%s: %s\n", doing, it->message ? it->message : pecs_status_name(it->status));
    return true;
}

static bool open_game(struct game *game)
{
    pecs_error error;
    const pecs_registry_desc desc = { .types = game_types, .type_count = game_type_count };
    const pecs_term move[] = { { Position_component, PECS_WRITE }, { Velocity_component, PECS_READ } };
    const pecs_term dying[] = { { Health_component, PECS_READ } };
    if (failed("types", pecs_registry_create(&desc, &game->registry, &error), &error) ||
        failed("world", pecs_world_create(game->registry, NULL, NULL, &game->world, &error), &error) ||
        failed("query", pecs_query_create(game->registry, move, 2, &game->move, &error), &error) ||
        failed("query", pecs_query_create(game->registry, dying, 1, &game->dying, &error), &error))
        return false;
    if (pecs_commands_create(game->registry, &game->later)) {
        fprintf(stderr, "commands: out of memory\n");
        return false;
    }
    return true;
}

static void close_game(struct game *game)
{
    for (int i = 0; i < FRAMES_KEPT; i++)
        pecs_snapshot_release(game->kept[i]);
    pecs_commands_destroy(game->later);
    pecs_query_destroy(game->dying);
    pecs_query_destroy(game->move);
    pecs_world_destroy(game->world);
    pecs_registry_release(game->registry);
}

/* Spawns the crowd and one hero. */
static bool populate(struct game *game, pecs_entity *ret_hero)
{
    static Position position[CROWD];
    static Velocity velocity[CROWD];
    for (int i = 0; i < CROWD; i++)
        velocity[i] = (Velocity){ (float)(i % 100), (float)(i % 10), 1.0f };
    const pecs_value crowd[] = { PECS_ROWS(Position, position), PECS_ROWS(Velocity, velocity) };
    return !edit_failed(game, "crowd", pecs_world_spawn(game->world, crowd, 2, CROWD, NULL)) &&
           !edit_failed(game, "hero",
                        pecs_spawn(game->world, ret_hero, PECS_VALUE(Position, .x = 1.0f), PECS_VALUE(Health, 10, 10)));
}

static bool move(struct game *game)
{
    pecs_iter it = pecs_query_iter_mut(game->move, game->world, NULL);
    while (pecs_iter_next(&it)) {
        Position *position = pecs_column_mut(&it, Position);
        const Velocity *velocity = pecs_column(&it, Velocity);
        for (size_t i = 0; i < it.row_count; i++) {
            position[i].x += velocity[i].x * FRAME_SECONDS;
            position[i].y += velocity[i].y * FRAME_SECONDS;
            position[i].z += velocity[i].z * FRAME_SECONDS;
        }
    }
    return !iter_failed("move", &it);
}

/* Despawns the dead. That is structural, and so waits for the end of the iteration that finds them. */
static bool bury(struct game *game)
{
    pecs_status status = PECS_OK;
    pecs_iter it = pecs_query_iter(game->dying, pecs_world_view(game->world), NULL);
    while (!status && pecs_iter_next(&it)) {
        const Health *health = pecs_column(&it, Health);
        for (size_t i = 0; i < it.row_count && !status; i++) {
            if (health[i].current <= 0)
                status = pecs_despawn(game->later, it.entities[i]);
        }
    }
    if (iter_failed("bury", &it)) /* always ends the iteration, also after a failure */
        return false;
    if (!status)
        status = pecs_commands_apply(game->later, game->world, NULL);
    return !failed("bury", status, pecs_commands_error(game->later));
}

static bool step(struct game *game)
{
    return move(game) && bury(game) && !edit_failed(game, "advance", pecs_world_advance(game->world, NULL));
}

/* Keeps a snapshot of this frame in place of the one of eight frames ago. Costs the same whatever the world's size. */
static bool keep(struct game *game, unsigned frame)
{
    pecs_snapshot **kept = &game->kept[frame % FRAMES_KEPT];
    pecs_snapshot_release(*kept);
    *kept = NULL;
    return !edit_failed(game, "snapshot", pecs_snapshot_take(game->world, kept));
}

/*
 * A late packet: rolls back to the oldest frame that is kept, and simulates again up to the last. A rewind, not a
 * restore, so that the same frames give the same ids. Replaces the snapshots of the frames that were wrong.
 */
static bool replay(struct game *game, unsigned last)
{
    const unsigned first = last - (FRAMES_KEPT - 1);
    if (edit_failed(game, "rollback", pecs_world_rewind(game->world, game->kept[first % FRAMES_KEPT])))
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
        if (frame % 600 == 0 && failed("autosave", pecs_world_save(game->world, "auto.pecs", NULL, &error), &error))
            return false;
        if (!step(game) || (frame == 500 && !replay(game, frame)))
            return false;
    }
    return true;
}

/*
 * Goes on in the friend's world, if there is a file of it. A bad file is no reason to end the game. Do not use handles
 * of our world there: the friend's may have given them to other entities.
 */
static bool visit_friend(struct game *game)
{
    const pecs_load_options careful = { .limits = { .max_bytes = 1u << 30, .max_entities = 5000000 } };
    pecs_snapshot *visited;
    pecs_summary summary;
    pecs_error error;
    const pecs_status status = pecs_snapshot_load(game->registry, "friend.pecs", &careful, &visited, &error);
    if (status == PECS_E_IO && error.os_error == ENOENT)
        return true;
    if (failed("friend's save", status, &error))
        return true;
    pecs_view_summary(pecs_snapshot_view(visited), &summary);
    printf("%llu entities\n", (unsigned long long)summary.entity_count);
    const bool good = !edit_failed(game, "switch", pecs_world_restore(game->world, visited));
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
        const Health *health = pecs_get(pecs_world_view(game.world), hero, Health);
        points = health ? health->current : -1; /* before the visit, where `hero` may name another entity */
        good = visit_friend(&game);
    }
    if (good)
        printf("%d\n", points);
    close_game(&game);
    return good ? 0 : 1;
}
