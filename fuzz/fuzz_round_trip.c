/* Round trip: what load accepts is walked whole, edited, saved, loaded and resumed again, and is equal. */
#include "file_mutate.h"
#include "fuzz_worlds.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return file_mutate(data, size, max_size, seed, MUTATE_WORLD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("input", data, size);
    struct random random = fuzz_random(data, size);
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    pecs_registry *registry = fuzz_registry(random_once_in(&random, 2) ? FUZZ_KNOWN_TYPES : FUZZ_NO_TYPES);
    pecs_snapshot *snapshot = fuzz_open(FUZZ_LOAD, registry, path, size, NULL);
    if (snapshot) {
        fuzz_walk(pecs_snapshot_view(snapshot));
        fuzz_round_trip(registry, snapshot, &random);
    }
    pecs_snapshot_release(snapshot);
    pecs_registry_destroy(registry);
    fuzz_memory_end();
    return 0;
}
