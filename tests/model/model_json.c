/*
 * JSON in the model test: a world becomes a document in memory, which the same registry or another one loads. What
 * comes back is the same: content, differences, handles, dead ones too, ids, tick and metadata; and loaded by the same
 * registry, it gives the same document. The episode then goes on with it, or with the PECS file that it gives.
 *
 * A call that memory ran out in is repeated: it must have left nothing behind.
 *
 * What a document does not have, by docs/json.md: how far the index was compacted, when each value changed, and the
 * birth id of an entity that has an explicit one.
 */
#include "json_fixture.h"
#include "model.h"
#include "model_memory.h"

enum { JSON_SLOTS_MAX = 2000 }; /* a document is slow: some milliseconds for a thousand entities */

static bool again(struct model *model, pecs_status status, const char *call, const pecs_error *error)
{
    const bool refused = model_refused(model, status);
    model_memory_disarm();
    if (status && !refused)
        model_fail(model, "%s: %s: %s", call, pecs_status_name(status), error->message);
    return refused;
}

static struct json_text write_document(struct model *model, const pecs_snapshot *snapshot,
                                       const pecs_json_options *options)
{
    struct json_text text;
    pecs_error error = { .message = "" };
    while (again(model, json_write(snapshot, options, NULL, &text, &error), "save of JSON", &error))
        free(text.bytes);
    return text;
}

static pecs_snapshot *read_document(struct model *model, unsigned registry, const struct json_text *text)
{
    pecs_snapshot *snapshot = NULL;
    pecs_error error = { .message = "" };
    if (random_once_in(&model->random, 4)) /* short of memory at first */
        model_memory_arm(random_below(&model->random, 60));
    while (again(model, json_read(model->registries[registry], text->bytes, text->size, NULL, NULL, &snapshot, &error),
                 "load of JSON", &error))
        if (snapshot)
            model_fail(model, "a failed load of JSON gave a snapshot");
    return snapshot;
}

static bool fail_change(void *user, const pecs_change *change)
{
    const struct model *model = user;
    model_fail(model,
               "JSON makes a difference of kind %d: entity {%" PRIu32 ", %" PRIu32 "}, after {%" PRIu32 ", %" PRIu32
               "}",
               (int)change->kind, change->before.index, change->before.generation, change->after.index,
               change->after.generation);
}

static void expect_same_content(struct model *model, pecs_view before, pecs_view after)
{
    if (pecs_view_hash(before) != pecs_view_hash(after))
        model_fail(model, "the hash of what JSON gives is not that of its world");
    model_expect(model, pecs_view_diff(before, after, fail_change, model), PECS_OK, "pecs_view_diff");
    model_expect(model, pecs_view_diff_by_handle(before, after, fail_change, model), PECS_OK,
                 "pecs_view_diff_by_handle");
}

static void expect_same_document(struct model *model, const pecs_snapshot *snapshot, const struct json_text *text,
                                 const pecs_json_options *options)
{
    const struct json_text other = write_document(model, snapshot, options);
    for (size_t i = 0; i < text->size; i++)
        if (i == other.size || text->bytes[i] != other.bytes[i])
            model_fail(model, "written again, a document of %zu bytes differs at byte %zu: %.60s, was %.60s",
                       text->size, i, other.bytes + i, text->bytes + i);
    if (other.size != text->size)
        model_fail(model, "written again, a document has %zu bytes, had %zu", other.size, text->size);
    free(other.bytes);
}

/* The nonce of the document's session, which its head has; 0: it has none. */
static uint64_t session_of(const struct json_text *text)
{
    static const char key[] = "\"session\": \"";
    const char *at = strstr(text->bytes, key);
    return at ? strtoull(at + sizeof(key) - 1, NULL, 16) : 0;
}

/* What the document has of the model. */
static struct naive *document_naive(const struct naive *from, uint64_t session)
{
    struct naive *naive = naive_copy(from);
    for (size_t i = 0; i < naive->slot_count; i++)
        if (naive->slots[i].id_place != NAIVE_NO_ID)
            naive->slots[i].nonce = session;
    naive_restored(naive, from->tick);
    naive->retired_count = 0;
    return naive;
}

/* Takes the snapshot and the model. */
static void use_loaded(struct model *model, pecs_snapshot *snapshot, struct naive *naive, unsigned registry)
{
    const pecs_save_options quick = { .skip_sync = true };
    char path[PATH_BYTES];
    path_make(model, path, 0);
    model_expect(model, pecs_snapshot_save(snapshot, path, &quick, NULL), PECS_OK, "pecs_snapshot_save of JSON");
    if (registry == MODEL_PARTIAL || random_once_in(&model->random, 2)) {
        const unsigned other = (unsigned)random_below(&model->random, MODEL_REGISTRY_COUNT);
        pecs_snapshot *opened = open_state(model, other, path, random_once_in(&model->random, 2));
        expect_same_content(model, pecs_snapshot_view(snapshot), pecs_snapshot_view(opened));
        pecs_snapshot_release(snapshot);
        snapshot = opened;
        registry = other;
        model_count(model, "JSON: became a file");
    }
    use_state(model, snapshot, naive, registry); /* may drop the world */
}

static void load_document(struct model *model, const struct test_world *world, const pecs_snapshot *saved,
                          const struct json_text *text, const pecs_json_options *options)
{
    const bool is_partial = world->registry == MODEL_PARTIAL;
    const unsigned registry = (unsigned)random_below(&model->random, MODEL_REGISTRY_COUNT + is_partial);
    const uint64_t session = session_of(text);
    struct naive *naive = document_naive(world->naive, session);
    pecs_snapshot *loaded = read_document(model, registry, text);
    const pecs_view view = pecs_snapshot_view(loaded);
    expect_same_content(model, pecs_snapshot_view(saved), view);
    if (registry != MODEL_PARTIAL) /* types that it lacks have other numbers than in the world */
        compare_all(model, view, registry, naive);
    if (registry == world->registry && !is_partial)
        expect_same_document(model, loaded, text, options);
    model_count(model, registry == world->registry ? "JSON: same registry" : "JSON: other registry");
    if (session || !naive->id_count) {
        use_loaded(model, loaded, naive, registry);
        return;
    }
    /* All entities have explicit ids, and their birth ids, which the model cannot know, are of a random session. */
    pecs_snapshot_release(loaded);
    naive_destroy(naive);
}

void op_json(struct model *model, struct test_world *world)
{
    pecs_snapshot *snapshot = NULL;
    if (world->naive->slot_count > JSON_SLOTS_MAX)
        return;
    const pecs_status status = pecs_snapshot_take(world->world, &snapshot);
    if (model_refused(model, status))
        return;
    model_expect(model, status, PECS_OK, "pecs_snapshot_take");
    world_shared(world);
    const pecs_json_options options = { .is_pretty = random_once_in(&model->random, 4) };
    const struct json_text text = write_document(model, snapshot, &options);
    load_document(model, world, snapshot, &text, &options);
    pecs_snapshot_release(snapshot);
    free(text.bytes);
}
