#!/usr/bin/env python3
"""The CSV plugin both ways, and what it refuses.

usage: csv_test.py CSV-PLUGIN-PROGRAM
"""

import os
import subprocess
import sys
import tempfile

TEXT = "index,generation,x,y\n0,1,1.5,-2\n2,7,0.100000001,16777216\n"
REFUSED = {
    "csv: line 2 is not index,generation,x,y": ("0,1,1.5\n", "0,1,1,2,3\n", "none\n", "0,1,1,2", "9" * 500 + "\n"),
    "csv: {Position}, row 0: 0:0 is not a handle of an entity": ("0,0,1,2\n",),
    "csv: {Position}, row 1: the slot of 4:1 is taken by 4:1, {Position}, row 0": ("4,1,1,2\n4,1,1,2\n",),
}


def run(program, *paths):
    done = subprocess.run([program, *paths], capture_output=True, text=True)
    return done.returncode, done.stderr.strip()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        write("a.csv", TEXT)
        for paths in (("a.csv", "b.pecs"), ("b.pecs", "c.csv"), ("c.csv", "d.pecs")):
            if run(program, *paths) != (0, ""):
                sys.exit(f"{paths}: {run(program, *paths)}")
        if read("c.csv") != TEXT.encode() or not read("b.pecs").startswith(b"PECS"):
            sys.exit("what came back is not what was given")
        for message, bodies in REFUSED.items():
            for body in bodies:
                write("bad.csv", "index,generation,x,y\n" + body)
                if run(program, "bad.csv", "e.pecs") != (1, message):
                    sys.exit(f"{body!r}: {run(program, 'bad.csv', 'e.pecs')}")
        if os.path.exists("e.pecs") or run(program, "a.csv", "no/where.csv")[0] != 1:
            sys.exit("a failure left a file")


if __name__ == "__main__":
    main()
