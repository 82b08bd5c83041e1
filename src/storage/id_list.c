/*
 * The sorted list of a state's explicit ids, for a file. An in-place radix sort by one byte after another, so its time
 * does not depend on the ids.
 */
#include "identity.h"

enum { ID_SORT_FEW = 32 }; /* at most this many ids are sorted by insertion */

uint64_t identity_explicit_count(const struct pecs_snapshot *state)
{
    uint64_t count = 0;
    for (uint32_t i = 0; identity_has_explicit(state) && i < state->table_count; i++) {
        const struct table *table = state_table(state, i);
        if (archetype_find(table->archetype, state->registry->id_component) != NO_COLUMN)
            count += table->row_count;
    }
    return count;
}

static void id_list_sort_few(struct id_entry *entries, uint64_t count)
{
    for (uint64_t i = 1; i < count; i++) {
        const struct id_entry entry = entries[i];
        uint64_t at = i;
        for (; at && memcmp(&entry.id, &entries[at - 1].id, sizeof(entry.id)) < 0; at--)
            entries[at] = entries[at - 1];
        entries[at] = entry;
    }
}

/* The first byte that differs between the ids; sizeof(pecs_id) when all ids are the same. */
static unsigned id_list_first_difference(const struct id_entry *entries, uint64_t count)
{
    pecs_id differ = { { 0 } };
    for (uint64_t i = 1; i < count; i++)
        for (unsigned byte = 0; byte < sizeof(differ); byte++)
            differ.bytes[byte] |= entries[i].id.bytes[byte] ^ entries[0].id.bytes[byte];
    unsigned byte = 0;
    while (byte < sizeof(differ) && !differ.bytes[byte])
        byte++;
    return byte;
}

/*
 * Groups the ids by one byte, in the order of its values, by exchanging entries within the array. False: the byte is
 * the same in all. Not inline, so that its arrays are not on the stack of the recursion.
 */
static bool id_list_group(struct id_entry *entries, uint64_t count, unsigned byte) __attribute__((noinline));

static bool id_list_group(struct id_entry *entries, uint64_t count, unsigned byte)
{
    uint64_t next[256], ends[256] = { 0 }, start = 0;
    for (uint64_t i = 0; i < count; i++)
        ends[entries[i].id.bytes[byte]]++;
    if (ends[entries[0].id.bytes[byte]] == count)
        return false;
    for (unsigned value = 0; value < 256; value++) {
        next[value] = start;
        start += ends[value];
        ends[value] = start;
    }
    for (unsigned value = 0; value < 256; value++) {
        while (next[value] < ends[value]) {
            struct id_entry entry = entries[next[value]];
            for (unsigned home = entry.id.bytes[byte]; home != value; home = entry.id.bytes[byte]) {
                const struct id_entry other = entries[next[home]];
                entries[next[home]++] = entry;
                entry = other;
            }
            entries[next[value]++] = entry;
        }
    }
    return true;
}

/*
 * Sorts by `byte`, then each group by the next byte. The depth, and the steps for each entry, are at most
 * sizeof(pecs_id).
 */
static void id_list_sort_from(struct id_entry *entries, uint64_t count, unsigned byte)
{
    if (count <= ID_SORT_FEW) {
        id_list_sort_few(entries, count);
        return;
    }
    while (byte < sizeof(pecs_id) && !id_list_group(entries, count, byte))
        byte = id_list_first_difference(entries, count);
    if (byte == sizeof(pecs_id))
        return;
    for (uint64_t first = 0, end = 0; first < count; first = end) {
        while (end < count && entries[end].id.bytes[byte] == entries[first].id.bytes[byte])
            end++;
        id_list_sort_from(entries + first, end - first, byte + 1);
    }
}

void identity_sort(struct id_entry *entries, uint64_t count)
{
    id_list_sort_from(entries, count, 0);
}

void identity_list(const struct pecs_snapshot *state, struct id_entry *entries)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < state->table_count; i++) {
        const struct table *table = state_table(state, i);
        const uint32_t column = archetype_column(table->archetype, state->registry->id_component);
        for (uint64_t chunk = 0; column != NO_COLUMN && chunk < table_chunk_count(table); chunk++) {
            const pecs_entity *entities = (const pecs_entity *)(const void *)table_chunk(table, HANDLE_COLUMN, chunk);
            const pecs_id *ids = (const pecs_id *)(const void *)table_chunk(table, column, chunk);
            for (uint64_t row = 0; row < table_live_rows(table, chunk); row++)
                entries[count++] = (struct id_entry){ ids[row], le32_make(entities[row].index) };
        }
    }
    identity_sort(entries, count);
}
