// Single sign-on in a real browser, with product and provider on different sites.
//
//   BASE_URL=http://localhost:3002 node sign_in.mjs
//
// CHROMIUM   the browser (default `chromium`)
// Exits 0, or 1 with what failed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chromium } from 'playwright-core';

const { BASE_URL, CHROMIUM = 'chromium' } = process.env;
const START = `${BASE_URL}/api/session/single-sign-on`;
const executablePath = execFileSync('sh', ['-c', 'command -v "$0"', CHROMIUM], { encoding: 'utf8' }).trim();

async function signIn(page, query) {
  await page.goto(`${START}?return_to=/docs${query}`);
  assert.notEqual(new URL(page.url()).hostname, new URL(BASE_URL).hostname, 'the form is the provider\'s');
  await page.fill('input[name=login]', 'bob');
  await page.click('text="Sign in"');
  await page.waitForURL(`${BASE_URL}/docs`);
  return page.evaluate(async () => (await fetch('/api/session')).json());
}

const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu'] });
try {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(20000);
  const session = await signIn(page, '');
  assert.equal(session.user.name, 'bob');
  assert.equal(session.organization.role, 'analyst');
  const cookies = await context.cookies(BASE_URL);
  const cookie = cookies.find(({ name }) => name === 'qro_session');
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Lax']);
  assert.equal(await page.evaluate(() => document.cookie.includes('qro_')), false);
  // The session goes on under another cookie, which the browser brought along from the provider's site.
  const again = await signIn(page, '&step_up=true');
  assert.equal(again.user.id, session.user.id);
  const renewed = (await context.cookies(BASE_URL)).find(({ name }) => name === 'qro_session');
  assert.notEqual(renewed.value, cookie.value);
  const sessions = await page.evaluate(async () => (await fetch('/api/account/sessions')).json());
  assert.equal(sessions.items.length, 1, 'the old one ended');
  // Nobody else's page has the cookie that a sign-in is bound to.
  const other = await (await browser.newContext()).newPage();
  const answer = await other.goto(`${BASE_URL}/api/session/callback?state=x&code=y`);
  assert.equal(answer.status(), 400);
} finally {
  await browser.close();
}
