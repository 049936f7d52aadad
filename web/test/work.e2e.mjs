// What people do on the pages.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { makeRun, points } from './server.mjs';

const plot = (page, key) => page.locator(`[data-panel="${key}"] .plot[data-drawn]`);

export default [
  {
    name: 'a curve moves while its run goes on',
    async run({ page, server }) {
      const id = await makeRun(server, 'live', 'going');
      await server.call('POST', `runs/${id}/points`, { points: points('loss', 50, (i) => 50 - i) });
      await page.goto(`${server.url}/p/live`);
      await plot(page, 'loss').waitFor();
      await page.locator('.live').getByText('live').waitFor();
      const times = [];
      for (let k = 1; k <= 5; k++) {
        await server.call('POST', `runs/${id}/points`, { points: [{ key: 'loss', step: 50 + k, value: 1000 * k }] });
        const acknowledged = Date.now();
        const want = `${k}\u202f`;
        await page.waitForFunction((n) => {
          const label = document.querySelector('[data-panel="loss"] .plot')?.getAttribute('aria-label') ?? '';
          return Number((/to (\S+)/.exec(label.replace(/\u202f/g, '')) ?? [])[1]) >= n;
        }, 1000 * k, { polling: 20 });
        times.push(Date.now() - acknowledged);
        assert.ok(want);
      }
      times.sort((a, b) => a - b);
      console.log(`     acknowledged to drawn: ${times.join(', ')} ms`);
      assert.ok(times[3] < 1500, `a point was drawn after ${times[3]} ms`);
    },
  },
  {
    name: 'zoom goes to raw points and into the address',
    async run({ page, server }) {
      await page.goto(`${server.url}/p/sweep`);
      const p = plot(page, 'train/loss');
      await p.waitFor();
      await page.locator('[data-panel="train/loss"]').getByText(/binned/).waitFor();
      const box = await p.boundingBox();
      await page.mouse.move(box.x + 100, box.y + 80);
      await page.mouse.down();
      await page.mouse.move(box.x + 112, box.y + 80, { steps: 4 });
      await page.mouse.up();
      await page.waitForURL(/z=/);
      await page.locator('[data-panel="train/loss"]').getByText('exact').waitFor();
      const url = page.url();
      await page.reload();
      await page.locator('[data-panel="train/loss"]').getByText('exact').waitFor();
      assert.equal(page.url(), url);
      await page.goBack();
      await page.waitForFunction(() => !location.search.includes('z='));
    },
  },
  {
    name: 'crosshair, tooltip and keys of a chart',
    async run({ page, server }) {
      await page.goto(`${server.url}/p/sweep`);
      const p = plot(page, 'train/loss');
      await p.waitFor();
      const box = await p.boundingBox();
      await page.mouse.move(box.x + 150, box.y + 90);
      await page.locator('.tip').waitFor();
      assert.ok((await page.locator('.tip .tip-row').count()) >= 4);
      await page.keyboard.press('l');
      await page.waitForURL(/log=/);
      await page.locator('[data-panel="train/loss"]').getByText('log y').waitFor();
      await page.keyboard.press('e');
      await page.waitForURL(/z=/);
      await page.keyboard.press('f');
      await page.waitForFunction(() => !location.search.includes('z='));
      await page.mouse.move(5, 500);
      await p.focus();
      await page.keyboard.press('ArrowRight');
      await page.waitForFunction(() => document.querySelector('.plot [role="status"]')?.textContent?.includes('step'));
      await page.locator('[data-panel="train/loss"] .lane').getByText('NaN 999').waitFor();
    },
  },
  {
    name: 'the server smooths, from all points, and the raw line stays behind it',
    async run({ page, server }) {
      await page.goto(`${server.url}/p/sweep`);
      await plot(page, 'train/loss').waitFor();
      const asked = page.waitForRequest((r) => r.url().endsWith('/bins') && /"smooth":\{"kind":"ema","by":"step","half_life":100\}/.test(r.postData() ?? ''));
      await page.getByRole('button', { name: /^Smooth/ }).click();
      await page.getByRole('option', { name: '100 steps' }).click();
      await asked;
      await page.waitForURL(/sm=step/);
      const p = plot(page, 'train/loss');
      await p.hover();
      await page.locator('.tip-foot').getByText('smoothed').waitFor();
      await page.reload();
      await page.getByRole('button', { name: /^Smooth 100 steps/ }).waitFor();
    },
  },
  {
    name: 'runs are drawn as groups with a band, over every run of the filter',
    async run({ page, server }) {
      const ids = [];
      for (let r = 0; r < 12; r++) {
        const id = await makeRun(server, 'grouped', `g-${r}`, { params: r < 11 ? { opt: r % 2 ? 'adam' : 'sgd' } : {} });
        await server.call('POST', `runs/${id}/points`, { points: points('loss', 200, (i) => r + i / 100) });
        ids.push(id);
      }
      await page.goto(`${server.url}/p/grouped`);
      await plot(page, 'loss').waitFor();
      await page.getByRole('button', { name: /^Group/ }).click();
      await page.getByRole('option', { name: 'opt' }).click();
      await page.waitForURL(/g=params/);
      await page.locator('[data-panel="loss"]').getByText('mean of 12 runs').waitFor();
      await page.locator('[data-panel="loss"] .plot[data-drawn="3"]').waitFor();
      await plot(page, 'loss').hover();
      await page.locator('.tip-row', { hasText: 'no value' }).waitFor();
      await page.locator('.tip-row', { hasText: 'n 6' }).waitFor();
      await page.getByRole('button', { name: /^Band/ }).click();
      await page.getByRole('option', { name: /standard deviation/ }).click();
      await page.waitForURL(/band=std/);
      await page.locator('[data-panel="loss"]').getByRole('button', { name: /panel menu/ }).click();
      await page.getByRole('menuitem', { name: 'View as table' }).click();
      await page.locator('[data-panel="loss"] th', { hasText: 'Runs' }).waitFor();
      assert.equal(ids.length, 12);
    },
  },
  {
    name: 'another metric stands along x',
    async run({ page, server }) {
      const id = await makeRun(server, 'over', 'one');
      await server.call('POST', `runs/${id}/points`, { points: [...points('loss', 100, (i) => 100 - i), ...points('tokens', 90, (i) => i * 0.25)] });
      await page.goto(`${server.url}/p/over`);
      await plot(page, 'loss').waitFor();
      await page.getByRole('button', { name: /^x step/ }).click();
      await page.getByRole('option', { name: 'tokens' }).click();
      await page.waitForURL(/x=metric/);
      await page.locator('[data-panel="loss"]').getByText('without tokens: 10').waitFor();
      await plot(page, 'loss').hover();
      await page.waitForFunction(() => document.querySelector('.tip'));
      const p = plot(page, 'loss');
      const box = await p.boundingBox();
      await page.mouse.move(box.x + 100, box.y + 80);
      await page.mouse.down();
      await page.mouse.move(box.x + 140, box.y + 80, { steps: 4 });
      await page.mouse.up();
      await page.waitForURL(/z=\d+\.\d/);
      await page.locator('[data-panel="loss"] .plot[data-done]').waitFor();
    },
  },
  {
    name: 'the table finds what the API finds, and counts what does not fit',
    async run({ page, server }) {
      for (const q of ['params.seed >= 3', 'any(train/loss < 1)', "NOT status:failed name~'run-[12]'", '']) {
        const want = await server.call('POST', 'runs/search', { project: 'sweep', filter: q, order: '-started', limit: 1000 });
        await page.goto(`${server.url}/p/sweep?q=${encodeURIComponent(q)}`);
        await page.locator('[role="status"]', { hasText: new RegExp(`^${want.runs.length} runs$`) }).waitFor({ state: 'attached' });
        const got = await page.locator('.row[data-run]').evaluateAll((rows) => rows.map((r) => r.dataset.run));
        assert.deepEqual(got.sort(), want.runs.map((r) => r.id).sort(), q);
      }
      for (let i = 0; i < 230; i++) await makeRun(server, 'many', `n-${i}`);
      await page.goto(`${server.url}/p/many?q=${encodeURIComponent("name LIKE 'n-%'")}`);
      await page.getByText('230 of 230 runs').waitFor();
      assert.ok((await page.locator('.row[data-run]').count()) > 5);
    },
  },
  {
    name: 'filter, sort, columns and selection live in the address', allow: /400/,
    async run({ page, server, data }) {
      await page.goto(`${server.url}/p/sweep`);
      const field = page.getByRole('textbox', { name: 'Filter runs' });
      await field.fill('params.seed >=');
      await page.locator('#filter-error').waitFor();
      assert.match(await page.locator('#filter-error').textContent(), /\^/);
      await field.fill('params.seed >= 3');
      await field.press('Enter');
      await page.getByText('2 of 5 runs').waitFor();
      assert.match(page.url(), /q=/);
      await page.getByRole('button', { name: 'Clear filter' }).first().click();
      await page.getByText('5 runs', { exact: true }).first().waitFor();
      await page.getByRole('columnheader', { name: /val\/loss/ }).getByRole('button').click();
      await page.waitForURL(/sort=/);
      await page.waitForFunction(() => document.querySelector('.row[data-run] .metric.is-best'));
      const first = await page.locator('.row[data-run]').first().getAttribute('data-run');
      assert.equal(first, data.runs[0], 'the best stands first');
      await page.getByRole('checkbox', { name: 'Select run-1' }).uncheck();
      await page.waitForURL(/sel=/);
      await page.reload();
      await page.getByRole('checkbox', { name: 'Select run-2' }).waitFor();
      assert.equal(await page.getByRole('checkbox', { name: 'Select run-1' }).isChecked(), false);
      assert.equal(await page.getByRole('checkbox', { name: 'Select run-2' }).isChecked(), true);
      await page.getByRole('button', { name: /Columns/ }).click();
      await page.getByRole('option', { name: 'Host' }).click();
      await page.waitForURL(/cols=/);
      await page.getByRole('columnheader', { name: 'Host' }).waitFor();
    },
  },
  {
    name: 'the table by keyboard',
    async run({ page, server }) {
      await page.goto(`${server.url}/p/sweep`);
      await page.locator('.row[data-run]').first().waitFor();
      await page.keyboard.press('j');
      await page.locator('.row.is-current').waitFor();
      await page.keyboard.press('x');
      await page.waitForURL(/sel=/);
      await page.keyboard.press('s');
      await page.waitForURL(/hid=/);
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/r\//);
      await page.keyboard.press('p');
      await page.waitForURL(/\/p\/sweep$/);
    },
  },
  {
    name: 'a fork shows its parent up to a step, and a rewind takes back what came behind it',
    async run({ page, server, shots }) {
      const parent = await makeRun(server, 'forks', 'first-try');
      await server.call('POST', `runs/${parent}/points`, { points: points('loss', 50, (i) => i) });
      const fork = await makeRun(server, 'forks', 'second-try', { fork_from: { run: parent, step: 19 } });
      const greatest = (most) => page.waitForFunction((n) => {
        const label = document.querySelector('[data-panel="loss"] .plot[data-drawn]')?.getAttribute('aria-label') ?? '';
        const top = Number((/to (\S+)/.exec(label.replace(/\u202f/g, '')) ?? [])[1]);
        return top >= n && top < 1.1 * n;
      }, most, { polling: 50 });
      await page.goto(`${server.url}/p/forks/r/${fork}/charts`);
      await greatest(19);
      await server.call('POST', `runs/${fork}/points`, { points: [{ key: 'loss', step: 20, value: 99 }] });
      await greatest(99);
      await server.call('POST', `runs/${fork}/rewind`, { step: 9 });
      await greatest(9);
      await page.goto(`${server.url}/p/forks/r/${fork}`);
      await page.getByText('to step 9').waitFor();
      await page.screenshot({ path: join(shots, 'fork-light-1280.png'), fullPage: true });
      await page.getByRole('link', { name: 'first-try' }).click();
      await page.getByText('1 run shows its points up to a step').waitFor();
      await server.call('POST', `runs/${parent}/rewind`, { step: 30 });
      await page.getByText('to step 30').waitFor();
    },
  },
  {
    name: 'name, note and tags of a run are changed in place',
    async run({ page, server }) {
      const id = await makeRun(server, 'edits', 'before');
      await page.goto(`${server.url}/p/edits/r/${id}`);
      await page.getByRole('button', { name: 'Rename' }).click();
      await page.getByRole('textbox', { name: 'Name of the run' }).fill('after');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'after' }).waitFor();
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
      await page.getByRole('textbox', { name: 'Note' }).fill('why **not**');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.locator('.prose b', { hasText: 'not' }).waitFor();
      await page.getByRole('button', { name: 'Tag', exact: true }).click();
      await page.getByRole('textbox', { name: /New tag/ }).fill('kept=yes');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Remove tag kept' }).waitFor();
      const run = await server.call('GET', `runs/${id}`);
      assert.deepEqual([run.name, run.note, run.tags], ['after', 'why **not**', { kept: 'yes' }]);
      await page.getByRole('button', { name: 'Remove tag kept' }).click();
      await page.getByRole('button', { name: 'Remove tag kept' }).waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.getByRole('button', { name: 'Ask it to stop' }).click();
      await page.getByText('stop asked').waitFor();
    },
  },
  {
    name: 'into the trash and back',
    async run({ page, server }) {
      const id = await makeRun(server, 'bin', 'short-lived');
      await page.goto(`${server.url}/p/bin/r/${id}`);
      await page.getByRole('button', { name: 'More actions' }).click();
      await page.getByRole('menuitem', { name: 'Move to trash' }).click();
      await page.getByRole('button', { name: 'Move to trash' }).click();
      await page.getByText('is in the trash').waitFor();
      await page.goto(`${server.url}/trash`);
      await page.getByRole('button', { name: 'Restore short-lived' }).click();
      await page.getByRole('button', { name: 'Restore short-lived' }).waitFor({ state: 'detached' });
      assert.equal((await server.call('GET', `runs/${id}`)).deleted_us, null);
    },
  },
  {
    name: 'the console follows, finds and keeps colours',
    async run({ page, server, data }) {
      await page.goto(`${server.url}/p/sweep/r/${data.full}/console`);
      await page.getByText('1199', { exact: true }).waitFor();
      assert.ok((await page.locator('.log .a-green').count()) > 10);
      await server.call('POST', `runs/${data.full}/lines`, { lines: [{ text: 'the newest line' }] });
      await page.getByText('the newest line').waitFor();
      await page.getByRole('textbox', { name: 'Find in the console' }).fill('needle');
      await page.getByText('1', { exact: true }).first().waitFor();
      await page.waitForTimeout(600);
      await page.getByRole('button', { name: 'Next hit' }).click();
      await page.locator('.is-current mark').waitFor();
      assert.equal(await page.locator('.is-current mark').textContent(), 'needle');
    },
  },
  {
    name: 'a file comes down as it went up',
    async run({ page, server, data }) {
      await page.goto(`${server.url}/p/sweep/r/${data.full}/files`);
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download out/model.bin' }).click()]);
      const chunks = [];
      for await (const c of await download.createReadStream()) chunks.push(c);
      assert.equal(Buffer.concat(chunks).toString(), 'weights of the model\n');
    },
  },
  {
    name: 'palette, help and theme',
    async run({ page, server }) {
      await page.goto(`${server.url}/`);
      await page.getByRole('link', { name: 'sweep', exact: true }).first().waitFor();
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Shortcuts and help' }).waitFor();
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').fill('run-3');
      await page.getByRole('option', { name: /run-3/ }).waitFor();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'run-3' }).waitFor();
      await page.getByRole('button', { name: 'Switch theme' }).click();
      await page.reload();
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
      await page.goto(`${server.url}/?theme=light`);
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'light');
    },
  },
  {
    name: 'the system tab says that there is no GPU, and why',
    async run({ page, server, data }) {
      await page.goto(`${server.url}/p/sweep/r/${data.full}/system`);
      await page.getByText('No GPU on vm.').waitFor();
      await page.getByText('libnvidia-ml.so.1 is not installed').waitFor();
      await page.locator('[data-panel="system:Processor"] .plot[data-drawn="1"]').waitFor();
    },
  },
  {
    name: 'a panel of several metrics, kept in the address',
    async run({ page, server }) {
      await page.goto(`${server.url}/p/sweep`);
      await page.getByRole('button', { name: /^Panel/ }).click();
      await page.getByRole('option', { name: 'train/loss' }).click();
      await page.getByRole('option', { name: 'val/loss' }).click();
      await page.getByRole('button', { name: 'Add panel' }).click();
      await page.waitForURL(/panels=/);
      await page.reload();
      await page.getByRole('heading', { name: 'train/loss · val/loss' }).waitFor();
    },
  },
];
