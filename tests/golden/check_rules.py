#!/usr/bin/env python3
"""The rules of docs/format.md are those of the readers, and of the tests.

usage: check_rules.py ROOT

Each id in a string of src/ or of read_pecs.py has its paragraph, "**COMMIT-2.** ...", and each paragraph its id in src/;
and each is expected by one of the tests of the format.
"""
import glob
import os
import re
import sys

STRING = re.compile(r'"([A-Z]+-[0-9]+)"')
PARAGRAPH = re.compile(r"^\*\*([A-Z]+-[0-9]+)\.\*\* +\S.{20}", re.MULTILINE)
# FILE-1 needs a file that is cut while it is read, which a test of a whole process cannot time.
UNTESTED = {"FILE-1"}


def read_text(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def main():
    root = sys.argv[1]
    sources = glob.glob(os.path.join(root, "src/**/*.c"), recursive=True)
    listed = PARAGRAPH.findall(read_text(os.path.join(root, "docs/format.md")))
    in_library = {rule for path in sources for rule in STRING.findall(read_text(path))}
    in_reader = set(STRING.findall(read_text(os.path.join(root, "tests/read_pecs.py"))))
    tests = glob.glob(os.path.join(root, "tests/unit/test_format*.c"))
    in_tests = {rule for path in tests for rule in STRING.findall(read_text(path))}
    failures = [f"{rule} is listed {listed.count(rule)} times" for rule in set(listed) if listed.count(rule) > 1]
    failures += [f"{rule} is in src, but not in docs/format.md" for rule in in_library - set(listed)]
    failures += [f"{rule} is in docs/format.md, but not in src" for rule in set(listed) - in_library]
    failures += [f"{rule} is in read_pecs.py, but not in docs/format.md" for rule in in_reader - set(listed)]
    failures += [f"{rule} is expected by none of tests/unit/test_format*.c" for rule in set(listed) - in_tests - UNTESTED]
    if len(listed) < 30:
        failures.append(f"only {len(listed)} rules were found")
    print("\n".join(sorted(failures)) or f"{len(listed)} rules")
    sys.exit(1 if failures else 0)


main()
