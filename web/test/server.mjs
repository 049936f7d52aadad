// A real trackd for the browser tests, and the data that they look at.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, request } from 'node:http';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

const BIN = resolve(process.env.TRACK_BIN ?? '../build/gcc-debug');
/** How Chromium is started: as root, without a GPU, quiet on the network. */
export const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export const HOSTILE = '<img src=x onerror="window.hit=1">\u202egnp.exe \u{1f600} "quoted" \'x\' {{7*7}}';

/** Starts trackd on a free port, or on the one it had. */
export async function startServer(folder, port = 0, flags = []) {
  const child = spawn(join(BIN, 'trackd'), ['--listen', `127.0.0.1:${port}`, '--data', folder, ...flags], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = await once(child.stdout, 'data');
  const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(String(line));
  if (!found) throw new Error(`trackd did not start: ${line}`);
  const url = found[0];
  return {
    url, port: Number(found[1]), folder,
    async call(method, path, body) {
      const reply = await fetch(`${url}/api/v1/${path}`, { method, headers: body === undefined ? {} : { 'Content-Type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body) });
      if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
      return reply.json();
    },
    async put(bytes) {
      const digest = createHash('sha256').update(bytes).digest('hex');
      const reply = await fetch(`${url}/api/v1/blobs/${digest}`, { method: 'PUT', headers: { 'Content-Type': 'application/octet-stream' }, body: bytes });
      if (!reply.ok) throw new Error(`blob: ${reply.status} ${await reply.text()}`);
      return digest;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** A UUIDv7 of this moment. */
export function newId(at = Date.now()) {
  const b = Buffer.concat([Buffer.from(at.toString(16).padStart(12, '0'), 'hex'), randomBytes(10)]);
  b[6] = 0x70 | (b[6] & 15);
  b[8] = 0x80 | (b[8] & 63);
  return b.toString('hex');
}

export async function makeRun(server, project, name, rest = {}) {
  const id = newId();
  await server.call('PUT', `runs/${id}`, { project, name, ...rest });
  return id;
}

export function points(key, n, value, step = 1, t0 = (Date.now() - 3600e3) * 1000) {
  return Array.from({ length: n }, (_, i) => ({ key, step: i * step, time_us: t0 + i * 100000, value: value(i) }));
}

/** Project `sweep`: five runs; `odd`: hostile names; `wide`: ten thousand keys. */
export async function seed(server) {
  const runs = [];
  for (let r = 0; r < 5; r++) {
    const id = await makeRun(server, 'sweep', `run-${r}`, { user: 'ana', host: 'vm', params: { lr: String(10 ** -(r + 1)), seed: String(r) }, tags: r ? {} : { baseline: '' } });
    await server.call('POST', `runs/${id}/definitions`, { definitions: [{ name: 'val/loss', goal: 'min' }, { name: 'train/loss', goal: 'min' }] });
    await server.call('POST', `runs/${id}/points`, { points: points('train/loss', 4000, (i) => (r === 2 && i > 3000 ? 'NaN' : (2 + r) * Math.exp(-i / 900) + 0.1 + 0.02 * Math.sin(i * 7))) });
    await server.call('POST', `runs/${id}/points`, { points: points('val/loss', 40, (i) => (2 + r) * Math.exp(-i / 9) + 0.12, 100) });
    runs.push(id);
  }
  const full = runs[0];
  await server.call('PATCH', `runs/${full}`, { note: 'A **note** with `code`\n\n- one\n- two' });
  await server.call('POST', `runs/${full}/lines`, { lines: Array.from({ length: 1200 }, (_, i) => ({ text: i === 700 ? '\u001b[31mneedle\u001b[0m in line 700' : `\u001b[32mstep\u001b[0m ${i} | loss ${(1 / (i + 1)).toFixed(4)}`, stream: i % 100 === 9 ? 'stderr' : 'stdout' })) });
  await server.call('POST', `runs/${full}/text`, { texts: [1, 2, 3].map((s) => ({ key: 'sample', step: s, text: `sample of step ${s}` })) });
  await server.call('POST', `runs/${full}/alerts`, { title: 'loss is NaN', text: 'at step 3', level: 'error' });
  const digest = await server.put(Buffer.from('weights of the model\n'));
  await server.call('PUT', `runs/${full}/files`, { path: 'out/model.bin', digest });
  await server.call('PUT', `runs/${full}/inputs`, { name: 'train.txt', digest: 'ab'.repeat(32), size: 4711, uri: 'file:///data/train.txt', role: 'train' });
  await server.call('PUT', `runs/${full}/docs/code`, { vcs: 'git', commit: '4be1c9'.padEnd(40, '0'), branch: 'main', changed: 1, patch_bytes: 30 });
  await server.call('PUT', `runs/${full}/docs/command`, { argv: ['python', 'train.py', '--name', 'a b'], cwd: '/work' });
  await fetch(`${server.url}/api/v1/runs/${full}/docs/patch`, { method: 'PUT', headers: { 'Content-Type': 'text/plain' }, body: '--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n' });
  const system = ['cpu/busy_pct', 'mem/used_bytes', 'run/cpu_cores', 'disk/vda/read_bytes'].flatMap((k) => points(`system/vm/${k}`, 100, (i) => 10 + (i % 7)));
  await server.call('POST', `runs/${full}/points`, { points: system });
  await server.call('PUT', `runs/${full}/docs/devices`, { devices: [], missing: [{ node: 'vm', what: 'gpu', why: 'libnvidia-ml.so.1 is not installed' }], nodes: [] });
  for (const id of runs.slice(1)) await server.call('POST', `runs/${id}/finish`, { state: 'finished', exit_code: 0 });

  const odd = await makeRun(server, HOSTILE.replace(/[\u0000-\u001f]/g, ''), HOSTILE, { params: { [HOSTILE]: HOSTILE }, tags: { [HOSTILE]: '', k: HOSTILE }, note: `${HOSTILE} [x](javascript:window.hit=1)` });
  await server.call('POST', `runs/${odd}/points`, { points: [...points('<b>loss</b>/\u{1f600} x', 50, (i) => i), ...points('extreme', 4, (i) => [1e308, -1e308, 'Infinity', '-Infinity'][i])] });
  await server.call('POST', `runs/${odd}/lines`, { lines: [{ text: HOSTILE }] });
  await server.call('POST', `runs/${odd}/text`, { texts: [{ key: HOSTILE, step: 1, text: HOSTILE.repeat(200) }] });
  await server.call('POST', `runs/${odd}/alerts`, { title: HOSTILE, text: HOSTILE, level: 'warning' });
  const oddRef = (await server.call('GET', `runs/${odd}`)).project_ref;

  const wide = await makeRun(server, 'wide', 'ten thousand keys');
  const keys = Array.from({ length: 10000 }, (_, i) => ({ key: `layer/${String(i).padStart(5, '0')}/norm`, step: 1, value: i }));
  await server.call('POST', `runs/${wide}/points`, { points: keys });
  const gone = await makeRun(server, 'sweep', 'deleted-run');
  await server.call('DELETE', `runs/${gone}`);
  return { runs, full, odd, oddRef, wide, gone };
}

/** A reverse proxy that cuts a prefix off, as people put one in front; says what it refused. */
export async function startProxy(target, prefix) {
  const refused = [];
  const proxy = createServer((req, res) => {
    if (!req.url.startsWith(prefix)) {
      refused.push(req.url);
      res.writeHead(404).end();
      return;
    }
    const on = request({ port: target.port, host: '127.0.0.1', method: req.method, path: req.url.slice(prefix.length) || '/', headers: { ...req.headers, host: `127.0.0.1:${target.port}`, ...(req.headers.origin ? { origin: target.url } : {}) } }, (r) => {
      res.writeHead(r.statusCode, r.headers);
      r.pipe(res);
    });
    on.on('error', () => res.destroy());
    res.on('close', () => on.destroy());
    req.pipe(on);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return { url: `http://127.0.0.1:${proxy.address().port}${prefix}`, refused, stop: () => { proxy.closeAllConnections(); proxy.close(); } };
}
