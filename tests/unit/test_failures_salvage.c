/* As test_failures.c, for salvage: each allocation fails once, and all from each one on. Nothing is published then. */
#define _GNU_SOURCE
#include "contents_fixture.h"

#include <pecs/row_stream.h>
#include <pecs/salvage.h>

TestSuite(failures_salvage, .timeout = 280);

enum { ROWS = 4200 };
static bool cuts_end; /* of the trials that follow */
static pecs_profile profile;

static void add_rows(pecs_stream *stream)
{
    static Name names[ROWS];
    pecs_id ids[3] = { { { 1 } }, { { 2 } }, { { 3 } } };
    for (size_t i = 0; i < ROWS; i++)
        names[i] = (Name){ i, pecs_string_of(i % 7 ? "a name" : "") };
    const pecs_value name = PECS_ROWS(Name, names);
    const pecs_value frozen = { Frozen_component, 0, NULL };
    pecs_entity friend = { 1, 1 };
    const pecs_bytes friends = { &friend, sizeof(friend) };
    const Bag bag = { .friends = pecs_list_of(&friends) };
    must(pecs_stream_add(stream, &(pecs_rows){ .values = &name, .value_count = 1, .row_count = ROWS }, NULL, NULL) ==
         PECS_OK);
    must(pecs_stream_add(stream, &(pecs_rows){ .values = &frozen, .value_count = 1, .row_count = 3, .ids = ids }, NULL,
                         NULL) == PECS_OK);
    must(pecs_stream_add(
             stream, &(pecs_rows){ .values = (pecs_value[]){ PECS_ROWS(Bag, &bag) }, .value_count = 1, .row_count = 1 },
             NULL, NULL) == PECS_OK);
}

static void make_broken(struct stage *stage)
{
    static const pecs_attachment terrain = { "terrain", "hills", 5 };
    const pecs_stream_options options = {
        .skip_sync = true, .attachments = &terrain, .attachment_count = 1, .profile = profile
    };
    const Position position = { 1, 2, 3 };
    pecs_stream *stream;
    must(pecs_stream_create(stage->registry, "broken.pecs", &options, &stream, NULL) == PECS_OK);
    add_rows(stream);
    must(pecs_stream_set_singleton(stream, &(pecs_value)PECS_ROWS(Position, &position), NULL) == PECS_OK);
    must(pecs_stream_set_meta_text(stream, "title", "seven", NULL) == PECS_OK);
    must(pecs_stream_finish(stream, NULL, NULL) == PECS_OK);
    pecs_stream_destroy(stream);
    if (cuts_end) {
        const struct file_bytes file = read_bytes("broken.pecs");
        write_bytes("broken.pecs", file.bytes, file.size - 64);
        free(file.bytes);
    }
}

static pecs_status salvage(struct stage *stage)
{
    const pecs_salvage_options options = { .skip_sync = true, .allocator = &counting_hooks };
    pecs_salvage_report report;
    (void)stage;
    const pecs_status status = pecs_salvage("broken.pecs", "saved.pecs", &options, &report, NULL);
    counting.fail_at = 0;
    must(file_count() == (status ? 1u : 2u));
    must(status || (report.entity_count == ROWS + 4 && report.has_commit == !cuts_end));
    unlink("saved.pecs");
    return status;
}

Test(failures_salvage, of_a_stream)
{
    enter_folder();
    make_stage_registry = contents_registry;
    for (int way = 0; way < 3; way++) {
        cuts_end = way & 1;
        profile = way & 2 ? PECS_PROFILE_FAST : PECS_PROFILE_OFF;
        try_every_failure(&(struct trial){ make_broken, salvage }, 60);
    }
    leave_folder();
}
