/*
 * What a file says of itself without being loaded, and that this takes a few pages; and the progress of save and load,
 * which the caller can stop. pread comes before the C library's, so that bytes read are counted.
 */
#define _GNU_SOURCE
#include "file_fixture.h"
#include "format_patches.h"
#include "hash.h"

#include <fcntl.h>
#include <sys/syscall.h>

TestSuite(info, .init = enter_folder, .fini = leave_folder);
TestSuite(progress, .init = enter_folder, .fini = leave_folder);

static uint64_t bytes_read;

ssize_t pread(int descriptor, void *bytes, size_t size_bytes, off_t offset)
{
    bytes_read += size_bytes;
    return syscall(SYS_pread64, descriptor, bytes, size_bytes, offset);
}

static pecs_info *info_of(const char *path)
{
    pecs_info *info = NULL;
    pecs_error error;
    cr_assert_eq(pecs_file_info(path, &counting_hooks, NULL, &info, &error), PECS_OK, "%s %s",
                 error.rule ? error.rule : "", error.message);
    return info;
}

/* The place of a type in the information, by its id. */
static size_t place_of(const pecs_info *info, pecs_id id)
{
    for (size_t i = 0; i < info->type_count; i++)
        if (memcmp(&info->types[i]->id, &id, sizeof(id)) == 0)
            return i;
    cr_assert_fail("a type is missing");
    return SIZE_MAX;
}

static void check_table(const pecs_info *info, size_t number, pecs_view view)
{
    pecs_table table;
    cr_assert(pecs_view_table(view, number, &table));
    cr_assert_eq(info->tables[number].row_count, table.row_count);
    cr_assert_eq(info->tables[number].is_singletons, table.is_singletons);
    cr_assert_eq(info->tables[number].component_count, table.component_count);
    for (size_t i = 0; i < table.component_count; i++) {
        const pecs_component place = (pecs_component)place_of(info, pecs_view_type_id(view, table.components[i]));
        bool found = false;
        for (size_t j = 0; j < table.component_count; j++)
            found = found || info->tables[number].components[j] == place;
        cr_assert(found);
        cr_assert(i == 0 || info->tables[number].components[i - 1] < info->tables[number].components[i], "ascending");
    }
}

/* Everything is as in the view that the file was saved from. */
static void check_info(const pecs_info *info, const char *path, pecs_view view)
{
    const pecs_summary summary = summary_of(view);
    struct file_bytes file = read_bytes(path);
    cr_assert_eq(info->size_bytes, file.size);
    free(file.bytes);
    cr_assert_eq(info->format_version, 1);
    cr_assert_eq(info->optional_features, 0);
    cr_assert_eq(info->entity_count, summary.entity_count);
    cr_assert_eq(info->slot_count, summary.slot_count);
    cr_assert_eq(info->free_count, summary.free_count);
    cr_assert_eq(info->tick, summary.tick);
    cr_assert_eq(info->table_count, summary.table_count);
    for (size_t i = 0; i < info->table_count; i++)
        check_table(info, i, view);
    for (size_t i = 0; i < info->type_count; i++) {
        pecs_component component;
        cr_assert_eq(pecs_view_component_by_id(view, info->types[i]->id, &component), PECS_OK);
        const pecs_type *type = pecs_view_type(view, component);
        cr_assert_str_eq(info->types[i]->name, type->name);
        cr_assert_eq(info->types[i]->size, type->size);
        cr_assert_eq(info->types[i]->align, type->align);
        cr_assert_eq(info->types[i]->version, type->version);
        cr_assert_eq(info->types[i]->field_count, type->field_count);
        for (uint32_t j = 0; j < type->field_count; j++)
            cr_assert_str_eq(info->types[i]->fields[j].name, type->fields[j].name);
        cr_assert(i == 0 || memcmp(&info->types[i - 1]->id, &info->types[i]->id, sizeof(pecs_id)) < 0);
    }
    cr_assert_eq(info->metadata_count, pecs_view_meta_count(view));
    for (size_t i = 0; i < info->metadata_count; i++) {
        pecs_meta meta;
        cr_assert(pecs_view_meta_at(view, i, &meta));
        cr_assert_str_eq(info->metadata[i].key, meta.key);
        cr_assert_eq(info->metadata[i].kind, meta.kind);
        cr_assert_eq(info->metadata[i].size_bytes, meta.size_bytes);
        cr_assert_eq(memcmp(info->metadata[i].value, meta.value, meta.size_bytes + 1), 0);
    }
}

/* Rows of several tables, free slots, singletons, a table without rows, metadata. */
static void populate(pecs_world *world)
{
    static pecs_entity entities[5000];
    must(pecs_world_spawn(world, (pecs_value[]){ { POSITION, sizeof(Position), NULL }, PECS_HAS_AS(FROZEN) }, 2, 5000,
                          entities) == PECS_OK);
    must(pecs_world_despawn(world, entities + 100, 50) == PECS_OK);
    const pecs_entity linked = spawn_one(world, (pecs_value[]){ { LINK, sizeof(Link), NULL } }, 1);
    must(pecs_world_set(world, linked, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 1) }, 1) == PECS_OK);
    must(pecs_world_set_singleton(world, HEALTH, sizeof(Health), &(Health){ 1, 2 }) == PECS_OK);
    must(pecs_world_set_singleton(world, TEAM, 1, &(Team){ 2 }) == PECS_OK);
    must(pecs_world_set_meta_text(world, "title", "x") == PECS_OK);
    must(pecs_world_set_meta_bytes(world, "picture", "\0\1\2", 3) == PECS_OK);
    must(pecs_world_advance(world, NULL) == PECS_OK);
    must(pecs_world_advance(world, NULL) == PECS_OK);
}

static void free_info(pecs_info *info, uint64_t live_bytes)
{
    pecs_info_destroy(info);
    cr_assert_eq(counting.live_bytes, live_bytes, "the information is all that it took");
}

Test(info, it_is_as_the_world_that_was_saved)
{
    pecs_registry *registry = counting_registry();
    pecs_world *world = make_world(registry, NULL);
    populate(world);
    pecs_error error;
    cr_assert_eq(pecs_world_save(world, "world.pecs",
                                 &(pecs_save_options){ .wall_clock_ns = 1234567, .skip_sync = true }, &error),
                 PECS_OK);
    const uint64_t live_bytes = counting.live_bytes;
    pecs_info *info = info_of("world.pecs");
    check_info(info, "world.pecs", pecs_world_view(world));
    cr_assert_eq(info->wall_clock_ns, 1234567);
    cr_assert_eq(info->session_count, 1);
    cr_assert_eq(info->entity_count, 4951);
    cr_assert_eq(info->tick, 3);
    cr_assert_eq(info->type_count, 5);
    const pecs_id zero = { { 0 } };
    cr_assert_eq(memcmp(&info->parent_id, &zero, sizeof(zero)), 0);
    struct file_image image = read_image("world.pecs");
    const uint8_t *id = image.bytes + image.commit + offsetof(struct commit_header, snapshot_id);
    cr_assert_eq(memcmp(&info->snapshot_id, id, sizeof(pecs_id)), 0);
    free_image(&image);
    free_info(info, live_bytes);
    /* without an allocator, and after the file is gone */
    cr_assert_eq(pecs_file_info("world.pecs", NULL, NULL, &info, NULL), PECS_OK);
    const struct file_bytes file = read_bytes("world.pecs");
    unlink("world.pecs");
    write_bytes("copy.pecs", file.bytes, file.size);
    check_info(info, "copy.pecs", pecs_world_view(world));
    free(file.bytes);
    pecs_info_destroy(info);
    pecs_info_destroy(NULL);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

Test(info, of_worlds_of_every_sort)
{
    static const size_t type_counts[] = { 0, 1, 0, 6 };
    pecs_registry *registry = counting_registry();
    for (int sort = 0; sort < 4; sort++) {
        pecs_world *world = make_world(registry, NULL);
        if (sort == 1) { /* tables, but no entity */
            const pecs_entity entity = spawn_position(world, 1);
            cr_assert_eq(pecs_world_despawn(world, &entity, 1), PECS_OK);
        } else if (sort == 2) { /* entities without components */
            cr_assert_eq(pecs_world_spawn(world, NULL, 0, 3, NULL), PECS_OK);
        } else if (sort == 3) { /* explicit ids */
            populate(world);
            for (uint32_t i = 0; i < 20; i++)
                cr_assert_eq(pecs_world_set_id(world, (pecs_entity){ i, 1 }, (pecs_id){ { 1, (uint8_t)(i + 1) } }),
                             PECS_OK);
        }
        save_world(world, "world.pecs");
        const uint64_t live_bytes = counting.live_bytes;
        pecs_info *info = info_of("world.pecs");
        check_info(info, "world.pecs", pecs_world_view(world));
        cr_assert_eq(info->type_count, type_counts[sort]);
        cr_assert_eq(info->wall_clock_ns, 0);
        free_info(info, live_bytes);
        pecs_world_destroy(world);
    }
    pecs_registry_release(registry);
    assert_no_leak();
}

/* Saved by a program that knows two of five types. */
Test(info, of_a_file_with_types_that_its_program_lacked)
{
    static const pecs_type *const two_types[] = { &Team_type, &Link_type };
    pecs_registry *registry = counting_registry(), *two = make_registry(two_types, 2, counting_hooks);
    pecs_world *world = make_world(registry, NULL);
    populate(world);
    save_world(world, "world.pecs");
    pecs_world_destroy(world);
    world = open_world(two, RESUME, "world.pecs");
    spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(0, Team, 1) }, 1);
    save_world(world, "two.pecs");
    pecs_info *info = info_of("two.pecs");
    check_info(info, "two.pecs", pecs_world_view(world));
    cr_assert_eq(info->session_count, 2);
    pecs_info_destroy(info);
    pecs_world_destroy(world);
    pecs_registry_release(two);
    pecs_registry_release(registry);
    assert_no_leak();
}

/* The data may be anything: nothing of it is read. */
Test(info, it_reads_a_few_pages)
{
    enum { ROWS = 300000 };
    pecs_registry *registry = counting_registry();
    save_rows(registry, ROWS, "world.pecs");
    bytes_read = 0;
    pecs_info_destroy(info_of("world.pecs"));
    /* 4 bytes for each 4,096 slots, and types and tables */
    cr_assert_lt(bytes_read, 4096);
    struct file_image image = read_image("world.pecs");
    cr_assert_gt(image.data_end - image.data, ROWS * UINT64_C(36) - 1);
    memset(image.bytes + image.data, 0xa5, image.data_end - image.data);
    memset(image.bytes + image.prologue, 0xa5, image.data - image.prologue);
    write_image(&image, "garbage.pecs");
    free_image(&image);
    pecs_info *info = info_of("garbage.pecs");
    cr_assert_eq(info->entity_count, ROWS);
    cr_assert_eq(info->tables[0].row_count, ROWS);
    cr_assert_str_eq(info->types[0]->name, "Position");
    pecs_info_destroy(info);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_snapshot *snapshot = NULL;
        pecs_error error;
        cr_assert_eq(verbs[verb](registry, "garbage.pecs", NULL, &snapshot, &error), PECS_E_CORRUPT);
    }
    pecs_registry_release(registry);
    assert_no_leak();
}

static void assert_refused(const char *path, const pecs_info_options *options, pecs_status expected, const char *rule)
{
    pecs_info *info = (pecs_info *)&bytes_read;
    pecs_error error = { .status = PECS_OK };
    cr_assert_eq(pecs_file_info(path, &counting_hooks, options, &info, &error), expected, "%s: %s", path,
                 error.message);
    cr_assert_eq(error.status, expected);
    cr_assert_eq(info, (pecs_info *)&bytes_read, "outputs are written on success only");
    if (rule)
        cr_assert_str_eq(error.rule, rule);
    assert_no_leak();
}

Test(info, what_is_refused)
{
    static const char letter[] =
        "This is a letter, and not a world. It is long enough to have room for header and footer, "
        "though there are none in it, but only these words.";
    pecs_registry *registry = make_registry(fixture_types, FIXTURE_TYPE_COUNT, system_memory);
    save_rows(registry, 100, "world.pecs");
    pecs_registry_release(registry);
    const struct file_bytes file = read_bytes("world.pecs");
    write_bytes("empty.pecs", "", 0);
    write_bytes("foreign.pecs", letter, sizeof(letter));
    assert_refused("missing.pecs", NULL, PECS_E_IO, NULL);
    assert_refused(".", NULL, PECS_E_IO, NULL);
    assert_refused("empty.pecs", NULL, PECS_E_CORRUPT, "FILE-2");
    assert_refused("foreign.pecs", NULL, PECS_E_CORRUPT, "HEADER-1");
    const size_t sizes[] = { 1, 64, 127, 128, 4096, 5000, 8192, file.size - 64, file.size - 1 };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        write_bytes("cut.pecs", file.bytes, sizes[i]);
        assert_refused("cut.pecs", NULL, PECS_E_CORRUPT, sizes[i] < 128 ? "FILE-2" : "FOOTER-1");
    }
    assert_refused("world.pecs", &(pecs_info_options){ .limits.max_bytes = file.size - 1 }, PECS_E_LIMIT, NULL);
    assert_refused("world.pecs", &(pecs_info_options){ .limits.max_entities = 99 }, PECS_E_LIMIT, NULL);
    pecs_info *info = NULL;
    const pecs_info_options enough = { .limits.max_bytes = file.size, .limits.max_entities = 100 };
    cr_assert_eq(pecs_file_info("world.pecs", &counting_hooks, &enough, &info, NULL), PECS_OK,
                 "what does not count of the options does not");
    pecs_info_destroy(info);
    free(file.bytes);
    pecs_error error;
    cr_assert_eq(pecs_file_info(NULL, NULL, NULL, &info, &error), PECS_E_MISUSE);
    cr_assert_eq(pecs_file_info("world.pecs", NULL, NULL, NULL, &error), PECS_E_MISUSE);
    const pecs_allocator half = { counting_allocate, NULL, &counting };
    cr_assert_eq(pecs_file_info("world.pecs", &half, NULL, &info, &error), PECS_E_MISUSE);
}

/* A few pages on the disk, and a footer that speaks of gigabytes: refused before memory is taken for them. */
Test(info, a_commit_that_is_said_to_be_huge)
{
    enum { FOOTER = 1 << 30 };
    uint8_t header[64] = { 0 }, footer[64] = { 0 };
    struct file_image image = { .bytes = header, .size = sizeof(header) };
    memcpy(header, "PECS", 4);
    put32(&image, 4, 1);
    put64(&image, 56, hash64(header, 56));
    image.bytes = footer;
    memcpy(footer, "PECSFOOT", 8);
    put64(&image, 8, FOOTER);
    put64(&image, 16, 64);
    put64(&image, 24, FOOTER - 64);
    put64(&image, 56, hash64(footer, 56));
    const int file = open("huge.pecs", O_WRONLY | O_CREAT, 0600);
    cr_assert_eq(pwrite(file, header, sizeof(header), 0), (ssize_t)sizeof(header));
    cr_assert_eq(pwrite(file, footer, sizeof(footer), FOOTER), (ssize_t)sizeof(footer));
    close(file);
    bytes_read = 0;
    assert_refused("huge.pecs", NULL, PECS_E_LIMIT, NULL);
    cr_assert_lt(bytes_read, 1024);
    const pecs_info_options options = { .max_info_bytes = 1000 };
    pecs_registry *registry = make_registry(fixture_types, FIXTURE_TYPE_COUNT, system_memory);
    save_rows(registry, 100, "world.pecs");
    pecs_registry_release(registry);
    assert_refused("world.pecs", &(pecs_info_options){ .max_info_bytes = 100 }, PECS_E_LIMIT, NULL);
    pecs_info *info;
    cr_assert_eq(pecs_file_info("world.pecs", NULL, &options, &info, NULL), PECS_OK);
    pecs_info_destroy(info);
}

/* What belongs to the file counts like what is in the commit. */
Test(info, metadata_of_the_file_counts)
{
    static const uint8_t picture[100000];
    const pecs_meta entry = { "picture", PECS_META_BYTES, picture, sizeof(picture) };
    const pecs_save_options save = { .skip_sync = true, .metadata = &entry, .metadata_count = 1 };
    pecs_registry *registry = make_registry(fixture_types, FIXTURE_TYPE_COUNT, system_memory);
    pecs_world *world;
    pecs_info *info;
    cr_assert_eq(pecs_world_create(registry, NULL, NULL, &world, NULL), PECS_OK);
    cr_assert_eq(pecs_world_save(world, "world.pecs", &save, NULL), PECS_OK);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_refused("world.pecs", &(pecs_info_options){ .max_info_bytes = 100000 }, PECS_E_LIMIT, NULL);
    cr_assert_eq(pecs_file_info("world.pecs", NULL, &(pecs_info_options){ .max_info_bytes = 102000 }, &info, NULL),
                 PECS_OK);
    pecs_info_destroy(info);
}

/* Header, footer and commit are checked as load does: the snapshot id too, and every byte of the commit. */
Test(info, the_commit_is_checked_as_by_load)
{
    pecs_registry *registry = make_registry(fixture_types, FIXTURE_TYPE_COUNT, system_memory);
    save_rows(registry, 100, "world.pecs");
    pecs_registry_release(registry);
    struct file_image image = read_image("world.pecs");
    image.bytes[image.commit + offsetof(struct commit_header, snapshot_id) + 3] ^= 1;
    write_image(&image, "bad.pecs");
    assert_refused("bad.pecs", NULL, PECS_E_CORRUPT, "FOOTER-6");
    repair_ends(&image);
    write_image(&image, "bad.pecs");
    assert_refused("bad.pecs", NULL, PECS_E_CORRUPT, "COMMIT-9");
    free_image(&image);
    image = read_image("world.pecs");
    put64(&image, image.commit + offsetof(struct commit_header, entity_count), 99);
    put64(&image, offsetof(struct file_header, entity_count), 99);
    repair(&image);
    write_image(&image, "bad.pecs");
    assert_refused("bad.pecs", NULL, PECS_E_CORRUPT, "TABLE-5");
    free_image(&image);
    image = read_image("world.pecs");
    put32(&image, image.commit + offsetof(struct commit_header, singleton_table), 0);
    repair(&image);
    write_image(&image, "bad.pecs");
    assert_refused("bad.pecs", NULL, PECS_E_CORRUPT, "COMMIT-5");
    free_image(&image);
}

/* Progress. */

struct watch {
    uint64_t call_count, stop_at; /* stops at that call, counted from 1; 0: never */
    uint64_t done_bytes, total_bytes;
    bool goes_back, changes;
};

static bool watch_progress(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    struct watch *watch = user;
    watch->goes_back = watch->goes_back || done_bytes < watch->done_bytes || done_bytes > total_bytes;
    watch->changes = watch->changes || (watch->call_count && total_bytes != watch->total_bytes);
    watch->done_bytes = done_bytes;
    watch->total_bytes = total_bytes;
    return ++watch->call_count != watch->stop_at;
}

/* 300,000 rows have 10.8 MB: three pieces of 4 MiB. */
enum { WATCHED_ROWS = 300000 };

static void check_watch(const struct watch *watch, uint64_t least_calls, uint64_t size_bytes)
{
    cr_assert_not(watch->goes_back);
    cr_assert_not(watch->changes);
    cr_assert_eq(watch->total_bytes, size_bytes);
    cr_assert_eq(watch->done_bytes, size_bytes, "it ends with all");
    cr_assert_geq(watch->call_count, least_calls);
}

Test(progress, of_a_save)
{
    pecs_registry *registry = counting_registry();
    pecs_world *world = make_world(registry, NULL);
    for (int i = 0; i < 2; i++) { /* an empty world, and one of several pieces */
        struct watch watch = { 0 };
        const pecs_save_options options = { .skip_sync = true, .progress = watch_progress, .user = &watch };
        cr_assert_eq(pecs_world_save(world, "world.pecs", &options, NULL), PECS_OK);
        struct file_bytes file = read_bytes("world.pecs");
        check_watch(&watch, i ? 3 : 1, file.size);
        free(file.bytes);
        cr_assert_eq(
            pecs_world_spawn(world, (pecs_value[]){ { POSITION, sizeof(Position), NULL } }, 1, WATCHED_ROWS, NULL),
            PECS_OK);
    }
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* Wherever it is stopped, the old file is whole, or there is none, and nothing else is left. */
Test(progress, a_save_that_is_cancelled)
{
    pecs_registry *registry = counting_registry();
    save_rows(registry, 10, "../pecs-unit-old");
    pecs_world *world = make_world(registry, NULL);
    must(pecs_world_spawn(world, (pecs_value[]){ { POSITION, sizeof(Position), NULL } }, 1, WATCHED_ROWS, NULL) ==
         PECS_OK);
    const struct file_bytes old = read_bytes("../pecs-unit-old");
    unlink("../pecs-unit-old");
    const uint64_t live_bytes = counting.live_bytes;
    uint64_t stopped_count = 0;
    pecs_status status = PECS_E_CANCELLED;
    while (status) {
        struct watch watch = { .stop_at = stopped_count + 1 };
        const pecs_save_options options = { .skip_sync = stopped_count % 2,
                                            .progress = watch_progress,
                                            .user = &watch };
        for (int is_there = 0; is_there < 2; is_there++) {
            if (is_there)
                write_bytes("world.pecs", old.bytes, old.size);
            pecs_error error = { .status = PECS_OK };
            watch.call_count = 0;
            status = pecs_world_save(world, "world.pecs", &options, &error);
            if (!status)
                break;
            cr_assert_eq(status, PECS_E_CANCELLED);
            cr_assert_eq(error.status, PECS_E_CANCELLED);
            cr_assert_eq(watch.call_count, watch.stop_at, "it was not asked again");
            cr_assert_eq(file_count(), (size_t)is_there);
            cr_assert_eq(counting.live_bytes, live_bytes);
        }
        if (!status)
            break;
        write_bytes("old.pecs", old.bytes, old.size);
        cr_assert(same_bytes("world.pecs", "old.pecs"));
        unlink("world.pecs");
        unlink("old.pecs");
        stopped_count++;
    }
    cr_assert_geq(stopped_count, 3);
    pecs_snapshot_release(open_snapshot(registry, LOAD, "world.pecs"));
    free(old.bytes);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

Test(progress, of_a_load)
{
    pecs_registry *registry = counting_registry();
    for (int i = 0; i < 2; i++) {
        save_rows(registry, i ? WATCHED_ROWS : 0, "world.pecs");
        struct watch watch = { 0 };
        const pecs_load_options options = { .progress = watch_progress, .user = &watch };
        pecs_snapshot *snapshot = NULL;
        cr_assert_eq(pecs_snapshot_load(registry, "world.pecs", &options, &snapshot, NULL), PECS_OK);
        pecs_snapshot_release(snapshot);
        struct file_bytes file = read_bytes("world.pecs");
        check_watch(&watch, i ? 3 : 1, file.size);
        free(file.bytes);
    }
    pecs_registry_release(registry);
}

Test(progress, a_load_that_is_cancelled)
{
    pecs_registry *registry = counting_registry();
    save_rows(registry, WATCHED_ROWS, "world.pecs");
    const uint64_t live_bytes = counting.live_bytes;
    uint64_t stop_at = 1;
    for (;; stop_at++) {
        struct watch watch = { .stop_at = stop_at };
        const pecs_load_options options = { .progress = watch_progress, .user = &watch };
        pecs_snapshot *snapshot = NULL;
        pecs_error error = { .status = PECS_OK };
        const pecs_status status = pecs_snapshot_load(registry, "world.pecs", &options, &snapshot, &error);
        cr_assert_eq(error.status, status);
        if (!status) {
            cr_assert_eq(summary_of(pecs_snapshot_view(snapshot)).entity_count, WATCHED_ROWS);
            pecs_snapshot_release(snapshot);
            break;
        }
        cr_assert_eq(status, PECS_E_CANCELLED);
        cr_assert_eq(watch.call_count, stop_at);
        cr_assert_null(snapshot);
        cr_assert_eq(counting.live_bytes, live_bytes);
    }
    cr_assert_geq(stop_at, 4);
    pecs_registry_release(registry);
    assert_no_leak();
}
