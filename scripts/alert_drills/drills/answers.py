"""Whether the product answers."""

import contextlib
import os
import signal
import time

from scene import drill


@drill("killed", "InstanceDown", real=True, quick=True)
def killed(d):
    """The product is killed (kill -9), and started again."""
    d.up()
    with d.fault():
        d.kill_product()
        d.arrived()
        d.up()


@drill("frozen", "InstanceDown", real=True)
def frozen(d):
    """The product is frozen (kill -STOP): it takes connections and does not answer."""
    d.up()
    with d.fault():
        d.signal(signal.SIGSTOP)
        d.arrived()
        d.signal(signal.SIGCONT)


@drill("restarting", "InstanceRestarting")
def restarting(d):
    """The product dies (kill -9) soon after every start, under a supervisor that starts it again."""
    d.binary = d.script(
        "product", """trap 'kill -TERM "$child"; wait "$child"; exit' TERM""", "while :; do",
        f'{d.options.binary} "$@" & child=$!', f'echo "$child" > {d.dir}/child', 'wait "$child"', "sleep 0.2", "done")
    d.up()
    with d.fault():
        end = time.monotonic() + d.options.timeout
        while not d.look_for_arrival("InstanceRestarting") and time.monotonic() < end:
            os.kill(int((d.dir / "child").read_text()), signal.SIGKILL)
            time.sleep(2.5 * d.interval)
        d.arrived(seconds=5)


@drill("no-targets", "InstancesMissing", real=True)
def no_targets(d):
    """Prometheus' list of nodes is emptied."""
    d.up()
    d.provoke(replaced(d.targets, lambda _: "[]\n"), steady=1)


@contextlib.contextmanager
def replaced(file, change):
    """The file's text is another one for a while."""
    text = file.read_text()
    file.write_text(change(text))
    yield
    file.write_text(text)
