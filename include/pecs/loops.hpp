/*
 * The part of pecs.hpp that knows types: their numbers, values of them, the terms of a query, and loops over its
 * chunks. Include pecs.hpp; of this header a program uses optional, with and without.
 */
#ifndef PECS_LOOPS_HPP
#define PECS_LOOPS_HPP

#include <pecs/query.h>

#include <iterator>
#include <type_traits>
#include <utility>

/* What knows the number of a type; the linker would keep one of two such functions. */
#define PECS_INLINE_ __attribute__((always_inline)) inline

namespace pecs {

/*
 * Terms of a query. T is written, and const T read; the function of a loop takes T & and const T &. Beside them:
 *   optional  of T or const T: read or written where present; the function takes a pointer, NULL where it is absent
 *   with      must be present; not given to the function
 *   without   must be absent
 */
template <typename T> struct optional {
};
template <typename T> struct with {
};
template <typename T> struct without {
};

namespace detail {

template <typename T> auto list_place(int) -> decltype(pecs_component_of_(pecs_type_name_<T>()));
template <typename T> void list_place(...);

template <typename T> PECS_INLINE_ constexpr pecs_component number()
{
    using place = decltype(list_place<std::remove_const_t<T>>(0));
    static_assert(!std::is_void_v<place>, "the type is in no PECS_TYPES that this translation unit has seen so far");
    if constexpr (std::is_void_v<place>)
        return 0;
    else
        return place::value;
}

template <typename T> PECS_INLINE_ constexpr bool is_listed()
{
    return !std::is_void_v<decltype(list_place<std::remove_const_t<T>>(0))>;
}

/* A class without members can only be a tag: a component has fields. */
template <typename T> constexpr bool is_tag = std::is_empty_v<T>;

template <typename T> PECS_INLINE_ pecs_value value(const T &one)
{
    static_assert(std::is_trivially_copyable_v<T> && !std::is_array_v<T> && !std::is_pointer_v<T>,
                  "a value of a component, not an array or a pointer");
    if constexpr (is_tag<T>)
        return { number<T>(), 0, nullptr };
    else
        return { number<T>(), sizeof(T), &one };
}

/* Whether std::data takes it: an array, or a container that lies in one piece. */
template <typename T, typename = void> constexpr bool has_data = false;
template <typename T> constexpr bool has_data<T, std::void_t<decltype(std::data(std::declval<const T &>()))>> = true;

template <typename T> PECS_INLINE_ pecs_value values_at(const T *values)
{
    static_assert(!is_tag<T>, "a tag has no values: give the tag itself");
    return { number<T>(), sizeof(T), values };
}
/*
 * Of a pointer, an array or a container, or of a tag itself. ret_fits becomes false for an array with fewer values than
 * there are rows, and for a container with fewer or more.
 */
template <typename T> PECS_INLINE_ pecs_value rows(const T &values, size_t row_count, bool &ret_fits)
{
    if constexpr (std::is_pointer_v<T>) {
        return values_at(values);
    } else if constexpr (is_listed<T>() || !has_data<T>) {
        static_assert(is_tag<T>, "of a component, a pointer, an array or a container of its values; of a tag, the tag");
        return value(values);
    } else {
        const size_t size = std::size(values);
        ret_fits = ret_fits && (std::is_array_v<T> ? size >= row_count : size == row_count);
        return values_at(std::data(values));
    }
}

/* What a term is to a query, and to the function: `pointer` of its column, and `argument` of one row. */
template <typename T> struct term {
    static_assert(std::is_class_v<T> || std::is_union_v<T>, "a term is a component's type, or one of pecs.hpp");
    static_assert(!is_tag<T>, "a tag has no values: pecs::with or pecs::without");
    static constexpr bool has_values = true, is_written = !std::is_const_v<T>;
    static constexpr pecs_access access = is_written ? PECS_WRITE : PECS_READ;
    using type = T;
    using pointer = T *;
    using argument = T &;
    PECS_INLINE_ static T &at(T *column, size_t row)
    {
        return column[row];
    }
};
template <typename T> struct term<optional<T>> : term<T> {
    static constexpr pecs_access access = term<T>::is_written ? PECS_OPTIONAL_WRITE : PECS_OPTIONAL_READ;
    using argument = T *;
    PECS_INLINE_ static T *at(T *column, size_t row)
    {
        return column ? column + row : nullptr;
    }
};
template <typename T> struct term<with<T>> {
    static constexpr bool has_values = false, is_written = false;
    static constexpr pecs_access access = PECS_WITH;
    using type = T;
};
template <typename T> struct term<without<T>> : term<with<T>> {
    static constexpr pecs_access access = PECS_WITHOUT;
};

template <typename T> PECS_INLINE_ typename term<T>::pointer column(pecs_iter &iter)
{
    using type = typename term<T>::type;
    if constexpr (term<T>::is_written)
        return static_cast<type *>(pecs_iter_column_mut(&iter, number<type>(), sizeof(type)));
    else
        return static_cast<type *>(pecs_iter_column(&iter, number<type>(), sizeof(type)));
}

/* The function of an each: takes a row's components, or the entity and these. */
template <typename... Terms> struct row_caller {
    template <typename Function>
    PECS_INLINE_ static void chunk(const pecs_iter &iter, Function &function, typename term<Terms>::pointer... columns)
    {
        constexpr bool is_plain = std::is_invocable_v<Function &, typename term<Terms>::argument...>;
        constexpr bool takes_entity =
            std::is_invocable_v<Function &, const pecs_entity &, typename term<Terms>::argument...>;
        static_assert(is_plain || takes_entity,
                      "the function takes, perhaps after a pecs_entity, one argument for each term that has values: "
                      "T & for T, const T & for const T, T * for pecs::optional<T>");
        const size_t row_count = iter.row_count;
        [[maybe_unused]] const pecs_entity *entities = iter.entities;
        for (size_t row = 0; row < row_count; row++) {
            if constexpr (is_plain)
                function(term<Terms>::at(columns, row)...);
            else if constexpr (takes_entity)
                function(entities[row], term<Terms>::at(columns, row)...);
        }
    }
};

/* The function of an each_chunk: takes columns and their length, or the entities and these. */
template <typename... Terms> struct chunk_caller {
    template <typename Function>
    PECS_INLINE_ static void chunk(const pecs_iter &iter, Function &function, typename term<Terms>::pointer... columns)
    {
        constexpr bool is_plain = std::is_invocable_v<Function &, typename term<Terms>::pointer..., size_t>;
        constexpr bool takes_entities =
            std::is_invocable_v<Function &, const pecs_entity *, typename term<Terms>::pointer..., size_t>;
        static_assert(is_plain || takes_entities,
                      "the function takes, perhaps after a const pecs_entity *, a pointer for each term that has "
                      "values, const for what is read, and then their count as a size_t");
        if constexpr (is_plain)
            function(columns..., iter.row_count);
        else if constexpr (takes_entities)
            function(iter.entities, columns..., iter.row_count);
    }
};

/* Caller<the terms that have values>. */
template <template <typename...> class Caller, typename Done, typename... Terms> struct for_values;
template <typename... Terms> struct terms {
};
template <template <typename...> class Caller, typename... Done> struct for_values<Caller, terms<Done...>> {
    template <typename Function> PECS_INLINE_ static void chunk(pecs_iter &iter, Function &function)
    {
        Caller<Done...>::chunk(iter, function, column<Done>(iter)...);
    }
};
template <template <typename...> class Caller, typename... Done, typename Term, typename... Rest>
struct for_values<Caller, terms<Done...>, Term, Rest...>
    : for_values<Caller, std::conditional_t<term<Term>::has_values, terms<Done..., Term>, terms<Done...>>, Rest...> {
};

/* An iteration that ends with its scope, also when an exception of the function passes. */
class open_iteration {
  public:
    explicit open_iteration(const pecs_iter &begun) : iter(begun)
    {
    }
    open_iteration(const open_iteration &) = delete;
    open_iteration &operator=(const open_iteration &) = delete;
    ~open_iteration()
    {
        if (is_open_)
            static_cast<void>(pecs_iter_end(&iter));
    }
    pecs_status end()
    {
        is_open_ = false;
        return pecs_iter_end(&iter);
    }
    pecs_iter iter;

  private:
    bool is_open_ = true;
};

template <template <typename...> class Caller, typename... Terms, typename Function>
PECS_INLINE_ pecs_status iterate(const pecs_iter &begun, Function &function)
{
    open_iteration open(begun);
    while (pecs_iter_next(&open.iter))
        for_values<Caller, terms<>, Terms...>::chunk(open.iter, function);
    return open.end();
}

} // namespace detail
} // namespace pecs
#endif
