// Variable projection: models T(y) = sum_k b_k base_k(x) + sum_a c_a m_a(x) f_a(z_a(theta)), with the linear constants b
// and c eliminated and theta found by Levenberg-Marquardt. Golub and Pereyra, SIAM J. Numer. Anal. 10 (1973); the
// Jacobian by Kaufman, BIT 15 (1975).
#pragma once

#include <stdint.h>

#include "isa.hpp"

namespace fitx {

// f(z; p): one column, or two: cosine and sine of a wave of free phase, or a function beside its derivative by a
// constant inside (log z and 1/z, e^z and u e^z). p: a constant of f itself.
enum class Outer : int32_t {
  exp_ = 0, wave, reciprocal, log_, power, sqrt_, logistic, softplus, log_minus, gauss, exp_exp, richards, atan_,
  sine_atan, bose, damped_wave, reciprocal_square, reciprocal_sqrt, exp_reciprocal, log_pair, exp_pair, count
};
// z: a u | u + a | a u + b | u + a v | a u + b v | u + a v + b | a u + b v + c.
enum class Form : int32_t { scaled = 0, shifted, affine, sum, scaled_sum, shifted_sum, affine_sum, count };

constexpr int kAtomFields = 5;   // outer, form, row of u, row of v, row of m
constexpr int kAtomTheta = 4;    // inner constants of an atom: those of z, then p
constexpr int kMostAtoms = 3;
constexpr int kMostTheta = kMostAtoms * kAtomTheta;
constexpr int kMostColumns = kMostAtoms * 2;
// Vectors of length n that a fit works on: columns and their derivatives, directions, residual, target.
constexpr int kVarproScratch = kMostColumns * (1 + kAtomTheta) + kMostTheta + 2;

// Arguments, multipliers (times the square root of the weight), orthonormal bases one below the other, targets: rows of
// length n, a multiple of 8. basis_start[b]: first row of base b; one entry more than bases.
struct VarproData {
  int64_t n;
  const double* u;
  const double* m;
  const double* basis;
  const int32_t* basis_start;
  const double* targets;
};

struct VarproProblem {
  const int32_t* atoms;  // (slots, kAtomFields); outer < 0: no atom in this slot
  int slots, base, target;
  double* theta;   // (slots, kAtomTheta): start in, result out
  double* linear;  // (slots, 2)
  double* error;   // relative to the target's part that the base leaves
  int64_t* evaluations;
};

struct VarproKernels {
  void (*fit)(const VarproData& data, const VarproProblem& problem, int iterations, double* scratch);
  // Columns (2, n) of one atom; the second is zero where the function has one.
  void (*columns)(const VarproData& data, const int32_t* atom, const double* theta, double* out);
};

FITX_DECLARE(VarproKernels, varpro_kernels)

}  // namespace fitx
