/* Resume and load: open a source, parse the model, match its types with the registry, build a state. */
#include "agree.h"
#include "build.h"
#include "error.h"
#include "gather.h"
#include "part.h"
#include "program_meta.h"
#include "reading.h"
#include "upgrade.h"
#include "verify.h"

/* The intermediate results of opening one file with one registry. */
struct loading {
    pecs_registry *registry;
    const pecs_file_limits *limits;
    bool refuse_unknown;
    bool may_split;        /* columns that lie in several pieces */
    struct source *source; /* of the structure */
    struct source *data;
    const struct source_input *input; /* of data that is not in the image yet, or NULL */
    struct image *image, *gathered;   /* of the file; of what its blocks hold, or NULL */
    struct model model;
    struct match match;
    const pecs_migration_options *migration;
    struct upgrade upgrade;
    const pecs_part *wanted; /* or NULL: the whole file */
    struct part part;
    pecs_error *error;
};

static void loading_deinit(struct loading *loading)
{
    if (loading->gathered)
        node_release(loading->registry->pool, &loading->gathered->node); /* the state's runs have it */
    part_deinit(&loading->part);
    upgrade_deinit(&loading->upgrade);
    match_deinit(&loading->match);
    model_deinit(&loading->model);
}

static pecs_status load_parse(struct loading *loading)
{
    const struct model_limits limits = { .max_entities = loading->limits->max_entities,
                                         .max_types = loading->limits->max_types };
    return model_parse(&loading->model, loading->source, &limits, loading->registry->pool, loading->error);
}

static uint32_t load_version(const struct loading *loading)
{
    return program_meta_number(loading->model.metadata, PECS_META_SCHEMA_VERSION);
}

/* What cannot be upgraded is refused before any data is read. */
static pecs_status load_plan(struct loading *loading)
{
    pecs_error why = { .message = "" };
    uint32_t culprit = 0;
    pecs_status status = upgrade_check_reader(loading->registry, loading->model.metadata, loading->error);
    if (!status && loading->wanted)
        status = upgrade_check_part(loading->registry, load_version(loading), loading->error);
    if (status)
        return status;
    loading->upgrade.is_partial = loading->wanted != NULL;
    status =
        upgrade_init(&loading->upgrade, loading->registry, loading->match.unknown, loading->migration, &culprit, &why);
    if (status == PECS_E_LAYOUT)
        return match_fail_old(&loading->match, &loading->model, culprit, loading->registry, why.message,
                              loading->error);
    return status ? fail_memory(loading->error) : PECS_OK;
}

static pecs_status load_match(struct loading *loading)
{
    struct model *model = &loading->model;
    const struct model_limits limits = { .max_bytes = loading->limits->max_bytes, .may_split = loading->may_split };
    pecs_status status =
        match_types(&loading->match, model, loading->registry, loading->refuse_unknown, loading->error);
    if (!status)
        status = load_plan(loading);
    if (!status &&
        part_init(&loading->part, loading->wanted, model, &loading->match, loading->registry, &loading->upgrade.plan))
        status = fail_memory(loading->error);
    if (!status)
        status = model_parse_segments(model, loading->source, &loading->part, &limits, loading->error);
    loading->image->parts = model->parts;
    model->parts.segments = NULL; /* the image has them */
    return status;
}

/* Of what was gathered, an error has the block's place in the file. */
static void load_place_error(struct loading *loading, pecs_status status)
{
    if (status == PECS_E_CORRUPT && loading->error)
        loading->error->offset = gather_file_offset(&loading->model, loading->error->offset);
}

/* Makes of the state that was built the one that the caller gets, or releases it. */
static pecs_status load_finish(struct loading *loading, bool is_checked, struct pecs_snapshot *state,
                               pecs_snapshot **ret_snapshot)
{
    pecs_status status = part_reduce(&loading->part, &loading->model, &state, loading->error);
    if (!status)
        status = upgrade_run(&loading->upgrade, load_version(loading), is_checked, &state, loading->error);
    if (!status)
        status = part_trim(&loading->part, &state, loading->error);
    load_place_error(loading, status);
    if (!status)
        *ret_snapshot = state;
    return status;
}

static pecs_status load_build(struct loading *loading, bool is_proven, struct pecs_snapshot **ret_state)
{
    const pecs_status status = build_state(&loading->model, &loading->match, loading->registry, &loading->part,
                                           loading->image, loading->gathered, is_proven, ret_state);
    return status ? fail_memory(loading->error) : PECS_OK;
}

/* Of the bytes of a file, all that is not in the structure. Of a part, only those that are read. */
static pecs_status load_check_bytes(struct loading *loading, const struct verify_plan *plan,
                                    const struct verify_options *how)
{
    const struct model_limits no_limits = { .max_commit_bytes = 0 };
    struct model *model = &loading->model;
    pecs_status status = model_check_retired(model, loading->error);
    if (!status)
        status = model_check_id(model, loading->error);
    if (!status)
        status = verify_data(plan, how, loading->error);
    gather_settle(plan->user);
    if (status || !loading->part.is_whole)
        return status;
    status = model_parse_file_metadata(model, loading->source, &no_limits, loading->error);
    return status ? status : verify_gaps(plan, model->records, loading->image->bytes, loading->error);
}

static struct verify_plan load_verify_plan(struct loading *loading, struct gathering *gathering)
{
    return (struct verify_plan){
        .pool = loading->registry->pool,
        .parts = &loading->image->parts,
        .structure = loading->source,
        .data = loading->data,
        .ranges = { loading->model.ranges, loading->model.range_count },
        .ways = gathering->ways,
        .check = gather_segment,
        .user = gathering,
    };
}

static pecs_status load_data(struct loading *loading, const pecs_load_options *options)
{
    const struct verify_options how = { options->thread_count, options->progress, options->user };
    struct gathering gathering;
    pecs_status status = gather_begin(&gathering, &loading->model, loading->image, &how, loading->error);
    gathering.input = loading->input;
    gathering.checks_gaps = loading->image->parts.has_zero_gaps;
    if (!status)
        status = gather_choose(&gathering, &loading->part, false, loading->error);
    if (!status) {
        const struct verify_plan plan = load_verify_plan(loading, &gathering);
        status = load_check_bytes(loading, &plan, &how);
    }
    if (!status)
        status = gather_rest(&gathering, loading->error);
    return gather_end(&gathering, status, &loading->gathered);
}

/* Of rows and values. */
static pecs_status load_check(struct loading *loading, const pecs_load_options *options,
                              const struct pecs_snapshot *state)
{
    struct model *model = &loading->model;
    pecs_error *error = loading->error;
    pecs_status status =
        agree_check(state, model, &loading->match, &loading->part, loading->image, loading->gathered, options, error);
    load_place_error(loading, status);
    if (!status && options->progress && !options->progress(options->user, model->file_size, model->file_size))
        status = fail(loading->error, PECS_E_CANCELLED, "cancelled");
    return status;
}

/* Segments whose bytes are read anyway are checked against their hashes. */
static pecs_status resume_data(struct loading *loading, const pecs_resume_options *options)
{
    const struct verify_options how = { .thread_count = options->thread_count };
    struct gathering gathering;
    if (!loading->model.gathered_bytes)
        return PECS_OK;
    pecs_status status = gather_begin(&gathering, &loading->model, loading->image, &how, loading->error);
    if (!status)
        status = gather_choose(&gathering, &loading->part, true, loading->error);
    if (!status) {
        const struct verify_plan plan = load_verify_plan(loading, &gathering);
        status = verify_data(&plan, &how, loading->error);
        gather_settle(&gathering);
    }
    if (!status)
        status = gather_rest(&gathering, loading->error);
    return gather_end(&gathering, status, &loading->gathered);
}

/*
 * The structure of a mapped file is read: its few kilobytes cost less so than the faults of a map, which then has no
 * pages yet, and is dropped in the time of a small one if it is not used.
 */
static pecs_status resume_image(struct loading *loading, const struct source_input *input,
                                const pecs_resume_options *options, pecs_snapshot **ret_snapshot)
{
    struct source_memory source;
    struct source_parts parts;
    pecs_snapshot *state;
    source_memory_init(&source, loading->image->bytes, loading->image->size_bytes);
    source_parts_init(&parts, input, loading->registry->pool);
    loading->data = &source.source;
    loading->source = loading->image->kind == IMAGE_MAPPED ? &parts.source : &source.source;
    pecs_status status = load_parse(loading);
    if (!status)
        status = load_match(loading);
    if (!status)
        status = resume_data(loading, options);
    if (!status)
        status = load_build(loading, false, &state);
    if (!status)
        status = load_finish(loading, false, state, ret_snapshot);
    loading_deinit(loading);
    source_parts_deinit(&parts);
    return status;
}

static pecs_status load_image(struct loading *loading, const pecs_load_options *options, pecs_snapshot **ret_snapshot)
{
    pecs_snapshot *state;
    pecs_status status = load_parse(loading);
    if (!status)
        status = load_match(loading);
    if (!status)
        status = load_data(loading, options);
    if (!status)
        status = load_build(loading, true, &state);
    if (status)
        return status;
    status = load_check(loading, options, state);
    if (!status)
        return load_finish(loading, true, state, ret_snapshot);
    state_release(state);
    return status;
}

/*
 * A stream is in memory already, which becomes the state's. Of anything else the data is copied there range by range,
 * unless it is gathered from a thread's own memory; the structure, of which little pieces lie all over the file, has
 * memory of its own.
 */
static pecs_status load_reading(pecs_registry *registry, const struct reading *reading,
                                const pecs_load_options *options, pecs_snapshot **ret_snapshot, pecs_error *error)
{
    const struct source_input *input = &reading->input;
    struct loading loading = {
        .registry = registry,
        .limits = &options->limits,
        .refuse_unknown = options->refuse_unknown,
        .migration = options->migration,
        .wanted = options->part,
        .part = part_whole,
        .error = error,
    };
    struct source_memory memory;
    struct source_image image;
    struct source_parts parts;
    source_parts_init(&parts, input, registry->pool);
    if (reading->image) {
        loading.image = reading->image;
        source_memory_init(&memory, loading.image->bytes, input->size_bytes);
        loading.source = loading.data = &memory.source;
    } else if (input->size_bytes <= SIZE_MAX / 2 &&
               (loading.image = image_create_private(registry->pool, input->size_bytes)) != NULL) {
        source_image_init(&image, input, loading.image->bytes);
        loading.source = &parts.source;
        loading.data = &image.source;
        loading.input = input;
    }
    const pecs_status status = loading.image ? load_image(&loading, options, ret_snapshot) : fail_memory(error);
    loading_deinit(&loading);
    source_parts_deinit(&parts);
    if (loading.image && !reading->image)
        node_release(registry->pool, &loading.image->node); /* the state's runs have it */
    return status;
}

/*
 * Smaller files are read: a map is one of the 65,530 that a process has, and its calls and faults cost as much as a
 * copy of so many bytes (docs/decisions/0035).
 */
enum { RESUME_MAP_BYTES = 128 * 1024 };

static pecs_status resume_read(struct pool *pool, const struct os_file *file, const char *path,
                               struct image **ret_image, pecs_error *error)
{
    struct image *image = image_create_read(pool, file, path);
    if (!image)
        return fail_memory(error);
    const pecs_status status = os_file_read(file, path, image->bytes, (size_t)file->size_bytes, 0, error);
    if (status)
        node_release(pool, &image->node);
    else
        *ret_image = image;
    return status;
}

static pecs_status resume_map(struct pool *pool, const struct os_file *file, const char *path, struct image **ret_image,
                              pecs_error *error)
{
    const uint8_t *bytes;
    const pecs_status status = os_file_map(file, path, &bytes, error);
    if (status)
        return status;
    *ret_image = image_create_mapped(pool, bytes, file, path);
    if (*ret_image)
        return PECS_OK;
    os_file_unmap(bytes, file->size_bytes);
    return fail_memory(error);
}

pecs_status pecs_snapshot_resume(pecs_registry *registry, const char *path, const pecs_resume_options *options,
                                 pecs_snapshot **ret_snapshot, pecs_error *error)
{
    static const pecs_resume_options defaults;
    struct reading reading;
    options = options ? options : &defaults;
    if (!registry || !path || !ret_snapshot)
        return fail(error, PECS_E_MISUSE, "registry, path and ret_snapshot must not be NULL");
    pecs_status status = part_check(options->part, error);
    if (status)
        return status;
    status = reading_open_path(&reading, registry->pool, path, &options->limits, error);
    struct loading loading = {
        .registry = registry,
        .limits = &options->limits,
        .refuse_unknown = options->refuse_unknown,
        .may_split = true,
        .migration = options->migration,
        .wanted = options->part,
        .part = part_whole,
        .error = error,
    };
    const struct os_file *file = &reading.file;
    if (!status)
        status = file->size_bytes < RESUME_MAP_BYTES ? resume_read(registry->pool, file, path, &loading.image, error)
                                                     : resume_map(registry->pool, file, path, &loading.image, error);
    if (loading.image) {
        status = resume_image(&loading, &reading.input, options, ret_snapshot);
        node_release(registry->pool, &loading.image->node); /* the state's runs have it */
    }
    reading_close(&reading);
    return status;
}

static const pecs_load_options load_defaults;

pecs_status pecs_snapshot_load(pecs_registry *registry, const char *path, const pecs_load_options *options,
                               pecs_snapshot **ret_snapshot, pecs_error *error)
{
    struct reading reading;
    options = options ? options : &load_defaults;
    if (!registry || !path || !ret_snapshot)
        return fail(error, PECS_E_MISUSE, "registry, path and ret_snapshot must not be NULL");
    pecs_status status = part_check(options->part, error);
    if (status)
        return status;
    status = reading_open_path(&reading, registry->pool, path, &options->limits, error);
    if (!status)
        status = load_reading(registry, &reading, options, ret_snapshot, error);
    reading_close(&reading);
    return status;
}

pecs_status pecs_snapshot_load_from(pecs_registry *registry, const pecs_source *source,
                                    const pecs_load_options *options, pecs_snapshot **ret_snapshot, pecs_error *error)
{
    struct reading reading;
    options = options ? options : &load_defaults;
    if (!registry || !source || !ret_snapshot)
        return fail(error, PECS_E_MISUSE, "registry, source and ret_snapshot must not be NULL");
    pecs_status status = part_check(options->part, error);
    if (status)
        return status;
    status = reading_open(&reading, registry->pool, source, &options->limits, error);
    if (!status)
        status = load_reading(registry, &reading, options, ret_snapshot, error);
    reading_close(&reading);
    return status;
}

pecs_status pecs_snapshot_load_memory(pecs_registry *registry, const void *bytes, size_t size_bytes,
                                      const pecs_load_options *options, pecs_snapshot **ret_snapshot, pecs_error *error)
{
    const pecs_bytes memory = { bytes, size_bytes };
    const pecs_source source = pecs_source_for_memory(&memory);
    return pecs_snapshot_load_from(registry, &source, options, ret_snapshot, error);
}
