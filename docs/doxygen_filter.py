#!/usr/bin/env python3
"""Turns the plain comments of a public header into those that doxygen reads, so that the headers stay plain.

usage: doxygen_filter.py FILE

- The comment that opens a header is the page of the file.
- A comment before a declaration is its text, and that of the declarations that follow without an empty line.
- A comment behind a member, on its line, is the member's text.
- Names of the library in comments become links.
- Macros whose names end in _ are internal, and left out. So is what only C++ sees.

Files that are no headers pass as they are. Lines keep their numbers, so that warnings name the right ones.
"""
import glob
import os
import re
import sys

INTERNAL_MACRO = re.compile(r"\s*#define PECS_\w+_\(")
DECLARATION = re.compile(r"typedef|struct|PECS_API|#define (?!PECS_\w*H$)")
MACRO = re.compile(r"#define (\w+)")
TYPE = re.compile(r"typedef (?:struct|enum) (\w+) \{|struct (\w+) \{")
FUNCTION = re.compile(r"PECS_API .*?\b(pecs_\w+)\(")
NAME = re.compile(r"(?<![\w#./`])(pecs|PECS)_[a-zA-Z0-9_]*[a-zA-Z0-9](?![\w(*`]|\.\w)")


def without_internal_macros(lines):
    """Blank lines in place of internal macros, all their lines and the comment before them."""
    lines, in_macro = list(lines), False
    for i, line in enumerate(lines):
        if not in_macro and INTERNAL_MACRO.match(line):
            in_macro = True
            if i and re.fullmatch(r"/\*.*\*/", lines[i - 1]):
                lines[i - 1] = ""
        if in_macro:
            lines[i] = ""
            in_macro = line.endswith("\\")
    return lines


def names_of(text):
    """What a link can lead to: functions, macros, types with a body, enum constants, as C sees them."""
    text = re.sub(r"^#ifdef __cplusplus\n.*?^#(else|endif)", "", text, flags=re.M | re.S)
    names = {match.group(1) for match in re.finditer(r"^#define (\w+)", text, re.M) if not match.group(1).endswith("_")}
    names |= set(re.findall(r"\b(pecs_\w+)\(", text))
    names |= {one or other for one, other in re.findall(TYPE.pattern, text)}
    for body in re.findall(r"^typedef enum \w+ \{\n(.*?)^\}", text, re.M | re.S):
        names |= set(re.findall(r"^ +(PECS_\w+)", body, re.M))
    return names


def linked(text, names):
    """A line of a comment with its names as links; indented code stays."""
    if re.match(r" \*     ", text):
        return text
    return NAME.sub(lambda match: "#" + match.group() if match.group() in names else match.group(), text)


def mark_comment(lines, first, names):
    """Makes the comment that starts in lines[first] one of doxygen's; returns its last line."""
    code, comment = lines[first].split("/*", 1)
    is_directive = code.startswith("#") and not code.startswith("#define")
    if comment.startswith(" clang-format") or is_directive:
        return first
    marker = "/**<" if code.strip() else "/**"
    last = first
    while "*/" not in (comment if last == first else lines[last]):
        last += 1
    lines[first] = code + marker + linked(comment, names)
    for i in range(first + 1, last + 1):
        lines[i] = linked(lines[i], names)
    return last


def name_declared(lines, i):
    """The name of the declaration that starts in line i, and whether it is a macro."""
    macro = MACRO.match(lines[i])
    if macro:
        return macro.group(1), True
    found = TYPE.match(lines[i]) or FUNCTION.match(" ".join(lines[i:i + 2]))
    return (next(filter(None, found.groups())) if found else None), False


def end_of_declaration(lines, i):
    """The last line of the declaration that starts in line i."""
    if lines[i].startswith("#"):
        while lines[i].endswith("\\"):
            i += 1
        return i
    depth = 0
    while True:
        code = re.sub(r"/\*.*", "", lines[i])
        depth += code.count("{") - code.count("}")
        if depth == 0 and code.rstrip().endswith(";"):
            return i
        i += 1


def mark_opening(lines, names):
    """Makes the comment that opens the header the file's text; returns its last line."""
    if "*/" in lines[0]:
        lines[0] = lines[0].replace("/*", "/**", 1).replace("*/", "@file */")
        return 0
    lines[0] = lines[0].replace("/*", "/** @file", 1)
    last = 0
    while "*/" not in lines[last]:
        last += 1
        lines[last] = linked(lines[last], names)
    return last


def mark_members(lines, first, last, names):
    """Makes the comments in a declaration those of its members."""
    while first <= last:
        first = (mark_comment(lines, first, names) if "/*" in lines[first] else first) + 1


def mark(lines, names):
    """The header with its comments made doxygen's. `shared` is what the text of the last comment belongs to: None
    after an empty line, "" where the declaration is still to come."""
    shared, at_end = None, []
    i = mark_opening(lines, names) + 1
    while i < len(lines):
        if not lines[i].strip():
            shared = None
        elif lines[i].startswith("/*"):
            shared = shared if "clang-format" in lines[i] else ""
            i = mark_comment(lines, i, names)
        elif DECLARATION.match(lines[i]):
            last = end_of_declaration(lines, i)
            name, is_macro = name_declared(lines, i)
            if not is_macro or last == i:
                mark_members(lines, i, last, names)
            if shared and name and is_macro:  # a comment cannot stand before # on its line
                at_end.append(f"/** @def {name}\n * @copydoc {shared} */")
            elif shared and name:
                lines[i] = f"/** @copydoc {shared} */ {lines[i]}"
            elif shared == "":
                shared = name
            i = last
        i += 1
    return lines + at_end


def main():
    path = sys.argv[1]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if path.endswith(".h"):
        headers = glob.glob(os.path.join(os.path.dirname(path), "*.h"))
        names = set()
        for header in headers:
            with open(header, encoding="utf-8") as file:
                names |= names_of(file.read())
        text = "\n".join(mark(without_internal_macros(text.splitlines()), names)) + "\n"
    sys.stdout.write(text)


main()
