/*
 * The macros of schema.h in C++17: makes the components of macro_types.h and compares their tables with those that C
 * made. A plain program, exit status 0 when all agree; built from this C++ object and the C object of macro_tables.c,
 * with only the public include folder:
 *
 *     executable('macros_cpp', 'macros_cpp.cpp', 'macro_tables.c', include_directories: public_include)
 */
#include "macro_types.h"

#include <cstdio>
#include <cstring>

extern "C" const pecs_type *const *const macro_tables_of_c;

static int difference_count;

static void differ(const char *type, const char *field, const char *what, unsigned long long c, unsigned long long cpp)
{
    std::fprintf(stderr, "%s.%s: %s is %llu in C and %llu in C++\n", type, field, what, c, cpp);
    difference_count++;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? std::strcmp(a, b) == 0 : a == b;
}

#define COMPARE(member)                                                                                                \
    if (c.member != cpp.member)                                                                                        \
    differ(type, field, #member, static_cast<unsigned long long>(c.member), static_cast<unsigned long long>(cpp.member))

static void compare_types(const pecs_type &c, const pecs_type &cpp);

static void compare_fields(const char *type, const pecs_field &c, const pecs_field &cpp)
{
    const char *field = c.name ? c.name : "(padding)";
    if (!same_text(c.name, cpp.name))
        differ(type, field, "the name", 0, 1);
    COMPARE(kind);
    COMPARE(offset);
    COMPARE(size);
    COMPARE(count);
    COMPARE(columns);
    COMPARE(enum_count);
    COMPARE(element);
    COMPARE(element_size);
    if (!c.nested != !cpp.nested)
        differ(type, field, "nested", c.nested != nullptr, cpp.nested != nullptr);
    else if (c.nested)
        compare_types(*c.nested, *cpp.nested);
    for (uint32_t i = 0; c.enum_count == cpp.enum_count && i < c.enum_count; i++)
        if (!same_text(c.enum_names[i], cpp.enum_names[i]))
            differ(type, field, "the name of an enum value", i, i);
}

static void compare_types(const pecs_type &c, const pecs_type &cpp)
{
    const char *type = c.name, *field = "(type)";
    if (!same_text(c.name, cpp.name))
        differ(type, field, "the name", 0, 1);
    if (std::memcmp(&c.id, &cpp.id, sizeof(c.id)) != 0)
        differ(type, field, "the id", 0, 1);
    COMPARE(version);
    COMPARE(size);
    COMPARE(align);
    COMPARE(field_count);
    for (uint32_t i = 0; c.field_count == cpp.field_count && i < c.field_count; i++)
        compare_fields(type, c.fields[i], cpp.fields[i]);
}

int main()
{
    for (int i = 0; i < MACRO_TYPE_COUNT; i++) {
        if (macro_tables_of_c[i] == macro_types[i])
            differ("all", "", "the table's address", 0, 0); /* C's own tables, or nothing is compared */
        compare_types(*macro_tables_of_c[i], *macro_types[i]);
    }
    std::printf("%d types, %d differences\n", static_cast<int>(MACRO_TYPE_COUNT), difference_count);
    return difference_count != 0;
}
