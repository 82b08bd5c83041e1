/* What the threads of threads_test.c share: queues of snapshots, checks of these, edits, and parts of an iteration. */
#ifndef THREADS_SHARED_H
#define THREADS_SHARED_H

#include "model_random.h"

#include <pecs/pecs.h>

#include <pthread.h>

enum { QUEUE_MAX = 8, READER_COUNT = 3, PART_MAX = 5, KEPT_MAX = 4, ENTITY_COUNT = 20000, PATH_BYTES = 256 };

/* A snapshot in a queue, with its expected content. The receiver owns one reference. */
struct parcel {
    pecs_snapshot *snapshot; /* NULL: the end */
    uint64_t hash, entity_count, word_sum, frame;
};

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct parcel parcels[QUEUE_MAX];
    size_t first, count;
};

struct shared {
    pecs_registry *registry;
    pecs_query *words;   /* write Word */
    pecs_query *vectors; /* read Vector, of entities with and without Word */
    pecs_query *all;     /* no terms */
    struct queue reading, saving, forking;
    char directory[PATH_BYTES / 2];
};

/* Ends the program with a message when the numbers differ. */
void require(uint64_t got, uint64_t wanted, const char *what);

void queue_init(struct queue *queue);
void queue_push(struct queue *queue, struct parcel parcel);
struct parcel queue_pop(struct queue *queue);

/* Sum of all Words of a view, wrapped; also through get for every 64th row. */
uint64_t word_sum(const struct shared *shared, pecs_view view);
/* The writer notes its frame in the metadata; 0: not yet. */
uint64_t frame_of(pecs_view view);
void check_parcel(const struct shared *shared, const struct parcel *parcel);
struct parcel parcel_make(const struct shared *shared, pecs_snapshot *snapshot);
/* One random edit of any kind. */
void edit_once(const struct shared *shared, pecs_world *world, struct random *random, uint32_t slot_count);
/* Splits a query in parts, runs each on a thread, and checks that together they saw all rows once. */
void run_parts(const struct shared *shared, pecs_world *world, bool writing, uint32_t worker_count);

#endif
