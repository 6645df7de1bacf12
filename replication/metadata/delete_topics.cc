// DeleteTopics, by name or by id (metadata/.../ReplicationControlManager.java, core/.../
// ControllerApis.scala). Whether topics may be deleted at all (delete.topic.enable) depends on the
// version of the request and is the API's business.
#include "protocol/msg/records/remove_topic_record.h"
#include "replication/metadata/new_partitions.h"
#include "replication/metadata/record_codec.h"

#include <map>
#include <set>

namespace milena::metadata {
namespace {

using Topic = DeleteTopics::Topic;
using TopicReply = DeleteTopics::Reply::Topic;

TopicReply refused(const Topic& topic, ErrorCode code, std::string why) {
    return {topic.name, topic.id, {code, std::move(why)}};
}

// How often each name and each id is asked for.
struct Mentions {
    std::map<std::string_view, int> names;
    std::map<TopicId, int> ids;

    explicit Mentions(const DeleteTopics& request) {
        for (const auto& topic : request.topics) {
            if (topic.name) ++names[*topic.name];
            if (!topic.id.value().is_zero()) ++ids[topic.id];
        }
    }
};

// Why this entry is refused before anybody looks for the topic.
std::optional<TopicReply> refused_as_asked(const Topic& topic, const Mentions& mentions) {
    const bool has_id = !topic.id.value().is_zero();
    if (topic.name && has_id) {
        return refused(topic, ErrorCode::INVALID_REQUEST,
                       "a topic is named by its name or by its id, not by both");
    }
    if (!topic.name && !has_id) {
        return refused(topic, ErrorCode::INVALID_REQUEST, "neither name nor id of a topic given");
    }
    if (topic.name ? mentions.names.at(*topic.name) > 1 : mentions.ids.at(topic.id) > 1) {
        return refused(topic, ErrorCode::INVALID_REQUEST,
                       "this topic stands more than once in the request");
    }
    return std::nullopt;
}

std::optional<TopicReply> refused_as_found(const Topic& topic, const TopicImage* found,
                                           const Mentions& mentions) {
    if (!found && topic.name) {
        return refused(topic, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                       "there is no topic '" + *topic.name + "'");
    }
    if (!found) {
        return refused(topic, ErrorCode::UNKNOWN_TOPIC_ID,
                       "there is no topic with id " + topic.id.value().to_string());
    }
    // By name here and by id elsewhere: one answer, and nothing is deleted.
    if (mentions.names.contains(found->name) && mentions.ids.contains(found->id)) {
        return TopicReply{found->name,
                          found->id,
                          {ErrorCode::INVALID_REQUEST,
                           "topic '" + found->name + "' is asked for by name and by id"}};
    }
    return std::nullopt;
}

}  // namespace

Decision decide(const DeleteTopics& request, const DecideContext& context) {
    const Mentions mentions(request);
    DeleteTopics::Reply reply;
    RecordList records;
    std::set<std::pair<std::optional<std::string>, TopicId>> answered;
    const auto answer = [&](TopicReply topic) {
        if (answered.insert({topic.name, topic.id}).second)
            reply.topics.push_back(std::move(topic));
    };
    for (const auto& topic : request.topics) {
        if (auto refusal = refused_as_asked(topic, mentions)) {
            answer(std::move(*refusal));
            continue;
        }
        const TopicImage* found =
            topic.name ? context.image.topic(*topic.name) : context.image.topic(topic.id);
        if (auto refusal = refused_as_found(topic, found, mentions)) {
            answer(std::move(*refusal));
            continue;
        }
        msg::RemoveTopicRecord record;
        record.topic_id = found->id;
        add_record(records, record, ApiVersion(0));
        answer({found->name, found->id, success()});
    }
    if (const Status size = check_size(records); !size) {
        records = {};
        for (auto& topic : reply.topics) topic.error = size.error();
    }
    return {std::move(records), std::move(reply)};
}

}  // namespace milena::metadata
