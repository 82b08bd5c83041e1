#!/usr/bin/env python3
"""Every header compiles alone, twice in a row, without a warning.

usage: check_headers.py ROOT (c|c++) COMPILER...

In C: the public headers with include/ only, each header of a layer with the folders that its layer may use. In C++:
the public headers, pecs.hpp without exceptions and RTTI.
"""
import glob
import os
import subprocess
import sys
import tempfile

from layers import LAYERS

CPP_FLAGS = {".hpp": ["-fno-exceptions", "-fno-rtti"]}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]


def compile_alone(compiler, language, header, folders):
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "alone." + ("c" if language == "c" else "cc"))
        with open(source, "w") as out:
            out.write(f'#include "{header}"\n' * 2 + "int alone(void);\nint alone(void)\n{\n    return 0;\n}\n")
        command = compiler + (["-std=c11"] if language == "c" else ["-std=c++17", *CPP_FLAGS.get(header[-4:], [])])
        command += WARNINGS + [f"-I{item}" for item in folders] + ["-fsyntax-only", source]
        return subprocess.run(command, stderr=subprocess.PIPE, text=True)


def cjson_folders():
    flags = subprocess.run(["pkg-config", "--cflags-only-I", "libcjson"], stdout=subprocess.PIPE, text=True, check=False)
    return [flag[2:] for flag in flags.stdout.split()]


def main():
    root, language, compiler = sys.argv[1], sys.argv[2], sys.argv[3:]
    include = os.path.join(root, "include")
    endings = ("h", "hpp") if language == "c++" else ("h",)
    work = [(header, [include]) for end in endings for header in sorted(glob.glob(f"{include}/pecs/*.{end}"))]
    public_count = len(work)
    if language == "c":
        for layer, used in LAYERS.items():
            if layer == "json" and not cjson_folders():
                continue
            folders = [include] + [os.path.join(root, "src", name) for name in used]
            if layer == "json":
                folders += cjson_folders()
            work += [(header, folders) for header in sorted(glob.glob(f"{root}/src/{layer}/*.h"))]
    failed = 0
    for header, folders in work:
        result = compile_alone(compiler, language, header, folders)
        if result.returncode:
            failed += 1
            print(f"{os.path.relpath(header, root)} does not compile alone:\n{result.stderr}")
    print(f"{len(work)} headers, {public_count} of them public, {failed} failed")
    sys.exit(1 if failed or public_count < 9 else 0)


main()
