#!/usr/bin/env python3
"""Draws the pictures and writes the tables of the benchmark results, from the lines that `pecs-bench --json` prints.

usage: draw_results.py                       redraw everything from benches/results.jsonl
       draw_results.py --check               change nothing; fail when something would change
       draw_results.py --measure PROGRAM     run pecs-bench, keep its lines in benches/results.jsonl, redraw everything
                       [--machine TEXT] [--entities N...] [--runs K] [--dir DIR]
       draw_results.py LINES|-               the picture of these lines, to the standard output

Every figure is written once: PECS's in results.jsonl, others' in rivals.json. What is drawn from them: the two pictures
in docs/figures, and what stands between the lines <!-- figures --> of README.md and of benches/README.md. results.jsonl
has for each run of pecs-bench a line that tells machine, date and command, and then the lines of that run; the first
run is the one that is drawn. The last one is of W1s, the shuffled world.
"""

import sys

sys.dont_write_bytecode = True  # leaves no folder in the source tree

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import subprocess
import textwrap

import results_svg
from results_svg import count_text, duration, mark_text, misses, ratio_of, short, value_text

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHUFFLED = "--shuffled"
RESULTS, RIVALS = "benches/results.jsonl", "benches/rivals.json"
BLOCK = re.compile(r"(<!-- figures: .*? -->\n).*?(<!-- end of figures -->\n)", re.S)


# Reading


def read_runs(lines):
    """The runs of a results file; lines without a description of their run belong to an unknown run."""
    runs = []
    for text in lines:
        if not text.strip():
            continue
        line = json.loads(text)
        if "command" in line or not runs:
            runs.append({"lines": [], "machine": None, "date": None, "command": None})
        if "command" in line:
            runs[-1].update(line)
            continue
        if any(line["bench"] == other["bench"] for other in runs[-1]["lines"]):
            sys.exit(f"{line['bench']} is there twice in one run")
        runs[-1]["lines"].append(line)
    for run in runs:
        if not run["lines"]:
            sys.exit("a run has no lines")
        run.setdefault("entities", run["lines"][0]["entities"])
        run["is_shuffled"] = SHUFFLED in (run["command"] or "").split()
        known = [run["machine"], run["date"], run["command"]]
        run["about"] = f"{known[0]}, {known[1]}: {known[2]}. Medians." if all(known) else "Medians."
    if not runs:
        sys.exit("there are no lines")
    return runs


def read_results(root):
    return read_runs((root / RESULTS).read_text(encoding="utf-8").splitlines())


def seconds_of(run, bench, key):
    return next((line[key] for line in run["lines"] if line["bench"] == bench), None)


def pecs_groups(runs):
    """PECS and its limits in the rivals' columns. An answer follows a resume, and a load reads the same file."""
    mapped, read = ["save", "save_durable", "resume", "answer"], [None, None, "load", None]
    plans = [
        ("PECS, a world that can be edited", "seconds",
         {"PECS, resume (maps the file)": mapped, "PECS, load (reads and checks)": read}),
        ("the limits of PECS's run; no ECS", "limit_seconds",
         {"columns by hand, mapped": mapped, "columns by hand, read, checked": read}),
    ]
    return [{"name": group, "is_pecs": key == "seconds", "systems": [
        {"name": name, **{str(run["entities"]): [seconds_of(run, bench, key) for bench in benches] for run in runs}}
        for name, benches in systems.items()]} for group, key, systems in plans]


# Writing


def figures_table(run):
    rows = ["| bench | limit, by hand | mark | PECS | limit | ratio |", "|---|---|---|---|---|---|"]
    for line in run["lines"]:
        ratio, count = ratio_of(line), count_text(line, run["entities"])
        name = f"`{line['bench']}`" + (f", {count}" if count else "")
        value, ratio_text = value_text(line), f"{ratio:.2f}" if ratio is not None else ""
        if misses(line) and ratio is not None:
            ratio_text = f"**{ratio_text}**"
        elif misses(line):
            value = f"**{value}**"
        limit_time = duration(line["limit_seconds"]) if ratio is not None else ""
        rows.append(f"| {name} | {line['limit'] or ''} | {mark_text(line)} | {value} | {limit_time} | {ratio_text} |"
                    .replace("|  |", "| |").replace("|  |", "| |"))
    return rows


def cell(seconds):
    return "-" if seconds is None else short(duration(seconds))


def rivals_table(rivals, groups, counts):
    heads = [f"{int(count):,}: {' / '.join(rivals['columns'])}" for count in counts]
    rows = ["| system | " + " | ".join(heads) + " |", "|---|" + "---|" * len(counts)]
    for group in groups:
        rows.append(f"| *{group['name']}* |" + " |" * len(counts))
        for system in group["systems"]:
            cells = [" / ".join(cell(value) for value in system[count]) if system.get(count) else "not run"
                     for count in counts]
            rows.append(f"| {system['name']} | " + " | ".join(cells) + " |")
    return rows


def rivals_notes(rivals, run):
    date = rivals["date"] or "date not recorded"
    return [f"PECS and its limits: {run['machine']}, {run['date']}.",
            f"The others: {rivals['machine']}, {date}; {rivals['method']}.",
            "Machines and days differ, so only orders of magnitude compare. "
            "Answer: from a program's start to the sum of all positions."]


def paragraph(*sentences):
    return [*textwrap.wrap(" ".join(sentences), 118, break_long_words=False, break_on_hyphens=False), ""]


def replace_block(text, name, rows):
    if len(BLOCK.findall(text)) != 1:
        sys.exit(f"{name} does not have one block of figures")
    return BLOCK.sub(lambda match: match[1] + "\n".join(rows) + "\n" + match[2], text)


def outputs(root):
    """Every file that is made from the results, by name."""
    every_run = read_results(root)
    runs = [run for run in every_run if not run["is_shuffled"]]
    rivals = json.loads((root / RIVALS).read_text(encoding="utf-8"))
    main, groups = runs[0], pecs_groups(runs) + rivals["groups"]
    counts = sorted({str(run["entities"]) for run in runs} | {"1000000", "10000000"}, key=int)
    notes = rivals_notes(rivals, main)
    files = {"docs/figures/limits.svg": results_svg.draw_limits(main),
             "docs/figures/rivals.svg": results_svg.draw_rivals(rivals, groups, counts, notes)}
    blocks = {
        "README.md": paragraph(f"`{main['command']}`: {main['machine']}, {main['date']}; medians.")
        + figures_table(main),
        "benches/README.md": paragraph(*notes, f"{rivals['versions']}; {rivals['compiler']}.")
        + rivals_table(rivals, groups, counts),
    }
    for run in every_run:
        if run["is_shuffled"]:
            blocks["benches/README.md"] += ["", *paragraph(f"W1s, `{run['command']}`: the same machine, {run['date']}."),
                                            *figures_table(run)]
    for name, rows in blocks.items():
        files[name] = replace_block((root / name).read_text(encoding="utf-8"), name, rows)
    return files


def redraw(root, only_check):
    stale = []
    for name, text in outputs(root).items():
        path = root / name
        if path.is_file() and path.read_bytes() == text.encode():
            continue
        stale.append(name)
        if not only_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
    if only_check and stale:
        sys.exit(f"not what benches/draw_results.py makes of {RESULTS}: {', '.join(stale)}")
    print("\n".join(stale) or "nothing changes")


# Measuring


def this_machine(folder):
    """Processor, kernel and file system, as the system names them."""
    values = dict(re.findall(r"^(model name|cpu family|model)\s*: (.*)$",
                             pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M))
    processor = values.get("model name", platform.machine())
    if "cpu family" in values:
        processor += f" (family {values['cpu family']}, model {values['model']})"
    kernel = ".".join(platform.release().split("-")[0].split(".")[:2])
    kind = subprocess.run(["findmnt", "-n", "-o", "FSTYPE", "-T", folder], capture_output=True, text=True, check=True)
    return f"{os.cpu_count()} cores of {processor}, Linux {kernel}, {kind.stdout.strip()}"


def measure(root, options):
    lines, machine = [], options.machine or this_machine(options.dir)
    for count, *more in [*([count] for count in options.entities), [options.entities[0], SHUFFLED]]:
        arguments = ["--entities", str(count), "--runs", str(options.runs), *more]
        run = subprocess.run([options.measure, *arguments, "--json", "--dir", options.dir], stdout=subprocess.PIPE,
                             text=True, check=True)
        about = {"command": " ".join(["pecs-bench", *arguments]), "entities": count,
                 "machine": machine, "date": datetime.date.today().isoformat()}
        lines += [json.dumps(about), *run.stdout.splitlines()]
    read_runs(lines)
    (root / RESULTS).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    parser.add_argument("lines", nargs="?")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--measure")
    parser.add_argument("--machine")
    parser.add_argument("--entities", type=int, nargs="+", default=[10000000, 1000000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--dir", default=".")
    parser.add_argument("--root", type=pathlib.Path, default=ROOT, help="another tree, for the tests")
    options = parser.parse_args()
    if options.lines:
        source = sys.stdin if options.lines == "-" else open(options.lines, encoding="utf-8")
        with source:
            sys.stdout.write(results_svg.draw_limits(read_runs(source)[0]))
        return
    if options.measure:
        measure(options.root, options)
    redraw(options.root, options.check)


if __name__ == "__main__":
    main()
