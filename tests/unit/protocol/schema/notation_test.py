#!/usr/bin/env python3
"""The schema notation: what it means, and that its mistakes are named with file and line."""

import pathlib
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT / 'protocol'))
sys.dont_write_bytecode = True

from generator import api_table, cpp_codec, cpp_struct  # noqa: E402
from generator.model import SchemaError, Versions, camel_case, min_element_width  # noqa: E402
from generator.notation import parse_versions, read_schema  # noqa: E402

GOOD = """\
# Does something.
api Thing 7 : v1-4, flexible v3+, listeners broker controller, unstable v4
request
  ids          [TopicId]?v2+
  topics       [Topic]?               = null
    name       string          v1-2   drop
    partition  PartitionIndex
  extra        Extra           v3+    tag 0
    number     int32                  = -1
response
  again        [Topic]
    offset     Offset                 = 5
"""


def schema_of(text):
    """The schema that consists of one file."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / 'protocol' / 'schema' / 'types.def', folder)
        (pathlib.Path(folder) / 'thing.msg').write_text(text)
        return read_schema(folder)


class Notation(unittest.TestCase):
    def test_file_means_what_it_says(self):
        schema = schema_of(GOOD)
        api, = schema.apis
        self.assertEqual((api.name, api.key, api.about), ('Thing', 7, 'Does something.'))
        self.assertEqual((str(api.versions), str(api.stable)), ('v1-4', 'v1-3'))
        self.assertEqual(api.listeners, ['broker', 'controller'])
        ids, topics, extra = api.request.root.fields
        self.assertEqual((ids.type.wire, ids.is_array, str(ids.nullable)), ('uuid', True, 'v2+'))
        self.assertEqual([f.name for f in topics.struct.fields], ['name', 'partition'])
        self.assertTrue(topics.struct.fields[0].drop)
        self.assertEqual((extra.tag, str(extra.struct.versions)), (0, 'v3-4'))
        self.assertEqual(extra.struct.fields[0].default, '-1')
        # Each message has structs of its own.
        self.assertEqual([f.name for f in api.response.structs[0].fields], ['offset'])

    def test_struct_is_defined_once_and_used_by_name(self):
        schema = schema_of(GOOD + '  more         [Topic]         v3+\n')
        response = schema.apis[0].response
        first, second = response.root.fields
        self.assertIs(first.struct, second.struct)
        self.assertEqual(len(response.structs), 1)

    def test_fewest_bytes_of_an_element(self):
        request = schema_of(GOOD).apis[0].request
        ids, topics, _ = request.root.fields
        self.assertEqual(min_element_width(ids, request), 16)
        # v3: no name, four bytes of partition, one of tags; v1: two of name, four of partition.
        self.assertEqual(min_element_width(topics, request), 5)

    def test_mistakes_are_named_with_file_and_line(self):
        cases = {
            'is not defined': (GOOD.replace('PartitionIndex', 'Partitionindex'), 7),
            'is no type': (GOOD.replace('[TopicId]?v2+', '[TopicId?v2+'), 4),
            'unknown attribute "dropp"': (GOOD.replace('drop', 'dropp'), 6),
            'is defined twice': (GOOD + '  more [Topic]\n    x int8\n', 13),
            'has no fields': (GOOD.replace('    partition ', '      partition '), 6),
            'indented deeper': (GOOD + '      more int8\n     odd int8\n', 14),
            'expected "response"': (GOOD.replace('response', 'reply'), 10),
            'unknown attribute [\'listener\']': (GOOD.replace('listeners', 'listener'), 3),
            'listeners are missing': (GOOD.replace('listeners broker controller, ', ''), 3),
        }
        for text, (file, line) in cases.items():
            with self.assertRaises(SchemaError, msg=text) as caught:
                schema_of(file)
            self.assertIn(text, str(caught.exception))
            self.assertIn(f'thing.msg:{line}:', str(caught.exception))

    def test_what_the_codecs_rely_on_is_checked(self):
        for text in (GOOD.replace('[Topic]?', '[Topic]'),
                     GOOD.replace('v3+    tag 0', 'v2+    tag 0'),
                     GOOD + '  a int8 v3+ tag 1\n  b int8 v3+ tag 1\n',
                     GOOD + '  a int8 v3+ tag 64\n'):
            with self.assertRaises(SchemaError):
                schema_of(text)

    def test_version_ranges(self):
        self.assertEqual(parse_versions('v3'), Versions(3, 3))
        self.assertEqual(parse_versions('v3-5'), Versions(3, 5))
        self.assertTrue(1000 in parse_versions('v3+'))
        for wrong in ('3', 'v', 'v3-', 'v+', 'v3-5+'):
            with self.assertRaises(SchemaError):
                parse_versions(wrong)


class Generated(unittest.TestCase):
    def test_versions_are_tested_only_where_they_matter(self):
        request = schema_of(GOOD).apis[0].request
        source = cpp_codec.source('thing', [request])
        self.assertIn('m.name = r.string(false);', source)  # gone before strings are compact
        self.assertIn('m.number = r.int32();', source)
        self.assertIn('w.unsupported("extra")', source)
        self.assertNotIn('w.unsupported("name")', source)  # dropped

    def test_default_values_are_those_of_the_schema(self):
        header = cpp_struct.header('thing', [schema_of(GOOD).apis[0].response])
        self.assertIn('Offset offset{5};', header)

    def test_table_has_a_row_per_api(self):
        rows = api_table.markdown(schema_of(GOOD)).splitlines()
        self.assertEqual(rows[2], '| 7 | Thing | 1-3 (4 unstable) | 3 | broker, controller | '
                                  'Does something. |')

    def test_names_in_json_are_camel_case(self):
        self.assertEqual(camel_case('log_start_offset'), 'logStartOffset')
        self.assertEqual(camel_case('v3_and_below_topics'), 'v3AndBelowTopics')


class Files(unittest.TestCase):
    def test_every_file_says_what_it_is_about_and_is_named_for_it(self):
        schema = read_schema(ROOT / 'protocol' / 'schema')
        for path in (ROOT / 'protocol' / 'schema').rglob('*.msg'):
            self.assertTrue(path.read_text().startswith('# '), path)
        for message in schema.messages:
            name = message.name
            if message.kind in ('request', 'response', 'key', 'value'):
                name = name.removesuffix(message.kind.capitalize())
            stem = pathlib.PurePath(message.stem).name.replace('_', '')
            self.assertEqual(stem, name.lower())


if __name__ == '__main__':
    unittest.main()
