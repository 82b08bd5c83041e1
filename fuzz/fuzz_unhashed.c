/*
 * Hashes not checked at all: this program is linked with constant_hash.c, so that every checksum in a file is 0 and right
 * whatever it is of. Bytes can change anywhere, also where no repair can follow, and reach what lies behind the hashes.
 */
#include "file_mutate.h"
#include "fuzz_worlds.h"

/* What is repaired gets zeros for hashes here. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return seed % 2 ? LLVMFuzzerMutate(data, size, max_size) : file_mutate(data, size, max_size, seed, MUTATE_WORLD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("input", data, size);
    struct random random = fuzz_random(data, size);
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    pecs_registry *registry = fuzz_registry(FUZZ_KNOWN_TYPES);
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
