#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the test cases of one JUnit report: `count.py SUITE FILE` prints "SUITE: N passed, N failed".

A skipped case proves nothing and counts as failed; each case that did not pass is named.
"""

import sys
import xml.etree.ElementTree as ElementTree


def main():
    suite, path = sys.argv[1:]
    passed = failed = 0
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        print(f"{suite}: no report of the tests: {error}")
        cases = []
    for case in cases:
        trouble = [kind for kind in ("failure", "error", "skipped") if case.find(kind) is not None]
        if trouble:
            failed += 1
            print(f"{suite}: {trouble[0]}: {case.get('classname')} {case.get('name')}")
        else:
            passed += 1
    print(f"{suite}: {passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


sys.exit(main())
