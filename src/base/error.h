/* Functions that fill the caller's pecs_error. */
#ifndef PECS_BASE_ERROR_H
#define PECS_BASE_ERROR_H

#include <pecs/status.h>

/* Each function writes *error, unless error is NULL, and returns the status: `return fail(...)`. */

pecs_status fail(pecs_error *error, pecs_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* PECS_E_IO with an errno. The message is "<doing> <path>: <reason>". */
pecs_status fail_os(pecs_error *error, int os_error, const char *doing, const char *path);

/*
 * Reports the status of a user's function, which may have written *why: that is the error if it has this status, else a
 * message names the function. PECS_OK is not reported.
 */
pecs_status fail_as(pecs_error *error, pecs_status status, const pecs_error *why, const char *function);

/* The last part of a path that a message has room for. */
const char *path_shown(const char *path);

/* Reports a broken rule of the format and the byte offset in the file. */
pecs_status fail_rule(pecs_error *error, pecs_status status, uint64_t offset, const char *rule, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/*
 * Whether a rule is broken. A library that is built with the option disabled_rule, which tests the tests, skips that
 * rule, or several with spaces between. (Types that cannot be represented are refused even then, by another rule than
 * TYPE-1 or TYPE-5.)
 */
#ifdef PECS_DISABLED_RULE
#include <stdlib.h>
#include <string.h>
static inline bool rule_is_disabled(const char *rule, const char *disabled)
{
    const size_t size = strlen(rule);
    for (; strncmp(disabled, rule, size) != 0 || (disabled[size] && disabled[size] != ' '); disabled++) {
        disabled = strchr(disabled, ' ');
        if (!disabled)
            return false;
    }
    return true;
}
#define BREAKS(rule, condition) (!rule_is_disabled(rule, PECS_DISABLED_RULE) && (condition))
#else
#define BREAKS(rule, condition) (condition)
#endif

/*
 * Checks a rule: if it is broken, the calling function returns the error. The arguments after the offset make the
 * message.
 */
#define RULE_AS(status, error, rule, broken, offset, ...)                                                              \
    do {                                                                                                               \
        if (BREAKS(rule, broken))                                                                                      \
            return fail_rule(error, status, offset, rule, __VA_ARGS__);                                                \
    } while (0)
#define RULE(error, rule, broken, offset, ...) RULE_AS(PECS_E_CORRUPT, error, rule, broken, offset, __VA_ARGS__)

pecs_status fail_memory(pecs_error *error);

#endif
