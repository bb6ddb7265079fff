"""Experiments, the baseline and the server of flags."""

import faults
import stack
from loads import analytics, create, image, redirect, several
from scene import drill

from .answers import replaced
from .operations import aged


def experiment(d, candidate, shadow, **settings):
    """Starts the stack with the dial of rendering at these percentages; returns a code's id."""
    d.up(ROLLOUT_REHEARSALS="true", ROLLOUT_SPARE_PERCENT="0", **settings)
    code, _ = d.code()
    d.dial("render", candidate, shadow)
    return code


def rendering_fails(d, share, how, *percent, rate=20, forget=False, **settings):
    """The candidate of rendering, at a `share` of (percent answered, percent shadowed), goes wrong and is well again.
    `forget`: evidence stays until somebody ends it, by a kill and a release."""
    code = experiment(d, *share, **settings)
    d.load(rate, image(code))
    with d.fault(steady=3):
        with d.rehearsal("render", how, *percent):
            d.arrived()
        d.mended()
        for verb in ("kill", "release") if forget else ():
            d.api("POST", f"/api/rollout/render/{verb}", {"reason": "drill"})


@drill("candidate-broken", "VerdictNoGo", real=True, quick=True)
def candidate_broken(d):
    """The candidate of rendering fails in every fifth run, at 50 % of the traffic."""
    rendering_fails(d, (50, 0), "error", 20, rate=60, forget=True)


@drill("candidate-failing", "CandidateFailing", real=True)
def candidate_failing(d):
    """The candidate of rendering fails in every fifth run, in shadows only."""
    rendering_fails(d, (0, 100), "error", 20)


@drill("candidate-dead", "BreakerOpen", real=True)
def candidate_dead(d):
    """The candidate of rendering fails in every run, in shadows only."""
    rendering_fails(d, (0, 100), "error", QR_GENERATION_CB_RESET_TIMEOUT=5)


@drill("candidate-wrong", "ShadowMismatches", "VerdictNoGoInShadow")
def candidate_wrong(d):
    """The candidate of rendering answers wrongly in every tenth run, in shadows only."""
    rendering_fails(d, (0, 100), "wrong", 10, rate=40, forget=True)


@drill("candidate-slow", "CandidateSlower")
def candidate_slow(d):
    """The candidate of validation takes ten times as long, in shadows only."""
    experiment(d, 0, 0)
    d.dial("validate", 0, 100)
    d.load(10, create, threads=2)
    d.provoke(d.rehearsal("validate", "slow"), steady=3)


@drill("baseline-missed", "LatencyAboveBaseline", "CandidateAboveBaseline")
def baseline_missed(d):
    """After a baseline was captured the network to PostgreSQL becomes slower: 10 ms each way."""
    d.with_postgres(ANALYTICS_REFRESH_MS=100)
    codes = [d.code(f"s{n}")[0] for n in range(20)]
    d.load(40, several(*[analytics(code, "scan-timeseries?time_range=last7days") for code in codes]), threads=6)
    d.steady()
    d.command("baseline", "capture", "--duration", "10s")
    d.dial("analytics", 100, 0)
    d.provoke(d.proxy.slow(0.01))


@drill("baseline-old", "BaselineOld")
def baseline_old(d):
    """The baseline is a file of 31 days ago."""
    d.up()
    with d.crowd(30, redirect(d.code()[1]), threads=2):
        d.steady(1)
        d.command("baseline", "capture", "--duration", "5s")
    d.provoke(replaced(d.data / "baseline.json", aged("captured_at_seconds", 31 * 86400)), steady=0)


@drill("flags-dead", "FlagsStale", real=True)
def flags_dead(d):
    """The Unleash server dies."""
    flags = d.keep(faults.Flags(stack.free_port()))
    d.up(UNLEASH_URL=f"http://127.0.0.1:{flags.port}/api", UNLEASH_API_TOKEN="default:development.drill",
         UNLEASH_REFRESH_MS=500)
    d.provoke(flags.stopped(), steady=3)
