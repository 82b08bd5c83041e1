/*
 * Stable ids: their text and their bytes, birth ids, which no two entities have, sorting, and many at once. Explicit
 * ids are in test_identity_explicit.c, histories and files in test_identity_history.c.
 */
#include "identity_fixture.h"

TestSuite(identity);
TestSuite(ids_in_files, .init = enter_folder, .fini = leave_folder);

static pecs_id parsed(const char *text)
{
    pecs_id id;
    cr_assert_eq(pecs_id_parse(text, &id), PECS_OK, "%s", text);
    return id;
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

Test(identity, the_largest_numbers_of_a_birth_id)
{
    const pecs_entity last = { 0xfffffffd, GENERATION_MAX };
    const pecs_id id = birth_id(UINT64_C(0xfffffffffffffff), last);
    cr_assert(same_id(id, parsed("ffffffff-ffff-8fff-bfff-fffffffffffd")));
    uint64_t prefix;
    pecs_entity entity;
    cr_assert(identity_parse(id, &prefix, &entity));
    cr_assert_eq(identity_nonce(prefix), UINT64_C(0xfffffffffffffff));
    cr_assert(same(entity, last));
    cr_assert(identity_parse(parsed("12345678-9abc-8def-8765-432112345678"), &prefix, &entity));
    cr_assert_eq(identity_nonce(prefix), UINT64_C(0x123456789abcdef));
    cr_assert(same(entity, (pecs_entity){ 0x12345678, 0x7654321 }));
}

Test(identity, only_version_8_and_variant_10_are_birth_ids)
{
    uint64_t prefix;
    pecs_entity entity;
    for (uint8_t version = 0; version < 16; version++)
        for (uint8_t variant = 0; variant < 4; variant++) {
            pecs_id id = parsed("12345678-9abc-0def-0000-000100000000");
            id.bytes[6] |= (uint8_t)(version << 4);
            id.bytes[8] |= (uint8_t)(variant << 6);
            must(identity_parse(id, &prefix, &entity) == (variant == 2));
            must((prefix == identity_prefix(identity_nonce(prefix))) == (version == 8));
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
Test(identity, an_unused_id_is_not_found)
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
 * and ids are of the living, of the dead, and of no entity, in an order that jumps.
 */
static void check_many(pecs_view view, uint32_t index_count, pecs_id unused)
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
                ids[i] = i % 2 ? unused : (pecs_id){ { 0 } };
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
    const pecs_id unused = birth_id(7, (pecs_entity){ 0xfffffff0, 1 });
    check_many(pecs_world_view(world), 1, unused);
    cr_assert_eq(pecs_world_spawn(world, NULL, 0, 9000, entities), PECS_OK);
    check_many(pecs_world_view(world), 9000, unused);
    cr_assert_eq(pecs_world_despawn(world, entities + 100, 300), PECS_OK);
    check_many(pecs_world_view(world), 9100, unused);
    for (uint32_t i = 1000; i < 5000; i++)
        must(pecs_world_set_id(world, entities[i], made_id(i)) == PECS_OK);
    check_many(pecs_world_view(world), 9100, unused);
    save_world(world, "many.pecs");
    pecs_world_destroy(world);
    world = open_world(registry, RESUME, "many.pecs");
    check_many(pecs_world_view(world), 9100, unused);
    cr_assert_eq(pecs_world_despawn(world, entities + 4000, 300), PECS_OK);
    check_many(pecs_world_view(world), 9100, unused);
    pecs_world_destroy(world);
    pecs_registry_release(registry);
    assert_no_leak();
}
