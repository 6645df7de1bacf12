# Compiler and linker settings that every target of this tree shares.

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
    add_link_options(-fuse-ld=mold)
endif()

add_library(milena_options INTERFACE)
target_compile_options(milena_options INTERFACE
    -Wall -Wextra -Wconversion -Wno-sign-conversion
    # g++ 12 sees uninitialised reads inside std::optional and std::expected where there are none.
    $<$<CXX_COMPILER_ID:GNU>:-Wshadow=local> $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
    -Wnon-virtual-dtor -Woverloaded-virtual -Werror=return-type -Werror=switch
    -fno-omit-frame-pointer -fstack-protector-strong)
target_include_directories(milena_options INTERFACE
    ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/gen)
target_compile_definitions(milena_options INTERFACE MILENA_VERSION="${PROJECT_VERSION}")

if(MILENA_SANITIZE)
    add_compile_options(-fsanitize=${MILENA_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${MILENA_SANITIZE})
    # g++ 12 reports bounds inside std::optional and friends when instrumented.
    add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds>)
endif()

# milena_library(<name> DEPENDS <targets>...): a static library of every .cc file below this
# folder but main.cc. Files are found by pattern, so adding one needs no edit here.
function(milena_library name)
    cmake_parse_arguments(ARG "" "" "DEPENDS;SOURCES" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
    list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
    add_library(${name} STATIC ${sources} ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC milena_options ${ARG_DEPENDS})
    milena_precompile(${name})
endfunction()

# The standard headers that nearly every file includes; nothing of ours, so it never goes stale.
function(milena_precompile target)
    if(MILENA_PCH)
        target_precompile_headers(${target} PRIVATE
            <algorithm> <array> <atomic> <chrono> <cstdint> <cstring> <expected> <functional>
            <map> <memory> <optional> <span> <string> <string_view> <utility> <variant> <vector>)
    endif()
endfunction()
