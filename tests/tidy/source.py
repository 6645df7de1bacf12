"""Reads the tree: which files there are, and C++ text without its comments and strings."""

import functools
import os
import pathlib
import re
import subprocess

ROOMS = ('broker', 'protocol', 'log', 'replication', 'tools', 'tests')
CPP = ('.h', '.cc')
SKIPPED_FOLDERS = {'.git', 'build', 'data', 'cluster', '__pycache__', 'node_modules'}


class Tree:
    """The project's own files; paths are relative to the root, with forward slashes."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.files = sorted(self._list())
        self.names = set(self.files)

    def _list(self):
        if (self.root / '.git').exists():
            listed = subprocess.run(
                ['git', '-C', str(self.root), 'ls-files', '-co', '--exclude-standard'],
                capture_output=True, text=True, check=False)
            if listed.returncode == 0:
                return [f for f in set(listed.stdout.splitlines()) if (self.root / f).is_file()]
        found = []
        for folder, below, files in os.walk(self.root):
            below[:] = [b for b in below if b not in SKIPPED_FOLDERS]
            found += [os.path.relpath(os.path.join(folder, f), self.root) for f in files]
        return found

    @functools.lru_cache(maxsize=None)
    def text(self, path):
        return (self.root / path).read_text(encoding='utf-8', errors='replace')

    @functools.lru_cache(maxsize=None)
    def code(self, path):
        return strip(self.text(path))

    def with_suffix(self, *suffixes):
        return [f for f in self.files if f.endswith(suffixes)]

    def cpp(self):
        return [f for f in self.with_suffix(*CPP) if f.startswith(ROOMS)]

    def is_text(self, path):
        with open(self.root / path, 'rb') as file:
            return b'\0' not in file.read(4096)


_TOKEN = re.compile(
    r'(?P<raw>R"(?P<mark>[^()\\ ]{0,16})\(.*?\)(?P=mark)")'
    r'|(?P<line>//[^\n]*)'
    r'|(?P<block>/\*.*?\*/)'
    r'|(?P<text>"(?:\\.|[^"\\\n])*")'
    r"|(?P<char>(?<![0-9a-zA-Z])'(?:\\.|[^'\\\n])*')",
    re.DOTALL)


def strip(text):
    """C++ without comments and with empty strings; every line stays on its line."""

    def blank(found):
        lines = '\n' * found.group().count('\n')
        if found.lastgroup in ('line', 'block'):
            return ' ' + lines
        return '""' + lines

    # The name of an included file is code, not a string.
    kept = {}
    lines = text.split('\n')
    for number, line in enumerate(lines):
        if re.match(r'\s*#\s*include\b', line):
            kept[number] = line
            lines[number] = ''
    stripped = _TOKEN.sub(blank, '\n'.join(lines)).split('\n')
    for number, line in kept.items():
        stripped[number] = line
    return '\n'.join(stripped)
