"""The table of APIs: C++ rows and the table in the documentation."""

from .model import FOREVER, NEVER

BY = '// Generated from protocol/schema/*.msg by protocol/generate.py.\n'


def api_key_header(schema):
    lines = [BY + '#pragma once', '', '#include <cstdint>', '', 'namespace milena {', '',
             'enum class ApiKey : std::int16_t {']
    lines += [f'    {api.name} = {api.key},' for api in schema.apis]
    return '\n'.join(lines + ['};', '', '}  // namespace milena', ''])


def api_table_source(schema):
    lines = [BY + '#include "protocol/wire/api_table.h"', '', 'namespace milena {',
             'namespace {', '', 'constexpr ApiRow kRows[] = {']
    for api in schema.apis:
        flexible = FOREVER if api.flexible.empty else api.flexible.low
        on = ['true' if where in api.listeners else 'false' for where in ('broker', 'controller')]
        lines.append(
            f'    {{ApiKey::{api.name}, "{api.name}", {api.versions.low}, {api.stable.high}, '
            f'{api.versions.high}, {flexible}, {on[0]}, {on[1]}, '
            f'{"true" if api.response_header_v0 else "false"}}},')
    lines += ['};', '', '// By key; -1 where there is no API.',
              'constexpr std::int8_t kIndex[] = {']
    rows = {api.key: at for at, api in enumerate(schema.apis)}
    indexes = [str(rows.get(key, -1)) for key in range(max(rows) + 1)]
    for at in range(0, len(indexes), 16):
        lines.append('    ' + ', '.join(indexes[at:at + 16]) + ',')
    lines += ['};', '', '}  // namespace', '',
              'std::span<const ApiRow> api_table() { return kRows; }', '',
              'const ApiRow* find_api(std::int16_t key) {',
              f'    if (key < 0 || key > {max(rows)}) return nullptr;',
              '    return kIndex[key] < 0 ? nullptr : &kRows[kIndex[key]];', '}', '',
              '}  // namespace milena', '']
    return '\n'.join(lines)


def markdown(schema):
    """The compatibility table of the documentation: one row per API."""
    lines = ['| key | API | versions | flexible from | listeners | what it does |',
             '|---|---|---|---|---|---|']
    for api in schema.apis:
        versions = str(api.stable).removeprefix('v')
        if api.unstable != NEVER:
            versions += f' ({str(api.unstable).removeprefix("v")} unstable)'
        flexible = '-' if api.flexible.empty else api.flexible.low
        lines.append(f'| {api.key} | {api.name} | {versions} | {flexible} | '
                     f'{", ".join(api.listeners)} | {api.about} |')
    return '\n'.join(lines) + '\n'
