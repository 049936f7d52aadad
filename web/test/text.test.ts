import assert from 'node:assert/strict';
import test from 'node:test';
import { ago, bytes, duration, four, group3, plain, short } from '../src/format';
import { collapse, markHits, parseAnsi, stripAnsi } from '../src/log/ansi';
import { linearTicks, logTicks, stepTicks, timeTicks, yRange } from '../src/chart/scale';
import { columnOf, metricColumn, paramColumn } from '../src/table/columns';

test('ANSI colours become classes, other sequences vanish', () => {
  assert.deepEqual(parseAnsi('\u001b[1;32mok\u001b[0m rest'), [{ text: 'ok', cls: 'a-green a-bold' }, { text: ' rest', cls: '' }]);
  assert.equal(stripAnsi('\u001b[2K\u001b[1Ga\u001b]0;title\u0007b\u001b[38;5;196mc\u001b[48;2;1;2;3md'), 'abcd');
  assert.equal(stripAnsi('<img onerror=x>\u202e\u0000'), '<img onerror=x>');
  assert.equal(stripAnsi('\u001b['), '[');
});

test('a line that was rewritten is folded to what a terminal shows', () => {
  assert.deepEqual(collapse('1 %\r2 %\r100 %'), { text: '100 %', folded: 2 });
  assert.deepEqual(collapse('done\r'), { text: 'done', folded: 0 });
  assert.deepEqual(collapse(''), { text: '', folded: 0 });
});

test('hits are marked across colours, ignoring case', () => {
  const marked = markHits(parseAnsi('a LO\u001b[31mSS b loss'), 'loss');
  assert.deepEqual(marked.filter((m) => m.hit).map((m) => m.text), ['LO', 'SS', 'loss']);
  assert.equal(marked.map((m) => m.text).join(''), 'a LOSS b loss');
});

test('numbers have four digits, thin spaces and a real minus', () => {
  assert.equal(four(0.29842680653), '0.2984');
  assert.equal(four(-1.5), '\u22121.500');
  assert.equal(four(11929.4), '11\u202f929');
  assert.equal(four(6e-6), '6.00e\u22126');
  assert.equal(four(NaN), 'NaN');
  assert.equal(four(-Infinity), '\u2212Inf');
  assert.equal(four(1e308), '1.000e308');
  assert.equal(group3('-1234567'), '\u22121\u202f234\u202f567');
  assert.equal(short(9152), '9.15k');
  assert.equal(short(-0.5), '\u22120.5');
  assert.equal(bytes(1536), '1.5 KiB');
  assert.equal(duration(8040e6), '2 h 14 m');
  assert.equal(ago(0, 65e6), '1 min');
  assert.equal(plain('a\u202eb\u0007'), 'a\ufffdb\ufffd');
});

test('ticks are round, within the range and never endless', () => {
  assert.deepEqual(linearTicks(0, 10, 5), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(logTicks(0.01, 100, 5), [0.01, 0.1, 1, 10, 100]);
  assert.deepEqual(stepTicks(0, 3, 10), [0, 1, 2, 3]);
  assert.ok(linearTicks(1, 1, 5).length === 1);
  assert.ok(logTicks(1e-300, 1e300, 4).length <= 6);
  assert.ok(timeTicks(0, 1e18, 5).length <= 64);
  assert.ok(timeTicks(0, 60e6, 6).every((t) => t % 1e6 === 0));
});

test('a range is never empty, and a logarithmic one is positive', () => {
  const none = yRange([], true, 0, 1, false);
  assert.ok(none.hi > none.lo && !none.log);
});

test('keys with odd characters are quoted for the filter language and read back', () => {
  for (const key of ['val/loss', 'a b', 'x`y', 'π', '1st', "it's", 'a)b']) {
    assert.equal(columnOf(metricColumn(key), new Map())?.key, key);
    assert.equal(columnOf(paramColumn(key), new Map())?.key, key);
  }
  assert.equal(columnOf('best()', new Map()), null);
  assert.equal(columnOf('nothing', new Map()), null);
});

test('an axis label never says another number than its tick', () => {
  for (const v of [7.5e-4, 2.5e-5, 1e-4, 0.00298, 1250, 1.25e16, 3, 0]) assert.equal(Number(short(v).replace('\u2212', '-').replace('k', 'e3')), v);
});
