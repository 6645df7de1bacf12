// OffsetFetch (9), v1-10. KIP-447 (require stable), KIP-709 (several groups), KIP-848 (member
// epochs), topic ids from v10 on.
// Errors per partition: UNSTABLE_OFFSET_COMMIT, UNKNOWN_TOPIC_ID (v10+); per group: those of the
// group machine (semantics G15, H11) and of the coordinator host. v1 has no place for the error of
// a group: every partition that was asked for carries it.
// Differences from Kafka: none known.
#include "protocol/msg/offset_fetch.h"

#include "broker/api/group_coordinator.h"
#include "broker/api/handler.h"
#include "broker/api/services.h"

namespace milena::api {
namespace {

using Body = msg::OffsetFetchRequest;
using Response = msg::OffsetFetchResponse;
using Answer = group::OffsetFetch::Reply;

constexpr ApiVersion kGroupError{2};
constexpr ApiVersion kSeveralGroups{8};
constexpr ApiVersion kTopicIds{10};

// What one group is asked, and what is known without asking.
struct Question {
    group::OffsetFetch asked;
    std::vector<Answer::Topic> known;  // topics whose id nobody has
};

void add_unknown(Question& question, TopicId id, const Array<PartitionIndex>& indexes) {
    auto& topic = question.known.emplace_back();
    topic.id = id;
    for (const auto index : indexes) {
        auto& partition = topic.partitions.emplace_back();
        partition.index = index;
        partition.error = ErrorCode::UNKNOWN_TOPIC_ID;
    }
}

void add_topic(Question& question, std::string_view name, TopicId id,
               const Array<PartitionIndex>& indexes) {
    question.asked.topics->push_back({std::string(name), id, {indexes.begin(), indexes.end()}});
}

Question question(const metadata::Image& image, const Body::OffsetFetchRequestGroup& from,
                  const Request<Body>& request) {
    Question question;
    question.asked.group_id = from.group_id;
    question.asked.member_id = owned(from.member_id);
    question.asked.member_epoch = from.member_epoch;
    question.asked.require_stable = request.body.require_stable;
    if (from.topics.is_null()) return question;
    question.asked.topics.emplace();
    for (const auto& topic : from.topics) {
        if (request.version < kTopicIds) {
            add_topic(question, topic.name, TopicId{}, topic.partition_indexes);
        } else if (const auto* known = image.topic(topic.topic_id)) {
            add_topic(question, known->name, topic.topic_id, topic.partition_indexes);
        } else {
            add_unknown(question, topic.topic_id, topic.partition_indexes);
        }
    }
    return question;
}

// v1-7: one group, named in the request itself.
Question only_question(const Request<Body>& request) {
    Question question;
    question.asked.group_id = request.body.group_id;
    question.asked.require_stable = request.body.require_stable;
    if (request.body.topics.is_null()) return question;
    question.asked.topics.emplace();
    for (const auto& topic : request.body.topics) {
        add_topic(question, topic.name, TopicId{}, topic.partition_indexes);
    }
    return question;
}

template <class Topic>
void fill_partitions(Arena& arena, const Answer::Topic& from, Topic& to) {
    to.partitions = decltype(to.partitions)::make(arena, from.partitions.size());
    for (std::size_t i = 0; i < from.partitions.size(); ++i) {
        to.partitions[i].partition_index = from.partitions[i].index;
        to.partitions[i].committed_offset = from.partitions[i].offset;
        to.partitions[i].committed_leader_epoch = from.partitions[i].leader_epoch;
        to.partitions[i].metadata = from.partitions[i].metadata;
        to.partitions[i].error_code = from.partitions[i].error;
    }
}

// The error of the group on every partition that was asked for.
Answer spread(const Question& question, const Error& error) {
    Answer answer;
    if (!question.asked.topics) return answer;
    for (const auto& asked : *question.asked.topics) {
        auto& topic = answer.topics.emplace_back();
        topic.name = asked.name;
        for (const auto index : asked.partitions) {
            auto& partition = topic.partitions.emplace_back();
            partition.index = index;
            partition.error = error.code;
        }
    }
    return answer;
}

void answer_one(const Question& question, Answer answer, Reply<Response>& reply) {
    if (reply.version() < kGroupError && answer.error.code != ErrorCode::NONE) {
        answer = spread(question, answer.error);
    }
    Arena arena;
    Response response;
    response.error_code = answer.error.code;
    response.topics = decltype(response.topics)::make(arena, answer.topics.size());
    for (std::size_t i = 0; i < answer.topics.size(); ++i) {
        response.topics[i].name = answer.topics[i].name;
        fill_partitions(arena, answer.topics[i], response.topics[i]);
    }
    reply.send(response);
}

// When all topics were asked for by a client that knows them by id, each gets the id that it has
// now; positions of topics that are gone cannot be told.
void name_by_id(const metadata::Image& image, Answer& answer) {
    std::erase_if(answer.topics, [&](auto& topic) {
        const auto* known = image.topic(topic.name);
        if (known != nullptr) topic.id = known->id;
        return known == nullptr;
    });
}

void answer_groups(Services& services, std::vector<Question>& questions,
                   std::vector<Answer>& answers, Reply<Response>& reply) {
    const auto image = services.controller.image();
    Arena arena;
    Response response;
    response.groups = decltype(response.groups)::make(arena, questions.size());
    for (std::size_t g = 0; g < questions.size(); ++g) {
        auto& out = response.groups[g];
        auto& answer = answers[g];
        out.group_id = questions[g].asked.group_id;
        out.error_code = answer.error.code;
        if (answer.error.code != ErrorCode::NONE) continue;
        if (!questions[g].asked.topics && reply.version() >= kTopicIds) name_by_id(*image, answer);
        for (auto& topic : questions[g].known) answer.topics.push_back(std::move(topic));
        out.topics = decltype(out.topics)::make(arena, answer.topics.size());
        for (std::size_t i = 0; i < answer.topics.size(); ++i) {
            out.topics[i].name = answer.topics[i].name;
            out.topics[i].topic_id = answer.topics[i].id;
            fill_partitions(arena, answer.topics[i], out.topics[i]);
        }
    }
    reply.send(response);
}

void offset_fetch(Services& services, const Request<Body>& request, Reply<Response> reply) {
    if (request.version < kSeveralGroups) {
        auto only = only_question(request);
        auto asked = only.asked;
        return ask_group(services, std::move(asked),
                         [only = std::move(only), reply = std::move(reply)](Answer answer) mutable {
                             answer_one(only, std::move(answer), reply);
                         });
    }
    const auto image = services.controller.image();
    std::vector<Question> questions;
    std::vector<group::OffsetFetch> asked;
    for (const auto& group : request.body.groups) {
        questions.push_back(question(*image, group, request));
        asked.push_back(questions.back().asked);
    }
    ask_groups(services, std::move(asked),
               [&services, questions = std::move(questions),
                reply = std::move(reply)](std::vector<Answer> answers) mutable {
                   answer_groups(services, questions, answers, reply);
               });
}

}  // namespace

MILENA_HANDLER(OffsetFetch, offset_fetch)

}  // namespace milena::api
