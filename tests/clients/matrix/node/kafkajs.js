// kafkajs, the pure JavaScript client, with codec plugins for snappy, lz4 and zstd.
const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = require('kafkajs');
const matrix = require('./matrix');
CompressionCodecs[CompressionTypes.Snappy] = require('kafkajs-snappy');
const LZ4 = require('kafkajs-lz4');
CompressionCodecs[CompressionTypes.LZ4] = new LZ4().codec;
const zstd = require('@bokuweb/zstd-wasm');
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async encoder => Buffer.from(zstd.compress(encoder.buffer, 3)),
  decompress: async buffer => Buffer.from(zstd.decompress(buffer)),
});

const types = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};
const kafka = ({ bootstrap, fewRetries }) =>
  new Kafka({
    clientId: 'matrix',
    brokers: (bootstrap || process.env.BOOTSTRAP || '127.0.0.1:9092').split(','),
    logLevel: logLevel.NOTHING,
    retry: { retries: fewRetries ? 1 : 8, initialRetryTime: 100 },
  });

const client = {
  name: `kafkajs-${require('kafkajs/package.json').version}`,
  skips: {
    S5: 'the client has neither a cooperative assignor nor static membership',
    S6: 'the client has no group.protocol=consumer',
  },
  errorTypes: {
    unknownTopic: 'UNKNOWN_TOPIC_OR_PARTITION',
    invalidTopic: 'INVALID_TOPIC_EXCEPTION',
    config: 'INVALID_CONFIG',
    tooLarge: 'MESSAGE_TOO_LARGE',
    fenced: 'INVALID_PRODUCER_EPOCH',
  },
  admin: settings => kafka(settings).admin(),
  producer: ({ idempotent, transactionalId, ...settings }) =>
    kafka(settings).producer({
      idempotent: idempotent || !!transactionalId,
      transactionalId,
      maxInFlightRequests: idempotent || transactionalId ? 1 : undefined,
    }),
  consumer({ group, uncommitted, onError, maxBytes, manual, ...settings }) {
    const c = kafka(settings).consumer({
      groupId: group,
      sessionTimeout: 10000,
      heartbeatInterval: 500,
      maxWaitTimeInMs: 200,
      readUncommitted: !!uncommitted,
      ...(maxBytes ? { maxBytesPerPartition: maxBytes } : {}),
    });
    c.on('consumer.crash', e => {
      if (!e.payload.restart) onError(e.payload.error);
    });
    if (manual) {
      const run = c.run;
      c.run = options => run({ autoCommit: false, ...options });
    }
    return c;
  },
  track(consumer, topic) {
    let owned = [];
    consumer.on('consumer.group_join', e => {
      owned = [...(e.payload.memberAssignment[topic] || [])];
    });
    return () => owned;
  },
  subscribe: (consumer, topic) => consumer.subscribe({ topics: [topic], fromBeginning: true }),
  compression: codec =>
    codec === 'none' || CompressionCodecs[types[codec]] ? types[codec] : undefined,
  sendOptions: codec => ({ compression: types[codec] }),
  sendOffsets: (tx, consumer, group, topics) => tx.sendOffsets({ consumerGroupId: group, topics }),
};
zstd
  .init()
  .then(() => matrix(client))
  .catch(e => {
    console.error(e);
    process.exit(1);
  });
