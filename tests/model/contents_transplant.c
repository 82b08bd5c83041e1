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
    leading->is_of_timeline = !is_past || moment->timeline == model->timeline;
    return is_past ? moment->contents : &model->now;
}

/* Whether the world knows the entity, which is of its timeline: a rewind has not undone it. */
static bool is_known(const struct leading *leading, pecs_entity entity)
{
    return pecs_view_slot(leading->to, entity.index).generation >= entity.generation;
}

static void clear_undone(struct model *model, const struct leading *leading, struct shadow *shadow)
{
    pecs_entity *friends = (pecs_entity *)(void *)shadow->friends.data;
    for (size_t i = 0; shadow->has_bag && i < shadow->friends.size / sizeof(*friends); i++) {
        bool stays = is_known(leading, friends[i]);
        for (size_t k = 0; k < leading->count; k++)
            stays |= memcmp(&leading->originals[k], &friends[i], sizeof(friends[i])) == 0;
        if (stays)
            continue;
        friends[i] = (pecs_entity){ 0, 0 };
        model->counts.undone++;
    }
}

/* Any entity, or, of a state of the timeline, one that refers to an entity that was undone. */
static struct shadow *pick_original(struct model *model, const struct leading *leading, struct contents *source)
{
    const bool is_any = !leading->is_of_timeline || pick(model, 2);
    const size_t start = pick(model, ENTITY_COUNT);
    for (size_t i = 0; !is_any && i < ENTITY_COUNT; i++) {
        struct shadow *shadow = &source->shadows[(start + i) % ENTITY_COUNT];
        const pecs_entity *friends = (const pecs_entity *)(const void *)shadow->friends.data;
        const size_t count = shadow->entity.generation && shadow->has_bag ? shadow->friends.size / sizeof(*friends) : 0;
        for (size_t k = 0; k < count; k++)
            if (!is_known(leading, friends[k]))
                return shadow;
    }
    return pick_living(model, source);
}

static void clone_compared(struct model *model, struct leading *leading, const struct shadow *copies, pecs_entity *made,
                           size_t copy_count)
{
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
    compare_all(model, pecs_world_view(model->world), &model->now);
}

void clone_some(struct model *model)
{
    struct leading leading = { .count = 0 };
    pecs_snapshot *snapshot;
    struct contents *source = choose_source(model, &leading, &snapshot);
    struct shadow *originals[CLONED_MAX], copies[CLONED_MAX];
    pecs_entity entities[CLONED_MAX], made[ENTITY_COUNT];
    const size_t room = count_free(model);
    leading.originals = entities;
    for (size_t i = 0; i < CLONED_MAX; i++) {
        struct shadow *shadow = pick_original(model, &leading, source);
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
    for (size_t i = 0; i < leading.count; i++) {
        copies[i] = shadow_copy(originals[i]); /* the place of one may be taken by a clone */
        if (leading.is_of_timeline && copy_count)
            clear_undone(model, &leading, &copies[i]);
    }
    CHECK(model, !pecs_world_clone(model->world, snapshot, entities, leading.count, copy_count, made));
    leading.to = pecs_world_view(model->world);
    clone_compared(model, &leading, copies, made, copy_count);
    for (size_t i = 0; i < leading.count; i++)
        shadow_clear(&copies[i]);
}

/* --- merges --- */

struct merging {
    struct leading leading;
    pecs_conflicts conflicts;
    pecs_id session; /* its first 8 bytes: those of the ids that the world gives */
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
        (void)contents_leave_out(contents, false);
        CHECK(model, !pecs_snapshot_save(part, model->path, &(pecs_save_options){ .skip_sync = true }, NULL));
        pecs_snapshot_release(part);
        CHECK(model, !(is_loaded ? pecs_snapshot_load(model->registry, model->path, NULL, &part, NULL)
                                 : pecs_snapshot_resume(model->registry, model->path, NULL, &part, NULL)));
    }
    return part;
}

/* What ids of new entities begin with, of one that lives for a moment. */
static pecs_id session_of(struct model *model)
{
    pecs_entity entity;
    pecs_id id;
    CHECK(model, !pecs_world_spawn(model->world, NULL, 0, 1, &entity));
    CHECK(model, !pecs_view_id(pecs_world_view(model->world), entity, &id));
    CHECK(model, !pecs_world_despawn(model->world, &entity, 1));
    return id;
}

/* Whether the world will give the id to an entity that is not spawned yet, as a rewind undid the one that had it. */
static bool is_future(const struct merging *merging, pecs_id id)
{
    uint32_t words[2] = { 0, 0 }; /* generation, index */
    for (size_t i = 0; i < 8; i++)
        words[i / 4] = words[i / 4] << 8 | id.bytes[8 + i];
    return memcmp(&id, &merging->session, 8) == 0 &&
           (words[0] & 0x3fffffff) > pecs_view_slot(merging->leading.to, words[1]).generation;
}

/* Lists the entities of the snapshot. False: the merge is refused. */
static bool list_entities(struct model *model, struct merging *merging, pecs_merge_report *report)
{
    const struct contents *now = &model->now, *from = merging->from;
    uint64_t conflicts = 0, future = 0, count = 0;
    for (size_t i = 0; i < ENTITY_COUNT; i++) {
        pecs_id id;
        pecs_entity there;
        const pecs_entity entity = from->shadows[i].entity;
        if (!entity.generation)
            continue;
        CHECK(model, !pecs_view_id(merging->leading.from, entity, &id));
        merging->is_kept[count] = !pecs_view_find(merging->leading.to, id, &there);
        conflicts += merging->is_kept[count];
        future += !merging->is_kept[count] && is_future(merging, id);
        merging->originals[count++] = entity;
    }
    uint64_t *const counts[] = { &(uint64_t){ 0 }, &report->kept_count, &report->replaced_count,
                                 &report->new_id_count };
    *counts[merging->conflicts] = conflicts;
    report->new_id_count += future;
    report->added_count = count - conflicts - future;
    merging->leading.count = (size_t)count;
    bool is_refused = conflicts || (now->own.has_bag && from->own.has_bag) ||
                      (now->own.has_cache && from->own.has_cache) || (now->own.has_body && from->own.has_body);
    for (size_t i = 0; i < ATTACHMENT_COUNT; i++)
        is_refused |= now->attachments[i].data && from->attachments[i].data;
    model->counts.future += future;
    return (!is_refused || merging->conflicts != PECS_CONFLICTS_REFUSE) &&
           (!future || merging->conflicts == PECS_CONFLICTS_NEW_ID);
}

static void merge_own(struct model *model, struct merging *merging, bool replaces)
{
    struct shadow *own = &model->now.own;
    const struct shadow *from = &merging->from->own;
    const bool takes_bag = from->has_bag && (!own->has_bag || replaces);
    struct shadow made = shadow_copy(takes_bag ? from : own);
    made.has_bag = own->has_bag || from->has_bag;
    made.has_cache = own->has_cache || from->has_cache;
    made.has_body = own->has_body || from->has_body;
    made.cache = from->has_cache && (!own->has_cache || replaces) ? from->cache : own->cache;
    made.body = from->has_body && (!own->has_body || replaces) ? from->body : own->body;
    if (takes_bag)
        lead_friends(&merging->leading, &made);
    shadow_clear(own);
    *own = made;
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
    merge_own(model, merging, replaces);
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

/* So that nothing of the world itself is in conflict. */
static void drop_own(struct model *model)
{
    static const pecs_component components[] = { Bag_component, Cache_component, Body_component };
    for (size_t i = 0; i < sizeof(components) / sizeof(components[0]); i++)
        CHECK(model, !pecs_world_remove_singleton(model->world, components[i]));
    shadow_clear(&model->now.own);
    for (size_t i = 0; i < ATTACHMENT_COUNT; i++) {
        CHECK(model, !pecs_world_detach(model->world, attachment_names[i]));
        free(model->now.attachments[i].data);
        model->now.attachments[i] = (struct bytes){ NULL, 0 };
    }
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
    merging.session = session_of(model);
    merging.leading.to = pecs_world_view(model->world);
    if (merging.conflicts == PECS_CONFLICTS_REFUSE && pick(model, 2))
        drop_own(model);
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
    pecs_value values[6];
    pecs_id id;
    pecs_rows row = { .values = values, .row_count = 1, .entities = &shadow->entity };
    row.value_count = transient_values(shadow, values);
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

static void build_own(struct model *model, pecs_builder *builder)
{
    const struct shadow *own = &model->now.own;
    struct given given;
    const Bag bag = bag_of(own, &given);
    pecs_value values[4];
    size_t count = transient_values(own, values);
    if (own->has_bag)
        values[count++] = (pecs_value)PECS_ROWS(Bag, &bag);
    for (size_t i = 0; i < count; i++)
        CHECK(model, !pecs_builder_set_singleton(builder, &values[i], NULL));
}

static pecs_snapshot *build(struct model *model)
{
    const pecs_builder_options options = { .tick = pecs_view_tick(pecs_world_view(model->world)) };
    const struct contents *now = &model->now;
    pecs_builder *builder;
    pecs_snapshot *snapshot;
    pecs_component id_type;
    pecs_error error = { .message = "" };
    CHECK(model, !pecs_view_component(pecs_world_view(model->world), "pecs.id", &id_type));
    CHECK(model, !pecs_builder_create(model->registry, &options, &builder, NULL));
    build_dead(model, builder);
    for (size_t i = 0; i < ENTITY_COUNT; i++)
        if (now->shadows[i].entity.generation)
            build_row(model, builder, &now->shadows[i], id_type);
    build_own(model, builder);
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
    static struct contents built;
    pecs_snapshot *snapshot = build(model);
    contents_copy(&built, &model->now);
    contents_forget_bodies(&built);
    compare_all(model, pecs_snapshot_view(snapshot), &built);
    CHECK(model, pecs_view_hash(pecs_snapshot_view(snapshot)) == pecs_view_hash(pecs_world_view(model->world)));
    if (pick(model, 2)) { /* go on in it */
        CHECK(model, !pecs_world_restore(model->world, snapshot));
        contents_forget_bodies(&model->now);
        model->timeline++;
    }
    contents_clear(&built);
    pecs_snapshot_release(snapshot);
}
