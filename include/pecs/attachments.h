/*
 * Attachments: named bytes of a world beside its entities: a terrain, the state of a script machine or of a random
 * generator, a thumbnail. They are part of its state, so they are saved with it in one file, restored and forked, and
 * shared by snapshots. They may be as large as a file; a resumed one is read where it is mapped, without a copy.
 * pecs_file_info (file.h) lists the names and sizes in a file without loading it.
 *
 * Names have 1 to 255 bytes of UTF-8 without control characters. Those that begin with "pecs." are reserved.
 */
#ifndef PECS_ATTACHMENTS_H
#define PECS_ATTACHMENTS_H

#include <pecs/contents.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An attachment. Its pointers are valid as long as those of the view (view.h); of pecs_info, as long as it. */
typedef struct pecs_attachment {
    const char *name;
    const void *data; /* aligned to 8 bytes; may be NULL when size_bytes is 0; NULL in pecs_info */
    size_t size_bytes;
} pecs_attachment;

/*
 * Sets the attachment of a name to a copy of the bytes, which may lie in the world itself. NULL are no bytes. The
 * world's writer only; allowed while iterations are open. PECS_E_MISUSE (the name is reserved or invalid), PECS_E_LIMIT
 * (names and sizes are too many for the metadata of a file), PECS_E_MEMORY.
 */
PECS_API PECS_MUST_USE pecs_status pecs_world_attach(pecs_world *world, const char *name, const pecs_bytes *bytes);
/* Removes an attachment if it is there. As pecs_world_attach. */
PECS_API PECS_MUST_USE pecs_status pecs_world_detach(pecs_world *world, const char *name);

/* The number of attachments, and the one at a place, in the order of the names' bytes; false if there is none. */
PECS_API size_t pecs_view_attachment_count(pecs_view view);
PECS_API bool pecs_view_attachment_at(pecs_view view, size_t place, pecs_attachment *ret_attachment);
/* The attachment of a name; PECS_E_ABSENT. */
PECS_API PECS_MUST_USE pecs_status pecs_view_attachment(pecs_view view, const char *name,
                                                        pecs_attachment *ret_attachment);

#ifdef __cplusplus
}
#endif
#endif
