/* Metadata. Lists are short and change rarely, so each change copies the list. */
#include "meta_list.h"

#include "bytes.h"
#include "state.h"
#include "utf8.h"

#include <stdlib.h>

static void metadata_destroy(struct pool *pool, struct node *node)
{
    pool_release(pool, node, ((struct metadata *)node)->size_bytes);
}

static const struct node_class metadata_class = { metadata_destroy, NULL };

/* Bytes that an entry's value and key take behind the list. Each ends in a zero byte. */
static size_t metadata_entry_bytes(const struct pecs_meta *entry)
{
    return (size_t)align_up(entry->size_bytes + 1 + strlen(entry->key) + 1, 8);
}

struct metadata *metadata_create(struct pool *pool, const struct pecs_meta *entries, uint32_t count)
{
    size_t size = sizeof(struct metadata) + count * sizeof(*entries);
    for (uint32_t i = 0; i < count; i++)
        size += metadata_entry_bytes(&entries[i]);
    struct metadata *metadata = pool_allocate_zeroed(pool, size);
    if (!metadata)
        return NULL;
    node_init(&metadata->node, &metadata_class);
    metadata->count = count;
    metadata->size_bytes = size;
    uint8_t *to = (uint8_t *)&metadata->entries[count];
    for (uint32_t i = 0; i < count; i++) {
        struct pecs_meta *entry = &metadata->entries[i];
        *entry = entries[i];
        entry->value = to;
        if (entry->size_bytes)
            memcpy(to, entries[i].value, entry->size_bytes);
        char *key = (char *)to + entry->size_bytes + 1;
        memcpy(key, entries[i].key, strlen(entries[i].key) + 1);
        entry->key = key;
        to += metadata_entry_bytes(&entries[i]);
    }
    return metadata;
}

uint32_t metadata_find(const struct metadata *metadata, const char *key, bool *ret_found)
{
    uint32_t low = 0, high = metadata ? metadata->count : 0;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        const int order = strcmp(key, metadata->entries[middle].key);
        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    *ret_found = false;
    return low;
}

static uint64_t metadata_counted_bytes(const struct pecs_meta *entries, uint32_t count)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        total += align_up(META_ENTRY_BYTES + entries[i].size_bytes + strlen(entries[i].key), 8);
    return total;
}

uint64_t metadata_bytes_counted(const struct metadata *metadata)
{
    return metadata ? metadata_counted_bytes(metadata->entries, metadata->count) : 0;
}

pecs_status metadata_change(struct pool *pool, struct metadata **metadata, const struct pecs_meta *entry,
                            uint64_t max_bytes)
{
    bool is_there;
    const uint32_t place = metadata_find(*metadata, entry->key, &is_there);
    const uint32_t count = *metadata ? (*metadata)->count : 0;
    if (!is_there && !entry->value)
        return PECS_OK;
    struct pecs_meta *entries = pool_allocate(pool, (count + 1) * sizeof(*entries));
    if (!entries)
        return PECS_E_MEMORY;
    uint32_t changed = 0;
    for (uint32_t i = 0; i <= count; i++) {
        if (i == place && entry->value)
            entries[changed++] = *entry;
        if (i < count && !(i == place && is_there))
            entries[changed++] = (*metadata)->entries[i];
    }
    const uint64_t total = metadata_counted_bytes(entries, changed);
    const bool fits = total <= max_bytes || /* a file may have more than can be set; making it smaller is allowed */
                      (*metadata && total < metadata_counted_bytes((*metadata)->entries, count));
    struct metadata *made = fits ? metadata_create(pool, entries, changed) : NULL;
    pool_release(pool, entries, (count + 1) * sizeof(*entries));
    if (!made)
        return fits ? PECS_E_MEMORY : PECS_E_LIMIT;
    if (*metadata)
        node_release(pool, &(*metadata)->node);
    *metadata = made;
    return PECS_OK;
}

/* Returns NULL for a valid entry. The value of an entry that is too large is not read. */
static const char *metadata_entry_fault(const struct pecs_meta *entry)
{
    if (!entry->key)
        return "it has no key";
    if (name_is_reserved(entry->key, strlen(entry->key)))
        return "keys that begin with 'pecs.' are reserved";
    if (!component_name_is_valid(entry->key, strlen(entry->key)))
        return "its key is not 1 to 255 bytes of UTF-8 without control characters";
    if (entry->kind != PECS_META_TEXT && entry->kind != PECS_META_BYTES)
        return "its kind is neither text nor bytes";
    if (!entry->value && (entry->kind == PECS_META_TEXT || entry->size_bytes))
        return "it has no value";
    if (entry->kind == PECS_META_TEXT && entry->size_bytes <= META_MAX_BYTES &&
        !utf8_is_text(entry->value, entry->size_bytes))
        return "its text is not UTF-8 without zero bytes";
    return NULL;
}

pecs_status metadata_check(const struct pecs_meta *entry, const char **ret_fault)
{
    *ret_fault = metadata_entry_fault(entry);
    return *ret_fault ? PECS_E_MISUSE : entry->size_bytes > META_MAX_BYTES ? PECS_E_LIMIT : PECS_OK;
}

static int metadata_compare_keys(const void *a, const void *b)
{
    const struct pecs_meta *const *x = a, *const *y = b;
    return strcmp((*x)->key, (*y)->key);
}

static pecs_status metadata_gather_sorted(struct pool *pool, const struct pecs_meta *given,
                                          const struct pecs_meta **order, struct pecs_meta *entries, size_t count,
                                          struct metadata_fault *ret_fault, struct metadata **ret_metadata)
{
    for (size_t i = 0; i < count; i++)
        order[i] = &given[i];
    qsort(order, count, sizeof(*order), metadata_compare_keys);
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        entries[i] = *order[i];
        total += metadata_counted_bytes(&entries[i], 1);
        *ret_fault = (struct metadata_fault){ (size_t)(order[i] - given), NULL };
        if (i && strcmp(entries[i - 1].key, entries[i].key) == 0) {
            ret_fault->cause = "its key is given twice";
            return PECS_E_MISUSE;
        }
        if (total > META_MAX_BYTES)
            return PECS_E_LIMIT;
    }
    *ret_metadata = metadata_create(pool, entries, (uint32_t)count);
    return *ret_metadata ? PECS_OK : PECS_E_MEMORY;
}

pecs_status metadata_gather(struct pool *pool, const struct pecs_meta *entries, size_t count,
                            struct metadata_fault *ret_fault, struct metadata **ret_metadata)
{
    for (size_t i = 0; i < count; i++) {
        const bool is_beyond = i >= META_MAX_BYTES / META_ENTRY_BYTES;
        *ret_fault = (struct metadata_fault){ i, NULL };
        const pecs_status status = is_beyond ? PECS_E_LIMIT : metadata_check(&entries[i], &ret_fault->cause);
        if (status)
            return status;
    }
    const struct pecs_meta **order = pool_allocate(pool, (count + 1) * sizeof(*order));
    struct pecs_meta *sorted = pool_allocate(pool, (count + 1) * sizeof(*sorted));
    pecs_status status = PECS_E_MEMORY;
    if (order && sorted)
        status = metadata_gather_sorted(pool, entries, order, sorted, count, ret_fault, ret_metadata);
    pool_release(pool, sorted, (count + 1) * sizeof(*sorted));
    pool_release(pool, order, (count + 1) * sizeof(*order));
    return status;
}

/* Reading through a view. */

static const struct metadata *metadata_of(pecs_view view)
{
    return view_source(view)->state->metadata;
}

size_t pecs_view_meta_count(pecs_view view)
{
    const struct metadata *metadata = metadata_of(view);
    return metadata ? metadata->count : 0;
}

bool pecs_view_meta_at(pecs_view view, size_t place, pecs_meta *ret_meta)
{
    if (!ret_meta || place >= pecs_view_meta_count(view))
        return false;
    *ret_meta = metadata_of(view)->entries[place];
    return true;
}

pecs_status pecs_view_meta(pecs_view view, const char *key, pecs_meta *ret_meta)
{
    if (!view.source || !key || !ret_meta)
        return PECS_E_MISUSE;
    bool is_there;
    const uint32_t place = metadata_find(metadata_of(view), key, &is_there);
    if (is_there)
        *ret_meta = metadata_of(view)->entries[place];
    return is_there ? PECS_OK : PECS_E_ABSENT;
}
