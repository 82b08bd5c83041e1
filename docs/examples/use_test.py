#!/usr/bin/env python3
"""Runs the tour in a directory of its own: with a friend's file that is no save, and with one that is.

usage: use_test.py USE-PROGRAM
"""

import os
import shutil
import subprocess
import sys
import tempfile


def run(program, directory, expected, complaint):
    done = subprocess.run([program], cwd=directory, capture_output=True, text=True)
    print(done.stdout, done.stderr, sep="", end="")
    if done.returncode != 0:
        sys.exit(f"exit code {done.returncode}")
    if done.stdout != expected:
        sys.exit(f"expected {expected!r}")
    if complaint not in done.stderr or bool(complaint) != bool(done.stderr):
        sys.exit(f"standard error: expected {complaint!r}")


def main():
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as directory:
        save, friend = (os.path.join(directory, name) for name in ("auto.pecs", "friend.pecs"))
        with open(friend, "wb") as file:
            file.write(b"not a save\n" * 1000)
        run(program, directory, "10\n", "friend's save: ")
        shutil.copyfile(save, friend)
        run(program, directory, "1000001 entities\n10\n", "")
        if sorted(os.listdir(directory)) != ["auto.pecs", "friend.pecs"]:
            sys.exit("files remain beside the saves")


if __name__ == "__main__":
    main()
