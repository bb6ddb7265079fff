// What the page asks of the product. Every failure becomes an Error whose message a person can act on.

const PATIENCE_MILLIS = 10000;

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MILLIS), cache: 'no-store', ...options });
  } catch (error) {
    const late = error.name === 'TimeoutError';
    throw new Error(late ? `no answer within ${PATIENCE_MILLIS / 1000} s: it may or may not have happened` : 'the product cannot be reached');
  }
  if (!response.ok) throw new Refused(response.status, await complaint(response));
  return response;
}

/** `application/problem+json` names what is wrong in `detail`; anything else is told by its status. */
async function complaint(response) {
  const said = await response.json().catch(() => ({}));
  return `${response.status}: ${said.detail ?? said.title ?? (response.statusText || 'refused')}`;
}

const sent = (method, body, headers = {}) => ({ method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers } });
const at = (name) => `/api/rollout/${encodeURIComponent(name)}`;

export async function report() {
  const response = await ask('/api/rollout');
  return { report: await response.json(), date: response.headers.get('date') };
}

export async function audit() {
  return (await (await ask('/api/rollout/audit?limit=20')).json()).items;
}

export const turn = (name, version, body) => ask(at(name), sent('PUT', body, { 'If-Match': `"${version}"` }));
export const kill = (name, reason) => ask(`${at(name)}/kill`, sent('POST', { reason }));
export const release = (name, reason) => ask(`${at(name)}/release`, sent('POST', { reason }));

export async function example(url) {
  return (await ask(url)).blob();
}
