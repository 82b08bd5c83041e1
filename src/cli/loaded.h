/* Loaded: a file that was loaded or resumed with a registry without types. */
#ifndef PECS_CLI_LOADED_H
#define PECS_CLI_LOADED_H

#include "cli.h"

#include <pecs/file.h>
#include <pecs/id.h>

struct loaded {
    pecs_registry *registry;
    pecs_snapshot *snapshot;
    pecs_view view;
    pecs_info *info; /* NULL without it */
};

/*
 * Loads a file of the arguments, by its place, with their limit. A load shows a progress bar if it takes long and
 * stderr is a terminal. On failure there is nothing to close.
 */
pecs_status loaded_open(const struct arguments *arguments, unsigned place, struct loaded *ret_loaded,
                        pecs_error *error);
/* Loads it, or resumes it if it is trusted; with the file's information, since no view has the file metadata. */
pecs_status loaded_open_with_info(const struct arguments *arguments, unsigned place, struct loaded *ret_loaded,
                                  pecs_error *error);
/*
 * The same for what has a name, or a label (type_list.h): of all types, only those are read whose label it may be. All
 * entities are there, and all types are described.
 */
pecs_status loaded_open_component(const struct arguments *arguments, unsigned place, const char *label,
                                  struct loaded *ret_loaded, pecs_error *error);
void loaded_close(struct loaded *loaded);

#endif
