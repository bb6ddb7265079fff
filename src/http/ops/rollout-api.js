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

// A browser sends what was typed into its dialog only below /ops/. A session goes with every request.
if ('dialog' in document.body.dataset) await ask('/ops/session', { method: 'POST' }).catch(() => {});

/** A change carries the token of the session. */
const token = async () => ({ 'X-CSRF-Token': (await (await ask('/api/session')).json()).csrf_token });

const change = async (path, method, body, headers = {}) =>
  ask(path, { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...(await token()), ...headers } });
const at = (name) => `/api/rollout/${encodeURIComponent(name)}`;

export async function report() {
  const response = await ask('/api/rollout');
  return { report: await response.json(), date: response.headers.get('date') };
}

export async function audit() {
  return (await (await ask('/api/rollout/audit?limit=20')).json()).items;
}

export const turn = (name, version, body) => change(at(name), 'PUT', body, { 'If-Match': `"${version}"` });
export const kill = (name, reason) => change(`${at(name)}/kill`, 'POST', { reason });
export const release = (name, reason) => change(`${at(name)}/release`, 'POST', { reason });

export async function example(url) {
  return (await ask(url)).blob();
}
