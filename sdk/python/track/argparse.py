"""argparse: options about the run, and all others as its parameters.

    import argparse
    from track.argparse import add_options, start_run

    parser = argparse.ArgumentParser()
    parser.add_argument('--lr', type=float, default=1e-3)
    add_options(parser)                # --project, --run-name, --tag, --note, --resume
    args = parser.parse_args()
    with start_run(args) as run:       # --lr is a parameter of the run
        ...

Where no options are wanted: `track.start_run('chars', params=args)`.
"""
from __future__ import annotations

import argparse
from typing import Any

from ._run import Run
from ._start import start_run as _start_run

# What add_options adds: the option, and the argument of track.start_run that it is.
_OPTIONS = {'track_project': 'project', 'track_name': 'name', 'track_tags': 'tags',
            'track_note': 'note', 'track_resume': 'resume'}


def add_options(parser: argparse.ArgumentParser, project: str | None = None) -> None:
    """Adds a group of options about the run: --project, --run-name, --tag (again and again), --note
    and --resume.

    project  default of --project; None: as `track.start_run` has it.

    argparse.ArgumentError  the parser has an option of that name already.
    """
    group = parser.add_argument_group('run')
    group.add_argument('--project', dest='track_project', metavar='NAME', default=project,
                       help='project to log to'
                       + (' (default: %(default)s)' if project is not None else ''))
    group.add_argument('--run-name', dest='track_name', metavar='NAME',
                       help='shown name of the run')
    group.add_argument('--tag', dest='track_tags', metavar='TAG', action='append',
                       help='a tag: WORD, or KEY=VALUE; may be repeated')
    group.add_argument('--note', dest='track_note', metavar='TEXT', help='what this run is about')
    group.add_argument('--resume', dest='track_resume', metavar='ID',
                       help='go on with the run of this id')


def start_run(args: argparse.Namespace, project: str | None = None, **options: Any) -> Run:
    """`track.start_run` with what the options of `add_options` say, and each other member of args
    as a parameter.

    project  used where --project says nothing.
    options  arguments of track.start_run; those of the command line go first.

    TypeError  args is no Namespace.  Others as `track.start_run`.
    """
    if not isinstance(args, argparse.Namespace):
        raise TypeError(f'args must be an argparse.Namespace, not {type(args).__name__}')
    said = {_OPTIONS[key]: value for key, value in vars(args).items()
            if key in _OPTIONS and value is not None}
    if 'tags' in said:
        said['tags'] = dict(tag.partition('=')[::2] for tag in said['tags'])
    params = {key: value for key, value in vars(args).items()
              if key not in _OPTIONS and not callable(value)}
    return _start_run(**{'project': project, 'params': params, **options, **said})
