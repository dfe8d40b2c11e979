#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists the C files of ours that a compile_commands.json names, each once."""

import json
import os
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as database:
        entries = json.load(database)
    root = os.getcwd()
    paths = {os.path.realpath(os.path.join(e["directory"], e["file"])) for e in entries}
    for path in sorted(paths):
        relative = os.path.relpath(path, root)
        if not relative.startswith(("..", "build/", ".cache/")) and relative.endswith(".c"):
            print(relative)


main()
