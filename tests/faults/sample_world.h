/*
 * Worlds that tell whether they are whole: every value follows from the world's family and number, so a state mixed of
 * two saves, or of a save and garbage, does not pass the check.
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

/* allocator NULL: the system's. A world with so many entities, at number 0. */
void sample_init(struct sample *sample, const pecs_allocator *allocator, uint64_t family, uint32_t entity_count);
void sample_deinit(struct sample *sample);

/* Changes every value of the world. */
void sample_set_number(struct sample *sample, uint64_t number);

/* True when the view is wholly the world of one family and number, which are then told. */
bool sample_is_whole(const struct sample *sample, pecs_view view, uint64_t *ret_family, uint64_t *ret_number);

/* A new folder in memory where there is such a place, else on disk. The name fits 256 bytes. */
void sample_folder_make(char folder[256], const char *parent);
void sample_folder_clear(const char *folder);
void sample_folder_remove(const char *folder);
uint32_t sample_entry_count(const char *folder);
uint32_t sample_temporary_count(const char *folder); /* not from two threads at once */

/* The whole of a file; *ret_size is UINT64_MAX and NULL is returned when there is none. Free it. */
uint8_t *sample_file_read(const char *path, uint64_t *ret_size);
void sample_file_write(const char *path, const void *bytes, uint64_t size);

/* Parses --name NUMBER. */
uint64_t sample_option(int argument_count, char **arguments, const char *name, uint64_t otherwise);

#endif
