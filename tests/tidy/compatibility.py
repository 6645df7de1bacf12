#!/usr/bin/env python3
"""The table of README.md that says which requests of Kafka 4.2 are answered.

    compatibility.py            prints it
    compatibility.py --write    puts it into README.md, between its two markers

It is made from the schema files and from broker/api/handlers.def, which also make ApiVersions, so
it says what clients are told. tidy fails when README.md has another one.
"""

import pathlib
import re
import subprocess
import sys

BEGIN = '<!-- compatibility: written by tests/tidy/compatibility.py -->'
END = '<!-- end of compatibility -->'


def schema_rows(root):
    """(key, name, versions, listeners, text) of every API, from the generator's own table."""
    table = subprocess.run([sys.executable, '-B', str(root / 'protocol/generate.py'), '--table'],
                           capture_output=True, text=True, check=True).stdout
    for line in table.splitlines()[2:]:
        key, name, versions, _, listeners, text = (c.strip() for c in line.strip('| ').split('|'))
        yield int(key), name, versions, listeners, text


def handled(root):
    handlers = root / 'broker/api/handlers.def'
    return set(re.findall(r'^H\((\w+)', handlers.read_text(), re.MULTILINE)
               if handlers.exists() else [])


def table(root):
    answered = handled(root)
    rows = [row for row in schema_rows(root) if 'broker' in row[3]]
    lines = [f'Milena answers {sum(row[1] in answered for row in rows)} of the {len(rows)} kinds '
             'of requests that a Kafka 4.2 broker takes, each in all its versions:', '',
             '| request | versions | answered | what it does |', '|---|---|---|---|']
    for _, name, versions, _, text in rows:
        lines.append(f'| {name} | {versions} | {"yes" if name in answered else "-"} | {text} |')
    return '\n'.join(lines)


def split(text):
    """README.md before, between and after the markers; None when it has none."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        return None
    before, _, rest = text.partition(BEGIN)
    between, _, after = rest.partition(END)
    return before, between, after


def is_current(root):
    readme = root / 'README.md'
    parts = split(readme.read_text()) if readme.exists() else None
    return parts is not None and parts[1].strip() == table(root).strip()


def write(root):
    """False when README.md has not exactly one pair of markers."""
    readme = root / 'README.md'
    parts = split(readme.read_text())
    if parts is not None:
        readme.write_text(f'{parts[0]}{BEGIN}\n{table(root)}\n{END}{parts[2]}')
    return parts is not None


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    if '--write' not in sys.argv:
        print(table(root))
        return 0
    if not write(root):
        print(f'README.md must have the lines {BEGIN} and {END}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
