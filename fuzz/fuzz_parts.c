/*
 * The numbers of header, footer, commit and segments, with hashes and sizes repaired: the deep rules. Load refuses
 * whatever resume refuses, by the same rule.
 */
#include "file_mutate.h"
#include "fuzz_part.h"
#include "fuzz_worlds.h"

#include <string.h>

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return file_mutate(data, size, max_size, seed, MUTATE_PARTS);
}

/* Rules that a resume checks of the segments that it inflates. */
static bool is_of_data(const char *rule)
{
    return strncmp(rule, "TRAILER-", 8) == 0 || strcmp(rule, "DATA-1") == 0 || strcmp(rule, "BLOCK-4") == 0;
}

/* Those that a load checks before or between them, of the whole file. */
static bool is_of_load(const char *rule)
{
    return is_of_data(rule) || strncmp(rule, "META-", 5) == 0 || strcmp(rule, "RETIRED-5") == 0 ||
           strcmp(rule, "COMMIT-9") == 0 || strcmp(rule, "GAP-1") == 0;
}

/*
 * What resume refuses, load refuses by the same rule: those that only load checks come after all others. But a resume
 * converts values of old types, and may refuse what a load finds invalid, here or elsewhere, before it converts.
 * And of a file in blocks, it checks the segments that it inflates only, of which load checks all and more.
 */
static void expect_refused(pecs_registry *registry, const char *path, const pecs_error *resumed)
{
    pecs_error error = { .message = "" };
    pecs_snapshot *snapshot;
    FUZZ_CHECK(pecs_snapshot_load(registry, path, &fuzz_loading, &snapshot, &error) != PECS_OK, resumed->message);
    if (resumed->status == PECS_E_LAYOUT || resumed->status == PECS_E_CONFLICT || resumed->status == PECS_E_INVALID)
        return; /* the migration's own, which comes last in a load */
    if (resumed->rule && (strncmp(resumed->rule, "VALUE-", 6) == 0 || strncmp(resumed->rule, "HEAP-", 5) == 0)) {
        FUZZ_CHECK(error.rule && resumed->offset, error.message);
        FUZZ_CHECK(error.status == PECS_E_CORRUPT || is_of_load(error.rule), error.message);
        return;
    }
    if (resumed->rule && strcmp(resumed->rule, "ROW-1") == 0) { /* its migration does not look for the row */
        FUZZ_CHECK(error.status == PECS_E_CORRUPT || is_of_load(error.rule ? error.rule : ""), error.message);
        return;
    }
    if (resumed->rule && is_of_data(resumed->rule) && error.rule &&
        (strcmp(error.rule, resumed->rule) != 0 || error.offset < resumed->offset)) {
        FUZZ_CHECK(is_of_load(error.rule), error.message);
        return;
    }
    FUZZ_CHECK(error.status == resumed->status && error.offset == resumed->offset, error.message);
    FUZZ_CHECK(!error.rule == !resumed->rule && (!error.rule || strcmp(error.rule, resumed->rule) == 0), error.message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("input", data, size);
    pecs_error error = { .message = "" };
    pecs_snapshot *resumed;
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    pecs_registry *registry = fuzz_registry(FUZZ_KNOWN_TYPES);
    pecs_snapshot *loaded = fuzz_open(FUZZ_LOAD, registry, path, size, NULL);
    if (loaded)
        fuzz_walk(pecs_snapshot_view(loaded));
    if (pecs_snapshot_resume(registry, path, &fuzz_resuming, &resumed, &error))
        expect_refused(registry, path, &error);
    else
        pecs_snapshot_release(resumed);
    struct random random = fuzz_random(data, size);
    fuzz_try_part(registry, path, size, loaded, false, &random);
    pecs_snapshot_release(loaded);
    pecs_registry_release(registry);
    fuzz_memory_end();
    return 0;
}
