"""Builds track._native and the program `track` with the project's own Makefile; the rest stands in
pyproject.toml.

In a clone the C sources are the tree around this folder, and what is built there is used again.
An sdist carries them in native-src/.
"""
from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

HERE = pathlib.Path(__file__).resolve().parent
CARRIED = HERE / 'native-src'
TOP = CARRIED if CARRIED.is_dir() else HERE.parent.parent
# What an sdist carries of the tree.
SOURCES = ('Makefile', 'core/*.[ch]', 'sdk/*.[ch]', 'client/*.[ch]', 'sdk/python/native/*.[ch]')
LOCKED = not sysconfig.get_config_var('Py_GIL_DISABLED')
# Interpreters with a global lock share one extension; each of the others has its own.
OUT = TOP / 'build' / ('python' if LOCKED else f'python-{sysconfig.get_config_var("SOABI")}')


def version() -> str:
    """The one that stands in the Makefile."""
    found = re.search(r'^VERSION *= *(\S+)', (TOP / 'Makefile').read_text(), re.M)
    if not found:
        raise SystemExit(f'{TOP}/Makefile: has no VERSION')
    return found.group(1)


class Native(build_ext):
    """make compiles, here it is only put in its place."""

    def build_extension(self, ext: Extension) -> None:
        made = {OUT / 'python/track/_native.so': pathlib.Path(self.get_ext_fullpath(ext.name))}
        made[OUT / 'track'] = made[OUT / 'python/track/_native.so'].with_name('track')
        command = ['make', '-C', TOP, f'-j{os.cpu_count() or 1}', 'MODE=release', f'OUT={OUT}',
                   f'PYTHON={sys.executable}', *made]
        # A make of its own, whatever make has started this.
        clean = {k: v for k, v in os.environ.items() if not k.startswith(('MAKE', 'MFLAGS'))}
        if subprocess.run(command, env=clean).returncode != 0:
            raise SystemExit('libtrack was not compiled.  It needs make, gcc, the libraries that '
                             f'`make -C {TOP} deps-build NO_APT=1` names, and python3-dev')
        for source, target in made.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


class Source(sdist):
    """Carries the C sources, which lie outside this folder."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        super().make_release_tree(base_dir, files)
        for pattern in SOURCES:
            for path in sorted(TOP.glob(pattern)):
                to = pathlib.Path(base_dir, 'native-src', path.relative_to(TOP))
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, to)


setup(version=version(),
      ext_modules=[Extension('track._native', [], py_limited_api=LOCKED)],
      cmdclass={'build_ext': Native, 'sdist': Source},
      options={'bdist_wheel': {'py_limited_api': 'cp310'}} if LOCKED else {})
