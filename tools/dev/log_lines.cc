#include "tools/dev/log_lines.h"

#include <cstdio>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

namespace milena::dev {
namespace {

constexpr std::size_t kLongestLine = 64 * 1024;
constexpr std::size_t kReadAtOnce = 1024 * 1024;

struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

std::vector<std::string> LineSplitter::add(std::string_view bytes) {
    std::vector<std::string> lines;
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        rest_ += bytes.substr(0, end);
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        if (end == std::string_view::npos && rest_.size() < kLongestLine) break;
        lines.push_back(std::move(rest_));
        rest_.clear();
    }
    return lines;
}

bool says_serving(std::string_view line, const NodePlan& node) {
    return line == fmt::format("listening PLAINTEXT 127.0.0.1:{}", node.port);
}

bool is_error(std::string_view line) {
    if (line.starts_with("milena:") || line.starts_with("milena serve:")) return true;
    // "2026-01-31T12:00:00.000 error ..."
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return false;
    const auto level = line.substr(space + 1);
    return level.starts_with("error ") || level.starts_with("critical ");
}

LogReader::LogReader(std::string path) : path_(std::move(path)) {
    std::error_code missing;
    const auto size = std::filesystem::file_size(path_, missing);
    if (!missing) position_ = size;
}

std::vector<std::string> LogReader::read() {
    const std::unique_ptr<std::FILE, Close> file(std::fopen(path_.c_str(), "r"));
    if (!file || std::fseek(file.get(), static_cast<long>(position_), SEEK_SET) != 0) return {};
    std::string bytes(kReadAtOnce, '\0');
    bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.get()));
    position_ += bytes.size();
    return lines_.add(bytes);
}

}  // namespace milena::dev
