// The search's kernels over whole feature sets, on several threads: the same result for any number of them.
#pragma once

#include <cstdint>
#include <vector>

#include "search_kernels.hpp"

namespace fitx {

// All pairs with the later feature in panel blocks [first, last): for each target the best `keep` by R2, best first.
std::vector<std::vector<PairHit>> best_pairs(const float* panels, int rows, int64_t features, const float* rho,
                                             const double* rho64, int targets, int64_t padded, int64_t first,
                                             int64_t last, int64_t keep, const double* threshold, int threads);

// All triples with the last feature in [first, last), from a Gram matrix with row stride ld (see SearchKernels).
std::vector<std::vector<TripleHit>> best_triples(const double* gram, int64_t ld, const double* rho, int targets,
                                                 int64_t first, int64_t last, int64_t keep, const double* threshold,
                                                 int threads);

}  // namespace fitx
