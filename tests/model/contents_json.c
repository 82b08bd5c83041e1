/*
 * JSON in contents_test: the world becomes a document in memory, and what that gives has the same contents, ids,
 * differences and document. Half of the documents are of a fork with transient components and entities, which must
 * leave no trace. The test then goes on with what came back, or with the PECS file that it gives.
 */
#include "contents_model.h"
#include "json_fixture.h"

enum { MARKED_COUNT = 20, GHOST_COUNT = 3 };

/* A snapshot of a fork that also has what is not saved. Takes the snapshot. */
static pecs_snapshot *with_transient(struct model *model, pecs_snapshot *snapshot)
{
    pecs_world *fork;
    pecs_snapshot *marked;
    Bag bag;
    struct given given;
    const struct shadow *friendly = pick_living(model, &model->now);
    CHECK(model, !pecs_world_create(model->registry, snapshot, NULL, &fork, NULL));
    pecs_snapshot_release(snapshot);
    for (int i = 0; i < MARKED_COUNT; i++) {
        const struct shadow *shadow = pick_living(model, &model->now);
        const Cache cache = { shadow };
        if (shadow)
            CHECK(model, !pecs_set_ptr(fork, shadow->entity, Cache, &cache));
    }
    CHECK(model, !pecs_world_set_singleton(fork, Cache_component, sizeof(Cache), &(Cache){ model }));
    for (int i = 0; friendly && i < GHOST_COUNT; i++) {
        bag = bag_of(friendly, &given);
        const pecs_value values[] = { PECS_ROWS(Bag, &bag), PECS_HAS(Ghost) };
        CHECK(model, !pecs_world_spawn(fork, values, 2, 1, NULL));
    }
    CHECK(model, !pecs_snapshot_take(fork, &marked));
    pecs_world_destroy(fork);
    return marked;
}

static struct json_text write_document(struct model *model, const pecs_snapshot *snapshot,
                                       const pecs_json_options *options)
{
    struct json_text text;
    pecs_error error = { .message = "" };
    const pecs_status status = json_write(snapshot, options, NULL, &text, &error);
    if (status)
        fprintf(stderr, "save of JSON: %s\n", error.message);
    CHECK(model, !status);
    return text;
}

static pecs_snapshot *read_document(struct model *model, const struct json_text *text)
{
    pecs_snapshot *snapshot = NULL;
    pecs_error error = { .message = "" };
    const pecs_status status = json_read(model->registry, text->bytes, text->size, NULL, NULL, &snapshot, &error);
    if (status)
        fprintf(stderr, "load of JSON: %s\n", error.message);
    CHECK(model, !status);
    return snapshot;
}

static bool print_change(void *user, const pecs_change *change)
{
    (void)user;
    fprintf(stderr, "JSON makes a difference of kind %d: entity {%u, %u}, after {%u, %u}\n", (int)change->kind,
            change->before.index, change->before.generation, change->after.index, change->after.generation);
    return false;
}

static void compare_views(struct model *model, pecs_view before, pecs_view after)
{
    compare_all(model, after, &model->now);
    CHECK(model, pecs_view_hash(before) == pecs_view_hash(after));
    CHECK(model, !pecs_view_diff(before, after, print_change, NULL));
    CHECK(model, !pecs_view_diff_by_handle(before, after, print_change, NULL));
}

/* Takes the snapshot. */
static pecs_snapshot *save_and_load(struct model *model, pecs_snapshot *snapshot)
{
    const pecs_save_options quick = { .skip_sync = true };
    pecs_snapshot *loaded;
    CHECK(model, !pecs_snapshot_save(snapshot, model->path, &quick, NULL));
    CHECK(model, !(pick(model, 2) ? pecs_snapshot_load(model->registry, model->path, NULL, &loaded, NULL)
                                  : pecs_snapshot_resume(model->registry, model->path, NULL, &loaded, NULL)));
    compare_views(model, pecs_snapshot_view(snapshot), pecs_snapshot_view(loaded));
    pecs_snapshot_release(snapshot);
    return loaded;
}

void json_all(struct model *model)
{
    const pecs_json_options options = { .is_pretty = pick(model, 4) == 0 };
    pecs_snapshot *snapshot;
    CHECK(model, !pecs_snapshot_take(model->world, &snapshot));
    if (pick(model, 2))
        snapshot = with_transient(model, snapshot);
    const struct json_text text = write_document(model, snapshot, &options);
    pecs_snapshot *loaded = read_document(model, &text);
    compare_views(model, pecs_snapshot_view(snapshot), pecs_snapshot_view(loaded));
    const struct json_text again = write_document(model, loaded, &options);
    CHECK(model, again.size == text.size && memcmp(again.bytes, text.bytes, text.size) == 0);
    free(again.bytes);
    free(text.bytes);
    pecs_snapshot_release(snapshot);
    if (pick(model, 2))
        loaded = save_and_load(model, loaded);
    if (pick(model, 2)) { /* go on in it */
        CHECK(model, !pecs_world_restore(model->world, loaded));
        model->stretch++;
    }
    pecs_snapshot_release(loaded);
    model->document_count++;
}
