/*
 * The part of pecs.hpp for builders: a snapshot of data that no world holds (builder.h). Include pecs.hpp.
 *
 *     pecs::builder builder;
 *     pecs::snapshot snapshot;
 *     if (auto error = builder.create(registry)) ...
 *     if (auto error = builder.add(handles, positions, velocities, Frozen{})) ... // std::vectors of one size
 *     if (auto error = builder.finish(snapshot)) ...
 */
#ifndef PECS_BUILDER_HPP
#define PECS_BUILDER_HPP

#include <pecs/builder.h>
#include <pecs/entities.hpp>
#include <pecs/loops.hpp>
#include <pecs/owners.hpp>
#include <pecs/snapshots.hpp>

#include <cstring>
#include <iterator>
#include <type_traits>

namespace pecs {

namespace detail {

/* The rows of one add of a builder or a row stream, column by column. */
class given_rows {
  public:
    explicit given_rows(pecs_value *values) : values_(values)
    {
        rows_.row_count = 1;
    }
    /* PECS_INLINE_ for the numbers of types (loops.hpp). */
    template <typename Column> PECS_INLINE_ void add(const Column &column)
    {
        static_assert(!std::is_pointer_v<Column>, "a column is an array, a container, or one value, not a pointer");
        if constexpr (is_listed<Column>() && is_tag<Column>)
            values_[rows_.value_count++] = value(column);
        else if constexpr (is_listed<Column>() || is_name<Column>)
            add_elements(&column, 1);
        else
            add_elements(std::data(column), std::size(column));
    }
    void set_length(size_t row_count)
    {
        note(has_length_ && rows_.row_count != row_count, "the columns have different lengths");
        rows_.row_count = row_count;
        has_length_ = true;
    }
    /* `to` takes a pecs_rows, and returns a status. */
    template <typename To> pecs_status add_to(To &&to, pecs_error *why)
    {
        rows_.values = values_;
        if (!fault_)
            return to(static_cast<const pecs_rows &>(rows_));
        std::strcpy(why->message, fault_);
        return PECS_E_MISUSE;
    }

  private:
    /* What names a row, and is no component. */
    template <typename T> static constexpr bool is_name = std::is_same_v<T, pecs_entity> || std::is_same_v<T, pecs_id>;

    void note(bool is_wrong, const char *fault)
    {
        if (is_wrong && !fault_)
            fault_ = fault;
    }
    template <typename T> PECS_INLINE_ void add_elements(const T *elements, size_t count)
    {
        set_length(count);
        if constexpr (std::is_same_v<T, pecs_entity>) {
            note(rows_.entities, "handles are given twice");
            rows_.entities = elements;
        } else if constexpr (std::is_same_v<T, pecs_id>) {
            note(rows_.ids, "ids are given twice");
            rows_.ids = elements;
        } else {
            static_assert(!is_tag<T>, "a tag has no values: give the tag itself");
            values_[rows_.value_count++] = { number<T>(), sizeof(T), elements };
        }
    }

    pecs_value *values_;
    pecs_rows rows_ = {};
    bool has_length_ = false;
    const char *fault_ = nullptr; /* the first */
};

} // namespace detail

/* A builder. Errors name table, row and field; a call that fails changes nothing. */
class builder : public detail::owner<pecs_builder, pecs_builder_destroy> {
  public:
    using owner::owner;
    error create(const registry &types, const pecs_builder_options &options = {})
    {
        return take_over_or_error([&](pecs_builder **made, pecs_error *why) {
            return pecs_builder_create(types.get(), &options, made, why);
        });
    }
    /*
     * Adds rows, by their columns in any order: arrays and containers of components, each with a value for each row,
     * and tags by themselves. A column of pecs_entity has the handles of the rows, and one of pecs_id their ids. One
     * value stands for a column of one: add(dog, Follows{ master }). PECS_E_MISUSE if columns differ in length.
     */
    template <typename... Columns> PECS_INLINE_ error add(const Columns &...columns)
    {
        pecs_value values[sizeof...(Columns) + 1];
        detail::given_rows rows(values);
        (rows.add(columns), ...);
        return add_rows(rows, nullptr);
    }
    /* The same for rows without handles, as many as ret_entities has elements, which become the handles. */
    template <typename... Columns>
    PECS_INLINE_ error add_numbered(span<pecs_entity> ret_entities, const Columns &...columns)
    {
        pecs_value values[sizeof...(Columns) + 1];
        detail::given_rows rows(values);
        rows.set_length(ret_entities.size());
        (rows.add(columns), ...);
        return add_rows(rows, ret_entities.data());
    }
    /* The session in which the entities of later calls of add were born (builder.h). */
    error set_session(uint64_t session_nonce)
    {
        return error::of([&](pecs_error *why) { return pecs_builder_set_session(get(), session_nonce, why); });
    }
    /* Handles of entities that are dead, in braces or of an array or container. */
    error add_dead(detail::given_entities entities)
    {
        return error::of(
            [&](pecs_error *why) { return pecs_builder_add_dead(get(), entities.data(), entities.size(), why); });
    }
    template <typename T> PECS_INLINE_ error set_singleton(const T &value)
    {
        const pecs_value one = detail::value(value);
        return error::of([&](pecs_error *why) { return pecs_builder_set_singleton(get(), &one, why); });
    }
    error set_meta_text(const char *key, const char *text)
    {
        return error::of([&](pecs_error *why) { return pecs_builder_set_meta_text(get(), key, text, why); });
    }
    /* Bytes are given by blob_of: set_meta_bytes("thumbnail", blob_of(pixels)). */
    error set_meta_bytes(const char *key, const detail::given<pecs_blob> &bytes)
    {
        const pecs_bytes *const given = bytes;
        return error::of([&](pecs_error *why) {
            return pecs_builder_set_meta_bytes(get(), key, given->data, given->size_bytes, why);
        });
    }
    error attach(const char *name, const detail::given<pecs_blob> &bytes)
    {
        return error::of([&](pecs_error *why) { return pecs_builder_attach(get(), name, bytes, why); });
    }
    /* Makes the snapshot, once; one that fails leaves `to` as it was. */
    error finish(snapshot &to)
    {
        pecs_snapshot *made = nullptr;
        const error result = error::of([&](pecs_error *why) { return pecs_builder_finish(get(), &made, why); });
        if (!result)
            to.reset(made);
        return result;
    }

  private:
    error add_rows(detail::given_rows &rows, pecs_entity *ret_entities)
    {
        return error::of([&](pecs_error *why) {
            return rows.add_to([&](const pecs_rows &all) { return pecs_builder_add(get(), &all, ret_entities, why); },
                               why);
        });
    }
};

} // namespace pecs

#endif
