/*
 * Migrations of files that a stranger made, by the newest program of the ten golden ones (tests/golden/growth_*.h): its
 * history has functions, chains, contents, lists, defaults, losses and world migrations. The seeds are the ten saves,
 * plain and compressed.
 *
 * What load accepts resume does, to the same state, whether one thread converts or three, and what is migrated is saved
 * and loaded again: the same. What resume trusts may end in PECS_E_CORRUPT instead; so may a save of it.
 *
 * Memory: beside what a file takes in other targets, the values and contents of its old types at the sizes of the new
 * types, and of those between. No type of the program is more than four times as large as one that it comes from, and a
 * chain has at most four of them, so that the limit of all targets, 16 times the length, holds here too.
 */
#include "file_mutate.h"
#include "fuzz_common.h"
#include "growth_programs.h"

#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return file_mutate(data, size, max_size, seed, seed % 4 ? MUTATE_WORLD : MUTATE_DATA);
}

/* What the notes of a conversion add up to. */
struct heard {
    uint64_t notes, values, losses, refused;
};

static void hear(void *user, const pecs_migration_note *note)
{
    struct heard *heard = user;
    FUZZ_CHECK(note->type && note->field && strlen(note->field) < 256, "a note without words");
    const bool is_loss = note->event == PECS_EVENT_LOST || note->event == PECS_EVENT_REFUSED;
    FUZZ_CHECK(is_loss == (note->loss != 0) && !(note->loss & ~PECS_LOSS_ALL), note->type);
    FUZZ_CHECK(!is_loss || note->count, "nothing is lost");
    const bool is_made = is_loss || note->event == PECS_EVENT_CONVERTED;
    FUZZ_CHECK(is_made == (note->to_count != 0), "what became something says what");
    for (size_t i = 0; i < note->to_count; i++)
        FUZZ_CHECK(note->to[i]->version, note->to[i]->name);
    heard->refused += note->event == PECS_EVENT_REFUSED;
    heard->notes++;
    heard->values += note->count;
    heard->losses += note->event == PECS_EVENT_LOST;
}

static pecs_snapshot *open_with(enum fuzz_verb verb, pecs_registry *registry, const char *path, size_t size,
                                uint32_t losses, uint32_t thread_count, struct heard *heard)
{
    const pecs_migration_options migration = { losses, thread_count, hear, heard };
    const pecs_load_options options = { .migration = &migration };
    *heard = (struct heard){ 0, 0, 0, 0 };
    pecs_snapshot *opened = fuzz_open(verb, registry, path, size, &options);
    FUZZ_CHECK(!heard->refused || (!opened && losses != PECS_LOSS_ALL && heard->refused == heard->notes),
               "what is refused is not opened, and is all that is noted");
    return opened;
}

/* A file that is refused may have been opened twice, and noted as often. */
static bool is_same_heard(struct heard a, struct heard b)
{
    if (a.refused || b.refused)
        return a.refused && b.refused;
    return a.notes == b.notes && a.values == b.values && a.losses == b.losses;
}

/* A state that was loaded is valid in every way. */
static void check_loaded(pecs_registry *registry, const pecs_snapshot *loaded, struct random *random)
{
    const pecs_view view = pecs_snapshot_view(loaded);
    struct heard heard = { 0, 0, 0, 0 };
    const pecs_migration_options migration = { .note = hear, .user = &heard };
    const pecs_load_options options = { .migration = &migration };
    pecs_error error = { .message = "" };
    size_t size;
    fuzz_walk(view);
    FUZZ_CHECK(!pecs_view_check(view, NULL, NULL, NULL), "a migrated value is invalid");
    const pecs_status status =
        pecs_snapshot_save(loaded, fuzz_path("saved"), &(pecs_save_options){ .skip_sync = true }, &error);
    FUZZ_CHECK(!status || fuzz_memory_outgrown(), error.message);
    if (!status) {
        uint8_t *bytes = fuzz_read(fuzz_path("saved"), &size);
        free(bytes);
        pecs_snapshot *again = fuzz_open(FUZZ_LOAD, registry, fuzz_path("saved"), size, &options);
        FUZZ_CHECK(again, "what was migrated and saved can be loaded");
        /* the metadata has the program's name from now on */
        FUZZ_CHECK(pecs_view_hash(view) == pecs_view_hash(pecs_snapshot_view(again)), "it is the same");
        fuzz_round_trip(registry, again, random);
        FUZZ_CHECK(heard.losses == 0, "what was migrated loses nothing again");
        pecs_snapshot_release(again);
    }
}

static volatile uint64_t touched;

static bool touch(void *user, const pecs_invalid *invalid)
{
    (void)user;
    touched += strlen(invalid->field);
    return true;
}

/* A state that was resumed may be anything that stays within its memory. */
static void check_resumed(pecs_registry *registry, const pecs_snapshot *resumed, struct random *random)
{
    const pecs_view view = pecs_snapshot_view(resumed);
    pecs_world *world;
    touched += pecs_view_hash(view);
    (void)!pecs_view_check(view, touch, NULL, NULL);
    (void)!pecs_snapshot_verify(resumed, NULL, NULL, NULL);
    (void)!pecs_snapshot_save(resumed, fuzz_path("saved"), &(pecs_save_options){ .skip_sync = true }, NULL);
    if (pecs_world_create(registry, resumed, &(pecs_world_options){ .session_nonce = 5 }, &world, NULL))
        return;
    for (unsigned i = 0; i < 12; i++)
        (void)!fuzz_edit_once(world, random);
    touched += pecs_view_hash(pecs_world_view(world));
    (void)!pecs_world_restore(world, resumed);
    pecs_world_destroy(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("input", data, size);
    struct random random = fuzz_random(data, size);
    const uint32_t losses = random_once_in(&random, 4) ? 0 : PECS_LOSS_ALL;
    struct heard heard, same;
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    pecs_registry *registry = growth_registry(GROWTH_VERSIONS, fuzz_allocator);
    pecs_snapshot *loaded = open_with(FUZZ_LOAD, registry, path, size, losses, 1, &heard);
    pecs_snapshot *threaded = open_with(FUZZ_LOAD, registry, path, size, losses, 3, &same);
    FUZZ_CHECK(!loaded == !threaded && is_same_heard(heard, same), "threads convert other values");
    pecs_snapshot *resumed = open_with(FUZZ_RESUME, registry, path, size, losses, 3, &same);
    if (loaded) {
        FUZZ_CHECK(resumed && is_same_heard(heard, same), "what load accepts resume does too");
        fuzz_expect_same(pecs_snapshot_view(loaded), pecs_snapshot_view(threaded));
        fuzz_expect_same(pecs_snapshot_view(loaded), pecs_snapshot_view(resumed));
        FUZZ_CHECK(!pecs_snapshot_verify(resumed, NULL, NULL, NULL), "a file that load accepts has valid hashes");
        check_loaded(registry, loaded, &random);
    }
    if (resumed)
        check_resumed(registry, resumed, &random);
    pecs_snapshot_release(resumed);
    pecs_snapshot_release(threaded);
    pecs_snapshot_release(loaded);
    pecs_registry_release(registry);
    fuzz_memory_end();
    return 0;
}
