/* Builds a state with storage's builder from the image of a file, and from what was gathered of its blocks. */
#include "build.h"

#include "bits.h"
#include "identity.h"
#include "state_builder.h"
#include "state_types.h"

struct building {
    const struct model *model;
    const struct match *match;
    const struct part *part;
    struct image *image, *gathered; /* of the file; of the bytes of its blocks, or NULL */
    struct state_builder builder;
    pecs_component *components; /* of a table, ascending */
    uint64_t *bits;             /* of all components of the state, by place */
    size_t word_count;
};

static uint8_t *build_bytes(const struct building *building, uint64_t offset)
{
    return offset < IMAGE_GATHERED ? building->image->bytes + offset
                                   : building->gathered->bytes + (offset - IMAGE_GATHERED);
}

/* Of rows that lie at an offset: the gathered bytes keep the file's image, too. */
static struct image *build_image(const struct building *building, uint64_t offset)
{
    return offset < IMAGE_GATHERED ? building->image : building->gathered;
}

static bool build_has_type(const struct building *building, const struct model_table *table, uint32_t place)
{
    return part_has_type(building->part, le32_load(table->types[place]));
}

/* Of a table with rows, whose columns may lie in both. */
static struct image *build_table_image(const struct building *building, const struct model_table *table)
{
    const struct model *model = building->model;
    struct image *image = build_image(building, model_handles(model, table)->offset);
    for (uint32_t i = 0; i < table->type_count && image == building->image; i++)
        if (build_has_type(building, table, i))
            image = build_image(building, model_column(model, table, i)->offset);
    return image;
}

/* The components of a table in the order of their numbers, which is not that of the file's types. */
static uint32_t build_list_components(struct building *building, const struct model_table *table)
{
    const struct pecs_snapshot *state = building->builder.state;
    uint32_t count = 0;
    memset(building->bits, 0, building->word_count * sizeof(*building->bits));
    for (uint32_t i = 0; i < table->type_count; i++) {
        if (!build_has_type(building, table, i))
            continue;
        bits_set(building->bits, state_place(state, building->match->components[le32_load(table->types[i])]));
        count++;
    }
    state_list_places(state, building->bits, building->word_count, building->components);
    return count;
}

static pecs_status build_table(struct building *building, uint32_t number)
{
    const struct model *model = building->model;
    const struct model_table *from = &model->tables[number];
    const uint64_t row_count = part_has_table(building->part, number) ? from->row_count : 0;
    struct table *table;
    const uint32_t count = build_list_components(building, from);
    const pecs_status status =
        state_builder_add_table(&building->builder, building->components, count, from->is_singleton, row_count,
                                row_count ? build_table_image(building, from) : NULL, &table);
    if (status || !row_count)
        return status;
    const struct model_run *handles = model_handles(model, from);
    if (!handles->is_split)
        state_builder_set_run(table, HANDLE_COLUMN, build_bytes(building, handles->offset), handles->tick);
    for (uint32_t i = 0; i < from->type_count; i++) {
        const struct model_run *run = model_column(model, from, i);
        const pecs_component component = building->match->components[le32_load(from->types[i])];
        if (run->offset && !run->is_split && build_has_type(building, from, i))
            state_builder_set_run(table, archetype_column(table->archetype, component),
                                  build_bytes(building, run->offset), run->tick);
    }
    return PECS_OK;
}

static pecs_status build_tables(struct building *building)
{
    struct pool *pool = building->builder.pool;
    const size_t list_bytes = ((size_t)building->model->type_count + 1) * sizeof(*building->components);
    building->word_count = bits_words(state_component_count(building->builder.state));
    building->bits = pool_allocate(pool, building->word_count * sizeof(*building->bits));
    building->components = pool_allocate(pool, list_bytes);
    pecs_status status = building->bits && building->components ? PECS_OK : PECS_E_MEMORY;
    for (uint32_t i = 0; !status && i < building->model->table_count; i++)
        status = build_table(building, i);
    pool_release(pool, building->components, list_bytes);
    pool_release(pool, building->bits, building->word_count * sizeof(*building->bits));
    return status;
}

static pecs_status build_index(struct building *building)
{
    const struct model *model = building->model;
    const bool is_split = model->index.is_split;
    const struct run run = { is_split ? NULL : build_bytes(building, model->index.offset), model->index.tick };
    return model->slot_count
               ? state_builder_set_index(&building->builder, model->slot_count, model->free_count, model->free_counts,
                                         run, build_image(building, model->index.offset))
               : PECS_OK;
}

/* Rows that stay where they are, in several pieces. */
static pecs_status build_split_block(struct building *building, const struct model_block *block)
{
    const struct model *model = building->model;
    struct image *image = building->image;
    const struct run run = { image->bytes + block->offset, block->tick };
    if (block->column == &model->index)
        return state_builder_lend_index(&building->builder, block->first, block->count, run, image);
    const struct model_table *from = &model->tables[block->table];
    struct table *table = (struct table *)tree_get(&building->builder.state->tables, block->table);
    assert(table->archetype->chunk_shift == from->state_shift || !building->part->is_whole);
    const size_t place = (size_t)(block->column - model_handles(model, from));
    const uint32_t column =
        place ? archetype_column(table->archetype, building->match->components[le32_load(from->types[place - 1])])
              : HANDLE_COLUMN;
    return state_builder_lend(&building->builder, table, column, block->first, block->count, run, image);
}

static pecs_status build_split(struct building *building)
{
    const struct model *model = building->model;
    pecs_status status = PECS_OK;
    for (size_t i = 0; model->has_split && !status && i < model->block_count; i++)
        if (model_block_stays(&model->blocks[i]))
            status = build_split_block(building, &model->blocks[i]);
    return status;
}

static pecs_status build_sessions(struct building *building)
{
    const struct model *model = building->model;
    uint64_t *prefixes;
    const pecs_status status = state_builder_add_sessions(&building->builder, model->session_count, &prefixes);
    for (uint32_t i = 0; !status && i < model->session_count; i++)
        prefixes[i] = identity_prefix(le64_load(model->nonces[i]));
    return status;
}

static void build_heap_run(const struct building *building, const struct model_heap *from, struct heap *heap)
{
    if (from->size_bytes && from->is_read)
        heap_set_run(heap, build_bytes(building, from->offset), from->first, from->size_bytes / FORMAT_HEAP_UNIT);
}

static pecs_status build_heap(struct building *building)
{
    const struct model *model = building->model;
    struct heap *heap;
    static_assert((int)FORMAT_HEAP_UNIT == (int)HEAP_UNIT && (int)FORMAT_HEAP_PAGE_SHIFT == (int)HEAP_PAGE_SHIFT &&
                      (int)FORMAT_HEAP_LONG == (int)HEAP_LONG && (uint64_t)1 << FORMAT_HEAP_SHIFT_MAX == HEAP_UNITS_MAX,
                  "references are used where they lie");
    if (!model->heap_units)
        return PECS_OK;
    struct image *image = building->gathered ? building->gathered : building->image;
    const pecs_status status = state_builder_set_heap(&building->builder, model->heap_units, image, &heap);
    for (uint32_t i = 0; !status && i < model->heap_count; i++)
        build_heap_run(building, &model->heaps[i], heap);
    if (!status)
        build_heap_run(building, &model->attachment_heap, heap);
    return status;
}

/* The bytes of attachments lie one after another. */
static pecs_status build_attachments(struct building *building)
{
    const struct model *model = building->model;
    uint64_t unit = model->attachment_heap.first;
    if (!model->attachments || !building->part->has_attachments)
        return PECS_OK;
    struct attachments *list =
        attachments_create(building->builder.pool, model->attachments->entries, model->attachments->count);
    for (uint32_t i = 0; list && i < list->count; i++) {
        struct attachment *entry = &list->entries[i];
        entry->reference = entry->size_bytes ? reference_make(0, unit, entry->size_bytes) : 0;
        unit += contents_units(entry->size_bytes, false);
    }
    state_builder_set_attachments(&building->builder, list);
    return list ? PECS_OK : PECS_E_MEMORY;
}

static pecs_status build_all(struct building *building)
{
    const struct model *model = building->model;
    struct state_builder *builder = &building->builder;
    static_assert(sizeof(struct id_entry) == sizeof(struct id_record), "entries are used where they lie");
    state_builder_set_unknown_types(builder, building->match->unknown);
    state_builder_set_metadata(builder, model->metadata);
    state_builder_set_retired(builder, model->retired);
    state_builder_set_ids(builder, (const struct id_entry *)build_bytes(building, model->ids.offset), model->id_count,
                          build_image(building, model->ids.offset));
    pecs_status status = build_sessions(building);
    if (!status)
        status = build_index(building);
    if (!status)
        status = build_heap(building);
    if (!status)
        status = build_attachments(building);
    if (!status)
        status = build_tables(building);
    if (!status)
        status = build_split(building);
    builder->state->entity_count = model->entity_count; /* also those that part_reduce leaves out */
    builder->state->is_partial = !building->part->is_whole;
    return status;
}

pecs_status build_state(const struct model *model, const struct match *match, pecs_registry *registry,
                        const struct part *part, struct image *image, struct image *gathered, bool is_proven,
                        struct pecs_snapshot **ret_state)
{
    struct building building = { .model = model, .match = match, .part = part, .image = image, .gathered = gathered };
    pecs_status status = state_builder_init(&building.builder, registry);
    if (!status)
        status = build_all(&building);
    if (!status)
        *ret_state = state_builder_finish(&building.builder, model->tick, is_proven);
    state_builder_deinit(&building.builder);
    return status;
}
