/*
 * What row streams refuse: the file is then that of the good rows alone. What fails leaves no file and no memory, and a
 * stream that only can be destroyed.
 */
#define _GNU_SOURCE
#include "fault_calls.h"
#include "stream_errors_fixture.h"

TestSuite(row_stream_errors, .init = refused_set_up, .fini = refused_strike);

static void add_some(struct twin *twin)
{
    const Door doors[3] = { { true, 1, "blue", { 0, 1 } },
                            { .owner = { 4, 1 } },
                            { .title = "sixsix", .owner = { 3, 0 } } };
    const Name names[2] = { { 1, pecs_string_of("Zoe") }, { 2, pecs_string_of("") } };
    twin_add(twin, (pecs_value[]){ PECS_ROWS(Door, doors) }, 1, 3, NULL);
    twin_add(twin, (pecs_value[]){ PECS_ROWS(Name, names), { Team_component, sizeof(Team), NULL } }, 2, 2, NULL);
}

static void refuse(struct twin *twin, const pecs_rows *rows, pecs_status status, const char *message)
{
    pecs_entity untouched[4] = { { 77, 77 }, { 77, 77 }, { 77, 77 }, { 77, 77 } };
    const uint64_t live_count = counting.live_count;
    error = (pecs_error){ .status = PECS_OK };
    cr_assert_eq(pecs_stream_add(twin->stream, rows, untouched, &error), status, "%s", error.message);
    cr_assert_str_eq(error.message, message);
    cr_assert_eq(error.status, status);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(untouched[i].index, 77);
    cr_assert_leq(counting.live_count, live_count + 8, "lists may have grown");
    cr_assert_eq(pecs_stream_add(twin->stream, rows, NULL, NULL), status, "an error is optional");
    add_some(twin);
}

static void refuse_value(struct twin *twin, pecs_value value, size_t count, pecs_status status, const char *message)
{
    refuse(twin, &(pecs_rows){ .values = &value, .value_count = 1, .row_count = count }, status, message);
}

Test(row_stream_errors, rows_that_are_refused_are_not_there)
{
    struct twin twin = twin_begin(registry, "file", NULL);
    const Position positions[2] = { { 0, 0, 0 } };
    const pecs_value value = PECS_ROWS(Position, positions), twice[] = { value, PECS_HAS(Frozen), value };
    const pecs_value mesh[] = { value, { Mesh_component, sizeof(Mesh), NULL } };
    const pecs_id ids[] = { id_of(3), { { 0 } } };
    const pecs_entity handles[] = { { 0, 1 }, { 1, 1 } };
    const size_t too_many = (size_t)UINT32_MAX / 4;
    refuse(&twin, &(pecs_rows){ twice, 3, 2, NULL, NULL }, PECS_E_MISUSE, "component Position: it is given twice");
    refuse(&twin, &(pecs_rows){ mesh, 2, 2, NULL, NULL }, PECS_E_MISUSE, "'Mesh' is transient, and is not saved");
    refuse(&twin, &(pecs_rows){ &value, 1, 2, handles, NULL }, PECS_E_MISUSE,
           "the rows of a stream get their handles from it: entities must be NULL");
    refuse(&twin, &(pecs_rows){ &value, 1, 2, NULL, ids }, PECS_E_MISUSE, "row 1: the id is zero");
    refuse(&twin, &(pecs_rows){ NULL, 1, 2, NULL, NULL }, PECS_E_MISUSE, "values is NULL, but value_count is not 0");
    refuse(&twin, &(pecs_rows){ &value, too_many, 2, NULL, NULL }, PECS_E_MISUSE,
           "there are more values than component types");
    refuse_value(&twin, (pecs_value){ Position_component, 4, positions }, 2, PECS_E_MISUSE,
                 "component Position: size_bytes is not the size of the type");
    refuse_value(&twin, (pecs_value){ 99, 4, positions }, 2, PECS_E_MISUSE,
                 "component 99: the world has no type of this number");
    refuse_value(&twin, (pecs_value){ 99, 4, positions }, 0, PECS_E_MISUSE,
                 "component 99: the world has no type of this number");
    refuse(&twin, &(pecs_rows){ NULL, 1, 0, NULL, NULL }, PECS_E_MISUSE, "values is NULL, but value_count is not 0");
    twin_end(&twin, "file");
    cr_assert_eq(file_count(), 1);
}

Test(row_stream_errors, values_that_are_refused_are_not_there)
{
    struct twin twin = twin_begin(registry, "file", NULL);
    Door doors[2] = { { false, 0, "", { 0, 0 } } };
    const pecs_value door = PECS_ROWS(Door, doors);
    const uint8_t wrong_bool = 2;
    memcpy(&doors[1].is_open, &wrong_bool, 1);
    refuse_value(&twin, door, 2, PECS_E_INVALID, "entity 1:1: is_open of 'Door' is neither 0 nor 1");
    doors[1] = (Door){ .mood = 9 };
    refuse_value(&twin, door, 2, PECS_E_INVALID, "entity 6:1: mood of 'Door' is not a value of its enum");
    doors[1] = (Door){ .title = "\xff" };
    refuse_value(&twin, door, 2, PECS_E_INVALID, "entity 11:1: title of 'Door' is not UTF-8 and then only zeros");
    doors[1] = (Door){ .owner = { 1, 2 } };
    refuse_value(&twin, door, 2, PECS_E_INVALID,
                 "entity 16:1: owner of 'Door' is the handle of an entity that never existed");
    doors[1] = (Door){ .owner = { UINT32_MAX, 1 } };
    refuse_value(&twin, door, 2, PECS_E_INVALID,
                 "entity 21:1: owner of 'Door' is the handle of an entity that never existed");
    twin_end(&twin, "file");
}

Test(row_stream_errors, contents_that_are_refused_are_not_there)
{
    struct twin twin = twin_begin(registry, "file", NULL);
    const Name names[] = { { 1, pecs_string_of("fine") }, { 2, pecs_string_from(PECS_BYTES("a\0b", 3)) } };
    const uint8_t moods_of_two[] = { 1, 5 };
    const pecs_entity friends[] = { { 0, 1 }, { 4, 3 } };
    Bag bags[2] = { { .labels = { pecs_string_of("a long label that takes units of its own") } },
                    { .labels = { { 0 }, pecs_string_of("\xff") } } };
    const pecs_value bag = PECS_ROWS(Bag, bags), both[] = { { Padded_component, sizeof(Padded), NULL }, bag };
    refuse_value(&twin, (pecs_value)PECS_ROWS(Name, names), 2, PECS_E_MISUSE,
                 "row 1: text of 'Name': the string is not UTF-8, or has a zero byte");
    refuse_value(&twin, bag, 2, PECS_E_MISUSE,
                 "row 1: labels[1] of 'Bag': the string is not UTF-8, or has a zero byte");
    bags[1] = (Bag){ .moods = pecs_list_of(PECS_ARRAY(moods_of_two)) };
    refuse_value(&twin, bag, 2, PECS_E_INVALID, "entity 11:1: moods[1] of 'Bag' is not a value of its enum");
    bags[1] = (Bag){ .friends = pecs_list_of(PECS_ARRAY(friends)) };
    refuse(&twin, &(pecs_rows){ both, 2, 2, NULL, NULL }, PECS_E_INVALID,
           "entity 16:1: friends[1] of 'Bag' is the handle of an entity that never existed");
    bags[1] = (Bag){ .friends = pecs_list_of(PECS_BYTES(friends, 12)) };
    refuse_value(&twin, bag, 2, PECS_E_MISUSE,
                 "row 1: friends of 'Bag': the size is no multiple of that of the list's elements");
    twin_end(&twin, "file");
}

/* The whole. */

static void refuse_finish(const struct twin *twin, pecs_status status, const char *message)
{
    for (int i = 0; i < 2; i++) {
        pecs_save_report report = { .size_bytes = 77 };
        cr_assert_eq(pecs_stream_finish(twin->stream, &report, &error), status, "%s", error.message);
        cr_assert_str_eq(error.message, message);
        cr_assert_eq(report.size_bytes, 77);
    }
    cr_assert_eq(access("file", F_OK), -1);
}

Test(row_stream_errors, a_reference_to_a_row_that_has_not_come)
{
    struct twin twin = twin_begin(registry, "file", NULL);
    const Door door = { .owner = { 9, 1 } };
    const pecs_entity friends[] = { { 0, 1 }, { 14, 1 } };
    const Bag bag = { .friends = pecs_list_of(PECS_ARRAY(friends)) };
    add_some(&twin);
    twin_add(&twin, (pecs_value[]){ PECS_ROWS(Door, &door) }, 1, 1, NULL);
    refuse_finish(&twin, PECS_E_INVALID, "entity 5:1: 'Door' refers to row 9 of the stream, which has 6");
    add_some(&twin);
    twin_add(&twin, (pecs_value[]){ PECS_ROWS(Bag, &bag) }, 1, 1, NULL);
    refuse_finish(&twin, PECS_E_INVALID, "entity 11:1: 'Bag' refers to row 14 of the stream, which has 12");
    add_some(&twin);
    twin_end(&twin, "file");
}

Test(row_stream_errors, singletons_are_checked_when_it_is_finished)
{
    struct twin twin = twin_begin(registry, "file", NULL);
    Door door = { .mood = 9 };
    const pecs_value value = PECS_ROWS(Door, &door), transient = { Mesh_component, sizeof(Mesh), NULL };
    const pecs_value wrong_size = { Door_component, 3, &door };
    add_some(&twin);
    cr_assert_eq(pecs_stream_set_singleton(twin.stream, &transient, &error), PECS_E_MISUSE);
    cr_assert_str_eq(error.message, "'Mesh' is transient, and is not saved");
    cr_assert_eq(pecs_stream_set_singleton(twin.stream, &wrong_size, &error), PECS_E_MISUSE);
    cr_assert_str_eq(error.message, "singleton: component Door: size_bytes is not the size of the type");
    must(pecs_stream_set_singleton(twin.stream, &value, &error) == PECS_OK);
    refuse_finish(&twin, PECS_E_INVALID, "singleton: mood of 'Door' is not a value of its enum");
    door = (Door){ .owner = { 5, 1 } };
    must(pecs_stream_set_singleton(twin.stream, &value, &error) == PECS_OK);
    refuse_finish(&twin, PECS_E_INVALID, "the singletons: 'Door' refers to row 5 of the stream, which has 5");
    add_some(&twin);
    must(pecs_builder_set_singleton(twin.builder, &value, &error) == PECS_OK);
    cr_assert_eq(pecs_stream_set_meta_text(twin.stream, "pecs.mine", "", &error), PECS_E_MISUSE);
    cr_assert_eq(pecs_stream_set_meta_bytes(twin.stream, "", "", 0, &error), PECS_E_MISUSE);
    cr_assert_eq(pecs_stream_set_meta_text(twin.stream, NULL, NULL, &error), PECS_E_MISUSE);
    twin_end(&twin, "file");
}

/* The birth id that a row of a twin has. */
static pecs_id birth_id(uint32_t row)
{
    const pecs_builder_options options = { .session_nonce = STREAM_NONCE };
    pecs_builder *builder;
    pecs_snapshot *made = NULL;
    pecs_id id;
    must(pecs_builder_create(registry, &options, &builder, &error) == PECS_OK);
    must(pecs_builder_add(builder, &(pecs_rows){ .row_count = row + 1 }, NULL, &error) == PECS_OK);
    must(pecs_builder_finish(builder, &made, &error) == PECS_OK);
    must(pecs_view_id(pecs_snapshot_view(made), (pecs_entity){ row, 1 }, &id) == PECS_OK);
    pecs_snapshot_release(made);
    pecs_builder_destroy(builder);
    return id;
}

/* Where an id is zero the row has none. */
static void refuse_ids(const pecs_id *ids, size_t count, const char *message)
{
    static const pecs_id zero;
    struct gather gather = { .bytes = NULL };
    pecs_stream *stream = stream_into(&gather, NULL);
    for (size_t i = 0; i < count; i++)
        must(add_value(stream, (pecs_value)PECS_HAS(Frozen), 1,
                       memcmp(&ids[i], &zero, sizeof(zero)) ? &ids[i] : NULL) == PECS_OK);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(pecs_stream_finish(stream, NULL, &error), PECS_E_CONFLICT);
        cr_assert_str_eq(error.message, message);
        must(add_value(stream, (pecs_value)PECS_HAS(Frozen), 1, NULL) == PECS_OK);
    }
    pecs_stream_destroy(stream);
    cr_assert(gather.abort_count == 1 && gather.commit_count == 0);
    free(gather.bytes);
}

Test(row_stream_errors, ids_of_two_entities)
{
    const pecs_id twice[] = { id_of(1), id_of(2), id_of(1) }, born[] = { { { 0 } }, birth_id(0), id_of(2) };
    refuse_ids(twice, 3, "the id 09010000-0000-0000-0000-000000000000 of entity 2:1 is that of another entity, too");
    refuse_ids(born, 3, "the id 00000000-0000-800b-8000-000100000000 of entity 1:1 is that of another entity, too");
}

/* That of the row itself, of one that the stream does not have, and of rows that have other ids. */
Test(row_stream_errors, birth_ids_that_are_explicit)
{
    struct twin twin = twin_begin(registry, "file", NULL);
    const pecs_id ids[] = { birth_id(0), birth_id(90), id_of(1), birth_id(4), birth_id(3), birth_id(2) };
    twin_add(&twin, (pecs_value[]){ PECS_HAS(Frozen) }, 1, 6, ids);
    twin_add(&twin, (pecs_value[]){ PECS_HAS(Frozen) }, 1, 3, NULL);
    twin_end(&twin, "file");
}

/* When it has ended. */

static void expect_over(pecs_stream *stream, const char *message)
{
    const pecs_value value = { Health_component, sizeof(Health), NULL };
    for (int i = 0; i < 5; i++) {
        error.message[0] = 0;
        const pecs_status status = i == 0   ? add_value(stream, value, 2, NULL)
                                   : i == 1 ? pecs_stream_finish(stream, NULL, &error)
                                   : i == 2 ? pecs_stream_set_singleton(stream, &value, &error)
                                   : i == 3 ? pecs_stream_set_meta_text(stream, "a", "b", &error)
                                            : pecs_stream_set_meta_bytes(stream, "a", "b", 1, &error);
        cr_assert_eq(status, PECS_E_MISUSE);
        cr_assert_str_eq(error.message, message);
    }
}

static const char has_failed[] = "the stream has failed before and can only be destroyed";

Test(row_stream_errors, nothing_is_added_when_it_is_finished)
{
    pecs_stream *stream = NULL;
    must(pecs_stream_create(registry, "file", NULL, &stream, &error) == PECS_OK);
    must(add_value(stream, (pecs_value)PECS_HAS(Frozen), 5, NULL) == PECS_OK);
    must(pecs_stream_finish(stream, NULL, &error) == PECS_OK);
    const struct file_bytes file = read_bytes("file");
    expect_over(stream, "the stream is finished");
    pecs_stream_destroy(stream);
    const struct file_bytes again = read_bytes("file");
    cr_assert(file.size == again.size && memcmp(file.bytes, again.bytes, file.size) == 0);
    free(file.bytes);
    free(again.bytes);
}

Test(row_stream_errors, a_limit_ends_it)
{
    pecs_stream *stream = NULL;
    must(pecs_stream_create(registry, "file", NULL, &stream, &error) == PECS_OK);
    must(add_value(stream, (pecs_value)PECS_HAS(Frozen), 5, NULL) == PECS_OK);
    cr_assert_eq(add_value(stream, (pecs_value)PECS_HAS(Frozen), UINT32_MAX, NULL), PECS_E_LIMIT);
    cr_assert_str_eq(error.message, "there are more rows than entity slots");
    expect_over(stream, has_failed);
    pecs_stream_destroy(stream);
    cr_assert_eq(file_count(), 0);
}

Test(row_stream_errors, without_a_finish_the_file_stays)
{
    for (int had = 0; had < 2; had++) {
        pecs_stream *stream = NULL;
        if (had)
            write_bytes("file", "old", 3);
        must(pecs_stream_create(registry, "file", NULL, &stream, &error) == PECS_OK);
        cr_assert_eq(access("file", F_OK), had ? 0 : -1);
        for (int i = 0; i < 6; i++)
            must(add_value(stream, (pecs_value)PECS_HAS(Frozen), 200000, NULL) == PECS_OK);
        cr_assert_eq(access("file", F_OK), had ? 0 : -1);
        if (had) {
            const struct file_bytes file = read_bytes("file");
            cr_assert(file.size == 3 && memcmp(file.bytes, "old", 3) == 0);
            free(file.bytes);
        }
        pecs_stream_destroy(stream);
        cr_assert_eq(file_count(), (size_t)had);
    }
}

/* Sinks. */

/* Some parts, of which some have contents. The first status that is not OK. */
static pecs_status put_parts(pecs_stream *stream)
{
    enum { COUNT = 100000 };
    Position *rows = rows_of(COUNT * sizeof(*rows));
    const Name name = { 1, pecs_string_of("a name that takes some units of the contents") };
    pecs_status status = PECS_OK;
    for (int i = 0; !status && i < 6; i++) {
        status = add_value(stream, (pecs_value)PECS_ROWS(Position, rows), COUNT, NULL);
        if (!status)
            status = add_value(stream, (pecs_value)PECS_ROWS(Name, &name), 1, NULL);
    }
    free(rows);
    return status;
}

static const pecs_status statuses[] = { PECS_E_IO,      PECS_E_CANCELLED, PECS_E_MISUSE,
                                        PECS_E_INVALID, PECS_E_CONFLICT,  PECS_E_MEMORY };
enum { STATUS_COUNT = sizeof(statuses) / sizeof(statuses[0]) };

/* The stream fails with the status of the sink, whichever that is, and then is over. */
static void expect_failure(struct gather *gather, const pecs_stream_options *options)
{
    const pecs_sink sink = gather_sink(gather);
    pecs_stream *stream = NULL;
    pecs_status status = pecs_stream_create_to(registry, &sink, options, &stream, &error);
    cr_assert_eq(!status, stream != NULL);
    if (!status)
        status = put_parts(stream);
    if (!status)
        status = pecs_stream_finish(stream, NULL, &error);
    const pecs_status expected = gather->fail_status ? gather->fail_status : gather->commit_status;
    cr_assert_eq(status, expected, "%s instead of %s", pecs_status_name(status), pecs_status_name(expected));
    cr_assert_eq(error.status, status);
    cr_assert_str_eq(error.message, "the bucket is full");
    if (stream)
        expect_over(stream, has_failed);
    pecs_stream_destroy(stream);
    cr_assert(gather->abort_count == 1 && gather->commit_count == (gather->commit_status != PECS_OK));
    free(gather->bytes);
}

static void fail_everywhere(const pecs_stream_options *options)
{
    struct gather whole = { .bytes = NULL };
    pecs_stream *stream = stream_into(&whole, options);
    must(put_parts(stream) == PECS_OK && pecs_stream_finish(stream, NULL, &error) == PECS_OK);
    pecs_stream_destroy(stream);
    cr_assert(whole.commit_count == 1 && whole.abort_count == 0);
    const size_t step = whole.size / 23;
    for (size_t at = 0, i = 0; at < whole.size; at += step, i++) {
        struct gather gather = { .fail_after = at, .fail_status = statuses[i % STATUS_COUNT], .explains = true };
        expect_failure(&gather, options);
    }
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        struct gather gather = { .commit_status = statuses[i], .explains = true };
        expect_failure(&gather, options);
    }
    free(whole.bytes);
}

Test(row_stream_errors, a_sink_that_fails_ends_it)
{
    const pecs_stream_options plain = { .session_nonce = STREAM_NONCE, .wall_clock_ns = 1 };
    pecs_stream_options fast = plain;
    fast.profile = PECS_PROFILE_FAST;
    fast.thread_count = 2;
    fail_everywhere(&plain);
    fail_everywhere(&fast);
}

Test(row_stream_errors, a_sink_that_does_not_begin)
{
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        struct gather gather = { .begin_status = statuses[i] };
        const pecs_sink sink = gather_sink(&gather);
        pecs_stream *stream = NULL;
        cr_assert_eq(pecs_stream_create_to(registry, &sink, NULL, &stream, &error), statuses[i]);
        cr_assert_null(stream);
        cr_assert(gather.begin_count == 1 && !gather.write_count && !gather.commit_count && !gather.abort_count);
        free(gather.bytes);
    }
}

/* All but write are optional. */
Test(row_stream_errors, a_sink_that_only_writes)
{
    struct gather whole = { .bytes = NULL }, gather = { .is_unbounded = true, .begin_count = 1 };
    pecs_stream *stream = stream_into(&whole, NULL), *other = NULL;
    const pecs_sink sink = { .write = gather_write, .user = &gather };
    const pecs_stream_options options = { .session_nonce = STREAM_NONCE, .wall_clock_ns = 1 };
    must(pecs_stream_create_to(registry, &sink, &options, &other, &error) == PECS_OK);
    must(put_parts(stream) == PECS_OK && put_parts(other) == PECS_OK);
    must(pecs_stream_finish(stream, NULL, &error) == PECS_OK && pecs_stream_finish(other, NULL, &error) == PECS_OK);
    pecs_stream_destroy(stream);
    pecs_stream_destroy(other);
    cr_assert(whole.size == gather.size && memcmp(whole.bytes, gather.bytes, gather.size) == 0);
    free(whole.bytes);
    free(gather.bytes);
}

/* Disks. */

struct full_disk {
    uint64_t write_count, full_at; /* the write that finds it full, from 1; 0: none */
};

static void fill_disk(void *user, struct fault_event *event)
{
    struct full_disk *disk = user;
    if (event->call == FAULT_writev && ++disk->write_count == disk->full_at)
        event->os_error = ENOSPC;
}

static pecs_status put_file(struct full_disk *disk, pecs_stream **ret_stream)
{
    const pecs_stream_options options = { .session_nonce = STREAM_NONCE, .wall_clock_ns = 1, .skip_sync = true };
    fault_watch(&(struct fault_hooks){ .before = fill_disk, .user = disk });
    pecs_status status = pecs_stream_create(registry, "file", &options, ret_stream, &error);
    if (!status)
        status = put_parts(*ret_stream);
    if (!status)
        status = pecs_stream_finish(*ret_stream, NULL, &error);
    fault_unwatch();
    return status;
}

Test(row_stream_errors, a_full_disk_keeps_the_old_file)
{
    struct full_disk whole = { .full_at = 0 };
    pecs_stream *stream = NULL;
    must(put_file(&whole, &stream) == PECS_OK);
    pecs_stream_destroy(stream);
    cr_assert_geq(whole.write_count, 3);
    for (uint64_t at = 1; at <= whole.write_count; at++) {
        struct full_disk disk = { .full_at = at };
        stream = NULL;
        write_bytes("file", "old", 3);
        cr_assert_eq(put_file(&disk, &stream), PECS_E_IO);
        cr_assert_eq(error.os_error, ENOSPC);
        if (stream)
            expect_over(stream, has_failed);
        pecs_stream_destroy(stream);
        const struct file_bytes file = read_bytes("file");
        cr_assert(file.size == 3 && memcmp(file.bytes, "old", 3) == 0);
        free(file.bytes);
        cr_assert_eq(file_count(), 1, "what was written is gone");
    }
}

/* Each call of the system, whatever it is: the file is the old one or the new one. */
struct failing_call {
    uint64_t number;
};

static void fail_call(void *user, struct fault_event *event)
{
    if (event->number == ((const struct failing_call *)user)->number)
        event->os_error = EIO;
}

static pecs_status put_small_file(const char *path, uint64_t failing, uint64_t *ret_call_count)
{
    const pecs_stream_options options = { .session_nonce = STREAM_NONCE, .wall_clock_ns = 1 };
    struct failing_call call = { failing };
    pecs_stream *stream = NULL;
    fault_watch(&(struct fault_hooks){ .before = fail_call, .user = &call });
    pecs_status status = pecs_stream_create(registry, path, &options, &stream, &error);
    if (!status)
        status = add_value(stream, (pecs_value)PECS_HAS(Frozen), 5000, NULL);
    if (!status)
        status = pecs_stream_finish(stream, NULL, &error);
    pecs_stream_destroy(stream);
    *ret_call_count = fault_unwatch();
    return status;
}

Test(row_stream_errors, each_system_call_fails_once)
{
    uint64_t call_count = 0, refused = 0;
    must(put_small_file("new", 0, &call_count) == PECS_OK);
    for (uint64_t number = 1; number <= call_count; number++) {
        write_bytes("file", "old", 3);
        const pecs_status status = put_small_file("file", number, &call_count);
        must(status == PECS_OK || (status == PECS_E_IO && error.os_error == EIO));
        const struct file_bytes file = read_bytes("file");
        const bool is_new = same_bytes("file", "new");
        must(is_new || (status && file.size == 3 && memcmp(file.bytes, "old", 3) == 0));
        must(!(is_new && status) || strstr(error.message, "published, but perhaps not durable"));
        free(file.bytes);
        refused += status != PECS_OK;
    }
    cr_assert_geq(refused, 5);
}

/* Creation. */

static void refuse_options(const pecs_stream_options *options, pecs_status status, const char *message)
{
    pecs_stream *stream = NULL;
    struct gather gather = { .bytes = NULL };
    const pecs_sink sink = gather_sink(&gather);
    for (int i = 0; i < 2; i++) {
        const pecs_status got = i ? pecs_stream_create_to(registry, &sink, options, &stream, &error)
                                  : pecs_stream_create(registry, "file", options, &stream, &error);
        cr_assert_eq(got, status, "%s", error.message);
        cr_assert_str_eq(error.message, message);
        cr_assert_null(stream);
    }
    cr_assert_eq(gather.begin_count, 0);
    cr_assert_eq(file_count(), 0);
}

Test(row_stream_errors, options_are_refused)
{
    const pecs_meta twice[2] = { { "title", PECS_META_TEXT, "One", 3 }, { "title", PECS_META_TEXT, "One", 3 } };
    const pecs_attachment attachments[2] = { { "a", "1", 1 }, { "pecs.mine", "1", 1 } };
    const pecs_attachment doubled[3] = { { "b", "1", 1 }, { "a", NULL, 0 }, { "b", "2", 1 } };
    refuse_options(&(pecs_stream_options){ .tick = 1ull << 63 }, PECS_E_MISUSE,
                   "the tick 9223372036854775808 is above 2^63 - 1");
    refuse_options(&(pecs_stream_options){ .attachment_count = 1 }, PECS_E_MISUSE,
                   "attachments is NULL, but attachment_count is not 0");
    refuse_options(&(pecs_stream_options){ .metadata = twice, .metadata_count = 2 }, PECS_E_MISUSE,
                   "entry 1 of the file's metadata, 'title': its key is given twice");
    refuse_options(&(pecs_stream_options){ .profile = (pecs_profile)99 }, PECS_E_MISUSE,
                   "a profile is none that there is, or component_profiles is NULL");
    refuse_options(&(pecs_stream_options){ .component_profile_count = 1 }, PECS_E_MISUSE,
                   "a profile is none that there is, or component_profiles is NULL");
    refuse_options(&(pecs_stream_options){ .attachments = attachments, .attachment_count = 2 }, PECS_E_MISUSE,
                   "the name of the attachment is reserved, or not 1 to 255 bytes of printable UTF-8");
    refuse_options(&(pecs_stream_options){ .attachments = doubled, .attachment_count = 3 }, PECS_E_MISUSE,
                   "two attachments are named 'b'");
}

/* The path is that of the folder in which the stream was created. */
Test(row_stream_errors, the_program_may_go_elsewhere)
{
    pecs_stream *stream = NULL;
    must(mkdir("here", 0700) == 0 && mkdir("there", 0700) == 0 && chdir("here") == 0);
    must(pecs_stream_create(registry, "file", NULL, &stream, &error) == PECS_OK);
    must(add_value(stream, (pecs_value)PECS_HAS(Frozen), 5, NULL) == PECS_OK);
    must(chdir("../there") == 0);
    cr_assert_eq(pecs_stream_finish(stream, NULL, &error), PECS_OK);
    pecs_stream_destroy(stream);
    must(chdir("..") == 0);
    cr_assert(access("here/file", F_OK) == 0 && access("there/file", F_OK) != 0);
    must(unlink("here/file") == 0 && rmdir("here") == 0 && rmdir("there") == 0);
}

Test(row_stream_errors, a_path_that_cannot_be)
{
    pecs_stream *stream = NULL;
    cr_assert_eq(pecs_stream_create(registry, "nowhere/file", NULL, &stream, &error), PECS_E_IO);
    cr_assert_eq(error.os_error, ENOENT);
    cr_assert_null(stream);
    cr_assert_eq(pecs_stream_create_to(registry, &(pecs_sink){ .write = NULL }, NULL, &stream, &error), PECS_E_MISUSE);
}
