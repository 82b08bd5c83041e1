#!/usr/bin/env python3
"""info, verify, dump and diff of "-", standard input: a pipe, a file, and what cannot be read.

usage: check_cli_stdin.py PECS FILE...

The output is that of the same file by its name, but for the name.
"""
import os
import subprocess
import sys
import tempfile

from pecs_cli import Program, check, check_equal, finish, open_terminal, read_bytes, write_bytes

program, files = Program(sys.argv[1]), [os.path.abspath(path) for path in sys.argv[2:]]
NAME = "standard input"
COMMANDS = (["info"], ["info", "--json"], ["verify"], ["verify", "--json"], ["dump"], ["dump", "--json"], ["schema", "show"], ["schema", "json"])


def named(output, path):
    """The output for a file, as it is for standard input."""
    return output.replace(path.encode(), NAME.encode())


def check_good(path):
    data = read_bytes(path)
    for words in COMMANDS:
        expected = named(program.expect(0, *words, path).stdout, path)
        for form in (["-"], ["--", "-"]):
            pipe = program.expect(0, *words, *form, stdin=None, input=data)
            check_equal(f"{words} {form} of a pipe", (pipe.stdout, pipe.stderr), (expected, b""))
        with open(path, "rb") as stream:
            check_equal(f"{words} of a file", program.expect(0, *words, "-", stdin=stream).stdout, expected)
            check_equal(f"{words} leaves the position", stream.tell(), 0)


def check_position(path):
    """A file is read from where it stands."""
    with tempfile.TemporaryFile() as stream:
        stream.write(b"before" + read_bytes(path))
        stream.seek(6)
        for words in COMMANDS:
            expected = named(program.expect(0, *words, path).stdout, path)
            check_equal(f"{words} behind other bytes", program.expect(0, *words, "-", stdin=stream).stdout, expected)


def check_diff(path, other):
    data = read_bytes(path)
    for words in (["diff"], ["diff", "--detail"], ["diff", "--json"], ["diff", "--by-handle"]):
        check_equal("nothing differs", program.expect(0, *words, "-", path, stdin=None, input=data).returncode, 0)
        for pair, as_stdin in (((path, other), ("-", other)), ((other, path), (other, "-"))):
            expected = named(program.expect(1, *words, *pair).stdout, path)
            check_equal(f"{words} {as_stdin}", program.expect(1, *words, *as_stdin, stdin=None, input=data).stdout,
                        expected)


def check_bad(path):
    data = read_bytes(path)
    for words in (["info"], ["verify"], ["dump"], ["diff", path]):
        for size, rule in ((0, "FILE-2"), (100, "FILE-2"), (5000, "FOOTER-1"), (len(data) - 1, "FOOTER-1")):
            text = program.message(1, *words, "-", stdin=None, input=data[:size])
            check(text.startswith(f"{NAME}: CORRUPT: {rule} at byte "), f"{words} cut to {size}: {text}")
        for how, reason in (("<&-", "Bad file descriptor"), ("</", "Is a directory")):
            quoted = " ".join(f"'{word}'" for word in (program.path, *words, "-"))
            result = subprocess.run(["sh", "-c", f"{quoted} {how}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            check_equal(f"{words} {how}", (result.returncode, result.stdout, result.stderr.decode()),
                        (2, b"", f"pecs: cannot read {NAME}: {reason}\n"))
        text = program.message(1, *words, "-")  # /dev/null
        check(text.startswith(f"{NAME}: CORRUPT: FILE-2"), text)


def check_usage(path):
    for words, part in ((["compact", "-", "x.pecs"], "compact: standard input is not allowed, and a file of that name is ./-"),
                        (["compact", path, "-"], "compact: standard output is not allowed, and a file of that name is ./-"),
                        (["salvage", path, "-"], "salvage: standard output is not allowed"), (["diff", "-", "-"], "diff: only one file can be standard input"),
                        (["dump", "--trust", "-"], "dump: standard input cannot be opened with --trust"),
                        (["diff", "--trust", path, "-"], "--trust")):
        text = program.message(2, *words)
        check(part in text, f"pecs {words}: {text}")
    with tempfile.TemporaryDirectory() as folder:
        write_bytes(os.path.join(folder, "-"), read_bytes(path))
        for words in COMMANDS:
            expected = program.expect(0, *words, path).stdout.replace(path.encode(), b"./-")
            check_equal(f"{words} ./-", program.expect(0, *words, "./-", cwd=folder).stdout, expected)
        program.expect(0, "compact", "./-", "out.pecs", cwd=folder)


def check_terminal():
    """A terminal is a stream like any other: what is typed is no file."""
    outer, inner = open_terminal()
    process = subprocess.Popen([program.path, "verify", "-"], stdin=inner, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    os.close(inner)
    os.write(outer, b"not of PECS\n" * 20 + b"\x04")
    out, err = process.communicate(timeout=60)
    os.close(outer)
    check_equal("a terminal", (process.returncode, out), (1, b""))
    check(err.startswith(f"pecs: {NAME}: CORRUPT: HEADER-1 at byte 0".encode()), err)


def check_chain(path):
    """Through a slow pipe and cat, as users do."""
    command = f"(head -c 5000 '{path}'; sleep 0.2; tail -c +5001 '{path}') | '{program.path}' verify -"
    result = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check_equal("a slow pipe", (result.returncode, result.stderr), (0, b""))
    check(result.stdout.startswith(f"{NAME}: ok, ".encode()), result.stdout)


def main():
    for path in files:
        check_good(path)
    check_position(files[0])
    check_diff(files[0], files[1])
    check_bad(files[0])
    check_usage(files[0])
    check_terminal()
    check_chain(files[0])
    finish()


main()
