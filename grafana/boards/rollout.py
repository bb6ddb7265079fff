"""Rollout Go/No-Go: what somebody looks at who must decide whether an experiment goes on."""

from parts import (BREAKER, VERDICT, bars, board as whole, chosen, high, low, marks, quantile, ratio, row, series, stat,
                   timeline, verdict)

E = 'experiment=~"$experiment"'
ARM = "qr_arm_duration_seconds"
FAULTS = 'outcome=~"fault|timeout|panic"'
# Runs that say something about an arm: neither cut off, nor remembered, nor of something that it cannot do.
JUDGED = 'outcome=~"ok|answer|fault|timeout|panic"'
CANDIDATE = f'{E},arm="candidate"'
ARMS = (("control", "control"), ("candidate", "candidate"))


def faults(arm):
    return ratio(f'sum(rate(qr_arm_requests_total{{@,{E},arm="{arm}",{FAULTS}}}[~]))',
                 f'sum(rate(qr_arm_requests_total{{@,{E},arm="{arm}",{JUDGED}}}[~]))')


def latency(q, size, **more):
    queries = [(quantile(q, ARM, f'{E},arm="{arm}"'), name) for arm, name in ARMS]
    queries.append((f'max(qr_baseline_arm_duration_seconds{{@,{E},q="{q}"}} > 0)', "baseline (control)"))
    return series(f"p{round(q * 100)} of both arms", "Of one run. The baseline is the control's when it was captured.",
                  queries, "s", w=size, **more)


def agreement():
    return ratio(f'sum(rate(qr_shadow_total{{@,{E},result=~"same|tolerated"}}[~]))',
                 f'sum(rate(qr_shadow_total{{@,{E},result=~"same|tolerated|mismatch|candidate_fault"}}[~]))')


def share():
    return ratio(f'sum(rate(qr_routes_total{{@,{E},route="candidate"}}[~]))', f"sum(rate(qr_routes_total{{@,{E}}}[~]))")


def overview():
    return row(
        "All experiments",
        timeline("Verdicts", "The worst node's: one no-go is everybody's, and go takes all of them. No data is a hold.",
                 [(verdict("," + E), "{{experiment}}")], VERDICT, h=5, runbooks=("VerdictNoGo", "VerdictNoGoInShadow")),
        bars("Dials", "Percent of units that the candidate answers, and those that it answers unseen (shadow).",
             [(f"max by (experiment, flag) (qr_flag_percent{{@,{E}}})", "{{experiment}} {{flag}}")], "percent", w=8, h=5,
             low_end=0, top=100),
        stat("Flags are this old", "Since they were last read from their source; the worst node's.",
             "time() - min(qr_flags_last_success_timestamp_seconds{@} > 0)", "s", high(60, 300), h=5, w=2,
             none="never read", runbooks="FlagsStale"),
        stat("Baseline is this old", "Since it was captured. Older than a week or of another release: capture it again "
             "(qr-observatory baseline capture).",
             "time() - max(qr_baseline_timestamp_seconds{@} > 0)", "s", high(7 * 86400, 30 * 86400), h=5, w=2,
             none="no baseline", graph=False, runbooks="BaselineOld"),
    )


def experiment():
    return row(
        "$experiment",
        stat("Verdict", "Go: no test speaks against it, and enough was seen. Hold: not yet, usually for want of data. No-go: "
             "a test says no; it does not go away by waiting.", verdict("," + E), mappings=VERDICT, w=3,
             runbooks=("VerdictNoGo", "VerdictNoGoInShadow")),
        stat("Breaker", "The worst node's. Open: the control answers everything.", f"max(qr_breaker_state{{@,{E}}})",
             mappings=BREAKER, w=3, runbooks="BreakerOpen"),
        stat("Share", "What part of the requests the candidate was sent, measured.", share(), "percentunit", w=3, low_end=0,
             top=1, none="no requests"),
        stat("Faults of the control", "Faults, timeouts and panics, of the runs that say something about it.",
             faults("control"), "percentunit", high(0.01, 0.05), w=3, low_end=0, none="no runs"),
        stat("Faults of the candidate", "The same of the candidate. Callers do not see them: the control answers instead.",
             faults("candidate"), "percentunit", high(0.01, 0.05), w=3, low_end=0, none="no runs",
             runbooks="CandidateFailing"),
        stat("Agreement", "Shadows whose answers were the same or differ as they may, of all that were compared. A go needs "
             "99.9 % beyond the control's own noise.", agreement(), "percentunit", low(0.99, 0.999), w=3, low_end=0, top=1,
             none="no shadows", runbooks="ShadowMismatches"),
        stat("Strongest evidence against", "The failing test that is nearest to its threshold, as part of it: at 100 % it "
             "fires.", f'max(max by (test) (qr_evidence_log{{@,{E},test!="errors_pass"}}) '
             f'/ (max by (test) (qr_evidence_threshold_log{{@,{E},test!="errors_pass"}}) > 0))', "percentunit",
             high(0.5, 1), w=3, none="no evidence yet", runbooks=("VerdictNoGo", "VerdictNoGoInShadow")),
        stat("p95, candidate to control", "Above 1 the candidate is slower; at 1.5 an alert fires.",
             ratio(quantile(0.95, ARM, f'{E},arm="candidate"'), quantile(0.95, ARM, f'{E},arm="control"')), "short",
             high(1.1, 1.5), w=3, none="no runs", runbooks=("CandidateSlower", "CandidateAboveBaseline")),
        series("Share", "The dial, and what was really sent to the candidate. They differ in small traffic, because the "
               "same question always goes the same way.",
               [(f'max(qr_flag_percent{{@,{E},flag="candidate"}}) / 100', "dial"), (share(), "measured"),
                (f'max(qr_flag_percent{{@,{E},flag="shadow"}}) / 100', "shadow dial"),
                (ratio(f'sum(rate(qr_routes_total{{@,{E},route="shadow"}}[~]))', f"sum(rate(qr_routes_total{{@,{E}}}[~]))"),
                 "shadows, measured")], "percentunit", w=8, low_end=0, top=1),
        series("Faults", "Faults, timeouts and panics of each arm, of the runs that say something about it.",
               [(faults(arm), name) for arm, name in ARMS], "percentunit", high(0.01, 0.05), w=8, low_end=0,
               runbooks="CandidateFailing"),
        series("Runs by arm and outcome", "cancelled: the client went away. remembered: served from the arm's cache.",
               [(f"sum by (arm, outcome) (rate(qr_arm_requests_total{{@,{E}}}[~])) > 0", "{{arm}} {{outcome}}")], "ops", w=8,
               none="no runs"),
        latency(0.5, 6), latency(0.95, 6, runbooks=("CandidateSlower", "CandidateAboveBaseline")), latency(0.99, 6),
        series("Candidate against the baseline", "Quantiles of the candidate divided by those of the control when the "
               "baseline was captured.",
               [(f'{quantile(q, ARM, CANDIDATE)} / max(qr_baseline_arm_duration_seconds'
                 f'{{@,{E},q="{q}"}} > 0)', f"p{round(q * 100)}") for q in (0.5, 0.95, 0.99)],
               "short", high(1.1, 1.5), w=6, low_end=0, none="no baseline", runbooks="CandidateAboveBaseline"),
        bars("Evidence, of its threshold", "At 100 % a test fires. errors_pass speaks for the candidate, all others against "
             "it. Below 0 it speaks the other way.",
             [(f"max by (test) (qr_evidence_log{{@,{E}}}) / (max by (test) (qr_evidence_threshold_log{{@,{E}}}) > 0)",
               "{{test}}")], "percentunit", [("blue", None), ("yellow", 0.5), ("red", 1)], w=8, low_end=0, top=1,
             runbooks=("VerdictNoGo", "VerdictNoGoInShadow")),
        series("Evidence", "ln E of each test; the strongest node's. What each is compared with: the threshold.",
               [(f"max by (test) (qr_evidence_log{{@,{E}}})", "{{test}}"),
                (f"max by (test) (qr_evidence_threshold_log{{@,{E}}})", "threshold of {{test}}")], "short", w=8),
        series("Shadows by result", "noise: the control compared with itself. mismatch and candidate_fault speak against the "
               "candidate.", [(f"sum by (result) (rate(qr_shadow_total{{@,{E}}}[~]))", "{{result}}")], "ops", w=8,
               runbooks="ShadowMismatches"),
        series("Agreement", "Of the compared shadows, and of the control with itself (its noise).",
               [(agreement(), "candidate with control"),
                (ratio(f'sum(rate(qr_shadow_total{{@,{E},result="noise_same"}}[~]))',
                       f'sum(rate(qr_shadow_total{{@,{E},result=~"noise_same|noise_mismatch"}}[~]))'), "control with itself")],
               "percentunit", low(0.99, 0.999), w=8, top=1, none="no shadows", runbooks="ShadowMismatches"),
        series("Routes by why", "Where requests were sent, and why. killed: an operator wants the control. saturated, full: "
               "shadows were shed.",
               [(f"sum by (route, why) (rate(qr_routes_total{{@,{E}}}[~])) > 0", "{{route}} {{why}}")], "reqps", w=8,
               none="no requests"),
        series("Fallbacks", "Requests that the candidate could not answer and the control answered instead.",
               [(f"sum by (reason) (rate(qr_fallbacks_total{{@,{E}}}[~]))", "{{reason}}")], "ops", w=8,
               runbooks="CandidateFailing"),
        timeline("Breaker", "Per node.", [(f"max by (instance) (qr_breaker_state{{@,{E}}})", "{{instance}}")], BREAKER,
                 runbooks="BreakerOpen"),
        series("Breaker's changes", "In each step of the graph, by the new state and the reason.",
               [(f"sum by (to, reason) (increase(qr_breaker_transitions_total{{@,{E}}}[~]))", "{{to}}: {{reason}}")], "short",
               h=6, w=12),
        repeat="experiment",
    )


def board():
    return whole("qr-rollout", "Rollout Go/No-Go",
                 "Whether an experiment may go on: a row for each. What the words mean, and what to do: docs/ROLLOUT.md.",
                 [overview(), experiment()],
                 variables=[chosen("experiment", "Experiment", "label_values(qr_verdict, experiment)")],
                 annotations=[marks("Dial turned", f"sum by (experiment, flag) (changes(qr_flag_percent{{@,{E}}}[~])) > 0",
                                    "blue", "{{experiment}} {{flag}}")])
