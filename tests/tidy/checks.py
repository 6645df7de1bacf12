"""What every file must satisfy by itself or together with the others. A check yields problems:
(path, line, check, message), failing ones from the functions in CHECKS, mere advice from ADVICE."""

import functools
import json
import pathlib
import re

from functions import cpp_functions, python_functions
from source import CPP, ROOMS

HERE = pathlib.Path(__file__).resolve().parent
LINES_FAIL, LINES_WARN = 800, 500
FUNCTION_FAIL, FUNCTION_WARN = 120, 70
COLUMNS = 100
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
SIZED = ('.h', '.cc', '.def', '.msg', '.py', '.java', '.go', '.js', '.txt', '.cmake')


def line_of(text, position):
    return text.count('\n', 0, position) + 1


def rows(name):
    """The lines of a table file, joined where they continue with blanks, without comments."""
    joined = re.sub(r'\n[ \t]+(?=\S)', ' ', (HERE / name).read_text())
    return [r for r in joined.splitlines() if r.strip() and not r.startswith('#')]


def below(path, room):
    return path == room or path.startswith(room + '/')


@functools.lru_cache(maxsize=None)
def layers():
    table = {}
    for row in rows('layers.txt'):
        room, _, allowed = row.partition('->')
        table[room.strip()] = allowed.split()
    return table


@functools.lru_cache(maxsize=None)
def room_of(path):
    fitting = [room for room in layers() if below(path, room)]
    return max(fitting, key=len) if fitting else None


def includes(tree):
    """Every edge must be allowed by layers.txt."""
    for path in tree.cpp():
        if path.startswith('tests/'):
            continue
        room = room_of(path)
        if room is None:
            yield path, 1, 'layers', 'no room of tests/tidy/layers.txt holds this file'
            continue
        code = tree.code(path)
        for found in INCLUDE.finditer(code):
            target = found.group(1)
            line = line_of(code, found.start(1))
            if not target.startswith(ROOMS) or '/' not in target:
                yield path, line, 'layers', f'"{target}": include by the full path from the root'
            elif not any(below(target, allowed) for allowed in (room, *layers()[room])):
                yield path, line, 'layers', f'{room} may not include "{target}"'


def sizes(tree):
    for path in tree.files:
        if not is_sized(tree, path):
            continue
        count = tree.text(path).count('\n')
        if count > LINES_FAIL:
            yield path, count, 'size', f'{count} lines; split it, {LINES_FAIL} is the end'


def size_advice(tree):
    for path in tree.files:
        if is_sized(tree, path):
            count = tree.text(path).count('\n')
            if LINES_WARN < count <= LINES_FAIL:
                yield path, count, 'size', f'{count} lines; aim at {LINES_WARN}'


def is_sized(tree, path):
    named = path.endswith(SIZED) and path.startswith(ROOMS)
    script = '.' not in path.rsplit('/', 1)[-1] and tree.text(path).startswith('#!')
    return (named or script) and '/golden/' not in path and '/corpus/' not in path


def all_functions(tree):
    for path in tree.cpp():
        for first, count, name in cpp_functions(tree.code(path)):
            yield path, first, count, name
    for path in tree.files:
        if path.endswith('.py') or tree.is_text(path) and tree.text(path).startswith(
                '#!/usr/bin/env python3'):
            for first, count, name in python_functions(tree.text(path)):
                yield path, first, count, name


def functions(tree):
    for path, first, count, name in all_functions(tree):
        if count > FUNCTION_FAIL:
            yield path, first, 'function', f'{name} has {count} lines; {FUNCTION_FAIL} is the end'


def function_advice(tree):
    for path, first, count, name in all_functions(tree):
        if FUNCTION_WARN < count <= FUNCTION_FAIL:
            yield path, first, 'function', f'{name} has {count} lines; aim at {FUNCTION_WARN}'


def dead_headers(tree):
    included = set()
    for path in tree.with_suffix(*CPP, '.def'):
        included.update(INCLUDE.findall(tree.code(path)))
    generators = ''.join(tree.text(p) for p in tree.with_suffix('.py') if p.startswith('protocol/'))
    for path in tree.with_suffix('.h', '.def'):
        read_by_name = path.rsplit('/', 1)[-1] in generators
        if path.startswith(ROOMS) and path not in included and not read_by_name:
            yield path, 1, 'dead', 'nobody includes this file'


def header_form(tree):
    for path in tree.with_suffix('.h'):
        text = tree.text(path)
        if not path.startswith(ROOMS):
            continue
        if not text.startswith('//'):
            yield path, 1, 'header', 'begin with a line that says what the file is for'
        if '\n#pragma once\n' not in text:
            yield path, 1, 'header', '#pragma once is missing'


@functools.lru_cache(maxsize=None)
def bans():
    table = []
    for row in rows('bans.txt'):
        # A regular expression may hold |, but not with blanks around it.
        name, pattern, allowed, why = (part.strip() for part in re.split(r'\s\|\s', row))
        table.append((name, re.compile(pattern), [] if allowed == '-' else allowed.split(), why))
    return table


def banned(tree):
    for path in tree.cpp():
        code = INCLUDE.sub('', tree.code(path))  # a file may be called after what it tames
        for name, pattern, allowed, why in bans():
            if any(below(path, room) for room in allowed):
                continue
            for found in pattern.finditer(code):
                yield (path, line_of(code, found.start()), 'banned',
                       f'{found.group().strip()} ({name}): {why}')


# Built in pieces, so that this file does not find itself.
DEBT = re.compile(r'\b(' + '|'.join(('TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK')) + r')\b')
MACHINE = re.compile(r'(?<![\w.}/])/(?:' + '|'.join(('wo' + 'rk', 'ro' + 'ot', 'ho' + 'me')) +
                     r')/[\w.]|\.\./sha' + r'red\b|/tmp/br' + 'ief|/tmp/pe' + 'er')


def words(tree):
    for path in tree.files:
        if not tree.is_text(path) or '/golden/' in path or '/corpus/' in path:
            continue
        for number, line in enumerate(tree.text(path).split('\n'), 1):
            if found := DEBT.search(line):
                yield path, number, 'debt', f'{found.group()}: do it, or write an issue'
            if found := MACHINE.search(line):
                yield path, number, 'machine', f'{found.group()}: a path of one machine'


def lines(tree):
    """What the formatter does not look at."""
    for path in tree.files:
        shaped = path.endswith(('.def', '.msg', '.py', '.cmake', 'CMakeLists.txt')) or (
            '.' not in path.rsplit('/', 1)[-1] and tree.is_text(path)
            and tree.text(path).startswith('#!'))
        if not shaped:
            continue
        for number, line in enumerate(tree.text(path).split('\n'), 1):
            if line != line.rstrip():
                yield path, number, 'line', 'blanks at the end'
            if len(line) > COLUMNS and 'http' not in line:
                yield path, number, 'line', f'{len(line)} columns; {COLUMNS} is the end'


PATH = re.compile(r'(?<![\w./<{$-])((?:' + '|'.join(ROOMS) + r'|conf|cmake|\.ci)/[\w./*-]*[\w*/])')


def stale_paths(tree):
    """Documents and comments must not name a path that is gone."""
    for path in tree.with_suffix('.md'):
        for number, line in enumerate(tree.text(path).split('\n'), 1):
            for name in re.findall(r'`([^`\s]+)`|\]\(([^)\s#:]+)\)', line):
                for found in PATH.findall(name[0] or name[1]):
                    if not stands(tree, found):
                        yield path, number, 'stale', f'{found} is gone'
    for path in tree.cpp():
        for number, line in enumerate(tree.text(path).split('\n'), 1):
            _, slashes, comment = line.partition('// ')
            for found in PATH.findall(comment) if slashes else ():
                # Only whole file names: rooms that are still to be built may be talked about.
                if re.search(r'\.(h|cc|def|msg|py|md|properties)$', found) and \
                        not stands(tree, found) and not found.startswith('protocol/'):
                    yield path, number, 'stale', f'{found} is gone'


def stands(tree, name):
    name = name.rstrip('/')
    if '*' in name:
        return any(tree.root.glob(name))
    return (tree.root / name).exists()


def unbuilt(tree, build):
    """Every .cc must be compiled by this build, but for what other presets build."""
    database = pathlib.Path(build) / 'compile_commands.json'
    if not database.exists():
        return
    compiled = {str(pathlib.Path(entry['directory'], entry['file']).resolve())
                for entry in json.loads(database.read_text())}
    for path in tree.with_suffix('.cc'):
        if not path.startswith('tests/fuzz/') and str(tree.root / path) not in compiled:
            yield path, 1, 'dead', 'no target compiles this file'


def unmirrored(tree):
    """tests/unit/<folder>/ stands for <folder>/."""
    for path in tree.with_suffix('_test.cc'):
        folder = path.removeprefix('tests/unit/').rsplit('/', 1)[0]
        if path.startswith('tests/unit/') and not (tree.root / folder).is_dir():
            yield path, 1, 'mirror', f'there is no folder {folder} that this tests'


OPTION = re.compile(r'^OPTION\((\w+),(.*?)"\)$', re.DOTALL | re.MULTILINE)
# Where values are only checked against each other: that is no effect yet.
VALIDATING = 'broker/config/scoped.cc'


def options_read(tree):
    """(scope, name) of every key opt::<scope>::<name> that a source mentions."""
    read = set()
    for path in tree.cpp():
        if path.startswith('tests/') or path == VALIDATING:
            continue
        code = tree.code(path)
        read.update(re.findall(r'\bopt::(\w+)::(\w+)', code))
        for alias, scope in re.findall(r'\bnamespace (\w+) = (?:\w+::)*opt::(\w+);', code):
            read.update((scope, key) for key in re.findall(rf'\b{alias}::(\w+)', code))
    return read


def option_rows(tree):
    """(scope, name, text of the row, path, line) of every row of the table of settings."""
    for path in sorted(p for p in tree.names if p.startswith('broker/config/options/')):
        stem = pathlib.Path(path).stem
        scope = stem if stem in ('topic', 'group', 'client_metrics') else 'broker'
        text = tree.text(path)
        for found in OPTION.finditer(text):
            yield scope, found.group(1), found.group(2), path, line_of(text, found.start())


def options(tree):
    """A row of options.def is `used` exactly when some source reads its key, or when a setting of
    a topic or group that is used inherits from it."""
    read = options_read(tree)
    table = list(option_rows(tree))
    for scope, name, body, _, _ in table:
        inherits = re.search(r'from\("([^"]*)"\)', body)
        if inherits and (scope, name) in read:
            read.update(('broker', link.split('*')[0].strip().replace('.', '_'))
                        for link in inherits.group(1).split('|'))
    for scope, name, body, path, line in table:
        used = re.search(r',\s*used\b', body) is not None
        if used and (scope, name) not in read:
            yield path, line, 'options', f'{name} is called used, but nothing reads it: accepted'
        if not used and (scope, name) in read:
            yield path, line, 'options', f'{name} is read, so it is used, not accepted'


def fix_options(tree):
    """Turns the flags of wrong rows; conf/reference.properties must be printed anew then."""
    for path, line, _, message in list(options(tree)):
        before, after = ('accepted', 'used') if 'so it is used' in message else ('used', 'accepted')
        rows_of_file = tree.text(path).split('\n')
        text = '\n'.join(rows_of_file[line - 1:])
        fixed = re.sub(rf'(,\s*){before}\b', rf'\1{after}', text, count=1)
        (tree.root / path).write_text('\n'.join([*rows_of_file[:line - 1], fixed]))
        tree.text.cache_clear()


CHECKS = (includes, sizes, functions, dead_headers, header_form, banned, words, lines,
          stale_paths, unmirrored, options)
ADVICE = (size_advice, function_advice)
