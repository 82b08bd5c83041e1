#!/usr/bin/env python3
"""Without a rule of the format, the tests that are named after it fail, and no others.

usage: check_each_rule.py ROOT PROGRAM...

The programs are tests of the format, linked with readers that pass over the rule in PECS_DISABLED_RULE. The tests of
COMMIT-2 are those whose names begin with COMMIT_2. A test that crashes fails: it runs in a process of its own.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

PARAGRAPH = re.compile(r"^\*\*([A-Z]+-[0-9]+)\.\*\*", re.MULTILINE)
RESULT = re.compile(r"^(ok|not ok) - \S+::(\S+)", re.MULTILINE)
# FILE-1 needs a file that is cut while it is read: it is in tests/faults.
ELSEWHERE = {"FILE-1"}


def run(programs, rule, folder):
    """Of each test: did it pass?"""
    results = {}
    for program in programs:
        tap = subprocess.run([program, "--tap", "--timeout", "30"],
                             env={**os.environ, "PECS_DISABLED_RULE": rule, "TMPDIR": folder},
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
        results.update((name, result == "ok") for result, name in RESULT.findall(tap))
    return results


def check(programs, rule):
    with tempfile.TemporaryDirectory() as folder:
        results = run(programs, rule, folder)
    named = {name for name in results if rule and re.fullmatch(rule.replace("-", "_") + r"(_\D.*)?", name)}
    failed = {name for name, passed in results.items() if not passed}
    complaints = [f"without {rule or 'no rule'} the test {name} fails" for name in failed - named]
    complaints += [f"without {rule} the test {name} passes" for name in named - failed]
    if rule and not named:
        complaints.append(f"no test is named after {rule}")
    return complaints


def main():
    root, *programs = sys.argv[1:]
    with open(os.path.join(root, "docs/format.md"), encoding="utf-8") as page:
        rules = [rule for rule in PARAGRAPH.findall(page.read()) if rule not in ELSEWHERE]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = sum(pool.map(lambda rule: check(programs, rule), ["", *rules]), [])
    print("\n".join(complaints) or f"{len(rules)} rules")
    sys.exit(1 if complaints or len(rules) < 30 else 0)


main()
