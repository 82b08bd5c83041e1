#!/usr/bin/env python3
"""Exit codes and messages: help and version, wrong usage, files that cannot be read, output that cannot be written.

usage: check_cli_usage.py PECS VERSION FILE
"""
import os
import resource
import signal
import subprocess
import sys
import tempfile

from pecs_cli import Program, check, check_equal, finish, read_bytes, write_bytes

program, version, good = Program(sys.argv[1]), sys.argv[2], os.path.abspath(sys.argv[3])
COMMANDS = {"info": 1, "verify": 1, "dump": 1, "diff": 2, "compact": 2, "convert": 2,
            "schema show": 1, "schema lock": 1, "schema check": 2, "schema json": 1}
NOBODY = 65534


def files_for(command, path):
    """The path of the file that is read last."""
    return [path, "/nonexistent/y.pecs"] if command in ("compact", "convert", "schema lock") else [good] * (COMMANDS[command] - 1) + [path]


def check_help():
    text = program.text("--help")
    check_equal("version", program.text("--version"), f"pecs {version}\n")
    for word in ("-h", "help"):
        check_equal(f"pecs {word}", program.text(word), text)
    for word in ("--help", "-h", "help"):
        own = program.text("schema", word)
        listed = [line.strip().split("  ")[0] for line in own.splitlines() if line.startswith("  ")]
        check_equal(f"pecs schema {word}", listed, [name for name in COMMANDS if name.startswith("schema ")])
    for command in COMMANDS:
        check(f"\n  {command} " in text, f"--help does not name {command}")
        own = program.text(*command.split(), "--help")
        check(own.startswith(f"usage: pecs {command} [options] " + ("LOCK FILE" if command == "schema check" else "FILE")), own)
        check_equal("help with a file", program.text(*command.split(), good, "--help"), own)


def check_usage():
    for words, part in (
            ([], "missing command"), (["frobnicate"], "unknown command frobnicate"), ([""], "unknown command "),
            (["--json"], "unknown command --json"), (["info"], "expected FILE"), (["schema"], "schema: expected show, lock, check or json"), (["schema", "x", good], "schema: expected show"),
            (["schema", "check", good], "schema check: expected LOCK FILE"), (["schema", "lock", good], "schema lock: expected FILE OUTPUT"),
            (["schema", "show", "-o", "a", good], "unknown option -o"),
            (["diff", good], "expected FILE FILE"),
            (["info", good, good], "unexpected argument: "), (["compact", good], "expected FILE OUTPUT"), (["info", "--limit", "1", good], "unknown option --limit"),
            (["info", "-j", good], "unknown option -j"), (["dump", "--json", "--json", good], "given twice: --json"),
            (["dump", "--json=yes", good], "no value allowed after --json"), (["dump", "--js", good], "unknown option --js"),
            (["dump", good, "--limit"], "missing value after --limit"), (["dump", "--limit", "-1", good], "not -1"),
            (["dump", "--entity", good], f"expected FILE ({good} is the value of --entity)"),
            (["dump", good, "--limit", "1", "--entity"], "missing value after --entity"),
            (["dump", "--entity=" + good], "expected FILE; see"),
            (["dump", "--limit", "1x", good], "not 1x"), (["dump", "--limit=", good], "takes a number"),
            (["dump", "--limit", "18446744073709551616", good], "takes a number below 2^64 or all, not 18446744073709551616"),
            (["dump", "--entity", "1", good], "--entity takes an id or INDEX:GENERATION"), (["dump", "--entity", "1:", good], "--entity takes an id or INDEX:GENERATION"),
            (["dump", "--entity", "4294967296:1", good], "--entity takes an id or INDEX:GENERATION"), (["dump", "--entity", "x:1", good], "--entity takes an id or INDEX:GENERATION"),
            (["dump", "--entity", "0" * 40 + ":1", good], "--entity takes an id or INDEX:GENERATION"),
            (["info", "\x1b[31m\n"], "\\x1b[31m\\x0a"), (["\x1b[31m"], "unknown command \\x1b[31m")):
        text = program.message(2, *words)
        check(part in text, f"pecs {words}: {text}")
    with tempfile.TemporaryDirectory() as folder:
        write_bytes(os.path.join(folder, "--json"), read_bytes(good))
        check("--json: ok" in program.expect(0, "verify", "--", "--json", cwd=folder).stdout.decode(), "-- ends no options")


def check_files():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        fifo, secret = os.path.join(folder, "fifo"), os.path.join(folder, "secret.pecs")
        os.mkfifo(fifo)
        write_bytes(secret, read_bytes(good))
        os.chmod(secret, 0)
        for command in COMMANDS:
            for path in ("/nonexistent/x.pecs", folder, fifo, "/dev/null"):
                text = program.message(2, *command.split(), *files_for(command, path))
                check(path in text, f"{command} {path}: {text}")
            check("No such file" in program.message(2, *command.split(), *files_for(command, "")), "no path at all")
            # root may read everything, and another user may not be able to open the program: then the shell's exec
            # starts it
            settings = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
            settings["env"] = {**os.environ, "GCOV_PREFIX": folder}  # a build with coverage writes where it may
            try:
                text = program.message(2, *command.split(), *files_for(command, secret), **settings)
            except PermissionError:
                continue
            check("Permission denied" in text, f"{command} without permission: {text}")
        for size in range(0, 200, 7):
            path = write_bytes(os.path.join(folder, "cut.pecs"), read_bytes(good)[:size])
            text = program.message(1, "info", path)
            check(": CORRUPT: " in text, f"cut to {size}: {text}")


def full_disk(*words):
    with open("/dev/full", "wb") as full:
        return program.expect(2, *words, stdout=full).stderr.decode()


def gone_reader(restore_signals, *words):
    """Its output is a pipe whose reader has closed it."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return program.run(*words, stdout=writing, restore_signals=restore_signals)
    finally:
        os.close(writing)


def check_output():
    for words in (["--help"], ["--version"], ["info", "--help"], ["info", good], ["verify", good], ["dump", good],
                  ["dump", "--json", good], ["diff", good, good]):
        check_equal(f"{words} to a full disk", full_disk(*words),
                    "pecs: cannot write the output: No space left on device\n")
        result = gone_reader(True, *words)
        check_equal(f"{words} without a reader", (result.returncode, result.stderr), (-signal.SIGPIPE, b""))
        result = gone_reader(False, *words)  # as Python's own children, with the signal ignored
        check_equal(f"{words} without a reader, SIGPIPE ignored", (result.returncode, result.stderr),
                    (2, b"pecs: cannot write the output: Broken pipe\n"))
    quoted = " ".join(f"'{word}'" for word in (program.path, "dump", good))
    result = subprocess.run(["sh", "-c", f"{quoted} >&-"], stderr=subprocess.PIPE)
    check_equal("stdout is closed", (result.returncode, result.stderr),
                (2, b"pecs: cannot write the output: Bad file descriptor\n"))
    result = subprocess.run(["sh", "-c", f"{quoted} >&- 2>&-"])
    check_equal("stdout and stderr are closed", result.returncode, 2)


def check_file_limit():
    """A file that may not grow is an error with a message; nothing is left of the output."""
    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as elsewhere:
        output = os.path.join(folder, "out.pecs")
        # a build with coverage writes files, too, which the limit would damage
        environment = {**os.environ, "GCOV_PREFIX": elsewhere, "GCOV_ERROR_FILE": os.devnull}
        for words in (["compact"], ["convert"], ["salvage"]):
            text = program.message(2, *words, good, output, preexec_fn=small_files, restore_signals=False,
                                   env=environment)
            check(text.endswith("File too large"), f"{words}: {text}")
            check_equal(f"{words}: files", os.listdir(folder), [])


def main():
    check_help()
    check_usage()
    check_files()
    check_output()
    check_file_limit()
    finish()


main()
