#!/usr/bin/env python3
"""A real file system loses its power while a process saves, repeatedly. Needs root and loop devices.

usage: power_cut.py SAVER [--cuts N] [--seed S] [--named] [--writer OPTIONS] [--file-system NAME]...
                    [--image-folder FOLDER]

For each file system: an image is made and mounted through a loop device, a process saves in a loop there, durably. At a
random moment the file system is shut down by its own ioctl, with the flag that not even the journal's memory is flushed:
what was not synced is lost. It is unmounted and mounted again, which recovers it, and the file is loaded and resumed.
It must be the last world that was reported as saved, or the one that was being saved. Every second time the file is
kept and the next process saves over it. With --named, the saver has no unnamed files. --writer
has further options of it: --writer='--stream 1' writes by row streams, not by saves.

Exit code 77: skipped, with the reason.
"""
import argparse
import fcntl
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN: _IOR('X', 125, u32)
NO_LOG_FLUSH = {"ext4": 2, "xfs": 2}
MAKE = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}
IMAGE_BYTES = 320 * 1024 * 1024
SIZES = (10, 4000, 60000)  # entities


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def run(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)}: {result.stdout.decode().strip()}")
    return result.stdout.decode()


class Disk:
    """A file system in an image, mounted through a loop device."""

    def __init__(self, kind, folder):
        self.kind = kind
        self.image = os.path.join(folder, kind + ".image")
        self.place = os.path.join(folder, kind)
        os.mkdir(self.place)
        with open(self.image, "wb") as image:
            image.truncate(IMAGE_BYTES)
        run(*MAKE[kind], self.image)
        self.device = run("losetup", "--find", "--show", self.image).strip()

    def mount(self):
        run("mount", "-t", self.kind, self.device, self.place)

    def unmount(self):
        for _ in range(200):  # the device may be busy for a moment
            if subprocess.run(["umount", self.place], stderr=subprocess.DEVNULL).returncode == 0:
                return
            time.sleep(0.01)
        raise RuntimeError(f"{self.place} cannot be unmounted")

    def cut(self):
        place = os.open(self.place, os.O_RDONLY)
        fcntl.ioctl(place, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH[self.kind]))
        os.close(place)

    def remove(self):
        subprocess.run(["umount", self.place], stderr=subprocess.DEVNULL)
        subprocess.run(["losetup", "--detach", self.device])
        os.unlink(self.image)


def number_of(found):
    return int(found[2]) if found[0] == b"found" else None


def live_and_die(saver, disk, path, first, seconds, arguments):
    """(words about what was found at the start, last saved, last begun): the numbers, None where there is none."""
    process = subprocess.Popen([saver, "save", path, str(first), "--alone", "1"] + arguments,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    found = process.stdout.readline().split()
    time.sleep(seconds)
    disk.cut()
    text, complaint = process.communicate(timeout=60)
    # the save that the cut hit reports an error; the cut may also hit the load or the listing of the folder
    if process.returncode != 3 and b"Input/output error" not in complaint:
        raise RuntimeError(f"the saver ended with {process.returncode}: {complaint.decode()}")
    saved = begun = None
    for line in text.decode().splitlines():
        word, number = line.split()
        if word == "saved":
            saved = int(number)
        else:
            begun = int(number)
    return found, saved, begun


def check(saver, path):
    result = subprocess.run([saver, "check", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if result.returncode:
        raise RuntimeError(f"the file is no whole world: {result.stderr.decode()}")
    return number_of(result.stdout.split())


def try_file_system(saver, disk, cuts, chance, arguments):
    """Prints one line a cut."""
    path = os.path.join(disk.place, "world.pecs")
    last, first = None, 1
    new = old = left = 0
    disk.mount()
    for cut in range(cuts):
        found, saved, begun = live_and_die(saver, disk, path, first, chance.uniform(0, 0.1),
                                          ["--entities", str(chance.choice(SIZES))] + arguments)
        if found and number_of(found) != last:
            raise RuntimeError(f"cut {cut}: found {found} at the start, not {last}")
        disk.unmount()
        disk.mount()
        now = check(saver, path)
        durable = saved if saved is not None else last
        temporaries = len([name for name in os.listdir(disk.place) if name.endswith(".pecs-tmp")])
        print(f"{disk.kind} cut {cut}: durable {durable}, in progress {begun}, found {now}, temporaries {temporaries}")
        if now not in (durable, begun):
            raise RuntimeError(f"cut {cut}: found {now}")
        new, old, left = new + (now == begun != durable), old + (now == durable), left + (temporaries > 0)
        last, first = now, (begun or first) + 1
    print(f"{disk.kind}: {cuts} cuts; the new world {new} times, the last durable one {old} times, nothing else; "
          f"{left} left a temporary, which the next save removed")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("saver")
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--named", action="store_true")
    parser.add_argument("--file-system", action="append", choices=sorted(MAKE))
    parser.add_argument("--image-folder")
    parser.add_argument("--writer", type=str.split, default=[])
    options = parser.parse_args()
    if os.geteuid() != 0:
        skip("only root mounts file systems")
    if not os.path.exists("/dev/loop-control"):
        skip("there are no loop devices")
    kinds = [kind for kind in options.file_system or sorted(MAKE) if shutil.which(MAKE[kind][0])]
    if not kinds:
        skip("there is neither mkfs.ext4 nor mkfs.xfs")
    folder = tempfile.mkdtemp(prefix="pecs-power-", dir=options.image_folder)
    failed = tried = 0
    for kind in kinds:
        disk = None
        try:
            disk = Disk(kind, folder)
            disk.mount()
            disk.unmount()
        except RuntimeError as error:
            print(f"{kind}: skipped: {error}")
            if disk:
                disk.remove()
            continue
        tried += 1
        try:
            try_file_system(os.path.abspath(options.saver), disk, options.cuts, random.Random(options.seed),
                            ["--named", str(int(options.named))] + options.writer)
        except RuntimeError as error:
            print(f"{kind}: FAILED: {error}")
            failed += 1
        finally:
            disk.remove()
    shutil.rmtree(folder)
    if not tried:
        skip("no file system can be mounted here")
    sys.exit(1 if failed else 0)


main()
