"""Runs that go back to a step, begin as a fork, or are resumed."""
import pytest
import track


def test_a_run_goes_back_and_counts_on_from_there(script, points):
    out, err = script('''
        import track
        run = track.start_run()
        acc = run.metric('acc')
        for step in range(10):
            run.log({'loss': step})
            acc(step)
        run.rewind(4)
        run.log({'loss': 105})          # at step 5, as the next one of the run
        acc(205)
        run.log_metric('loss', 106)
        run.rewind(step := 5)
        run.rewind(5)
        run.finish()
        print(run.id)
    ''')
    run = out.split()[-1]
    assert [(s, v) for s, _, v in points(run, 'loss')] == [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 105)]
    assert [(s, v) for s, _, v in points(run, 'acc')] == [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 205)]
    assert 'logged again' not in err


def test_a_fork_shows_its_parent_first(trackd, script, points):
    out, _ = script('''
        import track
        with track.start_run(name='first') as run:
            for step in range(10):
                run.log({'loss': step})
        with track.start_run(fork_from=f'{run.id}?step=3') as fork:
            fork.log({'loss': 100})
        print(run.id, fork.id)
    ''')
    parent, fork = out.split()[-2:]
    assert [(s, v) for s, _, v in points(fork, 'loss')] == [(0, 0), (1, 1), (2, 2), (3, 3), (4, 100)]
    assert len(points(parent, 'loss')) == 10
    assert trackd.json('GET', f'/api/v1/runs/{fork}')['forked_from']['run'] == parent


def test_a_resumed_run_that_repeats_steps_says_so(script, points):
    out, _ = script('''
        import track
        with track.start_run() as run:
            for step in range(5):
                run.log({'loss': step}, step=step)
        print(run.id)
    ''')
    run = out.split()[-1]
    _, err = script(f'''
        import track
        with track.start_run(resume='{run}') as run:
            for step in range(3, 6):
                run.log({{'loss': step + 100}}, step=step)
    ''')
    assert err.count('logged again') == 1
    assert sorted(s for s, _, _ in points(run, 'loss')) == [0, 1, 2, 3, 3, 4, 4, 5]


def test_a_resumed_run_that_goes_back_first_does_not(script, points):
    out, _ = script('''
        import track
        with track.start_run() as run:
            for step in range(5):
                run.log({'loss': step}, step=step)
        print(run.id)
    ''')
    run = out.split()[-1]
    _, err = script(f'''
        import track
        with track.start_run(resume='{run}') as run:
            run.rewind(2)
            for step in range(3):
                run.log({{'loss': step + 100}})
    ''')
    assert 'logged again' not in err
    assert [(s, v) for s, _, v in points(run, 'loss')] == [(0, 0), (1, 1), (2, 2), (3, 100), (4, 101), (5, 102)]


def test_what_cannot_be_raises(monkeypatch, tmp_path):
    monkeypatch.setenv('TRACK_SPOOL', str(tmp_path))
    for text in ('x', '?step=1', 'a?step=1', f'{"a" * 32}?step=', f'{"a" * 32}?step=1.5'):
        with pytest.raises(track.InvalidError, match='ID.step=N'):
            track.start_run(fork_from=text, mode='offline', console=False, facts=False)
    run = track.start_run(mode='off', console=False, facts=False)
    with pytest.raises(TypeError):
        run.rewind('x')
    with pytest.raises(track.InvalidError):
        run.rewind(1 << 64)
    run.finish()
    with pytest.raises(track.ConflictError):
        run.rewind(1)
