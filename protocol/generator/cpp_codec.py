"""Sources with decode, encoded_size and encode of the messages.

Three static functions per struct, all straight-line code: read_fields, size_fields, write_fields.
Version conditions that hold for every version of a struct are left out.
"""

import re

from .cpp_struct import PREAMBLE, literal
from .model import SchemaError, min_element_width


class Context:
    """A struct inside its message: which conditions depend on the version."""

    def __init__(self, message, struct):
        self.message, self.struct = message, struct
        self.cpp = message.name if struct is message.root else f'{message.name}::{struct.name}'
        self.flexible = self.condition(message.flexible)

    def condition(self, versions):
        """C++ for "the version is in `versions`": 'true', 'false' or an expression."""
        here = self.struct.versions
        inside = versions & here
        if inside.empty:
            return 'false'
        parts = []
        if inside.low > here.low:
            parts.append(f'v >= {inside.low}')
        if inside.high < here.high:
            parts.append(f'v <= {inside.high}')
        return ' && '.join(parts) or 'true'

    def compact(self, field):
        versions = field.versions & self.struct.versions
        if field.inflexible or (self.message.flexible & versions).empty:
            return 'false'
        return 'true' if self.message.flexible.covers(versions) else 'flexible'

    def nullable(self, field):
        return self.condition(field.nullable & field.versions)

    def struct_name(self, field):
        return f'{self.message.name}::{field.struct.name}'


def indented(lines):
    return ['    ' + line for line in lines]


def guarded(condition, lines, otherwise=()):
    if condition == 'true':
        return lines
    if condition == 'false':
        return list(otherwise)
    out = [f'if ({condition}) {{'] + indented(lines)
    if otherwise:
        out += ['} else {'] + indented(otherwise)
    return out + ['}']


def merged(parts):
    """(condition, lines, otherwise) of neighbours -> lines, one `if` per run of equal ones."""
    out, at = [], 0
    while at < len(parts):
        condition, lines, otherwise = parts[at]
        lines, otherwise = list(lines), list(otherwise)
        while at + 1 < len(parts) and parts[at + 1][0] == condition:
            at += 1
            lines += parts[at][1]
            otherwise += parts[at][2]
        out += guarded(condition, lines, otherwise)
        at += 1
    return out


def is_set(field, context):
    """C++ for "the field differs from its default"."""
    m, null = f'm.{field.name}', field.default == 'null'
    if field.is_array:
        if null:
            return f'!{m}.is_null()'
        return f'({m}.is_null() || !{m}.empty())' if field.can_be_null else f'!{m}.empty()'
    if field.struct:
        if not field.can_be_null:
            return f'!({m} == {context.struct_name(field)}{{}})'
        return f'{m}.has_value()' if null else f'{m} != {context.struct_name(field)}{{}}'
    wire = field.type.wire
    if wire == 'records':
        return f'!{m}.is_null()'
    if wire in ('string', 'bytes'):
        if field.can_be_null and null:
            return f'{m}.has_value()'
        if literal(field):
            return f'{m} != {literal(field)}'
        return f'({m}.is_null() || !(*{m}).empty())' if field.can_be_null else f'!{m}.empty()'
    if wire == 'bool':
        return f'!{m}' if field.default == 'true' else m
    return f'{m} != {field.type.cpp}{{{literal(field)}}}'


def presence(field):
    return 'struct_present' if field.tag is None else 'tagged_struct_present'


# --- reading ---

def read_scalar(field):
    value = 'boolean' if field.type.wire == 'bool' else field.type.wire
    if field.type.kind == 'plain':
        return f'r.{value}()'
    return f'{field.type.cpp}{{r.{value}()}}'


def read_field(field, context):
    m, compact, null = f'm.{field.name}', context.compact(field), context.nullable(field)
    if field.is_array:
        if field.struct:
            width = min_element_width(field, context.message)
            return [f'{m} = r.array<{context.struct_name(field)}>({compact}, {null}, {width});',
                    f'for (auto& element : {m}) read_fields(r, v, element);']
        if field.type.wire == 'string':
            return [f'{m} = r.string_array({compact}, {null});']
        if field.type.width is None or field.type.kind in ('enum', 'millis'):
            raise SchemaError(f'{context.cpp}.{field.name}: no array of {field.type.name} yet')
        return [f'{m} = r.fixed_array<{field.type.cpp}>({compact}, {null});']
    if field.struct:
        if not field.can_be_null:
            return [f'read_fields(r, v, {m});']
        return [f'if (r.{presence(field)}({null})) {{', f'    read_fields(r, v, {m}.emplace());',
                '} else {', f'    {m}.reset();', '}']
    if field.type.wire == 'records':
        return [f'{m} = r.records({compact}, {null});']
    if field.type.width is None:
        if field.can_be_null:
            return [f'{m} = r.nullable_{field.type.wire}({compact}, {null});']
        return [f'{m} = r.{field.type.wire}({compact});']
    return [f'{m} = {read_scalar(field)};']


def read_tags(context):
    if context.flexible == 'false':
        return []
    tagged = context.struct.tagged_fields()
    if not tagged:
        return [f'r.skip_tags({context.flexible});']
    lines = [f'for (TagReader tags(r, {context.flexible}); tags.next();) {{',
             '    switch (tags.tag()) {']
    for field in tagged:
        body = guarded(context.condition(field.versions), read_field(field, context),
                       ['tags.skip();'])
        lines += [f'        case {field.tag}:'] + indented(indented(indented(body + ['break;'])))
    return lines + ['        default:', '            tags.skip();', '    }', '}']


def read_function(context):
    body = merged([(context.condition(f.versions), read_field(f, context), [])
                   for f in context.struct.plain_fields()]) + read_tags(context)
    return function(f'static void read_fields(Reader& r, int v, {context.cpp}& m)', context, body)


# --- sizes ---

def size_of(field, context):
    """C++ for the bytes of a field, as a list of summands; the constant ones are ints."""
    m, compact = f'm.{field.name}', context.compact(field)
    if field.is_array:
        if not field.struct and field.type.wire == 'string':
            return [f'wire_size::string_array({m}, {compact})']
        prefix = f'wire_size::array_length({m}, {compact})'
        if field.struct:
            return [prefix, f'size_elements({m}, v)']
        return [prefix, f'{field.type.width} * {m}.size()']
    if field.struct:
        if field.can_be_null:
            return [1, f'({m} ? size_fields(*{m}, v) : 0)']
        return [f'size_fields({m}, v)']
    if field.type.width is not None:
        return [field.type.width]
    nullable = 'nullable_' if field.can_be_null and field.type.wire != 'records' else ''
    return [f'wire_size::{nullable}{field.type.wire}({m}, {compact})']


def summed(summands):
    """Lines that add the summands to `size`."""
    constant = sum(s for s in summands if isinstance(s, int))
    terms = [s for s in summands if not isinstance(s, int)]
    lines = [f'size += {constant};'] if constant else []
    return lines + [f'size += {term};' for term in terms]


def size_function(context):
    groups = {}
    for field in context.struct.plain_fields():
        groups.setdefault(context.condition(field.versions), []).extend(size_of(field, context))
    body = ['std::size_t size = 0;']
    for condition, summands in groups.items():
        body += guarded(condition, summed(summands))
    tagged = context.struct.tagged_fields()
    if context.flexible != 'false':
        if not tagged:
            body += guarded(context.flexible, ['size += 1;'])
        else:
            body += guarded(context.flexible, size_tags(tagged, context))
    return function(f'static std::size_t size_fields(const {context.cpp}& m, int v)', context,
                    body + ['return size;'])


def is_written(field, context):
    condition = context.condition(field.versions)
    test = is_set(field, context)
    return test if condition == 'true' else f'{condition} && {test}'


def tag_prefix(tag):
    return 1 if tag < 128 else 2


def size_tags(tagged, context):
    lines = ['std::uint32_t tags = 0;']
    for field in tagged:
        summands = size_of(field, context)
        lines.append(f'if ({is_written(field, context)}) {{')
        if all(isinstance(s, int) for s in summands):
            lines.append(f'    size += {tag_prefix(field.tag) + 1 + sum(summands)};')
        else:
            lines.append(f'    size += {tag_prefix(field.tag)} + '
                         f'sized({" + ".join(str(s) for s in summands)});')
        lines += ['    ++tags;', '}']
    return lines + ['size += wire_size::uvarint(tags);']


# --- writing ---

def write_field(field, context):
    m, compact, null = f'm.{field.name}', context.compact(field), context.nullable(field)
    name = f'"{field.name}"'
    if field.is_array:
        if field.struct:
            return [f'w.array_length({m}, {compact}, {null}, {name});',
                    f'for (const auto& element : {m}) write_fields(w, v, element);']
        kind = 'string_array' if field.type.wire == 'string' else 'fixed_array'
        return [f'w.{kind}({m}, {compact}, {null}, {name});']
    if field.struct:
        if not field.can_be_null:
            return [f'write_fields(w, v, {m});']
        return [f'w.{presence(field)}({m}.has_value(), {null}, {name});',
                f'if ({m}) write_fields(w, v, *{m});']
    wire = field.type.wire
    if wire == 'records' or (field.can_be_null and wire in ('string', 'bytes')):
        call = wire if wire == 'records' else f'nullable_{wire}'
        return [f'w.{call}({m}, {compact}, {null}, {name});']
    if field.type.width is None:
        return [f'w.{wire}({m}, {compact});']
    if field.type.kind == 'millis':
        return [f'w.millis{8 * field.type.width}({m});']
    value = {'plain': m, 'strong': f'{m}.value()',
             'enum': f'static_cast<{f"std::{wire}_t"}>({m})'}[field.type.kind]
    return [f'w.{"boolean" if wire == "bool" else wire}({value});']


def refusal(field, context):
    """What to do when a version lacks the field."""
    if field.drop:
        return []
    return [f'if ({is_set(field, context)}) w.unsupported("{field.name}");']


def write_tags(context):
    tagged = context.struct.tagged_fields()
    if context.flexible == 'false':
        return []
    if not tagged:
        return guarded(context.flexible, ['w.uvarint(0);'])
    lines = []
    for field in tagged:
        lines.append(f'const bool has_{field.name} = {is_written(field, context)};')
    count = ' + '.join(f'(has_{f.name} ? 1 : 0)' for f in tagged)
    lines.append(f'w.uvarint({count});')
    for field in tagged:
        size = ' + '.join(str(s) for s in size_of(field, context))
        lines += [f'if (has_{field.name}) {{', f'    w.uvarint({field.tag});',
                  f'    w.uvarint(static_cast<std::uint32_t>({size}));']
        lines += indented(write_field(field, context)) + ['}']
    return guarded(context.flexible, lines)


def write_function(context):
    parts = [(context.condition(f.versions), write_field(f, context), refusal(f, context))
             for f in context.struct.plain_fields()]
    body = merged(parts)
    for field in context.struct.tagged_fields():
        condition = context.condition(field.versions)
        if condition != 'true' and not field.drop:
            body.append(f'if (!({condition}) && {is_set(field, context)}) '
                        f'w.unsupported("{field.name}");')
    return function(f'static void write_fields(Writer& w, int v, const {context.cpp}& m)', context,
                    body + write_tags(context))


# --- files ---

def function(signature, context, body):
    text = '\n'.join(body)
    if re.search(r'\bflexible\b', text):
        body = [f'const bool flexible = {context.flexible};'] + body
        text += context.flexible
    for parameter in re.findall(r'[^(,]+', signature[signature.index('(') + 1:-1]):
        parameter = parameter.strip()
        name = parameter.split()[-1]
        if not re.search(rf'\b{name}\b', text):
            signature = signature.replace(parameter, f'[[maybe_unused]] {parameter}')
    return [signature + ' {'] + indented(body) + ['}', '']


def source(stem, messages):
    lines = [PREAMBLE.format(source=stem) + f'#include "protocol/msg/{stem}.h"', '',
             '#include "protocol/wire/codec.h"', '', 'namespace milena::msg {', '']
    for message in messages:
        for struct in message.structs + [message.root]:
            context = Context(message, struct)
            lines += read_function(context) + size_function(context) + write_function(context)
        name = message.name
        lines += [
            f'void decode(Reader& r, ApiVersion version, {name}& message) {{',
            '    read_fields(r, version.value(), message);', '}',
            f'std::size_t encoded_size(const {name}& message, ApiVersion version) {{',
            '    return size_fields(message, version.value());', '}',
            f'void encode(Writer& w, ApiVersion version, const {name}& message) {{',
            '    write_fields(w, version.value(), message);', '}', '']
    return '\n'.join(lines + ['}  // namespace milena::msg', ''])
