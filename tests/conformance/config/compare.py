#!/usr/bin/env python3
"""Compares Kafka's settings with ours, as ConfigOracle.java and config_oracle print them.

    compare.py table KAFKA OURS        the facts of every setting
    compare.py candidates OURS         prints texts to try for every setting, for both oracles
    compare.py values KAFKA OURS       what each text was read as
    compare.py describe KAFKA OURS     what DescribeConfigs answered

Prints every difference that is not intended and ends with status 1 when there is any, else with the
count of what was the same.
"""

import sys

TEXTS = ['', ' ', '0', '1', ' 7 ', '-1', '-2', '-3', '2', '3', '9', '10', '22', '23', '100', '99',
         '1000', '30000', '1048575', '1048576', '3600000', '3600001', '32767', '32768',
         '2147483647', '2147483648', '9223372036854775807', '9223372036854775808', '+5', '1.5',
         '0.25', '1e3', '1.0', '.5', '5.', 'NaN', '0x10', '1f', '1_000', 'true', 'TRUE', 'False',
         'yes', 'abc', 'a,b', 'a, b ,c', 'a,,b', ',', 'a,a', 'compact', 'delete', 'Compact',
         'compact,delete', 'compact , delete', 'compact,compact',
         'broker,broker', 'gzip', 'producer', 'disk', 'CreateTime',
         'LogAppendTime', 'PLAINTEXT', 'plaintext', 'SSL', 'required', 'none', 'broker',
         'controller', 'broker,controller', 'consumer', 'classic,share', 'UPGRADE', 'upgrade',
         'RS256', 'es256', '*', '0:1', '0:1,1:2', '0:1,x', 'earliest', 'latest', 'Earliest',
         'by_duration:PT1H', 'by_duration:P1D', 'by_duration:P1DT2H3M4.5S', 'by_duration:PT',
         'by_duration:-PT1H', 'by_duration:PT-1H', 'by_duration:1H', 'by_duration:P',
         'read_committed', 'READ_COMMITTED', '1@a:1', '1@a:1,2@b:2', 'a:1', 'a:1,b:2', '@a:1']

# Where we read a text otherwise on purpose.
def is_intended(row, kafka, ours):
    scope, name, text = row[:3]
    if ours != 'refused':
        # Kafka drops repeated words from a topic's list, but only when it is set.
        return text in ('compact,compact', 'broker,broker') and kafka == 'refused'
    return (text in ('NaN', '1f')  # Java's own numbers
            or text == ','  # two nothings are no list of replicas
            or name == 'max.connections.per.ip.overrides'  # by a consumer of the setting there
            or scope == 'client-metrics')  # checked by another class there


def rows(path):
    with open(path, encoding='utf-8') as file:
        return [line.rstrip('\n').split('\t') for line in file]


def compare_table(kafka_path, ours_path):
    kafka = {(r[0], r[1]): r for r in rows(kafka_path)}
    ours = {(r[0], r[1]): r for r in rows(ours_path)}
    same, different = 0, []
    for key, row in sorted(ours.items()):
        if row[8] in ('ours', 'dynamic'):
            continue
        theirs = kafka.get(key)
        mine = row[:8]
        if theirs and row[8] == 'differs':
            if theirs[3] == mine[3]:
                different.append(f'{key}: marked as differing, but has the default of Kafka')
            mine = mine[:3] + theirs[3:4] + mine[4:]
        if mine != theirs:
            different.append(f'{key}: Kafka {theirs}, ours {mine}')
        else:
            same += 1
    different += [f'{key}: missing' for key in sorted(kafka.keys() - ours.keys())]
    return same, different


def candidates(ours_path):
    for scope, name, kind, *_, mark in rows(ours_path):
        # Kafka would load a class; secrets are not printed.
        if kind in ('CLASS', 'PASSWORD') or mark in ('ours', 'dynamic'):
            continue
        for text in TEXTS:
            print(f'{scope}\t{name}\t{text}')


def compare_lines(kafka_path, ours_path, intended):
    kafka, ours = rows(kafka_path), rows(ours_path)
    if len(kafka) != len(ours):
        return 0, [f'{len(kafka)} lines of Kafka, {len(ours)} of ours']
    different = [f'{mine[:-1]}: Kafka {theirs[-1]!r}, ours {mine[-1]!r}'
                 for theirs, mine in zip(kafka, ours)
                 if theirs != mine and not intended(mine, theirs[-1], mine[-1])]
    return len(ours) - len(different), different


def main():
    what, *paths = sys.argv[1:]
    if what == 'candidates':
        candidates(*paths)
        return 0
    if what == 'table':
        same, different = compare_table(*paths)
    else:
        same, different = compare_lines(*paths, is_intended)
    for one in different:
        print(one)
    print(f'{what}: {same} the same, {len(different)} different')
    return 1 if different else 0


if __name__ == '__main__':
    sys.exit(main())
