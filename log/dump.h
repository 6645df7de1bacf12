// Any file of a data directory, told to a person, and checked on the way: used by `milena log dump`
// and by tests. Only reads; keeps going over damage as far as something can still be told.
#pragma once

#include "log/disk.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace milena {
class Codecs;
}

namespace milena::log {

struct DumpOptions {
    bool records = false;  // also every record of a .log, decompressed
    bool values = false;   // with keys and values as text
};

// Takes the dump line by line.
using LineSink = std::function<void(std::string_view line)>;

struct DumpResult {
    std::uint64_t entries = 0;   // batches, index entries, lines: whatever the file consists of
    std::uint64_t problems = 0;  // each was told in a line that begins with "problem: "
};

// Which kind of file it is says its name. Index files are checked against the .log beside them.
// INVALID_REQUEST when the name is of no known kind.
Result<DumpResult> dump_file(Disk& disk, const std::string& path, const DumpOptions& options,
                             Codecs& codecs, const LineSink& line);

}  // namespace milena::log
