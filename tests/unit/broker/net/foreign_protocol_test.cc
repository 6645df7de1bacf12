#include "broker/net/foreign_protocol.h"

#include <string_view>

#include <gtest/gtest.h>

namespace milena::net {
namespace {

using namespace std::string_view_literals;

TEST(ForeignProtocol, RecognisesHttpAndTlsAndNothingElse) {
    struct Row {
        std::string_view first;
        std::string_view says;
    };
    for (const auto& row : {Row{"GET "sv, "HTTP"}, Row{"POST"sv, "HTTP"}, Row{"PRI "sv, "HTTP"},
                            Row{"\x16\x03\x01\x02"sv, "TLS"}, Row{"\x16\x03\x03\x00"sv, "TLS"},
                            Row{"\x00\x00\x00\x20"sv, ""}, Row{"\xff\xff\xff\xff"sv, ""},
                            Row{"SSH-"sv, ""}, Row{"GET"sv, ""}, Row{""sv, ""}}) {
        const auto hint = foreign_protocol_hint(as_bytes(row.first));
        if (row.says.empty()) {
            EXPECT_EQ(hint, "") << row.first;
        } else {
            EXPECT_NE(hint.find(row.says), hint.npos) << row.first;
        }
    }
}

}  // namespace
}  // namespace milena::net
