// The hot loops of the symbolic search, compiled once for each instruction set (search_kernels.cpp).
//
// A *feature* is one candidate expression on the screening rows, projected and scaled to unit length. Features are kept
// in *panels* of 32: panel p holds element (row k, feature 32 p + c) at (p * rows + k) * 32 + c, in float32. So both the
// broadcast and the vector operand of the Gram product are read from consecutive memory. float32 only screens; whoever
// calls rechecks the few survivors in float64.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "isa.hpp"

namespace fitx {

constexpr int kPanel = 32;

struct PairHit {
  double score;
  int32_t first, second;
};

struct TripleHit {
  double score;
  int32_t first, second, third;
};

// The best `keep` hits seen so far and the score below which a new one cannot enter. Plain memory and one function outside
// of the files that are compiled for several instruction sets: a template that they instantiated would be merged by the
// linker, and the wider instructions could then run where there are none.
template <class Hit, class Score>
struct Best {
  Hit* hits;
  size_t count, keep, capacity;
  Score threshold;
};
using BestPairs = Best<PairHit, double>;
using BestTriples = Best<TripleHit, double>;
void shrink(BestPairs& best);  // to the best `keep`: higher score first, equal ones by index, a total order
void shrink(BestTriples& best);

// One instruction set's kernels. rho[t * padded + i]: correlation of feature i with target t (padded: 32 * panels).
struct SearchKernels {
  // out[t * padded + i] = sum_k targets[t * rows + k] * feature_i[k], for panels [begin, end).
  void (*correlate)(const float* panels, int rows, int64_t begin, int64_t end, int64_t padded, const float* targets,
                    int count, float* out);
  // All pairs i < j < features with j in panel block `block` (4 panels): R2 of the two-feature fit of each target.
  // float32 finds those that may enter; their score is computed again in double, because many pairs differ only
  // beyond float32. rho64: the correlations in double.
  void (*pairs)(const float* panels, int rows, int64_t features, int64_t padded, int64_t block, const float* rho,
                const double* rho64, int targets, BestPairs* best);
  // All triples k < i < j for one j from a Gram matrix (ld: row stride, padded with zeros to a multiple of 16).
  void (*triples)(const double* gram, int64_t ld, int64_t j, const double* rho, int targets, BestTriples* best);
  // For residuals [begin, end) in panels of their own: the `keep` features with the largest |correlation|.
  void (*match)(const float* panels, int rows, int64_t features, const float* residuals, int64_t residual_panel,
                int keep, double* score, int32_t* index);
  // Third feature for one orthonormal basis (q vectors) and one residual: largest (f.r)^2 / (1 - sum (f.b)^2).
  void (*addition)(const float* panels, int rows, int64_t features, const float* basis, int q, const float* residual,
                   int keep, float* score, int32_t* index);
};

FITX_DECLARE(SearchKernels, search_kernels)

}  // namespace fitx
