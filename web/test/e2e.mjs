// Real Chromium against a real trackd ($TRACK_BIN/trackd), data written through the API; no fakes.
// Each test has a page of its own; a hung one fails after three minutes. `node test/e2e.mjs [name...]` runs some.
import { chromium } from 'playwright-core';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FLAGS, startServer, seed } from './server.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'track-e2e-'));
const shots = process.env.TRACK_SHOTS ?? join(here, '..', '..', 'build', 'screenshots');
mkdirSync(shots, { recursive: true });

const tests = [];
for (const f of readdirSync(here).filter((f) => f.endsWith('.e2e.mjs')).sort()) tests.push(...(await import(join(here, f))).default);
const wanted = process.argv.slice(2);
const chosen = tests.filter((t) => !wanted.length || wanted.some((w) => t.name.includes(w)));

const server = await startServer(join(work, 'full'));
const empty = await startServer(join(work, 'empty'));
const data = await seed(server);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
let failed = 0;

for (const t of chosen) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: 'light', ...t.context });
  context.setDefaultTimeout(10000);
  const page = await context.newPage();
  const noise = [];
  page.on('console', (m) => { if (m.type() === 'error' && !(t.allow ?? /^$/).test(m.text())) noise.push(m.text()); });
  page.on('pageerror', (e) => noise.push(`uncaught: ${e.message}`));
  page.on('dialog', (d) => { noise.push(`dialog: ${d.message()}`); void d.dismiss(); });
  const began = Date.now();
  let timer;
  try {
    const late = new Promise((_, no) => { timer = setTimeout(() => no(new Error('hung for 3 min')), 180000); });
    await Promise.race([t.run({ page, context, server, empty, data, shots, browser }), late]);
    assert.deepEqual(noise, [], 'the page complained');
    console.log(`ok   ${t.name} (${Date.now() - began} ms)`);
  } catch (e) {
    failed++;
    console.log(`FAIL ${t.name}\n${String(e.stack ?? e).split('\n').slice(0, 12).join('\n')}${noise.length ? `\n  ${noise.slice(0, 5).join('\n  ')}` : ''}`);
    await page.screenshot({ path: join(shots, `failed-${t.name.replace(/\W+/g, '-')}.png`) }).catch(() => undefined);
  }
  clearTimeout(timer);
  await context.close();
}
await browser.close();
await server.stop();
await empty.stop();
rmSync(work, { recursive: true, force: true });
console.log(`${chosen.length - failed} of ${chosen.length} passed`);
process.exit(failed ? 1 : 0);
