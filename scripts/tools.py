"""What the scripts beside this one need from the machine: fetched where it is missing and may be fetched.

A missing program is reported and left out; the caller decides whether that matters.
"""

import ctypes.util
import filecmp
import functools
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "scripts"
PEERS = ROOT / "benches" / "peers"
# Cargo's, and nothing that is committed.
BUILT = ROOT / "target" / "peers"
RELEASE = ROOT / "target" / "release"


def say(text):
    print(text, file=sys.stderr, flush=True)


def progress(done, count, what):
    """Progress on a terminal; a log gets the summary only."""
    if sys.stderr.isatty() and (done % 50 == 0 or done == count):
        print(f"\r{what}: {done} of {count} ", end="\n" if done == count else "", file=sys.stderr, flush=True)


def quiet(command, **options):
    """Whether it worked; what it said is shown only if it did not."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode:
        say(f"{' '.join(map(str, command))}:\n{(done.stdout + done.stderr)[-600:]}")
    return done.returncode == 0


@functools.cache
def root():
    """How to become root, or None."""
    if os.geteuid() == 0:
        return ()
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ("sudo", "-n")
    return None


@functools.cache
def apt_lists():
    return quiet([*root(), SCRIPTS / "apt_get", "update"])


def apt(*packages):
    """Installs Debian packages. False where that is not possible."""
    if root() is None or not shutil.which("apt-get"):
        return False
    say(f"installing {' '.join(packages)}")
    apt_lists()
    return quiet([*root(), SCRIPTS / "apt_get", "install", "-y", "--no-install-recommends", *packages])


def command(name, package):
    """The path of a program, installed if need be, or None."""
    if not shutil.which(name):
        apt(package)
    return shutil.which(name)


def python():
    """A Python with scripts/requirements-verify.txt, or None. The list itself is the stamp."""
    wanted, folder = SCRIPTS / "requirements-verify.txt", BUILT / "venv"
    interpreter, stamp = folder / "bin" / "python", folder / "installed.txt"
    if stamp.exists() and filecmp.cmp(wanted, stamp, shallow=False):
        return interpreter
    make = [sys.executable, "-m", "venv", "--clear", folder]
    if not (quiet(make) or apt("python3-venv") and quiet(make)):
        return None
    if not quiet([interpreter, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", wanted]):
        return None
    shutil.copy(wanted, stamp)
    return interpreter


def node():
    """A folder with benches/peers' package.json installed and its scripts in it, or None."""
    folder, wanted = BUILT / "npm", PEERS / "package.json"
    if not command("node", "nodejs") or not command("npm", "npm"):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "package.json"
    if not (stamp.exists() and filecmp.cmp(wanted, stamp, shallow=False) and (folder / "node_modules").exists()):
        shutil.copy(wanted, stamp)
        if not quiet(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"], cwd=folder):
            stamp.unlink()
            return None
    # Imports are looked for from where the script lies.
    for script in PEERS.glob("*.mjs"):
        shutil.copy(script, folder)
    return folder


def c_program(name, library, package):
    """benches/peers/NAME.c built against a library, or None where the library cannot be had."""
    source, built = PEERS / f"{name}.c", BUILT / name
    BUILT.mkdir(parents=True, exist_ok=True)
    if not (command("cc", "gcc") and compiles(library)) and not apt(package, "gcc", "libc6-dev"):
        return None
    if not quiet(["cc", "-O2", "-Wall", "-Wextra", "-o", built, source, f"-l{library}"]):
        return None
    return built


def compiles(library):
    header = {"zint": "zint.h", "qrencode": "qrencode.h"}[library]
    program = f"#include <{header}>\nint main(void) {{ return 0; }}\n"
    done = subprocess.run(["cc", "-x", "c", "-o", os.devnull, "-", f"-l{library}"], input=program, text=True,
                          capture_output=True)
    return done.returncode == 0


def build(*features):
    """The measuring and verifying binaries, without the product and its frameworks."""
    wanted = ["cargo", "build", "--release", "-p", "benches", "--no-default-features", "--features", ",".join(features)]
    subprocess.run(wanted, cwd=ROOT, check=True)


def library(name, package):
    """Whether a shared library is there, installed if need be."""
    return bool(ctypes.util.find_library(name)) or apt(package) and bool(ctypes.util.find_library(name))
