// The operators' page: keeps one report fresh and shows it.
import * as api from './rollout-api.js';
import { Card, overridden } from './rollout-card.js';
import { html, learnClock, mark, say, span, tickTimes, time, words } from './rollout-elements.js';

// Heartbeats are comments, which a page cannot see, and a product with nothing new is silent:
// after ASK_AFTER we ask, and only what went unanswered until DEAD_AFTER is called dead.
const ASK_AFTER_MILLIS = 4000;
const DEAD_AFTER_MILLIS = 7000;
const RECONNECT_MILLIS = 2000;

const part = (id) => document.getElementById(id);
const cards = new Map();
let heardAt = 0; // of the last report, by our clock
let asking = false;
let trouble = '';
let wasLive = null;
let audited = ''; // what the audit log was last fetched for

const page = { refresh, live, announce };

function live() {
  return heardAt > 0 && Date.now() - heardAt < DEAD_AFTER_MILLIS;
}

/** Twice the same words must be read twice, so the region is emptied first. */
function announce(text, urgent = false) {
  const region = part(urgent ? 'announce-now' : 'announce-polite');
  say(region, '');
  setTimeout(() => say(region, text), 100);
}

function take(report) {
  heardAt = Date.now();
  trouble = '';
  report.experiments.forEach(showExperiment);
  part('empty').hidden = cards.size > 0;
  say(part('empty'), 'No experiment is known to the product.');
  showFacts(report);
  showTitle(report.experiments);
  showLive();
  const state = report.experiments.map(overridden).join();
  if (state !== audited) {
    audited = state;
    showAudit();
  }
}

/** One that cannot be shown must not take the others, or its own kill, off the page. */
function showExperiment(experiment) {
  const shown = card(experiment.name);
  try {
    shown.update(experiment);
  } catch (error) {
    console.error(error);
    shown.tell(`Part of this report cannot be shown: ${error.message}`, 'failed');
  }
}

function card(name) {
  if (!cards.has(name)) {
    const made = new Card(name, page);
    cards.set(name, made);
    part('tiles').append(made.tile.root);
    part('experiments').append(made.card.root);
  }
  return cards.get(name);
}

function showFacts({ flags, autopilot, load }) {
  const age = flags.age_seconds == null ? '' : `, ${span(flags.age_seconds)} old`;
  const caveats = Object.entries(flags.caveats).map(([flag, caveat]) => `; ${flag} is not followed exactly: ${caveat}`).join('');
  say(part('flags'), `Flags ${flags.source}, ${flags.state}${age}${flags.source === 'unleash' ? ' (turn the dial in Unleash; a kill here wins)' : ''}${caveats}`);
  mark(part('flags'), 'data-bad', flags.state !== 'fresh' || caveats !== '');
  say(part('autopilot'), `Autopilot ${autopilot.enabled ? 'on' : 'off'}, dwell ${span(autopilot.dwell_seconds)}`);
  say(part('load'), load.saturated ? 'CPU saturated, shadows are shed' : 'CPU not saturated');
  mark(part('load'), 'data-bad', load.saturated);
}

/** The worst verdict, for whoever has the page in another tab. */
function showTitle(experiments) {
  const worst = ['no-go', 'hold', 'go'].find((verdict) => experiments.some((e) => e.verdict.verdict === verdict));
  const title = worst ? `${worst.toUpperCase()} · Rollout · qr-observatory` : 'Rollout · qr-observatory';
  if (document.title !== title) document.title = title;
}

function showLive() {
  const now = live();
  const age = Math.floor((Date.now() - heardAt) / 1000);
  const silence = heardAt ? `no data for ${age} s` : 'no data yet';
  say(part('live-text'), now ? 'Live' : `NOT LIVE: ${silence}${trouble ? ` (${trouble})` : ''}`);
  mark(part('live'), 'data-state', now ? 'live' : 'dead');
  mark(document.body, 'data-live', now);
  if (now !== wasLive && wasLive !== null) announce(now ? 'Live again.' : `Not live: ${silence}. What is shown may be old.`, !now);
  wasLive = now;
}

async function showAudit() {
  const note = part('audit-note');
  try {
    const items = await api.audit();
    part('audit').replaceChildren(...items.map(auditRow));
    say(note, items.length ? '' : 'Nothing was changed yet.');
  } catch (error) {
    say(note, `The audit log cannot be shown: ${error.message}`);
  }
}

function auditRow({ at, actor, action, subject, reason, detail }) {
  const cells = [time(at), actor ?? '', words((action ?? '').replace(/^rollout\./, '')), subject ?? '', reason ?? '', plain(detail)];
  return html('tr', {}, ...cells.map((cell) => html('td', {}, cell)));
}

/** JSON in a text. Of a state before and after, only what differs. */
function plain(detail) {
  if (detail == null) return '';
  let told;
  try {
    told = JSON.parse(detail);
  } catch {
    return String(detail);
  }
  const { before, after } = told;
  const named = (key, value) => `${words(key).replace(/ percent$/, '')} ${value}`;
  if (!before || !after) return Object.entries(told).map(([key, value]) => named(key, value)).join(', ');
  const changed = Object.keys(after).filter((key) => before[key] !== after[key]);
  return changed.map((key) => `${named(key, before[key])} → ${after[key]}${key.endsWith('_percent') ? ' %' : ''}`).join(', ') || 'nothing changed';
}

/** Never fails: what went wrong is on the page. */
async function refresh() {
  asking = true;
  try {
    const { report, date } = await api.report();
    learnClock(date);
    take(report);
  } catch (error) {
    trouble = error.message;
    showLive();
  }
  asking = false;
}

/** EventSource comes back by itself after a cut, but gives up for good after an answer that is no stream. */
function connect() {
  const source = new EventSource('/api/rollout/events');
  source.addEventListener('message', (event) => take(JSON.parse(event.data)));
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, RECONNECT_MILLIS);
  });
}

function tick() {
  tickTimes();
  if (!asking && Date.now() - heardAt > ASK_AFTER_MILLIS) refresh();
  showLive();
}

refresh();
connect();
setInterval(tick, 1000);
// Charts are drawn in pixels, so that their letters keep their size.
new ResizeObserver(() => cards.forEach((shown) => shown.redraw())).observe(part('experiments'));
