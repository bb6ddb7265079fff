"""The way of a scan: the spool, the database, and what holds them up."""

import contextlib
import sqlite3
from pathlib import Path

import stack
from loads import redirect
from scene import drill


@contextlib.contextmanager
def held(file, pulse=None):
    """A forgotten shell holds the write lock of a SQLite file: all the time, or in pulses of (seconds on, seconds off)."""
    connection = sqlite3.connect(file, timeout=10, isolation_level=None, check_same_thread=False)

    def beat(ending):
        while not ending.is_set():
            with contextlib.suppress(sqlite3.OperationalError):
                connection.execute("BEGIN IMMEDIATE")
                ending.wait(pulse[0])
                connection.execute("ROLLBACK")
                ending.wait(pulse[1])

    with contextlib.closing(connection):
        if pulse:
            with stack.thread(beat):
                yield
        else:
            connection.execute("BEGIN IMMEDIATE")
            yield


def scanned(d, rate, threads, **settings):
    """Starts the stack, and scans a code so many times a second."""
    d.up(**settings)
    d.load(rate, redirect(d.code()[1]), threads)


@drill("database-held", "ScansNotDrained", "ScansBacklogGrowing")
def database_held(d):
    """A session holds the database's write lock, while codes are scanned."""
    scanned(d, 150, 6, DATABASE_TIMEOUT_MS=1000)
    d.provoke(held(d.database))


@drill("scans-refused", "ScansSetAside")
def scans_refused(d):
    """A trigger in the database refuses every scan."""
    scanned(d, 5, 1)
    by_hand = sqlite3.connect(d.database, timeout=10, isolation_level=None)
    with d.fault():
        by_hand.execute("CREATE TRIGGER drill BEFORE INSERT ON scans BEGIN SELECT RAISE(ABORT, 'drill'); END")
        d.arrived()
        by_hand.execute("DROP TRIGGER drill")
        by_hand.close()


@drill("spool-held", "ScansUnsynced", "ScansUnrecorded")
def spool_held(d):
    """A shell holds the spool's write lock again and again, and there is little room in memory."""
    # A busy disk alone is late at the default.
    scanned(d, 60, 30, SCAN_QUEUE=20, SCAN_ACK_TIMEOUT_MS=1000)
    d.provoke(held(d.spool, (2.5, 0.3)))


# A try takes five seconds, and /metrics waits behind it.
@drill("spool-locked", "SpoolFailing", real=True, interval=10)
def spool_locked(d):
    """A shell holds the spool's write lock, and does not let go."""
    scanned(d, 10, 8)
    d.provoke(held(d.spool))


@drill("spool-damaged", "HealthFailing", real=True)
def spool_damaged(d):
    """The spool's files are overwritten; a restart begins a new one."""
    scanned(d, 10, 2)
    with d.fault():
        # With its index, or what was read of it before would be believed.
        for file in (d.spool, Path(f"{d.spool}-wal"), Path(f"{d.spool}-shm")):
            size = file.stat().st_size
            with open(file, "r+b") as out:
                out.write(b"\xee" * size)
        d.arrived()
        d.kill_product()
        try:
            d.up()
        except stack.NotStarted:
            # As a supervisor would: a start may find the log of the damaged file gone while it moves it.
            d.up()
