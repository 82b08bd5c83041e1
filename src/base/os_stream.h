/*
 * The platform's streams: descriptors that belong to a user and stay open, of pipes, sockets, terminals or files. Only
 * os_stream_linux.c implements it. Functions return 0 or the platform's error number, of which os_file.h has the kinds.
 */
#ifndef PECS_BASE_OS_STREAM_H
#define PECS_BASE_OS_STREAM_H

#include <pecs/stream.h>

/* Writes all of the spans, at most PECS_SPAN_MAX of them, wherever the descriptor leads. */
int os_spans_write(int descriptor, const pecs_bytes *spans, size_t span_count);

/* The same for a user's descriptor: a reader that has gone is an error, and no signal of this thread or others. */
int os_stream_write(int descriptor, const pecs_bytes *spans, size_t span_count);
/* Asks for a larger buffer of a pipe, so that writer and reader wait for each other less often. */
void os_stream_widen(int descriptor);

/* Waits for bytes and reads at most size_bytes; *ret_size is 0 at the end. */
int os_stream_read(int descriptor, void *bytes, size_t size_bytes, size_t *ret_size);

/* Whether the descriptor is a regular file, which can be read at any place. */
bool os_stream_is_file(int descriptor);
/* Of such a file: the bytes from its position to its end, and some at an offset from there. The position stays. */
int os_stream_size(int descriptor, uint64_t *ret_size_bytes);
int os_stream_read_at(int descriptor, uint64_t offset, void *bytes, size_t size_bytes, size_t *ret_size);

enum { OS_STREAM_NAME_BYTES = 32 };
/* For messages: "standard input", "descriptor 7". */
void os_stream_name(int descriptor, char ret_name[OS_STREAM_NAME_BYTES]);

#endif
