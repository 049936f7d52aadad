// Bundles web/src into web/dist: hashed files, their .gz and .br forms, shell.html and manifest.json.
// Deterministic: no time, no absolute path and no random name gets into the output.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, 'dist');
const assets = join(dist, 'assets');
const FIRST_LOAD_MAX = 75 * 1024;
const ALL_MAX = 120 * 1024;

function walk(dir) {
  return readdirSync(dir, { withFileTypes: true })
    .flatMap((e) => (e.isDirectory() ? walk(join(dir, e.name)) : [join(dir, e.name)]))
    .sort();
}

/** Hash of everything that the output depends on. */
function sourceHash() {
  const h = createHash('sha256');
  const files = [...walk(join(here, 'src')), ...walk(join(here, 'style'))];
  for (const name of ['shell.html', 'build.mjs', 'tsconfig.json', 'package-lock.json']) files.push(join(here, name));
  for (const f of files) h.update(relative(here, f)).update('\0').update(readFileSync(f)).update('\0');
  return h.digest('hex');
}

const shared = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  metafile: true,
  outdir: 'dist/assets',
  entryNames: '[name]-[hash]',
  chunkNames: 'chunk-[hash]',
  assetNames: '[name]-[hash]',
  loader: { '.svg': 'file' },
  logLevel: 'warning',
};

function entry(meta, name) {
  const found = Object.entries(meta.outputs).find(([, o]) => o.entryPoint === name);
  if (!found) throw new Error(`no output for ${name}`);
  return found[0].replace('dist/', '');
}

/** Files that the entry imports at once, itself included. */
function firstLoad(meta, file) {
  const seen = new Set();
  const visit = (f) => {
    if (seen.has(f)) return;
    seen.add(f);
    for (const i of meta.outputs[f].imports) if (i.kind === 'import-statement') visit(i.path);
  };
  visit(file);
  return [...seen].map((f) => f.replace('dist/', ''));
}

function hashed(name, ending, bytes) {
  const h = createHash('sha256').update(bytes).digest('hex').slice(0, 8).toUpperCase();
  const file = `${name}-${h}${ending}`;
  writeFileSync(join(assets, file), bytes);
  return `assets/${file}`;
}

/** Licence texts of what is bundled, as their licences ask. */
function licences() {
  const lock = JSON.parse(readFileSync(join(here, 'package-lock.json'), 'utf8')).packages;
  const names = Object.keys(lock).filter((p) => p && !lock[p].dev && !lock[p].optional).sort();
  return names.map((p) => {
    const file = readdirSync(join(here, p)).find((f) => /^licen[cs]e/i.test(f));
    const text = file ? readFileSync(join(here, p, file), 'utf8').trim() : lock[p].license;
    return `${p.replace('node_modules/', '')} ${lock[p].version}\n\n${text}\n`;
  }).join('\n----\n\n');
}

function compress(file) {
  const bytes = readFileSync(file);
  const gz = gzipSync(bytes, { level: 9 });
  gz[9] = 255; // the byte that names the operating system
  const br = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  writeFileSync(`${file}.gz`, gz);
  writeFileSync(`${file}.br`, br);
  return { size: bytes.length, gzip: gz.length, brotli: br.length };
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(assets, { recursive: true });

const theme = await build({ ...shared, entryPoints: ['src/theme.ts'], format: 'iife' });
const worker = await build({ ...shared, entryPoints: ['src/live_worker.ts'], format: 'esm' });
const workerFile = entry(worker.metafile, 'src/live_worker.ts');
const notices = hashed('licences', '.txt', licences());
const main = await build({
  ...shared,
  entryPoints: ['src/main.tsx', 'style/main.css'],
  format: 'esm',
  splitting: true,
  define: { WORKER_FILE: JSON.stringify(workerFile), LICENCES_FILE: JSON.stringify(notices) },
});

const module = entry(main.metafile, 'src/main.tsx');
const style = entry(main.metafile, 'style/main.css');
const themeFile = entry(theme.metafile, 'src/theme.ts');
const icon = hashed('icon', '.svg', readFileSync(join(here, 'style/icon.svg')));
const first = firstLoad(main.metafile, `dist/${module}`);

const fill = {
  icon, style, theme: themeFile, module,
  sprite: readFileSync(join(here, 'style/icons.svg'), 'utf8').replace(/\n\s*/g, ''),
  preload: first.filter((f) => f !== module).map((f) => `<link rel="modulepreload" href="{{base}}${f}">`).join('\n'),
};
const shell = readFileSync(join(here, 'shell.html'), 'utf8')
  .replace(/\{\{(\w+)\}\}\n?/g, (whole, key) => (key in fill ? fill[key] + (whole.endsWith('\n') ? '\n' : '') : whole))
  .replace(/\n\n+/g, '\n');
writeFileSync(join(dist, 'shell.html'), shell);

const files = {};
for (const f of walk(assets)) files[relative(dist, f)] = compress(f);
writeFileSync(join(dist, 'manifest.json'),
  `${JSON.stringify({ source: sourceHash(), module, style, theme: themeFile, icon, files }, null, 1)}\n`);

const code = Object.entries(files).filter(([f]) => /\.(js|css)$/.test(f));
const now = new Set([...first, style, themeFile]);
let sum = 0;
let sumFirst = gzipSync(shell).length;
console.log('gzip      brotli    file');
for (const [f, s] of code) {
  sum += s.gzip;
  if (now.has(f)) sumFirst += s.gzip;
  console.log(`${String(s.gzip).padStart(7)}   ${String(s.brotli).padStart(7)}   ${f}${now.has(f) ? '  (first load)' : ''}`);
}
console.log(`${String(sumFirst).padStart(7)}             first load with the shell, of ${FIRST_LOAD_MAX}`);
console.log(`${String(sum).padStart(7)}             all, of ${ALL_MAX}`);
if (sumFirst > FIRST_LOAD_MAX || sum > ALL_MAX) {
  console.error('build.mjs: the pages are larger than ui.md section 2 allows');
  rmSync(join(dist, 'manifest.json'));
  process.exit(1);
}
