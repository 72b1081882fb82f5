// One tree's fit: tiles forward and backward, a Gram matrix, a damped step; see tree_lm.hpp. Compiled once an
// instruction set.
#include "opcodes.hpp"
#include "tree_lm.hpp"
#include "vecmath.hpp"

namespace fitx {
namespace FITX_ISA {
namespace {

// Rows of an operand: step 0 repeats the first vector.
template <class S> struct Rows {
  const S* at;
  int step;
};

template <class V> FITX_INLINE V splat(double x) { return broadcast<V>(static_cast<typename Scalar<V>::type>(x)); }

template <class V> FITX_INLINE V log_guard(V x) {
  const V least = splat<V>(sizeof(typename Scalar<V>::type) == 8 ? 1e-300 : 1e-37);
  return log(x >= V{} ? (x > least ? x : least) : x);
}
template <class V> FITX_INLINE V whole_power(V x, int n) {
  const int m = n < 0 ? -n : n;
  V result = splat<V>(1), base = x;
  for (int k = m; k > 0; k >>= 1) {
    if (k & 1) result = result * base;
    base = base * base;
  }
  return n < 0 ? splat<V>(1) / result : result;
}
// x / y, 0 where y is 0: for derivatives of powers.
template <class V> FITX_INLINE V safe_ratio(V x, V y) { return y == V{} ? V{} : x / y; }

template <class S> struct Tree {
  typedef typename Simd<S>::vec V;
  static constexpr int lanes = Simd<S>::lanes;
  static constexpr int tile = kTreeTile * 8 / sizeof(S);

  const TreeProgram& p;
  const S* columns;
  int64_t n;
  S* kept;    // (p.kept, n)
  S* terms;   // (terms, n)
  S* slopes;  // (thetas, n)
  S* values;  // (nodes, tile)
  S* adjoint; // (nodes, tile)
  S (*leaf)[lanes];  // constants
  Rows<S> at[kTreeNodes], back[kTreeNodes];

  void set_constants() {
    for (int i = 0; i < p.count; ++i)
      if (p.nodes[i].op == op_const) store(leaf[i], splat<V>(p.constants[p.nodes[i].a]));
  }

  void locate(int64_t begin) {
    for (int i = 0; i < p.count; ++i) {
      const TreeNode& t = p.nodes[i];
      if (t.op == op_const) at[i] = {leaf[i], 0};
      else if (t.op == op_var) at[i] = {columns + t.a * n + begin, lanes};
      else if (t.kept >= 0) at[i] = {kept + t.kept * n + begin, lanes};
      else at[i] = {values + i * tile, lanes};
    }
    for (int t = 0; t < p.terms; ++t)
      if (p.nodes[p.roots[t]].active && p.nodes[p.roots[t]].op != op_const)
        at[p.roots[t]] = {terms + t * n + begin, lanes};
  }

  void forward(const TreeNode& t, S* out, int rows) const {
    const Rows<S> a = at[t.a], b = t.op == tree_power ? a : at[t.b];
    const S *x = a.at, *y = b.at;
#define FITX_TREE_1(NAME, EXPRESSION)                                       \
  case NAME:                                                                \
    for (int i = 0; i < rows; i += lanes, x += a.step) {                    \
      const V u = load(x);                                                  \
      store(out + i, EXPRESSION);                                           \
    }                                                                       \
    return;
#define FITX_TREE_2(NAME, EXPRESSION)                                       \
  case NAME:                                                                \
    for (int i = 0; i < rows; i += lanes, x += a.step, y += b.step) {       \
      const V u = load(x), v = load(y);                                     \
      store(out + i, EXPRESSION);                                           \
    }                                                                       \
    return;
    switch (t.op) {
      FITX_TREE_2(op_add, u + v)
      FITX_TREE_2(op_sub, u - v)
      FITX_TREE_2(op_mul, u * v)
      FITX_TREE_2(op_div, u / v)
      FITX_TREE_2(op_pow, pow(u, v))
      FITX_TREE_1(op_neg, -u)
      FITX_TREE_1(op_sqrt, sqrt(u))
      FITX_TREE_1(op_cbrt, cbrt(u))
      FITX_TREE_1(op_square, u * u)
      FITX_TREE_1(op_cube, u * u * u)
      FITX_TREE_1(op_exp, exp(u))
      FITX_TREE_1(op_log, log(u))
      FITX_TREE_1(op_log10, log10(u))
      FITX_TREE_1(op_sin, sin(u))
      FITX_TREE_1(op_cos, cos(u))
      FITX_TREE_1(op_tan, tan(u))
      FITX_TREE_1(op_asin, asin(u))
      FITX_TREE_1(op_acos, acos(u))
      FITX_TREE_1(op_atan, atan(u))
      FITX_TREE_1(op_sinh, sinh(u))
      FITX_TREE_1(op_cosh, cosh(u))
      FITX_TREE_1(op_tanh, tanh(u))
      FITX_TREE_1(op_abs, abs(u))
      FITX_TREE_1(op_logistic, logistic(u))
      FITX_TREE_1(tree_log_guard, log_guard(u))
      FITX_TREE_1(tree_power, whole_power(u, t.b))
      default: return;
    }
#undef FITX_TREE_1
#undef FITX_TREE_2
  }

  // Where the derivative by node `child` goes: a column of the Jacobian for a constant, else a buffer of its own.
  S* slot(int child, int64_t begin) {
    const TreeNode& c = p.nodes[child];
    if (c.op == op_const) return slopes + c.theta * n + begin;
    S* to = adjoint + child * tile;
    back[child] = {to, lanes};
    return to;
  }

  // The derivatives of term i's arguments from its own.
  void backward(int i, int64_t begin, int rows) {
    const TreeNode& t = p.nodes[i];
    const Rows<S> g0 = back[i], v0 = at[i], a0 = at[t.a];
    const bool two = t.op == op_add || t.op == op_sub || t.op == op_mul || t.op == op_div || t.op == op_pow;
    const Rows<S> b0 = two ? at[t.b] : a0;
    const bool left = p.nodes[t.a].active, right = two && p.nodes[t.b].active;
#define FITX_BACK(CHILD, EXPRESSION)                                                             \
  {                                                                                              \
    S* to = slot(CHILD, begin);                                                                  \
    const S *gp = g0.at, *vp = v0.at, *ap = a0.at, *bp = b0.at;                                  \
    for (int k = 0; k < rows; k += lanes) {                                                      \
      const V g = load(gp), v = load(vp), a = load(ap), b = load(bp);                            \
      (void)v, (void)a, (void)b;                                                                 \
      store(to + k, EXPRESSION);                                                                 \
      gp += g0.step, vp += v0.step, ap += a0.step, bp += b0.step;                                \
    }                                                                                            \
  }
    switch (t.op) {
      case op_add:
      case op_sub:
        if (left) {
          if (p.nodes[t.a].op == op_const) FITX_BACK(t.a, g) else back[t.a] = g0;
        }
        if (right) {
          if (t.op == op_sub) FITX_BACK(t.b, -g)
          else if (p.nodes[t.b].op == op_const) FITX_BACK(t.b, g) else back[t.b] = g0;
        }
        return;
      case op_mul:
        if (left) FITX_BACK(t.a, g * b)
        if (right) FITX_BACK(t.b, g * a)
        return;
      case op_div:
        if (left) FITX_BACK(t.a, g / b)
        if (right) FITX_BACK(t.b, -g * v / b)
        return;
      case op_pow:  // the exponent does not depend on theta
        if (left) FITX_BACK(t.a, g * b * safe_ratio(v, a))
        return;
      case tree_power: if (left) { const V m = splat<V>(t.b); FITX_BACK(t.a, g * m * safe_ratio(v, a)) } return;
      case op_neg: FITX_BACK(t.a, -g) return;
      case op_sqrt: FITX_BACK(t.a, g * splat<V>(0.5) / v) return;
      case op_cbrt: FITX_BACK(t.a, g * splat<V>(1.0 / 3) / (v * v)) return;
      case op_square: FITX_BACK(t.a, g * (a + a)) return;
      case op_cube: FITX_BACK(t.a, g * splat<V>(3) * a * a) return;
      case op_exp: FITX_BACK(t.a, g * v) return;
      case op_log: FITX_BACK(t.a, g / a) return;
      case tree_log_guard: FITX_BACK(t.a, safe_ratio(g, a)) return;
      case op_log10: FITX_BACK(t.a, g * splat<V>(0.4342944819032518276) / a) return;
      case op_sin: FITX_BACK(t.a, g * cos(a)) return;
      case op_cos: FITX_BACK(t.a, -g * sin(a)) return;
      case op_tan: FITX_BACK(t.a, g * (splat<V>(1) + v * v)) return;
      case op_asin: FITX_BACK(t.a, g / sqrt(splat<V>(1) - a * a)) return;
      case op_acos: FITX_BACK(t.a, -g / sqrt(splat<V>(1) - a * a)) return;
      case op_atan: FITX_BACK(t.a, g / (splat<V>(1) + a * a)) return;
      case op_sinh: FITX_BACK(t.a, g * cosh(a)) return;
      case op_cosh: FITX_BACK(t.a, g * sinh(a)) return;
      case op_tanh: FITX_BACK(t.a, g * (splat<V>(1) - v * v)) return;
      case op_abs: FITX_BACK(t.a, a < V{} ? -g : g) return;
      case op_logistic: FITX_BACK(t.a, g * v * (splat<V>(1) - v)) return;
      default: return;
    }
#undef FITX_BACK
  }

  void fill(S* out, Rows<S> from, int rows) const {
    for (int i = 0; i < rows; i += lanes, from.at += from.step) store(out + i, load(from.at));
  }

  // What does not depend on theta, and terms that do not.
  void once() {
    set_constants();
    for (int64_t begin = 0; begin < n; begin += tile) {
      const int rows = (int)(n - begin < tile ? n - begin : tile);
      locate(begin);
      for (int i = 0; i < p.count; ++i) {
        const TreeNode& t = p.nodes[i];
        if (t.op != op_var && t.op != op_const && !t.active) forward(t, const_cast<S*>(at[i].at), rows);
      }
      for (int t = 0; t < p.terms; ++t) {
        const TreeNode& root = p.nodes[p.roots[t]];
        if (!root.active) fill(terms + t * n + begin, at[p.roots[t]], rows);
      }
    }
  }

  // Terms and slopes at the constants as they are.
  void run(bool derivatives) {
    set_constants();
    alignas(FITX_BYTES) S ones[lanes];
    store(ones, splat<V>(1));
    for (int64_t begin = 0; begin < n; begin += tile) {
      const int rows = (int)(n - begin < tile ? n - begin : tile);
      locate(begin);
      for (int i = 0; i < p.count; ++i) {
        const TreeNode& t = p.nodes[i];
        if (t.op != op_const && t.active) forward(t, const_cast<S*>(at[i].at), rows);
      }
      for (int t = 0; t < p.terms; ++t) {
        const TreeNode& root = p.nodes[p.roots[t]];
        if (root.op == op_const && root.active) {
          fill(terms + t * n + begin, at[p.roots[t]], rows);
          if (derivatives) fill(slopes + root.theta * n + begin, {ones, 0}, rows);
        }
        back[p.roots[t]] = {ones, 0};
      }
      if (!derivatives) continue;
      for (int i = p.count - 1; i >= 0; --i) {
        const TreeNode& t = p.nodes[i];
        if (t.active && t.op != op_const) backward(i, begin, rows);
      }
    }
  }
};

template <class S> double sum_lanes(typename Simd<S>::vec v) {
  double s = 0;
  for (int l = 0; l < Simd<S>::lanes; ++l) s += (double)v[l];
  return s;
}
template <class S> double dot(const S* a, const S* b, int64_t n) {
  typedef typename Simd<S>::vec V;
  constexpr int lanes = Simd<S>::lanes;
  V s0{}, s1{};
  int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    s0 = fma(load(a + i), load(b + i), s0);
    s1 = fma(load(a + i + lanes), load(b + i + lanes), s1);
  }
  for (; i < n; i += lanes) s0 = fma(load(a + i), load(b + i), s0);
  return sum_lanes<S>(s0 + s1);
}
// a + f b
template <class S> void add(S* a, double factor, const S* b, int64_t n) {
  typedef typename Simd<S>::vec V;
  const V f = splat<V>(factor);
  for (int64_t i = 0; i < n; i += Simd<S>::lanes) store(a + i, fma(f, load(b + i), load(a + i)));
}
// a becomes weight * (a - its weighted mean), which is returned.
template <class S> double centre(S* a, const S* weight, double weights, int64_t n) {
  typedef typename Simd<S>::vec V;
  constexpr int lanes = Simd<S>::lanes;
  V s{};
  for (int64_t i = 0; i < n; i += lanes) {
    const V w = load(weight + i);
    s = fma(load(a + i), w * w, s);
  }
  const double mean = sum_lanes<S>(s) / weights;
  const V m = splat<V>(mean);
  for (int64_t i = 0; i < n; i += lanes) store(a + i, (load(a + i) - m) * load(weight + i));
  return mean;
}

constexpr int kWide = kTreeTerms + kTreeTheta;

// What one evaluation leaves.
struct Normal {
  double error, JJ[kTreeTheta * kTreeTheta], Jr[kTreeTheta], linear[1 + kTreeTerms];
};

template <class S> struct Fit {
  typedef typename Simd<S>::vec V;
  const TreeData& d;
  const TreeProgram& p;
  Tree<S> tree;
  S* residual;
  const S *weight, *y;
  double kept_mean[kTreeTerms];  // of terms that do not depend on theta: centred once

  bool run(bool derivatives, Normal& out) {
    const int64_t n = d.n;
    const int T = p.terms, K = derivatives ? p.thetas : 0;
    tree.run(K > 0);
    double mean[kTreeTerms], G[kTreeTerms][kTreeTerms], U[kTreeTerms][kTreeTheta], Fy[kTreeTerms], diagonal[kTreeTerms];
    for (int t = 0; t < T; ++t) {
      if (p.nodes[p.roots[t]].active) {
        mean[t] = centre(tree.terms + t * n, weight, d.weights, n);
      } else {
        mean[t] = kept_mean[t];
      }
    }
    for (int t = 0; t < T; ++t) {
      const S* f = tree.terms + t * n;
      for (int s = 0; s <= t; ++s) G[t][s] = dot(f, tree.terms + s * n, n);
      Fy[t] = dot(f, y, n);
      if (!(G[t][t] < 1e300)) return false;
      diagonal[t] = G[t][t];
    }
    // Cholesky; a term that the others explain takes no part. A term is a constant where nothing is left of its size.
    bool used[kTreeTerms];
    constexpr double dependent = sizeof(S) == 8 ? 1e-13 : 1e-6;
    constexpr double flat = sizeof(S) == 8 ? 1e-26 : 1e-12;
    for (int t = 0; t < T; ++t) {
      for (int s = 0; s < t; ++s) {
        if (!used[s]) { G[t][s] = 0; continue; }
        for (int q = 0; q < s; ++q) G[t][s] -= G[t][q] * G[s][q];
        G[t][s] /= G[s][s];
      }
      for (int s = 0; s < t; ++s) G[t][t] -= G[t][s] * G[t][s];
      used[t] = G[t][t] > dependent * diagonal[t] && diagonal[t] > flat * mean[t] * mean[t] * d.weights;
      G[t][t] = used[t] ? __builtin_sqrt(G[t][t]) : 1.0;
    }
    const auto solve = [&](const double* right, double* c) {
      double z[kTreeTerms];
      for (int t = 0; t < T; ++t) {
        double s = used[t] ? right[t] : 0.0;
        for (int q = 0; q < t; ++q) s -= G[t][q] * z[q];
        z[t] = used[t] ? s / G[t][t] : 0.0;
      }
      for (int t = T - 1; t >= 0; --t) {
        double s = z[t];
        for (int q = t + 1; q < T; ++q) s -= G[q][t] * c[q];
        c[t] = used[t] ? s / G[t][t] : 0.0;
      }
    };
    double* c = out.linear + 1;
    solve(Fy, c);
    const auto settle = [&](const double* step, const S* from) {
      const int64_t lanes = Simd<S>::lanes;
      if (T == 1) {
        const V f = splat<V>(-step[0]);
        for (int64_t i = 0; i < n; i += lanes) store(residual + i, fma(f, load(tree.terms + i), load(from + i)));
        return;
      }
      if (from != residual) memcpy(residual, from, sizeof(S) * n);
      for (int t = 0; t < T; ++t) add(residual, -step[t], tree.terms + t * n, n);
    };
    settle(c, y);
    if (sizeof(S) == 8) {  // one step of iterative refinement: all digits of the residual
      double right[kTreeTerms], step[kTreeTerms];
      for (int t = 0; t < T; ++t) right[t] = dot(tree.terms + t * n, residual, n);
      solve(right, step);
      settle(step, residual);
      for (int t = 0; t < T; ++t) c[t] += step[t];
    }
    out.error = dot(residual, residual, n);
    if (!(out.error < 1e300)) return false;
    out.linear[0] = d.mean;
    for (int t = 0; t < T; ++t) out.linear[0] -= c[t] * mean[t];
    for (int k = 0; k < K; ++k) {
      S* J = tree.slopes + k * n;
      centre(J, weight, d.weights, n);
      const double b = c[p.term_of[k]];
      for (int t = 0; t < T; ++t) {
        double s = used[t] ? dot(tree.terms + t * n, J, n) : 0.0;
        for (int q = 0; q < t; ++q) s -= G[t][q] * U[q][k];
        U[t][k] = used[t] ? s / G[t][t] : 0.0;
      }
      for (int j = 0; j <= k; ++j) {
        const double gram = dot(J, tree.slopes + j * n, n);
        double s = gram;
        for (int t = 0; t < T; ++t) s -= U[t][k] * U[t][j];
        if (j == k && !(s > (sizeof(S) == 8 ? 1e-14 : 1e-6) * gram)) s = 0.0;  // the linear constants do the same
        out.JJ[k * K + j] = out.JJ[j * K + k] = s * b * c[p.term_of[j]];
      }
      out.Jr[k] = out.JJ[k * K + k] > 0 ? b * dot(J, residual, n) : 0.0;
      if (!(out.JJ[k * K + k] < 1e300)) return false;
    }
    return true;
  }
};

// Solves (A + damping diag A) x = b by Cholesky with pivots; constants without a pivot stay (x = 0). Returns the rank.
int damped_solve(const double* A, int k, double damping, const double* b, double* x) {
  double L[kTreeTheta][kTreeTheta], scale[kTreeTheta], left[kTreeTheta], z[kTreeTheta];
  int order[kTreeTheta], rank = 0;
  for (int i = 0; i < k; ++i) {
    x[i] = 0;
    order[i] = i;
    scale[i] = A[i * k + i] > 0 ? 1.0 / __builtin_sqrt(A[i * k + i]) : 0.0;
    left[i] = scale[i] > 0 ? 1.0 + damping : 0.0;
  }
  for (int r = 0; r < k; ++r) {
    int best = r;
    for (int i = r + 1; i < k; ++i)
      if (left[order[i]] > left[order[best]]) best = i;
    const int swap = order[r];
    order[r] = order[best];
    order[best] = swap;
    const int q = order[r];
    if (!(left[q] > (damping > 0 ? 1e-13 : 1e-10))) break;
    L[q][r] = __builtin_sqrt(left[q]);
    for (int i = r + 1; i < k; ++i) {
      const int o = order[i];
      double s = A[o * k + q] * scale[o] * scale[q];
      for (int l = 0; l < r; ++l) s -= L[o][l] * L[q][l];
      L[o][r] = s / L[q][r];
      left[o] -= L[o][r] * L[o][r];
    }
    ++rank;
  }
  for (int r = 0; r < rank; ++r) {
    double s = b[order[r]] * scale[order[r]];
    for (int l = 0; l < r; ++l) s -= L[order[r]][l] * z[l];
    z[r] = s / L[order[r]][r];
  }
  for (int r = rank - 1; r >= 0; --r) {
    double s = z[r];
    for (int l = r + 1; l < rank; ++l) s -= L[order[l]][r] * x[order[l]];
    x[order[r]] = s / L[order[r]][r];
  }
  for (int r = 0; r < rank; ++r) x[order[r]] *= scale[order[r]];
  return rank;
}

// Improves the constants in place; false where even the start is undefined.
template <class S>
bool improve(Fit<S>& f, int iterations, double stop, double tolerance, TreeResult& out) {
  const TreeProgram& p = f.p;
  const int K = p.thetas;
  f.tree.once();
  for (int t = 0; t < p.terms; ++t)
    if (!p.nodes[p.roots[t]].active)
      f.kept_mean[t] = centre(f.tree.terms + t * f.d.n, f.weight, f.d.weights, f.d.n);
  Normal normals[2];
  Normal *here = normals, *there = normals + 1;
  ++out.evaluations;
  if (!f.run(iterations > 0, *here)) return false;
  double damping = 1e-2, step[kTreeTheta], old[kTreeTheta];
  int slow = 0;
  for (int i = 0; i < iterations && K > 0 && here->error > stop * f.d.total && slow < 3; ++i) {
    if (damped_solve(here->JJ, K, damping, here->Jr, step) == 0) break;
    bool finite = true;
    for (int k = 0; k < K; ++k) {
      double& theta = p.constants[p.theta_at[k]];
      old[k] = theta;
      theta += step[k];
      finite = finite && __builtin_fabs(theta) < 1e100;
    }
    ++out.evaluations;
    if (finite && f.run(true, *there) && there->error < here->error) {
      slow = there->error > (1 - tolerance) * here->error ? slow + 1 : 0;
      Normal* swap = here;
      here = there;
      there = swap;
      damping = damping > 1e-12 ? damping * 0.1 : damping;
    } else {
      for (int k = 0; k < K; ++k) p.constants[p.theta_at[k]] = old[k];
      damping = damping < 1e-4 ? 1e-3 : damping * 8.0;
      if (damping > 1e8) break;
    }
  }
  if (iterations > 0 && K > 0) out.rank = damped_solve(here->JJ, K, 0.0, here->Jr, step);
  out.error = here->error / f.d.total;
  for (int t = 0; t <= p.terms; ++t) out.linear[t] = here->linear[t];
  return true;
}

template <class S> Fit<S> make_fit(const TreeData& d, const TreeProgram& p, void* scratch) {
  constexpr int lanes = Simd<S>::lanes, tile = Tree<S>::tile;
  Fit<S> f{d, p, {p, nullptr, d.n, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, {}, {}}, nullptr, nullptr,
           nullptr, {}};
  S* next = static_cast<S*>(scratch);
  const auto take = [&](int64_t count) { S* at = next; next += count; return at; };
  f.tree.leaf = reinterpret_cast<S(*)[lanes]>(take(kTreeNodes * lanes));
  f.tree.values = take((int64_t)p.count * tile);
  f.tree.adjoint = take((int64_t)p.count * tile);
  f.tree.terms = take(p.terms * d.n);
  f.residual = take(d.n);
  f.tree.slopes = take(p.thetas * d.n);
  f.tree.kept = take(p.kept * d.n);
  if constexpr (sizeof(S) == 8) {
    f.tree.columns = d.columns, f.weight = d.weight, f.y = d.y;
  } else {
    f.tree.columns = d.columns32, f.weight = d.weight32, f.y = d.y32;
  }
  return f;
}

void fit(const TreeData& d, const TreeProgram& p, int coarse, int fine, void* scratch, TreeResult& out) {
  out.error = __builtin_inf();
  out.evaluations = 0;
  out.rank = 0;
  for (double& c : out.linear) c = 0;
  if (!(d.total > 0)) return;
  if (coarse > 0 && p.thetas > 0) {
    Fit<float> f = make_fit<float>(d, p, scratch);
    improve(f, coarse, 1e-9, 1e-3, out);
  }
  Fit<double> f = make_fit<double>(d, p, scratch);
  if (!improve(f, p.thetas > 0 ? fine : 0, 1e-29, 1e-3, out)) out.error = __builtin_inf();
}

}  // namespace

const TreeKernels& tree_kernels() {
  static constexpr TreeKernels table = {fit};
  return table;
}

}  // namespace FITX_ISA
}  // namespace fitx
