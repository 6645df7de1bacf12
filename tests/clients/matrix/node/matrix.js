// The runner and every scenario, over the API of KafkaJS.
const assert = require('assert');
const fs = require('fs');

const env = (name, fallback) => process.env[name] || fallback;
const run = (Date.now() & 0xffffff).toString(16);
const name = tag => `m-js-${tag}-${run}-${Math.floor(Math.random() * (1 << 20)).toString(16)}`;
const sleep = ms => new Promise(done => setTimeout(done, ms));
const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const text = i => Buffer.from(`record ${i}` + ' lorem ipsum '.repeat(20));
class Skip extends Error {}
// What the broker does not have yet, by name. This API reads through groups only.
const without = new Set(env('WITHOUT', '').split(/\s+/));
const needed = {};
for (const s of ['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S9', 'S10']) needed[s] = 'groups';
const leftOut = new Set();
const has = feature => {
  if (without.has(feature)) leftOut.add(feature);
  return !without.has(feature);
};
const equal = (want, got, what) =>
  assert.deepStrictEqual(
    got,
    want,
    `${what}: want ${JSON.stringify(want)}, got ${JSON.stringify(got)}`.slice(0, 300),
  );

async function until(what, done, seconds = 40) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(20)) {
    const r = await done();
    if (r) return r;
  }
  throw new Error(`waited ${seconds} s for: ${what}`);
}

/** client: { name, producer(settings), consumer(settings), skips, ... }; see kafkajs.js. */
module.exports = async function matrix(client) {
  const admin = client.admin({});
  await admin.connect();

  async function create(tag, partitions, config = {}, a = admin) {
    const topic = name(tag);
    await a.createTopics({
      topics: [
        {
          topic,
          numPartitions: partitions,
          replicationFactor: -1,
          configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
        },
      ],
    });
    await until('topic visible', async () => (await partitionsOf(topic, a)) === partitions);
    return topic;
  }
  async function partitionsOf(topic, a = admin) {
    const meta = await a.fetchTopicMetadata({ topics: [topic] }).catch(() => null);
    const topics = meta && (meta.topics || meta);
    return topics ? topics[0].partitions.length : 0;
  }
  const message = i => ({ key: `k${i % 97}`, value: `v${i}` });
  async function withProducer(settings, body) {
    const p = client.producer(settings);
    await p.connect();
    try {
      return await body(p);
    } finally {
      await p.disconnect();
    }
  }
  const produce = (topic, from, to) =>
    withProducer({}, p => p.send({ topic, messages: range(from, to).map(message) }));

  /** A group member; owned() lists its partitions, got has what it consumed. */
  async function member(topic, group, settings = {}) {
    const m = { got: [], records: [], error: null };
    const consumer = client.consumer({
      group,
      ...settings,
      onError: e => {
        m.error = e;
      },
    });
    m.owned = client.track(consumer, topic, m);
    await consumer.connect();
    await client.subscribe(consumer, topic);
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        m.got.push(String(message.value));
        m.records.push({ partition, ...message });
      },
    });
    m.consumer = consumer;
    m.quit = () => consumer.disconnect();
    m.leave = async () => {
      await m.quit();
      assert(!m.error, `member failed: ${m.error}`);
    };
    return m;
  }
  function shares(each, ...members) {
    for (const m of members) assert(!m.error, `member failed: ${m.error}`);
    const owned = members.map(m => m.owned());
    return (
      owned.every(o => o.length === each) && new Set(owned.flat()).size === each * members.length
    );
  }
  /** Reads `count` records through a group of its own, then waits a little for records too many. */
  async function readAll(topic, count, settings = {}) {
    const m = await member(topic, name('reader'), settings);
    await until(`${count} records of ${topic}`, () => {
      assert(!m.error, `reader failed: ${m.error}`);
      return m.records.length >= count;
    });
    await sleep(500);
    await m.quit();
    equal(count, m.records.length, 'records');
    return m.records;
  }
  const sorted = values => values.map(v => Number(v.slice(1))).sort((a, b) => a - b);

  async function roundtrip() {
    const topic = await create('s1', 3);
    await withProducer({}, async p => {
      for (let i = 0; i < 10000; i += 1000)
        await p.send({
          topic,
          messages: range(i, i + 1000).map(n => ({ ...message(n), headers: { n: `${n}` } })),
        });
    });
    const last = {},
      next = {};
    for (const r of await readAll(topic, 10000)) {
      const i = Number(String(r.value).slice(1)),
        key = String(r.key);
      equal(`k${i % 97}`, key, 'key');
      equal(`${i}`, String([].concat(r.headers.n)[0]), 'header');
      assert(!(last[key] >= i), `order of ${key}`);
      last[key] = i;
      equal(next[r.partition] || 0, Number(r.offset), 'offset');
      next[r.partition] = Number(r.offset) + 1;
    }
    return `10000 records, ${Object.keys(next).length} partitions`;
  }

  async function compress() {
    const known = codecs.filter(c => client.compression(c) !== undefined);
    const topic = await create('s2', codecs.length);
    for (const codec of known)
      await withProducer({ codec }, p =>
        p.send({
          topic,
          ...client.sendOptions(codec),
          messages: range(0, 500).map(i => ({ partition: codecs.indexOf(codec), value: text(i) })),
        }),
      );
    const got = await readAll(topic, 500 * known.length);
    for (const codec of known)
      got
        .filter(r => r.partition === codecs.indexOf(codec))
        .forEach((r, i) => assert(r.value.equals(text(i)), `${codec} value`));
    return known.join(' ');
  }

  async function idempotent() {
    const topic = await create('s3', 1);
    await withProducer({ idempotent: true }, async p => {
      for (let i = 0; i < 2000; i += 50)
        await p.send({
          topic,
          messages: range(i, i + 50).map(n => ({ key: 'k', value: `v${n}` })),
        });
    });
    (await readAll(topic, 2000)).forEach((r, i) =>
      equal([`v${i}`, i], [String(r.value), Number(r.offset)], 'record'),
    );
    return '2000 records';
  }

  async function group(settings = {}) {
    const topic = await create('group', 6),
      group = name('group');
    const start = () => member(topic, group, settings);
    const a = await start();
    await until('one member owns 6', () => shares(6, a));
    const [b, c] = [await start(), await start()];
    await until('three members own 2 each', () => shares(2, a, b, c));
    await produce(topic, 0, 3000);
    const consumed = () => [...a.got, ...b.got, ...c.got];
    await until('3000 consumed', () => consumed().length >= 3000);
    assert(a.got.length && b.got.length && c.got.length, 'every member consumes');
    await c.leave();
    await until('two members own 3 each', () => shares(3, a, b));
    await produce(topic, 3000, 4000);
    await until('4000 consumed', () => consumed().length >= 4000);
    await a.leave();
    await b.leave();
    equal(range(0, 4000), sorted(consumed()), 'records');
    await produce(topic, 4000, 4600);
    const d = await start();
    await until('600 after restart', () => d.got.length >= 600);
    await sleep(300);
    await d.leave();
    equal(range(4000, 4600), sorted(d.got), 'records after restart');
    return '1, 3, 2 members, 4600 records';
  }

  async function sticky() {
    const topic = await create('s5', 6),
      group = name('sticky'),
      fixed = name('static');
    const a = await member(topic, group, { cooperative: true });
    await until('one member owns 6', () => shares(6, a));
    const b = await member(topic, group, { cooperative: true });
    await until('two members own 3 each', () => shares(3, a, b));
    equal(3, a.revoked, 'partitions revoked from the first member');
    await a.leave();
    await b.leave();
    const c = await member(topic, fixed, { instance: 'one' }),
      d = await member(topic, fixed, { instance: 'two' });
    await until('static members own 3 each', () => shares(3, c, d));
    const before = d.owned().sort(),
      rebalances = c.assigned;
    await d.leave();
    const e = await member(topic, fixed, { instance: 'two' });
    await until('the static member is back', () => shares(3, c, e));
    equal(before, e.owned().sort(), 'assignment of the returned member');
    await sleep(1500);
    equal(rebalances, c.assigned, 'rebalances seen by the member that stayed');
    await c.leave();
    await e.leave();
    return '3 of 6 revoked, static member back without rebalance';
  }

  async function transactions() {
    const topic = await create('s7', 2),
      id = name('tx');
    await withProducer({ transactionalId: id }, async p => {
      for (const round of [0, 1, 2]) {
        const tx = await p.transaction();
        await tx.send({ topic, messages: range(round * 100, round * 100 + 100).map(message) });
        await (round === 1 ? tx.abort() : tx.commit());
      }
      const committed = await readAll(topic, 200);
      equal(
        [...range(0, 100), ...range(200, 300)],
        sorted(committed.map(r => String(r.value))),
        'read_committed records',
      );
      await readAll(topic, 300, { uncommitted: true });
      const tx = await p.transaction();
      await tx.send({ topic, messages: range(300, 310).map(message) });
      await readAll(topic, 200);
      await tx.commit();
      await readAll(topic, 210);
    });
    const source = await create('s7-in', 2),
      out = await create('s7-out', 2),
      group = name('eos');
    for (const i of range(0, 5)) await produce(source, i * 100, i * 100 + 100);
    let rounds = 0;
    for (const restarted of [false, true]) {
      // the first worker dies in the middle of a transaction
      await withProducer({ transactionalId: id + '-eos' }, async p => {
        const consumer = client.consumer({ group, manual: true, maxBytes: 1500, onError() {} });
        await consumer.connect();
        await client.subscribe(consumer, source);
        let quietSince = Date.now(),
          dead = false,
          error = null;
        await consumer.run({
          eachBatch: async ({ batch }) => {
            if (dead || !batch.messages.length) return;
            const tx = await p.transaction();
            try {
              await tx.send({
                topic: out,
                messages: batch.messages.map(m => ({ key: m.key, value: m.value })),
              });
              const offset = String(BigInt(batch.messages[batch.messages.length - 1].offset) + 1n);
              await client.sendOffsets(tx, consumer, group, [
                { topic: source, partitions: [{ partition: batch.partition, offset }] },
              ]);
              if (!restarted && ++rounds === 4) {
                dead = true;
                await tx.abort();
                return;
              }
              await tx.commit();
              quietSince = Date.now();
            } catch (e) {
              error = error || e;
              await tx.abort().catch(() => {});
              dead = true;
            }
          },
        });
        await until('the worker is done', () => dead || Date.now() - quietSince > 6000);
        await consumer.disconnect();
        if (error) throw error;
      });
    }
    const got = await readAll(out, 500);
    equal(500, new Set(got.map(r => String(r.value))).size, 'distinct processed records');
    const offsets = (await admin.fetchOffsets({ groupId: group, topics: [source] }))[0].partitions;
    equal(
      500,
      offsets.reduce((sum, p) => sum + Number(p.offset), 0),
      'offsets committed in transactions',
    );
    return '200+10 committed, 100 aborted, 500 exactly once';
  }

  async function groupCalls(topic, group, partitions) {
    const m = await member(topic, group);
    await until('100 records', () => m.got.length === 100 && m.owned().length === partitions);
    const described = (await admin.describeGroups([group])).groups[0];
    equal(1, described.members.length, 'members');
    await m.leave();
    const listed = async () => (await admin.listGroups()).groups.some(g => g.groupId === group);
    assert(await listed(), 'listGroups');
    const offset = async () =>
      Number(
        (await admin.fetchOffsets({ groupId: group, topics: [topic] }))[0].partitions.find(
          p => p.partition === 0,
        ).offset,
      );
    equal(100, await offset(), 'committed');
    if (admin.setOffsets) {
      await admin.setOffsets({
        groupId: group,
        topic,
        partitions: [{ partition: 0, offset: '20' }],
      });
      equal(20, await offset(), 'altered offset');
    }
    await admin.deleteGroups([group]);
    assert(!(await listed()), 'deleted group');
  }

  async function aclCalls() {
    await admin
      .describeAcls({
        resourceType: 1,
        resourceName: '*',
        host: '*',
        principal: 'User:*',
        permissionType: 1,
        operation: 1,
        resourcePatternType: 1,
      })
      .catch(e => assert(/SECURITY_DISABLED/.test(e.type || e), `describeAcls: ${e}`));
  }

  async function administration() {
    const topic = await create('s8', 2, { 'retention.ms': '3600000' }),
      group = name('s8');
    assert((await admin.listTopics()).includes(topic), 'listTopics');
    let partitions = 2;
    if (admin.createPartitions) {
      await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
      await until('4 partitions', async () => (await partitionsOf(topic)) === 4);
      partitions = 4;
    }
    if (admin.describeConfigs) {
      const config = async key =>
        (
          await admin.describeConfigs({
            includeSynonyms: false,
            resources: [{ type: 2, name: topic }],
          })
        ).resources[0].configEntries.find(e => e.configName === key).configValue;
      equal('3600000', await config('retention.ms'), 'retention.ms');
      await admin.alterConfigs({
        validateOnly: false,
        resources: [
          { type: 2, name: topic, configEntries: [{ name: 'max.message.bytes', value: '65536' }] },
        ],
      });
      await until(
        'altered config',
        async () =>
          (await config('max.message.bytes')) === '65536' &&
          (await config('retention.ms')) === '604800000',
      );
      const cluster = await admin.describeCluster();
      assert(cluster.clusterId && cluster.brokers.length, 'cluster');
      if (has('acls')) await aclCalls();
      if (has('elections')) await admin.listPartitionReassignments({});
    }
    await withProducer({}, p =>
      p.send({
        topic,
        messages: range(0, 100).map(() => ({ partition: 0, key: 'k', value: '0123456789' })),
      }),
    );
    if (has('groups')) await groupCalls(topic, group, partitions);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '40' }] });
    const ends = (await admin.fetchTopicOffsets(topic)).find(p => p.partition === 0);
    equal([40, 100], [Number(ends.low), Number(ends.high)], 'low and high offset');
    await admin.deleteTopics({ topics: [topic] });
    await until('topic gone', async () => !(await admin.listTopics()).includes(topic));
    return 'topics, configs, records, cluster';
  }

  async function seek() {
    const topic = await create('s9', 1),
      t0 = Date.now() - 3600000;
    await withProducer({}, p =>
      p.send({
        topic,
        messages: range(0, 1000).map(i => ({ value: `v${i}`, timestamp: `${t0 + i * 1000}` })),
      }),
    );
    const at = async t => Number((await admin.fetchTopicOffsetsByTimestamp(topic, t))[0].offset);
    equal(500, await at(t0 + 499500), 'offset for time');
    equal(1000, await at(t0 + 10000000), 'time after the last record');
    const m = await member(topic, name('seek'));
    await until('all records', () => m.records.length === 1000);
    for (const where of [250, 999, 0]) {
      m.records.length = 0;
      await m.consumer.seek({ topic, partition: 0, offset: `${where}` });
      await until(`record at ${where}`, () => m.records.length > 0);
      const r = m.records[0];
      equal(
        [where, `v${where}`, t0 + where * 1000],
        [Number(r.offset), String(r.value), Number(r.timestamp)],
        'record after seek',
      );
      await until('the end again', () => m.records.length >= 1000 - where);
    }
    await m.leave();
    return '1000 records, 3 seeks, 2 time look-ups';
  }

  async function sizes() {
    const topic = await create('s10', 1),
      small = await create('s10s', 2),
      big = i => Buffer.alloc(900000, `${i} no two like this `);
    await withProducer({}, async p => {
      for (let i = 0; i < 8; i++) await p.send({ topic, messages: [{ value: big(i) }] });
      for (let i = 0; i < 20000; i += 2000)
        await p.send({
          topic: small,
          messages: range(i, i + 2000).map(n => ({ key: `${n}`, value: Buffer.from([n & 255]) })),
        });
    });
    (await readAll(topic, 8)).forEach((r, i) => assert(r.value.equals(big(i)), `large value ${i}`));
    await readAll(small, 20000);
    return '8 of 900 KB, 20000 of 1 byte';
  }

  async function fencedProducer(topic, fails) {
    const id = name('fenced');
    const [old, fresh] = [
      client.producer({ transactionalId: id, fewRetries: true }),
      client.producer({ transactionalId: id }),
    ];
    await old.connect();
    const tx = await old.transaction();
    await tx.send({ topic, messages: [{ value: 'x' }] });
    await fresh.connect();
    const other = await fresh.transaction();
    await other.send({ topic, messages: [{ value: 'y' }] });
    await fails(client.errorTypes.fenced, 'fenced producer', () => tx.commit());
    await other.commit();
    await Promise.all([old.disconnect().catch(() => {}), fresh.disconnect()]);
  }

  async function errors() {
    const topic = await create('s12', 1, { 'max.message.bytes': '10000' });
    let seen = 0;
    const admin = client.admin({ fewRetries: true });
    await admin.connect();
    async function fails(want, what, body) {
      const e = await body().then(
        () => null,
        e => e,
      );
      const types = [
        e,
        ...((e && e.errors) || []),
        ...((e && e.groups) || []).map(g => g.error),
        e && e.cause,
      ]
        .filter(Boolean)
        .map(x => String(x.type || x.name).replace(/^ERR_/, ''));
      assert(
        types.some(t => t === want),
        `${what}: want ${want}, got ${e} (${types})`,
      );
      seen++;
    }
    const make = t =>
      admin.createTopics({ topics: [{ numPartitions: 1, replicationFactor: -1, ...t }] });
    const type = client.errorTypes;
    await fails(type.unknownTopic, 'unknown topic', () =>
      admin.deleteTopics({ topics: [name('missing')] }),
    );
    await fails(type.invalidTopic, 'topic name', () => make({ topic: 'bad topic!' }));
    await fails('INVALID_PARTITIONS', '0 partitions', () =>
      make({ topic: name('p0'), numPartitions: 0 }),
    );
    await fails('INVALID_REPLICATION_FACTOR', 'replication 9', () =>
      make({ topic: name('rf'), replicationFactor: 9 }),
    );
    await fails(type.config, 'unknown config', () =>
      make({ topic: name('cfg'), configEntries: [{ name: 'no.such.config', value: '1' }] }),
    );
    if (has('groups'))
      await fails('GROUP_ID_NOT_FOUND', 'unknown group', () =>
        admin.deleteGroups([name('missing')]),
      );
    await withProducer({ fewRetries: true }, p =>
      fails(type.tooLarge, 'message too large', () =>
        p.send({ topic, messages: [{ value: Buffer.alloc(50000, 'x') }] }),
      ),
    );
    if (has('transactions')) await fencedProducer(topic, fails);
    await admin.disconnect();
    return `${seen} typed errors`;
  }

  const scenarios = {
    S1: roundtrip,
    S2: compress,
    S3: idempotent,
    S4: () => group(),
    S5: sticky,
    S6: () => group({ protocol: 'consumer' }),
    S7: transactions,
    S8: administration,
    S9: seek,
    S10: sizes,
    S12: errors,
  };
  let failed = false;
  for (const s of process.argv.slice(2).length ? process.argv.slice(2) : Object.keys(scenarios)) {
    const start = Date.now();
    leftOut.clear();
    let line;
    try {
      if (client.skips[s] || !scenarios[s]) throw new Skip(client.skips[s] || 'no such scenario');
      if (needed[s] && !has(needed[s])) throw new Skip(`left out: ${needed[s]}`);
      let figures = await Promise.race([
        scenarios[s](),
        sleep(90000).then(() => {
          throw new Error('not finished after 90 s');
        }),
      ]);
      if (leftOut.size) figures += `, without ${[...leftOut].sort().join(' ')}`;
      line = `PASS ${client.name} ${s} ${figures}, ${((Date.now() - start) / 1000).toFixed(1)} s`;
    } catch (e) {
      if (process.env.TRACE && !(e instanceof Skip)) console.error(e);
      const why = String(e.message || e).replace(/\n/g, ' ');
      line = `${e instanceof Skip ? 'SKIP' : 'FAIL'} ${client.name} ${s} ${why}`;
    }
    failed = failed || line.startsWith('FAIL');
    fs.writeSync(1, line + '\n');
  }
  process.exit(failed ? 1 : 0);
};
