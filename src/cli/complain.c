/* Messages on stderr. They may quote arguments, paths and contents of files, so the whole message is escaped. */
#include "cli.h"

#include <stdarg.h>

int complain(const char *format, ...)
{
    char message[8192]; /* room for several paths and reasons of maximum length */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    struct text_out out;
    out_begin_file(&out, stderr);
    out_format(&out, "pecs: ");
    out_name(&out, message);
    out_format(&out, "\n");
    (void)out_finish(&out);
    return CLI_TROUBLE;
}

int exit_code_of(pecs_status status)
{
    switch (status) {
    case PECS_OK:
        return CLI_FINE;
    case PECS_E_CORRUPT:
    case PECS_E_INVALID:
    case PECS_E_CONFLICT:
    case PECS_E_UNSUPPORTED:
    case PECS_E_LAYOUT:
    case PECS_E_LIMIT:
        return CLI_NO;
    default:
        return CLI_TROUBLE;
    }
}

int complain_of_file(const char *path, const pecs_error *error)
{
    if (error->status == PECS_E_IO) /* the message names the path */
        complain("%s", error->message);
    else if (error->rule)
        complain("%s: %s: %s at byte %llu: %s", path, pecs_status_name(error->status), error->rule,
                 (unsigned long long)error->offset, error->message);
    else
        complain("%s: %s: %s", path, pecs_status_name(error->status), error->message);
    return exit_code_of(error->status);
}
