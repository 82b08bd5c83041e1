/*
 * Compressed saves of worlds of every kind: what is resumed or loaded from one, in whatever way, is what was saved; and
 * neither the threads nor the way change the bytes of the file.
 */
#include "profiles_worlds.h"

#include <pthread.h>

static pecs_registry *registry;
static pecs_snapshot *snapshot;

static void set_up(void)
{
    enter_folder();
    registry = profiles_registry();
}

static void strike(void)
{
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

TestSuite(profiles, .init = set_up, .fini = strike, .timeout = 280);

/* A sink whose bytes have no limit. */
struct growing {
    uint8_t *bytes;
    size_t size, capacity;
};

static pecs_status growing_write(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    struct growing *growing = user;
    (void)error;
    for (size_t i = 0; i < span_count; i++) {
        if (growing->size + spans[i].size_bytes > growing->capacity) {
            growing->capacity = 2 * (growing->size + spans[i].size_bytes);
            growing->bytes = realloc(growing->bytes, growing->capacity);
            must(growing->bytes != NULL);
        }
        memcpy(growing->bytes + growing->size, spans[i].data, spans[i].size_bytes);
        growing->size += spans[i].size_bytes;
    }
    return PECS_OK;
}

/* By path and by a sink, with one thread and four: always the bytes of `file`. */
static void check_saves(const struct memory_file *file, pecs_save_options options)
{
    struct growing growing = { .bytes = NULL };
    const pecs_sink sink = { .write = growing_write, .user = &growing };
    for (options.thread_count = 1; options.thread_count <= 4; options.thread_count += 3) {
        save_as(snapshot, "world.pecs", &options);
        const struct file_bytes saved = read_bytes("world.pecs");
        cr_assert(same_memory(file, saved.bytes, saved.size), "by path, %u threads", options.thread_count);
        free(saved.bytes);
        growing.size = 0;
        cr_assert_eq(pecs_snapshot_save_to(snapshot, &sink, &options, NULL), PECS_OK);
        cr_assert(same_memory(file, growing.bytes, growing.size), "by a sink, %u threads", options.thread_count);
    }
    free(growing.bytes);
}

static void check_paths(const struct original *original, const pecs_save_options *plain)
{
    for (uint32_t threads = 1; threads <= 4; threads += 3)
        for (int verb = 0; verb < VERB_COUNT; verb++) {
            const pecs_load_options options = { .thread_count = threads };
            pecs_snapshot *opened = NULL;
            pecs_error error;
            cr_assert_eq(verbs[verb](registry, "world.pecs", &options, &opened, &error), PECS_OK, "%s: %s %s",
                         verb_names[verb], error.rule ? error.rule : "", error.message);
            expect_same_state(original, opened, plain, verb_names[verb]);
        }
}

struct pipe_end {
    int descriptor;
    pecs_snapshot *loaded;
};

static void *load_pipe(void *user)
{
    struct pipe_end *end = user;
    const pecs_source source = pecs_source_for_fd(end->descriptor);
    must(pecs_snapshot_load_from(registry, &source, NULL, &end->loaded, NULL) == PECS_OK);
    return NULL;
}

static void check_streams(const struct original *original, const struct memory_file *file,
                          const pecs_save_options *options, const pecs_save_options *plain)
{
    pecs_snapshot *loaded = NULL;
    pthread_t thread;
    int ends[2];
    cr_assert_eq(pecs_snapshot_load_memory(registry, file->bytes, file->size, NULL, &loaded, NULL), PECS_OK);
    expect_same_state(original, loaded, plain, "load of memory");
    cr_assert_eq(pipe(ends), 0);
    struct pipe_end end = { .descriptor = ends[0] };
    const pecs_sink sink = pecs_sink_for_fd(ends[1]);
    must(pthread_create(&thread, NULL, load_pipe, &end) == 0);
    const pecs_status status = pecs_snapshot_save_to(snapshot, &sink, options, NULL);
    close(ends[1]);
    pthread_join(thread, NULL);
    close(ends[0]);
    cr_assert_eq(status, PECS_OK);
    expect_same_state(original, end.loaded, plain, "load of a pipe");
}

/* `with` has the file's own metadata, if there is any. */
static void check_profiles(pecs_save_options with)
{
    with.skip_sync = true;
    const struct original original = original_of(snapshot, &with);
    for (int i = 0; i < COMPRESSING_COUNT; i++) {
        pecs_save_options options = with;
        options.profile = compressing[i];
        struct memory_file file = save_in_memory(snapshot, &options);
        check_saves(&file, options);
        check_paths(&original, &with);
        check_streams(&original, &file, &options, &with);
        pecs_memory_release(file.bytes);
    }
    pecs_memory_release(original.plain.bytes);
}

static void check_world_of(void (*fill)(pecs_world *world))
{
    pecs_world *world = make_world(registry, NULL);
    fill(world);
    snapshot = take(world);
    pecs_world_destroy(world);
    check_profiles((pecs_save_options){ .metadata = NULL });
}

#define TEST_OF(kind)                                                                                                  \
    Test(profiles, kind)                                                                                               \
    {                                                                                                                  \
        check_world_of(fill_##kind);                                                                                   \
    }
TEST_OF(nothing)
TEST_OF(no_types)
TEST_OF(tags)
TEST_OF(tables)
TEST_OF(singletons)
TEST_OF(ids)
TEST_OF(many_ids)
TEST_OF(retired)
TEST_OF(contents)
TEST_OF(long_strings)
TEST_OF(wide)
TEST_OF(vast)
TEST_OF(padded)
TEST_OF(many_rows)
TEST_OF(attachments)
TEST_OF(attachments_and_names)

Test(profiles, metadata_of_the_file)
{
    const pecs_meta metadata[] = { { .key = "title", .kind = PECS_META_TEXT, .value = "of the file", .size_bytes = 11 },
                                   { .key = "picture", .kind = PECS_META_BYTES, .value = "\1\2\3", .size_bytes = 3 } };
    pecs_world *world = make_world(registry, NULL);
    spawn_positions(world, 5000);
    must(pecs_world_set_meta_text(world, "level", "seven") == PECS_OK);
    snapshot = take(world);
    pecs_world_destroy(world);
    check_profiles((pecs_save_options){ .metadata = metadata, .metadata_count = 2, .wall_clock_ns = 77 });
    pecs_info *info = NULL;
    cr_assert_eq(pecs_file_info("world.pecs", NULL, NULL, &info, NULL), PECS_OK);
    cr_assert(info->entity_count == 5000 && info->wall_clock_ns == 77 && info->file_metadata_count == 2);
    cr_assert_str_eq(pecs_info_meta(info, "title")->value, "of the file");
    cr_assert_str_eq(pecs_info_meta(info, "level")->value, "seven");
    pecs_info_destroy(info);
}

/* All of many_rows is there in more than one segment, and takes less than half of a plain save. */
Test(profiles, several_segments)
{
    pecs_world *world = make_world(registry, NULL);
    fill_many_rows(world);
    snapshot = take(world);
    pecs_world_destroy(world);
    const pecs_save_options fast = profile_options(PECS_PROFILE_FAST, 1),
                            small = profile_options(PECS_PROFILE_SMALL, 1);
    struct memory_file plain = save_in_memory(snapshot, NULL), faster = save_in_memory(snapshot, &fast);
    struct memory_file smaller = save_in_memory(snapshot, &small);
    size_t segment_count = 0;
    for (size_t at = 0; at + 4 <= faster.size; at += 64)
        segment_count += memcmp((uint8_t *)faster.bytes + at, "PSEG", 4) == 0;
    cr_assert_geq(segment_count, 3);
    cr_assert(smaller.size < faster.size && faster.size < plain.size / 2, "%zu, %zu, %zu", plain.size, faster.size,
              smaller.size);
    pecs_memory_release(smaller.bytes);
    pecs_memory_release(faster.bytes);
    pecs_memory_release(plain.bytes);
}

/* A reader without types keeps all of them, compresses what it cannot name, and its file is read by who knows them. */
static void check_reader_without_types(void (*fill)(pecs_world *world))
{
    const pecs_save_options options = profile_options(PECS_PROFILE_FAST, 2), plain = { .skip_sync = true };
    pecs_world *world = make_world(registry, NULL);
    fill(world);
    pecs_snapshot *saved = take(world);
    pecs_world_destroy(world);
    pecs_registry *reader = make_registry(NULL, 0, counting_hooks);
    const struct original original = original_of(saved, &plain);
    save_as(saved, "world.pecs", &options);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_snapshot *unknown = open_snapshot(reader, verb, "world.pecs");
        save_as(unknown, "again.pecs", &options);
        cr_assert(same_bytes("world.pecs", "again.pecs"), "%s", verb_names[verb]);
        struct memory_file again = save_in_memory(unknown, &plain);
        cr_assert(same_memory(&original.plain, again.bytes, again.size), "%s", verb_names[verb]);
        pecs_memory_release(again.bytes);
        pecs_snapshot_release(unknown);
        expect_same_state(&original, open_snapshot(registry, verb, "again.pecs"), &plain, verb_names[verb]);
    }
    pecs_memory_release(original.plain.bytes);
    pecs_registry_release(reader);
    pecs_snapshot_release(saved);
}

Test(profiles, unknown_types)
{
    check_reader_without_types(fill_tables);
    check_reader_without_types(fill_contents);
    check_reader_without_types(fill_padded);
    check_reader_without_types(fill_singletons);
}

/* A world goes on from a compressed file as from a plain one: the same edits give the same file. */
Test(profiles, a_world_goes_on)
{
    const pecs_save_options options = profile_options(PECS_PROFILE_SMALL, 1);
    pecs_world *world = make_world(registry, NULL);
    fill_contents(world);
    snapshot = take(world);
    save_as(snapshot, "small.pecs", &options);
    save_as(snapshot, "plain.pecs", &(pecs_save_options){ .skip_sync = true });
    pecs_world_destroy(world);
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        const char *const paths[2][2] = { { "plain.pecs", "plain-on.pecs" }, { "small.pecs", "small-on.pecs" } };
        for (int i = 0; i < 2; i++) {
            pecs_snapshot *opened = open_snapshot(registry, verb, paths[i][0]);
            world = make_world(registry, opened);
            pecs_snapshot_release(opened);
            for (uint32_t j = 0; j < 500; j++) {
                const pecs_entity entity = { j * 7, 1 };
                if (pecs_has(pecs_world_view(world), entity, Name))
                    must(pecs_set(world, entity, Name, { j, pecs_string_of("another name") }) == PECS_OK);
                else
                    must(pecs_world_despawn(world, &entity, 1) == PECS_OK);
            }
            spawn_positions(world, 100);
            check_contents(world);
            save_world(world, paths[i][1]);
            pecs_world_destroy(world);
        }
        cr_assert(same_bytes("plain-on.pecs", "small-on.pecs"), "%s", verb_names[verb]);
    }
}
