"""Takes a rollout back: kills experiments, shows that the candidate answers nothing any more, and runs the smoke test.

A kill sends everything to the control at once, also after a restart. It is made over HTTP; where the server does not
answer, by `qr-observatory flags kill` on the database, with the settings of the environment, of --config and --directory.
Where that is not enough, the previous binary is put back (--binary, --previous-binary), the database's backup
(--backup), or both. What was there is kept: NAME.replaced-TIME. A backup may hold older dials, so experiments are killed
again after it.

Commands are words, without a shell: --restart-command 'systemctl restart qr-observatory'. Everything is written to
--log too, with the time in UTC. To lift a kill: POST /api/rollout/EXPERIMENT/release, or `qr-observatory flags release`.
"""

import datetime
import getpass
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

import installed
import product
from installed import Broken
from product import API, Codes, Metrics, Server, Stopped, Unanswered, Usage, number, say

DONE, FAILED, USAGE, NOT_KILLED, STILL_ASKED, BINARY, BACKUP, NOT_READY, SMOKE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 7, 8, 130
CODES_OF_EXIT = """exit codes:
  0    rolled back, or it was already
  1    this script itself failed
  2    bad usage; nobody said yes; nothing was changed
  3    an experiment could not be killed
  4    killed, but its share is not 0, or the candidate was seen answering
  5    the previous binary could not be put back
  6    the backup could not be restored
  7    the server did not stop, or was not ready again
  8    rolled back, but the smoke test failed
  130  stopped by a signal"""
EXPERIMENTS = ["render", "validate", "analytics"]
CLEANUP_SECONDS = 10


class Failed(Exception):
    """A step that did not work, its exit code, and what to do by hand."""

    def __init__(self, code, what, by_hand):
        super().__init__(what)
        self.code, self.by_hand = code, by_hand


class Log:
    """Lines on the terminal, and with times in a file."""

    def __init__(self, file, quiet):
        self.quiet, self.name = quiet, file
        try:
            self.file = open(file, "a", encoding="utf-8")
        except OSError as error:
            raise Usage(f"--log {file}: {error.strerror}") from None

    def write(self, text, show=True, wrong=False):
        at = product.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        for line in text.splitlines() or [""]:
            self.file.write(f"{at} {line}\n")
            if wrong:
                say(line)
            elif show and not self.quiet:
                print(f"{at[11:19]}Z {line}", flush=True)
        self.file.flush()


class Rollback:
    def __init__(self, args, log):
        self.args, self.log = args, log
        auth = product.credentials(args)
        self.server = Server(args.url, auth, args.timeout, args.ca_file)
        self.metrics = Metrics(args, self.server)
        self.program = installed.find_program(args.program or args.binary)
        if args.program and not self.program:
            raise Usage(f"--program: there is no program {args.program}")
        if auth is None and not self.program:
            raise Usage("credentials are needed (QR_PASSWORD or QR_API_KEY, --password-file or --api-key-file), or --program "
                        "for killing on the database")
        self.reason = args.reason or f"rolled back by {getpass.getuser()} on {socket.gethostname()} (scripts/rollback.sh)"
        self.began, self.steps = time.monotonic(), []
        # What an operator must do by hand when a later step fails.
        self.pending = None
        self.answers = False
        # Why `flags kill` failed; empty if it did not, None before it ran.
        self.on_database = None

    def step(self, name, work):
        """Runs one step and notes how long it took, also when it fails."""
        began = time.monotonic()
        try:
            status, detail = work()
        except (Failed, Stopped) as why:
            seconds = time.monotonic() - began
            self.steps.append((name, "FAILED" if isinstance(why, Failed) else "stopped", seconds))
            if isinstance(why, Failed):
                self.log.write(f"FAILED   {name:<10}{seconds:7.1f} s  {why}", wrong=True)
            raise
        seconds = time.monotonic() - began
        self.steps.append((name, status, seconds))
        self.log.write(f"{status:<9}{name:<10}{seconds:7.1f} s  {detail}")

    # --- what there is ----------------------------------------------------------------------------------

    def look(self):
        """Every experiment by its name; or None, and why not over HTTP."""
        if self.server.auth is None:
            return None, "no credentials were given"
        try:
            answer = self.server.get("/api/rollout")
        except Unanswered as error:
            return None, str(error)
        found = product.experiments(answer)
        if found is None:
            return None, f"GET /api/rollout: {answer.seen()}"
        self.answers = True
        return {e["name"]: e for e in found}, None

    def stored(self):
        """What the database says, in the same shape. Raises Broken."""
        said = self.command("flags", "list", "--json")
        try:
            rows = json.loads(said)["experiments"]
            return {row["experiment"]: {"name": row["experiment"], "candidate_percent": row["candidate_percent"],
                                        "override": {"kind": "killed", "by": row["changed_by"], "why": row["reason"],
                                                     "since": row["changed_at"]} if row["killed"] else None} for row in rows}
        except (ValueError, KeyError, TypeError):
            raise Broken(f"flags list answers {said[:200]}") from None

    def command(self, *arguments, program=None):
        program = program or self.program
        if not program:
            raise Broken("there is no qr-observatory here: --program FILE")
        config = ["--config", self.args.config] if self.args.config else []
        return installed.run([program, *arguments, *config], 30, self.args.directory)

    def survey(self):
        """The experiments that are not killed yet, by HTTP or from the database; logs the state of each."""
        self.known, why = self.look()
        if self.known is None:
            self.log.write(f"warning  the server cannot be asked: {why}")
            try:
                self.known = self.stored()
            except Broken as error:
                self.log.write(f"warning  the database cannot be asked either: {error}")
                self.known = {}
        for name, one in sorted(self.known.items()):
            self.log.write(f"now      {name:<10} {shown(one)}")
        self.chosen = self.args.experiment or sorted(self.known) or EXPERIMENTS
        strange = [name for name in self.chosen if name not in (self.known or EXPERIMENTS)]
        if strange:
            raise Usage(f"no experiment is called {', '.join(strange)}: {', '.join(self.known or EXPERIMENTS)}")
        return [name for name in self.chosen if not is_killed(self.known.get(name))]

    # --- the kill ---------------------------------------------------------------------------------------

    def kill(self, name, names):
        """One of `names`: over HTTP, else all of them by one command on the database."""
        why = "no credentials were given"
        if self.server.auth:
            try:
                answer = self.server.ask("POST", f"/api/rollout/{name}/kill", body={"reason": self.reason})
                if answer.status == 200 and is_killed(answer.json()):
                    return "ok", "over HTTP: the control answers everything"
                why = answer.seen()
            except Unanswered as error:
                why = str(error)
        if self.on_database is None:
            try:
                self.kill_stored(names, self.program, "--wait")
                self.on_database = ""
            except Broken as error:
                self.on_database = str(error)
        if not self.on_database:
            return "ok", f"on the database, and servers that run follow (HTTP: {why})"
        # A server that cannot write it down obeys all the same.
        known, _ = self.look()
        if known and is_killed(known.get(name)):
            return "warning", f"in force on this node, and not written down ({why}): see to every other node, and again " \
                              "when the database is back"
        raise Failed(NOT_KILLED, f"HTTP: {why}; database: {self.on_database}",
                     f"is it the right --url; are --directory, --config or DATABASE_URL the server's? Else kill {name} "
                     "on the page /ops/rollout of another node, or stop the server")

    def share(self):
        """Share 0 of each, as the server says; as the database says where no server answers."""
        def ask():
            known, why = self.look()
            if known is None:
                try:
                    known, source = self.stored(), "the database"
                except Broken as error:
                    raise Failed(STILL_ASKED, f"neither the server ({why}) nor the database ({error}) says what holds now",
                                 "qr-observatory flags list, as soon as the database is there") from None
            else:
                source = "the server"
            self.last = {name: known.get(name) or {} for name in self.chosen}
            return source if all(is_killed(one) for one in self.last.values()) else None
        source = installed.wait(self.args.settle, ask)
        if source is None:
            words = "; ".join(f"{name} {shown(one)}" for name, one in self.last.items())
            raise Failed(STILL_ASKED, f"after {self.args.settle:g} s: {words}", "somebody may have released it: see GET /api/rollout/audit")
        return "ok", f"{source} says: 0 % of {', '.join(self.last)}"

    def observe(self):
        """Questions of our own: none may be answered by a candidate, and no candidate's counter may move."""
        if not self.answers:
            return "skipped", "no server answers: once it is up, run this again"
        codes = Codes(self.server, f"{product.TITLE} {product.stamp()}-{os.urandom(4).hex()}")
        end, rounds = time.monotonic() + self.args.settle, 0
        try:
            answer = codes.make("dynamic", {"redirect_url": self.args.target, "description": "Made by scripts/rollback.sh."})
            code = answer.json()
            if answer.status != 201 or not isinstance(code, dict) or "id" not in code:
                return "warning", f"no code to ask for could be made: {answer.seen()}; the share is what the server says"
            while True:
                rounds += 1
                against, words = self.probe(codes, code["id"], rounds)
                if not against:
                    return "ok", words
                if time.monotonic() >= end:
                    raise Failed(STILL_ASKED, f"after {self.args.settle:g} s: {against}", "look at each node's /ops/rollout; kill there, "
                                 "or stop the node that does not follow")
                time.sleep(1)
        except Unanswered as error:
            return "warning", f"the questions were not answered: {error}"
        finally:
            left = codes.remove(CLEANUP_SECONDS)
            if left:
                self.log.write(f"warning  left behind: {left}; later: scripts/enhanced_smoke_test.sh --sweep")

    def probe(self, codes, identity, turn):
        """What speaks against a share of 0, if anything; and what was seen."""
        before, source = self.candidates()
        self.server.paths.clear()
        for n in range(self.args.probes):
            kind = ("png", "svg", "webp")[n % 3]
            color = f"%23{turn % 16:x}0{n % 256:02x}00"
            self.server.get(f"{API}/{identity}/image?image_format={kind}&fill_color={color}")
        for what in ("scan-timeseries?time_range=today", "scan-logs", "device-stats"):
            self.server.get(f"{API}/{identity}/analytics/{what}")
        # Refused by either arm: it makes nothing.
        self.server.ask("POST", f"{API}/dynamic", body={"redirect_url": "javascript:1", "title": codes.title})
        after, _ = self.candidates()
        against = [f"{n} answers of the candidate of {name}" for (name, side), n in sorted(self.server.paths.items())
                   if side == "candidate" and name in self.chosen]
        for name in self.chosen:
            more = after.get(name, 0) - before.get(name, 0)
            if more > 0:
                against.append(f"the candidate of {name} was asked {more:g} times meanwhile ({source})")
        seen = ", ".join(f"{name} {n} {side}" for (name, side), n in sorted(self.server.paths.items()))
        return "; ".join(against), f"{seen or 'no answer said who made it'}; no candidate's counter moved ({source})"

    def candidates(self):
        """How often each candidate was asked since its start, shadows included, and who says so."""
        series, _ = self.metrics.look()
        if series:
            return {name: (product.total(series, "qr_arm_requests_total", experiment=name, arm="candidate") or 0)
                    + (product.total(series, "qr_routes_total", experiment=name, route="candidate") or 0)
                    for name in self.chosen}, "/metrics"
        known, _ = self.look()
        return {name: one["arms"]["candidate"]["requests"] for name, one in (known or {}).items()
                if "arms" in one}, "/api/rollout"

    # --- binary and backup ------------------------------------------------------------------------------

    def check(self):
        """What is asked for is there, before anything is changed."""
        args = self.args
        commands = {"--restart-command": args.restart_command, "--stop-command": args.stop_command,
                    "--start-command": args.start_command}
        for flag, text in commands.items():
            if text is not None:
                try:
                    installed.words(text)
                except ValueError as error:
                    raise Usage(f"{flag}: {error}") from None
        if bool(args.binary) != bool(args.previous_binary):
            raise Usage("--binary (what is installed) and --previous-binary (what replaces it) go together")
        pair = bool(args.stop_command) and bool(args.start_command)
        if bool(args.stop_command) != bool(args.start_command):
            raise Usage("--stop-command and --start-command go together")
        if args.backup and not pair:
            raise Usage("--backup needs --stop-command and --start-command: a database is restored while the server is stopped")
        if args.binary and not pair and not args.restart_command:
            raise Usage("--binary needs --restart-command, or --stop-command and --start-command")
        if args.directory and not os.path.isdir(args.directory):
            raise Usage(f"--directory: there is no folder {args.directory}")
        if args.config:
            args.config = os.path.abspath(args.config)
        self.versions = {}
        for flag, file in (("--binary", args.binary), ("--previous-binary", args.previous_binary)):
            if file and not (os.path.isfile(file) and os.access(file, os.X_OK)):
                raise Usage(f"{flag}: {file} is no program")
        if args.previous_binary:
            try:
                self.versions[args.previous_binary] = installed.version(os.path.abspath(args.previous_binary))
            except Broken as error:
                raise Usage(f"--previous-binary: {error}") from None
        if args.backup and not (os.path.isfile(args.backup) and os.path.getsize(args.backup)):
            raise Usage(f"--backup: {args.backup} is no file, or empty")
        if args.backup and not self.program:
            raise Usage("--backup needs --program: there is no qr-observatory in PATH")
        self.swaps = bool(args.binary) and not installed.same(args.binary, args.previous_binary)
        if args.binary and not self.swaps:
            self.log.write(f"now      {args.binary} is {args.previous_binary} already")

    def turn(self, verb, text, code=NOT_READY):
        def work():
            try:
                installed.run(installed.words(text), self.args.command_timeout)
            except Broken as error:
                raise Failed(code, str(error), self.pending or f"{verb} it yourself") from None
            return "ok", text
        self.step(verb, work)

    def stop(self):
        self.pending = f"the server may be stopped: {self.args.start_command}"
        self.turn("stop", self.args.stop_command)

        def work():
            def ask():
                try:
                    return None if self.server.get("/health/live", anonymous=True, timeout=2).status == 200 else True
                except Unanswered as error:
                    return None if error.connected else True
            if not installed.wait(self.args.ready_timeout, ask):
                raise Failed(NOT_READY, f"it still answers after {self.args.ready_timeout:g} s",
                             "stop every process of it yourself; nothing was restored")
            return "ok", "nobody answers any more"
        self.step("stopped", work)

    def swap(self):
        args = self.args
        try:
            kept = installed.swap(args.binary, args.previous_binary, product.stamp())
        except OSError as error:
            raise Failed(BINARY, str(error), f"nothing was replaced; install -m 755 {args.previous_binary} {args.binary}") from None
        self.pending = f"what was replaced is {kept}; to have it back: mv {kept} {args.binary}, and start the server"
        return "ok", f"{args.binary} is version {self.versions[args.previous_binary]} now; what was replaced is {kept}"

    def restore(self):
        command = installed.restore_command(self.program, os.path.abspath(self.args.backup), self.args.config)
        try:
            said = installed.run(command, self.args.restore_timeout, self.args.directory)
        except Broken as error:
            raise Failed(BACKUP, str(error), "the server is stopped. Either start it on what is there "
                         f"({self.args.start_command}), or restore by hand: {' '.join(command)}") from None
        for line in said.splitlines():
            self.log.write(f"         | {line}")
        return "ok", f"restored {self.args.backup}"

    def look_at_backup(self):
        """A damaged one is refused while the server still runs."""
        command = installed.restore_command(self.program, os.path.abspath(self.args.backup), self.args.config, look=True)
        if command is None:
            return "skipped", "there is no scripts/restore.sh: it is looked at when it is restored"
        try:
            installed.run(command, self.args.restore_timeout, self.args.directory)
        except Broken as error:
            raise Failed(BACKUP, str(error), f"{self.args.backup} is of no use, and the server was left alone; take another one") from None
        return "ok", f"{self.args.backup} can be restored"

    def process(self):
        """What tells one process from the next: when it started, by its metrics, else by its age. None: nobody answers."""
        series, _ = self.metrics.look()
        started = product.total(series, "process_start_time_seconds") if series else None
        try:
            body = self.server.get("/health", anonymous=True, timeout=5).json()
        except Unanswered:
            return None
        up = body.get("uptime_seconds") if isinstance(body, dict) else None
        return (started, up, time.monotonic()) if isinstance(up, (int, float)) else None

    def ready(self, before):
        """Waits for another process than `before`, which is None where that has ended."""
        def work():
            last = "it was not asked"

            def ask():
                nonlocal last
                try:
                    answer = self.server.get("/health/ready", anonymous=True, timeout=2)
                    body = self.server.get("/health", anonymous=True).json() if answer.status == 200 else None
                except Unanswered as error:
                    last = str(error)
                    return None
                if not isinstance(body, dict):
                    last = answer.seen()
                    return None
                if before and is_same(before, self.process()):
                    last = "the process of before still answers: the command did not restart it"
                    return None
                return body
            body = installed.wait(self.args.ready_timeout, ask)
            if body is None:
                schema = "; if its log says that the schema is newer than itself: see docs/OPERATIONS.md, PostgreSQL" \
                    if self.swaps else ""
                raise Failed(NOT_READY, f"after {self.args.ready_timeout:g} s: {last}",
                             f"look into its log{schema}{'; ' + self.pending if self.pending else ''}")
            self.answers = self.answers or self.server.auth is not None
            return "ok", f"version {body.get('version')}, {body.get('status')}"
        self.step("ready", work)

    def replace(self):
        """Binary and backup, and a server that runs again."""
        args = self.args
        self.on_database = None
        if args.backup:
            self.step("look", self.look_at_backup)
        if args.stop_command:
            self.stop()
        if args.backup:
            self.step("backup", self.restore)
            # The old dials may be in it.
        if self.swaps:
            self.step("binary", self.swap)
        before = None
        if args.stop_command:
            if args.backup:
                self.step("kill again", self.kill_restored)
            self.turn("start", args.start_command)
        else:
            before = self.process()
            self.turn("restart", args.restart_command)
        self.ready(before)
        if args.backup:
            for name in self.chosen:
                if not is_killed((self.look()[0] or {}).get(name)):
                    self.step(f"kill {name}", lambda name=name: self.kill(name, self.chosen))

    def kill_stored(self, names, program, *more):
        """In the database, which must agree. Raises Broken."""
        said = self.command("flags", "kill", *names, "--reason", self.reason, "--json", *more, program=program)
        try:
            rows = json.loads(said)
            killed = all(row["killed"] is True for row in rows.get("experiments", [rows]))
        except (ValueError, KeyError, TypeError, AttributeError):
            killed = False
        if not killed:
            raise Broken(f"{program} flags kill {' '.join(names)} answers {said[:200]!r}")

    def kill_restored(self):
        """In the restored database, before a server reads it."""
        program = os.path.abspath(self.args.binary) if self.args.binary else self.program
        try:
            # One by one: a previous release takes no more than one.
            for name in self.chosen:
                self.kill_stored([name], program)
        except Broken as error:
            return "warning", f"not yet, so at once after the start: {error}"
        return "ok", "what was restored sends everything to the control, too"

    # --- the end ----------------------------------------------------------------------------------------

    def smoke(self):
        args = self.args
        command = [sys.executable, "-B", str(pathlib.Path(__file__).with_name("smoke.py")), "--url", args.url, "--timeout",
                   str(args.timeout), "--target", args.target]
        for flag in ("user", "password_file", "api_key_file", "metrics_url", "ca_file"):
            if getattr(args, flag):
                command += [f"--{flag.replace('_', '-')}", getattr(args, flag)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            for line in process.stdout:
                self.log.write(f"         | {line.rstrip()}")
            status = process.wait()
        except Stopped:
            # It cleans up.
            process.terminate()
            process.wait()
            raise
        if status:
            raise Failed(SMOKE, f"scripts/enhanced_smoke_test.sh ended with {status}",
                         "the candidate is out of it; what fails now fails in the control or around it: docs/OPERATIONS.md"
                         + ("" if self.args.binary or self.args.backup else "; the previous binary: --binary, --previous-binary"))
        return "ok", "every step passed"

    def summary(self, words):
        total = time.monotonic() - self.began
        self.log.write("")
        for name, status, seconds in self.steps:
            self.log.write(f"  {name:<16} {status:<8} {seconds:8.1f} s")
        self.log.write(f"  {'in all':<16} {'':<8} {total:8.1f} s ({total / 60:.1f} min)")
        if self.args.since:
            minutes = (product.now() - self.args.since).total_seconds() / 60
            began = self.args.since.strftime("%Y-%m-%dT%H:%M:%SZ")
            self.log.write(f"  {'since ' + began:<26}{minutes * 60:8.1f} s ({minutes:.1f} min to recovery)")
        self.log.write(f"{words}; the log is {self.log.name}")


def shown(one):
    """An experiment's state in words."""
    percent, why = product.share(one)
    held = one.get("override") or {}
    if held.get("kind") == "killed":
        return f"killed by {held.get('by')} at {held.get('since')}: {held.get('why') or 'no reason given'}; share 0 %"
    verdict = (one.get("verdict") or {}).get("verdict")
    breaker = (one.get("breaker") or {}).get("state")
    return f"dial {one.get('candidate_percent')} %, share {percent} %{f' ({why})' if why else ''}" \
           f"{f', breaker {breaker}' if breaker else ''}{f', verdict {verdict}' if verdict else ''}"


def is_same(one, other):
    """Whether two looks saw the same process. Ages are whole seconds; two looks may be two nodes'."""
    if other is None:
        return False
    if one[0] is not None and other[0] is not None:
        return one[0] == other[0]
    return other[1] + 1 >= one[1] + other[2] - one[2]


def is_killed(one):
    return isinstance(one, dict) and (one.get("override") or {}).get("kind") == "killed"


# --- the command line -----------------------------------------------------------------------------------


def moment(text):
    """RFC 3339, HH:MM of today (UTC), or Unix time."""
    try:
        if re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?", text):
            parts = [int(part) for part in text.split(":")]
            at = product.now().replace(hour=parts[0], minute=parts[1], second=(parts + [0])[2], microsecond=0)
            # Before midnight.
            at -= datetime.timedelta(days=1 if at > product.now() else 0)
        elif re.fullmatch(r"\d{9,11}(\.\d+)?", text):
            at = datetime.datetime.fromtimestamp(float(text), datetime.timezone.utc)
        else:
            fraction = re.sub(r"(\.\d{1,6})\d*", lambda m: m[1].ljust(7, "0"), text)
            at = datetime.datetime.fromisoformat(re.sub("[zZ]$", "+00:00", fraction))
            at = at if at.tzinfo else at.replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        raise Usage(f"--since: {text} is no time such as 2026-01-31T03:00:00Z or 03:00 (UTC)") from None
    if at > product.now() + datetime.timedelta(minutes=1):
        raise Usage(f"--since: {text} is yet to come")
    return at.astimezone(datetime.timezone.utc)


def parser():
    it = product.Parser(prog="rollback.sh", description=__doc__, epilog=CODES_OF_EXIT)
    product.add_flags(it)
    it.add_argument("--experiment", action="append", metavar="NAME", help="only this one, several times for several (all)")
    it.add_argument("--reason", metavar="TEXT", help="for the audit log")
    it.add_argument("--since", metavar="TIME", help="when the incident began: 2026-01-31T03:00:00Z, 03:00 (UTC), Unix time")
    it.add_argument("--yes", action="store_true", help="do not ask")
    it.add_argument("--dry-run", action="store_true", help="look, say what would be done, and change nothing")
    it.add_argument("--no-smoke", action="store_true", help="without the smoke test at the end")
    it.add_argument("--log", metavar="FILE", help="appended to (./rollback-TIME.log)")
    it.add_argument("--quiet", action="store_true", help="only what is wrong, and the log")
    it.add_argument("--probes", type=number(int, 1, 1000), default=20, metavar="N",
                    help="images that are asked for to see who draws them (20)")
    it.add_argument("--settle", type=number(float, 0, 600), default=15.0, metavar="SECONDS",
                    help="for the share to be 0: other nodes follow within 2 s, and requests are under way (15)")
    it.add_argument("--target", default="https://example.com/", metavar="URL",
                    help="where codes of the probes lead; nothing is asked there (https://example.com/)")
    here = it.add_argument_group("the product on this machine")
    here.add_argument("--program", metavar="FILE", help="for killing on the database (--binary, PATH, target/release)")
    here.add_argument("--config", metavar="FILE", help="its settings")
    here.add_argument("--directory", metavar="DIR", help="where it runs: qr-observatory.toml and data are looked for there")
    here.add_argument("--restart-command", metavar="CMD")
    here.add_argument("--stop-command", metavar="CMD")
    here.add_argument("--start-command", metavar="CMD")
    here.add_argument("--command-timeout", type=number(float, 1, 3600), default=120.0, metavar="SECONDS", help="for each (120)")
    here.add_argument("--ready-timeout", type=number(float, 1, 3600), default=120.0, metavar="SECONDS",
                      help="for the server to stop, and to be ready again (120)")
    back = it.add_argument_group("going further back")
    back.add_argument("--binary", metavar="FILE", help="what is installed ...")
    back.add_argument("--previous-binary", metavar="FILE", help="... and what takes its place")
    back.add_argument("--backup", metavar="FILE", help="of the database: what was written since is lost; needs --stop-command "
                      "and --start-command")
    back.add_argument("--restore-timeout", type=number(float, 1, 86400), default=1800.0, metavar="SECONDS", help="(1800)")
    return it


def plan(work, to_kill):
    args = work.args
    lines = [f"kill {', '.join(to_kill)} ({work.reason})"] if to_kill else []
    if args.stop_command and (args.backup or work.swaps):
        lines.append(f"stop the server: {args.stop_command}")
    if args.backup:
        lines.append(f"restore {args.backup}: what was written since is lost")
    if work.swaps:
        lines.append(f"put {args.previous_binary} ({work.versions[args.previous_binary]}) in the place of {args.binary}")
    if args.backup or work.swaps:
        lines.append(f"start it: {args.start_command or args.restart_command}")
    return lines


def agreed(args, lines):
    if args.yes:
        return True
    if not sys.stdin.isatty():
        raise Usage("nobody is there to say yes: --yes (or --dry-run, to look)")
    say("This will:")
    for line in lines:
        say(f"  - {line}")
    say("Type yes: ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def roll_back(work, to_kill):
    changes = work.args.backup or work.swaps
    failed = None
    for name in to_kill:
        # One that does not obey does not save the others.
        try:
            work.step(f"kill {name}", lambda name=name: work.kill(name, to_kill))
        except Failed as why:
            failed = why
    if failed:
        raise failed
    work.step("share", work.share)
    if not changes or work.answers:
        work.step("observed", work.observe)
    if changes:
        work.replace()
        work.step("share", work.share)
        work.step("observed", work.observe)
    if work.args.no_smoke:
        work.log.write("skipped  smoke: --no-smoke")
    elif not work.answers:
        work.log.write("skipped  smoke: no server answers. Start it, then: scripts/enhanced_smoke_test.sh")
    else:
        work.step("smoke", work.smoke)


def main():
    it = parser()
    args = it.parse_args()
    try:
        args.since = moment(args.since) if args.since else None
        log = Log(os.devnull if args.dry_run and not args.log else args.log or f"rollback-{product.stamp()}.log", args.quiet)
        work = Rollback(args, log)
        log.write(f"rollback of {work.server.url}: {work.reason}", show=False)
        work.check()
        to_kill = work.survey()
        lines = plan(work, to_kill)
        if args.dry_run:
            words = lines or ["nothing: it is already rolled back"]
            for line in [*words, "see that the share is 0", "ask, and see that no candidate answers",
                         *([] if args.no_smoke else ["run scripts/enhanced_smoke_test.sh"])]:
                print(f"would    {line}")
            return DONE
        if lines and not agreed(args, lines):
            log.write("nobody said yes: nothing was changed", wrong=True)
            return USAGE
    except Usage as error:
        it.error(str(error))
    if not lines:
        log.write("already rolled back: every chosen experiment is killed")
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, product.stop)
    try:
        roll_back(work, to_kill)
    except Failed as failed:
        log.write(f"by hand: {failed.by_hand}", wrong=True)
        work.summary(f"NOT rolled back whole (exit code {failed.code})")
        return failed.code
    except Stopped:
        log.write(f"stopped by a signal{f'; {work.pending}' if work.pending else ''}", wrong=True)
        work.summary("stopped: run it again, it goes on with what is left")
        return INTERRUPTED
    work.summary(f"{'rolled back' if lines else 'was rolled back already'}")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
