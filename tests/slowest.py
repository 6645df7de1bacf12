#!/usr/bin/env python3
"""slowest.py NINJA_LOG SINCE_MS: which files took the longest to compile in the build just done.

A line of the log is: start, end (ms since that build began), time of change (ns), file, hash.
"""

import sys

SHOWN = 5


def main():
    log, since = sys.argv[1], int(sys.argv[2])
    slowest = {}
    with open(log, encoding='utf-8') as lines:
        for line in lines:
            fields = line.rstrip('\n').split('\t')
            if len(fields) != 5 or not fields[3].endswith('.o'):
                continue
            start, end, changed = (int(f) for f in fields[:3])
            if changed // 1_000_000 >= since:
                slowest[fields[3]] = end - start
    if not slowest:
        return
    print(f'Compiled {len(slowest)} files; the slowest:')
    for name, took in sorted(slowest.items(), key=lambda item: -item[1])[:SHOWN]:
        print(f'  {took / 1000:6.1f} s  {name.replace(".dir/", "/")}')


if __name__ == '__main__':
    main()
