#!/usr/bin/env python3
"""Every public function is tested for running out of memory.

usage: check_allocations.py EXPORTS TEST_FAILURES...

Each exported function is called in a trial, where each of its allocations fails in turn, or in the test of functions
that do not allocate; and no trial names a function that does not exist.
"""
import re
import sys

FUNCTION = re.compile(r"^(static [\w ]+\**\w+\([^)]*\)|Test\([^)]*\))\n\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)


def main():
    with open(sys.argv[1], encoding="utf-8") as text:
        exports = set(text.read().split())
    tried, free = set(), set()
    for name in sys.argv[2:]:
        with open(name, encoding="utf-8") as text:
            functions = FUNCTION.findall(text.read())
        for head, body in functions:
            calls = set(re.findall(r"\b(pecs_\w+)\(", body))
            # what a trial does, or a function that a load in a trial calls
            if (re.match(r"static pecs_status \w+\(((?:const )?struct stage \*stage|void \*user, pecs_migration_rows)", head) or
                    "counting.fail_at = counting" in body):
                tried |= calls
            elif "failures_none" in head or re.search(r"\b(read_view|read_rows|read_manager|destroy_all)\(", head):
                free |= calls
    failures = [f"{name} is in no trial, nor among those that take no memory" for name in sorted(exports - tried - free)]
    if len(tried) < 30 or len(free) < 30:
        failures.append("too few functions found: the search is broken")
    print("\n".join(failures) or f"{len(exports)} functions: {len(exports & tried)} in trials of failing memory, "
          f"{len(exports - tried)} others take none")
    sys.exit(1 if failures else 0)


main()
