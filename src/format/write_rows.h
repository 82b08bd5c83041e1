/* Writes rows of a planned run, checked on the way, straight from the arrays of the state. */
#ifndef PECS_FORMAT_WRITE_ROWS_H
#define PECS_FORMAT_WRITE_ROWS_H

#include "output.h"
#include "save_plan.h"
#include "value_check.h"

struct row_writer {
    const struct save_plan *plan;
    struct output *output;
    const struct value_check *values;
    bool skip_check; /* of values, which load would refuse */
};

/*
 * Puts some rows of a run that is no heap. *unit: where the contents of the first row will lie; then those of the row
 * after the last.
 */
void write_rows(const struct row_writer *writer, const struct plan_run *run, uint64_t first, uint64_t count,
                uint64_t *unit);

/* Puts a whole run, from the output's offset on. */
void write_whole_run(const struct row_writer *writer, const struct plan_run *run);

#endif
