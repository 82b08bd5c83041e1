#include "part_feed.h"

#include "bytes.h"
#include "error.h"

#include <inttypes.h>
#include <string.h>

static const pecs_file_limits part_feed_no_limits;

pecs_status part_feed_open_path(struct part_feed *feed, struct pool *pool, const char *path, pecs_error *error)
{
    *feed = (struct part_feed){ .path_bytes = strlen(path) + 1 };
    feed->path = pool_allocate(pool, feed->path_bytes);
    if (!feed->path)
        return fail_memory(error);
    memcpy(feed->path, path, feed->path_bytes);
    const pecs_status status = reading_open_file(path, &part_feed_no_limits, &feed->file, error);
    feed->has_file = !status;
    feed->size_bytes = feed->file.size_bytes;
    return status;
}

pecs_status part_feed_open(struct part_feed *feed, const pecs_source *from, pecs_error *error)
{
    *feed = (struct part_feed){ .from = *from, .size_bytes = UINT64_MAX };
    pecs_status status = reading_check_source(from, &part_feed_no_limits, error);
    if (!status && from->size)
        status = reading_ask_size(from, &part_feed_no_limits, &feed->size_bytes, error);
    if (!status && from->map)
        status = reading_ask_map(from, &feed->mapped, error);
    return status;
}

void part_feed_close(struct part_feed *feed, struct pool *pool)
{
    if (feed->has_file)
        os_file_close(&feed->file);
    pool_release(pool, feed->path, feed->path_bytes);
}

/* A part of what can be read at any place. */
static pecs_status part_feed_read_at(struct part_feed *feed, uint8_t *bytes, size_t size_bytes, pecs_error *error)
{
    const struct source_input input = { &feed->from, feed->mapped, feed->size_bytes };
    return feed->has_file ? os_file_read(&feed->file, feed->path, bytes, size_bytes, feed->offset, error)
                          : source_input_read(&input, feed->offset, bytes, size_bytes, error);
}

pecs_status part_feed_some(struct part_feed *feed, uint8_t *bytes, size_t size_bytes, size_t *ret_size,
                           pecs_error *error)
{
    size_t done = 0, count = 1;
    pecs_status status = PECS_OK;
    size_bytes = (size_t)min_u64(size_bytes, feed->size_bytes - feed->offset);
    if (feed->has_file || feed->mapped || feed->from.read_at) {
        status = size_bytes ? part_feed_read_at(feed, bytes, size_bytes, error) : PECS_OK;
        done = status ? 0 : size_bytes;
    }
    while (!status && count && done < size_bytes) {
        status = reading_read(&feed->from, bytes + done, size_bytes - done, &count, error);
        done += status ? 0 : count;
    }
    feed->offset += done;
    *ret_size = done;
    return status;
}

pecs_status part_feed_read(struct part_feed *feed, uint8_t *bytes, uint64_t size_bytes, pecs_error *error)
{
    size_t count;
    const uint64_t from = feed->offset;
    const pecs_status status = part_feed_some(feed, bytes, (size_t)size_bytes, &count, error);
    if (!status && count < size_bytes)
        return fail_rule(error, PECS_E_CORRUPT, from + count, "FILE-1",
                         "the file ends after %" PRIu64 " bytes, where %" PRIu64 " more were to come", from + count,
                         size_bytes - count);
    return status;
}

pecs_status part_feed_skip_to(struct part_feed *feed, uint64_t offset, bool is_zero, pecs_error *error)
{
    uint8_t gap[FORMAT_PAGE] = { 0 };
    pecs_status status = PECS_OK;
    while (!status && feed->offset < offset) {
        const uint64_t from = feed->offset, size = min_u64(offset - from, sizeof(gap));
        uint64_t place = 0;
        status = part_feed_read(feed, gap, size, error);
        if (status || !is_zero || bytes_are_zero(gap, (size_t)size))
            continue;
        while (!gap[place])
            place++;
        return fail_rule(error, PECS_E_CORRUPT, from + place, "GAP-1",
                         "a byte that belongs to no part of the file is not zero");
    }
    return status;
}

pecs_status part_feed_check_end(const struct part_feed *feed, pecs_error *error)
{
    if (feed->size_bytes == UINT64_MAX || feed->offset == feed->size_bytes)
        return PECS_OK;
    return fail_rule(error, PECS_E_CORRUPT, feed->offset, "FILE-1",
                     "the stream ended after %" PRIu64 " of %" PRIu64 " bytes", feed->offset, feed->size_bytes);
}
