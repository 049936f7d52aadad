"""libtrack against a real trackd: everything that is logged arrives, once, whatever happens.

TRACK_KILLS=100 kills the program that often instead of 20 times.
"""
import json
import os
import random
import signal
import struct
import subprocess
import time

import pytest

import sdk_tools
from sdk_tools import points, steps


@pytest.fixture(scope='module')
def programs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('programs')
    return {name: sdk_tools.build(folder, name) for name in ('sdk_logger', 'sdk_sync')}


class Sdk:
    """Runs the programs with one spool and one server."""

    def __init__(self, programs, folder):
        self.programs, self.folder = programs, folder
        self.spool = folder / 'spool'

    def environment(self, url, **extra):
        return {'PATH': os.environ['PATH'], 'HOME': str(self.folder), 'TRACK_URL': url,
                'TRACK_SPOOL': str(self.spool), 'TRACK_PROJECT': 'sdk',
                'ASAN_OPTIONS': 'detect_leaks=1', **extra}

    def start(self, url, *args, **extra):
        return subprocess.Popen([self.programs['sdk_logger'], *map(str, args)], text=True,
                                cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=self.environment(url, **extra))

    def run(self, url, *args, code=0, **extra):
        """(run id, lines printed after it, stderr)"""
        p = self.start(url, *args, **extra)
        out, err = p.communicate(timeout=120)
        assert p.returncode == code, f'{p.returncode}\n{out[-2000:]}\n{err[-4000:]}'
        lines = out.splitlines()
        return lines[0], lines[1:], err

    def sync(self, url, code=0):
        p = subprocess.run([self.programs['sdk_sync']], text=True, capture_output=True, timeout=120,
                           env=self.environment(url))
        assert p.returncode == code, p.stdout + p.stderr
        return p.stdout

    def spools(self):
        return sorted(self.spool.glob('*.*')) if self.spool.exists() else []


@pytest.fixture
def sdk(programs, tmp_path):
    return Sdk(programs, tmp_path)


def run_json(trackd, run):
    return trackd.json('GET', f'/api/v1/runs/{run}')


def test_a_run_arrives_whole_and_leaves_no_spool(trackd, sdk):
    run, lines, err = sdk.run(trackd.url, 'steps', 1000, 0, RUN_NAME='first')
    assert lines[-1].startswith('finish 0')
    assert steps(trackd, run) == list(range(1000))
    got = run_json(trackd, run)
    assert (got['state'], got['name'], got['project']) == ('finished', 'first', 'sdk')
    assert sdk.spools() == []
    assert f'/p/sdk/r/{run}' in err


def test_everything_that_describes_a_run_arrives(trackd, sdk):
    run, lines, _ = sdk.run(trackd.url, 'kinds')
    assert 'flush 0' in lines
    got = run_json(trackd, run)
    assert got['params'] == {'lr': '0.1', 'momentum': '0.9', 'model.layers': '2',
                             'model.sizes': '[1,2]', 'amp': 'true',
                             'seed': '18446744073709551615', 'seed/data': '7'}
    assert got['tags'] == {'label': '', 'owner': 'ada'}
    assert (got['note'], got['state'], got['exit_code']) == ('# Notes\nof a run', 'failed', 3)
    texts = trackd.json('GET', f'/api/v1/runs/{run}/text')['texts']
    assert sorted((t['step'], len(t['text'])) for t in texts) == [(3, 54), (4, 0)]
    lines = trackd.json('GET', f'/api/v1/runs/{run}/lines')['lines']
    assert [l['text'][:3] for l in lines] == ['out', 'err', '']
    alerts = trackd.json('GET', f'/api/v1/runs/{run}/alerts')['alerts']
    assert [(a['title'], a['level']) for a in alerts] == [('loss is NaN', 'warning')]
    definitions = trackd.json('GET', f'/api/v1/runs/{run}/definitions')['definitions']
    assert [(d['name'], d['goal'], d['unit']) for d in definitions] == [('val/*', 'min', 'nat')]
    assert points(trackd, run, 'train/loss')[0][1] == points(trackd, run, 'train/acc')[0][1]
    docs = {d['name'] for d in trackd.json('GET', f'/api/v1/runs/{run}/docs')['docs']}
    assert {'command', 'host', 'environment', 'missing'} <= docs


def test_values_arrive_bit_for_bit(trackd, sdk):
    run, _, _ = sdk.run(trackd.url, 'values')
    got = {p[0]: p[2] for p in points(trackd, run, 'bits')}
    want = [0x7ff8000000000000, 0x7ff8000000001234, 0xfff800000000beef, 0x7ff4000000000001,
            0x7ff0000000000000, 0xfff0000000000000, 0x8000000000000000, 1, 0x7fefffffffffffff,
            0x3ff0000000000000, 0x3fb999999999999a]
    assert [got[i] for i in range(len(want))] == want
    assert got[2**63 - 1] == struct.unpack('<Q', struct.pack('<d', 1))[0]
    assert got[-2**63] == struct.unpack('<Q', struct.pack('<d', 2))[0]


def test_five_thousand_names_and_odd_ones(trackd, sdk):
    run, lines, _ = sdk.run(trackd.url, 'names')
    assert lines[:5] == ['longest 0', 'longer 1', 'empty 1', 'control 1', 'utf8 1']
    assert steps(trackd, run, 'many/4999') == [4999]
    odd = ['a/b/c', 'with space', '\U0001f525 loss', 'ünïcode', '%41+?&#=\\"\'', './../x', 'a//b']
    for i, name in enumerate(odd):
        assert [p[2] for p in points(trackd, run, name)] == [
            struct.unpack('<Q', struct.pack('<d', i))[0]], name


def test_the_code_is_recorded_without_credentials(trackd, sdk):
    git = lambda *a: subprocess.run(['git', '-c', 'user.name=t', '-c', 'user.email=t@t', *a],
                                    cwd=sdk.folder, check=True, capture_output=True)
    git('init', '-q', '-b', 'trunk')
    (sdk.folder / 'a.txt').write_text('one\n')
    git('add', 'a.txt')
    git('commit', '-qm', 'one')
    git('remote', 'add', 'origin', 'https://me:s3cretword@example.com/x.git')
    (sdk.folder / 'a.txt').write_text('two\n')
    (sdk.folder / 'new.txt').write_text('untracked\n')
    (sdk.folder / '.gitignore').write_text('spool\n*.log\ndata*\n')
    run, _, _ = sdk.run(trackd.url, 'steps', 1, 0)
    code = trackd.get(f'/api/v1/runs/{run}/docs/code').json()
    assert (code['branch'], code['remote'], code['dirty']) == ('trunk', 'https://example.com/x.git',
                                                               True)
    head = subprocess.run(['git', 'rev-parse', 'HEAD'], cwd=sdk.folder, capture_output=True,
                          text=True).stdout.strip()
    assert code['commit'] == head
    patch = trackd.get(f'/api/v1/runs/{run}/docs/patch').body.decode()
    assert '+two' in patch and '+untracked' in patch
    assert 's3cretword' not in json.dumps(code) + patch


def test_secrets_do_not_leave_the_machine(trackd, sdk):
    run, _, _ = sdk.run(trackd.url, 'steps', 1, 0, '--api-key', 'canary-0123456789abcdef',
                        TORCH_AUTH_TOKEN='canary-0123456789abcdef', OMP_NUM_THREADS='4',
                        PRIVATE='canary-0123456789abcdef')
    for name in ('command', 'environment', 'host', 'missing'):
        assert b'canary' not in trackd.get(f'/api/v1/runs/{run}/docs/{name}').body
    variables = trackd.get(f'/api/v1/runs/{run}/docs/environment').json()['variables']
    assert variables['OMP_NUM_THREADS'] == '4'
    assert variables['TORCH_AUTH_TOKEN'] == '<redacted>'


def test_a_file_goes_in_and_comes_back(trackd, sdk):
    path = sdk.folder / 'weights.bin'
    path.write_bytes(random.Random(1).randbytes(3_000_001))
    run, lines, _ = sdk.run(trackd.url, 'files', path)
    import hashlib
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert lines[:6] == ['log 0', f'digest {digest} 3000001', 'use 0', 'absent 4', 'folder 1',
                         'name 1']
    assert lines[-3:] == ['get 0', 'dashed 0', 'no id 1']
    assert (sdk.folder / 'weights.bin.back').read_bytes() == path.read_bytes()
    files = trackd.json('GET', f'/api/v1/runs/{run}/files')['files']
    assert [(f['path'], f['digest'], f['size']) for f in files] == [('out/copy.bin', digest, 3000001)]
    inputs = trackd.json('GET', f'/api/v1/runs/{run}/inputs')['inputs']
    assert [(i['name'], i['digest'], i['role']) for i in inputs] == [('data', digest, 'train')]


def test_a_kill_at_any_moment_loses_nothing(trackd, sdk):
    chance = random.Random(int(os.environ.get('TRACK_SEED', '1')))
    for _ in range(int(os.environ.get('TRACK_KILLS', '20'))):
        p = sdk.start(trackd.url, 'steps', 10_000_000, chance.choice([0, 0, 100]))
        run = p.stdout.readline().strip()
        printed = []
        reader_until = time.monotonic() + chance.uniform(0.0, 0.5)
        while time.monotonic() < reader_until:
            printed.append(p.stdout.readline())
        p.send_signal(signal.SIGKILL)
        out, _ = p.communicate()
        printed = [l for l in ''.join(printed + [out]).split('\n')[:-1]]
        sdk.sync(trackd.url)
        got = steps(trackd, run)
        assert got == list(range(len(got))), 'a hole, or a step twice'
        assert len(got) >= len(printed), f'{len(printed)} printed, {len(got)} arrived'
        assert sdk.spools() == []


def test_without_a_server_it_runs_at_full_speed_and_arrives_later(make_trackd, sdk):
    trackd = make_trackd()
    trackd.stop()
    from_s = time.monotonic()
    run, lines, err = sdk.run(trackd.url, 'steps', 20000, 0, code=3)
    assert time.monotonic() - from_s < 8
    assert lines[-1].startswith('finish 11') and 'kept in' in err
    assert len(sdk.spools()) == 1
    assert 'status 11' in sdk.sync(trackd.url, code=1)
    trackd.start()
    assert f'sent {run} 20000/20000' in sdk.sync(trackd.url)
    assert steps(trackd, run) == list(range(20000))
    assert run_json(trackd, run)['state'] == 'finished'
    assert sdk.spools() == []


def test_the_next_run_sends_what_others_left(make_trackd, sdk):
    trackd = make_trackd()
    trackd.stop()
    left = [sdk.run(trackd.url, 'steps', 100, 0, code=3)[0] for _ in range(2)]
    trackd.start()
    sdk.run(trackd.url, 'steps', 100, 20000)
    for run in left:
        assert steps(trackd, run) == list(range(100))
        assert run_json(trackd, run)['state'] == 'finished'
    assert sdk.spools() == []


def test_the_server_is_restarted_and_killed_meanwhile(make_trackd, sdk):
    trackd = make_trackd()
    p = sdk.start(trackd.url, 'steps', 3000, 2000)
    run = p.stdout.readline().strip()
    for i in range(4):
        time.sleep(1)
        trackd.stop() if i == 1 else trackd.kill()
        time.sleep(0.5)
        trackd.start()
    out, err = p.communicate(timeout=60)
    assert p.returncode == 0, out[-500:] + err
    assert steps(trackd, run) == list(range(3000))


@pytest.mark.parametrize('mode', ['reset', 'drop', 'twice', 'garbage', 'html', 'cut', 'stall'])
def test_wrong_answers_neither_lose_nor_double(trackd, sdk, mode):
    proxy = sdk_tools.Proxy(trackd.port)
    p = sdk.start(proxy.url, 'steps', 2500, 1000, TRACK_TIMEOUT='1')
    run = p.stdout.readline().strip()
    time.sleep(1.2)
    proxy.mode = mode
    time.sleep(1.2)
    proxy.mode = 'pass'
    out, err = p.communicate(timeout=60)
    assert p.returncode == 0, out[-500:] + err
    assert steps(trackd, run) == list(range(2500))
    proxy.close()


def test_a_foreign_server_from_the_start_changes_nothing(trackd, sdk):
    proxy = sdk_tools.Proxy(trackd.port)
    proxy.mode = 'html'
    run, lines, _ = sdk.run(proxy.url, 'steps', 100, 0, code=3)
    assert len(sdk.spools()) == 1
    proxy.mode = 'pass'
    sdk.sync(proxy.url)
    assert steps(trackd, run) == list(range(100))
    proxy.close()


def test_forked_children_have_writers_of_their_own(trackd, sdk, tmp_path_factory):
    plain = sdk_tools.build(tmp_path_factory.mktemp('plain'), 'sdk_logger', sdk_tools.plain_library())
    sdk = Sdk(sdk.programs | {'sdk_logger': plain}, sdk.folder)
    run, lines, _ = sdk.run(trackd.url, 'fork')
    assert [l for l in lines if l.startswith('child')] == ['child 0 0', 'child 1 0', 'child 2 0',
                                                           'child 3 9']
    sdk.sync(trackd.url)
    assert steps(trackd, run) == [0, 1, 2, 3, 4, 100, 101, 102, 103]
    assert steps(trackd, run, 'child') == [0, 1, 2, 3]
    assert run_json(trackd, run)['state'] == 'finished'
    writers = trackd.json('GET', f'/api/v1/runs/{run}/receipt')['writers']
    assert len(writers) == 5 and all(w['closed'] for w in writers)
    assert sdk.spools() == []


def test_threads_keep_their_order_and_lose_nothing(trackd, sdk):
    run, _, _ = sdk.run(trackd.url, 'threads', 20000)
    for i in range(4):
        assert steps(trackd, run, f'thread/{i}') == list(range(20000))
    assert len(points(trackd, run, 'shared')) == 80000


def test_ranks_join_one_run(trackd, sdk):
    first = sdk.start(trackd.url, 'hold', RANK='0')
    run = first.stdout.readline().strip()
    for rank in (1, 2):
        sdk.run(trackd.url, 'steps', 50, 0, RANK=str(rank), TRACK_RUN_ID=run)
    assert run_json(trackd, run)['state'] == 'running'
    trackd.json('POST', f'/api/v1/runs/{run}/stop')
    out, err = first.communicate(timeout=60)
    assert 'stop 1' in out and first.returncode == 0, out + err
    assert run_json(trackd, run)['state'] == 'stopped'
    for rank in (1, 2):
        got = points(trackd, run, 'loss', f'{{"rank":{rank}}}')
        assert [p[0] for p in got] == list(range(50))
    writers = trackd.json('GET', f'/api/v1/runs/{run}/receipt')['writers']
    assert sorted(w['rank'] for w in writers) == [0, 1, 2]


def test_a_run_is_resumed(trackd, sdk):
    run, _, _ = sdk.run(trackd.url, 'steps', 100, 0)
    again, lines, _ = sdk.run(trackd.url, 'steps', 100, 0, RESUME=run, FIRST_STEP='100')
    assert again == run and lines[-1].startswith('finish 0')
    assert steps(trackd, run) == list(range(200))
    assert run_json(trackd, run)['state'] == 'finished'


def test_a_late_spool_returns_the_run_to_its_state(make_trackd, sdk):
    trackd = make_trackd()
    run, _, _ = sdk.run(trackd.url, 'steps', 10, 0)
    trackd.stop()
    sdk.run(trackd.url, 'steps', 10, 0, code=3, TRACK_RUN_ID=run, RANK='1')
    trackd.start()
    sdk.sync(trackd.url)
    assert [p[0] for p in points(trackd, run, 'loss', '{"rank":1}')] == list(range(10))
    assert run_json(trackd, run)['state'] == 'finished'


def test_finishing_otherwise_keeps_what_was(trackd, sdk):
    p = sdk.start(trackd.url, 'steps', 60, 20000)
    run = p.stdout.readline().strip()
    time.sleep(0.6)
    trackd.json('POST', f'/api/v1/runs/{run}/finish', {'state': 'failed'})
    out, err = p.communicate(timeout=60)
    assert 'finish 5' in out, out[-300:] + err
    assert steps(trackd, run) == list(range(60))
    assert run_json(trackd, run)['state'] == 'failed'


def test_a_param_is_set_once(trackd, sdk):
    run, _, _ = sdk.run(trackd.url, 'kinds')
    trackd.json('POST', f'/api/v1/runs/{run}/reopen', {})
    trackd.json('POST', f'/api/v1/runs/{run}/params', {'params': {'other': '1'}})
    assert run_json(trackd, run)['params']['lr'] == '0.1'


def test_a_param_that_is_set_otherwise_is_refused_and_blocks_nothing(trackd, sdk):
    run, lines, err = sdk.run(trackd.url, 'params', code=3)
    assert lines[0] == 'again 0' and lines[1].startswith('finish 5 ')
    assert err.count('parameter lr is 0.1 already') == 1, err
    got = run_json(trackd, run)
    assert (got['params'], got['tags'], got['state']) == (
        {'lr': '0.1', 'behind': '1'}, {'owner': 'ada'}, 'finished')
    assert steps(trackd, run) == [0]
    spool, = sdk.spools()
    kept = sorted(p.name for p in (spool / 'refused').iterdir())
    assert len(kept) == 4 and sum(n.endswith('.answer') for n in kept) == 2, kept


def test_several_syncs_at_once_are_safe(make_trackd, sdk):
    trackd = make_trackd()
    trackd.stop()
    runs = [sdk.run(trackd.url, 'steps', 3000, 0, code=3)[0] for _ in range(4)]
    trackd.start()
    syncs = [subprocess.Popen([sdk.programs['sdk_sync']], env=sdk.environment(trackd.url),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
             for _ in range(4)]
    for s in syncs:
        out, _ = s.communicate(timeout=60)
        assert s.returncode == 0, out
    for run in runs:
        assert steps(trackd, run) == list(range(3000))
    assert sdk.spools() == []


def test_a_sync_that_is_killed_is_taken_up(make_trackd, sdk):
    trackd = make_trackd()
    trackd.stop()
    run, _, _ = sdk.run(trackd.url, 'steps', 200000, 0, code=3)
    trackd.start()
    for i in range(5):
        p = subprocess.Popen([sdk.programs['sdk_sync']], env=sdk.environment(trackd.url),
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.05 + 0.05 * i)
        p.kill()
        p.wait()
    sdk.sync(trackd.url)
    assert steps(trackd, run) == list(range(200000))


def test_a_spool_for_another_server_is_named_and_kept(make_trackd, sdk):
    trackd, other = make_trackd(), make_trackd()
    trackd.stop()
    run, _, _ = sdk.run(trackd.url, 'steps', 10, 0, code=3)
    assert f'TRACK_URL={trackd.url} track sync' in sdk.sync(other.url)
    assert other.get(f'/api/v1/runs/{run}').status == 404 and len(sdk.spools()) == 1
    trackd.start()
    sdk.sync(trackd.url)
    assert steps(trackd, run) == list(range(10))


def test_a_live_spool_is_left_alone(trackd, sdk):
    p = sdk.start(trackd.url, 'hold')
    run = p.stdout.readline().strip()
    time.sleep(0.3)
    assert f'held {run}' in sdk.sync(trackd.url)
    trackd.json('POST', f'/api/v1/runs/{run}/stop')
    out, err = p.communicate(timeout=60)
    assert p.returncode == 0, out + err


@pytest.mark.skipif(os.geteuid() != 0, reason='mounts a small file system')
def test_a_full_disk_is_counted_and_survived(make_trackd, sdk):
    trackd = make_trackd()
    trackd.stop()
    disk = sdk.folder / 'disk'
    disk.mkdir()
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk]).returncode:
        pytest.skip('may not mount')
    try:
        sdk.spool = disk / 'spool'
        (disk / 'ballast').write_bytes(bytes(9 << 20))
        run, lines, err = sdk.run(trackd.url, 'full', disk / 'ballast', code=3)
        words = lines[0].split()
        kept, lost, again, counted = (int(words[i]) for i in (1, 3, 5, 7))
        assert kept > 100000 and lost == 1000 and again == 1000 and counted == lost
        assert 'not logged' in err
        trackd.start()
        sdk.sync(trackd.url)
        got = steps(trackd, run)
        assert len(got) == kept + again and len(set(got)) == len(got)
        assert run_json(trackd, run)['lost'] == lost
    finally:
        subprocess.run(['umount', disk], check=True)


def test_misuse_is_a_status(trackd, sdk):
    _, lines, _ = sdk.run(trackd.url, 'misuse', code=3)
    assert lines[0] == 'wrong 0'
    assert lines[1].startswith('finish 1')
    assert lines[2] == 'after 5 5 5'


def test_mode_off_drops_everything(trackd, sdk):
    run, lines, _ = sdk.run(trackd.url, 'steps', 100, 0, TRACK_MODE='off')
    assert lines[-1].startswith('finish 0') and sdk.spools() == []
    assert trackd.get(f'/api/v1/runs/{run}').status == 404


def test_mode_offline_waits_for_a_sync(trackd, sdk):
    run, lines, _ = sdk.run(trackd.url, 'steps', 100, 0, TRACK_MODE='offline')
    assert lines[-1].startswith('finish 0') and len(sdk.spools()) == 1
    sdk.sync(trackd.url)
    assert steps(trackd, run) == list(range(100))


def test_bad_settings_are_named(trackd, sdk):
    _, _, _ = sdk.run(trackd.url, 'steps', 1, 0)
    p = sdk.start('ftp://x', 'steps', 1, 0)
    out, _ = p.communicate(timeout=20)
    assert p.returncode == 1 and 'TRACK_URL' not in out and 'url' in out and 'environment' in out
