/*
 * Each block has bytes of its own in the image, so any thread can inflate any block. The bytes of a mapped file may
 * change at any time: they are copied before zstd reads them.
 */
#include "gather.h"

#include "error.h"
#include "jobs.h"

enum { AT_ONCE_BYTES = 24 * 1024 * 1024 }; /* of a segment's data, that a thread holds beside the image */

static pecs_status gather_inflate(struct gathering *gathering, struct codec *codec, const struct model_block *block,
                                  const uint8_t *bytes, pecs_error *error)
{
    uint8_t *to = gathering->gathered->bytes + block->to;
    pecs_status status = PECS_OK;
    if (block->codec == CODEC_RAW)
        memcpy(to, bytes, (size_t)block->full_size);
    else
        status = codec_decompress(codec, block->filter, bytes, (size_t)block->size, to, (size_t)block->full_size);
    if (status == PECS_E_MEMORY)
        return fail_memory(error);
    RULE(error, "BLOCK-4", status, block->offset, "the block does not hold what its record says");
    return PECS_OK;
}

/* Bytes of the image. Those of a map are copied, since another process may write to the file. NULL: out of memory. */
static const uint8_t *gather_held(const struct gathering *gathering, struct codec *codec, uint64_t offset,
                                  uint64_t size)
{
    const uint8_t *bytes = gathering->image->bytes + offset;
    if (gathering->image->kind != IMAGE_MAPPED)
        return bytes;
    uint8_t *copy = codec_stored(codec, (size_t)size);
    return copy ? memcpy(copy, bytes, (size_t)size) : NULL;
}

/* Bytes of the file, in the image or read into the codec's memory. */
static pecs_status gather_bytes(const struct gathering *gathering, struct codec *codec, uint64_t offset, uint64_t size,
                                const uint8_t **ret_bytes, pecs_error *error)
{
    uint8_t *read = gathering->input ? codec_stored(codec, (size_t)size) : NULL;
    *ret_bytes = gathering->input ? read : gather_held(gathering, codec, offset, size);
    if (!*ret_bytes)
        return fail_memory(error);
    return read ? source_input_read(gathering->input, offset, read, (size_t)size, error) : PECS_OK;
}

/* --- segments at once --- */

/* Of a segment whose hashes are right. What is wrong beside them is found again later, in the order of the rules. */
static pecs_status gather_blocks(struct gathering *gathering, struct codec *codec, uint32_t number,
                                 const uint8_t *bytes, pecs_error *error)
{
    const struct model *model = gathering->model;
    struct image_parts *parts = &gathering->image->parts;
    const struct segment_parts *segment = image_segment(parts, number);
    pecs_status status = PECS_OK;
    if (gathering->checks_gaps)
        status = verify_part_gaps(segment, parts->has_blocks, model->records[number], bytes, error);
    for (size_t i = gathering->first_blocks[number]; !status && i < gathering->first_blocks[number + 1]; i++)
        status = gather_inflate(gathering, codec, &model->blocks[i],
                                bytes + (model->blocks[i].offset - segment->data_offset), error);
    return status;
}

static pecs_status gather_checked(struct gathering *gathering, struct codec *codec, uint32_t number, pecs_error *error)
{
    const struct segment_parts *segment = image_segment(&gathering->image->parts, number);
    const uint64_t offset = segment->data_offset, size = segment->trailer_offset + segment->trailer_size - offset;
    const uint8_t *bytes;
    pecs_status status = gather_bytes(gathering, codec, offset, size, &bytes, error);
    if (!status)
        status = verify_segment(segment, number, bytes, error);
    if (status)
        return status;
    status = gather_blocks(gathering, codec, number, bytes, error);
    if (status != PECS_E_CORRUPT)
        return status;
    gathering->is_wrong[number] = true;
    if (gathering->input)
        memcpy(gathering->image->bytes + offset, bytes, (size_t)size);
    return PECS_OK;
}

pecs_status gather_segment(void *user, uint32_t segment, pecs_error *error)
{
    struct gathering *gathering = user;
    struct codec *codec = codecs_take(&gathering->codecs);
    const pecs_status status = codec ? gather_checked(gathering, codec, segment, error) : fail_memory(error);
    codecs_give(&gathering->codecs, codec);
    return status;
}

void gather_settle(struct gathering *gathering)
{
    for (uint32_t i = 0; i < gathering->image->parts.segment_count; i++)
        if (gathering->is_wrong[i])
            gathering->ways[i] = VERIFY_PIECES;
}

static uint64_t gather_record_count(const struct segment_parts *segment)
{
    return (segment->prologue_offset + segment->prologue_size - sizeof(le64) - segment->runs_offset) /
           sizeof(struct block_record);
}

static enum verify_way gather_way(const struct gathering *gathering, const struct part *part, bool only_gathered,
                                  uint32_t number)
{
    const struct model *model = gathering->model;
    const struct segment_parts *segment = image_segment(&gathering->image->parts, number);
    uint64_t count = 0;
    for (size_t i = gathering->first_blocks[number]; i < gathering->first_blocks[number + 1]; i++)
        count += !model_block_stays(&model->blocks[i]);
    if (!count && only_gathered)
        return VERIFY_NOT;
    return part->is_whole && gathering->image->parts.has_blocks && count && count == gather_record_count(segment) &&
                   segment->data_size <= AT_ONCE_BYTES
               ? VERIFY_AT_ONCE
               : VERIFY_PIECES;
}

pecs_status gather_choose(struct gathering *gathering, const struct part *part, bool only_gathered, pecs_error *error)
{
    const struct model *model = gathering->model;
    const uint32_t count = gathering->image->parts.segment_count;
    gathering->ways = pool_allocate(model->pool, count);
    gathering->is_wrong = pool_allocate_zeroed(model->pool, count * sizeof(*gathering->is_wrong));
    gathering->first_blocks = pool_allocate(model->pool, (count + (size_t)1) * sizeof(*gathering->first_blocks));
    if (!gathering->ways || !gathering->is_wrong || !gathering->first_blocks)
        return fail_memory(error);
    size_t block = 0;
    for (uint32_t i = 0; i <= count; i++) {
        gathering->first_blocks[i] = block;
        while (block < model->block_count && model->blocks[block].segment == i)
            block++;
    }
    for (uint32_t i = 0; i < count; i++)
        gathering->ways[i] = (uint8_t)gather_way(gathering, part, only_gathered, i);
    return PECS_OK;
}

/* --- blocks of other segments --- */

static pecs_status gather_block(void *user, uint64_t job, pecs_error *error)
{
    struct gathering *gathering = user;
    const struct model_block *block = &gathering->model->blocks[job];
    if (model_block_stays(block) || (gathering->ways && gathering->ways[block->segment] == VERIFY_AT_ONCE))
        return PECS_OK;
    struct codec *codec = codecs_take(&gathering->codecs);
    if (!codec)
        return fail_memory(error);
    const uint8_t *bytes = gather_held(gathering, codec, block->offset, block->size);
    const pecs_status status = bytes ? gather_inflate(gathering, codec, block, bytes, error) : fail_memory(error);
    codecs_give(&gathering->codecs, codec);
    return status;
}

/* The file has been read and hashed before: what is left is time in which the load may be cancelled. */
static bool gather_progress(void *user, uint64_t done_count)
{
    const struct gathering *gathering = user;
    const uint64_t size = gathering->model->file_size;
    (void)done_count;
    return gathering->options->progress(gathering->options->user, size, size);
}

pecs_status gather_rest(struct gathering *gathering, pecs_error *error)
{
    const struct verify_options *options = gathering->options;
    const struct jobs jobs = { .count = gathering->model->block_count,
                               .run = gather_block,
                               .user = gathering,
                               .thread_count = options->thread_count,
                               .progress = options->progress ? gather_progress : NULL };
    return gathering->gathered ? jobs_run(&jobs, error) : PECS_OK;
}

/* --- all of it --- */

pecs_status gather_begin(struct gathering *gathering, const struct model *model, struct image *image,
                         const struct verify_options *options, pecs_error *error)
{
    *gathering = (struct gathering){ .model = model, .image = image, .options = options };
    codecs_init(&gathering->codecs, model->pool);
    if (!model->gathered_bytes)
        return PECS_OK;
    gathering->gathered = model->uses_file ? image_create_beside(model->pool, image, model->gathered_bytes)
                                           : image_create_private(model->pool, model->gathered_bytes);
    if (!gathering->gathered)
        return fail_memory(error);
    gathering->gathered->first_offset = IMAGE_GATHERED;
    return PECS_OK;
}

pecs_status gather_end(struct gathering *gathering, pecs_status status, struct image **ret_gathered)
{
    struct pool *pool = gathering->model->pool;
    const size_t count = gathering->image->parts.segment_count;
    codecs_deinit(&gathering->codecs);
    pool_release(pool, gathering->ways, gathering->ways ? count : 0);
    pool_release(pool, gathering->is_wrong, gathering->is_wrong ? count * sizeof(*gathering->is_wrong) : 0);
    pool_release(pool, gathering->first_blocks,
                 gathering->first_blocks ? (count + 1) * sizeof(*gathering->first_blocks) : 0);
    if (status && gathering->gathered)
        node_release(pool, &gathering->gathered->node);
    *ret_gathered = status ? NULL : gathering->gathered;
    return status;
}

uint64_t gather_file_offset(const struct model *model, uint64_t offset)
{
    for (size_t i = 0; offset >= IMAGE_GATHERED && i < model->block_count; i++) {
        const struct model_block *block = &model->blocks[i];
        const uint64_t at = offset - IMAGE_GATHERED;
        if (!model_block_stays(block) && at >= block->to && at - block->to < block->full_size)
            return block->codec == CODEC_RAW ? block->offset + (at - block->to) : block->offset;
    }
    return offset;
}
