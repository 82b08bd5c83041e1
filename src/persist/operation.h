/*
 * Operation: one save, update or load by a plugin, as the manager sees it. A plugin may ignore that something failed or
 * was cancelled; so the first failure that the manager itself sees is kept, and ends the operation whatever the plugin
 * returns.
 */
#ifndef PECS_PERSIST_OPERATION_H
#define PECS_PERSIST_OPERATION_H

#include "os.h"

#include <pecs/plugin.h>

enum { OPERATION_REPORT_BYTES = 1024 * 1024 }; /* between two reports that the manager makes */

struct operation {
    pecs_phase_function progress;                  /* or NULL */
    void *user;                                    /* for progress */
    const char *function;                          /* of the plugin, that is called: "save" */
    bool plugin_reports;                           /* else bytes are reported for it */
    uint64_t reported_bytes[PECS_PHASE_WRITE + 1]; /* by phase */
    struct os_mutex mutex; /* guards the failure: a source's read_at may run on several threads */
    pecs_error failure;    /* the first; its status is PECS_OK: none */
};

void operation_init(struct operation *operation, pecs_phase_function progress, void *user);
void operation_deinit(struct operation *operation);

/*
 * Keeps a failure, if it is the first. All of these return the status of the first failure, or PECS_OK, and then write
 * *error, which is the plugin's.
 */
pecs_status operation_keep(struct operation *operation, const pecs_error *failure, pecs_error *error);
pecs_status operation_refuse(struct operation *operation, pecs_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4))); /* keeps PECS_E_MISUSE */
pecs_status operation_failure(struct operation *operation, pecs_error *error);

/* Calls the program's progress function, unless something has failed. */
pecs_status operation_report(struct operation *operation, pecs_phase phase, uint64_t done, uint64_t total);
/* The same of bytes, every MiB, for a plugin that does not report. */
pecs_status operation_report_bytes(struct operation *operation, pecs_phase phase, uint64_t done, uint64_t total);

/*
 * Reports the status that a plugin's function returned, which may have written *why, with the name in front. One that
 * is no pecs_status becomes PECS_E_MISUSE. PECS_OK is not reported.
 */
pecs_status plugin_fail(pecs_error *error, const pecs_plugin *plugin, pecs_status status, const pecs_error *why,
                        const char *function);

#endif
