#include "advice.h"

#include "cli.h"
#include "info_form.h"

#include <pecs/stream.h>

#include <inttypes.h>
#include <string.h>

static pecs_status advice_write(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    (void)user, (void)spans, (void)span_count, (void)error;
    return PECS_OK;
}

/* The size of a file without compression. */
static pecs_status advice_measure(const pecs_snapshot *snapshot, uint64_t *ret_bytes, pecs_error *error)
{
    const pecs_sink nowhere = { .write = advice_write };
    pecs_save_report report;
    const pecs_save_options options = { .report = &report };
    const pecs_status status = pecs_snapshot_save_to(snapshot, &nowhere, &options, error);
    if (!status)
        *ret_bytes = report.size_bytes;
    return status;
}

static pecs_status advice_compress(const pecs_snapshot *snapshot, pecs_profile profile, pecs_info **ret_info,
                                   pecs_error *error)
{
    const pecs_save_options options = { .profile = profile };
    const pecs_info_options no_limit = { .max_info_bytes = UINT64_MAX };
    void *bytes;
    size_t size;
    pecs_status status = pecs_snapshot_save_memory(snapshot, &options, &bytes, &size, error);
    if (status)
        return status;
    const pecs_bytes memory = { bytes, size };
    const pecs_source source = pecs_source_for_memory(&memory);
    status = pecs_file_info_from(&source, NULL, &no_limit, ret_info, error);
    pecs_memory_release(bytes);
    return status;
}

int advice_make(const pecs_snapshot *snapshot, struct advice *ret_advice)
{
    static const pecs_profile profiles[ADVICE_COUNT] = { PECS_PROFILE_FAST, PECS_PROFILE_SMALL };
    struct advice advice = { .plain_bytes = 0 };
    pecs_error error;
    pecs_status status = advice_measure(snapshot, &advice.plain_bytes, &error);
    for (size_t i = 0; !status && i < ADVICE_COUNT; i++)
        status = advice_compress(snapshot, profiles[i], &advice.infos[i], &error);
    bool is_good = !status && type_list_of_info(advice.infos[0], &advice.types);
    for (size_t i = 0; is_good && i < ADVICE_COUNT; i++)
        is_good = space_of(advice.infos[i], &advice.types, &advice.spaces[i]);
    if (is_good) {
        *ret_advice = advice;
        return CLI_FINE;
    }
    advice_free(&advice);
    return complain("info: cannot measure: %s", status ? error.message : "out of memory");
}

void advice_free(struct advice *advice)
{
    for (size_t i = 0; i < ADVICE_COUNT; i++) {
        space_free(&advice->spaces[i]);
        pecs_info_destroy(advice->infos[i]);
    }
    type_list_free(&advice->types);
}

/* The same part of the other file, whose labels are the same strings. */
static const struct space_part *advice_find(const struct space *space, const struct space_part *part)
{
    const struct space_part *found = space->parts;
    while (found->label != part->label || strcmp(found->kind, part->kind) != 0)
        found++;
    return found;
}

static void advice_print_sizes(struct text_out *out, uint64_t full_bytes, uint64_t fast, uint64_t small)
{
    out_format(out, "  %14" PRIu64 " %14" PRIu64 " %7.2f %14" PRIu64 " %7.2f  ", full_bytes, fast,
               space_ratio(fast, full_bytes), small, space_ratio(small, full_bytes));
}

void advice_text(const struct advice *advice, struct text_out *out)
{
    const struct space *fast = &advice->spaces[ADVICE_FAST], *small = &advice->spaces[ADVICE_SMALL];
    out_format(out, "advice: bytes uncompressed; bytes and ratio with fast, with small; and what\n");
    for (size_t i = 0; i < fast->part_count; i++) {
        const struct space_part *part = &fast->parts[i];
        if (!space_codec(part) || !part->full_bytes)
            continue;
        advice_print_sizes(out, part->full_bytes, part->bytes, advice_find(small, part)->bytes);
        info_text_print_part(out, part);
    }
    advice_print_sizes(out, advice->plain_bytes, advice->infos[ADVICE_FAST]->size_bytes,
                       advice->infos[ADVICE_SMALL]->size_bytes);
    out_format(out, "file\n");
}

static void advice_write_part(const struct advice *advice, struct json_out *json, const struct space_part *part)
{
    json_begin_object(json, NULL);
    json_string(json, "kind", part->kind);
    if (part->label)
        json_string(json, "component", part->label);
    json_number(json, "full_bytes", part->full_bytes);
    json_number(json, "fast_bytes", part->bytes);
    json_number(json, "small_bytes", advice_find(&advice->spaces[ADVICE_SMALL], part)->bytes);
    json_end_object(json);
}

void advice_json(const struct advice *advice, struct json_out *json)
{
    const struct space *fast = &advice->spaces[ADVICE_FAST];
    json_begin_object(json, "advice");
    json_number(json, "full_bytes", advice->plain_bytes);
    json_number(json, "fast_bytes", advice->infos[ADVICE_FAST]->size_bytes);
    json_number(json, "small_bytes", advice->infos[ADVICE_SMALL]->size_bytes);
    json_begin_array(json, "space");
    for (size_t i = 0; i < fast->part_count; i++)
        if (space_codec(&fast->parts[i]) && fast->parts[i].full_bytes)
            advice_write_part(advice, json, &fast->parts[i]);
    json_end_array(json);
    json_end_object(json);
}
