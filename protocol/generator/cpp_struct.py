"""Headers with the structs of the messages."""

from .model import FOREVER

PREAMBLE = '// Generated from protocol/schema/{source}.msg by protocol/generate.py.\n'


def literal(field):
    """The default as written in C++ between braces, '' for the zero value."""
    text = field.default
    if text is None or text == 'null':
        return ''
    if field.type.kind == 'plain' and field.type.wire == 'string':
        return text if text.startswith('"') else f'"{text}"'
    return text


def cpp_type(field):
    inner = field.struct.name if field.struct else field.type.cpp
    if field.is_array:
        return f'Array<{inner}>'
    if not field.can_be_null or inner == 'Records':
        return inner
    if field.struct:
        return f'Nullable<{inner}>'
    return {'string': 'NullableString', 'bytes': 'NullableBytes'}[field.type.wire]


def initial_value(field):
    """What stands behind the member's name: Kafka's default of the field."""
    null = field.default == 'null'
    if field.is_array:
        return f' = {cpp_type(field)}::null()' if null else '{}'
    if field.can_be_null and not null and not (field.type and field.type.wire == 'records'):
        if field.struct:
            return f'{{{field.struct.name}{{}}}}'
        if field.type.wire == 'string':
            return f'{{{literal(field) or chr(34) * 2}}}'
        return '{ByteView{}}'
    return f'{{{literal(field)}}}' if field.type else '{}'


def struct_lines(struct, indent, extra=(), inner=()):
    pad = ' ' * indent
    lines = [f'{pad}struct {struct.name} {{']
    lines += [f'{pad}    {line}'.rstrip() for line in extra]
    for other in inner:
        lines += struct_lines(other, indent + 4)
        lines.append('')
    for field in struct.fields:
        lines.append(f'{pad}    {cpp_type(field)} {field.name}{initial_value(field)};')
    if struct.fields:
        lines.append('')
    name = struct.name
    lines.append(f'{pad}    friend bool operator==(const {name}&, const {name}&) = default;')
    lines.append(f'{pad}}};')
    return lines


def constants(message):
    flexible = FOREVER if message.flexible.empty else message.flexible.low
    lines = [f'static constexpr std::string_view kName = "{message.name}";']
    if message.kind in ('request', 'response'):
        api = message.name.removesuffix(message.kind.capitalize())
        lines.append(f'static constexpr ApiKey kApiKey = ApiKey::{api};')
    elif message.key is not None:
        lines.append(f'static constexpr std::int16_t kTypeId = {message.key};')
    lines += [
        f'static constexpr std::int16_t kMinVersion = {message.versions.low};',
        f'static constexpr std::int16_t kMaxVersion = {message.versions.high};',
        f'static constexpr std::int16_t kFirstFlexible = {flexible};',
        '',
    ]
    return lines


def header(stem, messages):
    lines = [PREAMBLE.format(source=stem) + '#pragma once', '',
             '#include "protocol/wire/message.h"', '', 'namespace milena::msg {', '']
    for message in messages:
        lines += struct_lines(message.root, 0, constants(message), message.structs)
        lines.append('')
    for message in messages:
        lines += [
            f'void decode(Reader& r, ApiVersion version, {message.name}& message);',
            f'std::size_t encoded_size(const {message.name}& message, ApiVersion version);',
            f'void encode(Writer& w, ApiVersion version, const {message.name}& message);',
        ]
    return '\n'.join(lines + ['', '}  // namespace milena::msg', ''])
