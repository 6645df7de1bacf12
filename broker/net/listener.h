// Accepts connections of one listening socket and spreads them over reactors.
//
// At max.connections, and when descriptors run out, it stops accepting until there is room: peers
// wait in the kernel's backlog, and nothing spins. Lives on its reactor.
#pragma once

#include "broker/net/connection_host.h"
#include "broker/net/listen_socket.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace milena::net {

class Listener : public std::enable_shared_from_this<Listener> {
  public:
    // `home` is the host on whose reactor it accepts; `hosts` are where connections go, all of them
    // outlive the listener.
    Listener(ConnectionHost& home, std::span<const std::unique_ptr<ConnectionHost>> hosts,
             std::string name, ListenSocket socket);
    ~Listener();

    ConnectionHost& home() { return home_; }

    // On the reactor.
    void start();
    void stop();

  private:
    struct Acceptor;
    enum class Next : std::uint8_t { kMore, kWait, kPaused };

    void wait();
    void accept_some();
    void accept_again();
    Next accept_one();
    Next on_accept_error(int error);
    void hand_over(UniqueFd socket, std::string address, std::uint16_t port);
    void log_limited(std::string_view event, std::string_view subject, std::string_view why);

    ConnectionHost& home_;
    const std::span<const std::unique_ptr<ConnectionHost>> hosts_;
    const std::string name_;
    UniqueFd listening_;  // until start()
    std::unique_ptr<Acceptor> acceptor_;
    bool stopped_ = false;
};

}  // namespace milena::net
