/*
 * Builder: a world whose rows come with their handles, so that its entity index is written once, at the end. All that
 * needs no index is done as in any other world.
 */
#include "builder_adopt.h"
#include "builder_births.h"
#include "edit.h"
#include "error.h"
#include "id_hash.h"
#include "identity.h"
#include "program_meta.h"
#include "utf8.h"
#include "value_check.h"

#include <pecs/attachments.h>
#include <pecs/builder.h>
#include <pecs/metadata.h>

#include <inttypes.h>
#include <stdio.h>

struct pecs_builder {
    struct pecs_world *world;
    bool has_given_handles; /* those of the rows, if there are any; else they are made in order */
    pecs_entity *dead;
    size_t dead_count, dead_capacity;
    struct builder_births births;
    struct pecs_snapshot *adopted;           /* what finish returns, of an otherwise empty builder; else NULL */
    const pecs_migration_options *migration; /* for what is adopted; or NULL */
    bool is_finished;
};

/* The components of a table: "{Position, Name}", cut if long. */
struct builder_names {
    char text[160];
};

static void builder_add_name(struct builder_names *names, size_t *used, const char *name)
{
    const size_t room = sizeof(names->text) - *used;
    const int added = snprintf(names->text + *used, room, "%s%s", *used > 1 ? ", " : "", name);
    *used = added < 0 ? *used : (size_t)min_u64(*used + (size_t)added, sizeof(names->text) - 1);
}

static void builder_end_names(struct builder_names *names, size_t used)
{
    static const char cut[] = "...}";
    if (used + 1 < sizeof(names->text)) {
        names->text[used] = '}';
        names->text[used + 1] = 0;
        return;
    }
    names->text[sizeof(names->text) - sizeof(cut)] = 0;
    utf8_mend(names->text);
    memcpy(names->text + strlen(names->text), cut, sizeof(cut));
}

/* Whether an edit would read the values: it refuses more than there are components. */
static bool builder_reads_values(const struct pecs_world *world, const pecs_rows *rows)
{
    return rows->values && rows->value_count < state_component_count(world->state);
}

static struct builder_names builder_names_of_rows(const struct pecs_world *world, const pecs_rows *rows)
{
    struct builder_names names = { "{" };
    size_t used = 1;
    const size_t count = builder_reads_values(world, rows) ? rows->value_count : 0;
    for (size_t i = 0; i < count && used + 1 < sizeof(names.text); i++) {
        const struct component *component = state_component(world->state, rows->values[i].component);
        builder_add_name(&names, &used, component ? component->type->name : "?");
    }
    builder_end_names(&names, used);
    return names;
}

static struct builder_names builder_names_of_table(const struct pecs_world *world, const struct table *table)
{
    const struct archetype *archetype = table->archetype;
    struct builder_names names = { "{" };
    size_t used = 1;
    for (uint32_t i = 0; i < archetype->component_count && used + 1 < sizeof(names.text); i++)
        builder_add_name(&names, &used, state_component(world->state, archetype->components[i])->type->name);
    builder_end_names(&names, used);
    return names;
}

pecs_status builder_create(pecs_registry *registry, const pecs_snapshot *base, const pecs_builder_options *options,
                           pecs_builder **ret_builder, pecs_error *error)
{
    const pecs_world_options of_world = { .session_nonce = options ? options->session_nonce : 0 };
    pecs_world *world;
    if (options && options->tick > TICK_MAX)
        return fail(error, PECS_E_MISUSE, "the tick %" PRIu64 " is above 2^63 - 1", options->tick);
    const pecs_status status = pecs_world_create(registry, base, &of_world, &world, error);
    if (status)
        return status;
    struct pecs_builder *builder = pool_allocate_zeroed(registry->pool, sizeof(*builder));
    if (!builder) {
        pecs_world_destroy(world);
        return fail_memory(error);
    }
    builder->world = world;
    if (options && options->tick)
        world->gate.tick = world->state->tick = options->tick;
    *ret_builder = builder;
    return PECS_OK;
}

pecs_status pecs_builder_create(pecs_registry *registry, const pecs_builder_options *options,
                                pecs_builder **ret_builder, pecs_error *error)
{
    if (!registry || !ret_builder)
        return fail(error, PECS_E_MISUSE, "registry and ret_builder must not be NULL");
    return builder_create(registry, NULL, options, ret_builder, error);
}

void pecs_builder_destroy(pecs_builder *builder)
{
    if (!builder)
        return;
    struct pool *pool = builder->world->registry->pool;
    pecs_registry *registry = pecs_registry_retain(builder->world->registry);
    state_release(builder->adopted);
    pecs_world_destroy(builder->world);
    pool_release(pool, builder->dead, builder->dead_capacity * sizeof(*builder->dead));
    builder_births_free(pool, &builder->births);
    pool_release(pool, builder, sizeof(*builder));
    pecs_registry_release(registry);
}

static bool builder_is_open(const pecs_builder *builder, bool has_arguments, pecs_error *error)
{
    if (!builder || !has_arguments)
        fail(error, PECS_E_MISUSE, "a required argument is NULL");
    else if (builder->is_finished)
        fail(error, PECS_E_MISUSE, "the builder is finished");
    else if (builder->adopted)
        fail(error, PECS_E_MISUSE, "the builder has adopted a snapshot");
    else
        return true;
    return false;
}

pecs_registry *pecs_builder_registry(const pecs_builder *builder)
{
    return builder ? builder->world->registry : NULL;
}

pecs_status builder_check_empty(const struct pecs_builder *builder, pecs_error *error)
{
    if (!builder_is_open(builder, true, error))
        return PECS_E_MISUSE;
    const struct pecs_snapshot *state = builder->world->state;
    if (state->table_count || builder->dead_count || state->metadata || state->attachments)
        return fail(error, PECS_E_MISUSE, "a builder that has something cannot adopt a snapshot");
    return PECS_OK;
}

void builder_take(struct pecs_builder *builder, struct pecs_snapshot *snapshot)
{
    assert(!builder->adopted && !builder->is_finished && snapshot->registry == builder->world->registry);
    builder->adopted = snapshot;
}

void builder_set_migration(struct pecs_builder *builder, const pecs_migration_options *migration)
{
    builder->migration = migration;
}

const pecs_migration_options *builder_migration(const struct pecs_builder *builder)
{
    return builder->migration;
}

/* The error of a failed edit of the builder's world. */
static pecs_status builder_fail_edit(pecs_builder *builder, pecs_status status, const char *where, pecs_error *error)
{
    return fail(error, status, "%s%s", where, pecs_world_error(builder->world)->message);
}

static bool builder_is_handle(pecs_entity entity)
{
    return entity.index < SLOT_COUNT_MAX && entity.generation - 1u < GENERATION_MAX;
}

static pecs_status builder_check_handles(const pecs_builder *builder, const pecs_rows *rows, pecs_error *error)
{
    const struct pecs_world *world = builder->world;
    const uint64_t had = world->state->entity_count;
    if (rows->row_count && had && builder->has_given_handles != (rows->entities != NULL))
        return fail(error, PECS_E_MISUSE, "%s: either all rows of a builder are given handles, or none",
                    builder_names_of_rows(world, rows).text);
    if (rows->row_count > SLOT_COUNT_MAX - had)
        return fail(error, PECS_E_LIMIT, "%s: there are more rows than entity slots",
                    builder_names_of_rows(world, rows).text);
    for (size_t i = 0; rows->entities && i < rows->row_count; i++)
        if (!builder_is_handle(rows->entities[i]))
            return fail(error, PECS_E_MISUSE, "%s, row %zu: %" PRIu32 ":%" PRIu32 " is not a handle of an entity",
                        builder_names_of_rows(world, rows).text, i, rows->entities[i].index,
                        rows->entities[i].generation);
    static const pecs_id zero;
    for (size_t i = 0; rows->ids && i < rows->row_count; i++)
        if (memcmp(&rows->ids[i], &zero, sizeof(zero)) == 0)
            return fail(error, PECS_E_MISUSE, "%s, row %zu: the id is zero", builder_names_of_rows(world, rows).text,
                        i);
    return PECS_OK;
}

/* Makes the handles of rows that have none. NULL: out of memory. */
static pecs_entity *builder_make_handles(const pecs_builder *builder, size_t count)
{
    const uint64_t bytes = count * sizeof(pecs_entity);
    pecs_entity *made = bytes / sizeof(pecs_entity) == count && bytes <= SIZE_MAX / 2
                            ? pool_allocate(builder->world->registry->pool, (size_t)bytes)
                            : NULL;
    for (size_t i = 0; made && i < count; i++)
        made[i] = (pecs_entity){ (uint32_t)(builder->world->state->entity_count + i), 1 };
    return made;
}

static pecs_status builder_fail_rows(pecs_builder *builder, const pecs_rows *rows, pecs_status status,
                                     pecs_error *error)
{
    const struct builder_names names = builder_names_of_rows(builder->world, rows);
    char where[sizeof(names.text) + 2];
    snprintf(where, sizeof(where), "%s%s", names.text, builder->world->failure.row == FAILURE_NO_ROW ? ": " : ", ");
    return builder_fail_edit(builder, status, where, error);
}

static pecs_status builder_add(pecs_builder *builder, const pecs_rows *rows, pecs_entity *ret_entities,
                               pecs_error *error)
{
    struct pecs_world *world = builder->world;
    pecs_entity *made = NULL;
    pecs_status status = builder_check_handles(builder, rows, error);
    if (status)
        return status;
    if (!builder_births_reserve(world->registry->pool, &builder->births, rows->row_count))
        return fail_memory(error);
    if (!rows->entities && rows->row_count && !(made = builder_make_handles(builder, rows->row_count)))
        return fail_memory(error);
    const struct spawn spawn = { rows->row_count, rows->ids, made ? made : rows->entities, NULL };
    status = failure_end(&world->failure, edit_spawn(world, &spawn, rows->values, rows->value_count, NULL));
    if (status)
        builder_fail_rows(builder, rows, status, error);
    if (!status && rows->row_count) {
        builder->has_given_handles = !made;
        builder_births_note(&builder->births, spawn.entities, rows->row_count);
        if (ret_entities)
            memmove(ret_entities, spawn.entities, rows->row_count * sizeof(*ret_entities));
    }
    pool_release(world->registry->pool, made, rows->row_count * sizeof(*made));
    return status;
}

pecs_status pecs_builder_add(pecs_builder *builder, const pecs_rows *rows, pecs_entity *ret_entities, pecs_error *error)
{
    return builder_is_open(builder, rows != NULL, error) ? builder_add(builder, rows, ret_entities, error)
                                                         : PECS_E_MISUSE;
}

pecs_status pecs_builder_set_session(pecs_builder *builder, uint64_t session_nonce, pecs_error *error)
{
    if (!builder_is_open(builder, true, error))
        return PECS_E_MISUSE;
    builder->births.nonce = session_nonce;
    return PECS_OK;
}

pecs_status pecs_builder_add_dead(pecs_builder *builder, const pecs_entity *entities, size_t count, pecs_error *error)
{
    if (!builder_is_open(builder, entities || !count, error))
        return PECS_E_MISUSE;
    for (size_t i = 0; i < count; i++)
        if (!builder_is_handle(entities[i]))
            return fail(error, PECS_E_MISUSE, "%" PRIu32 ":%" PRIu32 " is not a handle of an entity", entities[i].index,
                        entities[i].generation);
    if (count > SIZE_MAX / sizeof(*entities) / 4 - builder->dead_count ||
        !pool_reserve(builder->world->registry->pool, (void **)&builder->dead, &builder->dead_capacity,
                      builder->dead_count + count, sizeof(*entities)))
        return fail_memory(error);
    if (count)
        memcpy(builder->dead + builder->dead_count, entities, count * sizeof(*entities));
    builder->dead_count += count;
    return PECS_OK;
}

pecs_status pecs_builder_set_singleton(pecs_builder *builder, const pecs_value *value, pecs_error *error)
{
    if (!builder_is_open(builder, value != NULL, error))
        return PECS_E_MISUSE;
    const pecs_status status =
        pecs_world_set_singleton(builder->world, value->component, value->size_bytes, value->data);
    return status ? builder_fail_edit(builder, status, "singleton: ", error) : PECS_OK;
}

/* What a format has of the program that saved: a world's own edits do not set it. */
static pecs_status builder_set_program_meta(pecs_builder *builder, const char *key, const char *text, pecs_error *error)
{
    const struct pecs_meta entry = { key, PECS_META_TEXT, text, strlen(text) };
    struct pecs_world *world = builder->world;
    if (!component_name_is_valid(text, entry.size_bytes))
        return fail(error, PECS_E_MISUSE, "the text of '%s' is not 1 to 255 bytes of UTF-8 without control characters",
                    key);
    const pecs_status status = edit_own_state(world);
    return status || metadata_change(world->registry->pool, &world->state->metadata, &entry, META_MAX_BYTES)
               ? fail_memory(error)
               : PECS_OK;
}

pecs_status pecs_builder_set_meta_text(pecs_builder *builder, const char *key, const char *text, pecs_error *error)
{
    if (!builder_is_open(builder, true, error))
        return PECS_E_MISUSE;
    if (text && program_meta_has_key(key))
        return builder_set_program_meta(builder, key, text, error);
    const pecs_status status = pecs_world_set_meta_text(builder->world, key, text);
    return status ? builder_fail_edit(builder, status, "", error) : PECS_OK;
}

pecs_status pecs_builder_set_meta_bytes(pecs_builder *builder, const char *key, const void *bytes, size_t size_bytes,
                                        pecs_error *error)
{
    if (!builder_is_open(builder, true, error))
        return PECS_E_MISUSE;
    const pecs_status status = pecs_world_set_meta_bytes(builder->world, key, bytes, size_bytes);
    return status ? builder_fail_edit(builder, status, "", error) : PECS_OK;
}

pecs_status pecs_builder_attach(pecs_builder *builder, const char *name, const pecs_bytes *bytes, pecs_error *error)
{
    if (!builder_is_open(builder, true, error))
        return PECS_E_MISUSE;
    const pecs_status status = pecs_world_attach(builder->world, name, bytes);
    return status ? builder_fail_edit(builder, status, "", error) : PECS_OK;
}

/* Finish. */

/* The rows of one chunk of a table, by their handles. */
struct builder_chunk {
    const struct table *table;
    uint32_t number;
    uint64_t first, count;
    const pecs_entity *entities;
};
/* Walks over the chunks of all tables but the singletons'. */
struct builder_walk {
    const struct pecs_world *world;
    uint32_t table;
    uint64_t chunk;
};

static bool builder_walk_next(struct builder_walk *walk, struct builder_chunk *ret_chunk)
{
    for (; walk->table < walk->world->state->table_count; walk->table++, walk->chunk = 0) {
        const struct table *table = state_table(walk->world->state, walk->table);
        if (table->archetype->is_singleton || walk->chunk == table_chunk_count(table))
            continue;
        *ret_chunk = (struct builder_chunk){
            .table = table,
            .number = walk->table,
            .first = walk->chunk << table->archetype->chunk_shift,
            .count = table_live_rows(table, walk->chunk),
            .entities = (const pecs_entity *)(const void *)table_chunk(table, HANDLE_COLUMN, walk->chunk),
        };
        walk->chunk++;
        return true;
    }
    return false;
}

static uint64_t builder_count_slots(const pecs_builder *builder)
{
    struct builder_walk walk = { .world = builder->world };
    struct builder_chunk chunk;
    uint64_t count = 0;
    while (builder_walk_next(&walk, &chunk))
        for (uint64_t i = 0; i < chunk.count; i++)
            count = max_u64(count, (uint64_t)chunk.entities[i].index + 1);
    for (size_t i = 0; i < builder->dead_count; i++)
        count = max_u64(count, (uint64_t)builder->dead[i].index + 1);
    return count;
}

/* Writes where the entity in a slot is: "{Name}, row 3". */
static struct builder_names builder_place_of(const struct pecs_world *world, struct record record)
{
    struct builder_names place = builder_names_of_table(world, state_table(world->state, record.table));
    const size_t used = min_u64(strlen(place.text), sizeof(place.text) - 24);
    snprintf(place.text + used, sizeof(place.text) - used, ", row %" PRIu32, record.row);
    return place;
}

static pecs_status builder_fail_slot(const pecs_builder *builder, const struct builder_chunk *chunk, uint64_t row,
                                     struct record other, pecs_error *error)
{
    const struct record at = { .table = chunk->number, .row = (uint32_t)(chunk->first + row) };
    const struct builder_names place = builder_place_of(builder->world, at);
    const pecs_entity entity = chunk->entities[row];
    if (other.table == NO_TABLE)
        return fail(error, PECS_E_CONFLICT, "%s: the slot of %" PRIu32 ":%" PRIu32 " is that of a dead entity",
                    place.text, entity.index, entity.generation);
    const struct builder_names there = builder_place_of(builder->world, other);
    return fail(error, PECS_E_CONFLICT,
                "%s: the slot of %" PRIu32 ":%" PRIu32 " is taken by %" PRIu32 ":%" PRIu32 ", %s", place.text,
                entity.index, entity.generation, entity.index, other.generation, there.text);
}

static pecs_status builder_write_records(pecs_builder *builder, struct entity_index *index, pecs_error *error)
{
    const uint32_t session = builder->world->state->session;
    struct builder_walk walk = { .world = builder->world };
    struct builder_chunk chunk;
    for (uint64_t slot = 0; slot < index_slot_count(index); slot++)
        *index_owned_record(index, slot) = (struct record){ 0, NO_TABLE, 0, 0 };
    for (size_t i = 0; i < builder->dead_count; i++) {
        struct record *record = index_owned_record(index, builder->dead[i].index);
        record->generation = (uint32_t)max_u64(record->generation, builder->dead[i].generation);
    }
    while (builder_walk_next(&walk, &chunk)) {
        for (uint64_t i = 0; i < chunk.count; i++) {
            struct record *record = index_owned_record(index, chunk.entities[i].index);
            if (record->generation)
                return builder_fail_slot(builder, &chunk, i, *record, error);
            *record =
                (struct record){ chunk.entities[i].generation, chunk.number, (uint32_t)(chunk.first + i), session };
        }
    }
    return PECS_OK;
}

/* Counts the free slots. One that was given no entity gets a generation, as all slots of a state have. */
static void builder_count_free(struct pecs_snapshot *state)
{
    struct entity_index *index = (struct entity_index *)state->index.node;
    state->free_count = 0;
    for (uint64_t chunk = 0; chunk < index_chunk_count(index); chunk++) {
        struct record *records = index_owned_record(index, chunk << INDEX_SHIFT);
        uint32_t free_in_chunk = 0;
        for (uint64_t i = 0; i < index_chunk_slots(index, chunk); i++) {
            records[i].generation += !records[i].generation;
            free_in_chunk += records[i].table == NO_TABLE && records[i].generation < GENERATION_MAX;
        }
        index->free_counts[chunk] = free_in_chunk;
        state->free_count += free_in_chunk;
    }
}

/* Gives the world's state an index of its rows. On failure it keeps the one it has. */
static pecs_status builder_make_index(pecs_builder *builder, pecs_error *error)
{
    struct pecs_world *world = builder->world;
    const uint64_t slot_count = builder_count_slots(builder);
    pecs_status status = edit_own_state(world);
    if (!status && slot_count)
        status = edit_open_session(world);
    struct entity_index *index = status ? NULL : index_create(world->registry->pool);
    if (!index)
        return fail_memory(error);
    status = index_reserve(&world->gate, index, slot_count) ? fail_memory(error) : PECS_OK;
    if (!status) {
        index->records.count = slot_count;
        status = builder_write_records(builder, index, error);
    }
    if (!status && (status = builder_births_write(&builder->births, world, index)))
        fail_memory(error);
    if (status) {
        node_release(world->registry->pool, &index->node);
        return status;
    }
    node_release(world->registry->pool, world->state->index.node);
    world->state->index = (struct ref){ &index->node, NULL, world->gate.epoch };
    return PECS_OK;
}

static const pecs_id *builder_ids(const struct pecs_world *world, const struct builder_chunk *chunk)
{
    const uint32_t column = archetype_column(chunk->table->archetype, world->registry->id_component);
    return column == NO_COLUMN ? NULL : (const pecs_id *)(const void *)table_value(chunk->table, column, chunk->first);
}

/*
 * Whether two entities have one id, or one has what is the birth id of another. All ids are noted. An id may be one
 * that the builder's session could have given to an entity that is not here: no world goes on with that session.
 */
static pecs_status builder_check_ids(struct pecs_world *world, struct id_entry *entries, uint64_t count,
                                     pecs_error *error)
{
    char text[PECS_ID_TEXT_BYTES];
    pecs_entity other;
    identity_sort(entries, count);
    for (uint64_t i = 0; i < count; i++) {
        const uint32_t slot = le32_load(entries[i].index);
        const bool is_twice = (i && memcmp(&entries[i - 1].id, &entries[i].id, sizeof(pecs_id)) == 0) ||
                              identity_find_by_birth(world->state, entries[i].id, &other);
        if (!is_twice)
            continue;
        pecs_id_format(entries[i].id, text);
        return fail(error, PECS_E_CONFLICT, "%s: the id %s is that of another entity, too",
                    builder_place_of(world, *state_record(world->state, slot)).text, text);
    }
    return PECS_OK;
}

static pecs_status builder_note_ids(pecs_builder *builder, pecs_error *error)
{
    struct pecs_world *world = builder->world;
    struct pool *pool = world->registry->pool;
    struct builder_walk walk = { .world = world };
    struct builder_chunk chunk;
    uint64_t count = 0;
    while (builder_walk_next(&walk, &chunk))
        count += builder_ids(world, &chunk) ? chunk.count : 0;
    if (!count)
        return PECS_OK;
    struct id_entry *entries = pool_allocate(pool, (size_t)count * sizeof(*entries));
    if (!entries)
        return fail_memory(error);
    uint64_t done = 0;
    for (walk = (struct builder_walk){ .world = world }; builder_walk_next(&walk, &chunk);) {
        const pecs_id *ids = builder_ids(world, &chunk);
        for (uint64_t i = 0; ids && i < chunk.count; i++)
            entries[done++] = (struct id_entry){ ids[i], le32_make(chunk.entities[i].index) };
    }
    pecs_status status = PECS_OK;
    for (uint32_t i = 0; !status && i < world->state->table_count; i++)
        if (id_hash_note_rows(&world->gate, world->state, i, 0, state_table(world->state, i)->row_count))
            status = fail_memory(error);
    if (!status)
        status = builder_check_ids(world, entries, count, error);
    pool_release(pool, entries, (size_t)count * sizeof(*entries));
    return status;
}

static bool builder_note_invalid(void *user, const pecs_invalid *invalid)
{
    *(pecs_entity *)user = invalid->entity;
    return false;
}

static pecs_status builder_check_values(pecs_builder *builder, pecs_error *error)
{
    pecs_entity entity = { 0, 0 };
    pecs_error found;
    const pecs_status status = pecs_view_check(pecs_world_view(builder->world), NULL, NULL, &found);
    if (status != PECS_E_INVALID)
        return status ? fail(error, status, "%s", found.message) : PECS_OK;
    (void)!pecs_view_check(pecs_world_view(builder->world), builder_note_invalid, &entity, NULL);
    const struct record *record = state_find(builder->world->state, entity);
    return fail(error, status, "%s%s%s", record ? builder_place_of(builder->world, *record).text : "",
                record ? ": " : "", found.message);
}

pecs_status pecs_builder_finish(pecs_builder *builder, pecs_snapshot **ret_snapshot, pecs_error *error)
{
    if (builder && ret_snapshot && builder->adopted) {
        *ret_snapshot = builder->adopted;
        builder->adopted = NULL;
        builder->is_finished = true;
        return PECS_OK;
    }
    if (!builder_is_open(builder, ret_snapshot != NULL, error))
        return PECS_E_MISUSE;
    pecs_status status = builder_make_index(builder, error);
    if (!status)
        status = builder_check_values(builder, error);
    if (!status)
        status = builder_note_ids(builder, error);
    if (status)
        return status;
    builder_count_free(builder->world->state);
    builder->world->state->is_built = true;
    status = pecs_snapshot_take(builder->world, ret_snapshot);
    builder->is_finished = !status;
    return status ? builder_fail_edit(builder, status, "", error) : PECS_OK;
}
