#!/usr/bin/env python3
"""What the component macros must not take does not compile, and what they take does, without a warning.

usage: check_refused.py ROOT (c|c++) COMPILER...

A pointer in a component would be saved as it is and be followed by whoever resumes the file; an array of two dimensions
that is listed as one of one would make another type than the same struct in the other language; a member that is
described as another struct or as one enum of the same size would be a file that lies. The error says what to write.
"""
import os
import subprocess
import sys
import tempfile

HEAD = """#include <pecs/values.h>
typedef struct Inner { int32_t a; int32_t b; } Inner;
PECS_COMPONENT(Inner, 1, a, b);
typedef struct Other { int32_t a; int32_t b; } Other;
enum Plain { FIRST, SECOND };
enum Negative { LEAST = -1, MOST };
static const char *const names[] = { "first", "second" };
"""
END = "\nint main(void) { return T_type.size == 0 || Inner_type.size == 0 || !names[0]; }\n"
SCALARS = ["bool", "char", "signed char", "short", "int", "long", "long long", "unsigned char", "unsigned short",
           "unsigned", "unsigned long", "unsigned long long", "float", "double", "pecs_entity", "pecs_string", "pecs_blob"]
INTEGERS = SCALARS[:12]
ENUMS = ["enum Plain", "enum Negative"]
POINTERS = ["*x", "*const x", "*volatile x", "**x"]

# What an error must say, in C and in C++.
POINTER = ("pecs_a_component_has_no_pointers", "a component has no pointers")
ENUM = ("pecs_an_enum_needs_PECS_FIELD_ENUM", "an enum needs PECS_FIELD_ENUM")
ENUM_ARRAY = ("pecs_an_array_of_enums_needs_PECS_FIELD_ENUM_ARRAY", "PECS_FIELD_ENUM_ARRAY")
ENUM_GRID = ("pecs_an_array_of_enums_has_one_dimension", "has one dimension")
NO_ENUM = ("pecs_the_member_is_no_enum_or_integer", "the member is no enum or integer")
GRID = ("pecs_two_dimensions_need_PECS_FIELD_GRID", "two need PECS_FIELD_GRID")
STRUCT = ("pecs_a_struct_needs_PECS_FIELD_STRUCT", "a struct needs PECS_FIELD_STRUCT")
STRUCT_GRID = ("pecs_an_array_of_structs_has_one_dimension", "an array of structs has one dimension")
OTHER_STRUCT = ("pecs_the_member_is_of_another_type_than_this_struct", "of another type than the struct")
ANY = ("", "")


def component(members, fields):
    return f"typedef struct T {{ {members} }} T;\nPECS_COMPONENT_OF(T, \"T\", 1, {fields});"


def scalar_cases():
    """Members whose kind is deduced."""
    for scalar in SCALARS:
        yield scalar, component(f"{scalar} x;", "PECS_FIELD(T, x)"), None
        yield f"{scalar} array", component(f"{scalar} x[3];", "PECS_FIELD(T, x)"), None
        yield f"{scalar} grid", component(f"{scalar} x[2][3];", "PECS_FIELD_GRID(T, x)"), None
        yield f"{scalar} grid as array", component(f"{scalar} x[2][3];", "PECS_FIELD(T, x)"), GRID
        yield f"{scalar} of three dimensions", component(f"{scalar} x[2][3][4];", "PECS_FIELD_GRID(T, x)"), GRID
        yield f"{scalar} array as grid", component(f"{scalar} x[2];", "PECS_FIELD_GRID(T, x)"), ANY
        for pointer in POINTERS + ["*x[2]"]:
            yield f"{scalar} {pointer}", component(f"{scalar} {pointer};", "PECS_FIELD(T, x)"), ANY
        for pointer in POINTERS[:3]:
            yield f"{scalar} {pointer} by name", component(f"{scalar} {pointer};", "PECS_FIELD(T, x)"), POINTER
        yield f"const {scalar} *x", component(f"const {scalar} *x;", "PECS_FIELD(T, x)"), ANY
        for pointer in ("(*x)[2]", "(*const x)[2]"):
            yield f"{scalar} {pointer}", component(f"{scalar} {pointer};", "PECS_FIELD_GRID(T, x)"), POINTER
    yield "list of members", "typedef struct T { int32_t a; float b[2]; } T;\nPECS_COMPONENT(T, 1, a, b);", None
    yield "list with a pointer", "typedef struct T { int64_t a; char *b; } T;\nPECS_COMPONENT(T, 1, a, b);", POINTER
    for member, why in (("void *x", ANY), ("void (*x)(void)", ANY), ("long double x", ANY), ("Inner x", STRUCT),
                        ("Inner x[2]", STRUCT), ("Inner *x", ANY), ("union { int a; float b; } x", ANY)):
        yield f"{member} deduced", component(f"{member};", "PECS_FIELD(T, x)"), why


def enum_cases():
    for enum in ENUMS:
        yield f"{enum} deduced", component(f"{enum} x;", "PECS_FIELD(T, x)"), ENUM
        yield f"{enum} array deduced", component(f"{enum} x[3];", "PECS_FIELD(T, x)"), ENUM_ARRAY
        yield f"{enum} grid deduced", component(f"{enum} x[2][3];", "PECS_FIELD_GRID(T, x)"), ENUM_ARRAY
        yield f"{enum} in a list", f"typedef struct T {{ int a; {enum} b; }} T;\nPECS_COMPONENT(T, 1, a, b);", ENUM
    for integer in INTEGERS + ENUMS:
        yield f"{integer} enum", component(f"{integer} x;", "PECS_FIELD_ENUM(T, x, names)"), None
        yield f"{integer} enums", component(f"{integer} x[3];", "PECS_FIELD_ENUM_ARRAY(T, x, names)"), None
        yield f"{integer} enums as one", component(f"{integer} x[4];", "PECS_FIELD_ENUM(T, x, names)"), ENUM_ARRAY
        yield f"{integer} enum as array", component(f"{integer} x;", "PECS_FIELD_ENUM_ARRAY(T, x, names)"), ANY
        yield f"{integer} enum grid", component(f"{integer} x[2][3];", "PECS_FIELD_ENUM_ARRAY(T, x, names)"), ENUM_GRID
        for pointer in POINTERS[:3]:
            for field in ("PECS_FIELD_ENUM", "PECS_FIELD_ENUM_ARRAY"):
                yield (f"{integer} {pointer} as {field}", component(f"{integer} {pointer};", f"{field}(T, x, names)"),
                       POINTER)
    for member in ("float x", "Inner x", "pecs_entity x"):
        yield f"{member} as enum", component(f"{member};", "PECS_FIELD_ENUM(T, x, names)"), NO_ENUM
        yield f"{member}s as enums", component(f"{member}[2];", "PECS_FIELD_ENUM_ARRAY(T, x, names)"), NO_ENUM


def struct_cases():
    yield "struct", component("Inner x;", "PECS_FIELD_STRUCT(T, x, Inner)"), None
    yield "structs", component("Inner x[3];", "PECS_FIELD_STRUCT(T, x, Inner)"), None
    yield "struct by its tag", component("struct Inner x;", "PECS_FIELD_STRUCT(T, x, Inner)"), None
    yield "const structs", component("const Inner x[3];", "PECS_FIELD_STRUCT(T, x, Inner)"), None
    for pointer in POINTERS[:3]:
        yield f"Inner {pointer}", component(f"Inner {pointer};", "PECS_FIELD_STRUCT(T, x, Inner)"), POINTER
    yield "grid of structs", component("Inner x[2][3];", "PECS_FIELD_STRUCT(T, x, Inner)"), STRUCT_GRID
    for member in ("Other x", "Other x[2]", "int32_t x[2]", "float x[2]", "double x", "pecs_entity x"):
        yield f"{member} as Inner", component(f"{member};", "PECS_FIELD_STRUCT(T, x, Inner)"), OTHER_STRUCT
    yield "pointer to another struct", component("Other *x;", "PECS_FIELD_STRUCT(T, x, Inner)"), ANY


def text_cases():
    for member, field, is_taken in (("char x[4]", "t->x", True), ("char x[2][4]", "t->x[1]", True), ("char x[4]", "p", False),
                                    ("char x[2][4]", "t->x", False), ("int8_t x[4]", "t->x", False),
                                    ("char x[4]", "t->x + 1", False), ("char x", "&t->x", False)):
        grid = "_GRID" if "][" in member else ""
        fields = f"PECS_FIELD{grid}(T, x)"
        use = f"\nbool set_text(T *t, char *p) {{ (void)p; return pecs_text_set({field}, \"a\"); }}"
        yield f"text set of {field} of {member}", component(f"{member};", fields) + use, None if is_taken else ANY


def cases():
    """(name, text, what the error says in both languages or None: it is taken)"""
    for some in (scalar_cases, enum_cases, struct_cases, text_cases):
        yield from some()


def main():
    root, language, compiler = sys.argv[1], sys.argv[2], sys.argv[3:]
    flags = ["-std=c11", "-xc"] if language == "c" else ["-std=c++17", "-xc++"]
    flags += ["-Wall", "-Wextra", "-I" + os.path.join(root, "include"), "-fsyntax-only"]
    failed = count = 0
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "refused.c")
        for name, text, error in cases():
            is_taken = error is None
            with open(source, "w", encoding="utf-8") as out:
                out.write(HEAD + text + END)
            result = subprocess.run(compiler + flags + (["-Werror"] if is_taken else []) + [source],
                                    stderr=subprocess.PIPE, text=True, check=False)
            count += 1
            if (result.returncode == 0) != is_taken:
                failed += 1
                print(f"{name}: {'is not taken' if is_taken else 'compiles'}\n{result.stderr}")
            elif not is_taken and error[language == "c++"] not in result.stderr:
                failed += 1
                print(f"{name}: the error does not say {error[language == 'c++']}\n{result.stderr}")
    print(f"{count} members, {failed} failed")
    sys.exit(1 if failed or count < 100 else 0)


main()
