#!/usr/bin/env python3
"""Every golden file says what its text says, to both readers, and today's writer makes the same bytes.

usage: check_golden.py READ_PECS GOLDEN_TEST MAKE_GOLDEN

For each NAME-v1.pecs beside this script: read_pecs.py prints NAME-v1.txt; the library, with resume and with load, prints
that text from its line "content" on, and saves the same bytes again, whether the program knows all types, some or
none; so does the world of that name, made anew. The files of the draft, NAME-v0.pecs, are refused, and it is said why.
"""
import difflib
import glob
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile

FILE_COUNT = 5  # at least: fewer were not found

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
        output_of(golden_test, types, "resave", verb, path, copy)
        if read_bytes(copy) != read_bytes(path):
            sys.exit(f"{name}: {verb} and save gives other bytes with {types} of the types registered")
    for types in ("all", "some"):
        output_of(make_golden, world, types, copy)
        if read_bytes(copy) != read_bytes(path):
            sys.exit(f"{name}: today's writer gives other bytes for this world, with {types} of the types")


def check_draft(path, read_pecs, golden_test):
    told = output_of(golden_test, "all", "verdicts", path)
    if "UNSUPPORTED HEADER-2 4" not in told:
        sys.exit(f"{path}: {told}")
    told = subprocess.run([sys.executable, read_pecs, path], capture_output=True, text=True)
    if told.returncode != 1 or "HEADER-2 at byte 4: version 0" not in told.stderr + told.stdout:
        sys.exit(f"read_pecs.py {path}: {told.stderr}")


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
