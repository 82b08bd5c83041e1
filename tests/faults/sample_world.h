/*
 * Worlds whose completeness can be checked: every value follows from the world's family and number, so a mixture of two
 * saves, or of a save and garbage, does not pass the check.
 */
#ifndef SAMPLE_WORLD_H
#define SAMPLE_WORLD_H

#include <pecs/pecs.h>

/* Ends the program with a message. */
_Noreturn void sample_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define sample_require(condition, ...) ((condition) ? (void)0 : sample_fail(__VA_ARGS__))

struct sample {
    pecs_registry *registry;
    pecs_world *world;
    pecs_query *bodies; /* writes */
    uint64_t family, number;
};

/* Makes a world with so many entities, at number 0. allocator NULL: the system's memory. */
void sample_init(struct sample *sample, const pecs_allocator *allocator, uint64_t family, uint32_t entity_count);
void sample_deinit(struct sample *sample);

/* Changes every value of the world. */
void sample_set_number(struct sample *sample, uint64_t number);

/* Whether the view is completely the world of one family and number, which are then returned. */
bool sample_is_whole(const struct sample *sample, pecs_view view, uint64_t *ret_family, uint64_t *ret_number);

/* How a world is written to a file. */
struct sample_writer {
    bool is_stream;          /* by a row stream, else by a save */
    uint64_t attached_bytes; /* of the attachment that the stream begins with; 0: none */
    pecs_profile profile;
    uint32_t thread_count;
    bool skip_sync;
};

/* Writes the world as it is; by a stream, its entities get other handles. */
pecs_status sample_write(const struct sample *sample, const char *path, const struct sample_writer *writer,
                         pecs_error *error);

/* Makes a folder, in memory if the system has such a file system, else on disk. The name fits 256 bytes. */
void sample_folder_make(char folder[256], const char *parent);
void sample_folder_clear(const char *folder);
void sample_folder_remove(const char *folder);
uint32_t sample_entry_count(const char *folder);
uint32_t sample_temporary_count(const char *folder); /* not from two threads at once */

/* Reads a whole file; the caller frees it. Without a file, returns NULL and *ret_size is UINT64_MAX. */
uint8_t *sample_file_read(const char *path, uint64_t *ret_size);
void sample_file_write(const char *path, const void *bytes, uint64_t size);

/* Parses --name NUMBER. */
uint64_t sample_option(int argument_count, char **arguments, const char *name, uint64_t otherwise);
/* Parses --profile fast|small, --stream 1, --attached BYTES, --threads N and --no-sync 1. */
struct sample_writer sample_writer_option(int argument_count, char **arguments);

#endif
