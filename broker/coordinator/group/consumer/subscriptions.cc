#include "broker/coordinator/group/consumer/subscriptions.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <re2/re2.h>
#include <xxhash.h>

namespace milena::coordinator::group::consumer {

namespace {

// What Kafka feeds to its hash: little-endian numbers, strings as UTF-16 with their length behind.
class HashInput {
  public:
    template <class T>
    void number(T value) {
        for (std::size_t i = 0; i < sizeof value; ++i)
            bytes_.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> 8 * i));
    }
    // Topic names are ASCII, and racks are in practice.
    void text(std::string_view text) {
        for (const char c : text) number(static_cast<std::uint16_t>(static_cast<unsigned char>(c)));
        number(static_cast<std::int32_t>(text.size()));
    }
    std::uint64_t hash() const { return XXH3_64bits(bytes_.data(), bytes_.size()); }

  private:
    std::vector<std::uint8_t> bytes_;
};

std::uint64_t topic_hash(const metadata::TopicImage& topic, const metadata::Image& image) {
    HashInput input;
    input.number(std::uint8_t{0});  // the layout's number
    input.number(topic.id.value().high);
    input.number(topic.id.value().low);
    input.text(topic.name);
    input.number(static_cast<std::int32_t>(topic.partitions.size()));
    std::vector<std::string_view> racks;
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
        input.number(static_cast<std::int32_t>(i));
        racks.clear();
        for (const BrokerId id : topic.partitions[i]->replicas) {
            const metadata::BrokerImage* broker = image.broker(id);
            if (broker && broker->rack) racks.push_back(*broker->rack);
        }
        std::ranges::sort(racks);
        for (const std::string_view rack : racks) {
            input.number(static_cast<std::int32_t>(rack.size()));
            input.text(rack);
        }
    }
    return input.hash();
}

bool subscribe_alike(const Member& a, const Member& b) {
    return a.topic_regex == b.topic_regex && a.topic_names == b.topic_names;
}

re2::StringPiece piece(std::string_view text) {
    return {text.data(), text.size()};
}

re2::RE2::Options regex_options() {
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_max_mem(1 << 20);
    return options;
}

}  // namespace

Subscriptions::Subscriptions(const Draft& draft, const metadata::Image& image) : image_(image) {
    std::map<std::pair<std::span<const std::string>, std::string_view>, std::span<const TopicId>,
             decltype([](const auto& a, const auto& b) {
                 if (a.second != b.second) return a.second < b.second;
                 return std::ranges::lexicographical_compare(a.first, b.first);
             })>
        known;
    const Member* last = nullptr;
    draft.for_each([&](const Member& member) {
        if (last && subscribe_alike(*last, member)) {
            by_member_.push_back(by_member_.back());
            return;
        }
        last = &member;
        const auto [entry, is_new] =
            known.try_emplace({std::span(member.topic_names), member.topic_regex});
        if (is_new) {
            auto& list = lists_.emplace_back();
            const auto add = [&](const std::vector<std::string>& topics) {
                for (const std::string& name : topics) {
                    names_.insert(name);
                    if (const auto* topic = image.topic(name)) list.push_back(topic->id);
                }
            };
            add(member.topic_names);
            if (const ResolvedRegex* resolved = draft.regex(member.topic_regex))
                add(resolved->topics);
            std::ranges::sort(list);
            const auto repeated = std::ranges::unique(list);
            list.erase(repeated.begin(), repeated.end());
            entry->second = list;
        }
        by_member_.push_back(entry->second);
    });
}

std::int64_t Subscriptions::metadata_hash() const {
    HashInput input;
    bool is_empty = true;
    for (const std::string_view name : names_) {
        const auto* topic = image_.topic(name);
        if (!topic) continue;
        input.number(topic_hash(*topic, image_));
        is_empty = false;
    }
    return is_empty ? 0 : static_cast<std::int64_t>(input.hash());
}

Status check_regex(std::string_view regex) {
    const re2::RE2 compiled(piece(regex), regex_options());
    if (compiled.ok()) return {};
    return fail(ErrorCode::INVALID_REGULAR_EXPRESSION,
                "SubscribedTopicRegex `" + std::string(regex) +
                    "` is not a valid regular expression: " + compiled.error() + ".");
}

ResolvedRegex resolve_regex(std::string_view regex, const metadata::Image& image, TimestampMs now) {
    ResolvedRegex resolved{{}, image.provenance.end.value(), now};
    const re2::RE2 compiled(piece(regex), regex_options());
    if (!compiled.ok()) return resolved;
    image.topics_by_name.for_each([&](const auto& topic) {
        if (re2::RE2::FullMatch(piece(topic->name), compiled))
            resolved.topics.push_back(topic->name);
    });
    normalize(resolved.topics);
    return resolved;
}

}  // namespace milena::coordinator::group::consumer
