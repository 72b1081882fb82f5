// Batches of postfix programs over the rows of a table.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fitx {

// The programs: token i of program p is codes[i], operands[i] for i in offsets[p] .. offsets[p + 1].
struct Programs {
    const int32_t* codes;
    const int32_t* operands;
    size_t tokens;
    const int64_t* offsets;
    size_t count;
    const double* constants;
    size_t constant_count;
};

// columns: (d, n) row-major; out: (count, n). Throws std::invalid_argument for a malformed program.
template <class T>
void evaluate(const Programs& programs, const T* columns, size_t d, size_t n, int threads, T* out);

}  // namespace fitx
