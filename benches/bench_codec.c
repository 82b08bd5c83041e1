/*
 * The codec on a block of each column of W1's widest table, of its handles, and of the entity index: filters beside
 * memcpy, and the whole codec beside Zstandard alone at the same level. One thread; the caller of the codec runs blocks
 * in parallel.
 */
#include "bench.h"
#include "codec.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BLOCK_BYTES = 1 << 20,
    BLOCK_COUNT = W1_COMPONENT_COUNT + 2, /* handles and index */
    WIDEST_TABLE = W1_TABLE_COUNT - 1,
    LEVEL_FAST = 1,
    LEVEL_SMALL = 9,
};

struct codec_block {
    const char *name;
    const uint8_t *bytes;
    size_t size, row_bytes;
    uint8_t *stored, *zstd; /* as the codec has it, and Zstandard alone */
    size_t stored_size, zstd_size;
    struct codec_filter filter;
};

struct codec_bench {
    struct pool *pool;
    struct codec *codec;
    struct limit_zstd *zstd;
    struct codec_block blocks[BLOCK_COUNT];
    size_t first, end; /* of the blocks, those that are measured */
    int level;
    uint32_t filter_kind; /* of the benches of filters */
    uint8_t *filtered, *back;
};

/* The middle of a column, at most a block. */
static void codec_block_init(struct codec_block *block, const char *name, const uint8_t *column, uint64_t row_count,
                             size_t row_bytes)
{
    const uint64_t rows = row_count * row_bytes < BLOCK_BYTES ? row_count : BLOCK_BYTES / row_bytes;
    *block = (struct codec_block){
        .name = name,
        .bytes = column + (row_count - rows) / 2 * row_bytes,
        .size = (size_t)rows * row_bytes,
        .row_bytes = row_bytes,
        .stored = malloc(codec_bound(BLOCK_BYTES)),
        .zstd = malloc(codec_bound(BLOCK_BYTES)),
    };
}

static void codec_bench_end(struct codec_bench *self)
{
    for (size_t i = 0; i < BLOCK_COUNT; i++) {
        free(self->blocks[i].stored);
        free(self->blocks[i].zstd);
    }
    free(self->filtered);
    free(self->back);
    codec_destroy(self->codec);
    pool_destroy(self->pool);
    limit_zstd_destroy(self->zstd);
}

static bool codec_bench_begin(struct codec_bench *self, const struct bench *bench)
{
    const struct w1_layout *layout = &bench->layout;
    const uint64_t rows = layout->row_counts[WIDEST_TABLE];
    memset(self, 0, sizeof(*self));
    for (int c = 0; c < W1_COMPONENT_COUNT; c++)
        codec_block_init(&self->blocks[c], w1_names[c], bench->block + layout->columns[WIDEST_TABLE][c], rows,
                         w1_sizes[c]);
    codec_block_init(&self->blocks[W1_COMPONENT_COUNT], "handles", bench->block + layout->entities[WIDEST_TABLE], rows,
                     sizeof(w1_entity));
    codec_block_init(&self->blocks[W1_COMPONENT_COUNT + 1], "index", bench->block + layout->index, layout->entity_count,
                     sizeof(struct w1_record));
    self->pool = pool_create(&(pecs_allocator){ 0 });
    self->codec = self->pool ? codec_create(self->pool) : NULL;
    self->zstd = limit_zstd_create();
    self->filtered = malloc(BLOCK_BYTES);
    self->back = malloc(BLOCK_BYTES);
    self->end = BLOCK_COUNT;
    bool ok = self->codec && self->zstd && self->filtered && self->back;
    for (size_t i = 0; i < BLOCK_COUNT; i++)
        ok = ok && self->blocks[i].stored && self->blocks[i].zstd;
    if (ok)
        return true;
    codec_bench_end(self);
    return bench_wrong("out of memory");
}

static uint64_t codec_bench_bytes(const struct codec_bench *self)
{
    uint64_t bytes = 0;
    for (size_t i = self->first; i < self->end; i++)
        bytes += self->blocks[i].size;
    return bytes;
}

/* Filters */

/* The filter of a column's rows, or none where they have no lanes, or nothing to take apart. */
static struct codec_filter codec_filter_of(const struct codec_bench *self, const struct codec_block *block)
{
    const struct codec_filter filter = { self->filter_kind, (uint32_t)block->row_bytes };
    return codec_filter_is_valid(filter, block->row_bytes) ? filter : (struct codec_filter){ FILTER_NONE, 0 };
}

static bool filter_all(struct bench *bench, void *context, double *ret_seconds)
{
    struct codec_bench *self = context;
    (void)bench;
    const double start = bench_now();
    for (size_t i = self->first; i < self->end; i++)
        codec_filter_apply(codec_filter_of(self, &self->blocks[i]), self->blocks[i].bytes, self->blocks[i].size,
                           self->filtered);
    *ret_seconds = bench_now() - start;
    return true;
}

static bool unfilter_all(struct bench *bench, void *context, double *ret_seconds)
{
    struct codec_bench *self = context;
    (void)bench;
    double seconds = 0;
    for (size_t i = self->first; i < self->end; i++) {
        const struct codec_block *block = &self->blocks[i];
        const struct codec_filter filter = codec_filter_of(self, block);
        codec_filter_apply(filter, block->bytes, block->size, self->filtered);
        const double start = bench_now();
        codec_filter_undo(filter, self->filtered, block->size, self->back);
        seconds += bench_now() - start;
        if (!limit_same(self->back, block->bytes, block->size))
            return bench_wrong("the filter of %s gives other bytes back", block->name);
    }
    *ret_seconds = seconds;
    return true;
}

static bool copy_all(struct bench *bench, void *context, double *ret_seconds)
{
    struct codec_bench *self = context;
    (void)bench;
    double seconds = 0;
    for (size_t i = self->first; i < self->end; i++) {
        const struct codec_block *block = &self->blocks[i];
        const double start = bench_now();
        memcpy(self->filtered, block->bytes, block->size);
        seconds += bench_now() - start;
        if (!limit_same(self->filtered, block->bytes, block->size))
            return bench_wrong("memcpy gives other bytes");
    }
    *ret_seconds = seconds;
    return true;
}

bool bench_run_codec_filter(struct bench *bench)
{
    static const struct {
        const char *name;
        uint32_t kind;
        bool is_undone;
    } filters[] = {
        { "codec_filter", FILTER_SPLIT, false }, { "codec_unfilter", FILTER_SPLIT, true },
        { "codec_delta", FILTER_DELTA4, false }, { "codec_undelta", FILTER_DELTA4, true },
        { "codec_bits", FILTER_BITS, false },    { "codec_unbits", FILTER_BITS, true },
    };
    struct codec_bench self;
    if (!codec_bench_begin(&self, bench))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof(filters) / sizeof(filters[0]); i++) {
        struct bench_result result = { .name = filters[i].name, .limit = "memcpy" };
        const struct bench_sides sides = { .pecs = filters[i].is_undone ? unfilter_all : filter_all,
                                           .limit = copy_all,
                                           .context = &self,
                                           .sample_count = 10 };
        self.filter_kind = filters[i].kind;
        result.bytes = codec_bench_bytes(&self);
        ok = bench_measure(bench, &sides, &result);
        if (ok)
            bench_report(bench, &result);
    }
    codec_bench_end(&self);
    return ok;
}

/* The codec */

static bool choose_all(struct bench *bench, void *context, double *ret_seconds)
{
    struct codec_bench *self = context;
    const enum codec_aim aim = self->level < LEVEL_SMALL ? CODEC_FAST : CODEC_SMALL;
    (void)bench;
    const double start = bench_now();
    for (size_t i = self->first; i < self->end; i++) {
        struct codec_block *block = &self->blocks[i];
        struct codec_choice choice;
        if (codec_choose(self->codec, aim, block->bytes, block->size, block->row_bytes, &choice))
            return bench_wrong("out of memory");
        block->filter = choice.filter;
    }
    *ret_seconds = bench_now() - start;
    return true;
}

/* With filters that were chosen before. */
static bool deflate_all(struct bench *bench, void *context, double *ret_seconds)
{
    struct codec_bench *self = context;
    (void)bench;
    const double start = bench_now();
    for (size_t i = self->first; i < self->end; i++) {
        struct codec_block *block = &self->blocks[i];
        if (codec_compress(self->codec, self->level, block->filter, block->bytes, block->size, block->stored,
                           codec_bound(BLOCK_BYTES), &block->stored_size))
            return bench_wrong("out of memory");
    }
    *ret_seconds = bench_now() - start;
    return true;
}

static bool deflate_alone(struct bench *bench, void *context, double *ret_seconds)
{
    struct codec_bench *self = context;
    (void)bench;
    const double start = bench_now();
    for (size_t i = self->first; i < self->end; i++) {
        struct codec_block *block = &self->blocks[i];
        block->zstd_size = limit_zstd_compress(self->zstd, self->level, block->bytes, block->size, block->zstd,
                                               codec_bound(BLOCK_BYTES));
        if (!block->zstd_size)
            return bench_wrong("Zstandard fails");
    }
    *ret_seconds = bench_now() - start;
    return true;
}

static bool inflate_all(struct bench *bench, void *context, double *ret_seconds)
{
    struct codec_bench *self = context;
    (void)bench;
    double seconds = 0;
    for (size_t i = self->first; i < self->end; i++) {
        const struct codec_block *block = &self->blocks[i];
        const double start = bench_now();
        const pecs_status status =
            codec_decompress(self->codec, block->filter, block->stored, block->stored_size, self->back, block->size);
        seconds += bench_now() - start;
        if (status || !limit_same(self->back, block->bytes, block->size))
            return bench_wrong("%s does not come back", block->name);
    }
    *ret_seconds = seconds;
    return true;
}

static bool inflate_alone(struct bench *bench, void *context, double *ret_seconds)
{
    struct codec_bench *self = context;
    (void)bench;
    double seconds = 0;
    for (size_t i = self->first; i < self->end; i++) {
        const struct codec_block *block = &self->blocks[i];
        const double start = bench_now();
        const bool ok = limit_zstd_decompress(self->zstd, block->zstd, block->zstd_size, self->back, block->size);
        seconds += bench_now() - start;
        if (!ok || !limit_same(self->back, block->bytes, block->size))
            return bench_wrong("%s does not come back from Zstandard", block->name);
    }
    *ret_seconds = seconds;
    return true;
}

/* Measures one direction of the blocks that are selected. */
static bool codec_bench_run(struct codec_bench *self, struct bench *bench, const char *name, bool is_inflate)
{
    struct bench_result result = { .name = name, .bytes = codec_bench_bytes(self), .limit = "zstd alone" };
    const struct bench_sides sides = { .pecs = is_inflate ? inflate_all : deflate_all,
                                       .limit = is_inflate ? inflate_alone : deflate_alone,
                                       .context = self,
                                       .sample_count = self->level < LEVEL_SMALL ? 5 : 1 };
    if (!bench_measure(bench, &sides, &result))
        return false;
    uint64_t stored_bytes = 0, zstd_bytes = 0;
    for (size_t i = self->first; i < self->end; i++) {
        stored_bytes += self->blocks[i].stored_size;
        zstd_bytes += self->blocks[i].zstd_size;
    }
    result.figures[0] = (struct bench_figure){ "stored_bytes", stored_bytes };
    result.figures[1] = (struct bench_figure){ "zstd_bytes", zstd_bytes };
    bench_report(bench, &result);
    return true;
}

bool bench_run_codec_inflate(struct bench *bench)
{
    struct codec_bench self;
    if (!codec_bench_begin(&self, bench))
        return false;
    double seconds;
    struct bench_result result = { .name = "codec_choose", .bytes = codec_bench_bytes(&self) };
    bool ok = bench_measure(bench, &(struct bench_sides){ .pecs = choose_all, .context = &self }, &result);
    if (ok)
        bench_report(bench, &result);
    self.level = LEVEL_FAST;
    ok = ok && codec_bench_run(&self, bench, "codec_deflate", false) &&
         codec_bench_run(&self, bench, "codec_inflate", true);
    self.level = LEVEL_SMALL;
    ok = ok && choose_all(bench, &self, &seconds) && codec_bench_run(&self, bench, "codec_deflate_small", false) &&
         codec_bench_run(&self, bench, "codec_inflate_small", true);
    codec_bench_end(&self);
    return ok;
}

/* Each column by itself, at each of some levels. */
bool bench_run_codec_columns(struct bench *bench)
{
    static const int levels[] = { 1, 3, 6, 9 };
    struct codec_bench self;
    double seconds;
    if (!bench->only)
        return true;
    if (!codec_bench_begin(&self, bench))
        return false;
    bool ok = choose_all(bench, &self, &seconds);
    for (size_t i = 0; ok && i < BLOCK_COUNT; i++) {
        self.first = i;
        self.end = i + 1;
        for (size_t k = 0; ok && k < sizeof(levels) / sizeof(levels[0]); k++) {
            char deflate[64], inflate[80];
            self.level = levels[k];
            snprintf(deflate, sizeof(deflate), "%s/%u %+d", self.blocks[i].name, self.blocks[i].filter.kind, levels[k]);
            snprintf(inflate, sizeof(inflate), "%s out", deflate);
            ok = codec_bench_run(&self, bench, deflate, false) && codec_bench_run(&self, bench, inflate, true);
        }
    }
    codec_bench_end(&self);
    return ok;
}
