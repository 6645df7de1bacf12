#!/usr/bin/env python3
"""What confluent-kafka (librdkafka) says to the broker argv[1]."""

import sys

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import (AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource,
                                   NewPartitions, NewTopic, OffsetSpec)

BOOTSTRAP = {'bootstrap.servers': sys.argv[1]}
TOPIC = 'golden-confluent'


def wait(futures):
    """Results of admin calls; one that the broker refuses is as good as one that it does not."""
    for future in futures.values() if isinstance(futures, dict) else [futures]:
        try:
            print(future.result(15))
        except Exception as error:  # pylint: disable=broad-except
            print('refused:', error)


def produce():
    producer = Producer(BOOTSTRAP | {'enable.idempotence': True, 'compression.type': 'lz4'})
    for i in range(3):
        producer.produce(TOPIC, key=b'k%d' % i, value=b'v' * i, headers={'h': b'x'})
    producer.flush(15)
    transactional = Producer(BOOTSTRAP | {'transactional.id': 'golden-txn-confluent'})
    transactional.init_transactions(15)
    for finish in (transactional.commit_transaction, transactional.abort_transaction):
        transactional.begin_transaction()
        transactional.produce(TOPIC, value=b'transactional')
        finish(15)


def consume(protocol):
    consumer = Consumer(BOOTSTRAP | {'group.id': f'golden-confluent-{protocol}',
                                     'auto.offset.reset': 'earliest', 'group.protocol': protocol})
    consumer.subscribe([TOPIC])
    messages = consumer.consume(4, 20)
    consumer.commit(asynchronous=False)
    consumer.committed([TopicPartition(TOPIC, 0)], 15)
    consumer.offsets_for_times([TopicPartition(TOPIC, 0, 1)], 15)
    consumer.close()
    print(protocol, len(messages))


def administer(admin):
    topic = ConfigResource(ConfigResource.Type.TOPIC, TOPIC)
    topic.add_incremental_config(ConfigEntry('retention.ms', '3600000',
                                             incremental_operation=AlterConfigOpType.SET))
    wait(admin.incremental_alter_configs([topic]))
    wait(admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, TOPIC)]))
    wait(admin.create_partitions([NewPartitions(TOPIC, 2)]))
    wait(admin.list_offsets({TopicPartition(TOPIC, 0): OffsetSpec.max_timestamp()}))
    wait(admin.delete_records([TopicPartition(TOPIC, 0, 1)]))
    wait(admin.list_consumer_groups())
    wait(admin.describe_consumer_groups(['golden-confluent-classic']))
    wait(admin.describe_cluster())
    wait(admin.delete_consumer_groups(['golden-confluent-classic']))


def main():
    admin = AdminClient(BOOTSTRAP)
    wait(admin.create_topics([NewTopic(TOPIC, 1, 1)]))
    produce()
    consume('classic')
    consume('consumer')
    administer(admin)
    wait(admin.delete_topics([TOPIC]))


main()
