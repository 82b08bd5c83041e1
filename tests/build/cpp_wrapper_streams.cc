// pecs::row_stream and pecs::stream_reader: columns of every class, files and sinks, and how they fail.
#include "cpp_wrapper_fixture.h"

#include <cstring>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

static_assert(is_owner<pecs::row_stream> && sizeof(pecs::row_stream) == sizeof(void *));
static_assert(is_owner<pecs::stream_reader> && sizeof(pecs::stream_reader) == sizeof(void *));

// Two builds of this test may run at one time.
static const std::string own_path = "cpp_wrapper_streams." + std::to_string(getpid());
static const std::string never = own_path + ".never";
static const char *const path = own_path.c_str();

static bool says(const pecs::error &error, pecs_status status, const char *part)
{
    return error.status() == status && std::strstr(error.message(), part);
}

static void fill(pecs::row_stream &stream)
{
    const std::vector<Position> positions = { { 1, 0 }, { 2, 0 }, { 3, 0 } };
    const Velocity velocities[] = { { 4, 0 }, { 5, 0 }, { 6, 0 } };
    const pecs_id ids[] = { { { 1 } }, { { 2 } } };
    pecs_entity made[2];
    CHECK(!stream.add(positions, velocities, Frozen{}));
    CHECK(!stream.add(Path{ pecs::string_of(std::string("a path")), {}, {} }, Follows{ { 5, 1 } }));
    CHECK(!stream.add_numbered(made, ids, pecs::span<const Position>(positions.data(), 2)));
    CHECK(made[0].index == 4 && made[1].index == 5 && made[1].generation == 1);
    CHECK(says(stream.add(positions, pecs::span<const Velocity>(velocities, 2)), PECS_E_MISUSE, "different lengths"));
    CHECK(says(stream.add(pecs_entity{ 9, 1 }, positions[0]), PECS_E_MISUSE, "entities must be NULL"));
    CHECK(!stream.set_singleton(Clock{ 8 }) && !stream.set_singleton(Frozen{}));
    CHECK(!stream.set_meta_text("title", "A level") && !stream.set_meta_bytes("icon", pecs::blob_of("\1\2", 2)));
}

static void write_file(fixture &f)
{
    pecs::row_stream stream;
    pecs_stream_options options = {};
    pecs_save_report report;
    options.skip_sync = true;
    CHECK(!stream.create(f.registry, path, options));
    fill(stream);
    CHECK(!stream.finish(report) && report.entity_count == 6);
    CHECK(stream.finish().status() == PECS_E_MISUSE);
}

static void check_file(fixture &f)
{
    write_file(f);
    pecs::snapshot snapshot;
    CHECK(!snapshot.load(f.registry, path));
    CHECK(snapshot.get<Position>({ 1, 1 })->x == 2 && snapshot.get<Velocity>({ 2, 1 })->x == 6);
    CHECK(snapshot.has<Frozen>({ 0, 1 }) && snapshot.string(snapshot.get<Path>({ 3, 1 })->name) == "a path");
    CHECK(snapshot.get_singleton<Clock>()->frame == 8 && snapshot.has_singleton<Frozen>());
}

static void read_rows(pecs::stream_reader &reader)
{
    pecs::rows rows;
    size_t row_count = 0, frozen_count = 0, id_count = 0;
    float sum = 0;
    std::string name;
    pecs_stream_end end;
    CHECK(says(reader.end(end), PECS_E_MISUSE, "not at the end"));
    while (!reader.next(rows) && rows) {
        row_count += rows.size();
        CHECK(rows.entities().size() == rows.size());
        frozen_count += rows.has<Frozen>() ? rows.size() : 0;
        id_count += rows.ids().size();
        for (const Position &position : rows.column<Position>())
            sum += position.x;
        for (const Path &path_of_row : rows.column<Path>())
            name = pecs::rows::string(path_of_row.name);
        CHECK(rows.has<Velocity>() == !rows.column<Velocity>().empty());
    }
    CHECK(!rows && row_count == 6 && frozen_count == 3 && id_count == 2 && sum == 9 && name == "a path");
    CHECK(!reader.end(end) && end.entity_count == 6 && end.singleton_count == 2 && end.metadata_count == 2);
}

static void check_readers(fixture &f)
{
    write_file(f);
    pecs::stream_reader reader, moved;
    CHECK(!reader.open(f.registry, path));
    moved = std::move(reader);
    CHECK(!reader && moved);
    read_rows(moved);
    CHECK(moved.open(f.registry, "nowhere.pecs").status() == PECS_E_IO && moved);
}

static pecs_status append(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *)
{
    for (size_t i = 0; i < span_count; i++)
        static_cast<std::string *>(user)->append(static_cast<const char *>(spans[i].data), spans[i].size_bytes);
    return PECS_OK;
}

// Rows in a vector, which are made from strings and lists that live until the call.
static void check_rows_of_contents(fixture &f)
{
    const std::vector<std::string> names = { "ada", "a name that std::string allocates" };
    const std::vector<std::vector<Point>> ways = { { { 1, 2 } }, { { 3, 4 }, { 5, 6 } } };
    const std::vector<pecs::list_of> given(ways.begin(), ways.end());
    std::vector<Path> paths;
    for (size_t i = 0; i < names.size(); i++)
        paths.push_back(Path{ pecs::string_of(names[i]), given[i], {} });
    pecs::row_stream stream;
    CHECK(!stream.create(f.registry, path) && !stream.add(paths));
    paths[1].name = pecs::string_of(std::string("cut\0here", 8)); // the characters are gone, and are never read
    CHECK(says(stream.add(paths), PECS_E_MISUSE, "zero byte"));
    CHECK(!stream.finish());
    pecs::snapshot snapshot;
    CHECK(!snapshot.load(f.registry, path) && snapshot.summary().entity_count == 2);
    for (uint32_t i = 0; i < 2; i++)
        CHECK(snapshot.string(snapshot.get<Path>({ i, 1 })->name) == names[i]);
    CHECK(snapshot.list<Point>(snapshot.get<Path>({ 1, 1 })->points)[1].x == 5);
}

// Through a sink, and back by a source.
static void check_sinks(fixture &f)
{
    std::string bytes;
    pecs_sink sink = {};
    sink.write = append;
    sink.user = &bytes;
    pecs::row_stream stream;
    CHECK(!stream.create_to(f.registry, sink));
    fill(stream);
    CHECK(!stream.finish());
    const pecs_bytes memory = { bytes.data(), bytes.size() };
    pecs::stream_reader reader;
    CHECK(!reader.open_from(f.registry, pecs_source_for_memory(&memory)));
    read_rows(reader);
    const pecs_bytes cut = { bytes.data(), bytes.size() - 1 };
    pecs::rows rows;
    CHECK(!reader.open_from(f.registry, pecs_source_for_memory(&cut)));
    while (!reader.next(rows) && rows)
        ;
    CHECK(reader.next(rows).status() == PECS_E_MISUSE);
}

static void check_failures(fixture &f)
{
    pecs::row_stream stream;
    CHECK(stream.create(f.registry, "nowhere/file.pecs").status() == PECS_E_IO && !stream);
    CHECK(stream.add(Position{ 1, 2 }).status() == PECS_E_MISUSE && stream.finish().status() == PECS_E_MISUSE);
    CHECK(!stream.create(f.registry, never.c_str()) && !stream.add(Follows{ { 7, 1 } }));
    CHECK(says(stream.finish(), PECS_E_INVALID, "refers to row 7"));
    stream.reset();
    CHECK(access(never.c_str(), F_OK) != 0);
    unlink(path);
}

int main()
{
    return run_parts({
        { "file", check_file },
        { "readers", check_readers },
        { "rows_of_contents", check_rows_of_contents },
        { "sinks", check_sinks },
        { "failures", check_failures },
    });
}
