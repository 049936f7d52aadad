"""One text selects the same runs in the command, in Python and in the API, and docs/filter.md is true."""
import pathlib
import re

import pytest
import track
from track_command import Command

DOCS = pathlib.Path(__file__).parents[3] / 'docs' / 'filter.md'
FILTERS = [
    '', 'status:finished', 'tag:even', 'params.lr < 0.5', 'config.lr>=1e-1 NOT tag:even', 'val/loss < 0.6', 'min(val/loss)<=0.5',
    'best(val/loss) BETWEEN 0.1 AND 0.6', "name~'run-[02]' OR notes ILIKE '%1%'", 'any(val/loss > 1.4)', 'all(val/loss < 1.6, 1)',
    'any(val/loss = 0.5, 1, 2) AND NOT status:failed', 'at(val/loss, 1) > 0.8', 'argmin(val/loss) = 2', 'count(val/loss)=3 nan(val/loss)=0',
    'started>-1d duration<1h', 'tags.team IS NULL', 'tags.team IN (blue, red)', 'run-1', 'has:lr size = 0B', "params.`opt.name`:'SGD'",
]


@pytest.fixture
def some(here, tmp_path):
    for i, loss in enumerate([0.5, 0.2, 0.9, 0.4]):
        run = track.start_run('demo', f'run-{i}', params={'lr': 10.0 ** -i, 'opt': {'name': 'sgd'}},
                              tags=['even'] if i % 2 == 0 else {'team': 'blue'}, note=f'**{i}**', console=False)
        run.define_metric('val/loss', goal='minimize')
        for step in range(3):
            run.log({'val/loss': loss + 1 - step / 2}, step)
        run.finish('failed' if i == 1 else 'finished')
    return here, Command(tmp_path / 'command', here.url)


def test_everybody_finds_the_same(some):
    for text in FILTERS:
        same(*some, text)


def same(server, command, text):
    asked = server.json('POST', '/api/v1/runs/search', {'project': 'demo', 'filter': text, 'order': 'best(val/loss)', 'total': True})
    ids = [r['id'] for r in asked['runs']]
    assert asked['total'] == len(ids)
    assert [r.id for r in track.runs(text, 'best(val/loss)', project='demo')] == ids
    args = [text] if text else []
    assert [r['id'] for r in command.json('ls', '--sort', 'best(val/loss)', *args)['runs']] == ids
    if ids:
        assert [r['id'] for r in command.json('best', 'val/loss', *args)['best']] == ids


def examples():
    """What docs/filter.md shows: lines of its first block, and what stands behind `Example` in its tables."""
    text = DOCS.read_text()
    block = re.search(r'```\n(.*?)```', text, re.S).group(1)
    found = [re.split(r'   +', line)[0] for line in block.splitlines()]
    for row in re.findall(r'^\|.*\| (.*) \|$', text, re.M):
        found += [e.replace('\\|', '|') for e in re.findall(r'^`([^`]*)`$', row)]
    return found


def test_the_documentation_is_true(some):
    server, _ = some
    found = examples()
    assert len(found) > 25
    for text in found:
        reply = server.request('POST', '/api/v1/runs/search', {'project': 'demo', 'filter': text})
        assert reply.status == 200, (text, reply)
    shown = re.search(r"\$ track ls '(.*)'\n(.*)```", DOCS.read_text(), re.S)
    reply = server.request('POST', '/api/v1/runs/search', {'project': 'demo', 'filter': shown.group(1)})
    assert reply.status == 400 and reply.error['message'].strip() == shown.group(2).replace('track: ', '', 1).strip()
