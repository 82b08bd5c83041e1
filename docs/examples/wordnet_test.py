#!/usr/bin/env python3
"""Runs the wordnet example: one process builds the save, others resume it and must print what is written here.

usage: wordnet_test.py WORDNET-PROGRAM
Exit code 77 (skipped) when the database is not installed.
"""

import os
import subprocess
import sys
import tempfile

DATABASE = "/usr/share/wordnet"
COUNTS = "117659 synsets\n155287 lemmas\n206941 senses\n"
ANIMAL = "animal -> organism -> living_thing -> whole -> object -> physical_entity -> entity\n"
WILD = "dog -> canine -> carnivore -> placental -> mammal -> vertebrate -> chordate -> " + ANIMAL
TAME = "dog -> domestic_animal -> " + ANIMAL
EXPECTED = {
    "dog": WILD + TAME,
    # 16 bytes fill a short text; 18 need a long one
    "golden retriever": "golden_retriever -> retriever -> sporting_dog -> hunting_dog -> " + WILD
    + "golden_retriever -> retriever -> sporting_dog -> hunting_dog -> " + TAME,
    "labrador retriever": "labrador_retriever -> retriever -> sporting_dog -> hunting_dog -> " + WILD
    + "labrador_retriever -> retriever -> sporting_dog -> hunting_dog -> " + TAME,
    # a capital, and a first step that makes it an instance
    "Paris": "paris -> national_capital -> capital -> seat -> center -> area -> region -> location -> object -> "
    "physical_entity -> entity\n"
    "paris -> national_capital -> city -> municipality -> urban_area -> geographical_area -> region -> location -> "
    "object -> physical_entity -> entity\n"
    "paris -> national_capital -> city -> municipality -> administrative_district -> district -> region -> "
    "location -> object -> physical_entity -> entity\n",
    "entity": "entity\n",
}


def run(arguments, code=0):
    done = subprocess.run(arguments, capture_output=True, text=True)
    sys.stderr.write(done.stderr)
    if done.returncode != code:
        sys.exit(f"{arguments[1:]}: exit code {done.returncode}, not {code}")
    return done


def main():
    program = sys.argv[1]
    if not os.path.isdir(DATABASE):
        print(f"{DATABASE} is missing (package wordnet-base)")
        return 77
    with tempfile.TemporaryDirectory() as directory:
        save = os.path.join(directory, "wordnet.pecs")
        if not run([program, "build", save]).stderr.startswith(COUNTS):
            sys.exit("build: the counts are not WordNet's")
        for word, expected in EXPECTED.items():
            output = run([program, "hypernyms", save, word]).stdout
            print(output, end="")
            if output != expected:
                sys.exit(f"hypernyms {word}: expected\n{expected}")
        run([program, "hypernyms", save, "no such word"], 1)
        run([program, "build", save, directory], 1)  # no database there
    return 0


if __name__ == "__main__":
    sys.exit(main())
