#include "broker/replica/group_coordinator.h"

#include "broker/coordinator/group/consumer/verbs.h"
#include "broker/coordinator/group/machine.h"
#include "broker/replica/coordinator_host.h"

#include <utility>

namespace milena::replica {
namespace {

namespace group = coordinator::group;

constexpr std::string_view kTopic = "__consumer_offsets";

using Host = CoordinatorHost<group::Machine>;

Host::Options host_options(const GroupCoordinator::Setup& setup) {
    Host::Options options;
    options.settings = setup.settings;
    options.log = setup.log;
    options.perform = [](PartitionIndex, LeaderEpoch, group::Action) {};
    return options;
}

// As ListGroups tells them.
std::pair<std::string_view, std::string_view> kind_of(const group::Group& group) {
    if (const auto* classic = std::get_if<group::ClassicGroup>(&group)) {
        return {"classic", group::state_name(classic->state)};
    }
    const auto& consumer = std::get<group::ConsumerGroup>(group);
    return {"consumer", group::consumer::state_name(consumer.state())};
}

}  // namespace

struct GroupCoordinator::Parts {
    explicit Parts(Setup setup)
        : host(std::string(kTopic), setup.self, setup.partitions, setup.environment,
               setup.executors, host_options(setup)) {}

    Host host;
};

GroupCoordinator::GroupCoordinator(Setup setup)
    : parts_(std::make_unique<Parts>(std::move(setup))) {}

GroupCoordinator::~GroupCoordinator() = default;

Result<PartitionIndex> GroupCoordinator::shard_of(std::string_view group_id) const {
    return parts_->host.shard_of(group_id);
}

std::vector<PartitionIndex> GroupCoordinator::shards() const {
    return parts_->host.shards();
}

void GroupCoordinator::submit(PartitionIndex shard, Request request, Done done,
                              Verification verification) {
    parts_->host.submit(shard, std::move(request), std::move(done), verification);
}

void GroupCoordinator::end_transaction(PartitionIndex shard, const log::TransactionEnd& end,
                                       Written done) {
    parts_->host.end_transaction(shard, end, std::move(done));
}

GroupCoordinator::Tally GroupCoordinator::tally() const {
    const auto counts = parts_->host.shard_counts();
    Tally tally{counts.hosted, counts.loading, {}, 0};
    parts_->host.show_machines([&](const group::Machine& machine) {
        for (const auto& [id, found] : machine.state().groups) ++tally.groups[kind_of(found)];
        for (const auto& [id, topics] : machine.state().offsets.by_group()) {
            for (const auto& [topic, partitions] : topics) tally.positions += partitions.size();
        }
    });
    return tally;
}

const CoordinatorCounters& GroupCoordinator::counters() const {
    return parts_->host.counters();
}

void GroupCoordinator::publish(const metadata::Image& after, const metadata::Delta& delta) {
    parts_->host.publish(after);
    group::ImageChanged changed;
    group::ForgetTopics forget;
    for (const auto& topic : delta.topics) {
        changed.topics.push_back(topic.after ? topic.after->name : topic.before->name);
        if (!topic.after) forget.names.push_back(topic.before->name);
    }
    // A shard that is still loading looks at the image when it has loaded.
    if (!forget.names.empty()) tell_all(forget);
    if (!changed.topics.empty()) tell_all(changed);
}

void GroupCoordinator::tell_all(const Request& news) {
    for (const auto shard : parts_->host.shards()) {
        parts_->host.submit(shard, news, [](const Result<Reply>&) {});
    }
}

void GroupCoordinator::start(const metadata::Image& image) {
    parts_->host.start(image);
}

void GroupCoordinator::stop() {
    parts_->host.stop();
}

}  // namespace milena::replica
