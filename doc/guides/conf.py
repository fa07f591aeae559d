# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Sphinx: the guides."""
from pathlib import Path

project = 'fastmem'
author = 'The fastmem authors'
copyright = '2026, ' + author
release = version = (Path(__file__).parents[2] / 'VERSION').read_text().strip()

html_theme = 'alabaster'
html_show_sourcelink = False
nitpicky = True
