/* Loaded: a file that was loaded or resumed with a registry without types. */
#ifndef PECS_CLI_LOADED_H
#define PECS_CLI_LOADED_H

#include <pecs/file.h>
#include <pecs/id.h>

struct loaded {
    pecs_registry *registry;
    pecs_snapshot *snapshot;
    pecs_view view;
    pecs_info *info; /* set by loaded_add_info; else NULL */
};

/*
 * Loads a file, or resumes it if it is trusted. A load shows a progress bar if it takes long and stderr is a terminal.
 * On failure there is nothing to close.
 */
pecs_status loaded_open(const char *path, bool is_trusted, struct loaded *ret_loaded, pecs_error *error);
/* Adds the file's information, which has the file metadata: no view has these. */
pecs_status loaded_add_info(struct loaded *loaded, const char *path, pecs_error *error);
void loaded_close(struct loaded *loaded);

#endif
