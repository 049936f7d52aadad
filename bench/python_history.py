"""Ten million points of one series, from a server of its own into numpy; prints rows."""
import os
import pathlib
import re
import subprocess
import tempfile
import time
import urllib.request

COUNT = 10_000_000


def start(here):
    """A server on the data below here, and its address."""
    server = subprocess.Popen([pathlib.Path(os.environ['TRACK_BIN']).resolve() / 'trackd', '--data',
                               here + '/data', '--listen', '127.0.0.1:0', '--log-level', 'error'],
                              stdout=subprocess.PIPE)
    url = re.search(rb'http://[\d.:]+', server.stdout.readline()).group().decode()
    os.environ['TRACK_URL'] = url
    return server, url


def stop(server):
    server.terminate()
    server.wait()


def until_sealed(url):
    """Waits until all points lie in packs; False: they do not."""
    for _ in range(20):
        time.sleep(6)  # the sealer looks every 5 s
        with urllib.request.urlopen(url + '/metrics') as reply:
            if re.search(rb'^track_journal_rows 0$', reply.read(), re.MULTILINE):
                return True
    return False


def log():
    """Logs the points; the run."""
    import track
    run = track.start_run('bench', console=False, facts=False)
    loss = run.metric('loss')
    for step in range(COUNT):
        loss(1 / (step + 1), step)
    run.finish()
    for _ in range(60):  # the upload goes on behind finish()
        if len(run.history('loss')['loss'].values) == COUNT:
            return run.id
        time.sleep(1)
    raise SystemExit('points are missing')


def read(run):
    """Milliseconds of each of some readings."""
    import track
    took = []
    for _ in range(4):
        before = time.perf_counter()
        columns = track.get_run(run).history('loss')['loss']
        took.append(1000 * (time.perf_counter() - before))
        assert len(columns.values) == COUNT
    return took


def main(here):
    os.environ.update(HOME=here, TRACK_SPOOL=here + '/spool', TRACK_QUIET='1', XDG_RUNTIME_DIR=here)
    server, url = start(here)
    try:
        run = log()
        if not until_sealed(url):
            raise SystemExit('points stay in the journal')
        time.sleep(20)  # packs are merged every 10 s
        stop(server)
        server, url = start(here)
        took = read(run)
        what = 'Python, track: 10 M points of history into numpy'
        print(f'| {what}, after a restart | {took[0]:.4g} ms | <= 300 ms |')
        print(f'| {what} | {min(took):.4g} ms | <= 300 ms |')
    finally:
        stop(server)


if __name__ == '__main__':
    with tempfile.TemporaryDirectory(dir='/var/tmp') as here:
        main(here)
