/*
 * The part of pecs.hpp that owns: errors, the owner of one object of C, of which world and the others are made, and
 * registries. Include pecs.hpp.
 */
#ifndef PECS_OWNERS_HPP
#define PECS_OWNERS_HPP

#include <pecs/schema.h>

#include <utility>

namespace pecs {

/* Why something failed: a pecs_error, true when it did. */
class [[nodiscard]] error {
  public:
    error()
    {
        error_.status = PECS_OK;
        error_.os_error = 0;
        error_.offset = 0;
        error_.rule = nullptr;
        error_.message[0] = 0;
    }
    explicit operator bool() const
    {
        return error_.status != PECS_OK;
    }
    pecs_status status() const
    {
        return error_.status;
    }
    const char *message() const
    {
        return error_.message;
    }
    /* The rule of docs/format.md that a file breaks, or NULL, and where in the file. */
    const char *rule() const
    {
        return error_.rule;
    }
    uint64_t offset() const
    {
        return error_.offset;
    }
    /* errno of the failed call, or 0. */
    int os_error() const
    {
        return error_.os_error;
    }
    const pecs_error &get() const
    {
        return error_;
    }

    /* For functions that end in a pecs_error *: calls `function` with one. */
    template <typename Function> static error of(Function &&function)
    {
        error result;
        const pecs_status status = function(&result.error_);
        result.error_.status = status;
        return result;
    }

  private:
    pecs_error error_;
};

namespace detail {

template <typename Object, void (*End)(Object *)> class owner {
  public:
    owner() = default;
    explicit owner(Object *object) : object_(object)
    {
    }
    owner(owner &&other) noexcept : object_(other.release())
    {
    }
    owner &operator=(owner &&other) noexcept
    {
        if (this != &other)
            reset(other.release());
        return *this;
    }
    ~owner()
    {
        End(object_);
    }
    Object *get() const
    {
        return object_;
    }
    explicit operator bool() const
    {
        return object_ != nullptr;
    }
    /* The object, which the caller ends now. */
    [[nodiscard]] Object *release()
    {
        return std::exchange(object_, nullptr);
    }
    /* Ends what is owned and owns `object`. */
    void reset(Object *object = nullptr)
    {
        End(std::exchange(object_, object));
    }

  protected:
    /* Takes over what `function` makes; nothing changes when it fails. */
    template <typename Function> pecs_status take_over(Function &&function)
    {
        Object *object = nullptr;
        const pecs_status status = function(&object);
        if (status == PECS_OK)
            reset(object);
        return status;
    }
    template <typename Function> pecs::error take_over_or_error(Function &&function)
    {
        return pecs::error::of(
            [&](pecs_error *why) { return take_over([&](Object **ret_object) { return function(ret_object, why); }); });
    }

  private:
    Object *object_ = nullptr;
};

} // namespace detail

/* A registry; one reference of it. */
class registry : public detail::owner<pecs_registry, pecs_registry_release> {
  public:
    using owner::owner;
    /* Of the list that PECS_TYPES made. */
    template <size_t Count> error create(const pecs_type *const (&types)[Count])
    {
        pecs_registry_desc desc = {};
        desc.types = types;
        desc.type_count = Count;
        return create(desc);
    }
    error create(const pecs_registry_desc &desc)
    {
        return take_over_or_error(
            [&](pecs_registry **made, pecs_error *why) { return pecs_registry_create(&desc, made, why); });
    }
    /* Another owner of the same. */
    registry retain() const
    {
        return registry(pecs_registry_retain(get()));
    }
};

} // namespace pecs
#endif
