#!/usr/bin/env python3
"""Makes C++ and documentation from the schema files.

    generate.py --out FOLDER   C++ below FOLDER/protocol (only files that change are written)
    generate.py --outputs      the names of those files, for the build
    generate.py --table        the table of APIs, in Markdown
"""

import argparse
import pathlib
import sys

from generator import api_table, cpp_codec, cpp_struct, cpp_visit, registry
from generator.model import SchemaError
from generator.notation import read_schema

SCHEMA = pathlib.Path(__file__).resolve().parent / 'schema'


def outputs(schema):
    """Every generated file: (path below the output folder, text)."""
    yield 'protocol/wire/api_key.h', api_table.api_key_header(schema)
    yield 'protocol/wire/api_table.cc', api_table.api_table_source(schema)
    for stem, messages in schema.stems.items():
        yield f'protocol/msg/{stem}.h', cpp_struct.header(stem, messages)
        yield f'protocol/msg/{stem}.visit.h', cpp_visit.header(stem, messages)
        yield f'protocol/msg/{stem}.cc', cpp_codec.source(stem, messages)
    yield 'protocol/msg/metadata_record.h', registry.metadata_record_header(schema)
    yield 'protocol/msg/metadata_record.cc', registry.metadata_record_source(schema)
    yield 'protocol/msg/all_messages.h', registry.all_visit_header(schema)
    yield 'protocol/msg/all_messages.def', registry.message_list(schema)
    yield 'protocol/registry/registry.cc', registry.registry_source(schema)
    for number in range(registry.CHUNKS):
        yield f'protocol/registry/rows_{number}.cc', registry.chunk(schema, number)


def write_if_changed(path, text):
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument('--out', type=pathlib.Path, help='folder for the generated C++')
    group.add_argument('--outputs', action='store_true', help='print what --out writes')
    group.add_argument('--table', action='store_true', help='print the table of APIs')
    arguments = parser.parse_args()
    try:
        schema = read_schema(SCHEMA)
        if arguments.table:
            print(api_table.markdown(schema), end='')
            return 0
        for name, text in outputs(schema):
            if arguments.outputs:
                print(name)
            else:
                write_if_changed(arguments.out / name, text)
    except SchemaError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
