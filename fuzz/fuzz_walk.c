/*
 * The properties of a view: everything that can be read in two ways is the same in both. Rows are reached by handles,
 * ids and queries; all bytes of values are read.
 */
#include "fuzz_common.h"

#include <string.h>

static volatile uint8_t touched;

static void touch(const void *bytes, size_t size)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < size; i++)
        sum ^= ((const uint8_t *)bytes)[i];
    touched = sum;
}

static void read_content(const pecs_heap *heap, const pecs_field *field, const uint8_t *member)
{
    uint64_t reference;
    size_t size = 0, count = 0;
    memcpy(&reference, member, sizeof(reference));
    if (field->kind == PECS_STRING) {
        const char *text = pecs_heap_string(heap, (pecs_string){ reference }, &size);
        FUZZ_CHECK(text && text[size] == 0 && strlen(text) <= size, "a string ends in a zero");
        touch(text, size + 1);
    } else if (field->kind == PECS_BLOB) {
        touch(pecs_heap_blob(heap, (pecs_blob){ reference }, &size), size);
    } else {
        const void *elements = pecs_heap_elements(heap, (pecs_list){ reference }, field->element_size, &count);
        FUZZ_CHECK((uintptr_t)elements % 8 == 0, "elements are aligned");
        touch(elements, count * field->element_size);
    }
}

void fuzz_read_contents(pecs_view view, const pecs_type *type, const void *value)
{
    const pecs_heap *heap = pecs_view_heap(view);
    for (uint32_t i = 0; i < type->field_count; i++) {
        const pecs_field *field = &type->fields[i];
        const uint8_t *member = (const uint8_t *)value + field->offset;
        const bool has_contents = field->kind == PECS_STRING || field->kind == PECS_BLOB || field->kind == PECS_LIST;
        for (uint32_t j = 0; (has_contents || field->kind == PECS_STRUCT) && j < field->count && j < 64; j++) {
            if (has_contents)
                read_content(heap, field, member + j * sizeof(uint64_t));
            else
                fuzz_read_contents(view, field->nested, member + j * field->nested->size);
        }
    }
}

/* A copy of a value gives what can be read, or stays as it was. */
static void give_contents(pecs_view view, pecs_component component, const pecs_type *type, const void *value)
{
    enum { MANY = 64 };
    uint8_t copy[4096];
    pecs_bytes bytes[MANY];
    const size_t count = pecs_view_contents_count(view, component);
    if (!count || count > MANY || type->size > sizeof(copy))
        return;
    memcpy(copy, value, type->size);
    const pecs_status status = pecs_view_give_contents(view, component, copy, type->size, 1, bytes, count);
    FUZZ_CHECK(!status || (status == PECS_E_INVALID && memcmp(copy, value, type->size) == 0), type->name);
    for (size_t i = 0; !status && i < count; i++)
        touch(bytes[i].data, bytes[i].size_bytes);
}

static bool same_id(pecs_id a, pecs_id b)
{
    return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

static void walk_types(pecs_view view)
{
    const size_t count = pecs_view_type_count(view);
    pecs_component number, last = 0, found;
    for (size_t place = 0; place < count; place++, last = number) {
        FUZZ_CHECK(pecs_view_component_at(view, place, &number) && (!place || number > last), "numbers ascend");
        const pecs_type *type = pecs_view_type(view, number);
        FUZZ_CHECK(type && type->name && strlen(type->name) <= 255, "a type has a name");
        FUZZ_CHECK(pecs_view_component_by_id(view, pecs_view_type_id(view, number), &found) == PECS_OK &&
                       found == number,
                   type->name);
        FUZZ_CHECK(pecs_view_component(view, type->name, &found) == PECS_OK && found <= number, type->name);
        for (uint32_t j = 0; j < type->field_count; j++)
            FUZZ_CHECK(pecs_kind_name(type->fields[j].kind) != NULL, type->name);
    }
    FUZZ_CHECK(!pecs_view_component_at(view, count, &number) && !pecs_view_type(view, last + 1), "types end");
}

/* A query of the first component of a table finds at least its rows, and reads each. */
static void walk_query(pecs_view view, const pecs_table *table)
{
    pecs_query *query;
    pecs_term term = { 0, PECS_READ };
    if (table->component_count)
        term.component = table->components[table->component_count - 1];
    if (pecs_query_create_in(view, &term, table->component_count ? 1 : 0, &query, NULL))
        return; /* memory */
    const pecs_type *type = pecs_view_type(view, term.component);
    pecs_iter iter = pecs_query_iter(query, view, NULL);
    uint64_t rows = 0;
    while (pecs_iter_next(&iter)) {
        rows += iter.row_count;
        FUZZ_CHECK(pecs_view_alive(view, iter.entities[iter.row_count - 1]), "a row is an entity");
        if (!table->component_count || !type->size)
            continue;
        const void *values = pecs_iter_column(&iter, term.component, type->size);
        FUZZ_CHECK(values && (uintptr_t)values % type->align == 0, type->name);
        touch(values, iter.row_count * type->size);
    }
    FUZZ_CHECK(pecs_iter_end(&iter) == PECS_OK, "a query reads");
    FUZZ_CHECK(rows >= table->row_count && rows == pecs_query_count(query, view), "a query finds all rows");
    pecs_query_destroy(query);
}

static void walk_tables(pecs_view view, const pecs_summary *summary)
{
    pecs_table table;
    uint64_t rows = 0, bytes = 0;
    for (uint64_t i = 0; i < summary->table_count; i++) {
        FUZZ_CHECK(pecs_view_table(view, i, &table), "tables are numbered");
        rows += table.is_singletons ? 0 : table.row_count;
        for (size_t j = 0; j < table.component_count; j++) {
            FUZZ_CHECK(!j || table.components[j - 1] < table.components[j], "components ascend");
            bytes += table.row_count * pecs_view_type(view, table.components[j])->size;
        }
        if (i < 16 && !table.is_singletons)
            walk_query(view, &table);
    }
    FUZZ_CHECK(!pecs_view_table(view, summary->table_count, &table), "tables end");
    FUZZ_CHECK(rows == summary->entity_count && bytes == summary->component_bytes, "the tables are the summary");
}

static void walk_entity(pecs_view view, pecs_entity entity, pecs_id id)
{
    size_t count;
    pecs_id own;
    pecs_entity found;
    const pecs_component *components = pecs_view_components(view, entity, &count);
    FUZZ_CHECK(pecs_view_alive(view, entity) && components, "an entity lives");
    FUZZ_CHECK(!pecs_view_alive(view, (pecs_entity){ entity.index, entity.generation + 1 }), "the future does not");
    FUZZ_CHECK(pecs_view_id(view, entity, &own) == PECS_OK && same_id(own, id), "an entity has its id");
    FUZZ_CHECK(pecs_view_find(view, id, &found) == PECS_OK && found.index == entity.index &&
                   found.generation == entity.generation,
               "an id finds its entity");
    for (size_t i = 0; i < count; i++) {
        const pecs_type *type = pecs_view_type(view, components[i]);
        FUZZ_CHECK(pecs_view_has(view, entity, components[i]), type->name);
        const void *value = pecs_view_get(view, entity, components[i], type->size);
        FUZZ_CHECK((value != NULL) == (type->size > 0) && (uintptr_t)value % type->align == 0, type->name);
        if (!value)
            continue;
        touch(value, type->size);
        fuzz_read_contents(view, type, value);
        give_contents(view, components[i], type, value);
    }
}

/* Calls for many entities agree with calls for one; includes stale and invalid handles. */
static void walk_many(pecs_view view, uint64_t slot_count)
{
    enum { MANY = 100 };
    pecs_entity entities[MANY], found[MANY];
    pecs_id ids[MANY];
    for (uint64_t first = 0; first < slot_count && first < 10 * MANY; first += MANY) {
        for (uint32_t i = 0; i < MANY; i++)
            entities[i] = (pecs_entity){ (uint32_t)first + i, 1 + i / 50 };
        const bool all_live = pecs_view_id_many(view, entities, MANY, ids) == PECS_OK;
        FUZZ_CHECK((pecs_view_find_many(view, ids, MANY, found) == PECS_OK) == all_live, "many ids");
        for (uint32_t i = 0; i < MANY; i++) {
            const bool lives = pecs_view_alive(view, entities[i]);
            FUZZ_CHECK(found[i].index == (lives ? entities[i].index : 0) &&
                           found[i].generation == (lives ? entities[i].generation : 0),
                       "an id among many");
        }
    }
}

static void walk_singletons(pecs_view view)
{
    size_t count;
    const pecs_component *components = pecs_view_singletons(view, &count);
    for (size_t i = 0; i < count; i++) {
        const pecs_type *type = pecs_view_type(view, components[i]);
        const void *value = pecs_view_get_singleton(view, components[i], type->size);
        FUZZ_CHECK(pecs_view_has_singleton(view, components[i]) && (value != NULL) == (type->size > 0), type->name);
        if (!value)
            continue;
        touch(value, type->size);
        fuzz_read_contents(view, type, value);
        give_contents(view, components[i], type, value);
    }
}

static void walk_attachments(pecs_view view)
{
    pecs_attachment attachment, same;
    size_t i = 0;
    for (; pecs_view_attachment_at(view, i, &attachment); i++) {
        FUZZ_CHECK(pecs_view_attachment(view, attachment.name, &same) == PECS_OK && same.data == attachment.data,
                   attachment.name);
        FUZZ_CHECK((uintptr_t)attachment.data % 8 == 0, attachment.name);
        touch(attachment.data, attachment.size_bytes);
    }
    FUZZ_CHECK(i == pecs_view_attachment_count(view), "attachments are counted");
}

static void walk_metadata(pecs_view view)
{
    pecs_meta meta, same;
    size_t i = 0;
    for (; pecs_view_meta_at(view, i, &meta); i++) {
        FUZZ_CHECK(pecs_view_meta(view, meta.key, &same) == PECS_OK && same.value == meta.value, meta.key);
        FUZZ_CHECK(((const char *)meta.value)[meta.size_bytes] == 0 && (uintptr_t)meta.value % 8 == 0, meta.key);
        touch(meta.value, meta.size_bytes);
    }
    FUZZ_CHECK(i == pecs_view_meta_count(view), "metadata is counted");
}

void fuzz_walk(pecs_view view)
{
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    FUZZ_CHECK(summary.tick == pecs_view_tick(view) && summary.tick, "the tick");
    FUZZ_CHECK(summary.free_count + summary.entity_count <= summary.slot_count, "slots");
    walk_types(view);
    walk_tables(view, &summary);
    uint64_t count = 0;
    for (pecs_id_iter iter = pecs_view_ids(view); pecs_id_iter_next(&iter); count++)
        walk_entity(view, iter.entity, iter.id);
    FUZZ_CHECK(count == summary.entity_count, "every entity has an id");
    walk_many(view, summary.slot_count);
    walk_singletons(view);
    walk_metadata(view);
    walk_attachments(view);
    (void)pecs_view_hash(view);
    pecs_error error;
    const pecs_status status = pecs_view_check(view, NULL, NULL, &error);
    FUZZ_CHECK(status == PECS_OK || status == PECS_E_MEMORY, error.message);
}

static bool tell_change(void *user, const pecs_change *change)
{
    (void)user;
    char text[PECS_ID_TEXT_BYTES];
    pecs_id_format(change->id, text);
    fuzz_fail(__FILE__, __LINE__, "two views are the same", text);
}

void fuzz_expect_same_content(pecs_view a, pecs_view b)
{
    FUZZ_CHECK(pecs_view_hash(a) == pecs_view_hash(b), "the content");
    FUZZ_CHECK(pecs_view_meta_count(a) == pecs_view_meta_count(b), "the metadata");
    const pecs_status status = pecs_view_diff(a, b, tell_change, NULL);
    FUZZ_CHECK(status == PECS_OK || status == PECS_E_MEMORY, pecs_status_name(status));
}

void fuzz_expect_same(pecs_view a, pecs_view b)
{
    pecs_summary x, y;
    pecs_view_summary(a, &x);
    pecs_view_summary(b, &y);
    FUZZ_CHECK(x.entity_count == y.entity_count && x.slot_count == y.slot_count && x.free_count == y.free_count &&
                   x.retired_count == y.retired_count,
               "entities and slots");
    FUZZ_CHECK(x.table_count == y.table_count && x.component_bytes == y.component_bytes && x.tick == y.tick, "tables");
    fuzz_expect_same_content(a, b);
}
