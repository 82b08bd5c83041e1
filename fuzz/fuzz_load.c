/* Load of any bytes: they are refused with an error, or are a completely readable world. */
#include "fuzz_common.h"
#include "fuzz_part.h"
#include "fuzz_worlds.h"

#include <string.h>

static bool stop(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    FUZZ_CHECK(done_bytes <= total_bytes, "progress");
    *(bool *)user = true;
    return false;
}

/* The caller's limits refuse what exceeds them, and accept nothing that is refused without them. */
static void try_options(pecs_registry *registry, const char *path, size_t size, const pecs_snapshot *snapshot)
{
    bool stopped = false;
    const pecs_load_options options[] = {
        { .refuse_unknown = true }, { .limits.max_bytes = size / 2 + 1 }, { .limits.max_entities = 2 },
        { .limits.max_types = 2 },  { .limits.private_only = true },      { .progress = stop, .user = &stopped },
    };
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        pecs_snapshot *limited = fuzz_open(FUZZ_LOAD, registry, path, size, &options[i]);
        pecs_summary summary = { 0 };
        if (limited)
            pecs_view_summary(pecs_snapshot_view(limited), &summary);
        FUZZ_CHECK(!limited || snapshot, "what is accepted with options is accepted");
        FUZZ_CHECK(!limited || !options[i].limits.max_bytes || size < 4, "a limit of bytes is kept");
        FUZZ_CHECK(!options[i].limits.max_entities || summary.entity_count <= 2, "a limit of entities is kept");
        FUZZ_CHECK(!limited || !stopped, "a load that is stopped ends");
        pecs_snapshot_release(limited);
    }
}

/* A file that is refused only for its values can be repaired, which gives a valid world. */
static void try_repair(pecs_registry *registry, const char *path, size_t size)
{
    pecs_snapshot *snapshot = NULL;
    pecs_error error;
    const pecs_load_options options = { .repair = pecs_repair_invalid, .thread_count = 2 };
    const pecs_status status = pecs_snapshot_load(registry, path, &fuzz_loading, &snapshot, &error);
    FUZZ_CHECK(status, "it was refused before");
    if (status == PECS_E_CORRUPT && strncmp(error.rule, "VALUE-", 6) == 0) {
        snapshot = fuzz_open(FUZZ_LOAD, registry, path, size, &options);
        FUZZ_CHECK(snapshot, error.message);
        fuzz_walk(pecs_snapshot_view(snapshot));
    }
    pecs_snapshot_release(snapshot);
}

/* Several threads report the same error as one, at the same offset. */
static void try_threads(pecs_registry *registry, const char *path, const pecs_snapshot *snapshot)
{
    pecs_error errors[2] = { { .message = "" }, { .message = "" } };
    for (uint32_t i = 0; i < 2; i++) {
        pecs_snapshot *loaded = NULL;
        const pecs_load_options options = { .limits = fuzz_loading.limits, .thread_count = 1 + 2 * i };
        const pecs_status status = pecs_snapshot_load(registry, path, &options, &loaded, &errors[i]);
        FUZZ_CHECK((status == PECS_OK) == (snapshot != NULL), pecs_status_name(status));
        if (loaded)
            fuzz_expect_same(pecs_snapshot_view(snapshot), pecs_snapshot_view(loaded));
        pecs_snapshot_release(loaded);
    }
    FUZZ_CHECK(errors[0].status == errors[1].status && errors[0].offset == errors[1].offset, errors[1].message);
    FUZZ_CHECK(!strcmp(errors[0].rule ? errors[0].rule : "", errors[1].rule ? errors[1].rule : ""), errors[1].message);
}

/* Memory and a stream give the world or the error that the file gives. */
static void try_streams(pecs_registry *registry, const char *path, const uint8_t *data, size_t size,
                        const struct random *random)
{
    struct fuzz_trickle trickle = { data, size, 0, *random };
    const pecs_source source = { .read = fuzz_trickle_read, .user = &trickle };
    pecs_snapshot *loaded[3] = { NULL, NULL, NULL };
    pecs_error errors[3] = { { .message = "" }, { .message = "" }, { .message = "" } };
    const pecs_status statuses[3] = {
        pecs_snapshot_load(registry, path, &fuzz_loading, &loaded[0], &errors[0]),
        pecs_snapshot_load_memory(registry, data, size, &fuzz_loading, &loaded[1], &errors[1]),
        pecs_snapshot_load_from(registry, &source, &fuzz_loading, &loaded[2], &errors[2])
    };
    for (int i = 1; i < 3; i++) {
        FUZZ_CHECK(statuses[i] == statuses[0] && errors[i].offset == errors[0].offset, errors[i].message);
        FUZZ_CHECK(strcmp(errors[i].message, errors[0].message) == 0, errors[i].message);
        if (loaded[i])
            fuzz_expect_same(pecs_snapshot_view(loaded[0]), pecs_snapshot_view(loaded[i]));
        pecs_snapshot_release(loaded[i]);
    }
    pecs_snapshot_release(loaded[0]);
}

/* Of tables that types are migrated in, what the file has is not what the snapshot has: a registry has none of them. */
static void try_parts(const char *path, pecs_registry *registry, size_t size, const pecs_snapshot *snapshot,
                      struct random *random)
{
    fuzz_try_part(registry, path, size, snapshot, false, random);
    pecs_registry *empty = fuzz_registry(FUZZ_NO_TYPES);
    pecs_snapshot *whole = fuzz_open(FUZZ_LOAD, empty, path, size, NULL);
    fuzz_try_part(empty, path, size, whole, true, random);
    pecs_snapshot_release(whole);
    pecs_registry_release(empty);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("input", data, size);
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    pecs_registry *registry = fuzz_registry(FUZZ_KNOWN_TYPES);
    pecs_snapshot *snapshot = fuzz_open(FUZZ_LOAD, registry, path, size, NULL);
    if (snapshot)
        fuzz_walk(pecs_snapshot_view(snapshot));
    try_options(registry, path, size, snapshot);
    if (!snapshot)
        try_repair(registry, path, size);
    struct random random = fuzz_random(data, size);
    if (snapshot || random_once_in(&random, 8)) /* threads cost more than a refusal */
        try_threads(registry, path, snapshot);
    if (snapshot || random_once_in(&random, 4))
        try_streams(registry, path, data, size, &random);
    if (snapshot || random_once_in(&random, 2))
        try_parts(path, registry, size, snapshot, &random);
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
    fuzz_memory_end();
    return 0;
}
