/*
 * Clones, merges and the builder in contents_test: contents are copied, references in lists lead to the copies, and the
 * heap counts what lives. Handles and ids are those that the library gives: model_test has a model of these.
 */
#include "contents_model.h"

/* --- references --- */

/* Where references lead: as `ids` says in the view `to`, but for those to the entities that were copied. */
struct leading {
    pecs_view from, to;
    bool is_of_timeline;          /* others stay */
    bool is_merge;                /* others are cleared */
    const pecs_entity *originals; /* of the entities that were copied */
    const pecs_entity *copies;
    size_t count;
    uint64_t cleared_count;
};

static pecs_entity lead(struct leading *leading, pecs_entity entity)
{
    pecs_id id;
    pecs_entity target = { 0, 0 };
    if (!entity.generation)
        return entity;
    for (size_t i = 0; i < leading->count; i++)
        if (memcmp(&leading->originals[i], &entity, sizeof(entity)) == 0)
            return leading->copies[i];
    if (leading->is_of_timeline)
        return entity;
    if (leading->is_merge || pecs_view_id(leading->from, entity, &id) || pecs_view_find(leading->to, id, &target))
        target = (pecs_entity){ 0, 0 };
    leading->cleared_count += !target.generation;
    return target;
}

static void lead_friends(struct leading *leading, struct shadow *shadow)
{
    pecs_entity *friends = (pecs_entity *)(void *)shadow->friends.data;
    for (size_t i = 0; shadow->has_bag && i < shadow->friends.size / sizeof(*friends); i++)
        friends[i] = lead(leading, friends[i]);
}

/* --- shadows --- */

static size_t count_free(const struct model *model)
{
    size_t count = 0;
    for (size_t i = 0; i < ENTITY_COUNT; i++)
        count += !model->now.shadows[i].entity.generation;
    return count;
}

static struct shadow *find_shadow(struct contents *contents, pecs_entity entity)
{
    for (size_t i = 0; i < ENTITY_COUNT; i++)
        if (memcmp(&contents->shadows[i].entity, &entity, sizeof(entity)) == 0)
            return &contents->shadows[i];
    return NULL;
}

static struct shadow *free_shadow(struct model *model)
{
    return find_shadow(&model->now, (pecs_entity){ 0, 0 });
}

/* A free shadow, or that of the entity, has what another one has from now on. */
static void shadow_become(struct shadow *to, const struct shadow *from, pecs_entity entity)
{
    struct shadow made = shadow_copy(from);
    made.entity = entity;
    shadow_clear(to);
    *to = made;
}

/* --- clones --- */

enum { CLONED_MAX = 6 };

/* The contents that a snapshot has, or, if it is NULL, the world. */
static struct contents *choose_source(struct model *model, struct leading *leading, pecs_snapshot **ret_snapshot)
{
    struct moment *moment = &model->history[pick(model, HISTORY)];
    const bool is_past = pick(model, 2) && moment->snapshot;
    *ret_snapshot = is_past ? moment->snapshot : NULL;
    leading->to = pecs_world_view(model->world);
    leading->from = is_past ? pecs_snapshot_view(moment->snapshot) : leading->to;
    leading->is_of_timeline = !is_past || moment->stretch == model->stretch;
    return is_past ? moment->contents : &model->now;
}

static void clone_compared(struct model *model, struct leading *leading, struct shadow *const *originals,
                           pecs_entity *made, size_t copy_count)
{
    struct shadow copies[CLONED_MAX];
    for (size_t i = 0; i < leading->count; i++)
        copies[i] = shadow_copy(originals[i]); /* the place of one may be taken by a clone */
    for (size_t copy = 0; copy < copy_count; copy++) {
        leading->copies = &made[copy * leading->count];
        for (size_t i = 0; i < leading->count; i++) {
            struct shadow *shadow = free_shadow(model);
            CHECK(model, shadow != NULL && !find_shadow(&model->now, leading->copies[i]));
            shadow_become(shadow, &copies[i], leading->copies[i]);
            lead_friends(leading, shadow);
            CHECK(model, pecs_view_alive(leading->to, shadow->entity));
        }
    }
    for (size_t i = 0; i < leading->count; i++)
        shadow_clear(&copies[i]);
    compare_all(model, pecs_world_view(model->world), &model->now);
}

void clone_some(struct model *model)
{
    struct leading leading = { .count = 0 };
    pecs_snapshot *snapshot;
    struct contents *source = choose_source(model, &leading, &snapshot);
    struct shadow *originals[CLONED_MAX];
    pecs_entity entities[CLONED_MAX], made[ENTITY_COUNT];
    const size_t room = count_free(model);
    leading.originals = entities;
    for (size_t i = 0; i < CLONED_MAX; i++) {
        struct shadow *shadow = pick_living(model, source);
        bool is_new = shadow != NULL;
        for (size_t k = 0; k < leading.count; k++)
            is_new = is_new && originals[k] != shadow;
        if (!is_new)
            continue;
        originals[leading.count] = shadow;
        entities[leading.count++] = shadow->entity;
    }
    size_t copy_count = 1 + pick(model, pick(model, 8) ? 3 : 30);
    if (leading.count * copy_count > room)
        copy_count = leading.count ? room / leading.count : 0;
    CHECK(model, !pecs_world_clone(model->world, snapshot, entities, leading.count, copy_count, made));
    leading.to = pecs_world_view(model->world);
    clone_compared(model, &leading, originals, made, copy_count);
}

/* --- merges --- */

struct merging {
    struct leading leading;
    pecs_conflicts conflicts;
    struct contents *from;
    pecs_entity originals[ENTITY_COUNT], copies[ENTITY_COUNT]; /* of all entities of the snapshot */
    bool is_kept[ENTITY_COUNT];                                /* whether the world has one with the id */
};

static bool keep_some(void *user, pecs_view view, pecs_entity entity)
{
    const uint64_t *modulus = user;
    return pecs_view_alive(view, entity) && entity.index % *modulus == 0;
}

/* How many entities have an index that the number divides. */
static size_t count_part(const struct contents *contents, uint64_t modulus)
{
    size_t count = 0;
    for (size_t i = 0; i < ENTITY_COUNT; i++)
        count += contents->shadows[i].entity.generation && contents->shadows[i].entity.index % modulus == 0;
    return count;
}

/* A part of a moment that has room in the world; or the world itself as a file, read again. NULL: there is none. */
static pecs_snapshot *choose_part(struct model *model, struct contents *contents)
{
    const struct moment *moment = &model->history[pick(model, HISTORY)];
    const size_t room = count_free(model);
    uint64_t modulus = pick(model, 2) ? 1 : 2 + pick(model, 20);
    pecs_snapshot *part;
    if (!moment->snapshot || !room)
        return NULL;
    contents_copy(contents, moment->contents);
    while (count_part(contents, modulus) > room)
        modulus++;
    const pecs_filter filter = { .keep = keep_some, .user = &modulus };
    CHECK(model, !pecs_snapshot_filter(moment->snapshot, &filter, &part, NULL));
    for (size_t i = 0; i < ENTITY_COUNT; i++)
        if (contents->shadows[i].entity.index % modulus != 0)
            shadow_clear(&contents->shadows[i]);
    if (pick(model, 3) == 0) {
        const bool is_loaded = pick(model, 2);
        CHECK(model, !pecs_snapshot_save(part, model->path, &(pecs_save_options){ .skip_sync = true }, NULL));
        pecs_snapshot_release(part);
        CHECK(model, !(is_loaded ? pecs_snapshot_load(model->registry, model->path, NULL, &part, NULL)
                                 : pecs_snapshot_resume(model->registry, model->path, NULL, &part, NULL)));
    }
    return part;
}

/* Lists the entities of the snapshot. False: the merge is refused. */
static bool list_entities(struct model *model, struct merging *merging, pecs_merge_report *report)
{
    const struct contents *now = &model->now, *from = merging->from;
    uint64_t conflicts = 0, count = 0;
    for (size_t i = 0; i < ENTITY_COUNT; i++) {
        pecs_id id;
        pecs_entity there;
        const pecs_entity entity = from->shadows[i].entity;
        if (!entity.generation)
            continue;
        CHECK(model, !pecs_view_id(merging->leading.from, entity, &id));
        merging->is_kept[count] = !pecs_view_find(merging->leading.to, id, &there);
        conflicts += merging->is_kept[count];
        merging->originals[count++] = entity;
    }
    uint64_t *const counts[] = { &(uint64_t){ 0 }, &report->kept_count, &report->replaced_count,
                                 &report->new_id_count };
    *counts[merging->conflicts] = conflicts;
    report->added_count = count - conflicts;
    merging->leading.count = (size_t)count;
    bool is_refused = conflicts || (now->own.has_bag && from->own.has_bag);
    for (size_t i = 0; i < ATTACHMENT_COUNT; i++)
        is_refused |= now->attachments[i].data && from->attachments[i].data;
    return !is_refused || merging->conflicts != PECS_CONFLICTS_REFUSE;
}

static void merge_entities(struct model *model, struct merging *merging)
{
    struct leading *leading = &merging->leading;
    for (size_t i = 0; i < leading->count; i++) {
        if (merging->is_kept[i] && merging->conflicts == PECS_CONFLICTS_KEEP)
            continue;
        const bool is_replaced = merging->is_kept[i] && merging->conflicts == PECS_CONFLICTS_REPLACE;
        struct shadow *shadow = find_shadow(&model->now, is_replaced ? merging->copies[i] : (pecs_entity){ 0, 0 });
        CHECK(model, shadow != NULL && (is_replaced || !find_shadow(&model->now, merging->copies[i])));
        shadow_become(shadow, find_shadow(merging->from, merging->originals[i]), merging->copies[i]);
        lead_friends(leading, shadow);
    }
    const bool replaces = merging->conflicts == PECS_CONFLICTS_REPLACE;
    if (merging->from->own.has_bag && (!model->now.own.has_bag || replaces)) {
        shadow_become(&model->now.own, &merging->from->own, (pecs_entity){ 0, 0 });
        lead_friends(leading, &model->now.own);
    }
    for (size_t i = 0; i < ATTACHMENT_COUNT; i++) {
        const struct bytes *from = &merging->from->attachments[i];
        if (from->data && (!model->now.attachments[i].data || replaces))
            bytes_set(&model->now.attachments[i], from->data, from->size);
    }
}

static void merge_one(struct model *model, struct merging *merging, const pecs_snapshot *part)
{
    pecs_merge_report wanted = { 0 }, report = { 0 };
    pecs_summary summary;
    pecs_view_summary(merging->leading.from, &summary);
    pecs_entity *became = calloc((size_t)summary.slot_count + 1, sizeof(*became));
    if (!became)
        abort();
    const bool is_allowed = list_entities(model, merging, &wanted);
    const pecs_status status = pecs_world_merge(model->world, part, merging->conflicts, became, &report);
    CHECK(model, status == (is_allowed ? PECS_OK : PECS_E_CONFLICT));
    if (is_allowed) {
        for (size_t i = 0; i < merging->leading.count; i++)
            merging->copies[i] = became[merging->originals[i].index];
        merge_entities(model, merging);
        wanted.reference_count = merging->leading.cleared_count;
        CHECK(model, memcmp(&wanted, &report, sizeof(wanted)) == 0);
    }
    compare_all(model, pecs_world_view(model->world), &model->now);
    compare_all(model, merging->leading.from, merging->from);
    free(became);
}

void merge_some(struct model *model)
{
    static struct contents contents;
    static struct merging merging;
    pecs_snapshot *part = choose_part(model, &contents);
    if (!part)
        return;
    merging = (struct merging){
        .leading = { .from = pecs_snapshot_view(part),
                     .to = pecs_world_view(model->world),
                     .is_merge = true,
                     .originals = merging.originals,
                     .copies = merging.copies },
        .conflicts = (pecs_conflicts)pick(model, PECS_CONFLICTS_NEW_ID + 1),
        .from = &contents,
    };
    if (merging.conflicts == PECS_CONFLICTS_REFUSE && pick(model, 2)) { /* nothing of the world itself to refuse */
        CHECK(model, !pecs_world_remove_singleton(model->world, Bag_component));
        model->now.own.has_bag = false;
        for (size_t i = 0; i < ATTACHMENT_COUNT; i++) {
            CHECK(model, !pecs_world_detach(model->world, attachment_names[i]));
            free(model->now.attachments[i].data);
            model->now.attachments[i] = (struct bytes){ NULL, 0 };
        }
    }
    merge_one(model, &merging, part);
    pecs_snapshot_release(part);
    contents_clear(&contents);
}

/* --- the builder --- */

static void build_row(struct model *model, pecs_builder *builder, const struct shadow *shadow, pecs_component id_type)
{
    const pecs_view view = pecs_world_view(model->world);
    struct given given;
    const Name name = name_of(shadow);
    const Bag bag = bag_of(shadow, &given);
    pecs_value values[3];
    pecs_id id;
    pecs_rows row = { .values = values, .row_count = 1, .entities = &shadow->entity };
    if (shadow->has_name)
        values[row.value_count++] = (pecs_value)PECS_ROWS(Name, &name);
    if (shadow->has_bag)
        values[row.value_count++] = (pecs_value)PECS_ROWS(Bag, &bag);
    if (shadow->is_frozen)
        values[row.value_count++] = (pecs_value)PECS_HAS(Frozen);
    CHECK(model, !pecs_view_id(view, shadow->entity, &id));
    if (pecs_view_has(view, shadow->entity, id_type))
        row.ids = &id;
    CHECK(model, !pecs_builder_add(builder, &row, NULL, NULL));
}

static void build_dead(struct model *model, pecs_builder *builder)
{
    const pecs_view view = pecs_world_view(model->world);
    for (uint32_t slot = 0;; slot++) {
        const pecs_entity entity = pecs_view_slot(view, slot);
        if (!entity.generation)
            break;
        if (!pecs_view_alive(view, entity))
            CHECK(model, !pecs_builder_add_dead(builder, &entity, 1, NULL));
    }
}

static pecs_snapshot *build(struct model *model)
{
    const pecs_builder_options options = { .tick = pecs_view_tick(pecs_world_view(model->world)) };
    const struct contents *now = &model->now;
    pecs_builder *builder;
    pecs_snapshot *snapshot;
    pecs_component id_type;
    pecs_error error = { .message = "" };
    struct given given;
    const Bag own = bag_of(&now->own, &given);
    CHECK(model, !pecs_view_component(pecs_world_view(model->world), "pecs.id", &id_type));
    CHECK(model, !pecs_builder_create(model->registry, &options, &builder, NULL));
    build_dead(model, builder);
    for (size_t i = 0; i < ENTITY_COUNT; i++)
        if (now->shadows[i].entity.generation)
            build_row(model, builder, &now->shadows[i], id_type);
    if (now->own.has_bag)
        CHECK(model, !pecs_builder_set_singleton(builder, &(pecs_value)PECS_ROWS(Bag, &own), NULL));
    for (size_t i = 0; i < ATTACHMENT_COUNT; i++)
        if (now->attachments[i].data)
            CHECK(model, !pecs_builder_attach(builder, attachment_names[i],
                                              PECS_BYTES(now->attachments[i].data, now->attachments[i].size), NULL));
    const pecs_status status = pecs_builder_finish(builder, &snapshot, &error);
    if (status)
        fprintf(stderr, "build: %s\n", error.message);
    CHECK(model, !status);
    pecs_builder_destroy(builder);
    return snapshot;
}

void build_all(struct model *model)
{
    pecs_snapshot *snapshot = build(model);
    compare_all(model, pecs_snapshot_view(snapshot), &model->now);
    CHECK(model, pecs_view_hash(pecs_snapshot_view(snapshot)) == pecs_view_hash(pecs_world_view(model->world)));
    if (pick(model, 2)) { /* go on in it */
        CHECK(model, !pecs_world_restore(model->world, snapshot));
        model->stretch++;
    }
    pecs_snapshot_release(snapshot);
}
