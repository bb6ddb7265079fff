"""Traffic and objectives."""

import time

from loads import empty, redirect, redirects, shown, turnstile, unknown, unreadable
from scene import drill


@drill("surge", "TrafficSurge", real=True)
def surge(d):
    """Twenty times the requests of the baseline."""
    d.up()
    _, slug = d.code()
    d.load(4, redirect(slug), threads=1)
    d.steady(1)
    d.command("baseline", "capture", "--duration", "30s")
    d.provoke(d.crowd(80, redirect(slug)), steady=0)


@drill("drop", "TrafficDrop")
def drop(d):
    """Nobody reaches the product any more: requests stop, which came an hour ago and when the baseline was captured."""
    d.up()
    _, slug = d.code()
    with d.crowd(10, redirect(slug), threads=2):
        d.steady(1)
        d.command("baseline", "capture", "--duration", "15s")
        hour = 3600 / (d.speed or 1)
        time.sleep(2 * hour)
        d.wrong()
    d.arrived()
    d.load(10, redirect(slug), threads=2)
    d.mended()
    d.resolved()


def tenth_unknown(d):
    """PostgreSQL, and a load of which every tenth request needs it."""
    d.with_postgres()
    known = redirects(d.slugs(3))
    d.load(30, lambda n: unknown(n) if n % 10 == 0 else known(n), threads=6)
    # A busy machine misses the other objectives, too.
    d.labels = {"slo": "redirects"}


@drill("budget-burning", "ErrorBudgetBurn14x", real=True)
def budget_burning(d):
    """PostgreSQL is stopped: every tenth redirect fails."""
    tenth_unknown(d)
    d.provoke(d.postgres.stopped())


@drill("budget-burnt", "ErrorBudgetBurn6x", "ErrorBudgetBurn3x", "ErrorBudgetBurn1x")
def budget_burnt(d):
    """PostgreSQL is stopped for a while; then all is well, and the slower alerts fire as the faster ones end."""
    tenth_unknown(d)
    d.steady(5)
    d.wrong()
    with d.postgres.stopped():
        time.sleep(10 * d.interval)
    d.mended()
    d.arrived(seconds=7 * 3600 / (d.speed or 1))
    d.resolved(seconds=7 * 3600 / (d.speed or 1))


@drill("images-failing", "ImagesFailing")
def images_failing(d):
    """A client asks for symbols without content, and no other one asks for any."""
    d.up()
    d.provoke(d.crowd(5, empty))


@drill("grades-refused", "GradesRefused", "ImagesFailing")
def grades_refused(d):
    """A client asks for styles that readers do not cope with, and wants none of those."""
    d.up()
    d.provoke(d.crowd(5, unreadable))


@drill("closed-code-scanned", "ClosedCodesScanned")
def closed_code_scanned(d):
    """A code whose time is over still hangs in the hall."""
    d.up()
    code_id, slug = d.code("over")
    d.api("PATCH", f"/api/v2/codes/{code_id}", {"expires_at": "2020-01-01T00:00:00Z"})
    d.provoke(d.crowd(5, redirects([slug])))


@drill("other-symbols-at-gates", "CheckinsRefusedHigh")
def other_symbols_at_gates(d):
    """At a gate somebody scans a poster instead of badges."""
    d.up()
    d.provoke(d.crowd(5, shown))


@drill("gates-wait", "CheckinsSlow")
def gates_wait(d):
    """The network to PostgreSQL becomes slow while people go through a gate."""
    d.with_postgres(DATABASE_TIMEOUT_MS="10000")
    d.load(5, turnstile(d.attendee()), threads=1)
    d.provoke(d.proxy.slow(0.1))
