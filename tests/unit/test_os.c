/* Pages and random numbers of the platform. */
#include "os.h"

#include <criterion/criterion.h>

Test(pages, are_zero_writable_and_aligned)
{
    const size_t sizes[] = { 1, 4096, 2097152, 5000000 };
    for (size_t i = 0; i < 4; i++) {
        uint8_t *pages = os_pages_allocate(sizes[i]);
        cr_assert_not_null(pages);
        cr_assert_eq((uintptr_t)pages % (sizes[i] < 2097152 ? 4096 : 2097152), 0);
        for (size_t k = 0; k < sizes[i]; k += 1000)
            cr_assert_eq(pages[k], 0);
        memset(pages, 1, sizes[i]);
        os_pages_release(pages, sizes[i]);
    }
}

Test(pages, too_many_are_refused)
{
    cr_assert_null(os_pages_allocate((size_t)1 << 62));
}

Test(random, numbers_differ)
{
    const uint64_t a = os_random_u64(), b = os_random_u64(), c = os_random_u64();
    cr_assert(a != b && b != c && a != c);
}
