/*
 * A clock that runs fast, for a program that is started with this library in LD_PRELOAD: each look at it finds two
 * seconds gone. So a progress bar, which waits a second, can be seen without a load that takes one.
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
