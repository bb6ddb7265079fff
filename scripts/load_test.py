#!/usr/bin/env python3
"""Puts images of a running server under load: scripts/operation/load_images.py."""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "operation"))

import load_images  # noqa: E402

sys.exit(load_images.main())
