// Every page, in both themes and at three widths: no accessibility finding, no overflow, no complaint.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOSTILE, makeRun, startProxy, startServer } from './server.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export async function checkAxe(page, what) {
  await page.evaluate(axe);
  const found = await page.evaluate((tags) => globalThis.axe.run(document, { runOnly: tags }), TAGS);
  const words = found.violations.map((v) => `${v.id}: ${v.help}\n    ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.failureSummary?.split('\n')[1] ?? ''}`).join('\n    ')}`);
  assert.deepEqual(words, [], `axe on ${what}`);
}

async function checkOverflow(page, what) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `${what} is ${over} px too wide`);
}

function pagesOf(data) {
  const run = `p/sweep/r/${data.full}`;
  const tabs = ['charts', 'system', 'console', 'text', 'files', 'code', 'alerts'].map((t) => [t, `${run}/${t}`]);
  return [['home', ''], ['workspace', 'p/sweep'], ['no match', 'p/sweep?q=name%3D%27nothing%27'], ['run', run], ...tabs, ['trash', 'trash'], ['not found', 'p/nowhere'], ['odd run', `p/${data.oddRef}/r/${data.odd}`]];
}

async function settle(page) {
  await page.waitForLoadState('load');
  await page.waitForFunction(() => document.querySelector('main') && !document.querySelector('[role="progressbar"]'));
  await page.waitForTimeout(250);
}

const everyPage = ['light', 'dark'].map((theme) => ({
  name: `every page, ${theme}`, context: { colorScheme: theme }, allow: /404|Failed to load resource/,
  async run({ page, server, data, shots }) {
    for (const [name, path] of pagesOf(data)) {
      await page.goto(`${server.url}/${path}`);
      await settle(page);
      await checkAxe(page, `${name}, ${theme}`);
      for (const width of [360, 1280, 1920]) {
        await page.setViewportSize({ width, height: 900 });
        await page.waitForTimeout(150);
        await checkOverflow(page, `${name} at ${width} px`);
        await page.screenshot({ path: join(shots, `${name.replace(/ /g, '-')}-${theme}-${width}.png`) });
      }
      await page.setViewportSize({ width: 1280, height: 900 });
    }
  },
}));

export default [
  ...everyPage,
  {
    name: 'an empty server teaches, and turns into the run',
    async run({ page, empty, shots }) {
      await page.goto(`${empty.url}/`);
      await page.getByRole('heading', { name: 'No runs yet' }).waitFor();
      await checkAxe(page, 'first steps');
      await page.screenshot({ path: join(shots, 'first-light-1280.png') });
      const code = await page.locator('.code pre').textContent();
      assert.ok(code.includes(empty.url), 'the address of this server stands in the sample');
      await page.goto(`${empty.url}/trash`);
      await page.getByText('The trash is empty').waitFor();
      await checkAxe(page, 'empty trash');
      await page.goto(`${empty.url}/`);
      await page.getByRole('heading', { name: 'No runs yet' }).waitFor();
      const id = await makeRun(empty, 'fresh', 'first-run');
      await page.getByRole('link', { name: 'fresh', exact: true }).first().waitFor();
      for (const tab of ['', '/charts', '/system', '/console', '/text', '/files', '/alerts']) {
        await page.goto(`${empty.url}/p/fresh/r/${id}${tab}`);
        await settle(page);
        await checkAxe(page, `empty run${tab}`);
      }
    },
  },
  {
    name: 'hostile names execute nothing and break nothing', allow: /404/,
    async run({ page, server, data }) {
      for (const tab of ['', '/charts', '/console', '/text', '/files', '/alerts']) {
        await page.goto(`${server.url}/p/${data.oddRef}/r/${data.odd}${tab}`);
        await settle(page);
      }
      await page.goto(`${server.url}/p/${data.oddRef}`);
      await settle(page);
      await page.locator('[data-drawn]').first().waitFor();
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').fill('img');
      await page.getByRole('option').first().waitFor();
      assert.equal(await page.evaluate(() => window.hit), undefined);
      assert.ok((await page.textContent('body')).includes(HOSTILE.slice(0, 10)), 'the name is shown as text');
    },
  },
  {
    name: 'ten thousand keys open as fast as few',
    async run({ page, server, data }) {
      const began = Date.now();
      await page.goto(`${server.url}/p/wide`);
      await page.getByText('10\u202f000, not loaded').waitFor();
      console.log(`     workspace of 10 000 keys after ${Date.now() - began} ms`);
      assert.ok((await page.locator('.panel').count()) <= 24);
      await page.locator('button.section', { hasText: 'layer' }).click();
      await page.locator('.panel').first().waitFor();
      assert.equal(await page.locator('.panel').count(), 24);
      await page.locator('.charts input').fill('00042');
      await page.getByRole('heading', { name: 'layer/00042/norm' }).waitFor();
      await page.goto(`${server.url}/p/wide/r/${data.wide}`);
      await page.getByText('30 of').waitFor();
    },
  },
  {
    name: 'below a prefix that a proxy cuts off',
    async run({ page, server, data }) {
      const proxy = await startProxy(server, '/deep/track');
      await page.goto(`${proxy.url}/`);
      await page.getByRole('link', { name: 'sweep', exact: true }).first().click();
      await page.locator('[data-drawn]').first().waitFor();
      await page.getByText('live', { exact: false }).first().waitFor();
      for (const tab of ['', '/charts', '/console', '/files']) {
        await page.goto(`${proxy.url}/p/sweep/r/${data.full}${tab}`);
        await settle(page);
      }
      assert.ok((await page.getByRole('link', { name: /Download/ }).first().getAttribute('href')).startsWith('/deep/track/'));
      await page.getByRole('link', { name: 'Workspace' }).click();
      await page.waitForURL(/\/deep\/track\/p\/sweep/);
      assert.deepEqual(proxy.refused.filter((u) => u !== '/favicon.ico'), []);
      proxy.stop();
    },
  },
  {
    name: 'a server that is away is said once, and comes back', allow: /ERR_|Failed to load/,
    async run({ page, server }) {
      const own = await startServer(`${server.folder}-away`);
      await makeRun(own, 'away', 'r');
      await page.goto(`${own.url}/p/away`);
      await page.locator('.live').getByText('live').waitFor();
      await own.stop();
      await page.getByText('Live paused').waitFor();
      assert.ok(await page.getByRole('link', { name: 'r', exact: true }).first().isVisible(), 'old data stays');
      await checkAxe(page, 'paused');
      const again = await startServer(own.folder, own.port);
      await page.waitForFunction(() => !document.querySelector('.is-paused'), null, { timeout: 20000 });
      await again.stop();
    },
  },
];
