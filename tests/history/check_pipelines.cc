// Consume, transform, produce: each input has one visible output, and its position was moved by
// the very transaction that shows it.
#include "tests/history/checker.h"

#include <algorithm>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <fmt/format.h>

namespace milena::history {

namespace {

class PipelineCheck {
  public:
    PipelineCheck(const Facts& facts, const Pipeline& pipeline, Report& report)
        : facts_(facts), pipeline_(pipeline), report_(report) {}

    void run() {
        outputs();
        const std::vector<const At*> positions = last_positions();
        for (const Write& input : facts_.writes) {
            const At& at = facts_.place(input);
            if (facts_.history.partitions[at.partition].topic != pipeline_.input) continue;
            const At* position = positions[at.partition];
            if (position == nullptr || (input.seen & kVisible) == 0) continue;
            if (input.placed < position->offset) {
                processed(input, at.value, position->offset);
            } else {
                unprocessed(input, at.value, position->offset);
            }
        }
    }

  private:
    struct Outputs {
        const Write* visible = nullptr;
        bool may_be_deleted = false;
    };

    void outputs() {
        for (const Write& write : facts_.writes) {
            const Operation& op = facts_.operation(write);
            const At& at = facts_.place(write);
            if (op.from == 0) continue;
            if (facts_.history.partitions[at.partition].topic != pipeline_.output) continue;
            Outputs& mine = outputs_[op.from];
            if ((write.seen & kVisible) == 0) {
                const std::int64_t low = facts_.partitions[at.partition].low();
                if (low > 0 && at.offset < low) mine.may_be_deleted = true;
                continue;
            }
            if (mine.visible != nullptr) {
                report_.add(Anomaly::reprocessed_input, [&] {
                    return fmt::format("{} became {} and {}", op.from,
                                       facts_.describe(*mine.visible), facts_.describe(write));
                });
            }
            mine.visible = &write;
        }
    }

    // Of each partition of the input, what the group's last fetch said, if that came when no
    // transaction of the group was going on any more: after the output was read for the last time.
    std::vector<const At*> last_positions() const {
        Time quiet = INT64_MIN;
        for (std::uint32_t p = 0; p < facts_.partitions.size(); ++p) {
            if (facts_.history.partitions[p].topic != pipeline_.output) continue;
            quiet = std::max(quiet, facts_.partitions[p].committed.end);
        }
        std::vector<const At*> positions(facts_.partitions.size(), nullptr);
        for (const Operation& op : facts_.history.operations()) {
            if (op.verb != Verb::fetch_offsets || op.group != pipeline_.group) continue;
            if (op.begin < quiet) continue;
            for (const At& at : facts_.history.places(op)) positions[at.partition] = &at;
        }
        return positions;
    }

    void processed(const Write& input, Value value, std::int64_t position) {
        const auto mine = outputs_.find(value);
        if (mine != outputs_.end() && (mine->second.visible || mine->second.may_be_deleted)) return;
        report_.add(Anomaly::unprocessed_input, [&] {
            return fmt::format(
                "{} at offset {} is behind the group's position {}, but nothing "
                "was made of it",
                facts_.describe(input), input.placed, position);
        });
    }

    void unprocessed(const Write& input, Value value, std::int64_t position) {
        const auto mine = outputs_.find(value);
        if (mine == outputs_.end() || mine->second.visible == nullptr) return;
        report_.add(Anomaly::torn_transaction, [&] {
            return fmt::format("{} at offset {} is before the group's position {}, but {} is there",
                               facts_.describe(input), input.placed, position,
                               facts_.describe(*mine->second.visible));
        });
    }

    const Facts& facts_;
    const Pipeline& pipeline_;
    Report& report_;
    boost::unordered_flat_map<Value, Outputs> outputs_;
};

}  // namespace

void check_pipelines(const Facts& facts, Report& report) {
    for (const Pipeline& pipeline : facts.history.pipelines) {
        PipelineCheck(facts, pipeline, report).run();
    }
}

}  // namespace milena::history
