// Atoms with exact derivatives, and Levenberg-Marquardt on what the linear constants leave; see varpro_kernels.hpp. This
// file is compiled once for each instruction set.
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

bool has_own_constant(Outer f) {
  return f == Outer::power || f == Outer::richards || f == Outer::sine_atan || f == Outer::damped_wave ||
         f == Outer::exp_reciprocal;
}
bool has_two_columns(Outer f) { return f == Outer::wave || f == Outer::damped_wave; }

// Rows [begin, begin + count) of the data; results lie `stride` apart.
struct Span { int64_t begin, count, stride; };

// One function at z: values, derivatives by z and by p, of each column.
struct Point { Vec value[2], dz[2], dp[2]; };

template <class F>
FITX_INLINE void sweep(const VarproData& d, Span span, const int32_t* atom, const double* theta, int columns, bool own,
                       bool derivatives, double* out, double* slopes, F f) {
  const FormRows& form = kForms[atom[1]];
  const int64_t n = span.stride;
  const double* u = d.u + atom[2] * d.n + span.begin;
  const double* v = d.u + atom[3] * d.n + span.begin;
  const double* m = d.m + atom[4] * d.n + span.begin;
  const Vec p = splat(own ? theta[form.count] : 0.0);
  for (int64_t i = 0; i < span.count; i += kLanes) {
    const Vec rows[3] = {load(u + i), load(v + i), splat(1.0)};
    Vec z = form.fixed ? rows[0] : Vec{};
    for (int k = 0; k < form.count; ++k) z = fma(splat(theta[k]), rows[form.row[k]], z);
    Point q;
    f(z, p, rows[0], q);
    const Vec weight = load(m + i);
    for (int c = 0; c < columns; ++c) {
      store(out + c * n + i, weight * q.value[c]);
      if (!derivatives) continue;
      double* s = slopes + c * kAtomTheta * n + i;
      const Vec dz = weight * q.dz[c];
      for (int k = 0; k < form.count; ++k) store(s + k * n, dz * rows[form.row[k]]);
      if (own) store(s + form.count * n, weight * q.dp[c]);
    }
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

// Columns (2, stride) and slopes (2, kAtomTheta, stride) of an atom.
void evaluate(const VarproData& d, Span span, const int32_t* atom, const double* theta, bool slopes_too, double* out,
              double* slopes) {
  const Outer outer = (Outer)atom[0];
  const int columns = has_two_columns(outer) ? 2 : 1;
  const bool own = has_own_constant(outer);
#define FITX_ATOM(NAME, ...)                                                                           \
  case Outer::NAME:                                                                                    \
    sweep(d, span, atom, theta, columns, own, slopes_too, out, slopes, [](Vec z, Vec p, Vec u, Point& q) { \
      (void)p;                                                                                         \
      (void)u;                                                                                         \
      __VA_ARGS__                                                                                      \
    });                                                                                                \
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
    FITX_ATOM(sine_atan, const Vec t = atan(z), c = cos(p * t); q.value[0] = sin(p * t); q.dz[0] = p * c / (1.0 + z * z);
              q.dp[0] = t * c;)
    FITX_ATOM(bose, const Vec r = 1.0 / expm1(z); q.value[0] = r; q.dz[0] = -r * (1.0 + r);)
    FITX_ATOM(damped_wave, const Vec e = exp(p * u), c = e * cos(z), s = e * sin(z); q.value[0] = c; q.value[1] = s;
              q.dz[0] = -s; q.dz[1] = c; q.dp[0] = u * c; q.dp[1] = u * s;)
    FITX_ATOM(reciprocal_square, const Vec r = 1.0 / z; q.value[0] = r * r; q.dz[0] = -2.0 * r * r * r;)
    FITX_ATOM(reciprocal_sqrt, q.value[0] = 1.0 / sqrt(abs(z)); q.dz[0] = -0.5 * q.value[0] / z;)
    FITX_ATOM(exp_reciprocal, const Vec r = 1.0 / z; q.value[0] = exp(p * r); q.dz[0] = -p * r * r * q.value[0];
              q.dp[0] = r * q.value[0];)
    case Outer::count: return;
  }
#undef FITX_ATOM
}

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

constexpr int kTile = 64;    // rows whose columns stay in the first cache
constexpr int kWidest = 24;  // columns of a Gram matrix

// gram[i * kWidest + j] = sum over the rows of column i times column j, for i <= j and j >= first.
struct GramSum {
  Vec sum[kWidest * kWidest];
  void clear(int width) {
    for (int i = 0; i < width; ++i)
      for (int j = i; j < width; ++j) sum[i * kWidest + j] = Vec{};
  }
  void add(const double* const* column, int width, int first, int64_t rows) {
    for (int i = 0; i < width; ++i) {
      const int from = i > first ? i : first;
      int j = from;
      for (; j + 4 <= width; j += 4) {
        Vec* s = sum + i * kWidest + j;
        Vec s0 = s[0], s1 = s[1], s2 = s[2], s3 = s[3];
        for (int64_t k = 0; k < rows; k += kLanes) {
          const Vec a = load(column[i] + k);
          s0 = fma(a, load(column[j] + k), s0);
          s1 = fma(a, load(column[j + 1] + k), s1);
          s2 = fma(a, load(column[j + 2] + k), s2);
          s3 = fma(a, load(column[j + 3] + k), s3);
        }
        s[0] = s0, s[1] = s1, s[2] = s2, s[3] = s3;
      }
      for (; j < width; ++j) {
        Vec s0 = sum[i * kWidest + j];
        for (int64_t k = 0; k < rows; k += kLanes) s0 = fma(load(column[i] + k), load(column[j] + k), s0);
        sum[i * kWidest + j] = s0;
      }
    }
  }
};

// What one evaluation leaves: squared residual, J'J and J'r, and the linear constants.
struct Normal { double error, JJ[kMostTheta * kMostTheta], Jr[kMostTheta], linear[kMostColumns]; };

struct Fit {
  const VarproData& d;
  const VarproProblem& p;
  double *phi, *slopes, *directions, *residual, *target;
  int base_rows, thetas;
  int atom_of[kMostTheta], slot_of[kMostTheta];

  Fit(const VarproData& data, const VarproProblem& problem, double* scratch) : d(data), p(problem) {
    const int64_t n = d.n;
    phi = scratch;
    slopes = phi + kMostColumns * n;
    directions = slopes + kMostColumns * kAtomTheta * n;
    residual = directions + kMostTheta * n;
    target = residual + n;
    base_rows = d.basis_start[p.base + 1] - d.basis_start[p.base];
    memcpy(target, d.targets + p.target * n, sizeof(double) * n);
    take_out(target, base(), base_rows, n);
    take_out(target, base(), base_rows, n);
    thetas = 0;
    for (int a = 0; a < p.slots; ++a) {
      const int32_t* atom = p.atoms + a * kAtomFields;
      if (atom[0] < 0) continue;
      const int count = kForms[atom[1]].count + has_own_constant((Outer)atom[0]);
      for (int k = 0; k < count; ++k, ++thetas) atom_of[thetas] = a, slot_of[thetas] = k;
    }
  }
  const double* base() const { return d.basis + d.basis_start[p.base] * d.n; }

  // As `run`, from one Gram matrix of base, columns, slopes and target, tile by tile: half the digits, several times as
  // fast. False where these do not suffice, near the solution or with columns that nearly depend on one another.
  bool run_coarsely(const double* theta, double total, Normal& out) {
    int columns = 0, slope_count = 0, atom_at[kMostAtoms], first[kMostAtoms] = {}, width[kMostAtoms] = {};
    int slope_column[kMostColumns * kAtomTheta], slope_theta[kMostColumns * kAtomTheta];
    const double* at[kWidest];
    int atoms = 0, counted = 0;
    for (int a = 0; a < p.slots; ++a) {
      const int32_t* atom = p.atoms + a * kAtomFields;
      if (atom[0] < 0) continue;
      const int own = kForms[atom[1]].count + has_own_constant((Outer)atom[0]);
      atom_at[atoms++] = a;
      first[a] = columns;
      width[a] = has_two_columns((Outer)atom[0]) ? 2 : 1;
      for (int c = 0; c < width[a]; ++c)
        for (int k = 0; k < own; ++k, ++slope_count)
          slope_column[slope_count] = columns + c, slope_theta[slope_count] = counted + k;
      columns += width[a];
      counted += own;
    }
    const int wide = base_rows + columns + slope_count + 1, last = wide - 1;
    if (wide > kWidest || d.n < kTile) return false;
    for (int c = 0; c < columns; ++c) at[base_rows + c] = phi + c * kTile;
    for (int s = 0; s < slope_count; ++s)
      at[base_rows + columns + s] =
          slopes + (slope_column[s] * kAtomTheta + slot_of[slope_theta[s]]) * kTile;
    GramSum sum;
    sum.clear(wide);
    for (int64_t begin = 0; begin < d.n; begin += kTile) {
      const int64_t rows = d.n - begin < kTile ? d.n - begin : kTile;
      for (int q = 0; q < atoms; ++q) {
        const int a = atom_at[q];
        evaluate(d, {begin, rows, kTile}, p.atoms + a * kAtomFields, theta + a * kAtomTheta, true,
                 phi + first[a] * kTile, slopes + first[a] * kAtomTheta * kTile);
      }
      for (int b = 0; b < base_rows; ++b) at[b] = base() + b * d.n + begin;
      at[last] = target + begin;
      sum.add(at, wide, base_rows, rows);
    }
    double G[kWidest][kWidest];
    for (int i = 0; i < wide; ++i)
      for (int j = i > base_rows ? i : base_rows; j < wide; ++j) {
        double s = 0;
        for (int l = 0; l < kLanes; ++l) s += sum.sum[i * kWidest + j][l];
        G[i][j] = s;
      }
    // The base is orthonormal and the target orthogonal to it; then Cholesky over the columns, the rest their complement.
    for (int c = base_rows; c < base_rows + columns; ++c) {
      const double before = G[c][c];
      if (!(before > 0 && before < 1e150)) return false;
    }
    double before[kWidest];
    for (int i = base_rows; i < wide; ++i) before[i] = G[i][i];
    for (int b = 0; b < base_rows; ++b)
      for (int i = base_rows; i < last; ++i)
        for (int j = i; j < last; ++j) G[i][j] -= G[b][i] * G[b][j];
    for (int c = base_rows; c < base_rows + columns; ++c) {
      if (!(G[c][c] > 1e-6 * before[c])) return false;
      const double root = 1.0 / __builtin_sqrt(G[c][c]);
      for (int j = c; j < wide; ++j) G[c][j] *= root;
      for (int i = c + 1; i < wide; ++i)
        for (int j = i; j < wide; ++j) G[i][j] -= G[c][i] * G[c][j];
    }
    out.error = G[last][last];
    if (!(out.error > 1e-7 * total && out.error < 1e300)) return false;
    for (int c = columns - 1; c >= 0; --c) {
      double s = G[base_rows + c][last];
      for (int b = c + 1; b < columns; ++b) s -= G[base_rows + c][base_rows + b] * out.linear[b];
      out.linear[c] = s / G[base_rows + c][base_rows + c];
    }
    const int start = base_rows + columns;
    for (int k = 0; k < thetas * thetas; ++k) out.JJ[k] = 0.0;
    for (int k = 0; k < thetas; ++k) out.Jr[k] = 0.0;
    for (int i = 0; i < slope_count; ++i) {
      const double ci = out.linear[slope_column[i]];
      out.Jr[slope_theta[i]] += ci * G[start + i][last];
      for (int j = 0; j < slope_count; ++j) {
        const double g = i <= j ? G[start + i][start + j] : G[start + j][start + i];
        out.JJ[slope_theta[i] * thetas + slope_theta[j]] += ci * out.linear[slope_column[j]] * g;
      }
    }
    for (int k = 0; k < thetas; ++k)
      if (!(out.JJ[k * thetas + k] >= 0 && out.JJ[k * thetas + k] < 1e300)) return false;
    return true;
  }

  bool run(const double* theta, Normal& out) {
    const int64_t n = d.n;
    int columns = 0, first[kMostAtoms] = {}, width[kMostAtoms] = {};
    for (int a = 0; a < p.slots; ++a) {
      const int32_t* atom = p.atoms + a * kAtomFields;
      if (atom[0] < 0) continue;
      first[a] = columns;
      width[a] = has_two_columns((Outer)atom[0]) ? 2 : 1;
      evaluate(d, {0, n, n}, atom, theta + a * kAtomTheta, true, phi + columns * n, slopes + columns * kAtomTheta * n);
      columns += width[a];
    }
    // Modified Gram-Schmidt, twice against the base; a column that depends on the others takes no part.
    double R[kMostColumns][kMostColumns], alpha[kMostColumns], norm[kMostColumns];
    memcpy(residual, target, sizeof(double) * n);
    for (int c = 0; c < columns; ++c) {
      double* f = phi + c * n;
      const double before = dot(f, f, n);
      if (!(before > 0 && before < 1e200)) return false;
      take_out(f, base(), base_rows, n);
      take_out(f, base(), base_rows, n);
      for (int b = 0; b < c; ++b) {
        R[b][c] = dot(f, phi + b * n, n);
        add(f, -R[b][c], phi + b * n, n);
      }
      const double after = dot(f, f, n);
      norm[c] = after > 1e-22 * before ? __builtin_sqrt(after) : 0.0;
      if (norm[c] == 0.0) {
        memset(f, 0, sizeof(double) * n);
        alpha[c] = 0.0;
        continue;
      }
      multiply(f, 1.0 / norm[c], n);
      alpha[c] = dot(residual, f, n);
      add(residual, -alpha[c], f, n);
    }
    for (int c = columns - 1; c >= 0; --c) {
      double s = alpha[c];
      for (int b = c + 1; b < columns; ++b) s -= R[c][b] * out.linear[b];
      out.linear[c] = norm[c] > 0 ? s / norm[c] : 0.0;
    }
    out.error = dot(residual, residual, n);
    if (!(out.error < 1e300)) return false;
    for (int k = 0; k < thetas; ++k) {
      double* D = directions + k * n;
      const int a = atom_of[k];
      memset(D, 0, sizeof(double) * n);
      for (int c = first[a]; c < first[a] + width[a]; ++c)
        add(D, out.linear[c], slopes + (c * kAtomTheta + slot_of[k]) * n, n);
      take_out(D, base(), base_rows, n);
      take_out(D, phi, columns, n);
      for (int j = 0; j <= k; ++j) out.JJ[k * thetas + j] = out.JJ[j * thetas + k] = dot(D, directions + j * n, n);
      out.Jr[k] = dot(D, residual, n);
      if (!(out.JJ[k * thetas + k] < 1e300)) return false;
    }
    return true;
  }
};

void fit(const VarproData& d, const VarproProblem& p, int iterations, double* scratch) {
  Fit f(d, p, scratch);
  const double total = dot(f.target, f.target, d.n);
  Normal here, there;
  double trial[kMostTheta], step[kMostTheta], damping = 1e-2;
  *p.evaluations = 1;
  *p.error = __builtin_inf();
  bool coarse = true;
  const auto look = [&](const double* theta, Normal& out) {
    if (coarse && f.run_coarsely(theta, total, out)) return true;
    const bool ok = f.run(theta, out);
    coarse = coarse && !(ok && out.error < 1e-6 * total);  // from here on all digits count
    return ok;
  };
  if (!(total > 0) || !look(p.theta, here)) return;
  int slow = 0;
  for (int i = 0; i < iterations && here.error > 1e-30 * total && slow < 3; ++i) {
    bool ok = damped_solve(here.JJ, f.thetas, damping, here.Jr, step);
    if (ok) {
      memcpy(trial, p.theta, sizeof(double) * p.slots * kAtomTheta);
      for (int k = 0; k < f.thetas; ++k) trial[f.atom_of[k] * kAtomTheta + f.slot_of[k]] += step[k];
      ++*p.evaluations;
      ok = look(trial, there) && there.error < here.error;
    }
    if (ok) {
      slow = there.error > 0.999 * here.error ? slow + 1 : 0;
      memcpy(p.theta, trial, sizeof(double) * p.slots * kAtomTheta);
      here = there;
      damping = damping > 1e-12 ? damping * 0.1 : damping;
    } else {
      damping *= 8.0;
      if (damping > 1e10) break;
    }
  }
  *p.error = here.error / total;
  int c = 0;
  for (int a = 0; a < p.slots; ++a) {
    p.linear[2 * a] = p.linear[2 * a + 1] = 0.0;
    if (p.atoms[a * kAtomFields] < 0) continue;
    p.linear[2 * a] = here.linear[c++];
    if (has_two_columns((Outer)p.atoms[a * kAtomFields])) p.linear[2 * a + 1] = here.linear[c++];
  }
}

void columns(const VarproData& d, const int32_t* atom, const double* theta, double* out) {
  if (!has_two_columns((Outer)atom[0])) memset(out + d.n, 0, sizeof(double) * d.n);
  evaluate(d, {0, d.n, d.n}, atom, theta, false, out, nullptr);
}

}  // namespace

const VarproKernels& varpro_kernels() {
  static constexpr VarproKernels table = {fit, columns};
  return table;
}

}  // namespace FITX_ISA
}  // namespace fitx
