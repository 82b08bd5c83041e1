#!/usr/bin/env python3
"""pecs salvage: what it saves of cut and damaged files, what it says is lost, and how it ends.

usage: check_cli_salvage.py PECS READ_PECS FILE...
"""
import os
import sys
import tempfile

from pecs_cli import Program, check, check_equal, finish, load_module, read_bytes, write_bytes

program, reader = Program(sys.argv[1]), load_module(sys.argv[2])


def entities(path):
    file = reader.File(read_bytes(path))
    return {(entity["index"], entity["generation"]): entity["components"] for entity in reader.file_json(file)["entities"]}


def check_whole(path, folder):
    """A file that is whole: nothing is lost, and the world is the same."""
    saved = os.path.join(folder, "saved.pecs")
    found = program.json("salvage", path, saved)
    count = reader.File(read_bytes(path)).commit.entity_count
    check_equal(f"salvage {path}", found, {
        "file": path, "output": saved, "entity_count": count, "lost_entity_count": 0, "cleared_reference_count": 0,
        "lost_singleton_count": 0, "lost_attachment_count": 0, "segment_count": found["segment_count"], "lost_bytes": 0,
        "has_header": True, "has_commit": True})
    check_equal(f"differences, {path}", program.expect(0, "diff", path, saved).returncode, 0)
    check_equal(f"entities, {path}", list(entities(saved)), list(entities(path)))


def check_damaged(path, folder):
    """Header and footer are lost, and that is said; the rest of a file of one piece is not."""
    bad, saved = os.path.join(folder, "bad.pecs"), os.path.join(folder, "saved.pecs")
    data = bytearray(read_bytes(path))
    data[:64] = bytes(64)
    write_bytes(bad, data)
    found = program.json("salvage", bad, saved)
    check_equal("the header", (found["has_header"], found["has_commit"], found["lost_entity_count"]), (False, True, 0))
    data[-64:] = bytes(64)
    data[:64] = read_bytes(path)[:64]
    write_bytes(bad, data)
    text = program.expect(1, "salvage", bad, saved).stdout.decode()
    check("the commit is lost" in text and ", as far as the file still says" in text, text)
    check_equal("entities without a footer", list(entities(saved)), list(entities(path)))
    program.expect(0, "verify", saved)


def check_refusals(path, folder):
    bad, never = os.path.join(folder, "text.pecs"), os.path.join(folder, "never.pecs")
    write_bytes(bad, b"no file of PECS, " * 20)
    check("no segment of a PECS file was found" in program.message(1, "salvage", bad, never), "a text")
    check(not os.path.exists(never), "of a text something was saved")
    program.message(2, "salvage", os.path.join(folder, "none.pecs"), never)
    program.message(2, "salvage", path, os.path.join(folder, "no", "folder.pecs"))


def main():
    with tempfile.TemporaryDirectory() as folder:
        for path in sys.argv[3:]:
            check_whole(path, folder)
        kinds = next(path for path in sys.argv[3:] if os.path.basename(path) == "kinds-v1.pecs")
        check_damaged(kinds, folder)
        check_refusals(kinds, folder)
    finish()


main()
