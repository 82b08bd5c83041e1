// pecs.hpp: each function of it does what its C function does, and owners end what they own, once.
#include "cpp_wrapper_fixture.h"

#include <array>
#include <cstdio>
#include <cstring>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

static_assert(is_owner<pecs::registry> && is_owner<pecs::world> && is_owner<pecs::snapshot> &&
              is_owner<pecs::commands>);
static_assert(is_owner<pecs::query<Position>> && sizeof(pecs::world) == sizeof(void *));
static_assert(!std::is_convertible_v<pecs::error, bool> && std::is_convertible_v<pecs::world &, pecs_view>);
static_assert(pecs::query<Position, const Velocity>::is_written);
static_assert(!pecs::query<const Position, pecs::with<Velocity>, pecs::optional<const Clock>>::is_written);

static void check_errors(fixture &f)
{
    const pecs::error none;
    CHECK(!none && none.status() == PECS_OK && !*none.message() && !none.rule() && !none.offset() && !none.os_error());
    pecs::snapshot snapshot;
    pecs_world *before = f.world.get();
    if (const auto error = f.world.open(f.registry, "/dev/null/x"))
        CHECK(error.status() == PECS_E_IO && error.os_error() != 0 && *error.message() &&
              error.get().status == PECS_E_IO);
    else
        CHECK(!"a file that is not there was opened");
    CHECK(f.world.get() == before); // it keeps what it had
    const auto error = snapshot.load(f.registry, "/dev/null");
    CHECK(error && error.status() != PECS_OK && !snapshot);
    CHECK(f.world.despawn({ 99, 1 }) == PECS_E_DEAD && f.world.error()->status == PECS_E_DEAD);
    CHECK(pecs::world().error() == nullptr);
    CHECK(pecs::world().spawn(Position{}).status == PECS_E_MISUSE);
}

static void check_owners(fixture &f)
{
    pecs::world other;
    CHECK(!other && !other.get());
    CHECK(!other.create(f.registry) && other);
    pecs_world *raw = other.get();
    pecs::world moved(std::move(other));
    CHECK(!other && moved.get() == raw);
    other = std::move(moved);
    CHECK(!moved && other.get() == raw);
    pecs::world &same = other;
    other = std::move(same);
    CHECK(other.get() == raw);
    CHECK(other.release() == raw && !other);
    moved.reset(raw);
    CHECK(moved.get() == raw);
    CHECK(!moved.create(f.registry)); // the old one is destroyed
    const pecs::registry again = f.registry.retain();
    CHECK(again.get() == f.registry.get());
}

static void check_values(fixture &f)
{
    pecs::world &world = f.world;
    const pecs::world &readable = world;
    const auto [status, e] = world.spawn(Position{ 1, 2 }, Frozen{});
    FINE(status);
    CHECK(readable.alive(e) && readable.has<Position>(e) && readable.has<Frozen>(e) && !readable.has<Velocity>(e));
    CHECK(readable.get<Position>(e)->y == 2 && !readable.get<Velocity>(e) &&
          readable.view().get<const Position>(e)->x == 1);
    FINE(world.set(e, Position{ 3, 4 }, Velocity{ 5, 6 }));
    CHECK(world.get<Position>(e)->x == 3 && world.get<Velocity>(e)->y == 6);
    world.get_mut<Velocity>(e)->y = 7;
    CHECK(world.get<Velocity>(e)->y == 7);
    FINE((world.remove<Velocity, Frozen>(e)));
    CHECK(!world.has<Velocity>(e) && !world.has<Frozen>(e) && world.has<Position>(e));
    CHECK(!world.get_mut<Velocity>(e) && world.error()->status == PECS_E_ABSENT);
    FINE((world.add<Frozen, Velocity>(e)));
    CHECK(world.has<Frozen>(e) && world.get<Velocity>(e)->y == 0);
    FINE(world.remove<Frozen>(e));
    FINE(world.set(e, Frozen{}));
    CHECK(world.has<Frozen>(e));
    FINE(world.despawn(e));
    CHECK(!world.alive(e) && !world.get<Position>(e) && world.despawn(e) == PECS_E_DEAD);
    const pecs_entity empty = world.spawn().entity;
    CHECK(world.alive(empty) && empty != e && empty == empty);

    FINE(world.set_singleton(Clock{ 9 }));
    FINE(world.set_singleton(Frozen{}));
    CHECK(readable.has_singleton<Frozen>() && readable.get_singleton<Clock>()->frame == 9);
    world.get_singleton_mut<Clock>()->frame++;
    CHECK(world.view().get_singleton<Clock>()->frame == 10);
    FINE(world.remove_singleton<Clock>());
    CHECK(!world.get_singleton<Clock>() && !world.get_singleton_mut<Clock>());
}

// Contents are given from temporaries and variables, of every class that has data and size.
static void check_contents_given(fixture &f)
{
    pecs::world &world = f.world;
    const std::vector<Point> points = { { 1, 2 }, { 3, 4 } };
    const std::array<unsigned char, 3> picture = { 7, 0, 9 };
    const char text[] = "not all of it";
    const auto [status, e] =
        world.spawn(Path{ pecs::string_of(std::string("a name that std::string allocates, ") + text),
                          pecs::list_of(points), pecs::blob_of(picture) });
    FINE(status);
    const Path *path = world.get<Path>(e);
    CHECK(world.string(path->name) == "a name that std::string allocates, not all of it");
    CHECK(world.list<Point>(path->points).size() == 2 && world.list<Point>(path->points)[1].y == 4);
    CHECK(world.blob(path->picture).size() == 3 && world.blob(path->picture)[2] == 9);
    FINE(world.set(e, Path{ pecs::string_of(std::string_view(text, 3)), pecs::list_of({ Point{ 5, 6 } }), {} }));
    const pecs::heap heap = world.heap();
    path = world.get<Path>(e);
    CHECK(heap.string(path->name) == "not" && heap.blob(path->picture).empty());
    int sum = 0;
    for (const Point &point : heap.list<Point>(path->points))
        sum += point.x + point.y;
    CHECK(sum == 11);
    const pecs::string_of name("a variable");
    const Path variable = { name, {}, {} };
    FINE(world.set(e, variable));
    CHECK(world.string(world.get<Path>(e)->name) == "a variable");
    FINE(pecs_set(world.get(), e, Path, { pecs_string_from(PECS_BYTES("in C", 4)), {}, {} }));
    CHECK(world.string(world.get<Path>(e)->name) == "in C");
    FINE(world.despawn(e));
}

static std::string name_of(const pecs::world &world, pecs_entity entity)
{
    return std::string(world.string(world.get<Path>(entity)->name));
}

// Rows are made before the call, so string_of is gone: what ends with a zero is given by its characters.
static void check_contents_of_rows(fixture &f)
{
    pecs::world &world = f.world;
    const std::vector<std::string> names = { "short", "a name that std::string allocates", "" };
    const char *const words[] = { "one", nullptr };
    char room[] = "room";
    const std::vector<std::vector<Point>> ways = { { { 1, 2 }, { 3, 4 } }, {}, { { 5, 6 } } };
    const std::vector<pecs::list_of> given(ways.begin(), ways.end());
    std::vector<Path> rows;
    for (size_t i = 0; i < names.size(); i++)
        rows.push_back(Path{ pecs::string_of(names[i]), given[i], {} });
    for (const char *word : words)
        rows.push_back(Path{ pecs::string_of(word), {}, {} });
    rows.push_back(Path{ pecs::string_of(room), {}, {} });
    std::vector<pecs_entity> e(rows.size());
    FINE(world.spawn_many(e, rows));
    for (size_t i = 0; i < names.size(); i++)
        CHECK(name_of(world, e[i]) == names[i] &&
              world.list<Point>(world.get<Path>(e[i])->points).size() == ways[i].size());
    CHECK(name_of(world, e[3]) == "one" && name_of(world, e[4]).empty() && name_of(world, e[5]) == "room");
    CHECK(world.list<Point>(world.get<Path>(e[2])->points)[0].y == 6);
    FINE(world.despawn(e.data(), e.size()));
}

// A zero in a std::string is no end: the edit refuses it, whether or not the string_of is still there.
static void check_zeros_in_strings(fixture &f)
{
    pecs::world &world = f.world;
    const std::string cut("cut\0here", 8), last("end\0", 4);
    const std::string_view view = cut;
    const std::vector<Path> rows = { { pecs::string_of(cut), {}, {} }, { pecs::string_of(last), {}, {} } };
    CHECK(world.spawn_many(1, nullptr, rows.data()) == PECS_E_MISUSE);
    CHECK(std::strstr(world.error()->message, "zero byte"));
    CHECK(world.spawn_many(1, nullptr, rows.data() + 1) == PECS_E_MISUSE);
    CHECK(world.spawn(Path{ pecs::string_of(cut), {}, {} }).status == PECS_E_MISUSE);
    CHECK(world.spawn(Path{ pecs::string_of(view), {}, {} }).status == PECS_E_MISUSE);
    const auto [status, e] = world.spawn(Path{ pecs::string_of(view.substr(0, 3)), {}, {} });
    FINE(status);
    CHECK(world.set_contents(e, &Path::name, pecs::string_of(cut)) == PECS_E_MISUSE);
    CHECK(name_of(world, e) == "cut" && world.summary().entity_count == 1);
    FINE(world.despawn(e));
}

// Contents of one member, set and edited in place.
static void check_contents_of_members(fixture &f)
{
    pecs::world &world = f.world;
    const std::vector<Point> points = { { 1, 2 }, { 3, 4 } };
    const char text[] = "not all of it";
    const auto [status, e] = world.spawn(Path{});
    FINE(status);
    FINE(world.set_contents(e, &Path::name, pecs::string_of("set")));
    FINE(world.set_contents(e, &Path::points, pecs::list_of(points.data(), 1)));
    FINE(world.set_contents(e, &Path::picture, pecs::blob_of(text, 3)));
    CHECK(world.string(world.get<Path>(e)->name) == "set");
    CHECK(world.list<Point>(world.get<Path>(e)->points)[0].x == 1 && world.blob(world.get<Path>(e)->picture)[1] == 'o');
    const auto longer = world.edit_list<Point>(e, &Path::points, 3);
    FINE(longer.status);
    CHECK(longer.elements.size() == 3 && longer.elements[0].y == 2 && longer.elements[2].x == 0);
    longer.elements[2].x = 8;
    const auto kept = world.edit_list<Point>(e, &Path::points);
    CHECK(kept.elements.size() == 3 && kept.elements[2].x == 8);
    CHECK(world.edit_list<Point>(e, &Path::points, SIZE_MAX / 4).status != PECS_OK);
    const auto bytes = world.edit_blob(e, &Path::picture);
    CHECK(bytes.status == PECS_OK && bytes.elements.size() == 3 && bytes.elements[0] == 'n');
    CHECK(world.edit_blob({ 99, 1 }, &Path::picture).status == PECS_E_DEAD);
    FINE(world.despawn(e));
}

// Commands record contents, and a copy takes them from one world to another.
static void check_contents_recorded_and_copied(fixture &f)
{
    pecs::world &world = f.world;
    const std::vector<Point> points = { { 1, 2 }, { 3, 4 } };
    const auto [status, e] = world.spawn(Path{});
    FINE(status);
    pecs::commands commands;
    FINE(commands.create(f.registry));
    FINE(commands.set(e, Path{ pecs::string_of(std::string("replaced")), {}, {} }));
    FINE(commands.set_contents(e, &Path::name, pecs::string_of("recorded")));
    FINE(pecs_set_contents(commands.get(), e, Path, points, PECS_BYTES(points.data(), sizeof(Point))));
    FINE(commands.apply(world));
    CHECK(world.string(world.get<Path>(e)->name) == "recorded");
    CHECK(world.list<Point>(world.get<Path>(e)->points).size() == 1);
    pecs::world copied;
    FINE(copied.create(f.registry).status());
    {
        const pecs::copy_of<Path> copy(world, *world.get<Path>(e));
        FINE(copy.status());
        const auto [spawn_status, twin] = copied.spawn(copy.value());
        FINE(spawn_status);
        CHECK(copied.string(copied.get<Path>(twin)->name) == "recorded");
        const pecs::copy_of<Path> again(world, copy.value());
        CHECK(again.status() == PECS_E_INVALID && again.value().name.reference == 0);
    }
    FINE(world.despawn(e));
}

static void check_many(fixture &f)
{
    const Position positions[3] = { { 1, 0 }, { 2, 0 }, { 3, 0 } };
    Velocity velocities[3] = { { 10, 0 }, { 20, 0 }, { 30, 0 } }; // not const
    pecs_entity entities[3];
    const Position *const position_pointer = positions;
    Velocity *velocity_pointer = velocities;
    FINE(f.world.spawn_many(3, entities, position_pointer, velocity_pointer));
    CHECK(f.world.get<Position>(entities[2])->x == 3 && f.world.get<Velocity>(entities[1])->x == 20);
    FINE(f.world.despawn(entities, 3));
    FINE(f.world.spawn_many(3, entities, positions, velocities, Frozen{}));
    CHECK(f.world.get<Position>(entities[2])->x == 3 && f.world.get<Velocity>(entities[1])->x == 20);
    CHECK(f.world.has<Frozen>(entities[0]) && f.world.summary().entity_count == 3);
    FINE((f.world.remove<Velocity, Frozen>(entities[0])));
    FINE(f.world.set_many({ entities[2], entities[0] }, positions, Frozen{}));
    CHECK(f.world.get<Position>(entities[2])->x == 1 && f.world.get<Position>(entities[0])->x == 2);
    CHECK(f.world.has<Frozen>(entities[0]) && !f.world.has<Velocity>(entities[0]));
    FINE(f.world.set_many(entities, velocity_pointer));
    CHECK(f.world.get<Velocity>(entities[0])->x == 10 && f.world.get<Velocity>(entities[2])->x == 30);
    FINE(f.world.despawn(entities, 2));
    CHECK(f.world.summary().entity_count == 1);
    pecs::query<pecs::with<Frozen>> frozen;
    CHECK(!frozen.create(f.registry));
    uint64_t count = 0;
    FINE(f.world.despawn_matching(frozen, &count));
    CHECK(count == 1 && f.world.summary().entity_count == 0);
}

// Containers have a value for each row, arrays at least that.
static void check_many_by_containers(fixture &f)
{
    pecs::world &world = f.world;
    const std::vector<Position> positions = { { 1, 0 }, { 2, 0 }, { 3, 0 } };
    std::array<Velocity, 3> velocities = { { { 4, 0 }, { 5, 0 }, { 6, 0 } } };
    const Clock clocks[] = { { 7 }, { 8 }, { 9 }, { 10 } };
    std::vector<pecs_entity> made(3);
    FINE(world.spawn_many(made, positions, velocities, clocks, Frozen{}));
    CHECK(world.get<Position>(made[2])->x == 3 && world.get<Velocity>(made[1])->x == 5);
    CHECK(world.get<Clock>(made[2])->frame == 9 && world.has<Frozen>(made[0]));
    FINE(world.spawn_many(2, nullptr, pecs::span<const Position>(positions.data(), 2), velocities.data()));
    FINE(world.spawn_many(made, Frozen{}));
    FINE(world.set_many(made, std::vector<Position>(3, { 50, 0 }), clocks));
    CHECK(world.get<Position>(made[2])->x == 50 && world.get<Clock>(made[0])->frame == 7);
    const size_t before = static_cast<size_t>(world.summary().entity_count);
    CHECK(before == 8);
    CHECK(world.spawn_many(2, nullptr, positions) == PECS_E_MISUSE); // more
    CHECK(world.spawn_many(4, nullptr, positions) == PECS_E_MISUSE); // fewer
    CHECK(world.spawn_many(3, nullptr, std::vector<Position>(2), velocities) == PECS_E_MISUSE);
    CHECK(world.spawn_many(5, nullptr, clocks) == PECS_E_MISUSE);
    CHECK(world.set_many({ made[0], made[1] }, positions) == PECS_E_MISUSE);
    CHECK(world.summary().entity_count == before && world.get<Position>(made[0])->x == 50);
    FINE(world.set_many({ made[0], made[1] }, clocks));
    FINE(world.spawn_many(pecs::span<pecs_entity>(), std::vector<Position>()));
    CHECK(world.summary().entity_count == before);
}

static void check_each(fixture &f)
{
    pecs::world &world = f.world;
    const pecs_entity slow = f.make(0, 1), fast = f.make(100, 10);
    const pecs_entity fixed = world.spawn(Position{ 7, 0 }).entity,
                      cold = world.spawn(Position{ 8, 0 }, Frozen{}).entity;
    FINE((world.each<Position, const Velocity>([](Position &p, const Velocity &v) { p.x += v.x; })));
    CHECK(world.get<Position>(slow)->x == 1 && world.get<Position>(fast)->x == 110);

    float sum = 0;
    uint32_t with_velocity = 0, calls = 0;
    const pecs::world &readable = world;
    FINE((readable.each<const Position, pecs::optional<const Velocity>, pecs::without<Frozen>>(
        [&](pecs_entity entity, const Position &p, const Velocity *v) {
            CHECK(readable.get<Position>(entity) == &p && readable.get<Velocity>(entity) == v);
            sum += p.x;
            with_velocity += v != nullptr;
            calls++;
        })));
    CHECK(sum == 118 && with_velocity == 2 && calls == 3);

    FINE((world.each<pecs::optional<Velocity>, const Position>([](Velocity *v, const Position &p) {
        if (v)
            v->y = p.x;
    })));
    CHECK(world.get<Velocity>(fast)->y == 110);
    pecs_entity found = {};
    FINE((world.view().each<pecs::with<Frozen>>([&](pecs_entity entity) { found = entity; })));
    CHECK(found == cold);

    size_t rows = 0;
    FINE((world.each_chunk<Position>([&](const pecs_entity *entities, Position *p, size_t count) {
        CHECK(world.get<Position>(entities[0]) == p);
        rows += count;
    })));
    FINE((readable.each_chunk<const Position>([&](const Position *, size_t count) { rows += count; })));
    FINE((world.view().each_chunk<const Position>([&](const Position *, size_t count) { rows += count; })));
    CHECK(rows == 12 && world.alive(fixed));
}

static void check_queries(fixture &f)
{
    pecs::query<Position, const Velocity> moving;
    pecs::query<const Position> positions;
    CHECK(!moving.create(f.registry) && !positions.create_in(f.world));
    const pecs_entity a = f.make(1, 1), b = f.make(2, 1);
    CHECK(positions.count(f.world) == 2 && positions.first(f.world.view()) == a);
    pecs_entity all[2];
    CHECK(positions.collect(f.world, all, 2) == 2 && all[1] == b);
    const auto move = [](Position &p, const Velocity &v) { p.x += v.x; };
    FINE(moving.each(f.world, move));
    FINE(moving.each_chunk(f.world, [](Position *p, const Velocity *v, size_t count) {
        for (size_t i = 0; i < count; i++)
            p[i].x += v[i].x;
    }));
    CHECK(f.world.get<Position>(b)->x == 4);

    // two workers, begun together; what changed since a tick
    const uint64_t tick = f.world.tick();
    FINE(f.world.advance());
    pecs_iter_options first = {}, second = {}, changed = {};
    first.worker_count = second.worker_count = 2;
    second.worker = 1;
    pecs_iter iters[] = { moving.begin(f.world, first), moving.begin(f.world, second) };
    CHECK(f.world.spawn(Position{}).status == PECS_E_BUSY);
    FINE(moving.each(iters[0], move));
    FINE(moving.each(iters[1], move));
    CHECK(f.world.get<Position>(a)->x == 4 && f.world.get<Position>(b)->x == 5);
    uint32_t calls = 0;
    changed.changed_since = tick;
    FINE(positions.each(
        f.world.view(), [&](const Position &) { calls++; }, changed));
    CHECK(calls == 2);
    changed.changed_since = f.world.tick();
    FINE(positions.each(
        f.world, [&](const Position &) { calls++; }, changed));
    CHECK(calls == 2);

    // reading does not keep a world from being saved; writing does
    FINE(positions.each(f.world, [&](const Position &) { CHECK(pecs::snapshot().take(f.world) == PECS_OK); }));
    FINE(moving.each(f.world,
                     [&](Position &, const Velocity &) { CHECK(pecs::snapshot().take(f.world) == PECS_E_BUSY); }));

    fixture stranger;
    CHECK(moving.each(stranger.world, move) == PECS_E_MISUSE);
}

#ifdef __cpp_exceptions
static void check_exceptions(fixture &f)
{
    f.make(1, 1);
    bool caught = false;
    try {
        FINE(f.world.each<Position>([](Position &) { throw 1; }));
    } catch (int) {
        caught = true;
    }
    CHECK(caught && f.world.spawn(Position{}).status == PECS_OK); // the iteration was ended
}
#else
static void check_exceptions(fixture &)
{
}
#endif

static void check_commands(fixture &f)
{
    pecs::commands commands;
    FINE(commands.create(f.registry));
    const pecs_entity old = f.make(1, 1), dead = f.make(2, 2);
    const auto [status, made] = commands.spawn(Position{ 5, 0 }, Frozen{});
    FINE(status);
    FINE(commands.set(made, Velocity{ 6, 0 }));
    FINE(commands.set(old, Position{ 3, 0 }));
    FINE((commands.add<Frozen, Clock>(old)));
    FINE(commands.remove<Velocity>(old));
    FINE(commands.despawn(dead));
    CHECK(f.world.alive(dead) && !f.world.has<Frozen>(old));
    uint64_t skipped = 7;
    FINE(commands.apply(f.world, &skipped));
    const pecs_entity real = commands.resolve(made);
    CHECK(skipped == 0 && f.world.get<Velocity>(real)->x == 6 && f.world.has<Frozen>(real));
    CHECK(!f.world.alive(dead) && f.world.has<Frozen>(old) && f.world.get<Clock>(old)->frame == 0);
    CHECK(!f.world.has<Velocity>(old) && f.world.get<Position>(old)->x == 3);
    FINE(commands.despawn(old));
    commands.clear();
    FINE(commands.apply(f.world));
    CHECK(f.world.alive(old));
    CHECK(commands.set(made, Position{}) == PECS_E_MISUSE && commands.error()->status == PECS_E_MISUSE);
}

static void check_snapshots(fixture &f)
{
    const pecs_entity e = f.make(1, 1);
    pecs::snapshot snapshot, shared;
    FINE(snapshot.take(f.world));
    const uint64_t hash = f.world.hash();
    f.world.get_mut<Position>(e)->x = 50;
    CHECK(snapshot.get<Position>(e)->x == 1 && snapshot.has<Velocity>(e) && snapshot.hash() == hash);
    CHECK(snapshot.view().get<Position>(e)->x == 1 && f.world.hash() != hash && f.world.copied_bytes() > 0);
    float x = 0;
    FINE(snapshot.each<const Position>([&](const Position &p) { x = p.x; }));
    CHECK(x == 1);
    FINE(f.world.rewind(snapshot));
    CHECK(f.world.hash() == hash);
    const pecs_entity later = f.make(9, 9);
    FINE(f.world.restore(snapshot));
    CHECK(!f.world.alive(later) && f.world.tick() > snapshot.tick());
    pecs::world fork;
    CHECK(!fork.create(f.registry, snapshot) && fork.get<Position>(e)->x == 1);
    CHECK(fork.create(f.registry, pecs::snapshot()).status() == PECS_E_MISUSE); // not an empty world by mistake
    CHECK(fork.get<Position>(e)->x == 1);
    shared = snapshot.retain();
    snapshot.reset();
    CHECK(shared.get<Position>(e)->x == 1);
    uint64_t tick = 0;
    FINE(f.world.advance(&tick));
    CHECK(tick == f.world.tick());
}

static void check_files(fixture &f)
{
    char path[64];
    std::snprintf(path, sizeof(path), "cpp_wrapper.%ld.pecs", static_cast<long>(getpid()));
    const pecs_entity e = f.make(1, 2);
    CHECK(!f.world.save(path));
    pecs::snapshot resumed, loaded, taken;
    CHECK(!resumed.resume(f.registry, path) && !resumed.verify() && !loaded.load(f.registry, path));
    CHECK(resumed.hash() == f.world.hash() && loaded.hash() == f.world.hash());
    pecs::world opened;
    CHECK(!opened.open(f.registry, path) && opened.get<Velocity>(e)->x == 2);
    FINE(opened.despawn(e));
    CHECK(!opened.compact());
    FINE(taken.take(opened));
    CHECK(!taken.save(path));
    CHECK(!loaded.load(f.registry, path) && loaded.summary().entity_count == 0);
    unlink(path);
}

static pecs_status append(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *)
{
    for (size_t i = 0; i < span_count; i++)
        static_cast<std::string *>(user)->append(static_cast<const char *>(spans[i].data), spans[i].size_bytes);
    return PECS_OK;
}

static void check_streams(fixture &f)
{
    const pecs_entity e = f.make(1, 2);
    pecs::snapshot taken, loaded;
    pecs::memory bytes, other;
    FINE(taken.take(f.world));
    CHECK(!bytes && bytes.size() == 0 && !taken.save_memory(bytes) && bytes && bytes.size() > 128);
    CHECK(!loaded.load_memory(f.registry, bytes.data(), bytes.size()) && loaded.get<Velocity>(e)->x == 2);
    other = std::move(bytes);
    CHECK(!bytes && bytes.size() == 0 && other && other.size() > 128);
    pecs::memory moved(std::move(other));
    CHECK(!other && moved.size() > 128);
    CHECK(!taken.save_memory(moved)); /* the memory of before is released */
    std::string text;
    pecs_sink sink = {};
    sink.write = append;
    sink.user = &text;
    CHECK(!taken.save_to(sink) && text.size() == moved.size());
    CHECK(std::memcmp(text.data(), moved.data(), text.size()) == 0);
    const pecs_bytes span = { text.data(), text.size() };
    CHECK(!loaded.load_from(f.registry, pecs_source_for_memory(&span)) && loaded.hash() == f.world.hash());
    text.pop_back();
    const auto error = loaded.load_memory(f.registry, text.data(), text.size());
    CHECK(error && error.status() == PECS_E_CORRUPT && loaded.hash() == f.world.hash());
    pecs::snapshot none;
    CHECK(none.save_memory(moved).status() == PECS_E_MISUSE && moved.size() > 128);
}

// Options of C, passed on by all that saves: velocities are compressed, positions stay as they are.
static void check_compressed(fixture &f)
{
    char path[64];
    std::snprintf(path, sizeof(path), "cpp_wrapper.%ld.pecs", static_cast<long>(getpid()));
    for (int i = 0; i < 1000; i++)
        f.make(1, 2);
    const pecs_component_profile kept = { Position_component, PECS_PROFILE_OFF };
    pecs_save_options options = {};
    options.profile = PECS_PROFILE_SMALL;
    options.component_profiles = &kept;
    options.component_profile_count = 1;
    options.thread_count = 2;
    pecs::snapshot taken, loaded;
    pecs::memory plain, small, again;
    FINE(taken.take(f.world));
    CHECK(!taken.save_memory(plain) && !taken.save_memory(small, options) && !taken.save(path, options));
    CHECK(small.size() < plain.size() - 1000 * sizeof(Velocity) && small.size() > 1000 * sizeof(Position));
    CHECK(!loaded.load_memory(f.registry, small.data(), small.size()) && loaded.hash() == f.world.hash());
    CHECK(!loaded.save_memory(again) && again.size() == plain.size());
    CHECK(std::memcmp(again.data(), plain.data(), plain.size()) == 0);
    CHECK(!f.world.save(path, options) && !loaded.resume(f.registry, path));
    CHECK(loaded.hash() == f.world.hash() && !loaded.verify());
    unlink(path);
}

int main()
{
    CHECK(position_by_other_list() == 42);
    return run_parts({
        { "errors", check_errors },
        { "owners", check_owners },
        { "values", check_values },
        { "many", check_many },
        { "many_by_containers", check_many_by_containers },
        { "contents_given", check_contents_given },
        { "contents_of_rows", check_contents_of_rows },
        { "zeros_in_strings", check_zeros_in_strings },
        { "contents_of_members", check_contents_of_members },
        { "contents_recorded_and_copied", check_contents_recorded_and_copied },
        { "each", check_each },
        { "queries", check_queries },
        { "commands", check_commands },
        { "exceptions", check_exceptions },
        { "snapshots", check_snapshots },
        { "files", check_files },
        { "streams", check_streams },
        { "compressed", check_compressed },
    });
}
