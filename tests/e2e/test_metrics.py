"""/metrics counts what happens, in the text format of Prometheus."""
import re
import time

import conftest


def read(trackd):
    r = trackd.get('/metrics')
    assert r.status == 200 and r.headers['Content-Type'].startswith('text/plain; version=0.0.4')
    values = {}
    for line in r.body.decode().splitlines():
        if not line.startswith('#'):
            assert re.fullmatch(r'[a-z_]+(\{([a-z]+="[^"\\\n]*",?)+\})? [-+0-9.e]+', line), line
            name, value = line.rsplit(' ', 1)
            assert name not in values, line
            values[name] = float(value)
    return values


def test_counts_requests_and_points(trackd):
    run = conftest.new_id()
    trackd.json('PUT', f'/api/v1/runs/{run}', {'project': 'p'})
    before = read(trackd)
    points = [{'key': 'loss', 'value': 1, 'step': i} for i in range(7)]
    trackd.json('POST', f'/api/v1/runs/{run}/points', {'points': points})
    assert trackd.get('/nothing').status == 404
    key = 'track_http_requests_total{method="POST",route="/api/v1/runs/:run/points",status="2xx"}'
    none = 'track_http_requests_total{method="",route="none",status="4xx"}'
    for _ in range(100):  # a request is counted when its answer has gone
        after = read(trackd)
        if key in after and none in after:
            break
        time.sleep(0.05)
    assert after['track_points_total'] - before['track_points_total'] == 7
    assert after['track_commits_total'] > before['track_commits_total']
    assert after[key] == 1 and after[none] == 1
    assert after['track_http_request_seconds_count'] == after['track_http_request_seconds_bucket{le="+Inf"}']
    assert after['track_database_bytes'] > 0 and after['track_uptime_seconds'] > 0


def test_every_family_has_help_and_type(trackd):
    text = trackd.get('/metrics').body.decode()
    families = re.findall(r'^# TYPE (\S+) (counter|gauge|histogram)$', text, re.M)
    assert len(families) == len(set(families)) > 15
    for name, _ in families:
        assert f'# HELP {name} ' in text


def test_counts_what_is_sealed(make_trackd):
    trackd = make_trackd()
    run = conftest.new_id()
    trackd.json('PUT', f'/api/v1/runs/{run}', {'project': 'p'})
    points = [{'key': 'loss', 'value': 1, 'step': i} for i in range(7)]
    trackd.json('POST', f'/api/v1/runs/{run}/points', {'points': points})
    trackd.json('POST', f'/api/v1/runs/{run}/finish', {'state': 'finished'})
    until = time.monotonic() + 60
    while (after := read(trackd))['track_seals_total'] == 0 and time.monotonic() < until:
        time.sleep(0.2)
    assert after['track_seals_total'] == 1 and after['track_sealed_points_total'] == 7
    assert after['track_packs'] == 1 and after['track_seal_errors_total'] == 0
    while (after := read(trackd))['track_journal_rows'] and time.monotonic() < until:
        time.sleep(0.2)
    assert after['track_journal_bytes'] == 0


def test_without_a_sealer_its_families_are_absent(make_trackd):
    values = read(make_trackd('--no-seal'))
    assert values['track_packs'] == 0 and not [name for name in values if 'seal' in name]
