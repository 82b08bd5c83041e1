#!/usr/bin/env python3
"""Draws where the entities of a save are, coloured by team.

usage: plot_save.py SAVE PICTURE

For saves with a component "Position" of fields x and y; "Team" with a field number is optional. The columns are arrays
over the mapped file: nothing is copied or converted before it is drawn.
"""
import argparse
import mmap
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests"))
import read_pecs  # noqa: E402


def open_save(path):
    with open(path, "rb") as stream:
        return read_pecs.File(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ), check_data=False)


def points_of(file):
    """x, y and team of each table with positions; the team is None where there are none."""
    for table in file.tables_with("Position"):
        place = file.column(table, "Position")
        has_team = table in file.tables_with("Position", "Team")
        yield place["x"], place["y"], file.column(table, "Team")["number"] if has_team else None


def draw(file, picture):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 8), dpi=120)
    count = 0
    for x, y, team in points_of(file):
        colors = {"c": "lightgray", "zorder": 0} if team is None else {"c": team, "cmap": "tab10", "vmin": 0, "vmax": 9}
        axes.scatter(x, y, s=max(0.2, min(8, 40000 / file.commit.entity_count)), linewidths=0, **colors)
        count += len(x)
    axes.set_aspect("equal")
    axes.set_title(f"{count:,} of {file.commit.entity_count:,} entities at tick {file.commit.tick}")
    figure.savefig(picture, format="png")
    return count


def main():
    parser = argparse.ArgumentParser(description="Draws where the entities of a save are.")
    parser.add_argument("save")
    parser.add_argument("picture", help="a PNG file")
    options = parser.parse_args()
    try:
        count = draw(open_save(options.save), options.picture)
    except ImportError as error:
        sys.exit(f"plot_save.py needs numpy and matplotlib (Debian: python3-numpy, python3-matplotlib): {error}")
    except (read_pecs.Broken, read_pecs.NoZstd, OSError, ValueError) as error:
        sys.exit(f"{options.save}: {error}")
    if not count:
        sys.exit(f"{options.save}: no entity has a Position")
    print(f"{count} entities drawn")


if __name__ == "__main__":
    main()
