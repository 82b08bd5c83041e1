/* The limits of the codec: Zstandard alone, with contexts that are kept, as a program would use it by hand. */
#include "bench_limits.h"

#include <stdlib.h>
#include <zstd.h>

struct limit_zstd {
    ZSTD_CCtx *compressor;
    ZSTD_DCtx *decompressor;
};

struct limit_zstd *limit_zstd_create(void)
{
    struct limit_zstd *zstd = calloc(1, sizeof(*zstd));
    if (!zstd)
        return NULL;
    zstd->compressor = ZSTD_createCCtx();
    zstd->decompressor = ZSTD_createDCtx();
    if (zstd->compressor && zstd->decompressor)
        return zstd;
    limit_zstd_destroy(zstd);
    return NULL;
}

void limit_zstd_destroy(struct limit_zstd *zstd)
{
    if (!zstd)
        return;
    ZSTD_freeCCtx(zstd->compressor);
    ZSTD_freeDCtx(zstd->decompressor);
    free(zstd);
}

size_t limit_zstd_compress(struct limit_zstd *zstd, int level, const uint8_t *bytes, size_t size, uint8_t *to,
                           size_t capacity)
{
    const size_t result = ZSTD_compressCCtx(zstd->compressor, to, capacity, bytes, size, level);
    return ZSTD_isError(result) ? 0 : result;
}

bool limit_zstd_decompress(struct limit_zstd *zstd, const uint8_t *stored, size_t stored_size, uint8_t *to, size_t size)
{
    return ZSTD_decompressDCtx(zstd->decompressor, to, size, stored, stored_size) == size;
}
