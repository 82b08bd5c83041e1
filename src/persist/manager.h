/*
 * Manager: the list of plugins, in the order of their registration. A plugin that is in use is pinned, and a pinned one
 * is not removed; so its functions are called without the lock, and may call the manager.
 */
#ifndef PECS_PERSIST_MANAGER_H
#define PECS_PERSIST_MANAGER_H

#include "os.h"

#include <pecs/plugin.h>

struct pool;

struct manager_entry {
    const pecs_plugin *plugin;
    void *instance;
    uint32_t pin_count;
    bool is_ready; /* its `create` has returned; before that, only its name is taken */
    struct manager_entry *next;
};

struct pecs_manager {
    struct pool *pool;
    struct os_mutex mutex; /* guards all that follows, and the members of entries */
    struct manager_entry *first;
    struct manager_entry *chosen; /* as the default; NULL: the first that saves */
    pecs_operation last;
};

enum manager_use { MANAGER_SAVES, MANAGER_LOADS };

bool manager_is_able(const pecs_plugin *plugin, enum manager_use use);

/* Find a plugin and pin it; NULL: there is none. By extension and bid: among those that can do it. `path` or NULL. */
struct manager_entry *manager_pin_named(pecs_manager *manager, const char *name);
struct manager_entry *manager_pin_extension(pecs_manager *manager, const char *path, enum manager_use use);
struct manager_entry *manager_pin_bid(pecs_manager *manager, const void *bytes, size_t size_bytes);
struct manager_entry *manager_pin_default(pecs_manager *manager);
void manager_unpin(pecs_manager *manager, struct manager_entry *entry); /* or NULL */

void manager_note(pecs_manager *manager, const pecs_operation *done);

#endif
