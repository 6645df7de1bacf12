#include "protocol/record/compress.h"

#include "protocol/record/codec_body.h"
#include "protocol/record/record_walk.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace milena {

namespace {

// Bytes that are not compressed, as a stream.
class PlainBody final : public CodecBody {
  public:
    Status compress(std::int32_t, ByteView input, std::vector<std::uint8_t>& out) override {
        out.insert(out.end(), input.begin(), input.end());
        return {};
    }

  protected:
    Status restart(ByteView input) override {
        rest_ = input;
        return {};
    }
    Result<std::size_t> produce(MutableBytes into) override {
        const auto n = std::min(into.size(), rest_.size());
        std::copy_n(rest_.begin(), n, into.begin());
        rest_ = rest_.subspan(n);
        return n;
    }

  private:
    ByteView rest_;
};

std::unique_ptr<CodecBody> make_body(Codec codec) {
    switch (codec) {
        case Codec::none:
            return std::make_unique<PlainBody>();
        case Codec::gzip:
            return make_gzip();
        case Codec::snappy:
            return make_snappy();
        case Codec::lz4:
            return make_lz4();
        case Codec::zstd:
            return make_zstd();
    }
    return nullptr;
}

}  // namespace

Status CodecBody::begin(ByteView input, std::size_t max_bytes) {
    max_bytes_ = left_ = max_bytes;
    return restart(input);
}

Result<std::size_t> CodecBody::read(MutableBytes into) {
    // One byte more than allowed tells a stream that ends at the limit from one that goes on.
    const auto room = std::min(into.size(), left_ == SIZE_MAX ? left_ : left_ + 1);
    auto produced = produce(into.first(room));
    if (!produced) return produced;
    if (*produced > left_) return too_large();
    left_ -= *produced;
    return produced;
}

std::unexpected<Error> CodecBody::too_large() const {
    return fail(ErrorCode::MESSAGE_TOO_LARGE,
                fmt::format("the records of the batch come to more than {} bytes when "
                            "decompressed; send smaller batches",
                            max_bytes_));
}

std::unexpected<Error> CodecBody::corrupt(std::string_view codec, std::string_view reason) {
    return fail(ErrorCode::CORRUPT_MESSAGE,
                fmt::format("the records of the batch are not valid {}: {}", codec, reason));
}

std::unexpected<Error> CodecBody::cannot_compress(std::string_view codec, std::string_view reason) {
    return fail(ErrorCode::UNKNOWN_SERVER_ERROR,
                fmt::format("cannot compress records with {}: {}", codec, reason));
}

struct Codecs::State {
    std::array<std::unique_ptr<CodecBody>, 5> bodies;
    std::vector<std::uint8_t> window;
    std::vector<std::uint8_t> payload;

    Result<CodecBody*> body(Codec codec) {
        if (!is_known(codec)) {
            return fail(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
                        fmt::format("compression codec {} does not exist; codecs are 0 (none) to "
                                    "4 (zstd)",
                                    static_cast<int>(codec)));
        }
        auto& body = bodies[static_cast<std::size_t>(codec)];
        if (!body) body = make_body(codec);
        return body.get();
    }
};

Codecs::Codecs() : state_(std::make_unique<State>()) {}
Codecs::~Codecs() = default;
Codecs::Codecs(Codecs&&) noexcept = default;
Codecs& Codecs::operator=(Codecs&&) noexcept = default;

Status Codecs::compress(const Compression& how, ByteView input, std::vector<std::uint8_t>& out) {
    MILENA_ASSIGN(auto* body, state_->body(how.codec));
    return body->compress(how.level, input, out);
}

Status Codecs::decompress(Codec codec, ByteView input, std::vector<std::uint8_t>& out,
                          std::size_t max_bytes) {
    MILENA_ASSIGN(auto* stream, start(codec, input, max_bytes));
    // Grows with what comes out.
    constexpr std::size_t kFirst = 16 * 1024;
    if (out.size() < kFirst) out.resize(kFirst);
    for (std::size_t size = 0;;) {
        if (size == out.size()) out.resize(size * 2);
        const auto got = stream->read(MutableBytes(out).subspan(size));
        if (!got || *got == 0) {
            out.resize(got ? size : 0);
            return got ? Status{} : std::unexpected(got.error());
        }
        size += *got;
    }
}

Result<ByteStream*> Codecs::start(Codec codec, ByteView input, std::size_t max_bytes) {
    MILENA_ASSIGN(auto* body, state_->body(codec));
    MILENA_TRY(body->begin(input, max_bytes));
    return body;
}

MutableBytes Codecs::window() {
    state_->window.resize(record_walk::Window::kBytes);
    return state_->window;
}

std::vector<std::uint8_t>& Codecs::payload() {
    return state_->payload;
}

void Codecs::trim() {
    release_if_large(state_->payload);
    for (auto& body : state_->bodies) {
        if (body) body->trim();
    }
}

}  // namespace milena
