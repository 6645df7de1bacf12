"""Milena and Kafka take turns with one data directory; see run."""

import pathlib
import random
import signal
import subprocess
import sys
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'bench'))
import peers  # noqa: E402

CODECS = ('none', 'gzip', 'snappy', 'lz4', 'zstd')
TOPICS = {
    'keyed': (2, {'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '1.0',
                  'min.compaction.lag.ms': '86400000'}),
    'codecs': (len(CODECS), {'segment.bytes': '1048576'}),
    'idempotent': (1, {'retention.ms': '604800000'}),
    'transactions': (2, {}),
}
GROUP = 'handover'
# Few partitions of the internal topics: each of them is opened at every turn.
CONFIG = peers.KAFKA_CONFIG + """\
offsets.topic.num.partitions=3
transaction.state.log.num.partitions=3
"""


class Node:
    def __init__(self, name, command, port, folder):
        self.name = name
        self.address = f'127.0.0.1:{port}'
        self.log = open(folder / f'{name}.log', 'ab')
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, cwd=folder)
        begin = time.monotonic()
        while not peers.answers(port):
            if self.process.poll() is not None or time.monotonic() - begin > 180:
                self.process.kill()
                raise RuntimeError(f'{name} does not start:\n' + tail(folder / f'{name}.log'))
            time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(180)
        self.log.close()
        return code


def tail(path, lines=25):
    return '\n'.join(path.read_text(errors='replace').splitlines()[-lines:])


def delivered(producer):
    left = producer.flush(120)
    if left:
        raise RuntimeError(f'{left} records were not delivered')


def client(address, **settings):
    # Brokers come and go here; the library would tell of each.
    return {'bootstrap.servers': address, 'log_level': 0, **settings}


def producer(address, **settings):
    return Producer(client(address, **{'linger.ms': 5, **settings}))


def write(address, turn, seed):
    """What one turn adds: some records of every kind."""
    chance = random.Random(seed)
    keyed = producer(address)
    for i in range(2_000):
        value = None if i % 50 == 49 else b'%s %d' % (turn.encode(), i)
        keyed.produce('keyed', value, key=b'key-%d' % chance.randrange(200),
                      headers={'turn': turn.encode()})
    delivered(keyed)
    for partition, codec in enumerate(CODECS):
        one = producer(address, **{'compression.type': codec})
        for i in range(60):
            # Half of it chance, so that several segments are filled whatever the codec does.
            one.produce('codecs', chance.randbytes(16_000) + b'z' * 16_000, key=b'%d' % i,
                        partition=partition)
            one.poll(0)
        delivered(one)
    idempotent = producer(address, **{'enable.idempotence': True})
    for i in range(3_000):
        idempotent.produce('idempotent', b'%s %d' % (turn.encode(), i))
    delivered(idempotent)
    transactional = producer(address, **{'transactional.id': 'handover'})
    transactional.init_transactions(60)
    for number in range(6):
        transactional.begin_transaction()
        for i in range(50):
            transactional.produce('transactions', b'%s %d %d' % (turn.encode(), number, i),
                                  partition=i % 2)
        delivered(transactional)
        if number % 3 == 1:
            transactional.abort_transaction(60)
        else:
            transactional.commit_transaction(60)


def read(address, isolation):
    """{(topic, partition): records} from the beginning to the end."""
    consumer = Consumer(client(address, **{
        'group.id': 'reader-' + isolation, 'isolation.level': isolation,
        'enable.auto.commit': False, 'auto.offset.reset': 'earliest',
        'enable.partition.eof': True, 'check.crcs': True}))
    places = [TopicPartition(topic, partition, 0)
              for topic, (count, _) in TOPICS.items() for partition in range(count)]
    found = {(place.topic, place.partition): [] for place in places}
    consumer.assign(places)
    open_ends = set(found)
    deadline = time.monotonic() + 120
    while open_ends and time.monotonic() < deadline:
        for message in consumer.consume(1_000, 1):
            place = message.topic(), message.partition()
            if message.error():
                if message.error().name() != '_PARTITION_EOF':
                    raise KafkaException(message.error())
                open_ends.discard(place)
                continue
            found[place].append((message.offset(), message.timestamp(), message.key(),
                                 message.value(), message.headers()))
    consumer.close()
    if open_ends:
        raise RuntimeError(f'no end was reached of {sorted(open_ends)}')
    return found


def commit(address, offsets):
    consumer = Consumer(client(address, **{'group.id': GROUP}))
    consumer.commit(offsets=[TopicPartition('idempotent', 0, offsets),
                             TopicPartition('keyed', 1, offsets // 2)], asynchronous=False)
    consumer.close()


def committed(address):
    consumer = Consumer(client(address, **{'group.id': GROUP}))
    places = consumer.committed([TopicPartition('idempotent', 0), TopicPartition('keyed', 1)], 60)
    consumer.close()
    return [place.offset for place in places]


def settings(address):
    admin = AdminClient(client(address))
    resources = [ConfigResource('topic', topic) for topic in TOPICS]
    described = {}
    for resource, future in admin.describe_configs(resources).items():
        entries = future.result(60)
        described[resource.name] = {name: entries[name].value for name in TOPICS[resource.name][1]}
    return described


def topic_ids(folder):
    """What the directories say, which nobody may change."""
    return {path.parent.name: path.read_text()
            for path in sorted((folder / 'data').glob('*/partition.metadata'))}


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def equal(self, what, found, expected):
        if found == expected:
            self.passed += 1
            print(f'PASS {what}', flush=True)
            return
        self.failed += 1
        print(f'FAIL {what}: {difference(found, expected)}', flush=True)


def difference(found, expected):
    if isinstance(found, dict) and isinstance(expected, dict):
        keys = [key for key in {**found, **expected} if found.get(key) != expected.get(key)]
        for key in keys[:1]:
            return f'{key}: {difference(found.get(key), expected.get(key))}'
    if isinstance(found, list) and isinstance(expected, list):
        for i, (one, other) in enumerate(zip(found, expected)):
            if one != other:
                return f'at {i}: {str(one)[:200]}, expected {str(other)[:200]}'
        return f'{len(found)} of them, expected {len(expected)}'
    return f'{str(found)[:300]}, expected {str(expected)[:300]}'


def everything(address):
    return {isolation: read(address, isolation)
            for isolation in ('read_committed', 'read_uncommitted')}


def flat(records):
    return {(isolation, *place): found for isolation, places in records.items()
            for place, found in places.items()}


def main():
    milena, jars, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    port, controller = peers.free_ports(2)
    config = folder / 'server.properties'
    config.write_text(CONFIG.format(port=port, controller=controller, folder=folder))
    commands = {
        'Milena': [milena, 'serve', str(config)],
        'Kafka': ['java', '-Xms256m', '-Xmx1g', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
                  '-cp', f'{jars}/*', 'kafka.Kafka', str(config)],
    }
    checks = Checks()
    known, position, ids = None, None, {}
    for turn, name in enumerate(('Milena', 'Kafka', 'Milena', 'Kafka')):
        node = Node(name, commands[name], port, folder)
        try:
            if turn == 0:
                admin = AdminClient(client(node.address))
                topics = [NewTopic(topic, count, 1, config=config)
                          for topic, (count, config) in TOPICS.items()]
                for future in admin.create_topics(topics).values():
                    future.result(60)
            else:
                label = f'turn {turn}, {name}'
                checks.equal(f'{label} reads every record', flat(everything(node.address)),
                             flat(known))
                checks.equal(f'{label} knows the positions of the group',
                             committed(node.address), position)
                checks.equal(f'{label} knows the settings', settings(node.address),
                             {topic: config for topic, (_, config) in TOPICS.items()})
            write(node.address, name + str(turn), turn)
            commit(node.address, 1_000 * (turn + 1))
            known, position = everything(node.address), committed(node.address)
            counts = [len(found) for found in flat(known).values()]
            checks.equal(f'turn {turn}, {name} has written to every partition',
                         all(count > 0 for count in counts), True)
        finally:
            code = node.stop()
        checks.equal(f'turn {turn}, {name} stops well', code in (0, 143), True)
        now = topic_ids(folder)
        checks.equal(f'turn {turn}, {name} leaves topic ids alone',
                     {key: now.get(key) for key in ids}, ids)
        ids = now
    segments = len(list((folder / 'data' / 'codecs-0').glob('*.log')))
    checks.equal('several segments were handed over', segments > 2, True)
    print(f'{checks.passed} passed, {checks.failed} failed')
    return 1 if checks.failed else 0


if __name__ == '__main__':
    sys.exit(main())
