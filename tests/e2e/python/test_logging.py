"""track.logging: records of the standard library's logging as console lines and alerts."""
import logging

import pytest
import track
from served import Served
from track.logging import TrackHandler


@pytest.fixture
def logger(here):
    """A logger that nobody else hears, and what it has logged."""
    log = logging.getLogger('test_logging')
    log.setLevel(logging.DEBUG)
    log.propagate = False
    yield log
    for handler in list(log.handlers):
        log.removeHandler(handler)


def new_run():
    return track.start_run(console=False, code=False, facts=False)


def handler(log, *args, form='%(levelname)s %(message)s', **kw):
    made = TrackHandler(*args, **kw)
    made.setFormatter(logging.Formatter(form))
    log.addHandler(made)
    return made


def test_records_become_lines(logger, here):
    handler(logger)
    with new_run() as run:
        logger.info('epoch %d', 3)
        logger.warning('two\nlines')
        logger.info('bad \ud800 text')
        try:
            1 / 0
        except ZeroDivisionError:
            logger.exception('lost')
    lines = Served(here).lines(run.id)
    texts = [text for _, text in lines]
    assert texts[:4] == ['INFO epoch 3', 'WARNING two', 'lines', 'INFO bad \\ud800 text']
    assert texts[4] == 'ERROR lost' and texts[-1] == 'ZeroDivisionError: division by zero'
    assert {stream for stream, _ in lines} == {'stderr'}


def test_level_stream_and_alerts(logger, here):
    handler(logger, None, logging.INFO, alerts='WARNING', stream='stdout')
    with new_run() as run:
        logger.debug('unheard')
        logger.info('line')
        logger.warning('slow')
        logger.critical('loss is %s', float('nan'))
        logger.error('x' * 1000)
    served = Served(here)
    assert [text[:16] for _, text in served.lines(run.id)] == [
        'INFO line', 'WARNING slow', 'CRITICAL loss is', 'ERROR xxxxxxxxxx']
    assert {stream for stream, _ in served.lines(run.id)} == {'stdout'}
    found = {alert['title'][:11]: alert for alert in served.alerts(run.id)}
    assert {title: alert['level'] for title, alert in found.items()} == {
        'slow': 'warning', 'loss is nan': 'error', 'x' * 11: 'error'}
    assert found['x' * 11]['text'] == 'ERROR ' + 'x' * 1000
    assert found['loss is nan']['text'] == 'CRITICAL loss is nan'


def test_records_before_the_run_are_kept(logger, here):
    handler(logger)
    for number in range(1200):
        logger.info('early %d', number)
    with new_run() as run:
        logger.info('now')
    texts = [text for _, text in Served(here).lines(run.id)]
    assert texts[0] == '(200 records before the run were left out)'
    assert texts[1] == 'INFO early 200' and texts[-2:] == ['INFO early 1199', 'INFO now']


def test_a_run_of_its_own(logger, here):
    with new_run() as first, new_run() as second:
        handler(logger, first)
        logger.info('here')
        first.finish()
        logger.info('nowhere')  # its run has ended: harmless
    served = Served(here)
    assert served.lines(first.id) == [('stderr', 'INFO here')] and not served.lines(second.id)


def test_what_the_handler_logs_itself_does_not_come_back(here, logger):
    class Talking(TrackHandler):
        def format(self, record):
            logging.getLogger('test_logging').error('from the handler')
            return super().format(record)

    logger.addHandler(Talking())
    with new_run() as run:
        logger.info('once')
    assert Served(here).lines(run.id) == [('stderr', 'once')]


def test_bad_arguments(here):
    with pytest.raises(track.InvalidError, match="'both'"):
        TrackHandler(stream='both')
    with pytest.raises(ValueError, match='LOUD'):
        TrackHandler(alerts='LOUD')
