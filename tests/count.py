#!/usr/bin/env python3
"""count.py RESULTS_XML: what failed and was skipped in a run of ctest, then the count as the last
line: "N passed, N failed[, N skipped]". Ends with status 1 when anything failed."""

import sys
import xml.etree.ElementTree as xml


def main():
    cases = list(xml.parse(sys.argv[1]).getroot().iter('testcase'))
    failed = [c.get('name') for c in cases if c.find('failure') is not None]
    skipped = [c.get('name') for c in cases if c.find('skipped') is not None]
    for name in failed:
        print(f'FAILED  {name}')
    for name in skipped:
        print(f'SKIPPED {name}')
    passed = len(cases) - len(failed) - len(skipped)
    tail = f', {len(skipped)} skipped' if skipped else ''
    print(f'{passed} passed, {len(failed)} failed{tail}')
    return 1 if failed or not cases else 0


if __name__ == '__main__':
    sys.exit(main())
