#!/usr/bin/env python3
"""Rules that every file of the project keeps.

usage: check_tree.py ROOT

1. A file's name is unique in the tree, but for meson.build and README.md: a name alone says which file is meant.
2. Nothing refers outside of the repository, and nothing names the host of a public package registry.
3. The public headers and exactly these are installed.
4. Every source of a layer and every unit test is named in the meson.build beside it.
5. A file of C or C++ has at most 600 lines.
6. A line of prose in Markdown has at most 120 characters; tables, code and images may be wider.
7. A function of C or C++ has at most 45 lines between its braces, each of which has a line of its own.
8. docs/examples/own_ecs.c has at most 120 lines: that is all a program with an ECS of its own needs.
"""
import glob
import os
import re
import subprocess
import sys

# In pieces, so that this file keeps its own rule.
FORBIDDEN = ["../" + "shared"] + [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("crates", "io"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("rubygems", "org"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("proxy", "golang", "org"),
        ("wrapdb", "mesonbuild", "com"),
        ("conan", "io"),
    )
]
REPEATED = {"meson.build", "README.md"}
SOURCES = (".c", ".h", ".cc", ".cpp", ".hpp")
LINES_MAX = 600
COLUMNS_MAX = 120
FUNCTION_LINES_MAX = 45
FUNCTION = re.compile(r"^( *)\{\n(.*?)^\1\}$", re.MULTILINE | re.DOTALL)
SHORT = {"docs/examples/own_ecs.c": 120}


def from_git(root):
    """Tracked files and those that would be added; None where this is not a git checkout."""
    try:
        result = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        return None
    names = [name for name in result.stdout.decode().split("\0") if name and os.path.isfile(os.path.join(root, name))]
    return names if result.returncode == 0 and "meson.build" in names else None


def from_walk(root):
    names = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders
                      if name not in (".git", "__pycache__", "subprojects")
                      and not os.path.isdir(os.path.join(folder, name, "meson-private"))]
        names += [os.path.relpath(os.path.join(folder, name), root) for name in files]
    return names


def repeated_names(names):
    seen, failures = {}, []
    for name in names:
        base = os.path.basename(name)
        if base in seen and base not in REPEATED:
            failures.append(f"two files are named {base}: {seen[base]} and {name}")
        seen[base] = name
    return failures


def forbidden_text(root, names):
    failures = []
    for name in names:
        with open(os.path.join(root, name), "rb") as file:
            text = file.read()
        for word in FORBIDDEN:
            if re.search(rb"(?<![\w-])" + re.escape(word.encode()), text):
                failures.append(f"{name} has the text {word}")
    return failures


def long_sources(root, names):
    failures = []
    for name in names:
        if name.endswith(SOURCES):
            with open(os.path.join(root, name), "rb") as file:
                line_count = file.read().count(b"\n")
            if line_count > SHORT.get(name, LINES_MAX):
                failures.append(f"{name} has {line_count} lines")
    return failures


def long_bodies(text):
    """The number of functions, and of each that is too long the line of its opening brace and its length."""
    bodies = [(text.count("\n", 0, found.start()) + 1, found[2].count("\n")) for found in FUNCTION.finditer(text)]
    return len(bodies), [(line, length) for line, length in bodies if length > FUNCTION_LINES_MAX]


def long_functions(root, names):
    count, failures = 0, []
    for name in names:
        if name.endswith(SOURCES):
            with open(os.path.join(root, name), encoding="utf-8") as text:
                found, too_long = long_bodies(text.read())
            count += found
            failures += [f"{name}:{line} begins a function of {length} lines" for line, length in too_long]
    # A search that finds nothing would pass every file.
    planted = "Test(a, b)\n{\n" + "    c();\n" * FUNCTION_LINES_MAX + "%s}\n"
    if count < len(names) or long_bodies(planted % "") != (1, []) or long_bodies(planted % "\n") != (1, [(2, 46)]):
        failures.append("the search for long functions is broken")
    return failures


def wide_prose(root, names):
    failures = []
    for name in names:
        if not name.endswith(".md"):
            continue
        is_code = False
        with open(os.path.join(root, name), encoding="utf-8") as text:
            for number, line in enumerate(text.read().split("\n"), 1):
                is_code ^= line.lstrip().startswith("```")
                is_prose = not is_code and " " in line.strip() and not re.match(r"\s*(\||!\[|<)", line)
                if is_prose and len(line) > COLUMNS_MAX:
                    failures.append(f"{name}:{number} has {len(line)} characters")
    return failures


def headers_installed(root):
    with open(os.path.join(root, "src/meson.build"), encoding="utf-8") as text:
        installed = set(re.findall(r"'\.\./include/pecs/(\w+\.(?:h|hpp))'", text.read()))
    there = {os.path.basename(path) for path in glob.glob(os.path.join(root, "include/pecs/*.h*"))}
    return [f"include/pecs/{name} is not both in the tree and installed" for name in sorted(installed ^ there)]


def sources_built(root):
    failures = []
    for pattern, prefix in (("src/*/*.c", ""), ("tests/unit/test_*.c", "test_")):
        for path in sorted(glob.glob(os.path.join(root, pattern))):
            name = os.path.basename(path)
            entry = name if not prefix else name[len(prefix):-len(".c")]
            with open(os.path.join(os.path.dirname(path), "meson.build"), encoding="utf-8") as text:
                if f"'{entry}'" not in text.read():
                    failures.append(f"{os.path.relpath(path, root)} is in no build")
    return failures


def main():
    root = sys.argv[1]
    names = sorted(from_git(root) or from_walk(root))
    failures = repeated_names(names) + forbidden_text(root, names) + headers_installed(root)
    failures += sources_built(root) + long_sources(root, names) + wide_prose(root, names)
    failures += long_functions(root, names)
    print("\n".join(failures) or f"{len(names)} files keep the rules")
    sys.exit(1 if failures or len(names) < 20 else 0)


main()
