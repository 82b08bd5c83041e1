#!/usr/bin/env python3
"""Two processes save to one name in a loop, while a third loads and resumes the file.

usage: shared_name_test.py SAVER [--seconds S] [--ways unnamed|named|mixed]

Readers always find a complete world of one of the two, and the numbers of each never decrease. At the end there is
one file and no temporary. The savers use unnamed files, named ones, or one of each kind.
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time


def fail(message):
    sys.exit(f"shared_name_test: {message}")


def start(saver, path, family, entities, named):
    """The process and the file that it writes to: a pipe without a reader would block it."""
    output = tempfile.TemporaryFile()
    command = [saver, "save", path, "1", "--family", family, "--entities", entities, "--named", str(int(named))]
    return subprocess.Popen(command, stdout=output), output


def finish(process, output):
    """The last number that a saver reported before a signal killed it."""
    process.send_signal(signal.SIGTERM)
    if process.wait() != -signal.SIGTERM:
        fail(f"a saver ended with {process.returncode}")
    output.seek(0)
    lines = output.read().decode().splitlines()
    return int(next(line.split()[1] for line in reversed(lines) if line.startswith("saved")))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("saver")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--ways", choices=("unnamed", "named", "mixed"), default="unnamed")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="pecs-shared-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    path = os.path.join(folder, "world.pecs")
    try:
        savers = [start(options.saver, path, "1", "50", options.ways == "named"),
                  start(options.saver, path, "2", "3000", options.ways != "unnamed")]
        watcher = subprocess.Popen([options.saver, "watch", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        time.sleep(options.seconds)
        output, _ = watcher.communicate()
        counts = [finish(*saver) for saver in savers]
        if watcher.returncode:
            fail(f"the reader ended with {watcher.returncode}")
        words = output.decode().split()
        looks, changes = int(words[1]), int(words[4])
        # the savers died by a signal: one more save clears what they left
        last = subprocess.Popen([options.saver, "save", path, "1000000", "--alone", "1", "--named",
                                 str(int(options.ways != "unnamed"))], stdout=subprocess.PIPE)
        while not last.stdout.readline().startswith(b"begin 1000001"):
            if last.poll() is not None:
                fail("the last save left a temporary")
        last.kill()
        last.wait()
        print(f"{counts[0]} and {counts[1]} saves to one name, read {looks} times, {changes} changes seen: "
              "always a whole world")
        if min(counts) < 20 or changes < 20:
            fail("too little happened to prove anything")
    finally:
        shutil.rmtree(folder)


main()
