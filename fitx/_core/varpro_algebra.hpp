// Dots, projections, Gram matrices and damped Cholesky for vectors of a multiple of 8 rows. Compiled once for each
// instruction set.
#pragma once

#include "varpro_kernels.hpp"
#include "varpro_atoms.hpp"

namespace fitx {
namespace FITX_ISA {
namespace {

double dot(const double* a, const double* b, int64_t n) {
  Vec s0{}, s1{};
  int64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    s0 = fma(load(a + i), load(b + i), s0);
    s1 = fma(load(a + i + kLanes), load(b + i + kLanes), s1);
  }
  for (; i < n; i += kLanes) s0 = fma(load(a + i), load(b + i), s0);
  s0 += s1;
  double sum = 0;
  for (int l = 0; l < kLanes; ++l) sum += s0[l];
  return sum;
}
void add(double* a, double factor, const double* b, int64_t n) {
  const Vec f = splat(factor);
  for (int64_t i = 0; i < n; i += kLanes) store(a + i, fma(f, load(b + i), load(a + i)));
}
void multiply(double* a, double factor, int64_t n) {
  for (int64_t i = 0; i < n; i += kLanes) store(a + i, load(a + i) * factor);
}
void take_out(double* a, const double* q, int count, int64_t n) {
  for (int k = 0; k < count; ++k) add(a, -dot(a, q + k * n, n), q + k * n, n);
}

// Solves (A + damping diag A) x = b for the symmetric A (k, k) by Cholesky; false where it is not positive.
bool damped_solve(const double* A, int k, double damping, const double* b, double* x) {
  double L[kMostTheta * kMostTheta], scale[kMostTheta];
  for (int i = 0; i < k; ++i) scale[i] = A[i * k + i] > 0 ? 1.0 / __builtin_sqrt(A[i * k + i]) : 0.0;
  for (int i = 0; i < k; ++i)
    for (int j = 0; j <= i; ++j) {
      double s = A[i * k + j] * scale[i] * scale[j];
      if (i == j) s = (scale[i] > 0 ? s : 1.0) + damping;
      for (int l = 0; l < j; ++l) s -= L[i * k + l] * L[j * k + l];
      if (i == j) {
        if (!(s > 0)) return false;
        L[i * k + i] = __builtin_sqrt(s);
      } else {
        L[i * k + j] = s / L[j * k + j];
      }
    }
  for (int i = 0; i < k; ++i) {
    double s = b[i] * scale[i];
    for (int l = 0; l < i; ++l) s -= L[i * k + l] * x[l];
    x[i] = s / L[i * k + i];
  }
  for (int i = k - 1; i >= 0; --i) {
    double s = x[i];
    for (int l = i + 1; l < k; ++l) s -= L[l * k + i] * x[l];
    x[i] = s / L[i * k + i];
  }
  for (int i = 0; i < k; ++i) x[i] *= scale[i];
  return true;
}

constexpr int kWidest = 24;  // columns of a Gram matrix

// I x J products of columns, summed over the rows in registers.
template <int I, int J>
void gram_block(Vec* sum, const double* const* a, const double* const* b, int64_t rows) {
  Vec s[I][J];
  for (int i = 0; i < I; ++i)
    for (int j = 0; j < J; ++j) s[i][j] = sum[i * kWidest + j];
  for (int64_t k = 0; k < rows; k += kLanes) {
    Vec x[J];
    for (int j = 0; j < J; ++j) x[j] = load(b[j] + k);
    for (int i = 0; i < I; ++i) {
      const Vec v = load(a[i] + k);
      for (int j = 0; j < J; ++j) s[i][j] = fma(v, x[j], s[i][j]);
    }
  }
  for (int i = 0; i < I; ++i)
    for (int j = 0; j < J; ++j) sum[i * kWidest + j] = s[i][j];
}
typedef void (*GramBlock)(Vec*, const double* const*, const double* const*, int64_t);
constexpr int kBlock = 4;
constexpr GramBlock kGramBlocks[kBlock][kBlock] = {
    {gram_block<1, 1>, gram_block<1, 2>, gram_block<1, 3>, gram_block<1, 4>},
    {gram_block<2, 1>, gram_block<2, 2>, gram_block<2, 3>, gram_block<2, 4>},
    {gram_block<3, 1>, gram_block<3, 2>, gram_block<3, 3>, gram_block<3, 4>},
    {gram_block<4, 1>, gram_block<4, 2>, gram_block<4, 3>, gram_block<4, 4>},
};

// sum[i * kWidest + j], over the rows, of column i times column j, for j >= first and j >= i (and some others).
struct GramSum {
  Vec sum[kWidest * kWidest];
  void clear(int width) {
    for (int i = 0; i < width; ++i)
      for (int j = 0; j < width; ++j) sum[i * kWidest + j] = Vec{};
  }
  void add(const double* const* column, int width, int first, int64_t rows) {
    for (int i = 0; i < first; i += kBlock) add_row(column, i, first - i, first, width, rows);
    for (int i = first; i < width; i += kBlock) add_row(column, i, width - i, i, width, rows);
  }
  double total(int i, int j) const {
    double s = 0;
    for (int l = 0; l < kLanes; ++l) s += sum[i * kWidest + j][l];
    return s;
  }

 private:
  void add_row(const double* const* column, int i, int left, int from, int width, int64_t rows) {
    const int high = left < kBlock ? left : kBlock;
    for (int j = from; j < width; j += kBlock) {
      const int wide = width - j < kBlock ? width - j : kBlock;
      kGramBlocks[high - 1][wide - 1](sum + i * kWidest + j, column + i, column + j, rows);
    }
  }
};

}  // namespace
}  // namespace FITX_ISA
}  // namespace fitx
