import assert from 'node:assert/strict';
import test from 'node:test';
import { defaultView, freeColor, parseView, printView, type View } from '../src/state';

const ID = (n: number): string => n.toString(16).padStart(32, '0');

test('the default view has no query string', () => {
  assert.equal(printView(defaultView()), '');
  assert.deepEqual(parseView(''), defaultView());
});

test('a view comes back as it was written', () => {
  const v: View = {
    filter: "params.lr<1e-2 name~'a&b=c+d,e'", columns: ['best(val/loss)', 'params.a,b', 'tags.x+y%2C'], sort: '-best(val/acc)',
    selection: { kind: 'some', runs: [{ id: ID(1), color: 4 }, { id: ID(2), color: 0 }, { id: ID(3), color: 1 }] },
    hidden: [ID(2)], panels: [['train/loss', 'val/loss'], ['a+b', 'c,d', '100%']], toggled: ['system/', ''], find: 'loss|acc',
    x: 'metric:train/tokens', smooth: 'step:100', group: 'params.a b', band: 'p10', zoom: [-3.5e-7, 1000], log: ['train/loss', 'x,y'], front: 'charts',
  };
  assert.deepEqual(parseView(printView(v)), { ...v, toggled: v.toggled });
});

test('selections of every kind come back', () => {
  for (const selection of [{ kind: 'auto' }, { kind: 'all', except: [] }, { kind: 'all', except: [ID(7)] }, { kind: 'some', runs: [] }] as View['selection'][]) {
    assert.deepEqual(parseView(printView({ ...defaultView(), selection })).selection, selection);
  }
});

test('nonsense in an address is as if it were not there', () => {
  const v = parseView('?x=cosmic&sm=7&g=lr&band=wide&z=9..1&sel=zz,1234&hid=q&cols=&front=sideways');
  assert.deepEqual(v, { ...defaultView(), columns: [], selection: { kind: 'some', runs: [] } });
});

test('a colour is free until it is taken, then they begin again', () => {
  assert.equal(freeColor([]), 0);
  assert.equal(freeColor([0, 1, 3]), 2);
  assert.equal(freeColor(Array.from({ length: 20 }, (_, i) => i)), 0);
  assert.equal(freeColor([...Array.from({ length: 20 }, (_, i) => i), 0]), 1);
});
