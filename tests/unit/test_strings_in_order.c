/*
 * Strings one after another: checks and saves take those together that lie so in the heap. Random worlds, in which many
 * do and some do not, against what each string is known to be.
 */
#define _GNU_SOURCE
#include "contents_fixture.h"

typedef struct {
    pecs_string text;
} Word;
PECS_COMPONENT(Word, 1, text);
typedef struct {
    uint64_t number;
    pecs_string pair[2];
} Couple;
PECS_COMPONENT_OF(Couple, "Couple", 1, PECS_FIELD(Couple, number), PECS_FIELD(Couple, pair));
typedef struct {
    pecs_blob bytes;
} Raw;
PECS_COMPONENT(Raw, 1, bytes);
PECS_TYPES(ordered, Word, Couple, Raw);

enum { SEEDS = 40, ENTITY_COUNT = 700, MEMBERS = 3, TEXT_MAX = 90, RAW_KINDS = 5 };

static pecs_registry *registry;
static pecs_world *world;
static pecs_entity entities[ENTITY_COUNT], raws[RAW_KINDS];
static char texts[ENTITY_COUNT][MEMBERS][TEXT_MAX + 1]; /* of Word, and of both of Couple */
static bool is_wrong[ENTITY_COUNT][MEMBERS];
static uint64_t random_state;

static uint32_t below(uint32_t limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % limit);
}

/* Most are ASCII, some have characters of two to four bytes, some are empty. */
static void random_text(char *text)
{
    static const char *const others[] = { "\xc3\xab", "\xe2\x82\xac", "\xf0\x9f\x8c\x8d" };
    const uint32_t size = below(8) ? below(below(4) ? 20 : TEXT_MAX - 4) : 0;
    const bool is_plain = below(5);
    uint32_t at = 0;
    while (at < size) {
        if (is_plain || below(3)) {
            text[at++] = (char)(' ' + below(95));
        } else {
            const char *other = others[below(3)];
            memcpy(text + at, other, strlen(other));
            at += (uint32_t)strlen(other);
        }
    }
    text[at] = 0;
}

static void set_texts(uint32_t i)
{
    for (int k = 0; k < MEMBERS; k++)
        random_text(texts[i][k]);
}

static void set_up(void)
{
    const pecs_registry_desc desc = { .types = ordered_types, .type_count = ordered_type_count };
    cr_assert_eq(pecs_registry_create(&desc, &registry, NULL), PECS_OK);
}

static void strike(void)
{
    pecs_registry_release(registry);
}

TestSuite(strings_in_order, .init = set_up, .fini = strike);

/* All spawned together, so their contents lie in order; then some are set again, and so lie elsewhere. */
static void make_random_world(void)
{
    static Word words[ENTITY_COUNT];
    static Couple couples[ENTITY_COUNT];
    static const char bytes[RAW_KINDS][6] = { "ab\0cd", "\xff\xff__", "\xc3", "abc\xe2\x82", "\0" };
    static const size_t sizes[RAW_KINDS] = { 5, 4, 1, 5, 1 };
    cr_assert_eq(pecs_world_create(registry, NULL, NULL, &world, NULL), PECS_OK);
    memset(is_wrong, 0, sizeof(is_wrong));
    for (uint32_t i = 0; i < ENTITY_COUNT; i++) {
        set_texts(i);
        words[i].text = pecs_string_of(texts[i][0]);
        couples[i] = (Couple){ i, { pecs_string_of(texts[i][1]), pecs_string_of(texts[i][2]) } };
    }
    const pecs_value values[] = { PECS_ROWS(Word, words), PECS_ROWS(Couple, couples) };
    cr_assert_eq(pecs_world_spawn(world, values, 2, ENTITY_COUNT, entities), PECS_OK);
    for (uint32_t i = 0; i < RAW_KINDS; i++)
        cr_assert_eq(pecs_spawn(world, &raws[i], PECS_VALUE(Raw, pecs_blob_of(PECS_BYTES(bytes[i], sizes[i])))),
                     PECS_OK);
    for (uint32_t set = below(3) * below(60); set > 0; set--) {
        const uint32_t i = below(ENTITY_COUNT);
        set_texts(i);
        cr_assert_eq(pecs_set(world, entities[i], Word, { pecs_string_of(texts[i][0]) }), PECS_OK);
        cr_assert_eq(
            pecs_set(world, entities[i], Couple, { i, { pecs_string_of(texts[i][1]), pecs_string_of(texts[i][2]) } }),
            PECS_OK);
    }
}

static uint64_t *member_of(uint32_t i, int k)
{
    Word *word;
    Couple *couple;
    if (k == 0) {
        cr_assert((word = pecs_get_mut(world, entities[i], Word)) != NULL);
        return &word->text.reference;
    }
    cr_assert((couple = pecs_get_mut(world, entities[i], Couple)) != NULL);
    return &couple->pair[k - 1].reference;
}

static bool note_invalid(void *user, const pecs_invalid *invalid)
{
    uint32_t *count = user;
    const uint32_t i = invalid->entity.index - entities[0].index;
    const int k = invalid->component == Word_component ? 0 : invalid->offset == offsetof(Couple, pair) ? 1 : 2;
    ++*count;
    return i < ENTITY_COUNT && is_wrong[i][k] && strcmp(invalid->rule, "VALUE-5") == 0;
}

static uint32_t count_wrong(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ENTITY_COUNT; i++)
        for (int k = 0; k < MEMBERS; k++)
            count += is_wrong[i][k];
    return count;
}

/* Each wrong member is found, and no other. */
static void check_all_are_found(void)
{
    pecs_error error = { .message = "" };
    const uint32_t count = count_wrong();
    uint32_t found = 0;
    cr_assert_eq(pecs_view_check(pecs_world_view(world), note_invalid, &found, &error),
                 count ? PECS_E_INVALID : PECS_OK, "%s", error.message);
    cr_assert_eq(found, count);
    void *bytes = NULL;
    size_t size;
    pecs_snapshot *snapshot;
    cr_assert_eq(pecs_snapshot_take(world, &snapshot), PECS_OK);
    cr_assert_eq(pecs_snapshot_save_memory(snapshot, NULL, &bytes, &size, &error), count ? PECS_E_INVALID : PECS_OK);
    pecs_memory_release(bytes);
    pecs_snapshot_release(snapshot);
}

/* The strings of a file are those of the world, also of one that is saved unchecked. */
static void check_file(void)
{
    const pecs_save_options unchecked = { .skip_check = true };
    pecs_snapshot *snapshot, *loaded;
    pecs_error error = { .message = "" };
    void *bytes;
    size_t size;
    cr_assert_eq(pecs_snapshot_take(world, &snapshot), PECS_OK);
    cr_assert_eq(pecs_snapshot_save_memory(snapshot, &unchecked, &bytes, &size, &error), PECS_OK, "%s", error.message);
    cr_assert_eq(pecs_snapshot_load_memory(registry, bytes, size, NULL, &loaded, &error), PECS_OK, "%s", error.message);
    const pecs_view view = pecs_snapshot_view(loaded);
    for (uint32_t i = 0; i < ENTITY_COUNT; i++) {
        const Word *word = pecs_get(view, entities[i], Word);
        const Couple *couple = pecs_get(view, entities[i], Couple);
        cr_assert_str_eq(pecs_view_string(view, word->text, NULL), texts[i][0]);
        cr_assert_str_eq(pecs_view_string(view, couple->pair[0], NULL), texts[i][1]);
        cr_assert_str_eq(pecs_view_string(view, couple->pair[1], NULL), texts[i][2]);
        cr_assert_eq(couple->number, i);
    }
    pecs_snapshot_release(loaded);
    pecs_memory_release(bytes);
    pecs_snapshot_release(snapshot);
}

Test(strings_in_order, of_a_file_are_those_of_the_world)
{
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        random_state = seed;
        make_random_world();
        check_all_are_found();
        check_file();
        pecs_world_destroy(world);
    }
}

/* References that a program wrote itself: to no string, or to the first bytes of one, behind which there is no zero. */
Test(strings_in_order, each_wrong_one_is_found)
{
    uint32_t found = 0;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        random_state = seed;
        make_random_world();
        for (uint32_t count = 1 + below(6); count > 0; count--) {
            const uint32_t i = below(ENTITY_COUNT);
            const int k = (int)below(MEMBERS);
            const uint32_t kind = below(RAW_KINDS + 2);
            if (kind < RAW_KINDS)
                *member_of(i, k) = pecs_get(pecs_world_view(world), raws[kind], Raw)->bytes.reference;
            else if (kind == RAW_KINDS)
                *member_of(i, k) = (uint64_t)9 << 40 | 1 << 30;
            else if (strlen(texts[i][k]) > 1 && !is_wrong[i][k])
                *member_of(i, k) -= (uint64_t)1 << 40;
            else
                continue;
            is_wrong[i][k] = true;
        }
        check_all_are_found();
        found += count_wrong();
        pecs_world_destroy(world);
    }
    cr_assert_gt(found, 2 * SEEDS);
}

/* Shortened at a character, such a string is saved as what it refers to, with zeros behind it. */
Test(strings_in_order, shorter_ones_are_put_by_themselves)
{
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        random_state = seed;
        make_random_world();
        for (uint32_t count = 1 + below(40); count > 0; count--) {
            const uint32_t i = below(ENTITY_COUNT);
            const int k = (int)below(MEMBERS);
            const size_t size = strlen(texts[i][k]);
            if (size < 2 || (texts[i][k][size - 1] & 0x80) || is_wrong[i][k])
                continue;
            *member_of(i, k) -= (uint64_t)1 << 40;
            texts[i][k][size - 1] = 0;
            is_wrong[i][k] = true;
        }
        check_all_are_found();
        check_file();
        pecs_world_destroy(world);
    }
}
