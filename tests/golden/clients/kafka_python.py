#!/usr/bin/env python3
"""What kafka-python (any version from 2.0) says to the broker argv[1]."""

import sys

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic

BOOTSTRAP = sys.argv[1]
TOPIC = 'golden-python'


def attempt(owner, name, *arguments):
    """One that the broker or the library refuses is as good as one that they do not."""
    try:
        print(getattr(owner, name)(*arguments))
    except Exception as error:  # pylint: disable=broad-except
        print('refused:', type(error).__name__, error)


def main():
    admin = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    attempt(admin, 'create_topics', [NewTopic(TOPIC, 1, 1)])
    for acks in (1, 'all'):
        producer = KafkaProducer(bootstrap_servers=BOOTSTRAP, acks=acks, compression_type='gzip')
        for i in range(3):
            producer.send(TOPIC, key=b'k', value=b'v' * i, headers=[('h', b'x')]).get(15)
        producer.close()
    consumer = KafkaConsumer(TOPIC, bootstrap_servers=BOOTSTRAP, group_id='golden-python-group',
                             auto_offset_reset='earliest', consumer_timeout_ms=6000)
    print(len(list(consumer)))
    attempt(consumer, 'commit')
    partition = TopicPartition(TOPIC, 0)
    attempt(consumer, 'committed', partition)
    attempt(consumer, 'beginning_offsets', [partition])
    attempt(consumer, 'offsets_for_times', {partition: 1})
    consumer.close()
    attempt(admin, 'describe_configs', [ConfigResource(ConfigResourceType.TOPIC, TOPIC)])
    attempt(admin, 'alter_configs',
            [ConfigResource(ConfigResourceType.TOPIC, TOPIC, configs={'retention.ms': '3600000'})])
    attempt(admin, 'create_partitions', {TOPIC: NewPartitions(2)})
    attempt(admin, 'describe_cluster')
    attempt(admin, 'list_consumer_groups')
    attempt(admin, 'describe_consumer_groups', ['golden-python-group'])
    attempt(admin, 'delete_consumer_groups', ['golden-python-group'])
    attempt(admin, 'delete_topics', [TOPIC])
    admin.close()


main()
