// What this node's logs may take of files and disk, from the settings and the machine.
#pragma once

#include "broker/config/settings.h"
#include "broker/replica/disk_room.h"

#include <cstddef>

namespace milena::broker {

// log.open.files.max, or half of what the process may open: the rest is for connections.
std::size_t max_open_log_files(const config::Settings& settings);
// disk.full.refuse.bytes and disk.full.resume.bytes.
replica::RoomMarks room_marks(const config::Settings& settings);

}  // namespace milena::broker
