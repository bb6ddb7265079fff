// Makes a code, draws it and reads it back, with what @hey-api/openapi-ts generated.
//
// Arguments: the server's address, an API key, the text, and the file to draw into. Run by scripts/clients.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';

import { createClient } from './generated/client/index.js';
import { createStaticCode, deleteCode, generateSymbol, getCode, getCodeImage, listCodes } from './generated/index.js';

const [baseUrl, key, text, file] = process.argv.slice(2);
const client = createClient({
    baseUrl,
    throwOnError: true,
    auth: (scheme) => (scheme.scheme === 'bearer' ? key : undefined),
});
const options = { client, throwOnError: true } as const;

const made = (await createStaticCode({ ...options, body: { content: text, title: 'typescript' } })).data;
const path = { id: made.id };
const image = await getCodeImage({ ...options, path, query: { image_format: 'png', size: 12 } });
assert.equal(image.response.headers.get('content-type'), 'image/png');
writeFileSync(file, Buffer.from(await image.data.arrayBuffer()));

const found = (await getCode({ ...options, path })).data;
assert.deepEqual([found.id, found.content, found.title], [made.id, text, 'typescript']);
const listed = (await listCodes({ ...options, query: { limit: 100 } })).data;
assert.ok(listed.items.some((code) => code.id === made.id));

const drawn = (await generateSymbol({ ...options, body: { data: text, options: { dataPattern: 'dots' } } })).data;
assert.ok(drawn.svg?.startsWith('<svg') && drawn.scannability.scannable);

const deleted = await deleteCode({ ...options, path });
assert.equal(deleted.response.status, 204);
