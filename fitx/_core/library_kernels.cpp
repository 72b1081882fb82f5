// Row operations of the search's library; see search_library.hpp. This file is compiled once for each instruction set.
#include "vecmath.hpp"
#include "library_kernels.hpp"

namespace fitx {
namespace FITX_ISA {
namespace {

typedef f64v Vec;
constexpr int kLanes = Simd<double>::lanes;

FITX_INLINE Vec splat(double x) { return broadcast<Vec>(x); }

FITX_INLINE double total(Vec v) {
  double s = 0;
  for (int i = 0; i < kLanes; ++i) s += v[i];
  return s;
}

template <class F>
FITX_INLINE void unary(const double* a, double scale, double offset, double* out, int rows, F f) {
  const Vec s = splat(scale), o = splat(offset);
  for (int i = 0; i < rows; i += kLanes) store(out + i, f(s * load(a + i)) + o);
}
template <class F>
FITX_INLINE void binary(const double* a, const double* b, double scale, double offset, double* out, int rows, F f) {
  const Vec s = splat(scale), o = splat(offset);
  for (int i = 0; i < rows; i += kLanes) store(out + i, f(load(a + i), s * load(b + i)) + o);
}

void apply(int op, const double* a, const double* b, double scale, double offset, double* out, int rows) {
  switch (op) {
    case 1: return unary(a, scale, offset, out, rows, [](Vec x) { return 1 / x; });
    case 2: return binary(a, b, scale, offset, out, rows, [](Vec x, Vec y) { return x + y; });
    case 3: return binary(a, b, scale, offset, out, rows, [](Vec x, Vec y) { return x - y; });
    case 4: return binary(a, b, scale, offset, out, rows, [](Vec x, Vec y) { return x * y; });
    case 5: return binary(a, b, scale, offset, out, rows, [](Vec x, Vec y) { return x / y; });
    case 6: return binary(a, b, scale, offset, out, rows, [](Vec x, Vec y) { return pow(x, y); });
    case 26: return binary(a, b, scale, offset, out, rows, [](Vec x, Vec y) { return x < y ? x : y; });
    case 27: return binary(a, b, scale, offset, out, rows, [](Vec x, Vec y) { return x > y ? x : y; });
    case 8: return unary(a, scale, offset, out, rows, [](Vec x) { return sqrt(x); });
    case 9: return unary(a, scale, offset, out, rows, [](Vec x) { return cbrt(x); });
    case 10: return unary(a, scale, offset, out, rows, [](Vec x) { return x * x; });
    case 11: return unary(a, scale, offset, out, rows, [](Vec x) { return x * x * x; });
    case 12: return unary(a, scale, offset, out, rows, [](Vec x) { return exp(x); });
    case 13: return unary(a, scale, offset, out, rows, [](Vec x) { return log(x); });
    case 14: return unary(a, scale, offset, out, rows, [](Vec x) { return log10(x); });
    case 15: return unary(a, scale, offset, out, rows, [](Vec x) { return sin(x); });
    case 16: return unary(a, scale, offset, out, rows, [](Vec x) { return cos(x); });
    case 17: return unary(a, scale, offset, out, rows, [](Vec x) { return tan(x); });
    case 18: return unary(a, scale, offset, out, rows, [](Vec x) { return asin(x); });
    case 19: return unary(a, scale, offset, out, rows, [](Vec x) { return acos(x); });
    case 20: return unary(a, scale, offset, out, rows, [](Vec x) { return atan(x); });
    case 21: return unary(a, scale, offset, out, rows, [](Vec x) { return sinh(x); });
    case 22: return unary(a, scale, offset, out, rows, [](Vec x) { return cosh(x); });
    case 23: return unary(a, scale, offset, out, rows, [](Vec x) { return tanh(x); });
    case 24: return unary(a, scale, offset, out, rows, [](Vec x) { return abs(x); });
    case 30: return unary(a, scale, offset, out, rows, [](Vec x) { return logistic(x); });
    default: return unary(a, scale, offset, out, rows, [](Vec x) { return x; });
  }
}

// Ratios of projections on fixed directions are free of the factor; the second one of a pair carries the sign away.
bool fingerprint(const double* v, const double* directions, int rows, double* out) {
  Vec p[3] = {}, norm{}, sum{}, largest{};
  for (int i = 0; i < rows; i += kLanes) {
    const Vec x = load(v + i);
    for (int k = 0; k < 3; ++k) p[k] = fma(x, load(directions + k * rows + i), p[k]);
    norm = fma(x, x, norm);
    sum += x;
    const Vec a = abs(x);
    largest = a > largest ? a : largest;
  }
  const double n2 = total(norm), s = total(sum);
  if (!(n2 > 1e-200 && n2 < 1e200)) return false;
  double most = 0;
  for (int i = 0; i < kLanes; ++i) most = most > largest[i] ? most : largest[i];
  if (!(most < 1e12)) return false;
  if (1 - s * s / (n2 * rows) < 1e-13) return false;  // constant
  const double d[3] = {total(p[0]), total(p[1]), total(p[2])};
  out[0] = d[0] * d[1] / n2;
  out[1] = d[0] * d[2] / n2;
  out[2] = d[1] * d[2] / n2;
  return true;
}

bool project(const double* v, bool log_of, const double* weight, const double* basis, int count, int rows, double* out) {
  Vec norm{};
  for (int i = 0; i < rows; i += kLanes) {
    Vec x = load(v + i);
    if (log_of) x = log(abs(x));
    x = x * load(weight + i);
    norm = fma(x, x, norm);
    store(out + i, x);
  }
  const double before = total(norm);
  if (!(before > 0 && before < 1e200)) return false;
  for (int k = 0; k < count; ++k) {
    const double* q = basis + (int64_t)k * rows;
    Vec dot{};
    for (int i = 0; i < rows; i += kLanes) dot = fma(load(q + i), load(out + i), dot);
    const Vec d = splat(-total(dot));
    for (int i = 0; i < rows; i += kLanes) store(out + i, fma(d, load(q + i), load(out + i)));
  }
  norm = Vec{};
  for (int i = 0; i < rows; i += kLanes) norm = fma(load(out + i), load(out + i), norm);
  const double after = total(norm);
  if (!(after > 1e-11 * before)) return false;
  const Vec scale = splat(1 / __builtin_sqrt(after));
  for (int i = 0; i < rows; i += kLanes) store(out + i, load(out + i) * scale);
  return true;
}

}  // namespace

const LibraryKernels& library_kernels() {
  static constexpr LibraryKernels table = {apply, fingerprint, project};
  return table;
}

}  // namespace FITX_ISA
}  // namespace fitx
