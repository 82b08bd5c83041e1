#!/usr/bin/env python3
"""What the component macros must not take does not compile, and what they take does, without a warning.

usage: check_refused.py ROOT (c|c++) COMPILER...

A pointer in a component would be saved as it is and be followed by whoever resumes the file; an array of two dimensions
that is listed as one of one would make another type than the same struct in the other language; a member that is
described as another struct or as one enum of the same size would be a file that lies. The error says what to write.
The same of what takes a type of PECS_TYPES, of pecs.hpp, and of lists of any length, whose counts must be right.
"""
import os
import subprocess
import sys
import tempfile

VALUES_H, PECS_H = "#include <pecs/values.h>\n", "#include <pecs/pecs.h>\n"
PECS_HPP = "#include <pecs/pecs.hpp>\n#include <string>\n#include <vector>\n"
HEAD = """
typedef struct Inner { int32_t a; int32_t b; } Inner;
PECS_COMPONENT(Inner, 1, a, b);
typedef struct Other { int32_t a; int32_t b; } Other;
enum Plain { FIRST, SECOND };
enum Negative { LEAST = -1, MOST };
static const char *const names[] = { "first", "second" };
#ifdef __cplusplus
enum class Scoped : uint8_t { FIRST, SECOND };
#define CLAIM(claim) static_assert(claim, "")
#else
#define CLAIM(claim) _Static_assert(claim, "")
#endif
"""
END = "\nint main(void) { return T_type.size == 0 || Inner_type.size == 0 || !names[0]; }\n"
SCALARS = ["bool", "char", "signed char", "short", "int", "long", "long long", "unsigned char", "unsigned short",
           "unsigned", "unsigned long", "unsigned long long", "float", "double", "pecs_entity", "pecs_string", "pecs_blob"]
INTEGERS = SCALARS[:12]
ENUMS = ["enum Plain", "enum Negative"]
POINTERS = ["*x", "*const x", "*volatile x", "**x"]

# What an error must say, in C and in C++.
POINTER = ("pecs_a_component_has_no_pointers", "a component has no pointers")
LONG_DOUBLE = ("pecs_a_component_has_no_long_double", "a component has no member of this type")
ENUM = ("pecs_an_enum_needs_PECS_FIELD_ENUM", "an enum needs PECS_FIELD_ENUM")
ENUM_ARRAY = ("pecs_an_array_of_enums_needs_PECS_FIELD_ENUM_ARRAY", "PECS_FIELD_ENUM_ARRAY")
ENUM_GRID = ("pecs_an_array_of_enums_has_one_dimension", "has one dimension")
NO_ENUM = ("pecs_the_member_is_no_enum_or_integer", "the member is no enum or integer")
GRID = ("pecs_two_dimensions_need_PECS_FIELD_GRID", "two need PECS_FIELD_GRID")
STRUCT = ("pecs_a_struct_needs_PECS_FIELD_STRUCT", "a struct needs PECS_FIELD_STRUCT")
STRUCT_GRID = ("pecs_an_array_of_structs_has_one_dimension", "an array of structs has one dimension")
OTHER_STRUCT = ("pecs_the_member_is_of_another_type_than_this_struct", "of another type than the struct")
OWNER = ("", "instead of std::string write pecs_string, char[N] or std::array<char, N>")
LIST = ("pecs_a_list_needs_PECS_FIELD_LIST", "a list needs PECS_FIELD_LIST, _LIST_STRUCT or _LIST_ENUM")
NO_LIST = ("pecs_the_member_is_no_pecs_list", "the member is no pecs_list")
LIST_POINTER = (POINTER[0], NO_LIST[1])
ELEMENT = ("pecs_a_list_has_no_elements_of_this_type", "a list has no elements of this type")
NOT_LISTED = ("", "the type is in no PECS_TYPES that this translation unit has seen so far")
LISTED_TWICE = ("", "redefinition of")
TAG = ("", "a tag has no values")
IGNORED = ("", "nodiscard")
WRITES_VIEW = ("", "a view is for reading: write const before each term's type")
ARGUMENTS = ("", "one argument for each term that has values")
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
    for member, why in (("void *x", ANY), ("void (*x)(void)", ANY), ("long double x", LONG_DOUBLE),
                        ("long double x[2]", LONG_DOUBLE), ("Inner x", STRUCT),
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


def contents_cases():
    """Lists, of everything that a list may have, and of what not."""
    numbers = [scalar for scalar in SCALARS if scalar not in ("char", "pecs_string", "pecs_blob")]
    for element in numbers:
        yield f"list of {element}", component("pecs_list x;", f"PECS_FIELD_LIST(T, x, {element})"), None
        yield f"lists of {element}", component("pecs_list x[3];", f"PECS_FIELD_LIST(T, x, {element})"), None
    for element in ("char", "pecs_string", "pecs_blob", "pecs_list", "char *", "float *", "Inner", "Inner *", "void *",
                    "long double", "enum Plain", "enum Negative"):
        yield f"list of {element}", component("pecs_list x;", f"PECS_FIELD_LIST(T, x, {element})"), \
            ANY if element == "long double" else ELEMENT
    yield "list of structs", component("pecs_list x;", "PECS_FIELD_LIST_STRUCT(T, x, Inner)"), None
    yield "list of a struct without a type", component("pecs_list x;", "PECS_FIELD_LIST_STRUCT(T, x, enum Plain)"), ANY
    yield "list of a struct that has none", "typedef struct Bare { int a; } Bare;\n" + \
        component("pecs_list x;", "PECS_FIELD_LIST_STRUCT(T, x, Bare)"), ("Bare_type", "Bare_type")
    for element in INTEGERS + ENUMS:
        yield f"list of enums of {element}", component("pecs_list x;", f"PECS_FIELD_LIST_ENUM(T, x, {element}, names)"), None
    for element in ("float", "pecs_entity", "Inner", "char *"):
        yield f"list of enums of {element}", component("pecs_list x;", f"PECS_FIELD_LIST_ENUM(T, x, {element}, names)"), \
            ELEMENT if element in ("float", "char *") else ANY
    for member in ("pecs_list x", "pecs_list x[2]"):
        yield f"{member} deduced", component(f"{member};", "PECS_FIELD(T, x)"), LIST
        yield f"{member} in a list of members", f"typedef struct T {{ int64_t a; {member}; }} T;\nPECS_COMPONENT(T, 1, a, x);", LIST
    for field in ("PECS_FIELD_LIST(T, x, int)", "PECS_FIELD_LIST_STRUCT(T, x, Inner)", "PECS_FIELD_LIST_ENUM(T, x, uint8_t, names)"):
        for member in ("pecs_list x", "pecs_list x[2]", "const pecs_list x[2]"):
            yield f"{member} as {field}", component(f"{member};", field), None
        for member in ("uint64_t x", "pecs_string x", "pecs_blob x[2]", "Inner x", "pecs_list x[2][3]", "int *x"):
            yield f"{member} as {field}", component(f"{member};", field), NO_LIST
        for pointer in POINTERS[:3]:
            yield f"pecs_list {pointer} as {field}", component(f"pecs_list {pointer};", field), LIST_POINTER


def text_cases():
    for member, field, is_taken in (("char x[4]", "t->x", True), ("char x[2][4]", "t->x[1]", True), ("char x[4]", "p", False),
                                    ("char x[2][4]", "t->x", False), ("int8_t x[4]", "t->x", False),
                                    ("char x[4]", "t->x + 1", False), ("char x", "&t->x", False)):
        grid = "_GRID" if "][" in member else ""
        fields = f"PECS_FIELD{grid}(T, x)"
        use = f"\nbool set_text(T *t, char *p) {{ (void)p; return pecs_text_set({field}, \"a\"); }}"
        yield f"text set of {field} of {member}", component(f"{member};", fields) + use, None if is_taken else ANY


def list_cases():
    """PECS_TYPES of any length: PECS_MAP_ takes eight types a round."""
    for count in (1, 7, 8, 9, 16, 17, 1024):
        tags = "".join(f"PECS_TAG(Tag{i}, 1);\n" for i in range(count))
        names = ", ".join(f"Tag{i}" for i in range(count))
        last = f"game_type_count == {count} && Tag{count - 1}_component == {count - 1}"
        length = f"sizeof(game_types) / sizeof(game_types[0]) == {count}"
        claims = (("", f"{last} && {length}", None), (" less one", f"game_type_count == {count - 1}", ANY))
        for name, claim, error in claims:
            text = f"{tags}PECS_TYPES(game, {names});\nCLAIM({claim});\n"
            yield f"list of {count}{name}", text + TYPED_T, error


# A component T, and Inner and T in a list; Other is in none.
TYPED_T = "typedef struct T { float x; } T;\nPECS_COMPONENT(T, 1, x);\n"
LISTED = TYPED_T + "PECS_TYPES(some, Inner, T);\nPECS_COMPONENT(Other, 1, a, b);\n"


def function(body, result="pecs_status"):
    return f"{LISTED}{result} use(pecs_world *w, pecs_view v, pecs_entity e, Inner *i, const T *t, T *m);\n" \
           f"{result} use(pecs_world *w, pecs_view v, pecs_entity e, Inner *i, const T *t, T *m)\n" \
           f"{{\n    (void)w, (void)v, (void)e, (void)i, (void)t, (void)m;\n    {body}\n}}\n"


def typed_cases():
    """What takes the name of a type, and a pointer or a value beside it."""
    refused = [(pointer, ANY) for pointer in ("i", "&e", "&m", "e", "(void *)m")]
    for pointer, error in [("t", None), ("m", None)] + refused:
        yield f"set {pointer}", function(f"return pecs_set_ptr(w, e, T, {pointer});"), error
        rows = f"const pecs_value rows = PECS_ROWS(T, {pointer}); return pecs_world_spawn(w, &rows, 1, 1, NULL);"
        yield f"rows of {pointer}", function(rows), error
    for name, error in (("T", None), ("Inner", None), ("Other", ANY)):
        yield f"get {name}", function(f"return pecs_get(v, e, {name}) && pecs_has(v, e, {name});", "bool"), error
        yield f"add {name}", function(f"return pecs_add(w, e, {name});"), error
        yield f"get {name} to write", function(f"return pecs_get_mut(w, e, {name}) != NULL;", "bool"), error


def array_cases():
    """std::array as the array that it holds, enum class, and what owns memory. In C++ only."""
    array, grid = "std::array<{}, 3> x", "std::array<std::array<{}, 3>, 2> x"
    mixed = "std::array<{}, 3> x[2]"
    for form, field in ((array, "PECS_FIELD"), (grid, "PECS_FIELD_GRID"), (mixed, "PECS_FIELD_GRID")):
        members = "".join(form.format(scalar).replace(" x", f" x{i}") + "; " for i, scalar in enumerate(SCALARS))
        fields = ", ".join(f"{field}(T, x{i})" for i in range(len(SCALARS)))
        yield f"{form} of each scalar", component(members, fields), None
    deep = "std::array<std::array<std::array<float, 2>, 2>, 2> x;"
    refused = (
        ("grid as array", grid.format("int") + ";", "PECS_FIELD(T, x)", GRID),
        ("three dimensions", deep, "PECS_FIELD_GRID(T, x)", GRID),
        ("array as grid", array.format("int") + ";", "PECS_FIELD_GRID(T, x)", ANY),
        ("none", "std::array<int, 0> x;", "PECS_FIELD(T, x)", ("", "an array has at least one element")),
        ("pointers", array.format("int *") + ";", "PECS_FIELD(T, x)", POINTER),
        ("enums deduced", array.format("Scoped") + ";", "PECS_FIELD(T, x)", ENUM_ARRAY),
        ("enums as one", array.format("Scoped") + ";", "PECS_FIELD_ENUM(T, x, names)", ENUM_ARRAY),
        ("enum grid", grid.format("Scoped") + ";", "PECS_FIELD_ENUM_ARRAY(T, x, names)", ENUM_GRID),
        ("structs deduced", array.format("Inner") + ";", "PECS_FIELD(T, x)", STRUCT),
        ("grid of structs", grid.format("Inner") + ";", "PECS_FIELD_STRUCT(T, x, Inner)", STRUCT_GRID),
        ("other structs", array.format("Other") + ";", "PECS_FIELD_STRUCT(T, x, Inner)", OTHER_STRUCT),
        ("enum class deduced", "Scoped x;", "PECS_FIELD(T, x)", ENUM))
    for name, members, fields, error in refused:
        yield name, component(members, fields), error
    for name, members, fields in (
            ("enum class", "Scoped x;", "PECS_FIELD_ENUM(T, x, names)"),
            ("enum classes", "Scoped x[3];", "PECS_FIELD_ENUM_ARRAY(T, x, names)"),
            ("std::array of them", array.format("Scoped") + ";", "PECS_FIELD_ENUM_ARRAY(T, x, names)"),
            ("std::array of structs", array.format("Inner") + ";", "PECS_FIELD_STRUCT(T, x, Inner)")):
        yield name, component(members, fields), None
    for member in ("std::string x", "std::vector<int> x", "std::string x[2]", "std::array<std::string, 2> x"):
        yield member, component(f"{member};", "PECS_FIELD(T, x)"), OWNER
        yield f"{member} in a struct", component(f"{member};", "PECS_FIELD_STRUCT(T, x, Inner)"), OWNER
    yield "private", "struct T { int a; private: int b; };\nPECS_COMPONENT(T, 1, a);", ("", "standard layout")


def wrapper_cases():
    """pecs.hpp: types of the list only, terms that fit the function. In C++ only."""
    for name, error in (("T", None), ("const T", None), ("Inner", None), ("Other", NOT_LISTED)):
        body = f"pecs::world world(w);\n    return world.get<{name}>(e) != nullptr;"
        yield f"get<{name}>", function(body, "bool"), error
    yield "listed twice", LISTED + "namespace other { using ::Inner; using ::T; PECS_TYPES(some, T, Inner); }", None
    yield "listed twice in one place", LISTED + "PECS_TYPES(again, T);", ANY
    yield "number given twice", LISTED + "PECS_NUMBER_OF_TYPE_(T)", LISTED_TWICE
    head = function("return PECS_OK;") + "PECS_TAG(Gone, 1);\nPECS_TYPES(gone, Gone);\n"
    for name, source, terms, arguments, error in (
            ("writes", "pecs::world &", "T", "T &", None), ("reads", "pecs::world &", "const T", "const T &", None),
            ("reads by value", "pecs::world &", "const T", "T", None),
            ("reads a view", "pecs::view", "const T", "const T &", None),
            ("writes what is read", "pecs::world &", "const T", "T &", ARGUMENTS),
            ("writes a view", "pecs::view", "T", "T &", WRITES_VIEW),
            ("writes a constant world", "const pecs::world &", "T", "T &", WRITES_VIEW),
            ("writes a snapshot", "pecs::snapshot &", "T, const Inner", "T &, const Inner &", WRITES_VIEW),
            ("too few", "pecs::world &", "T, const Inner", "T &", ARGUMENTS),
            ("too many", "pecs::world &", "T", "T &, Inner &", ARGUMENTS),
            ("optional", "pecs::world &", "pecs::optional<T>", "T *", None),
            ("optional as one that is there", "pecs::world &", "pecs::optional<T>", "T &", ARGUMENTS),
            ("optional written", "pecs::world &", "pecs::optional<const T>", "T *", ARGUMENTS),
            ("tag as a term", "pecs::world &", "Gone", "Gone &", TAG),
            ("with a tag", "pecs::world &", "pecs::with<Gone>", "", None),
            ("entity", "pecs::world &", "T, pecs::without<Gone>", "pecs_entity, T &", None),
            ("not listed", "pecs::world &", "Other", "Other &", NOT_LISTED)):
        use = f"pecs_status all({source} s) {{ return s.each<{terms}>([]({arguments}) {{}}); }}\n"
        yield f"each that {name}", head + use, error
    yield "get of a tag", head + "bool has(pecs::world &w) { return w.get<Gone>({}) != nullptr; }", TAG
    yield "status left out", head + "void f(pecs::world &w) { w.set({}, T{}); }", IGNORED
    yield "error left out", head + "void f(pecs::world &w) { w.save(nullptr); }", IGNORED
    yield "clone left out", head + "void f(pecs::world &w) { w.clone({ pecs_entity{} }); }", IGNORED
    yield "merge left out", head + "void f(pecs::world &w, pecs::snapshot &s) { w.merge(s); }", IGNORED
    into = "pecs_status f(pecs::world &w, {} &into) {{ return w.clone({{ pecs_entity{{}} }}, 1, into); }}"
    yield "clone into entities", head + into.format("std::vector<pecs_entity>"), None
    yield "clone into constant ones", head + into.format("const std::vector<pecs_entity>"), ANY
    build = "pecs::error f(pecs::builder &b, {} c) {{ return b.add(c); }}"
    for column, error in (("const std::vector<T> &", None), ("T", None), ("Gone", None), ("pecs_id", None),
                          ("T *", ("", "not a pointer")), ("const std::vector<Gone> &", TAG),
                          ("const std::vector<Other> &", NOT_LISTED), ("const std::vector<bool *> &", NOT_LISTED)):
        yield f"column of {column}", head + build.format(column), error
    rows = "pecs_status f(pecs::world &w) { return w.spawn_many(1, nullptr, T{}); }"
    yield "rows of a value", head + rows, ("", "of a tag, the tag")
    many = "pecs_status f(pecs::world &w, {0} r, std::vector<pecs_entity> &e) {{ return w.spawn_many(e, r); }}"
    for column, error in (("const std::vector<T> &", None), ("T *", None), ("Gone", None), ("T", ("", "of a tag, the tag")),
                          ("const std::vector<Gone> &", TAG), ("const std::vector<Other> &", NOT_LISTED)):
        yield f"rows of {column}", head + many.format(column), error


def cases(language):
    """(head, name, the program behind the head, what the error says in both languages or None: it is taken)"""
    parts = [(VALUES_H, scalar_cases), (VALUES_H, enum_cases), (VALUES_H, struct_cases), (VALUES_H, contents_cases),
             (VALUES_H, text_cases),
             (PECS_H, list_cases), (PECS_H, typed_cases)]
    if language == "c++":
        parts += [(PECS_HPP, array_cases), (PECS_HPP, wrapper_cases)]
    for head, part in parts:
        for name, text, error in part():
            yield head, name, text + END, error


def precompile(compiler, flags, language, head, path):
    """Writes the head to a file, and compiles it beside it, where `-include` of gcc and clang finds it."""
    with open(path, "w", encoding="utf-8") as out:
        out.write(head + HEAD)
    ending = ".pch" if "clang" in subprocess.run([*compiler, "--version"], stdout=subprocess.PIPE, text=True,
                                                 check=True).stdout else ".gch"
    subprocess.run([*compiler, *flags, f"-x{language}-header", path, "-o", path + ending], check=True)


def main():
    root, language, compiler = sys.argv[1], sys.argv[2], sys.argv[3:]
    flags = ["-std=c11" if language == "c" else "-std=c++17", "-Wall", "-Wextra", "-I" + os.path.join(root, "include"),
             "-Werror=unused-result"]
    flags += ["-Wno-unused-const-variable", "-Wno-unneeded-internal-declaration"]  # most of HEAD, in most of the cases
    failed = count = 0
    heads = {}
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "refused.c")
        for head, name, text, error in cases(language):
            is_taken = error is None
            if head not in heads:
                heads[head] = os.path.join(folder, f"head_{len(heads)}.h")
                precompile(compiler, flags, language, head, heads[head])
            with open(source, "w", encoding="utf-8") as out:
                out.write(text)
            command = [*compiler, *flags, "-x" + language, "-fsyntax-only", "-include", heads[head], source]
            result = subprocess.run(command + (["-Werror"] if is_taken else []), stderr=subprocess.PIPE, text=True,
                                    check=False)
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
