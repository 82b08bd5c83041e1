/* Load of anything: any bytes are refused with an error, or are a world that can be read whole. */
#include "fuzz_common.h"
#include "fuzz_worlds.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("input", data, size);
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    pecs_registry *registry = fuzz_registry(FUZZ_KNOWN_TYPES);
    const pecs_load_options none_unknown = { .refuse_unknown = true }, small = { .max_bytes = size / 2 + 1 };
    pecs_snapshot *snapshot = fuzz_open(FUZZ_LOAD, registry, path, size, NULL);
    if (snapshot)
        fuzz_walk(pecs_snapshot_view(snapshot));
    pecs_snapshot *strict = fuzz_open(FUZZ_LOAD, registry, path, size, &none_unknown);
    FUZZ_CHECK(!strict || snapshot, "what is accepted strictly is accepted");
    FUZZ_CHECK(size < 4 || !fuzz_open(FUZZ_LOAD, registry, path, size, &small), "a limit of bytes is kept");
    pecs_snapshot_release(snapshot);
    pecs_snapshot_release(strict);
    pecs_registry_destroy(registry);
    fuzz_memory_end();
    return 0;
}
