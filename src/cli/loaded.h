/* Loaded: a file that was read and checked as pecs_snapshot_load does, without any type known beforehand. */
#ifndef PECS_CLI_LOADED_H
#define PECS_CLI_LOADED_H

#include <pecs/file.h>
#include <pecs/id.h>

struct loaded {
    pecs_registry *registry; /* without types */
    pecs_snapshot *snapshot;
    pecs_view view;
};

/* Shows a progress bar when that takes long and stderr is a terminal. On failure nothing is to be closed. */
pecs_status loaded_open(const char *path, struct loaded *ret_loaded, pecs_error *error);
void loaded_close(struct loaded *loaded);

#endif
