#!/usr/bin/env python3
"""Compares protocol/schema with the message definitions inside Kafka's jars.

    compare_schema.py FOLDER_OF_JARS

Every message, field by field and version by version: name, type, order, versions, nullability,
tag, default, flexible versions, and whether a field may be dropped. Prints what differs, and ends
with status 1 then.
"""

import json
import pathlib
import re
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / 'protocol'))
sys.dont_write_bytecode = True

from generator.model import FOREVER, NEVER, Versions, camel_case  # noqa: E402
from generator.notation import read_schema  # noqa: E402

# Where we differ on purpose: Kafka makes the handler check the version before it sets these hints
# for clients; here the codec leaves them out of versions that lack them.
DROPPED_BY_US = {
    ('ProduceResponse', 'currentLeader'), ('ProduceResponse', 'nodeEndpoints'),
    ('FetchResponse', 'currentLeader'), ('FetchResponse', 'nodeEndpoints'),
}
KINDS = {'metadata': ('metadata', 'remote_log'), 'coordinator-key': ('key',),
         'coordinator-value': ('value',)}


def definitions(folder):
    """name -> parsed JSON, of all messages that still exist."""
    found = {}
    for jar in sorted(pathlib.Path(folder).glob('kafka*.jar')):
        with zipfile.ZipFile(jar) as archive:
            for name in archive.namelist():
                if not name.endswith('.json') or '/' not in name:
                    continue
                text = archive.read(name).decode()
                text = re.sub(r'^\s*//.*$', '', text, flags=re.M)
                text = re.sub(r'\s//[^"\n]*$', '', text, flags=re.M)
                data = json.loads(text)
                if isinstance(data, dict) and data.get('validVersions', 'none') != 'none':
                    found[data['name']] = data
    return found


def ranged(text):
    """Kafka's "none", "3", "0-5" and "2+"."""
    if text is None or text == 'none':
        return NEVER
    low, plus, high = re.fullmatch(r'(\d+)(?:(\+)|-(\d+))?', text.strip()).groups()
    return Versions(int(low), FOREVER if plus else int(high or low))


def canonical_default(text, wire, is_array, is_struct):
    """A default in one form for both sides."""
    if text is None:
        return 'null' if wire == 'records' else 'zero'
    text = str(text).lower() if isinstance(text, bool) else str(text).strip('"')
    if text == 'null':
        return 'null'
    if is_array or is_struct or text in ('', 'false'):
        return 'zero'
    if wire.startswith(('int', 'uint')):
        return str(int(text, 0)) if int(text, 0) else 'zero'
    return text


def kafka_fields(fields, common, valid, flexible):
    """[(name, type, versions, nullable, tag, default, drop, compact, inner)] as seen in `valid`."""
    out = []
    for field in fields:
        versions = ranged(field.get('versions') or field.get('taggedVersions')) & valid
        if versions.empty:
            continue
        wire = field['type'].removeprefix('[]')
        is_array = field['type'].startswith('[]')
        inner = field.get('fields') or common.get(wire, {}).get('fields')
        nullable = ranged(field.get('nullableVersions')) & versions
        tag = field.get('tag')
        if tag is not None:
            assert ranged(field['taggedVersions']) & valid == versions, field
        # (A bare null in the JSON is no default: Kafka's generator takes the string "null" only.)
        default = canonical_default(field.get('default'), wire, is_array, inner is not None)
        own = ranged(field['flexibleVersions']) if 'flexibleVersions' in field else flexible
        out.append((field['name'][0].lower() + field['name'][1:],
                    ('[]' if is_array else '') + ('struct' if inner else wire), str(versions),
                    str(nullable) if not nullable.empty else '-', tag, default,
                    str(field.get('ignorable', False)).lower() == 'true',
                    str(own & versions) if not (own & versions).empty else '-',
                    kafka_fields(inner, common, versions, flexible) if inner else None))
    return out


def our_fields(struct, valid, flexible):
    out = []
    for field in struct.fields:
        versions = field.versions & valid
        if versions.empty:
            continue
        wire = 'struct' if field.struct else field.type.wire
        nullable = field.nullable & versions
        default = canonical_default(field.default, wire, field.is_array, field.struct is not None)
        own = NEVER if field.inflexible else flexible
        out.append((camel_case(field.name), ('[]' if field.is_array else '') + wire, str(versions),
                    str(nullable) if not nullable.empty else '-', field.tag, default, field.drop,
                    str(own & versions) if not (own & versions).empty else '-',
                    our_fields(field.struct, versions, flexible) if field.struct else None))
    return out


COLUMNS = ('name', 'type', 'versions', 'nullable', 'tag', 'default', 'drop', 'flexible')


class Comparison:
    def __init__(self):
        self.fields = self.field_versions = 0
        self.differences = []

    def differ(self, where, text):
        self.differences.append(f'{where}: {text}')

    def compare(self, message, where, kafka, ours):
        if [f[0] for f in kafka] != [f[0] for f in ours]:
            self.differ(where, f'Kafka has {[f[0] for f in kafka]}, we {[f[0] for f in ours]}')
            return
        for theirs, own in zip(kafka, ours):
            self.fields += 1
            at = f'{where}.{theirs[0]}'
            for column, a, b in zip(COLUMNS, theirs, own):
                deliberate = column == 'drop' and b and (message, theirs[0]) in DROPPED_BY_US
                if a != b and not deliberate:
                    self.differ(at, f'{column} is {a} in Kafka, {b} here')
            low, high = re.fullmatch(r'v(\d+)(?:-(\d+))?', own[2]).groups()
            self.field_versions += int(high or low) - int(low) + 1
            if theirs[-1] is not None and own[-1] is not None:
                self.compare(message, at, theirs[-1], own[-1])


def compare_apis(schema, found, result):
    """Key, versions, listeners and stability of every API."""
    for api in schema.apis:
        request = found.get(api.request.name, {})
        ours = (api.key, str(api.versions), sorted(api.listeners), not api.unstable.empty)
        theirs = (request.get('apiKey'), str(ranged(request.get('validVersions'))),
                  sorted(request.get('listeners', [])),
                  bool(request.get('latestVersionUnstable', False)))
        if ours != theirs:
            result.differ(api.name, f'{theirs} in Kafka, {ours} here')


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = definitions(sys.argv[1])
    if not found:
        sys.exit(f'no message definitions in the jars of {sys.argv[1]}')
    schema = read_schema(ROOT / 'protocol' / 'schema')
    result = Comparison()
    compare_apis(schema, found, result)
    for message in schema.messages:
        theirs = found.pop(message.name, None)
        if theirs is None:
            result.differ(message.name, 'not in the jars')
            continue
        kinds = KINDS.get(theirs['type'], (theirs['type'],))
        if message.kind not in kinds or theirs.get('apiKey') != message.key:
            result.differ(message.name, f'is {theirs["type"]} {theirs.get("apiKey")} in Kafka, '
                                        f'{message.kind} {message.key} here')
        valid = ranged(theirs['validVersions'])
        flexible = ranged(theirs.get('flexibleVersions', 'none')) & valid
        if valid != message.versions or (flexible != message.flexible and not flexible.empty):
            result.differ(message.name, f'{valid}, flexible {flexible} in Kafka, '
                                        f'{message.versions}, flexible {message.flexible} here')
        common = {s['name']: s for s in theirs.get('commonStructs', [])}
        result.compare(message.name, message.name,
                       kafka_fields(theirs['fields'], common, valid, flexible),
                       our_fields(message.root, message.versions, message.flexible))
    for name in found:
        result.differ(name, 'is in the jars but not in protocol/schema')
    print('\n'.join(result.differences))
    print(f'schema: {len(schema.messages)} messages, {len(schema.apis)} APIs, '
          f'{result.fields} fields, {result.field_versions} fields times versions compared, '
          f'{len(result.differences)} differences')
    return 1 if result.differences else 0


if __name__ == '__main__':
    sys.exit(main())
