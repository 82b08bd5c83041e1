/*
 * A fast clock, for a program with this library in LD_PRELOAD: each reading is two seconds later. So a progress bar,
 * which appears after a second, can be tested without a slow load.
 */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    static time_t seconds = 1000;
    (void)clock;
    seconds += 2;
    *ret_time = (struct timespec){ seconds, 0 };
    return 0;
}
