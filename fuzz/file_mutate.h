/* Mutations of files that reach deeper rules than random changes of bytes: see file_mutate.c. */
#ifndef PECS_FUZZ_FILE_MUTATE_H
#define PECS_FUZZ_FILE_MUTATE_H

#include "fuzz_common.h"

enum mutate_how {
    MUTATE_PARTS, /* numbers of header, footer, commit and segments */
    MUTATE_WORLD, /* also lists of records, values, and edits by the library itself */
    MUTATE_DATA   /* numbers of the data alone, whose hashes stay as they are; but for what blocks hold */
};

/* Returns the new size, at most max_size. The result depends on the seed only. */
size_t file_mutate(uint8_t *data, size_t size, size_t max_size, unsigned seed, enum mutate_how how);

/* libFuzzer provides it; the replay program has its own. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#endif
