# SPDX-License-Identifier: Apache-2.0
"""A Python that sees packages from the registry, which are installed by name into a folder of their
own, once per list."""
import hashlib
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.environ.get("LATCHKEY_CACHE") or os.path.join(HERE, "../../.cache")


def python_with(packages):
    name = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:12]
    folder = os.path.join(CACHE, "python", name)
    if not os.path.exists(folder + "/complete"):
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--clear", folder], check=True)
        subprocess.run([folder + "/bin/pip", "install", "--quiet", "--disable-pip-version-check",
                        *packages], check=True)
        open(folder + "/complete", "w", encoding="ascii").close()
    return folder + "/bin/python3"
