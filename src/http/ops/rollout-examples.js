// The last mismatches, both answers side by side. They are fetched when opened: a page left open costs nothing.
import * as api from './rollout-api.js';
import { compose, copy, count, html, mark, say, setTime, words } from './rollout-elements.js';

const LONGEST_TEXT = 20000;
const LONGEST_LIST = 8;

export function drawExamples(parts, examples) {
  const box = parts.examples;
  box.shown ??= new Map();
  parts['no-examples'].hidden = examples.length > 0;
  const ids = new Set(examples.map((example) => example.id));
  for (const [id, { root }] of box.shown) {
    // One that somebody is looking at stays, even when the product no longer keeps it.
    if (ids.has(id) || root.open) continue;
    root.remove();
    box.shown.delete(id);
  }
  for (const [place, example] of examples.entries()) {
    if (box.shown.has(example.id)) continue;
    const made = create(example);
    box.shown.set(example.id, made);
    box.insertBefore(made.root, box.children[place] ?? null);
  }
}

function create(example) {
  const made = copy('example');
  say(made.parts.what, words(example.what));
  setTime(made.parts.at, example.at);
  say(made.parts.id, example.id);
  made.root.addEventListener('toggle', () => {
    if (!made.root.open || made.asked) return;
    made.asked = true;
    load(made.parts, example).then((complete) => (made.asked = complete));
  });
  return made;
}

async function load(parts, example) {
  say(parts.differs, 'Fetching both answers…');
  const [control, candidate] = await Promise.all(['control', 'candidate'].map((side) => fetchSide(example[side])));
  show(parts, 'control', control);
  show(parts, 'candidate', candidate);
  const differs = await compare(parts, control, candidate);
  compose(parts.differs, html('strong', {}, `Judged different: ${words(example.what)}. `), differs);
  return !control.error && !candidate.error;
}

async function fetchSide(url) {
  try {
    const blob = await api.example(url);
    if (blob.type.startsWith('image/')) return { blob, image: await picture(blob) };
    const text = (await blob.text()).slice(0, LONGEST_TEXT);
    return { blob, text, value: parsed(text) };
  } catch (error) {
    return { error: error.message };
  }
}

/** As an `<img>`, never as markup: an SVG there runs nothing and loads nothing. */
async function picture(blob) {
  const image = html('img', { alt: '' });
  image.src = URL.createObjectURL(blob);
  try {
    await image.decode();
  } catch {
    throw new Error(`an answer of type ${blob.type} that is no readable picture`);
  }
  return image;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function show(parts, side, { blob, image, text, value, error }) {
  if (error) return parts[side].replaceChildren(html('p', { class: 'failed' }, error));
  const size = `${blob.type || 'no type'}, ${count(blob.size)} bytes`;
  say(parts[`${side}-size`], image ? `${size}, ${image.naturalWidth} × ${image.naturalHeight} px` : size);
  if (image) mark(image, 'alt', `Picture by ${side}`);
  const pre = () => html('pre', { tabindex: 0, 'aria-label': `Answer by ${side}` }, value === undefined ? text : JSON.stringify(value, null, 2));
  parts[side].replaceChildren(image ?? pre());
}

async function compare(parts, control, candidate) {
  if (control.error || candidate.error) return 'Not both answers could be fetched; close and open to try again.';
  if (control.blob.type !== candidate.blob.type) return `The content types differ: ${control.blob.type} and ${candidate.blob.type}.`;
  if (control.image && candidate.image) return comparePictures(parts, control.image, candidate.image);
  if (control.value !== undefined && candidate.value !== undefined) {
    const paths = differences(control.value, candidate.value);
    if (paths.length === 0) return 'As JSON they are equal; only the bytes may differ.';
    const more = paths.length > LONGEST_LIST ? ` and ${paths.length - LONGEST_LIST} more` : '';
    return `They differ in ${paths.slice(0, LONGEST_LIST).join('; ')}${more}.`;
  }
  const [a, b] = [control.text.split('\n'), candidate.text.split('\n')];
  const line = a.findIndex((text, i) => text !== b[i]);
  return line < 0 && a.length === b.length ? 'The texts are equal.' : `They differ first in line ${(line < 0 ? a.length : line) + 1}.`;
}

function comparePictures(parts, control, candidate) {
  if (control.naturalWidth !== candidate.naturalWidth || control.naturalHeight !== candidate.naturalHeight) return 'The sizes differ.';
  parts.overlay.replaceChildren(...[control, candidate].map((image) => html('img', { alt: '', src: image.src })));
  mark(parts.overlay, 'role', 'img');
  mark(parts.overlay, 'aria-label', 'Difference of both pictures');
  parts['overlay-figure'].hidden = false;
  return 'What is not black in the third picture differs.';
}

/** Where two JSON values differ, as paths with both values. */
export function differences(a, b, path = '') {
  if (Object.is(a, b)) return [];
  const open = (value) => value !== null && typeof value === 'object';
  if (!open(a) || !open(b)) return [`${path || 'the whole'}: ${brief(a)} and ${brief(b)}`];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) => differences(a[key], b[key], path ? `${path}.${key}` : key));
}

function brief(value) {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
