/*
 * The simulation of the resume example: soldiers, villagers and trees on a square whose edges meet.
 *
 * A frame: all with a velocity move; one soldier in sixteen strikes its target or looks for a new one; the dead are
 * despawned and about as many recruits spawned, in pairs that face each other; the badly hurt leave the front (tag
 * Wounded), heal, and come back as veterans.
 *
 * It is deterministic: random numbers come only from the RandomState singleton, iterations have an order that a save
 * keeps, and nothing but the world is carried from frame to frame.
 */
#include "skirmish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SQUARE_SIZE 1000.0f
#define FRAME_SECONDS (1.0f / 60.0f)
#define TEAM_COUNT 4
#define STRIDE 16 /* one soldier in so many acts in a frame */
#define FULL_HEALTH 100
#define HURT_BELOW 30
#define HEALED_FROM 80
#define HEAL_STEP 5
#define BATCH 65536

typedef struct {
    float x, y;
} Position;
typedef struct {
    float x, y;
} Velocity;
typedef struct {
    int32_t current, max;
} Health;
typedef struct {
    uint8_t number;
} Team;
typedef struct {
    pecs_entity enemy; /* may be stale: the enemy died */
} Target;
typedef struct {
    uint64_t frame;
    double seconds;
} Clock;
typedef struct {
    uint64_t state;
} RandomState;
typedef struct {
    uint64_t founders, born, died;
} Tally;

PECS_COMPONENT(Position, 1, x, y);
PECS_COMPONENT(Velocity, 1, x, y);
PECS_COMPONENT(Health, 1, current, max);
PECS_COMPONENT(Team, 1, number);
PECS_COMPONENT(Target, 1, enemy);
PECS_TAG(Wounded, 1);
PECS_TAG(Veteran, 1);
PECS_COMPONENT(Clock, 1, frame, seconds);
PECS_COMPONENT(RandomState, 1, state);
PECS_COMPONENT(Tally, 1, founders, born, died);

PECS_TYPES(skirmish, Position, Velocity, Health, Team, Target, Wounded, Veteran, Clock, RandomState, Tally);

struct blow {
    pecs_entity enemy;
    int32_t damage;
};

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

/* SplitMix64. */
static uint64_t draw(RandomState *random)
{
    return mix(random->state += 0x9e3779b97f4a7c15);
}

/* From 0 to below limit. */
static float draw_float(RandomState *random, float limit)
{
    return (float)(draw(random) >> 40) * (limit / 16777216.0f);
}

pecs_status skirmish_init(skirmish *game, pecs_error *error)
{
    *game = (skirmish){ 0 };
    const pecs_registry_desc desc = { .types = skirmish_types, .type_count = skirmish_type_count };
    pecs_status status = pecs_registry_create(&desc, &game->registry, error);
    if (status)
        return status;
    const struct {
        pecs_query **query;
        pecs_term terms[5];
        size_t term_count;
    } queries[] = {
        { &game->move, { { Position_component, PECS_WRITE }, { Velocity_component, PECS_READ } }, 2 },
        { &game->aim,
          { { Target_component, PECS_WRITE }, { Team_component, PECS_READ }, { Wounded_component, PECS_WITHOUT } },
          3 },
        { &game->front,
          { { Health_component, PECS_READ }, { Target_component, PECS_WITH }, { Wounded_component, PECS_WITHOUT } },
          3 },
        { &game->ward, { { Health_component, PECS_WRITE }, { Wounded_component, PECS_WITH } }, 2 },
        { &game->positions, { { Position_component, PECS_READ } }, 1 },
        { &game->everything,
          { { Position_component, PECS_OPTIONAL_READ },
            { Velocity_component, PECS_OPTIONAL_READ },
            { Health_component, PECS_OPTIONAL_READ },
            { Team_component, PECS_OPTIONAL_READ },
            { Target_component, PECS_OPTIONAL_READ } },
          5 },
        { &game->wounded, { { Wounded_component, PECS_WITH } }, 1 },
        { &game->veterans, { { Veteran_component, PECS_WITH } }, 1 },
    };
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]) && !status; i++)
        status = pecs_query_create(game->registry, queries[i].terms, queries[i].term_count, queries[i].query, error);
    if (status)
        return status;
    status = pecs_commands_create(game->registry, &game->commands);
    if (status)
        *error = (pecs_error){ .status = status, .message = "no command buffer" };
    return status;
}

void skirmish_deinit(skirmish *game)
{
    pecs_query *const queries[] = { game->move,      game->aim,        game->front,   game->ward,
                                    game->positions, game->everything, game->wounded, game->veterans };
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
        pecs_query_destroy(queries[i]);
    pecs_commands_destroy(game->commands);
    pecs_world_destroy(game->world);
    pecs_registry_release(game->registry);
    free(game->blows);
    *game = (skirmish){ 0 };
}

struct batch {
    Position position[BATCH];
    Velocity velocity[BATCH];
    Health health[BATCH];
    Team team[BATCH];
    Target target[BATCH];
};

static void fill(struct batch *batch, size_t count, RandomState *random)
{
    for (size_t i = 0; i < count; i++) {
        batch->position[i] = (Position){ draw_float(random, SQUARE_SIZE), draw_float(random, SQUARE_SIZE) };
        batch->velocity[i] = (Velocity){ draw_float(random, 20.0f) - 10.0f, draw_float(random, 20.0f) - 10.0f };
        batch->health[i] = (Health){ HURT_BELOW + (int32_t)(draw(random) % (FULL_HEALTH - HURT_BELOW)), FULL_HEALTH };
        batch->team[i] = (Team){ (uint8_t)(draw(random) % TEAM_COUNT) };
    }
}

static pecs_status spawn_all(pecs_world *world, uint64_t entity_count, struct batch *batch, RandomState *random)
{
    const pecs_value values[] = { PECS_ROWS(Position, batch->position), PECS_ROWS(Health, batch->health),
                                  PECS_ROWS(Velocity, batch->velocity), PECS_ROWS(Team, batch->team),
                                  PECS_ROWS(Target, batch->target) };
    const struct {
        uint64_t count;
        size_t value_count; /* of `values`, from the first */
    } groups[] = {
        { entity_count - entity_count / 4 - entity_count / 6, 5 }, /* soldiers */
        { entity_count / 4, 4 },                                   /* villagers */
        { entity_count / 6, 2 },                                   /* trees */
    };
    pecs_status status = PECS_OK;
    for (size_t group = 0; group < sizeof(groups) / sizeof(groups[0]); group++) {
        for (uint64_t left = groups[group].count; left > 0 && !status;) {
            const size_t count = left < BATCH ? (size_t)left : BATCH;
            fill(batch, count, random);
            status = pecs_world_spawn(world, values, groups[group].value_count, count, NULL);
            left -= count;
        }
    }
    return status;
}

static pecs_status populate(pecs_world *world, uint64_t entity_count, uint64_t seed)
{
    RandomState random = { seed };
    struct batch *batch = calloc(1, sizeof(*batch)); /* calloc: none has a target yet */
    if (!batch)
        return PECS_E_MEMORY;
    pecs_status status = spawn_all(world, entity_count, batch, &random);
    free(batch);
    if (!status)
        status = pecs_set_singleton(world, RandomState, { random.state });
    if (!status)
        status = pecs_set_singleton(world, Clock, { 0 });
    if (!status)
        status = pecs_set_singleton(world, Tally, { .founders = entity_count });
    return status;
}

pecs_status skirmish_found(skirmish *game, uint64_t entity_count, uint64_t seed, pecs_error *error)
{
    pecs_status status = pecs_world_create(game->registry, NULL, NULL, &game->world, error);
    if (status)
        return status;
    status = populate(game->world, entity_count, seed);
    if (status) {
        error->status = status;
        snprintf(error->message, sizeof(error->message), "%s", skirmish_message(game, status));
    }
    return status;
}

pecs_status skirmish_resume(skirmish *game, const char *path, pecs_snapshot **ret_snapshot, pecs_error *error)
{
    pecs_snapshot *snapshot;
    pecs_status status = pecs_snapshot_resume(game->registry, path, NULL, &snapshot, error);
    if (status)
        return status;
    status = pecs_world_create(game->registry, snapshot, NULL, &game->world, error);
    if (status) {
        pecs_snapshot_release(snapshot);
        return status;
    }
    *ret_snapshot = snapshot;
    return PECS_OK;
}

/* The square's edges meet: what leaves on one side comes in on the other. */
static float wrap(float x)
{
    return x < 0.0f ? x + SQUARE_SIZE : x >= SQUARE_SIZE ? x - SQUARE_SIZE : x;
}

pecs_status skirmish_move(skirmish *game)
{
    pecs_iter it = pecs_query_iter_mut(game->move, game->world, NULL);
    while (pecs_iter_next(&it)) {
        Position *position = pecs_column_mut(&it, Position);
        const Velocity *velocity = pecs_column(&it, Velocity);
        for (size_t i = 0; i < it.row_count; i++) {
            position[i].x = wrap(position[i].x + velocity[i].x * FRAME_SECONDS);
            position[i].y = wrap(position[i].y + velocity[i].y * FRAME_SECONDS);
        }
    }
    return pecs_iter_end(&it);
}

static pecs_status reserve_blows(skirmish *game, size_t count)
{
    if (count <= game->blow_capacity)
        return PECS_OK;
    struct blow *blows = realloc(game->blows, 2 * count * sizeof(*blows));
    if (!blows)
        return PECS_E_MEMORY;
    game->blows = blows;
    game->blow_capacity = 2 * count;
    return PECS_OK;
}

/*
 * Finds who hits whom. Collects the blows, to strike after the iteration: once another edit has happened, the columns
 * of the chunk may only be read.
 */
static pecs_status aim(skirmish *game, uint64_t frame, RandomState *random, size_t *ret_blow_count)
{
    const pecs_view view = pecs_world_view(game->world);
    pecs_status status = PECS_OK;
    size_t count = 0;
    pecs_iter it = pecs_query_iter_mut(game->aim, game->world, NULL);
    while (!status && pecs_iter_next(&it)) {
        Target *target = pecs_column_mut(&it, Target);
        const Team *team = pecs_column(&it, Team);
        status = reserve_blows(game, count + it.row_count / STRIDE + 1);
        for (size_t i = frame % STRIDE; i < it.row_count && !status; i += STRIDE) {
            if (pecs_view_alive(view, target[i].enemy)) {
                game->blows[count++] = (struct blow){ target[i].enemy, 10 + (int32_t)(draw(random) % 70) };
            } else {
                const size_t candidate = draw(random) % it.row_count;
                if (team[candidate].number != team[i].number)
                    target[i].enemy = it.entities[candidate];
            }
        }
    }
    const pecs_status end = pecs_iter_end(&it);
    *ret_blow_count = count;
    return status ? status : end;
}

static pecs_status strike(skirmish *game, size_t blow_count)
{
    for (size_t i = 0; i < blow_count; i++) {
        Health *health = pecs_get_mut(game->world, game->blows[i].enemy, Health);
        if (!health)
            return pecs_world_error(game->world)->status;
        health->current -= game->blows[i].damage;
    }
    return PECS_OK;
}

/* Despawns the dead at the front, and sends the hurt to the ward. */
static pecs_status clear_front(skirmish *game, uint64_t *died)
{
    pecs_status status = PECS_OK;
    pecs_iter it = pecs_query_iter(game->front, pecs_world_view(game->world), NULL);
    while (!status && pecs_iter_next(&it)) {
        const Health *health = pecs_column(&it, Health);
        for (size_t i = 0; i < it.row_count && !status; i++) {
            if (health[i].current <= 0) {
                status = pecs_despawn(game->commands, it.entities[i]);
                *died += 1;
            } else if (health[i].current < HURT_BELOW) {
                status = pecs_add(game->commands, it.entities[i], Wounded);
            }
        }
    }
    const pecs_status end = pecs_iter_end(&it);
    return status ? status : end;
}

/* Despawns the dead among the wounded, heals the others, and sends the healed back. */
static pecs_status visit_ward(skirmish *game, uint64_t *died)
{
    pecs_status status = PECS_OK;
    pecs_iter it = pecs_query_iter_mut(game->ward, game->world, NULL);
    while (!status && pecs_iter_next(&it)) {
        Health *health = pecs_column_mut(&it, Health);
        for (size_t i = 0; i < it.row_count && !status; i++) {
            if (health[i].current <= 0) {
                status = pecs_despawn(game->commands, it.entities[i]);
                *died += 1;
                continue;
            }
            health[i].current += HEAL_STEP;
            if (health[i].current < HEALED_FROM)
                continue;
            status = pecs_remove(game->commands, it.entities[i], Wounded);
            if (!status)
                status = pecs_add(game->commands, it.entities[i], Veteran);
        }
    }
    const pecs_status end = pecs_iter_end(&it);
    return status ? status : end;
}

static pecs_status recruit(skirmish *game, RandomState *random, uint8_t team, pecs_entity enemy,
                           pecs_entity *ret_entity)
{
    const Position position = { draw_float(random, SQUARE_SIZE), draw_float(random, SQUARE_SIZE) };
    const Velocity velocity = { draw_float(random, 20.0f) - 10.0f, draw_float(random, 20.0f) - 10.0f };
    return pecs_spawn(game->commands, ret_entity, PECS_ROWS(Position, &position), PECS_ROWS(Velocity, &velocity),
                      PECS_VALUE(Health, FULL_HEALTH, FULL_HEALTH), PECS_VALUE(Team, team), PECS_VALUE(Target, enemy));
}

/* Recruits face each other in pairs: each has the other's provisional handle, which apply replaces by the real one. */
static pecs_status muster(skirmish *game, RandomState *random, uint64_t count)
{
    pecs_status status = PECS_OK;
    for (uint64_t i = 0; i < count && !status; i += 2) {
        pecs_entity first, second;
        status = recruit(game, random, 0, (pecs_entity){ 0 }, &first);
        if (status || i + 1 == count)
            break;
        status = recruit(game, random, 1, first, &second);
        if (!status)
            status = pecs_set(game->commands, first, Target, { second });
    }
    return status;
}

/* Writes the singletons of the next frame, and ends this one. */
static pecs_status end_frame(skirmish *game, const RandomState *random, uint64_t died, uint64_t born)
{
    pecs_world *world = game->world;
    pecs_status status = pecs_set_singleton(world, RandomState, { random->state });
    if (status)
        return status;
    Clock *clock = pecs_get_singleton_mut(world, Clock);
    if (!clock)
        return pecs_world_error(world)->status;
    clock->frame += 1;
    clock->seconds += FRAME_SECONDS;
    Tally *tally = pecs_get_singleton_mut(world, Tally);
    if (!tally)
        return pecs_world_error(world)->status;
    tally->died += died;
    tally->born += born;
    return pecs_world_advance(world, NULL);
}

pecs_status skirmish_finish_frame(skirmish *game)
{
    const pecs_view view = pecs_world_view(game->world);
    const RandomState *state = pecs_get_singleton(view, RandomState);
    if (!state)
        return PECS_E_ABSENT;
    RandomState random = *state;
    size_t blow_count;
    uint64_t died = 0, skipped = 0;
    pecs_status status = aim(game, skirmish_frame(view), &random, &blow_count);
    if (!status)
        status = strike(game, blow_count);
    if (!status)
        status = clear_front(game, &died);
    if (!status)
        status = visit_ward(game, &died);
    const uint64_t born = died > 0 ? died / 2 + draw(&random) % (died + 1) : 0; /* as many on average */
    if (!status)
        status = muster(game, &random, born);
    if (!status)
        status = pecs_commands_apply(game->commands, game->world, &skipped);
    if (!status && skipped > 0)
        status = PECS_E_DEAD; /* every command above is on an entity that was alive */
    return status ? status : end_frame(game, &random, died, born);
}

pecs_status skirmish_step(skirmish *game)
{
    const pecs_status status = skirmish_move(game);
    return status ? status : skirmish_finish_frame(game);
}

const char *skirmish_message(const skirmish *game, pecs_status status)
{
    const pecs_error *edit = pecs_world_error(game->world), *command = pecs_commands_error(game->commands);
    if (edit && edit->status == status)
        return edit->message;
    if (command && command->status == status)
        return command->message;
    return pecs_status_name(status); /* of an iteration, or of this program */
}

uint64_t skirmish_frame(pecs_view view)
{
    const Clock *clock = pecs_get_singleton(view, Clock);
    return clock ? clock->frame : 0;
}

bool skirmish_tally(pecs_view view, uint64_t *ret_born, uint64_t *ret_died)
{
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    const Tally *tally = pecs_get_singleton(view, Tally);
    if (!tally)
        return false;
    *ret_born = tally->born;
    *ret_died = tally->died;
    return summary.entity_count == tally->founders + tally->born - tally->died;
}

pecs_status skirmish_sum(const skirmish *game, pecs_view view, double *ret_sum)
{
    double x = 0.0, y = 0.0;
    pecs_iter it = pecs_query_iter(game->positions, view, NULL);
    while (pecs_iter_next(&it)) {
        const Position *position = pecs_column(&it, Position);
        for (size_t i = 0; i < it.row_count; i++) {
            x += (double)position[i].x;
            y += (double)position[i].y;
        }
    }
    const pecs_status status = pecs_iter_end(&it);
    if (!status)
        *ret_sum = x + y;
    return status;
}

static uint64_t hash_value(uint64_t key, pecs_component component, const void *value, size_t size_bytes)
{
    uint64_t hash = mix(key + (component + 1) * 0x9e3779b97f4a7c15);
    for (size_t done = 0; done < size_bytes; done += sizeof(uint64_t)) {
        uint64_t word = 0;
        const size_t left = size_bytes - done;
        memcpy(&word, (const char *)value + done, left < sizeof(word) ? left : sizeof(word));
        hash = mix(hash ^ word);
    }
    return hash;
}

static uint64_t entity_key(pecs_entity entity)
{
    return (uint64_t)entity.generation << 32 | entity.index;
}

/* Hashes the values of one component in the present chunk; a sum, so the order does not matter. */
static uint64_t hash_column(pecs_iter *it, pecs_component component)
{
    const size_t size_bytes = skirmish_types[component]->size;
    const char *column = pecs_iter_column(it, component, size_bytes);
    uint64_t sum = 0;
    for (size_t i = 0; column && i < it->row_count; i++)
        sum += hash_value(entity_key(it->entities[i]), component, column + i * size_bytes, size_bytes);
    return sum;
}

/* The entities that have a tag: a tag has no column, so its query says it all. */
static pecs_status hash_tag(const pecs_query *query, pecs_view view, pecs_component tag, uint64_t *sum)
{
    pecs_iter it = pecs_query_iter(query, view, NULL);
    while (pecs_iter_next(&it)) {
        for (size_t i = 0; i < it.row_count; i++)
            *sum += hash_value(entity_key(it.entities[i]), tag, NULL, 0);
    }
    return pecs_iter_end(&it);
}

pecs_status skirmish_hash(const skirmish *game, pecs_view view, uint64_t *ret_hash)
{
    static const pecs_component columns[] = { Position_component, Velocity_component, Health_component, Team_component,
                                              Target_component };
    static const pecs_component singletons[] = { Clock_component, RandomState_component, Tally_component };
    uint64_t sum = 0;
    pecs_iter it = pecs_query_iter(game->everything, view, NULL);
    while (pecs_iter_next(&it)) {
        for (size_t i = 0; i < it.row_count; i++)
            sum += mix(entity_key(it.entities[i]));
        for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
            sum += hash_column(&it, columns[i]);
    }
    pecs_status status = pecs_iter_end(&it);
    if (!status)
        status = hash_tag(game->wounded, view, Wounded_component, &sum);
    if (!status)
        status = hash_tag(game->veterans, view, Veteran_component, &sum);
    for (size_t i = 0; i < sizeof(singletons) / sizeof(singletons[0]); i++) {
        const size_t size_bytes = skirmish_types[singletons[i]]->size;
        const void *value = pecs_view_get_singleton(view, singletons[i], size_bytes);
        if (value)
            sum += hash_value(0, singletons[i], value, size_bytes);
    }
    if (!status)
        *ret_hash = sum;
    return status;
}
