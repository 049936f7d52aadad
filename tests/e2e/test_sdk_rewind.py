"""libtrack going back to earlier steps, and beginning as a fork, against a real trackd."""
import os
import random
import signal
import time

import pytest

from sdk_tools import points, steps
from test_sdk import programs, run_json, sdk  # fixtures


def seen_of(lines):
    """What a run shows after what the program says that it did: {step: value}."""
    seen = {}
    for line in lines:
        what, *rest = line.split()
        if what == 'at':
            seen[int(rest[0])] = float(rest[1])
        elif what == 'back':
            seen = {step: value for step, value in seen.items() if step <= int(rest[0])}
    return seen


def shown(trackd, run):
    page = trackd.get(f'/api/v1/runs/{run}/points?key=loss&limit=1000000')
    return dict(zip(page.json()['step'], page.json()['value'])) if page.status == 200 else {}


def test_values_before_and_after_a_rewind_are_told_apart(trackd, sdk):
    run, lines, _ = sdk.run(trackd.url, 'back', 7, 3000)
    assert sum(line.startswith('back') for line in lines) > 10
    assert shown(trackd, run) == seen_of(lines)
    assert run_json(trackd, run)['epoch'] == sum(line.startswith('back') for line in lines)


def test_offline_the_order_is_kept(trackd, sdk):
    run, lines, _ = sdk.run(trackd.url, 'back', 8, 2000, TRACK_MODE='offline')
    sdk.sync(trackd.url)
    assert shown(trackd, run) == seen_of(lines)
    assert sdk.spools() == []


def test_a_kill_between_rewinds_loses_and_doubles_nothing(make_trackd, sdk):
    """The program or the server dies anywhere, also between a rewind and its answer."""
    server = make_trackd()
    for seed in range(int(os.environ.get('TRACK_KILLS', 4))):
        p = sdk.start(server.url, 'back', seed, 100000)
        time.sleep(random.uniform(0.2, 1.0))
        if seed % 2:
            server.kill()
            server.start()
            time.sleep(random.uniform(0.2, 1.0))
        p.send_signal(signal.SIGKILL)
        out, _ = p.communicate()
        run, *lines = out.splitlines()
        sdk.sync(server.url)
        want, got = seen_of(lines), shown(server, run)
        extra, missing = got.items() - want.items(), want.items() - got.items()
        # the last call may have been done and not been printed: one value, or one way back
        assert len(extra) <= 1 and (not missing or not extra)
        assert all(step > max(got, default=-1) for step, _ in missing)


def test_a_fork_goes_on_where_it_began(trackd, sdk):
    parent, _, _ = sdk.run(trackd.url, 'steps', 20, 0)
    fork, _, _ = sdk.run(trackd.url, 'steps', 5, 0, FORK_FROM=f'{parent}?step=9', FIRST_STEP='10')
    assert steps(trackd, fork) == list(range(15)) and steps(trackd, parent) == list(range(20))
    got = run_json(trackd, fork)['forked_from']
    assert (got['run'], got['step']) == (parent, 9)


@pytest.mark.parametrize('text', ['x', '?step=3', 'abc?step=1', f'{"a" * 32}?step='])
def test_a_fork_of_nothing_is_named(trackd, sdk, text):
    p = sdk.start(trackd.url, 'steps', 1, 0, FORK_FROM=text)
    out, _ = p.communicate(timeout=60)
    assert p.returncode == 1 and 'must be ID?step=N' in out


def test_steps_that_are_logged_again_are_said_once(trackd, sdk):
    run, _, err = sdk.run(trackd.url, 'steps', 10, 0)
    assert 'logged again' not in err
    _, _, err = sdk.run(trackd.url, 'steps', 10, 0, RESUME=run)
    assert err.count('logged again') == 1
    assert len(points(trackd, run, 'loss')) == 20, 'both are shown'


def test_who_does_not_go_back_is_told(trackd, sdk):
    p = sdk.start(trackd.url, 'hold')
    run = p.stdout.readline().strip()
    while not shown(trackd, run):
        time.sleep(0.1)
    trackd.json('POST', f'/api/v1/runs/{run}/rewind', {'step': 3})
    time.sleep(2.5)
    trackd.json('POST', f'/api/v1/runs/{run}/stop', {})
    _, err = p.communicate(timeout=60)
    assert err.count('has rewound the run to step 3') == 1
    assert steps(trackd, run) == [0, 1, 2, 3]
