#!/usr/bin/env python3
"""--max-bytes: each command refuses what is larger, as a file, by a pipe or when it is inflated, and writes nothing.

usage: check_cli_limits.py PECS MAKE_CLI_WORLDS
"""
import os
import resource
import subprocess
import sys
import tempfile

from pecs_cli import Program, check, check_equal, finish, made_worlds, read_bytes

program, worlds = Program(sys.argv[1]), made_worlds(sys.argv[2])
files = [os.path.join(worlds.name, name + ".pecs") for name in ("things", "numbers", "letters")]
READERS = (["info", "--advise"], ["verify"], ["schema", "show"], ["dump"], ["dump", "--trust"], ["diff", files[0]],
           ["diff", "--trust", files[0]])
WRITERS = (["compact"], ["compact", "--trust"], ["convert", "--to", "pecs"])


def check_file(path, folder):
    """The size of a plain file is the limit: it passes, and a byte less refuses it."""
    data, written = read_bytes(path), os.path.join(folder, "out.pecs")
    size = len(data)
    for words in (["info"], *READERS, *WRITERS):
        output = [written] * (words in WRITERS)
        result = program.run(*words, f"--max-bytes={size}", path, *output)
        check(result.returncode == (1 if words[0] == "diff" and path != words[-1] else 0) and not result.stderr,
              f"{words} {path}: {result}")
        check_equal(f"{words}: files", os.listdir(folder), ["out.pecs"] * len(output))
        for name in output:
            os.remove(name)
        text = program.message(1, *words, path, *output, f"--max-bytes={size - 1}")
        check("LIMIT: " in text and f"the limit is {size - 1}" in text, f"{words} {path}: {text}")
        check_equal(f"{words}: files after a refusal", os.listdir(folder), [])
        if "--trust" in words or words[0] == "compact":
            continue
        text = program.message(1, *words, f"--max-bytes={size - 1}", "-", *output, stdin=None, input=data)
        check("LIMIT: " in text, f"{words} by a pipe: {text}")


def check_inflated(folder):
    """A small file that takes more when it is inflated."""
    packed, output = os.path.join(folder, "packed.pecs"), os.path.join(folder, "out.pecs")
    path = max(files, key=os.path.getsize)
    program.expect(0, "convert", path, packed, "--profile", "small")
    size, full = os.path.getsize(packed), os.path.getsize(path)
    check(size < full / 2, f"{path} takes {size} of {full} bytes")
    for words in (*READERS, *WRITERS, ["salvage"]):
        operands = [packed] + [output] * (words in WRITERS or words == ["salvage"])
        result = program.run(*words, f"--max-bytes={2 * full}", *operands)
        check(b"LIMIT" not in result.stderr, f"{words} of a compressed file: {result.stderr}")
        check_equal(f"{words}: an output", os.path.exists(output), output in operands)
        for name in operands[1:]:
            os.remove(name)
        text = program.message(1, *words, f"--max-bytes={size}", *operands)
        check("LIMIT: " in text, f"{words} of a compressed file: {text}")
        check(not os.path.exists(output), f"{words} wrote what it refused")
    os.remove(packed)


def check_endless():
    """Standard input that goes on and on is refused before memory is taken for it."""
    for words in (["info"], ["verify"], ["dump"], ["convert", "--to", "pecs"]):
        with subprocess.Popen(["head", "-c", "3000000000", "/dev/zero"], stdout=subprocess.PIPE) as endless:
            text = program.message(1, *words, "--max-bytes", "20000000", "-", *(["-"] * (words[0] == "convert")),
                                   stdin=endless.stdout)
            endless.kill()
        check("LIMIT: " in text and "more than 20000000 bytes" in text, f"{words}: {text}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    check(peak < 1000, f"a program took {peak} MiB")


def check_usage():
    for word in ("0", "-1", "1k", "", "18446744073709551616", "all"):
        text = program.message(2, "verify", "--max-bytes", word, files[0])
        check_equal("usage", text, f"verify: --max-bytes takes a number from 1 on, not {word}")
    program.expect(0, "verify", "--max-bytes", "18446744073709551615", files[0])


def main():
    with tempfile.TemporaryDirectory() as folder:
        for path in files:
            check_file(path, folder)
        check_inflated(folder)
    check_endless()
    check_usage()
    finish()


main()
