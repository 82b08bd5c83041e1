/* Parses metadata records of the commit and of the file. */
#include "component.h"
#include "parse.h"
#include "utf8.h"

/* An entry; `key` has room for META_KEY_MAX bytes and a zero. */
static pecs_status parse_entry(struct parser *parser, char *key, struct pecs_meta *ret_entry)
{
    struct meta_record record = { .kind = le32_make(0) };
    const uint64_t place = parser->offset, left = parser_left(parser);
    if (left >= sizeof(record))
        memcpy(&record, parser_at(parser, place), sizeof(record));
    const uint32_t kind = le32_load(record.kind), key_size = le32_load(record.key_size);
    const uint64_t value_size = le64_load(record.value_size), used = sizeof(record) + key_size + value_size;
    const char *name = (const char *)parser_at(parser, place + sizeof(record));
    RULE_AS(PECS_E_UNSUPPORTED, parser->error, "META-7",
            left >= sizeof(record) && kind != META_TEXT && kind != META_BYTES, place,
            "an entry of the metadata has the kind %u, which this library does not know", kind);
    RULE(parser->error, "META-2",
         left < sizeof(record) || key_size > META_KEY_MAX || value_size > FORMAT_METADATA_MAX ||
             align_up(used, 8) > left || !component_name_is_valid(name, key_size) ||
             !is_zero(parser_at(parser, place + used), (size_t)(align_up(used, 8) - used)),
         place, "an entry of the metadata is malformed");
    memcpy(key, name, key_size);
    key[key_size] = 0;
    const char *value = name + key_size;
    RULE(parser->error, "META-4", kind == META_TEXT && !utf8_is_text(value, (size_t)value_size),
         place + sizeof(record) + key_size, "the text of '%s' is not UTF-8", key);
    *ret_entry =
        (struct pecs_meta){ key, kind == META_TEXT ? PECS_META_TEXT : PECS_META_BYTES, value, (size_t)value_size };
    parser->offset += align_up(used, 8);
    return PECS_OK;
}

/* keys has room for all keys, each with a zero. */
static pecs_status parse_entries(struct parser *parser, char *keys, struct pecs_meta *entries, uint32_t *ret_count)
{
    uint32_t count = 0;
    for (; parser_left(parser); count++) {
        const uint64_t place = parser->offset;
        const pecs_status status = parse_entry(parser, keys, &entries[count]);
        if (status)
            return status;
        RULE(parser->error, "META-3", count && strcmp(entries[count - 1].key, keys) >= 0, place,
             "the keys of the metadata do not ascend");
        keys += strlen(keys) + 1;
    }
    *ret_count = count;
    return PECS_OK;
}

pecs_status parse_metadata(struct parser *parser, struct metadata **ret_metadata)
{
    struct pool *pool = parser->model->pool;
    const uint64_t size = parser_left(parser);
    /* a record has at least 24 bytes with its key */
    const size_t most = (size_t)(size / (sizeof(struct meta_record) + 8));
    if (!size)
        return PECS_OK;
    struct pecs_meta *entries = pool_allocate(pool, (most + 1) * sizeof(*entries));
    char *keys = pool_allocate(pool, (size_t)size + 1);
    uint32_t count = 0;
    pecs_status status = entries && keys ? parse_entries(parser, keys, entries, &count) : fail_memory(parser->error);
    if (!status && !(*ret_metadata = metadata_create(pool, entries, count)))
        status = fail_memory(parser->error);
    pool_release(pool, keys, (size_t)size + 1);
    pool_release(pool, entries, (most + 1) * sizeof(*entries));
    return status;
}
