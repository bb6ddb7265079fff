// Symbols by ZXing's own encoder (its port to TypeScript), for scripts/verify_symbols. Records and answers as in
// zint_matrix.c; the version is never 0 here, because this port's own choice is too large now and then, and the content
// is ASCII.
//
// Invariant: one answer per record, in order, also where the encoder refuses.

import { readFileSync, writeSync } from 'node:fs';
import zxing from '@zxing/library';

const { EncodeHintType, QRCodeDecoderErrorCorrectionLevel, QRCodeEncoder } = zxing;

function answer(head, data) {
  const hints = new Map([[EncodeHintType.QR_VERSION, head[2]]]);
  const level = QRCodeDecoderErrorCorrectionLevel.fromString('LMQH'[head[1] - 1]);
  const matrix = QRCodeEncoder.encode(data.toString('latin1'), level, hints).getMatrix();
  const modules = matrix.getWidth();
  const width = (modules + 7) >> 3;
  const out = Buffer.alloc(1 + modules * width);
  out[0] = modules;
  for (let y = 0; y < modules; y++) {
    for (let x = 0; x < modules; x++) {
      if (matrix.get(x, y) === 1) out[1 + y * width + (x >> 3)] |= 1 << (x & 7);
    }
  }
  return out;
}

function refusal(error) {
  const why = Buffer.from(String(error.message ?? error)).subarray(0, 255);
  return Buffer.concat([Buffer.from([0, why.length]), why]);
}

function write(bytes) {
  for (let sent = 0; sent < bytes.length; ) {
    try {
      sent += writeSync(1, bytes, sent);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

const input = readFileSync(0);
for (let at = 0; at < input.length; ) {
  const head = input.subarray(at, at + 8);
  const length = head.readUInt32LE(4) & 0x7fffffff;
  const data = input.subarray(at + 8, at + 8 + length);
  at += 8 + length;
  try {
    write(answer(head, data));
  } catch (error) {
    write(refusal(error));
  }
}
