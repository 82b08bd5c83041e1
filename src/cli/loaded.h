/* Loaded: a file as pecs_snapshot_load or pecs_snapshot_resume gives it, without any type known beforehand. */
#ifndef PECS_CLI_LOADED_H
#define PECS_CLI_LOADED_H

#include <pecs/file.h>
#include <pecs/id.h>

struct loaded {
    pecs_registry *registry; /* without types */
    pecs_snapshot *snapshot;
    pecs_view view;
    pecs_info *info; /* by loaded_add_info; else NULL */
};

/*
 * Loads, or resumes a file that is trusted. Shows a progress bar when that takes long and stderr is a terminal. On
 * failure nothing is to be closed.
 */
pecs_status loaded_open(const char *path, bool is_trusted, struct loaded *ret_loaded, pecs_error *error);
/* What the file tells of itself, for the metadata that is the file's alone and in no view. */
pecs_status loaded_add_info(struct loaded *loaded, const char *path, pecs_error *error);
void loaded_close(struct loaded *loaded);

#endif
