#!/usr/bin/env python3
"""The layers hold: in the sources, in the build, and for the compiler.

usage: check_layers.py ROOT BUILD COMPILER...

1. Each quoted include names a header of a layer that the including layer may use; no include has a path in it.
2. The build compiles each layer's files with the folders of these layers and no others.
3. A file of a layer that includes a header of a forbidden layer does not compile with the flags of its layer, while one
   that includes an allowed header does: for every pair of layers.
4. Only base/os_linux.c, os_file_linux.c, os_stream_linux.c and, of the program, cli/terminal_posix.c include the platform's headers, only base/hash.c xxHash,
   only base/codec.c Zstandard.
"""
import glob
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

from layers import LAYERS

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)
PLATFORM = re.compile(r"^(fcntl|unistd|dirent|sys/.*|linux/.*|windows|mach/.*)\.h$")
PLATFORM_FILES = ("src/base/os_linux.c", "src/base/os_file_linux.c", "src/base/os_stream_linux.c", "src/cli/terminal_posix.c")
OPTIONAL = ("cli",)  # a layer that a build may leave out
failures = []


def check(good, message):
    if not good:
        failures.append(message)


def headers_by_layer(root):
    return {layer: sorted(os.path.basename(path) for path in glob.glob(f"{root}/src/{layer}/*.h")) for layer in LAYERS}


def check_includes(root, headers):
    owner = {header: layer for layer, names in headers.items() for header in names}
    seen = 0
    for path in sorted(glob.glob(f"{root}/src/**/*.[ch]", recursive=True)):
        name = os.path.relpath(path, root)
        layer = name.split(os.sep)[1]
        check(layer in LAYERS, f"{name}: {layer} is not a layer")
        with open(path, encoding="utf-8") as source:
            text = source.read()
        for quote, header in INCLUDE.findall(text):
            seen += 1
            if quote == '"':
                check(header in owner, f"{name}: {header} is not a header of a layer, or has a path")
                check(owner.get(header) in LAYERS.get(layer, []) + [None],
                      f"{name}: {layer} may not include {header} of {owner.get(header)}")
            elif header.startswith("pecs/"):
                check(os.path.exists(f"{root}/include/{header}"), f"{name}: no public header {header}")
            else:
                check(not header.startswith("xxh") or name.endswith("base/hash.c"), f"{name}: xxHash outside base/hash.c")
                check(not header.startswith("zstd") or name.endswith("base/codec.c"), f"{name}: zstd outside base/codec.c")
                check(not PLATFORM.match(header) or name in PLATFORM_FILES, f"{name}: <{header}> is the platform's")
    check(seen > 20, "too few includes found: the search is broken")


def flags_by_layer(root, build):
    """The -I folders, inside src, that the build gives each layer."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as text:
        commands = json.load(text)
    source_root = os.path.realpath(os.path.join(root, "src"))
    flags = {}
    for entry in commands:
        source = os.path.realpath(os.path.join(entry["directory"], entry["file"]))
        if not source.startswith(source_root + os.sep):
            continue
        layer = os.path.relpath(source, source_root).split(os.sep)[0]
        folders = set()
        for word in shlex.split(entry["command"]):
            if word.startswith("-I"):
                folders.add(os.path.realpath(os.path.join(entry["directory"], word[2:])))
        flags.setdefault(layer, set()).update(folders)
    return flags


def compiles(compiler, folders, header):
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "intruder.c")
        with open(source, "w") as out:
            out.write(f'#include "{header}"\n')
        command = compiler + ["-std=c11", "-fsyntax-only", source] + [f"-I{item}" for item in sorted(folders)]
        return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0


def check_build(root, build, compiler, headers):
    flags = flags_by_layer(root, build)
    for layer, used in LAYERS.items():
        if layer in OPTIONAL and layer not in flags:
            continue
        folders = flags.get(layer, set())
        given = {name for name in LAYERS if os.path.realpath(f"{root}/src/{name}") in folders}
        check(given == set(used), f"src/{layer} is compiled with the folders of {sorted(given)}, not {sorted(used)}")
        for other, names in headers.items():
            for header in names[:1]:
                allowed = other in used
                check(compiles(compiler, folders, header) == allowed,
                      f"src/{layer}: including {header} of {other} {'fails' if allowed else 'compiles'}")


def main():
    root, build, compiler = sys.argv[1], sys.argv[2], sys.argv[3:]
    headers = headers_by_layer(root)
    check_includes(root, headers)
    check_build(root, build, compiler, headers)
    print("\n".join(failures) or f"{len(LAYERS)} layers hold")
    sys.exit(1 if failures else 0)


main()
