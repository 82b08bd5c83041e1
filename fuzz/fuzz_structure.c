/*
 * Valid worlds with changed records and values. Validity does not depend on the program's types: a file that a registry
 * with types accepts, one without types accepts too, and as the same world if the types are the same.
 */
#include "file_mutate.h"
#include "fuzz_worlds.h"

#include <pecs/reflect.h>

#include <string.h>

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return file_mutate(data, size, max_size, seed, MUTATE_WORLD);
}

static bool same_type(const pecs_type *a, const pecs_type *b);

static bool same_field(const pecs_field *a, const pecs_field *b)
{
    if (!a->name != !b->name || (a->name && strcmp(a->name, b->name) != 0) || a->kind != b->kind ||
        a->offset != b->offset || a->size != b->size || a->count != b->count || a->columns != b->columns ||
        a->enum_count != b->enum_count || a->element != b->element || a->element_size != b->element_size)
        return false;
    for (uint32_t i = 0; i < a->enum_count; i++)
        if (strcmp(a->enum_names[i], b->enum_names[i]) != 0)
            return false;
    return !a->nested || same_type(a->nested, b->nested);
}

static bool same_type(const pecs_type *a, const pecs_type *b)
{
    bool same = a->size == b->size && a->align == b->align && a->field_count == b->field_count;
    for (uint32_t i = 0; same && i < a->field_count; i++)
        same = same_field(&a->fields[i], &b->fields[i]);
    return same;
}

/* Whether the types that a program has are those of the file, so that nothing was converted. */
static bool same_types(pecs_view known, pecs_view file)
{
    pecs_component component, own;
    for (size_t place = 0; pecs_view_component_at(file, place, &component); place++) {
        const pecs_type *type = pecs_view_type(file, component);
        FUZZ_CHECK(!pecs_view_component_by_id(known, pecs_view_type_id(file, component), &own), type->name);
        const pecs_type *becomes = pecs_view_type(known, own);
        if (strcmp(type->name, becomes->name) != 0 || type->version != becomes->version || !same_type(type, becomes))
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_write("input", data, size);
    pecs_snapshot *snapshots[FUZZ_NO_TYPES + 1];
    pecs_registry *registries[FUZZ_NO_TYPES + 1];
    fuzz_memory_begin(FUZZ_EDIT_BYTES);
    for (enum fuzz_types which = FUZZ_ALL_TYPES; which <= FUZZ_NO_TYPES; which++) {
        registries[which] = fuzz_registry(which);
        snapshots[which] = fuzz_open(FUZZ_LOAD, registries[which], path, size, NULL);
        if (snapshots[which])
            fuzz_walk(pecs_snapshot_view(snapshots[which]));
    }
    FUZZ_CHECK(!snapshots[FUZZ_ALL_TYPES] || snapshots[FUZZ_KNOWN_TYPES], "fewer types accept as much");
    FUZZ_CHECK(!snapshots[FUZZ_KNOWN_TYPES] || snapshots[FUZZ_NO_TYPES], "no types accept as much");
    const pecs_view file = pecs_snapshot_view(snapshots[FUZZ_NO_TYPES]);
    for (enum fuzz_types which = FUZZ_ALL_TYPES; which < FUZZ_NO_TYPES; which++) {
        const pecs_view known = pecs_snapshot_view(snapshots[which]);
        if (snapshots[which] && same_types(known, file))
            fuzz_expect_same(known, file);
    }
    for (enum fuzz_types which = FUZZ_ALL_TYPES; which <= FUZZ_NO_TYPES; which++) {
        pecs_snapshot_release(snapshots[which]);
        pecs_registry_release(registries[which]);
    }
    fuzz_memory_end();
    return 0;
}
