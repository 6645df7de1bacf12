// milena produce: lines of the standard input become records.
#include "tools/client/line_input.h"
#include "tools/client/producer.h"
#include "tools/command/command_list.h"
#include "tools/command/common.h"
#include "tools/command/record_format.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

namespace milena::cli {
namespace {

// After so long without input what is there is sent.
constexpr Millis kLinger{20};

struct ProduceArguments {
    ClusterOptions cluster;
    std::string topic;
    std::string key_separator;
    std::vector<std::string> headers;
    std::optional<std::int32_t> partition;
    std::optional<std::string> null_word;
    std::string codec = "none";
    std::string acks = "all";
    std::size_t batch_bytes = 256 * 1024;
    bool idempotent = true;
    bool create = false;
};

using Arguments = const ProduceArguments&;

Result<client::ProducerSettings> producer_settings(Arguments arguments) {
    client::ProducerSettings settings;
    settings.topic = arguments.topic;
    settings.acks = arguments.acks == "0"   ? client::Acks::none
                    : arguments.acks == "1" ? client::Acks::leader
                                            : client::Acks::all;
    settings.idempotent = arguments.idempotent;
    settings.may_create_topic = arguments.create;
    settings.batch_bytes = arguments.batch_bytes;
    const auto codec = parse_codec(arguments.codec);
    if (!codec) {
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("there is no codec '{}'; use none, gzip, snappy, lz4 or zstd",
                                arguments.codec));
    }
    settings.compression = Compression::standard(*codec);
    const Millis timeout(static_cast<std::int64_t>(arguments.cluster.timeout_seconds * 1000));
    settings.topic_timeout = timeout;
    settings.delivery_timeout = timeout;
    return settings;
}

class Session {
  public:
    Session(Arguments arguments, client::Cluster& cluster, client::ProducerSettings settings,
            const Io& io)
        : arguments_(arguments),
          key_separator_(unescape(arguments.key_separator)),
          io_(io),
          producer_(cluster, std::move(settings), io.random,
                    [this](PartitionIndex partition, std::int32_t records, const Error& error) {
                        fmt::print(io_.err, "{} record{} for partition {} lost: {}\n", records,
                                   records == 1 ? "" : "s", partition.value(), error.detail);
                        last_loss_ = error;
                    }) {}

    Status run();
    const client::Producer& producer() const { return producer_; }

  private:
    Status parse_headers();
    client::OptionalBytes field(std::string_view text) const {
        if (arguments_.null_word && text == *arguments_.null_word) return std::nullopt;
        return text;
    }
    Status add(std::string_view line);

    Arguments arguments_;
    std::string key_separator_;
    const Io& io_;
    client::Producer producer_;
    std::vector<std::pair<std::string, std::string>> header_texts_;
    std::vector<client::HeaderView> headers_;
    std::size_t line_number_ = 0;
    std::optional<Error> last_loss_;
};

Status Session::parse_headers() {
    for (const auto& text : arguments_.headers) {
        MILENA_ASSIGN(auto header, parse_setting(text));
        header_texts_.push_back(std::move(header));
    }
    for (const auto& [key, value] : header_texts_) headers_.push_back({key, value});
    return {};
}

Status Session::add(std::string_view line) {
    ++line_number_;
    client::Producer::Record record{};
    record.headers = headers_;
    if (arguments_.partition) record.partition = PartitionIndex(*arguments_.partition);
    auto value = line;
    if (!key_separator_.empty()) {
        const auto at = line.find(key_separator_);
        if (at == std::string_view::npos) {
            return fail(ErrorCode::INVALID_REQUEST,
                        fmt::format("line {} has no key separator '{}': '{}'", line_number_,
                                    arguments_.key_separator, line));
        }
        record.key = field(line.substr(0, at));
        value = line.substr(at + key_separator_.size());
    }
    record.value = field(value);
    return producer_.add(record);
}

Status Session::run() {
    MILENA_TRY(parse_headers());
    MILENA_TRY(producer_.open());
    client::LineInput input(io_.in, io_.clock);
    Status status;
    while (status) {
        std::optional<MonoTime> deadline;
        if (producer_.buffered_bytes() > 0) deadline = io_.clock.now() + kLinger;
        std::string_view line;
        const auto state = input.next(deadline, line);
        if (!state) {
            status = std::unexpected(state.error());
        } else if (*state == client::LineInput::State::line) {
            status = add(line);
        } else {
            producer_.flush();
            if (*state == client::LineInput::State::end) break;
        }
    }
    producer_.flush();
    if (status && last_loss_) {
        return fail(last_loss_->code,
                    fmt::format("{} of {} records are lost; the last reason: {}", producer_.lost(),
                                producer_.lost() + producer_.acknowledged(), last_loss_->detail));
    }
    return status;
}

void add_options(CLI::App& app, ProduceArguments& arguments) {
    add_cluster_options(app, arguments.cluster);
    app.add_option("topic", arguments.topic, "Topic to write to")->required();
    app.add_option("-K,--key-separator", arguments.key_separator,
                   "Lines are keys and values with this between them (\\t is a tab)");
    app.add_option("-H,--header", arguments.headers, "A header for every record, name=value")
        ->expected(1)
        ->take_all();
    app.add_option("-p,--partition", arguments.partition,
                   "Partition to write to; else by key, or any");
    app.add_option("--null", arguments.null_word, "A key or value of this text becomes null");
    app.add_option("-z,--codec", arguments.codec, "none, gzip, snappy, lz4 or zstd")
        ->capture_default_str();
    app.add_option("--acks", arguments.acks, "0, 1 or all")
        ->capture_default_str()
        ->check(CLI::IsMember({"0", "1", "all", "-1"}));
    app.add_option("--batch-bytes", arguments.batch_bytes, "Bytes of records in one batch")
        ->capture_default_str();
    app.add_flag("!--no-idempotence", arguments.idempotent,
                 "Batches that are sent again may be written again");
    app.add_flag("--create", arguments.create,
                 "Let the broker create the topic, if it is set to do so");
}

}  // namespace

int run_produce(int argc, char** argv, const Io& io) {
    CLI::App app("Write lines of the standard input to a topic.", argv[0]);
    ProduceArguments arguments;
    add_options(app, arguments);
    if (const auto code = parse(app, argc, argv, io)) return *code;

    const bool json = arguments.cluster.json;
    auto cluster_config = cluster_settings(arguments.cluster, io);
    if (!cluster_config) return report_failure(argv[0], cluster_config.error(), json, io);
    auto settings = producer_settings(arguments);
    if (!settings) return report_failure(argv[0], settings.error(), json, io);
    client::Cluster cluster(*std::move(cluster_config), io.clock);
    Session session(arguments, cluster, *std::move(settings), io);
    if (const auto status = session.run(); !status) {
        return report_failure(argv[0], status.error(), json, io);
    }
    const auto count = session.producer().acknowledged();
    if (json) {
        fmt::print(io.out, "{}\n",
                   boost::json::serialize(
                       boost::json::object{{"topic", arguments.topic}, {"records", count}}));
    } else {
        fmt::print(io.err, "Wrote {} record{} to {}.\n", count, count == 1 ? "" : "s",
                   arguments.topic);
    }
    return 0;
}

}  // namespace milena::cli
