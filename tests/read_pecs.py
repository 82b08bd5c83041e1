#!/usr/bin/env python3
"""Reads a PECS file and prints all that is in it.

usage: read_pecs.py [--json | --content] FILE

Written from docs/format.md with nothing but Python's standard library, so that the specification has a second reader.
It is one file on purpose: anyone can copy and run it. It believes no number of the file before it has checked it, and
checks every rule in the order of the page; a file that breaks one is refused with the rule's id and the byte offset,
and exit status 1. Compressed blocks need Python 3.14, or its module zstandard, or the library libzstd.so.1; where none
is there, the exit status is 2.

--content leaves out what is only of the file (types, tables, sessions) and prints what a program sees of the world.

As a module: File(data).column(table_number, "Position") gives the values of a column as an array of numpy, without a
copy; contents(reference) gives what one of its strings, blobs or lists holds. The arrays alone need numpy.
"""
import argparse
import array
import bisect
import collections
import datetime
import itertools
import json
import struct
import sys

# XXH3 with seed 0, for every length; hash64 gives a number, hash128 the 16 bytes of the canonical (big-endian) form.

MASK32, MASK64 = 2**32 - 1, 2**64 - 1
PRIME32_1, PRIME32_2, PRIME32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
PRIME64_1, PRIME64_2, PRIME64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
PRIME64_4, PRIME64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
PRIME_MIX = 0x9FB21C651E98DF25
SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")
STRIPE_BYTES, STRIPES_PER_BLOCK = 64, 16
BLOCK_BYTES = STRIPE_BYTES * STRIPES_PER_BLOCK


def read32(data, at):
    return int.from_bytes(data[at:at + 4], "little")


def read64(data, at):
    return int.from_bytes(data[at:at + 8], "little")


def swap64(value):
    return int.from_bytes(value.to_bytes(8, "little"), "big")


def rotate_left(value, count, bits):
    return (value << count | value >> (bits - count)) & (2**bits - 1)


def fold_product(a, b):
    product = a * b
    return (product & MASK64) ^ product >> 64


def avalanche(value):
    value = (value ^ value >> 37) * 0x165667919E3779F9 & MASK64
    return value ^ value >> 32


def avalanche_short(value):
    value = (value ^ value >> 33) * PRIME64_2 & MASK64
    value = (value ^ value >> 29) * PRIME64_3 & MASK64
    return value ^ value >> 32


def secret_pair(at, size=8):
    return int.from_bytes(SECRET[at:at + size], "little") ^ int.from_bytes(SECRET[at + size:at + 2 * size], "little")


def mix16(data, at, secret_at):
    return fold_product(read64(data, at) ^ read64(SECRET, secret_at),
                        read64(data, at + 8) ^ read64(SECRET, secret_at + 8))


def combine_1_to_3(data):
    size = len(data)
    return data[0] << 16 | data[size >> 1] << 24 | data[-1] | size << 8


def hash64_to_16(data):
    size = len(data)
    if size > 8:
        low = read64(data, 0) ^ secret_pair(24)
        high = read64(data, size - 8) ^ secret_pair(40)
        return avalanche((size + swap64(low) + high + fold_product(low, high)) & MASK64)
    if size >= 4:
        value = read32(data, size - 4) + (read32(data, 0) << 32) ^ secret_pair(8)
        value ^= rotate_left(value, 49, 64) ^ rotate_left(value, 24, 64)
        value = value * PRIME_MIX & MASK64
        value ^= (value >> 35) + size
        value = value * PRIME_MIX & MASK64
        return value ^ value >> 28
    return avalanche_short(combine_1_to_3(data) ^ secret_pair(0, 4) if size else secret_pair(56))


def hash64_to_240(data):
    size = len(data)
    total = size * PRIME64_1
    if size <= 128:
        for step in range((size - 1) // 32, -1, -1):
            total += mix16(data, 16 * step, 32 * step) + mix16(data, size - 16 * (step + 1), 32 * step + 16)
        return avalanche(total & MASK64)
    for step in range(8):
        total += mix16(data, 16 * step, 16 * step)
    total = avalanche(total & MASK64)
    for step in range(8, size // 16):
        total += mix16(data, 16 * step, 16 * (step - 8) + 3)
    return avalanche((total + mix16(data, size - 16, 136 - 17)) & MASK64)


def accumulate(lanes, stripe, keys):
    """Adds one stripe of 8 numbers. The lanes may outgrow 64 bits; they are cut when it matters."""
    for i in range(8):
        value = stripe[i]
        key = value ^ keys[i]
        lanes[i ^ 1] += value
        lanes[i] += (key & MASK32) * (key >> 32)


def hash_long_lanes(data):
    unpack = struct.Struct("<8Q").unpack_from
    keys = [unpack(SECRET, 8 * i) for i in range(STRIPES_PER_BLOCK)]
    scramble_keys = unpack(SECRET, len(SECRET) - STRIPE_BYTES)
    lanes = [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1]
    stripe_count = (len(data) - 1) // STRIPE_BYTES
    for stripe in range(stripe_count):
        place = stripe % STRIPES_PER_BLOCK
        accumulate(lanes, unpack(data, stripe * STRIPE_BYTES), keys[place])
        if place == STRIPES_PER_BLOCK - 1:
            for i in range(8):
                lane = lanes[i] & MASK64
                lanes[i] = (lane ^ lane >> 47 ^ scramble_keys[i]) * PRIME32_1 & MASK64
    accumulate(lanes, unpack(data, len(data) - STRIPE_BYTES), unpack(SECRET, len(SECRET) - STRIPE_BYTES - 7))
    return [lane & MASK64 for lane in lanes]


def merge_lanes(lanes, secret_at, start):
    for i in range(4):
        start += fold_product(lanes[2 * i] ^ read64(SECRET, secret_at + 16 * i),
                              lanes[2 * i + 1] ^ read64(SECRET, secret_at + 16 * i + 8))
    return avalanche(start & MASK64)


def hash64(data):
    if len(data) <= 16:
        return hash64_to_16(data)
    if len(data) <= 240:
        return hash64_to_240(data)
    return merge_lanes(hash_long_lanes(data), 11, len(data) * PRIME64_1)


def hash128_to_16(data):
    size = len(data)
    if size > 8:
        first, last = read64(data, 0), read64(data, size - 8)
        product = (first ^ last ^ secret_pair(32)) * PRIME64_1
        low = (product & MASK64) + (size - 1 << 54) & MASK64
        last ^= secret_pair(48)
        high = (product >> 64) + last + (last & MASK32) * (PRIME32_2 - 1) & MASK64
        product = (low ^ swap64(high)) * PRIME64_2
        return avalanche(product & MASK64), avalanche((product >> 64) + high * PRIME64_2 & MASK64)
    if size >= 4:
        value = read32(data, 0) + (read32(data, size - 4) << 32) ^ secret_pair(16)
        product = value * (PRIME64_1 + (size << 2))
        low = product & MASK64
        high = (product >> 64) + (low << 1) & MASK64
        low ^= high >> 3
        low = (low ^ low >> 35) * PRIME_MIX & MASK64
        return low ^ low >> 28, avalanche(high)
    if size:
        low = combine_1_to_3(data)
        high = rotate_left(int.from_bytes(low.to_bytes(4, "little"), "big"), 13, 32)
        return avalanche_short(low ^ secret_pair(0, 4)), avalanche_short(high ^ secret_pair(8, 4))
    return avalanche_short(secret_pair(64)), avalanche_short(secret_pair(80))


def mix32(pair, data, a, b, secret_at):
    low = pair[0] + mix16(data, a, secret_at) & MASK64
    high = pair[1] + mix16(data, b, secret_at + 16) & MASK64
    return (low ^ (read64(data, b) + read64(data, b + 8) & MASK64),
            high ^ (read64(data, a) + read64(data, a + 8) & MASK64))


def hash128_to_240(data):
    size = len(data)
    pair = (size * PRIME64_1 & MASK64, 0)
    if size <= 128:
        for step in range((size - 1) // 32, -1, -1):
            pair = mix32(pair, data, 16 * step, size - 16 * (step + 1), 32 * step)
    else:
        for step in range(4):
            pair = mix32(pair, data, 32 * step, 32 * step + 16, 32 * step)
        pair = (avalanche(pair[0]), avalanche(pair[1]))
        for step in range(4, size // 32):
            pair = mix32(pair, data, 32 * step, 32 * step + 16, 32 * (step - 4) + 3)
        pair = mix32(pair, data, size - 16, size - 32, 136 - 17 - 16)
    low, high = pair
    mixed = low * PRIME64_1 + high * PRIME64_4 + size * PRIME64_2 & MASK64
    return avalanche(low + high & MASK64), -avalanche(mixed) & MASK64


def hash128(data):
    size = len(data)
    if size <= 16:
        low, high = hash128_to_16(data)
    elif size <= 240:
        low, high = hash128_to_240(data)
    else:
        lanes = hash_long_lanes(data)
        low = merge_lanes(lanes, 11, size * PRIME64_1)
        high = merge_lanes(lanes, len(SECRET) - 64 - 11, ~(size * PRIME64_2) & MASK64)
    return high.to_bytes(8, "big") + low.to_bytes(8, "big")


# The structs of docs/format.md.

VERSION, PAGE, ALIGN, PIECE, INDEX_ROWS, NONE = 1, 4096, 64, 4 * 1024 * 1024, 4096, 0xFFFFFFFF
GENERATION_MAX, SLOT_COUNT_MAX, CHUNK_SHIFT_MAX = 2**30 - 1, 2**32 - 2, 20
NAME_MAX, NESTING_MAX, FIELDS_MAX, VALUE_SIZE_MAX, ALIGNMENTS = 255, 8, 4096, 16 * 1024 * 1024, (1, 2, 4, 8, 16, 32, 64)
RETIRED_WIDTH_MAX = 30
METADATA_MAX, META_TEXT, META_BYTES, META_ATTACHMENT = 16 * 1024 * 1024, 1, 2, 3
COUNTS_KNOWN, FILE_METADATA, SINGLETONS, RETIRED, HEAP_FEATURE, ATTACHMENTS, SEGMENTS = 1, 1, 1, 1, 2, 4, 8
HANDLES, VALUES, INDEX, IDS, HEAP = 1, 2, 3, 4, 5
RAW, ZSTD, BLOCK_MAX = 0, 1, 16 * 1024 * 1024
FILTER_NONE, SPLIT, DELTA4, DELTA8, BITS, BITS_DELTA4, BITS_DELTA8 = range(7)
STRIDE_MIN, STRIDE_MAX, BITS_STRIDE_MAX = 2, 4096, 64
HEAP_UNIT, HEAP_PAGE_SHIFT, HEAP_SHIFT_MAX, HEAP_LONG = 8, 15, 38, 0xFFFFFF
LIST_ELEMENT_NAME, LIST_ALIGN_MAX = "element", 8
RESERVED_PREFIX = "pecs."  # of names that are the format's
ID_TYPE_NAME = RESERVED_PREFIX + "id"


class Layout:
    """A packed little-endian struct: formats as of the struct module, by name."""

    def __init__(self, name, **fields):
        self.codec = struct.Struct("<" + "".join(fields.values()))
        self.tuple = collections.namedtuple(name, fields)
        self.size = self.codec.size
        offset, self.offsets = 0, {}
        for field, code in fields.items():
            self.offsets[field] = offset
            offset += struct.calcsize("<" + code)

    def read(self, data, at):
        return self.tuple(*self.codec.unpack_from(data, at))


FILE_HEADER = Layout("file_header", magic="4s", version="I", flags="I", entity_count="Q", type_count="I",
                     required_features="Q", optional_features="Q", zero="16s", checksum="Q")
SEGMENT_HEADER = Layout("segment_header", magic="4s", sequence="I", size="Q", data_offset="Q", data_size="Q",
                        type_count="I", table_count="I", run_count="I", piece_bytes="I", zero="16s")
TYPE_RECORD = Layout("type_record", size="I", number="I", id="16s", version="I", value_size="I", value_align="I",
                     field_count="I")
FIELD_RECORD = Layout("field_record", kind="I", offset="I", size="I", count="I", columns="I", child_count="I",
                      child_align="I")
TABLE_RECORD = Layout("table_record", number="I", flags="I", chunk_shift="I", component_count="I")
RUN_RECORD = Layout("run_record", kind="I", table="I", type="I", codec="I", first_chunk="I", chunk_count="I",
                    offset="Q", size="Q", tick="Q")
BLOCK_RECORD = Layout("block_record", kind="I", table="I", type="I", codec="I", filter="I", stride="I", first="I",
                      count="I", offset="Q", size="Q", full_size="Q", tick="Q")
TRAILER_HEADER = Layout("trailer_header", magic="4s", sequence="I", piece_count="Q")
COMMIT_HEADER = Layout("commit_header", magic="4s", type_count="I", table_count="I", segment_count="I",
                       session_count="I", singleton_table="I", slot_count="Q", free_count="Q", entity_count="Q",
                       tick="Q", snapshot_id="16s", parent_id="16s", wall_clock="Q", metadata_size="Q", retired_count="Q", zero="16s")
RETIRED_RECORD = Layout("retired_record", lowest="I", width="I")
META_RECORD = Layout("meta_record", kind="I", key_size="I", value_size="Q")
SEGMENT_RECORD = Layout("segment_record", offset="Q", prologue_size="Q", prologue_checksum="Q", trailer_offset="Q",
                        trailer_size="Q", trailer_checksum="Q")
FILE_FOOTER = Layout("file_footer", magic="8s", offset="Q", commit_offset="Q", commit_size="Q", commit_hash="Q",
                     previous_footer="Q", file_metadata_size="Q", checksum="Q")
ID_RECORD = Layout("id_record", id="16s", index="I")
RECORD = struct.Struct("<IIII")  # generation, table, row, session
HANDLE = struct.Struct("<II")  # index, generation

# number: name, bytes of an element, format of the struct module
KINDS = {
    1: ("bool", 1, "B"), 2: ("i8", 1, "b"), 3: ("i16", 2, "h"), 4: ("i32", 4, "i"), 5: ("i64", 8, "q"),
    6: ("u8", 1, "B"), 7: ("u16", 2, "H"), 8: ("u32", 4, "I"), 9: ("u64", 8, "Q"), 10: ("f32", 4, "f"),
    11: ("f64", 8, "d"), 12: ("text", 1, None), 13: ("entity", 8, None), 14: ("string", 8, None),
    15: ("blob", 8, None), 16: ("enum", None, None), 17: ("struct", None, None), 18: ("padding", 1, None),
    19: ("list", 8, None),
}


class Broken(Exception):
    def __init__(self, rule, offset, message):
        super().__init__(f"{rule} at byte {offset}: {message}")
        self.rule, self.offset, self.message = rule, offset, message


class NoZstd(Exception):
    """The file has compressed blocks, and nothing is there that inflates them."""


def require(condition, rule, offset, message):
    if not condition:
        raise Broken(rule, offset, message)


def align_up(value, align):
    return (value + align - 1) // align * align


def string_bytes(size):
    return 4 + align_up(size, 4)


def is_zero(data):
    return data.count(0) == len(data)


def decode(data):
    """Text of UTF-8, or None."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def is_name(text):
    """Of a type, a field, an enum's value or a metadata key."""
    return bool(text) and not any(c < " " or "\x7f" <= c < "\xa0" for c in text)


# Zstandard: the frame's header is read here (RFC 8878, 3.1.1.1), what follows it by whatever this Python has.

FRAME_MAGIC, FRAME_SINGLE, FRAME_REFUSED = b"\x28\xb5\x2f\xfd", 0x20, 0x08 | 0x03  # reserved, or of a dictionary
WINDOW_MAX = 1024 * 1024  # of any frame; larger only as the content


def frame_is_readable(frame, size):
    """Whether a frame begins here that says that it has `size` bytes, with no dictionary and no larger window."""
    if len(frame) < 6 or frame[:4] != FRAME_MAGIC or frame[4] & FRAME_REFUSED:
        return False
    is_single = frame[4] & FRAME_SINGLE
    if not is_single:
        base = 1 << 10 + (frame[5] >> 3)
        if base + base // 8 * (frame[5] & 7) > max(WINDOW_MAX, 1 << (size - 1).bit_length()):
            return False
    width = (1 if is_single else 0, 2, 4, 8)[frame[4] >> 6]
    at = 5 if is_single else 6
    content = int.from_bytes(frame[at:at + width], "little") + (256 if width == 2 else 0)
    return width > 0 and len(frame) >= at + width and content == size


def by_decompressor(decompressor, frame):
    """What the whole of `frame` holds, by an object as of Python's own modules; None: no frame, or one that ends before."""
    try:
        content = decompressor.decompress(frame)
    except Exception:  # each module has errors of its own
        return None
    return content if decompressor.eof and not decompressor.unused_data else None


def by_library(library, frame, size):
    from ctypes import c_char_p, c_size_t, create_string_buffer
    library.ZSTD_findFrameCompressedSize.restype = library.ZSTD_decompress.restype = c_size_t
    content = create_string_buffer(size)
    if library.ZSTD_findFrameCompressedSize(c_char_p(frame), c_size_t(len(frame))) != len(frame):
        return None
    found = library.ZSTD_decompress(content, c_size_t(size), c_char_p(frame), c_size_t(len(frame)))
    return content.raw if found == size else None


def find_zstd():
    """A function of a frame and the size of what it holds, which gives that, or None."""
    try:
        from compression import zstd
        return lambda frame, size: by_decompressor(zstd.ZstdDecompressor(), frame)
    except ImportError:
        pass
    try:
        import zstandard
        return lambda frame, size: by_decompressor(zstandard.ZstdDecompressor().decompressobj(), frame)
    except ImportError:
        pass
    try:
        import ctypes
        library = ctypes.CDLL("libzstd.so.1")
        return lambda frame, size: by_library(library, frame, size)
    except (ImportError, OSError):
        raise NoZstd("the file has blocks of the codec zstd; to read them, this program needs Python 3.14, the module "
                     "zstandard, or the library libzstd.so.1") from None


FILTER_LANES = {DELTA4: 4, DELTA8: 8, BITS_DELTA4: 4, BITS_DELTA8: 8}
# The bits of a byte as eight bytes, the lowest first.
SPREAD = [bytes(byte >> i & 1 for i in range(8)) for byte in range(256)]


def join_bits(planes):
    """Eight planes of bits, of which the first has the lowest ones, as the plane of bytes that they are of."""
    size = len(planes) // 8
    joined = 0
    for bit in range(8):
        spread = b"".join(SPREAD[byte] for byte in planes[bit * size:(bit + 1) * size])
        joined |= int.from_bytes(spread, "little") << bit
    return joined.to_bytes(8 * size, "little")


def sum_lanes(rows, stride, lane):
    """Rows of which each is a list of numbers of `lane` bytes, to which those of the row before were not yet added."""
    code, mask, lanes = ("I", MASK32, stride // 4) if lane == 4 else ("Q", MASK64, stride // 8)
    numbers = array.array(code, rows)
    if sys.byteorder == "big":
        numbers.byteswap()
    for i in range(lanes):
        numbers[i::lanes] = array.array(code, itertools.accumulate(numbers[i::lanes], lambda a, b: a + b & mask))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def undo_filter(kind, stride, stored):
    """The rows of a block, of which the filter made `stored`."""
    if kind == FILTER_NONE:
        return stored
    count, has_bits = len(stored) // stride, kind >= BITS
    count -= count % 8 if has_bits else 0
    rows = bytearray(count * stride)
    for i in range(stride):
        plane = stored[i * count:(i + 1) * count]
        rows[i::stride] = join_bits(plane) if has_bits else plane
    lane = FILTER_LANES.get(kind)
    return (sum_lanes(bytes(rows), stride, lane) if lane else bytes(rows)) + bytes(stored[count * stride:])


# names: of an enum's values; fields: of a struct, or the element of a list; child_align: as it stands in the record
Field = collections.namedtuple("Field", "name kind offset size count columns child_align names fields")
Type = collections.namedtuple("Type", "number id name version size align fields")
Meta = collections.namedtuple("Meta", "key kind value")  # value: text or bytes


class Table:
    def __init__(self, number, offset, is_singleton, chunk_shift, types):
        self.number, self.offset = number, offset  # of the record
        self.is_singleton, self.chunk_shift, self.types = is_singleton, chunk_shift, types
        self.row_count = 0
        self.runs = {}  # by type number, NONE for the handles: Run
        self.heaps = {}  # by type number: its Heaps, in the order of rows; one, if the file has no blocks

    def row_bytes(self, column, types):
        return 8 if column == NONE else types[column].size


# Where the rows of a column lie in File.data, when any was written last, how many its blocks have so far.
Run = collections.namedtuple("Run", "offset tick rows")

# The contents of some rows of a column: where the chunks' ends begin in File.data, the contents, their bytes, their first
# unit; the rows, which without blocks are all.
Heap = collections.namedtuple("Heap", "ends offset size first first_row rows")

# What the record of a run or block names: rows, bytes a row (0: of contents), chunks, the runs or heaps so far.
Target = collections.namedtuple("Target", "kind table type rows width shift")

Segment = collections.namedtuple("Segment", "record sequence data_offset data_end pieces blocks")
Gathered = collections.namedtuple("Gathered", "block segment begin")  # where it lies in File.data


class TypeParser:
    """One type record. Whatever is wrong with it is TYPE-1, at the record's offset, but for a kind that is not known."""

    def __init__(self, data, offset, end):
        self.data, self.offset, self.at, self.end = data, offset, offset, end

    def require(self, condition, message):
        require(condition, "TYPE-1", self.offset, message)

    # First: the parts of the record are there.

    def take(self, size):
        self.require(size <= self.end - self.at, "a type record ends too soon")
        self.at += size
        return self.at - size

    def string(self, smallest):
        size = read32(self.data, self.take(4))
        at = self.take(align_up(size, 4))
        self.require(smallest <= size <= NAME_MAX, "a name is too short or too long")
        self.require(is_zero(self.data[at + size:self.at]), "the bytes after a name are not zero")
        text = decode(self.data[at:at + size])
        self.require(text == "" or is_name(text), "a name is not UTF-8 or has control characters")
        return text

    def field(self, depth):
        record = FIELD_RECORD.read(self.data, self.take(FIELD_RECORD.size))
        kind = KINDS.get(record.kind, (None,))[0]
        require(kind, "TYPE-7", self.offset, f"a field has the kind {record.kind}, which is not known")
        name, names, fields = self.string(kind != "padding"), [], []
        self.require(kind != "list" or record.child_count == 1, "a list has no element, or several")
        if kind in ("struct", "list"):
            self.require(depth < NESTING_MAX, "structs and lists are nested too deep")
            fields = [self.field(depth + 1) for _ in range(record.child_count)]
        elif kind == "enum":
            names = [self.string(1) for _ in range(record.child_count)]
        else:
            self.require(record.child_count == 0, "a field has children that it cannot have")
        return Field(name, kind, record.offset, record.size, record.count, record.columns, record.child_align, names,
                     fields)

    def parse(self):
        record = TYPE_RECORD.read(self.data, self.take(TYPE_RECORD.size))
        name = self.string(1)
        fields = [self.field(0) for _ in range(record.field_count)]
        used = self.at
        self.require(align_up(used - self.offset, 8) == self.end - self.offset and is_zero(self.data[used:self.end]),
                     "a type record does not end after its fields")
        return Type(record.number, record.id, name, record.version, record.value_size, record.value_align, fields)

    # Then: its numbers describe a layout.

    def check(self, kind):
        self.require(kind.version > 0, "a type has version 0")
        self.check_struct(kind.size, kind.align, kind.fields)
        self.check_rest(kind.fields)

    def check_struct(self, size, align, fields):
        self.require(align in ALIGNMENTS, "a type or struct has no alignment")
        self.require(size <= VALUE_SIZE_MAX, "a type or struct has more than 16 MiB")
        if size == 0:
            self.require(align == 1 and not fields, "a tag is aligned or has fields")
            return
        self.require(size % align == 0, "a type's size is not a multiple of its alignment")
        self.require(0 < len(fields) <= FIELDS_MAX, "a type has no fields, or too many")
        end = 0
        for field in fields:
            element, field_align = self.check_kind(field)
            self.require(field.offset == end and field.offset + field.size <= size, "fields do not tile their struct")
            self.require(field.size == field.count * element, "a field's size is not that of its elements")
            self.require(field.columns == 0 or field.count % field.columns == 0, "a grid has no whole rows")
            self.require(field.offset % field_align == 0 and align % field_align == 0, "a field is misaligned")
            end = field.offset + field.size
        self.require(end == size, "fields do not fill their struct")
        names = [field.name for field in fields if field.kind != "padding"]
        self.require(len(set(names)) == len(names), "two fields have one name")

    def check_kind(self, field):
        """The size and alignment of an element."""
        self.require(field.count > 0, "a field has no elements")
        element = field.size // field.count
        if field.kind == "enum":
            self.require(field.size % field.count == 0 and element in (1, 2, 4) and
                         0 < len(field.names) <= 256**element, "an enum has no fitting size")
            self.require(len(set(field.names)) == len(field.names), "two values of an enum have one name")
            return element, element
        if field.kind == "struct":
            self.check_struct(element, field.child_align, field.fields)
            self.require(element > 0, "a nested struct is a tag")
            return element, field.child_align
        if field.kind == "list":
            self.check_list_element(*field.fields)
        size = next(kind[1] for kind in KINDS.values() if kind[0] == field.kind)
        return size, 4 if field.kind == "entity" else size

    def check_list_element(self, field):
        self.require(field.name == LIST_ELEMENT_NAME and (field.offset, field.count, field.columns) == (0, 1, 0) and
                     field.kind not in ("text", "padding"), "a list's element is none")
        size, align = self.check_kind(field)
        self.require(field.size == size and align <= LIST_ALIGN_MAX and not needs_heap([field]),
                     "a list's element has another size, is aligned too far, or has contents")

    def check_rest(self, fields):
        """Padding has no name, and only a struct has an alignment of its own."""
        for field in fields:
            self.require(field.kind != "padding" or not field.name, "padding has a name")
            self.require(field.kind == "struct" or field.child_align == 0, "a field has an alignment of its own")
            self.check_rest(field.fields)


def id_type_record(number):
    """The record of the one type that every reader knows."""
    record = bytearray(TYPE_RECORD.size)
    for text, after in ((ID_TYPE_NAME, FIELD_RECORD.codec.pack(6, 0, 16, 16, 0, 0, 0)), ("bytes", b"")):
        name = text.encode()
        record += struct.pack("<I", len(name)) + name.ljust(align_up(len(name), 4), b"\0") + after
    record += bytes(align_up(len(record), 8) - len(record))
    TYPE_RECORD.codec.pack_into(record, 0, len(record), number, hash128(ID_TYPE_NAME.encode()), 1, 16, 1, 1)
    return bytes(record)


def needs_heap(fields):
    return any(field.kind in ("string", "blob", "list") or needs_heap(field.fields) for field in fields)


def can_be_wrong(fields):
    return any(field.kind in ("bool", "enum", "text", "entity", "string", "list") or can_be_wrong(field.fields)
               for field in fields)


def content_places(fields, base):
    """Each string, blob and list of a value, and where in the file it lies, in the order of bytes."""
    for field in fields:
        if field.kind not in ("struct", "string", "blob", "list"):
            continue
        step = field.size // field.count
        for at in range(base + field.offset, base + field.offset + field.size, step):
            if field.kind == "struct":
                yield from content_places(field.fields, at)
            else:
                yield field, at


def content_bytes(kind, size):
    """Of contents in a heap run."""
    prefix = HEAP_UNIT if size >= HEAP_LONG else 0
    return align_up(prefix + size + (kind == "string" and size > 0), HEAP_UNIT)


class File:
    """
    A whole PECS file (bytes, or a mmap), checked as it is read: in the order of the rules, all of `load`.
    Without check_data it is as with `resume`: no array is read, and entities are not listed; for files of one's own.

    `data` has the file's `size` bytes, and behind them what its blocks hold, each column in one place.
    """

    def __init__(self, data, check_data=True):
        self.data, self.size, self.check_data = data, len(data), check_data
        require(len(data) >= FILE_HEADER.size + FILE_FOOTER.size, "FILE-2", len(data), "the file is too short")
        self.read_header()
        self.read_footer()
        self.read_commit_header()
        at = self.commit_offset + COMMIT_HEADER.size
        self.types_offset = at
        at = self.read_types(at)
        at = self.read_tables(at)
        self.records_end = at
        at = self.read_row_counts(at)
        self.id_count = sum(table.row_count for table in self.tables if self.id_type in table.types)
        records_size = self.commit.segment_count * SEGMENT_RECORD.size
        require(records_size <= self.commit_end - at, "SEGMENT-1", at, "the commit is too short for its segments")
        self.segments_offset = at
        at = self.read_sessions(at + records_size)
        self.attached, self.attached_bytes = [], 0  # names and sizes
        self.metadata = self.read_metadata(self.read_retired(self.read_free_counts(at)), self.commit_end,
                                           self.header.required_features & ATTACHMENTS)
        self.check_types()
        self.index_run = self.ids_run = None  # Run
        self.attached_run = None  # Heap
        self.heaps = []  # in the order of their units
        self.gathered, self.gathered_end = [], align_up(self.size, ALIGN)
        self.parts = [(0, FILE_HEADER.size)]  # of the file, in order: (begin, end)
        self.segments = []
        self.read_segments()
        self.check_coverage()
        if check_data:
            self.check_all_retired()
            self.check_snapshot_id()
            for segment in self.segments:
                self.check_trailer(segment)
            self.file_metadata = self.read_file_metadata()
            self.check_gaps()
            self.gather()
            self.check_contents()
        else:
            for number in sorted({block.segment for block in self.gathered}):
                self.check_trailer(self.segments[number])
            self.gather()

    def check_contents(self):
        """Of rows and values, which may lie in compressed blocks."""
        try:
            self.check_rows()
            self.check_index()
            self.check_ids()
            self.check_heaps()
            self.check_attachments()
            self.check_values()
        except Broken as broken:
            raise Broken(broken.rule, self.file_offset(broken.offset), broken.message) from None

    def has_unknown_features(self):
        """Optional ones: they may own what else must be zero."""
        return self.header.optional_features & ~FILE_METADATA != 0

    def require_zero(self, begin, size, rule, what):
        """Bytes that are reserved; the error names the first that is set."""
        self.require_zeros(((begin, begin + size),), rule, what)

    def require_zeros(self, ranges, rule, what):
        for begin, end in () if self.has_unknown_features() else ranges:
            zeros = self.data[begin:end]
            if any(zeros):
                raise Broken(rule, begin + len(zeros) - len(zeros.lstrip(b"\0")), f"{what} is not zero")

    def read_header(self):
        data = self.data
        self.header = header = FILE_HEADER.read(data, 0)
        place = FILE_HEADER.offsets
        require(header.magic == b"PECS", "HEADER-1", 0, "this is not a PECS file")
        require(header.version == VERSION, "HEADER-2", place["version"], f"version {header.version} is not known")
        require(header.checksum == hash64(data[:place["checksum"]]), "HEADER-3", place["checksum"], "wrong checksum")
        require(header.required_features & ~(RETIRED | HEAP_FEATURE | ATTACHMENTS | SEGMENTS) == 0, "HEADER-4",
                place["required_features"], "an unknown feature is required")
        require(header.flags & ~COUNTS_KNOWN == 0, "HEADER-5", place["flags"], "a flag of the header is not known")
        self.require_zero(place["zero"], 16, "HEADER-5", "a reserved byte of the header")

    def read_footer(self):
        data = self.data
        start = len(data) - FILE_FOOTER.size
        footer = FILE_FOOTER.read(data, start)
        place = {name: start + offset for name, offset in FILE_FOOTER.offsets.items()}
        require(footer.magic == b"PECSFOOT", "FOOTER-1", start, "the file does not end in a footer")
        require(footer.checksum == hash64(data[start:place["checksum"]]), "FOOTER-2", place["checksum"],
                "wrong checksum")
        require(footer.offset == start and start % PAGE == 0, "FOOTER-3", place["offset"],
                "the footer is not where it says")
        self.footer = footer
        has_metadata = self.header.optional_features & FILE_METADATA
        self.require_zero(place["previous_footer"], 8, "FOOTER-4", "a reserved byte of the footer")
        if not has_metadata:
            self.require_zero(place["file_metadata_size"], 8, "FOOTER-4", "a reserved byte of the footer")
        self.commit_offset, self.commit_end = footer.commit_offset, footer.commit_offset + footer.commit_size
        require(footer.commit_offset >= FILE_HEADER.size and footer.commit_offset % ALIGN == 0 and
                footer.commit_size >= COMMIT_HEADER.size and footer.commit_size % 8 == 0 and self.commit_end <= start,
                "FOOTER-5", place["commit_offset"], "the commit does not lie between header and footer")
        require(footer.commit_hash == hash64(data[self.commit_offset:self.commit_end]), "FOOTER-6",
                place["commit_hash"], "wrong hash of the commit")

    def read_commit_header(self):
        self.commit = commit = COMMIT_HEADER.read(self.data, self.commit_offset)
        place = {name: self.commit_offset + offset for name, offset in COMMIT_HEADER.offsets.items()}
        require(commit.magic == b"PCMT", "COMMIT-1", self.commit_offset, "no commit is there")
        self.has_blocks = self.header.required_features & SEGMENTS != 0
        can_be = commit.segment_count > 0 if self.has_blocks else commit.segment_count == 1
        require(can_be and commit.slot_count <= SLOT_COUNT_MAX and
                commit.free_count + commit.entity_count <= commit.slot_count and 0 < commit.tick < 1 << 63,
                "COMMIT-2", place["segment_count"], "the commit's counts are impossible")
        self.has_retired = self.header.required_features & RETIRED != 0
        self.require_zero(place["parent_id"], 16, "COMMIT-3", "a reserved byte of the commit")
        if not self.has_retired:
            self.require_zero(place["retired_count"], 8, "COMMIT-3", "a reserved byte of the commit")
        self.require_zero(place["zero"], 16, "COMMIT-3", "a reserved byte of the commit")
        require(commit.metadata_size % 8 == 0 and commit.metadata_size <= METADATA_MAX and
                commit.metadata_size <= self.commit_end - self.commit_offset - COMMIT_HEADER.size, "META-1",
                place["metadata_size"], "the metadata cannot have that size")
        if self.header.flags & COUNTS_KNOWN:
            require(self.header.entity_count == commit.entity_count and self.header.type_count == commit.type_count,
                    "HEADER-6", FILE_HEADER.offsets["entity_count"], "the header's counts are not the commit's")

    def read_types(self, at):
        self.types, self.type_parsers, self.id_type = [], [], None  # the number of "pecs.id"
        require(self.commit.type_count <= (self.commit_end - at) // TYPE_RECORD.size, "TYPE-1", at,
                "the commit is too short for its types")
        for number in range(self.commit.type_count):
            left = self.commit_end - at
            size = read32(self.data, at) if left >= TYPE_RECORD.size else 0
            require(TYPE_RECORD.size <= size <= left and size % 8 == 0, "TYPE-1", at, "a type record's size is invalid")
            parser = TypeParser(self.data, at, at + size)
            kind = parser.parse()
            require(kind.number == number and (self.types[-1].id < kind.id if self.types else any(kind.id)), "TYPE-2",
                    at, "types are not numbered in ascending order of their ids")
            require(self.header.required_features & HEAP_FEATURE or not needs_heap(kind.fields), "TYPE-5", at,
                    "a type has strings, blobs or lists, but the file no heap")
            if kind.id == hash128(ID_TYPE_NAME.encode()):
                self.id_type = number
            self.types.append(kind)
            self.type_parsers.append(parser)
            at += size
        return at

    def check_types(self):
        """What the types mean, once the commit has been read."""
        for kind, parser in zip(self.types, self.type_parsers):
            if kind.number == self.id_type:
                require(self.data[parser.offset:parser.end] == id_type_record(kind.number), "TYPE-4", parser.offset,
                        f"the type {ID_TYPE_NAME} has another layout")
            else:
                require(not kind.name.startswith(RESERVED_PREFIX), "TYPE-6", parser.offset,
                        f"the type {kind.name} is of the format, but not known")
                parser.check(kind)

    def read_tables(self, at):
        self.tables, sets = [], set()
        for number in range(self.commit.table_count):
            left = self.commit_end - at
            require(left >= TABLE_RECORD.size, "TABLE-1", at, "the commit is too short for its tables")
            record = TABLE_RECORD.read(self.data, at)
            used = TABLE_RECORD.size + 4 * record.component_count
            size = align_up(used, 8)
            require(record.component_count <= len(self.types) and size <= left and
                    not any(self.data[at + used:at + size]), "TABLE-1", at, "a table record is malformed")
            require(record.number == number and record.chunk_shift <= CHUNK_SHIFT_MAX, "TABLE-2", at,
                    "a table's number or chunks are invalid")
            require(record.flags & ~SINGLETONS == 0, "TABLE-7", at, f"the flags {record.flags:#x} are not known")
            types = struct.unpack_from(f"<{record.component_count}I", self.data, at + TABLE_RECORD.size)
            require(all(kind < len(self.types) for kind in types) and all(a < b for a, b in zip(types, types[1:])),
                    "TABLE-3", at, "a table's types are not numbers of types, ascending")
            require((record.flags, types) not in sets, "TABLE-4", at, "a table has the components of another")
            sets.add((record.flags, types))
            require(not record.flags or self.id_type not in types, "TABLE-6", at, "the world itself has no explicit id")
            self.tables.append(Table(number, at, bool(record.flags & SINGLETONS), record.chunk_shift, types))
            at += size
        return at

    def read_row_counts(self, at):
        require(len(self.tables) <= (self.commit_end - at) // 8, "COMMIT-4", at,
                "the commit is too short for its row counts")
        singletons, total = self.commit.singleton_table, 0
        for table in self.tables:
            table.row_count = read64(self.data, at)
            if table.is_singleton:
                can_be = table.row_count == (table.number == singletons)
            else:
                can_be = table.row_count <= self.commit.entity_count - total
                total += table.row_count
            require(can_be, "TABLE-5", at, f"table {table.number} cannot have {table.row_count} rows")
            at += 8
        names_one = singletons < len(self.tables) and self.tables[singletons].is_singleton
        require(total == self.commit.entity_count and (singletons == NONE or names_one), "COMMIT-5",
                self.commit_offset + COMMIT_HEADER.offsets["singleton_table"],
                "the tables' rows are not the commit's entities and singletons")
        return at

    def read_sessions(self, at):
        count = self.commit.session_count
        require(count <= (self.commit_end - at) // 8 and (count or not self.commit.slot_count), "COMMIT-6", at,
                "the number of the commit's sessions is impossible")
        self.sessions = []
        for _ in range(count):
            self.sessions.append(read64(self.data, at))
            require(self.sessions[-1] < 2**60, "COMMIT-6", at, "a session's nonce has more than 60 bits")
            at += 8
        return at

    def read_free_counts(self, at):
        slots, end = self.commit.slot_count, self.commit_end - self.commit.metadata_size
        chunk_count = (slots + INDEX_ROWS - 1) // INDEX_ROWS
        counts_end = at + align_up(4 * chunk_count, 8)
        require((counts_end <= end if self.has_retired else counts_end == end) and
                is_zero(self.data[at + 4 * chunk_count:counts_end]), "COMMIT-7", at,
                "the metadata does not begin after the free counts")
        self.free_counts_offset = at
        self.free_counts = struct.unpack_from(f"<{chunk_count}I", self.data, at)
        for chunk, count in enumerate(self.free_counts):
            require(count <= min(INDEX_ROWS, slots - chunk * INDEX_ROWS), "COMMIT-8", at + 4 * chunk,
                    "a free count is larger than its chunk")
        require(sum(self.free_counts) == self.commit.free_count, "COMMIT-8", at,
                "the free counts do not sum up to the commit's")
        return counts_end

    def read_retired(self, at):
        self.retired_chunks = []  # (slots, lowest generation, width of a difference, all differences as one number)
        if not self.has_retired:
            return at
        first, count = self.commit.slot_count, self.commit.retired_count
        end = self.commit_end - self.commit.metadata_size
        require(0 < count <= SLOT_COUNT_MAX - first, "RETIRED-1",
                self.commit_offset + COMMIT_HEADER.offsets["retired_count"], f"{count} slots cannot be retired")
        chunks = range(first // INDEX_ROWS, (first + count - 1) // INDEX_ROWS + 1)
        differences_at = place = at + len(chunks) * RETIRED_RECORD.size
        require(place <= end, "RETIRED-2", at, "the commit has no room for its retired slots")
        for number, chunk in enumerate(chunks):
            record_at = at + number * RETIRED_RECORD.size
            record = RETIRED_RECORD.read(self.data, record_at)
            require(0 < record.lowest < GENERATION_MAX and record.width <= RETIRED_WIDTH_MAX, "RETIRED-3", record_at,
                    "retired slots cannot have such generations")
            slots = range(max(first, chunk * INDEX_ROWS), min(first + count, (chunk + 1) * INDEX_ROWS))
            size = align_up(len(slots) * record.width, 64) // 8
            differences = int.from_bytes(self.data[place:min(place + size, end)], "little")
            self.retired_chunks.append((slots, record.lowest, record.width, differences))
            place += size
        require(place == end, "RETIRED-4", differences_at, "the metadata does not begin after the retired slots")
        self.retired_at = at
        return end

    def check_all_retired(self):
        for number, chunk in enumerate(self.retired_chunks):
            self.check_retired(self.retired_at + number * RETIRED_RECORD.size, *chunk)

    @staticmethod
    def check_retired(record_at, slots, lowest, width, differences):
        each = [differences >> n * width & (1 << width) - 1 for n in range(len(slots) if width else 1)]
        require(min(each) == 0 and max(each).bit_length() == width and differences >> len(slots) * width == 0 and
                lowest + max(each) < GENERATION_MAX, "RETIRED-5", record_at,
                "the generations of retired slots are not packed as they must be")

    def retired(self):
        """Each retired slot with its last generation."""
        for slots, lowest, width, differences in self.retired_chunks:
            for n, slot in enumerate(slots):
                yield slot, lowest + (differences >> n * width & (1 << width) - 1)

    def retired_generation(self, slot):
        for slots, lowest, width, differences in self.retired_chunks:
            if slot in slots:
                return lowest + (differences >> (slot - slots.start) * width & (1 << width) - 1)
        return None

    def read_metadata(self, at, end, may_attach=False):
        """Metadata, then attachments, which are kept with their sizes."""
        metadata, attached = [], []
        while at < end:
            left = end - at
            require(left >= META_RECORD.size, "META-2", at, "an entry of the metadata ends too soon")
            record = META_RECORD.read(self.data, at)
            is_attachment = record.kind == META_ATTACHMENT and may_attach
            require(record.kind in (META_TEXT, META_BYTES) or is_attachment, "META-7", at,
                    f"the kind {record.kind} is not known")
            key_at = at + META_RECORD.size
            value_at = key_at + record.key_size
            used = value_at + record.value_size - at
            key = decode(self.data[key_at:value_at]) if align_up(used, 8) <= left else None
            require(is_name(key) and record.key_size <= NAME_MAX and
                    is_zero(self.data[at + used:at + align_up(used, 8)]), "META-2", at,
                    "an entry of the metadata is malformed")
            value = self.data[value_at:value_at + record.value_size]
            if record.kind == META_TEXT:
                value = decode(value)
                require(value is not None and "\0" not in value, "META-4", value_at, f"the text of {key} is none")
            before = attached if is_attachment else metadata
            require((not before or before[-1].key.encode() < key.encode()) and (is_attachment or not attached),
                    "META-3", at, "the keys of the metadata do not ascend")
            if is_attachment:
                self.read_attachment(at, key, value, attached)
            else:
                metadata.append(Meta(key, record.kind, value))
            at += align_up(used, 8)
        return metadata

    def read_attachment(self, at, key, value, attached):
        size = read64(value, 0) if len(value) == 8 else None
        require(size is not None and size <= (HEAP_UNIT << HEAP_SHIFT_MAX) - HEAP_UNIT, "META-8", at,
                f"the entry of the attachment {key} holds no size")
        attached.append(Meta(key, META_ATTACHMENT, size))
        self.attached_bytes += content_bytes("blob", size)
        require(self.attached_bytes <= HEAP_UNIT << HEAP_SHIFT_MAX, "META-8", at, "the attachments are too large")
        self.attached = attached

    def read_file_metadata(self):
        """What belongs to the file alone, between commit and footer."""
        if not self.header.optional_features & FILE_METADATA:
            return []
        start, size = align_up(self.commit_end, ALIGN), self.footer.file_metadata_size
        end = start + size - 8
        require(size % 8 == 0 and 8 < size <= METADATA_MAX + 8 and end + 8 <= self.footer.offset, "META-5",
                self.footer.offset + FILE_FOOTER.offsets["file_metadata_size"],
                "the file's metadata does not lie between commit and footer")
        require(read64(self.data, end) == hash64(self.data[start:end]), "META-6", end,
                "wrong checksum of the file's metadata")
        self.parts.append((start, end + 8))
        return self.read_metadata(start, end)

    def check_gaps(self):
        """What belongs to no part of the file."""
        self.parts.append((self.footer.offset, self.size))
        ends, begins = [end for _, end in self.parts[:-1]], [begin for begin, _ in self.parts[1:]]
        self.require_zeros(zip(ends, begins), "GAP-1", "a byte that belongs to no part")

    def read_segments(self):
        types, tables = [kind.offset for kind in self.type_parsers], [table.offset for table in self.tables]
        tables.append(self.records_end)
        types.append(tables[0])
        walk = [types, tables]  # where the records begin that no segment had so far, and where they end
        for number in range(self.commit.segment_count):
            self.read_segment(number, walk)
        self.parts.append((self.commit_offset, self.commit_end))

    def read_segment(self, number, walk):
        data, place = self.data, self.segments_offset + number * SEGMENT_RECORD.size
        record = SEGMENT_RECORD.read(data, place)
        start, end = record.offset, record.offset + record.prologue_size
        require(start >= self.parts[-1][1] and record.prologue_size >= SEGMENT_HEADER.size + 8 and
                end <= self.commit_offset, "SEGMENT-1", place, "the prologue does not lie before the commit")
        checksum = hash64(data[start:end - 8])
        require(read64(data, end - 8) == checksum == record.prologue_checksum, "SEGMENT-2", end - 8,
                "wrong checksum of the prologue")
        header = SEGMENT_HEADER.read(data, start)
        require(header.magic == b"PSEG" and header.sequence == number and header.size == record.prologue_size and
                header.piece_bytes == PIECE, "SEGMENT-3", start, "the prologue's header is not that of this segment")
        self.require_zero(start + SEGMENT_HEADER.offsets["zero"], 16, "SEGMENT-3", "a reserved byte of the prologue")
        data_end = header.data_offset + header.data_size
        require(header.data_offset % PAGE == 0 and header.data_offset >= end and data_end <= self.commit_offset,
                "SEGMENT-4", start + SEGMENT_HEADER.offsets["data_offset"],
                "the data does not lie between prologue and commit")
        pieces = self.pieces(header.data_offset, data_end)
        trailer_end = record.trailer_offset + record.trailer_size
        require(record.trailer_offset == align_up(data_end, ALIGN) and
                record.trailer_size == TRAILER_HEADER.size + 8 * len(pieces) + 8 and trailer_end <= self.commit_offset,
                "SEGMENT-5", place + SEGMENT_RECORD.offsets["trailer_offset"], "the trailer does not follow the data")
        at = self.check_records(start + SEGMENT_HEADER.size, end - 8, header, walk)
        layout = BLOCK_RECORD if self.has_blocks else RUN_RECORD
        require(header.run_count * layout.size == end - 8 - at, "SEGMENT-7",
                start + SEGMENT_HEADER.offsets["run_count"], "the prologue does not end after its runs")
        self.parts.append((start, end))
        self.segments.append(Segment(record, number, header.data_offset, data_end, pieces, []))
        for run in range(header.run_count):
            self.read_run(layout, at + run * layout.size, self.segments[-1])
        self.parts.append((record.trailer_offset, trailer_end))

    def check_records(self, at, end, header, walk):
        """Types and tables of the segment are the next ones of the commit. Gives where the runs begin."""
        place, is_last = at, len(self.segments) == self.commit.segment_count - 1
        for i, count in enumerate((header.type_count, header.table_count)):
            left = len(walk[i]) - 1
            agrees = count == left if is_last else count <= left
            records = self.data[walk[i][0]:walk[i][count]] if agrees else b""
            require(agrees and len(records) <= end - at and self.data[at:at + len(records)] == records, "SEGMENT-6",
                    place, "the segment's types and tables are not those of the commit")
            at += len(records)
            walk[i] = walk[i][count:]
        return at

    @staticmethod
    def pieces(start, end):
        """Where pieces begin, and the end: only the numbers of the file's own length, which was checked."""
        cuts = [start] + list(range(align_up(start + 1, PIECE), end, PIECE)) + [end]
        return list(zip(cuts, cuts[1:])) if start < end else []

    def find_target(self, run):
        """The column that a record is of; None: there is none."""
        if run.table == run.type == NONE:
            kinds = {INDEX: (self.commit.slot_count, RECORD.size), IDS: (self.id_count, ID_RECORD.size),
                     HEAP: (self.attached_bytes, 0)}
            rows, width = kinds.get(run.kind, (0, 0))
            return Target(run.kind, None, NONE, rows, width, 12) if rows else None
        table = self.tables[run.table] if run.table < len(self.tables) else None
        if not table or not table.row_count:
            return None
        kind = self.types[run.type] if run.type in table.types else None
        is_values = kind and run.kind == VALUES and kind.size > 0
        if is_values or run.kind == HANDLES and run.type == NONE:
            return Target(run.kind, table, run.type, table.row_count, table.row_bytes(run.type, self.types),
                          table.chunk_shift)
        is_heap = kind and run.kind == HEAP and needs_heap(kind.fields)
        return Target(HEAP, table, run.type, table.row_count, 0, table.chunk_shift) if is_heap else None

    def read_run(self, layout, at, segment):
        """Of a run or a block."""
        run = layout.read(self.data, at)
        place = {name: at + offset for name, offset in layout.offsets.items()}
        require(run.kind in (HANDLES, VALUES, INDEX, IDS, HEAP), "RUN-8", at, f"the kind {run.kind} is not known")
        target = self.find_target(run)
        require(target, "RUN-1", at, "the run is of no column that has rows")
        require(run.codec == RAW or self.has_blocks and run.codec == ZSTD, "RUN-2", place["codec"],
                f"codec {run.codec} is not known")
        if self.has_blocks:
            self.check_block(run, target, place)
        else:
            chunks = self.chunk_count(target, target.rows)
            require(run.first_chunk == 0 and run.chunk_count == chunks and
                    self.size_can_be(target, target.rows, run.size), "RUN-3", place["first_chunk"],
                    "the run does not hold all rows of its column")
        last_end = max(segment.data_offset, self.parts[-1][1])
        require((run.codec != RAW or run.offset % ALIGN == 0) and run.offset >= last_end and
                run.offset + run.size <= segment.data_end, "RUN-4", place["offset"],
                "the run is not aligned, not in the data, or overlaps the run before")
        require(self.has_blocks or not self.has_run(target), "RUN-5", at, "a column has two runs")
        require(run.tick <= self.commit.tick, "RUN-6", place["tick"], "the run was written in the future")
        self.parts.append((run.offset, run.offset + run.size))
        if self.has_blocks:
            segment.blocks.append(run)
            self.place_rows(target, run, segment)
        else:
            self.note_rows(target, run.offset, run.size, run.tick, 0, target.rows)

    @staticmethod
    def chunk_count(target, rows):
        return 0 if target.kind == HEAP and not target.table else (rows + (1 << target.shift) - 1) >> target.shift

    def size_can_be(self, target, rows, size):
        """Of so many rows, or of their contents."""
        if target.kind != HEAP:
            return size == rows * target.width
        contents = size - 8 * self.chunk_count(target, rows)
        return (size % HEAP_UNIT == 0 and contents >= 0 and (target.table or size == self.attached_bytes) and
                self.next_unit() * HEAP_UNIT + contents <= HEAP_UNIT << HEAP_SHIFT_MAX)

    def next_unit(self):
        """Where the contents of the next heap run begin."""
        end = self.heaps[-1].first + self.heaps[-1].size // HEAP_UNIT if self.heaps else 0
        return align_up(end, 1 << HEAP_PAGE_SHIFT)

    def run_of(self, target):
        """Of the rows of a column; None: it has none so far."""
        if target.table:
            return target.table.runs.get(target.type)
        return self.index_run if target.kind == INDEX else self.ids_run

    def heaps_of(self, target):
        if target.table:
            return target.table.heaps.get(target.type, [])
        return [self.attached_run] if self.attached_run else []

    def has_run(self, target):
        return bool(self.heaps_of(target) if target.kind == HEAP else self.run_of(target))

    def rows_so_far(self, target):
        if target.kind == HEAP:
            heaps = self.heaps_of(target)
            return heaps[-1].first_row + heaps[-1].rows if heaps else 0
        run = self.run_of(target)
        return run.rows if run else 0

    def check_block(self, block, target, place):
        """What a block's record says of itself."""
        is_attached, is_raw = target.kind == HEAP and not target.table, block.codec == RAW
        require(block.filter <= BITS_DELTA8, "BLOCK-1", place["filter"],
                f"filter {block.filter} is not known")
        if is_attached:
            follows = block.first == block.count == 0 and not self.attached_run
        else:
            follows = block.first == self.rows_so_far(target) and 0 < block.count <= target.rows - block.first
        require(follows, "BLOCK-2", place["first"], "the block's rows do not follow those before it")
        if is_raw:
            can_be = block.size == block.full_size and block.filter == block.stride == 0
        else:
            can_be = block.size > 0 and 0 < block.full_size <= BLOCK_MAX and not is_attached
        least, most = (1, BITS_STRIDE_MAX) if block.filter >= BITS else (STRIDE_MIN, STRIDE_MAX)
        if block.filter == FILTER_NONE:
            can_be = can_be and block.stride == 0
        else:
            can_be = (can_be and target.kind != HEAP and least <= block.stride <= most and
                      target.width % block.stride == 0 and block.stride % FILTER_LANES.get(block.filter, 1) == 0)
        require(can_be and self.size_can_be(target, block.count, block.full_size), "BLOCK-3", place["size"],
                "the block's sizes or its filter are invalid")

    def place_rows(self, target, block, segment):
        """All rows as they are stay where they lie; others, and contents that are compressed, get room behind the file."""
        if block.codec == RAW and (target.kind == HEAP or block.count == target.rows):
            self.note_rows(target, block.offset, block.size, block.tick, block.first, block.count)
            return
        run = None if target.kind == HEAP else self.run_of(target)
        begin = run.offset if run else self.gathered_end
        if not run:
            room = block.full_size if target.kind == HEAP else target.rows * target.width
            self.gathered_end += align_up(room, ALIGN)
        self.gathered.append(Gathered(block, segment.sequence, begin + block.first * target.width))
        self.note_rows(target, begin, block.full_size, block.tick, block.first, block.count)

    def note_rows(self, target, begin, size, tick, first, rows):
        """Where the rows of a column, or the contents of some of its rows, lie in the data."""
        if target.kind == HEAP:
            ends_size = 8 * self.chunk_count(target, rows)
            heap = Heap(begin, begin + ends_size, size - ends_size, self.next_unit(), first, rows)
            self.heaps.append(heap)
            if target.table:
                target.table.heaps.setdefault(target.type, []).append(heap)
            else:
                self.attached_run = heap
            return
        before = self.run_of(target) or Run(begin, 0, 0)
        run = Run(before.offset, max(before.tick, tick), before.rows + rows)
        if target.table:
            target.table.runs[target.type] = run
        elif target.kind == INDEX:
            self.index_run = run
        else:
            self.ids_run = run

    def gather(self):
        """Puts what the blocks hold behind the file's bytes."""
        if not self.gathered:
            return
        data = bytearray(self.data[:self.size])
        data += bytes(self.gathered_end - self.size)
        inflate = None
        for block, _, begin in self.gathered:
            stored = bytes(data[block.offset:block.offset + block.size])
            if block.codec == ZSTD:
                inflate = inflate or find_zstd()
                held = inflate(stored, block.full_size) if frame_is_readable(stored, block.full_size) else None
                require(held is not None and len(held) == block.full_size, "BLOCK-4", block.offset,
                        "the block does not hold what its record says")
                stored = undo_filter(block.filter, block.stride, held)
            data[begin:begin + block.full_size] = stored
        self.data = bytes(data)

    def file_offset(self, offset):
        """Where in the file a byte of the data is: of what is compressed, where its block begins."""
        for block, _, begin in self.gathered if offset >= self.size else ():
            if begin <= offset < begin + block.full_size:
                return block.offset + (offset - begin if block.codec == RAW else 0)
        return offset

    def check_trailer(self, segment):
        data, record, pieces = self.data, segment.record, segment.pieces
        start, end = record.trailer_offset, record.trailer_offset + record.trailer_size
        checksum = hash64(data[start:end - 8])
        require(read64(data, end - 8) == checksum == record.trailer_checksum, "TRAILER-1", end - 8,
                "wrong checksum of the trailer")
        trailer = TRAILER_HEADER.read(data, start)
        require(trailer == (b"PTRL", segment.sequence, len(pieces)), "TRAILER-2", start,
                "the trailer is not that of its segment")
        for i, (first, last) in enumerate(pieces):
            require(read64(data, start + TRAILER_HEADER.size + 8 * i) == hash64(data[first:last]), "DATA-1", first,
                    "wrong hash of a data piece")

    def check_coverage(self):
        def require_rows(target, what):
            has_all = self.has_run(target) and (target.kind == HEAP and not target.table or
                                                self.rows_so_far(target) == target.rows)
            require(not target.rows or has_all, "RUN-7", self.segments_offset, f"{what} lacks rows")

        require_rows(Target(IDS, None, NONE, self.id_count, 0, 0), "the list of explicit ids")
        require_rows(Target(HEAP, None, NONE, self.attached_bytes, 0, 0), "the run of the attachments")
        require_rows(Target(INDEX, None, NONE, self.commit.slot_count, 0, 0), "the index")
        for table in self.tables:
            what, rows = f"a column of table {table.number}", table.row_count
            require_rows(Target(HANDLES, table, NONE, rows, 0, 0), what)
            for kind in table.types:
                if self.types[kind].size:
                    require_rows(Target(VALUES, table, kind, rows, 0, 0), what)
                if needs_heap(self.types[kind].fields):
                    require_rows(Target(HEAP, table, kind, rows, 0, 0), what)

    def check_snapshot_id(self):
        at = self.commit_offset + COMMIT_HEADER.offsets["snapshot_id"]
        commit = self.data[self.commit_offset:at] + bytes(16) + self.data[at + 16:self.commit_end]
        require(hash128(commit) == self.commit.snapshot_id, "COMMIT-9", at, "the snapshot id is not the commit's hash")

    def handle(self, table, row):
        return HANDLE.unpack_from(self.data, table.runs[NONE][0] + row * HANDLE.size)

    def record(self, index):
        return RECORD.unpack_from(self.data, self.index_run[0] + index * RECORD.size)

    def check_rows(self):
        for table in self.tables:
            for row in range(table.row_count):
                index, generation = self.handle(table, row)
                at = table.runs[NONE][0] + row * HANDLE.size
                if table.is_singleton:
                    require((index, generation) == (0, 0), "ROW-2", at, "the singletons' row has an entity")
                    continue
                require(index < self.commit.slot_count and
                        self.record(index)[:3] == (generation, table.number, row), "ROW-1", at,
                        f"table {table.number} row {row}: no record of the index names this row")

    def check_heaps(self):
        """In the order in which the values lie in the data: the ends of all heap runs, then the references."""
        columns = []  # where the values begin, table, heap, fields, bytes a row
        for table in self.tables:
            for number, heaps in table.heaps.items():
                kind = self.types[number]
                columns += [(table.runs[number][0] + heap.first_row * kind.size, table, heap, kind) for heap in heaps]
        columns.sort(key=lambda column: column[0])
        for _, _, heap, _ in columns:
            ends = self.heap_ends(heap)
            for chunk, (before, end) in enumerate(zip([0] + ends, ends)):
                can_be = before <= end <= heap.size and end % HEAP_UNIT == 0
                require(can_be and (end == heap.size or chunk < len(ends) - 1), "HEAP-1", heap.ends + 8 * chunk,
                        "the end of a chunk's contents is invalid")
        for start, table, heap, kind in columns:
            at, rows = 0, 1 << table.chunk_shift
            for chunk, end in enumerate(self.heap_ends(heap)):
                for row in range(chunk * rows, min((chunk + 1) * rows, heap.rows)):
                    for field, place in content_places(kind.fields, start + row * kind.size):
                        at += self.check_content(heap, field.kind, place, at, end)
                require(at == end, "HEAP-2", heap.ends + 8 * chunk, "a chunk's contents do not end where it ends")

    def attachments(self):
        """Of each attachment: its name, and where its bytes begin, with the size before them, and end."""
        at = self.attached_run.offset if self.attached_run else 0
        for name, _, size in self.attached:
            yield name, at, at + content_bytes("blob", size), size
            at += content_bytes("blob", size)

    def check_attachments(self):
        for name, begin, end, size in self.attachments():
            start = begin + (HEAP_UNIT if size >= HEAP_LONG else 0)
            require((start == begin or read64(self.data, begin) == size) and is_zero(self.data[start + size:end]),
                    "HEAP-3", begin, f"the attachment {name} has another size before it, or does not end in zeros")

    def heap_ends(self, heap):
        return list(struct.unpack_from(f"<{(heap.offset - heap.ends) // 8}Q", self.data, heap.ends))

    def check_content(self, heap, kind, place, at, end):
        """The bytes that it takes at `at` of the heap's contents; they must end at or before `end`."""
        reference = read64(self.data, place)
        short = reference >> 40
        is_long = short == HEAP_LONG
        has_size = not is_long or end - at >= HEAP_UNIT
        size = read64(self.data, heap.offset + at) if is_long and has_size else short
        taken, begin = content_bytes(kind, size), heap.offset + at + (HEAP_UNIT if is_long else 0)
        unit = heap.first + at // HEAP_UNIT
        require(reference == 0 or size > 0 and has_size and (size >= HEAP_LONG) == is_long and taken <= end - at and
                reference == short << 40 | unit << 2 and is_zero(self.data[begin + size:heap.offset + at + taken]),
                "HEAP-2", place, "a reference is not to the contents that follow those before it")
        return taken

    def content_place(self, reference):
        """Where the contents of a string, blob or list lie in the file, and their size; (0, 0): nowhere."""
        unit, size = reference >> 2 & (1 << HEAP_SHIFT_MAX) - 1, reference >> 40
        number = bisect.bisect_right([heap.first for heap in self.heaps], unit) - 1
        if not size or number < 0:
            return 0, 0
        heap = self.heaps[number]
        at, end = heap.offset + (unit - heap.first) * HEAP_UNIT, heap.offset + heap.size
        if size == HEAP_LONG and at + HEAP_UNIT <= end:
            at, size = at + HEAP_UNIT, read64(self.data, at)
        return (at, size) if at + size <= end else (0, 0)

    def contents(self, reference):
        """What a string, blob or list holds. A file that was not checked may have references that lead to nothing."""
        at, size = self.content_place(reference)
        return self.data[at:at + size]

    def check_values(self):
        """Column by column in the order of the file; within one row by row."""
        runs = sorted((run[0], table, number) for table in self.tables for number, run in table.runs.items()
                      if number != NONE)
        for start, table, number in runs:
            kind = self.types[number]
            for row in range(table.row_count if can_be_wrong(kind.fields) else 0):
                self.check_fields(kind.fields, start + row * kind.size)

    def check_fields(self, fields, at):
        for field in fields:
            element = field.size // field.count
            if field.kind == "text":
                element = field.columns or field.size
            for place in range(at + field.offset, at + field.offset + field.size, element):
                if field.kind == "struct" and can_be_wrong(field.fields):
                    self.check_fields(field.fields, place)
                    continue
                self.check_element(field, place, self.data[place:place + element])

    def check_element(self, field, at, value):
        if field.kind == "bool":
            require(value[0] <= 1, "VALUE-1", at, "a bool is neither 0 nor 1")
        elif field.kind == "enum":
            require(int.from_bytes(value, "little") < len(field.names), "VALUE-2", at, "an enum has no such value")
        elif field.kind == "text":
            text, _, rest = bytes(value).partition(b"\0")
            require(is_zero(rest) and decode(text) is not None, "VALUE-3", at, "a text is not UTF-8, then zeros")
        elif field.kind == "entity":
            index, generation = HANDLE.unpack(value)
            last = self.record(index)[0] if index < self.commit.slot_count else self.retired_generation(index)
            require((index, generation) == (0, 0) or (last is not None and generation <= last), "VALUE-4", at,
                    "a handle is of the future")
        elif field.kind == "string":
            text = decode(self.contents(int.from_bytes(value, "little")))
            require(text is not None and "\0" not in text, "VALUE-5", at, "a string is not UTF-8, or has a zero")
        elif field.kind == "list":
            places = self.element_places(field, int.from_bytes(value, "little"))
            require(places is not None and all(map(self.element_is_valid, itertools.repeat(field), places)), "VALUE-6",
                    at, "a list is not one of valid elements")

    def element_places(self, field, reference):
        """Where the elements of a list lie in the file; None: the last is not whole."""
        begin, size = self.content_place(reference)
        step = field.fields[0].size
        return None if size % step else range(begin, begin + size, step)

    def element_is_valid(self, field, at):
        try:
            self.check_fields(field.fields, at)
        except Broken:
            return False
        return True

    def check_index(self):
        self.living, self.free, self.used_up = {}, [], []
        slots = self.commit.slot_count
        for first in range(0, slots, INDEX_ROWS):
            free_count = 0
            for index in range(first, min(first + INDEX_ROWS, slots)):
                generation, table, row, session = self.record(index)
                lives = table != NONE
                require(0 < generation <= GENERATION_MAX and
                        (session < len(self.sessions) if lives else row == session == 0), "INDEX-1",
                        self.index_run[0] + index * RECORD.size, f"the record of index {index} is not one")
                if lives:
                    self.living[index] = generation, table, row, session
                elif generation < GENERATION_MAX:
                    self.free.append((index, generation))
                    free_count += 1
                else:
                    self.used_up.append(index)
            require(free_count == self.free_counts[first // INDEX_ROWS], "INDEX-2",
                    self.free_counts_offset + 4 * (first // INDEX_ROWS), "a chunk's free count is wrong")
        require(len(self.living) == self.commit.entity_count, "INDEX-3", self.index_run[0] if self.index_run else 0,
                "the index has living records without rows")

    def check_ids(self):
        last = bytes(16)
        for number in range(self.id_count):
            at = self.ids_run[0] + number * ID_RECORD.size
            record = ID_RECORD.read(self.data, at)
            require(last < record.id, "ID-1", at, "the explicit ids do not ascend")
            require(self.explicit_id(record.index) == record.id, "ID-2", at, "an explicit id is not that of its entity")
            other = self.born_with(record.id)
            require(other is None, "ID-3", at, f"entity index {other} was born with an explicit id")
            last = record.id

    def explicit_id(self, index):
        """Of a living entity; None: it has none."""
        _, table, row, _ = self.living.get(index, (0, NONE, 0, 0))
        if table == NONE or self.id_type not in self.tables[table].types:
            return None
        at = self.tables[table].runs[self.id_type][0] + row * 16
        return self.data[at:at + 16]

    def birth_id(self, index):
        generation, _, _, session = self.living[index]
        nonce = self.sessions[session]
        return struct.pack(">QII", nonce >> 12 << 16 | 0x8000 | nonce & 0xFFF, 2**31 | generation, index)

    def born_with(self, id_bytes):
        """The index of the living entity that was born with the id and has no explicit one; or None."""
        index = int.from_bytes(id_bytes[12:], "big")
        lives = index in self.living and self.birth_id(index) == id_bytes and self.explicit_id(index) is None
        return index if lives else None

    # Columns as arrays of numpy.

    def tables_with(self, *names):
        """The numbers of the tables with rows that have the components of all these names."""
        return [table.number for table in self.tables
                if table.row_count and {self.types[number].name for number in table.types}.issuperset(names)]

    def column(self, table_number, name):
        """The values of a component: a structured array over the file's bytes, a row for each entity of the table."""
        table = self.tables[table_number]
        number = next((number for number in table.types if self.types[number].name == name), None)
        if number is None:
            raise KeyError(f"table {table_number} has no component {name}")
        if self.types[number].size == 0:
            raise ValueError(f"{name} is a tag: it has no values")
        kind = self.types[number]
        return self.array(table, number, struct_dtype(kind.fields, kind.size))

    def handles(self, table_number):
        """The handles of a table's rows: a structured array of index and generation."""
        return self.array(self.tables[table_number], NONE, handle_dtype())

    def array(self, table, column, dtype):
        if not table.row_count:
            return numpy().empty(0, dtype)
        return numpy().frombuffer(self.data, dtype, table.row_count, table.runs[column][0])

    # Values.

    def element(self, field, at):
        """One element as a Python value; what has no meaning becomes a text that says so."""
        data = self.data
        if field.kind == "struct":
            return self.struct(field.fields, at)
        if field.kind == "entity":
            return Handle(self, *HANDLE.unpack_from(data, at))
        if field.kind == "enum":
            number = int.from_bytes(data[at:at + field.size // field.count], "little")
            return Name(field.names[number] if number < len(field.names) else f"enum:{number}")
        if field.kind == "string":
            return Text(self.contents(read64(data, at)))
        if field.kind == "blob":
            return Name("bytes:" + self.contents(read64(data, at)).hex())
        if field.kind == "list":
            places = self.element_places(field, read64(data, at)) or ()
            return [self.element(field.fields[0], place) for place in places]
        code = next(kind[2] for kind in KINDS.values() if kind[0] == field.kind)
        number, = struct.unpack_from("<" + code, data, at)
        if field.kind == "bool":
            return number == 1 if number < 2 else Name(f"bool:{number}")
        if field.kind in ("f32", "f64"):
            return Float(number, data[at:at + struct.calcsize(code)])
        return number

    def value(self, field, base):
        at = base + field.offset
        if field.kind == "text":
            width = field.columns or field.size
            texts = [Text(self.data[at + i:at + i + width]) for i in range(0, field.size, width)]
            return texts if field.columns else texts[0]
        step = field.size // field.count
        values = [self.element(field, at + i * step) for i in range(field.count)]
        if field.columns:
            return [values[i:i + field.columns] for i in range(0, field.count, field.columns)]
        return values[0] if field.count == 1 else values

    def struct(self, fields, base):
        return {field.name: self.value(field, base) for field in fields if field.kind != "padding"}

    def components(self, table, row):
        """By name: the values of a row; None for tags. The explicit id is left out."""
        values = {}
        for number in table.types:
            kind = self.types[number]
            if number == self.id_type:
                continue
            at = table.runs[number][0] + row * kind.size if kind.size else None
            values[kind.name] = self.struct(kind.fields, at) if kind.size else None
        return dict(sorted(values.items()))


def numpy():
    """The module; it is wanted only where columns are."""
    try:
        import numpy as module
    except ImportError as error:
        raise ImportError("columns need numpy, which this Python does not have (Debian: python3-numpy)") from error
    return module


def handle_dtype():
    return numpy().dtype([("index", "<u4"), ("generation", "<u4")])


def struct_dtype(fields, size):
    """Padding has no name: it lies between the offsets."""
    fields = [field for field in fields if field.kind != "padding"]
    return numpy().dtype({"names": [field.name for field in fields], "formats": list(map(field_dtype, fields)),
                          "offsets": [field.offset for field in fields], "itemsize": size})


def field_dtype(field):
    if field.kind == "text":
        width = field.columns or field.size
        return (f"S{width}", field.size // width) if field.columns else f"S{width}"
    if field.kind == "struct":
        base = struct_dtype(field.fields, field.size // field.count)
    elif field.kind == "entity":
        base = handle_dtype()
    elif field.kind == "enum":
        base = f"<u{field.size // field.count}"
    elif field.kind == "bool":
        base = "?"
    elif field.kind in ("string", "blob", "list"):
        base = "<u8"  # the reference: File.contents
    else:
        code = field.kind[0]  # i, u or f
        base = f"<{code}{field.size // field.count}"
    shape = (field.count // field.columns, field.columns) if field.columns else field.count
    return base if shape == 1 else (base, shape)


# How values look, as text and in JSON.

class Name(str):
    pass


def printable(text):
    return "".join(c if c >= " " and c != "\x7f" else f"\\x{ord(c):02x}" for c in text)


class Text(str):
    """A text field: the bytes before the zeros; bytes that are not UTF-8, or follow a zero, as \\xNN."""

    def __new__(cls, field):
        return super().__new__(cls, printable(field.rstrip(b"\0").decode(errors="backslashreplace")))


class Float(float):
    def __new__(cls, number, image):
        self = super().__new__(cls, number)
        self.text = f"{number:.9g}" if len(image) == 4 else f"{number:.17g}"
        if number != number:
            self.text = "nan:" + image[::-1].hex()
        self.is_finite = number - number == 0
        return self


class Handle:
    def __init__(self, file, index, generation):
        lives = index in file.living and file.living[index][0] == generation
        self.text = "none" if index == generation == 0 else f"{index}:{generation}" + ("" if lives else " stale")


def to_text(value):
    if isinstance(value, dict):
        return "{" + " ".join(f"{name}={to_text(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        if len(value) == 1 and isinstance(value[0], Text):  # as the golden files' texts have it
            return to_text(value[0])
        return "[" + ", ".join(map(to_text, value)) + "]"
    if isinstance(value, Text):
        return '"' + value.replace('"', '\\"') + '"'
    if isinstance(value, (Float, Handle)):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def to_json(value):
    if isinstance(value, dict):
        return {name: to_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, Handle):
        return value.text
    if isinstance(value, Float):
        return float(value) if value.is_finite else value.text
    return value


def id_text(id_bytes):
    digits = id_bytes.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def time_text(nanoseconds):
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}.{rest:09}Z"


def print_metadata(metadata):
    for entry in metadata:
        quoted = '"' + printable(entry.value).replace('"', '\\"') + '"' if entry.kind == META_TEXT else None
        print(f"    {entry.key}: {quoted or 'bytes ' + entry.value.hex()}".rstrip())


def print_components(values, indent):
    for name, fields in values.items():
        print(" " * indent + name + "".join(f" {field}={to_text(item)}" for field, item in (fields or {}).items()))


def print_content(file):
    commit = file.commit
    print("content")
    print(f"  tick {commit.tick}, {commit.entity_count} entities, {commit.slot_count} slots, {commit.free_count} free")
    if file.metadata:
        print("  metadata")
        print_metadata(file.metadata)
    if file.attached:
        print("  attachments")
    for name, begin, _, size in file.attachments():
        begin += HEAP_UNIT if size >= HEAP_LONG else 0
        print(f"    {name}: bytes" + (" " + file.data[begin:begin + size].hex() if size else ""))
    print("  entities")
    for index, (generation, table, row, _) in sorted(file.living.items()):
        explicit = file.explicit_id(index)
        print(f"    {index}:{generation}" + (f" id {id_text(explicit)}" if explicit else ""))
        print_components(file.components(file.tables[table], row), 6)
    print("  free slots")
    for index, generation in file.free:
        print(f"    {index} after {index}:{generation}")
    if file.retired_chunks:
        print("  retired slots")
    for index, generation in file.retired():
        print(f"    {index} after {index}:{generation}")
    print("  singletons")
    if commit.singleton_table != NONE:
        print_components(file.components(file.tables[commit.singleton_table], 0), 4)


def print_fields(fields, indent):
    for field in fields:
        shape = f"[{field.count // field.columns}][{field.columns}]" if field.columns else f"[{field.count}]"
        shape = "" if field.count == 1 else shape
        name = "" if field.kind == "padding" else " " + field.name
        names = " {" + ", ".join(field.names) + "}" if field.names else ""
        print(" " * indent + f"{field.offset} {field.kind}{shape}{name}{names}")
        print_fields(field.fields, indent + 2)


RUN_NAMES = {HANDLES: "handles", VALUES: "values", INDEX: "index", IDS: "ids", HEAP: "contents"}
CODEC_NAMES = {RAW: "raw", ZSTD: "zstd"}
FILTER_NAMES = {FILTER_NONE: None, SPLIT: "split", DELTA4: "delta4", DELTA8: "delta8", BITS: "bits",
                BITS_DELTA4: "bits of delta4", BITS_DELTA8: "bits of delta8"}


def block_title(file, block):
    """What a block is of."""
    kind = RUN_NAMES[block.kind]
    name = " of " + file.types[block.type].name if block.type != NONE else ""
    if block.table != NONE:
        return f"{kind}{name} in {block.table}"
    return "attachments" if block.kind == HEAP else kind


def print_segments(file):
    print("  segments")
    for segment in file.segments:
        print(f"    {segment.sequence}: {len(segment.blocks)} block{'' if len(segment.blocks) == 1 else 's'}")
        for block in segment.blocks:
            filtered = f", {FILTER_NAMES[block.filter]} {block.stride}" if block.filter else ""
            rows = f" from {block.first}: {block.count}" if block.count else ""
            print(f"      {block_title(file, block)}{rows}, {block.full_size} bytes, {CODEC_NAMES[block.codec]}{filtered}")


def print_file(file):
    print(f"file of version {file.header.version}")
    if file.commit.wall_clock:
        print(f"  saved {time_text(file.commit.wall_clock)}")
    if file.file_metadata:
        print("  metadata of the file")
        print_metadata(file.file_metadata)
    print("  types")
    for kind in sorted(file.types, key=lambda kind: kind.name):
        print(f"    {kind.name} version {kind.version}, {kind.size} bytes aligned to {kind.align}")
        print_fields(kind.fields, 6)
    print("  tables, @ tick of the last write")
    for table in file.tables:
        label = f"{table.row_count} row{'' if table.row_count == 1 else 's'}"
        if table.is_singleton:
            label = "singletons" if table.row_count else "earlier singletons"
        tick = {column: f" @{run.tick}" for column, run in table.runs.items()}
        names = sorted(file.types[number].name + tick.get(number, "") for number in table.types)
        print(f"    {table.number}: {label}{tick.get(NONE, '')}: {', '.join(names) or 'no components'}")
    if file.index_run:
        print(f"    index: {file.commit.slot_count} slots @{file.index_run[1]}")
    if file.ids_run:
        print(f"    ids: {file.id_count} explicit")
    if file.has_blocks:
        print_segments(file)
    print("  sessions")
    for number, nonce in enumerate(file.sessions):
        indices = [str(index) for index, record in sorted(file.living.items()) if record[3] == number]
        print(f"    {nonce:015x}: {', '.join(indices) or 'none alive'}")
    if file.used_up:
        print("  used up slots")
        print("    " + ", ".join(map(str, file.used_up)))


def fields_json(fields):
    return [{"name": field.name, "kind": field.kind, "offset": field.offset, "size": field.size, "count": field.count,
             "columns": field.columns, "names": field.names, "fields": fields_json(field.fields)} for field in fields]


def run_json(file, run):
    """The offset is null of what is put together from blocks."""
    return run and {"offset": run.offset if run.offset < file.size else None, "tick": run.tick}


def block_json(file, block):
    return {"kind": RUN_NAMES[block.kind], "table": None if block.table == NONE else block.table,
            "type": None if block.type == NONE else file.types[block.type].name,
            "codec": CODEC_NAMES[block.codec], "filter": FILTER_NAMES[block.filter], "stride": block.stride,
            "first": block.first, "count": block.count, "offset": block.offset, "size": block.size,
            "full_size": block.full_size, "tick": block.tick}


def segments_json(file):
    """A file without blocks has one, of runs."""
    return [{"offset": segment.record.offset, "data_offset": segment.data_offset,
             "data_size": segment.data_end - segment.data_offset,
             "blocks": [block_json(file, block) for block in segment.blocks]} for segment in file.segments]


def metadata_json(metadata):
    return [{"key": entry.key, "kind": "text", "value": entry.value} if entry.kind == META_TEXT else
            {"key": entry.key, "kind": "bytes", "value": entry.value.hex()} for entry in metadata]


def file_json(file):
    commit = file.commit
    names = [kind.name for kind in file.types]
    return {
        "version": file.header.version, "bytes": file.size, "tick": commit.tick,
        "optional_features": file.header.optional_features,
        "snapshot_id": commit.snapshot_id.hex(), "wall_clock_ns": commit.wall_clock,
        "metadata": metadata_json(file.metadata), "file_metadata": metadata_json(file.file_metadata),
        "entity_count": commit.entity_count, "slot_count": commit.slot_count, "free_count": commit.free_count,
        "attachments": [{"name": name, "size": size} for name, _, size in file.attached],
        "types": [{"name": kind.name, "id": kind.id.hex(), "version": kind.version, "size": kind.size,
                   "align": kind.align, "fields": fields_json(kind.fields)} for kind in file.types],
        "tables": [{"singletons": table.is_singleton, "chunk_shift": table.chunk_shift, "rows": table.row_count,
                    "types": [names[number] for number in table.types],
                    "runs": [{"type": None if number == NONE else names[number], **run_json(file, run)}
                             for number, run in table.runs.items()]} for table in file.tables],
        "index_run": run_json(file, file.index_run), "ids_run": run_json(file, file.ids_run),
        "segments": segments_json(file),
        "sessions": [f"{nonce:015x}" for nonce in file.sessions],
        "entities": [{"index": index, "generation": generation, "table": table, "row": row, "session": session,
                      "id": id_text(file.explicit_id(index) or file.birth_id(index)),
                      "has_explicit_id": file.explicit_id(index) is not None,
                      "components": to_json(file.components(file.tables[table], row))}
                     for index, (generation, table, row, session) in sorted(file.living.items())],
        "singletons": {} if commit.singleton_table == NONE
                      else to_json(file.components(file.tables[commit.singleton_table], 0)),
        "free": [{"index": index, "generation": generation} for index, generation in file.free],
        "used_up": file.used_up,
        "retired": [{"index": index, "generation": generation} for index, generation in file.retired()],
    }


def main():
    parser = argparse.ArgumentParser(description="Prints the content of a PECS file.")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON document")
    form.add_argument("--content", action="store_true", help="the world only, not how the file holds it")
    parser.add_argument("file")
    options = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    try:
        with open(options.file, "rb") as stream:
            file = File(stream.read())
    except (Broken, NoZstd, OSError) as error:
        print(f"{options.file}: {error}", file=sys.stderr)
        return 2 if isinstance(error, NoZstd) else 1
    if options.json:
        json.dump(file_json(file), sys.stdout, ensure_ascii=False, allow_nan=False, indent=1)
        print()
    else:
        if not options.content:
            print_file(file)
        print_content(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
