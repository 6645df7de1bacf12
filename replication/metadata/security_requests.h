// Features, client quotas, SCRAM credentials and access rules. See requests.h for what all requests
// share.
#pragma once

#include "protocol/base/error.h"
#include "replication/metadata/security_state.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace milena::metadata {

// Numbers of Kafka's FeatureUpdate.UpgradeType; a client may send others, which are refused.
enum class UpgradeType : std::int8_t { upgrade = 1, safe_downgrade = 2, unsafe_downgrade = 3 };

struct UpdateFeatures {
    struct Feature {
        std::string name;
        std::int16_t level = 0;
        UpgradeType type = UpgradeType::upgrade;
    };
    std::vector<Feature> features;
    bool validate_only = false;

    struct Reply {
        Error error;  // one for all: either all are updated or none
    };
};

struct AlterClientQuotas {
    struct Change {
        std::string key;
        std::optional<double> value;  // absent: removed
    };
    struct Part {
        std::string type;
        std::optional<std::string> name;  // absent: the default
    };
    struct Entry {
        std::vector<Part> entity;
        std::vector<Change> changes;
    };
    std::vector<Entry> entries;
    bool validate_only = false;

    struct Reply {
        std::vector<Error> entries;  // as many as were asked for
    };
};

struct AlterUserScramCredentials {
    struct Deletion {
        std::string user;
        ScramMechanism mechanism = ScramMechanism::sha_256;
    };
    // The keys are derived from the salted password before it gets here.
    struct Upsertion {
        std::string user;
        ScramMechanism mechanism = ScramMechanism::sha_256;
        ScramCredential credential;
    };
    std::vector<Deletion> deletions;
    std::vector<Upsertion> upsertions;

    struct Reply {
        struct User {
            std::string name;
            Error error;
        };
        std::vector<User> users;  // each user once, in order of first mention
    };
};

struct CreateAcls {
    std::vector<AclEntry> acls;

    struct Reply {
        std::vector<Error> acls;
    };
};

// Which access rules: numbers as on the wire, where 1 stands for "any" and pattern type 2 for
// "whatever applies to this name"; an absent text fits every text.
struct AclFilter {
    std::int8_t resource_type = 1;
    std::optional<std::string> resource_name{};
    std::int8_t pattern_type = 1;
    std::optional<std::string> principal{};
    std::optional<std::string> host{};
    std::int8_t operation = 1;
    std::int8_t permission = 1;
};
bool matches(const AclFilter& filter, const AclEntry& acl);

struct DeleteAcls {
    std::vector<AclFilter> filters;

    struct Reply {
        struct Filter {
            Error error;
            std::vector<AclEntry> deleted;
        };
        std::vector<Filter> filters;
    };
};

}  // namespace milena::metadata
