/*
 * Limits are checked before memory is taken. A stream of unknown size is gathered in memory that grows with what has
 * come: it takes memory for what it gave, not for what it claims.
 */
#include "reading.h"

#include "bytes.h"
#include "error.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Of a stream of unknown size. */
enum {
    PIECE_MIN = 64 * 1024,
    PIECE_MAX = 16 * 1024 * 1024,
    GROWN_BYTES = 2 * 1024 * 1024, /* a huge page: an array that grows by whole ones has no small ones */
};

pecs_status reading_check_size(uint64_t size_bytes, const pecs_file_limits *limits, pecs_error *error)
{
    if (limits->max_bytes && size_bytes > limits->max_bytes)
        return fail(error, PECS_E_LIMIT, "the file has %" PRIu64 " bytes; the limit is %" PRIu64, size_bytes,
                    limits->max_bytes);
    RULE(error, "FILE-2", size_bytes == 0, 0, "the file is empty");
    return PECS_OK;
}

pecs_status reading_open_file(const char *path, const pecs_file_limits *limits, struct os_file *ret_file,
                              pecs_error *error)
{
    pecs_status status = os_file_open(path, ret_file, error);
    if (status)
        return status;
    status = limits->private_only && ret_file->others_may_write
                 ? fail_os(error, EACCES, "others may write to", path)
                 : reading_check_size(ret_file->size_bytes, limits, error);
    if (status)
        os_file_close(ret_file);
    return status;
}

static pecs_status reading_read_file(void *user, uint64_t offset, void *bytes, size_t size_bytes, size_t *ret_size,
                                     pecs_error *error)
{
    const struct reading *reading = user;
    *ret_size = size_bytes;
    return os_file_read(&reading->file, reading->path, bytes, size_bytes, offset, error);
}

static pecs_status reading_size_file(void *user, uint64_t *ret_size_bytes, pecs_error *error)
{
    const struct reading *reading = user;
    (void)error;
    *ret_size_bytes = reading->file.size_bytes;
    return PECS_OK;
}

pecs_status reading_open_path(struct reading *reading, struct pool *pool, const char *path,
                              const pecs_file_limits *limits, pecs_error *error)
{
    *reading = (struct reading){ .pool = pool, .path = path };
    const pecs_status status = reading_open_file(path, limits, &reading->file, error);
    if (status)
        return status;
    reading->has_file = true;
    reading->by_path = (pecs_source){ .size = reading_size_file, .read_at = reading_read_file, .user = reading };
    reading->input = (struct source_input){ &reading->by_path, NULL, reading->file.size_bytes };
    return PECS_OK;
}

/* Streams. */

pecs_status reading_read(const pecs_source *from, uint8_t *bytes, size_t size_bytes, size_t *ret_size,
                         pecs_error *error)
{
    pecs_error why = { .status = PECS_OK };
    size_t count = 0;
    const pecs_status status = from->read(from->user, bytes, size_bytes, &count, &why);
    if (status)
        return fail_as(error, status, &why, "read of the source");
    if (count > size_bytes)
        return fail(error, PECS_E_MISUSE, "read of the source gave %zu bytes where %zu were asked for", count,
                    size_bytes);
    *ret_size = count;
    return PECS_OK;
}

static struct image *reading_create_image(struct pool *pool, uint64_t size_bytes)
{
    return size_bytes <= SIZE_MAX / 2 ? image_create_private(pool, size_bytes) : NULL;
}

/* The image, all of which was read, is the input. */
static void reading_set_image(struct reading *reading, struct image *image)
{
    reading->image = image;
    reading->input.mapped = image->bytes;
    reading->input.size_bytes = image->size_bytes;
}

/* A stream of known size: no byte beyond it is read, which may be another file's. */
static pecs_status reading_take_known(struct reading *reading, uint64_t size_bytes, pecs_error *error)
{
    pecs_status status = PECS_OK;
    struct image *image = reading_create_image(reading->pool, size_bytes);
    if (!image)
        return fail_memory(error);
    reading_set_image(reading, image);
    for (uint64_t done = 0; !status && done < size_bytes;) {
        size_t count = 0;
        status = reading_read(reading->input.from, image->bytes + done, (size_t)(size_bytes - done), &count, error);
        if (!status && !count)
            return fail_rule(error, PECS_E_CORRUPT, done, "FILE-1",
                             "the stream ended after %" PRIu64 " of %" PRIu64 " bytes", done, size_bytes);
        done += count;
    }
    return status;
}

struct stream_piece {
    struct stream_piece *next;
    size_t capacity, size_bytes; /* of the bytes */
    uint8_t bytes[];
};

/*
 * The bytes lie in pieces until an array of as many can grow without a copy, if it ever can: from then on in an image.
 */
struct stream {
    struct pool *pool;
    const pecs_source *from;
    uint64_t max_bytes; /* UINT64_MAX: no limit */
    struct stream_piece *first, *last;
    struct image *image;
    uint64_t size_bytes;
};

static void reading_stream_drop_pieces(struct stream *stream)
{
    while (stream->first) {
        struct stream_piece *piece = stream->first;
        stream->first = piece->next;
        pool_release(stream->pool, piece, sizeof(*piece) + piece->capacity);
    }
    stream->last = NULL;
}

/* Copies the pieces into an image, which has room for as many bytes and perhaps more. False: out of memory. */
static bool reading_stream_join(struct stream *stream, uint64_t capacity)
{
    stream->image = reading_create_image(stream->pool, capacity);
    if (!stream->image)
        return false;
    uint8_t *to = stream->image->bytes;
    for (const struct stream_piece *piece = stream->first; piece; piece = piece->next) {
        memcpy(to, piece->bytes, piece->size_bytes);
        to += piece->size_bytes;
    }
    reading_stream_drop_pieces(stream);
    return true;
}

static struct stream_piece *reading_stream_add_piece(struct stream *stream, size_t capacity)
{
    struct stream_piece *piece = pool_allocate(stream->pool, sizeof(*piece) + capacity);
    if (!piece)
        return NULL;
    piece->next = NULL;
    piece->capacity = capacity;
    piece->size_bytes = 0;
    *(stream->last ? &stream->last->next : &stream->first) = piece;
    stream->last = piece;
    return piece;
}

/* All room is full: more of it, which is at least a byte, since the limit is not reached. False: out of memory. */
static bool reading_stream_grow(struct stream *stream)
{
    const uint64_t wanted = max_u64(PIECE_MIN, stream->size_bytes / 4);
    const uint64_t more = min_u64(wanted, stream->max_bytes - stream->size_bytes);
    const uint64_t capacity = min_u64(align_up(stream->size_bytes + more, GROWN_BYTES), stream->max_bytes);
    if (stream->image)
        return image_resize(stream->image, capacity);
    if (pool_array_resizes(stream->pool, (size_t)stream->size_bytes))
        return reading_stream_join(stream, capacity);
    return reading_stream_add_piece(stream, (size_t)min_u64(more, PIECE_MAX)) != NULL;
}

/* Where the next bytes go, and how many fit there. */
static uint8_t *reading_stream_room(const struct stream *stream, size_t *ret_room_bytes)
{
    struct stream_piece *piece = stream->last;
    if (stream->image) {
        *ret_room_bytes = (size_t)(stream->image->size_bytes - stream->size_bytes);
        return stream->image->bytes + stream->size_bytes;
    }
    *ret_room_bytes = piece ? piece->capacity - piece->size_bytes : 0;
    return piece ? piece->bytes + piece->size_bytes : NULL;
}

/* The stream has all the bytes that it may have: it must end here. */
static pecs_status reading_stream_check_end(const struct stream *stream, bool *ret_is_end, pecs_error *error)
{
    uint8_t byte;
    size_t count = 0;
    const pecs_status status = reading_read(stream->from, &byte, 1, &count, error);
    if (!status && count)
        return fail(error, PECS_E_LIMIT, "the stream has more than %" PRIu64 " bytes, which is the limit",
                    stream->max_bytes);
    *ret_is_end = true;
    return status;
}

static pecs_status reading_stream_read_some(struct stream *stream, bool *ret_is_end, pecs_error *error)
{
    size_t room_bytes, count = 0;
    if (stream->size_bytes == stream->max_bytes)
        return reading_stream_check_end(stream, ret_is_end, error);
    uint8_t *room = reading_stream_room(stream, &room_bytes);
    if (!room_bytes) {
        if (!reading_stream_grow(stream))
            return fail_memory(error);
        room = reading_stream_room(stream, &room_bytes);
    }
    const pecs_status status = reading_read(stream->from, room, room_bytes, &count, error);
    if (stream->last)
        stream->last->size_bytes += count;
    stream->size_bytes += count;
    *ret_is_end = count == 0;
    return status;
}

/* All has come: an image of exactly its size. */
static pecs_status reading_stream_finish(struct stream *stream, const pecs_file_limits *limits, pecs_error *error)
{
    const pecs_status status = reading_check_size(stream->size_bytes, limits, error);
    if (status)
        return status;
    const bool has_memory = stream->image ? image_resize(stream->image, stream->size_bytes)
                                          : reading_stream_join(stream, stream->size_bytes);
    return has_memory ? PECS_OK : fail_memory(error);
}

/* A stream of unknown size, to its end. */
static pecs_status reading_take_all(struct reading *reading, const pecs_file_limits *limits, pecs_error *error)
{
    struct stream stream = { .pool = reading->pool,
                             .from = reading->input.from,
                             .max_bytes = limits->max_bytes ? limits->max_bytes : UINT64_MAX };
    pecs_status status = PECS_OK;
    for (bool is_end = false; !status && !is_end;)
        status = reading_stream_read_some(&stream, &is_end, error);
    if (!status)
        status = reading_stream_finish(&stream, limits, error);
    reading_stream_drop_pieces(&stream);
    if (!status)
        reading_set_image(reading, stream.image);
    else if (stream.image)
        node_release(reading->pool, &stream.image->node);
    return status;
}

/* Sources. */

pecs_status reading_ask_size(const pecs_source *from, const pecs_file_limits *limits, uint64_t *ret_size_bytes,
                             pecs_error *error)
{
    pecs_error why = { .status = PECS_OK };
    const pecs_status status = from->size(from->user, ret_size_bytes, &why);
    return status ? fail_as(error, status, &why, "size of the source")
                  : reading_check_size(*ret_size_bytes, limits, error);
}

pecs_status reading_ask_map(const pecs_source *from, const uint8_t **ret_bytes, pecs_error *error)
{
    pecs_error why = { .status = PECS_OK };
    const void *bytes = NULL;
    const pecs_status status = from->map(from->user, &bytes, &why);
    if (status)
        return fail_as(error, status, &why, "map of the source");
    if (!bytes)
        return fail(error, PECS_E_MISUSE, "map of the source gave no memory");
    *ret_bytes = bytes;
    return PECS_OK;
}

pecs_status reading_check_source(const pecs_source *from, const pecs_file_limits *limits, pecs_error *error)
{
    if (limits->private_only)
        return fail(error, PECS_E_MISUSE, "limits.private_only is for files that are opened by a path");
    if (!from->read && !from->read_at && !from->map)
        return fail(error, PECS_E_MISUSE, "the source has no function that reads: read, read_at or map");
    if (!from->size && (from->read_at || from->map))
        return fail(error, PECS_E_MISUSE, "a source with read_at or map needs size");
    return PECS_OK;
}

pecs_status reading_open(struct reading *reading, struct pool *pool, const pecs_source *from,
                         const pecs_file_limits *limits, pecs_error *error)
{
    *reading = (struct reading){ .pool = pool, .input = { .from = from } };
    pecs_status status = reading_check_source(from, limits, error);
    if (status)
        return status;
    if (!from->size)
        return reading_take_all(reading, limits, error);
    uint64_t size_bytes = 0;
    status = reading_ask_size(from, limits, &size_bytes, error);
    if (status)
        return status;
    if (!from->read_at && !from->map)
        return reading_take_known(reading, size_bytes, error);
    reading->input.size_bytes = size_bytes;
    return from->map ? reading_ask_map(from, &reading->input.mapped, error) : PECS_OK;
}

void reading_close(struct reading *reading)
{
    if (reading->image)
        node_release(reading->pool, &reading->image->node);
    if (reading->has_file)
        os_file_close(&reading->file);
}
