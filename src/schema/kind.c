/* The kinds of fields. Sizes and alignments are those of the file format, the same on every host. */
#include "kind.h"

#include <stddef.h>

static const struct {
    const char *name;
    uint32_t size, align; /* in bytes; 0: they depend on the field */
} kind_table[] = {
    [PECS_BOOL] = { "bool", 1, 1 },     [PECS_I8] = { "i8", 1, 1 },         [PECS_I16] = { "i16", 2, 2 },
    [PECS_I32] = { "i32", 4, 4 },       [PECS_I64] = { "i64", 8, 8 },       [PECS_U8] = { "u8", 1, 1 },
    [PECS_U16] = { "u16", 2, 2 },       [PECS_U32] = { "u32", 4, 4 },       [PECS_U64] = { "u64", 8, 8 },
    [PECS_F32] = { "f32", 4, 4 },       [PECS_F64] = { "f64", 8, 8 },       [PECS_TEXT] = { "text", 1, 1 },
    [PECS_ENTITY] = { "entity", 8, 4 }, [PECS_STRING] = { "string", 8, 8 }, [PECS_BLOB] = { "blob", 8, 8 },
    [PECS_ENUM] = { "enum", 0, 0 },     [PECS_STRUCT] = { "struct", 0, 0 }, [PECS_PADDING] = { "padding", 1, 1 },
    [PECS_LIST] = { "list", 8, 8 },
};

const char *kind_name(pecs_kind kind)
{
    return (size_t)kind < sizeof(kind_table) / sizeof(kind_table[0]) ? kind_table[kind].name : NULL;
}

uint32_t kind_size(pecs_kind kind)
{
    return kind_name(kind) ? kind_table[kind].size : 0;
}

uint32_t kind_align(pecs_kind kind)
{
    return kind_name(kind) ? kind_table[kind].align : 0;
}
