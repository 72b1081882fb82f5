// The functions of the atoms at z with exact derivatives, multiplied and summed up to columns. Compiled once for each
// instruction set.
#pragma once

#include "varpro_kernels.hpp"
#include "vecmath.hpp"

namespace fitx {
namespace FITX_ISA {
namespace {

typedef f64v Vec;
constexpr int kLanes = Simd<double>::lanes;

FITX_INLINE Vec splat(double x) { return broadcast<Vec>(x); }

// z = [u] + sum theta_k row_k, the rows among u, v and 1.
struct FormRows { bool fixed; int count; int row[3]; };
constexpr FormRows kForms[] = {
    {false, 1, {0, 0, 0}}, {true, 1, {2, 0, 0}},  {false, 2, {0, 2, 0}}, {true, 1, {1, 0, 0}},
    {false, 2, {0, 1, 0}}, {true, 2, {1, 2, 0}},  {false, 3, {0, 1, 2}},
};

constexpr bool has_own_constant(Outer f) {
  return f == Outer::power || f == Outer::richards || f == Outer::sine_atan || f == Outer::damped_wave ||
         f == Outer::exp_reciprocal;
}
constexpr bool has_two_columns(Outer f) {
  return f == Outer::wave || f == Outer::damped_wave || f == Outer::log_pair || f == Outer::exp_pair;
}

// Rows [begin, begin + count) of the data; results lie `stride` apart.
struct Span { int64_t begin, count, stride; };

constexpr int kTile = 64;  // rows whose columns stay in the first cache

// One function at z: values, derivatives by z and by p, of each column.
struct Point { Vec value[2], dz[2], dp[2]; };
struct Tile { alignas(64) double z[kTile], value[2][kTile], dz[2][kTile], dp[2][kTile]; };

// The function alone, so that several rows are under way at once.
template <int kColumns, bool kOwn, bool kDerivatives, class F>
FITX_INLINE void sweep(const double* u, double own, int64_t rows, Tile& t, F f) {
  const Vec p = splat(own);
  for (int64_t i = 0; i < rows; i += kLanes) {
    Point q;
    f(load(t.z + i), p, load(u + i), q);
    for (int c = 0; c < kColumns; ++c) {
      store(t.value[c] + i, q.value[c]);
      if (kDerivatives) store(t.dz[c] + i, q.dz[c]);
      if (kDerivatives && kOwn) store(t.dp[c] + i, q.dp[c]);
    }
  }
}

// z at theta on some rows.
FITX_INLINE void linear_form(const FormRows& form, const double* theta, const double* u, const double* v, int64_t rows,
                             double* z) {
  double a = form.fixed ? 1.0 : 0.0, b = 0.0, c = 0.0;
  for (int k = 0; k < form.count; ++k) (form.row[k] == 0 ? a : form.row[k] == 1 ? b : c) += theta[k];
  const Vec A = splat(a), B = splat(b), C = splat(c);
  if (b == 0.0) {
    for (int64_t i = 0; i < rows; i += kLanes) store(z + i, fma(A, load(u + i), C));
  } else {
    for (int64_t i = 0; i < rows; i += kLanes) store(z + i, fma(B, load(v + i), fma(A, load(u + i), C)));
  }
}

// log(1 + e^z) without overflow.
FITX_INLINE Vec softplus(Vec z) {
  const Vec t = exp(-abs(z));
  const Vec w = t + 1.0;
  // log(1 + t) with the rounding error of 1 + t taken back (HP-15C).
  const Vec one_less = w - 1.0;
  const Vec l = one_less == 0.0 ? t : log(w) * (t / one_less);
  return (z > 0.0 ? z : Vec{}) + l;
}
FITX_INLINE Vec expm1(Vec z) {
  const Vec small = expm1_moderate(clamp(z, splat(100.0)));
  return abs(z) > 90.0 ? exp(z) - 1.0 : small;
}

// The function of an atom on the rows of the tile.
template <bool kDerivatives>
void function(Outer outer, double own, const double* u, int64_t rows, Tile& t) {
#define FITX_ATOM(NAME, ...)                                                                                     \
  case Outer::NAME:                                                                                              \
    sweep<has_two_columns(Outer::NAME) ? 2 : 1, has_own_constant(Outer::NAME), kDerivatives>(                    \
        u, own, rows, t, [](Vec z, Vec p, Vec x, Point& q) {                                                     \
          (void)p;                                                                                               \
          (void)x;                                                                                               \
          __VA_ARGS__                                                                                            \
        });                                                                                                      \
    return;
  switch (outer) {
    FITX_ATOM(exp_, q.value[0] = q.dz[0] = exp(z);)
    FITX_ATOM(wave, q.value[0] = cos(z); q.value[1] = sin(z); q.dz[0] = -q.value[1]; q.dz[1] = q.value[0];)
    FITX_ATOM(reciprocal, q.value[0] = 1.0 / z; q.dz[0] = -q.value[0] * q.value[0];)
    FITX_ATOM(log_, q.value[0] = log(abs(z)); q.dz[0] = 1.0 / z;)
    FITX_ATOM(power, const Vec l = log(abs(z)); q.value[0] = exp(p * l); q.dz[0] = p * q.value[0] / z;
              q.dp[0] = l * q.value[0];)
    FITX_ATOM(sqrt_, q.value[0] = sqrt(abs(z)); q.dz[0] = 0.5 * q.value[0] / z;)
    FITX_ATOM(logistic, const Vec s = 1.0 / (1.0 + exp(z)); q.value[0] = s; q.dz[0] = -s * (1.0 - s);)
    FITX_ATOM(softplus, q.value[0] = softplus(z); q.dz[0] = 1.0 / (1.0 + exp(-z));)
    FITX_ATOM(log_minus, const Vec e = expm1(z); q.value[0] = log(abs(e)); q.dz[0] = (e + 1.0) / e;)
    FITX_ATOM(gauss, q.value[0] = exp(-z * z); q.dz[0] = -2.0 * z * q.value[0];)
    FITX_ATOM(exp_exp, const Vec e = exp(z); q.value[0] = exp(-e); q.dz[0] = -e * q.value[0];)
    FITX_ATOM(richards, const Vec l = softplus(z); q.value[0] = exp(p * l);
              q.dz[0] = p * q.value[0] / (1.0 + exp(-z)); q.dp[0] = l * q.value[0];)
    FITX_ATOM(atan_, q.value[0] = atan(z); q.dz[0] = 1.0 / (1.0 + z * z);)
    FITX_ATOM(sine_atan, const Vec t = atan(z), c = cos(p * t); q.value[0] = sin(p * t);
              q.dz[0] = p * c / (1.0 + z * z); q.dp[0] = t * c;)
    FITX_ATOM(bose, const Vec r = 1.0 / expm1(z); q.value[0] = r; q.dz[0] = -r * (1.0 + r);)
    FITX_ATOM(damped_wave, const Vec e = exp(p * x), c = e * cos(z), s = e * sin(z); q.value[0] = c; q.value[1] = s;
              q.dz[0] = -s; q.dz[1] = c; q.dp[0] = x * c; q.dp[1] = x * s;)
    FITX_ATOM(reciprocal_square, const Vec r = 1.0 / z; q.value[0] = r * r; q.dz[0] = -2.0 * r * r * r;)
    FITX_ATOM(reciprocal_sqrt, q.value[0] = 1.0 / sqrt(abs(z)); q.dz[0] = -0.5 * q.value[0] / z;)
    FITX_ATOM(exp_reciprocal, const Vec r = 1.0 / z; q.value[0] = exp(p * r); q.dz[0] = -p * r * r * q.value[0];
              q.dp[0] = r * q.value[0];)
    FITX_ATOM(log_pair, const Vec r = 1.0 / z; q.value[0] = log(abs(z)); q.value[1] = r; q.dz[0] = r; q.dz[1] = -r * r;)
    FITX_ATOM(exp_pair, const Vec e = exp(z); q.value[0] = q.dz[0] = e; q.value[1] = q.dz[1] = x * e;)
    case Outer::count: return;
  }
#undef FITX_ATOM
}

// Columns (2, stride) of an atom and, if kDerivatives, slopes (2, kAtomTheta, stride) by its constants.
template <bool kDerivatives>
void evaluate(const VarproData& d, Span span, const int32_t* atom, const double* theta, double* out, double* slopes) {
  const FormRows& form = kForms[atom[1]];
  const Outer outer = (Outer)atom[0];
  const bool own = has_own_constant(outer);
  const int columns = has_two_columns(outer) ? 2 : 1;
  Tile t;
  for (int64_t begin = 0; begin < span.count; begin += kTile) {
    const int64_t rows = span.count - begin < kTile ? span.count - begin : kTile, at = span.begin + begin;
    const double* u = d.u + atom[2] * d.n + at;
    const double* v = d.u + atom[3] * d.n + at;
    const double* m = d.m + atom[4] * d.n + at;
    linear_form(form, theta, u, v, rows, t.z);
    function<kDerivatives>(outer, own ? theta[form.count] : 0.0, u, rows, t);
    for (int c = 0; c < columns; ++c) {
      double* to = out + c * span.stride + begin;
      for (int64_t i = 0; i < rows; i += kLanes) store(to + i, load(m + i) * load(t.value[c] + i));
      if (!kDerivatives) continue;
      double* s = slopes + c * kAtomTheta * span.stride + begin;
      for (int k = 0; k < form.count; ++k, s += span.stride) {
        const double* row = form.row[k] == 0 ? u : v;
        if (form.row[k] == 2) {
          for (int64_t i = 0; i < rows; i += kLanes) store(s + i, load(m + i) * load(t.dz[c] + i));
        } else {
          for (int64_t i = 0; i < rows; i += kLanes) store(s + i, load(m + i) * load(t.dz[c] + i) * load(row + i));
        }
      }
      if (own)
        for (int64_t i = 0; i < rows; i += kLanes) store(s + i, load(m + i) * load(t.dp[c] + i));
    }
  }
}

}  // namespace
}  // namespace FITX_ISA
}  // namespace fitx
