/* Errors of the JSON plugin. */
#ifndef PECS_JSON_FAIL_H
#define PECS_JSON_FAIL_H

#include <pecs/status.h>

/* Writes the error and returns its status. */
pecs_status json_fail(pecs_error *error, pecs_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline pecs_status json_fail_memory(pecs_error *error)
{
    (void)json_fail(error, PECS_E_MEMORY, "out of memory");
    return PECS_E_MEMORY;
}

#endif
