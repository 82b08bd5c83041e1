/* Metadata: setting and reading it, how long it lives, its limits, and its way through files. */
#include "file_fixture.h"

TestSuite(metadata);
TestSuite(metadata_in_files, .init = enter_folder, .fini = leave_folder);

enum { LIMIT_BYTES = 16 * 1024 * 1024 - 4096 };

static bool has_entry(pecs_view view, const char *key, pecs_meta_kind kind, const void *value, size_t size_bytes)
{
    pecs_meta meta;
    if (pecs_view_meta(view, key, &meta))
        return false;
    must(strcmp(meta.key, key) == 0);
    must(((const char *)meta.value)[meta.size_bytes] == 0);
    must((uintptr_t)meta.value % 8 == 0);
    return meta.kind == kind && meta.size_bytes == size_bytes && memcmp(meta.value, value, size_bytes) == 0;
}

static bool has_text(pecs_view view, const char *key, const char *text)
{
    return has_entry(view, key, PECS_META_TEXT, text, strlen(text));
}

static bool is_absent(pecs_view view, const char *key)
{
    pecs_meta meta = { .key = "untouched" };
    const pecs_status status = pecs_view_meta(view, key, &meta);
    must(status != PECS_E_ABSENT || strcmp(meta.key, "untouched") == 0);
    return status == PECS_E_ABSENT;
}

struct given {
    pecs_registry *registry;
    pecs_world *world;
    pecs_view view;
};

static struct given make_given(void)
{
    struct given given = { .registry = counting_registry() };
    given.world = make_world(given.registry, NULL);
    given.view = pecs_world_view(given.world);
    return given;
}

static void free_given(struct given *given)
{
    check_world(given->world);
    pecs_world_destroy(given->world);
    pecs_registry_release(given->registry);
    assert_no_leak();
}

static void set_text(pecs_world *world, const char *key, const char *text)
{
    must(pecs_world_set_meta_text(world, key, text) == PECS_OK);
}

Test(metadata, a_new_world_has_none)
{
    struct given given = make_given();
    pecs_meta meta;
    cr_assert_eq(pecs_view_meta_count(given.view), 0);
    cr_assert_not(pecs_view_meta_at(given.view, 0, &meta));
    cr_assert(is_absent(given.view, "title"));
    cr_assert(is_absent(given.view, PECS_META_APPLICATION));
    cr_assert_eq(pecs_world_remove_meta(given.world, "title"), PECS_OK);
    cr_assert_eq(pecs_view_meta_count(given.view), 0);
    free_given(&given);
}

Test(metadata, text_bytes_and_empty_values)
{
    struct given given = make_given();
    const uint8_t bytes[] = { 0, 255, 0, 7, 128 };
    set_text(given.world, "title",
             "Die Gr\xc3\xbc"
             "fte");
    set_text(given.world, "nothing", "");
    cr_assert_eq(pecs_world_set_meta_bytes(given.world, "picture", bytes, sizeof(bytes)), PECS_OK);
    cr_assert_eq(pecs_world_set_meta_bytes(given.world, "hole", NULL, 0), PECS_OK);
    cr_assert_eq(pecs_world_set_meta_bytes(given.world, "hole too", bytes, 0), PECS_OK);
    cr_assert(has_text(given.view, "title",
                       "Die Gr\xc3\xbc"
                       "fte"));
    cr_assert(has_text(given.view, "nothing", ""));
    cr_assert(has_entry(given.view, "picture", PECS_META_BYTES, bytes, 5));
    cr_assert(has_entry(given.view, "hole", PECS_META_BYTES, "", 0));
    cr_assert(has_entry(given.view, "hole too", PECS_META_BYTES, "", 0));
    cr_assert_eq(pecs_view_meta_count(given.view), 5);
    free_given(&given);
}

Test(metadata, what_is_given_is_copied)
{
    struct given given = make_given();
    char key[] = "key", text[] = "text";
    set_text(given.world, key, text);
    memset(key, 'x', 3);
    memset(text, 'y', 4);
    cr_assert(has_text(given.view, "key", "text"));
    pecs_meta meta;
    cr_assert_eq(pecs_view_meta(given.view, "key", &meta), PECS_OK);
    set_text(given.world, "copy", meta.value);
    cr_assert_eq(pecs_view_meta(given.view, "copy", &meta), PECS_OK);
    cr_assert_eq(pecs_world_set_meta_bytes(given.world, meta.key, meta.value, meta.size_bytes), PECS_OK,
                 "from the entry that it replaces");
    cr_assert(has_entry(given.view, "copy", PECS_META_BYTES, "text", 4));
    free_given(&given);
}

Test(metadata, the_order_is_that_of_the_keys_bytes)
{
    static const char *const sorted[] = {
        "A", "B", "a", "aa", "ab", "b", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x8c\x8d"
    };
    enum { COUNT = sizeof(sorted) / sizeof(sorted[0]) };
    struct given given = make_given();
    for (int i = 0; i < COUNT; i++)
        set_text(given.world, sorted[i * 4 % COUNT], "x");
    cr_assert_eq(pecs_view_meta_count(given.view), COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        pecs_meta meta;
        cr_assert(pecs_view_meta_at(given.view, i, &meta));
        cr_assert_str_eq(meta.key, sorted[i]);
    }
    pecs_meta meta;
    cr_assert_not(pecs_view_meta_at(given.view, COUNT, &meta));
    cr_assert_not(pecs_view_meta_at(given.view, SIZE_MAX, &meta));
    free_given(&given);
}

Test(metadata, replace_and_remove)
{
    struct given given = make_given();
    set_text(given.world, "a", "1");
    set_text(given.world, "b", "2");
    set_text(given.world, "c", "3");
    cr_assert_eq(pecs_world_set_meta_bytes(given.world, "b", "longer than before", 18), PECS_OK);
    cr_assert(has_entry(given.view, "b", PECS_META_BYTES, "longer than before", 18));
    set_text(given.world, "b", "");
    cr_assert(has_text(given.view, "b", ""));
    cr_assert_eq(pecs_view_meta_count(given.view), 3);
    cr_assert_eq(pecs_world_remove_meta(given.world, "b"), PECS_OK);
    cr_assert_eq(pecs_world_remove_meta(given.world, "b"), PECS_OK);
    cr_assert(is_absent(given.view, "b"));
    cr_assert(has_text(given.view, "a", "1"));
    cr_assert(has_text(given.view, "c", "3"));
    cr_assert_eq(pecs_world_remove_meta(given.world, "a"), PECS_OK);
    cr_assert_eq(pecs_world_remove_meta(given.world, "c"), PECS_OK);
    cr_assert_eq(pecs_view_meta_count(given.view), 0);
    set_text(given.world, "a", "again");
    cr_assert(has_text(given.view, "a", "again"));
    free_given(&given);
}

Test(metadata, bad_keys_and_texts)
{
    static const char *const bad_keys[] = {
        "",     "pecs.",    PECS_META_APPLICATION, "pecs.title",        "a\nb", "\x7f", "\x1f", "\xc2\x80", "\xff",
        "\xc3", "\xc0\x80", "\xed\xa0\x80",        "ok\xf4\x90\x80\x80"
    };
    static const char *const bad_texts[] = {
        "\xff", "a\x80", "\xc3", "\xe2\x82", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80"
    };
    struct given given = make_given();
    const uint64_t calls = counting.call_count;
    for (size_t i = 0; i < sizeof(bad_keys) / sizeof(bad_keys[0]); i++) {
        cr_assert_eq(pecs_world_set_meta_text(given.world, bad_keys[i], "x"), PECS_E_MISUSE, "key %zu", i);
        cr_assert_eq(pecs_world_set_meta_bytes(given.world, bad_keys[i], "x", 1), PECS_E_MISUSE, "key %zu", i);
        cr_assert_eq(pecs_world_remove_meta(given.world, bad_keys[i]), PECS_E_MISUSE, "key %zu", i);
    }
    for (size_t i = 0; i < sizeof(bad_texts) / sizeof(bad_texts[0]); i++)
        cr_assert_eq(pecs_world_set_meta_text(given.world, "key", bad_texts[i]), PECS_E_MISUSE, "text %zu", i);
    cr_assert_eq(pecs_world_set_meta_text(given.world, NULL, "x"), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set_meta_text(given.world, "key", NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set_meta_text(NULL, "key", "x"), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set_meta_bytes(given.world, "key", NULL, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set_meta_bytes(NULL, "key", "x", 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_remove_meta(given.world, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_remove_meta(NULL, "key"), PECS_E_MISUSE);
    cr_assert_eq(counting.call_count, calls);
    cr_assert_eq(pecs_view_meta_count(given.view), 0);
    pecs_meta meta;
    cr_assert_eq(pecs_view_meta(given.view, NULL, &meta), PECS_E_MISUSE);
    cr_assert_eq(pecs_view_meta(given.view, "key", NULL), PECS_E_MISUSE);
    /* what is near, but allowed */
    set_text(given.world, "pecs", "x");
    set_text(given.world, "Pecs.x", "x");
    set_text(given.world, "key", "line\nline\ttab \x01 \x7f");
    free_given(&given);
}

Test(metadata, keys_have_at_most_255_bytes)
{
    struct given given = make_given();
    char key[257];
    memset(key, 'k', 256);
    key[256] = 0;
    cr_assert_eq(pecs_world_set_meta_text(given.world, key, "x"), PECS_E_MISUSE);
    key[255] = 0;
    set_text(given.world, key, "x");
    cr_assert(has_text(given.view, key, "x"));
    free_given(&given);
}

/* metadata.h: 16 bytes beside key and value, rounded up to a multiple of 8. */
Test(metadata, the_limit_of_all_entries_together)
{
    struct given given = make_given();
    char *bytes = calloc(1, LIMIT_BYTES + 1);
    const size_t most = LIMIT_BYTES - 16 - 3;
    cr_assert_eq(pecs_world_set_meta_bytes(given.world, "key", bytes, most + 1), PECS_E_LIMIT);
    cr_assert_eq(pecs_world_set_meta_bytes(given.world, "key", bytes, LIMIT_BYTES + 1), PECS_E_LIMIT);
    cr_assert_eq(pecs_world_set_meta_bytes(given.world, "key", bytes, SIZE_MAX), PECS_E_LIMIT);
    cr_assert_eq(pecs_view_meta_count(given.view), 0);
    cr_assert_eq(pecs_world_set_meta_bytes(given.world, "key", bytes, most), PECS_OK);
    cr_assert_eq(pecs_world_set_meta_text(given.world, "b", ""), PECS_E_LIMIT, "not a byte is left");
    cr_assert(has_entry(given.view, "key", PECS_META_BYTES, bytes, most));
    cr_assert_eq(pecs_world_set_meta_bytes(given.world, "key", bytes, most), PECS_OK,
                 "what is replaced does not count");
    cr_assert_eq(pecs_world_set_meta_bytes(given.world, "key", bytes, most - 24), PECS_OK);
    cr_assert_eq(pecs_world_set_meta_text(given.world, "b", "12345678"), PECS_E_LIMIT, "25 bytes count 32");
    cr_assert_eq(pecs_world_set_meta_text(given.world, "b", "1234567"), PECS_OK, "24 bytes");
    free(bytes);
    free_given(&given);
}

Test(metadata, snapshots_restores_and_forks)
{
    struct given given = make_given();
    pecs_snapshot *before = take(given.world);
    set_text(given.world, "title", "first");
    pecs_snapshot *first = take(given.world);
    set_text(given.world, "title", "second");
    set_text(given.world, "more", "x");
    cr_assert_eq(pecs_view_meta_count(pecs_snapshot_view(before)), 0);
    cr_assert(has_text(pecs_snapshot_view(first), "title", "first"));
    cr_assert(is_absent(pecs_snapshot_view(first), "more"));
    pecs_world *fork = make_world(given.registry, first);
    cr_assert(has_text(pecs_world_view(fork), "title", "first"));
    set_text(fork, "title", "of the fork");
    cr_assert(has_text(given.view, "title", "second"));
    cr_assert(has_text(pecs_snapshot_view(first), "title", "first"));
    cr_assert_eq(pecs_world_rewind(given.world, first), PECS_OK);
    cr_assert(has_text(given.view, "title", "first"));
    cr_assert(is_absent(given.view, "more"));
    cr_assert_eq(pecs_world_restore(given.world, before), PECS_OK);
    cr_assert_eq(pecs_view_meta_count(given.view), 0);
    pecs_snapshot_release(before);
    pecs_world_destroy(fork);
    /* an entry of a snapshot lives as long as that */
    pecs_meta meta;
    cr_assert_eq(pecs_view_meta(pecs_snapshot_view(first), "title", &meta), PECS_OK);
    check_world(given.world);
    pecs_world_destroy(given.world);
    pecs_registry_release(given.registry);
    cr_assert_str_eq(meta.value, "first");
    pecs_snapshot_release(first);
    assert_no_leak();
}

Test(metadata, it_is_set_while_iterations_are_open)
{
    struct given given = make_given();
    for (int i = 0; i < 3; i++)
        spawn_position(given.world, (float)i);
    pecs_query *query = make_query(given.registry, (pecs_term[]){ { POSITION, PECS_WRITE } }, 1);
    for (int i = 0; i < 2; i++) {
        pecs_snapshot *shared = take(given.world);
        pecs_iter iter = i ? pecs_query_iter_mut(query, given.world, NULL) : pecs_query_iter(query, given.view, NULL);
        set_text(given.world, "title", i ? "edit" : "read");
        must(pecs_iter_next(&iter));
        set_text(given.world, "more", i ? "edit" : "read");
        cr_assert_eq(iter.row_count, 3);
        cr_assert_eq(iter.entities[2].index, 2);
        cr_assert_not(pecs_iter_next(&iter));
        cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
        cr_assert(has_text(given.view, "more", i ? "edit" : "read"));
        cr_assert_eq(pecs_view_meta_count(pecs_snapshot_view(shared)), i ? 2 : 0);
        pecs_snapshot_release(shared);
    }
    pecs_query_destroy(query);
    free_given(&given);
}

Test(metadata, it_is_not_of_the_content)
{
    struct given given = make_given();
    spawn_position(given.world, 1);
    const uint64_t hash = pecs_view_hash(given.view);
    set_text(given.world, "title", "x");
    cr_assert_eq(pecs_view_hash(given.view), hash);
    free_given(&given);
}

/* Files. */

static pecs_registry *registry_of(const char *application, const char *version)
{
    pecs_registry *registry = NULL;
    pecs_error error;
    const pecs_registry_desc desc = { .types = fixture_types,
                                      .type_count = FIXTURE_TYPE_COUNT,
                                      .allocator = counting_hooks,
                                      .application = application,
                                      .application_version = version };
    cr_assert_eq(pecs_registry_create(&desc, &registry, &error), PECS_OK, "%s", error.message);
    return registry;
}

Test(metadata_in_files, round_trip)
{
    struct given given = make_given();
    char long_key[256];
    memset(long_key, 'k', 255);
    long_key[255] = 0;
    uint8_t bytes[1000];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    for (size_t i = 0; i < 17; i++) { /* every remainder of 8 in key and value */
        char key[32] = "length-";
        memset(key + 7, 'x', i);
        cr_assert_eq(pecs_world_set_meta_bytes(given.world, key, bytes, i * 9), PECS_OK);
    }
    set_text(given.world, long_key, "x");
    set_text(given.world, "empty", "");
    set_text(given.world, "\xc3\xa4",
             "Die Gr\xc3\xbc"
             "fte\n");
    save_world(given.world, "world.pecs");
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *copy = open_world(given.registry, verb, "world.pecs");
        const pecs_view view = pecs_world_view(copy);
        cr_assert_eq(pecs_view_meta_count(view), 20);
        for (size_t i = 0; i < 20; i++) {
            pecs_meta meta;
            cr_assert(pecs_view_meta_at(given.view, i, &meta));
            cr_assert(has_entry(view, meta.key, meta.kind, meta.value, meta.size_bytes), "%s", meta.key);
        }
        save_world(copy, "again.pecs");
        cr_assert(same_bytes("world.pecs", "again.pecs"));
        set_text(copy, "empty", "no more");
        cr_assert_eq(pecs_world_remove_meta(copy, long_key), PECS_OK);
        save_world(copy, "again.pecs");
        pecs_world *again = open_world(given.registry, verb, "again.pecs");
        cr_assert(has_text(pecs_world_view(again), "empty", "no more"));
        cr_assert_eq(pecs_view_meta_count(pecs_world_view(again)), 19);
        pecs_world_destroy(again);
        pecs_world_destroy(copy);
    }
    free_given(&given);
}

/* The 4 KiB that the program does not get are enough for what the library adds. */
Test(metadata_in_files, all_that_fits_is_saved)
{
    char application[256];
    memset(application, 'a', 255);
    application[255] = 0;
    pecs_registry *registry = registry_of(application, application);
    pecs_world *world = make_world(registry, NULL);
    char *bytes = calloc(1, LIMIT_BYTES);
    cr_assert_eq(pecs_world_set_meta_bytes(world, "key", bytes, LIMIT_BYTES - 19), PECS_OK);
    save_world(world, "world.pecs");
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *copy = open_world(registry, verb, "world.pecs");
        cr_assert(has_entry(pecs_world_view(copy), "key", PECS_META_BYTES, bytes, LIMIT_BYTES - 19));
        cr_assert(has_text(pecs_world_view(copy), PECS_META_APPLICATION, application));
        cr_assert(has_text(pecs_world_view(copy), PECS_META_APPLICATION_VERSION, application));
        save_world(copy, "again.pecs");
        cr_assert(same_bytes("world.pecs", "again.pecs"));
        pecs_world_destroy(copy);
    }
    free(bytes);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

/* Saved by the program, and by the next: each gives its own name; one without a name keeps what is there. */
Test(metadata_in_files, the_application_that_saved)
{
    static const struct {
        const char *application, *version;             /* that the program gives */
        const char *saved_application, *saved_version; /* that the file has then */
    } programs[] = {
        { NULL, NULL, NULL, NULL },      { "Editor", "2.1", "Editor", "2.1" },
        { NULL, NULL, "Editor", "2.1" }, { "Game", "1.0 \xce\xb1", "Game", "1.0 \xce\xb1" },
        { "Tool", NULL, "Tool", NULL },  { "Editor", "2.1", "Editor", "2.1" },
    };
    pecs_registry *first = registry_of(NULL, NULL);
    pecs_world *world = make_world(first, NULL);
    set_text(world, "title", "x");
    save_world(world, "world.pecs");
    pecs_world_destroy(world);
    pecs_registry_release(first);
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        pecs_registry *registry = registry_of(programs[i].application, programs[i].version);
        world = open_world(registry, i % 2, "world.pecs");
        const size_t count = pecs_view_meta_count(pecs_world_view(world));
        save_world(world, "world.pecs");
        cr_assert_eq(pecs_view_meta_count(pecs_world_view(world)), count, "the world itself is not changed by a save");
        pecs_world_destroy(world);
        pecs_snapshot *saved = open_snapshot(registry, i % 2, "world.pecs");
        const pecs_view view = pecs_snapshot_view(saved);
        if (programs[i].saved_application)
            cr_assert(has_text(view, PECS_META_APPLICATION, programs[i].saved_application), "program %zu", i);
        else
            cr_assert(is_absent(view, PECS_META_APPLICATION), "program %zu", i);
        if (programs[i].saved_version)
            cr_assert(has_text(view, PECS_META_APPLICATION_VERSION, programs[i].saved_version), "program %zu", i);
        else
            cr_assert(is_absent(view, PECS_META_APPLICATION_VERSION), "program %zu", i);
        cr_assert(has_text(view, "title", "x"));
        pecs_snapshot_release(saved);
        pecs_registry_release(registry);
    }
    assert_no_leak();
}

/* As a file of another writer may have it: more than a program can set. */
Test(metadata_in_files, an_application_that_has_no_room_is_no_lack_of_memory)
{
    enum { FILE_MAX = 16 * 1024 * 1024 };
    pecs_registry *registry = registry_of("Editor", NULL);
    pecs_world *world = make_world(registry, NULL);
    char *bytes = calloc(1, FILE_MAX);
    const pecs_meta entry = { "key", PECS_META_BYTES, bytes, FILE_MAX - 19 };
    cr_assert_eq(metadata_change(registry->pool, &world->state->metadata, &entry, FILE_MAX), PECS_OK);
    pecs_error error = { .status = PECS_OK };
    cr_assert_eq(pecs_world_save(world, "world.pecs", NULL, &error), PECS_E_LIMIT);
    cr_assert_eq(error.status, PECS_E_LIMIT);
    cr_assert_eq(file_count(), 0);
    free(bytes);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

Test(metadata_in_files, bad_applications_are_refused)
{
    char long_name[257];
    memset(long_name, 'a', 256);
    long_name[256] = 0;
    const char *const bad[] = { "", "a\nb", "\xff", long_name };
    for (size_t i = 0; i < 8; i++) {
        pecs_registry *registry = NULL;
        pecs_error error = { .status = PECS_OK };
        const char *text = bad[i % 4];
        const pecs_registry_desc desc = { .application = i < 4 ? text : "ok",
                                          .application_version = i < 4 ? NULL : text };
        cr_assert_eq(pecs_registry_create(&desc, &registry, &error), PECS_E_MISUSE, "%zu", i);
        cr_assert_eq(error.status, PECS_E_MISUSE);
        cr_assert_null(registry);
    }
    const pecs_registry_desc nameless = { .application_version = "5" };
    pecs_registry *registry = NULL;
    cr_assert_eq(pecs_registry_create(&nameless, &registry, NULL), PECS_E_MISUSE);
}

static pecs_status save_with(pecs_world *world, const pecs_meta *entries, size_t count, pecs_error *error)
{
    const pecs_save_options options = { .skip_sync = true, .metadata = entries, .metadata_count = count };
    return pecs_world_save(world, "own.pecs", &options, error);
}

/* What belongs to the file: found by its key before the world's, and gone when the world is saved again. */
Test(metadata_in_files, of_the_file_alone)
{
    struct given given = make_given();
    static uint8_t picture[100000];
    memset(picture, 7, sizeof(picture));
    const pecs_meta entries[] = {
        { "title", PECS_META_TEXT, "before the dragon", 17 },
        { "picture", PECS_META_BYTES, picture, sizeof(picture) },
        { "none", PECS_META_BYTES, NULL, 0 },
    };
    pecs_info *info;
    set_text(given.world, "title", "the world");
    set_text(given.world, "world", "only here");
    const uint64_t hash = pecs_view_hash(given.view);
    must(save_with(given.world, entries, 3, NULL) == PECS_OK);
    must(pecs_file_info("own.pecs", &counting_hooks, NULL, &info, NULL) == PECS_OK);
    cr_assert_eq(info->optional_features, 1);
    cr_assert_eq(info->file_metadata_count, 3);
    cr_assert_eq(info->metadata_count, 2);
    cr_assert_str_eq(info->file_metadata[0].key, "none");
    cr_assert_eq(info->file_metadata[0].size_bytes, 0);
    cr_assert_eq(memcmp(info->file_metadata[1].value, picture, sizeof(picture)), 0);
    cr_assert_eq(pecs_info_meta(info, "title"), &info->file_metadata[2]);
    cr_assert_str_eq(pecs_info_meta(info, "title")->value, "before the dragon");
    cr_assert_str_eq(pecs_info_meta(info, "world")->value, "only here");
    cr_assert_null(pecs_info_meta(info, "nowhere"));
    pecs_info_destroy(info);
    for (int loads = 0; loads < 2; loads++) {
        pecs_snapshot *snapshot;
        must(verbs[loads](given.registry, "own.pecs", NULL, &snapshot, NULL) == PECS_OK);
        const pecs_view view = pecs_snapshot_view(snapshot);
        cr_assert_eq(pecs_view_meta_count(view), 2);
        cr_assert(has_text(view, "title", "the world"));
        cr_assert_eq(pecs_view_hash(view), hash);
        must(pecs_snapshot_save(snapshot, "again.pecs", &(pecs_save_options){ .skip_sync = true }, NULL) == PECS_OK);
        pecs_snapshot_release(snapshot);
        must(pecs_file_info("again.pecs", &counting_hooks, NULL, &info, NULL) == PECS_OK);
        cr_assert_eq(info->file_metadata_count, 0);
        cr_assert_eq(info->optional_features, 0);
        pecs_info_destroy(info);
    }
    free_given(&given);
}

Test(metadata_in_files, entries_that_a_save_refuses)
{
    struct given given = make_given();
    static const char large[LIMIT_BYTES];
    const struct {
        pecs_meta entry;
        pecs_status status;
        const char *message; /* behind "entry N of the file's metadata" */
    } bad[] = {
        { { NULL, PECS_META_TEXT, "x", 1 }, PECS_E_MISUSE, ": it has no key" },
        { { "", PECS_META_TEXT, "x", 1 },
          PECS_E_MISUSE,
          ": its key is not 1 to 255 bytes of UTF-8 without control characters" },
        { { "pecs.application", PECS_META_TEXT, "x", 1 },
          PECS_E_MISUSE,
          ", 'pecs.application': keys that begin with 'pecs.' are reserved" },
        { { "a\nb", PECS_META_TEXT, "x", 1 },
          PECS_E_MISUSE,
          ": its key is not 1 to 255 bytes of UTF-8 without control characters" },
        { { "a", PECS_META_TEXT, NULL, 0 }, PECS_E_MISUSE, ", 'a': it has no value" },
        { { "a", PECS_META_TEXT, "\xff", 1 }, PECS_E_MISUSE, ", 'a': its text is not UTF-8 without zero bytes" },
        { { "a", PECS_META_TEXT, "x\0y", 3 }, PECS_E_MISUSE, ", 'a': its text is not UTF-8 without zero bytes" },
        { { "a", PECS_META_BYTES, NULL, 1 }, PECS_E_MISUSE, ", 'a': it has no value" },
        { { "a", (pecs_meta_kind)3, "x", 1 }, PECS_E_MISUSE, ", 'a': its kind is neither text nor bytes" },
        { { "good", PECS_META_TEXT, "y", 1 }, PECS_E_MISUSE, ", 'good': its key is given twice" },
        { { "a", PECS_META_BYTES, large, sizeof(large) }, PECS_E_LIMIT, ", 'a': with it, the metadata is too large" },
        { { "a", PECS_META_BYTES, large, sizeof(large) + 1 },
          PECS_E_LIMIT,
          ", 'a': with it, the metadata is too large" },
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const pecs_meta entries[] = { { "good", PECS_META_TEXT, "x", 1 }, bad[i].entry };
        pecs_error error = { .message = "" };
        cr_assert_eq(save_with(given.world, entries, 2, &error), bad[i].status, "entry %zu", i);
        cr_assert_eq(strncmp(error.message, "entry ", 6), 0, "%s", error.message);
        const char *behind = strstr(error.message, " of the file's metadata");
        cr_assert_not_null(behind, "%s", error.message);
        cr_assert_str_eq(behind + strlen(" of the file's metadata"), bad[i].message);
        cr_assert_eq(access("own.pecs", F_OK), -1, "nothing was written");
    }
    cr_assert_eq(save_with(given.world, NULL, 1, NULL), PECS_E_MISUSE);
    const pecs_meta most = { "a", PECS_META_BYTES, large, sizeof(large) - 24 };
    cr_assert_eq(save_with(given.world, &most, 1, NULL), PECS_OK);
    free_given(&given);
}

Test(metadata_in_files, memory_runs_out_while_they_are_saved)
{
    struct given given = make_given();
    const pecs_meta entries[] = { { "b", PECS_META_TEXT, "x", 1 }, { "a", PECS_META_TEXT, "x", 1 } };
    pecs_status status = PECS_E_MEMORY;
    uint64_t nth = 1;
    for (; status; nth++) {
        counting.call_count = 0;
        counting.fail_at = nth;
        status = save_with(given.world, entries, 2, NULL);
        cr_assert(!status || status == PECS_E_MEMORY);
    }
    counting.fail_at = 0;
    cr_assert_gt(nth, 10);
    pecs_info *info = NULL;
    for (status = PECS_E_MEMORY, nth = 1; status; nth++) {
        counting.call_count = 0;
        counting.fail_at = nth;
        status = pecs_file_info("own.pecs", &counting_hooks, NULL, &info, NULL);
        cr_assert(!status || status == PECS_E_MEMORY);
    }
    counting.fail_at = 0;
    cr_assert_str_eq(info->file_metadata[0].key, "a");
    pecs_info_destroy(info);
    free_given(&given);
}
