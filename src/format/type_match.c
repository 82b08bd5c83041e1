/* Types are compared as bytes: each layout has exactly one record. */
#include "type_match.h"

#include "error.h"
#include "hash.h"
#include "history.h"
#include "typecode.h"

static pecs_status match_record_of(struct pool *pool, const struct component *component, uint32_t number,
                                   struct buffer *ret_record)
{
    *ret_record = (struct buffer){ .pool = pool };
    typecode_write(ret_record, component, number);
    return ret_record->failed ? PECS_E_MEMORY : PECS_OK;
}

static bool match_is_same(const struct buffer *record, const struct model_type *type)
{
    return record->size_bytes == type->record_bytes && memcmp(record->bytes, type->record, type->record_bytes) == 0;
}

/* RULE_AS returns from its function, so the caller can still release the record. */
static pecs_status match_check_layout(const struct buffer *record, const struct model_type *type, pecs_error *error)
{
    char text[sizeof(error->message)] = "";
    const bool is_same = match_is_same(record, type);
    if (!is_same)
        typecode_compare(type->record, record->bytes, text, sizeof(text));
    RULE_AS(PECS_E_LAYOUT, error, "TYPE-4", !is_same, type->offset, "%s", text);
    return PECS_OK;
}

pecs_status match_compare(struct pool *pool, const struct model_type *type, uint32_t number,
                          const struct component *component, pecs_error *error)
{
    struct buffer record;
    pecs_status status = match_record_of(pool, component, number, &record);
    status = status ? fail_memory(error) : match_check_layout(&record, type, error);
    buffer_deinit(&record);
    return status;
}

static pecs_status match_find_same(struct pool *pool, const struct model_type *type, uint32_t number,
                                   const struct component *component, bool *ret_is_same, pecs_error *error)
{
    struct buffer record;
    const pecs_status status = match_record_of(pool, component, number, &record);
    *ret_is_same = !status && match_is_same(&record, type);
    buffer_deinit(&record);
    return status ? fail_memory(error) : PECS_OK;
}

pecs_status match_fail_old(const struct match *match, const struct model *model, uint32_t unknown,
                           const pecs_registry *registry, const char *why, pecs_error *error)
{
    const struct unknown_type *old = &match->unknown->types[unknown];
    char text[sizeof(error->message)] = "";
    uint32_t i = 0;
    pecs_component number;
    while (match->components[i] != old->number)
        i++;
    struct buffer record = { .pool = match->pool };
    const bool is_known = !registry_find(registry, old->component.id, &number);
    if (is_known && !match_record_of(match->pool, registry_component(registry, number), i, &record))
        typecode_compare(model->types[i].record, record.bytes, text, sizeof(text));
    buffer_deinit(&record);
    const char *const colon = text[0] ? "; " : "";
    RULE_AS(PECS_E_LAYOUT, error, "TYPE-4", true, model->types[i].offset, "%.250s%s%.250s", text, colon, why);
    return fail_rule(error, PECS_E_LAYOUT, model->types[i].offset, "", "%.250s%s%.250s", text, colon, why);
}

/* A type that cannot be described is refused even where TYPE-1 is disabled. */
static pecs_status match_fail_description(const struct model_type *type, pecs_status status, const pecs_error *why,
                                          pecs_error *error)
{
    if (status == PECS_E_MEMORY)
        return fail_memory(error);
    RULE(error, "TYPE-1", true, type->offset, "%s", why->message);
    return fail_rule(error, PECS_E_CORRUPT, type->offset, "", "%s", why->message);
}

static pecs_status match_check_record(struct pool *pool, const struct model_type *type, uint32_t number,
                                      const struct component *component, pecs_error *error)
{
    struct buffer record;
    if (match_record_of(pool, component, number, &record)) {
        buffer_deinit(&record);
        return fail_memory(error);
    }
    const bool is_same = match_is_same(&record, type);
    buffer_deinit(&record);
    RULE(error, "TYPE-1", !is_same, type->offset, "type record %u has invalid numbers", number);
    return PECS_OK;
}

pecs_status match_describe(struct pool *pool, const struct model_type *type, uint32_t number,
                           struct unknown_type *ret_type, pecs_error *error)
{
    uint32_t name_size;
    const char *name = typecode_name(type->record, &name_size);
    RULE_AS(PECS_E_UNSUPPORTED, error, "TYPE-6", name_is_reserved(name, name_size), type->offset,
            "the type '%.*s' is of the format, but not one that this library knows", (int)name_size, name);
    *ret_type = (struct unknown_type){ .description_bytes = typecode_parse_bytes(type->record_bytes) };
    ret_type->description = pool_allocate(pool, ret_type->description_bytes);
    if (!ret_type->description)
        return fail_memory(error);
    pecs_error why = { .message = "" };
    const pecs_type *described = typecode_parse(type->record, type->record_bytes, ret_type->description);
    pecs_status status = component_init(&ret_type->component, described, pool, &why);
    if (status) {
        pool_release(pool, ret_type->description, ret_type->description_bytes);
        return match_fail_description(type, status, &why, error);
    }
    status = match_check_record(pool, type, number, &ret_type->component, error);
    if (status)
        unknown_type_deinit(ret_type, pool);
    return status;
}

pecs_status match_number(pecs_registry *registry, const struct buffer *record, pecs_component *ret_number,
                         pecs_error *error)
{
    const pecs_id fingerprint = hash128_seeded(record->bytes, record->size_bytes, pool_secret(registry->pool));
    const pecs_status status = number_table_give(&registry->numbers, registry->pool, fingerprint, ret_number);
    return status == PECS_E_LIMIT ? fail(error, status,
                                         "the registry has no number left for a type that is not registered: "
                                         "make another registry")
           : status               ? fail_memory(error)
                                  : PECS_OK;
}

static pecs_status match_give_number(struct match *match, const struct model_type *type, pecs_registry *registry,
                                     pecs_component *ret_number, pecs_error *error)
{
    struct buffer record = { .pool = match->pool };
    buffer_append(&record, type->record, type->record_bytes);
    if (record.failed)
        return fail_memory(error);
    assert(record.bytes);
    memset(record.bytes + offsetof(struct type_record, number), 0, sizeof(le32)); /* this is the file's */
    const pecs_status status = match_number(registry, &record, ret_number, error);
    buffer_deinit(&record);
    return status;
}

/* Whether the registry knows the type in another version or layout, or a migration from it. */
static bool match_is_old(const pecs_registry *registry, const struct model_type *type)
{
    const struct history *history = registry->history;
    const struct type_record *record = (const struct type_record *)(const void *)type->record;
    pecs_component number;
    return history_find_type(registry, history, type->id, &number) ||
           (history && history_find(history, type->id, le32_load(record->version)) != UINT32_MAX);
}

/* Describes a type that the registry lacks as it is. The states of the file keep the description. */
static pecs_status match_keep(struct match *match, const struct model *model, uint32_t number, pecs_registry *registry,
                              bool refuse_unknown, pecs_error *error)
{
    const struct model_type *type = &model->types[number];
    struct unknown_types *unknown = match->unknown;
    uint32_t name_size;
    const char *name = typecode_name(type->record, &name_size);
    RULE_AS(PECS_E_UNSUPPORTED, error, "TYPE-3",
            refuse_unknown && !name_is_reserved(name, name_size) && !match_is_old(registry, type), type->offset,
            "the file has components of type '%.*s', which is not registered", (int)name_size, name);
    if (registry->id_component + unknown->count == TYPES_MAX)
        return fail(error, PECS_E_LIMIT, "with those that are not registered there are more than %d types", TYPES_MAX);
    struct unknown_type *kept = &unknown->types[unknown->count];
    pecs_status status = match_describe(match->pool, type, number, kept, error);
    if (status)
        return status;
    unknown->count++; /* from here on it goes with the list */
    status = match_give_number(match, type, registry, &kept->number, error);
    match->components[number] = kept->number;
    return status;
}

/* No file has a transient type; one that has was written before the program made it so, or by another program. */
static pecs_status match_fail_transient(const struct model_type *type, const struct component *component,
                                        pecs_error *error)
{
    return fail_rule(error, PECS_E_LAYOUT, type->offset, "TYPE-4",
                     "the file has components of type '%.*s', which is transient in the registry", NAME_SHOWN,
                     component->type->name);
}

pecs_status match_types(struct match *match, const struct model *model, pecs_registry *registry, bool refuse_unknown,
                        pecs_error *error)
{
    *match = (struct match){ .pool = registry->pool, .type_count = model->type_count };
    match->components = pool_allocate(match->pool, ((size_t)match->type_count + 1) * sizeof(*match->components));
    match->unknown = unknown_types_create(match->pool, (uint32_t)min_u64(match->type_count, TYPES_MAX));
    if (!match->components || !match->unknown)
        return fail_memory(error);
    for (uint32_t i = 0; i < match->type_count; i++) {
        const struct model_type *type = &model->types[i];
        pecs_component *component = &match->components[i];
        const struct component *known =
            registry_find(registry, type->id, component) ? NULL : registry_component(registry, *component);
        bool is_same = false;
        pecs_status status =
            known && component_is_transient(known) ? match_fail_transient(type, known, error) : PECS_OK;
        if (!status && known)
            status = match_find_same(match->pool, type, i, known, &is_same, error);
        if (!status && !is_same && known && *component == registry->id_component)
            status = match_compare(match->pool, type, i, known, error);
        else if (!status && !is_same) /* what becomes of an old type is up to the caller: the state has it as it was */
            status = match_keep(match, model, i, registry, refuse_unknown, error);
        if (status)
            return status;
    }
    unknown_types_sort(match->unknown);
    if (!match->unknown->count) { /* as in states that come from no file */
        node_release(match->pool, &match->unknown->node);
        match->unknown = NULL;
    }
    return PECS_OK;
}

void match_deinit(struct match *match)
{
    pool_release(match->pool, match->components, ((size_t)match->type_count + 1) * sizeof(*match->components));
    if (match->unknown)
        node_release(match->pool, &match->unknown->node);
}
