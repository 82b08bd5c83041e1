/*
 * Filters, then Zstandard from the system's libzstd; no other file uses it, and only its stable interface is used, so
 * that any libzstd.so.1 will do.
 *
 * A window as large as the block makes a frame of a single segment, which a decompressor needs no window for. Frames of
 * others may have windows; ZSTD_decompressDCtx writes straight to its target and needs memory for none of them, but
 * readers in other languages may, and the limit is for them.
 */
#include "codec.h"

#include "bytes.h"

#include <assert.h>
#include <zstd.h>
#include <zstd_errors.h>

enum {
    PART_BYTES_MIN = 16 * 1024, /* of planes that end a block of Zstandard: tables of codes cost up to 130 bytes */
    SAMPLE_PART_BYTES_MIN = 1024,
    STRETCH_COUNT = 4, /* of a block, make up its sample */
    STRETCH_BYTES_MIN = 4096,
    LEVEL_STRETCH_BYTES_MIN = 16 * 1024, /* to choose the level by: it has matches of rows that lie apart */
    STRETCH_ROWS_MIN = 8,
    LEVEL_LIGHT = -3, /* stores literals as they are */
    LEVEL_QUICK = 1,  /* of samples, too */
    LEVEL_SMALL = 3,
    SMALL_TABLE_LOG = 15, /* of the tables of LEVEL_SMALL, which a near cache keeps so */
    CANDIDATE_MAX = 13,
    ELEMENTS_FROM = 7,              /* of the candidates */
    BIT_PLANE_MIN = 64,             /* bytes: thousands of small blocks are to be quick, too */
    LONG_ROW_BYTES = 17,            /* with elements of one type, perhaps */
    ADVANTAGE = 128,                /* a later filter must save this part more */
    HANDICAP_OF_SLOW = 16,          /* where speed counts, what takes longer must save this part of all */
    SLOW_LEFT_MIN = 8,              /* if it leaves this part of all */
    ADVANTAGE_OF_SMALL = 28,        /* LEVEL_SMALL must save this part of what LEVEL_QUICK leaves */
    LOSS_OF_LIGHT = 5,              /* LEVEL_LIGHT may leave this part of all more */
    WORTH = 20,                     /* this part of all must be saved, */
    WORTH_OF_FAST = 5,              /* of rows where speed counts, so that a resume maps them */
    WINDOW_BYTES_MIN = 1024 * 1024, /* that every reader accepts */
    WINDOW_LOG_MIN = 10,
    WINDOW_LOG_MAX = 27, /* beyond it a reader must be asked for more */
    FRAME_BYTES_MIN = 9,
};

/* How a frame begins (RFC 8878, 3.1.1): this number, the descriptor, and, without a single segment, the window. */
static const uint8_t frame_magic[4] = { 0x28, 0xb5, 0x2f, 0xfd };
enum { FRAME_SINGLE_SEGMENT = 1 << 5, FRAME_RESERVED = 3 << 3, FRAME_DICTIONARY = 3 };

/* Memory that is kept for the next call. */
struct codec_memory {
    uint8_t *bytes;
    size_t size_bytes;
    uint32_t source;
};

struct codec {
    struct pool *pool;
    ZSTD_CCtx *compressor; /* NULL until it is needed */
    ZSTD_DCtx *decompressor;
    struct codec_memory scratch, stored;
};

struct codec *codec_create(struct pool *pool)
{
    struct codec *codec = pool_allocate_zeroed(pool, sizeof(*codec));
    if (codec)
        codec->pool = pool;
    return codec;
}

static void codec_drop(struct codec *codec, struct codec_memory *memory)
{
    if (memory->bytes)
        pool_array_release(codec->pool, memory->bytes, memory->size_bytes, memory->source);
    memory->bytes = NULL;
}

void codec_destroy(struct codec *codec)
{
    if (!codec)
        return;
    ZSTD_freeCCtx(codec->compressor);
    ZSTD_freeDCtx(codec->decompressor);
    codec_drop(codec, &codec->scratch);
    codec_drop(codec, &codec->stored);
    pool_release(codec->pool, codec, sizeof(*codec));
}

/* At least this size, with undefined bytes. */
static bool codec_need(struct codec *codec, struct codec_memory *memory, size_t size_bytes)
{
    if (memory->bytes && memory->size_bytes >= size_bytes)
        return true;
    codec_drop(codec, memory);
    memory->size_bytes = size_bytes ? size_bytes : 1;
    memory->bytes = pool_array_allocate(codec->pool, memory->size_bytes, &memory->source);
    return memory->bytes != NULL;
}

uint8_t *codec_stored(struct codec *codec, size_t size_bytes)
{
    return codec_need(codec, &codec->stored, size_bytes) ? codec->stored.bytes : NULL;
}

size_t codec_bound(size_t size_bytes)
{
    return ZSTD_compressBound(size_bytes); /* 3 bytes for the header of each part are in it, from 768 bytes on */
}

/* The window's logarithm with which a block of this size is a single segment. */
static int codec_window_log(size_t size)
{
    int log = WINDOW_LOG_MIN;
    while (log < WINDOW_LOG_MAX && (UINT64_C(1) << log) < size)
        log++;
    return log;
}

/* As many whole planes as reach part_min. */
static size_t codec_part_bytes(struct codec_filter filter, size_t size, size_t part_min)
{
    const size_t plane = codec_filter_plane_bytes(filter, size);
    return plane ? (part_min + plane - 1) / plane * plane : size;
}

/* What a call of libzstd that failed is to the caller: not to fit is no error. */
static pecs_status codec_status(size_t result)
{
    if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
        return PECS_E_MEMORY;
    assert(ZSTD_getErrorCode(result) == ZSTD_error_dstSize_tooSmall);
    return PECS_OK;
}

/* Where the filtered bytes go. */
struct codec_target {
    uint8_t *bytes;
    size_t capacity;
};

/* Compresses the parts, each of which ends a block. */
static pecs_status codec_deflate_parts(ZSTD_CCtx *compressor, size_t part_bytes, size_t part_min, const uint8_t *bytes,
                                       size_t size, struct codec_target to, size_t *ret_size)
{
    *ret_size = 0;
    ZSTD_CCtx_setPledgedSrcSize(compressor, size);
    ZSTD_outBuffer out = { to.bytes, to.capacity, 0 };
    for (size_t at = 0; at < size;) {
        const size_t left = size - at, part = left - min_u64(left, part_bytes) < part_min ? left : part_bytes;
        ZSTD_inBuffer in = { bytes + at, part, 0 };
        const ZSTD_EndDirective end = part == left ? ZSTD_e_end : ZSTD_e_flush;
        for (size_t rest = 1; rest > 0;) {
            rest = ZSTD_compressStream2(compressor, &out, &in, end);
            if (ZSTD_isError(rest))
                return codec_status(rest);
            if (rest > 0 && out.pos == out.size)
                return PECS_OK;
        }
        at += part;
    }
    *ret_size = out.pos;
    return PECS_OK;
}

/* Compresses filtered bytes; *ret_size is 0 if they do not fit. */
static pecs_status codec_deflate(struct codec *codec, int level, size_t part_bytes, size_t part_min,
                                 const uint8_t *bytes, size_t size, struct codec_target to, size_t *ret_size)
{
    *ret_size = 0;
    if (!codec->compressor && !(codec->compressor = ZSTD_createCCtx()))
        return PECS_E_MEMORY;
    ZSTD_CCtx_reset(codec->compressor, ZSTD_reset_session_and_parameters);
    ZSTD_CCtx_setParameter(codec->compressor, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(codec->compressor, ZSTD_c_windowLog, codec_window_log(size));
    if (level == LEVEL_SMALL) {
        ZSTD_CCtx_setParameter(codec->compressor, ZSTD_c_hashLog, SMALL_TABLE_LOG);
        ZSTD_CCtx_setParameter(codec->compressor, ZSTD_c_chainLog, SMALL_TABLE_LOG);
    }
    if (part_bytes < size)
        return codec_deflate_parts(codec->compressor, part_bytes, part_min, bytes, size, to, ret_size);
    const size_t result = ZSTD_compress2(codec->compressor, to.bytes, to.capacity, bytes, size);
    if (ZSTD_isError(result))
        return codec_status(result);
    *ret_size = result;
    return PECS_OK;
}

pecs_status codec_compress(struct codec *codec, int level, struct codec_filter filter, const uint8_t *bytes,
                           size_t size, uint8_t *to, size_t capacity, size_t *ret_size)
{
    const uint8_t *filtered = bytes;
    *ret_size = 0;
    if (filter.kind != FILTER_NONE) {
        if (!codec_need(codec, &codec->scratch, size))
            return PECS_E_MEMORY;
        codec_filter_apply(filter, bytes, size, codec->scratch.bytes);
        filtered = codec->scratch.bytes;
    }
    return codec_deflate(codec, level, codec_part_bytes(filter, size, PART_BYTES_MIN), PART_BYTES_MIN, filtered, size,
                         (struct codec_target){ to, capacity }, ret_size);
}

/* The filters that may do for a block of such rows, none first. Elements of 2, 4 or 8 bytes may fill a long row. */
static size_t codec_candidates(size_t size, size_t row_bytes, struct codec_filter ret_filters[CANDIDATE_MAX])
{
    const uint32_t row = (uint32_t)min_u64(row_bytes, FILTER_STRIDE_MAX + 1);
    const struct codec_filter filters[CANDIDATE_MAX] = {
        { FILTER_NONE, 0 },   { FILTER_SPLIT, row },       { FILTER_DELTA4, row },      { FILTER_DELTA8, row },
        { FILTER_BITS, row }, { FILTER_BITS_DELTA4, row }, { FILTER_BITS_DELTA8, row }, { FILTER_SPLIT, 2 },
        { FILTER_SPLIT, 4 },  { FILTER_SPLIT, 8 },         { FILTER_BITS, 2 },          { FILTER_BITS, 4 },
        { FILTER_BITS, 8 },
    };
    size_t count = 0;
    for (size_t i = 0; i < CANDIDATE_MAX; i++)
        if (codec_filter_is_valid(filters[i], row_bytes) && (i < ELEMENTS_FROM || row_bytes >= LONG_ROW_BYTES) &&
            (!codec_filter_has_bits(filters[i]) || codec_filter_plane_bytes(filters[i], size) >= BIT_PLANE_MIN))
            ret_filters[count++] = filters[i];
    return count;
}

/* A sample: whole rows from some places of the block, one after another, as a block of their own. */
struct sample {
    size_t stretch_bytes, size;
};

static struct sample sample_of(size_t size, size_t row_bytes, size_t stretch_bytes_min)
{
    const size_t row = row_bytes <= FILTER_STRIDE_MAX ? row_bytes : FILTER_STRIDE_MAX;
    const size_t stretch = (size_t)max_u64(STRETCH_ROWS_MIN, stretch_bytes_min / row) * row;
    if (size / STRETCH_COUNT <= stretch)
        return (struct sample){ size, size };
    return (struct sample){ stretch, stretch * STRETCH_COUNT };
}

static void sample_gather(struct sample sample, const uint8_t *bytes, size_t size, size_t row_bytes, uint8_t *to)
{
    for (size_t at = 0; at < sample.size; at += sample.stretch_bytes) {
        const size_t place = at / sample.stretch_bytes * ((size - sample.stretch_bytes) / (STRETCH_COUNT - 1));
        memcpy(to + at, bytes + (row_bytes <= FILTER_STRIDE_MAX ? place / row_bytes * row_bytes : place & ~(size_t)7),
               sample.stretch_bytes);
    }
}

/*
 * What is quick to compress and to get back: bits, which are noise or alike, before codes, of planes of the bytes of
 * short rows, before matches.
 */
static int codec_quickness(struct codec_filter filter, size_t row_bytes)
{
    if (codec_filter_has_bits(filter))
        return 2;
    return filter.kind != FILTER_NONE && row_bytes < LONG_ROW_BYTES;
}

/*
 * A filter must leave less than this where another one, or none, leaves best_bytes. Where speed counts, a quicker one
 * may leave a little more, unless nearly all is alike, which is quick by itself.
 */
static size_t codec_aim_below(enum codec_aim aim, struct codec_filter filter, struct codec_filter best,
                              size_t best_bytes, size_t row_bytes, size_t sample_bytes)
{
    const bool is_quicker = codec_quickness(filter, row_bytes) > codec_quickness(best, row_bytes);
    if (aim == CODEC_FAST && is_quicker && best_bytes > sample_bytes / SLOW_LEFT_MIN)
        return best_bytes + sample_bytes / HANDICAP_OF_SLOW;
    return best_bytes - best_bytes / ADVANTAGE;
}

/* A sample in scratch memory, and behind it room for what a filter makes of it, and then for what is left. */
static pecs_status codec_take_sample(struct codec *codec, struct sample sample, const uint8_t *bytes, size_t size,
                                     size_t row_bytes)
{
    if (!codec_need(codec, &codec->scratch, 2 * sample.size + codec_bound(sample.size)))
        return PECS_E_MEMORY;
    sample_gather(sample, bytes, size, row_bytes, codec->scratch.bytes);
    return PECS_OK;
}

static pecs_status codec_try(struct codec *codec, struct sample sample, struct codec_filter filter, int level,
                             size_t *ret_size)
{
    uint8_t *gathered = codec->scratch.bytes, *filtered = gathered + sample.size;
    const size_t part_bytes = codec_part_bytes(filter, sample.size, SAMPLE_PART_BYTES_MIN);
    codec_filter_apply(filter, gathered, sample.size, filtered);
    return codec_deflate(codec, level, part_bytes, SAMPLE_PART_BYTES_MIN, filtered, sample.size,
                         (struct codec_target){ filtered + sample.size, codec_bound(sample.size) }, ret_size);
}

static pecs_status codec_choose_filter(struct codec *codec, enum codec_aim aim, const uint8_t *bytes, size_t size,
                                       size_t row_bytes, struct codec_filter *ret_filter)
{
    struct codec_filter filters[CANDIDATE_MAX];
    const struct sample sample = sample_of(size, row_bytes, STRETCH_BYTES_MIN);
    const size_t filter_count = codec_candidates(size, row_bytes, filters);
    size_t best_bytes = 0;
    pecs_status status = codec_take_sample(codec, sample, bytes, size, row_bytes);
    for (size_t i = 0; !status && i < filter_count; i++) {
        size_t found = 0;
        status = codec_try(codec, sample, filters[i], LEVEL_QUICK, &found);
        if (i == 0 || found < codec_aim_below(aim, filters[i], *ret_filter, best_bytes, row_bytes, sample.size)) {
            *ret_filter = filters[i];
            best_bytes = found;
        }
    }
    return status;
}

/*
 * The level that may do better than LEVEL_QUICK. Noise, such as most floats, gets no smaller at a higher level, which
 * takes several times as long. Rows that no filter takes apart are repeated more than they are alike, and bits are
 * noise or alike: what is not repeated is then as good as it is, two times as fast in both directions.
 */
static int codec_other_level(enum codec_aim aim, const struct codec_choice *choice, size_t row_bytes)
{
    if (aim == CODEC_SMALL)
        return LEVEL_SMALL;
    const bool is_light = choice->filter.kind == FILTER_NONE || codec_filter_has_bits(choice->filter);
    return row_bytes && is_light ? LEVEL_LIGHT : LEVEL_QUICK;
}

/* A light frame must be worth it where a quick one is. */
static bool codec_is_better(int level, size_t found, size_t quick_bytes, size_t sample_bytes)
{
    return level == LEVEL_SMALL ? found < quick_bytes - quick_bytes / ADVANTAGE_OF_SMALL
                                : found < quick_bytes + sample_bytes / LOSS_OF_LIGHT &&
                                      found < sample_bytes - sample_bytes / WORTH_OF_FAST;
}

pecs_status codec_choose(struct codec *codec, enum codec_aim aim, const uint8_t *bytes, size_t size, size_t row_bytes,
                         struct codec_choice *ret_choice)
{
    struct codec_choice choice = { { FILTER_NONE, 0 }, LEVEL_QUICK, false, CODEC_WHOLE };
    const size_t width = row_bytes ? row_bytes : 1;
    const struct sample sample = sample_of(size, width, LEVEL_STRETCH_BYTES_MIN);
    size_t left = 0, found = 0;
    pecs_status status = row_bytes ? codec_choose_filter(codec, aim, bytes, size, row_bytes, &choice.filter) : PECS_OK;
    if (!status)
        status = codec_take_sample(codec, sample, bytes, size, width);
    if (!status)
        status = codec_try(codec, sample, choice.filter, LEVEL_QUICK, &left);
    const int other = codec_other_level(aim, &choice, row_bytes);
    if (!status && other != LEVEL_QUICK)
        status = codec_try(codec, sample, choice.filter, other, &found);
    if (found && codec_is_better(other, found, left, sample.size)) {
        choice.level = other;
        left = found;
    }
    choice.is_worth = left < sample.size - sample.size / (aim == CODEC_FAST && row_bytes ? WORTH_OF_FAST : WORTH);
    choice.left = sample.size ? (uint32_t)(left * CODEC_WHOLE / sample.size) : CODEC_WHOLE;
    if (!choice.is_worth)
        choice.filter = (struct codec_filter){ FILTER_NONE, 0 };
    *ret_choice = choice;
    return status;
}

/* Whether these bytes are one frame of `size` bytes that every reader can decompress. */
static bool frame_is_valid(const uint8_t *stored, size_t stored_size, size_t size)
{
    if (stored_size < FRAME_BYTES_MIN || memcmp(stored, frame_magic, sizeof(frame_magic)) != 0)
        return false;
    const uint8_t descriptor = stored[sizeof(frame_magic)], window = stored[sizeof(frame_magic) + 1];
    if (descriptor & (FRAME_RESERVED | FRAME_DICTIONARY))
        return false;
    if (!(descriptor & FRAME_SINGLE_SEGMENT)) {
        const uint64_t base = UINT64_C(1) << (WINDOW_LOG_MIN + (window >> 3));
        if (base + base / 8 * (window & 7) > max_u64(WINDOW_BYTES_MIN, UINT64_C(1) << codec_window_log(size)))
            return false;
    }
    return ZSTD_getFrameContentSize(stored, stored_size) == size &&
           ZSTD_findFrameCompressedSize(stored, stored_size) == stored_size;
}

pecs_status codec_decompress(struct codec *codec, struct codec_filter filter, const uint8_t *stored, size_t stored_size,
                             uint8_t *to, size_t size)
{
    uint8_t *filtered = to;
    if (!frame_is_valid(stored, stored_size, size))
        return PECS_E_CORRUPT;
    if (!codec->decompressor && !(codec->decompressor = ZSTD_createDCtx()))
        return PECS_E_MEMORY;
    if (filter.kind != FILTER_NONE) {
        if (!codec_need(codec, &codec->scratch, size))
            return PECS_E_MEMORY;
        filtered = codec->scratch.bytes;
    }
    const size_t result = ZSTD_decompressDCtx(codec->decompressor, filtered, size, stored, stored_size);
    if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
        return PECS_E_MEMORY;
    if (result != size)
        return PECS_E_CORRUPT;
    if (filter.kind != FILTER_NONE)
        codec_filter_undo(filter, filtered, size, to);
    return PECS_OK;
}
