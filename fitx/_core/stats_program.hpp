// What passes between the drivers (stats.cpp) and the strip kernels (stats_kernels.cpp).
#pragma once

#include <stddef.h>

#include "isa.hpp"

namespace fitx {

constexpr int strip_rows = 512;  // a multiple of every instruction set's lanes; five strips stay in L1

// Sums over one strip of `rows` rows, a multiple of the lanes. weights may be null (all 1).
struct GramStrip {
    const double* x;
    const double* y;
    const double* w;
    int rows;
    int degree;
    double lo, hi;
    double* sums;  // (3 degree + 3): sum w T_k, k <= 2 degree; sum w y T_k, k <= degree; sum w y^2
};
struct MomentStrip {
    const double* y;
    const double* p;
    const double* w;
    int rows;
    double shift;
    // sum w, sum w (y - shift), sum w (y - shift)^2, sum w r^2, sum w |r|, max |r|, number of rows with p not finite
    double sums[7];
};

struct StatsKernels {
    void (*gram)(const GramStrip& strip);
    void (*moments)(MomentStrip& strip);
    int lanes;
};

FITX_DECLARE(StatsKernels, stats_kernels)

}  // namespace fitx
