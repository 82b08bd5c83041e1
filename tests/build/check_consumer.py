#!/usr/bin/env python3
"""A user's programs, one in C11, one in C++17 and one with pecs-json, build against PECS and run.

usage: check_consumer.py ROOT BUILD WAY MESON C_COMPILER [CPP_COMPILER]

WAY is one of
    subproject                        the repository is a subproject of theirs, and needs nothing that only its tests do
    pkg-config-static, -shared        pecs.pc is found after `meson install` into an empty folder
    cmake-static, -shared             find_package(pecs) is, in the same way
    cmake-versions                    which versions find_package may ask for
The installed tree is not at its prefix: what it says of itself must hold wherever it is. Without CMake its ways are
skipped, without a C++ compiler the second program is. The third is there where pecs-json is built.
"""
import glob
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

INSTALLED = ["libpecs.a", "libpecs.so", "libpecs.so.0.1", "libpecs.so.0.1.0"]
SHARED = "libpecs.so.0.1"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
VERSIONS_ACCEPTED = ["0.1", "0.1.0", "0.1...0.9", "0.1.0...<0.2"]
VERSIONS_REFUSED = ["0", "0.0", "0.0.9", "0.1.99", "0.2", "1", "1.1", "0.2...0.9", "0.0...<0.1.0"]
VERSIONS_PROJECT = """
cmake_minimum_required(VERSION 3.19)
project(versions C)
foreach(version ${ACCEPTED})
  find_package(pecs ${version} REQUIRED)
endforeach()
foreach(version ${REFUSED})
  find_package(pecs ${version} QUIET)
  if(pecs_FOUND)
    message(FATAL_ERROR "version ${version} is taken for this one")
  endif()
endforeach()
"""
JSON_PROGRAM = "consumer_json.c"
SKIPPED = 77


def run(command, **options):
    print("$", shlex.join(command), flush=True)
    return subprocess.run(command, check=True, **options)


def output(command, **options):
    return run(command, stdout=subprocess.PIPE, text=True, **options).stdout


class Installation:
    """What `meson install` puts into an empty folder."""

    def __init__(self, build, meson, folder):
        self.root = os.path.join(folder, "destination")
        run([meson, "install", "--no-rebuild", "-C", build, "--destdir", self.root], stdout=subprocess.DEVNULL)
        found = {os.path.basename(path): path for path in glob.glob(f"{self.root}/**/libpecs*", recursive=True)}
        found = {name: path for name, path in found.items() if not name.startswith("libpecs-json.")}
        if set(INSTALLED) != set(found):
            sys.exit(f"installed are {sorted(found)}")
        self.libraries = os.path.dirname(found["libpecs.a"])
        self.include = os.path.dirname(os.path.dirname(self.find("pecs.h")))
        self.has_json = bool(glob.glob(f"{self.root}/**/pecs-json.pc", recursive=True))

    def find(self, name):
        return glob.glob(f"{self.root}/**/{name}", recursive=True)[0]

    def pkg_config(self, *flags, package="pecs"):
        """The .pc file speaks of the prefix; the files are under DESTDIR, which to pkg-config is a sysroot."""
        place = os.path.dirname(self.find("pecs.pc"))
        environment = dict(os.environ, PKG_CONFIG_PATH=place, PKG_CONFIG_SYSROOT_DIR=self.root)
        return output(["pkg-config", *flags, package], env=environment).split()

    def cmake(self, build, *options):
        prefix = os.path.dirname(self.include)
        run(["cmake", "-G", "Ninja", "-S", ".", "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}", *options])


def with_subproject(root, meson):
    os.mkdir("subprojects")
    os.symlink(root, "subprojects/pecs")
    run([meson, "setup", "build", "--force-fallback-for=pecs"])
    with open("build/meson-logs/meson-log.txt", encoding="utf-8") as log:
        if "Dependency criterion found" in log.read():
            sys.exit("a subproject looks for Criterion")
    run([meson, "compile", "-C", "build"])


def with_pkg_config(installation, kind, compilers):
    os.mkdir("build")
    for source, standard, compiler in compilers:
        package = "pecs-json" if source == JSON_PROGRAM else "pecs"
        command = compiler + [f"-std={standard}", *WARNINGS, source, "-o", "build/" + os.path.splitext(source)[0]]
        command += installation.pkg_config("--cflags", package=package)
        if kind == "static":
            # the archives by name: beside a shared library, -l would take that one
            for flag in installation.pkg_config("--libs", "--static", package=package):
                command.append(installation.find(f"lib{flag[2:]}.a") if flag in ("-lpecs", "-lpecs-json") else flag)
        else:
            command += installation.pkg_config("--libs", package=package) + [f"-Wl,-rpath,{installation.libraries}"]
        run(command)


def with_cmake(installation, kind):
    target = "pecs::pecs_static" if kind == "static" else "pecs::pecs"
    flags = " ".join(WARNINGS)
    installation.cmake("build", f"-DPECS_LIBRARY={target}", f"-DCMAKE_C_FLAGS={flags}", f"-DCMAKE_CXX_FLAGS={flags}")
    run(["cmake", "--build", "build", "--verbose"])


def check_versions(installation):
    with open("CMakeLists.txt", "w", encoding="utf-8") as project:
        project.write(VERSIONS_PROJECT)
    accepted, refused = ";".join(VERSIONS_ACCEPTED), ";".join(VERSIONS_REFUSED)
    installation.cmake("build", f"-DACCEPTED={accepted}", f"-DREFUSED={refused}")


def check_program(program, libraries):
    """It runs, and links the shared library in that folder, or none."""
    # meson test adds the build folder's library, which goes before the program's own path
    environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    needed = [line.split() for line in output(["ldd", program], env=environment).splitlines() if "libpecs.so" in line]
    expected = [[SHARED, "=>", os.path.join(libraries, SHARED)]] if libraries else []
    if [words[:3] for words in needed] != expected:
        sys.exit(f"{program} needs {needed}, not {expected}")
    run([program], env=environment)


def main():
    root, build, way, meson, *compilers = sys.argv[1:]
    tool, _, kind = way.rpartition("-")
    if tool == "cmake" and not shutil.which("cmake"):
        print("cmake is not there")
        sys.exit(SKIPPED)
    compilers = [compiler.removeprefix("ccache ") for compiler in compilers]  # which CMake would take for the compiler
    os.environ.update(zip(("CC", "CXX"), compilers))
    programs = list(zip(("consumer.c", "consumer_cpp.cc"), ("c11", "c++17"), map(shlex.split, compilers)))
    with tempfile.TemporaryDirectory() as folder:
        folder = os.path.realpath(folder)
        shutil.copytree(os.path.join(root, "tests/build/consumer"), os.path.join(folder, "program"))
        os.chdir(os.path.join(folder, "program"))
        installation = None if way == "subproject" else Installation(build, meson, folder)
        # which CMake has as a shared library alone
        if installation and installation.has_json and (tool, kind) != ("cmake", "static"):
            programs.append((JSON_PROGRAM, "c11", programs[0][2]))
        if way == "subproject":
            with_subproject(root, meson)
        elif kind == "versions":
            check_versions(installation)
            return
        elif tool == "cmake":
            with_cmake(installation, kind)
        else:
            with_pkg_config(installation, kind, programs)
        libraries = installation.libraries if kind == "shared" else None
        for source, _, _ in programs:
            check_program("./build/" + os.path.splitext(source)[0], libraries)


main()
