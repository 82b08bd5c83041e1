/*
 * Operation: one save or load by a plugin, as the manager sees it. A plugin may ignore what fails or ask to go on after
 * a cancel; so the first failure that the manager itself sees is kept, and ends the operation whatever the plugin says.
 */
#ifndef PECS_PERSIST_OPERATION_H
#define PECS_PERSIST_OPERATION_H

#include <pecs/plugin.h>

struct operation {
    pecs_phase_function progress; /* or NULL */
    void *user;                   /* for progress */
    pecs_error failure;           /* the first; its status is PECS_OK: none */
};

/* Calls the program's progress function, unless something has failed. PECS_OK, or the status of the first failure. */
pecs_status operation_report(struct operation *operation, pecs_phase phase, uint64_t done, uint64_t total);

#endif
