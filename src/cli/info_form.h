/* Info form: the information of a file, printed as text or JSON. */
#ifndef PECS_CLI_INFO_FORM_H
#define PECS_CLI_INFO_FORM_H

#include "advice.h"
#include "json_out.h"
#include "space.h"

struct info_form {
    const char *path;
    const pecs_info *info;
    struct type_list types;
    struct space space;
    const struct advice *advice; /* or NULL: none was asked for */
};

void info_text(struct info_form *form, struct text_out *out);
void info_json(struct info_form *form, struct text_out *out);

/* What a part is, to the end of the line. */
void info_text_print_part(struct text_out *out, const struct space_part *part);

/* The time of the save, "2026-11-25 13:51:02" in UTC. False: the file has none. */
bool info_time(const pecs_info *info, char *ret_text, size_t size_bytes);

#endif
