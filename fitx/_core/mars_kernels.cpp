// See mars_kernels.hpp. Sums run down the sorted rows: with S = sum of B q over the rows above, a knot that falls by dx
// adds dx S to <h, q>. Nothing is ever subtracted, so the digits of small hinges at the upper end are kept.
#include "mars_kernels.hpp"

#include "simd.hpp"

namespace fitx {
namespace FITX_ISA {
namespace {

typedef double d2 __attribute__((vector_size(16)));

FITX_INLINE d2 fma_(d2 a, d2 b, d2 c) {
#if FITX_AVX512 || FITX_AVX2
    return _mm_fmadd_pd(a, b, c);
#else
    return a * b + c;
#endif
}

struct Two {
    d2 v;
    FITX_INLINE void clear(Two& t) { t.v = d2{}; }
    FITX_INLINE void add(Two& t, double a, const double* p) { d2 q; memcpy(&q, p, 16); t.v = fma_(d2{a, a}, q, t.v); }
    FITX_INLINE void add(Two& t, double a, const Two& o) { t.v = fma_(d2{a, a}, o.v, t.v); }
    FITX_INLINE void put(const Two& t, double* p) { memcpy(p, &t.v, 16); }
    static constexpr int width = 2;
};

struct Eight {
    static constexpr int lanes = FITX_BYTES / 8, parts = 8 / lanes, width = 8;
    f64v v[parts];
    FITX_INLINE f64v mul(double a, f64v q, f64v c) {
#if FITX_AVX512 || FITX_AVX2
        return fma(broadcast<f64v>(a), q, c);
#else
        return a * q + c;
#endif
    }
    FITX_INLINE void clear(Eight& t) { for (int i = 0; i < parts; i++) t.v[i] = f64v{}; }
    FITX_INLINE void add(Eight& t, double a, const double* p) {
        for (int i = 0; i < parts; i++) t.v[i] = mul(a, load(p + i * lanes), t.v[i]);
    }
    FITX_INLINE void add(Eight& t, double a, const Eight& o) {
        for (int i = 0; i < parts; i++) t.v[i] = mul(a, o.v[i], t.v[i]);
    }
    FITX_INLINE void put(const Eight& t, double* p) { for (int i = 0; i < parts; i++) store(p + i * lanes, t.v[i]); }
};

// Row i: B is b(i), x is x[i], its columns are at q(i).
template <class V, class B, class Q>
FITX_INLINE void sweep(int64_t n, const double* x, B b, Q q, int64_t count, const int32_t* at, double* out,
                       double* totals) {
    V c, s;
    V::clear(c);
    V::clear(s);
    double above = n ? x[0] : 0;
    int64_t i = 0;
    for (int64_t j = 0; j <= count; j++) {
        const int64_t end = j < count ? at[j] + 1 : n;
        for (; i < end; i++) {
            V::add(c, above - x[i], s);
            V::add(s, b(i), q(i));
            above = x[i];
        }
        if (j < count) V::put(c, out + j * V::width);
    }
    V::put(s, totals);
    V::put(c, totals + V::width);
}

int64_t gather(int64_t n, const int32_t* order, const double* x, const double* b, int64_t count, const int32_t* position,
               int32_t* at, int32_t* row, double* b_out, double* x_out) {
    int64_t m = 0, i = 0;
    for (int64_t j = 0; j <= count; j++) {
        for (const int64_t end = j < count ? position[j] : n; i < end; i++) {
            const double value = b[order[i]];
            row[m] = order[i];
            b_out[m] = value;
            x_out[m] = x[i];
            m += value != 0;
        }
        if (j == count) break;
        at[j] = (int32_t)m;
        row[m] = order[i];
        b_out[m] = b[order[i]];
        x_out[m] = x[i];
        m++;
        i++;
    }
    return m;
}

void sweep2(const MarsRows& r, const double* q, int64_t count, const int32_t* at, double* out, double* totals) {
    sweep<Two>(r.n, r.x, [&](int64_t i) { return r.b[i]; }, [&](int64_t i) { return q + (int64_t)r.row[i] * 2; }, count, at,
               out, totals);
}

void sweep8(const MarsRows& r, const double* q, int64_t count, const int32_t* at, double* out, double* totals) {
    sweep<Eight>(r.n, r.x, [&](int64_t i) { return r.b[i]; }, [&](int64_t i) { return q + (int64_t)r.row[i] * 8; }, count,
                 at, out, totals);
}

void sweep_all(int64_t n, const int32_t* order, const double* x, const double* b, const double* q, int64_t count,
               const int32_t* at, double* out, double* totals) {
    sweep<Two>(n, x, [&](int64_t i) { return b[order[i]]; }, [&](int64_t i) { return q + i * 2; }, count, at, out, totals);
}

void moments(const MarsRows& r, int64_t count, const int32_t* at, const MarsCandidates& c, double* sums) {
    double s0 = 0, s1 = 0;
    for (int64_t i = 0; i < r.n; i++) {
        s0 += r.b[i] * r.b[i];
        s1 += r.b[i] * r.b[i] * r.x[i];
    }
    const double middle = s0 > 0 ? s1 / s0 : 0;
    // t0, t1, t2: sums of B^2 (x - t)^k over the rows above.
    double t0 = 0, t1 = 0, t2 = 0, u = 0, above = r.n ? r.x[0] : 0;
    int64_t i = 0;
    for (int64_t j = 0; j <= count; j++) {
        const int64_t end = j < count ? at[j] + 1 : r.n;
        for (; i < end; i++) {
            const double x = r.x[i], d = above - x, bb = r.b[i] * r.b[i];
            t2 += d * (2 * t1 + d * t0);
            t1 += d * t0;
            t0 += bb;
            u += bb * (x - middle) * (x - middle);
            above = x;
        }
        if (j < count) {
            c.hh[j] = t2;
            c.lin[j] = t2 + (above - middle) * t1;
        }
    }
    sums[0] = s0;
    sums[1] = middle;
    sums[2] = u;
}

void take_off(const MarsCandidates& c, const double* out, int width, int first, int last, const double* beta,
              const double* theta) {
    for (int l = first; l < last; l++) {
        const double* v = out + l;
        for (int64_t j = 0; j < c.count; j++) {
            c.hh[j] -= v[j * width] * v[j * width];
            c.lin[j] -= v[j * width] * beta[l];
        }
        for (int64_t k = 0; k < c.responses; k++) {
            const double t = theta[k * width + l];
            double* hr = c.hr + k * c.count;
            for (int64_t j = 0; j < c.count; j++) hr[j] -= v[j * width] * t;
        }
    }
}

int64_t best(const MarsCandidates& c, double u2, const double* rho, double tolerance, double* scratch, double* gain) {
    const double inverse = u2 > 0 ? 1 / u2 : 0;
    for (int64_t j = 0; j < c.count; j++) scratch[j] = 0;
    for (int64_t k = 0; k < c.responses; k++) {
        const double* hr = c.hr + k * c.count;
        const double r = rho[k] * inverse;
        for (int64_t j = 0; j < c.count; j++) {
            const double d = hr[j] - c.lin[j] * r;
            scratch[j] += d * d;
        }
    }
    int64_t where = -1;
    double most = 0;
    for (int64_t j = 0; j < c.count; j++) {
        const double h = c.hh[j] - c.lin[j] * c.lin[j] * inverse;
        scratch[j] = h > tolerance * c.h0[j] ? scratch[j] / h : 0;
    }
    for (int64_t j = 0; j < c.count; j++)
        if (scratch[j] > most) {
            most = scratch[j];
            where = j;
        }
    *gain = most;
    return where;
}

void project(int64_t begin, int64_t end, int m, double* const* v, int groups, const double* const* q,
             const double* coefficient, double* dots) {
    constexpr int64_t kRows = 128;  // a piece of Q that stays in the cache between the two uses
    for (int64_t from = begin; from < end; from += kRows) {
        const int64_t to = from + kRows < end ? from + kRows : end;
        for (int g = 0; coefficient && g < groups; g++)
            for (int k = 0; k < m; k++) {
                Eight d;
                for (int p = 0; p < Eight::parts; p++) d.v[p] = load(coefficient + (k * groups + g) * 8 + p * Eight::lanes);
                for (int64_t i = from; i < to; i++) {
                    f64v sum = d.v[0] * load(q[g] + i * 8);
                    for (int p = 1; p < Eight::parts; p++) sum += d.v[p] * load(q[g] + i * 8 + p * Eight::lanes);
                    double s = 0;
                    for (int l = 0; l < Eight::lanes; l++) s += sum[l];
                    v[k][i] -= s;
                }
            }
        for (int g = 0; dots && g < groups; g++)
            for (int k = 0; k < m; k++) {
                Eight d;
                for (int p = 0; p < Eight::parts; p++) d.v[p] = load(dots + (k * groups + g) * 8 + p * Eight::lanes);
                for (int64_t i = from; i < to; i++) Eight::add(d, v[k][i], q[g] + i * 8);
                Eight::put(d, dots + (k * groups + g) * 8);
            }
    }
}

}  // namespace

const MarsKernels& mars_kernels() {
    static const MarsKernels table = {gather, sweep2, sweep8, sweep_all, moments, take_off, best, project};
    return table;
}

}  // namespace FITX_ISA
}  // namespace fitx
