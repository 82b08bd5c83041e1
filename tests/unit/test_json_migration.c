/* Documents of earlier versions: what they describe is migrated like the types of a file; hooks run once for any
 * plugin. */
#include "json_world_fixture.h"

#include <stdlib.h>

typedef struct {
    int16_t hull;
    float x;
} Ship1;
PECS_COMPONENT_OF(Ship1, "Ship", 1, PECS_FIELD(Ship1, hull), PECS_GAP_AFTER(Ship1, hull, 2), PECS_FIELD(Ship1, x));
typedef struct {
    double x;
    int32_t health, shield;
    char name[8];
} Ship;
PECS_COMPONENT(Ship, 2, x, health, shield, name);
PECS_TYPES(new_ships, Ship);
PECS_TYPES(old_ships, Ship1);

static int hook_calls;

static pecs_status count_hook(void *user, pecs_world *world, pecs_error *error)
{
    (void)user, (void)world, (void)error;
    hook_calls++;
    return PECS_OK;
}

static pecs_status mark_world(void *user, pecs_world *world, pecs_error *error)
{
    (void)user, (void)error;
    return pecs_world_set_meta_text(world, "marked", "yes");
}

static const pecs_rename renames[] = { { "health", "hull" } };
static const Ship ship_default = { .shield = 50, .name = "unnamed" };
static const pecs_type_history past = {
    .type = &Ship_type, .renames = renames, .rename_count = 1, .defaults = &ship_default
};
static const pecs_world_migration to_three = { .from_version = 1, .to_version = 3, .migrate = mark_world };
static const pecs_load_hook hook = { count_hook, NULL };
static const pecs_history history = { .schema_version = 3,
                                      .oldest_reader = 2,
                                      .types = &past,
                                      .type_count = 1,
                                      .world_migrations = &to_three,
                                      .world_migration_count = 1,
                                      .hooks = &hook,
                                      .hook_count = 1 };
static const pecs_history old_history = { .schema_version = 1 };

static pecs_registry *registry_of(const pecs_type *const *types, size_t count, const pecs_history *with)
{
    pecs_registry *registry = NULL;
    pecs_error error;
    const pecs_registry_desc desc = { .types = types, .type_count = count, .history = with };
    cr_assert_eq(pecs_registry_create(&desc, &registry, &error), PECS_OK, "%s", error.message);
    return registry;
}

static pecs_manager *manager_of_both(void)
{
    pecs_manager *manager = NULL;
    pecs_error error;
    cr_assert_eq(pecs_manager_create(NULL, &manager, &error), PECS_OK);
    cr_assert_eq(pecs_manager_register(manager, pecs_binary_plugin(), &error), PECS_OK);
    cr_assert_eq(pecs_manager_register(manager, pecs_json_plugin(), &error), PECS_OK);
    return manager;
}

static pecs_status load_bytes(pecs_manager *manager, pecs_registry *registry, const struct json_text *text,
                              const pecs_load_options *load, pecs_snapshot **ret_snapshot, pecs_error *error)
{
    const pecs_bytes bytes = { text->bytes, text->size };
    const pecs_source source = pecs_source_for_memory(&bytes);
    const pecs_manager_options options = { .load = load };
    return pecs_manager_load_from(manager, registry, &source, &options, ret_snapshot, error);
}

/* A world of one ship is saved by a plugin of one program and loaded by another program. */
static pecs_status carry(pecs_registry *from, pecs_registry *to, const pecs_value *ship, const char *plugin,
                         pecs_entity *ret_entity, pecs_snapshot **ret_snapshot, pecs_error *error)
{
    struct json_text text = { NULL, 0 };
    const pecs_sink sink = { .write = json_gather, .user = &text };
    const pecs_manager_options options = { .plugin = plugin };
    pecs_manager *manager = manager_of_both();
    pecs_world *world = NULL;
    pecs_snapshot *snapshot = NULL;
    cr_assert_eq(pecs_world_create(from, NULL, NULL, &world, error), PECS_OK);
    cr_assert_eq(pecs_world_spawn(world, ship, 1, 1, ret_entity), PECS_OK);
    cr_assert_eq(pecs_snapshot_take(world, &snapshot), PECS_OK);
    cr_assert_eq(pecs_manager_save_to(manager, snapshot, &sink, &options, error), PECS_OK, "%s", error->message);
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(world);
    hook_calls = 0;
    const pecs_status status = load_bytes(manager, to, &text, NULL, ret_snapshot, error);
    free(text.bytes);
    pecs_manager_destroy(manager);
    pecs_registry_release(from);
    pecs_registry_release(to);
    return status;
}

static const char *meta_of(const pecs_snapshot *snapshot, const char *key)
{
    pecs_meta meta;
    return pecs_view_meta(pecs_snapshot_view(snapshot), key, &meta) ? "absent" : meta.value;
}

static const char *const plugins[] = { "pecs", "json" };
static const Ship1 old_ship = { 70, 1.5f };
static const Ship new_ship = { 1, 2, 3, "abc" };
static const pecs_value old_value = { Ship1_component, sizeof(Ship1), &old_ship };
static const pecs_value new_value = { Ship_component, sizeof(Ship), &new_ship };

Test(json_migration, old_saves_of_any_plugin_are_migrated)
{
    for (int i = 0; i < 2; i++) {
        pecs_entity entity;
        pecs_snapshot *snapshot = NULL;
        pecs_error error;
        cr_assert_eq(carry(registry_of(old_ships_types, old_ships_type_count, &old_history),
                           registry_of(new_ships_types, new_ships_type_count, &history), &old_value, plugins[i],
                           &entity, &snapshot, &error),
                     PECS_OK, "%s: %s", plugins[i], error.message);
        const Ship *ship = pecs_get(pecs_snapshot_view(snapshot), entity, Ship);
        cr_assert(ship->x == 1.5 && ship->health == 70 && ship->shield == 50);
        cr_assert_str_eq(ship->name, "unnamed");
        cr_assert_eq(hook_calls, 1, "%s", plugins[i]);
        cr_assert_str_eq(meta_of(snapshot, "marked"), "yes", "the world migration of %s", plugins[i]);
        cr_assert_str_eq(meta_of(snapshot, PECS_META_SCHEMA_VERSION), "3");
        pecs_snapshot_release(snapshot);
    }
}

Test(json_migration, present_saves_run_hooks_once_and_no_migration)
{
    for (int i = 0; i < 2; i++) {
        pecs_entity entity;
        pecs_snapshot *snapshot = NULL;
        pecs_error error;
        pecs_registry *registry = registry_of(new_ships_types, new_ships_type_count, &history);
        cr_assert_eq(
            carry(pecs_registry_retain(registry), registry, &new_value, plugins[i], &entity, &snapshot, &error),
            PECS_OK, "%s: %s", plugins[i], error.message);
        cr_assert_eq(hook_calls, 1, "%s", plugins[i]);
        cr_assert_str_eq(meta_of(snapshot, "marked"), "absent");
        cr_assert_str_eq(pecs_get(pecs_snapshot_view(snapshot), entity, Ship)->name, "abc");
        pecs_snapshot_release(snapshot);
    }
}

Test(json_migration, an_older_program_refuses_saves_of_any_plugin)
{
    for (int i = 0; i < 2; i++) {
        pecs_entity entity;
        pecs_snapshot *snapshot = NULL;
        pecs_error error;
        cr_assert_eq(carry(registry_of(new_ships_types, new_ships_type_count, &history),
                           registry_of(new_ships_types, new_ships_type_count, &old_history), &new_value, plugins[i],
                           &entity, &snapshot, &error),
                     PECS_E_UNSUPPORTED, "%s", plugins[i]);
        cr_assert(strstr(error.message, "needs schema version 2 or later; this program has 1"), "%s", error.message);
    }
}

/* Written by hand for the present program. */
Test(json_migration, a_document_without_types_is_of_the_present_schema)
{
    static const char *const documents[] = {
        "{\"version\": 1, \"entities\": [{\"components\": {\"Ship\": {\"health\": 7}}}]}",
        "{\"version\": 1, \"metadata\": {\"pecs.schema_version\": \"1\"}, \"entities\": []}",
        "{\"version\": 1, \"types\": [], \"entities\": []}",
    };
    for (int i = 0; i < 3; i++) {
        const struct json_text text = { (char *)(uintptr_t)documents[i], strlen(documents[i]) };
        pecs_registry *registry = registry_of(new_ships_types, new_ships_type_count, &history);
        pecs_manager *manager = manager_of_both();
        pecs_snapshot *snapshot = NULL;
        pecs_error error;
        hook_calls = 0;
        cr_assert_eq(load_bytes(manager, registry, &text, NULL, &snapshot, &error), PECS_OK, "%s", error.message);
        cr_assert_eq(hook_calls, 1);
        cr_assert_str_eq(meta_of(snapshot, "marked"), i ? "yes" : "absent", "document %d", i);
        cr_assert_str_eq(meta_of(snapshot, PECS_META_SCHEMA_VERSION), "3");
        pecs_snapshot_release(snapshot);
        pecs_manager_destroy(manager);
        pecs_registry_release(registry);
    }
}

Test(json_migration, a_loss_needs_the_consent_of_the_load)
{
    static const char document[] =
        "{\"version\": 1, \"types\": [{\"id\": \"Ship\", \"version\": 1, \"fields\": [{\"name\": \"hull\", \"kind\": "
        "\"i64\"}, {\"name\": \"spare\", \"kind\": \"i64\"}]}], \"entities\": [{\"components\": {\"Ship\": {\"hull\": "
        "5000000000, \"spare\": 1}}}]}";
    const struct json_text text = { (char *)(uintptr_t)document, sizeof(document) - 1 };
    pecs_registry *registry = registry_of(new_ships_types, new_ships_type_count, &history);
    pecs_manager *manager = manager_of_both();
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    const pecs_migration_options consent = { .losses = PECS_LOSS_FIELD | PECS_LOSS_NUMBER };
    const pecs_load_options load = { .migration = &consent };
    cr_assert_eq(load_bytes(manager, registry, &text, NULL, &snapshot, &error), PECS_E_LAYOUT);
    cr_assert(strstr(error.message, "PECS_LOSS_"), "%s", error.message);
    cr_assert_eq(load_bytes(manager, registry, &text, &load, &snapshot, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(pecs_get(pecs_snapshot_view(snapshot), ((pecs_entity){ 0, 1 }), Ship)->health, INT32_MAX);
    pecs_snapshot_release(snapshot);
    pecs_manager_destroy(manager);
    pecs_registry_release(registry);
}

Test(json_migration, missing_fields_get_the_default)
{
    static const char document[] = "{\"version\": 1, \"entities\": [{\"components\": {\"Ship\": {\"health\": 3}}}, "
                                   "{\"components\": {\"Ship\": {\"name\": \"x\"}}}]}";
    const struct json_text text = { (char *)(uintptr_t)document, sizeof(document) - 1 };
    pecs_registry *registry = registry_of(new_ships_types, new_ships_type_count, &history);
    pecs_manager *manager = manager_of_both();
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    cr_assert_eq(load_bytes(manager, registry, &text, NULL, &snapshot, &error), PECS_OK, "%s", error.message);
    const Ship *first = pecs_get(pecs_snapshot_view(snapshot), ((pecs_entity){ 0, 1 }), Ship);
    const Ship *second = pecs_get(pecs_snapshot_view(snapshot), ((pecs_entity){ 1, 1 }), Ship);
    cr_assert(first->health == 3 && first->shield == 50);
    cr_assert_str_eq(first->name, "unnamed");
    cr_assert(second->health == 0 && second->shield == 50);
    cr_assert_eq(memcmp(second->name, "x\0\0\0\0\0\0\0", 8), 0, "nothing of the default is behind the text");
    pecs_snapshot_release(snapshot);
    pecs_manager_destroy(manager);
    pecs_registry_release(registry);
}
