import assert from 'node:assert/strict';
import test from 'node:test';

// The router reads the address of the page when it is loaded.
const at = { pathname: '/track/p/x', search: '', href: 'http://h/track/p/x', origin: 'http://h' };
Object.assign(globalThis, {
  location: at, addEventListener: () => undefined, history: {},
  document: { documentElement: { dataset: { base: '../' } }, getElementById: () => ({ textContent: '{"version":"1","have":{"a":1}}' }) },
  WORKER_FILE: 'w.js', LICENCES_FILE: 'l.txt',
});
const { parsePath, runPath, projectPath, href } = await import('../src/router');
const { base, serverUrl, takeGiven } = await import('../src/boot');

test('the root follows from a relative base, below any prefix', () => {
  assert.equal(base, '/track/');
  assert.equal(serverUrl, 'http://h/track');
  assert.equal(href('p/a'), '/track/p/a');
});

test('an answer that came with the page is used once', () => {
  assert.equal(takeGiven('a'), 1);
  assert.equal(takeGiven('a'), undefined);
});

test('addresses are read back', () => {
  assert.deepEqual(parsePath(''), { page: 'home' });
  assert.deepEqual(parsePath('trash'), { page: 'trash' });
  assert.deepEqual(parsePath(projectPath('~12')), { page: 'project', project: '~12' });
  assert.deepEqual(parsePath(runPath('a b/c', 'f00', 'console')), { page: 'run', project: 'a b/c', run: 'f00', tab: 'console' });
  assert.deepEqual(parsePath(runPath('a', 'f00')), { page: 'run', project: 'a', run: 'f00', tab: 'overview' });
  for (const bad of ['x', 'p', 'p/a/q/b', 'p/a/r/b/nothing', 'p/%zz', 'p/a/r/b/console/more']) assert.equal(parsePath(bad).page, 'none');
});
