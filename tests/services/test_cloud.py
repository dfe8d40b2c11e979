# SPDX-License-Identifier: Apache-2.0
"""The agent against Alibaba Cloud, as the vendor's own code sees it (cloud_cases.py).

The vendor's packages are installed by name into a folder of their own, once per list."""
import hashlib
import os
import subprocess
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.environ.get("LATCHKEY_CACHE") or os.path.join(HERE, "../../.cache")
AGENT = os.path.join(os.environ.get("LATCHKEY_DEV") or os.path.join(HERE, "../../build/dev"),
                     "latchkey")
PACKAGES = ("alibabacloud-dkms-gcs==1.0.2", "alibabacloud-kms20160120==3.3.1",
            "alibabacloud-credentials==1.0.12", "alibabacloud-openapi-util==0.2.4",
            "alibabacloud-tea-openapi==0.4.6", "setuptools", "wheel")


def vendors_python():
    """The Python that sees the vendor's packages."""
    name = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:12]
    folder = os.path.join(CACHE, "python", name)
    if not os.path.exists(folder + "/complete"):
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--clear", folder], check=True)
        subprocess.run([folder + "/bin/pip", "install", "--quiet", "--disable-pip-version-check",
                        *PACKAGES], check=True)
        open(folder + "/complete", "w", encoding="ascii").close()
    return folder + "/bin/python3"


class Cloud(unittest.TestCase):
    def test_as_the_vendor_sees_it(self):
        environment = dict(os.environ, LATCHKEY_AGENT=os.path.abspath(AGENT))
        done = subprocess.run([vendors_python(), "-B", HERE + "/cloud_cases.py"],
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("Ran 15 tests", done.stdout)
