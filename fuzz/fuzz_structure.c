/*
 * Valid worlds with changed records and values. Validity does not depend on the program's types: a file that a registry
 * with types accepts, one without types accepts too, as the same world.
 */
#include "file_mutate.h"
#include "fuzz_worlds.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return file_mutate(data, size, max_size, seed, MUTATE_WORLD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("input", data, size);
    pecs_snapshot *snapshots[FUZZ_NO_TYPES + 1];
    pecs_registry *registries[FUZZ_NO_TYPES + 1];
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    for (enum fuzz_types which = FUZZ_ALL_TYPES; which <= FUZZ_NO_TYPES; which++) {
        registries[which] = fuzz_registry(which);
        snapshots[which] = fuzz_open(FUZZ_LOAD, registries[which], path, size, NULL);
        if (snapshots[which])
            fuzz_walk(pecs_snapshot_view(snapshots[which]));
    }
    FUZZ_CHECK(!snapshots[FUZZ_ALL_TYPES] || snapshots[FUZZ_KNOWN_TYPES], "fewer types accept as much");
    FUZZ_CHECK(!snapshots[FUZZ_KNOWN_TYPES] || snapshots[FUZZ_NO_TYPES], "no types accept as much");
    for (enum fuzz_types which = FUZZ_ALL_TYPES; which < FUZZ_NO_TYPES; which++)
        if (snapshots[which])
            fuzz_expect_same(pecs_snapshot_view(snapshots[which]), pecs_snapshot_view(snapshots[FUZZ_NO_TYPES]));
    for (enum fuzz_types which = FUZZ_ALL_TYPES; which <= FUZZ_NO_TYPES; which++) {
        pecs_snapshot_release(snapshots[which]);
        pecs_registry_release(registries[which]);
    }
    fuzz_memory_end();
    return 0;
}
