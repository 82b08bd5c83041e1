/*
 * The documents of check_json_schema.py.
 *
 *     json_tool schema      the schema of the types of json_world_fixture.h
 *     json_tool document    a document of all of them
 *     json_tool load        reads a document from stdin; prints the message and ends with 1 if it is refused
 */
#include "json_world_fixture.h"

static pecs_status print(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    (void)error;
    *(size_t *)user += spans[0].size_bytes;
    return span_count == 1 && fwrite(spans[0].data, 1, spans[0].size_bytes, stdout) == spans[0].size_bytes ? PECS_OK
                                                                                                           : PECS_E_IO;
}

static size_t expected_size;

static pecs_status begin(void *user, uint64_t size_bytes, pecs_error *error)
{
    (void)user;
    (void)error;
    expected_size = (size_t)size_bytes;
    return PECS_OK;
}

int main(int count, char **words)
{
    pecs_registry *registry = json_registry();
    pecs_error error = { 0 };
    const char *what = count > 1 ? words[1] : "";
    bool is_fine = false;
    if (strcmp(what, "schema") == 0) {
        size_t size = 0;
        const pecs_sink sink = { .begin = begin, .write = print, .user = &size };
        is_fine = pecs_json_schema(registry, &sink, &error) == PECS_OK && size == expected_size;
    } else if (strcmp(what, "document") == 0) {
        pecs_snapshot *snapshot = json_world(registry);
        struct json_text text;
        is_fine = json_write(snapshot, NULL, NULL, &text, &error) == PECS_OK;
        fwrite(text.bytes, 1, text.size, stdout);
        free(text.bytes);
        pecs_snapshot_release(snapshot);
    } else if (strcmp(what, "load") == 0) {
        pecs_snapshot *snapshot = NULL;
        const pecs_source source = pecs_source_for_fd(0);
        is_fine = json_read_from(registry, &source, NULL, NULL, &snapshot, &error) == PECS_OK;
        pecs_snapshot_release(snapshot);
    }
    pecs_registry_release(registry);
    if (!is_fine)
        puts(error.message);
    return is_fine ? 0 : 1;
}
