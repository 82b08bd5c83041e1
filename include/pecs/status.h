/*
 * Status, error, bytes and allocator: what every other header of PECS uses.
 *
 * Rules for the whole library:
 *   - A function that can fail returns a pecs_status; PECS_OK is 0.
 *   - `error` may be NULL. It is the caller's, and is written only on failure.
 *   - `options` may be NULL: all zero, the defaults.
 *   - Every other pointer is required unless its function says that it may be NULL; so is the source of a view. Where
 *     a required one is NULL, or an array with a count above 0 is, the function returns PECS_E_MISUSE; one without a
 *     status returns false, 0, NULL or {0, 0}.
 *   - Outputs named ret_… are written only on PECS_OK.
 *   - Out of memory is a status like any other; the world is then as before the call.
 *   - The library has no globals, no thread-local state, prints nothing and sets no signal handler.
 */
#ifndef PECS_STATUS_H
#define PECS_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PECS_VERSION_MAJOR 0
#define PECS_VERSION_MINOR 1
#define PECS_VERSION_PATCH 0

#if defined(__GNUC__)
#define PECS_API __attribute__((visibility("default")))
#define PECS_MUST_USE __attribute__((warn_unused_result))
#else
#define PECS_API
#define PECS_MUST_USE
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pecs_status {
    PECS_OK = 0,
    PECS_E_MEMORY,      /* the allocator returned NULL */
    PECS_E_IO,          /* the operating system failed; os_error has its errno */
    PECS_E_CORRUPT,     /* a file breaks a rule of docs/format.md; error has the rule and the byte offset */
    PECS_E_UNSUPPORTED, /* well-formed, but of a version, feature, kind or type that this program does not know */
    PECS_E_LAYOUT,      /* a type has one layout in the file and another in the registry */
    PECS_E_LIMIT,       /* a limit of the library or of the caller's options is exceeded */
    PECS_E_CONFLICT,    /* a name or an id is taken */
    PECS_E_DEAD,        /* the entity is not alive */
    PECS_E_ABSENT,      /* the entity lives, but lacks the component */
    PECS_E_BUSY,        /* refused while an iteration is open; nothing was changed */
    PECS_E_CANCELLED,   /* the caller's own function asked to stop */
    PECS_E_MISUSE,      /* the call breaks the contract of its header */
    PECS_E_INVALID      /* a value is invalid (values.h); error has the rule, and names entity and field */
} pecs_status;

typedef struct pecs_error {
    pecs_status status;
    int os_error;      /* errno of the failed call, or 0 */
    uint64_t offset;   /* byte offset in the file where `rule` is broken, else 0 */
    const char *rule;  /* id of a rule in docs/format.md ("FOOTER-2"), static, or NULL */
    char message[512]; /* a sentence for people, zero-terminated */
} pecs_error;

/* The status's name without its prefix ("CORRUPT"); static. Any thread. */
PECS_API const char *pecs_status_name(pecs_status status);

/* Bytes in one piece. */
typedef struct pecs_bytes {
    const void *data; /* may be NULL when size_bytes is 0 */
    size_t size_bytes;
} pecs_bytes;

/*
 * Where memory comes from. allocate returns `size_bytes` bytes aligned to `align_bytes` (a power of two, up to 2 MiB),
 * with any content, or NULL. release receives the size and alignment of the allocation. Both are called on any thread
 * that uses the library, and must be thread-safe. Beyond the first mebibyte, arrays are allocated in blocks of whole
 * pages, up to 8 MiB each. All zero: the system's memory. Maps of files are not allocated here.
 */
typedef struct pecs_allocator {
    void *(*allocate)(void *user, size_t size_bytes, size_t align_bytes);
    void (*release)(void *user, void *memory, size_t size_bytes, size_t align_bytes);
    void *user;
} pecs_allocator;

#ifdef __cplusplus
}
#endif
#endif
