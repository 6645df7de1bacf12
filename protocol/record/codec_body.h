// What a codec implements. Internal to protocol/record: one body per codec in compress_<codec>.cc,
// chosen and bounded by compress.cc.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/record/compress.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace milena {

class CodecBody : public ByteStream {
  public:
    // Begins to decompress `input`, of which at most `max_bytes` may come out.
    Status begin(ByteView input, std::size_t max_bytes);

    // MESSAGE_TOO_LARGE when more than the limit would come out.
    Result<std::size_t> read(MutableBytes into) final;

    // Appends `input`, compressed, to `out`. `level` is one that the codec takes.
    virtual Status compress(std::int32_t level, ByteView input, std::vector<std::uint8_t>& out) = 0;

    // Gives back memory that an unusually large batch left.
    virtual void trim() {}

  protected:
    // Forgets whatever was under way.
    virtual Status restart(ByteView input) = 0;
    // As ByteStream::read. Whether all of the input must have been used at the end is the codec's
    // business.
    virtual Result<std::size_t> produce(MutableBytes into) = 0;

    // How much may still come out; what to answer when more would.
    std::size_t left() const { return left_; }
    std::unexpected<Error> too_large() const;

    // CORRUPT_MESSAGE with the codec's name and what is wrong.
    static std::unexpected<Error> corrupt(std::string_view codec, std::string_view reason);
    // UNKNOWN_SERVER_ERROR: the library refuses to compress.
    static std::unexpected<Error> cannot_compress(std::string_view codec, std::string_view reason);

  private:
    std::size_t max_bytes_ = 0;
    std::size_t left_ = 0;
};

std::unique_ptr<CodecBody> make_gzip();
std::unique_ptr<CodecBody> make_snappy();
std::unique_ptr<CodecBody> make_lz4();
std::unique_ptr<CodecBody> make_zstd();

// Buffers up to this size are kept for the next batch.
inline constexpr std::size_t kKeptBytes = 1 << 20;
inline void release_if_large(std::vector<std::uint8_t>& buffer) {
    if (buffer.capacity() > kKeptBytes) buffer = {};
}

// Room for `size` more bytes behind what is there; the caller writes them and then cuts the vector
// to what it used.
inline MutableBytes extend(std::vector<std::uint8_t>& out, std::size_t size) {
    const auto begin = out.size();
    out.resize(begin + size);
    return MutableBytes(out).subspan(begin);
}

}  // namespace milena
