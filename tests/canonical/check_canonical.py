#!/usr/bin/env python3
"""The same state gives the same bytes, whatever way it was reached, and another state gives others.

usage: check_canonical.py CANONICAL_WORLD FOLDER

Each file is made by a process of its own, so addresses differ. What lies in memory between the fields of components is
drawn from another seed each time. Files that must be the same are compared byte for byte; of each group one is named
as it should be. Files are made in a new folder within FOLDER.
"""
import filecmp
import os
import subprocess
import sys
import tempfile

program, folder = sys.argv[1], sys.argv[2]
failures, compared = [], 0


class Files:
    """Makes files, each once, with new garbage."""

    def __init__(self, folder):
        self.folder, self.count = folder, 0

    def make(self, *options):
        self.count += 1
        path = os.path.join(self.folder, f"{self.count}.pecs")
        subprocess.run([program, *options, "--garbage", str(self.count), path], check=True)
        return path


def difference(left, right):
    """Where two files differ first, or None."""
    if filecmp.cmp(left, right, shallow=False):
        return None
    with open(left, "rb") as file:
        a = file.read()
    with open(right, "rb") as file:
        b = file.read()
    place = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    return f"byte {place} of {len(a)} and {len(b)}"


def must_equal(what, wanted, got):
    global compared
    compared += 1
    place = difference(wanted, got)
    if place:
        failures.append(f"{what}: the files differ from {place} on")
    if got != wanted:
        os.remove(got)


def must_differ(what, left, right):
    global compared
    compared += 1
    if not difference(left, right):
        failures.append(f"{what}: the files are the same")


def check_ways(files, half, whole):
    """Ways to the states after phase 1 and after phase 2."""
    for order in ("backward", "shuffled"):
        must_equal(f"types listed {order}", whole, files.make("--phases", "12", "--types", order))
    must_equal("another process", whole, files.make("--phases", "12"))
    must_equal("snapshots held", whole, files.make("--phases", "12", "--snapshots"))
    must_equal("a fork", whole, files.make("--phases", "12", "--fork", "--types", "backward"))
    again = os.path.join(files.folder, "again.pecs")
    must_equal("the first of two saves", half, files.make("--phases", "1", "--again", again))
    must_equal("the second of two saves", half, again)
    for order in ("forward", "backward", "half", "none"):
        for verb in ([], ["--load"]):
            what = f"{'load' if verb else 'resume'} with types {order}"
            start = ["--from", half, "--types", order, *verb]
            must_equal(f"{what}, saved at once", half, files.make(*start))
            must_equal(f"{what}, edited", whole, files.make(*start, "--phases", "2"))
    must_equal("resume, snapshots held", whole, files.make("--from", half, "--phases", "2", "--snapshots"))
    must_equal("resume, a fork", whole, files.make("--from", half, "--phases", "2", "--fork", "--types", "none"))


def check_returns(files):
    """Back by rewind and by restore: ticks go on, all else is as it was."""
    back = files.make("--phases", "1", "--detour", "rewind")
    must_equal("restore", back, files.make("--phases", "1", "--detour", "restore", "--types", "shuffled"))
    must_equal("rewind, snapshots held", back, files.make("--phases", "1", "--detour", "rewind", "--snapshots"))
    must_equal("rewind, saved and loaded", back, files.make("--from", back, "--load", "--types", "none"))
    return back


def check_changes(files, half, back):
    """What is part of the state shows, and padding is not."""
    changes = {what: files.make("--from", half, "--change", what)
               for what in ("touch", "value", "tag", "id", "meta", "singleton", "tick", "slot")}
    must_equal("padding written", changes["touch"], files.make("--from", half, "--change", "padding"))
    must_equal("padding written after a load", changes["touch"],
               files.make("--from", half, "--load", "--types", "none", "--change", "padding"))
    must_equal("a value changed after a load", changes["value"],
               files.make("--from", half, "--load", "--types", "half", "--change", "value"))
    for what, path in changes.items():
        if what != "touch":
            must_differ(f"{what} changed", half, path)
            must_differ(f"{what} changed, against a mere write", changes["touch"], path)
    must_differ("a detour", half, back)
    other = files.make("--phases", "1", "--nonce", "78")
    must_differ("another session", half, other)


def main():
    with tempfile.TemporaryDirectory(dir=folder, prefix="canonical-") as work:
        files = Files(work)
        half = files.make("--phases", "1")
        whole = files.make("--phases", "12")
        must_differ("phase 2", half, whole)
        check_ways(files, half, whole)
        check_changes(files, half, check_returns(files))
        print("\n".join(failures) or f"{compared} comparisons of files as they should be, "
              f"of {os.path.getsize(half)} and {os.path.getsize(whole)} bytes")
    sys.exit(1 if failures else 0)


main()
