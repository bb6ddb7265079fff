// Lines over time and the bars of the evidence, drawn as SVG.
import { NONE, copy, figure, mark, ratio, say, span, svg, words } from './rollout-elements.js';

const HEIGHT = 118;
const EDGE = { left: 52, right: 8, top: 8, bottom: 18 };
const POINTS = 120; // what the product keeps: the axis spans as much from the start, so that it never rescales

const ARMS = ['control', 'candidate'];
// A point without requests is unknown, not zero.
const faults = (arm) => (arm.requests > 0 ? (100 * arm.faults) / arm.requests : null);
const slowest = (arm) => (arm.requests > 0 ? arm.p99_ms : null);
const share = (point) => {
  const served = ratio(point.candidate.served, point.control.served + point.candidate.served);
  return served == null ? null : served * 100;
};

/** All three charts of one experiment. */
export function drawHistory(parts, experiment) {
  const { history } = experiment;
  const arms = (value) => ARMS.map((name) => ({ name, values: history.map((point) => value(point[name])) }));
  draw(parts['errors-chart'], parts['errors-legend'], { history, unit: '%', least: 1, lines: arms(faults), what: 'Faults' });
  draw(parts['latency-chart'], parts['latency-legend'], { history, unit: 'ms', least: 1, lines: arms(slowest), what: 'Latency p99' });
  const lines = [{ name: 'candidate', values: history.map(share) }];
  draw(parts['share-chart'], parts['share-legend'], { history, unit: '%', least: 1, lines, what: 'Share', aim: experiment.candidate_percent });
}

const width = (node) => node.clientWidth || 320;

function draw(node, legend, chart) {
  const across = width(node);
  const seconds = chart.history.at(-1)?.seconds ?? 5;
  const end = Date.parse(chart.history.at(-1)?.at ?? new Date().toISOString());
  const top = ceiling(Math.max(chart.least, 1.2 * (chart.aim ?? 0), ...chart.lines.flatMap((line) => line.values.filter((v) => v != null))));
  const times = chart.history.map((point) => Date.parse(point.at));
  const x = (at) => across - EDGE.right - ((end - at) / (POINTS * seconds * 1000)) * (across - EDGE.left - EDGE.right);
  const y = (value) => HEIGHT - EDGE.bottom - (value / top) * (HEIGHT - EDGE.top - EDGE.bottom);
  const shapes = [...axes(across, top, chart.unit, y, POINTS * seconds)];
  if (chart.aim != null) shapes.push(svg('path', { class: 'aim', d: `M${EDGE.left} ${y(chart.aim)}H${across - EDGE.right}` }));
  for (const line of chart.lines) shapes.push(svg('path', { class: `line ${line.name}`, d: path(line.values, times, seconds, x, y) }));
  const cursor = { line: svg('path', { class: 'cursor' }), when: svg('text', { class: 'tick middle', y: 10 }) };
  node.replaceChildren(...shapes, cursor.line, cursor.when);
  mark(node, 'height', HEIGHT);
  read(node, legend, chart, times, x, cursor);
}

/** 1, 2 or 5 times a power of ten: an axis that rescales seldom, with round labels. */
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].find((step) => step * power >= value * 0.999) * power;
}

function* axes(across, top, unit, y, seconds) {
  const right = across - EDGE.right;
  for (const part of [0, 0.5, 1]) {
    const at = y(top * part);
    yield svg('path', { class: part ? 'grid' : 'axis', d: `M${EDGE.left} ${at}H${right}` });
    yield svg('text', { class: 'tick end', x: EDGE.left - 4, y: at + 4 }, `${figure(top * part)}${part === 1 ? ` ${unit}` : ''}`);
  }
  yield svg('text', { class: 'tick', x: EDGE.left, y: HEIGHT - 4 }, `${span(seconds)} ago`);
  yield svg('text', { class: 'tick middle', x: (EDGE.left + right) / 2, y: HEIGHT - 4 }, `${span(seconds / 2)} ago`);
  yield svg('text', { class: 'tick end', x: right, y: HEIGHT - 4 }, 'last');
}

/** A missing value, or a hole in the times (a restart), lifts the pen; a lone point is a dot. */
function path(values, times, seconds, x, y) {
  let d = '';
  let down = false;
  values.forEach((value, i) => {
    const hole = i > 0 && times[i] - times[i - 1] > seconds * 2500;
    if (value == null) down = false;
    else {
      const to = `${x(times[i]).toFixed(1)} ${y(value).toFixed(1)}`;
      d += down && !hole ? `L${to}` : `M${to}h.1`;
      down = true;
    }
  });
  return d;
}

/** The legend carries the numbers: the last ones, or those under the pointer. */
function read(node, legend, chart, times, x, cursor) {
  const at = (i) => chart.lines.map((line) => `${line.name} ${line.values[i] == null ? 'no requests' : `${figure(line.values[i])}\u00a0${chart.unit}`}`);
  const show = (i) => {
    const values = at(i);
    const keys = chart.lines.flatMap((line, k) => [svg('svg', { class: 'sample', viewBox: '0 0 24 8', 'aria-hidden': true }, svg('path', { class: `line ${line.name}`, d: 'M0 4H24' })), `${values[k]} `]);
    if (chart.aim != null) keys.push(svg('svg', { class: 'sample', viewBox: '0 0 24 8', 'aria-hidden': true }, svg('path', { class: 'aim', d: 'M0 4H24' })), `dial ${chart.aim} % `);
    legend.replaceChildren(...keys);
  };
  const last = times.length - 1;
  mark(node, 'aria-label', last < 0 ? `${chart.what}: no data yet` : `${chart.what}, last point: ${at(last).join(', ')}`);
  const latest = () => {
    mark(cursor.line, 'd', '');
    say(cursor.when, '');
    if (last < 0) say(legend, 'no data yet');
    else show(last);
  };
  const follow = (clientX) => {
    const place = clientX - node.getBoundingClientRect().left;
    const i = times.reduce((best, t, k) => (Math.abs(x(t) - place) < Math.abs(x(times[best]) - place) ? k : best), 0);
    mark(cursor.line, 'd', `M${x(times[i])} ${EDGE.top + 5}V${HEIGHT - EDGE.bottom}`);
    mark(cursor.when, 'x', Math.min(Math.max(x(times[i]), EDGE.left + 40), width(node) - 40));
    say(cursor.when, new Date(times[i]).toLocaleTimeString());
    show(i);
  };
  node.onpointermove = (event) => {
    node.pointer = event.clientX;
    if (last >= 0) follow(node.pointer);
  };
  node.onpointerleave = () => {
    node.pointer = null;
    latest();
  };
  // A report must not take away what somebody is pointing at.
  if (node.pointer != null && last >= 0) follow(node.pointer);
  else latest();
}

// ln E from -4 to 8: both thresholds in use lie well inside; what is beyond gets an arrow, so that the scale stays.
const LOW = -4;
const HIGH = 8;
const TESTS = {
  errors: 'Errors', repeats: 'Fails where control does not', errors_pass: 'Errors few enough', latency: 'Latency, in pairs', slow: 'Slower than the objective',
  agreement: 'Agreement', mismatch: 'Agreement', split: 'Split as the dial says',
};

export function drawEvidence(parts, evidence) {
  const high = Math.max(HIGH, ...evidence.map((test) => test.threshold_log * 1.2));
  list(parts.against, evidence.filter((test) => test.kind === 'fail'), high);
  list(parts.for, evidence.filter((test) => test.kind === 'pass'), high);
}

function list(node, tests, high) {
  const names = tests.map((test) => test.test).join();
  if (node.names !== names || !node.rows) {
    node.names = names;
    node.rows = tests.map(() => copy('test'));
    node.replaceChildren(...(tests.length ? node.rows.map((row) => row.root) : [Object.assign(document.createElement('li'), { className: 'note', textContent: 'No data yet: that is neither good nor bad.' })]));
  }
  tests.forEach((test, i) => drawTest(node.rows[i], test, high));
}

function drawTest({ root, parts }, test, high) {
  const bad = test.kind === 'fail';
  const log = test.log ?? 0; // JSON has no infinity: what is missing draws no bar
  mark(root, 'data-kind', test.kind);
  mark(root, 'data-fired', test.fired);
  say(parts.name, TESTS[test.test] ?? words(test.test));
  say(parts.state, !test.fired ? '' : bad ? '✕ reached: no-go' : '✓ reached');
  say(parts.value, `ln E ${test.log == null ? NONE : figure(Math.round(log * 10) / 10)} of ${figure(test.threshold_log)}`);
  // The name stands above, the numbers of the bracket beside it.
  say(parts.detail, test.detail.replace(/^\w+: /, '').replace(/ \(E = [^)]*\)$/, '').replace(/^./, (first) => first.toUpperCase()));
  mark(parts.log, 'aria-label', `ln E ${figure(log)}, line at ${figure(test.threshold_log)}, ${bad ? 'bad' : 'good'} when reached, ${test.fired ? 'reached' : 'not reached'}`);
  const place = (value) => ((Math.min(high, Math.max(LOW, value)) - LOW) / (high - LOW)) * 100;
  const zero = place(0);
  const end = place(log);
  const line = place(test.threshold_log);
  // Left of zero nothing speaks for what the test looks for: grey, lest a long green bar look like good news.
  const bar = svg('rect', { class: log < 0 ? 'bar below' : 'bar', x: `${Math.min(zero, end)}%`, width: `${Math.abs(end - zero)}%`, y: 4, height: 10 });
  // As an attribute: in a style sheet the reference would be to a part of that sheet.
  if (bad && log >= 0) bar.setAttribute('fill', 'url(#hatch)');
  const beyond = log < LOW ? svg('text', { class: 'beyond', x: 3, y: 13 }, '◂') : log > high ? svg('text', { class: 'beyond end', x: '100%', dx: -3, y: 13 }, '▸') : '';
  parts.log.replaceChildren(
    svg('rect', { class: 'track', x: 0, width: '100%', y: 4, height: 10 }),
    bar,
    svg('line', { class: 'zero', x1: `${zero}%`, x2: `${zero}%`, y1: 2, y2: 16 }),
    svg('line', { class: 'threshold', x1: `${line}%`, x2: `${line}%`, y1: 0, y2: 18 }),
    svg('text', { class: 'threshold-sign', x: `${line}%`, dx: 5, y: 13 }, bad ? '✕' : '✓'),
    beyond,
  );
}
