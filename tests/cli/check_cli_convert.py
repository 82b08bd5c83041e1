#!/usr/bin/env python3
"""pecs convert: every golden file stays the world that it is, by paths and streams; wrong formats and files are named.

usage: check_cli_convert.py PECS FILE...
"""
import os
import sys
import tempfile

from pecs_cli import Program, check, check_equal, finish, read_bytes, write_bytes

program, files = Program(sys.argv[1]), [path for path in map(os.path.abspath, sys.argv[2:]) if path.endswith(".pecs")]
has_json = ", json" in program.message(2, "convert", "--to", "xml", files[0], "out")


def check_same_world(path, folder):
    new = os.path.join(folder, "new.pecs")
    check_equal(f"convert {path}", program.text("convert", path, new), "")
    check_equal(f"differences of {path}", program.expect(0, "diff", "--json", path, new).returncode, 0)
    with open(path, "rb") as stdin:
        streamed = program.run("convert", "--to", "pecs", "-", "-", stdin=stdin).stdout
    check(streamed == read_bytes(new), f"{path} through standard input and output")
    check_equal(f"{path} again, in its place", program.text("convert", new, new), "")
    check(read_bytes(new) == streamed, f"{path} again")


def check_json(path, folder):
    """By way of a document, which has all of the world, but no metadata of the file alone for one that is loaded."""
    document, back = os.path.join(folder, "world.json"), os.path.join(folder, "back.pecs")
    program.text("convert", path, document)
    program.text("convert", document, back)
    differences = program.run("diff", "--detail", path, back).stdout.decode().splitlines()
    differences = [line for line in differences if "metadata of the file alone" not in line and back not in line]
    check_equal(f"differences of {path} by way of JSON", differences, [])
    again = program.run("convert", "--to", "json", back, "-").stdout
    with open(document, "rb") as stdin:
        same = program.run("convert", "--to", "json", "-", "-", stdin=stdin).stdout
    check(again == same, f"the document of {path} again")


def check_pipe(path, folder):
    """A pipe is read once; what it holds is kept like what is in a file."""
    program.text("convert", path, os.path.join(folder, "direct.pecs"))
    result = program.run("convert", "--to", "pecs", "-", os.path.join(folder, "piped.pecs"), stdin=None,
                         input=read_bytes(path))
    check_equal("from a pipe", (result.returncode, result.stderr), (0, b""))
    check(read_bytes(os.path.join(folder, "piped.pecs")) == read_bytes(os.path.join(folder, "direct.pecs")),
          f"{path} from a pipe")


def check_formats(path, folder):
    other = os.path.join(folder, "world.other")
    for words, part in (
            (["--to", "xml", path, other], "convert: xml is not a format; there are: pecs"),
            (["--from", "xml", path, other], "convert: xml is not a format"),
            ([path, other], f"convert: no format has the extension of {other}; use --to"),
            ([path, "-"], "convert: standard output needs --to"),
            ([path, os.path.join(folder, "no/where.pecs")], "No such file or directory"),
            (["--to", "pecs", path], "expected FILE OUTPUT")):
        text = program.message(2, "convert", *words)
        check(part in text, f"convert {words}: {text}")
    check(not os.path.exists(other), "a format that is not known made a file")
    program.text("convert", "--to=pecs", path, other)
    check_equal("by its bytes, not by its name", program.text("convert", other, os.path.join(folder, "a.pecs")), "")
    text = write_bytes(os.path.join(folder, "notes.txt"), b"some text")
    message = program.message(2, "convert", text, other)
    check("use --to" in message, message)
    message = program.message(1, "convert", "--to", "pecs", text, other)
    check("notes.txt: neither bytes nor name are of a format that the program knows (pecs" in message, message)
    message = program.message(1, "convert", "--from", "pecs", "--to", "pecs", text, other)
    check("notes.txt: CORRUPT: " in message, message)


def check_damage(path, folder):
    data = bytearray(read_bytes(path))
    data[len(data) // 2] ^= 1
    bad, output = write_bytes(os.path.join(folder, "bad.pecs"), data), os.path.join(folder, "kept.pecs")
    write_bytes(output, b"kept")
    message = program.message(1, "convert", bad, output)
    check("bad.pecs: CORRUPT: " in message, message)
    check(read_bytes(output) == b"kept", "the output")
    with open("/dev/full", "wb") as full:
        result = program.expect(2, "convert", "--to", "pecs", path, "-", stdout=full)
    check(b"No space left on device" in result.stderr, f"a full disk: {result.stderr}")


def main():
    check(len(files) > 3, "too few golden files")
    with tempfile.TemporaryDirectory() as folder:
        for path in files:
            check_same_world(path, folder)
            check_pipe(path, folder)
            if has_json:
                check_json(path, folder)
        check_formats(files[0], folder)
        check_damage(files[0], folder)
    finish()


main()
