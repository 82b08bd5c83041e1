#!/usr/bin/env python3
"""The program pecs while its system calls and allocations fail: each one, once and from then on.

usage: program_faults_test.py PECS PRELOAD FILE FILE

It must end with 0 and the output of a run without faults, or with 2 and a message: never by a signal, never with a
message about an invalid file, never with 0 and half of its output. Output to a full device is an error too.
"""
import errno
import os
import subprocess
import sys
import tempfile

ERRORS = (errno.EIO, errno.EMFILE, errno.ENOMEM, errno.EACCES)


def run(command, preload, counts, stdin=None, **faults):
    environment = dict(os.environ, LD_PRELOAD=preload, PECS_FAULT_COUNTS=counts, **faults)
    environment.pop("MALLOC_PERTURB_", None)
    return subprocess.run(command, env=environment, input=stdin or b"", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60)


def fail(command, faults, why, result):
    sys.exit(f"{' '.join(command)} with {faults}: {why}; exit code {result.returncode}, "
             f"stderr {result.stderr.decode(errors='replace')!r}")


def try_command(command, preload, counts, stdin):
    """(runs, errors) of all faults of one command, whose standard input is a pipe."""
    right = run(command, preload, counts, stdin)
    with open(counts, encoding="ascii") as text:
        call_count, allocation_count = (int(word) for word in text.read().split())
    if call_count < 3 or allocation_count < 3:
        fail(command, {}, f"only {call_count} calls and {allocation_count} allocations", right)
    trials = [{"PECS_FAULT": f"{call} {number} {on}"}
              for call in range(1, call_count + 1) for number in ERRORS for on in (0, 1)]
    trials += [{"PECS_FAULT_MEMORY": f"{nth} {on}"} for nth in range(1, allocation_count + 1) for on in (0, 1)]
    errors = 0
    for faults in trials:
        result = run(command, preload, counts, stdin, **faults)
        if result.returncode == 2:
            errors += 1
            if not result.stderr.startswith(b"pecs: "):
                fail(command, faults, "no message", result)
        elif result.returncode != right.returncode or result.stdout != right.stdout:
            fail(command, faults, f"it is not {right.returncode}, or the output differs", result)
    return len(trials), errors


def main():
    pecs, preload, first, second = sys.argv[1:5]
    commands = [["info", first], ["info", "--json", first], ["verify", first], ["verify", second],
                ["dump", first], ["dump", "--json", first], ["diff", first, second],
                ["diff", "--detail", first, second], ["info", "-"], ["verify", "-"], ["dump", "-"],
                ["diff", "-", second], ["--help"]]
    with open(first, "rb") as stream:
        stdin = stream.read()
    run_count = error_count = 0
    with tempfile.TemporaryDirectory() as folder:
        counts = os.path.join(folder, "counts")
        for words in commands[:-1]:
            runs, errors = try_command([pecs] + words, os.path.abspath(preload), counts, stdin)
            run_count += runs
            error_count += errors
    for words in commands:
        with open("/dev/full", "wb") as full:
            result = subprocess.run([pecs] + words, input=stdin, stdout=full, stderr=subprocess.PIPE)
        if result.returncode != 2 or not result.stderr.startswith(b"pecs: "):
            fail([pecs] + words, "a full device", "it is not 2 with a message", result)
    print(f"{len(commands) - 1} commands, {run_count} runs with a fault: {error_count} errors with a message, "
          f"{run_count - error_count} right all the same; {len(commands)} outputs to a full device refused")
    if error_count < 50:
        sys.exit("the faults do not show")


main()
