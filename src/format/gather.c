/*
 * Each block has bytes of its own in the image, so any thread can inflate any block. The bytes of a mapped file may
 * change at any time: they are copied before zstd reads them.
 */
#include "gather.h"

#include "codecs.h"
#include "error.h"
#include "jobs.h"

struct gathering {
    const struct model *model;
    const struct image *image;
    struct image *gathered;
    struct codecs codecs;
    const struct verify_options *options;
};

static pecs_status gather_inflate(struct gathering *gathering, const struct model_block *block, const uint8_t *bytes,
                                  pecs_error *error)
{
    struct codec *codec = codecs_take(&gathering->codecs);
    if (!codec)
        return fail_memory(error);
    const pecs_status status = codec_decompress(codec, block->filter, bytes, (size_t)block->size,
                                                gathering->gathered->bytes + block->to, (size_t)block->full_size);
    codecs_give(&gathering->codecs, codec);
    if (status == PECS_E_MEMORY)
        return fail_memory(error);
    RULE(error, "BLOCK-4", status, block->offset, "the block does not hold what its record says");
    return PECS_OK;
}

static pecs_status gather_block(void *user, uint64_t job, pecs_error *error)
{
    struct gathering *gathering = user;
    const struct model_block *block = &gathering->model->blocks[job];
    const uint8_t *bytes = gathering->image->bytes + block->offset;
    struct pool *pool = gathering->model->pool;
    if (model_block_stays(block))
        return PECS_OK;
    if (block->codec == CODEC_RAW) {
        memcpy(gathering->gathered->bytes + block->to, bytes, (size_t)block->full_size);
        return PECS_OK;
    }
    if (gathering->image->kind != IMAGE_MAPPED)
        return gather_inflate(gathering, block, bytes, error);
    uint8_t *copy = pool_allocate(pool, (size_t)block->size);
    if (!copy)
        return fail_memory(error);
    memcpy(copy, bytes, (size_t)block->size);
    const pecs_status status = gather_inflate(gathering, block, copy, error);
    pool_release(pool, copy, (size_t)block->size);
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

pecs_status gather_blocks(const struct model *model, struct image *image, const struct verify_options *options,
                          struct image **ret_gathered, pecs_error *error)
{
    *ret_gathered = NULL;
    if (!model->gathered_bytes)
        return PECS_OK;
    struct image *gathered = model->uses_file ? image_create_beside(model->pool, image, model->gathered_bytes)
                                              : image_create_private(model->pool, model->gathered_bytes);
    if (!gathered)
        return fail_memory(error);
    gathered->first_offset = IMAGE_GATHERED;
    struct gathering gathering = { .model = model, .image = image, .gathered = gathered, .options = options };
    codecs_init(&gathering.codecs, model->pool);
    const struct jobs jobs = { model->block_count, gather_block, &gathering, options->thread_count,
                               options->progress ? gather_progress : NULL };
    const pecs_status status = jobs_run(&jobs, error);
    codecs_deinit(&gathering.codecs);
    if (status)
        node_release(model->pool, &gathered->node);
    else
        *ret_gathered = gathered;
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
