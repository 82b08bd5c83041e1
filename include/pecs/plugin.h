/*
 * Plugins: formats by which snapshots are saved and loaded, and the manager that finds the right one. PECS files are
 * one of them (pecs_binary_plugin); write your own for any other format.
 *
 *     pecs_manager *manager;
 *     status = pecs_manager_create(NULL, &manager, &error);
 *     status = status ? status : pecs_manager_register(manager, pecs_binary_plugin(), &error);
 *     status = status ? status : pecs_manager_register(manager, &csv_plugin, &error);
 *     status = status ? status : pecs_manager_save(manager, snapshot, "units.csv", NULL, &error);
 *     status = status ? status : pecs_manager_load(manager, registry, "old.pecs", NULL, &loaded, &error);
 *
 * A plugin is a table of functions around two surfaces: it reads a snapshot through its view (view.h, reflect.h), and
 * makes one through a builder (builder.h). It sees bytes and no files: the manager opens and publishes these, so that a
 * plugin that fails half-way leaves no trace.
 */
#ifndef PECS_PLUGIN_H
#define PECS_PLUGIN_H

#include <pecs/builder.h>
#include <pecs/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a save, update or load is doing: `read` and `write` bytes of the format, `build` a snapshot of what was read. */
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
    const pecs_save_options *save; /* of a save and an update: never NULL. What the format has no use for is ignored;
                                      its progress, and that of `load`, are NULL: call pecs_plugin_progress */
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
     * number; small ones are gathered. sink->begin may be called before the first write, with the size of the whole
     * file or with 0 if that is not known; commit and abort are NULL. NULL: the plugin only loads.
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
    /*
     * Optional, of a plugin that saves: for formats that are kept up to date, such as a journal. Reads the file that
     * holds `before`, as `load` does, and writes the one that holds `after`, as `save` does and as a whole. The changes
     * are those of pecs_view_diff or pecs_view_diff_by_handle (diff.h) on the views of both. Only the program knows
     * that the file holds `before`; the manager checks that it is one of the format and of `version`, by bid and
     * version_of. A plugin that finds it better to write all may call its own `save`.
     */
    pecs_status (*apply)(const pecs_plugin_context *context, const pecs_snapshot *before, const pecs_snapshot *after,
                         const pecs_source *old_file, const pecs_sink *sink, pecs_error *error);
} pecs_plugin;

/* PECS files (file.h), with the name "pecs" and the extension "pecs". Static. */
PECS_API const pecs_plugin *pecs_binary_plugin(void);

typedef struct pecs_manager pecs_manager;

/*
 * Creates a manager without plugins; managers are independent. `allocator` (NULL: the system's) has the memory of the
 * list alone. PECS_E_MEMORY, PECS_E_MISUSE.
 */
PECS_API PECS_MUST_USE pecs_status pecs_manager_create(const pecs_allocator *allocator, pecs_manager **ret_manager,
                                                       pecs_error *error);

/* Destroys it and the instances of its plugins. NULL is allowed. No other call may be under way. */
PECS_API void pecs_manager_destroy(pecs_manager *manager);

/*
 * Register and unregister a plugin. Any thread, also while others save and load, and from a plugin's functions. Errors
 * of register: PECS_E_CONFLICT (the name is taken), PECS_E_MISUSE (a table without name, version, or both of save and
 * load; with apply and without save), PECS_E_MEMORY, those of `create`. Of unregister: PECS_E_ABSENT, PECS_E_BUSY (a
 * save, a load or a choice uses the plugin, or it is being registered).
 */
PECS_API PECS_MUST_USE pecs_status pecs_manager_register(pecs_manager *manager, const pecs_plugin *plugin,
                                                         pecs_error *error);
PECS_API PECS_MUST_USE pecs_status pecs_manager_unregister(pecs_manager *manager, const char *name, pecs_error *error);

/* The plugin of a name, or NULL; the number of plugins; the one at a place in the order of registration, or NULL. */
PECS_API const pecs_plugin *pecs_manager_find(const pecs_manager *manager, const char *name);
PECS_API size_t pecs_manager_count(const pecs_manager *manager);
PECS_API const pecs_plugin *pecs_manager_at(const pecs_manager *manager, size_t place);

/*
 * The plugin for saves that neither a name nor an extension decides: the one that was set, while it is registered, else
 * the first registered that saves; NULL if there is none. PECS_E_ABSENT, PECS_E_UNSUPPORTED (it only loads).
 */
PECS_API PECS_MUST_USE pecs_status pecs_manager_set_default(pecs_manager *manager, const char *name, pecs_error *error);
PECS_API const pecs_plugin *pecs_manager_default(const pecs_manager *manager);

/*
 * Which plugin loads a file: of those that load, the one with the highest bid for its first bytes, else the one with
 * the longest extension that the path has (small and capital letters are the same), else NULL. The first registered of
 * equal ones. `path` may be NULL.
 */
PECS_API const pecs_plugin *pecs_manager_choose(const pecs_manager *manager, const void *bytes, size_t size_bytes,
                                                const char *path);

/* What a save, update or load did. */
typedef struct pecs_operation {
    const pecs_plugin *plugin; /* NULL: none was chosen */
    pecs_status status;
    uint64_t size_bytes;   /* that the plugin wrote; or of the file that was loaded, of a stream what was read */
    uint64_t entity_count; /* of what is saved or was built, of `after`; 0: it did not get so far */
    uint64_t elapsed_ns;
} pecs_operation;

typedef struct pecs_manager_options {
    const char *plugin; /* the name of the plugin to use; NULL: a save or update goes by the extension of the path, then
                           by the default, a load as pecs_manager_choose */
    const pecs_save_options *save; /* or NULL. Its progress is not called: use the one here */
    const pecs_load_options *load; /* or NULL. The same; repair is for formats that store values as they are. A part
                                      needs a plugin that loads parts, as that of PECS files: PECS_E_UNSUPPORTED */
    pecs_phase_function progress;  /* or NULL. For a plugin that does not report, the bytes, every MiB */
    void *user;                    /* for progress */
    pecs_operation *ret_operation; /* what was done, filled on failure too; or NULL */
} pecs_manager_options;

/*
 * Save and load by a plugin. Any thread. A path is published and read as file.h says: a save replaces the whole file or
 * nothing, is synced unless skip_sync, and follows links; limits hold for all formats. What is transient (schema.h) is
 * not saved, and a resumed file that was damaged is refused. Any format has name, version and schema of the program
 * (metadata.h), and what a plugin loads is migrated as a file is, with the options of `load`, by world migrations and
 * load hooks too (migration.h). A load that fails makes nothing; an empty file is PECS_E_CORRUPT.
 *
 * Errors are those of publishing, reading, the builder and the plugin, with the plugin's name in front once it is
 * chosen; PECS_E_ABSENT (no plugin of that name, or none for the file), PECS_E_UNSUPPORTED (the plugin cannot save, or
 * not load this version of its format), PECS_E_MISUSE (a plugin that breaks its contract: saves nothing, returns no
 * pecs_status, finishes the builder, ...). A plugin that goes on after a failure or a cancel changes nothing: the save
 * or load ends with that status.
 */
PECS_API PECS_MUST_USE pecs_status pecs_manager_save(pecs_manager *manager, const pecs_snapshot *snapshot,
                                                     const char *path, const pecs_manager_options *options,
                                                     pecs_error *error);
PECS_API PECS_MUST_USE pecs_status pecs_manager_load(pecs_manager *manager, pecs_registry *registry, const char *path,
                                                     const pecs_manager_options *options, pecs_snapshot **ret_snapshot,
                                                     pecs_error *error);

/*
 * Brings a file that holds `before` up to date, so that it holds `after`: as pecs_manager_save of `after`, with all
 * that it promises, but a plugin with `apply` gets both snapshots and the old file. Without `apply`, without a file, or
 * with one that is empty or of another format or version, it is a plain save; so a program can always call it. That the
 * file holds `before` is for the program to know: of another state the plugin may make a wrong file, or return an error
 * of its own. What is transient is left out of both snapshots, which may be of two registries. The limits of `load`
 * hold for the old file.
 */
PECS_API PECS_MUST_USE pecs_status pecs_manager_update(pecs_manager *manager, const pecs_snapshot *before,
                                                       const pecs_snapshot *after, const char *path,
                                                       const pecs_manager_options *options, pecs_error *error);

/*
 * Save and load for sinks and sources (stream.h). begin of the sink gets 0 if the plugin does not know the size
 * beforehand, and is not called before the plugin writes.
 */
PECS_API PECS_MUST_USE pecs_status pecs_manager_save_to(pecs_manager *manager, const pecs_snapshot *snapshot,
                                                        const pecs_sink *sink, const pecs_manager_options *options,
                                                        pecs_error *error);
PECS_API PECS_MUST_USE pecs_status pecs_manager_load_from(pecs_manager *manager, pecs_registry *registry,
                                                          const pecs_source *source,
                                                          const pecs_manager_options *options,
                                                          pecs_snapshot **ret_snapshot, pecs_error *error);

/* What the last save, update or load that ended did, of any thread; all zero if there was none. */
PECS_API void pecs_manager_last(const pecs_manager *manager, pecs_operation *ret_operation);

#ifdef __cplusplus
}
#endif
#endif
