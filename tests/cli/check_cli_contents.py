#!/usr/bin/env python3
"""Strings, blobs and lists: as dump, diff and info show them, in text and in JSON.

usage: check_cli_contents.py PECS MAKE_CLI_WORLDS
"""
import os
import sys

from pecs_cli import Program, check, check_equal, finish, made_worlds

program = Program(sys.argv[1])
HIDING = "\u202e"
ID = "00000000-0abc-8def-8000-0001{:08x}"
PICTURE = "0001feff" + 26 * "0"
THING = {"name": f"a\n\"b\" {HIDING}", "labels": ["one", ""], "picture": {"hex": PICTURE},
         "corners": [{"x": 1, "y": -2}, {"x": 3, "y": 4}], "counts": [[7, 8, 9], []],
         "owners": ["0:1", None, "2:1"], "moods": [f"A\"ngry {HIDING}", "Calm"]}
EMPTY = {"name": "", "labels": ["", ""], "picture": {"hex": ""}, "corners": [], "counts": [[], []], "owners": [],
         "moods": []}
EMPTY_TEXT = 'labels=["", ""] picture=0 bytes: corners=[] counts=[[], []] owners=[] moods=[]'
DUMP = f"""\
things.pecs: 2 entities, tick 1
singletons
  Thing name="world" {EMPTY_TEXT}
0:1 {ID.format(0)}
  Thing name="a\\x0a\\"b\\" \\u202e" labels=["one", ""] picture=17 bytes: 00 01 fe ff{12 * " 00"} ... \
corners=[{{x=1 y=-2}}, {{x=3 y=4}}] counts=[[7, 8, 9], []] owners=[0:1, none, 2:1 stale] \
moods=[A"ngry \\u202e, Calm]
1:1 {ID.format(1)}
  Thing name="" {EMPTY_TEXT}
"""
DIFF = f"""\
changed in the world: Thing
  name: "world" -> "universe"
changed in 0:1 {ID.format(0)}: Thing
  labels[0]: "one" -> "two"
  picture: 17 bytes: 00 01 fe ff{12 * " 00"} ... -> 2 bytes: 00 01
  corners[1].y: 4 -> 5
  counts[0]: [7, 8, 9] -> [7]
changed in 1:1 {ID.format(1)}: Thing
  owners: [] -> [1:1]
things.pecs and edited-things.pecs differ
  entities: 0 added, 0 removed, 2 changed
  Thing of entities in both: 0 added, 0 removed, 2 changed
  Thing of the world: 0 added, 0 removed, 1 changed
"""
TYPES = """\
types: offset, kind and name of each field
  Thing version 1, 72 bytes aligned to 8
    0 string name
    8 string[2] labels
    24 blob picture
    32 list of struct corners
      0 i32 x
      4 i32 y
    40 list[2] of u32 counts
    56 list of entity owners
    64 list of enum moods {Calm, A"ngry \\u202e}
"""


def check_dump():
    for options in ((), ("--trust",)):
        check_equal("dump", program.text("dump", *options, "things.pecs"), DUMP)
        found = program.json("dump", *options, "things.pecs")
        check_equal("dump", [entity["components"] for entity in found["entities"]], [{"Thing": THING}, {"Thing": EMPTY}])
        check_equal("dump", found["singletons"], {"Thing": {**EMPTY, "name": "world"}})


def check_diff():
    check_equal("diff", program.expect(1, "diff", "--detail", "things.pecs", "edited-things.pecs").stdout.decode(), DIFF)
    found = program.json("diff", "--detail", "things.pecs", "edited-things.pecs", code=1)
    fields = {entry["id"]: entry["fields"] for entry in found["changes"]}
    check_equal("diff", fields, {
        None: {"name": {"old": "world", "new": "universe"}},
        ID.format(0): {"labels[0]": {"old": "one", "new": "two"},
                       "picture": {"old": {"hex": PICTURE}, "new": {"hex": "0001"}},
                       "corners[1].y": {"old": 4, "new": 5}, "counts[0]": {"old": [7, 8, 9], "new": [7]}},
        ID.format(1): {"owners": {"old": [], "new": ["1:1"]}}})
    found = program.json("diff", "--detail", "things.pecs", "dead-things.pecs", code=1)
    check_equal("removed", [entry["components"] for entry in found["changes"] if entry["change"] == "entity removed"],
                [{"Thing": THING}, {"Thing": EMPTY}])
    program.expect(0, "diff", "things.pecs", "things.pecs")


def check_info():
    text = program.text("info", "things.pecs")
    check(TYPES in text, f"info: {text}")
    corners, counts, owners, moods = program.json("info", "things.pecs")["types"][0]["fields"][3:]
    check_equal("struct", (corners["kind"], corners["element"], corners["element_size"],
                           [field["name"] for field in corners["fields"]]), ("list", "struct", 8, ["x", "y"]))
    check_equal("numbers", (counts["kind"], counts["count"], counts["element"], counts["element_size"]),
                ("list", 2, "u32", 4))
    check_equal("handles", (owners["element"], owners["element_size"]), ("entity", 8))
    check_equal("enum", (moods["element"], moods["element_size"], moods["names"]), ("enum", 1, ["Calm", f"A\"ngry {HIDING}"]))
    # 16 + 8 for the texts, 24, 16, 16, 24 and 8; of the singleton 8
    for name, contents in (("things", 120), ("dead-things", 16)):
        found = program.json("info", f"{name}.pecs")
        parts = {part["kind"]: part["bytes"] for part in found["space"] if part.get("component") == "Thing"}
        check_equal("space", parts["contents"], contents)
        check_equal("space", sum(part["bytes"] for part in found["space"]), found["size_bytes"])
        check(f"             {contents:>3} " in program.text("info", f"{name}.pecs"), "space as text")
    check("  Thing (contents of its strings, blobs and lists)\n" in text, f"info: {text}")


def main():
    maker = os.path.abspath(sys.argv[2])
    with made_worlds(maker) as folder:
        place = os.getcwd()
        os.chdir(folder)
        check_dump()
        check_diff()
        check_info()
        check_equal("verify", program.text("verify", "things.pecs")[:13], "things.pecs: ")
        program.text("compact", "dead-things.pecs", "small.pecs")
        check_equal("compact", program.json("dump", "small.pecs")["singletons"]["Thing"]["name"], "universe")
        os.chdir(place)
    finish()


main()
