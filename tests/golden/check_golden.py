#!/usr/bin/env python3
"""Every golden file says what its text says, to both readers, and today's writer makes the same bytes.

usage: check_golden.py READ_PECS GOLDEN_TEST MAKE_GOLDEN

For each NAME-v1.pecs beside this script: read_pecs.py prints NAME-v1.txt; the library, with resume and with load, prints
that text from its line "content" on, and saves the same bytes again, whether the program knows all types, some or
none; so does the world of that name, made again. The files of the draft, NAME-v0.pecs, are refused with the reason.

What zstd makes of the same bytes depends on its version, so nothing is asked of the bytes of compressed files: their
worlds, and those that today's writer compresses, are saved plain, with the bytes that a plain save of the world has. To
read them, read_pecs.py takes whatever zstd there is, with the same result, and says so if there is none.
"""
import difflib
import glob
import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile

FILE_COUNT = 5  # at least: fewer were not found

# The compressed ones, and the SHA-256 of their worlds' plain files.
PLAIN = {"bits": "49cf1caa47feb0c46fa17d7c31b6199acd51531a9c25a21d4d7f0483b368f46b",
         "mixed": "d38f21b3940c1943b5ac162bd34830e97107274c9cb2d4c7458f003edc90b139",
         "packed": "a200c64d47b46872ec18046a397f38ac989e57e98d2eb4c0e526d593f70cdd92",
         "stream": "0bff0fa7d43a1c233266004b862185cd93a2b4b198c4341f53d7f3e9eb6c24f5"}

# A program that runs read_pecs.py, which finds none of these modules.
WITHOUT = "import runpy, sys; sys.modules.update(dict.fromkeys({names})); sys.argv = sys.argv[1:]; " \
    "runpy.run_path(sys.argv[0], run_name='__main__')"

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def output_of(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if result.returncode:
        sys.exit(f"{' '.join(command)}: exit status {result.returncode}: {result.stderr.decode()}")
    return result.stdout.decode()


def compare_text(what, expected, text):
    if text != expected:
        diff = difflib.unified_diff(expected.splitlines(), text.splitlines(), "expected", what, lineterm="")
        sys.exit("\n".join(diff))


def read_bytes(path):
    with open(path, "rb") as stream:
        return stream.read()


def check_json(name, document, content):
    """Entities, with explicit ids, and the metadata are those of the text. Ids are there once."""
    entities = []
    for entity in document["entities"]:
        explicit = f" id {entity['id']}" if entity["has_explicit_id"] else ""
        entities.append(f"{entity['index']}:{entity['generation']}{explicit}")
    lines = [line[4:] for line in content.split("  entities\n")[1].split("  free slots\n")[0].splitlines()]
    if entities != [line for line in lines if line[:1].isdigit()]:
        sys.exit(f"read_pecs.py --json {name}: other entities than in the text")
    ids = {entity["id"] for entity in document["entities"]}
    if len(ids) != len(entities) or not all(UUID.fullmatch(text) for text in ids):
        sys.exit(f"read_pecs.py --json {name}: ids that are none, or there twice")
    lines = content.split("  entities\n")[0].split("  attachments\n")[0].split("  metadata\n")[1:]
    keys = [line.strip().rsplit(": ", 1)[0] for text in lines for line in text.splitlines()]
    if [entry["key"] for entry in document["metadata"]] != keys:
        sys.exit(f"read_pecs.py --json {name}: other metadata than in the text")


def check_zstd(path, read_pecs, expected):
    """By whichever module or library there is; the first works with any Python that can load the library."""
    for names in (("compression", "zstandard"), ("compression", "ctypes"), ("ctypes", "zstandard")):
        result = subprocess.run([sys.executable, "-c", WITHOUT.format(names=names), read_pecs, path], capture_output=True)
        if result.returncode != 2:
            compare_text(f"read_pecs.py without {names}", expected, result.stdout.decode())
    names = ("compression", "ctypes", "zstandard")
    result = subprocess.run([sys.executable, "-c", WITHOUT.format(names=names), read_pecs, path], capture_output=True)
    if result.returncode != 2 or result.stdout or b"blocks of the codec zstd" not in result.stderr:
        sys.exit(f"read_pecs.py {path} without zstd: exit status {result.returncode}, {result.stderr.decode()}")


def check_saves(world, path, golden_test, make_golden, copy):
    """Of a file that is not compressed: the same bytes, of itself and of its world."""
    for types, verb in itertools.product(("all", "some", "none"), ("resume", "load")):
        output_of(golden_test, types, "resave", verb, path, copy)
        if read_bytes(copy) != read_bytes(path):
            sys.exit(f"{path}: {verb} and save gives other bytes with {types} of the types registered")
    for types in ("all", "some"):
        output_of(make_golden, world, types, copy)
        if read_bytes(copy) != read_bytes(path):
            sys.exit(f"{path}: today's writer gives other bytes for this world, with {types} of the types")


def check_plain_saves(world, path, golden_test, make_golden, copy):
    """Of a compressed file, and of one of the same world that is compressed today: those of the world's plain file."""
    def check(what):
        if hashlib.sha256(read_bytes(copy)).hexdigest() != PLAIN[world]:
            sys.exit(f"{what}: other bytes than those of the world's plain file")

    fresh = copy + ".fresh"
    output_of(make_golden, world, "all", fresh)
    for types, verb, source in itertools.product(("all", "some", "none"), ("resume", "load"), (path, fresh)):
        output_of(golden_test, types, "resave", verb, source, copy)
        check(f"{source}: {verb} and plain save, with {types} of the types registered")
    output_of(make_golden, f"{world}_plain", "all", copy)
    check(f"{world}: today's writer")


def check_file(path, read_pecs, golden_test, make_golden, folder):
    with open(path[:-len(".pecs")] + ".txt", encoding="utf-8") as stream:
        expected = stream.read()
    name = os.path.basename(path)
    world, copy = name.split("-")[0], os.path.join(folder, name)
    compare_text(f"read_pecs.py {name}", expected, output_of(sys.executable, read_pecs, path))
    content = expected[expected.index("content\n"):]
    compare_text(f"read_pecs.py --content {name}", content, output_of(sys.executable, read_pecs, "--content", path))
    check_json(name, json.loads(output_of(sys.executable, read_pecs, "--json", path)), content)
    for types, verb in itertools.product(("all", "some", "none"), ("resume", "load")):
        compare_text(f"{verb} {name} with {types} of the types", content,
                     output_of(golden_test, types, "content", verb, path))
    if world in PLAIN:
        check_plain_saves(world, path, golden_test, make_golden, copy)
        check_zstd(path, read_pecs, expected)
    else:
        check_saves(world, path, golden_test, make_golden, copy)


def check_draft(path, read_pecs, golden_test):
    verdict = output_of(golden_test, "all", "verdicts", path)
    if "UNSUPPORTED HEADER-2 4" not in verdict:
        sys.exit(f"{path}: {verdict}")
    refused = subprocess.run([sys.executable, read_pecs, path], capture_output=True, text=True)
    if refused.returncode != 1 or "HEADER-2 at byte 4: version 0" not in refused.stderr + refused.stdout:
        sys.exit(f"read_pecs.py {path}: {refused.stderr}")


def golden_paths(version):
    return sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), f"*-v{version}.pecs")))


def main():
    read_pecs, golden_test, make_golden = sys.argv[1:]
    drafts, paths = golden_paths(0), golden_paths(1)
    if min(len(drafts), len(paths)) < FILE_COUNT:
        sys.exit(f"only {len(drafts)} and {len(paths)} golden files are there")
    for path in drafts:
        check_draft(path, read_pecs, golden_test)
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            check_file(path, read_pecs, golden_test, make_golden, folder)
    print(f"{len(paths)} golden files")


main()
