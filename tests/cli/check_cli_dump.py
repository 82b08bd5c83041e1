#!/usr/bin/env python3
"""pecs dump: as JSON and as text what read_pecs.py reads; what each option leaves out; strange content.

usage: check_cli_dump.py PECS READ_PECS MAKE_CLI_WORLDS FILE...
"""
import json
import re
import os
import resource
import struct
import subprocess
import sys

from pecs_cli import Program, check, check_equal, finish, made_worlds

program, read_pecs = Program(sys.argv[1]), sys.argv[2]
HANDLE_KINDS = {"Links": ("target", "others"), "Trail": ("friends",)}  # of the golden worlds: fields that are handles
HIDING = "\u202e"
NESTED_HANDLES = ("by",)  # of structs in lists
SHOWN_BYTES = 16  # of a blob, in text


def read(path):
    output = subprocess.run([sys.executable, read_pecs, "--json", path], stdout=subprocess.PIPE, check=True).stdout
    return json.loads(output)


def plain_handle(value):
    if isinstance(value, list):
        return [plain_handle(item) for item in value]
    return None if value == "none" else value.replace(" stale", "")


def plain_handles(components):
    """read_pecs.py marks handles; here they are names or null."""
    return {name: {field: plain_handle(value) if field in HANDLE_KINDS.get(name, ()) else plain_blobs(value)
                   for field, value in fields.items()} if fields is not None else None
            for name, fields in components.items()}


def plain_blobs(value):
    """read_pecs.py has "bytes:" and hex; here they are objects."""
    if isinstance(value, list):
        return [plain_blobs(item) for item in value]
    if isinstance(value, dict):
        return {key: plain_handle(item) if key in NESTED_HANDLES else plain_blobs(item) for key, item in value.items()}
    return {"hex": value[len("bytes:"):]} if isinstance(value, str) and value.startswith("bytes:") else value


def printed(value):
    """Strings as read_pecs.py has them: without control characters."""
    if isinstance(value, list):
        return [printed(item) for item in value]
    if isinstance(value, dict):
        return {key: printed(item) for key, item in value.items()}
    return "".join(c if c >= " " else f"\\x{ord(c):02x}" for c in value) if isinstance(value, str) else value


def shown_blobs(line):
    """The same in a line of text, which shows their first bytes."""
    def shown(match):
        data = bytes.fromhex(match.group(1))
        hex_text = "".join(f" {byte:02x}" for byte in data[:SHOWN_BYTES])
        return f"{len(data)} bytes:{hex_text}" + (" ..." if len(data) > SHOWN_BYTES else "")

    return re.sub(r"\bbytes:([0-9a-f]*)", shown, line)


def same(a, b):
    """Equal, and -0.0 is not 0.0, 1.0 not 1 and not true."""
    return json.dumps(a) == json.dumps(b)


def check_golden(path):
    file, found = read(path), program.json("dump", path)
    expected = [(f"{entity['index']}:{entity['generation']}", plain_handles(entity["components"]))
                for entity in file["entities"]]
    given = [(entity["handle"], printed(entity["components"])) for entity in found["entities"]]
    check(same(given, expected), f"{path}: {given}, not {expected}")
    check(same(found["singletons"], plain_handles(file["singletons"])), f"{path}: {found['singletons']}")
    check_equal("ids", [(shown["id"], shown["has_explicit_id"]) for shown in found["entities"]],
                [(entity["id"], entity["has_explicit_id"]) for entity in file["entities"]])
    metadata = {entry["key"]: entry["value"] if entry["kind"] == "text" else {"hex": entry["value"]}
                for entry in file["metadata"]}
    check_equal("head", (found["file"], found["entity_count"], found["tick"], found["metadata"], found["cut"]),
                (path, file["entity_count"], file["tick"], metadata, False))
    file_metadata = {entry["key"]: entry["value"] if entry["kind"] == "text" else {"hex": entry["value"]}
                     for entry in file["file_metadata"]}
    check_equal("file metadata", found["file_metadata"], file_metadata)
    content = open(path[:-len(".pecs")] + ".txt", encoding="utf-8").read().split("  entities\n")[1]
    entities = content.split("  free slots\n" if "  free slots\n" in content else "  singletons\n")[0]
    lines = [shown_blobs(line[4:]) for line in entities.splitlines()]
    ids = iter(f"{entity['id']}{' explicit' if entity['has_explicit_id'] else ''}" for entity in file["entities"])
    lines = [f"{line.split()[0]} {next(ids)}" if line[:1].isdigit() else line for line in lines]
    text = program.text("dump", path).splitlines()[1:]
    while text and not text[0][:1].isdigit():
        text.pop(0)
    check_equal(f"dump {path}", text, lines)


def check_choice(path):
    everything = program.json("dump", path)
    for entity in everything["entities"]:
        for name in (entity["handle"], entity["id"], entity["id"].upper()):
            found = program.json("dump", "--entity", name, path)
            check_equal(f"--entity {name}", found["entities"], [entity])
            check("metadata" not in found and "singletons" not in found, f"--entity {name}: {found}")
    found = program.json("dump", "--component=Scalars", path)
    check_equal("--component", found["entities"], [
        {**entity, "components": {"Scalars": entity["components"]["Scalars"]}}
        for entity in everything["entities"] if "Scalars" in entity["components"]])
    found = program.json("dump", path, "--component", "Clock")
    check_equal("--component of the world", (found["entities"], found["singletons"]),
                ([], {"Clock": everything["singletons"]["Clock"]}))
    found = program.json("dump", path, "--component", "Mood", "--entity", "8:1")
    check_equal("both", found["entities"][0]["components"], {"Mood": {"now": "Afraid", "was": ["Calm", "Calm"]}})
    count = len(everything["entities"])
    for limit in (0, 1, count - 1, count, count + 1, 2**64 - 1):
        found = program.json("dump", "--limit", str(limit), path)
        check_equal(f"--limit {limit}", (found["entities"], found["cut"]),
                    (everything["entities"][:limit], limit < count))
    for limit in (0, 1):
        found = program.json("dump", "--entity", "0:1", "--limit", str(limit), path)
        check_equal(f"--entity --limit {limit}", (len(found["entities"]), found["cut"]), (limit, limit < 1))
    check_equal("--limit, as text", program.text("dump", "--limit", "1", path).splitlines()[-1], "incomplete: stopped at --limit 1")
    for entity in ("7:1", "0:2", "4000000000:1", "00000000-0000-8000-8000-000000000001"):
        check_equal("no such entity", program.message(1, "dump", "--entity", entity, path), f"{path}: no living entity {entity}")
    check_equal("nothing", program.message(1, "dump", "--component", "scalars", path),
                f"{path}: no component scalars")
    check_equal("neither", program.message(1, "dump", "--component", "Mood", "--entity", "0:1", path),
                f"{path}: entity 0:1 has no component Mood")


def only(lines, name):
    """What a dump of one component shows: of the text of a whole dump, its lines and those of its entities."""
    shown, head = lines[:1], None
    for line in lines[1:]:
        if not line.startswith("  "):
            head = line
        elif line == f"  {name}" or line.startswith(f"  {name} "):
            shown += [head, line] if head else [line]
            head = None
    return shown


def check_each_component(path, folder):
    """A dump of one component, which reads only that, shows what one of everything shows of it."""
    compressed = os.path.join(folder, "compressed.pecs")
    program.text("convert", path, compressed, "--profile", "small")
    everything = program.json("dump", path)
    names = set(everything["singletons"]).union(*(entity["components"] for entity in everything["entities"]))
    for name in names:
        expected = only(program.text("dump", path).splitlines(), name)
        entities = [{**entity, "components": {name: entity["components"][name]}}
                    for entity in everything["entities"] if name in entity["components"]]
        for file in (path, compressed):
            lines = [line.replace(path, file) for line in expected]
            check_equal(f"{name} of {file}", program.text("dump", "--component", name, file).splitlines(), lines)
            check_equal(f"{name} of {file}", program.text("dump", "--component", name, "--trust", file).splitlines(), lines)
            with open(file, "rb") as stream:
                result = program.run("dump", "--component", name, "-", stdin=None, input=stream.read())
            lines[0] = lines[0].replace(file, "standard input")
            check_equal(f"{name} of {file}, piped", result.stdout.decode().splitlines(), lines)
            check_equal(f"{name} of {file}, as JSON", program.json("dump", "--component", name, file)["entities"], entities)
    os.remove(compressed)


def check_strange(folder):
    path = os.path.join(folder, "strange.pecs")
    found = program.json("dump", path)
    check_equal("metadata", found["metadata"], {
        "pecs.application": f"strange {HIDING}", "pecs.application_version": "1.2", "thumbnail": {"hex": "0001feff" + 26 * "0"},
        f"ti\"tle {HIDING}": "\x1b[2J \"quoted\" \U0001f3b2\n\U000e0041"})
    notes = [entity["components"][f'No"te\\ {HIDING}='][f"te xt{HIDING}"] for entity in found["entities"][:3]]
    check_equal("notes", notes, ["\x1b[31mred", "a\nb\tc\x7f", "\x9b[31m"])
    last = found["entities"][3]
    check_equal("explicit id", (last["id"], last["has_explicit_id"], "pecs.id" in last["components"]),
                ("00112233-4455-6677-8899-aabbccddeeff", True, False))
    asked_for = program.json("dump", "--component", "pecs.id", path)["entities"]
    check_equal("explicit id, asked for", [bytes(entity["components"]["pecs.id"]["bytes"]).hex() for entity in asked_for],
                ["00112233445566778899aabbccddeeff"])
    check_equal("by explicit id", program.json("dump", "--entity", last["id"], path)["entities"], [last])
    check_equal("enum", last["components"]["Mood"], {"mood": f"A\"ngry {HIDING}"})
    floats = last["components"]["Floats"]
    check_equal("floats", struct.pack("<4f", *floats["f"]).hex(), "cdcccc3d" "ffff7f7f" "01000000" "0000804b")
    check_equal("doubles", struct.pack("<4d", *floats["d"]).hex(),
                struct.pack("<4d", 0.1, sys.float_info.max, 5e-324, 123456789012345678.0).hex())
    text = program.text("dump", path)
    for part in ('"\\x1b[31mred"', '"a\\x0ab\\x09c\\x7f"', '"\\u009b[31m"',
                 'No"te\\\\ \\u202e=', '"\\x1b[2J \\"quoted\\" \U0001f3b2\\x0a\\U000e0041"', "thumbnail 17 bytes: 00 01 fe ff" + 12 * " 00" + " ...\n",
                 "f=[0.1, 3.4028235e+38, 1e-45, 16777216]"):
        check(part in text, f"dump of strange.pecs lacks {part}")
    program.text("info", path)


def check_twins(folder):
    path = os.path.join(folder, "twins.pecs")
    labels = [f"Twin#0{i}000000-0000-0000-0000-000000000000" for i in (1, 2)]
    for i, label in enumerate(labels):
        found = program.json("dump", "--component", label, path)["entities"]
        check_equal(label, [entity["components"] for entity in found], [{label: {"cells": [[i]]}}])
        check("cells=[[%d]]" % i in program.text("dump", "--component", label, path), "a grid of one, as text")
    check_equal("one name for two", program.message(1, "dump", "--component", "Twin", path),
                f"{path}: the name Twin is ambiguous: use {labels[0]}")
    check_equal("no explicit ids", program.message(1, "dump", "--component", "pecs.id", path),
                f"{path}: no component pecs.id")


def check_namesakes(folder):
    """No choice of names gives two types one label: in JSON, in text and for --component."""
    path, end = os.path.join(folder, "namesakes.pecs"), "000000-0000-0000-0000-000000000000"
    first = f"Twin#01{end}"
    labels = [first, f"Twin#02{end}", f"Twin#03{end}", f"{first}#04{end}", f"{first}#04{end}#05{end}", "Twin#01000000"]
    check_equal("labels", [entity["components"] for entity in program.json("dump", path)["entities"]],
                [{label: {"cells": [[i]]}} for i, label in enumerate(labels)])
    text = program.text("dump", path).splitlines()
    check_equal("labels as text", text[2::2], [f"  {label} cells=[[{i}]]" for i, label in enumerate(labels)])
    for i, label in enumerate(labels):
        found = program.json("dump", "--component", label, path)["entities"]
        check_equal(label, [entity["components"] for entity in found], [{label: {"cells": [[i]]}}])
    found = program.json("info", path)
    check_equal("labels of info", [table["components"] for table in found["tables"]], [[label] for label in labels])
    space = {part["component"]: part["bytes"] for part in found["space"] if "component" in part}
    check_equal("space", space, dict.fromkeys(labels, 4))


def seconds_of(*words):
    """Of the processor, without the system's; the least of some runs."""
    times = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        program.expect(0, *words)
        times.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
    return min(times)


def check_order(folder):
    """Components come in the order of their names, at the same cost whatever the order of their types."""
    forwards, backwards = (os.path.join(folder, f"{name}.pecs") for name in ("forwards", "backwards"))
    names = [f"t{i:03}" for i in range(1000)]
    for path, second in ((forwards, names[1:]), (backwards, names[:-1])):
        found = program.json("dump", path)["entities"]
        check_equal(path, [list(entity["components"]) for entity in found], [names, second] * 100)
        lines = program.text("dump", path).splitlines()[1:]
        check_equal(f"{path} as text", [line[2:] for line in lines if line.startswith("  ")], (names + second) * 100)
    usual, hostile = seconds_of("dump", forwards), seconds_of("dump", backwards)
    check(hostile < 2 * usual + 0.03, f"dump of backwards.pecs takes {hostile} s, of forwards.pecs {usual} s")


def check_long_path(folder):
    """The path of a message may be long; its reason is never truncated."""
    deep = os.path.join(folder, *(["d" * 200] * 10))
    os.makedirs(deep)
    path = os.path.join(deep, "bad.pecs")
    with open(path, "wb") as out:
        out.write(b"PECS" + bytes(10))
    text = program.message(1, "verify", path)
    check(text.startswith(f"{path}: CORRUPT: FILE-") and " at byte " in text, text[-200:])
    text = program.message(2, "verify", path + "x")
    check(text.endswith("bad.pecsx: No such file or directory"), text[-200:])


def check_rough(folder):
    """Invalid values are refused, unless the file is trusted."""
    note, text = f'No"te\\ {HIDING}=', f"te xt{HIDING}"
    for name, rule, what, component, field, value in (
            ("bool", 1, "up of 'Flag' is neither 0 nor 1", "Flag", "up", "bool:2"),
            ("enum", 2, "mood of 'Mood' is not a value of its enum", "Mood", "mood", 7),
            ("text", 3, "is not UTF-8 and then only zeros", note, text, {"hex": "fffe626164"}),
            ("zero", 3, "is not UTF-8 and then only zeros", note, text, "a\0b"),
            ("entity", 4, "owner of 'Shape' is the handle of an entity that never existed", "Shape", "owner", "5:1")):
        path = os.path.join(folder, f"rough-{name}.pecs")
        for command in ("dump", "verify"):
            text = program.message(1, command, path)
            check(f": CORRUPT: VALUE-{rule} at byte 4" in text, f"{command} {path}: {text}")
            check(": entity 0:1: " in text and text.endswith(what), f"{command} {path}: {text}")
        check_equal("info does not check values", program.json("info", path)["entity_count"], 1)
        found = program.json("dump", "--trust", path)["entities"][0]["components"]
        check_equal(f"dump --trust {path}", found[component][field], value)
        check("0:1" in program.text("dump", path, "--trust"), f"dump --trust {path} as text")
    for name, start in (("longer", "a\u00e9"), ("longest", "\u00e9")):  # cut, and still text
        path = os.path.join(folder, f"rough-{name}.pecs")
        text = program.json("verify", path, code=1)["message"]
        check(isinstance(text, str) and text.startswith("entity 0:1: ") and f"'{start}" in text, f"{path}: {text}")
        check("\ufffd" not in text and "?" not in text, f"{path}: {text}")


def main():
    files = sys.argv[4:]
    for path in files:
        check_golden(path)
    check_choice(next(path for path in files if "kinds" in path))
    with made_worlds(sys.argv[3]) as folder:
        for path in files:
            check_each_component(path, folder)
        check_strange(folder)
        check_rough(folder)
        check_twins(folder)
        check_order(folder)
        check_namesakes(folder)
        check_long_path(folder)
    finish()


main()
