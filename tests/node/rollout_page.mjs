// The operators' page in a real browser against a running product.
//
//   BASE_URL=http://127.0.0.1:3002 USER=admin PASSWORD=… SCREENSHOTS=/tmp/shots node rollout_page.mjs
//
// CHROMIUM       the browser (default `chromium`)
// EXPERIMENT     which one is turned, killed and released (default `render`); it is left released at 0 %
// EXPECT_MISMATCH=1   the experiment has at least one stored mismatch, which must open with both answers
// Exits 0 and prints what was checked as JSON; 1 with what failed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const { BASE_URL = 'http://127.0.0.1:3002', USER = 'admin', PASSWORD = '', SCREENSHOTS = '', EXPERIMENT = 'render' } = process.env;
const PATIENCE_MILLIS = 10000;
const origin = new URL(BASE_URL).origin;
const authorization = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
const passed = [];
const complaints = []; // console errors, violations of the policy, requests elsewhere
let expected = null; // what a step provokes on purpose, and the browser reports on the console

// ---- the product, without the page

async function api(method, path, body, headers = {}) {
  const response = await fetch(`${origin}/api/rollout${path}`, {
    method, headers: { authorization, 'content-type': 'application/json', ...headers }, body: body && JSON.stringify(body), signal: AbortSignal.timeout(PATIENCE_MILLIS),
  });
  assert.ok(response.ok, `${method} /api/rollout${path}: ${response.status} ${await response.clone().text()}`);
  return response.json().catch(() => null);
}

async function state() {
  return (await api('GET', '')).experiments.find((experiment) => experiment.name === EXPERIMENT);
}

async function turn(candidate_percent) {
  const { version, shadow_percent } = await state();
  await api('PUT', `/${EXPERIMENT}`, { candidate_percent, shadow_percent, reason: 'browser test' }, { 'if-match': `"${version}"` });
}

async function atRest() {
  if ((await state()).override) await api('POST', `/${EXPERIMENT}/release`, { reason: 'browser test' });
  await turn(0);
}

async function until(what, holds) {
  const end = Date.now() + PATIENCE_MILLIS;
  while (Date.now() < end) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`not within ${PATIENCE_MILLIS} ms: ${what}`);
}

// ---- the browser

function executable() {
  const name = process.env.CHROMIUM || 'chromium';
  return name.includes('/') ? name : execFileSync('sh', ['-c', 'command -v "$0"', name], { encoding: 'utf8' }).trim();
}

async function open(browser, { width, height, colorScheme }) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, httpCredentials: { username: USER, password: PASSWORD, origin } });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MILLIS);
  watch(page);
  await page.addInitScript(() => {
    // Kept, so that `cutOff` can end them: the browser's own offline mode lets an open stream live on.
    window.streams = [];
    window.EventSource = class extends EventSource {
      constructor(...all) {
        super(...all);
        window.streams.push(this);
      }
    };
  });
  await page.addInitScript(() => document.addEventListener('securitypolicyviolation', (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`)));
  await page.goto(`${origin}/ops/rollout`);
  await page.locator('body[data-live="true"] .tile').first().waitFor();
  return page;
}

function watch(page) {
  page.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type())) return;
    if (expected && message.text().includes(expected)) return;
    complaints.push(`console: ${message.text()} ${message.location().url ?? ''}`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (['blob:', 'data:'].includes(url.protocol)) return;
    if (url.origin !== origin) complaints.push(`request to another origin: ${url}`);
  });
}

const tile = (page) => page.locator('.tile').filter({ has: page.getByRole('link', { name: EXPERIMENT, exact: true }) });
const card = (page) => page.locator(`#${EXPERIMENT}`);
const message = (page) => card(page).locator('.message');
const killButton = (page) => tile(page).getByRole('button', { name: /^kill/i });

async function shows(page, where, pattern) {
  await until(`${pattern} on the page`, async () => pattern.test(await where.innerText()));
}

async function shoot(page, name) {
  if (!SCREENSHOTS) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

async function check(what, body) {
  await body();
  passed.push(what);
}

// ---- what must hold

async function policy() {
  const response = await fetch(`${origin}/ops/rollout`, { headers: { authorization } });
  const said = response.headers.get('content-security-policy') ?? '';
  for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"]) assert.ok(said.includes(part), `policy without ${part}: ${said}`);
  assert.ok(!said.includes('unsafe'), said);
  assert.equal((await fetch(`${origin}/ops/rollout`)).status, 401, 'the page without credentials');
}

async function verdicts(page) {
  const names = (await api('GET', '')).experiments.map(({ name }) => name);
  assert.ok(names.includes('render') && names.includes('validate'), `experiments: ${names}`);
  await until(`${names.length} experiments`, async () => (await page.locator('.card').count()) === names.length && (await page.locator('.tile').count()) === names.length);
  for (const name of names) {
    const text = await page.locator(`#${name} .verdict`).innerText();
    assert.match(text, /^(GO|HOLD|NO-GO)\s+\S.{10,}/s, `the verdict of ${name}`);
  }
}

async function dial(page) {
  await card(page).getByRole('button', { name: '5 %', exact: true }).click();
  const group = card(page).getByRole('group', { name: /raise/i });
  // Only a verdict of `go` is raised without a second look.
  if ((await tile(page).getAttribute('data-verdict')) !== 'go') {
    await group.waitFor();
    assert.equal((await state()).candidate_percent, 0, 'nothing is set before the yes');
    await group.getByRole('button', { name: 'Raise to 5 %' }).click();
  }
  await shows(page, message(page), /Set: candidate 5 %/);
  assert.equal((await state()).candidate_percent, 5);
  await shows(page, tile(page).locator('.tile-dial'), /^(5|0) %/); // 0: the breaker may be open
  assert.equal(await card(page).getByRole('button', { name: '5 %', exact: true }).getAttribute('aria-pressed'), 'true');
}

async function numbers(page) {
  await card(page).getByLabel('Candidate %').fill('3');
  await card(page).getByLabel(/^Why/).fill('browser test: lower by number');
  await card(page).getByRole('button', { name: 'Set', exact: true }).click();
  await shows(page, message(page), /Set: candidate 3 %/); // lowering asks nothing
  assert.equal((await state()).candidate_percent, 3);
  await shows(page, page.locator('.audit'), /browser test: lower by number/);
}

async function conflict(page) {
  await card(page).getByLabel('Candidate %').fill('2');
  await turn(1);
  await until('the page sees the change, and leaves what was typed', async () => (await card(page).getByRole('button', { name: '1 %', exact: true }).getAttribute('aria-pressed')) === 'true');
  assert.equal(await card(page).getByLabel('Candidate %').inputValue(), '2');
  expected = 'status of 412';
  await card(page).getByRole('button', { name: 'Set', exact: true }).click();
  const yes = card(page).getByRole('button', { name: 'Raise to 2 %' });
  await Promise.race([yes.waitFor(), shows(page, message(page), /changed it/)]);
  if (await yes.isVisible()) await yes.click();
  await shows(page, message(page), /Somebody else changed it: now at candidate 1 %/);
  assert.equal((await state()).candidate_percent, 1);
  assert.equal(await card(page).getByLabel('Candidate %').inputValue(), '1', 'the fresh state is in the form');
  expected = null;
}

async function killed(page) {
  await until('killed says the API', async () => (await state()).override?.kind === 'killed');
  await shows(page, tile(page), /killed/i);
  await shows(page, card(page).locator('.pairs').first(), /killed by/i);
  assert.match(await tile(page).locator('.tile-dial').innerText(), /^0 %/);
}

async function release(page) {
  await card(page).getByRole('button', { name: 'Release…' }).click();
  assert.ok((await state()).override, 'release waits for a yes');
  await card(page).getByRole('group', { name: /Release/ }).getByRole('button', { name: 'Release', exact: true }).click();
  await until('released says the API', async () => (await state()).override == null);
  await shows(page, card(page).locator('.pairs').first(), /Override\s+none/);
}

async function keyboard(page) {
  await page.reload(); // so that Tab begins where it does for somebody who just came
  await page.locator('body[data-live="true"] .tile').first().waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
  let steps = 0;
  while (!(await focused()).startsWith(`Kill ${EXPERIMENT}`)) {
    assert.ok(++steps < 20, 'Tab does not reach the kill within 20 steps');
    await page.keyboard.press('Tab');
  }
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineWidth);
  assert.ok(parseFloat(outline) >= 2, `the focus is visible: ${outline}`);
  await page.keyboard.press('Enter');
  await killed(page);
}

async function mismatch(page) {
  const first = card(page).locator('.example').first();
  await first.locator('summary').click();
  await shows(page, first, /Judged different/);
  assert.ok(!/Not both answers/.test(await first.innerText()), await first.innerText());
  const answers = first.locator('.sides figure:not([hidden])').locator('img, pre');
  assert.ok((await answers.count()) >= 2, 'both answers');
  const widths = await first.locator('.sides img').evaluateAll((images) => images.map((image) => image.naturalWidth));
  assert.ok(widths.every((width) => width > 0), `pictures that are pictures: ${widths}`);
  if (EXPERIMENT === 'render') assert.ok(widths.length >= 2, 'both pictures');
}

/** Every text against the ground it stands on: WCAG 2.2, 1.4.3. */
async function contrast(page) {
  const poor = await page.evaluate(() => {
    const parse = (text) => text.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = (node) => {
      for (let at = node; at; at = at.parentElement) {
        const colour = parse(getComputedStyle(at).backgroundColor);
        if (colour.length === 3 || colour[3] === 1) return colour;
      }
      return [255, 255, 255];
    };
    const found = [];
    for (const node of document.querySelectorAll('body *')) {
      const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
      if (!own || !node.checkVisibility({ visibilityProperty: true }) || node.closest('.unseen')) continue;
      const style = getComputedStyle(node);
      const [a, b] = [light(parse(node instanceof SVGElement ? style.fill : style.color)), light(ground(node))].sort((x, y) => y - x);
      const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
      const ratio = (a + 0.05) / (b + 0.05);
      if (ratio < (large ? 3 : 4.5)) found.push(`${node.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
    }
    return found;
  });
  assert.deepEqual(poor, [], 'contrast below AA');
}

/** Refreshes must not move what somebody is about to press; out of sight, a text may need a line more than a moment ago. */
async function stillness(page) {
  const places = () => page.evaluate(() => [...document.querySelectorAll('button')].filter((b) => b.checkVisibility({ visibilityProperty: true })).map((b) => b.getBoundingClientRect()).filter((r) => r.bottom > 0 && r.top < innerHeight).map((r) => [Math.round(r.x), Math.round(r.y)].join()).join(' '));
  const cards = page.locator('.card');
  for (const place of [() => scrollTo({ top: 0, behavior: 'instant' }), () => [...document.querySelectorAll('.card')].at(-1).scrollIntoView({ behavior: 'instant' })]) {
    await page.evaluate(place);
    const before = await places();
    assert.ok(before.split(' ').length > await cards.count(), `the buttons of a card are in sight: ${before}`);
    // A card that somebody scrolled past grows as its texts do.
    await page.evaluate(() => { const passed = document.querySelector('.card'); if (passed.getBoundingClientRect().bottom < 0) passed.style.paddingBottom = '40px'; });
    await page.waitForTimeout(3500);
    assert.equal(await places(), before, 'buttons moved while the page refreshed');
  }
  await page.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }));
}

/** Invented answers, for a page of its own: the product's verdicts cannot be turned at will. */
async function announced(browser) {
  const page = await open(browser, { width: 1280, height: 800, colorScheme: 'light' });
  const report = await api('GET', '');
  await page.route('**/api/rollout', (route) => route.fulfill({ json: report }));
  await page.evaluate(() => window.streams.forEach((stream) => stream.close()));
  const experiment = report.experiments.find(({ name }) => name === EXPERIMENT);
  for (const [verdict, region] of [['go', 'status'], ['no-go', 'alert']]) {
    experiment.verdict = { ...experiment.verdict, verdict, sentence: `${verdict}: <b>invented</b> for ${verdict}` };
    await shows(page, page.locator(`.unseen[role=${region}]`), new RegExp(`^${EXPERIMENT}: ${verdict}\\.`));
    assert.match(await card(page).locator('.verdict').innerText(), new RegExp(`^${verdict.toUpperCase()}\\s+<b>invented</b>`), 'text is text');
  }
  await page.context().close();
}

async function cutOff(page) {
  expected = 'ERR_INTERNET_DISCONNECTED';
  await page.context().setOffline(true);
  await page.evaluate(() => window.streams.forEach((stream) => stream.close()));
  await page.locator('body[data-live="false"]').waitFor({ timeout: 2 * PATIENCE_MILLIS });
  await shows(page, page.locator('#live'), /NOT LIVE: no data for \d+ s/);
  await shoot(page, 'rollout-not-live');
  await page.context().setOffline(false);
  await page.locator('body[data-live="true"]').waitFor({ timeout: 2 * PATIENCE_MILLIS });
  expected = null;
}

async function desktop(browser, scheme) {
  const page = await open(browser, { width: 1280, height: 1600, colorScheme: scheme });
  await check(`${scheme}: contrast`, () => contrast(page));
  await page.waitForTimeout(500);
  await shoot(page, `rollout-${scheme}`);
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  return { page, ground };
}

async function mobile(browser) {
  const page = await open(browser, { width: 360, height: 740, colorScheme: 'light' });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 360, `${width} px wide on a screen of 360 px`);
  await stillness(page);
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await page.waitForTimeout(300);
  const box = await killButton(page).boundingBox();
  assert.ok(box.y >= 0 && box.y + box.height <= 740 && box.height >= 40, `the kill stays in sight: ${JSON.stringify(box)}`);
  await page.evaluate(() => scrollTo(0, 0));
  await shoot(page, 'rollout-mobile');
  await page.context().close();
}

async function main() {
  await atRest();
  const browser = await chromium.launch({ executablePath: executable(), args: ['--headless', '--no-sandbox', '--disable-gpu'] });
  try {
    await check('policy and credentials', policy);
    const dark = await desktop(browser, 'dark');
    await dark.page.context().close();
    const { page, ground } = await desktop(browser, 'light');
    await check('light and dark differ', () => assert.notEqual(ground, dark.ground));
    await check('every experiment with its verdict', () => verdicts(page));
    await check('refreshes move nothing', () => stillness(page));
    await check('dial to 5 % by stage', () => dial(page));
    await check('dial by number, with why in the audit log', () => numbers(page));
    await check('a conflicting change', () => conflict(page));
    await check('kill by one click', async () => {
      await killButton(page).click();
      await killed(page);
      await shoot(page, 'rollout-killed');
    });
    await check('release after a yes', () => release(page));
    await check('kill by keyboard', () => keyboard(page));
    await check('release again', () => release(page));
    if (process.env.EXPECT_MISMATCH === '1') await check('mismatch side by side', () => mismatch(page));
    await shoot(page, 'rollout-after');
    await check('360 px', () => mobile(browser));
    await check('a change of verdict is announced', () => announced(browser));
    await check('not live is said, and recovered from', () => cutOff(page));
    await check('no complaint of the browser', () => assert.deepEqual(complaints, []));
  } finally {
    await browser.close();
    await atRest().catch(() => {});
  }
}

main().then(
  () => console.log(JSON.stringify({ ok: true, passed })),
  (error) => {
    console.log(JSON.stringify({ ok: false, passed, failed: error.message, complaints }));
    console.error(error.stack);
    process.exitCode = 1;
  },
);
