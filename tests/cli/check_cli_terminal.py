#!/usr/bin/env python3
"""On a terminal: the progress bar, for work over a second, erased at the end; and a dump that stops early. Never
otherwise.

usage: check_cli_terminal.py PECS CLI_FAST_CLOCK MAKE_CLI_WORLDS FILE

With the clock of cli_fast_clock.c, a second has passed whenever the program reads it.
"""
import fcntl
import os
import re
import struct
import subprocess
import sys
import termios

from pecs_cli import Program, check, check_equal, finish, made_worlds, open_terminal

program, clock, good = Program(sys.argv[1]), os.path.abspath(sys.argv[2]), os.path.abspath(sys.argv[4])
# drawn at each progress callback, for the last time at 100 %
BAR = rb"(\r\[[#.]{40}\] [ 1-9][ \d]\d %  0\.0 MiB\x1b\[K)*\r\[#{40}\] 100 %  0\.0 MiB\x1b\[K"
NARROW_BAR = rb"(\r[ \d]{3} %\x1b\[K)*\r100 %\x1b\[K"
WIPE = rb"\r\x1b\[K"


def read_all(outer):
    shown = b""
    try:
        while part := os.read(outer, 4096):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(outer)
    return shown


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
    return result.returncode, result.stdout, read_all(outer)


def shown_by(*words):
    """What a terminal as stdout gets of the program."""
    outer, inner = open_terminal()
    with subprocess.Popen([program.path, *words], stdout=inner, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as run:
        os.close(inner)
        shown = read_all(outer)
        check_equal(f"{words}", (run.wait(), run.stderr.read()), (0, b""))
    return shown.replace(b"\r\n", b"\n")


BOUND = 64 << 10
CUT = b"incomplete: on a terminal a dump stops after 64 KiB; --limit all prints everything\n"


def check_bound(folder):
    """As text, without --limit: the lines up to the bound, and one that says that more follows."""
    for name in ("many", "notes", "numbers", "letters"):
        path = os.path.join(folder, f"{name}.pecs")
        whole, shown = program.expect(0, "dump", path).stdout, shown_by("dump", path)
        check(len(whole) > 3 * BOUND, f"{path} has only {len(whole)} bytes")
        check_equal(f"last line of {path}", shown.splitlines(keepends=True)[-1], CUT)
        shown = shown[:-len(CUT)]
        if name in ("numbers", "letters"):  # one long line
            check(shown.endswith(b"...\n") and BOUND < len(shown) < 3 * BOUND, f"{path}: {len(shown)}")
            check(whole.startswith(shown[:-4]) and shown.decode("utf-8", "strict"), f"{path} begins in another way")
        else:
            check(whole.startswith(shown) and shown.endswith(b"\n"), f"{path} begins in another way")
            check(BOUND <= len(shown) < BOUND + 100, f"{path}: {len(shown)} bytes")
        check_equal(f"{path}, all", shown_by("dump", "--limit", "all", path), whole)
        check_equal(f"{path}, a limit", shown_by("dump", "--limit=100000000", path), whole)
        check_equal(f"{path}, JSON", shown_by("dump", "--json", path), program.expect(0, "dump", "--json", path).stdout)
        check_equal(f"{path}, all, no terminal", program.expect(0, "dump", "--limit", "all", path).stdout, whole)
    check_equal("small", shown_by("dump", good), program.expect(0, "dump", good).stdout)


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
    with made_worlds(sys.argv[3]) as folder:
        check_bound(folder)
    finish()


main()
