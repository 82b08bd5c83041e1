/* The limits of the codec: Zstandard alone, with contexts that are kept, as a program would use it by hand. */
#define _GNU_SOURCE
#include "bench_limits.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
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

/* Of a file that is in memory, whole: bytes of the result, which the caller frees; 0 on failure. */
static size_t limit_compress_whole(const uint8_t *bytes, size_t size, int level, int thread_count, uint8_t **ret_bytes)
{
    const size_t capacity = ZSTD_compressBound(size);
    uint8_t *to = malloc(capacity);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    size_t result = 0;
    if (to && context && !ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)) &&
        !ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_nbWorkers, thread_count))) {
        result = ZSTD_compress2(context, to, capacity, bytes, size);
        result = ZSTD_isError(result) ? 0 : result;
    }
    ZSTD_freeCCtx(context);
    *ret_bytes = to;
    return result;
}

bool limit_zstd_file(const char *path, const char *to, int level, int thread_count)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info = { .st_size = 0 };
    void *bytes = MAP_FAILED;
    uint8_t *packed = NULL;
    if (descriptor >= 0 && !fstat(descriptor, &info))
        bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0);
    if (descriptor >= 0)
        close(descriptor);
    if (bytes == MAP_FAILED)
        return false;
    const size_t size = limit_compress_whole(bytes, (size_t)info.st_size, level, thread_count, &packed);
    FILE *file = size ? fopen(to, "wb") : NULL;
    bool ok = file && fwrite(packed, 1, size, file) == size;
    ok = (!file || !fclose(file)) && ok;
    free(packed);
    munmap(bytes, (size_t)info.st_size);
    return ok;
}
