"""Scripts of the tests: each runs in a process of its own, as a user's does.

    s = Scripts(tmp_path, trackd.url)
    got = s.run('''
        run = track.start_run()
        print(run.id)
        ...''')
    got.id, got.lines, got.err, got.code
"""
import os
import signal
import subprocess
import sys
import textwrap

from track_command import Command

HEAD = 'import os, sys, time, signal\nimport track\n'
# What a run would take from the environment of whoever runs the tests.
FOREIGN = ('TRACK_', 'SLURM', 'OMPI', 'PMI', 'RANK', 'WORLD_SIZE', 'LOCAL_', 'KUBERNETES', 'TORCHELASTIC')


class Result:
    def __init__(self, process, out, err):
        self.code, self.out, self.err = process.returncode, out, err
        self.lines = out.splitlines()
        self.id = self.lines[0] if self.lines else ''

    def __repr__(self):
        return f'<exit {self.code}\n{self.out[-3000:]}\n{self.err[-6000:]}>'


class Scripts:
    """Runs Python programs with one spool and one server."""

    def __init__(self, folder, url, project='scripts'):
        self.folder, self.url, self.project = folder, url, project
        self.spool = folder / 'spool'

    def env(self, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
        env.update(HOME=str(self.folder), TRACK_URL=self.url, TRACK_SPOOL=str(self.spool),
                   TRACK_PROJECT=self.project, PYTHONDONTWRITEBYTECODE='1', **more)
        return {k: str(v) for k, v in env.items() if v is not None}

    def write(self, text, name='train.py'):
        path = self.folder / name
        path.write_text(HEAD + textwrap.dedent(text))
        return path

    def start(self, text, *args, name='train.py', python=(), **more):
        path = self.write(text, name)
        return subprocess.Popen([sys.executable, *python, path.name, *map(str, args)], text=True,
                                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=self.env(**more),
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))

    def end(self, process, code=0, seconds=60):
        out, err = process.communicate(timeout=seconds)
        got = Result(process, out, err)
        assert code is None or got.code == code, got
        return got

    def run(self, text, *args, code=0, seconds=60, **more):
        return self.end(self.start(text, *args, **more), code, seconds)

    def track(self, *args, url=None):
        """A call of the real command, with the same spool."""
        command = Command(self.folder, url or self.url, self.project)
        command.env['TRACK_SPOOL'] = str(self.spool)
        return command(*args)

    def sync(self, code=0):
        p = self.track('sync')
        assert p.returncode == code, p.stdout.decode() + p.stderr.decode()
        return p.stdout.decode() + p.stderr.decode()

    def spools(self):
        return sorted(self.spool.glob('[!.]*.*')) if self.spool.exists() else []
