#!/usr/bin/env python3
"""The bash completion, as bash itself uses it: commands, options, files and folders, on a terminal.

usage: check_cli_completion.py PECS_COMPLETION

Sends words and a TAB to a bash with the completion, and reads the completed line from a command that prints its
arguments. check_cli_man.py checks that the options are those of --help.
"""
import os
import select
import shutil
import subprocess
import sys
import tempfile

from pecs_cli import SKIPPED, check_equal, finish, open_terminal

ENTER, TAB, PROMPT = b"\n", b"\t", b"$ "


class Shell:
    """An interactive bash in a folder where `pecs` prints its arguments, one a line, between marks."""

    def __init__(self, folder, completion):
        self.outer, inner = open_terminal()
        rc = os.path.join(folder, ".rc")
        with open(rc, "w", encoding="utf-8") as out:
            out.write(f"PS1='{PROMPT.decode()}'\nbind 'set bell-style none'\nbind 'set enable-bracketed-paste off'\nsource '{completion}'\n"
                      "pecs() { printf '<%s>' \"$@\" >> answer; echo >> answer; echo; echo do''ne; }\n")
        environment = {**os.environ, "TERM": "dumb", "INPUTRC": "/dev/null", "HISTFILE": ""}
        self.process = subprocess.Popen(["bash", "--noprofile", "--rcfile", rc, "-i"], cwd=folder, env=environment,
                                        stdin=inner, stdout=inner, stderr=inner, start_new_session=True)
        os.close(inner)
        self.answer = os.path.join(folder, "answer")
        self.wait_for(PROMPT)

    def wait_for(self, mark):
        seen = b""
        while not (mark in seen and seen.endswith(PROMPT)):
            if not select.select([self.outer], [], [], 30)[0]:
                sys.exit(f"bash does not answer: {seen}")
            seen += os.read(self.outer, 4096)

    def complete(self, line):
        """The arguments that `pecs` gets for a line that ends with TAB."""
        with open(self.answer, "w", encoding="utf-8"):
            pass
        os.write(self.outer, line.encode() + TAB + ENTER)
        self.wait_for(b"done")
        with open(self.answer, encoding="utf-8") as answer:
            return answer.read().strip()

    def end(self):
        os.write(self.outer, b"exit\n")
        self.process.wait(30)
        os.close(self.outer)


def main():
    completion = os.path.abspath(sys.argv[1])
    if not shutil.which("bash"):
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("world.pecs", "two words.pecs", "notes.txt", "release.lock"):
            with open(os.path.join(folder, name), "wb"):
                pass
        os.mkdir(os.path.join(folder, "saves"))
        with open(os.path.join(folder, "saves", "inner.pecs"), "wb"):
            pass
        shell = Shell(folder, completion)
        for line, expected in (
                ("pecs ver", "<verify>"), ("pecs schema sh", "<schema><show>"), ("pecs schema show wor", "<schema><show><world.pecs>"),
                ("pecs schema check rel", "<schema><check><release.lock>"), ("pecs schema lock --he", "<schema><lock><--help>"), ("pecs --ver", "<--version>"), ("pecs info wor", "<info><world.pecs>"),
                ("pecs dump --js", "<dump><--json>"), ("pecs dump --json --lim", "<dump><--json><--limit>"),
                ("pecs diff world.pecs --de", "<diff><world.pecs><--detail>"), ("pecs info --de", "<info><--de>"),
                ("pecs info no", "<info><no>"), ("pecs info tw", "<info><two words.pecs>"),
                ("pecs info sav", "<info><saves/>"), ("pecs info saves/i", "<info><saves/inner.pecs>"),
                ("pecs dump --entity wor", "<dump><--entity><wor>"), ("pecs convert --f", "<convert><--from>"),
                ("pecs convert --to pe", "<convert><--to><pecs>"),
                ("pecs convert --profile sm", "<convert><--profile><small>"), ("pecs info --ad", "<info><--advise>"),
                ("pecs other wor", "<other><wor>")):
            check_equal(line, shell.complete(line), expected)
        shell.end()
    finish()


main()
