/* Needs only carriage return and "erase to the end of the line" from a terminal. */
#include "progress_bar.h"

#include <string.h>

enum {
    BAR_MAX = 40,
    TAIL_COLUMNS = 22, /* " 100 %  1234567.8 MiB" */
};
static const uint64_t PROGRESS_APPEAR_NS = 1000000000, PROGRESS_REDRAW_NS = 100000000;

void progress_bar_line(char ret_line[PROGRESS_LINE_BYTES], unsigned columns, uint64_t done_bytes, uint64_t total_bytes)
{
    const double part = total_bytes && done_bytes < total_bytes ? (double)done_bytes / (double)total_bytes : 1;
    const double mebibytes = (double)total_bytes / (1024 * 1024);
    char bar[BAR_MAX + 1] = "";
    const unsigned room = columns > TAIL_COLUMNS + 12 ? columns - TAIL_COLUMNS - 3 : 0;
    const unsigned width = room < BAR_MAX ? room : BAR_MAX;
    const unsigned full = (unsigned)(part * width);
    memset(bar, '#', full);
    memset(bar + full, '.', width - full);
    if (width)
        snprintf(ret_line, PROGRESS_LINE_BYTES, "[%s] %3u %%  %.1f MiB", bar, (unsigned)(part * 100), mebibytes);
    else
        snprintf(ret_line, PROGRESS_LINE_BYTES, "%3u %%", (unsigned)(part * 100));
}

void progress_bar_step(struct progress_bar *bar, uint64_t now_ns, uint64_t done_bytes, uint64_t total_bytes)
{
    if (!bar->terminal || now_ns - bar->start_ns < PROGRESS_APPEAR_NS ||
        (bar->drawn_ns && now_ns - bar->drawn_ns < PROGRESS_REDRAW_NS))
        return;
    char line[PROGRESS_LINE_BYTES];
    progress_bar_line(line, bar->columns, done_bytes, total_bytes);
    fprintf(bar->terminal, "\r%s\033[K", line);
    fflush(bar->terminal);
    bar->drawn_ns = now_ns;
}

void progress_bar_end(struct progress_bar *bar)
{
    if (!bar->drawn_ns)
        return;
    fputs("\r\033[K", bar->terminal);
    fflush(bar->terminal);
    bar->drawn_ns = 0;
}
