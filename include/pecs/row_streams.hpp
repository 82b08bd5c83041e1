/*
 * The part of pecs.hpp for row streams: files that are written row by row in constant memory, and read in one pass
 * (row_stream.h). Include pecs.hpp.
 *
 *     pecs::row_stream stream;
 *     if (auto error = stream.create(registry, "galaxy.pecs")) ...
 *     if (auto error = stream.add(positions, velocities, Frozen{})) ... // std::vectors of one size
 *     if (auto error = stream.finish()) ...
 *
 *     pecs::stream_reader reader;
 *     pecs::rows rows;
 *     if (auto error = reader.open(registry, "galaxy.pecs")) ...
 *     while (!(error = reader.next(rows)) && rows)
 *         for (const Position &position : rows.column<Position>()) ...
 */
#ifndef PECS_ROW_STREAMS_HPP
#define PECS_ROW_STREAMS_HPP

#include <pecs/builder.hpp>
#include <pecs/row_stream.h>

#include <string_view>

namespace pecs {

/* A row stream. Errors that are no failures of the sink or of memory change nothing (row_stream.h). */
class row_stream : public detail::owner<pecs_stream, pecs_stream_destroy> {
  public:
    using owner::owner;
    error create(const registry &types, const char *path, const pecs_stream_options &options = {})
    {
        return take_over_or_error([&](pecs_stream **made, pecs_error *why) {
            return pecs_stream_create(types.get(), path, &options, made, why);
        });
    }
    error create_to(const registry &types, const pecs_sink &sink, const pecs_stream_options &options = {})
    {
        return take_over_or_error([&](pecs_stream **made, pecs_error *why) {
            return pecs_stream_create_to(types.get(), &sink, &options, made, why);
        });
    }
    /*
     * Adds rows by their columns, as builder::add; a column of pecs_id has their ids. They get their handles from the
     * stream: a column of pecs_entity is PECS_E_MISUSE.
     */
    template <typename... Columns> PECS_INLINE_ error add(const Columns &...columns)
    {
        pecs_value values[sizeof...(Columns) + 1];
        detail::given_rows rows(values);
        (rows.add(columns), ...);
        return add_rows(rows, nullptr);
    }
    /* The same for as many rows as ret_entities has elements, which become the handles. */
    template <typename... Columns>
    PECS_INLINE_ error add_numbered(span<pecs_entity> ret_entities, const Columns &...columns)
    {
        pecs_value values[sizeof...(Columns) + 1];
        detail::given_rows rows(values);
        rows.set_length(ret_entities.size());
        (rows.add(columns), ...);
        return add_rows(rows, ret_entities.data());
    }
    template <typename T> PECS_INLINE_ error set_singleton(const T &value)
    {
        const pecs_value one = detail::value(value);
        return error::of([&](pecs_error *why) { return pecs_stream_set_singleton(get(), &one, why); });
    }
    error set_meta_text(const char *key, const char *text)
    {
        return error::of([&](pecs_error *why) { return pecs_stream_set_meta_text(get(), key, text, why); });
    }
    error set_meta_bytes(const char *key, const detail::given<pecs_blob> &bytes)
    {
        const pecs_bytes *const given = bytes;
        return error::of([&](pecs_error *why) {
            return pecs_stream_set_meta_bytes(get(), key, given->data, given->size_bytes, why);
        });
    }
    /* Publishes the file or commits the sink, once. */
    error finish()
    {
        return error::of([&](pecs_error *why) { return pecs_stream_finish(get(), nullptr, why); });
    }
    error finish(pecs_save_report &ret_report)
    {
        return error::of([&](pecs_error *why) { return pecs_stream_finish(get(), &ret_report, why); });
    }

  private:
    error add_rows(detail::given_rows &rows, pecs_entity *ret_entities)
    {
        return error::of([&](pecs_error *why) {
            return rows.add_to([&](const pecs_rows &all) { return pecs_stream_add(get(), &all, ret_entities, why); },
                               why);
        });
    }
};

/* Rows of one table, of a stream reader, which owns what they lead to: valid until its next call. */
class rows {
  public:
    /* False: there are no more. */
    explicit operator bool() const
    {
        return rows_.row_count != 0;
    }
    size_t size() const
    {
        return rows_.row_count;
    }
    span<const pecs_entity> entities() const
    {
        return { rows_.entities, rows_.entities ? rows_.row_count : 0 };
    }
    /* Explicit ids; empty if the rows have none. */
    span<const pecs_id> ids() const
    {
        return { rows_.ids, rows_.ids ? rows_.row_count : 0 };
    }
    template <typename T> PECS_INLINE_ bool has() const
    {
        return find(detail::number<T>()) != nullptr;
    }
    /* The values of a component; empty if the rows do not have it. */
    template <typename T> PECS_INLINE_ span<const T> column() const
    {
        static_assert(!detail::is_tag<T>, "a tag has no values: ask has<T>()");
        const pecs_value *const found = find(detail::number<T>());
        return { found ? static_cast<const T *>(found->data) : nullptr, found ? rows_.row_count : 0 };
    }
    /* What a string of a value holds; of blobs and lists see pecs_row_blob and pecs_row_list. */
    static std::string_view string(pecs_string string)
    {
        const pecs_bytes bytes = pecs_row_string(string);
        return { static_cast<const char *>(bytes.data), bytes.size_bytes };
    }
    pecs_rows &get()
    {
        return rows_;
    }
    const pecs_rows &get() const
    {
        return rows_;
    }

  private:
    const pecs_value *find(pecs_component component) const
    {
        for (size_t i = 0; i < rows_.value_count; i++)
            if (rows_.values[i].component == component)
                return &rows_.values[i];
        return nullptr;
    }

    pecs_rows rows_ = {};
};

/* A stream reader. */
class stream_reader : public detail::owner<pecs_stream_reader, pecs_stream_reader_close> {
  public:
    using owner::owner;
    error open(const registry &types, const char *path, const pecs_stream_reader_options &options = {})
    {
        return take_over_or_error([&](pecs_stream_reader **made, pecs_error *why) {
            return pecs_stream_reader_open(types.get(), path, &options, made, why);
        });
    }
    error open_from(const registry &types, const pecs_source &source, const pecs_stream_reader_options &options = {})
    {
        return take_over_or_error([&](pecs_stream_reader **made, pecs_error *why) {
            return pecs_stream_reader_open_from(types.get(), &source, &options, made, why);
        });
    }
    /* The next rows; none at the end. One that fails leaves `to` as it was. */
    error next(rows &to)
    {
        return error::of([&](pecs_error *why) { return pecs_stream_reader_next(get(), &to.get(), why); });
    }
    /* What belongs to no entity, at the end. */
    error end(pecs_stream_end &ret_end) const
    {
        return error::of([&](pecs_error *why) { return pecs_stream_reader_end(get(), &ret_end, why); });
    }
};

} // namespace pecs

#endif
