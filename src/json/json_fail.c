#include "json_fail.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message that was cut within a character ends before it. */
static void fail_mend(char *message)
{
    size_t size = strlen(message), at = size;
    while (at && ((unsigned char)message[at - 1] & 0xc0) == 0x80)
        at--;
    if (!at || (unsigned char)message[at - 1] < 0xc0)
        return;
    const unsigned char first = (unsigned char)message[at - 1];
    const size_t whole = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (size - (at - 1) < whole)
        message[at - 1] = 0;
}

pecs_status json_fail(pecs_error *error, pecs_status status, const char *format, ...)
{
    va_list arguments;
    memset(error, 0, sizeof(*error));
    error->status = status;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    fail_mend(error->message);
    return status;
}
