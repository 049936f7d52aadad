"""Filters and orders against an evaluator that knows neither the parser nor SQL: random runs with their
raw points are sent to a real server; random filters are made together with what they mean.
TRACK_FILTER_RUNS and TRACK_FILTERS make it larger: 100000 and 300 take an hour."""
import http.client
import json
import math
import os
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import Server, new_id

RUNS = int(os.environ.get('TRACK_FILTER_RUNS', 2200))  # over 2,000: indexes are asked what is rare
FILTERS = int(os.environ.get('TRACK_FILTERS', 150))
HOUR = 3600 * 1000000
NOW = int(time.time() * 1e6)  # runs start 3 h beside each bound, so that it may take long
TEXTS = ['0.1', '0.10', '1e-1', '3', 'adam', 'Adam', 'sgd', 'a%b_c', '', '-7', 'x y', 'true', '1e400', 'NaN']
NUMBERS = [-100, -1, -0.5, 0, 0.25, 0.5, 1, 7, 1e6]
KEYS = ['loss', 'val/loss', 'acc', 'odd key']
OPS = {'=': lambda a, b: a == b, '!=': lambda a, b: a != b, '<': lambda a, b: a < b, '<=': lambda a, b: a <= b,
       '>': lambda a, b: a > b, '>=': lambda a, b: a >= b}
OTHER = {'=': '==', '!=': '<>'}  # what may stand for it


def number_of(text):
    """A decimal that has a value, or None."""
    good = re.fullmatch(r'[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?', text)
    return float(text) if good and math.isfinite(float(text)) else None


def value_order(v):
    return (1, 0.0, 0) if math.isnan(v) else (0, v, math.copysign(1, v))


class Run:
    def __init__(self, rng, i):
        self.id = new_id()
        self.name = f"{rng.choice(['resnet', 'ResNet', 'vit%_'])}-{rng.randrange(RUNS)}"
        self.user, self.host = rng.choice(['', 'ann', 'Bob', 'bob']), rng.choice(['', 'gpu01', 'GPU02'])
        self.kind = rng.choice(['train', 'eval'])
        self.notes = rng.choice(['', 'a note', 'ResNet was better', '100%', 'x_y'])
        self.state = rng.choice(['running', 'finished', 'failed', 'stopped'])
        self.started = NOW - rng.randrange(1, 80) * 6 * HOUR + 3 * HOUR - i  # each another time
        self.ended = None if self.state == 'running' else self.started + (rng.randrange(9) * HOUR + HOUR // 2)
        self.params = {k: rng.choice(TEXTS) for k in ('lr', 'opt', 'a b', 'z') if rng.random() < 0.7}
        self.params['seed'] = str(i)
        self.tags = {k: rng.choice(TEXTS) for k in ('env', 'team', 'baseline') if rng.random() < 0.5}
        self.series, self.sorted = {}, {}
        for key in KEYS:
            if rng.random() < 0.8:
                for context in rng.choice([[None], [None], [None, 3], [2, 10]] if key == 'acc' else [[None]]):
                    self.series[key, context] = self.points(rng, i)

    def points(self, rng, i):
        """Values are fourths: their sums are exact."""
        n = rng.choice([1, 2, 5, 20]) if i % 200 or i > 4000 else 9000
        centre, scale = rng.randrange(-8, 9) / 4, rng.choice([1, 1, 8])
        odd = rng.random() < 0.15
        step, out = rng.randrange(-5, 6), []
        for _ in range(n):
            v = centre + rng.randrange(-4, 5) / 4 * scale
            if odd and rng.random() < 0.3:
                v = rng.choice([math.nan, math.inf, -math.inf])
            out.append((step, NOW + rng.randrange(5), v))
            step += rng.choice([0, 1, 1, 1, 7])
        return out

    def seen(self, key):
        """The series that a filter means: without context, else that of the lowest rank."""
        if key not in self.sorted:
            found = sorted((c for k, c in self.series if k == key), key=lambda c: -1 if c is None else c)
            points = self.series[key, found[0]] if found else []
            self.sorted[key] = sorted(set(points), key=lambda p: (p[0], p[1], value_order(p[2])))
        return self.sorted[key]


def metric(run, func, key, step=None):
    """None: the run has no such value.  A NaN compares with nothing, like None."""
    points = run.seen(key)
    finite = [(v, s) for s, _, v in points if math.isfinite(v)]
    if not points:
        return None
    if func == 'best':  # loss is to be small, acc large, the others have no goal
        func = {'loss': 'min', 'acc': 'max'}.get(key, 'last')
    if func in ('min', 'max', 'mean', 'argmin', 'argmax') and not finite:
        return None
    least, most = (min(finite), max(finite)) if finite else (None, None)
    return {
        'last': lambda: points[-1][2], 'first': lambda: points[0][2], 'min': lambda: least[0], 'max': lambda: most[0],
        'mean': lambda: math.fsum(v for v, _ in finite) / len(finite), 'count': lambda: len(points),
        'nan': lambda: len(points) - len(finite), 'argmin': lambda: least[1],
        'argmax': lambda: min(s for v, s in finite if v == most[0]),
        'at': lambda: next((v for s, _, v in reversed(points) if s == step), None),
    }[func]()


def history(run, all_, key, op, number, low, high):
    values = [v for s, _, v in run.seen(key) if low <= s <= high]
    fits = [not math.isnan(v) and OPS[op](v, number) for v in values]
    return bool(values) and all(fits) if all_ else any(fits)


def like(text, pattern, fold):
    rx = ''.join('.*' if c == '%' else '.' if c == '_' else re.escape(c) for c in pattern)
    return re.fullmatch(rx, text, re.S | (re.I if fold else 0)) is not None


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def key_text(rng, key):
    return rng.choice([f'`{key}`', f'"{key}"']) if ' ' in key or rng.random() < 0.1 else key


class Maker:
    """Random filters: (text, what it means of a run)."""

    def __init__(self, rng):
        self.rng, self.costly = rng, 0

    def pick(self, *what):
        return self.rng.choice(what)

    def op(self):
        op = self.pick(*OPS)
        return op, self.pick(op, OTHER.get(op, op))

    def number_term(self, text, get, numbers):
        """A left side that is a number."""
        form = self.pick('op', 'op', 'op', 'in', 'between', 'null')
        a, b = sorted(self.rng.sample(numbers, 2))
        no = self.rng.random() < 0.3
        def there(r):
            v = get(r)
            return v is not None and not math.isnan(v)
        if form == 'op':
            op, shown = self.op()
            return f'{text} {shown} {a!r}', lambda r: there(r) and OPS[op](get(r), a)
        if form == 'in':
            return f"{text}{' NOT' * no} IN ({a!r}, {b!r})", lambda r: there(r) and (get(r) in (a, b)) != no
        if form == 'between':
            return f"{text} {'NOT ' * no}BETWEEN {a!r} and {b!r}", lambda r: there(r) and (a <= get(r) <= b) != no
        return f"{text} IS {'NOT ' * no}NULL", None

    def metric(self):
        func, key = self.pick('last', 'last', 'first', 'best', 'min', 'max', 'mean', 'count', 'nan', 'argmin', 'argmax'), self.pick(*KEYS)
        shown = key_text(self.rng, key)
        text = f'{func}({shown})'
        if func == 'last':
            text = self.pick(text, f'metrics.{shown}', f'metric.{shown}')
            if key == 'val/loss':
                text = self.pick(text, key)
        numbers = [1, 2, 5, 20] + NUMBERS[4:] if func == 'count' else [-3, 0, 1, 2, 5, 8] if func[:3] in ('nan', 'arg') else NUMBERS
        text, fits = self.number_term(text, lambda r: metric(r, func, key), numbers)
        return text, fits or (lambda r: bool(r.seen(key)) == ('NOT' in text))  # the series is there

    def at(self):
        self.costly += 1
        key, step = self.pick('loss', 'acc'), self.rng.randrange(-6, 12)
        get = lambda r: metric(r, 'at', key, step)
        text, fits = self.number_term(f'at({key}, {step})', get, NUMBERS)
        return text, fits or (lambda r: (get(r) is not None) == ('NOT' in text))

    def history(self):
        self.costly += 1
        all_, key, number = self.rng.random() < 0.5, self.pick(*KEYS), self.pick(*NUMBERS)
        op, shown = self.op()
        low, high, bounds = -10**9, 10**9, ''
        if self.rng.random() < 0.5:
            low = self.rng.randrange(-6, 30)
            bounds = f', {low}'
            if self.rng.random() < 0.5:
                high = low + self.rng.randrange(40)
                bounds += f', {high}'
        text = f"{'all' if all_ else 'any'}({key_text(self.rng, key)} {shown} {number!r}{bounds})"
        return text, lambda r: history(r, all_, key, op, number, low, high)

    def text_term(self, text, get, values, typed=False):
        """A left side that is a text, or a number where it is a parameter."""
        form = self.pick('op', 'op', ':', 'like', 'in', 'null', '~' if self.costly < 4 else 'op')
        v, no = self.rng.choice(values), self.rng.random() < 0.3
        bare = re.fullmatch(r'-?[A-Za-z0-9.]+', v) is not None and self.rng.random() < 0.5
        shown, n = (v if bare else quote(v)), number_of(v) if bare and typed else None
        def same(r, wanted, wanted_n):
            return number_of(get(r)) == wanted_n if wanted_n is not None else get(r) == wanted
        if form == 'op':
            op, sign = self.op()
            def fits(r):
                t = get(r)
                if t is None:
                    return False
                if n is None:
                    return OPS[op](t.encode(), v.encode())
                m = number_of(t)
                return op == '!=' if m is None else OPS[op](m, n)
            return f'{text} {sign} {shown}', fits
        if form == ':':
            return f'{text}:{shown}', lambda r: get(r) is not None and (
                same(r, v, n) if n is not None else get(r).lower() == v.lower())
        if form == 'like':
            pattern, fold = self.pick('%' + v[:2] + '%', v[:1] + '%', '_' + v[1:], v), self.rng.random() < 0.5
            word = ('NOT ' * no) + ('ILIKE' if fold else 'LIKE')
            return f'{text} {word} {quote(pattern)}', lambda r: get(r) is not None and like(get(r), pattern, fold) != no
        if form == 'in':
            w = self.rng.choice(values)
            return (f"{text} {'NOT ' * no}IN ({shown}, {quote(w)})",
                    lambda r: get(r) is not None and (same(r, v, n) or get(r) == w) != no)
        if form == '~':
            self.costly += 1
            pattern = self.pick('e', '^a', r'\d$', 'net-.*1', '[A-Z]', 'x y|sgd')
            return (f"{text} {'!~' if no else '~'} {quote(pattern)}",
                    lambda r: get(r) is not None and (re.search(pattern, get(r)) is not None) != no)
        return f"{text} IS {'NOT ' * no}NULL", lambda r: (get(r) is not None) == no

    def text(self):
        where = self.pick('params', 'params', 'tags', 'attribute')
        if where == 'params':
            key = self.pick('lr', 'opt', 'a b', 'z', 'seed', 'none')
            prefix = self.pick('params', 'param', 'config', 'parameters')
            values = TEXTS[:12] if key != 'seed' else [str(self.rng.randrange(RUNS)) for _ in range(3)]
            return self.text_term(f'{prefix}.{key_text(self.rng, key)}', lambda r: r.params.get(key), values, True)
        if where == 'tags':
            key = self.pick('env', 'team', 'none')
            return self.text_term(f"{self.pick('tags', 'tag')}.{key}", lambda r: r.tags.get(key), TEXTS[:12])
        name = self.pick('name', 'user', 'host', 'kind', 'notes')
        shown = self.pick(name, 'attributes.' + name, {'name': 'run_name', 'user': 'user_id'}.get(name, 'run.' + name))
        values = {'name': ['resnet-1', 'ResNet-2', 'vit%_-3', 'resnet'], 'user': ['ann', 'bob', 'BOB'], 'host': ['gpu01', 'gpu02'],
                  'kind': ['train', 'eval', 'x'], 'notes': ['a note', '100%', 'x_y']}[name]
        return self.text_term(shown, lambda r: getattr(r, name) or None, values)

    def time(self):
        name = self.pick('started', 'ended')
        days = self.rng.randrange(1, 20)
        op, sign = self.pick(('<', '<'), ('>', '>'), ('<=', '<='), ('>=', '>='))
        bound = NOW - days * 24 * HOUR
        return (f"{self.pick(name, {'started': 'start_time', 'ended': 'end_time'}[name])} {sign} {self.pick(f'-{days}d', f'-{days * 24}h')}",
                lambda r: getattr(r, name) is not None and OPS[op](getattr(r, name), bound))

    def date(self):
        day = NOW // (24 * HOUR) - self.rng.randrange(1, 20)
        shown = time.strftime('%Y-%m-%d', time.gmtime(day * 86400))
        op, sign = self.op()
        low, high = day * 24 * HOUR, (day + 1) * 24 * HOUR
        fits = {'=': lambda t: low <= t < high, '!=': lambda t: not low <= t < high, '<': lambda t: t < low,
                '<=': lambda t: t < high, '>': lambda t: t >= high, '>=': lambda t: t >= low}[op]
        return f'started {sign} {shown}', lambda r: fits(r.started)

    def word(self):
        state = self.pick('running', 'finished', 'failed', 'stopped')
        low = self.rng.randrange(1, 9)
        some = self.pick('resnet', 'vit%_', 'note', '100%', 'adam', 'bob', 'X Y')
        def text(r):
            s = some.lower()
            return any(s in t.lower() for t in [r.name, r.notes, *r.tags.values()]) or r.id.startswith(s) or r.id.endswith(s)
        return self.pick(
            (f'status:{state}', lambda r: r.state == state), (f'status != {state.upper()}', lambda r: r.state != state),
            (f'state IN ({state}, queued)', lambda r: r.state == state),
            ('tag:baseline', lambda r: 'baseline' in r.tags), ('tag:none', lambda r: False),
            ('has:loss', lambda r: bool(r.seen('loss'))), ('has:lr', lambda r: 'lr' in r.params), ('has:env', lambda r: 'env' in r.tags),
            (f'duration > {low}h', lambda r: (r.ended or NOW) - r.started > low * HOUR),
            (f'duration <= {low * 60}m', lambda r: (r.ended or NOW) - r.started <= low * HOUR),
            ('ended IS NULL', lambda r: r.ended is None), ('size = 0', lambda r: True), ('size > 1KiB', lambda r: False),
            ('parent IS NULL', lambda r: True), (quote(some), text))

    def term(self):
        kinds = [self.metric, self.metric, self.text, self.text, self.time, self.date, self.word]
        if self.costly < 6:
            kinds += [self.history, self.history, self.at]
        return self.pick(*kinds)()

    def tree(self, depth):
        kind = self.pick('term', 'and', 'and', 'or', 'not') if depth else 'term'
        if kind == 'term':
            return self.term()
        a, f = self.tree(depth - 1)
        if kind == 'not':
            return f"{self.pick('NOT ', 'not ', '-')}({a})", lambda r: not f(r)
        b, g = self.tree(depth - 1)
        if kind == 'and':
            return f"({a}) {self.pick('AND ', '')}({b})", lambda r: f(r) and g(r)
        return f'(({a}) OR ({b}))', lambda r: f(r) or g(r)


class Link:
    """A connection that is kept."""

    def __init__(self, server):
        self.c = http.client.HTTPConnection('127.0.0.1', server.port, timeout=120)

    def send(self, method, path, body):
        data = None if body is None else json.dumps(body)
        for last in (False, True):
            try:
                self.c.request(method, '/api/v1/' + path, data, {'Content-Type': 'application/json'} if data else {})
                r = self.c.getresponse()
                break
            except (ConnectionError, http.client.RemoteDisconnected):  # it was idle for too long
                self.c.close()
                if last:
                    raise
        data = r.read()
        assert r.status < 300, f'{path}: {r.status} {data[:500]!r}'
        return json.loads(data) if data else None


def put_run(link, run):
    link.send('PUT', f'runs/{run.id}', {
        'project': 'truth', 'name': run.name, 'note': run.notes, 'kind': run.kind, 'user': run.user, 'host': run.host,
        'started_us': run.started, 'params': run.params, 'tags': run.tags})


def put_points(link, run):
    points = [{'key': key, 'step': s, 'time_us': t, 'value': v if math.isfinite(v) else str(v).replace('inf', 'Infinity').replace('nan', 'NaN'),
               **({'context': {'rank': context}} if context is not None else {})}
              for (key, context), series in run.series.items() for s, t, v in series]
    for i in range(0, len(points), 10000):
        link.send('POST', f'runs/{run.id}/points', {'points': points[i:i + 10000]})
    if run.ended:
        link.send('POST', f'runs/{run.id}/finish', {'state': run.state, 'ended_us': run.ended})


@pytest.fixture(scope='module')
def world(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp('truth') / 'data').start()
    rng = random.Random(20261125)
    runs = [Run(rng, i) for i in range(RUNS)]
    link = Link(server)
    for run in runs:  # one after the other: ties are sorted by this
        put_run(link, run)
    links = [Link(server) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda k: [put_points(links[k], r) for r in runs[k::4]], range(4)))
    link.send('POST', f'runs/{runs[0].id}/definitions', {'definitions': [{'name': 'loss', 'goal': 'min'}, {'name': 'acc', 'goal': 'max'}]})
    yield server, link, runs
    server.kill()


def found(link, text, order='', limit=1000, between=None):
    """Ids of all pages."""
    out, cursor = [], None
    while True:
        body = {'project': 'truth', 'filter': text, 'order': order, 'limit': limit, **({'cursor': cursor} if cursor else {})}
        page = link.send('POST', 'runs/search', body)
        out += [r['id'] for r in page['runs']]
        cursor = page['next']
        if not cursor:
            return out
        if between:
            between()


def test_filters_mean_what_they_say(world):
    _, link, runs = world
    rng = random.Random(4711)
    sizes, refused = [], 0
    for i in range(FILTERS):
        text, fits = Maker(rng).tree(i % 4)
        want = {r.id for r in runs if fits(r)}
        try:
            got = found(link, text)
            total = link.send('POST', 'runs/search', {'project': 'truth', 'filter': text, 'limit': 0, 'total': True})['total']
        except AssertionError as e:
            assert 'would read the points of more than 2000 runs' in str(e) and re.search(r'(any|all|at)\(', str(e)), f'{text}: {e}'
            refused += 1
            continue
        assert len(set(got)) == len(got) == total, text
        wrong = set(got) ^ want
        assert not wrong, f'{text}\n{len(got)} runs, not {len(want)}; such as {vars(next(r for r in runs if r.id in wrong))}'
        sizes.append(len(want))
    assert sum(0 < n < RUNS for n in sizes) > FILTERS / 2 and refused < FILTERS / (10 if RUNS <= 2200 else 3)


@pytest.mark.skipif(RUNS < 2200, reason='too few runs to be refused')
def test_too_many_runs_to_read_are_refused_in_words(world):
    server, link, runs = world
    keys = ['loss', 'val/loss', 'acc', '`odd key`']
    text = ' OR '.join([f'any({k} = 0.1)' for k in keys] + [f'at({k}, 2) = 0.1' for k in keys])
    reply = server.request('POST', '/api/v1/runs/search', {'project': 'truth', 'filter': text, 'limit': 0, 'total': True})
    assert reply.status == 400 and reply.error['code'] == 'invalid'
    assert re.match(r'(any|at)\(.*\) .*would read the points of more than 2000 runs: narrow the search down', reply.error['message'])
    narrow = f'status:failed params.opt = adam ({text})'
    assert found(link, narrow) == []
    assert found(link, 'any(loss = 0.25) params.opt:Adam', 'started') == [
        r.id for r in sorted(runs, key=lambda r: r.started) if r.params.get('opt', '').lower() == 'adam' and history(r, False, 'loss', '=', 0.25, -1e9, 1e9)]


def sort_key(run, order):
    """(class, value): numbers, then texts, then nothing."""
    func = re.fullmatch(r'(\w+)\((.*)\)', order)
    value = (metric(run, *func.groups()) if func else run.params.get(order[7:]) if order.startswith('params.')
             else run.tags.get(order[5:]) if order.startswith('tags.') else getattr(run, order) or None)
    if isinstance(value, str) and order.startswith('params.') and number_of(value) is not None:
        value = number_of(value)
    if value is None or isinstance(value, float) and math.isnan(value):
        return 2, 0
    return (1, value.encode()) if isinstance(value, str) else (0, value)


def in_order(runs, order):
    down = order.startswith('-')
    parts = [[], [], []]
    for i, run in enumerate(runs):
        kind, value = sort_key(run, order.lstrip('-'))
        parts[kind].append((value, i))
    return [runs[i].id for part in parts for _, i in sorted(part, reverse=down)]


@pytest.mark.parametrize('order', ['best(loss)', '-best(acc)', 'last(val/loss)', '-max(val/loss)', 'params.lr', '-params.seed', 'mean(loss)',
                                   'name', '-started', 'tags.env', 'argmin(loss)', '-ended'])
def test_orders_are_exact_and_pages_fit(world, order):
    _, link, runs = world
    for limit, text, fits in ((1000, '', lambda r: True), (7, 'params.opt = adam min(loss) < 0', None), (170, 'has:loss status:failed', None)):
        if fits is None:
            fits = ((lambda r: r.params.get('opt') == 'adam' and metric(r, 'min', 'loss') is not None and metric(r, 'min', 'loss') < 0)
                    if limit == 7 else lambda r: r.state == 'failed' and r.seen('loss'))
        want = in_order([r for r in runs if fits(r)], order)
        assert found(link, text, order, limit) == want, (order, text)


def test_pages_stay_whole_while_runs_change(world):
    """What is there all the time comes exactly once, whatever comes and goes between the pages."""
    _, link, runs = world
    rng = random.Random(5)
    for order in ('best(loss)', '-params.lr', '-started'):
        fresh = []

        def change():
            run = Run(rng, RUNS + rng.randrange(10**6))
            run.params['extra'] = '1'
            put_run(link, run)
            put_points(link, run)
            fresh.append(run.id)
            if len(fresh) > 2:
                link.send('DELETE', f'runs/{fresh[-2]}', None)

        got = found(link, '', order, 150, change)
        assert len(set(got)) == len(got)
        assert [i for i in got if i not in fresh] == in_order(runs, order)
        for run in fresh:
            link.send('DELETE', f'runs/{run}', None)
