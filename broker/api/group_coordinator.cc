#include "broker/api/group_coordinator.h"

#include "broker/api/services.h"
#include "broker/replica/group_coordinator.h"

namespace milena::api {

void ask_shard_of(Services& services, std::string_view group_id, group::Request request,
                  GroupDone done, replica::Verification verification) {
    const auto shard = services.groups.shard_of(group_id);
    if (!shard) return done(std::unexpected(shard.error()));
    services.groups.submit(*shard, std::move(request), std::move(done), verification);
}

void ask_shard(Services& services, PartitionIndex shard, group::Request request, GroupDone done) {
    services.groups.submit(shard, std::move(request), std::move(done));
}

std::vector<PartitionIndex> group_shards(const Services& services) {
    return services.groups.shards();
}

}  // namespace milena::api
