#include "segment_writer.h"

#include "error.h"
#include "jobs.h"

#include <assert.h>

struct segment_block {
    struct block_record record;
    const uint8_t *bytes; /* to put; NULL: the caller puts them */
    uint8_t *packed;      /* where they go when they are compressed */
    uint64_t size, offset;
    uint32_t row_bytes;
    pecs_profile profile;
    size_t turn;   /* not of this block: which one is compressed in the turn of this one's number */
    size_t leader; /* the first block of the same column in the segment, which has the choice for all */
    struct segment_choice choice;
    struct os_mutex mutex;   /* of a leader that is being compressed: guards its choice */
    struct codec_choice own; /* if has_own: instead of the leader's */
    bool has_own;
};

enum {
    CHOICE_SEGMENTS = 8, /* that a choice is good for */
    SURPRISE = 16,       /* a block is not like a sample if it leaves this part of all more */
};

void segment_writer_init(struct segment_writer *writer, const struct save_plan *plan, struct pool *pool,
                         struct output *output)
{
    *writer = (struct segment_writer){ .pool = pool, .plan = plan, .output = output };
    writer->prologue.pool = writer->trailer.pool = writer->records.pool = pool;
    codecs_init(&writer->codecs, pool);
}

void segment_writer_set_stage(struct segment_writer *writer, uint8_t *stage, size_t stage_bytes)
{
    assert(!writer->added.count);
    writer->stage = stage;
    writer->stage_bytes = stage_bytes;
}

static void segment_release_blocks(const struct segment_writer *writer, const struct segment_blocks *list)
{
    pool_release(writer->pool, list->blocks, list->capacity * sizeof(*list->blocks));
}

static void segment_init_mutexes(const struct segment_blocks *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->blocks[i].leader == i)
            os_mutex_init(&list->blocks[i].mutex);
}

static void segment_deinit_mutexes(const struct segment_blocks *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->blocks[i].leader == i)
            os_mutex_deinit(&list->blocks[i].mutex);
}

void segment_writer_deinit(struct segment_writer *writer)
{
    if (writer->packed.count) {
        jobs_abandon(&writer->crew);
        segment_deinit_mutexes(&writer->packed);
    }
    segment_release_blocks(writer, &writer->added);
    segment_release_blocks(writer, &writer->packed);
    segment_release_blocks(writer, &writer->put);
    codecs_deinit(&writer->codecs);
    buffer_deinit(&writer->records);
    buffer_deinit(&writer->trailer);
    buffer_deinit(&writer->prologue);
}

static bool segment_is_of_column(const struct block_record *record, const struct block_record *other)
{
    return memcmp(record, other, offsetof(struct block_record, codec)) == 0;
}

/* What was chosen for a column in the segment before is good for some more. */
static void segment_inherit(const struct segment_writer *writer, struct segment_block *block)
{
    for (size_t i = 0; i < SEGMENT_LAST; i++) {
        const struct segment_choice *last = &writer->last[i];
        if (last->age && last->age < CHOICE_SEGMENTS && segment_is_of_column(&last->record, &block->record)) {
            block->choice = *last;
            block->choice.age++;
        }
    }
}

static size_t segment_leader_of(const struct segment_blocks *list, size_t number)
{
    for (size_t i = number; i > 0 && number - i < SEGMENT_LAST; i--)
        if (segment_is_of_column(&list->blocks[i - 1].record, &list->blocks[number].record))
            return list->blocks[i - 1].leader;
    return number;
}

void segment_writer_add(struct segment_writer *writer, const struct block_record *record, const uint8_t *bytes,
                        uint64_t size, uint32_t row_bytes, pecs_profile profile)
{
    struct segment_blocks *list = &writer->added;
    if (!writer->output->status &&
        !pool_reserve(writer->pool, (void **)&list->blocks, &list->capacity, list->count + 1, sizeof(*list->blocks)))
        writer->output->status = fail_memory(writer->output->error);
    if (writer->output->status)
        return;
    assert(list->blocks);
    const size_t number = list->count++;
    struct segment_block *block = &list->blocks[number];
    *block = (struct segment_block){
        .record = *record, .bytes = bytes, .size = size, .row_bytes = row_bytes, .profile = profile
    };
    block->leader = segment_leader_of(list, number);
    if (bytes)
        block->packed = writer->stage + writer->stage_bytes + (bytes - writer->stage);
}

static pecs_status segment_choose(const struct segment_block *block, struct codec *codec, struct codec_choice *ret_how)
{
    return codec_choose(codec, block->profile == PECS_PROFILE_SMALL ? CODEC_SMALL : CODEC_FAST, block->bytes,
                        (size_t)block->size, block->row_bytes, ret_how);
}

/* The choice of a block's leader, which is made by whoever needs it first. */
static pecs_status segment_get_choice(const struct segment_blocks *list, const struct segment_block *block,
                                      struct codec *codec, struct segment_choice *ret_choice)
{
    struct segment_block *leader = &list->blocks[block->leader];
    os_mutex_lock(&leader->mutex);
    pecs_status status = PECS_OK;
    if (!leader->choice.age) {
        status = segment_choose(leader, codec, &leader->choice.how);
        leader->choice.age = status ? 0 : 1;
    }
    *ret_choice = leader->choice;
    os_mutex_unlock(&leader->mutex);
    return status;
}

/* What the codec makes of a block; *ret_size is 0 if it stays as it is, since it would not get smaller. */
static pecs_status segment_try(struct segment_block *block, struct codec *codec, const struct codec_choice *how,
                               size_t *ret_size)
{
    *ret_size = 0;
    return how->is_worth ? codec_compress(codec, how->level, how->filter, block->bytes, (size_t)block->size,
                                          block->packed, (size_t)(block->size - block->size / 20), ret_size)
                         : PECS_OK;
}

/* Whether a block is not like the sample that the choice was made by: more is left, or nothing was to be saved. */
static bool segment_is_surprising(const struct segment_block *block, const struct codec_choice *how, size_t size)
{
    return !how->is_worth || !size || size > block->size * how->left / CODEC_WHOLE + block->size / SURPRISE;
}

/* A block that is not like the one that its choice was made by has its own, which the next segment goes on with. */
static pecs_status segment_compress(const struct segment_blocks *list, struct segment_block *block, struct codec *codec)
{
    struct segment_choice choice;
    size_t size = 0;
    pecs_status status = segment_get_choice(list, block, codec, &choice);
    if (!status)
        status = segment_try(block, codec, &choice.how, &size);
    const bool is_own = choice.age == 1 && block == &list->blocks[block->leader];
    if (!status && !is_own && segment_is_surprising(block, &choice.how, size)) {
        status = segment_choose(block, codec, &choice.how);
        block->has_own = !status;
        block->own = choice.how;
        if (!status)
            status = segment_try(block, codec, &choice.how, &size);
    }
    if (status || !size)
        return status;
    block->bytes = block->packed;
    block->size = size;
    block->record.codec = le32_make(CODEC_ZSTD);
    block->record.filter = le32_make(choice.how.filter.kind);
    block->record.stride = le32_make(choice.how.filter.stride);
    block->record.size = le64_make(size);
    return PECS_OK;
}

static pecs_status segment_compress_job(void *user, uint64_t job, pecs_error *error)
{
    struct segment_writer *writer = user;
    struct segment_block *block = &writer->packed.blocks[writer->packed.blocks[job].turn];
    if (block->profile == PECS_PROFILE_OFF || block->size > FORMAT_BLOCK_MAX)
        return PECS_OK;
    struct codec *codec = codecs_take(&writer->codecs);
    const pecs_status status = codec ? segment_compress(&writer->packed, block, codec) : PECS_E_MEMORY;
    codecs_give(&writer->codecs, codec);
    return status ? fail_memory(error) : PECS_OK;
}

/* Blocks that stay as they are can be mapped; others lie anywhere. */
static uint64_t segment_place(struct segment_writer *writer, uint64_t data_offset)
{
    uint64_t end = data_offset;
    for (size_t i = 0; i < writer->put.count; i++) {
        struct segment_block *block = &writer->put.blocks[i];
        block->offset = le32_load(block->record.codec) == CODEC_RAW ? align_up(end, FORMAT_ALIGN) : end;
        block->record.offset = le64_make(block->offset);
        end = block->offset + block->size;
    }
    return end;
}

/* With the records of types and tables that no segment has yet. */
static void segment_write_prologue(struct segment_writer *writer, const struct segment_header *header)
{
    struct buffer *to = &writer->prologue;
    const struct buffer *records = &writer->plan->records;
    to->size_bytes = 0;
    buffer_append(to, header, sizeof(*header));
    if (records->size_bytes > writer->record_bytes)
        buffer_append(to, records->bytes + writer->record_bytes, records->size_bytes - writer->record_bytes);
    for (size_t i = 0; i < writer->put.count; i++)
        buffer_append(to, &writer->put.blocks[i].record, sizeof(writer->put.blocks[i].record));
    if (!to->failed)
        buffer_append_le64(to, hash64(to->bytes, to->size_bytes));
}

static void segment_write_trailer_header(struct segment_writer *writer, uint64_t data_offset, uint64_t data_size)
{
    const struct trailer_header header = {
        .magic = FORMAT_TRAILER_MAGIC,
        .sequence = le32_make(writer->segment_count),
        .piece_count = le64_make(format_piece_count(data_offset, data_size)),
    };
    writer->trailer.size_bytes = 0;
    buffer_append(&writer->trailer, &header, sizeof(header));
}

/* The prologue of the blocks that are put. */
static void segment_begin(struct segment_writer *writer)
{
    struct output *output = writer->output;
    const struct save_plan *plan = writer->plan;
    const uint64_t offset = align_up(output->offset, FORMAT_ALIGN);
    const uint64_t size = sizeof(struct segment_header) + plan->records.size_bytes - writer->record_bytes +
                          writer->put.count * sizeof(struct block_record) + sizeof(le64);
    const uint64_t data_offset = align_up(offset + size, FORMAT_PAGE);
    const uint64_t data_size = segment_place(writer, data_offset) - data_offset;
    const struct segment_header header = {
        .magic = FORMAT_SEGMENT_MAGIC,
        .sequence = le32_make(writer->segment_count),
        .size = le64_make(size),
        .data_offset = le64_make(data_offset),
        .data_size = le64_make(data_size),
        .type_count = le32_make(plan->type_count - writer->type_count),
        .table_count = le32_make(plan->state->table_count - writer->table_count),
        .run_count = le32_make((uint32_t)writer->put.count),
        .piece_bytes = le32_make(FORMAT_PIECE),
    };
    segment_write_prologue(writer, &header);
    segment_write_trailer_header(writer, data_offset, data_size);
    const struct segment_record record = { .offset = le64_make(offset), .prologue_size = le64_make(size) };
    buffer_append(&writer->records, &record, sizeof(record));
    if (!output->status && (writer->prologue.failed || writer->trailer.failed || writer->records.failed))
        output->status = fail_memory(output->error);
    output_put_zeros_to(output, offset);
    output_put(output, writer->prologue.bytes, writer->prologue.size_bytes);
    output_put_zeros_to(output, data_offset);
    output_begin_hashing(output, &writer->trailer);
    writer->next = 0;
}

/* A list goes on to the next step, whose list is empty. */
static void segment_turn(struct segment_blocks *list, struct segment_blocks *next)
{
    const struct segment_blocks full = *list;
    assert(!next->count);
    *list = *next;
    *next = full;
}

void segment_writer_begin(struct segment_writer *writer)
{
    segment_writer_drain(writer);
    if (writer->output->status)
        return;
    segment_turn(&writer->added, &writer->put);
    segment_begin(writer);
}

bool segment_writer_next(struct segment_writer *writer)
{
    if (!writer->output->status)
        output_put_zeros_to(writer->output, writer->put.blocks[writer->next++].offset);
    return !writer->output->status;
}

void segment_writer_end(struct segment_writer *writer)
{
    struct output *output = writer->output;
    struct buffer *trailer = &writer->trailer;
    output_end_hashing(output);
    if (!trailer->failed)
        buffer_append_le64(trailer, hash64(trailer->bytes, trailer->size_bytes));
    if (!output->status && trailer->failed)
        output->status = fail_memory(output->error);
    if (output->status)
        return;
    struct segment_record *record =
        (struct segment_record *)(void *)(writer->records.bytes + writer->records.size_bytes - sizeof(*record));
    output_put_zeros_to(output, align_up(output->offset, FORMAT_ALIGN));
    record->prologue_checksum = le64_make(hash64(writer->prologue.bytes, writer->prologue.size_bytes - sizeof(le64)));
    record->trailer_offset = le64_make(output->offset);
    record->trailer_size = le64_make(trailer->size_bytes);
    record->trailer_checksum = le64_make(hash64(trailer->bytes, trailer->size_bytes - sizeof(le64)));
    output_put(output, trailer->bytes, trailer->size_bytes);
    output_flush(output); /* the spans of blocks and parts are used again */
    writer->segment_count++;
    writer->put.count = 0;
    writer->type_count = writer->plan->type_count;
    writer->table_count = writer->plan->state->table_count;
    writer->record_bytes = writer->plan->records.size_bytes;
}

static void segment_put(struct segment_writer *writer)
{
    struct output *output = writer->output;
    if (!writer->put.count || output->status)
        return;
    segment_begin(writer);
    for (size_t i = 0; i < writer->put.count && segment_writer_next(writer); i++)
        output_put(output, writer->put.blocks[i].bytes, writer->put.blocks[i].size);
    segment_writer_end(writer);
}

/* Keeps the choices of the last columns, which the next segment may go on with. */
static void segment_keep_choices(struct segment_writer *writer)
{
    const struct segment_blocks *list = &writer->packed;
    for (size_t i = 0; i < SEGMENT_LAST; i++) {
        struct segment_choice *last = &writer->last[i];
        *last = (struct segment_choice){ .age = 0 };
        if (i >= list->count)
            continue;
        const struct segment_block *block = &list->blocks[list->count - 1 - i], *leader = &list->blocks[block->leader];
        *last = leader->choice;
        last->record = leader->record;
        if (block->has_own) {
            last->how = block->own;
            last->age = 1;
        }
    }
}

/* Waits until the blocks that are being compressed can be put. */
static void segment_settle(struct segment_writer *writer)
{
    struct output *output = writer->output;
    if (!writer->packed.count || output->status)
        return;
    output->status = jobs_end(&writer->crew, output->error);
    segment_deinit_mutexes(&writer->packed);
    segment_keep_choices(writer);
    if (!output->status)
        segment_turn(&writer->packed, &writer->put);
    writer->packed.count = 0;
}

void segment_writer_drain(struct segment_writer *writer)
{
    segment_settle(writer);
    segment_put(writer);
}

/* Contents, which take longest, come first, so that no thread waits long for the last block. */
static void segment_give_turns(const struct segment_blocks *list)
{
    size_t turn = 0;
    for (size_t i = 0; i < list->count; i++)
        if (!list->blocks[i].row_bytes)
            list->blocks[turn++].turn = i;
    for (size_t i = 0; i < list->count; i++)
        if (list->blocks[i].row_bytes)
            list->blocks[turn++].turn = i;
}

void segment_writer_flush(struct segment_writer *writer, uint32_t thread_count)
{
    const struct jobs jobs = {
        .count = writer->added.count, .run = segment_compress_job, .user = writer, .thread_count = thread_count
    };
    if (writer->added.count)
        segment_settle(writer);
    if (!writer->added.count || writer->output->status)
        return;
    for (size_t i = 0; i < writer->added.count; i++)
        if (writer->added.blocks[i].leader == i)
            segment_inherit(writer, &writer->added.blocks[i]);
    segment_give_turns(&writer->added);
    segment_init_mutexes(&writer->added);
    segment_turn(&writer->added, &writer->packed);
    jobs_begin(&writer->crew, &jobs);
    segment_put(writer);
}
