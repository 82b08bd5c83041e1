#!/usr/bin/env python3
"""Broken files are refused, and both readers name the same rule at the same byte.

usage: check_broken.py READ_PECS GOLDEN_TEST FILE...

Four kinds of broken copies of each file: bytes flipped, all over the file; the file cut or lengthened; numbers replaced
with all checksums and hashes made right again, so that only the rules about structure can find them; and numbers of types
and tables, replaced in commit and prologue alike. A library that knows no types judges them as read_pecs.py does; one
that knows all has one rule more.
"""
import importlib.util
import os
import random
import struct
import subprocess
import sys
import tempfile

FLIP_STEP = 3  # every third byte of a part, of a large file fewer
FLIPS = 1200
GAP_STEP = 41  # of what lies between parts
REPAIRED_COPIES = 700  # of each file
RETYPED_COPIES = 600

# A program that knows a type compares the record with its own; read_pecs.py does so for "pecs.id" alone.
OF_PROGRAMS = "TYPE-4"


def read_number(data, at):
    return int.from_bytes(data[at:at + 4], "little")


def load_module(path):
    spec = importlib.util.spec_from_file_location("read_pecs", path)
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    return module


class Parts:
    """Where the parts of a good file lie."""

    def __init__(self, pecs, data):
        file = pecs.File(data)
        self.pecs, self.segments_offset, self.segments = pecs, file.segments_offset, file.segments
        self.records = (file.types_offset, file.records_end)
        self.gaps = [(end, begin) for (_, end), (begin, _) in zip(file.parts, file.parts[1:]) if end < begin]
        self.places = {"header": [(0, 64)], "prologue": [], "data": [], "trailer": [],
                       "commit": [(file.commit_offset, file.commit_end)], "footer": [(len(data) - 64, len(data))]}
        for segment in file.segments:  # the first has all types and tables
            record = segment.record
            self.places["prologue"].append((record.offset, record.offset + record.prologue_size))
            self.places["data"].append((segment.data_offset, segment.data_end))
            self.places["trailer"].append((record.trailer_offset, record.trailer_offset + record.trailer_size))

    def all_places(self):
        return [(name, *place) for name, places in self.places.items() for place in places]

    def repair(self, data):
        """Makes every checksum right that a reader will look at, innermost first."""
        hash64, place = self.pecs.hash64, self.places

        def put(at, number):
            data[at:at + 8] = struct.pack("<Q", number)

        for segment in self.segments:
            record_at = self.segments_offset + segment.sequence * self.pecs.SEGMENT_RECORD.size
            start, end = place["prologue"][segment.sequence]
            put(end - 8, hash64(data[start:end - 8]))
            put(record_at + 16, hash64(data[start:end - 8]))
            start, end = place["trailer"][segment.sequence]
            for i, (first, last) in enumerate(segment.pieces):
                put(start + 16 + 8 * i, hash64(data[first:last]))
            put(end - 8, hash64(data[start:end - 8]))
            put(record_at + 40, hash64(data[start:end - 8]))
        start, end = place["commit"][0]
        data[start + 56:start + 72] = bytes(16)
        data[start + 56:start + 72] = self.pecs.hash128(data[start:end])
        put(len(data) - 64 + 32, hash64(data[start:end]))
        put(56, hash64(data[:56]))
        put(len(data) - 8, hash64(data[-64:-8]))


def flipped(parts, data):
    step = max(FLIP_STEP, sum(end - start for _, start, end in parts.all_places()) // FLIPS)
    for name, start, end in parts.all_places():
        for at in sorted({start, end - 1, *range(start, end, step)} if start < end else ()):
            copy = bytearray(data)
            copy[at] ^= 1 << at % 8
            yield f"bit {at % 8} of byte {at} ({name}) flipped", bytes(copy)
    for start, end in parts.gaps:
        for at in sorted({start, end - 1, *range(start, end, GAP_STEP)}):
            copy = bytearray(data)
            copy[at] ^= 1 << at % 8
            parts.repair(copy)
            yield f"bit {at % 8} of byte {at} (a gap) flipped, hashes repaired", bytes(copy)


def resized(parts, data):
    cuts = {0, 1, 63, 64, 127, 128, len(data) - 4096, len(data) - 65, len(data) - 64, len(data) - 63, len(data) - 1}
    for _, start, end in parts.all_places():
        cuts |= {start, (start + end) // 2, end - 1}
    for size in sorted(cuts):
        yield f"cut to {size} bytes", data[:size]
    yield "one byte longer", data + b"\0"
    yield "a page longer", data + bytes(4096)


def other_number(old, rng):
    """One that may pass for it."""
    return rng.choice((0, 1, 2, 3, 64, 4096, 2**31, 2**32 - 1, old + 1, old - 1, old + 8, old * 2, old ^ 64,
                       rng.randrange(20), rng.getrandbits(32))) % 2**32


def replaced(parts, data, rng):
    for _ in range(REPAIRED_COPIES):
        name = rng.choice(("header", "prologue", "prologue", "data", "footer", "trailer") + 6 * ("commit",))
        start, end = rng.choice(parts.places[name]) if len(parts.segments) > 1 else parts.places[name][0]
        if end - start < 4:
            continue
        at = rng.randrange(start, end - 3, 4)
        old = read_number(data, at)
        new = other_number(old, rng)
        if new != old:
            copy = bytearray(data)
            copy[at:at + 4] = struct.pack("<I", new)
            parts.repair(copy)
            yield f"{old} at byte {at} ({name}) replaced by {new}", bytes(copy)


def retyped(parts, data, rng):
    """One or two numbers in the records of types and tables."""
    start, end = parts.records
    in_prologue = parts.places["prologue"][0][0] + 64 - start
    for _ in range(RETYPED_COPIES if start < end else 0):
        copy, what = bytearray(data), []
        for _ in range(rng.choice((1, 1, 2))):
            at = rng.randrange(start, end, 4)
            new = struct.pack("<I", other_number(read_number(copy, at), rng))
            what.append(f"{read_number(copy, at)} at byte {at} replaced by {read_number(new, 0)}")
            copy[at:at + 4] = copy[at + in_prologue:at + in_prologue + 4] = new
        parts.repair(copy)
        yield " and ".join(what), bytes(copy)


def verdict_of(pecs, data):
    try:
        pecs.File(data)
    except pecs.Broken as broken:
        return broken.rule, broken.offset
    return "-", 0


def agree(library, reader, types):
    return library == reader or types == "all" and library[0] == OF_PROGRAMS


def library_verdicts(golden_test, types, copies, folder):
    paths = []
    for i, (_, data) in enumerate(copies):
        paths.append(os.path.join(folder, str(i)))
        with open(paths[-1], "wb") as stream:
            stream.write(data)
    output = subprocess.run([golden_test, types, "verdicts"] + paths, stdout=subprocess.PIPE, check=True).stdout.decode()
    return [(status, rule, int(offset)) for status, rule, offset in map(str.split, output.splitlines())]


def check(pecs, golden_test, copies, must_fail, folder, seen):
    """All verdicts on each copy; gives the number of copies that were refused."""
    refused = 0
    copies = list(copies)
    expected = [verdict_of(pecs, data) for _, data in copies]
    for types in ("all",) if must_fail else ("none", "all"):  # checksums do not depend on it
        verdicts = library_verdicts(golden_test, types, copies, folder)
        assert len(verdicts) == len(copies)
        for (what, _), (status, rule, offset), reader in zip(copies, verdicts, expected):
            what = f"{what}, to a program that knows {types} of the types"
            if must_fail and status not in ("CORRUPT", "UNSUPPORTED", "LAYOUT"):
                sys.exit(f"{what}: load gives {status}")
            if status not in ("OK", "CORRUPT", "UNSUPPORTED", "LAYOUT"):
                sys.exit(f"{what}: load gives {status} {rule} {offset}")
            refused += types == "all" and status != "OK"
            seen.add(rule)
            if not agree((rule, offset), reader, types):
                sys.exit(f"{what}: load says {rule} at {offset}, read_pecs.py {reader}")
    return refused, len(copies)


def check_exit(read_pecs, data, folder):
    """As a program, read_pecs.py names the rule and exits with 1."""
    path = os.path.join(folder, "broken")
    with open(path, "wb") as stream:
        stream.write(data[:-1])
    result = subprocess.run([sys.executable, read_pecs, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if result.returncode != 1 or b"FOOTER-1 at byte" not in result.stderr or result.stdout:
        sys.exit(f"read_pecs.py of a file that was cut: exit status {result.returncode}, {result.stderr.decode()}")


def main():
    pecs, golden_test = load_module(sys.argv[1]), sys.argv[2]
    rng, seen = random.Random(1), set()
    for path in sys.argv[3:]:
        with open(path, "rb") as stream:
            data = stream.read()
        parts = Parts(pecs, data)
        copy = bytearray(data)
        parts.repair(copy)
        if copy != data:
            sys.exit(f"{path}: repairing a good file changes it")
        with tempfile.TemporaryDirectory() as folder:
            print(os.path.basename(path))
            check_exit(sys.argv[1], data, folder)
            for name, copies, must_fail in (("flipped", flipped(parts, data), True),
                                            ("resized", resized(parts, data), True),
                                            ("replaced", replaced(parts, data, rng), False),
                                            ("retyped", retyped(parts, data, rng), False)):
                refused, count = check(pecs, golden_test, copies, must_fail, folder, seen)
                print(f"  {name}: {refused} of {count} refused")
    print("rules named:", " ".join(sorted(seen - {"-"})))
    if len(seen) < 50:
        sys.exit("too few rules were broken: this test tests nothing")


main()
