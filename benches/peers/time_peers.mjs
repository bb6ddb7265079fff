// Times npm's qr and qrcode (node-qrcode) on the texts that `peers_rust inputs` prints: `node time_peers.mjs TURN_MS [PREFIX]`.
//
// Invariant: one JSON object per output and text. Turns are as long as asked for; their median counts.

import { readFileSync } from 'node:fs';
import encodeQR from 'qr';
import QRCode from 'qrcode';

const TURNS = 15;
const turnNs = 1e6 * Number(process.argv[2] ?? 1);
const prefix = process.argv[3] ?? '';
const inputs = readFileSync(0, 'utf8').trimEnd().split('\n').map((line) => line.split('\t'));

const level = { errorCorrectionLevel: 'M' };
const png = (width) => (text) => QRCode.toBuffer(text, { ...level, width, margin: 4 });
const peers = [
  ['npm qr', 'symbol', (text) => void encodeQR(text, 'raw', { ecc: 'medium' })],
  ['npm qr', 'svg', (text) => encodeQR(text, 'svg', { ecc: 'medium', border: 4 })],
  ['node-qrcode', 'symbol', (text) => void QRCode.create(text, level)],
  ['node-qrcode', 'svg', (text) => QRCode.toString(text, { ...level, type: 'svg', margin: 4 })],
  ['node-qrcode', 'png_300', png(300)],
  ['node-qrcode', 'png_1000', png(1000)],
  ['node-qrcode', 'png_2000', png(2000)],
];

// Nanoseconds of `calls` calls; those that promise something are waited for.
async function turn(make, text, calls, waits) {
  const began = process.hrtime.bigint();
  for (let call = 0; call < calls; call++) {
    const made = make(text);
    if (waits) await made;
  }
  return Number(process.hrtime.bigint() - began);
}

// The compiler needs a while to see what is hot, and what it learned on one text may be wrong for the next.
async function warm(make, texts) {
  const until = performance.now() + 300;
  while (performance.now() < until) {
    for (const text of texts) await make(text);
  }
}

async function medianNs(make, text, waits) {
  let calls = 1;
  while ((await turn(make, text, calls, waits)) < turnNs) calls *= 2;
  const times = [];
  // What takes long is not made so often.
  const until = performance.now() + 40 * (turnNs / 1e6);
  while (times.length < TURNS && (times.length < 3 || performance.now() < until)) {
    times.push((await turn(make, text, calls, waits)) / calls);
  }
  times.sort((a, b) => a - b);
  return Math.round(times[times.length >> 1]);
}

for (const [peer, output, make] of peers) {
  const chosen = inputs.filter(([name]) => `${output}/${name}`.startsWith(prefix));
  if (chosen.length > 0) await warm(make, chosen.map(([, text]) => text));
  for (const [name, text] of chosen) {
    const made = make(text);
    const ns = await medianNs(make, text, made instanceof Promise);
    console.log(JSON.stringify({ bench: `${output}/${name}`, peer, ns, bytes: (await made)?.length ?? null }));
  }
}
