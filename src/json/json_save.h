/* Save: writes the document of a snapshot. */
#ifndef PECS_JSON_SAVE_H
#define PECS_JSON_SAVE_H

#include <pecs/json.h>

pecs_status json_save(const pecs_plugin_context *context, const pecs_snapshot *snapshot, const pecs_sink *sink,
                      pecs_error *error);

#endif
