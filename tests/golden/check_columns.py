#!/usr/bin/env python3
"""Columns as arrays of numpy lie over the file's bytes, and have the values that are there.

usage: check_columns.py READ_PECS FILE...

Exit code 77 (skipped) when this Python has no numpy; that read_pecs.py says so is checked before.
"""
import importlib.util
import mmap
import os
import sys


def load_module(path):
    spec = importlib.util.spec_from_file_location("read_pecs", path)
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    return module


def require(condition, what):
    if not condition:
        sys.exit(what)


def expect(error, function, *arguments):
    try:
        function(*arguments)
    except error as caught:
        return str(caught)
    sys.exit(f"{function.__name__}{arguments}: no {error.__name__}")


def read_file(pecs, path, **options):
    with open(path, "rb") as stream:
        return pecs.File(stream.read(), **options)


def golden(paths, name):
    return next(path for path in paths if os.path.basename(path) == f"{name}-v1.pecs")


def check_without_numpy(pecs, paths):
    there = sys.modules.pop("numpy", None)
    sys.modules["numpy"] = None
    file = read_file(pecs, golden(paths, "kinds"))
    require("need numpy" in expect(ImportError, file.column, 1, "Label"), "what is missing is not named")
    require("need numpy" in expect(ImportError, file.handles, 1), "what is missing is not named")
    del sys.modules["numpy"]
    if there:
        sys.modules["numpy"] = there


def check_bytes(numpy, file, array, offset, fields, size, what):
    """Each field of each row, of whatever kind, is the bytes of the file."""
    data = file.data
    whole = numpy.frombuffer(data, numpy.uint8)
    require(len(array) == 0 or numpy.shares_memory(array, whole), f"{what}: a copy")
    require(array.dtype.itemsize == size and (not len(array) or array.strides == (size,)),
            f"{what}: rows of another size")
    require(not array.flags.writeable or not len(array), f"{what}: the file's bytes could be written to")
    for row in range(len(array)):
        base = offset + row * size
        for field in fields:
            if field.kind != "padding":
                at = base + field.offset
                part = numpy.ascontiguousarray(array[field.name][row:row + 1])
                require(part.tobytes() == data[at:at + field.size], f"{what}.{field.name} of row {row}")


def check_all(numpy, pecs, path):
    file = read_file(pecs, path)
    columns = 0
    for table in file.tables:
        handles = file.handles(table.number)
        require(handles.tolist() == [file.handle(table, row) for row in range(table.row_count)],
                f"{path}: other handles of table {table.number}")
        for number in table.types:
            kind = file.types[number]
            if not kind.size:
                expect(ValueError, file.column, table.number, kind.name)
                continue
            array = file.column(table.number, kind.name)
            require(len(array) == table.row_count, f"{path}: {kind.name} has {len(array)} rows")
            offset = table.runs[number][0] if table.row_count else 0
            check_bytes(numpy, file, array, offset, kind.fields, kind.size, f"{path}: {kind.name}")
            columns += 1
        expect(KeyError, file.column, table.number, "Nothing")
    return columns


def check_values(numpy, pecs, path):
    """What golden_worlds.c writes, as it looks in Python."""
    file = read_file(pecs, path)
    body = file.column(3, "Body")
    require(body["at"].tolist() == [(0.5, -2.0)] and body["at"]["y"][0] == -2, "Body.at")
    require(body["parts"]["mass"].tolist() == [[100, 101]], "Body.parts.mass")
    require(body["parts"]["offset"]["y"].tolist() == [[0.0, 0.25]], "Body.parts.offset.y")
    require(body["grid"].tolist() == [[[-3, -2, -1], [0, 1, 2]]], "Body.grid")
    require(body.dtype.names == ("at", "parts", "grid"), "padding has a name")
    require(file.column(4, "Mood")["now"].tolist() == [2], "Mood.now")
    require(file.column(3, "Mood")["was"].tolist() == [[2, 0]], "Mood.was")
    require(file.column(8, "Label")["text"].tolist() == [b"abcdefgh"], "Label of 0:1")
    require(file.column(1, "Label")["text"].tolist() == ['Zo\u00eb "'.encode()], "Label of 1:1")
    links = file.column(5, "Links")
    require(links["target"].tolist() == [(0, 1)] and links["others"]["index"].tolist() == [[7, 0, 3]], "Links")
    scalars = file.column(8, "Scalars")[0].tolist()
    require(scalars == (False, -128, 0, -32768, 0, -2147483648, 0, -9223372036854775808, 0, -1.5, -0.0009765625),
            f"Scalars {scalars}")
    other = file.column(1, "Scalars")[0].tolist()
    require(other == (True, 127, 255, 32767, 65535, 2147483647, 4294967295, 9223372036854775807, 18446744073709551615,
                      16777216.0, 0.25), f"Scalars {other}")
    require(file.column(7, "Seed")["state"].tolist() == [[1, 18446744073709551615]], "Seed")
    require(file.handles(2).tolist() == [(2, 1), (5, 1), (4, 1)], "handles")
    none = file.column(0, "Scalars")
    require(none.shape == (0,) and none.dtype == file.column(8, "Scalars").dtype, "a table without rows")
    require(file.tables_with("Scalars") == [1, 2, 8] and file.tables_with("Label", "Marked") == [8], "tables_with")
    require(file.tables_with("Clock") == [7] and file.tables_with("Nothing") == [], "tables_with")


def check_map(numpy, pecs, path):
    """As resume: over a map, without a look at the data."""
    with open(path, "rb") as stream:
        file = pecs.File(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ), check_data=False)
    require(file.column(3, "Body")["parts"]["mass"].tolist() == [[100, 101]], "a column over a map")
    with open(path, "rb") as stream:
        data = bytearray(stream.read())
    data[file.tables[3].runs[pecs.NONE][0]] ^= 1
    pecs.File(bytes(data), check_data=False)
    require("DATA-1" in expect(pecs.Broken, pecs.File, bytes(data)), "the data is not checked")


def main():
    pecs, paths = load_module(sys.argv[1]), sys.argv[2:]
    check_without_numpy(pecs, paths)
    try:
        import numpy
    except ImportError as error:
        print(error)
        sys.exit(77)
    columns = sum(check_all(numpy, pecs, path) for path in paths)
    require(columns > 20, f"only {columns} columns: this test tests nothing")
    check_values(numpy, pecs, golden(paths, "kinds"))
    check_map(numpy, pecs, golden(paths, "kinds"))
    print(f"{columns} columns, numpy {numpy.__version__}")


main()
