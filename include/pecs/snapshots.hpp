/*
 * The part of pecs.hpp for snapshots, and for files in memory that they make. Include pecs.hpp.
 */
#ifndef PECS_SNAPSHOTS_HPP
#define PECS_SNAPSHOTS_HPP

#include <pecs/file.h>
#include <pecs/owners.hpp>
#include <pecs/reading.hpp>
#include <pecs/stream.h>

#include <utility>

namespace pecs {

/* A file in memory, which snapshot.save_memory makes. */
class memory : public detail::owner<void, pecs_memory_release> {
  public:
    memory() = default;
    memory(memory &&other) noexcept : owner(std::move(other)), size_(std::exchange(other.size_, 0))
    {
    }
    memory &operator=(memory &&other) noexcept
    {
        owner::operator=(std::move(other));
        size_ = std::exchange(other.size_, 0);
        return *this;
    }
    const void *data() const
    {
        return get();
    }
    size_t size() const
    {
        return get() ? size_ : 0;
    }

  private:
    friend class snapshot;
    size_t size_ = 0;
};

/* A snapshot; one reference of it. It reads as a view. */
class snapshot : public detail::owner<pecs_snapshot, pecs_snapshot_release>, public detail::reading<snapshot> {
  public:
    using owner::get;
    using owner::owner;
    using reading::get;
    [[nodiscard]] pecs_status take(world &from);
    error resume(const registry &types, const char *path, const pecs_resume_options &options = {})
    {
        return take_over_or_error([&](pecs_snapshot **made, pecs_error *why) {
            return pecs_snapshot_resume(types.get(), path, &options, made, why);
        });
    }
    error load(const registry &types, const char *path, const pecs_load_options &options = {})
    {
        return take_over_or_error([&](pecs_snapshot **made, pecs_error *why) {
            return pecs_snapshot_load(types.get(), path, &options, made, why);
        });
    }
    error save(const char *path, const pecs_save_options &options = {}) const
    {
        return error::of([&](pecs_error *why) { return pecs_snapshot_save(get(), path, &options, why); });
    }
    /* To and from memory, descriptors and functions (stream.h). */
    error save_to(const pecs_sink &sink, const pecs_save_options &options = {}) const
    {
        return error::of([&](pecs_error *why) { return pecs_snapshot_save_to(get(), &sink, &options, why); });
    }
    error save_memory(memory &to, const pecs_save_options &options = {}) const
    {
        void *bytes = nullptr;
        size_t size = 0;
        error result =
            error::of([&](pecs_error *why) { return pecs_snapshot_save_memory(get(), &options, &bytes, &size, why); });
        if (!result) {
            to.reset(bytes);
            to.size_ = size;
        }
        return result;
    }
    error load_from(const registry &types, const pecs_source &source, const pecs_load_options &options = {})
    {
        return take_over_or_error([&](pecs_snapshot **made, pecs_error *why) {
            return pecs_snapshot_load_from(types.get(), &source, &options, made, why);
        });
    }
    error load_memory(const registry &types, const void *bytes, size_t size, const pecs_load_options &options = {})
    {
        return take_over_or_error([&](pecs_snapshot **made, pecs_error *why) {
            return pecs_snapshot_load_memory(types.get(), bytes, size, &options, made, why);
        });
    }
    error verify(pecs_progress_function progress = nullptr, void *user = nullptr) const
    {
        return error::of([&](pecs_error *why) { return pecs_snapshot_verify(get(), progress, user, why); });
    }
    /* Another owner of the same. */
    snapshot retain() const
    {
        return snapshot(pecs_snapshot_retain(get()));
    }
    pecs::view view() const
    {
        return view_();
    }

  private:
    friend class detail::reading<snapshot>;
    pecs_view view_() const
    {
        return pecs_snapshot_view(get());
    }
};

} // namespace pecs

#endif
