/*
 * No hash is checked: this program is linked with constant_hash.c, so that every checksum in a file is 0 and valid. Any
 * byte can change, even where hashes could not be repaired, and the code behind the hashes is reached.
 */
#include "file_mutate.h"
#include "file_parts.h"
#include "fuzz_worlds.h"

/* Repairs write zeros as hashes here. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    if (seed % 2 == 0)
        return file_mutate(data, size, max_size, seed, MUTATE_WORLD);
    size = LLVMFuzzerMutate(data, size, max_size);
    if (seed % 16 != 1) /* most bytes of a small file are between its parts: few changes would get past that rule */
        parts_clear_gaps(data, size);
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct random random = fuzz_random(data, size);
    fuzz_load_round_trip(FUZZ_KNOWN_TYPES, data, size, &random);
    return 0;
}
