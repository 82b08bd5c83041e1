#include "operation.h"

#include "error.h"

#include <stdarg.h>
#include <stdio.h>

void operation_init(struct operation *operation, pecs_phase_function progress, void *user)
{
    *operation = (struct operation){ .progress = progress, .user = user };
    os_mutex_init(&operation->mutex);
}

void operation_deinit(struct operation *operation)
{
    os_mutex_deinit(&operation->mutex);
}

pecs_status operation_keep(struct operation *operation, const pecs_error *failure, pecs_error *error)
{
    os_mutex_lock(&operation->mutex);
    if (!operation->failure.status)
        operation->failure = *failure;
    const pecs_error first = operation->failure;
    os_mutex_unlock(&operation->mutex);
    if (first.status && error)
        *error = first;
    return first.status;
}

pecs_status operation_refuse(struct operation *operation, pecs_error *error, const char *format, ...)
{
    pecs_error failure;
    char text[sizeof(failure.message)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fail(&failure, PECS_E_MISUSE, "%s", text);
    return operation_keep(operation, &failure, error);
}

pecs_status operation_failure(struct operation *operation, pecs_error *error)
{
    static const pecs_error none;
    return operation_keep(operation, &none, error);
}

pecs_status operation_report(struct operation *operation, pecs_phase phase, uint64_t done, uint64_t total)
{
    pecs_error cancelled;
    const pecs_status status = operation_failure(operation, NULL);
    if (status || !operation->progress || operation->progress(operation->user, phase, done, total))
        return status;
    fail(&cancelled, PECS_E_CANCELLED, "cancelled");
    return operation_keep(operation, &cancelled, NULL);
}

pecs_status operation_report_bytes(struct operation *operation, pecs_phase phase, uint64_t done, uint64_t total)
{
    if (operation->plugin_reports || done - operation->reported_bytes[phase] < OPERATION_REPORT_BYTES)
        return PECS_OK;
    operation->reported_bytes[phase] = done;
    return operation_report(operation, phase, done, total);
}

pecs_status plugin_fail(pecs_error *error, const pecs_plugin *plugin, pecs_status status, const pecs_error *why,
                        const char *function)
{
    pecs_error cause;
    if ((unsigned)status > PECS_E_INVALID)
        return fail(error, PECS_E_MISUSE, "%s: %s returned %u, which is no status", plugin->name, function,
                    (unsigned)status);
    if (!status || !error)
        return status;
    fail_as(&cause, status, why, function);
    *error = cause;
    fail(error, status, "%s: %s", plugin->name, cause.message);
    error->os_error = cause.os_error;
    error->offset = cause.offset;
    error->rule = cause.rule;
    return status;
}

pecs_status pecs_plugin_progress(const pecs_plugin_context *context, pecs_phase phase, uint64_t done, uint64_t total)
{
    struct operation *operation = context ? context->manager : NULL;
    if (!context || phase < PECS_PHASE_READ || phase > PECS_PHASE_WRITE)
        return PECS_E_MISUSE;
    if (!operation)
        return PECS_OK;
    operation->plugin_reports = true;
    return operation_report(operation, phase, done, total);
}
