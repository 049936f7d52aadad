#!/usr/bin/env python3
"""Boosted trees on scikit-learn's breast cancer data, with early stopping.

    python xgboost_trees.py --max-depth 3 --eta 0.1
"""
import argparse

import xgboost
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from track.argparse import add_options, start_run
from track.xgboost import TrackCallback


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--max-depth', type=int, default=3, help='of a tree (%(default)s)')
    parser.add_argument('--eta', type=float, default=0.1, help='learning rate (%(default)s)')
    parser.add_argument('--rounds', type=int, default=300, help='trees at most (%(default)s)')
    parser.add_argument('--patience', type=int, default=15,
                        help='rounds without a better loss before it stops (%(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of the split (%(default)s)')
    add_options(parser, project='cancer')
    return parser.parse_args()


def main():
    args = parse()
    data = load_breast_cancer()
    x, x_test, y, y_test = train_test_split(data.data, data.target, test_size=0.25,
                                            random_state=args.seed, stratify=data.target)
    names = [str(name).replace(' ', '_') for name in data.feature_names]
    train = xgboost.DMatrix(x, y, feature_names=names)
    test = xgboost.DMatrix(x_test, y_test, feature_names=names)
    with start_run(args) as run:
        run.define_metric('val/logloss', goal='minimize')
        booster = xgboost.train(
            {'objective': 'binary:logistic', 'eval_metric': ['auc', 'logloss'], 'nthread': 1,
             'max_depth': args.max_depth, 'eta': args.eta}, train, args.rounds,
            evals=[(train, 'train'), (test, 'val')], early_stopping_rounds=args.patience,
            verbose_eval=20, callbacks=[TrackCallback(run)])
        accuracy = ((booster.predict(test) > 0.5) == y_test).mean()
        run.log_metric('val/accuracy', accuracy, booster.best_iteration)
        print(f'best round {booster.best_iteration}, logloss {booster.best_score:.4f}, '
              f'accuracy {accuracy:.4f}')


if __name__ == '__main__':
    main()
