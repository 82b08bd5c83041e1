/* What a commit says of slots. Retired ones stand in memory as they do in the file, after a compaction or a load. */
#include "write_slots.h"

void free_counts_write(struct builder *to, const struct pecs_snapshot *state)
{
    const uint64_t chunks = table_chunk_count(state_index(state));
    for (uint64_t i = 0; i < chunks; i++)
        builder_append_le32(to, (uint32_t)state_free_in_chunk(state, i));
    builder_pad(to, 0, 8);
}

pecs_status retired_gather(const struct pecs_snapshot *state, struct retired **ret_retired)
{
    const uint64_t first = state_slot_count(state), count = state_retired_count(state);
    struct retired *retired = NULL;
    if (count && state->retired->first == first)
        retired = (struct retired *)node_retain(&state->retired->node);
    else if (count && !(retired = retired_create(state, first, first + count)))
        return PECS_E_MEMORY;
    *ret_retired = retired;
    return PECS_OK;
}

void retired_write(struct builder *to, const struct retired *retired)
{
    for (uint64_t i = 0; i < retired_chunk_count(retired->first, retired->end); i++) {
        const struct retired_record record = { le32_make(retired->chunks[i].lowest),
                                               le32_make(retired->chunks[i].width) };
        builder_append(to, &record, sizeof(record));
    }
    builder_append(to, retired->differences, (size_t)retired->size_bytes);
}
