#!/usr/bin/env python3
"""The tables of docs/format.md have the offsets, sizes and numbers of the sources and of read_pecs.py.

usage: check_layout.py ROOT

    structs     PROVE and PROVE_SIZE of src/format/layout.h, byte for byte without a hole
    constants   the numbers of layout.h and of codec_filter.h, and those of read_pecs.py
    kinds       enum pecs_kind of include/pecs/schema.h
    metadata    an entry counts as much as its record has bytes; the type of ids has its name
"""
import importlib.util
import os
import re
import sys


def read_text(root, name):
    with open(os.path.join(root, name), encoding="utf-8") as stream:
        return stream.read()


def structs_of_header(text):
    """name: (size, [(offset, field), ...])"""
    structs = {name: (int(size), []) for name, size in re.findall(r"^PROVE_SIZE\((\w+), (\d+)\);", text, re.M)}
    for name, field, offset in re.findall(r"^PROVE\((\w+), (\w+), (\d+)\);", text, re.M):
        structs[name][1].append((int(offset), field))
    return structs


def tables_of_page(text):
    """name: (size, [(offset, size, field), ...])"""
    tables = {}
    for part in re.split(r"^\| `(?=\w+` offset \|)", text, flags=re.M)[1:]:
        rows = re.findall(r"^\| (\d+) \| (\d+) \| `(\w+)` \|", part, re.M)
        size = re.search(r"^Size: (\d+) bytes\.", part, re.M)
        tables[part.split("`")[0]] = int(size.group(1)), [(int(a), int(b), name) for a, b, name in rows]
    return tables


def compare_structs(header, page):
    failures = [f"{name} is not both in layout.h and in format.md" for name in set(header) ^ set(page)]
    for name in set(header) & set(page):
        size, fields = page[name]
        if (size, [(offset, field) for offset, _, field in fields]) != header[name]:
            failures.append(f"{name}: format.md {page[name]}, layout.h {header[name]}")
        at = 0
        for offset, field_size, field in fields:
            if offset != at:
                failures.append(f"{name}.{field}: byte {at} is not described")
            at = offset + field_size
        if at != size:
            failures.append(f"{name}: its fields end at {at}, not at {size}")
    return failures


def compare_reader(reader, page):
    """read_pecs.py: its Layout objects are named after the structs."""
    failures, count = [], 0
    for layout in vars(reader).values():
        if isinstance(layout, reader.Layout):
            name = layout.tuple.__name__
            count += 1
            size, fields = page[name]
            if layout.size != size or list(layout.offsets.items()) != [(field, at) for at, _, field in fields]:
                failures.append(f"{name}: read_pecs.py reads another layout")
    return failures if count == len(page) - 1 else failures + [f"read_pecs.py has {count} structs of {len(page)}"]


def number_of(text):
    """The value of a product of numbers in C."""
    product = 1
    for factor in text.replace("UINT32_MAX", str(2**32 - 1)).split("*"):
        product *= int(factor, 0)
    return product


# Names in read_pecs.py that are not just without their prefix.
OF_READER = {"HEADER_COUNTS_KNOWN": "COUNTS_KNOWN", "META_TEXT": "META_TEXT", "META_BYTES": "META_BYTES",
             "META_ATTACHMENT": "META_ATTACHMENT", "FEATURE_HEAP": "HEAP_FEATURE", "FILTER_NONE": "FILTER_NONE"}


def compare_constants(header, page, reader):
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    defined = re.findall(r"\b([A-Z]+(?:_[A-Z]+)+[0-9]*) = ([^,}]+?)\s*[,}]", text)
    defined += re.findall(r"^#define (FORMAT_\w+) (?!\")(\S+)", text, re.M)
    numbers = {name: number_of(value) for name, value in defined}
    listed = {name: int(value) for name, value in re.findall(r"^\| `([A-Z]+_[A-Z_]+[0-9]*)` \| (\d+) \|", page, re.M)}
    failures = [f"{name}: layout.h {numbers.get(name)}, format.md {listed.get(name)}"
                for name in set(numbers) | set(listed) if numbers.get(name) != listed.get(name)]
    for name, number in numbers.items():
        if name == "FORMAT_INDEX_SHIFT":
            name, number = "FORMAT_INDEX_ROWS", 1 << number
        found = getattr(reader, OF_READER.get(name, name.split("_", 1)[1]), None)
        if found != number:
            failures.append(f"{name}: read_pecs.py {found}, layout.h {number}")
    magics = re.findall(r'^#define \w+_MAGIC ("\w+")', header, re.M)
    failures += [f"the magic {magic} is not in format.md" for magic in magics if f"| `magic` | {magic} |" not in page]
    return failures if len(numbers) > 14 and len(magics) == 5 else failures + ["too few constants were found"]


def compare_kinds(schema, page, reader):
    body = re.search(r"typedef enum pecs_kind \{(.*?)\} pecs_kind;", schema, re.S).group(1)
    names = [name.lower() for name in re.findall(r"^\s*PECS_(\w+)", body, re.M)]
    listed = re.findall(r"^\| (\d+) \| `(\w+)` \| ", page, re.M)
    expected = [(str(number), name) for number, name in enumerate(names, 1)]
    failures = [] if listed == expected else [f"kinds: schema.h {expected}, format.md {listed}"]
    if [(str(number), kind[0]) for number, kind in reader.KINDS.items()] != expected:
        failures.append("kinds: read_pecs.py has others")
    return failures


def compare_rest(root, structs, page, reader):
    failures = []
    counted = re.search(r"META_ENTRY_BYTES = (\d+)", read_text(root, "src/storage/meta_list.h"))
    if not counted or int(counted.group(1)) != structs["meta_record"][0]:
        failures.append("META_ENTRY_BYTES of meta_list.h is not the size of meta_record")
    name = re.search(r'#define ID_TYPE_NAME "(.+)"', read_text(root, "src/schema/registry.h")).group(1)
    if name != reader.ID_TYPE_NAME or f'type "{name}"' not in page:
        failures.append(f"{name} of registry.h is not the name in read_pecs.py and format.md")
    name = re.search(r'#define LIST_ELEMENT_NAME "(.+)"', read_text(root, "src/schema/kind.h")).group(1)
    if name != reader.LIST_ELEMENT_NAME or f'the name "{name}"' not in page:
        failures.append(f"{name} of kind.h is not the name in read_pecs.py and format.md")
    return failures


def main():
    root = sys.argv[1]
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("read_pecs", os.path.join(root, "tests/read_pecs.py"))
    reader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reader)
    header, page = read_text(root, "src/format/layout.h"), read_text(root, "docs/format.md")
    structs, tables = structs_of_header(header), tables_of_page(page)
    failures = compare_structs(structs, tables) + compare_reader(reader, tables)
    failures += compare_constants(header + read_text(root, "src/base/codec_filter.h"), page, reader)
    failures += compare_kinds(read_text(root, "include/pecs/schema.h"), page, reader)
    failures += compare_rest(root, structs, page, reader)
    if len(structs) < 10:
        failures.append("too few structs were found")
    print("\n".join(failures) or f"{len(structs)} structs")
    sys.exit(1 if failures else 0)


main()
