#!/usr/bin/env python3
"""The library calls the operating system from three files, and tests can make each of these calls fail.

usage: check_calls.py NM FAULT_CALLS_H ARCHIVE...

1. The undefined symbols of os_linux.o, os_file_linux.o and os_stream_linux.o are exactly the calls of fault_calls.h, and functions that
   only compute.
2. Only base/memory.c allocates system memory: everything else uses the allocator's hooks. But libzstd's contexts, which
   only base/codec.c makes, take theirs from malloc; test_codec_failures.c lets each of these allocations fail.
3. Every other object needs only functions that compute.
"""
import re
import subprocess
import sys

# They use neither files, nor memory, nor time. sysconf and getpid cannot fail; nor can a mutex without attributes; if
# a thread cannot be created, the others do its work (test_jobs.c).
PURE = set("""memcpy memmove memset memchr memcmp strlen strcmp strncmp strrchr strchr strcspn strspn strtol snprintf vsnprintf
    __xpg_strerror_r __errno_location __assert_fail __stack_chk_fail __cpu_model bsearch qsort getpid sysconf
    pthread_mutex_init pthread_mutex_destroy pthread_mutex_lock pthread_mutex_unlock
    pthread_create pthread_join pthread_sigmask sigfillset sigemptyset sigaddset sigismember geteuid""".split())
PLATFORM = ("os_linux", "os_file_linux", "os_stream_linux")
MEMORY = {"malloc", "aligned_alloc", "free"}
failures = []


def plain(symbol):
    """open64 and __open64_2 are open, as __pread64_chk is pread: variants for large files and for fortified builds."""
    fortified = re.match(r"^__(\w+?)(?:_chk|_2)$", symbol)
    return re.sub(r"64$", "", fortified.group(1) if fortified else symbol)


def symbols(nm, archives):
    """By object: the names it defines and those it wants."""
    found = {}
    for archive in archives:
        text = subprocess.run([nm, "-A", archive], check=True, stdout=subprocess.PIPE).stdout.decode()
        for line in text.splitlines():
            place, kind, name = re.match(r"^(.*):[0-9a-f ]* (\w) (\S+)$", line).groups()
            entry = found.setdefault(re.search(r"(\w+)\.c\.o", place).group(1), (set(), set()))
            entry[kind in "Uw"].add(name)
    return found


def main():
    nm, header, archives = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(header, encoding="utf-8") as text:
        listed = set(re.findall(r"^ +X\((\w+)\)", text.read(), re.MULTILINE))
    found = symbols(nm, archives)
    own = set().union(*(defined for defined, _ in found.values()))
    called = set()
    for name, (_, wanted) in sorted(found.items()):
        computing = ("XXH", "_GLOBAL_", "ZSTD_") if name == "codec" else ("XXH", "_GLOBAL_")
        outside = {plain(symbol) for symbol in wanted - own if not symbol.startswith(computing)} - PURE
        if name in PLATFORM:
            called |= outside
            failures.extend(f"{name}.c calls {call}, which fault_calls.h lacks" for call in sorted(outside - listed))
        else:
            allowed = MEMORY if name == "memory" else set()
            failures.extend(f"{name}.c calls {call}" for call in sorted(outside - allowed))
    failures.extend(f"fault_calls.h has {call}, which no platform file calls" for call in sorted(listed - called))
    if not found.keys() >= set(PLATFORM):
        failures.append(f"there are no objects of {', '.join(PLATFORM)}")
    if len(found) < 20 or len(listed) < 15:
        failures.append("too few objects or calls found: the search is broken")
    print("\n".join(failures) or f"{len(found)} objects; {' and '.join(PLATFORM)} alone make system calls: {', '.join(sorted(listed))}")
    sys.exit(1 if failures else 0)


main()
