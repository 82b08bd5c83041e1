/*
 * Rows of all kinds, of which the scrolls are of two segments behind that of the attachments: their texts are
 * compressed to almost nothing, their labels and handles stay as they are, in two places, and a resume maps them.
 */
#include "golden_stream.h"

#include "golden_types.h"
#include "golden_worlds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stream_add(pecs_stream *stream, const pecs_value *values, size_t value_count, size_t row_count,
                       const pecs_id *ids)
{
    const pecs_rows rows = { .values = values, .value_count = value_count, .row_count = row_count, .ids = ids };
    pecs_error error;
    golden_check(pecs_stream_add(stream, &rows, NULL, &error), &error, "rows of a golden world");
}

/* Entity by entity, with a title and a label each. */
static void stream_add_scrolls(pecs_stream *stream, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        Scroll *scroll = calloc(1, sizeof(*scroll));
        Label label = { "" };
        golden_check(scroll ? PECS_OK : PECS_E_MEMORY, NULL, "a scroll");
        snprintf(scroll->text, sizeof(scroll->text), "scroll %u", i);
        snprintf(label.text, sizeof(label.text), "no %u", i);
        scroll->title = pecs_string_of(i % 3 ? "a title" : "");
        stream_add(stream, (pecs_value[]){ PECS_ROWS_AS(LABEL, &label), PECS_ROWS_AS(SCROLL, scroll) }, 2, 1, NULL);
        free(scroll);
    }
}

enum { SEEDS_AT_ONCE = 3 };

/* With ids that are in no order. */
static void stream_add_seeds(pecs_stream *stream, uint8_t first)
{
    Seed seeds[SEEDS_AT_ONCE];
    pecs_id ids[SEEDS_AT_ONCE];
    memset(ids, 0, sizeof(ids));
    for (uint8_t i = 0; i < SEEDS_AT_ONCE; i++) {
        seeds[i] = (Seed){ { first + i, 2 } };
        ids[i].bytes[0] = (uint8_t)(0xc0 - 16 * i);
        ids[i].bytes[15] = (uint8_t)(first + i);
    }
    stream_add(stream, (pecs_value[]){ PECS_ROWS_AS(SEED, seeds) }, 1, SEEDS_AT_ONCE, ids);
}

/* The first one leads to an entity that comes later. */
static void stream_add_links(pecs_stream *stream)
{
    const Links links[2] = { { .target = { 13, 1 } }, { .target = { 0, 1 }, .others = { { 4, 1 }, { 0, 0 } } } };
    stream_add(stream, (pecs_value[]){ PECS_ROWS_AS(LINKS, links), PECS_HAS_AS(MARKED) }, 2, 2, NULL);
}

static void stream_add_trails(pecs_stream *stream)
{
    const pecs_entity friends[2] = { { 1, 1 }, { 14, 1 } };
    const int16_t numbers[3] = { -1, 0, 1 };
    const Trail trails[2] = {
        { .friends = pecs_list_of(PECS_ARRAY(friends)), .numbers = pecs_list_of(PECS_ARRAY(numbers)), .length = 7 },
        { .length = 8 }
    };
    const Story stories[2] = { { .title = pecs_string_of("a story of a stream"),
                                 .pages = 1,
                                 .picture = pecs_blob_of(PECS_BYTES("\x01\x00\xfe", 3)) },
                               { .pages = 2 } };
    stream_add(stream, (pecs_value[]){ PECS_ROWS_AS(TRAIL, trails), PECS_ROWS_AS(STORY, stories) }, 2, 2, NULL);
}

static void stream_set_rest(pecs_stream *stream)
{
    const Clock clock = { 41, 0.5 };
    const pecs_value value = PECS_ROWS_AS(CLOCK, &clock);
    pecs_error error;
    golden_check(pecs_stream_set_singleton(stream, &value, &error), &error, "a singleton");
    golden_check(pecs_stream_set_meta_text(stream, "title", "the stream", &error), &error, "metadata");
    golden_check(pecs_stream_set_meta_bytes(stream, "seed", "\x01\x02", 2, &error), &error, "metadata");
}

/* 0:1 to 2:1 seeds, 3:1 and 4:1 links, 5:1 to 11:1 scrolls, 12:1 and 13:1 trails, 14:1 to 16:1 seeds, 17:1 and 18:1. */
static void stream_write(pecs_registry *registry, const char *path)
{
    const pecs_attachment attachments[] = { { "nothing", NULL, 0 }, { "map", "\x01\x02\x00\xff\x80", 5 } };
    const pecs_component_profile scrolls = { SCROLL, PECS_PROFILE_FAST };
    const pecs_stream_options options = { .session_nonce = 0x57e4a,
                                          .tick = 3,
                                          .skip_sync = true,
                                          .component_profiles = &scrolls,
                                          .component_profile_count = 1,
                                          .attachments = attachments,
                                          .attachment_count = 2 };
    pecs_stream *stream;
    pecs_save_report report;
    pecs_error error;
    golden_check(pecs_stream_create(registry, path, &options, &stream, &error), &error, path);
    stream_add_seeds(stream, 0);
    stream_add_links(stream);
    stream_add_scrolls(stream, 0, 7);
    stream_add_trails(stream);
    stream_add_seeds(stream, 50);
    stream_add_scrolls(stream, 7, 2);
    stream_set_rest(stream);
    golden_check(pecs_stream_finish(stream, &report, &error), &error, path);
    pecs_stream_destroy(stream);
}

void golden_save_stream(pecs_registry *registry, bool is_plain, const char *path)
{
    const pecs_save_options plainly = { .skip_sync = true };
    pecs_snapshot *snapshot;
    pecs_error error;
    stream_write(registry, path);
    if (!is_plain)
        return;
    golden_check(pecs_snapshot_load(registry, path, NULL, &snapshot, &error), &error, path);
    golden_check(pecs_snapshot_save(snapshot, path, &plainly, &error), &error, path);
    pecs_snapshot_release(snapshot);
}
