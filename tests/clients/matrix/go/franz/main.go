// franz-go, with its admin package kadm.
package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	. "matrix/matrix"
)

var ctx = context.Background()
var admin = kadm.NewClient(client())

func client(opts ...kgo.Opt) *kgo.Client {
	return Must(kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(strings.Split(Bootstrap, ",")...), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil))}, opts...)...))
}
func limit(d time.Duration) context.Context {
	c, _ := context.WithTimeout(ctx, d)
	return c
}

func create(tag string, partitions int32, configs ...string) string {
	return createWith(admin, tag, partitions, configs...)
}
func createWith(a *kadm.Client, tag string, partitions int32, configs ...string) string {
	topic, c := Name(tag), map[string]*string{}
	for i := 0; i < len(configs); i += 2 {
		c[configs[i]] = &configs[i+1]
	}
	_, err := a.CreateTopic(limit(20*time.Second), partitions, -1, c, topic)
	OK(err)
	Until("topic visible", func() bool {
		t := Must(a.ListTopics(ctx, topic))[topic]
		return t.Err == nil && len(t.Partitions) == int(partitions)
	})
	return topic
}

func send(cl *kgo.Client, topic string, from, to int) {
	var rs []*kgo.Record
	for i := from; i < to; i++ {
		rs = append(rs, &kgo.Record{Topic: topic, Key: fmt.Appendf(nil, "k%d", i%97), Value: fmt.Appendf(nil, "v%d", i)})
	}
	OK(cl.ProduceSync(ctx, rs...).FirstErr())
}
func produce(topic string, from, to int) {
	cl := client()
	defer cl.Close()
	send(cl, topic, from, to)
}

// readAll reads from the first offset to the end; committed selects read_committed.
func readAll(topic string, committed bool) []Record {
	if committed {
		return readTo(topic, Must(admin.ListCommittedOffsets(ctx, topic)), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	return readTo(topic, Must(admin.ListEndOffsets(ctx, topic)))
}
func readTo(topic string, ends kadm.ListedOffsets, opts ...kgo.Opt) (got []Record) {
	start, left := map[int32]kgo.Offset{}, map[int32]int64{}
	for p, o := range ends[topic] {
		start[p] = kgo.NewOffset().AtStart()
		if o.Offset > 0 {
			left[p] = o.Offset
		}
	}
	cl := client(append(opts, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: start}), kgo.KeepControlRecords())...)
	defer cl.Close()
	for deadline := limit(40 * time.Second); len(left) > 0; {
		fs := cl.PollFetches(deadline)
		OK(fs.Err0())
		fs.EachError(func(_ string, _ int32, err error) { OK(err) })
		fs.EachRecord(func(r *kgo.Record) {
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
			if r.Attrs.IsControl() {
				return
			}
			rec := Record{Key: string(r.Key), Value: string(r.Value), Partition: r.Partition, Offset: r.Offset, Time: r.Timestamp}
			for _, h := range r.Headers {
				if h.Key == "n" {
					rec.Header = string(h.Value)
				}
			}
			got = append(got, rec)
		})
	}
	return got
}

func member(topic, group string, opts ...kgo.Opt) *Member {
	m := NewMember()
	run, cancel := context.WithCancel(ctx)
	m.Stop = cancel
	add := func(_ context.Context, _ *kgo.Client, ps map[string][]int32) { m.Add(ps[topic]...) }
	remove := func(_ context.Context, _ *kgo.Client, ps map[string][]int32) { m.Remove(ps[topic]...) }
	cl := client(append([]kgo.Opt{kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.SessionTimeout(10 * time.Second), kgo.HeartbeatInterval(500 * time.Millisecond), kgo.OnPartitionsAssigned(add), kgo.OnPartitionsRevoked(remove), kgo.OnPartitionsLost(remove)}, opts...)...)
	go func() {
		defer close(m.Done)
		defer cl.Close()
		for run.Err() == nil {
			fs := cl.PollFetches(run)
			if run.Err() != nil {
				return
			}
			for _, e := range fs.Errors() {
				if !kerr.IsRetriable(e.Err) {
					m.Failed(e.Err)
					return
				}
			}
			fs.EachRecord(func(r *kgo.Record) { m.Consumed(string(r.Value)) })
			if err := cl.CommitRecords(ctx, fs.Records()...); err != nil {
				m.Failed(err)
				return
			}
		}
	}()
	return m
}

func roundtrip() string {
	topic, cl := create("s1", 3), client(kgo.ProducerLinger(5*time.Millisecond))
	defer cl.Close()
	var rs []*kgo.Record
	for i := 0; i < 10000; i++ {
		rs = append(rs, &kgo.Record{Topic: topic, Key: fmt.Appendf(nil, "k%d", i%97), Value: fmt.Appendf(nil, "v%d", i),
			Headers: []kgo.RecordHeader{{Key: "n", Value: fmt.Append(nil, i)}, {Key: "nil"}}})
	}
	OK(cl.ProduceSync(ctx, rs...).FirstErr())
	return Order(readAll(topic, false), 10000)
}

func codecs() string {
	topic := create("s2", int32(len(Codecs)))
	for p, codec := range []kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()} {
		cl := client(kgo.ProducerBatchCompression(codec), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(20*time.Millisecond))
		var rs []*kgo.Record
		for i := 0; i < 500; i++ {
			rs = append(rs, &kgo.Record{Topic: topic, Partition: int32(p), Value: Text(i)})
		}
		OK(cl.ProduceSync(ctx, rs...).FirstErr())
		cl.Close()
	}
	return CheckCodecs(readAll(topic, false), Codecs)
}

func idempotent() string {
	topic, cl := create("s3", 1), client(kgo.MaxBufferedRecords(100))
	defer cl.Close()
	var mu sync.Mutex
	var first error
	for i := 0; i < 2000; i++ {
		cl.Produce(ctx, &kgo.Record{Topic: topic, Value: fmt.Appendf(nil, "v%d", i)}, func(r *kgo.Record, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err != nil || r.Offset != int64(i) {
				first = errors.Join(first, fmt.Errorf("record %d at offset %d: %v", i, r.Offset, err))
			}
		})
	}
	OK(cl.Flush(ctx))
	OK(first)
	return CheckSequence(readAll(topic, false), 2000)
}

func group(opts ...kgo.Opt) string {
	topic, group, cl := create("group", 6), Name("group"), client()
	defer cl.Close()
	return GroupSteps(func() *Member { return member(topic, group, opts...) }, func(from, to int) { send(cl, topic, from, to) })
}

func sticky() string {
	topic, group, fixed := create("s5", 6), Name("sticky"), Name("static")
	a := member(topic, group, kgo.Balancers(kgo.CooperativeStickyBalancer()))
	Until("one member owns 6", func() bool { return Shares(6, a) })
	b := member(topic, group, kgo.Balancers(kgo.CooperativeStickyBalancer()))
	Until("two members own 3 each", func() bool { return Shares(3, a, b) })
	Equal(3, a.Revoked, "partitions revoked from the first member")
	a.Leave()
	b.Leave()
	return "3 of 6 revoked, " + StaticSteps(func(id string) *Member {
		return member(topic, fixed, kgo.InstanceID(id), kgo.SessionTimeout(30*time.Second), kgo.Balancers(kgo.RangeBalancer()))
	}, func(err error) bool { return errors.Is(err, kerr.FencedInstanceID) })
}

func transactions() string {
	topic, id := create("s7", 2), Name("tx")
	cl := client(kgo.TransactionalID(id))
	defer cl.Close()
	for round, commit := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort, kgo.TryCommit} {
		OK(cl.BeginTransaction())
		send(cl, topic, round*100, round*100+100)
		OK(cl.EndTransaction(ctx, commit))
	}
	got := readAll(topic, true)
	Equal(200, len(got), "read_committed records")
	Check(!Distinct(got)["v150"], "aborted record seen")
	Equal(300, len(readAll(topic, false)), "read_uncommitted records")
	OK(cl.BeginTransaction())
	send(cl, topic, 300, 310)
	Equal(200, len(readAll(topic, true)), "records while a transaction is open")
	OK(cl.EndTransaction(ctx, kgo.TryCommit))
	// Its markers are written after the answer, by way of other brokers.
	Until("records after commit", func() bool { return len(readAll(topic, true)) == 210 })

	in, out, group, rounds := create("s7-in", 2), create("s7-out", 2), Name("eos"), 0
	produce(in, 0, 500)
	for _, restarted := range []bool{false, true} { // the first worker dies in the middle of a transaction
		s := Must(kgo.NewGroupTransactSession(kgo.SeedBrokers(strings.Split(Bootstrap, ",")...), kgo.TransactionalID(id+"-eos"), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
			kgo.ConsumerGroup(group), kgo.ConsumeTopics(in), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.SessionTimeout(6*time.Second)))
		for quiet := 0; quiet < 5; {
			fs := s.PollRecords(limit(400*time.Millisecond), 40)
			if fs.NumRecords() == 0 {
				quiet++
				continue
			}
			quiet = 0
			OK(s.Begin())
			fs.EachRecord(func(r *kgo.Record) {
				s.Produce(ctx, &kgo.Record{Topic: out, Key: r.Key, Value: r.Value}, func(_ *kgo.Record, err error) { OK(err) })
			})
			OK(s.Client().Flush(ctx))
			if rounds++; !restarted && rounds == 4 {
				Must(s.End(ctx, kgo.TryAbort))
				break
			}
			committed, err := s.End(ctx, kgo.TryCommit)
			OK(err)
			Check(committed, "transaction not committed")
		}
		s.Close()
	}
	got = readAll(out, true)
	Equal(500, len(got), "processed records")
	Equal(500, len(Distinct(got)), "distinct processed records")
	sum := int64(0)
	Must(admin.FetchOffsets(ctx, group)).Each(func(o kadm.OffsetResponse) { sum += o.At })
	Equal(500, sum, "offsets committed in transactions")
	return "200+10 committed, 100 aborted, 500 exactly once"
}

func groupCalls(topic, group string) {
	m := member(topic, group)
	Until("100 records", func() bool { return len(m.Got()) == 100 && Shares(4, m) })
	time.Sleep(200 * time.Millisecond)
	d := Must(admin.DescribeGroups(ctx, group))[group]
	Equal(1, len(d.Members), "members")
	m.Leave()
	listed := func() bool { _, ok := Must(admin.ListGroups(ctx))[group]; return ok }
	Check(listed(), "ListGroups")
	offset := func() int64 { o, _ := Must(admin.FetchOffsets(ctx, group)).Lookup(topic, 0); return o.At }
	Equal(100, offset(), "committed")
	OK(admin.CommitAllOffsets(ctx, group, kadm.OffsetsFromRecords(kgo.Record{Topic: topic, Partition: 0, Offset: 19})))
	Equal(20, offset(), "altered offset")
	Equal(int64(80), Must(admin.Lag(ctx, group))[group].Lag[topic][0].Lag, "lag")
	deleted := Must(admin.DeleteOffsets(ctx, group, kadm.TopicsSet{topic: {0: {}}}))
	OK(deleted.Error())
	_, still := Must(admin.FetchOffsets(ctx, group)).Lookup(topic, 0)
	Check(!still, "deleted offset")
	_, err := admin.DeleteGroup(ctx, group)
	OK(err)
	Check(!listed(), "deleted group")
}

func aclCalls() {
	for _, r := range Must(admin.DescribeACLs(ctx, kadm.NewACLs().AnyResource().Allow().AllowHosts().Deny().DenyHosts().Operations().ResourcePatternType(kadm.ACLPatternAny))) {
		if r.Err != nil {
			Check(errors.Is(r.Err, kerr.SecurityDisabled), "DescribeACLs: %v", r.Err)
		}
	}
}

func quotaCalls() {
	entity := Name("quota")
	_, err := admin.AlterClientQuotas(ctx, []kadm.AlterClientQuotaEntry{{Entity: kadm.ClientQuotaEntity{{Type: "client-id", Name: &entity}}, Ops: []kadm.AlterClientQuotaOp{{Key: "producer_byte_rate", Value: 1e6}}}})
	OK(err)
	Until("quota", func() bool {
		qs := Must(admin.DescribeClientQuotas(ctx, true, []kadm.DescribeClientQuotaComponent{{Type: "client-id", MatchName: &entity}}))
		return len(qs) == 1 && qs[0].Values[0].Value == 1e6
	})
}

func scramCalls() {
	user := Name("user")
	_, err := admin.AlterUserSCRAMs(ctx, nil, []kadm.UpsertSCRAM{{User: user, Mechanism: kadm.ScramSha256, Iterations: 4096, Password: "secret"}})
	OK(err)
	Until("SCRAM user", func() bool {
		u := Must(admin.DescribeUserSCRAMs(ctx, user))[user]
		return len(u.CredInfos) == 1 && u.CredInfos[0].Iterations == 4096
	})
}

func electionCalls(topic string) {
	elected := Must(admin.ElectLeaders(ctx, kadm.ElectPreferredReplica, kadm.TopicsSet{topic: {0: {}}}))[topic][0]
	Check(errors.Is(elected.Err, kerr.ElectionNotNeeded), "ElectLeaders: %v", elected.Err)
	Check(len(Must(admin.ListPartitionReassignments(ctx, nil))) == 0, "no reassignments")
}

func administration() string {
	topic, group := create("s8", 2, "retention.ms", "3600000"), Name("s8")
	config := func(key string) string {
		for _, c := range Must(Must(admin.DescribeTopicConfigs(ctx, topic)).On(topic, nil)).Configs {
			if c.Key == key {
				return c.MaybeValue()
			}
		}
		return ""
	}
	Equal("3600000", config("retention.ms"), "retention.ms")
	compact, size := "compact", "65536"
	_, err := admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.DeleteConfig, Name: "retention.ms"}, {Op: kadm.AppendConfig, Name: "cleanup.policy", Value: &compact}, {Op: kadm.SetConfig, Name: "max.message.bytes", Value: &size}}, topic)
	OK(err)
	Until("altered configs", func() bool {
		return config("max.message.bytes") == size && config("cleanup.policy") == "delete,compact" && config("retention.ms") == "604800000"
	})
	OK(Must(admin.UpdatePartitions(ctx, 4, topic)).Error())
	Until("4 partitions", func() bool { return len(Must(admin.ListTopics(ctx, topic))[topic].Partitions) == 4 })
	cl := client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer cl.Close()
	for i := 0; i < 100; i++ {
		OK(cl.ProduceSync(ctx, &kgo.Record{Topic: topic, Key: []byte("k"), Value: []byte("0123456789")}).FirstErr())
	}
	if Has("groups") {
		groupCalls(topic, group)
	}
	var before kadm.Offsets
	before.AddOffset(topic, 0, 40, -1)
	cut, _ := Must(admin.DeleteRecords(ctx, before)).Lookup(topic, 0)
	Equal(40, cut.LowWatermark, "low watermark")
	first, _ := Must(admin.ListStartOffsets(ctx, topic)).Lookup(topic, 0)
	last, _ := Must(admin.ListEndOffsets(ctx, topic)).Lookup(topic, 0)
	Equal(40, first.Offset, "start offset")
	Equal(100, last.Offset, "end offset")
	meta := Must(admin.BrokerMetadata(ctx))
	Check(meta.Cluster != "" && len(meta.Brokers) > 0 && meta.Controller >= 0, "cluster metadata")
	Check(len(Must(Must(admin.DescribeBrokerConfigs(ctx, meta.Brokers[0].NodeID)).On(fmt.Sprint(meta.Brokers[0].NodeID), nil)).Configs) > 0, "broker configs")
	dirs := Must(admin.DescribeAllLogDirs(ctx, kadm.TopicsSet{topic: {0: {}}}))
	size64 := int64(0)
	dirs.Each(func(d kadm.DescribedLogDir) { size64 += d.Size() })
	Check(size64 > 0, "log dir size")
	if Has("acls") {
		aclCalls()
	}
	if Has("quotas") {
		quotaCalls()
	}
	if Has("scram") {
		scramCalls()
	}
	if Has("elections") {
		electionCalls(topic)
	}
	if Has("transactions") {
		Must(admin.ListTransactions(ctx, nil, nil))
		Must(admin.DescribeProducers(ctx, kadm.TopicsSet{topic: {0: {}}}))
	}
	Must(admin.ApiVersions(ctx))
	_, err = admin.DeleteTopic(ctx, topic)
	OK(err)
	Until("topic gone", func() bool { return !Must(admin.ListTopics(ctx)).Has(topic) })
	return "topics, configs, records, cluster"
}

func seek() string {
	topic, t0 := create("s9", 1), time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	cl := client()
	var rs []*kgo.Record
	for i := 0; i < 1000; i++ {
		rs = append(rs, &kgo.Record{Topic: topic, Value: fmt.Appendf(nil, "v%d", i), Timestamp: t0.Add(time.Duration(i) * time.Second)})
	}
	OK(cl.ProduceSync(ctx, rs...).FirstErr())
	cl.Close()
	at := func(d time.Duration) kadm.ListedOffset {
		o, _ := Must(admin.ListOffsetsAfterMilli(ctx, t0.Add(d).UnixMilli(), topic)).Lookup(topic, 0)
		return o
	}
	Equal(500, at(499500*time.Millisecond).Offset, "offset for time")
	Equal(t0.Add(500*time.Second).UnixMilli(), at(499500*time.Millisecond).Timestamp, "timestamp of offset for time")
	Equal(1000, at(10000*time.Second).Offset, "time after the last record")
	c := client(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtEnd()}}))
	defer c.Close()
	Equal(0, c.PollFetches(limit(300*time.Millisecond)).NumRecords(), "nothing after the end")
	for _, where := range []int64{250, 999, 0} {
		c.SetOffsets(map[string]map[int32]kgo.EpochOffset{topic: {0: {Epoch: -1, Offset: where}}})
		r := c.PollRecords(limit(20*time.Second), 1).Records()[0]
		Equal(where, r.Offset, "offset after seek")
		Equal(fmt.Sprintf("v%d", where), string(r.Value), "value after seek")
		Equal(t0.Add(time.Duration(where)*time.Second).UnixMilli(), r.Timestamp.UnixMilli(), "timestamp")
	}
	return "1000 records, 3 seeks, 2 time look-ups"
}

func sizes() string {
	topic, small, cl := create("s10", 1), create("s10s", 2), client(kgo.ProducerLinger(5*time.Millisecond))
	defer cl.Close()
	var rs []*kgo.Record
	for i := 0; i < 8; i++ {
		rs = append(rs, &kgo.Record{Topic: topic, Value: Big(i)})
	}
	for i := 0; i < 20000; i++ {
		rs = append(rs, &kgo.Record{Topic: small, Key: fmt.Append(nil, i), Value: []byte{byte(i)}})
	}
	OK(cl.ProduceSync(ctx, rs...).FirstErr())
	return CheckSizes(readAll(topic, false), readAll(small, false))
}

func deleteGroup(group string) error {
	_, err := admin.DeleteGroup(ctx, group)
	return err
}

func groupErrors(topic, group string, fails func(error, string, error)) {
	fails(kerr.GroupIDNotFound, "unknown group", deleteGroup(Name("missing")))
	m := member(topic, group)
	Until("a member", func() bool { return Shares(1, m) })
	fails(kerr.NonEmptyGroup, "group in use", deleteGroup(group))
	fails(kerr.UnknownMemberID, "offsets of a group in use", admin.CommitAllOffsets(ctx, group, kadm.OffsetsFromRecords(kgo.Record{Topic: topic})))
	m.Leave()
}

func transactionErrors(topic string, fails func(error, string, error)) {
	id := Name("fenced")
	old, fresh := client(kgo.TransactionalID(id)), client(kgo.TransactionalID(id))
	defer old.Close()
	defer fresh.Close()
	OK(old.BeginTransaction())
	send(old, topic, 0, 1)
	OK(fresh.BeginTransaction())
	send(fresh, topic, 0, 1)
	got := old.EndTransaction(ctx, kgo.TryCommit)
	Check(errors.Is(got, kerr.InvalidProducerEpoch) || errors.Is(got, kerr.ProducerFenced), "fenced producer: %v", got)
	OK(fresh.EndTransaction(ctx, kgo.TryCommit))
	long := client(kgo.TransactionalID(id), kgo.TransactionTimeout(100_000*time.Second))
	_, _, got = long.ProducerID(limit(20 * time.Second))
	fails(kerr.InvalidTransactionTimeout, "transaction timeout too long", got)
}

func errs() string {
	topic, group, seen := create("s12", 1, "max.message.bytes", "10000"), Name("s12"), 0
	fails := func(want error, what string, got error) {
		Check(errors.Is(got, want), "%s: want %v, got %v", what, want, got)
		seen++
	}
	err := func(_ any, err error) error { return err }
	fails(kerr.UnknownTopicOrPartition, "unknown topic", Must(admin.ListTopics(ctx, Name("missing"))).Error())
	fails(kerr.TopicAlreadyExists, "existing topic", err(admin.CreateTopic(ctx, 1, 1, nil, topic)))
	fails(kerr.InvalidTopicException, "topic name", err(admin.CreateTopic(ctx, 1, 1, nil, "bad topic!")))
	fails(kerr.InvalidPartitions, "0 partitions", err(admin.CreateTopic(ctx, 0, 1, nil, Name("p0"))))
	fails(kerr.InvalidReplicationFactor, "replication 9", err(admin.CreateTopic(ctx, 1, 9, nil, Name("rf"))))
	one := "1"
	fails(kerr.InvalidConfig, "unknown config", err(admin.CreateTopic(ctx, 1, 1, map[string]*string{"no.such.config": &one}, Name("cfg"))))
	fails(kerr.InvalidPartitions, "fewer partitions", Must(admin.UpdatePartitions(ctx, 1, topic)).Error())
	cl := client(kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.UnknownTopicRetries(1), kgo.RecordDeliveryTimeout(5*time.Second))
	defer cl.Close()
	got := cl.ProduceSync(ctx, &kgo.Record{Topic: topic, Partition: 99, Value: []byte("x")}).FirstErr()
	Check(got != nil && strings.Contains(got.Error(), "partition"), "invalid partition: %v", got)
	fails(kerr.MessageTooLarge, "message too large", client(kgo.ProducerBatchCompression(kgo.NoCompression())).ProduceSync(ctx, &kgo.Record{Topic: topic, Value: make([]byte, 50_000)}).FirstErr())
	OK(cl.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: []byte("x")}).FirstErr())
	c := client(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(500)}}), kgo.ConsumeResetOffset(kgo.NoResetOffset()))
	defer c.Close()
	fails(kerr.OffsetOutOfRange, "offset out of range", c.PollFetches(limit(20*time.Second)).Err())
	if Has("groups") {
		groupErrors(topic, group, fails)
	}
	if Has("transactions") {
		transactionErrors(topic, fails)
	}
	return fmt.Sprintf("%d typed errors", seen)
}

func version(path string) string {
	info, _ := debug.ReadBuildInfo()
	for _, d := range info.Deps {
		if d.Path == path {
			return d.Version
		}
	}
	return ""
}

func main() {
	Run("franz-go-"+version("github.com/twmb/franz-go"), map[string]func() string{
		"S1": roundtrip, "S2": codecs, "S3": idempotent, "S4": func() string { return group(kgo.Balancers(kgo.RangeBalancer())) }, "S5": sticky,
		"S6": func() string { return group(kgo.Balancers(kgo.RangeBalancer()), kgo.ServerSideBalancer()) }, "S7": transactions, "S8": administration,
		"S9": seek, "S10": sizes, "S12": errs,
	}, nil)
}
