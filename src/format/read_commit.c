/*
 * The commit of a file: what its state is, but for where the values lie. `offset` walks through its sections, and each
 * checks that it fits what is left.
 */
#include "bits.h"
#include "catalog.h"
#include "hash.h"
#include "identity.h"
#include "reader_parts.h"
#include "typecode.h"
#include "utf8.h"

static_assert((int)FORMAT_INDEX_SHIFT == (int)CHUNK_SHIFT, "the chunks of the index are those of the format");

static pecs_status read_commit_header(struct reader *reader)
{
    struct commit_header *commit = &reader->commit;
    const uint64_t place = reader->commit_offset;
    memcpy(commit, at(reader, place), sizeof(*commit));
    if (BREAKS("COMMIT-1", memcmp(commit->magic, FORMAT_COMMIT_MAGIC, sizeof(commit->magic)) != 0))
        return CORRUPT(reader, place, "COMMIT-1", "the commit does not begin with its magic");
    reader->type_count = le32_load(commit->type_count);
    reader->table_count = le32_load(commit->table_count);
    reader->segment_count = le32_load(commit->segment_count);
    const uint64_t entities = le64_load(commit->entity_count), slots = le64_load(commit->slot_count);
    if (BREAKS("COMMIT-2", slots > SLOT_COUNT_MAX || le64_load(commit->free_count) > slots ||
                               entities > slots - le64_load(commit->free_count) ||
                               le64_load(commit->tick) - 1 >= TICK_MAX || reader->segment_count != 1))
        return CORRUPT(reader, place + offsetof(struct commit_header, segment_count), "COMMIT-2",
                       "the commit's counts of segments, slots, free slots and entities cannot be");
    const bool known = le32_load(reader->header.flags) & HEADER_COUNTS_KNOWN;
    if (BREAKS("HEADER-6", known && (le64_load(reader->header.entity_count) != entities ||
                                     le32_load(reader->header.type_count) != reader->type_count)))
        return CORRUPT(reader, offsetof(struct file_header, entity_count), "HEADER-6",
                       "the header's counts are not those of the commit");
    const bool has_retired = le64_load(reader->header.required_features) & FEATURE_RETIRED;
    if (BREAKS("COMMIT-3",
               !is_reserved(reader, commit->zero, sizeof(commit->zero)) ||
                   (!has_retired && !is_reserved(reader, commit->retired_count.bytes, sizeof(commit->retired_count))) ||
                   !is_reserved(reader, commit->parent_id, sizeof(commit->parent_id))))
        return CORRUPT(reader, place + offsetof(struct commit_header, parent_id), "COMMIT-3",
                       "a reserved byte of the commit is set");
    reader->metadata_size = le64_load(commit->metadata_size);
    if (BREAKS("META-1", reader->metadata_size % 8 || reader->metadata_size > FORMAT_METADATA_MAX ||
                             reader->metadata_size > reader->commit_end - place - sizeof(*commit)))
        return CORRUPT(reader, place + offsetof(struct commit_header, metadata_size), "META-1",
                       "the commit's metadata cannot have that size");
    if (reader->options.max_entities && entities > reader->options.max_entities)
        return fail(reader->error, PECS_E_LIMIT, "the file has %" PRIu64 " entities; the limit is %" PRIu64, entities,
                    reader->options.max_entities);
    if (reader->options.max_types && reader->type_count > reader->options.max_types)
        return fail(reader->error, PECS_E_LIMIT, "the file has %u component types; the limit is %u", reader->type_count,
                    reader->options.max_types);
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
    char text[sizeof(reader->error->message)];
    typecode_compare(at(reader, offset), own->bytes, text, sizeof(text));
    return fail_rule(reader->error, PECS_E_LAYOUT, offset, "TYPE-4", "%s", text);
}

/* A type that the registry lacks: described, checked as the program's are, and kept with the state. */
static pecs_status keep_type(struct reader *reader, uint64_t offset, uint64_t size, struct unknown_type **ret_kept)
{
    struct unknown_types *unknown = reader->state->unknown;
    uint32_t name_size;
    const char *name = typecode_name(at(reader, offset), &name_size);
    if (BREAKS("TYPE-6", name_is_reserved(name, name_size)))
        return fail_rule(reader->error, PECS_E_UNSUPPORTED, offset, "TYPE-6",
                         "the type '%.*s' is of the format, but not one that this library knows", (int)name_size, name);
    if (BREAKS("TYPE-3", reader->options.refuse_unknown))
        return fail_rule(reader->error, PECS_E_UNSUPPORTED, offset, "TYPE-3",
                         "the file has components of type '%.*s', which is not registered", (int)name_size, name);
    if (reader->registry->id_component + unknown->count == TYPES_MAX)
        return fail(reader->error, PECS_E_LIMIT, "with those that are not registered there are more than %d types",
                    TYPES_MAX);
    struct unknown_type *kept = &unknown->types[unknown->count];
    kept->description_bytes = typecode_parse_bytes((size_t)size);
    kept->description = pool_allocate(reader->pool, kept->description_bytes);
    if (!kept->description)
        return fail_memory(reader->error);
    const pecs_type *type = typecode_parse(at(reader, offset), (size_t)size, kept->description);
    pecs_error why = { .message = "" };
    const pecs_status status = component_init(&kept->component, type, reader->pool, &why);
    if (status) {
        pool_release(reader->pool, kept->description, kept->description_bytes);
        if (status == PECS_E_MEMORY)
            return fail_memory(reader->error);
        if (BREAKS("TYPE-5", status == PECS_E_UNSUPPORTED))
            return fail_rule(reader->error, status, offset, "TYPE-5", "%s", why.message);
        return CORRUPT(reader, offset, BREAKS("TYPE-1", true) ? "TYPE-1" : "", "%s", why.message);
    }
    unknown->count++;
    *ret_kept = kept;
    return PECS_OK;
}

/* The number of a type that the registry lacks. Its record is what makes it the same type in another file. */
static pecs_status number_type(struct reader *reader, struct builder *record, pecs_component *ret_number)
{
    memset(record->bytes + offsetof(struct type_record, number), 0, sizeof(le32)); /* this is the file's */
    const pecs_id fingerprint = hash128_seeded(record->bytes, record->size_bytes, pool_secret(reader->pool));
    const pecs_status status = number_table_give(&reader->registry->numbers, reader->pool, fingerprint, ret_number);
    return status == PECS_E_LIMIT ? fail(reader->error, status,
                                         "the registry has no number left for a type that is not registered: "
                                         "make another registry")
           : status               ? fail_memory(reader->error)
                                  : PECS_OK;
}

/* Finds the type of a record, in the registry or beside it, and compares the two: no byte may be told otherwise. */
static pecs_status match_type(struct reader *reader, uint64_t offset, uint64_t size, uint32_t number)
{
    struct type_record record;
    memcpy(&record, at(reader, offset), sizeof(record));
    pecs_id id;
    memcpy(id.bytes, record.id, sizeof(id.bytes));
    pecs_status status = PECS_OK;
    struct unknown_type *kept = NULL;
    pecs_component *component = &reader->components[number];
    const bool is_known = registry_find(reader->registry, id, component) == PECS_OK;
    if (!is_known)
        status = keep_type(reader, offset, size, &kept);
    if (status)
        return status;
    struct builder own = { .pool = reader->pool };
    typecode_write(&own, kept ? &kept->component : registry_component(reader->registry, *component), number);
    const bool is_same =
        !own.failed && own.size_bytes == size && memcmp(own.bytes, at(reader, offset), (size_t)size) == 0;
    if (own.failed)
        status = fail_memory(reader->error);
    else if (BREAKS(is_known ? "TYPE-4" : "TYPE-1", !is_same))
        status = is_known ? fail_layout(reader, offset, &own)
                          : CORRUPT(reader, offset, "TYPE-1", "type record %u has numbers that mean nothing", number);
    else if (kept && !(status = number_type(reader, &own, &kept->number)))
        *component = kept->number;
    builder_deinit(&own);
    return status;
}

static pecs_status read_types(struct reader *reader, uint64_t *offset)
{
    reader->types_offset = *offset;
    if (BREAKS("TYPE-1", reader->type_count > (reader->commit_end - *offset) / sizeof(struct type_record)))
        return CORRUPT(reader, *offset, "TYPE-1", "the commit is too short for its types");
    reader->components = pool_allocate(reader->pool, ((size_t)reader->type_count + 1) * sizeof(*reader->components));
    reader->scratch = pool_allocate(reader->pool, ((size_t)reader->type_count + 1) * sizeof(*reader->scratch));
    reader->state->unknown = unknown_types_create(reader->pool, (uint32_t)min_u64(reader->type_count, TYPES_MAX));
    if (!reader->components || !reader->scratch || !reader->state->unknown)
        return fail_memory(reader->error);
    uint64_t previous = 0;
    for (uint32_t i = 0; i < reader->type_count; i++) {
        const uint64_t size = type_record_size(reader, *offset, reader->commit_end);
        if (BREAKS("TYPE-1", !size || !typecode_is_well_formed(at(reader, *offset), (size_t)size)))
            return CORRUPT(reader, *offset, "TYPE-1", "type record %u does not hold together", i);
        const uint64_t id = *offset + offsetof(struct type_record, id);
        if (BREAKS("TYPE-2", le32_at(reader, *offset + offsetof(struct type_record, number)) != i ||
                                 (i ? memcmp(at(reader, previous), at(reader, id), sizeof(pecs_id)) >= 0
                                    : is_zero(at(reader, id), sizeof(pecs_id)))))
            return CORRUPT(reader, *offset, "TYPE-2", "types are not numbered in ascending order of their ids");
        previous = id;
        const pecs_status status = match_type(reader, *offset, size, i);
        if (status)
            return status;
        *offset += size;
    }
    unknown_types_sort(reader->state->unknown);
    if (!reader->state->unknown->count) { /* as in states that come from no file */
        node_release(reader->pool, &reader->state->unknown->node);
        reader->state->unknown = NULL;
    }
    reader->bits = pool_allocate(reader->pool, bits_words(state_component_count(reader->state)) * sizeof(uint64_t));
    return reader->bits ? PECS_OK : fail_memory(reader->error);
}

/* The components of a table record, ascending, in `scratch`. */
static pecs_status map_components(struct reader *reader, uint64_t offset, uint32_t number, uint32_t count)
{
    const size_t words = bits_words(state_component_count(reader->state));
    uint32_t last = 0;
    memset(reader->bits, 0, words * sizeof(*reader->bits));
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t type = le32_at(reader, offset + sizeof(struct table_record) + i * sizeof(le32));
        if (BREAKS("TABLE-3", type >= reader->type_count || (i && type <= last)))
            return CORRUPT(reader, offset, "TABLE-3", "table %u: its types are not numbers of types, ascending",
                           number);
        last = type;
        bits_set(reader->bits, state_place(reader->state, reader->components[type]));
    }
    state_list_places(reader->state, reader->bits, words, reader->scratch);
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
    if (BREAKS("TABLE-1", left < sizeof(record)))
        return CORRUPT(reader, *offset, "TABLE-1", "the commit is too short for its tables");
    memcpy(&record, at(reader, *offset), sizeof(record));
    const uint32_t count = le32_load(record.component_count), flags = le32_load(record.flags),
                   shift = le32_load(record.chunk_shift);
    const uint64_t size = format_table_bytes(count), used = sizeof(record) + (uint64_t)count * sizeof(le32);
    if (BREAKS("TABLE-1", count > reader->type_count || size > left ||
                              !is_zero(at(reader, *offset + used), (size_t)(size - used))))
        return CORRUPT(reader, *offset, "TABLE-1", "the record of table %u does not hold together", number);
    if (BREAKS("TABLE-2", le32_load(record.number) != number || shift > FORMAT_CHUNK_SHIFT_MAX))
        return CORRUPT(reader, *offset, "TABLE-2", "table %u: its number or chunk size cannot be", number);
    if (BREAKS("TABLE-7", flags & ~(uint32_t)TABLE_SINGLETONS))
        return fail_rule(reader->error, PECS_E_UNSUPPORTED, *offset, "TABLE-7",
                         "table %u has the flags %#x, which this library does not know", number, flags);
    pecs_status status = map_components(reader, *offset, number, count);
    if (status)
        return status;
    const bool is_singleton = flags & TABLE_SINGLETONS;
    const uint64_t hash = archetype_set_hash(pool_secret(reader->pool), reader->scratch, count, is_singleton);
    if (BREAKS("TABLE-4", catalog_find(sets, reader->scratch, count, is_singleton, hash) != NO_TABLE))
        return CORRUPT(reader, *offset, "TABLE-4", "table %u has the components of another", number);
    if (BREAKS("TABLE-6", is_singleton && has_component(reader->scratch, count, reader->registry->id_component)))
        return CORRUPT(reader, *offset, "TABLE-6", "table %u: the world itself has no explicit id", number);
    struct archetype *archetype =
        archetype_create(reader->registry, reader->state->unknown, reader->scratch, count, is_singleton);
    uint32_t added;
    if (!archetype)
        return fail_memory(reader->error);
    reader->chunk_shifts[number] = (uint8_t)shift;
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
    pecs_status status = catalog_init(&sets, reader->registry, reader->state->unknown);
    if (status)
        return fail_memory(reader->error);
    for (uint32_t i = 0; !status && i < reader->table_count; i++)
        status = pool_reserve(reader->pool, (void **)&reader->chunk_shifts, &reader->chunk_shift_capacity,
                              (size_t)i + 1, sizeof(*reader->chunk_shifts))
                     ? read_table(reader, i, offset, &sets)
                     : fail_memory(reader->error);
    catalog_deinit(&sets, reader->pool);
    return status;
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
        const struct table *table = reader_table(reader, i);
        if (archetype_find(table->archetype, reader->registry->id_component) != NO_COLUMN)
            reader->id_count += table->row_count;
    }
}

static pecs_status read_row_counts(struct reader *reader, uint64_t *offset)
{
    if (BREAKS("COMMIT-4", reader->table_count > (reader->commit_end - *offset) / sizeof(le64)))
        return CORRUPT(reader, *offset, "COMMIT-4", "the commit is too short for its row counts");
    const uint64_t entities = le64_load(reader->commit.entity_count);
    const uint32_t singletons = le32_load(reader->commit.singleton_table);
    uint64_t total = 0;
    for (uint32_t i = 0; i < reader->table_count; i++, *offset += sizeof(le64)) {
        struct table *table = reader_table(reader, i);
        table->row_count = le64_at(reader, *offset);
        const bool is_singleton = table->archetype->is_singleton;
        if (BREAKS("TABLE-5",
                   is_singleton ? table->row_count != (i == singletons) : table->row_count > entities - total))
            return CORRUPT(reader, *offset, "TABLE-5", "table %u cannot have %" PRIu64 " rows", i, table->row_count);
        total += is_singleton ? 0 : table->row_count;
        const pecs_status status = set_runs(reader, table);
        if (status)
            return status;
    }
    const bool names_one =
        singletons < reader->table_count && reader_table(reader, singletons)->archetype->is_singleton;
    if (BREAKS("COMMIT-5", total != entities || (singletons != FORMAT_NONE && !names_one)))
        return CORRUPT(reader, reader->commit_offset + offsetof(struct commit_header, singleton_table), "COMMIT-5",
                       "the tables' rows are not the commit's entities and singletons");
    return PECS_OK;
}

static pecs_status read_sessions(struct reader *reader, uint64_t *offset)
{
    const uint32_t count = le32_load(reader->commit.session_count);
    if (BREAKS("COMMIT-6", count > (reader->commit_end - *offset) / sizeof(le64) ||
                               (!count && le64_load(reader->commit.slot_count) != 0)))
        return CORRUPT(reader, *offset, "COMMIT-6", "the commit's sessions cannot be");
    struct sessions *sessions = count ? sessions_create(reader->pool, count, 0) : NULL;
    if (count && !sessions)
        return fail_memory(reader->error);
    reader->state->sessions = sessions;
    reader->state->session = count ? count - 1 : 0;
    for (uint32_t i = 0; i < count; i++, *offset += sizeof(le64)) {
        const uint64_t nonce = le64_at(reader, *offset);
        sessions->heads[i] = identity_head(nonce);
        if (BREAKS("COMMIT-6", nonce >> 60))
            return CORRUPT(reader, *offset, "COMMIT-6", "a session's nonce has more than 60 bits");
    }
    return PECS_OK;
}

/*
 * The first free count that is larger than its chunk, or chunk_count. Resume does this for every chunk: no branch in
 * it.
 */
static uint64_t find_excess(const struct table *index, const le32 *counts, uint64_t chunk_count)
{
    uint32_t found = 0;
    for (uint64_t i = 0; i < chunk_count; i++)
        found |= le32_load(counts[i]) > 1u << FORMAT_INDEX_SHIFT;
    if (!found && (!chunk_count || le32_load(counts[chunk_count - 1]) <= table_live_rows(index, chunk_count - 1)))
        return chunk_count;
    uint64_t place = 0;
    while (le32_load(counts[place]) <= table_live_rows(index, place))
        place++;
    return place;
}

static pecs_status read_free_counts(struct reader *reader, uint64_t *offset)
{
    struct table *index = (struct table *)reader->state->index.root.node;
    index->row_count = le64_load(reader->commit.slot_count);
    const uint64_t chunks = table_chunk_count(index);
    const uint64_t used = chunks * sizeof(le32), left = reader->commit_end - reader->metadata_size - *offset;
    const uint64_t size = align_up(used, 8);
    const bool has_retired = le64_load(reader->header.required_features) & FEATURE_RETIRED;
    if (BREAKS("COMMIT-7", *offset > reader->commit_end - reader->metadata_size ||
                               (has_retired ? size > left : size != left) ||
                               !is_zero(at(reader, *offset + used), (size_t)(size - used))))
        return CORRUPT(reader, *offset, "COMMIT-7", "the commit does not end after its free counts");
    const pecs_status status = set_runs(reader, index);
    if (status)
        return status;
    const le32 *counts = (const le32 *)at(reader, *offset);
    uint64_t total = 0;
    for (uint64_t i = 0; i < chunks; i++)
        total += le32_load(counts[i]);
    const uint64_t excess = find_excess(index, counts, chunks);
    if (BREAKS("COMMIT-8", excess < chunks))
        return CORRUPT(reader, *offset + excess * sizeof(le32), "COMMIT-8", "a free count is larger than its chunk");
    if (BREAKS("COMMIT-8", total != le64_load(reader->commit.free_count)))
        return CORRUPT(reader, *offset, "COMMIT-8", "the free counts do not sum up to the commit's");
    if (index->runs)
        index->runs->free_counts = counts;
    *offset += size;
    return PECS_OK;
}

/* An entry of the metadata; the next one begins behind it. key has room for META_KEY_MAX bytes and a zero. */
static pecs_status read_meta(struct reader *reader, uint64_t *offset, uint64_t end, char *key,
                             struct pecs_meta *ret_entry)
{
    struct meta_record record = { .kind = le32_make(0) };
    const uint64_t left = end - *offset;
    if (left >= sizeof(record))
        memcpy(&record, at(reader, *offset), sizeof(record));
    const uint32_t kind = le32_load(record.kind), key_size = le32_load(record.key_size);
    const uint64_t value_size = le64_load(record.value_size), used = sizeof(record) + key_size + value_size;
    const char *name = (const char *)at(reader, *offset + sizeof(record));
    if (BREAKS("META-2", (kind != META_TEXT && kind != META_BYTES) || key_size > META_KEY_MAX ||
                             value_size > FORMAT_METADATA_MAX || align_up(used, 8) > left ||
                             !component_name_is_valid(name, key_size) ||
                             !is_zero(at(reader, *offset + used), (size_t)(align_up(used, 8) - used))))
        return CORRUPT(reader, *offset, "META-2", "an entry of the metadata does not hold together");
    memcpy(key, name, key_size);
    key[key_size] = 0;
    const char *value = name + key_size;
    if (BREAKS("META-4", kind == META_TEXT && !utf8_is_text(value, (size_t)value_size)))
        return CORRUPT(reader, *offset + sizeof(record) + key_size, "META-4", "the text of '%s' is not UTF-8", key);
    *ret_entry =
        (struct pecs_meta){ key, kind == META_TEXT ? PECS_META_TEXT : PECS_META_BYTES, value, (size_t)value_size };
    *offset += align_up(used, 8);
    return PECS_OK;
}

/* The entries from offset to the end. keys has room for their keys, each with a zero. */
static pecs_status read_entries(struct reader *reader, uint64_t offset, uint64_t end, char *keys,
                                struct pecs_meta *entries, uint32_t *ret_count)
{
    uint32_t count = 0;
    for (; offset < end; count++) {
        const uint64_t place = offset;
        const pecs_status status = read_meta(reader, &offset, end, keys, &entries[count]);
        if (status)
            return status;
        if (BREAKS("META-3", count && strcmp(entries[count - 1].key, keys) >= 0))
            return CORRUPT(reader, place, "META-3", "the keys of the metadata do not ascend");
        keys += strlen(keys) + 1;
    }
    *ret_count = count;
    return PECS_OK;
}

/* `size` bytes of records; none for no bytes. */
static pecs_status read_metadata(struct reader *reader, uint64_t offset, uint64_t size, struct metadata **ret_metadata)
{
    /* a record has at least 24 bytes with its key */
    const size_t most = (size_t)(size / (sizeof(struct meta_record) + 8));
    if (!size)
        return PECS_OK;
    struct pecs_meta *entries = pool_allocate(reader->pool, (most + 1) * sizeof(*entries));
    char *keys = pool_allocate(reader->pool, (size_t)size + 1);
    uint32_t count = 0;
    pecs_status status;
    if (!entries || !keys)
        status = fail_memory(reader->error);
    else
        status = read_entries(reader, offset, offset + size, keys, entries, &count);
    if (!status && !(*ret_metadata = metadata_create(reader->pool, entries, count)))
        status = fail_memory(reader->error);
    pool_release(reader->pool, keys, (size_t)size + 1);
    pool_release(reader->pool, entries, (most + 1) * sizeof(*entries));
    return status;
}

pecs_status reader_read_file_metadata(struct reader *reader, struct metadata **ret_metadata)
{
    if (!has_file_metadata(reader))
        return PECS_OK;
    const uint64_t offset = format_file_metadata_offset(reader->commit_end);
    const uint64_t size = le64_load(reader->footer.file_metadata_size),
                   field = offsetof(struct file_footer, file_metadata_size);
    if (BREAKS("META-5", size % 8 || size <= sizeof(le64) || size > FORMAT_METADATA_MAX + sizeof(le64) ||
                             !range_fits(offset, size, reader->footer_offset)))
        return CORRUPT(reader, reader->footer_offset + field, "META-5",
                       "the file's metadata does not lie between commit and footer");
    const uint64_t limit = reader->options.max_info_bytes, commit_size = reader->commit_end - reader->commit_offset;
    if (!reader->image && size > limit - commit_size)
        return fail(reader->error, PECS_E_LIMIT,
                    "commit and metadata of the file have %" PRIu64 " bytes; the limit is %" PRIu64, commit_size + size,
                    limit);
    const pecs_status status = reader_fetch(reader, offset, size);
    if (status)
        return status;
    const uint64_t end = offset + size - sizeof(le64);
    if (BREAKS("META-6", le64_at(reader, end) != hash64(at(reader, offset), (size_t)(end - offset))))
        return CORRUPT(reader, end, "META-6", "the checksum of the file's metadata is wrong");
    return read_metadata(reader, offset, end - offset, ret_metadata);
}

pecs_status reader_read_commit(struct reader *reader)
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
    if (BREAKS("SEGMENT-1",
               !status && reader->segment_count > (reader->commit_end - offset) / sizeof(struct segment_record)))
        return CORRUPT(reader, offset, "SEGMENT-1", "the commit is too short for its segments");
    offset += (uint64_t)reader->segment_count * sizeof(struct segment_record);
    if (!status)
        status = read_sessions(reader, &offset);
    if (!status)
        status = read_free_counts(reader, &offset);
    if (!status)
        status = reader_read_retired(reader, &offset);
    if (!status)
        status = read_metadata(reader, offset, reader->metadata_size, &reader->state->metadata);
    struct pecs_snapshot *state = reader->state;
    state->entity_count = le64_load(reader->commit.entity_count);
    state->free_count = le64_load(reader->commit.free_count);
    state->tick = le64_load(reader->commit.tick);
    state->singleton_table = le32_load(reader->commit.singleton_table);
    return status;
}
