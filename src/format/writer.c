/*
 * The writer of full saves: one segment, one run a column, in the order table by table, handles first, components by
 * type number, then the index, then the list of explicit ids, if there are any. Two passes over the tables: the plan,
 * from which every size and offset is known, and the data, which is hashed while it goes by and written in place from
 * the world's arrays.
 *
 * The same state gives the same bytes: types are numbered by their ids, tables by theirs, gaps and padding are zero.
 */
#include "writer.h"

#include "bits.h"
#include "builder.h"
#include "error.h"
#include "hash.h"
#include "identity.h"
#include "typecode.h"
#include "value_check.h"
#include "write_slots.h"

enum { SPAN_MIN_BYTES = 16 * 1024 }; /* smaller parts are gathered in the buffer */

struct writer {
    const struct pecs_snapshot *state;
    const struct writer_sink *sink;
    const struct writer_options *options;
    struct pool *pool;
    pecs_error *error;
    pecs_status status; /* the first failure; everything after it does nothing */

    uint32_t *numbers;          /* of each component, by place: its type's number, FORMAT_NONE when no table has it */
    pecs_component *components; /* of each type number */
    uint32_t type_count;
    uint64_t *bits;            /* of all type numbers */
    struct retired *retired;   /* slots from the state's slot count on; or NULL */
    struct metadata *metadata; /* the state's, with what the registry tells of the program */
    struct id_entry *ids;      /* explicit ones, sorted */
    uint64_t id_count;
    struct value_check values;

    struct builder prologue, trailer, commit, file_metadata;
    size_t segment_record_offset; /* in the commit */
    uint64_t data_offset, data_size, run_count;

    uint64_t file_size;
    uint64_t offset; /* in the file, of the next byte */
    uint8_t *buffer; /* FORMAT_PIECE bytes */
    size_t buffered; /* bytes of it in use by spans */
    struct os_span *spans;
    size_t span_count;
    struct hash_stream *hash;
    bool is_hashing;
};

/* The sink side. */

static void flush(struct writer *writer)
{
    if (!writer->status && writer->span_count)
        writer->status = writer->sink->write(writer->sink->user, writer->spans, writer->span_count, writer->error);
    const struct writer_options *options = writer->options;
    if (!writer->status && options->progress && !options->progress(options->user, writer->offset, writer->file_size))
        writer->status = fail(writer->error, PECS_E_CANCELLED, "the save was cancelled");
    writer->span_count = 0;
    writer->buffered = 0;
}

static void end_piece(struct writer *writer)
{
    builder_append_le64(&writer->trailer, hash_stream_digest(writer->hash));
    hash_stream_reset(writer->hash);
}

/* Adds one span that does not cross a piece's end. */
static void add_span(struct writer *writer, const uint8_t *bytes, size_t size)
{
    assert(writer->spans && writer->span_count < OS_SPAN_MAX);
    struct os_span *last = writer->span_count ? &writer->spans[writer->span_count - 1] : NULL;
    if (last && (const uint8_t *)last->bytes + last->size_bytes == bytes)
        last->size_bytes += size;
    else
        writer->spans[writer->span_count++] = (struct os_span){ bytes, size };
    if (writer->is_hashing)
        hash_stream_update(writer->hash, bytes, size);
    writer->offset += size;
    if (writer->offset % FORMAT_PIECE == 0) {
        if (writer->is_hashing)
            end_piece(writer);
        flush(writer);
    } else if (writer->span_count == OS_SPAN_MAX) {
        flush(writer);
    }
}

/* Room in the buffer up to the piece's end, at most `size`. The caller fills it, then add_span. */
static uint8_t *buffer_room(struct writer *writer, uint64_t size, size_t *ret_size)
{
    const uint64_t left = FORMAT_PIECE - writer->offset % FORMAT_PIECE;
    *ret_size = (size_t)min_u64(size, left);
    /* what is buffered lies before `offset` in the same piece, so the rest of the piece always has room */
    uint8_t *room = writer->buffer + writer->buffered;
    writer->buffered += *ret_size;
    return room;
}

/* Writes bytes that stay where they are until the next flush. */
static void put(struct writer *writer, const uint8_t *bytes, uint64_t size)
{
    while (size && !writer->status) {
        size_t part = (size_t)min_u64(size, FORMAT_PIECE - writer->offset % FORMAT_PIECE);
        if (size < SPAN_MIN_BYTES) {
            uint8_t *room = buffer_room(writer, part, &part);
            memcpy(room, bytes, part);
            add_span(writer, room, part);
        } else {
            add_span(writer, bytes, part);
        }
        bytes += part;
        size -= part;
    }
}

static void put_zeros_to(struct writer *writer, uint64_t offset)
{
    while (writer->offset < offset && !writer->status) {
        size_t part;
        uint8_t *room = buffer_room(writer, offset - writer->offset, &part);
        memset(room, 0, part);
        add_span(writer, room, part);
    }
}

/* Values with padding: copied with zeros in its place. A value may cross a piece's end. */
static void put_masked(struct writer *writer, const struct component *component, const uint8_t *values, uint64_t count)
{
    uint8_t *value = pool_allocate(writer->pool, component->size);
    if (!value) {
        writer->status = fail_memory(writer->error);
        return;
    }
    const uint64_t bytes = count * component->size;
    for (uint64_t at = 0; at < bytes && !writer->status;) {
        size_t part;
        const uint64_t in_value = at % component->size;
        if (in_value || FORMAT_PIECE - writer->offset % FORMAT_PIECE < component->size) {
            component_copy_masked(component, value, values + (at - in_value), 1);
            uint8_t *room = buffer_room(writer, component->size - in_value, &part);
            memcpy(room, value + in_value, part);
            add_span(writer, room, part);
        } else {
            const uint64_t left = FORMAT_PIECE - writer->offset % FORMAT_PIECE;
            const uint64_t whole = min_u64(bytes - at, left - left % component->size);
            uint8_t *room = buffer_room(writer, whole, &part);
            component_copy_masked(component, room, values + at, part / component->size);
            add_span(writer, room, part);
        }
        at += part;
    }
    pool_release(writer->pool, value, component->size);
}

/* The plan. */

static void gather(struct writer *writer)
{
    writer->type_count = state_list_components(writer->state, writer->components, writer->numbers);
    writer->id_count = identity_explicit_count(writer->state);
    if (value_check_init(&writer->values, writer->state) || retired_gather(writer->state, &writer->retired))
        writer->status = fail_memory(writer->error);
    if (!writer->id_count || writer->status)
        return;
    writer->ids = pool_allocate(writer->pool, (size_t)writer->id_count * sizeof(*writer->ids));
    if (writer->ids)
        identity_list(writer->state, writer->ids);
    else
        writer->status = fail_memory(writer->error);
}

/* The registry tells which program saves. */
static void tell_application(struct writer *writer)
{
    const pecs_registry *registry = writer->state->registry;
    writer->metadata = writer->state->metadata;
    if (writer->metadata)
        node_retain(&writer->metadata->node);
    const char *const told[][2] = {
        { PECS_META_APPLICATION, registry->application },
        { PECS_META_APPLICATION_VERSION, registry->application_version },
    };
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]) && registry->application; i++) {
        const char *text = told[i][1];
        const struct pecs_meta entry = { told[i][0], PECS_META_TEXT, text, text ? strlen(text) : 0 };
        const pecs_status status = metadata_change(writer->pool, &writer->metadata, &entry, FORMAT_METADATA_MAX);
        if (status) /* LIMIT: only what came with a file can leave no room */
            writer->status = status == PECS_E_LIMIT
                                 ? fail(writer->error, status, "the metadata has no room for '%s'", entry.key)
                                 : fail_memory(writer->error);
        if (status)
            return;
    }
}

/* The types of a table in the order of their numbers. */
static uint32_t order_types(const struct writer *writer, const struct archetype *archetype, uint32_t *numbers)
{
    const size_t words = bits_words(writer->type_count);
    memset(writer->bits, 0, words * sizeof(*writer->bits));
    for (uint32_t i = 0; i < archetype->component_count; i++)
        bits_set(writer->bits, writer->numbers[state_place(writer->state, archetype->components[i])]);
    return bits_list(writer->bits, words, numbers);
}

static void write_types(struct writer *writer, struct builder *to)
{
    for (uint32_t i = 0; i < writer->type_count; i++)
        typecode_write(to, state_component(writer->state, writer->components[i]), i);
}

static void write_tables(struct writer *writer, struct builder *to, uint32_t *scratch)
{
    for (uint32_t i = 0; i < writer->state->table_count; i++) {
        const size_t start = to->size_bytes;
        const struct archetype *archetype = state_table(writer->state, i)->archetype;
        const uint32_t count = order_types(writer, archetype, scratch);
        const struct table_record record = {
            .number = le32_make(i),
            .flags = le32_make(archetype->is_singleton ? TABLE_SINGLETONS : 0),
            .chunk_shift = le32_make(archetype->chunk_shift),
            .component_count = le32_make(count),
        };
        builder_append(to, &record, sizeof(record));
        for (uint32_t j = 0; j < count; j++)
            builder_append_le32(to, scratch[j]);
        builder_pad(to, start, 8);
    }
}

/* One column to be written, in the order of the file. */
typedef void column_function(struct writer *writer, const struct table *table, uint32_t number, uint32_t column);

static void each_column(struct writer *writer, uint32_t *scratch, column_function *function)
{
    for (uint32_t i = 0; i < writer->state->table_count; i++) {
        const struct table *table = state_table(writer->state, i);
        if (!table->row_count)
            continue;
        const uint32_t count = order_types(writer, table->archetype, scratch);
        function(writer, table, i, HANDLE_COLUMN);
        for (uint32_t j = 0; j < count; j++) {
            const uint32_t column = archetype_column(table->archetype, writer->components[scratch[j]]);
            if (column != NO_COLUMN)
                function(writer, table, i, column);
        }
    }
    if (state_slot_count(writer->state))
        function(writer, state_index(writer->state), FORMAT_NONE, 0);
}

static void count_column(struct writer *writer, const struct table *table, uint32_t number, uint32_t column)
{
    (void)number;
    writer->run_count++;
    writer->data_size =
        align_up(writer->data_size, FORMAT_ALIGN) + table->row_count * table->archetype->column_bytes[column];
}

/* Completes a record with the run's place, and steps over its bytes. */
static void append_run(struct writer *writer, struct run_record *record, uint64_t size)
{
    writer->offset = align_up(writer->offset, FORMAT_ALIGN);
    record->codec = le32_make(CODEC_RAW);
    record->offset = le64_make(writer->offset);
    record->size = le64_make(size);
    builder_append(&writer->prologue, record, sizeof(*record));
    writer->offset += size;
}

static void write_run(struct writer *writer, const struct table *table, uint32_t number, uint32_t column)
{
    const pecs_component type = table->archetype->column_components[column];
    struct run_record record = {
        .kind = le32_make(number == FORMAT_NONE     ? RUN_INDEX
                          : column == HANDLE_COLUMN ? RUN_HANDLES
                                                    : RUN_VALUES),
        .table = le32_make(number),
        .type = le32_make(type == NO_COMPONENT ? FORMAT_NONE : writer->numbers[state_place(writer->state, type)]),
        .chunk_count = le32_make((uint32_t)table_chunk_count(table)),
        .tick = le64_make(state_column_tick(writer->state, table, column)),
    };
    append_run(writer, &record, table->row_count * table->archetype->column_bytes[column]);
}

static void count_ids(struct writer *writer)
{
    writer->run_count += writer->id_count > 0;
    if (writer->id_count)
        writer->data_size = align_up(writer->data_size, FORMAT_ALIGN) + writer->id_count * sizeof(struct id_record);
}

static void write_ids_run(struct writer *writer)
{
    static_assert(sizeof(struct id_entry) == sizeof(struct id_record), "entries are written as they are");
    struct run_record record = {
        .kind = le32_make(RUN_IDS),
        .table = le32_make(FORMAT_NONE),
        .type = le32_make(FORMAT_NONE),
        .chunk_count = le32_make((uint32_t)format_chunk_count(writer->id_count, FORMAT_INDEX_SHIFT)),
    };
    if (writer->id_count)
        append_run(writer, &record, writer->id_count * sizeof(struct id_record));
}

static void put_ids(struct writer *writer)
{
    if (writer->id_count)
        put_zeros_to(writer, align_up(writer->offset, FORMAT_ALIGN));
    put(writer, (const uint8_t *)writer->ids, writer->id_count * sizeof(*writer->ids));
}

static void put_column(struct writer *writer, const struct table *table, uint32_t number, uint32_t column)
{
    (void)number;
    const pecs_component number_of = table->archetype->column_components[column];
    const struct component *component = number_of == NO_COMPONENT ? NULL : state_component(writer->state, number_of);
    put_zeros_to(writer, align_up(writer->offset, FORMAT_ALIGN));
    for (uint64_t chunk = 0; chunk < table_chunk_count(table) && !writer->status; chunk++) {
        const uint8_t *bytes = table_chunk(table, column, chunk);
        const uint64_t rows = table_live_rows(table, chunk);
        if (component && values_can_be_wrong(component) && !writer->options->skip_check)
            writer->status = values_check(&writer->values, table, number_of, chunk << table->archetype->chunk_shift,
                                          bytes, rows, writer->error);
        if (component && !span_list_is_empty(&component->padding))
            put_masked(writer, component, bytes, rows);
        else
            put(writer, bytes, rows * table->archetype->column_bytes[column]);
    }
}

/* The file's parts, in order; each is whole in memory but the data. */

static void build_prologue(struct writer *writer, uint32_t *scratch)
{
    const struct segment_header empty = { .magic = FORMAT_SEGMENT_MAGIC };
    builder_append(&writer->prologue, &empty, sizeof(empty));
    write_types(writer, &writer->prologue);
    write_tables(writer, &writer->prologue, scratch);
    each_column(writer, scratch, count_column);
    count_ids(writer);
    const uint64_t size = writer->prologue.size_bytes + writer->run_count * sizeof(struct run_record) + sizeof(le64);
    writer->data_offset = align_up(sizeof(struct file_header) + size, FORMAT_PAGE);
    writer->offset = writer->data_offset;
    each_column(writer, scratch, write_run);
    write_ids_run(writer);
    if (writer->prologue.failed)
        return;
    struct segment_header header = {
        .magic = FORMAT_SEGMENT_MAGIC,
        .sequence = le32_make(0),
        .size = le64_make(size),
        .data_offset = le64_make(writer->data_offset),
        .data_size = le64_make(writer->data_size),
        .type_count = le32_make(writer->type_count),
        .table_count = le32_make(writer->state->table_count),
        .run_count = le32_make((uint32_t)writer->run_count),
        .piece_bytes = le32_make(FORMAT_PIECE),
    };
    memcpy(writer->prologue.bytes, &header, sizeof(header));
    builder_append_le64(&writer->prologue, hash64(writer->prologue.bytes, writer->prologue.size_bytes));
}

static struct file_header make_header(const struct writer *writer)
{
    struct file_header header = {
        .magic = FORMAT_HEADER_MAGIC,
        .version = le32_make(FORMAT_VERSION),
        .flags = le32_make(HEADER_COUNTS_KNOWN),
        .entity_count = le64_make(writer->state->entity_count),
        .type_count = le32_make(writer->type_count),
        .optional_features = le64_make(writer->options->file_metadata ? FEATURE_FILE_METADATA : 0),
        .required_features = le64_make(writer->retired ? FEATURE_RETIRED : 0),
    };
    header.checksum = le64_make(hash64(&header, offsetof(struct file_header, checksum)));
    return header;
}

static void begin_trailer(struct writer *writer)
{
    const struct trailer_header header = {
        .magic = FORMAT_TRAILER_MAGIC,
        .sequence = le32_make(0),
        .piece_count = le64_make(format_piece_count(writer->data_offset, writer->data_size)),
    };
    builder_append(&writer->trailer, &header, sizeof(header));
}

static uint64_t metadata_bytes(const struct metadata *metadata)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; metadata && i < metadata->count; i++)
        bytes += format_meta_bytes(strlen(metadata->entries[i].key), metadata->entries[i].size_bytes);
    return bytes;
}

static_assert((int)META_ENTRY_BYTES == (int)sizeof(struct meta_record) && (int)META_KEY_MAX == (int)NAME_MAX_BYTES,
              "the state counts metadata as the file holds it");
static_assert((int)META_MAX_BYTES + 4096 == (int)FORMAT_METADATA_MAX, "the rest is for the application's name");

static void append_metadata(struct builder *to, const struct metadata *metadata)
{
    for (uint32_t i = 0; metadata && i < metadata->count; i++) {
        const struct pecs_meta *entry = &metadata->entries[i];
        const size_t start = to->size_bytes;
        const struct meta_record record = {
            .kind = le32_make(entry->kind == PECS_META_TEXT ? META_TEXT : META_BYTES),
            .key_size = le32_make((uint32_t)strlen(entry->key)),
            .value_size = le64_make(entry->size_bytes),
        };
        builder_append(to, &record, sizeof(record));
        builder_append(to, entry->key, strlen(entry->key));
        builder_append(to, entry->value, entry->size_bytes);
        builder_pad(to, start, 8);
    }
}

static void build_file_metadata(struct writer *writer)
{
    struct builder *to = &writer->file_metadata;
    if (!writer->options->file_metadata)
        return;
    append_metadata(to, writer->options->file_metadata);
    if (!to->failed)
        builder_append_le64(to, hash64(to->bytes, to->size_bytes));
}

/* All of the commit but the hashes, which finish_commit puts in when the data has gone by. */
static void build_commit(struct writer *writer, uint32_t *scratch)
{
    const struct pecs_snapshot *state = writer->state;
    const struct sessions *sessions = state->sessions;
    const struct commit_header header = {
        .magic = FORMAT_COMMIT_MAGIC,
        .type_count = le32_make(writer->type_count),
        .table_count = le32_make(state->table_count),
        .segment_count = le32_make(1),
        .session_count = le32_make(sessions ? sessions->count : 0),
        .singleton_table = le32_make(state->singleton_table),
        .slot_count = le64_make(state_slot_count(state)),
        .free_count = le64_make(state->free_count),
        .entity_count = le64_make(state->entity_count),
        .tick = le64_make(state->tick),
        .wall_clock = le64_make(writer->options->wall_clock_ns),
        .metadata_size = le64_make(metadata_bytes(writer->metadata)),
        .retired_count = le64_make(writer->retired ? writer->retired->end - writer->retired->first : 0),
    };
    builder_append(&writer->commit, &header, sizeof(header));
    write_types(writer, &writer->commit);
    write_tables(writer, &writer->commit, scratch);
    for (uint32_t i = 0; i < state->table_count; i++)
        builder_append_le64(&writer->commit, state_table(state, i)->row_count);
    const uint64_t trailer_offset = align_up(writer->data_offset + writer->data_size, FORMAT_ALIGN);
    const struct segment_record segment = {
        .offset = le64_make(sizeof(struct file_header)),
        .prologue_size = le64_make(writer->prologue.size_bytes),
        .trailer_offset = le64_make(trailer_offset),
        .trailer_size = le64_make(format_trailer_bytes(format_piece_count(writer->data_offset, writer->data_size))),
    };
    writer->segment_record_offset = writer->commit.size_bytes;
    builder_append(&writer->commit, &segment, sizeof(segment));
    for (uint32_t i = 0; sessions && i < sessions->count; i++)
        builder_append_le64(&writer->commit, identity_nonce(sessions->heads[i]));
    free_counts_write(&writer->commit, state);
    if (writer->retired)
        retired_write(&writer->commit, writer->retired);
    append_metadata(&writer->commit, writer->metadata);
}

static void finish_commit(struct writer *writer)
{
    uint8_t *segment = writer->commit.bytes + writer->segment_record_offset;
    memcpy(segment + offsetof(struct segment_record, prologue_checksum),
           writer->prologue.bytes + writer->prologue.size_bytes - sizeof(le64), sizeof(le64));
    memcpy(segment + offsetof(struct segment_record, trailer_checksum),
           writer->trailer.bytes + writer->trailer.size_bytes - sizeof(le64), sizeof(le64));
    const pecs_id id = hash128(writer->commit.bytes, writer->commit.size_bytes);
    memcpy(writer->commit.bytes + offsetof(struct commit_header, snapshot_id), id.bytes, sizeof(id.bytes));
}

static struct file_footer make_footer(const struct writer *writer, uint64_t commit_offset)
{
    struct file_footer footer = {
        .offset = le64_make(writer->offset),
        .commit_offset = le64_make(commit_offset),
        .commit_size = le64_make(writer->commit.size_bytes),
        .commit_hash = le64_make(hash64(writer->commit.bytes, writer->commit.size_bytes)),
        .file_metadata_size = le64_make(writer->file_metadata.size_bytes),
    };
    memcpy(footer.magic, FORMAT_FOOTER_MAGIC, sizeof(footer.magic));
    footer.checksum = le64_make(hash64(&footer, offsetof(struct file_footer, checksum)));
    return footer;
}

static void write_data(struct writer *writer, uint32_t *scratch)
{
    put_zeros_to(writer, writer->data_offset);
    hash_stream_reset(writer->hash);
    writer->is_hashing = true;
    each_column(writer, scratch, put_column);
    put_ids(writer);
    writer->is_hashing = false;
    if (writer->data_size && writer->offset % FORMAT_PIECE)
        end_piece(writer);
    builder_append_le64(&writer->trailer, hash64(writer->trailer.bytes, writer->trailer.size_bytes));
    if (!writer->status && writer->trailer.failed)
        writer->status = fail_memory(writer->error);
    put_zeros_to(writer, align_up(writer->offset, FORMAT_ALIGN));
    put(writer, writer->trailer.bytes, writer->trailer.size_bytes);
}

static void write_file(struct writer *writer, uint32_t *scratch)
{
    state_check_seals(writer->state);
    gather(writer);
    tell_application(writer);
    if (writer->status)
        return;
    build_prologue(writer, scratch);
    begin_trailer(writer);
    build_commit(writer, scratch);
    build_file_metadata(writer);
    if (writer->prologue.failed || writer->trailer.failed || writer->commit.failed || writer->file_metadata.failed) {
        writer->status = fail_memory(writer->error);
        return;
    }
    const uint64_t trailer_offset = align_up(writer->data_offset + writer->data_size, FORMAT_ALIGN);
    const uint64_t trailer_size = format_trailer_bytes(format_piece_count(writer->data_offset, writer->data_size));
    const uint64_t commit_offset = align_up(trailer_offset + trailer_size, FORMAT_ALIGN);
    const uint64_t commit_end = commit_offset + writer->commit.size_bytes;
    const uint64_t footer_offset =
        align_up(format_file_metadata_offset(commit_end) + writer->file_metadata.size_bytes, FORMAT_PAGE);
    writer->file_size = footer_offset + sizeof(struct file_footer);
    writer->status = writer->sink->begin(writer->sink->user, writer->file_size, writer->error);
    const struct file_header header = make_header(writer);
    writer->offset = 0;
    put(writer, (const uint8_t *)&header, sizeof(header));
    put(writer, writer->prologue.bytes, writer->prologue.size_bytes);
    write_data(writer, scratch);
    put_zeros_to(writer, commit_offset);
    if (writer->status)
        return;
    finish_commit(writer);
    put(writer, writer->commit.bytes, writer->commit.size_bytes);
    put_zeros_to(writer, format_file_metadata_offset(commit_end));
    put(writer, writer->file_metadata.bytes, writer->file_metadata.size_bytes);
    put_zeros_to(writer, footer_offset);
    const struct file_footer footer = make_footer(writer, commit_offset);
    put(writer, (const uint8_t *)&footer, sizeof(footer));
    flush(writer);
}

pecs_status writer_write(const struct pecs_snapshot *state, const struct writer_sink *sink,
                         const struct writer_options *options, pecs_error *error)
{
    struct pool *pool = state->registry->pool;
    const size_t count = (size_t)state_component_count(state) + 1, list_bytes = count * sizeof(uint32_t);
    uint32_t buffer_source;
    struct writer writer = { .state = state, .sink = sink, .options = options, .pool = pool, .error = error };
    writer.prologue.pool = writer.trailer.pool = writer.commit.pool = writer.file_metadata.pool = pool;
    writer.numbers = pool_allocate(pool, list_bytes);
    writer.components = pool_allocate(pool, list_bytes);
    writer.bits = pool_allocate(pool, bits_words(count) * sizeof(*writer.bits));
    uint32_t *scratch = pool_allocate(pool, list_bytes);
    writer.spans = pool_allocate(pool, OS_SPAN_MAX * sizeof(*writer.spans));
    writer.buffer = pool_array_allocate(pool, FORMAT_PIECE, &buffer_source);
    uint32_t hash_source;
    writer.hash = pool_array_allocate(pool, sizeof(*writer.hash), &hash_source);
    if (writer.numbers && writer.components && writer.bits && scratch && writer.spans && writer.buffer && writer.hash)
        write_file(&writer, scratch);
    else
        writer.status = fail_memory(error);
    pool_release(pool, writer.ids, (size_t)writer.id_count * sizeof(*writer.ids));
    if (writer.metadata)
        node_release(pool, &writer.metadata->node);
    if (writer.retired)
        node_release(pool, &writer.retired->node);
    if (writer.values.state)
        value_check_deinit(&writer.values);
    if (writer.hash)
        pool_array_release(pool, writer.hash, sizeof(*writer.hash), hash_source);
    if (writer.buffer)
        pool_array_release(pool, writer.buffer, FORMAT_PIECE, buffer_source);
    pool_release(pool, writer.spans, OS_SPAN_MAX * sizeof(*writer.spans));
    pool_release(pool, scratch, list_bytes);
    pool_release(pool, writer.bits, bits_words(count) * sizeof(*writer.bits));
    pool_release(pool, writer.components, list_bytes);
    pool_release(pool, writer.numbers, list_bytes);
    builder_deinit(&writer.file_metadata);
    builder_deinit(&writer.commit);
    builder_deinit(&writer.trailer);
    builder_deinit(&writer.prologue);
    return writer.status;
}
