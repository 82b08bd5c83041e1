/* Record: what the entity index has of one entity, and how many entities, rows and ticks there can be. */
#ifndef PECS_STORAGE_RECORD_H
#define PECS_STORAGE_RECORD_H

#include <stdint.h>

/* One record of the entity index, the same in memory and (little-endian) in files. */
struct record {
    uint32_t generation; /* of the living entity, or of the last that lived here */
    uint32_t table;      /* NO_TABLE: none lives here */
    uint32_t row;
    uint32_t session; /* that the living entity was spawned in */
};
enum { GENERATION_MAX = (1 << 30) - 1 }; /* a slot whose last generation died is used up */
enum { INDEX_SHIFT = 12 };               /* slots a chunk of the index: 4096 */
#define SLOT_COUNT_MAX (UINT32_MAX - 1)
#define NO_TABLE UINT32_MAX
#define TICK_MAX ((uint64_t)INT64_MAX) /* a file has no later one */
#define ROW_COUNT_MAX (UINT32_MAX - 1)

#endif
