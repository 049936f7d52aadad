"""Distributions as numbers: histograms and precision-recall curves, as JSON and as statistics.

Needs numpy, nothing else.
"""
from __future__ import annotations

import json
from typing import Any

import numpy as np

from ._errors import InvalidError
from ._media import as_array

PERCENTILES = (5, 25, 50, 75, 95)


def edges_of(bins: Any, values: np.ndarray[Any, Any], max_bins: int | None) -> Any:
    """What numpy.histogram takes for `bins` of SummaryWriter."""
    if isinstance(bins, str) and bins == 'tensorflow':
        growth = 1e-12 * 1.1 ** np.arange(int(np.log(1e32) / np.log(1.1)) + 1)
        bins = np.concatenate([-growth[::-1], [0.0], growth])
        low, high = np.searchsorted(bins, [values.min(), values.max()])
        return bins[max(0, low - 1):high + 2] if 0 < low and high < len(bins) else _even(values)
    edges = np.histogram_bin_edges(values, bins)
    if max_bins is not None and len(edges) - 1 > max_bins:
        edges = np.histogram_bin_edges(values, max_bins)
    return edges


def _even(values: np.ndarray[Any, Any]) -> Any:
    return np.histogram_bin_edges(values, 64)


def histogram(values: Any, bins: Any, max_bins: int | None
              ) -> tuple[dict[str, float], dict[str, list[float]]]:
    """(statistics, {"edges": [n + 1], "counts": [n]}) of the values that are finite; `nonfinite` is
    the number of the others.

    InvalidError  there is no value.
    """
    array = as_array(values).astype(np.float64).ravel()
    if array.size == 0:
        raise InvalidError('a histogram of no values')
    finite = array[np.isfinite(array)]
    stats = {'count': float(array.size), 'nonfinite': float(array.size - finite.size)}
    if finite.size == 0:
        return stats, {'edges': [], 'counts': []}
    stats.update(min=float(finite.min()), max=float(finite.max()), mean=float(finite.mean()),
                 std=float(finite.std()))
    for percent, value in zip(PERCENTILES, np.percentile(finite, PERCENTILES)):
        stats[f'p{percent:02d}'] = float(value)
    counts, edges = np.histogram(finite, edges_of(bins, finite, max_bins))
    return stats, {'edges': edges.tolist(), 'counts': counts.tolist()}


def pr_curve(labels: Any, predictions: Any, count: int, weights: Any) -> dict[str, list[float]]:
    """Counts, precision and recall at `count` thresholds, evenly from 0 to 1."""
    truth = as_array(labels).ravel() > 0
    guess = as_array(predictions).astype(np.float64).ravel()
    if truth.shape != guess.shape or truth.size == 0:
        raise InvalidError(f'{truth.size} labels for {guess.size} predictions')
    if not (guess.min() >= 0 and guess.max() <= 1):
        raise InvalidError('predictions must be in 0..1')
    weight = np.ones_like(guess)
    if weights is not None:
        weight = as_array(weights).astype(np.float64).ravel()
    place = np.floor(guess * (count - 1)).astype(int)
    positive = np.bincount(place, weight * truth, count)
    negative = np.bincount(place, weight * ~truth, count)
    hits, alarms = positive[::-1].cumsum()[::-1], negative[::-1].cumsum()[::-1]
    return curve_of(hits, alarms, hits[0] - hits, alarms[0] - alarms)


def curve_of(hits: Any, alarms: Any, misses: Any, rest: Any) -> dict[str, list[float]]:
    tiny = 1e-7
    return {'true_positives': hits.tolist(), 'false_positives': alarms.tolist(),
            'true_negatives': rest.tolist(), 'false_negatives': misses.tolist(),
            'precision': (hits / np.maximum(tiny, hits + alarms)).tolist(),
            'recall': (hits / np.maximum(tiny, hits + misses)).tolist(),
            'thresholds': np.linspace(0, 1, len(hits)).tolist()}


def average_precision(precision: Any, recall: Any) -> float:
    """The mean of the precision over the recall, thresholds ascending."""
    recall = np.append(as_array(recall).astype(np.float64), 0.0)
    return float((as_array(precision).astype(np.float64) * (recall[:-1] - recall[1:])).sum())


def as_json(value: object) -> str:
    return json.dumps(value, separators=(',', ':'))
