/*
 * Golden files as JSON: each is saved as a document, in both forms, and loaded again, by programs that know none of its
 * types. Content, handles, dead handles and explicit ids come back.
 *
 *     golden_json_test FILE...
 */
#include <pecs/json.h>
#include <pecs/pecs.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(bool condition, const char *path, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "golden_json_test: %s: %s\n", path, what);
    exit(1);
}

struct text {
    char *bytes;
    size_t size;
};

static pecs_status gather(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    struct text *text = user;
    (void)error;
    for (size_t i = 0; i < span_count; i++) {
        text->bytes = realloc(text->bytes, text->size + spans[i].size_bytes);
        memcpy(text->bytes + text->size, spans[i].data, spans[i].size_bytes);
        text->size += spans[i].size_bytes;
    }
    return PECS_OK;
}

/* Slots beyond the file's own are those that a compaction dropped. */
static void compare(const char *path, pecs_view before, pecs_view after)
{
    require(pecs_view_hash(before) == pecs_view_hash(after), path, "another content");
    require(pecs_view_tick(before) == pecs_view_tick(after), path, "another tick");
    for (uint32_t slot = 0; slot < 64; slot++) {
        const pecs_entity a = pecs_view_slot(before, slot), b = pecs_view_slot(after, slot);
        require(a.generation == b.generation, path, "another generation");
        require(pecs_view_alive(before, a) == pecs_view_alive(after, b), path, "a dead entity lives");
    }
}

static void check(const char *path, bool is_pretty)
{
    static const pecs_registry_desc none;
    static const pecs_save_options save;
    static const pecs_load_options load;
    const pecs_json_options options = { .is_pretty = is_pretty };
    const pecs_plugin plugin = pecs_json_plugin_with(&options);
    const pecs_plugin_context context = { .user = plugin.user, .save = &save, .load = &load };
    struct text text = { NULL, 0 };
    const pecs_sink sink = { .write = gather, .user = &text };
    pecs_registry *registry[2];
    pecs_snapshot *snapshot, *again;
    pecs_builder *builder;
    pecs_error error = { 0 };
    for (int i = 0; i < 2; i++)
        require(pecs_registry_create(&none, &registry[i], &error) == PECS_OK, path, error.message);
    require(pecs_snapshot_load(registry[0], path, NULL, &snapshot, &error) == PECS_OK, path, error.message);
    require(plugin.save(&context, snapshot, &sink, &error) == PECS_OK, path, error.message);
    require(plugin.bid(plugin.user, text.bytes, text.size) == 80, path, "no bid");
    const pecs_bytes bytes = { text.bytes, text.size };
    const pecs_source source = pecs_source_for_memory(&bytes);
    require(pecs_builder_create(registry[1], NULL, &builder, &error) == PECS_OK, path, error.message);
    require(plugin.load(&context, &source, builder, &error) == PECS_OK, path, error.message);
    require(pecs_builder_finish(builder, &again, &error) == PECS_OK, path, error.message);
    pecs_builder_destroy(builder);
    compare(path, pecs_snapshot_view(snapshot), pecs_snapshot_view(again));
    pecs_snapshot_release(snapshot);
    pecs_snapshot_release(again);
    pecs_registry_release(registry[0]);
    pecs_registry_release(registry[1]);
    free(text.bytes);
}

int main(int count, char **words)
{
    for (int i = 1; i < count; i++) {
        check(words[i], false);
        check(words[i], true);
    }
    return 0;
}
