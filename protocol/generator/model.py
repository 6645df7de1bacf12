"""What a schema file means: messages, structs, fields, version ranges."""

from dataclasses import dataclass, field as dataclass_field

FOREVER = 32767  # "v3+": no upper end

# Types of the wire: bytes when the width is fixed, None otherwise.
WIRE_WIDTH = {
    'bool': 1, 'int8': 1, 'int16': 2, 'int32': 4, 'int64': 8, 'uint16': 2, 'uint32': 4,
    'float64': 8, 'uuid': 16, 'string': None, 'bytes': None, 'records': None,
}


class SchemaError(Exception):
    """A mistake in a schema file; the text names the file, the line and the cure."""


@dataclass(frozen=True)
class Versions:
    low: int
    high: int

    @property
    def empty(self):
        return self.low > self.high

    def __and__(self, other):
        return Versions(max(self.low, other.low), min(self.high, other.high))

    def __or__(self, other):
        if self.empty or other.empty:
            return other if self.empty else self
        return Versions(min(self.low, other.low), max(self.high, other.high))

    def __contains__(self, version):
        return self.low <= version <= self.high

    def covers(self, other):
        return other.empty or (self.low <= other.low and self.high >= other.high)

    def __str__(self):
        if self.low == self.high:
            return f'v{self.low}'
        return f'v{self.low}+' if self.high >= FOREVER else f'v{self.low}-{self.high}'


NEVER = Versions(FOREVER, -1)
ALWAYS = Versions(0, FOREVER)


@dataclass
class Type:
    """A scalar type: its place on the wire and in C++."""
    name: str
    wire: str
    cpp: str
    kind: str  # plain, strong, enum, millis

    @property
    def width(self):
        return WIRE_WIDTH[self.wire]


@dataclass
class Field:
    name: str
    type: Type | None  # None for a struct
    struct: 'Struct | None'
    is_array: bool
    versions: Versions  # as written, without what the surroundings restrict
    nullable: Versions  # NEVER when the field cannot be null
    tag: int | None = None
    default: str | None = None  # as written, None for the zero value
    drop: bool = False  # silently left out of versions that lack it
    inflexible: bool = False  # keeps the old encoding in flexible versions
    line: int = 0

    @property
    def can_be_null(self):
        return not self.nullable.empty

    @property
    def fixed_width(self):
        """Bytes on the wire, or None when they depend on the value or the version."""
        return self.type.width if self.type and not self.is_array else None


@dataclass
class Struct:
    name: str
    fields: list[Field] = dataclass_field(default_factory=list)
    versions: Versions = NEVER  # of the message versions in which it occurs anywhere

    def plain_fields(self):
        return [f for f in self.fields if f.tag is None]

    def tagged_fields(self):
        return sorted((f for f in self.fields if f.tag is not None), key=lambda f: f.tag)


@dataclass
class Message:
    kind: str  # request, response, header, metadata, remote_log, key, value, data
    name: str
    stem: str  # path of its header below protocol/msg, without the suffix
    key: int | None
    versions: Versions
    flexible: Versions
    root: Struct
    structs: list[Struct]  # inner ones first, without the root


@dataclass
class Api:
    name: str
    key: int
    versions: Versions
    flexible: Versions
    listeners: list[str]
    unstable: Versions
    response_header_v0: bool
    about: str
    request: Message = None
    response: Message = None

    @property
    def stable(self):
        """Versions that may be advertised without enabling unstable ones."""
        high = self.versions.high if self.unstable.empty else self.unstable.low - 1
        return Versions(self.versions.low, high)


@dataclass
class Schema:
    apis: list[Api] = dataclass_field(default_factory=list)
    # (type id, store, key message, value message) of the coordinators' records
    coordinator_records: list[tuple] = dataclass_field(default_factory=list)
    messages: list[Message] = dataclass_field(default_factory=list)
    stems: dict[str, list[Message]] = dataclass_field(default_factory=dict)

    def of_kind(self, kind):
        return sorted((m for m in self.messages if m.kind == kind),
                      key=lambda m: (m.key if m.key is not None else -1, m.name))


def camel_case(name):
    """Kafka's name of a field in JSON: log_start_offset -> logStartOffset."""
    head, *rest = name.split('_')
    return head + ''.join(word[:1].upper() + word[1:] for word in rest)


def min_width(field, version, flexible):
    """Fewest bytes that a field takes in one version (tagged fields take none)."""
    if version not in field.versions or field.tag is not None:
        return 0
    compact = flexible and not field.inflexible
    if field.is_array:
        return 1 if compact else 4
    if field.struct:
        return 1 if version in field.nullable else min_struct_width(field.struct, version, flexible)
    if field.type.width is not None:
        return field.type.width
    if compact:
        return 1
    return 2 if field.type.wire == 'string' else 4


def min_struct_width(struct, version, flexible):
    return sum(min_width(f, version, flexible) for f in struct.fields) + (1 if flexible else 0)


def min_element_width(field, message):
    """Fewest bytes of one element of an array, in the version where that is least."""
    if not field.struct:
        if field.type.width is not None:
            return field.type.width
        return 1 if not message.flexible.empty else 2
    versions = message.versions & field.struct.versions
    return min(min_struct_width(field.struct, v, v in message.flexible)
               for v in range(versions.low, versions.high + 1))
