// Package matrix is what the Go programs share: the scenario runner, names, checks, group members.
package matrix

import (
	"fmt"
	"maps"
	"math/rand"
	"os"
	"runtime/debug"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

var (
	Bootstrap = env("BOOTSTRAP", "127.0.0.1:9092")
	without   = set(os.Getenv("WITHOUT")) // what the broker does not have yet, by name
	needed    = map[string]string{"S4": "groups", "S5": "groups", "S6": "groups", "S7": "groups"}
	leftOut   = map[string]bool{}
	Codecs    = []string{"none", "gzip", "snappy", "lz4", "zstd"}
	run       = strconv.FormatInt(time.Now().UnixMilli()&0xffffff, 16)
)

type skip string
type failure string

func env(name, fallback string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return fallback
}
func Name(tag string) string       { return fmt.Sprintf("m-go-%s-%s-%x", tag, run, rand.Intn(1<<20)) }
func Skip(format string, a ...any) { panic(skip(fmt.Sprintf(format, a...))) }
func Fail(format string, a ...any) { panic(failure(fmt.Sprintf(format, a...))) }
func Check(ok bool, format string, a ...any) {
	if !ok {
		Fail(format, a...)
	}
}
func OK(err error) {
	if err != nil {
		Fail("%v\n%s", err, debug.Stack())
	}
}
func Must[T any](v T, err error) T { OK(err); return v }
func Equal[T comparable](want, got T, format string, a ...any) {
	Check(want == got, "%s: want %v, got %v", fmt.Sprintf(format, a...), want, got)
}

func set(names string) map[string]bool {
	all := map[string]bool{}
	for _, name := range strings.Fields(names) {
		all[name] = true
	}
	return all
}

// Has says whether the broker has a feature; one that it lacks is named in the scenario's line.
func Has(feature string) bool {
	if without[feature] {
		leftOut[feature] = true
	}
	return !without[feature]
}

func Until(what string, done func() bool) { UntilFor(40*time.Second, what, done) }
func UntilFor(limit time.Duration, what string, done func() bool) {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
	}
	Fail("waited %v for: %s", limit, what)
}

func Text(i int) []byte {
	return []byte(fmt.Sprintf("record %d%s", i, strings.Repeat(" lorem ipsum ", 20)))
}
func Big(i int) []byte {
	b := make([]byte, 900_000)
	rand.New(rand.NewSource(7)).Read(b)
	b[0] = byte(i)
	return b
}

type Record struct {
	Key, Value, Header string
	Partition          int32
	Offset             int64
	Time               time.Time
}

// Order checks what S1 promises.
func Order(got []Record, n int) string {
	Equal(n, len(got), "records")
	last, next := map[string]int{}, map[int32]int64{}
	for _, r := range got {
		i := Must(strconv.Atoi(r.Value[1:]))
		Equal(fmt.Sprintf("k%d", i%97), r.Key, "key")
		Equal(strconv.Itoa(i), r.Header, "header")
		l, seen := last[r.Key]
		Check(!seen || l < i, "order of %s", r.Key)
		last[r.Key] = i
		Equal(next[r.Partition], r.Offset, "offset")
		next[r.Partition] = r.Offset + 1
	}
	return fmt.Sprintf("%d records, %d partitions", n, len(next))
}

// CheckCodecs checks S2: partition p holds the 500 texts that codec p compressed.
func CheckCodecs(got []Record, codecs []string) string {
	count := make([]int, len(codecs))
	for _, r := range got {
		Equal(string(Text(count[r.Partition])), r.Value, "%s value", codecs[r.Partition])
		count[r.Partition]++
	}
	for p, n := range count {
		Equal(500, n, "%s records", codecs[p])
	}
	return strings.Join(codecs, " ")
}
func CheckSequence(got []Record, n int) string {
	Equal(n, len(got), "records")
	for i, r := range got {
		Equal(fmt.Sprintf("v%d", i), r.Value, "value")
		Equal(int64(i), r.Offset, "offset")
	}
	return fmt.Sprintf("%d records", n)
}
func CheckSizes(large, small []Record) string {
	Equal(8, len(large), "large records")
	for i, r := range large {
		Check(string(Big(i)) == r.Value, "large value %d", i)
	}
	Equal(20000, len(small), "small records")
	return "8 of 900 KB, 20000 of 1 byte"
}
func Distinct(got []Record) map[string]bool {
	set := map[string]bool{}
	for _, r := range got {
		set[r.Value] = true
	}
	return set
}

// Member is a group member that runs on its own goroutine; the client under test fills it.
type Member struct {
	mu                sync.Mutex
	owned             map[int32]bool
	got               []string
	err               error
	Assigned, Revoked int
	Stop              func() // asks the member to leave
	Done              chan struct{}
}

func NewMember() *Member { return &Member{owned: map[int32]bool{}, Done: make(chan struct{})} }
func (m *Member) locked(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}
func (m *Member) Add(partitions ...int32) {
	m.locked(func() {
		m.Assigned++
		for _, p := range partitions {
			m.owned[p] = true
		}
	})
}
func (m *Member) Remove(partitions ...int32) {
	m.locked(func() {
		for _, p := range partitions {
			if m.owned[p] {
				m.Revoked++
			}
			delete(m.owned, p)
		}
	})
}
func (m *Member) Own(partitions ...int32) {
	m.locked(func() {
		m.owned = map[int32]bool{}
		for _, p := range partitions {
			m.owned[p] = true
		}
	})
}
func (m *Member) Consumed(value string) { m.locked(func() { m.got = append(m.got, value) }) }
func (m *Member) Failed(err error)      { m.locked(func() { m.err = err }) }
func (m *Member) Err() (err error)      { m.locked(func() { err = m.err }); return }
func (m *Member) Got() (got []string)   { m.locked(func() { got = append(got, m.got...) }); return }
func (m *Member) Owned() (ps []int32) {
	m.locked(func() {
		for p := range m.owned {
			ps = append(ps, p)
		}
	})
	sort.Slice(ps, func(i, j int) bool { return ps[i] < ps[j] })
	return
}
func (m *Member) Assignments() (n int) { m.locked(func() { n = m.Assigned }); return }
func (m *Member) Leave() {
	m.Stop()
	select {
	case <-m.Done:
	case <-time.After(15 * time.Second):
		Fail("a member did not leave within 15 s")
	}
	OK(m.Err())
}

func Shares(each int, members ...*Member) bool {
	seen := map[int32]bool{}
	for _, m := range members {
		OK(m.Err())
		ps := m.Owned()
		if len(ps) != each {
			return false
		}
		for _, p := range ps {
			if seen[p] {
				return false
			}
			seen[p] = true
		}
	}
	return true
}

func expect(got []string, from, to int, what string) {
	sort.Slice(got, func(i, j int) bool { return Must(strconv.Atoi(got[i][1:])) < Must(strconv.Atoi(got[j][1:])) })
	Equal(to-from, len(got), "%s", what)
	for i, v := range got {
		Equal(fmt.Sprintf("v%d", from+i), v, "%s", what)
	}
}

// GroupSteps is S4 and S6: members come and go, nothing is lost, nothing committed is seen again.
func GroupSteps(start func() *Member, send func(from, to int)) string {
	a := start()
	Until("one member owns 6", func() bool { return Shares(6, a) })
	b, c := start(), start()
	Until("three members own 2 each", func() bool { return Shares(2, a, b, c) })
	send(0, 3000)
	consumed := func() int { return len(a.Got()) + len(b.Got()) + len(c.Got()) }
	Until("3000 consumed", func() bool { return consumed() >= 3000 })
	Check(len(a.Got()) > 0 && len(b.Got()) > 0 && len(c.Got()) > 0, "every member consumes")
	c.Leave()
	Until("two members own 3 each", func() bool { return Shares(3, a, b) })
	send(3000, 4000)
	Until("4000 consumed", func() bool { return consumed() >= 4000 })
	a.Leave()
	b.Leave()
	expect(append(append(a.Got(), b.Got()...), c.Got()...), 0, 4000, "records")
	send(4000, 4600)
	d := start()
	Until("600 after restart", func() bool { return len(d.Got()) >= 600 })
	time.Sleep(300 * time.Millisecond)
	d.Leave()
	expect(d.Got(), 4000, 4600, "records after restart")
	return "1, 3, 2 members, 4600 records"
}

// StaticSteps is the second half of S5. fenced says whether the client reports that a newer instance took its place.
func StaticSteps(start func(instance string) *Member, fenced func(error) bool) string {
	c, d := start("one"), start("two")
	Until("static members own 3 each", func() bool { return Shares(3, c, d) })
	before, rebalances := fmt.Sprint(d.Owned()), c.Assignments()
	d.Leave()
	e := start("two")
	Until("the static member is back", func() bool { return Shares(3, c, e) })
	Equal(before, fmt.Sprint(e.Owned()), "assignment of the returned member")
	time.Sleep(1500 * time.Millisecond)
	Equal(rebalances, c.Assignments(), "rebalances seen by the member that stayed")
	f := start("two")
	Until("the older instance is fenced", func() bool { return e.Err() != nil || f.Err() != nil })
	for _, m := range []*Member{e, f} {
		Check(m.Err() == nil || fenced(m.Err()), "duplicate instance id: %v", m.Err())
	}
	c.Leave()
	for _, m := range []*Member{e, f} { // a fenced member may not come to an orderly end
		m.Stop()
		select {
		case <-m.Done:
		case <-time.After(3 * time.Second):
		}
	}
	return "static member back without rebalance, duplicate fenced"
}

// Run runs the scenarios named on the command line, each with 90 s, and prints one line for each.
func Run(client string, scenarios map[string]func() string, unsupported map[string]string) {
	names := os.Args[1:]
	if len(names) == 0 {
		for _, s := range strings.Fields("S1 S2 S3 S4 S5 S6 S7 S8 S9 S10 S12") {
			names = append(names, s)
		}
	}
	failed := false
	for _, s := range names {
		start, line := time.Now(), make(chan string, 1)
		clear(leftOut)
		go func() {
			defer func() {
				switch why := recover().(type) {
				case nil:
				case skip:
					line <- fmt.Sprintf("SKIP %s %s %s", client, s, why)
				default:
					text := fmt.Sprint(why)
					if os.Getenv("TRACE") == "" {
						text, _, _ = strings.Cut(text, "\n")
					}
					line <- fmt.Sprintf("FAIL %s %s %s", client, s, text)
				}
			}()
			body, ok := scenarios[s]
			if !ok {
				why := unsupported[s]
				if why == "" {
					why = "no such scenario"
				}
				Skip("%s", why)
			}
			if need := needed[s]; need != "" && !Has(need) {
				Skip("left out: %s", need)
			}
			figures := body()
			if len(leftOut) > 0 {
				figures += ", without " + strings.Join(slices.Sorted(maps.Keys(leftOut)), " ")
			}
			line <- fmt.Sprintf("PASS %s %s %s, %.1f s", client, s, figures, time.Since(start).Seconds())
		}()
		var text string
		select {
		case text = <-line:
		case <-time.After(90 * time.Second):
			text = fmt.Sprintf("FAIL %s %s not finished after 90 s", client, s)
		}
		failed = failed || strings.HasPrefix(text, "FAIL")
		fmt.Println(text)
	}
	if failed {
		os.Exit(1)
	}
}
