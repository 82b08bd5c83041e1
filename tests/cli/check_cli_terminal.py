#!/usr/bin/env python3
"""The progress bar: on a terminal, for work over a second, wiped off at the end; never otherwise.

usage: check_cli_terminal.py PECS CLI_FAST_CLOCK FILE

With the clock of cli_fast_clock.c, a second has passed whenever the program looks.
"""
import fcntl
import os
import re
import struct
import subprocess
import sys
import termios

from pecs_cli import Program, check, check_equal, finish, open_terminal

program, clock, good = Program(sys.argv[1]), os.path.abspath(sys.argv[2]), os.path.abspath(sys.argv[3])
# drawn as often as the load tells, the last time when all is done
BAR = rb"(\r\[[#.]{40}\] [ 1-9][ \d]\d %  0\.0 MiB\x1b\[K)*\r\[#{40}\] 100 %  0\.0 MiB\x1b\[K"
NARROW_BAR = rb"(\r[ \d]{3} %\x1b\[K)*\r100 %\x1b\[K"
WIPE = rb"\r\x1b\[K"


def on_terminal(*words, is_fast, columns=80):
    """What comes out of stdout, and what the terminal gets, which is stderr."""
    outer, inner = open_terminal()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {**os.environ, **({"LD_PRELOAD": clock} if is_fast else {})}
    try:
        result = subprocess.run([program.path, *words], stdout=subprocess.PIPE, stderr=inner, stdin=subprocess.DEVNULL,
                                env=environment, timeout=120)
    finally:
        os.close(inner)
    shown = b""
    try:
        while part := os.read(outer, 4096):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(outer)
    return result.returncode, result.stdout, shown


def check_shown(what, result, pattern, output):
    code, printed, shown = result
    check_equal(what, (code, printed), (0, output))
    check(re.fullmatch(pattern, shown), f"{what}: the terminal gets {shown}")


def main():
    for words in (["verify", good], ["dump", good], ["dump", "--json", good]):
        plain = program.expect(0, *words).stdout
        check_shown(f"{words}, over a second", on_terminal(*words, is_fast=True), BAR + WIPE, plain)
        check_shown(f"{words}, at once", on_terminal(*words, is_fast=False), b"", plain)
        result = program.run(*words, env={**os.environ, "LD_PRELOAD": clock})
        check_equal(f"{words}, no terminal", (result.returncode, result.stdout, result.stderr), (0, plain, b""))
    plain = program.expect(0, "diff", good, good).stdout
    check_shown("diff, over a second", on_terminal("diff", good, good, is_fast=True), BAR + WIPE + BAR + WIPE, plain)
    plain = program.expect(0, "verify", good).stdout
    check_shown("narrow", on_terminal("verify", good, is_fast=True, columns=20), NARROW_BAR + WIPE, plain)
    check_shown("of no width", on_terminal("verify", good, is_fast=True, columns=0), BAR + WIPE, plain)
    plain = program.expect(0, "info", good).stdout
    check_shown("info reads a few pages", on_terminal("info", good, is_fast=True), b"", plain)
    finish()


main()
