/*
 * What contents_test does with states as a whole: snapshots, which keep what they had; restores, rewinds and forks, in
 * which the test goes on; and files, by path and in memory, that have all but what is transient.
 */
#include "contents_model.h"

void moment_clear(struct moment *moment)
{
    if (moment->contents)
        contents_clear(moment->contents);
    free(moment->contents);
    pecs_snapshot_release(moment->snapshot);
    *moment = (struct moment){ .contents = NULL };
}

void take(struct model *model)
{
    struct moment *moment = &model->history[pick(model, HISTORY)];
    moment_clear(moment);
    moment->contents = malloc(sizeof(*moment->contents));
    if (!moment->contents)
        abort();
    CHECK(model, !pecs_snapshot_take(model->world, &moment->snapshot));
    contents_copy(moment->contents, &model->now);
    contents_forget_bodies(moment->contents);
    moment->timeline = model->timeline;
}

static void fork_world(struct model *model, pecs_snapshot *snapshot)
{
    pecs_world *world;
    CHECK(model, !pecs_world_create(model->registry, snapshot, NULL, &world, NULL));
    pecs_world_destroy(model->world);
    model->world = world;
    model->timeline++;
}

/* A rewind stays within the timeline; false: the moment is of another one. */
static bool rewind_to(struct model *model, const struct moment *moment)
{
    const bool is_allowed = moment->timeline == model->timeline;
    const pecs_status status = pecs_world_rewind(model->world, moment->snapshot);
    CHECK(model, status == (is_allowed ? PECS_OK : PECS_E_MISUSE));
    model->counts.rewinds += is_allowed;
    return is_allowed;
}

/* What a rewind undid lives on in snapshots: references to it and its ids come back with clones and merges. */
static void use_undone(struct model *model)
{
    for (uint64_t turns = 1 + pick(model, 4); turns; turns--) {
        clone_some(model);
        merge_some(model);
    }
}

/* To a moment, in one of three ways. */
void go_back(struct model *model)
{
    const struct moment *moment = &model->history[pick(model, HISTORY)];
    const uint64_t way = pick(model, 5);
    if (way > 1 && pick(model, 2))
        take(model); /* of what will be undone */
    if (!moment->snapshot || (way > 1 && !rewind_to(model, moment)))
        return;
    contents_clear(&model->now);
    contents_copy(&model->now, moment->contents);
    if (way == 0) {
        fork_world(model, moment->snapshot);
    } else if (way == 1) {
        CHECK(model, !pecs_world_restore(model->world, moment->snapshot));
        model->timeline++;
    } else {
        use_undone(model);
    }
}

void compare_history(struct model *model)
{
    for (int i = 0; i < HISTORY; i++)
        if (model->history[i].snapshot)
            compare_all(model, pecs_snapshot_view(model->history[i].snapshot), model->history[i].contents);
}

/* Files. */

static pecs_status load_memory(struct model *model, void *bytes, size_t size, pecs_snapshot **ret_snapshot,
                               pecs_error *error)
{
    const pecs_bytes memory = { bytes, size };
    const pecs_source source = pecs_source_for_memory(&memory);
    const pecs_status status = pick(model, 2)
                                   ? pecs_snapshot_load_memory(model->registry, bytes, size, NULL, ret_snapshot, error)
                                   : pecs_snapshot_load_from(model->registry, &source, NULL, ret_snapshot, error);
    memset(bytes, 0xa5, size); /* the load has copied it */
    pecs_memory_release(bytes);
    return status;
}

/* Saves, and reads the file again, in one of three ways. NULL: the save was refused. */
static pecs_snapshot *save_and_read(struct model *model, const pecs_snapshot *now, const pecs_save_options *options,
                                    bool is_refused)
{
    const uint64_t way = pick(model, 4);
    pecs_error error = { .message = "" };
    pecs_snapshot *snapshot = NULL;
    void *bytes = NULL;
    size_t size = 0;
    pecs_status status = way == 0   ? pecs_snapshot_save_memory(now, options, &bytes, &size, &error)
                         : way == 1 ? pecs_world_save(model->world, model->path, options, &error)
                                    : pecs_snapshot_save(now, model->path, options, &error);
    if (status != (is_refused ? PECS_E_INVALID : PECS_OK))
        fprintf(stderr, "save: %s\n", error.message);
    CHECK(model, status == (is_refused ? PECS_E_INVALID : PECS_OK));
    if (is_refused)
        return NULL;
    const bool is_resumed = way && pick(model, 2);
    status = !way         ? load_memory(model, bytes, size, &snapshot, &error)
             : is_resumed ? pecs_snapshot_resume(model->registry, model->path, NULL, &snapshot, &error)
                          : pecs_snapshot_load(model->registry, model->path, NULL, &snapshot, &error);
    if (status)
        fprintf(stderr, "open: %s\n", error.message);
    CHECK(model, !status);
    CHECK(model, !is_resumed || !pecs_snapshot_verify(snapshot, NULL, NULL, &error));
    return snapshot;
}

static bool refuse_change(void *user, const pecs_change *change)
{
    (void)user;
    (void)change;
    return false;
}

static void compare_states(struct model *model, pecs_view before, pecs_view after)
{
    CHECK(model, pecs_view_hash(before) == pecs_view_hash(after));
    CHECK(model, !pecs_view_diff(before, after, refuse_change, NULL));
}

static uint64_t count_left_out(struct model *model, pecs_view now)
{
    const struct shadow *own = &model->now.own;
    uint64_t bytes = own->has_cache * sizeof(Cache) + own->has_body * sizeof(Body);
    pecs_component id_type;
    CHECK(model, !pecs_view_component(now, "pecs.id", &id_type));
    for (size_t i = 0; i < ENTITY_COUNT; i++) {
        const struct shadow *shadow = &model->now.shadows[i];
        bytes += shadow->has_cache * sizeof(Cache) + shadow->has_body * sizeof(Body);
        if (shadow->is_ghost)
            bytes += shadow->has_name * sizeof(Name) + shadow->has_bag * sizeof(Bag) +
                     pecs_view_has(now, shadow->entity, id_type) * sizeof(pecs_id);
    }
    return bytes;
}

/* A save leaves out what a filter does. */
static void compare_with_filter(struct model *model, const pecs_snapshot *now, pecs_references references,
                                pecs_view saved)
{
    const pecs_filter filter = { .query = model->ghosts, .references = references };
    pecs_snapshot *part;
    CHECK(model, !pecs_snapshot_filter(now, &filter, &part, NULL));
    compare_states(model, pecs_snapshot_view(part), saved);
    pecs_snapshot_release(part);
}

static void compare_report(struct model *model, const pecs_save_report *report, pecs_view now, pecs_view saved,
                           uint64_t reference_count)
{
    pecs_summary before, after;
    pecs_view_summary(now, &before);
    pecs_view_summary(saved, &after);
    CHECK(model, report->entity_count == after.entity_count);
    CHECK(model, report->left_out.entity_count == before.entity_count - after.entity_count);
    CHECK(model, report->left_out.reference_count == reference_count);
    CHECK(model, report->left_out.component_bytes == count_left_out(model, now));
}

static void compare_saved(struct model *model, const pecs_snapshot *now, const pecs_snapshot *snapshot,
                          const pecs_save_options *options, uint64_t reference_count)
{
    const pecs_view view = pecs_snapshot_view(snapshot);
    const uint64_t clear_count = options->references == PECS_REFERENCES_CLEAR ? reference_count : 0;
    CHECK(model, !pecs_view_check(view, NULL, NULL, NULL));
    compare_report(model, options->report, pecs_snapshot_view(now), view, clear_count);
    compare_with_filter(model, now, options->references, view);
    if (!clear_count)
        compare_states(model, pecs_snapshot_view(now), view);
    model->counts.cleared += clear_count;
}

void save_and_open(struct model *model)
{
    static struct contents saved;
    pecs_save_report report;
    pecs_snapshot *now;
    const pecs_component_profile other = { (pecs_component)pick(model, model_type_count),
                                           (pecs_profile)pick(model, 3) };
    const pecs_save_options options = {
        .skip_sync = true,
        .references = (pecs_references)pick(model, 3),
        .report = &report,
        .profile = pick(model, 2) ? (pecs_profile)pick(model, 3) : PECS_PROFILE_OFF,
        .component_profiles = &other,
        .component_profile_count = pick(model, 4) == 0,
        .thread_count = (uint32_t)pick(model, 3),
    };
    contents_copy(&saved, &model->now);
    const uint64_t reference_count = contents_leave_out(&saved, options.references == PECS_REFERENCES_CLEAR);
    const bool is_refused = reference_count && options.references == PECS_REFERENCES_REFUSE;
    CHECK(model, !pecs_snapshot_take(model->world, &now));
    pecs_snapshot *snapshot = save_and_read(model, now, &options, is_refused);
    if (snapshot) {
        compare_all(model, pecs_snapshot_view(snapshot), &saved);
        compare_saved(model, now, snapshot, &options, reference_count);
    }
    if (snapshot && pick(model, 2)) { /* go on in the file's world */
        fork_world(model, snapshot);
        contents_clear(&model->now);
        contents_copy(&model->now, &saved);
    }
    contents_clear(&saved);
    pecs_snapshot_release(now);
    pecs_snapshot_release(snapshot);
}
