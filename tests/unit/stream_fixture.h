/*
 * For tests of streams: a world with a file of it in memory, a sink that gathers and fails where a test wants, and a
 * source that gives bytes in steps and lies where a test wants.
 */
#ifndef STREAM_FIXTURE_H
#define STREAM_FIXTURE_H

#include "file_fixture.h"

#include <errno.h>

/* Made by stream_set_up: tables with padding and without, a singleton, ids, metadata, free slots. */
static pecs_registry *registry;
static pecs_snapshot *snapshot;
static struct file_bytes saved; /* by a path, without a sync */
static uint64_t saved_hash;

static inline pecs_world *make_mixed_world(size_t row_count)
{
    pecs_world *world = make_world(registry, NULL);
    const pecs_id id = { { 1, 2, 3 } };
    must(pecs_world_spawn(world, (pecs_value[]){ { POSITION, sizeof(Position), NULL } }, 1, row_count, NULL) ==
         PECS_OK);
    const pecs_entity team = spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(TEAM, Team, 4) }, 1);
    spawn_one(world, (pecs_value[]){ PECS_VALUE_AS(LINK, Link, 1, team, { team, { 0, 0 } }), PECS_HAS_AS(FROZEN) }, 2);
    must(pecs_world_despawn(world, &(pecs_entity){ 3, 1 }, 1) == PECS_OK);
    must(pecs_world_set_singleton(world, HEALTH, sizeof(Health), &(Health){ 1, 2 }) == PECS_OK);
    must(pecs_world_set_id(world, team, id) == PECS_OK);
    must(pecs_world_set_meta_text(world, "level", "seven") == PECS_OK);
    return world;
}

static inline void stream_set_up_rows(size_t row_count)
{
    enter_folder();
    registry = counting_registry();
    pecs_world *world = make_mixed_world(row_count);
    snapshot = take(world);
    save_world(world, "world.pecs");
    pecs_world_destroy(world);
    saved = read_bytes("world.pecs");
    saved_hash = pecs_view_hash(pecs_snapshot_view(snapshot));
}

static inline void stream_set_up(void)
{
    stream_set_up_rows(500);
}

static inline void stream_tear_down(void)
{
    free(saved.bytes);
    pecs_snapshot_release(snapshot);
    pecs_registry_release(registry);
    assert_no_leak();
    leave_folder();
}

/* A sink. Keeps the rules of stream.h in view: what is called after it ended, or out of turn, ends the test. */
struct gather {
    uint8_t *bytes;
    size_t size, capacity; /* capacity: what begin said */
    bool is_unbounded;     /* begin said 0: the size is not known, and the capacity grows */
    unsigned begin_count, write_count, commit_count, abort_count;
    pecs_status begin_status, commit_status;
    size_t fail_after; /* the write that would pass so many bytes fails, with */
    pecs_status fail_status;
    bool explains; /* errors */
};

static inline bool gather_is_open(const struct gather *gather)
{
    return gather->begin_count == 1 && !gather->begin_status && !gather->commit_count && !gather->abort_count;
}

static inline pecs_status gather_fail(const struct gather *gather, pecs_status status, pecs_error *error)
{
    must(error != NULL);
    if (status && gather->explains) {
        *error = (pecs_error){ .status = status, .os_error = ENOSPC, .offset = 7 };
        snprintf(error->message, sizeof(error->message), "the bucket is full");
    }
    return status;
}

static inline pecs_status gather_begin(void *user, uint64_t size_bytes, pecs_error *error)
{
    struct gather *gather = user;
    must(!gather->begin_count++ && !gather->write_count && !gather->commit_count && !gather->abort_count);
    gather->is_unbounded = size_bytes == 0;
    gather->capacity = gather->is_unbounded ? 1024 : (size_t)size_bytes;
    gather->bytes = malloc(gather->capacity);
    must(gather->bytes != NULL);
    return gather_fail(gather, gather->begin_status, error);
}

static inline void gather_grow(struct gather *gather, size_t size)
{
    if (!gather->is_unbounded || size <= gather->capacity - gather->size)
        return;
    gather->capacity = 2 * (gather->size + size);
    gather->bytes = realloc(gather->bytes, gather->capacity);
    must(gather->bytes != NULL);
}

static inline pecs_status gather_write(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    struct gather *gather = user;
    must(gather_is_open(gather) && span_count > 0 && span_count <= PECS_SPAN_MAX);
    gather->write_count++;
    for (size_t i = 0; i < span_count; i++) {
        gather_grow(gather, spans[i].size_bytes);
        must(spans[i].size_bytes > 0 && spans[i].size_bytes <= gather->capacity - gather->size);
        if (gather->fail_status && gather->size + spans[i].size_bytes > gather->fail_after)
            return gather_fail(gather, gather->fail_status, error);
        memcpy(gather->bytes + gather->size, spans[i].data, spans[i].size_bytes);
        gather->size += spans[i].size_bytes;
    }
    return PECS_OK;
}

static inline pecs_status gather_commit(void *user, pecs_error *error)
{
    struct gather *gather = user;
    must(gather_is_open(gather) && (gather->is_unbounded || gather->size == gather->capacity));
    gather->commit_count++;
    return gather_fail(gather, gather->commit_status, error);
}

static inline void gather_abort(void *user)
{
    struct gather *gather = user;
    must(gather->begin_count == 1 && !gather->begin_status && !gather->abort_count);
    must(!gather->commit_count || gather->commit_status);
    gather->abort_count++;
}

static inline pecs_sink gather_sink(struct gather *gather)
{
    return (pecs_sink){ gather_begin, gather_write, gather_commit, gather_abort, gather };
}

/* A source. */
struct feed {
    const uint8_t *bytes;
    size_t size;          /* of the bytes */
    size_t step;          /* at most so many a call */
    uint64_t stated_size; /* by `size` */
    pecs_status size_status;
    size_t fail_at; /* the call that would pass this fails, with */
    pecs_status fail_status;
    bool explains;       /* errors */
    bool exceeds;        /* claims one byte more than asked for */
    bool is_endless;     /* begins again at the end */
    size_t at;           /* read so far, in order */
    uint64_t byte_count; /* by read_at */
    unsigned read_count, size_count, read_at_count, map_count;
};

static inline pecs_status feed_fail(const struct feed *feed, pecs_error *error)
{
    must(error != NULL);
    if (feed->explains) {
        *error = (pecs_error){ .status = feed->fail_status, .os_error = ECONNRESET };
        snprintf(error->message, sizeof(error->message), "the line is dead");
    }
    return feed->fail_status;
}

static inline pecs_status feed_give(struct feed *feed, size_t from, void *bytes, size_t size, size_t *ret_size,
                                    pecs_error *error)
{
    size_t count = from < feed->size ? feed->size - from : 0;
    count = count < size ? count : size;
    count = feed->step && count > feed->step ? feed->step : count;
    if (feed->fail_status && from + count > feed->fail_at)
        return feed_fail(feed, error);
    memcpy(bytes, feed->bytes + from, count);
    *ret_size = feed->exceeds ? size + 1 : count;
    return PECS_OK;
}

static inline pecs_status feed_read(void *user, void *bytes, size_t size, size_t *ret_size, pecs_error *error)
{
    struct feed *feed = user;
    must(size > 0);
    feed->read_count++;
    if (feed->is_endless && feed->at == feed->size)
        feed->at = 0;
    const pecs_status status = feed_give(feed, feed->at, bytes, size, ret_size, error);
    if (!status)
        feed->at += *ret_size;
    return status;
}

static inline pecs_status feed_size(void *user, uint64_t *ret_size_bytes, pecs_error *error)
{
    struct feed *feed = user;
    must(error != NULL);
    feed->size_count++;
    if (!feed->size_status)
        *ret_size_bytes = feed->stated_size;
    return feed->size_status;
}

static inline pecs_status feed_read_at(void *user, uint64_t offset, void *bytes, size_t size, size_t *ret_size,
                                       pecs_error *error)
{
    struct feed *feed = user;
    must(size > 0 && offset < feed->stated_size && size <= feed->stated_size - offset);
    __atomic_add_fetch(&feed->read_at_count, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&feed->byte_count, size, __ATOMIC_RELAXED);
    return feed_give(feed, (size_t)offset, bytes, size, ret_size, error);
}

static inline pecs_status feed_map(void *user, const void **ret_bytes, pecs_error *error)
{
    struct feed *feed = user;
    must(error != NULL);
    feed->map_count++;
    if (feed->fail_status)
        return feed_fail(feed, error);
    *ret_bytes = feed->bytes;
    return PECS_OK;
}

static inline struct feed feed_of(const void *bytes, size_t size)
{
    return (struct feed){ .bytes = bytes, .size = size, .stated_size = size };
}

/* The kinds of sources. */
enum feed_kind { ONE_WAY, SIZED, POSITIONED, MAPPED, KIND_COUNT };
static const char *const kind_names[] = { "read", "read, size", "read_at", "map" };

static inline pecs_source feed_source(struct feed *feed, enum feed_kind kind)
{
    pecs_source source = { .user = feed };
    if (kind == ONE_WAY || kind == SIZED)
        source.read = feed_read;
    if (kind != ONE_WAY)
        source.size = feed_size;
    if (kind == POSITIONED)
        source.read_at = feed_read_at;
    if (kind == MAPPED)
        source.map = feed_map;
    return source;
}

static inline pecs_status load_feed(struct feed *feed, enum feed_kind kind, const pecs_load_options *options,
                                    pecs_error *error)
{
    const pecs_source source = feed_source(feed, kind);
    const size_t plain_count = counting_count_plain();
    pecs_snapshot *loaded = NULL;
    const pecs_status status = pecs_snapshot_load_from(registry, &source, options, &loaded, error);
    must(!status == (loaded != NULL));
    must(status || pecs_view_hash(pecs_snapshot_view(loaded)) == saved_hash);
    pecs_snapshot_release(loaded);
    must(counting_count_plain() == plain_count && counting.wrong_count == 0);
    return status;
}

#endif
