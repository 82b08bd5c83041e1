/*
 * The writer and the reader of files: round trips, which files are refused before any rule is looked at, and failures.
 * The rules of docs/format.md are broken in the other test_format_*.c.
 */
#define _GNU_SOURCE
#include "counting_allocator.h"
#include "format_sample.h"

#include <pecs/pecs.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(format, .init = enter_folder, .fini = leave_folder);

static pecs_world *open_world(pecs_registry *registry, int verb, const char *path)
{
    pecs_snapshot *snapshot;
    pecs_error error;
    cr_assert_eq(verbs[verb](registry, path, NULL, &snapshot, &error), PECS_OK, "%s: %s %s", verb_names[verb],
                 error.rule ? error.rule : "", error.message);
    pecs_world *world = make_world(registry, snapshot);
    pecs_snapshot_release(snapshot);
    return world;
}

static void assert_same_bytes(const char *a, const char *b)
{
    struct file_image x = read_image(a), y = read_image(b);
    cr_assert_eq(x.size, y.size);
    cr_assert_eq(memcmp(x.bytes, y.bytes, x.size), 0, "%s and %s differ", a, b);
    free_image(&x);
    free_image(&y);
}

static void assert_same_summary(pecs_view a, pecs_view b)
{
    pecs_summary x, y;
    pecs_view_summary(a, &x);
    pecs_view_summary(b, &y);
    cr_assert_eq(x.entity_count, y.entity_count);
    cr_assert_eq(x.slot_count, y.slot_count);
    cr_assert_eq(x.free_count, y.free_count);
    cr_assert_eq(x.table_count, y.table_count);
    cr_assert_eq(x.component_bytes, y.component_bytes);
    cr_assert_eq(x.tick, y.tick);
}

/* Saves the world; both verbs must give it back, and save the same bytes. */
static void assert_round_trip(pecs_registry *registry, pecs_world *world)
{
    save(world, "world.pecs");
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *copy = open_world(registry, verb, "world.pecs");
        assert_same_summary(pecs_world_view(copy), pecs_world_view(world));
        cr_assert_eq(pecs_view_hash(pecs_world_view(copy)), pecs_view_hash(pecs_world_view(world)));
        save(copy, "again.pecs");
        assert_same_bytes("world.pecs", "again.pecs");
        pecs_world_destroy(copy);
    }
}

Test(format, an_empty_world)
{
    pecs_registry *registry = all_types();
    pecs_world *world = make_world(registry, NULL);
    assert_round_trip(registry, world);
    struct stat info;
    cr_assert_eq(stat("world.pecs", &info), 0);
    cr_assert_eq(info.st_size, 8192 + 64); /* header, prologue and commit need one page each, then the footer */
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

Test(format, one_row)
{
    pecs_registry *registry = all_types();
    pecs_world *world = make_world(registry, NULL);
    cr_assert_eq(spawn(world, 1, (pecs_value[]){ PECS_VALUE_AS(PLACE, Place, 1.5f, -2) }, 1), PECS_OK);
    assert_round_trip(registry, world);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *copy = open_world(registry, verb, "world.pecs");
        const Place *place = pecs_get_as(pecs_world_view(copy), ((pecs_entity){ 0, 1 }), PLACE, Place);
        cr_assert_not_null(place);
        cr_assert_eq(place->x, 1.5f);
        cr_assert_eq(place->y, -2.0f);
        cr_assert_not(pecs_view_has(pecs_world_view(copy), (pecs_entity){ 0, 1 }, UNIT));
        pecs_world_destroy(copy);
    }
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

Test(format, tags_only)
{
    pecs_registry *registry = all_types();
    pecs_world *world = make_world(registry, NULL);
    cr_assert_eq(spawn(world, 3, (pecs_value[]){ PECS_HAS_AS(STUNNED) }, 1), PECS_OK);
    cr_assert_eq(spawn(world, 1, NULL, 0), PECS_OK);
    assert_round_trip(registry, world);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *copy = open_world(registry, verb, "world.pecs");
        cr_assert(pecs_view_has(pecs_world_view(copy), (pecs_entity){ 2, 1 }, STUNNED));
        cr_assert(pecs_view_alive(pecs_world_view(copy), (pecs_entity){ 3, 1 }));
        cr_assert_not(pecs_view_has(pecs_world_view(copy), (pecs_entity){ 3, 1 }, STUNNED));
        pecs_world_destroy(copy);
    }
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

static void spawn_numbered(pecs_world *world, uint32_t count)
{
    Place *places = malloc(count * sizeof(*places));
    Unit *units = malloc(count * sizeof(*units));
    for (uint32_t i = 0; i < count; i++) {
        places[i] = (Place){ (float)i, 0.5f };
        memset(&units[i], 0xaa, sizeof(units[i]));
        units[i].team = (uint8_t)i;
        units[i].health = i + 7;
    }
    cr_assert_eq(spawn(world, count, (pecs_value[]){ PECS_ROWS_AS(PLACE, places), PECS_ROWS_AS(UNIT, units) }, 2),
                 PECS_OK);
    free(places);
    free(units);
}

static void assert_numbered(pecs_world *world, uint32_t count)
{
    const pecs_view view = pecs_world_view(world);
    for (uint32_t i = 0; i < count; i++) {
        const Place *place = pecs_get_as(view, ((pecs_entity){ i, 1 }), PLACE, Place);
        const Unit *unit = pecs_get_as(view, ((pecs_entity){ i, 1 }), UNIT, Unit);
        cr_assert(place && unit && place->x == (float)i && unit->team == (uint8_t)i && unit->health == i + 7,
                  "entity %u", i);
    }
}

Test(format, ten_thousand_rows_over_chunks)
{
    pecs_registry *registry = all_types();
    pecs_world *world = make_world(registry, NULL);
    spawn_numbered(world, 10000);
    assert_round_trip(registry, world);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *copy = open_world(registry, verb, "world.pecs");
        assert_numbered(copy, 10000);
        /* going on: the last chunk grows, a row in the middle goes, and the file stays as it was */
        cr_assert_eq(pecs_world_despawn(copy, &(pecs_entity){ 5000, 1 }, 1), PECS_OK);
        pecs_entity next[2];
        cr_assert_eq(pecs_world_spawn(copy, NULL, 0, 2, next), PECS_OK);
        cr_assert(next[0].index == 5000 && next[0].generation == 2);
        cr_assert(next[1].index == 10000 && next[1].generation == 1);
        void *value;
        cr_assert_eq(pecs_world_get_mut(copy, (pecs_entity){ 9999, 1 }, PLACE, sizeof(Place), &value), PECS_OK);
        ((Place *)value)->y = 9;
        assert_round_trip(registry, copy);
        save(world, "world.pecs");
        pecs_world_destroy(copy);
    }
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* The same file with other chunk sizes: they say how runs are counted, and nothing of how the world lives. */
static void write_with_chunks(uint32_t shift, const char *path)
{
    struct file_image file = read_image("world.pecs");
    const uint64_t in_commit = file.tables[0] + offsetof(struct table_record, chunk_shift);
    put32(&file, in_commit, shift);
    put32(&file, file.prologue_types + (in_commit - file.types[0]), shift);
    for (uint64_t run = file.runs; run < file.data && get32(&file, run + offsetof(struct run_record, table)) == 0;
         run += sizeof(struct run_record))
        put32(&file, run + offsetof(struct run_record, chunk_count), (uint32_t)format_chunk_count(10000, shift));
    repair(&file);
    write_image(&file, path);
    free_image(&file);
}

Test(format, a_files_chunk_size_ends_with_its_reading)
{
    static const uint32_t shifts[] = { 0, 1, 11, 13, 20 };
    pecs_registry *registry = all_types();
    pecs_world *world = make_world(registry, NULL);
    pecs_query *query;
    spawn_numbered(world, 10000);
    save(world, "world.pecs");
    cr_assert_eq(pecs_query_create(registry, &(pecs_term){ PLACE, PECS_WRITE }, 1, &query, NULL), PECS_OK);
    for (size_t i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++) {
        write_with_chunks(shifts[i], "chunks.pecs");
        for (int verb = 0; verb < VERB_COUNT; verb++) {
            pecs_world *copy = open_world(registry, verb, "chunks.pecs");
            save(copy, "again.pecs");
            assert_same_bytes("world.pecs", "again.pecs");
            uint32_t chunk_count = 0;
            pecs_iter it = pecs_query_iter_mut(query, copy, NULL);
            for (; pecs_iter_next(&it); chunk_count++)
                cr_assert_eq(it.row_count, chunk_count < 2 ? 4096 : 10000 - 2 * 4096);
            cr_assert_eq(pecs_iter_end(&it), PECS_OK);
            cr_assert_eq(chunk_count, 3);
            assert_numbered(copy, 10000);
            pecs_world_destroy(copy);
        }
    }
    pecs_query_destroy(query);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

Test(format, padding_is_zero_in_the_file)
{
    pecs_registry *registry = all_types();
    pecs_world *world = make_world(registry, NULL);
    Unit unit;
    memset(&unit, 0xaa, sizeof(unit));
    unit.team = 3, unit.health = 0x04030201;
    cr_assert_eq(spawn(world, 1, (pecs_value[]){ PECS_ROWS_AS(UNIT, &unit) }, 1), PECS_OK);
    save(world, "world.pecs");
    struct file_image file = read_image("world.pecs");
    const uint8_t expected[8] = { 3, 0, 0, 0, 1, 2, 3, 4 };
    cr_assert_eq(memcmp(file.bytes + run_offset(&file, 1), expected, 8), 0); /* after the handles */
    free_image(&file);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

enum { WIDE_COUNT = 600000 };

/* Data of more than one piece, of values that cross its end, with padding. */
static struct breakage begin_with_wide(void)
{
    pecs_registry *registry = all_types();
    pecs_world *world = make_world(registry, NULL);
    Wide *wide = malloc(WIDE_COUNT * sizeof(*wide));
    memset(wide, 0xaa, WIDE_COUNT * sizeof(*wide));
    for (uint32_t i = 0; i < WIDE_COUNT; i++)
        wide[i].number = i, wide[i].low = (uint8_t)(i * 7), wide[i].high = ~i;
    cr_assert_eq(spawn(world, WIDE_COUNT, (pecs_value[]){ PECS_ROWS_AS(WIDE, wide) }, 1), PECS_OK);
    assert_round_trip(registry, world);
    free(wide);
    pecs_world_destroy(world);
    return breakage_of(registry);
}

Test(format, values_cross_pieces)
{
    struct breakage b = begin_with_wide();
    const struct file_image *file = &b.file;
    cr_assert_gt(format_piece_count(file->data, file->data_end - file->data), 3);
    const uint8_t *column = file->bytes + run_offset(file, 1);
    cr_assert_neq((run_offset(file, 1) + 12) % 4096, 0);
    for (uint32_t i = 0; i < WIDE_COUNT; i++) {
        const uint32_t numbers[3] = { i, (uint8_t)(i * 7), ~i }; /* the second one with three zero bytes */
        cr_assert_eq(memcmp(column + 12 * (size_t)i, numbers, 12), 0, "row %u", i);
    }
    end_breaking(&b);
}

Test(format, DATA_1_a_piece_is_found_wrong_where_it_begins)
{
    struct breakage b = begin_with_wide();
    b.file.bytes[FORMAT_PIECE + 1000] ^= 1;
    expect_of_load(&b, "DATA-1", 4194304);
    end_breaking(&b);
}

Test(format, the_order_of_registration_does_not_matter)
{
    static const pecs_type *const other_types[] = { &Clock_type, &Wide_type, &Stunned_type, &Unit_type, &Place_type };
    static const pecs_component other_order[4] = { 4, 3, 2, 0 };
    pecs_registry *registry = all_types(), *other = registry_of(other_types, 5);
    save_sample(registry, "world.pecs");
    pecs_world *world = sample_world(other, other_order);
    save(world, "other.pecs");
    assert_same_bytes("world.pecs", "other.pecs");
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *copy = open_world(other, verb, "world.pecs");
        const Place *place = pecs_get_as(pecs_world_view(copy), ((pecs_entity){ 4, 1 }), 4, Place);
        cr_assert(place && place->x == 3 && place->y == 4);
        const Clock *clock = pecs_get_singleton_as(pecs_world_view(copy), 0, Clock);
        cr_assert(clock && clock->ticks == 77);
        save(copy, "again.pecs");
        assert_same_bytes("world.pecs", "again.pecs");
        pecs_world_destroy(copy);
    }
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    pecs_registry_release(other);
}

Test(format, the_same_state_gives_the_same_bytes)
{
    pecs_registry *registry = all_types();
    pecs_world *world = sample_world(registry, usual_order);
    assert_round_trip(registry, world);
    save(world, "first.pecs");
    save(world, "second.pecs");
    assert_same_bytes("first.pecs", "second.pecs");
    void *value;
    cr_assert_eq(pecs_world_get_mut(world, (pecs_entity){ 0, 1 }, PLACE, sizeof(Place), &value), PECS_OK);
    save(world, "third.pecs"); /* no value is another, but the tick of a write is */
    struct file_image first = read_image("first.pecs"), third = read_image("third.pecs");
    cr_assert_neq(memcmp(first.bytes, third.bytes, first.size), 0);
    free_image(&first);
    free_image(&third);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

Test(format, a_slot_of_the_last_generation_is_used_up)
{
    pecs_registry *registry = all_types();
    save_sample(registry, "world.pecs");
    struct file_image file = read_image("world.pecs");
    const uint64_t record = run_offset(&file, 8) + 16;
    cr_assert_eq(get32(&file, record), 1); /* entity index 1, which is free */
    put32(&file, record, (1u << 30) - 2);
    repair(&file);
    write_image(&file, "old.pecs");
    free_image(&file);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *world = open_world(registry, verb, "old.pecs");
        pecs_entity entity;
        cr_assert_eq(pecs_world_spawn(world, NULL, 0, 1, &entity), PECS_OK);
        cr_assert(entity.index == 1 && entity.generation == (1u << 30) - 1);
        cr_assert_eq(pecs_world_despawn(world, &entity, 1), PECS_OK);
        assert_round_trip(registry, world);
        pecs_world *copy = open_world(registry, verb, "world.pecs");
        cr_assert_eq(pecs_world_spawn(copy, NULL, 0, 1, &entity), PECS_OK);
        cr_assert(entity.index == 6 && entity.generation == 1);
        pecs_world_destroy(copy);
        pecs_world_destroy(world);
    }
    pecs_registry_release(registry);
}

/* A world that a file brings to the last tick stays there, and can be saved. */
Test(format, the_last_tick_is_the_last)
{
    pecs_registry *registry = all_types();
    save_sample(registry, "world.pecs");
    struct file_image file = read_image("world.pecs");
    put64(&file, file.commit + offsetof(struct commit_header, tick), INT64_MAX);
    repair(&file);
    write_image(&file, "late.pecs");
    free_image(&file);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *world = open_world(registry, verb, "late.pecs"), *young = make_world(registry, NULL);
        pecs_snapshot *snapshot;
        uint64_t tick = 5;
        cr_assert_eq(pecs_world_advance(world, &tick), PECS_E_LIMIT);
        cr_assert_eq(tick, 5);
        cr_assert_eq(pecs_view_tick(pecs_world_view(world)), INT64_MAX);
        cr_assert_eq(pecs_snapshot_take(world, &snapshot), PECS_OK);
        cr_assert_eq(pecs_world_restore(world, snapshot), PECS_E_LIMIT);
        cr_assert_eq(pecs_world_rewind(world, snapshot), PECS_E_LIMIT);
        cr_assert_eq(pecs_world_restore(young, snapshot), PECS_E_LIMIT);
        pecs_snapshot_release(snapshot);
        cr_assert_eq(spawn(world, 1, NULL, 0), PECS_OK);
        assert_round_trip(registry, world);
        save(young, "world.pecs");
        pecs_world_destroy(world);
        pecs_world_destroy(young);
    }
    pecs_registry_release(registry);
}

Test(format, limits_of_types)
{
    pecs_registry *registry = all_types();
    pecs_snapshot *snapshot;
    save_sample(registry, "world.pecs");
    pecs_info *info;
    cr_assert_eq(pecs_file_info("world.pecs", NULL, NULL, &info, NULL), PECS_OK);
    const uint32_t count = (uint32_t)info->type_count;
    pecs_info_destroy(info);
    assert_refused(registry, "world.pecs", &(pecs_load_options){ .limits.max_types = count - 1 }, PECS_E_LIMIT, NULL,
                   0);
    const pecs_load_options exact = { .limits.max_types = count };
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        cr_assert_eq(verbs[verb](registry, "world.pecs", &exact, &snapshot, NULL), PECS_OK);
        pecs_snapshot_release(snapshot);
    }
    pecs_registry_release(registry);
}

Test(format, files_that_others_may_write)
{
    pecs_registry *registry = all_types();
    pecs_snapshot *snapshot;
    pecs_error error;
    const pecs_load_options options = { .limits.private_only = true };
    save_sample(registry, "world.pecs");
    static const mode_t open_modes[] = { 0620, 0602, 0666 };
    for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
        cr_assert_eq(chmod("world.pecs", open_modes[i]), 0);
        for (int verb = 0; verb < VERB_COUNT; verb++) {
            cr_assert_eq(verbs[verb](registry, "world.pecs", &options, &snapshot, &error), PECS_E_IO);
            cr_assert_eq(error.os_error, EACCES);
            cr_assert_eq(verbs[verb](registry, "world.pecs", NULL, &snapshot, NULL), PECS_OK);
            pecs_snapshot_release(snapshot);
        }
    }
    cr_assert_eq(chmod("world.pecs", 0644), 0);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        cr_assert_eq(verbs[verb](registry, "world.pecs", &options, &snapshot, NULL), PECS_OK);
        pecs_snapshot_release(snapshot);
    }
    if (geteuid() == 0) { /* only root can give a file away */
        cr_assert_eq(chown("world.pecs", 12345, 12345), 0);
        cr_assert_eq(verbs[RESUME](registry, "world.pecs", &options, &snapshot, &error), PECS_E_IO);
    }
    pecs_registry_release(registry);
}

Test(format, limits)
{
    pecs_registry *registry = all_types();
    save_sample(registry, "world.pecs");
    struct stat info;
    cr_assert_eq(stat("world.pecs", &info), 0);
    const uint64_t size = (uint64_t)info.st_size;
    assert_refused(registry, "world.pecs", &(pecs_load_options){ .limits.max_bytes = size - 1 }, PECS_E_LIMIT, NULL, 0);
    assert_refused(registry, "world.pecs", &(pecs_load_options){ .limits.max_entities = 4 }, PECS_E_LIMIT, NULL, 0);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_snapshot *snapshot;
        const pecs_load_options options = { .limits.max_bytes = size, .limits.max_entities = 5 };
        cr_assert_eq(verbs[verb](registry, "world.pecs", &options, &snapshot, NULL), PECS_OK);
        pecs_snapshot_release(snapshot);
    }
    pecs_registry_release(registry);
}

Test(format, what_is_no_file)
{
    pecs_registry *registry = all_types();
    pecs_snapshot *snapshot;
    pecs_error error;
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        cr_assert_eq(verbs[verb](registry, "missing.pecs", NULL, &snapshot, &error), PECS_E_IO);
        cr_assert_eq(error.os_error, ENOENT);
        cr_assert_not_null(strstr(error.message, "missing.pecs"));
        cr_assert_eq(mkdir("folder", 0777), 0);
        cr_assert_eq(verbs[verb](registry, "folder", NULL, &snapshot, &error), PECS_E_IO);
        cr_assert_eq(error.os_error, EISDIR);
        cr_assert_eq(rmdir("folder"), 0);
        cr_assert_eq(verbs[verb](registry, NULL, NULL, &snapshot, &error), PECS_E_MISUSE);
    }
    pecs_registry_release(registry);
}

Test(format, FILE_2_too_little)
{
    pecs_registry *registry = all_types();
    write_bytes("empty.pecs", "", 0);
    assert_refused(registry, "empty.pecs", NULL, PECS_E_CORRUPT, "FILE-2", 0);
    write_bytes("short.pecs", "PECS", 4);
    assert_refused(registry, "short.pecs", NULL, PECS_E_CORRUPT, "FILE-2", 4);
    pecs_registry_release(registry);
}

Test(format, HEADER_1_a_text)
{
    pecs_registry *registry = all_types();
    static const char text[200] = "Dear diary";
    write_bytes("text.pecs", text, sizeof(text));
    assert_refused(registry, "text.pecs", NULL, PECS_E_CORRUPT, "HEADER-1", 0);
    pecs_registry_release(registry);
}

/* By each way to read a file, and from a stream. */
static void assert_message(pecs_registry *registry, const char *text, const char *message)
{
    pecs_snapshot *snapshot = NULL;
    pecs_info *info = NULL;
    pecs_error error;
    write_bytes("text.pecs", text, strlen(text));
    const pecs_bytes bytes = { text, strlen(text) };
    const pecs_source source = pecs_source_for_memory(&bytes);
    cr_assert_eq(pecs_snapshot_load(registry, "text.pecs", NULL, &snapshot, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.message, message);
    cr_assert_eq(pecs_snapshot_resume(registry, "text.pecs", NULL, &snapshot, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.message, message);
    cr_assert_eq(pecs_file_info("text.pecs", NULL, NULL, &info, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.message, message);
    cr_assert_eq(pecs_snapshot_load_from(registry, &source, NULL, &snapshot, &error), PECS_E_CORRUPT);
    cr_assert_str_eq(error.message, message);
}

Test(format, FILE_2_says_what_a_text_is)
{
    pecs_registry *registry = all_types();
    assert_message(registry, "{\"pecs\": 1}",
                   "the file is too short to be a PECS file: it begins like a JSON document, from which `pecs convert` "
                   "makes a PECS file");
    assert_message(registry, "pecs lock 1\n",
                   "the file is too short to be a PECS file: it is a lock of types, which `pecs schema check` compares "
                   "with a save");
    assert_message(registry, "pecs loc", "the file is too short to be a PECS file");
    assert_message(registry, " ", "the file is too short to be a PECS file");
    pecs_registry_release(registry);
}

Test(format, HEADER_1_says_what_a_text_is)
{
    char text[300];
    pecs_registry *registry = all_types();
    snprintf(text, sizeof(text), "\xEF\xBB\xBF \r\n\t{%200s\"entities\": []}", "");
    assert_message(registry, text,
                   "this is not a PECS file: it begins like a JSON document, from which `pecs convert` makes a PECS "
                   "file");
    snprintf(text, sizeof(text), "pecs lock 1\n%200s", "");
    assert_message(registry, text,
                   "this is not a PECS file: it is a lock of types, which `pecs schema check` compares with a save");
    snprintf(text, sizeof(text), "%200s{", "");
    assert_message(registry, text, "this is not a PECS file");
    pecs_registry_release(registry);
}

Test(format, saving_where_nothing_can_be_saved)
{
    pecs_registry *registry = all_types();
    pecs_world *world = make_world(registry, NULL);
    pecs_error error;
    cr_assert_eq(pecs_world_save(world, "missing/world.pecs", NULL, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, ENOENT);
    cr_assert_eq(pecs_world_save(world, NULL, NULL, &error), PECS_E_MISUSE);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

Test(format, a_world_with_a_write_open_is_not_saved)
{
    pecs_registry *registry = all_types();
    pecs_world *world = sample_world(registry, usual_order);
    const pecs_term term = { PLACE, PECS_WRITE };
    pecs_query *query;
    pecs_error error;
    cr_assert_eq(pecs_query_create(registry, &term, 1, &query, NULL), PECS_OK);
    pecs_iter iter = pecs_query_iter_mut(query, world, NULL);
    cr_assert(pecs_iter_next(&iter));
    cr_assert_eq(pecs_world_save(world, "world.pecs", NULL, &error), PECS_E_BUSY);
    cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    cr_assert_neq(access("world.pecs", F_OK), 0);
    save(world, "world.pecs");
    pecs_query_destroy(query);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* Each allocation of an open and a save fails once: PECS_E_MEMORY, nothing is left behind, and the next try works. */
static pecs_status open_and_save(int verb, uint64_t fail_at, uint64_t *ret_call_count)
{
    pecs_registry *registry;
    const pecs_registry_desc desc = { .types = types, .type_count = TYPE_COUNT, .allocator = counting_hooks };
    counting.fail_at = 0;
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
    counting.call_count = 0;
    counting.fail_at = fail_at;
    pecs_snapshot *snapshot = NULL;
    pecs_error error = { .status = PECS_OK };
    pecs_status status = verbs[verb](registry, "world.pecs", NULL, &snapshot, &error);
    if (!status)
        status = pecs_snapshot_save(snapshot, "copy.pecs", &(pecs_save_options){ .skip_sync = true }, &error);
    cr_assert_eq(error.status, status);
    *ret_call_count = counting.call_count;
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
    cr_assert_eq(counting.live_count, 0, "call %llu leaves memory", (unsigned long long)fail_at);
    cr_assert_eq(counting.wrong_count, 0);
    return status;
}

Test(format, out_of_memory)
{
    pecs_registry *registry = all_types();
    save_sample(registry, "world.pecs");
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        uint64_t call_count, fail_at = 0;
        cr_assert_eq(open_and_save(verb, 0, &call_count), PECS_OK);
        cr_assert_gt(call_count, 20);
        const uint64_t calls = call_count;
        while (++fail_at <= calls) {
            unlink("copy.pecs");
            cr_assert_eq(open_and_save(verb, fail_at, &call_count), PECS_E_MEMORY, "%s: call %llu", verb_names[verb],
                         (unsigned long long)fail_at);
            cr_assert_neq(access("copy.pecs", F_OK), 0);
        }
    }
    pecs_registry_release(registry);
}
