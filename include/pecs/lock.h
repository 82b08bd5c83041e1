/*
 * Lock: a text of a program's types that is kept beside its sources, and a check against it. The text is written at a
 * release. From then on the check, in a test of the program, finds what the next release would do to the saves of that
 * one: types that changed without a higher version, values that are lost without consent, saves that do not open.
 *
 *     pecs_lock_check_file(registry, "release-1.lock", NULL, &error)
 *
 * The text is UTF-8 of at most 16 MiB, its lines end with a line feed. It has a head, and then an empty line and a
 * block for each type, in the order of their names:
 *
 *     pecs lock 1
 *     schema version 3, oldest reader 2
 *
 *     type "Frozen" version 1
 *
 *     type "Glow" transient
 *
 *     type "Ship" version 2
 *         f64[3] "at"
 *         text[16] "name"
 *         enum8 "rank"
 *             "Cadet"
 *             "Captain"
 *         padding[7]
 *         list of struct "slots"
 *             entity "owner"
 *             u32 "count"
 *
 * - A field is a line: its kind (pecs_kind_name; an enum with its bits), its count in brackets unless it is 1, or rows
 *   and columns ("f32[3][4]"), what the elements of a list are, its name. The values of an enum, and the fields of a
 *   struct, follow with four spaces more. Offsets and sizes follow from the fields. A nested type has no name here.
 * - A type without fields is a tag. Its line has " id " and the id if that is not the hash of the name, and " align "
 *   and the alignment, as that of a struct has, if the fields do not imply it.
 * - A transient type has its flags instead: " no_snapshot", " entity". What is not saved has no layout here.
 * - In names, quotation marks and backslashes have a backslash in front; characters that are invisible, reorder others
 * or command a terminal are a backslash and their code, "u{202e}".
 *
 * One schema has one text. So what a text lacks, or has elsewhere or in another form, is an error, with line and
 * column.
 */
#ifndef PECS_LOCK_H
#define PECS_LOCK_H

#include <pecs/migration.h>
#include <pecs/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Writes the lock of a registry: its types, and the versions of its history. Any thread. Errors of the sink, and
 * PECS_E_LIMIT (the text is longer than 16 MiB), PECS_E_MEMORY, PECS_E_MISUSE (a sink without write).
 */
PECS_API PECS_MUST_USE pecs_status pecs_lock_write(const pecs_registry *registry, const pecs_sink *sink,
                                                   pecs_error *error);
/*
 * Writes the lock of a view: the types that it has (reflect.h), and the versions that its registry's history, or else
 * its file has. Threads and errors as of a function that reads the view, and of pecs_lock_write.
 */
PECS_API PECS_MUST_USE pecs_status pecs_lock_write_view(pecs_view view, const pecs_sink *sink, pecs_error *error);
/* pecs_lock_write to a path, as pecs_snapshot_save replaces a file: as a whole or not at all, and synced. */
PECS_API PECS_MUST_USE pecs_status pecs_lock_write_file(const pecs_registry *registry, const char *path,
                                                        pecs_error *error);

typedef enum pecs_lock_severity {
    PECS_LOCK_NOTE = 1, /* something differs, and old saves open */
    PECS_LOCK_WARNING,  /* to be looked at: some old saves may not open, or values are no longer used */
    PECS_LOCK_FAILURE   /* old saves do not open, or a rule of versions is broken */
} pecs_lock_severity;

/* One thing that differs. */
typedef struct pecs_lock_difference {
    pecs_lock_severity severity;
    const char *type;    /* its name in the lock, or that of a new type; "" for the versions of the schema */
    const char *field;   /* its path, "slots.owner"; "" for the type itself */
    const char *message; /* what happened, in words: "is new: zeros" */
} pecs_lock_difference;

/* Called on the calling thread; the difference is valid during the call. */
typedef void (*pecs_lock_function)(void *user, const pecs_lock_difference *difference);

typedef struct pecs_lock_options {
    uint32_t losses;             /* pecs_loss: what the program's loads accept, as pecs_migration_options.losses */
    pecs_lock_function function; /* or NULL */
    void *user;                  /* for function */
} pecs_lock_options;

/*
 * Checks a registry against a lock: what becomes of a save that has the locked types, when a program with this registry
 * opens it. Differences come in the order of names. Failures are:
 *   - a type that changed without a higher version, or has a lower one, and no migration from the locked version
 *   - values that are converted neither by their fields nor by a migration, or a type that became transient
 *   - a field that is lost without consent; other losses are warnings, for they depend on the values
 *   - another id of a type, without a migration
 *   - a schema version that is lower
 * A new type is a note. A removed one is a warning, unless a migration or an old name (migration.h) says what becomes
 * of it: its values are kept, but no longer used.
 *
 * PECS_OK: nothing fails. PECS_E_LAYOUT: something does; the error has the first failure and how many there are.
 * PECS_E_CORRUPT: the text is no lock, and the message begins with line and column; error->offset is the byte.
 * PECS_E_UNSUPPORTED: it is one of a later form. PECS_E_LIMIT, PECS_E_MEMORY. Any thread.
 */
PECS_API PECS_MUST_USE pecs_status pecs_lock_check(const pecs_registry *registry, const char *text, size_t size_bytes,
                                                   const pecs_lock_options *options, pecs_error *error);
/* The same for the lock in a file. PECS_E_IO. */
PECS_API PECS_MUST_USE pecs_status pecs_lock_check_file(const pecs_registry *registry, const char *path,
                                                        const pecs_lock_options *options, pecs_error *error);

/*
 * Checks the types of a view against a lock, for tools that have a save of the program and not its registry. A save has
 * the types that it uses, and no history: locked types that it lacks are notes, and what only a history could say, such
 * as a consent or a migration, is a warning. Failures are those of versions and ids. Errors and threads as above.
 */
PECS_API PECS_MUST_USE pecs_status pecs_lock_check_view(pecs_view view, const char *text, size_t size_bytes,
                                                        const pecs_lock_options *options, pecs_error *error);

#ifdef __cplusplus
}
#endif
#endif
