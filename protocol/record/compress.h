// Kafka's four codecs behind one interface.
//
// Invariants: what comes out of decompression is bounded by the caller, and memory grows with what
// has come out, never with what the input claims; every input gives bytes or an Error. Contexts of
// the libraries are made on first use and kept. One object serves one thread at a time: each
// reactor owns one, as does every test and tool.
//
// Errors of decompression: CORRUPT_MESSAGE (not what the codec writes, cut off, bytes behind the
// end), MESSAGE_TOO_LARGE (more than the limit comes out), UNSUPPORTED_COMPRESSION_TYPE.
#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/error.h"
#include "protocol/record/codec.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace milena {

// Decompressed bytes, piece by piece, in memory that does not depend on how many there are.
class ByteStream {
  public:
    virtual ~ByteStream() = default;
    // Fills `into` (not empty) from the front; how many bytes. 0 only at the end.
    virtual Result<std::size_t> read(MutableBytes into) = 0;
};

class Codecs {
  public:
    Codecs();
    ~Codecs();
    Codecs(Codecs&&) noexcept;
    Codecs& operator=(Codecs&&) noexcept;

    // Compresses `input` as one block and appends it to `out`, framed as Kafka's clients do (snappy
    // in xerial blocks, lz4 as a frame of independent 64 KiB blocks). Codec::none copies.
    Status compress(const Compression& how, ByteView input, std::vector<std::uint8_t>& out);

    // Replaces the contents of `out` by all that `input` holds, at most `max_bytes`.
    Status decompress(Codec codec, ByteView input, std::vector<std::uint8_t>& out,
                      std::size_t max_bytes);

    // The same piece by piece. The stream reads `input`, and lives in this object until the next
    // call of any function.
    Result<ByteStream*> start(Codec codec, ByteView input, std::size_t max_bytes);

    // Working memory for callers: one to read streams through, always of the same size, one for a
    // whole payload. What they hold is the caller's until it returns.
    MutableBytes window();
    std::vector<std::uint8_t>& payload();
    // Gives back what an unusually large batch left: at most some 10 MiB stay. For after each use.
    void trim();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace milena
