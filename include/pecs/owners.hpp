/*
 * The part of pecs.hpp that owns: errors, and the owner of one object of C, of which registry, world and the others are
 * made. Include pecs.hpp; of this header a program uses pecs::error.
 */
#ifndef PECS_OWNERS_HPP
#define PECS_OWNERS_HPP

#include <pecs/status.h>

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

} // namespace pecs
#endif
