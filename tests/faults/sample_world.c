/* Shared by the tests of failing machines: see sample_world.h. Uses public headers only. */
#define _GNU_SOURCE
#include "sample_world.h"

#include <pecs/row_stream.h>

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    uint64_t family, number;
} Stamp;
PECS_COMPONENT(Stamp, 1, family, number);

typedef struct {
    uint64_t value;
} Body;
PECS_COMPONENT(Body, 1, value);

typedef struct {
    pecs_entity target;
    uint32_t weight;
} Bond;
PECS_COMPONENT(Bond, 1, target, weight);

PECS_TAG(Marked, 1);

enum { STAMP, BODY, BOND, MARKED, TYPE_COUNT };
enum { STREAM_ROWS_AT_ONCE = 100, STREAM_BOUND_EVERY = 4 };
static const pecs_type *const types[TYPE_COUNT] = { &Stamp_type, &Body_type, &Bond_type, &Marked_type };

void sample_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

static void must(pecs_status status, const char *what)
{
    sample_require(!status, "%s: %s", what, pecs_status_name(status));
}

static uint64_t value_of(uint64_t family, uint64_t number, uint32_t index)
{
    uint64_t x = family * 0x9e3779b97f4a7c15u + number * 0xbf58476d1ce4e5b9u + index;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static void spawn(struct sample *sample, uint32_t entity_count)
{
    const pecs_value plain[] = { { BODY, sizeof(Body), NULL } };
    const pecs_value bound[] = { { BODY, sizeof(Body), NULL }, { BOND, sizeof(Bond), NULL }, { MARKED, 0, NULL } };
    pecs_entity first[2] = { { 0, 0 } };
    for (int i = 0; i < 2 && entity_count > 3; i++, entity_count--) /* despawns the first: leaves a free slot */
        must(pecs_world_spawn(sample->world, plain, 1, 1, &first[i]), "spawn");
    must(pecs_world_spawn(sample->world, plain, 1, entity_count - entity_count / 4, NULL), "spawn");
    must(pecs_world_spawn(sample->world, bound, 3, entity_count / 4, NULL), "spawn");
    if (first[0].generation)
        must(pecs_world_despawn(sample->world, first, 1), "despawn");
}

void sample_init(struct sample *sample, const pecs_allocator *allocator, uint64_t family, uint32_t entity_count)
{
    pecs_registry_desc desc = { .types = types, .type_count = TYPE_COUNT };
    const pecs_world_options options = { .session_nonce = family + 1 };
    const pecs_term terms[] = { { BODY, PECS_WRITE }, { BOND, PECS_OPTIONAL_WRITE } };
    if (allocator)
        desc.allocator = *allocator;
    *sample = (struct sample){ .family = family };
    must(pecs_registry_create(&desc, &sample->registry, NULL), "registry");
    must(pecs_query_create(sample->registry, terms, 2, &sample->bodies, NULL), "query");
    must(pecs_world_create(sample->registry, NULL, &options, &sample->world, NULL), "world");
    spawn(sample, entity_count);
    sample_set_number(sample, 0);
}

void sample_deinit(struct sample *sample)
{
    pecs_query_destroy(sample->bodies);
    pecs_world_destroy(sample->world);
    pecs_registry_release(sample->registry);
}

void sample_set_number(struct sample *sample, uint64_t number)
{
    const Stamp stamp = { sample->family, number };
    char text[32];
    sample->number = number;
    snprintf(text, sizeof(text), "number %" PRIu64, number);
    must(pecs_world_set_singleton(sample->world, STAMP, sizeof(stamp), &stamp), "singleton");
    must(pecs_world_set_meta_text(sample->world, "sample.number", text), "metadata");
    pecs_iter it = pecs_query_iter_mut(sample->bodies, sample->world, NULL);
    while (pecs_iter_next(&it)) {
        Body *body = pecs_column_mut_as(&it, BODY, Body);
        Bond *bond = pecs_column_mut_as(&it, BOND, Bond);
        for (size_t i = 0; i < it.row_count; i++) {
            body[i].value = value_of(sample->family, number, it.entities[i].index);
            if (bond)
                bond[i] = (Bond){ it.entities[i], (uint32_t)body[i].value };
        }
    }
    must(pecs_iter_end(&it), "iteration");
}

/* The value of a word of the attachment. */
static uint64_t sample_attached_word(uint64_t family, uint64_t number, size_t index)
{
    return value_of(family, number, UINT32_MAX - (uint32_t)index);
}

/* A world that was not written by a stream has no attachment. */
static bool sample_attachment_is_whole(pecs_view view, const Stamp *stamp)
{
    pecs_attachment attachment;
    if (pecs_view_attachment(view, "sample.words", &attachment))
        return true;
    const uint64_t *words = attachment.data;
    for (size_t i = 0; i < attachment.size_bytes / sizeof(*words); i++)
        if (words[i] != sample_attached_word(stamp->family, stamp->number, i))
            return false;
    return true;
}

bool sample_is_whole(const struct sample *sample, pecs_view view, uint64_t *ret_family, uint64_t *ret_number)
{
    const Stamp *stamp = pecs_view_get_singleton(view, STAMP, sizeof(Stamp));
    if (!stamp)
        return false;
    bool whole = sample_attachment_is_whole(view, stamp);
    uint64_t row_count = 0;
    pecs_summary summary;
    pecs_view_summary(view, &summary);
    pecs_iter it = pecs_query_iter(sample->bodies, view, NULL);
    while (pecs_iter_next(&it)) {
        const Body *body = pecs_column_as(&it, BODY, Body);
        const Bond *bond = pecs_column_as(&it, BOND, Bond);
        for (size_t i = 0; i < it.row_count; i++) {
            whole = whole && body[i].value == value_of(stamp->family, stamp->number, it.entities[i].index);
            if (bond)
                whole =
                    whole && bond[i].target.index == it.entities[i].index && bond[i].weight == (uint32_t)body[i].value;
        }
        row_count += it.row_count;
    }
    must(pecs_iter_end(&it), "iteration");
    *ret_family = stamp->family;
    *ret_number = stamp->number;
    return whole && row_count == summary.entity_count && row_count > 0;
}

/* Adds the rows with the indexes from `first` on. Tables take turns. */
static pecs_status sample_stream_rows(const struct sample *sample, pecs_stream *stream, uint64_t first, size_t count,
                                      pecs_error *error)
{
    Body bodies[STREAM_ROWS_AT_ONCE];
    Bond bonds[STREAM_ROWS_AT_ONCE];
    const pecs_value values[] = { { BODY, sizeof(Body), bodies }, { BOND, sizeof(Bond), bonds }, { MARKED, 0, NULL } };
    const bool is_bound = first / STREAM_ROWS_AT_ONCE % STREAM_BOUND_EVERY == STREAM_BOUND_EVERY - 1;
    const pecs_rows rows = { .values = values, .value_count = is_bound ? 3 : 1, .row_count = count };
    for (size_t i = 0; i < count; i++) {
        const uint32_t index = (uint32_t)(first + i);
        bodies[i].value = value_of(sample->family, sample->number, index);
        bonds[i] = (Bond){ { index, 1 }, (uint32_t)bodies[i].value };
    }
    return pecs_stream_add(stream, &rows, NULL, error);
}

static pecs_status sample_stream_world(const struct sample *sample, pecs_stream *stream, pecs_error *error)
{
    const Stamp stamp = { sample->family, sample->number };
    const pecs_value singleton = { STAMP, sizeof(stamp), &stamp };
    char text[32];
    pecs_summary summary;
    pecs_view_summary(pecs_world_view(sample->world), &summary);
    pecs_status status = pecs_stream_set_singleton(stream, &singleton, error);
    for (uint64_t first = 0; !status && first < summary.entity_count; first += STREAM_ROWS_AT_ONCE) {
        const uint64_t left = summary.entity_count - first;
        const size_t count = left < STREAM_ROWS_AT_ONCE ? (size_t)left : STREAM_ROWS_AT_ONCE;
        status = sample_stream_rows(sample, stream, first, count, error);
    }
    snprintf(text, sizeof(text), "number %" PRIu64, sample->number);
    if (!status)
        status = pecs_stream_set_meta_text(stream, "sample.number", text, error);
    return status ? status : pecs_stream_finish(stream, NULL, error);
}

static pecs_status sample_stream(const struct sample *sample, const char *path, const struct sample_writer *writer,
                                 pecs_error *error)
{
    const size_t word_count = writer->attached_bytes / sizeof(uint64_t);
    uint64_t *words = malloc(word_count * sizeof(*words) + 1);
    sample_require(words != NULL, "out of memory");
    for (size_t i = 0; i < word_count; i++)
        words[i] = sample_attached_word(sample->family, sample->number, i);
    const pecs_attachment attachment = { "sample.words", words, word_count * sizeof(*words) };
    const pecs_stream_options options = {
        .session_nonce = sample->family + 1,
        .skip_sync = writer->skip_sync,
        .profile = writer->profile,
        .thread_count = writer->thread_count,
        .attachments = &attachment,
        .attachment_count = word_count > 0,
    };
    pecs_stream *stream = NULL;
    pecs_status status = pecs_stream_create(sample->registry, path, &options, &stream, error);
    if (!status)
        status = sample_stream_world(sample, stream, error);
    pecs_stream_destroy(stream);
    free(words);
    return status;
}

pecs_status sample_write(const struct sample *sample, const char *path, const struct sample_writer *writer,
                         pecs_error *error)
{
    const pecs_save_options options = {
        .skip_sync = writer->skip_sync,
        .profile = writer->profile,
        .thread_count = writer->thread_count,
    };
    return writer->is_stream ? sample_stream(sample, path, writer, error)
                             : pecs_world_save(sample->world, path, &options, error);
}

void sample_folder_make(char folder[256], const char *parent)
{
    if (!parent)
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder, 256, "%s/pecs-faults-XXXXXX", parent);
    sample_require(mkdtemp(folder) != NULL, "%s: %s", folder, strerror(errno));
}

/* Calls `each` with the path of every entry; returns their number. */
static uint32_t for_entries(const char *folder, int (*each)(const char *path))
{
    uint32_t count = 0;
    DIR *directory = opendir(folder);
    sample_require(directory != NULL, "%s: %s", folder, strerror(errno));
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[1024];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        count++;
        if (each)
            sample_require(each(path) == 0, "%s: %s", path, strerror(errno));
    }
    closedir(directory);
    return count;
}

static int remove_entry(const char *path)
{
    if (unlink(path) == 0)
        return 0;
    return errno == EISDIR ? (sample_folder_remove(path), 0) : -1;
}

void sample_folder_clear(const char *folder)
{
    for_entries(folder, remove_entry);
}

void sample_folder_remove(const char *folder)
{
    sample_folder_clear(folder);
    rmdir(folder);
}

uint32_t sample_entry_count(const char *folder)
{
    return for_entries(folder, NULL);
}

static uint32_t temporary_count;

static int count_temporary(const char *path)
{
    const size_t size = strlen(path);
    temporary_count += size > 9 && strcmp(path + size - 9, ".pecs-tmp") == 0;
    return 0;
}

uint32_t sample_temporary_count(const char *folder)
{
    temporary_count = 0;
    for_entries(folder, count_temporary);
    return temporary_count;
}

uint8_t *sample_file_read(const char *path, uint64_t *ret_size)
{
    struct stat info;
    FILE *file = fopen(path, "rb");
    *ret_size = UINT64_MAX;
    if (!file)
        return NULL;
    sample_require(fstat(fileno(file), &info) == 0, "%s: %s", path, strerror(errno));
    uint8_t *bytes = malloc((size_t)info.st_size + 1);
    sample_require(bytes && fread(bytes, 1, (size_t)info.st_size, file) == (size_t)info.st_size, "%s: reading", path);
    fclose(file);
    *ret_size = (uint64_t)info.st_size;
    return bytes;
}

void sample_file_write(const char *path, const void *bytes, uint64_t size)
{
    FILE *file = fopen(path, "wb");
    sample_require(file && fwrite(bytes, 1, size, file) == size, "%s: %s", path, strerror(errno));
    sample_require(fclose(file) == 0, "%s: %s", path, strerror(errno));
}

static const char *sample_find_option(int argument_count, char **arguments, const char *name)
{
    for (int i = 1; i + 1 < argument_count; i++)
        if (strcmp(arguments[i], name) == 0)
            return arguments[i + 1];
    return NULL;
}

uint64_t sample_option(int argument_count, char **arguments, const char *name, uint64_t otherwise)
{
    const char *text = sample_find_option(argument_count, arguments, name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

struct sample_writer sample_writer_option(int argument_count, char **arguments)
{
    const char *profile = sample_find_option(argument_count, arguments, "--profile");
    struct sample_writer writer = {
        .is_stream = sample_option(argument_count, arguments, "--stream", 0) != 0,
        .attached_bytes = sample_option(argument_count, arguments, "--attached", 0),
        .thread_count = (uint32_t)sample_option(argument_count, arguments, "--threads", 1),
        .skip_sync = sample_option(argument_count, arguments, "--no-sync", 0) != 0,
    };
    if (profile && strcmp(profile, "fast") == 0)
        writer.profile = PECS_PROFILE_FAST;
    else if (profile && strcmp(profile, "small") == 0)
        writer.profile = PECS_PROFILE_SMALL;
    else
        sample_require(!profile, "there is no profile %s", profile);
    return writer;
}
