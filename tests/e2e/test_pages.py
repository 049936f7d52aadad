"""The pages as the server sends them: shell, boot JSON, policy, files of the bundle.  What they do in a
browser: test_web.py.  A server built with WEB=none sends its notice instead; then less is asked."""
import gzip
import html
import json
import re

import conftest
import pytest

NASTY = '</script><img src=x onerror=alert(1)>\u2028\u2029<!--{{boot}}{{base}}'


@pytest.fixture(scope='module')
def site(shared_trackd):
    """The server, a project and a run with names that try to get out."""
    run = conftest.new_id()
    shared_trackd.json('PUT', f'/api/v1/runs/{run}', {
        'project': NASTY, 'name': NASTY, 'note': NASTY, 'user': NASTY, 'params': {NASTY: NASTY}, 'tags': {NASTY: NASTY}})
    ref = shared_trackd.json('GET', f'/api/v1/runs/{run}')['project_ref']
    return shared_trackd, ref, run


def boot(page):
    found = re.search(r'<script type="application/json" id="boot">(.*?)</script>', page, re.S)
    return json.loads(found.group(1)) if found else None


def pages(ref, run):
    return [('/', './'), ('/trash', './'), (f'/p/{ref}', '../'), (f'/p/{ref}/r/{run}', '../../../'),
            (f'/p/{ref}/r/{run}/charts', '../../../../'), (f'/p/{ref}?q=a&sel=1', '../'), (f'/p/{ref}/r/{run[-8:]}', '../../../')]


def test_every_address_is_a_page(site):
    server, ref, run = site
    for path, base in pages(ref, run):
        r = server.get(path)
        assert r.status == 200 and r.headers['Content-Type'] == 'text/html; charset=utf-8', path
        assert r.headers['Cache-Control'] == 'private, no-cache'
        policy = r.headers['Content-Security-Policy']
        assert "default-src 'none'" in policy and 'unsafe' not in policy and "frame-ancestors 'none'" in policy
        text = r.body.decode()
        if boot(text) is not None:
            assert f'data-base="{base}"' in text
            for link in re.findall(r'(?:src|href)="([^"#]+)"', text):
                assert link.startswith(base + 'assets/'), (path, link)


def test_what_is_not_there_is_a_page_that_says_so(site):
    server, ref, _ = site
    for path in ('/p/nope', f'/p/{ref}/r/{"0" * 32}', '/p/nope/r/' + '0' * 32):
        r = server.get(path)
        assert r.status == 404 and r.headers['Content-Type'].startswith('text/html'), path
    for path in ('/p', '/p/', '/p/a/b', '/trash/', '//', '/index.html', '/shell.html', '/manifest.json'):
        assert server.get(path).status == 404, path


def test_a_person_gets_a_page_for_a_wrong_address(site):
    server, _, _ = site
    for path in ('/nothing', '/p/a/b/c', '/a/b/c/d/e/f'):
        r = server.get(path, Accept='text/html,*/*')
        assert r.status == 404 and r.headers['Content-Type'].startswith('text/html')
    for path in ('/nothing', '/api/v1/nothing'):
        for accept in ('*/*', 'text/html') if 'api' in path else ('*/*',):
            assert server.get(path, Accept=accept).error['code'] == 'not_found'
    assert server.get('/nothing', Accept='text/html', Host='evil.example').status == 403


def test_boot_json_is_what_the_api_answers(site):
    server, ref, run = site
    home, page = boot(server.get('/').body.decode()), boot(server.get(f'/p/{ref}/r/{run}').body.decode())
    if home is None:
        pytest.skip('built without pages (WEB=none)')
    assert home['have']['projects?limit=1000'] == server.json('GET', '/api/v1/projects?limit=1000')
    assert page['have'][f'projects/{ref}'] == server.json('GET', f'/api/v1/projects/{ref}')
    assert page['have'][f'runs/{run}'] == server.json('GET', f'/api/v1/runs/{run}')
    assert page['version'] == server.json('GET', '/api/v1/version')['version']


def test_no_name_gets_out_of_the_boot_json(site):
    server, ref, run = site
    for path, _ in pages(ref, run):
        text = server.get(path).body.decode()
        assert 'onerror' not in re.sub(r'<script type="application/json" id="boot">.*?</script>', '', text, flags=re.S)
        assert '<img' not in text and '\u2028' not in text and '\u2029' not in text
        assert text.count('</script>') == text.count('<script')


def test_the_bundle(site):
    server, _, _ = site
    page = server.get('/').body.decode()
    if boot(page) is None:
        pytest.skip('built without pages (WEB=none)')
    files = [html.unescape(f) for f in re.findall(r'(?:src|href)="\./([^"]+)"', page)]
    assert any(f.endswith('.js') for f in files) and any(f.endswith('.css') for f in files)
    for file in files:
        plain = server.get('/' + file, Accept_Encoding='identity')
        assert plain.status == 200 and 'Content-Encoding' not in plain.headers
        assert plain.headers['Cache-Control'] == 'public, max-age=31536000, immutable'
        assert 'Accept-Encoding' in plain.headers['Vary']
        small = {a: server.get('/' + file, Accept_Encoding=a) for a in ('gzip', 'br', 'gzip, deflate, br', 'br;q=0, gzip')}
        assert small['gzip'].headers['Content-Encoding'] == 'gzip' == small['br;q=0, gzip'].headers['Content-Encoding']
        assert small['br'].headers['Content-Encoding'] == 'br' == small['gzip, deflate, br'].headers['Content-Encoding']
        assert gzip.decompress(small['gzip'].body) == plain.body
        assert {s.headers['Content-Type'] for s in small.values()} == {plain.headers['Content-Type']}


@pytest.mark.parametrize('path', ['/assets/', '/assets/x.js', '/assets/../shell.html', '/assets/%2e%2e/shell.html', '/assets/a/b.js',
                                  '/assets/%2e%2e%2fshell.html', '/assets/..%2f..%2fetc%2fpasswd', '/assets/x.js.gz', '/assets/' + 'a' * 4000,
                                  '/assets/%00', '/assets/\\..\\x'])
def test_only_files_of_the_bundle(site, path):
    server, _, _ = site
    assert server.get(path).status in (400, 404)
