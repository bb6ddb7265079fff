// Elements, units and times: the few words that the other parts of the page share.
// Everything from the network becomes text nodes, never markup.

const SVG = 'http://www.w3.org/2000/svg';

/** A copy of a template, and its parts by their `data-f` names. */
export function copy(id) {
  const root = document.getElementById(id).content.firstElementChild.cloneNode(true);
  const parts = {};
  for (const node of root.querySelectorAll('[data-f]')) parts[node.dataset.f] = node;
  return { root, parts };
}

/** Written only when it differs: no flicker, no lost selection, and live regions stay silent. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function mark(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

export function html(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

export const NONE = '–';
const counts = new Intl.NumberFormat('en');
const figures = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

export const count = (n) => (n == null ? NONE : counts.format(n).replaceAll(',', '\u202f'));
export const figure = (n) => (n == null ? NONE : n >= 1000 ? count(Math.round(n)) : figures.format(n).replace('-', '−'));
export const percent = (ratio) => (ratio == null ? NONE : `${figure(ratio * 100)}\u00a0%`);
export const millis = (ms) => (ms == null ? NONE : `${figure(ms)}\u00a0ms`);
export const sum = (counted) => Object.values(counted ?? {}).reduce((a, b) => a + b, 0);
export const ratio = (part, whole) => (whole > 0 ? part / whole : null);
/** Names come from the API as identifiers: `half_open` reads better with a space. */
export const words = (identifier) => identifier.replaceAll('_', ' ');

export function span(seconds) {
  const s = Math.max(0, seconds);
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 172800) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} days`;
}

/** The server's clock less ours: an operator's laptop may be wrong by minutes. */
let skewMillis = 0;
export function learnClock(dateHeader) {
  const server = Date.parse(dateHeader ?? '');
  // The header has whole seconds: less than two are no skew.
  if (!Number.isNaN(server)) skewMillis = Math.abs(server - Date.now()) < 2000 ? 0 : server - Date.now();
}

export function secondsSince(at) {
  return (Date.now() + skewMillis - Date.parse(at)) / 1000;
}

/** A `<time>` that reads "3 min ago", with the moment itself in its title; `tickTimes` keeps it true. */
export function time(at) {
  return setTime(html('time'), at);
}

export function setTime(node, at) {
  mark(node, 'datetime', at);
  mark(node, 'title', new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long' }));
  say(node, `${span(secondsSince(at))} ago`);
  return node;
}

export function tickTimes() {
  for (const node of document.querySelectorAll('time[datetime]')) say(node, `${span(secondsSince(node.dateTime))} ago`);
}

/** Parts in a row, written only when what a reader would see differs. */
export function compose(node, ...parts) {
  const nodes = parts.filter((part) => part != null).map((part) => (typeof part === 'string' ? document.createTextNode(part) : part));
  const key = nodes.map((n) => n.dateTime ?? n.textContent).join('\u0000');
  if (node.composed === key) return;
  node.composed = key;
  node.replaceChildren(...nodes);
}
