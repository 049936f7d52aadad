#!/usr/bin/env python3
"""Learns scikit-learn's handwritten digits with a small network, and logs all that is known of it.

    python digits_sklearn.py --hidden 64 --tag baseline
"""
import argparse

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import track.sklearn
from track.argparse import add_options, start_run


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--hidden', type=int, default=32, help='units of the layer (%(default)s)')
    parser.add_argument('--epochs', type=int, default=60, help='at most (%(default)s)')
    parser.add_argument('--lr', type=float, default=3e-3, help='learning rate (%(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of split and weights (%(default)s)')
    add_options(parser, project='digits')
    return parser.parse_args()


def main():
    args = parse()
    x, y = load_digits(return_X_y=True)
    x, x_test, y, y_test = train_test_split(x, y, test_size=0.25, random_state=args.seed,
                                            stratify=y)
    model = make_pipeline(StandardScaler(), MLPClassifier(
        [args.hidden], learning_rate_init=args.lr, max_iter=args.epochs, random_state=args.seed,
        early_stopping=True, verbose=True))
    with start_run(args) as run:
        print(f'{len(x)} pictures of {x.shape[1]} pixels; run {run.id}')
        track.sklearn.log_fit(run, model, x, y, x_test, y_test)
        accuracy = model.score(x_test, y_test)
        print(f'accuracy {accuracy:.4f} on {len(x_test)} pictures that it has not seen')


if __name__ == '__main__':
    main()
