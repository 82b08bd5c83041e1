/* When and what the progress bar draws. Time is an argument, so the test does not wait. */
#include "progress_bar.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "progress_test: %s\n", what);
    exit(1);
}

static void check_line(unsigned columns, uint64_t done, uint64_t total, const char *expected)
{
    char line[PROGRESS_LINE_BYTES];
    progress_bar_line(line, columns, done, total);
    if (strcmp(line, expected) == 0)
        return;
    fprintf(stderr, "%u columns, %" PRIu64 " of %" PRIu64 ": \"%s\", not \"%s\"\n", columns, done, total, line,
            expected);
    exit(1);
}

static void check_lines(void)
{
    const uint64_t mebibyte = 1024 * 1024;
    check_line(80, 0, 10 * mebibyte, "[........................................]   0 %  10.0 MiB");
    check_line(80, 5 * mebibyte, 10 * mebibyte, "[####################....................]  50 %  10.0 MiB");
    check_line(80, 10 * mebibyte, 10 * mebibyte, "[########################################] 100 %  10.0 MiB");
    check_line(80, 11 * mebibyte, 10 * mebibyte, "[########################################] 100 %  10.0 MiB");
    check_line(45, 5 * mebibyte, 10 * mebibyte, "[##########..........]  50 %  10.0 MiB");
    check_line(20, 1, 3, " 33 %");
    check_line(80, 0, 0, "[########################################] 100 %  0.0 MiB");
}

/* No line fills its terminal, whatever the numbers: it would wrap and could not be redrawn. */
static void check_widths(void)
{
    char line[PROGRESS_LINE_BYTES];
    for (unsigned columns = 10; columns < 200; columns++) {
        progress_bar_line(line, columns, UINT64_C(1) << 43, UINT64_C(1) << 43);
        require(strlen(line) < columns, "a line is wider than its terminal");
    }
}

static void check_times(FILE *file)
{
    const uint64_t second = 1000000000;
    struct progress_bar bar = { file, 80, 5 * second, 0 };
    progress_bar_step(&bar, 6 * second - 1, 1, 4);
    require(ftell(file) == 0, "drawn before a second has passed");
    progress_bar_end(&bar);
    require(ftell(file) == 0, "wiped off although it was not drawn");
    progress_bar_step(&bar, 6 * second, 1, 4);
    const long first = ftell(file);
    require(first > 0, "not drawn after a second");
    progress_bar_step(&bar, 6 * second + second / 10 - 1, 2, 4);
    require(ftell(file) == first, "drawn again too soon");
    progress_bar_step(&bar, 6 * second + second / 10, 2, 4);
    require(ftell(file) > first, "not drawn again");
    const long second_end = ftell(file);
    progress_bar_end(&bar);
    require(ftell(file) == second_end + 4, "not wiped off");
    progress_bar_end(&bar);
    require(ftell(file) == second_end + 4, "wiped off twice");
}

static void check_none(void)
{
    struct progress_bar bar = { NULL, 80, 0, 0 };
    progress_bar_step(&bar, UINT64_MAX, 1, 2);
    progress_bar_end(&bar);
}

int main(void)
{
    FILE *file = tmpfile();
    require(file, "no temporary file");
    check_lines();
    check_widths();
    check_times(file);
    check_none();
    fclose(file);
    return 0;
}
