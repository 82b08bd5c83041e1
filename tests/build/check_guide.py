#!/usr/bin/env python3
"""Pages with programs: each compiles without warnings and prints what its page says.

usage: check_guide.py ROOT ARCHIVE LINK_ARGUMENTS C_COMPILER CPP_COMPILER PAGE...

LINK_ARGUMENTS and each compiler are words in one argument; CPP_COMPILER may be empty, and programs in C++ are then
passed over. A PAGE is a Markdown file, or a folder, of which all pages are checked.

The blocks of a page that begin with ```c are one program, those with ```cpp another, in the order of the page:

    ```c            at file scope
    ```c main       in main, which the script adds around these
    ```text         what the block before it prints; a block without one prints nothing

A program whose blocks have a main of their own has no `main` blocks. It runs once for each ```text block that
follows, in one folder, and each shows what that run prints.

Besides: links to files and headings lead somewhere; names that begin with pecs_ or PECS_ are in the public headers or in the page's
own blocks; and a folder's README.md links to all of its pages.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

FLAGS = {"c": ["-std=c11"], "cpp": ["-std=c++17"]}
WARNINGS = ["-Wall", "-Wextra", "-Werror"]
SEPARATOR = "\x1e"  # printed after each `main` block, so that each output has its block
TIMEOUT_SECONDS = 60


class Block:
    """A piece of a program, the line where it begins, and the outputs that follow it."""

    def __init__(self, line, in_main, code):
        self.line, self.in_main, self.code, self.outputs = line, in_main, code, []


def programs_of(page, text):
    """The blocks of each language; fails on a fence that the convention does not know."""
    programs, last = {}, None
    for match in re.finditer(r"^```([^\n]*)\n(.*?)^```$", text, re.M | re.S):
        info, body, line = match.group(1).split(), match.group(2), text.count("\n", 0, match.start()) + 2
        if info in (["c"], ["c", "main"], ["cpp"], ["cpp", "main"]):
            last = Block(line, len(info) == 2, body)
            programs.setdefault(info[0], []).append(last)
        elif info == ["text"] and last:
            last.outputs.append(body)
        else:
            sys.exit(f"{page}:{line - 1}: a block must be c, cpp, or text after one of these")
    return programs


def source_of(page, blocks):
    """The whole program. Its lines are the page's, so that a compiler's message names the page."""
    parts = [f'#line {block.line} "{page.name}"\n{block.code}' for block in blocks if not block.in_main]
    statements = [f'#line {block.line} "{page.name}"\n{block.code}(void)putchar({ord(SEPARATOR)});\n'
                  for block in blocks if block.in_main]
    if statements:
        parts += ["int main(void)\n{\n", *statements, "return 0;\n}\n"]
    return "\n".join(parts)


def run(page, folder):
    result = subprocess.run(["./program"], cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    if result.returncode or result.stderr:
        sys.exit(f"{page}: the program ended with {result.returncode}: {result.stderr}")
    return result.stdout


def compare(page, line, printed, expected):
    if printed != expected:
        sys.exit(f"{page}:{line}: this block prints\n{printed}but the page says\n{expected}")


def check_program(page, language, blocks, compiler, arguments):
    own_main = any(re.search(r"^int main\(", block.code, re.M) for block in blocks if not block.in_main)
    if own_main == any(block.in_main for block in blocks):
        sys.exit(f"{page}: the {language} program needs either a main of its own or `main` blocks")
    with tempfile.TemporaryDirectory() as folder:
        name = "program." + language
        (pathlib.Path(folder) / name).write_text(source_of(page, blocks), encoding="utf-8")
        command = [*compiler, *FLAGS[language], *WARNINGS, name, *arguments, "-o", "program"]
        if subprocess.run(command, cwd=folder).returncode:
            sys.exit(f"{page}: the {language} program does not compile")
        if own_main:
            outputs = [(block.line, output) for block in blocks for output in block.outputs]
            if not outputs:
                sys.exit(f"{page}: no ```text block shows what the {language} program prints")
            for line, output in outputs:
                compare(page, line, run(page, folder), output)
            return len(outputs)
        statements = [block for block in blocks if block.in_main]
        printed = run(page, folder).split(SEPARATOR)
        if len(printed) != len(statements) + 1 or printed[-1] or any(len(block.outputs) > 1 for block in blocks):
            sys.exit(f"{page}: not one output for each block of the {language} program")
        for block, output in zip(statements, printed):
            compare(page, block.line, output, "".join(block.outputs))
        return 1


def headings_of(page):
    """The headings as links name them: small letters, digits and hyphens."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def check_text(page, text, public_names):
    """Links to files and headings, and names of the library."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    for link, heading in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", prose):
        target = page.parent / link if link else page
        if not target.exists() or (heading and heading not in headings_of(target)):
            sys.exit(f"{page}: a link leads nowhere: {link}#{heading}")
    own = set(re.findall(r"\b\w+", "".join(re.findall(r"^```c[^\n]*\n(.*?)^```$", text, re.M | re.S))))
    for name in set(re.findall(r"(?<![\w:])(?:pecs|PECS)_\w+", prose)) - own - public_names:
        sys.exit(f"{page}: no public header has {name}")


def pages_of(arguments):
    for argument in map(pathlib.Path, arguments):
        if not argument.is_dir():
            yield argument
            continue
        pages = sorted(argument.glob("*.md"))
        index = (argument / "README.md").read_text(encoding="utf-8")
        for page in pages:
            if page.name != "README.md" and f"]({page.name})" not in index:
                sys.exit(f"{argument / 'README.md'} does not link to {page.name}")
        yield from pages


def main():
    root, archive = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    compilers = {"c": sys.argv[4].split(), "cpp": sys.argv[5].split()}
    arguments = ["-I", str(root / "include"), str(archive), *sys.argv[3].split()]
    headers = "".join(header.read_text(encoding="utf-8") for header in (root / "include/pecs").glob("*.h"))
    public_names = set(re.findall(r"\b\w+", headers))
    pages = programs = runs = 0
    for page in pages_of(sys.argv[6:]):
        text = page.read_text(encoding="utf-8")
        check_text(page, text, public_names)
        pages += 1
        for language, blocks in programs_of(page, text).items():
            if "pecs/json.h" in text and "-lcjson" not in arguments:
                continue  # the library pecs-json is not built
            if compilers[language]:
                runs += check_program(page, language, blocks, compilers[language], arguments)
                programs += 1
    print(f"{pages} pages, {programs} programs, {runs} runs as their pages say")
    sys.exit(0 if runs else 1)


if __name__ == "__main__":
    main()
