// Moves finished replies from a queue to a transport: memory gathered into one write, file ranges
// by sendfile.
//
// Invariant: the cursor stands inside the first reply of the queue, after exactly the bytes of it
// that the transport took. Driven by the connection, on its reactor.
#pragma once

#include "broker/net/reply_queue.h"
#include "broker/net/transport.h"
#include "protocol/base/bytes.h"

#include <cstddef>
#include <cstdint>

namespace milena::net {

enum class SendOutcome : std::uint8_t {
    kDrained,  // nothing left to send now
    kBlocked,  // the transport takes no more: wait until it is writable
    kClose,    // reached the place where the connection is to be closed
    kFailed,   // the transport failed
    kBroken,   // a file range could not be read: the frame cannot be completed
};

struct SendResult {
    SendOutcome outcome = SendOutcome::kDrained;
    std::uint64_t bytes = 0;  // taken by the transport
    int error = 0;            // errno of kFailed and kBroken; 0 for a file that ended early
};

class ReplySender {
  public:
    // Sends replies in order until one of the outcomes, or kBlocked after about a megabyte, so
    // that one fast reader does not keep the others waiting. `copy_space` serves file ranges that
    // are too short for sendfile to pay, or that have no descriptor: 32 KiB or
    // more; its content is not kept.
    SendResult send(ReplyQueue& replies, Transport& transport, MutableBytes copy_space);

  private:
    // A place in a frame: frame.bytes[byte] or, while splices remain there, inside one of them.
    struct Cursor {
        std::size_t byte = 0;
        std::size_t splice = 0;
        std::uint64_t in_splice = 0;
    };
    struct Gathered;
    struct Piece;

    static Piece piece_at(const OutFrame& frame, Cursor& cursor);
    static void move(Cursor& cursor, const Piece& piece, std::uint64_t count);
    Gathered gather(const ReplyQueue& replies, MutableBytes copy_space) const;
    static std::uint64_t gather_memory(Gathered& gathered, const Piece& piece,
                                       MutableBytes& copy_space);
    std::uint64_t gather_file(Gathered& gathered, const Piece& piece, const Cursor& cursor,
                              MutableBytes& copy_space) const;
    void advance(ReplyQueue& replies, std::uint64_t count);
    std::int64_t send_file(const ReplyQueue& replies, Transport& transport);

    Cursor cursor_;
    bool copy_files_ = false;  // this transport has no sendfile
};

}  // namespace milena::net
