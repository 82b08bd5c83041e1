/* Opening files for reading. */
#ifndef PECS_PERSIST_LOAD_H
#define PECS_PERSIST_LOAD_H

#include "os_file.h"

#include <pecs/file.h>

/* Opens a file that is not empty and within the caller's limit. */
pecs_status load_open(const char *path, const pecs_file_limits *limits, struct os_file *ret_file, pecs_error *error);

#endif
