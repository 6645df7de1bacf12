#include "broker/coordinator/group/member_id.h"

namespace milena::coordinator::group {
namespace {

// Java's text of a random UUID: 8-4-4-4-12 hexadecimal digits.
std::string dashed(const Uuid& id) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (int nibble = 0; nibble < 32; ++nibble) {
        if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) text += '-';
        const auto half = nibble < 16 ? id.high : id.low;
        text += kDigits[half >> (60 - 4 * (nibble % 16)) & 15];
    }
    return text;
}

}  // namespace

std::string make_member_id(const JoinGroup& request, Random& random) {
    return request.instance_id.value_or(request.client.id) + "-" + dashed(random.uuid());
}

}  // namespace milena::coordinator::group
