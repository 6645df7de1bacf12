"""Reads schema files. The notation is described in protocol/README.md."""

import pathlib
import re

from .model import (ALWAYS, FOREVER, NEVER, WIRE_WIDTH, Api, Field, Message, Schema, SchemaError,
                    Struct, Type, Versions)

CPP_OF_WIRE = {
    'bool': 'bool', 'int8': 'std::int8_t', 'int16': 'std::int16_t', 'int32': 'std::int32_t',
    'int64': 'std::int64_t', 'uint16': 'std::uint16_t', 'uint32': 'std::uint32_t',
    'float64': 'double', 'uuid': 'Uuid', 'string': 'std::string_view', 'bytes': 'ByteView',
    'records': 'Records',
}


def parse_versions(text):
    match = re.fullmatch(r'v(\d+)(?:(\+)|-(\d+))?', text)
    if not match:
        raise SchemaError(f'"{text}" is no version range; write v3, v3-5 or v3+')
    low, forever, high = match.groups()
    return Versions(int(low), FOREVER if forever else int(high or low))


def read_types(path):
    types = {w: Type(w, w, cpp, 'plain') for w, cpp in CPP_OF_WIRE.items()}
    for line in path.read_text().splitlines():
        words = line.split('#')[0].split()
        if words:
            name, wire, cpp, kind = words
            types[name] = Type(name, wire, cpp, kind)
    return types


class FileReader:
    """One schema file."""

    def __init__(self, path, stem, types, schema):
        self.path, self.stem, self.types, self.schema = path, stem, types, schema
        self.about = ''
        self.lines = []  # (number, indentation, text)
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line.startswith('#'):
                self.about = (self.about + ' ' + line.lstrip('# ')).strip()
            elif line.strip():
                self.lines.append((number, len(line) - len(line.lstrip()), line.strip()))
        self.at = 0

    def fail(self, number, text):
        raise SchemaError(f'{self.path}:{number}: {text}')

    def read(self):
        number, _, text = self.lines[0]
        try:
            kind = text.split()[0]
            reader = {'api': self.read_api, 'coordinator': self.read_coordinator}.get(kind)
            if reader:
                reader()
            else:
                self.read_message(kind)
        except SchemaError as error:
            if str(error).startswith(str(self.path)):
                raise
            at = self.lines[min(self.at, len(self.lines) - 1)][0]
            self.fail(at, str(error))
        if self.at != len(self.lines):
            self.fail(self.lines[self.at][0], 'nothing may stand here')

    def head(self):
        """"kind Name 12 : v0-3, flexible v2+, ..." -> the words before the colon, the clauses."""
        text = self.lines[self.at][2]
        self.at += 1
        before, _, after = text.partition(':')
        clauses = [c.split() for c in after.split(',') if c.strip()]
        versions = parse_versions(clauses[0][0])
        named = {c[0]: c[1:] for c in clauses[1:]}
        flexible = parse_versions(named['flexible'][0]) if 'flexible' in named else NEVER
        return before.split(), versions, flexible, named

    def read_api(self):
        (_, name, key), versions, flexible, named = self.head()
        unknown = set(named) - {'flexible', 'listeners', 'unstable', 'response_header'}
        if unknown:
            raise SchemaError(f'unknown attribute {sorted(unknown)}')
        if 'listeners' not in named:
            raise SchemaError('listeners are missing')
        api = Api(name, int(key), versions, flexible, named['listeners'],
                  parse_versions(named['unstable'][0]) if 'unstable' in named else NEVER,
                  'response_header' in named, self.about)
        for kind in ('request', 'response'):
            if self.at >= len(self.lines) or self.lines[self.at][2] != kind:
                raise SchemaError(f'expected "{kind}"')
            self.at += 1
            setattr(api, kind,
                    self.body(kind, name + kind.capitalize(), api.key, versions, flexible))
        self.schema.apis.append(api)

    def read_coordinator(self):
        text = self.lines[0][2]
        match = re.fullmatch(r'coordinator (\w+) (\d+), store (\w+)', text)
        if not match:
            raise SchemaError('expected "coordinator Name 1, store group"')
        self.at = 1
        parts = []
        for part in ('key', 'value'):
            words, versions, flexible, _ = self.head()
            if words != [part]:
                raise SchemaError(f'expected "{part} : versions"')
            parts.append(self.body(part, match[1] + part.capitalize(), int(match[2]), versions,
                                   flexible))
        self.schema.coordinator_records.append((int(match[2]), match[3], *parts))

    def read_message(self, kind):
        if kind not in ('metadata', 'remote_log', 'data', 'header'):
            raise SchemaError(f'"{kind}" is no kind of message')
        words, versions, flexible, _ = self.head()
        self.body(kind, words[1], int(words[2]) if len(words) > 2 else None, versions, flexible)

    def body(self, kind, name, key, versions, flexible):
        root = Struct(name, versions=versions)
        message = Message(kind, name, self.stem, key, versions, flexible & versions, root, [])
        self.structs = {}
        if self.at < len(self.lines) and self.lines[self.at][1] > 0:
            self.read_fields(root, self.lines[self.at][1], message)
        restrict(root, versions)
        self.schema.messages.append(message)
        self.schema.stems.setdefault(self.stem, []).append(message)
        return message

    def read_fields(self, struct, indentation, message):
        while self.at < len(self.lines) and self.lines[self.at][1] == indentation:
            number, _, text = self.lines[self.at]
            self.at += 1
            deeper = (self.lines[self.at][1] if self.at < len(self.lines) and
                      self.lines[self.at][1] > indentation else None)
            struct.fields.append(self.read_field(number, text, deeper, message))
        if self.at < len(self.lines) and self.lines[self.at][1] > indentation:
            self.fail(self.lines[self.at][0], 'indented deeper than its neighbours')

    def read_field(self, number, text, deeper, message):
        words = text.split()
        name, type_text, rest = words[0], words[1], words[2:]
        match = re.fullmatch(r'(?:\[(\w+)\]|(\w+))(?:(\?)(v\d+\+)?)?', type_text)
        if not match:
            self.fail(number, f'"{type_text}" is no type; write T, T?, T?v3+, [T], [T]?')
        element, single, null, null_from = match.groups()
        type_name = element or single
        struct = self.structs.get(type_name)
        if deeper is not None:  # fields below define a struct, even under a domain type's name
            if type_name in CPP_OF_WIRE:
                self.fail(number, f'{type_name} has no fields, but some are indented below')
            if struct:
                self.fail(number, f'{type_name} is defined twice in {message.name}')
            struct = self.structs[type_name] = Struct(type_name)
            self.read_fields(struct, deeper, message)
            message.structs.append(struct)
        scalar = None if struct else self.types.get(type_name)
        if struct is None and scalar is None:
            self.fail(number, f'{type_name} is not defined: indent its fields below')
        nullable = NEVER if not null else parse_versions(null_from) if null_from else ALWAYS
        field = Field(name, scalar, struct, element is not None, ALWAYS, nullable, line=number)
        self.read_attributes(field, rest, number)
        return field

    def read_attributes(self, field, words, number):
        words = list(words)
        if words and re.fullmatch(r'v\d.*', words[0]):
            field.versions = parse_versions(words.pop(0))
        while words:
            word = words.pop(0)
            if word == 'tag':
                field.tag = int(words.pop(0))
            elif word == '=':
                field.default = words.pop(0)
            elif word in ('drop', 'inflexible'):
                setattr(field, word, True)
            else:
                self.fail(number, f'unknown attribute "{word}"')


def restrict(struct, versions):
    """Every struct learns in which versions of the message it occurs."""
    for field in struct.fields:
        if field.struct:
            inner = field.versions & versions
            field.struct.versions = field.struct.versions | inner
            restrict(field.struct, inner)


def read_schema(folder):
    folder = pathlib.Path(folder)
    types = read_types(folder / 'types.def')
    assert set(CPP_OF_WIRE) == set(WIRE_WIDTH)
    schema = Schema()
    for path in sorted(folder.rglob('*.msg')):
        stem = path.relative_to(folder).with_suffix('').as_posix()
        FileReader(path, stem, types, schema).read()
    schema.apis.sort(key=lambda api: api.key)
    schema.coordinator_records.sort(key=lambda record: (record[1], record[0]))
    check(schema)
    return schema


def check(schema):
    """What the notation cannot express but the codecs rely on."""
    names = set()
    for message in schema.messages:
        if message.name in names:
            raise SchemaError(f'{message.name} is defined twice')
        names.add(message.name)
        for struct in [message.root] + message.structs:
            where = f'{message.name}.{struct.name}'
            tags = [f.tag for f in struct.fields if f.tag is not None]
            if sorted(tags) != sorted(set(tags)) or any(t > 63 for t in tags):
                raise SchemaError(f'{where}: tags must differ and be below 64')
            for field in struct.fields:
                if field.tag is not None and \
                        not message.flexible.covers(field.versions & struct.versions):
                    raise SchemaError(
                        f'{where}.{field.name}: tagged in versions that are not flexible')
                if field.default == 'null' and not field.can_be_null:
                    raise SchemaError(f'{where}.{field.name}: null by default, but never null')
