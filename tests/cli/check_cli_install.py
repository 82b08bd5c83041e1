#!/usr/bin/env python3
"""What `meson install` puts into an empty folder for the program pecs: it runs, and its page and completion are found.

usage: check_cli_install.py MESON BUILD VERSION PECS_1 PECS_COMPLETION
"""
import glob
import os
import subprocess
import sys
import tempfile

from pecs_cli import Program, check_equal, finish, read_bytes

meson, build, version, page, completion = sys.argv[1:]


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([meson, "install", "--no-rebuild", "-C", build, "--destdir", folder], stdout=subprocess.DEVNULL,
                       check=True)

        def installed(pattern):
            found = glob.glob(f"{folder}/**/{pattern}", recursive=True)
            check_equal(pattern, len(found), 1)
            return found[0] if found else os.devnull

        check_equal("version", Program(installed("bin/pecs")).text("--version"), f"pecs {version}\n")
        check_equal("page", read_bytes(installed("man/man1/pecs.1")), read_bytes(page))
        check_equal("completion", read_bytes(installed("share/bash-completion/completions/pecs")), read_bytes(completion))
    finish()


main()
