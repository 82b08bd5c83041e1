/*
 * Plugins: formats by which snapshots are saved and loaded. A plugin is a table of functions around two surfaces: it
 * reads a snapshot through its view (view.h, reflect.h), and makes one through a builder (builder.h). It sees bytes and
 * no files: whoever calls it opens and publishes them.
 */
#ifndef PECS_PLUGIN_H
#define PECS_PLUGIN_H

#include <pecs/builder.h>
#include <pecs/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a save or load is doing: `read` and `write` bytes of the format, `build` a snapshot of what was read. */
typedef enum pecs_phase { PECS_PHASE_READ = 1, PECS_PHASE_BUILD, PECS_PHASE_WRITE } pecs_phase;

/*
 * Progress callback, on the thread of the save or load. What is counted is bytes, but for PECS_PHASE_BUILD entities;
 * `total` is 0 if it is not known. Return false to cancel: PECS_E_CANCELLED.
 */
typedef bool (*pecs_phase_function)(void *user, pecs_phase phase, uint64_t done, uint64_t total);

/* What a plugin is given beside the data; valid during the call. */
typedef struct pecs_plugin_context {
    void *instance;                /* what `create` made; else NULL */
    void *user;                    /* the plugin's */
    const pecs_save_options *save; /* of a save: never NULL. What the format has no use for is ignored; its progress,
                                      and that of `load`, are NULL: call pecs_plugin_progress */
    const pecs_load_options *load; /* of a load: never NULL */
    void *manager;                 /* the manager's own; NULL where a program calls a plugin without one */
} pecs_plugin_context;

/*
 * Reports how far an operation is: call it every few MiB or thousand entities, on the thread that called the plugin.
 * PECS_E_CANCELLED: the program asked to stop; clean up and return it. PECS_E_MISUSE (no such phase).
 */
PECS_API PECS_MUST_USE pecs_status pecs_plugin_progress(const pecs_plugin_context *context, pecs_phase phase,
                                                        uint64_t done, uint64_t total);

enum { PECS_BID_BYTES = 4096 }; /* a bid is given so many bytes of a file, or all of a shorter one */

/*
 * A format. The struct and all that it points to must outlive the managers that have it. Optional functions may be
 * NULL. All may be called on any thread, and several at the same time if the program does so: an instance needs a guard
 * of its own. A status other than PECS_OK ends the operation. *error is never NULL; a function that fails may write it,
 * with the status that it returns, else a message names the function. The name of the plugin is put in front.
 */
typedef struct pecs_plugin {
    const char *name;       /* "json"; unique in a manager, 1 to 255 bytes of UTF-8 */
    uint32_t version;       /* of the format: the one that it writes, and the highest that it reads; from 1 */
    const char *extensions; /* of file names, separated by spaces, without a dot in front: "json jsonl"; or NULL */
    void *user;             /* for the functions */

    /*
     * Optional. How sure the plugin is that a file is its own, as the number of bits that it checked; 0: it is not.
     * Only looks at the first bytes of the file.
     */
    uint32_t (*bid)(void *user, const void *bytes, size_t size_bytes);
    /*
     * Writes all that the view of the snapshot shows, front to back, by sink->write. Spans may be of any size and
     * number; small ones are gathered. If the size of the whole file is known, sink->begin may be called before the
     * first write; commit and abort are NULL. NULL: the plugin only loads.
     */
    pecs_status (*save)(const pecs_plugin_context *context, const pecs_snapshot *snapshot, const pecs_sink *sink,
                        pecs_error *error);
    /*
     * Reads a file into a new builder, which it must neither finish nor destroy. source->read always reads the file
     * from its start; size, read_at and map are there if the file has them. NULL: the plugin only saves.
     */
    pecs_status (*load)(const pecs_plugin_context *context, const pecs_source *source, pecs_builder *builder,
                        pecs_error *error);
    /* Optional. The version of a file by its first bytes, as for a bid; 0: they do not say. */
    uint32_t (*version_of)(void *user, const void *bytes, size_t size_bytes);
    /* Optional. Whether files of a version can be loaded. NULL: those from 1 to `version`. */
    bool (*can_load_version)(void *user, uint32_t version);
    /* Optional. Called when the plugin is registered, and when it is unregistered or its manager is destroyed. */
    pecs_status (*create)(void *user, void **ret_instance, pecs_error *error);
    void (*destroy)(void *user, void *instance);
} pecs_plugin;

#ifdef __cplusplus
}
#endif
#endif
