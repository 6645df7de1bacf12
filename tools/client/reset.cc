#include "tools/client/reset.h"

#include "tools/client/offsets.h"

#include <charconv>
#include <chrono>

#include <fmt/format.h>

namespace milena::client {
namespace {

using Ends = std::map<PartitionIndex, Offset>;

Result<Ends> ask(Cluster& cluster, const std::string& topic,
                 const std::vector<PartitionIndex>& partitions, TimestampMs time) {
    std::map<PartitionIndex, TimestampMs> wanted;
    for (const auto index : partitions) wanted.emplace(index, time);
    return list_offsets(cluster, topic, std::move(wanted), Isolation::read_uncommitted,
                        cluster.operation_deadline());
}

// The two ends of every partition of one topic.
struct Range {
    Ends first;
    Ends last;
};

Result<Range> range_of(Cluster& cluster, const std::string& topic,
                       const std::vector<PartitionIndex>& partitions) {
    Range range;
    MILENA_ASSIGN(range.first, ask(cluster, topic, partitions, kEarliest));
    MILENA_ASSIGN(range.last, ask(cluster, topic, partitions, kLatest));
    return range;
}

Offset within(const Range& range, const std::string& topic, PartitionIndex index, Offset wanted,
              const std::function<void(std::string_view)>& warn) {
    const auto first = range.first.at(index);
    const auto last = range.last.at(index);
    const auto tell = [&](std::string_view which, Offset instead) {
        warn(fmt::format(
            "New offset ({}) is {} offset for topic partition {}-{}. Value will be set to {}",
            wanted.value(), which, topic, index.value(), instead.value()));
        return instead;
    };
    if (wanted > last) return tell("higher than latest", last);
    if (wanted < first) return tell("lower than earliest", first);
    return wanted;
}

Result<std::int64_t> number(std::string_view text, std::string_view whole) {
    std::int64_t value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || rest != text.data() + text.size()) {
        return fail(ErrorCode::INVALID_REQUEST, fmt::format("'{}' cannot be read", whole));
    }
    return value;
}

}  // namespace

Result<CommittedOffsets> plan_reset(Cluster& cluster, const TopicPartitions& partitions,
                                    const CommittedOffsets& current, const Target& target,
                                    const std::function<void(std::string_view)>& warn) {
    CommittedOffsets planned;
    for (const auto& [topic, indexes] : partitions) {
        MILENA_ASSIGN(const auto range, range_of(cluster, topic, indexes));
        Ends by_time;
        if (const auto* to = std::get_if<ToTime>(&target)) {
            MILENA_ASSIGN(by_time, ask(cluster, topic, indexes, to->time));
        }
        for (const auto index : indexes) {
            const auto at = current.find({topic, index});
            auto& offset = planned[{topic, index}].offset;
            offset = range.last.at(index);
            if (std::holds_alternative<ToEarliest>(target)) offset = range.first.at(index);
            if (std::holds_alternative<ToCurrent>(target) && at != current.end()) {
                offset = at->second.offset;
            }
            if (std::holds_alternative<ToTime>(target) && by_time.at(index) >= Offset(0)) {
                offset = by_time.at(index);
            }
            if (const auto* to = std::get_if<ToOffset>(&target)) {
                offset = within(range, topic, index, to->offset, warn);
            }
            if (const auto* shift = std::get_if<ShiftBy>(&target)) {
                if (at == current.end()) {
                    return fail(ErrorCode::INVALID_REQUEST,
                                fmt::format("Cannot shift offset for partition {}-{} since there "
                                            "is no current committed offset",
                                            topic, index.value()));
                }
                offset = within(range, topic, index, at->second.offset + shift->records, warn);
            }
        }
    }
    return planned;
}

Result<CommittedOffsets> keep_within(Cluster& cluster, const CommittedOffsets& wanted,
                                     const std::function<void(std::string_view)>& warn) {
    TopicPartitions partitions;
    for (const auto& [where, committed] : wanted) partitions[where.first].push_back(where.second);
    CommittedOffsets kept = wanted;
    for (const auto& [topic, indexes] : partitions) {
        MILENA_ASSIGN(const auto range, range_of(cluster, topic, indexes));
        for (const auto index : indexes) {
            auto& offset = kept[{topic, index}].offset;
            offset = within(range, topic, index, offset, warn);
        }
    }
    return kept;
}

Result<TimestampMs> parse_datetime(std::string_view text) {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millis = 0, used = 0;
    const std::string copy(text);
    const auto wrong = [&] {
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("'{}' is no time; write it like 2026-11-21T13:28:00.000", text));
    };
    if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute,
                    &second, &used) != 6) {
        return wrong();
    }
    auto rest = text.substr(static_cast<std::size_t>(used));
    if (rest.starts_with('.')) {
        if (rest.size() < 4 || std::sscanf(copy.c_str() + used, ".%3d", &millis) != 1) {
            return wrong();
        }
        rest.remove_prefix(4);
    }
    int offset_minutes = 0;
    if (rest == "Z") {
        rest = {};
    } else if (!rest.empty()) {
        int hours = 0, minutes = 0, length = 0;
        const auto zone = std::string(rest.substr(1));
        const bool sign = rest[0] == '+' || rest[0] == '-';
        const bool colon = std::sscanf(zone.c_str(), "%2d:%2d%n", &hours, &minutes, &length) == 2;
        if (!sign ||
            (!colon && std::sscanf(zone.c_str(), "%2d%2d%n", &hours, &minutes, &length) != 2) ||
            static_cast<std::size_t>(length) != zone.size()) {
            return wrong();
        }
        offset_minutes = (rest[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
    }
    using namespace std::chrono;
    const year_month_day date{std::chrono::year(year),
                              std::chrono::month(static_cast<unsigned>(month)),
                              std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 59) return wrong();
    const auto seconds = sys_days(date).time_since_epoch() + hours(hour) +
                         minutes(minute - offset_minutes) + std::chrono::seconds(second);
    return TimestampMs(milliseconds(seconds).count() + millis);
}

Result<Millis> parse_duration(std::string_view text) {
    auto rest = text;
    const auto wrong = [&] {
        return fail(ErrorCode::INVALID_REQUEST,
                    fmt::format("'{}' is no duration; write it like P1DT2H3M4S", text));
    };
    if (!rest.starts_with('P') || rest.size() < 2) return wrong();
    rest.remove_prefix(1);
    bool time = false;
    std::int64_t seconds = 0;
    while (!rest.empty()) {
        if (rest.starts_with('T') && !time && rest.size() > 1) {
            time = true;
            rest.remove_prefix(1);
            continue;
        }
        const auto unit = rest.find_first_not_of("0123456789");
        if (unit == std::string_view::npos) return wrong();
        MILENA_ASSIGN(const auto count, number(rest.substr(0, unit), text));
        const char what = rest[unit];
        if (!time && what == 'D') {
            seconds += count * 86'400;
        } else if (time && what == 'H') {
            seconds += count * 3'600;
        } else if (time && what == 'M') {
            seconds += count * 60;
        } else if (time && what == 'S') {
            seconds += count;
        } else {
            return wrong();
        }
        rest.remove_prefix(unit + 1);
    }
    return Millis(seconds * 1'000);
}

}  // namespace milena::client
