// Every script in tests/script/group, each a test of its own. REWRITE=1 writes down the traces as
// they are.
#include "tests/unit/broker/coordinator/group/script_runner.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace milena::coordinator::group {
namespace {

const std::filesystem::path kScripts = MILENA_SOURCE_DIR "/tests/script/group";

std::string read(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(GroupScripts, BringAboutWhatTheySay) {
    int scripts = 0;
    for (const auto& entry : std::filesystem::directory_iterator(kScripts)) {
        if (entry.path().extension() != ".script") continue;
        SCOPED_TRACE(entry.path().string());
        ++scripts;
        const auto expected = read(entry.path());
        const auto trace = ScriptRunner().run(expected);
        if (std::getenv("REWRITE") != nullptr) {
            std::ofstream(entry.path()) << trace;
        } else {
            EXPECT_EQ(trace, expected) << "REWRITE=1 writes down what is";
        }
    }
    EXPECT_GE(scripts, 5);
}

}  // namespace
}  // namespace milena::coordinator::group
