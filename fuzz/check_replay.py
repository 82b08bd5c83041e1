#!/usr/bin/env python3
"""Makes the corpora and replays them, and the findings, through a target.

usage: check_replay.py ROOT TARGET MAKE_CORPUS REPLAY MUTATIONS

Each file is also mutated MUTATIONS times; $PECS_FUZZ_MUTATIONS says another number, 0: none.

The target `load` must break every rule of docs/format.md between its files, and each file of broken/ the rule that it is
named after. FILE-1 needs a file that is cut while it is read: the test `exhaustive` does that.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

PARAGRAPH = re.compile(r"^\*\*([A-Z]+-[0-9]+)\.\*\* +\S", re.MULTILINE)
OTHERWISE = {"FILE-1"}
OWN_INPUTS = {"schema": ["schema"], "edits": ["edits"], "lock": ["lock"], "migrate": ["growth", "worlds"]}


def run(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, universal_newlines=True)
    if result.returncode:
        print(result.stdout, "failed:", " ".join(command))
        sys.exit(1)
    return result.stdout


def rules_of(output):
    return set(re.findall(r"^rule (\S+)$", output, re.MULTILINE))


def check_rules(root, replay, folder, seen):
    with open(os.path.join(root, "docs/format.md"), encoding="utf-8") as text:
        listed = set(PARAGRAPH.findall(text.read()))
    failures = [f"no file breaks {rule}" for rule in sorted(listed - seen - OTHERWISE)]
    for path in sorted(glob.glob(os.path.join(folder, "broken/*.pecs"))):
        rule = os.path.basename(path).split(".")[0]
        broken = rules_of(run([replay, path]))
        broken -= {"TYPE-3"}  # of the second load, which refuses unknown types
        if rule == "NONE" and broken or rule in listed and broken != {rule}:
            failures.append(f"{os.path.basename(path)} breaks {' '.join(sorted(broken)) or 'no rule'}")
    print("\n".join(failures) or f"{len(seen & listed)} of {len(listed)} rules are broken")
    return failures


def main():
    root, target, make_corpus, replay, mutations = sys.argv[1:]
    mutations = os.environ.get("PECS_FUZZ_MUTATIONS", mutations)
    findings = os.path.join(root, "fuzz/regressions", target)
    with tempfile.TemporaryDirectory() as folder:
        run([make_corpus, folder])
        inputs = OWN_INPUTS.get(target, ["worlds", "broken"])
        inputs = [os.path.join(folder, name) for name in inputs] + [findings] * os.path.isdir(findings)
        output = run([replay] + inputs)
        print(output.splitlines()[-1])
        failures = check_rules(root, replay, folder, rules_of(output)) if target == "load" else []
        if mutations != "0":
            print(run([replay, "--mutate", mutations] + inputs).splitlines()[-1])
    sys.exit(1 if failures else 0)


main()
