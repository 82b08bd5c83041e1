/* Parses metadata records of the commit and of the file. */
#include "component.h"
#include "heap.h"
#include "parse.h"
#include "utf8.h"

/* What is parsed of a list of entries. */
struct entries {
    bool may_attach; /* attachments may follow the metadata */
    struct pecs_meta *metadata;
    struct attachment *attachments;
    uint32_t metadata_count, attachment_count;
};

/* An entry; `key` has room for META_KEY_MAX bytes and a zero. */
static pecs_status parse_entry(struct parser *parser, const struct entries *entries, char *key,
                               struct meta_record *ret_record, const char **ret_value)
{
    struct meta_record record = { .kind = le32_make(0) };
    const uint64_t place = parser->offset, left = parser_left(parser);
    if (left >= sizeof(record))
        memcpy(&record, parser_at(parser, place), sizeof(record));
    const uint32_t kind = le32_load(record.kind), key_size = le32_load(record.key_size);
    const uint64_t value_size = le64_load(record.value_size), used = sizeof(record) + key_size + value_size;
    const char *name = (const char *)parser_at(parser, place + sizeof(record));
    RULE_AS(PECS_E_UNSUPPORTED, parser->error, "META-7",
            left >= sizeof(record) && kind != META_TEXT && kind != META_BYTES &&
                !(kind == META_ATTACHMENT && entries->may_attach),
            place, "an entry of the metadata has the kind %u, which this library does not know", kind);
    RULE(parser->error, "META-2",
         left < sizeof(record) || key_size > META_KEY_MAX || value_size > FORMAT_METADATA_MAX ||
             align_up(used, 8) > left || !component_name_is_valid(name, key_size) ||
             !bytes_are_zero(parser_at(parser, place + used), (size_t)(align_up(used, 8) - used)),
         place, "an entry of the metadata is malformed");
    memcpy(key, name, key_size);
    key[key_size] = 0;
    *ret_value = name + key_size;
    RULE(parser->error, "META-4", kind == META_TEXT && !utf8_is_text(*ret_value, (size_t)value_size),
         place + sizeof(record) + key_size, "the text of '%s' is not UTF-8", key);
    *ret_record = record;
    parser->offset += align_up(used, 8);
    return PECS_OK;
}

/* Adds an attachment, whose bytes follow those before it. */
static pecs_status parse_attachment(struct parser *parser, struct entries *entries, const char *key, const char *value,
                                    uint64_t value_size, uint64_t place)
{
    struct model *model = parser->model;
    le64 size = le64_make(0);
    if (!entries->attachments) /* none were allowed, and so none is here */
        return fail_memory(parser->error);
    RULE(parser->error, "META-8", value_size != sizeof(size), place,
         "the entry of the attachment '%s' does not hold a size", key);
    memcpy(&size, value, min_u64(value_size, sizeof(size)));
    const uint64_t most = ((uint64_t)FORMAT_HEAP_UNIT << FORMAT_HEAP_SHIFT_MAX) - FORMAT_HEAP_UNIT;
    RULE(parser->error, "META-8", le64_load(size) > most, place, "the attachment '%s' is too large", key);
    entries->attachments[entries->attachment_count++] = (struct attachment){ key, le64_load(size), 0 };
    model->attachment_units += contents_units(le64_load(size), false);
    RULE(parser->error, "META-8", model->attachment_units > (uint64_t)1 << FORMAT_HEAP_SHIFT_MAX, place,
         "the attachments are too large together");
    return PECS_OK;
}

/* keys has room for all keys, each with a zero. */
static pecs_status parse_entries(struct parser *parser, char *keys, struct entries *entries)
{
    const char *before = NULL;
    uint32_t kind_before = 0;
    for (pecs_status status = PECS_OK; parser_left(parser);) {
        const uint64_t place = parser->offset;
        struct meta_record record = { .kind = le32_make(0) };
        const char *value = NULL;
        status = parse_entry(parser, entries, keys, &record, &value);
        if (!value || status)
            return status;
        const uint32_t kind = le32_load(record.kind);
        const bool is_attachment = kind == META_ATTACHMENT, was_attachment = kind_before == META_ATTACHMENT;
        RULE(parser->error, "META-3",
             before && (is_attachment == was_attachment ? strcmp(before, keys) >= 0 : was_attachment), place,
             "the keys of the metadata do not ascend");
        if (is_attachment)
            status = parse_attachment(parser, entries, keys, value, le64_load(record.value_size), place);
        else
            entries->metadata[entries->metadata_count++] =
                (struct pecs_meta){ keys, kind == META_TEXT ? PECS_META_TEXT : PECS_META_BYTES, value,
                                    (size_t)le64_load(record.value_size) };
        if (status)
            return status;
        before = keys;
        kind_before = kind;
        keys += strlen(keys) + 1;
    }
    return PECS_OK;
}

static pecs_status parse_make_lists(struct parser *parser, const struct entries *entries,
                                    struct metadata **ret_metadata)
{
    struct model *model = parser->model;
    if (entries->metadata_count || !entries->attachment_count)
        *ret_metadata = metadata_create(model->pool, entries->metadata, entries->metadata_count);
    if (entries->attachment_count)
        model->attachments = attachments_create(model->pool, entries->attachments, entries->attachment_count);
    const bool is_made = (*ret_metadata || entries->attachment_count) && (!entries->metadata_count || *ret_metadata) &&
                         (!entries->attachment_count || model->attachments);
    return is_made ? PECS_OK : fail_memory(parser->error);
}

pecs_status parse_metadata(struct parser *parser, bool may_attach, struct metadata **ret_metadata)
{
    struct pool *pool = parser->model->pool;
    const uint64_t size = parser_left(parser);
    /* a record has at least 24 bytes with its key */
    const size_t most = (size_t)(size / (sizeof(struct meta_record) + 8)) + 1;
    struct entries entries = { .may_attach = may_attach };
    if (!size)
        return PECS_OK;
    entries.metadata = pool_allocate(pool, most * sizeof(*entries.metadata));
    entries.attachments = may_attach ? pool_allocate(pool, most * sizeof(*entries.attachments)) : NULL;
    char *keys = pool_allocate(pool, (size_t)size + 1);
    pecs_status status = entries.metadata && (entries.attachments || !may_attach) && keys
                             ? parse_entries(parser, keys, &entries)
                             : fail_memory(parser->error);
    if (!status)
        status = parse_make_lists(parser, &entries, ret_metadata);
    pool_release(pool, keys, (size_t)size + 1);
    pool_release(pool, entries.attachments, most * sizeof(*entries.attachments));
    pool_release(pool, entries.metadata, most * sizeof(*entries.metadata));
    return status;
}
