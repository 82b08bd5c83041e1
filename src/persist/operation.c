#include "operation.h"

#include "error.h"

pecs_status operation_report(struct operation *operation, pecs_phase phase, uint64_t done, uint64_t total)
{
    if (!operation->failure.status && operation->progress && !operation->progress(operation->user, phase, done, total))
        fail(&operation->failure, PECS_E_CANCELLED, "cancelled");
    return operation->failure.status;
}

pecs_status pecs_plugin_progress(const pecs_plugin_context *context, pecs_phase phase, uint64_t done, uint64_t total)
{
    if (!context || phase < PECS_PHASE_READ || phase > PECS_PHASE_WRITE)
        return PECS_E_MISUSE;
    return context->manager ? operation_report(context->manager, phase, done, total) : PECS_OK;
}
