// pecs.hpp: clones and merges, their results and how they fail.
#include "cpp_wrapper_fixture.h"

#include <array>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

static_assert(std::is_nothrow_move_constructible_v<pecs::entities> && !std::is_copy_constructible_v<pecs::entities>);
static_assert(std::is_nothrow_move_assignable_v<pecs::entity_map> && !std::is_copy_assignable_v<pecs::entity_map>);
static_assert(std::is_convertible_v<const pecs::entities &, pecs::span<const pecs_entity>>);
static_assert(!std::is_convertible_v<pecs::entities &, pecs::span<pecs_entity>>);
static_assert(std::is_convertible_v<std::vector<int> &, pecs::span<int>> &&
              std::is_convertible_v<std::vector<int>, pecs::span<const int>> &&
              std::is_convertible_v<pecs::span<int>, pecs::span<const int>>);
static_assert(!std::is_convertible_v<std::vector<int>, pecs::span<int>> &&
              !std::is_convertible_v<const std::vector<int> &, pecs::span<int>> &&
              !std::is_convertible_v<std::vector<int> &, pecs::span<const unsigned>>);

// Arrays that must not throw are of this memory, which can run out.
static bool is_memory_out = false;

void *operator new[](size_t size_bytes, const std::nothrow_t &) noexcept
{
    return is_memory_out ? nullptr : std::malloc(size_bytes ? size_bytes : 1);
}
void operator delete[](void *memory) noexcept
{
    std::free(memory);
}
void operator delete[](void *memory, size_t) noexcept
{
    std::free(memory);
}

// A leader at 1 and its follower at 2.
static std::array<pecs_entity, 2> make_pair(pecs::world &world)
{
    const pecs_entity leader = world.spawn(Position{ 1, 0 }).entity;
    const auto [status, follower] = world.spawn(Position{ 2, 0 }, Follows{ leader });
    FINE(status);
    return { leader, follower };
}

static void check_clones(fixture &f)
{
    pecs::world &world = f.world;
    const auto pair = make_pair(world);
    const auto [status, copies] = world.clone({ pair[0], pair[1] }, 3);
    FINE(status);
    CHECK(copies.size() == 6 && !copies.empty() && copies.end() - copies.begin() == 6 && copies.data() == &copies[0]);
    for (size_t copy = 0; copy < 3; copy++) {
        CHECK(world.get<Position>(copies[2 * copy])->x == 1 && world.get<Position>(copies[2 * copy + 1])->x == 2);
        CHECK(world.get<Follows>(copies[2 * copy + 1])->target == copies[2 * copy]);
    }
    CHECK(world.summary().entity_count == 8);

    const auto one = world.clone({ pair[1] }); // without its leader, which stays the same
    CHECK(one.status == PECS_OK && one.entities.size() == 1);
    CHECK(world.get<Follows>(one.entities[0])->target == pair[0]);
    const auto again = world.clone(copies, 1); // a whole result
    CHECK(again.status == PECS_OK && again.entities.size() == 6);
    CHECK(world.get<Follows>(again.entities[5])->target == again.entities[4]);

    std::vector<pecs_entity> list(4);
    FINE(world.clone(pair, 2, list));
    CHECK(world.get<Follows>(list[3])->target == list[2] && world.summary().entity_count == 19);
    auto same = pair;
    FINE(world.clone(same, 1, same)); // into the array of the entities
    CHECK(same[0] != pair[0] && world.get<Follows>(same[1])->target == same[0]);
    CHECK(world.clone(std::vector<pecs_entity>{}, 5).status == PECS_OK);
}

static void check_clones_of_snapshots(fixture &f)
{
    pecs::world &world = f.world;
    pecs::world editor;
    pecs::snapshot prefabs;
    CHECK(!editor.create(f.registry));
    CHECK(editor.spawn(Velocity{ 9, 9 }).status == PECS_OK);
    const auto pair = make_pair(editor);
    FINE(prefabs.take(editor));
    const auto [status, copies] = world.clone(prefabs, pair, 2);
    FINE(status);
    CHECK(copies.size() == 4 && world.get<Follows>(copies[3])->target == copies[2]);
    const auto follower = world.clone(prefabs, { pair[1] });
    CHECK(follower.status == PECS_OK && world.get<Position>(follower.entities[0])->x == 2);
    CHECK(world.get<Follows>(follower.entities[0])->target == pecs_entity{}); // its leader is not here
    pecs_entity more[2];
    FINE(world.clone(prefabs, { pair[0], pair[1] }, 1, more));
    CHECK(world.get<Follows>(more[1])->target == more[0] && world.summary().entity_count == 7);
    // not the world's own by mistake
    const pecs::snapshot none;
    CHECK(world.clone(none, { copies[0] }).status == PECS_E_MISUSE);
    CHECK(world.clone(none, { copies[0] }, 1, more) == PECS_E_MISUSE && world.summary().entity_count == 7);
}

static void check_clones_that_fail(fixture &f)
{
    pecs::world &world = f.world;
    const auto pair = make_pair(world);
    const pecs_entity dead = { 99, 1 };
    const auto failed = world.clone({ pair[0], dead }, 2);
    CHECK(failed.status == PECS_E_DEAD && failed.entities.empty() && failed.entities.begin() == failed.entities.end());
    CHECK(world.error()->status == PECS_E_DEAD);
    std::array<pecs_entity, 3> room = { dead, dead, dead };
    CHECK(world.clone({ dead }, 1, room) == PECS_E_DEAD && room[0] == dead);
    CHECK(world.clone(pair, 2, room) == PECS_E_MISUSE && room[0] == dead); // one too few
    for (const size_t too_many : { SIZE_MAX, SIZE_MAX / 2 + 1, size_t(UINT32_MAX) }) {
        CHECK(world.clone(pair, too_many).status == PECS_E_LIMIT && world.error()->status == PECS_E_LIMIT);
        CHECK(world.clone(pair, too_many, room) == PECS_E_LIMIT && room[0] == dead);
    }
    is_memory_out = true;
    CHECK(world.clone(pair).status == PECS_E_MEMORY);
    FINE(world.clone({ pair[0] }, 3, room)); // needs none
    is_memory_out = false;
    CHECK(world.summary().entity_count == 5);
    CHECK(pecs::world().clone(pair).status == PECS_E_MISUSE);
    FINE(world.each<Position>([&](Position &) { CHECK(world.clone(pair).status == PECS_E_BUSY); }));
}

// A level: a leader that is named 7, and its follower; a slot that is free.
struct level {
    pecs::snapshot snapshot;
    std::array<pecs_entity, 2> pair;
    pecs_entity dead;

    explicit level(const pecs::registry &registry)
    {
        pecs::world editor;
        CHECK(!editor.create(registry));
        dead = editor.spawn(Frozen{}).entity;
        pair = make_pair(editor);
        FINE(editor.despawn(dead));
        FINE(pecs_world_set_id(editor.get(), pair[0], pecs_id{ { 7 } }));
        FINE(snapshot.take(editor));
    }
};

static void check_merges(fixture &f)
{
    pecs::world &world = f.world;
    const level level(f.registry);
    make_pair(world);
    pecs::entity_map became;
    CHECK(became[level.pair[0]] == pecs_entity{});
    const auto [status, report] = world.merge(level.snapshot, PECS_CONFLICTS_REFUSE, became);
    FINE(status);
    CHECK(report.added_count == 2 && report.kept_count == 0 && world.summary().entity_count == 4);
    const pecs_entity leader = became[level.pair[0]], follower = became[level.pair[1]];
    CHECK(world.alive(leader) && leader != follower && world.get<Follows>(follower)->target == leader);
    CHECK(world.get<Position>(leader)->x == 1 && world.get<Position>(follower)->x == 2);
    CHECK((became[level.dead] == pecs_entity{} && became[{ 99, 1 }] == pecs_entity{}));
    pecs_entity found;
    FINE(pecs_view_find(world, pecs_id{ { 7 } }, &found));
    CHECK(found == leader);

    const auto refused = world.merge(level.snapshot, PECS_CONFLICTS_REFUSE, became);
    CHECK(refused.status == PECS_E_CONFLICT && world.error()->status == PECS_E_CONFLICT);
    CHECK(refused.report.added_count == 0 && became[level.pair[0]] == leader); // as before
    CHECK(world.merge(level.snapshot).status == PECS_E_CONFLICT);              // the default
    const auto kept = world.merge(level.snapshot, PECS_CONFLICTS_KEEP);
    CHECK(kept.status == PECS_OK && kept.report.kept_count == 2);
    const auto added = world.merge(level.snapshot, PECS_CONFLICTS_NEW_ID, became);
    CHECK(added.status == PECS_OK && added.report.new_id_count == 2 && became[level.pair[0]] != leader);
    const pecs::entity_map moved = std::move(became);
    CHECK(became[level.pair[0]] == pecs_entity{} && world.alive(moved[level.pair[0]]));
    CHECK(world.summary().entity_count == 6);
}

static void check_merges_that_fail(fixture &f)
{
    const level level(f.registry);
    pecs::entity_map became;
    FINE(f.world.merge(level.snapshot, PECS_CONFLICTS_KEEP, became).status);
    const pecs_entity leader = became[level.pair[0]];
    is_memory_out = true;
    CHECK(f.world.merge(level.snapshot, PECS_CONFLICTS_NEW_ID, became).status == PECS_E_MEMORY);
    is_memory_out = false;
    CHECK(f.world.merge(pecs::snapshot(), PECS_CONFLICTS_KEEP, became).status == PECS_E_MISUSE);
    CHECK(f.world.merge(pecs::snapshot()).status == PECS_E_MISUSE);
    CHECK(pecs::world().merge(level.snapshot, PECS_CONFLICTS_KEEP, became).status == PECS_E_MISUSE);
    fixture stranger;
    CHECK(stranger.world.merge(level.snapshot, PECS_CONFLICTS_KEEP, became).status == PECS_E_MISUSE);
    CHECK(became[level.pair[0]] == leader && f.world.summary().entity_count == 2);
}

int main()
{
    return run_parts({
        { "clones", check_clones },
        { "clones of snapshots", check_clones_of_snapshots },
        { "clones that fail", check_clones_that_fail },
        { "merges", check_merges },
        { "merges that fail", check_merges_that_fail },
    });
}
