// What visit_fields (protocol/msg/*.visit.h) tells about a field besides its value.
#pragma once

#include <string_view>

namespace milena {

// visit_fields(message, version, f) calls f(FieldInfo, member) for every field that the version
// has, in the order of the schema. Members that are structs, or arrays of them, are for f to go
// into, with visit_fields again.
struct FieldInfo {
    std::string_view name;  // as in the schema: "log_start_offset"
    int tag;                // -1: not a tagged field
    bool may_be_null;       // in this version
    bool omitted;           // a tagged field with its default value, which is not written
    int width;              // bytes on the wire (of an element); 0 when they vary
};

}  // namespace milena
