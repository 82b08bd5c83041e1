"""What the tests of the program pecs share: running it, and files to run it on."""
import importlib.util
import json
import os
import pty
import struct
import subprocess
import sys
import tempfile

FAILURES = []
SKIPPED = 77


def check(good, message):
    if not good:
        FAILURES.append(message)


def check_equal(what, found, expected):
    check(found == expected, f"{what}: {found!r}, not {expected!r}")


def finish():
    print("\n".join(FAILURES) or "all is as it should be")
    sys.exit(1 if FAILURES else 0)


def open_terminal():
    """Its two ends; without /dev/pts, as in a bare chroot, the test is skipped."""
    try:
        return pty.openpty()
    except OSError as error:
        print(error)
        sys.exit(SKIPPED)


class Program:
    def __init__(self, path):
        self.path = os.path.abspath(path)

    def run(self, *arguments, **options):
        settings = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=120)
        return subprocess.run([self.path, *map(os.fspath, arguments)], **{**settings, **options})

    def expect(self, code, *arguments, **options):
        """Runs it; a wrong exit status, a sanitizer's report or a control character is a failure."""
        result = self.run(*arguments, **options)
        name = " ".join(map(str, arguments))
        check(result.returncode == code,
              f"pecs {name}: exit status {result.returncode}, not {code}: {result.stderr!r}")
        for what, output in (("stdout", result.stdout or b""), ("stderr", result.stderr or b"")):
            check(b"Sanitizer" not in output, f"pecs {name}: {output!r}")
            text = output.decode("utf-8", "strict")
            bad = [c for c in text if c != "\n" and (not c.isprintable())]
            check(not bad, f"pecs {name}: {what} has the characters {bad}")
        return result

    def text(self, *arguments):
        return self.expect(0, *arguments).stdout.decode()

    def json(self, *arguments, code=0):
        """The document that a command prints with --json; a key given twice is a failure."""
        def no_twice(pairs):
            check(len(dict(pairs)) == len(pairs), f"pecs {arguments}: a key is there twice: {pairs}")
            return dict(pairs)

        def no_constant(word):
            check(False, f"pecs {arguments}: {word} is not JSON")

        output = self.expect(code, *arguments, "--json").stdout.decode()
        return json.loads(output, object_pairs_hook=no_twice, parse_constant=no_constant)

    def message(self, code, *arguments, **options):
        """The one line of a failure on stderr."""
        result = self.expect(code, *arguments, **options)
        check(result.stdout in (b"", None), f"pecs {arguments}: output beside an error: {result.stdout!r}")
        text = result.stderr.decode()
        check(text.startswith("pecs: ") and text.endswith("\n") and text.count("\n") == 1,
              f"pecs {arguments}: the message is {text!r}")
        return text[len("pecs: "):-1]


def load_module(path):
    spec = importlib.util.spec_from_file_location("read_pecs", path)
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    return module


def read_bytes(path):
    with open(path, "rb") as stream:
        return stream.read()


def write_bytes(path, data):
    with open(path, "wb") as stream:
        stream.write(data)
    return path


def made_worlds(maker):
    """A folder with the files of make_cli_worlds; it is removed when the object is."""
    folder = tempfile.TemporaryDirectory()
    subprocess.run([maker, folder.name], check=True)
    return folder


def repair(pecs, data):
    """Makes the hashes of a file with one segment and one piece right again, innermost first, after it was changed."""

    def put(at, number):
        data[at:at + 8] = number.to_bytes(8, "little")

    footer = pecs.FILE_FOOTER.read(data, len(data) - 64)
    commit, end = footer.commit_offset, footer.commit_offset + footer.commit_size
    header = pecs.SEGMENT_HEADER.read(data, 64)
    # the segment record is what begins with the prologue's offset and size
    place = struct.pack("<QQ", 64, header.size)
    segments = next(at for at in range(commit, end, 8) if data[at:at + 16] == place)
    record = pecs.SEGMENT_RECORD.read(data, segments)
    trailer, trailer_end = record.trailer_offset, record.trailer_offset + record.trailer_size
    put(64 + header.size - 8, pecs.hash64(data[64:64 + header.size - 8]))
    put(segments + 16, pecs.read64(data, 64 + header.size - 8))
    put(trailer + 16, pecs.hash64(data[header.data_offset:header.data_offset + header.data_size]))
    put(trailer_end - 8, pecs.hash64(data[trailer:trailer_end - 8]))
    put(segments + 40, pecs.read64(data, trailer_end - 8))
    data[commit + 56:commit + 72] = bytes(16)
    data[commit + 56:commit + 72] = pecs.hash128(data[commit:end])
    put(len(data) - 64 + 32, pecs.hash64(data[commit:end]))
    put(len(data) - 8, pecs.hash64(data[-64:-8]))
