/*
 * The reader. Nothing in a file is believed: each number is checked against the file's size or against another number
 * that was, and each broken rule is told with its id and the byte offset. Memory grows with the file's length only.
 *
 * The order: header, footer, commit (types, tables, counts), segments (prologue, runs), and for load each segment's
 * data, then the agreement of rows and index. A state is handed out only when all of it has passed.
 *
 * Resume, load and inspect differ in one place, `fetch`: a map has its bytes, a private image reads them when they are
 * first wanted, and an inspection keeps only the part that was fetched last.
 */
#include "reader.h"

#include "agree.h"
#include "catalog.h"
#include "error.h"
#include "hash.h"
#include "typecode.h"
#include "utf8.h"

#include <inttypes.h>

static_assert((int)FORMAT_INDEX_SHIFT == (int)CHUNK_SHIFT, "the chunks of the index are those of the format");

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "columns are used where they lie: big-endian hosts need a converting reader"
#endif

struct reader {
    pecs_registry *registry;
    struct pool *pool;
    struct image *image;        /* NULL: inspection */
    const struct os_file *file; /* NULL: the image is a map */
    const char *path;
    pecs_load_options options;
    pecs_error *error;
    uint64_t file_size;
    uint8_t *bytes; /* of the image, or of the part that was fetched last, which begins at first_offset */
    uint64_t first_offset;
    size_t part_bytes;
    struct gate gate; /* only to build the tree: nothing is edited */
    struct pecs_snapshot *state;

    struct file_header header;
    struct file_footer footer;
    struct commit_header commit;
    uint64_t footer_offset, commit_offset, commit_end;
    uint64_t types_offset, tables_offset, segments_offset; /* sections of the commit */
    uint64_t metadata_size;
    uint32_t type_count, table_count, segment_count;
    size_t span_limit;          /* of the unknown types together: what a file describes may not outgrow it by much */
    pecs_component *components; /* of each type number */
    pecs_component *scratch;
    uint64_t last_run_end;
    uint64_t id_count; /* entities with explicit ids */
    struct run id_run;
};

#define CORRUPT(reader, at, rule, ...) fail_rule((reader)->error, PECS_E_CORRUPT, at, rule, __VA_ARGS__)

static pecs_status fetch(struct reader *reader, uint64_t offset, uint64_t size)
{
    if (!reader->file)
        return PECS_OK;
    if (!reader->image) {
        pool_release(reader->pool, reader->bytes, reader->part_bytes);
        reader->bytes = size < SIZE_MAX ? pool_allocate(reader->pool, (size_t)size) : NULL;
        if (!reader->bytes)
            return fail_memory(reader->error);
        reader->first_offset = offset;
        reader->part_bytes = (size_t)size;
    }
    return os_file_read(reader->file, reader->path, reader->bytes + (offset - reader->first_offset), (size_t)size,
                        offset, reader->error);
}

static const uint8_t *at(const struct reader *reader, uint64_t offset)
{
    return reader->bytes + (offset - reader->first_offset);
}

static uint32_t le32_at(const struct reader *reader, uint64_t offset)
{
    le32 value;
    memcpy(&value, at(reader, offset), sizeof(value));
    return le32_load(value);
}

static uint64_t le64_at(const struct reader *reader, uint64_t offset)
{
    le64 value;
    memcpy(&value, at(reader, offset), sizeof(value));
    return le64_load(value);
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

/* The footer and the header: where the commit is, and whether this reader may read the file at all. */

static pecs_status read_header(struct reader *reader)
{
    pecs_status status = fetch(reader, 0, sizeof(reader->header));
    if (status)
        return status;
    struct file_header *header = &reader->header;
    memcpy(header, at(reader, 0), sizeof(*header));
    if (memcmp(header->magic, FORMAT_HEADER_MAGIC, sizeof(header->magic)) != 0)
        return CORRUPT(reader, 0, "HEADER-1", "this is not a PECS file");
    const uint32_t version = le32_load(header->version);
    if (version != FORMAT_VERSION)
        return fail_rule(reader->error, PECS_E_UNSUPPORTED, offsetof(struct file_header, version), "HEADER-2",
                         "the file has format version %u; this library reads version %u", version, FORMAT_VERSION);
    if (le64_load(header->checksum) != hash64(header, offsetof(struct file_header, checksum)))
        return CORRUPT(reader, offsetof(struct file_header, checksum), "HEADER-3", "the header's checksum is wrong");
    const uint64_t features = le64_load(header->required_features);
    if (features)
        return fail_rule(reader->error, PECS_E_UNSUPPORTED, offsetof(struct file_header, required_features), "HEADER-4",
                         "the file needs feature %d (of the bits %#" PRIx64 "), which this library does not know",
                         __builtin_ctzll(features), features);
    if (le32_load(header->flags) & ~(uint32_t)HEADER_COUNTS_KNOWN || !is_zero(header->zero, sizeof(header->zero)))
        return CORRUPT(reader, offsetof(struct file_header, flags), "HEADER-5",
                       "a flag or reserved byte of the header is set");
    return PECS_OK;
}

static pecs_status read_footer(struct reader *reader)
{
    const uint64_t size = reader->file_size;
    reader->footer_offset = size - sizeof(struct file_footer);
    pecs_status status = fetch(reader, reader->footer_offset, sizeof(struct file_footer));
    if (status)
        return status;
    const uint64_t place = reader->footer_offset;
    struct file_footer *footer = &reader->footer;
    memcpy(footer, at(reader, place), sizeof(*footer));
    if (memcmp(footer->magic, FORMAT_FOOTER_MAGIC, sizeof(footer->magic)) != 0)
        return CORRUPT(reader, place, "FOOTER-1", "the file does not end in a footer: it was cut or is not finished");
    if (le64_load(footer->checksum) != hash64(footer, offsetof(struct file_footer, checksum)))
        return CORRUPT(reader, place + offsetof(struct file_footer, checksum), "FOOTER-2",
                       "the footer's checksum is wrong");
    if (le64_load(footer->offset) != place || place % FORMAT_PAGE)
        return CORRUPT(reader, place + offsetof(struct file_footer, offset), "FOOTER-3",
                       "the footer is not where it says");
    if (le64_load(footer->previous_footer) || !is_zero(footer->zero, sizeof(footer->zero)))
        return CORRUPT(reader, place + offsetof(struct file_footer, previous_footer), "FOOTER-4",
                       "a reserved byte of the footer is set");
    reader->commit_offset = le64_load(footer->commit_offset);
    const uint64_t commit_size = le64_load(footer->commit_size);
    if (reader->commit_offset < sizeof(struct file_header) || reader->commit_offset % FORMAT_ALIGN ||
        commit_size < sizeof(struct commit_header) || commit_size % 8 ||
        !range_fits(reader->commit_offset, commit_size, place))
        return CORRUPT(reader, place + offsetof(struct file_footer, commit_offset), "FOOTER-5",
                       "the commit does not lie between header and footer");
    reader->commit_end = reader->commit_offset + commit_size;
    status = fetch(reader, reader->commit_offset, commit_size);
    if (!status && le64_load(footer->commit_hash) != hash64(at(reader, reader->commit_offset), (size_t)commit_size))
        return CORRUPT(reader, place + offsetof(struct file_footer, commit_hash), "FOOTER-6",
                       "the commit's hash is wrong");
    return status;
}

/* The commit. `offset` walks through its sections. */

static pecs_status read_commit_header(struct reader *reader)
{
    struct commit_header *commit = &reader->commit;
    const uint64_t place = reader->commit_offset;
    memcpy(commit, at(reader, place), sizeof(*commit));
    if (memcmp(commit->magic, FORMAT_COMMIT_MAGIC, sizeof(commit->magic)) != 0)
        return CORRUPT(reader, place, "COMMIT-1", "the commit does not begin with its magic");
    reader->type_count = le32_load(commit->type_count);
    reader->table_count = le32_load(commit->table_count);
    reader->segment_count = le32_load(commit->segment_count);
    const uint64_t entities = le64_load(commit->entity_count), slots = le64_load(commit->slot_count);
    if (slots > SLOT_COUNT_MAX || le64_load(commit->free_count) > slots ||
        entities > slots - le64_load(commit->free_count) || le64_load(commit->tick) - 1 >= INT64_MAX ||
        reader->segment_count != 1)
        return CORRUPT(reader, place + offsetof(struct commit_header, segment_count), "COMMIT-2",
                       "the commit's counts of segments, slots, free slots and entities cannot be");
    const bool known = le32_load(reader->header.flags) & HEADER_COUNTS_KNOWN;
    if (known && (le64_load(reader->header.entity_count) != entities ||
                  le32_load(reader->header.type_count) != reader->type_count))
        return CORRUPT(reader, offsetof(struct file_header, entity_count), "HEADER-6",
                       "the header's counts are not those of the commit");
    if (!is_zero(commit->zero, sizeof(commit->zero)) || !is_zero(commit->parent_id, sizeof(commit->parent_id)))
        return CORRUPT(reader, place + offsetof(struct commit_header, parent_id), "COMMIT-3",
                       "a reserved byte of the commit is set");
    reader->metadata_size = le64_load(commit->metadata_size);
    if (reader->metadata_size % 8 || reader->metadata_size > FORMAT_METADATA_MAX ||
        reader->metadata_size > reader->commit_end - place - sizeof(*commit))
        return CORRUPT(reader, place + offsetof(struct commit_header, metadata_size), "META-1",
                       "the commit's metadata cannot have that size");
    if (reader->options.max_entities && entities > reader->options.max_entities)
        return fail(reader->error, PECS_E_LIMIT, "the file has %" PRIu64 " entities; the limit is %" PRIu64, entities,
                    reader->options.max_entities);
    return PECS_OK;
}

/* The size of a type record at `offset`, which ends before `end`; 0: it does not. */
static uint64_t type_record_size(const struct reader *reader, uint64_t offset, uint64_t end)
{
    if (end - offset < sizeof(struct type_record))
        return 0;
    const uint32_t size = le32_at(reader, offset);
    return size < sizeof(struct type_record) || size > end - offset || size % 8 ? 0 : size;
}

static pecs_status fail_layout(struct reader *reader, uint64_t offset, const struct builder *own)
{
    char in_file[220], in_program[220];
    typecode_describe(at(reader, offset), in_file, sizeof(in_file));
    typecode_describe(own->bytes, in_program, sizeof(in_program));
    return fail_rule(reader->error, PECS_E_LAYOUT, offset, "TYPE-4", "file: %s; program: %s", in_file, in_program);
}

/* A type that the registry lacks: described, checked as the program's are, and kept with the state. */
static pecs_status keep_type(struct reader *reader, uint64_t offset, uint64_t size, uint32_t number)
{
    struct unknown_types *unknown = reader->state->unknown;
    uint32_t name_size;
    const char *name = typecode_name(at(reader, offset), &name_size);
    if (reader->options.refuse_unknown)
        return fail_rule(reader->error, PECS_E_UNSUPPORTED, offset, "TYPE-3",
                         "the file has components of type '%.*s', which is not registered", (int)name_size, name);
    if (unknown->count == UNKNOWN_TYPES_MAX)
        return fail(reader->error, PECS_E_LIMIT, "the file has more than %d types that are not registered",
                    UNKNOWN_TYPES_MAX);
    struct unknown_type *kept = &unknown->types[unknown->count];
    kept->description_bytes = typecode_parse_bytes((size_t)size);
    kept->description = pool_allocate(reader->pool, kept->description_bytes);
    if (!kept->description)
        return fail_memory(reader->error);
    const pecs_type *type = typecode_parse(at(reader, offset), (size_t)size, kept->description);
    pecs_error why = { .message = "" };
    const pecs_status status = component_init(&kept->component, type, &reader->span_limit, reader->pool, &why);
    if (status) {
        pool_release(reader->pool, kept->description, kept->description_bytes);
        if (status == PECS_E_MEMORY || (status == PECS_E_LIMIT && !reader->span_limit))
            return fail(reader->error, status, "%s", why.message);
        return status == PECS_E_UNSUPPORTED ? fail_rule(reader->error, status, offset, "TYPE-5", "%s", why.message)
                                            : CORRUPT(reader, offset, "TYPE-1", "%s", why.message);
    }
    reader->components[number] = reader->registry->type_count + unknown->count++;
    return PECS_OK;
}

/* Finds the type of a record, in the registry or beside it, and compares the two: no byte may be told otherwise. */
static pecs_status match_type(struct reader *reader, uint64_t offset, uint64_t size, uint32_t number)
{
    struct type_record record;
    memcpy(&record, at(reader, offset), sizeof(record));
    pecs_id id;
    memcpy(id.bytes, record.id, sizeof(id.bytes));
    pecs_status status = PECS_OK;
    const bool is_known = registry_find(reader->registry, id, &reader->components[number]) == PECS_OK;
    if (!is_known)
        status = keep_type(reader, offset, size, number);
    if (status)
        return status;
    struct builder own = { .pool = reader->pool };
    typecode_write(&own, state_component(reader->state, reader->components[number]), number);
    const bool is_same =
        !own.failed && own.size_bytes == size && memcmp(own.bytes, at(reader, offset), (size_t)size) == 0;
    if (own.failed)
        status = fail_memory(reader->error);
    else if (!is_same)
        status = is_known ? fail_layout(reader, offset, &own)
                          : CORRUPT(reader, offset, "TYPE-1", "type record %u has numbers that mean nothing", number);
    builder_deinit(&own);
    return status;
}

static pecs_status read_types(struct reader *reader, uint64_t *offset)
{
    reader->types_offset = *offset;
    if (reader->type_count > (reader->commit_end - *offset) / sizeof(struct type_record))
        return CORRUPT(reader, *offset, "TYPE-1", "the commit is too short for its types");
    reader->components = pool_allocate(reader->pool, ((size_t)reader->type_count + 1) * sizeof(*reader->components));
    reader->scratch = pool_allocate(reader->pool, ((size_t)reader->type_count + 1) * sizeof(*reader->scratch));
    reader->state->unknown =
        unknown_types_create(reader->pool, (uint32_t)min_u64(reader->type_count, UNKNOWN_TYPES_MAX));
    if (!reader->components || !reader->scratch || !reader->state->unknown)
        return fail_memory(reader->error);
    uint64_t previous = 0;
    for (uint32_t i = 0; i < reader->type_count; i++) {
        const uint64_t size = type_record_size(reader, *offset, reader->commit_end);
        if (!size || !typecode_is_well_formed(at(reader, *offset), (size_t)size))
            return CORRUPT(reader, *offset, "TYPE-1", "type record %u does not hold together", i);
        const uint64_t id = *offset + offsetof(struct type_record, id);
        if (le32_at(reader, *offset + offsetof(struct type_record, number)) != i ||
            (i ? memcmp(at(reader, previous), at(reader, id), sizeof(pecs_id)) >= 0
               : is_zero(at(reader, id), sizeof(pecs_id))))
            return CORRUPT(reader, *offset, "TYPE-2", "types are not numbered in ascending order of their ids");
        previous = id;
        const pecs_status status = match_type(reader, *offset, size, i);
        if (status)
            return status;
        *offset += size;
    }
    if (!reader->state->unknown->count) { /* as in states that come from no file */
        node_release(reader->pool, &reader->state->unknown->node);
        reader->state->unknown = NULL;
    }
    return PECS_OK;
}

/* The components of a table record, ascending, in `scratch`. */
static pecs_status map_components(struct reader *reader, uint64_t offset, uint32_t number, uint32_t count)
{
    uint32_t last = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t type = le32_at(reader, offset + sizeof(struct table_record) + i * sizeof(le32));
        if (type >= reader->type_count || (i && type <= last))
            return CORRUPT(reader, offset, "TABLE-3", "table %u: its types are not numbers of types, ascending",
                           number);
        last = type;
        uint32_t place = i;
        for (; place && reader->scratch[place - 1] > reader->components[type]; place--)
            reader->scratch[place] = reader->scratch[place - 1];
        reader->scratch[place] = reader->components[type];
    }
    return PECS_OK;
}

static bool has_component(const pecs_component *components, uint32_t count, pecs_component component)
{
    while (count && components[count - 1] != component)
        count--;
    return count > 0;
}

static pecs_status read_table(struct reader *reader, uint32_t number, uint64_t *offset, struct catalog *sets)
{
    struct table_record record;
    const uint64_t left = reader->commit_end - *offset;
    if (left < sizeof(record))
        return CORRUPT(reader, *offset, "TABLE-1", "the commit is too short for its tables");
    memcpy(&record, at(reader, *offset), sizeof(record));
    const uint32_t count = le32_load(record.component_count), flags = le32_load(record.flags),
                   shift = le32_load(record.chunk_shift);
    const uint64_t size = format_table_bytes(count), used = sizeof(record) + (uint64_t)count * sizeof(le32);
    if (count > reader->type_count || size > left || !is_zero(at(reader, *offset + used), (size_t)(size - used)))
        return CORRUPT(reader, *offset, "TABLE-1", "the record of table %u does not hold together", number);
    if (le32_load(record.number) != number || flags & ~(uint32_t)TABLE_SINGLETONS || shift > CHUNK_SHIFT_MAX)
        return CORRUPT(reader, *offset, "TABLE-2", "table %u: its number, flags or chunk size cannot be", number);
    pecs_status status = map_components(reader, *offset, number, count);
    if (status)
        return status;
    const bool is_singleton = flags & TABLE_SINGLETONS;
    const uint64_t hash = archetype_set_hash(reader->scratch, count, is_singleton);
    if (catalog_find(sets, reader->scratch, count, is_singleton, hash) != NO_TABLE)
        return CORRUPT(reader, *offset, "TABLE-4", "table %u has the components of another", number);
    if (is_singleton && has_component(reader->scratch, count, reader->registry->id_component))
        return CORRUPT(reader, *offset, "TABLE-6", "table %u: the world itself has no explicit id", number);
    struct archetype *archetype =
        archetype_create(reader->registry, reader->state->unknown, reader->scratch, count, is_singleton, shift);
    uint32_t added;
    if (!archetype)
        return fail_memory(reader->error);
    status = state_add_table(&reader->gate, reader->state, archetype, &added);
    if (!status)
        status = catalog_add(sets, reader->pool, archetype);
    node_release(reader->pool, &archetype->node);
    *offset += size;
    return status ? fail_memory(reader->error) : PECS_OK;
}

static pecs_status read_tables(struct reader *reader, uint64_t *offset)
{
    reader->tables_offset = *offset;
    struct catalog sets;
    pecs_status status = catalog_init(&sets, reader->pool, state_component_count(reader->state));
    if (status)
        return fail_memory(reader->error);
    for (uint32_t i = 0; !status && i < reader->table_count; i++)
        status = read_table(reader, i, offset, &sets);
    catalog_deinit(&sets, reader->pool);
    return status;
}

static struct table *own_table(struct reader *reader, uint32_t number)
{
    return (struct table *)tree_get(&reader->state->tables, number);
}

static pecs_status set_runs(struct reader *reader, struct table *table)
{
    if (!table->row_count || !reader->image)
        return PECS_OK;
    table->runs = runs_create(reader->pool, table->archetype->column_count);
    if (!table->runs)
        return fail_memory(reader->error);
    table->runs->is_writable = !reader->image->is_mapped;
    return PECS_OK;
}

/* The rows of all tables that have explicit ids. */
static void count_ids(struct reader *reader)
{
    for (uint32_t i = 0; i < reader->table_count; i++) {
        const struct table *table = own_table(reader, i);
        if (archetype_find(table->archetype, reader->registry->id_component) != NO_COLUMN)
            reader->id_count += table->row_count;
    }
}

static pecs_status read_row_counts(struct reader *reader, uint64_t *offset)
{
    if (reader->table_count > (reader->commit_end - *offset) / sizeof(le64))
        return CORRUPT(reader, *offset, "COMMIT-4", "the commit is too short for its row counts");
    const uint64_t entities = le64_load(reader->commit.entity_count);
    const uint32_t singletons = le32_load(reader->commit.singleton_table);
    uint64_t total = 0;
    for (uint32_t i = 0; i < reader->table_count; i++, *offset += sizeof(le64)) {
        struct table *table = own_table(reader, i);
        table->row_count = le64_at(reader, *offset);
        const bool is_singleton = table->archetype->is_singleton;
        if (is_singleton ? table->row_count != (i == singletons) : table->row_count > entities - total)
            return CORRUPT(reader, *offset, "TABLE-5", "table %u cannot have %" PRIu64 " rows", i, table->row_count);
        total += is_singleton ? 0 : table->row_count;
        const pecs_status status = set_runs(reader, table);
        if (status)
            return status;
    }
    const bool names_one = singletons < reader->table_count && own_table(reader, singletons)->archetype->is_singleton;
    if (total != entities || (singletons != FORMAT_NONE && !names_one))
        return CORRUPT(reader, reader->commit_offset + offsetof(struct commit_header, singleton_table), "COMMIT-5",
                       "the tables' rows are not the commit's entities and singletons");
    return PECS_OK;
}

static pecs_status read_sessions(struct reader *reader, uint64_t *offset)
{
    const uint32_t count = le32_load(reader->commit.session_count);
    if (count > (reader->commit_end - *offset) / sizeof(le64) || (!count && le64_load(reader->commit.slot_count) != 0))
        return CORRUPT(reader, *offset, "COMMIT-6", "the commit's sessions cannot be");
    struct sessions *sessions = count ? sessions_create(reader->pool, count) : NULL;
    if (count && !sessions)
        return fail_memory(reader->error);
    reader->state->sessions = sessions;
    for (uint32_t i = 0; i < count; i++, *offset += sizeof(le64)) {
        sessions->nonces[i] = le64_at(reader, *offset);
        if (sessions->nonces[i] >> 60)
            return CORRUPT(reader, *offset, "COMMIT-6", "a session's nonce has more than 60 bits");
    }
    return PECS_OK;
}

static pecs_status read_free_counts(struct reader *reader, uint64_t *offset)
{
    struct table *index = (struct table *)reader->state->index.root.node;
    index->row_count = le64_load(reader->commit.slot_count);
    const uint64_t chunks = table_chunk_count(index);
    const uint64_t used = chunks * sizeof(le32), left = reader->commit_end - reader->metadata_size - *offset;
    if (*offset > reader->commit_end - reader->metadata_size || align_up(used, 8) != left ||
        !is_zero(at(reader, *offset + used), (size_t)(left - used)))
        return CORRUPT(reader, *offset, "COMMIT-7", "the commit does not end after its free counts");
    const pecs_status status = set_runs(reader, index);
    if (status)
        return status;
    uint64_t total = 0;
    for (uint64_t i = 0; i < chunks; i++) {
        const uint32_t count = le32_at(reader, *offset + i * sizeof(le32));
        if (count > table_live_rows(index, i))
            return CORRUPT(reader, *offset + i * sizeof(le32), "COMMIT-8", "a free count is larger than its chunk");
        total += count;
    }
    if (total != le64_load(reader->commit.free_count))
        return CORRUPT(reader, *offset, "COMMIT-8", "the free counts do not sum up to the commit's");
    if (index->runs)
        index->runs->free_counts = (const le32 *)at(reader, *offset);
    *offset += left;
    return PECS_OK;
}

/* An entry of the metadata; the next one begins behind it. key has room for META_KEY_MAX bytes and a zero. */
static pecs_status read_meta(struct reader *reader, uint64_t *offset, char *key, struct pecs_meta *ret_entry)
{
    struct meta_record record = { .kind = le32_make(0) };
    const uint64_t left = reader->commit_end - *offset;
    if (left >= sizeof(record))
        memcpy(&record, at(reader, *offset), sizeof(record));
    const uint32_t kind = le32_load(record.kind), key_size = le32_load(record.key_size);
    const uint64_t value_size = le64_load(record.value_size), used = sizeof(record) + key_size + value_size;
    const char *name = (const char *)at(reader, *offset + sizeof(record));
    if ((kind != META_TEXT && kind != META_BYTES) || key_size > META_KEY_MAX || value_size > FORMAT_METADATA_MAX ||
        align_up(used, 8) > left || !component_name_is_valid(name, key_size) ||
        !is_zero(at(reader, *offset + used), (size_t)(align_up(used, 8) - used)))
        return CORRUPT(reader, *offset, "META-2", "an entry of the metadata does not hold together");
    memcpy(key, name, key_size);
    key[key_size] = 0;
    const char *value = name + key_size;
    if (kind == META_TEXT && !utf8_is_text(value, (size_t)value_size))
        return CORRUPT(reader, *offset + sizeof(record) + key_size, "META-4", "the text of '%s' is not UTF-8", key);
    *ret_entry =
        (struct pecs_meta){ key, kind == META_TEXT ? PECS_META_TEXT : PECS_META_BYTES, value, (size_t)value_size };
    *offset += align_up(used, 8);
    return PECS_OK;
}

static pecs_status read_metadata(struct reader *reader, uint64_t offset)
{
    /* a record has at least 24 bytes with its key */
    const size_t most = (size_t)(reader->metadata_size / (sizeof(struct meta_record) + 8));
    if (!reader->metadata_size)
        return PECS_OK;
    struct pecs_meta *entries = pool_allocate(reader->pool, (most + 1) * sizeof(*entries));
    char *keys = pool_allocate(reader->pool, (size_t)reader->metadata_size + 1);
    char *key = keys;
    uint32_t count = 0;
    pecs_status status = entries && keys ? PECS_OK : fail_memory(reader->error);
    while (!status && offset < reader->commit_end) {
        const uint64_t place = offset;
        status = read_meta(reader, &offset, key, &entries[count]);
        if (!status && count && strcmp(entries[count - 1].key, key) >= 0)
            status = CORRUPT(reader, place, "META-3", "the keys of the metadata do not ascend");
        key += status ? 0 : strlen(key) + 1;
        count++;
    }
    if (!status && !(reader->state->metadata = metadata_create(reader->pool, entries, count)))
        status = fail_memory(reader->error);
    pool_release(reader->pool, keys, (size_t)reader->metadata_size + 1);
    pool_release(reader->pool, entries, (most + 1) * sizeof(*entries));
    return status;
}

static pecs_status read_commit(struct reader *reader)
{
    pecs_status status = read_commit_header(reader);
    uint64_t offset = reader->commit_offset + sizeof(struct commit_header);
    if (!status)
        status = read_types(reader, &offset);
    if (!status)
        status = read_tables(reader, &offset);
    if (!status)
        status = read_row_counts(reader, &offset);
    if (!status)
        count_ids(reader);
    reader->segments_offset = offset;
    if (!status && reader->segment_count > (reader->commit_end - offset) / sizeof(struct segment_record))
        return CORRUPT(reader, offset, "SEGMENT-1", "the commit is too short for its segments");
    offset += (uint64_t)reader->segment_count * sizeof(struct segment_record);
    if (!status)
        status = read_sessions(reader, &offset);
    if (!status)
        status = read_free_counts(reader, &offset);
    if (!status)
        status = read_metadata(reader, offset);
    struct pecs_snapshot *state = reader->state;
    state->entity_count = le64_load(reader->commit.entity_count);
    state->free_count = le64_load(reader->commit.free_count);
    state->tick = le64_load(reader->commit.tick);
    state->singleton_table = le32_load(reader->commit.singleton_table);
    return status;
}

/* A segment: its prologue repeats the records of types and tables, and tells where each column lies. */

struct segment {
    struct segment_record record;
    struct segment_header header;
    uint64_t offset, size; /* of the prologue */
    uint64_t data_offset, data_size;
    uint64_t trailer_offset, piece_count;
};

static pecs_status read_prologue(struct reader *reader, uint32_t number, struct segment *segment)
{
    const uint64_t place = reader->segments_offset + number * sizeof(struct segment_record);
    memcpy(&segment->record, at(reader, place), sizeof(segment->record));
    segment->offset = le64_load(segment->record.offset);
    segment->size = le64_load(segment->record.prologue_size);
    if (segment->offset < sizeof(struct file_header) || segment->size < sizeof(struct segment_header) + sizeof(le64) ||
        !range_fits(segment->offset, segment->size, reader->commit_offset))
        return CORRUPT(reader, place, "SEGMENT-1", "the prologue of segment %u does not lie before the commit", number);
    pecs_status status = fetch(reader, segment->offset, segment->size);
    if (status)
        return status;
    const uint64_t checksum_offset = segment->offset + segment->size - sizeof(le64);
    const uint64_t checksum = le64_at(reader, checksum_offset);
    if (checksum != hash64(at(reader, segment->offset), (size_t)(segment->size - sizeof(le64))) ||
        checksum != le64_load(segment->record.prologue_checksum))
        return CORRUPT(reader, checksum_offset, "SEGMENT-2", "the prologue's checksum is wrong");
    struct segment_header *header = &segment->header;
    memcpy(header, at(reader, segment->offset), sizeof(*header));
    if (memcmp(header->magic, FORMAT_SEGMENT_MAGIC, sizeof(header->magic)) != 0 ||
        le32_load(header->sequence) != number || le64_load(header->size) != segment->size ||
        le32_load(header->piece_bytes) != FORMAT_PIECE || !is_zero(header->zero, sizeof(header->zero)))
        return CORRUPT(reader, segment->offset, "SEGMENT-3", "the prologue's header is not that of segment %u", number);
    return PECS_OK;
}

/* Where data and trailer lie: prologue, data, trailer in this order, all before the commit. */
static pecs_status place_data(struct reader *reader, uint32_t number, struct segment *segment)
{
    const uint64_t place = reader->segments_offset + number * sizeof(struct segment_record);
    segment->data_offset = le64_load(segment->header.data_offset);
    segment->data_size = le64_load(segment->header.data_size);
    if (segment->data_offset % FORMAT_PAGE || segment->data_offset < segment->offset + segment->size ||
        !range_fits(segment->data_offset, segment->data_size, reader->commit_offset))
        return CORRUPT(reader, segment->offset + offsetof(struct segment_header, data_offset), "SEGMENT-4",
                       "the data of segment %u does not lie between its prologue and the commit", number);
    segment->piece_count = format_piece_count(segment->data_offset, segment->data_size);
    segment->trailer_offset = le64_load(segment->record.trailer_offset);
    const uint64_t size = le64_load(segment->record.trailer_size);
    if (segment->trailer_offset != align_up(segment->data_offset + segment->data_size, FORMAT_ALIGN) ||
        size != format_trailer_bytes(segment->piece_count) ||
        !range_fits(segment->trailer_offset, size, reader->commit_offset))
        return CORRUPT(reader, place + offsetof(struct segment_record, trailer_offset), "SEGMENT-5",
                       "the trailer of segment %u does not follow its data", number);
    reader->last_run_end = segment->data_offset;
    return PECS_OK;
}

/* The records in the prologue must be those of the commit, byte for byte. */
static pecs_status compare_records(struct reader *reader, const struct segment *segment, uint64_t *offset)
{
    const uint64_t end = segment->offset + segment->size - sizeof(le64);
    const uint64_t bytes = reader->segments_offset - reader->table_count * sizeof(le64) - reader->types_offset;
    *offset = segment->offset + sizeof(struct segment_header);
    if (le32_load(segment->header.type_count) != reader->type_count ||
        le32_load(segment->header.table_count) != reader->table_count || bytes > end - *offset ||
        memcmp(at(reader, *offset), at(reader, reader->types_offset), (size_t)bytes) != 0)
        return CORRUPT(reader, *offset, "SEGMENT-6", "the segment's types and tables are not those of the commit");
    *offset += bytes;
    if (le32_load(segment->header.run_count) != (end - *offset) / sizeof(struct run_record) ||
        (end - *offset) % sizeof(struct run_record))
        return CORRUPT(reader, segment->offset + offsetof(struct segment_header, run_count), "SEGMENT-7",
                       "the prologue does not end after its runs");
    return PECS_OK;
}

/* The column that a run is of, or NO_COLUMN. */
static uint32_t find_column(struct reader *reader, const struct run_record *run, struct table **ret_table)
{
    const uint32_t kind = le32_load(run->kind), number = le32_load(run->table), type = le32_load(run->type);
    if (kind == RUN_INDEX && number == FORMAT_NONE && type == FORMAT_NONE) {
        *ret_table = (struct table *)reader->state->index.root.node;
        return 0;
    }
    if (number >= reader->table_count)
        return NO_COLUMN;
    *ret_table = own_table(reader, number);
    if (kind == RUN_HANDLES && type == FORMAT_NONE)
        return HANDLE_COLUMN;
    return kind == RUN_VALUES && type < reader->type_count
               ? archetype_column((*ret_table)->archetype, reader->components[type])
               : NO_COLUMN;
}

/* What a run is of: how many rows it must hold, and where the reader notes where they lie. */
struct run_target {
    uint64_t row_count, chunk_count, row_bytes;
    struct run *place;
    struct column *column; /* NULL: of the ids */
};

static bool find_target(struct reader *reader, const struct run_record *run, struct run_target *ret_target)
{
    if (le32_load(run->kind) == RUN_IDS) {
        const uint64_t count = reader->id_count;
        *ret_target = (struct run_target){
            .row_count = count,
            .chunk_count = (count + (1u << FORMAT_INDEX_SHIFT) - 1) >> FORMAT_INDEX_SHIFT,
            .row_bytes = sizeof(struct id_record),
            .place = &reader->id_run,
        };
        return count && le32_load(run->table) == FORMAT_NONE && le32_load(run->type) == FORMAT_NONE;
    }
    struct table *table;
    const uint32_t column = find_column(reader, run, &table);
    if (column == NO_COLUMN || !table->row_count)
        return false;
    *ret_target =
        (struct run_target){ table->row_count, table_chunk_count(table), table->archetype->column_bytes[column],
                             &table->runs->columns[column], &table->columns[column] };
    return true;
}

static pecs_status read_run(struct reader *reader, const struct segment *segment, uint64_t place)
{
    struct run_record run;
    struct run_target target;
    memcpy(&run, at(reader, place), sizeof(run));
    if (!find_target(reader, &run, &target))
        return CORRUPT(reader, place, "RUN-1", "the run is of no column that has rows");
    if (le32_load(run.codec) != CODEC_RAW)
        return fail_rule(reader->error, PECS_E_UNSUPPORTED, place + offsetof(struct run_record, codec), "RUN-2",
                         "the run has codec %u, which this library does not know", le32_load(run.codec));
    const uint64_t offset = le64_load(run.offset), size = le64_load(run.size);
    if (le32_load(run.first_chunk) != 0 || le32_load(run.chunk_count) != target.chunk_count ||
        size != target.row_count * target.row_bytes)
        return CORRUPT(reader, place + offsetof(struct run_record, first_chunk), "RUN-3",
                       "the run does not hold all rows of its column");
    if (offset % FORMAT_ALIGN || offset < reader->last_run_end ||
        !range_fits(offset, size, segment->data_offset + segment->data_size))
        return CORRUPT(reader, place + offsetof(struct run_record, offset), "RUN-4",
                       "the run is not aligned, not within the data, or overlaps the run before");
    if (target.place->base)
        return CORRUPT(reader, place, "RUN-5", "a column has two runs");
    const uint64_t tick = le64_load(run.tick);
    if (tick > reader->state->tick)
        return CORRUPT(reader, place + offsetof(struct run_record, tick), "RUN-6", "the run was written in the future");
    reader->last_run_end = offset + size;
    *target.place = (struct run){ reader->bytes + offset, tick };
    if (target.column)
        target.column->tick = tick;
    return PECS_OK;
}

/* Load only: reads the data piece by piece, hashing each while it is in the cache. */
static pecs_status read_data(struct reader *reader, const struct segment *segment)
{
    const uint64_t place = segment->trailer_offset, size = le64_load(segment->record.trailer_size);
    pecs_status status = fetch(reader, place, size);
    if (status)
        return status;
    struct trailer_header trailer;
    memcpy(&trailer, at(reader, place), sizeof(trailer));
    const uint64_t checksum = le64_at(reader, place + size - sizeof(le64));
    if (checksum != hash64(at(reader, place), (size_t)(size - sizeof(le64))) ||
        checksum != le64_load(segment->record.trailer_checksum))
        return CORRUPT(reader, place + size - sizeof(le64), "TRAILER-1", "the trailer's checksum is wrong");
    if (memcmp(trailer.magic, FORMAT_TRAILER_MAGIC, sizeof(trailer.magic)) != 0 ||
        le32_load(trailer.sequence) != le32_load(segment->header.sequence) ||
        le64_load(trailer.piece_count) != segment->piece_count)
        return CORRUPT(reader, place, "TRAILER-2", "the trailer is not that of its segment");
    const uint64_t end = segment->data_offset + segment->data_size;
    uint64_t offset = segment->data_offset;
    for (uint64_t i = 0; i < segment->piece_count; i++) {
        const uint64_t next = min_u64(end, align_up(offset + 1, FORMAT_PIECE));
        if ((status = fetch(reader, offset, next - offset)))
            return status;
        if (hash64(at(reader, offset), (size_t)(next - offset)) !=
            le64_at(reader, place + sizeof(trailer) + i * sizeof(le64)))
            return CORRUPT(reader, offset, "DATA-1", "the hash of the data piece at this offset is wrong");
        offset = next;
        if (reader->options.progress && !reader->options.progress(reader->options.user, offset, reader->file_size))
            return fail(reader->error, PECS_E_CANCELLED, "the load was cancelled");
    }
    return PECS_OK;
}

static pecs_status read_segment(struct reader *reader, uint32_t number)
{
    struct segment segment;
    uint64_t offset;
    pecs_status status = read_prologue(reader, number, &segment);
    if (!status)
        status = place_data(reader, number, &segment);
    if (!status)
        status = compare_records(reader, &segment, &offset);
    for (uint32_t i = 0; !status && i < le32_load(segment.header.run_count); i++, offset += sizeof(struct run_record))
        status = read_run(reader, &segment, offset);
    if (!status && reader->file)
        status = read_data(reader, &segment);
    return status;
}

static pecs_status check_coverage(struct reader *reader)
{
    if (reader->id_count && !reader->id_run.base)
        return CORRUPT(reader, reader->segments_offset, "RUN-7", "the list of explicit ids has no run");
    reader->state->id_hints.saved = (const struct id_entry *)reader->id_run.base;
    reader->state->id_hints.saved_count = reader->id_count;
    for (uint32_t i = 0; i <= reader->table_count; i++) {
        const struct table *table =
            i < reader->table_count ? own_table(reader, i) : (const struct table *)reader->state->index.root.node;
        for (uint32_t j = 0; table->row_count && j < table->archetype->column_count; j++)
            if (!table->runs->columns[j].base)
                return CORRUPT(reader, reader->segments_offset, "RUN-7", "a column of %s %u has no run",
                               i < reader->table_count ? "table" : "the index after table", i);
    }
    return PECS_OK;
}

/* Load only: the snapshot id is the hash of the commit without it. */
static pecs_status check_snapshot_id(struct reader *reader)
{
    struct builder copy = { .pool = reader->pool };
    builder_append(&copy, at(reader, reader->commit_offset), (size_t)(reader->commit_end - reader->commit_offset));
    if (copy.failed)
        return fail_memory(reader->error);
    assert(copy.bytes);
    memset(copy.bytes + offsetof(struct commit_header, snapshot_id), 0, sizeof(reader->commit.snapshot_id));
    const pecs_id id = hash128(copy.bytes, copy.size_bytes);
    builder_deinit(&copy);
    if (memcmp(id.bytes, reader->commit.snapshot_id, sizeof(id.bytes)) != 0)
        return CORRUPT(reader, reader->commit_offset + offsetof(struct commit_header, snapshot_id), "COMMIT-9",
                       "the snapshot id is not the hash of the commit");
    return PECS_OK;
}

static pecs_status read_ends(struct reader *reader)
{
    if (reader->file_size < sizeof(struct file_header) + sizeof(struct file_footer))
        return CORRUPT(reader, reader->file_size, "FILE-2", "the file is too short to be a PECS file");
    pecs_status status = read_header(reader);
    if (!status)
        status = read_footer(reader);
    return status ? status : read_commit(reader);
}

static pecs_status read_file(struct reader *reader)
{
    pecs_status status = read_ends(reader);
    if (status || !reader->image)
        return status;
    for (uint32_t i = 0; !status && i < reader->segment_count; i++)
        status = read_segment(reader, i);
    if (!status)
        status = check_coverage(reader);
    if (!status && reader->file)
        status = check_snapshot_id(reader);
    if (!status && reader->file)
        status = agree_check(reader->state, reader->error);
    return status;
}

static void read_options(struct reader *reader, const pecs_load_options *options)
{
    if (options)
        reader->options = *options;
    reader->pool = reader->registry->pool;
    reader->span_limit = 1024 + (size_t)min_u64(reader->file_size / 2, SIZE_MAX / 2);
}

static pecs_status read_state(struct reader *reader, struct pecs_snapshot **ret_state)
{
    gate_init(&reader->gate, reader->pool);
    pecs_status status = state_create(reader->registry, &reader->state);
    if (status) {
        if (reader->image)
            node_release(reader->pool, &reader->image->node);
        gate_deinit(&reader->gate);
        return fail_memory(reader->error);
    }
    reader->state->image = reader->image;
    reader->gate.state_epoch = reader->gate.epoch; /* nobody else has it yet */
    status = read_file(reader);
    pool_release(reader->pool, reader->components, ((size_t)reader->type_count + 1) * sizeof(*reader->components));
    pool_release(reader->pool, reader->scratch, ((size_t)reader->type_count + 1) * sizeof(*reader->scratch));
    if (!reader->image)
        pool_release(reader->pool, reader->bytes, reader->part_bytes);
    gate_deinit(&reader->gate);
    if (status)
        state_release(reader->state);
    else
        *ret_state = reader->state;
    return status;
}

pecs_status reader_resume(pecs_registry *registry, struct image *image, const pecs_load_options *options,
                          struct pecs_snapshot **ret_state, pecs_error *error)
{
    struct reader reader = {
        .registry = registry,
        .image = image,
        .error = error,
        .file_size = image->size_bytes,
        .bytes = image->bytes,
    };
    read_options(&reader, options);
    return read_state(&reader, ret_state);
}

pecs_status reader_load(pecs_registry *registry, const struct os_file *file, const char *path, struct image *image,
                        const pecs_load_options *options, struct pecs_snapshot **ret_state, pecs_error *error)
{
    struct reader reader = {
        .registry = registry,
        .image = image,
        .file = file,
        .path = path,
        .error = error,
        .file_size = image->size_bytes,
        .bytes = image->bytes,
    };
    read_options(&reader, options);
    return read_state(&reader, ret_state);
}

pecs_status reader_inspect(pecs_registry *registry, const struct os_file *file, const char *path,
                           const pecs_load_options *options, struct reader_facts *ret_facts,
                           struct pecs_snapshot **ret_state, pecs_error *error)
{
    struct reader reader = {
        .registry = registry,
        .file = file,
        .path = path,
        .error = error,
        .file_size = file->size_bytes,
    };
    read_options(&reader, options);
    const pecs_status status = read_state(&reader, ret_state);
    if (status)
        return status;
    *ret_facts = (struct reader_facts){
        .version = le32_load(reader.header.version),
        .optional_features = le64_load(reader.header.optional_features),
        .wall_clock_ns = le64_load(reader.commit.wall_clock),
    };
    memcpy(ret_facts->snapshot_id.bytes, reader.commit.snapshot_id, sizeof(pecs_id));
    memcpy(ret_facts->parent_id.bytes, reader.commit.parent_id, sizeof(pecs_id));
    return PECS_OK;
}
