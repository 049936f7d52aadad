"""A stranger's program: written from track.h alone, built with pkg-config against an installed
library, shared and static.  It logs, forks, attaches a file, resumes; the server holds all of it.
"""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

PROGRAM = r'''
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <track.h>

int main(int argc, char **argv)
{
    track_run_options options = track_run_options_default();
    track_run *run = NULL;
    track_error err;
    options.name = "stranger";
    options.run_id = argc > 2 ? argv[2] : NULL;
    options.resume = argc > 2;
    if (track_start_run(NULL, &options, &run, &err) != TRACK_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    printf("%s\n", track_get_run_id(run));
    fflush(stdout);
    int64_t first = argc > 2 ? 1000 : 0;
    for (int64_t step = first; step < first + 1000; step++)
        track_log_metric(run, "train/loss", step, 1.0 / (double)(step + 1));
    pid_t child = argc > 2 ? -1 : fork();
    if (child == 0) {
        for (int64_t step = 0; step < 10; step++)
            track_log_metric(run, "child/loss", step, (double)step);
        _exit(track_finish_run(&run, TRACK_FINISHED, NULL) != TRACK_OK);
    }
    int status = 0;
    if (child > 0)
        waitpid(child, &status, 0);
    if (track_log_artifact(run, "source.c", argv[1], NULL, NULL, &err) != TRACK_OK)
        fprintf(stderr, "%s\n", err.message);
    if (track_finish_run(&run, TRACK_FINISHED, &err) != TRACK_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    return status != 0;
}
'''


@pytest.fixture(scope='module')
def installed(tmp_path_factory):
    """make install of a library that is not sanitised: a stranger's program is not either."""
    prefix = tmp_path_factory.mktemp('prefix')
    subprocess.run(['make', '-s', 'install', 'MODE=release', 'CC=gcc', f'prefix={prefix}'],
                   cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
                   env={k: v for k, v in os.environ.items() if k not in ('MAKEFLAGS', 'MFLAGS')})
    return prefix


def flags(installed, *how):
    said = subprocess.run(['pkg-config', *how, 'track'], check=True, capture_output=True, text=True,
                          env=os.environ | {'PKG_CONFIG_PATH': str(installed / 'lib/pkgconfig')})
    return said.stdout.split()


def steps(server, run, key):
    points = server.json('GET', f'/api/v1/runs/{run}/points?key={key}&limit=100000')
    return points['step']


@pytest.mark.parametrize('compiler,language', [('gcc', 'c'), ('g++', 'c++')])
def test_a_strangers_program_builds_and_logs(trackd, installed, tmp_path, compiler, language):
    source, program = tmp_path / 'stranger.c', tmp_path / 'stranger'
    source.write_text(PROGRAM)
    subprocess.run([compiler, '-x', language, '-Wall', '-Wextra', '-Werror', source, '-x', 'none',
                    '-o', program, *flags(installed, '--cflags', '--libs')], check=True)
    env = os.environ | {'TRACK_URL': trackd.url, 'TRACK_SPOOL': str(tmp_path / 'spool'),
                        'TRACK_PROJECT': 'strangers', 'LD_LIBRARY_PATH': str(installed / 'lib')}
    said = subprocess.run([program, source], env=env, cwd=tmp_path, capture_output=True, text=True,
                          timeout=60)
    assert said.returncode == 0, said.stderr
    run = said.stdout.split()[0].replace('-', '')
    assert steps(trackd, run, 'train/loss') == list(range(1000))
    assert steps(trackd, run, 'child/loss') == list(range(10))
    got = trackd.get(f'/api/v1/runs/{run}/files/content?path=source.c')
    assert got.body.decode() == PROGRAM
    assert trackd.json('GET', f'/api/v1/runs/{run}')['state'] == 'finished'

    again = subprocess.run([program, source, run], env=env, cwd=tmp_path, capture_output=True,
                           text=True, timeout=60)
    assert again.returncode == 0, again.stderr
    assert steps(trackd, run, 'train/loss') == list(range(2000))
    assert trackd.json('GET', f'/api/v1/runs/{run}')['state'] == 'finished'


def test_the_static_library_links_alone(installed, tmp_path):
    source, program = tmp_path / 'stranger.c', tmp_path / 'stranger'
    source.write_text(PROGRAM)
    libs = [f for f in flags(installed, '--cflags', '--libs', '--static') if f != '-ltrack']
    subprocess.run(['gcc', source, installed / 'lib/libtrack.a', '-o', program, *libs], check=True)
    shared = subprocess.run(['ldd', program], capture_output=True, text=True, check=True).stdout
    assert 'libtrack' not in shared


def test_what_is_installed_is_complete(installed):
    for name in ('bin/trackd', 'bin/track', 'lib/libtrack.a', 'lib/libtrack.so', 'include/track.h',
                 'include/track_status.h', 'lib/pkgconfig/track.pc',
                 'share/man/man1/track.1', 'share/man/man1/track-run.1', 'share/bash-completion/completions/track'):
        assert (installed / name).exists(), name
