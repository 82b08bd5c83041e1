/* libzstd takes memory from malloc, not from the pool. Here every such allocation fails in turn. */
#include "codec.h"

#include <criterion/criterion.h>
#include <string.h>

/* The C library's functions, under names that are not replaced here. */
void *__libc_malloc(size_t size_bytes);
void *__libc_calloc(size_t count, size_t size_bytes);

enum { SIZE = 262144, STORED_BYTES = 300000 };

static bool is_counting;
static int allocation_count, fail_at;

static bool allocation_fails(void)
{
    return is_counting && ++allocation_count == fail_at;
}

void *malloc(size_t size_bytes)
{
    return allocation_fails() ? NULL : __libc_malloc(size_bytes);
}

void *calloc(size_t count, size_t size_bytes)
{
    return allocation_fails() ? NULL : __libc_calloc(count, size_bytes);
}

static uint8_t bytes[SIZE], back[SIZE], stored[STORED_BYTES], again[STORED_BYTES];

/* Runs all calls until one fails. */
static pecs_status run(struct codec *codec, struct codec_filter filter, int level, size_t *ret_size)
{
    struct codec_choice chosen;
    pecs_status status = codec_choose(codec, CODEC_SMALL, bytes, SIZE, 16, &chosen);
    if (!status)
        status = codec_compress(codec, level, filter, bytes, SIZE, again, STORED_BYTES, ret_size);
    if (!status)
        status = codec_decompress(codec, filter, again, *ret_size, back, SIZE);
    return status;
}

static void check_each_failure(struct codec_filter filter, int level)
{
    struct pool *pool = pool_create(&(pecs_allocator){ 0 });
    size_t expected, size = 0;
    struct codec *codec = codec_create(pool);
    cr_assert_eq(codec_compress(codec, level, filter, bytes, SIZE, stored, STORED_BYTES, &expected), PECS_OK);
    codec_destroy(codec);
    int failed = 0;
    for (fail_at = 1;; fail_at++) {
        codec = codec_create(pool);
        allocation_count = 0;
        is_counting = true;
        const pecs_status status = run(codec, filter, level, &size);
        is_counting = false;
        if (allocation_count < fail_at) {
            cr_assert_eq(status, PECS_OK);
            codec_destroy(codec);
            break;
        }
        failed++;
        cr_assert_eq(status, PECS_E_MEMORY, "allocation %d", fail_at);
        /* the codec is as good as new */
        cr_assert_eq(run(codec, filter, level, &size), PECS_OK);
        cr_assert_eq(size, expected);
        cr_assert_eq(memcmp(stored, again, size), 0);
        cr_assert_eq(memcmp(bytes, back, SIZE), 0);
        codec_destroy(codec);
    }
    cr_assert_geq(failed, 4, "only %d allocations", failed); /* contexts, tables, scratch */
    pool_destroy(pool);
}

Test(codec_failures, each_allocation_of_zstd_may_fail)
{
    for (uint32_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(i % 16 == 3 ? i / 16 : i * i >> 8);
    check_each_failure((struct codec_filter){ FILTER_NONE, 0 }, 1);
    check_each_failure((struct codec_filter){ FILTER_SPLIT, 16 }, 1);
    check_each_failure((struct codec_filter){ FILTER_SPLIT, 16 }, 9);
}
