"""What logging from Python costs, for one tool in a process of its own; prints rows of the table.

    python_log.py track|wandb|mlflow|trackio|tensorboardX
Every tool runs offline, or into a local store: nothing waits for a server.
"""
import os
import sys
import tempfile
import time

TOOL = sys.argv[1]
CALLS = {'track': 200_000, 'wandb': 5_000, 'mlflow': 500, 'trackio': 2_000, 'tensorboardX': 20_000}
ROW = {f'layer{i}/grad_norm': 0.5 + i for i in range(20)}
TARGETS = {'log_metric by name, p50': '<= 300 ns', 'log_metric by name, p99': '<= 2000 ns',
           'log_metric by handle, p50': '<= 200 ns', 'log of 20 keys, p50': '<= 2500 ns',
           'import': '<= 15 ms', 'start of a run': '<= 50 ms', '20 metrics at 1,000 steps/s': '< 1 %'}


def say(what, figure, unit):
    target = TARGETS.get(what, '') if TOOL == 'track' else ''
    print(f'| Python, {TOOL}: {what} | {figure:.4g} {unit} | {target} |', flush=True)


def percentiles(call, count):
    """p50 and p99 of call(i), in ns, with the cost of the clock taken off."""
    clock = time.perf_counter_ns
    empty = sorted(-(clock() - clock()) for _ in range(2001))[1000]
    took = []
    for i in range(count):
        before = clock()
        call(i)
        took.append(clock() - before)
    took.sort()
    return max(took[count // 2] - empty, 1), max(took[count * 99 // 100] - empty, 1)


def open_track():
    import track
    client = track.init(mode='offline', quiet=True)
    started = time.perf_counter()
    run = track.start_run('bench', client=client, console=False)
    loss = run.metric('loss')
    return started, {'log_metric by name': lambda i: run.log_metric('loss', 0.5, i),
                     'log_metric by handle': lambda i: loss(0.5, i),
                     'log of 20 keys': lambda i: run.log(ROW, i)}, run.finish


def open_wandb():
    import wandb
    started = time.perf_counter()
    run = wandb.init(project='bench', mode='offline', settings=wandb.Settings(silent=True))
    return started, {'log_metric by name': lambda i: run.log({'loss': 0.5}),
                     'log of 20 keys': lambda i: run.log(ROW)}, run.finish


def open_mlflow():
    import mlflow
    mlflow.set_tracking_uri(f'sqlite:///{os.getcwd()}/mlflow.db')
    mlflow.set_experiment('bench')
    started = time.perf_counter()
    mlflow.start_run()
    return started, {'log_metric by name': lambda i: mlflow.log_metric('loss', 0.5, i),
                     'log of 20 keys': lambda i: mlflow.log_metrics(ROW, i)}, mlflow.end_run


def open_trackio():
    import trackio
    started = time.perf_counter()
    trackio.init(project='bench')
    return started, {'log_metric by name': lambda i: trackio.log({'loss': 0.5}),
                     'log of 20 keys': lambda i: trackio.log(ROW)}, trackio.finish


def open_tensorboardX():
    from tensorboardX import SummaryWriter
    started = time.perf_counter()
    writer = SummaryWriter('tb')

    def row(i):
        for name, value in ROW.items():
            writer.add_scalar(name, value, i)
    return started, {'log_metric by name': lambda i: writer.add_scalar('loss', 0.5, i),
                     'log of 20 keys': row}, writer.close


def steps(log, count, rate=1000):
    """Share of the time that logging takes from a loop of `rate` steps a second, in %."""
    spent = 0
    start = time.perf_counter_ns()
    for i in range(count):
        while time.perf_counter_ns() < start + i * 1_000_000_000 // rate:
            pass
        before = time.perf_counter_ns()
        log(i)
        spent += time.perf_counter_ns() - before
    return 100 * spent / (time.perf_counter_ns() - start)


def main():
    begin = time.perf_counter()
    __import__(TOOL)
    say('import', 1000 * (time.perf_counter() - begin), 'ms')
    started, calls, finish = globals()['open_' + TOOL]()
    say('start of a run', 1000 * (time.perf_counter() - started), 'ms')
    for what, call in calls.items():
        count = CALLS[TOOL] // (10 if 'keys' in what else 1)
        p50, p99 = percentiles(call, count)
        say(what + ', p50', p50, 'ns')
        say(what + ', p99', p99, 'ns')
    if TOOL == 'track':
        say('20 metrics at 1,000 steps/s', steps(calls['log of 20 keys'], 5000), '%')
    finish()


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as here:
        os.chdir(here)
        os.environ.update(HOME=here, TRACK_SPOOL=here + '/spool', WANDB_MODE='offline',
                          WANDB_SILENT='true', TRACKIO_DIR=here + '/trackio', DO_NOT_TRACK='1',
                          MLFLOW_DISABLE_TELEMETRY='true', XDG_RUNTIME_DIR=here)
        main()
        os.chdir('/')
