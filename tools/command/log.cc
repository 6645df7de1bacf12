// milena log: what the files of a data directory hold, and whether they are sound. Works on the
// files alone, changes nothing, and goes on over damage as far as something can still be told.
#include "log/dump.h"
#include "log/posix_disk.h"
#include "protocol/record/compress.h"
#include "tools/command/command_list.h"
#include "tools/command/common.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace milena::cli {
namespace {

struct LogArguments {
    std::vector<std::string> paths;
    bool records = false;
    bool values = false;
};

// What has been looked at so far.
struct Totals {
    std::uint64_t files = 0;
    std::uint64_t entries = 0;
    std::uint64_t problems = 0;
};

class Tour {
  public:
    enum class Shows : std::uint8_t { everything, problems };

    Tour(const Io& io, const log::DumpOptions& options, Shows shows)
        : io_(io), options_(options), shows_(shows) {}

    // A file, or every file that has something to tell below a directory.
    Status visit(const std::string& path) {
        MILENA_ASSIGN(const auto entry, disk_.stat(path));
        if (!entry.is_directory) return file(path);
        MILENA_ASSIGN(const auto children, disk_.list(path));
        for (const auto& child : children) {
            auto visited = visit(log::join_path(path, child.name));
            if (visited || visited.error().code == ErrorCode::INVALID_REQUEST) continue;
            problem(path, visited.error().detail);
        }
        return {};
    }
    const Totals& totals() const { return totals_; }

  private:
    void problem(const std::string& path, std::string_view what) {
        ++totals_.problems;
        fmt::print(io_.out, "{}: {}\n", path, what);
    }

    Status file(const std::string& path) {
        if (shows_ == Shows::everything) fmt::print(io_.out, "{}\n", path);
        std::string last;
        const auto told =
            log::dump_file(disk_, path, options_, codecs_, [&](std::string_view line) {
                if (shows_ == Shows::everything) {
                    fmt::print(io_.out, "  {}\n", line);
                } else if (line.starts_with("problem: ")) {
                    fmt::print(io_.out, "{}: {}{}\n", path, line.substr(9),
                               last.empty() ? "" : " (" + last + ")");
                } else {
                    last = line;
                }
            });
        if (!told) return std::unexpected(told.error());
        ++totals_.files;
        totals_.entries += told->entries;
        totals_.problems += told->problems;
        return {};
    }

    const Io& io_;
    const log::DumpOptions& options_;
    Shows shows_;
    log::PosixDisk disk_;
    Codecs codecs_;
    Totals totals_;
};

int run_tour(const LogArguments& arguments, Tour::Shows shows, const Io& io) {
    const log::DumpOptions options{
        .records = arguments.records || arguments.values || shows == Tour::Shows::problems,
        .values = arguments.values};
    Tour tour(io, options, shows);
    for (const auto& path : arguments.paths) {
        if (auto visited = tour.visit(path); !visited) {
            return report_failure("log", visited.error(), false, io);
        }
    }
    const auto& totals = tour.totals();
    fmt::print(io.out, "{} file{}, {} entr{}, {} problem{}\n", totals.files,
               totals.files == 1 ? "" : "s", totals.entries, totals.entries == 1 ? "y" : "ies",
               totals.problems, totals.problems == 1 ? "" : "s");
    return totals.problems == 0 ? 0 : kFailed;
}

}  // namespace

int run_log(int argc, char** argv, const Io& io) {
    CLI::App app(
        "Look into the files of a data directory. Stop the broker first, or expect the end "
        "of what is written to now to be told as damage.",
        argv[0]);
    app.require_subcommand(1);
    LogArguments arguments;
    auto* verify = app.add_subcommand(
        "verify", "Check files: every checksum, every index entry against its segment");
    auto* dump = app.add_subcommand("dump", "Print what files hold, and check it");
    for (auto* command : {verify, dump}) {
        command->add_option("path", arguments.paths, "Files, or directories with all they hold")
            ->required();
    }
    dump->add_flag("--records", arguments.records, "Every record, not only batches");
    dump->add_flag("--values", arguments.values, "With keys and values as text");
    if (const auto code = parse(app, argc, argv, io)) return *code;
    return run_tour(arguments, dump->parsed() ? Tour::Shows::everything : Tour::Shows::problems,
                    io);
}

}  // namespace milena::cli
