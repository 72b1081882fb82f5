// The search's hot loops; see search_kernels.hpp. This file is compiled once for each instruction set.
#include "search_kernels.hpp"

#include "simd.hpp"

namespace fitx {
namespace FITX_ISA {
namespace {

typedef f32v Vec;
constexpr int kLanes = Simd<float>::lanes;
constexpr int kRows = kLanes == 16 ? 8 : 4;  // rows of the register tile, which is two vectors wide

FITX_INLINE Vec splat(float x) { return broadcast<Vec>(x); }

// One bit for each lane where a > b.
FITX_INLINE uint32_t greater(Vec a, Vec b) {
#if FITX_AVX512
  return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
#elif FITX_AVX2
  return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GT_OQ));
#elif defined(__SSE2__)
  return _mm_movemask_ps(_mm_cmpgt_ps(a, b));
#else
  const i32v m = a > b;
  return (m[0] & 1) | (m[1] & 2) | (m[2] & 4) | (m[3] & 8);
#endif
}

// acc[r][h] = sum_k left(k, r) * right(k, h): kRows rows of one panel by two vectors of another.
FITX_INLINE void gram_tile(const float* left, const float* right, int rows, Vec acc[kRows][2]) {
  for (int r = 0; r < kRows; ++r) acc[r][0] = acc[r][1] = Vec{};
  for (int k = 0; k < rows; ++k, left += kPanel, right += kPanel) {
    const Vec b0 = load(right), b1 = load(right + kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Vec a = splat(left[r]);
      acc[r][0] = fma(a, b0, acc[r][0]);
      acc[r][1] = fma(a, b1, acc[r][1]);
    }
  }
}

template <class Hit, class Score>
FITX_INLINE void add(Best<Hit, Score>& best, const Hit& hit) {
  best.hits[best.count++] = hit;
  if (best.count == best.capacity) shrink(best);
}

FITX_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
FITX_INLINE int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
template <class Score>
FITX_INLINE void clear(Score* score, int32_t* index, int64_t n) {
  for (int64_t i = 0; i < n; ++i) score[i] = 0, index[i] = -1;
}

void correlate(const float* panels, int rows, int64_t begin, int64_t end, int64_t padded, const float* targets,
               int count, float* out) {
  for (int64_t p = begin; p < end; ++p) {
    const float* panel = panels + p * rows * kPanel;
    for (int t = 0; t < count; ++t) {
      const float* target = targets + (int64_t)t * rows;
      for (int h = 0; h < kPanel; h += 2 * kLanes) {
        Vec a0{}, a1{};
        for (int k = 0; k < rows; ++k) {
          const Vec s = splat(target[k]);
          a0 = fma(s, load(panel + k * kPanel + h), a0);
          a1 = fma(s, load(panel + k * kPanel + h + kLanes), a1);
        }
        float* o = out + t * padded + p * kPanel + h;
        store(o, a0);
        store(o + kLanes, a1);
      }
    }
  }
}

// Sum over the rows of the product of two columns of panels, in double.
FITX_INLINE double precise_dot(const float* a, const float* b, int rows) {
  double s0 = 0, s1 = 0;
  for (int k = 0; k + 1 < rows; k += 2) {
    s0 += (double)a[k * kPanel] * b[k * kPanel];
    s1 += (double)a[(k + 1) * kPanel] * b[(k + 1) * kPanel];
  }
  return s0 + s1;
}

constexpr float kMargin = 2e-6f;  // above the rounding errors of a float32 dot product and what follows
constexpr float kLeast = 1e-4f;   // 1 - c^2 below which two features are too much alike for float32

// The R2 of y ~ b1 f + b2 g for unit vectors is (rf^2 + rg^2 - 2 rf rg c) / (1 - c^2) with c = f.g.
FITX_INLINE void score_tile(const Vec acc[kRows][2], const float* left, const float* right, int rows, int64_t i0,
                            int64_t j0, int64_t features, int64_t padded, const float* rho, const double* rho64,
                            int targets, BestPairs* best) {
  Vec unexplained[kRows][2];
  for (int r = 0; r < kRows; ++r)
    for (int h = 0; h < 2; ++h) {
      const Vec u = fma(-acc[r][h], acc[r][h], splat(1.0f));
      unexplained[r][h] = u > kLeast ? u : splat(kLeast);
    }
  for (int t = 0; t < targets; ++t) {
    const float* rt = rho + t * padded;
    const double* exact = rho64 + t * padded;
    const Vec rj[2] = {load(rt + j0), load(rt + j0 + kLanes)};
    const Vec rj2[2] = {rj[0] * rj[0], rj[1] * rj[1]};
    Vec threshold = splat((float)best[t].threshold);
    for (int r = 0; r < kRows; ++r) {
      const float ri = rt[i0 + r];
      const Vec twice = splat(-2 * ri), square = splat(ri * ri + kMargin);
      for (int h = 0; h < 2; ++h) {
        const Vec numerator = fma(twice * rj[h], acc[r][h], square + rj2[h]);
        uint32_t hits = greater(numerator, threshold * unexplained[r][h]);
        if (__builtin_expect(hits != 0, 0)) {
          for (; hits; hits &= hits - 1) {
            const int lane = h * kLanes + __builtin_ctz(hits);
            const int64_t i = i0 + r, j = j0 + lane;
            if (i >= j || j >= features) continue;
            const double c = precise_dot(left + r, right + lane, rows), a = exact[i], b = exact[j];
            const double u = 1 - c * c;
            if (u < kLeast / 2) continue;
            const double score = (a * a + b * b - 2 * a * b * c) / u;
            if (score > best[t].threshold) add(best[t], PairHit{score, (int32_t)i, (int32_t)j});
          }
          threshold = splat((float)best[t].threshold);
        }
      }
    }
  }
}

void pairs(const float* panels, int rows, int64_t features, int64_t padded, int64_t block, const float* rho,
           const double* rho64, int targets, BestPairs* best) {
  const int64_t count = (features + kPanel - 1) / kPanel;
  const int64_t first = 4 * block, last = smaller(first + 4, count);
  const int64_t size = (int64_t)rows * kPanel;
  Vec acc[kRows][2];
  for (int64_t ip = 0; ip < last; ++ip)
    for (int64_t jp = larger(first, ip); jp < last; ++jp)
      for (int h = 0; h < kPanel; h += 2 * kLanes)
        for (int r = 0; r < kPanel; r += kRows) {
          if (ip == jp && r >= h + 2 * kLanes) continue;
          const float *left = panels + ip * size + r, *right = panels + jp * size + h;
          gram_tile(left, right, rows, acc);
          score_tile(acc, left, right, rows, ip * kPanel + r, jp * kPanel + h, features, padded, rho, rho64, targets,
                     best);
        }
}

void triples(const double* gram, int64_t ld, int64_t j, const double* rho, int targets, BestTriples* best) {
  const double* gj = gram + j * ld;
  double score[16];
  for (int64_t i = 1; i < j; ++i) {
    const double* gi = gram + i * ld;
    const double c = gj[i], u = 1 - c * c;
    if (u < 1e-6) continue;
    const double scale = 1 / __builtin_sqrt(u);
    for (int t = 0; t < targets; ++t) {
      // Residual of the target after features i and j, then the gain of each third feature k < i.
      const double* rt = rho + t * ld;
      const double r1 = rt[i], r2 = (rt[j] - c * r1) * scale, explained = r1 * r1 + r2 * r2;
      const double need = best[t].threshold - explained;
      for (int64_t k0 = 0; k0 < i; k0 += 16) {
        int hits = 0;
        for (int l = 0; l < 16; ++l) {
          const double a = gi[k0 + l], b = (gj[k0 + l] - c * a) * scale;
          const double left = 1 - a * a - b * b, r = rt[k0 + l] - r1 * a - r2 * b;
          score[l] = r * r - need * left;
          hits |= (score[l] > 0) & (left > 1e-6);
        }
        if (__builtin_expect(hits != 0, 0)) {
          for (int l = 0; l < 16 && k0 + l < i; ++l) {
            const double a = gi[k0 + l], b = (gj[k0 + l] - c * a) * scale;
            const double left = 1 - a * a - b * b, r = rt[k0 + l] - r1 * a - r2 * b;
            if (left > 1e-6 && score[l] > 0)
              add(best[t], TripleHit{explained + r * r / left, (int32_t)(k0 + l), (int32_t)i, (int32_t)j});
          }
        }
      }
    }
  }
}

// Keeps a short list of the largest scores, best first; equal scores keep the smaller index (it came first).
template <class Score>
FITX_INLINE void insert(Score* score, int32_t* index, int keep, Score s, int32_t i) {
  int q = keep - 1;
  if (!(s > score[q])) return;
  for (; q > 0 && s > score[q - 1]; --q) score[q] = score[q - 1], index[q] = index[q - 1];
  score[q] = s;
  index[q] = i;
}

void match(const float* panels, int rows, int64_t features, const float* residuals, int64_t residual_panel, int keep,
           double* score, int32_t* index) {
  const int64_t count = (features + kPanel - 1) / kPanel, size = (int64_t)rows * kPanel;
  const float* left = residuals + residual_panel * size;
  clear(score, index, (int64_t)kPanel * keep);
  Vec acc[kRows][2];
  for (int64_t p = 0; p < count; ++p)
    for (int h = 0; h < kPanel; h += 2 * kLanes)
      for (int r = 0; r < kPanel; r += kRows) {
        gram_tile(left + r, panels + p * size + h, rows, acc);
        for (int q = 0; q < kRows; ++q)
          for (int v = 0; v < 2; ++v) {
            const int64_t at = (int64_t)(r + q) * keep;
            double* s = score + at;
            const Vec a = abs(acc[q][v]);
            for (uint32_t hits = greater(a + kMargin, splat((float)s[keep - 1])); hits; hits &= hits - 1) {
              const int lane = h + v * kLanes + __builtin_ctz(hits);
              const int64_t i = p * kPanel + lane;
              if (i >= features) continue;
              const double c = precise_dot(left + r + q, panels + p * size + lane, rows);
              insert(s, index + at, keep, c < 0 ? -c : c, (int32_t)i);
            }
          }
      }
}

void addition(const float* panels, int rows, int64_t features, const float* basis, int q, const float* residual,
              int keep, float* score, int32_t* index) {
  const int64_t count = (features + kPanel - 1) / kPanel;
  clear(score, index, keep);
  for (int64_t p = 0; p < count; ++p) {
    const float* panel = panels + p * rows * kPanel;
    for (int h = 0; h < kPanel; h += kLanes) {
      Vec left = splat(1.0f);
      for (int b = 0; b < q; ++b) {
        Vec dot{};
        for (int k = 0; k < rows; ++k) dot = fma(splat(basis[(int64_t)b * rows + k]), load(panel + k * kPanel + h), dot);
        left -= dot * dot;
      }
      Vec gain{};
      for (int k = 0; k < rows; ++k) gain = fma(splat(residual[k]), load(panel + k * kPanel + h), gain);
      left = left > 1e-5f ? left : splat(1e30f);
      gain = gain * gain / left;
      for (uint32_t hits = greater(gain, splat(score[keep - 1])); hits; hits &= hits - 1) {
        const int lane = __builtin_ctz(hits);
        const int64_t i = p * kPanel + h + lane;
        if (i < features) insert(score, index, keep, gain[lane], (int32_t)i);
      }
    }
  }
}

}  // namespace

const SearchKernels& search_kernels() {
  static constexpr SearchKernels table = {correlate, pairs, triples, match, addition};
  return table;
}

}  // namespace FITX_ISA
}  // namespace fitx
