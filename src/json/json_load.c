/*
 * The document is read front to back, one part after the other: version, tick, session and types before what needs
 * them. It goes into a builder of the document's own types, session and tick, whose snapshot the caller's then adopts.
 */
#include "json_load.h"

#include "json_fail.h"
#include "number_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOAD_TEXT_MAX = 256 << 20, LOAD_PROGRESS = 1 << 20, LOAD_NAME_BYTES = 256 };

static pecs_status load_progress(void *user, uint64_t done, uint64_t total)
{
    struct load *load = user;
    if (done - load->progress_done < LOAD_PROGRESS && done != total)
        return PECS_OK;
    load->progress_done = done;
    return pecs_plugin_progress(load->context, PECS_PHASE_READ, done, total);
}

/* A key and its colon. */
static pecs_status load_key(struct load *load, char name[LOAD_NAME_BYTES])
{
    int next;
    pecs_status status = scan_peek(&load->scan, &next);
    if (!status && next != '"')
        return scan_take(&load->scan, '"', "a key in quotation marks");
    if (!status)
        status = tree_cut(&load->tree, 0);
    if (status)
        return status;
    if (strlen(tree_text(load->tree.root)) >= LOAD_NAME_BYTES)
        return tree_fail(&load->tree, NULL, NULL, false, PECS_E_CORRUPT, "a key here has at most 255 bytes");
    strcpy(name, tree_text(load->tree.root));
    return scan_take(&load->scan, ':', "':'");
}

/* Reads members of an object, or elements of an array, by a function for each. */
static pecs_status load_members(struct load *load, pecs_status (*read)(struct load *load, const char *name))
{
    char name[LOAD_NAME_BYTES];
    bool more = true;
    pecs_status status = scan_take(&load->scan, '{', "an object");
    for (bool is_first = true; !status; is_first = false) {
        status = scan_more(&load->scan, '}', is_first, &more);
        if (status || !more)
            return status;
        status = load_key(load, name);
        if (!status)
            status = read(load, name);
    }
    return status;
}

static pecs_status load_elements(struct load *load, pecs_status (*read)(struct load *load))
{
    bool more = true;
    pecs_status status = scan_take(&load->scan, '[', "an array");
    for (bool is_first = true; !status; is_first = false) {
        status = scan_more(&load->scan, ']', is_first, &more);
        if (status || !more)
            return status;
        status = read(load);
    }
    return status;
}

/* Head. */

static pecs_status load_version(struct load *load)
{
    uint64_t version;
    const pecs_status status = tree_cut(&load->tree, 0);
    if (status)
        return status;
    if (!tree_read_unsigned(load->tree.root, UINT32_MAX, &version) || !version)
        return tree_fail_expected(&load->tree, NULL, load->tree.root, "the version of the format, from 1");
    return version == 1
               ? PECS_OK
               : tree_fail(&load->tree, NULL, NULL, false, PECS_E_UNSUPPORTED,
                           "the document has version %llu, this library reads version 1", (unsigned long long)version);
}

static pecs_status load_number(struct load *load, uint64_t *ret_number)
{
    const pecs_status status = tree_cut(&load->tree, 0);
    if (status)
        return status;
    return tree_read_unsigned(load->tree.root, INT64_MAX, ret_number)
               ? PECS_OK
               : tree_fail_expected(&load->tree, NULL, load->tree.root, "an integer from 0 to 2^63 - 1");
}

static pecs_status load_entity_count(struct load *load)
{
    const uint64_t max = load->context->load->limits.max_entities;
    uint64_t count;
    const pecs_status status = load_number(load, &count);
    if (!status && max && count > max)
        return tree_fail(&load->tree, NULL, NULL, false, PECS_E_LIMIT,
                         "the document has %llu entities, more than the limit of %llu", (unsigned long long)count,
                         (unsigned long long)max);
    return status;
}

static pecs_status load_tick(struct load *load)
{
    return load_number(load, &load->tick);
}

static pecs_status load_session(struct load *load)
{
    const pecs_status status = tree_cut(&load->tree, 0);
    if (!status && !load_parse_nonce(load->tree.root, &load->nonce))
        return tree_fail_expected(&load->tree, NULL, load->tree.root, "15 hexadecimal digits");
    return status;
}

static pecs_status load_skip(struct load *load)
{
    return scan_cut(&load->scan, 0);
}

static pecs_status load_timestamp(struct load *load)
{
    const pecs_status status = tree_cut(&load->tree, 0);
    if (!status && !tree_is_string(load->tree.root))
        return tree_fail_expected(&load->tree, NULL, load->tree.root, "a string");
    return status;
}

static pecs_status load_type(struct load *load)
{
    load->tree.what = "type";
    pecs_status status = tree_cut(&load->tree, 0);
    if (!status)
        status = types_read(&load->types, &load->tree);
    load->tree.what = NULL;
    return status;
}

static pecs_status load_types(struct load *load)
{
    load->has_types = true;
    return load_elements(load, load_type);
}

/* World. */

static pecs_status load_singleton(struct load *load, const char *name)
{
    struct tree *tree = &load->tree;
    arena_reset(&load->reader.arena);
    load->value_count = 0;
    tree->what = "singleton";
    pecs_status status = tree_cut(tree, 0);
    if (status)
        return status;
    cJSON member = *tree->root;
    char copy[LOAD_NAME_BYTES];
    strcpy(copy, name);
    member.string = copy;
    load->entity_count = UINT64_MAX; /* unlike that of any entity: so singletons may stand only once */
    status = load_read_component(load, &member);
    load->entity_count = 0;
    tree->component = NULL;
    if (!status && load->value_count &&
        (status = pecs_builder_set_singleton(load->builder, &load->values[0], load->error)))
        load_fail_builder(load, status);
    tree->what = NULL;
    return status;
}

static pecs_status load_singletons(struct load *load)
{
    return load_members(load, load_singleton);
}

/* A key of metadata or attachments, before its value is read. */
static pecs_status load_take_key(struct load *load, const char *name)
{
    struct entity_name *key = entity_names_get(&load->keys, name, load->scan.line);
    if (!key)
        return json_fail_memory(load->error);
    if (key->is_taken)
        return tree_fail(&load->tree, NULL, NULL, false, PECS_E_CORRUPT, "\"%.100s\": it stands here twice", name);
    key->is_taken = true;
    return PECS_OK;
}

static pecs_status load_once(struct load *load, pecs_status (*read)(struct load *load, const char *name))
{
    const pecs_status status = load_members(load, read);
    entity_names_free(&load->keys);
    return status;
}

static pecs_status load_meta(struct load *load, const char *name)
{
    pecs_bytes bytes;
    pecs_status status = load_take_key(load, name);
    if (status)
        return status;
    arena_reset(&load->reader.arena);
    load->has_schema_version |= strcmp(name, PECS_META_SCHEMA_VERSION) == 0;
    status = tree_cut(&load->tree, 0);
    if (status)
        return status;
    if (tree_is_string(load->tree.root)) {
        status = pecs_builder_set_meta_text(load->builder, name, tree_text(load->tree.root), load->error);
        return status ? load_fail_builder(load, status) : PECS_OK;
    }
    status = value_read_bytes(&load->reader, NULL, load->tree.root, &bytes);
    if (status)
        return status;
    status = pecs_builder_set_meta_bytes(load->builder, name, bytes.data, bytes.size_bytes, load->error);
    return status ? load_fail_builder(load, status) : PECS_OK;
}

static pecs_status load_metadata(struct load *load)
{
    return load_once(load, load_meta);
}

static pecs_status load_give_attachment(struct load *load, const char *name, const pecs_bytes *bytes)
{
    const pecs_status status = pecs_builder_attach(load->builder, name, bytes, load->error);
    return status ? load_fail_builder(load, status) : PECS_OK;
}

static pecs_status load_attachment(struct load *load, const char *name)
{
    struct value_reader *reader = &load->reader;
    char key[LOAD_NAME_BYTES];
    uint8_t *bytes = NULL;
    size_t size = 0;
    pecs_status status = load_take_key(load, name);
    if (!status)
        status = scan_take(&load->scan, '{', "{\"base64\": \"...\"}");
    if (!status)
        status = load_key(load, key);
    if (!status && strcmp(key, "base64") != 0)
        status = scan_fail(&load->scan, "an attachment is {\"base64\": \"...\"}");
    if (!status)
        status =
            scan_base64(&load->scan, reader->max_bytes ? reader->max_bytes - reader->made_bytes + 1 : 0, &bytes, &size);
    if (status)
        return status;
    reader->made_bytes += size;
    const pecs_bytes span = { bytes, size };
    status = scan_take(&load->scan, '}', "'}'");
    if (!status)
        status = load_give_attachment(load, name, &span);
    free(bytes);
    return status;
}

static pecs_status load_attachments(struct load *load)
{
    return load_once(load, load_attachment);
}

static pecs_status load_dead(struct load *load)
{
    return load_elements(load, load_read_dead);
}

static pecs_status load_entities(struct load *load)
{
    return load_elements(load, load_read_entity);
}

/* The parts of a document. */
static const struct {
    const char *name;
    pecs_status (*read)(struct load *load);
    enum { PART_FREE, PART_HEAD, PART_BODY } place; /* a head stands before every body */
} load_parts[] = {
    { "version", load_version, PART_HEAD },
    { "timestamp", load_timestamp, PART_FREE },
    { "entity_count", load_entity_count, PART_FREE },
    { "tick", load_tick, PART_HEAD },
    { "session", load_session, PART_HEAD },
    { "types", load_types, PART_HEAD },
    { "singletons", load_singletons, PART_BODY },
    { "metadata", load_metadata, PART_BODY },
    { "file_metadata", load_skip, PART_FREE },
    { "attachments", load_attachments, PART_BODY },
    { "dead", load_dead, PART_BODY },
    { "entities", load_entities, PART_BODY },
};
enum { LOAD_PART_COUNT = sizeof(load_parts) / sizeof(load_parts[0]), LOAD_VERSION = 1 };

static pecs_status load_part(struct load *load, const char *name)
{
    size_t part = 0;
    pecs_status status = PECS_OK;
    while (part < LOAD_PART_COUNT && strcmp(load_parts[part].name, name) != 0)
        part++;
    if (part == LOAD_PART_COUNT && load->reader.allow_unknown)
        return scan_cut(&load->scan, 0);
    const char *problem = NULL;
    if (part == LOAD_PART_COUNT)
        problem = "the document has no such member";
    else if (load->seen >> part & 1)
        problem = "it stands here twice";
    else if (load_parts[part].place == PART_HEAD && load->builder)
        problem = "it must stand before entities, singletons and other contents";
    else if (load_parts[part].place == PART_BODY && !(load->seen & LOAD_VERSION))
        problem = "\"version\" must stand before it";
    if (problem)
        return tree_fail(&load->tree, NULL, NULL, false, PECS_E_CORRUPT, "\"%s\": %s", name, problem);
    load->seen |= 1u << part;
    if (load_parts[part].place == PART_BODY)
        status = load_open(load);
    return status ? status : load_parts[part].read(load);
}

/* A document without types has those of the program, and so the version of its schema. */
static pecs_status load_set_schema_version(struct load *load)
{
    const pecs_history *history = pecs_registry_history(load->types.program);
    char text[NUMBER_TEXT_ROOM];
    if (load->has_types || load->has_schema_version || !history || !history->schema_version)
        return PECS_OK;
    *number_write_unsigned(text, history->schema_version) = 0;
    return pecs_builder_set_meta_text(load->builder, PECS_META_SCHEMA_VERSION, text, load->error);
}

static pecs_status load_document(struct load *load)
{
    int next;
    pecs_status status = load_members(load, load_part);
    if (!status)
        status = scan_peek(&load->scan, &next);
    if (!status && next >= 0)
        return scan_fail(&load->scan, "the document has ended; nothing but space may follow");
    if (!status && !(load->seen & LOAD_VERSION))
        return scan_fail(&load->scan, "the document has no \"version\"");
    if (!status)
        status = load_open(load);
    if (!status)
        status = load_set_schema_version(load);
    return status ? status : load_check_entities(load);
}

static pecs_status load_adopt(struct load *load)
{
    pecs_snapshot *snapshot = NULL;
    pecs_status status = pecs_plugin_progress(load->context, PECS_PHASE_BUILD, load->entity_count, load->entity_count);
    if (status)
        return json_fail(load->error, status, "cancelled");
    status = pecs_builder_finish(load->builder, &snapshot, load->error);
    if (!status)
        status = pecs_builder_adopt(load->target, snapshot, load->error);
    pecs_snapshot_release(snapshot);
    return status;
}

static void load_free(struct load *load)
{
    for (size_t i = 0; load->plans && i < load->component_count; i++)
        plan_destroy(load->plans[i]);
    free(load->plans);
    free(load->last_number);
    free(load->values);
    tree_free(&load->tree);
    arena_free(&load->reader.arena);
    entity_names_free(&load->reader.names);
    entity_names_free(&load->keys);
    pecs_builder_destroy(load->builder);
    types_free(&load->types);
    scan_end(&load->scan);
}

pecs_status json_load(const pecs_plugin_context *context, const pecs_source *source, pecs_builder *builder,
                      pecs_error *error)
{
    static const pecs_json_options defaults;
    const pecs_json_options *options = context->user ? context->user : &defaults;
    const pecs_load_options *of_load = context->load;
    struct load load = { .context = context, .target = builder, .error = error };
    load.scan = (struct scan){
        .source = source,
        .max_bytes = of_load->limits.max_bytes,
        .max_text_bytes = options->max_text_bytes ? options->max_text_bytes : LOAD_TEXT_MAX,
        .progress = load_progress,
        .user = &load,
        .error = error,
    };
    load.tree.scan = &load.scan;
    load.types = (struct types){ .program = pecs_builder_registry(builder),
                                 .max_types = of_load->limits.max_types,
                                 .allow_unknown = options->allow_unknown,
                                 .refuse_unknown = of_load->refuse_unknown };
    load.reader.tree = &load.tree;
    load.reader.allow_unknown = options->allow_unknown;
    load.reader.max_bytes = of_load->limits.max_bytes;
    pecs_status status = scan_begin(&load.scan);
    if (!status)
        status = load_document(&load);
    if (!status)
        status = load_adopt(&load);
    load_free(&load);
    return status;
}
