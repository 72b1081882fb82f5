// Strips of rows in registers, blocks of strips in plain sums, blocks in order with compensated sums (Neumaier, ZAMM
// 54, 1974). Blocks are cut by row number, so threads do not show.
#include "stats.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "parallel.hpp"
#include "stats_program.hpp"

namespace fitx {
namespace {

constexpr size_t block_rows = 16 * strip_rows;
constexpr size_t blocks_at_a_time = 4096;   // bounds the memory of the blocks' sums
constexpr size_t worth_a_thread = 1 << 18;  // rows

struct Compensated {
    double sum = 0, error = 0;
    void add(double x) {
        const double next = sum + x;
        error += std::fabs(sum) >= std::fabs(x) ? (sum - next) + x : (x - next) + sum;
        sum = next;
    }
    // Infinite sums have no error to speak of.
    double value() const { return std::isfinite(error) ? sum + error : sum; }
};

// work(b) for b < blocks, on as many threads as pay.
template <class F> void for_blocks(size_t blocks, size_t rows, int threads, F work) {
    const size_t pay = 1 + rows / worth_a_thread;
    parallel(static_cast<int64_t>(blocks), 1, static_cast<int>(std::min<size_t>(std::max(threads, 1), pay)),
             [&](int64_t begin, int64_t) { work(static_cast<size_t>(begin)); });
}

// Calls strip(x, y, w, rows) for the strips of rows start .. end; a last strip that is no whole number of vectors is
// padded with the first array's `filler`, zeros and weights of 0.
template <class F>
void for_strips(const double* a, const double* b, const double* w, size_t start, size_t end, size_t lanes,
                double filler_a, double filler_b, F strip) {
    for (size_t i = start; i < end; i += strip_rows) {
        const size_t rows = std::min<size_t>(strip_rows, end - i), whole = (rows + lanes - 1) / lanes * lanes;
        if (whole == rows) {
            strip(a + i, b + i, w ? w + i : nullptr, rows);
            continue;
        }
        double padded[3][strip_rows];
        std::copy_n(a + i, rows, padded[0]);
        std::copy_n(b + i, rows, padded[1]);
        if (w)
            std::copy_n(w + i, rows, padded[2]);
        else
            std::fill_n(padded[2], rows, 1.0);
        std::fill(padded[0] + rows, padded[0] + whole, filler_a);
        std::fill(padded[1] + rows, padded[1] + whole, filler_b);
        std::fill(padded[2] + rows, padded[2] + whole, 0.0);
        strip(padded[0], padded[1], padded[2], whole);
    }
}

}  // namespace

void chebyshev_gram(const double* x, const double* y, const double* w, size_t n, int degree, double lo, double hi,
                    int threads, double* gram) {
    const StatsKernels& kernels = stats_kernels_active();
    const size_t size = 3 * degree + 3, side = degree + 2;
    std::vector<Compensated> sums(size);
    const size_t blocks = (n + block_rows - 1) / block_rows;
    std::vector<double> parts(std::min(blocks, blocks_at_a_time) * size);
    for (size_t first = 0; first < blocks; first += blocks_at_a_time) {
        const size_t count = std::min(blocks_at_a_time, blocks - first);
        for_blocks(count, std::min(n, count * block_rows), threads, [&](size_t b) {
            const size_t start = (first + b) * block_rows, end = std::min(start + block_rows, n);
            double* part = parts.data() + b * size;
            std::fill_n(part, size, 0.0);
            std::vector<double> strip_sums(size);
            for_strips(x, y, w, start, end, kernels.lanes, lo, 0.0,
                       [&](const double* xs, const double* ys, const double* ws, size_t rows) {
                           kernels.gram({xs, ys, ws, static_cast<int>(rows), degree, lo, hi, strip_sums.data()});
                           for (size_t k = 0; k < size; k++) part[k] += strip_sums[k];
                       });
        });
        for (size_t b = 0; b < count; b++)
            for (size_t k = 0; k < size; k++) sums[k].add(parts[b * size + k]);
    }
    std::vector<double> moment(size);
    for (size_t k = 0; k < size; k++) moment[k] = sums[k].value();
    for (size_t i = 0; i + 1 < side; i++) {
        for (size_t j = 0; j + 1 < side; j++)
            gram[i * side + j] = 0.5 * (moment[i + j] + moment[i > j ? i - j : j - i]);
        gram[i * side + side - 1] = gram[(side - 1) * side + i] = moment[2 * degree + 1 + i];
    }
    gram[side * side - 1] = moment[size - 1];
}

Moments moments(const double* y, const double* p, const double* w, size_t n, int threads) {
    const StatsKernels& kernels = stats_kernels_active();
    const size_t blocks = (n + block_rows - 1) / block_rows;
    struct Part {
        double shift = 0, sums[7] = {};
    };
    std::vector<Part> parts(std::min(blocks, blocks_at_a_time));
    Compensated sum_w, sum_wy, spread, sum_wrr, sum_wr;
    Moments out{};
    double mean = 0;
    for (size_t first = 0; first < blocks; first += blocks_at_a_time) {
        const size_t count = std::min(blocks_at_a_time, blocks - first);
        for_blocks(count, std::min(n, count * block_rows), threads, [&](size_t b) {
            const size_t start = (first + b) * block_rows, end = std::min(start + block_rows, n);
            Part part;
            part.shift = y[start];  // a value of the block: what is left is of the size of the block's spread
            for_strips(y, p, w, start, end, kernels.lanes, y[start], 0.0,
                       [&](const double* ys, const double* ps, const double* ws, size_t rows) {
                           MomentStrip strip{ys, ps, ws, static_cast<int>(rows), part.shift, {}};
                           kernels.moments(strip);
                           for (int k = 0; k < 7; k++)
                               part.sums[k] = k == 5 ? std::max(part.sums[5], strip.sums[5]) : part.sums[k] + strip.sums[k];
                       });
            parts[b] = part;
        });
        for (size_t b = 0; b < count; b++) {
            const double(&s)[7] = parts[b].sums;
            if (s[0] > 0) {  // Chan, Golub and LeVeque (1983): spreads about two means, joined
                const double block_mean = parts[b].shift + s[1] / s[0], before = sum_w.value();
                const double step = block_mean - mean;
                spread.add(std::max(s[2] - s[1] * (s[1] / s[0]), 0.0));
                spread.add(step * step * (before * s[0] / (before + s[0])));
                mean += step * (s[0] / (before + s[0]));
            }
            sum_w.add(s[0]);
            sum_wy.add(parts[b].shift * s[0]);
            sum_wy.add(s[1]);
            sum_wrr.add(s[3]);
            sum_wr.add(s[4]);
            out.max_r = std::max(out.max_r, s[5]);
            out.undefined += static_cast<size_t>(s[6]);
        }
    }
    out.sum_w = sum_w.value();
    out.sum_wy = sum_wy.value();
    out.sum_wyy = spread.value();
    out.sum_wrr = sum_wrr.value();
    out.sum_wr = sum_wr.value();
    return out;
}

}  // namespace fitx
