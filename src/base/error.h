/* Filling in the caller's error. */
#ifndef PECS_BASE_ERROR_H
#define PECS_BASE_ERROR_H

#include <pecs/status.h>

/* Each writes *error when it is not NULL, and returns the status, so that failing is one expression. */

pecs_status fail(pecs_error *error, pecs_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* PECS_E_IO with errno; `doing` and `path` make the sentence. */
pecs_status fail_os(pecs_error *error, int os_error, const char *doing, const char *path);

/* Where to begin a path in a message, so that a long one has room: its end tells more. */
const char *path_shown(const char *path);

/* A broken rule of the format at a byte offset of the file. */
pecs_status fail_rule(pecs_error *error, pecs_status status, uint64_t offset, const char *rule, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/*
 * Whether `condition` breaks the rule: it does. Only in a library that is built with the option disabled_rule, for
 * tests of the tests, that rule is passed over. (A type that nothing can be made of is refused then too, by another
 * name than TYPE-1 or TYPE-5.)
 */
#ifdef PECS_DISABLED_RULE
#include <stdlib.h>
#include <string.h>
#define BREAKS(rule, condition) (strcmp(rule, PECS_DISABLED_RULE) != 0 && (condition))
#else
#define BREAKS(rule, condition) (condition)
#endif

/*
 * A rule's check: where it is broken, the function ends with the error. What follows the offset is the message.
 */
#define RULE_AS(status, error, rule, broken, offset, ...)                                                              \
    do {                                                                                                               \
        if (BREAKS(rule, broken))                                                                                      \
            return fail_rule(error, status, offset, rule, __VA_ARGS__);                                                \
    } while (0)
#define RULE(error, rule, broken, offset, ...) RULE_AS(PECS_E_CORRUPT, error, rule, broken, offset, __VA_ARGS__)

pecs_status fail_memory(pecs_error *error);

#endif
