#include "broker/net/foreign_protocol.h"

#include <algorithm>
#include <array>

namespace milena::net {
namespace {

// First bytes of HTTP/1 methods, and of the HTTP/2 preface.
constexpr std::array<std::string_view, 10> kHttp = {"GET ", "POST", "PUT ", "HEAD", "DELE",
                                                    "OPTI", "PATC", "CONN", "TRAC", "PRI "};

// A TLS record of type handshake, version 3.x (RFC 8446, 5.1).
constexpr std::uint8_t kTlsHandshake = 0x16;
constexpr std::uint8_t kTlsMajor = 0x03;

}  // namespace

std::string_view foreign_protocol_hint(ByteView first_four) {
    if (first_four.size() < 4) return {};
    if (std::ranges::find(kHttp, as_text(first_four.first(4))) != kHttp.end()) {
        return "this looks like HTTP: the port speaks the Kafka protocol, use a Kafka client";
    }
    if (first_four[0] == kTlsHandshake && first_four[1] == kTlsMajor) {
        return "this looks like TLS: the listener is plaintext, set the client's "
               "security.protocol=PLAINTEXT or use a TLS listener";
    }
    return {};
}

}  // namespace milena::net
