#include "broker/quorum/cluster_id.h"

#include "log/meta_properties.h"
#include "tests/unit/broker/quorum/test_node.h"

namespace milena::quorum {
namespace {

class ClusterId : public ::testing::Test {
  protected:
    void belongs(const std::string& name, const std::string& cluster_id) {
        ASSERT_TRUE(disk.make_dir(path(name)));
        ASSERT_TRUE(
            log::write_meta_properties(disk, path(name), {cluster_id, BrokerId(1), std::nullopt}));
    }
    std::string path(const std::string& name) const { return directory.path() + "/" + name; }
    Result<std::string> find() {
        return find_or_make_cluster_id(disk, {path("a"), path("b")}, founding, random);
    }

    TemporaryDirectory directory;
    log::PosixDisk disk;
    SeededRandom random{1};
    Founding founding;
};

TEST_F(ClusterId, IsMadeWhenNoDirectoryHasOne) {
    const auto id = find();
    ASSERT_TRUE(id) << id.error().detail;
    EXPECT_TRUE(Uuid::parse(*id));
}

TEST_F(ClusterId, IsTakenFromTheDirectoryThatHasIt) {
    belongs("b", "MkU3OEVBNTcwNTJENDM2Qk");
    EXPECT_EQ(find().value(), "MkU3OEVBNTcwNTJENDM2Qk");
    belongs("a", "MkU3OEVBNTcwNTJENDM2Qk");
    EXPECT_EQ(find().value(), "MkU3OEVBNTcwNTJENDM2Qk");
}

TEST_F(ClusterId, MustBeTheSameEverywhere) {
    belongs("a", "one");
    belongs("b", "two");
    EXPECT_EQ(find().error().code, ErrorCode::INCONSISTENT_CLUSTER_ID);
}

TEST_F(ClusterId, OfADirectoryComesBeforeTheOneThatVotersFound) {
    founding.founded = "MkU3OEVBNTcwNTJENDM2Qk";
    EXPECT_EQ(find().value(), "MkU3OEVBNTcwNTJENDM2Qk");
    belongs("a", "one");
    EXPECT_EQ(find().value(), "one");
}

TEST_F(ClusterId, ThatIsDemandedMustBeTheOneOfTheDirectories) {
    founding = {"one", "two"};
    EXPECT_EQ(find().value(), "one");
    belongs("a", "one");
    EXPECT_EQ(find().value(), "one");
    founding.demanded = "two";
    EXPECT_EQ(find().error().code, ErrorCode::INCONSISTENT_CLUSTER_ID);
}

TEST_F(ClusterId, OfVotersDependsOnWhoTheyAreAndNotOnTheirOrder) {
    const FoundingVoter one{BrokerId(1), "h", 1};
    const FoundingVoter two{BrokerId(2), "h", 2};
    const auto id = cluster_id_of({one, two});
    EXPECT_EQ(id, cluster_id_of({two, one}));
    const auto uuid = Uuid::parse(id);
    ASSERT_TRUE(uuid);
    EXPECT_FALSE(uuid->is_reserved());
    EXPECT_NE(id, cluster_id_of({one}));
    EXPECT_NE(id, cluster_id_of({one, {BrokerId(2), "h", 3}}));
    EXPECT_NE(id, cluster_id_of({one, {BrokerId(2), "g", 2}}));
}

}  // namespace
}  // namespace milena::quorum
