#!/usr/bin/env python3
"""The manual page and --help have the same commands, options and sentences; the page is clean; so is the completion.

usage: check_cli_man.py PECS PECS_1 PECS_COMPLETION
"""
import re
import shutil
import subprocess
import sys

from pecs_cli import Program, check, check_equal, finish

program, page, completion = Program(sys.argv[1]), sys.argv[2], sys.argv[3]


def parse_help(text):
    """(sentences before the lists, {title of a list: {entry: sentence}})"""
    lists, head, title = {}, [], None
    for line in text.splitlines():
        if re.fullmatch(r"[a-z]+( [a-z]+)?", line):
            title = lists.setdefault(line, {})
        elif line.startswith("  ") and title is not None:
            name, sentence = re.fullmatch(r"  (\S+(?: \w+)?) {2,}(.*)", line).groups()
            title[name] = sentence
        elif line and not line.startswith(("usage:", "       ")):
            head.append(line)
    return head, lists


def plain(line):
    """A line of mdoc as it looks."""
    line = re.sub(r"^\.It Fl -(\S+)(?: Ar (\S+))?$", lambda m: f"--{m[1]}" + (f" {m[2]}" if m[2] else ""), line)
    return re.sub(r"^\.It (\d)$", r"\1", line)


def parse_page(text):
    """{section: (first sentence, {entry: sentence})} of the page's sections and subsections"""
    sections = {}
    for part in re.split(r"^\.S[hs] ", text, flags=re.M)[1:]:
        title, body = part.split("\n", 1)
        entries = {}
        for item in re.split(r"^(?=\.It )", body.split(".Bl")[1].split(".El")[0], flags=re.M)[1:] if ".Bl" in body else ():
            name, *sentences = item.strip().split("\n")
            entries[plain(name)] = " ".join(sentences)
        sections[title] = (body.split("\n")[0], entries)
    return sections


def synopsis_of(text):
    """{command: its options and operands}"""
    part = text.split(".Sh SYNOPSIS\n")[1].split(".Sh")[0]
    found = {}
    for block in part.split(".Nm\n")[1:]:
        lines = block.strip().split("\n")
        if lines[0].startswith(".Cm "):
            options = [re.sub(r"^\.Op Fl -(\S+)(?: Ar (\S+))?$", lambda m: f"--{m[1]}" + (f" {m[2]}" if m[2] else ""), line)
                       for line in lines[1:-1]]
            found[lines[0][4:]] = (options, lines[-1].replace(".Ar ", ""))
    return found


def check_page(text):
    head, lists = parse_help(program.text("--help"))
    sections, synopsis = parse_page(text), synopsis_of(text)
    check_equal("the program in a sentence", sections["DESCRIPTION"][0], head[0])
    check_equal("its options", sections["DESCRIPTION"][1], lists["options"])
    check_equal("exit status", sections["EXIT STATUS"][1], lists["exit status"])
    commands = {title[len("pecs "):]: part for title, part in sections.items() if title.startswith("pecs ")}
    check_equal("commands", {name: part[0] for name, part in commands.items()}, lists["commands"])
    check_equal("commands in the synopsis", list(synopsis), list(lists["commands"]))
    for name, (sentence, options) in commands.items():
        own_text = program.text(*name.split(), "--help")
        own_head, own_lists = parse_help(own_text)
        check_equal(f"{name} in a sentence", own_head, [sentence])
        check_equal(f"options of {name}", options, own_lists["options"])
        check_equal(f"synopsis of {name}", synopsis[name][0], [entry for entry in own_lists["options"] if entry != "--help"])
        check_equal(f"operands of {name}", own_text.split("\n")[0], f"usage: pecs {name} [options] {synopsis[name][1]}")
    return lists, {name: options for name, (_, options) in commands.items()}


def complete(*words):
    """What the completion offers for the last word."""
    script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pecs 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"'
    output = subprocess.run(["bash", "-c", script, "bash", completion, *words], stdout=subprocess.PIPE, check=True)
    return set(output.stdout.decode().split("\n")) - {""}


def check_completion(lists, commands):
    if not shutil.which("bash"):
        return
    options = {"--help", "--version"}
    check_equal("first word", complete("pecs", ""), {name.split()[0] for name in commands} | options)
    check_equal("second word", complete("pecs", "schema", ""), {name.split()[1] for name in commands if " " in name})
    check_equal("options of the program", complete("pecs", "--"), set(lists["options"]))
    for name, entries in commands.items():
        check_equal(f"completion of {name}", complete("pecs", *name.split(), "--"), {entry.split()[0] for entry in entries})


def check_clean():
    if shutil.which("mandoc"):
        result = subprocess.run(["mandoc", "-Tlint", "-Wstyle", page], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        check_equal("mandoc", (result.returncode, result.stdout.decode()), (0, ""))
    if shutil.which("man") and subprocess.run(["man", "--help"], stdout=subprocess.PIPE).stdout.find(b"--warnings") >= 0:
        result = subprocess.run(["man", "--warnings", "-l", page], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        check_equal("man --warnings", (result.returncode, result.stderr.decode()), (0, ""))


def main():
    with open(page, encoding="utf-8") as stream:
        lists, commands = check_page(stream.read())
    check(len(commands) == 11 and sum(map(len, commands.values())) > 10, f"too little was found: {commands}")
    check_completion(lists, commands)
    check_clean()
    finish()


main()
