// What the API layer knows of one connection.
#pragma once

#include "broker/net/frame_sink.h"

#include <cstdint>
#include <string>

namespace milena::api {

struct ReactorScratch;

// Whom a listener serves: clients and brokers, or controllers. Each has APIs of its own.
enum class Plane : std::uint8_t { broker, controller };

class Connection final : public net::ConnectionState {
  public:
    Connection(net::Peer peer, net::Executor& executor, ReactorScratch& scratch,
               std::uint64_t number, Plane plane)
        : peer_(std::move(peer)),
          executor_(executor),
          scratch_(scratch),
          number_(number),
          plane_(plane) {}

    const net::Peer& peer() const { return peer_; }
    net::Executor& executor() const { return executor_; }
    ReactorScratch& scratch() const { return scratch_; }
    // Grows with every connection, from 1 on.
    std::uint64_t number() const { return number_; }
    Plane plane() const { return plane_; }

    // As the client named itself in ApiVersions (KIP-511); empty before.
    std::string software_name;
    std::string software_version;

  private:
    const net::Peer peer_;
    net::Executor& executor_;
    ReactorScratch& scratch_;
    const std::uint64_t number_;
    const Plane plane_;
};

}  // namespace milena::api
