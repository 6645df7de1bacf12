#include "broker/server/metrics.h"

#include "protocol/wire/api_table.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

namespace milena::broker {
namespace {

using telemetry::Exposition;
using telemetry::Kind;

double seconds(Nanos time) {
    return std::chrono::duration<double>(time).count();
}

void write_network(Exposition& out, const net::NetTotals& totals) {
    out.family(Kind::gauge, "milena_connections", "Client connections that are open");
    out.value(totals.connections);
    out.family(Kind::counter, "milena_connections_accepted_total", "Client connections accepted");
    out.value(totals.accepted);
    out.family(Kind::counter, "milena_connections_closed_total",
               "Client connections that ended, by what ended them");
    for (std::size_t i = 0; i < net::kCloseReasonCount; ++i) {
        const auto reason = static_cast<net::CloseReason>(i);
        out.value(totals.closed[i], {{"reason", net::close_reason_name(reason)}});
    }
    out.family(Kind::counter, "milena_network_bytes_total", "Bytes on client connections");
    out.value(totals.bytes_in, {{"direction", "in"}});
    out.value(totals.bytes_out, {{"direction", "out"}});
    out.family(Kind::counter, "milena_reads_paused_total",
               "Times that a connection was not read for a while, to bound what it holds");
    out.value(totals.reads_muted);
}

void write_requests(Exposition& out, const std::vector<const telemetry::RequestCounters*>& from) {
    std::array<std::uint64_t, telemetry::kApiSlots> requests{};
    std::uint64_t produced = 0;
    std::uint64_t fetched = 0;
    std::uint64_t replicated = 0;
    for (const auto* counters : from) {
        for (std::size_t i = 0; i < requests.size(); ++i) {
            requests[i] += counters->requests[i].value();
        }
        produced += counters->produced_bytes.value();
        fetched += counters->fetched_bytes.value();
        replicated += counters->replicated_bytes.value();
    }
    out.family(Kind::counter, "milena_requests_total", "Requests served, by API");
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const auto* api = requests[i] == 0 ? nullptr : find_api(static_cast<std::int16_t>(i));
        if (api != nullptr) out.value(requests[i], {{"api", api->name}});
    }
    out.family(Kind::counter, "milena_produced_bytes_total", "Record batches of producers");
    out.value(produced);
    out.family(Kind::counter, "milena_fetched_bytes_total", "Record batches given to consumers");
    out.value(fetched);
    out.family(Kind::counter, "milena_replicated_bytes_total",
               "Record batches given to other replicas");
    out.value(replicated);
}

void write_replication(Exposition& out, const replica::PartitionTable& partitions) {
    std::size_t led = 0;
    std::size_t under_replicated = 0;
    std::size_t under_min_isr = 0;
    std::int64_t lag = 0;
    for (const auto& partition : partitions.all()) {
        const auto view = partition->replication_view();
        led += view.leads ? 1 : 0;
        under_replicated += view.under_replicated ? 1 : 0;
        under_min_isr += view.under_min_isr ? 1 : 0;
        lag = std::max(lag, view.furthest_behind.value());
    }
    out.family(Kind::gauge, "milena_partitions_led", "Partitions that this node leads");
    out.value(led);
    out.family(Kind::gauge, "milena_partitions_under_replicated",
               "Of these, those with replicas out of sync");
    out.value(under_replicated);
    out.family(Kind::gauge, "milena_partitions_under_min_isr",
               "Of these, those with fewer in sync than min.insync.replicas");
    out.value(under_min_isr);
    out.family(Kind::gauge, "milena_replica_lag_offsets_max",
               "Offsets that the replica furthest behind lacks");
    out.value(lag);
}

void write_damage(Exposition& out, const std::vector<replica::LogStore::Damage>& found) {
    out.family(Kind::counter, "milena_log_damaged_ranges_total",
               "Places in segments whose batches cannot be read, by data directory; the log says "
               "which");
    for (const auto& of : found) out.value(of.ranges, {{"directory", of.path}});
    out.family(Kind::counter, "milena_log_damaged_bytes_total", "Bytes of these");
    for (const auto& of : found) out.value(of.bytes, {{"directory", of.path}});
}

// One kind of coordinator, as one value of each family.
struct CoordinatorView {
    std::string_view type;
    std::size_t shards = 0;
    std::size_t loading = 0;
    const replica::CoordinatorCounters& counters;
};

template <class Read>
void write_each(Exposition& out, const std::array<CoordinatorView, 2>& views, Kind kind,
                std::string_view name, std::string_view help, Read read) {
    out.family(kind, name, help);
    for (const auto& view : views) out.value(read(view), {{"type", view.type}});
}

void write_coordinators(Exposition& out, const std::array<CoordinatorView, 2>& views) {
    const auto each = [&](Kind kind, std::string_view name, std::string_view help, auto read) {
        write_each(out, views, kind, name, help, read);
    };
    const auto counter = [&](std::string_view name, std::string_view help, auto field) {
        each(Kind::counter, name, help,
             [field](const CoordinatorView& view) { return (view.counters.*field).load(); });
    };
    using Counters = replica::CoordinatorCounters;
    each(Kind::gauge, "milena_coordinator_shards", "Partitions of the internal topic hosted here",
         [](const CoordinatorView& view) { return view.shards; });
    each(Kind::gauge, "milena_coordinator_shards_loading", "Those that are being read now",
         [](const CoordinatorView& view) { return view.loading; });
    each(Kind::gauge, "milena_coordinator_replies_parked", "Requests that wait for their answer",
         [](const CoordinatorView& view) { return view.counters.owed.load(); });
    counter("milena_coordinator_loads_total", "Shards read", &Counters::loads);
    counter("milena_coordinator_load_failures_total", "Shards that could not be read",
            &Counters::failed_loads);
    each(Kind::counter, "milena_coordinator_load_seconds_total", "Time spent reading shards",
         [](const CoordinatorView& view) {
             return seconds(Nanos(static_cast<std::int64_t>(view.counters.load_nanoseconds)));
         });
    counter("milena_coordinator_records_loaded_total", "Records read", &Counters::records_loaded);
    counter("milena_coordinator_records_written_total", "Records written",
            &Counters::records_written);
    counter("milena_coordinator_decisions_written_total", "Decisions that had records",
            &Counters::decisions_written);
    counter("milena_coordinator_batches_written_total",
            "Record batches written; decisions may share one", &Counters::batches_written);
    counter("milena_coordinator_writes_timed_out_total", "Writes that were not committed in time",
            &Counters::timed_out);
}

void write_machines(Exposition& out, const Coordinators& coordinators) {
    const auto groups = coordinators.groups.tally();
    const auto transactions = coordinators.transactions.tally();
    write_coordinators(out,
                       {{{"group", groups.shards, groups.loading, coordinators.groups.counters()},
                         {"transaction", transactions.shards, transactions.loading,
                          coordinators.transactions.counters()}}});
    out.family(Kind::gauge, "milena_groups", "Groups, by protocol and state");
    for (const auto& [kind, count] : groups.groups) {
        out.value(count, {{"type", kind.first}, {"state", kind.second}});
    }
    out.family(Kind::gauge, "milena_group_positions", "Committed offsets");
    out.value(groups.positions);
    out.family(Kind::gauge, "milena_transactions", "Transactional ids, by state");
    for (const auto& [state, count] : transactions.transactions) {
        out.value(count, {{"state", state}});
    }
}

}  // namespace

void add_metrics(telemetry::Registry& registry, const Measured& measured) {
    registry.add(
        [&sockets = measured.sockets](Exposition& out) { write_network(out, sockets.totals()); });
    registry.add(
        [requests = measured.requests](Exposition& out) { write_requests(out, requests); });
    registry.add(Kind::gauge, "milena_partitions", "Partitions on this node",
                 [&partitions = measured.partitions] { return partitions.size(); });
    registry.add([&partitions = measured.partitions](Exposition& out) {
        write_replication(out, partitions);
    });
    registry.add(Kind::counter, "milena_replica_fetched_bytes_total",
                 "Record batches fetched from leaders",
                 [&replication = measured.replication] { return replication.fetched_bytes(); });
    registry.add(Kind::counter, "milena_log_syncs_total", "Syncs of partitions to the disk",
                 [&flusher = measured.flusher] { return flusher.syncs(); });
    registry.add(Kind::counter, "milena_log_sync_seconds_total", "Time that these took",
                 [&flusher = measured.flusher] { return seconds(flusher.sync_time()); });
    registry.add([&store = measured.store](Exposition& out) { write_damage(out, store.damage()); });
    registry.add(Kind::gauge, "milena_disk_tasks_waiting", "Work that waits for a disk thread",
                 [&pool = measured.disk_pool] { return pool.waiting(); });
    registry.add([&coordinators = measured.coordinators](Exposition& out) {
        write_machines(out, coordinators);
    });
}

}  // namespace milena::broker
