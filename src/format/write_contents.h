/* Writes the contents of columns: references as the file has them, and the heap runs that they lead into. */
#ifndef PECS_FORMAT_WRITE_CONTENTS_H
#define PECS_FORMAT_WRITE_CONTENTS_H

#include "output.h"
#include "save_plan.h"

/* Puts values of a column with contents. *unit is where the contents of the next one begin. */
void write_references(struct output *output, const struct component *component, const struct heap *heap,
                      const uint8_t *values, uint64_t count, uint64_t *unit);

/*
 * Puts the contents of some rows of a column, up to an offset of the output, where they must end; as write_heap.
 */
void write_contents(struct output *output, const struct heap *heap, const struct plan_run *run, uint64_t first,
                    uint64_t count, uint64_t end);

/*
 * Puts a heap run: where the chunks' contents end, then the contents. The output's status is PECS_E_CORRUPT when they
 * are not as many as planned: a program has written to the file of a resumed state.
 */
void write_heap(struct output *output, const struct save_plan *plan, const struct plan_run *run);

/* Puts the run of the attachments, as write_heap. */
void write_attachment_bytes(struct output *output, const struct save_plan *plan, const struct plan_run *run);

#endif
