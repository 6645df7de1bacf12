#include "protocol/wire/json.h"

#include "protocol/msg/fetch.visit.h"
#include "protocol/msg/produce.visit.h"
#include "protocol/msg/records/partition_change_record.visit.h"

#include <gtest/gtest.h>

namespace milena {
namespace {

TEST(Json, NamesAreInCamelCaseAndDefaultsOfTaggedFieldsAreLeftOut) {
    Arena arena;
    msg::PartitionChangeRecord change;
    change.partition_id = PartitionIndex{2};
    change.topic_id = TopicId{Uuid{0, 1}};
    change.isr = Array<BrokerId>::make(arena, 2);
    change.isr[0] = BrokerId{1};
    change.isr[1] = BrokerId{3};
    EXPECT_EQ(to_json(change, ApiVersion{0}),
              R"({"partitionId":2,"topicId":"AAAAAAAAAAAAAAAAAAAAAQ","isr":[1,3]})");
}

TEST(Json, RecordsAreCountedUnlessAskedFor) {
    Arena arena;
    msg::ProduceRequest request;
    request.topic_data = Array<msg::ProduceRequest::TopicProduceData>::make(arena, 1);
    request.topic_data[0].name = "a\"b\\c\n\x01";
    request.topic_data[0].partition_data =
        Array<msg::ProduceRequest::PartitionProduceData>::make(arena, 1);
    const std::vector<std::uint8_t> records{'a', 'b', 'c', 'd'};
    request.topic_data[0].partition_data[0].records = Records(records);
    const std::string head =
        R"({"transactionalId":null,"acks":0,"timeoutMs":0,"topicData":[{"name":"a\"b\\c\n\u0001",)"
        R"("partitionData":[{"index":0,)";
    EXPECT_EQ(to_json(request, ApiVersion{3}), head + R"("recordsSizeInBytes":4}]}]})");
    EXPECT_EQ(to_json(request, ApiVersion{3}, {.with_records = true}),
              head + R"("records":"YWJjZA=="}]}]})");
}

TEST(Json, TextIsPutTogetherRight) {
    JsonText out;
    out.begin('{');
    out.key("a_b");
    out.begin('[');
    out.value(true);
    out.value(-5);
    out.value(2.0);
    out.null();
    out.value(ByteView(as_bytes("x")));
    out.end(']');
    out.key("empty");
    out.begin('{');
    out.end('}');
    out.key("last");
    out.value(std::string_view("é"));
    out.end('}');
    EXPECT_EQ(out.text(), R"({"aB":[true,-5,2.0,null,"eA=="],"empty":{},"last":"é"})");
}

}  // namespace
}  // namespace milena
