/*
 * Salvage of any bytes: a new file that load accepts, or an error and no file. Of a file that load accepts nothing is
 * lost. Memory stays within a multiple of the file's length and of what its blocks may hold, and no contents are taken
 * for those of several rows.
 */
#include "file_mutate.h"
#include "fuzz_worlds.h"

#include <pecs/salvage.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static const enum mutate_how kinds[] = { MUTATE_DATA, MUTATE_PARTS, MUTATE_WORLD };
    return file_mutate(data, size, max_size, seed, kinds[seed / 7 % 3]);
}

static pecs_snapshot *load_saved(pecs_registry *registry, const char *path)
{
    pecs_snapshot *saved = NULL;
    pecs_error error = { .message = "" };
    FUZZ_CHECK(!pecs_snapshot_load(registry, path, NULL, &saved, &error), error.message);
    fuzz_walk(pecs_snapshot_view(saved));
    return saved;
}

/* Sessions of nonce 0, which no world has, become the new file's own. */
static bool has_session_zero(pecs_view view)
{
    static const uint8_t none[8] = { [6] = 0x80 };
    for (pecs_id_iter iter = pecs_view_ids(view); pecs_id_iter_next(&iter);)
        if (memcmp(&iter.id, none, sizeof(none)) == 0)
            return true;
    return false;
}

static void expect_whole(pecs_snapshot *loaded, pecs_snapshot *saved, const pecs_salvage_report *report)
{
    pecs_summary was, is;
    pecs_view_summary(pecs_snapshot_view(loaded), &was);
    pecs_view_summary(pecs_snapshot_view(saved), &is);
    FUZZ_CHECK(was.entity_count == is.entity_count && is.entity_count == report->entity_count &&
                   !report->lost_entity_count && !report->lost_bytes && report->has_commit,
               "of a whole file something was lost");
    if (!has_session_zero(pecs_snapshot_view(loaded)))
        fuzz_expect_same_content(pecs_snapshot_view(loaded), pecs_snapshot_view(saved));
}

/* UINT64_MAX: the file's information is refused, or it is not that of so many segments. */
static uint64_t count_contents(const char *path, uint64_t segment_count)
{
    pecs_info *info;
    uint64_t bytes = 0;
    if (pecs_file_info(path, &fuzz_allocator, NULL, &info, NULL))
        return UINT64_MAX;
    for (size_t i = 0; i < info->type_count; i++)
        bytes += info->contents_bytes[i];
    bytes = info->segment_count == segment_count ? bytes : UINT64_MAX;
    pecs_info_destroy(info);
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("input", data, size);
    char to[4096];
    snprintf(to, sizeof(to), "%s", fuzz_path("salvaged"));
    pecs_error error = { .message = "" };
    pecs_salvage_report report;
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    const pecs_salvage_options options = { .allocator = &fuzz_allocator,
                                           .max_bytes = FUZZ_HELD_BYTES,
                                           .skip_sync = true };
    pecs_registry *registry = fuzz_registry(FUZZ_KNOWN_TYPES);
    pecs_registry *none = fuzz_registry(FUZZ_NO_TYPES);
    fuzz_memory_limit(FUZZ_MEMORY_FACTOR * size + FUZZ_MEMORY_FIXED + FUZZ_HELD_FACTOR * FUZZ_HELD_BYTES);
    const pecs_status status = pecs_salvage(path, to, &options, &report, &error);
    FUZZ_CHECK(!fuzz_memory_outgrown(), "the file takes memory beyond its length");
    fuzz_memory_limit(FUZZ_EDIT_BYTES);
    FUZZ_CHECK(error.status == status || !status, "the error has another status");
    pecs_snapshot *loaded = fuzz_open(FUZZ_LOAD, none, path, size, NULL);
    FUZZ_CHECK(!status || access(to, F_OK) != 0, "a salvage that failed left a file");
    if (!status) {
        pecs_snapshot *saved = load_saved(none, to);
        FUZZ_CHECK(count_contents(to, 1) <= count_contents(path, report.segment_count), "rows share contents");
        if (loaded)
            expect_whole(loaded, saved, &report);
        pecs_snapshot_release(saved);
    }
    FUZZ_CHECK(!loaded || !status || status == PECS_E_LIMIT, error.message);
    pecs_snapshot_release(loaded);
    pecs_registry_release(none);
    pecs_registry_release(registry);
    fuzz_memory_end();
    unlink(to);
    return 0;
}
