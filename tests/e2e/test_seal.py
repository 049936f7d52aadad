"""Points leave the journal for packs while trackd is killed: each acknowledged one is there once.

TRACK_KILLS sets how often (20: five times here, because a kill has to meet the sealer).
"""
import random
import time

from conftest import new_id
from test_crash import KILLS, Sender, check_data
import tkf

ROWS = 4000  # points of a frame


class Loud(Sender):
    """Sends enough to be sealed often; what two writers send is the same, and so there once."""

    def body(self):
        steps = range(self.next_seq * ROWS, (self.next_seq + 1) * ROWS)
        return tkf.points(self.writer, self.next_seq, 0, steps, [s * 0.5 for s in steps],
                          define=b'loss' if self.next_seq == 0 else None)


def load(server):
    run = new_id()
    server.json('PUT', f'/api/v1/runs/{run}', {'project': 'seal'})
    senders = [Loud(server, run, False) for _ in range(3)]
    for s in senders:
        s.start()
    return run, senders


def stop(senders):
    for s in senders:
        s.stopping.set()
    for s in senders:
        s.join(30)
        assert s.wrong is None, s.wrong


def state(server):
    """Rows in the journal, packs that are not final, points in packs; of a server that is stopped."""
    assert server.stop() == 0
    db = check_data(server.data)
    rows = db.execute('SELECT count(*) FROM journal').fetchone()[0]
    return rows, *db.execute('SELECT count(*) FILTER (WHERE rev = 0), sum(n) FROM pack').fetchone()


def until_final(server):
    """Lets the server run until everything is in final packs, and stops it; points in them."""
    for _ in range(10):
        time.sleep(3)
        rows, open_packs, points = state(server)
        if rows == 0 and open_packs == 0:
            return points
        server.start()
    raise AssertionError(f'{rows} rows and {open_packs} packs stay as they are')


def test_points_are_sealed_once_whenever_trackd_is_killed(make_trackd):
    server = make_trackd('--seal')
    run, senders = load(server)
    for _ in range(max(KILLS // 4, 1)):
        time.sleep(random.uniform(0.9, 1.8))
        server.kill()
        server.start()
    stop(senders)
    server.json('POST', f'/api/v1/runs/{run}/finish', {'state': 'finished'})
    for s in senders:
        writer = s.writer.hex()
        held = server.json('GET', f'/api/v1/runs/{run}/receipt')['writers']
        last = next(w['next_seq'] for w in held if w['writer'] == writer) - 1
        assert last + 1 >= s.next_seq, 'an acknowledged frame is gone'
        s.next_seq = last + 1
        server.json('POST', f'/api/v1/runs/{run}/writers/{writer}/close',
                    {'last_seq': last, 'points': (last + 1) * ROWS})
    points = until_final(server)
    assert points == max(s.next_seq for s in senders) * ROWS
