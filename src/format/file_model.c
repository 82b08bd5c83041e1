/*
 * Parses the two ends of a file: the header, and the footer that locates the commit. The parser trusts no number: it
 * checks each against the file's size or against a checked number. Memory use is bounded by the file's length.
 */
#include "file_model.h"

#include "buffer.h"
#include "hash.h"
#include "parse.h"

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "columns are used where they lie: big-endian hosts need a converting reader"
#endif

/* What else a file is, if it is one of the library's own texts. */
static const char *parse_foreign(const uint8_t *bytes, size_t size_bytes)
{
    static const char lock[] = "pecs lock ", mark[] = "\xEF\xBB\xBF";
    size_t at = size_bytes >= 3 && memcmp(bytes, mark, 3) == 0 ? 3 : 0;
    if (size_bytes >= sizeof(lock) - 1 && memcmp(bytes, lock, sizeof(lock) - 1) == 0)
        return ": it is a lock of types, which `pecs schema check` compares with a save";
    while (at < size_bytes && (bytes[at] == ' ' || (bytes[at] >= '\t' && bytes[at] <= '\r')))
        at++;
    return at < size_bytes && bytes[at] == '{'
               ? ": it begins like a JSON document, from which `pecs convert` makes a PECS file"
               : "";
}

pecs_status parse_header(struct parser *parser, struct file_header *ret_header)
{
    struct model *model = parser->model;
    pecs_error *error = parser->error;
    struct file_header header;
    const pecs_status status = parser_get(parser, 0, sizeof(header));
    if (status)
        return status;
    memcpy(&header, parser->bytes, sizeof(header));
    RULE(error, "HEADER-1", memcmp(header.magic, FORMAT_HEADER_MAGIC, sizeof(header.magic)) != 0, 0,
         "this is not a PECS file%s", parse_foreign(parser->bytes, sizeof(header)));
    model->version = le32_load(header.version);
    RULE_AS(PECS_E_UNSUPPORTED, error, "HEADER-2", model->version != FORMAT_VERSION,
            offsetof(struct file_header, version), "the file has format version %u; this library reads version %u",
            model->version, FORMAT_VERSION);
    RULE(error, "HEADER-3", le64_load(header.checksum) != hash64(&header, offsetof(struct file_header, checksum)),
         offsetof(struct file_header, checksum), "the header's checksum is wrong");
    model->required_features = le64_load(header.required_features);
    model->optional_features = le64_load(header.optional_features);
    const uint64_t unknown =
        model->required_features & ~(uint64_t)(FEATURE_RETIRED | FEATURE_HEAP | FEATURE_ATTACHMENTS | FEATURE_SEGMENTS);
    RULE_AS(PECS_E_UNSUPPORTED, error, "HEADER-4", unknown, offsetof(struct file_header, required_features),
            "the file needs feature %d (of the bits %#" PRIx64 "), which this library does not know",
            __builtin_ctzll(unknown), model->required_features);
    RULE(error, "HEADER-5", le32_load(header.flags) & ~(uint32_t)HEADER_COUNTS_KNOWN,
         offsetof(struct file_header, flags), "a flag of the header is set that this version does not have");
    const size_t set = PARSER_FIND_SET(parser, header, zero);
    RULE(error, "HEADER-5", set, set, "a reserved byte of the header is set");
    *ret_header = header;
    return PECS_OK;
}

/* model_parse_file_metadata checks the size of the file's metadata later, so clamp it here. */
static void parse_place_gaps(struct model *model)
{
    struct image_parts *parts = &model->parts;
    const uint64_t commit_end = parts->commit_offset + parts->commit_size;
    const uint64_t start = format_file_metadata_offset(commit_end), size = model->file_metadata_size;
    parts->has_zero_gaps = !model_has_unknown_features(model);
    parts->file_metadata_end = !model_has_file_metadata(model)                 ? commit_end
                               : range_fits(start, size, model->footer_offset) ? start + size
                                                                               : model->footer_offset;
}

static pecs_status parse_footer(struct parser *parser, const struct model_limits *limits)
{
    struct model *model = parser->model;
    pecs_error *error = parser->error;
    struct file_footer footer;
    const uint64_t place = model->footer_offset = model->file_size - sizeof(footer);
    const pecs_status status = parser_get(parser, place, sizeof(footer));
    if (status)
        return status;
    memcpy(&footer, parser->bytes, sizeof(footer));
    RULE(error, "FOOTER-1", memcmp(footer.magic, FORMAT_FOOTER_MAGIC, sizeof(footer.magic)) != 0, place,
         "the file does not end in a footer: it was cut or is not finished");
    RULE(error, "FOOTER-2", le64_load(footer.checksum) != hash64(&footer, offsetof(struct file_footer, checksum)),
         place + offsetof(struct file_footer, checksum), "the footer's checksum is wrong");
    RULE(error, "FOOTER-3", le64_load(footer.offset) != place || place % FORMAT_PAGE,
         place + offsetof(struct file_footer, offset), "the footer is not where it says");
    size_t set = PARSER_FIND_SET(parser, footer, previous_footer);
    if (!set && !model_has_file_metadata(model))
        set = PARSER_FIND_SET(parser, footer, file_metadata_size);
    RULE(error, "FOOTER-4", set, place + set, "a reserved byte of the footer is set");
    const uint64_t offset = le64_load(footer.commit_offset), size = le64_load(footer.commit_size);
    RULE(error, "FOOTER-5",
         offset < sizeof(struct file_header) || offset % FORMAT_ALIGN || size < sizeof(struct commit_header) ||
             size % 8 || !range_fits(offset, size, place),
         place + offsetof(struct file_footer, commit_offset), "the commit does not lie between header and footer");
    if (limits->max_commit_bytes && size > limits->max_commit_bytes)
        return fail(error, PECS_E_LIMIT, "the commit has %" PRIu64 " bytes; the limit is %" PRIu64, size,
                    limits->max_commit_bytes);
    model->parts.commit_offset = offset;
    model->parts.commit_size = size;
    model->parts.commit_hash = le64_load(footer.commit_hash);
    model->file_metadata_size = le64_load(footer.file_metadata_size);
    parse_place_gaps(model);
    return PECS_OK;
}

static pecs_status parse_ends(struct parser *parser, const struct model_limits *limits, struct file_header *ret_header)
{
    struct model *model = parser->model;
    const bool is_short = model->file_size < sizeof(struct file_header) + sizeof(struct file_footer);
    pecs_status status = is_short && model->file_size ? parser_get(parser, 0, model->file_size) : PECS_OK;
    if (status)
        return status;
    RULE(parser->error, "FILE-2", is_short, model->file_size, "the file is too short to be a PECS file%s",
         parse_foreign(parser->bytes, (size_t)model->file_size));
    status = parse_header(parser, ret_header);
    if (!status)
        status = parse_footer(parser, limits);
    if (!status)
        status = parser_get(parser, model->parts.commit_offset, model->parts.commit_size);
    if (status)
        return status;
    model->commit = parser->bytes;
    RULE(parser->error, "FOOTER-6", model->parts.commit_hash != hash64(model->commit, (size_t)model->parts.commit_size),
         model->footer_offset + offsetof(struct file_footer, commit_hash), "the commit's hash is wrong");
    return PECS_OK;
}

/* The header repeats counts of the commit for readers that read only the header. */
static pecs_status parse_header_counts(const struct parser *parser, const struct file_header *header)
{
    const bool known = le32_load(header->flags) & HEADER_COUNTS_KNOWN;
    RULE(parser->error, "HEADER-6",
         known && (le64_load(header->entity_count) != parser->model->entity_count ||
                   le32_load(header->type_count) != parser->model->type_count),
         offsetof(struct file_header, entity_count), "the header's counts are not those of the commit");
    return PECS_OK;
}

pecs_status model_parse(struct model *model, struct source *source, const struct model_limits *limits,
                        struct pool *pool, pecs_error *error)
{
    struct parser parser = { .model = model, .source = source, .error = error };
    struct file_header header = { .version = le32_make(0) };
    *model = (struct model){ .pool = pool, .file_size = source->size_bytes };
    pecs_status status = parse_ends(&parser, limits, &header);
    if (!status)
        status = parse_commit_header(&parser, limits);
    if (!status)
        status = parse_header_counts(&parser, &header);
    return status ? status : parse_commit_sections(&parser);
}

pecs_status model_parse_file_metadata(struct model *model, struct source *source, const struct model_limits *limits,
                                      pecs_error *error)
{
    struct parser parser = { .model = model, .source = source, .error = error };
    if (!model_has_file_metadata(model))
        return PECS_OK;
    const uint64_t offset = format_file_metadata_offset(model->parts.commit_offset + model->parts.commit_size);
    const uint64_t size = model->file_metadata_size;
    RULE(error, "META-5",
         size % 8 || size <= sizeof(le64) || size > FORMAT_METADATA_MAX + sizeof(le64) ||
             !range_fits(offset, size, model->footer_offset),
         model->footer_offset + offsetof(struct file_footer, file_metadata_size),
         "the file's metadata does not lie between commit and footer");
    if (limits->max_commit_bytes && size > limits->max_commit_bytes - model->parts.commit_size)
        return fail(error, PECS_E_LIMIT,
                    "commit and metadata of the file have %" PRIu64 " bytes; the limit is %" PRIu64,
                    model->parts.commit_size + size, limits->max_commit_bytes);
    const pecs_status status = parser_get(&parser, offset, size);
    if (status)
        return status;
    parser.end -= sizeof(le64);
    RULE(error, "META-6", parser_le64(&parser, parser.end) != hash64(parser.bytes, (size_t)(size - sizeof(le64))),
         parser.end, "the checksum of the file's metadata is wrong");
    return parse_metadata(&parser, false, &model->file_metadata);
}

/* The snapshot id is the hash of the commit with this field zeroed. */
pecs_status model_check_id(const struct model *model, pecs_error *error)
{
    const size_t at = offsetof(struct commit_header, snapshot_id);
    struct buffer copy = { .pool = model->pool };
    buffer_append(&copy, model->commit, (size_t)model->parts.commit_size);
    if (copy.failed)
        return fail_memory(error);
    assert(copy.bytes);
    memset(copy.bytes + at, 0, sizeof(model->snapshot_id));
    const pecs_id id = hash128(copy.bytes, copy.size_bytes);
    buffer_deinit(&copy);
    RULE(error, "COMMIT-9", memcmp(&id, &model->snapshot_id, sizeof(id)) != 0, model->parts.commit_offset + at,
         "the snapshot id is not the hash of the commit");
    return PECS_OK;
}

void model_deinit(struct model *model)
{
    struct pool *pool = model->pool;
    pool_release(pool, model->types, model->type_capacity * sizeof(*model->types));
    pool_release(pool, model->tables, model->table_capacity * sizeof(*model->tables));
    pool_release(pool, model->sets.buckets, model->sets.count * sizeof(*model->sets.buckets));
    pool_release(pool, model->columns, model->columns ? (model->column_count + 1) * sizeof(*model->columns) : 0);
    if (model->attachments)
        node_release(pool, &model->attachments->node);
    pool_release(pool, model->column_heaps,
                 model->column_heaps ? (model->column_count + 1) * sizeof(*model->column_heaps) : 0);
    pool_release(pool, model->heaps, model->heap_capacity * sizeof(*model->heaps));
    pool_release(pool, model->ranges, model->range_capacity * sizeof(*model->ranges));
    pool_release(pool, model->blocks, model->block_capacity * sizeof(*model->blocks));
    pool_release(pool, model->records, model->records ? model->parts.segment_count * sizeof(*model->records) : 0);
    image_parts_deinit(&model->parts, pool);
    if (model->retired)
        node_release(pool, &model->retired->node);
    if (model->metadata)
        node_release(pool, &model->metadata->node);
    if (model->file_metadata)
        node_release(pool, &model->file_metadata->node);
}

uint32_t model_type_place(const struct model_table *table, uint32_t type)
{
    uint32_t low = 0, high = table->type_count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2, number = le32_load(table->types[middle]);
        if (number == type)
            return middle;
        if (number < type)
            low = middle + 1;
        else
            high = middle;
    }
    return FORMAT_NONE;
}
