# SPDX-License-Identifier: Apache-2.0
"""The agent against Alibaba Cloud, as the vendor's own code sees it (cloud_cases.py)."""
import os
import subprocess
import unittest

from packages import python_with

HERE = os.path.dirname(os.path.abspath(__file__))
AGENT = os.path.join(os.environ.get("LATCHKEY_DEV") or os.path.join(HERE, "../../build/dev"),
                     "latchkey")
PACKAGES = ("alibabacloud-dkms-gcs==1.0.2", "alibabacloud-kms20160120==3.3.1",
            "alibabacloud-credentials==1.0.12", "alibabacloud-openapi-util==0.2.4",
            "alibabacloud-tea-openapi==0.4.6", "setuptools", "wheel")


class Cloud(unittest.TestCase):
    def test_as_the_vendor_sees_it(self):
        environment = dict(os.environ, LATCHKEY_AGENT=os.path.abspath(AGENT))
        done = subprocess.run([python_with(PACKAGES), "-B", HERE + "/cloud_cases.py"],
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("Ran 15 tests", done.stdout)
