#!/usr/bin/env python3
"""A process that saves in a loop is killed with SIGKILL at random moments.

usage: kill_test.py SAVER [--kills N] [--seed S] [--named] [--writer OPTIONS]

After each kill the file is a complete world: the last one that the process reported as saved, or the one that it had
begun to save. The next process loads it, and its first save removes what the kill left. Prints how many kills hit a
save and how many left a temporary. On a machine that is busy with other work, kills come too early: then more of them
follow, each round after twice the time. A run that hits too few saves fails, as it proves nothing, and so does one with
--named (no unnamed files) that left no temporary. --writer has options of the saver: --writer='--stream 1' writes by row streams, not by saves.
"""
import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time


SIZES = (10, 4000, 60000)  # entities
ROUNDS = 6


def fail(message):
    sys.exit(f"kill_test: {message}")


class Life:
    """One process, from its start to its death."""

    def __init__(self, saver, path, first, arguments):
        self.process = subprocess.Popen([saver, "save", path, str(first), "--alone", "1"] + arguments,
                                        stdout=subprocess.PIPE)
        self.found = self.process.stdout.readline().split()
        if not self.found:
            fail(f"the saver does not start: exit code {self.process.wait()}")

    def kill_after(self, seconds):
        """(last saved, last begun), None where there was none."""
        time.sleep(seconds)
        self.process.send_signal(signal.SIGKILL)
        saved = begun = None
        for line in self.process.stdout.read().decode().splitlines():
            word, number = line.split()
            if word == "saved":
                saved = int(number)
            else:
                begun = int(number)
        if self.process.wait() != -signal.SIGKILL:
            fail(f"the saver ended by itself: exit code {self.process.returncode}")
        return saved, begun


def number_of(found):
    return int(found[2]) if found[0] == b"found" else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("saver")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--named", action="store_true")
    parser.add_argument("--writer", type=str.split, default=[])
    options = parser.parse_args()
    chance = random.Random(options.seed)
    folder = tempfile.mkdtemp(prefix="pecs-kill-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    path = os.path.join(folder, "world.pecs")
    allowed, first = {None}, 1
    kill = in_save = left = new = old = 0

    def too_few():
        return options.kills >= 50 and (in_save < 10 or left < 3 * options.named)

    try:
        while kill < options.kills or (too_few() and kill < ROUNDS * options.kills):
            life = Life(options.saver, path, first,
                        ["--entities", str(chance.choice(SIZES)), "--named", str(int(options.named))] + options.writer)
            number = number_of(life.found)
            if number not in allowed:
                fail(f"kill {kill}: found {number}, allowed is {allowed}")
            if len(allowed) == 2:
                new, old = new + (number == first - 1), old + (number != first - 1)
            saved, begun = life.kill_after(chance.uniform(0, 0.02 * 2 ** (kill // options.kills)))
            if saved is not None:
                allowed = {saved}
            else:
                allowed = {number}
            if begun is not None and begun != saved:
                allowed.add(begun)
                in_save += 1
            first = (begun or first) + 1
            left += begun is not None and any(name != "world.pecs" for name in os.listdir(folder))
            kill += 1
        result = subprocess.run([options.saver, "check", path], stdout=subprocess.PIPE)
        if result.returncode or number_of(result.stdout.split()) not in allowed:
            fail(f"the last file: {result.stdout}, allowed is {allowed}")
    finally:
        shutil.rmtree(folder)
    print(f"{kill} kills: {in_save} in a save, {left} left a temporary; of those in a save the next process "
          f"found the new world {new} times and the old one {old} times; no file was broken")
    if too_few():
        fail("too few kills hit a save")


main()
