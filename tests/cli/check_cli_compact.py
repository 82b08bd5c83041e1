#!/usr/bin/env python3
"""pecs compact: what it drops, that nothing else changes, and that an invalid file or a full disk changes nothing.

usage: check_cli_compact.py PECS READ_PECS FILE...
"""
import os
import shutil
import sys
import tempfile

from pecs_cli import Program, check, check_equal, finish, load_module, read_bytes, write_bytes

program, reader = Program(sys.argv[1]), load_module(sys.argv[2])

KINDS_TEXT = """\
new.pecs: 8 entities
  bytes            8256, were 8256
  types               9, were 9
  tables              7, were 9
  slots               9, were 9
  sessions            1, were 1
"""


def content(file):
    """All that must stay: entities with ids and values, singletons, metadata, and the last generation of dead slots."""
    document = reader.file_json(file)
    entities = [{key: entity[key] for key in ("index", "generation", "id", "has_explicit_id", "components")}
                for entity in document["entities"]]
    dead = {slot["index"]: slot["generation"] for slot in document["free"] + document["retired"]}
    return entities, document["singletons"], document["metadata"], dead, document["tick"], document["wall_clock_ns"], \
        file.file_metadata


def counts(file):
    commit = file.commit
    return {"size_bytes": len(file.data), "entity_count": commit.entity_count, "type_count": len(file.types),
            "table_count": len(file.tables), "slot_count": commit.slot_count, "free_count": commit.free_count,
            "retired_count": commit.retired_count, "session_count": len(file.sessions)}


def check_file(path, folder):
    new, again = os.path.join(folder, "new.pecs"), os.path.join(folder, "again.pecs")
    found = program.json("compact", path, new)
    before, after = reader.File(read_bytes(path)), reader.File(read_bytes(new))
    check_equal(f"compact {path}", found,
                {"file": path, "output": new, "before": counts(before), "after": counts(after)})
    check_equal(f"content of {path}", content(after), content(before))
    check(all(table.row_count for table in after.tables), f"{path}: an empty table stays")
    check(not after.commit.slot_count or after.commit.slot_count - 1 in after.living or after.used_up,
          f"{path}: a free slot stays at the end")
    check_equal("differences", program.expect(0, "diff", path, new).returncode, 0)
    program.expect(0, "compact", new, again)
    check_equal(f"compacted again, {path}", read_bytes(again), read_bytes(new))
    program.expect(0, "compact", "--trust", path, again)
    check_equal(f"compacted by a map, {path}", read_bytes(again), read_bytes(new))
    shutil.copyfile(path, again)
    program.expect(0, "compact", again, again)
    check_equal(f"in its place, {path}", read_bytes(again), read_bytes(new))


def check_text(path, folder):
    result = program.expect(0, "compact", path, "new.pecs", cwd=folder)
    check_equal("text", result.stdout.decode(), KINDS_TEXT)


def check_reserved_metadata(path, folder):
    """An entry of the file's own that a later library wrote: left out, and said."""
    data = bytearray(read_bytes(path))
    commit_offset, commit_size, size = (int.from_bytes(data[-64 + at:-56 + at], "little") for at in (16, 24, 48))
    start = commit_offset + commit_size + 63 & ~63
    data[start:start + size - 8] = data[start:start + size - 8].replace(b"nothing", b"pecs.no")
    data[start + size - 8:start + size] = reader.hash64(bytes(data[start:start + size - 8])).to_bytes(8, "little")
    later, output = os.path.join(folder, "later.pecs"), os.path.join(folder, "kept.pecs")
    write_bytes(later, data)
    keys = list(program.json("info", later)["file_metadata"])
    check_equal("keys of a later library", keys, ["pecs.no", "picture", "played", "title"])
    check("'pecs.no'" in program.expect(0, "compact", later, output).stderr.decode(), "nothing is said of what is left out")
    check_equal("keys that are kept", list(program.json("info", output)["file_metadata"]), keys[1:])
    os.remove(later)
    os.remove(output)


def check_refusals(path, folder):
    data = read_bytes(path)
    bad, new = os.path.join(folder, "bad.pecs"), os.path.join(folder, "never.pecs")
    copy = bytearray(data)
    copy[4096] ^= 1
    write_bytes(bad, copy)
    check("bad.pecs: CORRUPT: DATA-1 at byte 4096" in program.message(1, "compact", bad, new), "a bad file")
    check(not os.path.exists(new), "an invalid file became a valid one")
    for output in (os.path.join(folder, "no", "folder.pecs"), folder, "/dev/full"):
        text = program.message(2, "compact", path, output)
        check(output in text, f"{output}: {text}")
    check_equal("the file", read_bytes(path), data)
    check_equal("what is left", sorted(os.listdir(folder)), ["again.pecs", "bad.pecs", "new.pecs"])


def main():
    with tempfile.TemporaryDirectory() as folder:
        for path in sys.argv[3:]:
            check_file(path, folder)
        kinds = next(path for path in sys.argv[3:] if "kinds" in path)
        check_text(kinds, folder)
        check_reserved_metadata(next(path for path in sys.argv[3:] if "own" in path), folder)
        check_refusals(kinds, folder)
    finish()


main()
