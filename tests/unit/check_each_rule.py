#!/usr/bin/env python3
"""Without a rule of the format, the tests that are named after it fail, and no others.

usage: check_each_rule.py ROOT PROGRAM...

The programs are tests of the format, linked with readers that skip the rules in PECS_DISABLED_RULE. The tests of
COMMIT-2 are those whose names begin with COMMIT_2. A test that crashes fails: it runs in a process of its own.

Several rules, of different parts of a file, are left out at once. If that gives a complaint, each is left out alone.
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


AT_ONCE = 4  # rules


def run(programs, rules, folder):
    """Of each test: did it pass?"""
    results = {}
    for program in programs:
        tap = subprocess.run([program, "--tap", "--timeout", "30"],
                             env={**os.environ, "PECS_DISABLED_RULE": " ".join(rules), "TMPDIR": folder},
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
        results.update((name, result == "ok") for result, name in RESULT.findall(tap))
    return results


def check(programs, rules):
    with tempfile.TemporaryDirectory() as folder:
        results = run(programs, rules, folder)
    named = {rule: {name for name in results if re.fullmatch(rule.replace("-", "_") + r"(_\D.*)?", name)} for rule in rules}
    of_rules = set().union(*named.values())
    failed = {name for name, passed in results.items() if not passed}
    left_out = ", ".join(rules) or "no rule"
    complaints = [f"without {left_out} the test {name} fails" for name in failed - of_rules]
    complaints += [f"without {left_out} the test {name} passes" for name in of_rules - failed]
    if complaints and len(rules) > 1:
        return sum((check(programs, [rule]) for rule in rules), [])
    return complaints + [f"no test is named after {rule}" for rule in rules if not named[rule]]


def main():
    root, *programs = sys.argv[1:]
    with open(os.path.join(root, "docs/format.md"), encoding="utf-8") as page:
        rules = [rule for rule in PARAGRAPH.findall(page.read()) if rule not in ELSEWHERE]
    group_count = -(-len(rules) // AT_ONCE)
    groups = [[]] + [rules[i::group_count] for i in range(group_count)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = sum(pool.map(lambda group: check(programs, group), groups), [])
    print("\n".join(complaints) or f"{len(rules)} rules")
    sys.exit(1 if complaints or len(rules) < 30 else 0)


main()
