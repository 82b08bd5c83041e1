/*
 * Stable ids: their bytes, who has which, and that no two living entities have one, through edits, snapshots and files.
 * The history at the end keeps a plain list of who should have which id beside the world.
 */
#include "file_fixture.h"
#include "hash.h"
#include "id_hash.h"
#include "identity.h"

TestSuite(identity);
TestSuite(ids_in_files, .init = enter_folder, .fini = leave_folder);

static bool same_id(pecs_id a, pecs_id b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

static pecs_id id_of(pecs_view view, pecs_entity entity)
{
    pecs_id id;
    must(pecs_view_id(view, entity, &id) == PECS_OK);
    return id;
}

/* none: nobody has it. */
static pecs_entity find(pecs_view view, pecs_id id)
{
    pecs_entity entity = { 77, 77 };
    const pecs_status status = pecs_view_find(view, id, &entity);
    must(status == PECS_OK || (status == PECS_E_ABSENT && same(entity, (pecs_entity){ 77, 77 })));
    return status ? none : entity;
}

/* An id of no particular form. */
static pecs_id made_id(uint64_t number)
{
    const uint64_t halves[2] = { mix_u64(number + 1), mix_u64(~number) };
    pecs_id id;
    memcpy(id.bytes, halves, sizeof(id.bytes));
    id.bytes[6] = (uint8_t)(id.bytes[6] & 0x7f); /* of version 0 to 7: the birth id of nobody */
    return id;
}

static pecs_id parsed(const char *text)
{
    pecs_id id;
    cr_assert_eq(pecs_id_parse(text, &id), PECS_OK, "%s", text);
    return id;
}

static pecs_world *plain_world(pecs_registry *registry)
{
    return world_of(registry, NULL, 0);
}

/* Text. */

Test(identity, text_has_lower_case_digits_and_dashes)
{
    const pecs_id id = { { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32,
                           0x10 } };
    char text[PECS_ID_TEXT_BYTES + 1];
    memset(text, '!', sizeof(text));
    pecs_id_format(id, text);
    cr_assert_str_eq(text, "01234567-89ab-cdef-fedc-ba9876543210");
    cr_assert_eq(text[PECS_ID_TEXT_BYTES], '!', "37 bytes and no more");
    cr_assert(same_id(parsed("01234567-89ab-cdef-fedc-ba9876543210"), id));
    cr_assert(same_id(parsed("01234567-89AB-CDEF-FEDC-BA9876543210"), id));
    cr_assert(same_id(parsed("01234567-89aB-CdEf-fEDc-bA9876543210"), id));
    pecs_id_format((pecs_id){ { 0 } }, text);
    cr_assert_str_eq(text, "00000000-0000-0000-0000-000000000000");
}

Test(identity, bad_texts_are_refused)
{
    static const char *const bad[] = {
        "",
        "0",
        "-",
        "01234567",
        "01234567-89ab-cdef-fedc-ba987654321",
        "01234567-89ab-cdef-fedc-ba98765432100",
        "01234567-89ab-cdef-fedc-ba9876543210 ",
        " 01234567-89ab-cdef-fedc-ba9876543210",
        "{01234567-89ab-cdef-fedc-ba9876543210}",
        "0123456789abcdeffedcba9876543210",
        "0123456-789ab-cdef-fedc-ba9876543210",
        "01234567 89ab-cdef-fedc-ba9876543210",
        "01234567-89ab-cdef-fedcba-9876543210",
        "01234567-89ab-cdef-fedc-ba987654321g",
        "01234567-89ab-cdef-fedc-ba98765432@0",
        "01234567-89ab-cdef-fedc-ba98765432`0",
        "01234567-89ab-cdef-fedc-ba98765432:0",
        "01234567-89ab-cdef-fedc-ba98765432\xc1"
        "0",
        "01234567-89ab-cdef-fedc-ba98765432\x10"
        "0",
        "0x234567-89ab-cdef-fedc-ba9876543210",
        "+1234567-89ab-cdef-fedc-ba9876543210",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        pecs_id id = made_id(5);
        cr_assert_eq(pecs_id_parse(bad[i], &id), PECS_E_MISUSE, "\"%s\"", bad[i]);
        cr_assert(same_id(id, made_id(5)), "\"%s\" wrote", bad[i]);
    }
    pecs_id id;
    cr_assert_eq(pecs_id_parse(NULL, &id), PECS_E_MISUSE);
    cr_assert_eq(pecs_id_parse("01234567-89ab-cdef-fedc-ba9876543210", NULL), PECS_E_MISUSE);
}

Test(identity, text_and_back)
{
    for (uint64_t i = 0; i < 1000; i++) {
        char text[PECS_ID_TEXT_BYTES];
        pecs_id_format(made_id(i), text);
        must(same_id(parsed(text), made_id(i)));
    }
}

/* Birth ids. */

/* docs/format.md: 48 bits of nonce, 8 and 12 bits of nonce, 10 and 30 bits of generation, 32 bits of index. */
Test(identity, the_bytes_of_a_birth_id)
{
    pecs_registry *registry = counting_registry();
    pecs_world *world = world_of(registry, NULL, UINT64_C(0x123456789abcdef));
    const pecs_entity first = spawn_position(world, 1), second = spawn_position(world, 2);
    const uint8_t expected[16] = { 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0x8d, 0xef, 0x80, 0, 0, 1, 0, 0, 0, 0 };
    cr_assert_eq(memcmp(id_of(pecs_world_view(world), first).bytes, expected, 16), 0);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(pecs_world_despawn(world, &(pecs_entity){ 1, (uint32_t)i + 1 }, 1), PECS_OK);
        spawn_position(world, 3);
    }
    cr_assert(
        same_id(id_of(pecs_world_view(world), (pecs_entity){ 1, 3 }), parsed("12345678-9abc-8def-8000-000300000001")));
    cr_assert_eq(second.index, 1);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

static pecs_id birth_id(uint64_t nonce, pecs_entity entity)
{
    return identity_make(identity_head(nonce), entity);
}

Test(identity, the_largest_numbers_of_a_birth_id)
{
    const pecs_entity last = { 0xfffffffd, GENERATION_MAX };
    const pecs_id id = birth_id(UINT64_C(0xfffffffffffffff), last);
    cr_assert(same_id(id, parsed("ffffffff-ffff-8fff-bfff-fffffffffffd")));
    uint64_t head;
    pecs_entity entity;
    cr_assert(identity_parse(id, &head, &entity));
    cr_assert_eq(identity_nonce(head), UINT64_C(0xfffffffffffffff));
    cr_assert(same(entity, last));
    cr_assert(identity_parse(parsed("12345678-9abc-8def-8765-432112345678"), &head, &entity));
    cr_assert_eq(identity_nonce(head), UINT64_C(0x123456789abcdef));
    cr_assert(same(entity, (pecs_entity){ 0x12345678, 0x7654321 }));
}

Test(identity, only_version_8_and_variant_10_are_birth_ids)
{
    uint64_t head;
    pecs_entity entity;
    for (uint8_t version = 0; version < 16; version++)
        for (uint8_t variant = 0; variant < 4; variant++) {
            pecs_id id = parsed("12345678-9abc-0def-0000-000100000000");
            id.bytes[6] |= (uint8_t)(version << 4);
            id.bytes[8] |= (uint8_t)(variant << 6);
            must(identity_parse(id, &head, &entity) == (variant == 2));
            must((head == identity_head(identity_nonce(head))) == (version == 8));
        }
}

Test(identity, fresh_moved_despawned_respawned)
{
    pecs_registry *registry = counting_registry();
    pecs_world *world = plain_world(registry);
    const pecs_view view = pecs_world_view(world);
    const pecs_entity entity = spawn_position(world, 1), other = spawn_position(world, 2);
    const pecs_id id = id_of(view, entity);
    cr_assert_eq(id.bytes[6] >> 4, 8);
    cr_assert_eq(id.bytes[8] >> 6, 2);
    cr_assert(same(find(view, id), entity));
    cr_assert(same(find(view, id_of(view, other)), other));
    cr_assert_eq(pecs_world_set(world, entity, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 4), PECS_HAS_AS(FROZEN) }, 2),
                 PECS_OK);
    cr_assert_eq(pecs_world_remove(world, entity, (pecs_component[]){ POSITION }, 1), PECS_OK);
    cr_assert(same_id(id_of(view, entity), id), "it moved to other tables");
    cr_assert(same(find(view, id), entity));
    cr_assert_eq(pecs_world_despawn(world, &entity, 1), PECS_OK);
    cr_assert(same(find(view, id), none));
    pecs_id unchanged = made_id(3);
    cr_assert_eq(pecs_view_id(view, entity, &unchanged), PECS_E_DEAD);
    cr_assert_eq(pecs_view_id(view, none, &unchanged), PECS_E_DEAD);
    cr_assert_eq(pecs_view_id(view, (pecs_entity){ 99, 1 }, &unchanged), PECS_E_DEAD);
    cr_assert(same_id(unchanged, made_id(3)));
    const pecs_entity again = spawn_position(world, 3);
    cr_assert_eq(again.index, entity.index);
    cr_assert_not(same_id(id_of(view, again), id));
    cr_assert(same(find(view, id), none));
    cr_assert(same(find(view, id_of(view, again)), again));
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* Ids that look like birth ids, of slots, generations and sessions that are not there. */
Test(identity, what_nobody_has_is_not_found)
{
    pecs_registry *registry = counting_registry();
    pecs_world *world = world_of(registry, NULL, 0x5000);
    const pecs_view view = pecs_world_view(world);
    cr_assert(same(find(view, birth_id(0x5000, (pecs_entity){ 0, 1 })), none), "an empty world");
    spawn_position(world, 1);
    cr_assert(same(find(view, birth_id(0x5000, (pecs_entity){ 0, 1 })), (pecs_entity){ 0, 1 }));
    cr_assert(same(find(view, birth_id(0x5000, (pecs_entity){ 1, 1 })), none));
    cr_assert(same(find(view, birth_id(0x5000, (pecs_entity){ 0xfffffffe, 1 })), none));
    cr_assert(same(find(view, birth_id(0x5000, (pecs_entity){ 0xffffffff, 1 })), none));
    cr_assert(same(find(view, birth_id(0x5000, (pecs_entity){ 0, 0 })), none));
    cr_assert(same(find(view, birth_id(0x5000, (pecs_entity){ 0, 2 })), none));
    cr_assert(same(find(view, birth_id(0x5001, (pecs_entity){ 0, 1 })), none));
    cr_assert(same(find(view, (pecs_id){ { 0 } }), none));
    cr_assert(same(find(view, made_id(1)), none));
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

Test(identity, a_given_nonce_gives_the_same_ids_in_every_run)
{
    pecs_id first[2][3];
    for (int run = 0; run < 2; run++) {
        pecs_registry *registry = counting_registry();
        pecs_world *world = world_of(registry, NULL, 99);
        first[run][0] = id_of(pecs_world_view(world), spawn_position(world, 1));
        pecs_snapshot *snapshot = take(world);
        first[run][1] = id_of(pecs_world_view(world), spawn_position(world, 1));
        cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
        first[run][2] = id_of(pecs_world_view(world), spawn_position(world, 1));
        cr_assert_not(same_id(first[run][1], first[run][2]), "another future, though the handle is the same");
        pecs_snapshot_release(snapshot);
        pecs_world_destroy(world);
        pecs_registry_release(registry);
    }
    for (int i = 0; i < 3; i++)
        cr_assert(same_id(first[0][i], first[1][i]));
}

/* More bits than a nonce has are cut; what is left of this one is 0, which is no nonce. */
Test(identity, a_given_nonce_has_60_bits)
{
    pecs_registry *registry = counting_registry();
    pecs_world *high = world_of(registry, NULL, UINT64_C(0xf123456789abcdef));
    cr_assert(
        same_id(id_of(pecs_world_view(high), spawn_position(high, 1)), parsed("12345678-9abc-8def-8000-000100000000")));
    pecs_world *zero = world_of(registry, NULL, UINT64_C(0xf000000000000000));
    const pecs_id id = id_of(pecs_world_view(zero), spawn_position(zero, 1));
    cr_assert_not(same_id(id, birth_id(0, (pecs_entity){ 0, 1 })));
    pecs_world_destroy(high);
    pecs_world_destroy(zero);
    pecs_registry_release(registry);
}

Test(identity, two_futures_never_give_one_id)
{
    pecs_registry *registry = counting_registry();
    pecs_world *world = plain_world(registry);
    spawn_position(world, 0);
    pecs_snapshot *base = take(world);
    pecs_world *forks[2] = { world_of(registry, base, 0), world_of(registry, base, 0) };
    pecs_id ids[5];
    ids[0] = id_of(pecs_world_view(world), spawn_position(world, 1));
    for (int i = 0; i < 2; i++)
        ids[1 + i] = id_of(pecs_world_view(forks[i]), spawn_position(forks[i], 1));
    cr_assert_eq(pecs_world_restore(world, base), PECS_OK);
    ids[3] = id_of(pecs_world_view(world), spawn_position(world, 1));
    cr_assert_eq(pecs_world_restore(world, base), PECS_OK);
    ids[4] = id_of(pecs_world_view(world), spawn_position(world, 1));
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < i; j++)
            cr_assert_not(same_id(ids[i], ids[j]), "%d and %d", i, j);
    cr_assert(same_id(id_of(pecs_world_view(forks[0]), (pecs_entity){ 0, 1 }),
                      id_of(pecs_world_view(world), (pecs_entity){ 0, 1 })),
              "what both have from before keeps its id");
    for (int i = 0; i < 2; i++)
        pecs_world_destroy(forks[i]);
    pecs_snapshot_release(base);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

Test(identity, a_rewind_gives_the_same_ids_again)
{
    pecs_registry *registry = counting_registry();
    pecs_world *world = plain_world(registry);
    const pecs_view view = pecs_world_view(world);
    pecs_snapshot *empty = take(world);
    pecs_id ids[20];
    for (int i = 0; i < 10; i++)
        ids[i] = id_of(view, spawn_position(world, 1));
    pecs_snapshot *ten = take(world);
    for (int i = 10; i < 20; i++)
        ids[i] = id_of(view, spawn_position(world, 1));
    for (int round = 0; round < 3; round++) {
        cr_assert_eq(pecs_world_rewind(world, round % 2 ? empty : ten), PECS_OK);
        for (int i = round % 2 ? 0 : 10; i < 20; i++)
            cr_assert(same_id(id_of(view, spawn_position(world, 1)), ids[i]));
    }
    pecs_snapshot_release(empty);
    pecs_snapshot_release(ten);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* A million entities have ids; the memory is that of the records and handles. */
Test(identity, birth_ids_cost_no_memory)
{
    enum { COUNT = 1000000 };
    pecs_registry *registry = counting_registry();
    pecs_world *world = plain_world(registry);
    const pecs_view view = pecs_world_view(world);
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, COUNT, NULL), PECS_OK);
    const uint64_t bytes = counting.live_bytes, calls = counting.call_count;
    /* 16 bytes of record and 8 of handle; the rest is room in slabs of 2 MiB */
    cr_assert_leq(bytes, (uint64_t)COUNT * 24 + 3 * 2 * 1024 * 1024);
    for (uint32_t i = 0; i < COUNT; i += 997)
        must(find(view, id_of(view, (pecs_entity){ i, 1 })).index == i);
    cr_assert_eq(counting.call_count, calls);
    cr_assert_eq(counting.live_bytes, bytes);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

/* Explicit ids. */

struct pair {
    pecs_registry *registry;
    pecs_world *world;
    pecs_view view;
    pecs_entity a, b;
};

static struct pair make_pair(void)
{
    struct pair pair = { .registry = counting_registry() };
    pair.world = plain_world(pair.registry);
    pair.view = pecs_world_view(pair.world);
    pair.a = spawn_position(pair.world, 1);
    pair.b = spawn_position(pair.world, 2);
    return pair;
}

static void free_pair(struct pair *pair)
{
    check_world(pair->world);
    pecs_world_destroy(pair->world);
    pecs_registry_release(pair->registry);
    assert_no_leak();
}

Test(identity, an_explicit_id_takes_the_place_of_the_birth_id)
{
    struct pair pair = make_pair();
    const pecs_id birth = id_of(pair.view, pair.a);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    cr_assert(same_id(id_of(pair.view, pair.a), made_id(1)));
    cr_assert(same(find(pair.view, made_id(1)), pair.a));
    cr_assert(same(find(pair.view, birth), none));
    const Position *position = pecs_get_as(pair.view, pair.a, POSITION, Position);
    cr_assert(position && position->x == 1, "its values moved with it");
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(2)), PECS_OK);
    cr_assert(same(find(pair.view, made_id(1)), none));
    cr_assert(same(find(pair.view, made_id(2)), pair.a));
    cr_assert_eq(pecs_world_despawn(pair.world, &pair.a, 1), PECS_OK);
    cr_assert(same(find(pair.view, made_id(2)), none));
    const pecs_entity again = spawn_position(pair.world, 1);
    cr_assert_eq(again.index, pair.a.index);
    cr_assert(same(find(pair.view, made_id(2)), none), "the slot's next entity has it not");
    free_pair(&pair);
}

Test(identity, an_explicit_id_stays_with_edits_and_commands)
{
    struct pair pair = make_pair();
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    cr_assert_eq(pecs_world_set(pair.world, pair.a, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 4) }, 1), PECS_OK);
    cr_assert_eq(pecs_world_remove(pair.world, pair.a, (pecs_component[]){ POSITION }, 1), PECS_OK);
    pecs_commands *commands;
    cr_assert_eq(pecs_commands_create(pair.registry, &commands), PECS_OK);
    cr_assert_eq(pecs_commands_set(commands, pair.a, (pecs_value[]){ PECS_VALUE_AS(HEALTH, Health, 1, 2) }, 1),
                 PECS_OK);
    cr_assert_eq(pecs_commands_remove(commands, pair.a, (pecs_component[]){ TEAM }, 1), PECS_OK);
    cr_assert_eq(pecs_commands_apply(commands, pair.world, NULL), PECS_OK);
    pecs_commands_destroy(commands);
    cr_assert(same(find(pair.view, made_id(1)), pair.a));
    cr_assert(same_id(id_of(pair.view, pair.a), made_id(1)));
    free_pair(&pair);
}

Test(identity, the_birth_id_given_back_takes_the_explicit_one_away)
{
    struct pair pair = make_pair();
    const pecs_id birth = id_of(pair.view, pair.a);
    size_t before, count;
    pecs_view_components(pair.view, pair.a, &before);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    pecs_view_components(pair.view, pair.a, &count);
    cr_assert_eq(count, before + 1);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, birth), PECS_OK);
    pecs_view_components(pair.view, pair.a, &count);
    cr_assert_eq(count, before, "the component is gone");
    cr_assert(same_id(id_of(pair.view, pair.a), birth));
    cr_assert(same(find(pair.view, birth), pair.a));
    cr_assert(same(find(pair.view, made_id(1)), none));
    cr_assert_eq(pecs_world_set_id(pair.world, pair.b, made_id(1)), PECS_OK, "it is free again");
    free_pair(&pair);
}

Test(identity, the_own_id_again_changes_nothing)
{
    struct pair pair = make_pair();
    const pecs_id birth = id_of(pair.view, pair.a);
    const uint64_t hash = pecs_view_hash(pair.view);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, birth), PECS_OK);
    cr_assert_eq(pecs_view_hash(pair.view), hash);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    const uint64_t calls = counting.call_count;
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    cr_assert_eq(pecs_world_remap_id(pair.world, made_id(1), made_id(1)), PECS_OK);
    cr_assert_eq(counting.call_count, calls);
    cr_assert(same(find(pair.view, made_id(1)), pair.a));
    free_pair(&pair);
}

Test(identity, taken_ids_are_a_conflict)
{
    struct pair pair = make_pair();
    const pecs_id births[2] = { id_of(pair.view, pair.a), id_of(pair.view, pair.b) };
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    const uint64_t hash = pecs_view_hash(pair.view);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.b, made_id(1)), PECS_E_CONFLICT, "explicit");
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, births[1]), PECS_E_CONFLICT, "of another's birth");
    cr_assert_eq(pecs_world_remap_id(pair.world, births[1], made_id(1)), PECS_E_CONFLICT);
    cr_assert_eq(pecs_view_hash(pair.view), hash);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.b, births[0]), PECS_OK, "nobody answers to it now");
    cr_assert(same(find(pair.view, births[0]), pair.b));
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, births[0]), PECS_E_CONFLICT, "its own, but taken meanwhile");
    cr_assert_eq(pecs_world_despawn(pair.world, &pair.b, 1), PECS_OK);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, births[0]), PECS_OK);
    cr_assert(same(find(pair.view, births[0]), pair.a));
    free_pair(&pair);
}

Test(identity, refusals_of_set_and_remap)
{
    struct pair pair = make_pair();
    const pecs_id zero = { { 0 } };
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, zero), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set_id(NULL, pair.a, made_id(1)), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set_id(pair.world, none, made_id(1)), PECS_E_DEAD);
    cr_assert_eq(pecs_world_set_id(pair.world, (pecs_entity){ 0, 2 }, made_id(1)), PECS_E_DEAD);
    cr_assert_eq(pecs_world_remap_id(pair.world, made_id(1), made_id(2)), PECS_E_ABSENT);
    cr_assert_eq(pecs_world_remap_id(pair.world, id_of(pair.view, pair.a), zero), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_remap_id(NULL, made_id(1), made_id(2)), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_remap_id(pair.world, id_of(pair.view, pair.b), made_id(2)), PECS_OK);
    cr_assert(same(find(pair.view, made_id(2)), pair.b));
    cr_assert_eq(pecs_world_despawn(pair.world, &pair.a, 1), PECS_OK);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_E_DEAD);
    free_pair(&pair);
}

/* Ids that this world's session has yet to give; those of other sessions, and those it gave before, are free. */
Test(identity, ids_of_the_sessions_future_are_a_conflict)
{
    pecs_registry *registry = counting_registry();
    pecs_world *world = world_of(registry, NULL, 0x777);
    const pecs_view view = pecs_world_view(world);
    pecs_entity entities[3];
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 3, entities), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, &entities[2], 1), PECS_OK);
    const pecs_entity future[] = { { 3, 1 }, { 3, 2 }, { 2, 2 }, { 0, 2 }, { 0xfffffffd, 1 } };
    for (size_t i = 0; i < 5; i++) {
        const pecs_id id = birth_id(0x777, future[i]);
        cr_assert_eq(pecs_world_set_id(world, entities[0], id), PECS_E_CONFLICT, "%zu", i);
        cr_assert_eq(pecs_world_spawn_with_ids(world, NULL, 0, &id, 1, NULL), PECS_E_CONFLICT, "%zu", i);
    }
    cr_assert_eq(pecs_world_set_id(world, entities[0], birth_id(0x778, (pecs_entity){ 3, 1 })), PECS_OK);
    const pecs_id past = birth_id(0x777, (pecs_entity){ 2, 1 });
    cr_assert_eq(pecs_world_set_id(world, entities[0], past), PECS_OK);
    const pecs_entity again = spawn_position(world, 1);
    cr_assert(same(again, (pecs_entity){ 2, 2 }));
    cr_assert(same(find(view, past), entities[0]));
    cr_assert(same(find(view, birth_id(0x777, again)), again));
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* Nothing is spawned yet, but the session's nonce is already the one that the first spawn will have. */
Test(identity, the_future_of_a_session_that_is_not_open_yet)
{
    pecs_registry *registry = counting_registry();
    pecs_world *first = world_of(registry, NULL, 1);
    const pecs_entity entity = spawn_position(first, 1);
    pecs_snapshot *base = take(first);
    pecs_world *world = world_of(registry, base, 0x999);
    cr_assert_eq(pecs_world_set_id(world, entity, birth_id(0x999, (pecs_entity){ 1, 1 })), PECS_E_CONFLICT);
    const pecs_entity next = spawn_position(world, 1);
    cr_assert(same_id(id_of(pecs_world_view(world), next), birth_id(0x999, (pecs_entity){ 1, 1 })));
    pecs_world_destroy(world);
    pecs_world_destroy(first);
    pecs_snapshot_release(base);
    pecs_registry_release(registry);
}

Test(identity, giving_is_busy_while_an_iteration_is_open)
{
    struct pair pair = make_pair();
    pecs_query *all = make_query(pair.registry, NULL, 0);
    pecs_query *write = make_query(pair.registry, (pecs_term[]){ { POSITION, PECS_WRITE } }, 1);
    for (int i = 0; i < 2; i++) {
        pecs_iter iter = i ? pecs_query_iter_mut(write, pair.world, NULL) : pecs_query_iter(all, pair.view, NULL);
        must(pecs_iter_next(&iter));
        cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_E_BUSY);
        cr_assert_eq(pecs_world_remap_id(pair.world, id_of(pair.view, pair.a), made_id(1)), PECS_E_BUSY);
        cr_assert_eq(pecs_world_spawn_with_ids(pair.world, NULL, 0, (pecs_id[]){ made_id(1) }, 1, NULL), PECS_E_BUSY);
        cr_assert(same(find(pair.view, made_id(1)), none));
        cr_assert_eq(pecs_iter_end(&iter), PECS_OK);
    }
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    pecs_query_destroy(all);
    pecs_query_destroy(write);
    free_pair(&pair);
}

/* "pecs.id" is changed by id.h alone. */
Test(identity, the_component_is_read_only)
{
    struct pair pair = make_pair();
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    pecs_component component;
    cr_assert_eq(pecs_view_component(pair.view, "pecs.id", &component), PECS_OK);
    cr_assert_eq(component, FIXTURE_TYPE_COUNT);
    const pecs_id *id = pecs_get_as(pair.view, pair.a, component, pecs_id);
    cr_assert(id && same_id(*id, made_id(1)));
    const pecs_id other = made_id(2);
    const pecs_value value = { component, sizeof(other), &other };
    void *pointer;
    pecs_error error;
    pecs_query *query = NULL;
    pecs_commands *commands;
    cr_assert_eq(pecs_commands_create(pair.registry, &commands), PECS_OK);
    cr_assert_eq(pecs_world_set(pair.world, pair.a, &value, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set(pair.world, pair.b, &value, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_spawn(pair.world, &value, 1, 1, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_remove(pair.world, pair.a, &component, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_get_mut(pair.world, pair.a, component, sizeof(pecs_id), &pointer), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_set_singleton(pair.world, component, sizeof(other), &other), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_remove_singleton(pair.world, component), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_get_singleton_mut(pair.world, component, sizeof(other), &pointer), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_set(commands, pair.a, &value, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_remove(commands, pair.a, &component, 1), PECS_E_MISUSE);
    cr_assert_eq(pecs_commands_spawn(commands, &value, 1, NULL), PECS_E_MISUSE);
    const pecs_access writing[] = { PECS_WRITE, PECS_OPTIONAL_WRITE };
    for (int i = 0; i < 2; i++)
        cr_assert_eq(pecs_query_create_in(pair.view, (pecs_term[]){ { component, writing[i] } }, 1, &query, &error),
                     PECS_E_MISUSE, "a query must not write to it");
    cr_assert_eq(pecs_query_create(pair.registry, (pecs_term[]){ { component, PECS_READ } }, 1, &query, &error),
                 PECS_E_MISUSE);
    cr_assert_eq(pecs_query_create_in(pair.view, (pecs_term[]){ { component, PECS_READ } }, 1, &query, &error),
                 PECS_OK);
    cr_assert_eq(pecs_query_count(query, pair.view), 1);
    pecs_query_destroy(query);
    pecs_commands_destroy(commands);
    cr_assert(same(find(pair.view, made_id(1)), pair.a));
    free_pair(&pair);
}

Test(identity, singletons_are_as_before)
{
    struct pair pair = make_pair();
    cr_assert_eq(pecs_world_set_singleton(pair.world, TEAM, 1, &(Team){ 3 }), PECS_OK);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(1)), PECS_OK);
    const Team *team = pecs_get_singleton_as(pair.view, TEAM, Team);
    cr_assert(team && team->number == 3);
    size_t count;
    const pecs_component *components = pecs_view_singletons(pair.view, &count);
    cr_assert_eq(count, 1);
    cr_assert_eq(components[0], TEAM);
    pecs_id id;
    cr_assert_eq(pecs_view_id(pair.view, none, &id), PECS_E_DEAD, "the world itself has no id");
    cr_assert_eq(pecs_world_set_id(pair.world, none, made_id(2)), PECS_E_DEAD);
    size_t pair_count = 0;
    for (pecs_id_iter iter = pecs_view_ids(pair.view); pecs_id_iter_next(&iter);)
        pair_count++;
    cr_assert_eq(pair_count, 2);
    free_pair(&pair);
}

Test(identity, the_pairs_are_in_the_order_of_indices)
{
    pecs_registry *registry = counting_registry();
    pecs_world *world = plain_world(registry);
    const pecs_view view = pecs_world_view(world);
    pecs_id_iter iter = pecs_view_ids(view);
    cr_assert_not(pecs_id_iter_next(&iter), "an empty world");
    static pecs_entity entities[5000];
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 5000, entities), PECS_OK);
    for (uint32_t i = 0; i < 5000; i += 7)
        cr_assert_eq(pecs_world_set_id(world, entities[i], made_id(i)), PECS_OK);
    cr_assert_eq(pecs_world_despawn(world, (pecs_entity[]){ entities[0], entities[8], entities[4999] }, 3), PECS_OK);
    uint32_t expected = 0, count = 0;
    for (iter = pecs_view_ids(view); pecs_id_iter_next(&iter); count++) {
        while (expected == 0 || expected == 8)
            expected++;
        must(iter.entity.index == expected && iter.entity.generation == 1);
        must(same_id(iter.id, id_of(view, iter.entity)));
        must((expected % 7 == 0) == same_id(iter.id, made_id(expected)));
        expected++;
    }
    cr_assert_eq(count, 4997);
    cr_assert_not(pecs_id_iter_next(&iter));
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* Sorting. */

static int compare_entries(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(pecs_id));
}

/* Ids of a shape: random ones; those that differ in few bytes only; counters; two values; all the same. */
static pecs_id shaped_id(int shape, uint64_t number)
{
    pecs_id id = made_id(number);
    if (shape == 1)
        memset(id.bytes, 7, 13);
    if (shape == 2)
        memset(id.bytes + (number % 2), 0, 12);
    if (shape == 3)
        id = (pecs_id){ { [7] = 1, [14] = (uint8_t)(number >> 8), [15] = (uint8_t)number } };
    if (shape == 4)
        id = (pecs_id){ { [15] = (uint8_t)(number % 2) } };
    return shape == 5 ? (pecs_id){ { 9 } } : id;
}

/* Whatever the ids and how many: ascending, and each index still with its id. */
Test(identity, sorting_is_by_bytes)
{
    enum { MOST = 20000 };
    static struct id_entry entries[MOST], expected[MOST];
    static const uint64_t counts[] = { 0, 1, 2, 31, 32, 33, 34, 256, 257, 5000, MOST };
    for (int shape = 0; shape < 6; shape++) {
        for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
            const uint64_t count = counts[c];
            for (uint64_t i = 0; i < count; i++)
                entries[i] = (struct id_entry){ shaped_id(shape, mix_u64(i)), le32_make((uint32_t)i) };
            memcpy(expected, entries, count * sizeof(entries[0]));
            identity_sort(entries, count);
            qsort(expected, count, sizeof(expected[0]), compare_entries);
            uint64_t index_sum = 0;
            for (uint64_t i = 0; i < count; i++) {
                const uint32_t index = le32_load(entries[i].index);
                must(same_id(entries[i].id, expected[i].id));
                must(index < count && same_id(entries[i].id, shaped_id(shape, mix_u64(index))));
                index_sum += index;
            }
            must(index_sum == count * (count - (count > 0)) / 2);
        }
    }
}

/* Many at once. */

/*
 * Each as by a call of its own, whatever the count: the first and the last ones of an array are not read ahead. Handles
 * and ids are of the living, of the dead, and of nobody, in an order that jumps.
 */
static void check_many(pecs_view view, uint32_t index_count, pecs_id one_of_nobody)
{
    enum { MOST = 400 };
    static pecs_entity entities[MOST], found[MOST + 1];
    static pecs_id ids[MOST], wanted[MOST + 1];
    for (size_t count = 0; count < MOST; count += count < 70 ? 1 : 97) {
        pecs_status id_status = PECS_OK, find_status = PECS_OK;
        for (size_t i = 0; i < count; i++) {
            entities[i] = (pecs_entity){ (uint32_t)(mix_u64(count + i) % index_count), 1 };
            if (pecs_view_id(view, entities[i], &ids[i])) {
                id_status = PECS_E_DEAD;
                find_status = PECS_E_ABSENT;
                ids[i] = i % 2 ? one_of_nobody : (pecs_id){ { 0 } };
            }
        }
        memset(wanted, 0xee, sizeof(wanted));
        memset(found, 0xee, sizeof(found));
        must(pecs_view_id_many(view, entities, count, wanted) == id_status);
        must(pecs_view_find_many(view, ids, count, found) == find_status);
        for (size_t i = 0; i < count; i++) {
            pecs_id id;
            if (pecs_view_id(view, entities[i], &id))
                must(same_id(wanted[i], (pecs_id){ { 0 } }) && same(found[i], none));
            else
                must(same_id(wanted[i], id) && same(found[i], entities[i]));
        }
        must(wanted[count].bytes[0] == 0xee &&
             found[count].index == 0xeeeeeeee); /* nothing behind the end is written */
    }
}

Test(ids_in_files, many_at_once_are_as_one_by_one)
{
    pecs_registry *registry = counting_registry();
    pecs_world *world = plain_world(registry);
    static pecs_entity entities[9000];
    const pecs_id nobody = birth_id(7, (pecs_entity){ 0xfffffff0, 1 });
    check_many(pecs_world_view(world), 1, nobody);
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 9000, entities), PECS_OK);
    check_many(pecs_world_view(world), 9000, nobody);
    cr_assert_eq(pecs_world_despawn(world, entities + 100, 300), PECS_OK);
    check_many(pecs_world_view(world), 9100, nobody);
    for (uint32_t i = 1000; i < 5000; i++)
        must(pecs_world_set_id(world, entities[i], made_id(i)) == PECS_OK);
    check_many(pecs_world_view(world), 9100, nobody);
    save_world(world, "many.pecs");
    pecs_world_destroy(world);
    world = open_world(registry, RESUME, "many.pecs");
    check_many(pecs_world_view(world), 9100, nobody);
    cr_assert_eq(pecs_world_despawn(world, entities + 4000, 300), PECS_OK);
    check_many(pecs_world_view(world), 9100, nobody);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}

/* Spawning with ids. */

enum { BATCH_MAX = 5000 };
static pecs_id batch_ids[BATCH_MAX];
static pecs_entity batch_entities[BATCH_MAX];
static Position batch_positions[BATCH_MAX];

static void fill_batch(uint64_t first)
{
    for (uint32_t i = 0; i < BATCH_MAX; i++) {
        batch_ids[i] = made_id(first + i);
        batch_entities[i] = (pecs_entity){ 55, 55 };
        batch_positions[i] = (Position){ (float)i, 0, 0 };
    }
}

static pecs_status spawn_batch(pecs_world *world, size_t count)
{
    return pecs_world_spawn_with_ids(world, (pecs_value[]){ PECS_ROWS_AS(POSITION, batch_positions) }, 1, batch_ids,
                                     count, batch_entities);
}

Test(identity, batches_of_all_sizes)
{
    static const size_t sizes[] = { 1, 2, 15, 16, 17, 31, 1000, 5000 };
    for (int reuse = 0; reuse < 2; reuse++) {
        struct pair pair = make_pair();
        if (reuse) {
            static pecs_entity old[40];
            cr_assert_eq(pecs_world_spawn(pair.world, NULL, 0, 40, old), PECS_OK);
            cr_assert_eq(pecs_world_despawn(pair.world, old, 40), PECS_OK);
        }
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            fill_batch(10000 * i);
            cr_assert_eq(spawn_batch(pair.world, sizes[i]), PECS_OK);
            for (size_t j = 0; j < sizes[i]; j++) {
                must(same(find(pair.view, batch_ids[j]), batch_entities[j]));
                must(same_id(id_of(pair.view, batch_entities[j]), batch_ids[j]));
                must(pecs_get_as(pair.view, batch_entities[j], POSITION, Position)->x == (float)j);
                must(find(pair.view, identity_of_birth(pair.world->state, batch_entities[j],
                                                       state_find(pair.world->state, batch_entities[j])))
                         .generation == 0);
            }
            check_world(pair.world);
        }
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            for (size_t j = 0; j < sizes[i]; j++)
                must(find(pair.view, made_id(10000 * i + j)).generation);
        free_pair(&pair);
    }
}

Test(identity, a_batch_with_a_conflict_spawns_nothing)
{
    static const size_t sizes[] = { 1, 2, 16, 17, 5000 };
    struct pair pair = make_pair();
    const pecs_id birth = id_of(pair.view, pair.b);
    cr_assert_eq(pecs_world_set_id(pair.world, pair.a, made_id(UINT64_C(1) << 40)), PECS_OK);
    const struct photograph before = photograph_of(pair.view);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const size_t places[] = { 0, sizes[i] / 2, sizes[i] - 1 };
        for (size_t j = 0; j < 3; j++) {
            const size_t place = places[j];
            fill_batch(1);
            batch_ids[place] = birth;
            cr_assert_eq(spawn_batch(pair.world, sizes[i]), PECS_E_CONFLICT, "a birth id at %zu", place);
            batch_ids[place] = made_id(UINT64_C(1) << 40);
            cr_assert_eq(spawn_batch(pair.world, sizes[i]), PECS_E_CONFLICT, "an explicit id at %zu", place);
            batch_ids[place] = (pecs_id){ { 0 } };
            cr_assert_eq(spawn_batch(pair.world, sizes[i]), PECS_E_MISUSE, "zero at %zu", place);
            if (sizes[i] > 1) {
                batch_ids[place] = batch_ids[(place + 1) % sizes[i]];
                cr_assert_eq(spawn_batch(pair.world, sizes[i]), PECS_E_CONFLICT, "twice at %zu", place);
            }
            const struct photograph after = photograph_of(pair.view);
            cr_assert(same_photograph(&before, &after));
            cr_assert(same(batch_entities[0], (pecs_entity){ 55, 55 }), "outputs are written on success only");
        }
    }
    fill_batch(1);
    cr_assert_eq(spawn_batch(pair.world, BATCH_MAX), PECS_OK, "and what failed is free");
    free_pair(&pair);
}

Test(identity, misuse_of_a_batch)
{
    struct pair pair = make_pair();
    const pecs_id id = made_id(1);
    const struct photograph before = photograph_of(pair.view);
    const pecs_value twice[] = { PECS_VALUE_AS(TEAM, Team, 1), PECS_VALUE_AS(TEAM, Team, 1) };
    cr_assert_eq(pecs_world_spawn_with_ids(NULL, NULL, 0, &id, 1, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_spawn_with_ids(pair.world, NULL, 0, NULL, 1, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_spawn_with_ids(pair.world, twice, 2, &id, 1, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_spawn_with_ids(pair.world, &(pecs_value){ 99, 4, NULL }, 1, &id, 1, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_spawn_with_ids(pair.world, &(pecs_value){ TEAM, 4, NULL }, 1, &id, 1, NULL), PECS_E_MISUSE);
    cr_assert_eq(pecs_world_spawn_with_ids(pair.world, NULL, 0, NULL, 0, NULL), PECS_OK);
    const struct photograph after = photograph_of(pair.view);
    cr_assert(same_photograph(&before, &after));
    cr_assert(same(find(pair.view, id), none));
    cr_assert_eq(pecs_world_spawn_with_ids(pair.world, NULL, 0, &id, 1, NULL), PECS_OK, "nothing to hand out");
    cr_assert(find(pair.view, id).generation);
    free_pair(&pair);
}

/* A history. */

enum { ITEM_MAX = 4000, DROPPED_MAX = 256 };

struct item {
    pecs_entity entity;
    pecs_id id, birth;
};

/* Who should have which id, and ids that somebody had before. */
struct model {
    struct item items[ITEM_MAX];
    size_t item_count;
    pecs_id dropped[DROPPED_MAX];
    uint64_t dropped_count;
};

static void drop(struct model *model, pecs_id id)
{
    model->dropped[model->dropped_count++ % DROPPED_MAX] = id;
}

static bool somebody_has(const struct model *model, pecs_id id)
{
    for (size_t i = 0; i < model->item_count; i++)
        if (same_id(model->items[i].id, id))
            return true;
    return false;
}

static void check_model(pecs_view view, const struct model *model)
{
    must(summary_of(view).entity_count == model->item_count);
    for (size_t i = 0; i < model->item_count; i++) {
        const struct item *item = &model->items[i];
        must(same_id(id_of(view, item->entity), item->id));
        must(same(find(view, item->id), item->entity));
    }
    for (uint64_t i = 0; i < model->dropped_count && i < DROPPED_MAX; i++)
        must((find(view, model->dropped[i]).generation != 0) == somebody_has(model, model->dropped[i]));
    size_t count = 0;
    for (pecs_id_iter iter = pecs_view_ids(view); pecs_id_iter_next(&iter); count++)
        ;
    must(count == model->item_count);
}

struct history {
    pecs_world *world;
    struct model *model;
    uint64_t random, next_id;
};

static uint64_t draw(struct history *history, uint64_t limit)
{
    return mix_u64(++history->random) % limit;
}

static void spawn_items(struct history *history, size_t count, bool with_ids)
{
    static pecs_id ids[40];
    static pecs_entity entities[40];
    struct model *model = history->model;
    for (size_t i = 0; i < count; i++)
        ids[i] = made_id(history->next_id++);
    must((with_ids ? pecs_world_spawn_with_ids(history->world, NULL, 0, ids, count, entities)
                   : pecs_world_spawn(history->world, NULL, 0, count, entities)) == PECS_OK);
    for (size_t i = 0; i < count; i++) {
        const struct pecs_snapshot *state = history->world->state;
        const pecs_id birth = identity_of_birth(state, entities[i], state_find(state, entities[i]));
        model->items[model->item_count++] = (struct item){ entities[i], with_ids ? ids[i] : birth, birth };
        if (with_ids)
            drop(model, birth);
    }
}

static void give_item(struct history *history, struct item *item, pecs_id id, bool by_id)
{
    const bool is_taken = somebody_has(history->model, id) && !same_id(item->id, id);
    const pecs_status status =
        by_id ? pecs_world_remap_id(history->world, item->id, id) : pecs_world_set_id(history->world, item->entity, id);
    must(status == (is_taken ? PECS_E_CONFLICT : PECS_OK));
    if (status)
        return;
    drop(history->model, item->id);
    item->id = id;
}

static void step(struct history *history)
{
    struct model *model = history->model;
    const uint64_t what = draw(history, 100);
    if (model->item_count < 100 || (what < 6 && model->item_count < ITEM_MAX - 40)) {
        spawn_items(history, 1 + draw(history, 40), draw(history, 2));
        return;
    }
    struct item *item = &model->items[draw(history, model->item_count)];
    if (what < 20) {
        must(pecs_world_despawn(history->world, &item->entity, 1) == PECS_OK);
        drop(model, item->id);
        *item = model->items[--model->item_count];
    } else if (what < 30) {
        give_item(history, item, item->birth, false);
    } else if (what < 40) { /* one that somebody had, or still has */
        give_item(history, item, model->dropped[draw(history, min_u64(model->dropped_count, DROPPED_MAX))], what % 2);
    } else if (what < 50) {
        const pecs_value value[] = { PECS_VALUE_AS(TEAM, Team, (uint8_t)what) };
        must(pecs_world_set(history->world, item->entity, value, 1) == PECS_OK);
    } else if (what < 60) {
        must(pecs_world_remove(history->world, item->entity, (pecs_component[]){ TEAM }, 1) == PECS_OK);
    } else {
        give_item(history, item, made_id(history->next_id++), what % 2);
    }
}

static struct model *copy_model(const struct model *model)
{
    struct model *copy = malloc(sizeof(*copy));
    *copy = *model;
    return copy;
}

static void run(struct history *history, int step_count)
{
    for (int i = 0; i < step_count; i++)
        step(history);
    check_model(pecs_world_view(history->world), history->model);
    check_world(history->world);
}

static struct history begin_history(pecs_registry *registry)
{
    struct history history = { plain_world(registry), calloc(1, sizeof(struct model)), 1234, 1 };
    return history;
}

static void end_history(struct history *history)
{
    pecs_world_destroy(history->world);
    free(history->model);
}

Test(identity, thousands_of_edits)
{
    pecs_registry *registry = counting_registry();
    struct history history = begin_history(registry);
    /* until more ids were given than there are buckets: the hash index has been replaced */
    for (int i = 0; i < 10 || history.next_id <= id_hash_of(history.world->state)->buckets.count; i++) {
        must(i < 100);
        run(&history, 1000);
    }
    end_history(&history);
    pecs_registry_release(registry);
    assert_no_leak();
}

/* Each chunk of the buckets is an array of its own, so that a new hash index shows in the number of allocations. */
Test(identity, the_hash_index_is_not_replaced_at_every_change)
{
    enum { SLOTS = 4095 }; /* all have an explicit id, and a power of two is just half full */
    pecs_registry *registry = counting_registry();
    pecs_world *world = plain_world(registry);
    static pecs_id ids[SLOTS];
    static pecs_entity entities[SLOTS];
    for (uint64_t i = 0; i < SLOTS; i++)
        ids[i] = made_id(i);
    cr_assert_eq(pecs_world_spawn_with_ids(world, NULL, 0, ids, SLOTS, entities), PECS_OK);
    cr_assert_eq(pecs_world_set_id(world, entities[0], made_id(SLOTS)), PECS_OK);
    const uint64_t calls = counting.call_count;
    for (uint64_t i = 0; i < 2000; i++)
        must(pecs_world_set_id(world, entities[mix_u64(i) % SLOTS], made_id(SLOTS + 1 + i)) == PECS_OK);
    cr_assert_lt(counting.call_count - calls, 200);
    check_world(world);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

static uint64_t walk_of(const pecs_world *world, pecs_id id, pecs_entity entity)
{
    const struct vector *buckets = &id_hash_of(world->state)->buckets;
    const uint64_t mask = buckets->count - 1;
    uint64_t bucket = id_hash_key(world->registry->pool, &id) & mask, steps = 1;
    for (;; bucket = (bucket + 1) & mask, steps++) {
        uint32_t index;
        memcpy(&index, vector_value(buckets, bucket, 10, sizeof(index)), sizeof(index));
        must(index != UINT32_MAX);
        if (index == entity.index)
            return steps;
    }
}

/* An id that many entities have after each other is as quick to find as any, and so are the others beside it. */
Test(identity, an_id_may_go_round)
{
    enum { SLOTS = 3000, ROUNDS = 20000 };
    pecs_registry *registry = counting_registry();
    pecs_world *world = plain_world(registry);
    static pecs_entity entities[SLOTS];
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, SLOTS, entities), PECS_OK);
    for (uint64_t i = 0; i < SLOTS; i += 2)
        must(pecs_world_set_id(world, entities[i], made_id(1000000 + i)) == PECS_OK);
    const pecs_id role = made_id(1);
    must(pecs_world_set_id(world, entities[1], role) == PECS_OK);
    uint64_t longest = 0;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        const pecs_entity had = find(pecs_world_view(world), role);
        const pecs_entity next = entities[mix_u64(i) % SLOTS | 1];
        if (same(had, next))
            continue;
        must(pecs_world_set_id(world, had, made_id(2)) == PECS_OK);
        must(pecs_world_set_id(world, next, role) == PECS_OK);
        const pecs_id birth = identity_of_birth(world->state, had, state_find(world->state, had));
        must(pecs_world_remap_id(world, made_id(2), birth) == PECS_OK);
        const uint64_t steps = walk_of(world, role, next);
        longest = steps > longest ? steps : longest;
        must(same(find(pecs_world_view(world), role), next));
    }
    cr_assert_leq(longest, 40, "%llu steps", (unsigned long long)longest);
    for (uint64_t i = 0; i < SLOTS; i += 2)
        must(same(find(pecs_world_view(world), made_id(1000000 + i)), entities[i]));
    check_world(world);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

Test(identity, snapshots_keep_who_had_which)
{
    enum { TAKEN = 8 };
    pecs_registry *registry = counting_registry();
    struct history history = begin_history(registry);
    pecs_snapshot *snapshots[TAKEN];
    struct model *models[TAKEN];
    for (int i = 0; i < TAKEN; i++) {
        run(&history, 300);
        snapshots[i] = take(history.world);
        models[i] = copy_model(history.model);
    }
    run(&history, 300);
    for (int i = 0; i < TAKEN; i++)
        check_model(pecs_snapshot_view(snapshots[i]), models[i]);
    for (int i = 0; i < TAKEN; i++) {
        const int at = (i * 5 + 3) % TAKEN;
        cr_assert_eq(pecs_world_rewind(history.world, snapshots[at]), PECS_OK);
        *history.model = *models[at];
        check_model(pecs_world_view(history.world), history.model);
        run(&history, 100);
    }
    for (int i = 0; i < TAKEN; i++) {
        const int at = (i * 3 + 1) % TAKEN;
        cr_assert_eq(pecs_world_restore(history.world, snapshots[at]), PECS_OK);
        *history.model = *models[at];
        check_model(pecs_world_view(history.world), history.model);
        run(&history, 100);
    }
    for (int i = 0; i < TAKEN; i++) {
        check_model(pecs_snapshot_view(snapshots[i]), models[i]);
        struct history fork = { world_of(registry, snapshots[i], 0), copy_model(models[i]), 77, history.next_id };
        run(&fork, 100);
        check_model(pecs_snapshot_view(snapshots[i]), models[i]);
        end_history(&fork);
        pecs_snapshot_release(snapshots[i]);
        free(models[i]);
    }
    end_history(&history);
    pecs_registry_release(registry);
    assert_no_leak();
}

/* Files: the ids come back by both verbs, and are edited over and saved again. */
Test(ids_in_files, a_history_over_files)
{
    pecs_registry *registry = counting_registry();
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        struct history history = begin_history(registry);
        run(&history, 1500);
        for (int round = 0; round < 4; round++) {
            save_world(history.world, "world.pecs");
            pecs_snapshot *snapshot = open_snapshot(registry, verb, "world.pecs");
            check_model(pecs_snapshot_view(snapshot), history.model);
            struct model *saved = copy_model(history.model);
            pecs_world_destroy(history.world);
            history.world = world_of(registry, snapshot, 0);
            save_world(history.world, "again.pecs");
            cr_assert(same_bytes("world.pecs", "again.pecs"));
            run(&history, 400);
            check_model(pecs_snapshot_view(snapshot), saved);
            pecs_snapshot *later = take(history.world);
            struct model *then = copy_model(history.model);
            cr_assert_eq(pecs_world_restore(history.world, snapshot), PECS_OK);
            check_model(pecs_world_view(history.world), saved);
            cr_assert_eq(pecs_world_restore(history.world, later), PECS_OK);
            check_model(pecs_world_view(history.world), then);
            run(&history, 200);
            free(saved);
            free(then);
            pecs_snapshot_release(snapshot);
            pecs_snapshot_release(later);
        }
        end_history(&history);
    }
    pecs_registry_release(registry);
    assert_no_leak();
}

Test(ids_in_files, the_last_explicit_id_taken_away_leaves_a_plain_file)
{
    pecs_registry *registry = counting_registry();
    pecs_world *world = plain_world(registry);
    const pecs_entity entity = spawn_position(world, 1);
    const pecs_id birth = id_of(pecs_world_view(world), entity);
    cr_assert_eq(pecs_world_set_id(world, entity, made_id(1)), PECS_OK);
    cr_assert_eq(pecs_world_set_id(world, entity, birth), PECS_OK);
    save_world(world, "world.pecs");
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        pecs_world *copy = open_world(registry, verb, "world.pecs");
        cr_assert(same(find(pecs_world_view(copy), birth), entity));
        cr_assert(same(find(pecs_world_view(copy), made_id(1)), none));
        cr_assert_eq(pecs_world_set_id(copy, entity, made_id(1)), PECS_OK);
        cr_assert(same(find(pecs_world_view(copy), made_id(1)), entity));
        pecs_world_destroy(copy);
    }
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/* As two processes do: each with a registry of its own. */
Test(ids_in_files, two_programs_that_resume_one_file_give_different_ids)
{
    pecs_registry *registries[2] = { counting_registry(), counting_registry() };
    pecs_world *world = plain_world(registries[0]);
    const pecs_entity old = spawn_position(world, 1);
    const pecs_id old_id = id_of(pecs_world_view(world), old);
    save_world(world, "world.pecs");
    pecs_id ids[4];
    for (int i = 0; i < 4; i++) {
        pecs_world *copy = open_world(registries[i % 2], i / 2, "world.pecs");
        const pecs_entity entity = spawn_position(copy, 1);
        cr_assert(same(entity, (pecs_entity){ 1, 1 }), "the handles are the same");
        ids[i] = id_of(pecs_world_view(copy), entity);
        cr_assert(same_id(id_of(pecs_world_view(copy), old), old_id));
        save_world(copy, "mine.pecs");
        pecs_world *again = open_world(registries[i % 2], i / 2, "mine.pecs");
        cr_assert(same_id(id_of(pecs_world_view(again), entity), ids[i]), "and stays so");
        cr_assert(same(find(pecs_world_view(again), ids[i]), entity));
        pecs_world_destroy(again);
        pecs_world_destroy(copy);
    }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            cr_assert_not(same_id(ids[i], ids[j]), "%d and %d", i, j);
    pecs_world_destroy(world);
    for (int i = 0; i < 2; i++)
        pecs_registry_release(registries[i]);
}

/* An explicit id of one future is not given again as a birth id, though the nonce that is given is the same. */
Test(ids_in_files, a_given_nonce_passes_over_ids_that_are_taken)
{
    pecs_registry *registry = counting_registry();
    pecs_world *world = world_of(registry, NULL, 0x777);
    const pecs_entity entity = spawn_position(world, 1);
    pecs_snapshot *snapshot = take(world);
    const pecs_id lost = id_of(pecs_world_view(world), spawn_position(world, 1));
    cr_assert_eq(pecs_world_restore(world, snapshot), PECS_OK);
    cr_assert_eq(pecs_world_set_id(world, entity, lost), PECS_OK, "the id of an entity that is no more");
    pecs_snapshot_release(snapshot);
    save_world(world, "world.pecs");
    snapshot = open_snapshot(registry, LOAD, "world.pecs");
    pecs_world *next = world_of(registry, snapshot, 0x777);
    const pecs_entity later = spawn_position(next, 1);
    cr_assert_not(same_id(id_of(pecs_world_view(next), later), lost));
    cr_assert(same(find(pecs_world_view(next), lost), entity));
    save_world(next, "next.pecs");
    pecs_snapshot_release(open_snapshot(registry, LOAD, "next.pecs"));
    pecs_snapshot_release(snapshot);
    pecs_world_destroy(next);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
}

/*
 * A given nonce is chosen when the world is made, in the face of all that a rewind may bring back: here an entity that
 * has an earlier run's id explicitly, and is gone when the first spawn opens the session.
 */
Test(identity, a_rewind_brings_back_no_second_owner_of_an_id)
{
    pecs_registry *registry = counting_registry();
    pecs_world *run = world_of(registry, NULL, 7);
    spawn_position(run, 0);
    const pecs_id id = id_of(pecs_world_view(run), spawn_position(run, 0));
    pecs_world_destroy(run);
    pecs_world *meeting = plain_world(registry);
    pecs_entity moved;
    cr_assert_eq(pecs_world_spawn_with_ids(meeting, NULL, 0, &id, 1, &moved), PECS_OK);
    pecs_snapshot *base = take(meeting);
    pecs_world *again = world_of(registry, base, 7);
    pecs_snapshot *before = take(again);
    cr_assert_eq(pecs_world_despawn(again, &moved, 1), PECS_OK);
    spawn_position(again, 0);
    cr_assert_eq(pecs_world_rewind(again, before), PECS_OK);
    const pecs_entity born = spawn_position(again, 0);
    cr_assert(same_id(id_of(pecs_world_view(again), moved), id));
    cr_assert_not(same_id(id_of(pecs_world_view(again), born), id));
    pecs_snapshot_release(before);
    pecs_snapshot_release(base);
    pecs_world_destroy(again);
    pecs_world_destroy(meeting);
    pecs_registry_release(registry);
    assert_no_leak();
}
