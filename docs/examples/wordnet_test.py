#!/usr/bin/env python3
"""Runs the wordnet example: one process builds the save and compares it with the database, others resume it and must
print what is written here. A build whose save cannot give back the database's own lines must fail. Strings and lists
make the save a small part of what fields of fixed sizes would take.

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
SENSES = {
    # words with capitals and with markers are spelled as in the database; one word, two parts of speech
    "canis familiaris": "noun 1: dog, domestic_dog, Canis_familiaris: a member of the genus Canis (probably descended "
    "from the common wolf) that has been domesticated by man since prehistoric times; occurs in many breeds; \"the dog "
    "barked all night\"\n",
    "galore": "adjective 1: galore(ip): in great numbers; \"daffodils galore\"\n"
    "adjective 2: abounding, galore(ip): existing in abundance; \"abounding confidence\"; \"whiskey galore\"\n",
    "Goof": "noun 1: fathead, goof, goofball, bozo, jackass, goose, cuckoo, twat, zany: a man who is a stupid "
    "incompetent fool\n"
    "noun 2: clown, buffoon, goof, goofball, merry_andrew: a person who amuses others by ridiculous behavior\n"
    "verb 1: drop_the_ball, sin, blunder, boob, goof: commit a faux pas or a fault or make a serious mistake; \"I "
    "blundered during the job interview\"\n",
}


def run(arguments, code=0):
    done = subprocess.run(arguments, capture_output=True, text=True)
    sys.stderr.write(done.stderr)
    if done.returncode != code:
        sys.exit(f"{arguments[1:]}: exit code {done.returncode}, not {code}")
    return done


def records(kind):
    """The lines of the database's files of a kind, without the licence at their heads."""
    for part in "adj", "adv", "noun", "verb":
        with open(os.path.join(DATABASE, f"{kind}.{part}"), encoding="utf-8") as file:
            yield from (line for line in file if not line.startswith(" "))


def fixed_size():
    """Bytes of the values alone, if every field had room for its longest value: the longest lemma, word and gloss as
    arrays of bytes, and arrays for the most senses of a lemma and the most words, relations and frames of a synset.
    A sense is a handle of 8 bytes; a word and a relation have a handle and 4 bytes more; a frame has 2."""
    index = [line.split() for line in records("index")]
    lemma = max(len(fields[0]) for fields in index)
    senses = max(int(fields[2]) for fields in index)
    word = words = relations = frames = gloss = synset_count = 0
    for line in records("data"):
        numbers, text = line.rstrip("\n").split("| ", 1)
        fields = numbers.split()
        word_end = 4 + 2 * int(fields[3], 16)
        frames_at = word_end + 1 + 4 * int(fields[word_end])
        word = max(word, *(len(text) for text in fields[4:word_end:2]))
        words = max(words, int(fields[3], 16))
        relations = max(relations, int(fields[word_end]))
        frames = max(frames, int(fields[frames_at]) if frames_at < len(fields) else 0)
        gloss = max(gloss, len(text.encode()))
        synset_count += 1
    print(f"at most: {lemma} bytes and {senses} senses a lemma; {words} words of {word} bytes, {relations} relations, "
          f"{frames} frames and {gloss} bytes of gloss a synset")
    return (len(index) * (lemma + senses * 8) +
            synset_count * (gloss + words * (word + 12) + relations * 12 + frames * 2))


def check_size(save):
    """The save also has handles, index and the structure of a file, and is still less than a thirtieth."""
    size, fixed = os.path.getsize(save), fixed_size()
    print(f"{size} bytes, {fixed} with fixed fields")
    if not 0 < size * 30 < fixed:
        sys.exit(f"the save has {size} bytes, and fixed fields would take {fixed}")


def main():
    program = sys.argv[1]
    if not os.path.isdir(DATABASE):
        print(f"{DATABASE} is missing (package wordnet-base)")
        return 77
    with tempfile.TemporaryDirectory() as directory:
        save = os.path.join(directory, "wordnet.pecs")
        if not run([program, "build", save]).stderr.startswith(COUNTS):
            sys.exit("build: the counts are not WordNet's")
        check_size(save)
        for command, results in ("hypernyms", EXPECTED), ("show", SENSES):
            for word, expected in results.items():
                output = run([program, command, save, word]).stdout
                print(output, end="")
                if output != expected:
                    sys.exit(f"{command} {word}: expected\n{expected}")
            run([program, command, save, "no such word"], 1)
        run([program, "hypernyms", save, "jealously"], 1)  # an adverb
        run([program, "build", save, directory], 1)  # no database there
        # a line that the reader accepts, and that says the same in another way
        for name in os.listdir(DATABASE):
            if name != "data.verb":
                os.symlink(os.path.join(DATABASE, name), os.path.join(directory, name))
        with open(os.path.join(DATABASE, "data.verb"), encoding="utf-8") as file:
            text = file.read()
        with open(os.path.join(directory, "data.verb"), "w", encoding="utf-8") as file:
            file.write(text.replace(" 01 + 02 00 | undergo ", " 01 + 2 00 | undergo ", 1))
        if "another line" not in run([program, "build", save, directory], 1).stderr:
            sys.exit("build: a difference from the database was not found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
