#include "tools/client/connection.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace milena::client {
namespace {

// No answer that a tool asks for is larger; whoever claims so does not speak Kafka's protocol.
constexpr std::int32_t kLargestFrame = 512 * 1024 * 1024;
// Memory grows with the bytes that arrive.
constexpr std::size_t kReadStep = 1024 * 1024;

}  // namespace

Connection::Connection(Endpoint endpoint, std::string client_id, Socket socket, const Clock& clock)
    : endpoint_(std::move(endpoint)),
      client_id_(std::move(client_id)),
      socket_(std::move(socket)),
      clock_(clock) {}

Result<std::unique_ptr<Connection>> Connection::open(Endpoint endpoint, std::string client_id,
                                                     MonoTime deadline, const Clock& clock) {
    MILENA_ASSIGN(Socket socket, Socket::connect(endpoint, deadline, clock));
    std::unique_ptr<Connection> connection(
        new Connection(std::move(endpoint), std::move(client_id), std::move(socket), clock));
    MILENA_TRY(connection->negotiate(deadline));
    return connection;
}

Status Connection::negotiate(MonoTime deadline) {
    msg::ApiVersionsRequest request;
    request.client_software_name = "milena";
    request.client_software_version = MILENA_VERSION;
    ApiVersion version(static_cast<std::int16_t>(newest(ApiKey::ApiVersions)));
    // An older broker answers in version 0 that it does not know ours, and which it does know.
    for (int attempt = 0; attempt < 2; ++attempt) {
        MILENA_ASSIGN(Sent sent, send_as(request, version, deadline));
        std::vector<std::uint8_t> frame;
        MILENA_ASSIGN(const std::size_t body,
                      receive_frame(ApiKey::ApiVersions, sent, frame, deadline));
        const auto bytes = ByteView(frame).subspan(body);
        const bool refused =
            bytes.size() >= 2 && load_be<std::int16_t>(bytes.data()) ==
                                     static_cast<std::int16_t>(ErrorCode::UNSUPPORTED_VERSION);
        Arena arena;
        auto response = decode_message<msg::ApiVersionsResponse>(
            bytes, refused ? ApiVersion(0) : version, arena, kTrustedLimits);
        if (!response) return std::unexpected(annotate(ApiKey::ApiVersions, response.error()));
        if (!refused && response->error_code != ErrorCode::NONE) {
            return std::unexpected(
                annotate(ApiKey::ApiVersions,
                         Error{response->error_code, error_name(response->error_code)}));
        }
        ranges_ = VersionRanges(*response);
        if (!refused) return {};
        version = ranges_.choose(ApiKey::ApiVersions).value_or(ApiVersion(0));
    }
    return std::unexpected(annotate(
        ApiKey::ApiVersions,
        Error{ErrorCode::UNSUPPORTED_VERSION, "the broker refuses the version that it offers"}));
}

Result<ApiVersion> Connection::version_of(ApiKey api, int our_newest) const {
    const auto version = ranges_.choose(api, our_newest);
    if (!version) return std::unexpected(annotate(api, version.error()));
    return version;
}

Result<std::size_t> Connection::receive_frame(ApiKey api, const Sent& sent,
                                              std::vector<std::uint8_t>& frame, MonoTime deadline) {
    std::array<std::uint8_t, 4> prefix{};
    if (auto status = socket_.read_all(prefix, deadline, clock_); !status) {
        return std::unexpected(annotate(api, status.error()));
    }
    const auto size = load_be<std::int32_t>(prefix.data());
    if (size < 4 || size > kLargestFrame) {
        return std::unexpected(annotate(
            api, Error{ErrorCode::NETWORK_EXCEPTION,
                       fmt::format("the answer claims {} bytes; is this the port of a Kafka "
                                   "broker, without TLS?",
                                   size)}));
    }
    frame.clear();
    while (frame.size() < static_cast<std::size_t>(size)) {
        const auto before = frame.size();
        frame.resize(std::min(before + kReadStep, static_cast<std::size_t>(size)));
        if (auto status = socket_.read_all(MutableBytes(frame).subspan(before), deadline, clock_);
            !status) {
            return std::unexpected(annotate(api, status.error()));
        }
    }
    auto head = decode_response_header(frame, api, sent.version);
    if (!head) return std::unexpected(annotate(api, head.error()));
    if (head->correlation_id != sent.correlation_id) {
        return std::unexpected(annotate(
            api, Error{ErrorCode::NETWORK_EXCEPTION,
                       fmt::format("the answer has correlation id {}, the request had {}",
                                   head->correlation_id.value(), sent.correlation_id.value())}));
    }
    return head->size;
}

Error Connection::annotate(ApiKey api, const Error& error) const {
    return {error.code,
            fmt::format("{} to {}: {}", api_row(api).name, endpoint_.to_string(), error.detail)};
}

}  // namespace milena::client
