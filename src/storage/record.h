/* Record: one entity in the entity index; and the limits of entities, rows and ticks. */
#ifndef PECS_STORAGE_RECORD_H
#define PECS_STORAGE_RECORD_H

#include <stdint.h>

/* One record of the entity index, the same in memory and (little-endian) in files. */
struct record {
    uint32_t generation; /* of the living entity, or of the last one in this slot */
    uint32_t table;      /* NO_TABLE: no entity lives in this slot */
    uint32_t row;
    uint32_t session; /* in which the living entity was spawned */
};
enum { GENERATION_MAX = (1 << 30) - 1 }; /* a slot whose entity of this generation died is used up */
enum { INDEX_SHIFT = 12 };               /* slots in a chunk of the index: 4096 */
#define SLOT_COUNT_MAX (UINT32_MAX - 1)
#define NO_TABLE UINT32_MAX
#define TICK_MAX ((uint64_t)INT64_MAX) /* the last tick of a file */
#define ROW_COUNT_MAX (UINT32_MAX - 1)

#endif
