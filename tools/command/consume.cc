// milena consume: prints the records of a topic.
#include "tools/client/consumer.h"
#include "tools/client/group_consumer.h"
#include "tools/client/interrupt.h"
#include "tools/command/command_list.h"
#include "tools/command/common.h"
#include "tools/command/record_format.h"
#include "tools/command/start_position.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace milena::cli {
namespace {

struct ConsumeArguments {
    ClusterOptions cluster;
    std::string topic;
    std::string from = "beginning";
    std::vector<std::int32_t> partitions;
    std::int64_t max_records = -1;
    std::string format = "%v\\n";
    bool with_keys = false;
    bool exit_at_end = false;
    std::string isolation = "read_uncommitted";
    std::string group;
    std::string protocol = "classic";
};

using Arguments = const ConsumeArguments&;
using Offsets = std::map<PartitionIndex, Offset>;

class Session {
  public:
    Session(Arguments arguments, RecordFormat format, client::Cluster& cluster,
            client::ConsumerSettings settings, const Io& io)
        : arguments_(arguments),
          format_(std::move(format)),
          cluster_(cluster),
          isolation_(settings.isolation),
          consumer_(cluster, settings),
          io_(io) {}

    Status run(const StartPosition& start);
    // Shares the topic with the other members of the group, and keeps its positions.
    Status run_in(client::GroupConsumer& group);

  private:
    using Positions = std::map<client::TopicPartition, Offset>;
    Result<Offsets> ask(const std::vector<PartitionIndex>& partitions, TimestampMs time);
    Result<Offsets> starts(const std::vector<PartitionIndex>& partitions,
                           const StartPosition& start);
    Result<std::vector<PartitionIndex>> partitions();
    // Where partitions end that were not asked about yet.
    Status note_ends(const Positions& positions);
    bool at_end(const Positions& positions) const;
    bool wants_more() const {
        return arguments_.max_records < 0 || count_ < arguments_.max_records;
    }
    bool print(const client::ConsumedRecord& record);
    bool write_out();

    Arguments arguments_;
    RecordFormat format_;
    client::Cluster& cluster_;
    client::Isolation isolation_;
    client::Consumer consumer_;
    const Io& io_;
    Offsets ends_;
    std::int64_t count_ = 0;
    std::string text_;
    bool output_gone_ = false;
};

Result<std::vector<PartitionIndex>> Session::partitions() {
    MILENA_ASSIGN(const auto found, cluster_.topics(std::span(&arguments_.topic, 1), false));
    if (found.empty() || found[0].error == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION) {
        return fail(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                    fmt::format("topic '{}' does not exist", arguments_.topic));
    }
    if (found[0].error != ErrorCode::NONE) {
        return fail(found[0].error,
                    fmt::format("topic '{}': {}", arguments_.topic, error_name(found[0].error)));
    }
    std::vector<PartitionIndex> all;
    for (const auto& partition : found[0].partitions) all.push_back(partition.index);
    if (arguments_.partitions.empty()) return all;
    std::vector<PartitionIndex> chosen;
    for (const auto number : arguments_.partitions) {
        const PartitionIndex index(number);
        if (std::ranges::find(all, index) == all.end()) {
            return fail(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                        fmt::format("topic '{}' has no partition {}, only 0 to {}",
                                    arguments_.topic, number, all.size() - 1));
        }
        chosen.push_back(index);
    }
    return chosen;
}

Result<Offsets> Session::ask(const std::vector<PartitionIndex>& partitions, TimestampMs time) {
    std::map<PartitionIndex, TimestampMs> wanted;
    for (const auto index : partitions) wanted.emplace(index, time);
    return client::list_offsets(cluster_, arguments_.topic, std::move(wanted), isolation_,
                                cluster_.operation_deadline());
}

// `ends_` is known.
Result<Offsets> Session::starts(const std::vector<PartitionIndex>& partitions,
                                const StartPosition& start) {
    Offsets offsets;
    if (const auto* offset = std::get_if<Offset>(&start)) {
        for (const auto index : partitions) offsets.emplace(index, *offset);
        return offsets;
    }
    if (const auto* time = std::get_if<TimestampMs>(&start)) {
        MILENA_ASSIGN(offsets, ask(partitions, *time));
        // Nothing is that young: only what is still to come.
        for (auto& [index, offset] : offsets) {
            if (offset == kNoOffset) offset = ends_.at(index);
        }
        return offsets;
    }
    MILENA_ASSIGN(offsets, ask(partitions, client::kEarliest));
    for (auto& [index, offset] : offsets) {
        offset = std::max(offset, ends_.at(index) - std::get<FromLast>(start).records);
    }
    return offsets;
}

Status Session::note_ends(const Positions& positions) {
    std::vector<PartitionIndex> unknown;
    for (const auto& [partition, offset] : positions) {
        if (!ends_.contains(partition.second)) unknown.push_back(partition.second);
    }
    if (unknown.empty()) return {};
    MILENA_ASSIGN(auto ends, ask(unknown, client::kLatest));
    ends_.merge(ends);
    return {};
}

bool Session::at_end(const Positions& positions) const {
    return std::ranges::all_of(
        positions, [&](const auto& entry) { return entry.second >= ends_.at(entry.first.second); });
}

bool Session::write_out() {
    if (output_gone_) return false;
    output_gone_ = std::fwrite(text_.data(), 1, text_.size(), io_.out) != text_.size() ||
                   std::fflush(io_.out) != 0;
    text_.clear();
    return !output_gone_;
}

bool Session::print(const client::ConsumedRecord& record) {
    constexpr std::size_t kEnough = 64 * 1024;
    // With --exit, what was written since we began is not for us; unless it is for nobody else.
    if (arguments_.exit_at_end && arguments_.group.empty() &&
        record.offset >= ends_.at(record.partition)) {
        return true;
    }
    if (arguments_.cluster.json) {
        append_json(record, text_);
    } else {
        format_.append(record, text_);
    }
    ++count_;
    if (text_.size() >= kEnough && !write_out()) return false;
    return wants_more();
}

Status Session::run(const StartPosition& start) {
    MILENA_ASSIGN(const auto chosen, partitions());
    MILENA_ASSIGN(ends_, ask(chosen, client::kLatest));
    MILENA_ASSIGN(const auto begins, starts(chosen, start));
    for (const auto& [index, offset] : begins) consumer_.assign({arguments_.topic, index}, offset);
    while (client::interrupted_by() == 0 && wants_more() &&
           !(arguments_.exit_at_end && at_end(consumer_.positions()))) {
        MILENA_TRY(
            consumer_.poll(io_.clock.now() + std::chrono::hours(1),
                           [this](const client::ConsumedRecord& record) { return print(record); }));
        if (!write_out()) return {};  // nobody reads any more
    }
    return {};
}

Status Session::run_in(client::GroupConsumer& group) {
    constexpr Millis kLook{500};  // whether the end is reached
    MILENA_TRY(partitions());
    while (client::interrupted_by() == 0 && wants_more()) {
        if (arguments_.exit_at_end) {
            MILENA_TRY(note_ends(group.positions()));
            if (group.has_joined() && at_end(group.positions())) break;
        }
        MILENA_TRY(
            group.poll(io_.clock.now() + kLook,
                       [this](const client::ConsumedRecord& record) { return print(record); }));
        if (!write_out()) break;
    }
    return group.close();
}

void add_options(CLI::App& app, ConsumeArguments& arguments) {
    add_cluster_options(app, arguments.cluster);
    app.add_option("topic", arguments.topic, "Topic to read")->required();
    app.add_option("--from", arguments.from,
                   "Where to begin: beginning, end, an offset, -N for the last N, @TIME")
        ->capture_default_str();
    app.add_option("-p,--partition", arguments.partitions, "Only this partition; may be repeated")
        ->expected(1)
        ->take_all();
    app.add_option("-n,--max", arguments.max_records, "End after so many records");
    app.add_option("-f,--format", arguments.format,
                   "%t topic %p partition %o offset %T timestamp %k key %v value %h headers")
        ->capture_default_str();
    app.add_flag("-k,--keys", arguments.with_keys, "Print keys too, with a tab behind");
    app.add_flag("--exit", arguments.exit_at_end, "End where the topic ends now");
    app.add_option("--isolation", arguments.isolation, "read_uncommitted or read_committed")
        ->capture_default_str()
        ->check(CLI::IsMember({"read_uncommitted", "read_committed"}));
    app.add_option("-g,--group", arguments.group,
                   "Read as a member of this group, from where it stands; --from beginning or end "
                   "is where to begin without a position");
    app.add_option("--group-protocol", arguments.protocol,
                   "classic, or consumer: the broker hands out the partitions (KIP-848)")
        ->capture_default_str()
        ->check(CLI::IsMember({"classic", "consumer"}));
}

Status consume(Arguments arguments, const Io& io) {
    const bool in_group = !arguments.group.empty();
    if (in_group && !arguments.partitions.empty()) {
        return fail(ErrorCode::INVALID_REQUEST,
                    "--partition and --group exclude each other: the group hands out partitions");
    }
    if (in_group && arguments.from != "beginning" && arguments.from != "end") {
        return fail(ErrorCode::INVALID_REQUEST,
                    "with --group, --from is beginning or end; milena group reset-offsets moves "
                    "the group elsewhere");
    }
    MILENA_ASSIGN(const auto start, parse_start_position(arguments.from));
    MILENA_ASSIGN(auto format,
                  RecordFormat::parse(arguments.with_keys ? "%k\\t%v\\n" : arguments.format));
    MILENA_ASSIGN(auto cluster_config, cluster_settings(arguments.cluster, io));
    client::ConsumerSettings settings;
    if (arguments.isolation == "read_committed") {
        settings.isolation = client::Isolation::read_committed;
    }
    settings.reset.reset();
    if (!std::holds_alternative<Offset>(start)) settings.reset = client::kEarliest;
    client::watch_for_interrupts();
    client::Cluster cluster(std::move(cluster_config), io.clock);
    Session session(arguments, std::move(format), cluster, settings, io);
    if (!in_group) return session.run(start);
    client::GroupConsumerSettings member;
    member.member.group = arguments.group;
    member.member.protocol = arguments.protocol == "consumer" ? client::GroupProtocol::consumer
                                                              : client::GroupProtocol::classic;
    member.consumer = settings;
    member.consumer.reset = arguments.from == "end" ? client::kLatest : client::kEarliest;
    client::GroupConsumer group(
        cluster, member, [&] { return cluster.topics(std::span(&arguments.topic, 1), false); },
        io.random);
    return session.run_in(group);
}

}  // namespace

int run_consume(int argc, char** argv, const Io& io) {
    CLI::App app("Print the records of a topic.", argv[0]);
    ConsumeArguments arguments;
    add_options(app, arguments);
    if (const auto code = parse(app, argc, argv, io)) return *code;
    if (const auto status = consume(arguments, io); !status) {
        return report_failure(argv[0], status.error(), arguments.cluster.json, io);
    }
    return 0;
}

}  // namespace milena::cli
