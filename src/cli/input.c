#include "input.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { STDIN_DESCRIPTOR = 0, GATHER_MIN = 64 * 1024 };

bool input_is_stdin(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* Reads a stream to its end. The caller frees *bytes, also on failure. */
static pecs_status input_gather(const pecs_source *from, uint64_t max_bytes, uint8_t **bytes, size_t *size_bytes,
                                pecs_error *error)
{
    size_t capacity = 0;
    for (;;) {
        if (max_bytes && *size_bytes > max_bytes) {
            *error = (pecs_error){ .status = PECS_E_LIMIT };
            snprintf(error->message, sizeof(error->message), "there are more than %" PRIu64 " bytes", max_bytes);
            return PECS_E_LIMIT;
        }
        if (*size_bytes == capacity) {
            const size_t wanted = capacity ? 2 * capacity : GATHER_MIN;
            uint8_t *grown = wanted > capacity ? realloc(*bytes, wanted) : NULL;
            if (!grown) {
                *error = (pecs_error){ .status = PECS_E_MEMORY, .message = "out of memory" };
                return PECS_E_MEMORY;
            }
            *bytes = grown;
            capacity = wanted;
        }
        size_t count = 0;
        const pecs_status status = from->read(from->user, *bytes + *size_bytes, capacity - *size_bytes, &count, error);
        if (status || !count)
            return status;
        *size_bytes += count;
    }
}

pecs_status input_open(const struct arguments *arguments, unsigned place, bool is_read_again, struct input *ret_input,
                       pecs_error *error)
{
    const char *path = arguments->paths[place];
    *ret_input = (struct input){ .path = input_is_stdin(path) ? NULL : path, .max_bytes = arguments->max_bytes };
    if (ret_input->path)
        return PECS_OK;
    ret_input->source = pecs_source_for_fd(STDIN_DESCRIPTOR);
    if (ret_input->source.read_at || !is_read_again)
        return PECS_OK;
    uint8_t *bytes = NULL;
    size_t size_bytes = 0;
    const pecs_status status = input_gather(&ret_input->source, arguments->max_bytes, &bytes, &size_bytes, error);
    if (status) {
        free(bytes);
        return status;
    }
    ret_input->memory = (pecs_bytes){ bytes, size_bytes };
    return PECS_OK;
}

void input_close(struct input *input)
{
    free((void *)(uintptr_t)input->memory.data);
}

/* The input may have moved since it was opened, so what leads to its memory is made for each use. */
pecs_source input_source(const struct input *input)
{
    return input->memory.data ? pecs_source_for_memory(&input->memory) : input->source;
}

pecs_status input_load(const struct input *input, pecs_registry *registry, const pecs_load_options *options,
                       pecs_snapshot **ret_snapshot, pecs_error *error)
{
    pecs_load_options limited = *options;
    limited.limits.max_bytes = input->max_bytes;
    if (input->path)
        return pecs_snapshot_load(registry, input->path, &limited, ret_snapshot, error);
    const pecs_source source = input_source(input);
    return pecs_snapshot_load_from(registry, &source, &limited, ret_snapshot, error);
}

pecs_status input_info(const struct input *input, uint64_t max_info_bytes, pecs_info **ret_info, pecs_error *error)
{
    pecs_info_options limited = { .max_info_bytes = max_info_bytes };
    limited.limits.max_bytes = input->max_bytes;
    if (input->path)
        return pecs_file_info(input->path, NULL, &limited, ret_info, error);
    const pecs_source source = input_source(input);
    return pecs_file_info_from(&source, NULL, &limited, ret_info, error);
}
