#!/usr/bin/env python3
"""A network of one hidden layer in plain numpy, trained with SGD on handwritten digits.

    python numpy_network.py --epochs 30 --lr 0.1

Shows the calls of track themselves: rows, a metric by handle, best value, text, an alert, a file.
"""
import argparse
import os
import tempfile

import numpy as np
from sklearn.datasets import load_digits

import track


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--hidden', type=int, default=48, help='units of the layer (%(default)s)')
    parser.add_argument('--epochs', type=int, default=20, help='(%(default)s)')
    parser.add_argument('--batch', type=int, default=32, help='pictures a step (%(default)s)')
    parser.add_argument('--lr', type=float, default=0.2, help='learning rate (%(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of split and weights (%(default)s)')
    return parser.parse_args()


def load(rng):
    """x [count, 64] of 0..1 and y [count], three quarters for training and the rest."""
    data = load_digits()
    order = rng.permutation(len(data.target))
    cut = len(order) * 3 // 4
    x, y = data.data[order] / 16, data.target[order]
    return x[:cut], y[:cut], x[cut:], y[cut:]


def forward(weights, x):
    """The hidden layer [count, hidden] and the odds of each digit [count, 10]."""
    hidden = np.maximum(0, x @ weights['w1'] + weights['b1'])
    scores = hidden @ weights['w2'] + weights['b2']
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return hidden, odds / odds.sum(axis=1, keepdims=True)


def step(weights, x, y, lr):
    """One step of SGD; returns the mean loss before it and the gradient's norm."""
    hidden, odds = forward(weights, x)
    loss = -np.log(odds[np.arange(len(y)), y]).mean()
    odds[np.arange(len(y)), y] -= 1
    odds /= len(y)
    back = (odds @ weights['w2'].T) * (hidden > 0)
    slopes = {'w1': x.T @ back, 'b1': back.sum(axis=0),
              'w2': hidden.T @ odds, 'b2': odds.sum(axis=0)}
    for name, slope in slopes.items():
        weights[name] -= lr * slope
    return loss, np.sqrt(sum((slope ** 2).sum() for slope in slopes.values()))


def train(run, args):
    rng = np.random.default_rng(args.seed)
    x, y, x_test, y_test = load(rng)
    weights = {'w1': rng.normal(0, 0.2, (64, args.hidden)), 'b1': np.zeros(args.hidden),
               'w2': rng.normal(0, 0.2, (args.hidden, 10)), 'b2': np.zeros(10)}
    run.define_metric('val/accuracy', goal='maximize')
    log_loss = run.metric('train/loss')  # a handle: no look-up by name at each step
    count = 0
    for epoch in range(args.epochs):
        for batch in np.array_split(rng.permutation(len(x)), len(x) // args.batch):
            loss, norm = step(weights, x[batch], y[batch], args.lr)
            log_loss(loss, count)
            count += 1
        if not np.isfinite(loss):
            run.log_alert('the loss is no number', f'in epoch {epoch}', 'alarm')
        guess = forward(weights, x_test)[1].argmax(axis=1)
        accuracy = (guess == y_test).mean()
        run.log({'val/accuracy': accuracy, 'grad_norm': norm, 'epoch': epoch}, step=count - 1)
        print(f'epoch {epoch:3d}  loss {loss:.4f}  accuracy {accuracy:.4f}', flush=True)
        if run.should_stop:
            break
    wrong = np.flatnonzero(guess != y_test)
    run.log_text('wrong', ', '.join(f'{y_test[i]} as {guess[i]}' for i in wrong), step=count - 1)
    return weights


def main():
    args = parse()
    with track.start_run('digits', params=args, tags=['numpy'], seed=args.seed) as run:
        weights = train(run, args)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'weights.npz')
            np.savez(path, **weights)
            digest, size = run.log_artifact(path, type='model')
        print(f'weights.npz: {size} bytes, sha256 {digest}')


if __name__ == '__main__':
    main()
