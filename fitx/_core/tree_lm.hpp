// Constants of formula trees at their optimum: y = c_0 + sum_t c_t f_t(x; theta), the linear constants c eliminated and
// theta found by Levenberg-Marquardt. Golub and Pereyra, SIAM J. Numer. Anal. 10 (1973), with Kaufman's Jacobian (BIT
// 15, 1975); derivatives in one backward sweep over the tree. What does not depend on theta is computed once.
#pragma once

#include <stdint.h>

#include "isa.hpp"

namespace fitx {

constexpr int kTreeNodes = 160;   // of a program, at most
constexpr int kTreeTheta = 24;    // free constants
constexpr int kTreeTerms = 8;
constexpr int kTreeTile = 256;    // rows of a tile in double, twice as many in float
constexpr int kTreePad = 16;      // the number of rows is a multiple of it

// What the tree compiler adds to the opcodes: log(max(x, 1e-300)), which keeps 0^theta and its derivative finite, and
// powers by multiplication.
enum TreeOpcode : int32_t { tree_log_guard = 1000, tree_power };

// A node in postorder. Leaves: op_var (a: column), op_const (a: constant; theta: its number among the free ones, or -1).
// Operators: a, b nodes; tree_power: b the exponent itself. kept: row among the columns computed once, or -1.
struct TreeNode {
  int32_t op, a, b;
  int32_t theta;
  int32_t kept;
  bool active;  // depends on theta
};

struct TreeProgram {
  const TreeNode* nodes;
  int count;
  const int32_t* roots;  // (terms,)
  int terms, thetas, kept;
  const int32_t* term_of;  // (thetas,)
  double* constants;       // by TreeNode::a; those of theta are fitted
  const int32_t* theta_at; // (thetas,) -> place in constants
};

// Rows n, a multiple of kTreePad; columns (d, n); weight: square roots of the weights, 0 for padding; y without its
// weighted mean, times weight. In double and in float.
struct TreeData {
  int64_t n;
  const double* columns;
  const double* weight;
  const double* y;
  const float* columns32;
  const float* weight32;
  const float* y32;
  double total;     // y'y
  double mean;      // of y
  double weights;   // weight'weight
};

struct TreeResult {
  double error;            // relative to `total`; inf where it is undefined
  double linear[1 + kTreeTerms];
  int64_t evaluations;     // of residual and Jacobian
  int32_t rank;            // constants that can be told apart
};

struct TreeKernels {
  // coarse, fine: iterations in float, then in double. scratch: tree_scratch() bytes, aligned to 64.
  void (*fit)(const TreeData& data, const TreeProgram& program, int coarse, int fine, void* scratch, TreeResult& out);
};

// Bytes of scratch that a program needs on n rows, a multiple of 64.
inline int64_t tree_scratch(const TreeProgram& p, int64_t n) {
  const int64_t columns = p.terms + p.thetas + p.kept + 1;
  return 64 * kTreeNodes + 2 * (int64_t)p.count * kTreeTile * 8 + columns * n * 8;
}

FITX_DECLARE(TreeKernels, tree_kernels)

}  // namespace fitx
