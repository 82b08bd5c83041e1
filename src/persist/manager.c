/* Lookups are linear: a program has a handful of formats. */
#include "manager.h"

#include "error.h"
#include "memory.h"
#include "operation.h"
#include "type_check.h"

#include <string.h>

/* Of functions that only look; the lock is no part of what they show. */
static pecs_manager *manager_lock(const pecs_manager *manager)
{
    pecs_manager *locked = (pecs_manager *)(uintptr_t)manager;
    os_mutex_lock(&locked->mutex);
    return locked;
}

static void manager_unlock(pecs_manager *manager)
{
    os_mutex_unlock(&manager->mutex);
}

bool manager_is_able(const pecs_plugin *plugin, enum manager_use use)
{
    return use == MANAGER_SAVES ? plugin->save != NULL : plugin->load != NULL;
}

/* With the lock held. */

static struct manager_entry *manager_ready(struct manager_entry *entry)
{
    while (entry && !entry->is_ready)
        entry = entry->next;
    return entry;
}

static struct manager_entry *manager_named(const pecs_manager *manager, const char *name)
{
    struct manager_entry *entry = manager->first;
    while (entry && strcmp(entry->plugin->name, name) != 0)
        entry = entry->next;
    return entry;
}

static struct manager_entry *manager_default(const pecs_manager *manager)
{
    struct manager_entry *entry = manager->chosen ? manager->chosen : manager_ready(manager->first);
    while (entry && !manager_is_able(entry->plugin, MANAGER_SAVES))
        entry = manager_ready(entry->next);
    return entry;
}

static struct manager_entry *manager_pinned(struct manager_entry *entry)
{
    if (entry)
        entry->pin_count++;
    return entry;
}

static void manager_remove(pecs_manager *manager, const struct manager_entry *entry)
{
    struct manager_entry **at = &manager->first;
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    if (manager->chosen == entry)
        manager->chosen = NULL;
}

/* Choosing. */

static char manager_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Whether a name ends with a dot and the extension, and has something before. */
static bool manager_has_extension(const char *name, const char *extension, size_t size)
{
    const size_t name_size = strlen(name);
    if (name_size < size + 2 || name[name_size - size - 1] != '.')
        return false;
    for (size_t i = 0; i < size; i++)
        if (manager_lower(name[name_size - size + i]) != manager_lower(extension[i]))
            return false;
    return true;
}

/* The size of the longest of a plugin's extensions that the name has; 0: none. */
static size_t manager_extension(const pecs_plugin *plugin, const char *name)
{
    size_t longest = 0;
    for (const char *at = plugin->extensions ? plugin->extensions : ""; *at;) {
        const size_t size = strcspn(at, " ");
        if (size > longest && manager_has_extension(name, at, size))
            longest = size;
        at += size + strspn(at + size, " ");
    }
    return longest;
}

struct manager_entry *manager_pin_extension(pecs_manager *manager, const char *path, enum manager_use use)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *name = slash ? slash + 1 : path;
    struct manager_entry *best = NULL;
    size_t longest = 0;
    if (!name)
        return NULL;
    manager_lock(manager);
    for (struct manager_entry *entry = manager_ready(manager->first); entry; entry = manager_ready(entry->next)) {
        const size_t size = manager_is_able(entry->plugin, use) ? manager_extension(entry->plugin, name) : 0;
        if (size > longest) {
            longest = size;
            best = entry;
        }
    }
    manager_pinned(best);
    manager_unlock(manager);
    return best;
}

/* The entry behind one that is pinned; NULL: the first one. */
static struct manager_entry *manager_pin_next(pecs_manager *manager, const struct manager_entry *entry)
{
    manager_lock(manager);
    struct manager_entry *next = manager_pinned(manager_ready(entry ? entry->next : manager->first));
    manager_unlock(manager);
    return next;
}

struct manager_entry *manager_pin_bid(pecs_manager *manager, const void *bytes, size_t size_bytes)
{
    struct manager_entry *best = NULL;
    uint32_t highest = 0;
    for (struct manager_entry *entry = manager_pin_next(manager, NULL); entry;) {
        const pecs_plugin *plugin = entry->plugin;
        const bool is_asked = plugin->bid && manager_is_able(plugin, MANAGER_LOADS);
        const uint32_t bid = is_asked ? plugin->bid(plugin->user, bytes, size_bytes) : 0;
        struct manager_entry *next = manager_pin_next(manager, entry);
        manager_unpin(manager, bid > highest ? best : entry);
        if (bid > highest) {
            highest = bid;
            best = entry;
        }
        entry = next;
    }
    return best;
}

struct manager_entry *manager_pin_named(pecs_manager *manager, const char *name)
{
    manager_lock(manager);
    struct manager_entry *entry = manager_named(manager, name);
    entry = manager_pinned(entry && entry->is_ready ? entry : NULL);
    manager_unlock(manager);
    return entry; /* one that is not pinned may be gone by now */
}

struct manager_entry *manager_pin_default(pecs_manager *manager)
{
    manager_lock(manager);
    struct manager_entry *entry = manager_pinned(manager_default(manager));
    manager_unlock(manager);
    return entry;
}

void manager_unpin(pecs_manager *manager, struct manager_entry *entry)
{
    if (!entry)
        return;
    manager_lock(manager);
    entry->pin_count--;
    manager_unlock(manager);
}

void manager_note(pecs_manager *manager, const pecs_operation *done)
{
    manager_lock(manager);
    manager->last = *done;
    manager_unlock(manager);
}

/* For users. */

pecs_status pecs_manager_create(const pecs_allocator *allocator, pecs_manager **ret_manager, pecs_error *error)
{
    const pecs_allocator system = { NULL, NULL, NULL };
    if (!ret_manager)
        return fail(error, PECS_E_MISUSE, "ret_manager must not be NULL");
    if (allocator && !allocator->allocate != !allocator->release)
        return fail(error, PECS_E_MISUSE, "an allocator has both functions or none");
    struct pool *pool = pool_create(allocator ? allocator : &system);
    pecs_manager *manager = pool ? pool_allocate_zeroed(pool, sizeof(*manager)) : NULL;
    if (!manager) {
        if (pool)
            pool_destroy(pool);
        return fail_memory(error);
    }
    manager->pool = pool;
    os_mutex_init(&manager->mutex);
    *ret_manager = manager;
    return PECS_OK;
}

static void manager_end(pecs_manager *manager, struct manager_entry *entry)
{
    const pecs_plugin *plugin = entry->plugin;
    if (plugin->destroy)
        plugin->destroy(plugin->user, entry->instance);
    pool_release(manager->pool, entry, sizeof(*entry));
}

void pecs_manager_destroy(pecs_manager *manager)
{
    if (!manager)
        return;
    for (struct manager_entry *entry; (entry = manager->first) != NULL;) {
        manager_remove(manager, entry);
        manager_end(manager, entry);
    }
    struct pool *pool = manager->pool;
    os_mutex_deinit(&manager->mutex);
    pool_release(pool, manager, sizeof(*manager));
    pool_destroy(pool);
}

/* Adds an entry that is not ready and pinned. */
static pecs_status manager_add(pecs_manager *manager, struct manager_entry *entry, pecs_error *error)
{
    manager_lock(manager);
    const bool is_taken = manager_named(manager, entry->plugin->name) != NULL;
    struct manager_entry **end = &manager->first;
    while (*end)
        end = &(*end)->next;
    if (!is_taken)
        *end = entry;
    manager_unlock(manager);
    return is_taken ? fail(error, PECS_E_CONFLICT, "a plugin named '%s' is registered", entry->plugin->name) : PECS_OK;
}

static pecs_status manager_create_instance(pecs_manager *manager, struct manager_entry *entry, pecs_error *error)
{
    const pecs_plugin *plugin = entry->plugin;
    pecs_error why = { .status = PECS_OK };
    void *instance = NULL;
    const pecs_status created = plugin->create ? plugin->create(plugin->user, &instance, &why) : PECS_OK;
    const pecs_status status = plugin_fail(error, plugin, created, &why, "create");
    manager_lock(manager);
    entry->instance = instance;
    entry->pin_count--;
    entry->is_ready = !status;
    if (status)
        manager_remove(manager, entry);
    manager_unlock(manager);
    return status;
}

pecs_status pecs_manager_register(pecs_manager *manager, const pecs_plugin *plugin, pecs_error *error)
{
    if (!manager || !plugin)
        return fail(error, PECS_E_MISUSE, "manager and plugin must not be NULL");
    if (!plugin->name || !component_name_is_valid(plugin->name, strlen(plugin->name)))
        return fail(error, PECS_E_MISUSE, "the name of a plugin is 1 to 255 bytes of UTF-8");
    if (!plugin->version || (!plugin->save && !plugin->load))
        return fail(error, PECS_E_MISUSE, "%s: a plugin has a version from 1, and saves or loads", plugin->name);
    if (plugin->apply && !plugin->save)
        return fail(error, PECS_E_MISUSE, "%s: a plugin with `apply` has `save`, too", plugin->name);
    struct manager_entry *entry = pool_allocate_zeroed(manager->pool, sizeof(*entry));
    if (!entry)
        return fail_memory(error);
    entry->plugin = plugin;
    entry->pin_count = 1;
    pecs_status status = manager_add(manager, entry, error);
    if (!status)
        status = manager_create_instance(manager, entry, error);
    if (status)
        pool_release(manager->pool, entry, sizeof(*entry));
    return status;
}

static pecs_status manager_fail_absent(pecs_error *error, const char *name)
{
    return fail(error, PECS_E_ABSENT, "no plugin named '%s' is registered", name);
}

pecs_status pecs_manager_unregister(pecs_manager *manager, const char *name, pecs_error *error)
{
    if (!manager || !name)
        return fail(error, PECS_E_MISUSE, "manager and name must not be NULL");
    manager_lock(manager);
    struct manager_entry *entry = manager_named(manager, name);
    const bool is_busy = entry && entry->pin_count;
    if (entry && !is_busy)
        manager_remove(manager, entry);
    manager_unlock(manager);
    if (!entry)
        return manager_fail_absent(error, name);
    if (is_busy)
        return fail(error, PECS_E_BUSY, "the plugin '%s' is in use", name);
    manager_end(manager, entry);
    return PECS_OK;
}

/* What an entry, which need not be pinned any more, is of. */
static const pecs_plugin *manager_plugin(pecs_manager *manager, struct manager_entry *entry)
{
    const pecs_plugin *plugin = entry ? entry->plugin : NULL;
    manager_unpin(manager, entry);
    return plugin;
}

const pecs_plugin *pecs_manager_find(const pecs_manager *manager, const char *name)
{
    pecs_manager *own = (pecs_manager *)(uintptr_t)manager;
    return manager && name ? manager_plugin(own, manager_pin_named(own, name)) : NULL;
}

size_t pecs_manager_count(const pecs_manager *manager)
{
    size_t count = 0;
    if (!manager)
        return 0;
    pecs_manager *own = manager_lock(manager);
    for (struct manager_entry *entry = manager_ready(own->first); entry; entry = manager_ready(entry->next))
        count++;
    manager_unlock(own);
    return count;
}

const pecs_plugin *pecs_manager_at(const pecs_manager *manager, size_t place)
{
    if (!manager)
        return NULL;
    pecs_manager *own = manager_lock(manager);
    struct manager_entry *entry = manager_ready(own->first);
    for (; entry && place; place--)
        entry = manager_ready(entry->next);
    const pecs_plugin *plugin = entry ? entry->plugin : NULL;
    manager_unlock(own);
    return plugin;
}

pecs_status pecs_manager_set_default(pecs_manager *manager, const char *name, pecs_error *error)
{
    if (!manager || !name)
        return fail(error, PECS_E_MISUSE, "manager and name must not be NULL");
    struct manager_entry *entry = manager_pin_named(manager, name);
    const bool is_able = entry && manager_is_able(entry->plugin, MANAGER_SAVES);
    if (is_able) {
        manager_lock(manager);
        manager->chosen = entry;
        manager_unlock(manager);
    }
    manager_unpin(manager, entry);
    if (!entry)
        return manager_fail_absent(error, name);
    return is_able ? PECS_OK : fail(error, PECS_E_UNSUPPORTED, "%s: the plugin only loads", name);
}

const pecs_plugin *pecs_manager_default(const pecs_manager *manager)
{
    pecs_manager *own = (pecs_manager *)(uintptr_t)manager;
    return manager ? manager_plugin(own, manager_pin_default(own)) : NULL;
}

const pecs_plugin *pecs_manager_choose(const pecs_manager *manager, const void *bytes, size_t size_bytes,
                                       const char *path)
{
    pecs_manager *own = (pecs_manager *)(uintptr_t)manager;
    if (!manager || (!bytes && size_bytes))
        return NULL;
    struct manager_entry *entry =
        manager_pin_bid(own, bytes, size_bytes < PECS_BID_BYTES ? size_bytes : PECS_BID_BYTES);
    return manager_plugin(own, entry ? entry : manager_pin_extension(own, path, MANAGER_LOADS));
}

void pecs_manager_last(const pecs_manager *manager, pecs_operation *ret_operation)
{
    if (!manager || !ret_operation)
        return;
    pecs_manager *own = manager_lock(manager);
    *ret_operation = own->last;
    manager_unlock(own);
}
