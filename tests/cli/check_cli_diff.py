#!/usr/bin/env python3
"""pecs diff: the same, edited, and laid out another way; as text and as JSON, with and without details.

usage: check_cli_diff.py PECS MAKE_CLI_WORLDS FILE...
"""
import os
import sys

from pecs_cli import Program, check, check_equal, finish, made_worlds

program = Program(sys.argv[1])
ID = "00000000-0abc-8def-8000-{:04x}{:08x}"


def id_of(handle):
    index, generation = map(int, handle.split(":"))
    return ID.format(generation, index)


def change(what, handle, **more):
    before = None if what == "entity added" else handle
    after = None if what == "entity removed" else handle
    return {"change": what, "id": handle and id_of(handle), "before": before, "after": after, **more}


def fields(**values):
    return {name: {"old": old, "new": new} for name, (old, new) in values.items()}


CHANGES = [
    {"change": "metadata removed", "key": "gone", "old": "soon"},
    {"change": "metadata added", "key": "new", "new": "here"},
    {"change": "metadata changed", "key": "title", "old": "one", "new": "two"},
    change("component changed", None, component="Clock", fields=fields(frame=(7, 8))),
    change("component changed", "0:1", component="Point", fields=fields(y=(10, 11))),
    change("component added", "0:1", component="Frozen", new=None),
    change("entity removed", "1:1", components={"Point": {"x": 1, "y": 10}}),
    change("component changed", "2:1", component="Shape", fields={
        **fields(**{"corners[1].y": (4, -4), "grid[1][1]": (5, 50), "name": ("round", "square")}),
        "owner": {"old": "0:1", "old_id": id_of("0:1"), "new": "1:1"}}),
    change("component changed", "3:1", component="Mood", fields=fields(mood=("Calm", "A\"ngry \u202e"))),
    change("component removed", "3:1", component="Frozen", old=None),
    change("entity added", "1:2", components={"Point": {"x": 5, "y": 5}}),
]
COUNTS = {"entities": (1, 1, 3), "metadata": (1, 1, 1)}
COMPONENTS = {"Frozen": (1, 1, 0), "Mood": (0, 0, 1), "Point": (0, 0, 1), "Shape": (0, 0, 1)}
TEXT = """\
removed from metadata: gone "soon"
added to metadata: new "here"
changed in metadata: title "one" -> "two"
changed in the world: Clock
  frame: 7 -> 8
added to 0:1 {0}: Frozen
changed in 0:1 {0}: Point
  y: 10 -> 11
removed 1:1 {1}
  Point x=1 y=10
changed in 2:1 {2}: Shape
  corners[1].y: 4 -> -4
  grid[1][1]: 5 -> 50
  name: "round" -> "square"
  owner: 0:1 {0} -> 1:1 stale
removed from 3:1 {3}: Frozen
changed in 3:1 {3}: Mood
  mood: Calm -> A"ngry \\u202e
added 1:2 {4}
  Point x=5 y=5
""".format(*map(id_of, ("0:1", "1:1", "2:1", "3:1", "1:2")))
SUMMARY = """\
before.pecs and after.pecs differ
  entities: 1 added, 1 removed, 3 changed
  Clock of the world: 0 added, 0 removed, 1 changed
  Frozen of entities in both: 1 added, 1 removed, 0 changed
  Mood of entities in both: 0 added, 0 removed, 1 changed
  Point of entities in both: 0 added, 0 removed, 1 changed
  Shape of entities in both: 0 added, 0 removed, 1 changed
  metadata: 1 added, 1 removed, 1 changed
"""
RELAID = """\
changed in 0:1 {0}: Point, with another layout
  old x=0 y=10
  new x=0 y=10
changed in 1:1 {1}: Point, with another layout
  old x=1 y=10
  new x=1 y=10
before.pecs and relaid.pecs differ
  entities: 0 added, 0 removed, 2 changed
  Point of entities in both: 0 added, 0 removed, 2 changed
""".format(id_of("0:1"), id_of("1:1"))


def triple(counts):
    return counts["added"], counts["removed"], counts["changed"]


def by_component(counts):
    return {entry["component"]: triple(entry) for entry in counts}


def check_same(path):
    found = program.json("diff", "--detail", path, path)
    none = {"added": 0, "removed": 0, "changed": 0}
    check_equal("same", found, {"from": path, "to": path, "changes": [], "same": True, "entities": none,
                                "components": [], "singletons": [], "metadata": none, "file_metadata": none,
                                "attachments": none, "other_ids": False})
    check_equal("same", program.text("diff", path, path), f"{path} and {path} have the same content\n")


def check_edited():
    found = program.json("diff", "--detail", "before.pecs", "after.pecs", code=1)
    order = lambda entry: (entry["change"], str(entry.get("id")), str(entry.get("component")))
    check_equal("changes", sorted(found["changes"], key=order), sorted(CHANGES, key=order))
    counts = {name: triple(found[name]) for name in COUNTS}
    check_equal("counts", (counts, by_component(found["components"]), by_component(found["singletons"]), found["same"]),
                (COUNTS, COMPONENTS, {"Clock": (0, 0, 1)}, False))
    short = program.json("diff", "before.pecs", "after.pecs", code=1)
    check_equal("without details", short, {key: value for key, value in found.items() if key != "changes"})
    check_equal("text", program.expect(1, "diff", "before.pecs", "after.pecs").stdout.decode(), SUMMARY)
    check_equal("text", program.expect(1, "diff", "--detail", "before.pecs", "after.pecs").stdout.decode(), TEXT + SUMMARY)


def check_backwards():
    """What was added one way is removed the other way."""
    found = program.json("diff", "--detail", "after.pecs", "before.pecs", code=1)
    there = {(entry.get("id"), entry.get("component"), entry.get("key")): entry["change"] for entry in CHANGES}
    swapped = {"added": "removed", "removed": "added", "changed": "changed"}
    back = {(entry.get("id"), entry.get("component"), entry.get("key")): entry["change"] for entry in found["changes"]}
    check_equal("backwards", back, {key: f"{what.split()[0]} {swapped[what.split()[1]]}" for key, what in there.items()})


TITLES = """\
added to metadata of the file alone: picture 2 bytes: 01 02
changed in metadata of the file alone: playtime "3" -> "4"
removed from metadata of the file alone: x 1 bytes: 31
title.pecs and retitled.pecs differ
  metadata of the file alone: 1 added, 1 removed, 1 changed
"""


def check_file_metadata():
    """What belongs to the files alone is compared, too, and counted apart."""
    check_equal("file metadata", program.expect(1, "diff", "--detail", "title.pecs", "retitled.pecs").stdout.decode(), TITLES)
    found = program.json("diff", "--detail", "title.pecs", "retitled.pecs", code=1)
    check_equal("file metadata", found["changes"], [
        {"change": "file metadata added", "key": "picture", "new": {"hex": "0102"}},
        {"change": "file metadata changed", "key": "playtime", "old": "3", "new": "4"},
        {"change": "file metadata removed", "key": "x", "old": {"hex": "31"}}])
    check_equal("file metadata", (triple(found["file_metadata"]), triple(found["metadata"]), found["same"]),
                ((1, 1, 1), (0, 0, 0), False))
    found = program.json("diff", "before.pecs", "title.pecs", code=1)
    check_equal("file metadata", (triple(found["file_metadata"]), triple(found["metadata"])), ((3, 0, 0), (0, 0, 0)))
    for arguments in ((), ("--trust",)):
        check_equal("dump", program.json("dump", *arguments, "title.pecs")["file_metadata"],
                    {"playtime": "3", "title": "a cave", "x": {"hex": "31"}})
    check_equal("dump", program.text("dump", "--limit", "0", "title.pecs").splitlines()[1:6], [
        "metadata of the file alone", '  playtime "3"', '  title "a cave"', "  x 1 bytes: 31", "metadata"])
    check("file_metadata" not in program.json("dump", "--component", "Clock", "title.pecs"), "a dump of one component")


DRAWINGS = """\
removed from attachments: gone 3 bytes
changed in attachments: map 9000 bytes -> 9001 bytes, from byte 5000 on
added to attachments: new 5 bytes
drawn.pecs and redrawn.pecs differ
  attachments: 1 added, 1 removed, 1 changed
"""


def check_attachments():
    for path, other in (("drawn.pecs", "redrawn.pecs"), ("before.pecs", "drawn.pecs")):
        check_same(path)
        program.expect(1, "diff", path, other)
    check_equal("text", program.expect(1, "diff", "--detail", "drawn.pecs", "redrawn.pecs").stdout.decode(), DRAWINGS)
    found = program.json("diff", "--detail", "drawn.pecs", "redrawn.pecs", code=1)
    check_equal("JSON", (found["changes"], triple(found["attachments"]), found["same"]), ([
        {"change": "attachment removed", "name": "gone", "old_size": 3},
        {"change": "attachment changed", "name": "map", "old_size": 9000, "new_size": 9001, "same_bytes": 5000},
        {"change": "attachment added", "name": "new", "new_size": 5}], (1, 1, 1), False))
    back = program.json("diff", "--detail", "redrawn.pecs", "drawn.pecs", code=1)
    check_equal("backwards", [entry["change"] for entry in back["changes"]],
                ["attachment added", "attachment changed", "attachment removed"])
    sizes = [{"name": "blank", "size": 0}, {"name": "gone", "size": 3}, {"name": "map", "size": 9000}]
    check_equal("dump", program.json("dump", "drawn.pecs")["attachments"], sizes)
    lines = program.text("dump", "drawn.pecs").splitlines()
    at = lines.index("attachments: bytes and name")
    check_equal("dump", lines[at + 1:at + 4], ["  0  blank", "  3  gone", "  9000  map"])
    check("attachments" not in program.json("dump", "--component", "Clock", "drawn.pecs"), "a dump of one component")


def check_relaid():
    check_equal("another layout", program.expect(1, "diff", "--detail", "before.pecs", "relaid.pecs").stdout.decode(),
                RELAID)
    found = program.json("diff", "--detail", "before.pecs", "relaid.pecs", code=1)
    check_equal("another layout", found["changes"], [
        change("component changed", f"{i}:1", component="Point", old={"x": i, "y": 10},
               new={"x": float(i), "y": 10.0}) for i in (0, 1)])


def check_rerun():
    """Two runs of the same edits have no id in common, and differ in nothing else."""
    found = program.json("diff", "--detail", "before.pecs", "rerun.pecs", code=1)
    check_equal("other ids", (found["same"], found["other_ids"], found["changes"], triple(found["entities"])),
                (False, True, [], (0, 0, 0)))
    check_equal("other ids", program.expect(1, "diff", "before.pecs", "rerun.pecs").stdout.decode(),
                "before.pecs and rerun.pecs have the same content except for ids of entities "
                "(--by-handle ignores ids)\n")
    check_equal("by handle", program.text("diff", "--by-handle", "before.pecs", "rerun.pecs"),
                "before.pecs and rerun.pecs have the same content\n")
    found = program.json("diff", "--by-handle", "before.pecs", "rerun-after.pecs", code=1)
    edited = program.json("diff", "before.pecs", "after.pecs", code=1)
    check_equal("by handle", found, {**edited, "to": "rerun-after.pecs"})
    owner = next(entry for entry in program.json("diff", "--by-handle", "--detail", "before.pecs", "rerun-after.pecs",
                                                 code=1)["changes"] if entry.get("component") == "Shape")
    check_equal("by handle", owner["fields"]["owner"], {"old": "0:1", "new": "1:1"})
    found = program.json("diff", "before.pecs", "rerun-after.pecs", code=1)
    check_equal("another content", (found["other_ids"], triple(found["entities"])), (False, (5, 5, 0)))


def check_client():
    """References are what they name, whatever the handles are."""
    check_equal("client", program.text("diff", "before.pecs", "client.pecs"),
                "before.pecs and client.pecs have the same content\n")
    found = program.json("diff", "--detail", "before.pecs", "client-moved.pecs", code=1)
    check_equal("client", [(entry["id"], entry["fields"]) for entry in found["changes"]],
                [(id_of("2:1"), {"owner": {"old": "0:1", "old_id": id_of("0:1"), "new": "4:1", "new_id": id_of("1:1")}})])
    found = program.json("diff", "--by-handle", "before.pecs", "client.pecs", code=1)
    check_equal("by handle", (found["same"], found["other_ids"]), (False, False))


def check_namesakes():
    """The types of the two files have one name and two ids."""
    labels = [f"Twin#0{i}000000-0000-0000-0000-000000000000" for i in (1, 2)]
    found = program.json("diff", "--detail", "left.pecs", "right.pecs", code=1)
    check_equal("namesakes", {(entry["component"], entry["change"]) for entry in found["changes"]},
                {(labels[0], "component removed"), (labels[1], "component added")})
    check_equal("namesakes", by_component(found["components"]), {labels[0]: (0, 1, 0), labels[1]: (1, 0, 0)})
    text = program.expect(1, "diff", "--detail", "left.pecs", "right.pecs").stdout.decode()
    for line in (f"removed from 0:1 {id_of('0:1')}: {labels[0]} cells=[[0]]",
                 f"added to 0:1 {id_of('0:1')}: {labels[1]} cells=[[0]]"):
        check(line in text.splitlines(), f"{line} is not in {text}")


def check_golden(files, *names):
    """Worlds of other sessions: all is removed and added."""
    kinds, tables = (next(path for path in files if name in path) for name in names)
    dumped = {name: program.json("dump", path) for name, path in (("old", kinds), ("new", tables))}
    found = program.json("diff", "--detail", kinds, tables, code=1)
    for what, side, handle in (("entity removed", "old", "before"), ("entity added", "new", "after")):
        given = {entry[handle]: (entry["id"], entry["components"])
                 for entry in found["changes"] if entry["change"] == what}
        check_equal(what, given, {entity["handle"]: (entity["id"], entity["components"])
                                  for entity in dumped[side]["entities"]})
    check_equal("singletons", {entry["component"]: entry["old"] for entry in found["changes"]
                               if entry["change"] == "component removed"}, dumped["old"]["singletons"])


def main():
    for path in sys.argv[3:]:
        check_same(path)
    check_golden(sys.argv[3:], "kinds", "tables")
    check_golden(sys.argv[3:], "kept", "ids")
    maker = os.path.abspath(sys.argv[2])
    with made_worlds(maker) as folder:
        place = os.getcwd()
        os.chdir(folder)
        for name in ("strange", "before", "after", "relaid", "title"):
            check_same(f"{name}.pecs")
        check_edited()
        check_backwards()
        check_file_metadata()
        check_attachments()
        check_relaid()
        check_rerun()
        check_client()
        check_namesakes()
        text = program.message(2, "diff", "before.pecs", "nowhere.pecs")
        check("nowhere.pecs" in text, text)
        os.chdir(place)
    finish()


main()
