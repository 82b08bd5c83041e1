/* What a save writes, to the byte, and that a load makes the same world of it. */
#include "json_world_fixture.h"

static const char *const document =
    "{\n"
    " \"version\": 1,\n"
    " \"timestamp\": \"2026-11-29T13:00:00.000000005Z\",\n"
    " \"entity_count\": 4,\n"
    " \"tick\": 1,\n"
    " \"session\": \"123456789abcdef\",\n"
    " \"types\": [\n"
    "  {\"id\": \"Frozen\", \"type_id\": \"TYPE\", \"version\": 1, \"size\": 0, \"align\": 1, \"fields\": []},\n"
    "  {\"id\": \"Nested\"";

/* Without the ids of types, which are hashes. */
static void mask_ids(char *text)
{
    for (char *at = text; (at = strstr(at, "\"type_id\": \"")); at += 12)
        memmove(at + 16, at + 12 + 36, strlen(at + 12 + 36) + 1), memcpy(at + 12, "TYPE", 4);
}

static void check_has(const struct json_text *text, const char *part)
{
    cr_assert(strstr(text->bytes, part), "no %s in %s", part, text->bytes);
}

Test(json_save, writes_one_entity_per_line)
{
    pecs_registry *registry = json_registry();
    pecs_snapshot *snapshot = json_world(registry);
    struct json_text text;
    pecs_error error;
    const pecs_meta note = { "note", PECS_META_TEXT, "of this file", 12 };
    pecs_save_report report;
    const pecs_save_options save = {
        .wall_clock_ns = UINT64_C(1795957200000000005), .metadata = &note, .metadata_count = 1, .report = &report
    };
    cr_assert(json_write(snapshot, NULL, &save, &text, &error) == PECS_OK, "%s", error.message);
    cr_assert(report.size_bytes == text.size && report.entity_count == 4 && report.type_count == 6);
    mask_ids(text.bytes);
    cr_assert(strncmp(text.bytes, document, strlen(document)) == 0, "%s", text.bytes);
    check_has(
        &text,
        " \"singletons\": {\n  \"Position\": {\"x\": 7.0, \"y\": 8.0}\n },\n"
        " \"metadata\": {\n  \"title\": \"a world\"\n },\n"
        " \"file_metadata\": {\n  \"note\": \"of this file\"\n },\n"
        " \"attachments\": {\n  \"map\": {\"base64\": \"dGVycmFpbg==\"}\n },\n"
        " \"dead\": [\n  \"4:1\"\n ],\n \"entities\": [\n"
        "  {\"entity\": \"0:1\", \"components\": {\"Position\": {\"x\": 0.1, \"y\": -0.0}}},\n"
        "  {\"entity\": \"1:2\", \"components\": {\"Frozen\": {}, \"Scalars\": {\"flag\": true, \"mood\": "
        "\"\xe2\x82\xac\", \"i8\": -128, \"i16\": -32768, \"i32\": -2147483648, \"i64\": "
        "-9223372036854775808, \"u8\": 255, \"u16\": 65535, \"u32\": 4294967295, \"u64\": "
        "18446744073709551615, \"f32\": 3.4028235e+38, \"f64\": 5e-324}}},\n"
        "  {\"entity\": \"2:1\", \"components\": {\"Nested\": {\"main\": {\"who\": \"0:1\", \"mood\": \"Angry\"}, "
        "\"path\": [{\"x\": 1.0, \"y\": 2.0}, {\"x\": 3.0, \"y\": 4.0}]}, \"Shapes\": {\"text\": \"Zo\xc3\xab\", "
        "\"target\": \"1:2\", \"slots\": [1, 2, 3], \"grid\": [[1, 2, 3], [4, 5, 6]]}}},\n"
        "  {\"entity\": \"3:1\", \"id\": \"07000000-0000-0000-0000-000000000000\", \"components\": "
        "{\"Story\": {\"name\": \"a \\\"b\\\"\\u000a\\\\ \xf0\x9f\x99\x82\", \"blob\": {\"base64\": "
        "\"AAECAA==\"}, \"ties\": [{\"who\": \"2:1\", \"mood\": \"Angry\"}, {\"who\": null, \"mood\": "
        "\"Calm\"}], \"numbers\": [-9223372036854775808, 9007199254740993, 9223372036854775807]}}}\n"
        " ]\n}\n");
    free(text.bytes);
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
}

/* Loads with a registry of all types or none, and compares: worlds and documents. */
static void check_round_trip(const pecs_snapshot *snapshot, pecs_registry *registry, const pecs_json_options *options)
{
    struct json_text text, again;
    pecs_snapshot *loaded;
    pecs_error error;
    cr_assert(json_write(snapshot, options, NULL, &text, &error) == PECS_OK, "%s", error.message);
    cr_assert(json_read(registry, text.bytes, text.size, NULL, NULL, &loaded, &error) == PECS_OK, "%s", error.message);
    const pecs_view before = pecs_snapshot_view(snapshot), after = pecs_snapshot_view(loaded);
    cr_assert(pecs_view_tick(before) == pecs_view_tick(after));
    for (uint32_t slot = 0; slot < 16; slot++) {
        const pecs_entity a = pecs_view_slot(before, slot), b = pecs_view_slot(after, slot);
        pecs_id of_a, of_b;
        cr_assert(a.generation == b.generation && pecs_view_alive(before, a) == pecs_view_alive(after, b));
        if (pecs_view_id(before, a, &of_a) == PECS_OK)
            cr_assert(pecs_view_id(after, b, &of_b) == PECS_OK && memcmp(&of_a, &of_b, sizeof(of_a)) == 0);
    }
    cr_assert(json_write(loaded, options, NULL, &again, &error) == PECS_OK, "%s", error.message);
    cr_assert_str_eq(text.bytes, again.bytes, "also by a program that knows no types");
    const uint64_t hash = pecs_view_hash(after);
    pecs_snapshot_release(loaded);
    cr_assert(pecs_view_hash(before) == hash);
    free(text.bytes);
    free(again.bytes);
}

Test(json_save, a_load_makes_the_same_world)
{
    const pecs_registry_desc none = { .type_count = 0 };
    pecs_registry *registry = json_registry(), *empty;
    pecs_snapshot *snapshot = json_world(registry);
    cr_assert(pecs_registry_create(&none, &empty, NULL) == PECS_OK);
    check_round_trip(snapshot, registry, NULL);
    check_round_trip(snapshot, registry, &(pecs_json_options){ .is_pretty = true });
    check_round_trip(snapshot, empty, NULL);
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
    pecs_registry_release(empty);
}

/* A source that only reads, in pieces of any size, gives the same. */
struct drip {
    const char *text;
    size_t left, step;
};

static pecs_status drip_read(void *user, void *bytes, size_t size_bytes, size_t *ret_size, pecs_error *error)
{
    struct drip *drip = user;
    size_t size = drip->left < drip->step ? drip->left : drip->step;
    (void)error;
    size = size < size_bytes ? size : size_bytes;
    memcpy(bytes, drip->text, size);
    drip->text += size;
    drip->left -= size;
    *ret_size = size;
    return PECS_OK;
}

Test(json_save, a_stream_gives_the_same)
{
    pecs_registry *registry = json_registry();
    pecs_snapshot *snapshot = json_world(registry), *loaded;
    struct json_text text;
    pecs_error error;
    cr_assert(json_write(snapshot, NULL, NULL, &text, &error) == PECS_OK);
    for (size_t step = 1; step < 40; step++) {
        struct drip drip = { text.bytes, text.size, step };
        const pecs_source source = { .read = drip_read, .user = &drip };
        cr_assert(json_read_from(registry, &source, NULL, NULL, &loaded, &error) == PECS_OK, "%s", error.message);
        cr_assert(pecs_view_hash(pecs_snapshot_view(snapshot)) == pecs_view_hash(pecs_snapshot_view(loaded)));
        pecs_snapshot_release(loaded);
    }
    free(text.bytes);
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
}

static pecs_status fail_write(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    (void)user;
    (void)spans;
    (void)span_count;
    error->status = PECS_E_IO;
    error->os_error = 28;
    strcpy(error->message, "no space");
    return PECS_E_IO;
}

Test(json_save, the_errors_of_a_sink_end_it)
{
    static const pecs_save_options save;
    pecs_registry *registry = json_registry();
    pecs_snapshot *snapshot = json_world(registry);
    pecs_error error = { 0 };
    const pecs_sink sink = { .write = fail_write };
    const pecs_plugin_context context = { .save = &save };
    cr_assert(pecs_json_plugin()->save(&context, snapshot, &sink, &error) == PECS_E_IO);
    cr_assert_str_eq(error.message, "no space");
    cr_assert(error.os_error == 28);
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
}

/* Entities of several sessions keep their birth ids. */
Test(json_save, birth_ids_of_all_sessions_come_back)
{
    pecs_registry *registry = json_registry();
    pecs_snapshot *snapshot = json_world(registry);
    for (uint64_t session = 1; session <= 3; session++) {
        const pecs_world_options options = { .session_nonce = session };
        pecs_world *world;
        cr_assert(pecs_world_create(registry, snapshot, &options, &world, NULL) == PECS_OK);
        pecs_snapshot_release(snapshot);
        for (uint64_t i = 0; i < session; i++)
            cr_assert(pecs_spawn(world, NULL, PECS_VALUE(Position, 1, 2)) == PECS_OK);
        cr_assert(pecs_snapshot_take(world, &snapshot) == PECS_OK);
        pecs_world_destroy(world);
    }
    check_round_trip(snapshot, registry, NULL);
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
}
