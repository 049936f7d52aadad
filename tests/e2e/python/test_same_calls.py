"""What track.h has, the package has: the header is read, and compared with the package."""
import pathlib
import re

import pytest
import track

ROOT = pathlib.Path(__file__).parents[3]
HEADER = (ROOT / 'sdk/track.h').read_text()
CALLS = re.findall(r'^TRACK_API [\w\s*]*?\b(track_\w+)\(', HEADER, re.M)

# Where the habits of Python want another shape than a function of the same name.
OTHERWISE = {
    'track_close': 'Client.close',
    'track_close_response': None,             # a reply is a tuple, freed by itself
    'track_close_source': None,               # a source is a dict, freed by itself
    'track_start_run': 'start_run',
    'track_finish_run': 'Run.finish',
    'track_flush_run': 'Run.flush',
    'track_log_value': 'Metric.log_value',
    'track_set_param_number': 'Run.set_param',  # the type of the value tells
    'track_set_params_json': 'Run.set_params_json',
    'track_get_run_id': 'Run.id',
    'track_get_run_url': 'Run.url',
    'track_get_run_errors': 'Run.get_errors',
    'track_get_run_progress': 'Run.get_progress',
    'track_should_stop': 'Run.should_stop',
    'track_get_runs': 'Client.get_runs',
    'track_get_points': 'Client.get_points',
    'track_get_artifact': 'Client.get_artifact',
    'track_request': 'Client.request',
    'track_sync_spools': 'Client.sync_spools',
    'track_get_settings': 'Client.get_settings',
    'track_get_source': 'get_source',
    'track_init': 'init',
}


def find(path):
    """The object that a dotted path below the package names; None: there is none."""
    at = track
    for name in path.split('.'):
        at = getattr(at, name, None)
    return at


def test_the_header_was_read():
    assert len(CALLS) > 40 and 'track_log_metric' in CALLS and len(set(CALLS)) == len(CALLS)


@pytest.mark.parametrize('call', [c for c in CALLS if not c.endswith('_options_default')])
def test_every_call_has_a_counterpart(call):
    path = OTHERWISE.get(call, 'Run.' + call.removeprefix('track_'))
    if path is None:
        return
    found = find(path)
    assert found is not None, f'{call}: the package has no track.{path}'
    assert found.__doc__ and len(found.__doc__) > 20, f'track.{path} has no docstring'


@pytest.mark.parametrize('name', [c for c in CALLS if c.endswith('_options_default')])
def test_options_are_keyword_arguments(name):
    """Each member of an options struct is an argument of the call that takes it."""
    struct = name.removesuffix('_default')
    body = re.search(r'typedef struct ' + struct + r' \{(.*?)\} ' + struct + ';', HEADER, re.S)
    members = re.findall(r'[\s*](\w+);', re.sub(r'/\*.*?\*/', '', body.group(1), flags=re.S))
    members = [m for m in members if m != 'size' and not m.endswith('_data')]
    stub = (ROOT / 'sdk/python/track/_native.pyi').read_text()
    spelled = {'timeout_ms': 'timeout', 'drain_ms': 'drain', 'body_size': 'body', 'source': 'body',
               'source_bytes': 'body'}
    missing = [m for m in members if not re.search(rf'\b{spelled.get(m, m)}: ', stub)]
    assert not missing, f'{struct}: {missing} cannot be given from Python'


def test_nothing_in_the_table_is_out_of_date():
    assert not set(OTHERWISE) - set(CALLS)


def test_every_call_is_used_by_a_test():
    """A counterpart that no test calls is not known to work."""
    tests = ''.join(p.read_text() for p in pathlib.Path(__file__).parent.glob('test_*.py')
                    if p.name != pathlib.Path(__file__).name)
    for call in CALLS:
        path = OTHERWISE.get(call, 'Run.' + call.removeprefix('track_'))
        if path and not call.endswith('_options_default'):
            word = path.rsplit('.', 1)[-1]
            assert re.search(rf'\.{word}\b', tests), f'no test uses .{word} ({call})'


def test_every_status_is_an_exception():
    table = (ROOT / 'core/status.h').read_text()
    words = re.findall(r'^\s*X\(\w+,\s*"(\w+)"', table, re.M)
    for word in words[1:]:
        name = ''.join(part.title() for part in word.split('_')) + 'Error'
        error = getattr(track, name)
        assert error.status == word and issubclass(error, track.TrackError)
