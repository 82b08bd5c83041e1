/* Walks over the references to entities among consecutive values, outside of their lists. */
#ifndef PECS_STORAGE_REFERENCE_WALK_H
#define PECS_STORAGE_REFERENCE_WALK_H

#include "component.h"

struct reference_walk {
    struct span_run_iter iter;
    struct span_run run;
    uint64_t next; /* of the run */
    uint32_t at;   /* of that span */
};
static inline void reference_walk_begin(struct reference_walk *walk, const struct component *component, uint64_t count)
{
    span_run_begin(&walk->iter, component->special, count);
    walk->next = walk->run.count = 0;
    walk->at = 0;
}
/* The offset of the next reference from the first value, in no particular order. False: that was the last one. */
static inline bool reference_walk_next(struct reference_walk *walk, uint64_t *ret_offset)
{
    while (walk->next == walk->run.count) {
        if (!span_run_next(&walk->iter, &walk->run))
            return false;
        walk->next = walk->run.span.kind == PECS_ENTITY ? 0 : walk->run.count;
    }
    *ret_offset = walk->run.offset + walk->next * walk->run.stride + walk->at;
    walk->at += (uint32_t)sizeof(pecs_entity);
    if (walk->at == walk->run.span.size) {
        walk->at = 0;
        walk->next++;
    }
    return true;
}

#endif
