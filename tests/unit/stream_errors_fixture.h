/* For tests of what row streams and their readers refuse: types with values that can be wrong, and one file of each. */
#ifndef STREAM_ERRORS_FIXTURE_H
#define STREAM_ERRORS_FIXTURE_H

#define _GNU_SOURCE
#include "row_stream_fixture.h"
#include "stream_fixture.h"

#include <pecs/attachments.h>

typedef struct {
    bool is_open;
    uint8_t mood;
    char title[6];
    pecs_entity owner;
} Door;
PECS_COMPONENT_OF(Door, "Door", 1, PECS_FIELD(Door, is_open), PECS_FIELD_ENUM(Door, mood, moods),
                  PECS_FIELD(Door, title), PECS_FIELD(Door, owner));

typedef struct {
    void *buffer;
} Mesh;
PECS_TRANSIENT(Mesh);

enum { Door_component = PROFILED_TYPE_COUNT, Mesh_component, REFUSED_TYPE_COUNT };
static const pecs_type *const refused_types[REFUSED_TYPE_COUNT] = {
    &Name_type, &Bag_type,  &Position_type, &Frozen_type, &Health_type, &Team_type,
    &Link_type, &Wide_type, &Vast_type,     &Padded_type, &Door_type,   &Mesh_type,
};

static pecs_error error;

static inline void refused_set_up(void)
{
    enter_folder();
    registry = make_registry(refused_types, REFUSED_TYPE_COUNT, counting_hooks);
}

static inline void refused_strike(void)
{
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

static inline pecs_stream *stream_into(struct gather *gather, const pecs_stream_options *options)
{
    const pecs_sink sink = gather_sink(gather);
    const pecs_stream_options as_always = { .session_nonce = STREAM_NONCE, .wall_clock_ns = 1 };
    pecs_stream *stream = NULL;
    cr_assert_eq(pecs_stream_create_to(registry, &sink, options ? options : &as_always, &stream, &error), PECS_OK, "%s",
                 error.message);
    return stream;
}

static inline pecs_status add_value(pecs_stream *stream, pecs_value value, size_t count, const pecs_id *ids)
{
    const pecs_rows rows = { .values = &value, .value_count = 1, .row_count = count, .ids = ids };
    return pecs_stream_add(stream, &rows, NULL, &error);
}

static inline pecs_id id_of(uint8_t number)
{
    return (pecs_id){ { 9, number } };
}

#endif
