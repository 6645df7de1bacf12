// Plays a scenario on a data directory and keeps account of what the outside was told, so that what
// is there after a crash can be held against it.
//
// A partition's history is a list of branches: every cut begins a new one. What recovery finds must
// be a prefix of a branch that was not cut away for good, and reach what was said to be synced.
#pragma once

#include "log/log_dir.h"
#include "tests/unit/log/support/crash_disk.h"
#include "tests/unit/log/support/log_fixture.h"
#include "tests/unit/log/support/log_model.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace milena::log::test {

struct PartitionKey {
    TopicPartition id;
    TopicId topic_id;

    friend auto operator<=>(const PartitionKey&, const PartitionKey&) = default;
};

using Branch = std::vector<ModelBatch>;

// What was promised of one partition.
struct PartitionTold {
    bool may_exist = false;
    bool must_exist = false;
    std::size_t first_branch = 0;  // those before it may not come back
    Offset synced{0};
    Offset least_start{0};     // checkpointed
    Offset greatest_start{0};  // any that the log may have moved to
};
using Told = std::map<PartitionKey, PartitionTold>;

struct History {
    std::map<PartitionKey, std::vector<Branch>> branches;
    // What was told when so many changes had been made to the disk; ascending.
    std::vector<std::pair<std::size_t, Told>> told;
    // What the stage itself saw go wrong.
    std::vector<std::string> violations;

    const Told& told_at(std::size_t changes) const;
};

class Stage {
  public:
    Stage(CrashDisk& disk, const LogSettings& settings, History& history);
    ~Stage();

    // Every verb says whether it was done; what was done is a promise. After a refusal a scenario
    // may go on: the history then holds what the log itself says.
    bool open();
    bool close();
    // As kill -9.
    void kill();
    bool create(const std::string& topic, std::uint64_t topic_id);
    bool remove(const std::string& topic);
    bool mark_stray(const std::string& topic);
    bool step();
    bool checkpoint();
    bool sync(const std::string& topic, SyncScope scope = SyncScope::data);
    // Numbers and stamps the batch; producer id 0: none.
    bool append(const std::string& topic, const BatchSpec& spec = {}, int epoch = 0);
    bool append_marker(const std::string& topic, ProducerId producer, bool commit);
    bool roll(const std::string& topic);
    bool truncate(const std::string& topic, Offset offset);
    bool start_anew(const std::string& topic, Offset offset);
    bool advance_start(const std::string& topic, Offset offset);
    bool retain(const std::string& topic);
    PartitionLog* log(const std::string& topic);
    CrashDisk& disk() { return disk_; }
    int refused() const { return refused_; }

  private:
    struct Live {
        TopicId topic_id;
        std::unique_ptr<PartitionLog> log;
        std::map<ProducerId, std::int32_t> next_sequence;
    };

    bool noted(const Status& status);
    bool append_bytes(Live& live, const PartitionKey& key, std::vector<std::uint8_t> batch,
                      int epoch);
    PartitionKey key_of(const std::string& topic) const;
    PartitionTold& told_of(const std::string& topic) { return told_[key_of(topic)]; }
    void tell();
    // After a cut, done or refused: the branch that the log says it has.
    void begin_branch(const std::string& topic, bool done);
    Checkpoints marks() const;

    CrashDisk& disk_;
    LogSettings settings_;
    History& history_;
    Told told_;
    SeededRandom random_{11};
    LogTime now_{TimestampMs{1'000'000}, MonoTime{}};
    std::int64_t next_timestamp_ = 1'000;
    int refused_ = 0;
    std::unique_ptr<LogDir> dir_;
    std::map<std::string, Live> live_;
};

// Opens everything that the image holds, as a broker does at its start, and compares it with the
// promises and the histories. What is wrong, or nothing. `changes`: what recovery did to the disk.
std::optional<std::string> recover_and_check(DiskImage image, const LogSettings& settings,
                                             const History& history, const Told& told,
                                             std::vector<Change>* changes);

}  // namespace milena::log::test
