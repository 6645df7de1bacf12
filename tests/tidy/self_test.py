#!/usr/bin/env python3
"""Plants one violation at a time in a small tree and sees that tidy finds it, and nothing else."""

import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import checks  # noqa: E402
from functions import cpp_functions  # noqa: E402
from source import Tree, strip  # noqa: E402

CLEAN = {
    'protocol/base/ids.h': '// Ids.\n#pragma once\n\nstruct Id {};\n',
    'log/segment.h': '// Segments.\n#pragma once\n\n#include "protocol/base/ids.h"\n',
    'log/segment.cc': '#include "log/segment.h"\n\nint size() { return 1; }\n',
    'tests/unit/log/segment_test.cc': '#include "log/segment.h"\n',
    'README.md': 'See `log/segment.h` and [ids](protocol/base/ids.h), `log/*.cc`.\n',
    'broker/config/options.def': '#include "broker/config/options/log.def"\n'
                                 '#include "broker/config/options/topic.def"\n',
    'broker/config/options/log.def': 'OPTION(log_a, Int, "1", any, X, High, used, "A.")\n'
                                     'OPTION(log_b, Int, "1", any, X, High, accepted, "B.")\n',
    'broker/config/options/topic.def':
        'OPTION(a, Int, from("log.a"), any, X, High, used, "A.")\n',
    'broker/config/keys.cc': '#include "broker/config/options.def"\nint a = get(opt::topic::a);\n',
}

LONG_BODY = '    x();\n' * 125


def comment(text):
    return f'// {text}\nint y;\n'


PLANTED = [
    # path, text, the check that must speak
    ('log/bad.cc', '#include "replication/raft/raft.h"\n', 'layers'),
    ('log/bad.cc', '#include "broker/config/settings.h"\n', 'layers'),
    ('protocol/base/bad.cc', '#include "protocol/wire/reader.h"\n', 'layers'),
    ('tools/bad.cc', '#include "broker/net/reactor.h"\n', 'layers'),
    ('log/bad.cc', '#include "segment.h"\n', 'layers'),
    ('broker/nowhere/bad.cc', 'int x;\n', 'layers'),
    ('log/bad.cc', 'int x;\n' * 801, 'size'),
    ('tools/bad', '#!/bin/bash\n' + 'x\n' * 801, 'size'),
    ('log/bad.cc', 'int f() {\n' + LONG_BODY + '}\n', 'function'),
    ('log/bad.cc', 'namespace a {\nstruct S {\n  S(int x) : x_{x} {\n' + LONG_BODY + '}\n};\n}\n',
     'function'),
    ('tests/bad.py', 'def f():\n' + '    x()\n' * 121, 'function'),
    ('log/bad.h', '// Bad.\n#pragma once\n', 'dead'),
    ('log/bad.def', 'X\n', 'dead'),
    ('log/segment.h', '#pragma once\n#include "protocol/base/ids.h"\n', 'header'),
    ('log/segment.h', '// Segments.\n#include "protocol/base/ids.h"\n', 'header'),
    ('log/bad.cc', 'auto t = std::chrono::system_clock::now();\n', 'banned'),
    ('log/bad.cc', 'std::random_device device;\n', 'banned'),
    ('protocol/bad.cc', 'std::mutex mutex;\n', 'banned'),
    ('log/bad.cc', 'int fd = ::open("x", 0);\n', 'banned'),
    ('broker/api/bad.cc', 'int s = ::socket(1, 2, 3);\n', 'banned'),
    ('broker/api/bad.cc', 'throw 1;\n', 'banned'),
    ('tests/unit/log/bad_test.cc', 'std::this_thread::sleep_for(x);\n', 'banned'),
    ('log/bad.cc', '#include <cassert>\n', 'banned'),
    ('log/bad.cc', '#include <regex>\n', 'banned'),
    ('log/bad.cc', 'auto e = std::getenv("X");\n', 'banned'),
    ('log/bad.cc', comment('TO' + 'DO: later'), 'debt'),
    ('conf/bad.properties', 'log.dirs=/ro' + 'ot/data\n', 'machine'),
    ('tests/bad.py', 'x = 1 \n', 'line'),
    ('tests/bad.py', 'x = "' + 'y' * 100 + '"\n', 'line'),
    ('README.md', 'See `log/gone.h`.\n', 'stale'),
    ('README.md', 'See [it](log/gone.h).\n', 'stale'),
    ('log/bad.cc', comment('See log/gone.h for more'), 'stale'),
    ('tests/unit/logs/bad_test.cc', 'int x;\n', 'mirror'),
    ('broker/config/options/log.def',
     'OPTION(log_a, Int, "1", any, X, High, accepted, "A.")\n', 'options'),
    ('broker/config/options/log.def', 'OPTION(log_a, Int, "1", any, X, High, used, "A.")\n'
     'OPTION(log_c, Int,\n       "1", any, X, High, used, "C.")\n', 'options'),
]


class Planted(unittest.TestCase):
    def tree(self, changes):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for path, text in {**CLEAN, **changes}.items():
            file = pathlib.Path(folder.name, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return Tree(folder.name)

    def found(self, changes):
        tree = self.tree(changes)
        return {problem[2] for check in checks.CHECKS for problem in check(tree)}

    def test_clean_tree_has_no_problem(self):
        self.assertEqual(self.found({}), set())

    def test_every_planted_violation_is_found_and_nothing_else(self):
        for path, text, check in PLANTED:
            with self.subTest(path=path, check=check, text=text[:60]):
                self.assertEqual(self.found({path: text}), {check})

    def test_comments_and_strings_are_not_searched(self):
        harmless = ('// std::mutex is banned here; so is throw\n/* throw\n */\n'
                    'const char* a = "throw // throw";\nconst char* b = R"(throw ")";\n'
                    "char c = '\"'; int d = 1'000'000;\n")
        self.assertEqual(self.found({'protocol/fine.cc': harmless}), set())

    def test_uncompiled_source_is_found(self):
        tree = self.tree({'build.json/compile_commands.json': '[]'})
        dead = list(checks.unbuilt(tree, tree.root / 'build.json'))
        self.assertIn('log/segment.cc', [problem[0] for problem in dead])

    def test_functions_are_measured_from_their_head_to_their_last_brace(self):
        code = strip('#define M(x) {\nnamespace a {\nenum class E { b };\n'
                     'template <class T>\nint f(T t,\n      int u = g({1}))\n    requires(true)\n'
                     '{\n  if (t) {\n    auto l = [] {\n    };\n  }\n}\n'
                     'constexpr int k[] = {\n1,\n2};\nvoid g() {}\n}\n')
        lengths = {name: (first, count) for first, count, name in cpp_functions(code)}
        self.assertEqual(lengths, {'f': (4, 10), 'g': (17, 1)})


if __name__ == '__main__':
    unittest.main()
