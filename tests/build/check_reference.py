#!/usr/bin/env python3
"""The API reference: doxygen makes it without a warning, and each function and macro in it has its text.

usage: check_reference.py ROOT FOLDER

The pages go to FOLDER/html. Exit code 77 where there is no doxygen.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree


SELF_EVIDENT = {"PECS_API", "PECS_MUST_USE", "PECS_VERSION_MAJOR", "PECS_VERSION_MINOR", "PECS_VERSION_PATCH"}


def run_doxygen(root, folder):
    """What doxygen complains of."""
    with open(os.path.join(root, "docs/Doxyfile"), encoding="utf-8") as file:
        settings = file.read() + f'\nOUTPUT_DIRECTORY = "{folder}"\nGENERATE_XML = YES\n'
    result = subprocess.run(["doxygen", "-"], cwd=root, input=settings, text=True,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if result.returncode:
        sys.exit(f"doxygen ended with {result.returncode}:\n{result.stderr}")
    return result.stderr


def has_text(member):
    return any("".join(member.find(tag).itertext()).strip() for tag in ("briefdescription", "detaileddescription"))


def undocumented(folder):
    """The functions and macros, and the names of those that have no text."""
    names, missing = set(), set()
    for path in glob.glob(os.path.join(folder, "xml/*_8h.xml")):
        for member in xml.etree.ElementTree.parse(path).iter("memberdef"):
            name = member.findtext("name")
            if member.get("kind") not in ("function", "define") or name.endswith("_H") or name.endswith("_"):
                continue
            names.add(name)
            if not has_text(member) and name not in SELF_EVIDENT:
                missing.add(name)
    return names, missing


def public_functions(root):
    text = ""
    for path in glob.glob(os.path.join(root, "include/pecs/*.h")):
        with open(path, encoding="utf-8") as file:
            text += file.read()
    return set(re.findall(r"^PECS_API [^;{(]*?(pecs_\w+)\(", text, re.M))


def main():
    root, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    if not shutil.which("doxygen"):
        print("there is no doxygen")
        sys.exit(77)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    failures = run_doxygen(root, folder)
    names, missing = undocumented(folder)
    failures += "".join(f"{name} has no text in the reference\n" for name in sorted(missing))
    failures += "".join(f"{name} is not in the reference\n" for name in sorted(public_functions(root) - names))
    print(failures or f"{len(names)} functions and macros, all with text: {folder}/html/index.html")
    sys.exit(1 if failures or not names else 0)


main()
