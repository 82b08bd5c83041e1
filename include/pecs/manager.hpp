/*
 * The part of pecs.hpp for plugins (plugin.h). Include pecs.hpp.
 */
#ifndef PECS_MANAGER_HPP
#define PECS_MANAGER_HPP

#include <pecs/plugin.h>
#include <pecs/snapshots.hpp>

namespace pecs {

/* A manager of plugins. Names of plugins are their `name`. */
class manager : public detail::owner<pecs_manager, pecs_manager_destroy> {
  public:
    using owner::owner;
    error create(const pecs_allocator *allocator = nullptr)
    {
        return take_over_or_error(
            [&](pecs_manager **made, pecs_error *why) { return pecs_manager_create(allocator, made, why); });
    }
    error add(const pecs_plugin &plugin)
    {
        return error::of([&](pecs_error *why) { return pecs_manager_register(get(), &plugin, why); });
    }
    error remove(const char *name)
    {
        return error::of([&](pecs_error *why) { return pecs_manager_unregister(get(), name, why); });
    }
    error set_default(const char *name)
    {
        return error::of([&](pecs_error *why) { return pecs_manager_set_default(get(), name, why); });
    }
    /* Or NULL. */
    const pecs_plugin *find(const char *name) const
    {
        return pecs_manager_find(get(), name);
    }
    error save(const snapshot &from, const char *path, const pecs_manager_options &options = {}) const
    {
        return error::of([&](pecs_error *why) { return pecs_manager_save(get(), from.get(), path, &options, why); });
    }
    /* Brings a file that holds `before` up to date. */
    error update(const snapshot &before, const snapshot &after, const char *path,
                 const pecs_manager_options &options = {}) const
    {
        return error::of([&](pecs_error *why) {
            return pecs_manager_update(get(), before.get(), after.get(), path, &options, why);
        });
    }
    error save_to(const snapshot &from, const pecs_sink &sink, const pecs_manager_options &options = {}) const
    {
        return error::of(
            [&](pecs_error *why) { return pecs_manager_save_to(get(), from.get(), &sink, &options, why); });
    }
    error load(const registry &types, const char *path, snapshot &to, const pecs_manager_options &options = {}) const
    {
        return load_into(to, [&](pecs_snapshot **made, pecs_error *why) {
            return pecs_manager_load(get(), types.get(), path, &options, made, why);
        });
    }
    error load_from(const registry &types, const pecs_source &source, snapshot &to,
                    const pecs_manager_options &options = {}) const
    {
        return load_into(to, [&](pecs_snapshot **made, pecs_error *why) {
            return pecs_manager_load_from(get(), types.get(), &source, &options, made, why);
        });
    }
    /* What the last save or load did. */
    pecs_operation last() const
    {
        pecs_operation result = {};
        pecs_manager_last(get(), &result);
        return result;
    }

  private:
    template <typename Function> static error load_into(snapshot &to, Function &&function)
    {
        pecs_snapshot *made = nullptr;
        error result = error::of([&](pecs_error *why) { return function(&made, why); });
        if (!result)
            to.reset(made);
        return result;
    }
};

} // namespace pecs

#endif
