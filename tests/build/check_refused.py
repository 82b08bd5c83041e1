#!/usr/bin/env python3
"""What the component macros must not take does not compile, and what they take does, without a warning.

usage: check_refused.py ROOT (c|c++) COMPILER...

A pointer in a component would be saved as it is and be followed by whoever resumes the file; an array of two dimensions
that is listed as one of one would make another type than the same struct in the other language.
"""
import os
import subprocess
import sys
import tempfile

HEAD = """#include <pecs/values.h>
typedef struct Inner { int32_t a; int32_t b; } Inner;
PECS_COMPONENT(Inner, 1, a, b);
"""
END = "\nint main(void) { return T_type.size == 0 || Inner_type.size == 0; }\n"
SCALARS = ["bool", "char", "signed char", "short", "int", "long", "long long", "unsigned char", "unsigned short",
           "unsigned", "unsigned long", "unsigned long long", "float", "double", "pecs_entity", "pecs_string", "pecs_blob"]


def component(members, fields):
    return f"typedef struct T {{ {members} }} T;\nPECS_COMPONENT_OF(T, \"T\", 1, {fields});"


def cases():
    """(name, text, whether it is taken)"""
    for scalar in SCALARS:
        yield scalar, component(f"{scalar} x;", "PECS_FIELD(T, x)"), True
        yield f"{scalar} array", component(f"{scalar} x[3];", "PECS_FIELD(T, x)"), True
        yield f"{scalar} grid", component(f"{scalar} x[2][3];", "PECS_FIELD_GRID(T, x)"), True
        yield f"{scalar} grid as array", component(f"{scalar} x[2][3];", "PECS_FIELD(T, x)"), False
        for pointer in ("*x", "*const x", "*volatile x", "**x", "*x[2]"):
            yield f"{scalar} {pointer}", component(f"{scalar} {pointer};", "PECS_FIELD(T, x)"), False
        yield f"const {scalar} *x", component(f"const {scalar} *x;", "PECS_FIELD(T, x)"), False
    yield "struct", component("Inner x;", "PECS_FIELD_STRUCT(T, x, Inner)"), True
    yield "structs", component("Inner x[3];", "PECS_FIELD_STRUCT(T, x, Inner)"), True
    yield "pointer to a struct", component("Inner *x;", "PECS_FIELD_STRUCT(T, x, Inner)"), False
    yield "pointer to void", component("void *x;", "PECS_FIELD(T, x)"), False
    yield "pointer to a function", component("void (*x)(void);", "PECS_FIELD(T, x)"), False
    for member, field, is_taken in (("char x[4]", "t->x", True), ("char x[2][4]", "t->x[1]", True), ("char x[4]", "p", False),
                                    ("char x[2][4]", "t->x", False), ("int8_t x[4]", "t->x", False),
                                    ("char x[4]", "t->x + 1", False), ("char x", "&t->x", False)):
        grid = "_GRID" if "][" in member else ""
        fields = f"PECS_FIELD{grid}(T, x)"
        use = f"\nbool set_text(T *t, char *p) {{ (void)p; return pecs_text_set({field}, \"a\"); }}"
        yield f"text set of {field} of {member}", component(f"{member};", fields) + use, is_taken
    yield "list of members", "typedef struct T { int32_t a; float b[2]; } T;\nPECS_COMPONENT(T, 1, a, b);", True
    yield "list with a pointer", "typedef struct T { int64_t a; char *b; } T;\nPECS_COMPONENT(T, 1, a, b);", False


def main():
    root, language, compiler = sys.argv[1], sys.argv[2], sys.argv[3:]
    flags = ["-std=c11", "-xc"] if language == "c" else ["-std=c++17", "-xc++"]
    flags += ["-Wall", "-Wextra", "-I" + os.path.join(root, "include"), "-fsyntax-only"]
    failed = count = 0
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "refused.c")
        for name, text, is_taken in cases():
            with open(source, "w", encoding="utf-8") as out:
                out.write(HEAD + text + END)
            result = subprocess.run(compiler + flags + (["-Werror"] if is_taken else []) + [source],
                                    stderr=subprocess.PIPE, text=True, check=False)
            count += 1
            if (result.returncode == 0) != is_taken:
                failed += 1
                print(f"{name}: {'is not taken' if is_taken else 'compiles'}\n{result.stderr}")
    print(f"{count} members, {failed} failed")
    sys.exit(1 if failed or count < 100 else 0)


main()
