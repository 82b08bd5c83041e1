#!/usr/bin/env python3
"""The test vectors of docs/format.md are what the readers compute and what the golden file has.

usage: check_vectors.py READ_PECS ROOT

Hashes and the record of "pecs.id" are those of read_pecs.py; check_hash.py compares its hashes with the xxHash library's.
The dump of the empty file has every byte of empty-v1.pecs that is not zero, that of a column with contents the values
and the heap run of heap-v1.pecs.
"""
import importlib.util
import os
import re
import sys

HASHES = re.compile(r"^\| ([^|]+) \| `([0-9a-f]{16})` \| `([0-9a-f]{32})` \|$", re.MULTILINE)
DUMPED = re.compile(r"^([0-9a-f]{4})  ((?:[0-9a-f]{2} ){15}[0-9a-f]{2})  \S", re.MULTILINE)
INPUTS = {"none": b"", "the 7 bytes `pecs.id`": b"pecs.id",
          "1000 bytes, byte i being i % 251": bytes(i % 251 for i in range(1000))}


def load_module(path):
    spec = importlib.util.spec_from_file_location("read_pecs", path)
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    return module


def section(page, title):
    start = page.index(f"\n### {title}\n")
    end = page.find("\n### ", start + 1)
    return page[start:end if end >= 0 else len(page)]


def dump_of(text):
    """The bytes of a dump, as {offset: 16 bytes}."""
    return {int(offset, 16): bytes.fromhex(data) for offset, data in DUMPED.findall(text)}


def check_hashes(pecs, text):
    rows = {what: hashes for what, *hashes in HASHES.findall(text)}
    if set(rows) != set(INPUTS):
        return [f"hashes are of {', '.join(rows)}"]
    failures = [f"other hashes of {what}: {rows[what]}" for what, data in INPUTS.items()
                if rows[what] != [f"{pecs.hash64(data):016x}", pecs.hash128(data).hex()]]
    if f"`{pecs.hash64(b'').to_bytes(8, 'little').hex(' ')}`" not in text:
        failures.append("the bytes of the checksum of nothing are not there")
    return failures


def check_dump(what, lines, data, is_whole):
    """Each line is in the data; what no line has is zero, or, if the dump is whole, not there."""
    failures = [f"{what}: other bytes at {offset:#x}" for offset, line in lines.items() if data[offset:offset + 16] != line]
    missing = [at for at in range(len(data)) if at // 16 * 16 not in lines and (is_whole or data[at])]
    return failures + [f"{what}: byte {at:#x} is not there" for at in missing[:1]]


def check_column(pecs, lines, root):
    """Every byte of the values and of the heap run is in the dump."""
    with open(os.path.join(root, "tests/golden/heap-v1.pecs"), "rb") as stream:
        file = pecs.File(stream.read())
    table = file.tables[2]
    number, = table.heaps
    (heap,), start = table.heaps[number], table.runs[number][0]
    places = [*range(start, start + table.row_count * file.types[number].size), *range(heap.ends, heap.offset + heap.size)]
    failures = [] if file.types[number].name == "Trail" else ["table 2 has another type"]
    failures += [f"a column with contents: other bytes at {at:#x}" for at, line in lines.items()
                 if file.data[at:at + 16] != line]
    return failures + [f"a column with contents: byte {at:#x} is not there" for at in places
                       if at // 16 * 16 not in lines][:1]


def main():
    pecs, root = load_module(sys.argv[1]), sys.argv[2]
    with open(os.path.join(root, "docs/format.md"), encoding="utf-8") as stream:
        page = stream.read()
    with open(os.path.join(root, "tests/golden/empty-v1.pecs"), "rb") as stream:
        empty = stream.read()
    failures = check_hashes(pecs, section(page, "Hashes"))
    failures += check_dump("pecs.id", dump_of(section(page, "The record of pecs.id")), pecs.id_type_record(0), True)
    failures += check_column(pecs, dump_of(section(page, "A column with contents")), root)
    failures += check_dump("the empty file", dump_of(section(page, "The empty file")), empty, False)
    if f" {len(empty)} bytes" not in section(page, "The empty file"):
        failures.append("the empty file has another size")
    print("\n".join(failures) or "hashes, pecs.id, a column with contents and the empty file")
    sys.exit(1 if failures else 0)


main()
