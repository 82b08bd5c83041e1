// pecs::builder: columns of every class, handles and ids, what belongs to no entity, and how it fails.
#include "cpp_wrapper_fixture.h"

#include <array>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

static_assert(is_owner<pecs::builder> && sizeof(pecs::builder) == sizeof(void *));

static pecs::builder make_builder(fixture &f)
{
    pecs::builder builder;
    CHECK(!builder.create(f.registry));
    return builder;
}

static bool says(const pecs::error &error, pecs_status status, const char *part)
{
    return error.status() == status && std::strstr(error.message(), part);
}

// Arrays, containers, spans and tags; handles and ids of the program, in any order.
static void check_columns(fixture &f)
{
    pecs::builder builder = make_builder(f);
    const std::vector<pecs_entity> handles = { { 7, 1 }, { 3, 2 }, { 12, 1 } };
    const Position positions[] = { { 1, 0 }, { 2, 0 }, { 3, 0 } };
    std::array<Velocity, 3> velocities = { { { 4, 0 }, { 5, 0 }, { 6, 0 } } };
    std::vector<Follows> follows = { { handles[1] }, { handles[2] }, { handles[0] } };
    const std::array<pecs_id, 3> ids = { { { { 1 } }, { { 2 } }, { { 3 } } } };
    CHECK(!builder.add(handles, positions, velocities, Frozen{}, pecs::span<Follows>(follows.data(), 3)));
    const pecs_entity more[] = { { 20, 5 }, { 21, 5 }, { 22, 5 } };
    CHECK(!builder.add(pecs::span<const Position>(positions, 3), ids, more));
    CHECK(!builder.add(std::vector<pecs_entity>{}, std::vector<Position>{}));

    pecs::snapshot snapshot;
    CHECK(!builder.finish(snapshot) && snapshot.summary().entity_count == 6);
    CHECK(snapshot.get<Position>(handles[1])->x == 2 && snapshot.get<Velocity>(handles[2])->x == 6);
    CHECK(snapshot.has<Frozen>(handles[0]) && snapshot.get<Follows>(handles[2])->target == handles[0]);
    CHECK(snapshot.get<Position>(more[2])->x == 3 && !snapshot.has<Frozen>(more[0]));
    pecs_entity found;
    FINE(pecs_view_find(snapshot, ids[1], &found));
    CHECK(found == more[1]);
    pecs::world world;
    CHECK(!world.create(f.registry, snapshot) && world.get<Position>(handles[1])->x == 2);
}

// One row of values, also with a handle and an id.
static void check_values(fixture &f)
{
    pecs::builder builder = make_builder(f);
    const pecs_entity dog = { 4, 1 }, master = { 6, 3 }, marked = { 8, 1 };
    const Position place = { 1, 2 };
    CHECK(!builder.add(dog, Follows{ master }, place));
    CHECK(!builder.add(Path{ pecs::string_of(std::string("a path")), {}, {} }, master, pecs_id{ { 9 } }));
    CHECK(!builder.add(marked, Frozen{}) && !builder.add(pecs_entity{ 9, 1 }));
    pecs::snapshot snapshot;
    CHECK(!builder.finish(snapshot) && snapshot.get<Follows>(dog)->target == master);
    CHECK(snapshot.get<Position>(dog)->y == 2 && snapshot.string(snapshot.get<Path>(master)->name) == "a path");
    CHECK(snapshot.has<Frozen>(marked) && snapshot.alive({ 9, 1 }) && snapshot.summary().entity_count == 4);
    pecs_id id;
    FINE(pecs_view_id(snapshot, master, &id));
    CHECK(id.bytes[0] == 9);
}

// Rows without handles are numbered.
static void check_numbered(fixture &f)
{
    pecs::builder builder;
    pecs_builder_options options = {};
    options.tick = 77;
    CHECK(!builder.create(f.registry, options));
    CHECK(!builder.add(Position{ 1, 0 }) && !builder.add(Frozen{}) && !builder.add());
    std::vector<pecs_entity> made(2);
    const Position positions[] = { { 5, 0 }, { 6, 0 } };
    CHECK(!builder.add_numbered(made, positions, std::array<Velocity, 2>{}));
    pecs_entity tagged[3];
    CHECK(!builder.add_numbered(tagged, Frozen{}));
    CHECK(made[0].index == 3 && made[1].index == 4 && tagged[2].index == 7 && tagged[2].generation == 1);
    pecs::snapshot snapshot;
    CHECK(!builder.finish(snapshot) && snapshot.get<Position>(made[1])->x == 6 && snapshot.tick() == 77);
    CHECK(snapshot.get<Position>({ 0, 1 })->x == 1 && snapshot.has<Frozen>({ 1, 1 }) && snapshot.alive({ 2, 1 }));
    CHECK(snapshot.has<Frozen>(tagged[0]) && snapshot.summary().entity_count == 8);
}

static std::string id_of(const pecs::snapshot &snapshot, pecs_entity entity)
{
    char text[PECS_ID_TEXT_BYTES];
    pecs_id id;
    FINE(pecs_view_id(snapshot, entity, &id));
    pecs_id_format(id, text);
    return text;
}

// Birth ids are of the session that was set last.
static void check_sessions(fixture &f)
{
    pecs::builder builder;
    pecs_builder_options options = {};
    options.session_nonce = 5;
    CHECK(!builder.create(f.registry, options));
    const pecs_entity first = { 0, 1 }, second = { 1, 1 }, third = { 2, 1 };
    CHECK(!builder.add(first, Frozen{}) && !builder.set_session(7) && !builder.add(second, Frozen{}));
    CHECK(!builder.set_session(0) && !builder.add(third, Frozen{}));
    pecs::snapshot snapshot;
    CHECK(!builder.finish(snapshot));
    CHECK(id_of(snapshot, first) == "00000000-0000-8005-8000-000100000000");
    CHECK(id_of(snapshot, second) == "00000000-0000-8007-8000-000100000001");
    CHECK(id_of(snapshot, third) == "00000000-0000-8005-8000-000100000002");
    CHECK(pecs::builder().set_session(1).status() == PECS_E_MISUSE);
}

static void check_parts(fixture &f)
{
    pecs::builder builder = make_builder(f);
    const std::vector<uint16_t> heights = { 1, 2, 3 };
    const std::array<pecs_entity, 1> dead = { { { 5, 9 } } };
    CHECK(!builder.add_dead({ { 2, 3 }, { 3, 1 } }) && !builder.add_dead(dead));
    CHECK(!builder.set_singleton(Clock{ 8 }) && !builder.set_singleton(Frozen{}));
    CHECK(!builder.set_meta_text("title", "A level") && !builder.set_meta_bytes("icon", pecs::blob_of("\1\2", 2)));
    CHECK(!builder.attach("terrain", pecs::blob_of(heights)));
    pecs::snapshot snapshot;
    CHECK(!builder.finish(snapshot) && snapshot.summary().slot_count == 6 && snapshot.summary().entity_count == 0);
    CHECK((pecs_view_slot(snapshot, 2) == pecs_entity{ 2, 3 } && pecs_view_slot(snapshot, 5) == dead[0]));
    CHECK(snapshot.get_singleton<Clock>()->frame == 8 && snapshot.has_singleton<Frozen>());
    pecs_meta meta;
    FINE(pecs_view_meta(snapshot, "title", &meta));
    CHECK(meta.kind == PECS_META_TEXT && std::strcmp(static_cast<const char *>(meta.value), "A level") == 0);
    FINE(pecs_view_meta(snapshot, "icon", &meta));
    CHECK(meta.kind == PECS_META_BYTES && meta.size_bytes == 2 && std::memcmp(meta.value, "\1\2", 2) == 0);
    pecs_attachment terrain;
    FINE(pecs_view_attachment(snapshot, "terrain", &terrain));
    CHECK(terrain.size_bytes == 6 && std::memcmp(terrain.data, heights.data(), 6) == 0);
}

static void check_failures(fixture &f)
{
    pecs::builder builder = make_builder(f);
    const std::vector<Position> two(2);
    const std::array<Velocity, 3> three = {};
    const pecs_entity handles[] = { { 1, 1 }, { 2, 1 } };
    std::array<pecs_entity, 3> made = {};
    CHECK(says(builder.add(two, three), PECS_E_MISUSE, "different lengths"));
    CHECK(says(builder.add(pecs_entity{ 1, 1 }, two), PECS_E_MISUSE, "different lengths"));
    CHECK(says(builder.add(handles, two, pecs_id{ { 1 } }), PECS_E_MISUSE, "different lengths"));
    CHECK(says(builder.add(handles, handles, two), PECS_E_MISUSE, "handles are given twice"));
    CHECK(says(builder.add(pecs_id{ { 1 } }, pecs_id{ { 1 } }), PECS_E_MISUSE, "ids are given twice"));
    CHECK(says(builder.add_numbered(made, two), PECS_E_MISUSE, "different lengths"));
    CHECK(builder.add(two, two).status() == PECS_E_MISUSE); // a component twice
    CHECK(says(builder.add(pecs_entity{ 1, 0 }, Position{}), PECS_E_MISUSE, "{Position}, row 0"));
    CHECK(!builder.add(handles, two));
    CHECK(says(builder.add_numbered(made, three), PECS_E_MISUSE, "or none") && made[0] == pecs_entity{});
    CHECK(builder.add_dead({ { 1, 0 } }).status() == PECS_E_MISUSE);
    CHECK(builder.set_meta_text("pecs.mine", "").status() == PECS_E_MISUSE);
    CHECK(builder.set_meta_bytes("", pecs::blob_of("", 0)).status() == PECS_E_MISUSE);
    CHECK(builder.attach("pecs.mine", pecs::blob_of("", 0)).status() == PECS_E_MISUSE);
    CHECK(builder.set_singleton(Path{ { 8 }, {}, {} }).status() == PECS_E_MISUSE); // no contents

    pecs::snapshot snapshot;
    CHECK(!builder.add_dead({ handles[1] }));
    CHECK(says(builder.finish(snapshot), PECS_E_CONFLICT, "2:1") && !snapshot);
    pecs::builder other = make_builder(f);
    CHECK(!other.add(Position{}) && !other.finish(snapshot) && snapshot);
    const pecs_snapshot *before = snapshot.get();
    CHECK(says(other.finish(snapshot), PECS_E_MISUSE, "finished") && snapshot.get() == before); // it keeps what it had
    CHECK(other.add(Position{}).status() == PECS_E_MISUSE);
    CHECK(builder.create(pecs::registry()).status() == PECS_E_MISUSE && builder);
    CHECK(pecs::builder().add(Position{}).status() == PECS_E_MISUSE);
    CHECK(pecs::builder().finish(snapshot).status() == PECS_E_MISUSE && snapshot.get() == before);
    other = std::move(builder);
    CHECK(!builder && other);
}

// pecs::manager: saves and loads by plugins, also to and from memory, and how it fails.
static void check_managers(fixture &f)
{
    const char *path = "cpp_wrapper_manager.pecs";
    pecs::manager manager;
    pecs::snapshot from, to;
    FINE(f.world.spawn(Position{ 3, 4 }).status);
    FINE(from.take(f.world));
    CHECK(manager.save(from, path).status() == PECS_E_MISUSE && !manager.find("pecs") && !manager.last().plugin);
    CHECK(!manager.create() && !manager.add(*pecs_binary_plugin()) && manager.find("pecs") == pecs_binary_plugin());
    CHECK(manager.add(*pecs_binary_plugin()).status() == PECS_E_CONFLICT && !manager.set_default("pecs"));
    CHECK(!manager.save(from, path) && !manager.load(f.registry, path, to));
    pecs::snapshot later;
    FINE(f.world.spawn(Position{ 5, 6 }).status);
    FINE(later.take(f.world));
    CHECK(!manager.update(from, later, path) && manager.last().entity_count == 2 && !manager.save(from, path));
    CHECK(manager.update(from, pecs::snapshot(), path).status() == PECS_E_MISUSE);
    CHECK(!manager.load(f.registry, path, to));
    CHECK(manager.last().entity_count == 1 && pecs_view_hash(to) == pecs_view_hash(from));
    std::vector<char> file;
    pecs_sink sink = {};
    sink.user = &file;
    sink.write = [](void *user, const pecs_bytes *spans, size_t count, pecs_error *) {
        auto &bytes = *static_cast<std::vector<char> *>(user);
        for (size_t i = 0; i < count; i++) {
            const char *data = static_cast<const char *>(spans[i].data);
            bytes.insert(bytes.end(), data, data + spans[i].size_bytes);
        }
        return PECS_OK;
    };
    CHECK(!manager.save_to(from, sink));
    const pecs_bytes memory = { file.data(), file.size() };
    to.reset();
    CHECK(!manager.load_from(f.registry, pecs_source_for_memory(&memory), to) && to);
    const pecs_snapshot *before = to.get();
    CHECK(says(manager.load(f.registry, "absent.pecs", to), PECS_E_IO, "absent.pecs") && to.get() == before);
    CHECK(!manager.remove("pecs") && manager.remove("pecs").status() == PECS_E_ABSENT);
    std::remove(path);
}

static_assert(is_owner<pecs::manager> && sizeof(pecs::manager) == sizeof(void *));

int main()
{
    CHECK(built_by_other_list() == 42);
    return run_parts({
        { "columns", check_columns },
        { "values", check_values },
        { "numbered", check_numbered },
        { "sessions", check_sessions },
        { "parts", check_parts },
        { "failures", check_failures },
        { "managers", check_managers },
    });
}
