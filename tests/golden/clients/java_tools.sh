#!/bin/bash
# What the Java clients inside Kafka's own tools say to the broker $1. Needs KAFKA_LIBS.
b=$1
t=golden-java
offsets=$(mktemp)
run() { timeout 60 java -Xmx128m -cp "$KAFKA_LIBS/*" "$@"; }
tools=org.apache.kafka.tools

run $tools.TopicCommand --bootstrap-server "$b" --create --topic $t --partitions 2
run $tools.TopicCommand --bootstrap-server "$b" --describe --topic $t
run $tools.TopicCommand --bootstrap-server "$b" --alter --topic $t --partitions 3
printf 'k:v\nk:w\n' | run $tools.ConsoleProducer --bootstrap-server "$b" --topic $t \
    --compression-codec zstd --property parse.key=true --property key.separator=:
run $tools.consumer.ConsoleConsumer --bootstrap-server "$b" --topic $t --from-beginning \
    --group golden-java-classic --max-messages 2 --timeout-ms 20000
run $tools.consumer.ConsoleConsumer --bootstrap-server "$b" --topic $t --from-beginning \
    --group golden-java-consumer --consumer-property group.protocol=consumer --max-messages 2 \
    --timeout-ms 20000
run $tools.ProducerPerformance --topic $t --num-records 20 --record-size 10 --throughput -1 \
    --transactional-id golden-java-txn --transaction-duration-ms 200 \
    --producer-props bootstrap.servers="$b"
run kafka.admin.ConfigCommand --bootstrap-server "$b" --alter --entity-type groups \
    --entity-name golden-java-share --add-config share.auto.offset.reset=earliest
run $tools.consumer.ConsoleShareConsumer --bootstrap-server "$b" --topic $t \
    --group golden-java-share --max-messages 1 --timeout-ms 6000
run $tools.GetOffsetShell --bootstrap-server "$b" --topic $t --time -3
groups=$tools.consumer.group.ConsumerGroupCommand
run $groups --bootstrap-server "$b" --list
run $groups --bootstrap-server "$b" --describe --group golden-java-classic
run $groups --bootstrap-server "$b" --describe --group golden-java-consumer
run $groups --bootstrap-server "$b" --delete --group golden-java-classic
run kafka.admin.ConfigCommand --bootstrap-server "$b" --alter --entity-type topics \
    --entity-name $t --add-config retention.ms=3600000
run kafka.admin.ConfigCommand --bootstrap-server "$b" --describe --entity-type topics \
    --entity-name $t
run kafka.admin.ConfigCommand --bootstrap-server "$b" --alter --entity-type users \
    --entity-name golden --add-config 'SCRAM-SHA-256=[password=golden]'
run kafka.admin.ConfigCommand --bootstrap-server "$b" --alter --entity-type users \
    --entity-name golden --add-config 'producer_byte_rate=1000000'
run kafka.admin.ConfigCommand --bootstrap-server "$b" --describe --entity-type users
run kafka.admin.ConfigCommand --bootstrap-server "$b" --alter --entity-type users \
    --entity-name golden --delete-config 'SCRAM-SHA-256'
run kafka.admin.ConfigCommand --bootstrap-server "$b" --alter --entity-type users \
    --entity-name golden --delete-config 'producer_byte_rate'
run $tools.LogDirsCommand --bootstrap-server "$b" --describe --topic-list $t
run $tools.MetadataQuorumCommand --bootstrap-server "$b" describe --status
run $tools.FeatureCommand --bootstrap-server "$b" describe
run $tools.TransactionsCommand --bootstrap-server "$b" list
run $tools.TransactionsCommand --bootstrap-server "$b" describe \
    --transactional-id golden-java-txn
run $tools.TransactionsCommand --bootstrap-server "$b" describe-producers --topic $t --partition 0
printf '{"partitions":[{"topic":"%s","partition":0,"offset":1}],"version":1}' $t >"$offsets"
run $tools.DeleteRecordsCommand --bootstrap-server "$b" --offset-json-file "$offsets"
rm "$offsets"
run $tools.reassign.ReassignPartitionsCommand --bootstrap-server "$b" --list
run $tools.BrokerApiVersionsCommand --bootstrap-server "$b" >/dev/null
run $tools.AclCommand --bootstrap-server "$b" --list
run $tools.ClientMetricsCommand --bootstrap-server "$b" --list
run $tools.TopicCommand --bootstrap-server "$b" --delete --topic $t
exit 0
