#include "formats.h"

#ifdef PECS_HAS_JSON
#include <pecs/json.h>
#endif

/* A format is added here. PECS files come first: their bid is the longest. */
static const pecs_plugin *(*const formats_known[])(void) = {
    pecs_binary_plugin,
#ifdef PECS_HAS_JSON
    pecs_json_plugin,
#endif
};

pecs_status formats_create(pecs_manager **ret_manager, pecs_error *error)
{
    pecs_manager *manager;
    pecs_status status = pecs_manager_create(NULL, &manager, error);
    if (status)
        return status;
    for (size_t i = 0; !status && i < sizeof(formats_known) / sizeof(formats_known[0]); i++)
        status = pecs_manager_register(manager, formats_known[i](), error);
    if (status)
        pecs_manager_destroy(manager);
    else
        *ret_manager = manager;
    return status;
}
