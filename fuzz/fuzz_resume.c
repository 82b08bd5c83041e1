/*
 * Resume of files that load accepts: the same world, also after edits, which copy arrays of the map. Mapped and private
 * memory give the same results.
 */
#include "file_mutate.h"
#include "fuzz_worlds.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return file_mutate(data, size, max_size, seed, MUTATE_WORLD);
}

/* The same edits of a loaded and a resumed world keep them equal. */
static void edit_both(pecs_registry *registry, const pecs_snapshot *loaded, const pecs_snapshot *resumed,
                      struct random random)
{
    const pecs_world_options options = { .session_nonce = 99 };
    pecs_world *worlds[2] = { NULL, NULL };
    if (!pecs_world_create(registry, loaded, &options, &worlds[0], NULL) &&
        !pecs_world_create(registry, resumed, &options, &worlds[1], NULL)) {
        struct random same = random;
        fuzz_edit(worlds[0], &random, 12);
        fuzz_edit(worlds[1], &same, 12);
        fuzz_walk(pecs_world_view(worlds[1]));
        if (!fuzz_memory_outgrown())
            fuzz_expect_same(pecs_world_view(worlds[0]), pecs_world_view(worlds[1]));
    }
    pecs_world_destroy(worlds[0]);
    pecs_world_destroy(worlds[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("input", data, size);
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    pecs_registry *registry = fuzz_registry(FUZZ_KNOWN_TYPES);
    pecs_snapshot *loaded = fuzz_open(FUZZ_LOAD, registry, path, size, NULL);
    if (loaded) {
        pecs_snapshot *resumed = fuzz_open(FUZZ_RESUME, registry, path, size, NULL);
        FUZZ_CHECK(resumed, "what load accepts resume does too");
        const pecs_view view = pecs_snapshot_view(resumed);
        FUZZ_CHECK(!pecs_snapshot_verify(resumed, NULL, NULL, NULL), "a file that load accepts has valid hashes");
        fuzz_walk(view);
        fuzz_expect_same(view, view);
        fuzz_expect_same(pecs_snapshot_view(loaded), view);
        fuzz_expect_same(view, pecs_snapshot_view(loaded));
        edit_both(registry, loaded, resumed, fuzz_random(data, size));
        pecs_snapshot_release(resumed);
    }
    pecs_snapshot_release(loaded);
    pecs_registry_release(registry);
    fuzz_memory_end();
    return 0;
}
