#!/usr/bin/env python3
"""pecs schema: the types of files as text, into files, and the check of a save against a lock.

usage: check_cli_schema.py PECS MAKE_CLI_WORLDS HAS_JSON
"""
import json
import os
import re
import sys

try:
    import jsonschema
except ImportError:
    jsonschema = None

from pecs_cli import Program, check, check_equal, finish, made_worlds, read_bytes, write_bytes

program, has_json = Program(sys.argv[1]), sys.argv[3] == "true"


def check_texts(folder):
    """Each file's text is that of its lock, and the file passes against it without a difference."""
    count = 0
    for name in sorted(os.listdir(folder)):
        path, lock = os.path.join(folder, name), os.path.join(folder, name + ".lock")
        if name.startswith("rough-"):  # files that load refuses
            check(": CORRUPT: " in program.message(1, "schema", "show", path), name)
            continue
        text = program.text("schema", "show", path)
        check(re.match(r"pecs lock 1\nschema version 0, oldest reader 0\n", text), text)
        check_equal("lock on stdout", program.text("schema", "lock", path, "-"), text)
        check_equal("lock into a file", program.text("schema", "lock", path, lock), "")
        check_equal("lock in a file", read_bytes(lock).decode(), text)
        check_equal("check", program.text("schema", "check", lock, path), f"{path}: ok, 0 warnings, 0 notes\n")
        os.remove(lock)
        count += 1
    check(count > 15, f"only {count} files")


def check_names(folder):
    text = program.text("schema", "show", os.path.join(folder, "strange.pecs"))
    check('\ntype "No\\"te\\\\ \\u{202e}=" version 1\n    text[12] "te xt\\u{202e}"\n' in text, text)
    check('    enum8 "mood"\n        "Calm"\n        "A\\"ngry \\u{202e}"\n' in text, text)


def check_differences(folder):
    before, relaid = os.path.join(folder, "before.pecs"), os.path.join(folder, "relaid.pecs")
    lock = os.path.join(folder, "before.lock")
    program.text("schema", "lock", before, lock)
    check_equal("a later version", program.text("schema", "check", lock, relaid),
                "note: Point: version 1 becomes version 2 by its fields\nnote: Point.x: i32 becomes f64\n"
                f"note: Point.y: i32 becomes f64\n{relaid}: ok, 0 warnings, 3 notes\n")
    program.text("schema", "lock", relaid, lock)
    text = program.expect(1, "schema", "check", lock, before).stdout.decode()
    loss = "may have numbers that the new kind cannot hold: lost, if the program consents"
    check_equal("an earlier version", text,
                "failure: Point: has version 1, lower than 2 in the lock\n"
                "note: Point: version 2 becomes version 1 by its fields\nnote: Point.x: f64 becomes i32\n"
                f"note: Point.y: f64 becomes i32\nwarning: Point.x: {loss}\nwarning: Point.y: {loss}\n"
                f"{before}: 1 failure, 2 warnings, 3 notes\n")
    program.text("schema", "lock", before, lock)
    newer = read_bytes(lock).replace(b"schema version 0", b"schema version 7")
    text = program.expect(1, "schema", "check", write_bytes(lock, newer), before).stdout.decode()
    check_equal("schema version", text, "failure: the schema version is 0, lower than 7 in the lock\n"
                f"{before}: 1 failure, 0 warnings, 0 notes\n")


def check_json(folder):
    """The schema of a file accepts the document that convert makes of it, and not one with a field too many."""
    before = os.path.join(folder, "before.pecs")
    if not has_json:
        check("was built without JSON" in program.message(2, "schema", "json", before), "a program without JSON")
        return
    for name in ("before", "relaid", "strange"):
        path = os.path.join(folder, name + ".pecs")
        schema = json.loads(program.text("schema", "json", path))
        document = program.text("convert", path, "-", "--to", "json")
        check("Point" in json.dumps(schema) or name == "strange", schema)
        if jsonschema:
            validator = jsonschema.Draft202012Validator(schema)
            check_equal(name, [error.message for error in validator.iter_errors(json.loads(document))], [])
            if name == "before":
                wrong = json.loads(document.replace('"x":', '"zz":', 1))
                check(not validator.is_valid(wrong), "a field that the type lacks")


def check_stdin(folder):
    before = os.path.join(folder, "before.pecs")
    text = program.text("schema", "show", before).encode()
    lock = write_bytes(os.path.join(folder, "some.lock"), text)
    result = program.expect(0, "schema", "check", "-", before, stdin=None, input=text)
    check_equal("lock from a pipe", result.stdout.decode(), f"{before}: ok, 0 warnings, 0 notes\n")
    result = program.expect(0, "schema", "check", lock, "-", stdin=None, input=read_bytes(before))
    check_equal("save from a pipe", result.stdout.decode(), "standard input: ok, 0 warnings, 0 notes\n")


def check_errors(folder):
    good, bad = os.path.join(folder, "before.pecs"), os.path.join(folder, "bad.lock")
    for data, part in ((b"", "CORRUPT: line 1, column 1: expected 'pecs lock '"),
                       (b"pecs lock 2\n", "UNSUPPORTED: the lock has form 2; this library knows form 1"),
                       (bytes(17 << 20), "LIMIT: the lock has 16777217 bytes, more than 16 MiB"),
                       (read_bytes(good), "CORRUPT: line 1, column 1: expected 'pecs lock '")):
        text = program.message(1, "schema", "check", write_bytes(bad, data), good)
        check_equal("message", text, f"{bad}: {part}")
    text = program.message(2, "schema", "check", "/nonexistent/a.lock", good)
    check_equal("no lock", text, "cannot read /nonexistent/a.lock: No such file or directory")
    check("Is a directory" in program.message(2, "schema", "check", folder, good), "a folder")
    text = program.message(2, "schema", "lock", good, "/nonexistent/a.lock")
    check_equal("no folder", text, "lock: cannot save /nonexistent/a.lock: No such file or directory")
    text = program.message(2, "schema", "lock", good, "/dev/full")
    check_equal("no file", text, "lock: cannot save, not a regular file: /dev/full: Invalid argument")


def main():
    with made_worlds(sys.argv[2]) as folder:
        check_texts(folder)
        check_names(folder)
        check_differences(folder)
        check_json(folder)
        check_stdin(folder)
        check_errors(folder)
    finish()


main()
