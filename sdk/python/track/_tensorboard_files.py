"""The methods of SummaryWriter whose data Track keeps as files and texts."""
from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from . import _attach
from ._errors import InvalidError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._run import Run


class FileMethods:
    """Of track.tensorboard.SummaryWriter; each needs numpy, and takes arrays and tensors of any
    library.  InvalidError: data of a shape that cannot be that."""

    @property
    def run(self) -> Run:
        raise NotImplementedError

    def _tag(self, tag: str) -> str:
        raise NotImplementedError

    def _at(self, step: Any) -> int | None:
        raise NotImplementedError

    def _file(self, kind: str, tag: str, step: Any, end: str, data: bytes,
              media: str | None = None) -> None:
        """Logs `<kind>/<tag>/<step><end>`."""
        _attach.log_bytes(self.run, self._file_name(kind, tag, step) + end, data, type=kind,
                          media=media)

    def _file_name(self, kind: str, tag: str, step: Any) -> str:
        """`<kind>/<tag>/<step>`; a step that is left out is one more than the last."""
        at = self._at(step)
        counts: dict[str, int] = vars(self).setdefault('_file_steps', {})
        name = f'{kind}/{self._tag(tag).strip("/")}'
        at = counts.get(name, -1) + 1 if at is None else at
        counts[name] = at
        return f'{name}/{at}'

    def add_histogram(self, tag: str, values: Any, global_step: Any = None,
                      bins: Any = 'tensorflow', walltime: float | None = None,
                      max_bins: int | None = None) -> None:
        """Logs statistics of values, of any shape, as metrics, and the counts of bins as a text."""
        from ._histogram import histogram
        stats, counts = histogram(values, bins, max_bins)
        self._distribution(tag, stats, counts, global_step, walltime)

    def add_histogram_raw(self, tag: str, min: Any, max: Any, num: Any, sum: Any, sum_squares: Any,
                          bucket_limits: Any, bucket_counts: Any, global_step: Any = None,
                          walltime: float | None = None) -> None:
        """The same of a histogram that was made elsewhere; bucket_limits are the bins' upper
        ends."""
        from ._media import as_array
        limits, counts = as_array(bucket_limits).tolist(), as_array(bucket_counts).tolist()
        if len(limits) != len(counts):
            raise InvalidError(f'{tag!r}: {len(limits)} limits for {len(counts)} counts')
        count = float(num)
        mean = float(sum) / count if count else 0.0
        spread = float(sum_squares) / count - mean * mean if count else 0.0
        stats = {'count': count, 'min': float(min), 'max': float(max), 'mean': mean,
                 'std': spread ** 0.5 if spread > 0 else 0.0}
        self._distribution(tag, stats, {'edges': [float(min), *limits], 'counts': counts},
                           global_step, walltime)

    def _distribution(self, tag: str, stats: dict[str, float], counts: dict[str, list[float]],
                      step: Any, walltime: float | None) -> None:
        from ._histogram import as_json
        at, name = self._at(step), self._tag(tag)
        self.run.log({f'{name}/{key}': value for key, value in stats.items()}, at, walltime)
        _attach.log_text(self.run, f'{name}/histogram', as_json(counts), at)

    def add_image(self, tag: str, img_tensor: Any, global_step: Any = None,
                  walltime: float | None = None, dataformats: str = 'CHW') -> None:
        """Logs a picture: uint8, or numbers of 0..1; axes as dataformats says."""
        from ._media import pixels, png
        self._file('images', tag, global_step, '.png', png(pixels(img_tensor, dataformats)))

    def add_images(self, tag: str, img_tensor: Any, global_step: Any = None,
                   walltime: float | None = None, dataformats: str = 'NCHW') -> None:
        """Logs pictures as one, eight a row; a list of them too."""
        from ._media import as_array, pixels, png
        if isinstance(img_tensor, (list, tuple)):
            import numpy as np
            img_tensor = np.stack([as_array(one) for one in img_tensor])
        self._file('images', tag, global_step, '.png', png(pixels(img_tensor, dataformats)))

    def add_image_with_boxes(self, tag: str, img_tensor: Any, box_tensor: Any,
                             global_step: Any = None, walltime: float | None = None,
                             rescale: float = 1, dataformats: str = 'CHW',
                             labels: list[str] | None = None) -> None:
        """Logs a picture with boxes [count, 4] of left, top, right, bottom drawn in; boxes and
        labels are the text `<tag>/boxes`."""
        from ._histogram import as_json
        from ._media import as_array, draw_boxes, pixels, png, resize
        boxes = as_array(box_tensor).reshape(-1, 4)
        if labels is not None and len(labels) != len(boxes):
            raise InvalidError(f'{tag!r}: {len(labels)} labels for {len(boxes)} boxes')
        drawn = resize(draw_boxes(pixels(img_tensor, dataformats), boxes), rescale)
        self._file('images', tag, global_step, '.png', png(drawn))
        _attach.log_text(self.run, f'{self._tag(tag)}/boxes', as_json(
            {'boxes': boxes.tolist(), 'labels': labels}), self._at(global_step))

    def add_figure(self, tag: str, figure: Any, global_step: Any = None, close: bool = True,
                   walltime: float | None = None) -> None:
        """Logs a figure of matplotlib as a picture, or each of a list as `<tag>/0`, `<tag>/1`,
        ..."""
        import io
        figures = figure if isinstance(figure, (list, tuple)) else [figure]
        for index, one in enumerate(figures):
            file = io.BytesIO()
            one.savefig(file, format='png')
            self._file('images', tag if one is figure else f'{tag}/{index}', global_step, '.png',
                       file.getvalue())
            if close:
                import_module('matplotlib.pyplot').close(one)

    def add_video(self, tag: str, vid_tensor: Any, global_step: Any = None, fps: Any = 4,
                  walltime: float | None = None, dataformats: str = 'NTCHW') -> None:
        """Logs films [films, frames, channels, height, width] side by side, as one animated PNG."""
        import numpy as np
        from ._media import animated_png, as_array, pixels
        array, axes = as_array(vid_tensor), dataformats.upper()
        if array.ndim != 5 or sorted(axes) != sorted('NTCHW') or 0 in array.shape:
            raise InvalidError(f'{tag!r}: a film of shape {array.shape} is not {axes!r}')
        array = array.transpose([axes.index(axis) for axis in 'TNCHW'])
        frames = np.stack([pixels(frame, 'NCHW') for frame in array])
        self._file('images', tag, global_step, '.png', animated_png(frames, float(fps or 4)),
                   'image/apng')

    def add_audio(self, tag: str, snd_tensor: Any, global_step: Any = None,
                  sample_rate: int = 44100, walltime: float | None = None) -> None:
        """Logs sound of -1..1, [samples] or [samples, channels]."""
        from ._media import wav
        self._file('audio', tag, global_step, '.wav', wav(snd_tensor, sample_rate))

    def add_mesh(self, tag: str, vertices: Any, colors: Any = None, faces: Any = None,
                 config_dict: Any = None, global_step: Any = None, walltime: float | None = None
                 ) -> None:
        """Logs meshes [batch, vertices, 3]; those after the first as `<tag>/1` and so on.
        config_dict, of TensorBoard's camera and lights, is kept as the text `<tag>/config`."""
        from ._histogram import as_json
        from ._media import as_array, ply
        batches = [None if part is None else as_array(part) for part in (vertices, colors, faces)]
        shaped = [part if part is None or part.ndim == 3 else part[None] for part in batches]
        for index in range(0 if shaped[0] is None else len(shaped[0])):
            parts = [None if part is None else part[index] for part in shaped]
            self._file('meshes', tag if index == 0 else f'{tag}/{index}', global_step, '.ply',
                       ply(*parts))
        if config_dict:
            _attach.log_text(self.run, f'{self._tag(tag)}/config', as_json(config_dict),
                             self._at(global_step))

    def add_tensor(self, tag: str, tensor: Any, global_step: Any = None,
                   walltime: float | None = None) -> None:
        """Logs an array of any shape as a file of numpy."""
        from ._media import as_array, npy
        self._file('tensors', tag, global_step, '.npy', npy(as_array(tensor)))

    def add_embedding(self, mat: Any, metadata: Any = None, label_img: Any = None,
                      global_step: Any = None, tag: str = 'default', metadata_header: Any = None
                      ) -> None:
        """Logs vectors [count, size], a label or a row of labels for each, and pictures
        [count, channels, height, width] of each in one, as the Embedding Projector reads them."""
        from ._media import as_array, pixels, png, tsv
        vectors = as_array(mat)
        if vectors.ndim != 2 or (metadata is not None and len(metadata) != len(vectors)):
            raise InvalidError(f'{tag!r}: vectors of shape {vectors.shape}, labels '
                                       f'{None if metadata is None else len(metadata)}')
        files = {'tensors.tsv': tsv(vectors.tolist())}
        if metadata is not None:
            files['metadata.tsv'] = tsv([*([metadata_header] if metadata_header else []), *metadata])
        if label_img is not None:
            files['sprite.png'] = png(pixels(label_img, 'NCHW'))
        folder = self._file_name('embeddings', tag, global_step)
        for name, data in files.items():
            _attach.log_bytes(self.run, f'{folder}/{name}', data, type='embeddings')

    def add_pr_curve(self, tag: str, labels: Any, predictions: Any, global_step: Any = None,
                     num_thresholds: int = 127, weights: Any = None, walltime: float | None = None
                     ) -> None:
        """Logs precision and recall of predictions, 0..1, for labels, 0 or 1, both [count]."""
        from ._histogram import pr_curve
        curve = pr_curve(labels, predictions, num_thresholds, weights)
        self._curve(tag, curve, global_step, walltime)

    def add_pr_curve_raw(self, tag: str, true_positive_counts: Any, false_positive_counts: Any,
                         true_negative_counts: Any, false_negative_counts: Any, precision: Any,
                         recall: Any, global_step: Any = None, num_thresholds: int = 127,
                         weights: Any = None, walltime: float | None = None) -> None:
        """The same of a curve that was made elsewhere, each [num_thresholds]."""
        from ._media import as_array
        columns = {'true_positives': true_positive_counts, 'false_positives': false_positive_counts,
                   'true_negatives': true_negative_counts, 'false_negatives': false_negative_counts,
                   'precision': precision, 'recall': recall}
        self._curve(tag, {key: as_array(value).tolist() for key, value in columns.items()},
                    global_step, walltime)

    def _curve(self, tag: str, curve: dict[str, list[float]], step: Any, walltime: float | None
               ) -> None:
        from ._histogram import as_json, average_precision
        at, name = self._at(step), self._tag(tag)
        self.run.log_metric(f'{name}/average_precision', average_precision(
            curve['precision'], curve['recall']), at, walltime)
        _attach.log_text(self.run, f'{name}/pr_curve', as_json(curve), at)

    def add_graph(self, model: Any, input_to_model: Any = None, verbose: bool = False,
                  use_strict_trace: bool = True) -> None:
        """Logs the model's layers, and of torch with input_to_model its traced graph, as text
        files."""
        text = _layers(model)
        graph = _traced(model, input_to_model, use_strict_trace)
        self._file('graphs', 'layers', None, '.txt', text.encode('utf-8', 'replace'))
        if graph is not None:
            self._file('graphs', 'graph', None, '.txt', graph.encode('utf-8', 'replace'))
        if verbose:
            print(graph or text)

    def add_onnx_graph(self, prototxt: str | os.PathLike[str] | None = None,
                       onnx_model_file: str | os.PathLike[str] | None = None) -> None:
        """Logs an ONNX file as it is."""
        self._graph_file(onnx_model_file if prototxt is None else prototxt)

    def add_openvino_graph(self, xmlname: str | os.PathLike[str]) -> None:
        """Logs an OpenVINO file as it is."""
        self._graph_file(xmlname)

    def _graph_file(self, path: str | os.PathLike[str] | None) -> None:
        if path is None:
            raise TypeError('which file is the graph?')
        self.run.log_artifact(path, f'graphs/{os.path.basename(os.fspath(path))}', type='graphs')


def _layers(model: Any) -> str:
    summary = getattr(model, 'summary', None)
    if callable(summary):  # Keras
        lines: list[str] = []
        summary(print_fn=lambda text, **_: lines.append(text))
        return '\n'.join(lines)
    return str(model)


def _traced(model: Any, inputs: Any, strict: bool) -> str | None:
    """The graph of a model of torch; None, and a warning, where it cannot be traced."""
    if inputs is None or not hasattr(model, 'named_parameters'):
        return None
    torch = import_module('torch')
    try:
        with torch.no_grad():
            return str(torch.jit.trace(model, inputs, strict=strict).inlined_graph)
    except Exception as bad:
        _attach.tell('the graph was not traced, its layers are logged: '
                     f'{type(bad).__name__}: {bad}')
        return None
