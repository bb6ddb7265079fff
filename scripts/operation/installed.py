"""What is installed on this machine: the operator's commands, the binary, the database's backup."""

import filecmp
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TAIL_CHARACTERS = 600


class Broken(Exception):
    """A command failed, or took too long."""


def words(text):
    """A command line as its words; there is no shell."""
    parts = shlex.split(text)
    if not parts:
        raise ValueError("it is empty")
    if not shutil.which(parts[0]):
        raise ValueError(f"there is no program {parts[0]}")
    return parts


def run(command, seconds, folder=None, env=None):
    """What a command printed. It is a session of its own: what it starts stays when we are stopped."""
    # A file, not a pipe: a server that it started in the background would keep a pipe open.
    with tempfile.TemporaryFile() as out:
        process = None
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd=folder,
                                       env=env, start_new_session=True)
            status = process.wait(timeout=seconds)
        except OSError as error:
            raise Broken(f"{command[0]}: {error.strerror or error}") from None
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Broken(f"{shlex.join(command)} did not end within {seconds:g} s") from None
        out.seek(0)
        said = out.read().decode(errors="replace").strip()
    if status:
        raise Broken(f"{shlex.join(command)} ended with {status}: {said[-TAIL_CHARACTERS:] or 'it said nothing'}")
    return said


def find_program(named):
    """The product's command, or None."""
    if named:
        return shutil.which(named) and os.path.abspath(shutil.which(named))
    found = shutil.which("qr-observatory")
    if found:
        return os.path.abspath(found)
    for kind in ("release", "debug"):
        built = ROOT / "target" / kind / "qr-observatory"
        if os.access(built, os.X_OK) and built.is_file():
            return str(built)
    return None


def version(binary):
    """What a binary says that it is. Raises Broken when it is not the product."""
    said = run([binary, "--version"], 10)
    if not re.fullmatch(r"qr-observatory \S+", said):
        raise Broken(f"{binary} --version says {said[:100]!r}: that is not qr-observatory")
    return said.split()[1]


def same(one, other):
    return filecmp.cmp(one, other, shallow=False)


def swap(installed, previous, stamp):
    """Puts the previous binary in the installed one's place, and keeps what was there. At no moment there is none.

    Says where the replaced one is.
    """
    # Of a link, what it leads to stays; only the link's place is taken.
    installed = pathlib.Path(installed)
    kept = installed.with_name(f"{installed.name}.replaced-{stamp}")
    fresh = installed.with_name(f".{installed.name}.{os.getpid()}.part")
    try:
        with open(previous, "rb") as source, open(fresh, "wb") as target:
            shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(target.fileno())
        status = os.stat(installed)
        os.chmod(fresh, status.st_mode & 0o7777)
        if os.geteuid() == 0:
            os.chown(fresh, status.st_uid, status.st_gid)
        try:
            os.link(installed, kept, follow_symlinks=False)
        except OSError:
            # Not every file system has hard links.
            shutil.copy2(installed, kept, follow_symlinks=False)
        os.replace(fresh, installed)
    finally:
        if fresh.exists():
            fresh.unlink()
    folder = os.open(installed.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return str(kept)


def restore_command(program, backup, config, look=False):
    """How a backup is put back: by the script beside this one, else by the product. `look`: how it is only looked at, or None."""
    script = ROOT / "scripts" / "restore.sh"
    settings = ["--config", config] if config else []
    if os.access(script, os.X_OK):
        return [str(script), "--dry-run" if look else "--yes", "--force", "--binary", program, *settings, backup]
    return None if look else [program, "restore", backup, "--force", *settings]


def wait(seconds, ask):
    """Asks every 200 ms until the answer is not None; None when the time is over."""
    end = time.monotonic() + seconds
    while True:
        found = ask()
        if found is not None or time.monotonic() >= end:
            return found
        time.sleep(0.2)
