"""Lightning, Transformers, Keras and Hydra themselves, in small trainings (`make frameworks`)."""
import io
import json
import re
import signal

import pytest
import track
from served import Served

pytest.importorskip('torch', reason='make frameworks installs it')

LIGHTNING = '''
import json, sys
import torch
import {package} as L
from {package}.callbacks import LearningRateMonitor, ModelCheckpoint
from torch.utils.data import DataLoader, TensorDataset
from track.lightning import TrackLogger

class Net(L.LightningModule):
    def __init__(self, lr=0.1, sizes=(4, 8)):
        super().__init__()
        self.save_hyperparameters()
        self.net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
        self.seen = []

    def loss(self, batch, name):
        x, y = batch
        loss = torch.nn.functional.mse_loss(self.net(x), y)
        self.log(name + '/loss', loss)
        if name == 'train':
            self.seen.append(loss.item())
            if len(self.seen) == {fail_at}:
                raise {error}
        return loss

    def training_step(self, batch, index):
        return self.loss(batch, 'train')

    def validation_step(self, batch, index):
        self.loss(batch, 'val')

    def test_step(self, batch, index):
        self.loss(batch, 'test')

    def configure_optimizers(self):
        sgd = torch.optim.SGD(self.parameters(), self.hparams.lr)
        return [sgd], [torch.optim.lr_scheduler.StepLR(sgd, 1, 0.5)]

torch.manual_seed(0)
x = torch.randn(64, 4)
data = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), 16)
logger = TrackLogger(tags=['small'])
best = ModelCheckpoint(monitor='val/loss')
trainer = L.Trainer(max_epochs=3, logger=logger, accelerator='cpu', log_every_n_steps=1,
                    callbacks=[best, LearningRateMonitor()], enable_progress_bar=False)
net = Net()
trainer.fit(net, data, data)
tested = trainer.test(net, data)[0]
assert logger.experiment.id == logger.version
print(json.dumps({{'seen': net.seen, 'test': tested['test/loss'], 'best': best.best_model_path,
                   'score': float(best.best_model_score or 0)}}))
'''


@pytest.fixture
def served(trackd):
    return Served(trackd)


def lightning(script, package='lightning.pytorch', fail_at=0, error='ValueError("broken")', **kw):
    text = LIGHTNING.format(package=package, fail_at=fail_at, error=error)
    return script(text, timeout=300, **kw)


@pytest.mark.parametrize('package', ['lightning.pytorch', 'pytorch_lightning'])
def test_lightning(script, served, package):
    out, _ = lightning(script, package)
    facts = json.loads(out.splitlines()[-1])
    run = served.only_run('demo')
    assert run['state'] == 'finished' and run['tags']['small'] == ''
    assert run['params'] == {'lr': '0.1', 'sizes': '[4,8]'}
    assert served.points(run['id'], 'train/loss') == list(enumerate(facts['seen']))
    assert served.points(run['id'], 'test/loss') == [(12, facts['test'])]
    assert len(served.points(run['id'], 'val/loss')) == 3
    rates = served.values(run['id'], 'lr-SGD')
    assert rates[0] == 0.1 and rates[-1] == 0.025
    assert float(run['tags']['best_score']) == facts['score']
    with open(facts['best'], 'rb') as file:
        assert served.content(run['id'], 'checkpoints/best.ckpt') == file.read()
    assert run['id'] in facts['best']  # below the Trainer's folder
    texts = served.texts(run['id'], 'model')
    assert len(texts) == 1 and '(0): Linear(in_features=4' in texts[0][1]


def test_lightning_that_fails(script, served):
    lightning(script, fail_at=5, code=1)
    run = served.only_run('demo')
    assert run['state'] == 'failed' and len(served.points(run['id'], 'train/loss')) >= 4
    assert 'ValueError: broken' in served.texts(run['id'], 'traceback')[0][1]


def test_lightning_that_is_interrupted(script, served):
    lightning(script, fail_at=5, error='KeyboardInterrupt', code=1)
    assert served.only_run('demo')['state'] == 'stopped'


TRANSFORMERS = '''
import json, sys
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments
from track.transformers import TrackCallback

torch.manual_seed(0)
config = BertConfig(vocab_size=20, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                    intermediate_size=16, max_position_embeddings=16, num_labels=2)
model = BertForSequenceClassification(config)
words = torch.randint(2, 20, (64, 8))
data = [{'input_ids': row, 'labels': int(row[0] > 10)} for row in words]
args = TrainingArguments('out', report_to='none', use_cpu=True, num_train_epochs=2, learning_rate=1e-3,
                         per_device_train_batch_size=16, logging_steps=1, eval_strategy='epoch',
                         save_strategy='epoch', load_best_model_at_end=True, disable_tqdm=True,
                         metric_for_best_model='loss', run_name='tiny')
callback = TrackCallback(checkpoints=sys.argv[1])
trainer = Trainer(model, args, train_dataset=data, eval_dataset=data, callbacks=[callback])
trainer.train()
last = trainer.evaluate()
print(json.dumps({'log': trainer.state.log_history, 'last': last,
                  'best': [trainer.state.best_model_checkpoint, trainer.state.best_metric]}))
'''


def test_transformers(script, served):
    out, _ = script(TRANSFORMERS, 'best', timeout=300)
    facts = json.loads(out.splitlines()[-1])
    run = served.only_run('demo')
    assert run['state'] == 'finished' and run['name'] == 'tiny'
    for key, name in (('loss', 'train/loss'), ('learning_rate', 'train/learning_rate'),
                      ('grad_norm', 'train/grad_norm'), ('eval_loss', 'eval/loss')):
        said = [(row['step'], row[key]) for row in facts['log'] if key in row]
        assert served.points(run['id'], name) == said and len(said) >= 3
    assert served.values(run['id'], 'epoch')[-1] == 2
    assert served.values(run['id'], 'eval/loss')[-1] == facts['last']['eval_loss']
    params = run['params']
    assert params['learning_rate'] == '0.001' and params['model.hidden_size'] == '16'
    assert int(params['model.num_parameters']) > 1000
    assert run['tags']['best_checkpoint'] == facts['best'][0]
    assert float(run['tags']['best_metric']) == facts['best'][1]
    files = served.files(run['id'])
    assert {'checkpoint/model.safetensors', 'checkpoint/config.json'} <= files.keys()
    path = script.work / facts['best'][0] / 'model.safetensors'
    assert served.content(run['id'], 'checkpoint/model.safetensors') == path.read_bytes()


def test_transformers_every_checkpoint(script, served):
    script(TRANSFORMERS, 'all', timeout=300)
    files = served.files(served.only_run('demo')['id'])
    assert {'checkpoint-4/model.safetensors', 'checkpoint-8/model.safetensors'} <= files.keys()
    assert not [path for path in files if path.startswith('checkpoint/')]


KERAS = '''
import json
import keras, numpy
import track
from track.keras import TrackCallback, TrackCheckpoint

keras.utils.set_random_seed(0)
x = numpy.random.default_rng(0).normal(size=(128, 4)).astype('float32')
y = x.sum(axis=1, keepdims=True)
model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(8, 'relu'), keras.layers.Dense(1)])
rate = keras.optimizers.schedules.ExponentialDecay(0.05, 4, 0.5)
model.compile(keras.optimizers.Adam(rate), 'mse', metrics=['mae'])
with track.start_run(params={'name': 'mine'}) as run:
    seen = model.fit(x, y, epochs=3, batch_size=32, validation_split=0.25, verbose=0, callbacks=[
        TrackCallback(batches=2), TrackCheckpoint('best.keras', monitor='val_loss', save_best_only=True)])
    tested = model.evaluate(x, y, verbose=0, return_dict=True, callbacks=[TrackCallback()])
print(json.dumps({'history': seen.history, 'test': tested, 'back': keras.backend.backend()}))
'''


@pytest.mark.parametrize('backend', ['tensorflow', 'torch', 'jax'])
def test_keras(script, served, backend):
    out, _ = script(KERAS, timeout=300, env={'KERAS_BACKEND': backend})
    facts = json.loads(out.splitlines()[-1])
    run = served.only_run('demo')
    assert facts['back'] == backend and run['state'] == 'finished'
    for key, values in facts['history'].items():
        name = f'val/{key[4:]}' if key.startswith('val_') else f'train/{key}'
        assert served.points(run['id'], name) == list(enumerate(values))
    assert served.values(run['id'], 'test/loss') == [facts['test']['loss']]
    assert [step for step, _ in served.points(run['id'], 'batch/loss')] == [0, 2, 4, 6, 8]
    rates = served.values(run['id'], 'learning_rate')
    assert rates[0] > rates[1] > rates[2] > 0
    params = run['params']
    assert params['name'] == 'mine' and params['epochs'] == '3' and params['loss'] == 'mse'
    assert params['optimizer.name'] == 'adam' and params['model.num_parameters'] == '49'
    assert 'dense' in served.texts(run['id'], 'model')[0][1]
    assert float(run['tags']['best_val_loss']) == min(facts['history']['val_loss'])
    assert served.content(run['id'], 'checkpoints/best.keras') == (
        script.work / 'best.keras').read_bytes()


HYDRA = '''
import hydra
import track

@hydra.main(version_base=None, config_path='.', config_name='config')
def train(cfg):
    assert track.current_run() is not None
    track.log({'loss': 1.0 / cfg.model.layers})
    if cfg.model.layers > 9:
        raise ValueError('too many layers')

train()
'''
HYDRA_CONFIG = '''
lr: 0.1
half: ${oc.env:HALF,${lr}}
missing: ???
model: {layers: 2, sizes: [1, 2]}
hydra:
  callbacks:
    track: {_target_: track.hydra.TrackCallback, project: sweep, tags: [hydra], console: false}
'''


def test_hydra(script, served):
    (script.work / 'config.yaml').write_text(HYDRA_CONFIG)
    script(HYDRA, 'model.layers=4')
    script(HYDRA, '--multirun', 'model.layers=1,5')
    script(HYDRA, 'model.layers=10', code=1)
    runs = [served.run(run) for run in served.runs('sweep')]
    assert [run['params']['model.layers'] for run in runs] == ['4', '1', '5', '10']
    assert [run['state'] for run in runs] == ['finished'] * 3 + ['failed']
    assert [served.values(run['id'], 'loss') for run in runs] == [[0.25], [1], [0.2], [0.1]]
    first = runs[0]
    assert first['params'] == {'lr': '0.1', 'half': '0.1', 'missing': '???', 'model.layers': '4',
                               'model.sizes': '[1,2]', 'overrides': '["model.layers=4"]'}
    assert first['tags'] == {'hydra': ''} and first['name'].startswith('train')
    assert b'layers: 4' in served.content(first['id'], 'hydra/config.yaml')
    assert 'too many layers' in served.texts(runs[3]['id'], 'traceback')[0][1]


def test_stop_reaches_a_trainer(script, served, trackd):
    """`track stop` while Lightning trains: it ends in order."""
    text = LIGHTNING.format(package='lightning.pytorch', fail_at=0, error='ValueError')
    text = text.replace('max_epochs=3', 'max_epochs=-1')
    with script.start(text) as process:
        try:
            line = process.stderr.readline().decode()
            while 'track: run' not in line:
                assert line
                line = process.stderr.readline().decode()
            run = re.search(r'/r/(\w{32})', line)[1]
            while trackd.request('POST', f'/api/v1/runs/{run}/stop', {}).status == 404:
                pass
            out, err = process.communicate(timeout=240)
        except BaseException:
            process.send_signal(signal.SIGKILL)
            raise
    assert process.returncode == 0, err.decode()[-2000:]
    facts = json.loads(out.decode().splitlines()[-1])
    assert served.values(run, 'train/loss') == facts['seen']
    assert served.run(run)['state'] in ('finished', 'stopped')


def test_a_checkpoint_is_readable(script, served):
    import torch
    lightning(script)
    run = served.only_run('demo')
    held = torch.load(io.BytesIO(served.content(run['id'], 'checkpoints/best.ckpt')), weights_only=False)
    assert held['hyper_parameters']['lr'] == 0.1 and 'net.0.weight' in held['state_dict']
    assert track.version()
