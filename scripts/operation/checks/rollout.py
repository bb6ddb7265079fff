"""Experiments: flags, shares, breakers, and which arm answered."""

import product

from . import ROLLOUT, Failed, json_object, short, step


def first_look(run):
    """What is compared with at the end."""
    run.rollout = product.experiments(run.server.get("/api/rollout")) or []


@step("rollout", ROLLOUT, "GET /api/rollout: age of flags, share and breaker of each experiment, which arm answered here")
def rollout(run):
    body = json_object(run.server.get("/api/rollout"))
    experiments = body.get("experiments")
    if not isinstance(experiments, list) or not all(isinstance(e, dict) and e.get("name") for e in experiments):
        raise Failed("GET /api/rollout: a list of experiments", short(body))
    flags = body.get("flags") or {}
    age = flags.get("age_seconds")
    words = [f"flags of {flags.get('source')}: {flags.get('state')}{'' if age is None else f', {age:.0f} s old'}"]
    if flags.get("state") != "fresh":
        run.warn(f"flags are {flags.get('state')}: the last percentages stay in force")
    opened = []
    for one in experiments:
        judge(run, one, words, opened)
    if opened:
        raise Failed("every breaker closed", "; ".join(opened), "docs/ROLLOUT.md; scripts/rollback.sh sends all to the control")
    return "; ".join(words)


def judge(run, one, words, opened):
    """One experiment: its share against the arms that answered, its breaker, its verdict."""
    name, breaker = one["name"], one.get("breaker") or {}
    percent, why = product.share(one)
    held = one.get("override") or {}
    sides = {side: n for (experiment, side), n in run.server.paths.items() if experiment == name}
    seen = ", ".join(f"{n} {side}" for side, n in sorted(sides.items())) or "not asked"
    words.append(f"{name} {percent} %{f' ({why})' if why else ''}, breaker {breaker.get('state')}, here {seen}")
    was = next((e for e in run.rollout if e.get("name") == name), one)
    if percent == 0 and product.share(was)[0] == 0 and breaker.get("state") == "closed" and sides.get("candidate"):
        raise Failed(f"{name}: no answer of the candidate, whose share is 0 %", f"{sides['candidate']} answers")
    verdict = one.get("verdict") or {}
    if held:
        run.warn(f"{name} is {held.get('kind')}: {held.get('why') or 'no reason given'} "
                 f"({held.get('by')}, {held.get('since')}); the control answers everything")
    # The breaker of a killed experiment stays as it was: nothing tries the candidate.
    elif breaker.get("state") != "closed":
        reason = f", {breaker['reason']}" if breaker.get("reason") else ""
        opened.append(f"{name}: {breaker.get('state')} since {breaker.get('since')}{reason}; {verdict.get('sentence', '')}")
    elif verdict.get("verdict") == "no-go" and percent:
        run.warn(f"{name}: {verdict.get('sentence')}")
