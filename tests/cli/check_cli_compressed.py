#!/usr/bin/env python3
"""Compressed files: every command shows of them what it shows of the same file uncompressed; what info and its advice say.

usage: check_cli_compressed.py PECS MAKE_CLI_WORLDS FILE...
"""
import os
import sys
import tempfile

from pecs_cli import Program, check, check_equal, finish, made_worlds, read_bytes, write_bytes

program, files = Program(sys.argv[1]), [path for path in map(os.path.abspath, sys.argv[3:]) if path.endswith(".pecs")]
COMMANDS = (["verify"], ["verify", "--json"], ["dump"], ["dump", "--json"], ["schema", "show"], ["schema", "json"])
has_json = ", json" in program.message(2, "convert", "--to", "xml", files[0], "out")


def through(words, data):
    """What a command writes that reads a pipe."""
    result = program.run(*words, stdin=None, input=data)
    check_equal(f"{words}", (result.returncode, result.stderr), (0, b""))
    return result.stdout


def convert(path, output, *options):
    check_equal(f"convert {path} {options}", program.text("convert", path, output, *options), "")
    return read_bytes(output)


def check_commands(plain, compressed):
    data = read_bytes(compressed)
    for words in COMMANDS:
        if words == ["schema", "json"] and not has_json:
            continue
        expected = program.expect(0, *words, plain).stdout.replace(plain.encode(), compressed.encode())
        check(program.expect(0, *words, compressed).stdout == expected, f"{words} {compressed}")
        expected = expected.replace(compressed.encode(), b"standard input")
        check(through([*words, "-"], data) == expected, f"{words} of {compressed} through a pipe")
    for words in (["diff", plain, compressed], ["diff", "--trust", "--by-handle", compressed, plain]):
        check_equal(f"{words}", program.expect(0, *words).returncode, 0)
    through(["diff", plain, "-"], data)
    expected = program.expect(0, "dump", "--trust", plain).stdout.replace(plain.encode(), compressed.encode())
    check(program.expect(0, "dump", "--trust", compressed).stdout == expected, f"dump --trust of {compressed}")


def space_of(info):
    return {(part["kind"], part.get("component")): part for part in info["space"]}


def check_info(plain, compressed):
    """The file is the sum of its parts, and blocks hold what the same columns are in the other file."""
    before, after = program.json("info", plain), program.json("info", compressed)
    check_equal(f"{plain} has no blocks", [before[key] for key in ("segment_count", "block_count", "block_bytes", "ratio")],
                [1, 0, 0, 1])
    same = ("entity_count", "slot_count", "tick", "metadata", "file_metadata", "attachments", "types", "tables", "wall_clock_ns")
    check_equal(f"head of {compressed}", [after[key] for key in same], [before[key] for key in same])
    stored = full = 0
    for key, part in space_of(after).items():
        old = space_of(before)[key]
        if "codec" not in part:
            continue
        check_equal(f"{key} of {plain}", (old["codec"], old["full_bytes"]), ("raw", old["bytes"]))
        check_equal(f"{key} of {compressed}", part["full_bytes"], old["bytes"])
        check_equal(f"codec of {key}", part["codec"], "raw" if part["bytes"] == part["full_bytes"] else "zstd")
        check(part["ratio"] >= 1 or key[0] == "contents", f"{key} of {compressed} grew: {part}")
        stored, full = stored + part["bytes"], full + part["full_bytes"]
    check_equal(f"sum of {compressed}", (sum(part["bytes"] for part in after["space"]), after["space_bytes"]),
                (after["size_bytes"], after["size_bytes"]))
    if not after["attachments"] and not any(kind == "contents" for kind, _ in space_of(after)):
        check_equal(f"blocks of {compressed}", (after["block_bytes"], after["block_full_bytes"]), (stored, full))
    for words in (["info"], ["info", "--json"]):
        expected = program.expect(0, *words, compressed).stdout.replace(compressed.encode(), b"standard input")
        check(through([*words, "-"], read_bytes(compressed)) == expected, f"{words} of {compressed} through a pipe")
    check((after["segment_count"] > 1) == (after["block_count"] > 0) == (full > 0), f"counts of {compressed}")


def check_file(path, folder):
    plain, compressed, other = (os.path.join(folder, name) for name in ("plain.pecs", "compressed.pecs", "other.pecs"))
    data = convert(path, plain)
    compacted = os.path.join(folder, "compacted.pecs")
    program.expect(0, "compact", plain, compacted)
    for profile in ("fast", "small"):
        small = convert(plain, compressed, "--profile", profile)
        check(convert(plain, other, "--profile", profile, "--threads", "3") == small, f"{path} with three threads")
        check(through(["convert", "--to", "pecs", f"--profile={profile}", "-", "-"], data) == small, f"{path} through pipes")
        check(convert(compressed, other) == data, f"{path} uncompressed again, {profile}")
        check(convert(compressed, other, "--profile", "off", "--threads=2") == data, f"{path} with off")
        check(through(["convert", "--to", "pecs", "-", "-"], small) == data, f"{path} uncompressed through pipes")
        program.expect(0, "compact", compressed, other)
        check(read_bytes(other) == read_bytes(compacted), f"{path} compacted, {profile}")
        check_info(plain, compressed)
    check_commands(plain, compressed)


def check_text(folder):
    """A world of 5000 points, all the same."""
    many, small = os.path.join(folder, "many.pecs"), os.path.join(folder, "small.pecs")
    convert(many, small, "--profile", "small")
    info, text = program.json("info", small), program.text("info", small).splitlines()
    space = space_of(info)
    point = space["component", "Point"]
    check_equal("a point", (point["codec"], point["full_bytes"]), ("zstd", 40000))
    check(point["bytes"] < 1000 and info["ratio"] > 40, f"{info}")
    check_equal("blocks", (info["segment_count"], info["block_count"], info["block_full_bytes"]), (2, 3, 160000))
    check_equal("head", text[3], f"  compressed   2 segments, 3 blocks: {info['block_bytes']} bytes hold 160000, ratio {info['ratio']:.2f}")
    line = f"  {point['bytes']:14} {100 * point['bytes'] / info['size_bytes']:5.1f}  zstd {point['ratio']:7.2f}  Point"
    for expected in ("space: bytes, percent of the file, codec, ratio and what", line):
        check(expected in text, f"no line {expected!r} in {text}")
    check("codec" not in program.text("info", many), "info of a file that is not compressed")


def check_advice(path, folder):
    """What advice says is what convert then does."""
    advice, sizes = program.json("info", "--advise", path)["advice"], {}
    for profile in ("off", "fast", "small"):
        output = os.path.join(folder, f"advised-{profile}.pecs")
        convert(path, output, "--profile", profile)
        sizes[profile] = program.json("info", output)
    check_equal("sizes", [advice[f"{key}_bytes"] for key in ("full", "fast", "small")],
                [sizes[key]["size_bytes"] for key in ("off", "fast", "small")])
    spaces = {profile: space_of(info) for profile, info in sizes.items()}
    expected = {key: [spaces[profile][key]["bytes"] for profile in ("off", "fast", "small")]
                for key, part in spaces["off"].items() if part.get("full_bytes")}
    check(len(expected) > 2, f"too few parts: {expected}")
    check_equal("parts", {(part["kind"], part.get("component")): [part[f"{key}_bytes"] for key in ("full", "fast", "small")]
                          for part in advice["space"]}, expected)
    rest = program.text("info", "--advise", path)
    check(rest.startswith(program.text("info", path)), "info before the advice")
    lines = rest[len(program.text("info", path)):].splitlines()
    check_equal("lines", (lines[0], len(lines)),
                ("advice: bytes uncompressed; bytes and ratio with fast, with small; and what", len(expected) + 2))
    full, fast, small = (sizes[key]["size_bytes"] for key in ("off", "fast", "small"))
    check_equal("the whole file", lines[-1], f"  {full:14} {fast:14} {full / fast:7.2f} {small:14} {full / small:7.2f}  file")
    piped = through(["info", "--advise", "-"], read_bytes(path)).decode()
    check_equal("advice of a pipe", piped.splitlines()[-len(lines):], lines)


def check_refusals(path, folder):
    output, document = os.path.join(folder, "never.pecs"), os.path.join(folder, "never.json")
    for words, part in ((["--profile", "best", path, output], "convert: --profile takes off, fast or small, not best"),
                        (["--threads", "0", path, output], "convert: --threads takes a number from 1 on, not 0"),
                        (["--threads", "two", path, output], "not two"), (["--profile"], "missing value after --profile")):
        check(part in program.message(2, "convert", *words), f"convert {words}")
    if has_json:
        for words, part in ((["--profile", "off", path, document], "convert: --profile is for PECS files, and the output's format is json"),
                            (["--threads", "2", "--to", "json", path, "-"], "convert: --threads is for PECS files")):
            check(part in program.message(2, "convert", *words), f"convert {words}")
    check(not os.path.exists(output) and not os.path.exists(document), "a wrong option made a file")
    data = bytearray(convert(path, os.path.join(folder, "good.pecs"), "--profile", "fast"))
    data[8192] ^= 1  # the second segment's first block
    bad = write_bytes(os.path.join(folder, "bad.pecs"), data)
    for words in (["verify"], ["dump"], ["info", "--advise"], ["schema", "show"]):
        check("bad.pecs: CORRUPT: DATA-1 at byte " in program.message(1, *words, bad), f"{words} of damage")


def main():
    with tempfile.TemporaryDirectory() as folder:
        for path in files:
            check_file(path, folder)
    with made_worlds(sys.argv[2]) as folder, tempfile.TemporaryDirectory() as other:
        for name in ("many", "things", "strange", "title", "numbers"):
            check_file(os.path.join(folder, f"{name}.pecs"), other)
        check_text(folder)
        for name in ("many", "things", "before"):
            check_advice(os.path.join(folder, f"{name}.pecs"), other)
        check_refusals(os.path.join(folder, "many.pecs"), other)
    finish()


main()
