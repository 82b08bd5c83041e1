/*
 * Large contents: a blob of 1 GiB, 4 GiB of strings in one column, a list of 10 million elements; saved, resumed,
 * loaded and compared.
 *
 * usage: large_contents_test FOLDER. Exit status 77, skipped: the machine has less than 12 GiB of memory.
 */
#define _GNU_SOURCE
#include "large_support.h"

enum { LIST_COUNT = 10 * 1000 * 1000, STRING_BYTES = 1 << 20, STRING_COUNT = 4100 };
static const uint64_t blob_bytes = 1ull << 30, memory_bytes = 12ull << 30;

typedef struct Vault {
    pecs_blob blob;
    pecs_list numbers;
    pecs_string text;
} Vault;
PECS_COMPONENT_OF(Vault, "Vault", 1, PECS_FIELD(Vault, blob), PECS_FIELD_LIST(Vault, numbers, uint32_t),
                  PECS_FIELD(Vault, text));
PECS_TYPES(large, Vault);

static uint64_t number_at(uint64_t place)
{
    return place * 0x9e3779b97f4a7c15;
}

static void check_one(pecs_view view)
{
    size_t size, count;
    const Vault *vault = pecs_get(view, ((pecs_entity){ 0, 1 }), Vault);
    const uint64_t *blob = pecs_view_blob(view, vault->blob, &size);
    const uint32_t *numbers = pecs_view_list(view, vault->numbers, uint32_t, &count);
    require(size == blob_bytes && count == LIST_COUNT);
    for (uint64_t i = 0; i < blob_bytes / sizeof(*blob); i++)
        require(blob[i] == number_at(i));
    for (uint32_t i = 0; i < LIST_COUNT; i++)
        require(numbers[i] == i);
}

static void fill_one(pecs_world *world)
{
    void *bytes;
    const pecs_entity entity = { 0, 1 };
    require_ok(pecs_world_spawn(world, (pecs_value[]){ { Vault_component, sizeof(Vault), NULL } }, 1, 1, NULL));
    require_ok(
        pecs_world_edit_contents(world, entity, Vault_component, offsetof(Vault, blob), blob_bytes, &bytes, NULL));
    for (uint64_t i = 0; i < blob_bytes / sizeof(uint64_t); i++)
        ((uint64_t *)bytes)[i] = number_at(i);
    require_ok(pecs_world_edit_contents(world, entity, Vault_component, offsetof(Vault, numbers),
                                        LIST_COUNT * sizeof(uint32_t), &bytes, NULL));
    for (uint32_t i = 0; i < LIST_COUNT; i++)
        ((uint32_t *)bytes)[i] = i;
}

/* The i-th text: of one letter, with its number at both ends. */
static void make_text(char *text, uint32_t number)
{
    memset(text, 'a' + (int)(number % 26), STRING_BYTES);
    for (int i = 0; i < 4; i++)
        text[i] = text[STRING_BYTES - 1 - i] = (char)('A' + (number >> 4 * i & 15));
    text[STRING_BYTES] = 0;
}

static void fill_many(pecs_world *world)
{
    char *text = malloc(STRING_BYTES + 1);
    require(text);
    for (uint32_t i = 0; i < STRING_COUNT; i++) {
        make_text(text, i);
        const Vault vault = { .text = pecs_string_of(text) };
        require_ok(pecs_world_spawn(world, (pecs_value[]){ PECS_ROWS_AS(Vault_component, &vault) }, 1, 1, NULL));
    }
    free(text);
}

static void check_many(pecs_view view)
{
    char *text = malloc(STRING_BYTES + 1);
    require(text);
    for (uint32_t i = 0; i < STRING_COUNT; i++) {
        size_t size;
        make_text(text, i);
        const char *found = pecs_view_string(view, pecs_get(view, ((pecs_entity){ i, 1 }), Vault)->text, &size);
        require(size == STRING_BYTES && memcmp(found, text, STRING_BYTES + 1) == 0);
    }
    free(text);
}

static void check(const char *name, uint64_t least_bytes, void (*fill)(pecs_world *world),
                  void (*compare)(pecs_view view))
{
    char path[300];
    double start = seconds_now();
    pecs_registry *registry = registry_of(large_types, large_type_count, (pecs_allocator){ .user = NULL });
    pecs_world *world = world_of(registry, NULL);
    printf("%s\n", name);
    fill(world);
    compare(pecs_world_view(world));
    start = tell_time("made", start);
    save_quick(world, path_of(name, path));
    pecs_world_destroy(world);
    require(file_bytes(path) > least_bytes);
    start = tell_time("saved", start);
    for (int load = 0; load < 2; load++) {
        pecs_snapshot *snapshot = open_path(registry, path, load);
        start = tell_time(load ? "loaded" : "resumed", start);
        compare(pecs_snapshot_view(snapshot));
        pecs_snapshot_release(snapshot);
        start = tell_time("compared", start);
    }
    require(unlink(path) == 0);
    pecs_registry_release(registry);
}

int main(int count, char **words)
{
    if (count != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", words[0]);
        return 2;
    }
    if ((uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) < memory_bytes)
        return 77;
    make_own_folder(words[1]);
    check("one", blob_bytes, fill_one, check_one);
    check("many", (uint64_t)STRING_COUNT * STRING_BYTES, fill_many, check_many);
    return 0;
}
