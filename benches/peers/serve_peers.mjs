// Draws symbols over HTTP as those whom we replace do: `node serve_peers.mjs PORT`.
//
// `/node-qrcode?text=` is npm's qrcode as its documentation shows it; `/quickchart?text=` draws as QuickChart's own source does
// (`lib/qr.js`: a data URL of the same package, taken apart again), with its defaults. Both without the web framework that a service
// of theirs pays for, so what is measured here is kinder to them than what they ship. `/none` says that the server listens.

import { createServer } from 'node:http';
import QRCode from 'qrcode';

const options = ({ searchParams }) => ({ errorCorrectionLevel: 'M', margin: 4, width: Number(searchParams.get('size') ?? 150) });

const drawings = {
  '/node-qrcode': (url) => QRCode.toBuffer(url.searchParams.get('text'), options(url)),
  '/node-qrcode.svg': (url) => QRCode.toString(url.searchParams.get('text'), { ...options(url), type: 'svg' }),
  '/quickchart': async (url) => Buffer.from((await QRCode.toDataURL(url.searchParams.get('text'), options(url))).split(',')[1], 'base64'),
};

createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const draw = drawings[url.pathname];
  if (!draw) return void response.writeHead(404).end();
  const file = await draw(url);
  response.writeHead(200, { 'content-type': url.pathname.endsWith('.svg') ? 'image/svg+xml' : 'image/png', 'content-length': file.length }).end(file);
}).listen(Number(process.argv[2]), '127.0.0.1');
