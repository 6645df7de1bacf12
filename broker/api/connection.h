// What the API layer knows of one connection.
#pragma once

#include "broker/net/frame_sink.h"

#include <string>

namespace milena::api {

struct ReactorScratch;

class Connection final : public net::ConnectionState {
  public:
    Connection(net::Peer peer, net::Executor& executor, ReactorScratch& scratch)
        : peer_(std::move(peer)), executor_(executor), scratch_(scratch) {}

    const net::Peer& peer() const { return peer_; }
    net::Executor& executor() const { return executor_; }
    ReactorScratch& scratch() const { return scratch_; }

    // As the client named itself in ApiVersions (KIP-511); empty before.
    std::string software_name;
    std::string software_version;

  private:
    const net::Peer peer_;
    net::Executor& executor_;
    ReactorScratch& scratch_;
};

}  // namespace milena::api
