// The reader under any sequence of calls. Input: how many calls, a byte for each, then the bytes
// that are read.
#include "protocol/wire/reader.h"
#include "tests/fuzz/allocation_cap.h"

namespace milena {
namespace {

// Keeps the compiler from leaving out what a view shows.
void touch(ByteView bytes) {
    static volatile std::uint8_t sink = 0;
    for (const auto byte : bytes) sink = sink ^ byte;
}
void touch(std::string_view text) {
    touch(as_bytes(text));
}

void read_tags(Reader& reader, int choice) {
    for (TagReader tags(reader, (choice & 0x20) != 0); tags.next();) {
        if (tags.tag() == 0) {
            touch(reader.string((choice & 0x40) != 0));
        } else if (tags.tag() == 1) {
            reader.skip_tags(true);
        } else {
            tags.skip();
        }
    }
}

void call(Reader& reader, std::uint8_t choice) {
    const bool compact = (choice & 0x20) != 0;
    const bool may_be_null = (choice & 0x40) != 0;
    switch (choice & 0x1f) {
        case 0:
            reader.boolean();
            break;
        case 1:
            reader.int16();
            break;
        case 2:
            reader.int64();
            break;
        case 3:
            reader.uuid();
            break;
        case 4:
            reader.varint();
            break;
        case 5:
            reader.varlong();
            break;
        case 6:
            touch(reader.string(compact));
            break;
        case 7:
            touch(reader.nullable_string(compact, may_be_null).value_or_empty());
            break;
        case 8:
            touch(reader.bytes(compact));
            break;
        case 9:
            touch(reader.nullable_bytes(compact, may_be_null).value_or_empty());
            break;
        case 10:
            touch(reader.records(compact, may_be_null).bytes());
            break;
        case 11:
            for (const auto text : reader.string_array(compact, may_be_null)) touch(text);
            break;
        case 12:
            for (const auto n : reader.fixed_array<std::int64_t>(compact, may_be_null)) {
                touch({reinterpret_cast<const std::uint8_t*>(&n), sizeof n});
            }
            break;
        case 13:
            read_tags(reader, choice);
            break;
        case 14:
            reader.skip_tags(true);
            break;
        case 15:
            reader.tagged_struct_present(may_be_null);
            break;
        default:
            reader.int8();
    }
}

}  // namespace
}  // namespace milena

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace milena;
    if (size == 0 || size < 1U + data[0]) return 0;
    const ByteView calls(data + 1, data[0]);
    const ByteView bytes(data + 1 + data[0], size - 1 - data[0]);
    const AllocationCap cap(AllocationCap::for_input(bytes.size()));
    Arena arena;
    Reader reader(bytes, arena);
    for (const auto choice : calls) {
        const auto before = reader.position();
        const bool was_ok = reader.ok();
        call(reader, choice);
        MILENA_ASSERT(reader.position() >= before);
        MILENA_ASSERT(reader.position() + reader.remaining() == bytes.size());
        MILENA_ASSERT(was_ok || !reader.ok());
        MILENA_ASSERT(reader.ok() || reader.remaining() == 0);
    }
    return 0;
}
