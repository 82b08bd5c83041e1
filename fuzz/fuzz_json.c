/*
 * JSON: any text is refused with an error, or is a world that can be read, whose own document gives it again. An input
 * that is a PECS file becomes a document first; that gives the same world, and then others, with a few bytes changed.
 */
#include "fuzz_common.h"
#include "fuzz_worlds.h"

#include <pecs/json.h>

#include <stdlib.h>
#include <string.h>

enum { CHANGED_DOCUMENTS = 64, EDITED_WORLDS = 4, EDITS = 60 };

struct document {
    char *bytes;
    size_t size, capacity;
};

static pecs_status document_write(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    struct document *document = user;
    (void)error;
    for (size_t i = 0; i < span_count; i++) {
        while (document->size + spans[i].size_bytes > document->capacity) {
            document->capacity = 2 * document->capacity + 4096;
            document->bytes = realloc(document->bytes, document->capacity);
            FUZZ_CHECK(document->bytes, "memory");
        }
        memcpy(document->bytes + document->size, spans[i].data, spans[i].size_bytes);
        document->size += spans[i].size_bytes;
    }
    return PECS_OK;
}

static struct document save(const pecs_snapshot *snapshot, const pecs_json_options *options)
{
    static const pecs_save_options defaults;
    const pecs_plugin plugin = pecs_json_plugin_with(options);
    const pecs_plugin_context context = { .user = plugin.user, .save = &defaults };
    struct document document = { NULL, 0, 0 };
    const pecs_sink sink = { .write = document_write, .user = &document };
    pecs_error error = { .message = "" };
    const pecs_status status = plugin.save(&context, snapshot, &sink, &error);
    FUZZ_CHECK(status == PECS_OK, error.message);
    return document;
}

/* NULL: refused. */
static pecs_snapshot *load(pecs_registry *registry, const void *bytes, size_t size, const pecs_json_options *options)
{
    const pecs_load_options limits = { .limits.max_bytes = (uint64_t)64 * size + (1 << 20) };
    const pecs_plugin plugin = pecs_json_plugin_with(options);
    const pecs_plugin_context context = { .user = plugin.user, .load = &limits };
    const pecs_bytes span = { bytes, size };
    const pecs_source source = pecs_source_for_memory(&span);
    pecs_builder *builder = NULL;
    pecs_snapshot *snapshot = NULL;
    pecs_error error = { .message = "" };
    pecs_status status = pecs_builder_create(registry, NULL, &builder, &error);
    if (!status)
        status = plugin.load(&context, &source, builder, &error);
    if (!status)
        status = pecs_builder_finish(builder, &snapshot, &error);
    pecs_builder_destroy(builder);
    FUZZ_CHECK(!status || (error.status == status && error.message[0]), pecs_status_name(status));
    FUZZ_CHECK(status != PECS_E_MISUSE || size, error.message);
    return snapshot;
}

/* What was loaded has a document, which gives the same world, and the same document. */
static void check_again(pecs_registry *registry, const pecs_snapshot *snapshot, bool is_pretty)
{
    const pecs_json_options options = { .is_pretty = is_pretty };
    struct document document = save(snapshot, &options);
    pecs_snapshot *again = load(registry, document.bytes, document.size, &options);
    FUZZ_CHECK(again, "a document of a save is accepted");
    const pecs_view before = pecs_snapshot_view(snapshot), after = pecs_snapshot_view(again);
    FUZZ_CHECK(pecs_view_hash(before) == pecs_view_hash(after), "it has the same content");
    FUZZ_CHECK(pecs_view_tick(before) == pecs_view_tick(after), "it has the same tick");
    pecs_snapshot_release(again);
    free(document.bytes);
}

static void try_document(pecs_registry *registry, const void *bytes, size_t size, struct random *random)
{
    const pecs_json_options options = { .allow_unknown = random_once_in(random, 2) };
    pecs_snapshot *snapshot = load(registry, bytes, size, &options);
    if (!snapshot)
        return;
    fuzz_walk(pecs_snapshot_view(snapshot));
    check_again(registry, snapshot, random_once_in(random, 2));
    pecs_snapshot_release(snapshot);
}

/* Bytes that JSON and the values of fields are made of, at a few places. */
static void change_bytes(struct document *document, struct random *random)
{
    static const char bytes[] = "{}[]\",:0123456789eE+-.nulltruefalse\\u \n\xff\x80";
    for (uint64_t count = 1 + random_below(random, 3); count && document->size; count--) {
        char *at = document->bytes + random_below(random, document->size);
        if (random_once_in(random, 8))
            document->size = (size_t)(at - document->bytes);
        else
            *at = bytes[random_below(random, sizeof(bytes) - 1)];
    }
}

/* The world of the file after random edits, with a history: dead slots, ids, singletons, contents. */
static void try_edited(pecs_registry *registry, const pecs_snapshot *snapshot, struct random *random)
{
    pecs_world *world = NULL;
    pecs_snapshot *edited = NULL;
    pecs_error error = { .message = "" };
    FUZZ_CHECK(pecs_world_create(registry, snapshot, NULL, &world, &error) == PECS_OK, error.message);
    fuzz_edit(world, random, EDITS);
    FUZZ_CHECK(pecs_snapshot_take(world, &edited) == PECS_OK, "memory");
    pecs_world_destroy(world);
    check_again(registry, edited, random_once_in(random, 2));
    pecs_snapshot_release(edited);
}

static void try_file(pecs_registry *registry, const char *path, size_t size, struct random *random)
{
    pecs_snapshot *snapshot = fuzz_open(FUZZ_LOAD, registry, path, size, NULL);
    if (!snapshot)
        return;
    fuzz_memory_limit(FUZZ_EDIT_BYTES);
    check_again(registry, snapshot, random_once_in(random, 2));
    for (int i = 0; i < EDITED_WORLDS; i++)
        try_edited(registry, snapshot, random);
    struct document document = save(snapshot, NULL);
    pecs_snapshot_release(snapshot);
    for (int i = 0; i < CHANGED_DOCUMENTS; i++) {
        struct document changed = { malloc(document.size), document.size, document.size };
        FUZZ_CHECK(changed.bytes, "memory");
        memcpy(changed.bytes, document.bytes, document.size);
        change_bytes(&changed, random);
        try_document(registry, changed.bytes, changed.size, random);
        free(changed.bytes);
    }
    free(document.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct random random = fuzz_random(data, size);
    const char *path = fuzz_write("input", data, size);
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    pecs_registry *registry = fuzz_registry(random_once_in(&random, 2) ? FUZZ_KNOWN_TYPES : FUZZ_NO_TYPES);
    if (size && data[0] == '{')
        try_document(registry, data, size, &random);
    else
        try_file(registry, path, size, &random);
    pecs_registry_release(registry);
    fuzz_memory_end();
    return 0;
}
