"""One text selects the same runs in the command, in Python and in the API, and docs/filter.md is true."""
import pathlib
import re

import pytest
import track

DOCS = pathlib.Path(__file__).parents[3] / 'docs' / 'filter.md'
FILTERS = [
    '', 'status:finished', 'tag:even', 'params.lr < 0.5', 'config.lr>=1e-1 NOT tag:even', 'val/loss < 0.6', 'min(val/loss)<=0.5',
    'best(val/loss) BETWEEN 0.1 AND 0.6', "name~'run-[02]' OR notes ILIKE '%1%'", 'any(val/loss > 1.4)', 'all(val/loss < 1.6, 1)',
    'any(val/loss = 0.5, 1, 2) AND NOT status:failed', 'at(val/loss, 1) > 0.8', 'argmin(val/loss) = 2', 'count(val/loss)=3 nan(val/loss)=0',
    'started>-1d duration<1h', 'tags.team IS NULL', 'tags.team IN (blue, red)', 'run-1', 'has:lr size = 0B', "params.`opt.name`:'SGD'",
]


@pytest.fixture
def some(here):
    for i, loss in enumerate([0.5, 0.2, 0.9, 0.4]):
        run = track.start_run('demo', f'run-{i}', params={'lr': 10.0 ** -i, 'opt': {'name': 'sgd'}},
                              tags=['even'] if i % 2 == 0 else {'team': 'blue'}, note=f'**{i}**', console=False)
        run.define_metric('val/loss', goal='minimize')
        for step in range(3):
            run.log({'val/loss': loss + 1 - step / 2}, step)
        run.finish('failed' if i == 1 else 'finished')
    return here


@pytest.mark.parametrize('text', FILTERS)
def test_everybody_finds_the_same(some, text):
    asked = some.json('POST', '/api/v1/runs/search', {'project': 'demo', 'filter': text, 'order': 'best(val/loss)', 'total': True})
    ids = [r['id'] for r in asked['runs']]
    assert asked['total'] == len(ids)
    assert [r.id for r in track.runs(text, 'best(val/loss)', project='demo')] == ids
    args = [text] if text else []
    assert [r['id'] for r in some.track_json('ls', '-p', 'demo', '--sort', 'best(val/loss)', *args)['runs']] == ids
    if ids:
        assert [r['id'] for r in some.track_json('best', '-p', 'demo', 'val/loss', *args)['runs']] == ids
