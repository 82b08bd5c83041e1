/*
 * The part of pecs.hpp for strings, blobs and lists (contents.h): how a value gives them, and how a view is read.
 * Include pecs.hpp.
 *
 *     world.set(e, Name{ pecs::string_of(name) });         // a std::string, std::string_view or const char *
 *     world.set(e, Path{ pecs::list_of(points) });         // what has data() and size(), or { a, b, c }
 *     std::string_view name = world.string(world.get<Name>(e)->text);
 *     for (const Point &point : world.list<Point>(world.get<Path>(e)->points)) ...
 *
 * blob_of, list_of, and string_of of a std::string_view are objects to which a value's member points: make them in the
 * statement of the edit, as above, or as variables that live until the edit. Of a std::string or const char * the
 * member points to the characters themselves. So rows in a vector may have string_of(names[i]), but need a vector of
 * list_of.
 */
#ifndef PECS_CONTENTS_HPP
#define PECS_CONTENTS_HPP

#include <pecs/contents.h>
#include <pecs/loops.hpp>

#include <cstring>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pecs {

namespace detail {
/* The pointer that std::data gives for a container, or for an array. */
template <typename Container> using data_of = decltype(std::data(std::declval<Container>()));
} // namespace detail

/* Elements that lie elsewhere, of a size that is known: a pointer and a count. */
template <typename E> class span {
  public:
    constexpr span() = default;
    constexpr span(E *data, size_t size) : data_(data), size_(size)
    {
    }
    /* Of an array or a container that lies in one piece; of a temporary, only for reading. */
    template <typename Container, typename Data = detail::data_of<Container>,
              typename = std::enable_if_t<std::is_convertible_v<std::remove_pointer_t<Data> (*)[], E (*)[]>>>
    constexpr span(Container &&container) : data_(std::data(container)), size_(std::size(container))
    {
    }
    constexpr E *data() const
    {
        return data_;
    }
    constexpr size_t size() const
    {
        return size_;
    }
    constexpr bool empty() const
    {
        return size_ == 0;
    }
    constexpr E *begin() const
    {
        return data_;
    }
    constexpr E *end() const
    {
        return data_ + size_;
    }
    constexpr E &operator[](size_t place) const
    {
        return data_[place];
    }

  private:
    E *data_ = nullptr;
    size_t size_ = 0;
};

namespace detail {
template <typename Member> class given {
  public:
    operator Member() const
    {
        return { pecs_give_(&bytes_) };
    }
    operator const pecs_bytes *() const
    {
        return &bytes_;
    }

  protected:
    given(const void *data, size_t size_bytes) : bytes_{ data, size_bytes }
    {
    }

  private:
    pecs_bytes bytes_;
};
} // namespace detail

/*
 * A string to give. It is read when the edit is made. A member of a std::string_view points to this object, which has
 * the size. A member of what ends with a zero points to the characters: they live and stay as they are until the edit,
 * and this object need not.
 */
class string_of : public detail::given<pecs_string> {
  public:
    string_of(std::string_view utf8) : given(utf8.data(), utf8.size())
    {
    }
    /* Templates, so that a class which only converts to one of these types stays a std::string_view. */
    template <typename Allocator>
    string_of(const std::basic_string<char, std::char_traits<char>, Allocator> &utf8)
        : given(utf8.data(), utf8.size()), has_end_(true)
    {
    }
    /* A zero-terminated string; NULL is an empty one. */
    template <typename Char, typename = std::enable_if_t<std::is_same_v<const Char, const char>>>
    string_of(Char *utf8) : given(utf8, utf8 ? std::strlen(utf8) : 0), has_end_(true)
    {
    }
    /*
     * A std::string that contains a zero byte is not text. The member then points to bytes that every edit refuses,
     * so the string is never cut at the zero.
     */
    operator pecs_string() const
    {
        if (!has_end_)
            return given::operator pecs_string();
        const pecs_bytes *const bytes = *this;
        const char *const utf8 = static_cast<const char *>(bytes->data);
        const bool has_zero = std::string_view(utf8, bytes->size_bytes).find('\0') != std::string_view::npos;
        return has_zero ? pecs_string_from(&no_text_) : pecs_string_of(utf8);
    }

  private:
    static constexpr pecs_bytes no_text_ = { "", 1 }; /* a zero byte */
    bool has_end_ = false;
};

/* A blob to give: bytes, or the elements of an array or container as they lie in memory. */
class blob_of : public detail::given<pecs_blob> {
  public:
    blob_of(const void *data, size_t size_bytes) : given(data, size_bytes)
    {
    }
    template <typename Container>
    explicit blob_of(const Container &container)
        : given(std::data(container), std::size(container) * sizeof(*std::data(container)))
    {
        static_assert(std::is_trivially_copyable_v<std::remove_reference_t<decltype(*std::data(container))>>,
                      "a blob is copied as bytes");
    }
};

/* The elements of a list to give: of an array or container, or in braces. */
class list_of : public detail::given<pecs_list> {
  public:
    template <typename E> list_of(const E *elements, size_t count) : given(elements, count * sizeof(E))
    {
        static_assert(std::is_trivially_copyable_v<E>, "the elements of a list are copied as bytes");
    }
    template <typename E> list_of(std::initializer_list<E> elements) : list_of(elements.begin(), elements.size())
    {
    }
    template <typename Container>
    explicit list_of(const Container &container) : list_of(std::data(container), std::size(container))
    {
    }
};

namespace detail {
/* The offset of a member, from an object that is never read. */
template <typename T, typename Member> inline size_t member_offset(Member T::*member)
{
    alignas(T) char room[sizeof(T)];
    const T *value = reinterpret_cast<const T *>(room);
    return static_cast<size_t>(reinterpret_cast<const char *>(&(value->*member)) - room);
}

/* What commands, whose class is Recorder, record of contents. */
template <typename Recorder> class recording {
  public:
    /* As that of a world: set_contents(e, &Name::text, string_of("Zoe")). */
    template <typename T, typename Member>
    [[nodiscard]] PECS_INLINE_ pecs_status set_contents(pecs_entity entity, Member T::*member,
                                                        const given<Member> &contents)
    {
        return pecs_commands_set_contents(static_cast<Recorder *>(this)->get(), entity, number<T>(),
                                          member_offset(member), contents);
    }
};
} // namespace detail

/*
 * A copy of a value of a view, for edits of any world (pecs_view_give_contents). Its members point into it and into the
 * view, so it stays where it is, and lives until the edit and as long as the pointers of the view.
 *
 *     const pecs::copy_of<Name> name(level, *level.get<Name>(e));
 *     status = name.status() ? name.status() : world.set(other, name.value());
 */
template <typename T> class copy_of {
  public:
    PECS_INLINE_ copy_of(pecs_view from, const T &value)
        : value_(value),
          status_(pecs_view_give_contents(from, detail::number<T>(), &value_, sizeof(T), 1, bytes_, most))
    {
        if (status_)
            std::memset(static_cast<void *>(&value_), 0, sizeof(T));
    }
    copy_of(const copy_of &) = delete;
    copy_of &operator=(const copy_of &) = delete;
    pecs_status status() const
    {
        return status_;
    }
    /* Zeros if it failed. */
    const T &value() const
    {
        return value_;
    }

  private:
    static constexpr size_t most = sizeof(T) / sizeof(pecs_string) + 1;
    T value_;
    pecs_bytes bytes_[most];
    pecs_status status_;
};

/* Where the contents of a view lie, for loops that read many: once for the loop, valid as long as its pointers. */
class heap {
  public:
    heap(pecs_view of) : heap_(pecs_view_heap(of))
    {
    }
    /* What follows it is a zero. */
    std::string_view string(pecs_string member) const
    {
        size_t size;
        const char *text = pecs_heap_string(heap_, member, &size);
        return { text, size };
    }
    span<const uint8_t> blob(pecs_blob member) const
    {
        size_t size;
        const void *bytes = pecs_heap_blob(heap_, member, &size);
        return { static_cast<const uint8_t *>(bytes), size };
    }
    /* E is the type that the list was declared with. */
    template <typename E> span<const E> list(pecs_list member) const
    {
        size_t count;
        const void *elements = pecs_heap_elements(heap_, member, sizeof(E), &count);
        return { static_cast<const E *>(elements), count };
    }

  private:
    const pecs_heap *heap_;
};

/* What an edit of contents in place gives: its elements, or none and why. */
template <typename E> struct [[nodiscard]] edited {
    pecs_status status;
    span<E> elements;
};

} // namespace pecs

#endif
