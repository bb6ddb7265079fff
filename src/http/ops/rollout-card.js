// One experiment: its tile in the bar (verdict, dial, kill) and its card below (everything that explains them).
import * as api from './rollout-api.js';
import { drawEvidence, drawHistory } from './rollout-charts.js';
import { compose, copy, count, html, mark, millis, percent, ratio, say, span, sum, time, words } from './rollout-elements.js';
import { drawExamples } from './rollout-examples.js';

const STAGES = [0, 1, 5, 25, 50, 100];
const NO_REASON = 'no reason given (operators’ page)';
const SYMBOLS = { go: 'M4 13l5 5L20 6', hold: 'M8 5v14M16 5v14', 'no-go': 'M5 5l14 14M19 5L5 19' };
const BECAUSE = {
  consecutive: 'faults in a row', fault_ratio: 'too many faults', mismatch_ratio: 'too many mismatches', forced: 'forced by an operator', probes_failed: 'the probes failed',
};

export class Card {
  /** `page` has `refresh()`, `live()` and `announce(text, urgent)`. */
  constructor(name, page) {
    this.name = name;
    this.page = page;
    this.edit = null; // the version that the operator saw when typing into the form began
    this.pending = null; // the change that waits for a yes
    this.busy = false;
    this.tile = copy('tile');
    this.card = copy('card');
    this.parts = this.card.parts;
    this.card.root.id = name;
    this.card.root.setAttribute('aria-label', `Experiment ${name}`);
    this.tile.parts.name.href = `#${name}`;
    say(this.tile.parts.name, name);
    say(this.parts.name, name);
    this.buildStages();
    this.listen();
  }

  buildStages() {
    mark(this.parts.form, 'aria-label', `Dial of ${this.name} in numbers`);
    mark(this.parts.stages, 'aria-label', `Candidate percentage of ${this.name}`);
    this.stages = STAGES.map((stage) => {
      const button = html('button', { type: 'button' }, `${stage} %`);
      button.addEventListener('click', () => this.ask(button, { candidate_percent: stage, shadow_percent: this.now.shadow_percent }, this.now.version));
      return button;
    });
    this.parts.stages.replaceChildren(...this.stages);
  }

  listen() {
    const { parts } = this;
    const kill = this.tile.parts.kill;
    kill.addEventListener('click', () => this.kill(kill));
    for (const input of [parts['candidate-input'], parts['shadow-input']]) {
      input.addEventListener('input', () => {
        this.edit ??= this.now.version;
        this.showForm();
      });
    }
    parts.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.ask(parts.set, { candidate_percent: parts['candidate-input'].valueAsNumber, shadow_percent: parts['shadow-input'].valueAsNumber }, this.edit ?? this.now.version);
    });
    parts.reset.addEventListener('click', () => this.settle());
    parts.release.addEventListener('click', () => this.askRelease());
    parts.yes.addEventListener('click', () => this.confirmed());
    parts.no.addEventListener('click', () => this.dismiss());
    parts.confirm.addEventListener('keydown', (event) => event.key === 'Escape' && this.dismiss());
  }

  // ---- what the operator does

  reason() {
    return this.parts.reason.value.trim() || NO_REASON;
  }

  /** Lowering is never delayed; raising against or without a `go`, or on numbers that may be old, takes a second look. */
  ask(opener, want, version) {
    if (this.busy) return;
    const { candidate_percent: from, verdict } = this.now;
    const to = want.candidate_percent;
    const run = () => this.turn(opener, want, version);
    if (to <= from || (verdict.verdict === 'go' && this.page.live())) return void run();
    const doubt = this.page.live() ? `the verdict is ${verdict.verdict.toUpperCase()}` : 'this page is not live';
    this.confirm(opener, `Raise ${this.name} from ${from} % to ${to} % although ${doubt}?`, `Raise to ${to} %`, run);
  }

  askRelease() {
    if (this.busy) return;
    const dial = this.now.candidate_percent;
    this.confirm(this.parts.release, `Release ${this.name}? The candidate gets ${dial} % of the traffic again, at once.`, 'Release', () =>
      this.perform(this.parts.release, 'Releasing…', () => api.release(this.name, this.reason()), () => 'Released.'));
  }

  kill(button) {
    // A key held down must not write the audit log full; a page that is not live knows nothing, so it asks again.
    if (this.now.override?.kind === 'killed' && this.page.live()) return this.tell(`${this.name} is killed already.`);
    this.dismiss();
    this.perform(button, 'Killing…', () => api.kill(this.name, this.reason()), () => 'Killed: control answers everything.', `By command: qr-observatory flags kill ${this.name}`);
  }

  turn(opener, want, version) {
    const done = () => {
      this.settle();
      return `Set: candidate ${want.candidate_percent} %, shadow ${want.shadow_percent} %.`;
    };
    return this.perform(opener, 'Setting…', () => api.turn(this.name, version, { ...want, reason: this.reason() }), done);
  }

  /** Runs one request, shows that it runs, and says what came of it; `otherwise` is the way out when it failed. */
  async perform(button, doing, request, done, otherwise = '') {
    if (this.busy && button !== this.tile.parts.kill) return;
    if (button.getAttribute('aria-busy') === 'true') return;
    this.busy = true;
    const label = button.textContent;
    mark(button, 'aria-busy', true);
    say(button, doing);
    this.tell(`${doing.replace('…', '')} ${this.name}…`, 'busy');
    let said;
    try {
      await request();
      said = [done(), 'done'];
      this.parts.reason.value = '';
    } catch (error) {
      said = error.status === 412 ? null : [`${error.message.replace(/\.$/, '')}. ${otherwise}`.trim(), 'failed'];
    }
    button.removeAttribute('aria-busy');
    say(button, label);
    this.busy = false;
    await this.page.refresh();
    said ??= [this.conflict(), 'failed'];
    this.tell(...said);
    if (button === this.tile.parts.kill) this.tellInTile(...said);
  }

  conflict() {
    this.settle();
    return `Somebody else changed it: now at candidate ${this.now.candidate_percent} %, shadow ${this.now.shadow_percent} %. Nothing was set; look again.`;
  }

  confirm(opener, question, yes, run) {
    this.pending = { opener, run };
    say(this.parts.question, question);
    say(this.parts.yes, yes);
    mark(this.parts.confirm, 'aria-label', question);
    this.parts.confirm.hidden = false;
    this.tell('');
    // On the harmless button: a second Enter by habit must not be a yes.
    this.parts.no.focus();
  }

  confirmed() {
    const { run } = this.pending;
    this.dismiss();
    run();
  }

  dismiss() {
    if (!this.pending) return;
    const { opener } = this.pending;
    const inside = this.parts.confirm.contains(document.activeElement);
    this.pending = null;
    this.parts.confirm.hidden = true;
    if (inside) opener.focus();
  }

  /** The form follows the product again. */
  settle() {
    this.edit = null;
    this.showForm();
  }

  tell(text, state = '') {
    this.toldAt = this.now.version;
    mark(this.parts.message, 'data-state', state);
    say(this.parts.message, text);
  }

  /** The tile is in sight wherever the page is scrolled to; the card may not be. */
  tellInTile(text, state) {
    const { message } = this.tile.parts;
    message.hidden = state !== 'failed';
    say(message, `The kill is not confirmed: ${text}`);
  }

  // ---- what the product says

  update(experiment) {
    const before = this.now;
    this.now = experiment;
    // What was said of one version is not true of the next: somebody else may have changed it since.
    if (!this.busy && experiment.version > this.toldAt) this.tell('');
    this.showVerdict(experiment, before);
    this.showDial(experiment);
    this.showForm();
    this.showState(experiment);
    drawHistory(this.parts, experiment);
    drawEvidence(this.parts, experiment.evidence);
    this.showArms(experiment);
    this.showShadow(experiment.shadow);
    drawExamples(this.parts, experiment.shadow.examples);
  }

  redraw() {
    if (this.now) drawHistory(this.parts, this.now);
  }

  showVerdict(experiment, before) {
    const { verdict, sentence } = experiment.verdict;
    for (const { root, parts } of [this.tile, this.card]) {
      mark(root, 'data-verdict', verdict);
      mark(parts.symbol, 'd', SYMBOLS[verdict] ?? SYMBOLS.hold);
      say(parts.word, verdict.toUpperCase());
    }
    // The word stands beside it already; and with an override it is not the dial that keeps requests away.
    const told = sentence.replace(/^(go|hold|no-go)\s*[:,]\s*/i, '').replace(/^the dial is at 0 %(?=;)/, (dial) => (experiment.override ? 'control answers everything' : dial));
    say(this.parts.sentence, told.replace(/^./, (first) => first.toUpperCase()));
    say(this.parts.control, experiment.control);
    say(this.parts.candidate, experiment.candidate);
    say(this.parts.eta, eta(experiment));
    if (before && before.verdict.verdict !== verdict) this.page.announce(`${this.name}: ${verdict}. ${sentence}`, verdict === 'no-go');
  }

  showDial(experiment) {
    const { tile } = this;
    const killed = experiment.override?.kind === 'killed';
    const { served, why } = routed(experiment);
    say(tile.parts.dial, `${served} %`);
    say(tile.parts.route, why);
    mark(tile.root, 'data-killed', experiment.override != null);
    if (killed) tile.parts.message.hidden = true;
    const label = killed ? 'Killed' : 'Kill';
    if (tile.parts.kill.getAttribute('aria-busy') !== 'true') say(tile.parts.kill, label);
    mark(tile.parts.kill, 'aria-label', `${label} ${this.name}: control answers everything, at once`);
    STAGES.forEach((stage, i) => {
      mark(this.stages[i], 'aria-pressed', stage === experiment.candidate_percent);
      mark(this.stages[i], 'data-next', stage === experiment.stage.next_percent);
    });
  }

  showForm() {
    const { parts, now } = this;
    if (this.edit == null) {
      for (const [input, value] of [[parts['candidate-input'], now.candidate_percent], [parts['shadow-input'], now.shadow_percent]]) {
        if (input.value !== String(value)) input.value = value;
      }
    }
    mark(parts.form, 'data-editing', this.edit != null);
  }

  showState(experiment) {
    const { parts } = this;
    const { stage, share, override, breaker } = experiment;
    compose(parts.stage, `${stage.percent} % since `, time(stage.since), stage.next_percent == null ? ', the last' : `, next ${stage.next_percent} %`);
    say(parts.share, share.requests == null ? `no requests in the last ${share.window_seconds} s` : `${percent(share.requests)} of requests, last ${share.window_seconds} s`);
    say(parts['shadow-percent'], `${experiment.shadow_percent} % of requests compared`);
    say(parts.fallbacks, `${count(experiment.fallbacks)} requests answered by control instead`);
    if (!override) say(parts.override, 'none');
    else compose(parts.override, html('strong', {}, words(override.kind)), override.by ? ` by ${override.by}, ` : ' ', time(override.since), override.why ? `: ${override.why}` : '');
    if (!override) parts.override.composed = null;
    mark(parts.release, 'data-shown', override != null);
    parts.release.disabled = override == null;
    const retry = breaker.retry_in_seconds == null ? '' : `, probes in ${span(breaker.retry_in_seconds)}`;
    const because = breaker.reason ? ` (${BECAUSE[breaker.reason] ?? words(breaker.reason)})` : '';
    compose(parts.breaker, html('strong', { 'data-breaker': breaker.state }, words(breaker.state)), `${because} since `, time(breaker.since), retry);
  }

  showArms({ arms: { control, candidate } }) {
    const rows = [
      ...['requests', 'ok', 'answers', 'faults'].map((key) => [key, count(control[key]), count(candidate[key])]),
      ['fault ratio', percent(ratio(control.faults, control.requests)), percent(ratio(candidate.faults, candidate.requests))],
      ...['timeouts', 'panics', 'unsupported', 'cancelled', 'remembered'].map((key) => [key, count(control[key]), count(candidate[key])]),
      ...['p50', 'p95', 'p99'].map((key) => [key, millis(control[`${key}_ms`]), millis(candidate[`${key}_ms`])]),
    ];
    const body = this.parts.arms;
    if (!body.rows.length) body.append(...rows.map(() => html('tr', { role: 'row' }, html('th', { scope: 'row', role: 'rowheader' }), html('td', { role: 'cell' }), html('td', { role: 'cell' }))));
    rows.forEach((row, i) => row.forEach((text, k) => say(body.rows[i].cells[k], text)));
  }

  showShadow(shadow) {
    const mismatched = sum(shadow.mismatched);
    const compared = shadow.same + sum(shadow.tolerated) + mismatched;
    const { noise } = shadow;
    say(this.parts.agreement, compared === 0 ? 'No pairs compared yet.' : `${percent(ratio(mismatched, compared))} of ${count(compared)} pairs differ; control against itself: ${noise.pairs ? percent(ratio(noise.mismatched, noise.pairs)) : 'no data'} of ${count(noise.pairs)}.`);
    const kinds = (counted) => (sum(counted) ? `${count(sum(counted))} (${Object.entries(counted).map(([kind, n]) => `${words(kind)} ${count(n)}`).join(', ')})` : '0');
    compose(this.parts.shadow, ...Object.entries({
      same: count(shadow.same), tolerated: kinds(shadow.tolerated), mismatched: kinds(shadow.mismatched), 'shed (no free core)': count(shadow.shed), skipped: count(shadow.skipped),
    }).flatMap(([key, text]) => [html('dt', {}, key), html('dd', {}, `${text}`)]));
  }
}

/** Which share the candidate really gets, and why that is not what the dial says. */
function routed({ override, breaker, candidate_percent: dial }) {
  if (override) return { served: 0, why: `${words(override.kind)}; dial at ${dial}\u00a0%` };
  if (breaker.state === 'open') return { served: 0, why: `breaker open; dial at ${dial}\u00a0%` };
  if (breaker.state === 'half_open') return { served: dial, why: 'candidate, breaker probing' };
  return { served: dial, why: 'candidate' };
}

// What comes in of that which a hold waits for, at each point: requests of an arm, or shadow pairs.
const COMES = {
  faults: ({ candidate }) => candidate.served,
  candidate: ({ candidate }) => candidate.served,
  control: ({ control }) => control.served,
  pairs: ({ candidate }) => candidate.requests - candidate.served,
  mismatches: ({ candidate }) => candidate.requests - candidate.served,
};

/** How long what is missing will take at the rate of the last minutes. */
function eta({ verdict: { needed_requests: needed, waits_for }, history, override }) {
  const comes = COMES[waits_for];
  if (needed == null || !comes || override || history.length === 0) return '';
  const seconds = (Date.parse(history.at(-1).at) - Date.parse(history[0].at)) / 1000 + history.at(-1).seconds;
  const came = history.reduce((total, point) => total + Math.max(0, comes(point)), 0);
  const what = ['pairs', 'mismatches'].includes(waits_for) ? 'pairs' : 'requests';
  if (came === 0) return `There were no such ${what} in the last ${span(seconds)}.`;
  return `At ${count(Math.round((came * 60) / seconds))} such ${what} a minute that takes about ${span((needed * seconds) / came)}.`;
}

export const overridden = ({ override, version }) => `${version}${override?.since ?? ''}`;
