"""Backups and traces."""

import json

import faults
import stack
from loads import redirect
from scene import drill


def aged(field, seconds):
    """A change of a JSON file: one time in it is earlier."""
    def change(text):
        stored = json.loads(text)
        stored[field] -= seconds
        return json.dumps(stored)
    return change


@drill("backup-forgotten", "BackupOld")
def backup_forgotten(d):
    """The last backup is of 51 hours ago: cron does not run any more."""
    d.up()
    d.command("backup", d.dir / "first.backup")
    note = d.data / "last-backup.json"
    with d.fault():
        note.write_text(aged("finished_at_seconds", 51 * 3600)(note.read_text()))
        d.arrived()
        d.command("backup", d.dir / "second.backup")


@drill("collector-dead", "TracesFailing")
def collector_dead(d):
    """The OpenTelemetry collector dies."""
    # It takes everything that it is sent.
    collector = d.keep(faults.Flags(stack.free_port()))
    d.up(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.port}", OTEL_TRACES_SAMPLER_ARG=1,
         OTEL_BSP_SCHEDULE_DELAY=200)
    d.load(30, redirect(d.code()[1]), threads=2)
    d.provoke(collector.stopped())
