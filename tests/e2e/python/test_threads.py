"""Many threads on one run: with a global lock or, on a free-threaded interpreter, without."""
import sys
import threading

import pytest
import track

THREADS, STEPS = 8, 3000


def together(*works):
    """Runs them at once, each in a thread of its own; raises what one of them raised."""
    failures, gate = [], threading.Barrier(len(works))

    def body(work):
        try:
            gate.wait(30)
            work()
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=body, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), 'hangs'
    if failures:
        raise failures[0]


def columns(run, key):
    return [memoryview(c).cast(kind).tolist()
            for c, kind in zip(track.Client().get_points(run.id, key), 'qqd')]


def test_a_step_that_is_left_out_is_given_to_one_thread_only(here):
    run = track.Run(project='demo', no_facts=True)

    def log():
        handle = run.metric('handle')
        for _ in range(STEPS):
            run.log_metric('name', 1.0)
            handle(1.0)
            run.log({'row': 1.0})

    together(*[log] * THREADS)
    run._finish('finished')
    for key in ('name', 'handle', 'row'):
        assert columns(run, key)[0] == list(range(THREADS * STEPS)), key


def test_a_new_name_becomes_one_metric(here):
    run = track.Run(project='demo', no_facts=True)
    names = [f'm{i}' for i in range(2000)]
    got = [[] for _ in range(THREADS)]
    together(*[lambda mine=mine: mine.extend(run.metric(n) for n in names) for mine in got])
    for same in zip(*got):
        assert len({id(m) for m in same}) == 1
    assert sys.getrefcount(got[0][0]) < THREADS + 6
    together(*[lambda mine=mine: [m(0.5) for m in mine] for mine in got])
    run._finish('finished')
    assert columns(run, 'm1999')[0] == list(range(THREADS))


def test_each_thread_keeps_its_order_and_every_value_arrives(here):
    run = track.Run(project='demo', no_facts=True)

    def log(number):
        for step in range(STEPS):
            run.log_metric('shared', number + step / STEPS, step * THREADS + number)
            run.log({f'own/{number}': step, 'deep': {f'{number}': step}}, step)

    together(*[lambda n=n: log(n) for n in range(THREADS)])
    run._finish('finished')
    steps, _, values = columns(run, 'shared')
    assert steps == list(range(THREADS * STEPS))
    assert values == [s % THREADS + s // THREADS / STEPS for s in steps]
    assert columns(run, 'own/3')[2] == columns(run, 'deep/3')[2] == list(range(STEPS))


def test_a_run_may_be_finished_while_others_log(here):
    run = track.Run(project='demo', no_facts=True)
    logged = [0] * THREADS
    some = threading.Event()

    def log(number):
        with pytest.raises(track.ConflictError, match='was finished'):
            while True:
                run.log_metric(f'm{number}', logged[number], logged[number])
                logged[number] += 1
                if logged[number] == 1000:
                    some.set()

    def finish():
        assert some.wait(60)
        run._finish('finished')

    together(finish, *[lambda n=n: log(n) for n in range(THREADS)])
    for number, count in enumerate(logged):
        assert columns(run, f'm{number}')[0] == list(range(count)) if count else True


def test_runs_come_and_go_in_every_thread(here):
    def work():
        for _ in range(5):
            run = track.Run(project='demo', no_facts=True)
            run.log({'a': 1, 'b': 2})
            run.set_tag('k', 'v')
            run._finish('finished')
            assert run.get_errors()['counts'] == {}
            assert run.get_progress()['sent'] == 2

    together(*[work] * 4)


def test_a_row_is_read_while_another_thread_changes_it(here):
    run = track.Run(project='demo', no_facts=True)
    row = {f'k{i}': i for i in range(50)}
    done = threading.Event()

    def change():
        while not done.is_set():
            row['extra'] = 1
            del row['extra']

    def log():
        try:
            for step in range(500):
                try:
                    run.log(row, step)
                except RuntimeError as changed:  # as any iteration over a dict that changes
                    assert 'changed' in str(changed)
        finally:
            done.set()

    together(change, log)
    run._finish('finished')
