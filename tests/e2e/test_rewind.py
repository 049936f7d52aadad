"""Rewinds and forks over HTTP: what a run shows, and what is refused.  The rule itself, over sealing,
merging and restarts, is in tests/server/test_store_branch.c."""
import secrets
import sqlite3
import subprocess

from conftest import BIN, new_id
import tkf


def make(trackd, **more):
    run = new_id()
    trackd.json('PUT', f'/api/v1/runs/{run}', {'project': 'p', **more})
    return run


def log(trackd, run, steps, value=0.0):
    trackd.json('POST', f'/api/v1/runs/{run}/points', {'points': [
        {'key': 'loss', 'step': step, 'time_us': 10**6 + step, 'value': value + step} for step in steps]})


def send(trackd, run, writer, seq, steps, epoch, define=None):
    body = tkf.points(writer, seq, 0, steps, [float(step) for step in steps], define=define, epoch=epoch)
    return trackd.request('POST', f'/api/v1/runs/{run}/frames', body,
                          {'Content-Type': 'application/x-track-frames'})


def rewind(trackd, run, step, **more):
    return trackd.json('POST', f'/api/v1/runs/{run}/rewind', {'step': step, **more})


def values(trackd, run):
    r = trackd.get(f'/api/v1/runs/{run}/points?key=loss')
    return r.json()['value'] if r.status == 200 else []


def bins(trackd, run, **more):
    return trackd.json('POST', '/api/v1/bins', {'runs': [run], 'keys': ['loss'], 'x': 'step', 'bins': 100, **more})


def best(trackd, run, text='best(loss)'):
    found = trackd.json('POST', '/api/v1/runs/search', {'project': 'p', 'columns': [text]})
    return next(row['values'][0] for row in found['runs'] if row['id'] == run)


def test_a_rewind_hides_what_came_behind_it(trackd):
    run = make(trackd)
    log(trackd, run, range(10))
    assert best(trackd, run, 'last(loss)')['value'] == 9
    before = bins(trackd, run)
    assert rewind(trackd, run, 4, epoch=0) == {'epoch': 1, 'step': 4, 'again': False}
    assert rewind(trackd, run, 4, epoch=0) == {'epoch': 1, 'step': 4, 'again': True}
    assert values(trackd, run) == [0, 1, 2, 3, 4]
    assert best(trackd, run, 'last(loss)')['value'] == 4
    log(trackd, run, range(5, 10), 100.0)
    assert values(trackd, run) == [0, 1, 2, 3, 4, 105, 106, 107, 108, 109]
    have = {f'{run}:{s["id"]}': s['version'] for s in before['series']}
    again = bins(trackd, run, have=have)['series'][0]
    assert not again.get('unchanged'), 'the same number of points, but others'
    got = trackd.json('GET', f'/api/v1/runs/{run}')
    assert got['epoch'] == 1 and got['forked_from'] is None
    assert [(r['epoch'], r['step']) for r in got['rewinds']] == [(1, 4)]
    rewind(trackd, run, -1)
    assert values(trackd, run) == []
    assert best(trackd, run, 'last(loss)') is None
    assert trackd.json('GET', f'/api/v1/runs/{run}/series')['series'] == []


def test_frames_of_an_older_epoch_are_taken_and_of_a_later_one_are_not(trackd):
    run, writer = make(trackd), secrets.token_bytes(16)
    assert send(trackd, run, writer, 0, range(0, 6), 0, define=b'loss').json()['epoch'] == 0
    assert send(trackd, run, writer, 1, range(6, 8), 1).error['code'] == 'invalid'
    rewind(trackd, run, 6)
    late = send(trackd, run, writer, 1, range(6, 9), 0).json()
    assert late['next_seq'] == 2 and late['epoch'] == 1
    assert send(trackd, run, writer, 2, range(20, 22), 1).status == 200
    assert values(trackd, run) == [0, 1, 2, 3, 4, 5, 6, 20, 21]


def test_a_fork_shows_its_parent_up_to_a_step(trackd):
    parent = make(trackd, name='first')
    log(trackd, parent, range(10))
    fork = make(trackd, fork_from={'run': parent, 'step': 5})
    assert values(trackd, fork) == [0, 1, 2, 3, 4, 5]
    assert best(trackd, fork, 'last(loss)')['value'] == 5
    log(trackd, fork, range(6, 8), 50.0)
    assert values(trackd, fork) == [0, 1, 2, 3, 4, 5, 56, 57]
    assert values(trackd, parent) == list(range(10))
    assert bins(trackd, fork)['series'][0]['n'] == [1] * 8
    got = trackd.json('GET', f'/api/v1/runs/{fork}')['forked_from']
    assert got['run'] == parent and got['step'] == 5 and got['name'] == 'first' and not got['deleted']
    assert trackd.json('GET', f'/api/v1/runs/{parent}')['forks'] == 1
    rewind(trackd, parent, 2)
    assert values(trackd, fork) == [0, 1, 2, 3, 4, 5, 56, 57], 'as its parent was'
    assert values(trackd, parent) == [0, 1, 2]
    trackd.request('DELETE', f'/api/v1/runs/{parent}')
    assert values(trackd, fork) == [0, 1, 2, 3, 4, 5, 56, 57], 'the trash still serves it'
    assert trackd.json('GET', f'/api/v1/runs/{fork}')['forked_from']['deleted']
    rewind(trackd, fork, 3)
    assert values(trackd, fork) == [0, 1, 2, 3]


def test_points_of_the_parent_that_come_late_are_found_by_a_search(trackd):
    parent = make(trackd)
    log(trackd, parent, range(3))
    fork = make(trackd, fork_from={'run': parent, 'step': 50})
    child = make(trackd, fork_from={'run': fork, 'step': 40})
    assert best(trackd, fork, 'last(loss)')['value'] == best(trackd, child, 'last(loss)')['value'] == 2
    log(trackd, parent, [30, 45])
    assert best(trackd, fork, 'last(loss)')['value'] == 45
    assert best(trackd, child, 'last(loss)')['value'] == 30


def test_what_cannot_be_is_refused(trackd):
    run = make(trackd)
    other, path = new_id(), f'/api/v1/runs/{run}'
    for body in ({}, {'step': 'x'}, {'step': 1.5}, {'step': 1, 'epoch': 3}, {'step': 1, 'epoch': -1}, {'step': 1, 'x': 1}):
        assert trackd.request('POST', f'{path}/rewind', body).status == 400, body
    for fork in ({}, {'run': run}, {'step': 1}, {'run': 'x', 'step': 1}, {'run': run, 'step': None}, 5):
        r = trackd.request('PUT', f'/api/v1/runs/{other}', {'project': 'p', 'fork_from': fork})
        assert r.status == 400, (fork, r)
    gone = {'project': 'p', 'fork_from': {'run': new_id(), 'step': 1}}
    assert trackd.request('PUT', f'/api/v1/runs/{other}', gone).status == 404
    assert trackd.get(f'/api/v1/runs/{other}').status == 404
    itself = {'project': 'p', 'fork_from': {'run': other, 'step': 1}}
    assert 'itself' in trackd.request('PUT', f'/api/v1/runs/{other}', itself).error['message']
    trackd.request('DELETE', path)
    assert trackd.request('PUT', f'/api/v1/runs/{other}', {'project': 'p', 'fork_from': {'run': run, 'step': 1}}).status == 409
    assert trackd.request('POST', f'{path}/rewind', {'step': 1}).status == 409
    trackd.json('POST', f'{path}/restore', {})
    trackd.json('POST', f'{path}/finish', {'state': 'finished'})
    ended = trackd.request('POST', f'{path}/rewind', {'step': 1})
    assert ended.status == 409 and 'reopen' in ended.error['hint']
    trackd.json('POST', f'{path}/reopen', {})
    assert rewind(trackd, run, 1)['epoch'] == 1


def test_a_writer_that_takes_over_after_a_rewind_repeats_nothing(trackd):
    run, steps = make(trackd), range(0, 10)
    first, second, third = (secrets.token_bytes(16) for _ in range(3))

    def close(writer, last):
        trackd.json('POST', f'/api/v1/runs/{run}/writers/{writer.hex()}/close', {'last_seq': last})

    send(trackd, run, first, 0, steps, 0, define=b'loss')
    close(first, 0)
    assert send(trackd, run, second, 0, range(5, 8), 0, define=b'loss').json()['repeated_steps']
    close(second, 0)
    rewind(trackd, run, 4)
    assert not send(trackd, run, third, 0, range(5, 8), 1, define=b'loss').json()['repeated_steps']
    assert values(trackd, run) == [0, 1, 2, 3, 4, 5, 6, 7]


def test_check_counts_rewinds(make_trackd):
    server = make_trackd()
    run = make(server)
    log(server, run, range(5))
    rewind(server, run, 2)
    make(server, fork_from={'run': run, 'step': 1})
    assert server.stop() == 0
    command = [BIN / 'trackd', 'check', '--data', server.data]
    assert subprocess.run(command, capture_output=True).returncode == 0
    db = sqlite3.connect(server.data / 'track.db')
    db.execute('UPDATE rewind SET epoch = 7')
    db.execute('UPDATE edge SET epoch = 9 WHERE kind = 4')
    db.commit()
    db.close()
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 8
    assert 'rewinds than their epoch' in done.stdout + done.stderr
    assert 'from an epoch' in done.stdout + done.stderr
