#!/usr/bin/env python3
"""Draws a save of the resume example, and what is drawn is what the entities have.

usage: plot_test.py RESUME-DEMO
Exit code 77 (skipped) when this Python has no numpy or no matplotlib.
"""
import os
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PLOT = os.path.join(HERE, "plot_save.py")


def run(arguments, code=0):
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    if done.returncode != code:
        sys.exit(f"{arguments}: exit code {done.returncode}, not {code}: {done.stderr}")
    return done.stdout + done.stderr


def check_points(save):
    """The arrays against the entities as read_pecs.py reads them one by one."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, HERE)
    import plot_save
    with open(save, "rb") as stream:
        file = plot_save.read_pecs.File(stream.read())
    expected = []
    for _, table, row, _ in file.living.values():
        values = file.components(file.tables[table], row)
        if "Position" in values:
            team = values["Team"]["number"] if "Team" in values else None
            expected.append((values["Position"]["x"], values["Position"]["y"], team))
    drawn = []
    for x, y, team in plot_save.points_of(plot_save.open_save(save)):
        drawn += zip(x.tolist(), y.tolist(), [None] * len(x) if team is None else team.tolist())
    if sorted(map(str, drawn)) != sorted(map(str, expected)):
        sys.exit("other points than the entities have")
    teams = {team for _, _, team in drawn}
    if len(drawn) < 1000 or len(teams) < 3:
        sys.exit(f"only {len(drawn)} points of the teams {teams}: this tests nothing")
    return len(drawn)


def check_picture(picture):
    with open(picture, "rb") as stream:
        data = stream.read()
    width, height = struct.unpack(">II", data[16:24])
    if data[:8] != b"\x89PNG\r\n\x1a\n" or (width, height) != (960, 960) or len(data) < 20000:
        sys.exit(f"{len(data)} bytes of {width} to {height}: that is no such picture")


def main():
    try:
        import matplotlib  # noqa: F401
        import numpy  # noqa: F401
    except ImportError as error:
        print(error)
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MPLCONFIGDIR"] = folder
        output = run([sys.argv[1], "--entities", "4000", "--kills", "6", "--seed", "5", "--dir", folder, "--keep"])
        save, picture = output.split("the last save is ")[1].strip(), os.path.join(folder, "picture.png")
        count = check_points(save)
        if run([sys.executable, PLOT, save, picture]) != f"{count} entities drawn\n":
            sys.exit("plot_save.py prints another number")
        check_picture(picture)
        empty = os.path.join(HERE, "../../tests/golden/empty-v1.pecs")
        if "no entity has a Position" not in run([sys.executable, PLOT, empty, picture], 1):
            sys.exit("an empty world gives no message")
        without = "import sys; sys.modules['matplotlib'] = None; sys.argv = sys.argv[1:]; import runpy; " \
                  "runpy.run_path(sys.argv[0], run_name='__main__')"
        if "needs numpy and matplotlib" not in run([sys.executable, "-c", without, PLOT, save, picture], 1):
            sys.exit("matplotlib is missing, without a message")


if __name__ == "__main__":
    main()
