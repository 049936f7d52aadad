"""Lists of runs, and what a run has."""
from datetime import datetime, timezone

import pandas
import pytest
import track


@pytest.fixture
def three(here, tmp_path):
    found = []
    for i, loss in enumerate([0.5, 0.2, 0.9]):
        run = track.start_run('demo', f'run-{i}', params={'lr': 10.0 ** -i, 'opt': {'name': 'sgd'}},
                              tags=['even'] if i % 2 == 0 else {'team': 'blue'}, note=f'**{i}**',
                              console=False)
        run.define_metric('val/loss', goal='minimize')
        for step in range(3):
            run.log({'val/loss': loss + 1 - step / 2}, step)
        run.log_text('sample', f'text {i}', 7)
        run.log_line(f'line of {i}')
        run.log_line(b'bad', 'stderr')
        if i == 1:
            run.finish('failed')
            continue
        file = tmp_path / f'model{i}.bin'
        file.write_bytes(bytes(range(256)) * i)
        run.log_artifact(file, 'model.bin')
        run.finish()
        found.append(run)
    return here


def test_filter_and_order(three):
    assert [r.name for r in track.runs(project='demo')] == ['run-2', 'run-1', 'run-0']
    best = track.runs('val/loss < 0.6', order='best(val/loss)', project='demo')
    assert [r.name for r in best] == ['run-1', 'run-0']
    assert [r.name for r in track.runs('tag:even', '-params.lr', project='demo')] == ['run-0', 'run-2']
    assert len(track.runs(project='*', limit=2)) == 2
    assert track.runs('name:nobody', project='demo') == []
    with pytest.raises(track.InvalidError, match=r'expected a value'):
        track.runs('val/loss <', project='demo')
    with pytest.raises(track.NotFoundError):
        track.runs(project='elsewhere')


def test_what_a_run_has(three, tmp_path):
    run = track.runs('name:run-2', project='demo')[0]
    assert run.state == 'finished' and run.kind == 'train' and run.project == 'demo'
    assert run.params == {'lr': '0.01', 'opt.name': 'sgd'} and run.tags == {'even': ''}
    assert run.metrics['val/loss'] == pytest.approx(0.9) and run.note == '**2**'
    assert abs((datetime.now(timezone.utc) - run.started).total_seconds()) < 60
    assert run.ended >= run.started
    assert [t['text'] for t in run.texts('sample')] == ['text 2']
    assert [(x['text'], x['stream']) for x in run.lines()] == [('line of 2', 'stdout'),
                                                               ('bad', 'stderr')]
    assert [x['text'] for x in run.lines('stderr')] == ['bad']
    [file] = run.files()
    assert file['path'] == 'model.bin' and file['size'] == 512
    digest, size = run.get_artifact('model.bin', tmp_path / 'got.bin')
    assert (digest, size) == (file['digest'], 512)
    assert (tmp_path / 'got.bin').read_bytes() == bytes(range(256)) * 2
    assert track.get_artifact(run.id, 'model.bin', tmp_path / 'again.bin')[1] == 512
    assert run.history('val/loss')['val/loss'].values.tolist() == [1.9, 1.4, 0.9 + 1 - 1]
    same = track.get_run(run.id)
    assert (same.id, same.params) == (run.id, run.params)
    assert track.get_run(run.id[-12:]).id == run.id
    with pytest.raises(track.NotFoundError):
        track.get_run('f' * 32)


def test_a_list_as_a_frame(three):
    runs = track.runs(project='demo')
    frame = runs.to_pandas()
    assert isinstance(frame, pandas.DataFrame) and len(frame) == 3
    assert list(frame['name']) == ['run-2', 'run-1', 'run-0']
    assert list(frame['params.opt.name']) == ['sgd'] * 3 and 'tags.team' in frame
    assert frame['metrics.val/loss'].min() == pytest.approx(0.2)
    assert runs.to_polars().height == 3
    assert runs.to_arrow().num_rows == 3


@pytest.mark.parametrize('at_once', [1000, 3])
def test_a_frame_is_what_each_run_says(here, monkeypatch, at_once):
    """Names that need quotes, runs of two projects, one in the trash, many names, ranks, NaN."""
    from track import _frames
    monkeypatch.setattr(_frames, 'KEYS_MAX', at_once)
    monkeypatch.setattr(_frames, 'RUNS_MAX', 2)
    monkeypatch.setattr(_frames, 'COLUMNS_MAX', 7)
    for i in range(5):
        run = track.start_run('demo' if i % 2 else 'other', params={'a`b "c\'.é': i, f'p{i}': 'x'},
                              tags={'t': '', 'u v': str(i)}, rank=i % 2, console=False)
        run.log({f'm/{k}': i + k for k in range(i * 4)} | {'inf': float('inf')}, 3)
        run.finish()
    listed = track.runs(project='*')
    track.request('DELETE', f'/api/v1/runs/{run.id}')
    frame = listed.to_pandas()
    assert list(frame['id']) == [r.id for r in listed] and len(frame) == 5
    for row, info in zip(frame.to_dict('records'), listed):
        for group in ('params', 'tags', 'metrics'):
            got = {k[len(group) + 1:]: v for k, v in row.items()
                   if k.startswith(group + '.') and not pandas.isna(v)}
            assert got == getattr(info, group)


def test_settings_requests_and_spools(here, tmp_path):
    settings = track.get_settings()
    assert settings['url'] == {'value': here.url, 'origin': 'environment', 'variable': 'TRACK_URL'}
    with track.init(mode='offline', quiet=True) as client:
        run = track.start_run('demo', client=client, console=False)
        run.log_metric('a', 1)
        run.finish()
    with pytest.raises(track.ConflictError, match='closed'):
        client.get_settings()
    seen = []
    track.sync_spools(list_only=True, sink=seen.append)
    assert [s['run_id'] for s in seen] == [run.id] and seen[0]['count'] >= 1
    track.sync_spools()
    assert track.get_run(run.id).metrics == {'a': 1}
    status, body, kind, *_ = track.request('GET', '/api/v1/projects', accept='application/json')
    assert status == 200 and b'demo' in body and kind.startswith('application/json')
    assert track.get_source(__file__.rsplit('/', 1)[0])['commit']


def test_a_metric_by_handle_is_read_back(here):
    with track.start_run('demo', console=False) as run:
        handle = run.get_metric('x')
        assert handle is run.metric('x') and handle.name == 'x'
        handle.log_value(3, 0.5)
        handle(0.75)
    points = track.history(run.id, 'x')['x']
    assert (points.steps.tolist(), points.values.tolist()) == ([3, 4], [0.5, 0.75])


def test_everything_else_that_describes_a_run(here, tmp_path):
    data = tmp_path / 'train.csv'
    data.write_text('a,b\n1,2\n')
    with track.start_run('demo', console=False, facts=False) as run:
        run.log_row(7, {'a': 1.5, 'b': 2.5})
        run.set_note('# *why*')
        run.set_document('setup', '{"beds": [1, 2]}')
        run.set_seed(2**64 - 1)
        run.set_seed(7, 'data')
        run.set_exit(0)
        run.log_alert('loss is high', 'above 3', 'warning')
        assert run.use_artifact(data, type='train') == data
        run.flush(10)
        progress = run.get_progress()
        assert progress['connected'] and progress['sent'] == progress['logged'] == 2
        assert run.get_errors() == {'counts': {}, 'lost': 0, 'refused': 0, 'last': None}
    info = track.get_run(run.id)
    assert info.params == {'seed': str(2**64 - 1), 'seed/data': '7'} and info.note == '# *why*'
    assert info.json['exit_code'] == 0 and info.metrics == {'a': 1.5, 'b': 2.5}
    assert here.get(f'/api/v1/runs/{run.id}/docs/setup').body == b'{"beds": [1, 2]}'
    [alert] = here.json('GET', f'/api/v1/runs/{run.id}/alerts')['alerts']
    assert (alert['title'], alert['text'], alert['level']) == ('loss is high', 'above 3', 'warning')
    [used] = here.json('GET', f'/api/v1/runs/{run.id}/inputs')['inputs']
    assert used['name'] == str(data) and used['role'] == 'train' and used['size'] == 8
    assert [r[0] for r in track.init().get_runs('demo', 'has:b')] == [run.id]
