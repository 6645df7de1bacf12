// The verbs of the consumer protocol where it is not served: as Kafka answers when it is turned
// off.
#include "broker/coordinator/group/verbs.h"

namespace milena::coordinator::group {
namespace {

constexpr const char* kNotServed = "The consumer group protocol is not enabled.";

}  // namespace

void decide(Deciding& deciding, const ConsumerGroupHeartbeat&, ReplyId reply) {
    ConsumerGroupHeartbeat::Reply answer;
    answer.error = {ErrorCode::UNSUPPORTED_VERSION, kNotServed};
    deciding.reply(reply, std::move(answer));
}

void decide(Deciding& deciding, const ConsumerGroupDescribe& request, ReplyId reply) {
    ConsumerGroupDescribe::Reply answer;
    answer.error = {ErrorCode::UNSUPPORTED_VERSION, kNotServed};
    answer.group_id = request.group_id;
    deciding.reply(reply, std::move(answer));
}

void decide(Deciding& deciding, const ImageChanged&, ReplyId reply) {
    deciding.reply(reply, ImageChanged::Reply{});
}

}  // namespace milena::coordinator::group
