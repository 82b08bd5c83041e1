/*
 * JSON in contents_test: the world becomes a document in memory, and what that gives has the same contents, ids,
 * differences and document, but for what is transient, which must leave no trace. The test then goes on with what came
 * back, or with the PECS file that it gives.
 */
#include "contents_model.h"
#include "json_fixture.h"

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

static void compare_views(struct model *model, const struct contents *saved, pecs_view before, pecs_view after)
{
    compare_all(model, after, saved);
    CHECK(model, pecs_view_hash(before) == pecs_view_hash(after));
    CHECK(model, !pecs_view_diff(before, after, print_change, NULL));
    CHECK(model, !pecs_view_diff_by_handle(before, after, print_change, NULL));
}

/* Takes the snapshot. */
static pecs_snapshot *save_and_load(struct model *model, const struct contents *saved, pecs_snapshot *snapshot)
{
    const pecs_save_options quick = { .skip_sync = true };
    pecs_snapshot *loaded;
    CHECK(model, !pecs_snapshot_save(snapshot, model->path, &quick, NULL));
    CHECK(model, !(pick(model, 2) ? pecs_snapshot_load(model->registry, model->path, NULL, &loaded, NULL)
                                  : pecs_snapshot_resume(model->registry, model->path, NULL, &loaded, NULL)));
    compare_views(model, saved, pecs_snapshot_view(snapshot), pecs_snapshot_view(loaded));
    pecs_snapshot_release(snapshot);
    return loaded;
}

void json_all(struct model *model)
{
    static struct contents saved;
    const pecs_json_options options = { .is_pretty = pick(model, 4) == 0 };
    pecs_snapshot *snapshot;
    contents_copy(&saved, &model->now);
    (void)contents_leave_out(&saved, false);
    CHECK(model, !pecs_snapshot_take(model->world, &snapshot));
    const struct json_text text = write_document(model, snapshot, &options);
    pecs_snapshot *loaded = read_document(model, &text);
    compare_views(model, &saved, pecs_snapshot_view(snapshot), pecs_snapshot_view(loaded));
    const struct json_text again = write_document(model, loaded, &options);
    CHECK(model, again.size == text.size && memcmp(again.bytes, text.bytes, text.size) == 0);
    free(again.bytes);
    free(text.bytes);
    pecs_snapshot_release(snapshot);
    if (pick(model, 2))
        loaded = save_and_load(model, &saved, loaded);
    if (pick(model, 2)) { /* go on in it */
        CHECK(model, !pecs_world_restore(model->world, loaded));
        contents_clear(&model->now);
        contents_copy(&model->now, &saved);
        model->timeline++;
    }
    contents_clear(&saved);
    pecs_snapshot_release(loaded);
    model->counts.documents++;
}
