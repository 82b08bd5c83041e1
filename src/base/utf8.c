#include "utf8.h"

#include <string.h>

void utf8_mend(char *text)
{
    uint8_t *from = (uint8_t *)text, *to = from;
    const uint8_t *end = from + strlen(text);
    while (from < end) {
        uint32_t code;
        const unsigned step = utf8_step(from, (size_t)(end - from), &code);
        if (step) {
            memmove(to, from, step);
            to += step;
            from += step;
            continue;
        }
        const bool is_cut = *from >= 0xc2 && *from <= 0xf4;
        if (!is_cut)
            *to++ = '?';
        from++;
        while (is_cut && (*from & 0xc0) == 0x80)
            from++;
    }
    *to = 0;
}
