"""A product and its data folder through many faults: the work, the end of a fault, stops and starts, and the checks after each."""

import contextlib
import random
import shutil
import signal
import sqlite3
import threading
import time

import stack
from ledger import Ledger
from product import Client, Product

HEAL_SECONDS = 15
SETTLE_SECONDS = 20
SILENT_SECONDS = 3
# Who waits for longer while nothing can be written hangs up; what was asked may be there or not.
LOAD_SECONDS = 3
# A log of 1 000 pages is moved into the database file by the commit that makes it so long.
CHECKPOINT_PAGES = 1000


class Finding(Exception):
    """What must not be; the folder it was found in is not used any more."""


class Installation:
    def __init__(self, template, folder, long=False, **settings):
        self.product = Product(template.binary, folder, template.database, **settings)
        self.product.copy(template)
        self.ledger = Ledger(long)
        # Whether redirects are answered before their scan is durable, if that takes a while.
        self.late = False
        self.client = Client(self.product)
        try:
            if not self.product.start():
                raise stack.NotStarted(f"the product does not start: {self.product.tail()}")
            self.scanned = self.until_it_works(lambda: self.ledger.create(self.client), "a first code")
        except BaseException:
            self.close()
            raise

    def until_it_works(self, attempt, what, seconds=HEAL_SECONDS):
        """Again and again until it works."""
        end = time.monotonic() + seconds
        while True:
            done = attempt()
            if done:
                return done
            if self.ledger.wrong:
                # Scans may still be on their way.
                codes, _, _ = self.product.rows()
                raise Finding("; ".join(self.ledger.compare(codes, list(self.ledger.scans), [])))
            if self.product.process.poll() is not None:
                raise Finding(f"it ended by itself with {self.product.process.returncode}: {self.product.tail()}")
            if time.monotonic() > end:
                raise Finding(f"{what} does not work within {seconds} s")
            time.sleep(0.1)

    # --- work -------------------------------------------------------------------------------------------

    def work(self):
        """A little of everything, one after the other, so that the n-th call is the same in every round. Whether any
        write was refused, and the last one."""
        ledger, client, outcomes = self.ledger, self.client, []
        code = ledger.create(client)
        outcomes.append(code is not None)
        ledger.scan(client, self.scanned)
        if code:
            outcomes.append(ledger.update(client, code))
            ledger.scan(client, code)
        outcomes.append(ledger.update(client, self.scanned))
        # Until then the drainer has stored the first ones.
        time.sleep(0.05)
        ledger.scan(client, self.scanned)
        other = ledger.create(client)
        outcomes.append(other is not None)
        if other:
            outcomes.append(ledger.delete(client, other))
        return outcomes

    def heal(self):
        """Without a restart everything works again."""
        ledger, client = self.ledger, self.client
        code = self.until_it_works(lambda: ledger.create(client), "a new code after healing")
        self.until_it_works(lambda: ledger.scan(client, self.scanned), "a redirect after healing")
        self.until_it_works(lambda: ledger.update(client, code), "a change after healing")
        self.until_it_works(lambda: ledger.delete(client, code), "a deletion after healing")

    def settle(self):
        """What was accepted gets to the database."""
        end = time.monotonic() + SETTLE_SECONDS
        while True:
            with contextlib.suppress(sqlite3.OperationalError):
                missing = self.ledger.missing_scans(self.product.rows()[1])
                spooled = self.product.spooled()
                if not missing and not spooled:
                    return
                if time.monotonic() > end:
                    raise Finding(f"lost: {len(missing)} scans are not in the database {SETTLE_SECONDS} s after healing; "
                                f"{spooled} batches wait in the spool")
            time.sleep(0.03)

    def verify(self, slack=0):
        wrong = self.ledger.compare(*self.product.rows(), slack)
        if wrong:
            raise Finding("; ".join(wrong[:4]))

    def check_healed(self):
        self.heal()
        self.settle()
        self.verify()

    def stop(self, number=signal.SIGTERM):
        self.client.close()
        ended = self.product.end(number)
        if ended is None:
            raise Finding(f"{signal.Signals(number).name} did not end it")
        if ended == 101 or ended < 0 and ended != -number:
            raise Finding(f"it ended with {ended}: {self.product.tail()}")

    def resume(self, **settings):
        # A second time: without any processor time its database may be too slow for it to start.
        if not self.product.start(**settings) and not self.product.start(**settings):
            raise Finding(f"it does not start again: {self.product.tail()}")

    def restart(self, number=signal.SIGTERM):
        self.stop(number)
        self.resume()
        self.check_after_start()

    def check_after_start(self, slack=0):
        """After a start. `slack`: redirects that the ended process counted as answered before their scan was durable."""
        if slack:
            end = time.monotonic() + SETTLE_SECONDS
            while self.product.spooled():
                if time.monotonic() > end:
                    raise Finding("the spool is not emptied after a start")
                time.sleep(0.03)
        else:
            self.settle()
        self.verify(slack)

    def silent(self):
        """Whether /health says for seconds that database and scans are well, while no write succeeds."""
        acknowledged = self.ledger.acknowledged()
        end = time.monotonic() + SILENT_SECONDS
        while time.monotonic() < end:
            status, bad = self.product.health()
            # Where nobody answers there is something else to be found.
            if status == 0 or {"database", "scans"} & set(bad):
                return False
            time.sleep(0.2)
        # Also on a full disk there may be room: in a log that begins anew.
        return self.ledger.acknowledged() == acknowledged

    def fill_log(self):
        """Brings the database's log to where one of the next commits moves it into the file."""
        connection = sqlite3.connect(self.product.folder / "qr-observatory.db", timeout=10, isolation_level=None)
        with contextlib.closing(connection):
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            connection.execute("PRAGMA synchronous = OFF")
            pages = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
            if pages < 0 or pages > CHECKPOINT_PAGES:
                pages = 0
            for _ in range(CHECKPOINT_PAGES - 20 - pages):
                connection.execute("UPDATE organizations SET name = name")

    def close(self, keep=False):
        self.client.close()
        if self.product.process is not None:
            self.product.end(signal.SIGKILL)
        if not keep:
            shutil.rmtree(self.product.folder, ignore_errors=True)


class Load:
    """Scanners and a writer, all the time until it is left."""

    def __init__(self, installation, scanners=2, pause=0.0):
        self.installation, self.pause, self.over = installation, pause, threading.Event()
        self.threads = [threading.Thread(target=self.scan, daemon=True) for _ in range(scanners)]
        self.threads.append(threading.Thread(target=self.write, daemon=True))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def progress(self, redirects, seconds=30):
        """Waits until so many more were received."""
        ledger = self.installation.ledger
        goal, end = ledger.answers["scan", 302] + redirects, time.monotonic() + seconds
        while ledger.answers["scan", 302] < goal and time.monotonic() < end:
            time.sleep(0.005)

    def scan(self):
        client = Client(self.installation.product, LOAD_SECONDS)
        while not self.over.is_set():
            if not self.installation.ledger.scan(client, self.installation.scanned) or self.pause:
                self.over.wait(max(self.pause, 0.01))
        client.close()

    def write(self):
        client, ledger, mine = Client(self.installation.product, LOAD_SECONDS), self.installation.ledger, []
        while not self.over.is_set():
            choice = random.random()
            if choice < 0.5 or not mine:
                code = ledger.create(client)
                done = code is not None
                if code:
                    mine.append(code)
            elif choice < 0.8:
                done = ledger.update(client, random.choice(mine))
            else:
                done = ledger.delete(client, mine.pop(random.randrange(len(mine))))
            self.over.wait(self.pause if done else 0.02)
        client.close()


def template(binary, folder, database=None):
    """A data folder with an administrator and a key, from which all others are copied."""
    folder.mkdir(parents=True)
    made = Product(binary, folder, database)
    made.first_start()
    made.end()
    return made
