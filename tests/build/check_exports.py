#!/usr/bin/env python3
"""The interface is what the documents say: functions, their versions, and structs.

usage: check_exports.py ROOT LIBRARY SHARED_LIBRARY ARCHIVE      LIBRARY: pecs or pecs-json

1. All lists of exported functions agree: the headers' PECS_API declarations, exports.txt (of pecs-json:
   exports_json.txt), and the libraries' own.
2. The shared library's soname, and the version of each of its symbols, are those of docs/abi.md for this version.
3. docs/abi.md names each struct whose members the headers show.
4. tests/unit/test_nulls.c and test_nulls_files.c (test_json_nulls.c) call each function without what it needs.

A new function in a header needs its line in exports.txt: adding to the interface is a decision, not an accident.
"""
import glob
import os
import re
import subprocess
import sys

DECLARATION = re.compile(r"^PECS_API\b[^;{]*?\b(pecs_\w+)\s*\(", re.MULTILINE)
STRUCT = re.compile(r"^(?:typedef )?struct (pecs_\w+) {", re.MULTILINE)
VERSION = re.compile(r"^#define PECS_VERSION_(?:MAJOR|MINOR) (\d+)$", re.MULTILINE)


def read(path):
    with open(path, encoding="utf-8") as text:
        return text.read()


def output(command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


JSON_HEADERS = {"json.h"}


def from_headers(root, pattern, library=None):
    """What the headers of a library declare; or those of all."""
    names = []
    for path in glob.glob(f"{root}/include/pecs/*.h"):
        of = "pecs-json" if os.path.basename(path) in JSON_HEADERS else "pecs"
        if library not in (None, of):
            continue
        names += pattern.findall(re.sub(r"/\*.*?\*/", "", read(path), flags=re.DOTALL))
    return names


def from_library(path, which):
    lines = output(["nm", which, "--defined-only", path]).splitlines()
    return [line.split()[-1] for line in lines if len(line.split()) == 3]


def listed(root, library):
    return read(f"{root}/tests/build/{'exports' if library == 'pecs' else 'exports_json'}.txt").split()


def differing_lists(root, library, shared, archive):
    expected = listed(root, library)
    failures = [] if expected == sorted(set(expected)) else ["the list is not sorted, or names a function twice"]
    sources = {
        "the headers": from_headers(root, DECLARATION, library),
        os.path.basename(shared): [name.split("@")[0] for name in from_library(shared, "--dynamic") if "@" in name],
        os.path.basename(archive): from_library(archive, "--extern-only"),
    }
    for source, names in sources.items():
        failures += [f"{name} is listed, but not in {source}" for name in sorted(set(expected) - set(names))]
        failures += [f"{name} is in {source}, but not listed" for name in sorted(set(names) - set(expected))]
    return failures, len(expected)


def wrong_versions(root, library, shared):
    major, minor = VERSION.findall(read(f"{root}/include/pecs/status.h"))
    version = f"0.{minor}" if major == "0" else major
    soname = re.findall(r"\(SONAME\).*\[(.*)\]", output(["readelf", "--dynamic", "--wide", shared]))
    failures = [] if soname == [f"lib{library}.so.{version}"] else [
        f"the soname is {soname}, not lib{library}.so.{version}"]
    node = f"PECS_{version}"
    # the version is itself a symbol, absolute and without one
    names = [name for name in from_library(shared, "--dynamic") if name != node]
    return failures + [f"{name} does not have the version {node}" for name in names if not name.endswith(f"@@{node}")]


def unnamed_structs(root):
    structs, page = from_headers(root, STRUCT), read(f"{root}/docs/abi.md")
    failures = [f"docs/abi.md does not name {name}" for name in sorted(structs) if f"`{name}`" not in page]
    return failures if len(structs) > 10 else ["too few structs found: the search is broken"]


def untried_functions(root, library, names):
    tests = ["test_nulls.c", "test_nulls_files.c"] if library == "pecs" else ["test_json_nulls.c"]
    calls = set(re.findall(r"\b(pecs_\w+)\(", "".join(read(f"{root}/tests/unit/{test}") for test in tests)))
    return [f"no call of {name} in {' or '.join(tests)}" for name in names if name not in calls]


def main():
    root, library, shared, archive = sys.argv[1:]
    failures, count = differing_lists(root, library, shared, archive)
    failures += wrong_versions(root, library, shared) + unnamed_structs(root)
    failures += untried_functions(root, library, listed(root, library))
    print("\n".join(failures) or f"{count} functions are exported")
    sys.exit(1 if failures or not count else 0)


main()
