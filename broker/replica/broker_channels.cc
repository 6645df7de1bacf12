#include "broker/replica/broker_channels.h"

namespace milena::replica {
namespace {

// Nullptr: there is none, or nobody should ask it.
const metadata::BrokerImage* serving(const metadata::Image& image, BrokerId id) {
    const auto* broker = image.broker(id);
    return broker != nullptr && !broker->is_fenced ? broker : nullptr;
}

}  // namespace

BrokerChannels::BrokerChannels(net::Executor& executor, net::Connector& connector, Options options)
    : executor_(executor), connector_(connector), options_(std::move(options)) {}

Error BrokerChannels::not_there(BrokerId broker) {
    return {ErrorCode::BROKER_NOT_AVAILABLE,
            "broker " + std::to_string(broker.value()) + " is not in the cluster now; retry"};
}

peer::NodeChannel* BrokerChannels::channel_to(BrokerId id) {
    const auto image = options_.image();
    const auto* broker = stopped_ ? nullptr : serving(*image, id);
    const auto* endpoint = broker == nullptr ? nullptr : broker->endpoint(options_.listener);
    if (endpoint == nullptr) return nullptr;
    auto& known = known_[id];
    if (!known.channel || known.epoch != broker->epoch) {
        known.epoch = broker->epoch;
        known.channel = std::make_unique<peer::NodeChannel>(
            executor_, connector_, peer::RemoteNode{id, {endpoint->host, endpoint->port}},
            options_.channel, static_cast<peer::ChannelWatcher&>(*this));
    }
    return known.channel.get();
}

void BrokerChannels::publish() {
    executor_.post([this] {
        const auto image = options_.image();
        std::erase_if(known_, [&](const auto& entry) {
            const auto* broker = serving(*image, entry.first);
            return broker == nullptr || broker->epoch != entry.second.epoch;
        });
    });
}

void BrokerChannels::stop() {
    stopped_ = true;
    known_.clear();
}

}  // namespace milena::replica
