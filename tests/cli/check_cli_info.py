#!/usr/bin/env python3
"""pecs info: what read_pecs.py reads, what takes the space, and that only a few pages of a file are read.

usage: check_cli_info.py PECS READ_PECS MAKE_CLI_WORLDS FILE...
"""
import os
import sys
import tempfile
import time

from pecs_cli import Program, check, check_equal, finish, load_module, made_worlds, read_bytes, repair, write_bytes

program, reader = Program(sys.argv[1]), load_module(sys.argv[2])
HIDING = "\u202e"


def plain(text):
    return text.replace("-", "")


def element_of(field):
    """How a list's elements are shown: its one child."""
    child = field.fields[0]
    shown = {"element": child.kind, "element_size": child.size}
    shown.update({"names": child.names} if child.kind == "enum" else {})
    shown.update({"fields": fields_of(child.fields)} if child.kind == "struct" else {})
    return shown


def fields_of(fields):
    return [{"name": field.name or None, "kind": field.kind, "offset": field.offset, "size": field.size,
             "count": field.count, "columns": field.columns,
             **(element_of(field) if field.kind == "list" else {}),
             **({"names": field.names} if field.kind == "enum" else {}),
             **({"fields": fields_of(field.fields)} if field.kind == "struct" else {})} for field in fields]


def row_bytes(file, table):
    return 8 + sum(file.types[number].size for number in table.types)


def bytes_of(value):
    return value.encode() if isinstance(value, str) else value


def space_of(file):
    """Bytes by component, and of the rest."""
    space = {kind.name: sum(table.row_count for table in file.tables if number in table.types) * kind.size
             for number, kind in enumerate(file.types)}
    for table in file.tables:
        for number, heaps in table.heaps.items():
            space[file.types[number].name] += sum(heap.size for heap in heaps)
    space["handles"] = 8 * sum(table.row_count for table in file.tables)
    space["index"] = 16 * file.commit.slot_count
    space["ids"] = 20 * file.id_count
    space["metadata"] = sum((16 + len(entry.key.encode()) + len(bytes_of(entry.value)) + 7) // 8 * 8 for entry in file.metadata + file.file_metadata)
    space["attachments"] = sum((size + 7) // 8 * 8 + (8 if size >= 0xffffff else 0) for _, _, _, size in file.attachments())
    space["structure"] = len(file.data) - sum(space.values())
    return space


def attachments_of(file):
    """Names and sizes, from where the bytes are; no golden file has a name that a terminal does not show as it is."""
    return [{"name": name, "size": size} for name, _, _, size in file.attachments()]


def text_attachments(path):
    """The lines between the heading and the next one, which a file without attachments lacks."""
    lines = program.text("info", path).splitlines()
    heading = "attachments: bytes and name"
    if heading not in lines:
        return []
    first = lines.index(heading) + 1
    end = next(number for number in range(first, len(lines)) if not lines[number].startswith(" "))
    check(end > first, f"{path}: a heading without attachments")
    return lines[first:end]


ATTACHED = [("map", 5), ("nothing", 0), ("script", 16), ("title", 19)]


def check_attached(path):
    """What the golden file's text, which was written by hand, says of its attachments."""
    found = [(entry["name"], entry["size"]) for entry in program.json("info", path)["attachments"]]
    check_equal("attachments by hand", found, ATTACHED)
    check_equal("attachments by hand, in text", text_attachments(path),
                ["               5  map", "               0  nothing", "              16  script", "              19  title"])


def check_golden(path):
    file, found = reader.File(read_bytes(path)), program.json("info", path)
    names = [kind.name for kind in file.types]
    commit = file.commit
    metadata, file_metadata = ({entry.key: entry.value if isinstance(entry.value, str) else {"hex": entry.value.hex()}
                                for entry in entries} for entries in (file.metadata, file.file_metadata))
    saved_at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(commit.wall_clock // 10**9)) if commit.wall_clock else None
    check_equal("head", [found[key] for key in (
        "file", "size_bytes", "format_version", "optional_features", "application", "application_version",
        "wall_clock_ns", "saved_at", "parent_id", "entity_count", "slot_count", "free_count", "retired_count", "tick",
        "session_count", "metadata", "file_metadata")],
        [path, len(file.data), reader.VERSION, file.header.optional_features, metadata.get("pecs.application"), metadata.get("pecs.application_version"),
         commit.wall_clock, saved_at, None, commit.entity_count, commit.slot_count,
         commit.free_count, commit.retired_count, commit.tick, len(file.sessions), metadata, file_metadata])
    check_equal("attachments", found["attachments"], attachments_of(file))
    check_equal("attachments in text", text_attachments(path),
                [f"{entry['size']:>16}  {entry['name']}" for entry in attachments_of(file)])
    check_equal("snapshot id", plain(found["snapshot_id"]), commit.snapshot_id.hex())
    check_equal("types", [{**kind, "id": plain(kind["id"])} for kind in found["types"]], [
        {"name": kind.name, "id": kind.id.hex(), "version": kind.version, "size": kind.size, "align": kind.align,
         "fields": fields_of(kind.fields)} for kind in sorted(file.types, key=lambda kind: kind.name)])
    check_equal("tables", found["tables"], [
        {"rows": table.row_count, "bytes": table.row_count * row_bytes(file, table),
         "singletons": table.is_singleton, "components": sorted(names[number] for number in table.types)}
        for table in file.tables])
    space = {}  # values and contents of a component are two parts
    for part in found["space"]:
        key = part.get("component", part["kind"])
        space[key] = space.get(key, 0) + part["bytes"]
    check_equal("space", space, space_of(file))
    sizes = [part["bytes"] for part in found["space"]]
    check_equal("sorted", sizes, sorted(sizes, reverse=True))
    check_equal("sum", (sum(sizes), found["space_bytes"]), (len(file.data), len(file.data)))
    for part in found["space"]:
        check(abs(part["percent"] - 100 * part["bytes"] / len(file.data)) < 0.006, f"percent: {part}")


KINDS_TEXT = """\
kinds-v1.pecs
  size         8256 bytes
  format       version 1, optional features 0x0
  saved by     unknown
  saved at     unknown
  snapshot id  f18a4b79-7bd5-0af7-8b75-a68fab4ef437
  entities     8, in 9 slots of which 1 are free
  tick         4
  sessions     1
types: offset, kind and name of each field
"""
KINDS_END = """\
tables: rows, bytes and components
           0            0  Label, Scalars
           1           64  Frozen, Label, Scalars
           3          168  Scalars
           1           54  Body, Mood
           1           14  Mood
           1           40  Links
           0            0  (earlier singletons) Clock
           1           40  (singletons) Clock, Seed
           1           64  Label, Marked, Scalars
space: bytes, percent of the file and what
            7668  92.9  (header, types, tables, hashes, and padding between sections)
             240   2.9  Scalars
             144   1.7  (entity index)
              72   0.9  (handles of the rows)
              40   0.5  Body
              32   0.4  Links
              16   0.2  Clock
              16   0.2  Label
              16   0.2  Seed
              12   0.1  Mood
            8256 100.0  total
"""


def check_text(path):
    """The middle, the types, is as in the golden file's text, which was written by hand."""
    with open(path[:-len(".pecs")] + ".txt", encoding="utf-8") as stream:
        types = stream.read().split("  types\n")[1].split("  tables, @")[0]
    middle = "".join(line[2:] + "\n" for line in types.splitlines())
    result = program.expect(0, "info", os.path.basename(path), cwd=os.path.dirname(path))
    check_equal("text", result.stdout.decode(), KINDS_TEXT + middle + KINDS_END)


def check_strange(folder):
    path = os.path.join(folder, "strange.pecs")
    found = program.json("info", path)
    check_equal("application", (found["application"], found["application_version"]), (f"strange {HIDING}", "1.2"))
    check_equal("time", (found["wall_clock_ns"], found["saved_at"]), (1764077462000000000, "2025-11-25 13:31:02"))
    check_equal("metadata", (found["metadata"]["thumbnail"], len(found["metadata"])), ({"hex": "0001feff" + 26 * "0"}, 4))
    space = {part.get("component", part["kind"]): part["bytes"] for part in found["space"]}
    # one entity has an explicit id: 16 bytes of its column, 20 of the list; 16 bytes and a multiple of 8 each entry
    check_equal("space", [space[name] for name in ("pecs.id", "ids", "metadata")], [16, 20, 48 + 48 + 48 + 56])
    text = program.text("info", path)
    for line in ("  saved by     strange \\u202e 1.2", "  saved at     2025-11-25 13:31:02", "  thumbnail 17 bytes: 00 01 fe ff" + 12 * " 00" + " ...",
                 "    0 enum mood {Calm, A\"ngry \\u202e}", "              20   0.2  (list of explicit ids)"):
        check(line in text.splitlines(), f"info of strange.pecs lacks the line {line}")


def check_not_read(path):
    """A file whose data is all wrong: info does not see it, verify does."""
    data = bytearray(read_bytes(path))
    start = reader.SEGMENT_HEADER.read(data, 64)
    for at in range(start.data_offset, start.data_offset + start.data_size):
        data[at] ^= 0xff
    with tempfile.TemporaryDirectory() as folder:
        bad = write_bytes(os.path.join(folder, "bad.pecs"), bytes(data))
        check_equal("info of bad data", {**program.json("info", bad), "file": path}, program.json("info", path))
        check("DATA-1" in program.message(1, "verify", bad), "verify does not see bad data")


def check_claims(path, folder):
    """A file whose commit claims more slots than it has: header and commit are consistent, so only the sum shows it."""
    data = bytearray(read_bytes(path))
    at = reader.File(bytes(data)).commit_offset + reader.COMMIT_HEADER.offsets["slot_count"]
    data[at:at + 8] = (4000).to_bytes(8, "little")
    repair(reader, data)
    bad = write_bytes(os.path.join(folder, "claims.pecs"), bytes(data))
    found = program.json("info", bad)
    space = {part.get("component", part["kind"]): part["bytes"] for part in found["space"]}
    check_equal("claims", (space["index"], space["structure"], found["space_bytes"] - 64000, found["size_bytes"]),
                (64000, 0, 588 - 144, len(data)))
    check(program.text("info", bad).endswith(" total, more than the file's size: it is invalid, see pecs verify\n"), "claims")
    check("RUN-3" in program.message(1, "verify", bad), "claims are verified")


def check_one_name(path, folder):
    """Two types of one name, which no registry allows: their labels differ."""
    data = bytearray(read_bytes(path).replace(b"Marked", b"Frozen"))
    repair(reader, data)
    twice = write_bytes(os.path.join(folder, "twice.pecs"), bytes(data))
    ids = sorted(kind["id"] for kind in program.json("info", twice)["types"] if kind["name"] == "Frozen")
    check_equal("two types", len(ids), 2)
    labels = [f"Frozen#{number}" for number in ids]
    check_equal("labels", program.json("info", twice)["tables"][2]["components"], labels)
    check_equal("labels", program.json("dump", twice)["entities"][2]["components"], dict.fromkeys(labels))


def main():
    files = sys.argv[4:]
    for path in files:
        check_golden(path)
    kinds = next(path for path in files if "kinds" in path)
    check_text(kinds)
    check_attached(next(path for path in files if "attached" in path))
    check_not_read(kinds)
    with made_worlds(sys.argv[3]) as folder:
        check_strange(folder)
        check_claims(kinds, folder)
        check_one_name(next(path for path in files if "tables" in path), folder)
    finish()


main()
