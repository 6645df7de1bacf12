// The report of kafka-topics --describe, line by line as Kafka's tool prints it.
#pragma once

#include "protocol/base/ids.h"
#include "tools/client/admin.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace milena::kafka_tools {

struct TopicsReport {
    std::vector<client::TopicDescription> topics;
    std::map<std::string, std::vector<client::ConfigEntry>> configs;
    client::Reassignments reassignments;
    std::set<BrokerId> live_brokers;
};

// Without any of the first four every partition is shown, below a line for its topic.
struct DescribeFilter {
    bool under_replicated = false;
    bool unavailable = false;
    bool under_min_isr = false;
    bool at_min_isr = false;
    bool only_overrides = false;  // topics with settings of their own, without partitions

    bool picks_partitions() const {
        return under_replicated || unavailable || under_min_isr || at_min_isr;
    }
};

std::string describe_text(const TopicsReport& report, const DescribeFilter& filter);

}  // namespace milena::kafka_tools
