"""Headers with visit_fields: reflection over the fields that a version of a message has.

They are apart from the structs, so that nobody pays for them who does not look into messages.
"""

from .cpp_codec import Context, guarded, indented, is_set
from .cpp_struct import PREAMBLE


def visit_function(context):
    lines = ['template <class M, class F>',
             f'    requires std::is_same_v<std::remove_const_t<M>, {context.cpp}>',
             'void visit_fields([[maybe_unused]] M& m, [[maybe_unused]] int v, '
             '[[maybe_unused]] F& f) {']
    for field in context.struct.fields:
        tag = -1 if field.tag is None else field.tag
        omitted = 'false' if field.tag is None else f'!({is_set(field, context)})'
        width = 0 if field.type is None or field.type.width is None else field.type.width
        call = (f'f(FieldInfo{{"{field.name}", {tag}, {context.nullable(field)}, {omitted}, '
                f'{width}}}, m.{field.name});')
        lines += indented(guarded(context.condition(field.versions), [call]))
    return lines + ['}', '']


def header(stem, messages):
    lines = [PREAMBLE.format(source=stem) + '#pragma once', '',
             f'#include "protocol/msg/{stem}.h"',
             '#include "protocol/wire/field_info.h"', '',
             '#include <type_traits>', '', 'namespace milena::msg {', '']
    for message in messages:
        for struct in message.structs + [message.root]:
            lines += visit_function(Context(message, struct))
    return '\n'.join(lines + ['}  // namespace milena::msg', ''])
