/*
 * Migration: what a program says about the past of its types, so that it opens the saves of its earlier versions, and
 * those of later ones where that is safe. The history belongs to a registry (pecs_registry_desc).
 *
 * A file describes its types. Where a type of the file has another version or layout than the registry's type of the
 * same name, resume, load and pecs_snapshot_convert convert its values; the other columns stay as they are, mapped and
 * shared. Without a line of code:
 *   - fields are matched by name, or by an old name (pecs_type_history), whatever their order
 *   - a field that the file lacks gets the default (pecs_type_history), or zeros; one that the registry lacks is lost
 *   - numbers and bools become numbers and bools of another kind; enums are matched by the names of their values
 *   - arrays and texts become longer or shorter; text becomes string and string text; structs and elements of lists are
 *     converted in the same way; an enum becomes a number, and a number an enum
 * What cannot be converted so, a number to a string for example, is PECS_E_LAYOUT, unless a pecs_migration does it.
 *
 * Memory: what is converted takes the sizes of the new types for each row, and those of the types between for a chunk.
 * A file that a stranger made can have as many rows as its length or max_entities (file.h) allow, of any old type.
 *
 * A conversion that loses something needs consent: the flag of the loss in pecs_type_history, or in the options of the
 * load. Without it the load fails and names type, field and the first entity, and which consents the other losses need;
 * file and program are as before. pecs_note_function is then called for each of these losses.
 */
#ifndef PECS_MIGRATION_H
#define PECS_MIGRATION_H

#include <pecs/contents.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a conversion may lose. A removed field is a loss for all values, the others for those that do not fit. */
typedef enum pecs_loss {
    PECS_LOSS_FIELD = 1,  /* a field that the new type lacks */
    PECS_LOSS_NUMBER = 2, /* a number that the new kind cannot hold. An integer becomes the nearest one; a float as one
                             too, but fractions are cut off and a NaN is 0; a double the nearest float, also infinity */
    PECS_LOSS_ENUM = 4, /* an enum's value whose name the new enum lacks, or a number that is no value: it becomes 0 */
    PECS_LOSS_LENGTH = 8,   /* the end of a text or array that is longer than the new one and not zero there */
    PECS_LOSS_VERSION = 16, /* a value that an entity has in a later version, too, which stays: an older program gave it
                               to an entity of a newer one's save. Of a migration with a function nothing is lost so */
    PECS_LOSS_ALL = 31
} pecs_loss;

/* The old name of a field. */
typedef struct pecs_rename {
    const char *field; /* of the type */
    const char *old_name;
} pecs_rename;

/* The past of a type of the registry, of one that such a type nests, or of one that a migration names. */
typedef struct pecs_type_history {
    const pecs_type *type;
    const char *const *old_names; /* that the type had in earlier versions; values of any version are converted */
    size_t old_name_count;
    const pecs_rename *renames; /* a field may have several old names, but none that is a field's now, or another's
                                   old one: migrate such a type with a function */
    size_t rename_count;
    /*
     * A valid value of the type: what fields have that a file lacks, and the elements by which an array grew. Strings,
     * blobs and lists are empty, and entities none. NULL: zeros. Of a struct that is nested its own default counts, or
     * else that of the type that nests it.
     */
    const void *defaults;
    uint32_t losses; /* pecs_loss: those that a conversion to this type may have; of a nested type nothing counts */
} pecs_type_history;

/* Rows that are migrated: of one table, in its order. */
typedef struct pecs_migration_rows {
    size_t count;
    const pecs_entity *entities; /* NULL for the world itself, whose singletons are migrated (count is 1) */
    const void *from;            /* `count` values of the old type; NULL of a tag */
    /*
     * Of each type in `to`: `count` values to write. They have the defaults, or what the entity had already, or what
     * another migration wrote before. NULL of a tag.
     */
    void *const *to;
    const pecs_heap *heap; /* where the contents of all these values are (contents.h) */
    size_t failed_row;     /* to be written by a function that fails: the row that the error is about */
} pecs_migration_rows;

/*
 * Migrates rows: reads rows->from and writes rows->to. Strings, blobs and lists are given as to an edit
 * (contents.h), or a member is copied from `from`. What they point to is read after the function has returned: it lies
 * in memory of pecs_migration_allocate, or lives as long as the load. Called for up to 4096 rows at a time; with a
 * thread_count above 1 on several threads at once. A status other than PECS_OK fails the load, *error may say why.
 */
typedef pecs_status (*pecs_migrate_function)(void *user, pecs_migration_rows *rows, pecs_error *error);

/*
 * Memory for what a function gives with its rows: the bytes of strings, and the pecs_bytes of blobs and lists. Aligned
 * for any type, with any content; the library releases it when it has read the values. Only within the call that got
 * `rows`. NULL: out of memory, which the function returns as PECS_E_MEMORY; or size_bytes is 0, or rows NULL.
 *
 *     char *text = pecs_migration_allocate(rows, size);
 *     ...
 *     to[i].title = pecs_string_of(text);
 */
PECS_API void *pecs_migration_allocate(pecs_migration_rows *rows, size_t size_bytes);

/*
 * Migrates a component, and a singleton, from one version of a type to one or several others, or removes it. A renamed
 * component has another type in `to`; a component that is split, several; several that are joined have migrations to
 * the same type. An old type is described like any other:
 *
 *     typedef struct { float x, y; } Place1;
 *     PECS_COMPONENT_OF(Place1, "Place", 1, PECS_FIELD(Place1, x), PECS_FIELD(Place1, y));
 *
 * The types in `to` are of the registry, or old ones again that other migrations begin with, or that convert without
 * code: chains are found by the library, the shortest where there are several; of two that are equally short neither is
 * chosen, and the registry is refused (PECS_E_CONFLICT).
 */
typedef struct pecs_migration {
    const pecs_type *from;      /* with its name (or id), version and layout as files have them */
    const pecs_type *const *to; /* NULL if to_count is 0: the component is removed */
    size_t to_count;
    pecs_migrate_function migrate; /* NULL: the fields of one `to` are matched by name; or nothing is to do */
    void *user;
    bool writes_all; /* `migrate` writes every member of the values that it makes: they are not filled with defaults
                        first, and what they hold before is undefined. Does not count for types with contents */
} pecs_migration;

/*
 * Changes the world of a file with a lower schema version, after all components were migrated: with all edits that a
 * program has. A status other than PECS_OK fails the load; a failed edit's own words become the error if *error is not
 * written. The world exists during the call only: take no snapshot of it, do not keep it.
 */
typedef struct pecs_world_migration {
    uint32_t from_version, to_version; /* of the schema; from is the lower */
    pecs_status (*migrate)(void *user, pecs_world *world, pecs_error *error);
    void *user;
} pecs_world_migration;

/* Called after each resume and load, in the order of the list, to fill caches and indices. As for a migration. */
typedef struct pecs_load_hook {
    pecs_status (*run)(void *user, pecs_world *world, pecs_error *error);
    void *user;
} pecs_load_hook;

/* All of it. The struct and what it points to must outlive the registry. */
struct pecs_history {
    /*
     * The version of the program's schema, raised whenever saves change, and the lowest version of a program that may
     * read its saves. Both are written to files, as metadata of the world ("pecs.schema_version",
     * "pecs.oldest_reader"). A registry with types refuses a file whose oldest reader is above its schema version:
     * PECS_E_UNSUPPORTED, with both numbers. 0: no version is written, and every reader may read.
     */
    uint32_t schema_version, oldest_reader;
    const pecs_type_history *types;
    size_t type_count;
    const pecs_migration *migrations;
    size_t migration_count;
    /*
     * Run in the order of from_version: those that begin at the file's schema version or above. Their ranges do not
     * overlap; versions between them need none. A file without a version has version 0.
     */
    const pecs_world_migration *world_migrations;
    size_t world_migration_count;
    const pecs_load_hook *hooks;
    size_t hook_count;
};

/* What a load has converted, lost and kept, or why it was refused, one thing at a time. */
typedef enum pecs_migration_event {
    PECS_EVENT_CONVERTED = 1, /* values of a type became those of others, which are in `to` */
    PECS_EVENT_LOST,          /* with consent; `loss` and `field` say what */
    PECS_EVENT_KEPT,          /* the registry does not know the type: its values are kept (reflect.h) */
    PECS_EVENT_WORLD,         /* a world migration ran; versions are those of the schema, `type` is "" */
    PECS_EVENT_REFUSED,       /* as PECS_EVENT_LOST, but without consent: the load fails */
    PECS_EVENT_REMOVED        /* migrations with code removed all values of a type */
} pecs_migration_event;

typedef struct pecs_migration_note {
    pecs_migration_event event;
    const char *type;                  /* its name in the file */
    uint32_t from_version, to_version; /* to: of the registry's type of the same name, or 0 */
    pecs_loss loss;                    /* PECS_EVENT_LOST and PECS_EVENT_REFUSED; else 0 */
    const char *field;                 /* of these: its path, "slots.owner"; else "" */
    uint64_t count;                    /* values; of what is lost within an array or list, elements */
    pecs_entity first;                 /* the first entity, in the order of tables; {0, 0} for the world itself */
    const pecs_type *const *to;        /* the registry's types that values of the type became in the end, after a chain
                                          too, each once; those of a split, several; not of KEPT and WORLD */
    size_t to_count;
} pecs_migration_note;

/*
 * Called for each note when the migration has succeeded; or, when losses without consent were its only fault, for each
 * of them (PECS_EVENT_REFUSED) and for nothing else. The note is valid during the call.
 */
typedef void (*pecs_note_function)(void *user, const pecs_migration_note *note);

typedef struct pecs_migration_options {
    uint32_t losses;         /* pecs_loss: those that are accepted beside those of the types' histories */
    uint32_t thread_count;   /* threads that convert, the caller's included; 0 means 1. Types with strings, blobs or
                                lists are converted by one */
    pecs_note_function note; /* or NULL */
    void *user;              /* for note */
} pecs_migration_options;

/* What was given when the registry was made: the program's own pointer; NULL if it has no history. Any thread. */
PECS_API const pecs_history *pecs_registry_history(const pecs_registry *registry);

#ifdef __cplusplus
}
#endif
#endif
