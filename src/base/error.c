/* Errors are written into the caller's struct, on failure only, without allocation. */
#define _POSIX_C_SOURCE 200809L
#include "error.h"

#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SHOWN = 300 }; /* bytes of a long path in a message, which has room for 512 */

static pecs_status error_fill(pecs_error *error, pecs_status status, int os_error, uint64_t offset, const char *rule)
{
    if (error) {
        error->status = status;
        error->os_error = os_error;
        error->offset = offset;
        error->rule = rule;
        error->message[0] = 0;
    }
    return status;
}

pecs_status fail(pecs_error *error, pecs_status status, const char *format, ...)
{
    error_fill(error, status, 0, 0, NULL);
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->message, sizeof(error->message), format, arguments);
        va_end(arguments);
        utf8_mend(error->message);
    }
    return status;
}

const char *path_shown(const char *path)
{
    const size_t size = strlen(path);
    size_t cut = size > PATH_SHOWN ? size - PATH_SHOWN : 0;
    while (cut && (path[cut] & 0xc0) == 0x80)
        cut++;
    return path + cut;
}

pecs_status fail_os(pecs_error *error, int os_error, const char *doing, const char *path)
{
    error_fill(error, PECS_E_IO, os_error, 0, NULL);
    if (error) {
        char reason[128];
        /* the XSI variant: thread-safe, always terminated */
        if (strerror_r(os_error, reason, sizeof(reason)))
            snprintf(reason, sizeof(reason), "error %d", os_error);
        const char *shown = path_shown(path);
        snprintf(error->message, sizeof(error->message), "%s %s%s: %s", doing, shown > path ? "..." : "", shown,
                 reason);
        utf8_mend(error->message);
    }
    return PECS_E_IO;
}

pecs_status fail_as(pecs_error *error, pecs_status status, const pecs_error *why, const char *function)
{
    if (status && why->status != status)
        return fail(error, status, "%s returned %s", function, pecs_status_name(status));
    if (status && error) {
        *error = *why;
        error->message[sizeof(error->message) - 1] = 0;
        utf8_mend(error->message);
    }
    return status;
}

pecs_status fail_rule(pecs_error *error, pecs_status status, uint64_t offset, const char *rule, const char *format, ...)
{
    error_fill(error, status, 0, offset, rule);
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->message, sizeof(error->message), format, arguments);
        va_end(arguments);
        utf8_mend(error->message);
    }
    return status;
}

pecs_status fail_memory(pecs_error *error)
{
    return fail(error, PECS_E_MEMORY, "out of memory");
}

const char *pecs_status_name(pecs_status status)
{
    static const char *const names[] = {
        [PECS_OK] = "OK",
        [PECS_E_MEMORY] = "MEMORY",
        [PECS_E_IO] = "IO",
        [PECS_E_CORRUPT] = "CORRUPT",
        [PECS_E_UNSUPPORTED] = "UNSUPPORTED",
        [PECS_E_LAYOUT] = "LAYOUT",
        [PECS_E_LIMIT] = "LIMIT",
        [PECS_E_CONFLICT] = "CONFLICT",
        [PECS_E_DEAD] = "DEAD",
        [PECS_E_ABSENT] = "ABSENT",
        [PECS_E_BUSY] = "BUSY",
        [PECS_E_CANCELLED] = "CANCELLED",
        [PECS_E_MISUSE] = "MISUSE",
        [PECS_E_INVALID] = "INVALID",
    };
    return (size_t)status < sizeof(names) / sizeof(names[0]) ? names[status] : "unknown";
}
