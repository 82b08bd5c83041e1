#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#include "terminal.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

bool terminal_is(FILE *file)
{
    return isatty(fileno(file));
}

unsigned terminal_columns(FILE *file)
{
    struct winsize size;
    return ioctl(fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

void terminal_ignore_file_limit(void)
{
    (void)signal(SIGXFSZ, SIG_IGN);
}

uint64_t terminal_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
