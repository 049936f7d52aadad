"""The `track` command for tests: a home of its own, nothing of the caller's environment."""
import json
import os
import pathlib
import subprocess

# As conftest.py has it, which tests/e2e/python cannot import beside its own.
BIN = pathlib.Path(os.environ.get('TRACK_BIN', 'build/gcc-debug')).resolve()
TRACK = str(BIN / 'track')


class Command:
    """Calls of `track` below one directory."""

    def __init__(self, home, url=None, project='demo'):
        self.home = pathlib.Path(home)
        self.home.mkdir(parents=True, exist_ok=True)
        self.env = {
            'PATH': os.environ['PATH'], 'HOME': str(self.home), 'TERM': 'xterm', 'TZ': 'UTC',
            'LC_ALL': 'C.UTF-8', 'XDG_RUNTIME_DIR': str(self.home), 'TRACK_PROJECT': project,
            'TRACK_SPOOL': str(self.home / 'spool'),
        }
        if url:
            self.env['TRACK_URL'] = url

    def environ(self, **more):
        env = {**self.env, **{k: str(v) for k, v in more.items() if v is not None}}
        return {k: v for k, v in env.items() if k not in [k for k, v in more.items() if v is None]}

    def __call__(self, *args, input=b'', env=(), timeout=60, cwd=None):
        """Runs it; returns the finished process with bytes in stdout and stderr."""
        return subprocess.run([TRACK, *map(str, args)], input=input, capture_output=True,
                              env=self.environ(**dict(env)), timeout=timeout, cwd=cwd or self.home)

    def ok(self, *args, **kw):
        """Its standard output as text; fails unless the exit code is 0."""
        p = self(*args, **kw)
        assert p.returncode == 0, (args, p.returncode, p.stdout[-2000:], p.stderr[-2000:])
        return p.stdout.decode()

    def json(self, *args, **kw):
        return json.loads(self.ok(*args, '--json', **kw))

    def start(self, *args, env=(), **kw):
        kw.setdefault('stdin', subprocess.DEVNULL)
        return subprocess.Popen([TRACK, *map(str, args)], env=self.environ(**dict(env)),
                                cwd=self.home, **kw)

    def run(self, *args, **kw):
        """`track run` without the sampler; returns the finished process."""
        return self('run', '--no-agent', *args, **kw)
