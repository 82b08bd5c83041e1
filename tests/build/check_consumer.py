#!/usr/bin/env python3
"""A user's program builds against PECS and runs.

usage: check_consumer.py ROOT BUILD (subproject|static|shared) MESON...

subproject: the repository is a subproject of the program's, which needs neither Criterion nor anything else of the tests.
static, shared: `meson install` into an empty folder, and the program finds pecs.pc there, and links that library.
"""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

INSTALLED = ["libpecs.a", "libpecs.so", "libpecs.so.0.1"]


def run(command, **options):
    print("$", " ".join(command), flush=True)
    subprocess.run(command, check=True, **options)


def as_subproject(root, meson):
    os.mkdir("subprojects")
    os.symlink(root, "subprojects/pecs")
    run(meson + ["setup", "build", "--force-fallback-for=pecs"])
    with open("build/meson-logs/meson-log.txt", encoding="utf-8") as log:
        if "Dependency criterion found" in log.read():
            sys.exit("a subproject looks for Criterion")
    run(meson + ["test", "-C", "build", "consumer", "--print-errorlogs"])


def pkg_config(folder, *flags):
    """The .pc file speaks of the prefix; the files are under DESTDIR, which to pkg-config is a sysroot."""
    found = glob.glob(f"{folder}/**/pecs.pc", recursive=True)
    environment = dict(os.environ, PKG_CONFIG_PATH=os.path.dirname(found[0]), PKG_CONFIG_SYSROOT_DIR=folder)
    output = subprocess.run(["pkg-config", *flags, "pecs"], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return output.stdout.split()


def as_installed(build, meson, kind, folder):
    destination = os.path.join(folder, "destination")
    run(meson + ["install", "--no-rebuild", "-C", build, "--destdir", destination], stdout=subprocess.DEVNULL)
    found = {os.path.basename(path): path for path in glob.glob(f"{destination}/**/libpecs*", recursive=True)}
    if not set(INSTALLED) <= set(found):
        sys.exit(f"installed are only {sorted(found)}")
    libraries = os.path.dirname(found["libpecs.a"])
    compiler = os.environ.get("CC", "cc").split()
    command = compiler + ["-std=c11", "-Wall", "-Wextra", "-Werror", "consumer.c", "-o", "consumer"] + pkg_config(destination, "--cflags")
    if kind == "static":
        # the archive by name: beside a shared library, -l would take that one
        flags = pkg_config(destination, "--libs", "--static")
        run(command + [found["libpecs.a"] if flag == "-lpecs" else flag for flag in flags])
        environment = None
    else:
        run(command + pkg_config(destination, "--libs"))
        environment = dict(os.environ, LD_LIBRARY_PATH=libraries)
    needed = subprocess.run(["ldd", "./consumer"], env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    if ("libpecs.so.0.1" in needed) != (kind == "shared"):
        sys.exit(f"the {kind} program links\n{needed}")
    run(["./consumer"], env=environment)


def main():
    root, build, kind, meson = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    with tempfile.TemporaryDirectory() as folder:
        for name in ("meson.build", "consumer.c"):
            shutil.copy(os.path.join(root, "tests/build/consumer", name), folder)
        os.chdir(folder)
        if kind == "subproject":
            as_subproject(root, meson)
        else:
            as_installed(build, meson, kind, folder)


main()
