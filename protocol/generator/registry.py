"""What goes over all messages: the list of them, the variant of metadata records."""

from .api_table import BY
from .model import FOREVER

CHUNKS = 4  # compilations of the registry


def chunk(schema, number):
    """Rows of the registry for every CHUNKS-th schema file."""
    stems = sorted(schema.stems)[number::CHUNKS]
    lines = [BY + '#include "protocol/wire/message_ops.h"', '']
    lines += [f'#include "protocol/msg/{stem}.visit.h"' for stem in stems]
    lines += ['', 'namespace milena::registry_detail {', '',
              f'extern const MessageType kRows{number}[] = {{']
    count = 0
    for stem in stems:
        for message in schema.stems[stem]:
            key = -1 if message.key is None else message.key
            flexible = FOREVER if message.flexible.empty else message.flexible.low
            lines.append(f'    message_type<msg::{message.name}>(MessageKind::k'
                         f'{message.kind.title().replace("_", "")}, {key}, {flexible}),')
            count += 1
    lines += ['};', f'extern const std::size_t kRowCount{number} = {count};', '',
              '}  // namespace milena::registry_detail', '']
    return '\n'.join(lines)


def registry_source(schema):
    numbers = range(CHUNKS)
    lines = [BY + '#include "protocol/wire/registry.h"', '', 'namespace milena {', '',
             'namespace registry_detail {', '']
    for n in numbers:
        lines += [f'extern const MessageType kRows{n}[];',
                  f'extern const std::size_t kRowCount{n};']
    rows = ', '.join(f'{{kRows{n}, kRowCount{n}}}' for n in numbers)
    lines += ['', '}  // namespace registry_detail', '',
              'std::vector<const MessageType*> all_message_types() {',
              '    using namespace registry_detail;',
              '    std::vector<const MessageType*> all;',
              f'    const std::span<const MessageType> chunks[] = {{{rows}}};',
              '    for (const auto& chunk : chunks) {',
              '        for (const auto& type : chunk) all.push_back(&type);', '    }',
              '    return all;', '}', '', '}  // namespace milena', '']
    return '\n'.join(lines)


def message_list(schema):
    """X-macro over all messages, for tests that instantiate something for each."""
    lines = [BY + '// Define MILENA_MESSAGE(name) first.']
    lines += [f'MILENA_MESSAGE({message.name})' for message in schema.messages]
    return '\n'.join(lines) + '\n'


def all_visit_header(schema):
    lines = [BY + '#pragma once', '']
    lines += [f'#include "protocol/msg/{stem}.visit.h"' for stem in sorted(schema.stems)]
    return '\n'.join(lines) + '\n'


def metadata_record_header(schema):
    records = schema.of_kind('metadata')
    lines = [BY + '#pragma once', '']
    lines += [f'#include "protocol/msg/{m.stem}.h"' for m in records]
    lines += ['', '#include <variant>', '', 'namespace milena::msg {', '',
              '// Any record of the metadata log.', 'using MetadataRecord = std::variant<']
    lines += [f'    {m.name}{"," if m is not records[-1] else ">;"}' for m in records]
    lines += ['',
              '// The record of a type in a version, without the frame in front.',
              '// UNSUPPORTED_VERSION for types and versions that Kafka 4.2 does not have.',
              'Result<MetadataRecord> decode_metadata_record('
              'std::int16_t type, ApiVersion version,',
              '                                              ByteView body, Arena& arena);', '',
              '}  // namespace milena::msg', '']
    return '\n'.join(lines)


def metadata_record_source(schema):
    lines = [BY + '#include "protocol/msg/metadata_record.h"', '',
             '#include "protocol/wire/frame.h"', '', '#include <string>', '',
             'namespace milena::msg {', '', 'template <class T>',
             'static Result<MetadataRecord> read_as(ByteView body, ApiVersion version, '
             'Arena& arena) {',
             '    MILENA_ASSIGN(const T record, decode_message<T>(body, version, arena, '
             'kTrustedLimits,',
             '                                                    Trailing::kRefused));',
             '    return MetadataRecord(record);', '}', '',
             'Result<MetadataRecord> decode_metadata_record('
             'std::int16_t type, ApiVersion version,',
             '                                              ByteView body, Arena& arena) {',
             '    switch (type) {']
    for m in schema.of_kind('metadata'):
        lines += [f'        case {m.name}::kTypeId:',
                  f'            return read_as<{m.name}>(body, version, arena);']
    lines += ['        default:',
              '            return fail(ErrorCode::UNSUPPORTED_VERSION,',
              '                        "there is no metadata record of type " + '
              'std::to_string(type));', '    }', '}', '', '}  // namespace milena::msg', '']
    return '\n'.join(lines)
