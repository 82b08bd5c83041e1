/*
 * Parses the commit: the description of the state except for the offsets of values. `parser.offset` advances through
 * the sections; each checks that it fits the remaining bytes.
 */
#include "hash.h"
#include "parse.h"
#include "table.h"
#include "typecode.h"

static_assert((int)FORMAT_INDEX_SHIFT == (int)INDEX_SHIFT, "the chunks of the index are those of the format");

pecs_status parse_commit_header(struct parser *parser, const struct model_limits *limits)
{
    struct model *model = parser->model;
    pecs_error *error = parser->error;
    struct commit_header commit;
    const uint64_t place = parser->first_offset;
    memcpy(&commit, parser->bytes, sizeof(commit));
    RULE(error, "COMMIT-1", memcmp(commit.magic, FORMAT_COMMIT_MAGIC, sizeof(commit.magic)) != 0, place,
         "the commit does not begin with its magic");
    model->type_count = le32_load(commit.type_count);
    model->table_count = le32_load(commit.table_count);
    model->parts.segment_count = le32_load(commit.segment_count);
    model->session_count = le32_load(commit.session_count);
    model->singleton_table = le32_load(commit.singleton_table);
    model->slot_count = le64_load(commit.slot_count);
    model->free_count = le64_load(commit.free_count);
    model->entity_count = le64_load(commit.entity_count);
    model->tick = le64_load(commit.tick);
    model->wall_clock_ns = le64_load(commit.wall_clock);
    model->metadata_size = le64_load(commit.metadata_size);
    model->retired_count = le64_load(commit.retired_count);
    memcpy(model->snapshot_id.bytes, commit.snapshot_id, sizeof(model->snapshot_id));
    RULE(error, "COMMIT-2",
         model->slot_count > SLOT_COUNT_MAX || model->free_count > model->slot_count ||
             model->entity_count > model->slot_count - model->free_count || model->tick - 1 >= TICK_MAX ||
             (model_has_segments(model) ? !model->parts.segment_count : model->parts.segment_count != 1),
         place + offsetof(struct commit_header, segment_count),
         "the commit's counts of segments, slots, free slots and entities are impossible");
    size_t set = PARSER_FIND_SET(parser, commit, parent_id);
    if (!set && !model_has_retired(model))
        set = PARSER_FIND_SET(parser, commit, retired_count);
    if (!set)
        set = PARSER_FIND_SET(parser, commit, zero);
    RULE(error, "COMMIT-3", set, place + set, "a reserved byte of the commit is set");
    RULE(error, "META-1",
         model->metadata_size % 8 || model->metadata_size > FORMAT_METADATA_MAX ||
             model->metadata_size > parser_left(parser) - sizeof(commit),
         place + offsetof(struct commit_header, metadata_size), "the commit's metadata cannot have that size");
    parser->offset += sizeof(commit);
    if (limits->max_entities && model->entity_count > limits->max_entities)
        return fail(error, PECS_E_LIMIT, "the file has %" PRIu64 " entities; the limit is %" PRIu64,
                    model->entity_count, limits->max_entities);
    if (limits->max_types && model->type_count > limits->max_types)
        return fail(error, PECS_E_LIMIT, "the file has %u component types; the limit is %u", model->type_count,
                    limits->max_types);
    return PECS_OK;
}

/* Returns the size of the next type record; 0 if the record exceeds the part. */
static uint32_t parse_record_size(const struct parser *parser)
{
    if (parser_left(parser) < sizeof(struct type_record))
        return 0;
    const uint32_t size = parser_le32(parser, parser->offset);
    return size < sizeof(struct type_record) || size > parser_left(parser) || size % 8 ? 0 : size;
}

static pecs_status parse_type(struct parser *parser, uint32_t number)
{
    const struct model_type *before = number ? &parser->model->types[number - 1] : NULL;
    struct model_type *type = &parser->model->types[number];
    static const pecs_id zero;
    struct type_record record;
    const uint64_t place = parser->offset;
    const uint32_t size = parse_record_size(parser);
    const pecs_status form = size ? typecode_check_form(parser_at(parser, place), size) : PECS_E_CORRUPT;
    RULE_AS(PECS_E_UNSUPPORTED, parser->error, "TYPE-7", form == PECS_E_UNSUPPORTED, place,
            "type record %u has a field of a kind that this library does not know", number);
    RULE(parser->error, "TYPE-1", form, place, "type record %u is malformed", number);
    memcpy(&record, parser_at(parser, place), sizeof(record));
    *type = (struct model_type){ parser_at(parser, place),
                                 size,
                                 le32_load(record.value_size),
                                 place,
                                 zero,
                                 typecode_has_contents(parser_at(parser, place), size) };
    memcpy(type->id.bytes, record.id, sizeof(type->id));
    RULE(parser->error, "TYPE-2",
         le32_load(record.number) != number || memcmp(before ? &before->id : &zero, &type->id, sizeof(zero)) >= 0,
         place, "types are not numbered in ascending order of their ids");
    RULE_AS(PECS_E_UNSUPPORTED, parser->error, "TYPE-5", type->has_contents && !model_has_contents(parser->model),
            place, "type %u has strings, blobs or lists, but the file no heap", number);
    parser->offset += size;
    return PECS_OK;
}

pecs_status parse_types(struct parser *parser, uint32_t first)
{
    struct model *model = parser->model;
    RULE(parser->error, "TYPE-1", model->type_count - first > parser_left(parser) / sizeof(struct type_record),
         parser->offset, "the records are too short for the types");
    if (!pool_reserve(model->pool, (void **)&model->types, &model->type_capacity, (size_t)model->type_count + 1,
                      sizeof(*model->types)))
        return fail_memory(parser->error);
    pecs_status status = PECS_OK;
    for (uint32_t i = first; !status && i < model->type_count; i++)
        status = parse_type(parser, i);
    return status;
}

static void parse_forget_sets(struct model *model)
{
    pool_release(model->pool, model->sets.buckets, model->sets.count * sizeof(*model->sets.buckets));
    model->sets = (struct model_sets){ NULL, 0, 0 };
}

static uint64_t parse_first_bucket(const struct model *model, const struct model_table *table)
{
    const size_t bytes = table->type_count * sizeof(le32);
    return hash64_seeded(table->types, bytes, pool_secret(model->pool)) + table->is_singleton;
}

/* Returns false if the set is a duplicate. */
static bool parse_add_set(struct model_sets *sets, const struct model *model, uint32_t number)
{
    const struct model_table *table = &model->tables[number];
    const size_t bytes = table->type_count * sizeof(le32);
    for (uint64_t bucket = parse_first_bucket(model, table);; bucket++) {
        uint32_t *place = &sets->buckets[bucket & (sets->count - 1)];
        const struct model_table *other = *place == FORMAT_NONE ? NULL : &model->tables[*place];
        if (!other) {
            *place = number;
            sets->end = number + 1;
            return true;
        }
        if (other->type_count == table->type_count && other->is_singleton == table->is_singleton &&
            memcmp(other->types, table->types, bytes) == 0)
            return false;
    }
}

/* The last one that was added is behind no other one in its bucket, so its place can be empty again. */
static void parse_drop_last_set(struct model *model)
{
    struct model_sets *sets = &model->sets;
    uint64_t bucket = parse_first_bucket(model, &model->tables[--sets->end]);
    while (sets->buckets[bucket & (sets->count - 1)] != sets->end)
        bucket++;
    sets->buckets[bucket & (sets->count - 1)] = FORMAT_NONE;
}

void parse_drop_tables(struct parser *parser, uint32_t first)
{
    while (parser->model->sets.end > first)
        parse_drop_last_set(parser->model);
    parser->model->table_count = first;
}

/* Makes room for the sets of so many tables, of which the first ones have been added. It doubles, or stays. */
static pecs_status parse_reserve_sets(struct model *model, uint32_t first, size_t table_count)
{
    struct model_sets wider = { .count = 2 };
    if (model->sets.count >= 2 * table_count)
        return PECS_OK;
    while (wider.count < 2 * table_count)
        wider.count *= 2;
    wider.buckets = pool_allocate(model->pool, wider.count * sizeof(*wider.buckets));
    if (!wider.buckets)
        return PECS_E_MEMORY;
    memset(wider.buckets, 0xff, wider.count * sizeof(*wider.buckets));
    for (uint32_t i = 0; i < first; i++)
        (void)parse_add_set(&wider, model, i);
    parse_forget_sets(model);
    model->sets = wider;
    return PECS_OK;
}

static bool parse_types_ascend(const struct model *model, const struct model_table *table)
{
    for (uint32_t i = 0; i < table->type_count; i++) {
        const uint32_t type = le32_load(table->types[i]);
        if (type >= model->type_count || (i && type <= le32_load(table->types[i - 1])))
            return false;
    }
    return true;
}

static bool parse_types_are_there(const struct model *model, const struct model_table *table)
{
    for (uint32_t i = 0; i < table->type_count; i++)
        if (le32_load(table->types[i]) >= model->type_count)
            return false;
    return true;
}

/* The library's own type, whose values are explicit ids; FORMAT_NONE: the file has none. Types ascend by their ids. */
static uint32_t parse_find_id_type(const struct model *model)
{
    const pecs_id id = component_name_id(ID_TYPE_NAME);
    uint32_t low = 0, high = model->type_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (memcmp(&model->types[middle].id, &id, sizeof(id)) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < model->type_count && memcmp(&model->types[low].id, &id, sizeof(id)) == 0 ? low : FORMAT_NONE;
}

static uint32_t parse_choose_shift(const struct model *model, const struct model_table *table)
{
    uint64_t widest = sizeof(pecs_entity);
    for (uint32_t i = 0; i < table->type_count; i++)
        widest = max_u64(widest, model->types[le32_load(table->types[i])].value_size);
    return archetype_choose_chunk_shift((uint32_t)widest);
}

static pecs_status parse_table(struct parser *parser, uint32_t number, uint32_t id_type)
{
    struct model *model = parser->model;
    pecs_error *error = parser->error;
    struct table_record record;
    const uint64_t place = parser->offset;
    RULE(error, "TABLE-1", parser_left(parser) < sizeof(record), place, "the commit is too short for its tables");
    memcpy(&record, parser_at(parser, place), sizeof(record));
    const uint32_t count = le32_load(record.component_count), flags = le32_load(record.flags);
    const uint64_t size = format_table_bytes(count), used = sizeof(record) + (uint64_t)count * sizeof(le32);
    RULE(error, "TABLE-1",
         (count > model->type_count && !parser->is_part) || size > parser_left(parser) ||
             !bytes_are_zero(parser_at(parser, place + used), (size_t)(size - used)),
         place, "the record of table %u is malformed", number);
    RULE(error, "TABLE-2", le32_load(record.number) != number || le32_load(record.chunk_shift) > FORMAT_CHUNK_SHIFT_MAX,
         place, "table %u: its number or chunk size is invalid", number);
    RULE_AS(PECS_E_UNSUPPORTED, error, "TABLE-7", flags & ~(uint32_t)TABLE_SINGLETONS, place,
            "table %u has the flags %#x, which this library does not know", number, flags);
    struct model_table *table = &model->tables[number];
    *table = (struct model_table){
        .types = (const le32 *)(const void *)parser_at(parser, place + sizeof(record)),
        .type_count = count,
        .chunk_shift = le32_load(record.chunk_shift),
        .is_singleton = flags & TABLE_SINGLETONS,
        .offset = place,
    };
    if (parser->is_part && !parse_types_are_there(model, table))
        return fail(error, PECS_E_UNSUPPORTED,
                    "table %u has types of a later segment, so the file cannot be read in parts: load it", number);
    RULE(error, "TABLE-3", !parse_types_ascend(model, table), place,
         "table %u: its types are not numbers of types, ascending", number);
    RULE(error, "TABLE-4", !parse_add_set(&model->sets, model, number), place, "table %u has the components of another",
         number);
    table->has_ids = model_type_place(table, id_type) != FORMAT_NONE;
    table->state_shift = parse_choose_shift(model, table);
    RULE(error, "TABLE-6", table->is_singleton && table->has_ids, place,
         "table %u: the world itself has no explicit id", number);
    parser->offset += size;
    return PECS_OK;
}

pecs_status parse_tables(struct parser *parser, uint32_t first)
{
    struct model *model = parser->model;
    /* the record of one that has no room is refused when it is its turn */
    const uint64_t fits = first + parser_left(parser) / sizeof(struct table_record) + 1;
    const size_t count = (size_t)min_u64(model->table_count, fits);
    if (!pool_reserve(model->pool, (void **)&model->tables, &model->table_capacity, count + 1,
                      sizeof(*model->tables)) ||
        parse_reserve_sets(model, first, count))
        return fail_memory(parser->error);
    const uint32_t id_type = parse_find_id_type(model);
    pecs_status status = PECS_OK;
    for (uint32_t i = first; !status && i < model->table_count; i++)
        status = parse_table(parser, i, id_type);
    return status;
}

static pecs_status parse_row_counts(struct parser *parser)
{
    struct model *model = parser->model;
    RULE(parser->error, "COMMIT-4", model->table_count > parser_left(parser) / sizeof(le64), parser->offset,
         "the commit is too short for its row counts");
    uint64_t total = 0;
    for (uint32_t i = 0; i < model->table_count; i++, parser->offset += sizeof(le64)) {
        struct model_table *table = &model->tables[i];
        const uint64_t rows = table->row_count = parser_le64(parser, parser->offset);
        RULE(parser->error, "TABLE-5",
             table->is_singleton ? rows != (i == model->singleton_table) : rows > model->entity_count - total,
             parser->offset, "table %u cannot have %" PRIu64 " rows", i, rows);
        total += table->is_singleton ? 0 : rows;
        model->id_count += table->has_ids ? rows : 0;
        table->first_column = model->column_count;
        model->column_count += rows ? 1 + (size_t)table->type_count : 0;
    }
    const bool names_one =
        model->singleton_table < model->table_count && model->tables[model->singleton_table].is_singleton;
    RULE(parser->error, "COMMIT-5",
         total != model->entity_count || (model->singleton_table != FORMAT_NONE && !names_one),
         parser->first_offset + offsetof(struct commit_header, singleton_table),
         "the tables' rows are not the commit's entities and singletons");
    return PECS_OK;
}

static pecs_status parse_sessions(struct parser *parser)
{
    struct model *model = parser->model;
    RULE(parser->error, "COMMIT-6",
         model->session_count > parser_left(parser) / sizeof(le64) || (!model->session_count && model->slot_count != 0),
         parser->offset, "the number of the commit's sessions is impossible");
    model->nonces = (const le64 *)(const void *)parser_at(parser, parser->offset);
    for (uint32_t i = 0; i < model->session_count; i++, parser->offset += sizeof(le64))
        RULE(parser->error, "COMMIT-6", le64_load(model->nonces[i]) >> 60, parser->offset,
             "a session's nonce has more than 60 bits");
    return PECS_OK;
}

/*
 * The first free count that is larger than its chunk, or chunk_count. Resume does this for every chunk, so the loop is
 * free of branches.
 */
static uint64_t parse_find_excess(const struct model *model, uint64_t chunk_count)
{
    const le32 *counts = model->free_counts;
    const uint32_t chunk_slots = 1u << FORMAT_INDEX_SHIFT;
    uint32_t found = 0;
    for (uint64_t i = 0; i < chunk_count; i++)
        found |= le32_load(counts[i]) > chunk_slots;
    const uint64_t in_last = chunk_count ? model->slot_count - (chunk_count - 1) * chunk_slots : 0;
    if (!found)
        return chunk_count && le32_load(counts[chunk_count - 1]) > in_last ? chunk_count - 1 : chunk_count;
    uint64_t place = 0;
    while (le32_load(counts[place]) <= chunk_slots)
        place++;
    return place;
}

static pecs_status parse_free_counts(struct parser *parser)
{
    struct model *model = parser->model;
    const uint64_t chunks = format_chunk_count(model->slot_count, FORMAT_INDEX_SHIFT), used = chunks * sizeof(le32);
    const uint64_t metadata = parser->end - model->metadata_size, place = parser->offset;
    const uint64_t left = metadata - place, size = align_up(used, 8);
    RULE(parser->error, "COMMIT-7",
         place > metadata || (model_has_retired(model) ? size > left : size != left) ||
             !bytes_are_zero(parser_at(parser, place + used), (size_t)(size - used)),
         place, "the commit does not end after its free counts");
    model->free_counts_offset = place;
    model->free_counts = (const le32 *)(const void *)parser_at(parser, place);
    uint64_t total = 0;
    for (uint64_t i = 0; i < chunks; i++)
        total += le32_load(model->free_counts[i]);
    const uint64_t excess = parse_find_excess(model, chunks);
    RULE(parser->error, "COMMIT-8", excess < chunks, place + excess * sizeof(le32),
         "a free count is larger than its chunk");
    RULE(parser->error, "COMMIT-8", total != model->free_count, place, "the free counts do not sum up to the commit's");
    parser->offset += size;
    return PECS_OK;
}

static pecs_status parse_segment_records(struct parser *parser)
{
    struct model *model = parser->model;
    model->segment_offset = parser->offset;
    RULE(parser->error, "SEGMENT-1", model->parts.segment_count > parser_left(parser) / sizeof(struct segment_record),
         parser->offset, "the commit is too short for its segments");
    parser->offset += model->parts.segment_count * sizeof(struct segment_record);
    return PECS_OK;
}

pecs_status parse_commit_sections(struct parser *parser)
{
    struct model *model = parser->model;
    pecs_status status = parse_types(parser, 0);
    if (!status)
        status = parse_tables(parser, 0);
    parse_forget_sets(model);
    model->records_end = parser->offset;
    if (!status)
        status = parse_row_counts(parser);
    if (!status)
        status = parse_segment_records(parser);
    if (!status)
        status = parse_sessions(parser);
    if (!status)
        status = parse_free_counts(parser);
    if (!status && model_has_retired(model))
        status = parse_retired(parser, parser->end - model->metadata_size);
    return status ? status : parse_metadata(parser, model_has_attachments(model), &model->metadata);
}
