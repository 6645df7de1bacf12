// Client quotas, SCRAM credentials, access rules: codes as Kafka 4.2 answers them.
#include "replication/metadata/client_quotas.h"
#include "tests/unit/replication/metadata/test_cluster.h"

#include <limits>

namespace milena::metadata {
namespace {

using Part = AlterClientQuotas::Part;
using Change = AlterClientQuotas::Change;

ErrorCode alter(TestCluster& cluster, std::vector<Part> entity, std::vector<Change> changes) {
    AlterClientQuotas request;
    request.entries = {{std::move(entity), std::move(changes)}};
    return cluster.ask(request).entries.at(0).code;
}

TEST(ClientQuotas, AreCheckedAsKafkaChecksThem) {
    const std::vector<Part> user{{"user", "u"}};
    const std::vector<Part> ip{{"ip", "10.0.0.1"}};
    struct Row {
        const char* what;
        std::vector<Part> entity;
        std::vector<Change> changes;
        bool is_valid;
    };
    const Row rows[] = {
        {"rate", user, {{"producer_byte_rate", 1000}}, true},
        {"default", {{"user", std::nullopt}}, {{"consumer_byte_rate", 1}}, true},
        {"both", {{"user", "u"}, {"client-id", "c"}}, {{"request_percentage", 12.5}}, true},
        {"address", ip, {{"connection_creation_rate", 5}}, true},
        {"address of version 6", {{"ip", "::1"}}, {{"connection_creation_rate", 5}}, true},
        {"every address", {{"ip", std::nullopt}}, {{"connection_creation_rate", 5}}, true},
        {"removal of nothing", user, {{"request_percentage", std::nullopt}}, true},
        {"nobody", {}, {{"producer_byte_rate", 1}}, false},
        {"no name", {{"user", ""}}, {{"producer_byte_rate", 1}}, false},
        {"unknown type", {{"group", "g"}}, {{"producer_byte_rate", 1}}, false},
        {"twice", {{"user", "u"}, {"user", "v"}}, {{"producer_byte_rate", 1}}, false},
        {"address and user", {{"ip", "10.0.0.1"}, {"user", "u"}}, {}, false},
        {"no address", {{"ip", "10.0.0."}}, {{"connection_creation_rate", 5}}, false},
        {"unknown key", user, {{"nope", 1}}, false},
        {"key of an address", user, {{"connection_creation_rate", 1}}, false},
        {"key of a user", ip, {{"producer_byte_rate", 1}}, false},
        {"zero", user, {{"producer_byte_rate", 0}}, false},
        {"negative", user, {{"request_percentage", -1}}, false},
        {"fraction", user, {{"producer_byte_rate", 1.5}}, false},
        {"too large", ip, {{"connection_creation_rate", 3e9}}, false},
        {"not a number",
         user,
         {{"request_percentage", std::numeric_limits<double>::quiet_NaN()}},
         false},
        {"key twice", user, {{"producer_byte_rate", 1}, {"producer_byte_rate", 2}}, false},
    };
    for (const auto& row : rows) {
        TestCluster cluster;
        const auto code = alter(cluster, row.entity, row.changes);
        EXPECT_EQ(error_name(code), row.is_valid ? "NONE" : "INVALID_REQUEST") << row.what;
        if (!row.is_valid) {
            EXPECT_TRUE(cluster.image().client_quotas->empty()) << row.what;
        }
    }
}

TEST(ClientQuotas, AreSetReplacedAndRemoved) {
    TestCluster cluster;
    const QuotaEntity entity{{"user", "u"}};
    EXPECT_EQ(
        alter(cluster, {{"user", "u"}}, {{"producer_byte_rate", 10}, {"consumer_byte_rate", 20}}),
        ErrorCode::NONE);
    alter(cluster, {{"user", "u"}}, {{"producer_byte_rate", 11}});
    EXPECT_EQ(cluster.image().client_quotas->at(entity),
              (QuotaValues{{"producer_byte_rate", 11}, {"consumer_byte_rate", 20}}));
    AlterClientQuotas same;
    same.entries = {{{{"user", "u"}}, {{"producer_byte_rate", 11}}}};
    EXPECT_TRUE(cluster.decide(same).records.empty());
    alter(cluster, {{"user", "u"}},
          {{"producer_byte_rate", std::nullopt}, {"consumer_byte_rate", std::nullopt}});
    EXPECT_TRUE(cluster.image().client_quotas->empty());
}

TEST(ClientQuotas, AnEntityThatStandsTwiceIsRefusedAndTheOthersAreDone) {
    TestCluster cluster;
    AlterClientQuotas request;
    request.entries = {{{{"user", "u"}}, {{"producer_byte_rate", 1}}},
                       {{{"user", "v"}}, {{"producer_byte_rate", 1}}},
                       {{{"user", "u"}}, {{"producer_byte_rate", 2}}}};
    request.validate_only = true;
    EXPECT_EQ(cluster.ask(request).entries.at(1).code, ErrorCode::NONE);
    EXPECT_TRUE(cluster.image().client_quotas->empty());
    request.validate_only = false;
    const auto reply = cluster.ask(request);
    EXPECT_EQ(reply.entries.at(0).code, ErrorCode::INVALID_REQUEST);
    EXPECT_EQ(reply.entries.at(1).code, ErrorCode::NONE);
    EXPECT_EQ(reply.entries.at(2).code, ErrorCode::INVALID_REQUEST);
    EXPECT_EQ(cluster.image().client_quotas->size(), 1U);
}

TEST(ClientQuotas, AreFoundByFilter) {
    TestCluster cluster;
    const Change rate{"producer_byte_rate", 1};
    alter(cluster, {{"user", "u"}}, {rate});
    alter(cluster, {{"user", std::nullopt}}, {rate});
    alter(cluster, {{"user", "u"}, {"client-id", "c"}}, {rate});
    alter(cluster, {{"client-id", "c"}}, {rate});
    alter(cluster, {{"ip", "::1"}}, {{"connection_creation_rate", 1}});
    using F = QuotaFilter::Part;
    const auto exact = QuotaMatch::exact;
    const auto any = QuotaMatch::any;
    struct Row {
        const char* what;
        std::vector<F> parts;
        bool is_strict;
        std::size_t expected;
    };
    const Row rows[] = {
        {"everything", {}, false, 5},
        {"nothing", {}, true, 0},
        {"a user", {{"user", exact, "u"}}, false, 2},
        {"a user alone", {{"user", exact, "u"}}, true, 1},
        {"the default user", {{"user", QuotaMatch::default_name, {}}}, false, 1},
        {"any user", {{"user", any, {}}}, false, 3},
        {"any pair", {{"user", any, {}}, {"client-id", any, {}}}, false, 1},
        {"another user", {{"user", exact, "x"}}, false, 0},
        {"any address", {{"ip", any, {}}}, true, 1},
    };
    for (const auto& row : rows) {
        const auto found = find_client_quotas(cluster.image(), {row.parts, row.is_strict});
        ASSERT_TRUE(found) << row.what;
        EXPECT_EQ(found->size(), row.expected) << row.what;
    }
    const auto error = [&](std::vector<F> parts) {
        const auto found = find_client_quotas(cluster.image(), {std::move(parts), false});
        return found ? ErrorCode::NONE : found.error().code;
    };
    EXPECT_EQ(error({{"", any, {}}}), ErrorCode::INVALID_REQUEST);
    EXPECT_EQ(error({{"group", any, {}}}), ErrorCode::UNSUPPORTED_VERSION);
    EXPECT_EQ(error({{"user", any, {}}, {"user", any, {}}}), ErrorCode::INVALID_REQUEST);
    EXPECT_EQ(error({{"user", exact, {}}}), ErrorCode::INVALID_REQUEST);
    EXPECT_EQ(error({{"user", any, "u"}}), ErrorCode::INVALID_REQUEST);
    EXPECT_EQ(error({{"user", static_cast<QuotaMatch>(3), {}}}), ErrorCode::INVALID_REQUEST);
    EXPECT_EQ(error({{"user", any, {}}, {"ip", any, {}}}), ErrorCode::INVALID_REQUEST);
}

TEST(Scram, CredentialsAreSetAndRemovedByUserAndMechanism) {
    TestCluster cluster;
    const ScramCredential good{{1, 2}, {3}, {4}, 4096};
    const auto sha256 = ScramMechanism::sha_256;
    const auto set = [&](std::string user, ScramMechanism mechanism, std::int32_t iterations) {
        AlterUserScramCredentials request;
        request.upsertions = {{std::move(user), mechanism, good}};
        request.upsertions[0].credential.iterations = iterations;
        return cluster.ask(request).users.at(0).error.code;
    };
    EXPECT_EQ(set("a", sha256, 4096), ErrorCode::NONE);
    EXPECT_EQ(set("a", ScramMechanism::sha_512, 16384), ErrorCode::NONE);
    EXPECT_EQ(set("a", sha256, 4095), ErrorCode::UNACCEPTABLE_CREDENTIAL);
    EXPECT_EQ(set("a", sha256, 16385), ErrorCode::UNACCEPTABLE_CREDENTIAL);
    EXPECT_EQ(set("", sha256, 4096), ErrorCode::UNACCEPTABLE_CREDENTIAL);
    EXPECT_EQ(set("a", static_cast<ScramMechanism>(3), 4096),
              ErrorCode::UNSUPPORTED_SASL_MECHANISM);
    ASSERT_EQ(cluster.image().scram->size(), 2U);
    EXPECT_EQ(cluster.image().scram->at({"a", sha256}), good);

    const auto remove = [&](std::string user, ScramMechanism mechanism) {
        AlterUserScramCredentials request;
        request.deletions = {{std::move(user), mechanism}};
        return cluster.ask(request).users.at(0).error.code;
    };
    EXPECT_EQ(remove("b", sha256), ErrorCode::RESOURCE_NOT_FOUND);
    EXPECT_EQ(remove("a", static_cast<ScramMechanism>(0)), ErrorCode::UNSUPPORTED_SASL_MECHANISM);
    EXPECT_EQ(remove("a", sha256), ErrorCode::NONE);
    EXPECT_EQ(remove("a", sha256), ErrorCode::RESOURCE_NOT_FOUND);
    EXPECT_EQ(cluster.image().scram->size(), 1U);
}

TEST(Scram, AUserNamedTwiceIsRefused) {
    TestCluster cluster;
    const ScramCredential good{{1}, {2}, {3}, 5000};
    AlterUserScramCredentials request;
    request.upsertions = {{"a", ScramMechanism::sha_256, good},
                          {"b", ScramMechanism::sha_256, good},
                          {"a", ScramMechanism::sha_512, good}};
    const auto reply = cluster.ask(request);
    ASSERT_EQ(reply.users.size(), 2U);
    EXPECT_EQ(reply.users[0].name, "a");
    EXPECT_EQ(reply.users[0].error.code, ErrorCode::DUPLICATE_RESOURCE);
    EXPECT_EQ(reply.users[1].error.code, ErrorCode::NONE);
    EXPECT_EQ(cluster.image().scram->size(), 1U);
}

// Topic "t", literal, User:alice from anywhere may read.
AclEntry rule() {
    return {2, "t", 3, "User:alice", "*", 3, 3};
}

TEST(AccessRules, AreCheckedAsKafkaChecksThem) {
    struct Row {
        const char* what;
        std::function<void(AclEntry&)> spoil;
        bool is_valid;
    };
    const Row rows[] = {
        {"fine", [](AclEntry&) {}, true},
        {"prefixed", [](AclEntry& a) { a.pattern_type = 4; }, true},
        {"cluster", [](AclEntry& a) { a.resource_type = 4, a.resource_name = "kafka-cluster"; },
         true},
        {"any resource", [](AclEntry& a) { a.resource_type = 1; }, false},
        {"unknown resource", [](AclEntry& a) { a.resource_type = 8; }, false},
        {"any pattern", [](AclEntry& a) { a.pattern_type = 1; }, false},
        {"match", [](AclEntry& a) { a.pattern_type = 2; }, false},
        {"any operation", [](AclEntry& a) { a.operation = 1; }, false},
        {"unknown operation", [](AclEntry& a) { a.operation = 16; }, false},
        {"any permission", [](AclEntry& a) { a.permission = 1; }, false},
        {"no name", [](AclEntry& a) { a.resource_name.clear(); }, false},
        {"another cluster", [](AclEntry& a) { a.resource_type = 4; }, false},
    };
    for (const auto& row : rows) {
        TestCluster cluster;
        CreateAcls request;
        request.acls = {rule()};
        row.spoil(request.acls[0]);
        const auto reply = cluster.ask(request);
        EXPECT_EQ(error_name(reply.acls.at(0).code), row.is_valid ? "NONE" : "INVALID_REQUEST")
            << row.what;
        EXPECT_EQ(cluster.image().acls->size(), row.is_valid ? 1U : 0U) << row.what;
    }
}

TEST(AccessRules, ThatExistAlreadyAreNotWrittenAgain) {
    TestCluster cluster;
    CreateAcls request;
    request.acls = {rule(), rule()};
    EXPECT_EQ(cluster.ask(request).acls.at(1).code, ErrorCode::NONE);
    EXPECT_EQ(cluster.image().acls->size(), 1U);
    EXPECT_TRUE(cluster.decide(request).records.empty());
}

TEST(AccessRules, MatchFilters) {
    AclEntry prefixed = rule();
    prefixed.pattern_type = 4;
    prefixed.resource_name = "pre";
    AclEntry wildcard = rule();
    wildcard.resource_name = "*";
    struct Row {
        const char* what;
        AclFilter filter;
        AclEntry acl;
        bool expected;
    };
    const Row rows[] = {
        {"everything", {}, rule(), true},
        {"type", {.resource_type = 2}, rule(), true},
        {"other type", {.resource_type = 3}, rule(), false},
        {"name", {.resource_name = "t"}, rule(), true},
        {"other name", {.resource_name = "tt"}, rule(), false},
        {"literal", {.resource_name = "t", .pattern_type = 3}, rule(), true},
        {"prefixed only", {.resource_name = "t", .pattern_type = 4}, rule(), false},
        {"covered by a prefix", {.resource_name = "prefix", .pattern_type = 2}, prefixed, true},
        {"not covered by it", {.resource_name = "pr", .pattern_type = 2}, prefixed, false},
        {"prefix by its name", {.resource_name = "pre", .pattern_type = 1}, prefixed, true},
        {"covered by all", {.resource_name = "x", .pattern_type = 2}, wildcard, true},
        {"all by its name only", {.resource_name = "x", .pattern_type = 3}, wildcard, false},
        {"principal", {.principal = "User:alice"}, rule(), true},
        {"other principal", {.principal = "User:bob"}, rule(), false},
        {"host", {.host = "10.0.0.1"}, rule(), false},
        {"operation", {.operation = 3}, rule(), true},
        {"other operation", {.operation = 4}, rule(), false},
        {"permission", {.permission = 2}, rule(), false},
    };
    for (const auto& row : rows) EXPECT_EQ(matches(row.filter, row.acl), row.expected) << row.what;
}

TEST(AccessRules, AreDeletedByFilterOnceThoughSeveralFiltersFit) {
    TestCluster cluster;
    CreateAcls create;
    create.acls = {rule(), rule()};
    create.acls[1].resource_name = "u";
    cluster.ask(create);
    DeleteAcls request;
    request.filters = {{.resource_name = "t"}, {.principal = "User:alice"}, {.operation = 0}};
    const auto decision = cluster.decide(request);
    EXPECT_EQ(decision.records.size(), 2U);
    const auto reply = cluster.ask(request);
    ASSERT_EQ(reply.filters.size(), 3U);
    EXPECT_EQ(reply.filters[0].deleted, std::vector{rule()});
    EXPECT_EQ(reply.filters[1].deleted.size(), 2U);
    EXPECT_EQ(reply.filters[2].error.code, ErrorCode::INVALID_REQUEST);
    EXPECT_TRUE(cluster.image().acls->empty());
}

}  // namespace
}  // namespace milena::metadata
