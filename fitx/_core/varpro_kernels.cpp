// Levenberg-Marquardt on what the linear constants leave; see varpro_kernels.hpp. Compiled once for each instruction set.
#include "varpro_kernels.hpp"

#include "varpro_algebra.hpp"
#include "varpro_atoms.hpp"

namespace fitx {
namespace FITX_ISA {
namespace {

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
        evaluate<true>(d, {begin, rows, kTile}, p.atoms + a * kAtomFields, theta + a * kAtomTheta,
                             phi + first[a] * kTile, slopes + first[a] * kAtomTheta * kTile);
      }
      for (int b = 0; b < base_rows; ++b) at[b] = base() + b * d.n + begin;
      at[last] = target + begin;
      sum.add(at, wide, base_rows, rows);
    }
    double G[kWidest][kWidest];
    for (int i = 0; i < wide; ++i)
      for (int j = i > base_rows ? i : base_rows; j < wide; ++j) G[i][j] = sum.total(i, j);
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
      evaluate<true>(d, {0, n, n}, atom, theta + a * kAtomTheta, phi + columns * n,
                     slopes + columns * kAtomTheta * n);
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
  evaluate<false>(d, {0, d.n, d.n}, atom, theta, out, nullptr);
}

}  // namespace

const VarproKernels& varpro_kernels() {
  static constexpr VarproKernels table = {fit, columns};
  return table;
}

}  // namespace FITX_ISA
}  // namespace fitx
