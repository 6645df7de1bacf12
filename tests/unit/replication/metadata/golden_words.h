// Reads lines of the golden files of tests/golden/metadata that Kafka's controller has written:
// fields separated by blanks, lists by commas, "-" for an empty list.
#pragma once

#include "replication/metadata/image.h"

#include <sstream>
#include <string>
#include <vector>

namespace milena::metadata {

class GoldenWords {
  public:
    explicit GoldenWords(const std::string& line) : fields_(line) {}

    // Empty at the end of the line.
    std::string word() {
        std::string word;
        fields_ >> word;
        return word;
    }
    std::int32_t number() { return std::stoi(word()); }
    LeaderRecoveryState recovery() { return static_cast<LeaderRecoveryState>(number()); }
    std::vector<BrokerId> list() { return list_of(word()); }
    static std::vector<BrokerId> list_of(const std::string& text) {
        std::vector<BrokerId> list;
        std::istringstream items(text);
        for (std::string item; std::getline(items, item, ',');) {
            if (item != "-") list.emplace_back(std::stoi(item));
        }
        return list;
    }
    // All of it but directories and epochs.
    PartitionImage partition() {
        PartitionImage partition;
        partition.replicas = list();
        partition.isr = list();
        partition.elr = list();
        partition.last_known_elr = list();
        partition.adding_replicas = list();
        partition.removing_replicas = list();
        partition.leader = BrokerId(number());
        partition.leader_recovery_state = recovery();
        return partition;
    }

  private:
    std::istringstream fields_;
};

}  // namespace milena::metadata
