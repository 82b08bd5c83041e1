#!/usr/bin/env python3
"""All lists of exported functions agree: the headers' PECS_API declarations, exports.txt, and the libraries' own.

usage: check_exports.py ROOT SHARED_LIBRARY ARCHIVE

A new function in a header needs its line in exports.txt: adding to the interface is a decision, not an accident.
"""
import glob
import os
import re
import subprocess
import sys

DECLARATION = re.compile(r"^PECS_API\b[^;{]*?\b(pecs_\w+)\s*\(", re.MULTILINE)


def from_headers(root):
    names = []
    for path in glob.glob(f"{root}/include/pecs/*.h"):
        with open(path, encoding="utf-8") as text:
            names += DECLARATION.findall(re.sub(r"/\*.*?\*/", "", text.read(), flags=re.DOTALL))
    return names


def from_list(root):
    with open(f"{root}/tests/build/exports.txt", encoding="utf-8") as text:
        return text.read().split()


def from_library(path, which):
    command = ["nm", which, "--defined-only", path]
    lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return [line.split()[-1] for line in lines if len(line.split()) == 3]


def main():
    root, shared, archive = sys.argv[1:]
    expected = from_list(root)
    failed = False
    if expected != sorted(set(expected)):
        failed = True
        print("exports.txt is not sorted, or names a function twice")
    sources = {
        "the headers": from_headers(root),
        os.path.basename(shared): from_library(shared, "--dynamic"),
        os.path.basename(archive): from_library(archive, "--extern-only"),
    }
    for source, names in sources.items():
        for name in sorted(set(expected) - set(names)):
            failed = True
            print(f"{name} is in exports.txt, but not in {source}")
        for name in sorted(set(names) - set(expected)):
            failed = True
            print(f"{name} is in {source}, but not in exports.txt")
    print(f"{len(expected)} functions are exported")
    sys.exit(1 if failed or not expected else 0)


main()
