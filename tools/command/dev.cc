// milena dev: a cluster on this machine.
#include "tools/client/socket.h"
#include "tools/command/command_list.h"
#include "tools/command/common.h"
#include "tools/dev/plan.h"
#include "tools/dev/supervisor.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace milena::cli {
namespace {

namespace fs = std::filesystem;

struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

std::unexpected<Error> cannot(std::string_view what, const std::string& path,
                              const std::string& why) {
    return fail(ErrorCode::INVALID_CONFIG, fmt::format("cannot {} {}: {}", what, path, why));
}

// The nodes that the folder was made for before; 0: none.
int nodes_in(const std::string& folder) {
    int most = 0;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        most = std::max(most, dev::node_of_config_file(at->path().filename().string()));
    }
    return most;
}

// The votes of a quorum are counted among the nodes that founded it.
Status check_folder(const dev::Request& request) {
    const int before = nodes_in(request.data);
    if (before == 0 || before == request.nodes) return {};
    return fail(ErrorCode::INVALID_CONFIG,
                fmt::format("{} holds a cluster of {}; say --nodes {}, or name another folder "
                            "with --data",
                            request.data, before, before));
}

Status check_ports(const std::vector<dev::NodePlan>& nodes) {
    for (const auto& node : nodes) {
        for (const auto port : {node.port, node.controller_port}) {
            if (auto free = client::check_port_free(port); !free) {
                return fail(free.error().code,
                            fmt::format("port {}, which node {} needs: {}; choose others with "
                                        "--base-port",
                                        port, node.id, free.error().detail));
            }
        }
    }
    return {};
}

Status write_file(const std::string& path, const std::string& text) {
    std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "w"));
    if (!file) return cannot("write", path, client::system_message(errno));
    const bool written = std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
    if (!written || std::fclose(file.release()) != 0) {
        return cannot("write", path, client::system_message(errno));
    }
    return {};
}

Status write_files(const dev::Request& request, const std::vector<dev::NodePlan>& nodes) {
    std::error_code error;
    fs::create_directories(request.data, error);
    if (error) return cannot("make", request.data, error.message());
    for (const auto& node : nodes) {
        MILENA_TRY(write_file(node.config_file, dev::properties_text(node, nodes.size())));
    }
    return {};
}

Result<std::vector<dev::NodePlan>> prepare(dev::Request& request) {
    std::error_code error;
    request.working_folder = fs::current_path(error).string();
    if (error) return cannot("find", "the working folder", error.message());
    MILENA_ASSIGN(auto nodes, dev::plan_cluster(request));
    MILENA_TRY(check_folder(request));
    MILENA_TRY(check_ports(nodes));
    MILENA_TRY(write_files(request, nodes));
    return nodes;
}

}  // namespace

int run_dev(int argc, char** argv, const Io& io) {
    CLI::App app("Run a cluster on this machine, each node a process of its own.", argv[0]);
    dev::Request request;
    std::vector<std::string> settings;
    app.add_option("-n,--nodes", request.nodes, "Number of nodes, all of them controllers too")
        ->check(CLI::Range(1, 99))
        ->capture_default_str();
    app.add_option("--data", request.data, "Folder of the nodes' data, logs and properties")
        ->capture_default_str();
    app.add_option("-p,--base-port", request.base_port,
                   "Clients' port of the first node; the next ones follow, then the controllers'")
        ->capture_default_str();
    app.add_option("--set", settings, "A setting of all nodes, name=value")
        ->expected(1)
        ->take_all();
    std::optional<double> restart_seconds;
    app.add_option("--restart", restart_seconds,
                   "Start a node that dies again after so many seconds")
        ->check(CLI::NonNegativeNumber);
    if (const auto code = parse(app, argc, argv, io)) return *code;

    for (const auto& text : settings) {
        auto setting = parse_setting(text);
        if (!setting) return report_failure(argv[0], setting.error(), false, io);
        request.settings.push_back(std::move(*setting));
    }
    auto nodes = prepare(request);
    if (!nodes) return report_failure(argv[0], nodes.error(), false, io);
    std::error_code error;
    const auto program = fs::read_symlink("/proc/self/exe", error).string();
    if (error) {
        fmt::print(io.err, "{}: cannot find its own program: {}\n", argv[0], error.message());
        return kFailed;
    }
    dev::Supervision supervision{std::move(*nodes), program, request.data, std::nullopt};
    if (restart_seconds) {
        supervision.restart_after = Millis(static_cast<std::int64_t>(*restart_seconds * 1000));
    }
    return dev::Supervisor(std::move(supervision), io).run();
}

}  // namespace milena::cli
