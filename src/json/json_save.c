/*
 * Writes front to back, through the view alone. Snapshots with transient parts, or whose references to them must be
 * cleared, are filtered first; so what is written here is all of a snapshot.
 */
#include "json_save.h"

#include "json_describe.h"
#include "json_fail.h"
#include "number_text.h"
#include "scalar.h"
#include "value_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAVE_PROGRESS_ENTITIES = 4096 };

/*
 * Types in the order of their names, and of their ids where names are equal; so a document does not depend on the
 * program that writes it.
 */
struct ranked {
    pecs_component component;
    uint32_t rank;
    const pecs_type *type;
    pecs_id id;
};
struct order {
    struct ranked *types; /* ascending by their numbers */
    struct ranked *some;  /* scratch, for as many */
    size_t count;
};

struct document {
    const pecs_plugin_context *context;
    pecs_view view;
    const pecs_sink *sink;
    pecs_error *error;
    pecs_status status; /* of the sink or the progress */
    struct text_out out;
    struct json_out json;
    pecs_summary summary;
    pecs_component id_component;
    struct order order;
    uint64_t nonce; /* of the session whose entities need no id */
    uint64_t type_count, component_bytes;
};

static int document_write(void *user, const char *bytes, size_t size_bytes)
{
    struct document *document = user;
    const pecs_bytes span = { bytes, size_bytes };
    document->status = document->sink->write(document->sink->user, &span, 1, document->error);
    return document->status != PECS_OK;
}

/* Transient parts. */

struct transient {
    pecs_component *components;
    size_t count;
    bool has_entities; /* some type makes its entities transient */
};

static pecs_status document_find_transient(pecs_view view, struct transient *transient)
{
    pecs_component component;
    const size_t count = pecs_view_type_count(view);
    transient->components = malloc((count + 1) * sizeof(*transient->components));
    if (!transient->components)
        return PECS_E_MEMORY;
    for (size_t i = 0; pecs_view_component_at(view, i, &component); i++) {
        const uint32_t flags = pecs_view_type(view, component)->flags;
        if (flags & PECS_TYPE_TRANSIENT)
            transient->components[transient->count++] = component;
        transient->has_entities |= (flags & PECS_TYPE_TRANSIENT_ENTITY) != 0;
    }
    return PECS_OK;
}

static bool document_keeps(void *user, pecs_view view, pecs_entity entity)
{
    const struct transient *transient = user;
    for (size_t i = 0; i < transient->count; i++)
        if (pecs_view_type(view, transient->components[i])->flags & PECS_TYPE_TRANSIENT_ENTITY &&
            pecs_view_has(view, entity, transient->components[i]))
            return false;
    return true;
}

/* *ret_snapshot is the caller's to release. */
static pecs_status document_filter(const pecs_plugin_context *context, const pecs_snapshot *snapshot,
                                   pecs_left_out *left_out, pecs_snapshot **ret_snapshot, pecs_error *error)
{
    struct transient transient = { 0 };
    *error = (pecs_error){ .status = PECS_OK };
    pecs_status status = document_find_transient(pecs_snapshot_view(snapshot), &transient);
    if (!status) {
        const pecs_filter filter = {
            .components = transient.components,
            .component_count = transient.count,
            .keep = transient.has_entities ? document_keeps : NULL,
            .user = &transient,
            .references = context->save->references,
            .left_out = left_out,
        };
        status = pecs_snapshot_filter(snapshot, &filter, ret_snapshot, error);
    }
    free(transient.components);
    return status && !error->status ? json_fail_memory(error) : status;
}

/* Order. */

static int order_compare_names(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    const int order = strcmp(x->type->name, y->type->name);
    return order ? order : memcmp(&x->id, &y->id, sizeof(x->id));
}

static int order_compare_numbers(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return (x->component > y->component) - (x->component < y->component);
}

static int order_compare_ranks(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static pecs_status order_init(struct order *order, pecs_view view)
{
    order->count = pecs_view_type_count(view);
    order->types = calloc(order->count + 1, sizeof(*order->types));
    order->some = calloc(order->count + 1, sizeof(*order->some));
    if (!order->types || !order->some)
        return PECS_E_MEMORY;
    for (size_t i = 0; i < order->count; i++) {
        struct ranked *ranked = &order->types[i];
        (void)!pecs_view_component_at(view, i, &ranked->component);
        ranked->type = pecs_view_type(view, ranked->component);
        ranked->id = pecs_view_type_id(view, ranked->component);
    }
    qsort(order->types, order->count, sizeof(*order->types), order_compare_names);
    for (size_t i = 0; i < order->count; i++)
        order->types[i].rank = (uint32_t)i;
    qsort(order->types, order->count, sizeof(*order->types), order_compare_numbers);
    return PECS_OK;
}

static void order_free(struct order *order)
{
    free(order->types);
    free(order->some);
}

static const struct ranked *order_find(const struct order *order, pecs_component component)
{
    const struct ranked key = { .component = component };
    if (component < order->count && order->types[component].component == component)
        return &order->types[component]; /* one of the registry's */
    return bsearch(&key, order->types, order->count, sizeof(key), order_compare_numbers);
}

/* Fills order->some with the types of some numbers, by rank. */
static void order_sort(struct order *order, const pecs_component *components, size_t count)
{
    enum { FEW = 16 };
    struct ranked *some = order->some;
    for (size_t i = 0; i < count; i++) {
        const struct ranked *next = order_find(order, components[i]);
        size_t place = i;
        for (; count <= FEW && place && some[place - 1].rank > next->rank; place--)
            some[place] = some[place - 1];
        some[place] = *next;
    }
    if (count > FEW)
        qsort(some, count, sizeof(*some), order_compare_ranks);
}

/* Head. */

static uint64_t document_nonce_of(pecs_id id)
{
    uint64_t high = 0;
    for (unsigned i = 0; i < 8; i++)
        high = high << 8 | id.bytes[i];
    return high >> 16 << 12 | (high & 0xfff);
}

/* The nonce of most entities, if one has more than half of them. */
static uint64_t document_find_nonce(const struct document *document)
{
    pecs_id_iter iter = pecs_view_ids(document->view);
    uint64_t nonce = 0, lead = 0;
    while (pecs_id_iter_next(&iter)) {
        if (pecs_view_has(document->view, iter.entity, document->id_component))
            continue;
        const uint64_t next = document_nonce_of(iter.id);
        if (!lead)
            nonce = next;
        lead = next == nonce ? lead + 1 : lead - 1;
    }
    return nonce;
}

static void document_put_nonce(struct json_out *json, const char *key, uint64_t nonce)
{
    char text[16];
    *number_write_hex(text, nonce, 15) = 0;
    json_string(json, key, text);
}

static void document_put_time(struct json_out *json, uint64_t wall_clock_ns)
{
    const time_t seconds = (time_t)(wall_clock_ns / 1000000000);
    struct tm parts;
    char text[96];
    if (!wall_clock_ns || !gmtime_r(&seconds, &parts))
        return;
    snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%09dZ", parts.tm_year + 1900, parts.tm_mon + 1,
             parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, (int)(wall_clock_ns % 1000000000));
    json_string(json, "timestamp", text);
}

static void document_put_head(struct document *document)
{
    struct json_out *json = &document->json;
    json_number(json, "version", 1);
    document_put_time(json, document->context->save->wall_clock_ns);
    json_number(json, "entity_count", document->summary.entity_count);
    json_number(json, "tick", document->summary.tick);
    if (document->nonce)
        document_put_nonce(json, "session", document->nonce);
}

/* The types that rows or the world itself have, by rank; NULL for the others. NULL: out of memory. */
static const struct ranked **document_find_used(const struct document *document)
{
    pecs_table table;
    const struct ranked **used = calloc(document->order.count + 1, sizeof(*used));
    for (uint64_t number = 0; used && pecs_view_table(document->view, number, &table); number++)
        for (size_t i = 0; table.row_count && i < table.component_count; i++) {
            const struct ranked *type = order_find(&document->order, table.components[i]);
            if (type->component != document->id_component)
                used[type->rank] = type;
        }
    return used;
}

static pecs_status document_put_types(struct document *document)
{
    const struct ranked **used = document_find_used(document);
    if (!used)
        return json_fail_memory(document->error);
    json_begin_array(&document->json, "types");
    for (size_t i = 0; i < document->order.count; i++) {
        if (!used[i])
            continue;
        describe_type(&document->json, used[i]->type, used[i]->id);
        document->type_count++;
    }
    json_end_array(&document->json);
    free(used);
    return PECS_OK;
}

/* World. */

static void document_put_component(struct document *document, const pecs_type *type, const void *value)
{
    if (value) {
        value_write(&document->json, type->name, document->view, type, value);
        document->component_bytes += type->size;
        return;
    }
    json_begin_object(&document->json, type->name);
    json_end_object(&document->json);
}

static void document_put_singletons(struct document *document)
{
    size_t count;
    const pecs_component *components = pecs_view_singletons(document->view, &count);
    if (!count)
        return;
    json_begin_object(&document->json, "singletons");
    order_sort(&document->order, components, count);
    for (size_t i = 0; i < count; i++) {
        const struct ranked *next = &document->order.some[i];
        document_put_component(document, next->type,
                               pecs_view_get_singleton(document->view, next->component, next->type->size));
    }
    json_end_object(&document->json);
}

/* Entries of the world, and those that are of the file alone: which no load takes. */
static void document_put_metadata(struct document *document)
{
    const pecs_save_options *save = document->context->save;
    struct json_out *json = &document->json;
    pecs_meta meta;
    if (pecs_view_meta_count(document->view)) {
        json_begin_object(json, "metadata");
        for (size_t i = 0; pecs_view_meta_at(document->view, i, &meta); i++)
            value_write_meta(json, meta.key, &meta);
        json_end_object(json);
    }
    if (!save->metadata_count)
        return;
    json_begin_object(json, "file_metadata");
    for (size_t i = 0; i < save->metadata_count; i++)
        value_write_meta(json, save->metadata[i].key, &save->metadata[i]);
    json_end_object(json);
}

static void document_put_attachments(struct document *document)
{
    pecs_attachment attachment;
    if (!pecs_view_attachment_count(document->view))
        return;
    json_begin_object(&document->json, "attachments");
    for (size_t i = 0; pecs_view_attachment_at(document->view, i, &attachment); i++)
        json_bytes(&document->json, attachment.name, attachment.data, attachment.size_bytes);
    json_end_object(&document->json);
}

/* Every slot of the index is named in the document: here, or by its entity. */
static void document_put_dead(struct document *document)
{
    char text[NUMBER_TEXT_ROOM];
    bool is_first = true;
    for (uint64_t slot = 0; slot <= UINT32_MAX && !document->status; slot++) {
        const pecs_entity entity = pecs_view_slot(document->view, (uint32_t)slot);
        if (!entity.generation)
            break;
        if (pecs_view_alive(document->view, entity))
            continue;
        if (is_first)
            json_begin_array(&document->json, "dead");
        is_first = false;
        *scalar_write_handle(text, entity) = 0;
        json_string(&document->json, NULL, text);
    }
    if (!is_first)
        json_end_array(&document->json);
}

static void document_put_entity(struct document *document, const pecs_id_iter *iter)
{
    char text[NUMBER_TEXT_ROOM];
    size_t count;
    const pecs_component *components = pecs_view_components(document->view, iter->entity, &count);
    bool has_id = false;
    for (size_t i = 0; i < count; i++)
        has_id |= components[i] == document->id_component;
    order_sort(&document->order, components, count);
    json_begin_object(&document->json, NULL);
    *scalar_write_handle(text, iter->entity) = 0;
    json_string(&document->json, "entity", text);
    if (has_id)
        json_id(&document->json, "id", iter->id);
    else if (document_nonce_of(iter->id) != document->nonce)
        document_put_nonce(&document->json, "born", document_nonce_of(iter->id));
    json_begin_object(&document->json, "components");
    for (size_t i = 0; i < count; i++) {
        const struct ranked *next = &document->order.some[i];
        if (next->component != document->id_component)
            document_put_component(document, next->type,
                                   pecs_view_get(document->view, iter->entity, next->component, next->type->size));
    }
    json_end_object(&document->json);
    json_end_object(&document->json);
}

static void document_put_entities(struct document *document)
{
    pecs_id_iter iter = pecs_view_ids(document->view);
    json_begin_array(&document->json, "entities");
    for (uint64_t done = 1; !document->status && pecs_id_iter_next(&iter); done++) {
        document_put_entity(document, &iter);
        if (!document->status && done % SAVE_PROGRESS_ENTITIES == 0)
            document->status =
                pecs_plugin_progress(document->context, PECS_PHASE_WRITE, document->out.written_bytes, 0);
    }
    json_end_array(&document->json);
}

static pecs_status document_put(struct document *document)
{
    json_begin_object(&document->json, NULL);
    document_put_head(document);
    const pecs_status status = document_put_types(document);
    if (status)
        return status;
    document_put_singletons(document);
    document_put_metadata(document);
    document_put_attachments(document);
    document_put_dead(document);
    document_put_entities(document);
    json_end_object(&document->json);
    json_finish(&document->json);
    return out_finish(&document->out) ? document->status : document->status ? document->status : PECS_E_MEMORY;
}

static pecs_status document_save(struct document *document, pecs_left_out left_out)
{
    const pecs_save_options *save = document->context->save;
    const pecs_json_options *options = document->context->user;
    pecs_status status = save->skip_check ? PECS_OK : pecs_view_check(document->view, NULL, NULL, document->error);
    if (status)
        return status;
    (void)!pecs_view_component(document->view, "pecs.id", &document->id_component);
    pecs_view_summary(document->view, &document->summary);
    document->nonce = document_find_nonce(document);
    if (order_init(&document->order, document->view))
        return json_fail_memory(document->error);
    out_begin(&document->out, document_write, document);
    document->json = (struct json_out){ .out = &document->out, .has_base64 = true };
    document->json.line_depth = options && options->is_pretty ? 5 : 2;
    status = document_put(document);
    if (!status && save->report)
        *save->report = (pecs_save_report){ document->out.written_bytes, document->summary.entity_count,
                                            document->type_count, document->component_bytes, left_out };
    return status;
}

pecs_status json_save(const pecs_plugin_context *context, const pecs_snapshot *snapshot, const pecs_sink *sink,
                      pecs_error *error)
{
    pecs_left_out left_out = { 0 };
    pecs_snapshot *part = NULL;
    pecs_status status = document_filter(context, snapshot, &left_out, &part, error);
    struct document *document = status ? NULL : malloc(sizeof(*document));
    if (!status && !document)
        status = json_fail_memory(error);
    if (document) {
        *error = (pecs_error){ .status = PECS_OK };
        memset(document, 0, offsetof(struct document, out));
        document->context = context;
        document->view = pecs_snapshot_view(part);
        document->sink = sink;
        document->error = error;
        document->order = (struct order){ NULL, NULL, 0 };
        document->nonce = document->type_count = document->component_bytes = 0;
        status = document_save(document, left_out);
    }
    if (document)
        order_free(&document->order);
    free(document);
    pecs_snapshot_release(part);
    return status;
}
