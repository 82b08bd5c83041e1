/* Advice: what compression would save, measured: the world is saved in memory with each profile. */
#ifndef PECS_CLI_ADVICE_H
#define PECS_CLI_ADVICE_H

#include "json_out.h"
#include "space.h"

enum { ADVICE_FAST, ADVICE_SMALL, ADVICE_COUNT };

struct advice {
    uint64_t plain_bytes;           /* of the file without compression */
    pecs_info *infos[ADVICE_COUNT]; /* of the files with it: the same types and tables */
    struct type_list types;
    struct space spaces[ADVICE_COUNT];
};

/* CLI_FINE, or CLI_TROUBLE after a message: there is nothing to free. Needs memory for a compressed file. */
int advice_make(const pecs_snapshot *snapshot, struct advice *ret_advice);
void advice_free(struct advice *advice);

void advice_text(const struct advice *advice, struct text_out *out);
void advice_json(const struct advice *advice, struct json_out *json);

#endif
