/*
 * pecs_file_info: the model of a file as public structs. Types are described and checked like those of a registry; the
 * list has those that a table uses.
 */
#include "error.h"
#include "file_model.h"
#include "part.h"
#include "reading.h"
#include "type_match.h"
#include "typecode.h"

#include <inttypes.h>
#include <stddef.h>

enum { INFO_BYTES_DEFAULT = 64 * 1024 * 1024 }; /* of commit and metadata, where the caller sets no limit */

struct info {
    pecs_info info; /* first: the user's pointer */
    struct pool *pool;
    struct source_parts source; /* whose bytes the model leads to */
    struct model model;
    struct unknown_types *described; /* all types but the library's own */
    pecs_type id_type;               /* the library's own, with its id like the others */
    const pecs_type **types;
    pecs_attachment *attachments;
    pecs_table *tables;
    pecs_component *components; /* indices of `types`, of all tables */
    uint32_t *places;           /* of each type of the model: its index in `types`, FORMAT_NONE when no table has it */
    size_t component_count;
    uint64_t *sizes; /* of each type of `types`: values as they are stored, contents, contents as they are stored */
};

static pecs_status info_check_id_type(struct info *info, uint32_t number, pecs_error *error)
{
    struct component component;
    pecs_status status = component_init(&component, &id_component_type, info->pool, error);
    if (status)
        return status;
    status = match_compare(info->pool, &info->model.types[number], number, &component, error);
    info->id_type = id_component_type;
    info->id_type.id = component.id;
    component_deinit(&component, info->pool);
    return status;
}

static pecs_status info_describe_types(struct info *info, pecs_error *error)
{
    const struct model *model = &info->model;
    const pecs_id id_type = component_name_id(ID_TYPE_NAME);
    info->described = unknown_types_create(info->pool, (uint32_t)min_u64(model->type_count, TYPES_MAX));
    info->types = pool_allocate(info->pool, ((size_t)model->type_count + 1) * sizeof(*info->types));
    if (!info->described || !info->types)
        return fail_memory(error);
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < model->type_count; i++) {
        struct unknown_type *next = &info->described->types[info->described->count];
        if (memcmp(&model->types[i].id, &id_type, sizeof(id_type)) == 0) {
            status = info_check_id_type(info, i, error);
            info->types[i] = &info->id_type;
        } else if (info->described->count == TYPES_MAX) {
            status = fail(error, PECS_E_LIMIT, "the file has more than %d component types", TYPES_MAX);
        } else if (!(status = match_describe(info->pool, &model->types[i], i, next, error))) {
            info->types[i] = next->component.type;
            info->described->count++;
        }
    }
    return status;
}

/* Compacts the list to the types that a table uses, in the same order. */
static void info_keep_used_types(struct info *info)
{
    const struct model *model = &info->model;
    uint32_t count = 0;
    memset(info->places, 0, model->type_count * sizeof(*info->places));
    for (uint32_t i = 0; i < model->table_count; i++)
        for (uint32_t j = 0; j < model->tables[i].type_count; j++)
            info->places[le32_load(model->tables[i].types[j])] = 1;
    for (uint32_t i = 0; i < model->type_count; i++) {
        if (info->places[i])
            info->types[count] = info->types[i];
        info->places[i] = info->places[i] ? count++ : FORMAT_NONE;
    }
    info->info.types = info->types;
    info->info.type_count = count;
}

static pecs_status info_lay_out_tables(struct info *info, pecs_error *error)
{
    const struct model *model = &info->model;
    for (uint32_t i = 0; i < model->table_count; i++)
        info->component_count += model->tables[i].type_count;
    info->places = pool_allocate(info->pool, ((size_t)model->type_count + 1) * sizeof(*info->places));
    info->tables = pool_allocate(info->pool, ((size_t)model->table_count + 1) * sizeof(*info->tables));
    info->components = pool_allocate(info->pool, (info->component_count + 1) * sizeof(*info->components));
    if (!info->places || !info->tables || !info->components)
        return fail_memory(error);
    info_keep_used_types(info);
    pecs_component *next = info->components;
    for (uint32_t i = 0; i < model->table_count; i++) {
        const struct model_table *table = &model->tables[i];
        info->tables[i] = (pecs_table){ next, table->type_count, table->row_count, table->is_singleton };
        for (uint32_t j = 0; j < table->type_count; j++)
            *next++ = info->places[le32_load(table->types[j])];
    }
    info->info.tables = info->tables;
    info->info.table_count = model->table_count;
    return PECS_OK;
}

static pecs_status info_list_attachments(struct info *info, pecs_error *error)
{
    const struct attachments *list = info->model.attachments;
    if (!list)
        return PECS_OK;
    info->attachments = pool_allocate(info->pool, list->count * sizeof(*info->attachments));
    if (!info->attachments)
        return fail_memory(error);
    for (uint32_t i = 0; i < list->count; i++)
        info->attachments[i] = (pecs_attachment){ list->entries[i].name, NULL, (size_t)list->entries[i].size_bytes };
    info->info.attachments = info->attachments;
    info->info.attachment_count = list->count;
    return PECS_OK;
}

/* Only the prologues have the sizes of heap runs and blocks. Of other files the commit says all that is shown. */
static pecs_status info_read_prologues(struct info *info, const struct model_limits *limits, pecs_error *error)
{
    const uint64_t size = model_prologue_size(&info->model);
    if (!model_has_contents(&info->model) && !model_has_segments(&info->model))
        return PECS_OK;
    if (size > limits->max_commit_bytes)
        return fail(error, PECS_E_LIMIT, "the prologues have %" PRIu64 " bytes; the limit is %" PRIu64, size,
                    limits->max_commit_bytes);
    return model_parse_segments(&info->model, &info->source.source, &part_whole, limits, error);
}

/* A file whose prologues were not read may claim any number of rows: sums stop at the most that there is. */
static void info_add(uint64_t *sum, uint64_t bytes)
{
    if (add_overflows(*sum, bytes, sum))
        *sum = UINT64_MAX;
}

/* What rows take in the file: of a file without blocks, all bytes of the rows. */
static void info_add_rows(const struct model *model, const struct model_run *run, uint64_t row_count,
                          uint64_t row_bytes, uint64_t *sum)
{
    uint64_t bytes;
    if (model_has_segments(model))
        bytes = run->stored_bytes;
    else if (mul_overflows(row_count, row_bytes, &bytes))
        bytes = UINT64_MAX;
    info_add(sum, bytes);
}

/* Columns are known where the prologues were read. */
static const struct model_run *info_column(const struct model *model, const struct model_table *table, uint32_t place)
{
    return model->columns ? model_column(model, table, place) : NULL;
}

static void info_count_column(struct info *info, const struct model_table *table, uint32_t place)
{
    const struct model *model = &info->model;
    const uint32_t number = le32_load(table->types[place]);
    const size_t type = info->places[number], count = info->info.type_count;
    info_add_rows(model, info_column(model, table, place), table->row_count, model->types[number].value_size,
                  &info->sizes[type]);
    for (const struct model_heap *heap = model_heap(model, table, place); heap; heap = model_next_heap(model, heap)) {
        info_add(&info->sizes[count + type], heap->size_bytes);
        info_add(&info->sizes[2 * count + type], heap->stored_bytes);
    }
}

/* What types, handles, index and ids take. */
static pecs_status info_count_bytes(struct info *info, pecs_error *error)
{
    const struct model *model = &info->model;
    pecs_info *to = &info->info;
    info->sizes = pool_allocate_zeroed(info->pool, (3 * (size_t)model->type_count + 1) * sizeof(*info->sizes));
    if (!info->sizes)
        return fail_memory(error);
    to->stored_bytes = info->sizes;
    to->contents_bytes = info->sizes + to->type_count;
    to->stored_contents_bytes = info->sizes + 2 * to->type_count;
    for (uint32_t i = 0; i < model->table_count; i++) {
        const struct model_table *table = &model->tables[i];
        if (!table->row_count)
            continue;
        info_add_rows(model, model->columns ? model_handles(model, table) : NULL, table->row_count, sizeof(pecs_entity),
                      &to->stored_handle_bytes);
        for (uint32_t j = 0; j < table->type_count; j++)
            info_count_column(info, table, j);
    }
    info_add_rows(model, &model->index, model->slot_count, sizeof(struct record_layout), &to->stored_index_bytes);
    info_add_rows(model, &model->ids, model->id_count, sizeof(struct id_record), &to->stored_id_bytes);
    to->segment_count = model->parts.segment_count;
    to->block_count = model->block_records;
    to->block_bytes = model->block_bytes;
    to->block_full_bytes = model->block_full_bytes;
    return PECS_OK;
}

static void info_fill(struct info *info)
{
    const struct model *model = &info->model;
    const struct metadata *metadata = model->metadata, *file_metadata = model->file_metadata;
    pecs_info *to = &info->info;
    to->size_bytes = model->file_size;
    to->format_version = model->version;
    to->optional_features = model->optional_features;
    to->entity_count = model->entity_count;
    to->slot_count = model->slot_count;
    to->free_count = model->free_count;
    to->retired_count = model->retired ? model->retired_count : 0;
    to->tick = model->tick;
    to->wall_clock_ns = model->wall_clock_ns;
    to->session_count = model->session_count;
    to->snapshot_id = model->snapshot_id;
    to->metadata = metadata ? metadata->entries : NULL;
    to->metadata_count = metadata ? metadata->count : 0;
    to->file_metadata = file_metadata ? file_metadata->entries : NULL;
    to->file_metadata_count = file_metadata ? file_metadata->count : 0;
}

static pecs_status info_read(struct info *info, const pecs_info_options *options, pecs_error *error)
{
    struct source *source = &info->source.source;
    const struct model_limits limits = {
        .max_entities = options->limits.max_entities,
        .max_types = options->limits.max_types,
        .max_bytes = options->limits.max_bytes,
        .max_commit_bytes = options->max_info_bytes ? options->max_info_bytes : INFO_BYTES_DEFAULT,
    };
    pecs_status status = model_parse(&info->model, source, &limits, info->pool, error);
    if (!status)
        status = info_describe_types(info, error);
    if (!status)
        status = model_check_retired(&info->model, error);
    if (!status)
        status = model_check_id(&info->model, error);
    if (!status)
        status = model_parse_file_metadata(&info->model, source, &limits, error);
    if (!status)
        status = info_lay_out_tables(info, error);
    if (!status)
        status = info_list_attachments(info, error);
    if (!status)
        status = info_read_prologues(info, &limits, error);
    if (!status)
        status = info_count_bytes(info, error);
    if (!status)
        info_fill(info);
    return status;
}

static void info_free(struct info *info)
{
    struct pool *pool = info->pool;
    const struct model *model = &info->model;
    pool_release(pool, info->sizes, (3 * (size_t)model->type_count + 1) * sizeof(*info->sizes));
    pool_release(pool, info->components, (info->component_count + 1) * sizeof(*info->components));
    pool_release(pool, info->attachments,
                 model->attachments ? model->attachments->count * sizeof(*info->attachments) : 0);
    pool_release(pool, info->tables, ((size_t)model->table_count + 1) * sizeof(*info->tables));
    pool_release(pool, info->places, ((size_t)model->type_count + 1) * sizeof(*info->places));
    pool_release(pool, info->types, ((size_t)model->type_count + 1) * sizeof(*info->types));
    if (info->described)
        node_release(pool, &info->described->node);
    model_deinit(&info->model);
    source_parts_deinit(&info->source);
    pool_release(pool, info, sizeof(*info));
}

static pecs_status info_create(const struct reading *reading, const pecs_info_options *options, pecs_info **ret_info,
                               pecs_error *error)
{
    struct pool *pool = reading->pool;
    struct info *info = pool_allocate_zeroed(pool, sizeof(*info));
    if (!info)
        return fail_memory(error);
    info->pool = pool;
    info->model.pool = pool;
    source_parts_init(&info->source, &reading->input, pool);
    const pecs_status status = info_read(info, options, error);
    if (status)
        info_free(info);
    else
        *ret_info = &info->info;
    return status;
}

static const pecs_info_options info_defaults;

/* A pool for the information alone. */
static pecs_status info_make_pool(const pecs_allocator *allocator, struct pool **ret_pool, pecs_error *error)
{
    const pecs_allocator system = { NULL, NULL, NULL };
    if (allocator && !allocator->allocate != !allocator->release)
        return fail(error, PECS_E_MISUSE, "an allocator has both functions or none");
    *ret_pool = pool_create(allocator ? allocator : &system);
    return *ret_pool ? PECS_OK : fail_memory(error);
}

/* Closes the reading, whose opening gave `status`. Its pool is the information's, or is destroyed. */
static pecs_status info_finish(struct reading *reading, pecs_status status, const pecs_info_options *options,
                               pecs_info **ret_info, pecs_error *error)
{
    if (!status)
        status = info_create(reading, options, ret_info, error);
    reading_close(reading);
    if (status)
        pool_destroy(reading->pool);
    return status;
}

pecs_status pecs_file_info(const char *path, const pecs_allocator *allocator, const pecs_info_options *options,
                           pecs_info **ret_info, pecs_error *error)
{
    struct reading reading;
    struct pool *pool = NULL;
    options = options ? options : &info_defaults;
    if (!path || !ret_info)
        return fail(error, PECS_E_MISUSE, "path and ret_info must not be NULL");
    pecs_status status = info_make_pool(allocator, &pool, error);
    if (!pool)
        return status;
    status = reading_open_path(&reading, pool, path, &options->limits, error);
    return info_finish(&reading, status, options, ret_info, error);
}

pecs_status pecs_file_info_from(const pecs_source *source, const pecs_allocator *allocator,
                                const pecs_info_options *options, pecs_info **ret_info, pecs_error *error)
{
    struct reading reading;
    struct pool *pool = NULL;
    options = options ? options : &info_defaults;
    if (!source || !ret_info)
        return fail(error, PECS_E_MISUSE, "source and ret_info must not be NULL");
    pecs_status status = info_make_pool(allocator, &pool, error);
    if (!pool)
        return status;
    status = reading_open(&reading, pool, source, &options->limits, error);
    return info_finish(&reading, status, options, ret_info, error);
}

const pecs_meta *pecs_info_meta(const pecs_info *info, const char *key)
{
    if (!info || !key)
        return NULL;
    const struct model *model = &((const struct info *)info)->model;
    bool is_there;
    uint32_t place = metadata_find(model->file_metadata, key, &is_there);
    if (is_there)
        return &model->file_metadata->entries[place];
    place = metadata_find(model->metadata, key, &is_there);
    return is_there ? &model->metadata->entries[place] : NULL;
}

void pecs_info_destroy(pecs_info *info)
{
    struct pool *pool = info ? ((struct info *)info)->pool : NULL;
    if (info)
        info_free((struct info *)info);
    pool_destroy(pool);
}
