/* Formats: the plugins that the program knows. */
#ifndef PECS_CLI_FORMATS_H
#define PECS_CLI_FORMATS_H

#include <pecs/plugin.h>

/* Creates a manager with all of them. */
pecs_status formats_create(pecs_manager **ret_manager, pecs_error *error);

#endif
