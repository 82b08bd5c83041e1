/* For tests of locks: the lock of a list of types, and the differences of a check as lines of text. */
#ifndef LOCK_FIXTURE_H
#define LOCK_FIXTURE_H

#include "migration_fixture.h"

/* What a sink got: a text, zero-terminated. */
struct gathered {
    char *text;
    size_t size_bytes;
};

static inline pecs_status gather_write(void *user, const pecs_bytes *spans, size_t span_count, pecs_error *error)
{
    struct gathered *gathered = user;
    (void)error;
    for (size_t i = 0; i < span_count; i++) {
        gathered->text = realloc(gathered->text, gathered->size_bytes + spans[i].size_bytes + 1);
        must(gathered->text);
        memcpy(gathered->text + gathered->size_bytes, spans[i].data, spans[i].size_bytes);
        gathered->size_bytes += spans[i].size_bytes;
        gathered->text[gathered->size_bytes] = 0;
    }
    return PECS_OK;
}

static inline struct gathered lock_of(const pecs_registry *registry)
{
    struct gathered gathered = { NULL, 0 };
    const pecs_sink sink = { .write = gather_write, .user = &gathered };
    pecs_error error = { .message = "" };
    cr_assert_eq(pecs_lock_write(registry, &sink, &error), PECS_OK, "%s", error.message);
    return gathered;
}

static inline struct gathered lock_of_view(pecs_view view)
{
    struct gathered gathered = { NULL, 0 };
    const pecs_sink sink = { .write = gather_write, .user = &gathered };
    pecs_error error = { .message = "" };
    cr_assert_eq(pecs_lock_write_view(view, &sink, &error), PECS_OK, "%s", error.message);
    return gathered;
}

/* The differences: "F Ship.hull: is removed" and so on, N for a note, W for a warning, F for a failure. */
static char differences[8192];

static inline void note_difference(void *user, const pecs_lock_difference *difference)
{
    const size_t used = strlen(differences);
    cr_assert_null(user);
    const char severity = " NWF"[difference->severity], *const point = *difference->field ? "." : "";
    (void)snprintf(differences + used, sizeof(differences) - used, "%c %s%s%s: %s\n", severity, difference->type, point,
                   difference->field, difference->message);
}

static const pecs_lock_options noting = { .function = note_difference };

static inline pecs_status check_text(const pecs_registry *registry, const char *text, const pecs_lock_options *options,
                                     pecs_error *error)
{
    differences[0] = 0;
    return pecs_lock_check(registry, text, strlen(text), options, error);
}

#endif
