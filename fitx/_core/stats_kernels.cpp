// Sums over one strip of rows. Compiled once an instruction set.
#include "simd.hpp"
#include "stats_program.hpp"

namespace fitx {
namespace FITX_ISA {
namespace {

constexpr int lanes = Simd<double>::lanes;

FITX_INLINE double total(f64v v) {
    double sum = 0;
    for (int i = 0; i < lanes; i++) sum += v[i];
    return sum;
}

// T_k of the whole strip after T_(k-1) and T_(k-2), and its sums. Gram entries need no products of columns:
// T_i T_j = (T_(i+j) + T_|i-j|)/2.
template <bool weighted> void gram_strip(const GramStrip& s) {
    alignas(64) double t[strip_rows], wy[strip_rows], before[strip_rows], now[strip_rows];
    double* sums_y = s.sums + 2 * s.degree + 1;
    const f64v width = broadcast<f64v>(s.hi - s.lo), one = broadcast<f64v>(1.0);
    f64v n{}, sy{}, syy{};
    for (int i = 0; i < s.rows; i += lanes) {
        const f64v x = load(s.x + i), y = load(s.y + i), w = weighted ? load(s.w + i) : one;
        store(t + i, ((x - s.lo) - (s.hi - x)) / width);
        store(wy + i, w * y);
        n += w;
        sy += w * y;
        syy = fma(w * y, y, syy);
    }
    s.sums[0] = total(n);
    sums_y[0] = total(sy);
    sums_y[s.degree + 1] = total(syy);
    for (int k = 1; k <= 2 * s.degree; k++) {
        f64v sum{}, sum_y{};
        for (int i = 0; i < s.rows; i += lanes) {
            const f64v x = load(t + i);
            f64v value = x;
            if (k == 2) value = fma(x + x, x, -one);
            if (k > 2) value = fma(x + x, load(now + i), -load(before + i));
            if (k > 1) store(before + i, k == 2 ? x : load(now + i));
            store(now + i, value);
            sum = weighted ? fma(load(s.w + i), value, sum) : sum + value;
            if (k <= s.degree) sum_y = fma(load(wy + i), value, sum_y);
        }
        s.sums[k] = total(sum);
        if (k <= s.degree) sums_y[k] = total(sum_y);
    }
}

template <bool weighted> void moment_strip(MomentStrip& s) {
    const f64v one = broadcast<f64v>(1.0);
    f64v sums[7] = {};
    for (int i = 0; i < s.rows; i += lanes) {
        const f64v y = load(s.y + i), p = load(s.p + i), w = weighted ? load(s.w + i) : one;
        const i64v defined = abs(p) < __builtin_inf();
        const f64v r = defined & (w > 0.0) ? abs(y - p) : f64v{}, d = y - s.shift;
        sums[0] += w;
        sums[1] = fma(w, d, sums[1]);
        sums[2] = fma(w * d, d, sums[2]);
        sums[3] = fma(w * r, r, sums[3]);
        sums[4] = fma(w, r, sums[4]);
        sums[5] = r > sums[5] ? r : sums[5];
        sums[6] += defined ? f64v{} : one;
    }
    for (int k = 0; k < 7; k++) s.sums[k] = total(sums[k]);
    double largest = 0;
    for (int i = 0; i < lanes; i++) largest = sums[5][i] > largest ? sums[5][i] : largest;
    s.sums[5] = largest;
}

void gram(const GramStrip& s) { s.w ? gram_strip<true>(s) : gram_strip<false>(s); }
void moments(MomentStrip& s) { s.w ? moment_strip<true>(s) : moment_strip<false>(s); }

}  // namespace

const StatsKernels& stats_kernels() {
    static const StatsKernels kernels = {gram, moments, lanes};
    return kernels;
}

}  // namespace FITX_ISA
}  // namespace fitx
