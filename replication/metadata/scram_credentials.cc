// AlterUserScramCredentials (KIP-554; facts: metadata/.../ScramControlManager.java). Each user
// succeeds or fails alone, and can be named once only, whatever the mechanism.
#include "protocol/msg/records/remove_user_scram_credential_record.h"
#include "replication/metadata/features.h"
#include "replication/metadata/new_partitions.h"
#include "replication/metadata/record_codec.h"
#include "replication/metadata/record_versions.h"
#include "replication/metadata/security_records.h"

#include <map>

namespace milena::metadata {
namespace {

// Iterations that both mechanisms allow (clients/.../scram/internals/ScramMechanism.java).
constexpr std::int32_t kMinIterations = 4096;
constexpr std::int32_t kMaxIterations = 16384;

Status check_key(const Image& image, const std::string& user, ScramMechanism mechanism) {
    if (image.feature_level(kMetadataVersionFeature) < kMetadataVersion35Iv2) {
        return fail(ErrorCode::UNSUPPORTED_VERSION,
                    "the metadata.version of this cluster has no SCRAM credentials");
    }
    if (user.empty()) return fail(ErrorCode::UNACCEPTABLE_CREDENTIAL, "the user has no name");
    if (mechanism != ScramMechanism::sha_256 && mechanism != ScramMechanism::sha_512) {
        return fail(ErrorCode::UNSUPPORTED_SASL_MECHANISM,
                    "SCRAM mechanism " + std::to_string(static_cast<int>(mechanism)) +
                        " is unknown; known are 1 (SHA-256) and 2 (SHA-512)");
    }
    return {};
}

Status remove(const Image& image, const AlterUserScramCredentials::Deletion& deletion,
              RecordList& records) {
    MILENA_TRY(check_key(image, deletion.user, deletion.mechanism));
    if (!image.scram->contains({deletion.user, deletion.mechanism})) {
        return fail(ErrorCode::RESOURCE_NOT_FOUND,
                    "user '" + deletion.user + "' has no such credential");
    }
    msg::RemoveUserScramCredentialRecord record;
    record.name = deletion.user;
    record.mechanism = static_cast<std::int8_t>(deletion.mechanism);
    add_record(records, record, ApiVersion(0));
    return {};
}

Status upsert(const Image& image, const AlterUserScramCredentials::Upsertion& upsertion,
              RecordList& records) {
    MILENA_TRY(check_key(image, upsertion.user, upsertion.mechanism));
    const auto iterations = upsertion.credential.iterations;
    if (iterations < kMinIterations || iterations > kMaxIterations) {
        return fail(ErrorCode::UNACCEPTABLE_CREDENTIAL,
                    std::to_string(iterations) + " iterations are too " +
                        (iterations < kMinIterations ? "few" : "many") + "; allowed are " +
                        std::to_string(kMinIterations) + " to " + std::to_string(kMaxIterations));
    }
    add_scram_record(records, {upsertion.user, upsertion.mechanism}, upsertion.credential);
    return {};
}

}  // namespace

Decision decide(const AlterUserScramCredentials& request, const DecideContext& context) {
    std::map<std::string_view, int> mentions;
    for (const auto& deletion : request.deletions) ++mentions[deletion.user];
    for (const auto& upsertion : request.upsertions) ++mentions[upsertion.user];

    AlterUserScramCredentials::Reply reply;
    RecordList records;
    const auto answer = [&](const std::string& user, auto&& change) {
        int& count = mentions[user];
        if (count == 0) return;  // answered where it stood first
        Status status;
        if (count > 1) {
            status = fail(ErrorCode::DUPLICATE_RESOURCE,
                          "user '" + user + "' stands more than once in the request");
        } else {
            const std::size_t before = records.size();
            status = change();
            if (status) status = check_size(records);
            if (!status) records.truncate(before);
        }
        count = 0;
        reply.users.push_back({user, status ? success() : std::move(status).error()});
    };
    for (const auto& deletion : request.deletions) {
        answer(deletion.user, [&] { return remove(context.image, deletion, records); });
    }
    for (const auto& upsertion : request.upsertions) {
        answer(upsertion.user, [&] { return upsert(context.image, upsertion, records); });
    }
    return {std::move(records), std::move(reply)};
}

}  // namespace milena::metadata
