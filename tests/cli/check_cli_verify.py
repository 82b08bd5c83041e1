#!/usr/bin/env python3
"""pecs verify: valid files and their counts; for invalid ones the rule and the offset that read_pecs.py reports.

usage: check_cli_verify.py PECS READ_PECS FILE...
"""
import os
import re
import sys
import tempfile

from pecs_cli import Program, check, check_equal, finish, load_module, read_bytes, repair, write_bytes

program, reader = Program(sys.argv[1]), load_module(sys.argv[2])
rules = set()


def check_good(path):
    file = reader.File(read_bytes(path))
    found = program.json("verify", path)
    values = sum(table.row_count * sum(file.types[number].size for number in table.types) for table in file.tables)
    check_equal(f"verify {path}", found, {
        "file": path, "ok": True, "entity_count": file.commit.entity_count, "type_count": len(file.types),
        "table_count": len(file.tables), "slot_count": file.commit.slot_count, "free_count": file.commit.free_count,
        "retired_count": file.commit.retired_count,
        "component_bytes": values, "tick": file.commit.tick})
    check_equal(f"verify {path}", program.text("verify", path),
                f"{path}: ok, {file.commit.entity_count} entities, {len(file.types)} types, {len(file.tables)} tables, "
                f"{file.commit.slot_count} slots, {values} bytes of components\n")


def broken_copies(data):
    for size in (1, 100, 128, len(data) // 2, len(data) - 1):
        yield data[:size]
    yield data + bytes(4096)
    for at in list(range(0, 64, 5)) + list(range(64, len(data), 331)) + list(range(len(data) - 64, len(data), 9)):
        copy = bytearray(data)
        copy[at] ^= 1 << at % 8
        yield bytes(copy)


def bad_data(path):
    """Copies in which only the data is wrong, with hashes that fit."""
    data = read_bytes(path)
    file = reader.File(data)
    table = next((table for table in file.tables if table.row_count and not table.is_singleton), None)
    places = [table.runs[reader.NONE][0], file.index_run[0], file.index_run[0] + 12] if table else []
    for at in places:
        copy = bytearray(data)
        copy[at:at + 4] = (2**31).to_bytes(4, "little")
        repair(reader, copy)
        yield bytes(copy)


def check_bad(path, data):
    write_bytes(path, data)
    try:
        reader.File(data)
    except reader.Broken as broken:
        rule, offset = broken.rule, broken.offset
    else:
        return 0  # a byte between the sections, which no rule covers
    rules.add(rule)
    found = program.json("verify", path, code=1)
    check_equal("members", sorted(found), ["file", "message", "offset", "ok", "rule", "status"])
    check_equal(f"verdict on {rule}", (found["ok"], found["rule"], found["offset"]), (False, rule, offset))
    check(found["status"] in ("CORRUPT", "UNSUPPORTED") and found["message"], f"no status or message: {found}")
    check_equal("message", program.message(1, "verify", path),
                f"{path}: {found['status']}: {rule} at byte {offset}: {found['message']}")
    return 1


def main():
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        bad = os.path.join(folder, "bad.pecs")
        for path in sys.argv[3:]:
            check_good(path)
            for data in [*broken_copies(read_bytes(path)), *bad_data(path)]:
                count += check_bad(bad, data)
        for command in (["info"], ["dump"], ["diff", sys.argv[3]]):
            write_bytes(bad, b"not of PECS" * 20)
            text = program.message(1, *command, bad)
            check(re.search(r"bad\.pecs: CORRUPT: HEADER-1 at byte 0: ", text), f"{command}: {text}")
            write_bytes(bad, b"")
            text = program.message(1, *command, bad)
            check(re.search(r"bad\.pecs: CORRUPT: FILE-2 at byte 0: ", text), f"{command}: {text}")
        for command in (["info"], ["verify"], ["dump"], ["diff", sys.argv[3]], ["schema", "show"]):
            write_bytes(bad, b'{"pecs": 1}')
            text = program.message(1, *command, bad)
            check("begins like a JSON document, from which `pecs convert` makes" in text, f"{command}: {text}")
            write_bytes(bad, b"pecs lock 1\nschema version 0, oldest reader 0\n" + b"x" * 200)
            text = program.message(1, *command, bad)
            check("is a lock of types, which `pecs schema check` compares" in text, f"{command}: {text}")
    check(count > 60, f"only {count} broken files")
    check(len(rules) > 10 and {"ROW-1", "INDEX-1", "DATA-1"} <= rules, f"only these rules were broken: {rules}")
    finish()


main()
