// milena version.
#include "tools/command/command_list.h"
#include "tools/command/common.h"
#include "tools/kafka/tools.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

namespace milena::cli {

int run_version(int argc, char** argv, const Io& io) {
    CLI::App app("Print the version.", argv[0]);
    bool json = false;
    app.add_flag("--json", json, "Print JSON");
    if (const auto code = parse(app, argc, argv, io)) return *code;
    if (json) {
        fmt::print(io.out, "{}\n",
                   boost::json::serialize(boost::json::object{
                       {"milena", MILENA_VERSION},
                       {"kafka", kafka_tools::kKafkaVersion},
                   }));
    } else {
        fmt::print(io.out, "milena {} (speaks the protocol of Apache Kafka {})\n", MILENA_VERSION,
                   kafka_tools::kKafkaVersion);
    }
    return 0;
}

}  // namespace milena::cli
