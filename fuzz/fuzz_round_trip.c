/* Round trip: a file that load accepts is read completely, edited, saved, loaded and resumed again, and stays equal. */
#include "file_mutate.h"
#include "fuzz_worlds.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return file_mutate(data, size, max_size, seed, MUTATE_WORLD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct random random = fuzz_random(data, size);
    const enum fuzz_types types = random_once_in(&random, 2) ? FUZZ_KNOWN_TYPES : FUZZ_NO_TYPES;
    fuzz_load_round_trip(types, data, size, &random);
    return 0;
}
