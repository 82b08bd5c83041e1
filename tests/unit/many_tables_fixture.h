/* For tests with thousands of tables: types of one number each, and tags, whose sets make tables. */
#ifndef MANY_TABLES_FIXTURE_H
#define MANY_TABLES_FIXTURE_H

#include "counting_allocator.h"
#include "world_fixture.h"

enum { MARK_COUNT = 12, COLUMNS_MAX = 8, MIB = 1024 * 1024 };

struct many_types {
    char names[MARK_COUNT + COLUMNS_MAX][8];
    pecs_field number;
    pecs_type types[MARK_COUNT + COLUMNS_MAX];
    pecs_registry *registry;
    uint32_t column_count;
};

static inline void make_many_types(struct many_types *many, uint32_t column_count)
{
    const pecs_type *list[MARK_COUNT + COLUMNS_MAX];
    const uint32_t count = MARK_COUNT + column_count;
    many->number = (pecs_field){ .name = "number", .kind = PECS_U32, .size = 4, .count = 1 };
    many->column_count = column_count;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t bytes = i < MARK_COUNT ? 0 : sizeof(uint32_t);
        snprintf(many->names[i], sizeof(many->names[i]), "t%u", i);
        many->types[i] = (pecs_type){ .name = many->names[i],
                                      .version = 1,
                                      .size = bytes,
                                      .align = bytes ? bytes : 1,
                                      .fields = bytes ? &many->number : NULL,
                                      .field_count = bytes ? 1 : 0 };
        list[i] = &many->types[i];
    }
    many->registry = make_registry(list, count, counting_hooks);
}

/* The components of a table: tags as the bits of its number say, and all numbers, each of `data` (or zeros). */
static inline size_t values_of_table(const struct many_types *many, uint32_t table, const void *data,
                                     pecs_value ret_values[MARK_COUNT + COLUMNS_MAX])
{
    size_t count = 0;
    for (uint32_t i = 0; i < MARK_COUNT; i++)
        if (table >> i & 1)
            ret_values[count++] = (pecs_value){ i, 0, NULL };
    for (uint32_t i = 0; i < many->column_count; i++)
        ret_values[count++] = (pecs_value){ MARK_COUNT + i, sizeof(uint32_t), data };
    return count;
}

#endif
