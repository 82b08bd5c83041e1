#!/usr/bin/env python3
"""The README's program compiles without warnings and runs twice, the second time from the first one's save.

usage: check_readme.py SOURCE_ROOT ARCHIVE LINK_ARGUMENTS COMPILER...   (LINK_ARGUMENTS: one word, separated by commas)
"""

import pathlib
import re
import subprocess
import sys
import tempfile


def main():
    root, archive, link = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve(), sys.argv[3].split(",")
    compiler = sys.argv[4:]
    blocks = re.findall(r"^```c\n(.*?)^```$", (root / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    if len(blocks) != 1:
        sys.exit(f"README.md has {len(blocks)} C programs, not one")
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "first.c").write_text(blocks[0], encoding="utf-8")
        subprocess.run([*compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-I", str(root / "include"), "first.c",
                        str(archive), *link, "-o", "first"], cwd=place, check=True)
        for expected in ("entity 0 is at 1, 10\n", "entity 0 is at 2, 10\n"):
            run = subprocess.run(["./first"], cwd=place, check=True, capture_output=True, text=True)
            if run.stdout != expected:
                sys.exit(f"the README's program printed {run.stdout!r}, not {expected!r}")


if __name__ == "__main__":
    main()
